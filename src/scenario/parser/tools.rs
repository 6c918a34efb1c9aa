//! Statements about tools: a tool's line as it is typed, and `on`, `run`, `input`, `eof`, `interrupt`,
//! `write`.

use winnow::stream::Stream;

use crate::engine::command::{Command, ToolCommand};
use crate::engine::ids::{BrokerId, NodeId};
use crate::engine::program::tool;
use crate::scenario::ast::CONSOLE;
use crate::scenario::error::Wanted;
use crate::scenario::shell_words;

use super::Reader;
use super::lexical::{Input, Parsed, expected, gap, word};

/// First words of statements that are not tools.
pub(super) const VERBS: &[&str] = &["run", "on", "input", "eof", "interrupt", "write"];

impl Reader {
    /// Whether a statement is about tools.
    pub(super) fn is_tool_statement(verb: &str) -> bool {
        VERBS.contains(&verb) || tool::find(verb).is_some()
    }

    /// `kafka-topics --list`, `on b1 kafka-server-stop`, `run c1 on b2 kafka-topics --list`, `input c1 "a line"`, `eof c1`,
    /// `interrupt c1`, `write plan.json "…"`. `line` stands at the verb.
    pub(super) fn tool<'i>(
        &mut self,
        input: &mut Input<'i>,
        line: Input<'i>,
        verb: &str,
    ) -> Parsed<Command> {
        let command = match verb {
            "run" => {
                let name = named(input)?;
                gap(input, Wanted::Tool)?;
                let ahead = *input;
                let host = match &*word(input, Wanted::Tool)? {
                    "on" => {
                        gap(input, Wanted::Broker)?;
                        let broker = self.broker(input)?;
                        gap(input, Wanted::Tool)?;
                        Some(broker)
                    }
                    _ => {
                        *input = ahead;
                        None
                    }
                };
                ToolCommand::Run { name, host, argv: words(input)? }
            }
            "on" => {
                gap(input, Wanted::Broker)?;
                let host = Some(self.broker(input)?);
                gap(input, Wanted::Tool)?;
                ToolCommand::Run { name: CONSOLE.into(), host, argv: words(input)? }
            }
            "input" => {
                let name = named(input)?;
                gap(input, Wanted::Word)?;
                ToolCommand::Input { name, line: word(input, Wanted::Word)? }
            }
            "eof" => ToolCommand::EndOfInput { name: named(input)? },
            "interrupt" => ToolCommand::Interrupt { name: named(input)? },
            "write" => {
                gap(input, Wanted::File)?;
                let file = word(input, Wanted::File)?;
                gap(input, Wanted::Word)?;
                ToolCommand::Write { file, text: word(input, Wanted::Word)? }
            }
            _ => {
                *input = line;
                ToolCommand::Run { name: CONSOLE.into(), host: None, argv: words(input)? }
            }
        };
        Ok(Command::Tool(command))
    }

    fn broker(&mut self, input: &mut Input<'_>) -> Parsed<BrokerId> {
        let start = *input;
        match self.host(input)? {
            NodeId::Broker(broker) => Ok(broker),
            _ => Err(expected(&start, Wanted::Broker)),
        }
    }
}

fn named(input: &mut Input<'_>) -> Parsed<crate::engine::ids::Text> {
    gap(input, Wanted::Client)?;
    word(input, Wanted::Client)
}

/// The rest of the line, as a shell reads it.
fn words(input: &mut Input<'_>) -> Parsed<Vec<crate::engine::ids::Text>> {
    let start = *input;
    let rest: &str = input.finish();
    match shell_words::split(rest) {
        Some(words) if !words.is_empty() => Ok(words),
        Some(_) => Err(expected(&start, Wanted::Tool)),
        None => Err(expected(&start, Wanted::ClosingQuote)),
    }
}
