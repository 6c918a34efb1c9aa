//! Requests that wait: produce for the high watermark, fetch for data (`DelayedOperationPurgatory`).
//!
//! A request is watched by its partitions and has one deadline. One timer per purgatory is armed at a
//! time, for the earliest deadline.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::ids::TopicPartition;
use crate::engine::time::Micros;

/// Waiting requests of one kind.
#[derive(Clone, Debug)]
pub struct Purgatory<T> {
    next: u64,
    waiting: BTreeMap<u64, Waiting<T>>,
    watchers: BTreeMap<TopicPartition, BTreeSet<u64>>,
    deadlines: BTreeSet<(Micros, u64)>,
    armed_for: Option<Micros>,
}

#[derive(Clone, Debug)]
struct Waiting<T> {
    request: T,
    partitions: Vec<TopicPartition>,
    deadline: Micros,
}

impl<T> Default for Purgatory<T> {
    fn default() -> Purgatory<T> {
        Purgatory {
            next: 0,
            waiting: BTreeMap::new(),
            watchers: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            armed_for: None,
        }
    }
}

impl<T> Purgatory<T> {
    /// Adds a request that its partitions watch. Returns its id, and the time for which a timer must
    /// be set when the one that is set comes too late.
    pub fn park(
        &mut self,
        request: T,
        partitions: Vec<TopicPartition>,
        deadline: Micros,
    ) -> (u64, Option<Micros>) {
        let id = self.next;
        self.next += 1;
        for partition in &partitions {
            self.watchers.entry(partition.clone()).or_default().insert(id);
        }
        self.deadlines.insert((deadline, id));
        self.waiting.insert(id, Waiting { request, partitions, deadline });
        (id, self.arm())
    }

    /// Ids of the requests that a partition watches, oldest first.
    #[must_use]
    pub fn watching(&self, partition: &TopicPartition) -> Vec<u64> {
        self.watchers.get(partition).map_or_else(Vec::new, |ids| ids.iter().copied().collect())
    }

    /// A waiting request.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<&T> {
        self.waiting.get(&id).map(|waiting| &waiting.request)
    }

    /// A waiting request.
    pub fn get_mut(&mut self, id: u64) -> Option<&mut T> {
        self.waiting.get_mut(&id).map(|waiting| &mut waiting.request)
    }

    /// Removes a request: it is answered now.
    pub fn take(&mut self, id: u64) -> Option<T> {
        let waiting = self.waiting.remove(&id)?;
        self.deadlines.remove(&(waiting.deadline, id));
        for partition in &waiting.partitions {
            if let Some(ids) = self.watchers.get_mut(partition) {
                ids.remove(&id);
                if ids.is_empty() {
                    self.watchers.remove(partition);
                }
            }
        }
        Some(waiting.request)
    }

    /// The timer fired: ids of the requests whose time is over.
    pub fn expired(&mut self, now: Micros) -> Vec<u64> {
        self.armed_for = None;
        self.deadlines.iter().take_while(|(at, _)| *at <= now).map(|(_, id)| *id).collect()
    }

    /// The time for which a timer must be set now, when none that is set will do.
    pub fn arm(&mut self) -> Option<Micros> {
        let (first, _) = *self.deadlines.first()?;
        if self.armed_for.is_some_and(|armed| armed <= first) {
            return None;
        }
        self.armed_for = Some(first);
        Some(first)
    }

    /// Number of requests that wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}
