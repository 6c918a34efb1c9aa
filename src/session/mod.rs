//! The app without a page: one world, its timeline, and what is known of both.
//!
//! [`Session::update`] takes a [`Msg`] and returns [`Effect`]s; accessors say what to show. There is no
//! DOM, no clock and no storage here, so everything a page can do is tested natively. The world is
//! config, commands and the engine, nothing else: whatever a session shows can be replayed.

pub mod message;
pub mod history;
pub mod playback;
pub mod window;
pub mod marks;
pub mod terminals;
pub mod folds;
pub mod rebalances;
pub mod checkpoint;
pub mod saving;
pub mod reopen;
pub mod branches;
pub mod travel;
mod faults;
mod moving;
mod opening;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::rc::Rc;

use crate::engine::command::{Command, TimedCommand};
use crate::engine::config::WorldConfig;
use crate::engine::error::CommandError;
use crate::engine::event::{Event, EventKind};
use crate::engine::ids::{BrokerId, EventId, Offset, Text, TopicPartition};
use crate::engine::sim::world::World;
use crate::engine::time::Micros;
use crate::scenario::ast::{Moment, Scenario};
use crate::scenario::digest::Digest;
use crate::scenario::link::encode;
use crate::scenario::printer::print;
use crate::scenario::version::ENGINE_VERSION;
use crate::store::document::{Document, Place};
use crate::store::report::StorageState;
use crate::view::cluster::{ClusterView, MessageView, RecordView};
use crate::view::group::Rebalance;
use crate::view::inside::{self, Inside, Look};
use crate::view::project;

use branches::{Branches, Deeds};
use checkpoint::{Checkpoint, Checkpoints};
use folds::Folds;
use history::{Ran, StopAt, Timeline, place_of, settle};
use message::{Effect, Mark, Msg, Notice, Said, Start};
use moving::Target;
use playback::Playback;
use saving::Saving;
use terminals::{Screen, TerminalView};
use window::EventWindow;

/// Most items that a seek runs before it leaves the rest to frames.
const SEEK_STEPS_MAX: u64 = 100_000;
/// Most items that a step to the next event runs through in silence.
const QUIET_STEPS_MAX: u64 = 1_000_000;

/// One world and everything known of it.
pub struct Session {
    start: Start,
    wanted: Wanted,
    timeline: Timeline,
    world: World,
    digest: Digest,
    window: EventWindow,
    folds: Folds,
    checkpoints: Checkpoints,
    playback: Playback,
    seeking: Option<Target>,
    verifies: bool,
    end: Micros,
    saving: Saving,
    left_out: Vec<CommandError>,
    effects: Vec<Effect>,
    branches: Branches,
    deeds: Deeds,
    version: u64,
    branch: u64,
    seen: RefCell<Seen>,
    title: Option<Text>,
}

/// What is wanted of what the store kept under a session's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// All of it.
    Kept,
    /// It, if somebody did something beyond what the session begins with.
    OwnWork,
    /// Nothing: it is replaced.
    Nothing,
}

/// What was projected for a version of the world, so that a page that asks twice pays once.
#[derive(Default)]
struct Seen {
    cluster: Option<(u64, Rc<ClusterView>)>,
    messages: Option<(u64, Rc<Vec<MessageView>>)>,
    rebalances: Option<(u64, Rc<Vec<Rebalance>>)>,
}

impl Session {
    /// A session that shows an untouched world until it is told to open or load something.
    #[must_use]
    pub fn new() -> Session {
        let start = Start { playing: false, ..Start::new("", WorldConfig::default()) };
        let world = World::new(start.config.clone());
        let digest = Digest::new();
        let beginning = Checkpoint { world: world.clone(), commands: 0, digest: digest.clone() };
        Session {
            start,
            wanted: Wanted::Kept,
            timeline: Timeline::default(),
            world,
            digest,
            window: EventWindow::default(),
            folds: Folds::default(),
            checkpoints: Checkpoints::new(beginning),
            playback: Playback::default(),
            seeking: None,
            verifies: false,
            end: Micros::ZERO,
            saving: Saving::opening(),
            left_out: Vec::new(),
            effects: Vec::new(),
            branches: Branches::default(),
            deeds: Deeds::default(),
            version: 0,
            branch: 0,
            seen: RefCell::default(),
            title: None,
        }
    }

    /// Takes a message in; returns what is to be done outside.
    pub fn update(&mut self, msg: Msg) -> Vec<Effect> {
        let mut page_us = 0;
        let mut is_hurried = !self.playback.playing();
        match msg {
            Msg::Frame { elapsed_us, steps } => {
                page_us = elapsed_us;
                is_hurried = false;
                self.frame(elapsed_us, u64::from(steps));
            }
            Msg::Play => self.playback.set_playing(true),
            Msg::Pause => self.playback.set_playing(false),
            Msg::StepEvent => self.step_event(),
            Msg::SetSpeed(speed) => self.playback.set_speed(speed),
            Msg::SetSkipIdle(skip_idle) => self.playback.set_skip_idle(skip_idle),
            Msg::Seek(at) => self.seek(at),
            Msg::StepBack => self.step_back(|_| true),
            Msg::StepMessage { forward: true } => self.step_to(is_delivery),
            Msg::StepMessage { forward: false } => self.step_back(is_delivery),
            Msg::StepSecond { forward } => self.step_second(forward),
            Msg::Apply(command) => self.do_command(command),
            Msg::Undo => self.undo(true),
            Msg::Redo => self.undo(false),
            Msg::OpenBranch(id) => self.open_branch(id),
            Msg::NameBranch(id, name) => {
                self.branches.name(id, &name);
                self.saving.futures_changed();
            }
            Msg::DeleteBranch(id) => self.delete_branch(id),
            Msg::Recall(id) => self.recall(id),
            Msg::Open(start) => self.open(start, Wanted::Kept),
            Msg::Load(start) => self.open(start, Wanted::Nothing),
            Msg::Visit(start) => self.open(start, Wanted::OwnWork),
            Msg::Reset => self.reset(),
            Msg::Rename(title) => self.rename(&title),
            Msg::Flush => is_hurried = true,
            Msg::Storage(report) => self.storage_said(report),
        }
        self.tell_left_out();
        self.save(page_us, is_hurried);
        std::mem::take(&mut self.effects)
    }

    fn frame(&mut self, elapsed_us: u64, mut steps: u64) {
        if self.saving.is_opening() || self.saving.is_choked() {
            return;
        }
        if let Some(target) = self.seeking {
            self.run_to_sought(target, &mut steps);
        } else if self.playback.playing() {
            let now = self.world.now();
            let passed = now + self.playback.pass(elapsed_us);
            let target = self.idle_until().and_then(|next| self.playback.jump(now, next));
            let target = Target::moment(target.map_or(passed, |jump| jump.max(passed)));
            self.advance(target, StopAt::Place, &mut steps);
        }
    }

    /// When something is due next, if no message travels meanwhile.
    fn idle_until(&self) -> Option<Micros> {
        if self.world.flights().any(|flight| flight.arrives_at.is_some()) {
            return None;
        }
        let command = self.timeline.ahead(usize::MAX).map(|timed| timed.at);
        self.world.next_at().into_iter().chain(command).min()
    }

    fn step_event(&mut self) {
        self.playback.set_playing(false);
        self.seeking = None;
        let next = StopAt::Event(self.world.next_event());
        let mut steps = QUIET_STEPS_MAX;
        while !self.saving.is_opening() && steps > 0 {
            let command = self.timeline.ahead(usize::MAX).map(|timed| timed.at);
            let Some(due) = self.world.next_at().into_iter().chain(command).min() else { return };
            let at = due.max(self.world.now());
            if self.advance(Target::moment(at), next, &mut steps) == Ran::AtEvent {
                return;
            }
        }
    }

    fn seek(&mut self, at: Micros) {
        if self.saving.is_opening() {
            return;
        }
        self.approach(at);
        self.verifies = false;
        self.set_out(Target::moment(at));
    }

    /// Goes to a target that lies ahead: at once if it is near, else frame by frame.
    fn set_out(&mut self, target: Target) {
        let mut steps = SEEK_STEPS_MAX;
        self.run_to_sought(target, &mut steps);
    }

    fn run_to_sought(&mut self, target: Target, steps: &mut u64) {
        let ran = self.advance(target, StopAt::Place, steps);
        self.seeking = (ran == Ran::OutOfSteps).then_some(target);
        if self.seeking.is_none() && std::mem::take(&mut self.verifies) {
            let is_same = self.start.digest.as_deref() == Some(&*self.digest.hex());
            let notice = (!is_same).then_some(Effect::Notify(Notice::OtherEvents));
            self.effects.extend(notice);
        }
    }

    fn apply(&mut self, command: Command) {
        if self.saving.is_opening() {
            return;
        }
        self.seeking = None;
        let place = place_of(&self.world, self.timeline.done());
        let next = self.world.next_event();
        if let Err(error) = self.world.apply(command.clone()) {
            self.effects.push(Effect::Notify(Notice::CommandRefused(error)));
            return;
        }
        self.timeline.give(TimedCommand { at: place.at, before: place.before, command });
        self.cut_future(next);
        settle(&mut self.world, place.at);
        self.version += 1;
        self.absorb();
    }

    /// Another future begins at the event `next`: the one that was known is no more.
    fn cut_future(&mut self, next: EventId) {
        self.folds.cut(next);
        self.window.cut(Micros(u64::MAX), next);
        self.checkpoints.cut(self.world.now(), next);
        self.end = self.world.now();
        if self.saving.tip().is_some() {
            let place = place_of(&self.world, self.timeline.done());
            self.saving.replace(&mut self.world, place);
        }
    }

    fn tell_left_out(&mut self) {
        let left_out = std::mem::take(&mut self.left_out);
        let notices = left_out.into_iter().map(Notice::CommandLeftOut);
        self.effects.extend(notices.map(Effect::Notify));
    }

    fn save(&mut self, page_us: u64, is_hurried: bool) {
        let (start, timeline, branches) = (&self.start, &self.timeline, &self.branches);
        let end = self.end;
        let request = self.saving.next_batch(page_us, is_hurried, |place, wants_futures| {
            let futures = wants_futures.then(|| branches.to_keep(said_text(start), end));
            (start.name.clone(), document(start, timeline, place), futures)
        });
        self.effects.extend(request.map(Effect::Store));
    }
}

fn is_delivery(kind: &EventKind) -> bool {
    matches!(kind, EventKind::MessageDelivered { .. })
}

/// What a session's text says beside commands, as a scenario; empty when that is nothing.
fn said_text(start: &Start) -> Text {
    if start.said == Said::default() {
        return Text::default();
    }
    let (config, commands) = (start.config.clone(), start.commands.clone());
    let (moments, expectations) = (start.said.moments.clone(), start.said.expectations.clone());
    print(&Scenario { config, commands, moments, expectations, ..Scenario::default() }).into()
}

/// The document of a session at a place.
fn document(start: &Start, timeline: &Timeline, place: Place) -> Document {
    let done = usize::try_from(place.commands).expect("it was a list's length");
    Document {
        engine: ENGINE_VERSION,
        config: start.config.clone(),
        initial: start.commands.clone(),
        until: (start.until.at, start.until.before),
        commands: timeline.commands()[..done].to_vec(),
        place,
    }
}

/// What there is to show.
impl Session {
    /// The cluster as it stands.
    #[must_use]
    pub fn cluster(&self) -> Rc<ClusterView> {
        let mut seen = self.seen.borrow_mut();
        match &seen.cluster {
            Some((version, view)) if *version == self.version => view.clone(),
            _ => {
                let view = Rc::new(project::cluster(&self.world));
                seen.cluster = Some((self.version, view.clone()));
                view
            }
        }
    }

    /// The newest rebalance of every group that had one, as it stands now.
    #[must_use]
    pub fn rebalances(&self) -> Rc<Vec<Rebalance>> {
        let mut seen = self.seen.borrow_mut();
        match &seen.rebalances {
            Some((version, view)) if *version == self.version => view.clone(),
            _ => {
                let view = Rc::new(self.folds.marks.rebalances().newest(self.present()));
                seen.rebalances = Some((self.version, view.clone()));
                view
            }
        }
    }

    /// Rebalances of a group until now, newest first.
    #[must_use]
    pub fn rebalances_of(&self, group: &str, most: usize) -> Vec<Rebalance> {
        self.folds.marks.rebalances().of(group, self.present(), most)
    }

    fn present(&self) -> (EventId, Micros) {
        (self.world.next_event(), self.world.now())
    }

    /// Messages on their way, oldest first.
    #[must_use]
    pub fn messages(&self) -> Rc<Vec<MessageView>> {
        let mut seen = self.seen.borrow_mut();
        match &seen.messages {
            Some((version, view)) if *version == self.version => view.clone(),
            _ => {
                let before = seen.messages.take().map(|(_, before)| before).unwrap_or_default();
                let view = Rc::new(project::messages(&self.world, &before));
                seen.messages = Some((self.version, view.clone()));
                view
            }
        }
    }

    /// Records of one replica with offsets from `from`, at most `limit`.
    #[must_use]
    pub fn records(
        &self,
        broker: BrokerId,
        partition: &TopicPartition,
        from: Offset,
        limit: u32,
    ) -> Vec<RecordView> {
        project::records(&self.world, broker, partition, from, limit)
    }

    /// The inside of one thing.
    #[must_use]
    pub fn look(&self, asked: &Look) -> Inside {
        inside::look(&self.world, asked)
    }

    /// The world, for projections that are not here.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// World time.
    #[must_use]
    pub fn now(&self) -> Micros {
        self.world.now()
    }

    /// The farthest moment that this timeline has reached or has a command at: the time bar's end.
    #[must_use]
    pub fn end(&self) -> Micros {
        self.end
    }

    /// Counts changes of the world: what was projected for one version holds for all of it.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Moves when the world is another one or went back: an id may name another event then.
    #[must_use]
    pub fn branch(&self) -> u64 {
        self.branch
    }

    /// Forgets what was projected of a world that is no more.
    fn begin_branch(&mut self) {
        self.branch += 1;
        self.version += 1;
        self.seen = RefCell::default();
    }

    /// The newest events, oldest of them first; at most [`window::WINDOW_MAX`].
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &Event> + ExactSizeIterator {
        self.window.iter()
    }

    /// An event, while it is known; [`Msg::Recall`] makes an older one known again.
    #[must_use]
    pub fn event(&self, id: EventId) -> Option<&Event> {
        self.window.get(id)
    }

    /// The id that the next event will get: how many there have been.
    #[must_use]
    pub fn next_event(&self) -> EventId {
        self.world.next_event()
    }

    /// Whether time passes.
    #[must_use]
    pub fn playing(&self) -> bool {
        self.playback.playing()
    }

    /// The speed, an index into [`playback::SPEEDS`].
    #[must_use]
    pub fn speed(&self) -> u8 {
        self.playback.speed()
    }

    /// Whether idle spans are jumped over.
    #[must_use]
    pub fn skip_idle(&self) -> bool {
        self.playback.skip_idle()
    }

    /// The moment on the way to which the world is, when a seek takes more than one frame.
    #[must_use]
    pub fn seeking(&self) -> Option<Micros> {
        self.seeking.map(|target| target.at)
    }

    /// Headlines of the time bar, those ahead included.
    #[must_use]
    pub fn marks(&self) -> &[Mark] {
        self.folds.marks.as_slice()
    }

    /// What the checker found so far: broken rules, oldest first. Their stories are those of their events.
    pub fn violations(&self) -> impl Iterator<Item = &Mark> {
        self.folds.marks.broken()
    }

    /// Terminals that have been used by now, in the order of their first tools.
    #[must_use]
    pub fn terminals(&self) -> Vec<TerminalView> {
        self.folds.terminals.views(self.world.next_event(), &self.world)
    }

    /// The newest lines on a terminal's screen as it stands now, at most `most`.
    #[must_use]
    pub fn screen(&self, terminal: &str, most: usize) -> Screen {
        self.folds.terminals.screen(terminal, self.world.next_event(), most)
    }

    /// What is saved.
    #[must_use]
    pub fn storage(&self) -> StorageState {
        self.saving.state()
    }

    /// Whether somebody did something here that goes when another session is opened: nothing is saved.
    #[must_use]
    pub fn is_at_risk(&self) -> bool {
        let keeps_nothing =
            matches!(self.storage(), StorageState::Memory { .. } | StorageState::ReadOnly);
        keeps_nothing && (self.can_undo() || self.branches.iter().len() > 1)
    }

    /// Whether there is a deed to undo.
    #[must_use]
    pub fn can_undo(&self) -> bool {
        self.deeds.can_undo()
    }

    /// Whether there is an undone deed to do again.
    #[must_use]
    pub fn can_redo(&self) -> bool {
        self.deeds.can_redo()
    }

    /// Every future that was begun; the end of the one that is shown is [`Session::end`].
    #[must_use]
    pub fn branches(&self) -> &Branches {
        &self.branches
    }

    /// Name under which the session is kept.
    #[must_use]
    pub fn name(&self) -> &Text {
        &self.start.name
    }

    /// How somebody called it.
    #[must_use]
    pub fn title(&self) -> Option<&Text> {
        self.title.as_ref()
    }

    /// Settings of the world.
    #[must_use]
    pub fn config(&self) -> &WorldConfig {
        &self.start.config
    }

    /// Commands done so far.
    #[must_use]
    pub fn commands(&self) -> &[TimedCommand] {
        &self.timeline.commands()[..self.timeline.done()]
    }

    /// Digest of all events so far.
    #[must_use]
    pub fn digest(&self) -> String {
        self.digest.hex()
    }

    /// This session up to now, as a link, a file or a lesson's submission holds it.
    #[must_use]
    pub fn scenario(&self) -> Scenario {
        let place = place_of(&self.world, self.timeline.done());
        Scenario {
            config: self.start.config.clone(),
            commands: self.commands().to_vec(),
            moments: self.start.said.moments.clone(),
            expectations: self.start.said.expectations.clone(),
            engine: Some(ENGINE_VERSION),
            until: Some(Moment { at: place.at, before: Some(self.world.next_event()) }),
            digest: Some(self.digest().into()),
        }
    }

    /// The part of an address behind `#` that shows this moment to somebody else.
    #[must_use]
    pub fn link(&self) -> String {
        encode(&self.scenario())
    }

    /// Whether the store has not said yet what it kept; the world waits for that.
    #[must_use]
    pub fn is_opening(&self) -> bool {
        self.saving.is_opening()
    }
}

impl Default for Session {
    fn default() -> Session {
        Session::new()
    }
}
