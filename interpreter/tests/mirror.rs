//! What an embedder that mirrors objects hears of them: every write, whatever makes it, and their end.

mod support;

use std::collections::BTreeMap;

use interpreter::{Context, Lua, Options, Table, Value, Written};
use support::{End, finish, start};

fn run(lua: &mut Lua, source: &str) {
    let mut task = start(lua, source.as_bytes());
    let end = finish(lua, &mut task, 100_000, 10_000);
    assert_eq!(end, End::Returned(Vec::new()));
    lua.enter(|ctx| ctx.drop_task(task));
}

fn global<'gc>(ctx: Context<'gc>, name: &str) -> Value<'gc> {
    ctx.globals().get(ctx.string(name).into())
}

fn entries(table: &Table<'_>) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    table.for_each(|key, value| {
        all.insert(format!("{key:?}"), format!("{value:?}"));
    });
    all
}

#[test]
fn every_write_to_a_shared_table_is_noted() {
    let ways = [
        "t.a, t[1], t[-0], t[1.5], t[t], t['new'] = 1, 2, 3, 4, 5, 6",
        "table.sort(t)",
        "table.sort(t, function(a, b) return a > b end)",
        "for i = 1, #t do t[i] = tostring(t[i]) end table.sort(t)",
        "table.insert(t, 'last') table.insert(t, 1, 'first') table.remove(t, 3) table.remove(t)",
        "rawset(t, 'raw', true) rawset(t, 3, nil)",
        "for k in pairs(t) do t[k] = nil end",
        "require('table.clear')(t)",
        "for i = 1, 5000 do t[i] = i t[i % 7] = i end for i = 1, 4990 do t[i] = nil end",
        "t.a = nil for i = 1, 20 do t['k' .. i] = i end collectgarbage() t.a = 7",
    ];
    for way in ways {
        let mut lua = Lua::new(Options::default());
        run(&mut lua, "t = { 9, 4, 7, 1, 3, a = 'a', [true] = 0 }");
        let mut mirror = lua.enter(|ctx| {
            let table = global(ctx, "t").as_table().expect("a table");
            table.share();
            entries(&table)
        });
        run(&mut lua, way);
        lua.enter(|ctx| {
            let table = global(ctx, "t").as_table().expect("a table");
            for written in ctx.take_written() {
                let Written::Entry(_, key) = written else {
                    panic!("no entry was written");
                };
                let value = table.get(key);
                if value.is_nil() {
                    mirror.remove(&format!("{key:?}"));
                } else {
                    mirror.insert(format!("{key:?}"), format!("{value:?}"));
                }
            }
            assert_eq!(mirror, entries(&table), "{way}");
            assert!(ctx.take_written().is_empty());
            table.unshare();
        });
        run(&mut lua, "t.x = 1");
        assert!(lua.enter(|ctx| ctx.take_written().is_empty()));
    }
}

#[test]
fn variables_and_metatables_are_noted_once() {
    let mut lua = Lua::new(Options::default());
    run(
        &mut lua,
        "local n = 0; t = {} function f() for i = 1, 10 do n = i end setmetatable(t, {}) setmetatable(t, nil) end",
    );
    lua.enter(|ctx| {
        global(ctx, "t").as_table().expect("a table").share();
        let f = global(ctx, "f").as_function().expect("a function");
        f.upvalues()[0].get().share();
    });
    for _ in 0..2 {
        run(&mut lua, "f()");
        lua.enter(|ctx| {
            let written = ctx.take_written();
            assert!(matches!(
                written[..],
                [Written::Cell(cell), Written::Metatable(_)] if cell.get().as_number() == Some(10.0)
            ));
        });
    }
}

#[test]
fn notes_of_one_vm_are_not_those_of_another() {
    let mut vms = [Lua::new(Options::default()), Lua::new(Options::default())];
    for lua in &mut vms {
        run(lua, "t = {}");
        lua.enter(|ctx| global(ctx, "t").as_table().expect("a table").share());
    }
    run(&mut vms[0], "t.x = {}");
    run(&mut vms[1], "t.y, t.z = {}, {}");
    let [first, second] = &mut vms;
    first.collect();
    first.enter(|ctx| {
        assert_eq!(second.enter(|ctx| ctx.take_written().len()), 2);
        assert_eq!(ctx.take_written().len(), 1);
    });
}

#[test]
fn what_is_watched_is_found_until_it_is_garbage() {
    let mut lua = Lua::new(Options::default());
    run(
        &mut lua,
        "kept = {} lost = {} local n = {} function f() return n end",
    );
    let (kept, lost, cell) = lua.enter(|ctx| {
        let f = global(ctx, "f").as_function().expect("a function");
        (
            ctx.watch(global(ctx, "kept")),
            ctx.watch(global(ctx, "lost")),
            ctx.watch_cell(f.upvalues()[0].get()),
        )
    });
    run(&mut lua, "lost = nil");
    lua.collect();
    lua.enter(|ctx| {
        assert!(ctx.watched(&kept).is_some() && !ctx.is_gone(&kept));
        assert!(ctx.watched(&lost).is_none() && ctx.is_gone(&lost) && ctx.has_gone());
        assert!(ctx.watched_cell(&cell).is_some());
        ctx.unwatch(lost);
        assert!(!ctx.has_gone());
    });
    run(&mut lua, "f = nil kept = nil");
    lua.collect();
    lua.enter(|ctx| assert!(ctx.is_gone(&kept) && ctx.is_gone(&cell)));
}

#[test]
fn a_collection_tells_what_only_a_stash_keeps() {
    let mut lua = Lua::new(Options::default());
    run(
        &mut lua,
        "a, b = {}, {} a.b = b b.a = a c = { a = a } d = { inner = {} }",
    );
    let (held, watches) = lua.enter(|ctx| {
        let inner = global(ctx, "d").as_table().expect("a table");
        let inner = inner.get(ctx.string("inner").into());
        let values = ["a", "b", "c", "d"].map(|name| global(ctx, name));
        let held = values.map(|value| ctx.stash(value));
        let watches = [values[0], values[1], values[2], values[3], inner];
        (held, watches.map(|value| ctx.watch(value)))
    });
    let reached = |lua: &mut Lua| {
        let reached = lua.collect_without(&held);
        watches.each_ref().map(|watch| reached.contains(watch))
    };
    assert_eq!(reached(&mut lua), [true; 5]);
    run(&mut lua, "a, b, d = nil");
    assert_eq!(reached(&mut lua), [true, true, true, false, false]);
    run(&mut lua, "c = nil");
    assert_eq!(reached(&mut lua), [false; 5]);
    // They are alive all the same.
    lua.enter(|ctx| assert!(watches.iter().all(|watch| ctx.watched(watch).is_some())));
    lua.enter(|ctx| {
        for held in held {
            ctx.unstash(held);
        }
    });
    lua.collect();
    lua.enter(|ctx| assert!(watches.iter().all(|watch| ctx.is_gone(watch))));
}
