//! A group's wishes in numbers: members and topics are known by their place in the order of their names.
//!
//! So comparing numbers is comparing strings as Java does, and looking one up costs an index.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::assignor::java::{self, HashOrder};
use crate::engine::assignor::{Assignments, PartitionInfo, Subscription, TopicPartitions};
use crate::engine::ids::{PartitionId, Text, TopicName, TopicPartition};

/// A partition: the place of its topic, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tp {
    /// The topic's place in the order of names.
    pub topic: u32,
    /// Its number within the topic.
    pub partition: i32,
}

/// Partitions by the place of the member that gets them.
pub type Dealt = Vec<Vec<Tp>>;

/// A topic that somebody named.
pub struct Topic<'a> {
    /// Its name.
    pub name: &'a TopicName,
    /// Its partitions with their racks; `None`: it is not among those to deal out.
    pub partitions: Option<Vec<(i32, BTreeSet<u32>)>>,
}

/// A member.
pub struct Member<'a> {
    /// Its id.
    pub id: &'a Text,
    /// What it asked for.
    pub subscription: &'a Subscription,
    /// The places of the topics that it named, in its order.
    pub topics: Vec<u32>,
    /// Its rack; an empty one counts as none.
    pub rack: Option<u32>,
}

/// What is to be dealt out, and to whom.
pub struct Problem<'a> {
    /// By id.
    pub members: Vec<Member<'a>>,
    /// The order of a hash map of the members.
    pub order: Vec<u32>,
    /// By name.
    pub topics: Vec<Topic<'a>>,
    /// The order of a hash map of the topics to deal out.
    pub topic_order: Vec<u32>,
    /// [`super::Memory::prefer_rack_aware`].
    pub prefer_rack_aware: bool,
}

/// The topics of the metadata that somebody subscribed to, in the order in which `assign` puts them into
/// its map: that of a hash set.
pub fn subscribed(
    topics: &[TopicPartitions],
    members: &[(Text, Subscription)],
) -> Vec<TopicPartitions> {
    let order = java::hashed(members.iter().map(|(id, _)| &**id));
    let wanted = || {
        let members = order.iter().filter_map(|place| members.get(*place as usize));
        members.flat_map(|(_, subscription)| subscription.topics.iter())
    };
    let names: Vec<&TopicName> = wanted().collect();
    let known: BTreeMap<&TopicName, &TopicPartitions> =
        topics.iter().map(|topic| (&topic.0, topic)).collect();
    let set = java::hashed(names.iter().map(|name| name.as_str()));
    let found = set.into_iter().filter_map(|place| known.get(names[place as usize]));
    let mut found: Vec<TopicPartitions> = found
        .filter(|(_, partitions)| !partitions.is_empty())
        .map(|topic| (*topic).clone())
        .collect();
    found.iter_mut().for_each(|(_, all)| all.sort_by_key(|one| one.partition));
    found
}

impl<'a> Problem<'a> {
    /// Numbers everything.
    pub fn new(
        topics: &'a [TopicPartitions],
        members: &'a [(Text, Subscription)],
        prefer_rack_aware: bool,
    ) -> Problem<'a> {
        let mut racks = Names::default();
        let mut numbered: Vec<Topic<'a>> = Vec::new();
        let all = members.iter().flat_map(|(_, subscription)| &subscription.topics);
        let all = all.chain(topics.iter().map(|(name, _)| name));
        let known: BTreeMap<&TopicName, &'a Vec<PartitionInfo>> =
            topics.iter().map(|(name, partitions)| (name, partitions)).collect();
        for name in all.collect::<BTreeSet<_>>() {
            let partitions = known.get(name).map(|partitions| {
                let of = |one: &'a PartitionInfo| {
                    let racks = one.racks.iter().flatten().map(|rack| racks.place(rack)).collect();
                    (one.partition.0, racks)
                };
                partitions.iter().map(of).collect()
            });
            numbered.push(Topic { name, partitions });
        }
        numbered.sort_by(|one, other| java::compare(one.name.as_str(), other.name.as_str()));
        let place: BTreeMap<&TopicName, u32> = numbered.iter().map(|t| t.name).zip(0..).collect();
        let mut by_id: Vec<Member<'a>> = members
            .iter()
            .map(|(id, subscription)| Member {
                id,
                subscription,
                topics: subscription.topics.iter().map(|topic| place[topic]).collect(),
                rack: subscription.rack.as_ref().filter(|r| !r.is_empty()).map(|r| racks.place(r)),
            })
            .collect();
        by_id.sort_by(|one, other| java::compare(one.id, other.id));
        let places: BTreeMap<&Text, u32> = by_id.iter().map(|m| m.id).zip(0..).collect();
        let order = java::hashed(members.iter().map(|(id, _)| &**id));
        let order = order.into_iter().map(|at| places[&members[at as usize].0]).collect();
        let topic_order = java::hashed(topics.iter().map(|(name, _)| name.as_str()));
        let topic_order = topic_order.into_iter().map(|at| place[&topics[at as usize].0]).collect();
        Problem { members: by_id, order, topics: numbered, topic_order, prefer_rack_aware }
    }

    /// The places of all members.
    pub fn places(&self) -> std::ops::Range<u32> {
        0..count(&self.members)
    }

    /// A member by its place.
    pub fn member(&self, place: u32) -> &Member<'a> {
        &self.members[place as usize]
    }

    /// The partitions of a topic that is dealt out; none of any other.
    pub fn partitions(&self, topic: u32) -> &[(i32, BTreeSet<u32>)] {
        self.topics[topic as usize].partitions.as_deref().unwrap_or_default()
    }

    /// Whether a topic is dealt out.
    pub fn has(&self, topic: u32) -> bool {
        self.topics[topic as usize].partitions.is_some()
    }

    /// The racks of a partition's replicas.
    pub fn racks(&self, tp: Tp) -> Option<&BTreeSet<u32>> {
        let partitions = self.partitions(tp.topic);
        let place = usize::try_from(tp.partition).ok()?;
        let is_it = |one: &&(i32, BTreeSet<u32>)| one.0 == tp.partition;
        let found = partitions.get(place).filter(is_it);
        found.or_else(|| partitions.iter().find(is_it)).map(|(_, racks)| racks)
    }

    /// The place of a topic; `None` when it is not dealt out.
    pub fn topic(&self, name: &TopicName) -> Option<u32> {
        let found = self
            .topics
            .binary_search_by(|topic| java::compare(topic.name.as_str(), name.as_str()))
            .ok()?;
        let place = u32::try_from(found).ok()?;
        self.has(place).then_some(place)
    }

    /// The `hashCode` of a partition.
    pub fn hash(&self, tp: Tp) -> i32 {
        let topic = java::hash(self.topics[tp.topic as usize].name.as_str());
        java::partition_hash(topic, tp.partition)
    }

    /// An outcome by member id.
    pub fn named(&self, dealt: Dealt) -> Assignments {
        let name = |tp: Tp| {
            let topic = self.topics[tp.topic as usize].name;
            TopicPartition::new(topic, PartitionId(tp.partition))
        };
        let lists = dealt.into_iter().map(|list| list.into_iter().map(name).collect());
        self.members.iter().map(|member| member.id.clone()).zip(lists).collect()
    }

    /// The members in the order of `MemberInfo`: those with an instance id by it, then the others by id.
    pub fn by_instance(&self) -> Vec<u32> {
        let mut places = self.order.clone();
        places.sort_by(|one, other| {
            let instances =
                [*one, *other].map(|place| self.member(place).subscription.instance.as_deref());
            match instances {
                [Some(one), Some(other)] => java::compare(one, other),
                [Some(_), None] => std::cmp::Ordering::Less,
                [None, Some(_)] => std::cmp::Ordering::Greater,
                [None, None] => one.cmp(other),
            }
        });
        places
    }
}

/// Names numbered as they come.
#[derive(Default)]
struct Names<'a>(BTreeMap<&'a str, u32>);

impl<'a> Names<'a> {
    fn place(&mut self, name: &'a str) -> u32 {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        *self.0.entry(name).or_insert(next)
    }
}

/// How many, as a number of one width.
pub fn count<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}

/// A hash set of partitions, which Java walks in its order.
#[derive(Default)]
pub struct PartitionSet {
    order: HashOrder,
    held: Vec<Tp>,
}

impl PartitionSet {
    /// Adds one that is not there.
    pub fn add(&mut self, problem: &Problem<'_>, tp: Tp) {
        self.order.insert(problem.hash(tp), count(&self.held));
        self.held.push(tp);
    }

    /// Takes one out.
    pub fn remove(&mut self, problem: &Problem<'_>, tp: Tp) {
        // A number is never given twice: the last of equal partitions is the one that is there.
        if let Some(key) = self.held.iter().rposition(|held| *held == tp) {
            self.order.remove(problem.hash(tp), u32::try_from(key).unwrap_or(u32::MAX));
        }
    }

    /// The one that Java's iterator gives first.
    pub fn first(&self) -> Option<Tp> {
        self.order.iter().next().and_then(|key| self.held.get(key as usize).copied())
    }
}
