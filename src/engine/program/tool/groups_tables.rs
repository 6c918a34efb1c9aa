//! The tables of `kafka-consumer-groups --describe`: offsets, members, states.

use std::collections::BTreeMap;

use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::groups::Row;
use crate::engine::program::tool::groups_admin::{Described, Member};
use crate::engine::program::tool::shell::{Flow, Shell};

/// What stands where there is nothing.
const NONE: &str = "-";

/// A word, filled up with blanks (`%-15s`).
pub(super) fn padded(word: &str, width: usize) -> String {
    let mut padded = word.to_owned();
    for _ in word.chars().count()..width {
        padded.push(' ');
    }
    padded
}

/// Words side by side, each as wide as said; the last one as wide as it is.
fn joined(words: &[&str], widths: &[usize]) -> String {
    let mut line = String::new();
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            line.push(' ');
        }
        line.push_str(&padded(word, widths.get(index).copied().unwrap_or(0)));
    }
    line
}

/// Says how a group is where that is worth saying; whether its rows are worth a table
/// (`shouldPrintMemberState`).
fn is_worth(shell: &mut Shell<'_>, group: &str, state: &str, rows: usize) -> Flow<bool> {
    match state {
        "Dead" => shell.print_error(&format!("Consumer group '{group}' does not exist.")),
        "Empty" => shell.err(&format!("\nConsumer group '{group}' has no active members.")),
        "PreparingRebalance" | "CompletingRebalance" | "Assigning" | "Reconciling" => {
            shell.err(&format!("\nWarning: Consumer group '{group}' is rebalancing."));
        }
        "Stable" => {}
        other => {
            let words = format!("Expected a valid consumer group state, but found '{other}'.");
            return Err(Fault::new("org.apache.kafka.common.KafkaException", &words).into());
        }
    }
    Ok(state != "Dead" && rows > 0)
}

/// Where a group stands in its partitions.
pub(super) fn offsets(
    shell: &mut Shell<'_>,
    group: &str,
    told: &Described,
    rows: &[Row],
) -> Flow<()> {
    if !is_worth(shell, group, &told.state, rows.len())? {
        return Ok(());
    }
    let widest = |word: &dyn Fn(&Row) -> usize| rows.iter().map(word).max().unwrap_or(0).max(15);
    let widths = [
        group.len().max(15),
        widest(&|row| row.partition.0.len()),
        10,
        15,
        15,
        15,
        widest(&|row| row.owner[0].len()),
        widest(&|row| row.owner[1].len()),
    ];
    let header = [
        "GROUP",
        "TOPIC",
        "PARTITION",
        "CURRENT-OFFSET",
        "LOG-END-OFFSET",
        "LAG",
        "CONSUMER-ID",
        "HOST",
        "CLIENT-ID",
    ];
    shell.print("\n");
    shell.print(&joined(&header, &widths));
    for row in rows {
        let number = |number: Option<i64>| number.map_or(NONE.to_owned(), |n| n.to_string());
        let lag = row.committed.map(|committed| row.end - committed);
        let (index, current) = (row.partition.1.to_string(), number(row.committed));
        let (end, lag) = (row.end.to_string(), number(lag));
        let [id, host, client] = &row.owner;
        let words = [group, &row.partition.0, &index, &current, &end, &lag, id, host, client];
        // Kafka 3.9 begins lines and does not end the last.
        shell.print("\n");
        shell.print(&joined(&words, &widths));
    }
    Ok(())
}

/// Who is in a group.
pub(super) fn members(
    shell: &mut Shell<'_>,
    group: &str,
    told: &Described,
    verbose: bool,
) -> Flow<()> {
    let members = &told.members;
    let worth = is_worth(shell, group, &told.state, members.len())?;
    let widest = |least: usize, word: &dyn Fn(&Member) -> &String| {
        let longest = members.iter().map(|member| word(member).len()).max().unwrap_or(0);
        if worth { longest.max(least) } else { least }
    };
    let statics = worth && members.iter().any(|member| !member.instance.is_empty());
    let mut widths = vec![if worth { group.len().max(15) } else { 15 }];
    widths.push(widest(15, &|member| &member.id));
    if statics {
        widths.push(widest(17, &|member| &member.instance));
    }
    widths.push(widest(15, &|member| &member.host));
    widths.push(widest(15, &|member| &member.client_id));
    widths.push(15);
    let mut header = vec!["GROUP", "CONSUMER-ID"];
    if statics {
        header.push("GROUP-INSTANCE-ID");
    }
    header.extend(["HOST", "CLIENT-ID", "#PARTITIONS"]);
    header.push(if verbose { "ASSIGNMENT" } else { "" });
    shell.print("\n");
    shell.out(&joined(&header, &widths));
    for member in members {
        let count = member.partitions.len().to_string();
        let mut words = vec![group, &member.id];
        if statics {
            words.push(&member.instance);
        }
        words.extend([member.host.as_str(), &member.client_id, &count]);
        let assignment = if verbose { assignment(member) } else { String::new() };
        words.push(&assignment);
        shell.out(&joined(&words, &widths));
    }
    Ok(())
}

/// `(0,1), (2)`: a pair of brackets for each topic, without its name.
fn assignment(member: &Member) -> String {
    let mut topics: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (topic, index) in &member.partitions {
        topics.entry(topic).or_default().push(index.to_string());
    }
    let mut lists: Vec<String> = topics
        .into_values()
        .map(|mut numbers| {
            // As texts, as Kafka does.
            numbers.sort();
            format!("({})", numbers.join(","))
        })
        .collect();
    lists.sort();
    if lists.is_empty() { NONE.to_owned() } else { lists.join(", ") }
}

/// How a group is.
pub(super) fn state(shell: &mut Shell<'_>, group: &str, told: &Described) -> Flow<()> {
    if !is_worth(shell, group, &told.state, 1)? {
        return Ok(());
    }
    let at = &told.coordinator;
    let coordinator = format!("{}:{}  ({})", at.host, at.port, at.id);
    let widths = [coordinator.len().max(25), 25, 20, 15];
    let header = ["GROUP", "COORDINATOR (ID)", "ASSIGNMENT-STRATEGY", "STATE", "#MEMBERS"];
    let count = told.members.len().to_string();
    shell.print("\n");
    shell.print(&joined(&header, &widths));
    shell.print("\n");
    shell.out(&joined(&[group, &coordinator, &told.assignor, &told.state, &count], &widths));
    Ok(())
}
