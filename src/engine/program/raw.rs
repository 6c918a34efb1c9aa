//! A connection of a client outside of the world: request frames go in as bytes, answers are kept for
//! whoever drives the world. Whether and how they are written does not change the world.
//!
//! It speaks to one broker. As on a real connection, requests are taken one at a time and in order:
//! the broker reads the next one when the last is answered (`SocketServer` mutes the channel). What
//! cannot be read, the broker answers by closing the connection; then this process ends.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::engine::ids::{BrokerId, CorrelationId, NodeId};
use crate::engine::node::Ctx;
use crate::engine::protocol::{Payload, Request, Response, fit, wire};
use crate::engine::time::Micros;

/// An answer for the client outside.
#[derive(Clone, Debug)]
pub struct Received {
    /// When it came.
    pub at: Micros,
    /// The client's own number of the request.
    pub correlation: i32,
    /// The version that it is to be written in.
    pub version: i16,
    /// What the broker said.
    pub body: Response,
}

impl Received {
    /// The answer as a whole frame, without its length prefix; `None` when it does not fit its version.
    #[must_use]
    pub fn frame(&self) -> Option<Bytes> {
        wire::write_frame(self.correlation, self.version, &self.body)
    }
}

/// The process of one connection.
#[derive(Clone, Debug)]
pub struct RawClient {
    broker: BrokerId,
    waiting: VecDeque<Bytes>,
    asked: Option<Asked>,
    received: VecDeque<Received>,
    next_correlation: u64,
}

/// The request that the broker works on.
#[derive(Clone, Copy, Debug)]
struct Asked {
    correlation: CorrelationId,
    /// The client's own number, and its version.
    frame: (i32, i16),
}

impl RawClient {
    /// A connection to a broker. Numbers of messages go on from `first`, so that answers to an older
    /// connection of the same name are not taken for answers to this one.
    #[must_use]
    pub fn new(broker: BrokerId, first: u64) -> RawClient {
        RawClient {
            broker,
            waiting: VecDeque::new(),
            asked: None,
            received: VecDeque::new(),
            next_correlation: first,
        }
    }

    /// The broker at its other end.
    #[must_use]
    pub fn broker(&self) -> BrokerId {
        self.broker
    }

    /// The number that the next message gets.
    #[must_use]
    pub fn next_correlation(&self) -> u64 {
        self.next_correlation
    }

    /// Answers since the last call, in order.
    pub fn take_received(&mut self) -> Vec<Received> {
        std::mem::take(&mut self.received).into()
    }

    /// Number of answers that [`RawClient::take_received`] would give.
    #[must_use]
    pub fn received(&self) -> usize {
        self.received.len()
    }

    /// Number of request frames that the broker is not through with.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.waiting.len() + usize::from(self.asked.is_some())
    }

    /// A request frame came from outside.
    pub fn frame(&mut self, ctx: &mut Ctx<'_>, bytes: Bytes) {
        self.waiting.push_back(bytes);
        self.send_next(ctx);
    }

    fn send_next(&mut self, ctx: &mut Ctx<'_>) {
        while self.asked.is_none()
            && let Some(frame) = self.waiting.pop_front()
        {
            let read = wire::read_frame(&frame);
            self.next_correlation += 1;
            let number = u32::try_from(self.next_correlation & 0xffff_ffff).unwrap_or(0);
            let correlation = CorrelationId(number);
            // Acks 0 is never answered.
            let silent = matches!(&read.body, Request::Produce(produce) if produce.acks == 0);
            if !silent {
                self.asked = Some(Asked { correlation, frame: (read.correlation, read.version) });
            }
            let (version, client_id) = (read.version, read.client_id);
            let payload = Payload::Request { correlation, version, client_id, body: read.body };
            ctx.send(NodeId::Broker(self.broker), payload);
        }
    }

    /// The broker answered.
    pub fn on_response(
        &mut self,
        ctx: &mut Ctx<'_>,
        (correlation, version): (CorrelationId, i16),
        mut body: Response,
    ) {
        let Some(asked) = self.asked.take_if(|asked| asked.correlation == correlation) else {
            return;
        };
        // An ApiVersions answer may be in another version than the request (KIP-511).
        let version = if asked.frame.1 == version { asked.frame.1 } else { version };
        fit::fit(&mut body, version);
        let correlation = asked.frame.0;
        self.received.push_back(Received { at: ctx.now, correlation, version, body });
        self.send_next(ctx);
    }

    /// The broker closed the connection, or is gone.
    pub fn on_connection_lost(&mut self, ctx: &mut Ctx<'_>) {
        self.waiting.clear();
        self.asked = None;
        ctx.exit();
    }
}
