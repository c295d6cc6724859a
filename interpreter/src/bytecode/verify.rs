//! Decides whether a template may run: the interpreter trusts every operand that passed here.
//!
//! A dump comes from outside and may hold anything. What LuaJIT's compiler emits always passes;
//! what could make an interpreter with unchecked register, constant and code pointers leave its
//! memory does not. [`verify`] lists what is guaranteed and what is not.

use super::opcode::{Op, Operand, a, b, c, d, jump};
use super::{Constant, Scalar, Template, UpvalueSource, flags};

/// The largest frame that LuaJIT's compiler makes (`LJ_MAX_SLOTS`).
pub const MAX_FRAME_SIZE: u8 = 250;

/// The most upvalues that LuaJIT's compiler gives a function (`LJ_MAX_UPVAL`).
pub const MAX_UPVALUES: usize = 60;

/// The most instructions of a function (`LJ_MAX_BCINS`).
pub const MAX_INSTRUCTIONS: usize = 1 << 26;

/// The largest hash part that `TNEW` may ask for, as a power of two (`LJ_MAX_HBITS`).
pub const MAX_HASH_BITS: usize = 26;

/// Upper half of the double `2^52 + n`, the form in which `TSETM` holds the index `n`.
const STORE_INDEX_HIGH: u64 = 0x4330_0000;

/// Why a template may not run, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid bytecode in the function at line {first_line}, instruction {instruction}: {kind}")]
pub struct VerifyError {
    /// [`Template::first_line`] of the function.
    pub first_line: u32,
    /// Index into [`Template::code`]; 0 where the function as a whole is at fault.
    pub instruction: usize,
    pub kind: VerifyErrorKind,
}

/// What is wrong with a function or an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyErrorKind {
    #[error("unknown function flags {0:#x}")]
    Flags(u8),
    #[error("a frame of {0} registers")]
    FrameSize(u8),
    #[error("{parameters} parameters do not fit {frame_size} registers")]
    Parameters { parameters: u8, frame_size: u8 },
    #[error("{0} instructions")]
    CodeLength(usize),
    #[error("{0} upvalues")]
    UpvalueCount(usize),
    #[error("the source {source_bits:#06x} of upvalue {upvalue} does not exist")]
    UpvalueSource { upvalue: usize, source_bits: u16 },
    #[error("{found} entries of debug information for {expected}")]
    DebugLength { found: usize, expected: usize },
    #[error("numeric constant {0} is a NaN that looks like another type")]
    NotANumber(usize),
    #[error("table constant {0} has a key or a value that no table can hold")]
    Table(usize),
    #[error("there is no operation {0}")]
    Opcode(u8),
    #[error("{0:?} is for LuaJIT's own use")]
    Internal(Op),
    #[error("register {register} is outside of a frame of {frame_size}")]
    Register { register: usize, frame_size: u8 },
    #[error("constant {index} is not of the kind {expected:?}")]
    Constant { index: usize, expected: Operand },
    #[error("upvalue {0} does not exist")]
    Upvalue(usize),
    #[error("primitive {0} does not exist")]
    Primitive(usize),
    #[error("a count of {0}")]
    Count(usize),
    #[error("the register range {first} to {last} is empty")]
    Range { first: usize, last: usize },
    #[error("a table with 2^{0} hash slots")]
    TableSize(usize),
    #[error("a jump to {0}")]
    Jump(isize),
    #[error("no JMP follows a comparison")]
    MissingJump,
    #[error("execution runs past the last instruction")]
    MissingReturn,
    #[error("a function is created although the flags deny it")]
    MissingChildFlag,
    #[error("variable arguments are taken from a function that has none or other parameters")]
    Vararg,
    #[error("the parts of a loop do not fit together")]
    Loop,
    #[error("the number of results that it uses is not known on every path")]
    MultipleResults,
    #[error("register {0} may still be an open upvalue")]
    OpenUpvalue(usize),
}

/// Checks a function and everything in it.
///
/// What holds afterwards, for every function of the tree:
///
/// - Every instruction is one of [`Op`] and none of LuaJIT's internal ones (`ISTYPE`, `ISNUM`,
///   `TGETR`, `TSETR`, `FUNC*` and the patched `I*` and `J*` loops).
/// - Registers are below `frame_size`: the operands and the implied ones (call frames with the
///   function at `A` and the link at `A + 1`, arguments, a fixed number of results, loop slots, the
///   table below `TSETM`). `1 <= frame_size <= 250`, `num_params <= frame_size`.
/// - Constants, numbers and upvalues exist and are of the kind that the operation needs. No number
///   is a NaN other than the two quiet ones without payload.
/// - An upvalue source of a nested function is a register or an upvalue of the enclosing function.
///   The outermost function has no enclosing one; its sources mean nothing.
/// - Control stays inside of the code. A comparison is followed by a `JMP` and one more instruction.
/// - `FORI` and `FORL` enclose a body with the same `A` and jump past each other; `ITERC` and
///   `ITERN` are followed by their `ITERL`, which is entered in no other way; `ISNEXT` jumps to an
///   `ITERN` with the same `A`.
/// - `CALLM`, `CALLMT`, `RETM`, `TSETM` are reached only straight after a call or `VARG` with
///   `B = 0` whose results start where the instruction expects them; `UCLO`s may lie between.
/// - `VARG` is in a function with variable arguments and its `C` is `num_params`.
/// - A function returns or tail-calls with no open upvalue in its frame, and calls with none at or
///   above the call's `A`: an upvalue never aliases a link slot or a dead frame.
/// - Debug information, where present, has one line per instruction and one name per upvalue.
///
/// What the interpreter must look after itself:
///
/// - The values in registers. Nothing says that a register was written before it is read (whatever
///   a slot of the stack holds, links of finished calls included, must be a valid value), nor that
///   loop slots still hold what `FORI` or `ISNEXT` put there: the body may write them, and a jump
///   may enter the loop elsewhere.
/// - Calls that the code does not show (metamethods, hooks) take their frames above `frame_size`.
/// - Upvalues that are open in frames that an error unwinds.
/// - Fuel: a loop need not contain `LOOP`; any backward jump, that of `UCLO` included, closes one.
/// - Memory: `TNEW` may ask for 2^26 hash slots, `TSETM` may start at any 32-bit index.
/// - Variables in the debug information, which may name any register and range.
///
/// # Errors
///
/// The first violation that is found.
pub fn verify(template: &Template) -> Result<(), VerifyError> {
    let mut stack = vec![(template, None)];
    while let Some((template, parent)) = stack.pop() {
        let mut function = Function { template, at: 0 };
        if let Err(kind) = function.check(parent) {
            return Err(VerifyError {
                first_line: template.first_line,
                instruction: function.at,
                kind,
            });
        }
        for constant in &template.constants {
            if let Constant::Child(child) = constant {
                stack.push((child, Some(template)));
            }
        }
    }
    Ok(())
}

type Check = Result<(), VerifyErrorKind>;

/// A function under verification.
struct Function<'a> {
    template: &'a Template,
    /// The instruction that is looked at, for the error.
    at: usize,
}

impl Function<'_> {
    fn check(&mut self, parent: Option<&Template>) -> Check {
        self.check_shape()?;
        self.check_constants()?;
        self.check_upvalue_sources(parent)?;
        for at in 0..self.template.code.len() {
            self.at = at;
            self.check_instruction()?;
        }
        self.check_multiple_results()?;
        self.check_open_upvalues()
    }

    fn check_shape(&self) -> Check {
        let template = self.template;
        if template.flags & !(flags::CHILD | flags::VARARG | flags::FFI) != 0 {
            return Err(VerifyErrorKind::Flags(template.flags));
        }
        if !(1..=MAX_FRAME_SIZE).contains(&template.frame_size) {
            return Err(VerifyErrorKind::FrameSize(template.frame_size));
        }
        if template.num_params > template.frame_size {
            return Err(VerifyErrorKind::Parameters {
                parameters: template.num_params,
                frame_size: template.frame_size,
            });
        }
        if !(1..=MAX_INSTRUCTIONS).contains(&template.code.len()) {
            return Err(VerifyErrorKind::CodeLength(template.code.len()));
        }
        if template.upvalues.len() > MAX_UPVALUES {
            return Err(VerifyErrorKind::UpvalueCount(template.upvalues.len()));
        }
        if let Some(debug) = &template.debug {
            let lengths = [
                (debug.lines.len(), template.code.len()),
                (debug.upvalue_names.len(), template.upvalues.len()),
            ];
            for (found, expected) in lengths {
                if found != expected {
                    return Err(VerifyErrorKind::DebugLength { found, expected });
                }
            }
        }
        Ok(())
    }

    fn check_constants(&self) -> Check {
        for (index, &number) in self.template.numbers.iter().enumerate() {
            if !is_plain(number) {
                return Err(VerifyErrorKind::NotANumber(index));
            }
        }
        for (index, constant) in self.template.constants.iter().enumerate() {
            let Constant::Table(table) = constant else {
                continue;
            };
            let keys_fit = table.hash.iter().all(|(key, _)| match key {
                Scalar::Nil => false,
                Scalar::Number(number) => !number.is_nan(),
                _ => true,
            });
            let values = table.hash.iter().map(|(_, value)| value);
            let values_fit = table.array.iter().chain(values).all(|value| match value {
                Scalar::Number(number) => is_plain(*number),
                _ => true,
            });
            if !keys_fit || !values_fit {
                return Err(VerifyErrorKind::Table(index));
            }
        }
        Ok(())
    }

    fn check_upvalue_sources(&self, parent: Option<&Template>) -> Check {
        for (upvalue, &source) in self.template.upvalues.iter().enumerate() {
            let named = UpvalueSource::LOCAL | UpvalueSource::IMMUTABLE | 0xff;
            let index = usize::from(source.index());
            let exists = match parent {
                Some(parent) if source.is_local() => index < usize::from(parent.frame_size),
                Some(parent) => index < parent.upvalues.len(),
                None => true,
            };
            if source.0 & !named != 0 || !exists {
                return Err(VerifyErrorKind::UpvalueSource {
                    upvalue,
                    source_bits: source.0,
                });
            }
        }
        Ok(())
    }

    /// Checks the instruction at `self.at` by itself and together with its neighbours.
    fn check_instruction(&self) -> Check {
        let instruction = self.template.code.at(self.at);
        let op = Op::of(instruction).ok_or(VerifyErrorKind::Opcode(instruction as u8))?;
        self.check_operands(op, instruction)?;
        self.check_group(op, instruction)?;
        if self.falls_through(op) && self.op_at(self.at + 1).is_none() {
            return Err(VerifyErrorKind::MissingReturn);
        }
        if is_comparison(op) {
            if self.op_at(self.at + 1) != Some(Op::JMP) {
                return Err(VerifyErrorKind::MissingJump);
            }
            if self.op_at(self.at + 2).is_none() {
                return Err(VerifyErrorKind::MissingReturn);
            }
        }
        Ok(())
    }

    /// Checks the operands as the instruction's shape describes them.
    fn check_operands(&self, op: Op, instruction: u32) -> Check {
        let shape = op.shape();
        // What `A` is the base of differs: see `check_group`. `JMP` and `LOOP` do not use it.
        if shape.a != Operand::RBase {
            self.check_operand(shape.a, a(instruction))?;
        }
        if shape.b == Operand::None {
            self.check_operand(shape.cd, d(instruction))
        } else {
            self.check_operand(shape.b, b(instruction))?;
            self.check_operand(shape.cd, c(instruction))
        }
    }

    fn check_operand(&self, operand: Operand, value: usize) -> Check {
        match operand {
            Operand::None | Operand::Lit | Operand::LitS => Ok(()),
            Operand::Dst | Operand::Base | Operand::Var | Operand::RBase => {
                self.check_register(value)
            }
            Operand::Uv if value < self.template.upvalues.len() => Ok(()),
            Operand::Uv => Err(VerifyErrorKind::Upvalue(value)),
            Operand::Pri if value <= 2 => Ok(()),
            Operand::Pri => Err(VerifyErrorKind::Primitive(value)),
            Operand::Jump => self.check_target(value as isize - super::opcode::JUMP_BIAS as isize),
            Operand::Num | Operand::Str | Operand::Tab | Operand::Func | Operand::Cdata => {
                let fits = match (operand, self.template.constants.get(value)) {
                    (Operand::Num, _) => value < self.template.numbers.len(),
                    (Operand::Str, Some(Constant::String(_))) => true,
                    (Operand::Tab, Some(Constant::Table(_))) => true,
                    (Operand::Func, Some(Constant::Child(_))) => true,
                    (
                        Operand::Cdata,
                        Some(Constant::Int64(_) | Constant::Uint64(_) | Constant::Complex(..)),
                    ) => true,
                    _ => false,
                };
                if !fits {
                    return Err(VerifyErrorKind::Constant {
                        index: value,
                        expected: operand,
                    });
                }
                Ok(())
            }
        }
    }

    /// Checks what an instruction implies beyond its operands.
    fn check_group(&self, op: Op, instruction: u32) -> Check {
        let (a, b, c, d) = (
            a(instruction),
            b(instruction),
            c(instruction),
            d(instruction),
        );
        match op {
            Op::CAT => check_range(b, c),
            Op::KNIL => check_range(a, d),
            // Closing from the register after the last one closes nothing.
            Op::UCLO if a == usize::from(self.template.frame_size) => Ok(()),
            Op::UCLO => self.check_register(a),
            Op::FNEW if self.template.flags & flags::CHILD == 0 => {
                Err(VerifyErrorKind::MissingChildFlag)
            }
            Op::TNEW if d >> 11 > MAX_HASH_BITS => Err(VerifyErrorKind::TableSize(d >> 11)),
            Op::TSETM => {
                if self.template.numbers[d].to_bits() >> 32 != STORE_INDEX_HIGH {
                    return Err(VerifyErrorKind::Constant {
                        index: d,
                        expected: Operand::Num,
                    });
                }
                self.check_below(a, 1)
            }
            Op::CALL => {
                check_count(c)?;
                self.check_register(a + c)?;
                self.check_results(a, b)
            }
            Op::CALLM => {
                self.check_register(a + 1 + c)?;
                self.check_results(a, b)
            }
            Op::CALLT => {
                check_count(d)?;
                self.check_register(a + d)
            }
            Op::CALLMT => self.check_register(a + 1 + d),
            Op::ITERC | Op::ITERN => {
                self.check_below(a, 3)?;
                self.check_register(a + 3)?;
                if b < 2 || c != 3 {
                    return Err(VerifyErrorKind::Count(if c == 3 { b } else { c }));
                }
                self.check_results(a, b)?;
                self.check_loop(self.is_at(self.at + 1, Op::ITERL, a))
            }
            Op::ITERL => self.check_loop(self.at.checked_sub(1).is_some_and(|previous| {
                self.is_at(previous, Op::ITERC, a) || self.is_at(previous, Op::ITERN, a)
            })),
            Op::ISNEXT => self.check_loop(self.is_at(self.target(self.at), Op::ITERN, a)),
            Op::VARG => {
                let takes_varargs = self.template.flags & flags::VARARG != 0;
                if !takes_varargs || c != usize::from(self.template.num_params) {
                    return Err(VerifyErrorKind::Vararg);
                }
                self.check_results(a, b)
            }
            Op::RETM => self.check_returned(a, d),
            Op::RET => {
                check_count(d)?;
                self.check_returned(a, d - 1)
            }
            Op::RET0 if d != 1 => Err(VerifyErrorKind::Count(d)),
            Op::RET1 if d != 2 => Err(VerifyErrorKind::Count(d)),
            Op::RET1 => self.check_register(a),
            Op::FORI => {
                self.check_register(a + 3)?;
                let exit = self.target(self.at);
                let end = exit.wrapping_sub(1);
                self.check_loop(
                    exit > self.at
                        && self.is_at(end, Op::FORL, a)
                        && self.target(end) == self.at + 1,
                )
            }
            Op::FORL => {
                self.check_register(a + 3)?;
                let body = self.target(self.at);
                self.check_loop(
                    body <= self.at
                        && body.checked_sub(1).is_some_and(|start| {
                            self.is_at(start, Op::FORI, a) && self.target(start) == self.at + 1
                        }),
                )
            }
            Op::ISTYPE | Op::ISNUM | Op::TGETR | Op::TSETR => Err(VerifyErrorKind::Internal(op)),
            Op::JFORI | Op::IFORL | Op::JFORL | Op::IITERL | Op::JITERL | Op::ILOOP | Op::JLOOP => {
                Err(VerifyErrorKind::Internal(op))
            }
            _ if op >= Op::FUNCF => Err(VerifyErrorKind::Internal(op)),
            _ => Ok(()),
        }
    }

    fn check_register(&self, register: usize) -> Check {
        if register < usize::from(self.template.frame_size) {
            return Ok(());
        }
        Err(VerifyErrorKind::Register {
            register,
            frame_size: self.template.frame_size,
        })
    }

    /// Checks that there are `count` registers below `register`.
    fn check_below(&self, register: usize, count: usize) -> Check {
        if register < count {
            return Err(VerifyErrorKind::Register {
                register: register.wrapping_sub(count),
                frame_size: self.template.frame_size,
            });
        }
        Ok(())
    }

    /// Checks where results go; `wanted` is their number plus one, or 0 for all of them.
    fn check_results(&self, first: usize, wanted: usize) -> Check {
        if wanted < 2 {
            return Ok(());
        }
        self.check_register(first + wanted - 2)
    }

    /// Checks the registers that a function returns.
    fn check_returned(&self, first: usize, count: usize) -> Check {
        if count == 0 {
            return Ok(());
        }
        self.check_register(first + count - 1)
    }

    /// Checks a jump distance, relative to the following instruction.
    fn check_target(&self, distance: isize) -> Check {
        let target = self.at as isize + 1 + distance;
        let op = usize::try_from(target)
            .ok()
            .and_then(|target| self.op_at(target));
        match op {
            // Its values come from the instruction before it.
            Some(Op::ITERL) => Err(VerifyErrorKind::Loop),
            Some(_) => Ok(()),
            None => Err(VerifyErrorKind::Jump(target)),
        }
    }

    fn check_loop(&self, fits: bool) -> Check {
        if fits {
            Ok(())
        } else {
            Err(VerifyErrorKind::Loop)
        }
    }

    fn op_at(&self, at: usize) -> Option<Op> {
        self.template.code.get(at).and_then(Op::of)
    }

    /// Returns whether an instruction has this operation and this `A`.
    fn is_at(&self, at: usize, op: Op, register: usize) -> bool {
        self.op_at(at) == Some(op) && a(self.template.code.at(at)) == register
    }

    /// Returns where the jump at `at` goes; a bad one goes to an index that is out of range.
    fn target(&self, at: usize) -> usize {
        (at + 1).wrapping_add_signed(jump(self.template.code.at(at)))
    }

    /// Returns whether the instruction at `self.at` continues with the next one.
    ///
    /// For `ITERC`, `ITERN` and comparisons that instruction belongs to them but is also executed.
    fn falls_through(&self, op: Op) -> bool {
        !matches!(op, Op::JMP | Op::UCLO | Op::ISNEXT) && !is_exit(op)
    }

    /// Returns where execution may go from an instruction that was checked.
    fn successors(&self, at: usize, op: Op) -> [Option<usize>; 2] {
        let next = self.falls_through(op).then_some(at + 1);
        let other = match op {
            Op::JMP | Op::UCLO | Op::ISNEXT | Op::FORI | Op::FORL | Op::ITERL => {
                Some(self.target(at))
            }
            _ if is_comparison(op) => Some(at + 2),
            _ => None,
        };
        [next, other]
    }
}

/// What is known where control enters an instruction about the results of the last open call.
#[derive(Clone, Copy, PartialEq)]
enum Results {
    /// No instruction before this one leads here.
    Unseen,
    /// On some path there are none.
    Unknown,
    /// They start at this register.
    From(u8),
}

impl Results {
    fn join(self, other: Results) -> Results {
        match self {
            Results::Unseen => other,
            _ if self == other => self,
            _ => Results::Unknown,
        }
    }
}

impl Function<'_> {
    /// Checks that each use of a variable number of results follows what made them.
    ///
    /// One pass in order suffices: no knowledge is passed backwards.
    fn check_multiple_results(&mut self) -> Check {
        let code = &self.template.code;
        let consumes = |word| results_base(word).is_some();
        if !code.words().any(consumes) {
            return Ok(());
        }
        let mut known = vec![Results::Unseen; code.len()];
        for (at, word) in code.words().enumerate() {
            let Some(op) = Op::of(word) else { continue };
            for target in self.successors(at, op).into_iter().flatten() {
                if target <= at {
                    known[target] = Results::Unknown;
                }
            }
        }
        for (at, word) in code.words().enumerate() {
            self.at = at;
            let Some(op) = Op::of(word) else { continue };
            if let Some(base) = results_base(word) {
                let fits = matches!(known[at], Results::From(first) if usize::from(first) == base);
                if !fits {
                    return Err(VerifyErrorKind::MultipleResults);
                }
            }
            let after = match op {
                Op::CALL | Op::CALLM | Op::VARG if b(word) == 0 => Results::From(a(word) as u8),
                // LuaJIT closes upvalues between the last call and `RETM`.
                Op::UCLO if known[at] != Results::Unseen => known[at],
                _ => Results::Unknown,
            };
            for target in self.successors(at, op).into_iter().flatten() {
                if target > at {
                    known[target] = known[target].join(after);
                }
            }
        }
        Ok(())
    }

    /// Checks that no upvalue is open where its register becomes something else than a variable.
    ///
    /// Follows the registers that may be captured along all paths from the start.
    fn check_open_upvalues(&mut self) -> Check {
        let code = &self.template.code;
        let captures: Vec<Registers> = self.template.constants.iter().map(captured).collect();
        if captures.iter().all(|registers| registers.is_empty()) {
            return Ok(());
        }
        let mut entered: Vec<Option<Registers>> = vec![None; code.len()];
        entered[0] = Some(Registers::default());
        let mut pending = vec![0];
        while let Some(at) = pending.pop() {
            self.at = at;
            let word = code.at(at);
            let Some(op) = Op::of(word) else { continue };
            let mut open = entered[at].unwrap_or_default();
            match op {
                Op::FNEW => open.add(captures[d(word)]),
                Op::UCLO => open.remove_from(a(word)),
                Op::CALL | Op::CALLM | Op::ITERC | Op::ITERN => open.check_none_from(a(word))?,
                _ if is_exit(op) => open.check_none_from(0)?,
                _ => {}
            }
            for target in self.successors(at, op).into_iter().flatten() {
                let mut merged = open;
                merged.add(entered[target].unwrap_or_default());
                if entered[target] != Some(merged) {
                    entered[target] = Some(merged);
                    pending.push(target);
                }
            }
        }
        Ok(())
    }
}

/// A set of registers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Registers([u64; 4]);

impl Registers {
    fn is_empty(&self) -> bool {
        self.0 == [0; 4]
    }

    fn insert(&mut self, register: usize) {
        self.0[register / 64] |= 1 << (register % 64);
    }

    fn add(&mut self, other: Registers) {
        for (word, more) in self.0.iter_mut().zip(other.0) {
            *word |= more;
        }
    }

    /// Removes all registers from `first` on.
    fn remove_from(&mut self, first: usize) {
        for (index, word) in self.0.iter_mut().enumerate() {
            let below = first.saturating_sub(index * 64);
            if below < 64 {
                *word &= (1 << below) - 1;
            }
        }
    }

    /// Fails for a set that has a register from `first` on.
    fn check_none_from(self, first: usize) -> Check {
        let mut below = self;
        below.remove_from(first);
        for index in 0..4 {
            let above = self.0[index] & !below.0[index];
            if above != 0 {
                let register = index * 64 + above.trailing_zeros() as usize;
                return Err(VerifyErrorKind::OpenUpvalue(register));
            }
        }
        Ok(())
    }
}

/// Returns the registers that a new closure of a constant captures.
fn captured(constant: &Constant) -> Registers {
    let mut registers = Registers::default();
    if let Constant::Child(child) = constant {
        for source in child.upvalues.iter().filter(|source| source.is_local()) {
            registers.insert(usize::from(source.index()));
        }
    }
    registers
}

/// Returns where an instruction expects a variable number of values, if it uses such.
fn results_base(instruction: u32) -> Option<usize> {
    match Op::of(instruction)? {
        Op::CALLM => Some(a(instruction) + 2 + c(instruction)),
        Op::CALLMT => Some(a(instruction) + 2 + d(instruction)),
        Op::RETM => Some(a(instruction) + d(instruction)),
        Op::TSETM => Some(a(instruction)),
        _ => None,
    }
}

/// Returns whether an operation is followed by the `JMP` that it decides about.
fn is_comparison(op: Op) -> bool {
    op <= Op::ISF
}

/// Returns whether an operation leaves the function.
fn is_exit(op: Op) -> bool {
    matches!(
        op,
        Op::CALLT | Op::CALLMT | Op::RETM | Op::RET | Op::RET0 | Op::RET1
    )
}

/// Returns whether a number is safe to hold in a value: no NaN but the two plain quiet ones.
fn is_plain(number: f64) -> bool {
    !number.is_nan() || number.to_bits() << 1 == 0x7ff8_0000_0000_0000 << 1
}

fn check_range(first: usize, last: usize) -> Check {
    if first > last {
        return Err(VerifyErrorKind::Range { first, last });
    }
    Ok(())
}

/// Checks a count that is stored plus one.
fn check_count(stored: usize) -> Check {
    if stored == 0 {
        return Err(VerifyErrorKind::Count(stored));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
