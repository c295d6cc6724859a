//! References: values that stay on their side, and letting go of what the other side has dropped.
//!
//! The origin keeps an object until it is released; replicas are held weakly. Main thread only; a
//! release is sent while the host holds the baton and has no message left to apply, so that no id
//! on its way here can be one that was just released.

use std::ffi::c_int;

use bridge_wire::{Encoder, Id, Mutation, Reference, Side, mutated};

use crate::capture::Capture;
use crate::error::HostError;
use crate::instantiate::Instantiate;
use crate::session::{Part, RemoteRecord, Slot};
use crate::stack::Type;

impl Capture<'_, '_> {
    /// Writes a value that stays on the host: C function, userdata, coroutine, cdata; a new userdata as `kind`.
    pub(crate) fn stays(
        &mut self,
        index: c_int,
        kind: Reference,
        out: &mut Encoder,
    ) -> Result<(), HostError> {
        self.view.push_slot(self.stack, Slot::VimNil);
        let is_vim_nil = self.stack.raw_equal(-1, index);
        self.stack.pop(1);
        if is_vim_nil {
            out.vim_nil();
            return Ok(());
        }
        if let Some(id) = self.view.id_of(self.stack, Part::Ids, index) {
            let kind = self.shared.locals.get(&id).copied();
            out.reference(kind.unwrap_or(Reference::Local), id);
            return Ok(());
        }
        if self.view.id_of(self.stack, Part::Remotes, index).is_none() && self.by_name(index, out) {
            return Ok(());
        }
        let kind = match self.stack.kind(index) {
            Type::Function => Reference::NativeFunction,
            Type::Thread => Reference::Coroutine,
            _ => kind,
        };
        self.remote(index, kind, out)
    }

    /// Writes a remote reference to any collectable value; `kind` counts if it is new.
    pub(crate) fn remote(
        &mut self,
        index: c_int,
        kind: Reference,
        out: &mut Encoder,
    ) -> Result<(), HostError> {
        let id = match self.view.id_of(self.stack, Part::Remotes, index) {
            Some(id) => id,
            None => {
                self.count()?;
                self.watch_metatable(index)?;
                let id = self.shared.ids.give();
                self.view.set_id(self.stack, Part::Remotes, index, Some(id));
                self.stack.push_value(index);
                self.view.set_by_id(self.stack, Part::Originals, id);
                id
            }
        };
        if kind == Reference::Coroutine && !self.shared.remotes.contains_key(&id) {
            self.shared.coroutines.insert(id);
        }
        let record = self.shared.remotes.entry(id);
        let record = record.or_insert(RemoteRecord { kind, sent: 0 });
        record.sent += 1;
        out.reference(record.kind, id);
        self.remotes.push(id);
        Ok(())
    }

    /// Takes back that remotes were written, from the `mark`th on: they are not sent.
    pub(crate) fn unsay(&mut self, mark: usize) {
        for id in self.remotes.drain(mark..) {
            if let Some(record) = self.shared.remotes.get_mut(&id) {
                record.sent -= 1;
            }
        }
    }

    /// Tells the sandbox which coroutines have come to their end.
    pub(crate) fn ended_coroutines(&mut self) {
        if self.shared.coroutines.is_empty() {
            return;
        }
        for id in std::mem::take(&mut self.shared.coroutines) {
            self.view.push_by_id(self.stack, Part::Originals, id);
            if self.stack.is_dead(-1) {
                self.delta.fills.ended(id);
            } else {
                self.shared.coroutines.insert(id);
            }
            self.stack.pop(1);
        }
    }

    /// Tells the sandbox which of its objects nobody here has any more.
    ///
    /// Only sound when no message of the sandbox is left to apply.
    pub(crate) fn release_lost(&mut self) {
        if mutated(Mutation::LeakOnMain) {
            return;
        }
        let is_lost = |capture: &mut Self, part: Part, id: Id| {
            if mutated(Mutation::ReleaseEarly) && capture.shared.functions.contains_key(&id) {
                return true;
            }
            capture.view.push_by_id(capture.stack, part, id);
            let lost = capture.stack.is_nil(-1);
            capture.stack.pop(1);
            lost
        };
        let of_sandbox = |id: &&Id| id.side() == Side::Sandbox;
        let shared = &*self.shared;
        let objects = shared.functions.keys().chain(shared.locals.keys());
        let objects = objects.chain(shared.tables.keys().filter(of_sandbox));
        let mut objects: Vec<Id> = objects.copied().collect();
        objects.sort_unstable();
        let cells: Vec<Id> = shared.cells.keys().filter(of_sandbox).copied().collect();
        for id in objects {
            if is_lost(self, Part::Replicas, id) {
                self.shared.forget(id);
                self.delta.objects.released(id, 1);
            }
        }
        for id in cells {
            if is_lost(self, Part::WeakCarriers, id) && is_lost(self, Part::Carriers, id) {
                self.shared.forget(id);
                self.delta.objects.released(id, 1);
            }
        }
    }
}

impl Instantiate<'_, '_> {
    /// Lets go of an object of the host that the sandbox has no replica of any more.
    pub(crate) fn release(&mut self, id: Id, times: u64) {
        if let Some(record) = self.shared.remotes.get_mut(&id) {
            record.sent = record.sent.saturating_sub(times);
            if record.sent > 0 {
                if record.kind == Reference::Coroutine {
                    // There will be another stand-in, which has to be told anew.
                    self.shared.coroutines.insert(id);
                }
                return;
            }
        }
        self.shared.forget(id);
        self.stack.push_nil();
        self.view.set_by_id(self.stack, Part::Carriers, id);
        self.view.push_by_id(self.stack, Part::Originals, id);
        let object = self.stack.top();
        if !self.stack.is_nil(object) {
            for part in [Part::Ids, Part::Remotes] {
                if self.view.id_of(self.stack, part, object) == Some(id) {
                    self.view.set_id(self.stack, part, object, None);
                }
            }
        }
        // What was sent before the release is decoded after it perhaps.
        if self.session.may_name() && !self.stack.is_nil(object) {
            self.session.has_buried.set(true);
            self.view.set_by_id(self.stack, Part::Buried, id);
        } else {
            self.stack.pop(1);
        }
        self.stack.push_nil();
        self.view.set_by_id(self.stack, Part::Originals, id);
    }

    /// Pushes a stand-in for a value that stays in the sandbox, of the same type. `(-0, +1)`
    pub(crate) fn local(&mut self, kind: Reference, id: Id) -> Result<(), HostError> {
        if id.side() != Side::Sandbox {
            return Err(self.unknown(id));
        }
        self.view.push_by_id(self.stack, Part::Replicas, id);
        if !self.stack.is_nil(-1) {
            return Ok(());
        }
        self.stack.pop(1);
        self.view.push_slot(self.stack, Slot::StandIn);
        self.stack.push_number(self.session.id.into());
        self.stack.push_string(match kind {
            Reference::LocalFunction => b"function",
            Reference::LocalCoroutine => b"thread",
            _ => b"userdata",
        });
        if !self.stack.call(2, 1, 0) {
            return Err(HostError::Internal("no stand-in".into()));
        }
        self.adopt(id);
        self.shared.locals.insert(id, kind);
        self.end_stand_in(id);
        Ok(())
    }

    /// Notes that a coroutine of the sandbox has come to its end.
    pub(crate) fn note_ended(&mut self, id: Id) {
        self.shared.ended.insert(id);
        self.view.push_by_id(self.stack, Part::Replicas, id);
        self.end_stand_in(id);
        self.stack.pop(1);
    }

    /// Ends what stands for a coroutine, on top of the stack, if that has ended. `(-0, +0)`
    fn end_stand_in(&mut self, id: Id) {
        if self.stack.kind(-1) == Type::Thread && self.shared.ended.contains(&id) {
            let stand_in = self.stack.top();
            self.view.push_slot(self.stack, Slot::EndStandIn);
            self.stack.push_value(stand_in);
            self.stack.call(1, 0, 0);
            self.stack.set_top(stand_in);
        }
    }
}
