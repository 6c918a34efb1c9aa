//! What is told of consumers that seek, pause, or find a log cut: keys and arguments.

use crate::engine::command::{ConsumerCommand, SeekPlace};
use crate::engine::event::EventKind;
use crate::engine::ids::TopicPartition;
use crate::i18n::Arg;

/// The key of such an event.
pub(super) fn consumer_key(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::PositionSought { .. } => "event-position-sought",
        EventKind::PartitionsPaused { .. } => "event-partitions-paused",
        EventKind::PartitionsResumed { .. } => "event-partitions-resumed",
        _ => "event-truncation-detected",
    }
}

/// The key of a command to a consumer.
pub(super) fn consumer_command_key(command: &ConsumerCommand) -> &'static str {
    match command {
        ConsumerCommand::Seek { to: SeekPlace::Offset(_), .. } => "command-seek",
        ConsumerCommand::Seek { to: SeekPlace::Beginning, .. } => "command-seek-beginning",
        ConsumerCommand::Seek { to: SeekPlace::End, .. } => "command-seek-end",
        ConsumerCommand::Seek { to: SeekPlace::Time(_), .. } => "command-seek-time",
        ConsumerCommand::Pause { .. } => "command-pause-partitions",
        ConsumerCommand::Resume { .. } => "command-resume-partitions",
    }
}

/// What such an event is about; nothing for others.
pub(super) fn consumer_args(kind: &EventKind) -> Vec<(&'static str, Arg)> {
    match kind {
        EventKind::PositionSought { partition, from, to } => vec![
            ("partition", partition.to_string().into()),
            ("from", from.0.into()),
            ("to", to.0.into()),
        ],
        EventKind::PartitionsPaused { partitions }
        | EventKind::PartitionsResumed { partitions } => {
            vec![("partitions", list(partitions).into())]
        }
        EventKind::TruncationDetected { partition, position, diverges } => vec![
            ("partition", partition.to_string().into()),
            ("position", position.0.into()),
            ("diverges", diverges.0.into()),
            ("known", if diverges.0 < 0 { "no" } else { "yes" }.into()),
        ],
        _ => Vec::new(),
    }
}

/// What a command to a consumer is about.
pub(super) fn consumer_command_args(
    name: &str,
    command: &ConsumerCommand,
) -> Vec<(&'static str, Arg)> {
    let mut args = vec![("name", name.into()), ("partitions", list(command.partitions()).into())];
    if let ConsumerCommand::Seek { to: SeekPlace::Offset(to) | SeekPlace::Time(to), .. } = command {
        args.push(("to", (*to).into()));
    }
    args
}

pub(super) fn list(partitions: &[TopicPartition]) -> String {
    let names: Vec<String> = partitions.iter().map(ToString::to_string).collect();
    names.join(", ")
}
