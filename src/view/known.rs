//! Names that a world knows and a command line may hold.

use crate::engine::address;
use crate::engine::ids::{BrokerId, NodeId, Text};
use crate::engine::sim::world::World;
use crate::view::cluster::{ClusterView, TopicView};

/// Names, each list in the order of the alphabet or of ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Topics, and how many partitions each has.
    pub topics: Vec<(Text, u32)>,
    /// Consumer groups.
    pub groups: Vec<Text>,
    /// Brokers with the address at which each listens.
    pub brokers: Vec<(BrokerId, Text)>,
    /// Files of the directory in which tools run.
    pub files: Vec<Text>,
    /// Files of logs on the machines of brokers, by their whole paths.
    pub logs: Vec<(BrokerId, Text)>,
}

/// The names that a world knows now; `cluster` is its projection.
#[must_use]
pub fn known(world: &World, cluster: &ClusterView) -> Known {
    let first = world.config().broker.lab_loopback_port;
    let at = |id: BrokerId| {
        let (host, port) = (address::host(first, id), address::port(first, id));
        (id, Text::from(format!("{host}:{port}")))
    };
    let mut groups: Vec<Text> = Vec::new();
    for broker in cluster.brokers.iter().filter_map(|broker| world.broker(broker.id)) {
        groups.extend(broker.groups().groups().map(|group| group.id.clone()));
    }
    groups.sort();
    groups.dedup();
    let partitions = |topic: &TopicView| u32::try_from(topic.partitions.len()).unwrap_or(u32::MAX);
    Known {
        topics: cluster.topics.iter().map(|t| (t.name.0.clone(), partitions(t))).collect(),
        groups,
        brokers: cluster.brokers.iter().map(|broker| at(broker.id)).collect(),
        files: world.tool_files().cloned().collect(),
        logs: cluster.brokers.iter().flat_map(|broker| logs(world, broker.id)).collect(),
    }
}

/// What `kafka-dump-log` reads on a broker's machine.
fn logs(world: &World, broker: BrokerId) -> Vec<(BrokerId, Text)> {
    const ENDS: [&str; 4] = [".log", ".index", ".timeindex", ".snapshot"];
    let root = address::log_dir(world.config().broker.lab_loopback_port, broker);
    let files = world.disk(NodeId::Broker(broker)).map(|disk| disk.list("")).unwrap_or_default();
    let of_logs = files.into_iter().filter(|(path, _)| ENDS.iter().any(|end| path.ends_with(end)));
    of_logs.map(|(path, _)| (broker, format!("{root}/{path}").into())).collect()
}
