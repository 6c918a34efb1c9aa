//! A link between two hosts: whether it flows, its delay, what it loses and doubles.

use yew::prelude::*;

use crate::engine::command::Command;
use crate::engine::ids::NodeId;
use crate::engine::time::Micros;
use crate::i18n::Arg;
use crate::ui::context::Ui;
use crate::ui::inspector::split::SplitForm;
use crate::ui::inspector::{choice, head, host, hosts};
use crate::view::cluster::ClusterView;
use crate::view::inside::LinkInside;

/// Delays to choose from, in µs; the jitter is a tenth of each.
const LATENCIES: &[u64] = &[100, 1_000, 10_000, 100_000, 1_000_000];
/// Shares to choose from, of a million.
const SHARES: &[u32] = &[0, 10_000, 100_000, 500_000];

/// Shows a link.
pub fn show(
    ui: &Ui,
    cluster: &ClusterView,
    (a, b): (NodeId, NodeId),
    inside: Option<&LinkInside>,
) -> Html {
    let args = [("a", Arg::from(host(a, cluster))), ("b", Arg::from(host(b, cluster)))];
    let what = match link_state(cluster, a, b) {
        "link-state-held" => "link-held",
        "link-state-cut" => "link-cut",
        _ => "link-flows",
    };
    html! {
        <>
            { head(ui, ui.tr("link-title", &args), None) }
            <p>{ ui.t(what) }</p>
            { states(ui, cluster, a, b) }
            if let Some(inside) = inside { { quality(ui, a, b, inside) } }
            <h3>{ ui.t("split-title") }</h3>
            <SplitForm key={format!("{a} {b}")} hosts={hosts(cluster)} first={vec![a]} />
        </>
    }
}

/// Buttons that let a link flow, stall or break.
pub fn states(ui: &Ui, cluster: &ClusterView, a: NodeId, b: NodeId) -> Html {
    let now = link_state(cluster, a, b);
    let all = [
        ("link-state-flows", "action-heal", Command::Heal { a, b }),
        ("link-state-held", "action-hold", Command::Hold { a, b }),
        ("link-state-cut", "action-cut", Command::Cut { a, b }),
    ];
    let button = |(state, key, command): (&str, &str, Command)| {
        html! { <button class="btn" disabled={state == now} onclick={ui.command(command)}>{ ui.t(key) }</button> }
    };
    html! { <div class="la">{ for all.into_iter().map(button) }</div> }
}

fn quality(ui: &Ui, a: NodeId, b: NodeId, link: &LinkInside) -> Html {
    let latency = |us: &u64| {
        let (latency, jitter) = (Micros(*us), Micros(us / 10));
        (delay(*us), *us == link.latency.0, Command::SetLink { a, b, latency, jitter })
    };
    let loss = |ppm: &u32| {
        let command =
            Command::SetLoss { a, b, loss_ppm: *ppm, duplication_ppm: link.duplication_ppm };
        (share(*ppm), *ppm == link.loss_ppm, command)
    };
    let twice = |ppm: &u32| {
        let command = Command::SetLoss { a, b, loss_ppm: link.loss_ppm, duplication_ppm: *ppm };
        (share(*ppm), *ppm == link.duplication_ppm, command)
    };
    // ZooKeeper's sessions run over TCP without a layer of ours above: nothing is lost there.
    let loses = a != NodeId::Zookeeper && b != NodeId::Zookeeper;
    html! {
        <>
            { choice(ui, ui.t("link-latency"), LATENCIES.iter().map(latency).collect()) }
            if loses {
                { choice(ui, ui.t("link-loss"), SHARES.iter().map(loss).collect()) }
                { choice(ui, ui.t("link-duplication"), SHARES.iter().map(twice).collect()) }
            } else {
                <p class="dim sm">{ ui.t("link-no-loss") }</p>
            }
        </>
    }
}

fn delay(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{} ms", us / 1_000),
        _ => format!("{} s", us / 1_000_000),
    }
}

fn share(ppm: u32) -> String {
    format!("{} %", ppm / 10_000)
}

/// The key of the word for a link's state.
pub fn link_state(cluster: &ClusterView, a: NodeId, b: NodeId) -> &'static str {
    let is_in = |links: &[(NodeId, NodeId)]| links.contains(&(a, b)) || links.contains(&(b, a));
    match (is_in(&cluster.held), is_in(&cluster.cut)) {
        (true, _) => "link-state-held",
        (_, true) => "link-state-cut",
        _ => "link-state-flows",
    }
}
