//! Where a student stands: the open task, what was predicted, what help was taken, what is done.
//!
//! Each task begins with a fresh world; the page makes it from [`Lesson::start`], lets every event of
//! it pass through [`Progress::observe`], from the first on, and asks [`Progress::check`] when it
//! likes. After a seek the history is folded anew: [`Progress::rewind`], then the events up to there.

use serde::{Deserialize, Serialize};

use crate::engine::command::Command;
use crate::engine::event::{Event, EventKind};
use crate::engine::ids::EventId;
use crate::engine::sim::world::World;
use crate::lesson::goal::{Answer, Verdict, judge};
use crate::lesson::hint::{Hint, hint};
use crate::lesson::par;
use crate::lesson::structure::{SharedLesson, Task};
use crate::scenario::predicate::history::History;

/// Whether a task is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaskStatus {
    /// Not begun.
    #[default]
    Waiting,
    /// Begun and not done.
    Open,
    /// Its goals were met.
    Done,
}

/// A prediction and what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prediction {
    /// What the student said; locked once given.
    pub answer: Option<Answer>,
    /// What the student's world did; known when the task is done.
    pub truth: Option<Answer>,
}

impl Prediction {
    /// Whether the prediction came true; `None` while that is open.
    #[must_use]
    pub fn is_right(&self) -> Option<bool> {
        Some(self.answer? == self.truth?)
    }
}

/// Where a student stands with one task: plain data, to be stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskProgress {
    /// Whether it is done.
    pub status: TaskStatus,
    /// Predictions, in the order of the task's asks.
    pub predictions: Vec<Prediction>,
    /// Hints taken.
    pub hints: u32,
    /// Commands given that changed the world; what counts against the par.
    pub commands: u32,
    /// The event that decided it, when it is done.
    pub deciding: Option<EventId>,
}

/// Where a student stands with a lesson.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The lesson.
    pub lesson: SharedLesson,
    /// Index of the task that is open.
    pub task: usize,
    /// Every task, in the lesson's order.
    pub tasks: Vec<TaskProgress>,
    history: History,
    /// Commands carried out, those of the start included.
    commands: Vec<Command>,
}

impl Progress {
    /// A lesson at its beginning, with its first task open.
    #[must_use]
    pub fn new(lesson: SharedLesson) -> Progress {
        let tasks = lesson.tasks.iter().map(fresh).collect();
        let (history, commands) = (History::default(), Vec::new());
        let mut progress = Progress { lesson, task: 0, tasks, history, commands };
        progress.open(0);
        progress
    }

    /// A lesson as it was stored. Tasks that the lesson no longer has are left out.
    #[must_use]
    pub fn restore(lesson: SharedLesson, stored: Vec<TaskProgress>, task: usize) -> Progress {
        let mut progress = Progress::new(lesson);
        for (index, kept) in stored.into_iter().enumerate().take(progress.tasks.len()) {
            if kept.predictions.len() == progress.tasks[index].predictions.len() {
                progress.tasks[index] = kept;
            }
        }
        progress.task = task.min(progress.tasks.len().saturating_sub(1));
        progress.rewind();
        progress
    }

    /// The open task.
    #[must_use]
    pub fn open_task(&self) -> &Task {
        &self.lesson.tasks[self.task]
    }

    /// Where the student stands with the open task.
    #[must_use]
    pub fn state(&self) -> &TaskProgress {
        &self.tasks[self.task]
    }

    /// Opens a task; the page makes a fresh world for it. A task that was done stays done.
    pub fn open(&mut self, task: usize) {
        if task >= self.tasks.len() {
            return;
        }
        self.task = task;
        self.rewind();
        if self.tasks[task].status == TaskStatus::Waiting {
            self.tasks[task].status = TaskStatus::Open;
        }
    }

    /// Forgets the folded history: the world was sought to another moment, and its events up to there
    /// will be observed again, from the first on.
    pub fn rewind(&mut self) {
        self.history = self.lesson.history(&self.lesson.tasks[self.task]);
        self.commands.clear();
    }

    /// Takes in the next event of the task's world.
    pub fn observe(&mut self, event: &Event) {
        self.history.observe(event);
        let EventKind::CommandApplied { command } = &event.kind else { return };
        self.commands.push(command.clone());
        let given = self.commands.iter().skip(self.lesson.start.commands.len());
        let state = &mut self.tasks[self.task];
        if state.status != TaskStatus::Done {
            state.commands = par::count(given);
        }
    }

    /// Judges the open task on its world as it stands. When its goals are met it is done, for good,
    /// and predictions get their truth.
    pub fn check(&mut self, world: &World) -> Verdict {
        let task = &self.lesson.tasks[self.task];
        let verdict = judge(&task.goals, world, &self.history);
        let state = &mut self.tasks[self.task];
        if !verdict.met || state.status == TaskStatus::Done {
            return verdict;
        }
        state.status = TaskStatus::Done;
        state.deciding = verdict.deciding;
        for (ask, prediction) in task.asks.iter().zip(&mut state.predictions) {
            prediction.truth = ask.truth(&task.goals, world, &self.history);
        }
        verdict
    }

    /// Locks a prediction of the open task. False when it is locked already or the task is done.
    pub fn predict(&mut self, ask: usize, answer: Answer) -> bool {
        let state = &mut self.tasks[self.task];
        let is_open = state.status != TaskStatus::Done;
        match state.predictions.get_mut(ask) {
            Some(prediction) if is_open && prediction.answer.is_none() => {
                prediction.answer = Some(answer);
                true
            }
            _ => false,
        }
    }

    /// The next hint, and notes that it was taken. `None` when there is nothing more to give away.
    pub fn take_hint(&mut self) -> Option<Hint> {
        let level = self.tasks[self.task].hints + 1;
        let hint = self.hint_at(level)?;
        self.tasks[self.task].hints = level;
        Some(hint)
    }

    /// The hint of a level, from 1, without taking it.
    #[must_use]
    pub fn hint_at(&self, level: u32) -> Option<Hint> {
        let start = self.lesson.start.commands.len().min(self.commands.len());
        hint(&self.lesson, self.open_task(), &self.commands[start..], level)
    }

    /// Whether every task is done.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.tasks.iter().all(|task| task.status == TaskStatus::Done)
    }
}

fn fresh(task: &Task) -> TaskProgress {
    TaskProgress {
        predictions: vec![Prediction::default(); task.asks.len()],
        ..TaskProgress::default()
    }
}
