//! Runs a transcript's steps in a world: all of them, so that one difference does not hide another.

use std::collections::BTreeMap;

use crate::conform::report::Verdict;
use crate::conform::transcript::compare::{Bound, USAGE, difference};
use crate::conform::transcript::read::{Step, Transcript};
use crate::console::help;
use crate::engine::command::{Command, ToolCommand};
use crate::engine::config::{BrokerConfig, WorldConfig};
use crate::engine::event::{Event, EventKind, ToolStream};
use crate::engine::ids::{BrokerId, NodeId, Text};
use crate::engine::program::tool::{self, tool_name};
use crate::engine::sim::world::World;
use crate::engine::time::Micros;
use crate::scenario::shell_words;

/// How long the cluster has had to settle before the first step.
const SETTLED: Micros = Micros(10_000_000);
/// How long a tool takes to start, and as long to end: Java does, here as there.
const JAVA: Micros = Micros(900_000);
/// How long a broker takes until it listens again.
const BOOT: Micros = Micros(3_000_000);
/// How long a tool may run.
const PATIENCE: Micros = Micros(300_000_000);
/// The terminal of tools that are waited for.
const FRONT: &str = "tool";
/// Settings of the brokers that were recorded, beside those of the file.
const RECORDED: &[(&str, &str)] = &[
    ("lab.loopback.port", "9091"),
    ("zookeeper.session.timeout.ms", "3000"),
    ("group.initial.rebalance.delay.ms", "0"),
    ("offsets.topic.num.partitions", "4"),
    ("offsets.topic.replication.factor", "3"),
];
/// Tools of Kafka that are not there yet.
const ABSENT: &[&str] =
    &["kafka-transactions", "kafka-verifiable-producer", "kafka-verifiable-consumer"];

/// What a tool printed, and how it ended.
#[derive(Clone, Debug, Default)]
pub struct Printed {
    /// Lines of standard output and of standard error.
    lines: Vec<(ToolStream, String)>,
    /// Whether the last line of standard output had no end.
    open: bool,
    code: Option<i32>,
}

struct Runner {
    world: World,
    /// What each tool that runs or ran last has printed since it was last looked at.
    printed: BTreeMap<NodeId, Printed>,
}

/// Runs every step. Each that differs is told, and the first that cannot be run.
#[must_use]
pub fn run(transcript: &Transcript) -> Verdict {
    let mut runner = match Runner::new(transcript) {
        Ok(runner) => runner,
        Err(why) => return Verdict::Skipped(why),
    };
    let mut differences = Vec::new();
    let mut skipped = None;
    for step in &transcript.steps {
        let place = format!("line {} ({})", step.line, step.text);
        match runner.step(step) {
            Ok(None) => {}
            Ok(Some(difference)) => differences.push(format!("{place}: {difference}")),
            Err(why) => skipped = skipped.or(Some(format!("{place}: {why}"))),
        }
    }
    match skipped {
        _ if !differences.is_empty() => Verdict::Failed(differences.join("; also ")),
        Some(why) => Verdict::Skipped(why),
        None => Verdict::Passed,
    }
}

/// What the last of these command lines prints, on a fresh cluster of three: all that is on standard
/// output, then all on standard error. Behind ` < ` is a line of input.
///
/// # Errors
/// What cannot be run.
pub fn outputs(lines: &[String]) -> Result<String, String> {
    let mut runner = Runner::new(&Transcript::default())?;
    let mut printed = Printed::default();
    for line in lines {
        let (text, input) = line.split_once(" < ").unwrap_or((line, ""));
        let argv = shell_words::split(text).ok_or("a quote is open")?;
        runner.pass(JAVA);
        let node = runner.start(FRONT, argv)?;
        if !input.is_empty() {
            runner.tell(ToolCommand::Input { name: FRONT.into(), line: input.into() });
        }
        runner.tell(ToolCommand::EndOfInput { name: FRONT.into() });
        printed = runner.wait_for(node).ok_or("it does not end")?;
    }
    let of = |is: fn(ToolStream) -> bool| {
        let lines = printed.lines.iter().filter(move |(stream, _)| is(*stream));
        lines.map(|(_, line)| format!("{line}\n")).collect::<String>()
    };
    Ok(format!("{}{}", of(|s| s == ToolStream::Out), of(|s| s == ToolStream::Err)))
}

impl Runner {
    fn new(transcript: &Transcript) -> Result<Runner, String> {
        let mut config = WorldConfig::default();
        for (key, value) in RECORDED {
            if BrokerConfig::KEYS.contains(key) {
                config.broker.set(key, value).map_err(|error| error.to_string())?;
            }
        }
        for (key, value) in transcript.setup.iter().flatten() {
            if key == "brokers" {
                config.brokers = value.parse().map_err(|_| format!("brokers={value}"))?;
            } else {
                config.broker.set(key, value).map_err(|error| error.to_string())?;
            }
        }
        let mut world = World::new(config);
        world.advance_to(SETTLED);
        world.drain_events();
        Ok(Runner { world, printed: BTreeMap::new() })
    }

    /// What differs; an error is what cannot be run.
    fn step(&mut self, step: &Step) -> Result<Option<String>, String> {
        if step.is_action {
            return self.action(step);
        }
        let argv = self.command_line(&step.text)?;
        self.pass(JAVA);
        let node = self.start(FRONT, argv)?;
        for line in &step.input {
            self.tell(ToolCommand::Input { name: FRONT.into(), line: line.as_str().into() });
        }
        self.tell(ToolCommand::EndOfInput { name: FRONT.into() });
        let printed = self.wait_for(node).ok_or_else(|| "it does not end".to_owned())?;
        self.pass(JAVA);
        Ok(compared(step, &printed, Some(step.code)))
    }

    fn command_line(&self, text: &str) -> Result<Vec<Text>, String> {
        let mut argv = shell_words::split(text).ok_or("a quote is open")?;
        let name = argv.first().map_or("", |word| tool_name(word)).to_owned();
        if ABSENT.contains(&&*name) || tool::find(&name).is_none() {
            return Err(format!("{name} is not there"));
        }
        let says = |word: &Text| {
            word.starts_with("--bootstrap-server")
                || matches!(&**word, "-server" | "--help" | "--version")
        };
        if argv.iter().any(says) {
            return Ok(argv);
        }
        let added: &[&str] = match &*name {
            "kafka-dump-log"
            | "kafka-producer-perf-test"
            | "kafka-server-start"
            | "kafka-server-stop" => &[],
            "zookeeper-shell" => &["-server", "127.0.0.1:2181"],
            _ => &["--bootstrap-server", "127.0.0.1:9091"],
        };
        argv.splice(1..1, added.iter().map(|word| Text::from(*word)));
        Ok(argv)
    }

    fn start(&mut self, name: &str, argv: Vec<Text>) -> Result<NodeId, String> {
        let run = ToolCommand::Run { name: name.into(), host: None, argv };
        self.world.apply(Command::Tool(run)).map_err(|error| error.to_string())?;
        let id = self.world.client_id(name).ok_or("no terminal")?;
        let node = NodeId::Client(id);
        self.printed.insert(node, Printed::default());
        self.collect();
        Ok(node)
    }

    fn tell(&mut self, command: ToolCommand) {
        // A tool that has ended reads nothing.
        let _ended = self.world.apply(Command::Tool(command));
        self.collect();
    }

    fn wait_for(&mut self, node: NodeId) -> Option<Printed> {
        let end = self.world.now() + PATIENCE;
        while self.is_up(node) && self.world.next_at().is_some_and(|at| at <= end) {
            self.world.step();
            self.collect();
        }
        (!self.is_up(node)).then(|| self.printed.remove(&node).unwrap_or_default())
    }

    fn is_up(&self, node: NodeId) -> bool {
        self.world.host(node).is_some_and(|host| host.life.is_up())
    }

    fn pass(&mut self, span: Micros) {
        self.world.advance_to(self.world.now() + span);
        self.collect();
    }

    fn collect(&mut self) {
        for Event { node, kind, .. } in self.world.drain_events() {
            let Some(printed) = node.and_then(|node| self.printed.get_mut(&node)) else { continue };
            match kind {
                EventKind::ToolPrinted { stream, line, ended } => {
                    if stream == ToolStream::Out {
                        printed.open = !ended;
                    }
                    printed.lines.push((stream, line.to_string()));
                }
                EventKind::ToolExited { code } => printed.code = Some(code),
                _ => {}
            }
        }
    }

    fn action(&mut self, step: &Step) -> Result<Option<String>, String> {
        let words: Vec<&str> = step.text.split_whitespace().collect();
        let broker = |id: &str| {
            let id = id.parse().map_err(|_| format!("no broker {id}"))?;
            Ok::<NodeId, String>(NodeId::Broker(BrokerId(id)))
        };
        let apply = |runner: &mut Runner, command| match runner.world.apply(command) {
            Ok(_) => Ok(None),
            Err(error) => Err(error.to_string()),
        };
        match words[..] {
            ["kill", id] => apply(self, Command::Kill { node: broker(id)? }),
            ["pause", id] => apply(self, Command::Pause { node: broker(id)? }),
            ["resume", id] => apply(self, Command::Resume { node: broker(id)? }),
            ["start", id] => {
                let started = apply(self, Command::Start { node: broker(id)? });
                self.pass(BOOT);
                started
            }
            ["stop", id] => {
                let node = broker(id)?;
                apply(self, Command::Stop { node })?;
                self.wait_for(node);
                Ok(None)
            }
            ["wait", seconds] => {
                let ms = seconds.parse::<i64>().map_err(|_| seconds.to_owned())? * 1_000;
                self.pass(Micros::from_ms(ms));
                Ok(None)
            }
            ["write", name] => {
                let text = step.input.iter().map(|line| format!("{line}\n")).collect::<String>();
                self.tell(ToolCommand::Write { file: name.into(), text: text.into() });
                Ok(None)
            }
            ["cat", id, path] => {
                let disk = self.world.disk(broker(id)?).ok_or("no disk")?;
                let bytes = disk.read_path(path).ok_or("no such file")?;
                let text = String::from_utf8_lossy(&bytes).into_owned();
                Ok(same(step, text.lines().map(str::to_owned).collect()))
            }
            ["ls", id, path] => {
                let disk = self.world.disk(broker(id)?).ok_or("no disk")?;
                let names = disk.list(&format!("{path}/"));
                let name = |(path, _): &(Text, u64)| {
                    path.rsplit('/').next().unwrap_or_default().to_owned()
                };
                Ok(same(step, names.iter().map(name).collect()))
            }
            ["run", name, ..] => {
                let line = step.text.splitn(3, ' ').nth(2).unwrap_or_default();
                let argv = self.command_line(line)?;
                self.start(name, argv)?;
                Ok(None)
            }
            ["end" | "kill-client", name] => self.end_client(step, words[0] == "end", name),
            _ => Err(format!("unknown action {}", step.text)),
        }
    }

    fn end_client(
        &mut self,
        step: &Step,
        gently: bool,
        name: &str,
    ) -> Result<Option<String>, String> {
        let id = self.world.client_id(name).ok_or("it was never run")?;
        let node = NodeId::Client(id);
        if self.is_up(node) {
            let command = match gently {
                true => Command::Tool(ToolCommand::Interrupt { name: name.into() }),
                false => Command::Kill { node },
            };
            self.world.apply(command).map_err(|error| error.to_string())?;
            self.collect();
        }
        let printed = self.wait_for(node).ok_or_else(|| "it does not end".to_owned())?;
        Ok(compared(step, &printed, None))
    }
}

fn same(step: &Step, got: Vec<String>) -> Option<String> {
    difference(&step.out, &got, step.unordered, &mut Bound::new())
}

/// What differs; `code` is compared where there is one.
fn compared(step: &Step, printed: &Printed, code: Option<i32>) -> Option<String> {
    if step.timing {
        return None;
    }
    let mut bound = Bound::new();
    let of =
        |is: fn(ToolStream) -> bool| printed.lines.iter().filter(move |(stream, _)| is(*stream));
    let out: Vec<String> = of(|s| s == ToolStream::Out).map(|(_, line)| line.clone()).collect();
    let expects_usage = step.err.iter().any(|line| line == USAGE);
    let err: Vec<String> = of(|s| s != ToolStream::Out)
        .flat_map(|(stream, line)| match stream {
            ToolStream::Options if expects_usage => vec![USAGE.to_owned()],
            ToolStream::Options => help::lines(line),
            _ => vec![line.clone()],
        })
        .collect();
    let exit = match (code, printed.code) {
        (Some(wanted), Some(got)) if wanted != got => {
            Some(format!("expected exit code {wanted}, got {got}"))
        }
        _ => None,
    };
    difference(&step.out, &out, step.unordered, &mut bound)
        .map(|difference| format!("stdout: {difference}"))
        .or_else(|| {
            let difference = difference(&step.err, &err, step.unordered, &mut bound)?;
            Some(format!("stderr: {difference}"))
        })
        .or(exit)
        .or_else(|| {
            let wanted = if step.open { "no line end" } else { "a line end" };
            (step.open != printed.open).then(|| format!("expected {wanted} after the output"))
        })
}
