//! A group's card: state and generation, the rail of a rebalance, what it paused, members, lags.

use yew::prelude::*;

use crate::engine::event::GroupState;
use crate::engine::time::Micros;
use crate::i18n::{Arg, Lang, tr};
use crate::ui::stage::svg::{disc, fit, message, path, px, rect, text};
use crate::ui::stage::words::{self, t};
use crate::view::cluster::ProcessState;
use crate::view::group::{Doing, Held, MemberView, Step, letter};
use crate::view::scene::glyph::{Accent, Shape};
use crate::view::scene::group::{Chip, GroupCard, MemberRow, PauseBar};
use crate::view::scene::path::{Point, Rect, drawn};
use crate::view::scene::reader::TAG;

/// A colour for a reader: its letter stands beside it.
const COLOURS: [&str; 8] =
    ["of of-0", "of of-1", "of of-2", "of of-3", "of of-4", "of of-5", "of of-6", "of of-7"];

/// The class of a reader's colour.
pub fn colour(place: usize) -> &'static str {
    COLOURS[place % COLOURS.len()]
}

/// A reader's tag: its letter on its colour; hollow for one that has nothing to read.
pub fn tag(at: &Rect, place: usize, hollow: bool) -> Html {
    let words = letter(place);
    let (x, y) = (at.x + at.w / 2.0, at.bottom() - 3.0);
    let class = if hollow { "tag hollow" } else { "tag" };
    html! {
        <g class={classes!(class, colour(place))}>
            { rect(&Rect::new(at.x + 0.6, at.y + 0.6, at.w - 1.2, at.h - 1.2), 2.5, "tag-ground") }
            <text x={px(x)} y={px(y)} class="m tag-letter">{ words }</text>
        </g>
    }
}

/// The card.
pub fn draw(card: &GroupCard, lang: Lang, chosen: bool) -> Html {
    let at = &card.rect;
    let edge = Rect::new(at.right() - 3.0, at.y + 9.0, 3.0, at.h - 18.0);
    let class = match (card.is_empty, chosen) {
        (false, false) => "card",
        (false, true) => "card chosen",
        (true, false) => "card empty",
        (true, true) => "card empty chosen",
    };
    let generation = words::t1(lang, "group-generation", "generation", card.generation);
    html! {
        <g>
            { rect(at, 9.0, class) }
            if !card.is_empty { { rect(&edge, 0.0, "f-consumer") } }
            { text(at.x + 12.0, at.y + 24.0, "t14 w6", fit(&card.id, at.w - 70.0)) }
            { text(at.right() - 12.0, at.y + 24.0, "t11 d2 end", generation) }
            { state(card, lang) }
            if card.is_empty {
                { text(at.x + 12.0, at.y + 62.0, "t11 d2", t(lang, "group-empty")) }
            } else {
                { rail(card, lang) }
                { for card.pause.iter().map(|bar| pause(bar, lang)) }
                { for card.rows.iter().map(|row| member(row, lang)) }
                { more(card, lang) }
                { lags(card, lang) }
            }
        </g>
    }
}

/// The state by Kafka's name, and the assignor where there is room beside it.
fn state(card: &GroupCard, lang: Lang) -> Html {
    let (x, y) = (card.rect.x + 12.0, card.rect.y + 42.0);
    let (class, name) = match card.state {
        Some(GroupState::Stable) => ("t11 w5 t-consumer", GroupState::Stable.name().to_owned()),
        Some(state @ (GroupState::Empty | GroupState::Dead)) => {
            ("t11 w5 t-cut", state.name().to_owned())
        }
        Some(state) => ("t11 w5 t-producer", state.name().to_owned()),
        None => ("t11 w5 t-lost", t(lang, "group-unknown")),
    };
    let wide = 6.4 * name.chars().count() as f64 + 16.0;
    let protocol = card
        .protocol
        .as_ref()
        .filter(|protocol| wide + 6.8 * protocol.chars().count() as f64 + 20.0 < card.rect.w);
    html! {
        <g>
            { text(x, y, class, name) }
            { for protocol.map(|p| text(card.rect.right() - 12.0, y, "m t11 d3 end", p.to_string())) }
        </g>
    }
}

/// Word of a step.
pub fn step_key(step: Step) -> &'static str {
    match step {
        Step::Revoke => "group-step-revoke",
        Step::Join => "group-step-join",
        Step::Sync => "group-step-sync",
        Step::Assign => "group-step-assign",
    }
}

/// Revoke, join, sync, assign: steps done are filled, the present one is ringed. Where four words have no
/// room, the present one has its word; and the ends, while nothing happens.
fn rail(card: &GroupCard, lang: Lang) -> Html {
    let [first, .., last] = card.rail;
    let line = drawn("M~ ~H~", &[first.x, first.y, last.x]);
    let all = Step::ALL.map(|step| t(lang, step_key(step)));
    let has_room = all.iter().map(|word| width(word) + RAIL_GAP).sum::<f64>() < card.rect.w - 20.0;
    let stop = |(k, (at, step)): (usize, (&Point, Step))| {
        let (class, radius) = match card.step {
            None => ("step rest", 3.0),
            Some(present) if step < present => ("step done", 3.5),
            Some(present) if step == present => ("step present", 4.5),
            Some(_) => ("step", 3.5),
        };
        let is_present = card.step == Some(step);
        let is_end = matches!(step, Step::Revoke | Step::Assign) && card.step.is_none();
        let words = (has_room || is_present || is_end).then(|| {
            let class = if is_present { "t11 w6 t-consumer" } else { "t11 d3" };
            let (x, anchor) = match step {
                Step::Revoke => (card.rect.x + 12.0, None),
                Step::Assign => (card.rect.right() - 12.0, Some("end")),
                Step::Join | Step::Sync => (at.x, Some("mid")),
            };
            text(x, at.y + 18.0, classes!(class, anchor), all[k].clone())
        });
        html! { <g>{ disc(at.x, at.y, radius, class) }{ for words }</g> }
    };
    html! {
        <g>
            { path(line, "rail") }
            { for card.rail.iter().zip(Step::ALL).enumerate().map(stop) }
        </g>
    }
}

/// Between two words of the rail.
const RAIL_GAP: f64 = 8.0;

/// About how wide a word is at 11 px.
fn width(word: &str) -> f64 {
    word.chars().map(|letter| if letter.is_ascii() { 6.3 } else { 11.0 }).sum()
}

/// A span as a class reads it: milliseconds up to a second, then seconds.
pub fn span(span: Micros) -> String {
    let ms = span.0 / 1_000;
    match ms {
        0..1_000 => format!("{ms} ms"),
        _ => format!("{}.{:02} s", ms / 1_000, ms % 1_000 / 10),
    }
}

/// How long partitions had no reader, and how many: the bar is all of them.
fn pause(bar: &PauseBar, lang: Lang) -> Html {
    let (count, all) = bar.count;
    let args = [
        ("pause", Arg::from(span(bar.pause))),
        ("count", Arg::from(count)),
        ("all", Arg::from(all)),
        ("took", Arg::from(span(bar.took))),
    ];
    let key = match (count, all) {
        (0, 0) => "group-took",
        (0, _) => "group-no-pause",
        _ => "group-paused",
    };
    let class = if bar.is_open { "pause open" } else { "pause" };
    let y = bar.rect.y + 14.0;
    html! {
        <g>
            { rect(&bar.rect, 4.0, "pause-all") }
            if count > 0 { { rect(&bar.paused, 4.0, class) } }
            { text(bar.rect.middle().x, y, "t11 w5 mid", tr(lang, key, &args)) }
        </g>
    }
}

/// What a member does, in a few words.
pub fn doing(row: &MemberRow, lang: Lang) -> String {
    told(lang, (&row.doing, row.held), row.leads, row.process)
}

/// The same, of a member that is looked into.
pub fn doing_of(member: &MemberView, lang: Lang) -> String {
    told(lang, (&member.doing, member.held), member.leads, member.process)
}

fn told(
    lang: Lang,
    (doing, held): (&Doing, Option<Held>),
    leads: bool,
    process: ProcessState,
) -> String {
    let key = match (doing, held) {
        (Doing::Gone, _) => return words::state(lang, process),
        (_, Some(Held::Join)) => "member-waits-join",
        (Doing::Syncing, _) if leads => "member-assigns",
        (_, Some(Held::Sync)) => "member-waits-sync",
        (Doing::Working(partition, offset), _) => {
            let args =
                [("partition", Arg::from(partition.partition.0)), ("offset", Arg::from(offset.0))];
            return tr(lang, "member-works", &args);
        }
        (Doing::Searching, _) => "member-searches",
        (Doing::Late, _) => "member-late",
        (Doing::Revoking, _) => "member-revokes",
        (Doing::Joining, _) => "member-joins",
        (Doing::Syncing, _) => "member-syncs",
        (Doing::Reading, _) => "member-reads",
        (Doing::Committing, _) => "member-commits",
        (Doing::Idle, _) => "member-idle",
        (Doing::Closing, _) => "member-closes",
        (Doing::Unknown, _) => "member-outside",
    };
    t(lang, key)
}

fn member(row: &MemberRow, lang: Lang) -> Html {
    let at = &row.rect;
    let gone = row.doing == Doing::Gone;
    let idle = row.doing == Doing::Idle;
    let line = drawn("M~ ~H~", &[at.x + 10.0, at.y + 0.5, at.right() - 12.0]);
    let base = at.y + if row.is_roomy { 19.0 } else { 16.0 };
    let ground = idle.then(|| {
        let inner = Rect::new(at.x + 6.0, at.y + 3.0, at.w - 14.0, at.h - 5.0);
        rect(&inner, 5.0, "idle-ground")
    });
    let square = Rect::new(at.x + 11.0, base - 11.0, TAG.0, TAG.1);
    let sign = row.place.map(|place| tag(&square, place, idle || gone));
    let end = row.chips.first().map_or(at.right() - 10.0, |chip| chip.rect.x);
    let end = if row.chips.is_empty() && row.more > 0 { at.right() - 28.0 } else { end };
    let class = if gone { "t11 w6 t-cut" } else { "t11 w6" };
    let name = fit(&row.name, (end - at.x - 30.0) * 1.18);
    let told = row.is_roomy.then(|| {
        let class = match row.doing {
            Doing::Gone => "t11 t-lost",
            Doing::Late => "t11 t-producer",
            Doing::Idle => "t11 d3",
            _ => "t11 d2",
        };
        text(at.x + 30.0, at.y + 35.0, class, fit(&doing(row, lang), (at.w - 38.0) * 1.3))
    });
    let held = row.held.map(|held| {
        let shape = match held {
            Held::Join => Shape::Join { response: true },
            Held::Sync => Shape::Sync { response: true },
        };
        let y = if row.is_roomy { at.y + 31.0 } else { base - 4.0 };
        message(shape, Accent::Consumer, 0, at.x + 18.0, y, 0.72)
    });
    html! {
        <g>
            { path(line, "member-line") }{ for ground }
            if row.is_roomy || row.held.is_none() { { for sign } }
            { text(at.x + 30.0, base, class, name) }
            { for told }{ for held }
            { for row.chips.iter().map(|chip| draw_chip(chip, row.place, gone)) }
            { more_chips(row) }
        </g>
    }
}

fn draw_chip(chip: &Chip, place: Option<usize>, gone: bool) -> Html {
    let at = &chip.rect;
    let class = match (chip.given_up || gone, place) {
        (true, _) => classes!("chip", "given-up"),
        (false, Some(place)) => classes!("chip", colour(place)),
        (false, None) => classes!("chip", "outside"),
    };
    let inner = Rect::new(at.x + 0.6, at.y + 0.6, at.w - 1.2, at.h - 1.2);
    html! {
        <g {class}>
            { rect(&inner, 2.5, "chip-ground") }
            <text x={px(at.middle().x)} y={px(at.bottom() - 3.4)} class="m chip-number">{ chip.partition.to_string() }</text>
        </g>
    }
}

fn more_chips(row: &MemberRow) -> Html {
    if row.more == 0 {
        return Html::default();
    }
    let y = row.chips.first().map_or(row.rect.y + 18.0, |chip| chip.rect.bottom() - 3.4);
    text(row.rect.right() - 10.0, y, "m t11 d2 end", format!("+{}", row.more))
}

fn more(card: &GroupCard, lang: Lang) -> Html {
    if card.more == 0 {
        return Html::default();
    }
    let y = card.rows.last().map_or(card.rect.y + 128.0, |row| row.rect.bottom() + 16.0);
    text(card.rect.x + 30.0, y, "t11 d2", words::t1(lang, "stage-more", "count", card.more))
}

/// A count in at most four characters.
fn short(count: i64) -> String {
    match count {
        0..1_000 => count.to_string(),
        1_000..100_000 => format!("{}.{}k", count / 1_000, count % 1_000 / 100),
        _ => format!("{}k", count / 1_000),
    }
}

/// Lag per partition, in the order of partitions; one number where they are many.
fn lags(card: &GroupCard, lang: Lang) -> Html {
    let (x, y) = (card.rect.x + 12.0, card.foot);
    let line = drawn("M~ ~H~", &[card.rect.x + 10.0, y - 17.5, card.rect.right() - 12.0]);
    if card.lags.is_empty() {
        let words = words::t1(lang, "group-lag-all", "lag", card.lag);
        return html! { <g>{ path(line, "member-line") }{ text(x, y, "t11 d2", words) }</g> };
    }
    let bar = |(_, lag, x): &(_, Option<i64>, f64)| {
        // Each doubling is a step, so that one record and a thousand are both seen.
        let high = match lag.unwrap_or(0) {
            0 => 1.0,
            lag => (f64::from(lag.ilog2()) * 1.2 + 3.0).min(13.0),
        };
        let words = lag.map_or("–".to_owned(), short);
        html! {
            <g>
                { rect(&Rect::new(*x, y - high, 4.0, high), 1.0, "f-consumer") }
                { text(x + 7.0, y, "m t11", words) }
            </g>
        }
    };
    html! {
        <g>
            { path(line, "member-line") }
            { text(x, y, "t11 d2", t(lang, "group-lag")) }
            { for card.lags.iter().map(bar) }
        </g>
    }
}
