//! The function that is being compiled: its code, constants and registers so far.
//!
//! Positions count LuaJIT's way while compiling: position 0 is the function header, which the
//! finished template drops.

use std::ops::Range;
use std::rc::Rc;

use super::Compiler;
use super::error::Parse;
use super::scope::Scope;
use super::symbol::{Symbol, mix};
use crate::bytecode::opcode::{JUMP_BIAS, Op, a, d, pack_abc, pack_ad};
use crate::bytecode::{TableTemplate, Template};

/// Position of an instruction.
pub(super) type Position = u32;
/// End of a jump list; as a distance it is the jump to itself.
pub(super) const NO_JUMP: Position = u32::MAX;
/// A register of the frame.
pub(super) type Register = u32;
/// Stands for no register where only the effect on control flow counts.
pub(super) const NO_REGISTER: Register = 0xff;

const MAX_REGISTERS: u32 = 250;
const MAX_INSTRUCTIONS: u32 = 1 << 26;
const MAX_CONSTANTS: usize = 1 << 16;

/// An instruction and its line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Instruction {
    pub(super) word: u32,
    pub(super) line: u32,
}

impl Instruction {
    pub(super) fn op(self) -> Op {
        Op::of(self.word).unwrap_or(Op::JMP)
    }

    pub(super) fn set_op(&mut self, op: Op) {
        self.word = self.word & !0xff | op as u32;
    }

    pub(super) fn set_a(&mut self, value: u32) {
        self.word = self.word & !0xff00 | (value & 0xff) << 8;
    }

    pub(super) fn set_b(&mut self, value: u32) {
        self.word = self.word & 0x00ff_ffff | value << 24;
    }

    pub(super) fn set_d(&mut self, value: u32) {
        self.word = self.word & 0xffff | value << 16;
    }
}

/// A constant whose children may still learn which upvalues are immutable.
#[derive(Debug)]
pub(super) enum PendingConstant {
    Child(PendingChild),
    String(Symbol),
    Table(Box<TableTemplate>),
    Cdata(Cdata),
}

/// A nested function and the origin of its upvalues.
#[derive(Debug)]
pub(super) struct PendingChild {
    /// Not shared yet.
    pub(super) template: Rc<Template>,
    /// The origins of its upvalues among those of all finished functions.
    pub(super) origins: Range<usize>,
}

/// Where a function finds an upvalue, before registers are final.
#[derive(Debug, Clone, Copy)]
pub(super) enum UpvalueOrigin {
    /// A local variable of the enclosing function, by its index in the variable stack.
    Variable(u16),
    /// An upvalue of the enclosing function.
    Upvalue(u8),
}

/// An upvalue of the function that is being compiled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Upvalue {
    /// The variable itself, in whichever function it lives.
    pub(super) variable: u16,
    pub(super) origin: UpvalueOrigin,
}

/// A literal of 64-bit integer or complex type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cdata {
    Int64(i64),
    Uint64(u64),
    Complex(f64, f64),
}

/// What may have been seen of `return` before the first closure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Returns {
    None,
    Some,
    /// Returns emitted before the first closure lack the closing of upvalues.
    NeedFixup,
}

/// Key of the index from constants, and from keys of table templates, to their slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SlotKey {
    /// Serial number of the function or table.
    pub(super) owner: u32,
    pub(super) kind: SlotKind,
    pub(super) bits: u64,
}

impl SlotKey {
    #[inline]
    pub(super) fn hash(self) -> u32 {
        let owner = u64::from(self.owner) << 8 | self.kind as u64;
        mix(owner, self.bits) as u32
    }
}

/// An entry of the index of slots.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) key: SlotKey,
    pub(super) index: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SlotKind {
    Number,
    String,
    Boolean,
}

/// State of one function.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) serial: u32,
    pub(super) scopes: Vec<Scope>,
    pub(super) code: Vec<Instruction>,
    /// The last position that some jump targets: peephole changes must not cross it.
    pub(super) last_target: Position,
    /// Jumps to the next instruction to be emitted.
    pub(super) pending_jumps: Position,
    pub(super) free_register: Register,
    /// Number of active local variables, which occupy the lowest registers.
    pub(super) active: u32,
    pub(super) numbers: Vec<f64>,
    pub(super) constants: Vec<PendingConstant>,
    pub(super) first_line: u32,
    /// Start of this function's part of the variable stack.
    pub(super) variable_base: usize,
    /// Start of this function's part of the index of slots.
    pub(super) slot_base: usize,
    /// Start of the upvalue origins of this function's children.
    pub(super) origin_base: usize,
    pub(super) flags: u8,
    pub(super) returns: Returns,
    pub(super) num_params: u32,
    pub(super) frame_size: u32,
    /// The variable that lives in each register, as an index into the variable stack.
    pub(super) register_variables: Vec<u16>,
    pub(super) upvalues: Vec<Upvalue>,
}

impl Default for Function {
    fn default() -> Function {
        Function {
            serial: 0,
            scopes: Vec::new(),
            code: Vec::new(),
            last_target: 0,
            pending_jumps: NO_JUMP,
            free_register: 0,
            active: 0,
            numbers: Vec::new(),
            constants: Vec::new(),
            first_line: 0,
            variable_base: 0,
            slot_base: 0,
            origin_base: 0,
            flags: 0,
            returns: Returns::None,
            num_params: 0,
            frame_size: 1,
            register_variables: Vec::new(),
            upvalues: Vec::new(),
        }
    }
}

impl Function {
    /// Returns the position of the next instruction.
    #[inline]
    pub(super) fn here(&self) -> Position {
        self.code.len() as Position
    }

    #[inline]
    pub(super) fn instruction(&mut self, position: Position) -> &mut Instruction {
        &mut self.code[position as usize]
    }

    #[inline]
    pub(super) fn op_at(&self, position: Position) -> Op {
        self.code[position as usize].op()
    }

    /// Returns the next element of a jump list, which is threaded through the jumps' distances.
    fn next_jump(&self, position: Position) -> Position {
        let distance = d(self.code[position as usize].word) as i32 - JUMP_BIAS;
        if distance == -1 {
            NO_JUMP
        } else {
            (position as i32 + 1 + distance) as Position
        }
    }

    /// Returns whether some jump of the list leaves no value behind.
    pub(super) fn lacks_value(&self, mut list: Position) -> bool {
        while list != NO_JUMP {
            let test = self.code[list.saturating_sub(1) as usize];
            let copies = matches!(test.op(), Op::ISTC | Op::ISFC);
            if !copies && a(test.word) as u32 != NO_REGISTER {
                return true;
            }
            list = self.next_jump(list);
        }
        false
    }

    /// Sets the register that receives the value of a test, or of a constant in its place, before
    /// a jump; answers whether there is such a value.
    fn patch_test_register(&mut self, jump: Position, register: Register) -> bool {
        let jump_base = a(self.code[jump as usize].word) as u32;
        let test = self.instruction(jump.saturating_sub(1));
        let plain = match test.op() {
            Op::ISTC => Op::IST,
            Op::ISFC => Op::ISF,
            _ if a(test.word) as u32 == NO_REGISTER => {
                if register == NO_REGISTER {
                    // Nobody wants the constant: its place is filled by a jump that does nothing.
                    test.word = pack_ad(Op::JMP, jump_base as u8, JUMP_BIAS as u16);
                } else {
                    test.set_a(register);
                    if register >= jump_base {
                        self.instruction(jump).set_a(register + 1);
                    }
                }
                return true;
            }
            _ => return false,
        };
        if register != NO_REGISTER && register != d(test.word) as u32 {
            test.set_a(register);
        } else {
            // Nothing to copy, or the value is in its register already.
            test.set_op(plain);
            test.set_a(0);
        }
        true
    }

    /// Turns the tests of a jump list into ones that copy nothing.
    pub(super) fn drop_values(&mut self, mut list: Position) {
        while list != NO_JUMP {
            self.patch_test_register(list, NO_REGISTER);
            list = self.next_jump(list);
        }
    }
}

impl Compiler<'_> {
    /// Appends an instruction at the line of the last consumed token.
    #[inline]
    pub(super) fn emit(&mut self, word: u32) -> Parse<Position> {
        let here = self.function.here();
        let pending = self.function.pending_jumps;
        if pending != NO_JUMP {
            self.patch_values(pending, here, NO_REGISTER, here)?;
            self.function.pending_jumps = NO_JUMP;
        }
        if here >= MAX_INSTRUCTIONS {
            return Err(self.limit_error(MAX_INSTRUCTIONS, "bytecode instructions"));
        }
        let line = self.lexer.last_line;
        self.function.code.push(Instruction { word, line });
        Ok(here)
    }

    pub(super) fn emit_abc(&mut self, op: Op, a: u32, b: u32, c: u32) -> Parse<Position> {
        self.emit(pack_abc(op, a as u8, b as u8, c as u8))
    }

    pub(super) fn emit_ad(&mut self, op: Op, a: u32, d: u32) -> Parse<Position> {
        self.emit(pack_ad(op, a as u8, d as u16))
    }

    /// Appends an instruction with a jump distance.
    pub(super) fn emit_aj(&mut self, op: Op, a: u32, distance: i32) -> Parse<Position> {
        self.emit_ad(op, a, (distance + JUMP_BIAS) as u32)
    }

    /// Appends a jump whose target comes later.
    pub(super) fn emit_jump(&mut self) -> Parse<Position> {
        let pending = std::mem::replace(&mut self.function.pending_jumps, NO_JUMP);
        let here = self.function.here();
        let last = here - 1;
        let mut jump = if here > self.function.last_target && self.function.op_at(last) == Op::UCLO
        {
            // Closing upvalues jumps, too.
            self.set_distance(last, -1);
            self.function.last_target = here;
            last
        } else {
            self.emit_aj(Op::JMP, self.function.free_register, -1)?
        };
        self.append_jumps(&mut jump, pending)?;
        Ok(jump)
    }

    pub(super) fn set_distance(&mut self, jump: Position, distance: i32) {
        self.function
            .instruction(jump)
            .set_d((distance + JUMP_BIAS) as u32);
    }

    /// Points a jump at its target.
    pub(super) fn patch_jump(&mut self, jump: Position, target: Position) -> Parse<()> {
        let biased = target as i64 - (i64::from(jump) + 1) + i64::from(JUMP_BIAS);
        match u16::try_from(biased) {
            Ok(biased) => {
                self.function.instruction(jump).set_d(u32::from(biased));
                Ok(())
            }
            Err(_) => Err(self.lexer.error_near(b"control structure too long")),
        }
    }

    /// Appends one jump list to another.
    pub(super) fn append_jumps(&mut self, list: &mut Position, more: Position) -> Parse<()> {
        if more == NO_JUMP {
            return Ok(());
        }
        if *list == NO_JUMP {
            *list = more;
            return Ok(());
        }
        let mut last = *list;
        loop {
            let next = self.function.next_jump(last);
            if next == NO_JUMP {
                break;
            }
            last = next;
        }
        self.patch_jump(last, more)
    }

    /// Points a jump list at `with_value`, where tests leave their value in `register`, and jumps
    /// that leave none at `without`.
    pub(super) fn patch_values(
        &mut self,
        mut list: Position,
        with_value: Position,
        register: Register,
        without: Position,
    ) -> Parse<()> {
        while list != NO_JUMP {
            let next = self.function.next_jump(list);
            let target = if self.function.patch_test_register(list, register) {
                with_value
            } else {
                without
            };
            self.patch_jump(list, target)?;
            list = next;
        }
        Ok(())
    }

    /// Points a jump list at the next instruction.
    pub(super) fn jump_here(&mut self, list: Position) -> Parse<()> {
        self.function.last_target = self.function.here();
        let mut pending = self.function.pending_jumps;
        self.append_jumps(&mut pending, list)?;
        self.function.pending_jumps = pending;
        Ok(())
    }

    /// Points a jump list at an instruction, which may be the next one.
    pub(super) fn patch_list(&mut self, list: Position, target: Position) -> Parse<()> {
        if target == self.function.here() {
            self.jump_here(list)
        } else {
            self.patch_values(list, target, NO_REGISTER, target)
        }
    }

    /// Makes a jump, or the closing of upvalues before it, close upvalues from `register` on.
    pub(super) fn close_at_jump(&mut self, jump: Position, register: Register) -> Parse<()> {
        self.function.instruction(jump).set_a(register);
        if self.function.op_at(jump) == Op::JMP {
            let next = self.function.next_jump(jump);
            if next != NO_JUMP {
                self.patch_list(next, jump)?;
            }
            self.function.instruction(jump).set_op(Op::UCLO);
            self.set_distance(jump, -1);
        }
        Ok(())
    }

    /// Makes sure that the frame has room for more registers.
    pub(super) fn bump_registers(&mut self, count: u32) -> Parse<()> {
        let size = self.function.free_register + count;
        if size > self.function.frame_size {
            if size >= MAX_REGISTERS {
                return Err(self.lexer.error_near(b"function or expression too complex"));
            }
            self.function.frame_size = size;
        }
        Ok(())
    }

    pub(super) fn reserve_registers(&mut self, count: u32) -> Parse<()> {
        self.bump_registers(count)?;
        self.function.free_register += count;
        Ok(())
    }

    /// Frees the topmost register, unless it holds a variable.
    #[inline]
    pub(super) fn free_register(&mut self, register: Register) {
        if register >= self.function.active {
            self.function.free_register -= 1;
            debug_assert_eq!(
                register, self.function.free_register,
                "not the topmost register"
            );
        }
    }

    /// Returns the index of a numeric constant.
    pub(super) fn number_constant(&mut self, value: f64) -> u32 {
        let key = SlotKey {
            owner: self.function.serial,
            kind: SlotKind::Number,
            bits: value.to_bits(),
        };
        let next = self.function.numbers.len() as u32;
        let index = self.slot(key, next);
        if index == next {
            self.function.numbers.push(value);
        }
        index
    }

    /// Returns the index of a string constant.
    #[inline]
    pub(super) fn string_constant(&mut self, symbol: Symbol) -> u32 {
        let key = SlotKey {
            owner: self.function.serial,
            kind: SlotKind::String,
            bits: u64::from(symbol.0),
        };
        let next = self.function.constants.len() as u32;
        let index = self.slot(key, next);
        if index == next {
            self.function
                .constants
                .push(PendingConstant::String(symbol));
        }
        index
    }

    /// Returns what the index of slots has for a key, which it learns if it is new.
    #[inline]
    pub(super) fn slot(&mut self, key: SlotKey, next: u32) -> u32 {
        let hash = key.hash();
        let slots = &mut self.scratch.slots;
        match slots.find(hash, |slot| slot.key == key) {
            Some(position) => slots.get(position).index,
            None => {
                slots.push(hash, Slot { key, index: next });
                next
            }
        }
    }

    /// Adds a constant that is never shared.
    pub(super) fn add_constant(&mut self, constant: PendingConstant) -> u32 {
        self.function.constants.push(constant);
        self.function.constants.len() as u32 - 1
    }

    /// Rejects functions whose constants cannot be numbered.
    pub(super) fn check_constants(&self) -> Parse<()> {
        let function = &self.function;
        if function.numbers.len() > MAX_CONSTANTS || function.constants.len() > MAX_CONSTANTS {
            return Err(self.limit_error(MAX_CONSTANTS as u32, "constants"));
        }
        Ok(())
    }
}
