//! The Lua of the test runner.

/// Returns the chunk name of a part; what begins like this is left out of tracebacks.
pub(super) fn chunk_name(part: &str) -> Vec<u8> {
    format!("=(sandbox test: {part})").into_bytes()
}

/// Builds the test VM and runs a file in it.
pub(super) const VM: &[u8] = include_bytes!("lua/vm.lua");

/// The parts by their names, which both use.
pub(super) const PARTS: [(&str, &[u8]); 5] = [
    ("values", include_bytes!("lua/values.lua")),
    ("assert", include_bytes!("lua/assert.lua")),
    ("spy", include_bytes!("lua/spy.lua")),
    ("suite", include_bytes!("lua/suite.lua")),
    ("threading", include_bytes!("lua/threading.lua")),
];
