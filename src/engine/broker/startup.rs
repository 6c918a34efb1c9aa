//! Start of a broker: logs are opened and recovered before it joins the cluster (`LogManager.startup`).

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::engine::persistent::{OrdMap, OrdSet};

use crate::engine::broker::alter_partition::IsrChannel;
use crate::engine::broker::auto_create::AutoCreations;
use crate::engine::broker::checkpoints::{self, CLEAN_SHUTDOWN};
use crate::engine::broker::cleaner::LogCleaner;
use crate::engine::broker::fetch_session::FetchSessions;
use crate::engine::broker::leader_and_isr::AwaitingSettings;
use crate::engine::broker::log_dirs::LogDirs;
use crate::engine::broker::log_manager::Waste;
use crate::engine::broker::metadata::MetadataCache;
use crate::engine::broker::producer_ids::ProducerIds;
use crate::engine::broker::purgatory::Purgatory;
use crate::engine::broker::replicas::{Replicas, Rest};
use crate::engine::broker::slow_disk::SlowDisk;
use crate::engine::broker::{Broker, Phase};
use crate::engine::config::{BrokerConfig, TopicConfig};
use crate::engine::controller::ControlPlane;
use crate::engine::disk::Disk;
use crate::engine::event::{EventKind, TimerPurpose};
use crate::engine::group::GroupCoordinator;
use crate::engine::ids::{
    BrokerId, ControllerEpoch, Offset, PartitionId, TopicName, TopicPartition,
};
use crate::engine::log::{Log, Opening};
use crate::engine::node::{Ctx, Timer};
use crate::engine::ordered::Ordered;
use crate::engine::protocol::inter_broker::TopicSettings;
use crate::engine::replication::partition::Partition;
use crate::engine::rng::Stream;
use crate::engine::time::Micros;

impl Broker {
    /// Starts the process: opens every log on the disk, then asks ZooKeeper for a session.
    pub fn start(
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        id: BrokerId,
        config: &BrokerConfig,
    ) -> Broker {
        let mut broker = Broker {
            id,
            config: Rc::new(config.clone()),
            phase: Phase::Starting,
            control: ControlPlane::new(id, config),
            controller_epoch: ControllerEpoch(0),
            partitions: Replicas::new(),
            overrides: OrdMap::new(),
            awaiting: AwaitingSettings::default(),
            metadata: MetadataCache::default(),
            auto_creations: AutoCreations::default(),
            fetchers: BTreeMap::new(),
            failed_fetches: OrdSet::new(),
            isr_channel: IsrChannel::default(),
            producer_ids: ProducerIds::default(),
            produce_purgatory: Purgatory::default(),
            fetch_purgatory: Purgatory::default(),
            starts_asked: BTreeSet::new(),
            delete_purgatory: Purgatory::default(),
            fetch_sessions: FetchSessions::default(),
            unsettled: OrdSet::new(),
            next_correlation: 0,
            watermarks_changed: false,
            moved_watermarks: OrdSet::new(),
            watermarks_written: BTreeMap::new(),
            producers_checked: ctx.now,
            producers_rest: Rest::default(),
            retention_rests: Rest::default(),
            jitter_seed: ctx.random_u64(Stream::Log),
            points_written: BTreeMap::new(),
            starts_written: BTreeMap::new(),
            waste: Waste::default(),
            cleaner: LogCleaner::default(),
            log_dirs: LogDirs::new(&config.log_dirs),
            slow_disk: SlowDisk::default(),
            groups: GroupCoordinator::new(Rc::new(config.clone())),
            group_writes: Vec::new(),
        };
        if !broker.validate_log_dirs(ctx, disk) {
            return broker;
        }
        broker.open_logs(ctx, disk);
        broker.control.start(ctx);
        broker.arm_periodic(ctx);
        broker.arm_log_tasks(ctx);
        broker.start_cleaner(ctx, disk);
        broker.notice_failed_dirs(ctx, disk);
        broker.groups.start(ctx);
        broker
    }

    /// Opens what the directories hold that can be read.
    fn open_logs(&mut self, ctx: &mut Ctx<'_>, disk: &mut Disk) {
        for dir in self.log_dirs.live().to_vec() {
            self.open_logs_in(ctx, disk, &dir);
        }
        self.find_deleted_logs(ctx, disk);
    }

    fn open_logs_in(&mut self, ctx: &mut Ctx<'_>, disk: &mut Disk, dir: &str) {
        let marker = checkpoints::in_dir(dir, CLEAN_SHUTDOWN);
        let clean = disk.find(&marker).is_some();
        if clean {
            disk.delete(&marker);
        }
        let watermarks = checkpoints::high_watermarks(disk, dir);
        let recovery_points = checkpoints::recovery_points(disk, dir);
        let log_starts = checkpoints::log_starts(disk, dir);
        let config = Rc::new(TopicConfig::resolve(&self.config, &BTreeMap::new()));
        for id in partitions_in(disk, dir) {
            let recovery_point = recovery_points.get(&id).copied().unwrap_or(Offset(0));
            let log_start_offset = log_starts.get(&id).copied().unwrap_or(Offset(0));
            let opening = Opening { clean, recovery_point, log_start_offset };
            let (log, recovery) = Log::open_in(disk, dir, &id, &config, opening);
            let mut log = log.with_jitter_seed(self.jitter_seed);
            // What a snapshot has of silent producers is not loaded (`loadFromSnapshot`).
            log.expire_producers(ctx.wall_ms(), self.config.producer_id_expiration_ms);
            let checkpoint = watermarks.get(&id).copied().unwrap_or(Offset(0));
            let partition = Partition::new(id.clone(), log, config.clone(), checkpoint);
            ctx.emit(EventKind::LogRecovered {
                partition: id.clone(),
                log_end_offset: partition.log.log_end_offset(),
                high_watermark: partition.high_watermark,
                truncated_bytes: recovery.truncated_bytes,
                truncated_at: recovery.truncated_at,
                segment: recovery.segment,
                scanned: recovery.scanned,
            });
            self.partitions.insert(id.clone(), partition);
            self.remove_later(ctx, disk, &id);
        }
    }

    fn arm_periodic(&self, ctx: &mut Ctx<'_>) {
        let check = Micros(self.lag_max().0 / 2).max(Micros(1));
        ctx.set_timer(check, Timer { purpose: TimerPurpose::IsrCheck, tag: 0 });
        let checkpoint = Micros::from_ms(self.config.replica_high_watermark_checkpoint_interval_ms);
        ctx.set_timer(checkpoint, Timer { purpose: TimerPurpose::HighWatermarkCheckpoint, tag: 0 });
    }

    /// ZooKeeper has the broker's znode: it serves from now on.
    pub(super) fn registered(&mut self, ctx: &mut Ctx<'_>, disk: &mut Disk) {
        if self.phase == Phase::Starting {
            self.phase = Phase::Running;
            let cluster = self.control.cluster_id();
            for dir in self.log_dirs.live() {
                checkpoints::write_meta_properties(disk, dir, self.id, cluster, ctx.wall_ms());
            }
        }
    }

    /// A topic's settings were read from ZooKeeper.
    pub(super) fn topic_settings(&mut self, settings: TopicSettings) {
        let config = Rc::new(TopicConfig::resolve(&self.config, &settings.overrides));
        let ids: Vec<TopicPartition> =
            self.partitions.keys().filter(|id| id.topic == settings.topic).cloned().collect();
        for id in ids {
            if let Some(partition) = self.partitions.get_mut(&id) {
                partition.log.set_config(&config);
                partition.config = config.clone();
            }
        }
        self.overrides.insert(settings.topic, Rc::new(settings.overrides));
    }

    /// The broker's settings changed: so do those of topics that have no own (`DynamicLogConfig`).
    pub(super) fn broker_settings(&mut self, config: BrokerConfig) {
        self.config = Rc::new(config);
        self.groups.configure(self.config.clone());
        let topics: BTreeSet<TopicName> =
            self.partitions.keys().map(|id| id.topic.clone()).ordered();
        for topic in topics {
            let config = self.topic_config(&topic);
            let ids: Vec<TopicPartition> =
                self.partitions.keys().filter(|id| id.topic == topic).cloned().collect();
            for id in ids {
                if let Some(partition) = self.partitions.get_mut(&id) {
                    partition.log.set_config(&config);
                    partition.config = config.clone();
                }
            }
        }
    }

    /// The resolved settings of a topic.
    pub(super) fn topic_config(&self, topic: &TopicName) -> Rc<TopicConfig> {
        let none = BTreeMap::new();
        let own = self.overrides.get(topic).map_or(&none, |own| &**own);
        Rc::new(TopicConfig::resolve(&self.config, own))
    }
}

/// Partitions that have a directory in a log directory.
fn partitions_in(disk: &Disk, dir: &str) -> BTreeSet<TopicPartition> {
    disk.list(dir).iter().filter_map(|(path, _)| partition_of(&path[dir.len()..])).ordered()
}

/// `orders-0/…` is a file of `orders-0`.
fn partition_of(path: &str) -> Option<TopicPartition> {
    let (dir, _) = path.split_once('/')?;
    let (topic, partition) = dir.rsplit_once('-')?;
    let partition = partition.parse().ok()?;
    Some(TopicPartition::new(&TopicName::new(topic), PartitionId(partition)))
}
