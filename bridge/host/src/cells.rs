//! Shared variables: what the host has written since the sandbox last heard of it, and the reverse.
//!
//! LuaJIT tells nobody about writes, so each variable is compared with its shadow, the encoded value
//! that both sides know. A carrier is a closure through which a variable can be read and written.
//! Runs while the host holds the baton.

use std::ffi::c_int;

use bridge_wire::{Decoder, Encoder, Id, Side};

use crate::capture::Capture;
use crate::error::HostError;
use crate::instantiate::Instantiate;
use crate::session::{CellRecord, Part, Slot};

impl Capture<'_, '_> {
    /// Writes everything that the host has changed in what it shares.
    pub(crate) fn collect_delta(&mut self) -> Result<(), HostError> {
        let cells = self.shared.cells.iter();
        let cells: Vec<Id> = cells
            .filter(|(_, cell)| !cell.immutable)
            .map(|(&id, _)| id)
            .collect();
        for id in cells {
            self.changed_cell(id)?;
        }
        let tables: Vec<Id> = self.shared.tables.keys().copied().collect();
        for id in tables {
            self.changed_table(id)?;
        }
        self.finish()
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
        self.value(top + 2, &mut value)?;
        self.stack.set_top(top);
        if let Some(cell) = self.shared.cells.get_mut(&id)
            && cell.shadow != value.as_bytes()
        {
            self.delta.fills.cell(id).append(value.as_bytes());
            cell.shadow = value.into_bytes();
        }
        Ok(())
    }

    /// Tells the sandbox which of its objects nobody here has any more.
    ///
    /// Only sound when no message of the sandbox is left to apply.
    pub(crate) fn release_lost(&mut self) {
        let is_lost = |capture: &mut Self, part: Part, id: Id| {
            capture.view.push_by_id(capture.stack, part, id);
            let lost = capture.stack.is_nil(-1);
            capture.stack.pop(1);
            lost
        };
        let of_sandbox = |id: &&Id| id.side() == Side::Sandbox;
        let shared = &*self.shared;
        let objects = shared.functions.keys().chain(shared.locals.iter());
        let objects = objects.chain(shared.tables.keys().filter(of_sandbox));
        let mut objects: Vec<Id> = objects.copied().collect();
        objects.sort_unstable();
        let cells: Vec<Id> = shared.cells.keys().filter(of_sandbox).copied().collect();
        for id in objects {
            if is_lost(self, Part::Replicas, id) {
                self.shared.functions.remove(&id);
                self.shared.tables.remove(&id);
                self.shared.locals.remove(&id);
                self.delta.objects.released(id, 1);
            }
        }
        for id in cells {
            if is_lost(self, Part::WeakCarriers, id) && is_lost(self, Part::Carriers, id) {
                if let Some(cell) = self.shared.cells.remove(&id)
                    && self.shared.cell_ids.get(&cell.key) == Some(&id)
                {
                    self.shared.cell_ids.remove(&cell.key);
                }
                self.delta.objects.released(id, 1);
            }
        }
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
        self.value(&mut value)?;
        self.stack.set_upvalue(top + 1, upvalue);
        self.stack.set_top(top);
        if let Some(cell) = self.shared.cells.get_mut(&id) {
            cell.shadow.clear();
            let bytes = value.slice(start, value.offset());
            cell.shadow.extend_from_slice(bytes);
        }
        Ok(())
    }
}
