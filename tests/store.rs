//! The suite that every store passes, natively: on rows in memory. `store_browser.rs` runs it in Chromium.
#![cfg(not(target_arch = "wasm32"))]

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

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use highwater::store::Store;
use highwater::store::memory::MemoryRows;
use memory_platter::Memory;
use store_changes::Disk;
use store_pages::{append, files, open};
use store_suite::save;
use store_tests::every_store_test;

macro_rules! run {
    ($($name:ident)*) => { $(
        #[test]
        fn $name() {
            at_once(store_suite::$name(Memory::default()));
        }
    )* };
}

every_store_test!(run);

/// Rows in memory never wait.
fn at_once(story: impl Future<Output = ()>) {
    let ran = pin!(story).poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(ran, Poll::Ready(()), "rows in memory never wait");
}

#[test]
fn files_whose_rows_tell_their_length_go_on() {
    at_once(async {
        for seed in 0..30 {
            let mut store = Store::new(MemoryRows::default());
            open(&mut store, "s").await;
            let mut disk = Disk::new(seed);
            for serial in 1..=20 {
                save(&mut store, "s", serial, disk.some_changes()).await;
                store.rows().session("s").tell_lengths();
                let kept = files(open(&mut store, "s").await.0).1;
                disk.expect(&kept, &format!("seed {seed}, batch {serial}"));
            }
        }
    });
}

#[test]
fn a_file_that_lost_a_chunk_ends_there_and_what_lay_behind_never_comes_back() {
    at_once(async {
        let mut store = Store::new(MemoryRows::default());
        open(&mut store, "s").await;
        for (serial, byte) in (0..4).zip(b"abcd") {
            let change = append("log", serial * 9_000, &[*byte; 9_000]);
            save(&mut store, "s", serial, vec![change]).await;
        }
        store.rows().session("s").chunks.retain(|(_, position), _| *position != 9_000);
        let mut expected = vec![b'a'; 9_000];
        assert_eq!(files(open(&mut store, "s").await.0).1, [("log".into(), expected.clone())]);
        for serial in 4..12 {
            let change = append("log", expected.len() as u64, &[b'!'; 3_000]);
            expected.extend([b'!'; 3_000]);
            save(&mut store, "s", serial, vec![change]).await;
            assert_eq!(files(open(&mut store, "s").await.0).1, [("log".into(), expected.clone())]);
        }
    });
}
