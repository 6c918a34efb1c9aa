//! A consumer group: state, members with what each reads, how far the group is, votes, and what its
//! rebalances took.

use yew::prelude::*;

use crate::engine::ids::{NodeId, Offset, Text, TopicPartition};
use crate::i18n::Arg;
use crate::session::message::Msg;
use crate::ui::context::{Action, Part, Ui};
use crate::ui::inspector::{facts, head, parts, pill};
use crate::ui::stage::{doing_of, span};
use crate::view::cluster::ClusterView;
use crate::view::group::{GroupPartition, GroupView, MemberView, Rebalance};
use crate::view::inside::{CommitRow, GroupInside};
use crate::view::scene::Selection;

/// Shows a group.
pub fn show(
    ui: &Ui,
    cluster: &ClusterView,
    id: &Text,
    inside: Option<&GroupInside>,
    (part, history): (Part, &[Rebalance]),
) -> Option<Html> {
    let group = cluster.groups.iter().find(|group| group.id == *id)?;
    let state = group.state.map_or_else(|| ui.t("group-unknown"), |state| state.name().to_owned());
    let all = [
        (Part::Main, "group-part-members"),
        (Part::Offsets, "group-part-offsets"),
        (Part::Rebalances, "group-part-rebalances"),
    ];
    let body = match part {
        Part::Offsets => offsets(ui, group, inside),
        Part::Rebalances => rebalances(ui, cluster, history),
        _ => members(ui, group, inside),
    };
    Some(html! {
        <>
            { head(ui, group.id.to_string(), Some(pill(state, false))) }
            { about(ui, group) }
            <div class="la">
                <button class="btn" onclick={ui.on(Action::Open(crate::ui::context::Dialog::AddMember(group.id.clone())))}>
                    { ui.t("group-add-member") }
                </button>
            </div>
            { parts(ui, "part-label", &all, part) }
            { body }
        </>
    })
}

fn about(ui: &Ui, group: &GroupView) -> Html {
    let coordinator = group.coordinator.map_or_else(
        || ui.t("group-no-coordinator"),
        |id| ui.tr("stage-broker", &[("id", Arg::from(id.0))]),
    );
    let mut rows = vec![
        (ui.t("group-coordinator"), coordinator),
        (ui.t("group-generation-name"), group.generation.to_string()),
    ];
    if let Some(protocol) = &group.protocol {
        rows.push((ui.t("group-protocol"), protocol.to_string()));
    }
    rows.push((ui.t("group-lag"), group.lag().to_string()));
    facts(rows)
}

fn members(ui: &Ui, group: &GroupView, inside: Option<&GroupInside>) -> Html {
    if group.members.is_empty() {
        return html! { <p class="dim">{ ui.t("group-empty-long") }</p> };
    }
    let votes = inside.map(|found| &found.votes[..]).unwrap_or_default();
    let votes: Vec<String> = votes.iter().map(|(name, count)| format!("{name} {count}")).collect();
    html! {
        <>
            <table>
                <thead><tr><th>{ ui.t("group-member") }</th><th>{ ui.t("group-does") }</th><th>{ ui.t("group-partitions") }</th></tr></thead>
                <tbody>{ for group.members.iter().map(|member| member_row(ui, member)) }</tbody>
            </table>
            if !votes.is_empty() {
                <h3>{ ui.t("group-votes") }</h3>
                <p class="dim">{ ui.t("group-votes-what") }</p>
                <p class="mono">{ votes.join(", ") }</p>
            }
            if let Some(found) = inside { { timeouts(ui, found) } }
        </>
    }
}

fn member_row(ui: &Ui, member: &MemberView) -> Html {
    let name = match member.consumer {
        Some(id) => html! {
            <button class="lk" onclick={ui.on(Action::Select(Selection::Consumer(id)))}>{ &*member.name }</button>
        },
        None => html! { { &*member.name } },
    };
    let leads = member.leads.then(|| html! { <>{ " " }{ pill(ui.t("group-leader"), false) }</> });
    html! {
        <tr>
            <th scope="row">{ name }{ for leads }</th>
            <td>{ doing_of(member, ui.lang) }</td>
            <td class="num">{ list(&member.owned) }</td>
        </tr>
    }
}

/// Partitions with their topic told once.
fn list(partitions: &[TopicPartition]) -> String {
    let Some(first) = partitions.first() else { return "–".to_owned() };
    match partitions.iter().all(|p| p.topic == first.topic) {
        true => {
            let numbers: Vec<String> = partitions.iter().map(|p| p.partition.to_string()).collect();
            format!("{}-{}", first.topic, numbers.join(", "))
        }
        false => partitions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

fn timeouts(ui: &Ui, found: &GroupInside) -> Html {
    let row = |member: &crate::view::inside::KnownMember| {
        let assignors: Vec<&str> = member.assignors.iter().map(|name| &**name).collect();
        html! {
            <tr>
                <th scope="row" class="mono">{ &*member.id }</th>
                <td class="mono">{ assignors.join(", ") }</td>
                <td class="num">{ member.session_timeout_ms }</td>
                <td class="num">{ member.rebalance_timeout_ms }</td>
            </tr>
        }
    };
    html! {
        <>
            <h3>{ ui.t("group-known") }</h3>
            <div class="wide" role="group" tabindex="0" aria-label={ui.t("group-known")}><table>
                <thead><tr>
                    <th>{ ui.t("group-member-id") }</th><th>{ ui.t("group-assignors") }</th>
                    <th class="num">{ ui.t("group-session-timeout") }</th><th class="num">{ ui.t("group-poll-interval") }</th>
                </tr></thead>
                <tbody>{ for found.members.iter().map(row) }</tbody>
            </table></div>
        </>
    }
}

fn number(offset: Option<Offset>) -> String {
    offset.map_or("–".to_owned(), |offset| offset.0.to_string())
}

fn offsets(ui: &Ui, group: &GroupView, inside: Option<&GroupInside>) -> Html {
    let row = |line: &GroupPartition| {
        let owner = line.owner.and_then(|place| group.members.get(place));
        html! {
            <tr>
                <th scope="row">
                    <button class="lk" onclick={ui.on(Action::Select(Selection::Partition(line.partition.clone())))}>
                        { line.partition.to_string() }
                    </button>
                </th>
                <td>{ owner.map_or("–".to_owned(), |member| member.name.to_string()) }</td>
                <td class="num">{ number(line.position) }</td>
                <td class="num">{ number(line.committed) }</td>
                <td class="num">{ number(Some(line.high_watermark)) }</td>
                <td class="num">{ line.lag().map_or("–".to_owned(), |lag| lag.to_string()) }</td>
            </tr>
        }
    };
    let place = TopicPartition::new(
        &crate::engine::ids::TopicName::new("__consumer_offsets"),
        group.partition,
    );
    html! {
        <>
            <div class="wide"><table>
                <thead><tr>
                    <th>{ ui.t("consumer-partition") }</th><th>{ ui.t("group-owner") }</th>
                    <th class="num">{ ui.t("consumer-position") }</th><th class="num">{ ui.t("group-committed") }</th>
                    <th class="num">{ ui.t("stage-col-hw") }</th><th class="num">{ ui.t("group-lag") }</th>
                </tr></thead>
                <tbody>{ for group.partitions.iter().map(row) }</tbody>
            </table></div>
            <p class="dim">{ ui.t("group-lag-what") }</p>
            { for inside.map(|found| expiry(ui, &found.offsets)) }
            <p>{ ui.t("group-kept-in") }{ " " }
                <button class="lk" onclick={ui.on(Action::Select(Selection::Partition(place.clone())))}>{ place.to_string() }</button>
            </p>
        </>
    }
}

/// When committed offsets go: of a group with members, never.
fn expiry(ui: &Ui, all: &[CommitRow]) -> Html {
    let first = all.iter().filter_map(|row| row.expires_in_ms).min();
    let words = match first {
        _ if all.is_empty() => ui.t("group-nothing-committed"),
        None => ui.t("group-kept"),
        Some(left) => {
            let minutes = (left.max(0) + 59_999) / 60_000;
            ui.tr("group-expires", &[("minutes", Arg::from(minutes))])
        }
    };
    html! { <p class="dim">{ words }</p> }
}

fn rebalances(ui: &Ui, cluster: &ClusterView, history: &[Rebalance]) -> Html {
    if history.is_empty() {
        return html! { <p class="dim">{ ui.t("group-no-rebalances") }</p> };
    }
    html! {
        <>
            <p class="dim">{ ui.t("group-rebalances-what") }</p>
            <ol class="plain rebalances">{ for history.iter().map(|told| rebalance(ui, cluster, told)) }</ol>
        </>
    }
}

fn rebalance(ui: &Ui, cluster: &ClusterView, told: &Rebalance) -> Html {
    let took = told.ended.unwrap_or(cluster.now).since(told.began);
    let args = [
        ("generation", Arg::from(told.generation)),
        ("members", Arg::from(told.members)),
        ("took", Arg::from(span(took))),
        ("pause", Arg::from(span(told.pause))),
        ("count", Arg::from(told.paused)),
        ("all", Arg::from(told.partitions.max(told.paused))),
    ];
    let joined = told.joined.map(|at| {
        let args = [("span", Arg::from(span(at.since(told.began))))];
        ui.tr("rebalance-joined", &args)
    });
    let key = if told.ended.is_some() { "rebalance-took" } else { "rebalance-goes-on" };
    let pause = if told.paused == 0 { "rebalance-no-pause" } else { "rebalance-pause" };
    let idle = told.idle.iter().filter_map(|(id, span_of)| {
        let name = cluster.consumers.iter().find(|consumer| consumer.id == *id)?;
        Some(format!("{} {}", name.name, span(*span_of)))
    });
    let idle: Vec<String> = idle.collect();
    let tells = Action::tell(Msg::Seek(told.began));
    html! {
        <li>
            <p>
                <button class="lk num" title={ui.t("rebalance-go")} onclick={ui.on(tells)}>{ crate::ui::format::seconds(told.began) }</button>
                { " " }<strong>{ ui.tr(key, &args) }</strong>
            </p>
            <p class="dim">{ for joined }{ " " }{ ui.tr(pause, &args) }</p>
            if !idle.is_empty() {
                <p class="dim">{ ui.tr("rebalance-members", &[("members", Arg::from(idle.join(", ")))]) }</p>
            }
            <button class="lk" onclick={ui.on(Action::Why(told.event))}>{ ui.t("why-title") }</button>
        </li>
    }
}

/// The group that a client is in, as a link.
pub fn link_to(ui: &Ui, cluster: &ClusterView, node: NodeId) -> Html {
    let consumer = cluster.consumers.iter().find(|c| NodeId::Client(c.id) == node);
    let Some(group) = consumer.and_then(|consumer| consumer.group()) else {
        return Html::default();
    };
    html! {
        <p>{ ui.t("group-of") }{ " " }
            <button class="lk" onclick={ui.on(Action::Select(Selection::Group(group.clone())))}>{ &**group }</button>
        </p>
    }
}
