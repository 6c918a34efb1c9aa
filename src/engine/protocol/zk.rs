//! ZooKeeper's operations, as values: what clients ask, what the server answers, watches.
//!
//! Data of znodes is text, as Kafka stores it (JSON). Versions count writes from 0; −1 in a request
//! means "any version".

use thiserror::Error;

use crate::engine::ids::{SessionId, Text};
use crate::engine::protocol::Api;
use crate::engine::time::Micros;

/// Something asked of ZooKeeper. All but `Connect` need a live session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZkRequest {
    /// Open a session, or go on with one that has not expired yet.
    Connect { session: Option<SessionId>, timeout: Micros },
    /// End the session; its ephemeral znodes go.
    Close { session: SessionId },
    /// Heartbeat.
    Ping { session: SessionId },
    /// One operation, or several in order. `atomic`: all or none (ZooKeeper's multi); otherwise they
    /// are pipelined, each with its own result.
    Ops { session: SessionId, ops: Vec<ZkOp>, atomic: bool },
    /// Pipelined operations, each a multi of its own with a check of `path`'s version before it: how
    /// a controller writes, so that one whose epoch is over changes nothing (KafkaZkClient,
    /// `expectedControllerEpochZkVersion`). Where the check fails, the result is [`ZkError::Fenced`].
    GuardedOps { session: SessionId, path: Text, version: i32, ops: Vec<ZkOp> },
}

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZkOp {
    /// Make a znode; its parent must exist.
    Create { path: Text, data: Text, ephemeral: bool, sequential: bool },
    /// Replace data, if the version is as given.
    SetData { path: Text, data: Text, version: i32 },
    /// Remove a znode without children, if the version is as given.
    Delete { path: Text, version: i32 },
    /// Fail with `BadVersion` unless the version is as given (for multi).
    Check { path: Text, version: i32 },
    /// Read data.
    GetData { path: Text, watch: bool },
    /// Whether a znode exists; the watch also fires on creation.
    Exists { path: Text, watch: bool },
    /// Names of children, sorted.
    GetChildren { path: Text, watch: bool },
    /// What is known of a znode beside its data.
    GetStat { path: Text },
    /// Paths of the session's own ephemeral znodes.
    GetEphemerals {},
}

/// ZooKeeper's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZkReply {
    /// The session, new or resumed.
    Connected { session: SessionId },
    /// Closed.
    Closed,
    /// Heartbeat's answer.
    Pong,
    /// Results in the order of the operations.
    Results(Vec<Result<ZkResult, ZkError>>),
    /// The session is unknown here: it expired.
    SessionExpired,
}

/// Result of one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZkResult {
    /// The path made (with its number, when sequential).
    Created { path: Text },
    /// The version after a write.
    Set { version: i32 },
    /// Removed.
    Deleted,
    /// The version was as given.
    Checked,
    /// Data, version, for an ephemeral znode its session, and the transaction that created it.
    Data { data: Text, version: i32, owner: Option<SessionId>, created: i64 },
    /// Exists, with its version.
    Exists { version: i32 },
    /// Names of children, sorted.
    Children { names: Vec<Text> },
    /// What is known of a znode.
    Stat(Box<ZnodeStat>),
}

/// What ZooKeeper tells of a znode beside its data (`Stat`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZnodeStat {
    /// Transaction that created it (czxid).
    pub created: i64,
    /// Transaction of its last write (mzxid).
    pub modified: i64,
    /// Transaction of the last change of its children (pzxid).
    pub children_changed: i64,
    /// When it was created, in ms since 1970.
    pub created_ms: i64,
    /// When it was last written, in ms since 1970.
    pub modified_ms: i64,
    /// Writes since it was created.
    pub version: i32,
    /// Changes of its children (cversion).
    pub children_version: i32,
    /// The session that owns it, when it is ephemeral.
    pub owner: Option<SessionId>,
    /// Length of its data.
    pub bytes: u32,
    /// Number of its children.
    pub children: i32,
}

/// Why an operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ZkError {
    #[error("NoNode")]
    NoNode,
    #[error("NodeExists")]
    NodeExists,
    #[error("BadVersion")]
    BadVersion,
    #[error("NotEmpty")]
    NotEmpty,
    /// An ephemeral znode has no children.
    #[error("NoChildrenForEphemerals")]
    NoChildrenForEphemerals,
    /// A znode that ZooKeeper keeps for itself.
    #[error("BadArguments")]
    BadArguments,
    /// Another operation of the same multi failed.
    #[error("RuntimeInconsistency")]
    RolledBack,
    /// The guard of [`ZkRequest::GuardedOps`] did not hold.
    #[error("BadVersion of the guard")]
    Fenced,
}

/// A watch that fired; it fires once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZkWatchEvent {
    /// The znode.
    pub path: Text,
    /// What happened to it.
    pub kind: ZkWatchKind,
}

/// What a watch saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZkWatchKind {
    Created,
    Deleted,
    DataChanged,
    ChildrenChanged,
}

impl ZkRequest {
    /// What the picture calls it.
    #[must_use]
    pub fn api(&self) -> Api {
        match self {
            ZkRequest::Connect { .. } | ZkRequest::Close { .. } => Api::ZkSession,
            ZkRequest::Ping { .. } => Api::ZkPing,
            ZkRequest::Ops { ops, .. } if ops.iter().any(ZkOp::is_write) => Api::ZkWrite,
            ZkRequest::Ops { .. } => Api::ZkRead,
            ZkRequest::GuardedOps { .. } => Api::ZkWrite,
        }
    }
}

impl ZkOp {
    /// Whether it changes the tree.
    #[must_use]
    pub fn is_write(&self) -> bool {
        matches!(self, ZkOp::Create { .. } | ZkOp::SetData { .. } | ZkOp::Delete { .. })
    }
}

impl ZkReply {
    /// 0 when all went well; −101 … as ZooKeeper numbers its errors otherwise (KeeperException).
    #[must_use]
    pub fn error(&self) -> i16 {
        match self {
            ZkReply::SessionExpired => -112,
            ZkReply::Results(results) => {
                results.iter().find_map(|r| r.as_ref().err()).map_or(0, |e| match e {
                    ZkError::NoNode => -101,
                    ZkError::BadVersion | ZkError::Fenced => -103,
                    ZkError::NodeExists => -110,
                    ZkError::NotEmpty => -111,
                    ZkError::NoChildrenForEphemerals => -108,
                    ZkError::BadArguments => -8,
                    ZkError::RolledBack => -2,
                })
            }
            _ => 0,
        }
    }
}
