//! `RoundRobinAssignor`: all partitions of all topics in order, one member after the other; who has not
//! subscribed to a topic is passed over, and the next partition goes to who stands after the taker.

use crate::engine::assignor::problem::{Dealt, Problem, Tp};

/// Deals all topics out.
pub fn assign(problem: &Problem<'_>) -> Dealt {
    let mut dealt: Dealt = vec![Vec::new(); problem.members.len()];
    let members = problem.by_instance();
    let mut hand = members.iter().copied().cycle().peekable();
    let topics = 0..u32::try_from(problem.topics.len()).unwrap_or(u32::MAX);
    for topic in topics {
        let wants = |member: u32| problem.member(member).topics.contains(&topic);
        if !members.iter().any(|member| wants(*member)) {
            continue;
        }
        // Partitions are counted, not read: `partitions(topic, numPartitionsForTopic)`.
        for (partition, _) in (0..).zip(problem.partitions(topic)) {
            while hand.next_if(|member| !wants(*member)).is_some() {}
            let member = hand.next().expect("a cycle of at least one has no end");
            dealt[member as usize].push(Tp { topic, partition });
        }
    }
    dealt
}
