//! Code for operators: conditions, arithmetic with constant folding, comparison, concatenation.
//!
//! Source of the method: LuaJIT, `lj_parse.c`.

use super::Compiler;
use super::error::Parse;
use super::expression::{Expression, Kind};
use super::function::{Cdata, NO_JUMP, NO_REGISTER, Position};
use super::token::Token;
use crate::bytecode::opcode::{OPS, Op, b, d, pack_ad};

/// A binary operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
    Concat,
    NotEqual,
    Equal,
    Less,
    GreaterEqual,
    LessEqual,
    Greater,
    And,
    Or,
}

/// A unary operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unary {
    Not,
    Minus,
    Length,
}

/// Priority of an operand of a unary operator.
pub(super) const UNARY_PRIORITY: u8 = 8;

impl Binary {
    pub(super) fn of_token(token: Token) -> Option<Binary> {
        Some(match token {
            Token::Char(b'+') => Binary::Add,
            Token::Char(b'-') => Binary::Subtract,
            Token::Char(b'*') => Binary::Multiply,
            Token::Char(b'/') => Binary::Divide,
            Token::Char(b'%') => Binary::Modulo,
            Token::Char(b'^') => Binary::Power,
            Token::Concat => Binary::Concat,
            Token::NotEqual => Binary::NotEqual,
            Token::Equal => Binary::Equal,
            Token::Char(b'<') => Binary::Less,
            Token::LessEqual => Binary::LessEqual,
            Token::Char(b'>') => Binary::Greater,
            Token::GreaterEqual => Binary::GreaterEqual,
            Token::And => Binary::And,
            Token::Or => Binary::Or,
            _ => return None,
        })
    }

    /// Returns how strongly the operator binds to its left and right.
    pub(super) fn priority(self) -> (u8, u8) {
        match self {
            Binary::Add | Binary::Subtract => (6, 6),
            Binary::Multiply | Binary::Divide | Binary::Modulo => (7, 7),
            Binary::Power => (10, 9),
            Binary::Concat => (5, 4),
            Binary::NotEqual | Binary::Equal => (3, 3),
            Binary::Less | Binary::GreaterEqual | Binary::LessEqual | Binary::Greater => (3, 3),
            Binary::And => (2, 2),
            Binary::Or => (1, 1),
        }
    }

    fn fold(self, left: f64, right: f64) -> Option<f64> {
        let value = match self {
            Binary::Add => left + right,
            Binary::Subtract => left - right,
            Binary::Multiply => left * right,
            Binary::Divide => left / right,
            Binary::Modulo => left - (left / right).floor() * right,
            Binary::Power => left.powf(right),
            _ => return None,
        };
        // Neither has a place in the constant table, whose keys compare as numbers.
        let unwanted = value.is_nan() || (value == 0.0 && value.is_sign_negative());
        (!unwanted).then_some(value)
    }
}

/// Returns the operation `steps` after another one.
fn op_after(op: Op, steps: isize) -> Op {
    OPS[(op as isize + steps) as usize].op
}

impl Compiler<'_> {
    /// Inverts the comparison before a jump.
    fn invert(&mut self, jump: Position) {
        let test = self.function.instruction(jump - 1);
        let inverse = OPS[test.op() as usize ^ 1].op;
        test.set_op(inverse);
    }

    /// Emits a test of a value and the jump that is taken if it is `condition`.
    fn emit_branch(&mut self, expression: &mut Expression, condition: bool) -> Parse<Position> {
        if let Kind::Relocatable(position) = expression.kind
            && self.function.op_at(position) == Op::NOT
        {
            let test = self.function.instruction(position);
            let op = if condition { Op::ISF } else { Op::IST };
            test.word = pack_ad(op, 0, d(test.word) as u16);
            return self.emit_jump();
        }
        if !matches!(expression.kind, Kind::Register(_)) {
            self.reserve_registers(1)?;
            let register = self.function.free_register - 1;
            self.load_value_into(expression, register)?;
        }
        let Kind::Register(register) = expression.kind else {
            return Err(self.lexer.error_near(b"syntax error"));
        };
        let op = if condition { Op::ISTC } else { Op::ISFC };
        self.emit_ad(op, NO_REGISTER, register)?;
        let jump = self.emit_jump()?;
        self.free_expression(expression);
        Ok(jump)
    }

    /// Continues only if the expression is true.
    pub(super) fn branch_if_false(&mut self, expression: &mut Expression) -> Parse<()> {
        self.discharge(expression)?;
        let jump = match expression.kind {
            Kind::String(_) | Kind::Number(_) | Kind::True => NO_JUMP,
            Kind::Jump(jump) => {
                self.invert(jump);
                jump
            }
            Kind::False | Kind::Nil => {
                // The constant's register is settled with the jump.
                self.load_value_into(expression, NO_REGISTER)?;
                self.emit_jump()?
            }
            _ => self.emit_branch(expression, false)?,
        };
        self.append_jumps(&mut expression.when_false, jump)?;
        let here = std::mem::replace(&mut expression.when_true, NO_JUMP);
        self.jump_here(here)
    }

    /// Continues only if the expression is false.
    fn branch_if_true(&mut self, expression: &mut Expression) -> Parse<()> {
        self.discharge(expression)?;
        let jump = match expression.kind {
            Kind::Nil | Kind::False => NO_JUMP,
            Kind::Jump(jump) => jump,
            Kind::String(_) | Kind::Number(_) | Kind::True => {
                self.load_value_into(expression, NO_REGISTER)?;
                self.emit_jump()?
            }
            _ => self.emit_branch(expression, true)?,
        };
        self.append_jumps(&mut expression.when_true, jump)?;
        let here = std::mem::replace(&mut expression.when_false, NO_JUMP);
        self.jump_here(here)
    }

    /// Frees the registers of two operands, in whichever order they were reserved.
    fn free_operands(&mut self, left: &Expression, right: &Expression) {
        for operand in [left, right] {
            if let Kind::Register(register) = operand.kind
                && register >= self.function.active
            {
                self.function.free_register -= 1;
            }
        }
    }

    fn emit_arithmetic(
        &mut self,
        operator: Binary,
        left: &mut Expression,
        right: &mut Expression,
    ) -> Parse<()> {
        if let (Some(first), Some(second)) = (left.plain_number(), right.plain_number())
            && let Some(value) = operator.fold(first, second)
        {
            left.kind = Kind::Number(value);
            return Ok(());
        }
        let (op, first, second);
        if operator == Binary::Power {
            op = Op::POW;
            second = self.load_any(right)?;
            first = self.load_any(left)?;
        } else {
            let step = operator as isize - Binary::Add as isize;
            // The right operand goes first: an indexed one may free registers.
            self.resolve_jumps(right)?;
            let constant = match right.kind {
                Kind::Number(value) => Some(self.number_constant(value)).filter(|&k| k <= 0xff),
                _ => None,
            };
            let right_operand = match constant {
                Some(constant) => constant,
                None => self.load_any(right)?,
            };
            self.resolve_jumps(left)?;
            // No instruction has two constant operands.
            let left_constant = match (left.kind, right.kind) {
                (_, Kind::Number(_)) => None,
                (Kind::Number(value), _) => {
                    Some(self.number_constant(value)).filter(|&k| k <= 0xff)
                }
                _ => None,
            };
            if let Some(left_constant) = left_constant {
                op = op_after(Op::ADDNV, step);
                first = right_operand;
                second = left_constant;
            } else {
                let base = if constant.is_some() {
                    Op::ADDVN
                } else {
                    Op::ADDVV
                };
                op = op_after(base, step);
                first = self.load_any(left)?;
                second = right_operand;
            }
        }
        self.free_operands(left, right);
        left.kind = Kind::Relocatable(self.emit_abc(op, 0, first, second)?);
        Ok(())
    }

    fn emit_comparison(
        &mut self,
        operator: Binary,
        left: &mut Expression,
        right: &mut Expression,
    ) -> Parse<()> {
        self.resolve_jumps(left)?;
        let word = match operator {
            Binary::Equal | Binary::NotEqual => {
                let op = if operator == Binary::Equal {
                    Op::ISEQV
                } else {
                    Op::ISNEV
                };
                // A constant can only be the second operand.
                let (first, second) = if left.is_constant() {
                    (&mut *right, &mut *left)
                } else {
                    (&mut *left, &mut *right)
                };
                let register = self.load_any(first)?;
                self.resolve_jumps(second)?;
                let distance = |base: Op| base as isize - Op::ISEQV as isize;
                let (op, operand) = match second.kind {
                    Kind::String(symbol) => (
                        op_after(op, distance(Op::ISEQS)),
                        self.string_constant(symbol),
                    ),
                    Kind::Number(value) => (
                        op_after(op, distance(Op::ISEQN)),
                        self.number_constant(value),
                    ),
                    _ => match second.primitive() {
                        Some(primitive) => (op_after(op, distance(Op::ISEQP)), primitive),
                        None => (op, self.load_any(second)?),
                    },
                };
                pack_ad(op, register as u8, operand as u16)
            }
            Binary::Less | Binary::LessEqual => {
                let op = if operator == Binary::Less {
                    Op::ISLT
                } else {
                    Op::ISLE
                };
                let second = self.load_any(right)?;
                let first = self.load_any(left)?;
                pack_ad(op, first as u8, second as u16)
            }
            _ => {
                // `a > b` is `b < a`.
                let op = if operator == Binary::Greater {
                    Op::ISLT
                } else {
                    Op::ISLE
                };
                self.resolve_jumps(right)?;
                let first = self.load_any(right)?;
                let second = self.load_any(left)?;
                pack_ad(op, first as u8, second as u16)
            }
        };
        self.free_operands(left, right);
        self.emit(word)?;
        left.kind = Kind::Jump(self.emit_jump()?);
        Ok(())
    }

    /// Prepares the left operand before the right one is parsed.
    pub(super) fn binary_left(&mut self, operator: Binary, left: &mut Expression) -> Parse<()> {
        match operator {
            Binary::And => self.branch_if_false(left),
            Binary::Or => self.branch_if_true(left),
            Binary::Concat => self.load_next(left),
            Binary::Equal | Binary::NotEqual if left.is_plain_constant() => Ok(()),
            _ if left.plain_number().is_some() => Ok(()),
            _ => self.load_any(left).map(|_| ()),
        }
    }

    /// Emits a binary operator; the result is left in `left`.
    pub(super) fn binary(
        &mut self,
        operator: Binary,
        left: &mut Expression,
        mut right: Expression,
    ) -> Parse<()> {
        match operator {
            Binary::And => {
                self.discharge(&mut right)?;
                self.append_jumps(&mut right.when_false, left.when_false)?;
                *left = right;
                Ok(())
            }
            Binary::Or => {
                self.discharge(&mut right)?;
                self.append_jumps(&mut right.when_true, left.when_true)?;
                *left = right;
                Ok(())
            }
            Binary::Concat => self.emit_concat(left, &mut right),
            Binary::Equal
            | Binary::NotEqual
            | Binary::Less
            | Binary::LessEqual
            | Binary::Greater
            | Binary::GreaterEqual => self.emit_comparison(operator, left, &mut right),
            _ => self.emit_arithmetic(operator, left, &mut right),
        }
    }

    fn emit_concat(&mut self, left: &mut Expression, right: &mut Expression) -> Parse<()> {
        self.resolve_jumps(right)?;
        let Kind::Register(first) = left.kind else {
            return Err(self.lexer.error_near(b"syntax error"));
        };
        if let Kind::Relocatable(position) = right.kind
            && self.function.op_at(position) == Op::CAT
        {
            // The operator is right associative: extend the range to the left.
            debug_assert_eq!(
                b(self.function.code[position as usize].word) as u32,
                first + 1
            );
            self.free_expression(left);
            self.function.instruction(position).set_b(first);
            left.kind = Kind::Relocatable(position);
            return Ok(());
        }
        self.load_next(right)?;
        self.free_expression(right);
        self.free_expression(left);
        left.kind = Kind::Relocatable(self.emit_abc(Op::CAT, 0, first, first + 1)?);
        Ok(())
    }

    /// Emits a unary operator in place.
    pub(super) fn unary(&mut self, operator: Unary, operand: &mut Expression) -> Parse<()> {
        let op = match operator {
            Unary::Not => return self.emit_not(operand),
            Unary::Minus => {
                if !operand.has_jump() && fold_minus(operand) {
                    return Ok(());
                }
                Op::UNM
            }
            Unary::Length => Op::LEN,
        };
        self.load_any(operand)?;
        self.emit_unary(op, operand)
    }

    fn emit_unary(&mut self, op: Op, operand: &mut Expression) -> Parse<()> {
        let Kind::Register(register) = operand.kind else {
            return Err(self.lexer.error_near(b"syntax error"));
        };
        self.free_expression(operand);
        operand.kind = Kind::Relocatable(self.emit_ad(op, 0, register)?);
        Ok(())
    }

    fn emit_not(&mut self, operand: &mut Expression) -> Parse<()> {
        std::mem::swap(&mut operand.when_true, &mut operand.when_false);
        self.function.drop_values(operand.when_false);
        self.function.drop_values(operand.when_true);
        self.discharge(operand)?;
        match operand.kind {
            Kind::Nil | Kind::False => operand.kind = Kind::True,
            Kind::True | Kind::String(_) | Kind::Number(_) | Kind::Cdata(_) => {
                operand.kind = Kind::False;
            }
            Kind::Jump(jump) => self.invert(jump),
            Kind::Relocatable(position) => {
                self.reserve_registers(1)?;
                let register = self.function.free_register - 1;
                self.function.instruction(position).set_a(register);
                operand.kind = Kind::Register(register);
                return self.emit_unary(Op::NOT, operand);
            }
            _ => return self.emit_unary(Op::NOT, operand),
        }
        Ok(())
    }
}

/// Negates a numeric constant, unless the result would be -0.
fn fold_minus(operand: &mut Expression) -> bool {
    match &mut operand.kind {
        Kind::Number(value) if *value != 0.0 => *value = -*value,
        Kind::Cdata(Cdata::Int64(value)) => *value = value.wrapping_neg(),
        Kind::Cdata(Cdata::Uint64(value)) => *value = value.wrapping_neg(),
        Kind::Cdata(Cdata::Complex(_, imaginary)) => *imaginary = -*imaginary,
        _ => return false,
    }
    true
}
