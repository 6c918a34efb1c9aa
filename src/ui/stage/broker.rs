//! A broker's card: spine with name, state and duties, and its replicas.

use yew::prelude::*;

use crate::i18n::{Arg, Lang, tr};
use crate::ui::stage::svg::{cross, disc, message, path, pennant, px, rect, text};
use crate::ui::stage::{strip, words};
use crate::view::cluster::{ProcessState, Role};
use crate::view::scene::card::{BrokerCard, ReplicaShape};
use crate::view::scene::glyph::{Accent, Shape};
use crate::view::scene::path::{Rect, drawn};
use crate::view::scene::strip::Lod;
use crate::view::scene::{Layout, Scene};

/// The card itself: it lies under the duct and the water lines.
pub fn back(card: &BrokerCard, chosen: bool) -> Html {
    let dead = !card.state.is_up();
    let class = match (dead, chosen) {
        (true, false) => "card broker dead",
        (true, true) => "card broker dead chosen",
        (false, true) => "card broker chosen",
        (false, false) => "card broker",
    };
    html! {
        <g>
            { rect(&card.rect, 9.0, class) }
            if dead { { rect(&card.rect, 9.0, "hatched-cut") } }
        </g>
    }
}

/// The card's name, state and duties.
pub fn spine(scene: &Scene, card: &BrokerCard, lang: Lang) -> Html {
    match scene.layout {
        Layout::Wide => beside(card, lang),
        Layout::Upright => header(card, lang),
    }
}

fn name_class(card: &BrokerCard) -> &'static str {
    if card.state.is_up() { "t14 w6" } else { "t14 w6 t-cut" }
}

/// The state's sign and words at a place.
fn state(card: &BrokerCard, x: f64, y: f64, lang: Lang) -> Html {
    let words = match card.dead_for {
        Some(tenths) => {
            let seconds = format!("{}.{}", tenths / 10, tenths % 10);
            tr(lang, "stage-dead-for", &[("seconds", Arg::from(seconds))])
        }
        None => words::state(lang, card.state),
    };
    let (sign, class) = match card.state {
        ProcessState::Running => (disc(x + 3.5, y - 4.0, 3.5, "f-consumer"), "t11 d2"),
        ProcessState::Starting | ProcessState::Stopping | ProcessState::Paused => {
            (disc(x + 3.5, y - 4.0, 3.5, "ring s-producer"), "t11 t-producer")
        }
        ProcessState::Dead => (cross(x, y - 7.0), "t11 w5 t-lost"),
        ProcessState::Down | ProcessState::Stopped => {
            let square = Rect::new(x + 0.5, y - 7.5, 6.0, 6.0);
            (rect(&square, 1.0, "ring s-cut"), "t11 t-cut")
        }
    };
    html! { <g>{ sign }{ text(x + 11.0, y, class, words) }</g> }
}

fn beside(card: &BrokerCard, lang: Lang) -> Html {
    let (x, y) = (card.rect.x + 12.0, card.rect.y);
    let mut line = y + 60.0;
    let duty = card.controller.then(|| {
        let shown = html! {
            <g>
                { message(Shape::Diamond, Accent::Control, 0, x + 4.0, line - 4.0, 0.6) }
                { text(x + 13.0, line, "t11 w5 t-control", words::t(lang, "stage-controller")) }
            </g>
        };
        line += 16.0;
        shown
    });
    let outside = (!card.state.is_up() && !card.in_any_isr && !card.replicas.is_empty())
        .then(|| text(x, line, "t11 t-cut", words::t(lang, "stage-in-no-isr")));
    let unflushed = card.state.is_up().then(|| unflushed(card, x, line));
    html! {
        <g>
            { text(x, y + 24.0, name_class(card), words::broker(lang, card.id)) }
            { state(card, x, y + 43.0, lang) }
            { for duty }{ for outside }{ for unflushed }
        </g>
    }
}

/// Bytes in the page cache only: what a power loss would take.
fn unflushed(card: &BrokerCard, x: f64, y: f64) -> Html {
    let square = Rect::new(x, y - 7.5, 8.0, 8.0);
    html! {
        <g>
            { rect(&square, 1.5, "hatched-broker") }
            { text(x + 13.0, y, "m t11 d2", words::bytes(card.unflushed_bytes)) }
        </g>
    }
}

fn header(card: &BrokerCard, lang: Lang) -> Html {
    let (x, y) = (card.rect.x + 40.0, card.rect.y + 20.0);
    let duty = card
        .controller
        .then(|| message(Shape::Diamond, Accent::Control, 0, x + 72.0, y - 4.5, 0.6));
    html! {
        <g>
            { text(x, y, name_class(card), words::broker(lang, card.id)) }
            { for duty }
            { state(card, x, y + 18.0, lang) }
        </g>
    }
}

/// One of the card's replicas.
pub fn replica(scene: &Scene, card: &BrokerCard, replica: &ReplicaShape, lang: Lang) -> Html {
    let live = card.state.is_up();
    let upright = scene.layout == Layout::Upright;
    let (x, y) = match upright {
        true => (card.rect.x + 134.0, card.rect.y + 20.0),
        false => (replica.rect.x + 2.0, card.rect.y + 22.0),
    };
    let roomy = scene.lod <= Lod::Cells;
    let leads = replica.role == Role::Leader || !live && replica.is_leader;
    let words = match (leads, roomy) {
        (true, true) => leader_words(replica, x, y, live, upright, lang),
        (true, false) if scene.lod == Lod::Bars => leader_words(replica, x, y, live, true, lang),
        (false, _) if scene.lod == Lod::Bars => {
            text(x, y, class_of(replica, live), short_role(lang, replica))
        }
        (false, true) => text(x, y, class_of(replica, live), words::role(lang, replica)),
        _ => Html::default(),
    };
    html! {
        <g>
            { words }
            { strip::draw(scene.lod, replica, live, lang) }
        </g>
    }
}

fn class_of(replica: &ReplicaShape, live: bool) -> &'static str {
    match (live, replica.in_isr) {
        (false, _) => "t11 t-cut halo",
        (true, true) => "t11 d2 halo",
        (true, false) => "t11 w5 t-producer halo",
    }
}

fn short_role(lang: Lang, replica: &ReplicaShape) -> String {
    words::t(lang, if replica.in_isr { "stage-in-isr-short" } else { "stage-out-short" })
}

fn leader_words(
    replica: &ReplicaShape,
    x: f64,
    y: f64,
    live: bool,
    short: bool,
    lang: Lang,
) -> Html {
    let epoch = words::t1(lang, "stage-epoch", "epoch", replica.epoch.0);
    let class = if live { "t11 w6 halo" } else { "t11 w6 t-cut halo" };
    html! {
        <g>
            { pennant(x + 1.0, y - 1.0, if live { "pennant" } else { "pennant cut" }) }
            <text x={px(x + 13.0)} y={px(y)} {class}>
                { words::t(lang, "stage-leader") }
                if !short { <tspan class="d3 w4" dx="6">{ epoch }</tspan> }
            </text>
        </g>
    }
}

/// The outline of a segment that is open on the right.
pub fn open_frame(at: &Rect) -> String {
    let numbers = [at.right(), at.y, at.x + 3.0, at.h - 6.0, at.right()];
    drawn("M~ ~H~a3 3 0 0 0 -3 3v~a3 3 0 0 0 3 3H~", &numbers)
}

/// A frame's line, closed or open.
pub fn frame(at: &Rect, open: bool, class: &'static str) -> Html {
    if open { path(open_frame(at), class) } else { rect(at, 3.0, class) }
}
