//! Environments of functions: a table of their own, or the host's globals and then the sandbox's.
//!
//! Runs while the host holds the baton. A function whose environment is simply the host's globals, as nearly all
//! have, crosses without a word about it.

use std::ffi::c_int;

use bridge_wire::{Decoder, Encoder, Id, Reference, Token};

use crate::capture::Capture;
use crate::error::HostError;
use crate::instantiate::Instantiate;
use crate::session::{Environment, Part, Slot};
use crate::stack::Type;

impl Capture<'_, '_> {
    /// Writes the environment of a new function at an index, if it has one of its own.
    pub(crate) fn environment(&mut self, function: c_int, id: Id) -> Result<(), HostError> {
        self.stack.reserve(8)?;
        let top = self.stack.top();
        self.stack.environment(function);
        self.stack.push_globals();
        let is_own = !self.stack.raw_equal(top + 1, top + 2)
            // What callbacks have for their globals; in the sandbox those are its own.
            && self.lookup(Slot::Names, top + 1).as_deref() != Some(b"_G");
        if is_own {
            let mut value = Encoder::new();
            self.value(top + 1, &mut value)?;
            self.delta.fills.environment(id).append(value.as_bytes());
        }
        self.stack.set_top(top);
        Ok(())
    }
}

impl Instantiate<'_, '_> {
    /// Gives a function of the sandbox its environment, `both` for the host's globals and then that table.
    pub(crate) fn fill_environment(
        &mut self,
        id: Id,
        value: Decoder<'_>,
        both: bool,
    ) -> Result<(), HostError> {
        let mut after = value.clone();
        let environment = match after.token()? {
            Token::Reference(Reference::Table, table) if both => Environment::Both(table),
            Token::Array(_) | Token::Map(_) => return Err(self.unknown(id)),
            _ if both => return Err(self.unknown(id)),
            _ => Environment::Own(value.slice(value.offset(), after.offset()).into()),
        };
        let Some(record) = self.shared.functions.get_mut(&id) else {
            return Err(self.unknown(id));
        };
        record.environment = environment.clone();
        let top = self.stack.top();
        self.object(id)?;
        let wrapper = top + 1;
        if self.host.push_wrapped(self.stack, wrapper) {
            self.set_environment(wrapper + 1, wrapper, &environment)?;
        }
        self.stack.set_top(top);
        Ok(())
    }

    /// Sets the environment of a function and of its wrapper, which shows it to `getfenv`.
    pub(crate) fn set_environment(
        &mut self,
        inner: c_int,
        wrapper: c_int,
        environment: &Environment,
    ) -> Result<(), HostError> {
        match environment {
            Environment::Host => return Ok(()),
            Environment::Both(table) => self.globals(*table)?,
            Environment::Own(value) => self.value(&mut Decoder::new(value))?,
        }
        // A name that means nothing here leaves the function with the globals.
        if self.stack.kind(-1) == Type::Table {
            self.stack.push_value(-1);
            self.stack.set_environment(inner);
            self.stack.set_environment(wrapper);
        } else {
            self.stack.pop(1);
        }
        Ok(())
    }

    /// Pushes the environment that looks for globals on the host and then in a table. `(-0, +1)`
    fn globals(&mut self, table: Id) -> Result<(), HostError> {
        self.view.push_by_id(self.stack, Part::Globals, table);
        if !self.stack.is_nil(-1) {
            return Ok(());
        }
        self.stack.pop(1);
        self.view.push_slot(self.stack, Slot::Globals);
        self.object(table)?;
        if !self.stack.call(1, 1, 0) {
            return Err(HostError::Internal("no environment".into()));
        }
        self.stack.push_value(-1);
        self.view.set_by_id(self.stack, Part::Globals, table);
        Ok(())
    }
}
