//! ZooKeeper: its process, and every znode with its data.

use yew::prelude::*;

use crate::engine::ids::NodeId;
use crate::ui::context::Ui;
use crate::ui::inspector::{head, process_buttons, state_key};
use crate::view::cluster::ClusterView;

/// Shows ZooKeeper.
pub fn show(ui: &Ui, cluster: &ClusterView) -> Html {
    let zookeeper = &cluster.zookeeper;
    html! {
        <>
            { head(ui, ui.t("zookeeper-title"), None) }
            <p>{ ui.t(state_key(zookeeper.state)) }</p>
            { process_buttons(ui, NodeId::Zookeeper, zookeeper.state) }
            <h3>{ ui.t("zookeeper-znodes") }</h3>
            <ul class="znodes">
                { for zookeeper.znodes.iter().map(|znode| html! {
                    <li>
                        <span class="mono path">{ &*znode.path }</span>
                        if znode.ephemeral { <span class="pill">{ ui.t("zookeeper-ephemeral") }</span> }
                        if !znode.data.is_empty() { <code>{ &*znode.data }</code> }
                    </li>
                }) }
            </ul>
        </>
    }
}
