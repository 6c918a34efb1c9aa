//! DescribeConfigs: which settings hold for a topic or a broker, and where each comes from
//! (`ConfigHelper`): all that Kafka has but the internal ones.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
};
use kafka_protocol::messages::{DescribeConfigsRequest, DescribeConfigsResponse};

use crate::engine::config::TopicConfig;
use crate::engine::config_def::{Definition, Kind, Scope};
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

/// `ConfigResource.Type.CLIENT_METRICS`.
const CLIENT_METRICS_RESOURCE: i8 = 16;

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
                    // Kafka has no words for this, and says so with an empty text.
                    None => Err((ResponseError::UnknownTopicOrPartition, Some("".into()))),
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
            (CLIENT_METRICS_RESOURCE, _) => {
                invalid("Config type client-metrics is only supported on KRaft clusters".to_owned())
            }
            (kind, _) => invalid(format!("Unsupported resource type: {kind}")),
        }
    }

    fn topic_settings(&self, own: &TopicOverrides, wanted: impl Fn(&str) -> bool) -> Vec<Setting> {
        let resolved = TopicConfig::resolve(&self.config, own);
        let setting = |known: Definition| {
            let key = known.name;
            let mut synonyms = Vec::new();
            if let Some(value) = own.get(key) {
                let (name, value) = (key.into(), Some(value.clone()));
                synonyms.push(Synonym { name, value, source: Source::Topic });
            }
            synonyms.extend(broker_key(key).map(|key| self.synonyms(key)).unwrap_or_default());
            let held = own.get(key).cloned().or_else(|| resolved.get(key).map(Text::from));
            let first = || synonyms.first().and_then(|synonym| synonym.value.clone());
            let value = held.or_else(first).or_else(|| known.default_text().map(Text::from));
            Setting::new(&known, value, synonyms, false)
        };
        let told = Scope::Topic.definitions().filter(|known| !known.internal && wanted(known.name));
        told.map(setting).collect()
    }

    fn broker_settings(&self, wanted: impl Fn(&str) -> bool) -> Vec<Setting> {
        let told =
            Scope::Broker.definitions().filter(|known| !known.internal && wanted(known.name));
        let modelled = told.map(|known| {
            let synonyms = self.synonyms(known.name);
            let held = self.config.get(known.name).map(Text::from);
            let first = || synonyms.first().and_then(|synonym| synonym.value.clone());
            let value = held.filter(|value| !value.is_empty()).or_else(first);
            let value = value.or_else(|| known.default_text().map(Text::from));
            Setting::new(&known, value, synonyms, !known.dynamic)
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
            let Some(known) = Scope::Broker.find(key) else {
                return self.unknown(key, vec![synonym]);
            };
            Setting::new(&known, value, vec![synonym], false)
        };
        set.map(setting).collect()
    }

    /// A setting that Kafka does not know is taken for a secret, and its value is not told. Rates of
    /// throttles it knows, though no broker has one to begin with (`QuotaConfig.brokerQuotaConfigs`).
    fn unknown(&self, key: &Text, synonyms: Vec<Synonym>) -> Setting {
        let known = is_dynamic(key) || THROTTLES.contains(&&**key);
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
            kind: UNKNOWN,
        }
    }

    /// A broker's setting wherever it is set, what holds first, with others that say the same behind it
    /// (`ConfigHelper.configSynonyms`: what comes before the first of its own name is not told).
    fn synonyms(&self, key: &str) -> Vec<Synonym> {
        let names = alike(key);
        let dynamic =
            [(&self.dynamic.own, Source::Broker), (&self.dynamic.default, Source::DefaultBroker)];
        let set = dynamic.into_iter().flat_map(|(settings, source)| {
            names.iter().filter_map(move |name| {
                Some(Synonym {
                    name: (*name).into(),
                    value: Some(settings.get(*name)?.clone()),
                    source,
                })
            })
        });
        let started = names.iter().filter_map(|name| {
            let value =
                self.started_as(name).filter(|value| Some(value) != default_of(name).as_ref());
            Some(Synonym {
                name: (*name).into(),
                value: Some(value?.into()),
                source: Source::Static,
            })
        });
        let default = names.iter().filter_map(|name| {
            let value = Some(default_of(name)?.into());
            Some(Synonym { name: (*name).into(), value, source: Source::Default })
        });
        set.chain(started).chain(default).skip_while(|synonym| *synonym.name != *key).collect()
    }

    /// What the broker was started with.
    fn started_as(&self, key: &str) -> Option<String> {
        let id = || (key == "broker.id").then(|| self.broker.to_string());
        self.started_with.get(key).filter(|value| !value.is_empty()).or_else(id)
    }
}

/// Settings of which the first that is set holds (`DynamicBrokerConfig.brokerConfigSynonyms`).
fn alike(key: &str) -> Vec<&str> {
    const ALIKE: [&[&str]; 3] = [
        &["log.roll.ms", "log.roll.hours"],
        &["log.roll.jitter.ms", "log.roll.jitter.hours"],
        &["log.retention.ms", "log.retention.minutes", "log.retention.hours"],
    ];
    match ALIKE.iter().find(|names| names.contains(&key)) {
        Some(names) => names.to_vec(),
        None if key == "log.flush.interval.ms" => vec![key, "log.flush.scheduler.interval.ms"],
        None => vec![key],
    }
}

/// Kafka's default of a broker's setting.
fn default_of(key: &str) -> Option<String> {
    Scope::Broker.find(key)?.default_text().map(str::to_owned)
}

/// One setting as it is told.
#[derive(Clone, Debug)]
struct Setting {
    name: Text,
    value: Option<Text>,
    synonyms: Vec<Synonym>,
    read_only: bool,
    sensitive: bool,
    /// `ConfigType`.
    kind: i8,
}

/// What replicas may copy each second: kept and told, and not heeded.
const THROTTLES: [&str; 3] = [
    "follower.replication.throttled.rate",
    "leader.replication.throttled.rate",
    "replica.alter.log.dirs.io.max.bytes.per.second",
];

/// `ConfigType` of what Kafka does not know.
const UNKNOWN: i8 = 0;

impl Setting {
    /// A setting of Kafka's; the values of secrets are not told.
    fn new(
        known: &Definition,
        value: Option<Text>,
        synonyms: Vec<Synonym>,
        read_only: bool,
    ) -> Setting {
        let sensitive = known.kind == Kind::Password;
        let hidden = |synonym: Synonym| match sensitive {
            true => Synonym { value: None, ..synonym },
            false => synonym,
        };
        Setting {
            name: known.name.into(),
            value: value.filter(|_| !sensitive),
            synonyms: synonyms.into_iter().map(hidden).collect(),
            read_only,
            sensitive,
            kind: known.kind.wire(),
        }
    }

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
            .with_config_type(self.kind)
            .with_synonyms(synonyms.collect())
    }
}
