//! Opening something else: a file, a link, a scenario, or the topics of a real cluster.

use web_sys::{HtmlInputElement, HtmlTextAreaElement};
use yew::prelude::*;

use crate::ui::context::{Action, use_ui};
use crate::ui::dialog::{KeptAction, Sheet};
use crate::ui::effects::file;

/// The dialog.
#[component]
pub fn Open() -> Html {
    let ui = use_ui();
    let text = use_state(String::new);
    let onfile = {
        let act = ui.act.clone();
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            if let Some(file) = input.files().and_then(|files| files.get(0)) {
                let act = act.clone();
                file::read(file, move |handed| act.emit(Action::Read(handed)));
            }
        })
    };
    let oninput = {
        let text = text.clone();
        Callback::from(move |event: InputEvent| {
            text.set(event.target_unchecked_into::<HtmlTextAreaElement>().value());
        })
    };
    let onsubmit = {
        let (act, text) = (ui.act.clone(), text.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            act.emit(Action::Read(file::Handed::Text((*text).clone())));
        })
    };
    html! {
        <Sheet title="open-title">
            <form class="open" {onsubmit}>
                <label class="field wide">
                    <span>{ ui.t("open-file") }</span>
                    <input type="file" accept=".scenario,.txt,text/plain" onchange={onfile} />
                </label>
                <label class="field wide">
                    <span>{ ui.t("open-text") }</span>
                    <textarea class="num" rows="7" spellcheck="false" value={(*text).clone()} {oninput}
                        aria-describedby="open-what" />
                </label>
                <p class="dim" id="open-what">{ ui.t("open-what") }</p>
                <footer>
                    <button type="button" class="btn" onclick={ui.on(Action::Kept(KeptAction::Show))}>{ ui.t("kept-title") }</button>
                    <span class="sp"></span>
                    <button type="submit" class="btn primary" disabled={text.trim().is_empty()}>{ ui.t("open-do") }</button>
                </footer>
            </form>
        </Sheet>
    }
}
