//! The deterministic drive: sandboxes without a worker thread, which the host steps on its own.
//!
//! For tests. [`drive_inline`] chooses it for the calling thread, before its first sandbox; from then on
//! nothing runs but in [`step`], time passes only by [`pass`], and so a run depends on nothing but the
//! sequence of these calls. The structures and the turns are the worker's, so the protocol is the same.

use std::cell::RefCell;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::clock;
use crate::handle::{SandboxId, Shared};
use crate::worker::{Command, Sandboxes};

struct Stepper {
    sandboxes: Sandboxes,
    commands: Sender<Command>,
    receiver: Receiver<Command>,
    next_id: u32,
}

thread_local! {
    static STEPPER: RefCell<Option<Stepper>> = const { RefCell::new(None) };
    /// Messages of both directions, while they are recorded.
    static TRACE: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Has sandboxes that this thread makes from now on run only in [`step`], in virtual time.
pub fn drive_inline() {
    clock::stop();
    let (commands, receiver) = unbounded();
    STEPPER.set(Some(Stepper {
        sandboxes: Sandboxes::default(),
        commands,
        receiver,
        next_id: 1,
    }));
}

/// Returns whether this thread's sandboxes are stepped.
pub fn is_inline() -> bool {
    clock::is_virtual()
}

/// Returns how many sandboxes can run, and after how much time another one wakes up by itself.
pub fn look() -> (usize, Option<Duration>) {
    STEPPER.with_borrow_mut(|stepper| stepper.as_mut().map_or((0, None), Stepper::look))
}

/// Gives one sandbox a turn, in which a task gets at most `units` of fuel (with 0 only what the host has
/// sent is applied); of those that can run the one at index `pick`, counted round and round. Tells which
/// it was, `None` if none can run.
pub fn step(units: u64, pick: usize) -> Option<SandboxId> {
    STEPPER.with_borrow_mut(|stepper| {
        let stepper = stepper.as_mut()?;
        stepper.look();
        stepper.sandboxes.step(units, pick, &stepper.receiver)
    })
}

/// Lets a sandbox go on with the answers that are under way to it, as far as its next safe point.
pub(crate) fn settle(shared: &Shared) {
    STEPPER.with_borrow_mut(|stepper| {
        let Some(stepper) = stepper.as_mut() else {
            return;
        };
        while shared.baton.owes_a_turn() {
            stepper.look();
            if !stepper.sandboxes.step_one(shared.id, &stepper.receiver) {
                break;
            }
        }
    });
}

/// Lets virtual time pass.
pub fn pass(time: Duration) {
    clock::pass(time);
}

/// Begins to record all messages of this thread's sandboxes.
pub fn record() {
    TRACE.set(Some(Vec::new()));
}

/// Returns what was recorded, and goes on recording: for each message a line
/// `> sandbox bytes` (to it) or `< sandbox bytes` (from it), the bytes in hexadecimal digits.
pub fn take_record() -> Vec<u8> {
    TRACE.with_borrow_mut(|trace| trace.as_mut().map(std::mem::take).unwrap_or_default())
}

/// Records a message if that is wanted.
pub(crate) fn note(direction: u8, id: SandboxId, message: &[u8]) {
    if !is_inline() {
        return;
    }
    TRACE.with_borrow_mut(|trace| {
        let Some(trace) = trace else { return };
        trace.extend_from_slice(&[direction, b' ']);
        trace.extend_from_slice(id.0.to_string().as_bytes());
        trace.push(b' ');
        for &byte in message {
            let digit = |half: u8| b"0123456789abcdef"[usize::from(half)];
            trace.extend_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
        }
        trace.push(b'\n');
    });
}

/// Returns a number for a new sandbox of this thread and where to send its commands, if it is stepped.
pub(crate) fn admit() -> Option<(SandboxId, Sender<Command>)> {
    STEPPER.with_borrow_mut(|stepper| {
        let stepper = stepper.as_mut()?;
        let id = SandboxId(stepper.next_id);
        stepper.next_id += 1;
        Some((id, stepper.commands.clone()))
    })
}

/// Drops all sandboxes of this thread's stepper; later ones run nothing.
pub(crate) fn close() {
    STEPPER.set(None);
}

impl Stepper {
    fn look(&mut self) -> (usize, Option<Duration>) {
        while let Ok(command) = self.receiver.try_recv() {
            self.sandboxes.obey(command);
        }
        let timer = self.sandboxes.check_timers();
        let sleep = timer.map(|until| until - clock::now());
        (self.sandboxes.ready_count(), sleep)
    }
}
