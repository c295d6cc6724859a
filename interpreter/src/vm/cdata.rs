//! What the metatable of 64-bit integers does, for its functions and for the VM, which does it in place.
//!
//! Source of the rules and words: LuaJIT 2.1, `lj_carith.c` and `lib_ffi.c`.

use gc_arena::Gc;

use crate::context::Context;
use crate::function::Function;
use crate::integer::{self, Comparison, Operand, Operator};
use crate::value::Value;
use crate::vm::{Metamethod, Vm};

impl<'gc> Vm<'gc> {
    /// Returns whether a handler is the one that the metatable of 64-bit integers came with: then `handle`
    /// says what calling it would do, and there is no frame to be seen in tracebacks, as in LuaJIT.
    pub(crate) fn is_integer_handler(&self, event: Metamethod, handler: Value<'gc>) -> bool {
        let known: Option<Gc<'gc, Function<'gc>>> = self.integer_handlers[event as usize].get();
        match (handler.as_function(), known) {
            (Some(handler), Some(known)) => Gc::ptr_eq(handler, known),
            _ => false,
        }
    }
}

fn operand(value: Value<'_>) -> Option<Operand> {
    match value.as_cdata() {
        Some(cdata) => Some(Operand::Integer(cdata.integer())),
        None => value.as_number().map(Operand::Number),
    }
}

/// Returns how messages call a value's type: C's name for an integer, Lua's for everything else.
fn type_name(value: Value<'_>) -> &'static str {
    match value.as_cdata() {
        Some(cdata) => cdata.integer().type_name(),
        None => value.type_name(),
    }
}

/// Computes what the handler of an operator's event answers, or words its error.
pub(crate) fn handle<'gc>(
    ctx: Context<'gc>,
    event: Metamethod,
    left: Value<'gc>,
    right: Value<'gc>,
) -> Result<Value<'gc>, String> {
    let operator = match event {
        Metamethod::Eq => return Ok(Value::boolean(equal(left, right))),
        Metamethod::Lt | Metamethod::Le => {
            return compare(event, left, right).map(Value::boolean);
        }
        Metamethod::Add => Operator::Add,
        Metamethod::Sub => Operator::Subtract,
        Metamethod::Mul => Operator::Multiply,
        Metamethod::Div => Operator::Divide,
        Metamethod::Mod => Operator::Modulo,
        Metamethod::Pow => Operator::Power,
        Metamethod::Unm => Operator::Negate,
        _ => return Err(refusal(event, left, right)),
    };
    match (operand(left), operand(right)) {
        (Some(a), Some(b)) => Ok(ctx.integer(integer::compute(operator, a, b)).into()),
        _ => Err(refusal(event, left, right)),
    }
}

/// Answers `left < right` or `left <= right`, or words its error.
pub(crate) fn compare(
    event: Metamethod,
    left: Value<'_>,
    right: Value<'_>,
) -> Result<bool, String> {
    let comparison = match event {
        Metamethod::Lt => Comparison::Less,
        _ => Comparison::LessOrEqual,
    };
    match (operand(left), operand(right)) {
        (Some(a), Some(b)) => Ok(integer::compare(comparison, a, b)),
        _ => Err(refusal(event, left, right)),
    }
}

/// Answers whether two values are equal as integers; an integer equals nothing but integers and numbers.
pub(crate) fn equal(left: Value<'_>, right: Value<'_>) -> bool {
    match (operand(left), operand(right)) {
        (Some(a), Some(b)) => integer::compare(Comparison::Equal, a, b),
        _ => false,
    }
}

/// Words the error of an operator on operands that it is not for.
pub(crate) fn refusal(event: Metamethod, left: Value<'_>, right: Value<'_>) -> String {
    let (left, right) = (type_name(left), type_name(right));
    match event {
        Metamethod::Len => format!("attempt to get length of '{left}'"),
        Metamethod::Concat => format!("attempt to concatenate '{left}' and '{right}'"),
        Metamethod::Lt | Metamethod::Le => format!("attempt to compare '{left}' with '{right}'"),
        _ => format!("attempt to perform arithmetic on '{left}' and '{right}'"),
    }
}

/// Words the error that an integer has no such field, whether read or written.
pub(crate) fn index_refusal(object: Value<'_>, key: Value<'_>) -> Vec<u8> {
    let name = type_name(object);
    let Some(key) = key.as_string() else {
        return format!("'{name}' cannot be indexed with '{}'", type_name(key)).into_bytes();
    };
    // LuaJIT shows the key as a C string, which ends at a zero.
    let shown = key.as_bytes().split(|&byte| byte == 0).next();
    [
        format!("'{name}' has no member named '").as_bytes(),
        shown.unwrap_or_default(),
        b"'",
    ]
    .concat()
}

/// Words the error that an integer cannot be called.
pub(crate) fn call_refusal(object: Value<'_>) -> String {
    format!("'{}' is not callable", type_name(object))
}

/// Words the error that an integer cannot be traversed by `pairs` or `ipairs`.
pub(crate) fn traversal_refusal(object: Value<'_>, event: Metamethod) -> String {
    format!(
        "'{}' has no '{}' metamethod",
        type_name(object),
        event.name()
    )
}
