//! Panics: defects of this library, which end one sandbox or one call and are told as errors.

use std::any::Any;
use std::cell::Cell;
use std::panic;

thread_local! {
    /// Where this thread has panicked last.
    static PLACE: Cell<Option<String>> = const { Cell::new(None) };
}

/// Has panics say nothing on standard error, which is Neovim's screen; [`describe_panic`] tells of them.
///
/// For the whole library: not for a program that has other things to tell.
pub fn silence_panics() {
    panic::set_hook(Box::new(|info| {
        PLACE.set(info.location().map(ToString::to_string));
    }));
}

/// Returns what a caught panic says, and where it happened if [`silence_panics`] was called.
pub fn describe_panic(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("unknown panic");
    match PLACE.take() {
        Some(place) => format!("{text} (at {place})"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tell_where_they_happened() {
        let loud = panic::take_hook();
        silence_panics();
        let caught = panic::catch_unwind(|| panic!("out of {}", "luck")).unwrap_err();
        let described = describe_panic(&*caught);
        let again = describe_panic(&*caught);
        panic::set_hook(loud);
        assert!(
            described.starts_with("out of luck (at ") && described.contains("panics.rs:"),
            "{described}"
        );
        assert_eq!(again, "out of luck");
    }
}
