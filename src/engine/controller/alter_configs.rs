//! Settings of topics and brokers are changed (`ConfigAdminManager`, `ZkAdminManager.
//! incrementalAlterConfigs`, `alterConfigs`).
//!
//! IncrementalAlterConfigs names single changes, the older AlterConfigs everything that is to hold
//! from now on. Either way any broker writes the settings' znode and then a numbered notification;
//! settings of one broker are written by that broker alone.

use std::collections::BTreeSet;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::alter_configs_request::AlterableConfig as WholeConfig;
use kafka_protocol::messages::alter_configs_response::AlterConfigsResourceResponse as LegacyRow;
use kafka_protocol::messages::incremental_alter_configs_request::AlterableConfig;
use kafka_protocol::messages::incremental_alter_configs_response::AlterConfigsResourceResponse;
use kafka_protocol::messages::{
    AlterConfigsRequest, AlterConfigsResponse, IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
};
use kafka_protocol::protocol::StrBytes;

use crate::engine::config::{BrokerConfig, TopicConfig};
use crate::engine::controller::operation::Asker;
use crate::engine::controller::settings_rules::{self, Refused};
use crate::engine::controller::state_json::{
    self, BROKER_CONFIGS, CONFIG_CHANGE_PREFIX, CONFIG_CHANGES, ConfigEntity, topic_path,
};
use crate::engine::controller::{AdminTask, ControlPlane, Tag};
use crate::engine::ids::{BrokerId, Text, TopicName};
use crate::engine::node::Ctx;
use crate::engine::ordered::Ordered;
use crate::engine::protocol::inter_broker::TopicOverrides;
use crate::engine::protocol::zk::{ZkError, ZkOp, ZkResult};
use crate::engine::protocol::{Payload, Response};

type Results = [Result<ZkResult, ZkError>];
type Refusal = (i16, Text);

/// `ConfigResource.Type.TOPIC`.
pub(super) const TOPIC_RESOURCE: i8 = 2;
/// `ConfigResource.Type.BROKER`.
pub(super) const BROKER_RESOURCE: i8 = 4;

const SET: i8 = 0;
const DELETE: i8 = 1;
const APPEND: i8 = 2;

/// One change: the setting's name, what is done to it, and its value.
#[derive(Clone, Debug)]
struct Change {
    key: Text,
    operation: i8,
    value: Option<Text>,
}

impl Change {
    fn of(key: &str, operation: i8, value: Option<&StrBytes>) -> Self {
        Self { key: key.into(), operation, value: value.map(|value| (**value).into()) }
    }
}

/// One resource of a request.
#[derive(Clone, Debug)]
struct Resource {
    kind: i8,
    name: Text,
    changes: Vec<Change>,
    /// `None` while it is open.
    answer: Option<Refusal>,
}

impl Resource {
    fn of(kind: i8, name: &str, changes: Vec<Change>) -> Self {
        Self { kind, name: name.into(), changes, answer: None }
    }
}

/// Where an alteration stands.
#[derive(Clone, Debug)]
pub struct Alteration {
    asker: Asker,
    /// AlterConfigs: what is not named goes.
    replaces: bool,
    validate_only: bool,
    resources: Vec<Resource>,
    /// Whether the writes have been asked for; before that, the reads.
    writing: bool,
}

impl ControlPlane {
    /// An IncrementalAlterConfigs request.
    pub(super) fn alter_incrementally(
        &mut self,
        ctx: &mut Ctx,
        asker: Asker,
        request: &IncrementalAlterConfigsRequest,
    ) {
        let resources = request.resources.iter().map(|resource| {
            let change = |config: &AlterableConfig| {
                Change::of(&config.name, config.config_operation, config.value.as_ref())
            };
            let changes = resource.configs.iter().map(change).collect();
            Resource::of(resource.resource_type, &resource.resource_name, changes)
        });
        let (resources, validate_only) = (resources.collect(), request.validate_only);
        let alteration =
            Alteration { asker, replaces: false, validate_only, resources, writing: false };
        self.alter(ctx, alteration);
    }

    /// An AlterConfigs request.
    pub(super) fn alter_wholly(
        &mut self,
        ctx: &mut Ctx,
        asker: Asker,
        request: &AlterConfigsRequest,
    ) {
        let resources = request.resources.iter().map(|resource| {
            let change =
                |config: &WholeConfig| Change::of(&config.name, SET, config.value.as_ref());
            let changes = resource.configs.iter().map(change).collect();
            Resource::of(resource.resource_type, &resource.resource_name, changes)
        });
        let (resources, validate_only) = (resources.collect(), request.validate_only);
        let alteration =
            Alteration { asker, replaces: true, validate_only, resources, writing: false };
        self.alter(ctx, alteration);
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

    /// Reads what there is of the resources that can be changed.
    fn alter(&mut self, ctx: &mut Ctx, mut alteration: Alteration) {
        let mut ops = Vec::new();
        for index in 0..alteration.resources.len() {
            let answer = alteration.refuse(index, self.broker);
            let resource = &mut alteration.resources[index];
            resource.answer = answer;
            ops.push(ZkOp::Exists { path: resource.existence(), watch: false });
            ops.push(ZkOp::GetData { path: resource.entity().path(), watch: false });
        }
        if ops.is_empty() {
            return alteration.answer(ctx);
        }
        let id = self.add_task(AdminTask::Alter(alteration));
        self.zk.ask(ctx, Tag::Admin(id), ops);
    }
}

impl Alteration {
    /// What is wrong with a resource whatever its settings are (`ConfigAdminManager.preprocess`).
    fn refuse(&self, index: usize, broker: BrokerId) -> Option<Refusal> {
        let resource = &self.resources[index];
        let (kind, name) = (resource.kind, &*resource.name);
        let same = |other: &&Resource| other.kind == kind && *other.name == *name;
        let keys: BTreeSet<&Text> = resource.changes.iter().map(|change| &change.key).ordered();
        let nulls: Vec<&str> = resource
            .changes
            .iter()
            .filter(|change| change.value.is_none() && change.operation != DELETE)
            .map(|change| &*change.key)
            .collect();
        let message = if self.resources.iter().filter(same).count() > 1 {
            "Each resource must appear at most once.".to_owned()
        } else if keys.len() < resource.changes.len() {
            "Error due to duplicate config keys".to_owned()
        } else if !nulls.is_empty() {
            format!("Null value not supported for : {}", nulls.join(", "))
        } else {
            match (kind, name.parse::<i32>()) {
                (TOPIC_RESOURCE, _) if name.is_empty() => {
                    "Default topic resources are not allowed.".to_owned()
                }
                (TOPIC_RESOURCE, _) => return None,
                (BROKER_RESOURCE, _) if name.is_empty() => return None,
                (BROKER_RESOURCE, Ok(id)) if id == broker.0 => return None,
                (BROKER_RESOURCE, Ok(_)) => {
                    format!("Unexpected broker id, expected {broker}, but received {name}")
                }
                (BROKER_RESOURCE, Err(_)) => {
                    format!("Node id must be an integer, but it is: {name}")
                }
                _ => format!(
                    "AlterConfigs is only supported for topics and brokers, but resource type is {kind}"
                ),
            }
        };
        Some((ResponseError::InvalidRequest.code(), message.into()))
    }

    /// Checks each resource against what is there, and returns the writes of those that pass.
    fn decide(&mut self, results: &Results) -> Vec<ZkOp> {
        let mut ops = Vec::new();
        for (index, resource) in self.resources.iter_mut().enumerate() {
            if resource.answer.is_some() {
                continue;
            }
            let stored = results.get(index * 2 + 1);
            let there = matches!(results.get(index * 2), Some(Ok(_)));
            let before = match stored {
                Some(Ok(ZkResult::Data { data, .. })) if !self.replaces => {
                    state_json::read_config(data).unwrap_or_default()
                }
                _ => TopicOverrides::new(),
            };
            let merged = resource.merge(before).and_then(|merged| resource.validate(merged, there));
            match merged {
                Ok(_) if self.validate_only => resource.answer = Some((0, "".into())),
                Ok(merged) => ops.extend(writes(&resource.entity(), &merged, stored)),
                Err(refusal) => resource.answer = Some(refusal),
            }
        }
        ops
    }

    fn wrote(&mut self, results: &Results) {
        let mut pairs = results.chunks(2);
        for resource in self.resources.iter_mut().filter(|resource| resource.answer.is_none()) {
            let done = pairs.next().is_some_and(|pair| pair.iter().all(Result::is_ok));
            let failed = ResponseError::UnknownServerError.code();
            resource.answer = Some((if done { 0 } else { failed }, "".into()));
        }
    }

    /// Answers; what is still open failed.
    pub(super) fn answer(self, ctx: &mut Ctx) {
        let unanswered = || (ResponseError::UnknownServerError.code(), Text::from(""));
        let rows = self.resources.into_iter().map(|resource| {
            let (code, message) = resource.answer.unwrap_or_else(unanswered);
            let message: Option<kafka_protocol::protocol::StrBytes> =
                (code != 0).then(|| message.to_string().into());
            (code, message, resource.kind, resource.name.to_string())
        });
        let Asker { from, correlation, version } = self.asker;
        let body = if self.replaces {
            let rows = rows.map(|(code, message, kind, name)| {
                LegacyRow::default()
                    .with_error_code(code)
                    .with_error_message(message)
                    .with_resource_type(kind)
                    .with_resource_name(name.into())
            });
            let response = AlterConfigsResponse::default().with_responses(rows.collect());
            Response::AlterConfigs(response)
        } else {
            let rows = rows.map(|(code, message, kind, name)| {
                AlterConfigsResourceResponse::default()
                    .with_error_code(code)
                    .with_error_message(message)
                    .with_resource_type(kind)
                    .with_resource_name(name.into())
            });
            let response = IncrementalAlterConfigsResponse::default();
            Response::IncrementalAlterConfigs(response.with_responses(rows.collect()))
        };
        ctx.send(from, Payload::Response { correlation, version, body });
    }
}

impl Resource {
    /// Whose settings these are.
    fn entity(&self) -> ConfigEntity {
        match self.kind {
            BROKER_RESOURCE => ConfigEntity::Broker(self.name.parse().ok().map(BrokerId)),
            _ => ConfigEntity::Topic(TopicName::new(&self.name)),
        }
    }

    /// A znode that must exist.
    fn existence(&self) -> Text {
        match self.kind {
            BROKER_RESOURCE => BROKER_CONFIGS.into(),
            _ => topic_path(&TopicName::new(&self.name)),
        }
    }

    /// The settings as they would be (`ConfigAdminManager.prepareIncrementalConfigs`).
    fn merge(&self, mut settings: TopicOverrides) -> Result<TopicOverrides, Refusal> {
        for Change { key, operation, value } in &self.changes {
            match (*operation, value) {
                (SET, Some(value)) => {
                    settings.insert(key.clone(), value.clone());
                }
                (DELETE, _) => {
                    settings.remove(key);
                }
                (operation, value) => {
                    let value = value.as_deref().unwrap_or_default();
                    let list = self.list(key, operation, value, settings.get(key))?;
                    settings.insert(key.clone(), list);
                }
            }
        }
        Ok(settings)
    }

    /// A list with values put in or taken out.
    fn list(
        &self,
        key: &Text,
        operation: i8,
        value: &str,
        stored: Option<&Text>,
    ) -> Result<Text, Refusal> {
        let default = match self.kind {
            BROKER_RESOURCE => BrokerConfig::default().get(key),
            _ => TopicConfig::default().get(key),
        };
        if !matches!(&**key, "cleanup.policy" | "log.cleanup.policy") {
            let verb = if operation == APPEND { "append" } else { "subtract" };
            let text = format!("Config value {verb} is not allowed for config key: {key}");
            return Err((ResponseError::InvalidConfig.code(), text.into()));
        }
        let old = stored.map(ToString::to_string).or(default).unwrap_or_default();
        let old: Vec<&str> = old.split(',').filter(|value| !value.is_empty()).collect();
        let named: Vec<&str> = value.split(',').collect();
        let new: Vec<&str> = if operation == APPEND {
            let more = named.into_iter().filter(|value| !old.contains(value));
            old.iter().copied().chain(more).collect()
        } else {
            old.into_iter().filter(|value| !named.contains(value)).collect()
        };
        Ok(new.join(",").into())
    }

    fn validate(&self, settings: TopicOverrides, there: bool) -> Result<TopicOverrides, Refusal> {
        if self.kind == BROKER_RESOURCE {
            settings_rules::check_broker(&settings)
                .map_err(|words| (ResponseError::InvalidRequest.code(), words))?;
            return Ok(settings);
        }
        let topic = &self.name;
        if !there {
            let text = format!("The topic '{topic}' does not exist.");
            return Err((ResponseError::UnknownTopicOrPartition.code(), text.into()));
        }
        if let Err(refused) = settings_rules::check_topic(&settings) {
            let words = match refused {
                Refused::Unknown(words) | Refused::Conflict(words) => words,
                Refused::Invalid(words) => format!(
                    "Invalid config value for resource ConfigResource(type=TOPIC, name='{topic}'): {words}"
                )
                .into(),
            };
            return Err((ResponseError::InvalidConfig.code(), words));
        }
        Ok(settings)
    }
}

/// The settings' znode, then the notification: who reads the one after the other sees the new data.
fn writes(
    entity: &ConfigEntity,
    settings: &TopicOverrides,
    stored: Option<&Result<ZkResult, ZkError>>,
) -> [ZkOp; 2] {
    let (path, data) = (entity.path(), state_json::config(settings));
    let write = match stored {
        Some(Ok(_)) => ZkOp::SetData { path, data, version: -1 },
        _ => ZkOp::Create { path, data, ephemeral: false, sequential: false },
    };
    let notification = ZkOp::Create {
        path: format!("{CONFIG_CHANGES}/{CONFIG_CHANGE_PREFIX}").into(),
        data: state_json::config_change(entity),
        ephemeral: false,
        sequential: true,
    };
    [write, notification]
}
