//! A native function's view of its call: arguments, results, and what it asks the VM to do next.
//!
//! Native code never runs Lua code on top of the Rust stack. To call a function it pushes the call and
//! returns; when the call is done, its continuation runs in the same frame, with the results on top.

use gc_arena::Gc;

use crate::context::Context;
use crate::coroutine::{Coroutine, Link};
use crate::error::Error;
use crate::function::{Function, NativeFn};
use crate::string::LuaString;
use crate::table::Table;
use crate::value::Value;
use crate::vm::transfer::continuation;
use crate::vm::{describe, transfer};

/// What the VM does after a native function has returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action(pub(crate) Next);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Return the topmost so many values.
    Return(u32),
    /// Call the function below the topmost so many arguments; its frame slots have been pushed.
    Call(u32),
    /// Call the function below the topmost so many arguments in the place of this one.
    TailCall(u32),
    /// Suspend the coroutine and give the topmost values to its resumer.
    Yield(u32),
    /// The same with the topmost value, as the error of a resumption that was refused.
    Refuse,
    /// Resume the coroutine in the frame's first slot with the topmost values.
    Resume { count: u32, wrapped: bool },
    /// Leave the VM; the embedder brings the results later.
    Suspend,
    /// Leave the VM at a safe point, and go on with the pushed continuation.
    Again,
    /// Leave the VM, collect all garbage and go on with the pushed continuation.
    Collect,
    /// Return nothing, in the dispatch loop that the hook asks for.
    Switch,
    /// The same with a part of a collection, in kilobytes.
    CollectStep(u32),
}

/// What a native function returns.
pub type NativeResult<'gc> = Result<Action, Error<'gc>>;

/// The call of a native function.
///
/// Arguments are numbered from 1, as error messages and the manual do.
#[derive(Debug)]
pub struct Call<'gc> {
    pub(crate) ctx: Context<'gc>,
    pub(crate) coroutine: Gc<'gc, Coroutine<'gc>>,
    pub(crate) base: usize,
    /// First slot that does not belong to the function's own slots: in a continuation, its first result.
    pub(crate) start: usize,
}

impl<'gc> std::ops::Deref for Call<'gc> {
    type Target = Context<'gc>;

    fn deref(&self) -> &Context<'gc> {
        &self.ctx
    }
}

impl<'gc> Call<'gc> {
    /// Returns access to the heap.
    pub fn ctx(&self) -> Context<'gc> {
        self.ctx
    }

    /// Returns the number of arguments; in a continuation, the number of the function's own slots.
    #[inline(always)]
    pub fn arg_count(&self) -> usize {
        self.start - self.base
    }

    /// Returns argument `n`, nil when it was not given.
    #[inline(always)]
    pub fn arg(&self, n: usize) -> Value<'gc> {
        debug_assert!(n > 0);
        if n <= self.arg_count() {
            self.coroutine.slot(self.base + n - 1)
        } else {
            Value::NIL
        }
    }

    /// Overwrites argument `n`, which must have been given (see `fill_args`): a function's state across calls.
    pub fn set_arg(&self, n: usize, value: Value<'gc>) {
        assert!(n > 0 && n <= self.coroutine.top.get() - self.base);
        self.coroutine.set_slot(self.base + n - 1, value);
    }

    /// Returns the function that is called.
    pub fn function(&self) -> Gc<'gc, Function<'gc>> {
        self.coroutine
            .function_at(self.base)
            .expect("a native frame has a function")
    }

    /// Returns value `n`, from 0, of those that the native function was made with.
    pub fn value(&self, n: usize) -> Value<'gc> {
        let function = self.function();
        function
            .native()
            .and_then(|native| native.values.get(n))
            .map_or(Value::NIL, |v| v.get())
    }

    /// Assigns a value of those that the native function was made with.
    pub fn set_value(&self, n: usize, value: Value<'gc>) {
        let function = self.function();
        crate::table::write_barrier(self.ctx.mc, function, value);
        if let Some(native) = function.native() {
            native.values[n].set(value);
        }
    }

    /// Returns the coroutine that makes the call.
    pub fn coroutine(&self) -> Gc<'gc, Coroutine<'gc>> {
        self.coroutine
    }

    /// Returns the globals of the coroutine that makes the call.
    pub fn env(&self) -> Gc<'gc, Table<'gc>> {
        self.coroutine.env().unwrap_or_else(|| self.ctx.globals())
    }

    /// In a continuation: the number of results of the call that was made.
    pub fn result_count(&self) -> usize {
        self.coroutine.top.get() - self.start
    }

    /// In a continuation: result `n` from 1, nil when there are fewer.
    pub fn result(&self, n: usize) -> Value<'gc> {
        if n <= self.result_count() {
            self.coroutine.slot(self.start + n - 1)
        } else {
            Value::NIL
        }
    }

    /// Drops everything above the function's first `count` slots and makes them at least that many.
    pub fn keep(&self, count: usize) -> Result<(), Error<'gc>> {
        let top = self.coroutine.top.get();
        let wanted = self.base + count;
        self.coroutine
            .ensure(&self.ctx.vm.heap, wanted)
            .map_err(|_| transfer::stack_overflow(self.ctx))?;
        for index in top..wanted {
            self.coroutine.set_slot(index, Value::NIL);
        }
        self.coroutine.top.set(wanted);
        Ok(())
    }

    /// Pushes a value above the function's slots.
    #[inline]
    pub fn push(&self, value: Value<'gc>) -> Result<(), Error<'gc>> {
        let top = self.coroutine.top.get();
        self.coroutine
            .ensure(&self.ctx.vm.heap, top + 1)
            .map_err(|_| transfer::stack_overflow(self.ctx))?;
        self.coroutine.set_slot(top, value);
        self.coroutine.top.set(top + 1);
        Ok(())
    }

    /// Pushes a value for which there is room.
    #[inline(always)]
    pub(crate) fn push_reserved(&self, value: Value<'gc>) {
        let top = self.coroutine.top.get();
        self.coroutine.set_slot(top, value);
        self.coroutine.top.set(top + 1);
    }

    /// Makes room for `count` pushes at once.
    pub fn reserve(&self, count: usize) -> Result<(), Error<'gc>> {
        self.coroutine
            .ensure(&self.ctx.vm.heap, self.coroutine.top.get() + count)
            .map_err(|_| transfer::stack_overflow(self.ctx))
    }

    /// Returns nothing.
    #[inline(always)]
    pub fn ret0(&self) -> NativeResult<'gc> {
        Ok(Action(Next::Return(0)))
    }

    /// Returns one value.
    #[inline(always)]
    pub fn ret(&self, value: impl Into<Value<'gc>>) -> NativeResult<'gc> {
        // A frame always has slack for one value.
        let top = self.coroutine.top.get();
        self.coroutine.set_slot(top, value.into());
        self.coroutine.top.set(top + 1);
        Ok(Action(Next::Return(1)))
    }

    /// Returns several values.
    pub fn ret_all(&self, values: &[Value<'gc>]) -> NativeResult<'gc> {
        self.reserve(values.len())?;
        for &value in values {
            self.push_reserved(value);
        }
        Ok(Action(Next::Return(values.len() as u32)))
    }

    /// Returns the `count` values that were pushed last, or the last `count` arguments or results.
    pub fn ret_top(&self, count: usize) -> NativeResult<'gc> {
        Ok(Action(Next::Return(count as u32)))
    }

    /// Calls `function` with `args`; `then` runs afterwards, with the results.
    ///
    /// Everything pushed so far stays as the function's own slots. `function` may be any value: it is
    /// called as Lua would, with `__call` and the usual error.
    pub fn invoke(
        &self,
        function: Value<'gc>,
        args: &[Value<'gc>],
        then: NativeFn,
    ) -> NativeResult<'gc> {
        self.call_with(function, args, then, false)
    }

    #[inline]
    fn call_with(
        &self,
        function: Value<'gc>,
        args: &[Value<'gc>],
        then: NativeFn,
        protected: bool,
    ) -> NativeResult<'gc> {
        self.push_frame(function, then as usize as u64, protected)?;
        self.reserve(args.len())?;
        for &arg in args {
            self.push_reserved(arg);
        }
        Ok(Action(Next::Call(args.len() as u32)))
    }

    /// Calls `function` with `args` in the place of this function, whose frame is gone then.
    pub(crate) fn tail_call(&self, function: Value<'gc>, args: &[Value<'gc>]) -> NativeResult<'gc> {
        self.reserve(args.len() + 1)?;
        self.push(function)?;
        for &arg in args {
            self.push(arg)?;
        }
        Ok(Action(Next::TailCall(args.len() as u32)))
    }

    /// Calls `function` with the arguments numbered `first` and up, and returns its results.
    pub(crate) fn invoke_protected(
        &self,
        function: Value<'gc>,
        first: usize,
        kind: u64,
    ) -> NativeResult<'gc> {
        let count = self.arg_count().saturating_sub(first - 1);
        self.reserve(count + 4)?;
        self.push_frame(function, kind, true)?;
        for n in 0..count {
            self.push_reserved(self.arg(first + n));
        }
        Ok(Action(Next::Call(count as u32)))
    }

    /// The same as [`invoke`](Self::invoke), but errors come to `then` too: its first result says whether
    /// the call succeeded, as that of `pcall`.
    pub(crate) fn try_invoke(
        &self,
        function: Value<'gc>,
        args: &[Value<'gc>],
        then: NativeFn,
    ) -> NativeResult<'gc> {
        self.call_with(function, args, then, true)
    }

    /// The same as [`try_invoke`](Self::try_invoke), but if an `xpcall` is the next protected call outside, its
    /// handler gets the error first.
    pub(crate) fn try_invoke_with_handler(
        &self,
        function: Value<'gc>,
        args: &[Value<'gc>],
        then: NativeFn,
    ) -> NativeResult<'gc> {
        let frame = self.coroutine.top.get();
        let action = self.try_invoke(function, args, then)?;
        let outer = Value::raw(continuation::OUTER_HANDLER);
        self.coroutine.set_slot(frame + 1, outer);
        Ok(action)
    }

    #[inline]
    fn push_frame(
        &self,
        function: Value<'gc>,
        continuation: u64,
        protected: bool,
    ) -> Result<(), Error<'gc>> {
        self.reserve(4)?;
        let delta = self.coroutine.top.get() + 4 - self.base;
        self.push_reserved(Value::raw(continuation));
        self.push_reserved(Value::raw(0));
        self.push_reserved(function);
        self.push_reserved(if protected {
            Link::protected(delta)
        } else {
            Link::continuation(delta)
        });
        Ok(())
    }

    /// Lets other work go first, then runs `then` with no results: for long loops in native code.
    pub fn again(&self, then: NativeFn) -> NativeResult<'gc> {
        self.push_frame(Value::NIL, then as usize as u64, false)?;
        Ok(Action(Next::Again))
    }

    /// Collects all garbage, then runs `then` with no results.
    pub(crate) fn collect(&self, then: NativeFn) -> NativeResult<'gc> {
        self.push_frame(Value::NIL, then as usize as u64, false)?;
        Ok(Action(Next::Collect))
    }

    /// Does some of the collector's work, then runs `then` with no results.
    pub(crate) fn collect_step(&self, kilobytes: u32, then: NativeFn) -> NativeResult<'gc> {
        self.push_frame(Value::NIL, then as usize as u64, false)?;
        Ok(Action(Next::CollectStep(kilobytes)))
    }

    /// Suspends the whole task until the embedder resumes it; what it brings are the function's results.
    pub fn suspend(&self) -> NativeResult<'gc> {
        Ok(Action(Next::Suspend))
    }

    /// Returns nothing, after the hook has been set or removed.
    pub(crate) fn switch(&self) -> NativeResult<'gc> {
        Ok(Action(Next::Switch))
    }

    /// Yields the last `count` slots; the arguments of the next resume are the function's results.
    pub(crate) fn yield_top(&self, count: usize) -> NativeResult<'gc> {
        Ok(Action(Next::Yield(count as u32)))
    }

    /// Has the `coroutine.resume` that has brought us here return false and a value, as it does for a coroutine
    /// that cannot be resumed now. The arguments of the next resume are the function's results.
    pub fn refuse(&self, reason: Value<'gc>) -> NativeResult<'gc> {
        self.push(reason)?;
        Ok(Action(Next::Refuse))
    }

    /// Resumes the coroutine in argument 1 with the last `count` slots.
    pub(crate) fn resume_top(&self, count: usize, wrapped: bool) -> NativeResult<'gc> {
        Ok(Action(Next::Resume {
            count: count as u32,
            wrapped,
        }))
    }

    /// Uses up fuel for work done, in units of about one instruction; may leave less than nothing.
    #[inline]
    pub fn burn(&self, units: usize) {
        self.ctx.vm.fuel.set(self.ctx.vm.fuel.get() - units as i64);
    }

    /// Returns whether the slice's fuel is used up: a long loop should then return `again`.
    #[inline]
    pub fn is_exhausted(&self) -> bool {
        self.ctx.vm.fuel.get() <= 0
    }

    /// Makes an error with the position of the function's caller in front, as `luaL_error` does.
    #[cold]
    pub fn error(&self, message: impl AsRef<[u8]>) -> Error<'gc> {
        let mut text = describe::position(self.coroutine, self.base, 1);
        text.extend_from_slice(message.as_ref());
        self.ctx.string(text).into()
    }

    /// Makes the error `bad argument #n to 'name' (message)`.
    #[cold]
    pub fn arg_error(&self, n: usize, message: impl AsRef<[u8]>) -> Error<'gc> {
        self.error(describe::bad_argument(self, n, message.as_ref()))
    }

    /// Makes the error that argument `n` is of the wrong type.
    #[cold]
    pub fn type_error(&self, n: usize, expected: &str) -> Error<'gc> {
        let found = if n > self.arg_count() {
            "no value"
        } else {
            self.arg(n).type_name()
        };
        self.arg_error(n, format!("{expected} expected, got {found}"))
    }

    /// Returns argument `n` as a number; strings are converted.
    #[inline(always)]
    pub fn check_number(&self, n: usize) -> Result<f64, Error<'gc>> {
        match self.arg(n).as_number() {
            Some(number) => Ok(number),
            None => self.convert_number(n),
        }
    }

    #[cold]
    fn convert_number(&self, n: usize) -> Result<f64, Error<'gc>> {
        crate::vm::arithmetic::to_number(self.arg(n)).ok_or_else(|| self.type_error(n, "number"))
    }

    /// Returns argument `n` as LuaJIT's `int32_t`: truncated, `i32::MIN` when out of range.
    #[inline]
    pub fn check_int(&self, n: usize) -> Result<i32, Error<'gc>> {
        self.check_number(n).map(to_int)
    }

    /// Returns argument `n` as an integer, or the default when it is nil or missing.
    #[inline]
    pub fn opt_int(&self, n: usize, default: i32) -> Result<i32, Error<'gc>> {
        if self.arg(n).is_nil() {
            Ok(default)
        } else {
            self.check_int(n)
        }
    }

    /// Returns argument `n` as the low half of C's `long`, or the default when it is nil or missing.
    pub fn opt_long(&self, n: usize, default: i32) -> Result<i32, Error<'gc>> {
        if self.arg(n).is_nil() {
            Ok(default)
        } else {
            self.check_number(n).map(low_half)
        }
    }

    /// Returns argument `n` as a number, or the default when it is nil or missing.
    pub fn opt_number(&self, n: usize, default: f64) -> Result<f64, Error<'gc>> {
        if self.arg(n).is_nil() {
            Ok(default)
        } else {
            self.check_number(n)
        }
    }

    /// Returns argument `n` as a string; numbers are converted.
    #[inline]
    pub fn check_string(&self, n: usize) -> Result<Gc<'gc, LuaString>, Error<'gc>> {
        let value = self.arg(n);
        if let Some(string) = value.as_string() {
            return Ok(string);
        }
        crate::vm::arithmetic::to_string(self.ctx, value)
            .ok_or_else(|| self.type_error(n, "string"))
    }

    /// Returns argument `n` as a string, `None` when it is nil or missing.
    pub fn opt_string(&self, n: usize) -> Result<Option<Gc<'gc, LuaString>>, Error<'gc>> {
        if self.arg(n).is_nil() {
            Ok(None)
        } else {
            self.check_string(n).map(Some)
        }
    }

    /// Returns argument `n`, which must be a table.
    #[inline]
    pub fn check_table(&self, n: usize) -> Result<Gc<'gc, Table<'gc>>, Error<'gc>> {
        self.arg(n)
            .as_table()
            .ok_or_else(|| self.type_error(n, "table"))
    }

    /// Returns argument `n`, which must be a function.
    pub fn check_function(&self, n: usize) -> Result<Gc<'gc, Function<'gc>>, Error<'gc>> {
        self.arg(n)
            .as_function()
            .ok_or_else(|| self.type_error(n, "function"))
    }

    /// Returns argument `n`, which must have been given but may be nil.
    #[inline]
    pub fn check_any(&self, n: usize) -> Result<Value<'gc>, Error<'gc>> {
        if n <= self.arg_count() {
            Ok(self.arg(n))
        } else {
            Err(self.arg_error(n, "value expected"))
        }
    }
}

/// Converts to C's `long` and takes the low half of it, which is 0 for what does not fit.
pub(crate) fn low_half(number: f64) -> i32 {
    if number.abs() < 9_223_372_036_854_775_808.0 {
        number as i64 as i32
    } else {
        0
    }
}

/// Converts as the processor does for LuaJIT: truncation, `i32::MIN` for what does not fit.
#[inline]
pub(crate) fn to_int(number: f64) -> i32 {
    if number > -2_147_483_649.0 && number < 2_147_483_648.0 {
        number as i32
    } else {
        i32::MIN
    }
}
