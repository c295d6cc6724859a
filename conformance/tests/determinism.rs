//! Runs the language suite and the benchmark programs twice with one seed, and compares all that can be seen: output,
//! how they end, fuel, bytes in use. Both runs have a clock and a world of their own that does not depend on the machine.

use std::cell::{Cell, RefCell};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;

use conformance::cases;
use interpreter::{Environment, Failure, File, Lua, OpenMode, Options, Outcome, System, Task};
use libtest_mimic::{Arguments, Failed, Trial};

/// Fuel of a run; programs that need more are compared up to there.
const FUEL: u64 = 1_500_000;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut files = cases::programs();
    files.extend(cases::lua_files("language"));
    files.extend(cases::lua_files("beyond"));
    let mut trials: Vec<Trial> = files
        .into_iter()
        .map(|file| Trial::test(cases::name(&file), move || run_twice(&file)))
        .collect();
    trials.push(Trial::test("what_depends_on_the_seed", seeds));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A world that is the same in each run: the clock goes on by a little at each look.
#[derive(Debug)]
struct Replayed {
    system: System,
    looks: Cell<u32>,
    files: Cell<u32>,
    folder: PathBuf,
    output: RefCell<Vec<u8>>,
}

impl Replayed {
    fn new(folder: &Path) -> Self {
        Replayed {
            system: System::new(),
            looks: Cell::new(0),
            files: Cell::new(0),
            folder: folder.to_owned(),
            output: RefCell::default(),
        }
    }

    fn seconds(&self) -> f64 {
        self.looks.set(self.looks.get() + 1);
        f64::from(self.looks.get()) / 1024.0
    }
}

impl Environment for Replayed {
    fn time(&self) -> f64 {
        1.7e9 + self.seconds()
    }

    fn clock(&self) -> f64 {
        self.seconds()
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        self.output.borrow_mut().extend_from_slice(bytes);
        Ok(())
    }

    fn read_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.system.read_file(path)
    }

    fn variable(&self, name: &[u8]) -> Option<Vec<u8>> {
        self.system.variable(name)
    }

    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn File>> {
        self.system.open(path, mode)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.system.remove(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.system.rename(from, to)
    }

    fn temporary_file(&self) -> io::Result<PathBuf> {
        let number = self.files.replace(self.files.get() + 1);
        let path = self.folder.join(format!("temporary_{number}"));
        std::fs::write(&path, b"")?;
        Ok(path)
    }
}

/// All that can be seen of a run.
#[derive(Debug, PartialEq)]
struct Seen {
    output: String,
    end: String,
    fuel: u64,
    used: usize,
    peak: usize,
}

fn run(chunk: &[u8], name: &str, folder: &Path, seed: u64) -> Result<Seen, Failed> {
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder)?;
    let environment = Rc::new(Replayed::new(folder));
    let mut lua = Lua::new(Options {
        memory: Some(256 << 20),
        seed,
        environment: environment.clone(),
    });
    let mut task: Task = lua.enter(|ctx| {
        let prototype = ctx
            .load(chunk, format!("@{name}").as_bytes())
            .map_err(|error| error.to_string())?;
        Ok::<_, String>(ctx.task(ctx.main_function(prototype, ctx.globals()), &[]))
    })?;
    // In slices of an odd size, so that safe points fall differently from those of the collector.
    let end = loop {
        match lua.run(&mut task, 10_007) {
            Outcome::Finished => break "finished".to_owned(),
            Outcome::OutOfFuel | Outcome::Suspended if lua.fuel_used() > FUEL => {
                break "out of fuel".to_owned();
            }
            Outcome::OutOfFuel | Outcome::Suspended => {}
            Outcome::Failed(Failure::Interrupted(interrupt)) => break interrupt.to_string(),
            Outcome::Failed(Failure::Error { value, traceback }) => {
                let value = lua.enter(|ctx| format!("{:?}", ctx.unstash(value)));
                break format!("{value}\n{}", String::from_utf8_lossy(&traceback));
            }
        }
    };
    let _ = std::fs::remove_dir_all(folder);
    let (used, peak) = lua.enter(|ctx| (ctx.heap().used(), ctx.heap().peak()));
    let output = environment.output.borrow();
    Ok(Seen {
        output: String::from_utf8_lossy(&output).into_owned(),
        end,
        fuel: lua.fuel_used(),
        used,
        peak,
    })
}

fn folder(name: &str) -> PathBuf {
    let name = format!(
        "determinism-{}-{}",
        std::process::id(),
        name.replace("::", "-")
    );
    std::env::temp_dir().join(name)
}

fn run_twice(file: &Path) -> Result<(), Failed> {
    let chunk = std::fs::read(file)?;
    let name = cases::name(file);
    let first = run(&chunk, &name, &folder(&name), 7)?;
    // What lies at other addresses now must not make a difference.
    let disturbance: Vec<Vec<u8>> = (1..200).map(|n| vec![0; n * 13]).collect();
    let second = run(&chunk, &name, &folder(&name), 7)?;
    drop(disturbance);
    if first == second {
        Ok(())
    } else {
        Err(format!("{first:#?}\nis not\n{second:#?}").into())
    }
}

/// Prints what could depend on addresses, the clock or the collector: hash order of all kinds of keys, identities, weak
/// tables, the order of finalizers, bytes in use, random numbers.
const PROBE: &str = r#"
local t = {}
for i = 1, 40 do t['key' .. i] = i t[{}] = i t[function() end] = i t[coroutine.create(print)] = i t[newproxy()] = i t[i * 1LL] = i t[0ULL + i] = i end
for i = 1, 40 do t[i * 1.5] = i t[-i] = i end
t[true] = 1 t[false] = 2 t[print] = 3 t[io.stdout] = 4
for k, v in pairs(t) do io.write(type(k), ':', tostring(k), '=', v, ' ') end
print(t, print, coroutine.running(), newproxy(), io.stdout, os.time(), os.clock(), math.random(1e9), string.format('%p', t))
local names = {}
for name in pairs(_G) do names[#names + 1] = name end
print(table.concat(names, ' '))
local weak, log = setmetatable({}, { __mode = 'k' }), {}
for round = 1, 60 do
  for i = 1, 100 do
    local key = {}
    weak[key] = { round, i }
    if i % 10 == 0 then
      local p = newproxy(true)
      getmetatable(p).__gc = function() log[#log + 1] = round * 100 + i end
    end
  end
  local n = 0
  for _ in pairs(weak) do n = n + 1 end
  print(round, n, #log, log[#log], collectgarbage('count'), gcinfo())
end
print(pcall(error, {}), pcall(error), select(2, pcall(string.rep)))
print(debug.traceback('probe', 1))
"#;

/// One seed gives one run; another gives another order of hashes, and the same result otherwise.
fn seeds() -> Result<(), Failed> {
    let probe = |seed| run(PROBE.as_bytes(), "probe", &folder("probe"), seed);
    let (first, second, other) = (probe(1)?, probe(1)?, probe(2)?);
    if first.end != "finished" {
        return Err(first.end.into());
    }
    if first != second {
        return Err(format!("{first:#?}\nis not\n{second:#?}").into());
    }
    if first.output == other.output {
        return Err("the seed has no effect on the order of `pairs`".into());
    }
    Ok(())
}
