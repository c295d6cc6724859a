//! Reads tokens one after the other from bytes that nobody vouches for.
//!
//! Each read stays within the input, each count is checked against the bytes that are left, and no
//! failure moves the decoder past the end.

use rmp::Marker;
use thiserror::Error;

use crate::encode::{
    EXT_INT64, EXT_MODULE, EXT_NAMED, EXT_NAMED_FUNCTION, EXT_UINT64, EXT_VIM_NIL,
};
use crate::{Id, MAX_DEPTH, Reference};

/// Why bytes are not a message, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("malformed message at byte {offset}: {kind}")]
pub struct DecodeError {
    pub offset: usize,
    pub kind: DecodeErrorKind,
}

/// What is wrong at an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DecodeErrorKind {
    #[error("the message ends too early")]
    Truncated,
    #[error("byte 0x{0:02x} starts no value")]
    BadMarker(u8),
    #[error("extension type {0} is unknown or has a wrong size")]
    BadExtension(i8),
    #[error("a count of {0} exceeds what is left of the message")]
    BadCount(u64),
    #[error("values nest too deeply")]
    TooDeep,
    #[error("{0} is expected here")]
    Expected(&'static str),
    #[error("{0} is no id")]
    BadId(u64),
    #[error("message kind {0} is unknown")]
    BadKind(u64),
    #[error("a message of this kind has another number of fields than {0}")]
    BadFields(u32),
    #[error("bytes follow the end of the value")]
    TrailingBytes,
    #[error("id {0} is not known, or names something else")]
    UnknownId(u64),
    #[error("code {0} does not hold that range")]
    UnknownCode(u64),
    #[error("the value cannot be a table's key")]
    BadKey,
    #[error("the function does not compile, or has other upvalues than announced")]
    BadFunction,
}

/// One value, or the start of an array or map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Token<'a> {
    Nil,
    Boolean(bool),
    Number(f64),
    String(&'a [u8]),
    /// That many values follow; never more than bytes are left.
    Array(u32),
    /// That many pairs of key and value follow; never more than bytes are left.
    Map(u32),
    Reference(Reference, Id),
    Named(&'a [u8]),
    NamedFunction(&'a [u8]),
    Module(&'a [u8]),
    VimNil,
    /// What the literal `1LL` makes.
    Int64(i64),
    /// What the literal `1ULL` makes.
    Uint64(u64),
}

/// A position in a message.
#[derive(Debug, Clone)]
pub struct Decoder<'a> {
    /// The whole message, so that offsets in errors count from its start.
    bytes: &'a [u8],
    at: usize,
    end: usize,
    depth: usize,
}

pub(crate) type Result<T> = std::result::Result<T, DecodeError>;

impl<'a> Decoder<'a> {
    pub fn new(bytes: &'a [u8]) -> Decoder<'a> {
        Decoder {
            bytes,
            at: 0,
            end: bytes.len(),
            depth: 0,
        }
    }

    /// Returns where the next token starts in the message.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Returns whether everything has been read.
    pub fn is_done(&self) -> bool {
        self.at >= self.end
    }

    /// Returns an error about the present position.
    pub fn error(&self, kind: DecodeErrorKind) -> DecodeError {
        DecodeError {
            offset: self.at,
            kind,
        }
    }

    /// Returns the bytes of the message between two offsets that [`Decoder::offset`] gave.
    pub fn slice(&self, start: usize, end: usize) -> &'a [u8] {
        self.bytes.get(start..end).unwrap_or(&[])
    }

    /// Notes that the reader goes one level down; to be called for each array or map that it recurses into.
    pub fn descend(&mut self) -> Result<()> {
        if self.depth >= MAX_DEPTH {
            return Err(self.error(DecodeErrorKind::TooDeep));
        }
        self.depth += 1;
        Ok(())
    }

    /// Undoes one [`Decoder::descend`].
    pub fn ascend(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    #[inline]
    fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        if len > self.end - self.at {
            return Err(self.error(DecodeErrorKind::Truncated));
        }
        let taken = &self.bytes[self.at..self.at + len];
        self.at += len;
        Ok(taken)
    }

    #[inline]
    fn fixed<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn marker(&mut self) -> Result<Marker> {
        Ok(Marker::from_u8(self.take(1)?[0]))
    }

    fn count(&self, start: usize, count: u32, size: u64) -> Result<u32> {
        if u64::from(count) * size > (self.end - self.at) as u64 {
            return Err(DecodeError {
                offset: start,
                kind: DecodeErrorKind::BadCount(count.into()),
            });
        }
        Ok(count)
    }

    /// Reads one token; in case of an error the decoder stays where it was.
    #[inline]
    pub fn token(&mut self) -> Result<Token<'a>> {
        let start = self.at;
        let token = self.token_inner(start);
        if token.is_err() {
            self.at = start;
        }
        token
    }

    #[inline]
    fn token_inner(&mut self, start: usize) -> Result<Token<'a>> {
        let marker = self.marker()?;
        Ok(match marker {
            Marker::Null => Token::Nil,
            Marker::True => Token::Boolean(true),
            Marker::False => Token::Boolean(false),
            Marker::FixPos(n) => Token::Number(n.into()),
            Marker::FixNeg(n) => Token::Number(n.into()),
            Marker::U8 => Token::Number(u8::from_be_bytes(self.fixed()?).into()),
            Marker::U16 => Token::Number(u16::from_be_bytes(self.fixed()?).into()),
            Marker::U32 => Token::Number(u32::from_be_bytes(self.fixed()?).into()),
            Marker::U64 => Token::Number(u64::from_be_bytes(self.fixed()?) as f64),
            Marker::I8 => Token::Number(i8::from_be_bytes(self.fixed()?).into()),
            Marker::I16 => Token::Number(i16::from_be_bytes(self.fixed()?).into()),
            Marker::I32 => Token::Number(i32::from_be_bytes(self.fixed()?).into()),
            Marker::I64 => Token::Number(i64::from_be_bytes(self.fixed()?) as f64),
            Marker::F64 => Token::Number(f64::from_be_bytes(self.fixed()?)),
            Marker::FixStr(len) => Token::String(self.take(len.into())?),
            Marker::Str8 => {
                let len = u8::from_be_bytes(self.fixed()?);
                Token::String(self.take(len.into())?)
            }
            Marker::Str16 => {
                let len = u16::from_be_bytes(self.fixed()?);
                Token::String(self.take(len.into())?)
            }
            Marker::Str32 => {
                let len = u32::from_be_bytes(self.fixed()?);
                Token::String(self.take(len as usize)?)
            }
            Marker::FixArray(len) => Token::Array(self.count(start, len.into(), 1)?),
            Marker::Array16 => {
                let len = u16::from_be_bytes(self.fixed()?);
                Token::Array(self.count(start, len.into(), 1)?)
            }
            Marker::Array32 => {
                let len = u32::from_be_bytes(self.fixed()?);
                Token::Array(self.count(start, len, 1)?)
            }
            Marker::FixMap(len) => Token::Map(self.count(start, len.into(), 2)?),
            Marker::Map16 => {
                let len = u16::from_be_bytes(self.fixed()?);
                Token::Map(self.count(start, len.into(), 2)?)
            }
            Marker::Map32 => {
                let len = u32::from_be_bytes(self.fixed()?);
                Token::Map(self.count(start, len, 2)?)
            }
            Marker::FixExt1 => self.extension(start, 1)?,
            Marker::FixExt2 => self.extension(start, 2)?,
            Marker::FixExt4 => self.extension(start, 4)?,
            Marker::FixExt8 => self.extension(start, 8)?,
            Marker::FixExt16 => self.extension(start, 16)?,
            Marker::Ext8 => {
                let len = u8::from_be_bytes(self.fixed()?);
                self.extension(start, len.into())?
            }
            Marker::Ext16 => {
                let len = u16::from_be_bytes(self.fixed()?);
                self.extension(start, len.into())?
            }
            Marker::Ext32 => {
                let len = u32::from_be_bytes(self.fixed()?);
                self.extension(start, len as usize)?
            }
            Marker::Reserved | Marker::F32 | Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => {
                return Err(DecodeError {
                    offset: start,
                    kind: DecodeErrorKind::BadMarker(marker.to_u8()),
                });
            }
        })
    }

    fn extension(&mut self, start: usize, len: usize) -> Result<Token<'a>> {
        let kind = i8::from_be_bytes(self.fixed()?);
        let payload = self.take(len)?;
        let bad = |kind| DecodeError {
            offset: start,
            kind,
        };
        let eight_bytes = |payload: &[u8]| match payload.try_into() {
            Ok(bytes) => Ok(u64::from_be_bytes(bytes)),
            Err(_) => Err(bad(DecodeErrorKind::BadExtension(kind))),
        };
        let reference = match kind {
            EXT_NAMED => return Ok(Token::Named(payload)),
            EXT_NAMED_FUNCTION => return Ok(Token::NamedFunction(payload)),
            EXT_MODULE => return Ok(Token::Module(payload)),
            EXT_VIM_NIL if len == 0 => return Ok(Token::VimNil),
            EXT_INT64 | EXT_UINT64 => {
                let bits = eight_bytes(payload)?;
                return Ok(if kind == EXT_INT64 {
                    Token::Int64(bits as i64)
                } else {
                    Token::Uint64(bits)
                });
            }
            _ => Reference::from_number(kind)
                .ok_or_else(|| bad(DecodeErrorKind::BadExtension(kind)))?,
        };
        let raw = eight_bytes(payload)?;
        let id = Id::from_raw(raw).ok_or_else(|| bad(DecodeErrorKind::BadId(raw)))?;
        Ok(Token::Reference(reference, id))
    }

    /// Reads a non-negative integer in full, beyond the 53 bits of a Lua number.
    pub fn unsigned(&mut self) -> Result<u64> {
        let start = self.at;
        let read = |decoder: &mut Self| -> Result<Option<u64>> {
            Ok(match decoder.marker()? {
                Marker::FixPos(n) => Some(n.into()),
                Marker::U8 => Some(u8::from_be_bytes(decoder.fixed()?).into()),
                Marker::U16 => Some(u16::from_be_bytes(decoder.fixed()?).into()),
                Marker::U32 => Some(u32::from_be_bytes(decoder.fixed()?).into()),
                Marker::U64 => Some(u64::from_be_bytes(decoder.fixed()?)),
                _ => None,
            })
        };
        let value = read(self);
        if !matches!(value, Ok(Some(_))) {
            self.at = start;
        }
        value?.ok_or_else(|| self.error(DecodeErrorKind::Expected("a non-negative integer")))
    }

    /// Reads an id that is written as a plain integer.
    pub fn id(&mut self) -> Result<Id> {
        let offset = self.at;
        let raw = self.unsigned()?;
        Id::from_raw(raw).ok_or(DecodeError {
            offset,
            kind: DecodeErrorKind::BadId(raw),
        })
    }

    /// Reads the start of an array and returns its length.
    pub fn array(&mut self) -> Result<u32> {
        self.expect("an array", |token| match token {
            Token::Array(len) => Some(len),
            _ => None,
        })
    }

    pub fn boolean(&mut self) -> Result<bool> {
        self.expect("a boolean", |token| match token {
            Token::Boolean(value) => Some(value),
            _ => None,
        })
    }

    pub fn string(&mut self) -> Result<&'a [u8]> {
        self.expect("a string", |token| match token {
            Token::String(value) => Some(value),
            _ => None,
        })
    }

    pub fn optional_string(&mut self) -> Result<Option<&'a [u8]>> {
        self.expect("a string or nil", |token| match token {
            Token::String(value) => Some(Some(value)),
            Token::Nil => Some(None),
            _ => None,
        })
    }

    fn expect<T>(
        &mut self,
        what: &'static str,
        pick: impl FnOnce(Token<'a>) -> Option<T>,
    ) -> Result<T> {
        let start = self.at;
        let token = self.token()?;
        pick(token).ok_or_else(|| {
            self.at = start;
            self.error(DecodeErrorKind::Expected(what))
        })
    }

    /// Reads one whole value and returns the part of the message that it takes.
    ///
    /// This checks every token in it and the depth, so that a later reading of it cannot find the
    /// bytes malformed.
    pub fn value(&mut self) -> Result<Decoder<'a>> {
        let start = self.at;
        self.skip()?;
        Ok(Decoder {
            bytes: self.bytes,
            at: start,
            end: self.at,
            depth: self.depth,
        })
    }

    /// Passes over one whole value.
    pub fn skip(&mut self) -> Result<()> {
        let children = match self.token()? {
            Token::Array(len) => u64::from(len),
            Token::Map(len) => 2 * u64::from(len),
            _ => return Ok(()),
        };
        if children == 0 {
            return Ok(());
        }
        // What is left to read at each open level; a level holds at least one value, so the memory
        // is bounded by the depth limit.
        let mut open = vec![children];
        while let Some(left) = open.last_mut() {
            if *left == 0 {
                open.pop();
                continue;
            }
            *left -= 1;
            let children = match self.token()? {
                Token::Array(len) => u64::from(len),
                Token::Map(len) => 2 * u64::from(len),
                _ => 0,
            };
            if children > 0 {
                // The array of arguments or results that holds the values does not count.
                if open.len() + self.depth > MAX_DEPTH {
                    return Err(self.error(DecodeErrorKind::TooDeep));
                }
                open.push(children);
            }
        }
        Ok(())
    }
}
