//! Help on request: two hints in words, then the next command with one argument left out.

use crate::engine::command::{Command, TimedCommand};
use crate::lesson::structure::{Lesson, Task};
use crate::scenario::printer;

/// A hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// The prose's hint of this number, from 1.
    Words(usize),
    /// The next command of a way through, with one argument blanked.
    Command(String),
}

/// Hints in words that every task has.
const WORDS: u32 = 2;

/// The hint of a level, from 1: words first, then commands; `None` when the solution's commands have
/// all been given.
#[must_use]
pub fn hint(lesson: &Lesson, task: &Task, given: &[Command], level: u32) -> Option<Hint> {
    if level <= WORDS {
        return usize::try_from(level.max(1)).ok().map(Hint::Words);
    }
    let next = next_step(task, given)?;
    let names = lesson.start.clients();
    Some(Hint::Command(blanked(&printer::command(&next.command, &names))))
}

/// The first command of the solution that has not been given. Sends and drops count as given whatever
/// they name: the student's record has another value, the message another number.
fn next_step<'t>(task: &'t Task, given: &[Command]) -> Option<&'t TimedCommand> {
    let mut open: Vec<&Command> = given.iter().collect();
    task.steps().iter().find(|step| {
        let known = open.iter().position(|command| is_like(command, &step.command));
        known.map(|at| open.remove(at)).is_none()
    })
}

fn is_like(given: &Command, step: &Command) -> bool {
    match (given, step) {
        (Command::Send { name, .. }, Command::Send { name: wanted, .. }) => name == wanted,
        (Command::Drop { message }, Command::Drop { message: wanted }) => {
            message.api == wanted.api && message.response == wanted.response
        }
        (
            Command::Hold { a, b } | Command::Cut { a, b } | Command::Heal { a, b },
            Command::Hold { a: x, b: y }
            | Command::Cut { a: x, b: y }
            | Command::Heal { a: x, b: y },
        ) => {
            std::mem::discriminant(given) == std::mem::discriminant(step)
                && ((a, b) == (x, y) || (b, a) == (x, y))
        }
        _ => given == step,
    }
}

/// A statement without its last argument: `hold b1-___`, `set p acks=___`.
fn blanked(statement: &str) -> String {
    let end = statement.rfind([' ', '=', '-', '>', ':']).map_or(0, |at| at + 1);
    format!("{}___", &statement[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_argument_is_blanked() {
        assert_eq!(blanked("hold b1-b3"), "hold b1-___");
        assert_eq!(blanked("config t min.insync.replicas=2"), "config t min.insync.replicas=___");
        assert_eq!(blanked("drop p>b1 Produce 0"), "drop p>b1 Produce ___");
    }
}
