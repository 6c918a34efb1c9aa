//! The tree of znodes (ZooKeeper's `DataTree`).
//!
//! It changes only through [`Tree::apply`] of a [`Change`] that [`Tree::plan`] accepted, or that the
//! transaction log holds: the same changes in the same order give the same tree. A parent always
//! exists before its child. Maps share structure, so a clone costs almost nothing.

use crate::engine::persistent::{OrdMap, OrdSet};

use crate::engine::ids::{SessionId, Text};
use crate::engine::protocol::zk::{ZkError, ZkOp, ZkResult, ZnodeStat};
use crate::engine::zookeeper::txn_log::Txn;

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
    /// Transaction of its last write, and of the last change of its children (mzxid, pzxid).
    pub modified: i64,
    pub children_changed: i64,
    /// When it was created and last written, in ms since 1970.
    pub created_ms: i64,
    pub modified_ms: i64,
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

/// Znodes that are always there (`ZKDatabase.isSpecialPath`).
const KEPT: [&str; 4] = ["/", "/zookeeper", "/zookeeper/config", "/zookeeper/quota"];

impl Default for Tree {
    fn default() -> Tree {
        let mut tree = Tree { nodes: OrdMap::new() };
        tree.nodes.insert("/".into(), Znode::new("".into(), None, Txn::default()));
        for path in &KEPT[1..] {
            tree.apply(
                &Change::Create { path: (*path).into(), data: "".into(), owner: None },
                Txn::default(),
            );
        }
        // `DataTree` adds its own by hand: they do not count as created under `/`.
        if let Some(root) = tree.nodes.get_mut("/") {
            root.children_created = 0;
        }
        tree
    }
}

impl Znode {
    fn new(data: Text, owner: Option<SessionId>, txn: Txn) -> Znode {
        Znode {
            data,
            version: 0,
            owner,
            created: txn.zxid,
            modified: txn.zxid,
            children_changed: txn.zxid,
            created_ms: txn.ms,
            modified_ms: txn.ms,
            children_created: 0,
            children: OrdSet::new(),
        }
    }

    /// What ZooKeeper tells of it beside its data. Its version of children counts their deletions too:
    /// twice the creations less the children that are there (`DataNode.copyStat`).
    fn stat(&self) -> ZnodeStat {
        let children = i32::try_from(self.children.len()).unwrap_or(i32::MAX);
        ZnodeStat {
            created: self.created,
            modified: self.modified,
            children_changed: self.children_changed,
            created_ms: self.created_ms,
            modified_ms: self.modified_ms,
            version: self.version,
            children_version: self.children_created.saturating_mul(2).saturating_sub(children),
            owner: self.owner,
            bytes: u32::try_from(self.data.len()).unwrap_or(u32::MAX),
            children,
        }
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
                if KEPT.contains(&&**path) {
                    return Err(ZkError::BadArguments);
                }
                if !self.checked(path, *version)?.children.is_empty() {
                    return Err(ZkError::NotEmpty);
                }
                Ok((Some(Change::Delete { path: path.clone() }), ZkResult::Deleted))
            }
            ZkOp::Check { path, version } => {
                self.checked(path, *version)?;
                Ok((None, ZkResult::Checked))
            }
            ZkOp::GetData { .. }
            | ZkOp::Exists { .. }
            | ZkOp::GetChildren { .. }
            | ZkOp::GetStat { .. }
            | ZkOp::GetEphemerals { .. } => Ok((None, self.read(op, session)?)),
        }
    }

    /// Carries a planned change out, as a part of `txn`.
    pub fn apply(&mut self, change: &Change, txn: Txn) {
        match change {
            Change::Create { path, data, owner } => {
                self.nodes.insert(path.clone(), Znode::new(data.clone(), *owner, txn));
                if let Some(node) = self.nodes.get_mut(parent(path)) {
                    node.children.insert(name(path).into());
                    node.children_created += 1;
                    node.children_changed = txn.zxid;
                }
            }
            Change::SetData { path, data, version } => {
                if let Some(node) = self.nodes.get_mut(&**path) {
                    node.data = data.clone();
                    node.version = *version;
                    node.modified = txn.zxid;
                    node.modified_ms = txn.ms;
                }
            }
            Change::Delete { path } => {
                self.nodes.remove(&**path);
                if let Some(node) = self.nodes.get_mut(parent(path)) {
                    node.children.remove(name(path));
                    node.children_changed = txn.zxid;
                }
            }
        }
    }

    fn read(&self, op: &ZkOp, session: SessionId) -> Result<ZkResult, ZkError> {
        let (ZkOp::GetData { path, .. }
        | ZkOp::GetStat { path }
        | ZkOp::Exists { path, .. }
        | ZkOp::GetChildren { path, .. }
        | ZkOp::Create { path, .. }
        | ZkOp::SetData { path, .. }
        | ZkOp::Delete { path, .. }
        | ZkOp::Check { path, .. }) = op
        else {
            return Ok(ZkResult::Children { names: self.ephemerals(session) });
        };
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
            ZkOp::GetStat { .. } => ZkResult::Stat(Box::new(node.stat())),
            _ => ZkResult::Exists { version: node.version },
        })
    }

    fn new_path(&self, path: &Text, sequential: bool) -> Result<Text, ZkError> {
        let parent = self.get(parent(path)).ok_or(ZkError::NoNode)?;
        if parent.owner.is_some() {
            return Err(ZkError::NoChildrenForEphemerals);
        }
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
