//! A partition: its replicas, and the files, epochs and newest records of one of them.

use yew::prelude::*;

use crate::engine::command::Command;
use crate::engine::ids::{BrokerId, Offset, TopicPartition};
use crate::i18n::Arg;
use crate::ui::context::{Action, Ui, use_ui};
use crate::ui::format;
use crate::ui::inspector::{head, pill};
use crate::view::cluster::{
    ClusterView, PartitionView, RecordView, ReplicaView, Role, SegmentView, TopicView,
};

/// Shows a partition, with one replica open: the one given, else the leader's, else the first.
pub fn show(
    ui: &Ui,
    cluster: &ClusterView,
    which: &TopicPartition,
    broker: Option<BrokerId>,
    records: &[RecordView],
) -> Option<Html> {
    let topic = cluster.topics.iter().find(|topic| topic.name == which.topic)?;
    let partition = topic.partitions.iter().find(|partition| partition.partition == *which)?;
    let opened = broker.or(partition.leader);
    let replica = partition.replicas.iter().find(|replica| Some(replica.broker) == opened);
    let replica = replica.or(partition.replicas.first());
    let state = [
        ("epoch", Arg::from(partition.leader_epoch.0)),
        ("version", Arg::from(partition.partition_epoch.0)),
    ];
    Some(html! {
        <>
            { head(ui, which.to_string(), health(ui, topic, partition)) }
            { replicas(ui, partition) }
            <p class="dim sm">{ ui.tr("partition-state", &state) }</p>
            if let Some(replica) = replica {
                { files(ui, partition, replica) }
                { epochs(ui, replica) }
                { newest(ui, replica, records) }
            }
            <TopicSettings topic={topic.clone()} />
        </>
    })
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

fn files(ui: &Ui, partition: &PartitionView, replica: &ReplicaView) -> Html {
    let largest = replica.segments.iter().map(|segment| segment.bytes).max().unwrap_or(1);
    let title = ui.tr("files-on", &[("broker", Arg::from(replica.broker.0))]);
    let one = |of: &ReplicaView| {
        let is_on = of.broker == replica.broker;
        html! {
            <button class={classes!(is_on.then_some("on"))} aria-pressed={is_on.to_string()}
                onclick={ui.on(Action::Replica(of.broker))}>{ of.broker.0 }</button>
        }
    };
    html! {
        <>
            <h3><span>{ title }</span><span class="tabs">{ for partition.replicas.iter().map(one) }</span></h3>
            <ul class="files">{ for replica.segments.iter().map(|segment| file(ui, segment, largest)) }</ul>
            if replica.segments.is_empty() { <p class="dim sm">{ ui.t("files-none") }</p> }
            <div class="key">
                <span><i class="sw fl"></i>{ ui.t("files-flushed") }</span>
                <span><i class="sw pc"></i>{ ui.t("files-page-cache") }</span>
            </div>
        </>
    }
}

fn file(ui: &Ui, segment: &SegmentView, largest: u64) -> Html {
    let width = |bytes| format!("width:{}", format::percent(bytes, largest));
    let index = ui.tr("files-index", &[("count", Arg::from(segment.index_entries))]);
    html! {
        <li title={index}>
            <div class="fn">
                <span class="mono">{ format!("{:020}.log", segment.base.0) }</span>
                <span class="num dim">{ format::bytes(segment.bytes) }</span>
            </div>
            <div class="fb">
                <i class="pc" style={width(segment.bytes)}></i>
                <i class="fl" style={width(segment.flushed_bytes)}></i>
            </div>
        </li>
    }
}

fn epochs(ui: &Ui, replica: &ReplicaView) -> Html {
    if replica.epochs.is_empty() {
        return Html::default();
    }
    let line = |epoch: i32, from: Offset| {
        ui.tr("epochs-line", &[("epoch", Arg::from(epoch)), ("offset", Arg::from(from.0))])
    };
    html! {
        <>
            <h3>{ ui.t("epochs-title") }</h3>
            <ul class="plain">{ for replica.epochs.iter().rev().take(4).map(|(epoch, from)| html! { <li>{ line(epoch.0, *from) }</li> }) }</ul>
        </>
    }
}

fn newest(ui: &Ui, replica: &ReplicaView, records: &[RecordView]) -> Html {
    let text = |text: &Option<std::rc::Rc<str>>| match text {
        Some(text) => text.to_string(),
        None => ui.t("null-value"),
    };
    html! {
        <>
            <h3>{ ui.t("records-title") }</h3>
            if records.is_empty() {
                <p class="dim sm">{ ui.t("records-none") }</p>
            } else {
                <table class="records">
                    <thead><tr>
                        <th class="num">{ ui.t("column-offset") }</th><th class="num">{ ui.t("column-epoch") }</th>
                        <th>{ ui.t("column-key") }</th><th>{ ui.t("column-value") }</th>
                    </tr></thead>
                    <tbody>
                        { for records.iter().rev().map(|record| html! {
                            <tr class={classes!((record.offset < replica.high_watermark).then_some("committed"))}>
                                <td class="num">{ record.offset.0 }</td><td class="num">{ record.leader_epoch.0 }</td>
                                <td class="mono">{ text(&record.key) }</td><td class="mono">{ text(&record.value) }</td>
                            </tr>
                        }) }
                    </tbody>
                </table>
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct TopicSettingsProps {
    topic: TopicView,
}

/// The topic's settings that can be changed here.
#[component]
fn TopicSettings(props: &TopicSettingsProps) -> Html {
    let ui = use_ui();
    let own = |key: &str| {
        let found = props.topic.configs.iter().find(|(name, _)| &**name == key);
        found.map_or_else(|| "1".to_owned(), |(_, value)| value.to_string())
    };
    const KEY: &str = "min.insync.replicas";
    let chosen = own(KEY);
    let title = ui.tr("topic-settings", &[("topic", Arg::from(props.topic.name.as_str()))]);
    let set = |value: u32| Command::SetTopicConfig {
        topic: props.topic.name.clone(),
        key: KEY.into(),
        value: value.to_string().into(),
    };
    html! {
        <>
            <h3>{ title }</h3>
            <div class="setting">
                <span class="mono">{ KEY }</span>
                <span class="tabs" role="group" aria-label={KEY}>
                    { for (1..=3u32).map(|value| html! {
                        <button class={classes!((chosen == value.to_string()).then_some("on"))}
                            aria-pressed={(chosen == value.to_string()).to_string()}
                            onclick={ui.command(set(value))}>{ value }</button>
                    }) }
                </span>
            </div>
        </>
    }
}
