//! What every shipped lesson must keep, whatever it teaches.

use super::*;
use crate::engine::time::Micros;
use crate::lesson::goal::{Verdict, judge};
use crate::lesson::progress::{Progress, TaskStatus};
use crate::lesson::structure::Task;
use crate::scenario::ast::{Moment, Scenario};
use crate::scenario::link::{SHARED_CHARS_MAX, encode};
use crate::scenario::runner::{Runner, run};

/// How long after its last command a run is watched.
const PATIENCE: Micros = Micros(60_000_000);

fn each_lesson(check: impl Fn(&Lesson)) {
    for id in ids() {
        check(&lesson(id).expect("every id has a lesson"));
    }
}

fn end_of(scenario: &Scenario) -> Micros {
    scenario.commands.last().map_or(PATIENCE, |c| c.at + PATIENCE)
}

/// Runs a scenario in steps of 1 ms of world time, judging after each, until the goals are met.
fn first_met(lesson: &Lesson, task: &Task, scenario: &Scenario) -> Option<(Micros, Verdict)> {
    let mut runner = Runner::new(scenario);
    let mut history = lesson.history(task);
    let mut judged = 0;
    let mut at = Micros::ZERO;
    while at <= end_of(scenario) {
        let mut events = 0_u64;
        runner
            .run_until(Moment { at, before: None }, |_, event| {
                history.observe(event);
                events += 1;
            })
            .expect("no recorded places");
        judged += events;
        if events > 0 {
            let verdict = judge(&task.goals, runner.world(), &history);
            if verdict.met {
                return Some((at, verdict));
            }
        }
        at = at + Micros(1_000);
    }
    assert!(judged > 0, "a world without events judges nothing");
    None
}

#[test]
fn no_goal_is_met_when_its_task_opens() {
    each_lesson(|lesson| {
        for task in &lesson.tasks {
            let mut history = lesson.history(task);
            let opens = Moment { at: lesson.opens_at, before: None };
            let outcome = run(&lesson.start, opens, |_, event| history.observe(event));
            let outcome = outcome.expect("it runs");
            assert_eq!(outcome.refused, [], "{}: the start is refused", lesson.id);
            assert!(!judge(&task.goals, &outcome.world, &history).met, "{}", task.id);
            assert!(!task.goals.is_empty(), "{} has goals", task.id);
        }
    });
}

#[test]
fn every_solution_meets_its_goals_within_par() {
    each_lesson(|lesson| {
        for task in &lesson.tasks {
            let met = first_met(lesson, task, &task.solution);
            assert!(met.is_some(), "{} {} is not met", lesson.id, task.id);
            assert!(task.steps().iter().all(|step| step.at >= lesson.opens_at), "{}", task.id);
        }
    });
}

#[test]
fn no_decoy_meets_the_goals() {
    each_lesson(|lesson| {
        for task in &lesson.tasks {
            let met = first_met(lesson, task, &task.decoy);
            assert!(met.is_none(), "{} {}: {met:?}", lesson.id, task.id);
        }
    });
}

#[test]
fn every_question_gets_one_answer_that_can_be_tapped() {
    each_lesson(|lesson| {
        for task in &lesson.tasks {
            let Some((at, _)) = first_met(lesson, task, &task.solution) else {
                panic!("{} unmet", task.id)
            };
            let mut history = lesson.history(task);
            let end = Moment { at, before: None };
            let outcome =
                run(&task.solution, end, |_, event| history.observe(event)).expect("it runs");
            for ask in &task.asks {
                let truth = ask.truth(&task.goals, &outcome.world, &history);
                let truth = truth.unwrap_or_else(|| panic!("{} {}: no truth", task.id, ask.id));
                assert!(ask.choices.contains(&truth), "{} {}: {truth:?}", task.id, ask.id);
            }
        }
    });
}

#[test]
fn every_language_has_words_for_every_part() {
    each_lesson(|lesson| {
        let parts: Vec<_> = Lang::ALL
            .iter()
            .map(|lang| prose(&lesson.id, *lang).expect("words in every language").parts())
            .collect();
        assert_eq!(parts[0], parts[1], "{}", lesson.id);
        let words = prose(&lesson.id, Lang::En).expect("words");
        for task in &lesson.tasks {
            let of_task = &words.tasks[&task.id];
            assert!(!of_task.text.is_empty() && !of_task.done.is_empty(), "{}", task.id);
            assert_eq!(of_task.hints.len(), 2, "{}", task.id);
            assert!(task.asks.iter().all(|ask| of_task.asks.contains_key(&ask.id)), "{}", task.id);
        }
    });
}

#[test]
fn every_link_of_a_lesson_is_short_enough_to_share() {
    each_lesson(|lesson| {
        let runs = lesson.tasks.iter().flat_map(|task| [&task.solution, &task.decoy]);
        for scenario in runs.chain([&lesson.start]) {
            let link =
                encode(&Scenario { digest: Some("0".repeat(32).into()), ..scenario.clone() });
            assert!(link.len() < SHARED_CHARS_MAX, "{} characters", link.len());
        }
    });
}

#[test]
fn a_student_who_follows_the_solution_is_done_and_keeps_the_predictions() {
    each_lesson(|lesson| {
        let mut progress = Progress::new(Rc::new(lesson.clone()));
        for (index, task) in lesson.tasks.iter().enumerate() {
            progress.open(index);
            for (ask, question) in task.asks.iter().enumerate() {
                assert!(progress.predict(ask, question.choices[0]));
                assert!(!progress.predict(ask, question.choices[1]), "a prediction is locked");
            }
            let mut runner = Runner::new(&task.solution);
            let mut at = Micros::ZERO;
            while progress.state().status != TaskStatus::Done && at < end_of(&task.solution) {
                at = at + Micros(1_000);
                let place = Moment { at, before: None };
                runner.run_until(place, |_, event| progress.observe(event)).expect("it runs");
                progress.check(runner.world());
            }
            assert_eq!(progress.state().status, TaskStatus::Done, "{}", task.id);
            assert!(progress.state().commands <= task.par(), "{}", task.id);
            assert!(progress.state().predictions.iter().all(|p| p.is_right().is_some()));
        }
        assert!(progress.is_complete());
    });
}

#[test]
fn hints_end_in_the_next_command_without_its_argument() {
    let mut progress = Progress::new(lesson("acks-and-loss").expect("it ships"));
    let hints: Vec<_> = std::iter::from_fn(|| progress.take_hint()).take(3).collect();
    assert_eq!(hints.len(), 3);
    assert_eq!(hints[2], crate::lesson::hint::Hint::Command("set p acks=___".to_owned()));
    assert_eq!(progress.state().hints, 3);
}
