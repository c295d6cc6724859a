--- Long strings and comments: levels, the first newline, line ends, nesting, errors.

assert([[abc]] == "abc" and [==[a]]b]=]c]==] == "a]]b]=]c" and [[]] == "" and [=[]=] == "")
assert([[
first newline is dropped]] == "first newline is dropped")
assert([[

two]] == "\ntwo")
assert([[a\n]] == "a\\n" and #[[\x41]] == 4 and [["'--]] == "\"'--")
assert([=[[[x]]]=] == "[[x]]" and [[a]=]b]] == "a]=]b" and [==[]=]]==] == "]=]")

-- Every kind of line end becomes one newline.
assert(load("return [[a\r\nb\rc\n\rd\ne]]")() == "a\nb\nc\nd\ne")
assert(load("return [[\r\nx]]")() == "x" and load("return [[\n\rx]]")() == "x" and load("return [[\r\rx]]")() == "\nx")

-- Comments.
local x = 1 -- to the end of the line
--[[ one
     two ]] x = 2
--[==[ ]] ]=] ]==] x = x + 1
--[ not long
--[=not long either
---[[ a plain comment
x = x + 1
--]]
assert(x == 4)
assert(load("--[[\n\n]] return ...")(7) == 7)
assert(load("-- no newline at the end")() == nil)
assert(load("#!/usr/bin/env lua\nreturn 1")() == 1, "a first line that starts with # is skipped, in a string too")
assert(load("\n# later\n") == nil)

-- A bracket with a space is indexing.
local t = { { 5 } }
local k = 1
assert(t[ t[k][k] - 4 ][k] == 5 and t [k] [k] == 5)

-- As an argument without parentheses.
assert(type [[x]] == "string" and ([[%d]]):format(3) == "3" and #[[abc]] == 3)

local function refused(source, message)
  local f, err = load(source, "=case")
  assert(not f and err == message, err)
end
refused("x = [[abc", "case:1: unfinished long string near '<eof>'")
refused("x = [==[abc]]\n", "case:2: unfinished long string near '<eof>'")
refused("--[[abc\n\n", "case:3: unfinished long comment near '<eof>'")
refused("x = [=abc", "case:1: invalid long string delimiter near '[='")
