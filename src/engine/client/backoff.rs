//! Pauses that grow: Kafka's `ExponentialBackoff` (KIP-580), in whole microseconds.
//!
//! Doubles with each attempt, up to a most, with 20 % of jitter to either side so that clients that
//! failed together do not come back together.

use crate::engine::node::Ctx;
use crate::engine::rng::Stream;
use crate::engine::time::Micros;

/// Least and most pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Pause after the first failure.
    pub first: Micros,
    /// Longest pause.
    pub most: Micros,
}

/// `reconnect.backoff.ms` and `reconnect.backoff.max.ms`.
pub const RECONNECT: Backoff = Backoff { first: Micros(50_000), most: Micros(1_000_000) };

/// `retry.backoff.ms` and `retry.backoff.max.ms`.
pub const RETRY: Backoff = Backoff { first: Micros(100_000), most: Micros(1_000_000) };

impl Backoff {
    /// `retry.backoff.ms` and `retry.backoff.max.ms`: a first pause above the most is the most.
    #[must_use]
    pub fn retry(first: Micros, most: Micros) -> Backoff {
        Backoff { first: first.min(most), most }
    }

    /// The pause after `failures` earlier failures in a row, counted from 0.
    pub fn pause(self, ctx: &mut Ctx<'_>, failures: u32) -> Micros {
        let doubled = self.first.0.saturating_mul(1 << failures.min(20));
        let term = doubled.min(self.most.0);
        let fifth = term / 5;
        let jitter = ctx.random_below(Stream::Client, 2 * fifth + 1);
        Micros((term - fifth + jitter).min(self.most.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::client::testing::with_ctx;

    #[test]
    fn pauses_double_up_to_the_most_with_a_fifth_of_jitter() {
        with_ctx(|ctx| {
            for (failures, expected) in [(0, 100_000), (1, 200_000), (3, 800_000)] {
                let pause = RETRY.pause(ctx, failures).0;
                assert!((expected * 8 / 10..=expected * 12 / 10).contains(&pause), "{pause}");
            }
            for failures in [4, 30, u32::MAX] {
                let pause = RETRY.pause(ctx, failures).0;
                assert!((800_000..=1_000_000).contains(&pause), "{pause}");
            }
        });
    }
}
