//! `cargo bench -p conformance --bench pauses`: how long the VM keeps its embedder waiting between two slices of fuel, with
//! a large live heap of one kind each and allocation beside it: medians, 99th percentiles and maxima in milliseconds, a
//! Markdown table on stdout. It is the thread's processor time, so that other programs do not count. Slices are short, so what is long is the collector, or one operation that cannot be divided.
//! Options: `-- --filter TEXT` (part of a row's name), `--scale N` (live objects; 500,000 by default).

use std::process::ExitCode;
use std::time::Duration;

use cpu_time::ThreadTime;
use interpreter::{Failure, Lua, Options, Outcome, Recycler};

#[global_allocator]
static ALLOCATOR: Recycler = Recycler;

/// Fuel of a slice: some ten microseconds of Lua.
const SLICE: u64 = 500;

/// A kind of live heap: what it is called, and the program that builds `live` from the number `n`.
const HEAPS: &[(&str, &str)] = &[
    ("small tables", "for i = 1, n do live[i] = { i } end"),
    (
        "records",
        "for i = 1, n / 2 do live[i] = { id = i, links = { i, i + 1 } } end",
    ),
    ("strings", "for i = 1, n do live[i] = 'key' .. i end"),
    (
        "closures",
        "for i = 1, n / 2 do live[i] = function() i = i + 1 return i end end",
    ),
    (
        "mixed",
        "for i = 1, n / 5 do live[i] = { id = i, name = 'object' .. i, links = { i }, get = function() return i end } end",
    ),
    ("an array of numbers", "for i = 1, 2 * n do live[i] = i end"),
    (
        "an array of one table",
        "local t = {} for i = 1, 2 * n do live[i] = t end",
    ),
    (
        "a hash of numbers",
        "for i = 1, 2 * n do live[i * 1.5] = i end",
    ),
    (
        "a hash of strings",
        "for i = 1, n do live['key' .. i] = true end",
    ),
    (
        "a hash of tables",
        "for i = 1, n do live[i * 1.5] = { i } end",
    ),
    (
        "middling arrays",
        "for i = 1, n / 500 do local t = {} for j = 1, 5000 do t[j] = j end live[i] = t end",
    ),
    (
        "middling hashes",
        "for i = 1, n / 500 do local t = {} for j = 1, 1000 do t[j * 1.5] = t end live[i] = t end",
    ),
    (
        "coroutines",
        "for i = 1, n / 10 do live[i] = coroutine.create(function() end) end",
    ),
    (
        "proxies",
        "for i = 1, n / 5 do live[i] = newproxy(true) end",
    ),
    (
        "weak values",
        "setmetatable(live, { __mode = 'v' }) keep = {}
         for i = 1, n do local t = { i } keep[i] = t live[i] = t end",
    ),
    ("nothing", ""),
];

/// What runs beside the live heap, until about `rounds` megabytes have been allocated.
const CHURN: &str = "
    local seed, count = 1, #live
    for i = 1, rounds * 3000 do
        local garbage = { i, { i }, 'text' .. i % 5000, function() return i end }
        if i % 10 == 0 and count > 0 and type(live[1]) == 'table' and getmetatable(live) == nil then
            seed = seed * 16807 % 2147483647
            local at = seed % count + 1
            live[at], live[count] = live[count], live[at]
        end
        if i % 3000 == 0 then local large = {} for j = 1, 3000 do large[j] = { j } end end
    end";

fn main() -> ExitCode {
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pauses: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<(), Box<dyn std::error::Error>> {
    use lexopt::prelude::{Long, ValueExt};
    let (mut filter, mut scale) = (String::new(), 500_000u32);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("filter") => filter = parser.value()?.string()?,
            Long("scale") => scale = parser.value()?.parse()?,
            // Cargo adds this one.
            Long("bench") => {}
            other => return Err(other.unexpected().into()),
        }
    }
    println!("| live heap | building: p99 | max | churning: p50 | p99 | max | time |");
    println!("|---|---|---|---|---|---|---|");
    for (name, build) in HEAPS.iter().filter(|(name, _)| name.contains(&filter)) {
        let mut lua = Lua::new(Options::default());
        let built = slices(&mut lua, &format!("live = {{}} local n = {scale} {build}"))?;
        let churned = slices(&mut lua, &format!("local rounds = 100 {CHURN}"))?;
        let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
        let at = |slices: &[Duration], part: f64| {
            ms(slices[(slices.len() - 1) * (part * 1e3) as usize / 1000])
        };
        println!(
            "| {name} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.0} |",
            at(&built, 0.99),
            at(&built, 1.0),
            at(&churned, 0.5),
            at(&churned, 0.99),
            at(&churned, 1.0),
            ms(built.iter().chain(&churned).sum()),
        );
    }
    Ok(())
}

/// Runs a program in short slices and returns how long each took, in order of length.
fn slices(lua: &mut Lua, source: &str) -> Result<Vec<Duration>, String> {
    let mut task = lua.enter(|ctx| {
        let prototype = ctx
            .load(source.as_bytes(), b"=pauses")
            .map_err(|error| error.to_string())?;
        Ok::<_, String>(ctx.task(ctx.main_function(prototype, ctx.globals()), &[]))
    })?;
    let mut slices = Vec::new();
    loop {
        let start = ThreadTime::now();
        let outcome = lua.run(&mut task, SLICE);
        slices.push(start.elapsed());
        match outcome {
            Outcome::OutOfFuel | Outcome::Suspended => {}
            Outcome::Finished => break,
            Outcome::Failed(Failure::Interrupted(interrupt)) => return Err(interrupt.to_string()),
            Outcome::Failed(Failure::Error { value, .. }) => {
                return Err(lua.enter(|ctx| format!("{:?}", ctx.unstash(value))));
            }
        }
    }
    lua.enter(|ctx| ctx.drop_task(task));
    slices.sort();
    Ok(slices)
}
