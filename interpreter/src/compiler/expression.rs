//! Expression descriptors: where the value of an expression is, before it is needed anywhere.
//!
//! Code for an expression is emitted as late as possible, so that constants stay operands, the
//! register of a result can be chosen afterwards, and conditions become jumps.
//! Source of the method: LuaJIT, `lj_parse.c`.

use super::Compiler;
use super::error::Parse;
use super::function::{Cdata, NO_JUMP, PendingConstant, Position, Register};
use super::symbol::Symbol;
use crate::bytecode::flags;
use crate::bytecode::opcode::{Op, a, d, pack_abc, pack_ad};

/// Operand of `KPRI` and its kin.
pub(super) const PRIMITIVE_NIL: u32 = 0;
pub(super) const PRIMITIVE_FALSE: u32 = 1;
pub(super) const PRIMITIVE_TRUE: u32 = 2;

/// How an indexed expression names its key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Key {
    Register(Register),
    /// A small integer.
    Byte(u8),
    /// Index of a string constant.
    String(u8),
}

/// Where a value is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Nil,
    False,
    True,
    String(Symbol),
    Number(f64),
    /// Not treated as a constant: it is loaded before use.
    Cdata(Cdata),
    Local {
        register: Register,
        /// The entry of the variable stack.
        variable: u16,
    },
    Upvalue {
        index: u8,
        variable: u16,
    },
    Global(Symbol),
    Indexed {
        table: Register,
        key: Key,
    },
    /// The outcome of the comparison before this jump, which is taken if it holds.
    Jump(Position),
    /// The result of this instruction, whose destination is still open.
    Relocatable(Position),
    /// In a register.
    Register(Register),
    /// A call or `...`, whose number of results is still open.
    Call {
        position: Position,
        base: Register,
    },
    /// No value at all.
    Void,
}

/// An expression: its value and the jumps that leave it early.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expression {
    pub(super) kind: Kind,
    /// Jumps taken when the expression is true.
    pub(super) when_true: Position,
    /// Jumps taken when the expression is false.
    pub(super) when_false: Position,
}

impl Expression {
    #[inline]
    pub(super) fn new(kind: Kind) -> Expression {
        Expression {
            kind,
            when_true: NO_JUMP,
            when_false: NO_JUMP,
        }
    }

    #[inline]
    pub(super) fn has_jump(&self) -> bool {
        self.when_true != self.when_false
    }

    /// Returns whether the value is a constant, whatever jumps surround it.
    pub(super) fn is_constant(&self) -> bool {
        matches!(
            self.kind,
            Kind::Nil | Kind::False | Kind::True | Kind::String(_) | Kind::Number(_)
        )
    }

    pub(super) fn is_plain_constant(&self) -> bool {
        self.is_constant() && !self.has_jump()
    }

    /// Returns the number if the expression is nothing but one.
    pub(super) fn plain_number(&self) -> Option<f64> {
        match self.kind {
            Kind::Number(value) if !self.has_jump() => Some(value),
            _ => None,
        }
    }

    /// Returns the operand that stands for nil, false or true.
    pub(super) fn primitive(&self) -> Option<u32> {
        match self.kind {
            Kind::Nil => Some(PRIMITIVE_NIL),
            Kind::False => Some(PRIMITIVE_FALSE),
            Kind::True => Some(PRIMITIVE_TRUE),
            _ => None,
        }
    }
}

/// Returns the number as a 16-bit integer if it is one.
fn short_integer(value: f64) -> Option<i16> {
    let short = value as i16;
    // Comparing bits keeps -0 apart from 0.
    (f64::from(short).to_bits() == value.to_bits()).then_some(short)
}

impl Compiler<'_> {
    /// Frees the register of a temporary value.
    #[inline]
    pub(super) fn free_expression(&mut self, expression: &Expression) {
        if let Kind::Register(register) = expression.kind {
            self.free_register(register);
        }
    }

    /// Turns a variable, field or call into a value: constant, register or relocatable.
    pub(super) fn discharge(&mut self, expression: &mut Expression) -> Parse<()> {
        let word = match expression.kind {
            Kind::Upvalue { index, .. } => pack_ad(Op::UGET, 0, u16::from(index)),
            Kind::Global(name) => {
                let constant = self.string_constant(name);
                pack_ad(Op::GGET, 0, constant as u16)
            }
            Kind::Indexed { table, key } => {
                let word = match key {
                    Key::String(constant) => pack_abc(Op::TGETS, 0, table as u8, constant),
                    Key::Byte(index) => pack_abc(Op::TGETB, 0, table as u8, index),
                    Key::Register(register) => {
                        self.free_register(register);
                        pack_abc(Op::TGETV, 0, table as u8, register as u8)
                    }
                };
                self.free_register(table);
                word
            }
            Kind::Call { base, .. } => {
                expression.kind = Kind::Register(base);
                return Ok(());
            }
            Kind::Local { register, .. } => {
                expression.kind = Kind::Register(register);
                return Ok(());
            }
            _ => return Ok(()),
        };
        expression.kind = Kind::Relocatable(self.emit(word)?);
        Ok(())
    }

    /// Sets a range of registers to nil, extending the previous instruction where possible.
    pub(super) fn emit_nil(&mut self, first: Register, count: u32) -> Parse<()> {
        let (mut first, mut count) = (first, count);
        let here = self.function.here();
        if here > self.function.last_target {
            let previous = self.function.instruction(here - 1);
            let from = a(previous.word) as u32;
            match previous.op() {
                Op::KPRI if d(previous.word) as u32 == PRIMITIVE_NIL => {
                    if first == from && count == 1 {
                        return Ok(());
                    }
                    if first == from + 1 {
                        first = from;
                        count += 1;
                    }
                    if first == from {
                        let last = first + count - 1;
                        previous.word = pack_ad(Op::KNIL, first as u8, last as u16);
                        return Ok(());
                    }
                }
                Op::KNIL => {
                    let to = d(previous.word) as u32;
                    if from <= first && first <= to + 1 {
                        if first + count - 1 > to {
                            previous.set_d(first + count - 1);
                        }
                        return Ok(());
                    }
                }
                _ => {}
            }
        }
        if count == 1 {
            self.emit_ad(Op::KPRI, first, PRIMITIVE_NIL)?;
        } else {
            self.emit_ad(Op::KNIL, first, first + count - 1)?;
        }
        Ok(())
    }

    /// Puts the value into a register, leaving the jumps alone.
    pub(super) fn load_value_into(
        &mut self,
        expression: &mut Expression,
        register: Register,
    ) -> Parse<()> {
        self.discharge(expression)?;
        match expression.kind {
            Kind::String(symbol) => {
                let constant = self.string_constant(symbol);
                self.emit_ad(Op::KSTR, register, constant)?;
            }
            Kind::Number(value) => match short_integer(value) {
                Some(short) => {
                    self.emit_ad(Op::KSHORT, register, short as u16 as u32)?;
                }
                None => {
                    let constant = self.number_constant(value);
                    self.emit_ad(Op::KNUM, register, constant)?;
                }
            },
            Kind::Cdata(value) => {
                self.function.flags |= flags::FFI;
                let constant = self.add_constant(PendingConstant::Cdata(value));
                self.emit_ad(Op::KCDATA, register, constant)?;
            }
            Kind::Relocatable(position) => self.function.instruction(position).set_a(register),
            Kind::Register(from) => {
                if from != register {
                    self.emit_ad(Op::MOV, register, from)?;
                }
            }
            Kind::Nil => self.emit_nil(register, 1)?,
            Kind::False => {
                self.emit_ad(Op::KPRI, register, PRIMITIVE_FALSE)?;
            }
            Kind::True => {
                self.emit_ad(Op::KPRI, register, PRIMITIVE_TRUE)?;
            }
            _ => return Ok(()),
        }
        expression.kind = Kind::Register(register);
        Ok(())
    }

    /// Puts the value into a register, whichever way it is computed.
    pub(super) fn load_into(
        &mut self,
        expression: &mut Expression,
        register: Register,
    ) -> Parse<()> {
        self.load_value_into(expression, register)?;
        let is_jump = if let Kind::Jump(jump) = expression.kind {
            self.append_jumps(&mut expression.when_true, jump)?;
            true
        } else {
            false
        };
        if expression.has_jump() {
            let mut load_false = NO_JUMP;
            let mut load_true = NO_JUMP;
            if self.function.lacks_value(expression.when_true)
                || self.function.lacks_value(expression.when_false)
            {
                let over = if is_jump { NO_JUMP } else { self.emit_jump()? };
                load_false = self.emit_ad(Op::KPRI, register, PRIMITIVE_FALSE)?;
                let free = self.function.free_register;
                self.emit_aj(Op::JMP, free, 1)?;
                load_true = self.emit_ad(Op::KPRI, register, PRIMITIVE_TRUE)?;
                self.jump_here(over)?;
            }
            let end = self.function.here();
            self.function.last_target = end;
            self.patch_values(expression.when_false, end, register, load_false)?;
            self.patch_values(expression.when_true, end, register, load_true)?;
        }
        *expression = Expression::new(Kind::Register(register));
        Ok(())
    }

    /// Puts the value into the next free register.
    pub(super) fn load_next(&mut self, expression: &mut Expression) -> Parse<()> {
        self.discharge(expression)?;
        self.free_expression(expression);
        self.reserve_registers(1)?;
        let register = self.function.free_register - 1;
        self.load_into(expression, register)
    }

    /// Puts the value into some register, and returns which.
    pub(super) fn load_any(&mut self, expression: &mut Expression) -> Parse<Register> {
        self.discharge(expression)?;
        if let Kind::Register(register) = expression.kind {
            if !expression.has_jump() {
                return Ok(register);
            }
            if register >= self.function.active {
                self.load_into(expression, register)?;
                return Ok(register);
            }
        }
        self.load_next(expression)?;
        Ok(match expression.kind {
            Kind::Register(register) => register,
            _ => self.function.free_register - 1,
        })
    }

    /// Resolves the jumps of an expression, if it has any, so that only its value is left.
    pub(super) fn resolve_jumps(&mut self, expression: &mut Expression) -> Parse<()> {
        if expression.has_jump() {
            self.load_any(expression)?;
            Ok(())
        } else {
            self.discharge(expression)
        }
    }

    /// Assigns a value to a variable or field.
    pub(super) fn store(&mut self, target: &Expression, value: &mut Expression) -> Parse<()> {
        let word = match target.kind {
            Kind::Local { register, variable } => {
                self.mark_assigned(variable);
                self.free_expression(value);
                return self.load_into(value, register);
            }
            Kind::Upvalue { index, variable } => {
                self.mark_assigned(variable);
                self.resolve_jumps(value)?;
                match value.kind {
                    Kind::String(symbol) => {
                        let constant = self.string_constant(symbol);
                        pack_ad(Op::USETS, index, constant as u16)
                    }
                    Kind::Number(number) => {
                        let constant = self.number_constant(number);
                        pack_ad(Op::USETN, index, constant as u16)
                    }
                    _ => match value.primitive() {
                        Some(primitive) => pack_ad(Op::USETP, index, primitive as u16),
                        None => {
                            let register = self.load_any(value)?;
                            pack_ad(Op::USETV, index, register as u16)
                        }
                    },
                }
            }
            Kind::Global(name) => {
                let register = self.load_any(value)?;
                let constant = self.string_constant(name);
                pack_ad(Op::GSET, register as u8, constant as u16)
            }
            Kind::Indexed { table, key } => {
                let register = self.load_any(value)?;
                if let Key::Register(key) = key
                    && matches!(value.kind, Kind::Register(_))
                    && register >= self.function.active
                    && key >= register
                {
                    // A table constructor loads the key after the value.
                    self.free_register(key);
                }
                let register = register as u8;
                match key {
                    Key::String(constant) => pack_abc(Op::TSETS, register, table as u8, constant),
                    Key::Byte(index) => pack_abc(Op::TSETB, register, table as u8, index),
                    Key::Register(key) => pack_abc(Op::TSETV, register, table as u8, key as u8),
                }
            }
            // The parser lets nothing else through.
            _ => return Err(self.lexer.error_near(b"syntax error")),
        };
        self.emit(word)?;
        self.free_expression(value);
        Ok(())
    }

    /// Makes an index expression of a table in a register and a key.
    pub(super) fn index(&mut self, table: &mut Expression, key: &mut Expression) -> Parse<()> {
        let Kind::Register(register) = table.kind else {
            return Err(self.lexer.error_near(b"syntax error"));
        };
        let key = self.index_key(key)?;
        table.kind = Kind::Indexed {
            table: register,
            key,
        };
        Ok(())
    }

    /// Chooses the cheapest form of a key.
    pub(super) fn index_key(&mut self, key: &mut Expression) -> Parse<Key> {
        match key.kind {
            Kind::Number(value) => {
                let byte = value as u8;
                if f64::from(byte) == value {
                    return Ok(Key::Byte(byte));
                }
            }
            Kind::String(symbol) => {
                if let Ok(constant) = u8::try_from(self.string_constant(symbol)) {
                    return Ok(Key::String(constant));
                }
            }
            _ => {}
        }
        Ok(Key::Register(self.load_any(key)?))
    }

    /// Looks up a method: the function goes to a new base register, the object to its first
    /// argument.
    pub(super) fn method(&mut self, object: &mut Expression, name: Symbol) -> Parse<()> {
        let register = self.load_any(object)?;
        self.free_expression(object);
        let base = self.function.free_register;
        self.emit_ad(Op::MOV, base + 2, register)?;
        let constant = self.string_constant(name);
        if constant <= 0xff {
            self.reserve_registers(3)?;
            self.emit_abc(Op::TGETS, base, register, constant)?;
        } else {
            self.reserve_registers(4)?;
            self.emit_ad(Op::KSTR, base + 3, constant)?;
            self.emit_abc(Op::TGETV, base, register, base + 3)?;
            self.function.free_register -= 1;
        }
        object.kind = Kind::Register(base);
        Ok(())
    }
}
