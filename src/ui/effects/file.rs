//! Files: given to the reader to keep, and taken from them by a dialog or dropped on the page.

use gloo::events::{EventListener, EventListenerOptions};
use gloo::utils::document;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, BlobPropertyBag, DragEvent, File, HtmlAnchorElement, Url};

/// Largest file that is read, in bytes: many times what a classroom's session comes to.
pub const READ_BYTES_MAX: u64 = 16 << 20;

/// What became of a file that somebody handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handed {
    /// Its text.
    Text(String),
    /// It has more bytes than are read.
    TooLarge(u64),
    /// The browser could not read it.
    Unreadable,
}

/// Largest file of kept sessions that is read, in bytes.
const ARCHIVE_BYTES_MAX: u64 = 1 << 30;

/// Has the browser save a text under a name.
pub fn download(name: &str, text: &str) {
    let kind = BlobPropertyBag::new();
    kind.set_type("text/plain;charset=utf-8");
    save(name, Blob::new_with_str_sequence_and_options(&Array::of1(&text.into()), &kind).ok());
}

/// Has the browser save bytes under a name.
pub fn download_bytes(name: &str, bytes: &[u8]) {
    let parts = Array::of1(&Uint8Array::from(bytes));
    save(name, Blob::new_with_u8_array_sequence(&parts).ok());
}

/// Reads the bytes of a file; `None` when it is too large or cannot be read.
pub fn read_bytes(file: File, done: impl FnOnce(Option<Vec<u8>>) + 'static) {
    if file.size() as u64 > ARCHIVE_BYTES_MAX {
        done(None);
        return;
    }
    spawn_local(async move {
        let bytes = JsFuture::from(file.array_buffer()).await.ok();
        done(bytes.map(|bytes| Uint8Array::new(&bytes).to_vec()));
    });
}

fn save(name: &str, blob: Option<Blob>) {
    let Some(url) = blob.and_then(|blob| Url::create_object_url_with_blob(&blob).ok()) else {
        return;
    };
    let anchor =
        document().create_element("a").ok().and_then(|it| it.dyn_into::<HtmlAnchorElement>().ok());
    if let Some(anchor) = anchor {
        anchor.set_href(&url);
        anchor.set_download(name);
        anchor.click();
    }
    let _was_made_above = Url::revoke_object_url(&url);
}

/// Reads a file as text.
pub fn read(file: File, done: impl FnOnce(Handed) + 'static) {
    let bytes = file.size() as u64;
    if bytes > READ_BYTES_MAX {
        done(Handed::TooLarge(bytes));
        return;
    }
    spawn_local(async move {
        let text = JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
        done(text.map_or(Handed::Unreadable, Handed::Text));
    });
}

/// Calls back when a file is dropped anywhere on the page. They last as long as the listeners live.
pub fn on_drop(dropped: impl Fn(Handed) + Clone + 'static) -> [EventListener; 2] {
    // Without this the browser would leave the page and show the file.
    let over = EventListener::new_with_options(
        &document(),
        "dragover",
        EventListenerOptions::enable_prevent_default(),
        |event| event.prevent_default(),
    );
    let drop = EventListener::new_with_options(
        &document(),
        "drop",
        EventListenerOptions::enable_prevent_default(),
        move |event| {
            event.prevent_default();
            let carried = event.dyn_ref::<DragEvent>().and_then(DragEvent::data_transfer);
            let file = carried.and_then(|it| it.files()).and_then(|files| files.get(0));
            if let Some(file) = file {
                read(file, dropped.clone());
            }
        },
    );
    [over, drop]
}
