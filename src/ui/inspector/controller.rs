//! The controller: what it believes beside what replicas believe, and the work that waits.

use yew::prelude::*;

use crate::engine::ids::BrokerId;
use crate::i18n::Arg;
use crate::ui::context::{Action, Ui};
use crate::ui::inspector::facts;
use crate::view::inside::{Belief, ControllerInside, PartitionBelief};
use crate::view::scene::Selection;

/// Most partitions listed, those in dispute first.
const PARTITIONS_MOST: usize = 60;

/// Shows the controller of a broker.
pub fn show(ui: &Ui, controller: &ControllerInside) -> Html {
    let registered = controller.registered.iter().map(|(id, epoch)| {
        ui.tr("controller-broker", &[("id", Arg::from(id.0)), ("epoch", Arg::from(*epoch))])
    });
    let registered: Vec<String> = registered.collect();
    let mut rows = vec![
        (ui.t("controller-epoch"), controller.epoch.to_string()),
        (ui.t("controller-live"), registered.join(", ")),
        (ui.t("controller-work"), work(ui, controller)),
    ];
    if !controller.stopping.is_empty() {
        rows.push((ui.t("controller-stopping"), list(&controller.stopping)));
    }
    for (broker, count, first) in &controller.unanswered {
        let name = ui.tr("controller-unanswered", &[("id", Arg::from(broker.0))]);
        let first = first.map_or("", |api| api.name());
        rows.push((name, format!("{count}: {first}")));
    }
    html! {
        <>
            { facts(rows) }
            <h3>{ ui.t("controller-believes") }</h3>
            { partitions(ui, controller) }
        </>
    }
}

fn work(ui: &Ui, controller: &ControllerInside) -> String {
    match (controller.working, controller.queued.is_empty()) {
        (false, true) => ui.t("controller-idle"),
        (true, true) => ui.t("controller-working"),
        _ => controller.queued.join(", "),
    }
}

fn partitions(ui: &Ui, controller: &ControllerInside) -> Html {
    let (disputed, agreed): (Vec<_>, Vec<_>) =
        controller.partitions.iter().partition(|partition| !partition.others.is_empty());
    let more = controller.partitions.len().saturating_sub(PARTITIONS_MOST) as u64;
    let shown = disputed.into_iter().chain(agreed).take(PARTITIONS_MOST);
    html! {
        <>
            <table class="beliefs">
                <thead><tr>
                    <th>{ ui.t("consumer-partition") }</th><th>{ ui.t("role-leader") }</th>
                    <th class="num">{ ui.t("column-epoch") }</th><th>{ ui.t("column-isr") }</th>
                </tr></thead>
                { for shown.map(|partition| rows(ui, partition)) }
            </table>
            if more > 0 { <p class="dim sm">{ ui.tr("list-more", &[("n", Arg::from(more))]) }</p> }
        </>
    }
}

/// The controller's line, and a marked one for each replica that knows something else.
fn rows(ui: &Ui, partition: &PartitionBelief) -> Html {
    let select = Action::Select(Selection::Partition(partition.partition.clone()));
    let cells = |belief: Option<&Belief>| match belief {
        None => html! { <td colspan="3">{ ui.t("controller-nothing") }</td> },
        Some(belief) => html! {
            <>
                <td>{ belief.leader.map_or_else(|| ui.t("none"), |id| id.to_string()) }</td>
                <td class="num">{ belief.leader_epoch.0 }</td><td>{ list(&belief.isr) }</td>
            </>
        },
    };
    html! {
        <tbody key={partition.partition.to_string()}>
            <tr>
                <th scope="row"><button onclick={ui.on(select)}>{ partition.partition.to_string() }</button></th>
                { cells(partition.state.as_ref()) }
            </tr>
            { for partition.others.iter().map(|(broker, belief)| html! {
                <tr class="differs">
                    <th scope="row">{ ui.tr("controller-differs", &[("id", Arg::from(broker.0))]) }</th>
                    { cells(belief.as_ref()) }
                </tr>
            }) }
        </tbody>
    }
}

fn list(ids: &[BrokerId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
