//! A scripted cluster and one program: just enough of a world to see what a client does.
//!
//! All brokers share one log per partition, so nothing is ever lost here by itself; what goes wrong is
//! what a test scripts: an error, a silence, a leader elsewhere, a broker that is gone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use bytes::Bytes;
use kafka_protocol::messages::create_topics_response::CreatableTopicResult;
use kafka_protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::incremental_alter_configs_response::AlterConfigsResourceResponse;
use kafka_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::offset_for_leader_epoch_response::{
    EpochEndOffset, OffsetForLeaderTopicResult,
};
use kafka_protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_protocol::messages::*;
use kafka_protocol::protocol::StrBytes;

use crate::engine::event::{Event, EventKind};
use crate::engine::ids::{BrokerId, ClientId, EventId, LeaderEpoch, NodeId, Offset};
use crate::engine::node::{Ctx, CtxParts, MessageCounter, Output, Timer, Trigger};
use crate::engine::program::ClientProcess;
use crate::engine::protocol::{Payload, Request, Response};
use crate::engine::record::batch::{BatchHeader, batches, with_offset_and_epoch};
use crate::engine::record::reader::records;
use crate::engine::rng::Streams;
use crate::engine::time::Micros;

/// One way.
const LATENCY: Micros = Micros(1_000);
pub const TOPIC: &str = "t";
pub const NODE: NodeId = NodeId::Client(ClientId(0));

/// A partition that every broker has.
#[derive(Clone, Debug, Default)]
pub struct Partition {
    pub leader: Option<i32>,
    pub epoch: i32,
    pub start: i64,
    pub end: i64,
    pub batches: Vec<Bytes>,
}

enum Item {
    ToBroker(BrokerId, Rc<Payload>, EventId),
    ToClient(BrokerId, Box<Payload>, EventId),
    Timer(Timer, Option<EventId>),
    Lost(BrokerId),
    /// A fetch that found nothing is looked at again.
    FetchAgain(BrokerId, Rc<Payload>, EventId),
}

#[derive(Default)]
struct NoCounter;

impl MessageCounter for NoCounter {
    fn count(&mut self, _: NodeId, _: NodeId, _: &Payload) -> u64 {
        0
    }
}

/// The cluster, the program, and everything that happened.
pub struct Cluster {
    pub now: Micros,
    pub events: Vec<Event>,
    pub program: ClientProcess,
    pub partitions: Vec<Partition>,
    pub alive: BTreeSet<i32>,
    pub controller: i32,
    /// What the next Produce requests are answered with; 0 lets them through.
    pub produce_errors: VecDeque<i16>,
    /// Requests of these brokers vanish.
    pub silent: BTreeSet<i32>,
    /// Answers of the next Produce requests vanish, after the append.
    pub lose_answers: u32,
    /// Topics made, and settings set, as the brokers saw them.
    pub admin_log: Vec<String>,
    /// What CreateTopics at the controller answers.
    pub create_error: i16,
    /// Producer ids given out.
    pub producer_ids: i64,
    /// Set when a test has taken the whole topic away.
    pub topic_exists: bool,
    queue: BTreeMap<(Micros, u64), Item>,
    sequence: u64,
    next_event: EventId,
    streams: Streams,
}

impl Cluster {
    /// Brokers 1, 2, 3; partitions of topic `t` led by 1, 2, 3 in turn; the program starts at once.
    pub fn start(partitions: i32, program: ClientProcess) -> Cluster {
        let mut cluster = Cluster::new(partitions, program);
        cluster.handle(None, |program, ctx| program.on_start(ctx));
        cluster
    }

    /// The same, with the program not started.
    pub fn new(partitions: i32, program: ClientProcess) -> Cluster {
        let led = |index: i32| Partition { leader: Some(index % 3 + 1), ..Partition::default() };
        Cluster {
            now: Micros::ZERO,
            events: Vec::new(),
            program,
            partitions: (0..partitions).map(led).collect(),
            alive: [1, 2, 3].into(),
            controller: 1,
            produce_errors: VecDeque::new(),
            silent: BTreeSet::new(),
            lose_answers: 0,
            admin_log: Vec::new(),
            create_error: 0,
            producer_ids: 0,
            topic_exists: true,
            queue: BTreeMap::new(),
            sequence: 0,
            next_event: EventId(0),
            streams: Streams::new(7),
        }
    }

    /// Runs until `until`, all that is due by then.
    pub fn run_to(&mut self, until: Micros) {
        while let Some((&(at, sequence), _)) = self.queue.first_key_value() {
            if at > until {
                break;
            }
            let item = self.queue.remove(&(at, sequence)).expect("just seen");
            assert!(self.sequence < 5_000_000, "the client does not spin");
            self.now = at;
            self.take(item);
        }
        self.now = until;
    }

    /// Runs for another `ms` milliseconds.
    pub fn run_ms(&mut self, ms: i64) {
        self.run_to(self.now + Micros::from_ms(ms));
    }

    /// Lets the program do something because of a command.
    pub fn command(&mut self, task: impl FnOnce(&mut ClientProcess, &mut Ctx<'_>)) {
        self.handle(None, task);
    }

    /// A broker's process dies.
    pub fn kill(&mut self, broker: i32) {
        self.alive.remove(&broker);
        self.push(LATENCY, Item::Lost(BrokerId(broker)));
    }

    /// A partition gets another leader, in a new reign.
    pub fn elect(&mut self, partition: usize, leader: Option<i32>) {
        self.partitions[partition].leader = leader;
        self.partitions[partition].epoch += 1;
    }

    /// Values in one partition's log, in order.
    pub fn values(&self, partition: usize) -> Vec<String> {
        let all = self.partitions[partition].batches.iter();
        all.flat_map(|batch| records(batch).map(|r| r.expect("sound")).collect::<Vec<_>>())
            .map(|r| String::from_utf8_lossy(r.value.unwrap_or_default()).into_owned())
            .collect()
    }

    /// Events for which `pick` gives something.
    pub fn picked<T>(&self, pick: impl Fn(&Event) -> Option<T>) -> Vec<T> {
        self.events.iter().filter_map(pick).collect()
    }

    /// The event that caused `event`.
    pub fn cause(&self, event: &Event) -> &Event {
        let cause = event.cause.expect("it has a cause");
        self.events.iter().find(|e| e.id == cause).expect("causes are events")
    }

    fn push(&mut self, after: Micros, item: Item) {
        self.sequence += 1;
        self.queue.insert((self.now + after, self.sequence), item);
    }

    fn event(&mut self, cause: Option<EventId>, node: NodeId, kind: EventKind) -> EventId {
        let id = self.next_event;
        self.next_event.0 += 1;
        self.events.push(Event { id, at: self.now, cause, node: Some(node), kind });
        id
    }

    fn handle(
        &mut self,
        trigger: Option<Trigger>,
        task: impl FnOnce(&mut ClientProcess, &mut Ctx<'_>),
    ) {
        let trigger = trigger
            .unwrap_or_else(|| Trigger::Event(self.event(None, NODE, EventKind::ProcessStarted)));
        let mut outputs = Vec::new();
        let parts = CtxParts {
            outputs: &mut outputs,
            next_event: &mut self.next_event,
            events: &mut self.events,
            streams: &mut self.streams,
            counter: &mut NoCounter,
        };
        let mut ctx = Ctx::new(self.now, 1_000_000, NODE, trigger, parts);
        task(&mut self.program, &mut ctx);
        for output in outputs {
            match output {
                Output::Send { to, payload, message, .. } => {
                    let broker = to.broker().expect("clients talk to brokers");
                    self.push(LATENCY, Item::ToBroker(broker, payload, message));
                }
                Output::Timer { at, timer, cause } => {
                    self.push(at.since(self.now), Item::Timer(timer, cause));
                }
                Output::Disconnect { .. } | Output::System { .. } => {}
                Output::Exit { cause, error } => {
                    let error = error.unwrap_or_else(|| "".into());
                    self.event(cause, NODE, EventKind::ProcessFailed { error });
                }
            }
        }
    }

    fn take(&mut self, item: Item) {
        match item {
            Item::ToBroker(broker, payload, message) => self.serve(broker, payload, message, false),
            Item::FetchAgain(broker, payload, message) => {
                self.serve(broker, payload, message, true)
            }
            Item::ToClient(broker, payload, message) => {
                let arrived =
                    self.event(Some(message), NODE, EventKind::MessageDelivered { message });
                self.handle(Some(Trigger::Event(arrived)), |program, ctx| {
                    program.on_message(ctx, NodeId::Broker(broker), *payload);
                });
            }
            Item::Timer(timer, cause) => {
                let trigger = Trigger::Timer(timer.purpose, cause);
                self.handle(Some(trigger), |program, ctx| program.on_timer(ctx, &timer));
            }
            Item::Lost(broker) => {
                let peer = NodeId::Broker(broker);
                let lost = self.event(None, NODE, EventKind::ConnectionLost { peer });
                self.handle(Some(Trigger::Event(lost)), |program, ctx| {
                    program.on_connection_lost(ctx, peer);
                });
            }
        }
    }

    fn serve(&mut self, broker: BrokerId, payload: Rc<Payload>, message: EventId, waited: bool) {
        if !self.alive.contains(&broker.0) {
            self.push(LATENCY, Item::Lost(broker));
            return;
        }
        let Payload::Request { correlation, version, body, .. } = &*payload else { return };
        if self.silent.contains(&broker.0) {
            return;
        }
        let answer = match body {
            Request::ApiVersions(_) => Some(Response::ApiVersions(ApiVersionsResponse::default())),
            Request::Metadata(_) => Some(Response::Metadata(self.metadata())),
            Request::Produce(request) => self.produce(broker, request),
            Request::ListOffsets(request) => Some(self.list_offsets(broker, request)),
            Request::OffsetForLeaderEpoch(request) => Some(self.epoch_ends(broker, request)),
            Request::Fetch(request) => {
                let (something, response) = self.fetch(broker, request);
                if !something && !waited {
                    let wait = Micros::from_ms(i64::from(request.max_wait_ms));
                    self.push(wait, Item::FetchAgain(broker, Rc::clone(&payload), message));
                    return;
                }
                Some(Response::Fetch(response))
            }
            Request::InitProducerId(_) => {
                self.producer_ids += 1;
                let id = self.producer_ids - 1;
                let response = InitProducerIdResponse::default().with_producer_id(id.into());
                Some(Response::InitProducerId(response))
            }
            Request::CreateTopics(request) => Some(self.create_topics(broker, request)),
            Request::IncrementalAlterConfigs(request) => Some(self.alter_configs(request)),
            other => panic!("a client never sends {other:?}"),
        };
        if let Some(body) = answer {
            let response = Payload::Response { correlation: *correlation, version: *version, body };
            self.push(LATENCY, Item::ToClient(broker, Box::new(response), message));
        }
    }

    fn metadata(&self) -> MetadataResponse {
        let brokers = self.alive.iter().map(|id| {
            MetadataResponseBroker::default().with_node_id((*id).into()).with_port(9_092)
        });
        let partitions = (0..).zip(&self.partitions).map(|(index, partition)| {
            MetadataResponsePartition::default()
                .with_partition_index(index)
                .with_leader_id(partition.leader.unwrap_or(-1).into())
                .with_leader_epoch(partition.epoch)
                .with_error_code(if partition.leader.is_some() { 0 } else { 5 })
        });
        let mut topic = MetadataResponseTopic::default()
            .with_name(Some(TopicName(StrBytes::from_static_str(TOPIC))));
        topic.error_code = if self.topic_exists { 0 } else { 3 };
        topic.partitions = if self.topic_exists { partitions.collect() } else { Vec::new() };
        MetadataResponse::default()
            .with_brokers(brokers.collect())
            .with_controller_id(self.controller.into())
            .with_topics(vec![topic])
    }

    fn produce(&mut self, broker: BrokerId, request: &ProduceRequest) -> Option<Response> {
        let scripted = self.produce_errors.pop_front().unwrap_or(0);
        let mut answers = Vec::new();
        for data in request.topic_data.iter().flat_map(|topic| &topic.partition_data) {
            let index = usize::try_from(data.index).expect("a partition");
            let partition = &mut self.partitions[index];
            let mut answer = PartitionProduceResponse::default().with_index(data.index);
            answer.base_offset = -1;
            answer.error_code = if partition.leader == Some(broker.0) { scripted } else { 6 };
            if answer.error_code == 0 {
                let bytes = data.records.as_ref().expect("records");
                let header = BatchHeader::parse(bytes).expect("a batch");
                assert_eq!(batches(bytes).count(), 1, "one batch per partition");
                answer.base_offset = partition.end;
                let epoch = LeaderEpoch(partition.epoch);
                partition.batches.push(with_offset_and_epoch(bytes, Offset(partition.end), epoch));
                partition.end += i64::from(header.record_count);
            }
            answers.push(answer);
        }
        let topic = TopicProduceResponse::default()
            .with_name(TopicName(StrBytes::from_static_str(TOPIC)))
            .with_partition_responses(answers);
        if request.acks == 0 {
            return None;
        }
        if self.lose_answers > 0 {
            self.lose_answers -= 1;
            return None;
        }
        Some(Response::Produce(ProduceResponse::default().with_responses(vec![topic])))
    }

    fn list_offsets(&self, broker: BrokerId, request: &ListOffsetsRequest) -> Response {
        let asked = request.topics.iter().flat_map(|topic| &topic.partitions);
        let answers = asked.map(|asked| {
            let partition = &self.partitions[usize::try_from(asked.partition_index).expect("one")];
            let offset = if asked.timestamp == -1 { partition.end } else { partition.start };
            ListOffsetsPartitionResponse::default()
                .with_partition_index(asked.partition_index)
                .with_error_code(leader_error(partition, broker, asked.current_leader_epoch))
                .with_offset(offset)
        });
        let topic = ListOffsetsTopicResponse::default()
            .with_name(TopicName(StrBytes::from_static_str(TOPIC)))
            .with_partitions(answers.collect());
        Response::ListOffsets(ListOffsetsResponse::default().with_topics(vec![topic]))
    }

    /// Where reigns end in the log that all brokers share.
    fn epoch_ends(&self, broker: BrokerId, request: &OffsetForLeaderEpochRequest) -> Response {
        let asked = request.topics.iter().flat_map(|topic| &topic.partitions);
        let answers = asked.map(|asked| {
            let partition = &self.partitions[usize::try_from(asked.partition).expect("one")];
            let headers = partition.batches.iter().map(|b| BatchHeader::parse(b).expect("a batch"));
            let until = headers.filter(|header| header.leader_epoch.0 <= asked.leader_epoch).last();
            EpochEndOffset::default()
                .with_partition(asked.partition)
                .with_error_code(leader_error(partition, broker, asked.current_leader_epoch))
                .with_leader_epoch(until.map_or(-1, |header| header.leader_epoch.0))
                .with_end_offset(until.map_or(-1, |header| header.next_offset().0))
        });
        let topic = OffsetForLeaderTopicResult::default()
            .with_topic(TopicName(StrBytes::from_static_str(TOPIC)))
            .with_partitions(answers.collect());
        let response = OffsetForLeaderEpochResponse::default().with_topics(vec![topic]);
        Response::OffsetForLeaderEpoch(response)
    }

    /// The answer, and whether it tells anything.
    fn fetch(&self, broker: BrokerId, request: &FetchRequest) -> (bool, FetchResponse) {
        let mut something = false;
        let asked = request.topics.iter().flat_map(|topic| &topic.partitions);
        let answers = asked.map(|asked| {
            let partition = &self.partitions[usize::try_from(asked.partition).expect("one")];
            let mut error = leader_error(partition, broker, asked.current_leader_epoch);
            if error == 0 && !(partition.start..=partition.end).contains(&asked.fetch_offset) {
                error = 1;
            }
            let mut bytes = Vec::new();
            for batch in partition.batches.iter().filter(|_| error == 0) {
                let header = BatchHeader::parse(batch).expect("a batch");
                if header.next_offset().0 > asked.fetch_offset {
                    bytes.extend_from_slice(batch);
                }
            }
            something |= error != 0 || !bytes.is_empty();
            PartitionData::default()
                .with_partition_index(asked.partition)
                .with_error_code(error)
                .with_high_watermark(partition.end)
                .with_records(Some(bytes.into()))
        });
        let answers = answers.collect();
        let topic = FetchableTopicResponse::default()
            .with_topic(TopicName(StrBytes::from_static_str(TOPIC)))
            .with_partitions(answers);
        (something, FetchResponse::default().with_responses(vec![topic]))
    }

    fn create_topics(&mut self, broker: BrokerId, request: &CreateTopicsRequest) -> Response {
        let error = if broker.0 == self.controller { self.create_error } else { 41 };
        let results = request.topics.iter().map(|topic| {
            CreatableTopicResult::default().with_name(topic.name.clone()).with_error_code(error)
        });
        let response = CreateTopicsResponse::default().with_topics(results.collect());
        for topic in request.topics.iter().filter(|_| error == 0) {
            self.admin_log.push(format!("create {} by b{broker}", topic.name.as_str()));
        }
        Response::CreateTopics(response)
    }

    fn alter_configs(&mut self, request: &IncrementalAlterConfigsRequest) -> Response {
        let mut response = IncrementalAlterConfigsResponse::default();
        for resource in &request.resources {
            for config in &resource.configs {
                let value = config.value.as_deref().unwrap_or_default();
                self.admin_log
                    .push(format!("{} {}={value}", &*resource.resource_name, &*config.name));
            }
            let answer = AlterConfigsResourceResponse::default()
                .with_resource_name(resource.resource_name.clone());
            response.responses.push(answer);
        }
        Response::IncrementalAlterConfigs(response)
    }
}

fn leader_error(partition: &Partition, broker: BrokerId, epoch: i32) -> i16 {
    match epoch.cmp(&partition.epoch) {
        std::cmp::Ordering::Less => 74,
        std::cmp::Ordering::Greater => 75,
        std::cmp::Ordering::Equal if partition.leader == Some(broker.0) => 0,
        std::cmp::Ordering::Equal => 6,
    }
}
