//! Finds spec files.

use std::io;
use std::path::{Path, PathBuf};

/// How the names of spec files end that are looked for in folders.
const ENDING: &str = "_spec.lua";

/// Returns the files that are meant by paths: files as they are, folders with all `*_spec.lua` in and below them.
///
/// # Errors
///
/// When a path cannot be read, or holds no spec.
pub(super) fn files(paths: &[PathBuf]) -> Result<Vec<String>, String> {
    let mut files = Vec::new();
    for path in paths {
        let before = files.len();
        let is_folder = std::fs::metadata(path)
            .map_err(|error| cannot_read(path, &error))?
            .is_dir();
        if is_folder {
            walk(path, &mut files).map_err(|error| cannot_read(path, &error))?;
            if files.len() == before {
                let path = path.display();
                return Err(format!("there is no file '*{ENDING}' in {path}"));
            }
        } else {
            files.push(path.display().to_string());
        }
    }
    Ok(files)
}

fn cannot_read(path: &Path, error: &io::Error) -> String {
    format!("cannot read {}: {error}", path.display())
}

fn walk(folder: &Path, files: &mut Vec<String>) -> io::Result<()> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Links may lead round in a circle.
        if path.is_dir() && !path.is_symlink() && !name.starts_with('.') {
            walk(&path, files)?;
        } else if name.ends_with(ENDING) {
            files.push(path.display().to_string());
        }
    }
    Ok(())
}
