//! Seeded random streams, one per component, so that a draw added in one does not shift the others.
//!
//! The generator is SplitMix64: one `u64` of state, the same on every machine. A stream's start is
//! the world's seed mixed with the stream's name.

use std::collections::BTreeMap;

use crate::engine::ids::NodeId;

/// What a random draw is for. Each (stream, node) has a generator of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stream {
    /// Latency jitter and loss of links.
    Network,
    /// Replica placement of new topics (start index and shift) and topic ids.
    Placement,
    /// A client's choices: sticky partition, bootstrap broker, backoff jitter.
    Client,
    /// A broker's choices: session ids and the like.
    Broker,
    /// Roll jitter of a broker's logs.
    Log,
    /// Member ids that a group coordinator gives.
    Group,
}

/// All the streams of one world.
#[derive(Clone, Debug)]
pub struct Streams {
    seed: u64,
    states: BTreeMap<(Stream, NodeId), u64>,
}

impl Streams {
    /// The streams that grow from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Streams {
        Streams { seed, states: BTreeMap::new() }
    }

    /// The next 64 random bits of (`stream`, `node`).
    pub fn next_u64(&mut self, stream: Stream, node: NodeId) -> u64 {
        let seed = self.seed;
        let state = self.states.entry((stream, node)).or_insert_with(|| start(seed, stream, node));
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(*state)
    }

    /// A number in `0..bound`; 0 when `bound` is 0. The bias of the multiplication is below 2^-32.
    pub fn below(&mut self, stream: Stream, node: NodeId, bound: u64) -> u64 {
        let high = (u128::from(self.next_u64(stream, node)) * u128::from(bound)) >> 64;
        u64::try_from(high).unwrap_or(0)
    }
}

fn start(seed: u64, stream: Stream, node: NodeId) -> u64 {
    let stream_code: u64 = match stream {
        Stream::Network => 1,
        Stream::Placement => 2,
        Stream::Client => 3,
        Stream::Broker => 4,
        Stream::Log => 5,
        Stream::Group => 6,
    };
    let node_code: u64 = match node {
        NodeId::Zookeeper => 0,
        NodeId::Broker(id) => 1 << 32 | u64::from(id.0.cast_unsigned()),
        NodeId::Client(id) => 2 << 32 | u64::from(id.0),
    };
    mix(mix(mix(seed) ^ stream_code) ^ node_code)
}

/// The finalizer of SplitMix64: every bit of the result depends on every bit of `state`.
#[must_use]
pub fn mix(state: u64) -> u64 {
    let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
