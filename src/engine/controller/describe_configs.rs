//! DescribeConfigs: which settings hold for a topic or a broker, and where each comes from
//! (`ConfigHelper`). Only settings that are modelled are told.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
};
use kafka_protocol::messages::{DescribeConfigsRequest, DescribeConfigsResponse};

use crate::engine::config::{BrokerConfig, TopicConfig};
use crate::engine::controller::alter_configs::{BROKER_RESOURCE, TOPIC_RESOURCE};
use crate::engine::controller::broker_settings::{broker_key, is_dynamic};
use crate::engine::controller::operation::Asker;
use crate::engine::controller::state_json::{config_path, read_config};
use crate::engine::controller::topic_name;
use crate::engine::controller::{AdminTask, ControlPlane, Tag};
use crate::engine::ids::{BrokerId, Text, TopicName};
use crate::engine::node::Ctx;
use crate::engine::ordered::Ordered;
use crate::engine::protocol::inter_broker::TopicOverrides;
use crate::engine::protocol::zk::{ZkError, ZkOp, ZkResult};
use crate::engine::protocol::{Payload, Response};

/// Where a value comes from (`DescribeConfigsResponse.ConfigSource`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Topic = 1,
    Broker = 2,
    DefaultBroker = 3,
    Static = 4,
    Default = 5,
}

/// A value, under a name that it has somewhere.
#[derive(Clone, Debug)]
struct Synonym {
    name: Text,
    value: Option<Text>,
    source: Source,
}

/// A DescribeConfigs request whose topics' settings are being read.
#[derive(Clone, Debug)]
pub struct Description {
    asker: Asker,
    request: DescribeConfigsRequest,
    /// The topics asked for that this broker's clients see.
    topics: Vec<TopicName>,
}

impl ControlPlane {
    /// A DescribeConfigs request. `exists`: whether this broker's clients see a topic.
    pub fn describe_configs(
        &mut self,
        ctx: &mut Ctx,
        asker: Asker,
        request: DescribeConfigsRequest,
        exists: impl Fn(&TopicName) -> bool,
    ) {
        let asked = request.resources.iter().filter(|r| r.resource_type == TOPIC_RESOURCE);
        let names = asked.map(|resource| TopicName::new(&resource.resource_name));
        let topics: Vec<TopicName> = names.filter(|topic| exists(topic)).collect();
        let read = |topic| ZkOp::GetData { path: config_path(topic), watch: false };
        let ops: Vec<ZkOp> = topics.iter().map(read).collect();
        let description = Description { asker, request, topics };
        if ops.is_empty() {
            return self.tell_configs(ctx, &description, &[]);
        }
        let id = self.add_task(AdminTask::Describe(description));
        self.zk.ask(ctx, Tag::Admin(id), ops);
    }

    /// The topics' settings are read.
    pub(super) fn tell_configs(
        &self,
        ctx: &mut Ctx,
        description: &Description,
        results: &[Result<ZkResult, ZkError>],
    ) {
        let own = description.topics.iter().zip(results).map(|(topic, result)| {
            let own = match result {
                Ok(ZkResult::Data { data, .. }) => read_config(data).unwrap_or_default(),
                _ => TopicOverrides::new(),
            };
            (topic.clone(), own)
        });
        let own: BTreeMap<TopicName, TopicOverrides> = own.ordered();
        let request = &description.request;
        let rows = request.resources.iter().map(|resource| {
            let row = DescribeConfigsResult::default()
                .with_resource_type(resource.resource_type)
                .with_resource_name(resource.resource_name.clone());
            match self.described(resource, &own) {
                Ok(settings) => {
                    let told = settings.into_iter().map(|s| s.told(request.include_synonyms));
                    row.with_configs(told.collect())
                }
                Err((error, words)) => row
                    .with_error_code(error.code())
                    .with_error_message(words.map(|words| words.to_string().into())),
            }
        });
        let response = DescribeConfigsResponse::default().with_results(rows.collect());
        let Asker { from, correlation, version } = description.asker;
        let body = Response::DescribeConfigs(response);
        ctx.send(from, Payload::Response { correlation, version, body });
    }

    fn described(
        &self,
        resource: &DescribeConfigsResource,
        topics: &BTreeMap<TopicName, TopicOverrides>,
    ) -> Result<Vec<Setting>, (ResponseError, Option<Text>)> {
        let name = &*resource.resource_name;
        let wanted = |key: &str| {
            let keys = resource.configuration_keys.as_ref();
            keys.is_none_or(|keys| keys.iter().any(|wanted| **wanted == *key))
        };
        let invalid = |words: String| Err((ResponseError::InvalidRequest, Some(words.into())));
        match (resource.resource_type, name.parse::<i32>()) {
            (TOPIC_RESOURCE, _) => {
                if let Some(words) = topic_name::illegal(name) {
                    return Err((ResponseError::InvalidTopicException, Some(words)));
                }
                match topics.get(&TopicName::new(name)) {
                    Some(own) => Ok(self.topic_settings(own, wanted)),
                    None => Err((ResponseError::UnknownTopicOrPartition, None)),
                }
            }
            (BROKER_RESOURCE, _) if name.is_empty() => Ok(self.default_settings(wanted)),
            (BROKER_RESOURCE, Ok(id)) if BrokerId(id) == self.broker => {
                Ok(self.broker_settings(wanted))
            }
            (BROKER_RESOURCE, Ok(_)) => invalid(format!(
                "Unexpected broker id, expected {} or empty string, but received {name}",
                self.broker
            )),
            (BROKER_RESOURCE, Err(_)) => {
                invalid(format!("Broker id must be an integer, but it is: {name}"))
            }
            (kind, _) => invalid(format!("Unsupported resource type: {kind}")),
        }
    }

    fn topic_settings(&self, own: &TopicOverrides, wanted: impl Fn(&str) -> bool) -> Vec<Setting> {
        let resolved = TopicConfig::resolve(&self.config, own);
        let setting = |key: &&'static str| {
            let mut synonyms = Vec::new();
            if let Some(value) = own.get(*key) {
                let (name, value) = ((*key).into(), Some(value.clone()));
                synonyms.push(Synonym { name, value, source: Source::Topic });
            }
            synonyms.extend(broker_key(key).map(|key| self.synonyms(key)).unwrap_or_default());
            let value = own.get(*key).cloned().or_else(|| resolved.get(key).map(Text::from));
            Setting { name: (*key).into(), value, synonyms, read_only: false, sensitive: false }
        };
        TopicConfig::KEYS.iter().filter(|key| wanted(key)).map(setting).collect()
    }

    fn broker_settings(&self, wanted: impl Fn(&str) -> bool) -> Vec<Setting> {
        let kept = |key: &str| !key.starts_with("lab.");
        let modelled = BrokerConfig::KEYS.iter().filter(|key| kept(key)).map(|key| Setting {
            name: (*key).into(),
            value: self.config.get(key).filter(|value| !value.is_empty()).map(Text::from),
            synonyms: self.synonyms(key),
            read_only: !is_dynamic(key),
            sensitive: false,
        });
        let others = self.dynamic.own.keys().chain(self.dynamic.default.keys());
        let mut settings: Vec<Setting> = modelled.collect();
        for key in others {
            if settings.iter().all(|setting| setting.name != *key) {
                settings.push(self.unknown(key, self.synonyms(key)));
            }
        }
        settings.retain(|setting| wanted(&setting.name));
        settings.sort_by(|a, b| a.name.cmp(&b.name));
        settings
    }

    /// Only what is set as the default of all brokers.
    fn default_settings(&self, wanted: impl Fn(&str) -> bool) -> Vec<Setting> {
        let set = self.dynamic.default.iter().filter(|(key, _)| wanted(key));
        let setting = |(key, value): (&Text, &Text)| {
            let value = Some(value.clone());
            let synonym =
                Synonym { name: key.clone(), value: value.clone(), source: Source::DefaultBroker };
            let known = is_dynamic(key) || BrokerConfig::KEYS.contains(&&**key);
            if !known {
                return self.unknown(key, vec![synonym]);
            }
            let mut synonyms = vec![synonym];
            synonyms.extend(self.fixed_synonyms(key));
            Setting { name: key.clone(), value, synonyms, read_only: false, sensitive: false }
        };
        set.map(setting).collect()
    }

    /// A setting that Kafka does not know is taken for a secret, and its value is not told.
    fn unknown(&self, key: &Text, synonyms: Vec<Synonym>) -> Setting {
        let known = is_dynamic(key);
        let first = synonyms.first().and_then(|synonym| synonym.value.clone());
        let hidden = |synonym: Synonym| match known {
            true => synonym,
            false => Synonym { value: None, ..synonym },
        };
        Setting {
            name: key.clone(),
            value: first.filter(|_| known),
            synonyms: synonyms.into_iter().map(hidden).collect(),
            read_only: false,
            sensitive: !known,
        }
    }

    /// A broker's setting wherever it is set, what holds first.
    fn synonyms(&self, key: &str) -> Vec<Synonym> {
        let dynamic =
            [(&self.dynamic.own, Source::Broker), (&self.dynamic.default, Source::DefaultBroker)];
        let set = dynamic.into_iter().filter_map(|(settings, source)| {
            let value = Some(settings.get(key)?.clone());
            Some(Synonym { name: key.into(), value, source })
        });
        set.chain(self.fixed_synonyms(key)).collect()
    }

    /// What the broker was started with, and what it would be without.
    fn fixed_synonyms(&self, key: &str) -> Vec<Synonym> {
        let default = default_of(key);
        let started = self.started_with.get(key).filter(|value| !value.is_empty());
        let mut synonyms = Vec::new();
        let mut add = |value: Option<String>, source| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                synonyms.push(Synonym { name: key.into(), value: Some(value.into()), source });
            }
        };
        if started.is_some() && started != default {
            add(started, Source::Static);
        }
        add(default, Source::Default);
        synonyms
    }
}

/// Kafka's default of a broker's setting, also of some that are not modelled.
fn default_of(key: &str) -> Option<String> {
    match key {
        "log.cleaner.threads" => Some("1".into()),
        "background.threads" => Some("10".into()),
        "num.io.threads" => Some("8".into()),
        "num.network.threads" => Some("3".into()),
        "num.recovery.threads.per.data.dir" | "num.replica.fetchers" => Some("1".into()),
        _ => BrokerConfig::default().get(key),
    }
}

/// One setting as it is told.
#[derive(Clone, Debug)]
struct Setting {
    name: Text,
    value: Option<Text>,
    synonyms: Vec<Synonym>,
    read_only: bool,
    sensitive: bool,
}

impl Setting {
    fn told(self, with_synonyms: bool) -> DescribeConfigsResourceResult {
        let source = self.synonyms.first().map_or(Source::Default, |synonym| synonym.source);
        let wire = |text: &Text| text.to_string().into();
        let synonyms = self.synonyms.iter().filter(|_| with_synonyms).map(|synonym| {
            DescribeConfigsSynonym::default()
                .with_name(wire(&synonym.name))
                .with_value(synonym.value.as_ref().map(wire))
                .with_source(synonym.source as i8)
        });
        DescribeConfigsResourceResult::default()
            .with_name(wire(&self.name))
            .with_value(self.value.as_ref().map(wire))
            .with_read_only(self.read_only)
            .with_config_source(source as i8)
            .with_is_sensitive(self.sensitive)
            .with_config_type(config_type(&self.name))
            .with_synonyms(synonyms.collect())
    }
}

/// `ConfigType` of a setting: BOOLEAN 1, STRING 2, INT 3, LONG 5, DOUBLE 6, LIST 7, UNKNOWN 0.
fn config_type(key: &str) -> i8 {
    let value = TopicConfig::default().get(key).or_else(|| default_of(key));
    let range = TopicConfig::range(key).or_else(|| BrokerConfig::range(key));
    match (value.as_deref(), range) {
        _ if key.ends_with("cleanup.policy") => 7,
        _ if key.ends_with("ratio") || key.ends_with("load.factor") => 6,
        (Some("true" | "false"), _) => 1,
        (Some(value), Some((_, most))) if value.parse::<i64>().is_ok() || value.is_empty() => {
            if most > i64::from(i32::MAX) {
                5
            } else {
                3
            }
        }
        (Some(value), None) if value.parse::<i64>().is_ok() => 3,
        (Some(_), _) => 2,
        (None, _) => 0,
    }
}
