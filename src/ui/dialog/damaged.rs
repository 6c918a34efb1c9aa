//! A link or a file that was refused: what was wrong with it, where, and what to do. Nothing was loaded.

use yew::prelude::*;

use crate::i18n::Phrase;
use crate::ui::context::{Action, use_ui};
use crate::ui::dialog::Sheet;

#[derive(Properties, PartialEq)]
pub struct DamagedProps {
    /// Key of the title.
    pub title: &'static str,
    /// Whether it was a link, which can be had again.
    pub is_link: bool,
    /// What was refused, and why.
    pub why: Vec<Phrase>,
}

/// The sheet.
#[component]
pub fn Damaged(props: &DamagedProps) -> Html {
    let ui = use_ui();
    let what = props.why.iter().map(|phrase| phrase.text(ui.lang));
    html! {
        <Sheet title={props.title}>
            <div class="damaged" role="alert">
                <p>{ what.collect::<Vec<_>>().join(" ") }</p>
                <p class="dim">
                    { ui.t("sheet-damaged-after") }
                    if props.is_link { { " " }{ ui.t("sheet-damaged-do") } }
                </p>
            </div>
            <footer>
                <button class="btn primary" autofocus=true onclick={ui.on(Action::Close)}>{ ui.t("sheet-damaged-close") }</button>
            </footer>
        </Sheet>
    }
}
