//! `COMPATIBILITY.md` is whole and honest: every function of LuaJIT and of the VM has a row, what is called
//! absent is absent and nothing else is, every difference names what pins it, and every file named is there.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What `names.lua` prints in Neovim 0.11.4.
const LUAJIT: &str = include_str!("compatibility/luajit.txt");

const NAMES: &[u8] = include_bytes!("compatibility/names.lua");

struct Row {
    /// Qualified names of what the row is about; in the first section they are no functions.
    names: Vec<String>,
    status: String,
    reason: String,
    line: String,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rows() -> Vec<Row> {
    let path = folder().join("../interpreter/COMPATIBILITY.md");
    let text = std::fs::read_to_string(path).expect("it is there");
    let mut section = "";
    let mut rows = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            section = title;
        }
        // A bar inside a cell is escaped.
        let cells: Vec<&str> = line.split(" | ").collect();
        let [names, status, reason] = cells[..] else {
            continue;
        };
        // The last table counts suites, not functions.
        if section == "The public suites" || status == "status" || status.starts_with("---") {
            continue;
        }
        rows.push(Row {
            names: qualified(section, names.trim_start_matches("| ")),
            status: status.to_owned(),
            reason: reason.trim_end_matches('|').trim().to_owned(),
            line: line.to_owned(),
        });
    }
    assert!(rows.len() > 40, "the tables are read");
    rows
}

/// Returns the names in code spans, each with the library of its section or of the name before it.
fn qualified(section: &str, cell: &str) -> Vec<String> {
    if section == "The language" {
        return Vec::new();
    }
    let mut library = match section {
        "Globals" => String::new(),
        "jit and ffi" => "jit.".to_owned(),
        section => format!("{section}."),
    };
    let mut names = Vec::new();
    for name in code_spans(cell) {
        if section == "string.buffer" {
            names.push(format!("string.buffer.{name}"));
            names.push(format!("buffer:{name}"));
        } else if let Some(end) = name.rfind(['.', ':']) {
            library = name[..=end].to_owned();
            names.push(name.to_owned());
        } else {
            names.push(format!("{library}{name}"));
        }
    }
    names
}

fn code_spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Returns what `names.lua` prints in the VM.
fn names_of_vm() -> BTreeSet<String> {
    let output = support::sandbox_with_input(&["run", "-"], NAMES);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("names");
    text.lines().map(str::to_owned).collect()
}

fn covers(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(library) => name.starts_with(library),
        None => pattern == name,
    }
}

#[test]
fn every_function_has_a_row_that_tells_the_truth() {
    let rows = rows();
    let ours = names_of_vm();
    let theirs: BTreeSet<String> = LUAJIT.lines().map(str::to_owned).collect();
    assert!(theirs.len() > 180 && ours.len() > 180);
    let mut wrong = Vec::new();
    for name in ours.union(&theirs) {
        let statuses: BTreeSet<&str> = rows
            .iter()
            .filter(|row| row.names.iter().any(|pattern| covers(pattern, name)))
            .map(|row| row.status.as_str())
            .collect();
        // Methods that only raise an error are there, and as good as absent.
        let may_be_absent = !ours.contains(name) || name.starts_with("buffer:");
        if statuses.is_empty() {
            wrong.push(format!("{name} has no row"));
        } else if !ours.contains(name) && statuses != BTreeSet::from(["absent"]) {
            wrong.push(format!("{name} is absent, not {statuses:?}"));
        } else if !may_be_absent && statuses.contains("absent") {
            wrong.push(format!("{name} is there"));
        } else if !theirs.contains(name) {
            wrong.push(format!("{name} is not LuaJIT's"));
        } else if statuses.contains("same") && statuses.len() > 1 && !name.contains("buffer") {
            wrong.push(format!("{name} is {statuses:?} at once"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_difference_is_pinned_by_a_file() {
    let mut wrong = Vec::new();
    for row in rows() {
        let files = files(&row.reason);
        let refers = row.reason.starts_with("See ");
        match row.status.as_str() {
            "same" => {}
            "differs" | "absent" if !files.is_empty() || refers => {}
            "absent" if row.names.iter().all(|name| name == "lpeg") => {}
            _ => wrong.push(row.line),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Returns the files that a text names.
fn files(text: &str) -> Vec<&str> {
    code_spans(text)
        .filter(|span| span.ends_with(".lua") || span.ends_with(".rs"))
        .collect()
}

#[test]
fn every_file_named_is_there() {
    let path = folder().join("../interpreter/COMPATIBILITY.md");
    let text = std::fs::read_to_string(path).expect("it is there");
    let mut named: BTreeMap<&str, bool> = BTreeMap::new();
    for line in text.lines() {
        for file in files(line) {
            let is_there = |folder: PathBuf| Path::is_file(&folder.join(file));
            let roots = ["cases", "", ".."].map(|root| folder().join(root));
            named.insert(file, roots.into_iter().any(is_there));
        }
    }
    let missing: Vec<&str> = named
        .iter()
        .filter(|(_, there)| !**there)
        .map(|(file, _)| *file)
        .collect();
    assert!(named.len() > 5 && missing.is_empty(), "{missing:?}");
}
