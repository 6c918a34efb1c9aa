//! A client program: what it does, how far it is, and what can be changed about it.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::engine::command::{Acks, Command, RecordSpec};
use crate::engine::ids::{ClientId, NodeId, Text};
use crate::session::message::Msg;
use crate::ui::context::{Action, Ui, use_ui};
use crate::ui::inspector::{
    accumulator, facts, group, head, pill, process_buttons, reading, state_key,
};
use crate::view::cluster::{ClusterView, ConsumerView, ProducerView};
use crate::view::inside::{ConsumerInside, ProducerInside};

/// Shows a producer.
pub fn producer(
    ui: &Ui,
    cluster: &ClusterView,
    id: ClientId,
    inside: Option<&ProducerInside>,
) -> Option<Html> {
    let found = cluster.producers.iter().find(|producer| producer.id == id)?;
    Some(show_producer(ui, found, inside))
}

/// Shows a consumer.
pub fn consumer(
    ui: &Ui,
    cluster: &ClusterView,
    id: ClientId,
    inside: Option<&ConsumerInside>,
) -> Option<Html> {
    let found = cluster.consumers.iter().find(|consumer| consumer.id == id)?;
    Some(show_consumer(ui, cluster, found, inside))
}

fn show_producer(ui: &Ui, producer: &ProducerView, inside: Option<&ProducerInside>) -> Html {
    let queued: u64 = producer.queued.iter().map(|(_, count)| u64::from(*count)).sum();
    let badge = pill(ui.t("add-producer"), false);
    html! {
        <>
            { head(ui, producer.name.to_string(), Some(badge)) }
            <p>{ ui.t(state_key(producer.state)) }</p>
            { process_buttons(ui, NodeId::Client(producer.id), producer.state) }
            <div class="setting"><span class="mono">{ ui.t("producer-acks") }</span>{ acks(ui, producer) }</div>
            <div class="setting"><span>{ ui.t("producer-rate") }</span>{ rate(ui, producer) }</div>
            <SendForm name={producer.name.clone()} />
            { facts(vec![
                (ui.t("client-topic"), producer.topic.to_string()),
                (ui.t("producer-queued"), queued.to_string()),
                (ui.t("producer-in-flight"), producer.in_flight.to_string()),
                (ui.t("producer-sent"), producer.sent.to_string()),
                (ui.t("producer-acked"), producer.acked.to_string()),
                (ui.t("producer-failed"), producer.failed.to_string()),
            ]) }
            { for inside.map(|inside| accumulator::show(ui, inside)) }
        </>
    }
}

fn set(producer: &ProducerView, key: &str, value: &str) -> Command {
    Command::SetClient { name: producer.name.clone(), key: key.into(), value: value.into() }
}

fn acks(ui: &Ui, producer: &ProducerView) -> Html {
    let all = [(Acks::None, "0"), (Acks::Leader, "1"), (Acks::All, "all")];
    html! {
        <span class="tabs" role="group" aria-label={ui.t("producer-acks")}>
            { for all.into_iter().map(|(acks, word)| html! {
                <button class={classes!((producer.acks == acks).then_some("on"))}
                    aria-pressed={(producer.acks == acks).to_string()}
                    onclick={ui.command(set(producer, "acks", word))}>{ word }</button>
            }) }
        </span>
    }
}

fn rate(ui: &Ui, producer: &ProducerView) -> Html {
    html! {
        <span class="tabs" role="group" aria-label={ui.t("producer-rate")}>
            { for [0u32, 1, 10, 100, 1_000].into_iter().map(|rate| html! {
                <button class={classes!((producer.rate == rate).then_some("on"))}
                    aria-pressed={(producer.rate == rate).to_string()}
                    onclick={ui.command(set(producer, "rate", &rate.to_string()))}>{ rate }</button>
            }) }
        </span>
    }
}

#[derive(Properties, PartialEq)]
struct SendFormProps {
    name: Text,
}

/// Hands the producer one record.
#[component]
fn SendForm(props: &SendFormProps) -> Html {
    let ui = use_ui();
    let input = use_node_ref();
    let onsubmit = {
        let (act, input, name) = (ui.act.clone(), input.clone(), props.name.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(input) = input.cast::<HtmlInputElement>() else { return };
            let value = input.value();
            if !value.is_empty() {
                let record =
                    RecordSpec { key: None, value: value.as_str().into(), partition: None };
                let command = Command::Send { name: name.clone(), records: vec![record] };
                act.emit(Action::tell(Msg::Apply(command)));
                input.set_value("");
            }
        })
    };
    html! {
        <form class="send" {onsubmit}>
            <input ref={input} aria-label={ui.t("producer-send-label")} placeholder={ui.t("producer-send-label")}
                autocomplete="off" maxlength="1000" />
            <button class="btn" type="submit">{ ui.t("producer-send") }</button>
        </form>
    }
}

fn show_consumer(
    ui: &Ui,
    cluster: &ClusterView,
    consumer: &ConsumerView,
    inside: Option<&ConsumerInside>,
) -> Html {
    let badge = pill(ui.t("add-consumer"), false);
    html! {
        <>
            { head(ui, consumer.name.to_string(), Some(badge)) }
            <p>{ ui.t(state_key(consumer.state)) }</p>
            { group::link_to(ui, cluster, NodeId::Client(consumer.id)) }
            { process_buttons(ui, NodeId::Client(consumer.id), consumer.state) }
            { facts(vec![
                (ui.t("client-topic"), consumer.follows.to_string()),
                (ui.t("consumer-received"), consumer.received.to_string()),
            ]) }
            { for inside.map(|inside| reading::show(ui, cluster, consumer.id, inside)) }
            if !consumer.newest.is_empty() {
                <h3>{ ui.t("consumer-newest") }</h3>
                <ul class="plain mono">{ for consumer.newest.iter().rev().map(|value| html! { <li>{ &**value }</li> }) }</ul>
            }
        </>
    }
}
