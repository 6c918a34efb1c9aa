//! The lists of options that tools print: Kafka's own texts.
//!
//! The engine only says that a tool printed its list (`ToolStream::Options`), so that it need not hold
//! the texts. A list is kept without the blanks that fill its lines up to its width.

/// Lists, by tool. The page has them as files beside it: they weigh as much as a tenth of its code.
#[cfg(not(target_arch = "wasm32"))]
const LISTS: &[(&str, &str)] = &[
    ("kafka-broker-api-versions", include_str!("help/kafka-broker-api-versions.txt")),
    ("kafka-configs", include_str!("help/kafka-configs.txt")),
    ("kafka-console-consumer", include_str!("help/kafka-console-consumer.txt")),
    ("kafka-console-producer", include_str!("help/kafka-console-producer.txt")),
    ("kafka-consumer-groups", include_str!("help/kafka-consumer-groups.txt")),
    ("kafka-delete-records", include_str!("help/kafka-delete-records.txt")),
    ("kafka-dump-log", include_str!("help/kafka-dump-log.txt")),
    ("kafka-get-offsets", include_str!("help/kafka-get-offsets.txt")),
    ("kafka-leader-election", include_str!("help/kafka-leader-election.txt")),
    ("kafka-log-dirs", include_str!("help/kafka-log-dirs.txt")),
    ("kafka-reassign-partitions", include_str!("help/kafka-reassign-partitions.txt")),
    ("kafka-server-start", include_str!("help/kafka-server-start.txt")),
    ("kafka-topics", include_str!("help/kafka-topics.txt")),
];

/// The lines of a tool's list, as joptsimple prints them; none when the tool has none.
#[cfg(not(target_arch = "wasm32"))]
#[must_use]
pub fn lines(tool: &str) -> Vec<String> {
    padded(LISTS.iter().find(|(name, _)| *name == tool).map_or("", |(_, text)| text))
}

/// The lines of a list as it is kept, each as wide as the widest.
#[must_use]
pub fn padded(text: &str) -> Vec<String> {
    let width = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    text.lines().map(|line| format!("{line:<width$}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::program::tool::TOOLS;
    use crate::engine::program::tool::flags::{Takes, flags};

    /// Name and argument of the flag that a line begins with: `--topic <String: topic>   The topic`.
    /// The argument of one with a long name stands on the next line.
    fn flag<'a>(line: &'a str, next: &str) -> Option<(&'a str, Takes)> {
        let rest = line.strip_prefix("--").filter(|rest| !rest.starts_with('-'))?;
        let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let rest = if rest.starts_with(' ') { next.strip_prefix("  ").unwrap_or("") } else { rest };
        let takes = match rest.chars().next() {
            Some('<') => Takes::Argument,
            Some('[') => Takes::Perhaps,
            _ => Takes::Nothing,
        };
        Some((name, takes))
    }

    #[test]
    fn the_table_of_each_tool_is_the_list_that_it_prints() {
        for tool in TOOLS {
            let list = lines(tool.name);
            let pairs = list.windows(2).map(|pair| (&pair[0], &*pair[1]));
            let last = list.last().map(|line| (line, ""));
            let listed: Vec<(&str, Takes)> =
                pairs.chain(last).filter_map(|(line, next)| flag(line, next)).collect();
            if !listed.is_empty() {
                assert_eq!(flags(tool.flags).collect::<Vec<_>>(), listed, "{}", tool.name);
            }
        }
    }

    #[test]
    fn every_line_of_a_list_is_as_wide_as_the_widest() {
        let list = lines("kafka-topics");
        assert!(list.iter().all(|line| line.len() == 80), "{list:?}");
    }
}
