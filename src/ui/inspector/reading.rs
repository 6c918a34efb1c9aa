//! The inside of a consumer: where it is in each partition, its fetches, what its group expects of it.

use yew::prelude::*;

use crate::engine::command::{Command, ConsumerCommand, SeekPlace};
use crate::engine::ids::{ClientId, Offset, TopicPartition};
use crate::i18n::Arg;
use crate::ui::context::Ui;
use crate::ui::inspector::{facts, pill};
use crate::ui::stage::{doing_of, span};
use crate::view::cluster::ClusterView;
use crate::view::inside::{ConsumerInside, MemberInside, WatchedPartition};

/// Shows what is inside of a consumer.
pub fn show(ui: &Ui, cluster: &ClusterView, id: ClientId, inside: &ConsumerInside) -> Html {
    let member = inside.member.as_ref().map(|member| about_group(ui, cluster, id, member));
    html! {
        <>
            { for member }
            <h3>{ ui.t("consumer-positions") }</h3>
            { partitions(ui, cluster, id, inside) }
            { steering(ui, cluster, id, inside) }
            <h3>{ ui.t("fetches-title") }</h3>
            { fetches(ui, inside) }
        </>
    }
}

fn about_group(ui: &Ui, cluster: &ClusterView, id: ClientId, member: &MemberInside) -> Html {
    let none = || "–".to_owned();
    let place = cluster.groups.iter().flat_map(|g| &g.members).find(|m| m.consumer == Some(id));
    let mut rows = vec![
        (ui.t("group-does"), place.map_or_else(none, |member| doing_of(member, ui.lang))),
        (ui.t("group-generation-name"), member.generation.to_string()),
        (
            ui.t("group-coordinator"),
            member
                .coordinator
                .map_or_else(none, |id| ui.tr("stage-broker", &[("id", Arg::from(id.0))])),
        ),
        (ui.t("member-processed"), member.processed.to_string()),
        (ui.t("member-todo"), member.todo.to_string()),
        (ui.t("member-heartbeat"), member.heartbeat_in.map_or_else(none, span)),
        (ui.t("member-polls"), member.poll_in.map_or_else(|| ui.t("member-in-poll"), span)),
    ];
    if let Some(left) = member.commit_in {
        rows.push((ui.t("member-commit"), span(left)));
    }
    if let Some(instance) = place.and_then(|member| member.instance.as_ref()) {
        rows.push(("group.instance.id".to_owned(), instance.to_string()));
    }
    facts(rows)
}

fn number(offset: Option<Offset>) -> String {
    offset.map_or("–".to_owned(), |offset| offset.0.to_string())
}

fn partitions(ui: &Ui, cluster: &ClusterView, id: ClientId, inside: &ConsumerInside) -> Html {
    if inside.partitions.is_empty() {
        return html! { <p class="dim">{ ui.t("member-nothing") }</p> };
    }
    let consumer = cluster.consumers.iter().find(|consumer| consumer.id == id);
    let group = consumer.and_then(|consumer| consumer.group());
    let group = group.and_then(|name| cluster.groups.iter().find(|group| group.id == *name));
    let row = |watched: &WatchedPartition| {
        let named = watched.partition.clone();
        let all = cluster.topics.iter().flat_map(|topic| &topic.partitions);
        let high = all.into_iter().find(|p| p.partition == named).map(|p| p.high_watermark);
        let committed =
            group.and_then(|group| group.of_partition(&named)).and_then(|line| line.committed);
        let lag = watched.position.zip(high).map(|(at, high)| (high.0 - at.0).max(0));
        html! {
            <tr>
                <th scope="row">
                    { named.to_string() }
                    if watched.paused { { " " }{ pill(ui.t("consumer-paused"), true) } }
                </th>
                <td class="num">{ number(watched.position) }</td>
                if group.is_some() { <td class="num">{ number(committed) }</td> }
                <td class="num">{ number(high) }</td>
                <td class="num">{ lag.map_or("–".to_owned(), |lag| lag.to_string()) }</td>
                <td class="num">{ watched.buffered }</td>
            </tr>
        }
    };
    html! {
        <table class="short">
            <thead><tr>
                <th>{ ui.t("consumer-partition") }</th><th class="num">{ ui.t("consumer-position") }</th>
                if group.is_some() { <th class="num">{ ui.t("group-committed") }</th> }
                <th class="num">{ ui.t("stage-col-hw") }</th><th class="num">{ ui.t("group-lag") }</th>
                <th class="num">{ ui.t("member-buffered") }</th>
            </tr></thead>
            <tbody>{ for inside.partitions.iter().map(row) }</tbody>
        </table>
    }
}

/// What its application can be told: to read on elsewhere (`seek`), to want no records (`pause`).
fn steering(ui: &Ui, cluster: &ClusterView, id: ClientId, inside: &ConsumerInside) -> Html {
    let Some(consumer) = cluster.consumers.iter().find(|c| c.id == id && c.state.is_up()) else {
        return Html::default();
    };
    let button = |[key, label]: [&str; 2], partition: &TopicPartition, command| {
        let args = [
            ("name", Arg::from(consumer.name.to_string())),
            ("partition", Arg::from(partition.to_string())),
        ];
        let label = ui.tr(label, &args);
        let command = Command::Consumer { name: consumer.name.clone(), command };
        html! { <button class="btn sm" aria-label={label} onclick={ui.command(command)}>{ ui.t(key) }</button> }
    };
    let row = |watched: &WatchedPartition| {
        let partition = &watched.partition;
        let seek = |to| ConsumerCommand::Seek { partition: partition.clone(), to };
        let partitions = vec![partition.clone()];
        let (keys, flow) = match watched.paused {
            true => {
                (["steer-resume", "steer-resume-label"], ConsumerCommand::Resume { partitions })
            }
            false => (["steer-pause", "steer-pause-label"], ConsumerCommand::Pause { partitions }),
        };
        let beginning = ["steer-beginning", "steer-beginning-label"];
        html! {
            <div class="la steer">
                <span class="mono">{ partition.to_string() }</span>
                { button(beginning, partition, seek(SeekPlace::Beginning)) }
                { button(["steer-end", "steer-end-label"], partition, seek(SeekPlace::End)) }
                { button(keys, partition, flow) }
            </div>
        }
    };
    html! { <>{ for inside.partitions.iter().map(row) }</> }
}

fn fetches(ui: &Ui, inside: &ConsumerInside) -> Html {
    if inside.sessions.is_empty() {
        return html! { <p class="dim">{ ui.t("fetches-none") }</p> };
    }
    let row = |(broker, session, epoch, count, under_way): &(_, i32, i32, u32, bool)| {
        let broker: &crate::engine::ids::BrokerId = broker;
        let session = if *session == 0 { "–".to_owned() } else { session.to_string() };
        html! {
            <tr>
                <th scope="row">{ ui.tr("stage-broker", &[("id", Arg::from(broker.0))]) }</th>
                <td class="num">{ session }</td>
                <td class="num">{ *epoch }</td>
                <td class="num">{ *count }</td>
                <td>{ ui.t(if *under_way { "stage-yes" } else { "stage-no" }) }</td>
            </tr>
        }
    };
    html! {
        <table class="short">
            <thead><tr>
                <th>{ ui.t("stage-col-broker") }</th><th class="num">{ ui.t("fetch-session") }</th>
                <th class="num">{ ui.t("stage-col-epoch") }</th><th class="num">{ ui.t("group-partitions") }</th>
                <th>{ ui.t("fetch-under-way") }</th>
            </tr></thead>
            <tbody>{ for inside.sessions.iter().map(row) }</tbody>
        </table>
    }
}
