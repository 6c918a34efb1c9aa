//! A group's committed offsets (`OffsetAndMetadata`, `CommitRecordMetadataAndOffset`, the offsets of
//! `GroupMetadata`).

use crate::engine::event::GroupState;
use crate::engine::group::metadata::{CONSUMER, Group};
use crate::engine::ids::{Offset, Text, TopicName, TopicPartition};

/// A committed offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The next offset that the group will read.
    pub offset: Offset,
    /// The reign of the last record that it read; −1 when it did not say.
    pub leader_epoch: i32,
    /// Whatever the client wrote beside it.
    pub metadata: Text,
    /// When it was committed, in ms since 1970.
    pub at_ms: i64,
    /// When it expires by the client's own wish, in ms since 1970 (requests up to version 4).
    pub expires_ms: Option<i64>,
}

/// A committed offset that is on all replicas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What was committed.
    pub committed: Committed,
    /// Where its batch begins in the log: a later one counts.
    pub base: i64,
}

impl Group {
    /// A commit is on all replicas (`onOffsetCommitAppend`). Returns whether it is the newest.
    pub fn commit_written(
        &mut self,
        partition: &TopicPartition,
        committed: &Committed,
        base: i64,
    ) -> bool {
        let Some(pending) = self.pending_commits.get(partition) else { return false };
        let is_last = pending == committed;
        let newer = self.offsets.get(partition).is_none_or(|kept| kept.base < base);
        if newer {
            let kept = Kept { committed: committed.clone(), base };
            self.offsets.insert(partition.clone(), kept);
        }
        if is_last {
            self.pending_commits.remove(partition);
        }
        newer
    }

    /// A commit could not be written (`failPendingOffsetWrite`).
    pub fn commit_failed(&mut self, partition: &TopicPartition, committed: &Committed) {
        if self.pending_commits.get(partition) == Some(committed) {
            self.pending_commits.remove(partition);
        }
    }

    /// Forgets offsets; returns those that there were (`removeOffsets`).
    pub fn remove_offsets(&mut self, partitions: &[TopicPartition]) -> Vec<TopicPartition> {
        let mut removed = Vec::new();
        for partition in partitions {
            self.pending_commits.remove(partition);
            if self.offsets.remove(partition).is_some() {
                removed.push(partition.clone());
            }
        }
        removed
    }

    /// Whether members of the group read a topic, as far as is known (`isSubscribedToTopic`).
    #[must_use]
    pub fn is_subscribed(&self, topic: &TopicName) -> bool {
        self.subscribed.as_ref().is_none_or(|topics| topics.contains(topic))
    }

    /// Offsets that nobody needs any more (`removeExpiredOffsets`, KIP-211): of an empty group, from
    /// when it became empty; of topics that a stable group does not read; of groups that only commit,
    /// each from its commit.
    #[must_use]
    pub fn expired(&self, now_ms: i64, retention_ms: i64) -> Vec<TopicPartition> {
        let none = std::collections::BTreeSet::new();
        let (since, read) = match (&self.protocol_type, self.state) {
            (Some(_), GroupState::Empty) => (self.state_since_ms, &none),
            (Some(kind), GroupState::Stable) if **kind == *CONSUMER => match &self.subscribed {
                Some(topics) => (None, topics),
                None => return Vec::new(),
            },
            (None, _) => (None, &none),
            _ => return Vec::new(),
        };
        let is_over = |kept: &Kept| match kept.committed.expires_ms {
            Some(expires) => now_ms >= expires,
            None => now_ms - since.unwrap_or(kept.committed.at_ms) >= retention_ms,
        };
        let expired = self.offsets.iter().filter(|(partition, kept)| {
            !read.contains(&partition.topic)
                && !self.pending_commits.contains_key(*partition)
                && is_over(kept)
        });
        expired.map(|(partition, _)| partition.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ids::PartitionId;

    fn partition(topic: &str) -> TopicPartition {
        TopicPartition::new(&TopicName::new(topic), PartitionId(0))
    }

    fn committed(offset: i64, at_ms: i64) -> Committed {
        let metadata = "".into();
        Committed { offset: Offset(offset), leader_epoch: -1, metadata, at_ms, expires_ms: None }
    }

    fn group() -> Group {
        let mut group = Group::new("g".into(), 1_000);
        group.offsets.insert(partition("a"), Kept { committed: committed(5, 100), base: 0 });
        group
    }

    #[test]
    fn an_older_commit_that_is_told_later_does_not_count() {
        let mut group = group();
        group.pending_commits.insert(partition("a"), committed(7, 200));
        assert!(group.commit_written(&partition("a"), &committed(7, 200), 4));
        group.pending_commits.insert(partition("a"), committed(6, 150));
        assert!(!group.commit_written(&partition("a"), &committed(6, 150), 3));
        let kept = group.offsets.get(&partition("a")).expect("it was committed");
        assert_eq!(kept.committed.offset, Offset(7));
        assert!(group.pending_commits.is_empty());
    }

    #[test]
    fn offsets_of_an_empty_group_expire_by_the_time_since_it_is_empty() {
        let mut group = group();
        group.protocol_type = Some(CONSUMER.into());
        assert!(group.expired(1_499, 500).is_empty());
        assert_eq!(group.expired(1_500, 500), [partition("a")]);
    }

    #[test]
    fn offsets_of_a_group_that_only_commits_expire_by_their_own_age() {
        let group = group();
        assert!(group.expired(599, 500).is_empty());
        assert_eq!(group.expired(600, 500), [partition("a")]);
    }

    #[test]
    fn a_stable_group_keeps_the_offsets_of_what_it_reads() {
        let mut group = group();
        group.protocol_type = Some(CONSUMER.into());
        group.state = GroupState::Stable;
        group.subscribed = Some([TopicName::new("a")].into());
        assert!(group.expired(9_000, 500).is_empty());
        group.subscribed = Some([TopicName::new("b")].into());
        assert_eq!(group.expired(9_000, 500), [partition("a")]);
    }
}
