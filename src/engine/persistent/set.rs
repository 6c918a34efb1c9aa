//! A set in order.

use std::borrow::Borrow;
use std::fmt;
use std::ops::RangeBounds;

use super::OrdMap;

/// A set in order, cheap to clone.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub struct OrdSet<K> {
    map: OrdMap<K, ()>,
}

impl<K> OrdSet<K> {
    /// A set of nothing.
    #[must_use]
    pub fn new() -> OrdSet<K> {
        OrdSet { map: OrdMap::new() }
    }

    /// How many members it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether it has no member.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// Takes every member out.
    pub fn clear(&mut self) {
        self.map.clear();
    }

    /// The least member.
    #[must_use]
    pub fn first(&self) -> Option<&K> {
        self.map.iter().next().map(|(key, ())| key)
    }

    /// Every member, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.map.keys()
    }
}

impl<K: Ord> OrdSet<K> {
    /// Whether something is a member.
    #[must_use]
    pub fn contains<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.map.contains_key(key)
    }

    /// The members within bounds, in order.
    pub fn range<R, Q>(&self, bounds: R) -> impl DoubleEndedIterator<Item = &K>
    where
        R: RangeBounds<Q>,
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.map.range(bounds).map(|(key, ())| key)
    }
}

impl<K: Ord + Clone> OrdSet<K> {
    /// Takes something in; false when it is a member already.
    pub fn insert(&mut self, key: K) -> bool {
        self.map.insert(key, ()).is_none()
    }

    /// Takes a member out; false when it was none.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.map.remove(key).is_some()
    }
}

impl<K> Clone for OrdSet<K> {
    fn clone(&self) -> OrdSet<K> {
        OrdSet { map: self.map.clone() }
    }
}

impl<K> Default for OrdSet<K> {
    fn default() -> OrdSet<K> {
        OrdSet::new()
    }
}

impl<K: fmt::Debug> fmt::Debug for OrdSet<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<K: Ord + Clone> Extend<K> for OrdSet<K> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
        for key in keys {
            self.insert(key);
        }
    }
}

impl<K: Ord + Clone> FromIterator<K> for OrdSet<K> {
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> OrdSet<K> {
        let mut set = OrdSet::new();
        set.extend(keys);
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_taken_in_once() {
        let mut set: OrdSet<u32> = [3, 1, 2, 3].into_iter().collect();
        assert_eq!(
            (set.len(), set.insert(2), set.remove(&2), set.remove(&2)),
            (3, false, true, false)
        );
        assert_eq!(set.iter().copied().collect::<Vec<_>>(), [1, 3]);
        assert_eq!(set.range(2..).next(), Some(&3));
    }
}
