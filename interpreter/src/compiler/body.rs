//! Function bodies: opening a function, and turning its state into a finished [`Template`].
//!
//! A function is finished before its parent, whose variables may still be assigned later: the sources
//! of its upvalues are therefore settled together with the parent.

use std::rc::Rc;

use super::Compiler;
use super::error::Parse;
use super::expression::{Expression, Kind};
use super::function::{Cdata, Function, PendingChild, PendingConstant, Returns, UpvalueOrigin};
use super::scope::EntryKind;
use super::scratch::Scratch;
use super::symbol::Symbol;
use super::token::Token;
use crate::bytecode::opcode::Op;
use crate::bytecode::{
    Constant, DebugInfo, Lines, Names, Origin, Template, UpvalueSource, Variable, Variables, flags,
};

/// Returns whether an operation leaves the function.
fn is_return(op: Op) -> bool {
    matches!(
        op,
        Op::CALLMT | Op::CALLT | Op::RETM | Op::RET | Op::RET0 | Op::RET1
    )
}

impl Function {
    /// Returns the string constant at an index.
    pub(super) fn string_at(&self, index: usize) -> Option<Symbol> {
        match self.constants.get(index) {
            Some(&PendingConstant::String(symbol)) => Some(symbol),
            _ => None,
        }
    }
}

impl Compiler<'_> {
    /// Parses the whole chunk.
    pub(super) fn chunk(&mut self) -> Parse<Rc<Template>> {
        self.function.flags = flags::VARARG;
        self.begin_scope(false);
        self.emit_ad(Op::FUNCV, 0, 0)?;
        self.lexer.advance()?;
        self.block_body()?;
        if self.lexer.token() != Token::EndOfFile {
            return self.expected(Token::EndOfFile);
        }
        let line = self.lexer.line;
        let range = 0..self.text.len();
        let child = self.finish_function(line, range, false)?;
        Ok(child.template)
    }

    /// Parses parameters and body of a nested function up to its `end`, and emits its creation.
    pub(super) fn function_body(&mut self, method: bool, line: u32) -> Parse<Expression> {
        let serial = self.next_serial();
        let nested = self.scratch.function(serial, line);
        let outer = std::mem::replace(&mut self.function, nested);
        self.scratch.enclosing.push(outer);
        self.begin_scope(false);
        let start = self.lexer.current.start;
        self.function.num_params = self.parameters(method)?;
        self.emit_ad(Op::FUNCF, 0, 0)?;
        self.block_body()?;
        if self.lexer.token() != Token::End {
            self.expect_match(Token::End, Token::Function, line)?;
        }
        let range = start..self.lexer.current.end;
        // What finishes the function belongs to the line of its `end`.
        self.lexer.last_line = self.lexer.line;
        let child = self.finish_function(self.lexer.line, range, method)?;
        if let Some(outer) = self.scratch.enclosing.pop() {
            self.function = outer;
        }
        let uses_cdata = child.template.flags & flags::FFI;
        let constant = self.add_constant(PendingConstant::Child(child));
        let position = self.emit_ad(Op::FNEW, 0, constant)?;
        self.function.flags |= uses_cdata;
        if self.function.flags & flags::CHILD == 0 {
            if self.function.returns == Returns::Some {
                self.function.returns = Returns::NeedFixup;
            }
            self.function.flags |= flags::CHILD;
        }
        self.lexer.advance()?;
        Ok(Expression::new(Kind::Relocatable(position)))
    }

    /// Makes sure that the function ends in a return, and that all returns close upvalues.
    fn finish_returns(&mut self) -> Parse<()> {
        let end = self.function.here();
        let last = self.function.op_at(end - 1);
        if end <= self.function.last_target || !is_return(last) {
            if self.scope().captured {
                self.emit_aj(Op::UCLO, 0, 0)?;
            }
            self.emit_ad(Op::RET0, 0, 1)?;
        }
        self.scope().no_close = true;
        self.end_scope()?;
        if self.function.returns != Returns::NeedFixup {
            return Ok(());
        }
        // Returns before the first closure do not close upvalues, though a jump back may have led to
        // them: each is moved to the end, behind a closing jump.
        for position in 1..end {
            let instruction = *self.function.instruction(position);
            if instruction.op() == Op::FNEW {
                break;
            }
            if is_return(instruction.op()) {
                let copy = self.emit(instruction.word)?;
                self.function.instruction(copy).line = instruction.line;
                let distance = copy as i32 - (position as i32 + 1);
                if distance > i32::from(i16::MAX) {
                    let text = b"function too long for return fixup";
                    return Err(self.lexer.error_near(text));
                }
                let closing = self.function.instruction(position);
                closing.set_op(Op::UCLO);
                closing.set_a(0);
                self.set_distance(position, distance);
            }
        }
        Ok(())
    }

    /// Ends the current function.
    fn finish_function(
        &mut self,
        last_line: u32,
        range: std::ops::Range<usize>,
        method: bool,
    ) -> Parse<PendingChild> {
        self.finish_returns()?;
        self.check_constants()?;
        let mut function = std::mem::take(&mut self.function);
        let debug = self.debug_info(&function);
        let constants = function
            .constants
            .drain(..)
            .map(|constant| self.finish_constant(constant))
            .collect();
        let Scratch {
            entries,
            slots,
            origins,
            ..
        } = &mut *self.scratch;
        entries.truncate(function.variable_base);
        slots.truncate(function.slot_base);
        // The children's upvalues are settled.
        origins.truncate(function.origin_base);
        origins.extend(function.upvalues.iter().map(|upvalue| upvalue.origin));
        let code = &function.code[1..];
        let template = Rc::new(Template {
            flags: function.flags,
            num_params: function.num_params as u8,
            frame_size: function.frame_size as u8,
            code: code.iter().map(|code| code.word).collect(),
            upvalues: Vec::new(),
            constants,
            numbers: function.numbers.as_slice().to_vec(),
            first_line: function.first_line,
            num_lines: last_line - function.first_line,
            debug: Some(debug),
            chunk_name: Rc::clone(&self.chunk_name),
            origin: Origin::Source {
                text: Rc::clone(&self.text),
                range,
                method,
            },
        });
        let origins = function.origin_base..origins.len();
        self.scratch.put_function(function);
        Ok(PendingChild { template, origins })
    }

    fn finish_constant(&mut self, constant: PendingConstant) -> Constant {
        match constant {
            PendingConstant::String(symbol) => Constant::String(self.lexer.symbols.shared(symbol)),
            PendingConstant::Table(template) => Constant::Table(template),
            PendingConstant::Cdata(Cdata::Int64(value)) => Constant::Int64(value),
            PendingConstant::Cdata(Cdata::Uint64(value)) => Constant::Uint64(value),
            PendingConstant::Cdata(Cdata::Complex(re, im)) => Constant::Complex(re, im),
            PendingConstant::Child(PendingChild {
                mut template,
                origins,
            }) => {
                if let Some(template) = Rc::get_mut(&mut template) {
                    let origins = &self.scratch.origins[origins];
                    template.upvalues = origins
                        .iter()
                        .map(|&origin| self.finish_upvalue(origin))
                        .collect();
                }
                Constant::Child(template)
            }
        }
    }

    /// Encodes where an upvalue comes from; only now is it known whether it is ever assigned.
    fn finish_upvalue(&self, origin: UpvalueOrigin) -> UpvalueSource {
        match origin {
            UpvalueOrigin::Upvalue(index) => UpvalueSource(u16::from(index)),
            UpvalueOrigin::Variable(variable) => {
                let entry = &self.scratch.entries[variable as usize];
                let local = entry.slot as u16 | UpvalueSource::LOCAL;
                match entry.kind {
                    EntryKind::Variable(false) => UpvalueSource(local | UpvalueSource::IMMUTABLE),
                    _ => UpvalueSource(local),
                }
            }
        }
    }

    fn debug_info(&self, function: &Function) -> DebugInfo {
        let text_of = |name: Option<Symbol>| match name {
            Some(name) => self.lexer.symbols.text(name),
            None => b"",
        };
        let entries = &self.scratch.entries;
        let upvalues = function.upvalues.iter();
        let variables = entries[function.variable_base..].iter();
        DebugInfo {
            lines: Lines::new(function.code[1..].iter().map(|code| code.line)),
            upvalue_names: Names::new(
                upvalues.map(|upvalue| text_of(entries[upvalue.variable as usize].name)),
            ),
            variables: Variables::new(
                variables
                    .filter(|entry| matches!(entry.kind, EntryKind::Variable(_)))
                    .map(|entry| Variable {
                        name: text_of(entry.name),
                        start: entry.start,
                        end: entry.end,
                    }),
            ),
        }
    }
}
