//! Watches: one message at the next change, then gone (ZooKeeper's `WatchManager`).
//!
//! A data watch (`Exists`, `GetData`) fires on creation, change and deletion of its znode; a child
//! watch (`GetChildren`) when a child comes or goes, or the znode itself goes. Watches belong to a
//! connection and are not on disk: a client sets them again after it has reconnected.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::ids::{SessionId, Text};
use crate::engine::protocol::zk::{ZkWatchEvent, ZkWatchKind};
use crate::engine::zookeeper::tree::{Change, parent};

type Watchers = BTreeMap<Text, BTreeSet<SessionId>>;

/// All watches of a server.
#[derive(Clone, Debug, Default)]
pub struct Watches {
    data: Watchers,
    children: Watchers,
}

impl Watches {
    /// Watches a znode's existence and data.
    pub fn watch_data(&mut self, path: &Text, session: SessionId) {
        self.data.entry(path.clone()).or_default().insert(session);
    }

    /// Watches a znode's children.
    pub fn watch_children(&mut self, path: &Text, session: SessionId) {
        self.children.entry(path.clone()).or_default().insert(session);
    }

    /// Who watches a znode: its existence and data, and its children.
    #[must_use]
    pub fn on(&self, path: &str) -> (Vec<SessionId>, Vec<SessionId>) {
        let of = |watchers: &Watchers| {
            watchers.get(path).map(|sessions| sessions.iter().copied().collect())
        };
        (of(&self.data).unwrap_or_default(), of(&self.children).unwrap_or_default())
    }

    /// Forgets all watches of a session.
    pub fn forget(&mut self, session: SessionId) {
        for watchers in [&mut self.data, &mut self.children] {
            watchers.retain(|_, sessions| {
                sessions.remove(&session);
                !sessions.is_empty()
            });
        }
    }

    /// The watches that a change fires, each once and then no more, data watches first.
    pub fn fire(&mut self, change: &Change) -> Vec<(SessionId, ZkWatchEvent)> {
        let mut fired = Vec::new();
        match change {
            Change::Create { path, .. } => {
                take(&mut self.data, path, ZkWatchKind::Created, &mut fired);
                take(&mut self.children, parent(path), ZkWatchKind::ChildrenChanged, &mut fired);
            }
            Change::SetData { path, .. } => {
                take(&mut self.data, path, ZkWatchKind::DataChanged, &mut fired);
            }
            Change::Delete { path } => {
                take(&mut self.data, path, ZkWatchKind::Deleted, &mut fired);
                take(&mut self.children, path, ZkWatchKind::Deleted, &mut fired);
                take(&mut self.children, parent(path), ZkWatchKind::ChildrenChanged, &mut fired);
            }
        }
        fired
    }
}

fn take(
    watchers: &mut Watchers,
    path: &str,
    kind: ZkWatchKind,
    fired: &mut Vec<(SessionId, ZkWatchEvent)>,
) {
    if let Some((path, sessions)) = watchers.remove_entry(path) {
        let event = |session| (session, ZkWatchEvent { path: path.clone(), kind });
        fired.extend(sessions.into_iter().map(event));
    }
}
