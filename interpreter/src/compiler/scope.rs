//! Local variables, upvalues, blocks, and the labels and gotos in them.
//!
//! Variables, labels and pending gotos of all open functions share one stack. An entry keeps its
//! index for the life of its function, so an index identifies a variable across functions.

use super::Compiler;
use super::error::{Parse, SyntaxError};
use super::expression::{Expression, Kind};
use super::function::{Function, Position, Register, Upvalue, UpvalueOrigin};
use super::symbol::{Symbol, known};
use crate::bytecode::opcode::Op;

const MAX_LOCALS: u32 = 200;
const MAX_UPVALUES: u32 = 60;
const MAX_VARIABLES: usize = (1 << 16) - MAX_UPVALUES as usize;

/// A block of a function.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope {
    /// First entry of the variable stack that may belong to the block.
    pub(super) start: usize,
    /// Number of variables that are active outside of it.
    pub(super) active: u32,
    /// `break` may leave it.
    pub(super) is_loop: bool,
    /// It holds a `break` that is to be resolved.
    pub(super) has_break: bool,
    /// It holds a label or a `goto`.
    pub(super) has_goto: bool,
    /// A closure captures one of its variables.
    pub(super) captured: bool,
    /// Its end closes no upvalues: the function's return does.
    pub(super) no_close: bool,
}

/// What an entry of the variable stack is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryKind {
    /// A local variable; `true` once some code assigns it after its initialisation.
    Variable(bool),
    Goto,
    Label,
}

/// An entry of the variable stack.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// The name; `None` once a goto or label is settled.
    pub(super) name: Option<Symbol>,
    /// First position at which a variable lives; position of a jump; target of a label.
    pub(super) start: Position,
    /// First position at which a variable is dead.
    pub(super) end: Position,
    /// Register of a variable; number of active variables at a goto or label.
    pub(super) slot: Register,
    pub(super) kind: EntryKind,
}

impl Compiler<'_> {
    /// Builds the error for an exceeded limit of a function.
    #[cold]
    fn limit_error_in(&self, function: &Function, limit: u32, what: &str) -> Box<SyntaxError> {
        let text = match function.first_line {
            0 => format!("main function has more than {limit} {what}"),
            line => format!("function at line {line} has more than {limit} {what}"),
        };
        self.lexer.error(text.as_bytes(), None)
    }

    /// Builds the error for an exceeded limit of the current function.
    #[cold]
    pub(super) fn limit_error(&self, limit: u32, what: &str) -> Box<SyntaxError> {
        self.limit_error_in(&self.function, limit, what)
    }

    fn push_entry(&mut self, entry: Entry) -> Parse<usize> {
        let index = self.scratch.entries.len();
        if index >= MAX_VARIABLES {
            let text = format!("chunk has more than {MAX_VARIABLES} local variables");
            return Err(self.lexer.error(text.as_bytes(), None));
        }
        self.scratch.entries.push(entry);
        Ok(index)
    }

    /// Declares a variable: the `ahead`-th after the active ones. [`Self::activate`] makes it visible.
    pub(super) fn declare(&mut self, ahead: u32, name: Symbol) -> Parse<()> {
        let register = self.function.active + ahead;
        if register >= MAX_LOCALS {
            return Err(self.limit_error(MAX_LOCALS, "local variables"));
        }
        let index = self.push_entry(Entry {
            name: Some(name),
            start: 0,
            end: 0,
            slot: register,
            kind: EntryKind::Variable(false),
        })?;
        let map = &mut self.function.register_variables;
        map.truncate(register as usize);
        map.push(index as u16);
        Ok(())
    }

    /// Makes declared variables visible from here on.
    pub(super) fn activate(&mut self, count: u32) {
        for _ in 0..count {
            let entry = self.variable_index(self.function.active) as usize;
            self.scratch.entries[entry].start = self.function.here();
            self.function.active += 1;
        }
    }

    /// Ends the life of the variables above a level.
    fn deactivate(&mut self, level: u32) {
        while self.function.active > level {
            self.function.active -= 1;
            let entry = self.variable_index(self.function.active) as usize;
            self.scratch.entries[entry].end = self.function.here();
        }
    }

    /// Returns the entry of the variable in a register.
    pub(super) fn variable_index(&self, register: Register) -> u16 {
        self.function.register_variables[register as usize]
    }

    /// Returns the entry of the variable in a register, if it is visible.
    pub(super) fn variable_at(&self, register: Register) -> Option<&Entry> {
        if register >= self.function.active {
            return None;
        }
        self.scratch
            .entries
            .get(self.variable_index(register) as usize)
    }

    fn find_local(&self, function: &Function, name: Symbol) -> Option<Register> {
        let visible = &function.register_variables[..function.active as usize];
        visible
            .iter()
            .rposition(|&index| self.scratch.entries[index as usize].name == Some(name))
            .map(|register| register as Register)
    }

    /// Resolves a name to a local variable, an upvalue or a global.
    pub(super) fn resolve(&mut self, name: Symbol) -> Parse<Expression> {
        if let Some(register) = self.find_local(&self.function, name) {
            return Ok(Expression::new(Kind::Local {
                register,
                variable: self.variable_index(register),
            }));
        }
        let found = self
            .scratch
            .enclosing
            .iter()
            .enumerate()
            .rev()
            .find_map(|(depth, function)| Some((depth, self.find_local(function, name)?)));
        let Some((depth, register)) = found else {
            return Ok(Expression::new(Kind::Global(name)));
        };
        let owner = &mut self.scratch.enclosing[depth];
        let variable = owner.register_variables[register as usize];
        let scope = owner
            .scopes
            .iter_mut()
            .rev()
            .find(|scope| scope.active <= register);
        if let Some(scope) = scope {
            scope.captured = true;
        }
        // Each function in between needs the variable as an upvalue, outermost first.
        let mut origin = UpvalueOrigin::Variable(variable);
        let mut index = 0;
        for level in depth + 1..=self.scratch.enclosing.len() {
            index = self.upvalue_index(level, variable, origin)?;
            origin = UpvalueOrigin::Upvalue(index);
        }
        Ok(Expression::new(Kind::Upvalue { index, variable }))
    }

    fn upvalue_index(&mut self, level: usize, variable: u16, origin: UpvalueOrigin) -> Parse<u8> {
        let function = match self.scratch.enclosing.get_mut(level) {
            Some(function) => function,
            None => &mut self.function,
        };
        let known = function
            .upvalues
            .iter()
            .position(|upvalue| upvalue.variable == variable);
        if let Some(index) = known {
            return Ok(index as u8);
        }
        let index = function.upvalues.len();
        if index as u32 >= MAX_UPVALUES {
            let function = self.scratch.enclosing.get(level).unwrap_or(&self.function);
            return Err(self.limit_error_in(function, MAX_UPVALUES, "upvalues"));
        }
        function.upvalues.push(Upvalue { variable, origin });
        Ok(index as u8)
    }

    /// Notes that code assigns a variable after its initialisation.
    pub(super) fn mark_assigned(&mut self, variable: u16) {
        self.scratch.entries[variable as usize].kind = EntryKind::Variable(true);
    }

    /// Returns the innermost block.
    pub(super) fn scope(&mut self) -> &mut Scope {
        let scopes = &mut self.function.scopes;
        let last = scopes.len() - 1;
        &mut scopes[last]
    }

    pub(super) fn begin_scope(&mut self, is_loop: bool) {
        debug_assert_eq!(self.function.free_register, self.function.active);
        self.function.scopes.push(Scope {
            start: self.scratch.entries.len(),
            active: self.function.active,
            is_loop,
            has_break: false,
            has_goto: false,
            captured: false,
            no_close: false,
        });
    }

    pub(super) fn end_scope(&mut self) -> Parse<()> {
        let Some(scope) = self.function.scopes.pop() else {
            return Ok(());
        };
        self.deactivate(scope.active);
        self.function.free_register = self.function.active;
        if scope.captured && !scope.no_close {
            self.emit_aj(Op::UCLO, scope.active, 0)?;
        }
        if scope.has_break {
            if scope.is_loop {
                let target = self.function.here();
                let label = self.push_jump_entry(known::BREAK, EntryKind::Label, target)?;
                let label = self.scratch.entries.remove(label);
                self.resolve_gotos(scope, label)?;
            } else {
                return self.settle_gotos(scope);
            }
        }
        if scope.has_goto {
            self.settle_gotos(scope)?;
        }
        Ok(())
    }

    fn push_jump_entry(&mut self, name: Symbol, kind: EntryKind, at: Position) -> Parse<usize> {
        let slot = self.function.active;
        self.push_entry(Entry {
            name: Some(name),
            start: at,
            end: 0,
            slot,
            kind,
        })
    }

    /// Emits a jump to a label that may come later.
    pub(super) fn emit_goto(&mut self, name: Symbol) -> Parse<()> {
        if name == known::BREAK {
            self.scope().has_break = true;
        } else {
            if let Some(label) = self.find_label(name) {
                // A jump back within the block is a loop to the hot-loop counters. Nothing reads
                // its distance.
                let slot = self.scratch.entries[label].slot;
                self.emit_aj(Op::LOOP, slot, -1)?;
            }
            self.scope().has_goto = true;
        }
        let jump = self.emit_jump()?;
        self.push_jump_entry(name, EntryKind::Goto, jump)?;
        Ok(())
    }

    /// Adds a label at the next instruction and returns its entry.
    pub(super) fn define_label(&mut self, name: Symbol) -> Parse<usize> {
        if self.find_label(name).is_some() {
            let text = [b"duplicate label '", self.lexer.symbols.text(name), b"'"].concat();
            return Err(self.lexer.error(&text, None));
        }
        let here = self.function.here();
        self.push_jump_entry(name, EntryKind::Label, here)
    }

    /// Resolves the gotos of the current block that come before a label.
    ///
    /// A label at the end of its block counts as outside of the scope of the block's variables.
    pub(super) fn resolve_label(&mut self, label: usize, at_end: bool) -> Parse<()> {
        let scope = *self.scope();
        if at_end {
            self.scratch.entries[label].slot = scope.active;
        }
        self.resolve_gotos(scope, self.scratch.entries[label])
    }

    fn find_label(&mut self, name: Symbol) -> Option<usize> {
        let start = self.scope().start;
        let found = self.scratch.entries[start..]
            .iter()
            .position(|entry| entry.name == Some(name) && entry.kind == EntryKind::Label);
        found.map(|index| start + index)
    }

    fn resolve_gotos(&mut self, scope: Scope, label: Entry) -> Parse<()> {
        for index in scope.start..self.scratch.entries.len() {
            let entry = self.scratch.entries[index];
            if entry.name != label.name || entry.kind != EntryKind::Goto {
                continue;
            }
            if entry.slot < label.slot {
                let local = self.variable_index(entry.slot);
                let local = self.scratch.entries[local as usize].name;
                let text = [
                    b"<goto ",
                    self.name_text(entry.name),
                    b"> jumps into the scope of local '",
                    self.name_text(local),
                    b"'",
                ]
                .concat();
                return Err(self.error_at_jump(entry, &text));
            }
            self.settle_goto(index, label)?;
        }
        Ok(())
    }

    fn name_text(&self, name: Option<Symbol>) -> &[u8] {
        name.map_or(b"", |name| self.lexer.symbols.text(name))
    }

    /// Builds an error at the line of a goto.
    #[cold]
    fn error_at_jump(&mut self, jump: Entry, text: &[u8]) -> Box<SyntaxError> {
        self.lexer.line = self.function.code[jump.start as usize].line;
        self.lexer.error(text, None)
    }

    fn settle_goto(&mut self, index: usize, label: Entry) -> Parse<()> {
        let jump = self.scratch.entries[index].start;
        self.scratch.entries[index].name = None;
        self.function.instruction(jump).set_a(label.slot);
        self.patch_list(jump, label.start)
    }

    /// Settles what is left in a block that ends: jumps back to its labels are patched, other gotos
    /// move to the enclosing block.
    fn settle_gotos(&mut self, scope: Scope) -> Parse<()> {
        for index in scope.start..self.scratch.entries.len() {
            let entry = self.scratch.entries[index];
            let Some(name) = entry.name else {
                continue;
            };
            match entry.kind {
                EntryKind::Variable(_) => {}
                EntryKind::Label => {
                    self.scratch.entries[index].name = None;
                    for later in index + 1..self.scratch.entries.len() {
                        let jump = self.scratch.entries[later];
                        if jump.name != Some(name) || jump.kind != EntryKind::Goto {
                            continue;
                        }
                        if scope.captured && jump.slot > entry.slot {
                            self.close_at_jump(jump.start, jump.slot)?;
                        }
                        self.settle_goto(later, entry)?;
                    }
                }
                EntryKind::Goto => {
                    let Some(outer) = self.function.scopes.last_mut() else {
                        return Err(self.unresolved_error(entry));
                    };
                    if name == known::BREAK {
                        outer.has_break = true;
                    } else {
                        outer.has_goto = true;
                    }
                    self.scratch.entries[index].slot = scope.active;
                    if scope.captured {
                        self.close_at_jump(entry.start, scope.active)?;
                    }
                }
            }
        }
        Ok(())
    }

    #[cold]
    fn unresolved_error(&mut self, jump: Entry) -> Box<SyntaxError> {
        if jump.name == Some(known::BREAK) {
            return self.error_at_jump(jump, b"no loop to break");
        }
        let text = [b"undefined label '", self.name_text(jump.name), b"'"].concat();
        self.error_at_jump(jump, &text)
    }
}
