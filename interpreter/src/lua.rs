//! A VM from outside: its heap, its tasks, its collector.
//!
//! A task is a coroutine that nothing resumes but the embedder. Several can be under way in one VM; each
//! call of [`Lua::run`] gives one of them a slice of fuel.

use std::fmt;
use std::rc::Rc;

use gc_arena::metrics::Pacing;
use gc_arena::{Arena, Collect, Gc, Rootable};

use crate::context::{Context, Stash};
use crate::coroutine::{Coroutine, Resume, Status};
use crate::environment::{Environment, System};
use crate::error::Interrupt;
use crate::function::Function;
use crate::table::Table;
use crate::value::Value;
use crate::vm::transfer::{self, Exit};
use crate::vm::{self, Metamethod, Vm, dispatch};

/// Heaps with fewer objects are collected in one go: it is faster, and takes a few milliseconds at most.
const SMALL_HEAP: usize = 30_000;

/// Work of one step on a larger heap: one unit traces an object, frees or looks at two or three.
const STEP: f64 = 16_000.0;

/// Least bytes between two collections.
const MIN_GRANT: usize = 512 * 1024;

/// Bytes that may be allocated between two steps of a collection that is under way.
const STEP_GRANT: usize = 256 * 1024;

#[derive(Collect)]
#[collect(no_drop)]
struct Root<'gc> {
    vm: Gc<'gc, Vm<'gc>>,
}

/// How to make a VM.
#[derive(Debug)]
pub struct Options {
    /// Most bytes of Lua data.
    pub memory: Option<usize>,
    /// Decides hash order and nothing else.
    pub seed: u64,
    pub environment: Rc<dyn Environment>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            memory: None,
            seed: 0,
            environment: Rc::new(System::new()),
        }
    }
}

/// One virtual machine.
pub struct Lua {
    arena: Arena<Rootable![Root<'_>]>,
    /// Fuel used so far by all tasks.
    fuel_used: u64,
    /// Objects to be traced or swept in one step, if a test has chosen that.
    stress: Option<f64>,
}

impl fmt::Debug for Lua {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lua")
            .field("fuel_used", &self.fuel_used)
            .finish_non_exhaustive()
    }
}

/// A running program: a coroutine without a resumer, and the one that it is in at the moment.
#[derive(Debug)]
pub struct Task {
    root: Stash,
    current: Stash,
    /// Slots of the root that hold the results, once it has finished.
    results: (usize, usize),
}

/// Why [`Lua::run`] came back.
#[derive(Debug)]
pub enum Outcome {
    /// The task's function returned; see [`Context::results`].
    Finished,
    Failed(Failure),
    /// The slice is used up; run the task again to go on.
    OutOfFuel,
    /// A native function waits for [`Context::resume`] or [`Context::raise`].
    Suspended,
}

/// How a task failed.
#[derive(Debug)]
pub enum Failure {
    /// An error that nothing caught: its value and the traceback of where it was raised.
    Error { value: Stash, traceback: Vec<u8> },
    /// It was ended from outside.
    Interrupted(Interrupt),
}

impl Lua {
    /// Makes a VM with the standard library open.
    ///
    /// # Panics
    ///
    /// When the memory limit leaves no room for the library.
    pub fn new(options: Options) -> Lua {
        let arena = Arena::<Rootable![Root<'_>]>::new(|mc| Root {
            vm: Gc::new(
                mc,
                Vm::new(
                    mc,
                    options.memory,
                    options.seed,
                    options.environment.clone(),
                ),
            ),
        });
        // The collector works as told by `collect_step`; these are its units of work.
        arena.metrics().set_pacing(Pacing {
            sleep_factor: 0.0,
            min_sleep: 0,
            mark_factor: 0.2,
            trace_factor: 1.0,
            keep_factor: 0.3,
            drop_factor: 0.4,
            free_factor: 0.4,
        });
        let mut lua = Lua {
            arena,
            fuel_used: 0,
            stress: None,
        };
        lua.enter(|ctx| {
            crate::stdlib::open(ctx).expect("the limit leaves room for the library");
        });
        lua
    }

    /// Gives access to the heap.
    pub fn enter<R>(&mut self, f: impl for<'gc> FnOnce(Context<'gc>) -> R) -> R {
        self.arena.mutate(|mc, root| {
            // The VM is written without barriers, so it is traced again after each entry.
            mc.backward_barrier(Gc::erase(root.vm), None);
            f(Context {
                mc,
                vm: root.vm.as_ref(),
            })
        })
    }

    /// Returns the fuel that all tasks have used so far.
    pub fn fuel_used(&self) -> u64 {
        self.fuel_used
    }

    /// Makes the collector work at every safe point from now on, `step` objects at a time: for tests that
    /// look for values that it does not see.
    #[doc(hidden)]
    pub fn stress_collector(&mut self, step: f64) {
        self.stress = Some(step);
        self.enter(|ctx| ctx.vm.heap.stress());
    }

    /// Runs a task until it ends, waits, or has used `fuel` (about one unit a call or loop iteration).
    ///
    /// A task that has ended before is not run again: it answers that it was killed.
    pub fn run(&mut self, task: &mut Task, fuel: u64) -> Outcome {
        let ended = self.enter(|ctx| {
            ctx.fetch(&task.root)
                .as_coroutine()
                .is_none_or(|root| root.status() == Status::Dead)
        });
        if ended {
            return Outcome::Failed(Failure::Interrupted(Interrupt::Killed));
        }
        let fuel = fuel.min(i64::MAX as u64) as i64;
        let mut left = fuel;
        let outcome = loop {
            let exit = self.enter(|ctx| {
                ctx.vm.current.set(ctx.fetch(&task.current).as_coroutine());
                ctx.vm.fuel.set(left);
                let exit = dispatch::run(ctx);
                left = ctx.vm.fuel.get();
                if let Some(current) = ctx.vm.current.take() {
                    ctx.replace(&task.current, current.into());
                }
                exit
            });
            match exit {
                Exit::Finished { first, count } => {
                    task.results = (first, count);
                    break Outcome::Finished;
                }
                Exit::Failed => break Outcome::Failed(self.enter(take_failure)),
                Exit::Suspended => break Outcome::Suspended,
                Exit::Switch => unreachable!("kept by dispatch::run"),
                // Native loops come by only here.
                Exit::OutOfFuel | Exit::CollectDue => {
                    if !self.collect_if_due() {
                        self.interrupt(task);
                        break Outcome::Failed(Failure::Interrupted(Interrupt::OutOfMemory));
                    }
                    if left <= 0 {
                        break Outcome::OutOfFuel;
                    }
                }
                Exit::CollectAll => {
                    self.collect();
                    // Finalizers may need a safe point of their own.
                }
            }
        };
        self.fuel_used += (fuel - left).max(0) as u64;
        outcome
    }

    /// Ends a task where it is: none of its Lua code runs any more, `pcall` or not.
    pub fn interrupt(&mut self, task: &mut Task) {
        self.enter(|ctx| {
            if let Some(current) = ctx.fetch(&task.current).as_coroutine() {
                transfer::end_all(ctx, current);
            }
        });
    }

    /// Lets the collector work if it is due; returns whether the memory limit is kept.
    fn collect_if_due(&mut self) -> bool {
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
        self.swap_weak_list();
        self.collect_all();
        self.swap_weak_list();
    }

    /// Lends the list of traced weak tables to this OS thread, or takes it back; other VMs of the thread
    /// may collect in between.
    fn swap_weak_list(&mut self) {
        self.arena
            .mutate(|_, root| crate::table::swap_weak_list(&mut root.vm.traced_weak.borrow_mut()));
    }

    fn collect_all(&mut self) {
        // A cycle that is under way may have marked what has died since; the next one has not.
        if self.arena.collection_phase() != gc_arena::arena::CollectionPhase::Sleeping {
            self.finish_cycle();
        }
        self.finish_cycle();
    }

    fn finish_cycle(&mut self) {
        if let Some(marked) = self.arena.finish_marking() {
            let again = marked.finalize(finish_marking);
            if again && let Some(marked) = self.arena.finish_marking() {
                marked.finalize(|fc, root| clear_weak(fc, root.vm.as_ref()));
            }
        }
        self.arena.finish_cycle();
        self.settle(true);
    }

    fn settle(&mut self, finished: bool) {
        self.arena.mutate(|_, root| {
            let heap = &root.vm.heap;
            heap.settle();
            let grant = if finished {
                let pause = root.vm.pause.get().max(101) as usize - 100;
                (heap.used() / 100 * pause).max(MIN_GRANT)
            } else {
                STEP_GRANT
            };
            heap.grant(grant);
        });
    }

    /// Does some of the collector's work, or all of it when the heap is small.
    fn collect_step(&mut self) {
        self.swap_weak_list();
        self.collect_some();
        self.swap_weak_list();
    }

    fn collect_some(&mut self) {
        use gc_arena::arena::CollectionPhase;
        if self.arena.mutate(|_, root| root.vm.collector_stopped.get()) {
            return self.settle(true);
        }
        let sleeping = self.arena.collection_phase() == CollectionPhase::Sleeping;
        let small_heap = if self.stress.is_some() { 0 } else { SMALL_HEAP };
        if sleeping && self.arena.metrics().total_gc_count() < small_heap {
            return self.finish_cycle();
        }
        // Exactly one step of work, whatever was allocated since the last: the grants pace the steps.
        let metrics = self.arena.metrics();
        metrics.adjust_debt(match self.stress {
            Some(step) => step,
            None => STEP - metrics.allocation_debt(),
        });
        if self.arena.collection_phase() == CollectionPhase::Sweeping {
            self.arena.cycle_debt();
        } else if let Some(marked) = self.arena.mark_debt() {
            if marked.finalize(finish_marking) {
                // Resurrected objects keep others alive: mark from them before anything is swept.
                if let Some(marked) = self.arena.finish_marking() {
                    marked.finalize(|fc, root| clear_weak(fc, root.vm.as_ref()));
                }
            }
            if let Some(marked) = self.arena.finish_marking() {
                marked.start_sweeping();
            }
        }
        let finished = self.arena.collection_phase() == CollectionPhase::Sleeping;
        self.settle(finished);
    }
}

/// What must happen between marking and sweeping; returns whether something was resurrected.
fn finish_marking<'gc>(fc: &'gc gc_arena::Finalization<'gc>, root: &'gc Root<'gc>) -> bool {
    let vm = root.vm.as_ref();
    let mut resurrected = false;
    vm.finalizable.borrow_mut().retain(|&userdata| {
        if !Gc::is_dead(fc, userdata) {
            return true;
        }
        if vm.handler_of(userdata.into(), Metamethod::Gc).is_nil() {
            return false;
        }
        Gc::resurrect(fc, userdata);
        resurrected = true;
        vm.finalizers.borrow_mut().push(userdata);
        false
    });
    if !resurrected {
        clear_weak(fc, vm);
    }
    resurrected
}

fn clear_weak<'gc>(fc: &'gc gc_arena::Finalization<'gc>, vm: &Vm<'gc>) {
    Table::clear_weak(fc);
    vm.interner.purge(fc, &vm.heap);
}

fn take_failure<'gc>(ctx: Context<'gc>) -> Failure {
    match ctx.vm.failure.take().expect("set by whoever failed") {
        vm::Failure::Error { value, traceback } => Failure::Error {
            value: ctx.stash(value),
            traceback,
        },
        vm::Failure::Interrupt(interrupt) => Failure::Interrupted(interrupt),
    }
}

impl<'gc> Context<'gc> {
    /// Makes a task that will call `function` with `args`.
    pub fn task(self, function: Gc<'gc, Function<'gc>>, args: &[Value<'gc>]) -> Task {
        let coroutine = Coroutine::new(self.mc, &self.vm.heap, function);
        coroutine.status.set(Status::Running);
        // A new coroutine has room for a few arguments, and grows for more.
        let count = match coroutine.ensure(&self.vm.heap, 2 + args.len()) {
            Ok(()) => args.len(),
            Err(_) => 0,
        };
        for (index, &arg) in args.iter().take(count).enumerate() {
            coroutine.set_slot(2 + index, arg);
        }
        coroutine.top.set(2 + count);
        coroutine.resume.set(Resume::Start(count));
        Task {
            root: self.stash(coroutine.into()),
            current: self.stash(coroutine.into()),
            results: (0, 0),
        }
    }

    /// Returns the results of a finished task.
    pub fn results(self, task: &Task) -> Vec<Value<'gc>> {
        let Some(root) = self.fetch(&task.root).as_coroutine() else {
            return Vec::new();
        };
        let (first, count) = task.results;
        (first..first + count).map(|slot| root.slot(slot)).collect()
    }

    /// Brings the results that a suspended task waits for.
    ///
    /// # Errors
    ///
    /// When there are more than the stack can take, and then the task waits on; or when it does not wait.
    pub fn resume(self, task: &Task, values: &[Value<'gc>]) -> Result<(), crate::Error<'gc>> {
        let Some(coroutine) = self.fetch(&task.current).as_coroutine() else {
            return Ok(());
        };
        if !matches!(coroutine.resume.get(), Resume::Return(_)) {
            return Err(self.string("the task does not wait for results").into());
        }
        self.mc.backward_barrier(Gc::erase(coroutine), None);
        let top = coroutine.top.get();
        coroutine
            .ensure(&self.vm.heap, top + values.len())
            .map_err(|_| transfer::stack_overflow(self))?;
        for (index, &value) in values.iter().enumerate() {
            coroutine.set_slot(top + index, value);
        }
        coroutine.top.set(top + values.len());
        coroutine.resume.set(Resume::Return(values.len()));
        Ok(())
    }

    /// Raises an error where a task is: at the native function that waits, or at its next instruction.
    pub fn raise(self, task: &Task, value: Value<'gc>) {
        let Some(coroutine) = self.fetch(&task.current).as_coroutine() else {
            return;
        };
        self.mc.backward_barrier(Gc::erase(coroutine), None);
        let top = match coroutine.resume.get() {
            Resume::Run => coroutine.live_end(),
            _ => coroutine.top.get(),
        };
        coroutine.set_slot(top, value);
        coroutine.top.set(top + 1);
        coroutine.resume.set(Resume::Raise);
    }

    /// Returns the traceback of a task, as `debug.traceback` words it.
    pub fn task_traceback(self, task: &Task) -> Vec<u8> {
        match self.fetch(&task.current).as_coroutine() {
            Some(coroutine) => vm::traceback::traceback(coroutine, None, 0),
            None => Vec::new(),
        }
    }

    /// Lets go of a task.
    pub fn drop_task(self, task: Task) {
        self.unstash(task.root);
        self.unstash(task.current);
    }
}
