//! Finds the Lua cases of the suites.

use std::path::{Path, PathBuf};

/// Returns the root of the repository.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

/// Returns the Lua files of a folder of `cases`, in order of their names; none when there is no such folder.
pub fn lua_files(folder: &str) -> Vec<PathBuf> {
    sorted_lua_files(&Path::new("cases").join(folder))
}

/// Returns the benchmark programs, in order of their names.
pub fn programs() -> Vec<PathBuf> {
    sorted_lua_files(Path::new("programs"))
}

/// Returns the Lua files of a folder of this package.
fn sorted_lua_files(folder: &Path) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "lua"))
        .collect();
    files.sort();
    files
}

/// Returns the name of a case: its folder and its file without the ending.
pub fn name(file: &Path) -> String {
    let part = |path: Option<&std::ffi::OsStr>| {
        path.map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    format!(
        "{}::{}",
        part(file.parent().and_then(Path::file_name)),
        part(file.file_stem())
    )
}
