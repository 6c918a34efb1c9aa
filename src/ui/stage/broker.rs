//! A broker's card: spine with name, state and duties, and its replicas.

use yew::prelude::*;

use crate::i18n::{Arg, Lang, tr};
use crate::ui::stage::svg::{cross, disc, message, path, pennant, px, rect, text};
use crate::ui::stage::{group, strip, words};
use crate::view::cluster::{ProcessState, Role};
use crate::view::scene::card::{BrokerCard, FoldedRole, ReplicaShape};
use crate::view::scene::glyph::{Accent, Shape};
use crate::view::scene::path::{Rect, drawn};
use crate::view::scene::reader::ReaderMark;
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
    let coordinator = (!card.coordinates.is_empty()).then(|| {
        let shown = html! {
            <g>
                { message(Shape::Join { response: false }, Accent::Consumer, 0, x + 4.0, line - 4.0, 0.62) }
                { text(x + 13.0, line, "t11 w5 t-consumer", words::t(lang, "stage-coordinator")) }
            </g>
        };
        line += 16.0;
        shown
    });
    let outside = (!card.state.is_up() && !card.in_any_isr && !card.replicas.is_empty())
        .then(|| text(x, line, "t11 t-cut", words::t(lang, "stage-in-no-isr")));
    let buttons = card.controls.first().map_or(card.rect.bottom(), |(_, rect)| rect.y);
    let unflushed = (card.state.is_up() && line + 5.0 <= buttons).then(|| unflushed(card, x, line));
    html! {
        <g>
            { text(x, y + 24.0, name_class(card), words::broker(lang, card.id)) }
            { state(card, x, y + 43.0, lang) }
            { for duty }{ for coordinator }{ for outside }{ for unflushed }
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
    let hexagon = Shape::Join { response: false };
    let coordinates = (!card.coordinates.is_empty())
        .then(|| message(hexagon, Accent::Consumer, 0, x + 85.0, y - 4.5, 0.62));
    html! {
        <g>
            { text(x, y, name_class(card), words::broker(lang, card.id)) }
            { for duty }{ for coordinates }
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
            { for replica.readers.iter().map(|mark| reader(mark, replica)) }
        </g>
    }
}

/// A reader: its tag where it reads next, a hollow mark where its group has committed, a line between.
fn reader(mark: &ReaderMark, replica: &ReplicaShape) -> Html {
    let y = replica.strip.rect.bottom() + 4.0;
    let foot = mark.tag.y;
    let colour = group::colour(mark.place);
    let stick = mark.position.map(|at| drawn("M~ ~V~", &[at.x, y + 3.0, foot]));
    let up = |x: f64| drawn("M~ ~l3.6 5.4h-7.2z", &[x, y]);
    let between = mark
        .position
        .zip(mark.committed)
        .map(|(position, committed)| drawn("M~ ~H~", &[committed.x, y + 4.6, position.x]));
    html! {
        <g class={classes!("reader", colour)}>
            { for between.map(|d| path(d, "reader-line")) }
            { for stick.map(|d| path(d, "reader-stick")) }
            { for mark.committed.map(|at| path(up(at.x), "reader-committed")) }
            { for mark.position.map(|at| path(up(at.x), "reader-position")) }
            { group::tag(&mark.tag, mark.place, false) }
        </g>
    }
}

/// Kafka's own topics: a tick per partition, tall where this broker leads.
pub fn fold(card: &BrokerCard, lang: Lang) -> Html {
    let Some(fold) = &card.fold else { return Html::default() };
    let live = card.state.is_up();
    let (x, y) = (fold.rect.x, fold.rect.y + 12.0);
    let (leads, all) = fold.leads;
    let args = [("count", Arg::from(leads)), ("all", Arg::from(all))];
    let tick = |(k, role): (usize, &FoldedRole)| {
        let (left, pitch) = fold.ticks.unwrap_or_default();
        let high = match role {
            FoldedRole::Nothing => return Html::default(),
            FoldedRole::Follows => 4.0,
            FoldedRole::Leads => 11.0,
        };
        let at =
            Rect::new(left + pitch * k as f64, y - 4.0 - high / 2.0, (pitch - 1.2).min(3.0), high);
        rect(&at, 0.5, if live { "f-broker" } else { "f-cut" })
    };
    let ticks =
        fold.ticks.map(|_| html! { <g>{ for fold.roles.iter().enumerate().map(tick) }</g> });
    let wide = fold.rect.w > 215.0;
    html! {
        <g>
            { path(drawn("M~ ~l4 4l-4 4", &[x + 1.0, y - 8.0]), "fold-sign") }
            { text(x + 11.0, y, "m t11 d2", fold.topic.to_string()) }
            { for ticks }
            if wide { { text(fold.rect.right(), y, "t11 d2 end", tr(lang, "stage-fold-leads", &args)) } }
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
