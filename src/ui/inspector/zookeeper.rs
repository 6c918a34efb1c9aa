//! ZooKeeper: its process, the tree of znodes, its sessions.

use yew::prelude::*;

use crate::engine::ids::NodeId;
use crate::i18n::Arg;
use crate::ui::context::{Action, Opened, Part, Ui};
use crate::ui::inspector::{disk_choice, head, host, parts, pill, process_buttons, state_key};
use crate::view::cluster::ClusterView;
use crate::view::inside::{SessionView, ZnodeRow, ZookeeperInside};
use crate::view::scene::Selection;

/// Most znodes of one parent that are listed: a thousand topics would hide everything else.
const CHILDREN_MOST: usize = 100;

/// Shows ZooKeeper.
pub fn show(
    ui: &Ui,
    cluster: &ClusterView,
    inside: Option<&ZookeeperInside>,
    opened: &Opened,
) -> Html {
    let state = cluster.zookeeper.state;
    let all = [(Part::Main, "zookeeper-znodes"), (Part::Sessions, "zookeeper-sessions")];
    let controller = cluster.controller.map(|id| {
        let select = Action::Select(Selection::Broker(id));
        let name = ui.tr("zookeeper-controller", &[("id", Arg::from(id.0))]);
        html! { <p><button class="lk" onclick={ui.on(select)}>{ name }</button></p> }
    });
    let body = inside.map(|inside| match opened.part {
        Part::Sessions => sessions(ui, cluster, inside),
        _ => html! { <div class="znodes">{ children(ui, cluster, &inside.znodes, "") }</div> },
    });
    html! {
        <>
            { head(ui, ui.t("zookeeper-title"), None) }
            <p>{ ui.t(state_key(state)) }</p>
            { process_buttons(ui, NodeId::Zookeeper, state) }
            { disk_choice(ui, NodeId::Zookeeper, &cluster.zookeeper.disk) }
            { controller }
            { parts(ui, "part-label", &all, opened.part) }
            { body }
        </>
    }
}

/// The znodes right under `parent`, out of rows in the order of a tree that begin there.
fn children(ui: &Ui, cluster: &ClusterView, rows: &[ZnodeRow], parent: &str) -> Html {
    let mut found = Vec::new();
    let mut at = 0;
    while at < rows.len() && found.len() < CHILDREN_MOST {
        let row = &rows[at];
        let under = |other: &&ZnodeRow| {
            other.path.strip_prefix(&*row.path).is_some_and(|rest| rest.starts_with('/'))
        };
        let inner = rows[at + 1..].iter().take_while(under).count();
        // The root is the parent of all and no row of its own.
        if &*row.path != "/" {
            found.push(znode(ui, cluster, row, &rows[at + 1..=at + inner], parent));
        }
        at += inner + 1;
    }
    let more = (at < rows.len()).then(|| rows.len() - at);
    html! {
        <ul>
            { for found }
            if let Some(more) = more { <li class="dim">{ ui.tr("list-more", &[("n", Arg::from(more as u64))]) }</li> }
        </ul>
    }
}

fn znode(ui: &Ui, cluster: &ClusterView, row: &ZnodeRow, inner: &[ZnodeRow], parent: &str) -> Html {
    let name = row.path.strip_prefix(parent).unwrap_or(&row.path).trim_start_matches('/');
    let line = html! {
        <>
            <span class="mono path">{ name }</span>
            if row.owner.is_some() { { pill(ui.t("zookeeper-ephemeral"), false) } }
            <span class="num dim3">{ format!("v{}", row.version) }</span>
        </>
    };
    let about = about(ui, cluster, row);
    if inner.is_empty() {
        return html! { <li key={&*row.path}><div class="zn">{ line }</div>{ about }</li> };
    }
    html! {
        <li key={&*row.path}>
            <details open=true>
                <summary class="zn">{ line }</summary>
                { about }
                { children(ui, cluster, inner, &row.path) }
            </details>
        </li>
    }
}

/// Data, owner and watches of a znode.
fn about(ui: &Ui, cluster: &ClusterView, row: &ZnodeRow) -> Html {
    let names = |hosts: &[NodeId]| {
        let names: Vec<String> = hosts.iter().map(|node| host(*node, cluster)).collect();
        names.join(", ")
    };
    let line = |key: &str, hosts: &[NodeId]| {
        (!hosts.is_empty()).then(
            || html! { <p class="dim">{ ui.tr(key, &[("hosts", Arg::from(names(hosts)))]) }</p> },
        )
    };
    let owner = row.owner.map(|(session, client)| {
        let client = client.map(|client| host(client, cluster)).unwrap_or_default();
        let args = [("session", Arg::from(session.0)), ("host", Arg::from(client))];
        html! { <p class="dim">{ ui.tr("zookeeper-owner", &args) }</p> }
    });
    html! {
        <>
            if !row.data.is_empty() { <code>{ &*row.data }</code> }
            { owner }
            { line("zookeeper-data-watch", &row.data_watches) }
            { line("zookeeper-child-watch", &row.child_watches) }
        </>
    }
}

fn sessions(ui: &Ui, cluster: &ClusterView, inside: &ZookeeperInside) -> Html {
    let row = |session: &SessionView| {
        let left = session.left.map_or_else(|| ui.t("none"), |left| seconds(left.as_ms()));
        let part = session.left.map_or(0, |left| left.0);
        let style = format!("width:{}", crate::ui::format::percent(part, session.timeout.0));
        html! {
            <tr>
                <th scope="row" class="mono">{ session.id.0 }</th><td>{ host(session.client, cluster) }</td>
                <td class="num">{ seconds(session.timeout.as_ms()) }</td>
                <td class="num">{ left }<div class="fb"><i class="fl" {style}></i></div></td>
            </tr>
        }
    };
    html! {
        <table>
            <thead><tr>
                <th>{ ui.t("column-session") }</th><th>{ ui.t("column-client") }</th>
                <th class="num">{ ui.t("column-timeout") }</th><th class="num">{ ui.t("column-left") }</th>
            </tr></thead>
            <tbody>{ for inside.sessions.iter().map(row) }</tbody>
        </table>
    }
}

fn seconds(ms: i64) -> String {
    format!("{}.{} s", ms / 1_000, ms % 1_000 / 100)
}
