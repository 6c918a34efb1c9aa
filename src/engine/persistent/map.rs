//! A map in the order of its keys.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::mem;
use std::ops::{Bound, Index, RangeBounds};
use std::rc::Rc;

use super::LEAF;

/// A map in the order of its keys, cheap to clone.
pub struct OrdMap<K, V> {
    /// None of them is empty, and the keys grow from one to the next.
    leaves: Rc<Vec<Branch<K, V>>>,
    len: u64,
}

/// A leaf, and its first key again: a search among thousands of leaves looks into one of them.
struct Branch<K, V> {
    first: K,
    leaf: Rc<Leaf<K, V>>,
}

impl<K: Clone, V> Clone for Branch<K, V> {
    fn clone(&self) -> Branch<K, V> {
        Branch { first: self.first.clone(), leaf: self.leaf.clone() }
    }
}

/// As many keys as values.
#[derive(Clone)]
struct Leaf<K, V> {
    keys: Vec<K>,
    values: Vec<V>,
}

/// A leaf, and a place within it that may be its end.
type Place = (usize, usize);

impl<K, V> OrdMap<K, V> {
    /// A map without entries.
    #[must_use]
    pub fn new() -> OrdMap<K, V> {
        OrdMap { leaves: Rc::default(), len: 0 }
    }

    /// How many entries it has.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::try_from(self.len).unwrap_or(usize::MAX)
    }

    /// Whether it has no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes every entry out.
    pub fn clear(&mut self) {
        *self = OrdMap::new();
    }

    /// Every entry, in the order of the keys.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter { leaves: &self.leaves, front: (0, 0), back: (self.leaves.len(), 0) }
    }

    /// Every key, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// Every value, in the order of the keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }
}

impl<K: Ord, V> OrdMap<K, V> {
    /// The value of a key.
    #[must_use]
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let ((which, at), is_there) = self.find(key);
        is_there.then(|| &self.leaves[which].leaf.values[at])
    }

    /// Whether a key has a value.
    #[must_use]
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key).1
    }

    /// The entries whose keys lie within bounds, in order.
    pub fn range<R, Q>(&self, bounds: R) -> Iter<'_, K, V>
    where
        R: RangeBounds<Q>,
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        let mut range = self.iter();
        match bounds.start_bound() {
            Bound::Unbounded => {}
            Bound::Included(key) => range.front = self.place(key, false),
            Bound::Excluded(key) => range.front = self.place(key, true),
        }
        match bounds.end_bound() {
            Bound::Unbounded => {}
            Bound::Included(key) => range.back = self.place(key, true),
            Bound::Excluded(key) => range.back = self.place(key, false),
        }
        range
    }

    /// Where the first key stands that is not less than `key`, or with `past` that is greater.
    fn place<Q: Ord + ?Sized>(&self, key: &Q, past: bool) -> Place
    where
        K: Borrow<Q>,
    {
        let ((which, at), is_there) = self.find(key);
        let at = at + usize::from(is_there && past);
        let ends = self.leaves.get(which).is_some_and(|it| it.leaf.keys.len() == at);
        if ends { (which + 1, 0) } else { (which, at) }
    }

    /// Where `key` stands, or would stand, and whether it is there.
    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> (Place, bool)
    where
        K: Borrow<Q>,
    {
        let begins_before = |it: &Branch<K, V>| it.first.borrow().cmp(key).is_le();
        let which = match self.leaves.len() {
            // Most maps are small.
            0 | 1 => 0,
            _ => self.leaves.partition_point(begins_before).saturating_sub(1),
        };
        let Some(Branch { leaf, .. }) = self.leaves.get(which) else { return ((0, 0), false) };
        match leaf.keys.binary_search_by(|other| other.borrow().cmp(key)) {
            Ok(at) => ((which, at), true),
            Err(at) => ((which, at), false),
        }
    }
}

impl<K: Ord + Clone, V: Clone> OrdMap<K, V> {
    /// The value of a key, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let ((which, at), is_there) = self.find(key);
        is_there.then(|| &mut self.leaf(which).values[at])
    }

    /// Gives a key a value; the one that it had comes back.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let (place, is_there) = self.find(&key);
        if is_there {
            return Some(mem::replace(&mut self.leaf(place.0).values[place.1], value));
        }
        self.insert_at(place, key, value);
        None
    }

    /// The entry of a key, to be made if it is not there.
    pub fn entry(&mut self, key: K) -> Entry<'_, K, V> {
        Entry { map: self, key }
    }

    /// Takes an entry out; its value comes back.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let (place, is_there) = self.find(key);
        is_there.then(|| self.remove_at(place))
    }

    fn leaf(&mut self, which: usize) -> &mut Leaf<K, V> {
        Rc::make_mut(&mut Rc::make_mut(&mut self.leaves)[which].leaf)
    }

    fn insert_at(&mut self, (mut which, mut at): Place, key: K, value: V) {
        self.len += 1;
        if self.leaves.is_empty() {
            let leaf = Rc::new(Leaf { keys: Vec::new(), values: Vec::new() });
            Rc::make_mut(&mut self.leaves).push(Branch { first: key.clone(), leaf });
        }
        if self.leaves[which].leaf.keys.len() == LEAF {
            // Keys that only grow leave full leaves behind them.
            let grows = at == LEAF && which + 1 == self.leaves.len();
            let cut = if grows { LEAF } else { LEAF / 2 };
            let leaf = self.leaf(which);
            let rest = Leaf { keys: leaf.keys.split_off(cut), values: leaf.values.split_off(cut) };
            let first = rest.keys.first().unwrap_or(&key).clone();
            let branch = Branch { first, leaf: Rc::new(rest) };
            Rc::make_mut(&mut self.leaves).insert(which + 1, branch);
            if at >= cut {
                (which, at) = (which + 1, at - cut);
            }
        }
        if at == 0 {
            Rc::make_mut(&mut self.leaves)[which].first = key.clone();
        }
        let leaf = self.leaf(which);
        leaf.keys.insert(at, key);
        leaf.values.insert(at, value);
    }

    fn remove_at(&mut self, (which, at): Place) -> V {
        self.len -= 1;
        let leaf = self.leaf(which);
        leaf.keys.remove(at);
        let value = leaf.values.remove(at);
        let first = leaf.keys.first().cloned();
        let leaves = Rc::make_mut(&mut self.leaves);
        match first {
            Some(first) if at == 0 => leaves[which].first = first,
            Some(_) => {}
            None => drop(leaves.remove(which)),
        }
        value
    }
}

/// The entry of a key, there or not.
pub struct Entry<'a, K, V> {
    map: &'a mut OrdMap<K, V>,
    key: K,
}

impl<'a, K: Ord + Clone, V: Clone> Entry<'a, K, V> {
    /// Its value, which is the default one if it was not there.
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }

    /// Its value, which is made if it was not there.
    pub fn or_insert_with(self, make: impl FnOnce() -> V) -> &'a mut V {
        let Entry { map, key } = self;
        let (place, is_there) = map.find(&key);
        if is_there {
            return &mut map.leaf(place.0).values[place.1];
        }
        map.insert_at(place, key.clone(), make());
        map.get_mut(&key).expect("it is there now")
    }
}

/// Entries of a map in the order of the keys, from both ends.
pub struct Iter<'a, K, V> {
    leaves: &'a [Branch<K, V>],
    /// Never the end of a leaf.
    front: Place,
    /// Before which it ends.
    back: Place,
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<(&'a K, &'a V)> {
        if self.front >= self.back {
            return None;
        }
        let (which, at) = self.front;
        let leaf = &self.leaves[which].leaf;
        self.front = if at + 1 == leaf.keys.len() { (which + 1, 0) } else { (which, at + 1) };
        Some((&leaf.keys[at], &leaf.values[at]))
    }
}

impl<'a, K, V> DoubleEndedIterator for Iter<'a, K, V> {
    fn next_back(&mut self) -> Option<(&'a K, &'a V)> {
        if self.front >= self.back {
            return None;
        }
        let (which, at) = self.back;
        self.back = match at {
            0 => (which - 1, self.leaves[which - 1].leaf.keys.len() - 1),
            _ => (which, at - 1),
        };
        let leaf = &self.leaves[self.back.0].leaf;
        Some((&leaf.keys[self.back.1], &leaf.values[self.back.1]))
    }
}

impl<K, V> Clone for OrdMap<K, V> {
    fn clone(&self) -> OrdMap<K, V> {
        OrdMap { leaves: self.leaves.clone(), len: self.len }
    }
}

impl<K, V> Default for OrdMap<K, V> {
    fn default() -> OrdMap<K, V> {
        OrdMap::new()
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for OrdMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for OrdMap<K, V> {
    fn eq(&self, other: &OrdMap<K, V>) -> bool {
        self.len == other.len && self.iter().eq(other)
    }
}

impl<K: Eq, V: Eq> Eq for OrdMap<K, V> {}

impl<K: PartialOrd, V: PartialOrd> PartialOrd for OrdMap<K, V> {
    fn partial_cmp(&self, other: &OrdMap<K, V>) -> Option<Ordering> {
        self.iter().partial_cmp(other)
    }
}

impl<K: Ord, V: Ord> Ord for OrdMap<K, V> {
    fn cmp(&self, other: &OrdMap<K, V>) -> Ordering {
        self.iter().cmp(other)
    }
}

impl<K: Ord + Borrow<Q>, V, Q: Ord + ?Sized> Index<&Q> for OrdMap<K, V> {
    type Output = V;

    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("the key is in the map")
    }
}

impl<'a, K, V> IntoIterator for &'a OrdMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

impl<K: Ord + Clone, V: Clone> Extend<(K, V)> for OrdMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K: Ord + Clone, V: Clone> FromIterator<(K, V)> for OrdMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> OrdMap<K, V> {
        let mut map = OrdMap::new();
        map.extend(entries);
        map
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// A few thousand random changes, on ours and on std's.
    fn changed(keys: u64, mut check: impl FnMut(&OrdMap<u64, u64>, &BTreeMap<u64, u64>)) {
        let (mut ours, mut theirs) = (OrdMap::new(), BTreeMap::new());
        let mut state = 88_172_645_463_325_252_u64;
        for step in 0..6_000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let (key, grows) = (state % keys, step / 1_000 % 2 == 0);
            if (state >> 32).is_multiple_of(4) == grows {
                assert_eq!(ours.remove(&key), theirs.remove(&key));
            } else {
                assert_eq!(ours.insert(key, step), theirs.insert(key, step));
            }
            if let (Some(ours), Some(theirs)) = (ours.get_mut(&key), theirs.get_mut(&key)) {
                *ours += 1;
                *theirs += 1;
            }
            *ours.entry(key / 2).or_default() += 1;
            *theirs.entry(key / 2).or_default() += 1;
            check(&ours, &theirs);
        }
    }

    #[test]
    fn it_holds_what_a_map_of_std_holds() {
        for keys in [3, 40, 1_000] {
            changed(keys, |ours, theirs| {
                assert_eq!((ours.len(), ours.is_empty()), (theirs.len(), theirs.is_empty()));
                let probe = ours.len() as u64 * 7 % keys;
                assert_eq!(ours.get(&probe), theirs.get(&probe));
                assert_eq!(ours.contains_key(&probe), theirs.contains_key(&probe));
                let is_sound = |it: &Branch<u64, u64>| {
                    (1..=LEAF).contains(&it.leaf.keys.len()) && it.first == it.leaf.keys[0]
                };
                assert!(ours.leaves.iter().all(is_sound));
            });
        }
    }

    #[test]
    fn it_is_walked_in_order_from_both_ends() {
        changed(200, |ours, theirs| {
            assert!(ours.iter().eq(theirs.iter()));
            assert!(ours.iter().rev().eq(theirs.iter().rev()));
        });
    }

    #[test]
    fn ranges_have_their_bounds() {
        changed(60, |ours, theirs| {
            let (low, high) = (ours.len() as u64 % 60, (ours.len() as u64 * 5) % 60);
            assert!(ours.range(low..).eq(theirs.range(low..)));
            assert!(ours.range(..high).rev().eq(theirs.range(..high).rev()));
            assert!(ours.range(..=high).eq(theirs.range(..=high)));
            let after = (Bound::Excluded(low), Bound::Unbounded);
            assert!(ours.range(after).eq(theirs.range(after)));
            if low > high {
                assert_eq!(
                    ours.range(low..high).next(),
                    None,
                    "a range that ends before it begins"
                );
            }
        });
    }

    #[test]
    fn a_clone_stays_what_it_was() {
        let mut before: Vec<(OrdMap<u64, u64>, BTreeMap<u64, u64>)> = Vec::new();
        changed(500, |ours, theirs| {
            if theirs.len() % 97 == 0 {
                before.push((ours.clone(), theirs.clone()));
            }
        });
        assert!(before.len() > 10);
        assert!(before.iter().all(|(ours, theirs)| ours.iter().eq(theirs.iter())));
    }

    #[test]
    fn a_change_after_a_clone_copies_one_leaf() {
        let map: OrdMap<u32, u32> = (0..1_000).map(|n| (n, n)).collect();
        let mut other = map.clone();
        other.insert(500, 0);
        let pairs = map.leaves.iter().zip(&*other.leaves);
        let copied = pairs.filter(|(a, b)| !Rc::ptr_eq(&a.leaf, &b.leaf));
        assert_eq!(copied.count(), 1);
    }

    #[test]
    fn keys_that_grow_fill_their_leaves() {
        let map: OrdMap<u32, ()> = (0..1_600).map(|n| (n, ())).collect();
        assert_eq!(map.leaves.len(), 100);
    }
}
