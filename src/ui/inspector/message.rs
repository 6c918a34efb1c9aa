//! A message on its way, and the link it travels on.

use yew::prelude::*;

use crate::engine::command::{Command, MessageAddress};
use crate::engine::ids::NodeId;
use crate::i18n::{Arg, Phrase};
use crate::ui::context::Ui;
use crate::ui::format;
use crate::ui::icon::{Icon, icon};
use crate::ui::inspector::{facts, head, host, pill};
use crate::view::cluster::{ClusterView, MessageView};

/// Shows a message.
pub fn show(ui: &Ui, cluster: &ClusterView, message: &MessageView) -> Html {
    let name = Phrase::new("message-name")
        .with("api", message.api.name())
        .with("response", if message.response { "yes" } else { "no" })
        .with("records", message.records)
        .with("error", "NONE");
    let arrives = message.arrives_at.map_or_else(|| ui.t("message-held"), format::clock);
    let mut rows = vec![
        (ui.t("message-from"), host(message.from, cluster)),
        (ui.t("message-to"), host(message.to, cluster)),
        (ui.t("message-records"), message.records.to_string()),
        (ui.t("message-sent-at"), format::clock(message.sent_at)),
        (ui.t("message-arrives-at"), arrives),
    ];
    if message.error != 0 {
        rows.push((ui.t("message-error"), message.error.to_string()));
    }
    let address = MessageAddress {
        from: message.from,
        to: message.to,
        api: message.api,
        response: message.response,
        nth: message.nth,
    };
    html! {
        <>
            { head(ui, name.text(ui.lang), Some(pill(ui.t("message-title"), false))) }
            { facts(rows) }
            <div class="la">
                <button class="btn danger" onclick={ui.command(Command::Drop { message: address })}>
                    { icon(Icon::PackageX) }{ ui.t("action-drop") }
                </button>
                { hold_button(ui, cluster, message.from, message.to) }
            </div>
        </>
    }
}

/// Shows a link between two hosts.
pub fn link(ui: &Ui, cluster: &ClusterView, a: NodeId, b: NodeId) -> Html {
    let args = [("a", Arg::from(host(a, cluster))), ("b", Arg::from(host(b, cluster)))];
    let state = if is_held(cluster, a, b) { "link-held" } else { "link-flows" };
    html! {
        <>
            { head(ui, ui.tr("link-title", &args), None) }
            <p>{ ui.t(state) }</p>
            <div class="la">{ hold_button(ui, cluster, a, b) }</div>
        </>
    }
}

fn hold_button(ui: &Ui, cluster: &ClusterView, a: NodeId, b: NodeId) -> Html {
    let (command, key) = match is_held(cluster, a, b) {
        true => (Command::Heal { a, b }, "action-heal"),
        false => (Command::Hold { a, b }, "action-hold"),
    };
    html! { <button class="btn" onclick={ui.command(command)}>{ icon(Icon::Unplug) }{ ui.t(key) }</button> }
}

/// Whether a link stalls.
pub fn is_held(cluster: &ClusterView, a: NodeId, b: NodeId) -> bool {
    cluster.held.iter().any(|pair| *pair == (a, b) || *pair == (b, a))
}

/// The key of the word for a link's state.
pub fn link_state(cluster: &ClusterView, a: NodeId, b: NodeId) -> &'static str {
    if is_held(cluster, a, b) { "link-state-held" } else { "link-state-flows" }
}
