//! Storage: the session's requests carried out on IndexedDB, strictly one after another.
//!
//! The database is opened with the first request. Where it cannot be, every request is answered at
//! once with the reason, and the session goes on in memory.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use crate::store::Store;
use crate::store::indexed_db::{DATABASE, IndexedDb};
use crate::store::report::{MemoryReason, StorageReport};
use crate::store::request::StoreRequest;

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
        StoreRequest::Forget { .. } => None,
    }
}
