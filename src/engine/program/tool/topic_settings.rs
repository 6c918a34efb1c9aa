//! Which settings a topic may have, as tools check them before they ask (`LogConfig.validate`).

use crate::engine::config::TopicConfig;
use crate::engine::error::ConfigError;
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::shell::config_fault;

/// `LogConfig.configNames`, in order, beside those of [`TopicConfig::KEYS`].
const OTHERS: &str = "compression.gzip.level compression.lz4.level compression.zstd.level \
    follower.replication.throttled.replicas leader.replication.throttled.replicas \
    local.retention.bytes local.retention.ms message.downconversion.enable message.format.version \
    message.timestamp.difference.max.ms preallocate remote.log.copy.disable \
    remote.log.delete.on.disable remote.storage.enable";

/// Every setting of a topic, by name.
#[must_use]
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> =
        OTHERS.split_ascii_whitespace().chain(TopicConfig::KEYS.iter().copied()).collect();
    names.sort_unstable();
    names
}

/// Checks settings of a topic to be.
///
/// # Errors
/// Kafka's: one is unknown, or its value does not parse or is out of range.
pub fn validate<'a>(
    settings: impl Iterator<Item = (&'a str, &'a str)> + Clone,
) -> Result<(), Fault> {
    let known = names();
    for (key, _) in settings.clone() {
        if !known.contains(&key) {
            return Err(Fault::of_error(40, Some(&format!("Unknown topic config name: {key}"))));
        }
    }
    for (key, value) in settings {
        if let Err(words) = check(key, value) {
            let words = format!("Invalid value {value} for configuration {key}: {words}");
            return Err(config_fault(&words));
        }
    }
    Ok(())
}

fn check(key: &str, value: &str) -> Result<(), String> {
    let not_of_type = || {
        let kind = match TopicConfig::range(key) {
            _ if key == "min.cleanable.dirty.ratio" => "DOUBLE",
            Some((_, most)) if most > i64::from(i32::MAX) => "LONG",
            _ => "INT",
        };
        format!("Not a number of type {kind}")
    };
    match TopicConfig::default().set(key, value) {
        Ok(()) | Err(ConfigError::Unknown { .. }) => Ok(()),
        Err(ConfigError::NotANumber { .. }) => Err(not_of_type()),
        Err(ConfigError::NotABoolean { .. }) => {
            Err("Expected value to be either true or false".to_owned())
        }
        Err(ConfigError::NotOneOf { allowed, .. }) => {
            Err(format!("String must be one of: {allowed}"))
        }
        Err(ConfigError::OutOfRange { value, least, .. }) if value < least => {
            Err(format!("Value must be at least {least}"))
        }
        Err(ConfigError::OutOfRange { .. }) if value.contains('.') => {
            Err("Value must be no more than 1".to_owned())
        }
        Err(ConfigError::OutOfRange { .. }) => Err(not_of_type()),
    }
}
