//! Before something else is opened while nothing of what was done here is saved: what to do with it.

use yew::prelude::*;

use crate::session::message::Start;
use crate::ui::context::{Action, Kind, Shared, use_ui};
use crate::ui::dialog::Sheet;

#[derive(Properties, PartialEq)]
pub struct ReplaceProps {
    /// What is to be opened.
    pub start: Shared<Start>,
}

/// The question.
#[component]
pub fn Replace(props: &ReplaceProps) -> Html {
    let ui = use_ui();
    html! {
        <Sheet title="replace-title">
            <p>{ ui.t("replace-what") }</p>
            <footer>
                <button class="btn" onclick={ui.on(Action::Download(Kind::Scenario))}>{ ui.t("replace-save") }</button>
                <span class="sp"></span>
                <button class="btn" onclick={ui.on(Action::Visit(props.start.clone()))}>{ ui.t("replace-open") }</button>
                <button class="btn primary" autofocus=true onclick={ui.on(Action::Close)}>{ ui.t("replace-stay") }</button>
            </footer>
        </Sheet>
    }
}
