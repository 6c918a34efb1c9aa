//! The tree of znodes (ZooKeeper's `DataTree`).
//!
//! It changes only through [`Tree::apply`] of a [`Change`] that [`Tree::plan`] accepted, or that the
//! transaction log holds: the same changes in the same order give the same tree. A parent always
//! exists before its child. Maps share structure, so a clone costs almost nothing.

use crate::engine::persistent::{OrdMap, OrdSet};

use crate::engine::ids::{SessionId, Text};
use crate::engine::protocol::zk::{ZkError, ZkOp, ZkResult};

/// One znode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Znode {
    /// What it holds, as its writer wrote it.
    pub data: Text,
    /// Writes since it was created.
    pub version: i32,
    /// The session whose end removes it, for an ephemeral znode.
    pub owner: Option<SessionId>,
    /// Transaction that created it (czxid): Kafka's broker epoch.
    pub created: i64,
    /// Children ever created under it (cversion): the number of the next sequential child.
    pub children_created: i32,
    children: OrdSet<Text>,
}

/// One change of the tree, as the transaction log holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A znode is made; its path has its sequence number already.
    Create { path: Text, data: Text, owner: Option<SessionId> },
    /// Data is replaced.
    SetData { path: Text, data: Text, version: i32 },
    /// A znode is removed.
    Delete { path: Text },
}

/// All znodes, by path.
#[derive(Clone, Debug)]
pub struct Tree {
    nodes: OrdMap<Text, Znode>,
}

impl Default for Tree {
    fn default() -> Tree {
        let mut tree = Tree { nodes: OrdMap::new() };
        tree.nodes.insert("/".into(), Znode::new("".into(), None, 0));
        for path in ["/zookeeper", "/zookeeper/config", "/zookeeper/quota"] {
            tree.apply(&Change::Create { path: path.into(), data: "".into(), owner: None }, 0);
        }
        tree
    }
}

impl Znode {
    fn new(data: Text, owner: Option<SessionId>, created: i64) -> Znode {
        let children = OrdSet::new();
        Znode { data, version: 0, owner, created, children_created: 0, children }
    }
}

impl Tree {
    /// Every znode, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&Text, &Znode)> {
        self.nodes.iter()
    }

    /// One znode.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Znode> {
        self.nodes.get(path)
    }

    /// Paths of the znodes that end with `session`, sorted.
    #[must_use]
    pub fn ephemerals(&self, session: SessionId) -> Vec<Text> {
        let owned = self.nodes.iter().filter(|(_, node)| node.owner == Some(session));
        owned.map(|(path, _)| path.clone()).collect()
    }

    /// What a write of `session` would change and answer. `Check` changes nothing.
    ///
    /// # Errors
    /// As ZooKeeper refuses it; the tree is as it was.
    pub fn plan(
        &self,
        op: &ZkOp,
        session: SessionId,
    ) -> Result<(Option<Change>, ZkResult), ZkError> {
        match op {
            ZkOp::Create { path, data, ephemeral, sequential } => {
                let path = self.new_path(path, *sequential)?;
                let owner = ephemeral.then_some(session);
                let change = Change::Create { path: path.clone(), data: data.clone(), owner };
                Ok((Some(change), ZkResult::Created { path }))
            }
            ZkOp::SetData { path, data, version } => {
                let version = self.checked(path, *version)?.version + 1;
                let change = Change::SetData { path: path.clone(), data: data.clone(), version };
                Ok((Some(change), ZkResult::Set { version }))
            }
            ZkOp::Delete { path, version } => {
                if !self.checked(path, *version)?.children.is_empty() {
                    return Err(ZkError::NotEmpty);
                }
                Ok((Some(Change::Delete { path: path.clone() }), ZkResult::Deleted))
            }
            ZkOp::Check { path, version } => {
                self.checked(path, *version)?;
                Ok((None, ZkResult::Checked))
            }
            ZkOp::GetData { .. } | ZkOp::Exists { .. } | ZkOp::GetChildren { .. } => {
                Ok((None, self.read(op)?))
            }
        }
    }

    /// Carries a planned change out, as transaction `zxid`.
    pub fn apply(&mut self, change: &Change, zxid: i64) {
        match change {
            Change::Create { path, data, owner } => {
                self.nodes.insert(path.clone(), Znode::new(data.clone(), *owner, zxid));
                if let Some(node) = self.nodes.get_mut(parent(path)) {
                    node.children.insert(name(path).into());
                    node.children_created += 1;
                }
            }
            Change::SetData { path, data, version } => {
                if let Some(node) = self.nodes.get_mut(&**path) {
                    node.data = data.clone();
                    node.version = *version;
                }
            }
            Change::Delete { path } => {
                self.nodes.remove(&**path);
                if let Some(node) = self.nodes.get_mut(parent(path)) {
                    node.children.remove(name(path));
                }
            }
        }
    }

    fn read(&self, op: &ZkOp) -> Result<ZkResult, ZkError> {
        let (ZkOp::GetData { path, .. }
        | ZkOp::Exists { path, .. }
        | ZkOp::GetChildren { path, .. }
        | ZkOp::Create { path, .. }
        | ZkOp::SetData { path, .. }
        | ZkOp::Delete { path, .. }
        | ZkOp::Check { path, .. }) = op;
        let node = self.get(path).ok_or(ZkError::NoNode)?;
        Ok(match op {
            ZkOp::GetChildren { .. } => {
                ZkResult::Children { names: node.children.iter().cloned().collect() }
            }
            ZkOp::GetData { .. } => ZkResult::Data {
                data: node.data.clone(),
                version: node.version,
                owner: node.owner,
                created: node.created,
            },
            _ => ZkResult::Exists { version: node.version },
        })
    }

    fn new_path(&self, path: &Text, sequential: bool) -> Result<Text, ZkError> {
        let parent = self.get(parent(path)).ok_or(ZkError::NoNode)?;
        let path = if sequential {
            format!("{path}{:010}", parent.children_created).into()
        } else {
            path.clone()
        };
        if self.get(&path).is_some() { Err(ZkError::NodeExists) } else { Ok(path) }
    }

    fn checked(&self, path: &str, version: i32) -> Result<&Znode, ZkError> {
        let node = self.get(path).ok_or(ZkError::NoNode)?;
        if version == -1 || version == node.version { Ok(node) } else { Err(ZkError::BadVersion) }
    }
}

/// Path of the znode above: `/` for those at the top.
#[must_use]
pub fn parent(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) | None => "/",
        Some(slash) => &path[..slash],
    }
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
