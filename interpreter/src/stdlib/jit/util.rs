//! `require "jit.util"`: what a function's bytecode looks like, with LuaJIT's fields and numbers.
//!
//! There are no traces, so what asks for one answers nothing. LuaJIT hands out nested functions as values of
//! a type of their own; here there are none.

use gc_arena::Gc;

use crate::bytecode::opcode::{self, OPS, Op, Operand};
use crate::bytecode::{Constant, flags};
use crate::call::{Call, NativeResult};
use crate::error::Error;
use crate::function::{Function, NativeFn, Prototype};
use crate::value::Value;
use crate::vm::describe;

/// The number of metamethods, which stands for none in the mode of an instruction (`MM__MAX`).
const NO_METAMETHOD: u32 = 22;

/// Longest chunk name that `loc` shows.
const LONG_NAME: usize = 40;

/// The loader of `jit.util`.
pub(crate) fn load<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let library = call.table();
    let no_trace: NativeFn = |call| {
        call.check_number(1)?;
        call.ret0()
    };
    call.register(
        library,
        &[
            ("funcbc", funcbc),
            ("funcinfo", funcinfo),
            ("funck", funck),
            ("funcuvname", funcuvname),
            ("traceexitstub", no_trace),
            ("traceinfo", no_trace),
            ("traceir", no_trace),
            ("tracek", no_trace),
            ("tracemc", no_trace),
            ("tracesnap", no_trace),
        ],
    )?;
    call.ret(library)
}

/// Returns the prototype of the Lua function in argument 1; the closure keeps it alive.
fn check_prototype<'gc>(
    call: &Call<'gc>,
) -> Result<(Gc<'gc, Function<'gc>>, &'gc Prototype<'gc>), Error<'gc>> {
    let function = call.check_function(1)?;
    match function.prototype() {
        Some(prototype) => Ok((function, prototype)),
        None => Err(call.type_error(1, "function")),
    }
}

fn funcinfo<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let function = call.check_function(1)?;
    let position = call.opt_int(2, 0)?;
    let info = call.table();
    let set = |name: &str, number: u32| call.set_field(info, name, f64::from(number));
    let Some(prototype) = function.prototype() else {
        set("addr", call.ctx.serial(&function.serial))?;
        set("upvalues", function.upvalue_count() as u32)?;
        return call.ret(info);
    };
    let template = prototype.template();
    // Position 0 is that of LuaJIT's function header.
    let line = usize::try_from(position)
        .ok()
        .filter(|&position| position <= template.code.len())
        .map(|position| {
            let pc = prototype.entry().wrapping_add(position);
            describe::line_at(prototype, pc).unwrap_or(0)
        });
    if let Some(line) = line {
        set("currentline", line)?;
    }
    set("linedefined", template.first_line)?;
    set("lastlinedefined", template.first_line + template.num_lines)?;
    set("stackslots", u32::from(template.frame_size))?;
    set("params", u32::from(template.num_params))?;
    set("bytecodes", template.code.len() as u32 + 1)?;
    set("gcconsts", template.constants.len() as u32)?;
    set("nconsts", template.numbers.len() as u32)?;
    set("upvalues", template.upvalues.len() as u32)?;
    call.set_field(info, "isvararg", template.flags & flags::VARARG != 0)?;
    call.set_field(info, "children", template.flags & flags::CHILD != 0)?;
    call.set_field(info, "source", call.string(&template.chunk_name))?;
    let serial = call.ctx.serial(&function.serial);
    let mut place = place(&template.chunk_name, serial);
    place.extend_from_slice(format!(":{}", line.unwrap_or(0)).as_bytes());
    call.set_field(info, "loc", call.string(place))?;
    call.ret(info)
}

/// Returns the short name of a chunk: the last part of a file's path, and a number for a long text.
fn place(chunk_name: &[u8], serial: u32) -> Vec<u8> {
    match chunk_name.first() {
        Some(b'@') => {
            let parts = chunk_name[1..].rsplit(|&byte| matches!(byte, b'/' | b'\\'));
            parts.map(<[u8]>::to_vec).next().unwrap_or_default()
        }
        _ if chunk_name.len() > LONG_NAME => format!("0x{serial:08x}").into_bytes(),
        Some(b'=') => chunk_name[1..].to_vec(),
        _ => [b"\"", chunk_name, b"\""].concat(),
    }
}

/// Returns an instruction and its mode.
fn funcbc<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let (_, prototype) = check_prototype(call)?;
    let template = prototype.template();
    let word = match usize::try_from(call.check_int(2)?) {
        Ok(0) if prototype.is_vararg => opcode::pack_ad(Op::FUNCV, template.frame_size, 0),
        Ok(0) => opcode::pack_ad(Op::FUNCF, template.frame_size, 0),
        Ok(position) => match template.code.get(position - 1) {
            Some(word) => word,
            None => return call.ret0(),
        },
        Err(_) => return call.ret0(),
    };
    let mode = Op::of(word).map_or(0, mode);
    call.ret_all(&[
        Value::number(f64::from(word as i32)),
        Value::number(f64::from(mode)),
    ])
}

/// Returns how LuaJIT describes an operation: the kinds of its operands and its metamethod (`lj_bc_mode`).
fn mode(op: Op) -> u32 {
    let shape = &OPS[op as usize];
    let kind = |operand| match operand {
        Operand::None => 0,
        Operand::Dst => 1,
        Operand::Base => 2,
        Operand::Var => 3,
        Operand::RBase => 4,
        Operand::Uv => 5,
        Operand::Lit => 6,
        Operand::LitS => 7,
        Operand::Pri => 8,
        Operand::Num => 9,
        Operand::Str => 10,
        Operand::Tab => 11,
        Operand::Func => 12,
        Operand::Jump => 13,
        Operand::Cdata => 14,
    };
    let metamethod = match op {
        Op::TGETV | Op::TGETS | Op::TGETB | Op::TGETR | Op::GGET => 0,
        Op::TSETV | Op::TSETS | Op::TSETB | Op::TSETM | Op::TSETR | Op::GSET => 1,
        Op::FNEW | Op::TNEW | Op::TDUP => 2,
        op if (Op::ISEQV..=Op::ISNEP).contains(&op) => 4,
        Op::LEN => 5,
        Op::ISLT | Op::ISGE => 6,
        Op::ISLE | Op::ISGT => 7,
        Op::CAT => 8,
        op if (Op::CALLM..=Op::ITERN).contains(&op) => 9,
        Op::ADDVN | Op::ADDNV | Op::ADDVV => 10,
        Op::SUBVN | Op::SUBNV | Op::SUBVV => 11,
        Op::MULVN | Op::MULNV | Op::MULVV => 12,
        Op::DIVVN | Op::DIVNV | Op::DIVVV => 13,
        Op::MODVN | Op::MODNV | Op::MODVV => 14,
        Op::POW => 15,
        Op::UNM => 16,
        _ => NO_METAMETHOD,
    };
    kind(shape.a) | kind(shape.b) << 3 | kind(shape.cd) << 7 | metamethod << 11
}

/// Returns a constant: numbers from 0 up, the others from -1 down.
fn funck<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let (_, prototype) = check_prototype(call)?;
    let template = prototype.template();
    let index = call.check_int(2)?;
    if let Ok(index) = usize::try_from(index) {
        return match template.numbers.get(index) {
            Some(&number) => call.ret(number),
            None => call.ret0(),
        };
    }
    let operand = !index as usize;
    match template.constants.get(operand) {
        Some(Constant::String(_)) => call.ret(prototype.constant(operand)),
        // A copy, for what is made of the constant must stay as it is.
        Some(Constant::Table(_)) => match prototype.constant(operand).as_table() {
            Some(table) => call.ret(table.duplicate(call.mutation(), call.heap())),
            None => call.ret0(),
        },
        _ => call.ret0(),
    }
}

fn funcuvname<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let (_, prototype) = check_prototype(call)?;
    let index = usize::try_from(call.check_int(2)?).unwrap_or(usize::MAX);
    let template = prototype.template();
    if index >= template.upvalues.len() {
        return call.ret0();
    }
    let debug = template.debug.as_ref();
    let name = debug.and_then(|debug| debug.upvalue_names.get(index));
    call.ret(call.string(name.unwrap_or_default()))
}
