//! Marks: the headlines of a session on its time bar, and the rebalances of its groups.
//!
//! Marks of what lies ahead stay after a rewind, as its commands do, until another future is begun.

use crate::engine::command::DiskState;
use crate::engine::event::{ElectionReason, Event, EventKind, GroupState};
use crate::engine::ids::EventId;
use crate::session::message::{Mark, MarkKind};
use crate::session::rebalances::Rebalances;

/// Most marks kept; more than a bar can show. Beyond it the lightest give way, the oldest of them first,
/// so that a loss is marked however long the session was.
const MARKS_MAX: usize = 5_000;

/// The marks of a timeline, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    marks: Vec<Mark>,
    rebalances: Rebalances,
    seen: EventId,
}

impl Marks {
    /// Takes the next event; one seen before is passed over.
    pub fn update(&mut self, event: &Event) {
        if event.id < self.seen {
            return;
        }
        self.seen = EventId(event.id.0 + 1);
        self.rebalances.update(event);
        if let Some(kind) = headline(&event.kind) {
            self.keep(Mark { event: event.id, at: event.at, node: event.node, kind });
        }
    }

    fn keep(&mut self, mark: Mark) {
        if self.marks.len() >= MARKS_MAX {
            let lightest = self.marks.iter().map(|kept| kept.kind.weight()).min().unwrap_or(0);
            if mark.kind.weight() < lightest {
                return;
            }
            let place = self.marks.iter().position(|kept| kept.kind.weight() == lightest);
            self.marks.remove(place.expect("the lightest is among them"));
        }
        self.marks.push(mark);
    }

    /// Forgets what another future replaced: events from `next` on.
    pub fn cut(&mut self, next: EventId) {
        let len = self.marks.partition_point(|mark| mark.event < next);
        self.marks.truncate(len);
        self.rebalances.cut(next);
        self.seen = self.seen.min(next);
    }

    /// Rebalances of groups.
    #[must_use]
    pub fn rebalances(&self) -> &Rebalances {
        &self.rebalances
    }

    /// What the checker found: broken rules, oldest first.
    pub fn broken(&self) -> impl Iterator<Item = &Mark> {
        self.marks.iter().filter(|mark| mark.kind == MarkKind::Broken)
    }

    /// All of them.
    #[must_use]
    pub fn as_slice(&self) -> &[Mark] {
        &self.marks
    }
}

/// What an event means on the time bar; `None` when it is no headline.
fn headline(kind: &EventKind) -> Option<MarkKind> {
    match kind {
        EventKind::CommandApplied { .. } => Some(MarkKind::Command),
        EventKind::ProcessKilled | EventKind::ProcessFailed { .. } | EventKind::PowerLost => {
            Some(MarkKind::Death)
        }
        EventKind::ProcessPaused => Some(MarkKind::Freeze),
        EventKind::ProcessStarted | EventKind::ProcessResumed => Some(MarkKind::Birth),
        EventKind::ControllerElected { .. } => Some(MarkKind::Election),
        EventKind::LeaderElected { reason, .. } => match reason {
            ElectionReason::NewPartition => None,
            ElectionReason::FollowerLeft => Some(MarkKind::Isr),
            ElectionReason::LeaderDied
            | ElectionReason::UncleanElection
            | ElectionReason::PreferredReplica
            | ElectionReason::Reassignment
            | ElectionReason::ControlledShutdown
            | ElectionReason::LogDirFailed
            | ElectionReason::ReplicaReturned => Some(MarkKind::Election),
        },
        EventKind::GroupStateChanged { state: GroupState::PreparingRebalance, .. } => {
            Some(MarkKind::Rebalance)
        }
        EventKind::IsrShrunk { .. } | EventKind::IsrExpanded { .. } => Some(MarkKind::Isr),
        EventKind::LogTruncated { .. } => Some(MarkKind::Truncation),
        EventKind::LogRecovered { truncated_bytes, .. } if *truncated_bytes > 0 => {
            Some(MarkKind::Truncation)
        }
        EventKind::RecordsFailed { .. }
        | EventKind::DiskRotted { .. }
        | EventKind::DiskChanged { state: DiskState::Dead | DiskState::Full, .. }
        | EventKind::LogDirFailed { .. }
        | EventKind::CommittedRecordsLost { .. } => Some(MarkKind::Loss),
        EventKind::InvariantBroken { .. } => Some(MarkKind::Broken),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ids::{Offset, PartitionId, TopicName, TopicPartition};
    use crate::engine::time::Micros;

    fn event(id: u64, kind: EventKind) -> Event {
        Event { id: EventId(id), at: Micros(id), cause: None, node: None, kind }
    }

    #[test]
    fn a_loss_is_marked_however_many_marks_there_are() {
        let mut marks = Marks::default();
        let most = MARKS_MAX as u64;
        (0..most).for_each(|id| marks.update(&event(id, EventKind::ProcessStarted)));
        let records = EventKind::CommittedRecordsLost {
            partition: TopicPartition::new(&TopicName::new("t"), PartitionId(0)),
            from: Offset(1),
            to: Offset(2),
        };
        marks.update(&event(most, records));
        assert_eq!(marks.as_slice().len(), MARKS_MAX);
        assert_eq!(marks.as_slice().last().map(|mark| mark.kind), Some(MarkKind::Loss));
        assert_eq!(marks.as_slice()[0].event, EventId(1), "the oldest of the lightest gave way");
        (0..most).for_each(|id| marks.update(&event(most + 1 + id, EventKind::ProcessKilled)));
        marks.update(&event(2 * most + 1, EventKind::ProcessStarted));
        let losses = marks.as_slice().iter().filter(|mark| mark.kind == MarkKind::Loss).count();
        assert_eq!((marks.as_slice().len(), losses), (MARKS_MAX, 1));
    }
}
