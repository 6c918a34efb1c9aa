//! When a producer program makes its records: exact integer arithmetic, without drift.
//!
//! Record `n` is due at `base + n / rate` seconds. Up to 100 records a second each has a tick of its
//! own; above that there is a tick every 10 ms, which makes the records of the 10 ms that it begins.
//! So any whole number of seconds from the base holds exactly `rate` records each.

use crate::engine::client::alarm::Deadline;
use crate::engine::ids::EventId;
use crate::engine::time::Micros;

/// The highest rate at which each record has its own tick.
const SINGLY: u32 = 100;
/// Time between ticks at higher rates.
const SLOT: u64 = 10_000;
const SECOND: u128 = 1_000_000;

/// A running schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    base: Micros,
    rate: u32,
    made: u64,
    next: Micros,
    cause: Option<EventId>,
}

impl Schedule {
    /// A schedule of `rate` records a second from now on, of which `made` are made already. The rate
    /// is not 0. `cause` is what its ticks name.
    #[must_use]
    pub fn new(now: Micros, rate: u32, made: u64, cause: Option<EventId>) -> Schedule {
        Schedule { base: now, rate, made, next: now, cause }
    }

    /// When the next tick is.
    #[must_use]
    pub fn next_tick(&self) -> Deadline {
        Deadline { at: self.next, cause: self.cause }
    }

    /// The records due at this tick; the next tick follows. 0 before the tick is due.
    pub fn tick(&mut self, now: Micros) -> u64 {
        if now < self.next {
            return 0;
        }
        let elapsed = now.since(self.base).0;
        let edge = if self.rate <= SINGLY { elapsed + 1 } else { (elapsed / SLOT + 1) * SLOT };
        let due = self.due_before(edge).saturating_sub(self.made);
        self.made += due;
        self.next = self.base
            + Micros(if self.rate <= SINGLY {
                narrow(u128::from(self.made) * SECOND / u128::from(self.rate))
            } else {
                edge
            });
        due
    }

    /// How many records are due before `edge` microseconds after the base.
    fn due_before(&self, edge: u64) -> u64 {
        narrow((u128::from(edge) * u128::from(self.rate)).div_ceil(SECOND))
    }
}

fn narrow(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records_in(rate: u32, span: Micros) -> u64 {
        let start = Micros(1_234_567);
        let mut schedule = Schedule::new(start, rate, 0, None);
        let mut made = 0;
        while schedule.next_tick().at < start + span {
            let at = schedule.next_tick().at;
            made += schedule.tick(at);
        }
        made
    }

    #[test]
    fn a_second_holds_exactly_the_rate() {
        for rate in [1, 3, 7, 30, 99, 100, 101, 300, 333, 1_001, 999_999, 1_000_000] {
            assert_eq!(records_in(rate, Micros::from_secs(1)), u64::from(rate), "rate {rate}");
        }
    }

    #[test]
    fn an_hour_does_not_drift() {
        assert_eq!(records_in(7, Micros::from_secs(3_600)), 7 * 3_600);
        assert_eq!(records_in(333, Micros::from_secs(3_600)), 333 * 3_600);
    }

    #[test]
    fn low_rates_make_one_record_per_tick() {
        let mut schedule = Schedule::new(Micros::ZERO, 3, 0, None);
        let ticks: Vec<(u64, u64)> = (0..4)
            .map(|_| {
                let at = schedule.next_tick().at;
                (at.0, schedule.tick(at))
            })
            .collect();
        assert_eq!(ticks, [(0, 1), (333_333, 1), (666_666, 1), (1_000_000, 1)]);
    }

    #[test]
    fn high_rates_tick_every_ten_milliseconds() {
        let mut schedule = Schedule::new(Micros::ZERO, 1_000_000, 0, None);
        assert_eq!(schedule.tick(Micros::ZERO), 10_000);
        assert_eq!(schedule.next_tick().at, Micros(10_000));
        assert_eq!(schedule.tick(Micros(9_999)), 0, "before its time a tick makes nothing");
    }
}
