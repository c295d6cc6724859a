//! The baton on the host's side: callbacks that run on main take it, and give it back with a delta.
//!
//! Main thread only. While `Session::depth` is not 0 the sandbox does not run; whoever raises it
//! lowers it, whatever happens in between.

use std::rc::Rc;

use bridge_sandbox::Entered;
use bridge_wire::{Encoder, Kind, Message, encode_message};

use crate::capture::Capture;
use crate::error::HostError;
use crate::session::{Activation, Host, Session};
use crate::stack::Stack;
use crate::wake;

impl Host {
    /// Applies the deltas of all messages of a session that have arrived.
    fn apply_waiting(&self, stack: &mut Stack<'_>, session: &Rc<Session>) -> Result<(), HostError> {
        self.receive();
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
                session.pending.set(session.pending.get() + 1);
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
        if let Err(error) = self.apply_waiting(stack, session) {
            self.leave(session);
            return Err(error);
        }
        Ok(true)
    }

    /// Gives the baton back, if it was taken no more than once.
    pub(crate) fn leave(&self, session: &Session) {
        let depth = session.depth.get();
        if depth == 0 {
            return;
        }
        session.depth.set(depth - 1);
        if depth == 1 {
            session.handle.0.leave();
        }
    }

    /// Sends what the host has changed; the baton is held.
    pub(crate) fn send_changes(
        &self,
        stack: &mut Stack<'_>,
        session: &Rc<Session>,
    ) -> Result<(), HostError> {
        let top = stack.top();
        let message = Capture::new(self, session, stack).and_then(|mut capture| {
            capture.collect_delta()?;
            if capture.session.pending.get() == 0 && capture.session.sweep.take() {
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

    /// Takes the baton for a callback; returns what `exit` wants, or nothing if there is no need.
    pub(crate) fn begin_callback(
        &self,
        stack: &mut Stack<'_>,
        session: &Rc<Session>,
    ) -> Result<Option<u32>, HostError> {
        let address = stack.coroutine();
        let within = {
            let activations = session.activations.borrow();
            let mut held = activations.iter().filter(|activation| !activation.detached);
            held.any(|activation| activation.address == address)
        };
        if within || !self.enter(stack, session)? {
            return Ok(None);
        }
        let is_main = stack.push_coroutine();
        let coroutine = stack.keep();
        if !is_main {
            // Should it yield, the next drain finds it suspended.
            wake::wake();
        }
        let token = session.give_token();
        session.activations.borrow_mut().push(Activation {
            token,
            coroutine,
            address,
            detached: false,
        });
        Ok(Some(token))
    }

    /// Sends what a callback has changed and gives the baton back.
    pub(crate) fn end_callback(
        &self,
        stack: &mut Stack<'_>,
        session: &Rc<Session>,
        token: u32,
    ) -> Result<(), HostError> {
        let activation = {
            let mut activations = session.activations.borrow_mut();
            let place = activations.iter().rposition(|one| one.token == token);
            place.map(|place| activations.remove(place))
        };
        let Some(activation) = activation else {
            return Ok(());
        };
        stack.drop_kept(activation.coroutine);
        if session.ended.get() || (activation.detached && !self.enter(stack, session)?) {
            return Ok(());
        }
        let sent = self.send_changes(stack, session);
        self.leave(session);
        if let Err(error) = &sent {
            self.fail(stack, session, error);
        }
        sent
    }

    /// Gives back the baton of callbacks that have yielded.
    pub(crate) fn give_back_suspended(&self, stack: &mut Stack<'_>) -> Result<(), HostError> {
        let sessions: Vec<Rc<Session>> = self.sessions.borrow().values().cloned().collect();
        for session in sessions {
            if session.depth.get() == 0 {
                continue;
            }
            let mut suspended = 0;
            for activation in session.activations.borrow_mut().iter_mut() {
                stack.push_kept(activation.coroutine);
                if !activation.detached && stack.is_suspended(-1) {
                    activation.detached = true;
                    suspended += 1;
                }
                stack.pop(1);
            }
            if suspended > 0 {
                let sent = self.send_changes(stack, &session);
                for _ in 0..suspended {
                    self.leave(&session);
                }
                if let Err(error) = sent {
                    self.fail(stack, &session, &error);
                }
            }
        }
        Ok(())
    }

    /// After a garbage collection: tells idle sandboxes which of their objects are gone.
    pub(crate) fn sweep(&self, stack: &mut Stack<'_>) -> Result<(), HostError> {
        let sessions = self.sessions.borrow();
        let due = sessions.values().filter(|session| session.sweep.get());
        let due: Vec<Rc<Session>> = due.cloned().collect();
        drop(sessions);
        for session in due {
            if session.depth.get() > 0 {
                continue;
            }
            if self.enter(stack, &session)? {
                let sent = self.send_changes(stack, &session);
                self.leave(&session);
                if let Err(error) = sent {
                    self.fail(stack, &session, &error);
                }
            }
        }
        Ok(())
    }
}
