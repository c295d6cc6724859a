//! Operations: what a sandbox does with its own values on behalf of main, which waits for it.
//!
//! Main thread only. Whatever main is in the middle of is one step, so meanwhile the sandbox runs nothing else,
//! and main serves nothing but what the operation itself asks for. The baton is lent, not given: the sandbox
//! hands it back when the operation has ended.

use std::ffi::c_int;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bridge_sandbox::{SandboxId, Status};
use bridge_wire::{Encoder, Kind, encode_message};

use crate::capture::Capture;
use crate::error::HostError;
use crate::id_argument;
use crate::session::{Host, Incoming, Operation, Session, host};
use crate::stack::Stack;

/// `operate(id, operator, …) -> task`
pub(crate) fn begin(stack: &mut Stack<'_>) -> Result<c_int, HostError> {
    let host = host()?;
    let id = id_argument(stack, 1);
    let operator = stack.string(2).unwrap_or_default();
    let path = [b"threading.operators.", operator].concat();
    let session = host.session(id).ok_or(HostError::Ended(id))?;
    let last = stack.top();
    if !host.enter(stack, &session)? {
        return Err(HostError::Ended(id));
    }
    if matches!(session.handle.0.status(), Status::Ended(_)) {
        // Its last message may be here already, and would wait for an operation that never ends.
        host.leave(stack, &session);
        return Err(HostError::Ended(id));
    }
    let task = session.give_task();
    let message = Capture::new(&host, &session, stack).and_then(|mut capture| {
        let mut fields = Encoder::new();
        fields.named_function(&path);
        fields.array_len((last - 2).max(0) as usize);
        for index in 3..=last {
            capture.value(index, &mut fields)?;
        }
        capture.collect_delta()?;
        let delta = Some(&capture.delta);
        Ok(encode_message(Kind::Operate, task, delta, &fields))
    });
    stack.set_top(last);
    let message = match message {
        Ok(message) => message,
        Err(error) => {
            host.leave(stack, &session);
            return Err(error);
        }
    };
    // The sandbox stands still: all that it has sent is in the queue, and applied.
    host.receive();
    let mut queue = host.queue.borrow_mut();
    let (deferred, others): (Vec<_>, Vec<_>) = queue.drain(..).partition(|one| one.session == id);
    queue.extend(others);
    drop(queue);
    session.awaited.borrow_mut().insert(task, None);
    session.operations.borrow_mut().push(Operation {
        task,
        depth: session.depth.replace(0),
        deferred,
    });
    session.handle.0.send(message);
    session.handle.0.lend();
    stack.push_number(task as f64);
    Ok(1)
}

/// `wait_operation(id, task, ms) -> boolean`
pub(crate) fn work(stack: &mut Stack<'_>) -> Result<c_int, HostError> {
    let host = host()?;
    let id = id_argument(stack, 1);
    let task = stack.number(2) as u64;
    let end = Instant::now() + Duration::from_millis(stack.number(3).max(0.0) as u64);
    let session = host.session(id).ok_or(HostError::Ended(id))?;
    loop {
        let is_done = matches!(session.awaited.borrow().get(&task), Some(Some(_)));
        if is_done || session.ended.get() {
            host.end_operation(stack, &session, task);
            stack.push_boolean(true);
            return Ok(1);
        }
        host.receive();
        let next = {
            let mut queue = host.queue.borrow_mut();
            let next = queue.iter().position(|one| one.session == id);
            next.and_then(|next| queue.remove(next))
        };
        if let Some(incoming) = next {
            host.deal_with(stack, incoming);
            continue;
        }
        if bridge_sandbox::is_inline() {
            if !step() {
                stack.push_boolean(false);
                return Ok(1);
            }
            continue;
        }
        let now = Instant::now();
        if now >= end {
            stack.push_boolean(false);
            return Ok(1);
        }
        if let Ok((SandboxId(session), bytes)) = host.inbox.recv_timeout(end - now) {
            host.queue.borrow_mut().push_back(Incoming {
                session,
                bytes,
                applied: false,
            });
        }
    }
}

/// Lets the sandboxes of the deterministic drive run a little, or sleep; false when there is nothing to wait for.
fn step() -> bool {
    if bridge_sandbox::step(bridge_sandbox::SLICE, 0).is_some() {
        return true;
    }
    let sleep = bridge_sandbox::look().1;
    sleep.inspect(|&time| bridge_sandbox::pass(time)).is_some()
}

impl Host {
    /// Takes the baton back from an operation that has ended, and goes on where main was.
    fn end_operation(&self, stack: &mut Stack<'_>, session: &Rc<Session>, task: u64) {
        let operation = {
            let mut operations = session.operations.borrow_mut();
            let place = operations.iter().rposition(|one| one.task == task);
            place.map(|place| operations.remove(place))
        };
        let Some(operation) = operation else {
            return;
        };
        let mut queue = self.queue.borrow_mut();
        for incoming in operation.deferred.into_iter().rev() {
            queue.push_front(incoming);
        }
        drop(queue);
        session.handle.0.reclaim();
        session.depth.set(operation.depth);
        session.hold_replicas(stack, true);
        if operation.depth > 1 {
            // A turn goes on whose writes were handed over in the middle.
            session.compare_all.set(true);
        }
        self.leave(stack, session);
    }
}
