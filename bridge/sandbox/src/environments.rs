//! Environments of functions that leave the sandbox: their own, or the sandbox's globals behind the host's.
//!
//! A function that uses no global but the standard ones needs nothing: on the host it finds them there.

use std::collections::BTreeSet;

use bridge_wire::{Encoder, Id, Reference, Side};
use interpreter::bytecode::opcode::Op;
use interpreter::bytecode::{Constant, Template};
use interpreter::{Context, Function, Gc, Value};

use crate::outgoing::{EncodeError, Outgoing, Tables};

/// Returns the names of all globals.
pub(crate) fn global_names(ctx: Context<'_>) -> BTreeSet<Box<[u8]>> {
    let mut names = BTreeSet::new();
    ctx.globals().for_each(|key, _| {
        if let Some(name) = key.as_string() {
            names.insert(name.as_bytes().into());
        }
    });
    names
}

/// Returns whether a function, or one inside it, uses a global that is not among `names`.
fn uses_others(template: &Template, names: &BTreeSet<Box<[u8]>>) -> bool {
    let is_other = |word: u32| {
        // The operation is the lowest byte of an instruction, the constant's number the upper half.
        let op = word as u8;
        (op == Op::GGET as u8 || op == Op::GSET as u8)
            && !matches!(
                template.constants.get((word >> 16) as usize),
                Some(Constant::String(name)) if names.contains(&**name)
            )
    };
    template.code.words().any(is_other)
        || template.constants.iter().any(|constant| match constant {
            Constant::Child(child) => uses_others(child, names),
            _ => false,
        })
}

impl<'gc> Outgoing<'_, 'gc> {
    /// Writes where a new function of this side finds its globals, if that is not simply the host's.
    pub(crate) fn environment(
        &mut self,
        id: Id,
        function: Gc<'gc, Function<'gc>>,
    ) -> Result<(), EncodeError> {
        let globals = self.ctx.globals();
        let environment = function.env();
        let mut encoded = Encoder::new();
        if !Gc::ptr_eq(environment, globals) {
            self.value(&mut encoded, environment.into(), Tables::ByReference)?;
            self.delta.fills.environment(id).append(encoded.as_bytes());
            return Ok(());
        }
        let template = function.prototype().expect("a Lua function").template();
        if uses_others(template, &self.objects.standard_globals) {
            self.globals(id);
        }
        Ok(())
    }

    /// Writes where a function of either side that the host knows finds its globals from now on.
    pub(crate) fn new_environment(
        &mut self,
        id: Id,
        function: Gc<'gc, Function<'gc>>,
    ) -> Result<(), EncodeError> {
        let environment = function.env();
        if id.side() == Side::Sandbox && Gc::ptr_eq(environment, self.ctx.globals()) {
            self.globals(id);
            return Ok(());
        }
        let mut encoded = Encoder::new();
        self.value(&mut encoded, environment.into(), Tables::ByReference)?;
        self.delta.fills.environment(id).append(encoded.as_bytes());
        Ok(())
    }

    /// Writes that a function of this side finds its globals among the sandbox's.
    fn globals(&mut self, id: Id) {
        // By its id: as a value the table is known by its name.
        let globals = self.shared_table(self.ctx.globals().into());
        let mut encoded = Encoder::new();
        encoded.reference(Reference::Table, globals);
        self.delta.fills.globals(id).append(encoded.as_bytes());
    }

    /// Returns the id under which the host knows a table, which may be new.
    fn shared_table(&mut self, table: Value<'gc>) -> Id {
        match self.objects.find(self.ctx, table) {
            Some((_, id)) => id,
            None => self.new_table(table),
        }
    }
}
