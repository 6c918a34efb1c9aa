//! ZooKeeper in depth: every znode with who owns and who watches it, and every session.

use crate::engine::ids::{NodeId, SessionId, Text};
use crate::engine::sim::world::World;
use crate::engine::time::Micros;
use crate::engine::zookeeper::{Znode, ZookeeperServer};

/// ZooKeeper, as its process has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ZookeeperInside {
    /// Znodes in the order of a tree: a parent before its children.
    pub znodes: Vec<ZnodeRow>,
    /// Live sessions, by number.
    pub sessions: Vec<SessionView>,
}

/// One znode.
#[derive(Clone, Debug, PartialEq)]
pub struct ZnodeRow {
    /// Its path.
    pub path: Text,
    /// Its data, as Kafka writes it.
    pub data: Text,
    /// Its version.
    pub version: i32,
    /// The session whose end removes it, when it is ephemeral, and that session's host.
    pub owner: Option<(SessionId, Option<NodeId>)>,
    /// Hosts that are told when it changes.
    pub data_watches: Vec<NodeId>,
    /// Hosts that are told when a child of it comes or goes.
    pub child_watches: Vec<NodeId>,
}

/// One session.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionView {
    /// Its number.
    pub id: SessionId,
    /// Whose it is.
    pub client: NodeId,
    /// Silence after which it ends.
    pub timeout: Micros,
    /// How much longer it lives if nothing is heard; `None` while the server does not run.
    pub left: Option<Micros>,
}

/// Looks into ZooKeeper; empty when it never ran.
pub fn look(world: &World) -> ZookeeperInside {
    let Some(server) = world.zookeeper() else { return ZookeeperInside::default() };
    let is_up = world.host(NodeId::Zookeeper).is_some_and(|host| host.life.is_up());
    let mut znodes: Vec<ZnodeRow> =
        server.znodes().map(|(path, znode)| row(server, path, znode)).collect();
    // A slash sorts behind a dot and a dash: compared by parts, children stand under their parent.
    znodes.sort_by(|a, b| a.path.split('/').cmp(b.path.split('/')));
    let session = |(id, session): (SessionId, &crate::engine::zookeeper::session::Session)| {
        let end = session.heard + session.timeout;
        let left = is_up.then(|| end.since(world.now()));
        SessionView { id, client: session.client, timeout: session.timeout, left }
    };
    ZookeeperInside { znodes, sessions: server.sessions().map(session).collect() }
}

fn row(server: &ZookeeperServer, path: &Text, znode: &Znode) -> ZnodeRow {
    let host = |id: SessionId| {
        server.sessions().find(|(found, _)| *found == id).map(|(_, session)| session.client)
    };
    let (data, children) = server.watches().on(path);
    let hosts = |ids: Vec<SessionId>| ids.into_iter().filter_map(host).collect();
    ZnodeRow {
        path: path.clone(),
        data: znode.data.clone(),
        version: znode.version,
        owner: znode.owner.map(|owner| (owner, host(owner))),
        data_watches: hosts(data),
        child_watches: hosts(children),
    }
}
