//! Requests from the controller to brokers (Kafka's `ControllerChannelManager`, `RequestSendThread`).
//!
//! Each broker has a queue; a request leaves when the one before it is answered. One that finds no
//! broker, or no answer in time, is sent again for as long as the broker is registered: nothing is
//! skipped and nothing overtakes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use crate::engine::controller::tags;
use crate::engine::event::TimerPurpose;
use crate::engine::ids::{BrokerId, CorrelationId, NodeId};
use crate::engine::node::{Ctx, Timer};
use crate::engine::protocol::{Api, Payload, Request};
use crate::engine::time::Micros;

/// Pause before a failed request is sent again (`RequestSendThread.backoff`).
const BACKOFF: Micros = Micros(100_000);
/// How long an answer may take (`controller.socket.timeout.ms`).
pub const SOCKET_TIMEOUT: Micros = Micros(30_000_000);
/// Version of LeaderAndIsr that 3.9 sends.
const LEADER_AND_ISR_VERSION: i16 = 7;
/// Version of StopReplica that 3.9 sends.
const STOP_REPLICA_VERSION: i16 = 4;
/// Version of UpdateMetadata that 3.9 sends.
const UPDATE_METADATA_VERSION: i16 = 8;

/// What the first request of a queue is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    /// Nothing: the queue is empty.
    Idle,
    /// Its answer.
    InFlight(CorrelationId),
    /// The end of a pause.
    BackingOff,
}

#[derive(Clone, Debug)]
struct Channel {
    /// Shared, so that a clone of the control plane copies no partition.
    queue: VecDeque<Rc<Request>>,
    link: Link,
}

/// Numbers of this process's own requests to brokers, apart from those of other parts of it.
#[derive(Clone, Debug)]
pub struct Correlations(u32);

impl Default for Correlations {
    fn default() -> Correlations {
        Correlations(0x8000_0000)
    }
}

impl Correlations {
    /// The next number.
    pub fn take(&mut self) -> CorrelationId {
        let id = CorrelationId(self.0);
        self.0 = self.0.wrapping_add(1) | 0x8000_0000;
        id
    }
}

/// The channels to all registered brokers.
#[derive(Clone, Debug, Default)]
pub struct Channels {
    channels: BTreeMap<BrokerId, Channel>,
}

impl Channels {
    /// Opens channels to new brokers and gives up those to brokers that are gone.
    pub fn keep(&mut self, registered: &BTreeSet<BrokerId>) {
        self.channels.retain(|broker, _| registered.contains(broker));
        for broker in registered {
            let channel = || Channel { queue: VecDeque::new(), link: Link::Idle };
            self.channels.entry(*broker).or_insert_with(channel);
        }
    }

    /// What waits for each broker: how many requests, and what the first of them is.
    pub fn queued(&self) -> impl Iterator<Item = (BrokerId, usize, Option<Api>)> {
        self.channels.iter().map(|(broker, channel)| {
            let first = channel.queue.front().map(|request| request.api());
            (*broker, channel.queue.len(), first)
        })
    }

    /// Gives up the channel to one broker, and what was queued.
    pub fn remove(&mut self, broker: BrokerId) {
        self.channels.remove(&broker);
    }

    /// Whether a broker has answered everything.
    #[must_use]
    pub fn is_idle(&self, broker: BrokerId) -> bool {
        self.channels.get(&broker).is_none_or(|channel| channel.link == Link::Idle)
    }

    /// Queues a request; requests to brokers without a channel are dropped.
    pub fn enqueue(
        &mut self,
        ctx: &mut Ctx,
        ids: &mut Correlations,
        broker: BrokerId,
        request: Rc<Request>,
    ) {
        if let Some(channel) = self.channels.get_mut(&broker) {
            channel.queue.push_back(request);
            if channel.link == Link::Idle {
                channel.send(ctx, ids, broker);
            }
        }
    }

    /// An answer came; returns the request of these channels that it is to.
    pub fn on_response(
        &mut self,
        ctx: &mut Ctx,
        ids: &mut Correlations,
        broker: BrokerId,
        correlation: CorrelationId,
    ) -> Option<Rc<Request>> {
        let channel = self.channels.get_mut(&broker)?;
        if channel.link != Link::InFlight(correlation) {
            return None;
        }
        let answered = channel.queue.pop_front();
        channel.send(ctx, ids, broker);
        answered
    }

    /// The connection to a broker broke: what was under way is sent again after a pause.
    pub fn on_connection_lost(&mut self, ctx: &mut Ctx, broker: BrokerId) {
        if let Some(channel) = self.channels.get_mut(&broker)
            && matches!(channel.link, Link::InFlight(_))
        {
            channel.link = Link::BackingOff;
            let tag = tags::CHANNEL_BACKOFF + u64::from(broker.0.cast_unsigned());
            ctx.set_timer(BACKOFF, Timer { purpose: TimerPurpose::Backoff, tag });
        }
    }

    /// A pause is over.
    pub fn on_backoff(&mut self, ctx: &mut Ctx, ids: &mut Correlations, broker: BrokerId) {
        if let Some(channel) = self.channels.get_mut(&broker)
            && channel.link == Link::BackingOff
        {
            channel.send(ctx, ids, broker);
        }
    }

    /// A request has waited too long for its answer: it is sent again, under a new number.
    pub fn on_timeout(&mut self, ctx: &mut Ctx, ids: &mut Correlations, late: CorrelationId) {
        for (broker, channel) in &mut self.channels {
            if channel.link == Link::InFlight(late) {
                channel.send(ctx, ids, *broker);
            }
        }
    }
}

impl Channel {
    /// Sends the first of the queue.
    fn send(&mut self, ctx: &mut Ctx, ids: &mut Correlations, broker: BrokerId) {
        let Some(request) = self.queue.front() else {
            self.link = Link::Idle;
            return;
        };
        let correlation = ids.take();
        let version = match &**request {
            Request::LeaderAndIsr(_) => LEADER_AND_ISR_VERSION,
            Request::StopReplica(_) => STOP_REPLICA_VERSION,
            _ => UPDATE_METADATA_VERSION,
        };
        let payload =
            Payload::Request { correlation, version, client_id: None, body: (**request).clone() };
        ctx.send(NodeId::Broker(broker), payload);
        self.link = Link::InFlight(correlation);
        let tag = tags::REQUEST_TIMEOUT + u64::from(correlation.0);
        ctx.set_timer(SOCKET_TIMEOUT, Timer { purpose: TimerPurpose::RequestTimeout, tag });
    }
}
