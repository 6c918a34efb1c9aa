//! Keys: one table drives what a key does and what the help shows.
//!
//! Single letters are off while a text field has the focus, and when somebody turned them off; Escape
//! always works.

use gloo::events::{EventListener, EventListenerOptions};
use gloo::utils::{document, window};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};
use yew::Callback;

use crate::session::message::Msg;
use crate::ui::console::ConsoleAction;
use crate::ui::context::{Action, Dialog};
use crate::ui::prefs;
use crate::ui::tools::Tool;

/// What the help shows: keys, and the key of their text.
pub const TABLE: &[(&[&str], &str)] = &[
    (&["Space"], "help-space"),
    (&["."], "help-step"),
    (&[","], "help-back"),
    (&["Shift .", "Shift ,"], "help-mark"),
    (&["[", "]"], "help-speed"),
    (&["V", "K", "H", "C", "D"], "help-tools"),
    (&["W"], "help-why"),
    (&["M", "Shift M"], "help-message"),
    (&["←", "→"], "help-second"),
    (&["Z", "Shift Z"], "help-undo"),
    (&["B"], "help-branches"),
    (&["/"], "help-filter"),
    (&["`"], "help-console"),
    (&["Esc"], "help-escape"),
    (&["?"], "help-this"),
];

/// Listens to the keys of the page for as long as it is kept.
pub fn listen(pressed: Callback<Action>) -> EventListener {
    let options = EventListenerOptions::enable_prevent_default();
    EventListener::new_with_options(&window(), "keydown", options, move |event| {
        let Some(event) = event.dyn_ref::<KeyboardEvent>() else { return };
        if event.ctrl_key() || event.meta_key() || event.alt_key() || event.default_prevented() {
            return;
        }
        if let Some(what) = meaning(event) {
            event.prevent_default();
            pressed.emit(what);
        }
    })
}

fn meaning(event: &KeyboardEvent) -> Option<Action> {
    let key = event.key();
    if key == "Escape" {
        // An open dialog closes by itself, and says so.
        return (!has_dialog()).then_some(Action::Close);
    }
    let focus = document().active_element();
    let tag = focus.as_ref().map(|element| element.tag_name()).unwrap_or_default();
    let is_typing = matches!(tag.as_str(), "INPUT" | "SELECT" | "TEXTAREA");
    let is_pressing = matches!(tag.as_str(), "BUTTON" | "A" | "SUMMARY") && key == " ";
    // Space plays wherever it presses nothing; every other key is a single character.
    let is_off = key.chars().count() == 1 && key != " " && !prefs::letters();
    if is_typing || is_pressing || is_off || has_dialog() {
        return None;
    }
    let action = match key.as_str() {
        " " => Action::PlayOrPause,
        "w" | "W" => Action::WhyCaption,
        "/" => Action::Filter,
        "." | "PageDown" => Action::tell(Msg::StepEvent),
        "," | "PageUp" => Action::StepBack,
        ">" => Action::Mark { forward: true },
        "<" => Action::Mark { forward: false },
        "[" => Action::Speed { faster: false },
        "]" => Action::Speed { faster: true },
        "z" => Action::tell(Msg::Undo),
        "Z" => Action::tell(Msg::Redo),
        "m" => Action::tell(Msg::StepMessage { forward: true }),
        "M" => Action::tell(Msg::StepMessage { forward: false }),
        "ArrowRight" => Action::tell(Msg::StepSecond { forward: true }),
        "ArrowLeft" => Action::tell(Msg::StepSecond { forward: false }),
        "b" | "B" => Action::Open(Dialog::Branches),
        "`" => Action::Console(ConsoleAction::Toggle),
        "?" => Action::Open(Dialog::Help),
        letter => Action::Tool(Tool::of_key(letter)?),
    };
    Some(action)
}

fn has_dialog() -> bool {
    document().query_selector("dialog[open]").ok().flatten().is_some()
}

/// Puts the focus on the first element that `selector` finds.
pub fn focus(selector: &str) {
    let found = document().query_selector(selector).ok().flatten();
    if let Some(element) = found.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _not_focusable = element.focus();
    }
}
