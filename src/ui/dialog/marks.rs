//! The marks of the time bar as a list: for those who cannot see the bar, or want to read it.

use yew::prelude::*;

use crate::engine::event::Invariant;
use crate::i18n::Arg;
use crate::session::message::Mark;
use crate::session::message::MarkKind;
use crate::ui::context::{Action, Ui, use_ui};
use crate::ui::dialog::Sheet;
use crate::ui::format;
use crate::ui::glyph::Glyph;
use crate::ui::time_bar::mark_key;

/// Most marks listed, newest first.
pub const MARKS_MOST: usize = 200;

#[derive(Properties, PartialEq)]
pub struct MarksProps {
    /// The newest marks first, each with its sentence; an empty one when its event is not known.
    pub marks: Vec<(Mark, AttrValue)>,
    /// Whether logs are cut the way of releases up to 0.10.2.
    pub old_way: bool,
}

/// The list.
#[component]
pub fn Marks(props: &MarksProps) -> Html {
    let ui = use_ui();
    let row = |(mark, sentence): &(Mark, AttrValue)| {
        let word = ui.t(mark_key(mark.kind));
        html! {
            <li key={mark.event.0}>
                <button onclick={ui.on(Action::Story(*mark))}>
                    <span class="num dim3">{ format::seconds(mark.at) }</span>
                    { Glyph::of_mark(mark.kind).draw() }
                    <span class="ev"><b>{ word }</b>{ " " }{ sentence }</span>
                </button>
            </li>
        }
    };
    html! {
        <Sheet title="rules-title">
            { rules(&ui, &props.marks) }
            <label class="check">
                <input type="checkbox" checked={props.old_way} onchange={ui.on(Action::OldTruncation(!props.old_way))} />
                <span><b>{ ui.t("old-behaviour") }</b>{ " " }{ ui.t("old-truncation-switch") }</span>
            </label>
            <h3>{ ui.t("marks-title") }</h3>
            <p class="dim">{ ui.t("marks-what") }</p>
            <ol class="rows marks">{ for props.marks.iter().map(row) }</ol>
        </Sheet>
    }
}

/// The rules that the checker watches, and how many of the marks are breaches of them.
fn rules(ui: &Ui, marks: &[(Mark, AttrValue)]) -> Html {
    let broken = marks.iter().filter(|(mark, _)| mark.kind == MarkKind::Broken).count();
    let what = match broken {
        0 => ui.t("rules-what"),
        _ => ui.tr("rules-broken-what", &[("count", Arg::from(broken as u64))]),
    };
    let rule = |rule: &Invariant| ui.tr("rule", &[("rule", Arg::from(format!("{rule:?}")))]);
    html! {
        <>
            <p class={classes!((broken > 0).then_some("t-lost"))}>{ what }</p>
            <details class="rules">
                <summary>{ ui.tr("rules-list", &[("count", Arg::from(Invariant::ALL.len() as u64))]) }</summary>
                <ul>{ for Invariant::ALL.iter().map(|each| html! { <li>{ rule(each) }</li> }) }</ul>
            </details>
        </>
    }
}
