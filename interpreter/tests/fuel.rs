//! Programs run in slices: how small a slice is never shows in the result, and every loop ends one.

mod support;

use interpreter::{Failure, Interrupt, Lua, Options, Outcome};
use support::{End, finish, run, start};

/// Touches what holds state across slices: calls, varargs, coroutines, errors, metamethods, callbacks, sorting.
const PROGRAM: &str = r##"
    local log = {}
    local function add(...) for i = 1, select("#", ...) do log[#log + 1] = tostring((select(i, ...))) end end
    local function spread(n, ...) if n == 0 then return ... end return spread(n - 1, n, ...) end
    add(spread(20))
    local generator = coroutine.wrap(function(a) for i = 1, 3 do a = coroutine.yield(a + i) end return "end" end)
    add(generator(1), generator(2), generator(3), generator(4))
    add(pcall(error, "x"), xpcall(function() local t = nil; return t.x end, function(m) return #m > 0 end))
    local object = setmetatable({}, {
        __index = function(_, k) return k .. "!" end,
        __concat = function() return "joined" end,
        __lt = function() return coroutine.running() == nil end,
        __call = function(_, a, b) return b, a end,
    })
    add(object.key, "a" .. object .. "b", object < setmetatable({}, getmetatable(object)), object(1, 2))
    local words = {}
    for word in ("the quick brown fox jumps"):gmatch("%a+") do words[#words + 1] = word end
    table.sort(words, function(a, b) return a > b end)
    add(unpack(words))
    add((("a1b2"):gsub("%d", function(d) return d * 2 end)))
    for k, v in pairs({ x = 1 }) do add(k, v) end
    for i, v in ipairs({ 5, 6 }) do add(i, v) end
    local i = 0
    ::again:: i = i + 1
    if i < 5 then goto again end
    add(i, load("local a = ... return a * 2")(21), table.concat({ 1, 2, 3 }, "-"))
    return table.concat(log, " ")
"##;

#[test]
fn slices_of_one_unit_give_the_same_result() {
    let whole = run(PROGRAM);
    assert!(matches!(whole, End::Returned(_)), "{whole:?}");
    for fuel in [1, 2, 7, 100] {
        let mut lua = Lua::new(Options::default());
        let mut task = start(&mut lua, PROGRAM.as_bytes());
        assert_eq!(
            finish(&mut lua, &mut task, fuel, usize::MAX),
            whole,
            "slices of {fuel}"
        );
    }
}

#[test]
fn a_hook_changes_nothing_in_slices_of_any_size() {
    let whole = run(PROGRAM);
    for mask in ["'', 1", "'', 3", "'l'", "'c'", "'r'", "'crl', 2"] {
        let source =
            format!("debug.sethook(function(...) local t = {{ ... }} end, {mask}) {PROGRAM}");
        for fuel in [1, 7, 100_000] {
            let mut lua = Lua::new(Options::default());
            let mut task = start(&mut lua, source.as_bytes());
            let end = finish(&mut lua, &mut task, fuel, usize::MAX);
            assert_eq!(end, whole, "{mask} in slices of {fuel}");
        }
    }
}

#[test]
fn a_task_killed_in_its_hook_leaves_the_hook_to_others() {
    let mut lua = Lua::new(Options::default());
    let source = b"seen = 0
        debug.sethook(function() seen = seen + 1 while seen == 1 do end end, 'l')
        local x = 1";
    let mut task = start(&mut lua, source);
    assert_eq!(finish(&mut lua, &mut task, 100, 3), End::Unfinished);
    // As long as it runs, nothing else is hooked.
    let mut other = start(&mut lua, b"local x = 1\nreturn tostring(seen)");
    assert_eq!(finish(&mut lua, &mut other, 100, 9), End::text("1"));
    lua.interrupt(&mut task);
    let mut other = start(&mut lua, b"local x = 1\nreturn tostring(seen)");
    assert_eq!(finish(&mut lua, &mut other, 100, 9), End::text("3"));
}

#[test]
fn every_endless_loop_ends_its_slice() {
    for source in [
        "while true do end",
        "repeat until false",
        "for i = 1, math.huge do end",
        "for _ in function() return 1 end do end",
        "::top:: goto top",
        "::top:: if 1 < 2 then goto top end",
        "local t = setmetatable({}, { __lt = function() return true end }) while t < t do end",
        "local function f() return f() end f()",
        "local t = {} for i = 1, 9 do t[i] = i end while true do for k in pairs(t) do end end",
        "while true do pcall(error) end",
        "while true do coroutine.wrap(function() coroutine.yield() end)() end",
        "local s = ('x'):rep(1000) while true do s:find('y') end",
        "debug.sethook(function() end, 'crl', 1) while true do end",
        "debug.sethook(type, 'c') local function f() return f() end f()",
        "debug.sethook(function() while true do end end, 'l') local x = 1",
        "return ('a'):rep(40):find(('a*'):rep(20) .. 'b')",
    ] {
        let mut lua = Lua::new(Options::default());
        let mut task = start(&mut lua, source.as_bytes());
        assert_eq!(
            finish(&mut lua, &mut task, 1000, 20),
            End::Unfinished,
            "{source}"
        );
        assert!(lua.fuel_used() >= 20_000, "{source}");
        lua.interrupt(&mut task);
        let outcome = lua.run(&mut task, 1000);
        assert!(
            matches!(
                outcome,
                Outcome::Failed(Failure::Interrupted(Interrupt::Killed))
            ),
            "an ended task does not run: {outcome:?}"
        );
    }
}

#[test]
fn a_finished_task_does_not_run_again() {
    let mut lua = Lua::new(Options::default());
    let mut task = start(&mut lua, b"return 'done'");
    assert_eq!(finish(&mut lua, &mut task, 100, 1), End::text("done"));
    assert_eq!(
        finish(&mut lua, &mut task, 100, 1),
        End::Interrupted(Interrupt::Killed)
    );
}
