//! Random programs do across the bridge what they do in one VM, on each host; what has failed once does not again.
//! `sandbox explore` does more of it.

use bridge_wire::Mutation;
use conformance::explore::{
    Host, Options, Runner, Schedule, Verdict, explore, explore_all, judge, program,
    programs_to_notice, regressions,
};
use conformance::library;

fn check(options: &Options, least_landings: u64) {
    let mut failures = String::new();
    let summary = explore(options, |failure| failures.push_str(&failure.to_string()));
    let summary = summary.expect("the host starts");
    assert_eq!(summary.failures, 0, "{failures}");
    // Otherwise nothing was tested.
    assert!(summary.landings >= least_landings, "{summary}");
    assert!(summary.unheard * 10 <= summary.runs, "{summary}");
}

#[test]
fn programs_mean_the_same_in_both_vms() {
    let options = Options {
        host: Host::One,
        count: 200,
        schedules: 2,
        ..Options::default()
    };
    check(&options, 200);
}

#[test]
fn on_one_thread_under_seeded_schedules() {
    let options = Options {
        count: 150,
        schedules: 3,
        seed: 1_000_000,
        ..Options::default()
    };
    check(&options, 450);
}

#[test]
fn on_real_threads() {
    let options = Options {
        host: Host::Threads,
        count: 50,
        schedules: 2,
        ..Options::default()
    };
    check(&options, 20);
}

#[test]
fn in_a_real_neovim() {
    let options = Options {
        host: Host::Neovim,
        count: 20,
        schedules: 2,
        ..Options::default()
    };
    check(&options, 10);
}

#[test]
fn at_every_safe_point_and_at_all_pairs_of_them() {
    for (callbacks, count) in [(1, 6), (2, 2)] {
        let options = Options {
            count,
            size: 4,
            ..Options::default()
        };
        let mut failures = String::new();
        let summary = explore_all(&options, callbacks, |failure| {
            failures.push_str(&failure.to_string());
        });
        let summary = summary.expect("the host starts");
        assert_eq!(summary.failures, 0, "{failures}");
        assert!(summary.runs > 10 * count, "{summary}");
    }
}

/// Defects of what comes back from the other side, of nil, and of equal names: programs must look for them.
#[test]
fn random_programs_notice_defects() {
    let options = Options {
        count: 400,
        schedules: 3,
        ..Options::default()
    };
    let plugin = library::build_mutated().expect("the library is built");
    for mutation in [
        Mutation::LoseTableIdentity,
        Mutation::LoseFunctionIdentity,
        Mutation::NilIsNoValue,
        Mutation::CellsByName,
        Mutation::SkipReplyFlush,
    ] {
        let programs = programs_to_notice(plugin.clone(), mutation, &options);
        let programs = programs.expect("Neovim starts");
        assert!(programs.is_some(), "{}", mutation.name());
    }
}

#[test]
fn the_same_seeds_make_the_same_trace() {
    let mut runner = Runner::new(Host::Vm, "dev").expect("the library is built");
    for seed in 0..1_000 {
        let schedules = [Schedule::Seed(seed), Schedule::Seed(seed)];
        let runs = runner.run(&program(seed, 30), &schedules);
        let runs = runs.expect("Neovim starts");
        assert_eq!(runs[0], runs[1], "program {seed}");
    }
}

#[test]
fn what_has_failed_once_does_not_fail_again() {
    let mut runner = Runner::new(Host::Vm, "dev").expect("the library is built");
    let all = regressions().expect("they can be read");
    assert!(!all.is_empty());
    for regression in all {
        let runs = runner.run(&regression.program, &regression.schedules);
        let runs = runs.expect("Neovim starts");
        for (schedule, observed) in regression.schedules.iter().zip(runs) {
            let name = format!("{} under {schedule}", regression.name);
            let observed = observed.unwrap_or_else(|why| panic!("{name}: {why}"));
            let verdict = judge(&regression.program, &observed);
            assert_eq!(verdict, Verdict::Same, "{name}: {observed:?}");
        }
    }
}
