//! Source to bytecode: [`compile`] turns a chunk of Lua in LuaJIT's dialect into a [`Template`].
//!
//! One pass: the parser emits code while it reads. Method, code and messages follow LuaJIT's
//! (`lj_parse.c`), so that both ways into the VM run the same instructions. Nothing here knows the
//! heap, and no input makes it panic or recurse without bound.

mod body;
mod constructor;
mod error;
mod expression;
mod function;
mod grammar;
mod index;
mod lexer;
pub mod number;
mod operator;
mod repetition;
mod scope;
mod scratch;
mod statement;
mod symbol;
mod token;

use std::rc::Rc;

pub use error::{SyntaxError, chunk_display};

use crate::bytecode::Template;
use function::Function;
use lexer::Lexer;
use scratch::Scratch;
use symbol::Symbols;

/// Compiles a chunk of source.
///
/// A byte order mark and a first line that starts with `#` are skipped. `chunk_name` is `=name`,
/// `@file` or the source itself, as for `load`; like a C string it ends before its first zero byte.
///
/// # Errors
///
/// Returns the first error in the source, worded as LuaJIT words it.
pub fn compile(source: &[u8], chunk_name: &[u8]) -> Result<Rc<Template>, SyntaxError> {
    let mut compiler = Compiler::new(source, chunk_name);
    let result = if compiler.lexer.hides_bytecode() {
        Err(SyntaxError {
            message: b"cannot load malformed bytecode".to_vec(),
            line: 0,
        })
    } else {
        compiler.chunk().map_err(|error| *error)
    };
    compiler.keep_buffers();
    result
}

/// Bytes of an escape sequence, with room to spare; longer ones are errors whatever follows.
const LONGEST_ESCAPE: usize = 32;

/// Returns whether a chunk that begins like this has an error, whatever follows.
pub(crate) fn fails_at_once(beginning: &[u8], chunk_name: &[u8]) -> bool {
    let mut compiler = Compiler::new(beginning, chunk_name);
    let error = if compiler.lexer.hides_bytecode() {
        None
    } else {
        compiler.chunk().err()
    };
    let unread = &beginning[compiler.lexer.position().min(beginning.len())..];
    let failed = error.is_some_and(|error| {
        // The end of the text may have made the error by cutting an escape sequence in two; and a long bracket
        // may still be opened by what follows.
        let escape = b"invalid escape sequence";
        let in_escape = memchr::memmem::find(&error.message, escape).is_some();
        (!in_escape || unread.len() > LONGEST_ESCAPE)
            && unread.iter().any(|byte| !b"[=".contains(byte))
    });
    compiler.keep_buffers();
    failed
}

/// State of one compilation.
struct Compiler<'s> {
    lexer: Lexer<'s>,
    /// The innermost function.
    function: Function,
    /// The functions around it and other lists. The lexer has the symbols and the text buffer.
    scratch: Box<Scratch>,
    /// Last number given to a function or table template; the chunk itself has 0.
    serial: u32,
    /// Levels of nesting in the grammar.
    level: u32,
    chunk_name: Rc<[u8]>,
    text: Rc<[u8]>,
}

impl<'s> Compiler<'s> {
    fn new(source: &'s [u8], chunk_name: &'s [u8]) -> Compiler<'s> {
        let chunk_name = error::until_nul(chunk_name);
        let mut scratch = Scratch::take();
        let symbols = scratch.symbols.take().unwrap_or_else(Symbols::new);
        let buffer = std::mem::take(&mut scratch.buffer);
        Compiler {
            lexer: Lexer::new(source, chunk_name, symbols, buffer),
            function: scratch.function(0, 0),
            scratch,
            serial: 0,
            level: 0,
            chunk_name: Rc::from(chunk_name),
            text: Rc::from(source),
        }
    }

    /// Leaves the buffers to the next compilation.
    fn keep_buffers(self) {
        let Compiler {
            lexer,
            function,
            mut scratch,
            ..
        } = self;
        scratch.symbols = Some(lexer.symbols);
        scratch.buffer = lexer.buffer;
        scratch.put_function(function);
        scratch.keep();
    }

    fn next_serial(&mut self) -> u32 {
        self.serial += 1;
        self.serial
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytecode::opcode::Op;
    use crate::bytecode::{Constant, Origin, Scalar, flags};

    fn compiled(source: &str) -> Rc<Template> {
        compile(source.as_bytes(), b"=test").unwrap_or_else(|error| panic!("{source}: {error}"))
    }

    fn ops(template: &Template) -> Vec<Op> {
        template
            .code
            .words()
            .map(|word| Op::of(word).unwrap())
            .collect()
    }

    fn child(template: &Template) -> Rc<Template> {
        let child = template
            .constants
            .iter()
            .find_map(|constant| match constant {
                Constant::Child(child) => Some(Rc::clone(child)),
                _ => None,
            });
        child.unwrap()
    }

    fn message(source: &str) -> String {
        match compile(source.as_bytes(), b"=test") {
            Ok(_) => "no error".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn loops_and_calls() {
        use Op::*;
        assert_eq!(
            ops(&compiled("for k, v in pairs(t) do f(k, v) end")),
            [
                GGET, GGET, CALL, ISNEXT, GGET, MOV, MOV, CALL, ITERN, ITERL, RET0
            ]
        );
        assert_eq!(
            ops(&compiled("for i = 1, 10 do x = i end return f(...)")),
            [KSHORT, KSHORT, KSHORT, FORI, GSET, FORL, GGET, VARG, CALLMT]
        );
        assert_eq!(
            ops(&compiled(
                "while a do local b = 1; c = function() return b end end"
            )),
            [GGET, ISF, JMP, LOOP, KSHORT, FNEW, GSET, UCLO, RET0]
        );
    }

    #[test]
    fn constants_fold_but_never_to_minus_zero() {
        use Op::*;
        assert_eq!(compiled("return 2 ^ 10 / 4 .. not nil").numbers, []);
        assert_eq!(ops(&compiled("return -0")), [KSHORT, UNM, RET1]);
        assert_eq!(ops(&compiled("return 0 / 0")), [KSHORT, DIVVN, RET1]);
        assert_eq!(
            ops(&compiled("return a and 1 or 2")),
            [GGET, ISF, JMP, KSHORT, JMP, KSHORT, RET1]
        );
    }

    #[test]
    fn table_templates_keep_the_last_value_of_a_key() {
        let template = compiled("return {[1] = 'a', 'b', x = 1, y = f(), x = 2}");
        let Some(Constant::Table(table)) = template.constants.first() else {
            panic!("{:?}", template.constants);
        };
        let text = |text: &str| Scalar::String(Rc::from(text.as_bytes()));
        assert_eq!(table.array, [Scalar::Nil, text("b")]);
        assert_eq!(
            table.hash,
            [(text("x"), Scalar::Number(2.0)), (text("y"), Scalar::Nil)]
        );
    }

    #[test]
    fn upvalues_know_whether_they_are_assigned() {
        let template = compiled("local a, b = 1, 2; function f() return a, b end b = 3");
        let upvalues = &child(&template).upvalues;
        assert!(upvalues[0].is_immutable() && upvalues[0].is_local());
        assert!(!upvalues[1].is_immutable() && upvalues[1].index() == 1);
    }

    #[test]
    fn functions_know_their_source() {
        let source = "local t = {} function t.a:b(x) return x, 'end' end -- end";
        let template = compiled(source);
        let Origin::Source { range, method, .. } = &child(&template).origin else {
            panic!("no source");
        };
        assert_eq!(&source[range.clone()], "(x) return x, 'end' end");
        assert!(method);
        assert_eq!(template.flags, flags::CHILD | flags::VARARG);
    }

    #[test]
    fn goto_is_a_name_where_no_label_fits() {
        compiled("local goto = 1; goto = goto + 1; t.goto = {goto = 2}; goto x; ::x::");
        assert_eq!(message("goto x"), "test:1: undefined label 'x'");
        assert_eq!(message("::x:: ::x::"), "test:1: duplicate label 'x'");
        assert_eq!(message("break"), "test:1: no loop to break");
        assert_eq!(
            message("goto x; local a; ::x:: f()"),
            "test:1: <goto x> jumps into the scope of local 'a'"
        );
    }

    #[test]
    fn errors_name_the_place() {
        assert_eq!(message("x y"), "test:1: '=' expected near 'y'");
        assert_eq!(
            message("if x then\n\n"),
            "test:3: 'end' expected (to close 'if' at line 1) near '<eof>'"
        );
        assert_eq!(
            message("x = 'a\\65b\n"),
            "test:1: unfinished string near ''aAb'"
        );
        assert_eq!(message("x = 3x"), "test:1: malformed number near '3x'");
        assert_eq!(
            message("f\n()"),
            "test:2: ambiguous syntax (function call x new statement) near '('"
        );
        assert_eq!(
            compile(b"\xef\xbb\xbf\x1bLJ", b"=test")
                .unwrap_err()
                .message,
            b"cannot load malformed bytecode"
        );
    }

    #[test]
    fn nesting_is_bounded() {
        for (open, close) in [
            ("(", ")"),
            ("{", "}"),
            ("- ", ""),
            ("function() return ", " end"),
        ] {
            let source = format!("return {}x{}", open.repeat(100_000), close.repeat(100_000));
            assert_eq!(message(&source), "test:1: chunk has too many syntax levels");
        }
        let names = ["a"; 250].join(",");
        assert_eq!(
            message(&format!("{names} = 1")),
            "test:1: main function has more than 200 variable names"
        );
    }
}
