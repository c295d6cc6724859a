//! A short, repeatable run of every fuzz target; `cargo fuzz` in `interpreter/fuzz` does the long ones.

use conformance::fuzz::{Mutator, TARGETS, seeds};

/// Inputs for each target.
const ROUNDS: usize = 4_000;

fn run(name: &str) {
    let (_, body) = TARGETS
        .iter()
        .find(|(target, _)| *target == name)
        .expect("the target exists");
    for seed in seeds(name) {
        body(&seed);
    }
    let mut mutator = Mutator::new(name, 0x5eed);
    for _ in 0..ROUNDS {
        let input = mutator.input();
        let outcome = std::panic::catch_unwind(|| body(&input));
        assert!(
            outcome.is_ok(),
            "{name} fails on \"{}\"",
            input.escape_ascii()
        );
    }
}

#[test]
fn source() {
    run("source");
}

#[test]
fn dump() {
    run("dump");
}

#[test]
fn pattern() {
    run("pattern");
}

#[test]
fn format() {
    run("format");
}

#[test]
fn buffer_decode() {
    run("buffer_decode");
}

#[test]
fn wire_decode() {
    run("wire_decode");
}
