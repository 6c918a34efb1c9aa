//! The suite that every store passes, natively: on rows in memory. `store_browser.rs` runs it in Chromium.
#![cfg(not(target_arch = "wasm32"))]

#[path = "support/memory_platter.rs"]
mod memory_platter;
#[path = "support/store_pages.rs"]
mod store_pages;
#[path = "support/store_suite.rs"]
mod store_suite;
#[path = "support/store_tests.rs"]
mod store_tests;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use memory_platter::Memory;
use store_tests::every_store_test;

macro_rules! run {
    ($($name:ident)*) => { $(
        #[test]
        fn $name() {
            let mut story = pin!(store_suite::$name(Memory::default()));
            let ran = story.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert_eq!(ran, Poll::Ready(()), "rows in memory never wait");
        }
    )* };
}

every_store_test!(run);
