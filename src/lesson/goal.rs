//! Conditions of a task and questions about it, evaluated on a world and its history.
//!
//! Written in lesson files in the curriculum's spelling, one condition a line: `acks(m)=0`,
//! `result(m)=acked(-1)`, `copies(m)=0`, `lost(m)`, `not acked(m)`, `some CleanElection`,
//! `some ProduceResponse{7|19|20}`. `m` is one record that the student's application sent: a task is
//! met when some record satisfies all of its conditions at one moment.
//!
//! `copies(m)` counts the record's value in the current leader's log, and is known only when a leader
//! exists and no request that may carry `m` is still on its way. `lost(m)`: acked, and no copy.

use serde::{Deserialize, Serialize};

use crate::engine::command::Acks;
use crate::engine::ids::{BrokerId, EventId, NodeId, Offset};
use crate::engine::protocol::Api;
use crate::engine::sim::world::World;
use crate::i18n::Phrase;
use crate::lesson::history::{History, Send, Told};
use crate::view::project;

/// Records of a log that `copies` reads at most.
const RECORDS_MAX: u32 = 100_000;

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    /// `acks(m)=1`: the producer's `acks` when it took the record.
    Acks(Acks),
    /// `result(m)=acked(-1)`: the application was told success with this offset.
    Result(Offset),
    /// `copies(m)=0`.
    Copies(u64),
    /// `lost(m)`.
    Lost,
    /// `not acked(m)`.
    NotAcked,
    /// `some CleanElection`: of the record's partition, after its sending.
    CleanElection,
    /// `some ProduceResponse{7|19|20}`: to the record's producer, after its sending.
    ProduceResponse(Vec<i16>),
}

impl Goal {
    /// Reads a condition; `None` when it is none of those above.
    #[must_use]
    pub fn parse(text: &str) -> Option<Goal> {
        let plain: String = text.chars().filter(|c| *c != ' ').collect();
        if let Some(codes) = plain.strip_prefix("someProduceResponse{") {
            let codes = codes.strip_suffix('}')?.split('|').map(str::parse);
            return codes.collect::<Result<Vec<i16>, _>>().ok().map(Goal::ProduceResponse);
        }
        match plain.as_str() {
            "lost(m)" => return Some(Goal::Lost),
            "notacked(m)" => return Some(Goal::NotAcked),
            "someCleanElection" => return Some(Goal::CleanElection),
            _ => {}
        }
        match plain.split_once('=')? {
            ("acks(m)", "0") => Some(Goal::Acks(Acks::None)),
            ("acks(m)", "1") => Some(Goal::Acks(Acks::Leader)),
            ("acks(m)", "all") => Some(Goal::Acks(Acks::All)),
            ("copies(m)", count) => count.parse().ok().map(Goal::Copies),
            ("result(m)", told) => {
                let offset = told.strip_prefix("acked(")?.strip_suffix(')')?;
                offset.parse().ok().map(|offset| Goal::Result(Offset(offset)))
            }
            _ => None,
        }
    }
}

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

/// Judges a task's conditions on a world as it stands, and its history.
#[must_use]
pub fn judge(goals: &[Goal], world: &World, history: &History) -> Verdict {
    judge_best(goals, world, history).map_or_else(nothing_sent, |(_, verdict)| verdict)
}

fn nothing_sent() -> Verdict {
    let missing = vec![Phrase::new("lesson-missing-send")];
    Verdict { missing, ..Verdict::default() }
}

/// The record for which most conditions hold (the newest among equals), with its verdict.
fn judge_best<'h>(
    goals: &[Goal],
    world: &World,
    history: &'h History,
) -> Option<(&'h Send, Verdict)> {
    let mut best: Option<(&Send, Verdict)> = None;
    for send in history.sends.iter().rev() {
        let facts = Facts { world, history, send };
        let missing: Vec<Phrase> = goals.iter().filter_map(|goal| facts.missing(goal)).collect();
        if best.as_ref().is_none_or(|(_, verdict)| missing.len() < verdict.missing.len()) {
            let met = missing.is_empty();
            let record = Some(send.value.to_string());
            let deciding = goals.iter().filter_map(|goal| facts.event(goal)).max();
            best = Some((send, Verdict { met, missing, record, deciding }));
        }
        if best.as_ref().is_some_and(|(_, verdict)| verdict.met) {
            break;
        }
    }
    best
}

/// One record in its world.
struct Facts<'a> {
    world: &'a World,
    history: &'a History,
    send: &'a Send,
}

/// How many copies of a record the leader has.
enum Copies {
    /// So many, in this broker's log.
    Known(u64, BrokerId),
    /// Nobody leads.
    NoLeader,
    /// A request that may carry the record is on its way.
    OnTheWay,
}

impl Facts<'_> {
    /// `None` when the condition holds; else what is missing.
    fn missing(&self, goal: &Goal) -> Option<Phrase> {
        let holds = match goal {
            Goal::Acks(acks) => self.send.acks == *acks,
            Goal::Result(offset) => self.send.told == Told::Acked(*offset),
            Goal::Copies(count) => return self.missing_copies(*count),
            Goal::Lost if self.is_acked() => return self.missing_copies(0),
            Goal::Lost => false,
            Goal::NotAcked => !self.is_acked(),
            Goal::CleanElection => self.event(goal).is_some(),
            Goal::ProduceResponse(_) => self.event(goal).is_some(),
        };
        (!holds).then(|| self.phrase(goal))
    }

    fn phrase(&self, goal: &Goal) -> Phrase {
        let record = self.send.value.to_string();
        match goal {
            Goal::Acks(acks) => Phrase::new("lesson-missing-acks")
                .with("record", record)
                .with("acks", acks_text(*acks))
                .with("found", acks_text(self.send.acks)),
            Goal::Result(_) | Goal::Lost | Goal::Copies(_) => {
                Phrase::new("lesson-missing-ack").with("record", record)
            }
            Goal::NotAcked => Phrase::new("lesson-missing-no-ack").with("record", record),
            Goal::CleanElection => Phrase::new("lesson-missing-election")
                .with("partition", self.send.partition.to_string()),
            Goal::ProduceResponse(codes) => {
                let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
                Phrase::new("lesson-missing-refusal").with("codes", codes.join(", "))
            }
        }
    }

    fn missing_copies(&self, wanted: u64) -> Option<Phrase> {
        let record = self.send.value.to_string();
        match self.copies() {
            Copies::Known(count, _) if count == wanted => None,
            Copies::Known(count, leader) => Some(
                Phrase::new("lesson-missing-copies")
                    .with("record", record)
                    .with("count", count)
                    .with("leader", NodeId::Broker(leader).to_string()),
            ),
            Copies::NoLeader => Some(
                Phrase::new("lesson-missing-leader")
                    .with("partition", self.send.partition.to_string()),
            ),
            Copies::OnTheWay => {
                Some(Phrase::new("lesson-missing-on-the-way").with("record", record))
            }
        }
    }

    fn is_acked(&self) -> bool {
        matches!(self.send.told, Told::Acked(_))
    }

    fn leader(&self) -> Option<BrokerId> {
        let view = project::cluster(self.world);
        let topic = view.topics.iter().find(|topic| topic.name == self.send.partition.topic)?;
        topic.partitions.iter().find(|p| p.partition == self.send.partition)?.leader
    }

    fn copies(&self) -> Copies {
        let producer = NodeId::Client(self.send.producer);
        let on_the_way = project::messages(self.world, &[]).iter().any(|message| {
            message.from == producer && message.api == Api::Produce && !message.response
        });
        if on_the_way || self.send.told == Told::Nothing {
            return Copies::OnTheWay;
        }
        let Some(leader) = self.leader() else { return Copies::NoLeader };
        let records =
            project::records(self.world, leader, &self.send.partition, Offset(0), RECORDS_MAX);
        let same = |value: Option<&str>| value == Some(&*self.send.value);
        let count = records.iter().filter(|record| same(record.value.as_deref())).count();
        Copies::Known(count as u64, leader)
    }

    /// The event that brought a condition's fact, when it is one.
    fn event(&self, goal: &Goal) -> Option<EventId> {
        let after = |event: &EventId| *event > self.send.queued;
        match goal {
            Goal::Result(_) | Goal::Lost => self.send.told_by,
            Goal::CleanElection => {
                let elections = self.history.clean_elections.iter();
                let mut own = elections.filter(|e| e.partition == self.send.partition);
                own.find(|e| after(&e.event)).map(|e| e.event)
            }
            Goal::ProduceResponse(codes) => {
                let refusals = self.history.refusals.iter();
                let mut own = refusals.filter(|r| r.producer == self.send.producer);
                own.find(|r| after(&r.event) && codes.contains(&r.error)).map(|r| r.event)
            }
            Goal::Acks(_) | Goal::Copies(_) | Goal::NotAcked => None,
        }
    }
}

fn acks_text(acks: Acks) -> &'static str {
    match acks {
        Acks::None => "0",
        Acks::Leader => "1",
        Acks::All => "all",
    }
}

/// What a prediction is about: how the page lets it be tapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskKind {
    /// An offset; −1 is "none".
    Offset,
    /// A broker.
    Broker,
}

/// What a question asks the world when the task ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskExpr {
    /// `offset(m)`: the offset that the application was told.
    OffsetTold,
    /// `leader(m)`: the leader of the record's partition.
    Leader,
}

/// A prediction or its truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// An offset.
    Offset(Offset),
    /// A broker.
    Broker(BrokerId),
}

/// A question about the future: `ask reported offset := offset(m) of -1 0 1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Its name, under which the prose has its words.
    pub id: String,
    /// What kind of answer it has.
    pub kind: AskKind,
    /// How the world answers it.
    pub expr: AskExpr,
    /// What may be tapped.
    pub choices: Vec<Answer>,
}

impl Ask {
    /// Reads a question; `None` when it is not of the form above.
    #[must_use]
    pub fn parse(text: &str) -> Option<Ask> {
        let (head, rest) = text.split_once(":=")?;
        let (id, kind) = head.trim().split_once(' ')?;
        let (expr, choices) = rest.split_once(" of ")?;
        let kind = match kind.trim() {
            "offset" => AskKind::Offset,
            "broker" => AskKind::Broker,
            _ => return None,
        };
        let expr = match expr.trim() {
            "offset(m)" => AskExpr::OffsetTold,
            "leader(m)" => AskExpr::Leader,
            _ => return None,
        };
        let answer = |word: &str| match kind {
            AskKind::Offset => word.parse().ok().map(|offset| Answer::Offset(Offset(offset))),
            AskKind::Broker => word.parse().ok().map(|id| Answer::Broker(BrokerId(id))),
        };
        let choices = choices.split_whitespace().map(answer).collect::<Option<Vec<_>>>()?;
        Some(Ask { id: id.to_owned(), kind, expr, choices })
    }

    /// What the world answers, of the record that meets the task's conditions best; `None` while it
    /// has no answer.
    #[must_use]
    pub fn truth(&self, goals: &[Goal], world: &World, history: &History) -> Option<Answer> {
        let (send, _) = judge_best(goals, world, history)?;
        match (self.expr, send.told) {
            (AskExpr::OffsetTold, Told::Acked(offset)) => Some(Answer::Offset(offset)),
            (AskExpr::OffsetTold, _) => None,
            (AskExpr::Leader, _) => Facts { world, history, send }.leader().map(Answer::Broker),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read_in_the_curriculums_spelling() {
        assert_eq!(Goal::parse("result(m)=acked(-1)"), Some(Goal::Result(Offset(-1))));
        assert_eq!(Goal::parse("copies(m) = 2"), Some(Goal::Copies(2)));
        let refused = Goal::ProduceResponse(vec![7, 19, 20]);
        assert_eq!(Goal::parse("some ProduceResponse{7|19|20}"), Some(refused));
        assert_eq!(Goal::parse("acks(m)=2"), None, "an unknown word never passes silently");
    }

    #[test]
    fn a_question_names_its_choices() {
        let ask = Ask::parse("next broker := leader(m) of 1 2 3").expect("a question");
        assert_eq!((ask.kind, ask.expr, ask.choices.len()), (AskKind::Broker, AskExpr::Leader, 3));
        assert_eq!(Ask::parse("next broker := leader(m) of b1"), None);
    }
}
