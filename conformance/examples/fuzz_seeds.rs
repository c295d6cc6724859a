//! Writes the seeds of every fuzz target into a folder, for cargo-fuzz to start from.

#![forbid(unsafe_code)]

use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let folder = std::env::args_os().nth(1).map_or_else(
        || conformance::cases::root().join("interpreter/fuzz/corpus"),
        PathBuf::from,
    );
    for (target, _) in conformance::fuzz::TARGETS {
        let folder = folder.join(target);
        std::fs::create_dir_all(&folder)?;
        for (number, seed) in conformance::fuzz::seeds(target).iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{number}")), seed)?;
        }
    }
    Ok(())
}
