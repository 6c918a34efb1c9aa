//! Offsets and groups that go: expired, deleted with their topics, or by an admin
//! (`GroupMetadataManager.cleanupGroupMetadata`). Tombstones tell the log; nobody waits for them.

use crate::engine::event::{EventKind, GroupState};
use crate::engine::group::deadline::Due;
use crate::engine::group::{GroupCoordinator, ms, schema};
use crate::engine::ids::{Text, TopicPartition};
use crate::engine::node::Ctx;

const MINUTE_MS: i64 = 60_000;

impl GroupCoordinator {
    /// The next look for expired offsets.
    pub(super) fn expect_expiry(&mut self, ctx: &Ctx<'_>) {
        let interval = ms(self.config.offsets_retention_check_interval_ms);
        self.deadlines.set(ctx, Due::Expiry, interval);
    }

    /// Looks for offsets that nobody needs any more.
    pub(super) fn expire_offsets(&mut self, ctx: &mut Ctx<'_>) {
        self.expect_expiry(ctx);
        let retention = self.config.offsets_retention_minutes * MINUTE_MS;
        let groups: Vec<Text> = self.groups.keys().cloned().collect();
        for id in groups {
            let Some(group) = self.group(&id) else { continue };
            let expired = group.expired(ctx.wall_ms(), retention);
            self.remove_offsets(ctx, &id, &expired);
        }
    }

    /// Partitions are gone with their topic (`handleDeletedPartitions`).
    pub fn partitions_deleted(&mut self, ctx: &mut Ctx<'_>, partitions: &[TopicPartition]) {
        let groups: Vec<Text> = self.groups.keys().cloned().collect();
        for id in groups {
            let group = self.group(&id);
            let known = |partition: &&TopicPartition| {
                group.is_some_and(|group| group.offsets.contains_key(*partition))
            };
            let known: Vec<TopicPartition> = partitions.iter().filter(known).cloned().collect();
            if !known.is_empty() {
                self.remove_offsets(ctx, &id, &known);
            }
        }
    }

    /// Forgets offsets of a group, and the group when nothing of it is left.
    pub(super) fn remove_offsets(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: &Text,
        partitions: &[TopicPartition],
    ) {
        let Some(group) = self.group(id) else { return };
        let dies = group.state == GroupState::Empty;
        if partitions.is_empty() && (!dies || group.has_offsets()) {
            return;
        }
        let Some(group) = self.group_mut(id) else { return };
        let removed = group.remove_offsets(partitions);
        let (dies, generation) = (dies && !group.has_offsets(), group.generation);
        let mut tombstones: Vec<(Vec<u8>, Option<Vec<u8>>)> =
            removed.iter().map(|partition| (schema::offset_key(id, partition), None)).collect();
        if dies && generation > 0 {
            tombstones.push((schema::group_key(id), None));
        }
        if !removed.is_empty() {
            let count = u32::try_from(removed.len()).unwrap_or(u32::MAX);
            ctx.emit(EventKind::OffsetsRemoved { group: id.clone(), partitions: count });
        }
        if dies {
            self.transition(ctx, id, GroupState::Dead);
            self.forget(id);
        }
        if !tombstones.is_empty() {
            self.write(ctx, id, &tombstones, None);
        }
    }

    /// Takes the group out of memory, with whatever it waits for.
    pub(super) fn forget(&mut self, id: &Text) {
        let Some(group) = self.groups.remove(id) else { return };
        for member in group.members.keys() {
            self.deadlines.clear(&Due::Session(id.clone(), member.clone()));
        }
        for member in &group.pending_members {
            self.deadlines.clear(&Due::Pending(id.clone(), member.clone()));
        }
        self.deadlines.clear(&Due::Join(id.clone()));
        self.deadlines.clear(&Due::Sync(id.clone()));
    }
}
