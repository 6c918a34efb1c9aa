//! Collecting into an ordered map or set by insertion.
//!
//! `collect` on std's `BTreeMap` and `BTreeSet` gathers into a vector and merge-sorts it first: a gain
//! for thousands of entries, but about 4 KB of sorting code in the page for every type of entry. What
//! the engine gathers has tens of entries. The outcome is the same: for equal keys of a map the last
//! value stays.

/// Iterators that end in an ordered map or set.
pub trait Ordered: Iterator {
    /// As `collect`, without the sort.
    fn ordered<C: Default + Extend<Self::Item>>(self) -> C;
}

impl<I: Iterator> Ordered for I {
    fn ordered<C: Default + Extend<I::Item>>(self) -> C {
        let mut all = C::default();
        all.extend(self);
        all
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_last_value_of_a_key_stays_as_with_collect() {
        let pairs = [(2, 'a'), (1, 'b'), (2, 'c')];
        let all: BTreeMap<i32, char> = pairs.into_iter().ordered();
        assert_eq!(all, pairs.into_iter().collect());
        assert_eq!(all[&2], 'c');
    }
}
