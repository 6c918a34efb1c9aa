//! What admins do in a plan: topics come and go and grow, replicas move, leaders are elected, settings
//! change.

use crate::engine::command::{Command, ElectionKind, Placement};
use crate::engine::ids::{BrokerId, PartitionId, TopicName, TopicPartition};
use crate::scenario::ast::Scenario;
use crate::simulate::chance::Chance;
use crate::simulate::plan::{Topic, give};

/// One thing that an admin does at `at`, and what belongs to it at `soon`.
pub(super) fn add(
    chance: &mut Chance,
    scenario: &mut Scenario,
    topics: &[Topic],
    (at, soon): (u64, u64),
) {
    let brokers = u64::from(scenario.config.brokers);
    let topic = &topics[usize::try_from(chance.below(topics.len() as u64)).unwrap_or(0)];
    match chance.below(8) {
        0 => come_and_go(chance, scenario, brokers, (at, soon)),
        1 => {
            let count = u32::try_from(topic.partitions + chance.between(1, 3)).unwrap_or(1);
            let topic = topic.name.clone();
            let command = Command::AddPartitions { topic, count, assignment: Vec::new() };
            give(scenario, at, command);
        }
        2..=3 => {
            let number = i32::try_from(chance.below(topic.partitions)).unwrap_or(0);
            let partition = TopicPartition::new(&topic.name, PartitionId(number));
            let replicas = some_brokers(chance, brokers);
            give(scenario, at, Command::Reassign { partition: partition.clone(), replicas });
            if chance.one_in(6) {
                give(scenario, soon, Command::Reassign { partition, replicas: Vec::new() });
            }
        }
        4 => {
            let kind = match chance.one_in(5) {
                true => ElectionKind::Unclean,
                false => ElectionKind::Preferred,
            };
            give(scenario, at, Command::ElectLeaders { kind, partition: None });
        }
        5 => {
            let broker = match chance.one_in(2) {
                true => Some(BrokerId(i32::try_from(chance.between(1, brokers)).unwrap_or(1))),
                false => None,
            };
            let (key, value) = chance.pick(&[
                ("log.segment.bytes", "2000"),
                ("log.segment.bytes", "20000"),
                ("log.index.interval.bytes", "100"),
                ("unclean.leader.election.enable", "true"),
            ]);
            let key = key.into();
            give(scenario, at, Command::SetBrokerConfig { broker, key, value: Some(value.into()) });
            if chance.one_in(2) {
                let key = "log.segment.bytes".into();
                give(scenario, soon, Command::SetBrokerConfig { broker, key, value: None });
            }
        }
        _ => setting(chance, scenario, topic, at),
    }
}

/// A topic of its own, so that no client waits for what is gone.
fn come_and_go(chance: &mut Chance, scenario: &mut Scenario, brokers: u64, (at, soon): (u64, u64)) {
    let topic = TopicName::new(&format!("x{}", scenario.commands.len()));
    let placement = Placement::Automatic {
        partitions: u32::try_from(chance.between(1, 3)).unwrap_or(1),
        replication_factor: u16::try_from(chance.between(1, brokers.min(3))).unwrap_or(1),
    };
    let configs = Vec::new();
    give(scenario, at, Command::CreateTopic { topic: topic.clone(), placement, configs });
    if !chance.one_in(3) {
        give(scenario, soon, Command::DeleteTopic { topic });
    }
}

/// One to three brokers in any order.
fn some_brokers(chance: &mut Chance, brokers: u64) -> Vec<BrokerId> {
    let mut all: Vec<u64> = (1..=brokers).collect();
    let count = chance.between(1, brokers.min(3));
    let mut picked = Vec::new();
    for _ in 0..count {
        let index = usize::try_from(chance.below(all.len() as u64)).unwrap_or(0);
        picked.push(BrokerId(i32::try_from(all.remove(index)).unwrap_or(1)));
    }
    picked
}

fn setting(chance: &mut Chance, scenario: &mut Scenario, topic: &Topic, at: u64) {
    let few = chance.between(1, topic.replication_factor).to_string();
    let (key, value) = match chance.below(6) {
        0..=1 => ("min.insync.replicas", &*few),
        2 => ("segment.bytes", chance.pick(&["2000", "20000"])),
        3 => ("index.interval.bytes", chance.pick(&["0", "4096"])),
        4 => ("retention.bytes", "5000"),
        _ => ("retention.ms", "5000"),
    };
    let (topic, key, value) = (topic.name.clone(), key.into(), Some(value.into()));
    give(scenario, at, Command::SetTopicConfig { topic, key, value });
}
