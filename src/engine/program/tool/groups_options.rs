//! Which flags of `kafka-consumer-groups` go together (`ConsumerGroupCommandOptions`).

use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::flags::Flags;
use crate::engine::program::tool::shell::{Flow, Shell};

/// Actions, in the order in which Kafka tries them.
pub(super) const ACTIONS: [&str; 5] =
    ["list", "describe", "delete", "reset-offsets", "delete-offsets"];
/// Where offsets are set to, in the order in which Kafka's set gives them.
pub(super) const SCENARIOS: [&str; 8] = [
    "to-offset",
    "to-current",
    "to-datetime",
    "from-file",
    "by-duration",
    "to-earliest",
    "to-latest",
    "shift-by",
];
/// In the order in which Kafka looks what goes with what else.
const CHECKED: [&str; 8] = [
    "to-offset",
    "to-datetime",
    "by-duration",
    "to-earliest",
    "to-latest",
    "to-current",
    "shift-by",
    "from-file",
];
/// Parts of a description.
const PARTS: [&str; 3] = ["members", "offsets", "state"];
/// Flags that are there only with one of others.
const AVAILABLE: [(&str, &[&str]); 5] = [
    ("members", &["describe"]),
    ("verbose", &["describe"]),
    ("offsets", &["describe"]),
    ("state", &["describe", "list"]),
    ("type", &["list"]),
];
const DRY: &str = "WARN: No action will be performed as the --execute option is missing.In a future \
    major release, the default behavior of this command will be to prompt the user before executing \
    the reset rather than doing a dry run. You should add the --dry-run option explicitly if you are \
    scripting this command and want to keep the current default behavior without prompting.";

/// Checks a command line (`checkArgs`); what is not right ends the tool.
pub(super) fn check(shell: &mut Shell<'_>, flags: &Flags) -> Flow<()> {
    available(flags)?;
    let about = "This tool helps to list all consumer groups, describe a consumer group, delete \
                 consumer group info, or reset consumer group offsets.";
    shell.help_or_version(flags, about)?;
    shell.require(flags, &["bootstrap-server"])?;
    let has_group = flags.has("group") || flags.has("all-groups");
    if flags.has("describe") {
        check_describe(shell, flags, has_group)?;
    }
    if flags.has("delete") {
        if !has_group {
            let words = "Option [delete] takes one of these options: [all-groups], [group]";
            return Err(shell.usage(words));
        }
        if flags.has("topic") {
            let words = "The consumer does not support topic-specific offset deletion from a \
                         consumer group.";
            return Err(shell.usage(words));
        }
    }
    if flags.has("delete-offsets") && !(flags.has("group") && flags.has("topic")) {
        let words = "Option [delete-offsets] takes the following options: [all-groups], [group]";
        return Err(shell.usage(words));
    }
    if flags.has("reset-offsets") {
        check_reset(shell, flags, has_group)?;
    }
    for (used, others) in
        [("group", &["all-groups", "list"][..]), ("topic", &["describe", "list"][..])]
    {
        if let Some(other) = others.iter().find(|other| flags.has(used) && flags.has(other)) {
            return Err(shell.conflict(used, other));
        }
    }
    if ACTIONS.iter().filter(|action| flags.has(action)).count() != 1 {
        return Err(shell.usage(
            "Command must include exactly one action: --list, --describe, --delete, \
             --reset-offsets, --delete-offsets",
        ));
    }
    Ok(())
}

/// joptsimple's `availableIf`.
fn available(flags: &Flags) -> Result<(), Fault> {
    let lacks = |with: &[&str]| !with.iter().any(|other| flags.has(other));
    let wrong = AVAILABLE.iter().filter(|(name, with)| flags.has(name) && lacks(with));
    let wrong: Vec<&str> = wrong.map(|(name, _)| *name).collect();
    if wrong.is_empty() || flags.has("help") {
        return Ok(());
    }
    let words = format!(
        "Option(s) [{}] are unavailable given other options on the command line",
        wrong.join(", ")
    );
    Err(Fault::new("joptsimple.UnavailableOptionException", &words))
}

fn check_describe(shell: &mut Shell<'_>, flags: &Flags, has_group: bool) -> Flow<()> {
    if !has_group {
        // Kafka names the actions here.
        let words = "Option [describe] takes one of these options: [reset-offsets], [describe], \
                     [delete], [list]";
        return Err(shell.usage(words));
    }
    if PARTS.iter().filter(|part| flags.has(part)).count() > 1 {
        let words =
            "Option [describe] takes at most one of these options: [members], [offsets], [state]";
        return Err(shell.usage(words));
    }
    if flags.value("state")?.is_some() {
        return Err(shell.usage("Option [describe] does not take a value for [state]"));
    }
    Ok(())
}

fn check_reset(shell: &mut Shell<'_>, flags: &Flags, has_group: bool) -> Flow<()> {
    if flags.has("dry-run") && flags.has("execute") {
        let words = "Option [reset-offsets] only accepts one of [execute] and [dry-run]";
        return Err(shell.usage(words));
    }
    if !flags.has("dry-run") && !flags.has("execute") {
        shell.err(DRY);
    }
    if !has_group {
        let words = "Option [reset-offsets] takes one of these options: [all-groups], [group]";
        return Err(shell.usage(words));
    }
    for used in CHECKED.iter().filter(|used| flags.has(used)) {
        let other = SCENARIOS.iter().find(|other| *other != used && flags.has(other));
        if let Some(other) = other {
            return Err(shell.conflict(used, other));
        }
    }
    Ok(())
}
