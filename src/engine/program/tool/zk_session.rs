//! A tool's session with ZooKeeper (`org.apache.zookeeper.ZooKeeper`): connect, ask, ping, close.
//!
//! One request is under way at a time. When the connection breaks, what was asked has failed
//! (`ConnectionLossException`), and the next question begins anew, in the old session while that lives.

use crate::engine::event::TimerPurpose;
use crate::engine::ids::{CorrelationId, NodeId, SessionId};
use crate::engine::node::{Ctx, Timer};
use crate::engine::protocol::Payload;
use crate::engine::protocol::zk::{ZkError, ZkOp, ZkReply, ZkRequest, ZkResult};
use crate::engine::time::Micros;

/// Results of a question, in the order of its operations.
pub type ZkResults = Vec<Result<ZkResult, ZkError>>;

/// What a message or a timer led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nothing that the program waits for.
    Nothing,
    /// The answer; `None`: the connection broke.
    Answer(Option<ZkResults>),
}

/// Where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// No connection.
    Idle,
    /// Said hello; then these are asked.
    Connecting(Vec<ZkOp>),
    /// Connected, and nothing is under way.
    Open,
    /// Connected, and an answer is waited for.
    Asked,
}

/// The session.
#[derive(Clone, Debug)]
pub struct ZkSession {
    state: State,
    session: Option<SessionId>,
    timeout: Micros,
    next: u32,
    pings: u64,
}

impl ZkSession {
    /// A session that has not begun.
    #[must_use]
    pub fn new(timeout: Micros) -> ZkSession {
        ZkSession { state: State::Idle, session: None, timeout, next: 0x8000_0000, pings: 0 }
    }

    /// Asks; connects first where that is needed. Without operations the answer is that it connected.
    pub fn ask(&mut self, ctx: &mut Ctx<'_>, ops: Vec<ZkOp>) -> Heard {
        match (&self.state, self.session) {
            (State::Open, Some(_)) if ops.is_empty() => Heard::Answer(Some(Vec::new())),
            (State::Open, Some(session)) => {
                self.state = State::Asked;
                self.send(ctx, ZkRequest::Ops { session, ops, atomic: false });
                Heard::Nothing
            }
            _ => {
                self.state = State::Connecting(ops);
                let hello = ZkRequest::Connect { session: self.session, timeout: self.timeout };
                self.send(ctx, hello);
                self.arm(ctx, TimerPurpose::RequestTimeout, self.timeout);
                Heard::Nothing
            }
        }
    }

    /// The server answered.
    pub fn on_reply(&mut self, ctx: &mut Ctx<'_>, reply: ZkReply) -> Heard {
        match (reply, std::mem::replace(&mut self.state, State::Open)) {
            (ZkReply::Connected { session }, State::Connecting(ops)) => {
                self.session = Some(session);
                self.arm(ctx, TimerPurpose::Ping, Micros(self.timeout.0 / 3));
                self.ask(ctx, ops)
            }
            (ZkReply::SessionExpired, State::Connecting(ops)) => {
                self.session = None;
                self.state = State::Idle;
                self.ask(ctx, ops)
            }
            (ZkReply::Results(results), State::Asked) => Heard::Answer(Some(results)),
            (ZkReply::SessionExpired, state) => {
                self.session = None;
                self.state = State::Idle;
                if state == State::Asked { Heard::Answer(None) } else { Heard::Nothing }
            }
            (_, state) => {
                self.state = state;
                Heard::Nothing
            }
        }
    }

    /// A timer of this session fired.
    pub fn on_timer(&mut self, ctx: &mut Ctx<'_>, timer: &Timer) -> Heard {
        if timer.tag != self.pings {
            return Heard::Nothing;
        }
        match (&self.state, self.session) {
            (State::Connecting(_), _) => self.on_lost(),
            (State::Open | State::Asked, Some(session)) => {
                self.send(ctx, ZkRequest::Ping { session });
                self.arm(ctx, TimerPurpose::Ping, Micros(self.timeout.0 / 3));
                Heard::Nothing
            }
            _ => Heard::Nothing,
        }
    }

    /// The connection broke, or nobody listens.
    pub fn on_lost(&mut self) -> Heard {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Connecting(_) | State::Asked => Heard::Answer(None),
            State::Idle | State::Open => Heard::Nothing,
        }
    }

    /// Ends the session, as far as there is one.
    pub fn close(&mut self, ctx: &mut Ctx<'_>) {
        if let (State::Open | State::Asked, Some(session)) = (&self.state, self.session.take()) {
            self.send(ctx, ZkRequest::Close { session });
        }
        self.state = State::Idle;
    }

    fn send(&mut self, ctx: &mut Ctx<'_>, body: ZkRequest) {
        let correlation = CorrelationId(self.next);
        self.next = self.next.wrapping_add(1) | 0x8000_0000;
        ctx.send(NodeId::Zookeeper, Payload::Zk { correlation, body });
    }

    fn arm(&mut self, ctx: &mut Ctx<'_>, purpose: TimerPurpose, after: Micros) {
        self.pings += 1;
        let cause = ctx.timer_cause();
        ctx.set_timer_caused(after, Timer { purpose, tag: self.pings }, cause);
    }
}
