//! The keys.

use yew::prelude::*;

use crate::ui::context::use_ui;
use crate::ui::dialog::Sheet;
use crate::ui::keyboard::TABLE;
use crate::ui::prefs;

/// The table of keys.
#[component]
pub fn Help() -> Html {
    let ui = use_ui();
    let letters = use_state(prefs::letters);
    let onchange = {
        let letters = letters.clone();
        Callback::from(move |_: Event| {
            prefs::set_letters(!*letters);
            letters.set(!*letters);
        })
    };
    html! {
        <Sheet title="help-title">
            <table class="keys"><tbody>
                { for TABLE.iter().map(|(keys, text)| html! {
                    <tr>
                        <th scope="row">{ for keys.iter().map(|key| html! { <kbd>{ *key }</kbd> }) }</th>
                        <td>{ ui.t(text) }</td>
                    </tr>
                }) }
            </tbody></table>
            <p class="dim">{ ui.t("help-letters") }</p>
            <label class="check"><input type="checkbox" checked={*letters} {onchange} />{ ui.t("help-letters-on") }</label>
        </Sheet>
    }
}
