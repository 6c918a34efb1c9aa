//! A broker: its process, its disk, the replicas it keeps.

use yew::prelude::*;

use crate::engine::command::Command;
use crate::engine::config::BrokerConfig;
use crate::engine::ids::{BrokerId, NodeId};
use crate::i18n::Arg;
use crate::session::message::Msg;
use crate::ui::context::{Action, Opened, Part, Ui};
use crate::ui::format;
use crate::ui::icon::{Icon, icon};
use crate::ui::inspector::link::link_state;
use crate::ui::inspector::setting::SettingForm;
use crate::ui::inspector::split::SplitForm;
use crate::ui::inspector::{
    controller, disk_choice, facts, head, host, hosts, parts, pill, process_buttons, state_key,
};
use crate::view::cluster::{BrokerView, ClusterView, PartitionView, ReplicaView, Role};
use crate::view::inside::ControllerInside;
use crate::view::scene::Selection;

/// Shows a broker.
pub fn show(
    ui: &Ui,
    cluster: &ClusterView,
    id: BrokerId,
    inside: Option<&ControllerInside>,
    opened: &Opened,
) -> Option<Html> {
    let broker = cluster.brokers.iter().find(|broker| broker.id == id)?;
    let node = NodeId::Broker(id);
    let badge = broker.is_controller.then(|| pill(ui.t("broker-controller"), false));
    let since = ui.tr("state-since", &[("time", Arg::from(format::clock(broker.since)))]);
    let all = [(Part::Main, "part-broker"), (Part::Controller, "broker-controller")];
    let is_controller = broker.is_controller || inside.is_some_and(|inside| inside.broker == id);
    let body = match inside.filter(|inside| inside.broker == id) {
        Some(inside) if opened.part == Part::Controller => controller::show(ui, inside),
        _ => about(ui, cluster, broker),
    };
    Some(html! {
        <>
            { head(ui, host(node, cluster), badge) }
            <p>{ ui.t(state_key(broker.state)) }{ " " }<span class="dim">{ since }</span></p>
            { process_buttons(ui, node, broker.state) }
            if is_controller { { parts(ui, "part-label", &all, opened.part) } }
            { body }
        </>
    })
}

fn about(ui: &Ui, cluster: &ClusterView, broker: &BrokerView) -> Html {
    let (id, node) = (broker.id, NodeId::Broker(broker.id));
    let leads = ui.tr("broker-leads", &[("count", Arg::from(broker.leads))]);
    let all = cluster.topics.iter().flat_map(|topic| &topic.partitions);
    let here = all.filter_map(|partition| {
        let replica = partition.replicas.iter().find(|replica| replica.broker == id)?;
        Some(row(ui, partition, replica))
    });
    let give = {
        let act = ui.act.clone();
        Callback::from(move |(key, value)| {
            let command = Command::SetBrokerConfig { broker: Some(id), key, value };
            act.emit(Action::tell(Msg::Apply(command)));
        })
    };
    html! {
        <>
            { facts(vec![
                (ui.t("broker-disk"), format::bytes(broker.disk_bytes)),
                (ui.t("broker-unflushed"), format::bytes(broker.unflushed_bytes)),
            ]) }
            { for broker.disks.iter().map(|disk| disk_choice(ui, node, disk)) }
            <div class="la"><button class="btn danger" title={ui.t("power-hint")} onclick={ui.on(Action::CutPower)}>
                { icon(Icon::HardDrive) }{ ui.t("power") }
            </button></div>
            <h3>{ ui.t("broker-settings") }</h3>
            <SettingForm keys={BrokerConfig::KEYS} own={Vec::new()} {give} />
            <h3><span>{ ui.t("broker-replicas") }</span><span class="dim">{ leads }</span></h3>
            <table><tbody>{ for here }</tbody></table>
            <h3>{ ui.t("broker-links") }</h3>
            <table><tbody>{ for peers(cluster, node).map(|peer| link(ui, cluster, node, peer)) }</tbody></table>
            <h3>{ ui.t("split-title") }</h3>
            <SplitForm key={id.0} hosts={hosts(cluster)} first={vec![node]} />
        </>
    }
}

/// Servers that a broker has a link to: ZooKeeper and the other brokers.
fn peers(cluster: &ClusterView, node: NodeId) -> impl Iterator<Item = NodeId> {
    let brokers = cluster.brokers.iter().map(|broker| NodeId::Broker(broker.id));
    std::iter::once(NodeId::Zookeeper).chain(brokers).filter(move |peer| *peer != node)
}

/// A link, to be selected without a pointer: what can be done to it stands in its own inspector.
fn link(ui: &Ui, cluster: &ClusterView, node: NodeId, peer: NodeId) -> Html {
    let (a, b) = (node.min(peer), node.max(peer));
    let state = ui.t(link_state(cluster, a, b));
    html! {
        <tr>
            <th scope="row">
                <button onclick={ui.on(Action::Select(Selection::Link(a, b)))}>{ host(peer, cluster) }</button>
            </th>
            <td>{ state }</td>
        </tr>
    }
}

fn row(ui: &Ui, partition: &PartitionView, replica: &ReplicaView) -> Html {
    let select = Selection::Partition(partition.partition.clone());
    let role = match replica.role {
        Role::Leader => "role-leader",
        Role::Follower => "role-follower",
        Role::Offline => "role-offline",
    };
    html! {
        <tr>
            <th scope="row">
                <button onclick={ui.on(Action::Select(select))}>{ partition.partition.to_string() }</button>
            </th>
            <td>{ ui.t(role) }</td>
            <td class="num">{ replica.log_end_offset.0 }</td>
            <td>{ ui.t(if replica.in_isr { "isr-in" } else { "isr-out" }) }</td>
        </tr>
    }
}
