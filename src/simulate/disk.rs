//! Disks of a plan that die, fill up, slow down, tear the end of a file off, or rot.

use crate::engine::command::{Command, DiskState};
use crate::engine::ids::{BrokerId, NodeId, Text};
use crate::engine::time::Micros;
use crate::scenario::ast::Scenario;
use crate::simulate::chance::Chance;
use crate::simulate::plan::{HEALED_MS, Topic, give};

/// Something happens to a broker's disk; by the end of the plan it works again.
pub(super) fn add(
    chance: &mut Chance,
    scenario: &mut Scenario,
    topics: &[Topic],
    (at, soon): (u64, u64),
) {
    let brokers = u64::from(scenario.config.brokers);
    let broker = BrokerId(i32::try_from(chance.between(1, brokers)).unwrap_or(1));
    let node = NodeId::Broker(broker);
    match chance.below(5) {
        0 | 1 => fails(chance, scenario, node, (at, soon)),
        2 => {
            let by = Micros(chance.between(1_000, 200_000));
            let state = DiskState::Slow(by);
            give(scenario, at, Command::SetDisk { node, dir: None, state });
            works(scenario, node, soon);
        }
        _ => spoil(chance, scenario, topics, node, (at, soon)),
    }
}

/// A log directory fails. With the last one its broker ends; with another left it has to be started
/// anew to find the directory again.
fn fails(chance: &mut Chance, scenario: &mut Scenario, node: NodeId, (at, soon): (u64, u64)) {
    let dirs: Vec<Text> = scenario.config.broker.log_dirs.names().to_vec();
    let dir = match chance.one_in(2) {
        true => dirs.first().cloned(),
        false => None,
    };
    let state = chance.pick(&[DiskState::Dead, DiskState::Full]);
    give(scenario, at, Command::SetDisk { node, dir, state });
    works(scenario, node, soon);
    give(scenario, soon + 1, Command::Kill { node });
    give(scenario, soon + chance.between(2, 3_000), Command::Start { node });
}

fn works(scenario: &mut Scenario, node: NodeId, at: u64) {
    let command = Command::SetDisk { node, dir: None, state: DiskState::Works };
    give(scenario, at.min(HEALED_MS), command);
}

/// A broker dies; when it starts again, the end of a log is gone, or a byte of it is another.
fn spoil(
    chance: &mut Chance,
    scenario: &mut Scenario,
    topics: &[Topic],
    node: NodeId,
    (at, soon): (u64, u64),
) {
    if scenario.config.broker.log_dirs.names().len() > 1 {
        return;
    }
    let topic = &topics[usize::try_from(chance.below(topics.len() as u64)).unwrap_or(0)];
    let partition = chance.below(topic.partitions);
    let path: Text = format!("{}-{partition}/00000000000000000000.log", topic.name).into();
    let command = match chance.one_in(2) {
        true => Command::Tear { node, path, bytes: chance.between(1, 400) },
        false => Command::DiskFault { node, path, position: chance.below(4_000), bytes: vec![255] },
    };
    give(scenario, at, Command::Kill { node });
    give(scenario, at + 1, command);
    give(scenario, soon, Command::Start { node });
}

/// Topics with a rotten byte: what of it lies below the recovery point is found by nobody but who reads
/// it, and Kafka mends it as little.
pub(super) fn rotten(scenario: &Scenario) -> Vec<&str> {
    let paths = scenario.commands.iter().filter_map(|timed| match &timed.command {
        Command::DiskFault { path, .. } => Some(&**path),
        _ => None,
    });
    paths.filter_map(|path| path.split_once('-').map(|(topic, _)| topic)).collect()
}
