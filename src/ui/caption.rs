//! The caption: one sentence that says what just happened, with *Why?* beside it.
//!
//! It is also the page's live region: what a screen reader hears while time runs.

use yew::prelude::*;

use crate::engine::ids::EventId;
use crate::ui::context::{Action, use_ui};

/// What the caption tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The event.
    pub event: EventId,
    /// Its sentence.
    pub text: AttrValue,
    /// Whether something was lost or died.
    pub is_loss: bool,
}

#[derive(Properties, PartialEq)]
pub struct CaptionProps {
    /// The newest fact that matters; `None` before anything happened.
    pub told: Option<Told>,
}

/// The caption over the stage.
#[component]
pub fn Caption(props: &CaptionProps) -> Html {
    let ui = use_ui();
    let is_loss = props.told.as_ref().is_some_and(|told| told.is_loss);
    let text = props.told.as_ref().map_or_else(|| ui.t("caption-start").into(), |t| t.text.clone());
    let why = props.told.as_ref().map(|told| {
        let onclick = ui.on(Action::Why(told.event));
        html! { <button class="whyl" {onclick}>{ ui.t("caption-why") }</button> }
    });
    html! {
        <div class={classes!("cap", is_loss.then_some("loss"))}>
            <p role="log" aria-live="polite" aria-label={ui.t("caption-label")}>{ text }</p>
            { why }
        </div>
    }
}
