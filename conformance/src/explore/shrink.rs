//! Makes a failing program smaller: fewer callbacks fired, fewer statements, simpler expressions.

use super::program::Program;
use crate::differential;

/// Returns a small version of a program for which `fails` holds.
pub(super) fn shrink(program: &Program, mut fails: impl FnMut(&Program) -> bool) -> Program {
    let mut best = program.clone();
    loop {
        let before = best.clone();
        let mut index = 0;
        while index < best.fires.len() {
            let mut fewer = best.clone();
            fewer.fires.remove(index);
            if fails(&fewer) {
                best = fewer;
            } else {
                index += 1;
            }
        }
        for index in 0..best.fires.len() {
            let mut simpler = best.clone();
            simpler.fires[index].number = 1;
            "nil".clone_into(&mut simpler.fires[index].value);
            if simpler != best && fails(&simpler) {
                best = simpler;
            }
        }
        let fires = best.fires.clone();
        best.tree = differential::shrink(&best.tree, |tree| {
            fails(&Program {
                tree: tree.clone(),
                fires: fires.clone(),
            })
        });
        if best == before {
            return best;
        }
    }
}
