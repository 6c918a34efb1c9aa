//! Rows in IndexedDB: the platter.
//!
//! One database, four object stores with out-of-line keys: `sessions` by name, `files` by (session,
//! host, path), `chunks` by (session, number, position), `notes` by (session, note). Every commit is one
//! readwrite transaction with durability `strict`: browsers default to `relaxed`, which calls a write
//! done before the disk has it. A session is held through the Web Locks API, so that two tabs never
//! write the same one.
//!
//! Structure 1 had no `notes`; [`migrate`] adds what each structure brought. When a later page wants the
//! database, this one lets go of it at once and says that it saves no more.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use idb::event::VersionChangeEvent;
use idb::{
    Database, DatabaseEvent, Factory, KeyRange, ObjectStore, ObjectStoreParams, Query, Transaction,
    TransactionMode,
};
use js_sys::{Array, Date, Function, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

use crate::engine::ids::{NodeId, Text};
use crate::store::report::MemoryReason;
use crate::store::rows::{
    ENDS_WITH_CHUNKS, FileRow, ListedRows, LoadedRows, Note, RowWrite, Rows, node_of,
};

/// Name of the page's database.
pub const DATABASE: &str = "highwater";
/// Version of its structure.
pub const STRUCTURE: u32 = 2;
/// Documents.
pub const SESSIONS: &str = "sessions";
/// File rows: `[number, length]`; the length is [`ENDS_WITH_CHUNKS`] unless chunks reach beyond it.
pub const FILES: &str = "files";
/// Bytes.
pub const CHUNKS: &str = "chunks";
/// Notes, and `[when a session was saved last, bytes of its files]`.
pub const NOTES: &str = "notes";
/// The part of a note's key that has the time of the last save. Earlier pages of this structure kept it
/// alone, and a length in every file's row.
const SAVED: &str = "saved";
/// Object stores, with the structure that brought them.
const STORES_SINCE: [(&str, u32); 4] = [(SESSIONS, 1), (FILES, 1), (CHUNKS, 1), (NOTES, 2)];

/// The database, open.
#[derive(Debug)]
pub struct IndexedDb {
    name: Text,
    database: JsValue,
    held: Option<(Text, Function)>,
    superseded: Rc<Cell<bool>>,
}

impl IndexedDb {
    /// Opens a database, [`DATABASE`] for the page.
    ///
    /// # Errors
    /// The browser offers none, forbids it, or another tab keeps an older structure open.
    pub async fn open(name: &str) -> Result<IndexedDb, MemoryReason> {
        let factory = Factory::new().map_err(|_| MemoryReason::Unavailable)?;
        let mut request =
            factory.open(name, Some(STRUCTURE)).map_err(|_| MemoryReason::Unavailable)?;
        let opened = Signal::default();
        let (blocked, is_late) = (opened.clone(), Rc::new(Cell::new(false)));
        let was_blocked = is_late.clone();
        request.on_upgrade_needed(migrate);
        request.on_blocked(move |_| {
            was_blocked.set(true);
            blocked.give(Err(MemoryReason::Blocked));
        });
        let done = opened.clone();
        wasm_bindgen_futures::spawn_local(async move {
            match request.await {
                // The page has said that it saves nothing; open, this would only block others.
                Ok(database) if is_late.get() => database.close(),
                opened => done.give(opened.map_err(|error| reason_of(&error))),
            }
        });
        let mut database: Database = opened.wait().await?;
        let superseded = Rc::new(Cell::new(false));
        let let_go = superseded.clone();
        database.on_version_change(move |event| {
            let_go.set(true);
            if let Ok(database) = event.database() {
                database.close();
            }
        });
        database.forget_callbacks();
        Ok(IndexedDb { name: name.into(), database: database.into(), held: None, superseded })
    }

    fn database(&self) -> Database {
        Database::try_from(self.database.clone()).expect("it was a database when it was opened")
    }

    /// A readwrite transaction that is done only when the disk has it.
    fn strict_transaction(&self) -> Result<JsValue, JsValue> {
        let options = Object::new();
        Reflect::set(&options, &"durability".into(), &"strict".into())?;
        let stores: Array = store_names().map(JsValue::from_str).collect();
        let transaction: Function =
            Reflect::get(&self.database, &"transaction".into())?.unchecked_into();
        transaction.call3(&self.database, &stores, &"readwrite".into(), &options)
    }

    /// Why something failed: most of all because the database was let go of.
    fn why(&self, reason: MemoryReason) -> MemoryReason {
        if self.superseded.get() { MemoryReason::Superseded } else { reason }
    }
}

fn store_names() -> impl Iterator<Item = &'static str> {
    STORES_SINCE.iter().map(|(name, _)| *name)
}

impl Rows for IndexedDb {
    async fn hold(&mut self, session: &str) -> bool {
        if self.held.as_ref().is_some_and(|(held, _)| &**held == session) {
            return true;
        }
        if let Some((_, release)) = self.held.take() {
            let _nobody_listens = release.call0(&JsValue::NULL);
        }
        match lock(&self.lock_name(session)).await {
            Lock::Held(release) => {
                self.held = Some((session.into(), release));
                true
            }
            Lock::Unknown => true,
            Lock::Elsewhere => false,
        }
    }

    async fn load(&mut self, session: &str) -> Result<LoadedRows, MemoryReason> {
        self.load_rows(session).await.map_err(|error| self.why(reason_of(&error)))
    }

    async fn list(&mut self) -> Result<Vec<ListedRows>, MemoryReason> {
        self.list_rows().await.map_err(|error| self.why(reason_of(&error)))
    }

    async fn is_held_elsewhere(&mut self, session: &str) -> bool {
        if self.held.as_ref().is_some_and(|(held, _)| &**held == session) {
            return false;
        }
        match lock(&self.lock_name(session)).await {
            Lock::Held(release) => {
                let _nobody_listens = release.call0(&JsValue::NULL);
                false
            }
            Lock::Unknown => false,
            Lock::Elsewhere => true,
        }
    }

    async fn commit(&mut self, session: &str, writes: Vec<RowWrite>) -> Result<(), MemoryReason> {
        let raw = self.strict_transaction().map_err(|error| self.why(named_reason(&error)))?;
        let mut transaction =
            Transaction::try_from(raw.clone()).map_err(|error| reason_of(&error))?;
        let done = Signal::default();
        let (complete, abort) = (done.clone(), done.clone());
        transaction.on_complete(move |_| complete.give(true));
        transaction.on_abort(move |_| abort.give(false));
        let written = Writing::of(&transaction, session)
            .and_then(|into| writes.into_iter().try_for_each(|write| put(&into, write)));
        if let Err(error) = written {
            let reason = reason_of(&error);
            if let Ok(aborting) = transaction.abort() {
                done.wait().await;
                drop(aborting);
            }
            return Err(reason);
        }
        commit_now(&raw);
        match done.wait().await {
            true => Ok(()),
            false => {
                let error = Reflect::get(&raw, &"error".into()).unwrap_or(JsValue::NULL);
                Err(self.why(named_reason(&error)))
            }
        }
    }
}

impl IndexedDb {
    async fn load_rows(&self, session: &str) -> Result<LoadedRows, idb::Error> {
        let stores: Vec<&str> = store_names().collect();
        let transaction = self.database().transaction(&stores, TransactionMode::ReadOnly)?;
        let (files, chunks) = (transaction.object_store(FILES)?, transaction.object_store(CHUNKS)?);
        let all = || all_of(&[session.into()]).map(Query::from).map(Some);
        let document = transaction.object_store(SESSIONS)?.get(JsValue::from_str(session))?;
        let file_keys = files.get_all_keys(all()?, None)?;
        let file_rows = files.get_all(all()?, None)?;
        let chunk_keys = chunks.get_all_keys(all()?, None)?;
        let chunk_rows = chunks.get_all(all()?, None)?;
        let notes = transaction.object_store(NOTES)?;
        let (note_keys, notes) = (notes.get_all_keys(all()?, None)?, notes.get_all(all()?, None)?);
        let document = document.await?.map(|bytes| Uint8Array::new(&bytes).to_vec());
        let files = file_keys.await?.into_iter().zip(file_rows.await?);
        let chunks = chunk_keys.await?.into_iter().zip(chunk_rows.await?);
        let notes = note_keys.await?.into_iter().zip(notes.await?);
        let mut notes: Vec<_> = notes.filter_map(|(key, row)| note_row(&key, &row)).collect();
        notes.sort();
        Ok(LoadedRows {
            document,
            files: files.filter_map(|(key, row)| file_row(&key, &row)).collect(),
            chunks: chunks.filter_map(|(key, bytes)| chunk_row(&key, &bytes)).collect(),
            notes: notes.into_iter().map(|(_, note, bytes)| (note, bytes)).collect(),
        })
    }

    async fn list_rows(&self) -> Result<Vec<ListedRows>, idb::Error> {
        let stores = [SESSIONS, FILES, NOTES];
        let transaction = self.database().transaction(&stores, TransactionMode::ReadOnly)?;
        let store = |name| transaction.object_store(name);
        let documents = store(SESSIONS)?;
        let (keys, documents) =
            (documents.get_all_keys(None, None)?, documents.get_all(None, None)?);
        let (files, notes) = (store(FILES)?, store(NOTES)?);
        let (file_keys, files) = (files.get_all_keys(None, None)?, files.get_all(None, None)?);
        let (note_keys, notes) = (notes.get_all_keys(None, None)?, notes.get_all(None, None)?);
        let mut all = BTreeMap::new();
        for (key, bytes) in keys.await?.into_iter().zip(documents.await?) {
            if let Some(name) = key.as_string() {
                listed(&mut all, name.into()).document = Some(Uint8Array::new(&bytes).to_vec());
            }
        }
        for (key, row) in file_keys.await?.into_iter().zip(files.await?) {
            if let (Some(name), Some((_, _, row))) = (session_of(&key), file_row(&key, &row)) {
                let told = if row.length == ENDS_WITH_CHUNKS { 0 } else { row.length };
                listed(&mut all, name).bytes += told;
            }
        }
        for (key, value) in note_keys.await?.into_iter().zip(notes.await?) {
            if let Some((name, note, bytes)) = note_row(&key, &value) {
                listed(&mut all, name).notes.push((note, bytes));
            } else if let Some(name) = session_of(&key) {
                let listed = listed(&mut all, name);
                match value.dyn_ref::<Array>() {
                    Some(pair) => {
                        listed.saved_ms = whole(&pair.get(0));
                        listed.bytes = whole(&pair.get(1)).unwrap_or(listed.bytes);
                    }
                    None => listed.saved_ms = whole(&value),
                }
            }
        }
        Ok(all.into_values().collect())
    }

    fn lock_name(&self, session: &str) -> String {
        format!("{}:{session}", self.name)
    }
}

/// Asks for the commit, which else waits until the page has heard of every single row. A browser without
/// the method does that.
fn commit_now(transaction: &JsValue) {
    let commit = Reflect::get(transaction, &"commit".into());
    if let Ok(commit) = commit.and_then(|commit| commit.dyn_into::<Function>()) {
        let _told_by_its_events = commit.call0(transaction);
    }
}

fn listed(all: &mut BTreeMap<Text, ListedRows>, name: Text) -> &mut ListedRows {
    let new = || ListedRows { name: name.clone(), ..ListedRows::default() };
    all.entry(name.clone()).or_insert_with(new)
}

/// Brings a database from an older structure, or from nothing, to this one. What is kept stays: no
/// structure so far has changed what an older one had.
fn migrate(event: VersionChangeEvent) {
    let database = event.database().expect("an upgrade is of a database");
    let before = event.old_version().unwrap_or(0);
    for (store, since) in STORES_SINCE {
        if since > before {
            let params = ObjectStoreParams::new();
            database.create_object_store(store, params).expect("no older structure had it");
        }
    }
}

/// Where the rows of one transaction go: found once, since a batch has hundreds of them.
struct Writing {
    session: JsValue,
    sessions: ObjectStore,
    files: ObjectStore,
    chunks: ObjectStore,
    notes: ObjectStore,
}

impl Writing {
    fn of(transaction: &Transaction, session: &str) -> Result<Writing, idb::Error> {
        Ok(Writing {
            session: JsValue::from_str(session),
            sessions: transaction.object_store(SESSIONS)?,
            files: transaction.object_store(FILES)?,
            chunks: transaction.object_store(CHUNKS)?,
            notes: transaction.object_store(NOTES)?,
        })
    }
}

fn put(into: &Writing, write: RowWrite) -> Result<(), idb::Error> {
    let Writing { session: name, sessions, files, chunks, notes } = into;
    let note_key = |note: &str| Array::of2(name, &note.into());
    match write {
        RowWrite::Clear | RowWrite::Forget => {
            sessions.delete(name.clone())?;
            delete_all(files, std::slice::from_ref(name))?;
            delete_all(chunks, std::slice::from_ref(name))?;
            for note in Note::ALL.map(Note::key).into_iter().chain([SAVED]) {
                if write == RowWrite::Forget || note != Note::Title.key() {
                    notes.delete(JsValue::from(note_key(note)))?;
                }
            }
        }
        RowWrite::PutNote(note, bytes) => {
            notes.put(&Uint8Array::from(&bytes[..]), Some(&note_key(note.key())))?;
        }
        RowWrite::PutDocument(document, bytes) => {
            sessions.put(&Uint8Array::from(&document[..]), Some(name))?;
            let saved = Array::of2(&JsValue::from_f64(Date::now()), &number(bytes));
            notes.put(&saved, Some(&note_key(SAVED)))?;
        }
        RowWrite::PutFile(node, path, row) => {
            let value = Array::of2(&number(row.number), &number(row.length));
            files.put(&value, Some(&file_key(name, node, &path)))?;
        }
        RowWrite::DeleteFile(node, path) => {
            files.delete(JsValue::from(file_key(name, node, &path)))?;
        }
        RowWrite::PutChunk(file, position, bytes) => {
            let key = Array::of3(name, &number(file), &number(position));
            chunks.put(&Uint8Array::from(&bytes[..]), Some(&key))?;
        }
        RowWrite::DeleteChunks(file, from) => {
            let first = Array::of3(name, &number(file), &number(from));
            let end = Array::of3(name, &number(file), &Array::new());
            chunks.delete(KeyRange::bound(&first, &end, None, None)?)?;
        }
    }
    Ok(())
}

fn delete_all(store: &ObjectStore, prefix: &[JsValue]) -> Result<(), idb::Error> {
    store.delete(all_of(prefix)?).map(|_| ())
}

/// The range of all array keys that begin with these parts: an array is greater than any other part.
fn all_of(prefix: &[JsValue]) -> Result<KeyRange, idb::Error> {
    let first: Array = prefix.iter().collect();
    let end: Array = prefix.iter().collect();
    end.push(&Array::new());
    KeyRange::bound(&first, &end, None, None)
}

fn file_key(session: &JsValue, node: NodeId, path: &str) -> Array {
    Array::of3(session, &JsValue::from_str(&node.to_string()), &JsValue::from_str(path))
}

fn file_row(key: &JsValue, row: &JsValue) -> Option<(NodeId, Text, FileRow)> {
    let (key, row): (&Array, &Array) = (key.dyn_ref()?, row.dyn_ref()?);
    let node = node_of(&key.get(1).as_string()?)?;
    let path = key.get(2).as_string()?;
    let row = FileRow { number: whole(&row.get(0))?, length: whole(&row.get(1))? };
    Some((node, path.into(), row))
}

fn chunk_row(key: &JsValue, bytes: &JsValue) -> Option<(u64, u64, Vec<u8>)> {
    let (key, bytes): (&Array, &Uint8Array) = (key.dyn_ref()?, bytes.dyn_ref()?);
    Some((whole(&key.get(1))?, whole(&key.get(2))?, bytes.to_vec()))
}

/// Session, note and bytes of a row of notes; `None` for the time of the last save.
fn note_row(key: &JsValue, bytes: &JsValue) -> Option<(Text, Note, Vec<u8>)> {
    let name = key.dyn_ref::<Array>()?.get(1).as_string()?;
    let note = Note::ALL.into_iter().find(|note| note.key() == name)?;
    Some((session_of(key)?, note, bytes.dyn_ref::<Uint8Array>()?.to_vec()))
}

fn session_of(key: &JsValue) -> Option<Text> {
    Some(key.dyn_ref::<Array>()?.get(0).as_string()?.into())
}

/// A whole number as JavaScript has it; a file of 2⁵³ bytes does not fit a tab.
fn number(value: u64) -> JsValue {
    JsValue::from_f64(value as f64)
}

fn whole(value: &JsValue) -> Option<u64> {
    value.as_f64().filter(|number| *number >= 0.0).map(|number| number as u64)
}

/// Why an operation failed, by the name of the browser's error.
fn named_reason(error: &JsValue) -> MemoryReason {
    let text = |key: &str| Reflect::get(error, &key.into()).ok().and_then(|it| it.as_string());
    match text("name").as_deref() {
        Some("QuotaExceededError") => MemoryReason::QuotaExceeded,
        // The database has a structure of later pages.
        Some("VersionError") => MemoryReason::Superseded,
        Some("SecurityError" | "InvalidStateError" | "UnknownError") => MemoryReason::Unavailable,
        Some(name) => {
            let message = text("message").unwrap_or_default();
            MemoryReason::Failed(format!("{name}: {message}").into())
        }
        None => MemoryReason::Failed("the browser gave no reason".into()),
    }
}

fn reason_of(error: &idb::Error) -> MemoryReason {
    match error {
        idb::Error::DomException(exception) => named_reason(exception),
        idb::Error::TransactionOpenFailed(error)
        | idb::Error::UpdateFailed(error)
        | idb::Error::DeleteFailed(error) => named_reason(error),
        other => MemoryReason::Failed(other.to_string().into()),
    }
}

/// What became of asking for a lock.
enum Lock {
    /// It is ours until the function is called or the tab closes.
    Held(Function),
    /// Another tab has it.
    Elsewhere,
    /// The browser has no locks, or not here.
    Unknown,
}

/// Asks for a lock without waiting for it.
async fn lock(name: &str) -> Lock {
    match ask_for_lock(name) {
        Ok(answer) => answer.wait().await,
        Err(_) => Lock::Unknown,
    }
}

fn ask_for_lock(name: &str) -> Result<Signal<Lock>, JsValue> {
    let navigator = Reflect::get(&js_sys::global(), &"navigator".into())?;
    let locks = Reflect::get(&navigator, &"locks".into())?;
    let request: Function = Reflect::get(&locks, &"request".into())?.dyn_into()?;
    let options = Object::new();
    Reflect::set(&options, &"ifAvailable".into(), &JsValue::TRUE)?;
    let answer = Signal::default();
    let granted = answer.clone();
    let hold = Closure::once_into_js(move |lock: JsValue| -> JsValue {
        if lock.is_null() {
            granted.give(Lock::Elsewhere);
            return JsValue::UNDEFINED;
        }
        let until_released = Promise::new(&mut |release, _| granted.give(Lock::Held(release)));
        until_released.into()
    });
    request.call3(&locks, &name.into(), &options, &hold)?;
    Ok(answer)
}

/// A value that a callback gives once and a future waits for.
struct Signal<T>(Rc<RefCell<(Option<T>, Option<Waker>)>>);

impl<T> Clone for Signal<T> {
    fn clone(&self) -> Signal<T> {
        Signal(self.0.clone())
    }
}

impl<T> Default for Signal<T> {
    fn default() -> Signal<T> {
        Signal(Rc::new(RefCell::new((None, None))))
    }
}

impl<T> Signal<T> {
    fn give(&self, value: T) {
        let mut state = self.0.borrow_mut();
        state.0 = Some(value);
        if let Some(waker) = state.1.take() {
            waker.wake();
        }
    }

    async fn wait(&self) -> T {
        poll_fn(|context| {
            let mut state = self.0.borrow_mut();
            match state.0.take() {
                Some(value) => Poll::Ready(value),
                None => {
                    state.1 = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}
