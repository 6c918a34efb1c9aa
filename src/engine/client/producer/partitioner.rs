//! Which partition a record goes to: murmur2 of its key, or the sticky partition of the moment.
//!
//! Kafka's `BuiltInPartitioner` of 3.3 and later (KIP-794). A key is hashed over *all* partitions,
//! also those without a leader, so that it always lands in the same one; records without a key stick
//! to a partition until about `batch.size` bytes were produced to it, and the next is drawn among
//! those that have a leader, the more likely the shorter its queue.

use std::rc::Rc;

use crate::engine::ids::PartitionId;
use crate::engine::node::Ctx;
use crate::engine::rng::Stream;

/// Kafka's `Utils.murmur2`.
#[must_use]
pub fn murmur2(data: &[u8]) -> i32 {
    const M: u32 = 0x5bd1_e995;
    const SEED: u32 = 0x9747_b28c;
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut hash = SEED ^ length;
    let mut words = data.chunks_exact(4);
    for word in &mut words {
        let mut k = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
        k = k.wrapping_mul(M);
        k ^= k >> 24;
        k = k.wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ k;
    }
    let tail = words.remainder();
    if !tail.is_empty() {
        let bytes = tail.iter().rev().fold(0, |bytes, byte| (bytes << 8) | u32::from(*byte));
        hash = (hash ^ bytes).wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^= hash >> 15;
    hash.cast_signed()
}

/// Where a key lands among `partitions`, of which there is at least one.
#[must_use]
pub fn partition_for_key(key: &[u8], partitions: u32) -> PartitionId {
    let positive = (murmur2(key) & 0x7fff_ffff).cast_unsigned();
    PartitionId((positive % partitions.max(1)).cast_signed())
}

/// Where record number `turn` goes when partitions take turns: among those with a leader, or among all
/// `partitions` when none has one (`RoundRobinPartitioner`).
#[must_use]
pub fn round_robin(turn: u32, available: &[PartitionId], partitions: u32) -> PartitionId {
    let positive = turn & 0x7fff_ffff;
    match u32::try_from(available.len()) {
        Ok(0) | Err(_) => PartitionId((positive % partitions.max(1)).cast_signed()),
        Ok(count) => available[(positive % count) as usize],
    }
}

/// A partition for which batches wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue {
    /// Which.
    pub partition: PartitionId,
    /// How many batches.
    pub batches: u32,
    /// Its broker was too slow: it is not chosen while another is there.
    pub slow: bool,
}

/// Partitions that the sticky partitioner may choose. Their number costs nothing: only those that
/// something is known of are looked at.
#[derive(Clone, Debug, Default)]
pub struct Candidates {
    /// All, in order.
    pub partitions: Rc<[PartitionId]>,
    /// Those among them that batches wait for, in order; none where queues do not count.
    pub queues: Vec<Queue>,
}

/// The sticky partition of one topic, and what was produced to it since it was chosen.
#[derive(Clone, Debug, Default)]
pub struct StickyPartitioner {
    current: Option<PartitionId>,
    produced_bytes: u64,
}

impl StickyPartitioner {
    /// The partition for the next record without a key. `full`: no batch of the current partition has
    /// room, so that a change leaves no small batch behind. `candidates` must not be empty.
    pub fn choose(
        &mut self,
        ctx: &mut Ctx<'_>,
        batch_size: u32,
        full: bool,
        candidates: impl FnOnce() -> Candidates,
    ) -> PartitionId {
        match self.current {
            Some(current) if !self.is_due(batch_size, full) => current,
            _ => {
                let next = draw(ctx, &candidates());
                self.current = Some(next);
                self.produced_bytes = 0;
                next
            }
        }
    }

    /// The current partition, once one was drawn.
    #[must_use]
    pub fn current(&self) -> Option<PartitionId> {
        self.current
    }

    /// Bytes were appended to the current partition.
    pub fn produced(&mut self, bytes: u64) {
        self.produced_bytes = self.produced_bytes.saturating_add(bytes);
    }

    /// Whether the next record goes to another partition: `batch.size` bytes and no batch begun, or
    /// twice as many bytes.
    #[must_use]
    pub fn is_due(&self, batch_size: u32, full: bool) -> bool {
        let batch_size = u64::from(batch_size);
        (self.produced_bytes >= batch_size && full) || self.produced_bytes >= 2 * batch_size
    }
}

/// One of the candidates, each as often as [`weights`] says of its queue.
fn draw(ctx: &mut Ctx<'_>, candidates: &Candidates) -> PartitionId {
    let Candidates { partitions, queues } = candidates;
    let quick = queues.iter().filter(|queue| !queue.slow);
    let slow = u64::try_from(queues.len() - quick.clone().count()).unwrap_or(0);
    let count = u64::try_from(partitions.len()).unwrap_or(u64::MAX);
    if slow == count {
        // Nothing is left to weigh: any of them (`updatePartitionLoadStats` with a length below 1).
        let number = ctx.random_below(Stream::Client, count);
        return at(partitions, 0, number);
    }
    let whole = u64::from(quick.clone().map(|queue| queue.batches).max().unwrap_or(0)) + 1;
    let waiting: u64 = quick.map(|queue| u64::from(queue.batches)).sum();
    let mut left = ctx.random_below(Stream::Client, (count - slow) * whole - waiting);
    let mut next = 0;
    for queue in queues {
        let Ok(place) = partitions.binary_search(&queue.partition) else { continue };
        let idle = u64::try_from(place - next).unwrap_or(0) * whole;
        if left < idle {
            break;
        }
        left -= idle;
        let weight = if queue.slow { 0 } else { whole - u64::from(queue.batches) };
        if left < weight {
            return queue.partition;
        }
        left -= weight;
        next = place + 1;
    }
    at(partitions, next, left / whole)
}

fn at(partitions: &[PartitionId], from: usize, steps: u64) -> PartitionId {
    let place = usize::try_from(steps).ok().map(|steps| from + steps);
    place.and_then(|place| partitions.get(place)).copied().unwrap_or(PartitionId(0))
}

/// How often partitions with queues of these lengths are chosen: each has a weight of the longest
/// queue's length + 1 − its own (`BuiltInPartitioner.updatePartitionLoadStats`).
#[must_use]
pub fn weights(queued: impl Iterator<Item = u32> + Clone) -> Vec<u64> {
    let longest = queued.clone().max().unwrap_or(0);
    queued.map(|length| u64::from(longest - length) + 1).collect()
}

/// Which of the weights `number` falls to, when it is below their sum (`nextPartition`).
#[must_use]
pub fn drawn(weights: &[u64], number: u64) -> Option<usize> {
    let mut left = number;
    for (index, weight) in weights.iter().enumerate() {
        match left.checked_sub(*weight) {
            Some(rest) => left = rest,
            None => return Some(index),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::client::testing::with_ctx;
    use serde_json::Value;

    const VECTORS: &str = include_str!("../../../../tests/data/murmur2.json");

    fn unhex(text: &str) -> Vec<u8> {
        let digits = text.as_bytes().chunks_exact(2);
        digits
            .map(|pair| {
                let pair = str::from_utf8(pair).expect("hex is ASCII");
                u8::from_str_radix(pair, 16).expect("two hex digits")
            })
            .collect()
    }

    #[test]
    fn keys_hash_and_land_as_in_kafka() {
        let vectors: Value = serde_json::from_str(VECTORS).expect("the vectors are JSON");
        let cases = vectors["cases"].as_array().expect("a list of cases");
        assert_eq!(cases.len(), 72);
        for case in cases {
            let key = unhex(case["keyHex"].as_str().expect("hex"));
            assert_eq!(i64::from(murmur2(&key)), case["murmur2"].as_i64().expect("a hash"));
            for (partitions, expected) in case["partition"].as_object().expect("by number") {
                let partitions = partitions.parse().expect("a number of partitions");
                let landed = i64::from(partition_for_key(&key, partitions).0);
                assert_eq!(Some(landed), expected.as_i64(), "{case}");
            }
        }
    }

    fn even(count: i32) -> Candidates {
        Candidates { partitions: (0..count).map(PartitionId).collect(), queues: Vec::new() }
    }

    fn queue(partition: i32, batches: u32, slow: bool) -> Queue {
        Queue { partition: PartitionId(partition), batches, slow }
    }

    #[test]
    fn it_sticks_until_batch_size_was_produced() {
        with_ctx(|ctx| {
            let mut sticky = StickyPartitioner::default();
            let first = sticky.choose(ctx, 100, true, || even(3));
            sticky.produced(99);
            assert_eq!(sticky.choose(ctx, 100, true, || panic!("not due")), first);
            sticky.produced(1);
            assert!(sticky.is_due(100, true));
        });
    }

    #[test]
    fn a_batch_begun_delays_the_change_up_to_twice_batch_size() {
        let mut sticky = StickyPartitioner::default();
        sticky.produced(199);
        assert!(!sticky.is_due(100, false));
        sticky.produced(1);
        assert!(sticky.is_due(100, false));
    }

    #[test]
    fn short_queues_are_drawn_more_often() {
        let candidates = Candidates { queues: vec![queue(0, 9, false)], ..even(2) };
        let mut drawn = [0, 0];
        with_ctx(|ctx| {
            for _ in 0..1_100 {
                drawn[usize::try_from(draw(ctx, &candidates).0).expect("0 or 1")] += 1;
            }
        });
        assert!((50..150).contains(&drawn[0]), "weights 1 and 10: {drawn:?}");
    }

    /// What is drawn with these queues, and by the list of weights; both of the same numbers.
    fn both(count: i32, queues: &[Queue]) -> (Vec<PartitionId>, Vec<PartitionId>) {
        let candidates = Candidates { queues: queues.to_vec(), ..even(count) };
        let is_slow = |id: &PartitionId| queues.iter().any(|q| q.partition == *id && q.slow);
        let all: Vec<PartitionId> = (0..count).map(PartitionId).collect();
        let quick: Vec<PartitionId> = all.iter().copied().filter(|id| !is_slow(id)).collect();
        let length = |id: &PartitionId| {
            let queue = queues.iter().find(|queue| queue.partition == *id && !quick.is_empty());
            queue.map_or(0, |queue| queue.batches)
        };
        let left = if quick.is_empty() { &all } else { &quick };
        let weights = weights(left.iter().map(length));
        let ours = with_ctx(|ctx| (0..200).map(|_| draw(ctx, &candidates)).collect());
        let theirs = with_ctx(|ctx| {
            let mut number = || ctx.random_below(Stream::Client, weights.iter().sum());
            let drawn = |number| drawn(&weights, number).and_then(|index| left.get(index));
            (0..200).filter_map(|_| drawn(number()).copied()).collect()
        });
        (ours, theirs)
    }

    #[test]
    fn looking_only_at_queues_draws_what_the_list_of_all_weights_draws() {
        let cases: [&[Queue]; 5] = [
            &[],
            &[queue(0, 3, false), queue(4, 1, false)],
            &[queue(1, 2, true), queue(2, 5, false)],
            &[queue(0, 1, true), queue(1, 1, true), queue(4, 7, true)],
            &[
                queue(0, 1, true),
                queue(1, 2, true),
                queue(2, 3, true),
                queue(3, 4, true),
                queue(4, 5, true),
            ],
        ];
        for queues in cases {
            let (ours, theirs) = both(5, queues);
            assert_eq!(ours, theirs, "{queues:?}");
        }
    }
}
