//! The order in which Java's and Scala's hash maps give their keys: what tools print in no order of
//! their own comes out so.

/// `String.hashCode`, spread as `HashMap.hash` and Scala's `improveHash` do.
fn spread_hash(text: &str) -> u32 {
    let hash = text
        .encode_utf16()
        .fold(0_u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)));
    hash ^ (hash >> 16)
}

/// Sorts as a `java.util.HashMap` made for `capacity` entries gives them; keys of one bucket stay in
/// the order in which they came.
pub(super) fn sort_as_java<T>(entries: &mut [T], capacity: u32, key: impl Fn(&T) -> &str) {
    let count = u32::try_from(entries.len()).unwrap_or(u32::MAX);
    let mut size = capacity.max(1).next_power_of_two();
    while u64::from(count) * 4 > u64::from(size) * 3 && size < 1 << 30 {
        size *= 2;
    }
    entries.sort_by_key(|entry| spread_hash(key(entry)) & (size - 1));
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
