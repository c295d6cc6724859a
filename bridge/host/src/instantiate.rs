//! Bytes -> live values of the host: the way into Neovim.
//!
//! Main thread only. Everything in `created` is made before anything is filled. What was collected
//! here but not yet released to the sandbox is made again, so an id that the sandbox may use is
//! always known.

use std::cell::RefMut;
use std::ffi::c_int;
use std::rc::Rc;

use bridge_wire::{
    CodeRef, Created, DecodeError, DecodeErrorKind, Decoder, Delta, Fill, Id, Reference, Section,
    Side, Token,
};

use crate::error::HostError;
use crate::session::{
    Code, Environment, FunctionRecord, Host, Part, Placement, Session, Shared, Slot, TableRecord,
    View, Written,
};
use crate::stack::{Stack, Type};
use crate::written::NOTES_CARRIER;

/// The largest line number that LuaJIT knows.
const MAX_LINE: u64 = 1 << 24;

/// One message on its way in.
#[derive(Debug)]
pub(crate) struct Instantiate<'a, 'l> {
    pub(crate) host: &'a Host,
    pub(crate) session: &'a Session,
    pub(crate) stack: &'a mut Stack<'l>,
    pub(crate) view: View,
    pub(crate) shared: RefMut<'a, Shared>,
    /// The values are for Neovim: main's own functions among them shall take part when it calls them.
    pub(crate) for_neovim: bool,
    /// Tables that were made again and wait for their contents.
    pub(crate) refill: Vec<Id>,
    /// Index of a table that keeps new objects alive until the message is dealt with.
    anchors: c_int,
    anchored: c_int,
}

impl<'a, 'l> Instantiate<'a, 'l> {
    /// Starts on a message; the session's tables stay on the stack until the caller drops them.
    pub(crate) fn new(
        host: &'a Host,
        session: &'a Session,
        stack: &'a mut Stack<'l>,
    ) -> Result<Instantiate<'a, 'l>, HostError> {
        let view = session.open(host, stack)?;
        stack.new_table(0, 0);
        let anchors = stack.top();
        let shared = session.shared.try_borrow_mut().map_err(|_| {
            HostError::Internal("a finalizer used a thread in the middle of its work".into())
        })?;
        Ok(Instantiate {
            host,
            session,
            stack,
            view,
            shared,
            for_neovim: false,
            refill: Vec::new(),
            anchors,
            anchored: 0,
        })
    }

    /// Returns an error about an id that does not fit.
    pub(crate) fn unknown(&self, id: Id) -> HostError {
        HostError::Decode(DecodeError {
            offset: 0,
            kind: DecodeErrorKind::UnknownId(id.raw()),
        })
    }

    /// Applies a delta.
    pub(crate) fn apply_delta(&mut self, delta: &Delta<'_>) -> Result<(), HostError> {
        let mut delta = delta.clone();
        let mut released = delta.clone();
        // What main has not handed over yet is compared with what both sides knew, which may be this.
        let release_last = self.session.relaxed;
        while let Some((id, times)) = delta.next_released()? {
            if !release_last {
                self.release(id, times);
            }
        }
        while let Some(created) = delta.next_created()? {
            let top = self.stack.top();
            match created {
                Created::Table(id) => self.create_table(id),
                Created::Cell { id, immutable } => self.create_cell(id, immutable)?,
                Created::Function { id, code, cells } => {
                    let record = self.function_record(code, cells)?;
                    self.create_function(id, record)?;
                }
            }
            self.anchored += 1;
            self.stack.raw_set_index(self.anchors, self.anchored);
            self.stack.set_top(top);
        }
        let mut fills = delta.fills();
        while let Some(fill) = fills.next_fill()? {
            match fill {
                Fill::Cell(id, value) => self.fill_cell(id, value)?,
                Fill::Entries(id, pairs, values) => self.fill_table(id, pairs, values)?,
                Fill::Metatable(id, value) => self.fill_metatable(id, value)?,
                Fill::Environment(id, value) => self.fill_environment(id, value, false)?,
                Fill::Ended(id) => self.note_ended(id),
                Fill::Globals(id, value) => self.fill_environment(id, value, true)?,
            }
        }
        while release_last && let Some((id, times)) = released.next_released()? {
            self.release(id, times);
        }
        self.refill()
    }

    /// Makes the replica of a table and pushes it. `(-0, +1)`
    fn create_table(&mut self, id: Id) {
        self.stack.new_table(0, 0);
        self.adopt(id);
        self.shared.tables.insert(id, TableRecord::default());
    }

    /// Registers the object on top as the replica with an id.
    pub(crate) fn adopt(&mut self, id: Id) {
        let object = self.stack.top();
        self.view.set_id(self.stack, Part::Ids, object, Some(id));
        self.stack.push_value(object);
        self.view.set_by_id(self.stack, Part::Replicas, id);
    }

    fn function_record(
        &mut self,
        code: CodeRef<'_>,
        mut cells: Section<'_>,
    ) -> Result<FunctionRecord, HostError> {
        let mut ids = Vec::new();
        while let Some(id) = cells.next_id()? {
            ids.push(id);
        }
        let bad = |kind| HostError::Decode(cells.values.error(kind));
        let code = match code {
            CodeRef::Dump { code, start, end } => {
                let dump = self.host.codes.borrow().get(code);
                let dump = dump.filter(|_| self.shared.codes.contains(&code));
                let dump = dump.ok_or_else(|| bad(DecodeErrorKind::UnknownCode(code)))?;
                match dump.find(start, end) {
                    Some(prototype) if prototype.upvalue_count() == ids.len() => {}
                    Some(_) => return Err(bad(DecodeErrorKind::BadFunction)),
                    None => return Err(bad(DecodeErrorKind::UnknownCode(code))),
                }
                let range = (start, end);
                Code::Dump { dump, range }
            }
            CodeRef::Source {
                chunk_name,
                first_line,
                text,
                mut upvalues,
            } => {
                let mut names = Vec::new();
                while let Some(name) = upvalues.next_string()? {
                    let first = name.first().is_some_and(|byte| !byte.is_ascii_digit());
                    let word =
                        |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 128;
                    if !first || !name.iter().all(word) {
                        return Err(bad(DecodeErrorKind::BadFunction));
                    }
                    names.push(Box::from(name));
                }
                if names.len() != ids.len() || first_line > MAX_LINE {
                    return Err(bad(DecodeErrorKind::BadFunction));
                }
                Code::Source {
                    chunk_name: chunk_name.into(),
                    first_line,
                    text: text.into(),
                    upvalues: names.into(),
                }
            }
        };
        Ok(FunctionRecord {
            code,
            cells: ids.into(),
            environment: Environment::Host,
            written: Rc::default(),
        })
    }

    /// Makes the replica of a function and pushes its wrapper. `(-0, +1)`
    fn create_function(&mut self, id: Id, record: FunctionRecord) -> Result<(), HostError> {
        self.stack.reserve(16)?;
        let inner = self.stack.top() + 1;
        let (dump, range) = match &record.code {
            Code::Dump { dump, range } => (Rc::clone(dump), *range),
            Code::Source {
                chunk_name,
                first_line,
                text,
                upvalues,
            } => {
                self.compile(chunk_name, *first_line, text, upvalues)?;
                if self.stack.kind(inner) != Type::Function || self.stack.is_native_function(inner)
                {
                    return Err(HostError::Load("its source is no function".into()));
                }
                let mut bytes = Vec::new();
                self.stack.dump(&mut bytes)?;
                // What is rewritten is remembered by its dump.
                let dump = self.host.codes.borrow_mut().intern(&bytes)?.1;
                let whole = &dump.root().range;
                let range = (whole.start as u64, whole.end as u64);
                (dump, range)
            }
        };
        let prototype = dump
            .find(range.0, range.1)
            .ok_or_else(|| self.unknown(id))?;
        let rewritten = {
            let mut rewritten = self.host.rewritten.borrow_mut();
            rewritten.code(&dump, &prototype.range)
        };
        let from_dump = matches!(record.code, Code::Dump { .. });
        if rewritten.dump.is_some() || from_dump {
            self.stack.set_top(inner - 1);
            match &rewritten.dump {
                Some(dump) => self.stack.load(dump, c"=(threading)")?,
                None => self.stack.load(&dump.slice(prototype), c"=(threading)")?,
            }
        }
        let mut written = Written {
            cells: Vec::new(),
            all_cells: rewritten.writes.locals,
            anything: rewritten.writes.anything,
        };
        self.stack.new_table(record.cells.len(), 0);
        let keep = inner + 1;
        for n in 0..prototype.upvalue_count() {
            let upvalue = n as c_int + 1;
            // The two compilers may number upvalues differently, so source goes by name.
            let place = match &record.code {
                Code::Dump { .. } => Some(n),
                Code::Source { upvalues, .. } => {
                    let name = self.stack.upvalue(inner, upvalue);
                    let place =
                        name.and_then(|name| upvalues.iter().position(|other| **other == *name));
                    self.stack.set_top(keep);
                    place
                }
            };
            let Some(&cell) = place.and_then(|place| record.cells.get(place)) else {
                return Err(HostError::Load(
                    "it has upvalues that were not announced".into(),
                ));
            };
            let of_carrier = self.carrier(cell)?;
            let carrier = keep + 1;
            self.stack
                .join_upvalues(inner, upvalue, carrier, of_carrier);
            let immutable = self
                .shared
                .cells
                .get(&cell)
                .is_some_and(|cell| cell.immutable);
            if rewritten.writes.upvalues.contains(&n) {
                written.cells.push(cell);
            }
            if rewritten.added.guard.is_none()
                && cell.side() == Side::Sandbox
                && !immutable
                && prototype.hands_on(n)
            {
                // A function that this one creates may write the variable after the wrapper is
                // gone, and nobody would know. Envelopes keep the carriers themselves.
                self.stack.push_value(carrier);
                self.view.set_by_id(self.stack, Part::Carriers, cell);
            }
            self.stack.raw_set_index(keep, upvalue);
        }
        let added = rewritten.added;
        if let Some(guard) = added.guard {
            let guard = c_int::from(guard) + 1;
            self.view.push_slot(self.stack, Slot::GuardCarrier);
            self.stack.join_upvalues(inner, guard, keep + 1, 1);
            self.stack.push_value(keep);
            self.stack.set_upvalue(inner, guard + 1);
            self.stack.set_top(keep);
        }
        for (upvalue, of_carrier) in [(added.notes, 1), (added.calls, 2)] {
            if let Some(upvalue) = upvalue {
                self.stack
                    .raw_get_index(self.view.part(Part::Notes), NOTES_CARRIER);
                self.stack
                    .join_upvalues(inner, c_int::from(upvalue) + 1, keep + 1, of_carrier);
                self.stack.set_top(keep);
            }
        }
        if rewritten.dump.is_some() {
            self.stack.push_string(b"place");
            self.stack.push_number(rewritten.place.into());
            self.stack.raw_set(keep);
        }
        let wrap = match self.session.placement {
            Placement::Thread => Slot::WrapThread,
            Placement::ByResult if prototype.returns_nothing => Slot::WrapThread,
            Placement::Sync => Slot::WrapSync,
            Placement::Main | Placement::ByResult => Slot::WrapMain,
        };
        self.view.push_slot(self.stack, wrap);
        self.stack.push_number(self.session.id.into());
        self.stack.push_value(inner);
        self.stack.push_value(keep);
        self.stack.push_number(id.raw() as f64);
        if !self.stack.call(4, 1, 0) {
            return Err(HostError::Internal("no wrapper".into()));
        }
        self.adopt(id);
        // The function itself can be got hold of through `debug`; it is the same function.
        self.view.set_id(self.stack, Part::Ids, inner, Some(id));
        let environment = record.environment.clone();
        let written = Rc::new(written);
        let record = FunctionRecord { written, ..record };
        self.shared.functions.insert(id, record);
        // The table of its variables is needed no more, the wrapper has it.
        self.stack.replace(keep);
        self.stack.set_top(keep);
        self.set_environment(inner, keep, &environment)?;
        self.stack.replace(inner);
        Ok(())
    }

    /// Compiles the source of a function so that its lines are those of the original. `(-0, +1)`
    fn compile(
        &mut self,
        chunk_name: &[u8],
        first_line: u64,
        text: &[u8],
        upvalues: &[Box<[u8]>],
    ) -> Result<(), HostError> {
        let lines = first_line.max(1) as usize - 1;
        let names = upvalues.join(&b", "[..]);
        let mut chunk = vec![b'\n'; lines];
        if !names.is_empty() {
            chunk.extend_from_slice(b"local ");
            chunk.extend_from_slice(&names);
            // LuaJIT takes a variable that nothing assigns for a constant of the function.
            chunk.extend_from_slice(b"; ");
            chunk.extend_from_slice(&names);
            chunk.extend_from_slice(b" = ");
            chunk.extend_from_slice(&names);
            chunk.extend_from_slice(b"; ");
        }
        chunk.extend_from_slice(b"return ");
        chunk.extend_from_slice(text);
        let name: Vec<u8> = chunk_name
            .iter()
            .copied()
            .filter(|&byte| byte != 0)
            .collect();
        let name = std::ffi::CString::new(name).unwrap_or_default();
        self.stack.load(&chunk, &name)?;
        if !self.stack.call(0, 1, 0) {
            let message = self
                .stack
                .string(-1)
                .map(<[u8]>::to_vec)
                .unwrap_or_default();
            self.stack.pop(1);
            return Err(HostError::Load(
                String::from_utf8_lossy(&message).into_owned(),
            ));
        }
        Ok(())
    }

    /// Pushes the function, table, remote or local with an id. `(-0, +1)`
    pub(crate) fn object(&mut self, id: Id) -> Result<(), HostError> {
        self.stack.reserve(8)?;
        if id.side() == Side::Host {
            self.view.push_by_id(self.stack, Part::Originals, id);
            if self.stack.is_nil(-1) {
                self.stack.pop(1);
                self.view.push_by_id(self.stack, Part::Buried, id);
            }
            if self.stack.is_nil(-1) {
                return Err(self.unknown(id));
            }
            return Ok(());
        }
        self.view.push_by_id(self.stack, Part::Replicas, id);
        if !self.stack.is_nil(-1) {
            return Ok(());
        }
        self.stack.pop(1);
        if let Some(record) = self.shared.functions.get(&id).cloned() {
            return self.create_function(id, record);
        }
        if self.shared.tables.contains_key(&id) {
            self.stack.new_table(0, 0);
            self.adopt(id);
            self.refill.push(id);
            return Ok(());
        }
        Err(self.unknown(id))
    }

    /// Pushes the next value, which must fit as a table's key. `(-0, +1)`
    pub(crate) fn key(&mut self, decoder: &mut Decoder<'_>) -> Result<(), HostError> {
        let error = decoder.error(DecodeErrorKind::BadKey);
        self.value(decoder)?;
        let is_nan = self.stack.kind(-1) == Type::Number && self.stack.number(-1).is_nan();
        if self.stack.is_nil(-1) || is_nan {
            return Err(error.into());
        }
        Ok(())
    }

    /// Pushes the next value. `(-0, +1)`
    pub(crate) fn value(&mut self, decoder: &mut Decoder<'_>) -> Result<(), HostError> {
        self.stack.reserve(8)?;
        let error = decoder.error(DecodeErrorKind::Expected("a value"));
        match decoder.token()? {
            Token::Nil => self.stack.push_nil(),
            Token::Boolean(value) => self.stack.push_boolean(value),
            Token::Number(value) => self.stack.push_number(value),
            Token::String(bytes) => self.stack.push_string(bytes),
            Token::Array(len) => {
                decoder.descend()?;
                self.stack.new_table(len as usize, 0);
                let table = self.stack.top();
                for n in 1..=len as c_int {
                    self.value(decoder)?;
                    self.stack.raw_set_index(table, n);
                }
                decoder.ascend();
            }
            Token::Map(len) => {
                decoder.descend()?;
                self.stack.new_table(0, len as usize);
                let table = self.stack.top();
                for _ in 0..len {
                    self.key(decoder)?;
                    self.value(decoder)?;
                    self.stack.raw_set(table);
                }
                if len == 0 {
                    self.view.push_slot(self.stack, Slot::EmptyDict);
                    self.stack.set_metatable(table);
                }
                decoder.ascend();
            }
            Token::VimNil => self.view.push_slot(self.stack, Slot::VimNil),
            Token::Int64(value) => self.push_integer(value as u64, false)?,
            Token::Uint64(value) => self.push_integer(value, true)?,
            Token::Named(path) | Token::NamedFunction(path) => self.push_named(path),
            Token::Module(name) => self.push_module(name),
            Token::Reference(Reference::Cell, _) => return Err(error.into()),
            Token::Reference(kind, id) if kind.is_local() => self.local(kind, id)?,
            Token::Reference(kind, id) => {
                self.object(id)?;
                let expected = match kind {
                    Reference::Function => Some(Type::Function),
                    Reference::Table => Some(Type::Table),
                    _ => None,
                };
                if expected.is_some_and(|expected| expected != self.stack.kind(-1)) {
                    return Err(self.unknown(id));
                }
                if self.for_neovim && kind == Reference::Function && id.side() == Side::Host {
                    self.wrap_own(id)?;
                }
            }
        }
        Ok(())
    }

    /// Replaces a function of main's own by one that takes part. `(-1, +1)`
    pub(crate) fn wrap_own(&mut self, id: Id) -> Result<(), HostError> {
        let function = self.stack.top();
        if self.host.push_wrapped(self.stack, function) {
            self.stack.set_top(function);
            return Ok(());
        }
        self.view.push_slot(self.stack, Slot::WrapOwn);
        self.stack.push_number(self.session.id.into());
        self.stack.push_value(function);
        if !self.stack.call(2, 1, 0) {
            return Err(HostError::Internal("no wrapper".into()));
        }
        if self.shared.own_functions.contains_key(&id) {
            let wrapper = function + 1;
            self.view.set_id(self.stack, Part::Ids, wrapper, Some(id));
        }
        self.stack.replace(function);
        Ok(())
    }

    /// Tells whether the value on top resumes a coroutine of main when it is called.
    pub(crate) fn resumes(&mut self) -> bool {
        let function = self.stack.top();
        if !self.stack.is_native_function(function) {
            return false;
        }
        self.view.push_slot(self.stack, Slot::Resumes);
        self.stack.push_value(function);
        let resumes = self.stack.call(1, 1, 0) && self.stack.boolean(-1);
        self.stack.set_top(function);
        resumes
    }

    /// Pushes the object at a path, nil if there is none. `(-0, +1)`
    fn push_named(&mut self, path: &[u8]) {
        if path == b"string.__metatable" {
            self.stack.push_string(b"");
            let string = self.stack.top();
            if !self.stack.metatable(string) {
                self.stack.push_nil();
            }
            self.stack.remove(string);
            return;
        }
        self.stack.push_globals();
        if path == b"_G" {
            return;
        }
        let object = self.stack.top();
        for key in path.split(|&byte| byte == b'.') {
            self.stack.push_string(key);
            self.index(object);
        }
    }

    /// Replaces the object at `object` by its field, whose key is on top. `(-1, +0)`
    pub(crate) fn index(&mut self, object: c_int) {
        index(self.stack, self.view, object);
    }

    /// Pushes a loaded module, nil if it cannot be loaded. `(-0, +1)`
    fn push_module(&mut self, name: &[u8]) {
        self.view.push_slot(self.stack, Slot::Loaded);
        let loaded = self.stack.top();
        self.stack.push_string(name);
        self.stack.raw_get(loaded);
        self.stack.remove(loaded);
    }
}

/// Replaces the object at `object` by its field, whose key is on top; nil if that fails. `(-1, +0)`
pub(crate) fn index(stack: &mut Stack<'_>, view: View, object: c_int) {
    if stack.kind(object) == Type::Table {
        stack.push_value(object + 1);
        stack.raw_get(object);
        if !stack.is_nil(-1) {
            stack.replace(object);
            stack.pop(1);
            return;
        }
        stack.pop(1);
    }
    view.push_slot(stack, Slot::Index);
    stack.push_value(object);
    stack.push_value(object + 1);
    if !stack.call(2, 1, 0) {
        stack.pop(1);
        stack.push_nil();
    }
    stack.replace(object);
    stack.pop(1);
}

/// Reads a delta's modules and loads them; they run code of the user, so nothing is borrowed.
pub(crate) fn load_modules(
    host: &Host,
    stack: &mut Stack<'_>,
    delta: &Delta<'_>,
) -> Result<(), HostError> {
    let mut modules = delta.modules.clone();
    while let Some(name) = modules.next_string()? {
        stack.reserve(4)?;
        host.push_slot(stack, Slot::LoadModule);
        stack.push_string(name);
        // A module that does not load here reads as nil; its values stay usable in the sandbox.
        if !stack.call(1, 0, 0) {
            stack.pop(1);
        }
    }
    Ok(())
}
