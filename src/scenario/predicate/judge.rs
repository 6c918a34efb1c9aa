//! The answer to a predicate, on a world as it stands and its history.

use crate::engine::ids::{BrokerId, NodeId, Offset, Text, TopicName, TopicPartition};
use crate::engine::sim::world::World;
use crate::scenario::predicate::groups;
use crate::scenario::predicate::history::History;
use crate::scenario::predicate::ledger::{self, Audit};
use crate::scenario::predicate::print::brokers;
use crate::scenario::predicate::sends::{Sent, Told};
use crate::scenario::predicate::{ClientField, PartitionField, Predicate, Quantity};
use crate::scenario::printer::time;
use crate::view::cluster::{ClusterView, PartitionView, ReplicaView};
use crate::view::project;

/// Most records of a log that a predicate names.
const NAMED_MAX: u32 = 10_000;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether the predicate holds.
    pub holds: bool,
    /// What there is, in the predicate's own words: the leader, the count, the lost records.
    pub found: String,
}

/// Answers a predicate. Its history must have been made [`History::of`] it.
#[must_use]
pub fn judge(predicate: &Predicate, world: &World, history: &History) -> Answer {
    Judge::new(world, history, None).answer(predicate)
}

/// Answers a predicate in which a name stands for one certain record.
#[must_use]
pub fn judge_of(
    predicate: &Predicate,
    world: &World,
    history: &History,
    record: (&str, &Sent),
) -> Answer {
    Judge::new(world, history, Some(record)).answer(predicate)
}

/// A number of a world, where a name may stand for one certain record.
#[must_use]
pub fn number(
    quantity: &Quantity,
    world: &World,
    history: &History,
    record: Option<(&str, &Sent)>,
) -> Option<i64> {
    Judge::new(world, history, record).number(quantity)
}

pub(super) struct Judge<'a> {
    pub world: &'a World,
    pub history: &'a History,
    pub view: ClusterView,
    /// A name and the record for which it stands.
    pub bound: Option<(&'a str, &'a Sent)>,
}

pub(super) fn answer(holds: bool, found: impl ToString) -> Answer {
    Answer { holds, found: found.to_string() }
}

impl<'a> Judge<'a> {
    fn new(
        world: &'a World,
        history: &'a History,
        bound: Option<(&'a str, &'a Sent)>,
    ) -> Judge<'a> {
        Judge { world, history, view: project::cluster(world), bound }
    }

    fn answer(&self, predicate: &Predicate) -> Answer {
        match predicate {
            Predicate::Not(inner) => {
                let inner = self.answer(inner);
                Answer { holds: !inner.holds, ..inner }
            }
            Predicate::Some(pattern) => {
                let count = self.history.matched(pattern).count;
                answer(count > 0, count)
            }
            Predicate::After(pattern, record) => self.after(pattern, record),
            Predicate::No(pattern) => {
                let matched = self.history.matched(pattern);
                let first =
                    matched.first.map(|(at, id)| format!("{} at {}#{id}", matched.count, time(at)));
                answer(matched.count == 0, first.unwrap_or_else(|| "0".to_owned()))
            }
            Predicate::Count(pattern, compare, wanted) => {
                let count = self.history.matched(pattern).count;
                answer(compare.holds(&count, wanted), count)
            }
            Predicate::Time(pattern, compare, wanted) => {
                let first = self.history.matched(pattern).first.map(|(at, _)| at);
                let holds = first.is_some_and(|at| compare.holds(&at, wanted));
                answer(holds, first.map_or_else(|| "never".to_owned(), time))
            }
            Predicate::Before(first, then) => {
                let (a, b) = (self.history.matched(first).first, self.history.matched(then).first);
                let place = |p: Option<_>| p.map_or_else(|| "never".to_owned(), |(at, _)| time(at));
                let holds = a.zip(b).is_some_and(|(a, b)| a.1 < b.1);
                answer(holds, format!("{}, {}", place(a), place(b)))
            }
            Predicate::NoneLost => none_of(&self.audit().lost),
            Predicate::NoneDuplicated => none_of(&self.audit().duplicated),
            Predicate::InOrder => none_of(&self.audit().disordered),
            Predicate::Leaderless(partition, compare, wanted) => {
                let longest = self.history.leaderless(partition, self.view.now);
                answer(compare.holds(&longest, wanted), time(longest))
            }
            Predicate::Group(group, question) => groups::ask(self.world, group, question),
            Predicate::Record(record, question) => self.of_record(record, *question),
            Predicate::Read(app, reading, record) => self.has_read(app, *reading, record),
            Predicate::Number(quantity, compare, wanted) => match self.number(quantity) {
                Some(number) => answer(compare.holds(&number, wanted), number),
                None => answer(false, "nothing of that name"),
            },
            _ => self.state(predicate),
        }
    }

    /// Predicates on what the cluster is now.
    fn state(&self, predicate: &Predicate) -> Answer {
        match predicate {
            Predicate::Up(host) => {
                let up = self.is_up(host);
                answer(up, if up { "up" } else { "down" })
            }
            Predicate::Exists(topic) => {
                let exists = self.view.topics.iter().any(|view| view.name == *topic);
                answer(exists, if exists { "exists" } else { "absent" })
            }
            Predicate::Znode(path) => {
                let zookeeper = self.world.zookeeper();
                let exists = zookeeper.is_some_and(|server| server.get(path).is_some());
                answer(exists, if exists { "exists" } else { "absent" })
            }
            Predicate::File(broker, path) => {
                let exists = self.has_file(*broker, path);
                answer(exists, if exists { "exists" } else { "absent" })
            }
            Predicate::Controller(wanted) => broker_is(self.view.controller, *wanted),
            Predicate::Leader(partition, wanted) => {
                self.of(partition, |view| broker_is(view.leader, *wanted))
            }
            Predicate::Replicas(partition, wanted) => self.of(partition, |view| {
                let replicas: Vec<BrokerId> = view.replicas.iter().map(|r| r.broker).collect();
                answer(replicas == *wanted, brokers(&replicas))
            }),
            Predicate::Isr(partition, wanted) => self.of(partition, |view| {
                let sorted = |ids: &[BrokerId]| {
                    let mut ids = ids.to_vec();
                    ids.sort_unstable();
                    ids
                };
                answer(sorted(&view.isr) == sorted(wanted), brokers(&view.isr))
            }),
            Predicate::Segments(partition, broker, wanted) => {
                self.on(partition, *broker, |replica| {
                    let bases =
                        replica.segments.iter().map(|s| u64::try_from(s.base.0).unwrap_or(0));
                    let bases: Vec<u64> = bases.collect();
                    answer(bases == *wanted, words(bases.iter().map(ToString::to_string)))
                })
            }
            Predicate::Log(partition, broker, wanted) => self.on(partition, *broker, |_| {
                let records =
                    project::records(self.world, *broker, partition, Offset(0), NAMED_MAX);
                let values = records.into_iter().map(|r| r.value.unwrap_or_default());
                let values: Vec<Text> = values.map(|value| value.trim_end().into()).collect();
                answer(values == *wanted, words(values.iter().map(ToString::to_string)))
            }),
            _ => answer(false, "?"),
        }
    }

    fn audit(&self) -> Audit {
        self.history.ledger.as_ref().map(|ledger| ledger.audit(self.world)).unwrap_or_default()
    }

    fn is_up(&self, host: &str) -> bool {
        let client = |name: &str| self.world.client_id(name).map(NodeId::Client);
        let node = match host.strip_prefix('b').and_then(|digits| digits.parse().ok()) {
            Some(id) => Some(NodeId::Broker(BrokerId(id))),
            None if host == "zk" => Some(NodeId::Zookeeper),
            None => client(host),
        };
        node.and_then(|node| self.world.host(node)).is_some_and(|host| host.life.is_up())
    }

    pub(super) fn partition(&self, id: &TopicPartition) -> Option<&PartitionView> {
        let topic = self.view.topics.iter().find(|topic| topic.name == id.topic)?;
        topic.partitions.iter().find(|view| view.partition == *id)
    }

    fn of(&self, id: &TopicPartition, ask: impl FnOnce(&PartitionView) -> Answer) -> Answer {
        self.partition(id).map_or_else(|| answer(false, "no such partition"), ask)
    }

    fn on(
        &self,
        id: &TopicPartition,
        broker: BrokerId,
        ask: impl FnOnce(&ReplicaView) -> Answer,
    ) -> Answer {
        let partition = self.partition(id);
        let replica = partition.and_then(|view| view.replicas.iter().find(|r| r.broker == broker));
        replica.map_or_else(|| answer(false, "no such replica"), ask)
    }

    fn number(&self, quantity: &Quantity) -> Option<i64> {
        match quantity {
            Quantity::Partitions(topic) => {
                Some(self.topic(topic).map_or(0, |partitions| partitions.len() as i64))
            }
            Quantity::ReplicationFactor(topic) => {
                let partitions = self.topic(topic)?;
                Some(partitions.first()?.replicas.len() as i64)
            }
            Quantity::Partition(id, field) => {
                let view = self.partition(id)?;
                let leader = view.replicas.iter().find(|r| Some(r.broker) == view.leader);
                match field {
                    PartitionField::Epoch => Some(i64::from(view.leader_epoch.0)),
                    PartitionField::HighWatermark => Some(view.high_watermark.0),
                    PartitionField::Start => Some(leader?.log_start_offset.0),
                }
            }
            Quantity::LogEnd(id, broker) => {
                let view = self.partition(id)?;
                let replica = view.replicas.iter().find(|replica| replica.broker == *broker)?;
                Some(replica.log_end_offset.0)
            }
            Quantity::Client(name, field) => self.client(name, *field),
            Quantity::Position(name, id) => {
                let consumer = self.view.consumers.iter().find(|view| view.name == *name)?;
                let mut positions = consumer.positions.iter();
                positions.find(|at| at.partition == *id).map(|at| at.offset.0)
            }
            Quantity::Generation(group) => {
                groups::coordinated(self.world, group).map(|(_, group)| group.generation.into())
            }
            Quantity::Members(group) => {
                let (_, group) = groups::coordinated(self.world, group)?;
                i64::try_from(group.members.len()).ok()
            }
            Quantity::Committed(group, id) => groups::committed(self.world, group, id),
            Quantity::Lag(group, id) => {
                let end = self.partition(id)?.high_watermark.0;
                Some(end - groups::committed(self.world, group, id)?)
            }
            Quantity::Copies(record) => {
                i64::try_from(ledger::copies(self.world, self.value_of(record))).ok()
            }
            Quantity::Offset(record) => match self.sent(record)?.told {
                Told::Acked(offset) => Some(offset.0),
                _ => None,
            },
            Quantity::Majority(id) => {
                let mut ends: Vec<i64> =
                    self.partition(id)?.replicas.iter().map(|r| r.log_end_offset.0).collect();
                ends.sort_unstable();
                ends.iter().rev().nth(ends.len() / 2).copied()
            }
            Quantity::Backlog(app) => self.backlog(app),
        }
    }

    fn topic(&self, name: &TopicName) -> Option<&[PartitionView]> {
        let found = self.view.topics.iter().find(|topic| topic.name == *name)?;
        Some(&found.partitions)
    }

    fn client(&self, name: &Text, field: ClientField) -> Option<i64> {
        let producer = self.view.producers.iter().find(|view| view.name == *name);
        let consumer = self.view.consumers.iter().find(|view| view.name == *name);
        let number = match field {
            ClientField::Sent => producer?.sent,
            ClientField::Acked => producer?.acked,
            ClientField::Failed => producer?.failed,
            ClientField::Received => consumer?.received,
            ClientField::Done => {
                let status = self.world.client(consumer?.id)?.consumer_status()?;
                status.processed
            }
        };
        i64::try_from(number).ok()
    }
}

fn none_of(found: &[String]) -> Answer {
    if found.is_empty() {
        return answer(true, "0");
    }
    let more = if found.len() > 5 { ", …" } else { "" };
    let named = found.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    answer(false, format!("{}: {named}{more}", found.len()))
}

fn broker_is(found: Option<BrokerId>, wanted: Option<BrokerId>) -> Answer {
    let name = found.map_or_else(|| "none".to_owned(), |id| format!("b{id}"));
    answer(found == wanted, name)
}

pub(super) fn words(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    if items.is_empty() { "none".to_owned() } else { items.join(">") }
}
