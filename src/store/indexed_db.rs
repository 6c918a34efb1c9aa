//! Rows in IndexedDB: the platter.
//!
//! One database, three object stores with out-of-line keys: `sessions` by name, `files` by (session,
//! host, path), `chunks` by (session, number, position). Every commit is one readwrite transaction with
//! durability `strict`: browsers default to `relaxed`, which calls a write done before the disk has it.
//! A session is held through the Web Locks API, so that two tabs never write the same one.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use idb::event::VersionChangeEvent;
use idb::{
    Database, DatabaseEvent, Factory, KeyRange, ObjectStore, ObjectStoreParams, Query, Transaction,
    TransactionMode,
};
use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

use crate::engine::ids::{NodeId, Text};
use crate::store::report::MemoryReason;
use crate::store::rows::{FileRow, LoadedRows, RowWrite, Rows, node_of};

/// Name of the page's database.
pub const DATABASE: &str = "highwater";
/// Version of its structure.
const STRUCTURE: u32 = 1;
/// Documents.
pub const SESSIONS: &str = "sessions";
/// File rows: `[number, length]`.
pub const FILES: &str = "files";
/// Bytes.
pub const CHUNKS: &str = "chunks";
/// All object stores.
const STORES: [&str; 3] = [SESSIONS, FILES, CHUNKS];

/// The database, open.
#[derive(Debug)]
pub struct IndexedDb {
    name: Text,
    database: JsValue,
    held: Option<(Text, Function)>,
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
        let blocked = opened.clone();
        request.on_upgrade_needed(create_stores);
        request.on_blocked(move |_| blocked.give(Err(MemoryReason::Blocked)));
        let done = opened.clone();
        wasm_bindgen_futures::spawn_local(async move {
            done.give(request.await.map_err(|error| reason_of(&error)));
        });
        let mut database: Database = opened.wait().await?;
        database.on_version_change(|event| {
            if let Ok(database) = event.database() {
                database.close();
            }
        });
        database.forget_callbacks();
        Ok(IndexedDb { name: name.into(), database: database.into(), held: None })
    }

    fn database(&self) -> Database {
        Database::try_from(self.database.clone()).expect("it was a database when it was opened")
    }

    /// A readwrite transaction that is done only when the disk has it.
    fn strict_transaction(&self) -> Result<JsValue, JsValue> {
        let options = Object::new();
        Reflect::set(&options, &"durability".into(), &"strict".into())?;
        let stores: Array = STORES.iter().map(|store| JsValue::from_str(store)).collect();
        let transaction: Function =
            Reflect::get(&self.database, &"transaction".into())?.unchecked_into();
        transaction.call3(&self.database, &stores, &"readwrite".into(), &options)
    }
}

impl Rows for IndexedDb {
    async fn hold(&mut self, session: &str) -> bool {
        if self.held.as_ref().is_some_and(|(held, _)| &**held == session) {
            return true;
        }
        if let Some((_, release)) = self.held.take() {
            let _nobody_listens = release.call0(&JsValue::NULL);
        }
        match lock(&format!("{}:{session}", self.name)).await {
            Lock::Held(release) => {
                self.held = Some((session.into(), release));
                true
            }
            Lock::Unknown => true,
            Lock::Elsewhere => false,
        }
    }

    async fn load(&mut self, session: &str) -> Result<LoadedRows, MemoryReason> {
        self.load_rows(session).await.map_err(|error| reason_of(&error))
    }

    async fn commit(&mut self, session: &str, writes: Vec<RowWrite>) -> Result<(), MemoryReason> {
        let raw = self.strict_transaction().map_err(|error| named_reason(&error))?;
        let mut transaction =
            Transaction::try_from(raw.clone()).map_err(|error| reason_of(&error))?;
        let done = Signal::default();
        let (complete, abort) = (done.clone(), done.clone());
        transaction.on_complete(move |_| complete.give(true));
        transaction.on_abort(move |_| abort.give(false));
        let written = writes.into_iter().try_for_each(|write| put(&transaction, session, write));
        if let Err(error) = written {
            let reason = reason_of(&error);
            if let Ok(aborting) = transaction.abort() {
                done.wait().await;
                drop(aborting);
            }
            return Err(reason);
        }
        match done.wait().await {
            true => Ok(()),
            false => {
                let error = Reflect::get(&raw, &"error".into()).unwrap_or(JsValue::NULL);
                Err(named_reason(&error))
            }
        }
    }
}

impl IndexedDb {
    async fn load_rows(&self, session: &str) -> Result<LoadedRows, idb::Error> {
        let transaction = self.database().transaction(&STORES, TransactionMode::ReadOnly)?;
        let (files, chunks) = (transaction.object_store(FILES)?, transaction.object_store(CHUNKS)?);
        let all = || all_of(&[session.into()]).map(Query::from).map(Some);
        let document = transaction.object_store(SESSIONS)?.get(JsValue::from_str(session))?;
        let file_keys = files.get_all_keys(all()?, None)?;
        let file_rows = files.get_all(all()?, None)?;
        let chunk_keys = chunks.get_all_keys(all()?, None)?;
        let chunk_rows = chunks.get_all(all()?, None)?;
        let document = document.await?.map(|bytes| Uint8Array::new(&bytes).to_vec());
        let files = file_keys.await?.into_iter().zip(file_rows.await?);
        let chunks = chunk_keys.await?.into_iter().zip(chunk_rows.await?);
        Ok(LoadedRows {
            document,
            files: files.filter_map(|(key, row)| file_row(&key, &row)).collect(),
            chunks: chunks.filter_map(|(key, bytes)| chunk_row(&key, &bytes)).collect(),
        })
    }
}

/// The structure of version 1.
fn create_stores(event: VersionChangeEvent) {
    let database = event.database().expect("an upgrade is of a database");
    for store in STORES {
        let params = ObjectStoreParams::new();
        database.create_object_store(store, params).expect("the database is new and has no stores");
    }
}

fn put(transaction: &Transaction, session: &str, write: RowWrite) -> Result<(), idb::Error> {
    let name = JsValue::from_str(session);
    let sessions = || transaction.object_store(SESSIONS);
    let (files, chunks) = (transaction.object_store(FILES)?, transaction.object_store(CHUNKS)?);
    match write {
        RowWrite::Clear => {
            sessions()?.delete(name.clone())?;
            delete_all(&files, std::slice::from_ref(&name))?;
            delete_all(&chunks, &[name])?;
        }
        RowWrite::PutDocument(bytes) => {
            sessions()?.put(&Uint8Array::from(&bytes[..]), Some(&name))?;
        }
        RowWrite::PutFile(node, path, row) => {
            let value = Array::of2(&number(row.number), &number(row.length));
            files.put(&value, Some(&file_key(&name, node, &path)))?;
        }
        RowWrite::DeleteFile(node, path) => {
            files.delete(JsValue::from(file_key(&name, node, &path)))?;
        }
        RowWrite::PutChunk(file, position, bytes) => {
            let key = Array::of3(&name, &number(file), &number(position));
            chunks.put(&Uint8Array::from(&bytes[..]), Some(&key))?;
        }
        RowWrite::DeleteChunks(file, from) => {
            let first = Array::of3(&name, &number(file), &number(from));
            let end = Array::of3(&name, &number(file), &Array::new());
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
