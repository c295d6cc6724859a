//! `string.gsub`: replacement by a template, a table or a function, which may yield.

use gc_arena::Gc;

use super::search::{Search, resumed};
use crate::call::{Call, NativeResult};
use crate::error::{Error, Interrupt};
use crate::heap::MAX_STRING;
use crate::stdlib::buffer::Buffer;
use crate::string::LuaString;
use crate::text::find::{ReplaceError, expand_replacement};
use crate::text::matcher::{Capture, Outcome};
use crate::text::pattern::{Caret, MAX_CAPTURES};
use crate::userdata::Userdata;
use crate::value::Value;
use crate::vm::{Metamethod, arithmetic};

/// Most tables that an `__index` chain may lead through (LuaJIT's `LJ_MAX_IDXCHAIN`).
const MAX_CHAIN: usize = 100;

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
    let limit = call.opt_long(4, (subject.len() + 1).min(i32::MAX as usize) as i32)?;
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
