//! How long work takes, in the processor's time where the system tells it, else in the clock's.

use std::fs;
use std::time::Instant;

/// Runs from when it was started.
pub struct Stopwatch {
    processor: Option<u64>,
    clock: Instant,
}

impl Stopwatch {
    /// Starts one.
    pub fn start() -> Stopwatch {
        Stopwatch { processor: nanos(), clock: Instant::now() }
    }

    /// Seconds since.
    pub fn seconds(&self) -> f64 {
        match (self.processor, nanos()) {
            (Some(from), Some(to)) => (to - from) as f64 / 1e9,
            _ => self.clock.elapsed().as_secs_f64(),
        }
    }
}

/// Nanoseconds that this process has had a processor (Linux).
fn nanos() -> Option<u64> {
    fs::read_to_string("/proc/self/schedstat").ok()?.split(' ').next()?.parse().ok()
}
