//! The faults of a plan, and the end of them all.

use crate::engine::command::{Command, LinkState, MessageAddress};
use crate::engine::ids::{BrokerId, ClientId, NodeId};
use crate::engine::protocol::Api;
use crate::engine::time::Micros;
use crate::scenario::ast::Scenario;
use crate::simulate::admin;
use crate::simulate::chance::Chance;
use crate::simulate::disk;
use crate::simulate::plan::{FAULTS_FROM_MS, HEALED_MS, Topic, give, ms};
use crate::simulate::power::PowerCut;

/// Most faults of a plan.
const FAULTS_MAX: u64 = 14;

/// Adds faults, then the commands that heal and start everything.
pub(super) fn add(chance: &mut Chance, scenario: &mut Scenario, topics: &[Topic]) {
    let hosts = hosts(scenario);
    let count = chance.between(1, FAULTS_MAX);
    for _ in 0..count {
        let at = chance.between(FAULTS_FROM_MS, HEALED_MS - 2_000);
        fault(chance, scenario, topics, &hosts, at);
    }
    heal(scenario, &hosts);
}

/// ZooKeeper, the brokers, and the clients that the plan adds (the admin client of the world is 0).
fn hosts(scenario: &Scenario) -> Vec<NodeId> {
    let brokers = (1..=i32::from(scenario.config.brokers)).map(|id| NodeId::Broker(BrokerId(id)));
    let clients = (1..scenario.clients().len()).filter_map(|id| u16::try_from(id).ok());
    let clients = clients.map(|id| NodeId::Client(ClientId(id)));
    std::iter::once(NodeId::Zookeeper).chain(brokers).chain(clients).collect()
}

fn is_broker(node: &NodeId) -> bool {
    matches!(node, NodeId::Broker(_))
}

/// Mostly a broker, else any host.
fn host(chance: &mut Chance, hosts: &[NodeId]) -> NodeId {
    let brokers: Vec<NodeId> = hosts.iter().copied().filter(is_broker).collect();
    if chance.one_in(6) { chance.pick(hosts) } else { chance.pick(&brokers) }
}

fn pair(chance: &mut Chance, hosts: &[NodeId]) -> (NodeId, NodeId) {
    let a = host(chance, hosts);
    let others: Vec<NodeId> = hosts.iter().copied().filter(|b| *b != a).collect();
    (a, host(chance, if others.iter().any(is_broker) { &others } else { hosts }))
}

fn fault(
    chance: &mut Chance,
    scenario: &mut Scenario,
    topics: &[Topic],
    hosts: &[NodeId],
    at: u64,
) {
    let node = host(chance, hosts);
    let (a, b) = pair(chance, hosts);
    let soon = at + chance.between(50, 9_000);
    match chance.below(22) {
        0..=2 => {
            give(scenario, at, Command::Kill { node });
            give(scenario, soon, Command::Start { node });
        }
        3 => {
            give(scenario, at, Command::Stop { node });
            give(scenario, soon, Command::Start { node });
        }
        4..=5 => {
            give(scenario, at, Command::Pause { node });
            let end =
                if chance.one_in(3) { Command::Kill { node } } else { Command::Resume { node } };
            give(scenario, soon, end);
        }
        6..=7 => {
            give(scenario, at, Command::Hold { a, b });
            give(scenario, soon, Command::Heal { a, b });
        }
        8 => {
            give(scenario, at, Command::Cut { a, b });
            give(scenario, soon, Command::Heal { a, b });
        }
        9 => split(chance, scenario, hosts, (at, soon)),
        10 => {
            let (latency, jitter) =
                (Micros(chance.between(50, 200_000)), Micros(chance.below(9_000)));
            give(scenario, at, Command::SetLink { a, b, latency, jitter });
        }
        11 if a != NodeId::Zookeeper && b != NodeId::Zookeeper => {
            let loss_ppm = u32::try_from(chance.below(50_000)).unwrap_or(0);
            let duplication_ppm = u32::try_from(chance.below(20_000)).unwrap_or(0);
            give(scenario, at, Command::SetLoss { a, b, loss_ppm, duplication_ppm });
        }
        12..=13 => one_message(chance, scenario, (a, b), at),
        14 => client(chance, scenario, at),
        15 => disk::add(chance, scenario, topics, (at, soon)),
        _ => admin::add(chance, scenario, topics, (at, soon)),
    }
}

/// The power goes; some time later what lost it starts, ZooKeeper first.
pub(super) fn power(chance: &mut Chance, scenario: &mut Scenario) -> PowerCut {
    let at = chance.between(FAULTS_FROM_MS, HEALED_MS - 4_000);
    let mut back = at + chance.between(100, 3_000);
    for node in hosts(scenario) {
        give(scenario, back, Command::Start { node });
        back += chance.below(1_500);
    }
    PowerCut { at: Micros::from_ms(ms(at)), seed: chance.below(u64::from(u32::MAX)) }
}

fn split(chance: &mut Chance, scenario: &mut Scenario, hosts: &[NodeId], (at, soon): (u64, u64)) {
    let (mut one, mut two) = (Vec::new(), Vec::new());
    for node in hosts {
        if chance.one_in(2) { one.push(*node) } else { two.push(*node) }
    }
    if one.is_empty() || two.is_empty() {
        return;
    }
    let to = chance.pick(&[LinkState::Held, LinkState::Cut]);
    let sides = vec![one, two];
    give(scenario, at, Command::Split { sides: sides.clone(), to });
    give(scenario, soon, Command::Split { sides, to: LinkState::Flows });
}

/// Something happens to one message of a broker or a client.
fn one_message(
    chance: &mut Chance,
    scenario: &mut Scenario,
    (from, to): (NodeId, NodeId),
    at: u64,
) {
    if from == NodeId::Zookeeper || to == NodeId::Zookeeper {
        return;
    }
    let api = chance.pick(&[Api::Fetch, Api::Fetch, Api::Produce, Api::Metadata]);
    let (response, nth) = (chance.one_in(2), chance.below(120));
    let message = MessageAddress { from, to, api, response, nth };
    let span = Micros(chance.between(1_000, 8_000_000));
    let command = match chance.below(3) {
        0 => Command::Drop { message },
        1 => Command::Delay { message, by: span },
        _ => Command::Duplicate { message, after: span },
    };
    give(scenario, at, command);
}

fn client(chance: &mut Chance, scenario: &mut Scenario, at: u64) {
    let (key, value) = chance.pick(&[("acks", "all"), ("acks", "1"), ("linger.ms", "20")]);
    let (name, key, value) = ("p0".into(), key.into(), value.into());
    give(scenario, at, Command::SetClient { name, key, value });
}

/// Links flow, processes run on, and what is dead starts: twice, since a broker whose old session
/// has not ended cannot register.
fn heal(scenario: &mut Scenario, hosts: &[NodeId]) {
    let (link, at) = (scenario.config.link, HEALED_MS);
    for (index, a) in hosts.iter().copied().enumerate() {
        give(scenario, at, Command::Resume { node: a });
        for b in hosts[index + 1..].iter().copied() {
            if touches(scenario, a, b) {
                let (latency, jitter) = (link.latency, link.jitter);
                give(scenario, at, Command::Heal { a, b });
                give(scenario, at, Command::SetLink { a, b, latency, jitter });
            }
            if is_lossy(scenario, a, b) {
                give(scenario, at, Command::SetLoss { a, b, loss_ppm: 0, duplication_ppm: 0 });
            }
        }
    }
    // A clean stop that could reach nobody takes its time, and ends late.
    for later in [0, 8_000, 16_000, 30_000, 45_000] {
        for node in hosts {
            give(scenario, at + 100 + later, Command::Start { node: *node });
        }
    }
}

/// Whether a fault may have left this link other than it was.
fn touches(scenario: &Scenario, a: NodeId, b: NodeId) -> bool {
    let is_it = |x: NodeId, y: NodeId| (x, y) == (a, b) || (y, x) == (a, b);
    scenario.commands.iter().any(|timed| match &timed.command {
        Command::Hold { a, b } | Command::Cut { a, b } | Command::SetLink { a, b, .. } => {
            is_it(*a, *b)
        }
        Command::Split { sides, .. } => {
            let side = |node| sides.iter().position(|side| side.contains(&node));
            side(a).is_some() && side(b).is_some() && side(a) != side(b)
        }
        _ => false,
    })
}

fn is_lossy(scenario: &Scenario, a: NodeId, b: NodeId) -> bool {
    scenario.commands.iter().any(|timed| match timed.command {
        Command::SetLoss { a: x, b: y, .. } => (x, y) == (a, b) || (y, x) == (a, b),
        _ => false,
    })
}

/// Whether a command of a plan may be dropped when it is cut down: a fault. What makes the world and
/// what heals it stays.
pub(super) fn may_drop(scenario: &Scenario, index: usize) -> bool {
    let timed = &scenario.commands[index];
    let faults = Micros::from_ms(ms(FAULTS_FROM_MS))..Micros::from_ms(ms(HEALED_MS));
    // Clients have their ids by their order.
    let adds = matches!(timed.command, Command::AddConsumer { .. } | Command::AddProducer { .. });
    faults.contains(&timed.at) && !adds
}
