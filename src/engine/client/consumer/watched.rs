//! What somebody who watches a member of a group may read of it. Nothing here changes anything.

use crate::engine::ids::{BrokerId, Offset, TopicPartition};
use crate::engine::time::Micros;

use super::fetcher::Consumer;
use super::membership::{Membership, Stage};
use super::polling::Buffered;
use super::session::Session;
use super::subscription::{Followed, Position};

/// What a member does about its group now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MemberPhase {
    /// It looks for its coordinator.
    #[default]
    Searching,
    /// It should join, but its application works and does not poll.
    Working,
    /// It is about to join: commits its positions and gives up what it has to.
    Revoking,
    /// Its JoinGroup is on its way, or is held by the coordinator.
    Joining,
    /// Its SyncGroup is on its way, or is held.
    Syncing,
    /// It has its part, which may be nothing.
    Stable,
}

/// A partition that a consumer reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedPartition {
    /// Which.
    pub partition: TopicPartition,
    /// The next offset that its application gets; `None` while that is being asked for.
    pub position: Option<Offset>,
    /// Records that were fetched and not polled yet.
    pub buffered: u32,
    /// Whether the application has paused it.
    pub paused: bool,
}

impl Consumer {
    /// The partitions that it reads.
    #[must_use]
    pub fn watched(&self) -> Vec<WatchedPartition> {
        let view = |(partition, followed): (&TopicPartition, &Followed)| {
            let held = self.buffer.iter().filter(|held| held.partition == *partition);
            WatchedPartition {
                partition: partition.clone(),
                position: match followed.position {
                    Position::At(offset) | Position::Validating(offset) => Some(offset),
                    Position::Committed | Position::Resetting(..) => None,
                },
                buffered: held.map(Buffered::count).sum(),
                paused: followed.paused,
            }
        };
        self.partitions.iter().map(view).collect()
    }

    /// What it does about its group now; nothing without one.
    #[must_use]
    pub fn member_phase(&self) -> MemberPhase {
        self.membership().map_or(MemberPhase::default(), |member| member.phase(self.polling))
    }

    /// Fetch sessions: with whom, their number and the epoch of the next request, partitions in them,
    /// and whether a fetch is under way.
    #[must_use]
    pub fn fetch_sessions(&self) -> Vec<(BrokerId, i32, i32, u32, bool)> {
        let view = |(broker, session): (&BrokerId, &Session)| {
            let (id, epoch) = session.number();
            (*broker, id, epoch, session.size(), self.is_fetching(*broker))
        };
        self.open_sessions().map(view).collect()
    }
}

impl Membership {
    /// What it does about its group now, while its application is in `poll` or is not.
    #[must_use]
    fn phase(&self, polling: bool) -> MemberPhase {
        match self.stage {
            Stage::Joining => MemberPhase::Joining,
            Stage::Syncing => MemberPhase::Syncing,
            Stage::Stable if !self.rejoin_needed => MemberPhase::Stable,
            Stage::Unjoined if self.coordinator.is_none() => MemberPhase::Searching,
            Stage::Stable | Stage::Unjoined if !polling => MemberPhase::Working,
            Stage::Stable | Stage::Unjoined => MemberPhase::Revoking,
        }
    }

    /// The broker that coordinates its group, as far as it knows.
    #[must_use]
    pub fn coordinator(&self) -> Option<BrokerId> {
        self.coordinator
    }

    /// When its next heartbeat is due; `None` while it sends none.
    #[must_use]
    pub fn next_heartbeat(&self) -> Option<Micros> {
        Some(self.next_heartbeat.at).filter(|at| *at < Micros::MAX)
    }

    /// When it commits by itself next; `None` when it does not.
    #[must_use]
    pub fn next_auto_commit(&self) -> Option<Micros> {
        let at = self.config.auto_commit.map(|_| self.next_commit.at);
        at.filter(|at| *at < Micros::MAX)
    }
}
