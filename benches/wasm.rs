//! The cluster of `figures.rs` as a wasm module for Node, so that wasm and native run the same work.
//!
//! Only built for wasm32 (scripts/bench.sh); natively it is empty.

#![cfg(target_arch = "wasm32")]

mod workload;

use highwater::engine::time::Micros;
use wasm_bindgen::prelude::wasm_bindgen;

/// Runs the steady cluster for so many seconds of its time; returns the events that passed.
#[wasm_bindgen]
pub fn steady(seconds: u32) -> u32 {
    let mut world = workload::steady();
    let until = world.now() + Micros::from_secs(u64::from(seconds));
    let passed = workload::advance(&mut world, until);
    u32::try_from(passed.events).unwrap_or(u32::MAX)
}
