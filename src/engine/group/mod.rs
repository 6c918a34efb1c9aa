//! The group coordinator: members, generations, offsets (`GroupCoordinator`, `GroupMetadataManager`).
//!
//! A broker coordinates the groups whose partition of `__consumer_offsets` it leads. What must survive
//! it is written there: the coordinator hands records out ([`GroupCoordinator::take_writes`]), its
//! broker appends them as any others, with acks=all, and tells when they are on all replicas
//! ([`GroupCoordinator::written`]). Nothing here touches a log.
//!
//! In ZooKeeper mode 3.9 has the classic coordinator alone: protocols of KIP-848 are not served.

pub mod deadline;
pub mod schema;
pub mod member;
pub mod metadata;
pub mod answer;
pub mod join;
pub mod rebalance;
pub mod sync;
pub mod leave;
pub mod offsets;
pub mod offset_requests;
pub mod expiry;
pub mod describe;
pub mod load;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use bytes::Bytes;
use kafka_protocol::ResponseError;

use crate::engine::config::BrokerConfig;
use crate::engine::event::{EventKind, GroupState, MemberGone};
use crate::engine::ids::{CorrelationId, NodeId, PartitionId, Text, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::persistent::OrdMap;
use crate::engine::protocol::{Payload, Request, Response};
use crate::engine::record::builder::BatchBuilder;
use crate::engine::time::Micros;

use deadline::{Deadlines, Due};
use metadata::Group;
use offset_requests::Committing;
use sync::Replaced;

/// Who asked, and how to answer.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    /// The asking host.
    pub node: NodeId,
    /// The number that the answer carries.
    pub correlation: CorrelationId,
    /// The version that it speaks.
    pub version: i16,
}

impl Asker {
    /// Sends the answer.
    pub fn answer(self, ctx: &mut Ctx<'_>, body: Response) {
        let Asker { node, correlation, version } = self;
        ctx.send(node, Payload::Response { correlation, version, body });
    }
}

/// Records for a partition of `__consumer_offsets`.
#[derive(Clone, Debug)]
pub struct Write {
    /// Which.
    pub partition: PartitionId,
    /// One batch.
    pub records: Bytes,
    /// To be named to [`GroupCoordinator::written`] when all replicas have them; nobody waits for
    /// tombstones.
    pub token: Option<u64>,
}

/// What is done when records are on all replicas, or cannot be.
#[derive(Clone, Debug)]
enum Then {
    /// Members get what their leader assigned.
    Assign { group: Text, generation: i32, assignment: BTreeMap<Text, Bytes> },
    /// Nothing: the group is empty, and now that is written.
    Nothing,
    /// A static member that came back is answered.
    Replace(Box<Replaced>),
    /// A commit is answered.
    Commit(Box<Committing>),
}

/// The coordinator of a broker.
#[derive(Clone, Debug)]
pub struct GroupCoordinator {
    config: Rc<BrokerConfig>,
    /// Partitions of `__consumer_offsets`.
    partition_count: i32,
    owned: BTreeSet<PartitionId>,
    loading: BTreeSet<PartitionId>,
    groups: OrdMap<Text, Rc<Group>>,
    deadlines: Deadlines,
    writes: Vec<Write>,
    waiting: BTreeMap<u64, Then>,
    next_write: u64,
    /// Partitions whose log is to be read now.
    to_read: Vec<PartitionId>,
}

impl GroupCoordinator {
    /// A coordinator of nothing.
    #[must_use]
    pub fn new(config: Rc<BrokerConfig>) -> GroupCoordinator {
        let configured = i32::try_from(config.offsets_topic_num_partitions).unwrap_or(i32::MAX);
        GroupCoordinator {
            config,
            partition_count: configured,
            owned: BTreeSet::new(),
            loading: BTreeSet::new(),
            groups: OrdMap::new(),
            deadlines: Deadlines::default(),
            writes: Vec::new(),
            waiting: BTreeMap::new(),
            next_write: 0,
            to_read: Vec::new(),
        }
    }

    /// The broker runs: expired offsets are looked for from now on.
    pub fn start(&mut self, ctx: &mut Ctx<'_>) {
        self.expect_expiry(ctx);
        self.deadlines.arm(ctx);
    }

    /// Settings changed while the broker runs.
    pub fn configure(&mut self, config: Rc<BrokerConfig>) {
        self.config = config;
    }

    /// The controller said how many partitions `__consumer_offsets` has.
    pub fn set_partition_count(&mut self, count: i32) {
        self.partition_count = count.max(1);
    }

    /// The partition of `__consumer_offsets` that holds a group (`partitionFor`).
    #[must_use]
    pub fn partition_for(&self, group: &str) -> PartitionId {
        PartitionId(positive(java_hash(group)) % self.partition_count)
    }

    /// The groups that it coordinates.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.values().map(|group| &**group)
    }

    /// One of them.
    #[must_use]
    pub fn group(&self, id: &str) -> Option<&Group> {
        self.groups.get(id).map(|group| &**group)
    }

    /// A request about groups. `exists`: whether a partition is there, as the broker knows.
    pub fn request(
        &mut self,
        ctx: &mut Ctx<'_>,
        asker: Asker,
        client_id: Option<&Text>,
        body: &Request,
        exists: &dyn Fn(&TopicPartition) -> bool,
    ) {
        match body {
            Request::JoinGroup(request) => self.join_group(ctx, asker, client_id, request),
            Request::SyncGroup(request) => self.sync_group(ctx, asker, request),
            Request::Heartbeat(request) => self.heartbeat(ctx, asker, request),
            Request::LeaveGroup(request) => self.leave_group(ctx, asker, request),
            Request::OffsetCommit(request) => self.commit_offsets(ctx, asker, request, exists),
            Request::OffsetFetch(request) => self.fetch_offsets(ctx, asker, request),
            Request::OffsetDelete(request) => self.delete_offsets(ctx, asker, request, exists),
            Request::DescribeGroups(request) => self.describe_groups(ctx, asker, request),
            Request::ListGroups(request) => self.list_groups(ctx, asker, request),
            Request::DeleteGroups(request) => self.delete_groups(ctx, asker, request),
            _ => {}
        }
        self.deadlines.arm(ctx);
    }

    /// The timer fired. Returns whether it was the coordinator's.
    pub fn on_timer(&mut self, ctx: &mut Ctx<'_>) {
        self.deadlines.fired();
        while let Some((due, cause)) = self.deadlines.next_over(ctx.now) {
            let quiet = matches!(due, Due::Expiry | Due::BeginLoad(_) | Due::Load(_));
            let trigger = match cause.filter(|_| !quiet) {
                Some(cause) => {
                    let purpose = Deadlines::purpose(&due);
                    let fired = ctx.emit_from(cause, EventKind::TimerFired { purpose });
                    Some(ctx.set_cause(fired))
                }
                None => None,
            };
            self.over(ctx, due);
            if let Some(trigger) = trigger {
                ctx.restore_cause(trigger);
            }
        }
        self.deadlines.arm(ctx);
    }

    fn over(&mut self, ctx: &mut Ctx<'_>, due: Due) {
        match due {
            Due::BeginLoad(partition) => self.begin_load(ctx, partition),
            Due::Load(partition) => self.to_read.push(partition),
            Due::Session(group, member) => self.session_over(ctx, &group, &member),
            Due::Pending(group, member) => self.pending_over(ctx, &group, &member),
            Due::Join(group) => self.join_over(ctx, &group),
            Due::Sync(group) => self.sync_over(ctx, &group),
            Due::Expiry => self.expire_offsets(ctx),
        }
    }

    /// Records to be appended, in order.
    pub fn take_writes(&mut self) -> Vec<Write> {
        std::mem::take(&mut self.writes)
    }

    /// Partitions whose records are to be handed to [`GroupCoordinator::loaded`].
    pub fn take_reads(&mut self) -> Vec<PartitionId> {
        std::mem::take(&mut self.to_read)
    }

    /// Records are on all replicas, from offset `base` on, or `error` says why not.
    pub fn written(&mut self, ctx: &mut Ctx<'_>, token: u64, error: i16, base: i64) {
        let error = ResponseError::try_from_code(error);
        match self.waiting.remove(&token) {
            Some(Then::Assign { group, generation, assignment }) => {
                self.assigned(ctx, &group, generation, assignment, error.map(group_error));
            }
            Some(Then::Replace(replaced)) => {
                self.replaced(ctx, *replaced, error.map(group_error));
            }
            Some(Then::Commit(committing)) => {
                self.committed(ctx, *committing, error.map(offset_error), base);
            }
            Some(Then::Nothing) | None => {}
        }
        self.deadlines.arm(ctx);
    }

    /// Whether the group is coordinated here.
    #[must_use]
    pub fn coordinates(&self, group: &str) -> bool {
        self.refusal(group, false).is_none()
    }

    /// Why a group cannot be served here (`validateGroupStatus`).
    fn refusal(&self, group: &str, may_be_empty: bool) -> Option<ResponseError> {
        let partition = self.partition_for(group);
        if group.is_empty() && !may_be_empty {
            Some(ResponseError::InvalidGroupId)
        } else if self.loading.contains(&partition) {
            Some(ResponseError::CoordinatorLoadInProgress)
        } else if !self.owned.contains(&partition) {
            Some(ResponseError::NotCoordinator)
        } else {
            None
        }
    }

    fn group_mut(&mut self, id: &str) -> Option<&mut Group> {
        self.groups.get_mut(id).map(Rc::make_mut)
    }

    /// The group, made when there is none.
    fn ensure(&mut self, ctx: &Ctx<'_>, id: &Text) -> &mut Group {
        let now = ctx.wall_ms();
        let fresh = || Rc::new(Group::new(id.clone(), now));
        Rc::make_mut(self.groups.entry(id.clone()).or_insert_with(fresh))
    }

    fn transition(&mut self, ctx: &mut Ctx<'_>, id: &Text, state: GroupState) {
        let now = ctx.wall_ms();
        let Some(group) = self.group_mut(id) else { return };
        if group.state == state {
            return;
        }
        group.state = state;
        group.state_since_ms = Some(now);
        let members = u32::try_from(group.members.len()).unwrap_or(u32::MAX);
        let generation = group.generation;
        ctx.emit(EventKind::GroupStateChanged { group: id.clone(), state, generation, members });
    }

    fn gone(&mut self, ctx: &mut Ctx<'_>, group: &Text, member: &Text, reason: MemberGone) {
        self.deadlines.clear(&Due::Session(group.clone(), member.clone()));
        ctx.emit(EventKind::MemberLeft { group: group.clone(), member: member.clone(), reason });
    }

    /// Writes records of a group, and says what comes then.
    fn write(
        &mut self,
        ctx: &Ctx<'_>,
        group: &str,
        records: &[(Vec<u8>, Option<Vec<u8>>)],
        then: Option<Then>,
    ) {
        // Kafka builds a batch of commits as one that might be a transaction's, from sequence 0, though
        // nobody's (`GroupMetadataManager.storeOffsets`).
        let is_commit = matches!(then, Some(Then::Commit(_)));
        let mut batch = BatchBuilder::new().producer(-1, -1, if is_commit { 0 } else { -1 });
        for (key, value) in records {
            batch.append(ctx.wall_ms(), Some(key), value.as_deref(), &[]);
        }
        let token = then.map(|then| {
            self.next_write += 1;
            self.waiting.insert(self.next_write, then);
            self.next_write
        });
        let partition = self.partition_for(group);
        self.writes.push(Write { partition, records: batch.build(), token });
    }

    /// Writes the group as it is, with these assignments (`storeGroup`).
    fn store(&mut self, ctx: &Ctx<'_>, id: &Text, assignment: &BTreeMap<Text, Bytes>, then: Then) {
        let Some(group) = self.groups.get(id) else { return };
        let value = schema::group_value(&group.stored(assignment));
        self.write(ctx, id, &[(schema::group_key(id), Some(value))], Some(then));
    }
}

/// What members are told when the group could not be written (`GroupMetadataManager.storeGroup`).
fn group_error(error: ResponseError) -> ResponseError {
    match error {
        ResponseError::UnknownTopicOrPartition
        | ResponseError::NotEnoughReplicas
        | ResponseError::NotEnoughReplicasAfterAppend => ResponseError::CoordinatorNotAvailable,
        ResponseError::NotLeaderOrFollower | ResponseError::KafkaStorageError => {
            ResponseError::NotCoordinator
        }
        ResponseError::RequestTimedOut => ResponseError::RebalanceInProgress,
        ResponseError::MessageTooLarge
        | ResponseError::RecordListTooLarge
        | ResponseError::InvalidFetchSize => ResponseError::UnknownServerError,
        other => other,
    }
}

/// What is told of a commit that could not be written (`maybeConvertOffsetCommitError`).
fn offset_error(error: ResponseError) -> ResponseError {
    match error {
        ResponseError::UnknownTopicOrPartition
        | ResponseError::NotEnoughReplicas
        | ResponseError::NotEnoughReplicasAfterAppend => ResponseError::CoordinatorNotAvailable,
        ResponseError::NotLeaderOrFollower | ResponseError::KafkaStorageError => {
            ResponseError::NotCoordinator
        }
        ResponseError::MessageTooLarge
        | ResponseError::RecordListTooLarge
        | ResponseError::InvalidFetchSize => ResponseError::InvalidCommitOffsetSize,
        other => other,
    }
}

/// `String.hashCode`: over UTF-16 units.
fn java_hash(text: &str) -> i32 {
    let units = text.encode_utf16();
    units.fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

/// `Utils.abs`: the absolute value; of the least number, 0.
fn positive(number: i32) -> i32 {
    number.checked_abs().unwrap_or(0)
}

/// A span of a setting in ms.
fn ms(span: i64) -> Micros {
    Micros::from_ms(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_hashes_by_absolute_value_and_not_by_a_mask() {
        let coordinator = GroupCoordinator::new(Rc::new(BrokerConfig::default()));
        assert_eq!(coordinator.partition_for("billing"), PartitionId(9));
        assert_eq!(positive(i32::MIN), 0);
    }
}
