//! What a typed line asks for: a tool, or one of the few words of a shell that a person expects.
//!
//! Words are read as a shell reads them ([`shell_words`]). There are no pipes and no variables; a line
//! that holds such a sign is refused rather than handed to a tool as an argument.

use crate::engine::command::ToolCommand;
use crate::engine::ids::{BrokerId, Text};
use crate::engine::program::tool;
use crate::scenario::shell_words;

/// What a line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Nothing: it is empty.
    Nothing,
    /// Clear the screen (`clear`).
    Clear,
    /// Show which tools there are (`help`).
    Help,
    /// Go to a broker's machine (`ssh b2`), or back to one without a broker (`exit`).
    Go(Option<BrokerId>),
    /// Run a tool.
    Run {
        /// Its name and arguments.
        argv: Vec<Text>,
        /// Whether the terminal is to stay free (`&`).
        background: bool,
    },
    /// Write a file for tools to read (`echo … > FILE`).
    Write(ToolCommand),
    /// It cannot be read.
    Refused(Refusal),
}

/// Why a line cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A quote is not closed.
    OpenQuote,
    /// A sign of a shell that is not there.
    Operator(Text),
    /// There is no such machine.
    NoHost(Text),
}

impl Refusal {
    /// Key of its text.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Refusal::OpenQuote => "console-open-quote",
            Refusal::Operator(_) => "console-no-operator",
            Refusal::NoHost(_) => "console-no-host",
        }
    }

    /// What its text is about.
    #[must_use]
    pub fn what(&self) -> &str {
        match self {
            Refusal::OpenQuote => "",
            Refusal::Operator(what) | Refusal::NoHost(what) => what,
        }
    }
}

/// Words that the console itself understands, beside the names of tools.
pub const WORDS: &[&str] = &["clear", "echo", "exit", "help", "ssh"];
/// Lines to begin with.
pub const EXAMPLES: &[&str] = &[
    "kafka-topics --bootstrap-server b1:9092 --describe",
    "kafka-console-producer --bootstrap-server b1:9092 --topic orders",
    "kafka-console-consumer --bootstrap-server b1:9092 --topic orders --from-beginning",
];
/// Signs that a shell reads and this one does not.
const OPERATORS: &[&str] = &["|", "<", ">", ">>", "&&", "||", ";", "2>&1"];

/// Reads a line. `brokers` is how many machines have one.
#[must_use]
pub fn read(line: &str, brokers: u16) -> Entry {
    let Some(mut words) = shell_words::split(line) else {
        return Entry::Refused(Refusal::OpenQuote);
    };
    let background = words.last().is_some_and(|word| &**word == "&");
    words.truncate(words.len() - usize::from(background));
    let Some(first) = words.first() else { return Entry::Nothing };
    match &**first {
        "clear" => Entry::Clear,
        "help" | "?" => Entry::Help,
        "exit" | "logout" => Entry::Go(None),
        "ssh" => go(words.get(1), brokers),
        "echo" => write(&words[1..]),
        _ => match words.iter().find(|word| OPERATORS.contains(&&***word)) {
            Some(sign) => Entry::Refused(Refusal::Operator(sign.clone())),
            None => Entry::Run { argv: words, background },
        },
    }
}

/// Whether a tool reads what is typed to it; to others a line means nothing.
#[must_use]
pub fn reads_input(argv: &[Text]) -> bool {
    const READERS: &[&str] = &["kafka-console-producer", "zookeeper-shell"];
    argv.first().is_some_and(|name| READERS.contains(&tool::tool_name(name)))
}

/// What a tool that reads lines prints before each, where it stands at a terminal.
#[must_use]
pub fn prompt(argv: &[Text]) -> &'static str {
    if reads_input(argv) { ">" } else { "" }
}

fn go(to: Option<&Text>, brokers: u16) -> Entry {
    let Some(to) = to else { return Entry::Go(None) };
    let id = to.strip_prefix('b').and_then(|id| id.parse().ok());
    match id {
        Some(id) if (1..=i32::from(brokers)).contains(&id) => Entry::Go(Some(BrokerId(id))),
        _ => Entry::Refused(Refusal::NoHost(to.clone())),
    }
}

/// `echo TEXT > FILE`; without a file there is nowhere to write to.
fn write(words: &[Text]) -> Entry {
    match words {
        [text @ .., sign, file] if &**sign == ">" => {
            let text = text.iter().map(|word| &**word).collect::<Vec<_>>().join(" ") + "\n";
            Entry::Write(ToolCommand::Write { file: file.clone(), text: text.into() })
        }
        _ => Entry::Refused(Refusal::Operator("echo".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(line: &str) -> (Vec<String>, bool) {
        match read(line, 3) {
            Entry::Run { argv, background } => {
                (argv.iter().map(|word| word.to_string()).collect(), background)
            }
            other => panic!("{line} gives {other:?}"),
        }
    }

    #[test]
    fn a_tools_line_is_its_words() {
        let (argv, background) = ran("  kafka-topics --topic 'a b' ");
        assert_eq!(argv, ["kafka-topics", "--topic", "a b"]);
        assert!(!background);
    }

    #[test]
    fn a_trailing_ampersand_leaves_the_terminal_free() {
        assert_eq!(
            ran("kafka-topics --list &"),
            (vec!["kafka-topics".into(), "--list".into()], true)
        );
    }

    #[test]
    fn what_a_shell_would_do_with_signs_is_refused_and_quoted_signs_are_words() {
        let refused = Entry::Refused(Refusal::Operator("|".into()));
        assert_eq!(read("cat x | kafka-console-producer", 3), refused);
        assert_eq!(ran("kafka-x --property 'key.separator=|'").0[2], "key.separator=|");
        assert_eq!(read("kafka-topics 'a", 3), Entry::Refused(Refusal::OpenQuote));
    }

    #[test]
    fn a_machine_is_gone_to_by_its_name() {
        assert_eq!(read("ssh b2", 3), Entry::Go(Some(BrokerId(2))));
        assert_eq!(read("exit", 3), Entry::Go(None));
        assert_eq!(read("ssh b4", 3), Entry::Refused(Refusal::NoHost("b4".into())));
    }

    #[test]
    fn echo_writes_a_file() {
        let text = "{\"version\": 1}\n".into();
        let wanted = ToolCommand::Write { file: "plan.json".into(), text };
        assert_eq!(read(r#"echo '{"version": 1}' > plan.json"#, 3), Entry::Write(wanted));
    }

    #[test]
    fn only_tools_that_read_lines_have_a_prompt() {
        let argv = |name: &str| vec![Text::from(name)];
        assert_eq!(prompt(&argv("bin/kafka-console-producer.sh")), ">");
        assert_eq!(prompt(&argv("kafka-console-consumer")), "");
    }
}
