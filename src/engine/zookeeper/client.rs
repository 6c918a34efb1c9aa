//! The client side of ZooKeeper in each broker (Kafka's `ZooKeeperClient` and the retries of
//! `KafkaZkClient.retryRequestUntilConnected`).
//!
//! Requests carry a tag of their owner's type, which comes back with the results. They are answered
//! in order; what was not answered when the connection broke is sent again after reconnecting, so a
//! write may be found done already. When the session has expired, what was under way is dropped and a
//! new session begins. A request that a later answer overtakes was lost: that counts as a broken
//! connection, as ZooKeeper's "Xid out of order" does.

use std::collections::{BTreeMap, VecDeque};

use crate::engine::event::TimerPurpose;
use crate::engine::ids::{CorrelationId, NodeId, SessionId, Text};
use crate::engine::node::{Ctx, Timer};
use crate::engine::protocol::Payload;
use crate::engine::protocol::zk::{ZkError, ZkOp, ZkReply, ZkRequest, ZkResult};
use crate::engine::rng::Stream;
use crate::engine::time::Micros;

/// Results of one request, in the order of its operations.
pub type ZkResults = Vec<Result<ZkResult, ZkError>>;

/// What the owner of a client learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZkEvent<T> {
    /// A new session; nothing is watched.
    SessionStarted,
    /// The connection is back in the same session; watches must be set again.
    Reconnected,
    /// A request was answered.
    Results {
        /// Whose it is.
        tag: T,
        /// The answers.
        results: ZkResults,
    },
    /// The session is over, and with it all that was asked; a new one is on its way.
    SessionExpired,
    /// No connection within the session timeout after the start.
    ConnectTimedOut,
    /// The session is closed, at the owner's wish.
    Closed,
}

/// How the operations of a request hang together.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Mode {
    Pipelined,
    Atomic,
    Guarded { path: Text, version: i32 },
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Ask<T> {
    tag: T,
    ops: Vec<ZkOp>,
    mode: Mode,
}

/// Where the client stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not started, or closed.
    Idle,
    /// Not connected; `session` is to be resumed.
    Connecting { session: Option<SessionId> },
    /// In a session.
    Connected { session: SessionId },
    /// The session is being closed.
    Closing { session: SessionId },
}

/// One client.
#[derive(Clone, Debug)]
pub struct ZkClient<T> {
    state: State,
    timeout: Micros,
    first_tag: u64,
    ever_connected: bool,
    sent: BTreeMap<CorrelationId, Ask<T>>,
    unsent: VecDeque<Ask<T>>,
    next: u32,
    attempt: u32,
    last_sent: Micros,
    last_heard: Micros,
    ping_armed: bool,
}

const PING: u64 = 0;
const START: u64 = 1;
const FIRST_ATTEMPT: u64 = 2;
/// Longest random pause before reconnecting (`ClientCnxn` sleeps up to a second).
const RECONNECT_PAUSE_MS: u64 = 1_000;

impl<T: Clone> ZkClient<T> {
    /// A client whose timers have tags from `first_tag` on (2^32 of them).
    #[must_use]
    pub fn new(timeout: Micros, first_tag: u64) -> ZkClient<T> {
        ZkClient {
            state: State::Idle,
            timeout,
            first_tag,
            ever_connected: false,
            sent: BTreeMap::new(),
            unsent: VecDeque::new(),
            next: 0x8000_0000,
            attempt: 0,
            last_sent: Micros::ZERO,
            last_heard: Micros::ZERO,
            ping_armed: false,
        }
    }

    /// The session, while there is one.
    #[must_use]
    pub fn session(&self) -> Option<SessionId> {
        match self.state {
            State::Idle => None,
            State::Connecting { session } => session,
            State::Connected { session } | State::Closing { session } => Some(session),
        }
    }

    /// Connects for the first time.
    pub fn start(&mut self, ctx: &mut Ctx) {
        let timer = self.timer(TimerPurpose::RequestTimeout, START);
        ctx.set_timer(self.timeout, timer);
        self.connect(ctx, None);
    }

    /// Asks for operations one after the other, each with its own result.
    pub fn ask(&mut self, ctx: &mut Ctx, tag: T, ops: Vec<ZkOp>) {
        self.submit(ctx, Ask { tag, ops, mode: Mode::Pipelined });
    }

    /// Asks for operations of which all or none are done.
    pub fn ask_atomic(&mut self, ctx: &mut Ctx, tag: T, ops: Vec<ZkOp>) {
        self.submit(ctx, Ask { tag, ops, mode: Mode::Atomic });
    }

    /// Asks for operations each of which is done only while `path` has `version`.
    pub fn ask_guarded(
        &mut self,
        ctx: &mut Ctx,
        tag: T,
        (path, version): (Text, i32),
        ops: Vec<ZkOp>,
    ) {
        self.submit(ctx, Ask { tag, ops, mode: Mode::Guarded { path, version } });
    }

    /// Ends the session. Without a connection there is nobody to tell: it ends by silence.
    pub fn close(&mut self, ctx: &mut Ctx) -> Option<ZkEvent<T>> {
        self.sent.clear();
        self.unsent.clear();
        match self.state {
            State::Connected { session } => {
                self.state = State::Closing { session };
                self.send(ctx, ZkRequest::Close { session });
                None
            }
            State::Closing { .. } => None,
            State::Idle | State::Connecting { .. } => {
                self.state = State::Idle;
                Some(ZkEvent::Closed)
            }
        }
    }

    /// An answer of the server.
    pub fn on_reply(
        &mut self,
        ctx: &mut Ctx,
        correlation: CorrelationId,
        reply: ZkReply,
    ) -> Option<ZkEvent<T>> {
        self.last_heard = ctx.now;
        match reply {
            ZkReply::Connected { session } => self.connected(ctx, session),
            ZkReply::SessionExpired => self.expired(ctx),
            ZkReply::Closed if matches!(self.state, State::Closing { .. }) => {
                self.state = State::Idle;
                Some(ZkEvent::Closed)
            }
            ZkReply::Closed => None,
            ZkReply::Pong => {
                self.check_order(ctx, correlation);
                None
            }
            ZkReply::Results(results) => {
                let ask = self.sent.remove(&correlation)?;
                self.check_order(ctx, correlation);
                Some(ZkEvent::Results { tag: ask.tag, results })
            }
        }
    }

    /// The server's process ended, or refused a message.
    pub fn on_connection_lost(&mut self, ctx: &mut Ctx) -> Option<ZkEvent<T>> {
        match self.state {
            State::Idle => None,
            State::Closing { .. } => {
                self.state = State::Idle;
                Some(ZkEvent::Closed)
            }
            State::Connecting { session } => {
                self.pause(ctx, session);
                None
            }
            State::Connected { session } => {
                self.take_back();
                self.pause(ctx, Some(session));
                None
            }
        }
    }

    /// One of this client's timers; `offset` counts from the first tag.
    pub fn on_timer(&mut self, ctx: &mut Ctx, offset: u64) -> Option<ZkEvent<T>> {
        match offset {
            PING => self.ping(ctx),
            START => return (!self.ever_connected).then_some(ZkEvent::ConnectTimedOut),
            attempt => {
                if let State::Connecting { session } = self.state
                    && attempt - FIRST_ATTEMPT == u64::from(self.attempt)
                {
                    self.connect(ctx, session);
                }
            }
        }
        None
    }

    fn submit(&mut self, ctx: &mut Ctx, ask: Ask<T>) {
        match self.state {
            // A process that was frozen finds its connection dead before it writes to it.
            State::Connected { session } if self.is_silent(ctx) => {
                self.unsent.push_back(ask);
                self.break_off(ctx, session);
            }
            State::Connected { session } => self.transmit(ctx, session, ask),
            State::Connecting { .. } => self.unsent.push_back(ask),
            State::Idle | State::Closing { .. } => {}
        }
    }

    fn transmit(&mut self, ctx: &mut Ctx, session: SessionId, ask: Ask<T>) {
        let ops = ask.ops.clone();
        let request = match &ask.mode {
            Mode::Pipelined => ZkRequest::Ops { session, ops, atomic: false },
            Mode::Atomic => ZkRequest::Ops { session, ops, atomic: true },
            Mode::Guarded { path, version } => {
                ZkRequest::GuardedOps { session, path: path.clone(), version: *version, ops }
            }
        };
        let correlation = self.send(ctx, request);
        self.sent.insert(correlation, ask);
    }

    fn send(&mut self, ctx: &mut Ctx, body: ZkRequest) -> CorrelationId {
        let correlation = CorrelationId(self.next);
        self.next = self.next.wrapping_add(1) | 0x8000_0000;
        self.last_sent = ctx.now;
        ctx.send(NodeId::Zookeeper, Payload::Zk { correlation, body });
        correlation
    }

    /// Says hello, and again when that finds no answer in the time that ZooKeeper's client gives it.
    fn connect(&mut self, ctx: &mut Ctx, session: Option<SessionId>) {
        self.state = State::Connecting { session };
        self.attempt += 1;
        let timer = self.attempt_timer(TimerPurpose::RequestTimeout);
        ctx.set_timer(self.timeout, timer);
        self.send(ctx, ZkRequest::Connect { session, timeout: self.timeout });
    }

    fn pause(&mut self, ctx: &mut Ctx, session: Option<SessionId>) {
        self.state = State::Connecting { session };
        self.attempt += 1;
        let ms = ctx.random_below(Stream::Broker, RECONNECT_PAUSE_MS);
        let timer = self.attempt_timer(TimerPurpose::Backoff);
        ctx.set_timer(Micros(ms * 1_000), timer);
    }

    fn connected(&mut self, ctx: &mut Ctx, session: SessionId) -> Option<ZkEvent<T>> {
        let State::Connecting { session: wanted } = self.state else { return None };
        self.state = State::Connected { session };
        self.ever_connected = true;
        if !self.ping_armed {
            self.ping_armed = true;
            let timer = self.timer(TimerPurpose::Ping, PING);
            ctx.set_timer(self.ping_after(), timer);
        }
        for ask in std::mem::take(&mut self.unsent) {
            self.transmit(ctx, session, ask);
        }
        Some(if wanted == Some(session) { ZkEvent::Reconnected } else { ZkEvent::SessionStarted })
    }

    fn expired(&mut self, ctx: &mut Ctx) -> Option<ZkEvent<T>> {
        match self.state {
            State::Connected { .. } | State::Connecting { session: Some(_) } => {
                self.sent.clear();
                self.unsent.clear();
                self.connect(ctx, None);
                Some(ZkEvent::SessionExpired)
            }
            State::Closing { .. } => {
                self.state = State::Idle;
                Some(ZkEvent::Closed)
            }
            State::Idle | State::Connecting { session: None } => None,
        }
    }

    /// Answers come in order: one that overtakes a request says that the request was lost.
    fn check_order(&mut self, ctx: &mut Ctx, correlation: CorrelationId) {
        let overtaken = self.sent.keys().next().is_some_and(|first| *first < correlation);
        if let (true, State::Connected { session }) = (overtaken, self.state) {
            self.take_back();
            self.connect(ctx, Some(session));
        }
    }

    fn take_back(&mut self) {
        for (_, ask) in std::mem::take(&mut self.sent).into_iter().rev() {
            self.unsent.push_front(ask);
        }
    }

    fn ping(&mut self, ctx: &mut Ctx) {
        if self.state == State::Idle {
            self.ping_armed = false;
            return;
        }
        if let State::Connected { session } = self.state
            && self.is_silent(ctx)
        {
            self.break_off(ctx, session);
        }
        let silent = ctx.now.since(self.last_sent);
        let mut wait = self.ping_after().since(silent);
        if wait == Micros::ZERO {
            if let State::Connected { session } = self.state {
                self.send(ctx, ZkRequest::Ping { session });
            }
            wait = self.ping_after();
        }
        let cause = ctx.timer_cause();
        ctx.set_timer_caused(wait, self.timer(TimerPurpose::Ping, PING), cause);
    }

    fn is_silent(&self, ctx: &Ctx) -> bool {
        ctx.now.since(self.last_heard) >= self.silence_max()
    }

    /// Closes a connection on which nothing was heard for too long.
    fn break_off(&mut self, ctx: &mut Ctx, session: SessionId) {
        ctx.disconnect(NodeId::Zookeeper);
        self.take_back();
        self.pause(ctx, Some(session));
    }

    /// Silence of the server after which the connection counts as dead (`ClientCnxn.readTimeout`).
    fn silence_max(&self) -> Micros {
        Micros((self.timeout.0 * 2 / 3).max(1))
    }

    /// Quiet after which a heartbeat is due: a third of the session timeout (`ClientCnxn`).
    fn ping_after(&self) -> Micros {
        Micros((self.timeout.0 / 3).max(1))
    }

    fn timer(&self, purpose: TimerPurpose, offset: u64) -> Timer {
        Timer { purpose, tag: self.first_tag + offset }
    }

    fn attempt_timer(&self, purpose: TimerPurpose) -> Timer {
        self.timer(purpose, FIRST_ATTEMPT + u64::from(self.attempt))
    }
}
