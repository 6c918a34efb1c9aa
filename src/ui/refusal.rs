//! Refused commands, in words: the engine's typed errors and the session's notices.

use crate::engine::error::{CommandError, ConfigError};
use crate::i18n::{Arg, Lang, Phrase, tr};
use crate::session::message::Notice;
use crate::view::explain::{Names, node_name};

/// A notice in a language.
pub fn notice_text(notice: &Notice, lang: Lang, names: &impl Names) -> String {
    let error = match notice {
        Notice::CommandRefused(error) | Notice::CommandLeftOut(error) => {
            Some(refusal(error, names).text(lang))
        }
        _ => None,
    };
    let number = |value: &str| value.parse::<i64>().map(Arg::Number);
    let args: Vec<(&str, Arg)> = notice
        .arguments()
        .into_iter()
        .map(|(name, value)| match (&error, name) {
            (Some(error), "error") => (name, Arg::from(error.as_str())),
            _ => (name, number(&value).unwrap_or(Arg::Text(value))),
        })
        .collect();
    tr(lang, notice.key(), &args)
}

fn refusal(error: &CommandError, names: &impl Names) -> Phrase {
    let host = |key, node| Phrase::new(key).with("node", node_name(node, names));
    match error {
        CommandError::NoSuchNode { node } => host("refused-no-such-node", *node),
        CommandError::AlreadyRunning { node } => host("refused-already-running", *node),
        CommandError::NotRunning { node } => host("refused-not-running", *node),
        CommandError::Paused { node } => host("refused-paused", *node),
        CommandError::NotPaused { node } => host("refused-not-paused", *node),
        CommandError::NotABroker { node } => host("refused-not-a-broker", *node),
        CommandError::NoSuchLogDir { node, dir } => {
            host("refused-no-such-log-dir", *node).with("dir", &**dir)
        }
        CommandError::NotAssigned { name, partition } => Phrase::new("refused-not-assigned")
            .with("name", &**name)
            .with("partition", partition.to_string()),
        CommandError::NoSuchClient { name } => {
            Phrase::new("refused-no-such-client").with("name", &**name)
        }
        CommandError::NameTaken { name } => Phrase::new("refused-name-taken").with("name", &**name),
        CommandError::SameHost => Phrase::new("refused-same-host"),
        CommandError::BadSplit => Phrase::new("refused-bad-split"),
        CommandError::ZookeeperLink => Phrase::new("refused-zookeeper-link"),
        CommandError::NoSuchMessage => Phrase::new("refused-no-such-message"),
        CommandError::WrongProgram { name, wanted } => {
            Phrase::new("refused-wrong-program").with("name", &**name).with("wanted", &**wanted)
        }
        CommandError::OutOfRange { what, least, most } => range(what, *least, *most),
        CommandError::Config(error) => setting(error),
    }
}

fn range(what: &str, least: i64, most: i64) -> Phrase {
    let phrase = Phrase::new("refused-out-of-range").with("what", what);
    phrase.with("least", least).with("most", most)
}

fn setting(error: &ConfigError) -> Phrase {
    match error {
        ConfigError::Unknown { key } => Phrase::new("refused-config-unknown").with("key", &**key),
        ConfigError::NotANumber { key, value } => {
            Phrase::new("refused-config-number").with("key", &**key).with("value", &**value)
        }
        ConfigError::NotABoolean { key, value } => {
            Phrase::new("refused-config-boolean").with("key", &**key).with("value", &**value)
        }
        ConfigError::NotOneOf { key, value, allowed } => {
            let phrase = Phrase::new("refused-config-one-of").with("key", &**key);
            phrase.with("value", &**value).with("allowed", &**allowed)
        }
        ConfigError::OutOfRange { key, least, most, .. } => range(key, *least, *most),
    }
}
