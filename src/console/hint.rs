//! What to try, after a tool refused its command line: one line beside Kafka's own answer.
//!
//! Kafka's answer stays what it is, byte for byte; the hint is made of the command line and of what the
//! world knows, and only where the tool ended with a code other than 0.

use crate::console::values::argument;
use crate::engine::ids::Text;
use crate::engine::program::tool::flags::{flags, unknown_flag};
use crate::engine::program::tool::{TOOLS, find, tool_name};
use crate::i18n::Phrase;
use crate::scenario::suggest::nearest;
use crate::view::known::Known;

/// Quotas as `kafka-configs` names them (`QuotaConfigs`).
const QUOTAS: &[&str] = &[
    "producer_byte_rate",
    "consumer_byte_rate",
    "request_percentage",
    "controller_mutation_rate",
    "connection_creation_rate",
];

/// What to try instead of a command line that was refused; `None`: Kafka's answer says it all.
#[must_use]
pub fn hint(argv: &[Text], known: &Known) -> Option<Phrase> {
    let first = argv.first()?;
    let words = &argv[1..];
    let Some(tool) = find(first) else {
        let near = nearest(tool_name(first), TOOLS.iter().map(|tool| tool.name));
        return Some(match near {
            Some(near) => Phrase::new("hint-tool").with("typed", &**first).with("near", &*near),
            None => Phrase::new("hint-no-tool").with("typed", &**first),
        });
    };
    let at = known.brokers.first().map_or("b1:9092", |(_, at)| at);
    let has = |flag: &str| flags(tool.flags).any(|(known, _)| known == flag);
    if tool.name == "kafka-configs" && words.iter().any(|word| word.contains("SCRAM-SHA-")) {
        return Some(Phrase::new("hint-scram"));
    }
    if let Some(word) = words.iter().find(|word| word.starts_with(['–', '—', '−'])) {
        return Some(Phrase::new("hint-dash").with("typed", &**word));
    }
    if let Some(flag) = unknown_flag(tool.flags, words) {
        return Some(strange_flag(tool.name, tool.flags, &flag, at));
    }
    let has_server = has("bootstrap-server") || has("broker-list");
    let servers = argument(words, "bootstrap-server").or(argument(words, "broker-list"));
    let is_server_list = has("bootstrap-server") || tool.name == "kafka-console-producer";
    match servers {
        None if has_server && !words.iter().any(|w| matches!(&**w, "--help" | "--version")) => {
            Some(Phrase::new("hint-server").with("address", at))
        }
        Some(list) if is_server_list && !list.split(',').any(|one| is_known(one, known)) => {
            Some(Phrase::new("hint-address").with("typed", list).with("address", at))
        }
        _ => strange_topic(words, known),
    }
}

/// What to know about a command line that did what it says: a quota stands, and slows nobody down.
#[must_use]
pub fn note(argv: &[Text]) -> Option<Phrase> {
    let (first, words) = argv.split_first()?;
    let sets = |key: &&str| argument(words, "add-config").is_some_and(|list| list.contains(*key));
    let is_quota = tool_name(first) == "kafka-configs" && QUOTAS.iter().any(sets);
    is_quota.then(|| Phrase::new("hint-quota"))
}

fn strange_flag(tool: &str, table: &'static str, flag: &str, address: &str) -> Phrase {
    // The study notes and older books write these.
    if flag == "zookeeper" && flags(table).any(|(known, _)| known == "bootstrap-server") {
        return Phrase::new("hint-zookeeper").with("address", address);
    }
    let phrase = |key| Phrase::new(key).with("tool", tool).with("typed", flag);
    match nearest(flag, flags(table).map(|(known, _)| known)) {
        Some(near) => phrase("hint-flag").with("near", &*near),
        None => phrase("hint-no-flag"),
    }
}

/// A topic that is not there, when one of nearly that name is.
fn strange_topic(words: &[Text], known: &Known) -> Option<Phrase> {
    let typed = argument(words, "topic")?;
    if known.topics.iter().any(|(topic, _)| &**topic == typed) {
        return None;
    }
    let near = nearest(typed, known.topics.iter().map(|(topic, _)| &**topic))?;
    let is_new = words.iter().any(|word| &**word == "--create");
    (!is_new).then(|| Phrase::new("hint-topic").with("typed", typed).with("near", &*near))
}

fn is_known(address: &str, known: &Known) -> bool {
    let address = address.trim().trim_start_matches("PLAINTEXT://");
    known.brokers.iter().any(|(_, at)| &**at == address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ids::BrokerId;
    use crate::i18n::Lang;
    use crate::scenario::shell_words;

    fn told(line: &str) -> Option<String> {
        let known = Known {
            topics: vec![("orders".into(), 3)],
            brokers: vec![(BrokerId(1), "b1:9092".into()), (BrokerId(2), "b2:9092".into())],
            ..Known::default()
        };
        let argv = shell_words::split(line).expect("a line");
        hint(&argv, &known).map(|phrase| phrase.text(Lang::En))
    }

    fn check(line: &str, part: &str) {
        let told = told(line).unwrap_or_default();
        assert!(told.contains(part), "{line} gives {told:?}");
    }

    const SERVER: &str = "--bootstrap-server b1:9092";

    #[test]
    fn a_slip_in_a_tool_or_a_flag_is_told_with_what_was_meant() {
        check("kafka-topic --list", "kafka-topics");
        check(&format!("kafka-topics {SERVER} --lsit"), "--list");
        check(&format!("kafka-topics {SERVER} --topc=x"), "--topic");
        check(&format!("kafka-topics {SERVER} --colour"), "--help");
        check("frobnicate", "frobnicate");
    }

    #[test]
    fn credentials_are_told_as_not_modelled() {
        let line = "kafka-configs --alter --user a --add-config SCRAM-SHA-256=[password=x]";
        check(&format!("{line} {SERVER}"), "not modelled");
    }

    #[test]
    fn a_quota_is_told_to_slow_nobody_down() {
        let told = |line: &str, lang| {
            let argv = shell_words::split(line).expect("a line");
            note(&argv).map(|phrase| phrase.text(lang))
        };
        let line = format!("kafka-configs {SERVER} --entity-type clients --entity-name a");
        let set = format!("{line} --alter --add-config producer_byte_rate=1024");
        assert!(told(&set, Lang::En).is_some_and(|words| words.contains("not enforced")));
        assert!(told(&set, Lang::ZhCn).is_some_and(|words| words.contains("不会生效")));
        let joined = format!("{line} --alter --add-config=request_percentage=5");
        assert!(told(&joined, Lang::En).is_some());
        for other in [
            format!("{line} --describe"),
            format!("{line} --alter --delete-config producer_byte_rate"),
            format!("kafka-configs {SERVER} --alter --topic t --add-config retention.ms=1"),
            format!("kafka-topics {SERVER} --list"),
        ] {
            assert_eq!(told(&other, Lang::En), None, "{other}");
        }
    }

    #[test]
    fn what_older_books_write_is_told_with_todays_flag() {
        check("kafka-topics --list --zookeeper localhost:2181", "--bootstrap-server b1:9092");
    }

    #[test]
    fn a_dash_that_a_word_processor_made_is_named() {
        check("kafka-topics —list", "—list");
    }

    #[test]
    fn a_missing_or_strange_address_is_told_with_one_that_is_there() {
        check("kafka-topics --list", "--bootstrap-server b1:9092");
        check("kafka-topics --list --bootstrap-server localhost:9092", "b1:9092");
        assert_eq!(told("kafka-topics --list --bootstrap-server b9:9092,b2:9092"), None);
    }

    #[test]
    fn a_topic_nearly_of_that_name_is_told() {
        check(&format!("kafka-topics {SERVER} --describe --topic ordres"), "orders");
        assert_eq!(told(&format!("kafka-topics {SERVER} --create --topic ordres")), None);
        assert_eq!(told(&format!("kafka-topics {SERVER} --describe --topic orders")), None);
    }
}
