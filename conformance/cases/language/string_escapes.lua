--- Escape sequences in quoted strings, and the errors of wrong ones.

assert("\a\b\f\n\r\t\v" == string.char(7, 8, 12, 10, 13, 9, 11))
assert("\\" == string.char(92) and "\"" == '"' and '\'' == "'")
assert("\65\066\0677" == "ABC7" and "\0" == string.char(0) and #"\0\0" == 2 and "\255" == string.char(255))
assert("\x41\x7a\xfF" == string.char(65, 122, 255) and "\x410" == "A0")
assert("a\
b" == "a\nb")
assert("a\z
        b\z  c" == "abc")
assert("\z" == "" and "x\z" == "x")

-- Unicode escapes give UTF-8.
assert("\u{41}" == "A" and "\u{e9}" == "\xc3\xa9" and "\u{20AC}" == "\xe2\x82\xac")
assert("\u{10FFFF}" == "\xf4\x8f\xbf\xbf" and "\u{7f}\u{80}" == "\x7f\xc2\x80")
assert("\u{7ff}\u{800}\u{ffff}\u{10000}" == "\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80")
assert("\u{0}" == "\0" and "\u{000041}" == "A")

-- Bytes above 127 pass through.
assert(#"é" == 2 and ("é"):byte(1) == 195)

-- Line ends in a continued line count once.
assert(load('return "a\\\r\nb"')() == "a\nb" and load('return "a\\\n\rb"')() == "a\nb")
assert(load('return "a\\\rb"')() == "a\nb")

local function refused(source, message)
  local f, err = load(source, "=case")
  assert(not f, source .. " was accepted")
  assert(err == message, err)
end
refused([[return "\q"]], [[case:1: invalid escape sequence near '"']])
refused([[return "\400"]], [[case:1: invalid escape sequence near '"']])
refused([[return "\xg0"]], [[case:1: invalid escape sequence near '"']])
refused([[return "\x4"]], [[case:1: invalid escape sequence near '"']])
refused([[return "\u41"]], [[case:1: invalid escape sequence near '"']])
refused([[return "\u{110000}"]], [[case:1: invalid escape sequence near '"']])
refused([[return "\u{d800}"]], [[case:1: invalid escape sequence near '"']])
refused([[return "\u{}"]], [[case:1: invalid escape sequence near '"']])
refused([[return "ab\q"]], [[case:1: invalid escape sequence near '"ab']])
refused('return "abc', "case:1: unfinished string near '<eof>'")
refused('return "abc\ndef"', "case:1: unfinished string near '\"abc'")
refused("return 'abc\\", "case:1: unfinished string near '<eof>'")
