//! A partition: its replicas, the inside of one of them, and the topic's settings.

use yew::prelude::*;

use crate::engine::ids::{BrokerId, TopicPartition};
use crate::i18n::Arg;
use crate::ui::context::{Action, Opened, Ui};
use crate::ui::inspector::{head, pill, replica, topic};
use crate::view::cluster::{ClusterView, PartitionView, ReplicaView, Role, TopicView};
use crate::view::inside::ReplicaInside;

/// Shows a partition, with one replica open.
pub fn show(
    ui: &Ui,
    cluster: &ClusterView,
    which: &TopicPartition,
    inside: Option<&ReplicaInside>,
    opened: &Opened,
) -> Option<Html> {
    let of = cluster.topics.iter().find(|topic| topic.name == which.topic)?;
    let partition = of.partitions.iter().find(|partition| partition.partition == *which)?;
    let state = [
        ("epoch", Arg::from(partition.leader_epoch.0)),
        ("version", Arg::from(partition.partition_epoch.0)),
    ];
    let open = opened_replica(partition, opened);
    let inside = inside.filter(|inside| Some(inside.broker) == open && inside.partition == *which);
    Some(html! {
        <>
            { head(ui, which.to_string(), health(ui, of, partition)) }
            { replicas(ui, partition) }
            <p class="dim sm">{ ui.tr("partition-state", &state) }</p>
            if let Some(open) = open { { replica_choice(ui, partition, open) } }
            if let Some(inside) = inside {
                { replica::show(ui, inside, opened) }
            } else {
                <p class="dim sm">{ ui.t("replica-none") }</p>
            }
            { topic::show(ui, cluster, of, partition) }
        </>
    })
}

/// The replica that is open: the one asked for, else the leader's, else the first.
pub fn opened_replica(partition: &PartitionView, opened: &Opened) -> Option<BrokerId> {
    let wanted = opened.replica.or(partition.leader);
    let found = partition.replicas.iter().find(|replica| Some(replica.broker) == wanted);
    found.or(partition.replicas.first()).map(|replica| replica.broker)
}

/// Which replica is open, and the others to choose from.
fn replica_choice(ui: &Ui, partition: &PartitionView, open: BrokerId) -> Html {
    let title = ui.tr("replica-on", &[("broker", Arg::from(open.0))]);
    let one = |of: &ReplicaView| {
        let is_on = of.broker == open;
        let label = ui.tr("replica-on", &[("broker", Arg::from(of.broker.0))]);
        html! {
            <button class={classes!(is_on.then_some("on"))} aria-pressed={is_on.to_string()} aria-label={label}
                onclick={ui.on(Action::Replica(of.broker))}>{ of.broker.0 }</button>
        }
    };
    html! {
        <h3><span>{ title }</span><span class="tabs">{ for partition.replicas.iter().map(one) }</span></h3>
    }
}

fn health(ui: &Ui, topic: &TopicView, partition: &PartitionView) -> Option<Html> {
    let min_isr = topic.configs.iter().find(|(key, _)| &**key == "min.insync.replicas");
    let min_isr = min_isr.and_then(|(_, value)| value.parse::<u64>().ok()).unwrap_or(1);
    let in_sync = partition.isr.len() as u64;
    if partition.leader.is_none() {
        Some(pill(ui.t("leaderless"), true))
    } else if in_sync < min_isr {
        Some(pill(ui.t("at-min-isr"), true))
    } else if in_sync < partition.replicas.len() as u64 {
        Some(pill(ui.t("under-replicated"), true))
    } else {
        None
    }
}

fn replicas(ui: &Ui, partition: &PartitionView) -> Html {
    html! {
        <table>
            <thead><tr>
                <th>{ ui.t("column-broker") }</th><th>{ ui.t("column-role") }</th>
                <th class="num">{ ui.t("column-leo") }</th><th class="num">{ ui.t("column-hw") }</th>
                <th>{ ui.t("column-isr") }</th>
            </tr></thead>
            <tbody>{ for partition.replicas.iter().map(|replica| replica_row(ui, replica)) }</tbody>
        </table>
    }
}

fn replica_row(ui: &Ui, replica: &ReplicaView) -> Html {
    let name = ui.tr("broker-name", &[("id", Arg::from(replica.broker.0))]);
    let role = match replica.role {
        Role::Leader => "role-leader",
        Role::Follower => "role-follower",
        Role::Offline => "role-offline",
    };
    html! {
        <tr class={classes!((replica.role == Role::Offline).then_some("off"))}>
            <th scope="row"><button onclick={ui.on(Action::Replica(replica.broker))}>{ name }</button></th>
            <td>{ ui.t(role) }</td>
            <td class="num">{ replica.log_end_offset.0 }</td>
            <td class="num">{ replica.high_watermark.0 }</td>
            <td>{ ui.t(if replica.in_isr { "isr-in" } else { "isr-out" }) }</td>
        </tr>
    }
}
