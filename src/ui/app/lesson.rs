//! A lesson in the app: a fresh world for each task, and a judge that replays what was done.
//!
//! Judging folds the history of the whole run, from its first event, so it does not matter what was
//! sought or rewound on the way.

use crate::lesson::catalog;
use crate::lesson::progress::{Progress, TaskProgress};
use crate::scenario::ast::Moment;
use crate::scenario::runner::Runner;
use crate::session::Session;
use crate::session::message::{Msg, Start};
use crate::ui::app::App;
use crate::ui::effects::kept;
use crate::ui::lesson_panel::{LessonAction, OpenLesson};
use crate::ui::prefs;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

impl App {
    /// Opens a lesson by name, where the student left it. False when there is none of that name.
    pub(super) fn open_lesson(&mut self, id: &str) -> bool {
        let Some(lesson) = catalog::lesson(id) else { return false };
        prefs::set_session(None);
        let progress = match kept_progress(id) {
            Some((tasks, task)) => Progress::restore(lesson, tasks, task as usize),
            None => Progress::new(lesson),
        };
        let task = progress.task;
        let open = OpenLesson { progress, verdict: None, hints: Vec::new(), commands: 0 };
        self.lesson = Some(Rc::new(open));
        self.inspects = false;
        self.drawer = true;
        self.open_task(task);
        true
    }

    /// Does what was asked of the lesson.
    pub(super) fn learn(&mut self, action: LessonAction) {
        match action {
            LessonAction::Begin(id) => {
                self.open_lesson(&id);
            }
            LessonAction::Leave => {
                self.look_at_nothing();
                self.open_playground();
            }
            LessonAction::Task(task) => self.open_task(task),
            LessonAction::Restart => {
                if let Some(task) = self.lesson.as_ref().map(|open| open.progress.task) {
                    self.open_task(task);
                }
            }
            LessonAction::Check => self.check(),
            LessonAction::Hint => self.give_hint(),
            LessonAction::Predict(ask, answer) => {
                if let Some(open) = self.lesson.as_mut().map(Rc::make_mut) {
                    open.progress.predict(ask, answer);
                }
            }
        }
        self.keep_progress();
    }

    fn open_task(&mut self, task: usize) {
        let Some(open) = self.lesson.as_mut().map(Rc::make_mut) else { return };
        open.progress.open(task);
        open.verdict = None;
        let taken = open.progress.state().hints;
        open.hints = (1..=taken).filter_map(|level| open.progress.hint_at(level)).collect();
        let lesson = open.progress.lesson.clone();
        let name = format!("lesson-{}-{}", lesson.id, open.progress.open_task().id);
        let start = Start {
            until: Moment { at: lesson.opens_at, before: None },
            playing: false,
            ..Start::from_scenario(&name, &lesson.start)
        };
        self.look_at_nothing();
        self.tell(Msg::Load(start));
    }

    fn check(&mut self) {
        let Some(open) = self.lesson.as_mut().map(Rc::make_mut) else { return };
        let session = self.session.borrow();
        observe(&mut open.progress, &session);
        open.verdict = Some(open.progress.check(session.world()));
    }

    fn give_hint(&mut self) {
        let Some(open) = self.lesson.as_mut().map(Rc::make_mut) else { return };
        observe(&mut open.progress, &self.session.borrow());
        open.hints.extend(open.progress.take_hint());
    }

    fn keep_progress(&self) {
        let Some(open) = &self.lesson else { return };
        let progress = &open.progress;
        let task = u32::try_from(progress.task).unwrap_or(0);
        let bytes = postcard::to_allocvec(&(&progress.tasks, task)).unwrap_or_default();
        kept::set(&progress_key(&progress.lesson.id), &URL_SAFE_NO_PAD.encode(&bytes));
        self.storage.keep_progress(&progress.lesson.id, bytes);
    }
}

/// Folds what happened in the open task's world, from its first event to now.
fn observe(progress: &mut Progress, session: &Session) {
    progress.rewind();
    let scenario = session.scenario();
    let now = Moment { at: session.now(), before: Some(session.next_event()) };
    let mut runner = Runner::new(&scenario);
    let reached = runner.run_until(now, |_, event| progress.observe(event));
    debug_assert!(reached.is_ok(), "a session replays: {reached:?}");
}

/// The tasks of a lesson as they were left, and the one that was open.
fn kept_progress(id: &str) -> Option<(Vec<TaskProgress>, u32)> {
    let bytes = URL_SAFE_NO_PAD.decode(kept::get(&progress_key(id))?).ok()?;
    postcard::from_bytes(&bytes).ok()
}

/// Under which name progress with a lesson is kept, beside the store: a page opens with it at once.
pub(super) fn progress_key(id: &str) -> String {
    format!("highwater.lesson.{id}")
}
