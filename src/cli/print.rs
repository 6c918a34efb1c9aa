//! Events and tables as plain text, for terminals and for `diff`.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::engine::event::Event;
use crate::engine::ids::{BrokerId, ClientId, NodeId, Text};
use crate::engine::sim::world::World;
use crate::view::cluster::{ClusterView, PartitionView, ProcessState, ReplicaView};
use crate::view::project;

/// One event as one line: time, ordinal, cause, host, what happened; or the same as an object.
pub(super) fn event(event: &Event, clients: &[(ClientId, Text)], json: bool) -> String {
    if json {
        let node = event.node.map(|node| host(node, clients));
        let (id, at, cause) = (event.id.0, event.at.0, event.cause.map(|cause| cause.0));
        let line =
            json!({ "id": id, "at_us": at, "cause": cause, "node": node, "kind": event.kind });
        return line.to_string();
    }
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

/// How the cluster stands, as one JSON object.
pub(super) fn cluster_json(world: &World, events: u64, digest: &str) -> Value {
    let view = project::cluster(world);
    let state = |state: ProcessState| format!("{state:?}").to_lowercase();
    let brokers: Vec<Value> = view
        .brokers
        .iter()
        .map(|b| json!({ "id": b.id, "state": state(b.state), "leads": b.leads }))
        .collect();
    let partitions = view.topics.iter().flat_map(|topic| &topic.partitions);
    let partitions: Vec<Value> = partitions.map(partition_json).collect();
    let producers: Vec<Value> = view
        .producers
        .iter()
        .map(|p| {
            json!({ "name": p.name, "topic": p.topic, "sent": p.sent, "acked": p.acked, "failed": p.failed })
        })
        .collect();
    let consumers: Vec<Value> = view
        .consumers
        .iter()
        .map(|c| json!({ "name": c.name, "topic": c.topic, "received": c.received }))
        .collect();
    json!({
        "now_us": view.now.0, "events": events, "digest": digest, "controller": view.controller,
        "brokers": brokers, "partitions": partitions, "producers": producers, "consumers": consumers,
    })
}

fn partition_json(view: &PartitionView) -> Value {
    let replica = |r: &ReplicaView| {
        json!({ "broker": r.broker, "log_start_offset": r.log_start_offset,
            "log_end_offset": r.log_end_offset, "high_watermark": r.high_watermark })
    };
    let replicas: Vec<Value> = view.replicas.iter().map(replica).collect();
    json!({
        "partition": view.partition.to_string(), "leader": view.leader,
        "leader_epoch": view.leader_epoch, "isr": view.isr,
        "high_watermark": view.high_watermark, "replicas": replicas,
    })
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
