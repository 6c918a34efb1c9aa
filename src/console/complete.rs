//! How a line may go on: tools, their flags from the tools' own tables, and names that the world knows.

use crate::console::{line, values};
use crate::engine::ids::{BrokerId, Text};
use crate::engine::program::tool::flags::{Takes, flags};
use crate::engine::program::tool::{TOOLS, find_on_machine, tool_name};
use crate::scenario::shell_words;
use crate::view::known::Known;

/// Flags that a line may hold more than once.
const REPEATED: &[&str] = &[
    "add-config",
    "config",
    "consumer-property",
    "delete-config",
    "entity-name",
    "entity-type",
    "producer-property",
    "property",
    "topic",
];
/// The flag that nearly every line needs: it is offered first.
const FIRST: &str = "bootstrap-server";

/// What a candidate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A tool.
    Tool,
    /// A word of the console itself.
    Builtin,
    /// A flag without an argument.
    Flag,
    /// A flag with one.
    FlagWithArgument,
    /// A topic.
    Topic,
    /// A consumer group.
    Group,
    /// An address of a server.
    Address,
    /// A broker's id.
    Broker,
    /// A machine.
    Host,
    /// A partition.
    Partition,
    /// A setting.
    Setting,
    /// A file.
    File,
    /// A word that Kafka takes here.
    Word,
}

impl Kind {
    /// Key of the word for it.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Kind::Tool => "complete-tool",
            Kind::Builtin => "complete-builtin",
            Kind::Flag => "complete-flag",
            Kind::FlagWithArgument => "complete-flag-with-argument",
            Kind::Topic => "complete-topic",
            Kind::Group => "complete-group",
            Kind::Address => "complete-address",
            Kind::Broker => "complete-broker",
            Kind::Host => "complete-host",
            Kind::Partition => "complete-partition",
            Kind::Setting => "complete-setting",
            Kind::File => "complete-file",
            Kind::Word => "complete-word",
        }
    }
}

/// One way to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The word that it makes.
    pub word: String,
    /// What it is.
    pub kind: Kind,
}

/// How a line may go on at a place in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// Where the word begins that is completed, in bytes; it ends at the place.
    pub start: usize,
    /// The ways, in order.
    pub candidates: Vec<Candidate>,
}

/// How a line may go on at `at`, a place in bytes, on a machine. Nothing follows a quote that is not
/// closed.
#[must_use]
pub fn complete(text: &str, at: usize, known: &Known, machine: Option<BrokerId>) -> Completion {
    let Some(before) = text.get(..at) else { return Completion::default() };
    let start = before.rfind([' ', '\t']).map_or(0, |space| space + 1);
    let Some(words) = shell_words::split(&before[..start]) else { return Completion::default() };
    let typed = &before[start..];
    let Some(tool) = words.first() else { return first_word(typed, start) };
    if &**tool == "ssh" {
        let hosts = known.brokers.iter().map(|(id, _)| (format!("b{id}"), Kind::Host)).collect();
        return fitting(start, typed, hosts);
    }
    let Some(tool) = find_on_machine(tool) else {
        return fitting(start, typed, values::files(known));
    };
    let takes = |name: &str| flags(tool.flags).find(|(known, _)| *known == name).map(|(_, t)| t);
    // `--flag=value`, or the word behind a flag that takes one.
    if let Some((flag, _)) = typed.strip_prefix("--").and_then(|body| body.split_once('=')) {
        let start = start + "--".len() + flag.len() + "=".len();
        return argument(tool.name, flag, &words, &before[start..], start, known);
    }
    let last = words.last().and_then(|word| word.strip_prefix("--"));
    if tool.name == "kafka-dump-log" && last == Some("files") {
        let from = typed.rfind(',').map_or(0, |comma| comma + 1);
        let paths = values::logs(&typed[from..], known, machine);
        return fitting(start + from, &typed[from..], paths);
    }
    if let Some(flag) = last.filter(|flag| takes(flag).is_some_and(|t| t != Takes::Nothing)) {
        let found = argument(tool.name, flag, &words, typed, start, known);
        if takes(flag) == Some(Takes::Argument) || !found.candidates.is_empty() {
            return found;
        }
    }
    let mut left = flags_left(tool.flags, &words);
    if tool.flags.is_empty() || !typed.starts_with("--") {
        left.extend(values::alone(tool.name, known));
    }
    fitting(start, typed, left)
}

/// A line with a candidate in the place of its word, and where the cursor stands then, in bytes.
#[must_use]
pub fn accept(text: &str, at: usize, start: usize, word: &str) -> (String, usize) {
    let (before, after) = (text.get(..start).unwrap_or(""), text.get(at..).unwrap_or(""));
    // What ends in `=` or in a folder goes on at once.
    let is_open = word.ends_with(['=', '/']) || after.starts_with(' ');
    let space = if is_open { "" } else { " " };
    let made = format!("{before}{word}{space}");
    (format!("{made}{after}"), made.len())
}

/// What all candidates begin with.
#[must_use]
pub fn common(candidates: &[Candidate]) -> &str {
    let Some(first) = candidates.first() else { return "" };
    let mut shared = first.word.as_str();
    for candidate in candidates {
        while !candidate.word.starts_with(shared) {
            let mut shorter = shared.chars();
            shorter.next_back();
            shared = shorter.as_str();
        }
    }
    shared
}

fn first_word(typed: &str, start: usize) -> Completion {
    let folder = typed.rfind('/').map_or(0, |slash| slash + 1);
    let suffix = if typed.contains('.') { ".sh" } else { "" };
    let tools = TOOLS.iter().map(|tool| (format!("{}{suffix}", tool.name), Kind::Tool));
    let own = line::WORDS.iter().map(|word| ((*word).to_owned(), Kind::Builtin));
    let own = own.filter(|_| folder == 0);
    fitting(start + folder, &typed[folder..], tools.chain(own).collect())
}

fn argument(
    tool: &str,
    flag: &str,
    words: &[Text],
    typed: &str,
    start: usize,
    known: &Known,
) -> Completion {
    let from =
        if values::is_list(flag) { typed.rfind(',').map_or(0, |comma| comma + 1) } else { 0 };
    let all = values::of_flag(tool_name(tool), flag, words, known);
    let given: Vec<&str> = typed[..from].split(',').collect();
    let left = all.into_iter().filter(|(word, _)| !given.contains(&word.as_str())).collect();
    fitting(start + from, &typed[from..], left)
}

/// Flags of a table that a line does not hold yet.
fn flags_left(table: &'static str, words: &[Text]) -> Vec<(String, Kind)> {
    let is_given = |name: &str| {
        let bodies = words.iter().filter_map(|word| word.strip_prefix("--"));
        bodies.map(|b| b.split_once('=').map_or(b, |(n, _)| n)).any(|given| given == name)
    };
    let mut left: Vec<(&str, Takes)> =
        flags(table).filter(|(name, _)| REPEATED.contains(name) || !is_given(name)).collect();
    left.sort_by_key(|(name, _)| *name != FIRST);
    let kind = |takes| if takes == Takes::Nothing { Kind::Flag } else { Kind::FlagWithArgument };
    left.into_iter().map(|(name, takes)| (format!("--{name}"), kind(takes))).collect()
}

/// Those that begin with what was typed. One that is typed already is none.
fn fitting(start: usize, typed: &str, all: Vec<(String, Kind)>) -> Completion {
    let begins = |(word, _): &(String, Kind)| word.starts_with(typed);
    let candidates = all.into_iter().filter(begins).map(|(word, kind)| Candidate { word, kind });
    Completion { start, candidates: candidates.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    fn known() -> Known {
        Known {
            topics: vec![("orders".into(), 2), ("other".into(), 1)],
            groups: vec!["billing".into()],
            brokers: (1..=3).map(|id| (BrokerId(id), format!("b{id}:9092").into())).collect(),
            files: vec!["plan.json".into()],
            logs: ["orders-0/0.index", "orders-0/0.log", "other-0/0.log"]
                .map(|path| (BrokerId(1), format!("/var/kafka-logs/{path}").into()))
                .to_vec(),
        }
    }

    fn words(line: &str) -> Vec<String> {
        let found = complete(line, line.len(), &known(), Some(BrokerId(1)));
        found.candidates.into_iter().map(|candidate| candidate.word).collect()
    }

    fn check(line: &str, wanted: &[&str]) {
        assert_eq!(words(line), wanted, "{line}");
    }

    #[test]
    fn the_first_word_is_a_tool_or_a_word_of_the_console() {
        check("kafka-top", &["kafka-topics"]);
        check("bin/kafka-topics.", &["kafka-topics.sh"]);
        check("cl", &["clear"]);
        assert!(words("").len() > 8);
    }

    #[test]
    fn flags_come_from_the_tools_table_and_once() {
        check("kafka-topics --partitions", &["--partitions"]);
        check("kafka-topics --list --li", &[]);
        check("kafka-topics --config a=b --conf", &["--config"]);
        assert_eq!(words("kafka-topics ")[0], "--bootstrap-server");
    }

    #[test]
    fn arguments_are_names_that_the_world_knows() {
        check("kafka-topics --bootstrap-server ", &["b1:9092", "b2:9092", "b3:9092"]);
        check("kafka-topics --topic or", &["orders"]);
        check("kafka-topics --topic=ot", &["other"]);
        check("kafka-console-consumer --group ", &["billing"]);
        check("kafka-console-consumer --topic orders --partition ", &["0", "1"]);
        check("kafka-leader-election --election-type p", &["preferred"]);
        check("kafka-delete-records --offset-json-file ", &["plan.json"]);
        check("kafka-get-offsets --topic-partitions orders:", &["orders:0", "orders:1"]);
        check("ssh ", &["b1", "b2", "b3"]);
    }

    #[test]
    fn a_list_goes_on_behind_its_comma() {
        check("kafka-topics --bootstrap-server b1:9092,", &["b2:9092", "b3:9092"]);
        let line = "kafka-topics --bootstrap-server b1:9092,b2";
        assert_eq!(complete(line, line.len(), &known(), Some(BrokerId(1))).start, line.len() - 2);
    }

    #[test]
    fn files_of_a_machines_logs_are_gone_through_folder_by_folder() {
        let line = "kafka-dump-log --files ";
        check(line, &["/var/kafka-logs/orders-0/", "/var/kafka-logs/other-0/"]);
        let line = "kafka-dump-log --files /var/kafka-logs/or";
        let files = ["/var/kafka-logs/orders-0/0.index", "/var/kafka-logs/orders-0/0.log"];
        check(line, &files);
        assert_eq!(complete(line, line.len(), &known(), None).candidates, []);
    }

    #[test]
    fn what_stands_behind_no_flag_is_known_too() {
        check("kafka-server-start c", &["config/server.properties"]);
        check("kill -", &["-9"]);
    }

    #[test]
    fn settings_of_topics_are_known_by_name() {
        check("kafka-topics --config min.in", &["min.insync.replicas="]);
    }

    #[test]
    fn what_is_accepted_is_followed_by_a_space_unless_it_goes_on() {
        assert_eq!(accept("kafka-to", 8, 0, "kafka-topics"), ("kafka-topics ".into(), 13));
        assert_eq!(accept("x --co a", 6, 2, "--config"), ("x --config a".into(), 10));
        assert_eq!(accept("", 0, 0, "acks="), ("acks=".into(), 5));
    }

    #[test]
    fn candidates_share_a_beginning() {
        let of = |words: &[&str]| -> Vec<Candidate> {
            words.iter().map(|w| Candidate { word: (*w).into(), kind: Kind::Word }).collect()
        };
        assert_eq!(common(&of(&["--topic", "--topics-with-overrides"])), "--topic");
        assert_eq!(common(&of(&["订单", "订购"])), "订");
        assert_eq!(common(&[]), "");
    }
}
