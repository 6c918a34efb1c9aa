//! The key: what the shapes of messages and the patterns of records mean.

use yew::prelude::*;

use crate::i18n::Lang;
use crate::ui::stage::svg::{message, path, px, rect};
use crate::ui::stage::words::t;
use crate::view::scene::glyph::{Accent, Shape};
use crate::view::scene::path::{Rect, drawn};

#[derive(Properties, PartialEq)]
pub struct KeyProps {
    /// Language of the words.
    pub lang: Lang,
}

/// Shape, accent, records drawn, width, words.
const MESSAGES: [(Shape, Accent, u32, f64, &str); 11] = [
    (Shape::Pentagon, Accent::Producer, 2, 32.0, "stage-key-produce"),
    (Shape::Ring, Accent::Producer, 0, 14.0, "stage-key-ack"),
    (Shape::Chevrons, Accent::Broker, 0, 16.0, "stage-key-replica-fetch"),
    (Shape::Frame, Accent::Broker, 1, 18.0, "stage-key-replica-records"),
    (Shape::Chevron, Accent::Consumer, 0, 12.0, "stage-key-fetch"),
    (Shape::Pill, Accent::Consumer, 1, 22.0, "stage-key-records"),
    (Shape::Join { response: false }, Accent::Consumer, 0, 18.0, "stage-key-join"),
    (Shape::Commit { response: false }, Accent::Consumer, 0, 14.0, "stage-key-commit"),
    (Shape::Pulse, Accent::Broker, 0, 20.0, "stage-key-heartbeat"),
    (Shape::Diamond, Accent::Control, 0, 18.0, "stage-key-control"),
    (Shape::Burst, Accent::Lost, 0, 34.0, "stage-key-burst"),
];

/// The key under the stage.
#[component]
pub fn Key(props: &KeyProps) -> Html {
    let messages = MESSAGES.iter().map(|(shape, accent, records, wide, words)| {
        let scale = if *shape == Shape::Burst { 0.6 } else { 1.0 };
        let wide = wide * scale;
        let picture = message(*shape, *accent, *records, wide / 2.0, 9.0, scale);
        item(wide, picture, t(props.lang, words))
    });
    let cell = Rect::new(1.0, 1.0, 9.0, 16.0);
    let inner = Rect::new(1.7, 1.7, 7.6, 14.6);
    let lost = html! {
        <>{ rect(&inner, 1.5, "cell lost") }{ path("M3.2 6.7l4.6 4.6m0-4.6l-4.6 4.6", "lost-cross") }</>
    };
    html! {
        <div class="stage-key" aria-hidden="true">
            <div class="log">
                { item(11.0, rect(&cell, 1.5, "cell committed"), t(props.lang, "stage-key-committed")) }
                { item(11.0, rect(&inner, 1.5, "cell uncommitted"), t(props.lang, "stage-key-uncommitted")) }
                { item(11.0, lost, t(props.lang, "stage-key-lost")) }
                { item(11.0, rect(&inner, 1.5, "cell doomed"), t(props.lang, "stage-key-doomed")) }
            </div>
            <div>{ for messages }</div>
        </div>
    }
}

fn item(wide: f64, picture: Html, words: String) -> Html {
    html! {
        <span class="stage-key-item">
            <svg class="stage-svg" width={px(wide)} height="18" viewBox={drawn("0 0 ~ 18", &[wide])}>{ picture }</svg>
            { words }
        </span>
    }
}
