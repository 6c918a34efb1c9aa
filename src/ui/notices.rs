//! Notices: what the session has to say once, over the stage, until it is put away.

use yew::prelude::*;

use crate::ui::context::{Action, use_ui};
use crate::ui::icon::{Icon, icon};

#[derive(Properties, PartialEq)]
pub struct NoticesProps {
    /// What is to be said, oldest first, each with its number.
    pub notices: Vec<(u32, AttrValue)>,
}

/// The notices.
#[component]
pub fn Notices(props: &NoticesProps) -> Html {
    let ui = use_ui();
    html! {
        <div class="notices" role="status" aria-label={ui.t("notice-label")}>
            { for props.notices.iter().map(|(number, text)| html! {
                <div class="notice" key={*number}>
                    <p>{ text }</p>
                    <button class="btn quiet icon" aria-label={ui.t("close")}
                        onclick={ui.on(Action::Dismiss(*number))}>{ icon(Icon::Close) }</button>
                </div>
            }) }
        </div>
    }
}
