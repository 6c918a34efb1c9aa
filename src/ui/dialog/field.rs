//! Fields of a dialog: a label over a text box or a choice.

use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use crate::engine::ids::Text;
use crate::ui::context::use_ui;

#[derive(Properties, PartialEq)]
pub struct FieldProps {
    /// Key of the label.
    pub label: AttrValue,
    /// What stands in it.
    pub value: UseStateHandle<String>,
    /// Whether only digits make sense.
    #[prop_or_default]
    pub number: bool,
    /// Whether it may stay empty.
    #[prop_or_default]
    pub optional: bool,
    /// What is offered while it is filled in.
    #[prop_or_default]
    pub suggested: Vec<Text>,
    /// Whether it has the focus when the dialog opens.
    #[prop_or_default]
    pub first: bool,
}

/// A text box.
#[component]
pub fn Field(props: &FieldProps) -> Html {
    let ui = use_ui();
    let oninput = {
        let value = props.value.clone();
        Callback::from(move |event: InputEvent| {
            value.set(event.target_unchecked_into::<HtmlInputElement>().value());
        })
    };
    let list = (!props.suggested.is_empty()).then(|| format!("list-{}", props.label));
    html! {
        <label class="field">
            <span>{ ui.t(&props.label) }</span>
            <input class="num" value={(*props.value).clone()} {oninput} autocomplete="off"
                spellcheck="false" inputmode={props.number.then_some("numeric")}
                autofocus={props.first} required={!props.optional} list={list.clone()} />
            if let Some(id) = list {
                <datalist {id}>{ for props.suggested.iter().map(|word| html! { <option value={word.to_string()} /> }) }</datalist>
            }
        </label>
    }
}

#[derive(Properties, PartialEq)]
pub struct ChoiceProps {
    /// Key of the label.
    pub label: AttrValue,
    /// Which is chosen.
    pub value: UseStateHandle<String>,
    /// Values with their words.
    pub options: Vec<(AttrValue, AttrValue)>,
}

/// A choice.
#[component]
pub fn Choice(props: &ChoiceProps) -> Html {
    let ui = use_ui();
    let onchange = {
        let value = props.value.clone();
        Callback::from(move |event: Event| {
            value.set(event.target_unchecked_into::<HtmlSelectElement>().value());
        })
    };
    html! {
        <label class="field">
            <span>{ ui.t(&props.label) }</span>
            <select {onchange}>
                { for props.options.iter().map(|(value, words)| html! {
                    <option value={value} selected={**value == **props.value}>{ words }</option>
                }) }
            </select>
        </label>
    }
}

#[derive(Properties, PartialEq)]
pub struct FormProps {
    /// Key of the button that sends it.
    pub submit: AttrValue,
    /// What to do with it.
    pub on_submit: Callback<()>,
    /// Its fields.
    pub children: Html,
}

/// A form that Enter or its button sends.
#[component]
pub fn Form(props: &FormProps) -> Html {
    let ui = use_ui();
    let onsubmit = {
        let send = props.on_submit.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            send.emit(());
        })
    };
    html! {
        <form {onsubmit}>
            <div class="fields">{ props.children.clone() }</div>
            <footer><button class="btn primary" type="submit">{ ui.t(&props.submit) }</button></footer>
        </form>
    }
}

/// A number out of a field; `otherwise` when it is none.
pub fn number<T: std::str::FromStr>(text: &str, otherwise: T) -> T {
    text.trim().parse().unwrap_or(otherwise)
}
