//! What the fuzzers do with their bytes: `interpreter/fuzz` feeds them by coverage, `tests/fuzz.rs` by chance.
//!
//! Whatever the input, each function here returns soon; it panics when the VM breaks a promise.

mod mutate;

use std::cell::RefCell;
use std::thread::LocalKey;

use interpreter::Interrupt;
use interpreter::bytecode::disassemble::{self, Listing};
use interpreter::bytecode::{dump, verify};

use crate::captured::{self, End, Limits, Repeated};

pub use mutate::{Mutator, seeds};

/// A fuzz target: its name and its body.
pub type Target = (&'static str, fn(&[u8]));

/// All targets, by the names that `cargo fuzz` knows them by.
pub const TARGETS: &[Target] = &[
    ("source", source),
    ("dump", self::dump),
    ("pattern", pattern),
    ("format", format),
    ("buffer_decode", buffer_decode),
    ("wire_decode", wire_decode),
];

/// Enough for anything that an input of a few thousand bytes can sensibly want.
const LIMITS: Limits = Limits {
    fuel: 20_000,
    memory: 16 << 20,
    stress: None,
};

/// Compiles text; what compiles runs, and survives being dumped and read again.
pub fn source(input: &[u8]) {
    // A dump is the business of another target.
    if input.starts_with(b"\x1b") {
        return;
    }
    let Ok(template) = interpreter::compiler::compile(input, b"=fuzz") else {
        return;
    };
    verify::verify(&template).expect("the compiler's code passes the verifier");
    let written = dump::write(&template, false);
    let read = dump::read(written.clone().into()).expect("what is written can be read");
    assert_eq!(dump::write(&read, false), written);
    captured::run(input, b"=fuzz", &[b"1", b"two"], LIMITS);
}

/// Reads a dump; what the verifier lets through runs, while the collector works at every safe point.
pub fn dump(input: &[u8]) {
    let Ok(template) = dump::read(input.into()) else {
        return;
    };
    let mut listing: Vec<u8> = Vec::new();
    // Writing to a vector cannot fail.
    let _ = disassemble::disassemble(&template, Listing::default(), &mut listing);
    if verify::verify(&template).is_err() {
        return;
    }
    let limits = Limits {
        fuel: 2_000,
        stress: Some(50.0),
        ..LIMITS
    };
    captured::run(input, b"=fuzz", &[b"1", b"two"], limits);
}

/// Runs a Lua chunk of ours over parts of the input: it must finish, or use up its fuel or memory.
fn check(chunk: &'static LocalKey<RefCell<Repeated>>, arguments: &[&[u8]]) {
    match chunk.with_borrow_mut(|chunk| chunk.run(arguments)) {
        End::Finished
        | End::Interrupted(Interrupt::OutOfFuel)
        | End::Interrupted(Interrupt::OutOfMemory) => {}
        other => panic!("{other:?}"),
    }
}

fn repeated(chunk: &'static str) -> RefCell<Repeated> {
    RefCell::new(Repeated::new(chunk.as_bytes(), b"=check", LIMITS))
}

thread_local! {
    static PATTERN: RefCell<Repeated> = repeated(include_str!("pattern.lua"));
    static FORMAT: RefCell<Repeated> = repeated(include_str!("format.lua"));
    static BUFFER_DECODE: RefCell<Repeated> = repeated(include_str!("buffer_decode.lua"));
}

/// Cuts an input in two, at a length that its first byte gives.
fn split(input: &[u8]) -> (&[u8], &[u8]) {
    let Some((&len, rest)) = input.split_first() else {
        return (&[], &[]);
    };
    rest.split_at(usize::from(len).min(rest.len()))
}

/// Matches one half of the input, a pattern, in the other.
pub fn pattern(input: &[u8]) {
    let (pattern, subject) = split(input);
    check(&PATTERN, &[pattern, subject]);
}

/// Formats values that the second half of the input encodes by its first half.
pub fn format(input: &[u8]) {
    let (format, values) = split(input);
    check(&FORMAT, &[format, values]);
}

/// Decodes LuaJIT's serialization; what was decoded can be encoded and decoded again.
pub fn buffer_decode(input: &[u8]) {
    check(&BUFFER_DECODE, &[input]);
}

/// Decodes a message of the bridge, down to each value of it.
pub fn wire_decode(input: &[u8]) {
    use bridge_wire::{CodeRef, Created, Decoder, Fill, HostCall, Message, Target, Token};

    fn walk(decoder: &mut Decoder<'_>) -> Result<(), bridge_wire::DecodeError> {
        let before = decoder.offset();
        let children = match decoder.token()? {
            Token::Array(len) => len,
            Token::Map(len) => len * 2,
            _ => 0,
        };
        assert!(decoder.offset() > before, "a token takes bytes");
        decoder.descend()?;
        for _ in 0..children {
            walk(decoder)?;
        }
        decoder.ascend();
        Ok(())
    }

    let mut values = Decoder::new(input);
    while !values.is_done() && walk(&mut values).is_ok() {}
    let mut values = Decoder::new(input);
    while !values.is_done() && values.skip().is_ok() {}

    let Ok(message) = Message::decode(input) else {
        return;
    };
    let mut fields = message.fields.clone();
    for _ in 0..message.kind.fields() {
        let mut field = fields.value().expect("fields were checked");
        // The bound on nesting counts from the outermost value in both.
        walk(&mut field).expect("what was passed over can be read");
    }
    if let Ok(call) = HostCall::decode(message.fields.clone()) {
        if let Target::Path(keys, mut decoder) = call.target {
            for _ in 0..keys {
                decoder.token().expect("keys were checked");
            }
        }
        let mut arguments = call.arguments;
        for _ in 0..call.argument_count {
            if walk(&mut arguments).is_err() {
                break;
            }
        }
    }
    let Some(mut delta) = message.delta else {
        return;
    };
    let checked = "deltas are checked whole";
    while delta.next_released().expect(checked).is_some() {}
    while delta.modules.next_string().expect(checked).is_some() {}
    while delta.next_code().expect(checked).is_some() {}
    while let Some(created) = delta.next_created().expect(checked) {
        if let Created::Function {
            code, mut cells, ..
        } = created
        {
            while cells.next_id().expect(checked).is_some() {}
            if let CodeRef::Source { mut upvalues, .. } = code {
                while upvalues.next_string().expect(checked).is_some() {}
            }
        }
    }
    let mut fills = delta.fills();
    while let Some(fill) = fills.next_fill().expect(checked) {
        let (count, mut decoder) = match fill {
            Fill::Cell(_, decoder)
            | Fill::Metatable(_, decoder)
            | Fill::Environment(_, decoder)
            | Fill::Globals(_, decoder) => (1, decoder),
            Fill::Entries(_, pairs, decoder) => (pairs * 2, decoder),
            Fill::Ended(_) => continue,
        };
        for _ in 0..count {
            walk(&mut decoder).expect(checked);
        }
    }
}
