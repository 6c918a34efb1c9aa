//! The quick deal, where all want the same topics (`ConstrainedAssignmentBuilder`).
//!
//! Everybody keeps what it owns up to its share; what is left goes round the members that have less than
//! their share, near ones first when racks count.

use std::collections::BTreeMap;

use super::owned::Owned;
use super::rack_info::RackInfo;
use super::{Transferring, remove_first};
use crate::engine::assignor::AssignorError;
use crate::engine::assignor::problem::{Dealt, Problem, Tp, count};

/// One deal.
pub struct Constrained<'a> {
    problem: &'a Problem<'a>,
    racks: &'a RackInfo<'a>,
    owned: Owned,
    /// What a member owned and may lose.
    maybe_revoked: BTreeMap<Tp, u32>,
    transferring: Transferring,
    /// Members below the smaller share.
    under_min: Vec<u32>,
    /// Members with exactly the smaller share that may get one more.
    exactly_min: Vec<u32>,
    min: usize,
    max: usize,
    /// How many are to have more than the smaller share; none when the shares are equal.
    over_min_expected: u32,
    over_min: u32,
    dealt: Dealt,
    assigned: Vec<Tp>,
}

impl<'a> Constrained<'a> {
    /// A deal before it begins.
    pub fn new(problem: &'a Problem<'a>, racks: &'a RackInfo<'a>, owned: Owned) -> Self {
        let total: usize = problem.topic_order.iter().map(|t| problem.partitions(*t).len()).sum();
        let members = problem.members.len().max(1);
        Constrained {
            problem,
            racks,
            owned,
            maybe_revoked: BTreeMap::new(),
            transferring: Transferring::new(),
            under_min: Vec::new(),
            exactly_min: Vec::new(),
            min: total / members,
            max: total.div_ceil(members),
            over_min_expected: u32::try_from(total % members).unwrap_or(u32::MAX),
            over_min: 0,
            dealt: vec![Vec::new(); problem.members.len()],
            assigned: Vec::new(),
        }
    }

    /// Deals; the second are the partitions that change hands.
    pub fn build(mut self) -> Result<(Dealt, Transferring), AssignorError> {
        for member in self.problem.order.iter().copied() {
            self.keep_owned(member);
        }
        let mut unassigned = self.unassigned();
        self.under_min.sort_unstable();
        self.exactly_min.sort_unstable();
        self.racks.sort(&mut unassigned);
        if self.racks.used {
            unassigned = self.assign_by_rack(&unassigned);
        }
        self.assign_round_robin(&unassigned)?;
        self.verify()?;
        Ok((self.dealt, self.transferring))
    }

    /// Step 1: what a member owns and may keep.
    fn keep_owned(&mut self, member: u32) {
        let mut owned = Vec::new();
        for tp in std::mem::take(&mut self.owned.by_member[member as usize]) {
            if self.racks.mismatch(member, tp) {
                self.maybe_revoked.insert(tp, member);
            } else {
                owned.push(tp);
            }
        }
        owned.sort_by_key(|tp| (tp.partition, tp.topic));
        for tp in &self.owned.doubly_claimed {
            remove_first(&mut owned, *tp);
        }
        let keep = if owned.len() < self.min {
            self.under_min.push(member);
            owned.len()
        } else if owned.len() >= self.max && self.over_min < self.over_min_expected {
            self.over_min += 1;
            if self.over_min == self.over_min_expected {
                self.exactly_min.clear();
            }
            self.max
        } else {
            if self.over_min < self.over_min_expected {
                self.exactly_min.push(member);
            }
            self.min
        };
        self.dealt[member as usize].extend(&owned[..keep]);
        self.assigned.extend(&owned[..keep]);
        self.maybe_revoked.extend(owned[keep..].iter().map(|tp| (*tp, member)));
    }

    /// All partitions without the assigned ones, by topic and number: two sorted lists walked together,
    /// so that an assigned partition which is not among all hides those behind it.
    fn unassigned(&mut self) -> Vec<Tp> {
        self.assigned.sort_unstable();
        let none = self.assigned.is_empty();
        let mut assigned = self.assigned.iter().copied().peekable();
        let mut left = Vec::new();
        for topic in (0..).take(self.problem.topics.len()) {
            for (at, (number, _)) in (0..).zip(self.problem.partitions(topic)) {
                let tp = Tp { topic, partition: if none { *number } else { at } };
                if assigned.next_if_eq(&tp).is_none() {
                    left.push(tp);
                }
            }
        }
        left
    }

    /// Step 2: round the members of a partition's racks; what is left.
    fn assign_by_rack(&mut self, unassigned: &[Tp]) -> Vec<Tp> {
        let mut next_under = 0;
        let mut left = Vec::new();
        for tp in unassigned.iter().copied() {
            let near = self.racks.next(tp, &self.under_min, next_under);
            let consumer = if let Some(place) = near {
                let consumer = self.under_min[place];
                let mut next = u32::try_from(place).unwrap_or(u32::MAX);
                let has = self.dealt[consumer as usize].len() + 1;
                if has >= self.min {
                    self.under_min.remove(place);
                    if has < self.max && self.over_min < self.over_min_expected {
                        self.exactly_min.push(consumer);
                    }
                } else {
                    next += 1;
                }
                next_under = next.checked_rem(count(&self.under_min)).unwrap_or(0);
                Some(consumer)
            } else {
                self.near_at_min(tp)
            };
            match consumer {
                Some(consumer) => drop(self.give(tp, consumer)),
                None => left.push(tp),
            }
        }
        left
    }

    /// A near member that has exactly the smaller share and may have one more.
    fn near_at_min(&mut self, tp: Tp) -> Option<u32> {
        let place = self.racks.next(tp, &self.exactly_min, 0)?;
        let consumer = self.exactly_min[place];
        if self.dealt[consumer as usize].len() + 1 == self.max {
            self.exactly_min.remove(place);
            self.over_min += 1;
            if self.over_min == self.over_min_expected {
                self.exactly_min.clear();
            }
        }
        Some(consumer)
    }

    /// Step 3: round the members below their share, then those that may have one more.
    fn assign_round_robin(&mut self, unassigned: &[Tp]) -> Result<(), AssignorError> {
        let mut hand = 0;
        for tp in unassigned.iter().copied() {
            let mut within = true;
            if hand >= self.under_min.len() {
                hand = 0;
                within = !self.under_min.is_empty();
            }
            let consumer = if within {
                self.under_min[hand]
            } else if self.exactly_min.is_empty() {
                let words = "No more unfilled consumers to be assigned.";
                return Err(AssignorError::IllegalState(words));
            } else {
                self.exactly_min.remove(0)
            };
            let has = self.give(tp, consumer);
            if has == self.min && within {
                self.under_min.remove(hand);
                self.exactly_min.push(consumer);
            } else {
                hand += usize::from(within);
                self.over_min += u32::from(has == self.max);
            }
        }
        Ok(())
    }

    /// Gives a partition; how many the member has now.
    fn give(&mut self, tp: Tp, consumer: u32) -> usize {
        let list = &mut self.dealt[consumer as usize];
        list.push(tp);
        let from_another = self.maybe_revoked.get(&tp).is_some_and(|owner| *owner != consumer);
        if from_another || self.owned.doubly_claimed.contains(&tp) {
            self.transferring.insert(tp, consumer);
        }
        list.len()
    }

    fn verify(&self) -> Result<(), AssignorError> {
        if self.under_min.is_empty() {
            return Ok(());
        }
        if self.over_min != self.over_min_expected {
            return Err(AssignorError::IllegalState(
                "We haven't reached the expected number of members with more than the minQuota \
                 partitions, but no more partitions to be assigned",
            ));
        }
        let short = |member: &u32| self.dealt[*member as usize].len() != self.min;
        if self.under_min.iter().any(short) {
            return Err(AssignorError::IllegalState(
                "Consumer doesn't reach minQuota partitions, and no more partitions to be assigned",
            ));
        }
        Ok(())
    }
}
