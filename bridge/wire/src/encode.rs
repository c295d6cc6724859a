//! Writes values as MessagePack tokens, each in its only encoding.
//!
//! Whoever encodes keeps the shape right: after `array_len(n)` come exactly `n` values.

use rmp::encode as write;

use crate::{Id, MAX_INTEGER, Reference};

pub(crate) const EXT_NAMED: i8 = 5;
pub(crate) const EXT_MODULE: i8 = 6;
pub(crate) const EXT_VIM_NIL: i8 = 7;
pub(crate) const EXT_INT64: i8 = 9;
pub(crate) const EXT_UINT64: i8 = 10;
pub(crate) const EXT_NAMED_FUNCTION: i8 = 17;

/// The largest header of an array or map: a marker and a 32-bit count.
const HEADER: usize = 5;

/// A buffer of encoded values.
#[derive(Debug, Clone, Default)]
pub struct Encoder {
    bytes: Vec<u8>,
}

/// The place of a header whose count is not yet known.
#[derive(Debug, Clone, Copy)]
#[must_use = "an open array or map must be closed"]
pub struct Mark(usize);

/// Converts a length to what MessagePack can say.
///
/// # Panics
/// Panics if the length does not fit 32 bits; no Lua string or table is that long.
fn length(len: usize) -> u32 {
    u32::try_from(len).expect("a length below 2^32")
}

impl Encoder {
    pub fn new() -> Encoder {
        Encoder::default()
    }

    pub fn with_capacity(capacity: usize) -> Encoder {
        Encoder {
            bytes: Vec::with_capacity(capacity),
        }
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Empties the buffer and keeps its memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Forgets everything after the first `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        self.bytes.truncate(len);
    }

    #[inline]
    pub fn nil(&mut self) {
        self.bytes.push(0xc0);
    }

    #[inline]
    pub fn boolean(&mut self, value: bool) {
        self.bytes.push(if value { 0xc3 } else { 0xc2 });
    }

    /// Writes a Lua number: an integer where it is one, a float otherwise.
    #[inline]
    pub fn number(&mut self, value: f64) {
        let integer = value as i64;
        let whole = integer as f64 == value && value.abs() <= MAX_INTEGER;
        // Writing to a vector cannot fail, here and below.
        if whole && !(value == 0.0 && value.is_sign_negative()) {
            let _ = write::write_sint(&mut self.bytes, integer);
        } else {
            let value = if value.is_nan() { f64::NAN } else { value };
            let _ = write::write_f64(&mut self.bytes, value);
        }
    }

    /// Writes what the literal `1LL` makes: a signed integer that is no Lua number.
    pub fn int64(&mut self, value: i64) {
        self.extension(EXT_INT64, &value.to_be_bytes());
    }

    /// Writes what the literal `1ULL` makes.
    pub fn uint64(&mut self, value: u64) {
        self.extension(EXT_UINT64, &value.to_be_bytes());
    }

    /// Writes a count, a kind or an id as a plain integer.
    #[inline]
    pub fn unsigned(&mut self, value: u64) {
        let _ = write::write_uint(&mut self.bytes, value);
    }

    #[inline]
    pub fn string(&mut self, value: &[u8]) {
        let _ = write::write_str_len(&mut self.bytes, length(value.len()));
        self.bytes.extend_from_slice(value);
    }

    #[inline]
    pub fn array_len(&mut self, len: usize) {
        let _ = write::write_array_len(&mut self.bytes, length(len));
    }

    /// Starts a map of `len` entries, each a key and a value.
    #[inline]
    pub fn map_len(&mut self, len: usize) {
        let _ = write::write_map_len(&mut self.bytes, length(len));
    }

    /// Starts an array whose length is told to [`Encoder::end_array`].
    pub fn begin_array(&mut self) -> Mark {
        let mark = Mark(self.bytes.len());
        self.bytes.extend_from_slice(&[0; HEADER]);
        mark
    }

    pub fn end_array(&mut self, mark: Mark, len: usize) {
        self.patch(mark, length(len), 0x90, 0xdd);
    }

    /// Starts a map whose number of entries is told to [`Encoder::end_map`].
    pub fn begin_map(&mut self) -> Mark {
        self.begin_array()
    }

    pub fn end_map(&mut self, mark: Mark, len: usize) {
        self.patch(mark, length(len), 0x80, 0xdf);
    }

    /// Fills in a header and closes the gap that its shortest form leaves.
    fn patch(&mut self, Mark(start): Mark, len: u32, short: u8, long: u8) {
        let body = start + HEADER;
        let mut header = [0; HEADER];
        let used = if len < 16 {
            header[0] = short | len as u8;
            1
        } else if len <= 0xffff {
            header[0] = long - 1;
            header[1..3].copy_from_slice(&(len as u16).to_be_bytes());
            3
        } else {
            header[0] = long;
            header[1..5].copy_from_slice(&len.to_be_bytes());
            5
        };
        self.bytes[start..start + used].copy_from_slice(&header[..used]);
        if used < HEADER {
            self.bytes.copy_within(body.., start + used);
            self.bytes.truncate(self.bytes.len() - (HEADER - used));
        }
    }

    #[inline]
    pub fn reference(&mut self, kind: Reference, id: Id) {
        let _ = write::write_ext_meta(&mut self.bytes, 8, kind as i8);
        self.bytes.extend_from_slice(&id.raw().to_be_bytes());
    }

    /// Writes an object that both sides have, by its path (`vim.api`).
    pub fn named(&mut self, path: &[u8]) {
        self.extension(EXT_NAMED, path);
    }

    /// Writes a function that both sides have, by its path (`vim.api.nvim_get_mode`).
    pub fn named_function(&mut self, path: &[u8]) {
        self.extension(EXT_NAMED_FUNCTION, path);
    }

    /// Writes a loaded module, by the name given to `require`.
    pub fn module(&mut self, name: &[u8]) {
        self.extension(EXT_MODULE, name);
    }

    pub fn vim_nil(&mut self) {
        self.extension(EXT_VIM_NIL, &[]);
    }

    fn extension(&mut self, kind: i8, payload: &[u8]) {
        let _ = write::write_ext_meta(&mut self.bytes, length(payload.len()), kind);
        self.bytes.extend_from_slice(payload);
    }

    /// Appends values that are encoded already.
    pub fn append(&mut self, values: &[u8]) {
        self.bytes.extend_from_slice(values);
    }
}
