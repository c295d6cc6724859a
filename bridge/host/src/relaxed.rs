//! `sync = "relaxed"`: callbacks on main start at once, without the baton.
//!
//! A callback sees what the sandbox has sent by then, and what it writes is handed over as soon as
//! the baton is to be had without waiting: at its end, or else at the next turn of the main loop,
//! which waits for the running slice. So both sides may write the same variable between two
//! exchanges, and what the sandbox sends meets what main has not sent yet. Then main's value stays,
//! variable by variable and entry by entry: what is applied last wins, as if the callback had run at
//! the moment of the exchange with old values in its hands. A value is always one that somebody has
//! written, and a table or function always itself.

use std::ffi::c_int;
use std::rc::Rc;

use bridge_sandbox::Entered;
use bridge_wire::{Decoder, Id};

use crate::error::HostError;
use crate::instantiate::Instantiate;
use crate::session::{Host, Session, Slot};
use crate::stack::{Stack, Type};
use crate::wake;

impl Host {
    /// Starts a callback without the baton; false if the sandbox has ended.
    pub(crate) fn begin_relaxed(
        &self,
        stack: &mut Stack<'_>,
        session: &Rc<Session>,
    ) -> Result<bool, HostError> {
        if session.ended.get() {
            return Ok(false);
        }
        session.hold_replicas(stack, true);
        self.apply_waiting(stack, session)?;
        Ok(!session.ended.get())
    }

    /// Ends such a callback: hands over now if nobody has to wait for that, else soon.
    pub(crate) fn end_relaxed(
        &self,
        stack: &mut Stack<'_>,
        session: &Rc<Session>,
    ) -> Result<(), HostError> {
        if session.ended.get() {
            return Ok(());
        }
        if session.depth.get() > 0 {
            // Whoever holds it goes on; what it sends may not be everything.
            session.owes.set(true);
            wake::wake_again();
            return Ok(());
        }
        match session.handle.0.try_enter() {
            Some(Entered::Ready) => {
                session.owes.set(false);
                session.depth.set(1);
            }
            Some(Entered::Ended) => {
                let applied = self.apply_waiting(stack, session);
                session.handle.0.leave();
                return applied;
            }
            None => {
                session.owes.set(true);
                wake::wake_again();
                return Ok(());
            }
        }
        let sent = self
            .apply_waiting(stack, session)
            .and_then(|()| self.send_changes(stack, session));
        self.leave(stack, session);
        self.settled(stack, session, sent)
    }

    /// Hands over what main has written, waiting for the running slice.
    pub(crate) fn hand_over(
        &self,
        stack: &mut Stack<'_>,
        session: &Rc<Session>,
    ) -> Result<(), HostError> {
        let sent = self.enter(stack, session).and_then(|entered| {
            if !entered {
                return Ok(());
            }
            let sent = self.send_changes(stack, session);
            session.owes.set(false);
            self.leave(stack, session);
            sent
        });
        self.settled(stack, session, sent)
    }

    fn settled(
        &self,
        stack: &mut Stack<'_>,
        session: &Rc<Session>,
        sent: Result<(), HostError>,
    ) -> Result<(), HostError> {
        session.owes.set(false);
        if let Err(error) = &sent {
            self.fail(stack, session, error);
        }
        sent
    }

    /// Hands over what relaxed callbacks have left; a session that fails has told why.
    pub(crate) fn pay(&self, stack: &mut Stack<'_>) {
        let sessions = self.sessions.borrow();
        let owing = sessions.values().filter(|session| session.owes.get());
        let mut owing: Vec<Rc<Session>> = owing.cloned().collect();
        drop(sessions);
        owing.sort_unstable_by_key(|session| session.id);
        for session in owing {
            let _ = self.hand_over(stack, &session);
        }
    }
}

impl Instantiate<'_, '_> {
    /// Returns whether main has written the variable behind an upvalue since the last exchange.
    pub(crate) fn has_own_cell(
        &mut self,
        carrier: c_int,
        upvalue: c_int,
        id: Id,
    ) -> Result<bool, HostError> {
        if !self.session.relaxed {
            return Ok(false);
        }
        let Some(shadow) = self.shared.cells.get(&id).map(|cell| cell.shadow.clone()) else {
            return Ok(false);
        };
        let top = self.stack.top();
        let differs = self.stack.upvalue(carrier, upvalue).is_some()
            && self.differs(self.stack.top(), &shadow)?;
        self.stack.set_top(top);
        Ok(differs)
    }

    /// The same for the entry of a table whose key is on top and encoded.
    pub(crate) fn has_own_entry(
        &mut self,
        table: c_int,
        id: Id,
        key: &[u8],
    ) -> Result<bool, HostError> {
        if !self.session.relaxed {
            return Ok(false);
        }
        let record = self.shared.tables.get(&id);
        let entry = record.and_then(|record| record.shadow.get(key));
        let shadow = entry.map(|entry| entry.value.clone());
        let key = self.stack.top();
        self.stack.push_value(key);
        self.stack.raw_get(table);
        let differs = match shadow {
            Some(shadow) => self.differs(key + 1, &shadow)?,
            None => !self.stack.is_nil(key + 1),
        };
        self.stack.set_top(key);
        Ok(differs)
    }

    /// The same for the metatable of a table.
    pub(crate) fn has_own_metatable(&mut self, table: c_int, id: Id) -> Result<bool, HostError> {
        if !self.session.relaxed {
            return Ok(false);
        }
        let record = self.shared.tables.get(&id);
        let shadow = record.map_or_else(Vec::new, |record| record.metatable.clone());
        let top = self.stack.top();
        if !self.stack.metatable(table) {
            return Ok(!shadow.is_empty());
        }
        let differs = shadow.is_empty() || self.differs(top + 1, &shadow)?;
        self.stack.set_top(top);
        Ok(differs)
    }

    /// Returns whether the value at an index is another than an encoded one.
    fn differs(&mut self, index: c_int, shadow: &[u8]) -> Result<bool, HostError> {
        let top = self.stack.top();
        self.value(&mut Decoder::new(shadow))?;
        let known = top + 1;
        let same = match (self.stack.kind(index), self.stack.kind(known)) {
            (Type::Number, Type::Number) => {
                let (a, b) = (self.stack.number(index), self.stack.number(known));
                // Neither 0 and -0 are the same, nor is any NaN another than itself.
                a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
            }
            (Type::Cdata, Type::Cdata) => self.halves(index) == self.halves(known),
            _ => self.stack.raw_equal(index, known),
        };
        self.stack.set_top(top);
        Ok(!same)
    }

    /// Returns what a 64-bit integer consists of, which crosses by value.
    fn halves(&mut self, index: c_int) -> (f64, f64, bool) {
        self.view.push_slot(self.stack, Slot::SplitInteger);
        self.stack.push_value(index);
        if !self.stack.call(1, 3, 0) {
            self.stack.pop(1);
            return (f64::NAN, f64::NAN, false);
        }
        let (high, low) = (self.stack.number(-3), self.stack.number(-2));
        let is_unsigned = self.stack.boolean(-1);
        self.stack.pop(3);
        (high, low, is_unsigned)
    }
}
