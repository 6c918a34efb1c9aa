//! A coordinator comes and goes: with a partition of `__consumer_offsets` its groups are read into
//! memory, and forgotten (`loadGroupsAndOffsets`, `removeGroupsAndOffsets`).
//!
//! Reading is a task of its own, as in Kafka: until it begins the groups are told NOT_COORDINATOR, and
//! until its end COORDINATOR_LOAD_IN_PROGRESS. An empty log is read at once.

use std::collections::BTreeMap;
use std::rc::Rc;

use bytes::Bytes;
use kafka_protocol::ResponseError;

use crate::engine::event::{EventKind, GroupState};
use crate::engine::group::deadline::Due;
use crate::engine::group::metadata::Group;
use crate::engine::group::offsets::Kept;
use crate::engine::group::schema::{self, Key, StoredGroup};
use crate::engine::group::{GroupCoordinator, ms};
use crate::engine::ids::{PartitionId, Text, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::ordered::Ordered;
use crate::engine::record::batch::{BatchHeader, batches};
use crate::engine::record::reader::{records, uncompressed};

/// How long after the election the read begins; measured: some tens of ms.
const TASK_BEGINS_MS: i64 = 25;
/// How long the read takes: a fixed time, for a world has no slow disks.
const LOAD_MS: i64 = 5;

/// What a partition of `__consumer_offsets` holds.
#[derive(Debug, Default)]
struct Found {
    groups: BTreeMap<Text, StoredGroup>,
    offsets: BTreeMap<(Text, TopicPartition), Kept>,
}

impl Found {
    fn take(&mut self, header: &BatchHeader, bytes: &Bytes) {
        if header.is_control() || header.is_transactional() {
            return;
        }
        let Ok(plain) = uncompressed(bytes) else { return };
        for record in records(&plain).flatten() {
            let value = record.value;
            match record.key.and_then(schema::read_key) {
                Some(Key::Group(id)) => match value.and_then(schema::read_group) {
                    Some(stored) => drop(self.groups.insert(id, stored)),
                    None => drop(self.groups.remove(&id)),
                },
                Some(Key::Offset(id, partition)) => {
                    let key = (id, partition);
                    match value.and_then(schema::read_offset) {
                        Some(committed) => {
                            let base = header.base_offset.0;
                            self.offsets.insert(key, Kept { committed, base });
                        }
                        None => drop(self.offsets.remove(&key)),
                    }
                }
                None => {}
            }
        }
    }
}

impl GroupCoordinator {
    /// This broker leads a partition of `__consumer_offsets` (`onElection`): its groups are to be read.
    /// `is_empty`: its log holds nothing.
    pub fn elected(&mut self, ctx: &mut Ctx<'_>, partition: PartitionId, is_empty: bool) {
        if self.owned.contains(&partition) || self.loading.contains(&partition) {
            return;
        }
        if is_empty {
            self.deadlines.clear(&Due::BeginLoad(partition));
            self.owned.insert(partition);
            return;
        }
        self.deadlines.set(ctx, Due::BeginLoad(partition), ms(TASK_BEGINS_MS));
        self.deadlines.arm(ctx);
    }

    /// The task runs: the partition is being read.
    pub(super) fn begin_load(&mut self, ctx: &Ctx<'_>, partition: PartitionId) {
        self.loading.insert(partition);
        self.deadlines.set(ctx, Due::Load(partition), ms(LOAD_MS));
    }

    /// The records of a partition, whole batches in order, from its start to its end.
    pub fn loaded(&mut self, ctx: &mut Ctx<'_>, partition: PartitionId, log: &[Bytes]) {
        if !self.loading.remove(&partition) {
            return;
        }
        self.owned.insert(partition);
        let mut found = Found::default();
        for piece in log {
            for (header, bytes) in batches(piece) {
                found.take(&header, &bytes);
            }
        }
        let now = ctx.wall_ms();
        let offsets = u32::try_from(found.offsets.len()).unwrap_or(u32::MAX);
        let stored = found.groups.into_iter();
        let restored = stored.map(|(id, stored)| (id.clone(), Group::restored(id, stored)));
        let mut groups: BTreeMap<Text, Group> = restored.ordered();
        for ((id, partition), kept) in found.offsets {
            let group = groups.entry(id.clone()).or_insert_with(|| Group::new(id, now));
            group.offsets.insert(partition, kept);
        }
        if !groups.is_empty() {
            let count = u32::try_from(groups.len()).unwrap_or(u32::MAX);
            ctx.emit(EventKind::GroupsLoaded { partition, groups: count, offsets });
        }
        let most = self.config.group_max_size;
        for (id, group) in groups {
            let members: Vec<Text> = group.members.keys().cloned().collect();
            let over = i64::try_from(members.len()).is_ok_and(|members| members > most);
            self.groups.insert(id.clone(), Rc::new(group));
            if over {
                self.prepare_rebalance(ctx, &id);
            }
            for member in &members {
                self.beat(ctx, &id, member);
            }
        }
        self.deadlines.arm(ctx);
    }

    /// Another broker leads the partition, or nobody does (`onResignation`).
    pub fn resigned(&mut self, ctx: &mut Ctx<'_>, partition: PartitionId) {
        self.loading.remove(&partition);
        self.deadlines.clear(&Due::BeginLoad(partition));
        self.deadlines.clear(&Due::Load(partition));
        if !self.owned.remove(&partition) {
            return;
        }
        let ids = self.groups.keys().filter(|id| self.partition_for(id) == partition);
        let ids: Vec<Text> = ids.cloned().collect();
        for id in &ids {
            let members = self.group(id).map(|group| group.members.keys().cloned().collect());
            let members: Vec<Text> = members.unwrap_or_default();
            self.transition_quietly(id);
            for member in &members {
                self.fail_member(ctx, id, member, ResponseError::NotCoordinator);
            }
            self.forget(id);
        }
        if !ids.is_empty() {
            let groups = u32::try_from(ids.len()).unwrap_or(u32::MAX);
            ctx.emit(EventKind::GroupsUnloaded { partition, groups });
        }
    }

    /// The group is dead here and lives on elsewhere: that is no event of its own.
    fn transition_quietly(&mut self, id: &Text) {
        if let Some(group) = self.group_mut(id) {
            group.state = GroupState::Dead;
        }
    }
}
