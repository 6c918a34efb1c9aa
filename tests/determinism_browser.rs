//! The same scenarios give the same events in Chromium as natively: one file of digests for both.
//!
//! `scenarios.rs` checks the file natively and CONTRIBUTING.md tells how it changes.

#![cfg(target_arch = "wasm32")]

#[path = "support/digests.rs"]
mod digests;

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn every_scenario_does_here_what_it_does_natively() {
    assert_eq!(digests::digests(), include_str!("data/digests.txt"));
}
