//! Goals are the scenario's predicates, and `m` is any record that the student sent.

use super::*;
use crate::lesson::catalog;
use crate::lesson::structure::{LessonError, read};
use crate::scenario::parser::parse;
use crate::scenario::printer;
use crate::scenario::runner::run;

/// A lesson of one task with these lines, and no commands beside the start's.
fn lesson(lines: &str) -> Result<crate::lesson::structure::Lesson, LessonError> {
    read(&format!(
        "[lesson x]\nnumber L0\n[start]\nbrokers 3\nseed 1\ntopic t: b1>b2>b3\n\
         at 1.5s producer p{{topic=t}}\nuntil=3s\n[task T1]\n{lines}\n\
         [solution T1]\nat 4s send p other\nat 6s send p mine\nat 7s kill b1\n[decoy T1]\n"
    ))
}

/// The verdict on the run of the solution, at its end.
fn verdict(lines: &str) -> Verdict {
    let lesson = lesson(lines).expect("a sound lesson");
    let task = &lesson.tasks[0];
    let mut history = lesson.history(task);
    let outcome = run(&task.solution, task.solution.end(), |_, event| history.observe(event));
    judge(&task.goals, &outcome.expect("it runs").world, &history)
}

#[test]
fn every_goal_of_a_lesson_is_read_and_written_by_the_scenario() {
    for id in catalog::ids() {
        let lesson = catalog::lesson(id).expect("it ships");
        let start = printer::print(&lesson.start);
        for goal in lesson.tasks.iter().flat_map(|task| &task.goals) {
            let again = parse(&format!("{start}expect {}\n", print(goal))).expect("it is read");
            assert_eq!(again.expectations[0].predicate, *goal);
        }
    }
}

#[test]
fn the_record_m_is_any_that_satisfies_all_goals() {
    let met = verdict("goal acked(m)\ngoal offset(m) = 1\ngoal copies(m) = 1");
    assert_eq!((met.met, met.record.as_deref()), (true, Some("mine")));
    let met = verdict("goal offset(m) = 0");
    assert_eq!((met.met, met.record.as_deref()), (true, Some("other")));
    assert!(!verdict("goal offset(m) = 0\ngoal not copies(m) = 1").met);
}

#[test]
fn goals_without_a_record_are_about_the_world_alone() {
    let met = verdict("goal not b1.up\ngoal some ProcessKilled{node=b1}");
    assert!(met.met && met.record.is_none() && met.deciding.is_some(), "{met:?}");
    let unmet = verdict("goal b1.up");
    assert!(!unmet.met);
    let told = unmet.missing[0].text(crate::i18n::Lang::En);
    assert!(told.contains("b1.up") && told.contains("down"), "{told}");
}

#[test]
fn events_count_from_the_tasks_opening_on() {
    assert!(!verdict("goal some TopicCreated{topic=t}").met, "the topic came before");
    assert!(verdict("goal some ProcessKilled{node=b1}").met);
}

#[test]
fn a_goal_that_is_no_predicate_is_refused_with_its_section() {
    let wrong = |lines: &str| lesson(lines).expect_err("a slip").to_string();
    assert!(wrong("goal acks(m) = 2").starts_with("[task T1]: "), "{}", wrong("goal acks(m) = 2"));
    assert!(wrong("goal b9.up").contains("unknown host b9"));
    assert!(wrong("ask next := t-0.leader of one").starts_with("[task T1]: "));
    assert_eq!(wrong("ask next t-0.leader"), "line 10: ask next t-0.leader");
    assert_eq!(
        wrong("ask up := b1.up of 1"),
        "[task T1]: line 6, column 14: expected end-of-line, found ="
    );
}

#[test]
fn a_question_names_its_choices() {
    let lesson = lesson("goal acked(m)\nask next := t-0.leader of b1 b2 b3").expect("a lesson");
    let ask = &lesson.tasks[0].asks[0];
    assert!(matches!(ask.expr, AskExpr::Leader(_)));
    assert_eq!((ask.id.as_str(), ask.choices.len()), ("next", 3));
}
