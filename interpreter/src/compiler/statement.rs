//! Statements: declarations, assignments, function definitions, jumps and `return`.
//!
//! Source of the method: LuaJIT, `lj_parse.c`.

use super::Compiler;
use super::error::Parse;
use super::expression::{Expression, Key, Kind};
use super::function::{NO_JUMP, Position, Returns};
use super::grammar::MAX_LEVELS;
use super::symbol::known;
use super::token::Token;
use crate::bytecode::flags;
use crate::bytecode::opcode::{Op, a, c, pack_ad};

impl Compiler<'_> {
    /// Parses statements up to the end of a block.
    pub(super) fn block_body(&mut self) -> Parse<()> {
        self.enter_level()?;
        let mut last = false;
        while !last && !self.lexer.token().ends_block() {
            last = self.statement()?;
            self.accept(Token::Char(b';'))?;
            self.function.free_register = self.function.active;
        }
        self.leave_level();
        Ok(())
    }

    /// Parses a block with a scope of its own.
    pub(super) fn block(&mut self) -> Parse<()> {
        self.begin_scope(false);
        self.block_body()?;
        self.end_scope()
    }

    /// Parses a statement; answers whether it must be the last one of its block.
    fn statement(&mut self) -> Parse<bool> {
        let line = self.lexer.line;
        match self.lexer.token() {
            Token::If => self.if_statement(line)?,
            Token::While => self.while_loop(line)?,
            Token::Do => {
                self.lexer.advance()?;
                self.block()?;
                self.expect_match(Token::End, Token::Do, line)?;
            }
            Token::For => self.for_loop(line)?,
            Token::Repeat => self.repeat_loop(line)?,
            Token::Function => self.function_statement(line)?,
            Token::Local => {
                self.lexer.advance()?;
                if self.accept(Token::Function)? {
                    self.local_function()?;
                } else {
                    self.local_variables()?;
                }
            }
            Token::Return => {
                self.return_statement()?;
                return Ok(true);
            }
            Token::Break => {
                self.lexer.advance()?;
                self.emit_goto(known::BREAK)?;
                return Ok(true);
            }
            Token::Label => self.label()?,
            Token::Goto if self.lexer.look_ahead()? == Token::Name => {
                self.lexer.advance()?;
                let name = self.expect_name()?;
                self.emit_goto(name)?;
            }
            _ => self.call_or_assignment()?,
        }
        Ok(false)
    }

    fn local_function(&mut self) -> Parse<()> {
        let name = self.expect_name()?;
        self.declare(0, name)?;
        let register = self.function.free_register;
        self.reserve_registers(1)?;
        self.activate(1);
        let mut body = self.function_body(false, self.lexer.line)?;
        self.free_expression(&body);
        self.load_into(&mut body, register)?;
        // The body can see the variable, but debuggers only after it has its value.
        let variable = self.variable_index(self.function.active - 1);
        self.scratch.entries[variable as usize].start = self.function.here();
        Ok(())
    }

    fn local_variables(&mut self) -> Parse<()> {
        let mut variables = 0;
        loop {
            let name = self.expect_name()?;
            self.declare(variables, name)?;
            variables += 1;
            if !self.accept(Token::Char(b','))? {
                break;
            }
        }
        let (mut last, values) = if self.accept(Token::Char(b'='))? {
            self.expression_list()?
        } else {
            (Expression::new(Kind::Void), 0)
        };
        self.adjust_values(variables, values, &mut last)?;
        self.activate(variables);
        Ok(())
    }

    /// Makes a list of values as long as the list of its targets.
    pub(super) fn adjust_values(
        &mut self,
        targets: u32,
        values: u32,
        last: &mut Expression,
    ) -> Parse<()> {
        if let Kind::Call { position, .. } = last.kind {
            let results = (targets + 1).saturating_sub(values);
            self.function.instruction(position).set_b(results + 1);
            if results > 1 {
                self.reserve_registers(results - 1)?;
            }
        } else {
            if last.kind != Kind::Void {
                self.load_next(last)?;
            }
            if targets > values {
                let missing = targets - values;
                let first = self.function.free_register;
                self.reserve_registers(missing)?;
                self.emit_nil(first, missing)?;
            }
        }
        if values > targets {
            self.function.free_register -= values - targets;
        }
        Ok(())
    }

    fn function_statement(&mut self, line: u32) -> Parse<()> {
        self.lexer.advance()?;
        let name = self.expect_name()?;
        let mut target = self.resolve(name)?;
        while self.lexer.token() == Token::Char(b'.') {
            self.field(&mut target)?;
        }
        let method = self.lexer.token() == Token::Char(b':');
        if method {
            self.field(&mut target)?;
        }
        let mut body = self.function_body(method, line)?;
        self.store(&target, &mut body)?;
        let last = self.function.here() - 1;
        self.function.instruction(last).line = line;
        Ok(())
    }

    fn call_or_assignment(&mut self) -> Parse<()> {
        let first = self.primary_expression()?;
        if let Kind::Call { position, .. } = first.kind {
            self.function.instruction(position).set_b(1);
            return Ok(());
        }
        self.assignment(first)
    }

    fn assignment(&mut self, first: Expression) -> Parse<()> {
        let mut targets = vec![first];
        loop {
            let target = &targets[targets.len() - 1];
            let assignable = matches!(
                target.kind,
                Kind::Local { .. } | Kind::Upvalue { .. } | Kind::Global(_) | Kind::Indexed { .. }
            );
            if !assignable {
                return Err(self.lexer.error_near(b"syntax error"));
            }
            if !self.accept(Token::Char(b','))? {
                break;
            }
            let count = targets.len() as u32;
            let target = self.primary_expression()?;
            if let Kind::Local { register, .. } = target.kind {
                self.avoid_hazard(&mut targets, register)?;
            }
            targets.push(target);
            if self.level + count >= MAX_LEVELS {
                return Err(self.limit_error(MAX_LEVELS, "variable names"));
            }
        }
        self.expect(Token::Char(b'='))?;
        let (mut last, values) = self.expression_list()?;
        if values == targets.len() as u32 {
            if let Kind::Call { position, base } = last.kind {
                if self.function.op_at(position) == Op::VARG {
                    self.function.free_register -= 1;
                    last.kind = Kind::Relocatable(position);
                } else {
                    last.kind = Kind::Register(base);
                }
            }
            if let Some(target) = targets.pop() {
                self.store(&target, &mut last)?;
            }
        } else {
            self.adjust_values(targets.len() as u32, values, &mut last)?;
        }
        // The other values are in the topmost registers, the last one on top.
        while let Some(target) = targets.pop() {
            let register = self.function.free_register - 1;
            self.store(&target, &mut Expression::new(Kind::Register(register)))?;
        }
        Ok(())
    }

    /// Copies a variable that is assigned after it was used in an earlier target: `t[i], i = 1, 2`.
    fn avoid_hazard(&mut self, targets: &mut [Expression], register: u32) -> Parse<()> {
        let copy = self.function.free_register;
        let mut hazard = false;
        for target in targets {
            if let Kind::Indexed { table, key } = &mut target.kind {
                if *table == register {
                    *table = copy;
                    hazard = true;
                }
                if *key == Key::Register(register) {
                    *key = Key::Register(copy);
                    hazard = true;
                }
            }
        }
        if hazard {
            self.emit_ad(Op::MOV, copy, register)?;
            self.reserve_registers(1)?;
        }
        Ok(())
    }

    fn return_statement(&mut self) -> Parse<()> {
        self.lexer.advance()?;
        if self.function.returns == Returns::None {
            self.function.returns = Returns::Some;
        }
        let word = if self.lexer.token().ends_block() || self.lexer.token() == Token::Char(b';') {
            pack_ad(Op::RET0, 0, 1)
        } else {
            self.return_values()?
        };
        if self.function.flags & flags::CHILD != 0 {
            // Variables may have been captured.
            self.emit_aj(Op::UCLO, 0, 0)?;
        }
        self.emit(word)?;
        Ok(())
    }

    fn return_values(&mut self) -> Parse<u32> {
        let (mut last, count) = self.expression_list()?;
        let active = self.function.active;
        if let Kind::Call { position, base } = last.kind {
            let call = *self.function.instruction(position);
            if count == 1 && call.op() != Op::VARG {
                self.function.code.pop();
                let op = if call.op() == Op::CALLM {
                    Op::CALLMT
                } else {
                    Op::CALLT
                };
                return Ok(pack_ad(op, a(call.word) as u8, c(call.word) as u16));
            }
            self.open_results(position);
            return Ok(pack_ad(Op::RETM, active as u8, (base - active) as u16));
        }
        if count == 1 {
            let register = self.load_any(&mut last)?;
            return Ok(pack_ad(Op::RET1, register as u8, 2));
        }
        self.load_next(&mut last)?;
        Ok(pack_ad(Op::RET, active as u8, count as u16 + 1))
    }

    fn label(&mut self) -> Parse<()> {
        self.function.last_target = self.function.here();
        self.scope().has_goto = true;
        self.lexer.advance()?;
        let name = self.expect_name()?;
        let label = self.define_label(name)?;
        self.expect(Token::Label)?;
        // Labels that follow directly are part of the statement: they end the block, too.
        while self.lexer.token() == Token::Label {
            self.enter_level()?;
            self.label()?;
            self.leave_level();
        }
        let token = self.lexer.token();
        self.resolve_label(label, token.ends_block() && token != Token::Until)
    }

    fn if_statement(&mut self, line: u32) -> Parse<()> {
        let mut to_end = NO_JUMP;
        let mut when_false = self.then_block()?;
        while self.lexer.token() == Token::ElseIf {
            self.skip_to_end(&mut to_end, when_false)?;
            when_false = self.then_block()?;
        }
        if self.lexer.token() == Token::Else {
            self.skip_to_end(&mut to_end, when_false)?;
            self.lexer.advance()?;
            self.block()?;
        } else {
            self.append_jumps(&mut to_end, when_false)?;
        }
        self.jump_here(to_end)?;
        self.expect_match(Token::End, Token::If, line)
    }

    /// Ends a branch of an `if` and begins the next one.
    fn skip_to_end(&mut self, to_end: &mut Position, when_false: Position) -> Parse<()> {
        let jump = self.emit_jump()?;
        self.append_jumps(to_end, jump)?;
        self.jump_here(when_false)
    }

    fn then_block(&mut self) -> Parse<Position> {
        self.lexer.advance()?;
        let when_false = self.condition()?;
        self.expect(Token::Then)?;
        self.block()?;
        Ok(when_false)
    }
}
