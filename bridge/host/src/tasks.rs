//! Tasks: starting sandboxes, running functions in them, waiting for and cancelling what runs.
//!
//! Main thread only; each function is the body of an entry of the library's surface in `lib.rs`.

use std::ffi::c_int;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bridge_sandbox::{Options, Paths, Policy, Rules};
use bridge_wire::{Encoder, Id, Kind, Reference, encode_message};

use crate::capture::Capture;
use crate::error::HostError;
use crate::session::{Host, Placement, Session, host};
use crate::stack::{Stack, Type};
use crate::{OUTBOX, expect, id_argument, wake};

/// Reads a field of the table at an index. `(-0, +1)`
fn push_field(stack: &mut Stack<'_>, table: c_int, name: &str) {
    stack.push_string(name.as_bytes());
    stack.raw_get(table);
}

fn field_string(stack: &mut Stack<'_>, table: c_int, name: &str) -> Option<Vec<u8>> {
    push_field(stack, table, name);
    let value = stack.string(-1).map(<[u8]>::to_vec);
    stack.pop(1);
    value
}

fn field_number(stack: &mut Stack<'_>, table: c_int, name: &str) -> Option<f64> {
    push_field(stack, table, name);
    let value = (stack.kind(-1) == Type::Number).then(|| stack.number(-1));
    stack.pop(1);
    value
}

fn field_list(stack: &mut Stack<'_>, table: c_int, name: &str) -> Vec<Vec<u8>> {
    let mut strings = Vec::new();
    push_field(stack, table, name);
    if stack.kind(-1) == Type::Table {
        let list = stack.top();
        for n in 1..=stack.raw_len(list) as c_int {
            stack.raw_get_index(list, n);
            strings.push(stack.string(-1).unwrap_or_default().to_vec());
            stack.pop(1);
        }
    }
    stack.pop(1);
    strings
}

fn path(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    std::ffi::OsString::from_vec(bytes).into()
}

pub(crate) fn start_sandbox(stack: &mut Stack<'_>) -> Result<c_int, HostError> {
    let host = host()?;
    if host.leaving.get() {
        return Err(HostError::Leaving);
    }
    stack.set_top(4);
    expect(stack, 1, Type::Function, "a function")?;
    expect(stack, 2, Type::Table, "a table of arguments")?;
    expect(stack, 4, Type::Table, "a table of options")?;
    let options = read_options(stack, 4)?;
    let placement = match field_string(stack, 4, "callbacks").as_deref() {
        Some(b"thread") => Placement::Thread,
        Some(b"sync") => Placement::Sync,
        Some(b"by result") => Placement::ByResult,
        _ => Placement::Main,
    };
    let relaxed = options.relaxed;
    let share_modules = field_string(stack, 4, "modules").as_deref() == Some(b"shared");
    let outbox = OUTBOX
        .with_borrow(Clone::clone)
        .ok_or(HostError::NotSetUp)?;
    let handle = bridge_sandbox::spawn(options, outbox, Arc::new(wake::wake))
        .map_err(|error| HostError::Spawn(error.to_string()))?;
    let session = Rc::new(Session::new(
        &host,
        stack,
        handle,
        placement,
        relaxed,
        share_modules,
    )?);
    let started = encode_task(stack, &host, &session, Kind::Start, 1, 2, false);
    match started {
        Ok((_, message)) => session.handle.0.send(message),
        Err(error) => {
            session.handle.0.kill();
            session.end(stack);
            return Err(error);
        }
    }
    stack.push_number(session.id.into());
    host.sessions.borrow_mut().insert(session.id, session);
    Ok(1)
}

fn read_options(stack: &mut Stack<'_>, table: c_int) -> Result<Options, HostError> {
    let runtime_path = field_list(stack, table, "runtime_path");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let mut rules = |name| {
        field_list(stack, table, name)
            .into_iter()
            .map(text)
            .collect()
    };
    let (allow, deny) = (rules("allow"), rules("deny"));
    let policy = match field_string(stack, table, "policy").as_deref() {
        Some(b"pure") => Policy::Pure,
        Some(b"listed") => Policy::Listed(Arc::new(Rules {
            allow,
            deny,
            callbacks: field_number(stack, table, "may_hand_over") == Some(1.0),
        })),
        _ => Policy::Trusted,
    };
    let name = field_string(stack, table, "name").unwrap_or_default();
    Ok(Options {
        name: String::from_utf8_lossy(&name).into_owned(),
        seed: field_number(stack, table, "seed").unwrap_or(0.0) as u64,
        fuel: field_number(stack, table, "fuel").map(|fuel| fuel as u64),
        memory: field_number(stack, table, "memory").map(|bytes| bytes as usize),
        timeout: field_number(stack, table, "timeout")
            .map(|milliseconds| Duration::from_micros((milliseconds.max(0.0) * 1000.0) as u64)),
        policy,
        hrtime: field_number(stack, table, "hrtime").map(|shown| (Instant::now(), shown as u64)),
        relaxed: field_string(stack, table, "sync").as_deref() == Some(b"relaxed"),
        paths: Paths {
            vimruntime: path(field_string(stack, table, "vimruntime").unwrap_or_default()),
            runtime_path: runtime_path.into_iter().map(path).collect(),
            package_path: field_string(stack, table, "package_path").unwrap_or_default(),
        },
    })
}

/// Encodes a message that runs the function at an index with the arguments in the table after it,
/// whose number comes after that; with `changes`, all that the host has changed goes along.
fn encode_task(
    stack: &mut Stack<'_>,
    host: &Host,
    session: &Session,
    kind: Kind,
    function: c_int,
    arguments: c_int,
    changes: bool,
) -> Result<(u64, Vec<u8>), HostError> {
    let count = stack.number(arguments + 1).max(0.0) as usize;
    let top = stack.top();
    let task = session.give_task();
    let message: Result<Vec<u8>, HostError> = (|| {
        let mut capture = Capture::new(host, session, stack)?;
        let mut fields = Encoder::new();
        capture.value(function, &mut fields)?;
        fields.array_len(count);
        for n in 1..=count {
            capture.stack.raw_get_index(arguments, n as c_int);
            let value = capture.stack.top();
            capture.value(value, &mut fields)?;
            capture.stack.pop(1);
        }
        if changes {
            capture.collect_delta()?;
        }
        capture.finish()?;
        Ok(encode_message(kind, task, Some(&capture.delta), &fields))
    })();
    stack.set_top(top);
    Ok((task, message?))
}

pub(crate) fn call_sandbox(stack: &mut Stack<'_>) -> Result<c_int, HostError> {
    let host = host()?;
    stack.set_top(4);
    expect(stack, 2, Type::Function, "a function")?;
    expect(stack, 3, Type::Table, "a table of arguments")?;
    let id = id_argument(stack, 1);
    let session = host.session(id).ok_or(HostError::Ended(id))?;
    if !host.enter(stack, &session)? {
        return Err(HostError::Ended(id));
    }
    let encoded = encode_task(stack, &host, &session, Kind::Invoke, 2, 3, true);
    let sent = encoded.map(|(task, message)| {
        session.handle.0.send(message);
        task
    });
    host.leave(stack, &session);
    stack.push_number(sent? as f64);
    Ok(1)
}

pub(crate) fn cancel_task(stack: &mut Stack<'_>) -> Result<c_int, HostError> {
    let host = host()?;
    stack.set_top(3);
    let Some(session) = host.session(id_argument(stack, 1)) else {
        return Ok(0);
    };
    let task = stack.number(2) as u64;
    let by_value = matches!(
        stack.kind(3),
        Type::Nil | Type::Boolean | Type::Number | Type::String
    );
    if !by_value && !host.enter(stack, &session)? {
        return Ok(0);
    }
    let message = Capture::new(&host, &session, stack).and_then(|mut capture| {
        let mut fields = Encoder::new();
        capture.value(3, &mut fields)?;
        capture.finish()?;
        Ok(encode_message(
            Kind::Cancel,
            task,
            Some(&capture.delta),
            &fields,
        ))
    });
    if let Ok(message) = &message {
        session.handle.0.send(message.clone());
    }
    if !by_value {
        host.leave(stack, &session);
    }
    message.map(|_| 0)
}

pub(crate) fn invoke_function(stack: &mut Stack<'_>) -> Result<c_int, HostError> {
    let host = host()?;
    let id = id_argument(stack, 1);
    let session = host.session(id).ok_or(HostError::Ended(id))?;
    let function = Id::from_raw(stack.number(2) as u64);
    let function = function.ok_or(HostError::Argument("a function's id", "something else"))?;
    let last = stack.top();
    if !host.enter(stack, &session)? {
        return Err(HostError::Ended(id));
    }
    let task = session.give_task();
    let message = Capture::new(&host, &session, stack).and_then(|mut capture| {
        let mut fields = Encoder::new();
        fields.reference(Reference::Function, function);
        fields.array_len((last - 3).max(0) as usize);
        for index in 4..=last {
            capture.value(index, &mut fields)?;
        }
        capture.collect_delta()?;
        Ok(encode_message(
            Kind::Invoke,
            task,
            Some(&capture.delta),
            &fields,
        ))
    });
    stack.set_top(last);
    let sent = message.map(|message| session.handle.0.send(message));
    host.leave(stack, &session);
    sent?;
    stack.push_number(task as f64);
    Ok(1)
}

pub(crate) fn work_for_task(stack: &mut Stack<'_>) -> Result<c_int, HostError> {
    let host = host()?;
    let id = id_argument(stack, 1);
    let task = stack.number(2) as u64;
    let end = Instant::now() + Duration::from_millis(stack.number(3).max(0.0) as u64);
    loop {
        let session = host.session(id).ok_or(HostError::Ended(id))?;
        let finished = {
            let mut awaited = session.awaited.borrow_mut();
            awaited.entry(task).or_insert(None).is_some()
        };
        if finished {
            stack.push_boolean(true);
            return Ok(1);
        }
        let next = host.receive().then(|| host.queue.borrow_mut().pop_front());
        if let Some(Some(incoming)) = next {
            host.deal_with(stack, incoming);
            continue;
        }
        let now = Instant::now();
        if now >= end || bridge_sandbox::is_inline() {
            stack.push_boolean(false);
            return Ok(1);
        }
        host.listen(end - now);
    }
}

pub(crate) fn take_task_results(stack: &mut Stack<'_>) -> Result<c_int, HostError> {
    let host = host()?;
    let id = id_argument(stack, 1);
    let session = host.session(id).ok_or(HostError::Ended(id))?;
    let task = stack.number(2) as u64;
    let message = session.awaited.borrow_mut().remove(&task).flatten();
    match message {
        Some(bytes) => host.push_outcome(stack, &session, &bytes),
        None => Ok(0),
    }
}
