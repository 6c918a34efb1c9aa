//! Which settings a topic may have, and what Kafka says of those it refuses (`LogConfig.validate`).

use crate::engine::config::{BrokerConfig, TopicConfig};
use crate::engine::config_def::{Kind, Scope};
use crate::engine::controller::broker_settings;
use crate::engine::error::ConfigError;
use crate::engine::ids::Text;
use crate::engine::protocol::inter_broker::TopicOverrides;

/// Why a setting was refused, in Kafka's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No such setting (`InvalidConfigurationException`).
    Unknown(Text),
    /// Its value will not do (`ConfigException`).
    Invalid(Text),
    /// Its value does not go with another (`InvalidConfigurationException`).
    Conflict(Text),
}

impl Refused {
    /// The words.
    #[must_use]
    pub fn message(&self) -> Text {
        match self {
            Refused::Unknown(text) | Refused::Invalid(text) | Refused::Conflict(text) => {
                text.clone()
            }
        }
    }
}

/// Checks all settings of a topic, and that they go together (`LogConfig.validateValues`).
///
/// # Errors
/// The first that is unknown, does not parse or is out of range; or two that conflict.
pub fn check_topic(settings: &TopicOverrides) -> Result<(), Refused> {
    settings.iter().try_for_each(|(key, value)| check(key, value))?;
    let ms = |key, default| {
        let own = settings.get(key).and_then(|value: &Text| value.trim().parse::<i64>().ok());
        own.unwrap_or(default)
    };
    let (least, most) = (ms("min.compaction.lag.ms", 0), ms("max.compaction.lag.ms", i64::MAX));
    if least > most {
        let words = format!(
            "conflict topic config setting min.compaction.lag.ms ({least}) > max.compaction.lag.ms ({most})"
        );
        return Err(Refused::Conflict(words.into()));
    }
    // No broker here has tiered storage (`LogConfig.validateRemoteStorageOnlyIfSystemEnabled`).
    let remote = settings.get("remote.storage.enable");
    if remote.is_some_and(|value| value.trim().eq_ignore_ascii_case("true")) {
        let words = "Tiered Storage functionality is disabled in the broker. Topic cannot be \
                     configured with remote log storage.";
        return Err(Refused::Invalid(words.into()));
    }
    Ok(())
}

/// Checks one setting.
///
/// # Errors
/// It is unknown, or its value does not parse or is out of range.
pub fn check(key: &str, value: &str) -> Result<(), Refused> {
    let invalid = |value: &str, what: &str| {
        Refused::Invalid(format!("Invalid value {value} for configuration {key}: {what}").into())
    };
    let not_of_type = || invalid(value, &format!("Not a number of type {}", number_type(key)));
    match TopicConfig::default().set(key, value) {
        Ok(()) => Ok(()),
        // What is Kafka's and changes nothing here is kept and told.
        Err(ConfigError::Unknown { .. }) => match Scope::Topic.find(key) {
            None => Err(Refused::Unknown(format!("Unknown topic config name: {key}").into())),
            Some(known) => known.refusal(value).map_or(Ok(()), |what| {
                // A list is told as Java's.
                let list =
                    (known.kind == Kind::List).then(|| format!("[{}]", value.replace(',', ", ")));
                Err(invalid(list.as_deref().unwrap_or(value), &what))
            }),
        },
        Err(ConfigError::NotANumber { .. }) => Err(not_of_type()),
        Err(ConfigError::NotABoolean { .. }) => {
            Err(invalid(value, "Expected value to be either true or false"))
        }
        Err(ConfigError::NotOneOf { value, allowed, .. }) => {
            Err(invalid(&value, &format!("String must be one of: {allowed}")))
        }
        Err(ConfigError::OutOfRange { value: number, least, .. }) if number < least => {
            Err(invalid(&java_number(key, value), &format!("Value must be at least {least}")))
        }
        Err(ConfigError::OutOfRange { most, .. }) if number_type(key) == "DOUBLE" => {
            Err(invalid(&java_number(key, value), &format!("Value must be no more than {most}")))
        }
        Err(ConfigError::OutOfRange { .. }) => Err(not_of_type()),
    }
}

/// A number as Java prints it: of a double, at least one digit behind the point.
fn java_number(key: &str, value: &str) -> String {
    let value = value.trim();
    match value.split_once('.') {
        _ if number_type(key) != "DOUBLE" => value.to_owned(),
        None => format!("{value}.0"),
        Some((whole, part)) => match part.trim_end_matches('0') {
            "" => format!("{whole}.0"),
            part => format!("{whole}.{part}"),
        },
    }
}

/// Type of a number setting (`ConfigDef.Type`).
fn number_type(key: &str) -> &'static str {
    match TopicConfig::range(key) {
        _ if key == "min.cleanable.dirty.ratio" => "DOUBLE",
        Some((_, most)) if most > i64::from(i32::MAX) => "LONG",
        _ => "INT",
    }
}

/// Checks settings of brokers, that change while they run (`DynamicBrokerConfig.validate`). What is no
/// setting of Kafka's is kept for whoever may know it.
///
/// # Errors
/// Kafka's words: one cannot change then, or its value does not parse or is out of range.
pub fn check_broker(settings: &TopicOverrides) -> Result<(), Text> {
    let fixed: Vec<&str> =
        settings.keys().map(|key| &**key).filter(|key| broker_settings::is_fixed(key)).collect();
    if !fixed.is_empty() {
        let list = fixed.join(", ");
        return Err(format!("Cannot update these configs dynamically: Set({list})").into());
    }
    for (key, value) in settings {
        let mut probe = BrokerConfig::default();
        let checked = match probe.set(key, value) {
            Err(ConfigError::Unknown { .. }) if broker_settings::is_dynamic(key) => {
                let refusal = Scope::Broker.find(key).and_then(|known| known.refusal(value));
                refusal.map_or(Ok(()), |what| Err(words(key, value, &what)))
            }
            Ok(()) | Err(ConfigError::Unknown { .. }) => Ok(()),
            Err(ConfigError::NotANumber { .. }) => {
                let long =
                    BrokerConfig::range(key).is_some_and(|(_, most)| most > i64::from(i32::MAX));
                let kind = if long { "LONG" } else { "INT" };
                Err(words(key, value, &format!("Not a number of type {kind}")))
            }
            Err(ConfigError::NotABoolean { .. }) => {
                Err(words(key, value, "Expected value to be either true or false"))
            }
            Err(ConfigError::NotOneOf { allowed, .. }) => {
                Err(words(key, value, &format!("String must be one of: {allowed}")))
            }
            Err(ConfigError::OutOfRange { least, .. }) => {
                Err(words(key, value, &format!("Value must be at least {least}")))
            }
        };
        checked?;
    }
    Ok(())
}

fn words(key: &str, value: &str, what: &str) -> Text {
    format!("Invalid value {value} for configuration {key}: {what}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_words(key: &str, value: &str, words: &str) {
        let refused = check(key, value).expect_err("it is refused");
        assert_eq!(&*refused.message(), words);
    }

    #[test]
    fn a_good_value_is_taken() {
        assert_eq!(check("min.insync.replicas", "2"), Ok(()));
        assert_eq!(check("unclean.leader.election.enable", "true"), Ok(()));
    }

    #[test]
    fn refusals_have_kafkas_words() {
        check_words("retention.hours", "1", "Unknown topic config name: retention.hours");
        check_words(
            "min.insync.replicas",
            "0",
            "Invalid value 0 for configuration min.insync.replicas: Value must be at least 1",
        );
        check_words(
            "segment.bytes",
            "10",
            "Invalid value 10 for configuration segment.bytes: Value must be at least 14",
        );
        check_words(
            "segment.bytes",
            "soon",
            "Invalid value soon for configuration segment.bytes: Not a number of type INT",
        );
        check_words(
            "max.message.bytes",
            "3000000000",
            "Invalid value 3000000000 for configuration max.message.bytes: Not a number of type INT",
        );
        check_words(
            "retention.ms",
            "1d",
            "Invalid value 1d for configuration retention.ms: Not a number of type LONG",
        );
        check_words(
            "cleanup.policy",
            "compact,keep",
            "Invalid value keep for configuration cleanup.policy: String must be one of: compact, delete",
        );
        check_words(
            "min.cleanable.dirty.ratio",
            "2",
            "Invalid value 2.0 for configuration min.cleanable.dirty.ratio: Value must be no more than 1",
        );
    }

    #[test]
    fn settings_of_a_topic_go_together() {
        let both = [("max.compaction.lag.ms", "5"), ("min.compaction.lag.ms", "10")];
        let settings = both.map(|(key, value)| (Text::from(key), Text::from(value)));
        let refused = check_topic(&settings.into_iter().collect()).expect_err("they conflict");
        assert_eq!(
            &*refused.message(),
            "conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)"
        );
    }
}
