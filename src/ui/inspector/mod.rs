//! The inspector: what is inside the thing that is selected.

mod broker;
mod client;
mod message;
mod partition;
mod zookeeper;

use yew::prelude::*;

use crate::engine::ids::{BrokerId, NodeId};
use crate::ui::context::{Action, Shared, Ui, use_ui};
use crate::ui::icon::{Icon, icon};
use crate::view::cluster::{ClusterView, MessageView, ProcessState, RecordView};
use crate::view::explain::node_name;
use crate::view::scene::Selection;

#[derive(Properties, PartialEq)]
pub struct InspectorProps {
    /// The cluster.
    pub cluster: Shared<ClusterView>,
    /// Messages on their way.
    pub messages: Shared<Vec<MessageView>>,
    /// What is selected.
    pub selection: Selection,
    /// Which replica of a partition is open; the leader's when none is chosen.
    pub replica: Option<BrokerId>,
    /// Newest records of the replica looked at, oldest first.
    pub records: Vec<RecordView>,
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
    match &props.selection {
        Selection::None => None,
        Selection::Zookeeper => Some(zookeeper::show(ui, cluster)),
        Selection::Broker(id) => broker::show(ui, cluster, *id),
        Selection::Producer(id) => client::producer(ui, cluster, *id),
        Selection::Consumer(id) => client::consumer(ui, cluster, *id),
        Selection::Partition(partition) => {
            partition::show(ui, cluster, partition, props.replica, &props.records)
        }
        Selection::Link(a, b) => Some(message::link(ui, cluster, *a, *b)),
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
    use crate::engine::command::Command;
    if !state.is_up() {
        return html! {
            <div class="la"><button class="btn" onclick={ui.command(Command::Start { node })}>{ ui.t("action-start") }</button></div>
        };
    }
    html! {
        <div class="la">
            <button class="btn danger" onclick={ui.command(Command::Kill { node })}>{ icon(Icon::PowerOff) }{ ui.t("action-kill") }</button>
            <button class="btn" onclick={ui.command(Command::Stop { node })}>{ ui.t("action-stop") }</button>
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
