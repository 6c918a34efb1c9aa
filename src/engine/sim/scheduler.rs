//! What will happen when: a queue ordered by (time, sequence), the sequence being the order of
//! scheduling, so that ties are the same on every machine.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::engine::event::TimerPurpose;
use crate::engine::ids::{EventId, NodeId};
use crate::engine::time::Micros;

/// Something due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// A message arrives, unless it was held or dropped meanwhile.
    Deliver(EventId),
    /// A timer fires, if the process that set it still runs.
    Timer { node: NodeId, run: u32, purpose: u8, tag: u64, cause: Option<EventId> },
    /// A process notices that a peer is gone, if it still runs.
    ConnectionLost { node: NodeId, run: u32, peer: NodeId, cause: EventId },
    /// A process starts as the world boots.
    Boot(NodeId),
    /// A signal to stop (SIGTERM) that waited while its process was frozen.
    Terminate { node: NodeId, run: u32, cause: EventId },
}

/// The queue.
#[derive(Clone, Debug, Default)]
pub struct Scheduler {
    heap: BinaryHeap<Reverse<(Micros, u64, Item)>>,
    next_sequence: u64,
}

impl Scheduler {
    /// Adds an item due `at`.
    pub fn push(&mut self, at: Micros, item: Item) {
        self.heap.push(Reverse((at, self.next_sequence, item)));
        self.next_sequence += 1;
    }

    /// When the next item is due.
    #[must_use]
    pub fn next_at(&self) -> Option<Micros> {
        self.heap.peek().map(|Reverse((at, _, _))| *at)
    }

    /// Removes the next item.
    pub fn pop(&mut self) -> Option<(Micros, Item)> {
        self.heap.pop().map(|Reverse((at, _, item))| (at, item))
    }
}

/// A purpose as a small number, for the queue's order.
#[must_use]
pub fn purpose_code(purpose: TimerPurpose) -> u8 {
    PURPOSES
        .iter()
        .position(|p| *p == purpose)
        .and_then(|index| u8::try_from(index).ok())
        .expect("every purpose is in the table")
}

/// The purpose of a number made by [`purpose_code`].
#[must_use]
pub fn purpose_of(code: u8) -> TimerPurpose {
    PURPOSES[usize::from(code)]
}

const PURPOSES: [TimerPurpose; 30] = [
    TimerPurpose::ProduceTick,
    TimerPurpose::Linger,
    TimerPurpose::Backoff,
    TimerPurpose::RequestTimeout,
    TimerPurpose::DeliveryTimeout,
    TimerPurpose::FetchWait,
    TimerPurpose::ProduceTimeout,
    TimerPurpose::DeleteRecordsTimeout,
    TimerPurpose::IsrCheck,
    TimerPurpose::HighWatermarkCheckpoint,
    TimerPurpose::LogRetention,
    TimerPurpose::LogFlush,
    TimerPurpose::LogCleaner,
    TimerPurpose::LogCheckpoint,
    TimerPurpose::FileDelete,
    TimerPurpose::SessionTimeout,
    TimerPurpose::Ping,
    TimerPurpose::Boot,
    TimerPurpose::LeaderRebalance,
    TimerPurpose::DiskWrite,
    TimerPurpose::ToolPause,
    TimerPurpose::MemberSession,
    TimerPurpose::GroupRebalance,
    TimerPurpose::GroupSync,
    TimerPurpose::GroupLoad,
    TimerPurpose::OffsetExpiry,
    TimerPurpose::Heartbeat,
    TimerPurpose::AutoCommit,
    TimerPurpose::PollInterval,
    TimerPurpose::Processing,
];
