//! What compilations use only while they run, kept from one to the next so that small chunks cost little.
//!
//! Everything is emptied before it is kept: nothing of one compilation shows in another.

use std::cell::Cell;

use super::function::{Function, Slot, UpvalueOrigin};
use super::index::Index;
use super::scope::Entry;
use super::symbol::Symbols;

/// Room, in elements, above which a buffer is given back rather than kept.
const KEPT: usize = 1 << 12;
/// Number of functions whose buffers are kept.
const KEPT_FUNCTIONS: usize = 16;

thread_local! {
    static SPARE: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

/// The buffers of a compilation.
#[derive(Debug)]
pub(super) struct Scratch {
    /// The interned strings; the lexer borrows them.
    pub(super) symbols: Option<Symbols>,
    /// Text of the string that the lexer decodes.
    pub(super) buffer: Vec<u8>,
    /// The functions around the innermost one, outermost first.
    pub(super) enclosing: Vec<Function>,
    /// Variables, labels and gotos of all open functions.
    pub(super) entries: Vec<Entry>,
    /// Finds constants of open functions and keys of their table templates.
    pub(super) slots: Index<Slot>,
    /// Origins of the upvalues of finished functions whose parents are open.
    pub(super) origins: Vec<UpvalueOrigin>,
    /// Functions to be used again.
    pub(super) functions: Vec<Function>,
}

impl Scratch {
    fn new() -> Scratch {
        Scratch {
            symbols: None,
            buffer: Vec::new(),
            enclosing: Vec::new(),
            entries: Vec::new(),
            slots: Index::new(),
            origins: Vec::new(),
            functions: Vec::new(),
        }
    }

    /// Takes the thread's spare buffers, or makes some.
    pub(super) fn take() -> Box<Scratch> {
        let spare = SPARE.try_with(Cell::take).unwrap_or_default();
        spare.unwrap_or_else(|| Box::new(Scratch::new()))
    }

    /// Empties the buffers and keeps them for the thread's next compilation.
    pub(super) fn keep(mut self: Box<Self>) {
        self.symbols = self
            .symbols
            .filter(|symbols| symbols.capacity() <= 4 * KEPT);
        if let Some(symbols) = &mut self.symbols {
            symbols.reset();
        }
        if self.slots.capacity() > KEPT {
            self.slots = Index::new();
        } else {
            self.slots.truncate(0);
        }
        empty(&mut self.buffer);
        empty(&mut self.entries);
        empty(&mut self.origins);
        // An error leaves functions open.
        while let Some(function) = self.enclosing.pop() {
            self.put_function(function);
        }
        // A thread that ends keeps nothing.
        let _ = SPARE.try_with(|spare| spare.set(Some(self)));
    }

    /// Starts a function.
    pub(super) fn function(&mut self, serial: u32, first_line: u32) -> Function {
        let mut function = self.functions.pop().unwrap_or_default();
        function.serial = serial;
        function.first_line = first_line;
        function.variable_base = self.entries.len();
        function.slot_base = self.slots.len();
        function.origin_base = self.origins.len();
        function
    }

    /// Keeps the buffers of a function that is done.
    pub(super) fn put_function(&mut self, mut function: Function) {
        if self.functions.len() < KEPT_FUNCTIONS {
            let Function {
                mut scopes,
                mut code,
                mut numbers,
                mut constants,
                mut register_variables,
                mut upvalues,
                ..
            } = std::mem::take(&mut function);
            empty(&mut scopes);
            empty(&mut code);
            empty(&mut numbers);
            empty(&mut constants);
            empty(&mut register_variables);
            empty(&mut upvalues);
            self.functions.push(Function {
                scopes,
                code,
                numbers,
                constants,
                register_variables,
                upvalues,
                ..function
            });
        }
    }
}

/// Empties a buffer, and gives back what it holds if that is much.
fn empty<T>(buffer: &mut Vec<T>) {
    if buffer.capacity() > KEPT {
        *buffer = Vec::new();
    } else {
        buffer.clear();
    }
}
