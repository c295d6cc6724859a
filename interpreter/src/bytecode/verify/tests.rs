//! Each rule with code that keeps it and code that breaks it, and random damage to a real dump.
//!
//! Damage must never panic; what passes must read, verify and list again.

use std::rc::Rc;

use super::super::dump::tests::{SAMPLE, leaf};
use super::super::opcode::{pack_abc, pack_ad};
use super::super::{DebugInfo, disassemble, dump};
use super::*;

const RETURN: u32 = Op::RET0 as u32 | 1 << 16;

/// Packs a jump over `distance` instructions.
fn pack_jump(op: Op, a: u8, distance: i32) -> u32 {
    pack_ad(op, a, (distance + super::super::opcode::JUMP_BIAS) as u16)
}

/// Verifies code in a frame of ten registers, with a string, a number and an upvalue.
fn kind(code: &[u32]) -> Option<VerifyErrorKind> {
    verify(&rich(code)).err().map(|error| error.kind)
}

fn rich(code: &[u32]) -> Template {
    let mut child = leaf(vec![RETURN], 1);
    child.upvalues = vec![UpvalueSource(UpvalueSource::LOCAL | 2), UpvalueSource(0)];
    let mut template = leaf(code.to_vec(), 10);
    template.flags = flags::CHILD | flags::VARARG;
    template.num_params = 2;
    template.constants = vec![
        Constant::String(Rc::from(&b"s"[..])),
        Constant::Child(Rc::new(child)),
    ];
    template.numbers = vec![((1u64 << 52) + 3) as f64, 0.5];
    template.upvalues = vec![UpvalueSource(UpvalueSource::LOCAL)];
    template
}

#[test]
fn sample_passes() {
    verify(&dump::read(SAMPLE.into()).unwrap()).unwrap();
}

#[test]
fn operands_are_bounded() {
    let register = |register| VerifyErrorKind::Register {
        register,
        frame_size: 10,
    };
    for (instruction, expected) in [
        (pack_ad(Op::MOV, 9, 9), None),
        (pack_ad(Op::MOV, 10, 0), Some(register(10))),
        (pack_ad(Op::MOV, 0, 0x1000), Some(register(0x1000))),
        (pack_abc(Op::ADDVV, 0, 10, 0), Some(register(10))),
        (pack_ad(Op::KNIL, 2, 10), Some(register(10))),
        (
            pack_ad(Op::KNIL, 2, 1),
            Some(VerifyErrorKind::Range { first: 2, last: 1 }),
        ),
        (
            pack_abc(Op::CAT, 0, 4, 3),
            Some(VerifyErrorKind::Range { first: 4, last: 3 }),
        ),
        (pack_abc(Op::CALL, 8, 1, 1), None),
        (pack_abc(Op::CALL, 9, 1, 1), Some(register(10))),
        (pack_abc(Op::CALL, 5, 1, 5), Some(register(10))),
        (pack_abc(Op::CALL, 5, 7, 1), Some(register(10))),
        (pack_abc(Op::CALL, 5, 1, 0), Some(VerifyErrorKind::Count(0))),
        (pack_abc(Op::VARG, 5, 6, 2), None),
        (pack_abc(Op::VARG, 5, 7, 2), Some(register(10))),
        (pack_abc(Op::VARG, 5, 6, 1), Some(VerifyErrorKind::Vararg)),
        (pack_ad(Op::USETV, 1, 0), Some(VerifyErrorKind::Upvalue(1))),
        (pack_ad(Op::KPRI, 0, 3), Some(VerifyErrorKind::Primitive(3))),
        (pack_abc(Op::ADDVN, 0, 0, 1), None),
        (
            pack_abc(Op::ADDVN, 0, 0, 2),
            Some(VerifyErrorKind::Constant {
                index: 2,
                expected: Operand::Num,
            }),
        ),
        (
            pack_ad(Op::KSTR, 0, 1),
            Some(VerifyErrorKind::Constant {
                index: 1,
                expected: Operand::Str,
            }),
        ),
        (
            pack_ad(Op::TNEW, 0, 27 << 11),
            Some(VerifyErrorKind::TableSize(27)),
        ),
        (
            pack_ad(Op::JLOOP, 0, 0),
            Some(VerifyErrorKind::Internal(Op::JLOOP)),
        ),
        (
            pack_ad(Op::FUNCF, 0, 0),
            Some(VerifyErrorKind::Internal(Op::FUNCF)),
        ),
        (97, Some(VerifyErrorKind::Opcode(97))),
    ] {
        assert_eq!(kind(&[instruction, RETURN]), expected, "{instruction:#x}");
    }
    assert_eq!(
        kind(&[pack_ad(Op::RET, 5, 7)]),
        Some(register(10)),
        "returned registers"
    );
}

#[test]
fn control_stays_inside() {
    let compare = pack_ad(Op::ISLT, 0, 1);
    assert_eq!(kind(&[]), Some(VerifyErrorKind::CodeLength(0)));
    assert_eq!(
        kind(&[pack_ad(Op::MOV, 0, 0)]),
        Some(VerifyErrorKind::MissingReturn)
    );
    assert_eq!(kind(&[pack_jump(Op::JMP, 0, -1)]), None);
    for (distance, target) in [(-2, -1), (0, 1)] {
        assert_eq!(
            kind(&[pack_jump(Op::JMP, 0, distance)]),
            Some(VerifyErrorKind::Jump(target))
        );
    }
    assert_eq!(kind(&[compare, RETURN]), Some(VerifyErrorKind::MissingJump));
    let jump = pack_jump(Op::JMP, 0, -1);
    assert_eq!(kind(&[compare, jump]), Some(VerifyErrorKind::MissingReturn));
    assert_eq!(kind(&[compare, jump, RETURN]), None);
}

#[test]
fn loops_fit_together() {
    let forl = pack_jump(Op::FORL, 2, -1);
    assert_eq!(kind(&[pack_jump(Op::FORI, 2, 1), forl, RETURN]), None);
    for code in [
        [pack_jump(Op::FORI, 3, 1), forl, RETURN],
        [pack_jump(Op::FORI, 2, 0), forl, RETURN],
        [RETURN, forl, RETURN],
    ] {
        assert_eq!(kind(&code), Some(VerifyErrorKind::Loop));
    }
    let next = pack_jump(Op::ISNEXT, 4, 0);
    let step = pack_abc(Op::ITERN, 4, 3, 3);
    let end = pack_jump(Op::ITERL, 4, -2);
    assert_eq!(kind(&[next, step, end, RETURN]), None);
    for code in [
        [next, step, RETURN, RETURN],
        [next, pack_abc(Op::ITERC, 4, 3, 3), end, RETURN],
        [pack_jump(Op::JMP, 0, 1), step, end, RETURN],
    ] {
        assert_eq!(kind(&code), Some(VerifyErrorKind::Loop));
    }
}

#[test]
fn open_results_are_used_at_once() {
    let call = pack_abc(Op::CALL, 5, 0, 1);
    let use_it = pack_abc(Op::CALLM, 2, 1, 1);
    let close = pack_jump(Op::UCLO, 0, 0);
    let other = pack_ad(Op::MOV, 0, 0);
    let bad = Some(VerifyErrorKind::MultipleResults);
    assert_eq!(kind(&[call, use_it, RETURN]), None);
    assert_eq!(kind(&[call, close, use_it, RETURN]), None);
    assert_eq!(kind(&[call, pack_ad(Op::RETM, 5, 0)]), None);
    assert_eq!(kind(&[call, pack_ad(Op::TSETM, 5, 0), RETURN]), None);
    assert_eq!(kind(&[use_it, RETURN]), bad);
    assert_eq!(kind(&[close, use_it, RETURN]), bad);
    assert_eq!(kind(&[call, other, use_it, RETURN]), bad);
    assert_eq!(kind(&[call, pack_ad(Op::RETM, 4, 0)]), bad);
    let back = pack_jump(Op::JMP, 0, -2);
    assert_eq!(kind(&[call, use_it, back]), bad);
    let around = pack_ad(Op::IST, 0, 0);
    let skip = pack_jump(Op::JMP, 0, 1);
    assert_eq!(kind(&[around, skip, call, use_it, RETURN]), bad);
    assert_eq!(
        kind(&[call, pack_ad(Op::TSETM, 5, 1), RETURN]),
        Some(VerifyErrorKind::Constant {
            index: 1,
            expected: Operand::Num
        })
    );
}

#[test]
fn upvalues_are_closed() {
    let create = pack_ad(Op::FNEW, 0, 1);
    let close = pack_jump(Op::UCLO, 2, 0);
    let open = Some(VerifyErrorKind::OpenUpvalue(2));
    assert_eq!(kind(&[create, close, RETURN]), None);
    assert_eq!(kind(&[create, RETURN]), open);
    assert_eq!(kind(&[create, pack_jump(Op::UCLO, 3, 0), RETURN]), open);
    let call = |a| pack_abc(Op::CALL, a, 1, 1);
    assert_eq!(kind(&[create, call(3), close, RETURN]), None);
    assert_eq!(kind(&[create, call(1), close, RETURN]), open);
    let test = pack_ad(Op::IST, 0, 0);
    let skip = pack_jump(Op::JMP, 0, 1);
    assert_eq!(kind(&[create, test, skip, close, RETURN]), open);
    assert_eq!(kind(&[test, skip, create, close, RETURN]), None);
    let back = pack_jump(Op::JMP, 0, -4);
    assert_eq!(kind(&[call(1), create, test, back, close, RETURN]), open);
    let mut unflagged = rich(&[create, close, RETURN]);
    unflagged.flags = flags::VARARG;
    assert_eq!(
        verify(&unflagged).unwrap_err().kind,
        VerifyErrorKind::MissingChildFlag
    );
}

#[test]
fn shapes_are_checked() {
    type Change = fn(&mut Template);
    let mut changes: Vec<(Change, VerifyErrorKind)> = Vec::new();
    changes.push((|t| t.flags |= 8, VerifyErrorKind::Flags(11)));
    changes.push((|t| t.frame_size = 0, VerifyErrorKind::FrameSize(0)));
    changes.push((|t| t.frame_size = 251, VerifyErrorKind::FrameSize(251)));
    changes.push((
        |t| t.num_params = 11,
        VerifyErrorKind::Parameters {
            parameters: 11,
            frame_size: 10,
        },
    ));
    changes.push((
        |t| t.upvalues = vec![UpvalueSource(0); 61],
        VerifyErrorKind::UpvalueCount(61),
    ));
    changes.push((
        |t| t.debug = Some(DebugInfo::default()),
        VerifyErrorKind::DebugLength {
            found: 0,
            expected: 1,
        },
    ));
    changes.push((
        |t| t.upvalues.clear(),
        VerifyErrorKind::UpvalueSource {
            upvalue: 1,
            source_bits: 0,
        },
    ));
    changes.push((
        |t| t.frame_size = 2,
        VerifyErrorKind::UpvalueSource {
            upvalue: 0,
            source_bits: 0x8002,
        },
    ));
    changes.push((
        |t| t.numbers.push(f64::from_bits(0xfffb << 48)),
        VerifyErrorKind::NotANumber(2),
    ));
    for (change, expected) in changes {
        let mut template = rich(&[RETURN]);
        verify(&template).unwrap();
        change(&mut template);
        assert_eq!(verify(&template).unwrap_err().kind, expected);
    }
}

#[test]
fn mutations_never_panic() {
    let main = dump::read(SAMPLE.into()).unwrap();
    let seeds = [SAMPLE.to_vec(), dump::write(&main, true)];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % below
    };
    let (mut readable, mut valid) = (0, 0);
    let mut listing = Vec::new();
    for _ in 0..20_000 {
        let mut bytes = seeds[random(seeds.len())].clone();
        for _ in 0..=random(3) {
            let at = random(bytes.len());
            match random(8) {
                0 => bytes.truncate(at + 1),
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, random(256) as u8),
                3 => bytes[at] ^= 1 << random(8),
                4 => bytes[at] = bytes[random(bytes.len())],
                5 => bytes[at] = bytes[at].wrapping_add(1),
                _ => bytes[at] = random(256) as u8,
            }
            if bytes.is_empty() {
                break;
            }
        }
        let Ok(template) = dump::read(bytes.into()) else {
            continue;
        };
        readable += 1;
        listing.clear();
        disassemble::disassemble(&template, Default::default(), &mut listing).unwrap();
        if verify(&template).is_ok() {
            valid += 1;
            let again = dump::read(dump::write(&template, false).into()).unwrap();
            verify(&again).unwrap();
        }
    }
    assert!(readable > 1000 && valid > 100, "{readable} {valid}");
}
