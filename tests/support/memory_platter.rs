//! A platter in memory that several pages share, each as a tab of its own.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use highwater::engine::ids::Text;
use highwater::store::Store;
use highwater::store::memory::MemoryRows;
use highwater::store::report::MemoryReason;
use highwater::store::rows::{ListedRows, LoadedRows, RowWrite, Rows};

use crate::store_suite::Platter;

/// Rows, and which tab holds which session.
#[derive(Default)]
struct Shared {
    rows: MemoryRows,
    held: BTreeMap<u32, Text>,
}

/// The platter.
#[derive(Default)]
pub struct Memory {
    shared: Rc<RefCell<Shared>>,
    tabs: u32,
}

/// A tab's view of it.
pub struct Tab {
    shared: Rc<RefCell<Shared>>,
    number: u32,
}

impl Platter for Memory {
    type Rows = Tab;

    async fn page(&mut self) -> Store<Tab> {
        self.tabs += 1;
        Store::new(Tab { shared: self.shared.clone(), number: self.tabs })
    }

    async fn beside(&self) -> Memory {
        Memory::default()
    }
}

impl Tab {
    /// The rows with what other tabs hold, for as long as one operation takes.
    fn rows(&self) -> MemoryRows {
        let shared = self.shared.borrow();
        let others = shared.held.iter().filter(|(tab, _)| **tab != self.number);
        let held_elsewhere = others.map(|(_, name)| name.clone()).collect();
        let mut rows = shared.rows.clone();
        rows.held_elsewhere = held_elsewhere;
        rows
    }
}

impl Rows for Tab {
    async fn hold(&mut self, session: &str) -> bool {
        let is_free = self.rows().hold(session).await;
        let mut shared = self.shared.borrow_mut();
        shared.held.remove(&self.number);
        if is_free {
            shared.held.insert(self.number, session.into());
        }
        is_free
    }

    async fn load(&mut self, session: &str) -> Result<LoadedRows, MemoryReason> {
        self.rows().load(session).await
    }

    async fn list(&mut self) -> Result<Vec<ListedRows>, MemoryReason> {
        self.rows().list().await
    }

    async fn is_held_elsewhere(&mut self, session: &str) -> bool {
        self.rows().is_held_elsewhere(session).await
    }

    async fn commit(&mut self, session: &str, writes: Vec<RowWrite>) -> Result<(), MemoryReason> {
        let mut rows = self.rows();
        rows.commit(session, writes).await?;
        self.shared.borrow_mut().rows = rows;
        Ok(())
    }
}
