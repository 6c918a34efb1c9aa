//! The cluster of `figures.rs` as a wasm module for Node, so that wasm and native run the same work.
//!
//! Only built for wasm32 (scripts/bench.sh); natively it is empty.

#![cfg(target_arch = "wasm32")]

mod travel;
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

/// A session that has run for an hour of the cluster with groups.
#[wasm_bindgen]
pub struct Hour(travel::Hour);

#[wasm_bindgen]
impl Hour {
    /// Runs the hour.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Hour {
        Hour(travel::Hour::new())
    }

    /// Goes to a moment.
    pub fn seek(&mut self, at_ms: u32) {
        self.0.seek(at_ms);
    }

    /// Checkpoints that are kept.
    #[must_use]
    pub fn kept(&self) -> u32 {
        u32::try_from(self.0.checkpoints().0).unwrap_or(u32::MAX)
    }

    /// Steps that were made so far.
    #[must_use]
    pub fn steps(&self) -> f64 {
        self.0.steps().0 as f64
    }

    /// The places to seek to, in ms.
    #[must_use]
    pub fn places() -> Vec<u32> {
        travel::PLACES.to_vec()
    }
}
