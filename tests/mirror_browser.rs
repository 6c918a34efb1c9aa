//! The mirror against raw puts of the same bytes, in the same browser at the same time: chunks of the
//! same size, transactions of the same number and durability, one of the mirror's and one raw in turn.
//!
//! `make bench` prints the ratio (ARCHITECTURE.md has the budget). What is asserted is that both hold
//! the same bytes, not how long either took.
#![cfg(target_arch = "wasm32")]

#[path = "support/store_pages.rs"]
mod store_pages;

use highwater::store::Store;
use highwater::store::indexed_db::IndexedDb;
use highwater::store::report::{Kept, StorageReport};
use highwater::store::table::CHUNK_BYTES;
use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use store_pages::{append, batch, files, open};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// Files that grow: replicas of 24 partitions on three brokers.
const FILES: u32 = 72;
/// Appends to each file in a batch, and bytes of each: what a busy cluster does in a fifth of a second.
const APPENDS: u64 = 4;
const APPEND_BYTES: usize = 4 << 10;
/// Batches, after two that warm up.
const BATCHES: u64 = 24;
const WARM: u64 = 2;

#[wasm_bindgen_test]
async fn the_mirror_and_raw_puts_hold_the_same_bytes() {
    let mut mirror = Store::new(IndexedDb::open("bench-mirror").await.expect("IndexedDB is there"));
    assert_eq!(open(&mut mirror, "s").await.0, Kept::Nothing);
    let raw = raw_database("bench-raw").await;
    let (mut mirror_ms, mut raw_ms) = (0.0, 0.0);
    for number in 0..WARM + BATCHES {
        let changes = changes(number);
        let begun = now_ms();
        let saved = mirror.carry_out(changes).await;
        let between = now_ms();
        assert_eq!(saved, Some(StorageReport::Saved { serial: number }));
        put_raw(&raw, number).await;
        let ended = now_ms();
        if number >= WARM {
            mirror_ms += between - begun;
            raw_ms += ended - between;
        }
    }
    let per_file = (WARM + BATCHES) as usize * APPENDS as usize * APPEND_BYTES;
    let bytes = BATCHES as usize * APPENDS as usize * APPEND_BYTES * FILES as usize;
    let speed = |ms: f64| bytes as f64 / 1_048_576.0 / (ms / 1_000.0);
    console_log!("mirror of the disks\t{:.1}\tMB/s", speed(mirror_ms));
    console_log!("raw puts of the same bytes\t{:.1}\tMB/s", speed(raw_ms));
    console_log!(
        "mirror against raw puts\t{:.0}\t% (budget: 80 or more)",
        raw_ms / mirror_ms * 100.0
    );
    let (_, kept) = files(open(&mut mirror, "s").await.0);
    assert_eq!(kept.len(), FILES as usize);
    for (path, bytes) in kept {
        assert!(bytes.len() == per_file && bytes.iter().all(|byte| *byte == 7), "{path}");
    }
    assert_eq!(count_raw(&raw).await as usize, per_file / CHUNK_BYTES * FILES as usize);
}

/// A batch in which every file grows.
fn changes(number: u64) -> highwater::store::request::StoreRequest {
    let data = vec![7; APPEND_BYTES];
    let grow = |file: u32| {
        let data = data.clone();
        (0..APPENDS).map(move |n| {
            let position = (number * APPENDS + n) * APPEND_BYTES as u64;
            append(&format!("orders-{file}/00000000000000000000.log"), position, &data)
        })
    };
    batch("s", number, (0..FILES).flat_map(grow).collect())
}

/// A database with one object store, opened without any help.
async fn raw_database(name: &str) -> JsValue {
    let factory = get(&js_sys::global(), "indexedDB");
    let request = call(&factory, "open", &[name.into(), 1.into()]);
    let opening = request.clone();
    let create = Closure::once_into_js(move || {
        call(&get(&opening, "result"), "createObjectStore", &["chunks".into()]);
    });
    set(&request, "onupgradeneeded", &create);
    done(&request, "onsuccess").await;
    get(&request, "result")
}

/// The bytes of a batch as chunks, in one strict transaction.
async fn put_raw(database: &JsValue, number: u64) {
    let options = Object::new();
    set(&options, "durability", &"strict".into());
    let stores = Array::of1(&"chunks".into());
    let arguments = [stores.into(), "readwrite".into(), options.into()];
    let transaction = call(database, "transaction", &arguments);
    let store = call(&transaction, "objectStore", &["chunks".into()]);
    let chunk = vec![7; CHUNK_BYTES];
    let grown = APPENDS * APPEND_BYTES as u64;
    for file in 0..FILES {
        for position in (number * grown..(number + 1) * grown).step_by(CHUNK_BYTES) {
            let key = Array::of3(&"s".into(), &file.into(), &(position as f64).into());
            call(&store, "put", &[Uint8Array::from(&chunk[..]).into(), key.into()]);
        }
    }
    done(&transaction, "oncomplete").await;
}

async fn count_raw(database: &JsValue) -> f64 {
    let transaction = call(database, "transaction", &["chunks".into()]);
    let store = call(&transaction, "objectStore", &["chunks".into()]);
    let request = call(&store, "count", &[]);
    done(&request, "onsuccess").await;
    get(&request, "result").as_f64().expect("a number")
}

/// Waits for an event of a request or a transaction.
async fn done(target: &JsValue, event: &str) {
    let promise = Promise::new(&mut |resolve, reject| {
        set(target, event, &resolve);
        set(target, "onerror", &reject);
    });
    JsFuture::from(promise).await.expect("it succeeds");
}

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).expect("it is an object")
}

fn set(object: &JsValue, name: &str, value: &JsValue) {
    Reflect::set(object, &name.into(), value).expect("it is an object");
}

fn call(object: &JsValue, method: &str, arguments: &[JsValue]) -> JsValue {
    let method: Function = get(object, method).unchecked_into();
    let arguments: Array = arguments.iter().collect();
    method.apply(object, &arguments).expect("the browser does it")
}

fn now_ms() -> f64 {
    call(&get(&js_sys::global(), "performance"), "now", &[]).as_f64().expect("a number")
}
