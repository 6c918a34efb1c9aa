//! Which flags of `kafka-topics` go together (`TopicCommand.TopicCommandOptions`).

use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::flags::Flags;
use crate::engine::program::tool::shell::{Flow, Shell, Stop};

/// Actions, in the order in which Kafka tries them.
pub(super) const ACTIONS: [&str; 5] = ["create", "alter", "list", "describe", "delete"];
/// Reports of single partitions.
pub(super) const REPORTS: [&str; 4] = [
    "under-replicated-partitions",
    "under-min-isr-partitions",
    "at-min-isr-partitions",
    "unavailable-partitions",
];

/// Flags, and the actions that they go with.
const GO_WITH: &[(&str, &[&str])] = &[
    ("config", &["alter", "create"]),
    ("delete-config", &["alter"]),
    ("partitions", &["alter", "create"]),
    ("replication-factor", &["create"]),
    ("replica-assignment", &["alter", "create"]),
    ("if-exists", &["alter", "delete", "describe"]),
    ("if-not-exists", &["create"]),
    ("exclude-internal", &["list", "describe"]),
];

/// Checks a command line (`checkArgs`); what is not right ends the tool.
pub(super) fn check(shell: &mut Shell<'_>, flags: &Flags) -> Flow<()> {
    if shell.words().is_empty() {
        return Err(shell.usage("Create, delete, describe, or change a topic."));
    }
    shell.help_or_version(
        flags,
        "This tool helps to create, delete, describe, or change a topic.",
    )?;
    if ACTIONS.iter().filter(|action| flags.has(action)).count() != 1 {
        return Err(shell.usage(
            "Command must include exactly one action: --list, --describe, --create, --alter or --delete",
        ));
    }
    required(shell, flags)?;
    match conflict(flags) {
        Some((used, other)) => Err(shell.conflict(used, other)),
        None => Ok(()),
    }
}

fn required(shell: &mut Shell<'_>, flags: &Flags) -> Flow<()> {
    if !flags.has("bootstrap-server") {
        return Err(Fault::illegal("--bootstrap-server must be specified").into());
    }
    if flags.has("describe") && flags.has("if-exists") {
        match (flags.has("topic"), flags.has("topic-id")) {
            (false, false) => {
                return Err(shell.usage("--topic or --topic-id is required to describe a topic"));
            }
            (true, true) => shell.out(
                "Only topic id will be used when both --topic and --topic-id are specified and \
                 topicId is not Uuid.ZERO_UUID",
            ),
            _ => {}
        }
    }
    if !flags.has("list") && !flags.has("describe") {
        shell.require(flags, &["topic"])?;
    }
    if flags.has("alter") {
        if flags.has("config") {
            return Err(shell.usage(
                "Option combination \"[[bootstrap-server], [config]]\" can't be used with option \
                 \"[alter]\" (the kafka-configs CLI supports altering topic configs with a \
                 --bootstrap-server option)",
            ));
        }
        shell.require(flags, &["partitions"])?;
    }
    Ok(())
}

/// The first two flags that do not go together, in Kafka's order of checks.
fn conflict(flags: &Flags) -> Option<(&'static str, &'static str)> {
    let action = *ACTIONS.iter().find(|action| flags.has(action))?;
    let wrong = |name: &str, with: &[&str]| flags.has(name) && !with.contains(&action);
    for (name, with) in &GO_WITH[..5] {
        if *name == "delete-config" && flags.has(name) {
            return Some((name, if with.contains(&action) { "bootstrap-server" } else { action }));
        }
        if wrong(name, with) {
            return Some((name, action));
        }
    }
    if flags.has("create") && flags.has("replica-assignment") {
        for other in ["partitions", "replication-factor"] {
            if flags.has(other) {
                return Some(("replica-assignment", other));
            }
        }
    }
    for report in REPORTS {
        if wrong(report, &["describe"]) {
            return Some((report, action));
        }
        if flags.has(report) && flags.has("topics-with-overrides") {
            return Some((report, "topics-with-overrides"));
        }
    }
    if wrong("topics-with-overrides", &["describe"]) {
        return Some(("topics-with-overrides", action));
    }
    GO_WITH[5..].iter().find(|(name, with)| wrong(name, with)).map(|(name, _)| (*name, action))
}

impl Shell<'_> {
    /// `CommandLineUtils.maybePrintHelpOrVersion`.
    pub(super) fn help_or_version(&mut self, flags: &Flags, message: &str) -> Flow<()> {
        if self.words().is_empty() || flags.has("help") {
            return Err(self.usage(message));
        }
        if flags.has("version") {
            self.version();
            return Err(Stop::Exit(0));
        }
        Ok(())
    }

    /// The release that the tools are of (`CommandLineUtils.printVersionAndExit`).
    pub(super) fn version(&mut self) {
        self.out(VERSION);
    }

    /// `CommandLineUtils.checkRequiredArgs`.
    pub(super) fn require(&mut self, flags: &Flags, names: &[&str]) -> Flow<()> {
        match names.iter().find(|name| !flags.has(name)) {
            Some(name) => Err(self.usage(&format!("Missing required argument \"[{name}]\""))),
            None => Ok(()),
        }
    }

    /// What `CommandLineUtils.checkInvalidArgs` says.
    pub(super) fn conflict(&mut self, used: &str, other: &str) -> Stop {
        self.usage(&format!("Option \"[{used}]\" can't be used with option \"[{other}]\""))
    }
}

/// The release that the tools are of (`AppInfoParser.getVersion`).
const VERSION: &str = "3.9.1";
