//! Groups in the stage's twin: a table of members, and one of partitions.

use yew::prelude::*;

use crate::engine::ids::Offset;
use crate::i18n::{Arg, tr};
use crate::ui::stage::group::{doing_of, span};
use crate::ui::stage::twin::{TwinProps, head, select};
use crate::ui::stage::words::{self, t};
use crate::view::group::{GroupPartition, GroupView, MemberView};
use crate::view::scene::Selection;

/// Rows listed of one group; the rest are in the inspector.
const ROWS_MAX: usize = 60;

/// Tables of one group.
pub fn tables(props: &TwinProps, group: &GroupView) -> Html {
    let lang = props.lang;
    let state =
        group.state.map_or_else(|| t(lang, "group-unknown"), |state| state.name().to_owned());
    let args = [
        ("name", Arg::from(group.id.to_string())),
        ("state", Arg::from(state)),
        ("generation", Arg::from(group.generation)),
    ];
    let newest = props.rebalances.iter().find(|told| told.group == group.id).map(|told| {
        let args = [
            ("pause", Arg::from(span(told.pause))),
            ("count", Arg::from(told.paused)),
            ("all", Arg::from(told.partitions.max(told.paused))),
        ];
        let key = if told.paused == 0 { "rebalance-no-pause" } else { "rebalance-pause" };
        html! { <p>{ tr(lang, key, &args) }</p> }
    });
    let members = ["group-member", "group-does", "group-partitions"];
    let partitions = [
        "stage-col-partition",
        "group-owner",
        "consumer-position",
        "group-committed",
        "stage-col-hw",
        "group-lag",
    ];
    html! {
        <>
            <table>
                <caption>{ tr(lang, "group-table", &args) }{ " " }{ select(props, Selection::Group(group.id.clone()), t(lang, "group-open")) }</caption>
                { head(lang, &members) }
                <tbody>{ for group.members.iter().take(ROWS_MAX).map(|member| member_row(props, member)) }</tbody>
            </table>
            { for newest }
            <table>
                <caption>{ words::t1(lang, "group-table-partitions", "name", group.id.to_string()) }</caption>
                { head(lang, &partitions) }
                <tbody>{ for group.partitions.iter().take(ROWS_MAX).map(|line| partition_row(props, group, line)) }</tbody>
            </table>
        </>
    }
}

fn member_row(props: &TwinProps, member: &MemberView) -> Html {
    let owned: Vec<String> = member.owned.iter().map(ToString::to_string).collect();
    let owned = if owned.is_empty() { t(props.lang, "group-none") } else { owned.join(", ") };
    let name = match member.consumer {
        Some(id) => select(props, Selection::Consumer(id), member.name.to_string()),
        None => html! { { &*member.name } },
    };
    html! {
        <tr><th scope="row">{ name }</th><td>{ doing_of(member, props.lang) }</td><td>{ owned }</td></tr>
    }
}

fn partition_row(props: &TwinProps, group: &GroupView, line: &GroupPartition) -> Html {
    let owner = line.owner.and_then(|place| group.members.get(place));
    let owner =
        owner.map_or_else(|| t(props.lang, "stage-nobody"), |member| member.name.to_string());
    let number = |at: Option<Offset>| at.map_or("–".to_owned(), |at| at.0.to_string());
    html! {
        <tr>
            <th scope="row">{ select(props, Selection::Partition(line.partition.clone()), line.partition.to_string()) }</th>
            <td>{ owner }</td>
            <td class="num">{ number(line.position) }</td>
            <td class="num">{ number(line.committed) }</td>
            <td class="num">{ number(Some(line.high_watermark)) }</td>
            <td class="num">{ line.lag().map_or("–".to_owned(), |lag| lag.to_string()) }</td>
        </tr>
    }
}
