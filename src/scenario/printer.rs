//! [`Scenario`] to text: the one way to write each thing, shortest first.
//!
//! `parse(print(s)) == s` for every scenario whose commands are in order of time and whose clients
//! are all added by it. What is at its default is left out, and commands at the time that they have
//! by default are printed without `at`.

use std::fmt::Write;

use crate::engine::command::{
    Command, ConsumerCommand, DiskState, ElectionKind, LinkState, MessageAddress, Placement,
    RecordSpec, SeekPlace, TimedCommand, ToolCommand,
};
use crate::engine::config::{BrokerConfig, LinkConfig, WorldConfig};
use crate::engine::ids::{BrokerId, NodeId, Text, TopicPartition};
use crate::engine::program::tool;
use crate::engine::time::Micros;
use crate::scenario::ast::{CONSOLE, Expectation, Moment, Scenario, default_time};
use crate::scenario::parser::{is_bare, is_bare_host};
use crate::scenario::predicate;
use crate::scenario::shell_words;
use crate::scenario::spec::{consumer_settings, producer_settings};

/// The scenario as text, each statement on a line of its own.
#[must_use]
pub fn print(scenario: &Scenario) -> String {
    let mut out = String::new();
    if let Some(engine) = scenario.engine {
        line(&mut out, &format!("engine={engine}"));
    }
    config(&mut out, &scenario.config);
    let clients = scenario.clients();
    for (index, (name, at)) in scenario.moments.iter().enumerate() {
        let at = named(*at, &scenario.moments[..index]);
        line(&mut out, &format!("moment {}={at}", word(name)));
    }
    for timed in &scenario.commands {
        line(&mut out, &timed_command(timed, &clients, &scenario.moments));
    }
    for Expectation { at, predicate } in &scenario.expectations {
        let at = at.map_or_else(String::new, |at| format!("at {} ", named(at, &scenario.moments)));
        line(&mut out, &format!("{at}expect {}", predicate::print::print(predicate)));
    }
    if let Some(until) = scenario.until {
        line(&mut out, &format!("until={}", named(until, &scenario.moments)));
    }
    if let Some(digest) = &scenario.digest {
        line(&mut out, &format!("digest={digest}"));
    }
    out
}

/// A span of time in its shortest exact form: `5.000123s`, `20ms`, `100us`.
#[must_use]
pub fn time(time: Micros) -> String {
    let micros = time.0;
    if micros.is_multiple_of(1_000_000) {
        return format!("{}s", micros / 1_000_000);
    }
    if micros > 1_000_000 {
        let fraction = format!("{:06}", micros % 1_000_000);
        return format!("{}.{}s", micros / 1_000_000, fraction.trim_end_matches('0'));
    }
    if micros.is_multiple_of(1_000) {
        return format!("{}ms", micros / 1_000);
    }
    format!("{micros}us")
}

/// A moment: `5.000123s#1042`, or `5s` when it stands after all events of its instant.
#[must_use]
pub fn moment(moment: Moment) -> String {
    match moment.before {
        Some(before) => format!("{}#{before}", time(moment.at)),
        None => time(moment.at),
    }
}

/// One command as a statement without its time. `clients` are the world's clients, by id.
#[must_use]
pub fn command(command: &Command, clients: &[Text]) -> String {
    match command {
        Command::Start { node } => format!("start {}", host(*node, clients)),
        Command::Kill { node } => format!("kill {}", host(*node, clients)),
        Command::Stop { node } => format!("stop {}", host(*node, clients)),
        Command::Pause { node } => format!("pause {}", host(*node, clients)),
        Command::Resume { node } => format!("resume {}", host(*node, clients)),
        Command::Hold { a, b } => format!("hold {}", pair(*a, "-", *b, clients)),
        Command::Heal { a, b } => format!("heal {}", pair(*a, "-", *b, clients)),
        Command::Cut { a, b } => format!("cut {}", pair(*a, "-", *b, clients)),
        Command::Split { sides, to } => split(sides, *to, clients),
        Command::SetLoss { a, b, loss_ppm, duplication_ppm } => {
            let text = format!("loss {} {loss_ppm}", pair(*a, "-", *b, clients));
            if *duplication_ppm == 0 { text } else { format!("{text} dup {duplication_ppm}") }
        }
        Command::Drop { message } => format!("drop {}", address(message, clients)),
        Command::Delay { message, by } => {
            format!("delay {} {}", address(message, clients), time(*by))
        }
        Command::Duplicate { message, after } => {
            format!("dup {} {}", address(message, clients), time(*after))
        }
        Command::SetLink { a, b, latency, jitter } => {
            let link = LinkConfig { latency: *latency, jitter: *jitter };
            format!("link {} {}", pair(*a, "-", *b, clients), link_text(link))
        }
        Command::CreateTopic { .. }
        | Command::DeleteTopic { .. }
        | Command::AddPartitions { .. }
        | Command::ElectLeaders { .. }
        | Command::Reassign { .. }
        | Command::SetTopicConfig { .. }
        | Command::SetBrokerConfig { .. } => admin_command(command),
        Command::AddProducer { name, spec } => {
            format!("producer {}{{{}}}", word(name), entries(&producer_settings(spec)))
        }
        Command::AddConsumer { name, spec } => {
            format!("consumer {}{{{}}}", word(name), entries(&consumer_settings(spec)))
        }
        Command::SetClient { name, key, value } => {
            format!("set {} {}={}", word(name), word(key), word(value))
        }
        Command::Send { name, records } => {
            let records: Vec<String> = records.iter().map(record).collect();
            format!("send {} {}", word(name), records.join(" "))
        }
        Command::Consumer { name, command } => consumer_command(name, command),
        Command::PowerLoss { durable } => {
            let files: Vec<(String, u64)> =
                durable.iter().map(|f| (file(f.node, &f.path, clients), f.bytes)).collect();
            let rows: Vec<String> = files.iter().map(|(f, bytes)| format!("{f}={bytes}")).collect();
            format!("power {{{}}}", rows.join(", "))
        }
        Command::SetDisk { node, dir, state } => disk(&host(*node, clients), dir.as_ref(), *state),
        Command::DiskFault { node, path, position, bytes } => {
            format!("rot {} {position} {}", file(*node, path, clients), hex(bytes))
        }
        Command::Tear { node, path, bytes } => {
            format!("tear {} {bytes}", file(*node, path, clients))
        }
        Command::Tool(tool) => tool_command(tool),
        Command::Connect { name, broker } => format!("connect {} b{broker}", word(name)),
        Command::Frame { name, bytes } => format!("frame {} {}", word(name), hex(bytes)),
        Command::Disconnect { name } => format!("disconnect {}", word(name)),
    }
}

fn consumer_command(name: &str, command: &ConsumerCommand) -> String {
    let name = word(name);
    let partitions = |partitions: &[TopicPartition]| {
        let names: Vec<String> = partitions.iter().map(|p| word(&p.to_string())).collect();
        names.join(" ")
    };
    let own = partitions(command.partitions());
    match command {
        ConsumerCommand::Pause { .. } => format!("pause {name} {own}"),
        ConsumerCommand::Resume { .. } => format!("resume {name} {own}"),
        ConsumerCommand::Seek { to, .. } => match to {
            SeekPlace::Offset(offset) => format!("seek {name} {own} {offset}"),
            SeekPlace::Beginning => format!("seek {name} {own} beginning"),
            SeekPlace::End => format!("seek {name} {own} end"),
            SeekPlace::Time(time) => format!("seek {name} {own} time {time}"),
        },
    }
}

fn disk(host: &str, dir: Option<&Text>, state: DiskState) -> String {
    let dir = dir.map_or_else(String::new, |dir| format!("/{dir}"));
    match state {
        DiskState::Works => format!("disk {host}{dir} on"),
        DiskState::Dead => format!("disk {host}{dir} off"),
        DiskState::Full => format!("disk {host}{dir} full"),
        DiskState::Slow(by) => format!("disk {host}{dir} slow {}", time(by)),
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    });
    word(&digits)
}

fn tool_command(command: &ToolCommand) -> String {
    match command {
        ToolCommand::Run { name, host: None, argv }
            if &**name == CONSOLE && argv.first().is_some_and(|tool| stands_alone(tool)) =>
        {
            shell_words::join(argv)
        }
        ToolCommand::Run { name, host: Some(host), argv } if &**name == CONSOLE => {
            format!("on b{host} {}", tool_line(argv))
        }
        ToolCommand::Run { name, host, argv } => {
            let host = host.map_or_else(String::new, |host| format!(" on b{host}"));
            format!("run {}{host} {}", word(name), tool_line(argv))
        }
        ToolCommand::Input { name, line } => format!("input {} {}", word(name), word(line)),
        ToolCommand::EndOfInput { name } => format!("eof {}", word(name)),
        ToolCommand::Interrupt { name } => format!("interrupt {}", word(name)),
        ToolCommand::Write { file, text } => format!("write {} {}", word(file), word(text)),
    }
}

/// A tool's line, with a name that no tool has in quotes.
fn tool_line(argv: &[Text]) -> String {
    match argv.split_first() {
        Some((name, rest)) if tool::find_on_machine(name).is_none() => {
            shell_words::join_quoted(name, rest)
        }
        _ => shell_words::join(argv),
    }
}

/// Whether a tool's line is a statement as it is.
fn stands_alone(tool: &str) -> bool {
    tool::find(tool).is_some() && tool.chars().all(is_bare)
}

/// A statement for the admin client.
fn admin_command(command: &Command) -> String {
    match command {
        Command::CreateTopic { topic, placement, configs } => {
            let mut text = format!("topic {}", word(topic.as_str()));
            place(&mut text, placement);
            if !configs.is_empty() {
                let _ = write!(text, " {{{}}}", entries(configs));
            }
            text
        }
        Command::DeleteTopic { topic } => format!("delete {}", word(topic.as_str())),
        Command::AddPartitions { topic, count, assignment } => {
            let mut text = format!("partitions {} {count}", word(topic.as_str()));
            if !assignment.is_empty() {
                rows(&mut text, assignment);
            }
            text
        }
        Command::ElectLeaders { kind, partition } => elect(*kind, partition.as_ref()),
        Command::Reassign { partition, replicas: none } if none.is_empty() => {
            format!("reassign {} cancel", word(&partition.to_string()))
        }
        Command::Reassign { partition, replicas: targets } => {
            format!("reassign {}: {}", word(&partition.to_string()), replicas(targets))
        }
        Command::SetTopicConfig { topic, key, value } => {
            format!("config {} {}", word(topic.as_str()), change(key, value.as_ref()))
        }
        Command::SetBrokerConfig { broker, key, value } => {
            let broker = broker.map_or_else(|| "default".to_owned(), |id| format!("b{id}"));
            format!("brokerconfig {broker} {}", change(key, value.as_ref()))
        }
        _ => String::new(),
    }
}

/// A moment by its name, when it has one.
fn named(at: Moment, moments: &[(Text, Moment)]) -> String {
    let name = moments.iter().find(|(_, moment)| *moment == at);
    name.map_or_else(|| moment(at), |(name, _)| word(name))
}

/// One command as a statement with its time, or with the name of its moment. `clients` are the world's
/// clients, by id.
#[must_use]
pub fn timed_command(timed: &TimedCommand, clients: &[Text], moments: &[(Text, Moment)]) -> String {
    let text = command(&timed.command, clients);
    let implied = timed.before.is_none() && timed.at == default_time(&timed.command);
    if implied {
        return text;
    }
    format!("at {} {text}", named(Moment { at: timed.at, before: timed.before }, moments))
}

fn config(out: &mut String, config: &WorldConfig) {
    let defaults = WorldConfig::default();
    line(out, &format!("brokers {}", config.brokers));
    line(out, &format!("seed {}", config.seed));
    if config.link != defaults.link {
        line(out, &format!("link {}", link_text(config.link)));
    }
    if config.epoch_ms != defaults.epoch_ms {
        line(out, &format!("clock {}", config.epoch_ms));
    }
    if !config.boot {
        line(out, "boot off");
    }
    if config.wire_mode {
        line(out, "wire on");
    }
    for key in BrokerConfig::KEYS {
        let value = config.broker.get(key).unwrap_or_default();
        if defaults.broker.get(key).as_deref() != Some(&value) {
            line(out, &format!("set {key}={}", word(&value)));
        }
    }
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn link_text(link: LinkConfig) -> String {
    if link.jitter == Micros::ZERO {
        return time(link.latency);
    }
    format!("{} jitter {}", time(link.latency), time(link.jitter))
}

fn place(text: &mut String, placement: &Placement) {
    let _ = match placement {
        Placement::Automatic { partitions, replication_factor } => {
            write!(text, " p{partitions} rf{replication_factor}")
        }
        Placement::Assigned(partitions) => return rows(text, partitions),
    };
}

fn rows(text: &mut String, partitions: &[Vec<BrokerId>]) {
    let rows: Vec<String> = partitions.iter().map(|r| replicas(r)).collect();
    let _ = write!(text, ": {}", rows.join(" | "));
}

fn elect(kind: ElectionKind, partition: Option<&TopicPartition>) -> String {
    let kind = match kind {
        ElectionKind::Preferred => "preferred",
        ElectionKind::Unclean => "unclean",
    };
    match partition {
        Some(partition) => format!("elect {kind} {}", word(&partition.to_string())),
        None => format!("elect {kind}"),
    }
}

/// A setting with its new value, or with `-` when it is taken back.
fn change(key: &str, value: Option<&Text>) -> String {
    match value {
        Some(value) => format!("{}={}", word(key), word(value)),
        None => word(&format!("-{key}")),
    }
}

fn replicas(replicas: &[BrokerId]) -> String {
    let names: Vec<String> = replicas.iter().map(|id| format!("b{id}")).collect();
    names.join(">")
}

fn entries<K: AsRef<str>, V: AsRef<str>>(entries: &[(K, V)]) -> String {
    let rows: Vec<String> =
        entries.iter().map(|(k, v)| format!("{}={}", word(k.as_ref()), word(v.as_ref()))).collect();
    rows.join(", ")
}

fn record(record: &RecordSpec) -> String {
    let mut text = String::new();
    if let Some(key) = &record.key {
        text = format!("{}:", word(key));
    }
    text.push_str(&word(&record.value));
    if let Some(partition) = record.partition {
        let _ = write!(text, "@{partition}");
    }
    text
}

fn split(sides: &[Vec<NodeId>], to: LinkState, clients: &[Text]) -> String {
    let verb = match to {
        LinkState::Held => "hold",
        LinkState::Cut => "cut",
        LinkState::Flows => "heal",
    };
    let hosts = |side: &Vec<NodeId>| {
        let names: Vec<String> = side.iter().map(|node| host(*node, clients)).collect();
        names.join(",")
    };
    let sides: Vec<String> = sides.iter().map(hosts).collect();
    format!("{verb} {}", sides.join(" | "))
}

fn address(message: &MessageAddress, clients: &[Text]) -> String {
    let pair = pair(message.from, ">", message.to, clients);
    let response = if message.response { " response" } else { "" };
    format!("{pair} {}{response} {}", message.api.name(), message.nth)
}

fn pair(a: NodeId, between: &str, b: NodeId, clients: &[Text]) -> String {
    format!("{}{between}{}", host(a, clients), host(b, clients))
}

fn host(node: NodeId, clients: &[Text]) -> String {
    let name = node.client().and_then(|id| clients.get(usize::from(id.0)));
    match name {
        Some(name) => quoted_unless(name, is_bare_host),
        None => node.to_string(),
    }
}

fn file(node: NodeId, path: &str, clients: &[Text]) -> String {
    word(&format!("{}/{path}", host(node, clients)))
}

/// A word, in quotation marks where it must be.
#[must_use]
pub(in crate::scenario) fn word(text: &str) -> String {
    quoted_unless(text, is_bare)
}

fn quoted_unless(text: &str, bare: fn(char) -> bool) -> String {
    if !text.is_empty() && text.chars().all(bare) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                let _ = write!(quoted, "\\u{{{:x}}}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
