//! Instructions as the VM executes them, and the lines that they belong to.

use std::cell::Cell;

/// One instruction with the slot of its inline cache.
///
/// The cache holds the node index at which a constant key was found last; any value is safe.
#[derive(Debug, Clone)]
#[repr(C)]
pub(crate) struct Instruction {
    pub(crate) word: u32,
    pub(crate) cache: Cell<u32>,
}

/// The instructions of a function, see [`opcode`](super::opcode).
///
/// They are in the form that the VM executes, so that a live function needs no copy of them.
#[derive(Debug, Clone)]
pub struct Code(Box<[Instruction]>);

impl Code {
    /// Returns the number of instructions.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there is no instruction.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns an instruction, if there is one at `index`.
    pub fn get(&self, index: usize) -> Option<u32> {
        Some(self.0.get(index)?.word)
    }

    /// Returns the instruction at `index`, which must be below the length.
    pub fn at(&self, index: usize) -> u32 {
        self.0[index].word
    }

    /// Returns the instructions in order.
    pub fn words(&self) -> impl ExactSizeIterator<Item = u32> {
        self.0.iter().map(|instruction| instruction.word)
    }

    pub(crate) fn as_ptr(&self) -> *const Instruction {
        self.0.as_ptr()
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.0)
    }
}

impl FromIterator<u32> for Code {
    fn from_iter<I: IntoIterator<Item = u32>>(words: I) -> Code {
        let instruction = |word| Instruction {
            word,
            cache: Cell::new(u32::MAX),
        };
        Code(words.into_iter().map(instruction).collect())
    }
}

impl From<Vec<u32>> for Code {
    fn from(words: Vec<u32>) -> Code {
        words.into_iter().collect()
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Code) -> bool {
        self.words().eq(other.words())
    }
}

/// The line of each instruction, as the distance from the first in as few bytes as all of them need.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lines {
    first: u32,
    distances: Distances,
}

#[derive(Debug, Clone, PartialEq)]
enum Distances {
    Byte(Box<[u8]>),
    Short(Box<[u16]>),
    Word(Box<[u32]>),
}

impl Default for Distances {
    fn default() -> Distances {
        Distances::Byte(Box::default())
    }
}

impl Lines {
    /// Makes the list of these lines.
    pub fn new(lines: impl Iterator<Item = u32> + Clone) -> Lines {
        let (first, last) = lines.clone().fold((u32::MAX, 0), |(first, last), line| {
            (line.min(first), line.max(last))
        });
        let distances = lines.map(|line| line - first);
        let distances = match last.saturating_sub(first) {
            0..=0xff => Distances::Byte(distances.map(|distance| distance as u8).collect()),
            0x100..=0xffff => Distances::Short(distances.map(|distance| distance as u16).collect()),
            _ => Distances::Word(distances.collect()),
        };
        Lines { first, distances }
    }

    /// Returns the number of instructions.
    pub fn len(&self) -> usize {
        match &self.distances {
            Distances::Byte(distances) => distances.len(),
            Distances::Short(distances) => distances.len(),
            Distances::Word(distances) => distances.len(),
        }
    }

    /// Returns whether there is no instruction.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the line of an instruction.
    pub fn get(&self, index: usize) -> Option<u32> {
        let distance = match &self.distances {
            Distances::Byte(distances) => u32::from(*distances.get(index)?),
            Distances::Short(distances) => u32::from(*distances.get(index)?),
            Distances::Word(distances) => *distances.get(index)?,
        };
        Some(self.first + distance)
    }

    /// Returns the lines of the instructions in order.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    pub(crate) fn bytes(&self) -> usize {
        match &self.distances {
            Distances::Byte(distances) => size_of_val(&**distances),
            Distances::Short(distances) => size_of_val(&**distances),
            Distances::Word(distances) => size_of_val(&**distances),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_take_what_their_range_needs() {
        for (lines, bytes) in [
            (vec![], 0),
            (vec![900, 910, 1155, 901], 4),
            (vec![900, 1156], 4),
            (vec![70_000, 4465], 4),
            (vec![70_001, 4465, 4465], 12),
            (vec![0, u32::MAX], 8),
        ] {
            let packed = Lines::new(lines.iter().copied());
            assert_eq!(packed.iter().collect::<Vec<_>>(), lines);
            assert_eq!((packed.len(), packed.bytes()), (lines.len(), bytes));
            assert_eq!(packed.get(lines.len()), None);
        }
    }
}
