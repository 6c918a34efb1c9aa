//! Orders of Java that outcomes depend on: of strings, and of a hash map's entries.
//!
//! `String.compareTo` compares UTF-16 units. A `java.util.HashMap` is walked bucket by bucket, each in
//! the order of insertion; the number of buckets follows from how many entries it ever had. (A bucket of
//! more than eight entries in a table of 64 or more becomes a tree in Java, which is not followed: names
//! made to collide would be needed.)

use std::cmp::Ordering;

/// `String.compareTo`.
#[must_use]
pub fn compare(one: &str, other: &str) -> Ordering {
    if one.is_ascii() && other.is_ascii() {
        return one.cmp(other);
    }
    one.encode_utf16().cmp(other.encode_utf16())
}

/// `String.hashCode`.
#[must_use]
pub fn hash(text: &str) -> i32 {
    text.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(unit.into()))
}

/// `TopicPartition.hashCode`, from that of the topic's name.
#[must_use]
pub fn partition_hash(topic_hash: i32, partition: i32) -> i32 {
    31_i32.wrapping_add(partition).wrapping_mul(31).wrapping_add(topic_hash)
}

/// The keys of a `java.util.HashMap` as numbers of the caller's, in Java's order.
#[derive(Clone, Debug, Default)]
pub struct HashOrder {
    /// Hashes, already spread, and keys.
    buckets: Vec<Vec<(u32, u32)>>,
    entries: u32,
    threshold: u32,
}

impl HashOrder {
    const DEFAULT_CAPACITY: u32 = 16;
    const TREEIFY_THRESHOLD: usize = 8;
    const MIN_TREEIFY_CAPACITY: usize = 64;

    /// Puts a key in that is not there yet, with its `hashCode`.
    pub fn insert(&mut self, hash: i32, key: u32) {
        let hash = hash.cast_unsigned();
        let spread = hash ^ hash >> 16;
        if self.buckets.is_empty() {
            self.resize(Self::DEFAULT_CAPACITY);
        }
        let at = self.bucket(spread);
        self.buckets[at].push((spread, key));
        self.entries += 1;
        // A bucket too long is answered with a larger table as long as that is small.
        let long = self.buckets[at].len() > Self::TREEIFY_THRESHOLD;
        if long && self.buckets.len() < Self::MIN_TREEIFY_CAPACITY {
            self.grow();
        }
        if self.entries > self.threshold {
            self.grow();
        }
    }

    /// The same by `computeIfAbsent`, which makes room before and puts new keys first in their bucket.
    pub fn compute_if_absent(&mut self, hash: i32, key: u32) {
        let hash = hash.cast_unsigned();
        let spread = hash ^ hash >> 16;
        if self.buckets.is_empty() {
            self.resize(Self::DEFAULT_CAPACITY);
        } else if self.entries > self.threshold {
            self.grow();
        }
        let at = self.bucket(spread);
        self.buckets[at].insert(0, (spread, key));
        self.entries += 1;
    }

    /// Takes a key out.
    pub fn remove(&mut self, hash: i32, key: u32) {
        let hash = hash.cast_unsigned();
        if self.buckets.is_empty() {
            return;
        }
        let at = self.bucket(hash ^ hash >> 16);
        let before = self.buckets[at].len();
        self.buckets[at].retain(|(_, held)| *held != key);
        self.entries -= u32::from(self.buckets[at].len() < before);
    }

    /// The keys in the order in which Java walks them.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        self.buckets.iter().flatten().map(|(_, key)| *key)
    }

    fn bucket(&self, spread: u32) -> usize {
        spread as usize & (self.buckets.len() - 1)
    }

    fn grow(&mut self) {
        let buckets = u32::try_from(self.buckets.len()).unwrap_or(u32::MAX / 4);
        self.resize(buckets * 2);
    }

    fn resize(&mut self, buckets: u32) {
        let old = std::mem::take(&mut self.buckets);
        self.buckets = vec![Vec::new(); buckets as usize];
        self.threshold = buckets / 4 * 3;
        for (spread, key) in old.into_iter().flatten() {
            let at = self.bucket(spread);
            self.buckets[at].push((spread, key));
        }
    }
}

/// Strings in the order of a hash set that they were added to in this one; a second one is passed over.
/// The answer are their places in `names`.
pub fn hashed<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<u32> {
    walk(names, HashOrder::insert)
}

/// The same for the keys of a map that `computeIfAbsent` put in.
pub fn computed<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<u32> {
    walk(names, HashOrder::compute_if_absent)
}

fn walk<'a>(
    names: impl IntoIterator<Item = &'a str>,
    put: fn(&mut HashOrder, i32, u32),
) -> Vec<u32> {
    let mut order = HashOrder::default();
    let mut seen = std::collections::BTreeSet::new();
    for (place, name) in (0..).zip(names) {
        if seen.insert(name) {
            put(&mut order, hash(name), place);
        }
    }
    order.iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_hash_and_compare_as_in_java() {
        assert_eq!(hash("billing"), -109_829_509);
        assert_eq!(hash(""), 0);
        // U+FFFF is one unit; U+10000 is two, of which the first is smaller.
        assert_eq!(compare("\u{ffff}", "\u{10000}"), Ordering::Greater);
        assert_eq!(compare("c10", "c2"), Ordering::Less);
    }

    #[test]
    fn entries_come_by_bucket_and_the_table_grows_past_three_quarters() {
        let mut order = HashOrder::default();
        order.insert(17, 1);
        order.insert(1, 2);
        order.insert(0, 3);
        assert_eq!(order.iter().collect::<Vec<_>>(), [3, 1, 2]);
        for key in 10..20 {
            order.insert(key, key.cast_unsigned());
        }
        assert_eq!(order.buckets.len(), 32);
        assert_eq!(order.iter().take(3).collect::<Vec<_>>(), [3, 2, 10]);
        order.remove(0, 3);
        assert_eq!(order.iter().next(), Some(2));
    }
}
