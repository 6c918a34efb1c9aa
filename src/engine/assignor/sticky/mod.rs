//! `AbstractStickyAssignor` with its two children: as even as can be, and as little moved as can be.
//!
//! Where all members want the same topics the quick algorithm deals ([`constrained`]), else the general
//! one ([`general`]). Who claims a partition is believed by generation: the higher one owns it, and of two
//! with the same one neither does. The cooperative child then takes back what another member still owns:
//! that member must give it up first, and a second rebalance deals it out.

mod constrained;
mod general;
mod movements;
mod owned;
mod rack_info;
pub mod user_data;

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::assignor::problem::{Dealt, Problem, Tp};
use crate::engine::assignor::{AssignorError, Subscription};
use crate::engine::ids::TopicPartition;
use owned::{DEFAULT_GENERATION, Owned};
use rack_info::RackInfo;

/// What a member told of its last assignment (`MemberData`).
struct MemberData {
    partitions: Vec<TopicPartition>,
    generation: Option<i32>,
}

/// Partitions that change hands, with their next owner.
type Transferring = BTreeMap<Tp, u32>;

/// Deals all topics out. `max_generation` is the highest seen so far, also in earlier rebalances.
pub fn assign(
    problem: &Problem<'_>,
    cooperative: bool,
    max_generation: &mut i32,
) -> Result<Dealt, AssignorError> {
    let data = |subscription: &Subscription| member_data(subscription, cooperative);
    let members: Vec<MemberData> =
        problem.members.iter().map(|member| data(member.subscription)).collect();
    let racks = RackInfo::new(problem);
    let owned = Owned::new(problem, &members, max_generation);
    let (mut dealt, transferring) = if owned.equal {
        let (dealt, transferring) =
            constrained::Constrained::new(problem, &racks, owned).build()?;
        (dealt, Some(transferring))
    } else {
        let general = general::General::new(problem, &racks, owned.by_member);
        (general.build(&members, *max_generation)?, None)
    };
    if cooperative {
        let moving = transferring.unwrap_or_else(|| transferred(problem, &dealt));
        for (tp, member) in moving {
            remove_first(&mut dealt[member as usize], tp);
        }
    }
    Ok(dealt)
}

fn member_data(subscription: &Subscription, cooperative: bool) -> MemberData {
    let generation = subscription.generation.filter(|generation| *generation >= 0);
    match (&subscription.user_data, cooperative) {
        (_, true) if generation.is_some() => {
            MemberData { partitions: subscription.owned.clone(), generation }
        }
        (user_data, true) => {
            let told = user_data.as_ref().map(|bytes| {
                bytes.first_chunk().map_or(DEFAULT_GENERATION, |first| i32::from_be_bytes(*first))
            });
            MemberData { partitions: subscription.owned.clone(), generation: told }
        }
        (Some(bytes), false) if !bytes.is_empty() => {
            let (partitions, generation) =
                user_data::read(bytes).unwrap_or((Vec::new(), Some(DEFAULT_GENERATION)));
            MemberData { partitions, generation }
        }
        _ => MemberData { partitions: Vec::new(), generation: None },
    }
}

/// What members get that others of them lose (`computePartitionsTransferringOwnership`).
fn transferred(problem: &Problem<'_>, dealt: &Dealt) -> Transferring {
    let mut added = Transferring::new();
    let mut revoked = BTreeSet::new();
    // In the order of Java's map: a partition dealt twice, as after a topic shrank, is its last owner's.
    for place in problem.order.iter().copied() {
        let gets = &dealt[place as usize];
        let had = problem.member(place).subscription.owned.iter();
        let had: BTreeSet<Tp> = had
            .filter_map(|tp| {
                Some(Tp { topic: problem.topic(&tp.topic)?, partition: tp.partition.0 })
            })
            .collect();
        let gets: BTreeSet<Tp> = gets.iter().copied().collect();
        added.extend(gets.difference(&had).map(|tp| (*tp, place)));
        revoked.extend(had.difference(&gets).copied());
    }
    added.retain(|tp, _| revoked.contains(tp));
    added
}

/// `List.remove(Object)`: the first of equal ones goes.
fn remove_first(list: &mut Vec<Tp>, tp: Tp) {
    if let Some(at) = list.iter().position(|one| *one == tp) {
        list.remove(at);
    }
}
