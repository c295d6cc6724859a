//! `sandbox test` and `sandbox replay`: the specs of `conformance/specs`, what is said of failures, replay,
//! determinism, reports for other programs, and the same specs in a real Neovim.

use std::path::Path;
use std::process::{Command, Output};

use conformance::spec::token::Token;

/// Runs the command in the folder of the specs.
fn sandbox(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sandbox"))
        .args(words)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("specs"))
        .output()
        .expect("the command runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns standard output, when the exit status is that.
fn said(words: &[&str], status: i32) -> String {
    let output = sandbox(words);
    let said = text(&output.stdout);
    let complaints = text(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{said}{complaints}");
    said
}

/// Returns the part of a report that is about the test of that name.
fn failure<'t>(report: &'t str, name: &str) -> &'t str {
    let head = format!("\n✗ {name}\n");
    let start = report
        .find(&head)
        .unwrap_or_else(|| panic!("{name} has not failed:\n{report}"));
    let rest = &report[start + 1..];
    rest.find("\n\n").map_or(rest, |end| &rest[..end])
}

/// Returns the token in a report.
fn token(report: &str) -> &str {
    let word = report
        .split_whitespace()
        .find(|word| word.starts_with("t1-"));
    word.unwrap_or_else(|| panic!("no token:\n{report}"))
}

#[test]
fn specs_that_hold_pass_under_every_schedule() {
    for file in ["tally", "threads", "time", "vocabulary"] {
        let file = format!("{file}_spec.lua");
        let report = said(&["test", &file, "--schedules", "20"], 0);
        assert!(report.contains(" 0 failed, "), "{report}");
        assert!(!report.contains("\n0 passed"), "{report}");
    }
}

#[test]
fn a_race_is_found_made_simple_and_replayed() {
    let file = "failing/race_spec.lua";
    // It does not show while every thread runs until it waits.
    said(&["test", file, "--schedules", "1"], 0);
    let report = said(&["test", file], 1);
    let report = failure(&report, "tally with a mistake sums in threads");
    assert!(report.contains("expected: 3\n    actual: 2"), "{report}");
    assert!(report.contains("; fails after 2 switches"), "{report}");
    let token = token(report);
    assert_eq!(Token::decode(token).expect("a token").file, file);
    for _ in 0..2 {
        let again = said(&["replay", token], 1);
        assert!(again.contains("expected: 3\n    actual: 2"), "{again}");
        assert!(again.contains(token), "{again}");
    }
}

#[test]
fn equal_seeds_say_the_same_and_others_find_it_elsewhere() {
    let words = [
        "test",
        "failing/race_spec.lua",
        "tally_spec.lua",
        "--seed",
        "7",
    ];
    let first = said(&words, 1);
    assert_eq!(first, said(&words, 1));
    let other = said(&["test", "failing/race_spec.lua", "--seed", "8"], 1);
    let how = |report: &str| {
        let line = report.lines().find(|line| line.contains("seed "));
        line.expect("how it fails").to_owned()
    };
    assert_ne!(how(&first), how(&other));
}

#[test]
fn a_failure_says_what_where_and_how_it_came_there() {
    let file = "failing/messages_spec.lua";
    let report = said(&["test", file, "--fuel", "3000000", "--schedules", "3"], 1);

    let differs = failure(&report, "differs");
    assert!(
        differs.contains("failing/messages_spec.lua:5: expected values to be the same"),
        "{differs}"
    );
    for line in [
        "- expected + actual",
        "-   name = \"a\",",
        "+   name = \"b\",",
        "-     2,",
    ] {
        assert!(differs.contains(line), "{line} in {differs}");
    }

    let thread = failure(&report, "fails in a thread");
    assert!(
        thread.contains("messages_spec.lua:10: inside the thread"),
        "{thread}"
    );
    assert!(
        thread.contains("messages_spec.lua:16: in function"),
        "{thread}"
    );
    assert!(thread.contains("in thread worker:"), "{thread}");
    assert!(
        thread.contains("messages_spec.lua:14: in function"),
        "{thread}"
    );
    assert!(thread.contains("printed:\n    printed before"), "{thread}");

    let asserts = failure(&report, "asserts in a thread");
    assert!(
        asserts.contains("messages_spec.lua:21: expected values to be equal"),
        "{asserts}"
    );

    let unseen = failure(&report, "leaves an error unseen");
    assert!(
        unseen.contains("an error that nobody waits for"),
        "{unseen}"
    );
    assert!(unseen.contains("nobody looks"), "{unseen}");

    let forever = failure(&report, "waits for ever");
    assert!(forever.contains("deadlock: main waits"), "{forever}");

    let spins = failure(&report, "spins");
    assert!(
        spins.contains("ended after 3000000 units of fuel"),
        "{spins}"
    );
    assert!(
        spins.contains("messages_spec.lua:49: in function"),
        "{spins}"
    );
    assert!(failure(&report, "exits").contains("called os.exit(3)"));
    assert!(report.contains("✓ goes on behind it\n"), "{report}");
    let callback = failure(&report, "goes on behind that");
    assert!(
        callback.contains("error in a callback on main: "),
        "{callback}"
    );
    assert!(
        report.contains("\n1 passed, 8 failed, 0 pending in 1 file"),
        "{report}"
    );
}

/// Checks what is said of failures outside the functions of tests.
fn check_callbacks(report: &str) {
    let asserts = failure(report, "a callback asserts");
    let place = "callbacks_spec.lua:5: error in a callback on main: expected values to be equal";
    for line in [place, "expected: \"this\"", "actual: \"that\""] {
        assert!(asserts.contains(line), "{line} in {asserts}");
    }
    assert!(
        report.contains("callbacks_spec.lua:13: this block is broken"),
        "{report}"
    );
    assert!(!report.contains("is not reached"), "{report}");
    assert!(
        report.contains("\n1 passed, 2 failed, 0 pending"),
        "{report}"
    );
}

#[test]
fn failures_in_callbacks_and_blocks_leave_the_others_alone() {
    check_callbacks(&said(&["test", "failing/callbacks_spec.lua"], 1));
}

#[test]
fn tests_are_chosen_by_their_names() {
    said(&["test", "tally_spec.lua", "--filter", "no such name"], 2);
    let report = said(&["test", "tally_spec.lua", "--filter", "["], 1);
    assert!(report.contains("'[' is no Lua pattern: "), "{report}");
    let report = said(&["test", "tally_spec.lua", "--filter", "counts"], 0);
    assert!(
        report.contains("\n1 passed, 0 failed, 1 pending"),
        "{report}"
    );
    let words = [
        "test",
        "tally_spec.lua",
        "--exclude",
        "hour",
        "--exclude",
        "other",
    ];
    assert!(said(&words, 0).contains("\n3 passed, 0 failed, 0 pending"));
}

#[test]
fn other_programs_can_read_the_results() {
    let junit = std::env::temp_dir().join(format!("sandbox-junit-{}.xml", std::process::id()));
    let path = junit.display().to_string();
    let files = [
        "vocabulary_spec.lua",
        "failing/race_spec.lua",
        "failing/messages_spec.lua",
    ];
    said(&["test", files[0], files[1], files[2], "--junit", &path], 1);
    let xml = std::fs::read_to_string(&junit).expect("the report");
    std::fs::remove_file(&junit).expect("the report is removed");
    let mut reader = quick_xml::Reader::from_str(&xml);
    let (mut cases, mut failures, mut errors, mut depth) = (0, 0, 0, 0);
    let mut counted = String::new();
    loop {
        use quick_xml::events::Event;
        match reader.read_event().expect("well-formed XML") {
            Event::Start(start) => {
                depth += 1;
                cases += i32::from(start.name().as_ref() == "testcase");
                failures += i32::from(start.name().as_ref() == "failure");
                errors += i32::from(start.name().as_ref() == "error");
                if start.name().as_ref() == "testsuites" {
                    counted = (*start).to_owned();
                }
            }
            Event::End(_) => depth -= 1,
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!((failures, errors, depth), (4, 5, 0), "{xml}");
    let counts = format!("tests=\"{cases}\" failures=\"{failures}\" errors=\"{errors}\"");
    assert!(counted.contains(&counts), "{counted}");
    assert!(cases > 15, "{xml}");
    assert!(xml.contains("sandbox replay t1-"), "{xml}");

    let tap = said(&["test", files[1], "--output", "tap"], 1);
    assert!(
        tap.starts_with("TAP version 13\n1..1\nnot ok 1 - "),
        "{tap}"
    );
    let json = said(&["test", files[1], "--output", "json"], 1);
    let lines: Vec<serde_json::Value> = json
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines[0]["status"], "failed");
    assert_eq!(
        lines[0]["replay"]["token"],
        token(&said(&["test", files[1]], 1))
    );
    assert_eq!(lines[1]["failed"], 1);
}

#[test]
fn bad_usage_is_told_from_failure() {
    for words in [
        &["test"][..],
        &["test", "absent_spec.lua"],
        &["test", "lua"],
        &["test", "tally_spec.lua", "--schedules", "0"],
        &["test", "tally_spec.lua", "--host", "emacs"],
        &["replay"],
        &["replay", "t1-AAAA"],
        &["replay", "nonsense"],
    ] {
        let output = sandbox(words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(!output.stderr.is_empty(), "{words:?}");
    }
}

#[test]
fn a_file_that_cannot_be_loaded_fails() {
    let folder = std::env::temp_dir().join(format!("sandbox-spec-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("broken_spec.lua");
    std::fs::write(&file, "describe('x', function()\n  it('y'\nend)").expect("a file");
    let report = said(&["test", &folder.display().to_string()], 1);
    std::fs::remove_dir_all(&folder).expect("the folder is removed");
    assert!(report.contains("(outside all tests)"), "{report}");
    assert!(
        report.contains("broken_spec.lua:3: ')' expected"),
        "{report}"
    );
}

#[test]
fn the_same_specs_run_in_a_real_neovim() {
    let plugin = conformance::library::build("dev").expect("the library builds");
    let run = |words: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_sandbox"))
            .args(words)
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("specs"))
            .env("THREADING_LIBRARY", &plugin.library)
            .output()
            .expect("the command runs");
        (output.status.code(), text(&output.stdout))
    };
    for file in ["threads_spec.lua", "tally_spec.lua", "vocabulary_spec.lua"] {
        let (status, report) = run(&["test", file, "--host", "nvim", "--exclude", "hour"]);
        assert_eq!(status, Some(0), "{report}");
        assert!(report.contains(", in Neovim"), "{report}");
    }
    let file = "failing/callbacks_spec.lua";
    let (status, report) = run(&["test", file, "--host", "nvim"]);
    assert_eq!(status, Some(1), "{report}");
    check_callbacks(&report);
    let words = [
        "test",
        "failing/messages_spec.lua",
        "--host",
        "nvim",
        "--filter",
        "thread",
    ];
    let (status, report) = run(&words);
    assert_eq!(status, Some(1), "{report}");
    let thread = failure(&report, "fails in a thread");
    assert!(thread.contains("in thread worker:"), "{thread}");
    assert!(
        thread.contains("messages_spec.lua:14: in function"),
        "{thread}"
    );
}
