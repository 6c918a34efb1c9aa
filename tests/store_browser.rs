//! The store in a real browser: IndexedDB keeps what a session saved, strictly and whole.
#![cfg(target_arch = "wasm32")]

use bytes::Bytes;
use highwater::engine::config::WorldConfig;
use highwater::engine::disk::DiskOp;
use highwater::engine::ids::{BrokerId, NodeId, Text};
use highwater::engine::time::Micros;
use highwater::scenario::version::ENGINE_VERSION;
use highwater::store::Store;
use highwater::store::document::{Document, Place};
use highwater::store::indexed_db::IndexedDb;
use highwater::store::report::{Kept, KeptFile, StorageReport};
use highwater::store::request::{Batch, StoreRequest};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const B1: NodeId = NodeId::Broker(BrokerId(1));

/// A store on a database of this test's own.
async fn store(test: &str) -> Store<IndexedDb> {
    let opened = IndexedDb::open(&format!("test-{test}")).await;
    Store::new(opened.expect("the browser has IndexedDB"))
}

async fn open(store: &mut Store<IndexedDb>, name: &str) -> (Kept, bool) {
    let request = StoreRequest::Open { name: name.into(), engine: ENGINE_VERSION };
    match store.carry_out(request).await {
        Some(StorageReport::Opened { kept, held_elsewhere, .. }) => (kept, held_elsewhere),
        other => panic!("not opened: {other:?}"),
    }
}

fn document(at: u64) -> Document {
    Document {
        engine: ENGINE_VERSION,
        config: WorldConfig::default(),
        initial: Vec::new(),
        until: (Micros::ZERO, None),
        commands: Vec::new(),
        place: Place { at: Micros(at), before: None, commands: 0 },
    }
}

fn batch(name: &str, serial: u64, ops: Vec<DiskOp>) -> StoreRequest {
    let ops = ops.into_iter().map(|op| (B1, op)).collect();
    let batch = Batch { serial, name: name.into(), document: document(serial), base: None, ops };
    StoreRequest::Save(Box::new(batch))
}

fn append(path: &str, position: u64, bytes: &[u8]) -> DiskOp {
    DiskOp::Append { path: path.into(), position, bytes: Bytes::copy_from_slice(bytes) }
}

async fn save(store: &mut Store<IndexedDb>, name: &str, serial: u64, ops: Vec<DiskOp>) {
    let saved = store.carry_out(batch(name, serial, ops)).await;
    assert_eq!(saved, Some(StorageReport::Saved { serial }));
}

fn files(kept: Kept) -> (u64, Vec<(Text, Vec<u8>)>) {
    let Kept::Session(kept) = kept else { panic!("a session was saved") };
    let files = kept.files.into_iter().map(|KeptFile { path, bytes, .. }| (path, bytes));
    (kept.document.place.at.0, files.collect())
}

#[wasm_bindgen_test]
async fn what_was_saved_is_there_for_the_next_page() {
    let mut first = store("next-page").await;
    assert_eq!(open(&mut first, "s").await, (Kept::Nothing, false));
    let log = vec![7; 20_000];
    save(&mut first, "s", 1, vec![append("a.log", 0, &log), append("b", 0, b"index")]).await;
    save(&mut first, "s", 2, vec![append("a.log", 20_000, b"tail"), append("b", 5, b"+")]).await;
    let mut second = store("next-page").await;
    let (kept, _) = open(&mut second, "s").await;
    let whole = [&log[..], b"tail"].concat();
    assert_eq!(files(kept), (2, vec![("a.log".into(), whole), ("b".into(), b"index+".to_vec())]));
}

#[wasm_bindgen_test]
async fn truncating_renaming_replacing_and_deleting_reach_the_database() {
    let mut first = store("changes").await;
    open(&mut first, "s").await;
    let path = |path: &str| Text::from(path);
    save(&mut first, "s", 1, vec![append("a", 0, &[1; 30_000]), append("gone", 0, b"x")]).await;
    let changes = vec![
        DiskOp::Truncate { path: path("a"), len: 10_000 },
        append("a", 10_000, b"new"),
        DiskOp::Rename { from: path("a"), to: path("a.deleted") },
        DiskOp::Delete { path: path("gone") },
        DiskOp::Replace { path: path("checkpoint"), bytes: Bytes::from_static(b"0 1") },
    ];
    save(&mut first, "s", 2, changes).await;
    let (kept, _) = open(&mut store("changes").await, "s").await;
    let renamed = [&[1; 10_000][..], b"new"].concat();
    let left = vec![(path("a.deleted"), renamed), (path("checkpoint"), b"0 1".to_vec())];
    assert_eq!(files(kept), (2, left));
}

#[wasm_bindgen_test]
async fn sessions_do_not_touch_each_other_and_can_be_forgotten() {
    let mut first = store("two").await;
    open(&mut first, "a").await;
    save(&mut first, "a", 1, vec![append("f", 0, b"a")]).await;
    open(&mut first, "ab").await;
    save(&mut first, "ab", 2, vec![append("f", 0, b"ab")]).await;
    assert_eq!(first.carry_out(StoreRequest::Forget { name: "a".into() }).await, None);
    assert_eq!(open(&mut first, "a").await.0, Kept::Nothing);
    assert_eq!(files(open(&mut first, "ab").await.0), (2, vec![("f".into(), b"ab".to_vec())]));
}

#[wasm_bindgen_test]
async fn a_second_page_on_the_same_session_is_told_that_it_is_held() {
    let mut first = store("held").await;
    assert!(!open(&mut first, "held").await.1);
    let mut second = store("held").await;
    assert!(open(&mut second, "held").await.1, "the first page still holds it");
    assert!(!open(&mut second, "other").await.1);
}

#[wasm_bindgen_test]
async fn a_session_that_is_not_open_is_not_written() {
    let mut store = store("closed").await;
    let refused = store.carry_out(batch("nobody", 1, vec![append("f", 0, b"x")])).await;
    assert!(matches!(refused, Some(StorageReport::Failed { serial: 1, .. })));
    assert_eq!(open(&mut store, "nobody").await.0, Kept::Nothing);
}
