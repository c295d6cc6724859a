//! From values to bytes. Tables are walked with an explicit stack, for the walk is not short: a few tables
//! that name each other often enough make gigabytes. So it can be interrupted wherever an entry ends.

use gc_arena::Gc;

use super::{Dictionaries, MAX_DEPTH, as_buffer, check_buffer, tag, with};
use crate::call::{Call, NativeResult};
use crate::error::Error;
use crate::integer::Integer;
use crate::stdlib::buffer::Buffer;
use crate::stdlib::table::take_state;
use crate::table::Table;
use crate::value::{Type, Value};

/// An encoding under way.
#[derive(Debug, Default)]
struct State {
    out: Buffer,
    levels: Vec<Level>,
}

/// A table that is being written.
#[derive(Debug)]
struct Level {
    /// The next array index below `array_end`, then the position of the next hash entry.
    position: u32,
    array_end: u32,
    /// Hash entries that were announced and not yet written.
    nodes: u32,
    /// Whether the key at the position was written, and its value is next.
    has_key: bool,
    /// Size of the table's array part when it was announced.
    array_len: u32,
}

/// `buffer.encode(value)`
pub(super) fn function<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    start(call, call.check_any(1)?)
}

/// `buffer:encode(value)`
pub(super) fn method<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    check_buffer(call)?;
    start(call, call.check_any(2)?)
}

fn start<'gc>(call: &Call<'gc>, value: Value<'gc>) -> NativeResult<'gc> {
    let state = State {
        out: Buffer::new(),
        levels: Vec::new(),
    };
    let mut encoder = Encoder {
        call,
        dictionaries: dictionaries(call),
        state,
        tables: Vec::new(),
    };
    encoder.value(value)?;
    encoder.run(call.arg_count())
}

/// A function that encodes has no buffer as its first argument: none can be encoded.
fn dictionaries<'gc>(call: &Call<'gc>) -> Dictionaries<'gc> {
    as_buffer(call.arg(1))
        .map(Dictionaries::of)
        .unwrap_or_default()
}

fn resume<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    // Own slots: the arguments, the tables that are being written, the state.
    let slots = call.arg_count();
    let state: State = take_state(call, slots);
    let arg_count = slots - 1 - state.levels.len();
    let tables = (arg_count + 1..slots)
        .map(|n| call.arg(n).as_table().expect("pushed by `run`"))
        .collect();
    call.keep(arg_count)?;
    Encoder {
        call,
        dictionaries: dictionaries(call),
        state,
        tables,
    }
    .run(arg_count)
}

struct Encoder<'c, 'gc> {
    call: &'c Call<'gc>,
    dictionaries: Dictionaries<'gc>,
    state: State,
    /// The tables of `state.levels`.
    tables: Vec<Gc<'gc, Table<'gc>>>,
}

impl<'gc> Encoder<'_, 'gc> {
    /// Writes what the open tables still lack, then hands out the result.
    fn run(mut self, arg_count: usize) -> NativeResult<'gc> {
        let call = self.call;
        while !self.state.levels.is_empty() {
            if call.is_exhausted() {
                self.state.out.account(call.ctx);
                call.keep(arg_count)?;
                for &table in &self.tables {
                    call.push(table.into())?;
                }
                call.push(call.userdata(Box::new(self.state)).into())?;
                return call.again(resume);
            }
            self.step()?;
        }
        match as_buffer(call.arg(1)) {
            Some(buffer) => {
                with(buffer, |buffer| {
                    buffer.append(call.ctx, self.state.out.bytes_mut())
                })?;
                call.ret(call.arg(1))
            }
            None => call.ret(self.state.out.finish(call.ctx)?),
        }
    }

    /// Writes the next key or value of the innermost table, or ends it.
    fn step(&mut self) -> Result<(), Error<'gc>> {
        let level = self.state.levels.last_mut().expect("checked by `run`");
        let table = self.tables[self.tables.len() - 1];
        self.call.burn(1);
        if level.position < level.array_end {
            let value = table
                .array_slot(level.position)
                .map_or(Value::NIL, |slot| slot.get());
            level.position += 1;
            return self.value(value);
        }
        if level.nodes == 0 {
            self.state.levels.pop();
            self.tables.pop();
            return Ok(());
        }
        // Other coroutines may run while the encoding is interrupted.
        let entry = table.entry_from(level.position.max(level.array_len));
        let Some((next, key, value)) = entry.filter(|_| table.array_len() == level.array_len)
        else {
            return Err(self.call.error("table was changed while it was serialized"));
        };
        if !level.has_key {
            level.has_key = true;
            return self.key(key);
        }
        level.has_key = false;
        level.nodes -= 1;
        level.position = next;
        self.value(value)
    }

    fn key(&mut self, key: Value<'gc>) -> Result<(), Error<'gc>> {
        let number = self
            .dictionaries
            .strings
            .filter(|_| key.as_string().is_some());
        match number.and_then(|(_, numbers)| numbers.get(key).as_number()) {
            Some(number) => {
                self.state.out.reserve(self.call.ctx, 6)?;
                self.count(tag::DICTIONARY);
                self.count(number as u32);
                Ok(())
            }
            None => self.value(key),
        }
    }

    /// Writes a value, of a table only the head.
    fn value(&mut self, value: Value<'gc>) -> Result<(), Error<'gc>> {
        let ctx = self.call.ctx;
        let out = &mut self.state.out;
        if let Some(string) = value.as_string() {
            self.call.burn(string.len() / 64);
            out.reserve(ctx, 5 + string.len())?;
            self.count(tag::STRING + string.len() as u32);
            return self.state.out.append(ctx, string.as_bytes());
        }
        out.reserve(ctx, 16)?;
        if let Some(table) = value.as_table() {
            return self.table(table);
        }
        match value.type_of() {
            Type::Nil => self.count(tag::NIL),
            Type::Boolean => self.count(if value.is_truthy() {
                tag::TRUE
            } else {
                tag::FALSE
            }),
            Type::Number => {
                let number = value.as_number().expect("of that type");
                self.count(tag::NUMBER);
                self.state.out.append(ctx, &number.to_le_bytes())?;
            }
            Type::Cdata => {
                let integer = value.as_cdata().expect("of that type").integer();
                self.count(match integer {
                    Integer::Signed(_) => tag::INT64,
                    Integer::Unsigned(_) => tag::UINT64,
                });
                let bytes = integer.bits().to_le_bytes();
                self.state.out.append(ctx, &bytes)?;
            }
            Type::Userdata if value.as_userdata().is_none() => match value.bits() as u32 {
                0 => self.count(tag::NULL),
                identity => {
                    self.count(tag::LIGHT32);
                    self.state.out.append(ctx, &identity.to_le_bytes())?;
                }
            },
            other => {
                return Err(self
                    .call
                    .error(format!("cannot serialize '{}'", other.name())));
            }
        }
        Ok(())
    }

    fn table(&mut self, table: Gc<'gc, Table<'gc>>) -> Result<(), Error<'gc>> {
        if self.state.levels.len() == MAX_DEPTH {
            return Err(self.call.error("too deep to serialize"));
        }
        let array_len = table.array_len();
        let slot = |index| {
            table
                .array_slot(index)
                .map_or(Value::NIL, |slot| slot.get())
        };
        let array_end = (0..array_len)
            .rfind(|&index| !slot(index).is_nil())
            .map_or(0, |i| i + 1);
        let mut nodes = 0;
        let mut position = array_len;
        while let Some((next, ..)) = table.entry_from(position) {
            nodes += 1;
            position = next;
        }
        self.call
            .burn((array_len - array_end) as usize / 8 + (position - array_len) as usize / 8);
        let metatable = table.metatable().zip(self.dictionaries.metatables);
        let number = metatable
            .and_then(|(metatable, (_, numbers))| numbers.get(metatable.into()).as_number());
        if let Some(number) = number {
            self.count(tag::METATABLE);
            self.count(number as u32);
            self.state.out.reserve(self.call.ctx, 16)?;
        }
        // Key 0 is rare: an array part without it starts at 1.
        let start = u32::from(array_end > 0 && slot(0).is_nil());
        let array_kind = if array_end == 0 { 0 } else { 2 << start };
        self.count(tag::TABLE + u32::from(nodes > 0) + array_kind);
        if array_end > 0 {
            self.count(array_end);
        }
        if nodes > 0 {
            self.count(nodes);
        }
        self.state.levels.push(Level {
            position: start,
            array_end,
            nodes,
            has_key: false,
            array_len,
        });
        self.tables.push(table);
        Ok(())
    }

    /// Writes a number in one, two or five bytes, for which there must be room.
    fn count(&mut self, number: u32) {
        let out = self.state.out.bytes_mut();
        match number {
            0..0xe0 => out.push(number as u8),
            0xe0..0x1fe0 => {
                let rest = number - 0xe0;
                out.extend([0xe0 | (rest >> 8) as u8, rest as u8]);
            }
            _ => {
                out.push(0xff);
                out.extend(number.to_le_bytes());
            }
        }
    }
}
