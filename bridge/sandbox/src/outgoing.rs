//! From values of the VM to messages: encodes values, creates shared objects as they are met, and collects
//! what has changed in those that the host knows.

use std::collections::VecDeque;

use bridge_wire::{
    DeltaBuilder, Encoder, Id, Kind, MAX_DEPTH, Mutation, Reference, Side, encode_message, mutated,
};
use interpreter::bytecode::{Origin, UpvalueSource};
use interpreter::{Context, Function, Gc, Integer, Table, Type, Upvalue, Value};

use crate::calls::Remote;
use crate::objects::{Change, Objects};

/// How tables cross.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tables {
    /// As copies, for the host's C functions.
    ByValue,
    /// As one table on two sides.
    ByReference,
}

/// Why a value cannot cross.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EncodeError {
    #[error(
        "the table at {0} contains itself: only shared variables and arguments of Lua functions may be cyclic"
    )]
    Cyclic(String),
    #[error("the function at {0} must not leave the sandbox: {1}")]
    Refused(String, &'static str),
    #[error("the table at {0} is nested more than {MAX_DEPTH} levels deep")]
    TooDeep(String),
    #[error(
        "the function at {0} was loaded from a dump inside the sandbox and cannot leave it; load it from source"
    )]
    ForeignDump(String),
}

/// A message under construction.
pub(crate) struct Outgoing<'a, 'gc> {
    pub(crate) ctx: Context<'gc>,
    pub(crate) objects: &'a mut Objects,
    pub(crate) delta: DeltaBuilder,
    /// New tables and cells whose contents are still to be written.
    unfilled: VecDeque<Id>,
    /// What to forget again if the message cannot be sent.
    created: Vec<Id>,
    /// Identities of the tables that the value being encoded is inside of.
    ancestors: Vec<usize>,
    /// Where the value being encoded is, for errors.
    path: Vec<String>,
    empty_dict: Option<Gc<'gc, Table<'gc>>>,
    /// Functions may be among the values, those that both sides have included.
    pub(crate) may_hold_functions: bool,
    /// Functions of the sandbox may.
    pub(crate) may_hold_closures: bool,
}

impl<'a, 'gc> Outgoing<'a, 'gc> {
    pub(crate) fn new(ctx: Context<'gc>, objects: &'a mut Objects) -> Self {
        Outgoing {
            ctx,
            objects,
            delta: DeltaBuilder::new(),
            unfilled: VecDeque::new(),
            created: Vec::new(),
            ancestors: Vec::new(),
            path: Vec::new(),
            empty_dict: crate::calls::empty_dict_metatable(ctx),
            may_hold_functions: true,
            may_hold_closures: true,
        }
    }

    fn place(&self) -> String {
        if self.path.is_empty() {
            "the top".into()
        } else {
            self.path.concat()
        }
    }

    /// Encodes a list of values as an array.
    pub(crate) fn list(
        &mut self,
        out: &mut Encoder,
        what: &str,
        values: &[Value<'gc>],
        tables: Tables,
    ) -> Result<(), EncodeError> {
        let mut values = values;
        while mutated(Mutation::DropLastNils)
            && let Some((last, rest)) = values.split_last()
            && last.is_nil()
        {
            values = rest;
        }
        out.array_len(values.len());
        for (index, &value) in values.iter().enumerate() {
            self.path.push(format!("{what} {}", index + 1));
            self.value(out, value, tables)?;
            self.path.pop();
        }
        Ok(())
    }

    /// Refuses a function that must not be handed over.
    fn check_function(&self, function: Value<'gc>) -> Result<(), EncodeError> {
        if self.may_hold_functions {
            return Ok(());
        }
        let is_lua = function.as_function().is_some_and(|f| !f.is_native());
        if !self.may_hold_closures {
            return Err(EncodeError::Refused(
                self.place(),
                "the thread's policy has no `callbacks`",
            ));
        }
        if !is_lua || self.objects.name_of(self.ctx, function).is_some() {
            return Err(EncodeError::Refused(
                self.place(),
                "it is built in, and would be the host's there; wrap it in a function",
            ));
        }
        Ok(())
    }

    /// Encodes one value.
    pub(crate) fn value(
        &mut self,
        out: &mut Encoder,
        value: Value<'gc>,
        tables: Tables,
    ) -> Result<(), EncodeError> {
        if value.as_function().is_some() {
            self.check_function(value)?;
        }
        match value.type_of() {
            Type::Nil => out.nil(),
            Type::Boolean if mutated(Mutation::FalseIsNil) && !value.is_truthy() => out.nil(),
            Type::Boolean => out.boolean(value.is_truthy()),
            Type::Number if mutated(Mutation::LoseNegativeZero) => {
                out.number(value.as_number().expect("a number") + 0.0);
            }
            Type::Number => out.number(value.as_number().expect("a number")),
            Type::String => out.string(value.as_string().expect("a string").as_bytes()),
            Type::Table if tables == Tables::ByValue => {
                let table = value.as_table().expect("a table");
                if let Some(name) = self.objects.name_of(self.ctx, value) {
                    out.named(name.as_string().expect("a name").as_bytes());
                } else if let Some((kind, id)) = self.object_of_host(value) {
                    out.reference(kind, id);
                } else {
                    self.copy_table(out, table)?;
                }
            }
            Type::Table => self.object(out, value, |this| {
                Ok((Reference::Table, this.new_table(value)))
            })?,
            Type::Function => self.object(out, value, |this| {
                let function = value.as_function().expect("a function");
                if function.is_native() {
                    return Ok(this.local(Reference::LocalFunction, value));
                }
                this.function(function).map(|id| (Reference::Function, id))
            })?,
            Type::Cdata => match value.as_cdata().expect("a cdata").integer() {
                Integer::Signed(value) => out.int64(value),
                Integer::Unsigned(value) => out.uint64(value),
            },
            Type::Coroutine => {
                let kind = Reference::LocalCoroutine;
                self.object(out, value, |this| Ok(this.local(kind, value)))?;
            }
            Type::Userdata => {
                let userdata = value.as_userdata();
                if userdata.is_some_and(|u| u.is::<crate::calls::Nil>()) {
                    out.vim_nil();
                } else if let Some((kind, id)) = userdata.and_then(Remote::of) {
                    // Nothing but a weak table held it when the host's object was collected.
                    match self.objects.find(self.ctx, value) {
                        Some(_) => out.reference(kind, id),
                        None => out.nil(),
                    }
                } else if userdata.is_none() {
                    // A light userdata is an identity of this side: to the host it means nothing.
                    out.nil();
                } else {
                    self.object(out, value, |this| Ok(this.local(Reference::Local, value)))?;
                }
            }
        }
        Ok(())
    }

    /// Encodes the key of an entry of a shared table.
    fn key(&mut self, out: &mut Encoder, key: Value<'gc>) -> Result<(), EncodeError> {
        if key.as_cdata().is_some() {
            // As a key an integer is an object, unlike all others of the same value.
            return self.object(out, key, |this| Ok(this.local(Reference::Local, key)));
        }
        self.value(out, key, Tables::ByReference)
    }

    /// Encodes a reference to an object, which `create` makes known if it is not.
    fn object(
        &mut self,
        out: &mut Encoder,
        value: Value<'gc>,
        create: impl FnOnce(&mut Self) -> Result<(Reference, Id), EncodeError>,
    ) -> Result<(), EncodeError> {
        if let Some(name) = self.objects.name_of(self.ctx, value) {
            let name = name.as_string().expect("a name");
            if value.as_function().is_some() {
                out.named_function(name.as_bytes());
            } else {
                out.named(name.as_bytes());
            }
            return Ok(());
        }
        let known = self.objects.find(self.ctx, value);
        let (kind, id) = match known {
            Some((_, id)) if mutated(Mutation::LoseMainIdentity) && id.side() == Side::Host => {
                create(self)?
            }
            Some(found) => found,
            None => create(self)?,
        };
        out.reference(kind, id);
        Ok(())
    }

    /// Makes a table known to the host.
    pub(crate) fn new_table(&mut self, table: Value<'gc>) -> Id {
        let id = self.objects.give_id();
        self.delta.objects.table(id);
        self.objects.add(self.ctx, id, Reference::Table, table);
        self.unfilled.push_back(id);
        id
    }

    /// Gives an id to a value that stays here.
    fn local(&mut self, kind: Reference, value: Value<'gc>) -> (Reference, Id) {
        let id = self.objects.give_id();
        self.objects.add(self.ctx, id, kind, value);
        self.created.push(id);
        (kind, id)
    }

    fn copy_table(
        &mut self,
        out: &mut Encoder,
        table: Gc<'gc, Table<'gc>>,
    ) -> Result<(), EncodeError> {
        let address = Value::from(table).address().expect("an object");
        if self.ancestors.contains(&address) {
            return Err(EncodeError::Cyclic(self.place()));
        }
        if self.ancestors.len() >= MAX_DEPTH {
            return Err(EncodeError::TooDeep(self.place()));
        }
        self.ancestors.push(address);
        let mut count = 0usize;
        table.for_each(|_, _| count += 1);
        let length = table.length() as usize;
        let is_dict = count == 0
            && self
                .empty_dict
                .is_some_and(|dict| table.metatable().is_some_and(|mt| Gc::ptr_eq(mt, dict)));
        if count == length && !is_dict {
            out.array_len(count);
            for index in 1..=count {
                let item = table.get(Value::number(index as f64));
                if item.as_table().is_some() || item.as_function().is_some() {
                    self.path.push(format!("[{index}]"));
                    self.value(out, item, Tables::ByValue)?;
                    self.path.pop();
                } else {
                    self.value(out, item, Tables::ByValue)?;
                }
            }
        } else {
            out.map_len(count);
            let mut entries = Vec::with_capacity(count);
            table.for_each(|key, value| entries.push((key, value)));
            for (key, value) in entries {
                self.path.push(match key.as_string() {
                    Some(name) => format!(".{}", String::from_utf8_lossy(name.as_bytes())),
                    None => format!("[{key:?}]"),
                });
                self.value(out, key, Tables::ByValue)?;
                self.value(out, value, Tables::ByValue)?;
                self.path.pop();
            }
        }
        self.ancestors.pop();
        Ok(())
    }

    fn cell(&mut self, cell: Gc<'gc, Upvalue<'gc>>, source: UpvalueSource) -> Id {
        if let Some(id) = self.objects.find_cell(self.ctx, cell) {
            return id;
        }
        let id = self.objects.give_id();
        self.delta.objects.cell(id, source.is_immutable());
        self.objects.add_cell(self.ctx, id, cell);
        self.created.push(id);
        self.unfilled.push_back(id);
        id
    }

    /// Returns the id of an object of the host, a table with a metatable: it goes back as itself, since a
    /// copy would lose what it does.
    fn object_of_host(&self, value: Value<'gc>) -> Option<(Reference, Id)> {
        value.as_table()?.metatable()?;
        let known = self.objects.find(self.ctx, value);
        known.filter(|(_, id)| id.side() == Side::Host)
    }

    /// Makes a Lua function known to the host: its code and its cells.
    fn function(&mut self, function: Gc<'gc, Function<'gc>>) -> Result<Id, EncodeError> {
        let prototype = function.prototype().expect("a Lua function");
        let template = prototype.template();
        let cells: Vec<Id> = function
            .upvalues()
            .iter()
            .zip(&template.upvalues)
            .map(|(cell, &source)| self.cell(cell.get(), source))
            .collect();
        let id = self.objects.give_id();
        match &template.origin {
            Origin::Dump { bytes, range } => {
                let Some((code, shift)) = self.objects.code_of(bytes) else {
                    return Err(EncodeError::ForeignDump(self.place()));
                };
                let place = |position: usize| position.wrapping_add_signed(shift) as u64;
                let range = (place(range.start), place(range.end));
                self.delta.objects.dumped_function(id, code, range, &cells);
            }
            Origin::Source {
                text,
                range,
                method,
            } => {
                let slice = &text[range.clone()];
                let mut expression = b"function".to_vec();
                if template.first_line == 0 {
                    expression.extend_from_slice(b"(...) ");
                    expression.extend_from_slice(slice);
                    expression.extend_from_slice(b"\nend");
                } else if *method {
                    let parameters = slice.get(1..).unwrap_or(&[]);
                    let is_empty = parameters
                        .trim_ascii_start()
                        .first()
                        .is_none_or(|&byte| byte == b')');
                    expression.extend_from_slice(if is_empty { b"(self" } else { b"(self," });
                    expression.extend_from_slice(parameters);
                } else {
                    expression.extend_from_slice(slice);
                }
                let names: Vec<&[u8]> = match &template.debug {
                    Some(debug) => debug.upvalue_names.iter().collect(),
                    None => Vec::new(),
                };
                self.delta.objects.source_function(
                    id,
                    &template.chunk_name,
                    u64::from(template.first_line.max(1)),
                    &expression,
                    &names,
                    &cells,
                );
            }
        }
        self.objects
            .add(self.ctx, id, Reference::Function, function.into());
        self.created.push(id);
        self.environment(id, function)?;
        Ok(id)
    }

    /// Writes the contents of all new objects, and of those that these bring in.
    fn fill(&mut self) -> Result<(), EncodeError> {
        while let Some(id) = self.unfilled.pop_front() {
            self.fill_one(id)?;
        }
        Ok(())
    }

    fn fill_one(&mut self, id: Id) -> Result<(), EncodeError> {
        let ctx = self.ctx;
        if let Some(cell) = self.objects.cell(ctx, id) {
            self.objects.open_cell_changed(ctx, id, cell);
            self.cell_fill(id, cell.get())
        } else if let Some(table) = self.objects.table(ctx, id) {
            let mut keys = Vec::new();
            table.for_each(|key, _| keys.push(key));
            self.table_fill(id, table, &keys, table.metatable().is_some())
        } else {
            Ok(())
        }
    }

    fn cell_fill(&mut self, id: Id, value: Value<'gc>) -> Result<(), EncodeError> {
        let mut encoded = Encoder::new();
        self.path.push("a shared variable".into());
        self.value(&mut encoded, value, Tables::ByReference)?;
        self.path.pop();
        self.delta.fills.cell(id).append(encoded.as_bytes());
        Ok(())
    }

    /// Writes what a table holds under some keys, and its metatable if that has changed.
    fn table_fill(
        &mut self,
        id: Id,
        table: Gc<'gc, Table<'gc>>,
        keys: &[Value<'gc>],
        metatable: bool,
    ) -> Result<(), EncodeError> {
        if metatable && !mutated(Mutation::DropMetatable) {
            let mut encoded = Encoder::new();
            let value = table.metatable().map_or(Value::NIL, Value::from);
            self.value(&mut encoded, value, Tables::ByReference)?;
            self.delta.fills.metatable(id).append(encoded.as_bytes());
        }
        let mut encoded = Encoder::new();
        for &key in keys {
            self.path.push("an entry of a shared table".into());
            self.key(&mut encoded, key)?;
            self.value(&mut encoded, table.get(key), Tables::ByReference)?;
            self.path.pop();
        }
        let open = self.delta.fills.begin_entries(id);
        self.delta.fills.encoder().append(encoded.as_bytes());
        self.delta.fills.end_entries(open, keys.len());
        Ok(())
    }

    /// Collects what Lua has written to shared objects since the host was last told.
    fn collect_changes(&mut self) -> Result<(), EncodeError> {
        let ctx = self.ctx;
        let mut registers = Vec::new();
        for id in self.objects.open_cells() {
            if let Some(cell) = self.objects.cell(ctx, id) {
                if !cell.is_open() {
                    // Its last value as a register was noted when it was closed.
                    self.objects.close_cell(ctx, id);
                } else if self.objects.open_cell_changed(ctx, id, cell) {
                    registers.push((id, Change::Cell(cell)));
                }
            }
        }
        let written = ctx.take_written();
        let changes = self.objects.group(ctx, &written);
        let told = self.tell(registers.iter().chain(&changes));
        if told.is_err() {
            ctx.note_again(&written);
            for (id, _) in registers {
                self.objects.forget_known(ctx, id);
            }
        } else {
            for id in self.objects.take_ended(ctx) {
                self.delta.fills.ended(id);
            }
        }
        told
    }

    fn tell<'c>(
        &mut self,
        changes: impl Iterator<Item = &'c (Id, Change<'gc>)>,
    ) -> Result<(), EncodeError>
    where
        'gc: 'c,
    {
        for (id, change) in changes {
            match change {
                Change::Cell(cell) if mutated(Mutation::NilIsNoValue) && cell.get().is_nil() => {}
                Change::Cell(cell) => self.cell_fill(*id, cell.get())?,
                Change::Environment(function) => self.new_environment(*id, *function)?,
                Change::Table(table, keys, _) if mutated(Mutation::KeepDeleted) => {
                    let kept = keys.iter().filter(|&&key| !table.get(key).is_nil());
                    let kept: Vec<Value<'gc>> = kept.copied().collect();
                    self.table_fill(*id, *table, &kept, false)?;
                }
                Change::Table(table, ..)
                    if mutated(Mutation::ForgetNestedWrite)
                        && self.objects.is_nested(self.ctx, *table) => {}
                Change::Table(table, keys, metatable) => {
                    self.table_fill(*id, *table, keys, *metatable)?;
                }
            }
        }
        self.fill()
    }

    /// Ends the message; `fields` were encoded by this object.
    ///
    /// # Errors
    ///
    /// When something shared has come to hold what cannot cross.
    pub(crate) fn finish(
        mut self,
        kind: Kind,
        number: u64,
        fields: &Encoder,
    ) -> Result<Vec<u8>, EncodeError> {
        self.fill()
            .and_then(|()| self.collect_changes())
            .inspect_err(|_| self.forget())?;
        Ok(encode_message(kind, number, Some(&self.delta), fields))
    }

    /// The same for a message without fields, `None` when there is nothing to say; `releases` tells whether
    /// the sender holds the baton and has no message left to apply.
    pub(crate) fn finish_changes(mut self, releases: bool) -> Option<Vec<u8>> {
        if self.collect_changes().is_err() {
            // The value stays here; the next message tries again, and its sender hears of it.
            self.forget();
            self.delta = DeltaBuilder::new();
        }
        if releases && !mutated(Mutation::LeakInThread) {
            for (id, times) in self.objects.take_gone(self.ctx) {
                self.delta.objects.released(id, times);
            }
        }
        if self.delta.is_empty() {
            return None;
        }
        let fields = Encoder::new();
        let delta = Some(&self.delta);
        Some(encode_message(Kind::Published, 0, delta, &fields))
    }

    /// Takes back what was created for a message that is not sent.
    pub(crate) fn forget(&mut self) {
        for id in std::mem::take(&mut self.created) {
            self.objects.remove(self.ctx, id);
        }
        for id in std::mem::take(&mut self.unfilled) {
            self.objects.remove(self.ctx, id);
        }
    }
}
