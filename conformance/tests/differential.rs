//! Random programs print in our VM what they print in LuaJIT's interpreter, when there is one.

use std::process::Command;

use conformance::differential::{Options, compare};

#[test]
fn random_programs_print_the_same() {
    if Command::new("luajit").arg("-v").output().is_err() {
        println!("skipped: luajit not found");
        return;
    }
    let options = Options {
        count: 300,
        ..Options::default()
    };
    let mut differences = String::new();
    let summary = compare(&options, |difference| {
        differences.push_str(&difference.to_string());
    })
    .expect("luajit runs");
    assert_eq!(summary.different, 0, "{differences}");
    // The peer may be killed by what else goes on here, but not every time.
    assert!(summary.compared > 250, "{summary}");
}
