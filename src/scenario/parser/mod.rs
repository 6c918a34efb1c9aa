//! Scenario text to [`Scenario`]: one statement a line, `#` begins a comment.
//!
//! The reader is strict and bounded: an unknown word, a second `seed`, a client that nobody creates or
//! a text beyond the limits is refused as a whole, with line, column, what was expected and what was
//! perhaps meant. Statements may stand in any order; commands are carried out by their time, and
//! those of the same time in the order of their lines.

mod lexical;
mod settings;
mod command;
mod program;
mod admin;
mod consumer;
mod tools;
mod expect;
mod expect_group;
mod expect_record;

use std::collections::BTreeSet;

use crate::engine::command::{Command, TimedCommand};
use crate::engine::ids::{ClientId, NodeId, Text};
use crate::engine::sim::world::World;
use crate::scenario::ast::{
    COMMANDS_MAX, FILE_BYTES_MAX, FILE_COMMANDS_MAX, Moment, Scenario, TEXT_BYTES_MAX, default_time,
};
use crate::scenario::error::{ParseError, Problem, Wanted};
use crate::scenario::suggest::nearest;

use lexical::{Fail, Input, Parsed, blanks, end_of_line, fail_at, gap, here, moment, word};

pub(super) use lexical::{is_bare, is_bare_host};

/// Statements about the world itself: they have no time.
const SETTING_WORDS: &[&str] = &[
    "brokers", "seed", "clock", "wire", "boot", "link", "set", "engine", "until", "digest",
    "moment", "expect",
];

/// Reads a scenario.
///
/// # Errors
/// The first thing in the text that is not right; nothing of the text is used then.
pub fn parse(text: &str) -> Result<Scenario, ParseError> {
    parse_within(text, TEXT_BYTES_MAX, COMMANDS_MAX)
}

/// Reads a scenario from a file of one's own: a recorded session may be far longer than what a link
/// holds.
///
/// # Errors
/// As [`parse`].
pub fn parse_file(text: &str) -> Result<Scenario, ParseError> {
    parse_within(text, FILE_BYTES_MAX, FILE_COMMANDS_MAX)
}

fn parse_within(text: &str, bytes: usize, commands: usize) -> Result<Scenario, ParseError> {
    Reader { commands_max: commands, ..Reader::default() }.read(text, bytes)
}

/// Reads statements that are given to a world as it is: its clients are known, and so are its brokers.
///
/// # Errors
/// As [`parse`].
pub fn parse_among(text: &str, world: &World) -> Result<Scenario, ParseError> {
    let mut reader = Reader { commands_max: COMMANDS_MAX, ..Reader::default() };
    reader.scenario.config.brokers = world.config().brokers;
    reader.clients = world.client_names().into_iter().map(|(_, name)| name).collect();
    reader.read(text, TEXT_BYTES_MAX)
}

/// Reads a moment alone: `10s`, `5.000123s#1042`.
///
/// # Errors
/// The text is not one.
pub fn parse_moment(text: &str) -> Result<Moment, ParseError> {
    let mut input = Input::new(text);
    let read = moment(&mut input).and_then(|moment| end_of_line(&mut input).map(|()| moment));
    read.map_err(|fail| place(fail, 1, text))
}

fn place(fail: Fail, line: u32, text: &str) -> ParseError {
    let before = text.get(..fail.offset).unwrap_or(text).chars().count();
    let column = u32::try_from(before + 1).unwrap_or(u32::MAX);
    ParseError { line, column, problem: fail.problem, suggestion: fail.suggestion }
}

/// A host named in the text, before the names of clients have their numbers.
#[derive(Clone, Debug)]
struct Mention {
    name: Text,
    line: u32,
    column: u32,
}

/// What has been read so far.
#[derive(Default)]
struct Reader {
    scenario: Scenario,
    /// Clients of the world that the text is read for, by their numbers.
    clients: Vec<Text>,
    /// Names of clients as they are mentioned; a `ClientId` in a command is an index of this list
    /// until [`Reader::finish`] puts the real ones in.
    mentions: Vec<Mention>,
    /// What may be said once and has been.
    said: BTreeSet<Text>,
    line: u32,
    /// Most commands.
    commands_max: usize,
    /// The line that is being read, for the columns of mentions.
    text: String,
    /// Names in predicates, which something else in the text must make known.
    names: Vec<(expect::Known, Mention)>,
    /// All lines that are no expectations: a topic that is named in none of them is a slip.
    statements: String,
}

impl Reader {
    fn read(mut self, text: &str, bytes: usize) -> Result<Scenario, ParseError> {
        if text.len() > bytes {
            let (found, most) = (text.len() as u64, bytes as u64);
            let problem = Problem::TooLong { found, most };
            return Err(ParseError { line: 1, column: 1, problem, suggestion: None });
        }
        for (index, line) in text.lines().enumerate() {
            let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
            self.line = number;
            self.read_line(line).map_err(|fail| place(fail, number, line))?;
        }
        self.finish()
    }

    /// Clients that there are, by their numbers: those of the world, then those of the text.
    fn known_clients(&self) -> Vec<Text> {
        let mut known = self.clients.clone();
        known.extend(
            self.scenario.clients().into_iter().filter(|name| !self.clients.contains(name)),
        );
        known
    }

    fn read_line(&mut self, line: &str) -> Parsed<()> {
        line.clone_into(&mut self.text);
        let mut input = Input::new(line);
        blanks(&mut input)?;
        if end_of_line(&mut input).is_ok() {
            return Ok(());
        }
        let line = input;
        let statement = word(&mut input, Wanted::Statement)?;
        let start = here(&line);
        let known = self.scenario.expectations.len();
        match &*statement {
            "at" => {
                gap(&mut input, Wanted::Time)?;
                let moment = self.when(&mut input)?;
                gap(&mut input, Wanted::Keyword("kill, start, send, …"))?;
                let line = input;
                match &*word(&mut input, Wanted::Keyword("kill, start, send, …"))? {
                    "expect" => self.expect(&mut input, Some(moment))?,
                    verb => self.command(&mut input, line, verb, Some(moment))?,
                }
            }
            "expect" => self.expect(&mut input, None)?,
            "link" | "set" if self.is_client_or_pair(&statement, input) => {
                self.command(&mut input, line, &statement, None)?;
            }
            other if SETTING_WORDS.contains(&other) => {
                self.setting(&mut input, start, other)?;
            }
            _ => self.command(&mut input, line, &statement, None)?,
        }
        if self.scenario.expectations.len() == known {
            self.statements.push_str(&self.text);
            self.statements.push('\n');
        }
        let said = self.scenario.expectations.len() + self.scenario.moments.len();
        if self.scenario.commands.len() + said > self.commands_max {
            let most = self.commands_max as u64;
            return Err(fail_at(start, Problem::TooManyCommands { most }));
        }
        end_of_line(&mut input)
    }

    /// Whether `link` and `set` speak of a pair of hosts or of a client rather than of the world.
    fn is_client_or_pair(&self, statement: &str, mut input: Input<'_>) -> bool {
        let rest = gap(&mut input, Wanted::Word).and_then(|()| match statement {
            "link" if input.starts_with(|c: char| c.is_ascii_digit()) => Ok(input.contains('-')),
            "link" => Ok(true),
            _ => {
                let _setting_or_client = word(&mut input, Wanted::Word)?;
                Ok(!lexical::has_sign(&mut input, '='))
            }
        });
        rest.unwrap_or(false)
    }

    fn command<'i>(
        &mut self,
        input: &mut Input<'i>,
        line: Input<'i>,
        verb: &str,
        given: Option<Moment>,
    ) -> Parsed<()> {
        let start = here(&line);
        let commands = self.read_command(input, (start, line), verb)?;
        for command in commands {
            if let (None, Command::CreateTopic { topic, .. }) = (given, &command) {
                self.once(start, &format!("topic {topic}"))
                    .map_err(|_| fail_at(start, Problem::Twice { what: topic.0.clone() }))?;
            }
            let at = given.map_or_else(|| default_time(&command), |m| m.at);
            let before = given.and_then(|m| m.before);
            self.scenario.commands.push(TimedCommand { at, before, command });
        }
        Ok(())
    }

    /// Marks something as said; it may not have been before.
    fn once(&mut self, start: usize, what: &str) -> Parsed<()> {
        if self.said.insert(what.into()) {
            return Ok(());
        }
        Err(fail_at(start, Problem::Twice { what: what.into() }))
    }

    fn mention(&mut self, name: Text, start: usize) -> ClientId {
        let before = self.text.get(..start).unwrap_or(&self.text).chars().count();
        let column = u32::try_from(before + 1).unwrap_or(u32::MAX);
        self.mentions.push(Mention { name, line: self.line, column });
        ClientId(u16::try_from(self.mentions.len() - 1).unwrap_or(u16::MAX))
    }

    /// Orders the commands and gives mentioned clients their numbers.
    fn finish(mut self) -> Result<Scenario, ParseError> {
        self.scenario.commands.sort_by_key(|c| c.at);
        let names = self.known_clients();
        let mut unknown: Option<ParseError> = None;
        for timed in &mut self.scenario.commands {
            for id in clients_of(&mut timed.command) {
                let mention = &self.mentions[usize::from(id.0)];
                match names.iter().position(|n| *n == mention.name) {
                    Some(place) => *id = ClientId(u16::try_from(place).unwrap_or(u16::MAX)),
                    None => unknown = Some(no_such_client(mention, &names)),
                }
            }
        }
        match unknown.or_else(|| self.unknown_name()) {
            Some(error) => Err(error),
            None => Ok(self.scenario),
        }
    }
}

fn no_such_client(mention: &Mention, names: &[Text]) -> ParseError {
    let known = names.iter().map(|n| &**n).chain(["zk", "b1", "b2", "b3"]);
    ParseError {
        line: mention.line,
        column: mention.column,
        problem: Problem::Unknown { kind: Wanted::Host, found: mention.name.clone() },
        suggestion: nearest(&mention.name, known),
    }
}

/// The client ids within a command.
fn clients_of(command: &mut Command) -> Vec<&mut ClientId> {
    let nodes: Vec<&mut NodeId> = match command {
        Command::Start { node }
        | Command::Kill { node }
        | Command::Stop { node }
        | Command::Pause { node }
        | Command::Resume { node } => vec![node],
        Command::Hold { a, b }
        | Command::Cut { a, b }
        | Command::Heal { a, b }
        | Command::SetLoss { a, b, .. }
        | Command::SetLink { a, b, .. } => {
            vec![a, b]
        }
        Command::Split { sides, .. } => sides.iter_mut().flatten().collect(),
        Command::Drop { message }
        | Command::Delay { message, .. }
        | Command::Duplicate { message, .. } => vec![&mut message.from, &mut message.to],
        _ => Vec::new(),
    };
    let ids = nodes.into_iter().filter_map(|node| match node {
        NodeId::Client(id) => Some(id),
        _ => None,
    });
    ids.collect()
}

#[cfg(test)]
mod tests;
