//! A list of entries that can be found by their content, and that is taken back from its end.
//!
//! Unlike a hash map it costs nothing to empty: what a compilation added is removed entry by entry, so
//! that one index serves many compilations.

/// The list and its open addressing table.
#[derive(Debug)]
pub(super) struct Index<T> {
    entries: Vec<(u32, T)>,
    /// Positions of entries, counted from 1, where their hash leads to; 0 where there is none.
    table: Vec<u32>,
}

/// Smallest size of the table, a power of two.
const MIN_TABLE: usize = 64;

impl<T> Index<T> {
    pub(super) fn new() -> Index<T> {
        Index {
            entries: Vec::new(),
            table: vec![0; MIN_TABLE],
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    #[inline]
    pub(super) fn get(&self, position: usize) -> &T {
        &self.entries[position].1
    }

    #[inline]
    pub(super) fn get_mut(&mut self, position: usize) -> &mut T {
        &mut self.entries[position].1
    }

    /// Returns the position of the entry with this hash that fits.
    #[inline]
    pub(super) fn find(&self, hash: u32, fits: impl Fn(&T) -> bool) -> Option<usize> {
        let mask = self.table.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let position = (self.table[at] as usize).checked_sub(1)?;
            let (other, entry) = &self.entries[position];
            if *other == hash && fits(entry) {
                return Some(position);
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds an entry that is not there yet and returns its position.
    pub(super) fn push(&mut self, hash: u32, entry: T) -> usize {
        let position = self.entries.len();
        self.entries.push((hash, entry));
        if self.entries.len() * 2 > self.table.len() {
            let size = self.table.len() * 2;
            self.table.clear();
            self.table.resize(size, 0);
            for position in 0..=position {
                self.place(position);
            }
        } else {
            self.place(position);
        }
        position
    }

    fn place(&mut self, position: usize) {
        let mask = self.table.len() - 1;
        let mut at = self.entries[position].0 as usize & mask;
        while self.table[at] != 0 {
            at = (at + 1) & mask;
        }
        self.table[at] = position as u32 + 1;
    }

    /// Removes the entries from a position on.
    ///
    /// Each was placed when all before it had their places, also where the table has grown since, so no
    /// path to those leads over the places that are cleared.
    pub(super) fn truncate(&mut self, length: usize) {
        let mask = self.table.len() - 1;
        while self.entries.len() > length {
            let place = self.entries.len() as u32;
            let Some((hash, _)) = self.entries.pop() else {
                return;
            };
            let mut at = hash as usize & mask;
            while self.table[at] != place {
                at = (at + 1) & mask;
            }
            self.table[at] = 0;
        }
    }

    /// Returns the number of entries that there is room for.
    pub(super) fn capacity(&self) -> usize {
        self.entries.capacity().max(self.table.len() / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_and_go_in_order() {
        let mut index = Index::new();
        // Few hashes, so that the paths of different entries cross.
        let hash = |value: usize| (value * value % 7) as u32 * 31;
        let find = |index: &Index<usize>, value| index.find(hash(value), |&entry| entry == value);
        for length in [10, 100, 3, 500, 0, 40] {
            index.truncate(length);
            for value in index.len()..length {
                assert_eq!(find(&index, value), None);
                assert_eq!(index.push(hash(value), value), value);
            }
            for value in 0..600 {
                assert_eq!(find(&index, value), (value < length).then_some(value));
            }
        }
        index.truncate(0);
        assert!(index.table.iter().all(|&place| place == 0));
    }
}
