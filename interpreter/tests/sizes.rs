//! The sizes that the VM's speed and memory use rest on.

use interpreter::{Error, Value};

#[test]
fn a_value_is_one_word() {
    assert_eq!(size_of::<Value<'_>>(), 8);
    assert_eq!(align_of::<Value<'_>>(), 8);
}

#[test]
fn an_error_is_one_word() {
    assert_eq!(size_of::<Error<'_>>(), 8);
    assert_eq!(size_of::<Result<(), Error<'_>>>(), 8);
}
