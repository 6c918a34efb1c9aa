//! Timers of a client: one per purpose, for the earliest deadline, never one per request.
//!
//! A timer cannot be taken back, so one that has been overtaken still fires; it is told apart by its
//! tag, and has no effect. One that fires late, since its process was frozen, still counts. The cause travels with the deadline: the timeout of a request
//! is caused by that request.

use crate::engine::event::TimerPurpose;
use crate::engine::ids::EventId;
use crate::engine::node::{Ctx, Timer};
use crate::engine::time::Micros;

/// A moment at which something is due, and the event that made it so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline {
    /// When.
    pub at: Micros,
    /// What its timer names as its cause.
    pub cause: Option<EventId>,
}

/// The timers of one client that are set.
#[derive(Clone, Debug, Default)]
pub struct Alarms {
    set: Vec<(TimerPurpose, Deadline)>,
}

impl Alarms {
    /// Sees to it that a timer fires at `deadline`, or at an earlier one that is set already.
    pub fn arm(&mut self, ctx: &mut Ctx<'_>, purpose: TimerPurpose, deadline: Option<Deadline>) {
        let Some(mut deadline) = deadline else { return };
        deadline.at = deadline.at.max(ctx.now);
        let known = self.set.iter_mut().find(|(known, _)| *known == purpose);
        match known {
            Some((_, set)) if set.at < deadline.at || *set == deadline => return,
            Some((_, set)) => *set = deadline,
            None => self.set.push((purpose, deadline)),
        }
        let timer = Timer { purpose, tag: tag(deadline) };
        ctx.set_timer_caused(deadline.at.since(ctx.now), timer, deadline.cause);
    }

    /// Whether this timer is the one that is set, and not one that was overtaken. It is set no longer.
    pub fn fired(&mut self, now: Micros, timer: &Timer) -> bool {
        let index = self.set.iter().position(|(purpose, deadline)| {
            *purpose == timer.purpose && deadline.at <= now && tag(*deadline) == timer.tag
        });
        index.map(|index| self.set.swap_remove(index)).is_some()
    }
}

/// The earlier of two deadlines.
#[must_use]
pub fn earliest(a: Option<Deadline>, b: Option<Deadline>) -> Option<Deadline> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.at < a.at { b } else { a }),
        (a, b) => a.or(b),
    }
}

fn tag(deadline: Deadline) -> u64 {
    deadline.cause.map_or(0, |cause| cause.0 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::client::testing::with_ctx;
    use crate::engine::node::Output;

    const LINGER: TimerPurpose = TimerPurpose::Linger;

    fn at(micros: u64, cause: u64) -> Deadline {
        Deadline { at: Micros(micros), cause: Some(EventId(cause)) }
    }

    fn timer(deadline: Deadline) -> Timer {
        Timer { purpose: LINGER, tag: tag(deadline) }
    }

    #[test]
    fn only_an_earlier_deadline_sets_another_timer() {
        let set = with_ctx(|ctx| {
            let mut alarms = Alarms::default();
            alarms.arm(ctx, LINGER, Some(at(50, 0)));
            alarms.arm(ctx, LINGER, Some(at(70, 0)));
            alarms.arm(ctx, LINGER, Some(at(50, 0)));
            alarms.arm(ctx, LINGER, Some(at(30, 0)));
            let is_timer = |output: &&Output| matches!(output, Output::Timer { .. });
            ctx.outputs.iter().filter(is_timer).count()
        });
        assert_eq!(set, 2);
    }

    #[test]
    fn a_timer_that_was_overtaken_has_no_effect() {
        with_ctx(|ctx| {
            let mut alarms = Alarms::default();
            alarms.arm(ctx, LINGER, Some(at(50, 0)));
            alarms.arm(ctx, LINGER, Some(at(30, 0)));
            assert!(alarms.fired(Micros(30), &timer(at(30, 0))));
            assert!(!alarms.fired(Micros(50), &timer(at(50, 0))));
        });
    }

    #[test]
    fn a_deadline_at_the_same_time_brings_its_own_cause() {
        with_ctx(|ctx| {
            let mut alarms = Alarms::default();
            alarms.arm(ctx, LINGER, Some(at(50, 0)));
            alarms.arm(ctx, LINGER, Some(at(50, 1)));
            assert!(!alarms.fired(Micros(50), &timer(at(50, 0))));
            assert!(alarms.fired(Micros(50), &timer(at(50, 1))));
        });
    }
}
