//! The part of this module that the first view does not need, where the build cut it off.
//!
//! `www/js/behind.js` brings it. A call of a function that is not here yet goes through
//! [`bring_behind`]: `scripts/split` puts it in front of every such call.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/www/js/behind.js")]
extern "C" {
    /// Calls `show` when what the page shows first can be shown.
    fn begin(exports: &JsValue, show: &JsValue);
    /// Brings the part behind now.
    fn bring();
}

/// Calls `show` at once where the part behind is not needed for it, else when it has come.
pub fn begin_with(show: impl FnOnce() + 'static) {
    begin(&wasm_bindgen::exports(), &Closure::once_into_js(show));
}

/// Brings the part behind, while everything waits for it.
#[wasm_bindgen]
pub fn bring_behind() {
    bring();
}
