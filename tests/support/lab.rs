//! A world for tests, told what to do in verbs: `kill`, `hold`, `send`, `run_for`, `expect …`.
//!
//! Every failure prints the seed and the newest events, so that it can be repeated and read.

use std::cell::Cell;

use highwater::engine::command::{
    Acks, Command, ConsumerSpec, Keys, Placement, ProducerSpec, RecordSpec,
};
use highwater::engine::config::WorldConfig;
use highwater::engine::event::{Event, EventKind, Invariant};
use highwater::engine::ids::{
    BrokerId, EventId, NodeId, Offset, PartitionId, TopicName, TopicPartition,
};
use highwater::engine::sim::world::World;
use highwater::engine::time::Micros;
use highwater::scenario::parser::parse_among;
use highwater::view::cluster::{ClusterView, PartitionView, ReplicaView};
use highwater::view::project;

/// A world, everything that happened in it, and verbs.
pub struct Lab {
    pub world: World,
    pub events: Vec<Event>,
    /// Rules of which a test knows that it breaks them.
    pub may_break: Vec<Invariant>,
    shown: Cell<bool>,
}

/// `b1`, `b2`, … as a host.
pub fn b(id: i32) -> NodeId {
    NodeId::Broker(BrokerId(id))
}

/// Milliseconds as a span.
pub fn ms(ms: i64) -> Micros {
    Micros::from_ms(ms)
}

impl Lab {
    /// Three brokers with Kafka's defaults and short times: a lag of 2.5 s and sessions of 6 s. Leaders
    /// stay where they are, as in the cluster that ANOMALIES were measured on.
    pub fn three() -> Lab {
        Lab::with(|config| {
            config.broker.replica_lag_time_max_ms = 2_500;
            config.broker.zookeeper_session_timeout_ms = 6_000;
            config.broker.auto_leader_rebalance_enable = false;
        })
    }

    /// A world with a changed configuration, one second old: the cluster serves.
    pub fn with(change: impl FnOnce(&mut WorldConfig)) -> Lab {
        let mut config = WorldConfig { wire_mode: true, ..WorldConfig::default() };
        change(&mut config);
        let mut lab = Lab {
            world: World::new(config),
            events: Vec::new(),
            may_break: Vec::new(),
            shown: Cell::new(false),
        };
        lab.run_for(ms(1_000));
        lab
    }

    /// Gives a command that must be accepted.
    pub fn apply(&mut self, command: Command) -> EventId {
        let id = self.world.apply(command).expect("the command fits the world");
        self.take_events();
        id
    }

    /// Takes over what has happened. A broken rule ends the test, unless the test knows of it.
    fn take_events(&mut self) {
        let seen = self.events.len();
        self.events.extend(self.world.drain_events());
        let broken = self.events[seen..].iter().find(|event| match &event.kind {
            EventKind::InvariantBroken { rule, .. } => !self.may_break.contains(rule),
            _ => false,
        });
        if let Some(broken) = broken {
            self.fail(&format!("the checker found {:?}", broken.kind));
        }
    }

    /// Gives the commands of statements as scenarios have them: `elect preferred t-0`.
    pub fn tell(&mut self, statement: &str) {
        let scenario =
            parse_among(statement, &self.world).expect("a statement of the scenario language");
        for timed in scenario.commands {
            self.apply(timed.command);
        }
    }

    /// What the admin client was told, in order: `call subject`, and after a refusal Kafka's number
    /// and words.
    pub fn admin_answers(&self) -> Vec<String> {
        let told = |event: &Event| match &event.kind {
            EventKind::AdminCompleted { call, subject } => Some(format!("{call} {subject}")),
            EventKind::AdminFailed { call, subject, error, message } => {
                Some(format!("{call} {subject}: {error} {message}"))
            }
            _ => None,
        };
        self.events.iter().filter_map(told).collect()
    }

    /// The newest of [`Lab::admin_answers`].
    pub fn admin_answer(&self) -> String {
        self.admin_answers().pop().unwrap_or_default()
    }

    /// `leader epoch [isr]` of a partition as ZooKeeper has it.
    pub fn state(&self, topic: &str, partition: i32) -> String {
        let view = self.partition(topic, partition);
        let leader = view.leader.map_or(-1, |id| id.0);
        let isr: Vec<String> = view.isr.iter().map(ToString::to_string).collect();
        format!("{leader} {} [{}]", view.leader_epoch, isr.join(","))
    }

    pub fn run_for(&mut self, span: Micros) {
        let until = self.world.now() + span;
        self.world.advance_to(until);
        self.take_events();
    }

    /// Runs until `wanted` is true of some event from `since` on; at most `limit`.
    pub fn run_until(&mut self, limit: Micros, wanted: impl Fn(&Event) -> bool) -> Event {
        let end = self.world.now() + limit;
        let mut seen = self.events.len();
        while self.world.next_at().is_some_and(|at| at <= end) {
            self.world.step();
            self.take_events();
            if let Some(event) = self.events[seen..].iter().find(|event| wanted(event)) {
                return event.clone();
            }
            seen = self.events.len();
        }
        panic!("nothing like it happened within {limit}");
    }

    pub fn topic(&mut self, name: &str, replicas: &[&[i32]], configs: &[(&str, &str)]) {
        let rows =
            replicas.iter().map(|row| row.iter().map(|id| BrokerId(*id)).collect()).collect();
        self.apply(Command::CreateTopic {
            topic: TopicName::new(name),
            placement: Placement::Assigned(rows),
            configs: configs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
        });
        self.run_for(ms(1_000));
    }

    pub fn producer(&mut self, name: &str, topic: &str, change: impl FnOnce(&mut ProducerSpec)) {
        let mut spec = ProducerSpec::new(&TopicName::new(topic));
        spec.keys = Keys::None;
        change(&mut spec);
        self.apply(Command::AddProducer { name: name.into(), spec });
        self.run_for(ms(50));
    }

    pub fn consumer(&mut self, name: &str, topic: &str) {
        let spec = ConsumerSpec::new(&TopicName::new(topic));
        self.apply(Command::AddConsumer { name: name.into(), spec });
    }

    pub fn send(&mut self, name: &str, values: &[&str]) {
        let record =
            |value: &&str| RecordSpec { key: None, value: (*value).into(), partition: None };
        let records = values.iter().map(record).collect();
        self.apply(Command::Send { name: name.into(), records });
    }

    pub fn kill(&mut self, id: i32) {
        self.apply(Command::Kill { node: b(id) });
    }

    pub fn stop(&mut self, id: i32) {
        self.apply(Command::Stop { node: b(id) });
    }

    pub fn start(&mut self, id: i32) {
        self.apply(Command::Start { node: b(id) });
    }

    pub fn pause(&mut self, id: i32) {
        self.apply(Command::Pause { node: b(id) });
    }

    pub fn resume(&mut self, id: i32) {
        self.apply(Command::Resume { node: b(id) });
    }

    pub fn hold(&mut self, a: i32, z: i32) {
        self.apply(Command::Hold { a: b(a), b: b(z) });
    }

    pub fn heal(&mut self, a: i32, z: i32) {
        self.apply(Command::Heal { a: b(a), b: b(z) });
    }

    pub fn cluster(&self) -> ClusterView {
        project::cluster(&self.world)
    }

    pub fn partition(&self, topic: &str, partition: i32) -> PartitionView {
        let id = tp(topic, partition);
        let topics = self.cluster().topics;
        let found = topics.into_iter().flat_map(|t| t.partitions).find(|p| p.partition == id);
        found.unwrap_or_else(|| self.fail(&format!("no partition {id}")))
    }

    pub fn replica(&self, topic: &str, partition: i32, broker: i32) -> ReplicaView {
        let replicas = self.partition(topic, partition).replicas;
        let found = replicas.into_iter().find(|r| r.broker == BrokerId(broker));
        found.unwrap_or_else(|| self.fail("no such replica"))
    }

    /// Values in a replica's log.
    pub fn log(&self, topic: &str, partition: i32, broker: i32) -> Vec<String> {
        let records = project::records(
            &self.world,
            BrokerId(broker),
            &tp(topic, partition),
            Offset(0),
            10_000,
        );
        records.iter().map(|r| r.value.as_deref().unwrap_or("null").to_owned()).collect()
    }

    pub fn isr(&self, topic: &str, partition: i32) -> Vec<i32> {
        self.partition(topic, partition).isr.iter().map(|id| id.0).collect()
    }

    pub fn count(&self, wanted: impl Fn(&EventKind) -> bool) -> usize {
        self.events.iter().filter(|event| wanted(&event.kind)).count()
    }

    /// Events from the one with this id to its first cause.
    pub fn chain(&self, mut id: EventId) -> Vec<&Event> {
        let mut chain = Vec::new();
        loop {
            let index = usize::try_from(id.0).expect("small worlds");
            let event = &self.events[index];
            chain.push(event);
            match event.cause {
                Some(cause) => id = cause,
                None => return chain,
            }
        }
    }

    /// Ends the test with the seed and the newest events.
    pub fn fail(&self, message: &str) -> ! {
        self.show();
        panic!("{message} (seed {})", self.world.config().seed);
    }

    /// Prints the newest events that are not network traffic.
    pub fn show(&self) {
        if self.shown.replace(true) {
            return;
        }
        let quiet = |event: &&Event| {
            !matches!(
                event.kind,
                EventKind::MessageSent { .. }
                    | EventKind::MessageDelivered { .. }
                    | EventKind::TimerFired { .. }
            )
        };
        let told: Vec<&Event> = self.events.iter().filter(quiet).collect();
        for event in &told[told.len().saturating_sub(60)..] {
            let node = event.node.map_or(String::new(), |node| node.to_string());
            println!("{} #{} {node} {:?}", event.at, event.id, event.kind);
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.show();
        }
    }
}

/// `topic-partition`.
pub fn tp(topic: &str, partition: i32) -> TopicPartition {
    TopicPartition::new(&TopicName::new(topic), PartitionId(partition))
}

/// `acks` by its wire value.
pub fn acks(value: i32) -> Acks {
    match value {
        0 => Acks::None,
        1 => Acks::Leader,
        _ => Acks::All,
    }
}
