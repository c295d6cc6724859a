//! The heap as native code and the embedder see it while the VM is entered.

use std::any::Any;
use std::cell::Cell;
use std::rc::Rc;

use gc_arena::{Gc, Mutation};

use crate::bytecode::dump::DumpErrorKind;
use crate::bytecode::opcode::{self, Op};
use crate::bytecode::{self, Constant, Origin, Scalar, TableTemplate, Template};
use crate::cdata::Cdata;
use crate::compiler::{self, SyntaxError};
use crate::error::Error;
use crate::function::{Function, NativeFn, Prototype, Upvalue};
use crate::heap::{Heap, MAX_STRING};
use crate::integer::Integer;
use crate::string::LuaString;
use crate::table::{Table, TableError};
use crate::userdata::Userdata;
use crate::value::Value;
use crate::vm::Vm;

/// Length of what tells a dump's version and kind.
const DUMP_HEAD: usize = 4;

/// Chunks of more bytes must have room for what they are compiled to, before they are.
const LARGE_CHUNK: usize = 256 * 1024;

/// Compiled source, from which any VM of this thread can make functions.
#[derive(Debug, Clone)]
pub struct Chunk(Rc<Template>);

impl Chunk {
    /// Compiles source text; `name` is as for [`Context::load`].
    ///
    /// # Errors
    ///
    /// The first error in the source.
    pub fn compile(source: &[u8], name: &[u8]) -> Result<Chunk, SyntaxError> {
        let template = compiler::compile(source, name)?;
        debug_assert_eq!(bytecode::verify::verify(&template), Ok(()));
        Ok(Chunk(template))
    }
}

/// Access to a VM's heap, for as long as it is entered.
#[derive(Clone, Copy)]
pub struct Context<'gc> {
    pub(crate) mc: &'gc Mutation<'gc>,
    pub(crate) vm: &'gc Vm<'gc>,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.vm.fmt(f)
    }
}

impl std::ops::Deref for Context<'_> {
    type Target = Heap;

    fn deref(&self) -> &Heap {
        &self.vm.heap
    }
}

impl<'gc> Context<'gc> {
    /// Returns the token that heap writes need.
    pub fn mutation(self) -> &'gc Mutation<'gc> {
        self.mc
    }

    /// Returns the byte counters.
    pub fn heap(self) -> &'gc Heap {
        &self.vm.heap
    }

    /// Returns the table of globals.
    pub fn globals(self) -> Gc<'gc, Table<'gc>> {
        self.vm.globals.get()
    }

    /// Returns the string with these bytes, of which there must not be too many (see `checked_string`).
    pub fn string(self, bytes: impl AsRef<[u8]>) -> Gc<'gc, LuaString> {
        self.vm
            .interner
            .intern(self.mc, &self.vm.heap, bytes.as_ref())
    }

    /// Returns the string with the bytes of a vector, which it keeps if it is long.
    pub(crate) fn string_of(self, bytes: Vec<u8>) -> Gc<'gc, LuaString> {
        self.vm.interner.intern(self.mc, &self.vm.heap, bytes)
    }

    /// Returns the string with these bytes, or the error that there is no room for it.
    pub fn checked_string(self, bytes: &[u8]) -> Result<Gc<'gc, LuaString>, Error<'gc>> {
        self.check_room(bytes.len())?;
        Ok(self.string(bytes))
    }

    /// Raises an error unless a string or buffer of `bytes` may be made; to be asked *before* it is built.
    pub fn check_room(self, bytes: usize) -> Result<(), Error<'gc>> {
        if bytes > MAX_STRING {
            return Err(self.string("not enough memory").into());
        }
        if !self.vm.heap.has_room(bytes) {
            return Err(self.no_room(bytes));
        }
        Ok(())
    }

    /// Makes the error that there is no room for `bytes`.
    #[cold]
    pub(crate) fn no_room(self, bytes: usize) -> Error<'gc> {
        Error::no_room(bytes, self.vm.heap.limit())
    }

    /// Makes an empty table.
    pub fn table(self) -> Gc<'gc, Table<'gc>> {
        Table::new(self.mc, &self.vm.heap, 0, 0)
    }

    /// Makes a table with room for the keys 1…`array` and `hash` others.
    pub fn table_with_room(self, array: usize, hash: usize) -> Gc<'gc, Table<'gc>> {
        let array = if array == 0 {
            0
        } else {
            (array as u64 + 1).min(1 << 26) as u32
        };
        Table::new(
            self.mc,
            &self.vm.heap,
            array,
            (hash as u64).min(1 << 26) as u32,
        )
    }

    /// Assigns a table entry without metamethods.
    pub fn set(
        self,
        table: Gc<'gc, Table<'gc>>,
        key: impl Into<Value<'gc>>,
        value: impl Into<Value<'gc>>,
    ) -> Result<(), Error<'gc>> {
        table
            .set(self.mc, &self.vm.heap, key.into(), value.into())
            .map_err(|error| self.table_error(error))
    }

    /// Assigns a table entry under a name.
    pub fn set_field(
        self,
        table: Gc<'gc, Table<'gc>>,
        name: &str,
        value: impl Into<Value<'gc>>,
    ) -> Result<(), Error<'gc>> {
        self.set(table, self.string(name), value)
    }

    pub(crate) fn table_error(self, error: TableError) -> Error<'gc> {
        match error {
            TableError::NoMemory(bytes) => self.no_room(bytes),
            other => self.string(other.to_string()).into(),
        }
    }

    /// Makes a native function; `values` are what its `Call::value` returns.
    pub fn native(
        self,
        name: &'static str,
        run: NativeFn,
        values: &[Value<'gc>],
    ) -> Gc<'gc, Function<'gc>> {
        Function::new_native(
            self.mc,
            &self.vm.heap,
            name,
            run,
            self.vm.globals.get(),
            values,
        )
    }

    /// Puts native functions into a table.
    pub fn register(
        self,
        table: Gc<'gc, Table<'gc>>,
        functions: &[(&'static str, NativeFn)],
    ) -> Result<(), Error<'gc>> {
        for &(name, run) in functions {
            self.set_field(table, name, self.native(name, run, &[]))?;
        }
        Ok(())
    }

    /// Makes a userdata.
    pub fn userdata(self, data: Box<dyn Any>) -> Gc<'gc, Userdata<'gc>> {
        Userdata::new(self.mc, &self.vm.heap, data)
    }

    /// Boxes a 64-bit integer, as the literals `1LL` and `1ULL` do.
    pub fn integer(self, integer: Integer) -> Gc<'gc, Cdata> {
        Cdata::new(self.mc, &self.vm.heap, integer)
    }

    /// Makes a closed variable.
    pub fn upvalue(self, value: Value<'gc>) -> Gc<'gc, Upvalue<'gc>> {
        Upvalue::closed(self.mc, &self.vm.heap, value)
    }

    /// Makes a closure of a prototype with the given cells.
    pub fn closure(
        self,
        prototype: Gc<'gc, Prototype<'gc>>,
        env: Gc<'gc, Table<'gc>>,
        cells: &[Gc<'gc, Upvalue<'gc>>],
    ) -> Gc<'gc, Function<'gc>> {
        assert_eq!(cells.len(), prototype.template.upvalues.len());
        Function::new(self.mc, &self.vm.heap, prototype, env, |index| cells[index])
    }

    /// Makes a closure of a prototype whose upvalues are all new variables with the value nil.
    pub fn main_function(
        self,
        prototype: Gc<'gc, Prototype<'gc>>,
        env: Gc<'gc, Table<'gc>>,
    ) -> Gc<'gc, Function<'gc>> {
        let cells: Vec<_> = prototype
            .template
            .upvalues
            .iter()
            .map(|_| self.upvalue(Value::NIL))
            .collect();
        self.closure(prototype, env, &cells)
    }

    /// Compiles source text, or reads and verifies a dump.
    ///
    /// # Errors
    ///
    /// The message, as `load` returns it.
    pub fn load(self, chunk: &[u8], name: &[u8]) -> Result<Gc<'gc, Prototype<'gc>>, Error<'gc>> {
        // What a compiled chunk takes is not known before, but is seldom more than this.
        let room = if chunk.len() > LARGE_CHUNK { 8 } else { 1 };
        self.check_room(chunk.len().saturating_mul(room))?;
        if chunk.starts_with(b"\x1b") {
            let refuse = |error: &dyn std::fmt::Display| {
                // Without the brackets around text (LuaJIT, `bcread_error`).
                let shown = match name {
                    [b'\x1b', ..] => b"(binary)",
                    [b'@' | b'=', name @ ..] | name => name,
                };
                self.string([shown, b": ", error.to_string().as_bytes()].concat())
            };
            // What only the dump could name is nameless when it is stripped.
            let own_name: &[u8] = match name {
                [b'\x1b', ..] => b"=?",
                name => name,
            };
            let template =
                bytecode::dump::read_named(chunk.into(), own_name).map_err(
                    |error| match error.kind {
                        DumpErrorKind::NotADump | DumpErrorKind::Version(_) => {
                            refuse(&"cannot load incompatible bytecode")
                        }
                        _ if error.offset <= DUMP_HEAD => {
                            refuse(&"cannot load incompatible bytecode")
                        }
                        _ => refuse(&error),
                    },
                )?;
            bytecode::verify::verify(&template).map_err(|error| refuse(&error))?;
            self.prototype(&template)
        } else {
            let chunk = Chunk::compile(chunk, name).map_err(|error| self.string(&error.message))?;
            self.load_chunk(&chunk)
        }
    }

    /// Brings a chunk to life that was compiled before.
    ///
    /// # Errors
    ///
    /// When it has a constant of a kind that the VM does not have.
    pub fn load_chunk(self, chunk: &Chunk) -> Result<Gc<'gc, Prototype<'gc>>, Error<'gc>> {
        self.prototype(&chunk.0)
    }

    /// Brings a verified template to life.
    ///
    /// # Errors
    ///
    /// When it has a constant of a kind that the VM does not have.
    fn prototype(self, root: &Rc<Template>) -> Result<Gc<'gc, Prototype<'gc>>, Error<'gc>> {
        // Children first, without recursion: source may nest deeply, dumps deeper.
        let mut part = Part::new(root.clone());
        let mut parents = Vec::new();
        loop {
            let Some(constant) = part.template.constants.get(part.next) else {
                let prototype =
                    Prototype::new(self.mc, &self.vm.heap, part.template, part.constants);
                let Some(parent) = parents.pop() else {
                    return Ok(prototype);
                };
                part = parent;
                part.put(Value::raw(Gc::as_ptr(prototype) as u64));
                continue;
            };
            let value = match constant {
                Constant::Child(child) => {
                    let child = Part::new(child.clone());
                    parents.push(std::mem::replace(&mut part, child));
                    continue;
                }
                Constant::String(bytes) => self.string(bytes).into(),
                Constant::Table(table) => self.table_of(table, &part.template.origin)?.into(),
                Constant::Int64(value) => self.integer(Integer::Signed(*value)).into(),
                Constant::Uint64(value) => self.integer(Integer::Unsigned(*value)).into(),
                Constant::Complex(..) => {
                    let refusal = complex_refusal(&part.template, part.next);
                    return Err(self.string(refusal).into());
                }
            };
            part.put(value);
        }
    }

    /// Makes the table of a constant.
    fn table_of(
        self,
        template: &TableTemplate,
        origin: &Origin,
    ) -> Result<Gc<'gc, Table<'gc>>, Error<'gc>> {
        let scalar = |scalar: &Scalar| match scalar {
            Scalar::Nil => Value::NIL,
            Scalar::Boolean(b) => Value::boolean(*b),
            Scalar::Number(n) => Value::number(*n),
            Scalar::String(bytes) => self.string(bytes).into(),
        };
        // LuaJIT's parser makes one for the first item and lets it grow, its reader of dumps one for all: the
        // order of `pairs` tells.
        let is_source = matches!(origin, Origin::Source { .. });
        let most = if is_source { 2 } else { usize::MAX };
        let table = Table::new(
            self.mc,
            &self.vm.heap,
            template.array.len().min(most) as u32,
            template.hash.len().min(most) as u32,
        );
        for (index, item) in template.array.iter().enumerate() {
            table
                .set_index(self.mc, &self.vm.heap, index as u32, scalar(item))
                .map_err(|error| self.table_error(error))?;
        }
        // What is computed later has its place from the start.
        for (key, value) in &template.hash {
            let value = match value {
                Scalar::Nil => Value::boolean(true),
                value => scalar(value),
            };
            self.set(table, scalar(key), value)?;
        }
        if is_source {
            table
                .reserve_array(self.mc, &self.vm.heap, template.array.len() as u32)
                .map_err(|error| self.table_error(error))?;
        }
        for (key, value) in &template.hash {
            if matches!(value, Scalar::Nil) {
                self.set(table, scalar(key), Value::NIL)?;
            }
        }
        Ok(table)
    }

    /// Keeps state of the embedder for its native functions.
    pub fn set_embedder(self, state: Rc<dyn Any>) {
        *self.vm.embedder.borrow_mut() = Some(state);
    }

    /// Returns the state given to `set_embedder`.
    pub fn embedder<T: Any>(self) -> Option<Rc<T>> {
        self.vm.embedder.borrow().clone()?.downcast().ok()
    }

    /// Returns the metatable shared by all values of `value`'s type, or its own.
    pub fn metatable(self, value: Value<'gc>) -> Option<Gc<'gc, Table<'gc>>> {
        self.vm.metatable_of(value)
    }

    /// Keeps a value alive while the VM is not entered.
    pub fn stash(self, value: Value<'gc>) -> Stash {
        let mut values = self.vm.stash.borrow_mut();
        match self.vm.stash_free.borrow_mut().pop() {
            Some(index) => {
                values[index] = value;
                Stash(index)
            }
            None => {
                values.push(value);
                Stash(values.len() - 1)
            }
        }
    }

    /// Returns a stashed value.
    pub fn fetch(self, stash: &Stash) -> Value<'gc> {
        self.vm.stash.borrow()[stash.0]
    }

    /// Puts another value in the place of a stashed one.
    pub(crate) fn replace(self, stash: &Stash, value: Value<'gc>) {
        self.vm.stash.borrow_mut()[stash.0] = value;
    }

    /// Returns a stashed value and lets go of it.
    pub fn unstash(self, stash: Stash) -> Value<'gc> {
        self.vm.stash_free.borrow_mut().push(stash.0);
        std::mem::replace(&mut self.vm.stash.borrow_mut()[stash.0], Value::NIL)
    }

    pub(crate) fn serial(self, cell: &Cell<u32>) -> u32 {
        self.vm.heap.serial(cell)
    }
}

/// Words the error that a chunk has a complex literal, at its line, which only the code knows.
fn complex_refusal(template: &Template, constant: usize) -> Vec<u8> {
    let mut text = compiler::chunk_display(&template.chunk_name);
    let at = template
        .code
        .words()
        .position(|word| Op::of(word) == Some(Op::KCDATA) && opcode::d(word) == constant);
    let line = at.and_then(|at| template.debug.as_ref()?.lines.get(at));
    if let Some(line) = line {
        text.extend_from_slice(format!(":{line}").as_bytes());
    }
    text.extend_from_slice(b": complex numbers such as 1i are not supported");
    text
}

/// A template of which some constants are on the heap already.
struct Part<'gc> {
    template: Rc<Template>,
    /// The next constant.
    next: usize,
    /// As `Prototype::new` takes them.
    constants: Box<[Value<'gc>]>,
}

impl Part<'_> {
    fn new(template: Rc<Template>) -> Self {
        let collectable = template.constants.len();
        let mut constants = Vec::with_capacity(collectable + template.numbers.len());
        constants.resize(collectable, Value::NIL);
        constants.extend(template.numbers.iter().map(|&n| Value::number(n)));
        Part {
            template,
            next: 0,
            constants: constants.into(),
        }
    }
}

impl<'gc> Part<'gc> {
    fn put(&mut self, constant: Value<'gc>) {
        self.next += 1;
        self.constants[self.template.constants.len() - self.next] = constant;
    }
}

/// A value kept alive by [`Context::stash`]; it stays until `unstash`.
#[derive(Debug)]
pub struct Stash(usize);

impl Stash {
    pub(crate) fn place(&self) -> usize {
        self.0
    }
}
