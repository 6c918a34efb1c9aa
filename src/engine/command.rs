//! Commands: every cause that comes from outside. Nothing else changes a world.
//!
//! Plain data, one enum. A link, a lesson submission and a saved session are a config and a list of
//! [`TimedCommand`]s; replaying them gives the same events bit for bit.

mod consumer;
mod release;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::engine::ids::{BrokerId, EventId, NodeId, PartitionId, Text, TopicName, TopicPartition};
pub use crate::engine::setting::CommitMode;
use crate::engine::setting::Partitioner;
use crate::engine::time::Micros;

pub use consumer::{ConsumerCommand, ConsumerSpec, SeekPlace};
pub use release::RELEASES;

/// A command and the place in the world's history where it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimedCommand {
    /// World time when it was given.
    pub at: Micros,
    /// The event that it follows: the id that the next event would have had. Many events share an
    /// instant, so the time alone does not say where. `None`: after every event due by `at`.
    pub before: Option<EventId>,
    /// What was asked.
    pub command: Command,
}

/// One thing done to the world from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Start the process of a host: a broker recovers its log dirs; ZooKeeper reads its data.
    Start {
        /// The host.
        node: NodeId,
    },
    /// End a process at once (SIGKILL). The page cache of its host stays.
    Kill {
        /// The host.
        node: NodeId,
    },
    /// Ask a process to end (SIGTERM): a broker goes through controlled shutdown.
    Stop {
        /// The host.
        node: NodeId,
    },
    /// Freeze a process (SIGSTOP), as a long garbage collection does: it sends nothing, none of its
    /// timers fires, and what arrives waits in its sockets. Its connections stay open.
    Pause {
        /// The host.
        node: NodeId,
    },
    /// Let a frozen process run on (SIGCONT): it finds what waited in its sockets, in the order of
    /// arrival, and then its overdue timers.
    Resume {
        /// The host.
        node: NodeId,
    },
    /// Stall both directions of a link: messages arrive after [`Command::Heal`].
    Hold {
        /// One end.
        a: NodeId,
        /// The other end.
        b: NodeId,
    },
    /// Cut a link: its connections break, both ends notice, and whatever is sent on it is refused until
    /// [`Command::Heal`].
    Cut {
        /// One end.
        a: NodeId,
        /// The other end.
        b: NodeId,
    },
    /// End a hold or a cut.
    Heal {
        /// One end.
        a: NodeId,
        /// The other end.
        b: NodeId,
    },
    /// Hold, cut or heal every link between hosts of different sides. Hosts that no side names keep
    /// all their links.
    Split {
        /// The sides, at least two; no host is in two of them.
        sides: Vec<Vec<NodeId>>,
        /// What becomes of the links between them.
        to: LinkState,
    },
    /// Set how often messages of a link are lost or arrive twice, in both directions. Links to
    /// ZooKeeper lose nothing.
    SetLoss {
        /// One end.
        a: NodeId,
        /// The other end.
        b: NodeId,
        /// Messages that vanish, of a million. In `0..=1_000_000`.
        loss_ppm: u32,
        /// Messages that arrive twice, of a million. In `0..=1_000_000`.
        duplication_ppm: u32,
    },
    /// One message arrives later than it would have; others on its link do not wait for it.
    Delay {
        /// Which one: it must be in flight, or the address may name one to come.
        message: MessageAddress,
        /// How much later. In 1 µs to 1,000 hours.
        by: Micros,
    },
    /// One message arrives once more.
    Duplicate {
        /// Which one: it must be in flight, or the address may name one to come.
        message: MessageAddress,
        /// When the copy arrives, from the message's sending or from now. In 1 µs to 1,000 hours.
        after: Micros,
    },
    /// One message vanishes; its sender learns by timeout.
    Drop {
        /// Which one: it must be in flight, or the address may name one to come.
        message: MessageAddress,
    },
    /// Set the delay of both directions of a link.
    SetLink {
        /// One end.
        a: NodeId,
        /// The other end.
        b: NodeId,
        /// Least one-way delay.
        latency: Micros,
        /// Most that is added at random.
        jitter: Micros,
    },
    /// Create a topic, through an admin client of the world.
    CreateTopic {
        /// Its name.
        topic: TopicName,
        /// Where its replicas go.
        placement: Placement,
        /// Its own settings, Kafka's names and text values.
        configs: Vec<(Text, Text)>,
    },
    /// Delete a topic, through the admin client.
    DeleteTopic {
        /// Its name.
        topic: TopicName,
    },
    /// Raise a topic's number of partitions, through the admin client (CreatePartitions).
    AddPartitions {
        /// Its name.
        topic: TopicName,
        /// How many it is to have in all.
        count: u32,
        /// Replicas of the new ones, preferred leader first; empty: the controller places them.
        assignment: Vec<Vec<BrokerId>>,
    },
    /// Have leaders elected, through the admin client.
    ElectLeaders {
        /// Who may lead.
        kind: ElectionKind,
        /// Of which partition; `None`: of all.
        partition: Option<TopicPartition>,
    },
    /// Give a partition other replicas, through the admin client (AlterPartitionReassignments).
    Reassign {
        /// The partition.
        partition: TopicPartition,
        /// Its replicas to be, preferred leader first; empty: give up what is under way.
        replicas: Vec<BrokerId>,
    },
    /// Set one setting of a topic, or take it back, through an admin client
    /// (IncrementalAlterConfigs).
    SetTopicConfig {
        /// The topic.
        topic: TopicName,
        /// Kafka's name of the setting.
        key: Text,
        /// Kafka's text form of the value; `None`: the cluster's default holds again.
        value: Option<Text>,
    },
    /// Set one dynamic setting of brokers, or take it back, through the admin client
    /// (IncrementalAlterConfigs).
    SetBrokerConfig {
        /// The broker; `None`: the default of all.
        broker: Option<BrokerId>,
        /// Kafka's name of the setting.
        key: Text,
        /// Kafka's text form of the value; `None`: what the setting was before holds again.
        value: Option<Text>,
    },
    /// Add a producer program and start it.
    AddProducer {
        /// Its name, unique in the world; hosts' names are taken.
        name: Text,
        /// What it does.
        spec: ProducerSpec,
    },
    /// Add a consumer program that follows all partitions of a topic, and start it.
    AddConsumer {
        /// Its name, unique in the world; hosts' names are taken.
        name: Text,
        /// What it does.
        spec: ConsumerSpec,
    },
    /// Change a running client program (`acks`, `rate`, `keys`, …); the keys are those of the specs.
    SetClient {
        /// The client.
        name: Text,
        /// What to change.
        key: Text,
        /// Its new value.
        value: Text,
    },
    /// Hand records to a producer program, one per entry, now.
    Send {
        /// The producer.
        name: Text,
        /// The records.
        records: Vec<RecordSpec>,
    },
    /// Tell a consumer program where to read on, or what to leave alone.
    Consumer {
        /// The consumer.
        name: Text,
        /// What it is to do.
        command: ConsumerCommand,
    },
    /// Open a connection to a broker for a client outside of the world, which speaks Kafka's bytes.
    /// A name whose connection has ended may be used again.
    Connect {
        /// Name of the connection, unique in the world; hosts' names are taken.
        name: Text,
        /// The broker.
        broker: BrokerId,
    },
    /// A whole request frame arrives on such a connection: header and body, without the length prefix.
    Frame {
        /// The connection.
        name: Text,
        /// The bytes.
        bytes: Bytes,
    },
    /// The client outside closes its connection.
    Disconnect {
        /// The connection.
        name: Text,
    },
    /// Run a command-line tool, or do something to one that runs.
    Tool(ToolCommand),
    /// Electricity goes on every host: no process lives, and files are what survived.
    PowerLoss {
        /// Length that each file keeps; files not named are gone.
        durable: Vec<DurableFile>,
    },
    /// A file of a host whose process does not run ends earlier: a write that was torn.
    Tear {
        /// The host.
        node: NodeId,
        /// Path within the host's disk.
        path: Text,
        /// Bytes that its end loses; all of it when it has no more.
        bytes: u64,
    },
    /// A disk dies, fills up, slows down, or works again with what was on it. A broker notices at its
    /// next write; one whose log directories have all failed halts
    /// (`ReplicaManager.handleLogDirFailure`).
    SetDisk {
        /// The host.
        node: NodeId,
        /// Which of a broker's log directories (`log.dirs`); `None`: all that the host has.
        dir: Option<Text>,
        /// What it does from now on.
        state: DiskState,
    },
    /// Bytes of a file are not what was written: a rotten sector.
    DiskFault {
        /// The host.
        node: NodeId,
        /// Path within the host's disk.
        path: Text,
        /// First byte that differs.
        position: u64,
        /// What stands there now.
        bytes: Vec<u8>,
    },
}

/// What a disk does with what is written to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DiskState {
    /// It takes it at once.
    #[default]
    Works,
    /// It takes nothing (EIO).
    Dead,
    /// It has no room for more than what is freed on it (ENOSPC).
    Full,
    /// It takes this long for the records of one partition.
    Slow(Micros),
}

/// A tool at somebody's terminal: a process of its own. `name` is the terminal; one whose tool has
/// ended may be used again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToolCommand {
    /// Start a tool.
    Run {
        /// The terminal, unique in the world; hosts' names are taken.
        name: Text,
        /// The machine that it runs on: whose files it sees. `None`: one without a broker.
        host: Option<BrokerId>,
        /// Its name and arguments: `kafka-topics`, `--list`.
        argv: Vec<Text>,
    },
    /// A line is typed.
    Input {
        /// The terminal.
        name: Text,
        /// The line.
        line: Text,
    },
    /// There is no more input (ctrl-D).
    EndOfInput {
        /// The terminal.
        name: Text,
    },
    /// The tool is interrupted (ctrl-C, SIGINT).
    Interrupt {
        /// The terminal.
        name: Text,
    },
    /// A file is written into the directory in which every tool runs; one of that name is replaced.
    Write {
        /// Its name.
        file: Text,
        /// What it holds.
        text: Text,
    },
}

/// What a link does with what is sent on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkState {
    /// It carries it.
    #[default]
    Flows,
    /// It stalls: messages arrive after it is healed, as in a short outage that TCP bridges.
    Held,
    /// It breaks connections and refuses new ones.
    Cut,
}

impl Command {
    /// Whether it goes through the world's admin client.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        matches!(
            self,
            Command::CreateTopic { .. }
                | Command::DeleteTopic { .. }
                | Command::AddPartitions { .. }
                | Command::ElectLeaders { .. }
                | Command::Reassign { .. }
                | Command::SetTopicConfig { .. }
                | Command::SetBrokerConfig { .. }
        )
    }
}

/// Who may lead after an election (Kafka's `ElectionType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ElectionKind {
    /// The first of the assignment, from the ISR.
    Preferred,
    /// Any live replica of a partition that nobody leads, whatever it has.
    Unclean,
}

/// A message of one link, by API and number, never by a global number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MessageAddress {
    /// Its sender.
    pub from: NodeId,
    /// Its receiver.
    pub to: NodeId,
    /// What it is: [`crate::engine::protocol::Api`].
    pub api: crate::engine::protocol::Api,
    /// Request or response.
    pub response: bool,
    /// The n-th such message on this link since the world began, from 0.
    pub nth: u64,
}

/// Where the replicas of a new topic go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Placement {
    /// The controller places them (AdminUtils: random start and shift).
    Automatic {
        /// Number of partitions.
        partitions: u32,
        /// Replicas of each.
        replication_factor: u16,
    },
    /// Given, partition by partition, preferred leader first.
    Assigned(Vec<Vec<BrokerId>>),
}

/// `acks` of a producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Acks {
    /// The broker does not answer.
    None,
    /// The leader answers when it has appended.
    Leader,
    /// The leader answers when the high watermark has passed.
    All,
}

impl Acks {
    /// The value on the wire: 0, 1 or −1.
    #[must_use]
    pub fn wire(self) -> i16 {
        match self {
            Acks::None => 0,
            Acks::Leader => 1,
            Acks::All => -1,
        }
    }
}

/// What a producer program does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProducerSpec {
    /// The topic it writes to.
    pub topic: TopicName,
    /// Records a second by itself; 0 means only what it is told to send. At most 1,000,000.
    pub rate: u32,
    /// Its records' keys.
    pub keys: Keys,
    /// Bytes of each generated value; 0 means its short name, `web-17`. At most 1,000,000.
    pub value_bytes: u32,
    /// Stop after this many generated records; 0 means never.
    pub limit: u64,
    /// Answer wanted from the leader.
    pub acks: Acks,
    /// Most bytes of a batch (`batch.size`).
    pub batch_size: u32,
    /// How long a record waits for company (`linger.ms`).
    pub linger_ms: i64,
    /// How long one request may take (`request.timeout.ms`).
    pub request_timeout_ms: i64,
    /// How long a record may take in all (`delivery.timeout.ms`).
    pub delivery_timeout_ms: i64,
    /// Pause before a retry (`retry.backoff.ms`).
    pub retry_backoff_ms: i64,
    /// Requests to one broker without an answer (`max.in.flight.requests.per.connection`).
    pub max_in_flight: u32,
    /// `enable.idempotence`, when it was set; see [`ProducerSpec::is_idempotent`].
    pub enable_idempotence: Option<bool>,
    /// How batches are compressed (`compression.type`).
    pub compression: Compression,
    /// How often a batch may be tried again (`retries`).
    pub retries: u32,
    /// Longest pause before a retry (`retry.backoff.max.ms`).
    pub retry_backoff_max_ms: i64,
    /// How long `send` may block (`max.block.ms`).
    pub max_block_ms: i64,
    /// Bytes of all batches that are not done (`buffer.memory`).
    pub buffer_memory: u64,
    /// Most bytes of a request, and of a record (`max.request.size`).
    pub max_request_size: u32,
    /// Who chooses partitions (`partitioner.class`, and a lab switch).
    pub partitioner: Partitioner,
    /// Whether keys have no say in it (`partitioner.ignore.keys`).
    pub ignore_keys: bool,
    /// Whether shorter queues are chosen more often (`partitioner.adaptive.partitioning.enable`).
    pub adaptive: bool,
    /// Slowness of a broker after which its partitions are not chosen, in ms; 0 is never
    /// (`partitioner.availability.timeout.ms`).
    pub availability_timeout_ms: i64,
    /// `metadata.max.age.ms`.
    pub metadata_max_age_ms: i64,
}

impl ProducerSpec {
    /// Kafka 3.9's defaults, no rate.
    #[must_use]
    pub fn new(topic: &TopicName) -> ProducerSpec {
        ProducerSpec {
            topic: topic.clone(),
            rate: 0,
            keys: Keys::None,
            value_bytes: 0,
            limit: 0,
            acks: Acks::All,
            batch_size: 16_384,
            linger_ms: 0,
            request_timeout_ms: 30_000,
            delivery_timeout_ms: 120_000,
            retry_backoff_ms: 100,
            max_in_flight: 5,
            enable_idempotence: None,
            compression: Compression::None,
            retries: i32::MAX.cast_unsigned(),
            retry_backoff_max_ms: 1_000,
            max_block_ms: 60_000,
            buffer_memory: 33_554_432,
            max_request_size: 1_048_576,
            partitioner: Partitioner::Kafka33,
            ignore_keys: false,
            adaptive: true,
            availability_timeout_ms: 0,
            metadata_max_age_ms: 300_000,
        }
    }

    /// Whether the producer is idempotent: as set; else yes, unless another setting rules it out
    /// (`ProducerConfig.postProcessParsedConfig`).
    #[must_use]
    pub fn is_idempotent(&self) -> bool {
        let fits = self.acks == Acks::All && self.max_in_flight <= 5 && self.retries > 0;
        self.enable_idempotence.unwrap_or(fits)
    }
}

/// A producer's `compression.type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Compression {
    /// `none`.
    #[default]
    None,
    /// `gzip`.
    Gzip,
    /// `snappy`.
    Snappy,
    /// `lz4`.
    Lz4,
    /// `zstd`.
    Zstd,
}

impl Compression {
    /// Every one, with Kafka's name.
    pub const ALL: [(Compression, &'static str); 5] = [
        (Compression::None, "none"),
        (Compression::Gzip, "gzip"),
        (Compression::Snappy, "snappy"),
        (Compression::Lz4, "lz4"),
        (Compression::Zstd, "zstd"),
    ];

    /// Kafka's name of it.
    #[must_use]
    pub fn name(self) -> &'static str {
        Compression::ALL[self as usize].1
    }
}

/// Keys of generated records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Keys {
    /// Null keys: the sticky partitioner places them.
    None,
    /// `k0` … `k(n−1)` in turn; murmur2 places them.
    Cycle(u32),
}

/// A record handed to a producer program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordSpec {
    /// Its key; `None` is a null key.
    pub key: Option<Text>,
    /// Its value.
    pub value: Text,
    /// Its partition, when given; else the partitioner chooses.
    pub partition: Option<PartitionId>,
}

/// What a power loss left of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DurableFile {
    /// The host.
    pub node: NodeId,
    /// Path within the host's disk.
    pub path: Text,
    /// Bytes kept, from the file's start.
    pub bytes: u64,
}
