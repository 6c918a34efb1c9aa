//! A ZooKeeper server and a few control planes on a network with one delay for all, and a clock.
//!
//! Brokers are stubs: they answer LeaderAndIsr and UpdateMetadata and remember them. What is tested
//! is the control plane; nothing here decides anything.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::engine::config::BrokerConfig;
use crate::engine::controller::{CONTROL_TAGS, ControlPlane, Notice};
use crate::engine::disk::Disk;
use crate::engine::event::{Event, EventKind};
use crate::engine::ids::{BrokerId, ClientId, CorrelationId, EventId, NodeId};
use crate::engine::node::{Ctx, CtxParts, MessageCounter, Output, Timer, Trigger};
use crate::engine::protocol::inter_broker::{
    LeaderAndIsrRequest, LeaderAndIsrResponse, UpdateMetadataRequest, UpdateMetadataResponse,
};
use crate::engine::protocol::{Api, Payload, Request, Response};
use crate::engine::rng::Streams;
use crate::engine::time::Micros;
use crate::engine::zookeeper::ZookeeperServer;

const LATENCY: Micros = Micros(1_000);
/// The one client of the network.
pub const CLIENT: NodeId = NodeId::Client(ClientId(0));

struct NoCounts;

impl MessageCounter for NoCounts {
    fn count(&mut self, _: NodeId, _: NodeId, _: &Payload) -> u64 {
        0
    }
}

/// One broker process.
pub struct Stub {
    pub control: ControlPlane,
    pub notices: Vec<Notice>,
    pub roles: Vec<LeaderAndIsrRequest>,
    pub metadata: Vec<UpdateMetadataRequest>,
}

enum Arrival {
    Message { from: NodeId, payload: Rc<Payload>, message: EventId },
    Timer { timer: Timer, cause: Option<EventId> },
    Lost { peer: NodeId },
}

/// Everything, at one moment.
pub struct Harness {
    pub now: Micros,
    pub events: Vec<Event>,
    pub disk: Disk,
    pub zookeeper: Option<ZookeeperServer>,
    pub brokers: BTreeMap<BrokerId, Stub>,
    /// Answers that the client got, in order.
    pub answers: Vec<Response>,
    /// Nodes that send and hear nothing: their messages wait.
    pub frozen: BTreeSet<NodeId>,
    /// Requests that will be lost on their way, once each.
    pub lost: Vec<(NodeId, Api)>,
    /// Answers that will be lost on their way, once each.
    pub lost_answers: Vec<Api>,
    config: BrokerConfig,
    streams: Streams,
    lives: BTreeMap<NodeId, u64>,
    queue: BTreeMap<(Micros, u64), (NodeId, u64, Arrival)>,
    sequence: u64,
}

impl Harness {
    /// ZooKeeper runs; no broker does yet.
    pub fn new() -> Harness {
        let mut config = BrokerConfig::default();
        config.set("zookeeper.session.timeout.ms", "6000").expect("a good value");
        let mut harness = Harness {
            now: Micros::ZERO,
            events: Vec::new(),
            disk: Disk::default(),
            zookeeper: None,
            brokers: BTreeMap::new(),
            answers: Vec::new(),
            frozen: BTreeSet::new(),
            lost: Vec::new(),
            lost_answers: Vec::new(),
            config,
            streams: Streams::new(7),
            lives: BTreeMap::new(),
            queue: BTreeMap::new(),
            sequence: 0,
        };
        harness.start_zookeeper();
        harness
    }

    /// Brokers 1, 2, 3 … registered one after the other, so that 1 is the controller.
    pub fn cluster(brokers: i32) -> Harness {
        let mut harness = Harness::new();
        for id in 1..=brokers {
            harness.start(id);
            harness.wait_ms(1_000);
        }
        harness
    }

    pub fn start_zookeeper(&mut self) {
        *self.lives.entry(NodeId::Zookeeper).or_default() += 1;
        let mut disk = std::mem::take(&mut self.disk);
        let server =
            self.run(NodeId::Zookeeper, root(), |ctx| ZookeeperServer::start(ctx, &mut disk));
        self.disk = disk;
        self.zookeeper = Some(server);
    }

    pub fn kill_zookeeper(&mut self) {
        self.zookeeper = None;
        self.end(NodeId::Zookeeper);
    }

    pub fn start(&mut self, id: i32) {
        let (broker, node) = (BrokerId(id), NodeId::Broker(BrokerId(id)));
        *self.lives.entry(node).or_default() += 1;
        let mut control = ControlPlane::new(broker, &self.config);
        self.run(node, root(), |ctx| control.start(ctx));
        let (notices, roles, metadata) = (Vec::new(), Vec::new(), Vec::new());
        self.brokers.insert(broker, Stub { control, notices, roles, metadata });
    }

    pub fn kill(&mut self, id: i32) {
        self.brokers.remove(&BrokerId(id));
        self.end(NodeId::Broker(BrokerId(id)));
    }

    pub fn with(&mut self, id: i32, act: impl FnOnce(&mut ControlPlane, &mut Ctx)) {
        let mut stub = self.brokers.remove(&BrokerId(id)).expect("the broker runs");
        self.run(NodeId::Broker(BrokerId(id)), root(), |ctx| act(&mut stub.control, ctx));
        stub.notices.extend(stub.control.take_notices());
        self.brokers.insert(BrokerId(id), stub);
    }

    /// A request of the client to a broker.
    pub fn ask(&mut self, id: i32, version: i16, body: Request) {
        let payload =
            Payload::Request { correlation: CorrelationId(1), version, client_id: None, body };
        let to = NodeId::Broker(BrokerId(id));
        let message = EventId(0);
        self.push(LATENCY, to, Arrival::Message { from: CLIENT, payload: payload.into(), message });
    }

    pub fn wait_ms(&mut self, ms: u64) {
        let end = self.now + Micros(ms * 1_000);
        while let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= end) {
            let ((at, _), (node, life, arrival)) = entry.remove_entry();
            self.now = at;
            if self.frozen.contains(&node) {
                self.push(Micros(10_000), node, arrival);
            } else if node == CLIENT || self.lives.get(&node) == Some(&life) {
                self.arrive(node, arrival);
            }
        }
        self.now = end;
    }

    pub fn data(&self, path: &str) -> Option<String> {
        self.zookeeper.as_ref()?.get(path).map(|node| node.data.to_string())
    }

    /// `leader epoch [isr] partition-epoch` of a partition.
    pub fn state(&self, partition: &str) -> String {
        let path = format!("/brokers/topics/{partition}/state");
        let node = self.zookeeper.as_ref().and_then(|zk| zk.get(&path)).expect("a state");
        let state = crate::engine::controller::state_json::read_state(&node.data, node.version)
            .expect("it reads");
        let isr: Vec<String> = state.leadership.isr.iter().map(ToString::to_string).collect();
        format!(
            "{} {} [{}] {}",
            state.leadership.leader.map_or(-1, |leader| leader.0),
            state.leader_epoch,
            isr.join(","),
            node.version
        )
    }

    /// Every event of the control plane that `pick` turns into words, in order.
    pub fn told<T>(&self, pick: impl Fn(&EventKind) -> Option<T>) -> Vec<T> {
        self.events.iter().filter_map(|event| pick(&event.kind)).collect()
    }

    pub fn stub(&self, id: i32) -> &Stub {
        &self.brokers[&BrokerId(id)]
    }

    fn end(&mut self, node: NodeId) {
        *self.lives.entry(node).or_default() += 1;
        let peers: Vec<NodeId> = self
            .brokers
            .keys()
            .map(|id| NodeId::Broker(*id))
            .chain([NodeId::Zookeeper])
            .filter(|peer| *peer != node)
            .collect();
        for peer in peers {
            self.push(LATENCY, peer, Arrival::Lost { peer: node });
        }
    }

    fn push(&mut self, delay: Micros, node: NodeId, arrival: Arrival) {
        self.sequence += 1;
        let life = self.lives.get(&node).copied().unwrap_or_default();
        self.queue.insert((self.now + delay, self.sequence), (node, life, arrival));
    }

    fn loses(&mut self, to: NodeId, payload: &Payload) -> bool {
        let api = payload.api();
        if payload.is_response() {
            let index = self.lost_answers.iter().position(|lost| *lost == api);
            return index.map(|index| self.lost_answers.remove(index)).is_some();
        }
        let index = self.lost.iter().position(|lost| *lost == (to, api));
        index.map(|index| self.lost.remove(index)).is_some()
    }

    fn is_up(&self, node: NodeId) -> bool {
        match node {
            NodeId::Zookeeper => self.zookeeper.is_some(),
            NodeId::Broker(id) => self.brokers.contains_key(&id),
            NodeId::Client(_) => true,
        }
    }

    fn arrive(&mut self, node: NodeId, arrival: Arrival) {
        match node {
            NodeId::Client(_) => {
                if let Arrival::Message { payload, .. } = arrival
                    && let Payload::Response { body, .. } = &*payload
                {
                    self.answers.push(body.clone());
                }
            }
            NodeId::Zookeeper => self.zookeeper_gets(arrival),
            NodeId::Broker(id) => self.broker_gets(id, arrival),
        }
    }

    fn zookeeper_gets(&mut self, arrival: Arrival) {
        let Some(mut server) = self.zookeeper.take() else { return };
        let mut disk = std::mem::take(&mut self.disk);
        self.run(NodeId::Zookeeper, trigger(&arrival), |ctx| match arrival {
            Arrival::Message { from, payload, .. } => {
                server.on_message(ctx, &mut disk, from, (*payload).clone());
            }
            Arrival::Timer { timer, .. } => server.on_timer(ctx, &mut disk, &timer),
            Arrival::Lost { peer } => server.on_connection_lost(ctx, peer),
        });
        self.disk = disk;
        self.zookeeper = Some(server);
    }

    fn broker_gets(&mut self, id: BrokerId, arrival: Arrival) {
        let Some(mut stub) = self.brokers.remove(&id) else { return };
        self.run(NodeId::Broker(id), trigger(&arrival), |ctx| match arrival {
            Arrival::Message { from, payload, .. } => stub.on_message(ctx, from, &payload),
            Arrival::Timer { timer, .. } => {
                assert!(timer.tag >= CONTROL_TAGS);
                stub.control.on_timer(ctx, &timer);
            }
            Arrival::Lost { peer } => stub.control.on_connection_lost(ctx, peer),
        });
        stub.notices.extend(stub.control.take_notices());
        self.brokers.insert(id, stub);
    }

    fn run<R>(&mut self, node: NodeId, trigger: Trigger, handler: impl FnOnce(&mut Ctx) -> R) -> R {
        let mut outputs = Vec::new();
        let mut next_event = EventId(self.events.len() as u64);
        let parts = CtxParts {
            outputs: &mut outputs,
            next_event: &mut next_event,
            events: &mut self.events,
            streams: &mut self.streams,
            counter: &mut NoCounts,
        };
        let result = handler(&mut Ctx::new(self.now, 0, node, trigger, parts));
        for output in outputs {
            match output {
                Output::Send { to, payload, .. } if self.loses(to, &payload) => {}
                Output::Send { to, payload, message, .. } if self.is_up(to) || to == node => {
                    let arrival = Arrival::Message { from: node, payload, message };
                    self.push(LATENCY, to, arrival);
                }
                Output::Send { to, .. } => self.push(LATENCY, node, Arrival::Lost { peer: to }),
                Output::Timer { at, timer, cause } => {
                    self.push(at.since(self.now), node, Arrival::Timer { timer, cause });
                }
                Output::Disconnect { peer, .. } => {
                    self.push(LATENCY, peer, Arrival::Lost { peer: node });
                }
                Output::System { .. } => panic!("a control plane asks nothing of its machine"),
                Output::Exit { .. } => panic!("a control plane does not exit by itself"),
            }
        }
        result
    }
}

impl Stub {
    fn on_message(&mut self, ctx: &mut Ctx, from: NodeId, payload: &Payload) {
        match payload.clone() {
            Payload::ZkReply { correlation, body, .. } => {
                self.control.on_zk_reply(ctx, correlation, body);
            }
            Payload::ZkWatch(event) => self.control.on_zk_watch(ctx, &event),
            Payload::Request { correlation, version, body, .. } => {
                let body = match body {
                    Request::LeaderAndIsr(request) => {
                        self.roles.push(request);
                        Response::LeaderAndIsr(LeaderAndIsrResponse {
                            error_code: 0,
                            partition_errors: BTreeMap::new(),
                        })
                    }
                    Request::UpdateMetadata(request) => {
                        self.metadata.push(request);
                        Response::UpdateMetadata(UpdateMetadataResponse { error_code: 0 })
                    }
                    other => {
                        return self.control.on_request(ctx, from, correlation, version, other);
                    }
                };
                ctx.send(from, Payload::Response { correlation, version, body });
            }
            Payload::Response { correlation, body, .. } => {
                self.control.on_response(ctx, from, correlation, &body);
            }
            Payload::Zk { .. } => panic!("brokers are not asked as if they were ZooKeeper"),
        }
    }
}

fn root() -> Trigger {
    Trigger::Event(EventId(0))
}

fn trigger(arrival: &Arrival) -> Trigger {
    match arrival {
        Arrival::Message { message, .. } => Trigger::Event(*message),
        Arrival::Timer { timer, cause } => Trigger::Timer(timer.purpose, *cause),
        Arrival::Lost { .. } => root(),
    }
}
