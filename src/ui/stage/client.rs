//! Clients' cards: what waits in a producer, how far a consumer has read.

use yew::prelude::*;

use crate::i18n::{Arg, Lang, tr};
use crate::ui::stage::svg::{fit, rect, text};
use crate::ui::stage::{group, words};
use crate::view::cluster::ProcessState;
use crate::view::scene::card::{ConsumerCard, ProducerCard};
use crate::view::scene::path::Rect;
use crate::view::scene::reader::TAG;
use crate::view::scene::{Layout, Scene};

/// Squares that a queue's well shows.
const WELL: u32 = 5;

fn card_class(state: ProcessState, chosen: bool) -> &'static str {
    match (state.is_up(), chosen) {
        (true, false) => "card",
        (true, true) => "card chosen",
        (false, false) => "card dead",
        (false, true) => "card dead chosen",
    }
}

/// A producer.
pub fn producer(scene: &Scene, card: &ProducerCard, lang: Lang, chosen: bool) -> Html {
    let at = &card.rect;
    let edge = Rect::new(at.x, at.y + 9.0, 3.0, at.h - 18.0);
    let upright = scene.layout == Layout::Upright;
    let words_end = if upright && card.select.y < at.y + 20.0 { card.select.x } else { at.right() };
    let name = fit(&card.name, words_end - at.x - if upright { 30.0 } else { 22.0 });
    let told = match (upright, at.w) {
        (false, _) => counts(card, at.x + 14.0, card.select.y - 25.0, lang),
        (true, whole) if whole > 240.0 => acked(card, at.x + 14.0, at.y + 42.0, "", lang),
        (true, half) if half > 140.0 => acked(card, at.right() - 12.0, at.y + 24.0, "end", lang),
        (true, _) => Html::default(),
    };
    html! {
        <g>
            { rect(at, 9.0, card_class(card.state, chosen)) }
            { rect(&edge, 0.0, "f-producer") }
            { text(at.x + 14.0, at.y + 24.0, "t14 w6", name) }
            { for card.rows.iter().map(|row| queue(at, row)) }
            { told }
        </g>
    }
}

/// Records of one partition that wait in the accumulator; they enter from the right.
fn queue(
    at: &Rect,
    (partition, queued, y): &(Option<crate::engine::ids::PartitionId>, u32, f64),
) -> Html {
    let name = partition.map_or("Σ".to_owned(), |p| p.to_string());
    let well = Rect::new(at.x + 26.0, y - 6.5, 8.0 * f64::from(WELL) + 2.0, 13.0);
    let square = |k: u32| {
        let cell = Rect::new(well.right() - 8.0 - 8.0 * f64::from(k), y - 4.5, 7.0, 9.0);
        rect(&cell, 1.0, "f-producer")
    };
    let more =
        (*queued > WELL).then(|| text(well.right() + 5.0, y + 4.0, "m t11 d2", queued.to_string()));
    html! {
        <g>
            { text(at.x + 14.0, y + 4.0, "m t11 d3", name) }
            { rect(&well, 1.5, "ground") }
            { for (0..(*queued).min(WELL)).map(square) }
            { for more }
        </g>
    }
}

/// Records acked; the state of a producer that does not run.
fn acked(card: &ProducerCard, x: f64, y: f64, anchor: &'static str, lang: Lang) -> Html {
    match card.state.is_up() {
        true => {
            let words = words::t1(lang, "stage-acked", "count", card.acked);
            text(x, y, classes!("t11", "d2", anchor), words)
        }
        false => text(x, y, classes!("t11", "t-cut", anchor), words::state(lang, card.state)),
    }
}

/// Records acked, and under it those that failed or else the batches that wait for an answer.
fn counts(card: &ProducerCard, x: f64, y: f64, lang: Lang) -> Html {
    let second = match (card.failed, card.in_flight) {
        (0, 0) => Html::default(),
        (0, batches) => {
            text(x, y + 15.0, "t11 d2", words::t1(lang, "stage-in-flight", "count", batches))
        }
        (failed, _) => {
            text(x, y + 15.0, "t11 w6 t-lost", words::t1(lang, "stage-failed", "count", failed))
        }
    };
    html! { <g>{ acked(card, x, y, "", lang) }{ second }</g> }
}

/// A consumer.
pub fn consumer(scene: &Scene, card: &ConsumerCard, lang: Lang, chosen: bool) -> Html {
    let at = &card.rect;
    let edge = Rect::new(at.right() - 3.0, at.y + 9.0, 3.0, at.h - 18.0);
    let base = html! {
        <>
            { rect(at, 9.0, card_class(card.state, chosen)) }
            { rect(&edge, 0.0, "f-consumer") }
        </>
    };
    let inset = if scene.layout == Layout::Upright { 14.0 } else { 12.0 };
    let square = Rect::new(at.x + inset, at.y + 13.0, TAG.0, TAG.1);
    let sign = group::tag(&square, card.place, !card.state.is_up());
    let received = words::t1(lang, "stage-received", "count", card.received);
    let received = if card.state.is_up() { received } else { words::state(lang, card.state) };
    if scene.layout == Layout::Upright {
        return html! {
            <g>
                { base }
                { sign }
                { text(at.x + 33.0, at.y + 24.0, "t14 w6", fit(&card.name, at.w * 0.5)) }
                { text(at.x + 14.0, at.y + 42.0, "t11 d2", received) }
                { text(at.right() - 14.0, at.y + 33.0, "t11 w5 t-consumer end", reads(card, lang)) }
            </g>
        };
    }
    let newest = card.newest.as_ref().map(|value| {
        text(at.x + 12.0, at.bottom() - 11.0, "m t11 t-consumer", fit(value, at.w - 22.0))
    });
    html! {
        <g>
            { base }
            { sign }
            { text(at.x + 31.0, at.y + 24.0, "t14 w6", fit(&card.name, at.w - 41.0)) }
            { for card.rows.iter().map(|row| position(at, row, lang)) }
            { text(at.x + 12.0, at.bottom() - 28.0, "t11 d2", received) }
            { for newest }
        </g>
    }
}

type Row = (Option<crate::engine::ids::PartitionId>, crate::engine::ids::Offset, i64, f64);

/// One partition's next offset, and how many committed records lie ahead.
fn position(at: &Rect, (partition, offset, lag, y): &Row, lang: Lang) -> Html {
    let name = partition.map_or("Σ".to_owned(), |p| p.to_string());
    let offset = if partition.is_some() { offset.to_string() } else { String::new() };
    let lag = words::t1(lang, "stage-lag", "lag", *lag);
    html! {
        <g>
            { text(at.x + 12.0, y + 4.0, "m t11 d3", name) }
            { text(at.x + 26.0, y + 4.0, "m t11", offset) }
            { text(at.right() - 11.0, y + 4.0, "t11 d2 end", lag) }
        </g>
    }
}

/// How far it has read, in one phrase.
fn reads(card: &ConsumerCard, lang: Lang) -> String {
    match card.rows.first() {
        Some((Some(_), offset, lag, _)) => {
            let args = [("position", Arg::from(offset.0)), ("lag", Arg::from(*lag))];
            tr(lang, "stage-position", &args)
        }
        Some((None, _, lag, _)) => words::t1(lang, "stage-lag", "lag", *lag),
        None => String::new(),
    }
}
