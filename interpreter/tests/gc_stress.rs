//! The collector at every safe point, in steps of several sizes: nothing that is reachable may go.
//!
//! Run under AddressSanitizer, these find what is not traced, not barriered, or cleared too early.

mod support;

use interpreter::{Interrupt, Lua, Options};
use support::{End, finish, start};

fn check(source: &str) {
    for step in [3.0, 40.0, f64::INFINITY] {
        for fuel in [5, 10_000] {
            let mut lua = Lua::new(Options::default());
            lua.stress_collector(step);
            let mut task = start(&mut lua, source.as_bytes());
            let end = finish(&mut lua, &mut task, fuel, usize::MAX);
            assert_eq!(end, End::text("ok"), "steps of {step}, slices of {fuel}");
        }
    }
}

#[test]
fn a_variable_of_a_suspended_coroutine_keeps_what_others_assign() {
    check(
        "local parked = {}
         for i = 1, 40 do
             local co = coroutine.wrap(function()
                 local v
                 coroutine.yield(function(x) v = x end, function() return v end)
                 return v
             end)
             local set, get = co()
             parked[i] = { co = co, set = set, get = get }
         end
         for round = 1, 20 do
             for i = 1, 40 do
                 parked[i].set({ round * i })
                 local junk = { {}, {}, {} }
             end
             for i = 1, 400 do local junk = {} end
             for i = 1, 40 do assert(parked[i].get()[1] == round * i) end
         end
         for i = 1, 40 do assert(parked[i].co()[1] == 20 * i) end
         return 'ok'",
    );
}

#[test]
fn a_key_that_comes_back_is_traced_again() {
    check(
        "local t = {}
         for round = 1, 100 do
             local keys = {}
             for i = 1, 8 do keys[i] = {}; t[keys[i]] = true end
             for i = 1, 8 do t[keys[i]] = nil end
             for i = 1, 4 do local junk = {} end
             for i = 1, 8 do t[keys[i]] = i end
             keys = nil
             for i = 1, 8 do local junk = { i } end
             local sum = 0
             for k, v in pairs(t) do assert(next(k) == nil); sum = sum + v end
             assert(sum == 36)
             for k in pairs(t) do t[k] = nil end
         end
         return 'ok'",
    );
}

#[test]
fn open_results_survive() {
    check(
        "local function pass(...) return ... end
         local function many(n, ...) if n == 0 then return ... end return many(n - 1, { n }, ...) end
         local list = { pass(many(30)) }
         assert(#list == 30 and list[1][1] == 1 and list[30][1] == 30)
         assert(select('#', pass(many(10), many(20))) == 21)
         local co = coroutine.wrap(function(...)
             local first = { ... }
             local function get() return first end
             for _ = 1, 3 do coroutine.yield(get, ...) end
             return ...
         end)
         co({ 1 }, { 2 })
         local get, a, b = co()
         assert(get()[1] == a and a[1] == 1 and b[1] == 2)
         return 'ok'",
    );
}

#[test]
fn weak_tables_lose_what_is_dead_and_only_that() {
    check(
        "local keep = { {}, {} }
         local keys = setmetatable({}, { __mode = 'k' })
         local values = setmetatable({}, { __mode = 'v' })
         for i = 1, 20 do keys[{}] = i; values[i] = {}; values['s' .. i] = { i } end
         keys[keep[1]] = 'kept'
         values.kept = keep[2]
         values.text = 'a string is a value'
         collectgarbage() collectgarbage()
         assert(next(keys) == keep[1] and next(keys, keep[1]) == nil)
         local count = 0
         for _ in pairs(values) do count = count + 1 end
         assert(count == 2 and values.kept == keep[2] and values.text)
         local mt = { __mode = 'k' }
         local changing = setmetatable({ {} }, mt)
         mt.__mode = 'v'
         collectgarbage()
         assert(changing[1] == nil)
         return 'ok'",
    );
}

#[test]
fn finalizers_run_once_in_reverse_order_and_may_resurrect() {
    check(
        "local order, saved, hold = {}, {}, {}
         for i = 1, 4 do
             local p = newproxy(true)
             getmetatable(p).__gc = function(u) order[#order + 1] = i; saved[i] = u end
             hold[i] = p
         end
         debug.setmetatable(hold[2], getmetatable(hold[2]))
         hold = nil
         collectgarbage()
         assert(table.concat(order, ' ') == '4 3 2 1', table.concat(order, ' '))
         assert(type(saved[3]) == 'userdata')
         saved = {}
         collectgarbage() collectgarbage()
         assert(#order == 4)
         return 'ok'",
    );
}

#[test]
fn closures_errors_and_metamethods_survive() {
    check(
        "local keep = {}
         for i = 1, 10 do
             local a, b = {}, {}
             keep[i] = function() a = { b }; b = a; return a end
         end
         for i = 1, 10 do keep[i](); keep[i]() end
         local object = setmetatable({}, {
             __index = function(_, k) return { k } end,
             __newindex = function(t, k, v) rawset(t, k, { v }) end,
             __concat = function(a, b) return { a, b } end,
             __call = function(_, ...) return { ... } end,
         })
         for i = 1, 5 do
             assert(object[i + 100][1] == i + 100)
             object['k' .. i] = i
             assert(object['k' .. i][1] == i and (object .. 'x')[2] == 'x' and object({}, i)[2] == i)
             local ok, e = pcall(function() local t = { i } error({ function() return t end }) end)
             assert(not ok and e[1]()[1] == i)
         end
         local text = ''
         for i = 1, 30 do text = (text .. i .. ','):sub(-40) end
         assert(text:sub(-4) == ',30,', text)
         local list = {}
         for i = 1, 20 do list[i] = { 21 - i } end
         table.sort(list, function(x, y) return ({ x[1] })[1] < y[1] end)
         assert(list[1][1] == 1 and list[20][1] == 20)
         assert(('abc'):gsub('%w', function(c) return ({ c .. c })[1] end) == 'aabbcc')
         return 'ok'",
    );
}

#[test]
fn what_a_hook_interrupts_survives() {
    for mask in ["'', 1", "'l'", "'c'", "'crl', 3"] {
        check(&format!(
            "local kept
             debug.sethook(function(event)
                 kept = {{ {{ event }}, debug.getinfo(2, 'nSl'), debug.traceback() }}
             end, {mask})
             local function many(...) return {{}}, ... end
             local function open(...) local t = {{ many({{ 1 }}, ...) }} return many(unpack(t)) end
             for i = 1, 10 do
                 local t = {{ 0, open({{ i }}, {{ i + 1 }}) }}
                 assert(#t == 6 and t[4][1] == 1 and t[5][1] == i and t[6][1] == i + 1)
                 assert(select('#', many(open(unpack(t)))) == 10)
                 local ok, e = pcall(function() error({{ i }}) end)
                 assert(e[1] == i)
                 local co = coroutine.wrap(function(v) v = coroutine.yield({{ v }}) return {{ v }} end)
                 assert(co(i)[1] == i and co(-i)[1] == -i)
                 assert(tostring(i .. ',' .. i) == i .. ',' .. i)
             end
             debug.sethook()
             assert(#kept[1] == 1)
             return 'ok'"
        ));
    }
}

#[test]
fn large_arrays_are_traced_in_parts() {
    let mut lua = Lua::new(Options::default());
    let build = b"t = {} for i = 30000, 1, -1 do t[i] = { i } end return 'built'";
    let mut task = start(&mut lua, build);
    assert_eq!(
        finish(&mut lua, &mut task, 10_000, usize::MAX),
        End::text("built")
    );
    lua.stress_collector(3000.0);
    let source = b"
        for round = 1, 3 do
            for i = 1, 200 do
                local a, b = (i * 7919 * round) % 30000 + 1, (i * 31 * round) % 30000 + 1
                t[a], t[b] = t[b], t[a]
                t[(i * 17 * round) % 30000 + 1] = { -i }
            end
            table.insert(t, 100, table.remove(t, 29000))
        end
        local sum = 0
        for i = 1, #t do sum = sum + t[i][1] end
        return #t == 30000 and sum ~= 0 and 'ok'";
    let mut task = start(&mut lua, source);
    assert_eq!(
        finish(&mut lua, &mut task, 10_000, usize::MAX),
        End::text("ok")
    );
}

#[test]
fn integers_of_64_bits_live_as_long_as_they_are_held() {
    check(
        "local key, weak = 5LL, setmetatable({}, { __mode = 'k' })
         local t = { [key] = 'held' }
         weak[key] = true
         local sum = 0ULL
         for i = 1, 300 do
             sum = sum + i * 1LL
             t[i % 7] = -sum
             weak[sum + 1] = i
             local f = function() return sum, 77LL end
             assert(select(2, f()) == 77 and bit.bxor(f(), sum) == 0)
         end
         assert(sum == 45150ULL and t[key] == 'held' and weak[key] and -t[6] == sum)
         return 'ok'",
    );
}

/// Runs what goes to the limits of depth and size while the collector is at work, with so many bytes of memory.
fn at_the_limits(source: &str, memory: usize, expected: &End) {
    for step in [3.0, 200.0] {
        let mut lua = Lua::new(Options {
            memory: Some(memory),
            ..Options::default()
        });
        lua.stress_collector(step);
        let mut task = start(&mut lua, source.as_bytes());
        let end = finish(&mut lua, &mut task, 10_000, usize::MAX);
        assert_eq!(end, *expected, "steps of {step}");
    }
}

#[test]
fn depth_has_its_limits() {
    at_the_limits(
        "local n = 0
         local function nested(k) n = n + 1 if k > 1 then return pcall(nested, k - 1) end end
         for _ = 1, 10 do nested(500) end
         assert(n == 5000)
         local function deep() local held = {} return 1 + deep(held) end
         local ok, message = pcall(deep)
         assert(not ok and message == 'stack overflow', message)
         local function protected() local ok, e = pcall(protected) if not ok then error(e, 0) end return ok end
         ok, message = pcall(protected)
         assert(not ok and message == 'stack overflow', message)
         local function nest(n) if n == 0 then return 0 end return 1 + coroutine.wrap(nest)(n - 1) end
         assert(nest(200) == 200)
         ok, message = pcall(nest, 20000)
         assert(not ok and message:sub(-16) == 'C stack overflow', message)
         ok, message = pcall(string.rep, 'x', 2^30)
         assert(not ok and message == 'not enough memory', message)
         return 'ok'",
        32 << 20,
        &End::text("ok"),
    );
}

#[test]
fn memory_has_its_limit() {
    for source in [
        "local t = {} for i = 1, 5e7 do t[i] = { i } end",
        "local t = {} for i = 1, 5e7 do t[i + 0.5] = i end",
        "local s = 'x' while true do s = s .. s end",
    ] {
        // Little, for the collector looks at all of it again and again.
        at_the_limits(source, 1 << 20, &End::Interrupted(Interrupt::OutOfMemory));
    }
}
