//! A Kafka server: its partitions, its fetchers, its part in the control plane.
//!
//! This file only dispatches: an API, a timer or a notice goes to the file of its name. Everything
//! runs on one message at a time, so there are no locks and nothing is half done between two messages.

pub mod startup;
pub mod leader_and_isr;
pub mod stop_replica;
mod unserved;
pub mod produce;
pub mod producer_ids;
pub mod find_coordinator;
pub mod groups;
mod inquiry;
pub mod fetch;
pub mod fetch_read;
mod fetch_convert;
pub mod fetch_answer;
pub mod fetch_session;
pub mod follow;
pub mod follow_range;
pub mod alter_partition;
pub mod list_offsets;
pub mod offset_for_leader_epoch;
pub mod delete_records;
pub mod metadata;
pub mod auto_create;
pub mod describe;
pub mod checkpoints;
pub mod replicas;
pub mod log_manager;
pub mod log_dirs;
pub mod slow_disk;
pub mod cleaner;
pub mod shutdown;
pub mod purgatory;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::engine::persistent::{OrdMap, OrdSet};

use crate::engine::config::BrokerConfig;
use crate::engine::controller::operation::Asker;
use crate::engine::controller::{CONTROL_TAGS, ControlPlane, Notice};
use crate::engine::disk::Disk;
use crate::engine::event::TimerPurpose;
use crate::engine::group::GroupCoordinator;
use crate::engine::ids::{
    BrokerId, ControllerEpoch, CorrelationId, NodeId, Text, TopicName, TopicPartition,
};
use crate::engine::node::{Ctx, Timer};
use crate::engine::protocol::inter_broker::TopicOverrides;
use crate::engine::protocol::{Payload, Request, Response};
use crate::engine::replication::fetcher::Fetcher;
use crate::engine::replication::partition::Partition;
use crate::engine::time::Micros;

use alter_partition::IsrChannel;
use auto_create::AutoCreations;
use checkpoints::Written;
use cleaner::LogCleaner;
use delete_records::ParkedDelete;
use fetch::ParkedFetch;
use fetch_session::FetchSessions;
use groups::GroupsWritten;
use leader_and_isr::AwaitingSettings;
use log_dirs::LogDirs;
use log_manager::Waste;
use metadata::MetadataCache;
use produce::ParkedProduce;
use producer_ids::ProducerIds;
use purgatory::Purgatory;
use replicas::{Replicas, Rest};
use slow_disk::SlowDisk;

/// A broker's process.
#[derive(Clone, Debug)]
pub struct Broker {
    id: BrokerId,
    config: Rc<BrokerConfig>,
    phase: Phase,
    control: ControlPlane,
    /// Newest controller reign that sent something: older ones are refused.
    controller_epoch: ControllerEpoch,
    partitions: Replicas,
    overrides: OrdMap<TopicName, Rc<TopicOverrides>>,
    awaiting: AwaitingSettings,
    metadata: MetadataCache,
    auto_creations: AutoCreations,
    fetchers: BTreeMap<BrokerId, Fetcher>,
    /// Partitions that are copied no further in this reign (`ReplicaFetcherManager.failedPartitions`).
    failed_fetches: OrdSet<TopicPartition>,
    isr_channel: IsrChannel,
    producer_ids: ProducerIds,
    produce_purgatory: Purgatory<ParkedProduce>,
    fetch_purgatory: Purgatory<ParkedFetch>,
    /// Questions for a leader's log start that wait for an answer.
    starts_asked: BTreeSet<CorrelationId>,
    delete_purgatory: Purgatory<ParkedDelete>,
    fetch_sessions: FetchSessions,
    /// Led partitions of which a follower in the ISR may not be at the end.
    unsettled: OrdSet<TopicPartition>,
    next_correlation: u32,
    /// Whether a high watermark moved since the last checkpoint.
    watermarks_changed: bool,
    /// Replicas whose high watermark may be another than the last checkpoint says.
    moved_watermarks: OrdSet<TopicPartition>,
    watermarks_written: BTreeMap<String, Written>,
    /// When silent producers were last looked for.
    producers_checked: Micros,
    /// Until when no producer has been silent for too long.
    producers_rest: Rest,
    /// Until when retention keeps every log whole.
    retention_rests: Rest,
    /// Seed of the logs' roll jitter.
    jitter_seed: u64,
    /// Checkpoints of recovery points and of log starts as last written, by path.
    points_written: BTreeMap<String, Written>,
    starts_written: BTreeMap<String, Written>,
    waste: Waste,
    cleaner: LogCleaner,
    log_dirs: LogDirs,
    slow_disk: SlowDisk,
    groups: GroupCoordinator,
    /// What became of the coordinator's records, to be told to it.
    group_writes: Vec<GroupsWritten>,
}

/// Where a broker is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not registered in ZooKeeper yet.
    Starting,
    /// Serving.
    Running,
    /// Asked the controller to take its leaderships.
    HandingOver,
    /// Logs are closed; the ZooKeeper session is being closed.
    Closing,
}

impl Broker {
    /// Where it is in its life.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Replicas on this broker, by partition.
    pub fn partitions(&self) -> impl Iterator<Item = &Partition> {
        self.partitions.values()
    }

    /// One replica.
    #[must_use]
    pub fn partition(&self, id: &TopicPartition) -> Option<&Partition> {
        self.partitions.get(id)
    }

    /// The coordinator of groups.
    #[must_use]
    pub fn groups(&self) -> &GroupCoordinator {
        &self.groups
    }

    /// The control plane.
    #[must_use]
    pub fn control(&self) -> &ControlPlane {
        &self.control
    }

    /// A message arrived.
    pub fn on_message(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        from: NodeId,
        payload: Payload,
    ) {
        match payload {
            Payload::Request { correlation, version, client_id, body } => {
                let caller = Caller { node: from, correlation, version };
                self.on_request(ctx, disk, caller, client_id.as_ref(), body);
            }
            Payload::Response { correlation, body, .. } => {
                self.on_response(ctx, disk, from, correlation, body);
            }
            Payload::ZkReply { correlation, body, .. } => {
                self.control.on_zk_reply(ctx, correlation, body);
            }
            Payload::ZkWatch(event) => self.control.on_zk_watch(ctx, &event),
            Payload::Zk { .. } => {}
        }
        self.after_control(ctx, disk);
    }

    /// A timer fired.
    pub fn on_timer(&mut self, ctx: &mut Ctx<'_>, disk: &mut Disk, timer: &Timer) {
        match timer.purpose {
            _ if timer.tag >= CONTROL_TAGS => self.control.on_timer(ctx, timer),
            TimerPurpose::ProduceTimeout => self.produce_timed_out(ctx),
            TimerPurpose::FetchWait => self.fetch_waited(ctx, disk),
            TimerPurpose::IsrCheck => self.check_isrs(ctx),
            TimerPurpose::HighWatermarkCheckpoint => self.checkpoint_timer(ctx, disk),
            TimerPurpose::DeleteRecordsTimeout => self.deletes_timed_out(ctx),
            TimerPurpose::LogRetention => self.retention_timer(ctx, disk, timer),
            TimerPurpose::LogCleaner => self.cleaner_timer(ctx, disk, timer),
            TimerPurpose::LogFlush => self.flush_timer(ctx, disk, timer),
            TimerPurpose::LogCheckpoint => self.log_checkpoint_timer(ctx, disk, timer),
            TimerPurpose::FileDelete => self.file_delete_timer(disk, timer),
            TimerPurpose::DiskWrite => self.disk_wrote(ctx, disk, timer),
            TimerPurpose::MemberSession
            | TimerPurpose::GroupRebalance
            | TimerPurpose::GroupSync
            | TimerPurpose::GroupLoad
            | TimerPurpose::OffsetExpiry => self.groups.on_timer(ctx),
            TimerPurpose::Backoff if timer.tag == alter_partition::RETRY_TAG => {
                self.isr_channel.rested();
            }
            TimerPurpose::Backoff => self.fetcher_rested(ctx, fetcher_of(timer)),
            TimerPurpose::RequestTimeout if timer.tag == shutdown::GIVE_UP_TAG => ctx.exit(),
            TimerPurpose::RequestTimeout if timer.tag >= alter_partition::GIVE_UP_TAGS => {
                self.isr_change_timed_out(ctx, timer.tag);
            }
            TimerPurpose::RequestTimeout => self.fetcher_timed_out(ctx, fetcher_of(timer)),
            _ => {}
        }
        self.after_control(ctx, disk);
    }

    /// A peer's connection broke.
    pub fn on_connection_lost(&mut self, ctx: &mut Ctx<'_>, disk: &mut Disk, peer: NodeId) {
        self.control.on_connection_lost(ctx, peer);
        if let NodeId::Broker(broker) = peer {
            self.fetcher_disconnected(ctx, broker);
            self.isr_channel_disconnected(ctx, broker);
            self.producer_ids_disconnected(ctx, broker);
        }
        self.after_control(ctx, disk);
    }

    fn on_request(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        caller: Caller,
        client_id: Option<&Text>,
        body: Request,
    ) {
        if matches!(caller.node, NodeId::Client(_)) && !metadata::serves(body.api(), caller.version)
        {
            return ctx.disconnect(caller.node);
        }
        match body {
            Request::Produce(request) => self.produce_when_disk_can(ctx, disk, caller, request),
            Request::Fetch(request) => self.fetch(ctx, disk, caller, &request),
            Request::DeleteRecords(request) => self.delete_records(ctx, disk, caller, &request),
            Request::ListOffsets(request) => self.list_offsets(ctx, disk, caller, &request),
            Request::Metadata(request) => self.answer_metadata(ctx, caller, &request),
            Request::ApiVersions(_) => self.answer_api_versions(ctx, caller, 0),
            Request::Unreadable(what) => self.answer_unreadable(ctx, caller, what),
            Request::InitProducerId(request) => self.init_producer_id(ctx, caller, &request),
            Request::LeaderAndIsr(request) => self.leader_and_isr(ctx, disk, caller, request),
            Request::DescribeConfigs(request) => {
                let Caller { node: from, correlation, version } = caller;
                let asker = Asker { from, correlation, version };
                let metadata = &self.metadata;
                self.control.describe_configs(ctx, asker, request, |topic| metadata.has(topic));
            }
            Request::DescribeCluster(request) => self.describe_cluster(ctx, caller, &request),
            Request::DescribeLogDirs(asked) => self.describe_log_dirs(ctx, disk, caller, &asked),
            Request::StopReplica(request) => self.stop_replica(ctx, disk, caller, request),
            Request::UpdateMetadata(request) => self.update_metadata(ctx, caller, request),
            Request::OffsetForLeaderEpoch(request) => {
                self.offset_for_leader_epoch(ctx, caller, &request);
            }
            Request::FindCoordinator(request) => self.find_coordinator(ctx, caller, &request),
            Request::JoinGroup(_)
            | Request::SyncGroup(_)
            | Request::Heartbeat(_)
            | Request::LeaveGroup(_)
            | Request::OffsetCommit(_)
            | Request::OffsetFetch(_)
            | Request::OffsetDelete(_)
            | Request::DescribeGroups(_)
            | Request::ListGroups(_)
            | Request::DeleteGroups(_) => {
                self.group_request(ctx, caller, client_id, &body);
            }
            Request::DescribeProducers(_)
            | Request::ListTransactions(_)
            | Request::DescribeTransactions(_)
            | Request::DescribeAcls(_) => self.inquiry(ctx, caller, &body),
            Request::CreateTopics(_)
            | Request::DeleteTopics(_)
            | Request::CreatePartitions(_)
            | Request::ElectLeaders(_)
            | Request::AlterPartitionReassignments(_)
            | Request::ListPartitionReassignments(_)
            | Request::AlterConfigs(_)
            | Request::DescribeClientQuotas(_)
            | Request::AlterClientQuotas(_)
            | Request::IncrementalAlterConfigs(_)
            | Request::AlterPartition(_)
            | Request::AllocateProducerIds(_)
            | Request::ControlledShutdown(_) => {
                self.control.on_request(ctx, caller.node, caller.correlation, caller.version, body);
            }
        }
    }

    fn on_response(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        from: NodeId,
        correlation: CorrelationId,
        body: Response,
    ) {
        match body {
            Response::Fetch(response) => {
                self.fetched_when_disk_can(ctx, disk, (from, correlation), response);
            }
            Response::ListOffsets(response) => {
                self.leader_offsets(ctx, disk, from, correlation, &response);
            }
            Response::AlterPartition(response) => {
                self.altered_partitions(ctx, disk, correlation, &response);
            }
            Response::AllocateProducerIds(response) => {
                self.allocated_producer_ids(ctx, correlation, &response);
            }
            Response::LeaderAndIsr(_)
            | Response::StopReplica(_)
            | Response::UpdateMetadata(_)
            | Response::ControlledShutdown(_) => {
                self.control.on_response(ctx, from, correlation, &body);
            }
            _ => {}
        }
    }

    /// What the control plane has for the broker, and ISR changes that can be sent now.
    fn after_control(&mut self, ctx: &mut Ctx<'_>, disk: &mut Disk) {
        for notice in self.control.take_notices() {
            match notice {
                Notice::Registered => self.registered(ctx, disk),
                Notice::SessionLost => self.stop_awaiting(ctx, disk),
                Notice::TopicSettings(settings) => {
                    let topic = settings.topic.clone();
                    self.topic_settings(settings);
                    self.settings_read(ctx, disk, &topic);
                }
                Notice::BrokerSettings(config) => self.broker_settings(*config),
                Notice::TopicsAutoCreated { task, errors } => {
                    self.auto_created(ctx, task, &errors);
                }
                Notice::ShutdownGranted => self.close(ctx, disk),
                Notice::SessionClosed => ctx.exit(),
                Notice::RegistrationFailed(error) => ctx.fail(error),
            }
        }
        self.run_groups(ctx, disk);
        self.send_isr_changes(ctx);
        self.notice_failed_dirs(ctx, disk);
    }

    fn correlation(&mut self) -> CorrelationId {
        self.next_correlation += 1;
        CorrelationId(self.next_correlation)
    }

    fn lag_max(&self) -> Micros {
        Micros::from_ms(self.config.replica_lag_time_max_ms)
    }
}

/// Who asked, and how to answer.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// The asking host.
    pub node: NodeId,
    /// The number that the answer carries.
    pub correlation: CorrelationId,
    /// The version that it speaks.
    pub version: i16,
}

impl Caller {
    /// The answer as a message.
    #[must_use]
    pub fn answer(self, body: Response) -> Payload {
        Payload::Response { correlation: self.correlation, version: self.version, body }
    }
}

fn fetcher_of(timer: &Timer) -> BrokerId {
    BrokerId(i32::try_from(timer.tag).unwrap_or(-1))
}
