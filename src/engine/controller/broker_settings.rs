//! Settings of brokers that change while they run (KIP-226, `DynamicBrokerConfig`).
//!
//! They stand under `/config/brokers`, for one broker or, as `<default>`, for all; a broker's own
//! win over the defaults, and both over what it was started with. A broker reads them before it
//! registers and after each notification, and applies what it can use; others it only keeps.

use crate::engine::config::BrokerConfig;
use crate::engine::config_def::Scope;
use crate::engine::controller::operation::ControllerEvent;
use crate::engine::controller::state_json::{self, ConfigEntity};
use crate::engine::controller::topic_config::Listening;
use crate::engine::controller::{ControlPlane, Notice, Tag};
use crate::engine::event::EventKind;
use crate::engine::ids::Text;
use crate::engine::node::Ctx;
use crate::engine::protocol::inter_broker::TopicOverrides;
use crate::engine::protocol::zk::{ZkError, ZkOp, ZkResult};

type Results = [Result<ZkResult, ZkError>];

/// Dynamic settings as a broker knows them.
#[derive(Clone, Debug, Default)]
pub struct DynamicSettings {
    /// Of this broker.
    pub own: TopicOverrides,
    /// Of all brokers.
    pub default: TopicOverrides,
}

impl DynamicSettings {
    /// What a broker started with `base` runs with. Settings that it has no use for, or that do not
    /// parse, are left out.
    #[must_use]
    pub fn over(&self, base: &BrokerConfig) -> BrokerConfig {
        let mut config = base.clone();
        for (key, value) in self.default.iter().chain(&self.own) {
            if is_dynamic(key) {
                let _kept_only = config.set(key, value);
            }
        }
        config
    }
}

/// Whether a setting can change while a broker runs (`DynamicBrokerConfig.AllDynamicConfigs`): the
/// defaults of topics' settings, and some of threads, cleaner and listeners.
#[must_use]
pub fn is_dynamic(key: &str) -> bool {
    Scope::Broker.find(key).is_some_and(|known| known.dynamic)
}

/// Whether a setting is one of a broker, and cannot change while it runs.
#[must_use]
pub fn is_fixed(key: &str) -> bool {
    BrokerConfig::KEYS.contains(&key) && !is_dynamic(key)
        || Scope::Broker.find(key).is_some_and(|known| !known.dynamic)
}

/// The broker's setting that is the default of a topic's (`ServerTopicConfigSynonyms`).
#[must_use]
pub fn broker_key(topic_key: &str) -> Option<&'static str> {
    let key = match topic_key {
        "cleanup.policy" => "log.cleanup.policy",
        "compression.type" => "compression.type",
        "compression.gzip.level" => "compression.gzip.level",
        "compression.lz4.level" => "compression.lz4.level",
        "compression.zstd.level" => "compression.zstd.level",
        "local.retention.bytes" => "log.local.retention.bytes",
        "local.retention.ms" => "log.local.retention.ms",
        "message.downconversion.enable" => "log.message.downconversion.enable",
        "message.format.version" => "log.message.format.version",
        "message.timestamp.difference.max.ms" => "log.message.timestamp.difference.max.ms",
        "preallocate" => "log.preallocate",
        "delete.retention.ms" => "log.cleaner.delete.retention.ms",
        "file.delete.delay.ms" => "log.segment.delete.delay.ms",
        "flush.messages" => "log.flush.interval.messages",
        "flush.ms" => "log.flush.interval.ms",
        "index.interval.bytes" => "log.index.interval.bytes",
        "max.compaction.lag.ms" => "log.cleaner.max.compaction.lag.ms",
        "max.message.bytes" => "message.max.bytes",
        "message.timestamp.after.max.ms" => "log.message.timestamp.after.max.ms",
        "message.timestamp.before.max.ms" => "log.message.timestamp.before.max.ms",
        "message.timestamp.type" => "log.message.timestamp.type",
        "min.cleanable.dirty.ratio" => "log.cleaner.min.cleanable.ratio",
        "min.compaction.lag.ms" => "log.cleaner.min.compaction.lag.ms",
        "min.insync.replicas" => "min.insync.replicas",
        "retention.bytes" => "log.retention.bytes",
        "retention.ms" => "log.retention.ms",
        "segment.bytes" => "log.segment.bytes",
        "segment.index.bytes" => "log.index.size.max.bytes",
        "segment.jitter.ms" => "log.roll.jitter.ms",
        "segment.ms" => "log.roll.ms",
        "unclean.leader.election.enable" => "unclean.leader.election.enable",
        _ => return None,
    };
    Some(key)
}

impl ControlPlane {
    /// The questions for the defaults and for this broker's own.
    pub(super) fn broker_settings_reads(&self) -> [ZkOp; 2] {
        [ConfigEntity::Broker(None), ConfigEntity::Broker(Some(self.broker))]
            .map(|entity| ZkOp::GetData { path: entity.path(), watch: false })
    }

    /// A notification says that brokers' settings changed.
    pub(super) fn read_broker_settings(&mut self, ctx: &mut Ctx) {
        let ops = self.broker_settings_reads().to_vec();
        self.zk.ask(ctx, Tag::Listening(Listening::BrokerSettings), ops);
    }

    /// Takes in brokers' settings as read, and applies them from now on.
    pub(super) fn learn_broker_settings(&mut self, ctx: &mut Ctx, results: &Results) {
        let read = |result: Option<&Result<ZkResult, ZkError>>| match result {
            Some(Ok(ZkResult::Data { data, .. })) => {
                state_json::read_config(data).unwrap_or_default()
            }
            _ => TopicOverrides::new(),
        };
        self.dynamic =
            DynamicSettings { default: read(results.first()), own: read(results.get(1)) };
        let config = self.dynamic.over(&self.started_with);
        if config == self.config {
            return;
        }
        let before = std::mem::replace(&mut self.config, config);
        for key in BrokerConfig::KEYS {
            let (old, new) = (before.get(key), self.config.get(key));
            if old != new {
                let (key, value) = (Text::from(*key), new.unwrap_or_default().into());
                ctx.emit(EventKind::BrokerConfigChanged { key, value });
            }
        }
        self.notices.push(Notice::BrokerSettings(Box::new(self.config.clone())));
        let allowed = self.config.unclean_leader_election_enable;
        if self.active && allowed && !before.unclean_leader_election_enable {
            self.enqueue(ctx, ControllerEvent::UncleanEnabled { topic: None });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> TopicOverrides {
        pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
    }

    #[test]
    fn a_brokers_own_settings_win_over_the_default_of_all() {
        let dynamic = DynamicSettings {
            own: settings(&[("min.insync.replicas", "3")]),
            default: settings(&[("min.insync.replicas", "2"), ("message.max.bytes", "99")]),
        };
        let config = dynamic.over(&BrokerConfig::default());
        assert_eq!((config.min_insync_replicas, config.message_max_bytes), (3, 99));
    }

    #[test]
    fn what_cannot_change_while_a_broker_runs_stays() {
        let dynamic = DynamicSettings {
            own: settings(&[("num.partitions", "7"), ("no.such.config", "1")]),
            default: TopicOverrides::new(),
        };
        assert_eq!(dynamic.over(&BrokerConfig::default()), BrokerConfig::default());
        assert!(is_fixed("num.partitions") && is_fixed("broker.id") && !is_fixed("no.such.config"));
    }

    #[test]
    fn every_setting_of_topics_has_its_default_among_the_brokers() {
        for key in crate::engine::config::TopicConfig::KEYS {
            let broker = broker_key(key).unwrap_or_else(|| panic!("{key} has no default"));
            assert!(BrokerConfig::KEYS.contains(&broker), "{broker}");
            assert!(is_dynamic(broker), "{broker}");
        }
    }
}
