//! The replicas on a broker, by partition, and how often any of them may have changed: what walks all
//! of them from time to time need not do so again while nothing has.

use std::borrow::Borrow;
use std::ops::Deref;

use crate::engine::ids::TopicPartition;
use crate::engine::persistent::OrdMap;
use crate::engine::replication::partition::Partition;

/// A map of replicas. Reading goes to the map itself; every way to change one is here, and counts.
#[derive(Clone, Debug)]
pub(super) struct Replicas {
    all: OrdMap<TopicPartition, Partition>,
    changes: u64,
    members: u64,
}

impl Replicas {
    pub(super) fn new() -> Replicas {
        Replicas { all: OrdMap::new(), changes: 0, members: 0 }
    }

    /// A number that rises whenever a replica has come or gone.
    pub(super) fn members(&self) -> u64 {
        self.members
    }

    /// A number that rises whenever a replica may have changed, come or gone.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    pub(super) fn get_mut<Q: Ord + ?Sized>(&mut self, id: &Q) -> Option<&mut Partition>
    where
        TopicPartition: Borrow<Q>,
    {
        self.changes += 1;
        self.all.get_mut(id)
    }

    pub(super) fn insert(&mut self, id: TopicPartition, partition: Partition) {
        self.changes += 1;
        self.members += 1;
        self.all.insert(id, partition);
    }

    pub(super) fn remove(&mut self, id: &TopicPartition) -> Option<Partition> {
        self.changes += 1;
        self.members += 1;
        self.all.remove(id)
    }
}

/// What a look at every replica found: nothing to do until a time, while none of them changes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rest(Option<(u64, i64)>);

impl Rest {
    /// The least of the replicas' own times, each the last at which it needs nothing (wall clock, ms).
    pub(super) fn of(replicas: &Replicas, needs_nothing_until: impl Fn(&Partition) -> i64) -> Rest {
        let until = replicas.values().map(needs_nothing_until).min().unwrap_or(i64::MAX);
        Rest(Some((replicas.changes, until)))
    }

    /// Whether there is still nothing to do.
    pub(super) fn goes_on(self, replicas: &Replicas, wall_ms: i64) -> bool {
        self.0.is_some_and(|(changes, until)| changes == replicas.changes && wall_ms <= until)
    }
}

impl Deref for Replicas {
    type Target = OrdMap<TopicPartition, Partition>;

    fn deref(&self) -> &OrdMap<TopicPartition, Partition> {
        &self.all
    }
}
