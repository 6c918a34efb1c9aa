//! Keys of the line: those of a terminal, where a browser leaves them to a page.

use gloo::utils::window;
use web_sys::{HtmlInputElement, KeyboardEvent};
use yew::TargetCast;

use crate::ui::console::Msg;

/// What a key on the line depends on.
#[derive(Clone, Copy)]
pub struct State {
    /// Whether ways to go on are shown.
    pub offers: bool,
    /// Whether a tool runs.
    pub runs: bool,
    /// Whether tab goes on to the next control.
    pub tab_leaves: bool,
}

/// What a key does; `None`: what the browser does with it.
pub fn meaning(event: &KeyboardEvent, state: State) -> Option<Msg> {
    if event.is_composing() || event.alt_key() || event.meta_key() {
        return None;
    }
    let input: HtmlInputElement = event.target_unchecked_into();
    let key = event.key();
    if event.ctrl_key() {
        return match key.as_str() {
            // With something selected it copies, as everywhere.
            "c" | "C" if !has_selection(&input) => Some(Msg::Interrupt),
            "d" | "D" => Some(Msg::End),
            "l" | "L" => Some(Msg::Clear),
            "u" | "U" => Some(Msg::Cut),
            "p" | "P" => Some(Msg::Recall { older: true }),
            _ => None,
        };
    }
    match key.as_str() {
        "Tab" if event.shift_key() => None,
        // On an empty line, for a running tool and after Esc it goes on, so that nobody is trapped.
        "Tab" if state.runs || state.tab_leaves || input.value().trim().is_empty() => None,
        "Tab" => Some(Msg::Complete),
        "ArrowDown" if state.offers => Some(Msg::Choose { forward: true }),
        "ArrowUp" if state.offers => Some(Msg::Choose { forward: false }),
        "ArrowUp" => Some(Msg::Recall { older: true }),
        "ArrowDown" => Some(Msg::Recall { older: false }),
        "Escape" => Some(Msg::Escape),
        // The key that opened the console closes it; no line begins with it.
        "`" if input.value().is_empty() => Some(Msg::Close),
        _ => None,
    }
}

fn has_selection(input: &HtmlInputElement) -> bool {
    let start = input.selection_start().ok().flatten();
    let in_line = start != input.selection_end().ok().flatten();
    let on_page = window().get_selection().ok().flatten();
    in_line || on_page.is_some_and(|selection| !selection.is_collapsed())
}
