//! The admin client: creates topics, moves leaders, changes settings, and does not give up for a minute.
//!
//! Kafka's `KafkaAdminClient`. A call goes to the controller, to any broker, or to the broker that it
//! is about. As long as no answer comes, or only that the controller is another, it tries again with
//! fresh metadata, until `default.api.timeout.ms`. What the answer says is an event, with Kafka's
//! message where it is a refusal, and so is that timeout. Calls about one topic keep their order;
//! calls about different topics do not wait for each other.

use kafka_protocol::ResponseError;

use crate::engine::client::admin_task::{Destination, Outcome, Task};
use crate::engine::client::alarm::{Alarms, Deadline, earliest};
use crate::engine::client::backoff::RETRY;
use crate::engine::client::network_client::{Failed, NetworkClient, Version};
use crate::engine::event::{EventKind, TimerPurpose};
use crate::engine::ids::{BrokerId, CorrelationId, EventId, Text};
use crate::engine::node::{Ctx, Timer};
use crate::engine::protocol::{Request, Response};
use crate::engine::time::Micros;

/// `default.api.timeout.ms`.
const API_TIMEOUT: Micros = Micros(60_000_000);
/// `request.timeout.ms` of an admin client.
const REQUEST_TIMEOUT: Micros = Micros(30_000_000);
/// REQUEST_TIMED_OUT: what Kafka's `TimeoutException` is on the wire.
const REQUEST_TIMED_OUT: i16 = 7;

/// A task on its way.
#[derive(Clone, Debug)]
struct Call {
    id: u64,
    task: Task,
    /// What asked for it.
    cause: Option<EventId>,
    deadline: Micros,
    tries: u32,
    state: CallState,
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CallState {
    /// Not sent, and not before then.
    Waiting(Deadline),
    /// Sent.
    InFlight,
}

/// An admin client.
#[derive(Clone, Debug)]
pub struct Admin {
    network: NetworkClient<u64>,
    calls: Vec<Call>,
    next_call: u64,
    alarms: Alarms,
}

impl Admin {
    /// An admin client that knows only its bootstrap brokers. It asks for nothing until it has a call.
    #[must_use]
    pub fn new(bootstrap: Vec<BrokerId>) -> Admin {
        let network = NetworkClient::new(bootstrap, REQUEST_TIMEOUT);
        Admin { network, calls: Vec::new(), next_call: 0, alarms: Alarms::default() }
    }

    /// Asks for something.
    pub fn ask(&mut self, ctx: &mut Ctx<'_>, task: Task) {
        let cause = ctx.timer_cause();
        let id = self.next_call;
        self.next_call += 1;
        let deadline = ctx.now + API_TIMEOUT;
        let state = CallState::Waiting(Deadline { at: ctx.now, cause });
        self.calls.push(Call { id, task, cause, deadline, tries: 0, state });
        self.run(ctx);
    }

    /// Calls that have not ended.
    #[must_use]
    pub fn pending(&self) -> u32 {
        u32::try_from(self.calls.len()).unwrap_or(u32::MAX)
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
            self.answered(ctx, id, &body);
        }
        self.run(ctx);
    }

    /// A timer fired. True when it was the admin client's.
    pub fn on_timer(&mut self, ctx: &mut Ctx<'_>, timer: &Timer) -> bool {
        let fired = self.alarms.fired(ctx.now, timer);
        if fired {
            self.run(ctx);
        }
        fired
    }

    /// The connection to a broker broke.
    pub fn on_connection_lost(&mut self, ctx: &mut Ctx<'_>, broker: BrokerId) {
        let failed = self.network.on_connection_lost(ctx, broker);
        self.retry_all(ctx, &failed);
        self.run(ctx);
    }

    fn run(&mut self, ctx: &mut Ctx<'_>) {
        for failed in self.network.close_overdue(ctx) {
            self.retry_all(ctx, &failed);
        }
        self.expire(ctx);
        if self.calls.is_empty() {
            return;
        }
        self.network.poll(ctx);
        self.send_ready(ctx);
        let waiting = self.calls.iter().filter_map(|call| match call.state {
            CallState::Waiting(until) if until.at > ctx.now => Some(Some(until)),
            _ => None,
        });
        let backoff = waiting.fold(self.network.next_poll(ctx.now), earliest);
        let deadlines =
            self.calls.iter().map(|c| Some(Deadline { at: c.deadline, cause: c.cause }));
        let delivery = deadlines.fold(None, earliest);
        self.alarms.arm(ctx, TimerPurpose::Backoff, backoff);
        self.alarms.arm(ctx, TimerPurpose::RequestTimeout, self.network.next_timeout());
        self.alarms.arm(ctx, TimerPurpose::DeliveryTimeout, delivery);
    }

    /// Sends the first call of each topic, if it is not in a pause and its broker can be reached.
    fn send_ready(&mut self, ctx: &mut Ctx<'_>) {
        for index in 0..self.calls.len() {
            let (before, rest) = self.calls.split_at_mut(index);
            let call = &mut rest[0];
            let waits = match call.state {
                CallState::Waiting(until) => until.at > ctx.now,
                CallState::InFlight => true,
            };
            if waits || before.iter().any(|earlier| call.task.follows(&earlier.task)) {
                continue;
            }
            let broker = match call.task.destination() {
                Destination::Controller => self.network.metadata.controller(),
                Destination::Any => self.network.least_loaded(ctx),
                Destination::Broker(broker) => Some(broker),
            };
            let Some(broker) = broker else {
                self.network.metadata.request_update(call.cause);
                continue;
            };
            if !self.network.ready(ctx, broker) {
                continue;
            }
            call.state = CallState::InFlight;
            call.tries += 1;
            let (version, body) = call.request(ctx.now);
            self.network.send(ctx, broker, version, body, call.id);
        }
    }

    fn answered(&mut self, ctx: &mut Ctx<'_>, id: u64, body: &Response) {
        let Some(call) = self.calls.iter().find(|call| call.id == id) else { return };
        let outcomes = call.task.outcomes(body);
        let moved = ResponseError::NotController.code();
        if outcomes.iter().any(|outcome| outcome.error == moved) {
            self.network.metadata.forget_controller(ctx.timer_cause());
            self.retry(ctx, id);
            return;
        }
        self.end(ctx, id, outcomes);
    }

    fn retry_all(&mut self, ctx: &mut Ctx<'_>, failed: &Failed<u64>) {
        failed.purposes.iter().for_each(|id| self.retry(ctx, *id));
    }

    fn retry(&mut self, ctx: &mut Ctx<'_>, id: u64) {
        if let Some(call) = self.calls.iter_mut().find(|call| call.id == id) {
            let pause = RETRY.pause(ctx, call.tries.saturating_sub(1));
            let until = Deadline { at: ctx.now + pause, cause: ctx.timer_cause() };
            call.state = CallState::Waiting(until);
        }
    }

    /// Ends calls that have taken `default.api.timeout.ms`.
    fn expire(&mut self, ctx: &mut Ctx<'_>) {
        let late = self.calls.iter().filter(|call| call.deadline <= ctx.now);
        let late: Vec<(u64, u32, &str)> =
            late.map(|call| (call.id, call.tries, call.task.name())).collect();
        for (id, tries, name) in late {
            let message = match tries {
                0 => format!("Timed out waiting for a node assignment. Call: {name}"),
                _ => format!(
                    "Call(callName={name}, tries={tries}) timed out after {tries} attempt(s)"
                ),
            };
            self.fail(ctx, id, message.into());
        }
    }

    fn fail(&mut self, ctx: &mut Ctx<'_>, id: u64, message: Text) {
        let call = self.calls.iter().find(|call| call.id == id);
        let subject = call.map(|call| call.task.subject()).unwrap_or_default();
        let outcome = Outcome { subject, error: REQUEST_TIMED_OUT, message: Some(message) };
        self.end(ctx, id, vec![outcome]);
    }

    /// The call is over: what came of it is told.
    fn end(&mut self, ctx: &mut Ctx<'_>, id: u64, outcomes: Vec<Outcome>) {
        let Some(index) = self.calls.iter().position(|call| call.id == id) else { return };
        let call: Text = self.calls.remove(index).task.name().into();
        for Outcome { subject, error, message } in outcomes {
            let call = call.clone();
            ctx.emit(match ResponseError::try_from_code(error) {
                None => EventKind::AdminCompleted { call, subject },
                Some(kind) => {
                    let message = message.unwrap_or_else(|| kind.to_string().into());
                    EventKind::AdminFailed { call, subject, error, message }
                }
            });
        }
    }
}

impl Call {
    fn request(&self, now: Micros) -> (Version, Request) {
        let left = self.deadline.since(now).min(REQUEST_TIMEOUT).as_ms();
        self.task.request(i32::try_from(left).unwrap_or(i32::MAX))
    }
}
