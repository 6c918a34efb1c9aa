//! Single records that applications sent, and what became of each: what `acked(m)`, `lost(m)` and the
//! goals of lessons ask about.
//!
//! A record is named by its value. In a lesson's goals the name `m` stands for one record after the
//! other that the student sent ([`crate::scenario::predicate::judge::judge_of`]).

use std::collections::{BTreeMap, VecDeque};

use crate::engine::command::{Acks, Command};
use crate::engine::event::{Event, EventKind};
use crate::engine::ids::{BrokerId, ClientId, EventId, NodeId, Offset, Text, TopicPartition};
use crate::engine::sim::world::World;
use crate::scenario::predicate::ledger::{leaders_log, senders};
use crate::view::project;

/// Most records that are kept; the oldest give way.
const SENDS_MAX: usize = 1_000;

/// What the application was told about a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Nothing yet.
    Nothing,
    /// Success, with this offset; −1 with acks=0.
    Acked(Offset),
    /// Failure, final, with this error code.
    Failed(i16),
}

/// One record that an application sent by itself: its send is known by its event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The producer.
    pub producer: ClientId,
    /// Its number among the producer's records.
    pub number: u64,
    /// Where it goes.
    pub partition: TopicPartition,
    /// Its value.
    pub value: Text,
    /// `acks` of the producer when it took the record.
    pub acks: Acks,
    /// What the application was told.
    pub told: Told,
    /// The event that told it.
    pub told_by: Option<EventId>,
    /// The event of its sending.
    pub queued: EventId,
}

/// Whether a record's fate can change without anything new being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The application waits for an answer.
    Untold,
    /// A request that may carry the record is on its way.
    OnTheWay,
    /// Nobody leads its partition.
    NoLeader,
    /// This broker's log says what there is.
    Settled(BrokerId),
}

impl Sent {
    /// Whether the application was told success.
    #[must_use]
    pub fn is_acked(&self) -> bool {
        matches!(self.told, Told::Acked(_))
    }

    /// Where the record stands.
    #[must_use]
    pub fn fate(&self, world: &World) -> Fate {
        if self.told == Told::Nothing {
            return Fate::Untold;
        }
        if senders(world).contains(&self.producer) {
            return Fate::OnTheWay;
        }
        let view = project::cluster(world);
        let mut partitions = view.topics.iter().flat_map(|topic| &topic.partitions);
        let found = partitions.find(|found| found.partition == self.partition);
        found.and_then(|found| found.leader).map_or(Fate::NoLeader, Fate::Settled)
    }

    /// Whether success was told of it and its partition's leader lacks it for good. What retention took
    /// is not lost.
    #[must_use]
    pub fn is_lost(&self, world: &World) -> bool {
        let Told::Acked(offset) = self.told else { return false };
        if !matches!(self.fate(world), Fate::Settled(_)) {
            return false;
        }
        let view = project::cluster(world);
        let mut partitions = view.topics.iter().flat_map(|topic| &topic.partitions);
        let found = partitions.find(|found| found.partition == self.partition);
        let Some((start, log)) = found.and_then(|found| leaders_log(world, found)) else {
            return false;
        };
        let expired = offset != Offset::NONE && offset < start;
        !expired && log.iter().all(|(_, value)| **value != *self.value)
    }
}

/// The records that were sent so far.
#[derive(Clone, Debug, Default)]
pub struct Sends {
    /// Oldest first.
    sent: VecDeque<Sent>,
    acks: BTreeMap<ClientId, Acks>,
    added: BTreeMap<EventId, Acks>,
}

impl Sends {
    /// All of them, newest first.
    pub fn newest(&self) -> impl Iterator<Item = &Sent> {
        self.sent.iter().rev()
    }

    pub(super) fn observe(&mut self, event: &Event) {
        if let EventKind::CommandApplied { command: Command::AddProducer { spec, .. } } =
            &event.kind
        {
            self.added.insert(event.id, spec.acks);
        }
        if let Some(producer) = event.node.and_then(NodeId::client) {
            self.of_client(producer, event);
        }
    }

    fn of_client(&mut self, producer: ClientId, event: &Event) {
        match &event.kind {
            EventKind::ProcessStarted => {
                let acks = event.cause.and_then(|cause| self.added.remove(&cause));
                if let Some(acks) = acks {
                    self.acks.insert(producer, acks);
                }
            }
            EventKind::ClientChanged { key, value } if &**key == "acks" => {
                self.acks.insert(producer, acks_of(value));
            }
            EventKind::RecordsQueued { partition, first, count: 1, value: Some(value), .. } => {
                if self.sent.len() == SENDS_MAX {
                    self.sent.pop_front();
                }
                self.sent.push_back(Sent {
                    producer,
                    number: *first,
                    partition: partition.clone(),
                    value: value.trim_end().into(),
                    acks: self.acks.get(&producer).copied().unwrap_or(Acks::All),
                    told: Told::Nothing,
                    told_by: None,
                    queued: event.id,
                });
            }
            EventKind::RecordsAcked { partition, first, count, base } => {
                self.tell((producer, partition), (*first, *count), event.id, |index| {
                    Told::Acked(if *base == Offset::NONE { *base } else { base.plus(index) })
                });
            }
            EventKind::RecordsFailed { partition, first, count, error } => {
                let told = |_| Told::Failed(*error);
                self.tell((producer, partition), (*first, *count), event.id, told);
            }
            _ => {}
        }
    }

    fn tell(
        &mut self,
        of: (ClientId, &TopicPartition),
        (first, count): (u64, u32),
        event: EventId,
        told: impl Fn(i64) -> Told,
    ) {
        for sent in self.sent.iter_mut().filter(|sent| (sent.producer, &sent.partition) == of) {
            let index = sent.number.checked_sub(first).filter(|i| *i < u64::from(count));
            let Some(index) = index.and_then(|i| i64::try_from(i).ok()) else { continue };
            sent.told = told(index);
            sent.told_by = Some(event);
        }
    }
}

fn acks_of(value: &str) -> Acks {
    match value {
        "0" => Acks::None,
        "1" => Acks::Leader,
        _ => Acks::All,
    }
}
