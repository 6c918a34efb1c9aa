//! A seed's plan: a world, its topics, its clients, then faults, then everything healed.

use crate::engine::command::{
    Acks, Command, Compression, ConsumerSpec, Keys, Placement, ProducerSpec, TimedCommand,
};
use crate::engine::config::{LinkConfig, WorldConfig};
use crate::engine::ids::{BrokerId, Text, TopicName};
use crate::engine::setting::CommitMode;
use crate::engine::time::Micros;
use crate::scenario::ast::{Moment, Scenario};
use crate::simulate::chance::Chance;
use crate::simulate::faults;
use crate::simulate::power::PowerCut;

/// When the faults begin, in ms. Members of groups join for a while after it.
pub(super) const FAULTS_FROM_MS: u64 = 3_000;
/// When everything is healed and started, in ms.
pub(super) const HEALED_MS: u64 = 24_000;
/// How long a healed cluster may take until all is well, in ms: sessions end, brokers start again,
/// leaders are elected, followers and consumers catch up, groups that commit record by record too.
pub(super) const BOUND_MS: u64 = 120_000;

/// What a seed asks for.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The world and its commands, in order of time, but for the power loss.
    pub scenario: Scenario,
    /// When the power goes, if it does.
    pub power: Option<PowerCut>,
}

impl Plan {
    /// All of it as a scenario: the power loss too, worked out by a run up to there.
    #[must_use]
    pub fn written(&self) -> Scenario {
        match self.power {
            Some(power) => power.work_out(&self.scenario),
            None => self.scenario.clone(),
        }
    }
}

/// A topic of the plan.
pub(super) struct Topic {
    pub(super) name: TopicName,
    pub(super) replication_factor: u64,
    pub(super) partitions: u64,
}

/// Makes a seed's plan.
#[must_use]
pub fn plan(seed: u64) -> Plan {
    let mut chance = Chance::new(seed);
    let config = world(&mut chance, seed);
    let mut scenario = Scenario { config, ..Scenario::default() };
    let topics = topics(&mut chance, &mut scenario);
    clients(&mut chance, &mut scenario, &topics);
    let power = chance.one_in(6).then(|| faults::power(&mut chance, &mut scenario));
    faults::add(&mut chance, &mut scenario, &topics);
    scenario.commands.sort_by_key(|timed| timed.at);
    let at = Micros::from_ms(ms(HEALED_MS + BOUND_MS));
    scenario.until = Some(Moment { at, before: None });
    Plan { scenario, power }
}

pub(super) fn ms(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

pub(super) fn give(scenario: &mut Scenario, at_ms: u64, command: Command) {
    let at = Micros::from_ms(ms(at_ms));
    scenario.commands.push(TimedCommand { at, before: None, command });
}

fn world(chance: &mut Chance, seed: u64) -> WorldConfig {
    let latency = Micros(chance.between(100, 3_000));
    let jitter = Micros(chance.pick(&[0, 100, 2_000]));
    let mut config = WorldConfig {
        seed,
        brokers: chance.pick(&[1, 2, 3, 3, 3, 3, 4, 5]),
        link: LinkConfig { latency, jitter },
        ..WorldConfig::default()
    };
    let broker = &mut config.broker;
    broker.replica_lag_time_max_ms = ms(chance.between(1_000, 5_000));
    broker.zookeeper_session_timeout_ms = ms(chance.between(2_000, 6_000));
    broker.replica_fetch_wait_max_ms = ms(chance.pick(&[100, 500, 500]));
    broker.replica_fetch_max_bytes = ms(chance.pick(&[200, 2_000, 1_048_576]));
    broker.replica_high_watermark_checkpoint_interval_ms = ms(chance.pick(&[1_000, 5_000]));
    // Kafka's own intervals are minutes: too long for a plan.
    broker.log_initial_task_delay_ms = ms(chance.between(2_000, 9_000));
    broker.log_retention_check_interval_ms = ms(chance.between(2_000, 9_000));
    broker.log_flush_offset_checkpoint_interval_ms = ms(chance.between(2_000, 9_000));
    broker.log_flush_start_offset_checkpoint_interval_ms = ms(chance.between(2_000, 9_000));
    broker.log_cleaner_backoff_ms = ms(chance.between(1_000, 9_000));
    if chance.one_in(6) {
        let set = broker.set("log.dirs", "d1,d2");
        debug_assert!(set.is_ok(), "log.dirs is a list");
    }
    broker.offsets_topic_num_partitions = ms(chance.pick(&[1, 3]));
    broker.offsets_topic_replication_factor = i64::from(config.brokers.min(3));
    broker.group_initial_rebalance_delay_ms = ms(chance.pick(&[0, 500, 3_000]));
    config
}

fn topics(chance: &mut Chance, scenario: &mut Scenario) -> Vec<Topic> {
    let brokers = u64::from(scenario.config.brokers);
    let mut topics = Vec::new();
    for index in 0..chance.between(1, 2) {
        let name = TopicName::new(&format!("t{index}"));
        let replication_factor = chance.between(1, brokers.min(3)).max(brokers.min(2));
        let mut configs: Vec<(Text, Text)> = Vec::new();
        let mut set = |key: &str, value: u64| configs.push((key.into(), value.to_string().into()));
        if chance.one_in(2) {
            set("min.insync.replicas", chance.between(1, replication_factor));
        }
        if chance.one_in(2) {
            set("segment.bytes", chance.pick(&[1_000, 5_000, 50_000]));
        }
        if chance.one_in(2) {
            set("index.interval.bytes", chance.pick(&[0, 200, 1_000]));
        }
        if chance.one_in(8) {
            configs.push(("unclean.leader.election.enable".into(), "true".into()));
        }
        if chance.one_in(6) {
            configs.push(("flush.messages".into(), chance.pick(&["1", "20"]).into()));
        }
        if chance.one_in(6) {
            configs.push(("cleanup.policy".into(), "compact".into()));
            configs.push(("min.cleanable.dirty.ratio".into(), "0.1".into()));
        }
        let partitions = chance.between(1, 3);
        let (placement, partitions) = match chance.one_in(3) {
            true => (assigned(chance, brokers, replication_factor), 1),
            false => {
                let replication_factor = u16::try_from(replication_factor).unwrap_or(1);
                let count = u32::try_from(partitions).unwrap_or(1);
                let placement = Placement::Automatic { partitions: count, replication_factor };
                (placement, partitions)
            }
        };
        let topic = name.clone();
        give(scenario, 1_000, Command::CreateTopic { topic, placement, configs });
        topics.push(Topic { name, replication_factor, partitions });
    }
    topics
}

/// One partition whose replicas start anywhere.
fn assigned(chance: &mut Chance, brokers: u64, replication_factor: u64) -> Placement {
    let first = chance.below(brokers);
    let id = |k| BrokerId(i32::try_from((first + k) % brokers + 1).unwrap_or(1));
    Placement::Assigned(vec![(0..replication_factor).map(id).collect()])
}

fn clients(chance: &mut Chance, scenario: &mut Scenario, topics: &[Topic]) {
    for index in 0..chance.between(1, 3) {
        let topic = usize::try_from(chance.below(topics.len() as u64)).unwrap_or(0);
        let mut spec = ProducerSpec::new(&topics[topic].name);
        spec.acks = chance.pick(&[Acks::None, Acks::Leader, Acks::All, Acks::All]);
        spec.keys = chance.pick(&[Keys::None, Keys::Cycle(5)]);
        spec.rate = u32::try_from(chance.between(2, 40)).unwrap_or(1);
        spec.limit = u64::from(spec.rate) * 18;
        spec.value_bytes = u32::try_from(chance.pick(&[0, 10, 100])).unwrap_or(0);
        spec.batch_size = u32::try_from(chance.pick(&[100, 1_000, 16_384])).unwrap_or(16_384);
        spec.linger_ms = ms(chance.pick(&[0, 0, 5, 50]));
        spec.request_timeout_ms = ms(chance.pick(&[500, 2_000, 30_000]));
        spec.delivery_timeout_ms = spec.request_timeout_ms + ms(chance.pick(&[1_000, 60_000]));
        spec.max_in_flight = u32::try_from(chance.between(1, 5)).unwrap_or(1);
        spec.enable_idempotence = chance.pick(&[None, None, Some(false)]);
        spec.compression = chance.pick(&[Compression::None, Compression::Lz4, Compression::Gzip]);
        let name = format!("p{index}").into();
        give(scenario, 2_000 + chance.below(500), Command::AddProducer { name, spec });
    }
    groups(chance, scenario, topics);
    for index in 0..chance.between(0, 2) {
        let topic = usize::try_from(chance.below(topics.len() as u64)).unwrap_or(0);
        let mut spec = ConsumerSpec::new(&topics[topic].name);
        spec.max_partition_fetch_bytes = chance.pick(&[200, 1_048_576]);
        let name = format!("c{index}").into();
        give(scenario, 2_600 + chance.below(300), Command::AddConsumer { name, spec });
    }
}

/// Two groups at most, of up to three members each, all of a group alike but for static ids.
fn groups(chance: &mut Chance, scenario: &mut Scenario, topics: &[Topic]) {
    for group in 0..chance.pick(&[0, 0, 1, 1, 2]) {
        let topic = usize::try_from(chance.below(topics.len() as u64)).unwrap_or(0);
        let mut spec = ConsumerSpec::new(&topics[topic].name);
        spec.group = format!("g{group}").into();
        spec.assignors = chance
            .pick(&[
                "range",
                "roundrobin",
                "sticky",
                "cooperative-sticky",
                "range,cooperative-sticky",
            ])
            .into();
        spec.session_timeout_ms = chance.pick(&[6_000, 10_000]);
        spec.heartbeat_interval_ms = chance.pick(&[500, 2_000]);
        spec.max_poll_interval_ms = chance.pick(&[6_000, 20_000]);
        spec.max_poll_records = chance.pick(&[5, 50, 500]);
        spec.auto_commit_interval_ms = chance.pick(&[500, 5_000]);
        spec.commit = chance.pick(&[
            CommitMode::Auto,
            CommitMode::Before,
            CommitMode::After,
            CommitMode::Sync,
            CommitMode::Sync,
            CommitMode::Async,
        ]);
        spec.work_ms = chance.pick(&[0, 0, 1, 5]);
        // A commit for each record takes its time: a poll of few is worked on before the next is due.
        if matches!(spec.commit, CommitMode::Before | CommitMode::After) {
            spec.max_poll_records = chance.pick(&[5, 50]);
            spec.work_ms = 0;
        }
        // Small, but not one record at a time: a fetch of idle partitions alone waits `fetch.max.wait.ms`.
        spec.max_partition_fetch_bytes = chance.pick(&[20_000, 1_048_576]);
        // New partitions are seen when metadata is asked for anew: five minutes by default.
        spec.metadata_max_age_ms = 5_000;
        let keeps_place = chance.one_in(4);
        for member in 0..chance.between(1, 3) {
            let mut spec = spec.clone();
            if keeps_place {
                spec.instance = format!("i{member}").into();
            }
            let name = format!("m{group}{member}").into();
            give(scenario, 2_500 + chance.below(9_000), Command::AddConsumer { name, spec });
        }
    }
}
