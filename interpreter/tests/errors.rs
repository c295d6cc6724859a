//! What the embedder sees of errors, and that a failed program leaves a VM that works.

mod support;

use interpreter::{Failure, Lua, Options, Outcome};
use support::{End, finish, run, start};

#[test]
fn an_uncaught_error_gives_value_and_traceback() {
    let mut lua = Lua::new(Options::default());
    let mut task = start(&mut lua, b"local function f(x) return x.y.z end\nf({})");
    let Outcome::Failed(Failure::Error { value, traceback }) = lua.run(&mut task, 1000) else {
        panic!("an error")
    };
    let message = lua.enter(|ctx| {
        let value = ctx.unstash(value);
        String::from_utf8_lossy(value.as_string().expect("a message").as_bytes()).into_owned()
    });
    assert_eq!(message, "test:1: attempt to index field 'y' (a nil value)");
    assert_eq!(
        String::from_utf8_lossy(&traceback),
        "stack traceback:\n\ttest:1: in function 'f'\n\ttest:2: in main chunk"
    );
    let mut task = start(&mut lua, b"return 'fine'");
    assert_eq!(finish(&mut lua, &mut task, 1000, 1), End::text("fine"));
}

#[test]
fn pcall_catches_a_value_that_cannot_be_called() {
    assert_eq!(
        run("return select(2, pcall(nil)), select(2, pcall({}))"),
        End::Returned(vec![
            "attempt to call a nil value".into(),
            "attempt to call a table value".into()
        ])
    );
}

#[test]
fn locals_of_running_functions_can_be_set_but_links_cannot() {
    let source = "
        local function victim(a)
            local b = 2
            local found = {}
            for n = 1, 300 do
                local name = debug.setlocal(1, n, n)
                if not name then break end
                found[#found + 1] = name
            end
            return found[1], found[2]
        end
        local first, second = victim(1)
        for n = 1, 300 do
            if debug.setlocal(1, n, 0.5) == nil then break end
        end
        return 'still here'";
    // The loop overwrites its own state, so what it returns does not matter: it must return.
    assert!(!matches!(run(source), End::Unfinished));
    let suspended = "
        local co = coroutine.create(function() local x = 1 coroutine.yield() return x end)
        coroutine.resume(co)
        for level = 0, 3 do
            for n = -5, 300 do pcall(debug.setlocal, co, level, n, 1e300) end
        end
        return tostring(select(2, coroutine.resume(co)))";
    assert_eq!(run(suspended), End::text("1e+300"));
}

#[test]
fn results_are_taken_only_by_a_task_that_waits() {
    let mut lua = Lua::new(Options::default());
    let mut task = start(
        &mut lua,
        b"local n = 0 while n < 100 do n = n + 1 end return 'whole'",
    );
    assert!(matches!(lua.run(&mut task, 5), Outcome::OutOfFuel));
    assert!(lua.enter(|ctx| ctx.resume(&task, &[interpreter::Value::TRUE]).is_err()));
    assert_eq!(finish(&mut lua, &mut task, 1000, 1), End::text("whole"));
}

#[test]
fn an_error_can_be_raised_in_a_task_from_outside() {
    let mut lua = Lua::new(Options::default());
    let source = b"local ok, e = pcall(function() while true do end end) return e";
    let mut task = start(&mut lua, source);
    assert!(matches!(lua.run(&mut task, 50), Outcome::OutOfFuel));
    lua.enter(|ctx| ctx.raise(&task, ctx.string("stop").into()));
    assert_eq!(finish(&mut lua, &mut task, 1000, 1), End::text("stop"));
    let mut unstarted = start(&mut lua, source);
    lua.enter(|ctx| ctx.raise(&unstarted, ctx.string("never").into()));
    assert_eq!(
        finish(&mut lua, &mut unstarted, 1000, 1),
        End::Raised("never".into())
    );
}
