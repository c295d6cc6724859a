//! The grammar of expressions: operands, calls, operators by priority, function parameters.
//!
//! Every recursion passes through a level counter. Source of the method: LuaJIT, `lj_parse.c`.

use super::Compiler;
use super::error::Parse;
use super::expression::{Expression, Kind};
use super::function::{Cdata, Position, Register};
use super::lexer::Payload;
use super::number::Number;
use super::operator::{Binary, UNARY_PRIORITY, Unary};
use super::symbol::{Symbol, known};
use super::token::Token;
use crate::bytecode::flags;
use crate::bytecode::opcode::Op;

/// Nesting of blocks, expressions and assignments that is accepted; bounds the parser's recursion.
pub(super) const MAX_LEVELS: u32 = 200;

impl Compiler<'_> {
    /// Consumes a token if it is there.
    #[inline]
    pub(super) fn accept(&mut self, token: Token) -> Parse<bool> {
        if self.lexer.token() != token {
            return Ok(false);
        }
        self.lexer.advance()?;
        Ok(true)
    }

    /// Consumes a token that must be there.
    #[inline]
    pub(super) fn expect(&mut self, token: Token) -> Parse<()> {
        if !self.accept(token)? {
            return self.expected(token);
        }
        Ok(())
    }

    #[cold]
    pub(super) fn expected<T>(&self, token: Token) -> Parse<T> {
        let text = [b"'", token.spelling().as_slice(), b"' expected"].concat();
        Err(self.lexer.error_near(&text))
    }

    /// Consumes the token that closes what `opener` began on some line.
    pub(super) fn expect_match(&mut self, token: Token, opener: Token, line: u32) -> Parse<()> {
        if self.accept(token)? {
            return Ok(());
        }
        if line == self.lexer.line {
            return self.expected(token);
        }
        let text = [
            b"'",
            token.spelling().as_slice(),
            b"' expected (to close '",
            &opener.spelling(),
            b"' at line ",
            line.to_string().as_bytes(),
            b")",
        ]
        .concat();
        Err(self.lexer.error_near(&text))
    }

    /// Returns whether the current token can be a name; `goto` can.
    #[inline]
    pub(super) fn at_name(&self) -> bool {
        matches!(self.lexer.token(), Token::Name | Token::Goto)
    }

    /// Consumes a name.
    pub(super) fn expect_name(&mut self) -> Parse<Symbol> {
        let name = match (self.lexer.token(), self.lexer.current.payload) {
            (Token::Name, Payload::Word(name)) => name,
            (Token::Goto, _) => known::GOTO,
            _ => return self.expected(Token::Name),
        };
        self.lexer.advance()?;
        Ok(name)
    }

    /// Enters a level of nesting.
    #[inline]
    pub(super) fn enter_level(&mut self) -> Parse<()> {
        self.level += 1;
        if self.level >= MAX_LEVELS {
            return Err(self.lexer.error(b"chunk has too many syntax levels", None));
        }
        Ok(())
    }

    pub(super) fn leave_level(&mut self) {
        self.level -= 1;
    }

    /// Parses an expression.
    pub(super) fn expression(&mut self) -> Parse<Expression> {
        Ok(self.binary_expression(0)?.0)
    }

    /// Parses an expression into the next register.
    pub(super) fn expression_to_next(&mut self) -> Parse<()> {
        let mut expression = self.expression()?;
        self.load_next(&mut expression)
    }

    /// Parses operators that bind more strongly than `limit`; returns the one that does not, too.
    fn binary_expression(&mut self, limit: u8) -> Parse<(Expression, Option<Binary>)> {
        self.enter_level()?;
        let mut left = self.unary_expression()?;
        let mut next = Binary::of_token(self.lexer.token());
        while let Some(operator) = next {
            let (left_priority, right_priority) = operator.priority();
            if left_priority <= limit {
                break;
            }
            self.lexer.advance()?;
            self.binary_left(operator, &mut left)?;
            let (right, following) = self.binary_expression(right_priority)?;
            self.binary(operator, &mut left, right)?;
            next = following;
        }
        self.leave_level();
        Ok((left, next))
    }

    fn unary_expression(&mut self) -> Parse<Expression> {
        let operator = match self.lexer.token() {
            Token::Not => Unary::Not,
            Token::Char(b'-') => Unary::Minus,
            Token::Char(b'#') => Unary::Length,
            _ => return self.simple_expression(),
        };
        self.lexer.advance()?;
        let (mut operand, _) = self.binary_expression(UNARY_PRIORITY)?;
        self.unary(operator, &mut operand)?;
        Ok(operand)
    }

    fn simple_expression(&mut self) -> Parse<Expression> {
        let kind = match (self.lexer.token(), self.lexer.current.payload) {
            (Token::Number, Payload::Number(number)) => match number {
                Number::Double(value) => Kind::Number(value),
                Number::Int64(value) => Kind::Cdata(Cdata::Int64(value)),
                Number::Uint64(value) => Kind::Cdata(Cdata::Uint64(value)),
                Number::Imaginary(value) => Kind::Cdata(Cdata::Complex(0.0, value)),
            },
            (Token::String, Payload::String(symbol, _)) => Kind::String(symbol),
            (Token::Nil, _) => Kind::Nil,
            (Token::True, _) => Kind::True,
            (Token::False, _) => Kind::False,
            (Token::Dots, _) => {
                if self.function.flags & flags::VARARG == 0 {
                    return Err(self
                        .lexer
                        .error_near(b"cannot use '...' outside a vararg function"));
                }
                self.reserve_registers(1)?;
                let base = self.function.free_register - 1;
                let params = self.function.num_params;
                let position = self.emit_abc(Op::VARG, base, 2, params)?;
                Kind::Call { position, base }
            }
            (Token::Char(b'{'), _) => return self.table_constructor(),
            (Token::Function, _) => {
                self.lexer.advance()?;
                return self.function_body(false, self.lexer.line);
            }
            _ => return self.primary_expression(),
        };
        self.lexer.advance()?;
        Ok(Expression::new(kind))
    }

    /// Parses a variable, field or call.
    pub(super) fn primary_expression(&mut self) -> Parse<Expression> {
        let mut expression = if self.lexer.token() == Token::Char(b'(') {
            let line = self.lexer.line;
            self.lexer.advance()?;
            let mut inner = self.expression()?;
            self.expect_match(Token::Char(b')'), Token::Char(b'('), line)?;
            self.discharge(&mut inner)?;
            inner
        } else if self.at_name() {
            let name = self.expect_name()?;
            self.resolve(name)?
        } else {
            return Err(self.lexer.error_near(b"unexpected symbol"));
        };
        loop {
            match self.lexer.token() {
                Token::Char(b'.') => self.field(&mut expression)?,
                Token::Char(b'[') => {
                    self.load_any(&mut expression)?;
                    let mut key = self.bracketed_key()?;
                    self.index(&mut expression, &mut key)?;
                }
                Token::Char(b':') => {
                    self.lexer.advance()?;
                    let name = self.expect_name()?;
                    self.method(&mut expression, name)?;
                    self.call(&mut expression)?;
                }
                Token::Char(b'(' | b'{') | Token::String => {
                    self.load_next(&mut expression)?;
                    // The slot above the function belongs to the frame link.
                    self.reserve_registers(1)?;
                    self.call(&mut expression)?;
                }
                _ => return Ok(expression),
            }
        }
    }

    /// Parses `.name` or `:name` after an expression.
    pub(super) fn field(&mut self, expression: &mut Expression) -> Parse<()> {
        self.load_any(expression)?;
        self.lexer.advance()?;
        let name = self.expect_name()?;
        self.index(expression, &mut Expression::new(Kind::String(name)))
    }

    /// Parses `[key]`.
    pub(super) fn bracketed_key(&mut self) -> Parse<Expression> {
        self.lexer.advance()?;
        let mut key = self.expression()?;
        self.resolve_jumps(&mut key)?;
        self.expect(Token::Char(b']'))?;
        Ok(key)
    }

    /// Parses expressions separated by commas; the last one is left open and returned with their
    /// number.
    pub(super) fn expression_list(&mut self) -> Parse<(Expression, u32)> {
        let mut count = 1;
        let mut last = self.expression()?;
        while self.accept(Token::Char(b','))? {
            self.load_next(&mut last)?;
            last = self.expression()?;
            count += 1;
        }
        Ok((last, count))
    }

    /// Parses arguments and emits the call of the function in the expression's register.
    fn call(&mut self, function: &mut Expression) -> Parse<()> {
        let line = self.lexer.line;
        let mut arguments = match (self.lexer.token(), self.lexer.current.payload) {
            (Token::Char(b'('), _) => self.parenthesised_arguments(line)?,
            (Token::Char(b'{'), _) => self.table_constructor()?,
            (Token::String, Payload::String(symbol, _)) => {
                self.lexer.advance()?;
                Expression::new(Kind::String(symbol))
            }
            _ => return Err(self.lexer.error_near(b"function arguments expected")),
        };
        let Kind::Register(base) = function.kind else {
            return Err(self.lexer.error_near(b"function arguments expected"));
        };
        let position = if let Kind::Call { base: multiple, .. } = arguments.kind {
            self.emit_abc(Op::CALLM, base, 2, multiple - base - 2)?
        } else {
            if arguments.kind != Kind::Void {
                self.load_next(&mut arguments)?;
            }
            let count = self.function.free_register - base - 1;
            self.emit_abc(Op::CALL, base, 2, count)?
        };
        *function = Expression::new(Kind::Call { position, base });
        self.function.instruction(position).line = line;
        // One result stays by default.
        self.function.free_register = base + 1;
        Ok(())
    }

    fn parenthesised_arguments(&mut self, line: u32) -> Parse<Expression> {
        if line != self.lexer.last_line {
            return Err(self
                .lexer
                .error_near(b"ambiguous syntax (function call x new statement)"));
        }
        self.lexer.advance()?;
        let arguments = if self.lexer.token() == Token::Char(b')') {
            Expression::new(Kind::Void)
        } else {
            let (last, _) = self.expression_list()?;
            if let Kind::Call { position, .. } = last.kind {
                self.open_results(position);
            }
            last
        };
        self.expect_match(Token::Char(b')'), Token::Char(b'('), line)?;
        Ok(arguments)
    }

    /// Makes a call or `...` produce all of its results.
    pub(super) fn open_results(&mut self, position: Position) {
        self.function.instruction(position).set_b(0);
    }

    /// Parses a condition; returns the jumps taken when it is false.
    pub(super) fn condition(&mut self) -> Parse<Position> {
        let mut condition = self.expression()?;
        if condition.kind == Kind::Nil {
            condition.kind = Kind::False;
        }
        self.branch_if_false(&mut condition)?;
        Ok(condition.when_false)
    }

    /// Parses a parameter list; returns the number of fixed parameters.
    pub(super) fn parameters(&mut self, method: bool) -> Parse<Register> {
        self.expect(Token::Char(b'('))?;
        let mut count = 0;
        if method {
            self.declare(count, known::SELF)?;
            count += 1;
        }
        if self.lexer.token() != Token::Char(b')') {
            loop {
                if self.at_name() {
                    let name = self.expect_name()?;
                    self.declare(count, name)?;
                    count += 1;
                } else if self.accept(Token::Dots)? {
                    self.function.flags |= flags::VARARG;
                    break;
                } else {
                    return Err(self.lexer.error_near(b"<name> or '...' expected"));
                }
                if !self.accept(Token::Char(b','))? {
                    break;
                }
            }
        }
        self.activate(count);
        self.reserve_registers(count)?;
        self.expect(Token::Char(b')'))?;
        Ok(count)
    }
}
