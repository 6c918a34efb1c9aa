//! Sessions: who is connected, and until when silence is forgiven (ZooKeeper's `SessionTracker`).
//!
//! Any message of a session counts as a sign of life. A session ends exactly its timeout after the
//! last one (a real server rounds up to its tick). Sessions outlive the server: after a restart each
//! has its whole timeout again.

use std::collections::BTreeMap;

use crate::engine::ids::{NodeId, SessionId};
use crate::engine::time::Micros;

/// One live session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The host whose process opened it.
    pub client: NodeId,
    /// Silence after which it ends.
    pub timeout: Micros,
    /// Last sign of life.
    pub heard: Micros,
}

/// What the check of a session's silence found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// No such session any more.
    Gone,
    /// It may be silent for this much longer.
    Bearable(Micros),
    /// Its time is over.
    Over,
}

/// All live sessions.
#[derive(Clone, Debug, Default)]
pub struct Sessions {
    live: BTreeMap<SessionId, Session>,
    last: SessionId,
}

impl Sessions {
    /// The number that the next session gets. Numbers are never used twice.
    #[must_use]
    pub fn next(&self) -> SessionId {
        SessionId(self.last.0 + 1)
    }

    /// Begins a session, new or read from the log.
    pub fn open(&mut self, id: SessionId, client: NodeId, timeout: Micros, now: Micros) {
        self.last = self.last.max(id);
        self.live.insert(id, Session { client, timeout, heard: now });
    }

    /// Ends a session.
    pub fn close(&mut self, id: SessionId) -> Option<Session> {
        self.live.remove(&id)
    }

    /// Notes a sign of life; false when there is no such session.
    pub fn touch(&mut self, id: SessionId, now: Micros) -> bool {
        match self.live.get_mut(&id) {
            Some(session) => {
                session.heard = now;
                true
            }
            None => false,
        }
    }

    /// One session.
    #[must_use]
    pub fn get(&self, id: SessionId) -> Option<&Session> {
        self.live.get(&id)
    }

    /// Every session, by number.
    pub fn iter(&self) -> impl Iterator<Item = (SessionId, &Session)> {
        self.live.iter().map(|(id, session)| (*id, session))
    }

    /// Gives every session its whole timeout again: what a restarted server does.
    pub fn restart(&mut self, now: Micros) {
        for session in self.live.values_mut() {
            session.heard = now;
        }
    }

    /// Whether a session has been silent for too long.
    #[must_use]
    pub fn silence(&self, id: SessionId, now: Micros) -> Silence {
        match self.live.get(&id) {
            None => Silence::Gone,
            Some(session) => {
                let end = session.heard + session.timeout;
                if end <= now { Silence::Over } else { Silence::Bearable(end.since(now)) }
            }
        }
    }
}
