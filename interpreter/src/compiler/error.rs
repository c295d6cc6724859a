//! What the compiler reports: `file:line: message near 'token'`, byte for byte as LuaJIT words it.
//!
//! Positions use the display form of a chunk's name, which run-time errors and tracebacks share.

/// Longest display form of a chunk name, counting the C string's terminator (`LUA_IDSIZE`).
const DISPLAY_SIZE: usize = 60;

/// Source that is no valid chunk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", String::from_utf8_lossy(.message))]
pub struct SyntaxError {
    /// The whole text, with position, as `load` returns it.
    pub message: Vec<u8>,
    /// The line that the message names.
    pub line: u32,
}

/// Result inside the compiler; boxed so that the deeply recursive parser keeps small frames.
pub(super) type Parse<T> = Result<T, Box<SyntaxError>>;

/// Returns the part of a chunk name or token that C's string functions would see.
pub(super) fn until_nul(bytes: &[u8]) -> &[u8] {
    match bytes.iter().position(|&byte| byte == 0) {
        Some(end) => &bytes[..end],
        None => bytes,
    }
}

/// Returns the form of a chunk name that error messages and tracebacks show.
///
/// `@file` becomes the file name (its last part if it is long), `=name` the name, and anything else
/// is source text whose first line is quoted: `[string "first line..."]`. Source: LuaJIT,
/// `lj_debug_shortname`.
pub fn chunk_display(name: &[u8]) -> Vec<u8> {
    let name = until_nul(name);
    match name.first() {
        Some(b'=') => name[1..name.len().min(DISPLAY_SIZE)].to_vec(),
        Some(b'@') => {
            let file = &name[1..];
            if file.len() < DISPLAY_SIZE {
                return file.to_vec();
            }
            let tail = &file[file.len() - (DISPLAY_SIZE - 4)..];
            [b"...", tail].concat()
        }
        _ => {
            let scanned = &name[..name.len().min(DISPLAY_SIZE - 12)];
            let line = scanned
                .iter()
                .position(|&byte| byte < b' ')
                .unwrap_or(scanned.len());
            if line == name.len() {
                [b"[string \"", name, b"\"]"].concat()
            } else {
                let kept = &name[..line.min(DISPLAY_SIZE - 15)];
                [b"[string \"", kept, b"...\"]"].concat()
            }
        }
    }
}

/// Builds an error from its parts; `near` is the offending token, if the message names one.
pub(super) fn syntax_error(
    chunk_name: &[u8],
    line: u32,
    what: &[u8],
    near: Option<&[u8]>,
) -> Box<SyntaxError> {
    let mut message = chunk_display(chunk_name);
    message.extend_from_slice(format!(":{line}: ").as_bytes());
    message.extend_from_slice(what);
    if let Some(token) = near {
        message.extend_from_slice(b" near '");
        message.extend_from_slice(until_nul(token));
        message.push(b'\'');
    }
    Box::new(SyntaxError { message, line })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn display(name: &str) -> String {
        String::from_utf8(chunk_display(name.as_bytes())).unwrap()
    }

    #[test]
    fn chunk_names() {
        assert_eq!(display("=stdin"), "stdin");
        assert_eq!(display("@init.lua"), "init.lua");
        assert_eq!(display("return 1"), "[string \"return 1\"]");
        assert_eq!(display("a\nb"), "[string \"a...\"]");
        assert_eq!(display(""), "[string \"\"]");
        assert_eq!(
            display(&"s".repeat(48)),
            format!("[string \"{}\"]", "s".repeat(48))
        );
        assert_eq!(
            display(&"s".repeat(49)),
            format!("[string \"{}...\"]", "s".repeat(45))
        );
        assert_eq!(display(&format!("={}", "n".repeat(80))), "n".repeat(59));
        assert_eq!(
            display(&format!("@{}", "f".repeat(60))),
            format!("...{}", "f".repeat(56))
        );
    }
}
