//! What happened in a task's world, folded from its events as they pass.
//!
//! Goals need few facts of a long history: which records the application sent and what it was told
//! about each, which elections were clean, which refusals were sent. Events themselves are not kept.

use std::collections::{BTreeMap, VecDeque};

use crate::engine::command::{Acks, Command};
use crate::engine::event::{ElectionReason, Event, EventKind};
use crate::engine::ids::{BrokerId, ClientId, EventId, NodeId, Offset, Text, TopicPartition};
use crate::engine::protocol::Api;

/// Most sends that are kept; the oldest give way.
const SENDS_MAX: usize = 1_000;
/// Most refusals that are kept.
const REFUSALS_MAX: usize = 1_000;

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
pub struct Send {
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
    /// What the application was told, and the event that told it.
    pub told: Told,
    /// The event that told it.
    pub told_by: Option<EventId>,
    /// The event of its sending.
    pub queued: EventId,
}

/// An error that a leader sent to a producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The producer.
    pub producer: ClientId,
    /// Kafka's error code.
    pub error: i16,
    /// The event of the answer's sending.
    pub event: EventId,
}

/// An election of a replica that was in the ISR, since the leader had died.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CleanElection {
    /// What it was about.
    pub partition: TopicPartition,
    /// Who leads now.
    pub leader: BrokerId,
    /// The event.
    pub event: EventId,
}

/// Facts of a task's world so far.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Single records that applications sent, oldest first.
    pub sends: VecDeque<Send>,
    /// Errors sent to producers, oldest first.
    pub refusals: VecDeque<Refusal>,
    /// Clean elections, oldest first.
    pub clean_elections: Vec<CleanElection>,
    /// Commands carried out, those of the start included.
    pub commands: Vec<Command>,
    acks: BTreeMap<ClientId, Acks>,
    added: BTreeMap<EventId, Acks>,
    isr: BTreeMap<TopicPartition, Vec<BrokerId>>,
}

impl History {
    /// Takes in the next event.
    pub fn observe(&mut self, event: &Event) {
        let client = event.node.and_then(NodeId::client);
        match &event.kind {
            EventKind::CommandApplied { command } => self.command(event.id, command),
            EventKind::LeaderElected { partition, leader, isr, reason, .. } => {
                self.elected(event.id, partition, *leader, *reason);
                self.isr.insert(partition.clone(), isr.clone());
            }
            EventKind::IsrShrunk { partition, isr, .. }
            | EventKind::IsrExpanded { partition, isr, .. } => {
                self.isr.insert(partition.clone(), isr.clone());
            }
            EventKind::MessageSent { to, api: Api::Produce, response: true, error, .. }
                if *error != 0 =>
            {
                if let Some(producer) = to.client() {
                    let refusal = Refusal { producer, error: *error, event: event.id };
                    push_bounded(&mut self.refusals, refusal, REFUSALS_MAX);
                }
            }
            kind => {
                if let Some(client) = client {
                    self.of_client(client, event, kind);
                }
            }
        }
    }

    fn command(&mut self, id: EventId, command: &Command) {
        if let Command::AddProducer { spec, .. } = command {
            self.added.insert(id, spec.acks);
        }
        self.commands.push(command.clone());
    }

    fn elected(
        &mut self,
        event: EventId,
        partition: &TopicPartition,
        leader: Option<BrokerId>,
        reason: ElectionReason,
    ) {
        let Some(leader) = leader else { return };
        let was_in_sync = self.isr.get(partition).is_some_and(|isr| isr.contains(&leader));
        if reason == ElectionReason::LeaderDied && was_in_sync {
            self.clean_elections.push(CleanElection {
                partition: partition.clone(),
                leader,
                event,
            });
        }
    }

    fn of_client(&mut self, producer: ClientId, event: &Event, kind: &EventKind) {
        match kind {
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
                let send = Send {
                    producer,
                    number: *first,
                    partition: partition.clone(),
                    value: value.clone(),
                    acks: self.acks.get(&producer).copied().unwrap_or(Acks::All),
                    told: Told::Nothing,
                    told_by: None,
                    queued: event.id,
                };
                push_bounded(&mut self.sends, send, SENDS_MAX);
            }
            EventKind::RecordsAcked { partition, first, count, base } => {
                self.tell(producer, partition, *first, *count, event.id, |index| {
                    Told::Acked(if *base == Offset::NONE { *base } else { base.plus(index) })
                });
            }
            EventKind::RecordsFailed { partition, first, count, error } => {
                self.tell(producer, partition, *first, *count, event.id, |_| Told::Failed(*error));
            }
            _ => {}
        }
    }

    fn tell(
        &mut self,
        producer: ClientId,
        partition: &TopicPartition,
        first: u64,
        count: u32,
        event: EventId,
        told: impl Fn(i64) -> Told,
    ) {
        for send in &mut self.sends {
            let index = send.number.checked_sub(first).filter(|i| *i < u64::from(count));
            let Some(index) = index.and_then(|i| i64::try_from(i).ok()) else { continue };
            if send.producer == producer && send.partition == *partition {
                send.told = told(index);
                send.told_by = Some(event);
            }
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

fn push_bounded<T>(queue: &mut VecDeque<T>, item: T, most: usize) {
    if queue.len() == most {
        queue.pop_front();
    }
    queue.push_back(item);
}
