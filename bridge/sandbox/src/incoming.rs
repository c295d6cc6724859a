//! From messages to values of the VM: applies deltas and decodes values.

use std::rc::Rc;

use bridge_wire::{
    CodeRef, Created, DecodeError, DecodeErrorKind, Decoder, Delta, Fill, Id, Mutation, Reference,
    Side, Token, mutated,
};
use interpreter::bytecode::{Origin, dump};
use interpreter::{Context, Function, Gc, Integer, Prototype, Table, Upvalue, Value};

use crate::calls;
use crate::objects::Objects;

/// Why a message of the host cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApplyError {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error("function code {0} is not known")]
    UnknownCode(u64),
    #[error("object {0} is not known")]
    UnknownObject(u64),
    #[error("function code cannot be loaded: {0}")]
    BadCode(String),
    #[error("a function has {found} cells instead of {expected}")]
    CellCount { found: usize, expected: usize },
    #[error("{0}")]
    NoRoom(String),
}

type Result<T> = std::result::Result<T, ApplyError>;

/// Applies messages to the objects of one sandbox.
pub(crate) struct Incoming<'a, 'gc> {
    pub(crate) ctx: Context<'gc>,
    pub(crate) objects: &'a mut Objects,
}

impl<'gc> Incoming<'_, 'gc> {
    /// Applies a delta: creates what is new, then fills and changes, then lets go of what was released.
    pub(crate) fn apply(&mut self, delta: &Delta<'_>) -> Result<()> {
        let ctx = self.ctx;
        let mut delta = delta.clone();
        let mut released = delta.clone();
        while delta.next_released()?.is_some() {}
        while let Some((number, bytes)) = delta.next_code()? {
            ctx.check_room(bytes.len())
                .map_err(|error| ApplyError::NoRoom(error.to_string()))?;
            self.objects.add_dump(number, bytes.into());
        }
        while let Some(created) = delta.next_created()? {
            match created {
                Created::Table(id) => {
                    let table = ctx.table();
                    self.objects.add(ctx, id, Reference::Table, table.into());
                    if mutated(Mutation::ForgetEmptyTable) {
                        table.unshare();
                    }
                }
                Created::Cell { id, .. } => {
                    self.objects.add_cell(ctx, id, ctx.upvalue(Value::NIL));
                }
                Created::Function {
                    id,
                    code,
                    mut cells,
                } => {
                    let mut found = Vec::new();
                    while let Some(id) = cells.next_id()? {
                        let cell = self.objects.cell(ctx, id);
                        found.push(cell.ok_or(ApplyError::UnknownObject(id.raw()))?);
                    }
                    self.create_function(id, &code, &found)?;
                }
            }
        }
        let mut fills = delta.fills();
        while let Some(fill) = fills.next_fill()? {
            self.fill(fill)?;
        }
        // Only now: what was a key of an entry that is deleted may be among them.
        while let Some((id, _)) = released.next_released()? {
            self.objects.remove(ctx, id);
        }
        Ok(())
    }

    fn create_function(
        &mut self,
        id: Id,
        code: &CodeRef<'_>,
        cells: &[Gc<'gc, Upvalue<'gc>>],
    ) -> Result<()> {
        let prototype = match *code {
            CodeRef::Dump { code, start, end } => self.prototype(code, start, end)?,
            CodeRef::Source {
                text, chunk_name, ..
            } => {
                return Err(ApplyError::BadCode(format!(
                    "unexpected source of {} bytes from {}",
                    text.len(),
                    String::from_utf8_lossy(chunk_name)
                )));
            }
        };
        let expected = prototype.template().upvalues.len();
        if cells.len() != expected {
            return Err(ApplyError::CellCount {
                found: cells.len(),
                expected,
            });
        }
        let function = self.ctx.closure(prototype, self.ctx.globals(), cells);
        self.objects
            .add(self.ctx, id, Reference::Function, function.into());
        Ok(())
    }

    /// Returns the prototype for a range of a dump, made at the first request.
    fn prototype(&mut self, code: u64, start: u64, end: u64) -> Result<Gc<'gc, Prototype<'gc>>> {
        let ctx = self.ctx;
        let place = (code, start, end);
        if let Some(prototype) = self.objects.prototype(ctx, place) {
            return Ok(prototype);
        }
        let whole: Rc<[u8]> = self
            .objects
            .dump(code)
            .ok_or(ApplyError::UnknownCode(code))?;
        let (from, to) = (start as usize, end as usize);
        if from > to || to > whole.len() {
            return Err(ApplyError::BadCode(format!(
                "no bytes {start} to {end} in its dump"
            )));
        }
        let bytes = dump::slice(&whole, from..to);
        let prototype = ctx
            .load(&bytes, b"=(shipped function)")
            .map_err(|error| ApplyError::BadCode(error.to_string()))?;
        let Origin::Dump { bytes, range } = &prototype.template().origin else {
            return Err(ApplyError::BadCode("not a dump".into()));
        };
        let shift = from as isize - range.start as isize;
        let function = ctx.main_function(prototype, ctx.globals());
        self.objects
            .add_prototype(ctx, place, function, bytes.clone(), shift);
        Ok(prototype)
    }

    fn fill(&mut self, fill: Fill<'_>) -> Result<()> {
        let ctx = self.ctx;
        match fill {
            Fill::Cell(id, mut decoder) => {
                let value = self.value(&mut decoder)?;
                let cell = self
                    .objects
                    .cell(ctx, id)
                    .ok_or(ApplyError::UnknownObject(id.raw()))?;
                Upvalue::set_unrecorded(cell, ctx.mutation(), value);
                self.objects.open_cell_changed(ctx, id, cell);
            }
            Fill::Entries(id, pairs, mut decoder) => {
                let table = self.table(id)?;
                for _ in 0..pairs {
                    let key = self.value(&mut decoder)?;
                    let value = self.value(&mut decoder)?;
                    if mutated(Mutation::KeepDeletedInThread) && value.is_nil() {
                        continue;
                    }
                    // What the host has written need not be told to it.
                    table.unshare();
                    let set = ctx.set(table, key, value);
                    table.share();
                    set.map_err(|error| ApplyError::NoRoom(error.to_string()))?;
                }
            }
            Fill::Metatable(id, mut decoder) => {
                let value = self.value(&mut decoder)?;
                let table = self.table(id)?;
                table.unshare();
                table.set_metatable(ctx.mutation(), value.as_table());
                table.share();
            }
            Fill::Environment(id, mut decoder) => {
                let function = self.objects.value(ctx, id).and_then(Value::as_function);
                let function = function.ok_or(ApplyError::UnknownObject(id.raw()))?;
                // A name that means nothing here leaves the function with the globals.
                if let Some(environment) = self.value(&mut decoder)?.as_table() {
                    if id.side() == Side::Sandbox && Gc::ptr_eq(environment, ctx.globals()) {
                        // Noted: the host must hear which globals these are, to have them behind its own.
                        Function::set_env(function, ctx.mutation(), environment);
                    } else {
                        Function::set_env_unrecorded(function, ctx.mutation(), environment);
                    }
                }
            }
            Fill::Ended(id) => self.objects.note_ended(ctx, id),
            Fill::Globals(id, _) => return Err(ApplyError::UnknownObject(id.raw())),
        }
        Ok(())
    }

    fn table(&self, id: Id) -> Result<Gc<'gc, Table<'gc>>> {
        let table = self.objects.table(self.ctx, id);
        table.ok_or(ApplyError::UnknownObject(id.raw()))
    }

    /// Decodes one value.
    pub(crate) fn value(&mut self, decoder: &mut Decoder<'_>) -> Result<Value<'gc>> {
        let ctx = self.ctx;
        let no_room = |error: interpreter::Error<'gc>| ApplyError::NoRoom(error.to_string());
        Ok(match decoder.token()? {
            Token::Nil => Value::NIL,
            Token::Boolean(b) => Value::boolean(b),
            Token::Number(n) => Value::number(n),
            Token::String(bytes) => ctx.checked_string(bytes).map_err(no_room)?.into(),
            Token::Array(len) => {
                decoder.descend()?;
                let table = ctx.table_with_room(len as usize, 0);
                for index in 1..=len {
                    let value = self.value(decoder)?;
                    ctx.set(table, f64::from(index), value).map_err(no_room)?;
                }
                decoder.ascend();
                table.into()
            }
            Token::Map(len) => {
                decoder.descend()?;
                let table = ctx.table_with_room(0, len as usize);
                for _ in 0..len {
                    let key = self.value(decoder)?;
                    let value = self.value(decoder)?;
                    ctx.set(table, key, value).map_err(no_room)?;
                }
                decoder.ascend();
                if len == 0 {
                    table.set_metatable(ctx.mutation(), calls::empty_dict_metatable(ctx));
                }
                table.into()
            }
            Token::Reference(kind, id) if kind.is_remote() => {
                let remote = self.objects.value(ctx, id).unwrap_or_else(|| {
                    let remote = calls::remote(ctx, kind, id);
                    self.objects.add(ctx, id, kind, remote);
                    self.objects.end_stand_in(ctx, id, remote);
                    remote
                });
                self.objects.count_received(id);
                remote
            }
            Token::Reference(_, id) => self
                .objects
                .value(ctx, id)
                .ok_or(ApplyError::UnknownObject(id.raw()))?,
            Token::Named(path) => calls::named(ctx, path, false),
            Token::NamedFunction(path) => calls::named(ctx, path, true),
            Token::Module(name) => calls::module(ctx, name),
            Token::VimNil => calls::vim_nil(ctx),
            Token::Int64(value) => ctx.integer(Integer::Signed(value)).into(),
            Token::Uint64(value) => ctx.integer(Integer::Unsigned(value)).into(),
        })
    }

    /// Decodes an array of values.
    pub(crate) fn list(&mut self, decoder: &mut Decoder<'_>) -> Result<Vec<Value<'gc>>> {
        let len = decoder.array()?;
        let mut values = Vec::new();
        for _ in 0..len {
            values.push(self.value(decoder)?);
        }
        Ok(values)
    }

    /// Decodes a value that must be a function.
    pub(crate) fn function(&mut self, decoder: &mut Decoder<'_>) -> Result<Gc<'gc, Function<'gc>>> {
        let at = decoder.clone();
        let value = self.value(decoder)?;
        value
            .as_function()
            .ok_or_else(|| at.error(DecodeErrorKind::Expected("a function")).into())
    }
}
