//! Storage: the session's requests carried out on IndexedDB, strictly one after another.
//!
//! The database is opened with the first request. Where it cannot be, every request is answered at
//! once with the reason, and the session goes on in memory.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use crate::engine::ids::Text;
use crate::scenario::version::ENGINE_VERSION;
use crate::store::Store;
use crate::store::indexed_db::{DATABASE, IndexedDb};
use crate::store::report::{MemoryReason, Refusal, StorageReport};
use crate::store::request::StoreRequest;
use crate::store::rows::Note;

/// Before a lesson's id, in the name under which progress with it is kept.
pub const PROGRESS_OF: &str = "progress:";

/// The page's store.
#[derive(Clone)]
pub struct Storage {
    queue: Rc<RefCell<Queue>>,
    report: Rc<dyn Fn(StorageReport)>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<StoreRequest>,
    is_working: bool,
    opened: Option<Result<Store<IndexedDb>, MemoryReason>>,
}

impl Storage {
    /// A store whose answers go to `report`.
    pub fn new(report: impl Fn(StorageReport) + 'static) -> Storage {
        Storage { queue: Rc::default(), report: Rc::new(report) }
    }

    /// Calls a session that is not open something else.
    pub fn call(&self, name: Text, title: &str) {
        let bytes = title.trim().as_bytes().to_vec();
        self.request(StoreRequest::PutNote { name, note: Note::Title, bytes });
    }

    /// Keeps where a student stands with a lesson.
    pub fn keep_progress(&self, lesson: &str, bytes: Vec<u8>) {
        let name = format!("{PROGRESS_OF}{lesson}").into();
        self.request(StoreRequest::PutNote { name, note: Note::Progress, bytes });
    }

    /// Asks what is kept.
    pub fn list(&self) {
        self.request(StoreRequest::List { engine: ENGINE_VERSION });
    }

    /// Removes everything kept under a name.
    pub fn forget(&self, name: Text) {
        self.request(StoreRequest::Forget { name });
    }

    /// Removes everything.
    pub fn forget_all(&self) {
        self.request(StoreRequest::ForgetAll);
    }

    /// Asks for everything as one file.
    pub fn export(&self) {
        self.request(StoreRequest::Export);
    }

    /// Takes in such a file.
    pub fn import(&self, bytes: Vec<u8>) {
        self.request(StoreRequest::Import(bytes));
    }

    /// Puts a request behind those that wait.
    pub fn request(&self, request: StoreRequest) {
        let mut queue = self.queue.borrow_mut();
        queue.waiting.push_back(request);
        if !queue.is_working {
            queue.is_working = true;
            spawn_local(work(self.clone()));
        }
    }
}

/// Carries out what waits. No borrow is held over an await: requests may come meanwhile.
async fn work(storage: Storage) {
    loop {
        let (request, opened) = {
            let mut queue = storage.queue.borrow_mut();
            let Some(request) = queue.waiting.pop_front() else {
                queue.is_working = false;
                return;
            };
            (request, queue.opened.take())
        };
        let mut opened = match opened {
            Some(opened) => opened,
            None => IndexedDb::open(DATABASE).await.map(Store::new),
        };
        let answer = match &mut opened {
            Ok(store) => store.carry_out(request).await,
            Err(reason) => refuse(&request, reason),
        };
        storage.queue.borrow_mut().opened = Some(opened);
        if let Some(answer) = answer {
            (storage.report)(answer);
        }
    }
}

fn refuse(request: &StoreRequest, reason: &MemoryReason) -> Option<StorageReport> {
    match request {
        StoreRequest::Open { .. } => Some(StorageReport::Unavailable(reason.clone())),
        StoreRequest::Save(batch) => {
            Some(StorageReport::Failed { serial: batch.serial, reason: reason.clone() })
        }
        StoreRequest::PutNote { .. } => None,
        StoreRequest::Forget { .. }
        | StoreRequest::ForgetAll
        | StoreRequest::List { .. }
        | StoreRequest::Export
        | StoreRequest::Import(_) => Some(StorageReport::Refused(Refusal::Store(reason.clone()))),
    }
}
