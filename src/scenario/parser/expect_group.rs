//! Expectations about groups: `billing.state = Stable`, `billing.assign(c1) = t-0>t-1`,
//! `billing.lag(t-0) = 0`.

use crate::engine::event::GroupState;
use crate::engine::ids::Text;
use crate::scenario::error::{Problem, Wanted};
use crate::scenario::predicate::{GroupQuestion, Predicate, Quantity};
use crate::scenario::suggest::nearest;

use super::Reader;
use super::expect::{Known, list, number_of};
use super::lexical::{Fail, Input, Parsed, here, sign, word};

/// What stands behind the last dot of `billing.state`.
pub(super) const GROUP_FIELDS: &[&str] =
    &["state", "gen", "members", "coord", "assign", "committed", "lag"];

/// Every state, by Kafka's name; `none` when there is no such group.
const STATES: [&str; 6] = [
    GroupState::Empty.name(),
    GroupState::PreparingRebalance.name(),
    GroupState::CompletingRebalance.name(),
    GroupState::Stable.name(),
    GroupState::Dead.name(),
    "none",
];

impl Reader {
    /// What follows `billing.FIELD`.
    pub(super) fn of_group(
        &mut self,
        input: &mut Input<'_>,
        name: &str,
        field: &str,
        at: usize,
    ) -> Parsed<Predicate> {
        self.know(Known::Group, name, at);
        let group: Text = name.into();
        match field {
            "gen" => number_of(input, Quantity::Generation(group)),
            "members" => number_of(input, Quantity::Members(group)),
            "committed" | "lag" => {
                sign(input, '(')?;
                let partition = self.partition(input)?;
                sign(input, ')')?;
                let quantity = match field {
                    "lag" => Quantity::Lag(group, partition),
                    _ => Quantity::Committed(group, partition),
                };
                number_of(input, quantity)
            }
            "assign" => {
                sign(input, '(')?;
                let start = here(input);
                let member = word(input, Wanted::Client)?;
                self.know(Known::Client, &member, start);
                sign(input, ')')?;
                sign(input, '=')?;
                let partitions = list(input, |input| self.partition(input))?;
                Ok(Predicate::Group(group, GroupQuestion::Assignment(member, partitions)))
            }
            "coord" => {
                sign(input, '=')?;
                let coordinator = self.broker_or_none(input)?;
                Ok(Predicate::Group(group, GroupQuestion::Coordinator(coordinator)))
            }
            _ => {
                sign(input, '=')?;
                Ok(Predicate::Group(group, GroupQuestion::State(state(input)?)))
            }
        }
    }
}

fn state(input: &mut Input<'_>) -> Parsed<Text> {
    let start = here(input);
    let found = word(input, Wanted::Value)?;
    if STATES.contains(&&*found) {
        return Ok(found);
    }
    let suggestion = nearest(&found, STATES.iter().copied());
    let problem = Problem::Unknown { kind: Wanted::Value, found };
    Err(Fail { offset: start, problem, suggestion })
}
