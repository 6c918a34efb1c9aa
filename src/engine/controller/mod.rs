//! The control plane inside every broker: registration, election of a controller, and, on the broker
//! that won, the controller itself (Kafka's `KafkaController`, `KafkaZkClient`, `ZkAdminManager`).
//!
//! [`ControlPlane`] is the only thing that the broker sees. It talks to ZooKeeper and to brokers (this
//! one included) by messages, and tells its broker by [`Notice`]s. Reading order: `registration`,
//! `elector`, `operation` (one event at a time), `failover`, `brokers`, `topics`, `partitions`; the
//! rules without state are in `election`, `placement`, `state_json`.

pub mod registration;
pub mod elector;
pub mod operation;
pub mod context;
pub mod failover;
pub mod brokers;
pub mod topics;
pub mod partitions;
pub mod election;
pub mod alter_partition;
pub mod shutdown;
pub mod elect_leaders;
pub mod delete_topics;
pub mod delete_request;
pub mod create_partitions;
pub mod reassign;
pub mod reassign_request;
pub mod create_topics;
pub mod topic_plan;
pub mod placement;
pub mod topic_name;
pub mod topic_config;
pub mod alter_configs;
pub mod broker_settings;
pub mod describe_configs;
pub mod client_quotas;
mod quota_entity;
pub mod settings_rules;
pub mod producer_ids;
pub mod log_dir_events;
pub mod admin_znodes;
pub mod waiting;
pub mod channel;
pub mod batch;
pub mod state_json;
mod inspect;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::engine::persistent::OrdMap;

use crate::engine::config::BrokerConfig;
use crate::engine::controller::admin_znodes::{PREFERRED_ELECTION, REASSIGN_PARTITIONS};
use crate::engine::controller::alter_configs::Alteration;
use crate::engine::controller::batch::RequestBatch;
use crate::engine::controller::broker_settings::DynamicSettings;
use crate::engine::controller::channel::{Channels, Correlations};
use crate::engine::controller::client_quotas::QuotaTask;
use crate::engine::controller::context::Context;
use crate::engine::controller::create_partitions::Growth;
use crate::engine::controller::create_topics::Creation;
use crate::engine::controller::delete_request::Deletion;
use crate::engine::controller::describe_configs::Description;
use crate::engine::controller::elect_leaders::Ballot;
use crate::engine::controller::operation::{Asker, ControllerEvent, EventQueue};
use crate::engine::controller::producer_ids::BlockClaim;
use crate::engine::controller::registration::Joining;
use crate::engine::controller::shutdown::Shutdown;
use crate::engine::controller::state_json::{
    BROKER_IDS, CONFIG_CHANGES, CONTROLLER, DELETE_TOPICS, LOG_DIR_EVENTS, TOPICS,
};
use crate::engine::controller::topic_config::Listening;
use crate::engine::ids::{
    BrokerEpoch, BrokerId, ControllerEpoch, CorrelationId, NodeId, SessionId, Text, TopicName,
    TopicPartition,
};
use crate::engine::node::{Ctx, Timer};
use crate::engine::protocol::inter_broker::{TopicOverrides, TopicSettings};
use crate::engine::protocol::zk::{ZkReply, ZkWatchEvent, ZkWatchKind};
use crate::engine::protocol::{Request, Response};
use crate::engine::time::Micros;
use crate::engine::zookeeper::ZkClient;
use crate::engine::zookeeper::client::ZkResults;

/// Timer tags from here on are the control plane's.
pub const CONTROL_TAGS: u64 = 1 << 48;

/// Ranges of timer tags, 2^32 each.
pub(crate) mod tags {
    use super::CONTROL_TAGS;

    pub(crate) const ZK_CLIENT: u64 = CONTROL_TAGS;
    pub(crate) const CHANNEL_BACKOFF: u64 = CONTROL_TAGS + (1 << 32);
    pub(crate) const REQUEST_TIMEOUT: u64 = CONTROL_TAGS + (2 << 32);
    pub(crate) const SHUTDOWN_RETRY: u64 = CONTROL_TAGS + (3 << 32);
    pub(crate) const TASK_TIMEOUT: u64 = CONTROL_TAGS + (4 << 32);
    pub(crate) const REBALANCE: u64 = CONTROL_TAGS + (5 << 32);
}

/// What the broker learns from its control plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// `/brokers/ids/N` is this process's: it may serve. Again after each [`Notice::SessionLost`].
    Registered,
    /// The session expired; the broker is registering anew. It goes on serving, as Kafka's does.
    SessionLost,
    /// A topic's own settings, at the start or after a change.
    TopicSettings(TopicSettings),
    /// Topics that this broker was asked to create are written, or could not be: Kafka's error of
    /// each, 0 when it is there now.
    TopicsAutoCreated { task: u64, errors: BTreeMap<TopicName, i16> },
    /// This broker's settings changed: this is what holds from now on.
    BrokerSettings(Box<BrokerConfig>),
    /// Leaderships are handed over, or cannot be: the broker may stop.
    ShutdownGranted,
    /// The session is closed.
    SessionClosed,
    /// The process must end; this is what it prints.
    RegistrationFailed(Text),
}

/// Whose a question to ZooKeeper is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tag {
    /// The registration's.
    Joining(Joining),
    /// The controller's, with its serial number.
    Controller(u64),
    /// The settings' listener's.
    Listening(Listening),
    /// That of an admin request.
    Admin(u64),
    /// The notification that a log directory failed.
    LogDirEvent,
}

/// An admin request being served; several may be, beside the controller's queue.
#[derive(Clone, Debug)]
enum AdminTask {
    Create(Creation),
    Alter(Alteration),
    ProducerIds(BlockClaim),
    Elect(Ballot),
    Delete(Deletion),
    Grow(Growth),
    Describe(Description),
    Quotas(QuotaTask),
}

/// The control plane of one broker process.
#[derive(Clone, Debug)]
pub struct ControlPlane {
    broker: BrokerId,
    /// What holds now.
    config: BrokerConfig,
    /// What the process was started with.
    started_with: BrokerConfig,
    dynamic: DynamicSettings,
    zk: ZkClient<Tag>,
    notices: Vec<Notice>,
    /// `/brokers/ids/N` belongs to the session of now.
    registered: bool,
    /// This broker's registration.
    broker_epoch: BrokerEpoch,
    /// The broker has been registered before.
    joined: bool,
    last_session: Option<SessionId>,
    cluster_id: Option<Text>,
    /// Who `/controller` names, as far as this broker knows.
    known: Option<BrokerId>,
    /// This broker is the controller.
    active: bool,
    context: Context,
    queue: EventQueue,
    batch: RequestBatch,
    channels: Channels,
    correlations: Correlations,
    settings: OrdMap<TopicName, TopicOverrides>,
    last_change: Option<i64>,
    tasks: BTreeMap<u64, AdminTask>,
    next_task: u64,
    shutdown: Shutdown,
}

impl ControlPlane {
    /// The control plane of a process that has not started yet.
    #[must_use]
    pub fn new(broker: BrokerId, config: &BrokerConfig) -> ControlPlane {
        let timeout = Micros::from_ms(config.zookeeper_session_timeout_ms);
        ControlPlane {
            broker,
            config: config.clone(),
            started_with: config.clone(),
            dynamic: DynamicSettings::default(),
            zk: ZkClient::new(timeout, tags::ZK_CLIENT),
            notices: Vec::new(),
            registered: false,
            broker_epoch: BrokerEpoch::UNKNOWN,
            joined: false,
            last_session: None,
            cluster_id: None,
            known: None,
            active: false,
            context: Context::default(),
            queue: EventQueue::default(),
            batch: RequestBatch::default(),
            channels: Channels::default(),
            correlations: Correlations::default(),
            settings: OrdMap::new(),
            last_change: None,
            tasks: BTreeMap::new(),
            next_task: 0,
            shutdown: Shutdown::default(),
        }
    }

    /// Connects to ZooKeeper; registration and election follow.
    pub fn start(&mut self, ctx: &mut Ctx) {
        self.zk.start(ctx);
    }

    /// An answer of ZooKeeper.
    pub fn on_zk_reply(&mut self, ctx: &mut Ctx, correlation: CorrelationId, reply: ZkReply) {
        if let Some(event) = self.zk.on_reply(ctx, correlation, reply) {
            self.on_zk_event(ctx, event);
        }
    }

    /// A watch fired.
    pub fn on_zk_watch(&mut self, ctx: &mut Ctx, event: &ZkWatchEvent) {
        match &*event.path {
            CONTROLLER => self.enqueue(ctx, ControllerEvent::ControllerChange),
            BROKER_IDS => self.enqueue(ctx, ControllerEvent::BrokerChange),
            TOPICS => self.enqueue(ctx, ControllerEvent::TopicChange),
            DELETE_TOPICS => self.enqueue(ctx, ControllerEvent::TopicDeletion),
            LOG_DIR_EVENTS => self.enqueue(ctx, ControllerEvent::LogDirFailure),
            CONFIG_CHANGES => self.watch_config_changes(ctx),
            REASSIGN_PARTITIONS if event.kind == ZkWatchKind::Created => {
                self.enqueue(ctx, ControllerEvent::ZnodeReassignment);
            }
            PREFERRED_ELECTION if event.kind == ZkWatchKind::Created => {
                self.enqueue(ctx, ControllerEvent::ZnodeElection);
            }
            path => {
                let name = path.strip_prefix(TOPICS).and_then(|rest| rest.strip_prefix('/'));
                if let (Some(name), ZkWatchKind::DataChanged) = (name, event.kind) {
                    let topic = TopicName::new(name);
                    self.enqueue(ctx, ControllerEvent::PartitionModifications { topic });
                }
            }
        }
    }

    /// A timer whose tag is at least [`CONTROL_TAGS`].
    pub fn on_timer(&mut self, ctx: &mut Ctx, timer: &Timer) {
        let number = timer.tag & 0xFFFF_FFFF;
        let short = u32::try_from(number).unwrap_or(u32::MAX);
        match timer.tag - number {
            tags::ZK_CLIENT => {
                if let Some(event) = self.zk.on_timer(ctx, number) {
                    self.on_zk_event(ctx, event);
                }
            }
            tags::CHANNEL_BACKOFF => {
                let broker = BrokerId(short.cast_signed());
                self.channels.on_backoff(ctx, &mut self.correlations, broker);
            }
            tags::REQUEST_TIMEOUT => {
                let late = CorrelationId(short);
                self.channels.on_timeout(ctx, &mut self.correlations, late);
                self.shutdown_timed_out(ctx, late);
            }
            tags::SHUTDOWN_RETRY => self.shutdown_retry(ctx),
            tags::TASK_TIMEOUT => self.task_timed_out(ctx, number),
            tags::REBALANCE if self.active && short.cast_signed() == self.context.epoch.0 => {
                self.schedule_rebalance(ctx, false);
                self.enqueue(ctx, ControllerEvent::RebalanceLeaders);
            }
            _ => {}
        }
    }

    /// A peer's process ended, or refused a message.
    pub fn on_connection_lost(&mut self, ctx: &mut Ctx, peer: NodeId) {
        match peer {
            NodeId::Zookeeper => {
                if let Some(event) = self.zk.on_connection_lost(ctx) {
                    self.on_zk_event(ctx, event);
                }
            }
            NodeId::Broker(broker) => {
                self.channels.on_connection_lost(ctx, broker);
                self.shutdown_connection_lost(ctx, broker);
            }
            NodeId::Client(_) => {}
        }
    }

    /// A request of an admin about topics, partitions or settings, AlterPartition,
    /// AllocateProducerIds or ControlledShutdown; others are the broker's.
    pub fn on_request(
        &mut self,
        ctx: &mut Ctx,
        from: NodeId,
        correlation: CorrelationId,
        version: i16,
        request: Request,
    ) {
        let asker = Asker { from, correlation, version };
        match request {
            Request::CreateTopics(request) => self.create_topics(ctx, asker, request),
            Request::IncrementalAlterConfigs(request) => {
                self.alter_incrementally(ctx, asker, &request);
            }
            Request::AlterConfigs(request) => self.alter_wholly(ctx, asker, &request),
            Request::DescribeClientQuotas(_) | Request::AlterClientQuotas(_) => {
                self.client_quotas(ctx, asker, request);
            }
            Request::DeleteTopics(request) => self.delete_topics(ctx, asker, &request),
            Request::CreatePartitions(request) => self.create_partitions(ctx, asker, request),
            Request::AlterPartitionReassignments(request) => {
                self.enqueue(ctx, ControllerEvent::Reassign { asker, request });
            }
            Request::ListPartitionReassignments(request) => {
                self.list_reassignments(ctx, asker, &request);
            }
            Request::ElectLeaders(request) => {
                self.enqueue(ctx, ControllerEvent::ElectLeaders { asker, request });
            }
            Request::AlterPartition(request) => {
                self.enqueue(ctx, ControllerEvent::AlterPartition { asker, request });
            }
            Request::AllocateProducerIds(request) => {
                self.allocate_producer_ids(ctx, asker, &request);
            }
            Request::ControlledShutdown(request) => {
                let (broker, epoch) = (request.broker_id, request.broker_epoch);
                self.enqueue(ctx, ControllerEvent::ControlledShutdown { asker, broker, epoch });
            }
            _ => {}
        }
    }

    /// A response to a request of the control plane; others are left alone. Errors of brokers
    /// (STALE_CONTROLLER_EPOCH) change nothing here: `/controller` decides who is the controller.
    pub fn on_response(
        &mut self,
        ctx: &mut Ctx,
        from: NodeId,
        correlation: CorrelationId,
        response: &Response,
    ) {
        let NodeId::Broker(broker) = from else { return };
        if let Response::ControlledShutdown(response) = response {
            self.shutdown_answered(ctx, correlation, response);
            return;
        }
        let answered = self.channels.on_response(ctx, &mut self.correlations, broker, correlation);
        if answered.is_some() && broker == self.broker {
            self.check_waiting(ctx);
        }
        if let (Some(Request::LeaderAndIsr(asked)), Response::LeaderAndIsr(response)) =
            (answered.as_deref(), response)
            && response.error_code == 0
        {
            let asked = asked.partition_states.iter().map(|state| state.partition.clone());
            self.note_leader_and_isr_answer(ctx, broker, asked, &response.partition_errors);
        }
        if let (Some(Request::StopReplica(asked)), Response::StopReplica(response)) =
            (answered.as_deref(), response)
        {
            let deleted = asked.partition_states.iter().filter(|state| state.delete_partition);
            let error = |partition: &TopicPartition| match response.error_code {
                0 => response.partition_errors.get(partition).copied().unwrap_or(0),
                error => error,
            };
            let partitions: Vec<(TopicPartition, i16)> = deleted
                .map(|state| &state.partition)
                .filter(|partition| self.context.is_deleting(&partition.topic))
                .map(|partition| (partition.clone(), error(partition)))
                .collect();
            if !partitions.is_empty() {
                self.enqueue(ctx, ControllerEvent::ReplicasDeleted { broker, partitions });
            }
        }
    }

    /// Ends the session with ZooKeeper, and with it the registration; [`Notice::SessionClosed`]
    /// follows. A controller resigns first.
    pub fn close_session(&mut self, ctx: &mut Ctx) {
        self.drop_operation(ctx);
        self.resign(ctx);
        self.queue.drain();
        self.registered = false;
        if let Some(event) = self.zk.close(ctx) {
            self.on_zk_event(ctx, event);
        }
    }

    /// What the broker has not been told yet, in order.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Whether this broker is the controller.
    #[must_use]
    pub fn is_controller(&self) -> bool {
        self.active
    }

    /// This broker's registration, the newest that it knows of.
    #[must_use]
    pub fn broker_epoch(&self) -> BrokerEpoch {
        self.broker_epoch
    }

    /// Who `/controller` names, as far as this broker knows.
    #[must_use]
    pub fn controller(&self) -> Option<BrokerId> {
        self.known
    }

    /// This controller's reign; 0 on a broker that is not the controller.
    #[must_use]
    pub fn controller_epoch(&self) -> ControllerEpoch {
        self.context.epoch
    }

    /// The id in `/cluster/id`, once it was read.
    #[must_use]
    pub fn cluster_id(&self) -> Option<&Text> {
        self.cluster_id.as_ref()
    }

    fn on_results(&mut self, ctx: &mut Ctx, tag: Tag, results: ZkResults) {
        match tag {
            Tag::Joining(step) => self.on_joining(ctx, step, &results),
            Tag::Controller(serial) => self.on_answer(ctx, serial, results),
            Tag::Listening(step) => self.on_listening(ctx, step, &results),
            Tag::Admin(id) => self.on_admin(ctx, id, &results),
            Tag::LogDirEvent => {}
        }
    }

    fn on_admin(&mut self, ctx: &mut Ctx, id: u64, results: &ZkResults) {
        let task = match self.tasks.remove(&id) {
            Some(AdminTask::Create(creation)) => {
                self.creation_answered(ctx, id, creation, results).map(AdminTask::Create)
            }
            Some(AdminTask::Alter(alteration)) => {
                self.alteration_answered(ctx, id, alteration, results).map(AdminTask::Alter)
            }
            Some(AdminTask::ProducerIds(claim)) => {
                self.producer_ids_answered(ctx, id, claim, results).map(AdminTask::ProducerIds)
            }
            Some(AdminTask::Delete(deletion)) => {
                self.marked_topics(ctx, id, deletion, results).map(AdminTask::Delete)
            }
            Some(AdminTask::Grow(growth)) => {
                self.growth_answered(ctx, id, growth, results).map(AdminTask::Grow)
            }
            Some(AdminTask::Describe(description)) => {
                self.tell_configs(ctx, &description, results);
                None
            }
            Some(AdminTask::Quotas(task)) => {
                self.quotas_answered(ctx, task, results);
                None
            }
            waiting @ Some(AdminTask::Elect(_)) => waiting,
            None => None,
        };
        if let Some(task) = task {
            self.tasks.insert(id, task);
        }
    }

    fn add_task(&mut self, task: AdminTask) -> u64 {
        let id = self.next_task;
        self.next_task = (id + 1) & 0xFFFF_FFFF;
        self.tasks.insert(id, task);
        id
    }
}
