//! Inputs for the targets where no fuzzer is at hand: seeds of our own, and changes to them by chance.

use bridge_wire::{DeltaBuilder, Encoder, IdSource, Kind, Side, encode_message};
use fastrand::Rng;

use crate::captured::{self, Limits};
use sources::SOURCES;

/// The tests of the interpreter begin with the same.
#[path = "../../../interpreter/tests/support/sources.rs"]
mod sources;

/// Returns inputs that a target takes as they are; the corpus that mutation starts from.
///
/// # Panics
///
/// When there is no target of that name.
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    let split = |pairs: &[(&[u8], &[u8])]| -> Vec<Vec<u8>> {
        pairs
            .iter()
            .map(|(first, second)| [&[first.len() as u8][..], first, second].concat())
            .collect()
    };
    match target {
        "source" => SOURCES
            .iter()
            .map(|text| text.as_bytes().to_vec())
            .collect(),
        "dump" => SOURCES
            .iter()
            .flat_map(|text| {
                let template = interpreter::compiler::compile(text.as_bytes(), b"=seed")
                    .expect("seeds compile");
                [false, true].map(|strip| interpreter::bytecode::dump::write(&template, strip))
            })
            .collect(),
        "pattern" => split(&[
            (b"(%a+)=(%w-);", b"key=value; other=12;"),
            (b"^%s*(.-)%s*$", b"  some text "),
            (b"%b()%f[%w]x?", b"(a(b)c)xyz ()"),
            (b"()([^%]a-f]*)%1", b"zzz]zz]"),
            (b"[%-+]?%d+%.?%d*[eE]?", b"-12.5e3 +7"),
            (b".-b.-c.*d", b"aaabbbcccddd"),
        ]),
        "format" => split(&[
            (
                b"%d %5.2f %-10s|%q",
                b"\0\x85\x01abcd\x02\x05hello\x02\x03a\nb",
            ),
            (
                b"%x %X %#o %c %i %u",
                b"\x00\xff\x00\x10\x05\x04\x00\xc1\x05\x06\x03\x01",
            ),
            (
                b"%+.3e %g %G %a %%",
                b"\x01\x00\x00\x80\x10\x05\x00\x05\x01\x05\x02",
            ),
            (b"%s %s %5.1s %p", b"\x04\x07\x06abc\x06"),
            (b"%099.99f% 020d", b"\x01\xff\xff\xff\x7f\x05\x05"),
        ]),
        "buffer_decode" => buffers(),
        "wire_decode" => messages(),
        other => panic!("no target is named {other}"),
    }
}

fn buffers() -> Vec<Vec<u8>> {
    const VALUES: &str = "local encode = require('string.buffer').encode
        for _, value in ipairs({ 1, -1.5, 2^40, 'text', true, false, {}, { 1, 2, 3 }, { a = 1, b = { c = 'd' } },
          { [0] = 1, 2, x = {} }, ('long'):rep(80), { nil, 2, nil, 4 } }) do
          io.write(encode(value), '\\0separator\\0')
        end";
    let (output, _) = captured::run(
        VALUES.as_bytes(),
        b"=seed",
        &[],
        Limits {
            fuel: 100_000,
            memory: 16 << 20,
            stress: None,
        },
    );
    let separator = b"\0separator\0";
    let mut seeds = Vec::new();
    let mut rest = &output[..];
    while let Some(end) = memchr::memmem::find(rest, separator) {
        seeds.push(rest[..end].to_vec());
        rest = &rest[end + separator.len()..];
    }
    // A string of the dictionary, a metatable of the list.
    seeds.push(b"\x0f\x01".to_vec());
    seeds.push(b"\x0e\x00\x09\x01\x22bc\x06\x01\0\0\0".to_vec());
    seeds
}

fn messages() -> Vec<Vec<u8>> {
    let mut ids = IdSource::new(Side::Host);
    let (table, cell, function) = (ids.give(), ids.give(), ids.give());
    let mut delta = DeltaBuilder::new();
    delta.objects.table(table);
    delta.objects.cell(cell, false);
    delta.objects.code(7, b"\x1bLJ\x02\x02");
    delta.objects.dumped_function(function, 7, (0, 5), &[cell]);
    delta.objects.module(b"vim.iter");
    delta.objects.released(table, 2);
    delta.fills.cell(cell).number(1.5);
    delta.fills.metatable(table).nil();
    let open = delta.fills.begin_entries(table);
    delta.fills.encoder().string(b"key");
    delta.fills.encoder().boolean(true);
    delta.fills.end_entries(open, 1);

    let mut call = Encoder::new();
    call.unsigned(1);
    call.array_len(2);
    call.string(b"fn");
    call.string(b"getline");
    call.array_len(2);
    call.number(12.0);
    call.map_len(1);
    call.string(b"x");
    call.nil();
    let mut start = Encoder::new();
    start.reference(bridge_wire::Reference::Function, function);
    start.array_len(3);
    start.named(b"vim.api");
    start.vim_nil();
    start.number(-3.0);
    let mut reply = Encoder::new();
    reply.unsigned(1);
    reply.boolean(true);
    reply.array_len(0);
    vec![
        encode_message(Kind::Start, 1, Some(&delta), &start),
        encode_message(Kind::HostCall, 3, None, &call),
        encode_message(Kind::Reply, 3, Some(&delta), &reply),
        encode_message(Kind::Changes, 0, Some(&delta), &Encoder::new()),
    ]
}

/// Changes inputs by chance, repeatably.
#[derive(Debug)]
pub struct Mutator {
    random: Rng,
    seeds: Vec<Vec<u8>>,
}

impl Mutator {
    /// Starts from a target's seeds.
    pub fn new(target: &str, seed: u64) -> Mutator {
        Mutator {
            random: Rng::with_seed(seed),
            seeds: seeds(target),
        }
    }

    /// Returns the next input: a seed with a few changes, or two seeds joined.
    pub fn input(&mut self) -> Vec<u8> {
        let random = &mut self.random;
        let mut input = self.seeds[random.usize(..self.seeds.len())].clone();
        for _ in 0..random.usize(1..6) {
            if input.is_empty() {
                input.push(random.u8(..));
            }
            let at = random.usize(..input.len());
            let end = random.usize(at..input.len().min(at + 20)) + 1;
            match random.u32(..8) {
                0 => input[at] = random.u8(..),
                1 => input[at] ^= 1 << random.u32(..8),
                2 => input[at] = input[at].wrapping_add(1),
                3 => input.insert(at, random.u8(..)),
                4 => drop(input.drain(at..end)),
                5 => {
                    let piece = input[at..end].to_vec();
                    let to = random.usize(..=input.len());
                    input.splice(to..to, piece);
                }
                6 => {
                    let other = &self.seeds[random.usize(..self.seeds.len())];
                    let from = random.usize(..other.len());
                    let to = random.usize(from..other.len().min(from + 40)) + 1;
                    input.splice(at..end, other[from..to].iter().copied());
                }
                _ => input.truncate(at),
            }
        }
        input
    }
}
