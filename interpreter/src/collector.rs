//! When the collector works, and how much at a time.
//!
//! gc-arena marks and sweeps by units of work; in between, finalizers are set aside, the interner is purged
//! and weak tables are cleared. A large heap is collected in steps, so that no safe point takes long.

use gc_arena::arena::CollectionPhase;
use gc_arena::metrics::Pacing;
use gc_arena::{Finalization, Gc};

use crate::heap;
use crate::lua::{Lua, Root};
use crate::mirror::Reached;
use crate::table::{self, Table};
use crate::vm::{Metamethod, Vm};

/// What gc-arena counts as a unit of work: to trace an object, or to free or look at two or three.
pub(crate) const UNITS: Pacing = Pacing {
    sleep_factor: 0.0,
    min_sleep: 0,
    mark_factor: 0.2,
    trace_factor: 1.0,
    keep_factor: 0.3,
    drop_factor: 0.4,
    free_factor: 0.4,
};

/// Heaps with fewer objects and bytes are collected in one go: it is faster, and takes a few milliseconds at
/// most.
const SMALL_HEAP: usize = 30_000;
const SMALL_HEAP_BYTES: usize = 8 << 20;

/// Work of one step on a larger heap.
const STEP: f64 = 8_000.0;

/// Work of a step that a program asks for, for each kilobyte that it names; LuaJIT looks at as many bytes.
const UNITS_PER_KILOBYTE: f64 = 16.0;

/// Slots of the interner that a step purges, or userdata whose end it considers.
const PURGE_STEP: usize = 16 * 1024;

/// Least bytes between two collections, unless the heap is so small that a collection takes no time.
const MIN_GRANT: usize = 512 * 1024;

/// Bytes that may be allocated between two steps of a collection that is under way.
const STEP_GRANT: usize = 128 * 1024;

/// What is left to do when everything reachable is marked.
enum Marked {
    /// Objects were resurrected, for their finalizers; mark from them.
    MarkOn,
    /// Some of the work between marking and sweeping.
    Unfinished,
    /// Nothing: sweep.
    Done,
}

impl Lua {
    /// Lets the collector work if it is due; returns whether the memory limit is kept.
    pub(crate) fn collect_if_due(&mut self) -> bool {
        if !self.enter(|ctx| ctx.vm.heap.is_due()) {
            return true;
        }
        self.collect_step();
        if self.enter(|ctx| ctx.vm.heap.is_exceeded()) {
            self.collect();
        }
        !self.enter(|ctx| ctx.vm.heap.is_exceeded())
    }

    /// Collects all garbage.
    pub fn collect(&mut self) {
        self.lend();
        self.arena
            .mutate(|_, root| root.vm.collector_stopped.set(false));
        // A cycle that is under way may have marked what has died since; the next one has not.
        if self.arena.collection_phase() != CollectionPhase::Sleeping {
            self.finish_cycle();
        }
        self.finish_cycle();
        self.take_back();
    }

    /// Collects all garbage; what is stashed in these places does not count until it is known what can be
    /// reached without it.
    pub(crate) fn collect_aside(&mut self, places: &[usize]) -> Reached {
        self.lend();
        if self.arena.collection_phase() != CollectionPhase::Sleeping {
            self.finish_cycle();
        }
        self.arena.mutate(|mc, root| {
            mc.backward_barrier(Gc::erase(root.vm), None);
            let vm = root.vm.as_ref();
            vm.mirror.set_aside(&mut vm.stash.borrow_mut(), places);
        });
        let marked = self.arena.finish_marking();
        let reached = marked.expect("a cycle has begun").finalize(|fc, root| {
            let vm = root.vm.as_ref();
            let reached = vm.mirror.reached(fc);
            vm.mirror.restore(fc, &mut vm.stash.borrow_mut());
            reached
        });
        self.finish_cycle();
        self.take_back();
        reached
    }

    /// Returns the fuel that a full collection uses up: programs may ask for any number of them.
    pub(crate) fn collection_cost(&self) -> i64 {
        self.arena.metrics().total_gc_count() as i64 / 4
    }

    /// Does as much of a collection as belongs to `kilobytes` of allocation, and lets the collector run if it
    /// was stopped (`collectgarbage("step")`).
    pub(crate) fn collect_on_request(&mut self, kilobytes: u32) {
        let speed = self.arena.mutate(|_, root| {
            root.vm.collector_stopped.set(false);
            root.vm.step_multiplier.get().max(1) as f64 / 100.0
        });
        let mut units = f64::from(kilobytes.max(1)) * UNITS_PER_KILOBYTE * speed;
        self.lend();
        while units > 0.0 {
            self.step(units.min(STEP));
            units -= STEP;
            if self.arena.collection_phase() == CollectionPhase::Sleeping {
                break;
            }
        }
        self.take_back();
        let finished = self.arena.collection_phase() == CollectionPhase::Sleeping;
        self.enter(|ctx| ctx.vm.cycle_finished.set(finished));
    }

    /// Lends what a collection needs to this OS thread; other VMs of the thread may collect in between.
    fn lend(&mut self) {
        self.swap_weak_list();
        // A test that wants short steps counts objects, whatever their size.
        if self.stress.is_none() {
            heap::keep_books(Some(self.arena.metrics().clone()));
        }
    }

    fn take_back(&mut self) {
        heap::keep_books(None);
        self.swap_weak_list();
    }

    fn swap_weak_list(&mut self) {
        self.arena
            .mutate(|_, root| table::swap_weak_list(&mut root.vm.traced_weak.borrow_mut()));
    }

    fn finish_cycle(&mut self) {
        while let Some(marked) = self.arena.finish_marking() {
            if let Marked::Done = marked.finalize(|fc, root| finish_marking(fc, root, usize::MAX)) {
                break;
            }
        }
        self.arena.finish_cycle();
        self.steps = 0;
        self.settle(true);
    }

    /// Says how much may be allocated before the collector works again.
    fn settle(&mut self, finished: bool) {
        // What came while the cycle went on is kept whether it is alive or not, and will come in the next one too.
        let meanwhile = self.steps as usize * STEP_GRANT;
        if finished {
            self.steps = 0;
        }
        self.arena.mutate(|_, root| {
            let heap = &root.vm.heap;
            heap.settle();
            let grant = if finished {
                let pause = (root.vm.pause.get().max(101) - 100) as usize;
                let used = heap.used();
                let alive = used.saturating_sub(meanwhile);
                (alive / 100 * pause)
                    .saturating_sub(meanwhile)
                    .max(used / 400 * pause)
                    .max((used / 2 * 5).min(MIN_GRANT))
            } else {
                STEP_GRANT
            };
            heap.grant(grant);
        });
    }

    /// Does some of the collector's work, or all of it when the heap is small.
    fn collect_step(&mut self) {
        self.lend();
        self.collect_some();
        self.take_back();
    }

    fn is_small(&self) -> bool {
        self.stress.is_none()
            && self.arena.metrics().total_gc_count() < SMALL_HEAP
            && self.arena.mutate(|_, root| root.vm.heap.used()) < SMALL_HEAP_BYTES
    }

    fn collect_some(&mut self) {
        if self.arena.mutate(|_, root| root.vm.collector_stopped.get()) {
            return self.settle(true);
        }
        if self.arena.collection_phase() == CollectionPhase::Sleeping && self.is_small() {
            return self.finish_cycle();
        }
        self.step(self.stress.unwrap_or(STEP));
    }

    /// Does so many units of work.
    fn step(&mut self, units: f64) {
        // Exactly these, whatever was allocated since the last step: the grants pace the steps. A program that
        // keeps writing to what was traced cannot put off the end: the steps grow.
        let metrics = self.arena.metrics();
        let usual = 64 + metrics.total_gc_count() as u32 / (STEP as u32 / 4);
        self.steps += 1;
        metrics.adjust_debt(match self.stress {
            Some(_) => units,
            None => units * f64::from(1 + self.steps / usual) - metrics.allocation_debt(),
        });
        if self.arena.collection_phase() == CollectionPhase::Sweeping {
            self.arena.cycle_debt();
        } else if let Some(marked) = self.arena.mark_debt()
            && let Marked::Done = marked.finalize(|fc, root| finish_marking(fc, root, PURGE_STEP))
            && let Some(marked) = self.arena.finish_marking()
        {
            marked.start_sweeping();
        }
        self.settle(self.arena.collection_phase() == CollectionPhase::Sleeping);
    }
}

/// Does some of what must happen between marking and sweeping.
///
/// The program may run on between two calls, which then come when all is marked again. What was done stays
/// right: objects that it can reach are marked, and new strings are as long as the interner is purged.
fn finish_marking<'gc>(fc: &'gc Finalization<'gc>, root: &'gc Root<'gc>, budget: usize) -> Marked {
    let vm = root.vm.as_ref();
    // Whatever a finalizer can reach must be marked before the purge looks at its strings.
    if set_finalizers_aside(fc, vm) {
        return Marked::MarkOn;
    }
    if !vm.interner.purge(fc, &vm.heap, budget) {
        return Marked::Unfinished;
    }
    vm.interner.end_purge(&vm.heap);
    Table::clear_weak(fc);
    vm.mirror.clear_dead(fc);
    vm.finalizable_seen.set(0);
    Marked::Done
}

/// Resurrects dead userdata that have a finalizer; returns whether there were any.
fn set_finalizers_aside<'gc>(fc: &'gc Finalization<'gc>, vm: &Vm<'gc>) -> bool {
    let mut resurrected = false;
    let mut finalizable = vm.finalizable.borrow_mut();
    // What was seen before in this cycle is marked; only new objects can have died since.
    let seen = vm.finalizable_seen.get().min(finalizable.len());
    let fresh = finalizable.split_off(seen);
    finalizable.extend(fresh.into_iter().filter(|&userdata| {
        if !Gc::is_dead(fc, userdata) {
            return true;
        }
        if vm.handler_of(userdata.into(), Metamethod::Gc).is_nil() {
            return false;
        }
        Gc::resurrect(fc, userdata);
        userdata.is_finalized.set(true);
        resurrected = true;
        vm.finalizers.borrow_mut().push(userdata);
        false
    }));
    vm.finalizable_seen.set(finalizable.len());
    resurrected
}
