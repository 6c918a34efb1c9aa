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
pub mod archive;
pub mod memory;
#[cfg(target_arch = "wasm32")]
pub mod indexed_db;

use crate::engine::ids::Text;

use archive::Archive;
use document::{Document, DocumentError, Futures};
use report::{Kept, KeptSession, Listed, MemoryReason, Refusal, StorageReport};
use request::{Batch, StoreRequest};
use rows::{ListedRows, LoadedRows, Note, RowWrite, Rows};
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
            StoreRequest::Forget { name } => Some(forgotten(false, self.forget(vec![name]).await)),
            StoreRequest::ForgetAll => Some(forgotten(true, self.forget_all().await)),
            StoreRequest::PutNote { name, note, bytes } => {
                let written = self.rows.commit(&name, vec![RowWrite::PutNote(note, bytes)]).await;
                written.err().map(|reason| refused(Refusal::Store(reason)))
            }
            StoreRequest::List { engine } => Some(self.list(engine).await.unwrap_or_else(refused)),
            StoreRequest::Export => Some(self.export().await.unwrap_or_else(refused)),
            StoreRequest::Import(bytes) => Some(self.import(&bytes).await.unwrap_or_else(refused)),
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
        let title = title_of(loaded.note(Note::Title));
        let has_files = !loaded.files.is_empty();
        let futures = loaded.note(Note::Futures).and_then(Futures::decode);
        let (table, files) = FileTable::load(loaded);
        if !held_elsewhere {
            self.open = Some((name.clone(), table));
        }
        let kept = match decoded {
            // Files are never without a document unless something was done to them from outside.
            None if has_files => Kept::Unreadable,
            None => Kept::Nothing,
            Some(Ok(document)) => Kept::Session(Box::new(KeptSession { document, futures, files })),
            Some(Err(DocumentError::OtherEngine(version))) => Kept::OtherEngine(version),
            Some(Err(DocumentError::Unreadable)) => Kept::Unreadable,
        };
        StorageReport::Opened { name, kept, title, held_elsewhere }
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
        writes.push(RowWrite::PutDocument(batch.document.encode(), table.bytes()));
        let futures = batch.futures.map(|futures| futures.encode());
        writes.extend(futures.map(|bytes| RowWrite::PutNote(Note::Futures, bytes)));
        match self.rows.commit(&name, writes).await {
            Ok(()) => {
                self.open = Some((name, table));
                StorageReport::Saved { serial }
            }
            Err(reason) => StorageReport::Failed { serial, reason },
        }
    }
}

/// What is done to kept sessions as wholes.
impl<R: Rows> Store<R> {
    async fn list(&mut self, engine: u32) -> Result<StorageReport, Refusal> {
        let rows = self.rows.list().await.map_err(Refusal::Store)?;
        // A title alone is of a session that was called something before anything of it was saved.
        let is_kept = |rows: &ListedRows| {
            rows.document.is_some() || rows.notes.iter().any(|(note, _)| *note == Note::Progress)
        };
        let listed = rows.into_iter().filter(is_kept).map(|rows| listed(rows, engine));
        Ok(StorageReport::Listed(listed.collect()))
    }

    async fn forget_all(&mut self) -> Result<(), Refusal> {
        let rows = self.rows.list().await.map_err(Refusal::Store)?;
        self.forget(rows.into_iter().map(|rows| rows.name).collect()).await
    }

    /// Removes these, or none of them when another tab holds one: what it writes next would be a piece.
    async fn forget(&mut self, names: Vec<Text>) -> Result<(), Refusal> {
        for name in &names {
            if self.rows.is_held_elsewhere(name).await {
                return Err(Refusal::HeldElsewhere(name.clone()));
            }
        }
        for name in names {
            self.open.take_if(|(open, _)| *open == name);
            self.rows.commit(&name, vec![RowWrite::Forget]).await.map_err(Refusal::Store)?;
        }
        Ok(())
    }

    async fn export(&mut self) -> Result<StorageReport, Refusal> {
        let mut sessions = Vec::new();
        for ListedRows { name, .. } in self.rows.list().await.map_err(Refusal::Store)? {
            let rows = self.rows.load(&name).await.map_err(Refusal::Store)?;
            sessions.push((name, rows));
        }
        Ok(StorageReport::Exported(Archive { sessions }.encode()))
    }

    /// Takes in every session of a file: what is there already is left alone, what has the name of
    /// another one gets a name of its own.
    async fn import(&mut self, bytes: &[u8]) -> Result<StorageReport, Refusal> {
        let Archive { sessions } = Archive::decode(bytes)?;
        let (mut taken, mut same) = (0, 0);
        for (name, rows) in sessions {
            match self.place_for(&name, &rows).await.map_err(Refusal::Store)? {
                None => same += 1,
                Some(name) => {
                    let writes = rows.into_writes();
                    self.rows.commit(&name, writes).await.map_err(Refusal::Store)?;
                    taken += 1;
                }
            }
        }
        Ok(StorageReport::Imported { taken, same })
    }

    /// The name under which a session can be put; `None` when it is there already.
    async fn place_for(
        &mut self,
        name: &Text,
        rows: &LoadedRows,
    ) -> Result<Option<Text>, MemoryReason> {
        let mut place = name.clone();
        for number in 2.. {
            let there = self.rows.load(&place).await?;
            if there == *rows || (rows.document.is_none() && there != LoadedRows::default()) {
                return Ok(None);
            }
            let is_open = self.open.as_ref().is_some_and(|(open, _)| *open == place)
                || self.rows.is_held_elsewhere(&place).await;
            if there == LoadedRows::default() && !is_open {
                break;
            }
            place = format!("{name}{COPY}{number}").into();
        }
        Ok(Some(place))
    }
}

/// Between a session's name and a number, in the name of another one that came from a file.
pub const COPY: char = '~';

fn refused(refusal: Refusal) -> StorageReport {
    StorageReport::Refused(refusal)
}

fn forgotten(all: bool, done: Result<(), Refusal>) -> StorageReport {
    done.map_or_else(refused, |()| StorageReport::Forgotten { all })
}

fn title_of(note: Option<&[u8]>) -> Option<Text> {
    let title = String::from_utf8_lossy(note?);
    let title = title.trim();
    (!title.is_empty()).then(|| title.into())
}

fn listed(rows: ListedRows, engine: u32) -> Listed {
    let note = |note| rows.notes.iter().find(|(of, _)| *of == note).map(|(_, bytes)| &bytes[..]);
    let document = rows.document.as_deref().and_then(|bytes| Document::decode(bytes, engine).ok());
    let futures = note(Note::Futures).and_then(Futures::decode);
    Listed {
        title: title_of(note(Note::Title)),
        at: document.as_ref().map(|document| document.place.at),
        commands: document.map_or(0, |document| document.place.commands),
        branches: futures.map_or(1, |it| u32::try_from(it.branches.len()).unwrap_or(u32::MAX)),
        bytes: rows.bytes,
        saved_ms: rows.saved_ms,
        progress: note(Note::Progress).map(<[u8]>::to_vec),
        name: rows.name,
    }
}
