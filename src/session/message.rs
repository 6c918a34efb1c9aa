//! What a session is told and what it asks for: messages in, effects out.
//!
//! Plain data. Who shows the page turns clicks, frames and answers of the browser into [`Msg`]s and
//! carries [`Effect`]s out; the session itself does neither. Nothing here is text for people: a
//! [`Notice`] is a fact that the page puts into words.

use crate::engine::command::{Command, TimedCommand};
use crate::engine::config::WorldConfig;
use crate::engine::error::CommandError;
use crate::engine::ids::{EventId, NodeId, Text};
use crate::engine::time::Micros;
use crate::scenario::ast::{Expectation, Moment, Scenario};
use crate::scenario::opening::Differs;
use crate::scenario::version::ENGINE_VERSION;
use crate::store::report::{MemoryReason, StorageReport};
use crate::store::request::StoreRequest;

/// What a world begins from: a playground, a lesson's task, a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// Under which name it is kept; the same name finds it again after a reload.
    pub name: Text,
    /// Settings of the world.
    pub config: WorldConfig,
    /// Commands known from the beginning, in order.
    pub commands: Vec<TimedCommand>,
    /// What its text names and expects: kept for the next link.
    pub said: Said,
    /// The world is brought here before it is shown.
    pub until: Moment,
    /// Digest that all events up to `until` have where this was recorded, if it was.
    pub digest: Option<Text>,
    /// Whether time passes from then on.
    pub playing: bool,
    /// How the play button and the speed were left, for a session that the store gives back.
    pub left: Option<Left>,
}

/// How playback was left when the page was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Whether time passed.
    pub playing: bool,
    /// The speed, an index into [`crate::session::playback::SPEEDS`].
    pub speed: u8,
}

/// What a scenario says beside its commands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Moments that have a name.
    pub moments: Vec<(Text, Moment)>,
    /// What should hold.
    pub expectations: Vec<Expectation>,
}

impl Start {
    /// A world of this config with nothing done to it yet, shown from its first moment.
    #[must_use]
    pub fn new(name: &str, config: WorldConfig) -> Start {
        Start {
            name: name.into(),
            config,
            commands: Vec::new(),
            said: Said::default(),
            until: Moment { at: Micros::ZERO, before: None },
            digest: None,
            playing: true,
            left: None,
        }
    }

    /// A scenario: a link, a lesson's beginning. A recorded one is shown where its recording ended and
    /// stands still there; one written by hand is shown from its first moment.
    #[must_use]
    pub fn from_scenario(name: &str, scenario: &Scenario) -> Start {
        Start {
            commands: scenario.commands.clone(),
            said: Said {
                moments: scenario.moments.clone(),
                expectations: scenario.expectations.clone(),
            },
            until: scenario.until.unwrap_or(Moment { at: Micros::ZERO, before: None }),
            digest: scenario.digest.clone().filter(|_| scenario.engine == Some(ENGINE_VERSION)),
            playing: scenario.until.is_none(),
            ..Start::new(name, scenario.config.clone())
        }
    }
}

/// Something happened outside: a frame, a click, an answer of the store.
#[derive(Clone, Debug)]
pub enum Msg {
    /// Page time passed. At most `steps` items of the world run for it.
    Frame {
        /// Since the last frame, in microseconds of the page's clock.
        elapsed_us: u64,
        /// Most items that may run: a slow device slows the world, never the page.
        steps: u32,
    },
    /// Let time pass.
    Play,
    /// Stop time.
    Pause,
    /// Go on to the next event, and stop there.
    StepEvent,
    /// Go back to before the newest event, and stop there.
    StepBack,
    /// Go on to the next delivery of a message, or back to the one before.
    StepMessage {
        /// On, or back.
        forward: bool,
    },
    /// Go a second on, or back.
    StepSecond {
        /// On, or back.
        forward: bool,
    },
    /// Choose a speed: an index into [`crate::session::playback::SPEEDS`].
    SetSpeed(u8),
    /// Jump over spans in which no message travels, or not.
    SetSkipIdle(bool),
    /// Go to a moment, before or after now.
    Seek(Micros),
    /// Do something to the world now. What lay ahead on the timeline stays as a branch.
    Apply(Command),
    /// Undo the last [`Msg::Apply`] or [`Msg::DeleteBranch`]: the world stands where it stood.
    Undo,
    /// Do again what was undone last.
    Redo,
    /// Show another branch.
    OpenBranch(u32),
    /// Give a branch a name; an empty one takes it away.
    NameBranch(u32, Text),
    /// Delete a branch that is not shown.
    DeleteBranch(u32),
    /// Make an event that left the window known again: [`crate::session::Session::event`].
    Recall(EventId),
    /// Begin from something else; asks the store for what it kept under that name.
    Open(Start),
    /// Begin from something else, whatever the store kept under that name: that is replaced.
    Load(Start),
    /// Begin from a link. What the store kept under that name comes back when somebody worked on it;
    /// [`Msg::Reset`] begins anew then.
    Visit(Start),
    /// Begin again from what this session began from.
    Reset,
    /// Call the session so; an empty title takes its title away.
    Rename(Text),
    /// The page may be about to go: save what is pending now.
    Flush,
    /// The store answered.
    Storage(StorageReport),
}

/// Something to be done outside.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Ask the store; its answer comes back as [`Msg::Storage`].
    Store(StoreRequest),
    /// Tell the person in front of the page.
    Notify(Notice),
}

/// A fact for the person in front of the page; [`Notice::key`] names its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A command was refused; nothing changed.
    CommandRefused(CommandError),
    /// A command of a link, a lesson or a saved session was refused in its place and left out.
    CommandLeftOut(CommandError),
    /// The page was closed and came back: power was lost, and everything that ran is started again.
    PowerReturned {
        /// Files that lost bytes because they were never stored.
        shortened: u32,
        /// Places where stored bytes are not what was written.
        damaged: u32,
    },
    /// What was saved was made by another engine and cannot be replayed by this one. Its files are
    /// kept; the session starts anew beside them.
    EngineChanged {
        /// The engine that wrote it.
        saved: u32,
        /// This one.
        current: u32,
    },
    /// What was saved cannot be read; the session starts anew.
    SavedUnreadable,
    /// Somebody worked on this link before: it is shown as they left it, and can begin anew.
    AsLeft,
    /// A real cluster was read, and something of it is another thing here.
    Imported(Differs),
    /// A recording gave other events here than where it was made: it was tampered with, or this engine
    /// does not say that it is another one.
    OtherEvents,
    /// Nothing is saved from here on.
    MemoryOnly(MemoryReason),
    /// The last moments of the session that was left could not be saved; what was before is kept.
    LastUnsaved,
    /// Another tab holds this session; what happens here is not saved.
    ReadOnly,
}

impl Notice {
    /// Its message key.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Notice::CommandRefused(_) => "notice-command-refused",
            Notice::CommandLeftOut(_) => "notice-command-left-out",
            Notice::PowerReturned { .. } => "notice-power-returned",
            Notice::EngineChanged { .. } => "notice-engine-changed",
            Notice::SavedUnreadable => "notice-saved-unreadable",
            Notice::AsLeft => "notice-as-left",
            Notice::Imported(_) => "notice-imported",
            Notice::MemoryOnly(MemoryReason::Unavailable) => "notice-memory-unavailable",
            Notice::MemoryOnly(MemoryReason::QuotaExceeded) => "notice-memory-quota",
            Notice::MemoryOnly(MemoryReason::Blocked) => "notice-memory-blocked",
            Notice::MemoryOnly(MemoryReason::Superseded) => "notice-memory-superseded",
            Notice::MemoryOnly(MemoryReason::Failed(_)) => "notice-memory-failed",
            Notice::OtherEvents => "notice-other-events",
            Notice::LastUnsaved => "notice-last-unsaved",
            Notice::ReadOnly => "notice-read-only",
        }
    }

    /// The arguments of its message: names and values.
    #[must_use]
    pub fn arguments(&self) -> Vec<(&'static str, String)> {
        match self {
            Notice::CommandRefused(error) | Notice::CommandLeftOut(error) => {
                vec![("error", error.to_string())]
            }
            Notice::PowerReturned { shortened, damaged } => {
                vec![("shortened", shortened.to_string()), ("damaged", damaged.to_string())]
            }
            Notice::EngineChanged { saved, current } => {
                vec![("saved", saved.to_string()), ("current", current.to_string())]
            }
            Notice::MemoryOnly(MemoryReason::Failed(error)) => vec![("error", error.to_string())],
            Notice::Imported(differs) => imported(differs),
            Notice::SavedUnreadable
            | Notice::AsLeft
            | Notice::OtherEvents
            | Notice::MemoryOnly(_)
            | Notice::LastUnsaved
            | Notice::ReadOnly => Vec::new(),
        }
    }
}

/// What became of a real cluster's parts: names, or `-` where all is the same.
fn imported(differs: &Differs) -> Vec<(&'static str, String)> {
    let list =
        |items: Vec<String>| if items.is_empty() { "-".to_owned() } else { items.join(", ") };
    let renamed = differs.renamed.iter().map(|(id, here)| format!("{id} → b{here}"));
    vec![
        ("renamed", list(renamed.collect())),
        ("settings", list(differs.left_out.iter().map(ToString::to_string).collect())),
        ("partitions", list(differs.elsewhere.iter().map(ToString::to_string).collect())),
    ]
}

/// What a mark on the time bar stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkKind {
    /// Somebody did something to the world.
    Command,
    /// A process was killed, failed, or lost its power.
    Death,
    /// A process froze.
    Freeze,
    /// A process started.
    Birth,
    /// A partition got a leader, or lost it; or the controller changed.
    Election,
    /// A group began to deal its partitions out anew.
    Rebalance,
    /// An ISR shrank or grew.
    Isr,
    /// A replica was cut, at recovery or by a new leader's epoch.
    Truncation,
    /// Records failed for good, or bytes rotted.
    Loss,
    /// The checker found a broken rule.
    Broken,
}

impl MarkKind {
    /// How much it says: where there is room for one of two, the heavier stays.
    #[must_use]
    pub fn weight(self) -> u8 {
        match self {
            MarkKind::Birth => 0,
            MarkKind::Command => 1,
            MarkKind::Isr => 2,
            MarkKind::Election | MarkKind::Rebalance => 3,
            MarkKind::Freeze | MarkKind::Truncation => 4,
            MarkKind::Death => 5,
            MarkKind::Loss => 6,
            MarkKind::Broken => 7,
        }
    }
}

/// A headline on the time bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The event.
    pub event: EventId,
    /// When.
    pub at: Micros,
    /// Where, when it has a place.
    pub node: Option<NodeId>,
    /// What it stands for.
    pub kind: MarkKind,
}
