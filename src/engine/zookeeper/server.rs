//! The ZooKeeper server: requests in order, each write logged, applied, answered, watches told.
//!
//! What always holds: a write is in the transaction log before its answer leaves; a watch message
//! leaves before the answer of the write that fired it when both go to one client, as ZooKeeper
//! promises; an ephemeral znode never outlives its session.

use crate::engine::disk::{Disk, FileId};
use crate::engine::event::{EventKind, TimerPurpose};
use crate::engine::ids::{EventId, NodeId, SessionId, Text};
use crate::engine::node::{Ctx, Timer};
use crate::engine::protocol::Payload;
use crate::engine::protocol::zk::{ZkError, ZkOp, ZkReply, ZkRequest, ZkResult};
use crate::engine::time::Micros;
use crate::engine::zookeeper::session::{Session, Sessions, Silence};
use crate::engine::zookeeper::tree::{Change, Tree, Znode};
use crate::engine::zookeeper::txn_log::{self, Entry, Txn};
use crate::engine::zookeeper::watch::Watches;

/// One ZooKeeper process.
#[derive(Clone, Debug)]
pub struct ZookeeperServer {
    log: FileId,
    txn: Txn,
    tree: Tree,
    sessions: Sessions,
    watches: Watches,
}

impl ZookeeperServer {
    /// Starts on what the disk holds. Sessions live on with their whole timeout. When a committed
    /// transaction has rotted, the process fails, as `FileTxnLog` does ("CRC check failed").
    pub fn start(ctx: &mut Ctx, disk: &mut Disk) -> ZookeeperServer {
        let (log, recovered) = txn_log::open(disk);
        let mut server = ZookeeperServer {
            log,
            txn: Txn::default(),
            tree: Tree::default(),
            sessions: Sessions::default(),
            watches: Watches::default(),
        };
        if let Some(hole) = recovered.hole {
            ctx.fail(format!("java.io.IOException: CRC check failed at zxid 0x{hole:x}").into());
            return server;
        }
        for (txn, entries) in recovered.transactions {
            server.replay(txn, &entries);
        }
        server.sessions.restart(ctx.now);
        let timers: Vec<(SessionId, Micros)> =
            server.sessions.iter().map(|(id, session)| (id, session.timeout)).collect();
        for (id, timeout) in timers {
            ctx.set_timer(timeout, session_timer(id));
        }
        server
    }

    /// One message of a client.
    pub fn on_message(&mut self, ctx: &mut Ctx, disk: &mut Disk, from: NodeId, payload: Payload) {
        let Payload::Zk { correlation, body } = payload else { return };
        self.txn.ms = ctx.wall_ms();
        let api = body.api();
        let reply = match body {
            ZkRequest::Connect { session, timeout } => {
                self.connect(ctx, disk, from, session, timeout)
            }
            ZkRequest::Close { session } => self.close(ctx, disk, session),
            ZkRequest::Ping { session } => match self.sessions.touch(session, ctx.now) {
                true => ZkReply::Pong,
                false => ZkReply::SessionExpired,
            },
            ZkRequest::Ops { session, ops, atomic } => {
                match self.sessions.touch(session, ctx.now) {
                    true if atomic => ZkReply::Results(self.multi(ctx, disk, session, &ops)),
                    true => ZkReply::Results(self.pipelined(ctx, disk, session, None, &ops)),
                    false => ZkReply::SessionExpired,
                }
            }
            ZkRequest::GuardedOps { session, path, version, ops } => {
                let guard = ZkOp::Check { path, version };
                match self.sessions.touch(session, ctx.now) {
                    true => {
                        ZkReply::Results(self.pipelined(ctx, disk, session, Some(&guard), &ops))
                    }
                    false => ZkReply::SessionExpired,
                }
            }
        };
        ctx.send(from, Payload::ZkReply { correlation, api, body: reply });
    }

    /// The check of one session's silence; it arms itself again while the session lives.
    pub fn on_timer(&mut self, ctx: &mut Ctx, disk: &mut Disk, timer: &Timer) {
        let Ok(number) = i64::try_from(timer.tag) else { return };
        self.txn.ms = ctx.wall_ms();
        let id = SessionId(number);
        match self.sessions.silence(id, ctx.now) {
            Silence::Gone => {}
            Silence::Bearable(left) => {
                let cause = ctx.timer_cause();
                ctx.set_timer_caused(left, session_timer(id), cause);
            }
            Silence::Over => {
                let session = self.sessions.get(id).expect("it was found over").clone();
                let client = session.client;
                let expired = ctx.emit(EventKind::SessionExpired { session: id, client });
                self.end_session(ctx, disk, id, expired);
            }
        }
    }

    /// A client's connection broke: its watches go, its sessions live on until their silence is over.
    pub fn on_connection_lost(&mut self, _ctx: &mut Ctx, peer: NodeId) {
        let theirs: Vec<SessionId> =
            self.sessions.iter().filter(|(_, s)| s.client == peer).map(|(id, _)| id).collect();
        for session in theirs {
            self.watches.forget(session);
        }
    }

    /// Every znode, by path.
    pub fn znodes(&self) -> impl Iterator<Item = (&Text, &Znode)> {
        self.tree.iter()
    }

    /// One znode.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Znode> {
        self.tree.get(path)
    }

    /// Every live session, by number.
    pub fn sessions(&self) -> impl Iterator<Item = (SessionId, &Session)> {
        self.sessions.iter()
    }

    /// Who watches what.
    #[must_use]
    pub fn watches(&self) -> &Watches {
        &self.watches
    }

    fn connect(
        &mut self,
        ctx: &mut Ctx,
        disk: &mut Disk,
        from: NodeId,
        session: Option<SessionId>,
        timeout: Micros,
    ) -> ZkReply {
        if let Some(session) = session {
            return match self.sessions.touch(session, ctx.now) {
                true => ZkReply::Connected { session },
                false => ZkReply::SessionExpired,
            };
        }
        let session = self.sessions.next();
        self.log(disk, &[Entry::Open { session, client: from, timeout }]);
        self.sessions.open(session, from, timeout, ctx.now);
        let opened = ctx.emit(EventKind::SessionOpened { session, client: from });
        ctx.set_timer_caused(timeout, session_timer(session), Some(opened));
        ZkReply::Connected { session }
    }

    fn close(&mut self, ctx: &mut Ctx, disk: &mut Disk, id: SessionId) -> ZkReply {
        let Some(session) = self.sessions.get(id) else { return ZkReply::SessionExpired };
        let client = session.client;
        let closed = ctx.emit(EventKind::SessionClosed { session: id, client });
        self.end_session(ctx, disk, id, closed);
        ZkReply::Closed
    }

    fn end_session(&mut self, ctx: &mut Ctx, disk: &mut Disk, id: SessionId, cause: EventId) {
        self.sessions.close(id);
        self.watches.forget(id);
        let deletions: Vec<Change> =
            self.tree.ephemerals(id).into_iter().map(|path| Change::Delete { path }).collect();
        let mut entries: Vec<Entry> = deletions.iter().cloned().map(Entry::Change).collect();
        entries.push(Entry::Close { session: id });
        self.log(disk, &entries);
        let before = ctx.set_cause(cause);
        for change in &deletions {
            self.commit(ctx, change);
        }
        ctx.restore_cause(before);
    }

    /// All or nothing (ZooKeeper's multi): one transaction.
    fn multi(
        &mut self,
        ctx: &mut Ctx,
        disk: &mut Disk,
        session: SessionId,
        ops: &[ZkOp],
    ) -> Vec<Result<ZkResult, ZkError>> {
        let mut trial = self.tree.clone();
        // What is read within the transaction bears the number that it will have.
        let next = Txn { zxid: self.txn.zxid + 1, ..self.txn };
        let mut changes = Vec::new();
        let mut results = Vec::new();
        for (index, op) in ops.iter().enumerate() {
            match trial.plan(op, session) {
                Ok((change, result)) => {
                    if let Some(change) = change {
                        trial.apply(&change, next);
                        changes.push(change);
                    }
                    results.push(Ok(result));
                }
                Err(error) => {
                    return (0..ops.len())
                        .map(|other| Err(if other == index { error } else { ZkError::RolledBack }))
                        .collect();
                }
            }
        }
        if !changes.is_empty() {
            let entries: Vec<Entry> = changes.iter().cloned().map(Entry::Change).collect();
            self.log(disk, &entries);
        }
        for change in &changes {
            self.commit(ctx, change);
        }
        results
    }

    /// One after the other, each a transaction of its own; with a guard, each together with the
    /// guard's check.
    fn pipelined(
        &mut self,
        ctx: &mut Ctx,
        disk: &mut Disk,
        session: SessionId,
        guard: Option<&ZkOp>,
        ops: &[ZkOp],
    ) -> Vec<Result<ZkResult, ZkError>> {
        let mut results = Vec::with_capacity(ops.len());
        for op in ops {
            let held = guard.is_none_or(|check| self.tree.plan(check, session).is_ok());
            if !held {
                results.push(Err(ZkError::Fenced));
                continue;
            }
            let planned = self.tree.plan(op, session);
            self.watch(op, session, planned.is_ok());
            results.push(planned.map(|(change, result)| {
                if let Some(change) = change {
                    self.log(disk, &[Entry::Change(change.clone())]);
                    self.commit(ctx, &change);
                }
                result
            }));
        }
        results
    }

    /// A failed read leaves no watch, but for `Exists`, which then waits for the creation.
    fn watch(&mut self, op: &ZkOp, session: SessionId, succeeded: bool) {
        match op {
            ZkOp::Exists { path, watch: true } => self.watches.watch_data(path, session),
            ZkOp::GetData { path, watch: true } if succeeded => {
                self.watches.watch_data(path, session);
            }
            ZkOp::GetChildren { path, watch: true } if succeeded => {
                self.watches.watch_children(path, session);
            }
            _ => {}
        }
    }

    fn log(&mut self, disk: &mut Disk, entries: &[Entry]) {
        self.txn.zxid += 1;
        txn_log::append(disk, self.log, self.txn, entries);
    }

    fn commit(&mut self, ctx: &mut Ctx, change: &Change) {
        self.tree.apply(change, self.txn);
        let event = ctx.emit(match change {
            Change::Create { path, owner, .. } => {
                EventKind::ZnodeCreated { path: path.clone(), ephemeral: owner.is_some() }
            }
            Change::SetData { path, version, .. } => {
                EventKind::ZnodeChanged { path: path.clone(), version: *version }
            }
            Change::Delete { path } => EventKind::ZnodeDeleted { path: path.clone() },
        });
        for (session, notification) in self.watches.fire(change) {
            if let Some(client) = self.sessions.get(session).map(|s| s.client) {
                ctx.send_from(event, client, Payload::ZkWatch(notification));
            }
        }
    }

    fn replay(&mut self, txn: Txn, entries: &[Entry]) {
        self.txn = txn;
        for entry in entries {
            match entry {
                Entry::Open { session, client, timeout } => {
                    self.sessions.open(*session, *client, *timeout, Micros::ZERO);
                }
                Entry::Close { session } => {
                    self.sessions.close(*session);
                }
                Entry::Change(change) => self.tree.apply(change, txn),
            }
        }
    }
}

fn session_timer(id: SessionId) -> Timer {
    Timer { purpose: TimerPurpose::SessionTimeout, tag: id.0.cast_unsigned() }
}
