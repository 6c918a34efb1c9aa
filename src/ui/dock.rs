//! The dock: the newest events, and the chain of causes of the one that is selected.

use yew::prelude::*;

use crate::engine::ids::EventId;
use crate::engine::time::Micros;
use crate::i18n::Arg;
use crate::ui::console::ConsoleAction;
use crate::ui::context::{Action, Shared, Ui, use_ui};
use crate::ui::format;
use crate::ui::glyph::Glyph;
use crate::ui::icon::{Icon, icon};
use crate::view::explain::Importance;

/// One line of the list of events.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The event.
    pub event: EventId,
    /// When.
    pub at: Micros,
    /// Its picture.
    pub glyph: Glyph,
    /// Its sentence.
    pub text: AttrValue,
    /// Whether it stands out.
    pub is_headline: bool,
}

/// One step of a story of causes.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    /// The event.
    pub event: EventId,
    /// When.
    pub at: Micros,
    /// Its sentence.
    pub text: AttrValue,
}

#[derive(Properties, PartialEq)]
pub struct DockProps {
    /// Events of the chosen importance, newest first.
    pub rows: Shared<Vec<Row>>,
    /// Which are listed.
    pub level: Importance,
    /// The event whose causes are told.
    pub why: Option<EventId>,
    /// Its causes, oldest first.
    pub causes: Vec<Cause>,
    /// Whether older causes have left the window.
    pub begins_earlier: bool,
    /// Whether the console is open beside it.
    pub console: bool,
}

/// The dock.
#[component]
pub fn Dock(props: &DockProps) -> Html {
    let ui = use_ui();
    html! {
        <section class="dock" id="events" tabindex="-1" aria-label={ui.t("events-title")}>
            <div class="events">
                <header class="ph">
                    <h2>{ ui.t("events-title") }</h2><span class="sp"></span>
                    { levels(&ui, props.level) }
                    if !props.console {
                        <button class="btn sm open-console" onclick={ui.on(Action::Console(ConsoleAction::Toggle))}
                            aria-label={ui.t("console-open")}>
                            { icon(Icon::Terminal) }{ ui.t("console-title") }<kbd>{ "`" }</kbd>
                        </button>
                    }
                </header>
                <ol class="rows">
                    { for props.rows.0.iter().map(|row| html! {
                        <EventRow key={row.event.0} row={row.clone()} on={props.why == Some(row.event)} />
                    }) }
                    if props.rows.0.is_empty() { <li class="empty">{ ui.t("events-empty") }</li> }
                </ol>
            </div>
            { why(&ui, props) }
        </section>
    }
}

fn levels(ui: &Ui, chosen: Importance) -> Html {
    let all = [
        (Importance::Headline, "events-level-headline"),
        (Importance::Fact, "events-level-fact"),
        (Importance::Detail, "events-level-detail"),
    ];
    html! {
        <div class="tabs" role="group" aria-label={ui.t("events-filter")}>
            { for all.into_iter().map(|(level, key)| html! {
                <button class={classes!((level == chosen).then_some("on"))}
                    aria-pressed={(level == chosen).to_string()}
                    onclick={ui.on(Action::Level(level))}>{ ui.t(key) }</button>
            }) }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct RowProps {
    row: Row,
    on: bool,
}

#[component]
fn EventRow(props: &RowProps) -> Html {
    let ui = use_ui();
    let row = &props.row;
    let class = classes!(props.on.then_some("on"), row.is_headline.then_some("headline"));
    html! {
        <li {class}>
            <button onclick={ui.on(Action::Why(row.event))} aria-pressed={props.on.to_string()}>
                <span class="num dim3">{ format::seconds(row.at) }</span>
                { row.glyph.draw() }
                <span class="ev">{ &row.text }</span>
            </button>
        </li>
    }
}

fn why(ui: &Ui, props: &DockProps) -> Html {
    if props.causes.is_empty() {
        return html! {
            <div class="why">
                <header class="ph"><h2>{ ui.t("why-title") }</h2></header>
                <p class="dim">{ ui.t("why-empty") }</p>
            </div>
        };
    }
    let at = props.causes.last().map(|last| format::clock(last.at)).unwrap_or_default();
    html! {
        <div class="why" tabindex="-1">
            <header class="ph"><h2>{ ui.tr("why-of", &[("time", Arg::from(at))]) }</h2></header>
            if props.begins_earlier { <p class="dim">{ ui.t("why-begins-earlier") }</p> }
            <ol>
                { for props.causes.iter().map(|cause| html! {
                    <li>
                        <button onclick={ui.on(Action::Why(cause.event))}>
                            <span class="num dim3">{ format::seconds(cause.at) }</span>{ &cause.text }
                        </button>
                    </li>
                }) }
            </ol>
        </div>
    }
}
