//! Shared variables: what the host has written since the sandbox last heard of it, and the reverse.
//!
//! LuaJIT tells nobody about writes, so each variable is compared with its shadow, the encoded value
//! that both sides know. A carrier is a closure through which a variable can be read and written.
//! Runs while the host holds the baton.

use std::ffi::c_int;

use bridge_wire::{Decoder, Encoder, Id, Mutation, mutated};

use crate::capture::Capture;
use crate::error::HostError;
use crate::instantiate::Instantiate;
use crate::session::{CellRecord, Part, Slot};

impl Capture<'_, '_> {
    /// Writes everything that the host has changed in what it shares.
    pub(crate) fn collect_delta(&mut self) -> Result<(), HostError> {
        self.changed_cells()?;
        let tables: Vec<Id> = self.shared.tables.keys().copied().collect();
        for id in tables {
            self.changed_table(id)?;
        }
        self.changed_environments()?;
        self.ended_coroutines();
        self.finish()?;
        self.forget_notes();
        // Turns that go on may write before they note that they do.
        let is_inside = self.session.depth.get() > 1;
        self.session.compare_all.set(is_inside);
        Ok(())
    }

    /// Writes all variables that differ from what the sandbox knows.
    pub(crate) fn changed_cells(&mut self) -> Result<(), HostError> {
        let cells = self.shared.cells.iter();
        let cells: Vec<Id> = cells
            .filter(|(_, cell)| !cell.immutable)
            .map(|(&id, _)| id)
            .collect();
        for id in cells {
            self.changed_cell(id)?;
        }
        Ok(())
    }

    /// Writes a variable's value if it differs from what the sandbox knows.
    pub(crate) fn changed_cell(&mut self, id: Id) -> Result<(), HostError> {
        let Some(upvalue) = self.shared.cells.get(&id).map(|cell| cell.upvalue) else {
            return Ok(());
        };
        let top = self.stack.top();
        self.view.push_carrier(self.stack, id);
        if self.stack.is_nil(-1) || self.stack.upvalue(top + 1, upvalue).is_none() {
            self.stack.set_top(top);
            return Ok(());
        }
        let mut value = Encoder::new();
        let mark = self.remotes.len();
        self.value(top + 2, &mut value)?;
        self.stack.set_top(top);
        if let Some(cell) = self.shared.cells.get_mut(&id)
            && cell.shadow != value.as_bytes()
        {
            self.delta.fills.cell(id).append(value.as_bytes());
            cell.shadow = value.into_bytes();
            self.host.tell_of_cell(self.session, cell.key);
        } else {
            self.unsay(mark);
        }
        Ok(())
    }
}

impl Instantiate<'_, '_> {
    /// Makes a variable of the sandbox and pushes its carrier. `(-0, +1)`
    pub(crate) fn create_cell(&mut self, id: Id, immutable: bool) -> Result<(), HostError> {
        self.view.push_slot(self.stack, Slot::Carrier);
        self.stack.push_nil();
        if !self.stack.call(1, 1, 0) {
            return Err(HostError::Internal("no carrier".into()));
        }
        let carrier = self.stack.top();
        let upvalue = 1;
        let key = self.stack.upvalue_id(carrier, upvalue);
        self.stack.push_value(carrier);
        self.view.set_by_id(self.stack, Part::WeakCarriers, id);
        self.shared.cell_ids.insert(key, id);
        let record = CellRecord {
            upvalue,
            key,
            immutable,
            shadow: vec![0xc0],
        };
        self.shared.cells.insert(id, record);
        Ok(())
    }

    /// Pushes the carrier of a variable, which is made again from its shadow if it was lost.
    /// Returns which upvalue of the carrier it is. `(-0, +1)`
    pub(crate) fn carrier(&mut self, id: Id) -> Result<c_int, HostError> {
        self.view.push_carrier(self.stack, id);
        if let Some(cell) = self.shared.cells.get(&id)
            && !self.stack.is_nil(-1)
        {
            return Ok(cell.upvalue);
        }
        self.stack.pop(1);
        let Some(lost) = self.shared.cells.remove(&id) else {
            return Err(self.unknown(id));
        };
        self.create_cell(id, lost.immutable)?;
        let carrier = self.stack.top();
        self.value(&mut Decoder::new(&lost.shadow))?;
        self.stack.set_upvalue(carrier, 1);
        if let Some(cell) = self.shared.cells.get_mut(&id) {
            cell.shadow = lost.shadow;
        }
        Ok(1)
    }

    /// Assigns a variable as the sandbox has.
    pub(crate) fn fill_cell(&mut self, id: Id, mut value: Decoder<'_>) -> Result<(), HostError> {
        let start = value.offset();
        let top = self.stack.top();
        let upvalue = self.carrier(id)?;
        let keeps = self.has_own_cell(top + 1, upvalue, id)?;
        if let Some(cell) = self.shared.cells.get(&id) {
            self.host.tell_of_cell(self.session, cell.key);
        }
        self.value(&mut value)?;
        if !keeps {
            self.stack.set_upvalue(top + 1, upvalue);
        }
        self.stack.set_top(top);
        if mutated(Mutation::StaleShadow) {
            return Ok(());
        }
        if let Some(cell) = self.shared.cells.get_mut(&id) {
            cell.shadow.clear();
            let bytes = value.slice(start, value.offset());
            cell.shadow.extend_from_slice(bytes);
        }
        Ok(())
    }
}
