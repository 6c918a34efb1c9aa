//! The store: sessions and the files of their clusters, kept over reloads.
//!
//! [`Store`] turns batches of file changes into rows ([`table::FileTable`] decides which), and a
//! [`rows::Rows`] writes the rows of a batch together or not at all: [`memory`] in tests, `indexed_db`
//! in the browser. The engine never learns whether anything was stored.

pub mod document;
pub mod request;
pub mod report;
pub mod rows;
pub mod table;
pub mod memory;
#[cfg(target_arch = "wasm32")]
pub mod indexed_db;

use crate::engine::ids::Text;

use document::{Document, DocumentError};
use report::{Kept, KeptSession, MemoryReason, StorageReport};
use request::{Batch, StoreRequest};
use rows::{RowWrite, Rows};
use table::FileTable;

/// A store over some rows. Requests are carried out one after another.
#[derive(Debug)]
pub struct Store<R> {
    rows: R,
    open: Option<(Text, FileTable)>,
}

impl<R: Rows> Store<R> {
    /// A store in which no session is open.
    #[must_use]
    pub fn new(rows: R) -> Store<R> {
        Store { rows, open: None }
    }

    /// Carries a request out.
    pub async fn carry_out(&mut self, request: StoreRequest) -> Option<StorageReport> {
        match request {
            StoreRequest::Open { name, engine } => Some(self.open(name, engine).await),
            StoreRequest::Save(batch) => Some(self.save(*batch).await),
            StoreRequest::Forget { name } => {
                let cleared = self.rows.commit(&name, vec![RowWrite::Clear]).await;
                cleared.err().map(StorageReport::Unavailable)
            }
        }
    }

    /// The rows.
    pub fn rows(&mut self) -> &mut R {
        &mut self.rows
    }

    async fn open(&mut self, name: Text, engine: u32) -> StorageReport {
        self.open = None;
        let held_elsewhere = !self.rows.hold(&name).await;
        let loaded = match self.rows.load(&name).await {
            Ok(loaded) => loaded,
            Err(reason) => return StorageReport::Unavailable(reason),
        };
        let decoded = loaded.document.as_ref().map(|bytes| Document::decode(bytes, engine));
        let (table, files) = FileTable::load(loaded);
        if !held_elsewhere {
            self.open = Some((name.clone(), table));
        }
        let kept = match decoded {
            None => Kept::Nothing,
            Some(Ok(document)) => Kept::Session(Box::new(KeptSession { document, files })),
            Some(Err(DocumentError::OtherEngine(version))) => Kept::OtherEngine(version),
            Some(Err(DocumentError::Unreadable)) => Kept::Unreadable,
        };
        StorageReport::Opened { name, kept, held_elsewhere }
    }

    async fn save(&mut self, batch: Batch) -> StorageReport {
        let serial = batch.serial;
        let Some((name, mut table)) = self.open.take().filter(|(name, _)| *name == batch.name)
        else {
            let reason = MemoryReason::Failed("the session is not open".into());
            return StorageReport::Failed { serial, reason };
        };
        let mut writes = Vec::new();
        if let Some(base) = batch.base {
            writes.push(RowWrite::Clear);
            table = FileTable::default();
            for (node, path, bytes) in base {
                table.replace(node, &path, &bytes, &mut writes);
            }
        }
        for (node, op) in batch.ops {
            table.apply(node, op, &mut writes);
        }
        table.finish(&mut writes);
        writes.push(RowWrite::PutDocument(batch.document.encode()));
        match self.rows.commit(&name, writes).await {
            Ok(()) => {
                self.open = Some((name, table));
                StorageReport::Saved { serial }
            }
            Err(reason) => StorageReport::Failed { serial, reason },
        }
    }
}
