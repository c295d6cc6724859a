//! For tests: main without an event loop. With the deterministic drive it also steps its sandboxes itself,
//! in virtual time.
//!
//! Main thread only; each function is the body of an entry of the library's surface in `lib.rs`.
//! `conformance/adapters/vm` and `threads` are made of them.

use std::ffi::c_int;
use std::time::Duration;

use crate::error::HostError;
use crate::session::{Host, host};
use crate::stack::{Stack, Type};

/// The longest time that can pass at once, in milliseconds.
const LONGEST: f64 = 1e12;

pub(crate) fn choose(stack: &mut Stack<'_>) -> Result<c_int, HostError> {
    if stack.string(1) != Some(b"inline") {
        let found = stack.type_name(1);
        return Err(HostError::Argument("the drive's name, \"inline\"", found));
    }
    if host().is_ok() {
        return Err(HostError::Internal(
            "the drive must be chosen before the first thread".into(),
        ));
    }
    bridge_sandbox::drive_inline();
    Ok(0)
}

pub(crate) fn step(stack: &mut Stack<'_>) -> Result<c_int, HostError> {
    let units = stack.number(1).max(0.0) as u64;
    let pick = stack.number(2).max(0.0) as usize;
    match bridge_sandbox::step(units, pick) {
        Some(id) => stack.push_number(id.0.into()),
        None => stack.push_nil(),
    }
    Ok(1)
}

pub(crate) fn look(stack: &mut Stack<'_>) -> Result<c_int, HostError> {
    let (ready, sleep) = bridge_sandbox::look();
    stack.push_number(ready as f64);
    let messages = host().map_or(0, |host| {
        host.receive();
        host.queue.borrow().len()
    });
    stack.push_number(messages as f64);
    match sleep {
        Some(time) => stack.push_number(time.as_secs_f64() * 1e3),
        None => stack.push_nil(),
    }
    Ok(3)
}

pub(crate) fn take(stack: &mut Stack<'_>) -> Result<c_int, HostError> {
    let dealt = host()?.take_one(stack)?;
    stack.push_boolean(dealt);
    Ok(1)
}

pub(crate) fn listen(stack: &mut Stack<'_>) -> Result<c_int, HostError> {
    let there = host()?.listen(milliseconds(stack));
    stack.push_boolean(there);
    Ok(1)
}

pub(crate) fn pass(stack: &mut Stack<'_>) -> Result<c_int, HostError> {
    bridge_sandbox::pass(milliseconds(stack));
    Ok(0)
}

/// Returns the time that the first argument gives.
fn milliseconds(stack: &Stack<'_>) -> Duration {
    Duration::from_nanos((stack.number(1).clamp(0.0, LONGEST) * 1e6) as u64)
}

pub(crate) fn trace(stack: &mut Stack<'_>) -> Result<c_int, HostError> {
    if stack.kind(1) == Type::Boolean && stack.boolean(1) {
        bridge_sandbox::record();
        return Ok(0);
    }
    stack.push_string(&bridge_sandbox::take_record());
    Ok(1)
}

impl Host {
    /// Deals with the message that has waited longest, without a look at any clock. When there is none,
    /// tells sandboxes of what the garbage collector has found, and returns false.
    fn take_one(&self, stack: &mut Stack<'_>) -> Result<bool, HostError> {
        self.give_back_suspended(stack)?;
        self.receive();
        let next = self.queue.borrow_mut().pop_front();
        match next {
            Some(incoming) => {
                self.deal_with(stack, incoming);
                Ok(true)
            }
            None => {
                self.sweep(stack)?;
                Ok(false)
            }
        }
    }
}
