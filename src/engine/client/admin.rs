//! The admin client: creates topics and changes their settings, and does not give up for a minute.
//!
//! Kafka's `KafkaAdminClient`. A call goes to the controller (CreateTopics) or to any broker
//! (IncrementalAlterConfigs on a topic). As long as no answer comes, or only that the controller is
//! another, it tries again with fresh metadata, until `default.api.timeout.ms`. A refusal, or that
//! timeout, is an event with Kafka's message. Calls about
//! one topic keep their order; calls about different topics do not wait for each other.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig,
};
use kafka_protocol::messages::incremental_alter_configs_request::{
    AlterConfigsResource, AlterableConfig,
};
use kafka_protocol::messages::{
    self as kafka, CreateTopicsRequest, IncrementalAlterConfigsRequest,
};
use kafka_protocol::protocol::StrBytes;

use crate::engine::client::alarm::{Alarms, Deadline, earliest};
use crate::engine::client::backoff::RETRY;
use crate::engine::client::network_client::{Failed, NetworkClient, Version, version};
use crate::engine::command::Placement;
use crate::engine::event::{EventKind, TimerPurpose};
use crate::engine::ids::{BrokerId, CorrelationId, EventId, Text, TopicName};
use crate::engine::node::{Ctx, Timer};
use crate::engine::protocol::{Request, Response};
use crate::engine::time::Micros;

/// `default.api.timeout.ms`.
const API_TIMEOUT: Micros = Micros(60_000_000);
/// `request.timeout.ms` of an admin client.
const REQUEST_TIMEOUT: Micros = Micros(30_000_000);
/// REQUEST_TIMED_OUT: what Kafka's `TimeoutException` is on the wire.
const REQUEST_TIMED_OUT: i16 = 7;
/// `ConfigResource.Type.TOPIC`.
const RESOURCE_TOPIC: i8 = 2;
/// `AlterConfigOp.OpType.SET`.
const OPERATION_SET: i8 = 0;

/// Something asked of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Task {
    CreateTopic { placement: Placement, configs: Vec<(Text, Text)> },
    SetConfig { key: Text, value: Text },
}

/// A task on its way.
#[derive(Clone, Debug)]
struct Call {
    id: u64,
    topic: TopicName,
    task: Task,
    /// What asked for it.
    cause: Option<EventId>,
    deadline: Micros,
    tries: u32,
    state: CallState,
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CallState {
    /// Not sent, and not before then.
    Waiting(Deadline),
    /// Sent.
    InFlight,
}

/// An admin client.
#[derive(Clone, Debug)]
pub struct Admin {
    network: NetworkClient<u64>,
    calls: Vec<Call>,
    next_call: u64,
    alarms: Alarms,
}

impl Admin {
    /// An admin client that knows only its bootstrap brokers. It asks for nothing until it has a call.
    #[must_use]
    pub fn new(bootstrap: Vec<BrokerId>) -> Admin {
        let network = NetworkClient::new(bootstrap, REQUEST_TIMEOUT);
        Admin { network, calls: Vec::new(), next_call: 0, alarms: Alarms::default() }
    }

    /// Creates a topic.
    pub fn create_topic(
        &mut self,
        ctx: &mut Ctx<'_>,
        topic: &TopicName,
        placement: &Placement,
        configs: &[(Text, Text)],
    ) {
        let (placement, configs) = (placement.clone(), configs.to_vec());
        self.call(ctx, topic, Task::CreateTopic { placement, configs });
    }

    /// Sets one setting of a topic.
    pub fn set_topic_config(
        &mut self,
        ctx: &mut Ctx<'_>,
        topic: &TopicName,
        key: &Text,
        value: &Text,
    ) {
        let (key, value) = (key.clone(), value.clone());
        self.call(ctx, topic, Task::SetConfig { key, value });
    }

    /// Calls that have not ended.
    #[must_use]
    pub fn pending(&self) -> u32 {
        u32::try_from(self.calls.len()).unwrap_or(u32::MAX)
    }

    /// An answer arrived.
    pub fn on_response(
        &mut self,
        ctx: &mut Ctx<'_>,
        broker: BrokerId,
        correlation: CorrelationId,
        body: Response,
    ) {
        if let Some((id, body)) = self.network.on_response(ctx, broker, correlation, body) {
            let answer = match body {
                Response::CreateTopics(response) => {
                    response.topics.first().map(|t| (t.error_code, t.error_message.clone()))
                }
                Response::IncrementalAlterConfigs(response) => {
                    response.responses.first().map(|r| (r.error_code, r.error_message.clone()))
                }
                _ => None,
            };
            let (error, message) =
                answer.unwrap_or((ResponseError::UnknownServerError.code(), None));
            self.answered(ctx, id, error, message.as_deref());
        }
        self.run(ctx);
    }

    /// A timer fired. True when it was the admin client's.
    pub fn on_timer(&mut self, ctx: &mut Ctx<'_>, timer: &Timer) -> bool {
        let fired = self.alarms.fired(ctx.now, timer);
        if fired {
            self.run(ctx);
        }
        fired
    }

    /// The connection to a broker broke.
    pub fn on_connection_lost(&mut self, ctx: &mut Ctx<'_>, broker: BrokerId) {
        let failed = self.network.on_connection_lost(ctx, broker);
        self.retry_all(ctx, &failed);
        self.run(ctx);
    }

    fn call(&mut self, ctx: &mut Ctx<'_>, topic: &TopicName, task: Task) {
        let cause = ctx.timer_cause();
        let id = self.next_call;
        self.next_call += 1;
        let deadline = ctx.now + API_TIMEOUT;
        let state = CallState::Waiting(Deadline { at: ctx.now, cause });
        self.calls.push(Call { id, topic: topic.clone(), task, cause, deadline, tries: 0, state });
        self.run(ctx);
    }

    fn run(&mut self, ctx: &mut Ctx<'_>) {
        for failed in self.network.close_overdue(ctx) {
            self.retry_all(ctx, &failed);
        }
        self.expire(ctx);
        if self.calls.is_empty() {
            return;
        }
        self.network.poll(ctx);
        self.send_ready(ctx);
        let waiting = self.calls.iter().filter_map(|call| match call.state {
            CallState::Waiting(until) if until.at > ctx.now => Some(Some(until)),
            _ => None,
        });
        let backoff = waiting.fold(self.network.next_poll(ctx.now), earliest);
        let deadlines =
            self.calls.iter().map(|c| Some(Deadline { at: c.deadline, cause: c.cause }));
        let delivery = deadlines.fold(None, earliest);
        self.alarms.arm(ctx, TimerPurpose::Backoff, backoff);
        self.alarms.arm(ctx, TimerPurpose::RequestTimeout, self.network.next_timeout());
        self.alarms.arm(ctx, TimerPurpose::DeliveryTimeout, delivery);
    }

    /// Sends the first call of each topic, if it is not in a pause and its broker can be reached.
    fn send_ready(&mut self, ctx: &mut Ctx<'_>) {
        for index in 0..self.calls.len() {
            let (before, rest) = self.calls.split_at_mut(index);
            let call = &mut rest[0];
            let waits = match call.state {
                CallState::Waiting(until) => until.at > ctx.now,
                CallState::InFlight => true,
            };
            if waits || before.iter().any(|earlier| earlier.topic == call.topic) {
                continue;
            }
            let broker = match call.task {
                Task::CreateTopic { .. } => self.network.metadata.controller(),
                Task::SetConfig { .. } => self.network.least_loaded(ctx),
            };
            let Some(broker) = broker else {
                self.network.metadata.request_update(call.cause);
                continue;
            };
            if !self.network.ready(ctx, broker) {
                continue;
            }
            call.state = CallState::InFlight;
            call.tries += 1;
            let (version, body) = call.request(ctx.now);
            self.network.send(ctx, broker, version, body, call.id);
        }
    }

    fn answered(&mut self, ctx: &mut Ctx<'_>, id: u64, error: i16, message: Option<&str>) {
        let kind = ResponseError::try_from_code(error);
        let Some(kind) = kind else {
            self.calls.retain(|call| call.id != id);
            return;
        };
        if kind == ResponseError::NotController {
            self.network.metadata.forget_controller(ctx.timer_cause());
            self.retry(ctx, id);
            return;
        }
        let message = message.map_or_else(|| kind.to_string(), str::to_owned);
        self.end(ctx, id, error, message.into());
    }

    fn retry_all(&mut self, ctx: &mut Ctx<'_>, failed: &Failed<u64>) {
        failed.purposes.iter().for_each(|id| self.retry(ctx, *id));
    }

    fn retry(&mut self, ctx: &mut Ctx<'_>, id: u64) {
        if let Some(call) = self.calls.iter_mut().find(|call| call.id == id) {
            let pause = RETRY.pause(ctx, call.tries.saturating_sub(1));
            let until = Deadline { at: ctx.now + pause, cause: ctx.timer_cause() };
            call.state = CallState::Waiting(until);
        }
    }

    /// Ends calls that have taken `default.api.timeout.ms`.
    fn expire(&mut self, ctx: &mut Ctx<'_>) {
        let late = self.calls.iter().filter(|call| call.deadline <= ctx.now);
        let late: Vec<(u64, u32, &str)> =
            late.map(|call| (call.id, call.tries, call.task.name())).collect();
        for (id, tries, name) in late {
            let message = match tries {
                0 => format!("Timed out waiting for a node assignment. Call: {name}"),
                _ => format!(
                    "Call(callName={name}, tries={tries}) timed out after {tries} attempt(s)"
                ),
            };
            self.end(ctx, id, REQUEST_TIMED_OUT, message.into());
        }
    }

    fn end(&mut self, ctx: &mut Ctx<'_>, id: u64, error: i16, message: Text) {
        if let Some(index) = self.calls.iter().position(|call| call.id == id) {
            let topic = self.calls.remove(index).topic;
            ctx.emit(EventKind::AdminFailed { topic, error, message });
        }
    }
}

impl Task {
    /// Kafka's name of the call, as its messages have it.
    fn name(&self) -> &'static str {
        match self {
            Task::CreateTopic { .. } => "createTopics",
            Task::SetConfig { .. } => "incrementalAlterConfigs",
        }
    }
}

impl Call {
    fn request(&self, now: Micros) -> (Version, Request) {
        match &self.task {
            Task::CreateTopic { placement, configs } => {
                let left = self.deadline.since(now).min(REQUEST_TIMEOUT).as_ms();
                let request = CreateTopicsRequest::default()
                    .with_topics(vec![creatable(&self.topic, placement, configs)])
                    .with_timeout_ms(i32::try_from(left).unwrap_or(i32::MAX));
                (version::CREATE_TOPICS, Request::CreateTopics(request))
            }
            Task::SetConfig { key, value } => {
                let config = AlterableConfig::default()
                    .with_name(text(key))
                    .with_config_operation(OPERATION_SET)
                    .with_value(Some(text(value)));
                let resource = AlterConfigsResource::default()
                    .with_resource_type(RESOURCE_TOPIC)
                    .with_resource_name(text(self.topic.as_str()))
                    .with_configs(vec![config]);
                let request =
                    IncrementalAlterConfigsRequest::default().with_resources(vec![resource]);
                (version::INCREMENTAL_ALTER_CONFIGS, Request::IncrementalAlterConfigs(request))
            }
        }
    }
}

fn creatable(topic: &TopicName, placement: &Placement, configs: &[(Text, Text)]) -> CreatableTopic {
    let configs = configs.iter().map(|(key, value)| {
        CreatableTopicConfig::default().with_name(text(key)).with_value(Some(text(value)))
    });
    let named = CreatableTopic::default()
        .with_name(kafka::TopicName(text(topic.as_str())))
        .with_configs(configs.collect());
    match placement {
        Placement::Automatic { partitions, replication_factor } => named
            .with_num_partitions(i32::try_from(*partitions).unwrap_or(i32::MAX))
            .with_replication_factor(i16::try_from(*replication_factor).unwrap_or(i16::MAX)),
        Placement::Assigned(assignment) => {
            let assignments = (0..).zip(assignment).map(|(index, replicas)| {
                CreatableReplicaAssignment::default()
                    .with_partition_index(index)
                    .with_broker_ids(replicas.iter().map(|id| kafka::BrokerId(id.0)).collect())
            });
            named
                .with_num_partitions(-1)
                .with_replication_factor(-1)
                .with_assignments(assignments.collect())
        }
    }
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}
