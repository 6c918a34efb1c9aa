//! Conditions of a task and questions about it: predicates of scenarios, judged on the student's world.
//!
//! A goal is what may stand behind `expect` (`docs/SCENARIO.md`), and has the same evaluator. One name is
//! special: [`RECORD`], `m`, is whichever record the student's application sent. A task is met when some
//! record satisfies all of its goals at one moment; what has no `m` in it holds or does not for all.

use serde::{Deserialize, Serialize};

use crate::engine::ids::{BrokerId, EventId, Offset, TopicPartition};
use crate::engine::sim::world::World;
use crate::i18n::Phrase;
use crate::scenario::predicate::history::History;
use crate::scenario::predicate::judge::{self, judge_of};
use crate::scenario::predicate::print::{acks, print};
use crate::scenario::predicate::sends::{Fate, Sent};
use crate::scenario::predicate::{Compare, Pattern, Predicate, Quantity, RecordQuestion};
use crate::view::project;

/// The name that stands for the student's record.
pub const RECORD: &str = "m";

/// What the judge says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Whether all conditions hold, of one record, now.
    pub met: bool,
    /// What does not hold yet, as texts to show; of the record that is nearest.
    pub missing: Vec<Phrase>,
    /// The record's value, when one was sent.
    pub record: Option<String>,
    /// The event that brought the last fact, for "show me".
    pub deciding: Option<EventId>,
}

/// Judges a task's conditions on a world as it stands, and its history, which must have been made
/// [`History::of`] them.
#[must_use]
pub fn judge(goals: &[Predicate], world: &World, history: &History) -> Verdict {
    if goals.iter().any(|goal| goal.is_about(RECORD)) {
        return judge_best(goals, world, history).map_or_else(nothing_sent, |(_, verdict)| verdict);
    }
    Facts { world, history, sent: None }.verdict(goals)
}

fn nothing_sent() -> Verdict {
    let missing = vec![Phrase::new("lesson-missing-send")];
    Verdict { missing, ..Verdict::default() }
}

/// The record for which most conditions hold (the newest among equals), with its verdict.
fn judge_best<'h>(
    goals: &[Predicate],
    world: &World,
    history: &'h History,
) -> Option<(&'h Sent, Verdict)> {
    let mut best: Option<(&Sent, Verdict)> = None;
    for sent in history.sent() {
        let verdict = Facts { world, history, sent: Some(sent) }.verdict(goals);
        let fewest = best.as_ref().map(|(_, verdict)| verdict.missing.len());
        if fewest.is_none_or(|fewest| verdict.missing.len() < fewest) {
            best = Some((sent, verdict));
        }
        if best.as_ref().is_some_and(|(_, verdict)| verdict.met) {
            break;
        }
    }
    best
}

/// A world, and the record for which `m` stands in it.
struct Facts<'a> {
    world: &'a World,
    history: &'a History,
    sent: Option<&'a Sent>,
}

impl Facts<'_> {
    fn verdict(&self, goals: &[Predicate]) -> Verdict {
        let missing: Vec<Phrase> = goals.iter().filter_map(|goal| self.missing(goal)).collect();
        Verdict {
            met: missing.is_empty(),
            missing,
            record: self.sent.map(|sent| sent.value.to_string()),
            deciding: goals.iter().filter_map(|goal| self.event(goal)).max(),
        }
    }

    /// `None` when the condition holds; else what is missing.
    fn missing(&self, goal: &Predicate) -> Option<Phrase> {
        let answer = match self.sent {
            Some(sent) => judge_of(goal, self.world, self.history, (RECORD, sent)),
            None => judge::judge(goal, self.world, self.history),
        };
        if answer.holds {
            return None;
        }
        let own = self.sent.and_then(|sent| self.of_record(goal, sent));
        own.or_else(|| of_pattern(goal)).or_else(|| {
            let phrase = Phrase::new("lesson-missing").with("goal", print(goal));
            Some(phrase.with("found", answer.found))
        })
    }

    /// What a record lacks, in words of its own.
    fn of_record(&self, goal: &Predicate, sent: &Sent) -> Option<Phrase> {
        let about = |key| Some(Phrase::new(key).with("record", sent.value.to_string()));
        match goal {
            Predicate::Record(_, RecordQuestion::Acks(wanted)) => {
                let phrase = about("lesson-missing-acks")?.with("acks", acks(*wanted));
                Some(phrase.with("found", acks(sent.acks)))
            }
            Predicate::Record(_, RecordQuestion::Acked | RecordQuestion::Result(_)) => {
                about("lesson-missing-ack")
            }
            Predicate::Record(_, RecordQuestion::Lost) if !sent.is_acked() => {
                about("lesson-missing-ack")
            }
            Predicate::Record(_, RecordQuestion::Settled | RecordQuestion::Lost) => {
                self.unsettled(sent).or_else(|| self.held(sent))
            }
            Predicate::Number(Quantity::Copies(_), Compare::Is, 0) => self.held(sent),
            Predicate::Not(inner) => match &**inner {
                Predicate::Record(_, RecordQuestion::Acked) => about("lesson-missing-no-ack"),
                _ => None,
            },
            _ => None,
        }
    }

    fn unsettled(&self, sent: &Sent) -> Option<Phrase> {
        match sent.fate(self.world) {
            Fate::Settled(_) => None,
            Fate::NoLeader => {
                let phrase = Phrase::new("lesson-missing-leader");
                Some(phrase.with("partition", sent.partition.to_string()))
            }
            Fate::Untold | Fate::OnTheWay => {
                let phrase = Phrase::new("lesson-missing-on-the-way");
                Some(phrase.with("record", sent.value.to_string()))
            }
        }
    }

    /// That the leader's log holds the record, and how often.
    fn held(&self, sent: &Sent) -> Option<Phrase> {
        let Fate::Settled(leader) = sent.fate(self.world) else { return None };
        let quantity = Quantity::Copies(sent.value.clone());
        let count = judge::number(&quantity, self.world, self.history, None)?;
        let phrase = Phrase::new("lesson-missing-copies").with("record", sent.value.to_string());
        let phrase = phrase.with("count", u64::try_from(count).unwrap_or(0));
        Some(phrase.with("leader", format!("b{leader}")))
    }

    /// The event that brought a condition's fact, when it is one.
    fn event(&self, goal: &Predicate) -> Option<EventId> {
        match goal {
            Predicate::Record(
                _,
                RecordQuestion::Acked | RecordQuestion::Result(_) | RecordQuestion::Lost,
            ) => self.sent?.told_by,
            Predicate::After(pattern, _) => self.history.matched_after(pattern, self.sent?.queued),
            Predicate::Some(pattern) => self.history.matched(pattern).first.map(|(_, id)| id),
            Predicate::Before(_, then) => self.history.matched(then).first.map(|(_, id)| id),
            _ => None,
        }
    }
}

/// An event that has not been, in words where there are some.
fn of_pattern(goal: &Predicate) -> Option<Phrase> {
    let (Predicate::Some(pattern) | Predicate::After(pattern, _)) = goal else { return None };
    let value = |name: &str| values(pattern, name).map(|values| values.join(", "));
    match &*pattern.event {
        "LeaderElected" if value("reason").as_deref() == Some("LeaderDied") => {
            Some(Phrase::new("lesson-missing-election").with("partition", value("partition")?))
        }
        "MessageSent" if value("response").as_deref() == Some("true") => {
            Some(Phrase::new("lesson-missing-refusal").with("codes", value("error")?))
        }
        _ => None,
    }
}

fn values<'p>(pattern: &'p Pattern, name: &str) -> Option<Vec<&'p str>> {
    let (_, values) = pattern.fields.iter().find(|(field, _)| &**field == name)?;
    Some(values.iter().map(|value| &**value).collect())
}

/// What a question asks the world when the task ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskExpr {
    /// `offset(m)`, `t-0.hw`, …: a number; −1 is "none".
    Number(Quantity),
    /// `t-0.leader`.
    Leader(TopicPartition),
}

/// A prediction or its truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// An offset, or another number.
    Offset(Offset),
    /// A broker.
    Broker(BrokerId),
}

/// A question about the future: `ask reported := offset(m) of -1 0 1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Its name, under which the prose has its words.
    pub id: String,
    /// How the world answers it.
    pub expr: AskExpr,
    /// What may be tapped.
    pub choices: Vec<Answer>,
}

impl Ask {
    /// Cuts a question into its name and one predicate a choice, `offset(m) = -1`, for the scenario's
    /// parser; `None` when it is not of the form above.
    #[must_use]
    pub fn predicates(text: &str) -> Option<(&str, Vec<String>)> {
        let (id, rest) = text.split_once(":=")?;
        let (expr, choices) = rest.rsplit_once(" of ")?;
        let choices =
            choices.split_whitespace().map(|choice| format!("{} = {choice}", expr.trim()));
        Some((id.trim(), choices.collect()))
    }

    /// The question of that name that has these predicates as its choices; `None` when they are about
    /// different things, or about what cannot be asked.
    #[must_use]
    pub fn of(id: &str, choices: &[Predicate]) -> Option<Ask> {
        let cut = |predicate: &Predicate| match predicate {
            Predicate::Number(quantity, Compare::Is, number) => {
                Some((AskExpr::Number(quantity.clone()), Answer::Offset(Offset(*number))))
            }
            Predicate::Leader(partition, Some(leader)) => {
                Some((AskExpr::Leader(partition.clone()), Answer::Broker(*leader)))
            }
            _ => None,
        };
        let cut: Vec<(AskExpr, Answer)> = choices.iter().map(cut).collect::<Option<_>>()?;
        let (expr, _) = cut.first()?.clone();
        let is_one = cut.iter().all(|(other, _)| *other == expr);
        let choices = cut.into_iter().map(|(_, answer)| answer).collect();
        is_one.then(|| Ask { id: id.to_owned(), expr, choices })
    }

    /// What the world answers, of the record that meets the task's conditions best; `None` while it
    /// has no answer.
    #[must_use]
    pub fn truth(&self, goals: &[Predicate], world: &World, history: &History) -> Option<Answer> {
        let record = judge_best(goals, world, history).map(|(sent, _)| (RECORD, sent));
        match &self.expr {
            AskExpr::Number(quantity) => {
                let number = judge::number(quantity, world, history, record)?;
                Some(Answer::Offset(Offset(number)))
            }
            AskExpr::Leader(id) => {
                let view = project::cluster(world);
                let mut partitions = view.topics.iter().flat_map(|topic| &topic.partitions);
                let found = partitions.find(|found| found.partition == *id)?;
                found.leader.map(Answer::Broker)
            }
        }
    }
}

#[cfg(test)]
mod tests;
