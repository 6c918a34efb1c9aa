//! Small pieces of SVG, so that drawing code reads as drawing.

use yew::prelude::*;

use crate::view::scene::glyph::{Accent, Shape, Tone, glyph};
use crate::view::scene::path::{Rect, drawn};

/// A length as SVG writes it.
pub fn px(value: f64) -> String {
    drawn("~", &[value])
}

/// A rectangle with rounded corners.
pub fn rect(at: &Rect, radius: f64, class: &'static str) -> Html {
    html! {
        <rect x={px(at.x)} y={px(at.y)} width={px(at.w.max(0.0))} height={px(at.h.max(0.0))}
            rx={px(radius)} {class} />
    }
}

/// An outline.
pub fn path(d: impl Into<AttrValue>, class: impl Into<Classes>) -> Html {
    let class: Classes = class.into();
    html! { <path d={d.into()} {class} /> }
}

/// A line of text with its baseline at `y`; the class says size and anchor.
pub fn text(x: f64, y: f64, class: impl Into<Classes>, words: impl Into<String>) -> Html {
    let (class, words): (Classes, String) = (class.into(), words.into());
    html! { <text x={px(x)} y={px(y)} {class}>{ words }</text> }
}

/// A disc.
pub fn disc(x: f64, y: f64, r: f64, class: impl Into<Classes>) -> Html {
    let class: Classes = class.into();
    html! { <circle cx={px(x)} cy={px(y)} r={px(r)} {class} /> }
}

/// Something that slides along the offsets when its x changes.
pub fn slide(x: f64, inner: Html) -> Html {
    html! { <g class="slides" style={drawn("transform:translateX(~px)", &[x])}>{ inner }</g> }
}

/// The leader's pennant, its mast's foot a little under `y`.
pub fn pennant(x: f64, y: f64, class: &'static str) -> Html {
    html! {
        <g {class}>
            <path class="mast" d={drawn("M~ ~V~", &[x, y - 9.0, y + 3.0])} />
            <path class="flag" d={drawn("M~ ~h8l-2.6 3l2.6 3h-8z", &[x + 0.5, y - 9.0])} />
        </g>
    }
}

/// The cross of a dead thing, 6 px wide, its upper left corner at a place.
pub fn cross(x: f64, y: f64) -> Html {
    path(drawn("M~ ~l6 6m0-6l-6 6", &[x, y]), "cross")
}

/// A message's shape about a place.
pub fn message(shape: Shape, accent: Accent, records: u32, x: f64, y: f64, scale: f64) -> Html {
    let inks = glyph(shape, records).into_iter().map(|ink| {
        let tone = |tone: Tone| match tone {
            Tone::Accent => fill_of(accent),
            Tone::Paper => "var(--paper)",
            Tone::Surface => "var(--surface)",
        };
        let fill = ink.fill.map_or("none", tone);
        let (stroke, width) = ink.line.map_or(("none", 0.0), |(t, width)| (tone(t), width));
        html! {
            <path d={ink.d} {fill} {stroke} stroke-width={px(width)} stroke-linejoin="round"
                stroke-linecap="round" />
        }
    });
    let transform = drawn("translate(~ ~) scale(~)", &[x, y, scale]);
    html! { <g {transform}>{ for inks }</g> }
}

fn fill_of(accent: Accent) -> &'static str {
    match accent {
        Accent::Producer => "var(--producer-fill)",
        Accent::Broker => "var(--broker-fill)",
        Accent::Consumer => "var(--consumer-fill)",
        Accent::Control => "var(--control-fill)",
        Accent::Lost => "var(--lost-fill)",
    }
}

/// A name in so many pixels at 14 px semibold, cut with an ellipsis where it does not fit.
pub fn fit(name: &str, width: f64) -> String {
    let most = (width / 7.6).floor().max(2.0) as usize;
    if name.chars().count() <= most {
        return name.to_owned();
    }
    let kept: String = name.chars().take(most - 1).collect();
    format!("{kept}…")
}
