//! Tokens and their spelling in error messages.
//!
//! A token is only its kind; text and value travel beside it in the lexer.

use super::symbol::{RESERVED, Symbol};

/// The kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// A single character, also one that no token starts with.
    Char(u8),
    And,
    Break,
    Do,
    Else,
    ElseIf,
    End,
    False,
    For,
    Function,
    Goto,
    If,
    In,
    Local,
    Nil,
    Not,
    Or,
    Repeat,
    Return,
    Then,
    True,
    Until,
    While,
    Concat,
    Dots,
    Equal,
    GreaterEqual,
    LessEqual,
    NotEqual,
    /// `::`
    Label,
    Number,
    Name,
    String,
    EndOfFile,
}

/// Tokens of the reserved words, indexed by their symbols.
const RESERVED_TOKENS: [Token; RESERVED.len()] = [
    Token::And,
    Token::Break,
    Token::Do,
    Token::Else,
    Token::ElseIf,
    Token::End,
    Token::False,
    Token::For,
    Token::Function,
    Token::Goto,
    Token::If,
    Token::In,
    Token::Local,
    Token::Nil,
    Token::Not,
    Token::Or,
    Token::Repeat,
    Token::Return,
    Token::Then,
    Token::True,
    Token::Until,
    Token::While,
];

impl Token {
    /// Returns the token of an identifier: a reserved word or a name.
    #[inline]
    pub(super) fn of_word(word: Symbol) -> Token {
        match RESERVED_TOKENS.get(word.0 as usize) {
            Some(&token) => token,
            None => Token::Name,
        }
    }

    /// Returns how messages spell the kind of token, whatever its text.
    pub(super) fn spelling(self) -> Vec<u8> {
        let text = match self {
            Token::Char(byte) if byte < b' ' || byte == 127 => {
                return format!("char({byte})").into_bytes();
            }
            Token::Char(byte) => return vec![byte],
            Token::Concat => "..",
            Token::Dots => "...",
            Token::Equal => "==",
            Token::GreaterEqual => ">=",
            Token::LessEqual => "<=",
            Token::NotEqual => "~=",
            Token::Label => "::",
            Token::Number => "<number>",
            Token::Name => "<name>",
            Token::String => "<string>",
            Token::EndOfFile => "<eof>",
            word => RESERVED_TOKENS
                .iter()
                .position(|&token| token == word)
                .map_or("", |index| RESERVED[index]),
        };
        text.as_bytes().to_vec()
    }

    /// Returns whether the token closes a block.
    pub(super) fn ends_block(self) -> bool {
        matches!(
            self,
            Token::Else | Token::ElseIf | Token::End | Token::Until | Token::EndOfFile
        )
    }
}
