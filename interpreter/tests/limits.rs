//! A memory limit ends a program that wants more, and nothing else: no abort, no panic, no escape by `pcall`.

mod support;

use interpreter::{Interrupt, Lua, Options};
use support::{End, finish, run_with, start};

const LIMIT: usize = 16 << 20;

fn limited() -> Options {
    Options {
        memory: Some(LIMIT),
        ..Options::default()
    }
}

#[test]
fn bombs_end_as_out_of_memory() {
    for source in [
        "local t = {} for i = 1, 1e9 do t[i] = i end",
        "local t = {} for i = 1, 1e9 do t['k' .. i] = i end",
        "local t = {} while true do t = { t, t } end",
        "local t = {} while true do table.insert(t, {}) end",
        "local s = 'x' while true do s = s .. s end",
        "local s = ('x'):rep(1e5) while true do s = s:gsub('x', 'xx') end",
        "local s = ('x'):rep(1e4) while true do s = ('%s%s'):format(s, s) end",
        "local t = {} while true do t[#t + 1] = ('x'):rep(1e5 + #t); t[#t + 1] = table.concat(t) end",
        "local l while true do local p = l; l = function() return p end end",
        "local t = {} while true do t[#t + 1] = coroutine.create(function() end) end",
        "local t = {} while true do t[#t + 1] = newproxy(true) end",
        "local t = {} while true do t[#t + 1] = loadstring('return function() end') end",
        "while true do pcall(function() local t = {} while true do t[#t + 1] = {} end end) end",
        "local s = 'x' while true do local _, e = pcall(error, s .. s) s = e end",
        "local new = require('table.new') local t = {} while true do t[#t + 1] = new(1e6, 1e6) end",
    ] {
        assert_eq!(
            run_with(limited(), source),
            End::Interrupted(Interrupt::OutOfMemory),
            "{source}"
        );
    }
}

#[test]
fn garbage_does_not_count() {
    let source = "
        for i = 1, 300 do
            local t = {}
            for j = 1, 1000 do t[j] = { tostring(j) .. ('x'):rep(100) } end
        end
        return 'survived'";
    assert_eq!(run_with(limited(), source), End::text("survived"));
}

#[test]
fn what_is_in_use_is_known() {
    let mut lua = Lua::new(limited());
    let before = lua.enter(|ctx| ctx.heap().used());
    let mut task = start(&mut lua, b"kept = ('x'):rep(1e6)");
    assert_eq!(
        finish(&mut lua, &mut task, 1000, 10),
        End::Returned(Vec::new())
    );
    lua.collect();
    let with_string = lua.enter(|ctx| ctx.heap().used());
    assert!(with_string > before + 1_000_000);
    let mut task = start(&mut lua, b"kept = nil");
    assert_eq!(
        finish(&mut lua, &mut task, 1000, 10),
        End::Returned(Vec::new())
    );
    lua.collect();
    assert!(lua.enter(|ctx| ctx.heap().used()) < with_string - 900_000);
    assert!(lua.enter(|ctx| ctx.heap().peak()) >= with_string);
}

#[test]
fn recursion_without_end_is_an_error_that_lua_catches() {
    for source in [
        "local function f() return 1 + f() end return (select(2, pcall(f)))",
        "local function f(...) return 1 + f(1, ...) end return (select(2, pcall(f)))",
        "local t = setmetatable({}, { __index = function(t, k) return t[k] end })
         return (select(2, pcall(function() return t.x end)))",
        "local function f() local ok, e = pcall(f) if not ok then error(e, 0) end end
         return (select(2, pcall(f)))",
        "local function f() return coroutine.wrap(f)() end return (select(2, pcall(f)))",
        "local t = setmetatable({}, {}) getmetatable(t).__call = pcall return (select(-1, t()))",
    ] {
        let End::Returned(values) = run_with(limited(), source) else {
            panic!("{source}")
        };
        assert!(
            values[0].ends_with("stack overflow"),
            "{source}: {values:?}"
        );
    }
}

#[test]
fn a_small_heap_does_not_grow_to_many_times_its_size() {
    for garbage in ["{}", "{ 1, 2, 3 }", "function() return i end", "'x' .. i"] {
        let source = format!(
            "collectgarbage()
             local before, most = collectgarbage('count'), 0
             for i = 1, 20000 do
                 local junk = {garbage}
                 most = math.max(most, collectgarbage('count'))
             end
             assert(most < before * 6, most / before)
             return 'ok'"
        );
        let mut lua = Lua::new(Options::default());
        let mut task = start(&mut lua, source.as_bytes());
        let end = finish(&mut lua, &mut task, 10_000, usize::MAX);
        assert_eq!(end, End::text("ok"), "{garbage}");
    }
}
