//! A replica's log: cells, bar or tile, with its LEO bracket and HW mark.
//!
//! Committed is solid, uncommitted is hatched, lost is hollow with a cross, doomed and truncated are
//! dashed: each state has a pattern of its own, so none rests on colour.

use yew::prelude::*;

use crate::i18n::Lang;
use crate::ui::stage::broker::frame;
use crate::ui::stage::svg::{disc, path, px, rect, slide};
use crate::ui::stage::words;
use crate::view::cluster::Role;
use crate::view::scene::card::ReplicaShape;
use crate::view::scene::path::{Rect, drawn};
use crate::view::scene::strip::{Cell, CellState, Lod, Log};

/// A replica's log at its level of detail.
pub fn draw(lod: Lod, replica: &ReplicaShape, live: bool, lang: Lang) -> Html {
    match &replica.strip.log {
        Log::Cells { .. } => cells(lod, replica, live, lang),
        Log::Bar { ground, committed, tail } => html! {
            <g class={classes!("log", (!live).then_some("dead"))}>
                { rect(ground, 2.0, "ground") }
                { rect(committed, 2.0, "cell committed") }
                if tail.w > 1.0 { { rect(&inset(tail, 0.6), 1.0, "cell uncommitted") } }
                if replica.role == Role::Leader { { rect(&inset(&joined(committed, tail), -1.5), 3.0, "frame leader") } }
                { hw_mark(replica, live) }
            </g>
        },
        Log::Tile(at) => tile(replica, live, at),
    }
}

fn inset(at: &Rect, by: f64) -> Rect {
    Rect::new(at.x + by, at.y + by, (at.w - 2.0 * by).max(0.0), (at.h - 2.0 * by).max(0.0))
}

fn joined(a: &Rect, b: &Rect) -> Rect {
    Rect::new(a.x, a.y, (b.right() - a.x).max(0.0), a.h)
}

fn cells(lod: Lod, replica: &ReplicaShape, live: bool, lang: Lang) -> Html {
    let Log::Cells { frames, cells, dots, slabs, epoch_bar, ground } = &replica.strip.log else {
        return Html::default();
    };
    let line = match (live, replica.role, replica.in_isr) {
        (false, ..) => "frame cut",
        (true, Role::Leader, _) => "frame leader",
        (true, _, true) => "frame",
        (true, _, false) => "frame out",
    };
    let numbered = lod == Lod::Offsets;
    html! {
        <g class={classes!("log", (!live).then_some("dead"))}>
            { for slabs.iter().map(|slab| rect(slab, 1.0, "slab")) }
            { rect(ground, 0.0, "ground") }
            { for frames.iter().map(|f| frame(&f.rect, f.open, "ground")) }
            { for dots.iter().map(|dot| disc(dot.x, dot.y, 1.0, "dot")) }
            { for cells.iter().map(|cell| html! { <g key={cell.offset.0} class="record">{ draw_cell(cell, numbered) }</g> }) }
            { for frames.iter().map(|f| frame(&f.rect, f.open, line)) }
            { for epoch_bar.iter().map(|bar| rect(bar, 0.0, "f-broker")) }
            { bracket(replica, lang) }
            { hw_mark(replica, live) }
        </g>
    }
}

fn draw_cell(cell: &Cell, numbered: bool) -> Html {
    let at = &cell.rect;
    let radius = if numbered { 2.0 } else { 1.5 };
    let shape = match cell.state {
        CellState::Committed => rect(at, radius, "cell committed"),
        CellState::Uncommitted if numbered => {
            let foot = Rect::new(at.x + 0.7, at.bottom() - 8.0, at.w - 1.4, 7.3);
            html! { <>{ rect(&inset(at, 0.7), radius, "cell tinted") }{ rect(&foot, 1.5, "cell uncommitted") }</> }
        }
        CellState::Uncommitted => rect(&inset(at, 0.6), radius, "cell uncommitted"),
        CellState::Doomed => rect(&inset(at, 0.75), radius, "cell doomed"),
        CellState::Truncated => rect(&inset(at, 0.5), radius, "cell truncated"),
        CellState::Lost => {
            html! { <>{ rect(&inset(at, 0.75), radius, "cell lost") }{ lost_cross(at, numbered) }</> }
        }
        CellState::Duplicate => {
            html! { <>{ rect(at, radius, "cell duplicate") }{ rect(&inset(at, 2.0), 1.0, "cell inner") }</> }
        }
    };
    if !numbered {
        return shape;
    }
    let foot = cell.state == CellState::Uncommitted || cell.state == CellState::Lost;
    let digits = cell.offset.0.max(1).ilog10() + 1;
    let size = (at.w / (f64::from(digits) * 0.62)).min(12.0);
    let middle = if foot { (at.h - 8.0) / 2.0 } else { at.h / 2.0 };
    let class = match cell.state {
        CellState::Committed | CellState::Duplicate => "m number on",
        CellState::Lost => "m number t-lost",
        CellState::Doomed | CellState::Truncated => "m number t-cut",
        CellState::Uncommitted => "m number",
    };
    html! {
        <>
            { shape }
            <text x={px(at.x + at.w / 2.0)} y={px(at.y + middle + size * 0.36)} font-size={px(size)} {class}>
                { cell.offset.to_string() }
            </text>
        </>
    }
}

fn lost_cross(at: &Rect, numbered: bool) -> Html {
    let (reach, y) = if numbered { (2.6, at.bottom() - 6.4) } else { (2.1, at.middle().y) };
    let (x, d) = (at.middle().x, 2.0 * reach);
    let cross = drawn("M~ ~l~ ~m0 ~l~ ~", &[x - reach, y - reach, d, d, -d, -d, d]);
    path(cross, "lost-cross")
}

/// LEO: the bracket that closes the log.
fn bracket(replica: &ReplicaShape, lang: Lang) -> Html {
    let (at, leo) = (&replica.strip.rect, &replica.strip.leo);
    let (x, top, bottom) = (leo.x, at.y - 6.0, at.bottom() + 6.0);
    let d = drawn("M~ ~H~V~H~", &[x - 4.0, top, x, bottom, x - 4.0]);
    let words = words::t(lang, "stage-leo");
    let number = leo.offset.to_string();
    // Readers' marks stand between the strip and the words.
    let below = if replica.readers.is_empty() { 18.0 } else { 20.5 };
    let (place, class) = match leo_words(replica, 7.0 * (number.len() + 4) as f64) {
        (place, true) => (place, "m t11 leo end"),
        (place, false) => (place, "m t11 leo"),
    };
    html! {
        <g>
            { path(d, "bracket") }
            <text x={px(place)} y={px(at.bottom() + below)} {class}>
                <tspan class="d3">{ words }</tspan>{ format!(" {number}") }
            </text>
        </g>
    }
}

/// Where the words of the LEO stand, and whether they end there: at the bracket, unless that would leave
/// the column or a reader's stick goes down there; then left of the sticks, or right of them.
fn leo_words(replica: &ReplicaShape, wide: f64) -> (f64, bool) {
    /// From a stick to the words.
    const CLEAR: f64 = 9.0;
    let at = replica.strip.leo.x + 1.0;
    let sticks = replica.readers.iter().filter_map(|reader| reader.position).map(|mark| mark.x);
    let near = sticks.filter(|x| (at - wide - CLEAR..at + CLEAR).contains(x));
    let (first, last) =
        near.fold((f64::MAX, f64::MIN), |(first, last), x| (first.min(x), last.max(x)));
    let end = at.min(first - CLEAR);
    match (end - wide < replica.rect.x, first <= last) {
        (false, _) => (end, true),
        (true, true) => (last + CLEAR, false),
        (true, false) => (replica.rect.x + 1.0, false),
    }
}

/// HW: the water-level triangle on the strip's top edge; filled on the leader, hollow where it is the
/// follower's own, late, value.
fn hw_mark(replica: &ReplicaShape, live: bool) -> Html {
    let hw = &replica.strip.hw;
    let y = replica.strip.rect.y - 13.0;
    let class = match (live, replica.role) {
        (false, _) => "hw dead",
        (true, Role::Leader) => "hw solid",
        (true, _) => "hw",
    };
    slide(hw.x, path(drawn("M-5 ~h10l-5 6.5z", &[y]), class))
}

/// Level 3: tall leads, square follows, hollow is out of the ISR, a cross is dead.
fn tile(replica: &ReplicaShape, live: bool, at: &Rect) -> Html {
    let square = Rect::new(at.x, at.y + 6.0, at.w, 6.0);
    let body = match (live, replica.role, replica.in_isr) {
        (false, ..) => {
            let d = drawn("M~ ~l4 4m0 -4l-4 4", &[at.x + 1.0, at.y + 7.0]);
            path(d, "tile-cross")
        }
        (true, Role::Leader, _) => rect(at, 1.0, "f-water"),
        (true, _, true) => rect(&square, 1.0, "tile follower"),
        (true, _, false) => rect(&inset(&square, 0.6), 1.0, "tile out"),
    };
    html! {
        <g>
            { body }
            if replica.leaderless { { rect(&inset(at, -0.8), 1.5, "tile leaderless") } }
        </g>
    }
}
