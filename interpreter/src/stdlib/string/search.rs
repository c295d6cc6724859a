//! `string.find`, `match`, `gmatch` and `gsub`, over the matcher of `text::matcher`.
//!
//! A search stops when the fuel is used up and goes on later; its state then waits in a userdata. Compiled
//! patterns and the state of finished searches are kept for the next call.

use std::cell::RefCell;
use std::rc::Rc;

use gc_arena::Gc;

use crate::call::{Call, NativeResult};
use crate::context::Context;
use crate::error::{Error, Interrupt};
use crate::heap::MAX_STRING;
use crate::stdlib::buffer::{Buffer, Charge};
use crate::string::LuaString;
use crate::text::bytes::init_position;
use crate::text::find::{ReplaceError, expand_replacement, find_plain, is_plain};
use crate::text::matcher::{Capture, Matcher, Outcome};
use crate::text::pattern::{Caret, MAX_CAPTURES, Pattern};
use crate::userdata::Userdata;
use crate::value::Value;
use crate::vm::{Metamethod, arithmetic};

/// Bytes that the matcher looks at for one unit of fuel.
const BYTES_PER_UNIT: u64 = 4;

/// Bytes that the matcher may look at even when there is no fuel left.
const LEAST_BUDGET: u64 = 256;

/// Longest pattern that is kept in the cache, and the number of places for patterns.
const CACHED_LEN: usize = 256;
const CACHE_SIZE: usize = 64;

/// Most tables that an `__index` chain may lead through (LuaJIT's `LJ_MAX_IDXCHAIN`).
const MAX_CHAIN: usize = 100;

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
struct Search {
    matcher: Matcher,
    pattern: Rc<Pattern>,
    /// `gsub`: where the next match may begin.
    at: usize,
    /// `gsub`: the end of the part of the subject that the result accounts for.
    copied: usize,
    count: usize,
    limit: usize,
    out: Buffer,
    charge: Charge,
}

impl Search {
    /// Prepares a search for a pattern.
    fn new<'gc>(
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
    fn retire(mut self: Box<Self>, ctx: Context<'_>) {
        self.charge.release(ctx);
        self.out = Buffer::default();
        LEFTOVERS.with_borrow_mut(|l| l.search = Some(self));
    }

    /// Runs the matcher until the search ends or the fuel does.
    #[inline]
    fn step(&mut self, call: &Call<'_>, subject: &[u8]) -> Outcome {
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
    fn account(&mut self, ctx: Context<'_>) {
        // The matcher's own memory is bounded, and small against these.
        self.charge.raise_to(
            ctx,
            size_of::<Search>() + 8 * 1024 + self.pattern.heap_bytes(),
        );
        self.out.account(ctx);
    }

    /// Returns the value of a capture.
    fn capture<'gc>(
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
    if is_plain(text.as_bytes()) || call.arg(4).is_truthy() {
        let found = find_plain(subject.as_bytes(), text.as_bytes(), init);
        let end = found.unwrap_or(subject.len());
        call.burn((end - init) / 64);
        return match found {
            Some(start) => {
                let first = Value::number((start + 1) as f64);
                call.ret_all(&[first, Value::number((start + text.len()) as f64)])
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
fn resumed(call: &Call<'_>, slot: usize) -> Box<Search> {
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

/// Own slots of `gsub` while it is suspended.
const SUBJECT: usize = 1;
const REPLACEMENT: usize = 3;
const STATE: usize = 4;

/// What `gsub` works on besides the search.
struct Substitution<'a, 'gc> {
    call: &'a Call<'gc>,
    subject: Gc<'gc, LuaString>,
    replacement: Value<'gc>,
    /// The userdata that holds the search while it is suspended, once it was.
    holder: Option<Gc<'gc, Userdata<'gc>>>,
}

pub(super) fn gsub<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let subject = call.check_string(1)?;
    let text = call.check_string(2)?;
    let limit = call.opt_int(4, (subject.len() + 1).min(i32::MAX as usize) as i32)?;
    let replacement = call.arg(3);
    let replacement = if replacement.as_table().is_some() || replacement.as_function().is_some() {
        replacement
    } else {
        arithmetic::to_string(call.ctx, replacement)
            .ok_or_else(|| call.arg_error(3, "string/function/table expected"))?
            .into()
    };
    let mut search = Search::new(call.ctx, text, Caret::Anchor)?;
    search.at = 0;
    search.copied = 0;
    search.count = 0;
    search.limit = limit.max(0) as usize;
    search.out = Buffer::new();
    search.matcher.begin(0);
    Substitution {
        call,
        subject,
        replacement,
        holder: None,
    }
    .run(search)
}

fn continue_gsub<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let search = resumed(call, STATE);
    Substitution::resumed(call)?.run(search)
}

/// Goes on with what the replacement function or an `__index` handler returned.
fn after_replacement<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let mut search = resumed(call, STATE);
    let result = call.result(1);
    call.keep(STATE)?;
    let substitution = Substitution::resumed(call)?;
    substitution.put_value(&mut search, result)?;
    if substitution.advance(&mut search) {
        substitution.run(search)
    } else {
        substitution.finish(search)
    }
}

impl<'a, 'gc> Substitution<'a, 'gc> {
    fn resumed(call: &'a Call<'gc>) -> Result<Self, Error<'gc>> {
        Ok(Substitution {
            call,
            subject: call.check_string(SUBJECT)?,
            replacement: call.arg(REPLACEMENT),
            holder: call.arg(STATE).as_userdata(),
        })
    }

    fn run(self, mut search: Box<Search>) -> NativeResult<'gc> {
        let call = self.call;
        let subject = Gc::as_ref(self.subject).as_bytes();
        while search.count < search.limit {
            match search.step(call, subject) {
                Outcome::Failed => break,
                Outcome::Error(error) => return Err(call.error(error.to_string())),
                Outcome::OutOfBudget => {
                    self.suspend(search)?;
                    return call.again(continue_gsub);
                }
                Outcome::Matched { start, .. } => {
                    search.count += 1;
                    let copied = search.copied;
                    search.out.append(call.ctx, &subject[copied..start])?;
                }
            }
            if let Some(template) = self.replacement.as_string() {
                self.put_template(&mut search, template.as_bytes())?;
            } else if self.replacement.as_table().is_some() {
                let key = search.capture(call, self.subject, 0)?;
                match self.look_up(key)? {
                    Found::Value(value) => self.put_value(&mut search, value)?,
                    Found::Call(handler, object) => {
                        self.suspend(search)?;
                        return call.invoke(handler, &[object, key], after_replacement);
                    }
                }
            } else {
                let mut captures = [Value::NIL; MAX_CAPTURES];
                let count = search.pattern.capture_count().max(1);
                for (index, capture) in captures[..count].iter_mut().enumerate() {
                    *capture = search.capture(call, self.subject, index)?;
                }
                self.suspend(search)?;
                return call.invoke(self.replacement, &captures[..count], after_replacement);
            }
            if !self.advance(&mut search) {
                break;
            }
        }
        self.finish(search)
    }

    /// Moves behind the match; false when there can be no other.
    fn advance(&self, search: &mut Search) -> bool {
        let (start, end) = whole(search);
        search.copied = end;
        search.at = if end > start { end } else { end + 1 };
        search.matcher.begin(search.at);
        search.at <= self.subject.len() && !search.pattern.is_anchored()
    }

    fn finish(self, mut search: Box<Search>) -> NativeResult<'gc> {
        let call = self.call;
        let count = Value::number(search.count as f64);
        let result = if search.count == 0 {
            self.subject
        } else {
            let rest = &self.subject.as_bytes()[search.copied..];
            search.out.append(call.ctx, rest)?;
            call.burn(search.out.len() / 64);
            search.out.finish(call.ctx)?
        };
        search.retire(call.ctx);
        call.ret_all(&[result.into(), count])
    }

    /// Puts the state of the substitution into own slots.
    fn suspend(&self, mut search: Box<Search>) -> Result<(), Error<'gc>> {
        let call = self.call;
        search.account(call.ctx);
        if let Some(holder) = self.holder {
            call.keep(STATE)?;
            let mut data = holder.data().borrow_mut();
            let place = data.downcast_mut::<Option<Box<Search>>>();
            *place.expect("suspended searches live there") = Some(search);
            return Ok(());
        }
        let holder = call.userdata(Box::new(Some(search)));
        call.keep(STATE)?;
        call.set_arg(SUBJECT, self.subject.into());
        call.set_arg(REPLACEMENT, self.replacement);
        call.set_arg(STATE, holder.into());
        Ok(())
    }

    fn put_template(&self, search: &mut Search, template: &[u8]) -> Result<(), Error<'gc>> {
        let ctx = self.call.ctx;
        if memchr::memchr(b'%', template).is_none() {
            return search.out.append(ctx, template);
        }
        let room = ctx.heap().limit().saturating_sub(ctx.heap().used());
        let limit = room.min(MAX_STRING);
        let subject = self.subject.as_bytes();
        let Search {
            out,
            pattern,
            matcher,
            ..
        } = search;
        expand_replacement(out.bytes_mut(), limit, template, subject, pattern, matcher).map_err(
            |error| match error {
                ReplaceError::Pattern(error) => self.call.error(error.to_string()),
                ReplaceError::TooLong if limit == MAX_STRING => {
                    Error::from(ctx.string(error.to_string()))
                }
                ReplaceError::TooLong => Interrupt::OutOfMemory.into(),
            },
        )
    }

    /// Appends what a function or table gave for a match.
    fn put_value(&self, search: &mut Search, value: Value<'gc>) -> Result<(), Error<'gc>> {
        let ctx = self.call.ctx;
        if !value.is_truthy() {
            let (start, end) = whole(search);
            return search.out.append(ctx, &self.subject.as_bytes()[start..end]);
        }
        match arithmetic::to_string(ctx, value) {
            Some(string) => search.out.append(ctx, string.as_bytes()),
            None => Err(self.call.error(format!(
                "invalid replacement value (a {})",
                value.type_name()
            ))),
        }
    }

    /// Looks a match up in the replacement table, `__index` included.
    fn look_up(&self, key: Value<'gc>) -> Result<Found<'gc>, Error<'gc>> {
        let ctx = self.call.ctx;
        let mut object = self.replacement;
        for _ in 0..MAX_CHAIN {
            if let Some(table) = object.as_table() {
                let value = table.get(key);
                if !value.is_nil() {
                    return Ok(Found::Value(value));
                }
            }
            let handler = ctx.vm.handler_of(object, Metamethod::Index);
            if handler.is_nil() {
                if object.as_table().is_some() {
                    return Ok(Found::Value(Value::NIL));
                }
                let message = format!("attempt to index a {} value", object.type_name());
                return Err(ctx.string(message).into());
            }
            if handler.as_function().is_some() {
                return Ok(Found::Call(handler, object));
            }
            object = handler;
        }
        Err(ctx
            .string("'__index' chain too long; possibly a loop")
            .into())
    }
}

/// Where the last match starts and ends.
fn whole(search: &Search) -> (usize, usize) {
    match search.matcher.whole() {
        Capture::Span { start, end } => (start, end),
        Capture::Position(_) => (0, 0),
    }
}

/// The result of looking a key up.
enum Found<'gc> {
    Value(Value<'gc>),
    /// A handler to be called with an object and the key.
    Call(Value<'gc>, Value<'gc>),
}
