//! What the code of a callback can write, and instructions that note it while it runs on main.
//!
//! LuaJIT tells nobody about writes, but the code of callbacks passes through here before it runs. What it assigns
//! to variables stands in its instructions. For the entries of tables each store gets three instructions before
//! it, which note table and key, and each call two to four, which look whether the callee notes its writes too.
//!
//! ```text
//! TSETV A, B, C    UGET b, notes ; TGETV b, b, B ; TSETV B, b, C        notes[table][key] = table
//! CALL A           UGET b, calls ; TGETV b, b, A ; TGETV b, b, A + 2    calls[callee][first argument]
//! ```
//!
//! `b` is a register more than the function had; `notes` and `calls` are two more upvalues, tables of `notes.lua`,
//! whose metatables do what must be done. They accept every key, nil included, so that the instruction behind them
//! fails as it would have. `written.rs` says why nothing is missed. Pure.

use std::collections::BTreeSet;

use interpreter::bytecode::opcode::{self, Op, Operand};
use interpreter::bytecode::{Constant, Template};

/// Fields of `calls` that stand for other tables, see `notes.lua`.
const METAMETHODS: u8 = 0;
const WHOLE: u8 = 1;
/// What `calls` says of callees with two arguments.
const OF_TWO: u8 = 3;
/// This one stands for the environment of whoever looks it up.
const ENVIRONMENT: u8 = 2;

/// Global names whose values are no objects of main's other code.
const STANDARD: &[&str] = &[
    "assert",
    "bit",
    "collectgarbage",
    "coroutine",
    "debug",
    "error",
    "getmetatable",
    "io",
    "ipairs",
    "math",
    "next",
    "os",
    "pairs",
    "pcall",
    "print",
    "rawequal",
    "rawget",
    "rawlen",
    "rawset",
    "require",
    "select",
    "setmetatable",
    "string",
    "table",
    "tonumber",
    "tostring",
    "type",
    "unpack",
    "vim",
    "xpcall",
];

/// What a function and those inside it can write to besides tables.
#[derive(Debug, Clone, Default)]
pub(crate) struct Writes {
    /// Which of its upvalues are assigned.
    pub(crate) upvalues: BTreeSet<usize>,
    /// Variables of their own that are shared with functions inside.
    pub(crate) locals: bool,
    /// They may write anything, or meet objects that the thread knows nothing of.
    pub(crate) anything: bool,
    /// There are stores to tables.
    stores: bool,
    /// There are calls, or assignments of global variables.
    calls: bool,
}

impl Writes {
    /// What is known of code that cannot be read or rewritten.
    pub(crate) fn unknown() -> Writes {
        Writes {
            anything: true,
            ..Writes::default()
        }
    }

    /// Reads a function and those inside it.
    pub(crate) fn of(function: &Template) -> Writes {
        let mut writes = Writes::default();
        for word in function.code.words() {
            match Op::of(word) {
                Some(Op::USETV | Op::USETS | Op::USETN | Op::USETP) => {
                    writes.upvalues.insert(opcode::a(word));
                }
                Some(Op::GSET) => writes.calls = true,
                Some(Op::GGET) => {
                    let name = function.constants.get(opcode::d(word));
                    let is_standard = matches!(name, Some(Constant::String(name))
                        if STANDARD.iter().any(|one| one.as_bytes() == &**name));
                    writes.anything |= !is_standard;
                }
                Some(Op::TSETV | Op::TSETS | Op::TSETB) => writes.stores = true,
                Some(Op::CALL | Op::CALLM | Op::CALLT | Op::CALLMT | Op::ITERC | Op::ITERN) => {
                    writes.calls = true;
                }
                Some(Op::TSETR) | None => writes.anything = true,
                Some(_) => {}
            }
        }
        for constant in &function.constants {
            let Constant::Child(child) = constant else {
                continue;
            };
            let inner = Writes::of(child);
            for source in &child.upvalues {
                writes.locals |= source.is_local() && !source.is_immutable();
            }
            for n in inner.upvalues {
                match child.upvalues.get(n) {
                    Some(source) if source.is_local() => writes.locals = true,
                    Some(source) => {
                        writes.upvalues.insert(source.index().into());
                    }
                    None => writes.anything = true,
                }
            }
            writes.locals |= inner.locals;
            writes.anything |= inner.anything;
            writes.stores |= inner.stores;
            writes.calls |= inner.calls;
        }
        writes
    }

    /// Returns whether instructions have to be added for the upvalue `notes`, and for `calls`.
    pub(crate) fn notes(&self) -> (bool, bool) {
        (self.stores, self.calls || self.stores)
    }
}

/// Where the added instructions find what they need.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places {
    pub(crate) register: u8,
    /// Upvalues.
    pub(crate) notes: u8,
    pub(crate) calls: u8,
}

/// Returns for each instruction what has to come before it; nothing if there is no place for that.
pub(crate) fn notes_before(function: &Template, at: Places) -> Option<Vec<Vec<u32>>> {
    let code: Vec<u32> = function.code.words().collect();
    let ops: Vec<Op> = code
        .iter()
        .map(|&word| Op::of(word))
        .collect::<Option<_>>()?;
    let target = |place: usize| (place + 1).checked_add_signed(opcode::jump(code[place]));
    let jumps = (0..code.len()).filter(|&place| ops[place].shape().cd == Operand::Jump);
    let targets: BTreeSet<Option<usize>> = jumps.map(target).collect();
    let mut before = vec![Vec::new(); code.len()];
    for (place, &word) in code.iter().enumerate() {
        let a = opcode::a(word) as u8;
        let (b, c) = (opcode::b(word) as u8, opcode::c(word) as u8);
        let d = opcode::d(word);
        match ops[place] {
            Op::TSETS if is_metamethod(function, c) => {
                before[place].extend(at.call(b, Argument::Field(WHOLE, b)));
                before[place].extend(at.call(b, Argument::Field(METAMETHODS, a)));
            }
            Op::TSETV | Op::TSETS | Op::TSETB => before[place].extend(at.store(word)),
            Op::GSET => before[place].extend(at.call(0, Argument::Environment)),
            Op::CALL => before[place].extend(at.call(a, Argument::of(a, usize::from(c))?)),
            Op::CALLT => before[place].extend(at.call(a, Argument::of(a, d)?)),
            op @ (Op::CALLM | Op::CALLMT) => {
                // Nothing may come between the call and what has produced its last arguments.
                let fixed = if op == Op::CALLM { c.into() } else { d };
                let mut producer = place.checked_sub(1)?;
                while ops[producer] == Op::CALLM {
                    producer = producer.checked_sub(1)?;
                }
                let is_open = opcode::b(code[producer]) == 0;
                if !matches!(ops[producer], Op::CALL | Op::VARG) || !is_open {
                    return None;
                }
                if (producer + 1..=place).any(|inside| targets.contains(&Some(inside))) {
                    return None;
                }
                let argument = match fixed {
                    0 => Argument::Unknown,
                    _ => Argument::Register(a.checked_add(2)?),
                };
                before[producer].extend(at.call(a, argument));
            }
            Op::ISNEXT => before[place].extend(at.call(a.checked_sub(3)?, Argument::Unknown)),
            Op::JMP => {
                // The way into a generic loop; what jumps there later finds the same function.
                let is_conditional = place > 0 && ops[place - 1] <= Op::ISF;
                if let Some(iterator) = target(place).filter(|&to| ops.get(to) == Some(&Op::ITERC))
                    && !is_conditional
                {
                    let base = opcode::a(code[iterator]) as u8;
                    before[place].extend(at.call(base.checked_sub(3)?, Argument::Unknown));
                }
            }
            Op::ITERC | Op::ITERN => {
                let enters = |way: usize| {
                    matches!(ops[way], Op::ISNEXT | Op::JMP)
                        && target(way) == Some(place)
                        && !before[way].is_empty()
                };
                if !(0..place).any(enters) {
                    return None;
                }
            }
            _ => {}
        }
    }
    Some(before)
}

/// Whether a string constant may be the name of a metamethod.
fn is_metamethod(function: &Template, index: u8) -> bool {
    let name = function.constants.get(usize::from(index));
    matches!(name, Some(Constant::String(name)) if name.starts_with(b"__"))
}

/// What is looked up in what `calls` says of a callee.
enum Argument {
    /// There is none.
    None,
    /// A register.
    Register(u8),
    /// A register, and there is one more.
    OfTwo(u8),
    /// There may be one, nobody knows where.
    Unknown,
    /// Nothing, and there is no callee: the environment is noted.
    Environment,
    /// Not of a callee: a register is looked up in a field of `calls`.
    Field(u8, u8),
}

impl Argument {
    /// The first argument of a call, two registers above the function; `operand` is one more than there are.
    fn of(function: u8, operand: usize) -> Option<Argument> {
        match operand {
            0 | 1 => Some(Argument::None),
            3 => function.checked_add(2).map(Argument::OfTwo),
            _ => function.checked_add(2).map(Argument::Register),
        }
    }
}

impl Places {
    fn store(self, word: u32) -> [u32; 3] {
        let b = self.register;
        let (table, key) = (opcode::b(word) as u8, opcode::c(word) as u8);
        let op = Op::of(word).expect("the caller has read it");
        [
            opcode::pack_ad(Op::UGET, b, self.notes.into()),
            opcode::pack_abc(Op::TGETV, b, b, table),
            opcode::pack_abc(op, table, b, key),
        ]
    }

    fn call(self, function: u8, argument: Argument) -> Vec<u32> {
        let b = self.register;
        let get = |key: u8| opcode::pack_abc(Op::TGETV, b, b, key);
        let field = |key: u8| opcode::pack_abc(Op::TGETB, b, b, key);
        let mut code = vec![opcode::pack_ad(Op::UGET, b, self.calls.into())];
        match argument {
            Argument::None => code.push(get(function)),
            Argument::Register(register) => code.extend([get(function), get(register)]),
            Argument::OfTwo(register) => code.extend([field(OF_TWO), get(function), get(register)]),
            Argument::Unknown => code.extend([get(function), field(0)]),
            Argument::Environment => code.push(field(ENVIRONMENT)),
            Argument::Field(of, register) => code.extend([field(of), get(register)]),
        }
        code
    }
}
