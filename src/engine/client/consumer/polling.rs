//! `poll`: what was fetched waits here until the application asks for it (`FetchBuffer`,
//! `FetchCollector`), `max.poll.records` at a time. A member of a group reads so.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::engine::event::EventKind;
use crate::engine::ids::{LeaderEpoch, Offset, Text, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::record::batch::batches;
use crate::engine::record::reader::{records, uncompressed};
use crate::engine::record::sound::is_sound;

use super::delivery::{Damage, corrupt};
use super::fetcher::Consumer;
use super::isolation::Aborted;
use super::membership::{Membership, Signal, Stage};

/// A record that the application got from `poll`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Polled {
    /// Of which partition.
    pub partition: TopicPartition,
    /// Its offset.
    pub offset: Offset,
    /// The batch that holds it, uncompressed.
    pub batch: Bytes,
}

impl Polled {
    /// Its value, without padding. It is looked for in the batch: few records are ever shown.
    #[must_use]
    pub fn value(&self) -> Text {
        let found = records(&self.batch).flatten().find(|record| record.offset == self.offset);
        let value = found.and_then(|record| record.value).unwrap_or_default();
        String::from_utf8_lossy(value).trim_end().into()
    }
}

/// What one fetch brought of a partition, and was not polled yet.
#[derive(Clone, Debug)]
pub struct Buffered {
    pub(super) partition: TopicPartition,
    /// Each with the batch that holds it.
    records: VecDeque<(Offset, Bytes)>,
    /// The position when all of them are polled.
    end: Offset,
    /// Reign of the last of them.
    epoch: LeaderEpoch,
}

impl Buffered {
    /// Records in it.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.records.len()).unwrap_or(u32::MAX)
    }
}

impl Consumer {
    /// What the application gets now, `most` records at once; nothing when it has to wait. While it waits,
    /// it is in `poll`.
    pub fn poll(&mut self, ctx: &mut Ctx<'_>, most: u32) -> Vec<Polled> {
        self.polling = true;
        self.run(ctx);
        // A rebalance comes first, as far as it has to give something up.
        let gives_up = |member: &Membership| member.rejoin_needed && member.stage == Stage::Stable;
        if self.failed || self.membership.as_deref().is_some_and(gives_up) {
            return Vec::new();
        }
        let polled = self.take_buffered(ctx, most);
        if !polled.is_empty() {
            self.polling = false;
            // What is polled makes room: its partitions are fetched on while the application works.
            self.run(ctx);
        }
        polled
    }

    /// What the application is to be told since the last call.
    pub fn take_signals(&mut self) -> Vec<Signal> {
        self.membership.as_mut().map_or_else(Vec::new, |m| std::mem::take(&mut m.signals))
    }

    fn take_buffered(&mut self, ctx: &mut Ctx<'_>, most: u32) -> Vec<Polled> {
        let mut polled: Vec<Polled> = Vec::new();
        let room = |polled: &Vec<Polled>| u32::try_from(polled.len()).is_ok_and(|n| n < most);
        while room(&polled) {
            let Some(index) = self.buffer.iter().position(|held| !self.is_paused(&held.partition))
            else {
                break;
            };
            let Some(mut held) = self.buffer.remove(index) else { break };
            let partition = held.partition.clone();
            let begin = polled.len();
            while room(&polled)
                && let Some((offset, batch)) = held.records.pop_front()
            {
                polled.push(Polled { partition: partition.clone(), offset, batch });
            }
            let next = match held.records.front() {
                Some(_) => polled.last().map_or(held.end, |last| last.offset.plus(1)),
                None => held.end,
            };
            if let Some(followed) = self.partitions.get_mut(&partition) {
                followed.go(next, held.epoch);
            }
            let run = &polled[begin..];
            if let (Some(first), Some(last)) = (run.first(), run.last()) {
                let (first, last) = (first.offset, last.offset);
                let count = u32::try_from(run.len()).unwrap_or(u32::MAX);
                ctx.emit(EventKind::RecordsDelivered { partition, first, last, count });
            }
            if !held.records.is_empty() {
                self.buffer.insert(index, held);
            }
        }
        polled
    }

    /// The application has not worked on all that was fetched, and goes back to what it left
    /// (`ConsoleConsumer.resetUnconsumedOffsets`): a position that was sought has no epoch.
    pub fn seek_unconsumed(&mut self) {
        for held in self.buffer.iter().filter(|held| !held.records.is_empty()) {
            if let Some(followed) = self.partitions.get_mut(&held.partition)
                && let Some(position) = followed.offset()
            {
                followed.go(position, LeaderEpoch::NONE);
            }
        }
    }

    fn is_paused(&self, partition: &TopicPartition) -> bool {
        self.partitions.get(partition).is_some_and(|followed| followed.paused)
    }

    /// Whether a partition has something that was not polled yet: then it is not fetched.
    pub(super) fn is_buffered(&self, partition: &TopicPartition) -> bool {
        self.buffer.iter().any(|held| held.partition == *partition)
    }

    /// A fetch from the position brought this.
    pub(super) fn hold(
        &mut self,
        ctx: &mut Ctx<'_>,
        partition: &TopicPartition,
        from: Offset,
        fetched: &Bytes,
        aborted: &mut Aborted,
    ) {
        if self.is_buffered(partition) {
            return;
        }
        let (records_held, epoch) = (VecDeque::new(), LeaderEpoch::NONE);
        let partition = partition.clone();
        let mut held = Buffered { partition, records: records_held, end: from, epoch };
        for (header, bytes) in batches(fetched) {
            if !is_sound(&bytes) {
                return self.throw(ctx, &corrupt(&held.partition, header.base_offset, Damage::Crc));
            }
            let Ok(plain) = uncompressed(&bytes) else {
                return self
                    .throw(ctx, &corrupt(&held.partition, header.base_offset, Damage::Unreadable));
            };
            if header.next_offset() <= from {
                continue;
            }
            held.end = header.next_offset();
            held.epoch = header.leader_epoch;
            if aborted.hides(&header, &plain) {
                continue;
            }
            for record in records(&plain).flatten().filter(|record| record.offset >= from) {
                held.records.push_back((record.offset, plain.clone()));
            }
        }
        match held.records.is_empty() {
            false => self.buffer.push_back(held),
            true => {
                if let Some(followed) = self.partitions.get_mut(&held.partition) {
                    followed.go(held.end, held.epoch.max(followed.epoch));
                }
            }
        }
    }

    /// The library throws: the application ends.
    pub(super) fn throw(&mut self, ctx: &mut Ctx<'_>, words: &str) {
        self.failed = true;
        match self.catches {
            true => self.thrown = Some(words.into()),
            false => ctx.fail(words.into()),
        }
    }

    /// What it threw since the last call, for an application that catches.
    pub fn take_thrown(&mut self) -> Option<Text> {
        self.thrown.take()
    }
}
