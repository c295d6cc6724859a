//! The Lua stack: the only module that calls `lua_*` functions.
//!
//! Runs on the main thread, inside a C function that Lua called. Nothing here raises a Lua error
//! (but for lack of memory, which Neovim does not survive either): what could raise one is called
//! through [`Stack::call`]. Stack effects are noted as in LuaJIT's manual, `(-popped, +pushed)`.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::marker::PhantomData;

use mlua::ffi::{self, lua_State};

use crate::error::HostError;

unsafe extern "C-unwind" {
    // LuaJIT exports these; mlua declares them for other Lua versions only.
    fn lua_upvalueid(l: *mut lua_State, function: c_int, n: c_int) -> *mut c_void;
    fn lua_upvaluejoin(l: *mut lua_State, f1: c_int, n1: c_int, f2: c_int, n2: c_int);
}

/// The type of a value, LuaJIT's `cdata` included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    None,
    Nil,
    Boolean,
    LightUserdata,
    Number,
    String,
    Table,
    Function,
    Userdata,
    Thread,
    Cdata,
}

/// A C function that Lua may call.
///
/// LuaJIT's interpreter takes the number of results from the whole 64-bit register, although the
/// type says `int`: a `c_int` would leave the upper half to the compiler, and to chance.
pub(crate) type Entry = unsafe extern "C-unwind" fn(*mut lua_State) -> isize;

/// The part of a Lua stack that belongs to the running C function.
///
/// Methods that change the stack take `&mut self`, so a borrowed string cannot be popped. Indices
/// are those of Lua; an index above the top reads as nil. Callers reserve room with
/// [`Stack::reserve`] before they push in a loop or a recursion; a C function starts with room for
/// 20 values.
#[derive(Debug)]
pub(crate) struct Stack<'l> {
    l: *mut lua_State,
    lifetime: PhantomData<&'l mut lua_State>,
}

impl<'l> Stack<'l> {
    /// Wraps the state that Lua passed to a C function.
    ///
    /// # Safety
    /// `l` must be the state with which the running C function was called, on this thread, and must
    /// outlive `'l`.
    pub(crate) unsafe fn new(l: *mut lua_State) -> Stack<'l> {
        Stack {
            l,
            lifetime: PhantomData,
        }
    }

    /// Returns the raw state, for libuv's binding.
    pub(crate) fn raw(&self) -> *mut lua_State {
        self.l
    }

    /// Makes room for `n` more values.
    pub(crate) fn reserve(&mut self, n: c_int) -> Result<(), HostError> {
        // SAFETY: `l` is valid; LuaJIT grows the stack under protection and reports failure.
        if unsafe { ffi::lua_checkstack(self.l, n) } == 0 {
            return Err(HostError::StackOverflow);
        }
        Ok(())
    }

    /// Returns how many bytes of Lua data the host has, garbage included.
    pub(crate) fn heap_bytes(&self) -> u64 {
        // SAFETY: `l` is valid, and asking changes nothing.
        let kilobytes = unsafe { ffi::lua_gc(self.l, ffi::LUA_GCCOUNT, 0) };
        kilobytes.max(0) as u64 * 1024
    }

    pub(crate) fn top(&self) -> c_int {
        // SAFETY: `l` is valid.
        unsafe { ffi::lua_gettop(self.l) }
    }

    /// Drops what is above `top`.
    pub(crate) fn set_top(&mut self, top: c_int) {
        debug_assert!(top >= 0 && top <= self.top());
        // SAFETY: `top` is a height that the stack has had, so nothing new comes into being.
        unsafe { ffi::lua_settop(self.l, top) }
    }

    /// Drops `n` values. `(-n, +0)`
    pub(crate) fn pop(&mut self, n: c_int) {
        debug_assert!(n >= 0 && n <= self.top());
        // SAFETY: callers pop only what they pushed.
        unsafe { ffi::lua_settop(self.l, -n - 1) }
    }

    pub(crate) fn kind(&self, index: c_int) -> Type {
        // SAFETY: reading any acceptable index is allowed.
        match unsafe { ffi::lua_type(self.l, index) } {
            ffi::LUA_TNIL => Type::Nil,
            ffi::LUA_TBOOLEAN => Type::Boolean,
            ffi::LUA_TLIGHTUSERDATA => Type::LightUserdata,
            ffi::LUA_TNUMBER => Type::Number,
            ffi::LUA_TSTRING => Type::String,
            ffi::LUA_TTABLE => Type::Table,
            ffi::LUA_TFUNCTION => Type::Function,
            ffi::LUA_TUSERDATA => Type::Userdata,
            ffi::LUA_TTHREAD => Type::Thread,
            ffi::LUA_TNONE => Type::None,
            _ => Type::Cdata,
        }
    }

    pub(crate) fn is_nil(&self, index: c_int) -> bool {
        matches!(self.kind(index), Type::Nil | Type::None)
    }

    /// Returns the name of a value's type as Lua says it.
    pub(crate) fn type_name(&self, index: c_int) -> &'static str {
        match self.kind(index) {
            Type::None => "no value",
            Type::Nil => "nil",
            Type::Boolean => "boolean",
            Type::LightUserdata | Type::Userdata => "userdata",
            Type::Number => "number",
            Type::String => "string",
            Type::Table => "table",
            Type::Function => "function",
            Type::Thread => "thread",
            Type::Cdata => "cdata",
        }
    }

    pub(crate) fn is_native_function(&self, index: c_int) -> bool {
        // SAFETY: reading any acceptable index is allowed.
        unsafe { ffi::lua_iscfunction(self.l, index) != 0 }
    }

    pub(crate) fn boolean(&self, index: c_int) -> bool {
        // SAFETY: reading any acceptable index is allowed.
        unsafe { ffi::lua_toboolean(self.l, index) != 0 }
    }

    /// Returns the number at an index, 0 for anything else.
    pub(crate) fn number(&self, index: c_int) -> f64 {
        // SAFETY: reading any acceptable index is allowed.
        unsafe { ffi::lua_tonumber(self.l, index) }
    }

    /// Returns the bytes of a string, nothing for any other type.
    pub(crate) fn string(&self, index: c_int) -> Option<&[u8]> {
        if self.kind(index) != Type::String {
            return None;
        }
        let mut len = 0;
        // SAFETY: the value is a string, so it is not converted in place, and `len` is written.
        let start = unsafe { ffi::lua_tolstring(self.l, index, &mut len) };
        // SAFETY: the string stays in its slot while `self` is borrowed, and strings do not move.
        Some(unsafe { std::slice::from_raw_parts(start.cast::<u8>(), len) })
    }

    /// Returns the identity of a table, function, userdata, … as an address.
    pub(crate) fn pointer(&self, index: c_int) -> usize {
        // SAFETY: reading any acceptable index is allowed.
        unsafe { ffi::lua_topointer(self.l, index) as usize }
    }

    pub(crate) fn raw_len(&self, index: c_int) -> usize {
        // SAFETY: reading any acceptable index is allowed; no metamethod runs.
        unsafe { ffi::lua_objlen(self.l, index) }
    }

    pub(crate) fn raw_equal(&self, a: c_int, b: c_int) -> bool {
        // SAFETY: reading any acceptable index is allowed; no metamethod runs.
        unsafe { ffi::lua_rawequal(self.l, a, b) != 0 }
    }

    /// `(-0, +1)`
    pub(crate) fn push_nil(&mut self) {
        // SAFETY: there is room (type invariant).
        unsafe { ffi::lua_pushnil(self.l) }
    }

    /// `(-0, +1)`
    pub(crate) fn push_boolean(&mut self, value: bool) {
        // SAFETY: there is room (type invariant).
        unsafe { ffi::lua_pushboolean(self.l, value.into()) }
    }

    /// `(-0, +1)`
    pub(crate) fn push_number(&mut self, value: f64) {
        // SAFETY: there is room (type invariant); LuaJIT makes any NaN the canonical one.
        unsafe { ffi::lua_pushnumber(self.l, value) }
    }

    /// `(-0, +1)`
    pub(crate) fn push_string(&mut self, bytes: &[u8]) {
        // SAFETY: there is room (type invariant); Lua copies the bytes.
        unsafe { ffi::lua_pushlstring_(self.l, bytes.as_ptr().cast::<c_char>(), bytes.len()) }
    }

    /// Copies the value at an index to the top. `(-0, +1)`
    pub(crate) fn push_value(&mut self, index: c_int) {
        // SAFETY: there is room (type invariant).
        unsafe { ffi::lua_pushvalue(self.l, index) }
    }

    /// Returns whether the running coroutine is the main one.
    pub(crate) fn is_main_coroutine(&mut self) -> bool {
        // SAFETY: there is room (type invariant).
        let is_main = unsafe { ffi::lua_pushthread(self.l) != 0 };
        self.pop(1);
        is_main
    }

    /// Returns whether the value at an index is a coroutine that has come to its end.
    pub(crate) fn is_dead(&self, index: c_int) -> bool {
        // SAFETY: reading any acceptable index is allowed; null is checked before use, a coroutine on the
        // stack is alive, and `lua_getstack` writes to the record only when there is a frame.
        unsafe {
            let coroutine = ffi::lua_tothread(self.l, index);
            if coroutine.is_null() {
                return false;
            }
            let mut frame = std::mem::MaybeUninit::<ffi::lua_Debug>::uninit();
            match ffi::lua_status(coroutine) {
                ffi::LUA_YIELD => false,
                // As `coroutine.status` has it: no frame, and no function that waits to be called.
                ffi::LUA_OK => {
                    ffi::lua_getstack(coroutine, 0, frame.as_mut_ptr()) == 0
                        && ffi::lua_gettop(coroutine) == 0
                }
                _ => true,
            }
        }
    }

    /// `(-0, +1)`
    pub(crate) fn push_entry(&mut self, entry: Entry) {
        // SAFETY: there is room (type invariant). Only Lua calls the function, and it takes the
        // result from the register in which both types are returned.
        unsafe {
            let entry = std::mem::transmute::<Entry, ffi::lua_CFunction>(entry);
            ffi::lua_pushcclosure(self.l, entry, 0);
        }
    }

    /// `(-0, +1)`
    pub(crate) fn new_table(&mut self, array: usize, hash: usize) {
        // A count is a hint only; a hostile one must not reserve much.
        let hint = |count: usize| count.min(1 << 16) as c_int;
        // SAFETY: there is room (type invariant).
        unsafe { ffi::lua_createtable(self.l, hint(array), hint(hash)) }
    }

    /// Returns the block of a full userdata that luv made, if it has that metatable.
    pub(crate) fn luv_handle(&mut self, index: c_int, metatable: &CStr) -> Option<*mut c_void> {
        if self.kind(index) != Type::Userdata || !self.metatable(index) {
            return None;
        }
        // SAFETY: there is room (type invariant), and reading the registry by name cannot raise
        // since it has no metatable.
        unsafe {
            ffi::lua_getfield_(self.l, ffi::LUA_REGISTRYINDEX, metatable.as_ptr());
        }
        let same = self.raw_equal(-1, -2);
        self.pop(2);
        // SAFETY: luv's userdata of this metatable hold a pointer to the handle.
        same.then(|| unsafe { *ffi::lua_touserdata(self.l, index).cast::<*mut c_void>() })
    }

    /// Reads `table[key]` without metamethods, with the key on top. `(-1, +1)`
    pub(crate) fn raw_get(&mut self, table: c_int) {
        debug_assert_eq!(self.kind(table), Type::Table);
        // SAFETY: callers pass the index of a table.
        unsafe { ffi::lua_rawget_(self.l, table) }
    }

    /// Writes `table[key] = value` without metamethods; key and value on top. `(-2, +0)`
    ///
    /// The key must be neither nil nor NaN.
    pub(crate) fn raw_set(&mut self, table: c_int) {
        debug_assert_eq!(self.kind(table), Type::Table);
        // SAFETY: callers pass the index of a table and have checked the key.
        unsafe { ffi::lua_rawset(self.l, table) }
    }

    /// `(-0, +1)`
    pub(crate) fn raw_get_index(&mut self, table: c_int, n: c_int) {
        debug_assert_eq!(self.kind(table), Type::Table);
        // SAFETY: callers pass the index of a table; there is room (type invariant).
        unsafe { ffi::lua_rawgeti_(self.l, table, n) }
    }

    /// `(-1, +0)`
    pub(crate) fn raw_set_index(&mut self, table: c_int, n: c_int) {
        debug_assert_eq!(self.kind(table), Type::Table);
        // SAFETY: callers pass the index of a table.
        unsafe { ffi::lua_rawseti_(self.l, table, n) }
    }

    /// Steps through a table, which must not change meanwhile. `(-1, +2)`, at the end `(-1, +0)`
    pub(crate) fn next(&mut self, table: c_int) -> bool {
        debug_assert_eq!(self.kind(table), Type::Table);
        // SAFETY: the key on top is nil or came from the previous step, so it is found.
        unsafe { ffi::lua_next(self.l, table) != 0 }
    }

    /// Pushes the metatable of a value, or nothing when it has none. `(-0, +1)` or `(-0, +0)`
    pub(crate) fn metatable(&mut self, index: c_int) -> bool {
        // SAFETY: there is room (type invariant).
        unsafe { ffi::lua_getmetatable(self.l, index) != 0 }
    }

    /// Sets the metatable of a table or userdata from the table or nil on top. `(-1, +0)`
    pub(crate) fn set_metatable(&mut self, index: c_int) {
        debug_assert!(matches!(self.kind(-1), Type::Table | Type::Nil));
        // SAFETY: callers pass a table or a full userdata and have a table or nil on top.
        unsafe { ffi::lua_setmetatable(self.l, index) };
    }

    /// Pushes the environment of a function. `(-0, +1)`
    pub(crate) fn environment(&mut self, function: c_int) {
        // SAFETY: there is room (type invariant); reading any acceptable index is allowed.
        unsafe { ffi::lua_getfenv(self.l, function) }
    }

    /// Sets the environment of a function or full userdata from the table on top. `(-1, +0)`
    pub(crate) fn set_environment(&mut self, index: c_int) {
        debug_assert_eq!(self.kind(-1), Type::Table);
        // SAFETY: callers pass a function or full userdata and have a table on top.
        unsafe { ffi::lua_setfenv(self.l, index) };
    }

    /// Moves the value on top below the others down to `index`. `(-0, +0)`
    pub(crate) fn insert(&mut self, index: c_int) {
        // SAFETY: callers pass an index in use.
        unsafe { ffi::lua_insert(self.l, index) }
    }

    /// Pops the value on top into `index`. `(-1, +0)`
    pub(crate) fn replace(&mut self, index: c_int) {
        // SAFETY: callers pass an index in use.
        unsafe { ffi::lua_replace(self.l, index) }
    }

    /// Drops the value at an index and closes the gap. `(-1, +0)`
    pub(crate) fn remove(&mut self, index: c_int) {
        // SAFETY: callers pass an index in use.
        unsafe { ffi::lua_remove(self.l, index) }
    }

    /// Keeps the value on top alive under a number. `(-1, +0)`
    pub(crate) fn keep(&mut self) -> c_int {
        // SAFETY: the registry is a table.
        unsafe { ffi::luaL_ref(self.l, ffi::LUA_REGISTRYINDEX) }
    }

    /// Pushes what was kept under a number. `(-0, +1)`
    pub(crate) fn push_kept(&mut self, reference: c_int) {
        // SAFETY: there is room (type invariant); the registry is a table.
        unsafe { ffi::lua_rawgeti_(self.l, ffi::LUA_REGISTRYINDEX, reference) }
    }

    /// Lets go of what was kept under a number.
    pub(crate) fn drop_kept(&mut self, reference: c_int) {
        // SAFETY: the number came from `keep`.
        unsafe { ffi::luaL_unref(self.l, ffi::LUA_REGISTRYINDEX, reference) }
    }

    /// Pushes the global table. `(-0, +1)`
    pub(crate) fn push_globals(&mut self) {
        self.push_value(ffi::LUA_GLOBALSINDEX);
    }

    /// Pushes the value of upvalue `n` and returns its name. `(-0, +1)` or `(-0, +0)`
    pub(crate) fn upvalue(&mut self, function: c_int, n: c_int) -> Option<&[u8]> {
        // SAFETY: there is room (type invariant); a number out of range gives null.
        let name = unsafe { ffi::lua_getupvalue(self.l, function, n) };
        // SAFETY: the name belongs to the prototype, which the function keeps alive.
        (!name.is_null()).then(|| unsafe { CStr::from_ptr(name) }.to_bytes())
    }

    /// Assigns upvalue `n` from the value on top. `(-1, +0)`
    pub(crate) fn set_upvalue(&mut self, function: c_int, n: c_int) {
        // SAFETY: callers pass a function; a number out of range gives null and pops nothing.
        if unsafe { ffi::lua_setupvalue(self.l, function, n) }.is_null() {
            self.pop(1);
        }
    }

    /// Returns the identity of the variable behind upvalue `n` of a Lua function.
    pub(crate) fn upvalue_id(&self, function: c_int, n: c_int) -> usize {
        // SAFETY: callers pass a Lua function that has upvalue `n`.
        unsafe { lua_upvalueid(self.l, function, n) as usize }
    }

    /// Makes upvalue `n1` of a Lua function the variable behind upvalue `n2` of another.
    pub(crate) fn join_upvalues(&mut self, f1: c_int, n1: c_int, f2: c_int, n2: c_int) {
        debug_assert!(!self.is_native_function(f1) && !self.is_native_function(f2));
        // SAFETY: callers pass Lua functions that have these upvalues.
        unsafe { lua_upvaluejoin(self.l, f1, n1, f2, n2) }
    }

    /// Appends the bytecode of the Lua function on top, with its debug information.
    pub(crate) fn dump(&mut self, out: &mut Vec<u8>) -> Result<(), HostError> {
        unsafe extern "C-unwind" fn write(
            _: *mut lua_State,
            bytes: *const c_void,
            len: usize,
            out: *mut c_void,
        ) -> c_int {
            // SAFETY: LuaJIT passes `len` readable bytes and the pointer that `lua_dump` was given.
            unsafe {
                let bytes = std::slice::from_raw_parts(bytes.cast::<u8>(), len);
                (*out.cast::<Vec<u8>>()).extend_from_slice(bytes);
            }
            0
        }
        // SAFETY: a function is on top, and `out` lives until the call returns. LuaJIT's writer runs
        // under protection.
        let status = unsafe { ffi::lua_dump_(self.l, write, (&raw mut *out).cast()) };
        if status != 0 || out.is_empty() {
            return Err(HostError::NoDump);
        }
        Ok(())
    }

    /// Compiles or loads a chunk and pushes it, or an error message. `(-0, +1)`
    pub(crate) fn load(&mut self, chunk: &[u8], name: &CStr) -> Result<(), HostError> {
        // SAFETY: the chunk outlives the call; the loader runs under protection. A binary chunk is
        // a range that `dump.rs` found in a dump of this very LuaJIT.
        let status = unsafe {
            ffi::luaL_loadbuffer(
                self.l,
                chunk.as_ptr().cast::<c_char>(),
                chunk.len(),
                name.as_ptr(),
            )
        };
        if status == 0 {
            return Ok(());
        }
        let message = self.string(-1).map(<[u8]>::to_vec).unwrap_or_default();
        self.pop(1);
        Err(HostError::Load(
            String::from_utf8_lossy(&message).into_owned(),
        ))
    }

    /// Calls a function with the arguments above it, catching errors; `handler` is the index of a
    /// message handler or 0. `(-(arguments + 1), +results)`, on error `(-(arguments + 1), +1)`
    pub(crate) fn call(&mut self, arguments: c_int, results: c_int, handler: c_int) -> bool {
        // SAFETY: callers pushed the function and its arguments. Errors stop at this call, so none
        // passes a Rust frame below it.
        unsafe { ffi::lua_pcall(self.l, arguments, results, handler) == 0 }
    }
}

/// All results of a call, whatever their number.
pub(crate) const ALL: c_int = ffi::LUA_MULTRET;

/// Raises the value on top of the stack as a Lua error.
///
/// # Safety
/// `l` must be the state of the running C function, and no frame up to Lua may hold a value with a
/// destructor.
pub(crate) unsafe fn raise(l: *mut lua_State) -> ! {
    // SAFETY: see above.
    unsafe { ffi::lua_error(l) }
}
