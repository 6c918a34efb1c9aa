//! Marks: the headlines of a session on its time bar, and the rebalances of its groups.
//!
//! Marks of what lies ahead stay after a rewind, as its commands do, until another future is begun.

use crate::engine::command::DiskState;
use crate::engine::event::{ElectionReason, Event, EventKind};
use crate::engine::ids::EventId;
use crate::session::message::{Mark, MarkKind};
use crate::session::rebalances::Rebalances;

/// Most marks kept; more than a bar can show.
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
        if let Some(kind) = headline(&event.kind)
            && self.marks.len() < MARKS_MAX
        {
            self.marks.push(Mark { event: event.id, at: event.at, node: event.node, kind });
        }
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
