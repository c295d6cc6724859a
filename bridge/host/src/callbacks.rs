//! The baton on the host's side: callbacks that run on main take it, and give it back with a delta.
//!
//! Main thread only. While `Session::depth` is not 0 the sandbox does not run; whoever raises it
//! lowers it, whatever happens in between.

use std::rc::Rc;

use bridge_sandbox::Entered;
use bridge_wire::{Encoder, Kind, Message, Mutation, encode_message, mutated};

use crate::capture::Capture;
use crate::error::HostError;
use crate::session::{Host, Incoming, Session, Slot};
use crate::stack::Stack;
use crate::wake;

/// Returns whether a message has more to decode than its delta.
pub(crate) fn has_fields(bytes: &[u8]) -> bool {
    bytes.get(1) != Some(&(Kind::Published as u8))
}

impl Host {
    /// Applies the deltas of all messages of a session that have arrived.
    pub(crate) fn apply_waiting(
        &self,
        stack: &mut Stack<'_>,
        session: &Rc<Session>,
    ) -> Result<(), HostError> {
        self.receive();
        if mutated(Mutation::ReverseDeltas) {
            let mut queue = self.queue.borrow_mut();
            let changes = |one: &Incoming| {
                let message = Message::decode(&one.bytes);
                one.session == session.id && message.is_ok_and(|m| m.kind == Kind::Published)
            };
            let places: Vec<usize> = (0..queue.len()).filter(|&at| changes(&queue[at])).collect();
            for (&a, &b) in places
                .iter()
                .zip(places.iter().rev())
                .take(places.len() / 2)
            {
                queue.swap(a, b);
            }
        }
        let mut at = 0;
        loop {
            let bytes = {
                let mut queue = self.queue.borrow_mut();
                let Some(incoming) = queue.get_mut(at) else {
                    return Ok(());
                };
                at += 1;
                if incoming.session != session.id || incoming.applied {
                    continue;
                }
                incoming.applied = true;
                if has_fields(&incoming.bytes) {
                    session.pending.set(session.pending.get() + 1);
                }
                // The message stays in its place: modules that are loaded below may receive more.
                std::mem::take(&mut incoming.bytes)
            };
            let applied = match Message::decode(&bytes) {
                Ok(message) => self.apply(stack, session, &message),
                Err(error) => Err(error.into()),
            };
            if let Some(incoming) = self.queue.borrow_mut().get_mut(at - 1) {
                incoming.bytes = bytes;
            }
            applied?;
        }
    }

    /// Takes the baton and applies everything that the sandbox has sent; false if it has ended.
    pub(crate) fn enter(
        &self,
        stack: &mut Stack<'_>,
        session: &Rc<Session>,
    ) -> Result<bool, HostError> {
        if session.ended.get() {
            return Ok(false);
        }
        if session.depth.get() == 0 {
            match session.handle.0.enter() {
                Entered::Ready => {}
                Entered::Ended => {
                    // Its last writes count all the same, and so does the entry.
                    let applied = self.apply_waiting(stack, session);
                    session.handle.0.leave();
                    return applied.map(|()| false);
                }
            }
        }
        session.depth.set(session.depth.get() + 1);
        session.hold_replicas(stack, true);
        if mutated(Mutation::StartBeforePark) {
            return Ok(true);
        }
        if let Err(error) = self.apply_waiting(stack, session) {
            self.leave(stack, session);
            return Err(error);
        }
        Ok(true)
    }

    /// Gives the baton back, if it was taken no more than once.
    ///
    /// What was written while it was held has been sent by then, unless somebody owes it.
    pub(crate) fn leave(&self, stack: &mut Stack<'_>, session: &Session) {
        let depth = session.depth.get();
        if depth == 0 {
            return;
        }
        session.depth.set(depth - 1);
        if depth == 1 {
            session.hold_replicas(stack, session.owes.get());
            session.handle.0.leave();
        }
    }

    /// Sends what the host has changed; the baton is held.
    pub(crate) fn send_changes(
        &self,
        stack: &mut Stack<'_>,
        session: &Rc<Session>,
    ) -> Result<(), HostError> {
        self.send_delta(stack, session, |capture| capture.collect_delta())
    }

    /// Sends what a capture finds; the baton is held.
    fn send_delta(
        &self,
        stack: &mut Stack<'_>,
        session: &Rc<Session>,
        collect: impl FnOnce(&mut Capture<'_, '_>) -> Result<(), HostError>,
    ) -> Result<(), HostError> {
        let top = stack.top();
        let message = Capture::new(self, session, stack).and_then(|mut capture| {
            collect(&mut capture)?;
            if !capture.session.has_undecoded() && capture.session.sweep.take() {
                capture.release_lost();
            }
            let delta = &capture.delta;
            let message = || encode_message(Kind::Changes, 0, Some(delta), &Encoder::new());
            Ok((!delta.is_empty()).then(message))
        });
        stack.set_top(top);
        if let Some(message) = message? {
            session.handle.0.send(message);
        }
        Ok(())
    }

    /// Takes the baton for a callback in the running coroutine; false if there is none to take.
    pub(crate) fn begin_callback(
        &self,
        stack: &mut Stack<'_>,
        session: &Rc<Session>,
    ) -> Result<bool, HostError> {
        if session.relaxed {
            return self.begin_relaxed(stack, session);
        }
        let entered = self.enter(stack, session)?;
        if entered && !stack.is_main_coroutine() {
            // Should it yield behind our back, the next drain finds it suspended.
            wake::wake();
        }
        Ok(entered)
    }

    /// Ends a callback's turn: sends what it has changed and gives the baton back, unless another
    /// callback below it goes on with both.
    pub(crate) fn end_callback(
        &self,
        stack: &mut Stack<'_>,
        session: &Rc<Session>,
    ) -> Result<(), HostError> {
        if session.relaxed {
            return self.end_relaxed(stack, session);
        }
        if session.depth.get() != 1 {
            self.leave(stack, session);
            return Ok(());
        }
        let sent = if mutated(Mutation::SkipCallbackFlush) {
            Ok(())
        } else {
            self.send_delta(stack, session, |capture| capture.collect_written())
        };
        self.leave(stack, session);
        if let Err(error) = &sent {
            self.fail(stack, session, error);
        }
        sent
    }

    /// Gives back the baton of callbacks that have yielded without our knowledge.
    pub(crate) fn give_back_suspended(&self, stack: &mut Stack<'_>) -> Result<(), HostError> {
        let sessions = self.sessions.borrow();
        let is_held = sessions.values().any(|session| session.depth.get() > 0);
        drop(sessions);
        if is_held {
            stack.reserve(4)?;
            self.push_slot(stack, Slot::GiveBack);
            if !stack.call(0, 0, 0) {
                // The session that failed has ended and has told why.
                stack.pop(1);
            }
        }
        Ok(())
    }
}
