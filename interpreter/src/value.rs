//! A Lua value in one 64-bit word.
//!
//! Numbers are doubles stored as they are; everything else hides in the space of quiet NaNs with the
//! sign bit set: a 16-bit tag above a 48-bit payload. The NaN that arithmetic produces (`0xfff8…`, or a
//! positive one) lies below every tag, and [`Value::number`] folds all other NaNs into it.

use std::fmt;
use std::marker::PhantomData;

use gc_arena::collect::Trace;
use gc_arena::{Collect, Gc};

use crate::cdata::Cdata;
use crate::coroutine::Coroutine;
use crate::function::Function;
use crate::string::LuaString;
use crate::table::Table;
use crate::userdata::Userdata;

const TAG_SHIFT: u32 = 48;
const PAYLOAD: u64 = (1 << TAG_SHIFT) - 1;
const TAG_PRIMITIVE: u64 = 0xfff9;
const TAG_STRING: u64 = 0xfffa;
const TAG_FUNCTION: u64 = 0xfffb;
const TAG_COROUTINE: u64 = 0xfffc;
// Equality asks for the last three: pairs of the first two and anything with the third may have `__eq`.
const TAG_TABLE: u64 = 0xfffd;
const TAG_USERDATA: u64 = 0xfffe;
const TAG_CDATA: u64 = 0xffff;
/// Upper half of a light userdata, above which lies its identity.
const LIGHT: u64 = TAG_PRIMITIVE << 16 | 1;
/// Upper half of a position in a table traversal, kept by `ISNEXT`/`ITERN` in a loop's control register only.
const POSITION: u64 = TAG_PRIMITIVE << 16 | 2;

/// Any Lua value: nil, boolean, number, string, table, function, coroutine, userdata or cdata.
///
/// Two values are raw-equal when their words are equal, except for numbers (`NaN ~= NaN`, `0 == -0`).
#[derive(Copy, Clone)]
#[repr(transparent)]
pub struct Value<'gc>(u64, PhantomData<Gc<'gc, ()>>);

/// The type of a [`Value`], in the order of its metatable slot.
#[derive(Debug, Copy, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Type {
    Nil,
    Boolean,
    Number,
    String,
    Table,
    Function,
    Coroutine,
    Userdata,
    Cdata,
}

impl Type {
    /// Number of types.
    pub const COUNT: usize = 9;

    /// Returns the name that `type()` returns.
    pub fn name(self) -> &'static str {
        match self {
            Type::Nil => "nil",
            Type::Boolean => "boolean",
            Type::Number => "number",
            Type::String => "string",
            Type::Table => "table",
            Type::Function => "function",
            Type::Coroutine => "thread",
            Type::Userdata => "userdata",
            Type::Cdata => "cdata",
        }
    }
}

impl<'gc> Value<'gc> {
    pub const NIL: Value<'gc> = Value(TAG_PRIMITIVE << TAG_SHIFT, PhantomData);
    pub const FALSE: Value<'gc> = Value((TAG_PRIMITIVE << TAG_SHIFT) | 1, PhantomData);
    pub const TRUE: Value<'gc> = Value((TAG_PRIMITIVE << TAG_SHIFT) | 2, PhantomData);
    const QUIET_NAN: u64 = 0xfff8_0000_0000_0000;

    /// Makes a number; any NaN pattern is accepted.
    #[inline(always)]
    pub fn number(n: f64) -> Self {
        let bits = n.to_bits();
        if bits < TAG_PRIMITIVE << TAG_SHIFT {
            Value(bits, PhantomData)
        } else {
            Value(Self::QUIET_NAN, PhantomData)
        }
    }

    /// Makes a number from the result of arithmetic on numbers, which never carries a foreign NaN pattern.
    #[inline(always)]
    pub(crate) fn arithmetic(n: f64) -> Self {
        debug_assert!(n.to_bits() < TAG_PRIMITIVE << TAG_SHIFT);
        Value(n.to_bits(), PhantomData)
    }

    /// Makes a boolean.
    #[inline(always)]
    pub fn boolean(b: bool) -> Self {
        if b { Self::TRUE } else { Self::FALSE }
    }

    /// Makes nil, false or true from the operand 0, 1 or 2 of `KPRI` and its kin.
    #[inline(always)]
    pub(crate) fn primitive(operand: usize) -> Self {
        Value((TAG_PRIMITIVE << TAG_SHIFT) | operand as u64, PhantomData)
    }

    /// Makes a light userdata: a bare identity.
    pub(crate) fn light(identity: u32) -> Self {
        Value(LIGHT << 32 | u64::from(identity), PhantomData)
    }

    #[inline(always)]
    pub(crate) fn position(index: u32) -> Self {
        Value(POSITION << 32 | u64::from(index), PhantomData)
    }

    /// Makes a stack word that is not a Lua value: a return address, a frame delta, a continuation.
    ///
    /// The collector must see it as a number, so it has to be below 2^48.
    #[inline(always)]
    pub(crate) fn raw(word: u64) -> Self {
        debug_assert!(word <= PAYLOAD);
        Value(word, PhantomData)
    }

    #[inline(always)]
    pub(crate) fn bits(self) -> u64 {
        self.0
    }

    #[inline(always)]
    fn tag(self) -> u64 {
        self.0 >> TAG_SHIFT
    }

    #[inline(always)]
    pub fn is_number(self) -> bool {
        self.0 < TAG_PRIMITIVE << TAG_SHIFT
    }

    /// Returns the number in the word without a check: garbage, but no more, when it is none.
    #[inline(always)]
    pub(crate) fn unchecked_number(self) -> f64 {
        f64::from_bits(self.0)
    }

    /// Returns the number, without coercion from strings.
    #[inline(always)]
    pub fn as_number(self) -> Option<f64> {
        if self.is_number() {
            Some(f64::from_bits(self.0))
        } else {
            None
        }
    }

    #[inline(always)]
    pub(crate) fn as_position(self) -> Option<u32> {
        if self.0 >> 32 == POSITION {
            Some(self.0 as u32)
        } else {
            None
        }
    }

    #[inline(always)]
    pub fn is_nil(self) -> bool {
        self.0 == Self::NIL.0
    }

    /// Everything but nil and false.
    #[inline(always)]
    pub fn is_truthy(self) -> bool {
        self.0.wrapping_sub(Self::NIL.0) > 1
    }

    /// Returns the boolean, `None` for other types.
    #[inline]
    pub fn as_boolean(self) -> Option<bool> {
        match self.0 {
            b if b == Self::FALSE.0 => Some(false),
            b if b == Self::TRUE.0 => Some(true),
            _ => None,
        }
    }

    /// Returns whether both words are equal: raw equality of everything but numbers.
    #[inline(always)]
    pub fn same(self, other: Self) -> bool {
        self.0 == other.0
    }

    /// Returns whether both are equal by `rawequal`.
    #[inline(always)]
    pub fn raw_equal(self, other: Self) -> bool {
        if self.is_number() && other.is_number() {
            self.unchecked_number() == other.unchecked_number()
        } else {
            self.same(other)
        }
    }

    #[inline(always)]
    pub(crate) fn is_collectable(self) -> bool {
        self.0 >= TAG_STRING << TAG_SHIFT
    }

    /// Returns the pointer of a collectable value, erased.
    ///
    /// Must only be called when `is_collectable`.
    #[inline(always)]
    pub(crate) fn erased(self) -> Gc<'gc, ()> {
        debug_assert!(self.is_collectable());
        // SAFETY: a collectable tag is only ever combined with a pointer taken from a `Gc<'gc, _>`.
        unsafe { Gc::from_ptr((self.0 & PAYLOAD) as *const ()) }
    }

    #[inline(always)]
    fn pointer<T>(self, tag: u64) -> Option<*const T> {
        let word = self.0 ^ (tag << TAG_SHIFT);
        if word >> TAG_SHIFT == 0 {
            // SAFETY: `tagged` puts a tag on addresses of objects only. Without this the compiler makes
            // sure of it, at each look at a table.
            unsafe { std::hint::assert_unchecked(word != 0) };
            Some(word as *const T)
        } else {
            None
        }
    }

    #[inline(always)]
    fn tagged<T>(pointer: *const T, tag: u64) -> Self {
        debug_assert_eq!(pointer as u64 & !PAYLOAD, 0);
        Value((tag << TAG_SHIFT) | pointer as u64, PhantomData)
    }

    #[inline(always)]
    pub fn as_string(self) -> Option<Gc<'gc, LuaString>> {
        // SAFETY: the tag says which type the pointer was taken from.
        self.pointer(TAG_STRING).map(|p| unsafe { Gc::from_ptr(p) })
    }

    #[inline(always)]
    pub fn as_table(self) -> Option<Gc<'gc, Table<'gc>>> {
        // SAFETY: the tag says which type the pointer was taken from.
        self.pointer(TAG_TABLE).map(|p| unsafe { Gc::from_ptr(p) })
    }

    #[inline(always)]
    pub fn as_function(self) -> Option<Gc<'gc, Function<'gc>>> {
        // SAFETY: the tag says which type the pointer was taken from.
        self.pointer(TAG_FUNCTION)
            .map(|p| unsafe { Gc::from_ptr(p) })
    }

    #[inline(always)]
    pub fn as_coroutine(self) -> Option<Gc<'gc, Coroutine<'gc>>> {
        // SAFETY: the tag says which type the pointer was taken from.
        self.pointer(TAG_COROUTINE)
            .map(|p| unsafe { Gc::from_ptr(p) })
    }

    #[inline(always)]
    pub fn as_userdata(self) -> Option<Gc<'gc, Userdata<'gc>>> {
        // SAFETY: the tag says which type the pointer was taken from.
        self.pointer(TAG_USERDATA)
            .map(|p| unsafe { Gc::from_ptr(p) })
    }

    #[inline(always)]
    pub fn as_cdata(self) -> Option<Gc<'gc, Cdata>> {
        // SAFETY: the tag says which type the pointer was taken from.
        self.pointer(TAG_CDATA).map(|p| unsafe { Gc::from_ptr(p) })
    }

    #[inline(always)]
    pub(crate) fn is_cdata(self) -> bool {
        self.0 >= TAG_CDATA << TAG_SHIFT
    }

    /// Returns whether `==` has to ask a handler, both words being different and not both numbers: two of
    /// tables and userdata, or one cdata.
    #[inline(always)]
    pub(crate) fn may_be_handled_as_equal(self, other: Self) -> bool {
        self.0.min(other.0) >= TAG_TABLE << TAG_SHIFT
            || self.0.max(other.0) >= TAG_CDATA << TAG_SHIFT
    }

    /// Returns the identity of a string, table, function, coroutine, userdata or cdata; no other has it
    /// while it is alive.
    pub fn address(self) -> Option<usize> {
        self.is_collectable().then_some((self.0 & PAYLOAD) as usize)
    }

    /// Returns the type.
    #[inline]
    pub fn type_of(self) -> Type {
        match self.tag() {
            TAG_STRING => Type::String,
            TAG_TABLE => Type::Table,
            TAG_FUNCTION => Type::Function,
            TAG_COROUTINE => Type::Coroutine,
            TAG_USERDATA => Type::Userdata,
            TAG_CDATA => Type::Cdata,
            TAG_PRIMITIVE if self.is_nil() => Type::Nil,
            TAG_PRIMITIVE if self.as_boolean().is_some() => Type::Boolean,
            TAG_PRIMITIVE => Type::Userdata,
            _ => Type::Number,
        }
    }

    /// Returns the name that `type()` returns.
    pub fn type_name(self) -> &'static str {
        self.type_of().name()
    }
}

macro_rules! from_gc {
    ($($type:ty => $tag:ident),*) => {$(
        impl<'gc> From<Gc<'gc, $type>> for Value<'gc> {
            #[inline(always)]
            fn from(gc: Gc<'gc, $type>) -> Self {
                Value::tagged(Gc::as_ptr(gc), $tag)
            }
        }
    )*};
}

from_gc! {
    LuaString => TAG_STRING,
    Table<'gc> => TAG_TABLE,
    Function<'gc> => TAG_FUNCTION,
    Coroutine<'gc> => TAG_COROUTINE,
    Userdata<'gc> => TAG_USERDATA,
    Cdata => TAG_CDATA
}

impl From<f64> for Value<'_> {
    #[inline(always)]
    fn from(n: f64) -> Self {
        Value::number(n)
    }
}

impl From<bool> for Value<'_> {
    #[inline(always)]
    fn from(b: bool) -> Self {
        Value::boolean(b)
    }
}

// SAFETY: a collectable value holds exactly one pointer, and it is traced.
unsafe impl<'gc> Collect<'gc> for Value<'gc> {
    #[inline(always)]
    fn trace<T: Trace<'gc>>(&self, cc: &mut T) {
        if self.is_collectable() {
            cc.trace_gc(self.erased());
        }
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.type_of() {
            Type::Nil => f.write_str("nil"),
            Type::Boolean => write!(f, "{}", self.is_truthy()),
            Type::Number => write!(f, "{:?}", self.unchecked_number()),
            Type::String => write!(f, "{:?}", self.as_string()),
            other => write!(f, "{}: {:#x}", other.name(), self.0 & PAYLOAD),
        }
    }
}
