//! Calls of an admin client whose answers come back to who asked.
//!
//! Kafka's `KafkaAdminClient` as its callers see it: a call goes to the controller, to any broker or to
//! one that it names; as long as no answer comes, or only that the controller is another, it is tried
//! again with fresh metadata, until `default.api.timeout.ms`. What an answer says is the caller's to
//! read. [`crate::engine::client::admin::Admin`] does the same for the world's own commands.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::ProduceResponse;

use crate::engine::client::admin_task::Destination;
use crate::engine::client::alarm::{Alarms, Deadline, earliest};
use crate::engine::client::backoff::RETRY;
use crate::engine::client::network_client::{Failed, NetworkClient, Version};
use crate::engine::event::TimerPurpose;
use crate::engine::ids::{BrokerId, CorrelationId, EventId, Text};
use crate::engine::node::{Ctx, Timer};
use crate::engine::protocol::{Request, Response};
use crate::engine::time::Micros;

/// One question to the cluster.
#[derive(Clone, Debug)]
pub struct Call {
    /// Kafka's name of it, as its messages have it: `listTopics`.
    pub name: &'static str,
    /// Whom it is for.
    pub to: Destination,
    /// The API and the version wanted.
    pub version: Version,
    /// What is asked.
    pub body: Request,
}

/// What came of a call.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A broker answered.
    Response(Response),
    /// Nobody did within `default.api.timeout.ms`: the words of Kafka's `TimeoutException`.
    TimedOut(Text),
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not sent, and not before then.
    Waiting(Deadline),
    /// Sent.
    InFlight,
}

#[derive(Clone, Debug)]
struct Pending {
    id: u64,
    call: Call,
    cause: Option<EventId>,
    deadline: Micros,
    tries: u32,
    state: State,
}

/// The calls of one client.
#[derive(Clone, Debug)]
pub struct Calls {
    network: NetworkClient<u64>,
    pending: Vec<Pending>,
    answers: Vec<(u64, Answer)>,
    next: u64,
    api_timeout: Micros,
    alarms: Alarms,
}

impl Calls {
    /// A client that knows only its bootstrap brokers, which may be none that live.
    #[must_use]
    pub fn new(bootstrap: Vec<BrokerId>, request_timeout: Micros, api_timeout: Micros) -> Calls {
        Calls {
            network: NetworkClient::new(bootstrap, request_timeout),
            pending: Vec::new(),
            answers: Vec::new(),
            next: 0,
            api_timeout,
            alarms: Alarms::default(),
        }
    }

    /// Asks; the number comes back with the answer in [`Calls::take_answers`]. Nothing is sent before
    /// [`Calls::run`].
    pub fn ask(&mut self, ctx: &Ctx<'_>, call: Call) -> u64 {
        let id = self.next;
        self.next += 1;
        let cause = ctx.timer_cause();
        let state = State::Waiting(Deadline { at: ctx.now, cause });
        let deadline = ctx.now + self.api_timeout;
        self.pending.push(Pending { id, call, cause, deadline, tries: 0, state });
        id
    }

    /// Answers since the last call, in the order in which they came.
    pub fn take_answers(&mut self) -> Vec<(u64, Answer)> {
        std::mem::take(&mut self.answers)
    }

    /// An answer arrived.
    pub fn on_response(
        &mut self,
        ctx: &mut Ctx<'_>,
        broker: BrokerId,
        correlation: CorrelationId,
        body: Response,
    ) {
        if let Some((id, body)) = self.network.on_response(ctx, broker, correlation, body) {
            if body.error() == ResponseError::NotController.code() {
                self.network.metadata.forget_controller(ctx.timer_cause());
                self.retry(ctx, id);
            } else {
                self.end(id, Answer::Response(body));
            }
        }
        self.run(ctx);
    }

    /// A timer fired.
    pub fn on_timer(&mut self, ctx: &mut Ctx<'_>, timer: &Timer) {
        if self.alarms.fired(ctx.now, timer) {
            self.run(ctx);
        }
    }

    /// The connection to a broker broke.
    pub fn on_connection_lost(&mut self, ctx: &mut Ctx<'_>, broker: BrokerId) {
        let failed = self.network.on_connection_lost(ctx, broker);
        self.retry_all(ctx, &failed);
        self.run(ctx);
    }

    /// Sends what can be sent and sets the timers for the rest.
    pub fn run(&mut self, ctx: &mut Ctx<'_>) {
        for failed in self.network.close_overdue(ctx) {
            self.retry_all(ctx, &failed);
        }
        self.expire(ctx);
        if self.pending.is_empty() {
            return;
        }
        self.network.poll(ctx);
        self.send_ready(ctx);
        let waiting = self.pending.iter().filter_map(|call| match call.state {
            State::Waiting(until) if until.at > ctx.now => Some(Some(until)),
            _ => None,
        });
        let backoff = waiting.fold(self.network.next_poll(ctx.now), earliest);
        let deadlines =
            self.pending.iter().map(|c| Some(Deadline { at: c.deadline, cause: c.cause }));
        let end = deadlines.fold(None, earliest);
        self.alarms.arm(ctx, TimerPurpose::Backoff, backoff);
        self.alarms.arm(ctx, TimerPurpose::RequestTimeout, self.network.next_timeout());
        self.alarms.arm(ctx, TimerPurpose::DeliveryTimeout, end);
    }

    fn send_ready(&mut self, ctx: &mut Ctx<'_>) {
        let mut sent = Vec::new();
        for index in 0..self.pending.len() {
            let pending = &mut self.pending[index];
            if !matches!(pending.state, State::Waiting(until) if until.at <= ctx.now) {
                continue;
            }
            let broker = match pending.call.to {
                Destination::Controller => self.network.metadata.controller(),
                Destination::Any => self.network.least_loaded(ctx),
                // One that nobody told of may be none at all (`ConstantNodeIdProvider`).
                Destination::Broker(broker) => {
                    Some(broker).filter(|id| self.network.metadata.brokers().contains(id))
                }
            };
            let Some(broker) = broker else {
                self.network.metadata.request_update(pending.cause);
                continue;
            };
            if !self.network.ready(ctx, broker) {
                continue;
            }
            pending.state = State::InFlight;
            pending.tries += 1;
            let (version, body, id) = (pending.call.version, pending.call.body.clone(), pending.id);
            if matches!(&body, Request::Produce(produce) if produce.acks == 0) {
                // Nobody answers: it is over with the sending.
                self.network.send_unanswered(ctx, broker, version, body);
                sent.push(id);
                continue;
            }
            self.network.send(ctx, broker, version, body, id);
        }
        for id in sent {
            self.end(id, Answer::Response(Response::Produce(ProduceResponse::default())));
        }
    }

    fn retry_all(&mut self, ctx: &mut Ctx<'_>, failed: &Failed<u64>) {
        failed.purposes.iter().for_each(|id| self.retry(ctx, *id));
    }

    fn retry(&mut self, ctx: &mut Ctx<'_>, id: u64) {
        if let Some(call) = self.pending.iter_mut().find(|call| call.id == id) {
            let pause = RETRY.pause(ctx, call.tries.saturating_sub(1));
            let until = Deadline { at: ctx.now + pause, cause: ctx.timer_cause() };
            call.state = State::Waiting(until);
        }
    }

    /// Ends calls that have taken `default.api.timeout.ms` (`Call.handleTimeoutFailure`).
    fn expire(&mut self, ctx: &Ctx<'_>) {
        let late: Vec<Pending> =
            self.pending.iter().filter(|call| call.deadline <= ctx.now).cloned().collect();
        for Pending { id, call, deadline, tries, .. } in late {
            let words = match tries {
                0 => format!("Timed out waiting for a node assignment. Call: {}", call.name),
                _ => timed_out(call.name, ctx, deadline, tries),
            };
            self.end(id, Answer::TimedOut(words.into()));
        }
    }

    fn end(&mut self, id: u64, answer: Answer) {
        self.pending.retain(|call| call.id != id);
        self.answers.push((id, answer));
    }
}

/// What Kafka says of a call that was tried and did not end in time.
#[must_use]
pub fn timed_out(name: &str, ctx: &Ctx<'_>, deadline: Micros, tries: u32) -> String {
    let (deadline, now) = (ctx.epoch_ms + deadline.as_ms(), ctx.wall_ms());
    format!(
        "Call(callName={name}, deadlineMs={deadline}, tries={tries}, nextAllowedTryMs={now}) \
         timed out at {now} after {tries} attempt(s)"
    )
}
