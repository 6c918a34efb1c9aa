//! The coordinator's clock: sessions of members, rebalances, loads, and the look for expired offsets.
//!
//! Everything has one deadline at most; a new one takes the place of the one before. One timer of the
//! world is set at a time, for the earliest.

use crate::engine::event::TimerPurpose;
use crate::engine::ids::{EventId, PartitionId, Text};
use crate::engine::node::{Ctx, Timer};
use crate::engine::persistent::{OrdMap, OrdSet};
use crate::engine::time::Micros;

/// What has a deadline.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    /// The task that reads a partition of `__consumer_offsets` begins.
    BeginLoad(PartitionId),
    /// A partition of `__consumer_offsets` is read (`loadGroupsAndOffsets`).
    Load(PartitionId),
    /// A member was silent for its session timeout (`DelayedHeartbeat`).
    Session(Text, Text),
    /// A member was told its id and did not come back with it (`DelayedHeartbeat`, pending).
    Pending(Text, Text),
    /// A rebalance has waited long enough for members to join (`DelayedJoin`).
    Join(Text),
    /// Members that joined did not ask for their assignment (`DelayedSync`).
    Sync(Text),
    /// Expired offsets are looked for.
    Expiry,
}

impl Due {
    fn purpose(&self) -> TimerPurpose {
        match self {
            Due::BeginLoad(_) | Due::Load(_) => TimerPurpose::GroupLoad,
            Due::Session(..) | Due::Pending(..) => TimerPurpose::MemberSession,
            Due::Join(_) => TimerPurpose::GroupRebalance,
            Due::Sync(_) => TimerPurpose::GroupSync,
            Due::Expiry => TimerPurpose::OffsetExpiry,
        }
    }
}

/// All deadlines.
#[derive(Clone, Debug, Default)]
pub struct Deadlines {
    by_due: OrdMap<Due, (Micros, Option<EventId>)>,
    in_order: OrdSet<(Micros, Due)>,
    armed: Option<Micros>,
}

impl Deadlines {
    /// Sets a deadline, caused by what runs now.
    pub fn set(&mut self, ctx: &Ctx<'_>, due: Due, after: Micros) {
        self.clear(&due);
        let at = ctx.now + after;
        self.by_due.insert(due.clone(), (at, ctx.timer_cause()));
        self.in_order.insert((at, due));
    }

    /// Takes a deadline away.
    pub fn clear(&mut self, due: &Due) {
        if let Some((at, _)) = self.by_due.remove(due) {
            self.in_order.remove(&(at, due.clone()));
        }
    }

    /// The earliest that is over, and what set it.
    pub fn next_over(&mut self, now: Micros) -> Option<(Due, Option<EventId>)> {
        let (at, due) = self.in_order.first().filter(|(at, _)| *at <= now)?.clone();
        self.in_order.remove(&(at, due.clone()));
        let (_, cause) = self.by_due.remove(&due)?;
        Some((due, cause))
    }

    /// The world's timer fired: none is set any more.
    pub fn fired(&mut self) {
        self.armed = None;
    }

    /// Sets the world's timer for the earliest deadline, when none that is set will do.
    pub fn arm(&mut self, ctx: &mut Ctx<'_>) {
        let Some((at, due)) = self.in_order.first() else { return };
        if self.armed.is_some_and(|armed| armed <= *at) {
            return;
        }
        self.armed = Some(*at);
        let cause = self.by_due.get(due).and_then(|(_, cause)| *cause);
        let timer = Timer { purpose: due.purpose(), tag: 0 };
        ctx.set_timer_caused(at.since(ctx.now), timer, cause);
    }

    /// What the timer's event says of a deadline.
    #[must_use]
    pub fn purpose(due: &Due) -> TimerPurpose {
        due.purpose()
    }
}
