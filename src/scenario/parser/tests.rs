//! Tests of the scenario parser and of the printer, which is its inverse.

use super::*;
use crate::engine::command::{
    Acks, ConsumerSpec, DiskState, DurableFile, ElectionKind, Keys, LinkState, MessageAddress,
    Placement, ProducerSpec, RecordSpec,
};
use crate::engine::config::{LinkConfig, TopicConfig, WorldConfig};
use crate::engine::ids::{BrokerId, EventId, PartitionId, TopicName, TopicPartition};
use crate::engine::protocol::Api;
use crate::engine::rng::{Stream, Streams};
use crate::engine::time::Micros;
use crate::scenario::ast::Expectation;
use crate::scenario::predicate::{Compare, Pattern, Predicate, Quantity};
use crate::scenario::printer::print;
use crate::scenario::spec::{CONSUMER_KEYS, PRODUCER_KEYS};

const LESSON: &str = "\
# What a teacher reads aloud.
brokers 3
seed 1
set replica.lag.time.max.ms=10000
topic t: b1>b2>b3 {min.insync.replicas=2}
producer p{topic=t, acks=1}
consumer app{topic=t, from=end}
link b1-b3 20ms jitter 1ms

at 5s hold b1-b2   # stop the copying
at 5s hold b1-b3
at 6s send p m1 key:m2@0 \"two words\"
at 7s#1042 kill b1
at 9.000123s drop b2>b1 Fetch response 3
at 10s hold p-b1
";

#[test]
fn statements_given_to_a_world_know_its_brokers_and_clients() {
    let mut world = World::new(WorldConfig { brokers: 5, ..WorldConfig::default() });
    for name in ["first", "web"] {
        let spec = ProducerSpec::new(&TopicName::new("t"));
        world.apply(Command::AddProducer { name: name.into(), spec }).expect("it is new");
    }
    let kill = |text: &str| match parse_among(text, &world).expect(text).commands.remove(0).command
    {
        Command::Kill { node } => node,
        other => panic!("{text} is {other:?}"),
    };
    assert_eq!(kill("kill b5"), NodeId::Broker(BrokerId(5)));
    assert_eq!(kill("kill web"), NodeId::Client(ClientId(1)));
    assert!(parse_among("send web m1", &world).is_ok(), "it is there");
    assert!(parse_among("send wob m1", &world).is_err(), "nobody is called so");
    assert!(parse_among("kill b6", &world).is_err(), "there are five");
}

#[test]
fn admin_statements_are_read_and_written_the_same() {
    let text = "\
brokers 3
seed 1
delete t
partitions t 4
partitions t 4: b1>b2 | b2>b3
elect preferred t-0
elect unclean a-b-12
elect preferred
reassign t-0: b3>b2
reassign t-0 cancel
config t segment.bytes=200
config t -segment.bytes
brokerconfig b1 log.cleaner.threads=2
brokerconfig b1 -log.cleaner.threads
brokerconfig default unclean.leader.election.enable=true
";
    let scenario = parse(text).expect("it is right");
    assert_eq!(print(&scenario), text);
    assert_eq!(scenario.commands.len(), 13);
}

#[test]
fn tools_lines_are_read_and_written_as_they_are_typed() {
    let text = "\
brokers 3
seed 1
kafka-topics --bootstrap-server b1:9092 --create --topic t --config retention.ms=1000
kafka-topics.sh --list --topic 't x'
run c1 on b2 kafka-console-consumer --topic t
input c1 \"two words\"
eof c1
interrupt c1
write plan.json \"{}\\n\"
";
    let scenario = parse(text).expect("it is right");
    assert_eq!(print(&scenario), text);
    assert_eq!(scenario.clients().len(), 2);
    let open = parse("kafka-topics --topic 't").expect_err("an open quote");
    assert_eq!(open.problem.to_string(), "expected closing-quote, found kafka-topics");
}

#[test]
fn a_partition_has_its_number_behind_the_last_dash() {
    for text in ["elect preferred t", "reassign t-x: b1", "elect unclean -1-"] {
        let found = problem(text).problem;
        assert!(matches!(found, Problem::Expected { wanted: Wanted::Partition, .. }), "{text}");
    }
}

fn problem(text: &str) -> ParseError {
    parse(text).expect_err("the text is wrong")
}

fn check(text: &str, line: u32, column: u32, message: &str) {
    let error = problem(text);
    assert_eq!((error.line, error.column), (line, column), "{error}");
    let shown = error.to_string();
    assert!(shown.contains(message), "{shown}");
}

#[test]
fn a_lesson_is_read_as_it_is_said() {
    let scenario = parse(LESSON).expect("the text is right");
    assert_eq!(scenario.config.broker.replica_lag_time_max_ms, 10_000);
    let commands: Vec<_> = scenario.commands.iter().map(|c| (c.at.0, &c.command)).collect();
    assert!(matches!(commands[0], (0, Command::SetLink { .. })), "links are so from the beginning");
    assert!(matches!(commands[1], (1_000_000, Command::CreateTopic { .. })));
    assert_eq!(scenario.commands[7].before, Some(EventId(1_042)));
    assert_eq!(commands.len(), 10);
}

#[test]
fn clients_are_numbered_as_the_world_numbers_them() {
    let scenario = parse(LESSON).expect("the text is right");
    let Command::Hold { a, .. } = scenario.commands[9].command else { panic!("a hold is last") };
    assert_eq!(a, NodeId::Client(ClientId(1)), "the admin client comes first, with the topic");
}

#[test]
fn commands_are_ordered_by_time_and_then_by_line() {
    let scenario = parse("at 3s kill b1\nat 2s kill b2\nat 3s start b1\n").expect("right");
    let order: Vec<_> = scenario.commands.iter().map(|c| c.at.0 / 1_000_000).collect();
    assert_eq!(order, [2, 3, 3]);
    assert!(matches!(scenario.commands[2].command, Command::Start { .. }));
}

#[test]
fn an_unknown_statement_gets_its_place_and_a_suggestion() {
    check("brokers 3\nat 5s kil b2", 2, 7, "unknown statement kil; did you mean kill?");
    check("borkers 3", 1, 1, "did you mean brokers?");
}

#[test]
fn an_unknown_setting_gets_a_suggestion() {
    check("set replica.lag.time.max=1", 1, 5, "did you mean replica.lag.time.max.ms?");
    check("topic t: b1 {min.insync.replica=2}", 1, 14, "did you mean min.insync.replicas?");
    check("producer p{topic=t, ack=1}", 1, 21, "did you mean acks?");
}

#[test]
fn a_wrong_value_is_named_where_it_stands() {
    check("producer p{topic=t, acks=2}", 1, 26, "acks: 2 is not in -1..=1");
    check("set replica.lag.time.max.ms=soon", 1, 29, "soon is not a whole number");
    check("brokers 33", 1, 9, "brokers must be in 1..=32");
    check("at 5 kill b1", 1, 4, "expected time");
}

#[test]
fn a_client_that_nobody_adds_is_unknown() {
    check("producer web{topic=t}\nat 2s kill wbe", 2, 12, "did you mean web?");
}

#[test]
fn a_name_cannot_be_taken_twice() {
    check("producer p{topic=t}\nconsumer p{topic=t}", 2, 10, "p is already given");
    check("producer b1{topic=t}", 1, 10, "expected client");
    check("seed 1\nseed 2", 2, 1, "seed is already given");
}

#[test]
fn a_program_needs_a_topic() {
    check("producer p{rate=1}", 1, 11, "topic is missing");
}

#[test]
fn words_behind_a_statement_do_not_pass() {
    check("seed 1 2", 1, 8, "expected end-of-line, found 2");
    check("at 5s kill b1 now", 1, 15, "expected end-of-line");
}

#[test]
fn columns_count_characters_not_bytes() {
    check("send 网店 \"一\" \"二", 1, 13, "closing-quote");
}

#[test]
fn a_text_beyond_the_limits_is_refused() {
    let long = " ".repeat(crate::scenario::ast::TEXT_BYTES_MAX + 1);
    assert!(matches!(problem(&long).problem, Problem::TooLong { .. }));
    let many = "kill b1\n".repeat(COMMANDS_MAX + 1);
    assert!(matches!(problem(&many).problem, Problem::TooManyCommands { .. }));
    assert!(matches!(problem("at 9999999h kill b1").problem, Problem::OutOfRange { .. }));
}

#[test]
fn power_losses_and_rotten_bytes_are_statements() {
    let text = "brokers 3\nseed 1\nat 9s#77 power {b1/t-0/0.log=12, zk/log=0}\n\
                at 9s rot b1/t-0/0.log 4 00ff\n";
    assert_eq!(print(&parse(text).expect("right")), text);
}

#[test]
fn what_was_printed_reads_back_as_it_was() {
    let scenario = parse(LESSON).expect("right");
    let text = print(&scenario);
    assert_eq!(parse(&text).as_ref(), Ok(&scenario), "{text}");
}

#[test]
fn random_scenarios_survive_being_printed_and_read() {
    for seed in 0..300 {
        let scenario = Maker::new(seed).scenario();
        let text = print(&scenario);
        match parse(&text) {
            Ok(read) => assert_eq!(read, scenario, "seed {seed}:\n{text}"),
            Err(error) => panic!("seed {seed}: {error}\n{text}"),
        }
    }
}

#[test]
fn damaged_texts_never_panic() {
    for seed in 0..300 {
        let mut maker = Maker::new(seed);
        let text = print(&maker.scenario());
        let at = maker.below(text.chars().count() as u64) as usize;
        let noise = ['"', '\\', '>', '{', '#', '9', '字'][maker.below(7) as usize];
        let head: String = text.chars().take(at).collect();
        let tail: String = text.chars().skip(at + 1).collect();
        let _judged = parse(&format!("{head}{noise}{tail}"));
        let _judged = parse(&head);
    }
}

/// Makes scenarios of every statement from a seed.
struct Maker {
    streams: Streams,
    clients: Vec<Text>,
    admin: bool,
    brokers: u16,
    topics: u32,
}

impl Maker {
    fn new(seed: u64) -> Maker {
        let streams = Streams::new(seed);
        let mut maker = Maker { streams, clients: Vec::new(), admin: false, brokers: 0, topics: 0 };
        maker.brokers = 1 + maker.below(32) as u16;
        maker
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.streams.below(Stream::Client, NodeId::Zookeeper, bound)
    }

    fn word(&mut self) -> Text {
        let words =
            ["t", "orders", "my-topic", "a b", "订单", "\"q\"", "line\nbreak", "", "a=b,c", "#x"];
        words[self.below(words.len() as u64) as usize].into()
    }

    fn micros(&mut self) -> Micros {
        let unit = [1, 1_000, 1_000_000][self.below(3) as usize];
        Micros(1 + self.below(100_000) * unit)
    }

    fn broker(&mut self) -> BrokerId {
        BrokerId(1 + self.below(u64::from(self.brokers)) as i32)
    }

    fn host(&mut self) -> NodeId {
        let clients = self.clients.len() as u64;
        match self.below(4) {
            0 => NodeId::Zookeeper,
            1 if clients > 0 => NodeId::Client(ClientId(self.below(clients) as u16)),
            _ => NodeId::Broker(self.broker()),
        }
    }

    fn scenario(&mut self) -> Scenario {
        let mut scenario = Scenario::default();
        scenario.config.brokers = self.brokers;
        scenario.config.seed = self.below(u64::MAX);
        scenario.config.wire_mode = self.below(2) == 0;
        scenario.config.boot = self.below(2) == 0;
        scenario.config.epoch_ms = self.below(1 << 50) as i64;
        scenario.config.link = LinkConfig { latency: self.micros(), jitter: self.micros() };
        scenario.config.broker.replica_lag_time_max_ms = 1 + self.below(100_000) as i64;
        scenario.engine = (self.below(2) == 0).then_some(7);
        scenario.until = (self.below(2) == 0).then(|| Moment { at: self.micros(), before: None });
        scenario.digest = (self.below(2) == 0).then(|| "0123456789abcdef".repeat(2).into());
        let mut at = Micros::ZERO;
        for _ in 0..self.below(30) {
            at = at + Micros(self.below(3) * 500_000);
            let before = (self.below(3) == 0).then_some(EventId(at.0));
            let command = self.command();
            scenario.commands.push(TimedCommand { at, before, command });
        }
        for name in ["crash", "healed", "später"].iter().take(self.below(4) as usize) {
            let at = self.micros();
            scenario.moments.push(((*name).into(), Moment { at, before: None }));
        }
        let topics: Vec<Text> = scenario.commands.iter().filter_map(topic_of).collect();
        for _ in 0..self.below(4) {
            let predicate = self.expected(&topics, scenario.config.brokers);
            let at = (self.below(2) == 0).then(|| Moment { at: self.micros(), before: None });
            scenario.expectations.push(Expectation { at, predicate });
        }
        scenario
    }

    fn expected(&mut self, topics: &[Text], brokers: u16) -> Predicate {
        let broker = BrokerId(1 + self.below(u64::from(brokers)) as i32);
        let compare = Compare::ALL[self.below(5) as usize];
        let topic = topics.get(self.below(1 + topics.len() as u64) as usize).cloned();
        let Some(topic) = topic.filter(|topic| !topic.is_empty()) else {
            return match self.below(5) {
                0 => Predicate::NoneLost,
                1 => Predicate::Not(Box::new(Predicate::Up("zk".into()))),
                2 => Predicate::Controller(Some(broker)),
                3 => Predicate::Number(Quantity::Copies(self.word()), compare, -5),
                _ => Predicate::Before(killed(broker), killed(broker)),
            };
        };
        let partition = TopicPartition::new(&TopicName(topic), PartitionId(self.below(9) as i32));
        match self.below(7) {
            0 => Predicate::Leader(partition, (self.below(2) == 0).then_some(broker)),
            1 => Predicate::Isr(partition, vec![broker; self.below(3) as usize]),
            2 => Predicate::Log(partition, broker, vec![self.word(), "b".into()]),
            3 => Predicate::Number(Quantity::LogEnd(partition, broker), compare, 7),
            4 => Predicate::Leaderless(partition, compare, self.micros()),
            5 => {
                let isr = format!("{}>b1", NodeId::Broker(broker)).into();
                let reasons = vec!["LeaderDied".into(), "NewPartition".into()];
                let partition = partition.to_string().into();
                let fields = vec![
                    ("partition".into(), vec![partition]),
                    ("isr".into(), vec![isr]),
                    ("reason".into(), reasons),
                ];
                Predicate::Some(Pattern { event: "LeaderElected".into(), fields })
            }
            _ => Predicate::Exists(partition.topic),
        }
    }

    fn command(&mut self) -> Command {
        match self.below(27) {
            0 => Command::Start { node: self.host() },
            1 => Command::Kill { node: self.host() },
            2 => Command::Stop { node: self.host() },
            verb @ (3 | 4 | 15) => match (verb, self.link()) {
                (3, [a, b]) => Command::Hold { a, b },
                (4, [a, b]) => Command::Heal { a, b },
                (_, [a, b]) => Command::Cut { a, b },
            },
            5 => Command::Drop { message: self.address() },
            6 => {
                let (latency, jitter) = (self.micros(), Micros(self.below(2) * 77));
                let [a, b] = self.link();
                Command::SetLink { a, b, latency, jitter }
            }
            7 => self.create_topic(),
            8 => {
                self.note_admin();
                let key = TopicConfig::KEYS[0].into();
                let value = (self.below(3) > 0).then(|| self.word());
                Command::SetTopicConfig { topic: TopicName(self.word()), key, value }
            }
            9 => self.producer(),
            10 => self.consumer(),
            11 | 12 if self.clients.is_empty() => self.producer(),
            11 => Command::SetClient {
                name: self.known_client(),
                key: "acks".into(),
                value: "all".into(),
            },
            12 => Command::Send {
                name: self.known_client(),
                records: vec![self.record(), self.record()],
            },
            13 => Command::Pause { node: self.host() },
            14 => Command::Resume { node: self.host() },
            16 => {
                let to = [LinkState::Flows, LinkState::Held, LinkState::Cut];
                let (sides, to) = (self.link(), to[self.below(3) as usize]);
                Command::Split { sides: sides.map(|host| vec![host; 2]).to_vec(), to }
            }
            17 => {
                let ([a, b], loss_ppm) = (self.link(), self.below(1_000) as u32);
                Command::SetLoss { a, b, loss_ppm, duplication_ppm: self.below(2) as u32 }
            }
            18 => Command::Delay { message: self.address(), by: self.micros() },
            19 => Command::Duplicate { message: self.address(), after: self.micros() },
            20 => self.outside(),
            21 => self.disk(),
            _ => self.admin_command(),
        }
    }

    fn admin_command(&mut self) -> Command {
        self.note_admin();
        let topic = TopicName(self.word());
        let partition = TopicPartition::new(&topic, PartitionId(self.below(9) as i32));
        let replicas: Vec<BrokerId> = (0..self.below(3)).map(|_| self.broker()).collect();
        match self.below(5) {
            0 => Command::DeleteTopic { topic },
            1 => {
                let assignment = if replicas.is_empty() { vec![] } else { vec![replicas; 2] };
                Command::AddPartitions { topic, count: 1 + self.below(9) as u32, assignment }
            }
            2 => {
                let unclean = self.below(2) == 0;
                let kind = if unclean { ElectionKind::Unclean } else { ElectionKind::Preferred };
                Command::ElectLeaders { kind, partition: (self.below(2) == 0).then_some(partition) }
            }
            3 => Command::Reassign { partition, replicas },
            _ => {
                let broker = (self.below(2) == 0).then(|| self.broker());
                let value = (self.below(3) > 0).then(|| self.word());
                Command::SetBrokerConfig { broker, key: "log.cleaner.threads".into(), value }
            }
        }
    }

    fn link(&mut self) -> [NodeId; 2] {
        let (a, b) = (self.host(), self.host());
        if a == b { [NodeId::Zookeeper, NodeId::Broker(self.broker())] } else { [a, b] }
    }

    fn outside(&mut self) -> Command {
        match self.below(3) {
            0 => Command::Connect { name: self.client_name(), broker: self.broker() },
            1 => Command::Frame { name: self.word(), bytes: vec![0, 18, 255].into() },
            _ => Command::Disconnect { name: self.word() },
        }
    }

    fn address(&mut self) -> MessageAddress {
        let api = Api::ALL[self.below(Api::ALL.len() as u64) as usize];
        let (from, to) = (self.host(), self.host());
        MessageAddress { from, to, api, response: self.below(2) == 0, nth: self.below(1_000) }
    }

    fn create_topic(&mut self) -> Command {
        self.note_admin();
        let placement = if self.below(2) == 0 {
            Placement::Automatic { partitions: self.below(9) as u32, replication_factor: 3 }
        } else {
            let mut pair = vec![self.broker(), self.broker()];
            pair.dedup();
            Placement::Assigned(vec![pair, vec![self.broker()]])
        };
        let configs: Vec<(Text, Text)> = TopicConfig::KEYS
            .iter()
            .take(self.below(3) as usize)
            .map(|k| ((*k).into(), self.word()))
            .collect();
        self.topics += 1;
        let topic = TopicName(format!("{}{}", self.word(), self.topics).into());
        Command::CreateTopic { topic, placement, configs }
    }

    fn note_admin(&mut self) {
        if !std::mem::replace(&mut self.admin, true) {
            self.clients.push("admin".into());
        }
    }

    /// A client that is there.
    fn known_client(&mut self) -> Text {
        let place = self.below(self.clients.len() as u64) as usize;
        self.clients[place].clone()
    }

    fn client_name(&mut self) -> Text {
        let names = ["web", "my-app", "读者", "two words"];
        let name = names[self.below(names.len() as u64) as usize];
        let name: Text = format!("{name}{}", self.clients.len()).into();
        self.clients.push(name.clone());
        name
    }

    fn producer(&mut self) -> Command {
        let mut spec = ProducerSpec::new(&TopicName(format!("t{}", self.word()).into()));
        spec.rate = self.below(1_000) as u32;
        spec.keys = if self.below(2) == 0 { Keys::None } else { Keys::Cycle(5) };
        spec.acks = [Acks::None, Acks::Leader, Acks::All][self.below(3) as usize];
        spec.linger_ms = self.below(3) as i64;
        Command::AddProducer { name: self.client_name(), spec }
    }

    fn consumer(&mut self) -> Command {
        let mut spec = ConsumerSpec::new(&TopicName::new("orders"));
        spec.from_beginning = self.below(2) == 0;
        spec.fetch_min_bytes = self.below(9) as i32;
        match self.below(4) {
            0 => spec.more_topics = vec![TopicName::new("订单"), TopicName::new("a b")],
            1 => {
                spec.topic = TopicName::new("");
                spec.topic_pattern = "ord(er)?s.*".into();
            }
            _ => {}
        }
        if self.below(3) == 0 {
            spec.from_beginning = true;
            spec.from_time = Some(self.below(1 << 41) as i64);
        }
        spec.read_committed = self.below(2) == 0;
        Command::AddConsumer { name: self.client_name(), spec }
    }

    fn record(&mut self) -> RecordSpec {
        let key = (self.below(2) == 0).then(|| self.word());
        let partition = (self.below(2) == 0).then(|| PartitionId(self.below(9) as i32));
        RecordSpec { key, value: self.word(), partition }
    }

    fn disk(&mut self) -> Command {
        let node = NodeId::Broker(self.broker());
        let path: Text = format!("{}-0/00000000000000000000.log", self.word()).into();
        match self.below(4) {
            0 => return Command::Tear { node, path, bytes: self.below(1 << 40) },
            1 => {
                let dir = (self.below(2) == 0).then(|| format!("d{}", self.below(9)).into());
                let slow = DiskState::Slow(self.micros());
                let states = [DiskState::Works, DiskState::Dead, DiskState::Full, slow];
                let state = states[usize::try_from(self.below(4)).expect("less than four")];
                return Command::SetDisk { node, dir, state };
            }
            _ => {}
        }
        if self.below(2) == 0 {
            let bytes = self.below(1 << 40);
            return Command::PowerLoss { durable: vec![DurableFile { node, path, bytes }] };
        }
        Command::DiskFault { node, path, position: self.below(1 << 40), bytes: vec![0, 9, 255] }
    }
}

fn topic_of(timed: &TimedCommand) -> Option<Text> {
    match &timed.command {
        Command::CreateTopic { topic, .. } => Some(topic.0.clone()),
        _ => None,
    }
}

fn killed(broker: BrokerId) -> Pattern {
    let node = NodeId::Broker(broker).to_string().into();
    Pattern { event: "ProcessKilled".into(), fields: vec![("node".into(), vec![node])] }
}

#[test]
fn every_setting_of_a_program_can_be_written() {
    for (verb, keys) in [("producer", PRODUCER_KEYS), ("consumer", CONSUMER_KEYS)] {
        for key in keys.iter().filter(|key| **key != "topic") {
            let sample = match *key {
                "acks" => "all",
                "from" => "end",
                "topic.pattern" => "ord.*",
                "isolation.level" => "read_committed",
                "delivery.timeout.ms" => "90000",
                "enable.idempotence" => "true",
                "compression.type" => "lz4",
                "partitioner" | "defaults" => "2.3",
                "auto.offset.reset" => "latest",
                "partition.assignment.strategy" => "sticky",
                "commit" => "sync",
                "partitioner.class" => "RoundRobinPartitioner",
                "partitioner.ignore.keys" | "partitioner.adaptive.partitioning.enable" => "true",
                _ => "1",
            };
            let text = format!("{verb} p{{topic=t, {key}={sample}}}");
            assert!(parse(&text).is_ok(), "{text}");
        }
    }
}

#[test]
fn the_defaults_of_an_old_release_are_written_out_and_what_stands_beside_them_counts() {
    let text = "producer p{acks=all, topic=t, defaults=2.3}";
    let scenario = parse(text).expect("it parses");
    let printed = crate::scenario::printer::print(&scenario);
    let wanted =
        "producer p{topic=t, enable.idempotence=false, retry.backoff.max.ms=100, partitioner=2.3}";
    assert!(printed.contains(wanted), "{printed}");
}

#[test]
fn settings_of_a_program_may_stand_in_any_order() {
    let text = "producer p{delivery.timeout.ms=15000, topic=t, request.timeout.ms=10000}";
    assert!(parse(text).is_ok());
}
