//! Topics' settings change and every broker hears of it (`ZkConfigManager`,
//! `ZkNodeChangeNotificationListener`).
//!
//! Who changes settings writes their znode and then a numbered notification under `/config/changes`.
//! Every broker watches that, reads notifications that are newer than the last one it handled, and
//! then the settings themselves: the notification only says whose they are.

use std::collections::BTreeSet;

use crate::engine::config::TopicConfig;
use crate::engine::controller::failover::children;
use crate::engine::controller::operation::ControllerEvent;
use crate::engine::controller::state_json::{
    self, CONFIG_CHANGE_PREFIX, CONFIG_CHANGES, ConfigEntity, config_path,
};
use crate::engine::controller::{ControlPlane, Notice, Tag};
use crate::engine::event::EventKind;
use crate::engine::ids::{Text, TopicName};
use crate::engine::node::Ctx;
use crate::engine::ordered::Ordered;
use crate::engine::protocol::inter_broker::{TopicOverrides, TopicSettings};
use crate::engine::protocol::zk::{ZkError, ZkOp, ZkResult};

type Results = [Result<ZkResult, ZkError>];

/// A question of the settings' listener, for its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listening {
    /// The notifications that there are.
    Changes,
    /// What these notifications say.
    Notifications,
    /// Settings of this broker and of all.
    BrokerSettings,
    /// Settings of these topics. `changed`: they are new, so that events tell of them.
    Settings { topics: Vec<TopicName>, changed: bool },
}

impl ControlPlane {
    /// Reads settings of topics that this broker is about to hold: one [`Notice::TopicSettings`]
    /// follows for each, or [`Notice::SessionLost`] (`LogManager.fetchLogConfig` reads them as it
    /// makes a log).
    pub fn fetch_topic_settings(&mut self, ctx: &mut Ctx, topics: &[TopicName]) {
        self.read_settings(ctx, topics.to_vec(), false);
    }

    pub(super) fn watch_config_changes(&mut self, ctx: &mut Ctx) {
        let list = ZkOp::GetChildren { path: CONFIG_CHANGES.into(), watch: true };
        self.zk.ask(ctx, Tag::Listening(Listening::Changes), vec![list]);
    }

    pub(super) fn on_listening(&mut self, ctx: &mut Ctx, step: Listening, results: &Results) {
        match step {
            Listening::Changes => self.found_changes(ctx, results),
            Listening::Notifications => {
                let mut topics: BTreeSet<TopicName> = BTreeSet::new();
                let mut brokers = false;
                for entity in results.iter().filter_map(named) {
                    match entity {
                        ConfigEntity::Topic(topic) => {
                            topics.insert(topic);
                        }
                        ConfigEntity::Broker(_) => brokers = true,
                    }
                }
                if brokers {
                    self.read_broker_settings(ctx);
                }
                self.read_settings(ctx, topics.into_iter().collect(), true);
            }
            Listening::BrokerSettings => self.learn_broker_settings(ctx, results),
            Listening::Settings { topics, changed } => {
                for (topic, result) in topics.iter().zip(results) {
                    let before = self.settings.get(topic).cloned().unwrap_or_default();
                    self.learn_settings(topic, result);
                    if changed {
                        self.tell_changes(ctx, topic, &before);
                        self.unclean_allowed_by(ctx, topic);
                    }
                }
            }
        }
    }

    /// Takes in a topic's settings as read from its znode; a topic without one has none.
    pub(super) fn learn_settings(&mut self, topic: &TopicName, result: &Result<ZkResult, ZkError>) {
        let overrides = match result {
            Ok(ZkResult::Data { data, .. }) => state_json::read_config(data).unwrap_or_default(),
            _ => TopicOverrides::new(),
        };
        self.settings.insert(topic.clone(), overrides.clone());
        let settings = TopicSettings { topic: topic.clone(), overrides };
        self.notices.push(Notice::TopicSettings(settings));
    }

    fn found_changes(&mut self, ctx: &mut Ctx, results: &Results) {
        let names = children(results.first());
        let number = |name: &Text| -> Option<i64> {
            name.strip_prefix(CONFIG_CHANGE_PREFIX).and_then(|digits| digits.parse().ok())
        };
        let seen = self.last_change;
        let new: Vec<&Text> =
            names.iter().filter(|name| number(name).is_some_and(|n| Some(n) > seen)).collect();
        let first_look = seen.is_none();
        self.last_change = names.iter().filter_map(number).max().or(seen).or(Some(-1));
        // What a broker finds at its start it has read already, with the topics' settings.
        if !first_look && !new.is_empty() {
            let path = |name: &&Text| format!("{CONFIG_CHANGES}/{name}").into();
            let read = |name| ZkOp::GetData { path: path(name), watch: false };
            let ops = new.iter().map(read).collect();
            self.zk.ask(ctx, Tag::Listening(Listening::Notifications), ops);
        }
    }

    fn read_settings(&mut self, ctx: &mut Ctx, topics: Vec<TopicName>, changed: bool) {
        if topics.is_empty() {
            return;
        }
        let read = |topic| ZkOp::GetData { path: config_path(topic), watch: false };
        let ops = topics.iter().map(read).collect();
        self.zk.ask(ctx, Tag::Listening(Listening::Settings { topics, changed }), ops);
    }

    /// A leaderless partition need not wait any longer (`TopicConfigHandler.processConfigChanges`).
    fn unclean_allowed_by(&mut self, ctx: &mut Ctx, topic: &TopicName) {
        let own =
            self.settings.get(topic).and_then(|own| own.get("unclean.leader.election.enable"));
        if self.active && own.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            let topic = Some(topic.clone());
            self.enqueue(ctx, ControllerEvent::UncleanEnabled { topic });
        }
    }

    /// One event per setting that is another than before, with the value that holds now.
    fn tell_changes(&mut self, ctx: &mut Ctx, topic: &TopicName, before: &TopicOverrides) {
        let now = self.settings.get(topic).cloned().unwrap_or_default();
        let resolved = TopicConfig::resolve(&self.config, &now);
        let keys: BTreeSet<&Text> = before.keys().chain(now.keys()).ordered();
        for key in keys {
            if before.get(key) != now.get(key) {
                let value = resolved.get(key).unwrap_or_default().into();
                let (topic, key) = (topic.clone(), key.clone());
                ctx.emit(EventKind::TopicConfigChanged { topic, key, value });
            }
        }
    }
}

fn named(result: &Result<ZkResult, ZkError>) -> Option<ConfigEntity> {
    match result {
        Ok(ZkResult::Data { data, .. }) => state_json::read_config_change(data),
        _ => None,
    }
}
