//! `poll`: what was fetched waits here until the application asks for it (`FetchBuffer`,
//! `FetchCollector`), `max.poll.records` at a time. A member of a group reads so.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::engine::event::EventKind;
use crate::engine::ids::{Offset, PartitionId, Text, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::record::batch::{batches, verify_crc};
use crate::engine::record::reader::{records, uncompressed};

use super::delivery::{Damage, corrupt};
use super::fetcher::{Consumer, Position};
use super::membership::{Signal, Stage};

/// A record that the application got from `poll`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Polled {
    /// Of which partition of the topic.
    pub partition: PartitionId,
    /// Its offset.
    pub offset: Offset,
    /// Its value, without padding.
    pub value: Text,
}

/// What one fetch brought of a partition, and was not polled yet.
#[derive(Clone, Debug)]
pub struct Buffered {
    pub(super) partition: PartitionId,
    records: VecDeque<(Offset, Text)>,
    /// The position when all of them are polled.
    end: Offset,
}

impl Consumer {
    /// What the application gets now; nothing when it has to wait. While it waits, it is in `poll`.
    pub fn poll(&mut self, ctx: &mut Ctx<'_>) -> Vec<Polled> {
        let Some(member) = self.membership.as_mut() else { return Vec::new() };
        member.polling = true;
        self.run(ctx);
        let Some(member) = self.membership.as_mut() else { return Vec::new() };
        // A rebalance comes first, as far as it has to give something up.
        if self.failed || (member.rejoin_needed && member.stage == Stage::Stable) {
            return Vec::new();
        }
        let most = member.config.max_poll_records;
        let polled = self.take_buffered(ctx, most);
        if !polled.is_empty()
            && let Some(member) = self.membership.as_mut()
        {
            member.polling = false;
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
            let Some(mut held) = self.buffer.pop_front() else { break };
            let partition = held.partition;
            let begin = polled.len();
            while room(&polled)
                && let Some((offset, value)) = held.records.pop_front()
            {
                polled.push(Polled { partition, offset, value });
            }
            let next = match held.records.front() {
                Some(_) => polled.last().map_or(held.end, |last| last.offset.plus(1)),
                None => held.end,
            };
            if let Some(followed) = self.partitions.get_mut(&partition) {
                followed.position = Position::At(next);
            }
            let run = &polled[begin..];
            if let (Some(first), Some(last)) = (run.first(), run.last()) {
                let (first, last) = (first.offset, last.offset);
                let count = u32::try_from(run.len()).unwrap_or(u32::MAX);
                let partition = TopicPartition::new(&self.topic, partition);
                ctx.emit(EventKind::RecordsDelivered { partition, first, last, count });
            }
            if !held.records.is_empty() {
                self.buffer.push_front(held);
            }
        }
        polled
    }

    /// Whether a partition has something that was not polled yet: then it is not fetched.
    pub(super) fn is_buffered(&self, partition: PartitionId) -> bool {
        self.buffer.iter().any(|held| held.partition == partition)
    }

    /// A fetch from `from` brought this.
    pub(super) fn hold(
        &mut self,
        ctx: &mut Ctx<'_>,
        partition: PartitionId,
        from: Offset,
        fetched: &Bytes,
    ) {
        let there = self.partitions.get(&partition).map(|followed| followed.position);
        if there != Some(Position::At(from)) || self.is_buffered(partition) {
            return;
        }
        let mut held = Buffered { partition, records: VecDeque::new(), end: from };
        for (header, bytes) in batches(fetched) {
            if !verify_crc(&bytes) {
                let named = self.named(partition);
                return self.throw(ctx, &corrupt(&named, header.base_offset, Damage::Crc));
            }
            let Ok(plain) = uncompressed(&bytes) else {
                let named = self.named(partition);
                return self.throw(ctx, &corrupt(&named, header.base_offset, Damage::Unreadable));
            };
            if header.next_offset() <= from {
                continue;
            }
            held.end = header.next_offset();
            if header.is_control() {
                continue;
            }
            for record in records(&plain).flatten().filter(|record| record.offset >= from) {
                let value = String::from_utf8_lossy(record.value.unwrap_or_default());
                held.records.push_back((record.offset, value.trim_end().into()));
            }
        }
        match held.records.is_empty() {
            false => self.buffer.push_back(held),
            true => {
                if let Some(followed) = self.partitions.get_mut(&partition) {
                    followed.position = Position::At(held.end);
                }
            }
        }
    }

    /// The library throws: the application ends.
    pub(super) fn throw(&mut self, ctx: &mut Ctx<'_>, words: &str) {
        self.failed = true;
        ctx.fail(words.into());
    }
}
