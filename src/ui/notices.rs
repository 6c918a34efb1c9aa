//! Notices: what the session has to say once, over the stage, until it is put away.

use yew::prelude::*;

use crate::session::message::Msg;
use crate::ui::context::{Action, use_ui};
use crate::ui::icon::{Icon, icon};

#[derive(Properties, PartialEq)]
pub struct NoticesProps {
    /// What is to be said, oldest first.
    pub notices: Vec<Said>,
}

/// A notice in words.
#[derive(Clone, PartialEq)]
pub struct Said {
    /// Its number.
    pub number: u32,
    /// Its text.
    pub text: AttrValue,
    /// Whether to begin anew is offered.
    pub offers_reset: bool,
}

/// The notices.
#[component]
pub fn Notices(props: &NoticesProps) -> Html {
    let ui = use_ui();
    html! {
        <div class="notices" role="status" aria-label={ui.t("notice-label")}>
            { for props.notices.iter().map(|Said { number, text, offers_reset }| html! {
                <div class="notice" key={*number}>
                    <p>{ text }</p>
                    if *offers_reset {
                        <button class="btn" onclick={ui.on(Action::tell(Msg::Reset))}>{ ui.t("notice-begin-anew") }</button>
                    }
                    <button class="btn quiet icon" aria-label={ui.t("close")}
                        onclick={ui.on(Action::Dismiss(*number))}>{ icon(Icon::Close) }</button>
                </div>
            }) }
        </div>
    }
}
