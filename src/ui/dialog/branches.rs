//! The branches of the session: shown, named, compared with the one that is shown, deleted.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::engine::ids::Text;
use crate::engine::time::Micros;
use crate::i18n::Arg;
use crate::session::branches::Line;
use crate::session::message::Msg;
use crate::ui::context::{Action, Shared, Ui, use_ui};
use crate::ui::dialog::Sheet;
use crate::ui::format;

/// One branch.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its number.
    pub id: u32,
    /// Its name, when it has one.
    pub name: Option<Text>,
    /// How deep it hangs in the tree.
    pub depth: u32,
    /// When it left its parent.
    pub from: Micros,
    /// How far it was seen.
    pub end: Micros,
    /// Whether it is shown.
    pub current: bool,
    /// Its line under the time bar, when it is not.
    pub line: Option<Line>,
}

/// Two branches side by side, in words.
#[derive(Clone)]
pub struct Compared {
    /// Their numbers and names.
    pub of: [(u32, Option<Text>); 2],
    /// Both at this moment.
    pub at: Micros,
    /// The first event of each that the other has not.
    pub first: [AttrValue; 2],
    /// Partitions: what each branch has of them.
    pub partitions: Vec<(AttrValue, [AttrValue; 2])>,
    /// Committed records lost, records failed, rules broken.
    pub verdicts: [[u64; 3]; 2],
}

#[derive(Properties, PartialEq)]
pub struct BranchesProps {
    /// Every branch, parents first.
    pub rows: Vec<Row>,
    /// The comparison that was asked for.
    pub compared: Option<Shared<Compared>>,
    /// Checkpoints kept, and how many at most.
    pub checkpoints: (u32, u32),
}

/// The list, and the comparison under it.
#[component]
pub fn Branches(props: &BranchesProps) -> Html {
    let ui = use_ui();
    let (kept, most) = props.checkpoints;
    html! {
        <Sheet title="branches-title">
            <p class="dim">{ ui.t("branches-what") }</p>
            <ul class="branches">{ for props.rows.iter().map(|row| row_html(&ui, row)) }</ul>
            if let Some(compared) = &props.compared { { compared_html(&ui, &compared.0) } }
            <p class="dim3">{ ui.tr("branches-checkpoints", &[("count", Arg::from(kept)), ("most", Arg::from(most))]) }</p>
        </Sheet>
    }
}

/// A branch's name, or what stands for it.
pub fn name_of(ui: &Ui, id: u32, name: Option<&Text>) -> String {
    let number = || ui.tr("branch-unnamed", &[("number", Arg::from(id + 1))]);
    name.map_or_else(number, ToString::to_string)
}

fn row_html(ui: &Ui, row: &Row) -> Html {
    let id = row.id;
    let name = name_of(ui, id, row.name.as_ref());
    let onchange = {
        let act = ui.act.clone();
        Callback::from(move |event: Event| {
            let text = event.target_unchecked_into::<HtmlInputElement>().value();
            act.emit(Action::tell(Msg::NameBranch(id, text.into())));
        })
    };
    let span = [
        ("from", Arg::from(format::seconds(row.from))),
        ("to", Arg::from(format::seconds(row.end))),
    ];
    let press = |key: &str, action: Action| {
        let label = format!("{}: {name}", ui.t(key));
        html! { <button class="btn sm" aria-label={label} onclick={ui.on(action)}>{ ui.t(key) }</button> }
    };
    html! {
        <li key={id} style={format!("margin-left:{}px", row.depth.min(8) * 14)} aria-current={row.current.then_some("true")}>
            <input aria-label={ui.t("branch-name")} value={row.name.as_deref().unwrap_or_default().to_owned()}
                placeholder={name.clone()} maxlength="80" {onchange} />
            <span class="num dim">{ ui.tr("branch-span", &span) }</span>
            if row.current {
                <b>{ ui.t("branch-current") }</b>
            } else {
                { press("branch-open", Action::tell(Msg::OpenBranch(id))) }
                { press("branch-compare", Action::Compare(id)) }
                { press("branch-delete", Action::tell(Msg::DeleteBranch(id))) }
            }
        </li>
    }
}

fn compared_html(ui: &Ui, compared: &Compared) -> Html {
    let head = |n: usize| {
        let (id, name) = &compared.of[n];
        html! { <th scope="col">{ name_of(ui, *id, name.as_ref()) }</th> }
    };
    let row = |name: String, cells: [String; 2]| {
        let [left, right] = cells;
        let class = classes!((left != right).then_some("differs"));
        html! { <tr {class}><th scope="row">{ name }</th><td>{ left }</td><td>{ right }</td></tr> }
    };
    let verdict = |key: &str, n: usize| {
        row(ui.t(key).to_string(), [0, 1].map(|side: usize| compared.verdicts[side][n].to_string()))
    };
    let first = compared.first.clone().map(|text| match text.is_empty() {
        true => ui.t("compare-nothing").to_string(),
        false => text.to_string(),
    });
    let partitions = compared.partitions.iter();
    html! {
        <table class="compare">
            <caption>{ ui.tr("compare-title", &[("seconds", Arg::from(format::seconds(compared.at)))]) }</caption>
            <thead><tr><td></td>{ head(0) }{ head(1) }</tr></thead>
            <tbody>
                { row(ui.t("compare-first").to_string(), first) }
                { verdict("compare-lost", 0) }
                { verdict("compare-failed", 1) }
                { verdict("compare-broken", 2) }
                { for partitions.map(|(name, cells)| row(name.to_string(), cells.clone().map(|cell| cell.to_string()))) }
            </tbody>
        </table>
    }
}
