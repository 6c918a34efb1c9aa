//! ISR changes by a leader: asked of the controller, counted as maximal until answered
//! (`DefaultAlterPartitionManager`, `Partition.submitAlterPartition`, KIP-497).

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;

use crate::engine::broker::{Broker, Phase};
use crate::engine::disk::Disk;
use crate::engine::event::{EventKind, TimerPurpose};
use crate::engine::ids::{BrokerId, CorrelationId, EventId, LeaderEpoch, NodeId, TopicPartition};
use crate::engine::node::{Ctx, Timer};
use crate::engine::protocol::inter_broker::{
    AlterPartition, AlterPartitionRequest, AlterPartitionResponse, AlteredPartition,
};
use crate::engine::protocol::{Payload, Request};
use crate::engine::replication::isr::PendingIsr;
use crate::engine::replication::partition::Partition;
use crate::engine::time::Micros;

/// Tag of the timer after which a refused request is sent again.
pub const RETRY_TAG: u64 = 1 << 41;
/// Tags from here on: the timers after which a request is no longer waited for, by its number.
pub const GIVE_UP_TAGS: u64 = 1 << 42;
/// Pause before it is (`NodeToControllerRequestThread`).
const RETRY_BACKOFF: Micros = Micros(50_000);
/// `controller.socket.timeout.ms`: the connection counts as broken when no answer came by then.
const SOCKET_TIMEOUT: Micros = Micros(30_000_000);
const ALTER_PARTITION_VERSION: i16 = 2;

/// The one channel through which a broker's ISR changes go: one request in flight.
#[derive(Clone, Debug, Default)]
pub struct IsrChannel {
    queue: BTreeMap<TopicPartition, Wish>,
    in_flight: Option<Asked>,
    resting: bool,
}

#[derive(Clone, Debug)]
struct Wish {
    change: AlterPartition,
    cause: Option<EventId>,
}

#[derive(Clone, Debug)]
struct Asked {
    correlation: CorrelationId,
    controller: BrokerId,
    wishes: BTreeMap<TopicPartition, Wish>,
}

impl IsrChannel {
    /// The pause is over.
    pub fn rested(&mut self) {
        self.resting = false;
    }

    /// A partition's reign ended: its wishes are void.
    pub fn forget(&mut self, id: &TopicPartition) {
        self.queue.remove(id);
        if let Some(asked) = &mut self.in_flight {
            asked.wishes.remove(id);
        }
    }

    fn requeue(&mut self) {
        if let Some(asked) = self.in_flight.take() {
            for (id, wish) in asked.wishes {
                self.queue.entry(id).or_insert(wish);
            }
        }
    }
}

impl Broker {
    /// A follower's fetch came: it joins the ISR when it has caught up.
    pub(super) fn maybe_expand(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: &TopicPartition,
        follower: BrokerId,
    ) {
        let alive = self.is_alive(follower);
        let Some(partition) = self.partitions.get(id) else { return };
        if let Some(isr) = partition.expanded_isr(follower, alive) {
            self.wish(ctx, id, isr);
        }
    }

    /// The periodic check (`ReplicaManager.maybeShrinkIsr`, every half `replica.lag.time.max.ms`).
    pub(super) fn check_isrs(&mut self, ctx: &mut Ctx<'_>) {
        let lag_max = self.lag_max();
        let again = Timer { purpose: TimerPurpose::IsrCheck, tag: 0 };
        let cause = ctx.timer_cause();
        ctx.set_timer_caused(Micros(lag_max.0 / 2).max(Micros(1)), again, cause);
        // Nobody is late where every follower in the ISR is at the end.
        let settled =
            |id: &TopicPartition| self.partitions.get(id).is_none_or(Partition::is_settled);
        let settled: Vec<_> = self.unsettled.iter().filter(|id| settled(id)).cloned().collect();
        for id in settled {
            self.unsettled.remove(&id);
        }
        let suspects = self.unsettled.iter().filter_map(|id| self.partitions.get(id));
        let late: Vec<_> = suspects
            .filter_map(|p| p.shrunk_isr(ctx.now, lag_max).map(|isr| (p.id.clone(), isr)))
            .collect();
        for (id, isr) in late {
            self.wish(ctx, &id, isr);
        }
    }

    fn wish(&mut self, ctx: &mut Ctx<'_>, id: &TopicPartition, isr: Vec<BrokerId>) {
        let cause = ctx.cause();
        let Some(partition) = self.partitions.get_mut(id) else { return };
        let change = AlterPartition {
            partition: id.clone(),
            leader_epoch: partition.leader_epoch(),
            new_isr: isr.clone(),
            partition_epoch: partition.partition_epoch(),
        };
        let based_on = partition.partition_epoch();
        if let Some(leading) = partition.leading_mut() {
            leading.pending = Some(PendingIsr { isr, based_on });
            self.isr_channel.queue.insert(id.clone(), Wish { change, cause });
        }
    }

    /// Sends what waits, when nothing is in flight and the controller is known. A controller that was
    /// replaced is no longer waited for.
    pub(super) fn send_isr_changes(&mut self, ctx: &mut Ctx<'_>) {
        let controller = self.control.controller();
        let asked = self.isr_channel.in_flight.as_ref();
        if asked.is_some_and(|asked| controller.is_some_and(|now| now != asked.controller)) {
            self.isr_channel.requeue();
        }
        let channel = &mut self.isr_channel;
        let blocked = channel.in_flight.is_some() || channel.resting || channel.queue.is_empty();
        let (false, Some(controller)) = (blocked, controller) else { return };
        if self.phase == Phase::Closing {
            return;
        }
        let wishes = std::mem::take(&mut channel.queue);
        let partitions = wishes.values().map(|wish| wish.change.clone()).collect();
        let cause = wishes.values().find_map(|wish| wish.cause);
        let correlation = self.correlation();
        let request = AlterPartitionRequest {
            broker_id: self.id,
            broker_epoch: self.control.broker_epoch(),
            partitions,
        };
        let body = Request::AlterPartition(request);
        let payload = Payload::Request {
            correlation,
            version: ALTER_PARTITION_VERSION,
            client_id: None,
            body,
        };
        let to = NodeId::Broker(controller);
        match cause {
            Some(cause) => ctx.send_from(cause, to, payload),
            None => ctx.send(to, payload),
        };
        self.isr_channel.in_flight = Some(Asked { correlation, controller, wishes });
        let tag = GIVE_UP_TAGS + u64::from(correlation.0);
        let give_up = Timer { purpose: TimerPurpose::RequestTimeout, tag };
        ctx.set_timer_caused(SOCKET_TIMEOUT, give_up, cause);
    }

    /// A request has waited too long: it, or its answer, is lost. What it asked for is asked again.
    pub(super) fn isr_change_timed_out(&mut self, ctx: &mut Ctx<'_>, tag: u64) {
        let asked = self.isr_channel.in_flight.as_ref();
        if asked.is_some_and(|asked| GIVE_UP_TAGS + u64::from(asked.correlation.0) == tag) {
            self.isr_channel.requeue();
            self.rest_channel(ctx);
        }
    }

    pub(super) fn isr_channel_disconnected(&mut self, ctx: &mut Ctx<'_>, peer: BrokerId) {
        if self.isr_channel.in_flight.as_ref().is_some_and(|asked| asked.controller == peer) {
            self.isr_channel.requeue();
            self.rest_channel(ctx);
        }
    }

    fn rest_channel(&mut self, ctx: &mut Ctx<'_>) {
        if !self.isr_channel.resting {
            self.isr_channel.resting = true;
            let timer = Timer { purpose: TimerPurpose::Backoff, tag: RETRY_TAG };
            let cause = ctx.timer_cause();
            ctx.set_timer_caused(RETRY_BACKOFF, timer, cause);
        }
    }

    /// The controller's answer.
    pub(super) fn altered_partitions(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        correlation: CorrelationId,
        response: &AlterPartitionResponse,
    ) {
        let channel = &mut self.isr_channel;
        let Some(asked) = channel.in_flight.take_if(|asked| asked.correlation == correlation)
        else {
            return;
        };
        if response.error_code != 0 {
            channel.in_flight = Some(asked);
            channel.requeue();
            self.rest_channel(ctx);
            return;
        }
        for (id, wish) in asked.wishes {
            match response.partitions.get(&id) {
                Some(Ok(altered)) => self.altered(ctx, disk, &id, &wish, altered),
                Some(Err(code)) if is_final(*code) => {}
                Some(Err(code)) if was_not_tried(*code) => {
                    self.abandon(&id, wish.change.leader_epoch);
                }
                _ => {
                    self.isr_channel.queue.entry(id).or_insert(wish);
                    self.rest_channel(ctx);
                }
            }
        }
    }

    fn altered(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &mut Disk,
        id: &TopicPartition,
        wish: &Wish,
        altered: &AlteredPartition,
    ) {
        self.wake_sessions(id);
        let Some(partition) = self.partitions.get_mut(id) else { return };
        if partition.leader_epoch() != wish.change.leader_epoch || partition.leading().is_none() {
            return;
        }
        let before = partition.isr().to_vec();
        if let Some(state) = &mut partition.state {
            state.isr.clone_from(&altered.isr);
            state.partition_epoch = altered.partition_epoch;
        }
        if let Some(leading) = partition.leading_mut() {
            leading.pending = None;
        }
        tell(ctx, id, &before, &altered.isr);
        self.advance_leader_watermark(ctx, disk, id);
        self.complete_produces(ctx, id);
        self.expand_others(ctx, id);
    }

    /// Followers that caught up while the change was in flight join next.
    fn expand_others(&mut self, ctx: &mut Ctx<'_>, id: &TopicPartition) {
        let Some(partition) = self.partitions.get(id) else { return };
        let Some(leading) = partition.leading() else { return };
        let lag_max = self.lag_max();
        let leo = partition.log.log_end_offset();
        let caught_up = leading
            .followers
            .iter()
            .find(|(broker, replica)| {
                !partition.isr().contains(broker) && replica.is_caught_up(leo, ctx.now, lag_max)
            })
            .map(|(broker, _)| *broker);
        if let Some(broker) = caught_up {
            self.maybe_expand(ctx, id, broker);
        }
    }

    /// The controller refused and says that nothing was written: the ISR is the committed one again.
    fn abandon(&mut self, id: &TopicPartition, epoch: LeaderEpoch) {
        let Some(partition) = self.partitions.get_mut(id) else { return };
        if partition.leader_epoch() == epoch
            && let Some(leading) = partition.leading_mut()
        {
            leading.pending = None;
        }
    }
}

/// Errors after which the change stays pending, until the next reign: it may have been written all the
/// same, so the leader may count on neither ISR (`Partition.handleAlterPartitionError`).
fn is_final(code: i16) -> bool {
    [
        ResponseError::UnknownTopicOrPartition,
        ResponseError::UnknownTopicId,
        ResponseError::FencedLeaderEpoch,
        ResponseError::InvalidUpdateVersion,
        ResponseError::InvalidRequest,
        ResponseError::NewLeaderElected,
    ]
    .iter()
    .any(|error| error.code() == code)
}

/// Errors that say that no controller has written the change, nor will.
fn was_not_tried(code: i16) -> bool {
    [ResponseError::IneligibleReplica, ResponseError::OperationNotAttempted]
        .iter()
        .any(|error| error.code() == code)
}

fn tell(ctx: &mut Ctx<'_>, id: &TopicPartition, before: &[BrokerId], isr: &[BrokerId]) {
    let missing = |from: &[BrokerId], of: &[BrokerId]| -> Vec<BrokerId> {
        from.iter().copied().filter(|broker| !of.contains(broker)).collect()
    };
    let removed = missing(before, isr);
    if !removed.is_empty() {
        ctx.emit(EventKind::IsrShrunk { partition: id.clone(), removed, isr: isr.to_vec() });
    }
    let added = missing(isr, before);
    if !added.is_empty() {
        ctx.emit(EventKind::IsrExpanded { partition: id.clone(), added, isr: isr.to_vec() });
    }
}
