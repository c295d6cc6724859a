//! Messages from sandboxes: host calls are served, results handed on, callbacks take the baton.
//!
//! Main thread only. A drain works through the queue for at most 2 ms and stops as soon as Neovim's
//! loop has other events, so that typing stays smooth however much a sandbox asks for.

use std::ffi::c_int;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bridge_wire::{
    Decoder, Encoder, HostCall, Kind, Message, Mutation, Operation, Reference, Side, Target, Token,
    encode_message, mutated,
};

use crate::callbacks::has_fields;
use crate::capture::Capture;
use crate::error::HostError;
use crate::instantiate::{Instantiate, load_modules};
use crate::rewrite::KEEP;
use crate::session::{Host, Incoming, Session, Slot};
use crate::stack::{ALL, Stack, Type};
use crate::wake;

/// How long a drain may keep Neovim from everything else.
const BUDGET: Duration = Duration::from_millis(2);
/// How often a drain looks whether Neovim has something else to do.
const LOOK: Duration = Duration::from_micros(100);
/// How long the host waits for the next call of a sandbox that it has just answered.
const LINGER: Duration = Duration::from_micros(20);
/// After that many fruitless waits in a row the host waits only now and then.
const PATIENCE: u32 = 4;

thread_local! {
    /// Fruitless waits in a row.
    static MISSES: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

impl Host {
    /// Works through the queue; returns early, with a wake under way, when time is up.
    pub(crate) fn drain(&self, stack: &mut Stack<'_>) -> Result<(), HostError> {
        let start = Instant::now();
        let mut look = start;
        self.give_back_suspended(stack)?;
        self.pay(stack);
        loop {
            let mut answered = false;
            while self.receive() {
                let Some(incoming) = self.queue.borrow_mut().pop_front() else {
                    break;
                };
                answered = self.deal_with(stack, incoming);
                let now = Instant::now();
                if now - look > LOOK {
                    look = now;
                    if wake::loop_has_events(stack) {
                        wake::wake_again();
                        return Ok(());
                    }
                }
                if now - start > BUDGET {
                    wake::wake_again();
                    return Ok(());
                }
            }
            if answered && self.linger() {
                continue;
            }
            self.sweep(stack)?;
            wake::rest();
            if (self.inbox.is_empty() && self.queue.borrow().is_empty()) || !wake::resume() {
                return Ok(());
            }
        }
    }

    /// Waits briefly for the next message and returns whether one came.
    fn linger(&self) -> bool {
        let misses = MISSES.get();
        // A sandbox that thinks between its calls is not worth waiting for each time.
        if misses > PATIENCE && !misses.is_multiple_of(16) {
            MISSES.set(misses.wrapping_add(1));
            return false;
        }
        let start = Instant::now();
        let mut spins = 0;
        while start.elapsed() < LINGER {
            if !self.inbox.is_empty() {
                MISSES.set(0);
                return true;
            }
            spins += 1;
            // Both threads may share a processor.
            if spins > 20 {
                std::thread::yield_now();
            } else {
                std::hint::spin_loop();
            }
        }
        MISSES.set(misses.wrapping_add(1));
        false
    }

    /// Deals with one message and returns whether the sandbox was waiting for that.
    pub(crate) fn deal_with(&self, stack: &mut Stack<'_>, incoming: Incoming) -> bool {
        let Some(session) = self.session(incoming.session) else {
            return false;
        };
        if incoming.applied && has_fields(&incoming.bytes) {
            session.pending.set(session.pending.get() - 1);
        }
        if session.owes.get() && self.hand_over(stack, &session).is_err() {
            return false;
        }
        let top = stack.top();
        session.decoding.set(session.decoding.get() + 1);
        let result = self.message(stack, &session, &incoming);
        session.decoding.set(session.decoding.get() - 1);
        stack.set_top(top);
        session.forget_buried(stack);
        match result {
            Ok(answered) => answered,
            Err(error) => {
                self.fail(stack, &session, &error);
                false
            }
        }
    }

    fn message(
        &self,
        stack: &mut Stack<'_>,
        session: &Rc<Session>,
        incoming: &Incoming,
    ) -> Result<bool, HostError> {
        let message = Message::decode(&incoming.bytes)?;
        if !incoming.applied {
            self.apply(stack, session, &message)?;
        }
        match message.kind {
            Kind::HostCall => {
                let call = HostCall::decode(message.fields)?;
                self.serve(stack, session, message.number, call)
            }
            Kind::Finished => {
                self.finished(stack, session, &incoming.bytes)?;
                Ok(false)
            }
            Kind::Published => Ok(false),
            Kind::Ended => {
                let mut fields = message.fields;
                let outcome = fields.string()?.to_vec();
                self.end(stack, session, &outcome, None);
                Ok(false)
            }
            _ => Err(HostError::Internal(format!(
                "a sandbox sent a {:?} message",
                message.kind
            ))),
        }
    }

    /// Applies a message's delta.
    pub(crate) fn apply(
        &self,
        stack: &mut Stack<'_>,
        session: &Session,
        message: &Message<'_>,
    ) -> Result<(), HostError> {
        let Some(delta) = &message.delta else {
            return Ok(());
        };
        session.count_traffic();
        load_modules(self, stack, delta)?;
        let top = stack.top();
        let applied = Instantiate::new(self, session, stack)
            .and_then(|mut instantiate| instantiate.apply_delta(delta));
        stack.set_top(top);
        applied
    }

    /// Ends a sandbox whose messages make no sense, or to which nothing can be sent any more.
    pub(crate) fn fail(&self, stack: &mut Stack<'_>, session: &Rc<Session>, error: &HostError) {
        session.handle.0.kill();
        self.end(stack, session, b"failed", Some(&error.to_string()));
    }

    /// Lets go of a sandbox and tells Lua.
    fn end(
        &self,
        stack: &mut Stack<'_>,
        session: &Rc<Session>,
        outcome: &[u8],
        reason: Option<&str>,
    ) {
        if session.ended.get() {
            return;
        }
        if session.depth.replace(0) > 0 {
            session.handle.0.leave();
        }
        self.sessions.borrow_mut().remove(&session.id);
        session.end(stack);
        let top = stack.top();
        if stack.reserve(16).is_ok() {
            self.push_dispatch(stack, b"ended", session);
            stack.push_string(outcome);
            match reason {
                Some(reason) => stack.push_string(reason.as_bytes()),
                None => stack.push_nil(),
            }
            crate::push_stats_of(stack, session);
            stack.call(5, 0, 0);
        }
        stack.set_top(top);
    }

    fn push_dispatch(&self, stack: &mut Stack<'_>, what: &[u8], session: &Session) {
        self.push_slot(stack, Slot::Dispatch);
        stack.push_string(what);
        stack.push_number(session.id.into());
    }

    /// Hands the results of a task to whoever waits for them.
    fn finished(
        &self,
        stack: &mut Stack<'_>,
        session: &Rc<Session>,
        bytes: &[u8],
    ) -> Result<(), HostError> {
        let number = Message::decode(bytes)?.number;
        if let Some(slot) = session.awaited.borrow_mut().get_mut(&number) {
            *slot = Some(bytes.to_vec());
            return Ok(());
        }
        stack.reserve(8)?;
        let top = stack.top();
        self.push_dispatch(stack, b"finished", session);
        stack.push_number(number as f64);
        let count = self.push_outcome(stack, session, bytes)?;
        // An error in it is a defect of the Lua files, and nobody could be told.
        stack.call(3 + count, 0, 0);
        stack.set_top(top);
        Ok(())
    }

    /// Pushes outcome, traceback, ok and results of a `Finished` message; returns their number.
    pub(crate) fn push_outcome(
        &self,
        stack: &mut Stack<'_>,
        session: &Session,
        bytes: &[u8],
    ) -> Result<c_int, HostError> {
        let mut fields = Message::decode(bytes)?.fields;
        let ok = fields.boolean()?;
        let mut values = fields.value()?;
        let outcome = fields.string()?;
        let traceback = fields.optional_string()?;
        let base = stack.top();
        stack.push_string(outcome);
        match traceback {
            Some(traceback) => stack.push_string(traceback),
            None => stack.push_nil(),
        }
        stack.push_boolean(ok);
        let count = if ok { values.array()? } else { 1 };
        let pushed = self.push_values(stack, session, &mut values, count)?;
        debug_assert_eq!(stack.top(), base + 3 + pushed);
        Ok(3 + pushed)
    }

    /// Pushes that many values. `(-0, +count)`
    fn push_values(
        &self,
        stack: &mut Stack<'_>,
        session: &Session,
        values: &mut Decoder<'_>,
        count: u32,
    ) -> Result<c_int, HostError> {
        let count = c_int::try_from(count).map_err(|_| HostError::StackOverflow)?;
        stack.reserve(count.saturating_add(48))?;
        let base = stack.top();
        let mut instantiate = Instantiate::new(self, session, stack)?;
        let first = instantiate.stack.top();
        for _ in 0..count {
            instantiate.value(values)?;
        }
        instantiate.refill()?;
        drop(instantiate);
        // The values slide down over the session's tables.
        for n in 1..=count {
            stack.push_value(first + n);
            stack.replace(base + n);
        }
        // More tables than values may have been there.
        stack.set_top(base + count);
        Ok(count)
    }

    /// Serves a host call and returns whether an answer was sent.
    fn serve(
        &self,
        stack: &mut Stack<'_>,
        session: &Rc<Session>,
        number: u64,
        call: HostCall<'_>,
    ) -> Result<bool, HostError> {
        let base = stack.top();
        stack.reserve(8)?;
        self.push_slot(stack, Slot::Handler);
        let handler = base + 1;
        let by_reference = call.operation == Operation::Operate
            || matches!(call.target, Target::Reference(Reference::Function, _));
        let answer = match (by_reference, call.operation) {
            (false, _) => Answer::Copies,
            (true, Operation::Operate) => Answer::Operated,
            (true, _) => Answer::Called,
        };
        let serving = session.serving.get();
        session
            .serving
            .set(serving + u32::from(answer != Answer::Called));
        let performed = self.perform(stack, session, handler, &call);
        session.serving.set(serving);
        let ok = performed?;
        if call.operation == Operation::Post {
            if !ok {
                self.report(stack, session);
            }
            return Ok(false);
        }
        let sent = self.reply(stack, session, number, ok, handler, answer);
        match sent {
            Ok(()) => {}
            // The results cannot cross: that is the answer.
            Err(error @ (HostError::Copy { .. } | HostError::TooMuch(_))) => {
                stack.set_top(handler);
                stack.push_string(error.to_string().as_bytes());
                self.reply(stack, session, number, false, handler, Answer::Copies)?;
            }
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// Does what a host call asks for; leaves the results above `handler`, or one error value.
    fn perform(
        &self,
        stack: &mut Stack<'_>,
        session: &Session,
        handler: c_int,
        call: &HostCall<'_>,
    ) -> Result<bool, HostError> {
        let arguments =
            c_int::try_from(call.argument_count).map_err(|_| HostError::StackOverflow)?;
        let keys = self.push_call(stack, session, call, arguments)?;
        let object = handler + 1;
        let last_key = object + keys;
        let is_set = call.operation == Operation::Set;
        if is_set && keys == 0 {
            stack.push_string(b"threading: there is nothing to assign to");
            slide(stack, handler, stack.top(), 1);
            return Ok(false);
        }
        let steps = if is_set { keys - 1 } else { keys };
        for key in object + 1..=object + steps {
            if !self.step(stack, object, key, handler) {
                slide(stack, handler, stack.top(), 1);
                return Ok(false);
            }
        }
        let ok = match call.operation {
            Operation::Get => {
                stack.set_top(object);
                return Ok(true);
            }
            Operation::Set => {
                self.push_slot(stack, Slot::Assign);
                for value in [object, last_key, last_key + 1] {
                    stack.push_value(value);
                }
                stack.call(3, 0, handler)
            }
            Operation::Call | Operation::Post | Operation::Operate => {
                if stack.is_nil(object) && keys > 0 {
                    let message = format!(
                        "attempt to call field '{}' (a nil value)",
                        describe(stack, last_key)
                    );
                    stack.push_string(message.as_bytes());
                    false
                } else {
                    stack.push_value(object);
                    stack.replace(last_key);
                    if stack.kind(last_key) == Type::Function {
                        self.push_slot(stack, Slot::Apply);
                        stack.insert(last_key);
                        stack.call(arguments + 1, ALL, handler)
                    } else {
                        stack.call(arguments, ALL, handler)
                    }
                }
            }
        };
        let top = stack.top();
        if !ok {
            slide(stack, handler, top, 1);
        } else if is_set {
            stack.set_top(handler);
        } else {
            slide(stack, handler, last_key, top - last_key + 1);
        }
        Ok(ok)
    }

    /// Pushes what a path starts from, the keys and the arguments; returns the number of keys.
    fn push_call(
        &self,
        stack: &mut Stack<'_>,
        session: &Session,
        call: &HostCall<'_>,
        arguments: c_int,
    ) -> Result<c_int, HostError> {
        let base = stack.top();
        let mut keys = 0;
        // An operator does nothing with functions that it is given, unless it calls somebody.
        let mut for_neovim = matches!(call.target, Target::Path(..));
        let room = match &call.target {
            Target::Path(len, _) => c_int::try_from(*len).map_err(|_| HostError::StackOverflow)?,
            Target::Reference(..) => 0,
        };
        stack.reserve(room.saturating_add(arguments).saturating_add(48))?;
        let mut instantiate = Instantiate::new(self, session, stack)?;
        let first = instantiate.stack.top();
        match &call.target {
            Target::Reference(kind, id) => {
                instantiate.object(*id)?;
                if *kind == Reference::Function && id.side() == Side::Host {
                    instantiate.wrap_own(*id)?;
                }
                let function = instantiate.stack.top();
                if call.operation == Operation::Call
                    && instantiate.host.push_wrapped(instantiate.stack, function)
                {
                    // The sandbox asks for main, whatever the placement of callbacks is.
                    instantiate.stack.upvalue(function, KEEP);
                    let slot = Slot::OnMain;
                    instantiate.view.push_slot(instantiate.stack, slot);
                    instantiate.stack.insert(function + 1);
                    if !instantiate.stack.call(2, 1, 0) {
                        return Err(HostError::Internal("no wrapper".into()));
                    }
                    instantiate.stack.replace(function);
                }
            }
            Target::Path(_, path) => {
                let mut path = path.clone();
                let mut rest = path.clone();
                keys = room;
                let root = if keys > 0 { rest.token()? } else { Token::Nil };
                let named = match root {
                    operator if call.operation == Operation::Operate => {
                        for_neovim = operator == Token::String(b"call");
                        instantiate
                            .view
                            .push_slot(instantiate.stack, Slot::Operators);
                        false
                    }
                    Token::Reference(_, id) => {
                        instantiate.object(id)?;
                        true
                    }
                    Token::String(b"_G") => {
                        instantiate.stack.push_globals();
                        true
                    }
                    _ => {
                        instantiate.view.push_slot(instantiate.stack, Slot::Vim);
                        false
                    }
                };
                if named {
                    path = rest;
                    keys -= 1;
                }
                for _ in 0..keys {
                    instantiate.value(&mut path)?;
                }
            }
        }
        let mut values = call.arguments.clone();
        instantiate.for_neovim = for_neovim;
        for n in 0..arguments {
            instantiate.value(&mut values)?;
            if n == 0 && for_neovim && call.operation == Operation::Operate {
                instantiate.for_neovim = !instantiate.resumes();
            }
        }
        instantiate.refill()?;
        drop(instantiate);
        slide(stack, base, first + 1, 1 + keys + arguments);
        Ok(keys)
    }

    /// Replaces the object at an index by its field; false with the error on top if that raises.
    fn step(&self, stack: &mut Stack<'_>, object: c_int, key: c_int, handler: c_int) -> bool {
        if stack.kind(object) == Type::Table {
            stack.push_value(key);
            stack.raw_get(object);
            if !stack.is_nil(-1) {
                stack.replace(object);
                return true;
            }
            stack.pop(1);
        }
        if stack.is_nil(object) {
            let message = format!(
                "attempt to index field '{}' (a nil value)",
                describe(stack, key - 1)
            );
            stack.push_string(message.as_bytes());
            return false;
        }
        self.push_slot(stack, Slot::Index);
        stack.push_value(object);
        stack.push_value(key);
        let ok = stack.call(2, 1, handler);
        if ok {
            stack.replace(object);
        }
        ok
    }

    /// Answers a host call with what is above `handler`.
    fn reply(
        &self,
        stack: &mut Stack<'_>,
        session: &Rc<Session>,
        number: u64,
        ok: bool,
        handler: c_int,
        answer: Answer,
    ) -> Result<(), HostError> {
        let is_table = !ok && stack.kind(handler + 1) == Type::Table;
        let by_reference = answer != Answer::Copies || is_table;
        if by_reference && !self.enter(stack, session)? {
            return Ok(());
        }
        let (traceback, lacks_place) = if ok {
            (None, false)
        } else {
            self.take_traceback(stack)
        };
        let last = stack.top();
        let encoded = (|| {
            let mut capture = Capture::new(self, session, stack)?;
            let mut fields = Encoder::with_capacity(64);
            fields.boolean(ok);
            if ok {
                fields.array_len((last - handler) as usize);
            }
            for index in handler + 1..=last {
                if by_reference {
                    capture.value(index, &mut fields)?;
                } else {
                    let what = format_args!("result {}", index - handler).to_string();
                    capture.copy(index, if ok { &what } else { "the error" }, &mut fields)?;
                }
            }
            match &traceback {
                Some(traceback) => fields.string(traceback),
                None => fields.nil(),
            }
            fields.boolean(lacks_place);
            match answer {
                _ if !by_reference || mutated(Mutation::SkipReplyFlush) => {}
                Answer::Called => capture.collect_written()?,
                Answer::Operated | Answer::Copies => capture.collect_delta()?,
            }
            Ok(encode_message(
                Kind::Reply,
                number,
                Some(&capture.delta),
                &fields,
            ))
        })();
        stack.set_top(last);
        let sent = encoded.map(|message| session.handle.0.answer(message));
        if by_reference {
            self.leave(stack, session);
        }
        sent
    }

    /// Returns the traceback of the last error, and whether the place of the call is to be put before it.
    fn take_traceback(&self, stack: &mut Stack<'_>) -> (Option<Vec<u8>>, bool) {
        self.push_slot(stack, Slot::Trace);
        let trace = stack.top();
        stack.raw_get_index(trace, 1);
        let traceback = stack.string(-1).map(<[u8]>::to_vec);
        stack.push_nil();
        stack.raw_set_index(trace, 1);
        stack.raw_get_index(trace, 2);
        let lacks_place = stack.boolean(-1);
        stack.set_top(trace - 1);
        (traceback, lacks_place)
    }

    /// Reports the error on top of the stack, of a call that nobody waits for.
    fn report(&self, stack: &mut Stack<'_>, session: &Session) {
        let error = stack.top();
        let (traceback, _) = self.take_traceback(stack);
        self.push_dispatch(stack, b"error", session);
        stack.push_value(error);
        match traceback {
            Some(traceback) => stack.push_string(&traceback),
            None => stack.push_nil(),
        }
        stack.call(4, 0, 0);
    }
}

/// How a host call is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// Results cross by value.
    Copies,
    /// A Lua function was called, as a callback is: it has noted what it has written.
    Called,
    /// An operation was made, which may have run anything.
    Operated,
}

/// Moves `count` values from `from` on down to right above `floor`, and drops the rest.
fn slide(stack: &mut Stack<'_>, floor: c_int, from: c_int, count: c_int) {
    for n in 0..count {
        stack.push_value(from + n);
        stack.replace(floor + 1 + n);
    }
    stack.set_top(floor + count);
}

/// Says a key as an error message does.
fn describe(stack: &Stack<'_>, key: c_int) -> String {
    match stack.string(key) {
        Some(name) => String::from_utf8_lossy(name).into_owned(),
        None if stack.kind(key) == Type::Number => stack.number(key).to_string(),
        None => "?".into(),
    }
}
