//! The way back from bytes to values. The bytes are not trusted: every count is checked against what is left.

use gc_arena::Gc;

use super::{Dictionaries, MAX_DEPTH, tag};
use crate::call::Call;
use crate::context::Context;
use crate::error::Error;
use crate::integer::Integer;
use crate::table::{Table, TableError};
use crate::value::Value;

/// Why bytes are no serialized value, worded as LuaJIT does.
#[derive(Debug, thiserror::Error)]
pub(super) enum DecodeError<'gc> {
    #[error("unexpected end of buffer")]
    EndOfBuffer,
    #[error("cannot deserialize tag 0x{0:02x}")]
    BadTag(u32),
    #[error("cannot deserialize dictionary index {0}")]
    BadDictionaryIndex(u32),
    #[error("too deep to serialize")]
    TooDeep,
    #[error("duplicate table key")]
    DuplicateKey,
    #[error("{0}")]
    BadKey(TableError),
    /// There is no room for a string or table.
    #[error("{0}")]
    NoRoom(Error<'gc>),
}

impl<'gc> DecodeError<'gc> {
    /// Makes the Lua error, with the caller's position where LuaJIT shows it.
    pub(super) fn raise(self, call: &Call<'gc>) -> Error<'gc> {
        match self {
            DecodeError::BadKey(error) => call.table_error(error),
            DecodeError::NoRoom(error) => error,
            other => call.error(other.to_string()),
        }
    }
}

/// Returns the value at the start of `bytes`, and the number of bytes it took.
///
/// The work is bounded by the number of bytes, the Rust stack by `MAX_DEPTH`.
pub(super) fn decode<'gc>(
    ctx: Context<'gc>,
    dictionaries: Dictionaries<'gc>,
    bytes: &[u8],
) -> Result<(Value<'gc>, usize), DecodeError<'gc>> {
    let mut decoder = Decoder {
        ctx,
        dictionaries,
        rest: bytes,
        depth: 0,
    };
    let value = decoder.value()?;
    Ok((value, bytes.len() - decoder.rest.len()))
}

struct Decoder<'gc, 'b> {
    ctx: Context<'gc>,
    dictionaries: Dictionaries<'gc>,
    rest: &'b [u8],
    /// Number of tables that are being read.
    depth: usize,
}

impl<'gc, 'b> Decoder<'gc, 'b> {
    fn take(&mut self, count: usize) -> Result<&'b [u8], DecodeError<'gc>> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or(DecodeError::EndOfBuffer)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError<'gc>> {
        Ok(self.take(N)?.try_into().expect("so many were taken"))
    }

    /// Reads a number of one, two or five bytes.
    fn count(&mut self) -> Result<u32, DecodeError<'gc>> {
        Ok(match self.array::<1>()?[0] {
            0xff => u32::from_le_bytes(self.array()?),
            high @ 0xe0.. => {
                (u32::from(high & 0x1f) << 8) + u32::from(self.array::<1>()?[0]) + 0xe0
            }
            low => u32::from(low),
        })
    }

    fn value(&mut self) -> Result<Value<'gc>, DecodeError<'gc>> {
        let first = self.count()?;
        Ok(match first {
            tag::STRING.. => {
                let bytes = self.take((first - tag::STRING) as usize)?;
                self.ctx
                    .checked_string(bytes)
                    .map_err(DecodeError::NoRoom)?
                    .into()
            }
            tag::NIL => Value::NIL,
            tag::FALSE => Value::FALSE,
            tag::TRUE => Value::TRUE,
            tag::NULL => Value::light(0),
            tag::LIGHT32 => Value::light(u32::from_le_bytes(self.array()?)),
            tag::LIGHT64 => {
                // Only the lower half of one can be held.
                let identity = u64::from_le_bytes(self.array()?);
                let identity = u32::try_from(identity);
                Value::light(identity.map_err(|_| DecodeError::BadTag(tag::LIGHT64))?)
            }
            tag::INT => Value::number(f64::from(i32::from_le_bytes(self.array()?))),
            tag::NUMBER => Value::number(f64::from_le_bytes(self.array()?)),
            tag::INT64 => {
                let integer = Integer::Signed(i64::from_le_bytes(self.array()?));
                self.ctx.integer(integer).into()
            }
            tag::UINT64 => {
                let integer = Integer::Unsigned(u64::from_le_bytes(self.array()?));
                self.ctx.integer(integer).into()
            }
            tag::DICTIONARY => {
                let strings = self.dictionaries.strings.map(|(strings, _)| strings);
                let (number, entry) = self.entry(strings)?;
                if entry.as_string().is_none() {
                    return Err(DecodeError::BadDictionaryIndex(number));
                }
                entry
            }
            tag::TABLE..=tag::METATABLE => {
                if self.depth == MAX_DEPTH {
                    return Err(DecodeError::TooDeep);
                }
                self.depth += 1;
                let table = self.table(first)?;
                self.depth -= 1;
                table.into()
            }
            _ => return Err(DecodeError::BadTag(first)),
        })
    }

    /// Reads the number of a dictionary's entry, and returns it as LuaJIT counts in messages, from 1.
    fn entry(
        &mut self,
        dictionary: Option<Gc<'gc, Table<'gc>>>,
    ) -> Result<(u32, Value<'gc>), DecodeError<'gc>> {
        let number = self.count()?.wrapping_add(1);
        let key = Value::number(f64::from(number));
        Ok((
            number,
            dictionary.map_or(Value::NIL, |dictionary| dictionary.get(key)),
        ))
    }

    fn table(&mut self, first: u32) -> Result<Gc<'gc, Table<'gc>>, DecodeError<'gc>> {
        let ctx = self.ctx;
        let mut kind = first;
        let mut metatable = None;
        if kind == tag::METATABLE {
            let metatables = self
                .dictionaries
                .metatables
                .map(|(metatables, _)| metatables);
            let (number, entry) = self.entry(metatables)?;
            metatable = entry.as_table();
            if metatable.is_none() {
                return Err(DecodeError::BadDictionaryIndex(number));
            }
            kind = self.count()?;
            if !(tag::TABLE..tag::METATABLE).contains(&kind) {
                return Err(DecodeError::BadTag(kind));
            }
        }
        let array = if kind >= tag::TABLE + 2 {
            self.count()?
        } else {
            0
        };
        let nodes = if kind & 1 != 0 { self.count()? } else { 0 };
        let start = u32::from(kind >= tag::TABLE + 4);
        // Each element takes a byte at least, each node two: what is left bounds what is reserved.
        let left = self.rest.len() as u32;
        let (slots, entries) = (array.min(left.saturating_add(1)), nodes.min(left / 2));
        // A node takes 24 bytes, and the hash part grows to a power of two.
        let room = 128 + 8 * slots as usize + 64 * entries as usize;
        ctx.check_room(room).map_err(DecodeError::NoRoom)?;
        let table = Table::new(ctx.mc, &ctx.vm.heap, slots, entries);
        table.set_metatable(ctx.mc, metatable);
        for index in start..array {
            let value = self.value()?;
            table
                .set_index(ctx.mc, &ctx.vm.heap, index, value)
                .map_err(DecodeError::BadKey)?;
        }
        for _ in 0..nodes {
            let key = self.value()?;
            if key.is_nil() {
                return Err(DecodeError::BadKey(TableError::NilKey));
            }
            if key.as_number().is_some_and(f64::is_nan) {
                return Err(DecodeError::BadKey(TableError::NanKey));
            }
            if !table.get(key).is_nil() {
                return Err(DecodeError::DuplicateKey);
            }
            let value = self.value()?;
            table
                .set(ctx.mc, &ctx.vm.heap, key, value)
                .map_err(DecodeError::BadKey)?;
        }
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Lua, Options};

    /// A table with all kinds of entries, nested, with a number of each width.
    fn sample() -> Vec<u8> {
        let mut bytes = vec![0x0d, 4, 2];
        bytes.extend([0x01, 0x21, b'a', 0x06, 1, 0, 0, 0]);
        bytes.extend([
            0x22, b'k', b'1', 0x0b, 2, 1, 0x02, 0x00, 0x23, b'x', b'y', b'z', 0x03,
        ]);
        bytes.extend([0x07, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f]);
        bytes.extend([0xe0, 0x00]);
        bytes.extend([b'l'; 0xc0]);
        bytes
    }

    fn check(lua: &mut Lua, bytes: &[u8]) -> bool {
        lua.enter(|ctx| {
            let result = decode(ctx, Dictionaries::default(), bytes);
            assert!(result.as_ref().map_or(0, |(_, used)| *used) <= bytes.len());
            result.is_ok()
        })
    }

    #[test]
    fn every_prefix_is_refused() {
        let mut lua = Lua::new(Options::default());
        let bytes = sample();
        assert!(check(&mut lua, &bytes));
        for len in 0..bytes.len() {
            assert!(!check(&mut lua, &bytes[..len]), "{len}");
        }
    }

    #[test]
    fn mutations_do_not_panic() {
        let mut lua = Lua::new(Options {
            memory: Some(64 << 20),
            ..Options::default()
        });
        let sample = sample();
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        for _ in 0..20_000 {
            let mut bytes = sample.clone();
            for _ in 0..4 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let at = state as usize % 48;
                bytes[at] = (state >> 32) as u8;
            }
            check(&mut lua, &bytes);
            if state.is_multiple_of(1024) {
                lua.collect();
            }
        }
    }

    #[test]
    fn counts_beyond_the_end_reserve_no_more_than_the_data_can_fill() {
        let mut lua = Lua::new(Options {
            memory: Some(64 << 20),
            ..Options::default()
        });
        let before = lua.enter(|ctx| ctx.used());
        for tag in [0x09, 0x0a, 0x0c] {
            assert!(!check(&mut lua, &[tag, 0xff, 0xff, 0xff, 0xff, 0x7f, 0]));
        }
        // Three tables and their messages.
        assert!(lua.enter(|ctx| ctx.used()) < before + 1024);
    }

    #[test]
    fn nesting_is_bounded() {
        let mut lua = Lua::new(Options::default());
        for (depth, fits) in [
            (MAX_DEPTH, true),
            (MAX_DEPTH + 1, false),
            (1_000_000, false),
        ] {
            let mut bytes = [0x0a, 1].repeat(depth);
            bytes.push(0);
            assert_eq!(check(&mut lua, &bytes), fits, "{depth}");
        }
    }
}
