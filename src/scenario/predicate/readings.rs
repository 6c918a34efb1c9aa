//! Which offsets each consumer's application was given and is done with, as ranges: what `app.seen(m)`,
//! `app.done(m)` and `backlog(app)` ask about.

use std::collections::BTreeMap;

use crate::engine::event::{Event, EventKind};
use crate::engine::ids::{ClientId, NodeId, Offset, TopicPartition};

/// Offsets of one partition, each once: first and last of every run.
#[derive(Clone, Debug, Default)]
struct Runs(BTreeMap<Offset, Offset>);

impl Runs {
    /// Adds a run, and joins it with those that it touches.
    fn add(&mut self, first: Offset, last: Offset) {
        let (mut from, mut to) = (first, last);
        while let Some((start, end)) = self.touching(from, to) {
            self.0.remove(&start);
            (from, to) = (from.min(start), to.max(end));
        }
        self.0.insert(from, to);
    }

    fn touching(&self, from: Offset, to: Offset) -> Option<(Offset, Offset)> {
        let (start, end) = self.0.range(..=to.plus(1)).next_back()?;
        (end.plus(1) >= from).then_some((*start, *end))
    }

    fn holds(&self, offset: Offset) -> bool {
        self.0.range(..=offset).next_back().is_some_and(|(_, last)| *last >= offset)
    }

    fn count(&self) -> i64 {
        self.0.iter().map(|(first, last)| last.0 - first.0 + 1).sum()
    }
}

type Kept = BTreeMap<(ClientId, TopicPartition), Runs>;

/// What consumers read so far.
#[derive(Clone, Debug, Default)]
pub struct Readings {
    given: Kept,
    done: Kept,
}

/// How far an application is with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// It was given the record.
    Seen,
    /// It is done with the record.
    Done,
}

impl Readings {
    pub(super) fn observe(&mut self, event: &Event) {
        let Some(client) = event.node.and_then(NodeId::client) else { return };
        let (kept, partition, first, last) = match &event.kind {
            EventKind::RecordsDelivered { partition, first, last, .. } => {
                (&mut self.given, partition, first, last)
            }
            EventKind::RecordsProcessed { partition, first, last } => {
                (&mut self.done, partition, first, last)
            }
            _ => return,
        };
        kept.entry((client, partition.clone())).or_default().add(*first, *last);
    }

    /// Whether an offset is among what a client read.
    #[must_use]
    pub fn holds(
        &self,
        reading: Reading,
        client: ClientId,
        partition: &TopicPartition,
        offset: Offset,
    ) -> bool {
        let kept = self.kept(reading).get(&(client, partition.clone()));
        kept.is_some_and(|runs| runs.holds(offset))
    }

    /// The partitions of which a client was given anything.
    pub fn partitions(&self, client: ClientId) -> impl Iterator<Item = &TopicPartition> {
        self.given.keys().filter(move |(id, _)| *id == client).map(|(_, partition)| partition)
    }

    /// How many offsets of a partition a client is done with, each counted once.
    #[must_use]
    pub fn done(&self, client: ClientId, partition: &TopicPartition) -> i64 {
        self.done.get(&(client, partition.clone())).map_or(0, Runs::count)
    }

    fn kept(&self, reading: Reading) -> &Kept {
        match reading {
            Reading::Seen => &self.given,
            Reading::Done => &self.done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_that_are_read_twice_count_once() {
        let mut runs = Runs::default();
        for (first, last) in [(0, 4), (10, 12), (3, 7), (8, 9)] {
            runs.add(Offset(first), Offset(last));
        }
        assert_eq!(runs.0.len(), 1, "{runs:?}");
        assert_eq!(runs.count(), 13);
        assert!(runs.holds(Offset(9)) && !runs.holds(Offset(13)));
    }
}
