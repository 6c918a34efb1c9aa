//! Events and tables as plain text, for terminals and for `diff`.

use std::fmt::Write;

use crate::engine::event::Event;
use crate::engine::ids::{BrokerId, ClientId, NodeId, Text};
use crate::engine::sim::world::World;
use crate::view::cluster::{ClusterView, PartitionView};
use crate::view::project;

/// One event as one line: time, ordinal, cause, host, what happened.
pub(super) fn event(event: &Event, clients: &[(ClientId, Text)]) -> String {
    let cause = event.cause.map_or_else(|| "-".to_owned(), |cause| format!("#{cause}"));
    let node = event.node.map_or_else(|| "-".to_owned(), |node| host(node, clients));
    let what = format!("{:?}", event.kind);
    format!("{:>14} #{:<6} {cause:<7} {node:<8} {what}", event.at.to_string(), event.id.0)
}

/// How the cluster stands: brokers, partitions, programs.
pub(super) fn cluster(world: &World) -> String {
    let view = project::cluster(world);
    let mut out = String::new();
    let controller = view.controller.map_or_else(|| "none".to_owned(), |id| format!("b{id}"));
    let _ = writeln!(out, "time {}  controller {controller}", view.now);
    for broker in &view.brokers {
        let state = format!("{:?}", broker.state).to_lowercase();
        let _ = writeln!(out, "b{:<3} {state:<9} leads {}", broker.id, broker.leads);
    }
    for topic in &view.topics {
        for partition in &topic.partitions {
            out.push_str(&partition_line(partition));
        }
    }
    programs(&mut out, &view);
    out
}

fn partition_line(partition: &PartitionView) -> String {
    let leader = partition.leader.map_or_else(|| "none".to_owned(), |id| format!("b{id}"));
    let replicas: Vec<BrokerId> = partition.replicas.iter().map(|r| r.broker).collect();
    let ends: Vec<String> =
        partition.replicas.iter().map(|r| format!("b{}={}", r.broker, r.log_end_offset)).collect();
    format!(
        "{}  leader {leader}  epoch {}  replicas {}  isr {}  hw {}  leo {}\n",
        partition.partition,
        partition.leader_epoch,
        ids(&replicas),
        ids(&partition.isr),
        partition.high_watermark,
        ends.join(" "),
    )
}

fn programs(out: &mut String, view: &ClusterView) {
    for producer in &view.producers {
        let _ = writeln!(
            out,
            "{}  producer of {}  sent {}  acked {}  failed {}",
            producer.name, producer.topic, producer.sent, producer.acked, producer.failed
        );
    }
    for consumer in &view.consumers {
        let _ = writeln!(
            out,
            "{}  consumer of {}  received {}",
            consumer.name, consumer.topic, consumer.received
        );
    }
}

fn ids(ids: &[BrokerId]) -> String {
    let names: Vec<String> = ids.iter().map(|id| format!("b{id}")).collect();
    names.join(",")
}

fn host(node: NodeId, clients: &[(ClientId, Text)]) -> String {
    let name = clients.iter().find(|(id, _)| node.client() == Some(*id)).map(|(_, name)| name);
    name.map_or_else(|| node.to_string(), ToString::to_string)
}
