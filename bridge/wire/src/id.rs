//! Names of shared objects: who gave them, and what kind of thing they stand for.

/// Who gave an id, and thereby who owns the original object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    Host = 0,
    Sandbox = 1,
}

/// The name of a shared object, unique for ever within one sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(u64);

impl Id {
    /// Returns the id with the given raw value, unless no side can have given it.
    pub fn from_raw(raw: u64) -> Option<Id> {
        (raw > 1).then_some(Id(raw))
    }

    /// Returns the value that crosses the wire.
    pub fn raw(self) -> u64 {
        self.0
    }

    /// Returns who gave the id.
    pub fn side(self) -> Side {
        if self.0 & 1 == 0 {
            Side::Host
        } else {
            Side::Sandbox
        }
    }
}

/// Gives ids of one side, in order.
#[derive(Debug)]
pub struct IdSource {
    next: u64,
}

impl IdSource {
    /// Creates the source of a side; a sandbox has exactly one on each side.
    pub fn new(side: Side) -> IdSource {
        IdSource {
            next: 2 + side as u64,
        }
    }

    /// Returns an id that was never given before.
    pub fn give(&mut self) -> Id {
        let id = Id(self.next);
        self.next += 2;
        id
    }
}

/// The kinds of object that a value can refer to by id.
///
/// The numbers are the extension types of the encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reference {
    /// A Lua function that each side runs natively.
    Function = 1,
    /// A table of which each side has a copy.
    Table = 2,
    /// A shared variable.
    Cell = 3,
    /// A host value that stays with the host and came as a copy would: what it is asked copies too.
    Remote = 4,
    /// A sandbox value that stays with the sandbox: a userdata, or an integer that is a key.
    Local = 8,
    /// A function of the host that came as a copy would; what it is called with is copied.
    RemoteFunction = 11,
    /// A userdata or cdata of the host; what it is asked crosses by reference, as below.
    Userdata = 12,
    /// A native function of the host.
    NativeFunction = 13,
    /// A coroutine of the host.
    Coroutine = 14,
    /// A native function of the sandbox.
    LocalFunction = 15,
    /// A coroutine of the sandbox.
    LocalCoroutine = 16,
}

impl Reference {
    /// Returns the kind with a number, if there is one.
    pub fn from_number(number: i8) -> Option<Reference> {
        Some(match number {
            1 => Reference::Function,
            2 => Reference::Table,
            3 => Reference::Cell,
            4 => Reference::Remote,
            8 => Reference::Local,
            11 => Reference::RemoteFunction,
            12 => Reference::Userdata,
            13 => Reference::NativeFunction,
            14 => Reference::Coroutine,
            15 => Reference::LocalFunction,
            16 => Reference::LocalCoroutine,
            _ => return None,
        })
    }

    /// Returns whether it is a value that stays with the host.
    pub fn is_remote(self) -> bool {
        matches!(
            self,
            Reference::Remote
                | Reference::RemoteFunction
                | Reference::Userdata
                | Reference::NativeFunction
                | Reference::Coroutine
        )
    }

    /// Returns whether it is a value that stays with the sandbox.
    pub fn is_local(self) -> bool {
        matches!(
            self,
            Reference::Local | Reference::LocalFunction | Reference::LocalCoroutine
        )
    }
}
