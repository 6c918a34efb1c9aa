//! Which text tells an event, by its kind.

use crate::engine::command::{Command, DiskState, ToolCommand};
use crate::engine::event::{EventKind, ToolStream};
use crate::engine::ids::Offset;
use crate::view::explain::consumer::{consumer_command_key, consumer_key};
use crate::view::explain::group::group_key;

/// The key of the text.
#[must_use]
pub(super) fn key(kind: &EventKind) -> &'static str {
    use EventKind::*;
    match kind {
        CommandApplied { command } => command_key(command),
        TimerFired { .. } => "event-timer",
        MessageSent { .. } => "event-message-sent",
        MessageDelivered { .. } => "event-message-delivered",
        MessageWaiting { .. } => "event-message-waiting",
        MessageDropped { .. } => "event-message-dropped",
        LinkHeld { .. } | LinkCut { .. } | LinkHealed { .. } => link_key(kind),
        MessageDelayed { .. } => "event-message-delayed",
        MessageDuplicated { .. } => "event-message-duplicated",
        ConnectionLost { .. } => "event-connection-lost",
        ProcessStarted | ProcessKilled | ProcessPaused | ProcessResumed => process_key(kind),
        ProcessStopping | ProcessStopped | ProcessFailed { .. } | PowerLost => process_key(kind),
        DiskRotted { .. } => "event-disk-rotted",
        DiskChanged { state, .. } => disk_key(*state),
        LogDirFailed { .. } => "event-log-dir-failed",
        ReplicasOffline { .. } => "event-replicas-offline",
        SessionOpened { .. } => "event-session-opened",
        SessionExpired { .. } => "event-session-expired",
        SessionClosed { .. } => "event-session-closed",
        ZnodeCreated { .. } | ZnodeChanged { .. } | ZnodeDeleted { .. } => znode_key(kind),
        ControllerElected { .. } => "event-controller-elected",
        ControllerResigned { .. } => "event-controller-resigned",
        BrokerUp { .. } => "event-broker-up",
        BrokerDown { .. } => "event-broker-down",
        TopicCreated { .. }
        | PartitionsAdded { .. }
        | ReplicasAssigned { .. }
        | TopicDeleted { .. }
        | ReplicaDeleted { .. }
        | BrokerConfigChanged { .. }
        | AdminCompleted { .. }
        | AdminFailed { .. }
        | TopicConfigChanged { .. } => topic_key(kind),
        LeaderElected { leader, .. } => leader_key(leader.is_some()),
        BecameLeader { .. } => "event-became-leader",
        BecameFollower { leader, .. } => follower_key(leader.is_some()),
        BatchAppended { .. } => "event-batch-appended",
        DuplicateRefused { .. } => "event-duplicate-refused",
        SegmentRolled { .. } => "event-segment-rolled",
        SegmentsDeleted { .. } => "event-segments-deleted",
        LogCleaned { .. } => "event-log-cleaned",
        LogStartAdvanced { .. } => "event-log-start-advanced",
        HighWatermarkAdvanced { .. } => "event-high-watermark-advanced",
        HighWatermarksCheckpointed { .. } => "event-high-watermarks-checkpointed",
        IsrShrunk { .. } => "event-isr-shrunk",
        IsrExpanded { .. } => "event-isr-expanded",
        LogTruncated { .. } | FollowerFailed { .. } => parted_key(kind),
        CommittedRecordsLost { .. } => "event-committed-records-lost",
        InvariantBroken { .. } => "event-invariant-broken",
        LogRecovered { truncated_bytes, .. } => recovered_key(*truncated_bytes),
        ProduceRefused { .. } => "event-produce-refused",
        MetadataUpdated { .. } => "event-metadata-updated",
        RecordsQueued { .. } => "event-records-queued",
        RecordsAcked { base, .. } => acked_key(*base),
        RecordsFailed { .. } => "event-records-failed",
        BatchRetried { .. } => "event-batch-retried",
        RecordsDelivered { .. } => "event-records-delivered",
        PositionReset { .. } => "event-position-reset",
        PositionSought { .. }
        | PartitionsPaused { .. }
        | PartitionsResumed { .. }
        | TruncationDetected { .. } => consumer_key(kind),
        ClientChanged { .. } => "event-client-changed",
        ToolPrinted { .. } | ToolExited { .. } => tool_key(kind),
        _ => group_key(kind),
    }
}

fn parted_key(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::LogTruncated { .. } => "event-log-truncated",
        _ => "event-follower-failed",
    }
}

fn link_key(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::LinkHeld { .. } => "event-link-held",
        EventKind::LinkCut { .. } => "event-link-cut",
        _ => "event-link-healed",
    }
}

fn znode_key(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::ZnodeCreated { .. } => "event-znode-created",
        EventKind::ZnodeChanged { .. } => "event-znode-changed",
        _ => "event-znode-deleted",
    }
}

fn tool_key(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::ToolPrinted { stream: ToolStream::Options, .. } => "event-tool-options",
        EventKind::ToolPrinted { .. } => "event-tool-printed",
        _ => "event-tool-exited",
    }
}

fn process_key(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::ProcessStarted => "event-process-started",
        EventKind::ProcessKilled => "event-process-killed",
        EventKind::ProcessPaused => "event-process-paused",
        EventKind::ProcessResumed => "event-process-resumed",
        EventKind::ProcessStopping => "event-process-stopping",
        EventKind::ProcessStopped => "event-process-stopped",
        EventKind::ProcessFailed { .. } => "event-process-failed",
        _ => "event-power-lost",
    }
}

fn disk_key(state: DiskState) -> &'static str {
    match state {
        DiskState::Works => "event-disk-works",
        DiskState::Dead => "event-disk-died",
        DiskState::Full => "event-disk-full",
        DiskState::Slow(_) => "event-disk-slow",
    }
}

fn leader_key(is_led: bool) -> &'static str {
    if is_led { "event-leader-elected" } else { "event-leader-none" }
}

fn follower_key(is_led: bool) -> &'static str {
    if is_led { "event-became-follower" } else { "event-became-follower-of-none" }
}

fn recovered_key(truncated_bytes: u64) -> &'static str {
    if truncated_bytes == 0 { "event-log-recovered" } else { "event-log-recovered-cut" }
}

/// Nobody answers a producer with acks=0.
fn acked_key(base: Offset) -> &'static str {
    if base == Offset::NONE { "event-records-sent-unacked" } else { "event-records-acked" }
}

/// Of what happens to topics and settings, and of what admins are told.
fn topic_key(kind: &EventKind) -> &'static str {
    use EventKind::*;
    match kind {
        TopicCreated { .. } => "event-topic-created",
        PartitionsAdded { .. } => "event-partitions-added",
        ReplicasAssigned { adding, removing, .. } if adding.is_empty() && removing.is_empty() => {
            "event-replicas-assigned"
        }
        ReplicasAssigned { .. } => "event-replicas-moving",
        TopicDeleted { .. } => "event-topic-deleted",
        ReplicaDeleted { .. } => "event-replica-deleted",
        BrokerConfigChanged { .. } => "event-broker-config-changed",
        AdminCompleted { .. } => "event-admin-completed",
        AdminFailed { .. } => "event-admin-failed",
        _ => "event-topic-config-changed",
    }
}

fn tool_command_key(command: &ToolCommand) -> &'static str {
    match command {
        ToolCommand::Run { .. } => "command-tool-run",
        ToolCommand::Input { .. } => "command-tool-input",
        ToolCommand::EndOfInput { .. } => "command-tool-eof",
        ToolCommand::Interrupt { .. } => "command-tool-interrupt",
        ToolCommand::Write { .. } => "command-tool-write",
    }
}

fn command_key(command: &Command) -> &'static str {
    match command {
        Command::Start { .. } => "command-start",
        Command::Kill { .. } => "command-kill",
        Command::Stop { .. } => "command-stop",
        Command::Pause { .. } => "command-pause",
        Command::Resume { .. } => "command-resume",
        Command::Hold { .. } => "command-hold",
        Command::Cut { .. } => "command-cut",
        Command::Split { .. } => "command-split",
        Command::SetLoss { .. } => "command-set-loss",
        Command::Delay { .. } => "command-delay",
        Command::Duplicate { .. } => "command-duplicate",
        Command::Heal { .. } => "command-heal",
        Command::Drop { .. } => "command-drop",
        Command::SetLink { .. } => "command-set-link",
        Command::CreateTopic { .. } => "command-create-topic",
        Command::DeleteTopic { .. } => "command-delete-topic",
        Command::AddPartitions { .. } => "command-add-partitions",
        Command::ElectLeaders { partition: None, .. } => "command-elect-all-leaders",
        Command::ElectLeaders { .. } => "command-elect-leader",
        Command::Reassign { replicas, .. } if replicas.is_empty() => "command-cancel-reassignment",
        Command::Reassign { .. } => "command-reassign",
        Command::SetTopicConfig { value: None, .. } => "command-delete-topic-config",
        Command::SetTopicConfig { .. } => "command-set-topic-config",
        Command::SetBrokerConfig { broker: None, value: None, .. } => {
            "command-delete-default-config"
        }
        Command::SetBrokerConfig { broker: None, .. } => "command-set-default-config",
        Command::SetBrokerConfig { value: None, .. } => "command-delete-broker-config",
        Command::SetBrokerConfig { .. } => "command-set-broker-config",
        Command::AddProducer { .. } => "command-add-producer",
        Command::AddConsumer { .. } => "command-add-consumer",
        Command::SetClient { .. } => "command-set-client",
        Command::Send { .. } => "command-send",
        Command::Consumer { command, .. } => consumer_command_key(command),
        Command::Connect { .. } => "command-connect",
        Command::Frame { .. } => "command-frame",
        Command::Disconnect { .. } => "command-disconnect",
        Command::Tool(tool) => tool_command_key(tool),
        Command::PowerLoss { .. } => "command-power-loss",
        Command::Tear { .. } => "command-tear",
        Command::SetDisk { state: DiskState::Works, .. } => "command-disk-works",
        Command::SetDisk { state: DiskState::Dead, .. } => "command-disk-dies",
        Command::SetDisk { state: DiskState::Full, .. } => "command-disk-full",
        Command::SetDisk { state: DiskState::Slow(_), .. } => "command-disk-slow",
        Command::DiskFault { .. } => "command-disk-fault",
    }
}
