//! The lesson: what it is about, its tasks, a guess before each, help on request, and the verdict.
//!
//! Without a lesson the panel lists those that ship.

use yew::prelude::*;

use crate::engine::ids::Offset;
use crate::i18n::{Arg, Lang};
use crate::lesson::catalog;
use crate::lesson::goal::{Answer, Verdict};
use crate::lesson::hint::Hint;
use crate::lesson::progress::{Progress, TaskStatus};
use crate::lesson::prose::{Paragraph, Prose, Span, TaskProse};
use crate::ui::context::{Action, Shared, Ui, use_ui};
use crate::ui::icon::{Icon, icon};

/// What somebody asked of a lesson.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LessonAction {
    /// Begin the lesson of this name.
    Begin(String),
    /// Go back to the playground.
    Leave,
    /// Open a task, with a fresh world.
    Task(usize),
    /// Begin the open task again, with a fresh world.
    Restart,
    /// Judge the open task on the world as it stands.
    Check,
    /// Give away a little more.
    Hint,
    /// Lock a prediction: which question, which answer.
    Predict(usize, Answer),
}

/// A lesson that is open.
#[derive(Clone)]
pub struct OpenLesson {
    /// Where the student stands.
    pub progress: Progress,
    /// The last verdict on the open task.
    pub verdict: Option<Verdict>,
    /// Commands given since the open task began.
    pub commands: u32,
    /// Hints of the open task that were taken.
    pub hints: Vec<Hint>,
}

#[derive(Properties, PartialEq)]
pub struct LessonPanelProps {
    /// The lesson that is open.
    pub open: Option<Shared<OpenLesson>>,
}

/// The lesson, or the lessons to choose from.
#[component]
pub fn LessonPanel(props: &LessonPanelProps) -> Html {
    let ui = use_ui();
    match &props.open {
        Some(open) => show(&ui, &open.0),
        None => list(&ui),
    }
}

/// The lessons that ship, to choose from.
fn list(ui: &Ui) -> Html {
    let card = |id: &'static str| {
        let prose = catalog::prose(id, ui.lang)?;
        let lesson = catalog::lesson(id)?;
        let begin = Action::Lesson(LessonAction::Begin(id.to_owned()));
        Some(html! {
            <li>
                <button class="lesson-card" onclick={ui.on(begin)}>
                    <span class="dim num">{ &lesson.number }</span>
                    <span><b>{ &prose.title }</b>{ for prose.intro.first().map(paragraph) }</span>
                </button>
            </li>
        })
    };
    html! {
        <section class="lesson">
            <h2>{ ui.t("lessons-title") }</h2>
            <ul class="lesson-list">{ for catalog::ids().filter_map(card) }</ul>
        </section>
    }
}

/// The title of a lesson.
pub fn title(open: &OpenLesson, lang: Lang) -> String {
    let lesson = &open.progress.lesson;
    let title = catalog::prose(&lesson.id, lang).map(|prose| prose.title).unwrap_or_default();
    format!("{} {title}", lesson.number)
}

/// An open lesson.
fn show(ui: &Ui, open: &OpenLesson) -> Html {
    let progress = &open.progress;
    let prose = catalog::prose(&progress.lesson.id, ui.lang).unwrap_or_default();
    let done = progress.tasks.iter().filter(|task| task.status == TaskStatus::Done).count();
    let whole = progress.tasks.len();
    let width = format!("width:{}", crate::ui::format::percent(done as u64, whole as u64));
    html! {
        <section class="lesson">
            <div class="lt">
                <span class="dim">{ ui.t("top-lesson") }{ " " }{ &progress.lesson.number }</span>
                <span class="prog" aria-hidden="true"><i style={width}></i></span>
                <span class="dim num">{ format!("{done}/{whole}") }</span>
            </div>
            <h2>{ &prose.title }</h2>
            { intro(ui, &prose) }
            <ol class="tasks">
                { for (0..whole).map(|index| task(ui, open, &prose, index)) }
            </ol>
            if progress.is_complete() { <div class="prose end">{ for prose.end.iter().map(paragraph) }</div> }
            <div class="la">
                <button class="btn quiet" onclick={ui.on(Action::Lesson(LessonAction::Leave))}>{ ui.t("lesson-leave") }</button>
            </div>
        </section>
    }
}

fn intro(ui: &Ui, prose: &Prose) -> Html {
    let rest = &prose.intro[prose.intro.len().min(1)..];
    html! {
        <div class="prose">
            { for prose.intro.first().map(paragraph) }
            if !rest.is_empty() {
                <details open=true>
                    <summary>{ ui.t("lesson-background") }</summary>
                    { for rest.iter().map(paragraph) }
                </details>
            }
        </div>
    }
}

fn task(ui: &Ui, open: &OpenLesson, prose: &Prose, index: usize) -> Html {
    let progress = &open.progress;
    let is_open = index == progress.task;
    let task = &progress.lesson.tasks[index];
    let words = prose.tasks.get(&task.id).cloned().unwrap_or_default();
    let (class, mark) = match (progress.tasks[index].status, is_open) {
        (TaskStatus::Done, _) => {
            ("done", html! { <span class="bx done">{ icon(Icon::Check) }</span> })
        }
        (_, true) => ("now", html! { <span class="bx now"></span> }),
        (_, false) => ("todo", html! { <span class="bx"></span> }),
    };
    let select = ui.on(Action::Lesson(LessonAction::Task(index)));
    html! {
        <li class={classes!(class, is_open.then_some("open"))} aria-current={is_open.then_some("step")}>
            <button class="task-title" onclick={select} disabled={is_open}>{ mark }<span>{ &words.title }</span></button>
            if is_open { { open_task(ui, open, &words) } }
        </li>
    }
}

fn open_task(ui: &Ui, open: &OpenLesson, words: &TaskProse) -> Html {
    let state = open.progress.state();
    let is_done = state.status == TaskStatus::Done;
    let ask = |action| ui.on::<MouseEvent>(Action::Lesson(action));
    let next = open.progress.task + 1;
    let counts = [
        ("commands", Arg::from(open.commands)),
        ("par", Arg::from(open.progress.open_task().par())),
    ];
    html! {
        <div class="task">
            <div class="prose">{ for words.text.iter().map(paragraph) }</div>
            { for (0..state.predictions.len()).map(|index| prediction(ui, open, words, index)) }
            { for open.hints.iter().map(|hint| hint_html(ui, hint, words)) }
            { verdict(ui, open, words) }
            if !is_done { <p class="dim sm">{ ui.tr("lesson-par", &counts) }</p> }
            <div class="la">
                if is_done && next < open.progress.tasks.len() {
                    <button class="btn primary" onclick={ask(LessonAction::Task(next))}>
                        { ui.t("task-next") }{ icon(Icon::ArrowRight) }
                    </button>
                } else {
                    <button class="btn primary" id="check" onclick={ask(LessonAction::Check)}>{ ui.t("task-check") }</button>
                }
                if !is_done {
                    <button class="btn" onclick={ask(LessonAction::Hint)}>{ icon(Icon::Lightbulb) }{ ui.t("task-hint") }</button>
                }
                <span class="sp"></span>
                <button class="btn quiet" onclick={ask(LessonAction::Restart)}>{ icon(Icon::Restart) }{ ui.t("task-restart") }</button>
            </div>
        </div>
    }
}

fn prediction(ui: &Ui, open: &OpenLesson, words: &TaskProse, index: usize) -> Html {
    let (task, state) = (open.progress.open_task(), open.progress.state());
    let (ask, given) = (&task.asks[index], &state.predictions[index]);
    let is_locked = given.answer.is_some() || state.status == TaskStatus::Done;
    let choice = |answer: &Answer| {
        let is_on = given.answer == Some(*answer);
        let is_truth = given.truth == Some(*answer);
        let class = classes!("opt", is_on.then_some("sel"), is_truth.then_some("truth"));
        let action = Action::Lesson(LessonAction::Predict(index, *answer));
        html! {
            <button {class} aria-pressed={is_on.to_string()} disabled={is_locked} onclick={ui.on(action)}>
                { answer_text(ui, *answer) }
            </button>
        }
    };
    let outcome = given.is_right().map(|right| if right { "guess-right" } else { "guess-wrong" });
    html! {
        <section class="ask">
            <h3>{ ui.t("guess-title") }</h3>
            <div class="prose">{ for words.asks.get(&ask.id).into_iter().flatten().map(paragraph) }</div>
            <div class="opts">{ for ask.choices.iter().map(choice) }</div>
            if let (Some(key), Some(truth)) = (outcome, given.truth) {
                <p class="sm">{ ui.tr(key, &[("truth", Arg::from(answer_text(ui, truth)))]) }</p>
            }
        </section>
    }
}

fn answer_text(ui: &Ui, answer: Answer) -> String {
    match answer {
        Answer::Offset(offset) if offset == Offset::NONE => {
            format!("{offset} ({})", ui.t("lesson-answer-none"))
        }
        Answer::Offset(offset) => offset.to_string(),
        Answer::Broker(id) => ui.tr("broker-name", &[("id", Arg::from(id.0))]),
    }
}

fn hint_html(ui: &Ui, hint: &Hint, words: &TaskProse) -> Html {
    let inside = match hint {
        Hint::Words(number) => {
            let hint = number.checked_sub(1).and_then(|index| words.hints.get(index));
            hint.into_iter().flatten().map(paragraph).collect::<Html>()
        }
        Hint::Command(command) => {
            let args = [("command", Arg::from(command.as_str()))];
            html! { <p>{ ui.tr("lesson-hint-command", &args) }</p> }
        }
    };
    html! { <div class="hint prose">{ icon(Icon::Lightbulb) }<div>{ inside }</div></div> }
}

fn verdict(ui: &Ui, open: &OpenLesson, words: &TaskProse) -> Html {
    let state = open.progress.state();
    if state.status == TaskStatus::Done {
        let counts = [
            ("used", Arg::from(state.commands)),
            ("par", Arg::from(open.progress.open_task().par())),
        ];
        let show = state.deciding.map(|event| html! {
            <button class="whyl" onclick={ui.on(Action::Why(event))}>{ ui.t("task-show") }</button>
        });
        return html! {
            <div class="verdict met" role="status">
                <p><b>{ ui.tr("task-done", &counts) }</b>{ " " }{ show }</p>
                <div class="prose">{ for words.done.iter().map(paragraph) }</div>
            </div>
        };
    }
    let Some(verdict) = &open.verdict else { return Html::default() };
    html! {
        <div class="verdict" role="status">
            <ul>{ for verdict.missing.iter().map(|phrase| html! { <li>{ phrase.text(ui.lang) }</li> }) }</ul>
        </div>
    }
}

fn paragraph(paragraph: &Paragraph) -> Html {
    let span = |span: &Span| match span {
        Span::Text(text) => html! { { text } },
        Span::Code(text) => html! { <code>{ text }</code> },
        Span::Stress(text) => html! { <em>{ text }</em> },
    };
    html! { <p>{ for paragraph.iter().map(span) }</p> }
}
