//! What consumers are told: `seek app t-0 42`, `seek app t-0 beginning`, `pause app t-0 t-1`, `resume app t-0`.

use crate::engine::command::{Command, ConsumerCommand, SeekPlace};
use crate::scenario::error::Wanted;

use super::Reader;
use super::admin::partition;
use super::lexical::{Input, Parsed, end_of_line, expected, gap, number, word};

/// `pause app t-0 t-1`, or nothing, when the statement is about a host.
pub(super) fn partitions(input: &mut Input<'_>, verb: &str) -> Parsed<Option<Command>> {
    let start = *input;
    let mut ahead = *input;
    gap(&mut ahead, Wanted::Host)?;
    let name = word(&mut ahead, Wanted::Host)?;
    let mut partitions = Vec::new();
    while end_of_line(&mut ahead.clone()).is_err() {
        gap(&mut ahead, Wanted::Partition)?;
        partitions.push(partition(&mut ahead)?);
    }
    if partitions.is_empty() {
        *input = start;
        return Ok(None);
    }
    *input = ahead;
    let command = match verb {
        "pause" => ConsumerCommand::Pause { partitions },
        _ => ConsumerCommand::Resume { partitions },
    };
    Ok(Some(Command::Consumer { name, command }))
}

impl Reader {
    /// `seek app t-0 42`, `seek app t-0 beginning`, `… end`, `… time 1700000000000`.
    pub(super) fn seek(&mut self, input: &mut Input<'_>) -> Parsed<Command> {
        let name = self.a_client(input)?;
        gap(input, Wanted::Partition)?;
        let partition = partition(input)?;
        gap(input, PLACES)?;
        let start = *input;
        let to = match &*word(input, PLACES)? {
            "beginning" => SeekPlace::Beginning,
            "end" => SeekPlace::End,
            "time" => {
                gap(input, Wanted::Number)?;
                SeekPlace::Time(at_most_i64(input)?)
            }
            digits if digits.bytes().all(|b| b.is_ascii_digit()) => {
                *input = start;
                SeekPlace::Offset(at_most_i64(input)?)
            }
            _ => return Err(expected(&start, PLACES)),
        };
        Ok(Command::Consumer { name, command: ConsumerCommand::Seek { partition, to } })
    }
}

const PLACES: Wanted = Wanted::Keyword("42, beginning, end, time 1700000000000");

fn at_most_i64(input: &mut Input<'_>) -> Parsed<i64> {
    let found = number(input, Wanted::Number, 0, i64::MAX.unsigned_abs())?;
    Ok(i64::try_from(found).unwrap_or(i64::MAX))
}
