//! The page's life: browsers put pages away without asking, and tell just before.

use gloo::events::EventListener;
use gloo::utils::document;

/// Calls back when the page is hidden: the last good moment to save. It lasts as long as the listener
/// lives.
pub fn on_hidden(hidden: impl Fn() + 'static) -> EventListener {
    EventListener::new(&document(), "visibilitychange", move |_| {
        if document().hidden() {
            hidden();
        }
    })
}
