//! Names of upvalues and local variables, packed: every function has some, and few are ever asked for.

/// A list of names, none of which holds a zero byte.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Names(Box<[u8]>);

impl Names {
    /// Makes the list of these names, each of which ends before its first zero byte.
    pub fn new<'n>(names: impl Iterator<Item = &'n [u8]> + Clone) -> Names {
        let mut bytes = Vec::with_capacity(names.clone().map(|name| name.len() + 1).sum());
        for name in names {
            put_name(&mut bytes, name);
        }
        Names(bytes.into())
    }

    /// Returns the number of names.
    pub fn len(&self) -> usize {
        self.0.iter().filter(|&&byte| byte == 0).count()
    }

    /// Returns whether there is no name.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns a name.
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        self.iter().nth(index)
    }

    /// Returns the names in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &*self.0;
        std::iter::from_fn(move || take_name(&mut rest))
    }

    pub(crate) fn bytes(&self) -> usize {
        self.0.len()
    }
}

/// A local variable and the instructions in which it is alive.
///
/// The register of a variable is the number of variables before it in the list that are alive at the
/// same instruction (LuaJIT, `debug_varname`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Variable<'n> {
    /// The name; LuaJIT's internal loop variables are spelled out, `(for index)` and so on.
    pub name: &'n [u8],
    /// LuaJIT's bytecode position of the first instruction in which the variable is alive.
    pub start: u32,
    /// LuaJIT's bytecode position of the first instruction in which it is dead.
    pub end: u32,
}

/// A list of local variables.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Variables(Box<[u8]>);

impl Variables {
    /// Makes the list of these variables, whose names end before their first zero byte.
    pub fn new<'n>(variables: impl Iterator<Item = Variable<'n>> + Clone) -> Variables {
        // Most need one byte for either position.
        let expected = variables.clone().map(|variable| variable.name.len() + 3);
        let mut bytes = Vec::with_capacity(expected.sum());
        let mut last = 0;
        for Variable { name, start, end } in variables {
            put_name(&mut bytes, name);
            put_number(&mut bytes, start.wrapping_sub(last));
            put_number(&mut bytes, end.wrapping_sub(start));
            last = start;
        }
        Variables(bytes.into())
    }

    /// Returns the variables in order.
    pub fn iter(&self) -> impl Iterator<Item = Variable<'_>> {
        let mut rest = &*self.0;
        let mut last = 0u32;
        std::iter::from_fn(move || {
            let name = take_name(&mut rest)?;
            let start = last.wrapping_add(take_number(&mut rest));
            let end = start.wrapping_add(take_number(&mut rest));
            last = start;
            Some(Variable { name, start, end })
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.0.len()
    }
}

fn put_name(bytes: &mut Vec<u8>, name: &[u8]) {
    let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
    bytes.extend_from_slice(name);
    bytes.push(0);
}

fn take_name<'n>(bytes: &mut &'n [u8]) -> Option<&'n [u8]> {
    let length = bytes.iter().position(|&byte| byte == 0)?;
    let (name, rest) = bytes.split_at(length);
    *bytes = &rest[1..];
    Some(name)
}

/// Appends a number, seven bits to the byte, lowest first.
fn put_number(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take_number(bytes: &mut &[u8]) -> u32 {
    let mut number = 0;
    let mut shift = 0;
    while let Some((&byte, rest)) = bytes.split_first() {
        *bytes = rest;
        number |= u32::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            break;
        }
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept() {
        let names: [&[u8]; 4] = [b"a", b"", b"(for index)", b"\xff"];
        let packed = Names::new(names.into_iter());
        assert_eq!(packed.iter().collect::<Vec<_>>(), names);
        assert_eq!((packed.len(), packed.get(2)), (4, Some(names[2])));
        assert_eq!(packed.get(4), None);
        assert_eq!(
            Names::new([&b"a\0b"[..]].into_iter()).get(0),
            Some(&b"a"[..])
        );
        assert!(Names::default().is_empty());
    }

    #[test]
    fn variables_are_kept() {
        let variable = |name, start, end| Variable { name, start, end };
        let variables = [
            variable(b"a", 0, 127),
            variable(b"", 128, 128),
            variable(b"long", 5, u32::MAX),
            variable(b"b", u32::MAX, 0),
        ];
        let packed = Variables::new(variables.into_iter());
        assert_eq!(packed.iter().collect::<Vec<_>>(), variables);
        assert_eq!(packed.bytes(), 4 + 4 + 15 + 8);
    }
}
