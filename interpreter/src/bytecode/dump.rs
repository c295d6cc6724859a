//! Reads and writes what `string.dump` produces: LuaJIT 2.1's dump format, version 2, FR2 frames.
//!
//! The bytes are untrusted. Every length is checked against what is left of the input before
//! anything is allocated, nothing recurses, and no input panics. What comes out is well-formed as a
//! data structure only; `verify` decides whether the instructions may run.
//! Source of the format: LuaJIT 2.1, `lj_bcdump.h`, `lj_bcread.c`, `lj_bcwrite.c`.

use std::ops::Range;
use std::rc::Rc;

use super::{
    Constant, DebugInfo, Lines, Names, Origin, Scalar, TableTemplate, Template, UpvalueSource,
    Variable, Variables, flags,
};

/// The first bytes of every dump, `ESC L J`; no source text starts with the first of them.
pub const MAGIC: [u8; 3] = [0x1b, b'L', b'J'];

/// How deep functions may nest in a dump.
///
/// LuaJIT's parser stops at 200 levels. The bound keeps everything that walks a template by
/// recursion, such as its `Drop`, within a small stack.
pub const MAX_DEPTH: usize = 250;

/// The only version of the format that LuaJIT 2.1 writes.
const VERSION: u8 = 2;

/// Bits of the flags in the header.
mod header {
    pub(super) const BIG_ENDIAN: u32 = 0x01;
    pub(super) const STRIPPED: u32 = 0x02;
    pub(super) const FFI: u32 = 0x04;
    pub(super) const FR2: u32 = 0x08;
    /// Set since 2026 where the code holds bit operators, which renumber the instruction set.
    pub(super) const BIT_OPERATORS: u32 = 0x10;
}

/// Tags of constants; larger ones are `STRING` plus the length of a string.
mod constant {
    pub(super) const CHILD: u32 = 0;
    pub(super) const TABLE: u32 = 1;
    pub(super) const INT64: u32 = 2;
    pub(super) const UINT64: u32 = 3;
    pub(super) const COMPLEX: u32 = 4;
    pub(super) const STRING: u32 = 5;
}

/// Tags inside table constants; larger ones are `STRING` plus the length of a string.
mod scalar {
    pub(super) const NIL: u32 = 0;
    pub(super) const FALSE: u32 = 1;
    pub(super) const TRUE: u32 = 2;
    pub(super) const INT: u32 = 3;
    pub(super) const NUMBER: u32 = 4;
    pub(super) const STRING: u32 = 5;
}

/// Names of loop variables that a dump holds as one byte, 1 for the first of them.
const INTERNAL_NAMES: [&[u8]; 6] = [
    b"(for index)",
    b"(for limit)",
    b"(for step)",
    b"(for generator)",
    b"(for state)",
    b"(for control)",
];

/// Why bytes are not a dump that can be read, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cannot read bytecode at byte {offset}: {kind}")]
pub struct DumpError {
    /// Distance from the start of the dump to the field that is wrong.
    pub offset: usize,
    pub kind: DumpErrorKind,
}

/// What is wrong with a dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DumpErrorKind {
    #[error("it does not start with the mark of LuaJIT bytecode")]
    NotADump,
    #[error("version {0} is not the 2 of LuaJIT 2.1")]
    Version(u8),
    #[error("it was made on a big-endian machine")]
    BigEndian,
    #[error("it was made by a LuaJIT without two-slot frames (a 32-bit or non-GC64 build)")]
    OneSlotFrames,
    #[error("it uses LuaJIT's bit operator instructions, which are not supported")]
    BitOperators,
    #[error("unknown flags {0:#x}")]
    UnknownFlags(u32),
    #[error("it ends too early")]
    Truncated,
    #[error("a number does not fit its field")]
    NumberTooLarge,
    #[error("a function is {stated} bytes long but its parts take {used}")]
    LengthMismatch { stated: usize, used: usize },
    #[error("unknown function flags {0:#x}")]
    UnknownFunctionFlags(u8),
    #[error("a nested function is missing")]
    MissingChild,
    #[error("functions nest more than {MAX_DEPTH} deep")]
    TooDeep,
    #[error("it holds no function")]
    Empty,
    #[error("{0} functions belong to no other")]
    Orphans(usize),
    #[error("{0} bytes follow its end")]
    TrailingBytes(usize),
    #[error("a table constant has nil or NaN as a key")]
    BadKey,
    #[error("the debug information does not fill its {stated} bytes but {used}")]
    DebugLength { stated: usize, used: usize },
}

/// Reads a dump.
///
/// A stripped dump names its chunk `=?`.
///
/// # Errors
///
/// Whatever makes the bytes differ from a complete dump of a LuaJIT 2.1 for a little-endian GC64
/// machine, see [`DumpErrorKind`].
pub fn read(bytes: Rc<[u8]>) -> Result<Rc<Template>, DumpError> {
    read_named(bytes, b"=?")
}

/// Reads a dump like [`read`]; a stripped one gets `chunk_name`, others have a name of their own.
///
/// # Errors
///
/// As for [`read`].
pub fn read_named(bytes: Rc<[u8]>, chunk_name: &[u8]) -> Result<Rc<Template>, DumpError> {
    let mut reader = Reader::new(&bytes);
    let head = reader.header()?;
    let chunk_name: Rc<[u8]> = head.chunk_name.unwrap_or(chunk_name).into();
    let mut stack: Vec<Pending> = Vec::new();
    loop {
        let start = reader.position;
        let length = reader.uleb()? as usize;
        if length == 0 {
            break;
        }
        let body = reader.position;
        let mut part = reader.part(length)?;
        let pending = part.prototype(&bytes, start, head.stripped, &chunk_name, &mut stack)?;
        if part.position != part.end {
            return Err(DumpError {
                offset: body,
                kind: DumpErrorKind::LengthMismatch {
                    stated: length,
                    used: part.position - body,
                },
            });
        }
        reader.position = part.end;
        stack.push(pending);
    }
    if reader.position != reader.end {
        let rest = reader.end - reader.position;
        return Err(reader.error(DumpErrorKind::TrailingBytes(rest)));
    }
    let root = stack
        .pop()
        .ok_or_else(|| reader.error(DumpErrorKind::Empty))?;
    if !stack.is_empty() {
        return Err(reader.error(DumpErrorKind::Orphans(stack.len())));
    }
    Ok(root.template)
}

/// Cuts one function and its children out of a dump as a dump of its own.
///
/// `range` is the one in the function's [`Origin::Dump`]. For a range or bytes that come from
/// elsewhere the result is no readable dump.
pub fn slice(dump: &[u8], range: Range<usize>) -> Vec<u8> {
    let mut reader = Reader::new(dump);
    let head = match reader.header() {
        Ok(_) => &dump[..reader.position],
        Err(_) => &[],
    };
    let body = dump.get(range).unwrap_or_default();
    let mut out = Vec::with_capacity(head.len() + body.len() + 1);
    out.extend_from_slice(head);
    out.extend_from_slice(body);
    out.push(0);
    out
}

/// Writes a dump, byte for byte what `string.dump(f, strip)` gives for the same function.
///
/// Where a table constant has several keys LuaJIT writes them in the order of its hash nodes; this
/// writes them in the template's order, which a template that was read has from the dump.
///
/// # Divergence from LuaJIT
///
/// Integral keys of table constants are written as doubles, as on x86-64; LuaJIT for ARM64 writes
/// integers.
pub fn write(template: &Template, strip: bool) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.push(VERSION);
    let mut bits = header::FR2;
    if strip {
        bits |= header::STRIPPED;
    }
    if template.flags & flags::FFI != 0 {
        bits |= header::FFI;
    }
    put_uleb(&mut out, bits);
    if !strip {
        put_uleb(&mut out, template.chunk_name.len() as u32);
        out.extend_from_slice(&template.chunk_name);
    }
    // Children precede their parent. Each entry is a function and the constants already visited.
    let mut stack = vec![(template, 0)];
    while let Some((parent, visited)) = stack.last_mut() {
        let parent = *parent;
        match parent.constants.get(*visited) {
            Some(Constant::Child(child)) => {
                *visited += 1;
                stack.push((child, 0));
            }
            Some(_) => *visited += 1,
            None => {
                let body = prototype_bytes(parent, strip);
                put_uleb(&mut out, body.len() as u32);
                out.extend_from_slice(&body);
                stack.pop();
            }
        }
    }
    out.push(0);
    out
}

/// A function that was read and waits for its parent.
struct Pending {
    template: Rc<Template>,
    /// Where the first of its descendants, or itself, starts.
    start: usize,
    /// Levels of functions inside, itself included.
    depth: usize,
}

/// What the start of a dump says.
struct Header<'a> {
    stripped: bool,
    chunk_name: Option<&'a [u8]>,
}

/// A place in the bytes that nothing is read beyond.
struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    end: usize,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Reader {
            bytes,
            position: 0,
            end: bytes.len(),
        }
    }

    /// Returns a reader of the next `length` bytes without moving this one.
    fn part(&self, length: usize) -> Result<Reader<'a>, DumpError> {
        self.need(length)?;
        Ok(Reader {
            bytes: self.bytes,
            position: self.position,
            end: self.position + length,
        })
    }

    fn error(&self, kind: DumpErrorKind) -> DumpError {
        DumpError {
            offset: self.position,
            kind,
        }
    }

    fn need(&self, length: usize) -> Result<(), DumpError> {
        if length > self.end - self.position {
            return Err(self.error(DumpErrorKind::Truncated));
        }
        Ok(())
    }

    fn byte(&mut self) -> Result<u8, DumpError> {
        self.need(1)?;
        self.position += 1;
        Ok(self.bytes[self.position - 1])
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], DumpError> {
        self.need(length)?;
        self.position += length;
        Ok(&self.bytes[self.position - length..self.position])
    }

    fn uleb(&mut self) -> Result<u32, DumpError> {
        let start = self.position;
        let value = self.long_uleb()?;
        u32::try_from(value).map_err(|_| DumpError {
            offset: start,
            kind: DumpErrorKind::NumberTooLarge,
        })
    }

    /// Reads up to five groups of seven bits.
    fn long_uleb(&mut self) -> Result<u64, DumpError> {
        let mut value = 0;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.error(DumpErrorKind::NumberTooLarge))
    }

    /// Reads two halves of 64 bits, the low one first.
    fn halves(&mut self) -> Result<u64, DumpError> {
        let low = self.uleb()?;
        let high = self.uleb()?;
        Ok(u64::from(high) << 32 | u64::from(low))
    }

    /// Reads up to and including the next zero byte; the zero is not part of the result.
    fn zero_terminated(&mut self) -> Result<&'a [u8], DumpError> {
        let rest = &self.bytes[self.position..self.end];
        match rest.iter().position(|&byte| byte == 0) {
            Some(length) => {
                self.position += length + 1;
                Ok(&rest[..length])
            }
            None => Err(self.error(DumpErrorKind::Truncated)),
        }
    }

    fn header(&mut self) -> Result<Header<'a>, DumpError> {
        if self.take(MAGIC.len()).ok() != Some(&MAGIC) {
            return Err(DumpError {
                offset: 0,
                kind: DumpErrorKind::NotADump,
            });
        }
        let version = self.byte()?;
        if version != VERSION {
            return Err(self.error(DumpErrorKind::Version(version)));
        }
        let bits = self.uleb()?;
        if bits & header::BIG_ENDIAN != 0 {
            return Err(self.error(DumpErrorKind::BigEndian));
        }
        if bits & header::BIT_OPERATORS != 0 {
            return Err(self.error(DumpErrorKind::BitOperators));
        }
        let unknown = bits & !(header::STRIPPED | header::FFI | header::FR2);
        if unknown != 0 {
            return Err(self.error(DumpErrorKind::UnknownFlags(unknown)));
        }
        if bits & header::FR2 == 0 {
            return Err(self.error(DumpErrorKind::OneSlotFrames));
        }
        let stripped = bits & header::STRIPPED != 0;
        let chunk_name = if stripped {
            None
        } else {
            let length = self.uleb()? as usize;
            Some(self.take(length)?)
        };
        Ok(Header {
            stripped,
            chunk_name,
        })
    }

    /// Reads one function; `start` is where its length is, `stack` holds the functions before it.
    fn prototype(
        &mut self,
        bytes: &Rc<[u8]>,
        start: usize,
        stripped: bool,
        chunk_name: &Rc<[u8]>,
        stack: &mut Vec<Pending>,
    ) -> Result<Pending, DumpError> {
        let bits = self.byte()?;
        let known = flags::CHILD | flags::VARARG | flags::FFI;
        if bits & !known != 0 {
            return Err(self.error(DumpErrorKind::UnknownFunctionFlags(bits)));
        }
        let num_params = self.byte()?;
        let frame_size = self.byte()?;
        let num_upvalues = usize::from(self.byte()?);
        let num_constants = self.uleb()? as usize;
        let num_numbers = self.uleb()? as usize;
        let num_instructions = self.uleb()? as usize;
        let debug_length = if stripped { 0 } else { self.uleb()? as usize };
        let (first_line, num_lines) = match debug_length {
            0 => (0, 0),
            _ => (self.uleb()?, self.uleb()?),
        };

        let code = self
            .take(num_instructions.saturating_mul(4))?
            .chunks_exact(4)
            .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
            .collect();
        let upvalues: Vec<_> = self
            .take(num_upvalues * 2)?
            .chunks_exact(2)
            .map(|half| UpvalueSource(u16::from_le_bytes([half[0], half[1]])))
            .collect();
        let mut family = Family { start, depth: 1 };
        let constants = self.constants(num_constants, stack, &mut family)?;
        self.need(num_numbers)?;
        let numbers = (0..num_numbers)
            .map(|_| self.number())
            .collect::<Result<_, _>>()?;
        let debug = match debug_length {
            0 => None,
            _ => {
                let mut part = self.part(debug_length)?;
                let debug =
                    part.debug_info(num_instructions, first_line, num_lines, upvalues.len())?;
                if part.position != part.end {
                    return Err(self.error(DumpErrorKind::DebugLength {
                        stated: debug_length,
                        used: part.position - self.position,
                    }));
                }
                self.position = part.end;
                Some(debug)
            }
        };
        Ok(Pending {
            template: Rc::new(Template {
                flags: bits,
                num_params,
                frame_size,
                code,
                upvalues,
                constants,
                numbers,
                first_line,
                num_lines,
                debug,
                chunk_name: chunk_name.clone(),
                origin: Origin::Dump {
                    bytes: bytes.clone(),
                    range: family.start..self.end,
                },
            }),
            start: family.start,
            depth: family.depth,
        })
    }

    /// Reads the constants, which are written last one first, and takes the children off `stack`.
    fn constants(
        &mut self,
        count: usize,
        stack: &mut Vec<Pending>,
        family: &mut Family,
    ) -> Result<Vec<Constant>, DumpError> {
        self.need(count)?;
        let mut constants = Vec::with_capacity(count);
        for _ in 0..count {
            let tag = self.uleb()?;
            constants.push(match tag {
                constant::CHILD => {
                    let child = stack
                        .pop()
                        .ok_or_else(|| self.error(DumpErrorKind::MissingChild))?;
                    family.start = child.start;
                    family.depth = family.depth.max(child.depth + 1);
                    if family.depth > MAX_DEPTH {
                        return Err(self.error(DumpErrorKind::TooDeep));
                    }
                    Constant::Child(child.template)
                }
                constant::TABLE => Constant::Table(Box::new(self.table()?)),
                constant::INT64 => Constant::Int64(self.halves()? as i64),
                constant::UINT64 => Constant::Uint64(self.halves()?),
                constant::COMPLEX => Constant::Complex(
                    f64::from_bits(self.halves()?),
                    f64::from_bits(self.halves()?),
                ),
                _ => Constant::String(self.take((tag - constant::STRING) as usize)?.into()),
            });
        }
        constants.reverse();
        Ok(constants)
    }

    fn table(&mut self) -> Result<TableTemplate, DumpError> {
        let array_length = self.uleb()? as usize;
        let hash_length = self.uleb()? as usize;
        self.need(array_length)?;
        let array = (0..array_length)
            .map(|_| self.scalar())
            .collect::<Result<_, _>>()?;
        self.need(hash_length.saturating_mul(2))?;
        let mut hash = Vec::with_capacity(hash_length);
        for _ in 0..hash_length {
            let offset = self.position;
            let key = self.scalar()?;
            let is_nan = matches!(key, Scalar::Number(number) if number.is_nan());
            if key == Scalar::Nil || is_nan {
                return Err(DumpError {
                    offset,
                    kind: DumpErrorKind::BadKey,
                });
            }
            hash.push((key, self.scalar()?));
        }
        Ok(TableTemplate { array, hash })
    }

    fn scalar(&mut self) -> Result<Scalar, DumpError> {
        let tag = self.uleb()?;
        Ok(match tag {
            scalar::NIL => Scalar::Nil,
            scalar::FALSE => Scalar::Boolean(false),
            scalar::TRUE => Scalar::Boolean(true),
            scalar::INT => Scalar::Number(f64::from(self.uleb()? as i32)),
            scalar::NUMBER => Scalar::Number(canonical(self.halves()?)),
            _ => Scalar::String(self.take((tag - scalar::STRING) as usize)?.into()),
        })
    }

    /// Reads a numeric constant: 33 bits, the lowest of which tells a double from an integer.
    fn number(&mut self) -> Result<f64, DumpError> {
        let start = self.position;
        let tagged = self.long_uleb()?;
        let low = u32::try_from(tagged >> 1).map_err(|_| DumpError {
            offset: start,
            kind: DumpErrorKind::NumberTooLarge,
        })?;
        if tagged & 1 == 0 {
            return Ok(f64::from(low as i32));
        }
        let high = self.uleb()?;
        Ok(canonical(u64::from(high) << 32 | u64::from(low)))
    }

    fn debug_info(
        &mut self,
        num_instructions: usize,
        first_line: u32,
        num_lines: u32,
        num_upvalues: usize,
    ) -> Result<DebugInfo, DumpError> {
        let width = line_width(num_lines);
        let start = self.position;
        let lines: Vec<_> = self
            .take(num_instructions.saturating_mul(width))?
            .chunks_exact(width)
            .map(|delta| {
                let mut word = [0; 4];
                word[..width].copy_from_slice(delta);
                first_line.checked_add(u32::from_le_bytes(word))
            })
            .collect::<Option<_>>()
            .ok_or(DumpError {
                offset: start,
                kind: DumpErrorKind::NumberTooLarge,
            })?;
        let upvalue_names = (0..num_upvalues)
            .map(|_| self.zero_terminated())
            .collect::<Result<Vec<_>, _>>()?;
        let mut variables = Vec::new();
        let mut last = 0u32;
        loop {
            let name: &[u8] = match self.byte()? {
                0 => break,
                tag if usize::from(tag) <= INTERNAL_NAMES.len() => {
                    INTERNAL_NAMES[usize::from(tag) - 1]
                }
                _ => {
                    self.position -= 1;
                    self.zero_terminated()?
                }
            };
            let start = last.checked_add(self.uleb()?);
            let end = match start {
                Some(start) => start.checked_add(self.uleb()?),
                None => None,
            };
            let (Some(start), Some(end)) = (start, end) else {
                return Err(self.error(DumpErrorKind::NumberTooLarge));
            };
            last = start;
            variables.push(Variable { name, start, end });
        }
        Ok(DebugInfo {
            lines: Lines::new(lines.into_iter()),
            upvalue_names: Names::new(upvalue_names.into_iter()),
            variables: Variables::new(variables.into_iter()),
        })
    }
}

/// What a function learns of its children while its constants are read.
struct Family {
    start: usize,
    depth: usize,
}

/// Makes a double of its bits, with one pattern for NaN.
///
/// The others are how the VM tells values of other types from numbers; none may enter as a number.
fn canonical(bits: u64) -> f64 {
    let number = f64::from_bits(bits);
    if number.is_nan() {
        return f64::from_bits(0x7ff8_0000_0000_0000);
    }
    number
}

/// Returns how many bytes the line of an instruction takes.
fn line_width(num_lines: u32) -> usize {
    match num_lines {
        0..256 => 1,
        256..65536 => 2,
        _ => 4,
    }
}

/// Returns the integer as which LuaJIT writes a number, if it does.
fn narrow(number: f64) -> Option<i32> {
    let integer = number as i32;
    (f64::from(integer).to_bits() == number.to_bits()).then_some(integer)
}

fn put_uleb(out: &mut Vec<u8>, value: u32) {
    put_long_uleb(out, value.into());
}

fn put_long_uleb(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_halves(out: &mut Vec<u8>, bits: u64) {
    put_uleb(out, bits as u32);
    put_uleb(out, (bits >> 32) as u32);
}

/// Writes a number outside of the numeric constants.
fn put_double(out: &mut Vec<u8>, number: f64) {
    put_uleb(out, scalar::NUMBER);
    put_halves(out, number.to_bits());
}

/// Returns one function without its length and without its children.
fn prototype_bytes(template: &Template, strip: bool) -> Vec<u8> {
    let mut out = vec![
        template.flags & (flags::CHILD | flags::VARARG | flags::FFI),
        template.num_params,
        template.frame_size,
        template.upvalues.len() as u8,
    ];
    put_uleb(&mut out, template.constants.len() as u32);
    put_uleb(&mut out, template.numbers.len() as u32);
    put_uleb(&mut out, template.code.len() as u32);
    let debug = match (&template.debug, strip) {
        (Some(debug), false) => debug_bytes(template, debug),
        _ => Vec::new(),
    };
    if !strip {
        put_uleb(&mut out, debug.len() as u32);
        if !debug.is_empty() {
            put_uleb(&mut out, template.first_line);
            put_uleb(&mut out, template.num_lines);
        }
    }
    for instruction in template.code.words() {
        out.extend_from_slice(&instruction.to_le_bytes());
    }
    for upvalue in &template.upvalues {
        out.extend_from_slice(&upvalue.0.to_le_bytes());
    }
    for constant in template.constants.iter().rev() {
        put_constant(&mut out, constant);
    }
    for &number in &template.numbers {
        match narrow(number) {
            Some(integer) => put_long_uleb(&mut out, u64::from(integer as u32) << 1),
            None => {
                let bits = number.to_bits();
                put_long_uleb(&mut out, u64::from(bits as u32) << 1 | 1);
                put_uleb(&mut out, (bits >> 32) as u32);
            }
        }
    }
    out.extend_from_slice(&debug);
    out
}

fn put_constant(out: &mut Vec<u8>, constant: &Constant) {
    match constant {
        Constant::Child(_) => put_uleb(out, constant::CHILD),
        Constant::Table(table) => {
            put_uleb(out, constant::TABLE);
            put_table(out, table);
        }
        Constant::Int64(value) => {
            put_uleb(out, constant::INT64);
            put_halves(out, *value as u64);
        }
        Constant::Uint64(value) => {
            put_uleb(out, constant::UINT64);
            put_halves(out, *value);
        }
        Constant::Complex(real, imaginary) => {
            put_uleb(out, constant::COMPLEX);
            put_halves(out, real.to_bits());
            put_halves(out, imaginary.to_bits());
        }
        Constant::String(string) => {
            put_uleb(out, constant::STRING + string.len() as u32);
            out.extend_from_slice(string);
        }
    }
}

fn put_table(out: &mut Vec<u8>, table: &TableTemplate) {
    let used = table
        .array
        .iter()
        .rposition(|value| *value != Scalar::Nil)
        .map_or(0, |last| last + 1);
    put_uleb(out, used as u32);
    put_uleb(out, table.hash.len() as u32);
    for value in &table.array[..used] {
        put_value(out, value);
    }
    for (key, value) in &table.hash {
        match key {
            Scalar::Number(number) => put_double(out, *number),
            _ => put_value(out, key),
        }
        put_value(out, value);
    }
}

fn put_value(out: &mut Vec<u8>, value: &Scalar) {
    match value {
        Scalar::Nil => put_uleb(out, scalar::NIL),
        Scalar::Boolean(false) => put_uleb(out, scalar::FALSE),
        Scalar::Boolean(true) => put_uleb(out, scalar::TRUE),
        Scalar::Number(number) => match narrow(*number) {
            Some(integer) => {
                put_uleb(out, scalar::INT);
                put_uleb(out, integer as u32);
            }
            None => put_double(out, *number),
        },
        Scalar::String(string) => {
            put_uleb(out, scalar::STRING + string.len() as u32);
            out.extend_from_slice(string);
        }
    }
}

fn debug_bytes(template: &Template, debug: &DebugInfo) -> Vec<u8> {
    let width = line_width(template.num_lines);
    let mut out = Vec::new();
    for line in debug.lines.iter() {
        let delta = line.saturating_sub(template.first_line);
        out.extend_from_slice(&delta.to_le_bytes()[..width]);
    }
    for name in debug.upvalue_names.iter() {
        put_name(&mut out, name);
    }
    let mut last = 0;
    for variable in debug.variables.iter() {
        match INTERNAL_NAMES
            .iter()
            .position(|name| *name == variable.name)
        {
            Some(index) => out.push(index as u8 + 1),
            None => put_name(&mut out, variable.name),
        }
        put_uleb(&mut out, variable.start.saturating_sub(last));
        put_uleb(&mut out, variable.end.saturating_sub(variable.start));
        last = variable.start;
    }
    out.push(0);
    out
}

/// Writes a name; one that would be read as something else becomes `?`.
fn put_name(out: &mut Vec<u8>, name: &[u8]) {
    let is_tag = name
        .first()
        .is_none_or(|&byte| usize::from(byte) <= INTERNAL_NAMES.len());
    if is_tag || name.contains(&0) {
        out.push(b'?');
    } else {
        out.extend_from_slice(name);
    }
    out.push(0);
}

#[cfg(test)]
pub(super) mod tests;
