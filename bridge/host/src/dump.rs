//! Reads the structure of LuaJIT dumps: where each prototype lies and what its upvalues are.
//!
//! Pure. Dumps are made by this process, but ranges of them come back from sandboxes: only a range
//! that is found here may be loaded, since LuaJIT does not check bytecode.

use std::ops::Range;

/// A dump with an index of its prototypes.
#[derive(Debug)]
pub(crate) struct Dump {
    pub(crate) bytes: Vec<u8>,
    /// Where the header ends and the first prototype starts.
    pub(crate) header: usize,
    /// All prototypes; a child comes before its parent, so the outermost is the last.
    prototypes: Vec<Prototype>,
}

/// One function in a dump.
#[derive(Debug)]
pub(crate) struct Prototype {
    /// The bytes of the prototype and all of its children.
    pub(crate) range: Range<usize>,
    /// LuaJIT's description of each upvalue.
    upvalues: Vec<u16>,
    /// The upvalues that functions inside this one can assign, as a bit set.
    captured: u64,
    /// Its instructions return no value on any path.
    pub(crate) returns_nothing: bool,
}

const STRIPPED: u64 = 2;
const BIG_ENDIAN: u64 = 1;
const UPVALUE_LOCAL: u16 = 0x8000;
const UPVALUE_IMMUTABLE: u16 = 0x4000;
/// `CALLMT`, `CALLT`, `RETM`, `RET` and `RET1` of bytecode version 2: what hands values to a caller.
const RETURNS_VALUE: [u8; 5] = [67, 68, 73, 74, 76];

impl Prototype {
    /// Returns how many upvalues the function has.
    pub(crate) fn upvalue_count(&self) -> usize {
        self.upvalues.len()
    }

    /// Returns whether no code ever assigns the variable behind upvalue `n`, counted from 0.
    pub(crate) fn is_immutable(&self, n: usize) -> bool {
        self.upvalues
            .get(n)
            .is_some_and(|upvalue| upvalue & UPVALUE_IMMUTABLE != 0)
    }

    /// Returns whether a function that this one creates shares upvalue `n` and may assign it.
    pub(crate) fn hands_on(&self, n: usize) -> bool {
        n >= 64 || self.captured & (1 << n) != 0
    }
}

impl Dump {
    /// Indexes a dump; returns nothing if it is not one of LuaJIT 2.1 on this machine.
    pub(crate) fn parse(bytes: Vec<u8>) -> Option<Dump> {
        let mut reader = Reader {
            bytes: &bytes,
            at: 0,
        };
        if reader.take(4)? != b"\x1bLJ\x02" {
            return None;
        }
        let flags = reader.uleb()?;
        if (flags & BIG_ENDIAN != 0) != cfg!(target_endian = "big") {
            return None;
        }
        let stripped = flags & STRIPPED != 0;
        if !stripped {
            let len = reader.uleb()? as usize;
            reader.take(len)?;
        }
        let header = reader.at;
        let mut prototypes: Vec<Prototype> = Vec::new();
        // Prototypes whose parent has not come yet.
        let mut open: Vec<usize> = Vec::new();
        loop {
            let start = reader.at;
            let len = reader.uleb()? as usize;
            if len == 0 {
                break;
            }
            let end = reader.at.checked_add(len)?;
            let mut prototype = reader.prototype(stripped, end)?;
            let children = open.split_off(open.len().checked_sub(prototype.children)?);
            let first = children.first().map_or(start, |&child| {
                let child: &Prototype = &prototypes[child];
                child.range.start
            });
            for &child in &children {
                let child = &prototypes[child];
                for (n, upvalue) in child.upvalues.iter().enumerate() {
                    let outer = upvalue & 0xff;
                    let changes = upvalue & UPVALUE_IMMUTABLE == 0 || child.hands_on(n);
                    if upvalue & UPVALUE_LOCAL == 0 && changes && outer < 64 {
                        prototype.captured |= 1 << outer;
                    }
                }
            }
            open.push(prototypes.len());
            prototypes.push(Prototype {
                range: first..end,
                upvalues: prototype.upvalues,
                captured: prototype.captured,
                returns_nothing: prototype.returns_nothing,
            });
            reader.at = end;
        }
        if open.len() != 1 || reader.at != bytes.len() {
            return None;
        }
        Some(Dump {
            bytes,
            header,
            prototypes,
        })
    }

    /// Returns the outermost prototype.
    pub(crate) fn root(&self) -> &Prototype {
        self.prototypes.last().expect("a dump holds one prototype")
    }

    /// Returns the prototype whose subtree takes exactly that range.
    pub(crate) fn find(&self, start: u64, end: u64) -> Option<&Prototype> {
        self.prototypes.iter().find(|prototype| {
            prototype.range.start as u64 == start && prototype.range.end as u64 == end
        })
    }

    /// Returns a complete dump of one of the prototypes.
    pub(crate) fn slice(&self, prototype: &Prototype) -> Vec<u8> {
        let body = &self.bytes[prototype.range.clone()];
        let mut slice = Vec::with_capacity(self.header + body.len() + 1);
        slice.extend_from_slice(&self.bytes[..self.header]);
        slice.extend_from_slice(body);
        slice.push(0);
        slice
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// What one prototype says about itself.
struct Head {
    children: usize,
    upvalues: Vec<u16>,
    captured: u64,
    returns_nothing: bool,
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(len)?)?;
        self.at += len;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    fn uleb(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// Reads as much of a prototype as tells its children; the layout is `lj_bcwrite.c`'s.
    fn prototype(&mut self, stripped: bool, end: usize) -> Option<Head> {
        let head = self.take(4)?;
        let upvalue_count = head[3] as usize;
        let constants = self.uleb()?;
        let _numbers = self.uleb()?;
        let instructions = self.uleb()? as usize;
        if !stripped && self.uleb()? > 0 {
            self.uleb()?;
            self.uleb()?;
        }
        let code = self.take(instructions.checked_mul(4)?)?;
        // The operation is the lowest byte of an instruction.
        let op = if cfg!(target_endian = "big") { 3 } else { 0 };
        let returns_nothing = !code
            .chunks_exact(4)
            .any(|instruction| RETURNS_VALUE.contains(&instruction[op]));
        let upvalues = self
            .take(upvalue_count.checked_mul(2)?)?
            .chunks_exact(2)
            .map(|pair| u16::from_ne_bytes([pair[0], pair[1]]))
            .collect();
        let mut children = 0;
        for _ in 0..constants {
            match self.uleb()? {
                0 => children += 1,
                1 => {
                    let array = self.uleb()?;
                    let hash = self.uleb()?;
                    for _ in 0..array.checked_add(hash.checked_mul(2)?)? {
                        self.table_constant()?;
                    }
                }
                2 | 3 => {
                    self.uleb()?;
                    self.uleb()?;
                }
                4 => {
                    for _ in 0..4 {
                        self.uleb()?;
                    }
                }
                string => {
                    self.take(usize::try_from(string - 5).ok()?)?;
                }
            }
            if self.at > end {
                return None;
            }
        }
        Some(Head {
            children,
            upvalues,
            captured: 0,
            returns_nothing,
        })
    }

    fn table_constant(&mut self) -> Option<()> {
        match self.uleb()? {
            0..=2 => {}
            3 => {
                self.uleb()?;
            }
            4 => {
                self.uleb()?;
                self.uleb()?;
            }
            string => {
                self.take(usize::try_from(string - 5).ok()?)?;
            }
        }
        Some(())
    }
}
