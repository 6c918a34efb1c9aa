//! The general deal, where members want different topics (`GeneralAssignmentBuilder`).
//!
//! What is owned and still wanted stays; what is nobody's goes to whoever has the fewest; then partitions
//! are moved one by one as long as that makes the deal more even.

use std::collections::{BTreeMap, BTreeSet};

use super::movements::Movements;
use super::owned::DEFAULT_GENERATION;
use super::rack_info::RackInfo;
use super::{MemberData, remove_first};
use crate::engine::assignor::AssignorError;
use crate::engine::assignor::problem::{Dealt, Problem, Tp, count};

/// One deal.
pub struct General<'a> {
    problem: &'a Problem<'a>,
    racks: &'a RackInfo<'a>,
    /// Who may have a topic's partitions.
    consumers: Vec<Vec<u32>>,
    /// What a member may have.
    topics: Vec<Vec<u32>>,
    total: u32,
    /// By how many may have them, then by name.
    all: Vec<Tp>,
    /// Members' partitions; `None`: set aside, since nothing of it can move.
    current: Vec<Option<Vec<Tp>>>,
    owner: BTreeMap<Tp, u32>,
    /// The members that may still change, by how many partitions they have.
    sorted: BTreeSet<(u32, u32)>,
    revocation_required: bool,
    movements: Movements,
    /// Who had a partition in an older generation, and in which.
    previous: BTreeMap<Tp, (u32, i32)>,
}

impl<'a> General<'a> {
    /// A deal before it begins; `owned` by member.
    pub fn new(problem: &'a Problem<'a>, racks: &'a RackInfo<'a>, owned: Dealt) -> Self {
        let mut consumers = vec![Vec::new(); problem.topics.len()];
        let mut topics = vec![Vec::new(); problem.members.len()];
        for place in problem.order.iter().copied() {
            for topic in problem.member(place).topics.iter().filter(|topic| problem.has(**topic)) {
                topics[place as usize].push(*topic);
                consumers[*topic as usize].push(place);
            }
        }
        let mut owner = BTreeMap::new();
        for place in &problem.order {
            owner.extend(owned[*place as usize].iter().map(|tp| (*tp, *place)));
        }
        let mut order = problem.topic_order.clone();
        order.sort_by_key(|topic| (consumers[*topic as usize].len(), *topic));
        let of = |topic: u32| {
            let numbers = problem.partitions(topic).iter();
            numbers.map(move |(partition, _)| Tp { topic, partition: *partition })
        };
        let all: Vec<Tp> = order.into_iter().flat_map(of).collect();
        General {
            problem,
            racks,
            consumers,
            topics,
            total: count(&all),
            all,
            current: owned.into_iter().map(Some).collect(),
            owner,
            sorted: BTreeSet::new(),
            revocation_required: false,
            movements: Movements::default(),
            previous: BTreeMap::new(),
        }
    }

    /// Deals.
    pub fn build(
        mut self,
        data: &[MemberData],
        max_generation: i32,
    ) -> Result<Dealt, AssignorError> {
        self.find_previous(data, max_generation);
        let assigned = self.keep_owned();
        let unassigned = self.unassigned(assigned);
        for place in self.problem.places() {
            self.sorted.insert((self.size(place).unwrap_or(0), place));
        }
        self.balance(unassigned)?;
        Ok(self.current.into_iter().map(Option::unwrap_or_default).collect())
    }

    /// Who told a generation below the highest: its partitions are an older assignment
    /// (`prepopulateCurrentAssignments`).
    fn find_previous(&mut self, data: &[MemberData], max_generation: i32) {
        for place in self.problem.order.iter().copied() {
            let member = &data[place as usize];
            let generation = member.generation.unwrap_or(DEFAULT_GENERATION);
            if generation >= max_generation {
                continue;
            }
            for told in &member.partitions {
                // A topic that is not dealt out is never asked for.
                let Some(topic) = self.problem.topic(&told.topic) else { continue };
                let tp = Tp { topic, partition: told.partition.0 };
                let newer = self.previous.get(&tp).is_none_or(|(_, older)| generation > *older);
                if newer {
                    self.previous.insert(tp, (place, generation));
                }
            }
        }
    }

    /// Takes from members what they no longer want or what is not near; what stays.
    fn keep_owned(&mut self) -> Vec<Tp> {
        let mut assigned = Vec::new();
        for place in self.problem.order.iter().copied() {
            let wants = &self.problem.member(place).topics;
            let list = self.current[place as usize].get_or_insert_default();
            let before = list.len();
            list.retain(|tp| wants.contains(&tp.topic) && !self.racks.mismatch(place, *tp));
            self.revocation_required |= list.len() < before;
            assigned.extend(list.iter().copied());
        }
        assigned
    }

    /// All partitions without the assigned ones: two sorted lists walked together, so that an assigned
    /// partition which is not among all hides those behind it.
    fn unassigned(&self, mut assigned: Vec<Tp>) -> Vec<Tp> {
        assigned.sort_by_key(|tp| (self.consumers[tp.topic as usize].len(), *tp));
        let mut assigned = assigned.into_iter().peekable();
        let all = self.all.iter().copied();
        all.filter(|tp| assigned.next_if_eq(tp).is_none()).collect()
    }

    fn size(&self, place: u32) -> Option<u32> {
        self.current[place as usize].as_ref().map(|list| count(list))
    }

    fn must_size(&self, place: u32) -> Result<u32, AssignorError> {
        self.size(place).ok_or(AssignorError::NullPointer)
    }

    fn balance(&mut self, mut unassigned: Vec<Tp>) -> Result<(), AssignorError> {
        let initializing = self.sorted.last().is_some_and(|(size, _)| *size == 0);
        let mut to_assign = unassigned.clone();
        if self.racks.used {
            to_assign.retain(|tp| !self.assign_one(*tp, true));
        }
        for tp in to_assign {
            self.assign_one(tp, false);
        }
        let consumers = std::mem::take(&mut self.consumers);
        let may_move = |tp: &Tp| consumers[tp.topic as usize].len() >= 2;
        self.all.retain(may_move);
        unassigned.retain(may_move);
        self.consumers = consumers;
        let aside = self.set_aside();
        let before = (self.current.clone(), self.owner.clone());
        if !self.revocation_required {
            self.reassign(&unassigned)?;
        }
        let all = std::mem::take(&mut self.all);
        let changed = self.reassign(&all)?;
        if !initializing && changed && score(&self.current) >= score(&before.0) {
            (self.current, self.owner) = before;
        }
        for (place, list) in aside {
            self.current[place as usize] = Some(list);
        }
        Ok(())
    }

    /// Gives a partition to who has the fewest; whether there was anybody.
    fn assign_one(&mut self, tp: Tp, near: bool) -> bool {
        let fits = |(_, place): &&(u32, u32)| {
            self.topics[*place as usize].contains(&tp.topic)
                && !(near && self.racks.mismatch(*place, tp))
        };
        let Some((size, place)) = self.sorted.iter().find(fits).copied() else { return false };
        self.sorted.remove(&(size, place));
        self.current[place as usize].get_or_insert_default().push(tp);
        self.owner.insert(tp, place);
        self.sorted.insert((size + 1, place));
        true
    }

    /// Members of whom nothing can move, with what they have.
    fn set_aside(&mut self) -> Vec<(u32, Vec<Tp>)> {
        let mut aside = Vec::new();
        for place in self.problem.places() {
            let list = self.current[place as usize].as_deref().unwrap_or_default();
            let all = count(list) >= self.most(place);
            if all && list.iter().all(|tp| self.consumers[tp.topic as usize].len() < 2) {
                self.sorted.remove(&(count(list), place));
                aside.push((place, self.current[place as usize].take().unwrap_or_default()));
            }
        }
        aside
    }

    /// How many partitions a member could have.
    fn most(&self, place: u32) -> u32 {
        let topics = &self.topics[place as usize];
        if topics.len() == self.problem.topic_order.len() {
            return self.total;
        }
        topics.iter().map(|topic| count(self.problem.partitions(*topic))).sum()
    }

    /// Whether no move would make the deal more even.
    fn is_balanced(&self) -> Result<bool, AssignorError> {
        let sizes = (self.sorted.first(), self.sorted.last());
        let (Some((min, _)), Some((max, _))) = sizes else {
            return Err(AssignorError::NullPointer);
        };
        if *min + 1 >= *max {
            return Ok(true);
        }
        // Per topic the most that an owner of one of its partitions has; `None`: one is nobody's.
        let mut largest: Vec<Option<u32>> = Vec::with_capacity(self.problem.topics.len());
        for topic in (0..).take(self.problem.topics.len()) {
            let numbers = (0..).zip(self.problem.partitions(topic)).map(|(number, _)| number);
            let mut sizes = numbers.map(|partition| {
                let owner = self.owner.get(&Tp { topic, partition })?;
                self.size(*owner)
            });
            largest.push(sizes.try_fold(0, |most, size| Some(size?.max(most))));
        }
        for (size, place) in &self.sorted {
            if *size == self.most(*place) {
                continue;
            }
            for topic in &self.topics[*place as usize] {
                let most = largest[*topic as usize].ok_or(AssignorError::NullPointer)?;
                if *size + 1 < most {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Moves partitions as long as it helps; whether one moved.
    fn reassign(&mut self, partitions: &[Tp]) -> Result<bool, AssignorError> {
        let mut performed = false;
        loop {
            let mut modified = false;
            for tp in partitions.iter().copied() {
                if self.is_balanced()? {
                    break;
                }
                modified |= self.reassign_one(tp)?;
            }
            performed |= modified;
            if !modified {
                return Ok(performed);
            }
        }
    }

    fn reassign_one(&mut self, tp: Tp) -> Result<bool, AssignorError> {
        let consumer = self.owner.get(&tp).copied().ok_or(AssignorError::NullPointer)?;
        let size = self.must_size(consumer)?;
        if let Some((previous, _)) = self.previous.get(&tp).copied()
            && size > self.must_size(previous)? + 1
        {
            self.move_to(tp, previous)?;
            return Ok(true);
        }
        // Near members are looked at first; whoever is found, it goes to who has the fewest.
        for other in self.consumers[tp.topic as usize].clone() {
            if size > self.must_size(other)? + 1 {
                let wants =
                    |(_, place): &&(u32, u32)| self.topics[*place as usize].contains(&tp.topic);
                let fewest = self.sorted.iter().find(wants).map(|(_, place)| *place);
                self.move_to(tp, fewest.ok_or(AssignorError::NullPointer)?)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn move_to(&mut self, tp: Tp, new: u32) -> Result<(), AssignorError> {
        let consumer = self.owner.get(&tp).copied().ok_or(AssignorError::NullPointer)?;
        let tp = self.movements.actual(tp, consumer, new);
        let old = self.owner.get(&tp).copied().ok_or(AssignorError::NullPointer)?;
        for place in [old, new] {
            self.sorted.remove(&(self.must_size(place)?, place));
        }
        self.movements.record(self.problem, tp, old, new);
        remove_first(self.current[old as usize].get_or_insert_default(), tp);
        self.current[new as usize].get_or_insert_default().push(tp);
        self.owner.insert(tp, new);
        for place in [new, old] {
            self.sorted.insert((self.must_size(place)?, place));
        }
        Ok(())
    }
}

/// The sum of differences of all pairs of members (`getBalanceScore`): the lower the more even.
fn score(current: &[Option<Vec<Tp>>]) -> u32 {
    let sizes: Vec<u32> = current.iter().flatten().map(|list| count(list)).collect();
    let pairs = sizes.iter().enumerate();
    pairs.flat_map(|(at, one)| sizes[at + 1..].iter().map(|other| one.abs_diff(*other))).sum()
}
