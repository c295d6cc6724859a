//! The dispatch loop: executes the bytecode of Lua functions.
//!
//! One `match` over 32-bit instructions, with the instruction pointer, the frame's base and its constants
//! in locals. The fast path of each operation is here; everything else saves the state and goes to
//! `metamethod` or `transfer`.
//!
//! It is one function, longer than anything else here, on purpose: the macros below use the locals of the one
//! loop, which is what keeps those in registers, and each instruction ends in a dispatch of its own.
//!
//! # Safety
//!
//! The unchecked accesses below rest on three invariants:
//! - Code has passed `bytecode::verify`: registers are below the frame size, constants, upvalues and jump
//!   targets exist, and control cannot run off the end.
//! - A frame is entered only when its registers and `SLACK` more slots fit the stack, and `base` is taken
//!   anew after everything that may move the stack.
//! - The function of the current frame lies at `base - 2`, so its prototype is alive.

use gc_arena::Gc;

use crate::bytecode::opcode::{self, Op};
use crate::call::{Action, Call, Next};
use crate::context::Context;
use crate::coroutine::{Coroutine, Link};
use crate::function::{Function, Instruction, NativeFn, Prototype, Upvalue};
use crate::stdlib::sort;
use crate::string::LuaString;
use crate::table::{Table, array_index, write_barrier};
use crate::value::{Type, Value};
use crate::vm::arithmetic::modulo;
use crate::vm::transfer::{self, Exit, Flow, Step, continuation};
use crate::vm::{Metamethod, Vm, hook, metamethod};

/// Pretends to use pointers, which makes the compiler keep them in registers from one instruction to the
/// next instead of on its stack. It costs nothing else, and saves 4 % of the time of the core programs.
macro_rules! in_registers {
    ($($pointer:ident),*) => {
        std::arch::asm!(
            concat!("/*", $(" {", stringify!($pointer), "}",)* " */"),
            $($pointer = in(reg) $pointer,)*
            options(nomem, nostack, preserves_flags),
        )
    };
}

/// Hash nodes that `TNEW` makes at most: its operand is a hint, and may be hostile.
const MAX_NODE_HINT: usize = 1 << 10;

/// Copies slots to lower ones; these are too few for a call of `memmove` to pay.
///
/// # Safety
///
/// Both ranges must be within the stack, and `to` not above `from`.
#[inline(always)]
unsafe fn move_down<'gc>(from: *const Value<'gc>, to: *mut Value<'gc>, count: usize) {
    // SAFETY: by contract.
    unsafe {
        for index in 0..count {
            *to.add(index) = *from.add(index);
        }
    }
}

/// Executes instructions from the saved address of the current coroutine on; `HOOKED` looks for debug hooks
/// before each.
///
/// # Safety
///
/// The coroutine must be at an instruction of a Lua function.
#[expect(
    clippy::pointers_in_nomem_asm_block,
    reason = "`in_registers` does not look at what they point to"
)]
pub(super) unsafe fn execute<'gc, const HOOKED: bool>(ctx: Context<'gc>) -> Exit {
    let Context { mc, vm } = ctx;
    let heap = &vm.heap;
    let comparison = sort::after_comparison as NativeFn as usize as u64;
    // SAFETY: see the module's documentation; the block spans the whole loop because every instruction
    // relies on the same three invariants.
    unsafe {
        let mut base: *mut Value<'gc>;
        let mut pc: *const Instruction;
        let mut constants: *const Value<'gc>;

        // Only the three above are worth a register each; what follows is a load or two away.
        macro_rules! coroutine {
            () => {
                vm.current.get().unwrap_unchecked()
            };
        }

        macro_rules! function {
            () => {{
                let function: Gc<'gc, Function<'gc>> =
                    (*base.sub(2)).as_function().unwrap_unchecked();
                function
            }};
        }
        macro_rules! load {
            () => {
                let coroutine = coroutine!();
                base = coroutine.stack().add(coroutine.base.get());
                pc = coroutine.pc.get();
                constants = function!().constants;
            };
        }
        macro_rules! save {
            () => {
                let coroutine = coroutine!();
                let index = base.offset_from(coroutine.stack()) as usize;
                coroutine.base.set(index);
                coroutine.top.set(index);
                coroutine.pc.set(pc);
            };
        }
        // Leaves the loop at a safe point: the next instruction has not begun.
        macro_rules! exit {
            ($exit:expr) => {{
                save!();
                return $exit;
            }};
        }
        // Hands the instruction to code that works on the saved state.
        macro_rules! slow {
            ($flow:expr) => {{
                save!();
                match $flow {
                    Flow::Continue => {
                        load!();
                        continue;
                    }
                    Flow::Exit(exit) => return exit,
                }
            }};
        }
        // The same for comparisons, whose jump may close a loop. Only then may fuel end the slice here: a
        // statement without a call or a loop in it is whole.
        macro_rules! slow_jump {
            ($flow:expr) => {{
                save!();
                let before = pc;
                match $flow {
                    Flow::Continue => {
                        load!();
                        if pc <= before && vm.fuel.get() <= 0 {
                            exit!(Exit::OutOfFuel);
                        }
                        continue;
                    }
                    Flow::Exit(exit) => return exit,
                }
            }};
        }
        macro_rules! burn {
            () => {
                let fuel = vm.fuel.get() - 1;
                vm.fuel.set(fuel);
                if fuel <= 0 {
                    exit!(Exit::OutOfFuel);
                }
            };
        }
        macro_rules! collect_if_due {
            () => {
                if heap.is_due() {
                    exit!(Exit::CollectDue);
                }
            };
        }

        load!();
        loop {
            if HOOKED {
                save!();
                match hook::instruction(ctx) {
                    Flow::Continue => {
                        load!();
                    }
                    Flow::Exit(exit) => return exit,
                }
            }
            let word = (*pc).word;
            pc = pc.add(1);
            in_registers!(base, pc);

            macro_rules! a {
                () => {
                    opcode::a(word)
                };
            }
            macro_rules! b {
                () => {
                    opcode::b(word)
                };
            }
            macro_rules! c {
                () => {
                    opcode::c(word)
                };
            }
            macro_rules! d {
                () => {
                    opcode::d(word)
                };
            }
            macro_rules! reg {
                ($index:expr) => {
                    *base.add($index)
                };
            }
            macro_rules! number {
                ($index:expr) => {
                    *constants.add($index)
                };
            }
            macro_rules! constant {
                ($index:expr) => {
                    *constants.sub(1 + $index)
                };
            }
            macro_rules! string {
                ($index:expr) => {{
                    let string: Gc<'gc, LuaString> =
                        constant!($index).as_string().unwrap_unchecked();
                    string
                }};
            }
            macro_rules! jump {
                ($word:expr) => {
                    pc = pc.offset(opcode::jump($word))
                };
            }
            // A jump that may go backwards, and then is a loop of its own: `goto` needs no `LOOP`.
            macro_rules! jump_or_loop {
                ($word:expr) => {{
                    let distance = opcode::jump($word);
                    pc = pc.offset(distance);
                    if distance < 0 {
                        burn!();
                    }
                }};
            }
            // Every comparison is followed by the jump that it takes or skips.
            macro_rules! jump_if {
                ($condition:expr) => {{
                    let condition = $condition;
                    let word = (*pc).word;
                    pc = pc.add(1);
                    if condition {
                        jump_or_loop!(word);
                    }
                }};
            }
            macro_rules! compare {
                ($operator:tt, $negated:expr) => {{
                    let (x, y) = (reg!(a!()), reg!(d!()));
                    if x.is_number() && y.is_number() {
                        let holds = x.unchecked_number() $operator y.unchecked_number();
                        jump_if!(holds != $negated)
                    } else {
                        slow_jump!(metamethod::compare(ctx, x, y))
                    }
                }};
            }
            macro_rules! equal {
                ($negated:expr) => {{
                    let (x, y) = (reg!(a!()), reg!(d!()));
                    if x.is_number() && y.is_number() {
                        jump_if!((x.unchecked_number() == y.unchecked_number()) != $negated)
                    } else if x.same(y) {
                        jump_if!(!$negated)
                    } else if x.may_be_handled_as_equal(y) {
                        slow_jump!(metamethod::equal(ctx, x, y))
                    } else {
                        jump_if!($negated)
                    }
                }};
            }
            // A constant equals itself alone, unless a handler decides about an integer of 64 bits.
            macro_rules! equal_constant {
                ($constant:expr, $negated:expr) => {{
                    let (x, y) = (reg!(a!()), $constant);
                    let same = x.same(y);
                    if !same && x.is_cdata() {
                        slow_jump!(metamethod::equal(ctx, x, y))
                    }
                    jump_if!(same != $negated)
                }};
            }
            macro_rules! equal_number {
                ($constant:expr, $negated:expr) => {{
                    let (x, y) = (reg!(a!()), $constant);
                    // What is no number is a NaN, and equal to none.
                    let same = x.unchecked_number() == y.unchecked_number();
                    if !same && x.is_cdata() {
                        slow_jump!(metamethod::equal(ctx, x, y))
                    }
                    jump_if!(same != $negated)
                }};
            }
            macro_rules! arithmetic {
                ($x:expr, $y:expr, $compute:expr) => {{
                    let (x, y) = ($x, $y);
                    if x.is_number() && y.is_number() {
                        let result = $compute(x.unchecked_number(), y.unchecked_number());
                        reg!(a!()) = Value::arithmetic(result);
                    } else {
                        slow!(metamethod::arithmetic(ctx, x, y))
                    }
                }};
            }
            macro_rules! arithmetic_forms {
                ($form:ident, $compute:expr) => {
                    arithmetic_forms!(@ $form, $compute)
                };
                (@ vn, $compute:expr) => {
                    arithmetic!(reg!(b!()), number!(c!()), $compute)
                };
                (@ nv, $compute:expr) => {
                    arithmetic!(number!(c!()), reg!(b!()), $compute)
                };
                (@ vv, $compute:expr) => {
                    arithmetic!(reg!(b!()), reg!(c!()), $compute)
                };
            }
            // Calls what is at `$slot` with `$count` arguments; the link is the next instruction.
            macro_rules! call {
                ($slot:expr, $count:expr) => {{
                    let count: usize = $count;
                    let callee: *mut Value<'gc> = $slot;
                    *callee.add(1) = Value::raw(pc as u64);
                    match (*callee).as_function() {
                        // The call may be an event, and so is done where that is seen.
                        _ if HOOKED => {
                            let slot = callee.offset_from(coroutine!().stack()) as usize;
                            save!();
                            match transfer::drive(ctx, Step::Call { slot, count }) {
                                Flow::Continue => {
                                    load!();
                                    if heap.is_due() && !hook::holds_open_values(pc) {
                                        exit!(Exit::CollectDue);
                                    }
                                }
                                Flow::Exit(exit) => return exit,
                            }
                        }
                        Some(function) if !function.is_native() => {
                            enter!(function, callee.add(2), count)
                        }
                        Some(function) => {
                            native!(function, callee, count)
                        }
                        None => {
                            let slot = callee.offset_from(coroutine!().stack()) as usize;
                            slow!(transfer::drive(ctx, Step::Call { slot, count }))
                        }
                    }
                }};
            }
            macro_rules! enter {
                ($function:expr, $base:expr, $count:expr) => {{
                    let function: Gc<'gc, Function<'gc>> = $function;
                    let new_base: *mut Value<'gc> = $base;
                    let prototype: &Prototype<'gc> = function.prototype_unchecked();
                    let end = new_base.add(prototype.frame_size as usize);
                    let room = if prototype.is_vararg { $count + 2 } else { 0 };
                    if end.add(room) > coroutine!().limit() {
                        save!();
                        let index = new_base.offset_from(coroutine!().stack()) as usize;
                        match transfer::enter(ctx, coroutine!(), function, index, $count) {
                            Ok(()) => {
                                load!();
                                burn!();
                                continue;
                            }
                            Err(error) => {
                                let slot = index - 2;
                                match transfer::enter_failed(ctx, coroutine!(), slot, $count, error) {
                                    Flow::Continue => {
                                        load!();
                                        continue;
                                    }
                                    Flow::Exit(exit) => return exit,
                                }
                            }
                        }
                    }
                    pc = function.entry;
                    constants = function.constants;
                    let num_params = prototype.num_params as usize;
                    if prototype.is_vararg {
                        // The arguments stay where they are, and the parameters among them are moved up.
                        base = new_base.add(room);
                        *base.sub(2) = Value::from(function);
                        *base.sub(1) = Link::vararg(room);
                        for index in 0..num_params {
                            reg!(index) = Value::NIL;
                            if index < $count {
                                std::ptr::swap(base.add(index), new_base.add(index));
                            }
                        }
                    } else {
                        base = new_base;
                        for index in $count..num_params {
                            reg!(index) = Value::NIL;
                        }
                    }
                    burn!();
                }};
            }
            macro_rules! native {
                ($function:expr, $callee:expr, $count:expr) => {{
                    let function: Gc<'gc, Function<'gc>> = $function;
                    let coroutine = coroutine!();
                    let here_index = base.offset_from(coroutine.stack()) as usize;
                    let index = $callee.offset_from(coroutine.stack()) as usize + 2;
                    let top = index + $count;
                    if coroutine.ensure(heap, top).is_err() {
                        slow!(transfer::drive(
                            ctx,
                            Step::Throw(transfer::stack_overflow(ctx))
                        ));
                    }
                    coroutine.base.set(index);
                    coroutine.top.set(top);
                    coroutine.pc.set(std::ptr::null());
                    vm.fuel.set(vm.fuel.get() - 1);
                    let run = function.native().unwrap_unchecked().run;
                    match run(&Call {
                        ctx,
                        coroutine,
                        base: index,
                        start: top,
                    }) {
                        Ok(Action(Next::Return(count))) => {
                            let count = count as usize;
                            base = coroutine.stack().add(here_index);
                            let target = coroutine.stack().add(index - 2);
                            let results = coroutine.stack().add(coroutine.top.get() - count);
                            let wanted = b!();
                            if wanted == 2 && count == 1 {
                                *target = *results;
                            } else {
                                move_down(results, target, count);
                                if wanted == 0 {
                                    coroutine.multiple.set(count);
                                    continue;
                                }
                                for extra in count..wanted - 1 {
                                    *target.add(extra) = Value::NIL;
                                }
                            }
                            collect_if_due!();
                        }
                        result => {
                            match transfer::native_returned(ctx, coroutine, index, $count, result) {
                                Flow::Continue => {
                                    load!();
                                }
                                Flow::Exit(exit) => return exit,
                            }
                        }
                    }
                }};
            }
            // Returns `$count` values at `$first` to a Lua caller, or lets `transfer` find out who called.
            macro_rules! give_back {
                ($first:expr, $count:expr) => {{
                    let first: *mut Value<'gc> = $first;
                    let count: usize = $count;
                    match Link::decode(*base.sub(1)) {
                        Link::Lua(return_to) => {
                            let call = (*return_to.sub(1)).word;
                            let target = base.sub(2);
                            let wanted = opcode::b(call);
                            if wanted == 0 {
                                move_down(first, target, count);
                                coroutine!().multiple.set(count);
                            } else {
                                let wanted = wanted - 1;
                                let moved = count.min(wanted);
                                for index in 0..moved {
                                    *target.add(index) = *first.add(index);
                                }
                                for index in moved..wanted {
                                    *target.add(index) = Value::NIL;
                                }
                            }
                            pc = return_to;
                            base = target.sub(opcode::a(call));
                            constants = function!().constants;
                        }
                        _ => {
                            let stack = coroutine!().stack();
                            let step = Step::Return {
                                base: base.offset_from(stack) as usize,
                                first: first.offset_from(stack) as usize,
                                count,
                            };
                            slow!(transfer::drive(ctx, step))
                        }
                    }
                }};
            }
            macro_rules! tail_call {
                ($count:expr) => {{
                    let count: usize = $count;
                    let from = base.add(a!());
                    let mut frame = base;
                    if let Link::Vararg(delta) = Link::decode(*frame.sub(1)) {
                        frame = frame.sub(delta);
                    }
                    let callee = *from;
                    match callee.as_function() {
                        Some(function) if !HOOKED && !function.is_native() => {
                            *frame.sub(2) = callee;
                            move_down(from.add(2), frame, count);
                            base = frame;
                            enter!(function, frame, count)
                        }
                        _ => {
                            if callee.as_function().is_none() {
                                // The error wants to name the register, so the call is looked at in place.
                                if vm.handler_of(callee, Metamethod::Call).as_function().is_none()
                                {
                                    // What an earlier frame has left there is no link of this call.
                                    *from.add(1) = Value::raw(pc as u64);
                                    let slot = from.offset_from(coroutine!().stack()) as usize;
                                    slow!(transfer::drive(ctx, Step::Call { slot, count }));
                                }
                            }
                            *frame.sub(2) = callee;
                            move_down(from.add(2), frame, count);
                            // The arguments may lie where the link of a vararg frame was.
                            base = frame;
                            save!();
                            let slot = frame.offset_from(coroutine!().stack()) as usize - 2;
                            match transfer::drive(ctx, Step::Call { slot, count }) {
                                Flow::Continue => {
                                    load!();
                                }
                                Flow::Exit(exit) => return exit,
                            }
                        }
                    }
                }};
            }
            macro_rules! assign_upvalue {
                ($value:expr) => {{
                    let cell: Gc<'gc, Upvalue<'gc>> = function!().upvalue_unchecked(a!());
                    Upvalue::set(cell, mc, $value);
                }};
            }
            macro_rules! get_by_string {
                ($object:expr, $key:expr, $slot:expr) => {{
                    let (object, key): (Value<'gc>, Gc<'gc, LuaString>) = ($object, $key);
                    if let Some(table) = object.as_table() {
                        if let Some(node) = table.find_cached(key, &(*pc.sub(1)).cache) {
                            let value = (*node).value;
                            if !value.is_nil() {
                                reg!(a!()) = value;
                                continue;
                            }
                        }
                        if Vm::lacks(table, Metamethod::Index) {
                            reg!(a!()) = Value::NIL;
                            continue;
                        }
                        if let Some(value) = metamethod::inherited_string(
                            vm,
                            table.metatable(),
                            key,
                            &(*pc.sub(1)).cache,
                        ) {
                            reg!(a!()) = value;
                            continue;
                        }
                    }
                    if object.as_string().is_some()
                        && let metatable = vm.type_metatables[Type::String as usize].get()
                        && let Some(value) =
                            metamethod::inherited_string(vm, metatable, key, &(*pc.sub(1)).cache)
                        && !value.is_nil()
                    {
                        reg!(a!()) = value;
                        continue;
                    }
                    slow!(metamethod::get(ctx, object, Value::from(key), $slot))
                }};
            }
            macro_rules! set_by_string {
                ($object:expr, $key:expr, $slot:expr) => {{
                    let (object, key): (Value<'gc>, Gc<'gc, LuaString>) = ($object, $key);
                    let value = reg!(a!());
                    if let Some(table) = object.as_table() {
                        if table.marks.get() == 0
                            && let Some(node) = table.find_cached(key, &(*pc.sub(1)).cache)
                            && !(*node).value.is_nil()
                        {
                            (*node).value = value;
                            write_barrier(mc, table, value);
                            continue;
                        }
                        if Vm::lacks(table, Metamethod::NewIndex) {
                            match table.set(mc, heap, Value::from(key), value) {
                                Ok(()) => {
                                    collect_if_due!();
                                    continue;
                                }
                                Err(error) => slow!(metamethod::store_failed(ctx, error)),
                            }
                        }
                    }
                    slow!(metamethod::set(ctx, object, Value::from(key), value, $slot))
                }};
            }
            macro_rules! get_by_index {
                ($object:expr, $index:expr, $key:expr, $slot:expr) => {{
                    let (object, index): (Value<'gc>, u32) = ($object, $index);
                    if let Some(table) = object.as_table() {
                        let value = table.get_index(index);
                        if !value.is_nil() || Vm::lacks(table, Metamethod::Index) {
                            reg!(a!()) = value;
                            continue;
                        }
                        if let Some(value) = metamethod::inherited(vm, table.metatable(), $key) {
                            reg!(a!()) = value;
                            continue;
                        }
                    }
                    slow!(metamethod::get(ctx, object, $key, $slot))
                }};
            }
            macro_rules! set_by_index {
                ($object:expr, $index:expr, $key:expr, $slot:expr) => {{
                    let (object, index): (Value<'gc>, u32) = ($object, $index);
                    let value = reg!(a!());
                    if let Some(table) = object.as_table() {
                        if table.marks.get() == 0
                            && let Some(cell) = table.array_slot(index)
                        {
                            if !cell.get().is_nil() && !value.is_nil() {
                                cell.set(value);
                                table.barrier(mc, value);
                                continue;
                            }
                            if !cell.get().is_nil() || Vm::lacks(table, Metamethod::NewIndex) {
                                table.put(index, cell, value);
                                table.barrier(mc, value);
                                continue;
                            }
                        }
                        if Vm::lacks(table, Metamethod::NewIndex) {
                            match table.set_index(mc, heap, index, value) {
                                Ok(()) => {
                                    collect_if_due!();
                                    continue;
                                }
                                Err(error) => slow!(metamethod::store_failed(ctx, error)),
                            }
                        }
                    }
                    slow!(metamethod::set(ctx, object, $key, value, $slot))
                }};
            }
            // Runs the loop's body again: the jump of the `ITERL` that follows the iterator's instruction.
            macro_rules! iterate {
                ($control:expr, $first:expr, $second:expr) => {{
                    let a = a!();
                    reg!(a - 1) = $control;
                    reg!(a) = $first;
                    if b!() > 2 {
                        reg!(a + 1) = $second;
                        for index in 2..b!() - 1 {
                            reg!(a + index) = Value::NIL;
                        }
                    }
                    let word = (*pc).word;
                    pc = pc.add(1);
                    jump!(word);
                    burn!();
                }};
            }

            // SAFETY: the verifier accepts only numbers of existing operations.
            let op: Op = std::mem::transmute(word as u8);
            match op {
                Op::ISLT => compare!(<, false),
                Op::ISGE => compare!(<, true),
                Op::ISLE => compare!(<=, false),
                Op::ISGT => compare!(<=, true),
                Op::ISEQV => equal!(false),
                Op::ISNEV => equal!(true),
                Op::ISEQS => equal_constant!(constant!(d!()), false),
                Op::ISNES => equal_constant!(constant!(d!()), true),
                Op::ISEQN => equal_number!(number!(d!()), false),
                Op::ISNEN => equal_number!(number!(d!()), true),
                Op::ISEQP => equal_constant!(Value::primitive(d!()), false),
                Op::ISNEP => equal_constant!(Value::primitive(d!()), true),
                Op::ISTC => {
                    let value = reg!(d!());
                    if value.is_truthy() {
                        reg!(a!()) = value;
                    }
                    jump_if!(value.is_truthy())
                }
                Op::ISFC => {
                    let value = reg!(d!());
                    if !value.is_truthy() {
                        reg!(a!()) = value;
                    }
                    jump_if!(!value.is_truthy())
                }
                Op::IST => jump_if!(reg!(d!()).is_truthy()),
                Op::ISF => jump_if!(!reg!(d!()).is_truthy()),
                Op::MOV => reg!(a!()) = reg!(d!()),
                Op::NOT => reg!(a!()) = Value::boolean(!reg!(d!()).is_truthy()),
                Op::UNM => {
                    let value = reg!(d!());
                    if value.is_number() {
                        // Not `arithmetic`: negation flips the sign of a NaN.
                        reg!(a!()) = Value::number(-value.unchecked_number());
                    } else {
                        slow!(metamethod::arithmetic(ctx, value, value))
                    }
                }
                Op::LEN => {
                    let value = reg!(d!());
                    if let Some(table) = value.as_table() {
                        reg!(a!()) = Value::arithmetic(f64::from(table.length()));
                    } else if let Some(string) = value.as_string() {
                        reg!(a!()) = Value::arithmetic(string.len() as f64);
                    } else {
                        slow!(metamethod::length(ctx, value))
                    }
                }
                Op::ADDVN => arithmetic_forms!(vn, |x: f64, y: f64| x + y),
                Op::SUBVN => arithmetic_forms!(vn, |x: f64, y: f64| x - y),
                Op::MULVN => arithmetic_forms!(vn, |x: f64, y: f64| x * y),
                Op::DIVVN => arithmetic_forms!(vn, |x: f64, y: f64| x / y),
                Op::MODVN => arithmetic_forms!(vn, modulo),
                Op::ADDNV => arithmetic_forms!(nv, |x: f64, y: f64| x + y),
                Op::SUBNV => arithmetic_forms!(nv, |x: f64, y: f64| x - y),
                Op::MULNV => arithmetic_forms!(nv, |x: f64, y: f64| x * y),
                Op::DIVNV => arithmetic_forms!(nv, |x: f64, y: f64| x / y),
                Op::MODNV => arithmetic_forms!(nv, modulo),
                Op::ADDVV => arithmetic_forms!(vv, |x: f64, y: f64| x + y),
                Op::SUBVV => arithmetic_forms!(vv, |x: f64, y: f64| x - y),
                Op::MULVV => arithmetic_forms!(vv, |x: f64, y: f64| x * y),
                Op::DIVVV => arithmetic_forms!(vv, |x: f64, y: f64| x / y),
                Op::MODVV => arithmetic_forms!(vv, modulo),
                Op::POW => {
                    let (x, y) = (reg!(b!()), reg!(c!()));
                    if x.is_number() && y.is_number() {
                        let power = x.unchecked_number().powf(y.unchecked_number());
                        reg!(a!()) = Value::number(power);
                    } else {
                        slow!(metamethod::arithmetic(ctx, x, y))
                    }
                }
                Op::CAT => slow!(metamethod::concat(ctx)),
                Op::KSTR | Op::KCDATA => reg!(a!()) = constant!(d!()),
                Op::KSHORT => reg!(a!()) = Value::arithmetic(f64::from(d!() as u16 as i16)),
                Op::KNUM => reg!(a!()) = number!(d!()),
                Op::KPRI => reg!(a!()) = Value::primitive(d!()),
                Op::KNIL => {
                    for index in a!()..=d!() {
                        reg!(index) = Value::NIL;
                    }
                }
                Op::UGET => reg!(a!()) = function!().upvalue_unchecked(d!()).get(),
                Op::USETV => assign_upvalue!(reg!(d!())),
                Op::USETS => assign_upvalue!(constant!(d!())),
                Op::USETN => assign_upvalue!(number!(d!())),
                Op::USETP => assign_upvalue!(Value::primitive(d!())),
                Op::UCLO => {
                    coroutine!().close_upvalues(mc, base.add(a!()));
                    jump_or_loop!(word);
                }
                Op::FNEW => {
                    let prototype: Gc<'gc, Prototype<'gc>> =
                        Gc::from_ptr(constant!(d!()).bits() as *const Prototype<'gc>);
                    let parent = function!();
                    let sources = &prototype.template.upvalues;
                    let closure = Function::new(mc, heap, prototype, parent.env(), |index| {
                        let source = sources[index];
                        if source.is_local() {
                            let register = base.add(source.index() as usize);
                            Coroutine::find_upvalue(coroutine!(), mc, heap, register)
                        } else {
                            parent.upvalue_unchecked(source.index() as usize)
                        }
                    });
                    reg!(a!()) = Value::from(closure);
                    collect_if_due!();
                }
                Op::TNEW => {
                    let array = match d!() & 0x7ff {
                        0x7ff => 0x801,
                        len => len as u32,
                    };
                    let nodes = match d!() >> 11 {
                        0 => 0,
                        bits => (1usize << bits).min(MAX_NODE_HINT) as u32,
                    };
                    reg!(a!()) = Value::from(Table::new(mc, heap, array, nodes));
                    collect_if_due!();
                }
                Op::TDUP => {
                    let constant: Gc<'gc, Table<'gc>> =
                        constant!(d!()).as_table().unwrap_unchecked();
                    reg!(a!()) = Value::from(constant.duplicate(mc, heap));
                    collect_if_due!();
                }
                Op::GGET => {
                    get_by_string!(Value::from(function!().env()), string!(d!()), None)
                }
                Op::GSET => {
                    set_by_string!(Value::from(function!().env()), string!(d!()), None)
                }
                Op::TGETV => {
                    let (object, key) = (reg!(b!()), reg!(c!()));
                    if let Some(index) = array_index(key) {
                        get_by_index!(object, index, key, Some(b!()))
                    } else if let Some(string) = key.as_string() {
                        get_by_string!(object, string, Some(b!()))
                    } else {
                        if let Some(table) = object.as_table() {
                            let value = table.get_other(key);
                            if !value.is_nil() || Vm::lacks(table, Metamethod::Index) {
                                reg!(a!()) = value;
                                continue;
                            }
                        }
                        slow!(metamethod::get(ctx, object, key, Some(b!())))
                    }
                }
                Op::TGETS => get_by_string!(reg!(b!()), string!(c!()), Some(b!())),
                Op::TGETB => {
                    let key = Value::arithmetic(c!() as f64);
                    get_by_index!(reg!(b!()), c!() as u32, key, Some(b!()))
                }
                Op::TSETV => {
                    let (object, key) = (reg!(b!()), reg!(c!()));
                    if let Some(index) = array_index(key) {
                        set_by_index!(object, index, key, Some(b!()))
                    } else if let Some(string) = key.as_string() {
                        set_by_string!(object, string, Some(b!()))
                    } else {
                        let value = reg!(a!());
                        if let Some(table) = object.as_table()
                            && Vm::lacks(table, Metamethod::NewIndex)
                        {
                            match table.set_other(mc, heap, key, value) {
                                Ok(()) => {
                                    collect_if_due!();
                                    continue;
                                }
                                Err(error) => slow!(metamethod::store_failed(ctx, error)),
                            }
                        }
                        slow!(metamethod::set(ctx, object, key, value, Some(b!())))
                    }
                }
                Op::TSETS => set_by_string!(reg!(b!()), string!(c!()), Some(b!())),
                Op::TSETB => {
                    let key = Value::arithmetic(c!() as f64);
                    set_by_index!(reg!(b!()), c!() as u32, key, Some(b!()))
                }
                Op::TSETM => {
                    // The first index is in the low half of the constant's bits (LuaJIT biases it by 2^52).
                    let first = number!(d!()).bits() as u32;
                    let a = a!();
                    if let Some(table) = reg!(a - 1).as_table() {
                        let count = coroutine!().multiple.get() as u32;
                        let mut failed = table.reserve_items(mc, heap, first, count).err();
                        for offset in 0..count {
                            let value = reg!(a + offset as usize);
                            if let Err(error) =
                                table.set_index(mc, heap, first.wrapping_add(offset), value)
                            {
                                failed = Some(error);
                                break;
                            }
                        }
                        if let Some(error) = failed {
                            slow!(metamethod::store_failed(ctx, error))
                        }
                        collect_if_due!();
                    }
                }
                Op::CALLM => call!(base.add(a!()), c!() + coroutine!().multiple.get()),
                Op::CALL => call!(base.add(a!()), c!() - 1),
                Op::CALLMT => tail_call!(d!() + coroutine!().multiple.get()),
                Op::CALLT => tail_call!(d!() - 1),
                Op::ITERC => {
                    let a = a!();
                    let (iterator, state, control) = (reg!(a - 3), reg!(a - 2), reg!(a - 1));
                    if !HOOKED
                        && let Some(table) = state.as_table()
                        && let Some(function) = iterator.as_function()
                        && let Some(ipairs) = vm.ipairs_iterator.get()
                        && Gc::ptr_eq(ipairs, function)
                        && let Some(index) = array_index(control)
                    {
                        let value = table.get_index(index.wrapping_add(1));
                        if value.is_nil() {
                            reg!(a) = Value::NIL;
                            pc = pc.add(1);
                        } else {
                            let key = Value::arithmetic(f64::from(index as i32) + 1.0);
                            iterate!(key, key, value);
                        }
                        continue;
                    }
                    reg!(a) = iterator;
                    reg!(a + 2) = state;
                    reg!(a + 3) = control;
                    call!(base.add(a), 2)
                }
                Op::ITERN => {
                    let a = a!();
                    if let Some(position) = reg!(a - 1).as_position()
                        && let Some(table) = reg!(a - 2).as_table()
                    {
                        match table.entry_from(position) {
                            Some((next, key, value)) => {
                                iterate!(Value::position(next), key, value);
                            }
                            None => pc = pc.add(1),
                        }
                        continue;
                    }
                    reg!(a) = reg!(a - 3);
                    reg!(a + 2) = reg!(a - 2);
                    reg!(a + 3) = reg!(a - 1);
                    call!(base.add(a), 2)
                }
                Op::ISNEXT => {
                    let a = a!();
                    if let Some(function) = reg!(a - 3).as_function()
                        && let Some(next) = vm.next_function.get()
                        && Gc::ptr_eq(function, next)
                        && reg!(a - 2).as_table().is_some()
                        && reg!(a - 1).is_nil()
                    {
                        reg!(a - 1) = Value::position(0);
                    }
                    jump!(word);
                }
                Op::ITERL | Op::IITERL => {
                    let a = a!();
                    let first = reg!(a);
                    if !first.is_nil() {
                        reg!(a - 1) = first;
                        jump!(word);
                        burn!();
                    }
                }
                Op::VARG => {
                    let a = a!();
                    let (mut count, mut from) = (0, base);
                    if let Link::Vararg(delta) = Link::decode(*base.sub(1)) {
                        count = (delta - 2).saturating_sub(c!());
                        from = base.sub(delta).add(c!());
                    }
                    let wanted = b!();
                    if wanted == 0 {
                        let first = base.offset_from(coroutine!().stack()) as usize;
                        let source = from.offset_from(coroutine!().stack()) as usize;
                        if coroutine!().ensure(heap, first + a + count).is_err() {
                            slow!(transfer::drive(
                                ctx,
                                Step::Throw(transfer::overflow_above(ctx, coroutine!()))
                            ));
                        }
                        base = coroutine!().stack().add(first);
                        coroutine!().copy_slots(source, first + a, count);
                        coroutine!().multiple.set(count);
                    } else {
                        for index in 0..wanted - 1 {
                            reg!(a + index) = if index < count {
                                *from.add(index)
                            } else {
                                Value::NIL
                            };
                        }
                    }
                }
                Op::RETM => give_back!(base.add(a!()), d!() + coroutine!().multiple.get()),
                Op::RET => give_back!(base.add(a!()), d!() - 1),
                Op::RET0 => give_back!(base, 0),
                Op::RET1 => {
                    let value = reg!(a!());
                    match Link::decode(*base.sub(1)) {
                        Link::Lua(return_to) => {
                            let call = (*return_to.sub(1)).word;
                            if opcode::b(call) == 2 {
                                let target = base.sub(2);
                                *target = value;
                                pc = return_to;
                                base = target.sub(opcode::a(call));
                                constants = function!().constants;
                                continue;
                            }
                        }
                        // The value of a metamethod that completes an instruction.
                        Link::Continuation(delta)
                            if (*base.sub(4)).bits() == continuation::STORE =>
                        {
                            pc = (*base.sub(3)).bits() as *const Instruction;
                            base = base.sub(delta);
                            *base.add(opcode::a((*pc.sub(1)).word)) = value;
                            constants = function!().constants;
                            continue;
                        }
                        // The answer of a comparator, which mostly is called again.
                        Link::Continuation(_) if !HOOKED && (*base.sub(4)).bits() == comparison => {
                            let index = base.offset_from(coroutine!().stack()) as usize;
                            let is_less = value.is_truthy();
                            if let Some(function) =
                                sort::compare_next(mc, coroutine!(), index, is_less)
                            {
                                enter!(function, base, 2);
                                continue;
                            }
                        }
                        _ => {}
                    }
                    give_back!(base.add(a!()), 1)
                }
                Op::FORI => {
                    let a = a!();
                    if !(reg!(a).is_number() && reg!(a + 1).is_number() && reg!(a + 2).is_number())
                    {
                        save!();
                        match metamethod::prepare_loop(ctx) {
                            Ok(()) => {}
                            Err(Flow::Continue) => {
                                load!();
                                continue;
                            }
                            Err(Flow::Exit(exit)) => return exit,
                        }
                    }
                    let start = reg!(a).unchecked_number();
                    let stop = reg!(a + 1).unchecked_number();
                    let step = reg!(a + 2).unchecked_number();
                    reg!(a + 3) = reg!(a);
                    if !(if step >= 0.0 {
                        start <= stop
                    } else {
                        start >= stop
                    }) {
                        jump!(word);
                    }
                }
                Op::FORL | Op::IFORL => {
                    // Hostile code may get here without `FORI`: then these are no numbers, and the loop ends
                    // or goes on, but every NaN that the sum can make is a valid word.
                    let slots = base.add(a!());
                    let stop = (*slots.add(1)).unchecked_number();
                    let step = (*slots.add(2)).unchecked_number();
                    let index = (*slots).unchecked_number() + step;
                    if if step >= 0.0 {
                        index <= stop
                    } else {
                        index >= stop
                    } {
                        *slots = Value::arithmetic(index);
                        *slots.add(3) = Value::arithmetic(index);
                        jump!(word);
                        burn!();
                    }
                }
                // The jump that comes back here is what costs fuel. The arm is not empty because a block that
                // follows itself would not be copied behind each instruction (see `.cargo/config.toml`).
                Op::LOOP | Op::ILOOP => in_registers!(base),
                Op::JMP => jump_or_loop!(word),
                Op::ISTYPE
                | Op::ISNUM
                | Op::TGETR
                | Op::TSETR
                | Op::JFORI
                | Op::JFORL
                | Op::JITERL
                | Op::JLOOP
                | Op::FUNCF
                | Op::IFUNCF
                | Op::JFUNCF
                | Op::FUNCV
                | Op::IFUNCV
                | Op::JFUNCV
                | Op::FUNCC
                | Op::FUNCCW => {
                    debug_assert!(false, "{op:?} does not pass the verifier");
                    std::hint::unreachable_unchecked()
                }
            }
        }
    }
}
