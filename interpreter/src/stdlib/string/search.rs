//! `string.find`, `match` and `gmatch`, over the matcher of `text::matcher`.
//!
//! A search stops when the fuel is used up and goes on later; its state then waits in a userdata. Compiled
//! patterns and the state of finished searches are kept for the next call.

use std::cell::RefCell;
use std::rc::Rc;

use gc_arena::Gc;

use crate::call::{Call, NativeResult};
use crate::context::Context;
use crate::error::Error;
use crate::stdlib::buffer::{Buffer, Charge};
use crate::string::LuaString;
use crate::text::bytes::init_position;
use crate::text::find::{find_plain, is_plain};
use crate::text::matcher::{Capture, Matcher, Outcome};
use crate::text::pattern::{Caret, Pattern};
use crate::value::Value;

/// Bytes that the matcher looks at for one unit of fuel.
const BYTES_PER_UNIT: u64 = 4;

/// Bytes that the matcher may look at even when there is no fuel left.
const LEAST_BUDGET: u64 = 256;

/// Longest pattern that is kept in the cache, and the number of places for patterns.
const CACHED_LEN: usize = 256;
const CACHE_SIZE: usize = 64;

struct Cached {
    text: Box<[u8]>,
    caret: Caret,
    pattern: Rc<Pattern>,
}

/// What searches leave for those to come, shared by the VMs of an OS thread: nothing that a program sees.
struct Leftovers {
    patterns: [Option<Cached>; CACHE_SIZE],
    search: Option<Box<Search>>,
}

thread_local! {
    static LEFTOVERS: RefCell<Leftovers> =
        const { RefCell::new(Leftovers { patterns: [const { None }; CACHE_SIZE], search: None }) };
}

/// A search under way.
pub(super) struct Search {
    pub(super) matcher: Matcher,
    pub(super) pattern: Rc<Pattern>,
    /// `gsub`: where the next match may begin.
    pub(super) at: usize,
    /// `gsub`: the end of the part of the subject that the result accounts for.
    pub(super) copied: usize,
    pub(super) count: usize,
    pub(super) limit: usize,
    pub(super) out: Buffer,
    charge: Charge,
}

impl Search {
    /// Prepares a search for a pattern.
    pub(super) fn new<'gc>(
        ctx: Context<'gc>,
        text: Gc<'gc, LuaString>,
        caret: Caret,
    ) -> Result<Box<Search>, Error<'gc>> {
        let pattern = compile(ctx, text, caret)?;
        Ok(Search::with_pattern(pattern))
    }

    fn with_pattern(pattern: Rc<Pattern>) -> Box<Search> {
        if let Some(mut search) = LEFTOVERS.with_borrow_mut(|l| l.search.take()) {
            search.pattern = pattern;
            return search;
        }
        Box::new(Search {
            matcher: Matcher::new(),
            pattern,
            at: 0,
            copied: 0,
            count: 0,
            limit: 0,
            out: Buffer::default(),
            charge: Charge::default(),
        })
    }

    /// Leaves the memory to the next search.
    pub(super) fn retire(mut self: Box<Self>, ctx: Context<'_>) {
        self.charge.release(ctx);
        self.out = Buffer::default();
        LEFTOVERS.with_borrow_mut(|l| l.search = Some(self));
    }

    /// Runs the matcher until the search ends or the fuel does.
    #[inline]
    pub(super) fn step(&mut self, call: &Call<'_>, subject: &[u8]) -> Outcome {
        loop {
            let fuel = call.vm.fuel.get().max(0) as u64;
            let budget = fuel.saturating_mul(BYTES_PER_UNIT).max(LEAST_BUDGET);
            let mut left = budget;
            let outcome = self.matcher.step(subject, &self.pattern, &mut left);
            call.burn(((budget - left) / BYTES_PER_UNIT) as usize + 1);
            if outcome != Outcome::OutOfBudget || call.is_exhausted() {
                return outcome;
            }
        }
    }

    /// Charges the heap for the search, before it is put into a userdata.
    pub(super) fn account(&mut self, ctx: Context<'_>) {
        // The matcher's own memory is bounded, and small against these.
        self.charge.raise_to(
            ctx,
            size_of::<Search>() + 8 * 1024 + self.pattern.heap_bytes(),
        );
        self.out.account(ctx);
    }

    /// Returns the value of a capture.
    pub(super) fn capture<'gc>(
        &self,
        call: &Call<'gc>,
        subject: Gc<'gc, LuaString>,
        index: usize,
    ) -> Result<Value<'gc>, Error<'gc>> {
        match self.matcher.capture(&self.pattern, index) {
            Ok(Capture::Span { start, end }) => {
                if end - start == subject.len() {
                    return Ok(subject.into());
                }
                Ok(call.checked_string(&subject.as_bytes()[start..end])?.into())
            }
            Ok(Capture::Position(position)) => Ok(Value::number(position as f64)),
            Err(error) => Err(call.error(error.to_string())),
        }
    }

    /// Returns from a function with `first`, and with the captures, or the whole match when there are none.
    fn return_match<'gc>(
        self: Box<Self>,
        call: &Call<'gc>,
        subject: Gc<'gc, LuaString>,
        range: Option<(usize, usize)>,
    ) -> NativeResult<'gc> {
        let captures = self.pattern.capture_count();
        let mut count = captures;
        if let Some((start, end)) = range {
            call.reserve(captures + 2)?;
            call.push(Value::number((start + 1) as f64))?;
            call.push(Value::number(end as f64))?;
            count += 2;
        } else if captures == 0 {
            call.push(self.capture(call, subject, 0)?)?;
            count = 1;
        }
        for index in 0..captures {
            call.push(self.capture(call, subject, index)?)?;
        }
        self.retire(call.ctx);
        call.ret_top(count)
    }
}

/// Returns the compiled pattern, from the cache if it is there.
fn compile<'gc>(
    ctx: Context<'gc>,
    text: Gc<'gc, LuaString>,
    caret: Caret,
) -> Result<Rc<Pattern>, Error<'gc>> {
    let bytes = text.as_bytes();
    if bytes.len() > CACHED_LEN {
        ctx.check_room(32 * bytes.len())?;
        return Ok(Rc::new(Pattern::new(bytes, caret)));
    }
    let place = (text.hash() as usize + caret as usize) % CACHE_SIZE;
    LEFTOVERS.with_borrow_mut(|leftovers| {
        let place = &mut leftovers.patterns[place];
        if let Some(cached) = place
            && cached.caret == caret
            && *cached.text == *bytes
        {
            return Ok(cached.pattern.clone());
        }
        let pattern = Rc::new(Pattern::new(bytes, caret));
        *place = Some(Cached {
            text: bytes.into(),
            caret,
            pattern: pattern.clone(),
        });
        Ok(pattern)
    })
}

pub(super) fn find<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let subject = call.check_string(1)?;
    let text = call.check_string(2)?;
    let init = init_position(subject.len(), call.opt_int(3, 1)?);
    if call.arg(4).is_truthy() || is_plain(text.as_bytes()) {
        let found = find_plain(subject.as_bytes(), text.as_bytes(), init);
        let end = found.unwrap_or(subject.len());
        call.burn((end - init) / 64);
        return match found {
            Some(start) => {
                call.push(Value::number((start + 1) as f64))?;
                call.push(Value::number((start + text.len()) as f64))?;
                call.ret_top(2)
            }
            None => call.ret(Value::NIL),
        };
    }
    let mut search = Search::new(call.ctx, text, Caret::Anchor)?;
    search.matcher.begin(init);
    run_search(call, subject, search, true)
}

pub(super) fn match_<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let subject = call.check_string(1)?;
    let text = call.check_string(2)?;
    let init = init_position(subject.len(), call.opt_int(3, 1)?);
    let mut search = Search::new(call.ctx, text, Caret::Anchor)?;
    search.matcher.begin(init);
    run_search(call, subject, search, false)
}

fn run_search<'gc>(
    call: &Call<'gc>,
    subject: Gc<'gc, LuaString>,
    mut search: Box<Search>,
    is_find: bool,
) -> NativeResult<'gc> {
    match search.step(call, subject.as_bytes()) {
        Outcome::Matched { start, end } => {
            search.return_match(call, subject, is_find.then_some((start, end)))
        }
        Outcome::Failed => {
            search.retire(call.ctx);
            call.ret(Value::NIL)
        }
        Outcome::OutOfBudget => {
            search.account(call.ctx);
            call.keep(0)?;
            call.push(subject.into())?;
            call.push(call.userdata(Box::new(Some(search))).into())?;
            call.again(if is_find {
                |call| run_search(call, call.check_string(1)?, resumed(call, 2), true)
            } else {
                |call| run_search(call, call.check_string(1)?, resumed(call, 2), false)
            })
        }
        Outcome::Error(error) => Err(call.error(error.to_string())),
    }
}

/// Takes an interrupted search out of the userdata in an own slot.
pub(super) fn resumed(call: &Call<'_>, slot: usize) -> Box<Search> {
    let holder = call
        .arg(slot)
        .as_userdata()
        .expect("the search was put there");
    let mut data = holder.data().borrow_mut();
    let search = data
        .downcast_mut::<Option<Box<Search>>>()
        .expect("the search was put there");
    search.take().expect("a frame is continued once")
}

/// What the iterator of `gmatch` remembers between its calls.
struct Iteration {
    pattern: Rc<Pattern>,
    /// Where the next match may begin.
    next: usize,
    /// The search that the fuel did not last for.
    interrupted: Option<Box<Search>>,
    _charge: Charge,
}

pub(super) fn gmatch<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let subject = call.check_string(1)?;
    let text = call.check_string(2)?;
    let pattern = compile(call.ctx, text, Caret::Literal)?;
    let mut charge = Charge::default();
    let shared = if text.len() > CACHED_LEN {
        pattern.heap_bytes()
    } else {
        0
    };
    charge.raise_to(call.ctx, size_of::<Iteration>() + shared);
    let iteration = Iteration {
        pattern,
        next: 0,
        interrupted: None,
        _charge: charge,
    };
    let state = call.userdata(Box::new(iteration));
    call.ret(call.native("gmatch_aux", next_match, &[subject.into(), state.into()]))
}

fn next_match<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let subject = call.value(0).as_string().expect("gmatch put it there");
    let state = call.value(1).as_userdata().expect("gmatch put it there");
    let mut data = state.data().borrow_mut();
    let iteration = data
        .downcast_mut::<Iteration>()
        .expect("gmatch put it there");
    let mut search = match iteration.interrupted.take() {
        Some(search) => search,
        None => {
            let mut search = Search::with_pattern(iteration.pattern.clone());
            search.matcher.begin(iteration.next);
            search
        }
    };
    match search.step(call, subject.as_bytes()) {
        Outcome::Matched { start, end } => {
            iteration.next = if end > start { end } else { end + 1 };
            search.return_match(call, subject, None)
        }
        Outcome::Failed => {
            iteration.next = subject.len() + 1;
            search.retire(call.ctx);
            call.ret0()
        }
        Outcome::OutOfBudget => {
            search.account(call.ctx);
            iteration.interrupted = Some(search);
            call.again(next_match)
        }
        Outcome::Error(error) => Err(call.error(error.to_string())),
    }
}
