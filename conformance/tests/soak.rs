//! A slice of the long run on the deterministic host; `sandbox soak` does more of it. In a real Neovim the same
//! program is one of the cases of `neovim.rs`.

use conformance::soak::{Options, run};

#[test]
fn memory_stays_flat_and_nothing_stays_shared() {
    let options = Options {
        callbacks: 100_000,
        ..Options::default()
    };
    let mut said = Vec::new();
    let is_flat = run(&options, |line| said.push(line.to_owned())).expect("Neovim starts");
    let last = said.iter().rev().find(|line| !line.is_empty());
    assert!(is_flat, "{}", said.join("\n"));
    assert_eq!(last.map(String::as_str), Some("nothing is shared any more"));
}
