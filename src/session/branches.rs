//! Branches: every future that was begun, as a tree, and what was done, to be undone and redone.
//!
//! A command given in the past begins another future; the one that was known stays as a branch. A
//! branch is its commands, so it costs little and replays to the same events. What is done to the
//! timeline or to the tree (a command, a deletion) leaves a [`Snapshot`] of both, and undoing is going
//! back to it.

use std::collections::VecDeque;
use std::rc::Rc;

use crate::engine::command::TimedCommand;
use crate::engine::ids::{EventId, Text};
use crate::engine::time::Micros;
use crate::session::folds::Folds;
use crate::store::document::{Futures, KeptBranch, Place};

/// Most branches kept; the oldest gives way, first of those without a name and without branches of their
/// own, then of those without a name.
pub const BRANCHES_MAX: usize = 32;
/// Most deeds that can be undone.
pub const UNDO_MAX: usize = 50;

/// One future.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Its number; the first is 0.
    pub id: u32,
    /// Its name, when somebody gave one.
    pub name: Option<Text>,
    /// The branch that it left.
    pub parent: Option<u32>,
    /// When it left it.
    pub from: Micros,
    /// How far it was seen.
    pub end: Micros,
    /// Its commands from the world's beginning; those of the branch that is shown are the timeline's.
    pub(super) commands: Rc<[TimedCommand]>,
    /// What was folded of it; `None` of one that was kept between visits and not shown since.
    pub(super) folds: Option<Folds>,
}

/// All futures of a session.
#[derive(Clone, Debug)]
pub struct Branches {
    all: Vec<Branch>,
    current: u32,
    next: u32,
}

impl Default for Branches {
    fn default() -> Branches {
        let first = Branch {
            id: 0,
            name: None,
            parent: None,
            from: Micros::ZERO,
            end: Micros::ZERO,
            commands: Rc::from([]),
            folds: None,
        };
        Branches { all: vec![first], current: 0, next: 1 }
    }
}

impl Branches {
    /// Branches as they were kept; the first alone when what was kept is no tree.
    pub(super) fn restore(futures: &Futures) -> Branches {
        let all = futures.branches.iter().map(|kept| Branch {
            id: kept.id,
            name: kept.name.clone(),
            parent: kept.parent,
            from: kept.from,
            end: kept.end,
            commands: kept.commands.clone().into(),
            folds: None,
        });
        let all: Vec<Branch> = all.take(BRANCHES_MAX).collect();
        let knows = |id: u32| all.iter().any(|branch| branch.id == id);
        // A parent is older than what left it, so that going from parent to parent ends.
        let is_sound = |branch: &Branch| {
            branch.id < futures.next && branch.parent.is_none_or(|id| id < branch.id && knows(id))
        };
        match knows(futures.current) && all.iter().all(is_sound) {
            true => Branches { all, current: futures.current, next: futures.next },
            false => Branches::default(),
        }
    }

    /// Branches as they are to be kept; the commands of the one that is shown are elsewhere.
    pub(super) fn to_keep(&self, said: Text, end: Micros) -> Futures {
        let keep = |branch: &Branch| {
            let is_current = branch.id == self.current;
            KeptBranch {
                id: branch.id,
                name: branch.name.clone(),
                parent: branch.parent,
                from: branch.from,
                end: if is_current { end } else { branch.end },
                commands: if is_current { Vec::new() } else { branch.commands.to_vec() },
            }
        };
        let branches = self.all.iter().map(keep).collect();
        Futures { said, branches, current: self.current, next: self.next }
    }

    /// Every branch, in the order of their beginning.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Branch> {
        self.all.iter()
    }

    /// The one that is shown.
    #[must_use]
    pub fn current(&self) -> u32 {
        self.current
    }

    /// A branch by its number.
    #[must_use]
    pub fn get(&self, id: u32) -> Option<&Branch> {
        self.all.iter().find(|branch| branch.id == id)
    }

    /// The branch that is shown stands so: before another one is shown.
    pub(super) fn store(&mut self, commands: &[TimedCommand], end: Micros, folds: &Folds) {
        let current = self.current;
        if let Some(branch) = self.all.iter_mut().find(|branch| branch.id == current) {
            branch.commands = commands.into();
            branch.end = end;
            branch.folds = Some(folds.clone());
        }
    }

    /// A new branch leaves the one that is shown, and is shown from here on.
    pub(super) fn fork(&mut self, from: Micros) {
        let id = self.next;
        self.next += 1;
        let parent = Some(self.current);
        let (commands, folds) = (Rc::from([]), None);
        self.all.push(Branch { id, name: None, parent, from, end: from, commands, folds });
        self.current = id;
        if self.all.len() > BRANCHES_MAX {
            let is_leaf = |id| self.all.iter().all(|branch| branch.parent != Some(id));
            let mut others = self.all.iter().filter(|branch| branch.id != id);
            let first = others.clone().map(|branch| branch.id).next();
            let unnamed = others.clone().find(|branch| branch.name.is_none()).map(|it| it.id);
            let leaf = others.find(|branch| branch.name.is_none() && is_leaf(branch.id));
            let given_up = leaf.map(|branch| branch.id).or(unnamed).or(first);
            if let Some(id) = given_up {
                self.delete(id);
            }
        }
    }

    pub(super) fn show(&mut self, id: u32) {
        self.current = id;
    }

    /// Names a branch; an empty name takes it away.
    pub(super) fn name(&mut self, id: u32, name: &str) {
        if let Some(branch) = self.all.iter_mut().find(|branch| branch.id == id) {
            let name = name.trim();
            branch.name =
                (!name.is_empty()).then(|| name.chars().take(80).collect::<String>().into());
        }
    }

    /// Deletes a branch that is not shown; branches that left it hang on its parent. Whether it did.
    pub(super) fn delete(&mut self, id: u32) -> bool {
        let Some(branch) = self.get(id).filter(|_| id != self.current) else { return false };
        let (parent, from) = (branch.parent, branch.from);
        self.all.retain(|branch| branch.id != id);
        for child in self.all.iter_mut().filter(|branch| branch.parent == Some(id)) {
            child.parent = parent;
            child.from = if parent.is_none() { child.from } else { child.from.min(from) };
        }
        true
    }
}

/// Lines under the time bar at most; those of more branches share them.
const LANES_MAX: u32 = 3;

/// A branch that is not shown, as a line under the time bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number.
    pub branch: u32,
    /// Which line under the bar, from 1.
    pub lane: u32,
    /// The line that it leaves; 0 is the bar.
    pub leaves: u32,
    /// When it leaves it.
    pub from: Micros,
    /// How far it was seen.
    pub end: Micros,
}

impl Branches {
    /// The tree as it is drawn: the branch that is shown is the bar, and every other one leaves the bar,
    /// or another line, where the two have no longer the same past.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        let mut open = VecDeque::from([(self.current, 0)]);
        while let Some((id, leaves)) = open.pop_front() {
            let above = self.get(id).and_then(|branch| Some((branch.parent?, branch.from)));
            let near = self.all.iter().filter_map(|other| match (above, other.parent) {
                (Some((parent, from)), _) if parent == other.id => Some((other, from)),
                (_, Some(parent)) if parent == id => Some((other, other.from)),
                _ => None,
            });
            for (branch, from) in near {
                let is_drawn = lines.iter().any(|line| line.branch == branch.id);
                if is_drawn || branch.id == self.current {
                    continue;
                }
                let end = branch.end.max(from);
                let is_free = |lane: &u32| {
                    let mut there = lines.iter().filter(|line| line.lane == *lane);
                    there.all(|line| line.end < from || end < line.from)
                };
                let lane = (leaves + 1..=LANES_MAX).find(is_free).unwrap_or(LANES_MAX);
                lines.push(Line { branch: branch.id, lane, leaves, from, end });
                open.push_back((branch.id, lane));
            }
        }
        lines
    }
}

/// A session's timeline and tree as they stood.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    pub commands: Rc<[TimedCommand]>,
    pub place: Place,
    pub end: Micros,
    pub folds: Folds,
    pub branches: Branches,
}

/// What was done and what was undone.
#[derive(Clone, Debug, Default)]
pub(super) struct Deeds {
    undo: Vec<Snapshot>,
    redo: Vec<Snapshot>,
}

impl Deeds {
    /// Something was done; so it stood before.
    pub fn did(&mut self, before: Snapshot) {
        self.redo.clear();
        push(&mut self.undo, before);
    }

    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    pub fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }

    /// Where to go for an undo, or a redo; `now` is where one comes from.
    pub fn take(&mut self, back: bool, now: impl FnOnce() -> Snapshot) -> Option<Snapshot> {
        let (from, to) = match back {
            true => (&mut self.undo, &mut self.redo),
            false => (&mut self.redo, &mut self.undo),
        };
        let found = from.pop()?;
        push(to, now());
        Some(found)
    }
}

fn push(stack: &mut Vec<Snapshot>, snapshot: Snapshot) {
    if stack.len() == UNDO_MAX {
        stack.remove(0);
    }
    stack.push(snapshot);
}

/// How many commands two timelines share, and the first place at which they differ.
pub(super) fn parting(
    a: &[TimedCommand],
    b: &[TimedCommand],
) -> (usize, Option<(Micros, EventId)>) {
    let common = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let place = |timed: &TimedCommand| (timed.at, timed.before.unwrap_or(EventId(u64::MAX)));
    (common, a.get(common).into_iter().chain(b.get(common)).map(place).min())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Branches {
        let mut branches = Branches::default();
        for (from, end) in [(5, 20), (3, 9), (12, 30)] {
            branches.store(&[], Micros(end), &Folds::default());
            branches.fork(Micros(from));
        }
        branches
    }

    #[test]
    fn the_tree_hangs_on_the_branch_that_is_shown() {
        let mut branches = tree();
        let drawn = |branches: &Branches| -> Vec<(u32, u32, u32, u64, u64)> {
            let lines = branches.lines().into_iter();
            lines.map(|l| (l.branch, l.lane, l.leaves, l.from.0, l.end.0)).collect()
        };
        // 0 ← 1 (at 5) ← 2 (at 3) ← 3 (at 12): the parents leave the bar where their child left them.
        assert_eq!(drawn(&branches), [(2, 1, 0, 12, 30), (1, 2, 1, 3, 9), (0, 3, 2, 5, 20)]);
        branches.show(0);
        assert_eq!(drawn(&branches), [(1, 1, 0, 5, 9), (2, 2, 1, 3, 30), (3, 3, 2, 12, 12)]);
    }

    #[test]
    fn lines_that_do_not_meet_share_a_lane() {
        let mut branches = Branches::default();
        for from in [1, 5, 9] {
            branches.fork(Micros(from));
            branches.store(&[], Micros(from + 2), &Folds::default());
            branches.show(0);
        }
        assert!(branches.lines().iter().all(|line| (line.lane, line.leaves) == (1, 0)));
    }
}
