//! The executable form: LuaJIT 2.1 bytecode as plain data, before any heap exists.
//!
//! Both ways into the VM end here: `compiler` produces a [`Template`] from source, `dump` reads one
//! from the output of `string.dump`. Nothing in this module or in `compiler` knows the garbage
//! collected heap; the VM turns a template into a live prototype.

mod code;
pub mod disassemble;
pub mod dump;
mod names;
pub mod opcode;
pub mod verify;

use std::ops::Range;
use std::rc::Rc;

pub(crate) use code::Instruction;
pub use code::{Code, Lines};
pub use names::{Names, Variable, Variables};

/// A function as compiled: code, constants and debug information, not yet bound to a heap.
///
/// The layout follows LuaJIT's `GCproto`. Instruction indices in this structure count from the
/// first real instruction: the `FUNCF`/`FUNCV` header that LuaJIT keeps at position 0 is not
/// stored, so LuaJIT's bytecode position `p` is index `p - 1` here.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// [`flags`] of the prototype.
    pub flags: u8,
    /// Number of fixed parameters.
    pub num_params: u8,
    /// Registers that the function needs, not counting the two frame slots below its base.
    pub frame_size: u8,
    /// Instructions, see [`opcode`].
    pub code: Code,
    /// Where each upvalue of a new closure comes from.
    pub upvalues: Vec<UpvalueSource>,
    /// Collectable constants; index `D` of `KSTR`, `FNEW`, `TGETS`, … counts from the front.
    pub constants: Vec<Constant>,
    /// Numeric constants, index `D` of `KNUM`, `ADDVN`, ….
    pub numbers: Vec<f64>,
    /// Line of the `function` keyword; 0 for a main chunk.
    pub first_line: u32,
    /// Number of lines that the function spans.
    pub num_lines: u32,
    /// Names and lines; absent in a stripped dump.
    pub debug: Option<DebugInfo>,
    /// Name of the chunk as given to `load` (`=name`, `@file` or source text).
    pub chunk_name: Rc<[u8]>,
    /// What the function was made from; lets a function be named by place rather than copied.
    pub origin: Origin,
}

/// Bits of [`Template::flags`], with LuaJIT's values.
pub mod flags {
    /// The function creates closures.
    pub const CHILD: u8 = 0x01;
    /// The function takes `...`.
    pub const VARARG: u8 = 0x02;
    /// The function uses cdata constants.
    pub const FFI: u8 = 0x04;
}

/// The text or dump that a [`Template`] was made from, and its place in it.
#[derive(Debug, Clone, PartialEq)]
pub enum Origin {
    /// Compiled from source: the whole chunk and the bytes from `function` (or the name's opening
    /// parenthesis for `function name(...)`) up to and including `end`.
    ///
    /// The range of a nested function starts at its parameter list's `(` so that
    /// `"function" + source[range]` is an expression that compiles to the same function. A method
    /// (`function a:b()`) has `method` set: its parameter list must be extended by `self`.
    Source {
        text: Rc<[u8]>,
        range: Range<usize>,
        method: bool,
    },
    /// Read from a dump: the range covers this prototype and all of its children, so that
    /// `header + dump[range] + [0]` is a complete dump of it.
    Dump {
        bytes: Rc<[u8]>,
        range: Range<usize>,
    },
}

/// Where `FNEW` finds an upvalue of the closure that it makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpvalueSource(pub u16);

impl UpvalueSource {
    /// Set when the variable is a register of the enclosing function, else it is one of its upvalues.
    pub const LOCAL: u16 = 0x8000;
    /// Set when no code ever assigns the variable after its initialisation.
    pub const IMMUTABLE: u16 = 0x4000;

    /// Returns whether the upvalue is a register of the enclosing function.
    pub fn is_local(self) -> bool {
        self.0 & Self::LOCAL != 0
    }

    /// Returns whether the variable is never assigned after its initialisation.
    pub fn is_immutable(self) -> bool {
        self.0 & Self::IMMUTABLE != 0
    }

    /// Returns the register or the upvalue index in the enclosing function.
    pub fn index(self) -> u8 {
        (self.0 & 0xff) as u8
    }
}

/// A constant that lives on the heap once the template is instantiated.
#[derive(Debug, Clone, PartialEq)]
pub enum Constant {
    /// A nested function.
    Child(Rc<Template>),
    String(Rc<[u8]>),
    /// The initial contents of a table constructor (`TDUP`).
    Table(Box<TableTemplate>),
    /// `42LL`; LuaJIT makes a boxed 64-bit integer of it.
    Int64(i64),
    /// `42ULL`.
    Uint64(u64),
    /// `42i`; the real and imaginary part.
    Complex(f64, f64),
}

/// A table constant: what `TDUP` copies.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TableTemplate {
    /// Array part from index 0 on (index 0 is normally `Nil`), as LuaJIT lays it out.
    pub array: Vec<Scalar>,
    /// Hash part in order of insertion; keys are never `Nil`.
    ///
    /// A `Nil` value reserves the key only.
    pub hash: Vec<(Scalar, Scalar)>,
}

/// A constant inside a table constant.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    Nil,
    Boolean(bool),
    Number(f64),
    String(Rc<[u8]>),
}

/// Names and lines of a function.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DebugInfo {
    /// Absolute line of each instruction of [`Template::code`].
    pub lines: Lines,
    /// Names of the upvalues, in order.
    pub upvalue_names: Names,
    /// Local variables in order of their first instruction.
    pub variables: Variables,
}
