//! A topic gets more partitions (`ZkAdminManager.createPartitions`, `AdminZkClient.
//! createNewPartitionsAssignment`, `KafkaController.processPartitionModifications`).
//!
//! The request writes the topic's znode; the controller sees the change by its watch and gives the new
//! partitions their leaders. Keys that went to a partition before may go to another from then on.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_partitions_response::CreatePartitionsTopicResult;
use kafka_protocol::messages::{CreatePartitionsRequest, CreatePartitionsResponse};

use crate::engine::controller::failover::broker_ids;
use crate::engine::controller::operation::{Asker, Phase, Question};
use crate::engine::controller::placement::assign_more_replicas;
use crate::engine::controller::state_json::{self, BROKER_IDS, TopicAssignment, topic_path};
use crate::engine::controller::topic_plan::{Refusal, refusal};
use crate::engine::controller::{AdminTask, ControlPlane, Tag};
use crate::engine::event::{ElectionReason, EventKind};
use crate::engine::ids::{BrokerId, PartitionId, TopicName, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::ordered::Ordered;
use crate::engine::protocol::zk::{ZkError, ZkOp, ZkResult};
use crate::engine::protocol::{Payload, Response};
use crate::engine::time::Micros;

type Results = [Result<ZkResult, ZkError>];
type Rows = BTreeMap<PartitionId, Vec<BrokerId>>;

/// What a growth waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The topics as they are.
    Existing,
    /// The topics' znodes.
    Writing,
    /// Leaders.
    Leaders,
}

/// One topic of a request: the partitions to add, and the whole assignment with them.
type Planned = Result<(Rows, TopicAssignment), Refusal>;

/// A CreatePartitions request being served.
#[derive(Clone, Debug)]
pub struct Growth {
    asker: Asker,
    request: CreatePartitionsRequest,
    topics: Vec<(TopicName, Planned)>,
    stage: Stage,
}

impl ControlPlane {
    /// A CreatePartitions request.
    pub(super) fn create_partitions(
        &mut self,
        ctx: &mut Ctx,
        asker: Asker,
        request: CreatePartitionsRequest,
    ) {
        let mut growth = Growth { asker, request, topics: Vec::new(), stage: Stage::Existing };
        if !self.active {
            growth.refuse_all(ResponseError::NotController);
            return growth.answer(ctx);
        }
        let names = growth.names();
        let mut ops = vec![ZkOp::GetChildren { path: BROKER_IDS.into(), watch: false }];
        let read = |topic| ZkOp::GetData { path: topic_path(topic), watch: false };
        ops.extend(names.iter().map(read));
        let id = self.add_task(AdminTask::Grow(growth));
        self.zk.ask(ctx, Tag::Admin(id), ops);
    }

    /// An answer of ZooKeeper for a growth; returns it while it goes on.
    pub(super) fn growth_answered(
        &mut self,
        ctx: &mut Ctx,
        id: u64,
        mut growth: Growth,
        results: &Results,
    ) -> Option<Growth> {
        if growth.stage == Stage::Existing {
            self.plan_growth(&mut growth, results);
            let ops = growth.writes();
            if growth.request.validate_only || ops.is_empty() {
                growth.answer(ctx);
                return None;
            }
            growth.stage = Stage::Writing;
            self.zk.ask(ctx, Tag::Admin(id), ops);
            return Some(growth);
        }
        growth.wrote(ctx, results);
        growth.stage = Stage::Leaders;
        if growth.planned().next().is_none() || growth.request.timeout_ms <= 0 {
            growth.time_out(ctx, self);
            return None;
        }
        self.await_task(ctx, id, Micros::from_ms(i64::from(growth.request.timeout_ms)));
        Some(growth)
    }

    /// A topic's znode changed, or is to be looked at again.
    pub(super) fn ask_for_topic(&self, topic: &TopicName) -> Question {
        Question::Pipelined(vec![ZkOp::GetData { path: topic_path(topic), watch: true }])
    }

    /// New partitions in it get leaders; other changes are this controller's own.
    pub(super) fn found_topic(&mut self, topic: &TopicName, results: &Results) {
        let Some(Ok(ZkResult::Data { data, .. })) = results.first() else { return };
        let Some(assignment) = state_json::read_topic(data) else { return };
        if self.context.is_deleting(topic) || !self.context.topics.contains_key(topic) {
            return;
        }
        let known = |partition: &PartitionId| {
            self.context.partitions.contains_key(&TopicPartition::new(topic, *partition))
        };
        let new: Rows = assignment.partitions.into_iter().filter(|(p, _)| !known(p)).ordered();
        if new.is_empty() {
            return;
        }
        self.context.add_topic(topic, assignment.id, &new);
        let elect =
            Phase::Elect { reason: ElectionReason::NewPartition, topic: Some(topic.clone()) };
        self.queue.then([elect, Phase::Flush]);
    }

    fn plan_growth(&mut self, growth: &mut Growth, results: &Results) {
        let brokers = broker_ids(results.first());
        let names = growth.names();
        for (index, name) in names.iter().enumerate() {
            let wanted = growth.request.topics.iter().filter(|t| t.name.as_str() == name.as_str());
            let wanted: Vec<&CreatePartitionsTopic> = wanted.collect();
            let stored = match results.get(index + 1) {
                Some(Ok(ZkResult::Data { data, .. })) => state_json::read_topic(data),
                _ => None,
            };
            let plan = if wanted.len() > 1 {
                Err(refusal(ResponseError::InvalidRequest, "Duplicate topic in request.".into()))
            } else if self.context.is_deleting(name) {
                let text = "The topic is queued for deletion.";
                Err(refusal(ResponseError::InvalidTopicException, text.into()))
            } else {
                grow(name, wanted[0], stored, &brokers)
            };
            growth.topics.push((name.clone(), plan));
        }
    }
}

impl Growth {
    /// Whether it waits for ZooKeeper, and not for leaders.
    pub(super) fn asks_zookeeper(&self) -> bool {
        self.stage != Stage::Leaders
    }

    /// Whether it waits for leaders, and all are there.
    pub(super) fn is_complete(&self, control: &ControlPlane) -> bool {
        self.stage == Stage::Leaders && self.leaderless(control).is_empty()
    }

    /// ZooKeeper will not answer any more.
    pub(super) fn abandon(mut self, ctx: &mut Ctx) {
        self.refuse_all(ResponseError::NotController);
        self.answer(ctx);
    }

    /// Topics that have no leaders yet are too late.
    pub(super) fn time_out(mut self, ctx: &mut Ctx, control: &ControlPlane) {
        let missing = self.leaderless(control);
        for (name, plan) in &mut self.topics {
            if plan.is_ok() && missing.contains(name) {
                let code = ResponseError::RequestTimedOut.code();
                *plan = Err(Refusal { code, message: None });
            }
        }
        self.answer(ctx);
    }

    pub(super) fn answer(self, ctx: &mut Ctx) {
        let rows = self.topics.into_iter().map(|(name, plan)| {
            let (code, message) = match plan {
                Ok(_) => (0, None),
                Err(refusal) => (refusal.code, refusal.message),
            };
            let wire: kafka_protocol::protocol::StrBytes = name.as_str().to_owned().into();
            CreatePartitionsTopicResult::default()
                .with_name(wire.into())
                .with_error_code(code)
                .with_error_message(message.map(|text| text.to_string().into()))
        });
        let response = CreatePartitionsResponse::default().with_results(rows.collect());
        let Asker { from, correlation, version } = self.asker;
        let body = Response::CreatePartitions(response);
        ctx.send(from, Payload::Response { correlation, version, body });
    }

    /// The topics asked for, each once.
    fn names(&self) -> Vec<TopicName> {
        let all: BTreeSet<TopicName> =
            self.request.topics.iter().map(|topic| TopicName::new(&topic.name)).ordered();
        all.into_iter().collect()
    }

    fn refuse_all(&mut self, error: ResponseError) {
        let refused = || Err(Refusal { code: error.code(), message: None });
        self.topics = self.names().into_iter().map(|name| (name, refused())).collect();
    }

    fn planned(&self) -> impl Iterator<Item = (&TopicName, &(Rows, TopicAssignment))> {
        self.topics.iter().filter_map(|(name, plan)| Some((name, plan.as_ref().ok()?)))
    }

    fn writes(&self) -> Vec<ZkOp> {
        let write = |(name, (_, assignment)): (&TopicName, &(Rows, TopicAssignment))| {
            let data = state_json::topic(assignment);
            ZkOp::SetData { path: topic_path(name), data, version: -1 }
        };
        self.planned().map(write).collect()
    }

    fn wrote(&mut self, ctx: &mut Ctx, results: &Results) {
        let mut results = results.iter();
        for (name, plan) in &mut self.topics {
            let Ok((_, assignment)) = plan else { continue };
            if let Some(Ok(_)) = results.next() {
                let partitions = u32::try_from(assignment.partitions.len()).unwrap_or(u32::MAX);
                ctx.emit(EventKind::PartitionsAdded { topic: name.clone(), partitions });
            } else {
                let code = ResponseError::UnknownServerError.code();
                *plan = Err(Refusal { code, message: None });
            }
        }
    }

    /// Topics of which a new partition has no leader.
    fn leaderless(&self, control: &ControlPlane) -> BTreeSet<TopicName> {
        let led = |name: &TopicName, partition: &PartitionId| {
            control.context.is_led(&TopicPartition::new(name, *partition))
        };
        let missing = |(name, (rows, _)): &(&TopicName, &(Rows, TopicAssignment))| {
            !rows.keys().all(|partition| led(name, partition))
        };
        self.planned().filter(missing).map(|(name, _)| name.clone()).ordered()
    }
}

/// The partitions to add, or why not, with Kafka's checks in Kafka's order.
fn grow(
    name: &TopicName,
    wanted: &CreatePartitionsTopic,
    stored: Option<TopicAssignment>,
    brokers: &[BrokerId],
) -> Planned {
    let Some(mut assignment) = stored else {
        let text = format!("The topic '{name}' does not exist.");
        return Err(refusal(ResponseError::UnknownTopicOrPartition, text.into()));
    };
    if !assignment.adding.is_empty() || !assignment.removing.is_empty() {
        let text = format!("A partition reassignment is in progress for the topic '{name}'.");
        return Err(refusal(ResponseError::ReassignmentInProgress, text.into()));
    }
    let had = i32::try_from(assignment.partitions.len()).unwrap_or(i32::MAX);
    let more = wanted.count.saturating_sub(had);
    if more <= 0 {
        let text = match more {
            0 => format!("Topic already has {had} partitions."),
            _ => format!(
                "Topic currently has {had} partitions, which is higher than the requested {}.",
                wanted.count
            ),
        };
        return Err(refusal(ResponseError::InvalidPartitions, text.into()));
    }
    let first = assignment.partitions.values().next().cloned().unwrap_or_default();
    let rows = match &wanted.assignments {
        None => place(&first, had, more, brokers)?,
        Some(given) => {
            let ids = |row: &kafka_protocol::messages::create_partitions_request::CreatePartitionsAssignment| {
                row.broker_ids.iter().map(|id| BrokerId(id.0)).collect()
            };
            let rows: Vec<Vec<BrokerId>> = given.iter().map(ids).collect();
            check_given(&rows, more, brokers)?;
            rows
        }
    };
    let rows: Rows = (had..).map(PartitionId).zip(rows).ordered();
    check_rows(&rows, first.len())?;
    assignment.partitions.extend(rows.clone());
    Ok((rows, assignment))
}

/// The new ones go on where the topic's first partition began.
fn place(
    first: &[BrokerId],
    had: i32,
    more: i32,
    brokers: &[BrokerId],
) -> Result<Vec<Vec<BrokerId>>, Refusal> {
    let factor = first.len();
    if factor > brokers.len() {
        let available = brokers.len();
        let text =
            format!("Replication factor: {factor} larger than available brokers: {available}.");
        return Err(refusal(ResponseError::InvalidReplicationFactor, text.into()));
    }
    let start = brokers.iter().position(|id| Some(id) >= first.first()).unwrap_or(0);
    let (had, more) = (had.unsigned_abs(), more.unsigned_abs());
    let factor = u16::try_from(factor).unwrap_or(u16::MAX);
    let start = u32::try_from(start).unwrap_or(0);
    Ok(assign_more_replicas(brokers, had, more, factor, start))
}

fn check_given(rows: &[Vec<BrokerId>], more: i32, brokers: &[BrokerId]) -> Result<(), Refusal> {
    let invalid = |text: String| Err(refusal(ResponseError::InvalidReplicaAssignment, text.into()));
    let named: BTreeSet<&BrokerId> = rows.iter().flatten().ordered();
    let unknown: Vec<String> =
        named.iter().filter(|id| !brokers.contains(id)).map(ToString::to_string).collect();
    if !unknown.is_empty() {
        return invalid(format!(
            "Unknown broker(s) in replica assignment: {}.",
            unknown.join(", ")
        ));
    }
    if i32::try_from(rows.len()) != Ok(more) {
        return invalid(format!(
            "Increasing the number of partitions by {more} but {} assignments provided.",
            rows.len()
        ));
    }
    Ok(())
}

/// `AdminZkClient.validateReplicaAssignment`.
fn check_rows(rows: &Rows, factor: usize) -> Result<(), Refusal> {
    let invalid = |text: String| Err(refusal(ResponseError::InvalidReplicaAssignment, text.into()));
    for (partition, replicas) in rows {
        if replicas.is_empty() {
            return invalid(format!(
                "Cannot have replication factor of 0 for partition id {partition}."
            ));
        }
        let distinct: BTreeSet<&BrokerId> = replicas.iter().ordered();
        if distinct.len() != replicas.len() {
            let ids: Vec<String> = replicas.iter().map(ToString::to_string).collect();
            let ids = ids.join(", ");
            return invalid(format!(
                "Duplicate brokers not allowed in replica assignment: {ids} for partition id {partition}."
            ));
        }
    }
    let odd: Vec<(&PartitionId, usize)> = rows
        .iter()
        .map(|(partition, replicas)| (partition, replicas.len()))
        .filter(|(_, size)| *size != factor)
        .collect();
    if odd.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = odd.iter().map(|(partition, _)| partition.to_string()).collect();
    let sizes: Vec<String> = odd.iter().map(|(_, size)| size.to_string()).collect();
    invalid(format!(
        "Inconsistent replication factor between partitions, partition 0 has {factor} while \
         partitions [{}] have replication factors [{}], respectively.",
        ids.join(", "),
        sizes.join(", ")
    ))
}
