//! What tests of the store ask a page's store for, and how its answers are read.

use bytes::Bytes;
use highwater::engine::config::WorldConfig;
use highwater::engine::disk::DiskOp;
use highwater::engine::ids::{BrokerId, NodeId, Text};
use highwater::engine::time::Micros;
use highwater::scenario::version::ENGINE_VERSION;
use highwater::store::Store;
use highwater::store::document::{Document, Place};
use highwater::store::report::{Kept, KeptFile, StorageReport};
use highwater::store::request::{Batch, StoreRequest};
use highwater::store::rows::Rows;

/// A host that has files.
pub const B1: NodeId = NodeId::Broker(BrokerId(1));

/// Opens a session: what was kept of it, and whether another page holds it.
pub async fn open<R: Rows>(store: &mut Store<R>, name: &str) -> (Kept, bool) {
    let request = StoreRequest::Open { name: name.into(), engine: ENGINE_VERSION };
    match store.carry_out(request).await {
        Some(StorageReport::Opened { kept, held_elsewhere, .. }) => (kept, held_elsewhere),
        other => panic!("not opened: {other:?}"),
    }
}

/// A batch of changes; the document's moment is its serial.
pub fn batch(name: &str, serial: u64, ops: Vec<DiskOp>) -> StoreRequest {
    let ops = ops.into_iter().map(|op| (B1, op)).collect();
    let (name, document) = (name.into(), document(serial));
    StoreRequest::Save(Box::new(Batch { serial, name, document, futures: None, base: None, ops }))
}

/// An append to a file of [`B1`].
pub fn append(path: &str, position: u64, bytes: &[u8]) -> DiskOp {
    DiskOp::Append { path: path.into(), position, bytes: Bytes::copy_from_slice(bytes) }
}

/// The document's moment, and the files.
pub fn files(kept: Kept) -> (u64, Vec<(Text, Vec<u8>)>) {
    let Kept::Session(kept) = kept else { panic!("a session was saved: {kept:?}") };
    let files = kept.files.into_iter().map(|KeptFile { path, bytes, .. }| (path, bytes));
    (kept.document.place.at.0, files.collect())
}

/// A document of a moment.
pub fn document(at: u64) -> Document {
    Document {
        engine: ENGINE_VERSION,
        config: WorldConfig::default(),
        initial: Vec::new(),
        until: (Micros::ZERO, None),
        commands: Vec::new(),
        place: Place { at: Micros(at), before: None, commands: 0 },
    }
}
