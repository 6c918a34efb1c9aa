//! The side panel: the lesson and the inspector, as tabs where both exist.

use yew::prelude::*;

use crate::ui::context::{Action, Tab, use_ui};

#[derive(Properties, PartialEq)]
pub struct SideProps {
    /// The lesson, or the lessons to choose from.
    pub lesson: Html,
    /// The inspector.
    pub inspector: Html,
    /// Whether the inspector is shown, rather than the lesson.
    pub inspects: bool,
    /// Whether the panel is open where it is a drawer.
    pub open: bool,
}

/// The side panel.
#[component]
pub fn Side(props: &SideProps) -> Html {
    let ui = use_ui();
    let shows_lesson = !props.inspects;
    let tab = |tab: Tab, key: &str, on: bool| {
        html! {
            <button role="tab" class={classes!(on.then_some("on"))} aria-selected={on.to_string()}
                aria-controls="panel-body" onclick={ui.on(Action::Tab(tab))}>{ ui.t(key) }</button>
        }
    };
    html! {
        <aside class={classes!("side", props.open.then_some("open"))} id="panel" tabindex="-1"
            aria-label={ui.t("panel-label")}>
            <div class="side-tabs" role="tablist">
                { tab(Tab::Lesson, "tab-lesson", shows_lesson) }
                { tab(Tab::Inspect, "tab-inspect", !shows_lesson) }
            </div>
            <div class="side-body" id="panel-body">
                if shows_lesson { { props.lesson.clone() } } else { { props.inspector.clone() } }
            </div>
        </aside>
    }
}
