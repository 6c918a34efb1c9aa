//! Adding a producer, and what dialogs for clients share.

use yew::prelude::*;

use crate::engine::command::{Acks, Command, Keys, ProducerSpec};
use crate::engine::ids::{Text, TopicName};
use crate::session::message::Msg;
use crate::ui::context::{Action, Ui, use_ui};
use crate::ui::dialog::Sheet;
use crate::ui::dialog::field::{Choice, Field, Form, number};

#[derive(Properties, PartialEq)]
pub struct AddClientProps {
    /// Topics to choose from.
    pub topics: Vec<Text>,
    /// Names that are taken.
    pub taken: Vec<Text>,
}

/// The dialog for a producer.
#[component]
pub fn AddProducer(props: &AddClientProps) -> Html {
    let ui = use_ui();
    let name = use_state(|| free_name(&["web", "pos", "app"], &props.taken));
    let topic = use_state(|| first(&props.topics));
    let defaults = use_state(|| "3.9".to_owned());
    let acks = use_state(|| "all".to_owned());
    {
        // The old defaults show what they are.
        let acks = acks.clone();
        use_effect_with((*defaults).clone(), move |release| {
            acks.set(if release == "2.3" { "1" } else { "all" }.to_owned());
        });
    }
    let rate = use_state(|| "10".to_owned());
    let linger = use_state(|| "0".to_owned());
    let keys = use_state(|| "0".to_owned());
    let on_submit = {
        let (ui, name, topic, acks) = (ui.clone(), name.clone(), topic.clone(), acks.clone());
        let (rate, linger, keys) = (rate.clone(), linger.clone(), keys.clone());
        let defaults = defaults.clone();
        Callback::from(move |()| {
            let mut spec = ProducerSpec::new(&TopicName::new(&topic)).with_defaults_of(&defaults);
            spec.acks = acks_of(&acks);
            spec.rate = number(&rate, 0);
            spec.linger_ms = number(&linger, 0);
            spec.keys = match number(&keys, 0) {
                0 => Keys::None,
                count => Keys::Cycle(count),
            };
            give(&ui, Command::AddProducer { name: name.trim().into(), spec });
        })
    };
    html! {
        <Sheet title="producer-title">
            <Form submit="submit-add" {on_submit}>
                <Field label="field-name" value={name} first=true />
                <TopicChoice topics={props.topics.clone()} value={topic} />
                <Choice label="field-defaults" value={defaults} options={release_options(&ui)} />
                <Choice label="field-acks" value={acks} options={acks_options(&ui)} />
                <Field label="field-rate" value={rate} number=true />
                <Field label="field-linger" value={linger} number=true />
                <Field label="field-keys" value={keys} number=true />
            </Form>
        </Sheet>
    }
}

#[derive(Properties, PartialEq)]
pub struct TopicChoiceProps {
    /// Topics to choose from.
    pub topics: Vec<Text>,
    /// The chosen one.
    pub value: UseStateHandle<String>,
}

/// A topic, to be chosen.
#[component]
pub fn TopicChoice(props: &TopicChoiceProps) -> Html {
    let ui = use_ui();
    if props.topics.is_empty() {
        return html! { <p class="dim wide">{ ui.t("no-topic") }</p> };
    }
    let word = |name: &Text| (AttrValue::from(name.to_string()), AttrValue::from(name.to_string()));
    let options: Vec<_> = props.topics.iter().map(word).collect();
    html! { <Choice label="field-topic" value={props.value.clone()} {options} /> }
}

/// Releases whose defaults a program may have, with words.
fn release_options(ui: &Ui) -> Vec<(AttrValue, AttrValue)> {
    vec![
        ("3.9".into(), ui.t("field-defaults-new").into()),
        ("2.3".into(), ui.t("field-defaults-old").into()),
    ]
}

/// What a producer's `acks` may be, with words.
pub fn acks_options(ui: &Ui) -> Vec<(AttrValue, AttrValue)> {
    vec![
        ("0".into(), ui.t("field-acks-0").into()),
        ("1".into(), ui.t("field-acks-1").into()),
        ("all".into(), ui.t("field-acks-all").into()),
    ]
}

fn acks_of(text: &str) -> Acks {
    match text {
        "0" => Acks::None,
        "1" => Acks::Leader,
        _ => Acks::All,
    }
}

/// Gives the world a command, and closes the dialog.
pub fn give(ui: &Ui, command: Command) {
    ui.act.emit(Action::tell(Msg::Apply(command)));
    ui.act.emit(Action::Close);
}

/// The first topic, or nothing.
pub fn first(topics: &[Text]) -> String {
    topics.first().map(ToString::to_string).unwrap_or_default()
}

/// The first of `wanted` that nobody has; then with a number behind it.
pub fn free_name(wanted: &[&str], taken: &[Text]) -> String {
    let is_free = |name: &str| !taken.iter().any(|other| &**other == name);
    let plain = wanted.iter().map(|name| (*name).to_owned());
    let numbered = (2u32..).map(|n| format!("{}{n}", wanted[0]));
    plain.chain(numbered).find(|name| is_free(name)).expect("numbers do not end")
}
