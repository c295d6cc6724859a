//! Where in the program an error of the host happened, and what the program calls what raised it.

/// Returns the lines of a traceback that are not of the prelude, the innermost first.
fn program_lines(traceback: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = traceback.split(|&byte| byte == b'\n');
    let lines = lines.filter_map(|line| line.strip_prefix(b"\t"));
    lines.filter(|line| !line.starts_with(b"(sandbox prelude):"))
}

/// Returns `file:line: ` of who has called the native function that a task waits in, as that would put it
/// before an error of its own; nothing if it was no Lua function.
pub(crate) fn caller_in(traceback: &[u8]) -> Option<&[u8]> {
    position_of(program_lines(traceback).nth(1)?)
}

/// Returns the message of an error that main's function raised about its arguments, with what the program calls
/// it: main's side has called it `fn`, and knows no methods.
pub(crate) fn as_called(message: &[u8], name: Option<(&'static str, Vec<u8>)>) -> Vec<u8> {
    let parts = || {
        let rest = message.strip_prefix(b"bad argument #")?;
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, rest) = rest.split_at(digits);
        let number: usize = std::str::from_utf8(number).ok()?.parse().ok()?;
        Some((number, rest.strip_prefix(b" to 'fn'")?))
    };
    let Some((mut number, rest)) = parts() else {
        return message.to_owned();
    };
    let (kind, name) = name.unwrap_or(("", b"?".to_vec()));
    if kind == "method" {
        number -= 1;
    }
    let quoted = [b"'".as_slice(), &name, b"'"].concat();
    if number == 0 {
        return [b"calling ".as_slice(), &quoted, b" on bad self", rest].concat();
    }
    let start = format!("bad argument #{number} to ");
    [start.as_bytes(), &quoted, rest].concat()
}

/// Returns `file:line: ` of the innermost function of the program in a traceback.
pub(crate) fn position_in(traceback: &[u8]) -> Option<&[u8]> {
    program_lines(traceback).find_map(position_of)
}

/// Returns the `file:line: ` with which a line of a traceback begins, if it does.
fn position_of(line: &[u8]) -> Option<&[u8]> {
    let end = line.windows(4).position(|window| window == b": in")?;
    let place = &line[..end];
    place
        .last()
        .is_some_and(u8::is_ascii_digit)
        .then_some(&line[..end + 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_those_of_the_program() {
        let called = |message: &str, kind, name: &str| {
            let name = Some((kind, name.as_bytes().to_vec()));
            String::from_utf8(as_called(message.as_bytes(), name)).unwrap()
        };
        let wrong = "bad argument #2 to 'fn' (number expected, got nil)";
        assert_eq!(
            called(wrong, "method", "start"),
            "bad argument #1 to 'start' (number expected, got nil)"
        );
        assert_eq!(
            called(wrong, "field", "start"),
            "bad argument #2 to 'start' (number expected, got nil)"
        );
        assert_eq!(
            called("bad argument #1 to 'fn' (x)", "method", "stop"),
            "calling 'stop' on bad self (x)"
        );
        for other in ["bad argument #1 to 'find' (x)", "bad argument", "no fn"] {
            assert_eq!(called(other, "method", "stop"), other);
        }
        assert_eq!(
            as_called(wrong.as_bytes(), None),
            b"bad argument #2 to '?' (number expected, got nil)"
        );
    }
}
