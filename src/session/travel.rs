//! Going elsewhere: to another branch, back before a deed, one event or message or second away; and
//! two branches side by side.

use crate::engine::command::{Command, TimedCommand};
use crate::engine::event::{Event, EventKind};
use crate::engine::ids::{BrokerId, EventId, Offset, TopicPartition};
use crate::engine::sim::world::World;
use crate::engine::time::Micros;
use crate::session::Session;
use crate::session::branches::{Snapshot, parting};
use crate::session::folds::Folds;
use crate::session::history::{StopAt, Timeline, place_of, run_to, settle};
use crate::session::moving::Target;
use crate::store::document::Place;
use crate::view::cluster::PartitionView;
use crate::view::project;

/// Most events of one branch that are kept to be compared.
const COMPARED_MAX: usize = 500_000;
/// A step by time.
const SECOND: Micros = Micros(1_000_000);

/// Two branches at one moment.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The moment: the later of their ends.
    pub at: Micros,
    /// Of each the first event that the other has not.
    pub first: [Option<Event>; 2],
    /// Partitions, with their leader, high watermark and the leader's end in each.
    pub partitions: Vec<(TopicPartition, [LogState; 2])>,
    /// Of each, how often committed records were lost and rules broken since they parted.
    pub verdicts: [Verdicts; 2],
}

/// A partition at the end of a branch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogState {
    /// Who leads.
    pub leader: Option<BrokerId>,
    /// Its high watermark.
    pub high_watermark: Offset,
    /// Its leader's end.
    pub log_end_offset: Offset,
}

/// What went wrong in a branch since it parted from the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdicts {
    /// Committed records that are gone.
    pub lost: u64,
    /// Records whose sender was told failure.
    pub failed: u64,
    /// Rules that the checker found broken.
    pub broken: u64,
}

impl Session {
    /// Carries out a command, so that it can be undone; in the past it begins another branch.
    pub(super) fn do_command(&mut self, command: Command) {
        let before = self.snapshot();
        let now = self.world.now();
        let has_future = self.timeline.ahead(usize::MAX).is_some() || self.end > now;
        let done = self.timeline.done();
        self.apply(command);
        if self.timeline.done() == done {
            return;
        }
        if has_future {
            self.branches.store(&before.commands, before.end, &before.folds);
            self.branches.fork(now);
            self.saving.futures_changed();
        }
        self.deeds.did(before);
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot {
            commands: self.timeline.commands().into(),
            place: place_of(&self.world, self.timeline.done()),
            end: self.end,
            folds: self.folds.clone(),
            branches: self.branches.clone(),
        }
    }

    /// Undoes the last deed, or does again what was undone last.
    pub(super) fn undo(&mut self, back: bool) {
        if self.saving.is_opening() {
            return;
        }
        let mut deeds = std::mem::take(&mut self.deeds);
        let found = deeds.take(back, || self.snapshot());
        self.deeds = deeds;
        let Some(Snapshot { commands, place, end, folds, branches }) = found else { return };
        self.branches = branches;
        self.saving.futures_changed();
        if *commands == *self.timeline.commands() {
            return;
        }
        self.folds = folds;
        self.take_over(&commands, Target::place(place));
        self.end = end;
    }

    /// Shows another branch, at the same moment if it reaches so far.
    pub(super) fn open_branch(&mut self, id: u32) {
        let Some(branch) = self.branches.get(id).filter(|_| id != self.branches.current()) else {
            return;
        };
        if self.saving.is_opening() {
            return;
        }
        let (commands, end, folds) = (branch.commands.clone(), branch.end, branch.folds.clone());
        let at = self.world.now().min(end);
        self.branches.store(self.timeline.commands(), self.end, &self.folds);
        self.branches.show(id);
        if let Some(folds) = folds {
            self.folds = folds;
            self.take_over(&commands, Target::moment(at));
        } else {
            // It was kept between visits: its events are folded once from the first, then one goes back.
            self.folds = Folds::default();
            self.checkpoints.cut(Micros::ZERO, EventId(0));
            self.window.cut(Micros::ZERO, EventId(0));
            self.take_over(&commands, Target::moment(end));
            self.seek(at);
        }
        self.end = end;
    }

    /// Deletes a branch that is not shown; it can be undone.
    pub(super) fn delete_branch(&mut self, id: u32) {
        let before = self.snapshot();
        if self.branches.delete(id) {
            self.saving.futures_changed();
            self.deeds.did(before);
        }
    }

    /// Other commands take the place of these, and the world goes to a target among them.
    fn take_over(&mut self, commands: &[TimedCommand], target: Target) {
        self.seeking = None;
        self.playback.set_playing(false);
        let (common, place) = parting(self.timeline.commands(), commands);
        if let Some((at, before)) = place {
            self.checkpoints.cut(at, before);
            self.window.cut(at, before);
        }
        self.checkpoints.retain_before(common);
        self.timeline = Timeline::new(commands.to_vec());
        self.restore(|kept| {
            kept.world.now() <= target.at
                && kept.commands <= target.commands
                && target.before.is_none_or(|before| kept.world.next_event() <= before)
        });
        self.arrive(target);
        let place = place_of(&self.world, self.timeline.done());
        self.saving.replace(&mut self.world, place);
    }

    /// Goes on to the next event that is as wanted, and stops there.
    pub(super) fn step_to(&mut self, wanted: fn(&EventKind) -> bool) {
        let mut from = self.world.next_event();
        loop {
            self.step_event();
            let next = self.world.next_event();
            let mut fresh = self.window.iter().rev().take_while(|event| event.id >= from);
            if next == from || fresh.any(|event| wanted(&event.kind)) {
                return;
            }
            from = next;
        }
    }

    /// Goes back to the newest place behind an event that is as wanted and before what is shown.
    pub(super) fn step_back(&mut self, wanted: fn(&EventKind) -> bool) {
        if self.saving.is_opening() {
            return;
        }
        self.playback.set_playing(false);
        let place = self.place_before(wanted).unwrap_or_default();
        let next = place.before.unwrap_or_default();
        self.restore_before(place.at, next);
        self.verifies = false;
        self.set_out(Target::place(place));
    }

    /// The place that [`Session::step_back`] goes to: found by running copies of the past item by item,
    /// since one item may write several events and nothing stands between them.
    fn place_before(&self, wanted: fn(&EventKind) -> bool) -> Option<Place> {
        let commands = &self.timeline.commands()[..self.timeline.done()];
        let now = self.world.now();
        let mut end = self.world.next_event();
        while end > EventId(0) {
            let last = EventId(end.0 - 1);
            let kept = self.checkpoints.at_place(commands.len(), Some((now, last)));
            let begin = kept.world.next_event();
            let mut world = kept.world.clone();
            world.set_mirror(false);
            let mut done = kept.commands;
            let mut found = None;
            while world.next_event() < end {
                if !one_item(&mut world, commands, &mut done) {
                    break;
                }
                let fits = world.drain_events().iter().any(|event| wanted(&event.kind));
                if fits && world.next_event() < end {
                    let (at, before) = (world.now(), Some(world.next_event()));
                    found = Some(Place { at, before, commands: done as u64 });
                }
            }
            if found.is_some() || begin >= end {
                return found;
            }
            end = begin;
        }
        None
    }

    /// A second further, or back.
    pub(super) fn step_second(&mut self, forward: bool) {
        self.playback.set_playing(false);
        let now = self.world.now();
        self.seek(if forward { now + SECOND } else { Micros(now.0.saturating_sub(SECOND.0)) });
    }

    /// Two branches side by side, both at the later of their ends; `None` when there is no such pair.
    #[must_use]
    pub fn compare(&self, a: u32, b: u32) -> Option<Comparison> {
        let of = |id| {
            let branch = self.branches.get(id)?;
            Some(match id == self.branches.current() {
                true => (self.timeline.commands(), self.end),
                false => (&*branch.commands, branch.end),
            })
        };
        let ((a, a_end), (b, b_end)) = (of(a)?, of(b)?);
        let at = a_end.max(b_end);
        let (shared, place) = parting(a, b);
        let (known, parted) = parting(self.timeline.commands(), a);
        let place = place.into_iter().chain(parted).min();
        let begin = self.checkpoints.at_place(shared.min(known), place);
        let run = |commands: &[TimedCommand]| {
            let mut world = begin.world.clone();
            world.set_mirror(false);
            (run_on(&mut world, &commands[begin.commands..], at), world)
        };
        let ((mut left, a), (mut right, b)) = (run(a), run(b));
        let is_same =
            |(a, b): &(&Event, &Event)| (a.at, a.node, &a.kind) == (b.at, b.node, &b.kind);
        let same = left.iter().zip(&right).take_while(is_same).count();
        let verdicts = [verdicts(&left[same..]), verdicts(&right[same..])];
        let take =
            |events: &mut Vec<Event>| (same < events.len()).then(|| events.swap_remove(same));
        let first = [take(&mut left), take(&mut right)];
        Some(Comparison { at, first, partitions: partitions(&a, &b), verdicts })
    }
}

/// Lets one item of a world run, or the next command where its place is reached; whether there was one.
fn one_item(world: &mut World, commands: &[TimedCommand], done: &mut usize) -> bool {
    if let Some(timed) = commands.get(*done) {
        let is_ahead = |due| {
            let before = timed.before.is_none_or(|id| world.next_event() < id);
            due < timed.at || (due == timed.at && before)
        };
        if !world.next_at().is_some_and(is_ahead) {
            settle(world, timed.at);
            let _left_out_when_it_was_first_done = world.apply(timed.command.clone());
            settle(world, timed.at);
            *done += 1;
            return true;
        }
    }
    world.step()
}

/// Runs a world on with these commands; returns its events.
fn run_on(world: &mut World, commands: &[TimedCommand], at: Micros) -> Vec<Event> {
    let mut events = Vec::new();
    let mut steps = u64::MAX;
    for timed in commands {
        run_to(world, timed.at, timed.before, StopAt::Place, &mut steps);
        let _left_out_when_it_was_first_done = world.apply(timed.command.clone());
        events.extend(world.drain_events());
    }
    run_to(world, at, None, StopAt::Place, &mut steps);
    events.extend(world.drain_events());
    events.truncate(COMPARED_MAX);
    events
}

fn verdicts(events: &[Event]) -> Verdicts {
    let mut verdicts = Verdicts::default();
    for event in events {
        match &event.kind {
            EventKind::CommittedRecordsLost { from, to, .. } => {
                verdicts.lost += u64::try_from(to.0 - from.0).unwrap_or(0);
            }
            EventKind::RecordsFailed { count, .. } => verdicts.failed += u64::from(*count),
            EventKind::InvariantBroken { .. } => verdicts.broken += 1,
            _ => {}
        }
    }
    verdicts
}

fn partitions(a: &World, b: &World) -> Vec<(TopicPartition, [LogState; 2])> {
    let (a, b) = (project::cluster(a), project::cluster(b));
    let all = |view: &crate::view::cluster::ClusterView| -> Vec<PartitionView> {
        view.topics.iter().flat_map(|topic| topic.partitions.clone()).collect()
    };
    let (a, b) = (all(&a), all(&b));
    let mut names: Vec<TopicPartition> = a.iter().chain(&b).map(|p| p.partition.clone()).collect();
    names.sort();
    names.dedup();
    let state = |views: &[PartitionView], name: &TopicPartition| {
        let Some(view) = views.iter().find(|view| view.partition == *name) else {
            return LogState::default();
        };
        let leader = view.replicas.iter().find(|replica| Some(replica.broker) == view.leader);
        LogState {
            leader: view.leader,
            high_watermark: view.high_watermark,
            log_end_offset: leader.map(|replica| replica.log_end_offset).unwrap_or_default(),
        }
    };
    names
        .into_iter()
        .map(|name| {
            let row = [state(&a, &name), state(&b, &name)];
            (name, row)
        })
        .collect()
}
