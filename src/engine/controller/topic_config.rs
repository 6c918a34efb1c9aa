//! Settings of topics: how they change and how every broker hears of it (`ZkConfigManager`,
//! `ZkNodeChangeNotificationListener`, `ZkAdminManager.incrementalAlterConfigs`).
//!
//! Any broker writes `/config/topics/T` and then a numbered notification under `/config/changes`.
//! Every broker watches that, reads notifications that are newer than the last one it handled, and
//! then the settings themselves: the notification only names the topic.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ResponseError;
use kafka_protocol::messages::incremental_alter_configs_request::AlterConfigsResource;
use kafka_protocol::messages::incremental_alter_configs_response::AlterConfigsResourceResponse;
use kafka_protocol::messages::{IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse};

use crate::engine::config::TopicConfig;
use crate::engine::controller::failover::children;
use crate::engine::controller::operation::{Asker, ControllerEvent};
use crate::engine::controller::settings_rules::{self, Refused};
use crate::engine::controller::state_json::{
    self, CONFIG_CHANGE_PREFIX, CONFIG_CHANGES, config_path, topic_path,
};
use crate::engine::controller::{AdminTask, ControlPlane, Notice, Tag};
use crate::engine::event::EventKind;
use crate::engine::ids::{Text, TopicName};
use crate::engine::node::Ctx;
use crate::engine::ordered::Ordered;
use crate::engine::protocol::inter_broker::{TopicOverrides, TopicSettings};
use crate::engine::protocol::zk::{ZkError, ZkOp, ZkResult};
use crate::engine::protocol::{Payload, Response};

type Results = [Result<ZkResult, ZkError>];

/// `ConfigResource.Type.TOPIC`.
const TOPIC_RESOURCE: i8 = 2;

/// A question of the settings' listener, for its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listening {
    /// The notifications that there are.
    Changes,
    /// What these notifications say.
    Notifications,
    /// Settings of these topics. `changed`: they are new, so that events tell of them.
    Settings { topics: Vec<TopicName>, changed: bool },
}

/// Where an IncrementalAlterConfigs request stands.
#[derive(Clone, Debug)]
pub struct Alteration {
    asker: Asker,
    request: IncrementalAlterConfigsRequest,
    /// One per resource; `None` while it is open.
    answers: Vec<Option<(i16, Text)>>,
    /// Whether the writes have been asked for; before that, the reads.
    writing: bool,
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
                let topics: BTreeSet<TopicName> = results.iter().filter_map(named).ordered();
                self.read_settings(ctx, topics.into_iter().collect(), true);
            }
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

    /// An IncrementalAlterConfigs request: reads what there is.
    pub(super) fn alter_configs(
        &mut self,
        ctx: &mut Ctx,
        asker: Asker,
        request: IncrementalAlterConfigsRequest,
    ) {
        let mut answers = Vec::new();
        let mut ops = Vec::new();
        for resource in &request.resources {
            answers.push(refuse_resource(resource, &request.resources));
            let topic = TopicName::new(&resource.resource_name);
            ops.push(ZkOp::Exists { path: topic_path(&topic), watch: false });
            ops.push(ZkOp::GetData { path: config_path(&topic), watch: false });
        }
        let alteration = Alteration { asker, request, answers, writing: false };
        if ops.is_empty() {
            return alteration.answer(ctx);
        }
        let id = self.add_task(AdminTask::Alter(alteration));
        self.zk.ask(ctx, Tag::Admin(id), ops);
    }

    /// An answer of ZooKeeper for an alteration; returns it while it goes on.
    pub(super) fn alteration_answered(
        &mut self,
        ctx: &mut Ctx,
        id: u64,
        mut alteration: Alteration,
        results: &Results,
    ) -> Option<Alteration> {
        if alteration.writing {
            alteration.wrote(results);
            alteration.answer(ctx);
            return None;
        }
        let ops = alteration.decide(results);
        if ops.is_empty() {
            alteration.answer(ctx);
            return None;
        }
        alteration.writing = true;
        self.zk.ask(ctx, Tag::Admin(id), ops);
        Some(alteration)
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

impl Alteration {
    /// Checks each resource against what is there, and returns the writes of those that pass.
    fn decide(&mut self, results: &Results) -> Vec<ZkOp> {
        let mut ops = Vec::new();
        for (index, resource) in self.request.resources.iter().enumerate() {
            if self.answers[index].is_some() {
                continue;
            }
            let topic = TopicName::new(&resource.resource_name);
            let stored = results.get(index * 2 + 1);
            let merged =
                merge(resource, stored).and_then(|overrides| match results.get(index * 2) {
                    Some(Ok(_)) => Ok(overrides),
                    _ => Err(unknown_topic(&topic)),
                });
            match merged.and_then(|overrides| validated(&topic, overrides)) {
                Ok(_) if self.request.validate_only => self.answers[index] = Some((0, "".into())),
                Ok(overrides) => ops.extend(writes(&topic, &overrides, stored)),
                Err(refusal) => self.answers[index] = Some(refusal),
            }
        }
        ops
    }

    fn wrote(&mut self, results: &Results) {
        let mut pairs = results.chunks(2);
        for answer in self.answers.iter_mut().filter(|answer| answer.is_none()) {
            let done = pairs.next().is_some_and(|pair| pair.iter().all(Result::is_ok));
            let failed = ResponseError::UnknownServerError.code();
            *answer = Some((if done { 0 } else { failed }, "".into()));
        }
    }

    /// Answers; what is still open failed.
    pub(super) fn answer(self, ctx: &mut Ctx) {
        let unanswered = || (ResponseError::UnknownServerError.code(), Text::from(""));
        let rows = self.request.resources.iter().zip(self.answers).map(|(resource, answer)| {
            let (code, message) = answer.unwrap_or_else(unanswered);
            let message = (code != 0).then(|| message.to_string().into());
            AlterConfigsResourceResponse::default()
                .with_error_code(code)
                .with_error_message(message)
                .with_resource_type(resource.resource_type)
                .with_resource_name(resource.resource_name.clone())
        });
        let response = IncrementalAlterConfigsResponse::default().with_responses(rows.collect());
        let Asker { from, correlation, version } = self.asker;
        let body = Response::IncrementalAlterConfigs(response);
        ctx.send(from, Payload::Response { correlation, version, body });
    }
}

fn named(result: &Result<ZkResult, ZkError>) -> Option<TopicName> {
    match result {
        Ok(ZkResult::Data { data, .. }) => state_json::read_config_change(data),
        _ => None,
    }
}

/// What is wrong with a resource whatever the topic's settings are.
fn refuse_resource(
    resource: &AlterConfigsResource,
    all: &[AlterConfigsResource],
) -> Option<(i16, Text)> {
    let same = |other: &&AlterConfigsResource| {
        other.resource_type == resource.resource_type
            && other.resource_name == resource.resource_name
    };
    let names: BTreeSet<&str> = resource.configs.iter().map(|config| &*config.name).ordered();
    let nulls: Vec<&str> = resource
        .configs
        .iter()
        .filter(|config| config.value.is_none() && config.config_operation != DELETE)
        .map(|config| &*config.name)
        .collect();
    let message = if all.iter().filter(same).count() > 1 {
        "Each resource must appear at most once.".to_owned()
    } else if resource.resource_type != TOPIC_RESOURCE {
        let kind = resource.resource_type;
        format!("AlterConfigs is only supported for topics here, but resource type is {kind}")
    } else if names.len() < resource.configs.len() {
        "Error due to duplicate config keys".to_owned()
    } else if !nulls.is_empty() {
        format!("Null value not supported for : {}", nulls.join(","))
    } else if resource.resource_name.is_empty() {
        "Default topic resources are not allowed.".to_owned()
    } else {
        return None;
    };
    Some((ResponseError::InvalidRequest.code(), message.into()))
}

const SET: i8 = 0;
const DELETE: i8 = 1;
const APPEND: i8 = 2;
const SUBTRACT: i8 = 3;

/// A list with words appended that it does not have, or without words
/// (`ConfigAdminManager.prepareIncrementalConfigs`).
fn list_after(list: &str, words: &str, append: bool) -> String {
    let named: Vec<&str> = words.split(',').collect();
    let mut all: Vec<&str> = list.split(',').filter(|word| !word.is_empty()).collect();
    if append {
        let new: Vec<&str> = named.into_iter().filter(|word| !all.contains(word)).collect();
        all.extend(new);
    } else {
        all.retain(|word| !named.contains(word));
    }
    all.join(",")
}

/// The settings as they would be (`ConfigAdminManager.prepareIncrementalConfigs`).
fn merge(
    resource: &AlterConfigsResource,
    stored: Option<&Result<ZkResult, ZkError>>,
) -> Result<TopicOverrides, (i16, Text)> {
    let mut overrides = match stored {
        Some(Ok(ZkResult::Data { data, .. })) => state_json::read_config(data).unwrap_or_default(),
        _ => BTreeMap::new(),
    };
    for config in &resource.configs {
        let key: Text = (*config.name).into();
        match (config.config_operation, &config.value) {
            (SET, Some(value)) => {
                overrides.insert(key, (**value).into());
            }
            (DELETE, _) => {
                overrides.remove(&key);
            }
            (operation @ (APPEND | SUBTRACT), Some(value)) if settings_rules::is_list(&key) => {
                let own = overrides.get(&key).map(|own| own.to_string());
                let list = own.or_else(|| TopicConfig::default().get(&key)).unwrap_or_default();
                overrides.insert(key, list_after(&list, value, operation == APPEND).into());
            }
            (operation, _) => {
                let verb = if operation == APPEND { "append" } else { "subtract" };
                let text = format!("Config value {verb} is not allowed for config key: {key}");
                return Err((ResponseError::InvalidConfig.code(), text.into()));
            }
        }
    }
    Ok(overrides)
}

fn validated(topic: &TopicName, overrides: TopicOverrides) -> Result<TopicOverrides, (i16, Text)> {
    for (key, value) in &overrides {
        if let Err(refused) = settings_rules::check(key, value) {
            let words = refused.message();
            let words = match refused {
                Refused::Unknown(_) => words,
                Refused::Invalid(_) => format!(
                    "Invalid config value for resource ConfigResource(type=TOPIC, name='{topic}'): {words}"
                )
                .into(),
            };
            return Err((ResponseError::InvalidConfig.code(), words));
        }
    }
    Ok(overrides)
}

fn unknown_topic(topic: &TopicName) -> (i16, Text) {
    let text = format!("The topic '{topic}' does not exist.");
    (ResponseError::UnknownTopicOrPartition.code(), text.into())
}

/// The settings' znode, then the notification: who reads the one after the other sees the new data.
fn writes(
    topic: &TopicName,
    overrides: &TopicOverrides,
    stored: Option<&Result<ZkResult, ZkError>>,
) -> [ZkOp; 2] {
    let (path, data) = (config_path(topic), state_json::config(overrides));
    let settings = match stored {
        Some(Ok(_)) => ZkOp::SetData { path, data, version: -1 },
        _ => ZkOp::Create { path, data, ephemeral: false, sequential: false },
    };
    let notification = ZkOp::Create {
        path: format!("{CONFIG_CHANGES}/{CONFIG_CHANGE_PREFIX}").into(),
        data: state_json::config_change(topic),
        ephemeral: false,
        sequential: true,
    };
    [settings, notification]
}
