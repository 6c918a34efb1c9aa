//! The stage's twin: the same cluster as tables, for screen readers and for whoever prefers them.
//!
//! While time runs it is renewed at most once a second: nobody reads faster, and a thousand rows a
//! frame would cost more than the picture.

use std::rc::Rc;

use yew::prelude::*;

use crate::engine::command::Command;
use crate::engine::ids::{BrokerId, NodeId};
use crate::engine::time::Micros;
use crate::i18n::{Arg, Lang, tr};
use crate::ui::stage::words::{self, t};
use crate::ui::stage::{StageAction, address, twin_group};
use crate::view::cluster::{ClusterView, MessageView, TopicView};
use crate::view::group::{Rebalance, is_internal};
use crate::view::scene::Selection;

/// Messages listed; the rest are counted.
const MESSAGES_MAX: usize = 40;
/// Page time between two renewals while time runs.
const RENEW_MS: f64 = 1_000.0;

#[derive(Clone, Properties)]
pub struct TwinProps {
    /// The cluster.
    pub cluster: Rc<ClusterView>,
    /// The newest rebalance of each group.
    pub rebalances: Rc<Vec<Rebalance>>,
    /// Messages in flight.
    pub messages: Rc<Vec<MessageView>>,
    /// World time.
    pub now: Micros,
    /// Moves when any of these did.
    pub version: u64,
    /// Language of the words.
    pub lang: Lang,
    /// Whether time runs.
    pub playing: bool,
    /// Whether everybody sees it.
    pub shown: bool,
    /// Called with what was asked for.
    pub on_action: Callback<StageAction>,
}

impl PartialEq for TwinProps {
    fn eq(&self, other: &TwinProps) -> bool {
        (self.version, self.lang, self.playing, self.shown)
            == (other.version, other.lang, other.playing, other.shown)
            && self.on_action == other.on_action
    }
}

/// The tables.
#[component]
pub fn Twin(props: &TwinProps) -> Html {
    let kept = use_mut_ref(|| None::<(f64, TwinProps)>);
    let clock = gloo::utils::window().performance().map_or(0.0, |clock| clock.now());
    let mut kept = kept.borrow_mut();
    let fresh = kept.as_ref().is_some_and(|(at, old)| {
        props.playing
            && old.playing
            && old.lang == props.lang
            && old.shown == props.shown
            && clock - at < RENEW_MS
    });
    if !fresh {
        *kept = Some((clock, props.clone()));
    }
    let shown = kept.as_ref().map_or(props, |(_, shown)| shown);
    let label = t(props.lang, "stage-tables");
    html! {
        <section class={if props.shown { "stage-twin" } else { "stage-twin hidden" }} aria-label={label}>
            { brokers(shown) }
            { for shown.cluster.topics.iter().filter(|topic| !is_internal(&topic.name)).map(|topic| partitions(shown, topic)) }
            { for shown.cluster.groups.iter().map(|group| twin_group::tables(shown, group)) }
            { links(shown) }
            { clients(shown) }
            { messages(shown) }
        </section>
    }
}

/// A cell that selects.
pub(super) fn select(props: &TwinProps, selection: Selection, words: String) -> Html {
    ask(props, StageAction::Select(selection), words)
}

/// A button that asks for something.
fn ask(props: &TwinProps, action: StageAction, words: String) -> Html {
    let on_action = props.on_action.clone();
    let onclick = Callback::from(move |_: MouseEvent| on_action.emit(action.clone()));
    // Out of the tab order while hidden: a focus that nobody sees is a trap.
    let tabindex = if props.shown { "0" } else { "-1" };
    html! { <button type="button" {tabindex} {onclick}>{ words }</button> }
}

pub(super) fn head(lang: Lang, keys: &[&str]) -> Html {
    html! {
        <thead><tr>{ for keys.iter().map(|key| html! { <th scope="col">{ t(lang, key) }</th> }) }</tr></thead>
    }
}

fn brokers(props: &TwinProps) -> Html {
    let lang = props.lang;
    let row = |broker: &crate::view::cluster::BrokerView| {
        let yes = if broker.is_controller { "stage-yes" } else { "stage-no" };
        html! {
            <tr>
                <th scope="row">{ select(props, Selection::Broker(broker.id), words::broker(lang, broker.id)) }</th>
                <td>{ words::state(lang, broker.state) }</td>
                <td>{ t(lang, yes) }</td>
                <td class="num">{ broker.leads }</td>
                <td class="num">{ words::bytes(broker.disk_bytes) }</td>
                <td class="num">{ words::bytes(broker.unflushed_bytes) }</td>
            </tr>
        }
    };
    let keys = [
        "stage-col-broker",
        "stage-col-state",
        "stage-controller",
        "stage-col-leads",
        "stage-col-disk",
        "stage-col-unflushed",
    ];
    html! {
        <table>
            <caption>{ t(lang, "stage-table-brokers") }</caption>
            { head(lang, &keys) }
            <tbody>{ for props.cluster.brokers.iter().map(row) }</tbody>
        </table>
    }
}

fn partitions(props: &TwinProps, topic: &TopicView) -> Html {
    let (lang, cluster) = (props.lang, &props.cluster);
    let list =
        |ids: &[BrokerId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let row = |partition: &crate::view::cluster::PartitionView| {
        let leo = |id: BrokerId| partition.replicas.iter().find(|r| r.broker == id);
        let leader = partition.leader.map_or_else(|| t(lang, "stage-nobody"), |id| id.to_string());
        html! {
            <tr>
                <th scope="row">{ select(props, Selection::Partition(partition.partition.clone()), partition.partition.to_string()) }</th>
                <td>{ leader }</td>
                <td class="num">{ partition.leader_epoch.to_string() }</td>
                <td>{ list(&partition.isr) }</td>
                <td class="num">{ partition.high_watermark.to_string() }</td>
                { for cluster.brokers.iter().map(|broker| html! {
                    <td class="num">
                        if let Some(replica) = leo(broker.id) {
                            { ask(props, StageAction::Look(partition.partition.clone(), broker.id), replica.log_end_offset.to_string()) }
                        } else { { "–" } }
                    </td>
                }) }
            </tr>
        }
    };
    let fixed =
        ["stage-col-partition", "stage-leader", "stage-col-epoch", "stage-col-isr", "stage-col-hw"];
    html! {
        <table>
            <caption>{ words::t1(lang, "stage-table-topic", "topic", topic.name.as_str()) }</caption>
            <thead><tr>
                { for fixed.iter().map(|key| html! { <th scope="col">{ t(lang, key) }</th> }) }
                { for cluster.brokers.iter().map(|broker| html! {
                    <th scope="col">{ words::t1(lang, "stage-col-leo", "id", broker.id.0) }</th>
                }) }
            </tr></thead>
            <tbody>{ for topic.partitions.iter().map(row) }</tbody>
        </table>
    }
}

/// Most links listed: between many brokers there are more than anybody reads.
const LINKS_MAX: usize = 60;

/// Links between servers, each with its state.
fn links(props: &TwinProps) -> Html {
    let (lang, cluster) = (props.lang, &props.cluster);
    let servers = cluster.brokers.iter().map(|broker| NodeId::Broker(broker.id));
    let servers: Vec<NodeId> = std::iter::once(NodeId::Zookeeper).chain(servers).collect();
    let pairs =
        servers.iter().enumerate().flat_map(|(n, a)| servers[n + 1..].iter().map(|b| (*a, *b)));
    let row = |(a, b): (NodeId, NodeId)| {
        let name = format!("{} – {}", host(props, a), host(props, b));
        let state = crate::ui::inspector::link_state(cluster, a, b);
        html! {
            <tr>
                <th scope="row">{ select(props, Selection::Link(a.min(b), a.max(b)), name) }</th>
                <td>{ t(lang, state) }</td>
            </tr>
        }
    };
    html! {
        <table>
            <caption>{ t(lang, "stage-table-links") }</caption>
            { head(lang, &["stage-col-link", "stage-col-state"]) }
            <tbody>{ for pairs.take(LINKS_MAX).map(row) }</tbody>
        </table>
    }
}

fn clients(props: &TwinProps) -> Html {
    let (lang, cluster) = (props.lang, &props.cluster);
    let producers = cluster.producers.iter().map(|p| {
        let args = [
            ("acks", Arg::from(words::acks(p.acks))),
            ("acked", Arg::from(p.acked)),
            ("failed", Arg::from(p.failed)),
            ("queued", Arg::from(p.queued.iter().map(|(_, n)| *n).sum::<u32>())),
        ];
        (Selection::Producer(p.id), &p.name, p.state, tr(lang, "stage-producer-does", &args))
    });
    let consumers = cluster.consumers.iter().map(|c| {
        let positions: Vec<String> =
            c.positions.iter().map(|at| format!("{}: {}", at.partition, at.offset)).collect();
        let args =
            [("received", Arg::from(c.received)), ("positions", Arg::from(positions.join(", ")))];
        (Selection::Consumer(c.id), &c.name, c.state, tr(lang, "stage-consumer-does", &args))
    });
    let row =
        |(selection, name, state, does): (Selection, &crate::engine::ids::Text, _, String)| {
            html! {
                <tr>
                    <th scope="row">{ select(props, selection, name.to_string()) }</th>
                    <td>{ words::state(lang, state) }</td>
                    <td>{ does }</td>
                </tr>
            }
        };
    html! {
        <table>
            <caption>{ t(lang, "stage-table-clients") }</caption>
            { head(lang, &["stage-col-client", "stage-col-state", "stage-col-does"]) }
            <tbody>{ for producers.chain(consumers).map(row) }</tbody>
        </table>
    }
}

fn messages(props: &TwinProps) -> Html {
    let lang = props.lang;
    let tabindex = if props.shown { "0" } else { "-1" };
    let item = |message: &MessageView| {
        let on_action = props.on_action.clone();
        let name = address(message);
        let drop = Callback::from(move |_: MouseEvent| {
            on_action.emit(StageAction::Give(Command::Drop { message: name.clone() }));
        });
        html! {
            <li>
                { select(props, Selection::Message(message.id), sentence(props, message)) }
                <button type="button" {tabindex} onclick={drop}>{ t(lang, "stage-drop") }</button>
            </li>
        }
    };
    let more = props.messages.len().saturating_sub(MESSAGES_MAX);
    html! {
        <>
            <h2>{ words::t1(lang, "stage-table-messages", "count", props.messages.len() as u64) }</h2>
            <ol>{ for props.messages.iter().take(MESSAGES_MAX).map(item) }</ol>
            if more > 0 { <p>{ words::t1(lang, "stage-more", "count", more as u64) }</p> }
        </>
    }
}

/// "Produce, 3 records, web to broker 2, arrives in 4 ms".
fn sentence(props: &TwinProps, message: &MessageView) -> String {
    let lang = props.lang;
    let kind = if message.response { "yes" } else { "no" };
    let args = [
        ("api", Arg::from(message.api.name())),
        ("response", Arg::from(kind)),
        ("records", Arg::from(message.records)),
        ("from", Arg::from(host(props, message.from))),
        ("to", Arg::from(host(props, message.to))),
    ];
    let what = tr(lang, "stage-message", &args);
    let when = match message.arrives_at {
        Some(at) => {
            let left = at.since(props.now).0;
            let ms = format!("{}.{}", left / 1_000, left % 1_000 / 100);
            tr(lang, "stage-message-arrives", &[("ms", Arg::from(ms))])
        }
        None => t(lang, "stage-message-held"),
    };
    tr(lang, "stage-message-sentence", &[("what", Arg::from(what)), ("when", Arg::from(when))])
}

fn host(props: &TwinProps, node: NodeId) -> String {
    let lang = props.lang;
    match node {
        NodeId::Zookeeper => t(lang, "stage-zookeeper"),
        NodeId::Broker(id) => words::broker(lang, id),
        NodeId::Client(id) => {
            let producer = props.cluster.producers.iter().find(|p| p.id == id).map(|p| &p.name);
            let consumer = props.cluster.consumers.iter().find(|c| c.id == id).map(|c| &c.name);
            producer.or(consumer).map_or_else(|| t(lang, "stage-tool-client"), ToString::to_string)
        }
    }
}
