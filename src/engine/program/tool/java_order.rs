//! The order in which Java's and Scala's hash maps give their keys: what tools print in no order of
//! their own comes out so.

/// `String.hashCode`.
fn string_hash(text: &str) -> u32 {
    let units = text.encode_utf16();
    units.fold(0, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)))
}

/// What `HashMap.hash` and Scala's `improveHash` make of a hash.
fn spread(hash: u32) -> u32 {
    hash ^ (hash >> 16)
}

fn spread_hash(text: &str) -> u32 {
    spread(string_hash(text))
}

/// `TopicPartition.hashCode`, spread.
fn partition_hash(topic: &str, partition: i32) -> u32 {
    let number = 31_u32.wrapping_add(partition.cast_unsigned());
    spread(number.wrapping_mul(31).wrapping_add(string_hash(topic)))
}

/// Size of the table of a map made for `capacity` entries that holds `count`.
fn table(count: usize, capacity: u32) -> u32 {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    let mut size = capacity.max(1).next_power_of_two();
    while u64::from(count) * 4 > u64::from(size) * 3 && size < 1 << 30 {
        size *= 2;
    }
    size
}

/// As [`sort_as_java`], for keys that are partitions.
pub(super) fn sort_partitions_as_java<T>(
    entries: &mut [T],
    capacity: u32,
    key: impl Fn(&T) -> (&str, i32),
) {
    let size = table(entries.len(), capacity);
    entries.sort_by_key(|entry| {
        let (topic, partition) = key(entry);
        partition_hash(topic, partition) & (size - 1)
    });
}

/// Sorts as a `java.util.HashMap` made for `capacity` entries gives them; keys of one bucket stay in
/// the order in which they came.
pub(super) fn sort_as_java<T>(entries: &mut [T], capacity: u32, key: impl Fn(&T) -> &str) {
    let size = table(entries.len(), capacity);
    entries.sort_by_key(|entry| spread_hash(key(entry)) & (size - 1));
}

/// As [`sort_as_java`], for keys that are maps of text to text or null, with a hash of Java's own:
/// `ClientQuotaEntity`, which has such a map and nothing else.
pub(super) fn sort_maps_as_java<T>(
    entries: &mut [T],
    capacity: u32,
    key: impl Fn(&T) -> Vec<(&str, Option<&str>)>,
) {
    let size = table(entries.len(), capacity);
    entries.sort_by_key(|entry| {
        let pairs = key(entry).into_iter();
        let sum = pairs.fold(31_u32, |sum, (name, value)| {
            sum.wrapping_add(string_hash(name) ^ value.map_or(0, string_hash))
        });
        spread(sum) & (size - 1)
    });
}

/// Sorts as a Scala `mutable.HashMap` with a table of `size` gives them (a power of two).
pub(super) fn sort_as_scala<T>(entries: &mut [T], size: u32, key: impl Fn(&T) -> &str) {
    entries.sort_by_key(|entry| {
        let hash = spread_hash(key(entry));
        // Within a bucket by the hash, which is signed.
        (hash & (size - 1), hash.cast_signed())
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_give_their_keys_as_the_real_ones_do() {
        let mut names = ["plain", "orders", "pair", "solo"];
        sort_as_java(&mut names[..2], 16, |name| name);
        assert_eq!(names[..2], ["plain", "orders"]);
        let mut keys = ["retention.ms", "segment.bytes", "cleanup.policy", "min.insync.replicas"];
        sort_as_scala(&mut keys, 64, |key| key);
        assert_eq!(
            keys,
            ["min.insync.replicas", "cleanup.policy", "segment.bytes", "retention.ms"]
        );
    }
}
