//! The inside of a consumer: its partitions, its fetch sessions, and what its group expects of it.

use crate::engine::client::consumer::watched::WatchedPartition;
use crate::engine::ids::{BrokerId, ClientId};
use crate::engine::sim::world::World;
use crate::engine::time::Micros;

/// The inside of a consumer.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsumerInside {
    /// Its partitions.
    pub partitions: Vec<WatchedPartition>,
    /// Fetch sessions: with whom, number, epoch of the next request, partitions, whether a fetch is
    /// under way.
    pub sessions: Vec<(BrokerId, i32, i32, u32, bool)>,
    /// What there is about its group.
    pub member: Option<MemberInside>,
}

/// What a member has to do, and by when.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberInside {
    /// The broker that it takes for the coordinator.
    pub coordinator: Option<BrokerId>,
    /// The generation that it knows.
    pub generation: i32,
    /// Until the next heartbeat.
    pub heartbeat_in: Option<Micros>,
    /// Until the next automatic commit.
    pub commit_in: Option<Micros>,
    /// Until it has to poll again; `None` while it is in `poll`.
    pub poll_in: Option<Micros>,
    /// Records that it polled and is not done with.
    pub todo: u32,
    /// Records that it is done with.
    pub processed: u64,
}

/// Looks into a consumer.
pub(super) fn look(world: &World, id: ClientId) -> Option<ConsumerInside> {
    let client = world.client(id)?;
    let (status, library) = (client.consumer_status()?, client.consumer_library()?);
    let left = |at: Micros| at.since(world.now());
    Some(ConsumerInside {
        partitions: library.watched(),
        sessions: library.fetch_sessions(),
        member: status.member.as_ref().map(|member| MemberInside {
            coordinator: member.coordinator,
            generation: member.generation,
            heartbeat_in: member.next_heartbeat.map(left),
            commit_in: member.next_auto_commit.map(left),
            poll_in: member.poll_by.map(left),
            todo: member.todo,
            processed: status.processed,
        }),
    })
}
