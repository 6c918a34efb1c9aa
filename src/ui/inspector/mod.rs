//! The inspector: what is inside the thing that is selected.

mod accumulator;
mod broker;
mod client;
mod controller;
mod group;
mod link;
mod message;
mod partition;
mod reading;
mod replica;
mod setting;
mod split;
mod topic;
mod zookeeper;

use yew::prelude::*;

pub use link::link_state;
pub use partition::opened_replica;

use crate::engine::command::{Command, DiskState};
use crate::engine::ids::NodeId;
use crate::engine::time::Micros;
use crate::i18n::Arg;
use crate::ui::context::{Action, Opened, Part, Shared, Ui, use_ui};
use crate::ui::icon::{Icon, icon};
use crate::view::cluster::{ClusterView, DiskView, MessageView, ProcessState};
use crate::view::explain::node_name;
use crate::view::group::Rebalance;
use crate::view::inside::{Inside, PAGE};
use crate::view::scene::Selection;

#[derive(Properties, PartialEq)]
pub struct InspectorProps {
    /// The cluster.
    pub cluster: Shared<ClusterView>,
    /// Messages on their way.
    pub messages: Shared<Vec<MessageView>>,
    /// What is selected.
    pub selection: Selection,
    /// What of it is open.
    pub opened: Opened,
    /// What is inside of it.
    pub inside: Shared<Inside>,
    /// Rebalances of a group.
    pub history: Shared<Vec<Rebalance>>,
}

/// The inspector.
#[component]
pub fn Inspector(props: &InspectorProps) -> Html {
    let ui = use_ui();
    let cluster = &*props.cluster.0;
    if props.selection == Selection::None {
        return html! { <p class="empty">{ ui.t("inspect-empty") }</p> };
    }
    let gone = || html! { <p class="empty">{ ui.t("inspect-gone") }</p> };
    html! { <section class="insp">{ inside(&ui, props, cluster).unwrap_or_else(gone) }</section> }
}

fn inside(ui: &Ui, props: &InspectorProps, cluster: &ClusterView) -> Option<Html> {
    let found = &*props.inside.0;
    match &props.selection {
        Selection::None => None,
        Selection::Zookeeper => {
            Some(zookeeper::show(ui, cluster, found.zookeeper(), &props.opened))
        }
        Selection::Broker(id) => broker::show(ui, cluster, *id, found.controller(), &props.opened),
        Selection::Producer(id) => client::producer(ui, cluster, *id, found.producer()),
        Selection::Consumer(id) => client::consumer(ui, cluster, *id, found.consumer()),
        Selection::Partition(partition) => {
            partition::show(ui, cluster, partition, found.replica(), &props.opened)
        }
        Selection::Link(a, b) => Some(link::show(ui, cluster, (*a, *b), found.link())),
        Selection::Group(id) => {
            let told = (props.opened.part, &props.history.0[..]);
            group::show(ui, cluster, id, found.group(), told)
        }
        Selection::Message(id) => {
            let found = props.messages.0.iter().find(|message| message.id == *id);
            found.map(|found| message::show(ui, cluster, found))
        }
    }
}

/// The head of the inspector: a name, what is special about it, a way out.
fn head(ui: &Ui, name: String, badge: Option<Html>) -> Html {
    html! {
        <header class="ph">
            <h2>{ name }</h2>{ badge }<span class="sp"></span>
            <button class="btn quiet icon sm" aria-label={ui.t("close")} onclick={ui.on(Action::Select(Selection::None))}>
                { icon(Icon::Close) }
            </button>
        </header>
    }
}

/// Buttons that open one part of what is inspected.
fn parts(ui: &Ui, label: &str, all: &[(Part, &str)], open: Part) -> Html {
    let is_open =
        |part: Part| part == open || (part == Part::Main && !all.iter().any(|a| a.0 == open));
    html! {
        <div class="parts"><div class="tabs" role="group" aria-label={ui.t(label)}>
            { for all.iter().map(|(part, key)| html! {
                <button class={classes!(is_open(*part).then_some("on"))} aria-pressed={is_open(*part).to_string()}
                    onclick={ui.on(Action::Part(*part))}>{ ui.t(key) }</button>
            }) }
        </div></div>
    }
}

/// A row of values to choose from, each a command: its words, whether it is so now, and what to do.
fn choice(ui: &Ui, name: String, all: Vec<(String, bool, Command)>) -> Html {
    html! {
        <div class="choice">
            <span>{ name.clone() }</span>
            <span class="tabs" role="group" aria-label={name}>
                { for all.into_iter().map(|(words, on, command)| html! {
                    <button class={classes!(on.then_some("on"))} aria-pressed={on.to_string()}
                        onclick={ui.command(command)}>{ words }</button>
                }) }
            </span>
        </div>
    }
}

/// What a disk does with what is written to it, to be chosen; only brokers' fill up or slow down.
fn disk_choice(ui: &Ui, node: NodeId, disk: &DiskView) -> Html {
    let slow = |ms: u64| DiskState::Slow(Micros(ms * 1_000));
    let args = [("dir", Arg::from(disk.dir.as_deref().unwrap_or_default()))];
    let name = if disk.dir.is_some() { "disk-of-dir" } else { "disk-state" };
    let all = [
        (ui.t("disk-works"), DiskState::Works, true),
        (ui.t("disk-slow"), slow(200), false),
        (ui.t("disk-very-slow"), slow(5_000), false),
        (ui.t("disk-full"), DiskState::Full, false),
        (ui.t("disk-dead"), DiskState::Dead, true),
    ];
    let fits = all.into_iter().filter(|(.., anywhere)| *anywhere || node.broker().is_some());
    let row = |(words, state, _): (String, DiskState, bool)| {
        (words, disk.state == state, Command::SetDisk { node, dir: disk.dir.clone(), state })
    };
    choice(ui, ui.tr(name, &args), fits.map(row).collect())
}

/// Every host with its name, for a split of the network.
fn hosts(cluster: &ClusterView) -> Vec<(NodeId, String)> {
    let brokers = cluster.brokers.iter().map(|broker| NodeId::Broker(broker.id));
    let producers = cluster.producers.iter().map(|client| NodeId::Client(client.id));
    let consumers = cluster.consumers.iter().map(|client| NodeId::Client(client.id));
    let all = [NodeId::Zookeeper].into_iter().chain(brokers).chain(producers).chain(consumers);
    all.map(|node| (node, host(node, cluster))).collect()
}

/// Turns the pages of a list: where the page begins, how many it shows, and how many there are.
fn pager(ui: &Ui, (first, shown, total): (u64, u64, u64), turn: &dyn Fn(u64) -> Action) -> Html {
    if shown >= total {
        return Html::default();
    }
    let page = u64::from(PAGE);
    let args = [
        ("from", Arg::from(first + 1)),
        ("to", Arg::from(first + shown)),
        ("total", Arg::from(total)),
    ];
    let last = total.saturating_sub(page);
    let button = |key: &str, sign: &str, to: u64, can: bool| {
        html! {
            <button class="btn icon sm" title={ui.t(key)} aria-label={ui.t(key)} disabled={!can}
                onclick={ui.on(turn(to))}>{ sign }</button>
        }
    };
    html! {
        <div class="pager">
            { button("page-first", "«", 0, first > 0) }
            { button("page-back", "‹", first.saturating_sub(page), first > 0) }
            <span class="num dim">{ ui.tr("page-range", &args) }</span>
            { button("page-forward", "›", (first + page).min(last), first < last) }
            { button("page-last", "»", last, first < last) }
        </div>
    }
}

/// A pill that warns, or one that does not.
fn pill(text: String, warns: bool) -> Html {
    html! { <span class={classes!("pill", warns.then_some("warns"))}>{ text }</span> }
}

/// A table of names and values.
fn facts(rows: Vec<(String, String)>) -> Html {
    html! {
        <dl class="facts">
            { for rows.into_iter().map(|(name, value)| html! { <><dt>{ name }</dt><dd class="num">{ value }</dd></> }) }
        </dl>
    }
}

/// The word for a process's state.
fn state_key(state: ProcessState) -> &'static str {
    match state {
        ProcessState::Down => "state-down",
        ProcessState::Starting => "state-starting",
        ProcessState::Running => "state-running",
        ProcessState::Stopping => "state-stopping",
        ProcessState::Paused => "state-paused",
        ProcessState::Dead => "state-dead",
        ProcessState::Stopped => "state-stopped",
    }
}

/// Buttons that start, stop or kill a process, as its state allows.
fn process_buttons(ui: &Ui, node: NodeId, state: ProcessState) -> Html {
    if !state.is_up() {
        return html! {
            <div class="la"><button class="btn" onclick={ui.command(Command::Start { node })}>{ ui.t("action-start") }</button></div>
        };
    }
    let (pause, picture, key) = match state {
        ProcessState::Paused => (Command::Resume { node }, Icon::Play, "action-resume"),
        _ => (Command::Pause { node }, Icon::Pause, "action-pause"),
    };
    html! {
        <div class="la">
            <button class="btn danger" onclick={ui.command(Command::Kill { node })}>{ icon(Icon::PowerOff) }{ ui.t("action-kill") }</button>
            <button class="btn" disabled={state == ProcessState::Paused} onclick={ui.command(Command::Stop { node })}>
                { icon(Icon::Stop) }{ ui.t("action-stop") }
            </button>
            <button class="btn" onclick={ui.command(pause)}>{ icon(picture) }{ ui.t(key) }</button>
        </div>
    }
}

/// A host's name where a title or a table begins with it.
fn host(node: NodeId, cluster: &ClusterView) -> String {
    match node {
        NodeId::Broker(id) => format!("Broker {id}"),
        _ => node_name(node, cluster),
    }
}
