//! Events: every fact, once, as plain data, with the event that caused it.
//!
//! *Why* is the chain of `cause`s; it ends at a [`EventKind::CommandApplied`] (or at the boot of the
//! world). Lessons, links and goldens rest on these: add fields rather than change meaning.

use serde::{Deserialize, Serialize};

use crate::engine::command::{Command, DiskState};
use crate::engine::ids::{
    BrokerId, ControllerEpoch, EventId, LeaderEpoch, NodeId, Offset, PartitionId, SessionId, Text,
    TopicName, TopicPartition,
};
use crate::engine::protocol::Api;
use crate::engine::time::Micros;

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its ordinal in the world, dense from 0.
    pub id: EventId,
    /// When.
    pub at: Micros,
    /// What brought it about; `None` only for commands and the world's boot.
    pub cause: Option<EventId>,
    /// The host on which it happened; `None` for commands about the whole world.
    pub node: Option<NodeId>,
    /// What happened.
    pub kind: EventKind,
}

/// Why a message never arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DropReason {
    /// A command named it.
    Commanded,
    /// Nobody listens at the receiver: its process is not running.
    Refused,
    /// Its sender or receiver died while it was held.
    ConnectionDied,
    /// Its link is cut.
    Cut,
    /// The link loses messages, and chance took this one.
    Chance,
}

/// Why a partition got the leader it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ElectionReason {
    /// The topic is new.
    NewPartition,
    /// The leader's broker is gone.
    LeaderDied,
    /// The leader's broker is stopping cleanly.
    ControlledShutdown,
    /// A broker with an eligible replica came back to a leaderless partition.
    ReplicaReturned,
    /// The controller took a dead or stopping follower out of the ISR; the leader stays.
    FollowerLeft,
    /// Nobody in the ISR lives: a replica outside it was allowed to lead, and records may be lost.
    UncleanElection,
    /// Leadership went back to the preferred replica, by itself or because an admin asked.
    PreferredReplica,
    /// The replicas changed, and the leader is not among those to be.
    Reassignment,
    /// The log directory of the leader's replica failed.
    LogDirFailed,
}

/// A rule that always holds in a Kafka cluster, as the checker names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Invariant {
    /// A leader's high watermark went back (from, to).
    HighWatermarkFell,
    /// A high watermark lies outside of its log (log start, log end).
    HighWatermarkOutOfLog,
    /// A high watermark moved while the ISR was smaller than `min.insync.replicas`.
    UnderMinIsr,
    /// A member of the ISR has not got what is committed.
    CommittedNotInIsr,
    /// A follower's high watermark passed what its leaders committed.
    FollowerAhead,
    /// Two replicas have different batches at an offset that both should share.
    PrefixesDiffer,
    /// A producer was told of success before its records were committed (acks=all) or in the leader's
    /// log (acks=1).
    AcknowledgedEarly,
    /// A consumer got records that are not committed (committed up to, read up to).
    ReadUncommitted,
    /// A new leader lacks committed records, and nothing allows that.
    CommittedLost,
    /// Records below a high watermark were cut, and no event told of a loss.
    TruncatedBelowHighWatermark,
    /// Two brokers led in one epoch.
    TwoLeaders,
    /// A leader came from outside of the ISR, and no setting allows that.
    LeaderOutOfIsr,
    /// An epoch of a leader or controller fell.
    EpochFell,
    /// Offsets do not go on where the log ended (expected, found).
    OffsetsNotDense,
    /// A leader appended a sequence of an idempotent producer once more (the batch's offsets).
    SequenceRepeated,
    /// An index entry does not point at the start of its batch (entry, last offset found there).
    IndexAstray,
    /// Recovery left a batch that its CRC does not fit.
    RottenAfterRecovery,
    /// Two members of a group got the same records in one generation (from, to).
    DeliveredTwice,
    /// A group's committed offset passed what is committed in the partition (committed, offset).
    CommittedBeyondHighWatermark,
    /// A group that commits after its work committed what nobody has worked on (done up to, offset).
    CommittedUnprocessed,
    /// A generation gives a partition to two members.
    AssignedTwice,
    /// A generation gives a partition to nobody, though its topic is dealt out.
    AssignedToNobody,
}

impl Invariant {
    /// Every rule.
    pub const ALL: &'static [Invariant] = &[
        Invariant::HighWatermarkFell,
        Invariant::HighWatermarkOutOfLog,
        Invariant::UnderMinIsr,
        Invariant::CommittedNotInIsr,
        Invariant::FollowerAhead,
        Invariant::PrefixesDiffer,
        Invariant::AcknowledgedEarly,
        Invariant::ReadUncommitted,
        Invariant::CommittedLost,
        Invariant::TruncatedBelowHighWatermark,
        Invariant::TwoLeaders,
        Invariant::LeaderOutOfIsr,
        Invariant::EpochFell,
        Invariant::OffsetsNotDense,
        Invariant::SequenceRepeated,
        Invariant::IndexAstray,
        Invariant::RottenAfterRecovery,
        Invariant::DeliveredTwice,
        Invariant::CommittedBeyondHighWatermark,
        Invariant::CommittedUnprocessed,
        Invariant::AssignedTwice,
        Invariant::AssignedToNobody,
    ];
}

/// What a timer that had an effect was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimerPurpose {
    /// A program's next records are due.
    ProduceTick,
    /// `linger.ms` is over.
    Linger,
    /// A client's or fetcher's pause before it tries again is over.
    Backoff,
    /// `request.timeout.ms` is over without an answer.
    RequestTimeout,
    /// `delivery.timeout.ms` is over.
    DeliveryTimeout,
    /// A leader has held a fetch for its longest wait.
    FetchWait,
    /// A leader has held a produce request for its timeout.
    ProduceTimeout,
    /// A leader has held a DeleteRecords request for its timeout.
    DeleteRecordsTimeout,
    /// The check of followers' lag, every half `replica.lag.time.max.ms`.
    IsrCheck,
    /// High watermarks go to disk.
    HighWatermarkCheckpoint,
    /// Logs are looked through for segments that may go.
    LogRetention,
    /// Logs are looked through for records that have waited too long for a flush.
    LogFlush,
    /// The cleaner looks for compacted logs that are dirty enough.
    LogCleaner,
    /// Recovery points and log start offsets go to disk.
    LogCheckpoint,
    /// `file.delete.delay.ms` of renamed files is over.
    FileDelete,
    /// A ZooKeeper session was silent for its timeout.
    SessionTimeout,
    /// A ZooKeeper client's heartbeat is due.
    Ping,
    /// A process starts as the world boots.
    Boot,
    /// The controller looks whether leaders are where they belong.
    LeaderRebalance,
    /// A slow disk has taken what was written.
    DiskWrite,
    /// A tool waited for a while.
    ToolPause,
    /// A member of a group was silent for its `session.timeout.ms`.
    MemberSession,
    /// A rebalance has waited long enough for members to join.
    GroupRebalance,
    /// Members of a new generation had time to ask for their assignment.
    GroupSync,
    /// A coordinator reads a partition of `__consumer_offsets`.
    GroupLoad,
    /// A coordinator looks for offsets that nobody needs.
    OffsetExpiry,
    /// A member's heartbeat to its coordinator is due.
    Heartbeat,
    /// `auto.commit.interval.ms` is over.
    AutoCommit,
    /// `max.poll.interval.ms` is over without a poll.
    PollInterval,
    /// A consumer's application is done with a record.
    Processing,
}

/// Where a group is in its life (`GroupState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum GroupState {
    /// It has no members; offsets may be there.
    Empty,
    /// Members are asked to join again.
    PreparingRebalance,
    /// All have joined; the leader's assignment is awaited.
    CompletingRebalance,
    /// Everybody knows what is theirs.
    Stable,
    /// It is no more, or is coordinated elsewhere.
    Dead,
}

impl GroupState {
    /// Kafka's name of it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            GroupState::Empty => "Empty",
            GroupState::PreparingRebalance => "PreparingRebalance",
            GroupState::CompletingRebalance => "CompletingRebalance",
            GroupState::Stable => "Stable",
            GroupState::Dead => "Dead",
        }
    }
}

/// Why somebody is a member no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MemberGone {
    /// It said so, or an admin did.
    Left,
    /// It was silent for its session.
    SessionTimeout,
    /// It did not join again in time.
    RebalanceTimeout,
    /// It never asked for its assignment.
    SyncTimeout,
}

/// Why segments were deleted (`SegmentDeletionReason`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RetentionReason {
    /// They end at or before the log start offset (`StartOffsetBreach`).
    StartOffset,
    /// The log is larger than `retention.bytes` (`RetentionSizeBreach`).
    Size,
    /// Their records are older than `retention.ms` (`RetentionMsBreach`).
    Time,
}

/// Where a tool's line goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToolStream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
    /// The tool's list of options, on standard error: the line is the tool's name, and stands for a
    /// text that whoever shows it has (`console::help`).
    Options,
}

/// What happened. Fields use Kafka's names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventKind {
    // -- causes ---------------------------------------------------------------------------------
    /// A command was carried out; what follows from it names this event.
    CommandApplied { command: Command },
    /// A timer fired and had an effect (those without one leave no event).
    TimerFired { purpose: TimerPurpose },

    // -- network --------------------------------------------------------------------------------
    /// A message left. This event's id is the message's name.
    MessageSent {
        to: NodeId,
        api: Api,
        response: bool,
        /// The n-th message of this API and direction on this link.
        nth: u64,
        /// Records carried, and their bytes; 0 when none.
        records: u32,
        bytes: u32,
        /// Kafka's error code in a response; 0 is none.
        error: i16,
    },
    /// A message arrived. The node is the receiver.
    MessageDelivered { message: EventId },
    /// A message arrived at a frozen process: it waits in the receiver's socket. It is delivered
    /// when the process runs on.
    MessageWaiting { message: EventId },
    /// A message will never arrive.
    MessageDropped { message: EventId, reason: DropReason },
    /// A link began to stall, in both directions.
    LinkHeld { a: NodeId, b: NodeId },
    /// A link was cut, in both directions: its connections broke.
    LinkCut { a: NodeId, b: NodeId },
    /// A message arrives this much later than it would have.
    MessageDelayed { message: EventId, by: Micros },
    /// A message arrives once more. This event's id is the name of the copy.
    MessageDuplicated { message: EventId },
    /// A link flows again.
    LinkHealed { a: NodeId, b: NodeId },
    /// A connection broke and this node has noticed.
    ConnectionLost { peer: NodeId },

    // -- processes ------------------------------------------------------------------------------
    /// A process runs.
    ProcessStarted,
    /// A process was killed.
    ProcessKilled,
    /// A process froze: it does nothing, and its peers hear nothing from it.
    ProcessPaused,
    /// A frozen process runs on.
    ProcessResumed,
    /// A process was told to stop and begins to.
    ProcessStopping,
    /// A process ended by itself.
    ProcessStopped,
    /// A process could not go on and ended, with what it printed.
    ProcessFailed { error: Text },
    /// Power was lost on this host.
    PowerLost,
    /// This host's disk, or one log directory of it, is this from now on.
    DiskChanged { dir: Option<Text>, state: DiskState },
    /// Bytes on this host's disk changed by themselves.
    DiskRotted { path: Text, position: u64, bytes: u32 },

    // -- ZooKeeper ------------------------------------------------------------------------------
    /// A session began.
    SessionOpened { session: SessionId, client: NodeId },
    /// A session ended by silence; its ephemeral znodes go.
    SessionExpired { session: SessionId, client: NodeId },
    /// A session was closed by its client; its ephemeral znodes go.
    SessionClosed { session: SessionId, client: NodeId },
    /// A znode was made.
    ZnodeCreated { path: Text, ephemeral: bool },
    /// A znode's data changed.
    ZnodeChanged { path: Text, version: i32 },
    /// A znode is gone.
    ZnodeDeleted { path: Text },

    // -- controller -----------------------------------------------------------------------------
    /// A broker became the controller.
    ControllerElected { broker: BrokerId, epoch: ControllerEpoch },
    /// A broker is no longer the controller.
    ControllerResigned { broker: BrokerId, epoch: ControllerEpoch },
    /// The controller saw a broker come.
    BrokerUp { broker: BrokerId },
    /// The controller saw a broker go.
    BrokerDown { broker: BrokerId },
    /// A topic exists.
    TopicCreated { topic: TopicName, assignment: Vec<Vec<BrokerId>> },
    /// A topic has more partitions: this many in all.
    PartitionsAdded { topic: TopicName, partitions: u32 },
    /// A partition's replicas changed, or begin to: those that are `adding` and `removing` are among
    /// `replicas` until the others have caught up.
    ReplicasAssigned {
        partition: TopicPartition,
        replicas: Vec<BrokerId>,
        adding: Vec<BrokerId>,
        removing: Vec<BrokerId>,
    },
    /// A topic is gone: every replica was deleted.
    TopicDeleted { topic: TopicName },
    /// An admin client's call succeeded. `call` is Kafka's name of it, `subject` what it was about: a
    /// topic, a partition, `broker 1`.
    AdminCompleted { call: Text, subject: Text },
    /// An admin client's call was refused or timed out.
    AdminFailed { call: Text, subject: Text, error: i16, message: Text },
    /// A setting of this broker changed while it runs.
    BrokerConfigChanged { key: Text, value: Text },
    /// A topic's setting changed (as this node applies it).
    TopicConfigChanged { topic: TopicName, key: Text, value: Text },
    /// The controller wrote a partition's leader and ISR.
    LeaderElected {
        partition: TopicPartition,
        /// `None`: nobody can lead.
        leader: Option<BrokerId>,
        leader_epoch: LeaderEpoch,
        isr: Vec<BrokerId>,
        reason: ElectionReason,
    },

    // -- replicas -------------------------------------------------------------------------------
    /// This broker leads from now on, from this end of its log.
    BecameLeader { partition: TopicPartition, leader_epoch: LeaderEpoch, log_end_offset: Offset },
    /// This broker follows from now on.
    BecameFollower {
        partition: TopicPartition,
        leader: Option<BrokerId>,
        leader_epoch: LeaderEpoch,
    },
    /// This broker's replica was deleted with all its records.
    ReplicaDeleted { partition: TopicPartition },
    /// Records were appended to this broker's replica: offsets `base..=last`.
    BatchAppended {
        partition: TopicPartition,
        leader_epoch: LeaderEpoch,
        base: Offset,
        last: Offset,
        bytes: u32,
        /// True on the leader, false on a follower.
        leader: bool,
    },
    /// The leader has the batch already, at offsets `base..=last`: it is acknowledged with these and
    /// not appended again (an idempotent producer's retry, KIP-98).
    DuplicateRefused { partition: TopicPartition, base: Offset, last: Offset },
    /// A new segment began.
    SegmentRolled { partition: TopicPartition, base: Offset },
    /// Old segments were deleted: their files are renamed and go later.
    SegmentsDeleted {
        partition: TopicPartition,
        reason: RetentionReason,
        segments: u32,
        /// Bytes of their `.log` files.
        bytes: u64,
        /// Where the log starts now.
        log_start_offset: Offset,
    },
    /// A log was compacted: of each key the last record stayed.
    LogCleaned {
        partition: TopicPartition,
        /// What was dirty: `from..to`.
        from: Offset,
        to: Offset,
        records_before: u64,
        records_after: u64,
        bytes_before: u64,
        bytes_after: u64,
    },
    /// The log of this replica starts later than before; segments below go with the next check.
    LogStartAdvanced { partition: TopicPartition, from: Offset, to: Offset, leader: bool },
    /// This broker's high watermark moved forward.
    HighWatermarkAdvanced { partition: TopicPartition, from: Offset, to: Offset, leader: bool },
    /// High watermarks were written to disk.
    HighWatermarksCheckpointed { partitions: u32 },
    /// The leader's ISR lost members: committed to ZooKeeper.
    IsrShrunk { partition: TopicPartition, removed: Vec<BrokerId>, isr: Vec<BrokerId> },
    /// The leader's ISR gained members: committed to ZooKeeper.
    IsrExpanded { partition: TopicPartition, added: Vec<BrokerId>, isr: Vec<BrokerId> },
    /// This broker's replica was cut: `to..from` is gone from it.
    LogTruncated { partition: TopicPartition, from: Offset, to: Offset, high_watermark: Offset },
    /// A log was opened at start, and what recovery had to cut.
    LogRecovered {
        partition: TopicPartition,
        log_end_offset: Offset,
        high_watermark: Offset,
        /// Bytes cut from the tail because they were torn or rotten; 0 when sound.
        truncated_bytes: u64,
        /// First file position that was bad, in the segment named by `segment`.
        truncated_at: u64,
        segment: Offset,
        /// False when the clean-shutdown marker let the scan be skipped.
        scanned: bool,
    },
    /// The leader refused records.
    ProduceRefused { partition: TopicPartition, error: i16 },

    /// A new leader lacks committed records, as an unclean election or lost disks allow: `from..to`
    /// are gone from the cluster.
    CommittedRecordsLost { partition: TopicPartition, from: Offset, to: Offset },

    // -- the checker ----------------------------------------------------------------------------
    /// A rule that always holds in a Kafka cluster does not hold here: the engine is wrong, or a lab
    /// switch brought an old release's fault back. What `from..to` is, the rule says.
    InvariantBroken { rule: Invariant, partition: Option<TopicPartition>, from: Offset, to: Offset },

    // -- clients --------------------------------------------------------------------------------
    /// A client knows the cluster anew.
    MetadataUpdated { brokers: u32, partitions: u32 },
    /// A producer took records `first..first+count` (its own numbering) for a partition.
    RecordsQueued {
        partition: TopicPartition,
        first: u64,
        count: u32,
        /// Key and value of the record when it is a single one.
        key: Option<Text>,
        value: Option<Text>,
    },
    /// The producer's callback: success. `base` is −1 with acks=0.
    RecordsAcked { partition: TopicPartition, first: u64, count: u32, base: Offset },
    /// The producer's callback: failure, final.
    RecordsFailed { partition: TopicPartition, first: u64, count: u32, error: i16 },
    /// A batch will be sent again.
    BatchRetried { partition: TopicPartition, first: u64, count: u32, error: i16 },
    /// A consumer's application got records with offsets `first..=last`.
    RecordsDelivered { partition: TopicPartition, first: Offset, last: Offset, count: u32 },
    /// A consumer's position was out of range and was reset.
    PositionReset { partition: TopicPartition, from: Offset, to: Offset },
    /// A consumer's application went to another offset (`seek`); −1 before it was anywhere.
    PositionSought { partition: TopicPartition, from: Offset, to: Offset },
    /// A consumer's application wants no records of these partitions for now.
    PartitionsPaused { partitions: Vec<TopicPartition> },
    /// A consumer's application wants records of these partitions again.
    PartitionsResumed { partitions: Vec<TopicPartition> },
    /// A new leader's log is not the one that a consumer read from: it ends before `position`, and parts at
    /// `diverges`, −1 when nobody knows.
    TruncationDetected { partition: TopicPartition, position: Offset, diverges: Offset },
    /// A client's setting changed.
    ClientChanged { key: Text, value: Text },

    // -- log directories ------------------------------------------------------------------------
    /// A log directory failed: this broker serves the replicas in it no longer
    /// (`ReplicaManager.handleLogDirFailure`). `offline` counts them.
    LogDirFailed { dir: Text, offline: u32 },
    /// The controller learned that a broker has replicas in failed log directories.
    ReplicasOffline { broker: BrokerId, partitions: Vec<TopicPartition> },
    /// A tool printed.
    ToolPrinted {
        stream: ToolStream,
        line: Text,
        /// Whether a line end followed; without one, what is printed next stands on the same line.
        ended: bool,
    },
    /// A tool ended, with this code.
    ToolExited { code: i32 },
    // -- groups ---------------------------------------------------------------------------------
    /// A group's state changed, as its coordinator has it.
    GroupStateChanged { group: Text, state: GroupState, generation: i32, members: u32 },
    /// A coordinator took a member into its group.
    MemberJoined { group: Text, member: Text },
    /// A coordinator took a member out of its group.
    MemberLeft { group: Text, member: Text, reason: MemberGone },
    /// A static member came back and has another id than before.
    MemberReplaced { group: Text, member: Text, before: Text },
    /// A rebalance is over: these members are the next generation. Without members there is neither
    /// protocol nor leader.
    GenerationStarted {
        group: Text,
        generation: i32,
        protocol: Option<Text>,
        leader: Option<Text>,
        members: u32,
    },
    /// A group's offset is on all replicas of its coordinator's partition.
    OffsetCommitted { group: Text, partition: TopicPartition, offset: Offset },
    /// Offsets of a group expired, or were deleted.
    OffsetsRemoved { group: Text, partitions: u32 },
    /// A new coordinator has read the groups of a partition of `__consumer_offsets`.
    GroupsLoaded { partition: PartitionId, groups: u32, offsets: u32 },
    /// A broker is no longer the coordinator of the groups of that partition.
    GroupsUnloaded { partition: PartitionId, groups: u32 },
    /// A consumer was given partitions: these are new to it (`onPartitionsAssigned`).
    PartitionsAssigned { group: Text, generation: i32, partitions: Vec<TopicPartition> },
    /// A consumer gave partitions up (`onPartitionsRevoked`), or they were no longer its own
    /// (`onPartitionsLost`).
    PartitionsRevoked { group: Text, partitions: Vec<TopicPartition>, lost: bool },
    /// A consumer's commit was refused.
    CommitFailed { group: Text, error: i16 },
    /// A consumer's application is done with records `first..=last`.
    RecordsProcessed { partition: TopicPartition, first: Offset, last: Offset },
    /// A consumer did not poll for `max.poll.interval.ms`: it leaves its group.
    PollIntervalExceeded { group: Text },
    /// This broker copies its replica no further until another reign: what the leader has from `found`
    /// on does not fit a log that ends at `log_end_offset` (`markPartitionFailed`).
    FollowerFailed { partition: TopicPartition, log_end_offset: Offset, found: Offset },
}
