//! What is encoded decodes to the same; what is damaged gives an error, never a panic.

use bridge_wire::{
    Created, DecodeErrorKind, Decoder, DeltaBuilder, Encoder, Fill, HostCall, Id, IdSource, Kind,
    MAX_DEPTH, Message, Operation, Reference, Side, Target, Token, encode_message,
};
use proptest::prelude::*;

/// A value as a tree, for comparison only.
#[derive(Debug, Clone, PartialEq)]
enum Tree {
    Nil,
    Boolean(bool),
    /// The bits, so that -0 and NaN compare.
    Number(u64),
    String(Vec<u8>),
    Array(Vec<Tree>),
    Map(Vec<(Tree, Tree)>),
    Reference(Reference, Id),
    Named(Vec<u8>),
    NamedFunction(Vec<u8>),
    Module(Vec<u8>),
    VimNil,
    Int64(i64),
    Uint64(u64),
}

impl Tree {
    fn encode(&self, out: &mut Encoder) {
        match self {
            Tree::Nil => out.nil(),
            Tree::Boolean(value) => out.boolean(*value),
            Tree::Number(bits) => out.number(f64::from_bits(*bits)),
            Tree::String(bytes) => out.string(bytes),
            Tree::Array(items) => {
                // Both ways to write an array give the same bytes.
                let start = out.len();
                let mark = out.begin_array();
                items.iter().for_each(|item| item.encode(out));
                out.end_array(mark, items.len());
                let marked = out.as_bytes()[start..].to_vec();
                out.truncate(start);
                out.array_len(items.len());
                items.iter().for_each(|item| item.encode(out));
                assert_eq!(out.as_bytes()[start..], marked);
            }
            Tree::Map(entries) => {
                let mark = out.begin_map();
                for (key, value) in entries {
                    key.encode(out);
                    value.encode(out);
                }
                out.end_map(mark, entries.len());
            }
            Tree::Reference(kind, id) => out.reference(*kind, *id),
            Tree::Named(path) => out.named(path),
            Tree::NamedFunction(path) => out.named_function(path),
            Tree::Module(name) => out.module(name),
            Tree::VimNil => out.vim_nil(),
            Tree::Int64(value) => out.int64(*value),
            Tree::Uint64(value) => out.uint64(*value),
        }
    }

    fn decode(decoder: &mut Decoder<'_>) -> Result<Tree, bridge_wire::DecodeError> {
        Ok(match decoder.token()? {
            Token::Nil => Tree::Nil,
            Token::Boolean(value) => Tree::Boolean(value),
            Token::Number(value) => Tree::Number(value.to_bits()),
            Token::String(bytes) => Tree::String(bytes.to_vec()),
            Token::Array(len) => {
                decoder.descend()?;
                let items = (0..len).map(|_| Tree::decode(decoder)).collect();
                decoder.ascend();
                Tree::Array(Result::from_iter::<Vec<_>>(items)?)
            }
            Token::Map(len) => {
                decoder.descend()?;
                let mut entries = Vec::new();
                for _ in 0..len {
                    entries.push((Tree::decode(decoder)?, Tree::decode(decoder)?));
                }
                decoder.ascend();
                Tree::Map(entries)
            }
            Token::Reference(kind, id) => Tree::Reference(kind, id),
            Token::Named(path) => Tree::Named(path.to_vec()),
            Token::NamedFunction(path) => Tree::NamedFunction(path.to_vec()),
            Token::Module(name) => Tree::Module(name.to_vec()),
            Token::VimNil => Tree::VimNil,
            Token::Int64(value) => Tree::Int64(value),
            Token::Uint64(value) => Tree::Uint64(value),
        })
    }
}

fn id() -> impl Strategy<Value = Id> {
    (2u64..).prop_map(|raw| Id::from_raw(raw).expect("an id"))
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>().prop_map(|n| if n.is_nan() { f64::NAN } else { n }),
        any::<i32>().prop_map(f64::from),
        (-9_007_199_254_740_993i64..=9_007_199_254_740_993).prop_map(|n| n as f64),
        prop::sample::select(vec![
            0.0,
            -0.0,
            1e300,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
            9_007_199_254_740_992.0,
            9_223_372_036_854_775_808.0,
            -9_223_372_036_854_775_808.0,
            5e-324,
        ]),
    ]
}

fn tree() -> impl Strategy<Value = Tree> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..300);
    let kind = prop::sample::select(vec![
        Reference::Function,
        Reference::Table,
        Reference::Cell,
        Reference::Remote,
        Reference::Local,
        Reference::RemoteFunction,
        Reference::Userdata,
        Reference::NativeFunction,
        Reference::Coroutine,
        Reference::LocalFunction,
        Reference::LocalCoroutine,
    ]);
    let leaf = prop_oneof![
        Just(Tree::Nil),
        any::<bool>().prop_map(Tree::Boolean),
        number().prop_map(|n| Tree::Number(n.to_bits())),
        bytes().prop_map(Tree::String),
        (kind, id()).prop_map(|(kind, id)| Tree::Reference(kind, id)),
        bytes().prop_map(Tree::Named),
        bytes().prop_map(Tree::NamedFunction),
        bytes().prop_map(Tree::Module),
        Just(Tree::VimNil),
        any::<i64>().prop_map(Tree::Int64),
        any::<u64>().prop_map(Tree::Uint64),
    ];
    leaf.prop_recursive(5, 200, 40, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..40).prop_map(Tree::Array),
            prop::collection::vec((inner.clone(), inner), 0..40).prop_map(Tree::Map),
        ]
    })
}

/// A message with something in every section of its delta.
fn message(values: &[Tree]) -> Vec<u8> {
    let mut ids = IdSource::new(Side::Sandbox);
    let (function, cell, table) = (ids.give(), ids.give(), ids.give());
    let mut delta = DeltaBuilder::new();
    delta.objects.released(ids.give(), 3);
    delta.objects.module(b"some.module");
    delta.objects.code(7, b"\x1bLJ\x02");
    delta.objects.cell(cell, false);
    delta.objects.table(table);
    delta
        .objects
        .dumped_function(function, 7, (5, 90), &[cell, cell]);
    delta.objects.source_function(
        ids.give(),
        b"@file.lua",
        12,
        b"function() return x end",
        &[b"x"],
        &[cell],
    );
    let entries = delta.fills.begin_entries(table);
    for value in values {
        delta.fills.encoder().string(b"key");
        value.encode(delta.fills.encoder());
    }
    delta.fills.end_entries(entries, values.len());
    delta
        .fills
        .cell(cell)
        .reference(Reference::Function, function);
    delta.fills.metatable(table).nil();
    let mut fields = Encoder::new();
    fields.unsigned(Operation::Call as u64);
    fields.array_len(2);
    fields.string(b"api");
    fields.string(b"nvim_get_current_buf");
    fields.array_len(values.len());
    values.iter().for_each(|value| value.encode(&mut fields));
    encode_message(Kind::HostCall, 9, Some(&delta), &fields)
}

/// Reads everything that a receiver would read.
fn read_all(bytes: &[u8]) -> Result<Vec<Tree>, bridge_wire::DecodeError> {
    let message = Message::decode(bytes)?;
    if let Some(mut delta) = message.delta {
        while delta.next_released()?.is_some() {}
        while delta.modules.next_string()?.is_some() {}
        while delta.next_code()?.is_some() {}
        while let Some(created) = delta.next_created()? {
            if let Created::Function { mut cells, .. } = created {
                while cells.next_id()?.is_some() {}
            }
        }
        let mut fills = delta.fills();
        while let Some(fill) = fills.next_fill()? {
            match fill {
                Fill::Cell(_, mut value)
                | Fill::Metatable(_, mut value)
                | Fill::Environment(_, mut value)
                | Fill::Globals(_, mut value) => {
                    Tree::decode(&mut value)?;
                    assert!(value.is_done());
                }
                Fill::Ended(_) => {}
                Fill::Entries(_, pairs, mut values) => {
                    for _ in 0..2 * pairs {
                        Tree::decode(&mut values)?;
                    }
                    assert!(values.is_done());
                }
            }
        }
    }
    let mut values = Vec::new();
    if message.kind == Kind::HostCall {
        let mut call = HostCall::decode(message.fields)?;
        if let Target::Path(len, mut keys) = call.target {
            for _ in 0..len {
                keys.token()?;
            }
        }
        for _ in 0..call.argument_count {
            values.push(Tree::decode(&mut call.arguments)?);
        }
    }
    Ok(values)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn values_survive(value in tree()) {
        let mut out = Encoder::new();
        value.encode(&mut out);
        let mut decoder = Decoder::new(out.as_bytes());
        prop_assert_eq!(Tree::decode(&mut decoder).unwrap(), value);
        prop_assert!(decoder.is_done());
    }

    #[test]
    fn messages_survive(values in prop::collection::vec(tree(), 0..8)) {
        prop_assert_eq!(read_all(&message(&values)).unwrap(), values);
    }

    #[test]
    fn every_prefix_is_refused(values in prop::collection::vec(tree(), 0..3)) {
        let bytes = message(&values);
        for len in 0..bytes.len() {
            prop_assert!(Message::decode(&bytes[..len]).is_err(), "prefix of {} bytes", len);
        }
    }

    #[test]
    fn flipped_bits_never_panic(
        values in prop::collection::vec(tree(), 0..4),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0u8..8), 1..6),
    ) {
        let mut bytes = message(&values);
        for (place, bit) in flips {
            let place = place.index(bytes.len());
            bytes[place] ^= 1 << bit;
        }
        if let Err(error) = read_all(&bytes) {
            prop_assert!(error.offset <= bytes.len());
        }
    }

    #[test]
    fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_all(&bytes);
    }
}

#[test]
fn counts_are_bounded_by_the_input() {
    for bytes in [
        &[0xdd, 0xff, 0xff, 0xff, 0xff, 0xc0][..],
        &[0xdf, 0x7f, 0xff, 0xff, 0xff, 0xc0, 0xc0],
        &[0xdc, 0, 3, 0xc0, 0xc0],
        &[0x82, 0xc0, 0xc0, 0xc0],
    ] {
        let error = Decoder::new(bytes).token().unwrap_err();
        assert!(
            matches!(error.kind, DecodeErrorKind::BadCount(_)),
            "{error}"
        );
        assert_eq!(error.offset, 0);
    }
    let error = Decoder::new(&[0xdb, 0xff, 0xff, 0xff, 0xff, b'a'])
        .token()
        .unwrap_err();
    assert_eq!(error.kind, DecodeErrorKind::Truncated);
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| {
        let mut bytes = vec![0x91; depth];
        bytes.push(0xc0);
        bytes
    };
    // The outermost array is the list of arguments.
    assert!(Decoder::new(&nested(MAX_DEPTH)).skip().is_ok());
    let error = Decoder::new(&nested(100_000)).skip().unwrap_err();
    assert_eq!(error.kind, DecodeErrorKind::TooDeep);
}

#[test]
fn ids_belong_to_their_giver() {
    assert_eq!(Id::from_raw(0), None);
    assert_eq!(Id::from_raw(1), None);
    let mut host = IdSource::new(Side::Host);
    let mut sandbox = IdSource::new(Side::Sandbox);
    for _ in 0..3 {
        assert_eq!(host.give().side(), Side::Host);
        assert_eq!(sandbox.give().side(), Side::Sandbox);
    }
}

#[test]
fn wrong_number_of_fields_is_refused() {
    let fields = Encoder::new();
    let bytes = encode_message(Kind::Reply, 1, None, &fields);
    assert!(Message::decode(&bytes).is_err());
    let mut bytes = encode_message(Kind::Changes, 0, None, &fields);
    assert!(Message::decode(&bytes).is_ok());
    bytes.push(0xc0);
    assert_eq!(
        Message::decode(&bytes).unwrap_err().kind,
        DecodeErrorKind::TrailingBytes
    );
}
