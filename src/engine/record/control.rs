//! Control batches: markers that end a transaction (`EndTransactionMarker`, `ControlRecordType`).
//!
//! One record whose key is version and type, and whose value is version and the coordinator's epoch.

use crate::engine::record::reader::records;

/// What a control record says (`ControlRecordType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlType {
    /// The transaction was aborted.
    Abort,
    /// The transaction was committed.
    Commit,
    /// Another type: KRaft's, or one of a later Kafka.
    Other(i16),
}

/// The marker in a control batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlRecord {
    /// What it says.
    pub kind: ControlType,
    /// Epoch of the transaction coordinator that wrote it; −1 when it is no end marker.
    pub coordinator_epoch: i32,
    /// When it was written, in ms since 1970.
    pub timestamp: i64,
}

impl ControlRecord {
    /// The marker of a control batch; `None` when the batch is empty or its record is malformed.
    #[must_use]
    pub fn of(batch: &[u8]) -> Option<ControlRecord> {
        let record = records(batch).next()?.ok()?;
        let kind = match number(record.key?, 2)? {
            0 => ControlType::Abort,
            1 => ControlType::Commit,
            other => ControlType::Other(other),
        };
        let epoch = record.value.and_then(|value| value.get(2..6)).and_then(|b| b.try_into().ok());
        let coordinator_epoch = epoch.map_or(-1, i32::from_be_bytes);
        Some(ControlRecord { kind, coordinator_epoch, timestamp: record.timestamp })
    }
}

fn number(bytes: &[u8], at: usize) -> Option<i16> {
    Some(i16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}
