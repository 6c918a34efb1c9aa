//! What the browser keeps by name between visits: a few small texts, apart from the saved work.

use gloo::utils::window;
use web_sys::Storage;

/// What is kept under a name; `None` also where the browser keeps nothing for us.
pub fn get(name: &str) -> Option<String> {
    storage()?.get_item(name).ok().flatten()
}

/// Keeps a text under a name, where the browser allows it.
pub fn set(name: &str, text: &str) {
    if let Some(storage) = storage() {
        let _refused_when_full = storage.set_item(name, text);
    }
}

/// Keeps nothing under a name any more.
pub fn forget(name: &str) {
    if let Some(storage) = storage() {
        let _was_not_there = storage.remove_item(name);
    }
}

fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}
