//! A text of any kind that somebody hands over: a link, a scenario, what `kafka-topics` described.

use thiserror::Error;

use crate::engine::ids::{BrokerId, Text, TopicPartition};
use crate::i18n::Phrase;
use crate::scenario::ast::Scenario;
use crate::scenario::error::ParseError;
use crate::scenario::import::{self, Imported};
use crate::scenario::link::{self, LinkError};
use crate::scenario::parser::parse_file;
use crate::scenario::version::ENGINE_VERSION;

/// What a text came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The world and what is done to it.
    pub scenario: Scenario,
    /// `Some` when another version of the engine made it.
    pub other_engine: Option<u32>,
    /// What of a real cluster is another thing here.
    pub differs: Differs,
}

/// What could not be taken over from a real cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differs {
    /// Ids that had to change: the real one, and the one here.
    pub renamed: Vec<(u32, BrokerId)>,
    /// Settings of topics that are not modelled.
    pub left_out: Vec<Text>,
    /// Partitions that another replica leads here.
    pub elsewhere: Vec<TopicPartition>,
}

/// A text that is none of the three.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OpenError {
    /// It is a link, and a damaged one.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// It is no scenario, or no whole description of topics.
    #[error(transparent)]
    Text(#[from] ParseError),
}

impl OpenError {
    /// What was refused and where, as phrases to show one after the other.
    #[must_use]
    pub fn phrases(&self) -> Vec<Phrase> {
        match self {
            OpenError::Link(error) => error.phrases(),
            OpenError::Text(error) => {
                let mut phrases = vec![Phrase::new("error-link-text")];
                phrases.extend(error.phrases());
                phrases
            }
        }
    }
}

/// Reads a text, whatever it is: a link (with or without the address before its `#`), a scenario, or
/// the output of `kafka-topics --describe`.
///
/// # Errors
/// The first thing in it that is not right; nothing of the text is used then.
pub fn read(text: &str) -> Result<Given, OpenError> {
    if let Some(hash) = link_of(text) {
        let link::Opened { scenario, other_engine } = link::decode(hash)?;
        return Ok(Given { scenario, other_engine, differs: Differs::default() });
    }
    if import::is_described(text) {
        let Imported { scenario, renamed, left_out, elsewhere } = import::describe(text)?;
        let differs = Differs { renamed, left_out, elsewhere };
        return Ok(Given { scenario, other_engine: None, differs });
    }
    let scenario = parse_file(text)?;
    let other_engine = scenario.engine.filter(|engine| *engine != ENGINE_VERSION);
    Ok(Given { scenario, other_engine, differs: Differs::default() })
}

/// The part of a lone address behind its `#`, when it is a link of ours.
fn link_of(text: &str) -> Option<&str> {
    let text = text.trim();
    if text.contains(char::is_whitespace) {
        return None;
    }
    let hash = text.split_once('#').map_or(text, |(_, hash)| hash);
    hash.starts_with(link::PREFIX).then_some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parser::parse;

    const TEXT: &str = "brokers 2\nseed 3\ntopic t: b1>b2\n";

    #[test]
    fn a_link_is_read_with_and_without_its_address() {
        let link = link::encode(&parse(TEXT).expect("a scenario"));
        for text in
            [link.clone(), format!("#{link}"), format!(" https://a.example/b/?lang=en#{link}\n")]
        {
            let given = read(&text).expect("a link");
            assert_eq!((given.scenario.config.seed, given.other_engine), (3, None), "{text}");
        }
        let cut = format!("#{}", &link[..link.len() - 4]);
        assert!(matches!(read(&cut), Ok(_) | Err(OpenError::Link(_))));
    }

    #[test]
    fn a_scenario_and_a_description_are_told_apart() {
        assert_eq!(read(TEXT).expect("a scenario").scenario.config.brokers, 2);
        let described = "Topic: t\tPartitionCount: 1\tReplicationFactor: 1\tConfigs: \n\
            \tTopic: t\tPartition: 0\tLeader: 7\tReplicas: 77\tIsr: 77\n";
        let given = read(described).expect("a description");
        assert_eq!(given.differs.renamed, [(77, BrokerId(1))]);
        assert_eq!(given.differs.elsewhere.len(), 1);
    }

    #[test]
    fn what_is_nothing_of_these_is_refused_with_its_place() {
        let Err(OpenError::Text(error)) = read("brokers 3\nfrom here on nonsense\n") else {
            panic!("it is no scenario");
        };
        assert_eq!((error.line, error.column), (2, 1));
    }
}
