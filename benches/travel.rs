//! Seeks in a session whose world has run for an hour: the page's own code, without the page.

use highwater::engine::command::{Command, ConsumerSpec, Placement, TimedCommand};
use highwater::engine::config::WorldConfig;
use highwater::engine::ids::{Text, TopicName};
use highwater::engine::time::Micros;
use highwater::session::Session;
use highwater::session::message::{Msg, Start};
use highwater::store::report::{MemoryReason, StorageReport};

use crate::workload;

/// Where it seeks to, in ms: forty places, each far from the one before, back and ahead in turn, and the last moments.
pub const PLACES: [u32; 42] = places();

const HOUR_MS: u32 = 3_600_000;

const fn places() -> [u32; 42] {
    let mut places = [HOUR_MS; 42];
    let mut index = 0;
    while index < 40 {
        // Steps of the golden section visit the hour evenly, and never go a little further on.
        places[index] = ((index as u64 * 2_224_922 + 1_234_567) % HOUR_MS as u64) as u32;
        index += 1;
    }
    places[40] = HOUR_MS - 1;
    places
}

/// A session that has run for an hour.
pub struct Hour(Session);

impl Hour {
    /// Runs one.
    pub fn new() -> Hour {
        let mut session = Session::new();
        let start = Start {
            playing: false,
            commands: commands(),
            ..Start::new("hour", WorldConfig::default())
        };
        session.update(Msg::Load(start));
        session.update(Msg::Storage(StorageReport::Unavailable(MemoryReason::Unavailable)));
        let mut hour = Hour(session);
        hour.seek(HOUR_MS);
        hour
    }

    /// Goes to a moment; returns how many events the world has had by then.
    pub fn seek(&mut self, at_ms: u32) -> u64 {
        self.0.update(Msg::Seek(Micros(u64::from(at_ms) * 1_000)));
        while self.0.seeking().is_some() {
            self.0.update(Msg::Frame { elapsed_us: 0, steps: 100_000 });
        }
        self.0.next_event().0
    }

    /// Steps that were made so far, those of replays among them; and those between two checkpoints.
    pub fn steps(&self) -> (u64, u64) {
        self.0.steps()
    }

    /// How many checkpoints are kept, and the most that ever are.
    pub fn checkpoints(&self) -> (usize, usize) {
        self.0.checkpoints()
    }
}

/// The cluster of the budgets, with two groups of three, as a scenario has it.
fn commands() -> Vec<TimedCommand> {
    let topic = TopicName::new(workload::TOPIC);
    let placement = Placement::Automatic { partitions: 24, replication_factor: 3 };
    let mut all = vec![
        Command::CreateTopic { topic: topic.clone(), placement, configs: Vec::new() },
        Command::AddProducer { name: "load".into(), spec: workload::ten_batches_a_second() },
    ];
    all.extend(members().map(|(name, spec)| Command::AddConsumer { name, spec }));
    let timed = |(index, command): (u64, Command)| TimedCommand {
        at: Micros::from_secs(2 + 2 * index),
        before: None,
        command,
    };
    (0..).zip(all).map(timed).collect()
}

/// Two groups of three that follow the topic, each member with its name.
pub fn members() -> impl Iterator<Item = (Text, ConsumerSpec)> {
    let spec = ConsumerSpec::new(&TopicName::new(workload::TOPIC));
    let of = move |group: &'static str| {
        let spec = ConsumerSpec { group: group.into(), ..spec.clone() };
        (1..=3).map(move |member| (format!("{group}-{member}").into(), spec.clone()))
    };
    ["billing", "search"].into_iter().flat_map(of)
}
