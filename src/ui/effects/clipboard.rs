//! The clipboard: a link or a file's text, copied.

use gloo::utils::window;
use js_sys::Reflect;
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// Copies a text. `done` learns whether the browser allowed it; where it does not (a page without TLS,
/// say), the text must be shown so that it can be copied by hand.
pub fn copy(text: String, done: impl FnOnce(bool) + 'static) {
    let navigator = window().navigator();
    let has_clipboard =
        Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|clipboard| clipboard.is_object());
    if !has_clipboard {
        done(false);
        return;
    }
    let written = navigator.clipboard().write_text(&text);
    spawn_local(async move { done(JsFuture::from(written).await.is_ok()) });
}
