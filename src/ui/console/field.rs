//! The line to type on, with its prompt, and the ways to go on beneath it.
//!
//! To a screen reader it is a combobox: the candidates are a list that the arrow keys walk through
//! while the focus stays on the line.

use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::console::line::prompt;
use crate::i18n::Arg;
use crate::ui::console::keys::{self, State};
use crate::ui::console::screen::machine;
use crate::ui::console::{Console, Msg};

const LIST: &str = "console-offers";

impl Console {
    /// The line.
    pub(super) fn field(&self, ctx: &Context<Console>) -> Html {
        let ui = &ctx.props().ui;
        let running = self.running(ctx);
        let label = match running.and_then(|argv| argv.first()) {
            Some(tool) => ui.tr("console-input", &[("tool", Arg::from(&**tool))]),
            None => ui.tr("console-line", &[("name", Arg::from(&*ctx.props().terminal))]),
        };
        let before = match running {
            Some(argv) => html! { <span class="ps">{ prompt(argv) }</span> },
            None => machine(ui, self.machine(ctx)),
        };
        let chosen = self.offered.as_ref().and_then(|(_, chosen)| *chosen);
        let onsubmit = ctx.link().callback(|event: SubmitEvent| {
            event.prevent_default();
            Msg::Send
        });
        html! {
            <>
                <form class="prompt" {onsubmit}>
                    { before }
                    <input id="console-line" class="num" ref={self.field.clone()} role="combobox" aria-label={label}
                        aria-autocomplete="list" aria-expanded={self.offered.is_some().to_string()}
                        aria-controls={self.offered.is_some().then_some(LIST)} aria-describedby="console-how"
                        aria-activedescendant={chosen.map(|index| format!("{LIST}-{index}"))}
                        autocomplete="off" autocapitalize="off" spellcheck="false" enterkeyhint="send"
                        onkeydown={self.onkeydown(ctx)} onpaste={onpaste(ctx)}
                        oninput={ctx.link().callback(|_: InputEvent| Msg::Edited)} />
                </form>
                <p id="console-how" hidden=true>{ ui.t("console-how") }</p>
                { self.offers(ctx) }
            </>
        }
    }

    fn onkeydown(&self, ctx: &Context<Console>) -> Callback<KeyboardEvent> {
        let state = State {
            offers: self.offered.is_some(),
            runs: self.running(ctx).is_some(),
            tab_leaves: self.tab_leaves,
        };
        ctx.link().batch_callback(move |event: KeyboardEvent| {
            let found = keys::meaning(&event, state);
            if found.is_some() {
                event.prevent_default();
            }
            found
        })
    }

    fn offers(&self, ctx: &Context<Console>) -> Html {
        let ui = &ctx.props().ui;
        let Some((found, chosen)) = &self.offered else {
            return html! {
                <p class="note" role="status">{ self.is_at_loss.then(|| ui.t("console-no-suggestion")) }</p>
            };
        };
        let count = [("count", Arg::from(found.candidates.len() as u64))];
        let option = |(index, candidate): (usize, &crate::console::complete::Candidate)| {
            let is_chosen = *chosen == Some(index);
            let onclick = ctx.link().callback(move |_: MouseEvent| Msg::Take(index));
            html! {
                <li id={format!("{LIST}-{index}")} role="option" aria-selected={is_chosen.to_string()}
                    class={classes!(is_chosen.then_some("on"))} onmousedown={stay()} {onclick}>
                    <span>{ &candidate.word }</span>{ " " }<span class="dim3">{ ui.t(candidate.kind.key()) }</span>
                </li>
            }
        };
        html! {
            <>
                <p class="note" role="status">{ ui.tr("console-suggestions", &count) }</p>
                <ul class="offers" id={LIST} role="listbox" aria-label={ui.tr("console-suggestions", &count)}>
                    { for found.candidates.iter().enumerate().map(option) }
                </ul>
            </>
        }
    }
}

/// A press that leaves the focus where it is.
pub(super) fn stay() -> Callback<MouseEvent> {
    Callback::from(|event: MouseEvent| event.prevent_default())
}

/// Pasted text with line ends is several lines; a browser would drop the ends.
fn onpaste(ctx: &Context<Console>) -> Callback<Event> {
    ctx.link().batch_callback(|event: Event| {
        let event: web_sys::ClipboardEvent = event.unchecked_into();
        let text = event.clipboard_data()?.get_data("text").ok()?;
        let input: HtmlInputElement = event.target_unchecked_into();
        if !text.contains('\n') || input.read_only() {
            return None;
        }
        event.prevent_default();
        Some(Msg::Pasted(text))
    })
}
