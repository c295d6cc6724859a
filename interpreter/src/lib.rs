//! A Lua virtual machine in LuaJIT's dialect: stackless, fuelled, bounded, deterministic.
//!
//! It knows nothing of Neovim, of messages or of OS threads. The way through it:
//!
//! - `compiler` turns source into a [`bytecode::Template`], `bytecode` reads, checks and writes dumps;
//! - [`Context`] brings templates to life on the heap (`value`, `string`, `table`, `function`, `userdata`);
//! - [`Lua`] owns a heap, runs tasks on it in slices of fuel, and collects its garbage;
//! - `vm` executes; `stdlib` is what programs see; [`Call`] is how native functions are written.

pub mod bytecode;
mod call;
mod cdata;
mod collector;
pub mod compiler;
mod context;
mod coroutine;
mod environment;
mod error;
mod function;
mod heap;
mod integer;
mod lua;
mod mirror;
mod recycler;
mod stdlib;
mod string;
mod table;
pub mod text;
mod userdata;
mod value;
mod vm;

pub use call::{Action, Call, NativeResult};
pub use cdata::Cdata;
pub use context::{Chunk, Context, Stash};
pub use coroutine::{Coroutine, Status};
pub use environment::{
    Buffering, Environment, File, Isolated, OpenMode, Process, Standard, System,
};
pub use error::{Error, Interrupt};
pub use function::{Function, NativeFn, Prototype, Upvalue};
pub use heap::{Heap, MAX_STRING};
pub use integer::Integer;
pub use lua::{Failure, Lua, Options, Outcome, Task};
pub use mirror::{Node, Reached, Watch, Written};
pub use recycler::Recycler;
pub use string::LuaString;
pub use table::{Table, TableError};
pub use userdata::Userdata;
pub use value::{Type, Value};

/// The garbage collector's smart pointer, of which the embedder sees many.
pub use gc_arena::Gc;
