//! The server as its clients see it: requests in, replies and watches out.

use std::rc::Rc;

use crate::engine::disk::Disk;
use crate::engine::event::{Event, EventKind};
use crate::engine::ids::{BrokerId, CorrelationId, EventId, NodeId, SessionId, Text};
use crate::engine::node::{Ctx, CtxParts, MessageCounter, Output, Timer, Trigger};
use crate::engine::protocol::Payload;
use crate::engine::protocol::zk::{
    ZkError, ZkOp, ZkReply, ZkRequest, ZkResult, ZkWatchEvent, ZkWatchKind,
};
use crate::engine::rng::Streams;
use crate::engine::time::Micros;
use crate::engine::zookeeper::ZookeeperServer;

const TIMEOUT: Micros = Micros(6_000_000);

struct NoCounts;

impl MessageCounter for NoCounts {
    fn count(&mut self, _: NodeId, _: NodeId, _: &Payload) -> u64 {
        0
    }
}

/// A server and its disk, without a network.
struct Bench {
    server: ZookeeperServer,
    disk: Disk,
    now: Micros,
    events: Vec<Event>,
    timers: Vec<(Micros, Timer)>,
    sent: Vec<(NodeId, Rc<Payload>)>,
    failure: Option<Text>,
}

fn run<R>(
    now: Micros,
    events: &mut Vec<Event>,
    handler: impl FnOnce(&mut Ctx) -> R,
) -> (R, Vec<Output>) {
    let mut outputs = Vec::new();
    let mut next_event = EventId(events.len() as u64);
    let parts = CtxParts {
        outputs: &mut outputs,
        next_event: &mut next_event,
        events,
        streams: &mut Streams::new(1),
        counter: &mut NoCounts,
    };
    let trigger = Trigger::Event(EventId(0));
    let result = handler(&mut Ctx::new(now, 0, NodeId::Zookeeper, trigger, parts));
    (result, outputs)
}

impl Bench {
    fn new() -> Bench {
        Bench::on(Disk::default(), Micros::ZERO)
    }

    fn on(mut disk: Disk, now: Micros) -> Bench {
        let mut events = Vec::new();
        let (server, outputs) = run(now, &mut events, |ctx| ZookeeperServer::start(ctx, &mut disk));
        let (timers, sent, failure) = (Vec::new(), Vec::new(), None);
        let mut bench = Bench { server, disk, now, events, timers, sent, failure };
        bench.take(outputs);
        bench
    }

    fn take(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Send { to, payload, .. } => self.sent.push((to, payload)),
                Output::Timer { at, timer, .. } => self.timers.push((at, timer)),
                Output::Exit { error, .. } => self.failure = error,
                Output::Disconnect { .. } => panic!("the server cuts nobody off"),
                Output::System { .. } => panic!("the server asks nothing of its machine"),
            }
        }
    }

    /// One request of a broker, and its reply.
    fn ask(&mut self, from: i32, body: ZkRequest) -> ZkReply {
        let from = NodeId::Broker(BrokerId(from));
        let payload = Payload::Zk { correlation: CorrelationId(1), body };
        let (server, disk) = (&mut self.server, &mut self.disk);
        let ((), outputs) =
            run(self.now, &mut self.events, |ctx| server.on_message(ctx, disk, from, payload));
        self.take(outputs);
        let (_, last) = self.sent.pop().expect("every request is answered");
        match &*last {
            Payload::ZkReply { body, .. } => body.clone(),
            other => panic!("not a reply: {other:?}"),
        }
    }

    fn connect(&mut self, from: i32) -> SessionId {
        match self.ask(from, ZkRequest::Connect { session: None, timeout: TIMEOUT }) {
            ZkReply::Connected { session } => session,
            other => panic!("not connected: {other:?}"),
        }
    }

    fn ops(
        &mut self,
        session: SessionId,
        ops: Vec<ZkOp>,
        atomic: bool,
    ) -> Vec<Result<ZkResult, ZkError>> {
        match self.ask(1, ZkRequest::Ops { session, ops, atomic }) {
            ZkReply::Results(results) => results,
            other => panic!("no results: {other:?}"),
        }
    }

    fn op(&mut self, session: SessionId, op: ZkOp) -> Result<ZkResult, ZkError> {
        self.ops(session, vec![op], false).remove(0)
    }

    /// Lets time pass, firing timers.
    fn wait(&mut self, span: Micros) {
        let end = self.now + span;
        loop {
            let due = self.timers.iter().enumerate().min_by_key(|(_, (at, _))| *at);
            let Some((index, (at, _))) = due.filter(|(_, (at, _))| *at <= end) else { break };
            self.now = *at;
            let (_, timer) = self.timers.remove(index);
            let (server, disk) = (&mut self.server, &mut self.disk);
            let ((), outputs) =
                run(self.now, &mut self.events, |ctx| server.on_timer(ctx, disk, &timer));
            self.take(outputs);
        }
        self.now = end;
    }

    fn watches(&mut self) -> Vec<(NodeId, ZkWatchEvent)> {
        let sent = std::mem::take(&mut self.sent);
        let watch = |(to, payload): (NodeId, Rc<Payload>)| match &*payload {
            Payload::ZkWatch(event) => Some((to, event.clone())),
            _ => None,
        };
        sent.into_iter().filter_map(watch).collect()
    }

    fn paths(&self) -> Vec<&str> {
        let ours = self.server.znodes().filter(|(path, _)| !path.starts_with("/zookeeper"));
        ours.map(|(path, _)| &**path).filter(|path| *path != "/").collect()
    }
}

fn create(path: &str) -> ZkOp {
    ZkOp::Create { path: path.into(), data: "x".into(), ephemeral: false, sequential: false }
}

fn ephemeral(path: &str) -> ZkOp {
    ZkOp::Create { path: path.into(), data: "x".into(), ephemeral: true, sequential: false }
}

fn set(path: &str, version: i32) -> ZkOp {
    ZkOp::SetData { path: path.into(), data: "y".into(), version }
}

fn fired(broker: i32, path: &str, kind: ZkWatchKind) -> (NodeId, ZkWatchEvent) {
    (NodeId::Broker(BrokerId(broker)), ZkWatchEvent { path: path.into(), kind })
}

#[test]
fn a_parent_must_exist_and_a_path_is_made_once() {
    let mut bench = Bench::new();
    let session = bench.connect(1);
    assert_eq!(bench.op(session, create("/a/b")), Err(ZkError::NoNode));
    assert!(bench.op(session, create("/a")).is_ok());
    assert!(bench.op(session, create("/a/b")).is_ok());
    assert_eq!(bench.op(session, create("/a")), Err(ZkError::NodeExists));
    let delete = ZkOp::Delete { path: "/a".into(), version: -1 };
    assert_eq!(bench.op(session, delete), Err(ZkError::NotEmpty));
}

#[test]
fn a_write_with_an_old_version_is_refused() {
    let mut bench = Bench::new();
    let session = bench.connect(1);
    bench.op(session, create("/a")).expect("created");
    assert_eq!(bench.op(session, set("/a", 0)), Ok(ZkResult::Set { version: 1 }));
    assert_eq!(bench.op(session, set("/a", 0)), Err(ZkError::BadVersion));
    assert_eq!(bench.op(session, set("/a", -1)), Ok(ZkResult::Set { version: 2 }));
}

#[test]
fn sequential_znodes_are_numbered_by_their_parent() {
    let mut bench = Bench::new();
    let session = bench.connect(1);
    let next = |bench: &mut Bench| {
        bench.op(
            session,
            ZkOp::Create {
                path: "/q/n_".into(),
                data: "".into(),
                ephemeral: false,
                sequential: true,
            },
        )
    };
    bench.op(session, create("/q")).expect("created");
    let path = "/q/n_0000000000";
    assert_eq!(next(&mut bench), Ok(ZkResult::Created { path: path.into() }));
    let delete = ZkOp::Delete { path: path.into(), version: -1 };
    bench.op(session, delete).expect("deleted");
    assert_eq!(next(&mut bench), Ok(ZkResult::Created { path: "/q/n_0000000001".into() }));
}

#[test]
fn a_multi_does_all_or_nothing() {
    let mut bench = Bench::new();
    let session = bench.connect(1);
    let results = bench.ops(session, vec![create("/a"), set("/a", 0), set("/b", 0)], true);
    let rolled_back = || Err(ZkError::RolledBack);
    assert_eq!(results, [rolled_back(), rolled_back(), Err(ZkError::NoNode)]);
    assert!(bench.paths().is_empty());
    let results = bench.ops(session, vec![create("/a"), set("/a", 0)], true);
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(bench.server.get("/a").map(|node| node.version), Some(1));
}

#[test]
fn a_guard_that_does_not_hold_stops_every_write() {
    let mut bench = Bench::new();
    let session = bench.connect(1);
    bench.op(session, create("/epoch")).expect("created");
    let guarded = |version| ZkRequest::GuardedOps {
        session,
        path: "/epoch".into(),
        version,
        ops: vec![create("/a"), create("/b")],
    };
    let fenced = ZkReply::Results(vec![Err(ZkError::Fenced), Err(ZkError::Fenced)]);
    assert_eq!(bench.ask(1, guarded(1)), fenced);
    assert_eq!(bench.paths(), ["/epoch"]);
    bench.ask(1, guarded(0));
    assert_eq!(bench.paths(), ["/a", "/b", "/epoch"]);
}

#[test]
fn a_watch_fires_once() {
    let mut bench = Bench::new();
    let session = bench.connect(1);
    bench.op(session, create("/a")).expect("created");
    let watch = ZkOp::GetChildren { path: "/a".into(), watch: true };
    bench.op(session, watch).expect("read");
    let exists = ZkOp::Exists { path: "/a/b".into(), watch: true };
    assert_eq!(bench.op(session, exists), Err(ZkError::NoNode));
    bench.op(session, create("/a/b")).expect("created");
    assert_eq!(
        bench.watches(),
        [fired(1, "/a/b", ZkWatchKind::Created), fired(1, "/a", ZkWatchKind::ChildrenChanged)]
    );
    bench.op(session, create("/a/c")).expect("created");
    bench.op(session, set("/a/b", -1)).expect("written");
    assert_eq!(bench.watches(), []);
}

#[test]
fn a_silent_session_expires_and_its_ephemerals_go_and_fire_watches() {
    let mut bench = Bench::new();
    let (watcher, silent) = (bench.connect(1), bench.connect(2));
    bench.op(silent, ephemeral("/e")).expect("created");
    bench.op(watcher, ZkOp::Exists { path: "/e".into(), watch: true }).expect("it is there");
    bench.wait(Micros(5_000_000));
    assert_eq!(bench.ask(1, ZkRequest::Ping { session: watcher }), ZkReply::Pong);
    bench.wait(Micros(999_999));
    assert_eq!(bench.paths(), ["/e"]);
    bench.wait(Micros(1));
    assert!(bench.paths().is_empty());
    assert_eq!(bench.watches(), [fired(1, "/e", ZkWatchKind::Deleted)]);
    assert_eq!(bench.ask(2, ZkRequest::Ping { session: silent }), ZkReply::SessionExpired);
    assert_eq!(bench.ask(1, ZkRequest::Ping { session: watcher }), ZkReply::Pong);
}

#[test]
fn a_closed_session_takes_its_ephemerals_along() {
    let mut bench = Bench::new();
    let session = bench.connect(1);
    bench.op(session, ephemeral("/e")).expect("created");
    assert_eq!(bench.ask(1, ZkRequest::Close { session }), ZkReply::Closed);
    assert!(bench.paths().is_empty());
    let closed = |event: &Event| matches!(event.kind, EventKind::SessionClosed { .. });
    let deleted = |event: &Event| matches!(event.kind, EventKind::ZnodeDeleted { .. });
    let closed = bench.events.iter().find(|event| closed(event)).expect("it closed");
    let deleted = bench.events.iter().find(|event| deleted(event)).expect("it went");
    assert_eq!(deleted.cause, Some(closed.id));
}

#[test]
fn a_restart_keeps_tree_and_sessions() {
    let mut bench = Bench::new();
    let session = bench.connect(1);
    bench.op(session, create("/a")).expect("created");
    bench.op(session, set("/a", 0)).expect("written");
    bench.op(session, ephemeral("/e")).expect("created");
    bench.wait(Micros(5_900_000));
    let mut again = Bench::on(bench.disk, bench.now + Micros(60_000_000));
    assert_eq!(again.paths(), ["/a", "/e"]);
    assert_eq!(again.server.get("/a").map(|node| node.version), Some(1));
    let resume = ZkRequest::Connect { session: Some(session), timeout: TIMEOUT };
    assert_eq!(again.ask(1, resume), ZkReply::Connected { session });
    let other = again.connect(2);
    assert!(other > session, "numbers of sessions are not used again");
}

#[test]
fn after_a_restart_a_session_has_its_whole_timeout_again() {
    let mut bench = Bench::new();
    let session = bench.connect(1);
    bench.op(session, ephemeral("/e")).expect("created");
    let mut again = Bench::on(bench.disk, Micros(60_000_000));
    again.wait(Micros(5_999_999));
    assert_eq!(again.paths(), ["/e"]);
    again.wait(Micros(1));
    assert!(again.paths().is_empty());
}

#[test]
fn watches_do_not_survive_the_connection() {
    let mut bench = Bench::new();
    let session = bench.connect(1);
    let exists = ZkOp::Exists { path: "/a".into(), watch: true };
    assert_eq!(bench.op(session, exists), Err(ZkError::NoNode));
    let server = &mut bench.server;
    let peer = NodeId::Broker(BrokerId(1));
    let ((), _) = run(bench.now, &mut bench.events, |ctx| server.on_connection_lost(ctx, peer));
    bench.op(session, create("/a")).expect("created");
    assert_eq!(bench.watches(), []);
}

#[test]
fn a_log_with_a_hole_keeps_the_server_from_starting() {
    let mut bench = Bench::new();
    let session = bench.connect(1);
    bench.op(session, create("/a")).expect("created");
    bench.op(session, create("/b")).expect("created");
    let log = bench.disk.read_path("version-2/log.1").expect("there is a log");
    let text = String::from_utf8(log.to_vec()).expect("it is text");
    let position = text.find("/a").expect("the creation is in it") as u64;
    bench.disk.rot("version-2/log.1", position, b"!");
    let again = Bench::on(bench.disk, Micros::ZERO);
    let words = "java.io.IOException: CRC check failed at zxid 0x2";
    assert_eq!(again.failure.as_deref(), Some(words));
}
