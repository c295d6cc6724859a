//! Deltas: what one side has created, changed and released since it last spoke.
//!
//! A sender builds `created` and `fills` side by side, because filling one object discovers the next
//! one to create. A receiver creates everything before it fills anything, so cycles need no care.

use crate::decode::Result;
use crate::{DecodeErrorKind, Decoder, Encoder, Id, Mark, Reference, Token};

const METATABLE: u64 = 4;
const ENVIRONMENT: u64 = 5;
const GLOBALS: u64 = 6;
const ENDED: u64 = 7;

/// Where a function's code comes from.
#[derive(Debug, Clone)]
pub enum CodeRef<'a> {
    /// A byte range of a dump that the host has sent.
    Dump { code: u64, start: u64, end: u64 },
    /// An expression `function (…) … end` and the names of the variables around it.
    Source {
        chunk_name: &'a [u8],
        first_line: u64,
        text: &'a [u8],
        /// The upvalues' names, each a string token, in the order of the cells.
        upvalues: Section<'a>,
    },
}

/// A run of values in a message, with their number.
#[derive(Debug, Clone)]
pub struct Section<'a> {
    pub len: u32,
    pub values: Decoder<'a>,
}

impl<'a> Section<'a> {
    /// Reads an array and passes over it.
    fn decode(decoder: &mut Decoder<'a>) -> Result<Section<'a>> {
        let mut values = decoder.value()?;
        let len = values.array()?;
        Ok(Section { len, values })
    }

    /// Takes one off the number of values left, or returns false at the end.
    fn advance(&mut self) -> bool {
        let more = self.len > 0;
        self.len = self.len.saturating_sub(1);
        more
    }

    /// Reads the next of the section's ids.
    pub fn next_id(&mut self) -> Result<Option<Id>> {
        if self.advance() {
            return self.values.id().map(Some);
        }
        Ok(None)
    }

    /// Reads the next of the section's strings.
    pub fn next_string(&mut self) -> Result<Option<&'a [u8]>> {
        if self.advance() {
            return self.values.string().map(Some);
        }
        Ok(None)
    }
}

/// An object that the receiver does not know yet.
#[derive(Debug, Clone)]
pub enum Created<'a> {
    Table(Id),
    Cell {
        id: Id,
        /// No prototype ever assigns the variable.
        immutable: bool,
    },
    Function {
        id: Id,
        code: CodeRef<'a>,
        cells: Section<'a>,
    },
}

/// The contents of an object, or what has changed in it.
#[derive(Debug, Clone)]
pub enum Fill<'a> {
    /// One value.
    Cell(Id, Decoder<'a>),
    /// That many pairs of key and value.
    Entries(Id, u32, Decoder<'a>),
    /// One table, or nil.
    Metatable(Id, Decoder<'a>),
    /// One table: the environment of a function.
    Environment(Id, Decoder<'a>),
    /// One table, in which a function finds the globals that the host does not have.
    Globals(Id, Decoder<'a>),
    /// Nothing: a coroutine has come to its end.
    Ended(Id),
}

/// A delta as received, well-formed in full.
#[derive(Debug, Clone)]
pub struct Delta<'a> {
    /// Ids and how often each was received, alternating.
    pub released: Section<'a>,
    pub modules: Section<'a>,
    codes: Section<'a>,
    created: Section<'a>,
    fills: Section<'a>,
}

impl<'a> Delta<'a> {
    /// Reads a delta and checks the shape of each entry, so that its iterators cannot fail halfway.
    pub(crate) fn decode(decoder: &mut Decoder<'a>) -> Result<Option<Delta<'a>>> {
        let start = decoder.clone();
        match decoder.token()? {
            Token::Nil => return Ok(None),
            Token::Array(5) => {}
            _ => return Err(start.error(DecodeErrorKind::Expected("a delta"))),
        }
        let delta = Delta {
            released: Section::decode(decoder)?,
            modules: Section::decode(decoder)?,
            codes: Section::decode(decoder)?,
            created: Section::decode(decoder)?,
            fills: Section::decode(decoder)?,
        };
        let mut check = delta.clone();
        while check.next_released()?.is_some() {}
        while check.modules.next_string()?.is_some() {}
        while check.next_code()?.is_some() {}
        while let Some(created) = check.next_created()? {
            if let Created::Function {
                code, mut cells, ..
            } = created
            {
                while cells.next_id()?.is_some() {}
                if let CodeRef::Source { mut upvalues, .. } = code {
                    while upvalues.next_string()?.is_some() {}
                }
            }
        }
        let mut fills = delta.fills();
        while fills.next_fill()?.is_some() {}
        Ok(Some(delta))
    }

    /// Reads the next released id and how often it was received.
    pub fn next_released(&mut self) -> Result<Option<(Id, u64)>> {
        if !self.released.advance() {
            return Ok(None);
        }
        let id = self.released.values.id()?;
        if !self.released.advance() {
            return Err(self
                .released
                .values
                .error(DecodeErrorKind::Expected("an even number")));
        }
        Ok(Some((id, self.released.values.unsigned()?)))
    }

    /// Reads the next dump: its number and its bytes.
    pub fn next_code(&mut self) -> Result<Option<(u64, &'a [u8])>> {
        if !self.codes.advance() {
            return Ok(None);
        }
        let values = &mut self.codes.values;
        expect_len(values, 2)?;
        Ok(Some((values.unsigned()?, values.string()?)))
    }

    /// Reads the next object to create.
    pub fn next_created(&mut self) -> Result<Option<Created<'a>>> {
        if !self.created.advance() {
            return Ok(None);
        }
        let values = &mut self.created.values;
        let start = values.clone();
        let len = values.array()?;
        let kind = values.unsigned()?;
        let id = values.id()?;
        Ok(Some(match (kind, len) {
            (1, 4) => Created::Function {
                id,
                code: decode_code(values)?,
                cells: Section::decode(values)?,
            },
            (2, 2) => Created::Table(id),
            (3, 3) => Created::Cell {
                id,
                immutable: values.boolean()?,
            },
            _ => return Err(start.error(DecodeErrorKind::Expected("an object to create"))),
        }))
    }

    /// Returns the contents, in order.
    pub fn fills(&self) -> Fills<'a> {
        Fills(self.fills.clone())
    }
}

/// Reads the contents of objects.
#[derive(Debug, Clone)]
pub struct Fills<'a>(Section<'a>);

impl<'a> Fills<'a> {
    /// Reads the next object's contents.
    pub fn next_fill(&mut self) -> Result<Option<Fill<'a>>> {
        if !self.0.advance() {
            return Ok(None);
        }
        let values = &mut self.0.values;
        let start = values.clone();
        let mut entry = values.value()?;
        let len = entry.array()?;
        let kind = entry.unsigned()?;
        let id = entry.id()?;
        Ok(Some(match (kind, len) {
            (3, 3) => Fill::Cell(id, entry),
            (2, len) if len % 2 == 0 => Fill::Entries(id, (len - 2) / 2, entry),
            (METATABLE, 3) => Fill::Metatable(id, entry),
            (ENVIRONMENT, 3) => Fill::Environment(id, entry),
            (GLOBALS, 3) => Fill::Globals(id, entry),
            (ENDED, 2) => Fill::Ended(id),
            _ => return Err(start.error(DecodeErrorKind::Expected("an object's contents"))),
        }))
    }
}

fn expect_len(decoder: &mut Decoder<'_>, len: u32) -> Result<()> {
    let start = decoder.clone();
    if decoder.array()? != len {
        return Err(start.error(DecodeErrorKind::Expected("an entry of another length")));
    }
    Ok(())
}

fn decode_code<'a>(decoder: &mut Decoder<'a>) -> Result<CodeRef<'a>> {
    let start = decoder.clone();
    let len = decoder.array()?;
    Ok(match (decoder.unsigned()?, len) {
        (0, 4) => CodeRef::Dump {
            code: decoder.unsigned()?,
            start: decoder.unsigned()?,
            end: decoder.unsigned()?,
        },
        (1, 5) => CodeRef::Source {
            chunk_name: decoder.string()?,
            first_line: decoder.unsigned()?,
            text: decoder.string()?,
            upvalues: Section::decode(decoder)?,
        },
        _ => return Err(start.error(DecodeErrorKind::Expected("code"))),
    })
}

/// A delta under construction.
#[derive(Debug, Clone, Default)]
pub struct DeltaBuilder {
    /// What the receiver must know before it reads the fills.
    pub objects: Objects,
    /// The contents, written one object at a time.
    pub fills: Contents,
}

/// An array under construction.
#[derive(Debug, Clone, Default)]
struct Entries {
    len: usize,
    bytes: Encoder,
}

impl Entries {
    fn next(&mut self) -> &mut Encoder {
        self.len += 1;
        &mut self.bytes
    }

    fn encode(&self, out: &mut Encoder) {
        out.array_len(self.len);
        out.append(self.bytes.as_bytes());
    }
}

/// The sections of a delta before its fills.
#[derive(Debug, Clone, Default)]
pub struct Objects {
    released: Entries,
    modules: Entries,
    codes: Entries,
    created: Entries,
}

impl Objects {
    /// Tells that the replica of an id is gone after having been received that often.
    pub fn released(&mut self, id: Id, times: u64) {
        self.released.next().unsigned(id.raw());
        self.released.next().unsigned(times);
    }

    /// Asks the receiver to load a module; each name once in a message.
    pub fn module(&mut self, name: &[u8]) {
        self.modules.next().string(name);
    }

    /// Sends a dump.
    pub fn code(&mut self, code: u64, bytes: &[u8]) {
        let entry = self.codes.next();
        entry.array_len(2);
        entry.unsigned(code);
        entry.string(bytes);
    }

    pub fn table(&mut self, id: Id) {
        let entry = self.created.next();
        entry.array_len(2);
        entry.unsigned(Reference::Table as u64);
        entry.unsigned(id.raw());
    }

    pub fn cell(&mut self, id: Id, immutable: bool) {
        let entry = self.created.next();
        entry.array_len(3);
        entry.unsigned(Reference::Cell as u64);
        entry.unsigned(id.raw());
        entry.boolean(immutable);
    }

    /// Creates a function from a range of a dump; its cells must be known or created before.
    pub fn dumped_function(&mut self, id: Id, code: u64, range: (u64, u64), cells: &[Id]) {
        let entry = self.created.next();
        begin_function(entry, id);
        entry.array_len(4);
        entry.unsigned(0);
        entry.unsigned(code);
        entry.unsigned(range.0);
        entry.unsigned(range.1);
        end_function(entry, cells);
    }

    /// Creates a function from source; `upvalues` names the cells, in their order.
    pub fn source_function(
        &mut self,
        id: Id,
        chunk_name: &[u8],
        first_line: u64,
        text: &[u8],
        upvalues: &[&[u8]],
        cells: &[Id],
    ) {
        let entry = self.created.next();
        begin_function(entry, id);
        entry.array_len(5);
        entry.unsigned(1);
        entry.string(chunk_name);
        entry.unsigned(first_line);
        entry.string(text);
        entry.array_len(upvalues.len());
        for name in upvalues {
            entry.string(name);
        }
        end_function(entry, cells);
    }
}

fn begin_function(entry: &mut Encoder, id: Id) {
    entry.array_len(4);
    entry.unsigned(Reference::Function as u64);
    entry.unsigned(id.raw());
}

fn end_function(entry: &mut Encoder, cells: &[Id]) {
    entry.array_len(cells.len());
    for cell in cells {
        entry.unsigned(cell.raw());
    }
}

/// The fills of a delta.
#[derive(Debug, Clone, Default)]
pub struct Contents(Entries);

/// A table whose entries are being written.
#[derive(Debug)]
#[must_use = "open entries must be closed"]
pub struct OpenEntries {
    start: usize,
    mark: Mark,
}

impl Contents {
    /// Starts the contents of a cell; the caller writes exactly one value.
    pub fn cell(&mut self, id: Id) -> &mut Encoder {
        self.single(Reference::Cell as u64, id)
    }

    /// Starts a change of a table's metatable; the caller writes a table or nil.
    pub fn metatable(&mut self, id: Id) -> &mut Encoder {
        self.single(METATABLE, id)
    }

    /// Starts the environment of a function; the caller writes a table.
    pub fn environment(&mut self, id: Id) -> &mut Encoder {
        self.single(ENVIRONMENT, id)
    }

    /// Starts the globals of a function; the caller writes a table.
    pub fn globals(&mut self, id: Id) -> &mut Encoder {
        self.single(GLOBALS, id)
    }

    /// Tells that a coroutine has come to its end.
    pub fn ended(&mut self, id: Id) {
        let entry = self.0.next();
        entry.array_len(2);
        entry.unsigned(ENDED);
        entry.unsigned(id.raw());
    }

    fn single(&mut self, kind: u64, id: Id) -> &mut Encoder {
        let entry = self.0.next();
        entry.array_len(3);
        entry.unsigned(kind);
        entry.unsigned(id.raw());
        entry
    }

    /// Starts the entries of a table; the caller writes keys and values to [`Contents::encoder`].
    pub fn begin_entries(&mut self, id: Id) -> OpenEntries {
        let entry = self.0.next();
        let start = entry.len();
        let mark = entry.begin_array();
        entry.unsigned(Reference::Table as u64);
        entry.unsigned(id.raw());
        OpenEntries { start, mark }
    }

    pub fn encoder(&mut self) -> &mut Encoder {
        &mut self.0.bytes
    }

    /// Closes a table's entries; nothing at all is written when there were none.
    pub fn end_entries(&mut self, open: OpenEntries, pairs: usize) {
        if pairs == 0 {
            self.0.bytes.truncate(open.start);
            self.0.len -= 1;
            return;
        }
        self.0.bytes.end_array(open.mark, 2 + 2 * pairs);
    }
}

impl DeltaBuilder {
    pub fn new() -> DeltaBuilder {
        DeltaBuilder::default()
    }

    /// Returns whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.sections().iter().all(|section| section.len == 0)
    }

    /// Returns about how many bytes it takes.
    pub fn len(&self) -> usize {
        let bytes = |section: &&Entries| section.bytes.len() + 5;
        self.sections().iter().map(bytes).sum::<usize>() + 1
    }

    fn sections(&self) -> [&Entries; 5] {
        let objects = &self.objects;
        [
            &objects.released,
            &objects.modules,
            &objects.codes,
            &objects.created,
            &self.fills.0,
        ]
    }

    pub(crate) fn encode(&self, out: &mut Encoder) {
        out.array_len(5);
        for section in self.sections() {
            section.encode(out);
        }
    }
}
