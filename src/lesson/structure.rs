//! A lesson's structure: start, tasks, questions, a way through, and the misconception acted out.
//!
//! Read from `www/lessons/<id>.lesson`, which all languages share: sections in brackets, scenario text
//! within them. A solution and a decoy are scenarios that begin as the lesson begins.

use std::rc::Rc;

use thiserror::Error;

use crate::engine::command::TimedCommand;
use crate::engine::time::Micros;
use crate::lesson::goal::{Ask, AskExpr};
use crate::lesson::par;
use crate::scenario::ast::Scenario;
use crate::scenario::error::ParseError;
use crate::scenario::parser::parse;
use crate::scenario::predicate::history::History;
use crate::scenario::predicate::{Compare, Predicate};

/// A lesson.
#[derive(Clone, Debug, PartialEq)]
pub struct Lesson {
    /// Its name in links and files: `acks-and-loss`.
    pub id: String,
    /// Its number in the course: `L13`.
    pub number: String,
    /// Numbers of the lessons that should come before; advice, not a lock.
    pub needs: Vec<String>,
    /// The world in which every task begins.
    pub start: Scenario,
    /// When the world is handed to the student, paused.
    pub opens_at: Micros,
    /// Its tasks, in order.
    pub tasks: Vec<Task>,
}

impl Lesson {
    /// A history that can answer a task's goals and questions, of what passes from the task's opening on.
    #[must_use]
    pub fn history(&self, task: &Task) -> History {
        let asked = task.asks.iter().filter_map(|ask| match &ask.expr {
            AskExpr::Number(quantity) => Some(Predicate::Number(quantity.clone(), Compare::Is, 0)),
            AskExpr::Leader(_) => None,
        });
        let asked: Vec<Predicate> = asked.collect();
        let predicates = task.goals.iter().chain(&asked);
        History::of(predicates, self.start.clients()).since(self.opens_at)
    }
}

/// A task of a lesson.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// `T1`, `T2`, …
    pub id: String,
    /// What must hold, all of it; where it names `m`, of one record.
    pub goals: Vec<Predicate>,
    /// Predictions that may be made before.
    pub asks: Vec<Ask>,
    /// The whole run of a solution, from the start.
    pub solution: Scenario,
    /// The whole run of the misconception, from the start; it must not meet the goals.
    pub decoy: Scenario,
    /// The solution's own commands: the par is how many of them count.
    steps: Vec<TimedCommand>,
}

impl Task {
    /// Commands that change the world in the solution.
    #[must_use]
    pub fn par(&self) -> u32 {
        par::count(self.steps.iter().map(|timed| &timed.command))
    }

    /// The solution's own commands, in order.
    #[must_use]
    pub fn steps(&self) -> &[TimedCommand] {
        &self.steps
    }
}

/// A lesson file that is not right.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LessonError {
    /// A line that belongs to no section or does not fit its section.
    #[error("line {line}: {text}")]
    Line {
        /// Line of the file, from 1.
        line: u32,
        /// What stands there.
        text: String,
    },
    /// A section that a task needs is not there.
    #[error("no section [{0}]")]
    Missing(String),
    /// Scenario text of a section is not right; lines count from the start's text.
    #[error("[{section}]: {error}")]
    Scenario {
        /// The section.
        section: String,
        /// What is wrong.
        error: ParseError,
    },
}

struct Section<'t> {
    name: &'t str,
    lines: Vec<(u32, &'t str)>,
}

/// Reads a lesson file.
///
/// # Errors
/// A section is missing or a line of one is not understood.
pub fn read(text: &str) -> Result<Lesson, LessonError> {
    let sections = split(text)?;
    let head = sections.iter().find(|s| s.name.starts_with("lesson "));
    let head = head.ok_or_else(|| LessonError::Missing("lesson …".to_owned()))?;
    let start_text = body(&sections, "start")?;
    let start = scenario("start", &start_text)?;
    let opens_at = start.until.map_or(crate::scenario::ast::TOPICS_READY, |until| until.at);
    let mut lesson = Lesson {
        id: head.name.trim_start_matches("lesson ").to_owned(),
        number: String::new(),
        needs: Vec::new(),
        start: Scenario { until: None, ..start },
        opens_at,
        tasks: Vec::new(),
    };
    for (line, text) in &head.lines {
        match text.split_once(' ') {
            Some(("number", number)) => number.trim().clone_into(&mut lesson.number),
            Some(("needs", needs)) => {
                lesson.needs = needs.split_whitespace().map(str::to_owned).collect();
            }
            _ => return Err(LessonError::Line { line: *line, text: (*text).to_owned() }),
        }
    }
    for section in &sections {
        if let Some(id) = section.name.strip_prefix("task ") {
            lesson.tasks.push(task(id, section, &sections, &start_text, &lesson.start)?);
        }
    }
    Ok(lesson)
}

fn split(text: &str) -> Result<Vec<Section<'_>>, LessonError> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            sections.push(Section { name, lines: Vec::new() });
            continue;
        }
        match sections.last_mut() {
            Some(section) => section.lines.push((number, line)),
            None => return Err(LessonError::Line { line: number, text: line.to_owned() }),
        }
    }
    Ok(sections)
}

fn body(sections: &[Section<'_>], name: &str) -> Result<String, LessonError> {
    let section = sections.iter().find(|s| s.name == name);
    let section = section.ok_or_else(|| LessonError::Missing(name.to_owned()))?;
    Ok(section.lines.iter().map(|(_, line)| format!("{line}\n")).collect())
}

fn scenario(section: &str, text: &str) -> Result<Scenario, LessonError> {
    parse(text).map_err(|error| LessonError::Scenario { section: section.to_owned(), error })
}

/// A predicate about the world that a lesson begins with, as a scenario's `expect` has it.
fn predicate_of(section: &str, start_text: &str, text: &str) -> Result<Predicate, LessonError> {
    let read = scenario(section, &format!("{start_text}expect {text}\n"))?;
    let expected = read.expectations.into_iter().next_back();
    expected
        .map(|it| it.predicate)
        .ok_or_else(|| LessonError::Missing(format!("{section}: {text}")))
}

fn task(
    id: &str,
    section: &Section<'_>,
    sections: &[Section<'_>],
    start_text: &str,
    start: &Scenario,
) -> Result<Task, LessonError> {
    let mut goals = Vec::new();
    let mut asks = Vec::new();
    for (line, text) in &section.lines {
        let wrong = || LessonError::Line { line: *line, text: (*text).to_owned() };
        let read = |predicate: &str| predicate_of(section.name, start_text, predicate);
        match text.split_once(' ') {
            Some(("goal", goal)) => goals.push(read(goal)?),
            Some(("ask", ask)) => {
                let (id, choices) = Ask::predicates(ask).ok_or_else(wrong)?;
                let choices: Result<Vec<_>, _> = choices.iter().map(|it| read(it)).collect();
                asks.push(Ask::of(id, &choices?).ok_or_else(wrong)?);
            }
            _ => return Err(wrong()),
        }
    }
    let run = |kind: &str| {
        let name = format!("{kind} {id}");
        let text = format!("{start_text}{}", body(sections, &name)?);
        scenario(&name, &text).map(|run| Scenario { until: None, ..run })
    };
    let solution = run("solution")?;
    let steps = solution.commands[start.commands.len()..].to_vec();
    Ok(Task { id: id.to_owned(), goals, asks, solution, decoy: run("decoy")?, steps })
}

/// A lesson that several holders share.
pub type SharedLesson = Rc<Lesson>;
