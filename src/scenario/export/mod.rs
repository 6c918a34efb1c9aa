//! A scenario as a shell script of Kafka's own tools: the same cluster, for real.
//!
//! The script needs bash and the folder `bin` of a Kafka 3.9 on its PATH. It starts ZooKeeper and the
//! brokers on this machine, does what the scenario does, and ends with `kafka-topics --describe`. What
//! no tool of Kafka's can do (a link that is held, one message that is lost, a disk that fails) stands in
//! it as a comment, and is counted in [`Script::left_out`]: such a script shows something else, and says
//! so. Processes and tools of a real machine take seconds to start, so only the order of commands is
//! kept exactly; their times are the earliest.

mod program;
mod words;

use crate::engine::command::{Command, ElectionKind, Placement, TimedCommand, ToolCommand};
use crate::engine::config::{BrokerConfig, WorldConfig};
use crate::engine::ids::{BrokerId, NodeId, Text};
use crate::scenario::ast::Scenario;
use crate::scenario::printer;

use program::Programs;
use words::{address, quote};

/// What stands before the scenario's own lines.
const PREAMBLE: &str = include_str!("preamble.sh");
/// Settings that are the laboratory's own or name what a machine has, and so are not Kafka's.
const OWN_SETTINGS: &[&str] = &["log.dirs", "lab.truncation"];

/// A scenario for a real cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// The whole script.
    pub text: String,
    /// Statements that it cannot carry out, in their order.
    pub left_out: Vec<String>,
}

/// Writes a scenario as a script.
#[must_use]
pub fn script(scenario: &Scenario) -> Script {
    let mut writer = Writer {
        clients: scenario.clients(),
        programs: Programs::new(scenario),
        lines: Vec::new(),
        left_out: Vec::new(),
        at: 0,
    };
    writer.settings(&scenario.config);
    writer.boot(&scenario.config);
    for timed in &scenario.commands {
        writer.timed(timed);
    }
    writer.end(scenario);
    Script { text: writer.text(), left_out: writer.left_out }
}

struct Writer {
    clients: Vec<Text>,
    programs: Programs,
    lines: Vec<String>,
    left_out: Vec<String>,
    /// The second that the last line waits for.
    at: u64,
}

impl Writer {
    fn text(&self) -> String {
        let mut text = String::from(
            "#!/usr/bin/env bash\n# A scenario of Highwater for a real Kafka 3.9: bash, and Kafka's bin folder on PATH.\n",
        );
        if !self.left_out.is_empty() {
            text += "#\n# Kafka's tools cannot do these, so what happens here is something else:\n";
            for statement in &self.left_out {
                text += &format!("#   {statement}\n");
            }
        }
        text += PREAMBLE;
        text.push('\n');
        for line in &self.lines {
            text += line;
            text.push('\n');
        }
        text
    }

    fn put(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    fn leave_out(&mut self, statement: String) {
        self.put(format!("# not with Kafka's tools: {statement}"));
        self.left_out.push(statement);
    }

    fn settings(&mut self, config: &WorldConfig) {
        let defaults = BrokerConfig::default();
        let replication = config.brokers.min(3).to_string();
        // The default factor of 3 needs three brokers, which a small cluster lacks.
        let mut rows = vec![format!("offsets.topic.replication.factor={replication}")];
        for key in BrokerConfig::KEYS {
            let value = config.broker.get(key).unwrap_or_default();
            if defaults.get(key).as_deref() == Some(&value) {
                continue;
            }
            if OWN_SETTINGS.contains(key) {
                self.left_out.push(format!("set {key}={value}"));
            } else {
                rows.push(format!("{key}={value}"));
            }
        }
        let rows: Vec<String> = rows.iter().map(|row| quote(row)).collect();
        self.put(format!("printf '%s\\n' {} >\"$WORK/settings\"", rows.join(" ")));
    }

    fn boot(&mut self, config: &WorldConfig) {
        self.put("start_zookeeper");
        for number in 1..=config.brokers {
            self.put(format!("start_broker {number}"));
        }
        let addresses: Vec<String> =
            (1..=config.brokers).map(|number| format!("127.0.0.1:$((PORT + {number}))")).collect();
        self.put(format!("BOOTSTRAP=\"{}\"", addresses.join(",")));
        self.put("began=$(date +%s)");
    }

    /// Waits for the command's second, counted from when the brokers are up.
    fn timed(&mut self, timed: &TimedCommand) {
        let second = timed.at.0.div_ceil(1_000_000).saturating_sub(1);
        if second > self.at {
            self.at = second;
            self.put(format!("at {second}"));
        }
        self.command(&timed.command);
    }

    fn command(&mut self, command: &Command) {
        match command {
            Command::Start { node } => self.start(*node),
            Command::Kill { node } => self.signal("KILL", *node),
            Command::Stop { node } => self.signal("TERM", *node),
            Command::Pause { node } => self.signal("STOP", *node),
            Command::Resume { node } => self.signal("CONT", *node),
            Command::Tool(tool) => self.tool(tool),
            command if command.is_admin() => self.admin(command),
            _ => match self.programs.lines(command) {
                Some(lines) => lines.into_iter().for_each(|line| self.put(line)),
                None => self.leave_out(printer::command(command, &self.clients)),
            },
        }
    }

    fn start(&mut self, node: NodeId) {
        match node {
            NodeId::Zookeeper => self.put("start_zookeeper"),
            NodeId::Broker(BrokerId(number)) => self.put(format!("start_broker {number}")),
            NodeId::Client(_) => match self.programs.again(&self.name(node)) {
                Some(lines) => lines.into_iter().for_each(|line| self.put(line)),
                None => self.leave_out(format!("start {}", self.name(node))),
            },
        }
    }

    fn signal(&mut self, kind: &str, node: NodeId) {
        let name = self.name(node);
        self.put(format!("signal {kind} {}", quote(&name)));
    }

    fn name(&self, node: NodeId) -> String {
        let client = node.client().and_then(|id| self.clients.get(usize::from(id.0)));
        client.map_or_else(|| node.to_string(), ToString::to_string)
    }

    fn tool(&mut self, tool: &ToolCommand) {
        match tool {
            ToolCommand::Run { name, argv, .. } => {
                let words: Vec<String> = argv.iter().map(|word| words::argument(word)).collect();
                let command = words::tool_line(&words);
                match self.programs.is_interactive(name, argv) {
                    true => self.put(format!("terminal {} {command}", quote(name))),
                    false => self.put(command),
                }
            }
            ToolCommand::Input { name, line } => {
                self.put(format!("type_line {} {}", quote(name), quote(line)));
            }
            ToolCommand::EndOfInput { name } => self.put(format!("close {}", quote(name))),
            ToolCommand::Interrupt { name } => self.put(format!("signal INT {}", quote(name))),
            ToolCommand::Write { file, text } => {
                self.put(format!("printf %s {} >{}", quote(text), quote(file)));
            }
        }
    }

    /// What the world's admin client does, a tool does.
    fn admin(&mut self, command: &Command) {
        let topics = |rest: &str| format!("kafka-topics.sh {} {rest}", address());
        match command {
            Command::CreateTopic { topic, placement, configs } => {
                let mut rest = format!("--create --topic {}", quote(topic.as_str()));
                rest += &placed(placement);
                for (key, value) in configs {
                    rest += &format!(" --config {}", quote(&format!("{key}={value}")));
                }
                self.put(topics(&rest));
            }
            Command::DeleteTopic { topic } => {
                self.put(topics(&format!("--delete --topic {}", quote(topic.as_str()))));
            }
            // With an assignment, the tool also wants that of the partitions which are there.
            Command::AddPartitions { topic, count, assignment } if assignment.is_empty() => {
                let topic = quote(topic.as_str());
                self.put(topics(&format!("--alter --topic {topic} --partitions {count}")));
            }
            Command::ElectLeaders { kind, partition } => {
                let kind = match kind {
                    ElectionKind::Preferred => "preferred",
                    ElectionKind::Unclean => "unclean",
                };
                let which = partition.as_ref().map_or_else(
                    || "--all-topic-partitions".to_owned(),
                    |it| {
                        format!("--topic {} --partition {}", quote(it.topic.as_str()), it.partition)
                    },
                );
                let address = address();
                self.put(format!(
                    "kafka-leader-election.sh {address} --election-type {kind} {which}"
                ));
            }
            _ => self.settings_or_move(command),
        }
    }

    fn settings_or_move(&mut self, command: &Command) {
        match command {
            Command::SetTopicConfig { topic, key, value } => {
                let entity =
                    format!("--entity-type topics --entity-name {}", quote(topic.as_str()));
                self.put(alter_config(&entity, key, value.as_ref()));
            }
            Command::SetBrokerConfig { broker, key, value } => {
                let name = broker.map_or_else(
                    || "--entity-default".to_owned(),
                    |id| format!("--entity-name {id}"),
                );
                let entity = format!("--entity-type brokers {name}");
                self.put(alter_config(&entity, key, value.as_ref()));
            }
            Command::Reassign { partition, replicas } if !replicas.is_empty() => {
                let ids: Vec<String> = replicas.iter().map(ToString::to_string).collect();
                let json = format!(
                    "{{\"version\":1,\"partitions\":[{{\"topic\":\"{}\",\"partition\":{},\"replicas\":[{}]}}]}}",
                    partition.topic,
                    partition.partition,
                    ids.join(",")
                );
                self.put(format!("printf %s {} >reassign.json", quote(&json)));
                let address = address();
                self.put(format!(
                    "kafka-reassign-partitions.sh {address} --reassignment-json-file reassign.json --execute"
                ));
            }
            _ => self.leave_out(printer::command(command, &self.clients)),
        }
    }

    fn end(&mut self, scenario: &Scenario) {
        let second = scenario.end().at.0.div_ceil(1_000_000).saturating_sub(1);
        self.put(format!("at {second}"));
        self.put(format!("kafka-topics.sh {} --describe", address()));
    }
}

fn placed(placement: &Placement) -> String {
    match placement {
        Placement::Automatic { partitions, replication_factor } => {
            format!(" --partitions {partitions} --replication-factor {replication_factor}")
        }
        Placement::Assigned(rows) => {
            let rows: Vec<String> = rows
                .iter()
                .map(|row| row.iter().map(ToString::to_string).collect::<Vec<String>>().join(":"))
                .collect();
            format!(" --replica-assignment {}", rows.join(","))
        }
    }
}

fn alter_config(entity: &str, key: &str, value: Option<&Text>) -> String {
    let change = match value {
        // Commas part settings, unless they stand in brackets.
        Some(value) if value.contains(',') => {
            format!("--add-config {}", quote(&format!("{key}=[{value}]")))
        }
        Some(value) => format!("--add-config {}", quote(&format!("{key}={value}"))),
        None => format!("--delete-config {}", quote(key)),
    };
    format!("kafka-configs.sh {} --alter {entity} {change}", address())
}

#[cfg(test)]
mod tests;
