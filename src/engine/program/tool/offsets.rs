//! `kafka-get-offsets`: first, last or other offsets of partitions (`GetOffsetShell`).

use crate::engine::ids::Text;
use crate::engine::pattern::Pattern;
use crate::engine::program::tool::Tool;
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::flags::Flags;
use crate::engine::program::tool::partitions::{Kind, Partition};
use crate::engine::program::tool::properties::Properties;
use crate::engine::program::tool::shell::{Flow, Shell, Stop, host_and_port};
use crate::engine::program::tool::topics::include_list;

/// The tool.
pub(super) const TOOL: Tool = Tool { name: "kafka-get-offsets", flags: FLAGS, run };

const FLAGS: &str = "bootstrap-server= broker-list= command-config= exclude-internal-topics help \
    partitions= time= topic= topic-partitions= version";

/// An error that is told without its trace.
pub(super) fn terse(words: &str) -> Fault {
    Fault::new(TERSE, words)
}

const TERSE: &str = "org.apache.kafka.tools.TerseException";
const USAGE: &str = "An interactive shell for getting topic-partition offsets.";

fn run(shell: &mut Shell<'_>) -> Flow<()> {
    match execute(shell) {
        Err(Stop::Thrown(fault)) => {
            shell.err(&format!("Error occurred: {}", fault.words()));
            if &*fault.class != TERSE {
                shell.err(&fault.trace());
            }
            Err(Stop::Exit(1))
        }
        done => done,
    }
}

/// What one rule lets through.
struct Rule {
    topic: Pattern,
    /// Partitions `least..most`, or those of a list.
    range: (i32, i32),
    listed: Vec<i32>,
}

impl Rule {
    fn takes(&self, (topic, index): &Partition) -> bool {
        let (least, most) = self.range;
        let numbered = match self.listed.is_empty() {
            true => *index >= least && *index < most,
            false => self.listed.contains(index),
        };
        numbered && self.topic.matches(topic)
    }
}

fn execute(shell: &mut Shell<'_>) -> Flow<()> {
    if shell.words().is_empty() {
        return Err(shell.usage(USAGE));
    }
    let flags = Flags::parse(FLAGS, shell.words()).map_err(|fault| terse(fault.words()))?;
    if !flags.has("bootstrap-server")
        && !flags.has("broker-list")
        && !flags.has("help")
        && !flags.has("version")
    {
        // joptsimple's own word, of `requiredUnless`.
        return Err(terse("Missing required option(s) [bootstrap-server]").into());
    }
    shell.help_or_version(&flags, USAGE)?;
    let servers = if flags.has("bootstrap-server") { "bootstrap-server" } else { "broker-list" };
    let servers = flags.value(servers)?.cloned().unwrap_or_else(|| "".into());
    if servers.split(',').any(|address| host_and_port(address).is_none()) {
        return Err(shell.usage("Please provide valid host:port like host1:9091,host2:9092\n"));
    }
    let by_rule = flags.value("topic-partitions")?;
    if by_rule.is_some() && (flags.has("topic") || flags.has("partitions")) {
        return Err(terse("--topic-partitions cannot be used with --topic or --partitions").into());
    }
    let time = timestamp(flags.value("time")?.map_or("latest", |time| time))?;
    let rules = match by_rule {
        Some(text) => text.split(',').map(rule).collect::<Result<Vec<Rule>, Fault>>()?,
        None => vec![Rule {
            topic: include_list(flags.value("topic")?.map_or(".*", |topic| topic))?,
            range: (0, i32::MAX),
            listed: numbers(flags.value("partitions")?.map_or("", |list| list))?,
        }],
    };
    let settings = match flags.value("command-config")? {
        Some(file) => shell.properties(file)?,
        None => Properties::default(),
    };
    shell.connect(&servers, &settings)?;
    let wanted = matching(shell, &flags, &rules)?;
    let wanted: Vec<(Partition, i64)> = wanted.into_iter().map(|p| (p, time)).collect();
    let found = shell.ask_leaders(Kind::ListOffsets, "GetOffsetShell", &wanted)?;
    let mut lines: Vec<(String, String)> = Vec::new();
    for ((topic, index), result) in &found {
        match result {
            Ok(offset) if *offset >= 0 => {
                lines.push((format!("{topic}-{index}"), format!("{topic}:{index}:{offset}")));
            }
            Ok(_) => {}
            Err(fault) => shell.err(&format!(
                "Skip getting offsets for topic-partition {topic}-{index} due to error: {}",
                fault.told()
            )),
        }
    }
    lines.sort();
    lines.iter().for_each(|(_, line)| shell.out(line));
    Ok(())
}

fn matching(shell: &mut Shell<'_>, flags: &Flags, rules: &[Rule]) -> Flow<Vec<Partition>> {
    let mut topics = shell.topics("listTopics", None)?;
    topics.retain(|topic| !(topic.internal && flags.has("exclude-internal-topics")));
    let partitions = topics.iter().flat_map(|topic| {
        topic.partitions.iter().map(|partition| (topic.name.clone(), partition.index))
    });
    let taken: Vec<Partition> =
        partitions.filter(|partition| rules.iter().any(|rule| rule.takes(partition))).collect();
    if taken.is_empty() {
        let words = "Could not match any topic-partitions with the specified filters";
        return Err(terse(words).into());
    }
    Ok(taken)
}

/// `parseOffsetSpec`.
fn timestamp(text: &str) -> Result<i64, Fault> {
    match text {
        "latest" => Ok(-1),
        "earliest" => Ok(-2),
        "max-timestamp" => Ok(-3),
        "earliest-local" => Ok(-4),
        "latest-tiered" => Ok(-5),
        _ => text.parse().map_err(|_| {
            terse(&format!(
                "Malformed time argument {text}. Please use -1 or latest / -2 or earliest / -3 or \
                 max-timestamp / -4 or earliest-local / -5 or latest-tiered, or a specified long \
                 format timestamp"
            ))
        }),
    }
}

fn numbers(text: &str) -> Result<Vec<i32>, Fault> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let read: Result<Vec<i32>, _> = text.split(',').map(str::parse).collect();
    read.map_err(|_| {
        terse(&format!(
            "--partitions expects a comma separated list of numeric partition ids, but received: {text}"
        ))
    })
}

/// `parseRuleSpec`: `orders:1`, `orders:0-2`, `orders:1-`, `:-3`.
fn rule(text: &str) -> Result<Rule, Fault> {
    let invalid = || {
        let terse = terse(&format!("Invalid rule specification: {text}"));
        Fault::wrapping("java.lang.RuntimeException", terse)
    };
    let (topic, numbers) = text.split_once(':').unwrap_or((text, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let number = |text: &str, default: i32| match text {
        "" => Ok(default),
        text => text.parse().map_err(|_| Fault::no_number(text)),
    };
    let range = match numbers.split_once('-') {
        Some((least, most)) if is_digits(least) && is_digits(most) => {
            (number(least, 0)?, number(most, i32::MAX)?)
        }
        None if numbers.is_empty() => (0, i32::MAX),
        None if is_digits(numbers) => {
            let only = number(numbers, 0)?;
            (only, only.saturating_add(1))
        }
        _ => return Err(invalid()),
    };
    let topic: Text = if topic.is_empty() { ".*".into() } else { topic.into() };
    Ok(Rule { topic: include_list(&topic)?, range, listed: Vec::new() })
}
