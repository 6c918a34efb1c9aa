//! What counts against a par: commands that change the world.
//!
//! Looking is free, and so is what is typed to a tool that reads lines: each line of a console producer
//! is a record, and a lesson says how many it wants.

use crate::engine::command::{Command, ToolCommand};
use crate::engine::ids::Text;
use crate::engine::program::tool::tool_name;

/// How many of these commands count.
#[must_use]
pub fn count<'a>(commands: impl IntoIterator<Item = &'a Command>) -> u32 {
    let counted = commands.into_iter().filter(|command| counts(command));
    u32::try_from(counted.count()).unwrap_or(u32::MAX)
}

fn counts(command: &Command) -> bool {
    match command {
        Command::Tool(ToolCommand::Input { .. } | ToolCommand::EndOfInput { .. }) => false,
        Command::Tool(ToolCommand::Write { .. }) => false,
        Command::Tool(ToolCommand::Run { argv, .. }) => !only_looks(argv),
        _ => true,
    }
}

/// Whether a tool's line asks and changes nothing.
fn only_looks(argv: &[Text]) -> bool {
    const LOOKERS: &[&str] = &[
        "cat",
        "jps",
        "kafka-broker-api-versions",
        "kafka-dump-log",
        "kafka-get-offsets",
        "kafka-log-dirs",
        "ls",
        "ps",
    ];
    const QUESTIONS: &[&str] =
        &["--describe", "--generate", "--help", "--list", "--verify", "--version"];
    let Some((tool, words)) = argv.split_first() else { return true };
    LOOKERS.contains(&tool_name(tool)) || words.iter().any(|word| QUESTIONS.contains(&&**word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::shell_words;

    fn counted(line: &str) -> bool {
        let argv = shell_words::split(line).expect("a line");
        count([&Command::Tool(ToolCommand::Run { name: "console".into(), host: None, argv })]) == 1
    }

    #[test]
    fn looking_is_free() {
        assert!(!counted("kafka-topics --bootstrap-server b1:9092 --describe"));
        assert!(!counted("bin/kafka-dump-log.sh --files x.index"));
        assert!(!counted("kafka-console-producer --help"));
    }

    #[test]
    fn what_changes_the_world_counts() {
        assert!(counted("kafka-topics --bootstrap-server b1:9092 --create --topic first"));
        assert!(counted("kafka-console-consumer --bootstrap-server b1:9092 --topic first"));
        let interrupt = ToolCommand::Interrupt { name: "console".into() };
        assert_eq!(count([&Command::Tool(interrupt)]), 1);
    }

    #[test]
    fn what_is_typed_to_a_running_tool_is_free() {
        let input = ToolCommand::Input { name: "console".into(), line: "m".into() };
        let end = ToolCommand::EndOfInput { name: "console".into() };
        assert_eq!(count([&Command::Tool(input), &Command::Tool(end)]), 0);
    }
}
