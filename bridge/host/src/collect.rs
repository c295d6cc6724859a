//! Garbage that both heaps take part in.
//!
//! Each side keeps its own objects as long as the other has replicas, so a cycle through both keeps itself
//! alive. It is found with all sandboxes parked: each tells what nothing in it refers to but on behalf of the
//! host's replicas, the host holds its own objects among these weakly for the length of one collection, and
//! what that collects is released on both sides. `PROTOCOL.md` says why this is sound. Main thread only.

use std::ffi::c_int;
use std::rc::Rc;

use bridge_sandbox::Traced;
use bridge_wire::{Encoder, Kind, Side, encode_message};

use crate::capture::Capture;
use crate::error::HostError;
use crate::session::{Host, Part, Session, Slot, push_weak_table};
use crate::stack::{Stack, Type};

/// Fewer shared objects than these are not worth a collection while there is traffic.
const FEW: u64 = 512;

/// Nor is one for so many bytes of both heaps: a collection takes as long as they are large.
const BYTES_PER_OBJECT: u64 = 2048;

/// With more bytes in all there is no collection just because nothing goes on: main would wait for it.
const LARGE: u64 = 32 << 20;

/// When garbage of a session was last looked for.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    /// Collections on the host since the last look for lost replicas.
    pub(crate) host_cycles: u32,
    /// What the session's traffic was at the last look.
    seen: u64,
    /// What it was after the last search for cycles.
    searched: u64,
    /// How many shared objects that search has left.
    left: usize,
}

impl Collected {
    /// Returns whether cycles should be looked for because there is much more than the last search has left.
    fn has_grown(&self, traffic: u64, shared: usize, bytes: u64) -> bool {
        let few = FEW.max(bytes / BYTES_PER_OBJECT);
        self.searched != traffic && shared as u64 > few.max(2 * self.left as u64)
    }

    /// Returns the same after a collection of the host: because it was asked for, or because nothing goes on.
    fn is_quiet(&mut self, traffic: u64) -> bool {
        let is_asked = std::mem::take(&mut self.host_cycles) > 1;
        let is_quiet = std::mem::replace(&mut self.seen, traffic) == traffic;
        is_asked || (is_quiet && self.searched != traffic)
    }
}

impl Host {
    /// Tells sandboxes which of their objects a collection has found to be gone, and looks for cycles through
    /// both heaps if there may be some.
    pub(crate) fn sweep(&self, stack: &mut Stack<'_>) -> Result<(), HostError> {
        let mut due = Vec::new();
        let mut search = false;
        let sessions = self.sessions.borrow();
        // A search collects all of them.
        let memory = |session: &Rc<Session>| session.handle.0.stats().memory;
        let bytes = stack.heap_bytes() + sessions.values().map(memory).sum::<u64>();
        for session in sessions.values() {
            // Main waits for no call of the operating system; the next sweep is not far.
            if session.depth.get() > 0 || session.handle.0.is_held_up() {
                continue;
            }
            let shared = session.shared.borrow().len();
            let traffic = session.traffic.get();
            let mut collected = session.collected.borrow_mut();
            search |= collected.has_grown(traffic, shared, bytes);
            if collected.host_cycles > 0 {
                search |= collected.is_quiet(traffic) && shared > 0 && bytes < LARGE;
                due.push(Rc::clone(session));
            }
        }
        let mut free: Vec<Rc<Session>> = Vec::new();
        if search {
            free.extend(sessions.values().cloned());
        }
        drop(sessions);
        if search {
            free.retain(|session| session.depth.get() == 0 && !session.handle.0.is_held_up());
            free.sort_unstable_by_key(|session| session.id);
            return self.collect_cycles(stack, &free);
        }
        for session in due {
            if self.enter(stack, &session)? {
                let sent = self.send_changes(stack, &session);
                self.leave(stack, &session);
                if let Err(error) = sent {
                    self.fail(stack, &session, &error);
                }
            }
        }
        Ok(())
    }

    /// Parks the sandboxes and frees the garbage that they and the host keep alive for each other.
    fn collect_cycles(
        &self,
        stack: &mut Stack<'_>,
        sessions: &[Rc<Session>],
    ) -> Result<(), HostError> {
        let mut parked = Vec::new();
        for session in sessions {
            if !self.enter(stack, session)? {
                continue;
            }
            match self.ask(stack, session) {
                Ok(traced) => parked.push((session, traced)),
                Err(error) => {
                    self.leave(stack, session);
                    self.fail(stack, session, &error);
                }
            }
        }
        let top = stack.top();
        for (n, (session, traced)) in (0..).zip(&mut parked) {
            if weaken(self, stack, session, traced).is_err() {
                *traced = Traced::default();
                stack.set_top(top + n);
                stack.push_nil();
            }
            // All that was written has been sent.
            session.hold_replicas(stack, false);
        }
        // Finalizers run here; they may use threads, and find nothing borrowed.
        self.push_slot(stack, Slot::Collect);
        stack.call(0, 0, 0);
        for (n, (session, traced)) in (0..).zip(parked) {
            let sent = self.settle(stack, session, &traced, top + 1 + n);
            self.leave(stack, session);
            if let Err(error) = sent {
                self.fail(stack, session, &error);
            }
        }
        stack.set_top(top);
        Ok(())
    }

    /// Brings both sides of a parked sandbox up to date; returns what nothing in it refers to.
    fn ask(&self, stack: &mut Stack<'_>, session: &Rc<Session>) -> Result<Traced, HostError> {
        self.send_changes(stack, session)?;
        let traced = session.handle.0.trace();
        // Releases came before the answer.
        self.apply_waiting(stack, session)?;
        let traced = traced.filter(|_| !session.has_undecoded());
        Ok(traced.unwrap_or_default())
    }

    /// Keeps again what has survived, releases the rest and tells the sandbox; the objects lie in a weak table.
    fn settle(
        &self,
        stack: &mut Stack<'_>,
        session: &Rc<Session>,
        traced: &Traced,
        survivors: c_int,
    ) -> Result<(), HostError> {
        if session.ended.get() {
            return Ok(());
        }
        let top = stack.top();
        let message = Capture::new(self, session, stack).map(|mut capture| {
            capture.settle(traced, survivors);
            if !session.has_undecoded() {
                capture.release_lost();
            }
            let mut collected = session.collected.borrow_mut();
            collected.host_cycles = 0;
            collected.searched = session.traffic.get();
            collected.seen = session.traffic.get();
            collected.left = capture.shared.len();
            let delta = &capture.delta;
            let message = || encode_message(Kind::Changes, 0, Some(delta), &Encoder::new());
            (!delta.is_empty()).then(message)
        });
        stack.set_top(top);
        if let Some(message) = message? {
            session.handle.0.send(message);
        }
        Ok(())
    }
}

/// Moves what a sandbox does not refer to into a weak table, which is pushed. `(-0, +1)`
///
/// Values that stay in the sandbox refer to others there alone: for the length of the collection, what stands
/// for them here refers to the same, by its environment.
fn weaken(
    host: &Host,
    stack: &mut Stack<'_>,
    session: &Session,
    traced: &Traced,
) -> Result<(), HostError> {
    stack.reserve(24)?;
    let base = stack.top();
    let view = session.open(host, stack)?;
    push_weak_table(stack, "v");
    let survivors = stack.top();
    let strong = [Part::Originals, Part::Carriers];
    let weak = [Part::Replicas, Part::WeakCarriers];
    for (id, behind) in &traced.locals {
        view.push_by_id(stack, Part::Replicas, *id);
        let stand_in = stack.top();
        if !stack.is_nil(stand_in) {
            stack.new_table(0, 0);
            let all = behind.as_ref().unwrap_or(&traced.unreached);
            for &id in all {
                for part in strong.into_iter().chain(weak) {
                    let place = stack.raw_len(stand_in + 1) as c_int + 1;
                    view.push_by_id(stack, part, id);
                    stack.raw_set_index(stand_in + 1, place);
                }
            }
            stack.set_environment(stand_in);
        }
        stack.pop(1);
    }
    for &id in &traced.unreached {
        for part in strong {
            view.push_by_id(stack, part, id);
            if stack.is_nil(-1) {
                stack.pop(1);
                continue;
            }
            stack.push_number(id.raw() as f64);
            let key = stack.top() - 1;
            stack.insert(key);
            stack.raw_set(survivors);
            stack.push_nil();
            view.set_by_id(stack, part, id);
        }
    }
    stack.replace(base + 1);
    stack.set_top(base + 1);
    Ok(())
}

impl Capture<'_, '_> {
    /// Keeps the surviving objects of the host again and forgets the others.
    fn settle(&mut self, traced: &Traced, survivors: c_int) {
        for (id, _) in &traced.locals {
            self.view.push_by_id(self.stack, Part::Replicas, *id);
            if !self.stack.is_nil(-1) {
                let proxy = self.stack.top();
                self.stack.push_globals();
                self.stack.set_environment(proxy);
            }
            self.stack.pop(1);
        }
        let mut lost_cells = Vec::new();
        for &id in &traced.unreached {
            let is_cell = self.shared.cells.contains_key(&id);
            if self.stack.kind(survivors) != Type::Table {
                return;
            }
            self.stack.push_number(id.raw() as f64);
            self.stack.raw_get(survivors);
            if !self.stack.is_nil(-1) {
                let part = if is_cell {
                    Part::Carriers
                } else {
                    Part::Originals
                };
                self.view.set_by_id(self.stack, part, id);
                continue;
            }
            self.stack.pop(1);
            if id.side() == Side::Sandbox {
                // A replica: `release_lost` finds it if it is gone.
                continue;
            }
            if is_cell {
                lost_cells.push(id);
            } else if self.shared.forget(id) {
                self.delta.objects.released(id, 1);
            }
        }
        if lost_cells.is_empty() {
            return;
        }
        // A variable lives as long as any function that has it; another one may carry it from now on.
        let mut carriers = self.shared.carriers();
        for id in lost_cells {
            let carrier = carriers.remove(&id);
            if let Some((function, upvalue)) = carrier {
                self.view.push_by_id(self.stack, Part::Originals, function);
                let original = self.stack.top();
                if self.host.push_wrapped(self.stack, original) {
                    self.stack.remove(original);
                }
                self.view.set_by_id(self.stack, Part::Carriers, id);
                if let Some(cell) = self.shared.cells.get_mut(&id) {
                    cell.upvalue = upvalue;
                }
            } else {
                self.shared.forget(id);
                self.delta.objects.released(id, 1);
            }
        }
    }
}
