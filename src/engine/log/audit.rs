//! What a checker asks of a log: the batch at an offset, the newest index entry, a batch that rotted.
//! Nothing here changes anything, and no broker asks it.

use crate::engine::disk::Disk;
use crate::engine::ids::Offset;
use crate::engine::log::Log;
use crate::engine::log::index::{self, OFFSET_ENTRY};
use crate::engine::record::batch::{BatchHeader, verify_crc};

/// An entry of an offset index, and the batch that starts at the position it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexedBatch {
    /// The entry's offset.
    pub offset: Offset,
    /// Its position in the segment's `.log`.
    pub position: u64,
    /// Last offset of the batch that starts there; `None` when none does.
    pub last: Option<Offset>,
}

impl Log {
    /// Header of the batch that holds `offset`; `None` when no batch of this log does.
    #[must_use]
    pub fn header_at(&self, disk: &Disk, offset: Offset) -> Option<BatchHeader> {
        if offset < self.log_start_offset || offset >= self.log_end_offset {
            return None;
        }
        let (segment, hint) = self.segment_with_hint(self.segment_of(offset), offset);
        let (_, header) = segment.locate(disk, offset, hint)?;
        (header.base_offset <= offset).then_some(header)
    }

    /// Entries of the active segment's offset index.
    #[must_use]
    pub fn index_entries(&self, disk: &Disk) -> u64 {
        disk.filled_len(self.active.offset_index) / OFFSET_ENTRY
    }

    /// The newest entry of the active segment's offset index.
    #[must_use]
    pub fn newest_index_entry(&self, disk: &Disk) -> Option<IndexedBatch> {
        let entry = index::last_offset_entry(disk, self.active.offset_index, self.active.base)?;
        let header = self.active.walk(disk, entry.position).next().map(|(_, header)| header);
        let last = header.map(|header| header.last_offset());
        Some(IndexedBatch { offset: entry.offset, position: entry.position, last })
    }

    /// First offset of a batch of the active segment whose bytes are not what its CRC says.
    #[must_use]
    pub fn first_rotten(&self, disk: &Disk) -> Option<Offset> {
        let sound = |position, header: &BatchHeader| {
            verify_crc(&disk.read(self.active.log, position, header.size()))
        };
        let mut walk = self.active.walk(disk, 0);
        walk.find(|(position, header)| !sound(*position, header)).map(|(_, h)| h.base_offset)
    }
}
