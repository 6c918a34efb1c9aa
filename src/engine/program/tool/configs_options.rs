//! Which flags of `kafka-configs` go together, and what they name (`ConfigCommand.ConfigCommandOptions`).

use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::flags::Flags;
use crate::engine::program::tool::properties::Properties;
use crate::engine::program::tool::shell::{Flow, Shell};

/// What settings belong to (`ConfigType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntityType {
    Topics,
    Clients,
    Users,
    Brokers,
    Ips,
    BrokerLoggers,
    ClientMetrics,
}

use EntityType as T;

/// With their names, as errors list them.
const TYPES: [(&str, EntityType); 7] = [
    ("topics", T::Topics),
    ("clients", T::Clients),
    ("users", T::Users),
    ("brokers", T::Brokers),
    ("ips", T::Ips),
    ("broker-loggers", T::BrokerLoggers),
    ("client-metrics", T::ClientMetrics),
];
/// Those that are told of by ZooKeeper.
const OF_ZOOKEEPER: [(&str, EntityType); 2] = [("users", T::Users), ("brokers", T::Brokers)];

/// Flags that name an entity with its type.
const NAMED: [(&str, EntityType); 6] = [
    ("topic", T::Topics),
    ("client", T::Clients),
    ("user", T::Users),
    ("broker", T::Brokers),
    ("broker-logger", T::BrokerLoggers),
    ("ip", T::Ips),
];
/// Flags that name the default entity of a type.
const DEFAULTS: [(&str, EntityType); 4] = [
    ("client-defaults", T::Clients),
    ("user-defaults", T::Users),
    ("broker-defaults", T::Brokers),
    ("ip-defaults", T::Ips),
];

impl EntityType {
    /// Its name: `topics`.
    pub(super) fn name(self) -> &'static str {
        TYPES.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    /// The name of one: `topic`.
    pub(super) fn singular(self) -> &'static str {
        let name = self.name();
        &name[..name.len() - 1]
    }
}

/// What a command line is about.
#[derive(Clone, Debug, Default)]
pub(super) struct Entities {
    pub(super) types: Vec<EntityType>,
    /// Their names; an empty one is the default entity.
    pub(super) names: Vec<String>,
}

/// Checks a command line (`checkArgs`); returns what it is about.
pub(super) fn check(shell: &mut Shell<'_>, flags: &Flags) -> Flow<Entities> {
    let about = "This tool helps to manipulate and describe entity config for a topic, client, user, \
                 broker, ip or client-metrics";
    shell.help_or_version(flags, about)?;
    if flags.has("alter") == flags.has("describe") {
        return Err(shell.usage("Command must include exactly one action: --describe, --alter"));
    }
    for other in ["add-config", "delete-config"] {
        if flags.has("describe") && flags.has(other) {
            return Err(shell.conflict("describe", other));
        }
    }
    Ok(entities(flags)?)
}

fn entities(flags: &Flags) -> Result<Entities, Fault> {
    let types = entity_types(flags)?;
    if types.is_empty() {
        return Err(Fault::illegal("At least one entity type must be specified"));
    }
    let both = types.contains(&T::Users) && types.contains(&T::Clients);
    if types.len() > 1 && !both {
        return Err(Fault::illegal(
            "Only 'users' and 'clients' entity types may be specified together",
        ));
    }
    let short = NAMED.iter().chain(&DEFAULTS).any(|(name, _)| flags.has(name));
    if short && ["entity-name", "entity-type", "entity-default"].iter().any(|name| flags.has(name))
    {
        return Err(Fault::illegal(
            "--entity-{type,name,default} should not be used in conjunction with specific entity flags",
        ));
    }
    let entities = Entities { types, names: entity_names(flags)? };
    check_connection(flags)?;
    check_names(flags, &entities)?;
    match flags.has("describe") {
        true => check_describe(&entities)?,
        false => check_alter(flags, &entities)?,
    }
    Ok(entities)
}

fn entity_types(flags: &Flags) -> Result<Vec<EntityType>, Fault> {
    let short = NAMED.iter().chain(&DEFAULTS).filter(|(name, _)| flags.has(name));
    let short = short.map(|(_, kind)| kind.name());
    let names: Vec<&str> = flags.values("entity-type").map(|name| &**name).chain(short).collect();
    let twice: Vec<&str> = names
        .iter()
        .enumerate()
        .filter(|(index, name)| names[..*index].contains(name))
        .map(|(_, name)| *name)
        .collect();
    if !twice.is_empty() {
        let words = format!("Duplicate entity type(s) specified: {}", twice.join(","));
        return Err(Fault::illegal(&words));
    }
    let by_brokers = flags.has("bootstrap-server") || flags.has("bootstrap-controller");
    let (known, how) = match by_brokers {
        true => (&TYPES[..], "--bootstrap-server or --bootstrap-controller"),
        false => (&OF_ZOOKEEPER[..], "--zookeeper"),
    };
    let read = |name: &&str| {
        let found = known.iter().find(|(known, _)| known == name);
        found.map(|(_, kind)| *kind).ok_or_else(|| {
            let all: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            Fault::illegal(&format!(
                "Invalid entity type {name}, the entity type must be one of {} with a {how} argument",
                all.join(", ")
            ))
        })
    };
    names.iter().map(read).collect()
}

fn entity_names(flags: &Flags) -> Result<Vec<String>, Fault> {
    let mut names = Vec::new();
    for (name, value) in flags.given() {
        match (name, value) {
            ("entity-name", Some(value)) => names.push(value.to_string()),
            ("entity-default", _) => names.push(String::new()),
            _ => {}
        }
    }
    for (name, _) in NAMED {
        if let Some(value) = flags.value(name)? {
            names.push(value.to_string());
        }
    }
    let defaults = DEFAULTS.iter().filter(|(name, _)| flags.has(name));
    names.extend(defaults.map(|_| String::new()));
    Ok(names)
}

fn check_connection(flags: &Flags) -> Result<(), Fault> {
    let ways = ["bootstrap-server", "bootstrap-controller", "zookeeper"];
    let words = match ways.iter().filter(|way| flags.has(way)).count() {
        0 => {
            "One of the required --bootstrap-server, --boostrap-controller, or --zookeeper arguments \
             must be specified"
        }
        1 if flags.has("all") && flags.has("zookeeper") => {
            "--bootstrap-server must be specified for --all"
        }
        1 if flags.has("zk-tls-config-file") && !flags.has("zookeeper") => {
            "Only the --zookeeper option can be used with the --zk-tls-config-file option."
        }
        1 => return Ok(()),
        _ => {
            "Only one of --bootstrap-server, --boostrap-controller, and --zookeeper can be specified"
        }
    };
    Err(Fault::illegal(words))
}

fn check_names(flags: &Flags, entities: &Entities) -> Result<(), Fault> {
    let kind = entities.types[0].name();
    let has = |wanted: EntityType| entities.types.contains(&wanted);
    let given = |names: &[&'static str]| -> Result<Vec<String>, Fault> {
        let mut values = Vec::new();
        for name in names {
            if let Some(value) = flags.value(name)?.filter(|value| !value.is_empty()) {
                values.push(value.to_string());
            }
        }
        Ok(values)
    };
    if has(T::Brokers) || has(T::BrokerLoggers) {
        for id in given(&["entity-name", "broker", "broker-logger"])? {
            if id.parse::<i32>().is_err() {
                return Err(Fault::illegal(&format!(
                    "The entity name for {kind} must be a valid integer broker id, but it is: {id}"
                )));
            }
        }
    }
    if has(T::Ips) {
        for ip in given(&["entity-name", "ip"])? {
            let is_address = ip.split('.').filter(|part| part.parse::<u8>().is_ok()).count() == 4;
            if !is_address && ip != "localhost" {
                return Err(Fault::illegal(&format!(
                    "The entity name for {kind} must be a valid IP or resolvable host, but it is: {ip}"
                )));
            }
        }
    }
    Ok(())
}

/// Types that have a default entity.
const WITH_DEFAULT: [EntityType; 4] = [T::Users, T::Clients, T::Brokers, T::Ips];

fn check_describe(entities: &Entities) -> Result<(), Fault> {
    let is_named = entities.names.iter().any(|name| !name.is_empty());
    if entities.types.contains(&T::BrokerLoggers) && !is_named {
        let words = "an entity name must be specified with --describe of broker-loggers";
        return Err(Fault::illegal(words));
    }
    Ok(())
}

fn check_alter(flags: &Flags, entities: &Entities) -> Result<(), Fault> {
    let is_named = entities.names.iter().any(|name| !name.is_empty());
    if entities.types.iter().any(|kind| WITH_DEFAULT.contains(kind)) {
        if entities.names.is_empty() {
            return Err(Fault::illegal(
                "an entity-name or default entity must be specified with --alter of users, clients, \
                 brokers or ips",
            ));
        }
    } else if !is_named {
        let all: Vec<&str> = entities.types.iter().map(|kind| kind.name()).collect();
        let words = format!("an entity name must be specified with --alter of {}", all.join(","));
        return Err(Fault::illegal(&words));
    }
    let changes = ["add-config", "add-config-file", "delete-config"];
    match changes.map(|name| flags.has(name)) {
        [true, true, _] => {
            Err(Fault::illegal("Only one of --add-config or --add-config-file must be specified"))
        }
        [false, false, false] => Err(Fault::illegal(
            "At least one of --add-config, --add-config-file, or --delete-config must be specified \
             with --alter",
        )),
        _ => Ok(()),
    }
}

/// What is to be set (`parseConfigsToBeAdded`).
pub(super) fn added(shell: &mut Shell<'_>, flags: &Flags) -> Result<Properties, Fault> {
    let mut added = match flags.value("add-config-file")? {
        Some(file) => shell.properties(file)?,
        None => Properties::default(),
    };
    if let Some(text) = flags.value("add-config")? {
        let mut pairs: Vec<&str> = split_outside(text, ',');
        while pairs.pop_if(|last| last.is_empty()).is_some() {}
        for pair in pairs {
            let [key, value] = split_outside(pair, '=')[..] else {
                return Err(Fault::illegal(
                    "requirement failed: Invalid entity config: all configs to be added must be in \
                     the format \"key=val\".",
                ));
            };
            added.set(key.trim(), value.replace(['[', ']'], "").trim());
        }
    }
    if let Some(version) = added.get("message.format.version") {
        shell.out(&format!(
            "WARNING: The configuration message.format.version={version} is specified. This \
             configuration will be ignored if the version is newer than the \
             inter.broker.protocol.version specified in the broker or if the \
             inter.broker.protocol.version is 3.0 or newer. This configuration is deprecated and it \
             will be removed in Apache Kafka 4.0."
        ));
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let odd = added.all().map(|(key, _)| key).find(|key| !key.chars().all(is_plain));
    match odd.map(|key| format!("Invalid character found for config key: {key}")) {
        Some(words) => Err(Fault::illegal(&words)),
        None => Ok(added),
    }
}

/// What is to be deleted (`parseConfigsToBeDeleted`).
pub(super) fn deleted(flags: &Flags) -> Vec<String> {
    let words = flags.values("delete-config").flat_map(|text| text.split(','));
    words.map(|word| word.trim().to_owned()).collect()
}

/// Splits at a sign that stands in no square brackets.
fn split_outside(text: &str, sign: char) -> Vec<&str> {
    let is_outside = |rest: &str| match rest.find(']') {
        Some(end) => rest[..end].contains('['),
        None => true,
    };
    let mut parts = Vec::new();
    let mut begin = 0;
    for (at, found) in text.match_indices(sign) {
        let next = at + found.len();
        if is_outside(&text[next..]) {
            parts.push(&text[begin..at]);
            begin = next;
        }
    }
    parts.push(&text[begin..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_in_square_brackets_parts_nothing() {
        assert_eq!(split_outside("a=1,b=[x,y],c=", ','), ["a=1", "b=[x,y]", "c="]);
        assert_eq!(split_outside("b=[x,y]", '='), ["b", "[x,y]"]);
        assert_eq!(split_outside("no sign", ','), ["no sign"]);
    }
}
