//! A text file beside the page: fetched when it is wanted, not before.

use gloo::utils::window;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::Response;

/// Fetches a file by its path from the page; `done` gets its text, or `None` where there is none.
pub fn fetch(path: &str, done: impl FnOnce(Option<String>) + 'static) {
    let asked = window().fetch_with_str(path);
    spawn_local(async move { done(text(JsFuture::from(asked)).await) });
}

async fn text(asked: JsFuture) -> Option<String> {
    let response: Response = asked.await.ok()?.dyn_into().ok()?;
    if !response.ok() {
        return None;
    }
    JsFuture::from(response.text().ok()?).await.ok()?.as_string()
}
