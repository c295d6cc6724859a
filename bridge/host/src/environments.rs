//! Environments of functions: a table of their own, or the host's globals and then the sandbox's.
//!
//! Runs while the host holds the baton. A function whose environment is simply the host's globals, as nearly all
//! have, crosses without a word about it.

use std::collections::BTreeSet;
use std::ffi::c_int;

use bridge_wire::{Decoder, Encoder, Id, Reference, Token};

use crate::capture::Capture;
use crate::error::HostError;
use crate::instantiate::Instantiate;
use crate::session::{Environment, Host, Part, Session, Slot, View};
use crate::stack::{Stack, Type};

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

impl Capture<'_, '_> {
    /// Writes the environments of functions that were given others.
    pub(crate) fn changed_environments(&mut self) -> Result<(), HostError> {
        while let Some(&id) = self.shared.environments.first() {
            let top = self.stack.top();
            self.push_object(id);
            if self.stack.kind(top + 1) == Type::Function {
                let has_wrapper = self.host.push_wrapped(self.stack, top + 1);
                let environment = top + 2 + c_int::from(has_wrapper);
                self.stack.environment(environment - 1);
                let mut value = Encoder::new();
                self.value(environment, &mut value)?;
                self.delta.fills.environment(id).append(value.as_bytes());
                if let Some(record) = self.shared.functions.get_mut(&id)
                    && !matches!(record.environment, Environment::Both(_))
                {
                    record.environment = Environment::Own(value.as_bytes().into());
                }
            }
            self.stack.set_top(top);
            self.shared.environments.remove(&id);
        }
        Ok(())
    }
}

impl Host {
    /// Takes note that the Lua function at an index was given another environment: what it is the wrapper of or
    /// is wrapped by gets the same, and all sandboxes that know it are told, except one.
    pub(crate) fn changed_environment(
        &self,
        stack: &mut Stack<'_>,
        function: c_int,
        except: Option<u32>,
    ) -> Result<(), HostError> {
        stack.reserve(8)?;
        let top = stack.top();
        if self.push_wrapped(stack, function) {
            stack.environment(function);
            stack.set_environment(top + 1);
        }
        stack.set_top(top);
        for session in self.sessions.borrow().values() {
            if except == Some(session.id) {
                continue;
            }
            let Ok(view) = session.open(self, stack) else {
                continue;
            };
            if let Some(id) = view.id_of(stack, Part::Ids, function) {
                self.note_environment(stack, view, session, function, id);
            }
            stack.set_top(top);
        }
        Ok(())
    }

    fn note_environment(
        &self,
        stack: &mut Stack<'_>,
        view: View,
        session: &Session,
        function: c_int,
        id: Id,
    ) {
        let mut shared = session.shared.borrow_mut();
        let is_of_sandbox = shared.functions.contains_key(&id);
        stack.environment(function);
        let environment = stack.top();
        stack.push_globals();
        let is_global = stack.raw_equal(environment, environment + 1);
        let globals = shared
            .functions
            .values()
            .filter_map(|record| match record.environment {
                Environment::Both(table) => Some(table),
                _ => None,
            });
        let globals: BTreeSet<Id> = globals.collect();
        let mut both = None;
        for table in globals {
            view.push_by_id(stack, Part::Globals, table);
            let there = stack.top();
            let stands_for_global = is_global && is_of_sandbox && !stack.is_nil(there);
            if stack.raw_equal(environment, there) || stands_for_global {
                // The globals of a function of the sandbox are also those that only the sandbox has.
                both = Some(table);
                stack.replace(environment);
                stack.set_top(environment);
                break;
            }
            stack.pop(1);
        }
        stack.set_top(environment);
        if let Some(record) = shared.functions.get_mut(&id) {
            record.environment = both.map_or(Environment::Host, Environment::Both);
            view.push_by_id(stack, Part::Replicas, id);
            let wrapper = stack.top();
            if self.push_wrapped(stack, wrapper) {
                stack.push_value(environment);
                stack.set_environment(wrapper + 1);
                stack.push_value(environment);
                stack.set_environment(wrapper);
            }
        } else {
            view.push_by_id(stack, Part::Originals, id);
            if stack.kind(-1) == Type::Function {
                let wrapper = stack.top();
                stack.push_value(environment);
                stack.set_environment(wrapper);
            }
        }
        shared.environments.insert(id);
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
        let is_own = !both && self.shared.own_functions.contains_key(&id);
        match self.shared.functions.get_mut(&id) {
            Some(record) => record.environment = environment.clone(),
            None if is_own => {}
            None => return Err(self.unknown(id)),
        }
        let top = self.stack.top();
        self.object(id)?;
        let wrapper = top + 1;
        let has_wrapper = self.host.push_wrapped(self.stack, wrapper);
        self.set_environment(wrapper + c_int::from(has_wrapper), wrapper, &environment)?;
        self.shared.environments.remove(&id);
        let only_here = Some(self.session.id);
        let others = self
            .host
            .changed_environment(self.stack, wrapper, only_here);
        self.stack.set_top(top);
        others
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
        self.stack.push_value(self.view.part(Part::Notes));
        if !self.stack.call(2, 1, 0) {
            return Err(HostError::Internal("no environment".into()));
        }
        self.stack.push_value(-1);
        self.view.set_by_id(self.stack, Part::Globals, table);
        Ok(())
    }
}
