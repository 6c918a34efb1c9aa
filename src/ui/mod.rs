//! The page, on wasm32 only: what people see and touch.
//!
//! The session holds everything that is true of the world; components show it and send it messages.
//! Nothing here decides what Kafka does, and every word comes through [`crate::i18n`].

pub mod effects;
pub mod stage;
mod app;
mod behind;
mod caption;
mod console;
mod context;
mod dialog;
mod dock;
mod format;
mod frame;
mod glyph;
mod host;
mod icon;
mod inspector;
mod keyboard;
mod lesson_panel;
mod notices;
mod prefs;
mod refusal;
mod side;
mod telling;
mod time_bar;
mod tools;
mod top_bar;

use gloo::utils::document;

/// Puts the page in the place of its static first picture.
///
/// # Panics
/// When the document has no element with the id `app`: it is not our page.
pub fn mount() {
    let root = document().get_element_by_id("app").expect("index.html has an element with id app");
    behind::begin_with(|| {
        console_error_panic_hook::set_once();
        yew::Renderer::<app::App>::with_root(root).render();
    });
}
