//! A VM from outside: its heap, its tasks, its collector.
//!
//! A task is a coroutine that nothing resumes but the embedder. Several can be under way in one VM; each
//! call of [`Lua::run`] gives one of them a slice of fuel.

use std::fmt;
use std::rc::Rc;

use gc_arena::{Arena, Collect, Gc, Rootable};

use crate::call::{Call, NativeResult};
use crate::collector;
use crate::context::{Context, Stash};
use crate::coroutine::{Coroutine, Resume, Status};
use crate::environment::{Environment, System};
use crate::error::Interrupt;
use crate::function::Function;
use crate::heap;
use crate::mirror::Entered;
use crate::value::Value;
use crate::vm::transfer::{self, Exit};
use crate::vm::{self, Vm, run};

/// How often in a row an operation may be begun anew for want of memory.
const MAX_ATTEMPTS: u32 = 8;

#[derive(Collect)]
#[collect(no_drop)]
pub(crate) struct Root<'gc> {
    pub(crate) vm: Gc<'gc, Vm<'gc>>,
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
    pub(crate) arena: Arena<Rootable![Root<'_>]>,
    /// Fuel used so far by all tasks.
    fuel_used: u64,
    /// Objects to be traced or swept in one step, if a test has chosen that.
    pub(crate) stress: Option<f64>,
    /// Steps of the collection under way.
    pub(crate) steps: u32,
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
        Self::try_new(options).expect("the limit leaves room for the library")
    }

    /// Makes a VM like [`Lua::new`]; nothing when the memory limit leaves no room for the library.
    pub fn try_new(options: Options) -> Option<Lua> {
        heap::tune_allocator();
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
        arena.metrics().set_pacing(collector::UNITS);
        let mut lua = Lua {
            arena,
            fuel_used: 0,
            stress: None,
            steps: 0,
        };
        let opened = lua.enter(|ctx| crate::stdlib::open(ctx).is_ok());
        opened.then_some(lua)
    }

    /// Gives access to the heap.
    pub fn enter<R>(&mut self, f: impl for<'gc> FnOnce(Context<'gc>) -> R) -> R {
        self.arena.mutate(|mc, root| {
            // The VM is written without barriers, so it is traced again after each entry.
            mc.backward_barrier(Gc::erase(root.vm), None);
            let _entered = Entered::new(&root.vm.as_ref().mirror);
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
        let mut attempts = 0;
        let outcome = loop {
            let exit = self.enter(|ctx| {
                ctx.vm.current.set(ctx.fetch(&task.current).as_coroutine());
                ctx.vm.fuel.set(left);
                let exit = run::run(ctx);
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
                Exit::Switch => unreachable!("kept by run::run"),
                // Native loops come by only here.
                Exit::OutOfFuel | Exit::CollectDue => {
                    attempts = 0;
                    if !self.collect_if_due() {
                        self.interrupt(task);
                        break Outcome::Failed(Failure::Interrupted(Interrupt::OutOfMemory));
                    }
                    if left <= 0 {
                        break Outcome::OutOfFuel;
                    }
                }
                Exit::CollectAll => {
                    left -= self.collection_cost();
                    self.collect();
                }
                Exit::CollectStep(kilobytes) => {
                    left -= i64::from(kilobytes);
                    self.collect_on_request(kilobytes);
                }
                Exit::NoRoom(bytes) => {
                    left -= self.collection_cost();
                    self.collect();
                    // What starts anew may need even more later; it will not, forever.
                    attempts += 1;
                    if attempts > MAX_ATTEMPTS || !self.enter(|ctx| ctx.heap().has_room(bytes)) {
                        self.interrupt(task);
                        break Outcome::Failed(Failure::Interrupted(Interrupt::OutOfMemory));
                    }
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

/// How often finalizers that were made by finalizers are called at the end.
const FINAL_ROUNDS: f64 = 10.0;

/// Lets the finalizers that are due be called, then those of objects made by them.
fn finalize_rounds<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let rounds = call.value(0).as_number().unwrap_or(FINAL_ROUNDS);
    call.set_value(0, Value::number(rounds + 1.0));
    call.keep(0)?;
    call.again(|call| {
        let rounds = call.value(0).as_number().unwrap_or(FINAL_ROUNDS);
        if rounds < FINAL_ROUNDS && call.ctx().vm.finalize_all() {
            finalize_rounds(call)
        } else {
            call.ret0()
        }
    })
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

    /// Makes a task that calls the finalizers of all userdata that have one, as `lua_close` does: to be run when
    /// a program has ended. `None` when there is nothing to do.
    pub fn finalizers(self) -> Option<Task> {
        self.vm.finalize_all().then(|| {
            self.task(
                self.native("finalize", finalize_rounds, &[Value::number(0.0)]),
                &[],
            )
        })
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
            Some(coroutine) => vm::traceback::of_failed(coroutine),
            None => Vec::new(),
        }
    }

    /// Returns what the program calls the function that a task waits in: `("method", "start")`. What the chunk
    /// `own` calls on its behalf does not count.
    pub fn task_callee(self, task: &Task, own: &[u8]) -> Option<(&'static str, Vec<u8>)> {
        let coroutine = self.fetch(&task.current).as_coroutine()?;
        let is_own = |base| {
            let function = coroutine.function_at(base);
            let prototype = function.and_then(|function| function.prototype());
            prototype.is_some_and(|prototype| *prototype.template.chunk_name == *own)
        };
        let mut frame = vm::describe::frame(coroutine, coroutine.base.get(), 0)?;
        while let Some(above) = vm::describe::frame_above(coroutine, frame)
            && is_own(above.0)
        {
            frame = above;
        }
        vm::describe::function_name(coroutine, frame.0)
    }

    /// Lets go of a task.
    pub fn drop_task(self, task: Task) {
        self.unstash(task.root);
        self.unstash(task.current);
    }
}
