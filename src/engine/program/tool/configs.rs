//! `kafka-configs`: tells and changes settings of topics and brokers (`ConfigCommand`).

use kafka_protocol::messages::describe_configs_response::DescribeConfigsResourceResult;

use crate::engine::ids::Text;
use crate::engine::program::tool::Tool;
use crate::engine::program::tool::alter_configs::BROKER;
use crate::engine::program::tool::cluster::TOPIC;
use crate::engine::program::tool::configs_options::{self, Entities, EntityType};
use crate::engine::program::tool::configs_quotas;
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::flags::Flags;
use crate::engine::program::tool::java_order::sort_as_java;
use crate::engine::program::tool::properties::Properties;
use crate::engine::program::tool::shell::{Flow, Shell, Stop};
use crate::engine::time::Micros;

/// The tool.
pub(super) const TOOL: Tool = Tool { name: "kafka-configs", flags: FLAGS, run };

const FLAGS: &str = "add-config= add-config-file= all alter bootstrap-controller= \
    bootstrap-server= broker= broker-defaults broker-logger= client= client-defaults \
    command-config= delete-config= describe entity-default entity-name= entity-type= force help \
    ip= ip-defaults topic= user= user-defaults version zk-tls-config-file= zookeeper=";

/// `ConfigResource.Type`, beside those of topics and brokers.
const BROKER_LOGGER: i8 = 8;
const CLIENT_METRICS: i8 = 16;
/// INVALID_TOPIC_EXCEPTION.
const INVALID_TOPIC: i16 = 17;
/// UNSUPPORTED_VERSION.
const UNSUPPORTED: i16 = 35;
/// What has quotas and credentials and no settings.
const OF_QUOTAS: [EntityType; 3] = [EntityType::Users, EntityType::Clients, EntityType::Ips];
/// How long the tool waits for one answer.
const PATIENCE: Micros = Micros(30_000_000);
/// `ConfigEntry.ConfigSource`, by its number.
const SOURCES: [&str; 9] = [
    "UNKNOWN",
    "DYNAMIC_TOPIC_CONFIG",
    "DYNAMIC_BROKER_CONFIG",
    "DYNAMIC_DEFAULT_BROKER_CONFIG",
    "STATIC_BROKER_CONFIG",
    "DEFAULT_CONFIG",
    "DYNAMIC_BROKER_LOGGER_CONFIG",
    "DYNAMIC_CLIENT_METRICS_CONFIG",
    "DYNAMIC_GROUP_CONFIG",
];

fn run(shell: &mut Shell<'_>) -> Flow<()> {
    match execute(shell) {
        Err(Stop::Thrown(fault)) if is_told_shortly(&fault) => {
            shell.err(fault.words());
            Err(Stop::Exit(1))
        }
        Err(Stop::Thrown(fault)) => {
            let words: Vec<&str> = shell.words().iter().map(|word| &**word).collect();
            let line = words.join(" ");
            shell.err(&format!("Error while executing config command with args '{line}'"));
            shell.err(fault.trace().trim_end_matches('\n'));
            Err(Stop::Exit(1))
        }
        done => done,
    }
}

/// What is wrong with the command line is said without a trace.
fn is_told_shortly(fault: &Fault) -> bool {
    let plain = ["IllegalArgumentException", "InvalidConfigurationException"];
    plain.iter().any(|class| fault.is(class)) || fault.class.starts_with("joptsimple.")
}

fn execute(shell: &mut Shell<'_>) -> Flow<()> {
    let flags = Flags::parse(FLAGS, shell.words())?;
    let entities = configs_options::check(shell, &flags)?;
    let settings = match flags.value("command-config")? {
        Some(file) => shell.properties(file)?,
        None => Properties::default(),
    };
    let servers = flags.value("bootstrap-server")?.cloned().unwrap_or_else(|| "".into());
    shell.connect(&servers, &settings)?;
    if flags.has("alter") {
        if entities.types.len() != entities.names.len() {
            return Err(
                Fault::illegal("An entity name must be specified for every entity type").into()
            );
        }
        alter(shell, &flags, &entities)
    } else {
        describe(shell, &entities, flags.has("all"))
    }
}

/// The kind of a resource, and from where its own settings come.
fn resource(kind: EntityType, name: &str) -> (i8, i8) {
    match kind {
        EntityType::Topics => (TOPIC, 1),
        EntityType::Brokers if name.is_empty() => (BROKER, 3),
        EntityType::Brokers => (BROKER, 2),
        EntityType::BrokerLoggers => (BROKER_LOGGER, 0),
        _ => (CLIENT_METRICS, 7),
    }
}

/// Settings of one thing, by name: its own, or all (`getResourceConfig`).
fn settings(
    shell: &mut Shell<'_>,
    kind: EntityType,
    name: &str,
    (synonyms, all): (bool, bool),
) -> Flow<Vec<DescribeConfigsResourceResult>> {
    let (wire, source) = resource(kind, name);
    let patient = shell.admin.as_ref().is_some_and(|admin| admin.api_timeout > PATIENCE);
    if let Some(admin) = &mut shell.admin {
        admin.api_timeout = admin.api_timeout.min(PATIENCE);
    }
    let told = match shell.describe_configs((wire, &[Text::from(name)]), synonyms) {
        Err(Stop::Thrown(_)) if patient => {
            let class = "java.util.concurrent.TimeoutException";
            return Err(Fault { message: None, ..Fault::new(class, "") }.into());
        }
        told => told?,
    };
    let Some(told) = told.into_iter().next() else { return Ok(Vec::new()) };
    if told.error_code != 0 {
        let fault = Fault::of_error(told.error_code, told.error_message.as_deref());
        // A name that no topic can have is not even asked about (`Topic.validate`).
        let unasked = told.error_code == INVALID_TOPIC && !name.is_empty();
        return Err(if unasked { fault } else { Fault::execution(fault) }.into());
    }
    let mut settings = told.configs;
    settings.retain(|setting| all || source == 0 || setting.config_source == source);
    settings.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(settings)
}

fn describe(shell: &mut Shell<'_>, entities: &Entities, all: bool) -> Flow<()> {
    let kind = entities.types[0];
    if OF_QUOTAS.contains(&kind) {
        return configs_quotas::describe(shell, entities);
    }
    let names = match (entities.names.first(), kind) {
        (Some(name), _) => vec![name.clone()],
        (None, EntityType::Topics) => {
            let mut topics = shell.topics("listTopics", None)?;
            sort_as_java(&mut topics, 16, |topic| &topic.name);
            topics.into_iter().map(|topic| topic.name.to_string()).collect()
        }
        (None, EntityType::ClientMetrics) => {
            let words = "The node does not support LIST_CLIENT_METRICS_RESOURCES";
            return Err(Fault::execution(Fault::of_error(UNSUPPORTED, Some(words))).into());
        }
        (None, _) => {
            let brokers = shell.brokers()?;
            let ids = brokers.into_iter().map(|(id, ..)| id.to_string());
            ids.chain([String::new()]).collect()
        }
    };
    for name in &names {
        shell.out(&match (name.as_str(), all) {
            ("", _) => format!("Default configs for {} in the cluster are:", kind.name()),
            (name, true) => format!("All configs for {} {name} are:", kind.singular()),
            (name, false) => format!("Dynamic configs for {} {name} are:", kind.singular()),
        });
        for setting in settings(shell, kind, name, (true, all))? {
            shell.out(&line(&setting));
        }
    }
    Ok(())
}

/// Java's word for a text that is not there.
fn or_null(text: Option<&str>) -> &str {
    text.unwrap_or("null")
}

fn line(setting: &DescribeConfigsResourceResult) -> String {
    let synonyms: Vec<String> = setting
        .synonyms
        .iter()
        .map(|synonym| {
            let source = usize::try_from(synonym.source).ok().and_then(|s| SOURCES.get(s));
            let source = source.unwrap_or(&SOURCES[0]);
            format!("{source}:{}={}", synonym.name, or_null(synonym.value.as_deref()))
        })
        .collect();
    format!(
        "  {}={} sensitive={} synonyms={{{}}}",
        setting.name,
        or_null(setting.value.as_deref()),
        setting.is_sensitive,
        synonyms.join(", ")
    )
}

fn alter(shell: &mut Shell<'_>, flags: &Flags, entities: &Entities) -> Flow<()> {
    let (kind, name) = (entities.types[0], &entities.names[0]);
    let added = configs_options::added(shell, flags)?;
    let deleted = configs_options::deleted(flags);
    if OF_QUOTAS.contains(&kind) {
        configs_quotas::alter(shell, entities, &added, &deleted)?;
        tell_done(shell, kind, name);
        return Ok(());
    }
    let old = settings(shell, kind, name, (false, false))?;
    let unknown: Vec<&str> = deleted
        .iter()
        .filter(|key| old.iter().all(|setting| *setting.name != ***key))
        .map(String::as_str)
        .collect();
    if !unknown.is_empty() {
        return Err(refused(&format!("Invalid config(s): {}", unknown.join(","))).into());
    }
    let (wire, _) = resource(kind, name);
    let set = |(key, value): (&str, &str)| (key.to_owned(), Some(value.to_owned()));
    if kind == EntityType::Brokers {
        let mut whole: Vec<(String, Option<String>)> = old
            .iter()
            .map(|setting| {
                (setting.name.to_string(), setting.value.as_ref().map(ToString::to_string))
            })
            .filter(|(key, _)| added.get(key).is_none())
            .chain(added.all().map(set))
            .collect();
        whole.retain(|(key, _)| !deleted.contains(key));
        let secret: Vec<&str> =
            whole.iter().filter(|(_, v)| v.is_none()).map(|(key, _)| key.as_str()).collect();
        if !secret.is_empty() {
            return Err(refused(&format!(
                "All sensitive broker config entries must be specified for --alter, missing \
                 entries: Set({})",
                secret.join(", ")
            ))
            .into());
        }
        shell.replace_configs((wire, name.clone(), whole))?;
    } else {
        let gone = deleted.into_iter().map(|key| (key, None));
        let changes = added.all().map(set).chain(gone).collect();
        shell.alter_configs(&[(wire, name.clone(), changes)])?;
    }
    tell_done(shell, kind, name);
    Ok(())
}

fn tell_done(shell: &mut Shell<'_>, kind: EntityType, name: &str) {
    shell.out(&match name {
        "" => format!("Completed updating default config for {} in the cluster.", kind.name()),
        name => format!("Completed updating config for {} {name}.", kind.singular()),
    });
}

fn refused(words: &str) -> Fault {
    Fault::new("org.apache.kafka.common.errors.InvalidConfigurationException", words)
}
