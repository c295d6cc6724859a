//! The right to touch a sandbox's shared variables, held by its worker or by the host, never by both.
//!
//! Used from the host's main thread and from one worker thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long the host looks for the baton before it sleeps. A sandbox that only takes note of a message has it for a
/// microsecond, one that computes for some ten; to sleep and to be woken takes five at least.
const SPIN: Duration = Duration::from_micros(20);

/// Who may run Lua that sees the shared variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    Nobody,
    Worker,
    /// The host, that many entries deep.
    Host(u32),
}

///
/// The return of a host call is no safe point: in `id = create(…)` nobody runs between the two halves. So
/// while an answer is under way the host does not get the baton before the worker has had it.
#[derive(Debug)]
struct State {
    holder: Holder,
    /// Answers to host calls that the host has sent.
    answered: u64,
    /// Those of them with which the sandbox has gone on.
    taken: u64,
    /// Nothing of the sandbox runs any more.
    ended: bool,
}

impl State {
    /// Returns whether the sandbox must run before the host does.
    fn owes_a_turn(&self) -> bool {
        self.taken < self.answered && !self.ended
    }
}

/// One sandbox's baton.
#[derive(Debug)]
pub(crate) struct Baton {
    state: Mutex<State>,
    given: Condvar,
    /// The host waits: the worker should give it at its next safe point.
    wanted: AtomicBool,
    /// The worker has it, for who looks without the lock.
    is_busy: AtomicBool,
}

impl Baton {
    pub(crate) fn new() -> Self {
        Baton {
            state: Mutex::new(State {
                holder: Holder::Nobody,
                answered: 0,
                taken: 0,
                ended: false,
            }),
            given: Condvar::new(),
            wanted: AtomicBool::new(false),
            is_busy: AtomicBool::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is consistent after each statement, so a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an answer to a host call; before it is sent.
    pub(crate) fn answer(&self) {
        self.lock().answered += 1;
    }

    /// Returns whether there are answers with which the sandbox has not gone on.
    pub(crate) fn owes_a_turn(&self) -> bool {
        self.lock().owes_a_turn()
    }

    /// Takes the baton for the host, waiting for the worker's slice to end, and for it to begin when there are
    /// answers under way; false when the sandbox has ended.
    pub(crate) fn enter(&self) -> bool {
        let mut state = self.lock();
        if state.holder == Holder::Worker {
            self.wanted.store(true, Ordering::Relaxed);
            drop(state);
            self.spin();
            state = self.lock();
        }
        loop {
            match state.holder {
                Holder::Host(depth) => {
                    state.holder = Holder::Host(depth + 1);
                    return !state.ended;
                }
                Holder::Nobody if !state.owes_a_turn() => {
                    state.holder = Holder::Host(1);
                    self.wanted.store(false, Ordering::Relaxed);
                    return !state.ended;
                }
                Holder::Nobody | Holder::Worker => {
                    self.wanted.store(true, Ordering::Relaxed);
                    state = self
                        .given
                        .wait(state)
                        .unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Waits a little for the worker to give the baton.
    fn spin(&self) {
        let started = Instant::now();
        while self.is_busy.load(Ordering::Relaxed) && started.elapsed() < SPIN {
            std::hint::spin_loop();
        }
    }

    /// Changes the holder from or to the worker.
    fn pass(&self, state: &mut State, holder: Holder) {
        state.holder = holder;
        self.is_busy
            .store(holder == Holder::Worker, Ordering::Relaxed);
    }

    /// Takes the baton for the host like `enter`; nothing if that takes waiting.
    pub(crate) fn try_enter(&self) -> Option<bool> {
        let mut state = self.lock();
        state.holder = match state.holder {
            Holder::Worker => return None,
            Holder::Nobody => Holder::Host(1),
            Holder::Host(depth) => Holder::Host(depth + 1),
        };
        Some(!state.ended)
    }

    /// Undoes one `enter`; returns whether the baton is free now.
    pub(crate) fn leave(&self) -> bool {
        let mut state = self.lock();
        match state.holder {
            Holder::Host(depth) if depth > 1 => {
                state.holder = Holder::Host(depth - 1);
                false
            }
            Holder::Host(_) => {
                state.holder = Holder::Nobody;
                true
            }
            Holder::Nobody | Holder::Worker => false,
        }
    }

    /// Takes the baton for the worker unless the host has it or waits for it.
    pub(crate) fn try_take(&self) -> bool {
        let mut state = self.lock();
        if state.holder != Holder::Nobody || self.is_wanted() && !state.owes_a_turn() {
            return false;
        }
        self.pass(&mut state, Holder::Worker);
        true
    }

    /// Returns whether the worker holds the baton.
    pub(crate) fn is_workers(&self) -> bool {
        self.lock().holder == Holder::Worker
    }

    /// Gives the worker's baton back; the sandbox has gone on with that many answers.
    pub(crate) fn give(&self, taken: u64) {
        let mut state = self.lock();
        state.taken = taken;
        if state.holder == Holder::Worker {
            self.pass(&mut state, Holder::Nobody);
        }
        drop(state);
        self.given.notify_all();
    }

    /// Gives the worker's baton to the host, which has lent it.
    pub(crate) fn hand_over(&self) {
        let mut state = self.lock();
        if state.holder == Holder::Worker {
            self.pass(&mut state, Holder::Host(1));
        }
        drop(state);
        self.given.notify_all();
    }

    /// Lets go of all of the host's entries at once.
    pub(crate) fn lend(&self) {
        let mut state = self.lock();
        if matches!(state.holder, Holder::Host(_)) {
            state.holder = Holder::Nobody;
        }
    }

    /// Waits for the worker to hand over what was lent; false when the sandbox has ended. It counts as one entry.
    pub(crate) fn reclaim(&self) -> bool {
        let mut state = self.lock();
        loop {
            match state.holder {
                Holder::Host(_) => return !state.ended,
                Holder::Nobody if state.ended => {
                    state.holder = Holder::Host(1);
                    return false;
                }
                _ => {
                    state = self
                        .given
                        .wait(state)
                        .unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Returns whether the host waits.
    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }

    /// Tells that the sandbox has ended: whoever enters from now on is told so.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        if state.holder == Holder::Worker {
            self.pass(&mut state, Holder::Nobody);
        }
        drop(state);
        self.given.notify_all();
    }
}
