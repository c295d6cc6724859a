//! Talks Lua at a prompt, as `sandbox repl` does: one VM, chunks line by line, values of expressions printed.
//!
//! At a terminal lines are edited and remembered, and Ctrl-C stops what runs. Otherwise standard input is
//! read through the VM's own `io.stdin`, so that programs can read what follows them.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use interpreter::{Environment, Lua, Stash, Task};
use rustyline::error::ReadlineError;
use rustyline::{Config, DefaultEditor};

use crate::machine::{Machine, RunError, RunOptions, compile, load_error};

/// Prints values: strings as they are, tables one level deep and not too much of them.
const SHOW: &str = include_str!("repl/show.lua");

const PROMPT: &str = "> ";
const MORE_PROMPT: &str = ">> ";

/// What is remembered between sessions.
const HISTORY_LINES: usize = 1000;

/// Reads and runs chunks until there are no more; returns the exit status.
pub fn run(options: &RunOptions, banner: &str) -> u8 {
    let mut session = Session::new(options);
    let status = if io::stdin().is_terminal() {
        session.talk(banner)
    } else {
        session.read()
    };
    session.flush();
    session.machine.finish();
    status
}

/// What became of a chunk.
enum Answer {
    Done,
    Failed,
    /// The program wants to leave, with this status.
    Left(u8),
    /// It needs more lines.
    Unfinished,
}

struct Session {
    machine: Machine,
    /// Prints its arguments.
    show: Stash,
    /// Returns the next line with its end.
    next_line: Stash,
    /// Set when Ctrl-C was pressed.
    interrupt: Arc<AtomicBool>,
}

impl Session {
    fn new(options: &RunOptions) -> Session {
        let mut machine = Machine::new(options);
        let mut make = machine.lua.enter(|ctx| {
            let function = compile(ctx, SHOW.as_bytes(), b"=show").expect("it is Lua");
            ctx.task(function, &[])
        });
        machine
            .run(&mut make, |_, _| {})
            .expect("it only makes a function");
        let (show, next_line) = machine.lua.enter(|ctx| {
            let made = ctx.results(&make);
            ctx.drop_task(make);
            (ctx.stash(made[0]), ctx.stash(made[1]))
        });
        Session {
            machine,
            show,
            next_line,
            interrupt: Arc::new(AtomicBool::new(false)),
        }
    }

    /// At a terminal.
    fn talk(&mut self, banner: &str) -> u8 {
        // Without it Ctrl-C would end the process, which is then the best that can be had.
        let _ = signal_hook::flag::register(signal_hook::consts::SIGINT, self.interrupt.clone());
        let config = Config::builder()
            .max_history_size(HISTORY_LINES)
            .map(|config| config.auto_add_history(false).build());
        let editor = config.and_then(DefaultEditor::with_config);
        let mut editor = match editor {
            Ok(editor) => editor,
            Err(error) => {
                complain(error.to_string().as_bytes());
                return 1;
            }
        };
        let history = history_file();
        if let Some(file) = &history {
            // There is none at first.
            let _ = editor.load_history(file);
        }
        let _ = writeln!(io::stdout(), "{banner}");
        let mut chunk = String::new();
        let status = loop {
            let prompt = if chunk.is_empty() {
                PROMPT
            } else {
                MORE_PROMPT
            };
            let line = match editor.readline(prompt) {
                Ok(line) => line,
                Err(ReadlineError::Interrupted) => {
                    chunk.clear();
                    continue;
                }
                Err(ReadlineError::Eof) => break 0,
                Err(error) => {
                    complain(error.to_string().as_bytes());
                    break 1;
                }
            };
            chunk.push_str(&line);
            let answer = self.evaluate(chunk.as_bytes());
            if matches!(answer, Answer::Unfinished) {
                chunk.push('\n');
                continue;
            }
            let _ = editor.add_history_entry(chunk.as_str());
            chunk.clear();
            if let Answer::Left(status) = answer {
                break status;
            }
        };
        if let Some(file) = &history {
            // A session that cannot be remembered is a session all the same.
            let folder = file.parent().map_or(Ok(()), std::fs::create_dir_all);
            let _ = folder.map(|()| editor.save_history(file));
        }
        status
    }

    /// From a file or a pipe.
    fn read(&mut self) -> u8 {
        let mut chunk = Vec::new();
        let mut status = 0;
        loop {
            let is_last = !self.read_line(&mut chunk);
            let answer = self.evaluate(&chunk);
            match answer {
                Answer::Unfinished if !is_last => {
                    chunk.push(b'\n');
                    continue;
                }
                Answer::Unfinished => {
                    self.report_chunk(&chunk);
                    status = 1;
                }
                Answer::Failed => status = 1,
                Answer::Left(status) => return status,
                Answer::Done => {}
            }
            if is_last {
                return status;
            }
            chunk.clear();
        }
    }

    /// Appends a line without its end; returns false when it was the last.
    fn read_line(&mut self, chunk: &mut Vec<u8>) -> bool {
        let Some(line) = self.read_shared().or_else(|| self.read_alone()) else {
            return false;
        };
        chunk.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(&line));
        line.ends_with(b"\n")
    }

    /// Reads a line as the program does.
    fn read_shared(&mut self) -> Option<Vec<u8>> {
        let mut task = self.machine.lua.enter(|ctx| {
            let next_line = ctx.fetch(&self.next_line).as_function()?;
            Some(ctx.task(next_line, &[]))
        })?;
        let result = self.machine.run(&mut task, |_, _| {});
        self.machine.lua.enter(|ctx| {
            let line = ctx.results(&task).first().and_then(|line| line.as_string());
            let line = line.map(|line| line.as_bytes().to_vec());
            ctx.drop_task(task);
            line.filter(|_| result.is_ok())
        })
    }

    /// Reads a line where the program has no standard input.
    fn read_alone(&mut self) -> Option<Vec<u8>> {
        let mut line = Vec::new();
        let mut byte = [0];
        while !line.ends_with(b"\n") {
            match self.machine.system().read_input(&mut byte) {
                Ok(1) => line.push(byte[0]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => break,
            }
        }
        (!line.is_empty()).then_some(line)
    }

    /// Runs a chunk, as an expression if it can be one, and prints its values or the error.
    fn evaluate(&mut self, chunk: &[u8]) -> Answer {
        let is_marked = chunk.starts_with(b"=");
        let chunk = if is_marked { &chunk[1..] } else { chunk };
        // With the nil in front it is no tail call, which would have no place in error messages.
        let expression = [b"return nil, ", chunk].concat();
        let task = self.machine.lua.enter(|ctx| {
            let function = match compile(ctx, &expression, b"=stdin") {
                Ok(function) => Ok((function, true)),
                Err(error) if is_marked => Err(error),
                // It may be a statement, unless it is an expression that goes on.
                Err(error) => match compile(ctx, chunk, b"=stdin") {
                    Ok(function) => Ok((function, false)),
                    Err(_) if is_unfinished(&error) => Err(error),
                    Err(error) => Err(error),
                },
            };
            function.map(|(function, is_expression)| (ctx.task(function, &[]), is_expression))
        });
        let (mut task, is_expression) = match task {
            Ok(task) => task,
            Err(error) if is_unfinished(&error) => return Answer::Unfinished,
            Err(error) => return self.report(&error),
        };
        let result = self.run(&mut task);
        let is_limited = matches!(result, Err(RunError::Limit(_)));
        let answer = match result {
            Ok(()) if is_expression => self.show(&task),
            Ok(()) => Answer::Done,
            Err(error) => self.report(&error),
        };
        self.machine.lua.enter(|ctx| ctx.drop_task(task));
        if is_limited {
            // What has filled the memory may be garbage now.
            self.machine.lua.collect();
        }
        self.flush();
        answer
    }

    /// Prints the results of a task.
    fn show(&mut self, task: &Task) -> Answer {
        let show = self.machine.lua.enter(|ctx| {
            let mut results = ctx.results(task);
            // The nil in front.
            results.remove(0);
            let show = ctx.fetch(&self.show).as_function()?;
            (!results.is_empty()).then(|| ctx.task(show, &results))
        });
        let Some(mut show) = show else {
            return Answer::Done;
        };
        let result = self.run(&mut show);
        self.machine.lua.enter(|ctx| ctx.drop_task(show));
        match result {
            Ok(()) => Answer::Done,
            Err(error) => self.report(&error),
        }
    }

    /// Runs a task. Ctrl-C raises an error in it, which the program may catch; a second one ends it.
    fn run(&mut self, task: &mut Task) -> Result<(), RunError> {
        let interrupt = self.interrupt.clone();
        interrupt.store(false, Ordering::Relaxed);
        let mut was_asked = false;
        self.machine.run(task, |lua: &mut Lua, task| {
            if interrupt.swap(false, Ordering::Relaxed) {
                if std::mem::replace(&mut was_asked, true) {
                    lua.interrupt(task);
                } else {
                    lua.enter(|ctx| ctx.raise(task, ctx.string("interrupted!").into()));
                }
            }
        })
    }

    fn flush(&self) {
        // Nobody can be told that standard output is gone.
        let _ = self.machine.system().flush();
    }

    fn report(&self, error: &RunError) -> Answer {
        // What was printed comes first.
        self.flush();
        if let Some(message) = error.message() {
            complain(&message.0);
        }
        match error {
            RunError::Exit(_) | RunError::OutputClosed => Answer::Left(error.status()),
            _ => Answer::Failed,
        }
    }

    /// Says what an unfinished chunk lacks.
    fn report_chunk(&mut self, chunk: &[u8]) {
        let error = self
            .machine
            .lua
            .enter(|ctx| match ctx.load(chunk, b"=stdin") {
                Ok(_) => None,
                Err(error) => Some(load_error(&error)),
            });
        if let Some(error) = error {
            self.report(&error);
        }
    }
}

/// Returns whether more lines could make a chunk of what was refused.
fn is_unfinished(error: &RunError) -> bool {
    matches!(error, RunError::Load(text) if text.0.ends_with(b"near '<eof>'"))
}

fn complain(text: &[u8]) {
    let line = [b"sandbox: ", text, b"\n"].concat();
    let _ = io::stderr().write_all(&line);
}

/// Returns where what was typed is remembered, by the rules of the XDG base directories.
fn history_file() -> Option<PathBuf> {
    let state = match std::env::var_os("XDG_STATE_HOME") {
        Some(folder) if !folder.is_empty() => PathBuf::from(folder),
        _ => PathBuf::from(std::env::var_os("HOME")?).join(".local/state"),
    };
    Some(state.join("sandbox").join("history"))
}
