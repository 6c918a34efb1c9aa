//! Chance for plans, from the engine's own generator.

use crate::engine::ids::NodeId;
use crate::engine::rng::{Stream, Streams};

/// A stream of choices.
pub(super) struct Chance(Streams);

impl Chance {
    pub(super) fn new(seed: u64) -> Chance {
        Chance(Streams::new(seed))
    }

    /// A number in `0..bound`.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0.below(Stream::Client, NodeId::Zookeeper, bound)
    }

    /// A number in `least..=most`.
    pub(super) fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most - least + 1)
    }

    /// True once in `times`.
    pub(super) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of some.
    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let index = usize::try_from(self.below(from.len() as u64)).expect("below a length");
        from[index]
    }
}
