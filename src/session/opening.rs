//! Opening: how a session begins, and how it comes back after the page was closed.

use std::rc::Rc;

use crate::engine::command::Command;
use crate::engine::ids::{NodeId, Text};
use crate::engine::sim::world::World;
use crate::engine::time::Micros;
use crate::scenario::ast::Moment;
use crate::scenario::digest::Digest;
use crate::scenario::error::ParseError;
use crate::scenario::parser::{parse, parse_among};
use crate::scenario::printer;
use crate::scenario::version::ENGINE_VERSION;
use crate::session::branches::{Branches, Deeds};
use crate::session::checkpoint::{Checkpoint, Checkpoints};
use crate::session::folds::Folds;
use crate::session::history::{Timeline, place_of};
use crate::session::message::{Effect, Notice, Said, Start};
use crate::session::moving::Target;
use crate::session::reopen::reopen;
use crate::session::saving::Saving;
use crate::session::window::EventWindow;
use crate::session::{Session, Wanted};
use crate::store::document::{Document, Futures};
use crate::store::report::{Kept, KeptSession, MemoryReason, StorageReport, StorageState};
use crate::store::request::StoreRequest;
use crate::store::rows::Note;
use crate::view::project;

/// Between a session's name and the engine's version, in the name of what had to begin anew beside
/// files that this engine cannot replay.
const BESIDE: char = '@';
/// Most characters of a session's title.
const TITLE_CHARS_MAX: usize = 80;
/// How often a broker's old registration is looked for.
const EXPIRY_CHECK: Micros = Micros(100_000);

impl Session {
    /// Saves what is pending of the session before and asks the store for this one.
    pub(super) fn open(&mut self, start: Start, wanted: Wanted) {
        self.saving.let_go();
        self.save(0, true);
        self.ask_for(start, wanted);
    }

    fn ask_for(&mut self, start: Start, wanted: Wanted) {
        self.saving = Saving::opening_after(&self.saving);
        self.wanted = wanted;
        let request = StoreRequest::Open { name: start.name.clone(), engine: ENGINE_VERSION };
        self.restart(start);
        self.effects.push(Effect::Store(request));
    }

    /// Begins again from what the session began from. What was done stays as a branch, and an undo goes
    /// back to it.
    pub(super) fn reset(&mut self) {
        if self.saving.is_opening() {
            return;
        }
        let kept = (self.timeline.commands() != self.start.commands).then(|| self.leave());
        self.restart(self.start.clone());
        if let Some((branches, deeds)) = kept {
            (self.branches, self.deeds) = (branches, deeds);
        }
        self.begin();
    }

    /// The tree with a new branch from the beginning on, and the deeds with what is left for it.
    fn leave(&mut self) -> (Branches, Deeds) {
        let before = self.snapshot();
        self.branches.store(&before.commands, before.end, &before.folds);
        self.branches.fork(self.start.until.at);
        self.deeds.did(before);
        (std::mem::take(&mut self.branches), std::mem::take(&mut self.deeds))
    }

    /// A new world in the place of this one, at its first moment.
    fn restart(&mut self, start: Start) {
        self.timeline = Timeline::new(start.commands.clone());
        self.world = World::new(start.config.clone());
        self.digest = Digest::new();
        self.window = EventWindow::default();
        self.folds = Folds::default();
        self.checkpoints = Checkpoints::new(Checkpoint {
            world: self.world.clone(),
            commands: 0,
            digest: self.digest.clone(),
        });
        self.playback.set_playing(start.playing);
        self.seeking = None;
        self.verifies = false;
        let last = start.commands.last().map_or(Micros::ZERO, |timed| timed.at);
        self.end = last.max(start.until.at);
        self.left_out = Vec::new();
        self.begin_branch();
        self.branches = Branches::default();
        self.deeds = Deeds::default();
        self.title = self.title.take().filter(|_| self.start.name == start.name);
        self.start = start;
    }

    /// Shows the beginning; from here on everything is saved, if anything is.
    fn begin(&mut self) {
        let place = place_of(&self.world, 0);
        self.saving.replace(&mut self.world, place);
        self.verifies = self.start.digest.is_some();
        self.set_out(Target::among(self.start.until));
    }

    /// The store answered.
    pub(super) fn storage_said(&mut self, report: StorageReport) {
        match report {
            StorageReport::Opened { name, kept, title, held_elsewhere } => {
                if self.saving.is_opening() && name == self.start.name {
                    self.title = title;
                    self.opened(kept, held_elsewhere);
                }
            }
            StorageReport::Saved { serial } => self.saving.saved(serial),
            StorageReport::Failed { serial, reason } => {
                if self.saving.awaits(serial) {
                    self.go_on_in_memory(reason);
                } else if self.saving.is_of_left(serial) {
                    self.effects.push(Effect::Notify(Notice::LastUnsaved));
                }
            }
            StorageReport::Unavailable(reason) => {
                let was_opening = self.saving.is_opening();
                self.go_on_in_memory(reason);
                if was_opening {
                    self.begin();
                }
            }
            // The page asked for these, not the session.
            StorageReport::Listed(_)
            | StorageReport::Exported(_)
            | StorageReport::Imported { .. }
            | StorageReport::Forgotten { .. }
            | StorageReport::Refused(_) => {}
        }
    }

    /// Calls the session something else. A title is a row of its own, so nothing waits for it.
    pub(super) fn rename(&mut self, title: &str) {
        let title: String = title.trim().chars().take(TITLE_CHARS_MAX).collect();
        self.title = (!title.is_empty()).then(|| title.as_str().into());
        let (name, bytes) = (self.start.name.clone(), title.into_bytes());
        let request = StoreRequest::PutNote { name, note: Note::Title, bytes };
        if !matches!(self.saving.state(), StorageState::ReadOnly | StorageState::Memory { .. }) {
            self.effects.push(Effect::Store(request));
        }
    }

    fn go_on_in_memory(&mut self, reason: MemoryReason) {
        self.saving.stop(&mut self.world, reason.clone());
        self.effects.push(Effect::Notify(Notice::MemoryOnly(reason)));
    }

    fn opened(&mut self, kept: Kept, held_elsewhere: bool) {
        if held_elsewhere {
            self.effects.push(Effect::Notify(Notice::ReadOnly));
        }
        match kept {
            Kept::Session(kept) if self.wanted == Wanted::Kept => {
                self.come_back(*kept, held_elsewhere);
            }
            Kept::Session(kept)
                if self.wanted == Wanted::OwnWork && has_own_work(&kept.document) =>
            {
                self.come_back(*kept, held_elsewhere);
                self.effects.push(Effect::Notify(Notice::AsLeft));
            }
            Kept::OtherEngine(saved) if self.may_begin_beside() => {
                let notice = Notice::EngineChanged { saved, current: ENGINE_VERSION };
                self.begin_beside(notice);
            }
            Kept::Unreadable if self.may_begin_beside() => {
                self.begin_beside(Notice::SavedUnreadable);
            }
            _ => {
                if held_elsewhere {
                    self.saving.read_only(&mut self.world);
                }
                self.begin();
            }
        }
    }

    fn may_begin_beside(&self) -> bool {
        self.wanted != Wanted::Nothing && !self.start.name.contains(BESIDE)
    }

    /// What is kept stays as it is; the session begins under a name of its own.
    fn begin_beside(&mut self, notice: Notice) {
        self.effects.push(Effect::Notify(notice));
        let name: Text = Rc::from(format!("{}{BESIDE}{ENGINE_VERSION}", self.start.name));
        self.ask_for(Start { name, ..self.start.clone() }, Wanted::Kept);
    }

    /// Starts what ran before the power was lost, in the order of hosts: ZooKeeper is the first.
    fn start_again(&mut self, ran: &[NodeId]) {
        for node in ran {
            if matches!(node, NodeId::Broker(_)) && ran.contains(&NodeId::Zookeeper) {
                self.wait_for_expiry();
            }
            self.apply(Command::Start { node: *node });
        }
    }

    /// Lets time pass until ZooKeeper has expired the sessions of brokers that do not run.
    fn wait_for_expiry(&mut self) {
        let timeout = Micros::from_ms(self.start.config.broker.zookeeper_session_timeout_ms);
        let latest = self.world.now() + timeout + timeout + EXPIRY_CHECK;
        while self.world.now() < latest && self.has_stale_registration() {
            self.arrive(Target::moment(self.world.now() + EXPIRY_CHECK));
        }
    }

    fn has_stale_registration(&self) -> bool {
        let is_down = |id| self.world.host(NodeId::Broker(id)).is_some_and(|it| !it.life.is_up());
        project::cluster(&self.world).zookeeper.broker_ids.into_iter().any(is_down)
    }

    /// Replays what was saved, then the loss of power that closing the page was, and goes on.
    fn come_back(&mut self, kept: KeptSession, held_elsewhere: bool) {
        let KeptSession { document, futures, files } = kept;
        let (initial, until) = (document.initial, document.until);
        self.restart(Start {
            config: document.config,
            commands: document.commands,
            until: Moment { at: until.0, before: until.1 },
            ..self.start.clone()
        });
        self.start.commands = initial;
        if let Some(futures) = futures {
            self.bring_back(&futures);
        }
        self.arrive(Target::place(document.place));
        self.left_out = Vec::new();
        let reopening = reopen(&self.world, &files);
        let place = place_of(&self.world, self.timeline.done());
        if held_elsewhere {
            self.saving.read_only(&mut self.world);
        } else {
            self.saving.follow(&mut self.world, place);
        }
        let is_sound = reopening.is_sound();
        // Bytes that were stored and never written are damage like any other.
        let (shortened, damaged) = (reopening.shortened, reopening.damaged + reopening.unknown);
        for command in reopening.commands {
            self.apply(command);
        }
        self.start_again(&reopening.ran);
        if !is_sound {
            let place = place_of(&self.world, self.timeline.done());
            self.saving.replace(&mut self.world, place);
        }
        if let Some(left) = self.start.left {
            self.playback.set_speed(left.speed);
            self.playback.set_playing(left.playing);
        }
        self.effects.push(Effect::Notify(Notice::PowerReturned { shortened, damaged }));
    }
}

impl Session {
    /// The commands of lines of scenario language, given to the world as it stands.
    ///
    /// # Errors
    /// A line is no command, or names what is not there.
    pub fn read(&self, lines: &str) -> Result<Vec<Command>, ParseError> {
        let now = printer::time(self.world.now());
        let lines = lines.lines().filter(|line| !line.trim().is_empty());
        let text: Vec<String> = lines.map(|line| format!("at {now} {}", line.trim())).collect();
        let read = parse_among(&text.join("\n"), &self.world)?;
        Ok(read.commands.into_iter().map(|timed| timed.command).collect())
    }

    /// Branches as they were kept, and what the session's text said beside commands.
    fn bring_back(&mut self, futures: &Futures) {
        self.branches = Branches::restore(futures);
        let is_silent = self.start.said == Said::default() && !futures.said.is_empty();
        if let Some(said) = parse(&futures.said).ok().filter(|_| is_silent) {
            self.start.said = Said { moments: said.moments, expectations: said.expectations };
        }
    }
}

/// Whether a kept session holds commands beyond those that it began with.
fn has_own_work(document: &Document) -> bool {
    !document.initial.starts_with(&document.commands)
}
