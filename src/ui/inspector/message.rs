//! A message on its way: what it is, and what can be done to it.

use yew::prelude::*;

use crate::engine::command::{Command, MessageAddress};
use crate::engine::time::Micros;
use crate::i18n::Phrase;
use crate::ui::context::Ui;
use crate::ui::format;
use crate::ui::icon::{Icon, icon};
use crate::ui::inspector::{choice, facts, head, host, link, pill};
use crate::view::cluster::{ClusterView, MessageView};

/// How much later a message may be made to arrive.
const DELAYS_MS: &[i64] = &[10, 100, 1_000, 10_000];
/// When a copy arrives, from now: long enough to be seen behind the message.
const COPY_AFTER_US: u64 = 2_000;

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
    let twice = Command::Duplicate { message: address.clone(), after: Micros(COPY_AFTER_US) };
    let later = |ms: &i64| {
        let words = if *ms < 1_000 { format!("{ms} ms") } else { format!("{} s", ms / 1_000) };
        let command = Command::Delay { message: address.clone(), by: Micros::from_ms(*ms) };
        (words, false, command)
    };
    let drop = Command::Drop { message: address.clone() };
    html! {
        <>
            { head(ui, name.text(ui.lang), Some(pill(ui.t("message-title"), false))) }
            { facts(rows) }
            <div class="la">
                <button class="btn danger" onclick={ui.command(drop)}>
                    { icon(Icon::PackageX) }{ ui.t("action-drop") }
                </button>
                <button class="btn" onclick={ui.command(twice)}>{ ui.t("action-duplicate") }</button>
            </div>
            { choice(ui, ui.t("message-delay"), DELAYS_MS.iter().map(later).collect()) }
            <h3>{ ui.t("message-link") }</h3>
            { link::states(ui, cluster, message.from.min(message.to), message.from.max(message.to)) }
        </>
    }
}
