//! Expectations about single records and what else is asked with brackets: `acked(m)`,
//! `result(m) = acked(-1)`, `app.seen(m)`, `majority(t-0) >= 2`, `file(b1, t-0/*)`.

use crate::engine::command::Acks;
use crate::engine::ids::{Offset, Text};
use crate::scenario::error::Wanted;
use crate::scenario::predicate::readings::Reading;
use crate::scenario::predicate::sends::Told;
use crate::scenario::predicate::{Predicate, Quantity, RecordQuestion};

use super::Reader;
use super::expect::{Known, number_of};
use super::lexical::{Input, Parsed, expected, here, sign, word};

/// First words of these predicates.
pub(super) const RECORD_WORDS: &[&str] = &[
    "acks", "acked", "result", "settled", "lost", "copies", "offset", "majority", "backlog", "file",
];

impl Reader {
    /// What follows one of [`RECORD_WORDS`].
    pub(super) fn of_record(&mut self, input: &mut Input<'_>, first: &str) -> Parsed<Predicate> {
        match first {
            "majority" => {
                sign(input, '(')?;
                let partition = self.partition(input)?;
                sign(input, ')')?;
                return number_of(input, Quantity::Majority(partition));
            }
            "file" => {
                sign(input, '(')?;
                let broker = self.known_broker(input)?;
                sign(input, ',')?;
                let path = word(input, Wanted::Word)?;
                sign(input, ')')?;
                return Ok(Predicate::File(broker, path));
            }
            _ => {}
        }
        sign(input, '(')?;
        let at = here(input);
        let name = word(input, Wanted::Value)?;
        sign(input, ')')?;
        let question = match first {
            "copies" => return number_of(input, Quantity::Copies(name)),
            "offset" => return number_of(input, Quantity::Offset(name)),
            "backlog" => {
                self.know(Known::Client, &name, at);
                return number_of(input, Quantity::Backlog(name));
            }
            "acks" => {
                sign(input, '=')?;
                RecordQuestion::Acks(match &*self.one_of(input, "0|1|all")? {
                    "0" => Acks::None,
                    "1" => Acks::Leader,
                    _ => Acks::All,
                })
            }
            "result" => {
                sign(input, '=')?;
                RecordQuestion::Result(self.told(input)?)
            }
            "acked" => RecordQuestion::Acked,
            "settled" => RecordQuestion::Settled,
            _ => RecordQuestion::Lost,
        };
        Ok(Predicate::Record(name, question))
    }

    /// `acked(-1)`, `failed(7)`, `none`.
    fn told(&mut self, input: &mut Input<'_>) -> Parsed<Told> {
        let told = self.one_of(input, "acked|failed|none")?;
        if &*told == "none" {
            return Ok(Told::Nothing);
        }
        sign(input, '(')?;
        let start = *input;
        let number = word(input, Wanted::Number)?;
        let told = match &*told {
            "acked" => number.parse().ok().map(|offset| Told::Acked(Offset(offset))),
            _ => number.parse().ok().map(Told::Failed),
        };
        let told = told.ok_or_else(|| expected(&start, Wanted::Number))?;
        sign(input, ')')?;
        Ok(told)
    }

    /// What follows `app.seen` and `app.done`.
    pub(super) fn reading(
        &mut self,
        input: &mut Input<'_>,
        app: &str,
        reading: Reading,
        at: usize,
    ) -> Parsed<Predicate> {
        self.know(Known::Client, app, at);
        sign(input, '(')?;
        let record: Text = word(input, Wanted::Value)?;
        sign(input, ')')?;
        Ok(Predicate::Read(app.into(), reading, record))
    }
}
