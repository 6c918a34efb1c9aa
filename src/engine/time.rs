//! Virtual time: whole microseconds since the world began. Nothing in the engine reads a real clock.

use std::fmt;
use std::ops::Add;

use serde::{Deserialize, Serialize};

/// A moment or a span of virtual time, in microseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Micros(pub u64);

impl Micros {
    /// The world's beginning.
    pub const ZERO: Micros = Micros(0);
    /// Later than every moment that a world reaches.
    pub const MAX: Micros = Micros(u64::MAX);

    /// A span of whole milliseconds, the unit of Kafka's `*.ms` settings. Negative counts as 0.
    #[must_use]
    pub fn from_ms(ms: i64) -> Micros {
        Micros(u64::try_from(ms).unwrap_or(0).saturating_mul(1_000))
    }

    /// A span of whole seconds.
    #[must_use]
    pub fn from_secs(secs: u64) -> Micros {
        Micros(secs.saturating_mul(1_000_000))
    }

    /// Whole milliseconds, rounded down.
    #[must_use]
    pub fn as_ms(self) -> i64 {
        i64::try_from(self.0 / 1_000).unwrap_or(i64::MAX)
    }

    /// The span from `earlier` to here; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Micros) -> Micros {
        Micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add for Micros {
    type Output = Micros;

    fn add(self, span: Micros) -> Micros {
        Micros(self.0.saturating_add(span.0))
    }
}

/// Prints seconds and microseconds: `12.034567s`.
impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}s", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}
