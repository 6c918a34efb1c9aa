//! What `highwater.view()` and listeners are told: an interface of its own, so that the page may change
//! what it shows without changing what others rest on. Add fields; do not change what they mean.

use serde::Serialize;
use wasm_bindgen::JsValue;

use crate::engine::event::Event;
use crate::engine::ids::{BrokerId, Text};
use crate::engine::time::Micros;
use crate::session::Session;
use crate::store::report::StorageState;
use crate::ui::host::to_js;
use crate::view::cluster::{
    ConsumerView, PartitionView, ProcessState, ProducerView, RecordView, ReplicaView, Role,
    TopicView,
};
use crate::view::group::GroupView;

/// The cluster at a moment.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct View {
    seconds: f64,
    end: f64,
    playing: bool,
    saved: &'static str,
    controller: Option<BrokerId>,
    brokers: Vec<Broker>,
    topics: Vec<Topic>,
    producers: Vec<Producer>,
    consumers: Vec<Consumer>,
    groups: Vec<Group>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Broker {
    id: BrokerId,
    state: &'static str,
    leads: u32,
}

#[derive(Serialize)]
struct Topic {
    name: String,
    partitions: Vec<Partition>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Partition {
    partition: i32,
    leader: Option<BrokerId>,
    leader_epoch: i32,
    isr: Vec<BrokerId>,
    high_watermark: i64,
    replicas: Vec<Replica>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replica {
    broker: BrokerId,
    role: &'static str,
    log_start_offset: i64,
    log_end_offset: i64,
}

#[derive(Serialize)]
struct Producer {
    name: Text,
    state: &'static str,
    topic: String,
    sent: u64,
    acked: u64,
    failed: u64,
}

#[derive(Serialize)]
struct Consumer {
    name: Text,
    state: &'static str,
    follows: Text,
    group: Option<Text>,
    received: u64,
}

#[derive(Serialize)]
struct Group {
    id: Text,
    state: Option<String>,
    generation: i32,
    coordinator: Option<BrokerId>,
    members: Vec<Member>,
}

#[derive(Serialize)]
struct Member {
    name: Text,
    owned: Vec<String>,
}

/// One record of a log.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    offset: i64,
    leader_epoch: i32,
    timestamp: i64,
    key: Option<Text>,
    value: Option<Text>,
}

#[derive(Serialize)]
struct Moment {
    seconds: f64,
}

#[derive(Serialize)]
struct Told<'a> {
    id: u64,
    seconds: f64,
    kind: &'a str,
    node: Option<String>,
    cause: Option<u64>,
}

/// What is to be seen now.
pub fn of(session: &Session) -> View {
    let cluster = session.cluster();
    View {
        seconds: seconds(session.now()),
        end: seconds(session.end()),
        playing: session.playing(),
        saved: match session.storage() {
            StorageState::Opening => "opening",
            StorageState::Saved { .. } => "all",
            StorageState::Saving { .. } => "saving",
            StorageState::Memory { .. } => "nothing",
            StorageState::ReadOnly => "read-only",
        },
        controller: cluster.controller,
        brokers: cluster
            .brokers
            .iter()
            .map(|broker| Broker { id: broker.id, state: state(broker.state), leads: broker.leads })
            .collect(),
        topics: cluster.topics.iter().map(topic).collect(),
        producers: cluster.producers.iter().map(producer).collect(),
        consumers: cluster.consumers.iter().map(consumer).collect(),
        groups: cluster.groups.iter().map(group).collect(),
    }
}

/// Records of a replica.
pub fn records(records: Vec<RecordView>) -> Vec<Record> {
    let record = |record: RecordView| Record {
        offset: record.offset.0,
        leader_epoch: record.leader_epoch.0,
        timestamp: record.timestamp_ms,
        key: record.key,
        value: record.value,
    };
    records.into_iter().map(record).collect()
}

/// Only when it is.
pub fn moment(session: &Session) -> JsValue {
    to_js(&Moment { seconds: seconds(session.now()) })
}

/// An event: what every event has, and what this kind has beside it under `detail`.
pub fn event(event: &Event, kind: &str, detail: &JsValue, session: &Session) -> JsValue {
    let name = |node| crate::view::explain::node_name(node, &*session.cluster());
    let told = to_js(&Told {
        id: event.id.0,
        seconds: seconds(event.at),
        kind,
        node: event.node.map(name),
        cause: event.cause.map(|cause| cause.0),
    });
    let _an_object_takes_it = js_sys::Reflect::set(&told, &"detail".into(), detail);
    told
}

fn seconds(at: Micros) -> f64 {
    at.0 as f64 / 1e6
}

fn state(state: ProcessState) -> &'static str {
    match state {
        ProcessState::Down => "down",
        ProcessState::Starting => "starting",
        ProcessState::Running => "running",
        ProcessState::Stopping => "stopping",
        ProcessState::Paused => "paused",
        ProcessState::Dead => "dead",
        ProcessState::Stopped => "stopped",
    }
}

fn topic(topic: &TopicView) -> Topic {
    let partitions = topic.partitions.iter().map(partition).collect();
    Topic { name: topic.name.to_string(), partitions }
}

fn partition(view: &PartitionView) -> Partition {
    Partition {
        partition: view.partition.partition.0,
        leader: view.leader,
        leader_epoch: view.leader_epoch.0,
        isr: view.isr.clone(),
        high_watermark: view.high_watermark.0,
        replicas: view.replicas.iter().map(replica).collect(),
    }
}

fn replica(view: &ReplicaView) -> Replica {
    Replica {
        broker: view.broker,
        role: match view.role {
            Role::Leader => "leader",
            Role::Follower => "follower",
            Role::Offline => "offline",
        },
        log_start_offset: view.log_start_offset.0,
        log_end_offset: view.log_end_offset.0,
    }
}

fn producer(view: &ProducerView) -> Producer {
    Producer {
        name: view.name.clone(),
        state: state(view.state),
        topic: view.topic.to_string(),
        sent: view.sent,
        acked: view.acked,
        failed: view.failed,
    }
}

fn consumer(view: &ConsumerView) -> Consumer {
    Consumer {
        name: view.name.clone(),
        state: state(view.state),
        follows: view.follows.clone(),
        group: view.group().cloned(),
        received: view.received,
    }
}

fn group(view: &GroupView) -> Group {
    let member = |member: &crate::view::group::MemberView| Member {
        name: member.name.clone(),
        owned: member.owned.iter().map(ToString::to_string).collect(),
    };
    Group {
        id: view.id.clone(),
        state: view.state.map(|state| format!("{state:?}")),
        generation: view.generation,
        coordinator: view.coordinator,
        members: view.members.iter().map(member).collect(),
    }
}
