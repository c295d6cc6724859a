//! Source bytes to tokens, with one token of look-ahead.
//!
//! Lines are counted while tokens are read: `line` is the line of the newest token, `last_line` that
//! of the token consumed before it, which is the line that emitted instructions get.
//! Source of the dialect: LuaJIT, `lj_lex.c`.

use super::error::{Parse, SyntaxError, syntax_error};
use super::number::{Number, is_space, scan_number};
use super::symbol::{Symbol, Symbols};
use super::token::Token;

/// Chunks with more lines are rejected, so that line numbers stay small.
const MAX_LINES: u32 = 0x7fff_ff00;

/// Opening of a string token, for messages that show its text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Quote {
    Short(u8),
    /// Number of `=` between the brackets.
    Long(usize),
}

/// The value of a token, where its kind has one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Payload {
    None,
    /// The text of an identifier, or of a reserved word.
    Word(Symbol),
    Number(Number),
    String(Symbol, Quote),
}

/// A token at its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lexeme {
    pub(super) token: Token,
    pub(super) payload: Payload,
    /// Offset of the first byte.
    pub(super) start: usize,
    /// Offset after the last byte.
    pub(super) end: usize,
}

/// The scanner.
#[derive(Debug)]
pub(super) struct Lexer<'s> {
    source: &'s [u8],
    chunk_name: &'s [u8],
    position: usize,
    /// The current token.
    pub(super) current: Lexeme,
    ahead: Option<Lexeme>,
    pub(super) line: u32,
    pub(super) last_line: u32,
    pub(super) symbols: Symbols,
    pub(super) buffer: Vec<u8>,
}

fn is_word(byte: u8) -> bool {
    WORD[byte as usize]
}

/// Bytes of identifiers: letters, digits, `_` and everything beyond ASCII.
static WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = byte >= 128 || byte == b'_' as usize || (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    table
};

fn is_newline(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

impl<'s> Lexer<'s> {
    /// Starts before the first token; a byte order mark and a `#` line are skipped.
    pub(super) fn new(
        source: &'s [u8],
        chunk_name: &'s [u8],
        symbols: Symbols,
        buffer: Vec<u8>,
    ) -> Lexer<'s> {
        let mut lexer = Lexer {
            source,
            chunk_name,
            position: 0,
            current: Lexeme {
                token: Token::EndOfFile,
                payload: Payload::None,
                start: 0,
                end: 0,
            },
            ahead: None,
            line: 1,
            last_line: 1,
            symbols,
            buffer,
        };
        if source.starts_with(b"\xef\xbb\xbf") {
            lexer.position = 3;
        }
        if lexer.peek() == Some(b'#') {
            let rest = &source[lexer.position..];
            match rest.iter().position(|&byte| is_newline(byte)) {
                Some(length) => {
                    lexer.position += length;
                    lexer.skip_newline_bytes();
                    lexer.line = 2;
                }
                None => lexer.position = source.len(),
            }
        }
        lexer
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.source.get(self.position).copied()
    }

    #[inline]
    fn peek_at(&self, distance: usize) -> Option<u8> {
        self.source.get(self.position + distance).copied()
    }

    /// Returns the offset after the newest token.
    pub(super) fn position(&self) -> usize {
        self.position
    }

    /// Returns whether bytecode follows a skipped header, where it may not hide.
    pub(super) fn hides_bytecode(&self) -> bool {
        self.position > 0 && self.peek() == Some(0x1b)
    }

    /// Returns the current token.
    #[inline]
    pub(super) fn token(&self) -> Token {
        self.current.token
    }

    /// Moves to the next token.
    #[inline]
    pub(super) fn advance(&mut self) -> Parse<()> {
        self.last_line = self.line;
        self.current = match self.ahead.take() {
            Some(lexeme) => lexeme,
            None => self.scan()?,
        };
        Ok(())
    }

    /// Returns the token after the current one.
    pub(super) fn look_ahead(&mut self) -> Parse<Token> {
        debug_assert!(self.ahead.is_none(), "only one token of look-ahead");
        let lexeme = self.scan()?;
        self.ahead = Some(lexeme);
        Ok(lexeme.token)
    }

    /// Builds an error at the current line.
    #[cold]
    pub(super) fn error(&self, what: &[u8], near: Option<&[u8]>) -> Box<SyntaxError> {
        syntax_error(self.chunk_name, self.line, what, near)
    }

    /// Builds an error that shows the current token.
    #[cold]
    pub(super) fn error_near(&self, what: &[u8]) -> Box<SyntaxError> {
        let Lexeme { token, payload, .. } = self.current;
        let spelling = match (token, payload) {
            // LuaJIT's token 0 means that there is no token to show.
            (Token::Char(0), _) => return self.error(what, None),
            (Token::Name, Payload::Word(symbol)) => self.symbols.text(symbol).to_vec(),
            (Token::Number, _) => self.source[self.current.start..self.current.end].to_vec(),
            (Token::String, Payload::String(symbol, quote)) => {
                let text = self.symbols.text(symbol);
                match quote {
                    Quote::Short(delimiter) => [&[delimiter], text, &[delimiter]].concat(),
                    Quote::Long(level) => {
                        let equals = "=".repeat(level);
                        let equals = equals.as_bytes();
                        [b"[", equals, b"[", text, b"]", equals, b"]"].concat()
                    }
                }
            }
            _ => token.spelling(),
        };
        self.error(what, Some(&spelling))
    }

    /// Skips a line break of one or two bytes.
    #[inline]
    fn skip_newline_bytes(&mut self) {
        let first = self.source[self.position];
        self.position += 1;
        if let Some(second) = self.peek()
            && is_newline(second)
            && second != first
        {
            self.position += 1;
        }
    }

    fn skip_newline(&mut self) -> Parse<()> {
        self.skip_newline_bytes();
        self.line += 1;
        if self.line >= MAX_LINES {
            return Err(self.error_near(b"chunk has too many lines"));
        }
        Ok(())
    }

    fn finish(&self, token: Token, payload: Payload, start: usize) -> Lexeme {
        Lexeme {
            token,
            payload,
            start,
            end: self.position,
        }
    }

    fn scan(&mut self) -> Parse<Lexeme> {
        loop {
            let start = self.position;
            let Some(byte) = self.peek() else {
                return Ok(self.finish(Token::EndOfFile, Payload::None, start));
            };
            if is_word(byte) {
                if byte.is_ascii_digit() {
                    return self.scan_number(start);
                }
                return Ok(self.scan_word(start));
            }
            self.position += 1;
            let token = match byte {
                b'\n' | b'\r' => {
                    self.position = start;
                    self.skip_newline()?;
                    continue;
                }
                b' ' | b'\t' | 0x0b | 0x0c => continue,
                b'-' => {
                    if self.peek() != Some(b'-') {
                        Token::Char(b'-')
                    } else {
                        self.position += 1;
                        self.skip_comment()?;
                        continue;
                    }
                }
                b'[' => match self.long_bracket(start) {
                    Ok(level) => return self.scan_long_string(level, start),
                    Err(0) => Token::Char(b'['),
                    Err(level) => {
                        let near = &self.source[start..start + 1 + level];
                        return Err(self.error(b"invalid long string delimiter", Some(near)));
                    }
                },
                b'=' => self.with_equals(b'=', Token::Equal),
                b'<' => self.with_equals(b'<', Token::LessEqual),
                b'>' => self.with_equals(b'>', Token::GreaterEqual),
                b'~' => self.with_equals(b'~', Token::NotEqual),
                b':' => {
                    if self.peek() == Some(b':') {
                        self.position += 1;
                        Token::Label
                    } else {
                        Token::Char(b':')
                    }
                }
                b'"' | b'\'' => return self.scan_string(byte, start),
                b'.' => match (self.peek(), self.peek_at(1)) {
                    (Some(b'.'), Some(b'.')) => {
                        self.position += 2;
                        Token::Dots
                    }
                    (Some(b'.'), _) => {
                        self.position += 1;
                        Token::Concat
                    }
                    (Some(b'0'..=b'9'), _) => return self.scan_number(start),
                    _ => Token::Char(b'.'),
                },
                _ => Token::Char(byte),
            };
            return Ok(self.finish(token, Payload::None, start));
        }
    }

    #[inline]
    fn with_equals(&mut self, byte: u8, long: Token) -> Token {
        if self.peek() == Some(b'=') {
            self.position += 1;
            long
        } else {
            Token::Char(byte)
        }
    }

    #[inline]
    fn scan_word(&mut self, start: usize) -> Lexeme {
        let rest = &self.source[start..];
        let length = rest
            .iter()
            .position(|&byte| !is_word(byte))
            .unwrap_or(rest.len());
        self.position = start + length;
        let symbol = self.symbols.intern(&rest[..length]);
        self.finish(Token::of_word(symbol), Payload::Word(symbol), start)
    }

    fn scan_number(&mut self, start: usize) -> Parse<Lexeme> {
        // A leading point is already consumed; what looks like an exponent's sign belongs here too,
        // so that `3x`, `1..2` and `1e+` are malformed rather than two tokens.
        let first = self.position;
        let hexadecimal =
            self.source[first] == b'0' && matches!(self.source.get(first + 1), Some(b'x' | b'X'));
        let exponent = if hexadecimal { b'p' } else { b'e' };
        let mut previous = self.source[first];
        let mut digits_only = first == start;
        while let Some(byte) = self.peek() {
            let sign = matches!(byte, b'+' | b'-') && previous | 0x20 == exponent;
            if !(is_word(byte) || byte == b'.' || sign) {
                break;
            }
            digits_only &= byte.is_ascii_digit();
            previous = byte;
            self.position += 1;
        }
        let text = &self.source[start..self.position];
        let number = if digits_only && text.len() <= 15 {
            let value = text
                .iter()
                .fold(0u64, |value, digit| value * 10 + u64::from(digit - b'0'));
            Number::Double(value as f64)
        } else {
            match scan_number(text) {
                Some(number) => number,
                None => return Err(self.error(b"malformed number", Some(text))),
            }
        };
        Ok(self.finish(Token::Number, Payload::Number(number), start))
    }

    /// Skips a comment after its `--`.
    fn skip_comment(&mut self) -> Parse<()> {
        if self.peek() == Some(b'[') {
            self.position += 1;
            if let Ok(level) = self.long_bracket(self.position - 1) {
                return self.skip_long(level, b"unfinished long comment");
            }
        }
        let rest = &self.source[self.position..];
        self.position += rest
            .iter()
            .position(|&byte| is_newline(byte))
            .unwrap_or(rest.len());
        Ok(())
    }

    /// Reads `=*[` after a `[` at `start`: the level, or the number of `=` if there is no bracket.
    fn long_bracket(&mut self, start: usize) -> Result<usize, usize> {
        while self.peek() == Some(b'=') {
            self.position += 1;
        }
        let level = self.position - start - 1;
        if self.peek() == Some(b'[') {
            self.position += 1;
            Ok(level)
        } else {
            Err(level)
        }
    }

    /// Moves behind the closing bracket of a long string or comment.
    fn skip_long(&mut self, level: usize, unfinished: &[u8]) -> Parse<()> {
        loop {
            match self.peek() {
                None => {
                    let near = Token::EndOfFile.spelling();
                    return Err(self.error(unfinished, Some(&near)));
                }
                Some(b']') => {
                    self.position += 1;
                    let rest = &self.source[self.position..];
                    let equals = rest.iter().take_while(|&&byte| byte == b'=').count();
                    self.position += equals;
                    if equals == level && self.peek() == Some(b']') {
                        self.position += 1;
                        return Ok(());
                    }
                }
                Some(b'\n' | b'\r') => self.skip_newline()?,
                Some(_) => self.position += 1,
            }
        }
    }

    fn scan_long_string(&mut self, level: usize, start: usize) -> Parse<Lexeme> {
        if self.peek().is_some_and(is_newline) {
            self.skip_newline()?;
        }
        let first = self.position;
        self.skip_long(level, b"unfinished long string")?;
        let content = &self.source[first..self.position - 2 - level];
        let symbol = if content.contains(&b'\r') {
            self.buffer.clear();
            let mut position = 0;
            while position < content.len() {
                let byte = content[position];
                position += 1;
                if is_newline(byte) {
                    self.buffer.push(b'\n');
                    if let Some(&second) = content.get(position)
                        && is_newline(second)
                        && second != byte
                    {
                        position += 1;
                    }
                } else {
                    self.buffer.push(byte);
                }
            }
            self.symbols.intern(&self.buffer)
        } else {
            self.symbols.intern(content)
        };
        let payload = Payload::String(symbol, Quote::Long(level));
        Ok(self.finish(Token::String, payload, start))
    }

    fn scan_string(&mut self, delimiter: u8, start: usize) -> Parse<Lexeme> {
        let first = self.position;
        let rest = &self.source[first..];
        let plain = rest
            .iter()
            .position(|&byte| byte == delimiter || byte == b'\\' || is_newline(byte))
            .unwrap_or(rest.len());
        self.position += plain;
        let symbol = if self.peek() == Some(delimiter) {
            self.symbols.intern(&rest[..plain])
        } else {
            self.buffer.clear();
            self.buffer.extend_from_slice(&rest[..plain]);
            self.scan_escaped(delimiter)?;
            self.symbols.intern(&self.buffer)
        };
        self.position += 1;
        let payload = Payload::String(symbol, Quote::Short(delimiter));
        Ok(self.finish(Token::String, payload, start))
    }

    /// Decodes the rest of a string into the buffer, up to its delimiter.
    fn scan_escaped(&mut self, delimiter: u8) -> Parse<()> {
        loop {
            match self.peek() {
                None => {
                    let near = Token::EndOfFile.spelling();
                    return Err(self.error(b"unfinished string", Some(&near)));
                }
                Some(b'\n' | b'\r') => {
                    return Err(self.string_error(b"unfinished string", delimiter));
                }
                Some(b'\\') => {
                    self.position += 1;
                    if self.scan_escape()?.is_none() {
                        return Err(self.string_error(b"invalid escape sequence", delimiter));
                    }
                }
                Some(byte) if byte == delimiter => return Ok(()),
                Some(byte) => {
                    self.buffer.push(byte);
                    self.position += 1;
                }
            }
        }
    }

    /// Builds an error that shows the string as decoded so far.
    #[cold]
    fn string_error(&self, what: &[u8], delimiter: u8) -> Box<SyntaxError> {
        let near = [&[delimiter], self.buffer.as_slice()].concat();
        self.error(what, Some(&near))
    }

    /// Decodes one escape sequence after its backslash; answers `None` where it is invalid.
    fn scan_escape(&mut self) -> Parse<Option<()>> {
        let Some(byte) = self.peek() else {
            // The end of the source is reported as such by the caller.
            return Ok(Some(()));
        };
        let simple = match byte {
            b'a' => 7,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'\\' | b'"' | b'\'' => byte,
            b'\n' | b'\r' => {
                self.buffer.push(b'\n');
                self.skip_newline()?;
                return Ok(Some(()));
            }
            b'z' => {
                self.position += 1;
                while let Some(space) = self.peek() {
                    if is_newline(space) {
                        self.skip_newline()?;
                    } else if is_space(space) {
                        self.position += 1;
                    } else {
                        break;
                    }
                }
                return Ok(Some(()));
            }
            b'x' => return Ok(self.scan_hexadecimal_escape()),
            b'u' => return Ok(self.scan_unicode_escape()),
            b'0'..=b'9' => return Ok(self.scan_decimal_escape()),
            _ => return Ok(None),
        };
        self.buffer.push(simple);
        self.position += 1;
        Ok(Some(()))
    }

    fn hexadecimal_digit(&self, distance: usize) -> Option<u32> {
        char::from(self.peek_at(distance)?).to_digit(16)
    }

    fn scan_hexadecimal_escape(&mut self) -> Option<()> {
        let value = self.hexadecimal_digit(1)? << 4 | self.hexadecimal_digit(2)?;
        self.buffer.push(value as u8);
        self.position += 3;
        Some(())
    }

    fn scan_unicode_escape(&mut self) -> Option<()> {
        if self.peek_at(1) != Some(b'{') {
            return None;
        }
        self.position += 2;
        let mut value = 0;
        loop {
            value = value << 4 | self.hexadecimal_digit(0)?;
            if value >= 0x11_0000 {
                return None;
            }
            self.position += 1;
            if self.peek() == Some(b'}') {
                break;
            }
        }
        self.position += 1;
        // Surrogates are no characters and are rejected here.
        let character = char::from_u32(value)?;
        let mut bytes = [0; 4];
        self.buffer
            .extend_from_slice(character.encode_utf8(&mut bytes).as_bytes());
        Some(())
    }

    fn scan_decimal_escape(&mut self) -> Option<()> {
        let mut value = 0u32;
        for _ in 0..3 {
            match self.peek() {
                Some(digit @ b'0'..=b'9') => value = value * 10 + u32::from(digit - b'0'),
                _ => break,
            }
            self.position += 1;
        }
        self.buffer.push(u8::try_from(value).ok()?);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(source: &[u8]) -> Vec<Token> {
        let mut lexer = Lexer::new(source, b"=test", Symbols::new(), Vec::new());
        let mut tokens = Vec::new();
        loop {
            lexer.advance().unwrap();
            if lexer.token() == Token::EndOfFile {
                return tokens;
            }
            tokens.push(lexer.token());
        }
    }

    fn string(source: &[u8]) -> Vec<u8> {
        let mut lexer = Lexer::new(source, b"=test", Symbols::new(), Vec::new());
        lexer.advance().unwrap();
        match lexer.current.payload {
            Payload::String(symbol, _) => lexer.symbols.text(symbol).to_vec(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn punctuation() {
        use Token::*;
        assert_eq!(
            tokens(b"...<=..:::~ ~=[ [=[]=]"),
            [
                Dots,
                LessEqual,
                Concat,
                Label,
                Char(b':'),
                Char(b'~'),
                NotEqual,
                Char(b'['),
                String
            ]
        );
        assert_eq!(tokens(b"#!x\n--[==[\n]]]==]a--[=\n--"), [Name]);
    }

    #[test]
    fn escapes() {
        assert_eq!(
            string(b"'\\65\\x42\\u{20ac}\\z \n x\\\r\n'"),
            "AB€x\n".as_bytes()
        );
        assert_eq!(string(b"[[\r\na\n\rb]]"), b"a\nb");
    }
}
