//! Throttles around moves: settings of topics and brokers that `kafka-reassign-partitions` sets and
//! clears. Brokers here keep them and do not heed them.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::ids::Text;
use crate::engine::program::tool::alter_configs::{Alteration, BROKER};
use crate::engine::program::tool::cluster::{Reassignment, TOPIC, list};
use crate::engine::program::tool::java_order::sort_as_java;
use crate::engine::program::tool::partitions::Partition;
use crate::engine::program::tool::reassign::plural;
use crate::engine::program::tool::reassign_plan::{Assignment, Replica};
use crate::engine::program::tool::shell::{Flow, Shell};

const OF_BROKERS: [&str; 3] = [
    "leader.replication.throttled.rate",
    "follower.replication.throttled.rate",
    "replica.alter.log.dirs.io.max.bytes.per.second",
];
const OF_TOPICS: [&str; 2] =
    ["leader.replication.throttled.replicas", "follower.replication.throttled.replicas"];

/// From which brokers and to which a partition moves.
type Move = (Vec<i32>, Vec<i32>);

/// Sets what replicas may copy each second while partitions move.
pub(super) fn set(
    shell: &mut Shell<'_>,
    rate: i64,
    moves: &[Reassignment],
    (proposed, current): (&[Assignment], &[Assignment]),
) -> Flow<()> {
    let moves = moves_of(moves, proposed, current);
    let mut topics: BTreeMap<&Text, [BTreeSet<String>; 2]> = BTreeMap::new();
    let mut brokers: BTreeSet<i32> = BTreeSet::new();
    for ((topic, index), (from, to)) in &moves {
        let lists = topics.entry(topic).or_default();
        lists[0].extend(from.iter().map(|id| format!("{index}:{id}")));
        lists[1].extend(to.iter().map(|id| format!("{index}:{id}")));
        brokers.extend(from.iter().chain(to));
    }
    let alterations: Vec<Alteration> = topics
        .into_iter()
        .map(|(topic, lists)| {
            let joined = |list: &BTreeSet<String>| {
                let words: Vec<&str> = list.iter().map(String::as_str).collect();
                words.join(",")
            };
            let changes = OF_TOPICS.iter().zip(&lists);
            let changes = changes.map(|(key, list)| ((*key).to_owned(), Some(joined(list))));
            (TOPIC, topic.to_string(), changes.collect())
        })
        .collect();
    shell.alter_configs(&alterations)?;
    shell.alter_configs(&of_brokers(brokers.into_iter(), &OF_BROKERS[..2], Some(rate)))?;
    shell.out(&format!("The inter-broker throttle limit was set to {rate} B/s"));
    Ok(())
}

/// `calculateProposedMoveMap`.
fn moves_of(
    moves: &[Reassignment],
    proposed: &[Assignment],
    current: &[Assignment],
) -> BTreeMap<Partition, Move> {
    let without = |all: &[i32], some: &[i32]| -> Vec<i32> {
        all.iter().copied().filter(|id| !some.contains(id)).collect()
    };
    let mut map: BTreeMap<Partition, Move> = BTreeMap::new();
    for one in moves {
        let sources = without(&one.replicas, &one.adding);
        map.insert((one.topic.clone(), one.partition), (sources, one.adding.clone()));
    }
    for (partition, replicas) in proposed {
        let known = current.iter().find(|(known, _)| known == partition);
        let sources = match map.get(partition) {
            Some((sources, _)) => sources.clone(),
            None => known.map(|(_, replicas)| replicas.clone()).unwrap_or_default(),
        };
        let destinations = without(replicas, &sources);
        map.insert(partition.clone(), (sources, destinations));
    }
    map
}

/// Sets what brokers may copy each second from one directory to another.
pub(super) fn set_for_directories(
    shell: &mut Shell<'_>,
    rate: i64,
    moves: &[(Replica, String)],
) -> Flow<()> {
    let brokers: BTreeSet<i32> = moves.iter().map(|((_, _, broker), _)| *broker).collect();
    shell.alter_configs(&of_brokers(brokers.into_iter(), &OF_BROKERS[2..], Some(rate)))?;
    shell.out(&format!("The replica-alter-dir throttle limit was set to {rate} B/s"));
    Ok(())
}

fn of_brokers(
    brokers: impl Iterator<Item = i32>,
    keys: &[&str],
    rate: Option<i64>,
) -> Vec<Alteration> {
    let changes = keys.iter().map(|key| ((*key).to_owned(), rate.map(|rate| rate.to_string())));
    let changes: Vec<_> = changes.collect();
    brokers.map(|id| (BROKER, id.to_string(), changes.clone())).collect()
}

/// Clears every throttle there may be (`clearAllThrottles`).
pub(super) fn clear(shell: &mut Shell<'_>, partitions: &[Assignment]) -> Flow<()> {
    let live = shell.brokers()?.into_iter().map(|(id, ..)| id);
    let named = partitions.iter().flat_map(|(_, replicas)| replicas.iter().copied());
    let brokers: BTreeSet<i32> = live.chain(named).collect();
    let brokers: Vec<i32> = brokers.into_iter().collect();
    shell.out(&format!(
        "Clearing broker-level throttles on broker{} {}",
        plural(brokers.len()),
        list(&brokers)
    ));
    shell.alter_configs(&of_brokers(brokers.into_iter(), &OF_BROKERS, None))?;
    let topics: BTreeSet<&Text> = partitions.iter().map(|((topic, _), _)| topic).collect();
    let mut topics: Vec<&str> = topics.into_iter().map(|topic| &**topic).collect();
    sort_as_java(&mut topics, 16, |topic| topic);
    shell.out(&format!(
        "Clearing topic-level throttles on topic{} {}",
        plural(topics.len()),
        topics.join(",")
    ));
    let gone: Vec<_> = OF_TOPICS.iter().map(|key| ((*key).to_owned(), None)).collect();
    let topics = topics.into_iter().map(|topic| (TOPIC, topic.to_owned(), gone.clone()));
    shell.alter_configs(&topics.collect::<Vec<_>>())
}
