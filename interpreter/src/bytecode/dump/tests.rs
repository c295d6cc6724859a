//! Reading and writing against a dump by LuaJIT, and what must be refused.
//!
//! The sample and the plain function here also serve the tests of the neighbouring modules.

use super::*;

/// An unstripped dump by LuaJIT of a chunk `@a/sample.lua` with four functions: loops of all
/// kinds, variable arguments, closed upvalues, table, 64-bit and complex constants.
pub(crate) const SAMPLE: &[u8] = b"\
    \x1bLJ\x02\x0c\x0d@a/sample.lua+\0\0\x03\x03\0\0\x04\x0b\x04\0-\0\0\0-\x01\x01\0-\x02\
    \x02\0J\0\x04\0\x05\xc0\0\xc0\x01\0\0\0\0\0v\0a\0t\0\0\xc2\x02\x07\x01\x08\x03\x06\x02.W\
    \x02\x05)\x01\x01\0)\x02\x03\0\x12\x03\0\0M\x01\x05\x80-\x05\0\0\x18\x06\0\x04\x20\x05\
    \x06\x05.\0\x05\0O\x01\xfb\x7f6\x01\0\0-\x03\x01\0B\x01\x02\x04H\x04\x04\x80-\x06\x01\x003\
    \x07\x01\0<\x07\x04\x062\x04\0\x80F\x04\x03\x03R\x04\xfa\x7f\x0a\0\0\0X\x01\x05\x80\x06\
    \0\x02\0X\x01\x07\x80-\x01\0\0\x0e\0\x01\0X\x01\x04\x80-\x01\x02\0G\x03\x01\x002\0\0\x80C\
    \x01\0\x004\x01\x03\0-\x02\x02\0\x12\x04\0\0B\x02\x02\x02>\x02\x01\x01G\x02\x01\0?\x02\x01\
    \0(\x02\x03\0(\x03\x04\0-\x04\0\0\x14\x04\x04\0\x12\x05\0\0'\x06\x05\0&\x04\x06\x042\0\0\
    \x80J\x01\x05\0\x01\x80\0\xc0\x02\xc0\x06z\x04\0\0\0\x80\x80\xa0\x80\x04\x02*\0\x06s\0\
    \x0apairs\x01\x80\x80\x80\xff\x03\x05\x80\x80\xc0\x99\x04\x01\x01\x01\x01\x01\x01\x01\
    \x01\x01\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\
    \x03\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04n\0t\0f\0a\0\0/\x01\
    \x04\x06\x02\0\x06\x03\0\x06i\0\x01\x04\x04\x08\x07\x05\0\x07\x06\0\x07k\0\x01\x03v\0\0\
    \x03\0\x19\0\0\x01\x01\0\0\x02\x05\x08\0-\0\0\0L\0\x02\0\x03\xc0\0\0q\0\0\xc3\x01\x07\0\
    \x0a\0\x04\x01\x1b,\0\x0c5\0\0\x004\x01\0\0=\x01\x01\0*\x01\0\x003\x02\x02\0U\x03\x0c\x80\
    \x12\x03\x02\x003\x01\x03\0\x12\x04\x02\0)\x06\x01\0\x12\x07\x02\0)\x09\x02\0B\x07\x02\0A\
    \x04\x01\x02\x0f\0\x04\0X\x05\x01\x802\x03\x01\x802\x03\xf3\x7f\x0f\0\x01\0X\x03\x03\x80\
    U\x03\x02\x80X\x03\x01\x80X\x03\xfb\x7f\x12\x03\x02\0G\x04\0\x002\0\0\x80I\x03\x01\0\0\0\
    \x06k\x01\x05\x01\0\x03\x01\x04\0\x80\x80\x90\x80\x04\0\x06x\x04\0\x80\x80\x90\x81\x04\
    \x02\xfe\xff\xff\xff\x0f\x01\x01\x01\x01\x07\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\
    \x08\x08\x09\x09\x09\x09\x09\x0b\x0b\x0b\x0bt\0\x05\x17n\0\0\x17f\0\x01\x16q\0\x02\x0a\0\
    \0";

/// Returns a function without constants.
pub(crate) fn leaf(code: Vec<u32>, frame_size: u8) -> Template {
    Template {
        flags: 0,
        num_params: 0,
        frame_size,
        code: code.into(),
        upvalues: Vec::new(),
        constants: Vec::new(),
        numbers: Vec::new(),
        first_line: 0,
        num_lines: 0,
        debug: None,
        chunk_name: Rc::from(&b"=leaf"[..]),
        origin: Origin::Dump {
            bytes: Rc::from(&[][..]),
            range: 0..0,
        },
    }
}

fn kind(bytes: &[u8]) -> DumpErrorKind {
    read(bytes.into()).unwrap_err().kind
}

fn child(template: &Template, index: usize) -> &Template {
    match &template.constants[index] {
        Constant::Child(child) => child,
        other => panic!("{other:?}"),
    }
}

#[test]
fn sample_is_read() {
    let main = read(SAMPLE.into()).unwrap();
    assert_eq!(*main.chunk_name, *b"@a/sample.lua");
    assert_eq!((main.first_line, main.num_lines), (0, 12));
    assert_eq!(main.numbers, [2147483647.0]);
    assert_eq!(main.constants[1], Constant::String(Rc::from(&b"k"[..])));
    let Constant::Table(table) = &main.constants[0] else {
        panic!("{:?}", main.constants[0])
    };
    assert_eq!(table.array[2], Scalar::Number(2.5));
    assert_eq!(table.hash, [(Scalar::Number(10.0), Scalar::Boolean(true))]);
    let inner = child(&main, 2);
    assert_eq!(inner.flags, flags::CHILD | flags::VARARG | flags::FFI);
    assert_eq!(inner.constants[3], Constant::Int64(42));
    assert_eq!(inner.constants[4], Constant::Complex(0.0, 3.0));
    assert_eq!(inner.numbers, [0.5, 4503599627370498.0]);
    let debug = inner.debug.as_ref().unwrap();
    assert_eq!(debug.lines.get(0), Some(3));
    assert_eq!(debug.upvalue_names.get(1), Some(&b"t"[..]));
    let second = debug.variables.iter().nth(1).unwrap();
    assert_eq!(second.name, b"(for index)");
    assert_eq!(child(inner, 1).first_line, 4);
}

#[test]
fn sample_is_written_as_it_was() {
    let main = read(SAMPLE.into()).unwrap();
    assert_eq!(write(&main, false), SAMPLE);
    let stripped = write(&main, true);
    let again = read(stripped.clone().into()).unwrap();
    assert_eq!(*again.chunk_name, *b"=?");
    assert_eq!(again.debug, None);
    assert_eq!(write(&again, true), stripped);
    let named = read_named(stripped.into(), b"=mine").unwrap();
    assert_eq!(*child(&named, 2).chunk_name, *b"=mine");
}

#[test]
fn slice_of_a_child_is_a_dump() {
    let main = read(SAMPLE.into()).unwrap();
    let inner = child(&main, 2);
    let Origin::Dump { bytes, range } = &inner.origin else {
        panic!("{:?}", inner.origin)
    };
    let cut = read(slice(bytes, range.clone()).into()).unwrap();
    assert_eq!(cut.code, inner.code);
    assert_eq!(cut.debug, inner.debug);
    assert_eq!(child(&cut, 1).code, child(inner, 1).code);
    assert!(read(slice(bytes, 5..999_999).into()).is_err());
    assert!(read(slice(b"", 0..0).into()).is_err());
}

#[test]
fn every_prefix_is_refused() {
    let main = read(SAMPLE.into()).unwrap();
    for dump in [SAMPLE.to_vec(), write(&main, true)] {
        for length in 0..dump.len() {
            assert!(read(dump[..length].into()).is_err(), "{length}");
        }
    }
    assert_eq!(kind(&SAMPLE[..100]), DumpErrorKind::Truncated);
}

#[test]
fn other_formats_are_named() {
    assert_eq!(kind(b"return 1"), DumpErrorKind::NotADump);
    assert_eq!(kind(b"\x1bLJ\x01\x0a\0"), DumpErrorKind::Version(1));
    assert_eq!(kind(b"\x1bLJ\x02\x0b\0"), DumpErrorKind::BigEndian);
    assert_eq!(kind(b"\x1bLJ\x02\x02\0"), DumpErrorKind::OneSlotFrames);
    assert_eq!(kind(b"\x1bLJ\x02\x1a\0"), DumpErrorKind::BitOperators);
    assert_eq!(kind(b"\x1bLJ\x02\x2a\0"), DumpErrorKind::UnknownFlags(0x20));
    assert_eq!(kind(b"\x1bLJ\x02\x0a\0"), DumpErrorKind::Empty);
    let mut twice = write(&leaf(Vec::new(), 1), true);
    let record = twice[5..twice.len() - 1].to_vec();
    twice.splice(5..5, record);
    assert_eq!(kind(&twice), DumpErrorKind::Orphans(1));
    twice.push(7);
    assert_eq!(kind(&twice), DumpErrorKind::TrailingBytes(1));
    let error = read(b"\x1bLJ\x01"[..].into()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot read bytecode at byte 4: version 1 is not the 2 of LuaJIT 2.1"
    );
}

#[test]
fn numbers_survive() {
    let mut template = leaf(Vec::new(), 1);
    template.numbers = vec![
        0.0,
        -0.0,
        -1.0,
        2147483647.0,
        -2147483648.0,
        2147483648.0,
        0.1,
        1e300,
        f64::INFINITY,
        f64::from_bits(0x0123_4567_89ab_cdef),
    ];
    let bits = |numbers: &[f64]| numbers.iter().map(|n| n.to_bits()).collect::<Vec<_>>();
    let back = read(write(&template, true).into()).unwrap();
    assert_eq!(bits(&back.numbers), bits(&template.numbers));
    template.numbers = vec![f64::from_bits(0xfffc_0000_0000_1234)];
    let back = read(write(&template, true).into()).unwrap();
    assert_eq!(back.numbers[0].to_bits(), 0x7ff8_0000_0000_0000);
}

#[test]
fn keys_are_checked() {
    for key in [Scalar::Nil, Scalar::Number(f64::NAN)] {
        let mut template = leaf(Vec::new(), 1);
        template
            .constants
            .push(Constant::Table(Box::new(TableTemplate {
                array: Vec::new(),
                hash: vec![(key, Scalar::Nil)],
            })));
        assert_eq!(kind(&write(&template, true)), DumpErrorKind::BadKey);
    }
}

#[test]
fn lines_of_long_functions_survive() {
    for num_lines in [255, 256, 65535, 65536, 100_000] {
        let mut template = leaf(vec![0; 3], 1);
        template.first_line = 7;
        template.num_lines = num_lines;
        template.debug = Some(DebugInfo {
            lines: Lines::new([7, 8, 7 + num_lines].into_iter()),
            ..DebugInfo::default()
        });
        let back = read(write(&template, false).into()).unwrap();
        assert_eq!(back.debug, template.debug);
    }
}

#[test]
fn depth_is_bounded() {
    let nested = |depth| {
        let mut template = leaf(Vec::new(), 1);
        for _ in 1..depth {
            let mut parent = leaf(Vec::new(), 1);
            parent.flags = flags::CHILD;
            parent.constants.push(Constant::Child(Rc::new(template)));
            template = parent;
        }
        write(&template, true)
    };
    assert!(read(nested(MAX_DEPTH).into()).is_ok());
    assert_eq!(kind(&nested(MAX_DEPTH + 1)), DumpErrorKind::TooDeep);
}
