//! Events for the tests of this folder: one of every kind, and a short history with its causes.

use crate::engine::command::*;
use crate::engine::event::*;
use crate::engine::ids::*;
use crate::engine::protocol::Api;
use crate::engine::time::Micros;
use crate::view::explain::Names;

/// Names of a world whose client 0 is `web`, with the events that are known.
#[derive(Default)]
pub struct Known(pub Vec<Event>);

impl Names for Known {
    fn client(&self, id: ClientId) -> Option<Text> {
        (id == ClientId(0)).then(|| "web".into())
    }

    fn sent(&self, message: EventId) -> Option<Event> {
        self.0.iter().find(|event| event.id == message).cloned()
    }

    fn newest(&self, before: EventId, wanted: &dyn Fn(&Event) -> bool) -> Option<Event> {
        self.0.iter().rev().find(|event| event.id < before && wanted(event)).cloned()
    }
}

pub fn lookup_in(events: &[Event]) -> impl Fn(EventId) -> Option<Event> {
    |id| events.iter().find(|event| event.id == id).cloned()
}

const B1: NodeId = NodeId::Broker(BrokerId(1));
const B2: NodeId = NodeId::Broker(BrokerId(2));
const WEB: NodeId = NodeId::Client(ClientId(0));

pub fn at_broker(id: u64, kind: EventKind) -> Event {
    Event { id: EventId(id), at: Micros(id * 1_000), cause: None, node: Some(B1), kind }
}

fn orders() -> TopicPartition {
    TopicPartition::new(&TopicName::new("orders"), PartitionId(0))
}

pub fn election() -> Event {
    let isr = vec![BrokerId(2), BrokerId(3)];
    at_broker(
        0,
        EventKind::LeaderElected {
            partition: orders(),
            leader: Some(BrokerId(2)),
            leader_epoch: LeaderEpoch(1),
            isr,
            reason: ElectionReason::LeaderDied,
        },
    )
}

/// A kill, the session's end, the controller's election: a chain of causes from 0 to the last.
pub fn kill_and_election() -> Vec<Event> {
    let session = SessionId(1);
    let kinds = vec![
        EventKind::CommandApplied { command: Command::Kill { node: B1 } },
        EventKind::ProcessKilled,
        EventKind::TimerFired { purpose: TimerPurpose::SessionTimeout },
        EventKind::SessionExpired { session, client: B1 },
        EventKind::ZnodeDeleted { path: "/brokers/ids/1".into() },
        EventKind::MessageSent {
            to: B1,
            api: Api::ZkWatch,
            response: false,
            nth: 0,
            records: 0,
            bytes: 0,
            error: 0,
        },
        EventKind::MessageDelivered { message: EventId(5) },
        election().kind,
    ];
    let event = |(id, kind): (usize, EventKind)| {
        let mut event = at_broker(id as u64, kind);
        event.cause = (id as u64).checked_sub(1).map(EventId);
        if (2..6).contains(&id) {
            event.node = Some(NodeId::Zookeeper);
        }
        event
    };
    kinds.into_iter().enumerate().map(event).collect()
}

pub fn every_purpose() -> Vec<Event> {
    use TimerPurpose::*;
    let all = [
        ProduceTick,
        Linger,
        Backoff,
        RequestTimeout,
        DeliveryTimeout,
        FetchWait,
        ProduceTimeout,
        DeleteRecordsTimeout,
        IsrCheck,
        HighWatermarkCheckpoint,
        LogRetention,
        LogFlush,
        LogCleaner,
        LogCheckpoint,
        FileDelete,
        SessionTimeout,
        Ping,
        Boot,
        LeaderRebalance,
        DiskWrite,
        ToolPause,
        MemberSession,
        GroupRebalance,
        GroupSync,
        GroupLoad,
        OffsetExpiry,
        Heartbeat,
        AutoCommit,
        PollInterval,
        Processing,
    ];
    all.into_iter().map(|purpose| at_broker(0, EventKind::TimerFired { purpose })).collect()
}

/// At least one event of every kind, of every command and of every reason.
pub fn every_kind() -> Vec<Event> {
    let mut kinds: Vec<EventKind> = commands()
        .into_iter()
        .chain(to_consumers())
        .map(|command| EventKind::CommandApplied { command })
        .collect();
    let tools = tools().map(Command::Tool).map(|command| EventKind::CommandApplied { command });
    kinds.extend(tools);
    kinds.extend(network());
    kinds.extend(processes());
    kinds.extend(controller());
    kinds.extend(replicas());
    kinds.extend(logs());
    kinds.extend(clients());
    kinds.extend(groups());
    let mut events: Vec<Event> =
        kinds.into_iter().enumerate().map(|(id, kind)| at_broker(id as u64, kind)).collect();
    events.extend(every_purpose());
    events
}

fn commands() -> Vec<Command> {
    let topic = TopicName::new("orders");
    let (a, b) = (B1, B2);
    let message = MessageAddress { from: WEB, to: B1, api: Api::Produce, response: false, nth: 3 };
    let name: Text = "web".into();
    let split = |to| Command::Split { sides: vec![vec![B1, NodeId::Zookeeper], vec![B2]], to };
    let key = || Text::from("k");
    let mut commands = vec![
        split(LinkState::Held),
        split(LinkState::Cut),
        split(LinkState::Flows),
        Command::Start { node: B1 },
        Command::Kill { node: B1 },
        Command::Stop { node: NodeId::Zookeeper },
        Command::Pause { node: B1 },
        Command::Resume { node: B2 },
        Command::Hold { a, b },
        Command::Heal { a, b },
        Command::Cut { a, b },
        Command::Delay { message: message.clone(), by: Micros(5_000_000) },
        Command::Duplicate { message: message.clone(), after: Micros(5_000_000) },
        Command::Drop { message },
        Command::SetLoss { a, b, loss_ppm: 1_000, duplication_ppm: 10 },
        Command::SetLink { a, b, latency: Micros(20_000), jitter: Micros(1_000) },
        Command::CreateTopic {
            topic: topic.clone(),
            placement: Placement::Automatic { partitions: 3, replication_factor: 3 },
            configs: Vec::new(),
        },
        Command::SetTopicConfig {
            topic: topic.clone(),
            key: "min.insync.replicas".into(),
            value: Some("2".into()),
        },
        Command::SetTopicConfig { topic: topic.clone(), key: "k".into(), value: None },
        Command::SetBrokerConfig { broker: Some(BrokerId(1)), key: key(), value: Some("v".into()) },
        Command::SetBrokerConfig { broker: Some(BrokerId(1)), key: key(), value: None },
        Command::SetBrokerConfig { broker: None, key: key(), value: Some("v".into()) },
        Command::SetBrokerConfig { broker: None, key: key(), value: None },
        Command::DeleteTopic { topic: topic.clone() },
        Command::AddPartitions { topic: topic.clone(), count: 4, assignment: Vec::new() },
        Command::ElectLeaders { kind: ElectionKind::Preferred, partition: Some(orders()) },
        Command::ElectLeaders { kind: ElectionKind::Unclean, partition: Some(orders()) },
        Command::ElectLeaders { kind: ElectionKind::Preferred, partition: None },
        Command::ElectLeaders { kind: ElectionKind::Unclean, partition: None },
        Command::Reassign { partition: orders(), replicas: vec![BrokerId(2)] },
        Command::Reassign { partition: orders(), replicas: Vec::new() },
        Command::AddProducer { name: name.clone(), spec: ProducerSpec::new(&topic) },
        Command::AddConsumer { name: name.clone(), spec: ConsumerSpec::new(&topic) },
        Command::SetClient { name: name.clone(), key: "acks".into(), value: "1".into() },
        Command::Send {
            name: name.clone(),
            records: vec![RecordSpec { key: None, value: "m".into(), partition: None }],
        },
        Command::Connect { name: name.clone(), broker: BrokerId(2) },
        Command::Frame { name: name.clone(), bytes: vec![0, 18, 0, 0].into() },
        Command::Disconnect { name: name.clone() },
    ];
    commands.extend(of_disks());
    commands
}

fn of_disks() -> [Command; 7] {
    let slow = DiskState::Slow(Micros(200_000));
    [
        Command::PowerLoss { durable: Vec::new() },
        Command::Tear { node: B1, path: "f.log".into(), bytes: 7 },
        Command::SetDisk { node: B1, dir: None, state: DiskState::Works },
        Command::SetDisk { node: B1, dir: None, state: DiskState::Dead },
        Command::SetDisk { node: B1, dir: Some("a".into()), state: DiskState::Full },
        Command::SetDisk { node: B1, dir: None, state: slow },
        Command::DiskFault { node: B1, path: "f.log".into(), position: 7, bytes: vec![1] },
    ]
}

fn to_consumers() -> Vec<Command> {
    let (partition, partitions) = (orders(), vec![orders()]);
    let places = [
        SeekPlace::Offset(4),
        SeekPlace::Beginning,
        SeekPlace::End,
        SeekPlace::Time(1_700_000_000_000),
    ];
    let seek = |to| ConsumerCommand::Seek { partition: partition.clone(), to };
    let mut all: Vec<ConsumerCommand> = places.into_iter().map(seek).collect();
    all.push(ConsumerCommand::Pause { partitions: partitions.clone() });
    all.push(ConsumerCommand::Resume { partitions });
    all.into_iter().map(|command| Command::Consumer { name: "app".into(), command }).collect()
}

fn tools() -> [ToolCommand; 5] {
    let name: Text = "console".into();
    let argv = vec!["kafka-topics".into(), "--list".into()];
    [
        ToolCommand::Run { name: name.clone(), host: None, argv },
        ToolCommand::Input { name: name.clone(), line: "m".into() },
        ToolCommand::EndOfInput { name: name.clone() },
        ToolCommand::Interrupt { name },
        ToolCommand::Write { file: "plan.json".into(), text: "[]".into() },
    ]
}

fn printed(stream: ToolStream) -> EventKind {
    EventKind::ToolPrinted { stream, line: "orders".into(), ended: true }
}

fn network() -> Vec<EventKind> {
    let message = EventId(9);
    let sent = |api, response, records, error| EventKind::MessageSent {
        to: B2,
        api,
        response,
        nth: 0,
        records,
        bytes: 0,
        error,
    };
    let mut kinds: Vec<EventKind> =
        Api::ALL.iter().flat_map(|api| [sent(*api, false, 1, 0), sent(*api, true, 2, 7)]).collect();
    use DropReason::*;
    for reason in [Commanded, Refused, ConnectionDied, Cut, Chance] {
        kinds.push(EventKind::MessageDropped { message, reason });
    }
    kinds.extend([
        EventKind::MessageDelivered { message },
        EventKind::MessageWaiting { message },
        EventKind::LinkHeld { a: B1, b: B2 },
        EventKind::LinkHealed { a: B1, b: WEB },
        EventKind::LinkCut { a: B1, b: B2 },
        EventKind::MessageDelayed { message, by: Micros(5_000_000) },
        EventKind::MessageDuplicated { message },
        EventKind::ConnectionLost { peer: B2 },
    ]);
    kinds
}

fn processes() -> Vec<EventKind> {
    let (session, client) = (SessionId(1), B2);
    let path: Text = "/brokers/ids/1".into();
    vec![
        EventKind::ProcessStarted,
        EventKind::ProcessKilled,
        EventKind::ProcessPaused,
        EventKind::ProcessResumed,
        EventKind::ProcessStopping,
        EventKind::ProcessStopped,
        EventKind::ProcessFailed { error: "no space".into() },
        EventKind::PowerLost,
        EventKind::DiskChanged { dir: None, state: DiskState::Works },
        EventKind::DiskChanged { dir: None, state: DiskState::Dead },
        EventKind::DiskChanged { dir: Some("a".into()), state: DiskState::Full },
        EventKind::DiskChanged { dir: None, state: DiskState::Slow(Micros(200_000)) },
        EventKind::LogDirFailed { dir: "/var/kafka-logs/a".into(), offline: 2 },
        EventKind::ReplicasOffline { broker: BrokerId(1), partitions: vec![orders()] },
        EventKind::DiskRotted { path: path.clone(), position: 7, bytes: 1 },
        EventKind::SessionOpened { session, client },
        EventKind::SessionExpired { session, client },
        EventKind::SessionClosed { session, client },
        EventKind::ZnodeCreated { path: path.clone(), ephemeral: true },
        EventKind::ZnodeCreated { path: path.clone(), ephemeral: false },
        EventKind::ZnodeChanged { path: path.clone(), version: 1 },
        EventKind::ZnodeDeleted { path },
    ]
}

fn controller() -> Vec<EventKind> {
    use ElectionReason::*;
    let (broker, epoch, topic) = (BrokerId(1), ControllerEpoch(1), TopicName::new("orders"));
    let mut kinds: Vec<EventKind> = [
        NewPartition,
        LeaderDied,
        ControlledShutdown,
        ReplicaReturned,
        FollowerLeft,
        UncleanElection,
        PreferredReplica,
        Reassignment,
        LogDirFailed,
    ]
    .into_iter()
    .flat_map(|reason| {
        [Some(broker), None].map(|leader| EventKind::LeaderElected {
            partition: orders(),
            leader,
            leader_epoch: LeaderEpoch(1),
            isr: vec![broker],
            reason,
        })
    })
    .collect();
    kinds.extend([
        EventKind::ControllerElected { broker, epoch },
        EventKind::ControllerResigned { broker, epoch },
        EventKind::BrokerUp { broker },
        EventKind::BrokerDown { broker },
        EventKind::TopicCreated { topic: topic.clone(), assignment: vec![vec![broker]] },
        EventKind::BrokerConfigChanged { key: "k".into(), value: "v".into() },
        EventKind::PartitionsAdded { topic: topic.clone(), partitions: 4 },
        EventKind::ReplicasAssigned {
            partition: orders(),
            replicas: vec![broker],
            adding: vec![broker],
            removing: vec![BrokerId(2)],
        },
        EventKind::ReplicasAssigned {
            partition: orders(),
            replicas: vec![broker],
            adding: Vec::new(),
            removing: Vec::new(),
        },
        EventKind::TopicDeleted { topic: topic.clone() },
        EventKind::ReplicaDeleted { partition: orders() },
        EventKind::AdminCompleted { call: "deleteTopics".into(), subject: "orders".into() },
        EventKind::AdminFailed {
            call: "createTopics".into(),
            subject: "orders".into(),
            error: 36,
            message: "exists".into(),
        },
        EventKind::TopicConfigChanged { topic, key: "k".into(), value: "v".into() },
    ]);
    kinds
}

fn replicas() -> Vec<EventKind> {
    let (partition, leader_epoch) = (orders(), LeaderEpoch(1));
    let (brokers, zero, ten) = (vec![BrokerId(2)], Offset(0), Offset(10));
    let mut kinds: Vec<EventKind> = Invariant::ALL
        .iter()
        .map(|rule| {
            let partition = (*rule != Invariant::EpochFell).then(|| partition.clone());
            EventKind::InvariantBroken { rule: *rule, partition, from: zero, to: ten }
        })
        .collect();
    for leader in [true, false] {
        let (from, to, bytes) = (zero, ten, 70);
        let (base, last) = (Offset(0), Offset(if leader { 0 } else { 9 }));
        let partition = partition.clone();
        kinds.push(EventKind::HighWatermarkAdvanced {
            partition: partition.clone(),
            from,
            to,
            leader,
        });
        kinds.push(EventKind::BatchAppended { partition, leader_epoch, base, last, bytes, leader });
    }
    for truncated_bytes in [0, 5_000] {
        kinds.push(EventKind::LogRecovered {
            partition: partition.clone(),
            log_end_offset: ten,
            high_watermark: zero,
            truncated_bytes,
            truncated_at: 0,
            segment: zero,
            scanned: true,
        });
    }
    for leader in [Some(BrokerId(2)), None] {
        let partition = partition.clone();
        kinds.push(EventKind::BecameFollower { partition, leader, leader_epoch });
    }
    kinds.extend([
        EventKind::BecameLeader { partition: partition.clone(), leader_epoch, log_end_offset: ten },
        EventKind::SegmentRolled { partition: partition.clone(), base: ten },
        EventKind::HighWatermarksCheckpointed { partitions: 3 },
        EventKind::IsrShrunk {
            partition: partition.clone(),
            removed: brokers.clone(),
            isr: brokers.clone(),
        },
        EventKind::IsrExpanded {
            partition: partition.clone(),
            added: brokers.clone(),
            isr: brokers,
        },
        EventKind::LogTruncated {
            partition: partition.clone(),
            from: ten,
            to: zero,
            high_watermark: zero,
        },
        EventKind::DuplicateRefused { partition: partition.clone(), base: zero, last: zero },
        EventKind::FollowerFailed {
            partition: partition.clone(),
            log_end_offset: ten,
            found: zero,
        },
        EventKind::CommittedRecordsLost { partition: partition.clone(), from: zero, to: ten },
        EventKind::ProduceRefused { partition, error: 19 },
    ]);
    kinds
}

fn logs() -> Vec<EventKind> {
    use RetentionReason::{Size, StartOffset, Time};
    let (partition, zero, ten) = (orders(), Offset(0), Offset(10));
    let deleted = |(reason, segments)| EventKind::SegmentsDeleted {
        partition: partition.clone(),
        reason,
        segments,
        bytes: 4_096,
        log_start_offset: ten,
    };
    let mut kinds: Vec<EventKind> = [(StartOffset, 1), (Size, 2), (Time, 3)].map(deleted).into();
    kinds.push(EventKind::LogCleaned {
        partition: partition.clone(),
        from: zero,
        to: ten,
        records_before: 10,
        records_after: 4,
        bytes_before: 4_096,
        bytes_after: 1_024,
    });
    kinds.extend([false, true].map(|leader| EventKind::LogStartAdvanced {
        partition: partition.clone(),
        from: zero,
        to: ten,
        leader,
    }));
    kinds
}

fn groups() -> Vec<EventKind> {
    use MemberGone::*;
    let (group, member): (Text, Text) = ("app".into(), "c1-0".into());
    let mut kinds: Vec<EventKind> = [Left, SessionTimeout, RebalanceTimeout, SyncTimeout]
        .map(|reason| EventKind::MemberLeft {
            group: group.clone(),
            member: member.clone(),
            reason,
        })
        .into();
    for members in [0, 2] {
        kinds.push(EventKind::GenerationStarted {
            group: group.clone(),
            generation: 3,
            protocol: Some("range".into()),
            leader: Some(member.clone()),
            members,
        });
        kinds.push(EventKind::GroupStateChanged {
            group: group.clone(),
            state: GroupState::Stable,
            generation: 3,
            members,
        });
    }
    for partitions in [vec![orders()], Vec::new()] {
        let group = group.clone();
        kinds.push(EventKind::PartitionsAssigned { group, generation: 3, partitions });
    }
    kinds.extend([true, false].map(|lost| EventKind::PartitionsRevoked {
        group: group.clone(),
        partitions: vec![orders()],
        lost,
    }));
    kinds.extend([
        EventKind::MemberJoined { group: group.clone(), member: member.clone() },
        EventKind::MemberReplaced { group: group.clone(), member, before: "c1-1".into() },
        EventKind::OffsetCommitted { group: group.clone(), partition: orders(), offset: Offset(4) },
        EventKind::OffsetsRemoved { group: group.clone(), partitions: 1 },
        EventKind::GroupsLoaded { partition: PartitionId(9), groups: 1, offsets: 2 },
        EventKind::GroupsUnloaded { partition: PartitionId(9), groups: 2 },
        EventKind::CommitFailed { group: group.clone(), error: 25 },
        EventKind::RecordsProcessed { partition: orders(), first: Offset(3), last: Offset(4) },
        EventKind::PollIntervalExceeded { group },
    ]);
    kinds
}

fn clients() -> Vec<EventKind> {
    let (partition, first, error) = (orders(), 0, 7);
    let mut kinds = Vec::new();
    for (count, base) in [(1, Offset(4)), (2, Offset::NONE)] {
        let value = (count == 1).then(|| "web-17".into());
        let partition = partition.clone();
        kinds.extend([
            EventKind::RecordsQueued {
                partition: partition.clone(),
                first,
                count,
                key: None,
                value,
            },
            EventKind::RecordsAcked { partition: partition.clone(), first, count, base },
            EventKind::RecordsFailed { partition: partition.clone(), first, count, error },
            EventKind::BatchRetried { partition: partition.clone(), first, count, error },
            EventKind::RecordsDelivered { partition, first: Offset(3), last: Offset(4), count },
        ]);
    }
    kinds.extend([
        EventKind::MetadataUpdated { brokers: 3, partitions: 6 },
        EventKind::PositionReset { partition, from: Offset(9), to: Offset(4) },
        EventKind::PositionSought { partition: orders(), from: Offset(9), to: Offset(4) },
        EventKind::PartitionsPaused { partitions: vec![orders()] },
        EventKind::PartitionsResumed { partitions: vec![orders()] },
        EventKind::TruncationDetected {
            partition: orders(),
            position: Offset(9),
            diverges: Offset(4),
        },
        EventKind::ClientChanged { key: "acks".into(), value: "1".into() },
        printed(ToolStream::Out),
        printed(ToolStream::Err),
        printed(ToolStream::Options),
        EventKind::ToolExited { code: 1 },
    ]);
    kinds
}
