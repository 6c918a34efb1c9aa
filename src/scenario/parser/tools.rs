//! Statements about tools: a tool's line as it is typed, and `on`, `run`, `input`, `eof`, `interrupt`,
//! `write`.

use winnow::stream::Stream;

use crate::engine::command::{Command, ToolCommand};
use crate::engine::ids::{BrokerId, NodeId, Text};
use crate::engine::program::tool;
use crate::scenario::ast::CONSOLE;
use crate::scenario::error::{Problem, Wanted};
use crate::scenario::shell_words;
use crate::scenario::suggest::nearest;

use super::Reader;
use super::lexical::{Fail, Input, Parsed, expected, gap, here, word};

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
                let mut ahead = *input;
                let has_host = word(&mut ahead, Wanted::Tool).is_ok_and(|word| &*word == "on");
                let host = if has_host {
                    *input = ahead;
                    gap(input, Wanted::Broker)?;
                    let broker = self.broker(input)?;
                    gap(input, Wanted::Tool)?;
                    Some(broker)
                } else {
                    None
                };
                ToolCommand::Run { name, host, argv: tool_line(input)? }
            }
            "on" => {
                gap(input, Wanted::Broker)?;
                let host = Some(self.broker(input)?);
                gap(input, Wanted::Tool)?;
                ToolCommand::Run { name: CONSOLE.into(), host, argv: tool_line(input)? }
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

fn named(input: &mut Input<'_>) -> Parsed<Text> {
    gap(input, Wanted::Client)?;
    word(input, Wanted::Client)
}

/// A tool and its options: the rest of the line. A name in quotes is meant as it stands: so are lines
/// kept in which somebody typed what no machine has.
fn tool_line(input: &mut Input<'_>) -> Parsed<Vec<Text>> {
    let start = here(input);
    let quoted = input.starts_with(['\'', '"', '$']);
    let argv = words(input)?;
    if quoted || tool::find_on_machine(&argv[0]).is_some() {
        return Ok(argv);
    }
    let suggestion = nearest(&argv[0], tool::TOOLS.iter().map(|tool| tool.name));
    let problem = Problem::Unknown { kind: Wanted::Tool, found: argv[0].clone() };
    Err(Fail { offset: start, problem, suggestion })
}

/// The rest of the line, as a shell reads it.
fn words(input: &mut Input<'_>) -> Parsed<Vec<Text>> {
    let start = *input;
    let rest: &str = input.finish();
    match shell_words::split(rest) {
        Some(words) if !words.is_empty() => Ok(words),
        Some(_) => Err(expected(&start, Wanted::Tool)),
        None => Err(expected(&start, Wanted::ClosingQuote)),
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::parser::parse;
    use crate::scenario::printer::print;

    #[test]
    fn a_tool_that_is_not_there_is_kept_in_quotes_when_somebody_typed_it() {
        for line in ["run c1 'kafka-topcis' --list\n", "on b1 'nothing'\n"] {
            let text = format!("brokers 3\n\n{line}");
            let read = parse(&text).expect("a quoted name");
            assert!(print(&read).ends_with(line), "{}", print(&read));
        }
    }
}
