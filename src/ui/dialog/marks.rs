//! The marks of the time bar as a list: for those who cannot see the bar, or want to read it.

use yew::prelude::*;

use crate::session::message::Mark;
use crate::ui::context::{Action, use_ui};
use crate::ui::dialog::Sheet;
use crate::ui::format;
use crate::ui::glyph::Glyph;
use crate::ui::time_bar::mark_key;

/// Most marks listed, newest first.
pub const MARKS_MOST: usize = 200;

#[derive(Properties, PartialEq)]
pub struct MarksProps {
    /// The newest marks first, each with its sentence; an empty one when its event is not known.
    pub marks: Vec<(Mark, AttrValue)>,
}

/// The list.
#[component]
pub fn Marks(props: &MarksProps) -> Html {
    let ui = use_ui();
    let row = |(mark, sentence): &(Mark, AttrValue)| {
        let word = ui.t(mark_key(mark.kind));
        html! {
            <li key={mark.event.0}>
                <button onclick={ui.on(Action::Story(*mark))}>
                    <span class="num dim3">{ format::seconds(mark.at) }</span>
                    { Glyph::of_mark(mark.kind).draw() }
                    <span class="ev"><b>{ word }</b>{ " " }{ sentence }</span>
                </button>
            </li>
        }
    };
    html! {
        <Sheet title="marks-title">
            <p class="dim">{ ui.t("marks-what") }</p>
            <ol class="rows">{ for props.marks.iter().map(row) }</ol>
        </Sheet>
    }
}
