//! `partition.metadata`: which topic a log's directory is of, by id (`PartitionMetadataFile`, KIP-516).
//!
//! A topic that is deleted and created anew has another id, so that a log of the old one is not taken
//! for the new one's.

use bytes::Bytes;
use uuid::Uuid;

use crate::engine::disk::Disk;
use crate::engine::ids::{base64, read_base64};
use crate::engine::log::Log;

/// Its file within a log's directory.
const FILE: &str = "partition.metadata";

impl Log {
    /// The topic's id, once the controller has told it.
    #[must_use]
    pub fn topic_id(&self) -> Option<Uuid> {
        self.topic_id
    }

    /// Notes the topic's id, if none is known yet (`UnifiedLog.assignTopicId`).
    pub fn assign_topic_id(&mut self, disk: &mut Disk, id: Uuid) {
        if self.topic_id.is_none() && !id.is_nil() {
            self.topic_id = Some(id);
            let text = format!("version: 0\ntopic_id: {}", base64(id.as_u128()));
            disk.replace(&path(&self.dir), Bytes::from(text));
        }
    }
}

/// The id in a log's directory; `None` when the file is absent or not one.
pub(super) fn read(disk: &Disk, dir: &str) -> Option<Uuid> {
    let bytes = disk.read_path(&path(dir))?;
    let mut lines = std::str::from_utf8(&bytes).ok()?.lines();
    if lines.next()? != "version: 0" {
        return None;
    }
    let id = lines.next()?.strip_prefix("topic_id: ")?;
    Some(Uuid::from_u128(read_base64(id)?)).filter(|id| !id.is_nil())
}

fn path(dir: &str) -> String {
    format!("{dir}/{FILE}")
}
