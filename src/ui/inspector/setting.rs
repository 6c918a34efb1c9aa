//! Any setting by its name: choose one, give a value, or take the own value back.

use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use crate::engine::ids::Text;
use crate::i18n::Arg;
use crate::ui::context::use_ui;

#[derive(Properties, PartialEq)]
pub struct SettingFormProps {
    /// Kafka's names to choose from.
    pub keys: &'static [&'static str],
    /// Settings with values of their own.
    pub own: Vec<(Text, Text)>,
    /// Takes a name with its new value; `None` takes the own value back.
    pub give: Callback<(Text, Option<Text>)>,
}

/// The form, over the list of own settings.
#[component]
pub fn SettingForm(props: &SettingFormProps) -> Html {
    let ui = use_ui();
    let (key, value) = (use_node_ref(), use_node_ref());
    let onsubmit = {
        let (key, value, give) = (key.clone(), value.clone(), props.give.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let key = key.cast::<HtmlSelectElement>().map(|field| field.value());
            let value = value.cast::<HtmlInputElement>().map(|field| field.value());
            if let (Some(key), Some(value)) = (key, value.filter(|value| !value.is_empty())) {
                give.emit((key.into(), Some(value.into())));
            }
        })
    };
    let own = |(name, value): &(Text, Text)| {
        let label = ui.tr("setting-take-back", &[("key", Arg::from(&**name))]);
        let (give, name) = (props.give.clone(), name.clone());
        let onclick = {
            let name = name.clone();
            Callback::from(move |_: MouseEvent| give.emit((name.clone(), None)))
        };
        html! {
            <li>
                <span class="mono">{ format!("{name}={value}") }</span>
                <button class="btn icon sm" title={label.clone()} aria-label={label} {onclick}>{ "×" }</button>
            </li>
        }
    };
    html! {
        <>
            if !props.own.is_empty() { <ul class="own">{ for props.own.iter().map(own) }</ul> }
            <form class="send" {onsubmit}>
                <select ref={key} aria-label={ui.t("setting-key")}>
                    { for props.keys.iter().map(|key| html! { <option value={*key}>{ *key }</option> }) }
                </select>
                <input ref={value} aria-label={ui.t("setting-value")} placeholder={ui.t("setting-value")}
                    autocomplete="off" maxlength="200" />
                <button class="btn" type="submit">{ ui.t("setting-set") }</button>
            </form>
        </>
    }
}
