//! Topics are created (`ZkAdminManager.createTopics`, `AdminZkClient`, `DelayedCreatePartitions`).
//!
//! Served by the controller: names, sizes and settings are checked, replicas placed, the settings
//! written and then the topic's znode. The controller then learns of the topic by its watch, like any
//! other; the request is answered when every partition has a leader, or when its time is over.

use std::collections::BTreeSet;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::create_topics_response::{
    CreatableTopicConfigs, CreatableTopicResult,
};
use kafka_protocol::messages::{CreateTopicsRequest, CreateTopicsResponse, TopicName as WireTopic};

use crate::engine::config::TopicConfig;
use crate::engine::controller::failover::topic_names;
use crate::engine::controller::operation::Asker;
use crate::engine::controller::state_json::{self, TOPICS, config_path, topic_path};
use crate::engine::controller::topic_name::CONSUMER_OFFSETS;
use crate::engine::controller::topic_plan::{Plan, Refusal, exists, refusal};
use crate::engine::controller::{AdminTask, ControlPlane, Notice, Tag};
use crate::engine::event::EventKind;
use crate::engine::ids::{BrokerId, PartitionId, TopicName, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::ordered::Ordered;
use crate::engine::protocol::inter_broker::TopicOverrides;
use crate::engine::protocol::zk::{ZkError, ZkOp, ZkResult};
use crate::engine::protocol::{Payload, Response};
use crate::engine::time::Micros;

type Results = [Result<ZkResult, ZkError>];

/// One topic of a request.
#[derive(Clone, Debug)]
struct Wanted {
    name: TopicName,
    plan: Result<Plan, Refusal>,
}

/// What a creation waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The topics that exist.
    Existing,
    /// The settings' znodes.
    Settings,
    /// The topics' znodes.
    Topics,
    /// Leaders.
    Leaders,
}

/// Whom a creation is for.
#[derive(Clone, Copy, Debug)]
enum Origin {
    /// A CreateTopics request.
    Request(Asker),
    /// This broker, which was asked for a topic that does not exist; the number of its task.
    Broker(u64),
}

/// A CreateTopics request being served, or topics that this broker creates by itself.
#[derive(Clone, Debug)]
pub struct Creation {
    origin: Origin,
    /// Where replicas may go.
    brokers: Vec<BrokerId>,
    request: CreateTopicsRequest,
    topics: Vec<Wanted>,
    stage: Stage,
}

impl ControlPlane {
    /// A CreateTopics request.
    pub(super) fn create_topics(
        &mut self,
        ctx: &mut Ctx,
        asker: Asker,
        request: CreateTopicsRequest,
    ) {
        let brokers = self.context.registered_ids().into_iter().collect();
        let mut creation = Creation::new(Origin::Request(asker), brokers, request);
        if !self.active {
            creation.refuse_all(ResponseError::NotController);
            return creation.answer(ctx, self);
        }
        let id = self.add_task(AdminTask::Create(creation));
        self.list_topics(ctx, id);
    }

    /// Creates topics with the cluster's defaults and the controller's help only in so far as it sees
    /// what is written; [`Notice::TopicsAutoCreated`] follows with the number that is returned
    /// (`AutoTopicCreationManager.createTopicsInZk`). `brokers`: where replicas may go.
    pub fn auto_create_topics(
        &mut self,
        ctx: &mut Ctx,
        topics: &[TopicName],
        brokers: Vec<BrokerId>,
    ) -> u64 {
        let wanted = topics.iter().map(|name| {
            let topic =
                CreatableTopic::default().with_name(WireTopic(name.as_str().to_owned().into()));
            match name.as_str() {
                CONSUMER_OFFSETS => self.offsets_topic(topic),
                _ => topic.with_num_partitions(-1).with_replication_factor(-1),
            }
        });
        let request = CreateTopicsRequest::default().with_topics(wanted.collect());
        let id = self.next_task;
        let creation = Creation::new(Origin::Broker(id), brokers, request);
        self.add_task(AdminTask::Create(creation));
        self.list_topics(ctx, id);
        id
    }

    /// What `__consumer_offsets` is made with (`GroupCoordinator.offsetsTopicConfigs`).
    fn offsets_topic(&self, topic: CreatableTopic) -> CreatableTopic {
        let config = |name: &str, value: &str| {
            CreatableTopicConfig::default()
                .with_name(name.to_owned().into())
                .with_value(Some(value.to_owned().into()))
        };
        let partitions = i32::try_from(self.config.offsets_topic_num_partitions);
        let factor = i16::try_from(self.config.offsets_topic_replication_factor);
        topic
            .with_num_partitions(partitions.unwrap_or(i32::MAX))
            .with_replication_factor(factor.unwrap_or(i16::MAX))
            .with_configs(vec![
                config("cleanup.policy", "compact"),
                config("compression.type", "producer"),
                config("segment.bytes", &self.config.offsets_topic_segment_bytes.to_string()),
            ])
    }

    fn list_topics(&mut self, ctx: &mut Ctx, id: u64) {
        let list = ZkOp::GetChildren { path: TOPICS.into(), watch: false };
        self.zk.ask(ctx, Tag::Admin(id), vec![list]);
    }

    /// An answer of ZooKeeper for a creation; returns it while it goes on.
    pub(super) fn creation_answered(
        &mut self,
        ctx: &mut Ctx,
        id: u64,
        mut creation: Creation,
        results: &Results,
    ) -> Option<Creation> {
        let ops = match creation.stage {
            Stage::Existing => {
                self.plan_topics(ctx, &mut creation, &topic_names(results.first()));
                if creation.request.validate_only {
                    Vec::new()
                } else {
                    creation.stage = Stage::Settings;
                    creation.settings_writes()
                }
            }
            Stage::Settings => {
                creation.stage = Stage::Topics;
                creation.topic_writes(results)
            }
            Stage::Topics => {
                creation.wrote_topics(ctx, results);
                return self.wait_for_leaders(ctx, id, creation);
            }
            Stage::Leaders => return Some(creation),
        };
        if ops.is_empty() {
            creation.answer(ctx, self);
            return None;
        }
        self.zk.ask(ctx, Tag::Admin(id), ops);
        Some(creation)
    }

    fn wait_for_leaders(
        &mut self,
        ctx: &mut Ctx,
        id: u64,
        mut creation: Creation,
    ) -> Option<Creation> {
        creation.stage = Stage::Leaders;
        let none_created = creation.topics.iter().all(|topic| topic.plan.is_err());
        if let Origin::Broker(_) = creation.origin {
            creation.answer(ctx, self);
            return None;
        }
        if none_created || creation.request.timeout_ms <= 0 {
            creation.time_out(self);
            creation.answer(ctx, self);
            return None;
        }
        self.await_task(ctx, id, Micros::from_ms(i64::from(creation.request.timeout_ms)));
        Some(creation)
    }

    fn plan_topics(&mut self, ctx: &mut Ctx, creation: &mut Creation, existing: &[TopicName]) {
        let request = &creation.request;
        for topic in &request.topics {
            let name = TopicName::new(&topic.name);
            let same = request.topics.iter().filter(|other| other.name == topic.name).count();
            let plan = if same > 1 {
                let text = "Found multiple entries for this topic.";
                Err(refusal(ResponseError::InvalidRequest, text.into()))
            } else {
                self.plan(ctx, topic, &name, existing, &creation.brokers)
            };
            if creation.topics.iter().all(|other| other.name != name) {
                creation.topics.push(Wanted { name, plan });
            }
        }
    }
}

impl Creation {
    fn new(origin: Origin, brokers: Vec<BrokerId>, request: CreateTopicsRequest) -> Creation {
        Creation { origin, brokers, request, topics: Vec::new(), stage: Stage::Existing }
    }

    /// Whether it waits for ZooKeeper, and not for leaders.
    pub(super) fn asks_zookeeper(&self) -> bool {
        self.stage != Stage::Leaders
    }

    /// Whether it waits for leaders, and all are there.
    pub(super) fn is_complete(&self, control: &ControlPlane) -> bool {
        self.stage == Stage::Leaders && self.leaderless(control).is_empty()
    }

    /// ZooKeeper will not answer any more.
    pub(super) fn abandon(mut self, ctx: &mut Ctx, control: &mut ControlPlane) {
        self.refuse_all(ResponseError::NotController);
        self.answer(ctx, control);
    }

    fn refuse_all(&mut self, error: ResponseError) {
        let wanted = |topic: &CreatableTopic| Wanted {
            name: TopicName::new(&topic.name),
            plan: Err(Refusal { code: error.code(), message: None }),
        };
        self.topics = self.request.topics.iter().map(wanted).collect();
    }

    fn planned(&self) -> impl Iterator<Item = (&TopicName, &Plan)> {
        self.topics.iter().filter_map(|topic| Some((&topic.name, topic.plan.as_ref().ok()?)))
    }

    fn settings_writes(&self) -> Vec<ZkOp> {
        let create = |(name, plan): (&TopicName, &Plan)| ZkOp::Create {
            path: config_path(name),
            data: state_json::config(&plan.overrides),
            ephemeral: false,
            sequential: false,
        };
        self.planned().map(create).collect()
    }

    /// The topics' znodes; before them the settings again where an older znode was in the way.
    fn topic_writes(&self, results: &Results) -> Vec<ZkOp> {
        let mut ops = Vec::new();
        for ((name, plan), result) in self.planned().zip(results) {
            if *result == Err(ZkError::NodeExists) {
                let data = state_json::config(&plan.overrides);
                ops.push(ZkOp::SetData { path: config_path(name), data, version: -1 });
            }
        }
        ops.extend(self.planned().map(|(name, plan)| ZkOp::Create {
            path: topic_path(name),
            data: state_json::topic(&plan.assignment),
            ephemeral: false,
            sequential: false,
        }));
        ops
    }

    fn wrote_topics(&mut self, ctx: &mut Ctx, results: &Results) {
        let planned = self.planned().count();
        let created = results.get(results.len().saturating_sub(planned)..).unwrap_or_default();
        let mut created = created.iter();
        for topic in &mut self.topics {
            let Ok(plan) = &topic.plan else { continue };
            match created.next() {
                Some(Ok(_)) => {
                    let assignment = plan.assignment.partitions.values().cloned().collect();
                    let name = topic.name.clone();
                    ctx.emit(EventKind::TopicCreated { topic: name, assignment });
                }
                Some(Err(ZkError::NodeExists)) => topic.plan = Err(exists(&topic.name)),
                _ => {
                    let code = ResponseError::UnknownServerError.code();
                    topic.plan = Err(Refusal { code, message: None });
                }
            }
        }
    }

    /// Topics of which a partition has no leader.
    fn leaderless(&self, control: &ControlPlane) -> BTreeSet<TopicName> {
        let led = |name: &TopicName, partition: &PartitionId| {
            control.context.is_led(&TopicPartition::new(name, *partition))
        };
        let missing = |(name, plan): &(&TopicName, &Plan)| {
            !plan.assignment.partitions.keys().all(|partition| led(name, partition))
        };
        self.planned().filter(missing).map(|(name, _)| name.clone()).ordered()
    }

    /// Topics that have no leaders yet are too late.
    pub(super) fn time_out(&mut self, control: &ControlPlane) {
        let missing = self.leaderless(control);
        for topic in &mut self.topics {
            if topic.plan.is_ok() && missing.contains(&topic.name) {
                let code = ResponseError::RequestTimedOut.code();
                topic.plan = Err(Refusal { code, message: None });
            }
        }
    }

    pub(super) fn answer(self, ctx: &mut Ctx, control: &mut ControlPlane) {
        let asker = match self.origin {
            Origin::Request(asker) => asker,
            Origin::Broker(task) => {
                let code = |topic: &Wanted| topic.plan.as_ref().map_or_else(|r| r.code, |_| 0);
                let errors = self.topics.iter().map(|t| (t.name.clone(), code(t))).ordered();
                control.notices.push(Notice::TopicsAutoCreated { task, errors });
                return;
            }
        };
        let rows = self.topics.iter().map(|topic| result(topic, control)).collect();
        let response = CreateTopicsResponse::default().with_topics(rows);
        let Asker { from, correlation, version } = asker;
        let body = Response::CreateTopics(response);
        ctx.send(from, Payload::Response { correlation, version, body });
    }
}

fn result(topic: &Wanted, control: &ControlPlane) -> CreatableTopicResult {
    let name: kafka_protocol::protocol::StrBytes = topic.name.as_str().to_owned().into();
    let row = CreatableTopicResult::default().with_name(name.into());
    match &topic.plan {
        Ok(plan) => {
            let partitions = &plan.assignment.partitions;
            let factor = partitions.values().next().map_or(0, Vec::len);
            row.with_topic_id(plan.assignment.id)
                .with_num_partitions(i32::try_from(partitions.len()).unwrap_or(i32::MAX))
                .with_replication_factor(i16::try_from(factor).unwrap_or(i16::MAX))
                .with_configs(Some(configs(&plan.overrides, control)))
        }
        Err(refusal) => row
            .with_error_code(refusal.code)
            .with_error_message(refusal.message.as_ref().map(|text| text.to_string().into()))
            .with_num_partitions(-1)
            .with_replication_factor(-1)
            .with_configs(Some(Vec::new())),
    }
}

/// `DYNAMIC_TOPIC_CONFIG` of DescribeConfigs.
const OWN: i8 = 1;
/// `DEFAULT_CONFIG` of DescribeConfigs.
const DEFAULT: i8 = 5;

fn configs(overrides: &TopicOverrides, control: &ControlPlane) -> Vec<CreatableTopicConfigs> {
    let resolved = TopicConfig::resolve(&control.config, overrides);
    let row = |key: &&str| {
        let source = if overrides.contains_key(*key) { OWN } else { DEFAULT };
        CreatableTopicConfigs::default()
            .with_name((*key).to_owned().into())
            .with_value(resolved.get(key).map(Into::into))
            .with_config_source(source)
    };
    TopicConfig::KEYS.iter().map(row).collect()
}
