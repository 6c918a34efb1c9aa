//! The inside of a producer: batches that wait, requests under way, memory, sequences.

use yew::prelude::*;

use crate::i18n::Arg;
use crate::ui::context::Ui;
use crate::ui::format::{bytes, percent};
use crate::ui::inspector::facts;
use crate::ui::stage::span;
use crate::view::inside::{ProducerInside, WaitingBatch, WatchedBatch};

/// Batches listed; the rest are counted.
const BATCHES_MAX: usize = 24;

/// Shows what is inside of a producer.
pub fn show(ui: &Ui, inside: &ProducerInside) -> Html {
    let (used, all) = inside.memory;
    html! {
        <>
            <h3>{ ui.t("accumulator-title") }</h3>
            { waiting(ui, inside) }
            <p class="dim">{ ui.tr("accumulator-memory", &[("used", Arg::from(bytes(used))), ("all", Arg::from(bytes(all)))]) }</p>
            <div class="files"><div class="fb"><i class="fl" style={format!("width:{}", percent(used, all))}></i></div></div>
            if inside.blocked > 0 { <p class="warn">{ ui.tr("accumulator-blocked", &[("count", Arg::from(inside.blocked))]) }</p> }
            <h3>{ ui.t("requests-title") }</h3>
            { requests(ui, inside) }
            <h3>{ ui.t("idempotence-title") }</h3>
            { identity(ui, inside) }
        </>
    }
}

fn waiting(ui: &Ui, inside: &ProducerInside) -> Html {
    if inside.waiting.is_empty() {
        return html! { <p class="dim">{ ui.t("accumulator-empty") }</p> };
    }
    let row = |waiting: &WaitingBatch| {
        let batch = &waiting.batch;
        let retry = if batch.retry_at.is_some() { "batch-retries-in" } else { "batch-lingers" };
        let left = ui.tr(retry, &[("span", Arg::from(span(waiting.left)))]);
        html! {
            <tr>
                <th scope="row">{ batch.partition.to_string() }</th>
                <td class="num">{ batch.records }</td>
                <td class="num">{ format!("{} / {}", bytes(batch.bytes), bytes(u64::from(inside.batch_size))) }</td>
                <td>{ left }{ for (batch.attempts > 0).then(|| format!(" ({})", batch.attempts)) }</td>
            </tr>
        }
    };
    let more = inside.waiting.len().saturating_sub(BATCHES_MAX);
    html! {
        <>
            <table>
                <thead><tr>
                    <th>{ ui.t("consumer-partition") }</th><th class="num">{ ui.t("part-records") }</th>
                    <th class="num">{ ui.t("batch-bytes") }</th><th>{ ui.t("batch-leaves") }</th>
                </tr></thead>
                <tbody>{ for inside.waiting.iter().take(BATCHES_MAX).map(row) }</tbody>
            </table>
            if more > 0 { <p class="dim">{ ui.tr("stage-more", &[("count", Arg::from(more as u64))]) }</p> }
        </>
    }
}

fn requests(ui: &Ui, inside: &ProducerInside) -> Html {
    if inside.requests.is_empty() {
        return html! { <p class="dim">{ ui.t("requests-none") }</p> };
    }
    let batch = |batch: &WatchedBatch| {
        let args = [
            ("partition", Arg::from(batch.partition.to_string())),
            ("records", Arg::from(batch.records)),
            ("bytes", Arg::from(bytes(batch.bytes))),
            ("attempt", Arg::from(batch.attempts)),
        ];
        let sequence = batch.sequence.map(|sequence| {
            format!(" {}", ui.tr("batch-sequence", &[("sequence", Arg::from(sequence))]))
        });
        html! { <li>{ ui.tr("request-batch", &args) }{ for sequence }</li> }
    };
    html! {
        <ul class="plain">
            { for inside.requests.iter().map(|(broker, left, batches)| {
                let args = [("id", Arg::from(broker.0)), ("span", Arg::from(span(*left)))];
                html! {
                    <li>
                        <strong>{ ui.tr("request-to", &args) }</strong>
                        if batches.is_empty() { { " " }{ ui.t("request-for-id") } }
                        <ul>{ for batches.iter().map(batch) }</ul>
                    </li>
                }
            }) }
        </ul>
    }
}

fn identity(ui: &Ui, inside: &ProducerInside) -> Html {
    let sticky = inside.sticky.map(|partition| {
        let args = [("partition", Arg::from(partition.0))];
        html! { <p class="dim">{ ui.tr("partitioner-sticks", &args) }</p> }
    });
    let told = match (inside.is_idempotent, inside.identity) {
        (false, _) => html! { <p class="dim">{ ui.t("idempotence-off") }</p> },
        (true, None) => html! { <p class="dim">{ ui.t("idempotence-asks") }</p> },
        (true, Some((id, epoch))) => html! {
            <>
                { facts(vec![
                    (ui.t("column-producer-id"), id.to_string()),
                    (ui.t("stage-col-epoch"), epoch.to_string()),
                ]) }
                <table>
                    <thead><tr>
                        <th>{ ui.t("consumer-partition") }</th>
                        <th class="num">{ ui.t("sequence-next") }</th><th class="num">{ ui.t("sequence-acked") }</th>
                    </tr></thead>
                    <tbody>{ for inside.sequences.iter().map(|(partition, next, acked)| html! {
                        <tr>
                            <th scope="row">{ partition.to_string() }</th>
                            <td class="num">{ *next }</td>
                            <td class="num">{ if *acked < 0 { "–".to_owned() } else { acked.to_string() } }</td>
                        </tr>
                    }) }</tbody>
                </table>
            </>
        },
    };
    html! { <>{ told }{ for sticky }</> }
}
