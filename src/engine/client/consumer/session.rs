//! Incremental fetch sessions, consumer's side (KIP-227; `FetchSessionHandler`): one per leader. What a
//! leader's session has already is not told again, and an answer without a partition means no news.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;

use crate::engine::ids::{LeaderEpoch, Offset, TopicPartition};

/// What a fetch asks of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want {
    /// From where.
    pub offset: Offset,
    /// The reign that the consumer knows.
    pub leader_epoch: LeaderEpoch,
    /// Most bytes.
    pub max_bytes: i32,
}

/// The session with one leader.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// Number and epoch that the next request carries; zeros open one.
    next: (i32, i32),
    /// What the leader's session has, as asked last.
    told: BTreeMap<TopicPartition, Want>,
}

/// What the next request says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Number and epoch of the session.
    pub session: (i32, i32),
    /// Partitions asked anew.
    pub listed: Vec<(TopicPartition, Want)>,
    /// Partitions that leave the session.
    pub forgotten: Vec<TopicPartition>,
}

impl Session {
    /// The next request, given all that is wanted from this leader.
    pub fn plan(&mut self, wanted: &BTreeMap<TopicPartition, Want>) -> Plan {
        let is_full = self.next.1 == 0;
        let before = std::mem::replace(&mut self.told, wanted.clone());
        let news = |id: &TopicPartition, want: &Want| is_full || before.get(id) != Some(want);
        let listed = wanted.iter().filter(|(id, want)| news(id, want));
        let gone = before.keys().filter(|id| !is_full && !wanted.contains_key(id));
        Plan {
            session: self.next,
            listed: listed.map(|(id, want)| (id.clone(), *want)).collect(),
            forgotten: gone.cloned().collect(),
        }
    }

    /// An answer came, with this error and session number. Returns whether it may be used: after an
    /// error of the session it holds nothing, and the next request opens a new one.
    pub fn answered(&mut self, error: i16, session: i32) -> bool {
        match ResponseError::try_from_code(error) {
            None => {
                self.next = match (session, self.next.1) {
                    (0, _) => (0, 0),
                    (id, epoch) => (id, epoch.checked_add(1).unwrap_or(1)),
                };
                true
            }
            Some(ResponseError::FetchSessionIdNotFound) => {
                self.next = (0, 0);
                false
            }
            Some(_) => {
                self.lost();
                false
            }
        }
    }

    /// Number and epoch of the next request.
    #[must_use]
    pub fn number(&self) -> (i32, i32) {
        self.next
    }

    /// Partitions in it.
    #[must_use]
    pub fn size(&self) -> u32 {
        u32::try_from(self.told.len()).unwrap_or(u32::MAX)
    }

    /// No answer will come: the next request closes the session, if it is there, and opens another.
    pub fn lost(&mut self) {
        self.next.1 = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ids::{PartitionId, TopicName};

    fn of(partition: i32) -> TopicPartition {
        TopicPartition::new(&TopicName::new("t"), PartitionId(partition))
    }

    fn wanted(offsets: &[(i32, i64)]) -> BTreeMap<TopicPartition, Want> {
        let want =
            |offset| Want { offset: Offset(offset), leader_epoch: LeaderEpoch(0), max_bytes: 9 };
        let mut all = BTreeMap::new();
        for (partition, offset) in offsets {
            all.insert(of(*partition), want(*offset));
        }
        all
    }

    fn listed(plan: &Plan) -> Vec<i32> {
        plan.listed.iter().map(|(id, _)| id.partition.0).collect()
    }

    #[test]
    fn only_what_changed_is_told_again() {
        let mut session = Session::default();
        let plan = session.plan(&wanted(&[(0, 0), (1, 0)]));
        assert_eq!((plan.session, listed(&plan)), ((0, 0), vec![0, 1]));
        assert!(session.answered(0, 7));
        let plan = session.plan(&wanted(&[(0, 5), (1, 0)]));
        assert_eq!((plan.session, listed(&plan)), ((7, 1), vec![0]));
        assert!(session.answered(0, 7));
        let plan = session.plan(&wanted(&[(0, 5), (2, 0)]));
        assert_eq!((plan.session, listed(&plan)), ((7, 2), vec![2]));
        assert_eq!(plan.forgotten, [of(1)]);
    }

    #[test]
    fn a_session_that_the_leader_does_not_know_or_keep_is_opened_anew() {
        let mut session = Session::default();
        let all = wanted(&[(0, 0)]);
        session.plan(&all);
        assert!(session.answered(0, 7));
        session.plan(&all);
        assert!(!session.answered(ResponseError::FetchSessionIdNotFound.code(), 0));
        let plan = session.plan(&all);
        assert_eq!((plan.session, listed(&plan)), ((0, 0), vec![0]));
        assert!(session.answered(0, 0));
        assert_eq!(session.plan(&all).session, (0, 0));
    }

    #[test]
    fn a_request_after_a_lost_one_closes_the_session() {
        let mut session = Session::default();
        let all = wanted(&[(0, 0)]);
        session.plan(&all);
        assert!(session.answered(0, 7));
        session.lost();
        let plan = session.plan(&all);
        assert_eq!((plan.session, listed(&plan)), ((7, 0), vec![0]));
    }
}
