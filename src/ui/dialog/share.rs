//! This moment as a link to be copied or looked at, as a file, and as a script for a real Kafka.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::i18n::Arg;
use crate::scenario::link::SHARED_CHARS_MAX;
use crate::ui::context::{Action, Kind, use_ui};
use crate::ui::dialog::Sheet;
use crate::ui::dialog::qr::Qr;
use crate::ui::effects::clipboard;

#[derive(Properties, PartialEq)]
pub struct ShareProps {
    /// The whole address.
    pub link: AttrValue,
}

/// How copying went.
#[derive(Clone, Copy, PartialEq)]
enum Copied {
    NotYet,
    Done,
    Refused,
}

/// The dialog with the link.
#[component]
pub fn Share(props: &ShareProps) -> Html {
    let ui = use_ui();
    let input = use_node_ref();
    let copied = use_state(|| Copied::NotYet);
    let onclick = {
        let (link, input, copied) = (props.link.to_string(), input.clone(), copied.clone());
        Callback::from(move |_: MouseEvent| {
            if let Some(input) = input.cast::<HtmlInputElement>() {
                input.select();
            }
            let copied = copied.clone();
            clipboard::copy(link.clone(), move |done| {
                copied.set(if done { Copied::Done } else { Copied::Refused });
            });
        })
    };
    let words = ui.t(match *copied {
        Copied::NotYet => "share-copy",
        Copied::Done => "share-copied",
        Copied::Refused => "share-select",
    });
    let length = props.link.chars().count();
    let is_short = length <= SHARED_CHARS_MAX;
    html! {
        <Sheet title="share-title">
            <p class="dim">{ ui.t("share-what") }</p>
            <label class="field wide">
                <span>{ ui.t("share-link-label") }</span>
                <input class="num" id="share-link" ref={input} readonly=true value={props.link.clone()} />
            </label>
            if is_short {
                <Qr text={props.link.clone()} />
            } else {
                <p role="note">{ ui.t("share-too-long") }</p>
            }
            <footer>
                <span class="dim num">{ ui.tr("share-length", &[("count", Arg::from(length as u64))]) }</span>
                <span class="sp"></span>
                <button class="btn" onclick={ui.on(Action::Download(Kind::Script))}>{ ui.t("share-script") }</button>
                <button class={classes!("btn", (!is_short).then_some("primary"))} onclick={ui.on(Action::Download(Kind::Scenario))}>{ ui.t("share-file") }</button>
                <button class="btn primary" autofocus=true {onclick} aria-live="polite">{ words }</button>
            </footer>
        </Sheet>
    }
}
