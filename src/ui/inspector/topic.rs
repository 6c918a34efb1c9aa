//! What an admin can do to a partition and its topic: elections, other replicas, more partitions,
//! settings, deletion. What the cluster refuses is an event, as it is for a real admin.

use yew::prelude::*;

use crate::engine::command::{Command, ElectionKind};
use crate::engine::config::TopicConfig;
use crate::engine::ids::{BrokerId, Text};
use crate::i18n::Arg;
use crate::session::message::Msg;
use crate::ui::context::{Action, Ui};
use crate::ui::inspector::choice;
use crate::ui::inspector::setting::SettingForm;
use crate::view::cluster::{ClusterView, PartitionView, TopicView};

/// The settings of a topic that lessons turn most, with values to choose from.
const CHOICES: &[(&str, &[&str])] = &[
    ("min.insync.replicas", &["1", "2", "3"]),
    ("unclean.leader.election.enable", &["false", "true"]),
    ("cleanup.policy", &["delete", "compact"]),
];

/// Shows what can be done to a partition and its topic.
pub fn show(ui: &Ui, cluster: &ClusterView, topic: &TopicView, partition: &PartitionView) -> Html {
    let elect = |kind: ElectionKind| {
        ui.command(Command::ElectLeaders { kind, partition: Some(partition.partition.clone()) })
    };
    let title =
        ui.tr("partition-title", &[("partition", Arg::from(partition.partition.to_string()))]);
    html! {
        <>
            <h3>{ title }</h3>
            <div class="la">
                <button class="btn" onclick={elect(ElectionKind::Preferred)}>{ ui.t("elect-preferred") }</button>
                <button class="btn danger" onclick={elect(ElectionKind::Unclean)}>{ ui.t("elect-unclean") }</button>
            </div>
            { replicas(ui, cluster, partition) }
            { settings(ui, topic) }
        </>
    }
}

/// A button for each broker: pressed where it has a replica. Pressing asks for another assignment.
fn replicas(ui: &Ui, cluster: &ClusterView, partition: &PartitionView) -> Html {
    let now: Vec<BrokerId> = partition.replicas.iter().map(|replica| replica.broker).collect();
    let one = |id: BrokerId| {
        let is_on = now.contains(&id);
        let rest = now.iter().copied().filter(|other| *other != id);
        let replicas: Vec<BrokerId> = match is_on {
            true => rest.collect(),
            false => now.iter().copied().chain([id]).collect(),
        };
        // An empty assignment would give up a reassignment instead.
        let last = replicas.is_empty();
        let command = Command::Reassign { partition: partition.partition.clone(), replicas };
        let key = if is_on { "reassign-without" } else { "reassign-with" };
        let label = ui.tr(key, &[("id", Arg::from(id.0))]);
        html! {
            <button class={classes!(is_on.then_some("on"))} aria-pressed={is_on.to_string()} disabled={last}
                title={label.clone()} aria-label={label} onclick={ui.command(command)}>{ id.0 }</button>
        }
    };
    let cancel = Command::Reassign { partition: partition.partition.clone(), replicas: Vec::new() };
    html! {
        <div class="choice">
            <span>{ ui.t("reassign") }</span>
            <span class="la0">
                <span class="tabs" role="group" aria-label={ui.t("reassign")}>
                    { for cluster.brokers.iter().map(|broker| one(broker.id)) }
                </span>
                <button class="btn sm" onclick={ui.command(cancel)}>{ ui.t("reassign-cancel") }</button>
            </span>
        </div>
    }
}

fn settings(ui: &Ui, topic: &TopicView) -> Html {
    let title = ui.tr("topic-settings", &[("topic", Arg::from(topic.name.as_str()))]);
    let set = |key: &str, value: Option<Text>| Command::SetTopicConfig {
        topic: topic.name.clone(),
        key: key.into(),
        value,
    };
    let row = |(key, values): &(&str, &[&str])| {
        let chosen = now(topic, key);
        let one =
            |value: &&str| ((*value).to_owned(), chosen == *value, set(key, Some((*value).into())));
        choice(ui, (*key).to_owned(), values.iter().map(one).collect())
    };
    let more = Command::AddPartitions {
        topic: topic.name.clone(),
        count: u32::try_from(topic.partitions.len() + 1).unwrap_or(u32::MAX),
        assignment: Vec::new(),
    };
    let delete = Command::DeleteTopic { topic: topic.name.clone() };
    let give = {
        let (act, name) = (ui.act.clone(), topic.name.clone());
        Callback::from(move |(key, value): (Text, Option<Text>)| {
            let command = Command::SetTopicConfig { topic: name.clone(), key, value };
            act.emit(Action::tell(Msg::Apply(command)));
        })
    };
    html! {
        <>
            <h3>{ title }</h3>
            { for CHOICES.iter().map(row) }
            <SettingForm keys={TopicConfig::KEYS} own={topic.configs.clone()} {give} />
            <div class="la">
                <button class="btn" onclick={ui.command(more)}>{ ui.t("topic-add-partition") }</button>
                <button class="btn danger" onclick={ui.command(delete)}>{ ui.t("topic-delete") }</button>
            </div>
        </>
    }
}

/// The value of a setting: the topic's own, else Kafka's default.
fn now(topic: &TopicView, key: &str) -> String {
    let own = topic.configs.iter().find(|(name, _)| &**name == key);
    own.map_or_else(
        || TopicConfig::default().get(key).unwrap_or_default(),
        |(_, value)| value.to_string(),
    )
}
