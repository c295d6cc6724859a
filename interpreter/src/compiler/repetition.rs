//! Loops: `while`, `repeat`, numeric and generic `for`.
//!
//! Source of the method: LuaJIT, `lj_parse.c`.

use super::Compiler;
use super::error::Parse;
use super::function::Position;
use super::symbol::{Symbol, known};
use super::token::Token;
use crate::bytecode::opcode::{Op, d};

/// Most variables that the specialised iteration over `next` handles, with the three hidden ones.
const MAX_NEXT_VARIABLES: u32 = 5;

impl Compiler<'_> {
    pub(super) fn while_loop(&mut self, line: u32) -> Parse<()> {
        self.lexer.advance()?;
        let start = self.function.here();
        self.function.last_target = start;
        let exit = self.condition()?;
        self.begin_scope(true);
        self.expect(Token::Do)?;
        let active = self.function.active;
        let hint = self.emit_ad(Op::LOOP, active, 0)?;
        self.block()?;
        let back = self.emit_jump()?;
        self.patch_list(back, start)?;
        self.expect_match(Token::End, Token::While, line)?;
        self.end_scope()?;
        self.jump_here(exit)?;
        let end = self.function.here();
        self.patch_jump(hint, end)
    }

    pub(super) fn repeat_loop(&mut self, line: u32) -> Parse<()> {
        let start = self.function.here();
        self.function.last_target = start;
        self.begin_scope(true);
        self.begin_scope(false);
        self.lexer.advance()?;
        let active = self.function.active;
        self.emit_ad(Op::LOOP, active, 0)?;
        self.block_body()?;
        self.expect_match(Token::Until, Token::Repeat, line)?;
        // The condition sees the variables of the body.
        let mut exit = self.condition()?;
        if self.scope().captured {
            // Both ways on must close the captured variables first.
            self.emit_goto(known::BREAK)?;
            self.jump_here(exit)?;
            self.end_scope()?;
            exit = self.emit_jump()?;
        } else {
            self.end_scope()?;
        }
        self.patch_list(exit, start)?;
        let end = self.function.here();
        self.patch_jump(start, end)?;
        self.end_scope()
    }

    pub(super) fn for_loop(&mut self, line: u32) -> Parse<()> {
        self.begin_scope(true);
        self.lexer.advance()?;
        let name = self.expect_name()?;
        match self.lexer.token() {
            Token::Char(b'=') => self.numeric_for(name, line)?,
            Token::Char(b',') | Token::In => self.generic_for(name)?,
            _ => return Err(self.lexer.error_near(b"'=' or 'in' expected")),
        }
        self.expect_match(Token::End, Token::For, line)?;
        self.end_scope()
    }

    fn numeric_for(&mut self, name: Symbol, line: u32) -> Parse<()> {
        let base = self.function.free_register;
        self.declare(0, known::FOR_INDEX)?;
        self.declare(1, known::FOR_LIMIT)?;
        self.declare(2, known::FOR_STEP)?;
        self.declare(3, name)?;
        self.expect(Token::Char(b'='))?;
        self.expression_to_next()?;
        self.expect(Token::Char(b','))?;
        self.expression_to_next()?;
        if self.accept(Token::Char(b','))? {
            self.expression_to_next()?;
        } else {
            let step = self.function.free_register;
            self.emit_ad(Op::KSHORT, step, 1)?;
            self.reserve_registers(1)?;
        }
        self.activate(3);
        self.expect(Token::Do)?;
        let enter = self.emit_aj(Op::FORI, base, -1)?;
        self.loop_body(1)?;
        let back = self.emit_aj(Op::FORL, base, -1)?;
        self.function.instruction(back).line = line;
        self.patch_jump(back, enter + 1)?;
        let end = self.function.here();
        self.patch_jump(enter, end)
    }

    fn generic_for(&mut self, first: Symbol) -> Parse<()> {
        let base = self.function.free_register + 3;
        let iterator = self.function.here();
        self.declare(0, known::FOR_GENERATOR)?;
        self.declare(1, known::FOR_STATE)?;
        self.declare(2, known::FOR_CONTROL)?;
        self.declare(3, first)?;
        let mut variables = 4;
        while self.accept(Token::Char(b','))? {
            let name = self.expect_name()?;
            self.declare(variables, name)?;
            variables += 1;
        }
        self.expect(Token::In)?;
        let line = self.lexer.line;
        let (mut last, values) = self.expression_list()?;
        self.adjust_values(3, values, &mut last)?;
        // The call of the iterator needs its function, the frame link and two arguments.
        self.bump_registers(4)?;
        let next = variables <= MAX_NEXT_VARIABLES && self.predicts_next(iterator);
        self.activate(3);
        self.expect(Token::Do)?;
        let op = if next { Op::ISNEXT } else { Op::JMP };
        let enter = self.emit_aj(op, base, -1)?;
        self.loop_body(variables - 3)?;
        let end = self.function.here();
        self.patch_jump(enter, end)?;
        let op = if next { Op::ITERN } else { Op::ITERC };
        let call = self.emit_abc(op, base, variables - 3 + 1, 2 + 1)?;
        let back = self.emit_aj(Op::ITERL, base, -1)?;
        self.function.instruction(call).line = line;
        self.function.instruction(back).line = line;
        self.patch_jump(back, enter + 1)
    }

    /// Parses the body of a `for` with its visible variables.
    fn loop_body(&mut self, variables: u32) -> Parse<()> {
        self.begin_scope(false);
        self.activate(variables);
        self.reserve_registers(variables)?;
        self.block()?;
        self.end_scope()
    }

    /// Guesses whether an iterator is `next`, by the name of what its expression begins with.
    ///
    /// A wrong guess costs time only: the loop checks at run time.
    fn predicts_next(&self, start: Position) -> bool {
        let Some(instruction) = self.function.code.get(start as usize) else {
            return false;
        };
        let operand = d(instruction.word);
        let name = match instruction.op() {
            Op::MOV => self
                .variable_at(operand as u32)
                .and_then(|entry| entry.name),
            Op::UGET => {
                let upvalue = self.function.upvalues.get(operand);
                upvalue.and_then(|upvalue| self.scratch.entries[upvalue.variable as usize].name)
            }
            Op::GGET => self.function.string_at(operand),
            _ => None,
        };
        matches!(name, Some(known::PAIRS | known::NEXT))
    }
}
