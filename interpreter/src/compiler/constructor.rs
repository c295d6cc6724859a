//! Table constructors: constant fields go into a template that `TDUP` copies, others are stored one
//! by one.
//!
//! Source of the method: LuaJIT, `lj_parse.c`.

use super::Compiler;
use super::error::Parse;
use super::expression::{Expression, Kind};
use super::function::{PendingConstant, Position, Register, SlotKey, SlotKind};
use super::token::Token;
use crate::bytecode::opcode::{Op, pack_ad};
use crate::bytecode::{Scalar, TableTemplate};

/// The number 2^52 + n has n in its low word, which is how `TSETM` wants its first index.
const BIASED_INTEGER: u64 = 0x4330_0000_0000_0000;

/// Largest array size that `TNEW` can ask for.
const MAX_NEW_ARRAY: u32 = 0x7ff;

/// A constructor that is being parsed.
struct Constructor {
    register: Register,
    /// Position of the instruction that creates the table.
    position: Position,
    /// Serial number of the template's keys in the slot index.
    serial: u32,
    /// Index of the template among the function's constants, once there is a constant field.
    constant: Option<u32>,
    template: Box<TableTemplate>,
    /// The template's hash part has numeric keys, which may clash with array slots.
    number_keys: bool,
    needs_array: bool,
    /// Number of array slots, counting the unused index 0.
    array: u32,
    /// Number of fields that need the hash part.
    hash: u32,
}

impl Compiler<'_> {
    /// Parses `{ ... }`.
    pub(super) fn table_constructor(&mut self) -> Parse<Expression> {
        let line = self.lexer.line;
        let register = self.function.free_register;
        let position = self.emit_ad(Op::TNEW, register, 0)?;
        self.reserve_registers(1)?;
        let mut constructor = Constructor {
            register,
            position,
            serial: self.next_serial(),
            constant: None,
            template: Box::default(),
            number_keys: false,
            needs_array: false,
            array: 1,
            hash: 0,
        };
        // The call in the last field, if it is positional and so keeps all results.
        let mut open = None;
        self.expect(Token::Char(b'{'))?;
        while self.lexer.token() != Token::Char(b'}') {
            open = self.constructor_field(&mut constructor)?;
            self.function.free_register = register + 1;
            if !self.accept(Token::Char(b','))? && !self.accept(Token::Char(b';'))? {
                break;
            }
        }
        self.expect_match(Token::Char(b'}'), Token::Char(b'{'), line)?;
        if let Some(call) = open {
            self.store_all_results(&constructor, call);
        }
        let table = if position + 1 == self.function.here() {
            // Nothing but the table was emitted, so its register is still open.
            self.function.free_register -= 1;
            Kind::Relocatable(position)
        } else {
            Kind::Register(register)
        };
        self.finish_constructor(constructor);
        Ok(Expression::new(table))
    }

    /// Parses one field; returns its call if it is positional and ends in one.
    fn constructor_field(&mut self, constructor: &mut Constructor) -> Parse<Option<Position>> {
        let mut variable_key = None;
        let mut positional = false;
        let mut key;
        if self.lexer.token() == Token::Char(b'[') {
            key = self.bracketed_key()?;
            if !key.is_constant() {
                variable_key = Some(self.index_key(&mut key)?);
            }
            if key.kind == Kind::Number(0.0) {
                constructor.needs_array = true;
            } else {
                constructor.hash += 1;
            }
            self.expect(Token::Char(b'='))?;
        } else if self.at_name() && self.lexer.look_ahead()? == Token::Char(b'=') {
            key = Expression::new(Kind::String(self.expect_name()?));
            self.expect(Token::Char(b'='))?;
            constructor.hash += 1;
        } else {
            key = Expression::new(Kind::Number(f64::from(constructor.array)));
            constructor.array += 1;
            constructor.needs_array = true;
            positional = true;
        }
        let mut value = self.expression()?;
        let constant = value.is_plain_constant();
        let templated = match key.kind {
            Kind::String(_) => true,
            Kind::Nil => false,
            _ => key.is_constant() && constant,
        };
        if templated {
            let scalar = if constant {
                self.scalar(&value)
            } else {
                // The key is reserved, so that the store below finds its place.
                Scalar::Nil
            };
            self.template_field(constructor, &key, scalar);
            if constant {
                return Ok(None);
            }
        }
        let call = match value.kind {
            Kind::Call { position, .. } => positional.then_some(position),
            _ => {
                self.load_any(&mut value)?;
                None
            }
        };
        let key = match variable_key {
            Some(key) => key,
            None => self.index_key(&mut key)?,
        };
        let table = constructor.register;
        let target = Expression::new(Kind::Indexed { table, key });
        self.store(&target, &mut value)?;
        Ok(call)
    }

    /// Puts a field with a constant key into the template.
    fn template_field(&mut self, constructor: &mut Constructor, key: &Expression, value: Scalar) {
        if constructor.constant.is_none() {
            let empty = PendingConstant::Table(Box::default());
            let constant = self.add_constant(empty);
            constructor.constant = Some(constant);
            let word = pack_ad(Op::TDUP, constructor.register as u8, constant as u16);
            self.function.instruction(constructor.position).word = word;
        }
        let (kind, bits) = match key.kind {
            Kind::Number(number) => (SlotKind::Number, number.to_bits()),
            Kind::String(symbol) => (SlotKind::String, u64::from(symbol.0)),
            kind => (SlotKind::Boolean, u64::from(kind == Kind::True)),
        };
        let slot = SlotKey {
            owner: constructor.serial,
            kind,
            bits,
        };
        let template = &mut constructor.template;
        if let Kind::Number(number) = key.kind {
            let slots = &self.scratch.slots;
            let in_hash = constructor.number_keys
                && slots.find(slot.hash(), |other| other.key == slot).is_some();
            match array_index(number, constructor.array) {
                Some(index) if !in_hash => {
                    if template.array.len() <= index {
                        template.array.resize(index + 1, Scalar::Nil);
                    }
                    template.array[index] = value;
                    return;
                }
                _ => constructor.number_keys = true,
            }
        }
        let next = template.hash.len() as u32;
        let index = self.slot(slot, next);
        let hash = &mut constructor.template.hash;
        if let Some(field) = hash.get_mut(index as usize) {
            field.1 = value;
        } else {
            hash.push((self.scalar(key), value));
        }
    }

    fn scalar(&mut self, expression: &Expression) -> Scalar {
        match expression.kind {
            Kind::False => Scalar::Boolean(false),
            Kind::True => Scalar::Boolean(true),
            Kind::Number(value) => Scalar::Number(value),
            Kind::String(symbol) => Scalar::String(self.lexer.symbols.shared(symbol)),
            _ => Scalar::Nil,
        }
    }

    /// Turns the store of the last field's first result into one of all results.
    fn store_all_results(&mut self, constructor: &Constructor, call: Position) {
        let first = u64::from(constructor.array - 1);
        let constant = self.number_constant(f64::from_bits(BIASED_INTEGER | first));
        if constructor.array > 256 {
            // The key was loaded into a register, which the new instruction does not need.
            self.function.code.pop();
        }
        let base = constructor.register as u8 + 1;
        let last = self.function.here() - 1;
        self.function.instruction(last).word = pack_ad(Op::TSETM, base, constant as u16);
        self.open_results(call);
    }

    /// Settles the size of the table.
    fn finish_constructor(&mut self, constructor: Constructor) {
        let Constructor {
            mut template,
            array,
            needs_array,
            ..
        } = constructor;
        let Some(constant) = constructor.constant else {
            let array = if needs_array {
                array.clamp(3, MAX_NEW_ARRAY)
            } else {
                0
            };
            let size = array | hash_bits(constructor.hash) << 11;
            self.function.instruction(constructor.position).set_d(size);
            return;
        };
        if needs_array {
            template.array.resize(array as usize, Scalar::Nil);
            if constructor.number_keys {
                let TableTemplate {
                    array: slots,
                    hash: fields,
                } = &mut *template;
                fields.retain_mut(|(key, value)| match key {
                    Scalar::Number(number) => match array_index(*number, array) {
                        Some(index) => {
                            slots[index] = std::mem::replace(value, Scalar::Nil);
                            false
                        }
                        None => true,
                    },
                    _ => true,
                });
            }
        }
        self.function.constants[constant as usize] = PendingConstant::Table(template);
    }
}

/// Returns a key as an index into an array part of some size.
fn array_index(key: f64, size: u32) -> Option<usize> {
    let index = key as u32;
    (f64::from(index) == key && index < size).then_some(index as usize)
}

/// Returns the logarithm of the hash part's size for a number of fields (`hsize2hbits`).
fn hash_bits(fields: u32) -> u32 {
    match fields {
        0 => 0,
        1 => 1,
        _ => 32 - (fields - 1).leading_zeros(),
    }
}
