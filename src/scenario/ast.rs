//! What a scenario text says: a world's config, its timed commands, and how the recording ended.
//!
//! [`crate::scenario::parser`] reads it and [`crate::scenario::printer`] writes it; going there and
//! back changes nothing. Commands stand in the order in which they are given: `at` never falls.

use crate::engine::command::{Command, TimedCommand, ToolCommand};
use crate::engine::config::WorldConfig;
use crate::engine::ids::{ClientId, EventId, Text};
use crate::engine::time::Micros;
use crate::scenario::predicate::Predicate;

/// Largest scenario text, in bytes.
pub const TEXT_BYTES_MAX: usize = 1_048_576;
/// Most commands of a scenario.
pub const COMMANDS_MAX: usize = 20_000;
/// Largest scenario file that is read from a disk, in bytes: a recorded session.
pub const FILE_BYTES_MAX: usize = 256 << 20;
/// Most commands of such a file.
pub const FILE_COMMANDS_MAX: usize = 1_000_000;
/// Most brokers of a world.
pub const BROKERS_MAX: u16 = 32;
/// Most partitions that one statement may ask for.
pub const PARTITIONS_MAX: u32 = 10_000;
/// Latest moment that a text may name: 1,000 hours.
pub const TIME_MAX: Micros = Micros(3_600_000_000_000);

/// When statements without `at` are carried out: by then the brokers are up and one is controller.
pub const SETTLED: Micros = Micros(1_000_000);

/// When statements without `at` that are about more than topics are carried out: by then the topics
/// are there. A program that came at the same time could be the first to ask for a topic, and a
/// broker would create it with the cluster's defaults.
pub const TOPICS_READY: Micros = Micros(1_500_000);

/// How long a run goes on behind its last command when the text does not say.
pub const PATIENCE: Micros = Micros(10_000_000);

/// Name of the client program through which commands about topics go.
pub const ADMIN: &str = "admin";

/// The terminal of tools whose line stands alone.
pub const CONSOLE: &str = "console";

/// A world and what is done to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scenario {
    /// What the world starts from.
    pub config: WorldConfig,
    /// What is done to it, in order.
    pub commands: Vec<TimedCommand>,
    /// Moments that have a name (`moment crash=5s`).
    pub moments: Vec<(Text, Moment)>,
    /// What should hold (`expect …`), in the order of the text.
    pub expectations: Vec<Expectation>,
    /// Engine version of the recording (`engine=1`); `None` in texts written by hand.
    pub engine: Option<u32>,
    /// Where the recording ended (`until=10s#1042`).
    pub until: Option<Moment>,
    /// Digest of all events up to there (`digest=…`), 32 hexadecimal digits.
    pub digest: Option<Text>,
}

/// What should hold at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// When, behind the commands of that moment; `None`: at the scenario's end.
    pub at: Option<Moment>,
    /// What.
    pub predicate: Predicate,
}

/// A place in a world's history: a time, and among the events of that instant, an ordinal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// World time.
    pub at: Micros,
    /// The id that the next event will have; `None`: after every event due by `at`.
    pub before: Option<EventId>,
}

impl Scenario {
    /// Client programs in order of creation: the position is the [`ClientId`]. The world makes one by
    /// itself, `admin`, for the first command about a topic.
    #[must_use]
    pub fn clients(&self) -> Vec<Text> {
        let mut names: Vec<Text> = Vec::new();
        for timed in &self.commands {
            match &timed.command {
                Command::AddProducer { name, .. } | Command::AddConsumer { name, .. } => {
                    names.push(name.clone());
                }
                Command::Connect { name, .. } | Command::Tool(ToolCommand::Run { name, .. })
                    if !names.contains(name) =>
                {
                    names.push(name.clone());
                }
                command if command.is_admin() && !names.iter().any(|n| &**n == ADMIN) => {
                    names.push(ADMIN.into());
                }
                _ => {}
            }
        }
        names
    }

    /// Where a run of it ends: at `until`, else [`PATIENCE`] after its last command.
    #[must_use]
    pub fn end(&self) -> Moment {
        let last = self.commands.last().map_or(SETTLED, |timed| timed.at);
        self.until.unwrap_or(Moment { at: last + PATIENCE, before: None })
    }

    /// The id that the client called `name` has once the world has made it.
    #[must_use]
    pub fn client_id(&self, name: &str) -> Option<ClientId> {
        let position = self.clients().iter().position(|n| &**n == name)?;
        u16::try_from(position).ok().map(ClientId)
    }
}

/// When a command without `at` is carried out: links are so from the beginning, topics come once the
/// cluster has settled, and all else when they are there.
#[must_use]
pub fn default_time(command: &Command) -> Micros {
    match command {
        Command::SetLink { .. } | Command::SetLoss { .. } => Micros::ZERO,
        Command::CreateTopic { .. } => SETTLED,
        _ => TOPICS_READY,
    }
}
