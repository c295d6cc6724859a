//! Inputs for the targets where no fuzzer is at hand: seeds of our own, and changes to them by chance.

use bridge_wire::{DeltaBuilder, Encoder, IdSource, Kind, Side, encode_message};
use fastrand::Rng;

use crate::captured::{self, Limits};

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

const SOURCES: &[&str] = &[
    "local a, b = ... local t = { 1, 2, x = 3, ... } for i = 1, 5 do t[i] = i * 2 end
     for k, v in pairs(t) do a = k end for i, v in ipairs(t) do b = v end return t, #t, a, b",
    "local n = 0 local function f(x) n = n + x return function() n = n - 1 return n, x end end
     local g = f(3) do local h = f(2) h() end return g(), f(1)()",
    "local function v(...) local a = select('#', ...) return ..., a end
     local s = 'a' .. 1 .. 'b' return v(v(1, 2), s), -n, not s, s == 'x', 1 < 2, 2 % 3 ^ 2",
    "local t = setmetatable({}, { __index = function(_, k) return k end, __add = function(a) return a end })
     t.a = t.b + 1 t[1] = t + t while t.n ~= 'n' do t.n = nil end repeat local q = t.z until q
     return pcall(function() return t.x.y.z end)",
    "local co = coroutine.wrap(function(a) while a do a = coroutine.yield(a, { a }) end end)
     return co(1), co(2), (co(3)), tostring(nil) .. 'x', ({ co(4) })[2]",
    "for i = 10, 1, -3 do if i == 4 then goto done end ::again:: end ::done::
     -- a comment --[==[ and a long one ]] ]==]
     local s = [[\nlong\n]] .. '\\x41\\65\\z   \\u{20ac}\\'' return 0x1p4, 1e-3, .5, 3., s",
    "function a.b.c:d(x, ...) self.y = x or ... return self:d(1, 2)('z'){ 3; 4, [5] = 6, } end
     local ok, e = pcall(a) print(select(-1, ok, e)) t = { f() } t[#t + 1], u = u, t and not u or nil",
    "local t = {} for w in ('a b c'):gmatch('%a') do t[#t + 1] = w:upper() end table.sort(t, function(x, y) return x > y end)
     return table.concat(t, ','), unpack(t), loadstring(string.dump(function() return 1 end))()",
];

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
