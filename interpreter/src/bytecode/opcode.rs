//! LuaJIT 2.1's instruction set (dump version 2, FR2 frames) and the packing of operands.
//!
//! An instruction is 32 bits: `OP | A << 8 | C << 16 | B << 24`, or `OP | A << 8 | D << 16` where
//! `D` spans `C` and `B`. Jumps hold `target - (here + 1) + 0x8000` in `D`.
//! Source of the numbering: LuaJIT 2.1, `lj_bc.h`.
//!
//! Version history: 2 (LuaJIT 2.1) is the only version that is read or written.

/// Added to a jump distance so that it fits an unsigned field.
pub const JUMP_BIAS: i32 = 0x8000;

macro_rules! opcodes {
    ($($name:ident = $number:literal, $a:ident, $b:ident, $cd:ident;)*) => {
        /// An operation of the virtual machine.
        #[allow(clippy::upper_case_acronyms, missing_docs)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Op { $($name = $number,)* }

        /// All operations with their names and operand kinds, indexed by number.
        pub const OPS: &[Shape] = &[$(Shape {
            op: Op::$name,
            name: stringify!($name),
            a: Operand::$a,
            b: Operand::$b,
            cd: Operand::$cd,
        },)*];
    };
}

/// What an operand field means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operand {
    /// Not used.
    None,
    /// A register that the instruction writes.
    Dst,
    /// The first register of a group that the instruction reads or writes, see the instruction.
    Base,
    /// A register that is read.
    Var,
    /// A register that is read, with the group above it.
    RBase,
    /// An upvalue index.
    Uv,
    /// An unsigned literal.
    Lit,
    /// A signed 16-bit literal.
    LitS,
    /// nil, false or true as 0, 1, 2.
    Pri,
    /// Index into the numeric constants.
    Num,
    /// Index into the constants: a string.
    Str,
    /// Index into the constants: a table template.
    Tab,
    /// Index into the constants: a nested function.
    Func,
    /// Index into the constants: a cdata literal.
    Cdata,
    /// A biased jump distance.
    Jump,
}

/// Name and operand kinds of one operation.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub op: Op,
    pub name: &'static str,
    pub a: Operand,
    pub b: Operand,
    /// `C` where `b` is used, else `D`.
    pub cd: Operand,
}

opcodes! {
    ISLT = 0, Var, None, Var;
    ISGE = 1, Var, None, Var;
    ISLE = 2, Var, None, Var;
    ISGT = 3, Var, None, Var;
    ISEQV = 4, Var, None, Var;
    ISNEV = 5, Var, None, Var;
    ISEQS = 6, Var, None, Str;
    ISNES = 7, Var, None, Str;
    ISEQN = 8, Var, None, Num;
    ISNEN = 9, Var, None, Num;
    ISEQP = 10, Var, None, Pri;
    ISNEP = 11, Var, None, Pri;
    ISTC = 12, Dst, None, Var;
    ISFC = 13, Dst, None, Var;
    IST = 14, None, None, Var;
    ISF = 15, None, None, Var;
    ISTYPE = 16, Var, None, Lit;
    ISNUM = 17, Var, None, Lit;
    MOV = 18, Dst, None, Var;
    NOT = 19, Dst, None, Var;
    UNM = 20, Dst, None, Var;
    LEN = 21, Dst, None, Var;
    ADDVN = 22, Dst, Var, Num;
    SUBVN = 23, Dst, Var, Num;
    MULVN = 24, Dst, Var, Num;
    DIVVN = 25, Dst, Var, Num;
    MODVN = 26, Dst, Var, Num;
    ADDNV = 27, Dst, Var, Num;
    SUBNV = 28, Dst, Var, Num;
    MULNV = 29, Dst, Var, Num;
    DIVNV = 30, Dst, Var, Num;
    MODNV = 31, Dst, Var, Num;
    ADDVV = 32, Dst, Var, Var;
    SUBVV = 33, Dst, Var, Var;
    MULVV = 34, Dst, Var, Var;
    DIVVV = 35, Dst, Var, Var;
    MODVV = 36, Dst, Var, Var;
    POW = 37, Dst, Var, Var;
    CAT = 38, Dst, RBase, RBase;
    KSTR = 39, Dst, None, Str;
    KCDATA = 40, Dst, None, Cdata;
    KSHORT = 41, Dst, None, LitS;
    KNUM = 42, Dst, None, Num;
    KPRI = 43, Dst, None, Pri;
    KNIL = 44, Base, None, Base;
    UGET = 45, Dst, None, Uv;
    USETV = 46, Uv, None, Var;
    USETS = 47, Uv, None, Str;
    USETN = 48, Uv, None, Num;
    USETP = 49, Uv, None, Pri;
    UCLO = 50, RBase, None, Jump;
    FNEW = 51, Dst, None, Func;
    TNEW = 52, Dst, None, Lit;
    TDUP = 53, Dst, None, Tab;
    GGET = 54, Dst, None, Str;
    GSET = 55, Var, None, Str;
    TGETV = 56, Dst, Var, Var;
    TGETS = 57, Dst, Var, Str;
    TGETB = 58, Dst, Var, Lit;
    TGETR = 59, Dst, Var, Var;
    TSETV = 60, Var, Var, Var;
    TSETS = 61, Var, Var, Str;
    TSETB = 62, Var, Var, Lit;
    TSETM = 63, Base, None, Num;
    TSETR = 64, Var, Var, Var;
    CALLM = 65, Base, Lit, Lit;
    CALL = 66, Base, Lit, Lit;
    CALLMT = 67, Base, None, Lit;
    CALLT = 68, Base, None, Lit;
    ITERC = 69, Base, Lit, Lit;
    ITERN = 70, Base, Lit, Lit;
    VARG = 71, Base, Lit, Lit;
    ISNEXT = 72, Base, None, Jump;
    RETM = 73, Base, None, Lit;
    RET = 74, RBase, None, Lit;
    RET0 = 75, RBase, None, Lit;
    RET1 = 76, RBase, None, Lit;
    FORI = 77, Base, None, Jump;
    JFORI = 78, Base, None, Jump;
    FORL = 79, Base, None, Jump;
    IFORL = 80, Base, None, Jump;
    JFORL = 81, Base, None, Lit;
    ITERL = 82, Base, None, Jump;
    IITERL = 83, Base, None, Jump;
    JITERL = 84, Base, None, Lit;
    LOOP = 85, RBase, None, Jump;
    ILOOP = 86, RBase, None, Jump;
    JLOOP = 87, RBase, None, Lit;
    JMP = 88, RBase, None, Jump;
    FUNCF = 89, RBase, None, None;
    IFUNCF = 90, RBase, None, None;
    JFUNCF = 91, RBase, None, Lit;
    FUNCV = 92, RBase, None, None;
    IFUNCV = 93, RBase, None, None;
    JFUNCV = 94, RBase, None, Lit;
    FUNCC = 95, RBase, None, None;
    FUNCCW = 96, RBase, None, None;
}

impl Op {
    /// Returns the operation of an instruction, or `None` where the number is none.
    pub fn of(instruction: u32) -> Option<Op> {
        OPS.get((instruction & 0xff) as usize).map(|shape| shape.op)
    }

    /// Returns the operand kinds.
    pub fn shape(self) -> &'static Shape {
        &OPS[self as usize]
    }
}

/// Returns the `A` field.
#[inline(always)]
pub fn a(instruction: u32) -> usize {
    ((instruction >> 8) & 0xff) as usize
}

/// Returns the `B` field.
#[inline(always)]
pub fn b(instruction: u32) -> usize {
    (instruction >> 24) as usize
}

/// Returns the `C` field.
#[inline(always)]
pub fn c(instruction: u32) -> usize {
    ((instruction >> 16) & 0xff) as usize
}

/// Returns the `D` field.
#[inline(always)]
pub fn d(instruction: u32) -> usize {
    (instruction >> 16) as usize
}

/// Returns the jump distance, relative to the following instruction.
#[inline(always)]
pub fn jump(instruction: u32) -> isize {
    (instruction >> 16) as isize - JUMP_BIAS as isize
}

/// Packs an instruction with the fields `A`, `B`, `C`.
pub fn pack_abc(op: Op, a: u8, b: u8, c: u8) -> u32 {
    op as u32 | (a as u32) << 8 | (c as u32) << 16 | (b as u32) << 24
}

/// Packs an instruction with the fields `A`, `D`.
pub fn pack_ad(op: Op, a: u8, d: u16) -> u32 {
    op as u32 | (a as u32) << 8 | (d as u32) << 16
}
