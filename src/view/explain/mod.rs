//! Why something happened: the chain of causes of an event, put into phrases in Kafka's terms.
//!
//! Nothing here is written by hand for one case: every event names what caused it, so *why* is a walk
//! back to the command that began it. A phrase is a key and arguments; [`crate::i18n`] makes the words.

mod words;
mod keys;
mod phrase;
mod again;
mod consumer;
mod group;
mod story;
#[cfg(test)]
mod samples;

use crate::engine::event::EventKind::*;
use crate::engine::event::{Event, EventKind};
use crate::engine::ids::{ClientId, EventId, NodeId, Text};
use crate::view::cluster::ClusterView;

pub use crate::i18n::Phrase;
pub use phrase::phrase;
pub use story::{Step, story};
pub use words::node_name;

/// Most causes that [`chain`] walks back: more than any reader follows, few enough for a frame.
const CHAIN_MOST: usize = 4_096;

/// What a phrase needs to know beyond its event.
pub trait Names {
    /// Name of a client program.
    fn client(&self, id: ClientId) -> Option<Text>;

    /// The `MessageSent` event of a message, when it is still known.
    fn sent(&self, message: EventId) -> Option<Event> {
        let _ = message;
        None
    }

    /// The newest known event before `before` that is as `wanted` says.
    fn newest(&self, before: EventId, wanted: &dyn Fn(&Event) -> bool) -> Option<Event> {
        let _ = (before, wanted);
        None
    }
}

impl Names for ClusterView {
    fn client(&self, id: ClientId) -> Option<Text> {
        let producer = self.producers.iter().find(|p| p.id == id).map(|p| p.name.clone());
        producer.or_else(|| self.consumers.iter().find(|c| c.id == id).map(|c| c.name.clone()))
    }
}

/// How much an event matters to somebody who watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Importance {
    /// How it came about: messages, timers, metadata.
    Detail,
    /// A step of the work: records appended, acknowledged, read.
    Fact,
    /// What one would tell a colleague: deaths, elections, losses, commands.
    Headline,
}

/// How much an event of this kind matters.
#[must_use]
pub fn importance(kind: &EventKind) -> Importance {
    match kind {
        EventKind::LogRecovered { truncated_bytes: 1.., .. } => Importance::Headline,
        EventKind::HighWatermarkAdvanced { leader: false, .. } => Importance::Detail,
        _ => usual_importance(kind),
    }
}

fn usual_importance(kind: &EventKind) -> Importance {
    match kind {
        DiskRotted { .. } | DiskChanged { .. } | LogDirFailed { .. } | ReplicasOffline { .. } => {
            Importance::Headline
        }
        CommandApplied { .. }
        | ProcessKilled
        | ProcessPaused
        | ProcessResumed
        | ProcessStopped
        | ProcessFailed { .. }
        | PowerLost
        | ControllerElected { .. }
        | LeaderElected { .. }
        | IsrShrunk { .. }
        | IsrExpanded { .. }
        | LogTruncated { .. }
        | CommittedRecordsLost { .. }
        | FollowerFailed { .. }
        | InvariantBroken { .. }
        | RecordsFailed { .. }
        | ProduceRefused { .. }
        | AdminFailed { .. }
        | SessionExpired { .. }
        | GenerationStarted { .. }
        | CommitFailed { .. }
        | PollIntervalExceeded { .. }
        | TruncationDetected { .. }
        | PositionReset { .. } => Importance::Headline,
        LinkHeld { .. } | LinkCut { .. } | LinkHealed { .. } => Importance::Fact,
        MessageDelayed { .. } | MessageDuplicated { .. } | ToolExited { .. } => Importance::Fact,
        ZnodeCreated { .. } | ZnodeChanged { .. } | ZnodeDeleted { .. } => Importance::Detail,
        ToolPrinted { .. } => Importance::Detail,
        ProcessStarted | ProcessStopping | BrokerUp { .. } | BrokerDown { .. } => Importance::Fact,
        MessageDropped { .. }
        | TopicCreated { .. }
        | AdminCompleted { .. }
        | BrokerConfigChanged { .. }
        | PartitionsAdded { .. }
        | ReplicasAssigned { .. }
        | TopicDeleted { .. }
        | ReplicaDeleted { .. }
        | TopicConfigChanged { .. }
        | ControllerResigned { .. }
        | BecameLeader { .. }
        | BatchAppended { .. }
        | DuplicateRefused { .. }
        | SegmentRolled { .. }
        | SegmentsDeleted { .. }
        | LogStartAdvanced { .. }
        | LogCleaned { .. }
        | HighWatermarkAdvanced { .. }
        | LogRecovered { .. }
        | RecordsQueued { .. }
        | RecordsAcked { .. }
        | BatchRetried { .. }
        | RecordsDelivered { .. }
        | ClientChanged { .. }
        | SessionClosed { .. } => Importance::Fact,
        MessageSent { .. } | MessageDelivered { .. } | MessageWaiting { .. } => Importance::Detail,
        TimerFired { .. }
        | ConnectionLost { .. }
        | SessionOpened { .. }
        | BecameFollower { .. }
        | HighWatermarksCheckpointed { .. }
        | MetadataUpdated { .. } => Importance::Detail,
        // What happens to groups.
        _ => Importance::Fact,
    }
}

/// Whether an event of this kind ends a host's process, or keeps its messages back: what follows from
/// its silence is told from here on.
#[must_use]
pub fn silences(kind: &EventKind) -> bool {
    matches!(
        kind,
        ProcessKilled
            | ProcessPaused
            | ProcessFailed { .. }
            | PowerLost
            | LinkHeld { .. }
            | LinkCut { .. }
    )
}

/// Whether an event happened to a host, or to one of its links.
#[must_use]
pub fn is_about(event: &Event, node: NodeId) -> bool {
    match event.kind {
        EventKind::LinkHeld { a, b } | EventKind::LinkCut { a, b } => a == node || b == node,
        _ => event.node == Some(node),
    }
}

/// The causes of an event, from itself back to the command (or the boot) that began it, or to the
/// oldest that `lookup` still knows.
#[must_use]
pub fn chain(event: EventId, lookup: &dyn Fn(EventId) -> Option<Event>) -> Vec<EventId> {
    walk(event, lookup).into_iter().map(|event| event.id).collect()
}

fn walk(event: EventId, lookup: &dyn Fn(EventId) -> Option<Event>) -> Vec<Event> {
    let mut causes: Vec<Event> = Vec::new();
    let mut next = Some(event);
    while let Some(id) = next.filter(|_| causes.len() < CHAIN_MOST) {
        let Some(found) = lookup(id) else { break };
        debug_assert!(found.cause.is_none_or(|cause| cause < id), "causes come before effects");
        next = found.cause;
        causes.push(found);
    }
    causes
}

#[cfg(test)]
mod tests {
    use super::samples::{kill_and_election, lookup_in};
    use super::*;

    #[test]
    fn a_chain_goes_back_to_the_command_that_began_it() {
        let events = kill_and_election();
        let last = events.last().expect("the sample has events").id;
        let ids = chain(last, &lookup_in(&events));
        let first = &events[usize::try_from(ids.last().expect("not empty").0).expect("small")];
        assert_eq!(ids[0], last);
        assert!(matches!(first.kind, EventKind::CommandApplied { .. }));
    }

    #[test]
    fn a_chain_ends_where_the_window_ends() {
        let events = kill_and_election();
        let last = events.last().expect("the sample has events").id;
        let newest = |id| lookup_in(&events)(id).filter(|_| id == last);
        assert_eq!(chain(last, &newest), [last]);
    }

    #[test]
    fn an_election_is_a_headline_and_a_heartbeat_is_not() {
        let events = kill_and_election();
        let of = |id: usize| importance(&events[id].kind);
        assert_eq!(of(0), Importance::Headline);
        assert_eq!(of(2), Importance::Detail);
        assert_eq!(importance(&events.last().expect("not empty").kind), Importance::Headline);
    }
}
