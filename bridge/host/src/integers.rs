//! 64-bit integers, what `1LL` and `1ULL` make: cdata that cross by value.
//!
//! LuaJIT's C API has no access to cdata, so Lua takes them apart and makes them. Main thread only.

use std::ffi::c_int;

use bridge_wire::Encoder;

use crate::capture::Capture;
use crate::error::HostError;
use crate::instantiate::Instantiate;
use crate::session::Slot;
use crate::stack::Type;

/// What the upper half of an integer counts.
const UPPER: u32 = 32;

impl Capture<'_, '_> {
    /// Writes a cdata if it is a 64-bit integer, and returns whether it is.
    pub(crate) fn integer(&mut self, index: c_int, out: &mut Encoder) -> Result<bool, HostError> {
        self.stack.reserve(4)?;
        let top = self.stack.top();
        self.view.push_slot(self.stack, Slot::SplitInteger);
        self.stack.push_value(index);
        let split = self.stack.call(1, 3, 0) && self.stack.kind(top + 1) == Type::Number;
        if split {
            let high = self.stack.number(top + 1) as u64;
            let bits = high << UPPER | self.stack.number(top + 2) as u64;
            if self.stack.boolean(top + 3) {
                out.uint64(bits);
            } else {
                out.int64(bits as i64);
            }
        }
        self.stack.set_top(top);
        Ok(split)
    }
}

impl Instantiate<'_, '_> {
    /// Pushes a 64-bit integer. `(-0, +1)`
    pub(crate) fn push_integer(&mut self, bits: u64, is_unsigned: bool) -> Result<(), HostError> {
        self.view.push_slot(self.stack, Slot::JoinInteger);
        self.stack.push_number((bits >> UPPER) as f64);
        self.stack.push_number(f64::from(bits as u32));
        self.stack.push_boolean(is_unsigned);
        if self.stack.call(3, 1, 0) {
            return Ok(());
        }
        let message = self.stack.string(-1).map(<[u8]>::to_vec);
        self.stack.pop(1);
        Err(HostError::Load(
            String::from_utf8_lossy(&message.unwrap_or_default()).into_owned(),
        ))
    }
}
