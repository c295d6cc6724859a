//! `table.sort`: LuaJIT's quicksort as a state machine, so that comparators run as ordinary calls.
//!
//! With a comparator, or with values that only a metamethod can compare, the comparisons made and the
//! resulting order are those of LuaJIT (`auxsort` in `lib_table.c`), down to inconsistent comparators. Ranges
//! of numbers only or strings only are sorted at once: equal values cannot be told apart.

use std::cmp::Ordering;

use gc_arena::{Gc, Mutation};

use crate::call::{Call, NativeResult};
use crate::coroutine::Coroutine;
use crate::error::Error;
use crate::function::Function;
use crate::string::LuaString;
use crate::table::Table;
use crate::value::Value;
use crate::vm::metamethod;

/// Longest range that is sorted at once; longer ones are partitioned first, with an eye on the fuel.
const AT_ONCE: u32 = 1 << 15;

/// Shorter ranges do not repay being copied.
const WORTH_COPYING: u32 = 8;

/// Comparisons without a call between two looks at the fuel.
const PATIENCE: usize = 4096;

/// What the next comparison decides. Names are `auxsort`'s: `l` and `u` bound the range, `P` is the pivot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The range `l..=u` is to be sorted.
    Begin,
    /// `a[u] < a[l]`
    Ends,
    /// `a[i] < a[l]`
    MiddleLow,
    /// `a[u] < a[i]`
    MiddleHigh,
    /// `a[i] < P`
    Up,
    /// `P < a[j]`
    Down,
}

#[derive(Debug)]
struct Sort {
    phase: Phase,
    l: u32,
    u: u32,
    i: u32,
    j: u32,
    /// Ranges still to be sorted; each is larger than all that come after it, so there are few.
    pending: Vec<(u32, u32)>,
}

/// What a comparison needs.
enum Step<'gc> {
    Done,
    /// Ask whether the first is less than the second.
    Compare(Value<'gc>, Value<'gc>),
    Exhausted,
}

/// The values that a sort works on, all in own slots.
struct Subject<'a, 'gc> {
    call: &'a Call<'gc>,
    table: Gc<'gc, Table<'gc>>,
    comparator: Value<'gc>,
    pivot: Value<'gc>,
}

const PIVOT: usize = 3;
const STATE: usize = 4;

pub(crate) fn sort<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let table = call.check_table(1)?;
    let len = table.length();
    let comparator = call.arg(2);
    if !comparator.is_nil() {
        call.check_function(2)?;
    }
    if len < 2 {
        return call.ret0();
    }
    // Records the write: swaps go past the table's bookkeeping.
    call.set(table, 1.0, table.get_index(1))?;
    if comparator.is_nil() && len <= AT_ONCE && sort_at_once(call, table, 1, len) {
        return call.ret0();
    }
    let state = Sort {
        phase: Phase::Begin,
        l: 1,
        u: len,
        i: 0,
        j: 0,
        pending: Vec::new(),
    };
    call.keep(2)?;
    call.push(Value::NIL)?;
    call.push(call.userdata(Box::new(state)).into())?;
    let userdata = call.coroutine.slot(call.base + STATE - 1);
    proceed(
        Subject {
            call,
            table,
            comparator,
            pivot: Value::NIL,
        },
        userdata,
        None,
    )
}

/// Takes the answer of a comparator that has returned to its frame at `base`, when the next comparison is of the
/// same partition: writes its operands into the frame, as it lies there, and returns the function to be called.
///
/// `None`, with nothing done, if it takes more than that; then the continuation runs as any other.
#[inline]
pub(crate) fn compare_next<'gc>(
    mc: &Mutation<'gc>,
    coroutine: Gc<'gc, Coroutine<'gc>>,
    base: usize,
    is_less: bool,
) -> Option<Gc<'gc, Function<'gc>>> {
    // Above the own slots lie the continuation, an instruction address, the function and the link.
    let own = |number: usize| coroutine.slot(base - 4 - STATE + number - 1);
    let (table, comparator) = (own(1).as_table()?, own(2).as_function()?);
    if comparator.is_native() {
        return None;
    }
    let userdata = own(STATE).as_userdata()?;
    let mut data = userdata.data().borrow_mut();
    let state = data.downcast_mut::<Sort>()?;
    if !state.advance(mc, table, is_less) {
        return None;
    }
    let (a, b) = state.operands(table, own(PIVOT));
    coroutine.set_slot(base - 2, comparator.into());
    coroutine.set_slot(base, a);
    coroutine.set_slot(base + 1, b);
    Some(comparator)
}

/// Goes on after a comparison that took a call.
pub(crate) fn after_comparison<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let answer = call.result(1).is_truthy();
    call.keep(STATE)?;
    resume(call, Some(answer))
}

fn after_pause<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    call.keep(STATE)?;
    resume(call, None)
}

fn resume<'gc>(call: &Call<'gc>, answer: Option<bool>) -> NativeResult<'gc> {
    let table = call.check_table(1)?;
    let subject = Subject {
        call,
        table,
        comparator: call.arg(2),
        pivot: call.arg(PIVOT),
    };
    proceed(subject, call.arg(STATE), answer)
}

fn proceed<'gc>(
    mut subject: Subject<'_, 'gc>,
    userdata: Value<'gc>,
    answer: Option<bool>,
) -> NativeResult<'gc> {
    let call = subject.call;
    let before = subject.pivot;
    let step = {
        let userdata = userdata.as_userdata().expect("sort put its state there");
        let mut data = userdata.data().borrow_mut();
        let state = data
            .downcast_mut::<Sort>()
            .expect("sort put its state there");
        state.run(&mut subject, answer)?
    };
    if !subject.pivot.same(before) {
        call.set_arg(PIVOT, subject.pivot);
    }
    match step {
        Step::Done => call.ret0(),
        Step::Exhausted => call.again(after_pause),
        Step::Compare(a, b) if !subject.comparator.is_nil() => {
            call.invoke(subject.comparator, &[a, b], after_comparison)
        }
        Step::Compare(a, b) => {
            let handler = metamethod::less_than_handler(call.ctx, a, b)
                .map_err(|message| Error::from(call.string(message)))?;
            call.invoke(handler, &[a, b], after_comparison)
        }
    }
}

impl<'gc> Subject<'_, 'gc> {
    fn get(&self, index: u32) -> Value<'gc> {
        self.table.get_index(index)
    }

    fn swap(&self, a: u32, b: u32) -> Result<(), Error<'gc>> {
        let (first, second) = (self.get(a), self.get(b));
        for (index, value) in [(a, second), (b, first)] {
            if !self.table.move_to_slot(self.call.mutation(), index, value) {
                self.call
                    .set(self.table, Value::number(f64::from(index)), value)?;
            }
        }
        Ok(())
    }
}

impl Sort {
    /// Sorts until a comparison needs a call or the fuel is used up; `answer` is that of the last call.
    fn run<'gc>(
        &mut self,
        subject: &mut Subject<'_, 'gc>,
        mut answer: Option<bool>,
    ) -> Result<Step<'gc>, Error<'gc>> {
        let has_comparator = !subject.comparator.is_nil();
        let mut compared = 0;
        // However little fuel a slice has, something must be done with it.
        let mut has_advanced = false;
        loop {
            if self.phase == Phase::Begin {
                if !has_comparator {
                    subject.call.burn(compared);
                    compared = 0;
                }
                if self.l >= self.u || self.is_sorted_at_once(subject) {
                    match self.pending.pop() {
                        Some(range) => (self.l, self.u) = range,
                        None => return Ok(Step::Done),
                    }
                    continue;
                }
                if has_advanced && subject.call.is_exhausted() {
                    return Ok(Step::Exhausted);
                }
                self.phase = Phase::Ends;
            }
            let (a, b) = self.operands(subject.table, subject.pivot);
            let is_less = match answer.take() {
                Some(answer) => answer,
                None if has_comparator => return Ok(Step::Compare(a, b)),
                None => match metamethod::raw_compare(a, b, false) {
                    Some(answer) => answer,
                    None => {
                        subject.call.burn(compared);
                        return Ok(Step::Compare(a, b));
                    }
                },
            };
            self.learn(subject, is_less)?;
            has_advanced = true;
            compared += 1;
            if compared == PATIENCE {
                subject.call.burn(compared);
                compared = 0;
                if subject.call.is_exhausted() {
                    return Ok(Step::Exhausted);
                }
            }
        }
    }

    /// Returns what the next comparison compares.
    #[inline]
    fn operands<'gc>(
        &self,
        table: Gc<'gc, Table<'gc>>,
        pivot: Value<'gc>,
    ) -> (Value<'gc>, Value<'gc>) {
        let get = |index| table.get_index(index);
        match self.phase {
            Phase::Begin | Phase::Ends => (get(self.u), get(self.l)),
            Phase::MiddleLow => (get(self.i), get(self.l)),
            Phase::MiddleHigh => (get(self.u), get(self.i)),
            Phase::Up => (get(self.i), pivot),
            Phase::Down => (pivot, get(self.j)),
        }
    }

    /// Draws the consequences of a comparison if that leads to another of the same partition; else does nothing
    /// and returns false.
    #[inline]
    fn advance<'gc>(
        &mut self,
        mc: &Mutation<'gc>,
        table: Gc<'gc, Table<'gc>>,
        is_less: bool,
    ) -> bool {
        match self.phase {
            Phase::Up if is_less => {
                if self.i >= self.u {
                    return false;
                }
                self.i += 1;
            }
            Phase::Up => {
                self.j -= 1;
                self.phase = Phase::Down;
            }
            Phase::Down if is_less => {
                if self.j <= self.l {
                    return false;
                }
                self.j -= 1;
            }
            Phase::Down => {
                // What lies in the hash part is swapped elsewhere, both halves at once.
                if self.j < self.i || self.j >= table.array_len() {
                    return false;
                }
                let (low, high) = (table.get_index(self.i), table.get_index(self.j));
                table.move_to_slot(mc, self.i, high);
                table.move_to_slot(mc, self.j, low);
                self.i += 1;
                self.phase = Phase::Up;
            }
            _ => return false,
        }
        true
    }

    /// Draws the consequences of a comparison and chooses the next one.
    #[inline]
    fn learn<'gc>(
        &mut self,
        subject: &mut Subject<'_, 'gc>,
        is_less: bool,
    ) -> Result<(), Error<'gc>> {
        if self.advance(subject.call.mutation(), subject.table, is_less) {
            return Ok(());
        }
        match self.phase {
            Phase::Begin => {}
            Phase::Ends => {
                if is_less {
                    subject.swap(self.l, self.u)?;
                }
                if self.u - self.l == 1 {
                    self.finish_range();
                } else {
                    self.i = self.l + (self.u - self.l) / 2;
                    self.phase = Phase::MiddleLow;
                }
            }
            Phase::MiddleLow if is_less => {
                subject.swap(self.i, self.l)?;
                self.choose_pivot(subject)?;
            }
            Phase::MiddleLow => self.phase = Phase::MiddleHigh,
            Phase::MiddleHigh => {
                if is_less {
                    subject.swap(self.i, self.u)?;
                }
                self.choose_pivot(subject)?;
            }
            Phase::Up | Phase::Down if is_less => {
                return Err(subject.call.error("invalid order function for sorting"));
            }
            Phase::Up => {}
            Phase::Down => {
                if self.j < self.i {
                    subject.swap(self.u - 1, self.i)?;
                    self.split();
                } else {
                    subject.swap(self.i, self.j)?;
                    self.i += 1;
                    self.phase = Phase::Up;
                }
            }
        }
        Ok(())
    }

    fn choose_pivot<'gc>(&mut self, subject: &mut Subject<'_, 'gc>) -> Result<(), Error<'gc>> {
        if self.u - self.l == 2 {
            self.finish_range();
            return Ok(());
        }
        subject.pivot = subject.get(self.i);
        subject.swap(self.i, self.u - 1)?;
        self.i = self.l + 1;
        self.j = self.u - 1;
        self.phase = Phase::Up;
        Ok(())
    }

    /// Goes on with the smaller part of a partitioned range and keeps the larger one for later.
    fn split(&mut self) {
        let (l, i, u) = (self.l, self.i, self.u);
        let (smaller, larger) = if i - l < u - i {
            ((l, i - 1), (i + 1, u))
        } else {
            ((i + 1, u), (l, i - 1))
        };
        self.pending.push(larger);
        (self.l, self.u) = smaller;
        self.phase = Phase::Begin;
    }

    fn finish_range(&mut self) {
        self.u = self.l;
        self.phase = Phase::Begin;
    }

    fn is_sorted_at_once(&self, subject: &Subject<'_, '_>) -> bool {
        let len = self.u - self.l + 1;
        subject.comparator.is_nil()
            && (WORTH_COPYING..=AT_ONCE).contains(&len)
            && sort_at_once(subject.call, subject.table, self.l, self.u)
    }
}

/// Sorts the range if it consists of numbers or of strings; false when it does not or lies outside the array.
fn sort_at_once<'gc>(call: &Call<'gc>, table: Gc<'gc, Table<'gc>>, l: u32, u: u32) -> bool {
    if u >= table.array_len() {
        return false;
    }
    let first = table.get_index(l);
    let len = (u - l + 1) as usize;
    let done = if first.is_number() {
        if len <= 64 {
            let mut numbers = [0.0; 64];
            sort_numbers(call.mutation(), table, l, &mut numbers[..len])
        } else {
            call.has_room(len * 8) && sort_numbers(call.mutation(), table, l, &mut vec![0.0; len])
        }
    } else if first.as_string().is_some() {
        call.has_room(len * 16) && sort_strings(call.mutation(), table, l, len)
    } else {
        false
    };
    if done {
        call.burn(len * (usize::BITS - len.leading_zeros()) as usize / 4);
    }
    done
}

fn sort_numbers<'gc>(
    mc: &Mutation<'gc>,
    table: Gc<'gc, Table<'gc>>,
    l: u32,
    numbers: &mut [f64],
) -> bool {
    for (index, number) in (l..).zip(numbers.iter_mut()) {
        match table.get_index(index).as_number() {
            // NaN compares false with everything, and the zeros are equal but not the same: that leaves the
            // order to the algorithm.
            Some(n) if !n.is_nan() && n.to_bits() != (-0.0_f64).to_bits() => *number = n,
            _ => return false,
        }
    }
    numbers.sort_unstable_by(f64::total_cmp);
    for (index, &number) in (l..).zip(numbers.iter()) {
        table.move_to_slot(mc, index, Value::number(number));
    }
    true
}

fn sort_strings<'gc>(mc: &Mutation<'gc>, table: Gc<'gc, Table<'gc>>, l: u32, len: usize) -> bool {
    // Most comparisons end within the first eight bytes, without a look at the strings.
    let mut strings: Vec<(u64, Gc<'gc, LuaString>)> = Vec::with_capacity(len);
    for index in l..l + len as u32 {
        let Some(string) = table.get_index(index).as_string() else {
            return false;
        };
        let bytes = string.as_bytes();
        let mut prefix = [0; 8];
        let count = bytes.len().min(8);
        prefix[..count].copy_from_slice(&bytes[..count]);
        strings.push((u64::from_be_bytes(prefix), string));
    }
    strings.sort_unstable_by(|(prefix, string), (other_prefix, other)| {
        prefix.cmp(other_prefix).then_with(|| {
            if Gc::ptr_eq(*string, *other) {
                Ordering::Equal
            } else {
                string.as_bytes().cmp(other.as_bytes())
            }
        })
    });
    for (index, (_, string)) in (l..).zip(strings) {
        table.move_to_slot(mc, index, string.into());
    }
    true
}
