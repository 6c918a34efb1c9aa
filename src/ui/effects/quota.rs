//! Space: how much the browser gives, and whether it may clear what is kept when space runs out.
//!
//! Asked through names, since `navigator.storage` is missing outside secure contexts and in old
//! browsers, and a missing thing must be an answer rather than an exception.

use gloo::utils::window;
use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// What the browser says of its storage; `None` where it does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Space {
    /// Bytes used by this site.
    pub used: Option<u64>,
    /// Bytes that it may use.
    pub quota: Option<u64>,
    /// Whether nothing is cleared unless somebody asks for it.
    pub persists: Option<bool>,
}

/// Asks how much space there is.
pub fn ask(done: impl FnOnce(Space) + 'static) {
    spawn_local(async move {
        let estimate = answer("estimate").await.unwrap_or(JsValue::UNDEFINED);
        let bytes = |key: &str| {
            let value = Reflect::get(&estimate, &key.into()).ok()?.as_f64()?;
            Some(value as u64)
        };
        let persists = answer("persisted").await.and_then(|it| it.as_bool());
        done(Space { used: bytes("usage"), quota: bytes("quota"), persists });
    });
}

/// Asks the browser never to clear what is kept; `done` hears whether it agreed.
pub fn persist(done: impl FnOnce(bool) + 'static) {
    spawn_local(async move {
        done(answer("persist").await.is_some_and(|agreed| agreed.is_truthy()));
    });
}

/// What a method of `navigator.storage` answers.
async fn answer(method: &str) -> Option<JsValue> {
    let storage = Reflect::get(&window().navigator(), &"storage".into()).ok()?;
    let method: Function = Reflect::get(&storage, &method.into()).ok()?.dyn_into().ok()?;
    let promise: Promise = method.call0(&storage).ok()?.dyn_into().ok()?;
    JsFuture::from(promise).await.ok()
}
