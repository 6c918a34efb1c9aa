//! Groups in predicates: what their coordinator says, and what members have.

use crate::engine::group::metadata::Group;
use crate::engine::ids::{BrokerId, NodeId, Text, TopicPartition};
use crate::engine::sim::world::World;
use crate::scenario::predicate::GroupQuestion;
use crate::scenario::predicate::judge::{Answer, answer, words};
use crate::scenario::predicate::print::broker;

/// The broker that coordinates a group now, and the group as it has it.
#[must_use]
pub fn coordinated<'w>(world: &'w World, group: &str) -> Option<(BrokerId, &'w Group)> {
    let ids = (1..=world.config().brokers).map(|id| BrokerId(i32::from(id)));
    ids.into_iter().find_map(|id| {
        world.host(NodeId::Broker(id)).filter(|host| host.life.is_up())?;
        Some((id, world.broker(id)?.groups().group(group)?))
    })
}

/// The offset that a group has committed.
#[must_use]
pub fn committed(world: &World, group: &str, partition: &TopicPartition) -> Option<i64> {
    let (_, group) = coordinated(world, group)?;
    group.offsets.get(partition).map(|kept| kept.committed.offset.0)
}

/// Answers what is asked of a group.
#[must_use]
pub fn ask(world: &World, group: &str, question: &GroupQuestion) -> Answer {
    let found = coordinated(world, group);
    match question {
        GroupQuestion::State(wanted) => {
            let state = found.map_or("none", |(_, group)| group.state.name());
            answer(**wanted == *state, state)
        }
        GroupQuestion::Coordinator(wanted) => {
            let found = found.map(|(id, _)| id);
            answer(found == *wanted, broker(found))
        }
        GroupQuestion::Assignment(member, wanted) => {
            let owned = owned(world, group, member);
            let sorted = |list: &[TopicPartition]| {
                let mut list = list.to_vec();
                list.sort();
                list
            };
            let told = words(owned.iter().map(ToString::to_string));
            answer(sorted(&owned) == sorted(wanted), told)
        }
    }
}

/// The partitions that a consumer program has in a group.
fn owned(world: &World, group: &str, member: &Text) -> Vec<TopicPartition> {
    let client = world.client_id(member).and_then(|id| world.client(id));
    let member = client.and_then(|client| client.consumer_status()?.member);
    member.filter(|member| *member.group == *group).map_or_else(Vec::new, |member| member.owned)
}
