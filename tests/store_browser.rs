//! The store in a real browser: rows in memory and in IndexedDB pass one suite, and IndexedDB keeps what
//! an older page wrote, gives way to a later one, and says why when it cannot keep anything.
#![cfg(target_arch = "wasm32")]

#[path = "support/memory_platter.rs"]
mod memory_platter;
#[path = "support/store_changes.rs"]
mod store_changes;
#[path = "support/store_pages.rs"]
mod store_pages;
#[path = "support/store_suite.rs"]
mod store_suite;
#[path = "support/store_tests.rs"]
mod store_tests;

use highwater::engine::ids::Text;
use highwater::store::Store;
use highwater::store::indexed_db::{CHUNKS, FILES, IndexedDb, SESSIONS, STRUCTURE};
use highwater::store::report::{Kept, MemoryReason, StorageReport};
use idb::{Database, DatabaseEvent, Factory, ObjectStoreParams, TransactionMode};
use js_sys::{Array, Uint8Array};
use memory_platter::Memory;
use store_pages::{append, batch, document, files, open};
use store_suite::{Platter, list, save};
use store_tests::every_store_test;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// A database of one test's own.
struct Browser(String);

impl Platter for Browser {
    type Rows = IndexedDb;

    async fn page(&mut self) -> Store<IndexedDb> {
        page(&self.0).await
    }

    async fn beside(&self) -> Browser {
        Browser(format!("{}-beside", self.0))
    }
}

macro_rules! run {
    ($($name:ident)*) => { $(
        mod $name {
            use super::*;

            #[wasm_bindgen_test]
            async fn in_memory() {
                store_suite::$name(Memory::default()).await;
            }

            #[wasm_bindgen_test]
            async fn in_indexed_db() {
                store_suite::$name(Browser(format!("test-{}", stringify!($name)))).await;
            }
        }
    )* };
}

every_store_test!(run);

async fn page(name: &str) -> Store<IndexedDb> {
    Store::new(IndexedDb::open(name).await.expect("the browser has IndexedDB"))
}

/// A database as it is opened by a page that has these object stores.
async fn raw(name: &str, version: u32, stores: &'static [&'static str]) -> Database {
    let mut request = Factory::new().expect("IndexedDB").open(name, Some(version)).expect("opened");
    request.on_upgrade_needed(move |event| {
        let database = event.database().expect("an upgrade is of a database");
        for store in stores {
            database.create_object_store(store, ObjectStoreParams::new()).expect("it is new");
        }
    });
    request.await.expect("it opens")
}

/// A session as pages of structure 1 kept it: a document, a file of two chunks.
async fn kept_by_structure_1(name: &str) {
    let database = raw(name, 1, &[SESSIONS, FILES, CHUNKS]).await;
    let stores = [SESSIONS, FILES, CHUNKS];
    let transaction = database.transaction(&stores, TransactionMode::ReadWrite).expect("begun");
    let put = |store: &str, key: JsValue, value: &JsValue| {
        transaction.object_store(store).expect("there").put(value, Some(&key)).expect("put");
    };
    let bytes = |bytes: &[u8]| JsValue::from(Uint8Array::from(bytes));
    let number = |number: u32| JsValue::from(number);
    put(SESSIONS, "playground".into(), &bytes(&document(9).encode()));
    let key = Array::of3(&"playground".into(), &"b1".into(), &"orders-0/log".into());
    put(FILES, key.into(), &Array::of2(&number(4), &number(8)).into());
    for (at, half) in [(0, b"four"), (4, b"more")] {
        let key = Array::of3(&"playground".into(), &number(4), &number(at));
        put(CHUNKS, key.into(), &bytes(half));
    }
    transaction.commit().expect("committed").await.expect("complete");
    database.close();
}

#[wasm_bindgen_test]
async fn what_structure_1_kept_is_there_and_goes_on() {
    kept_by_structure_1("test-structure-1").await;
    let mut store = page("test-structure-1").await;
    let listed = list(&mut store).await;
    assert_eq!((listed.len(), &*listed[0].name, listed[0].bytes), (1, "playground", 8));
    let kept = open(&mut store, "playground").await.0;
    assert_eq!(files(kept), (9, vec![("orders-0/log".into(), b"fourmore".to_vec())]));
    save(&mut store, "playground", 10, vec![append("orders-0/log", 8, b"!")]).await;
    let kept = open(&mut page("test-structure-1").await, "playground").await.0;
    assert_eq!(files(kept), (10, vec![("orders-0/log".into(), b"fourmore!".to_vec())]));
}

#[wasm_bindgen_test]
async fn an_old_page_that_does_not_let_go_is_told_and_loses_nothing() {
    kept_by_structure_1("test-blocked").await;
    let old = raw("test-blocked", 1, &[]).await;
    let blocked = IndexedDb::open("test-blocked").await;
    assert_eq!(blocked.err(), Some(MemoryReason::Blocked));
    old.close();
    let kept = open(&mut page("test-blocked").await, "playground").await.0;
    assert_eq!(files(kept).0, 9);
}

#[wasm_bindgen_test]
async fn a_page_lets_go_of_the_database_for_a_later_one_and_says_so() {
    let mut store = page("test-superseded").await;
    open(&mut store, "s").await;
    save(&mut store, "s", 1, vec![append("f", 0, b"saved")]).await;
    let later = raw("test-superseded", STRUCTURE + 1, &[]).await;
    let after = store.carry_out(batch("s", 2, vec![append("f", 5, b"!")])).await;
    let reason = MemoryReason::Superseded;
    assert_eq!(after, Some(StorageReport::Failed { serial: 2, reason: reason.clone() }));
    later.close();
    let earlier = IndexedDb::open("test-superseded").await;
    assert_eq!(earlier.err(), Some(reason), "this page cannot read what a later one keeps");
}

/// Puts a value in the place of a session's document.
async fn put_document(name: &str, value: JsValue) {
    let database = raw(name, STRUCTURE, &[]).await;
    let stores = [SESSIONS];
    let transaction = database.transaction(&stores, TransactionMode::ReadWrite).expect("begun");
    let sessions = transaction.object_store(SESSIONS).expect("there");
    sessions.put(&value, Some(&"s".into())).expect("put");
    transaction.commit().expect("committed").await.expect("complete");
    database.close();
}

#[wasm_bindgen_test]
async fn a_document_that_cannot_be_read_is_told_and_its_files_are_left() {
    let mut store = page("test-corrupt").await;
    open(&mut store, "s").await;
    save(&mut store, "s", 1, vec![append("f", 0, b"saved")]).await;
    for damaged in [JsValue::from("text"), Uint8Array::from(&b"\x01"[..]).into(), JsValue::NULL] {
        put_document("test-corrupt", damaged).await;
        assert_eq!(open(&mut page("test-corrupt").await, "s").await.0, Kept::Unreadable);
    }
    put_document("test-corrupt", Uint8Array::from(&document(3).encode()[..]).into()).await;
    let saved: Vec<(Text, Vec<u8>)> = vec![("f".into(), b"saved".to_vec())];
    assert_eq!(files(open(&mut page("test-corrupt").await, "s").await.0), (3, saved));
}
