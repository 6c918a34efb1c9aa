//! Controls over the picture: real buttons and selects, and targets for the keyboard.
//!
//! The targets are one tab stop with a roving focus: arrows move, Enter selects, Delete kills. They
//! take no pointer, so that a touch is always found in code, messages first.

use std::rc::Rc;

use gloo::utils::document;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlSelectElement};
use yew::prelude::*;

use crate::engine::command::{Acks, Command};
use crate::engine::ids::{ClientId, NodeId, Text};
use crate::i18n::{Arg, Lang, tr};
use crate::ui::icon::{Icon, icon};
use crate::ui::stage::{StageAction, group, words};
use crate::view::scene::card::{BrokerCard, Control, ProducerCard};
use crate::view::scene::focus::{Arrow, Target, step, targets};
use crate::view::scene::path::{Rect, drawn};
use crate::view::scene::{Layout, Scene, Selection};

#[derive(Properties)]
pub struct ControlsProps {
    /// What they stand on.
    pub scene: Rc<Scene>,
    /// Language of the words.
    pub lang: Lang,
    /// What is selected.
    pub selection: Selection,
    /// Called with what was asked for.
    pub on_action: Callback<StageAction>,
}

impl PartialEq for ControlsProps {
    fn eq(&self, other: &ControlsProps) -> bool {
        Rc::ptr_eq(&self.scene, &other.scene)
            && self.lang == other.lang
            && self.selection == other.selection
            && self.on_action == other.on_action
    }
}

/// The controls.
#[component]
pub fn Controls(props: &ControlsProps) -> Html {
    let scene = &props.scene;
    let all = Rc::new(targets(scene));
    let current = use_state(|| 0_usize);
    let here = (*current).min(all.len().saturating_sub(1));
    let at_focus = {
        let current = current.setter();
        use_callback((), move |k: usize, ()| current.set(k))
    };
    let stops = all.iter().enumerate().map(|(k, target)| {
        let chosen = props.selection == target.selection;
        html! {
            <Stop scene={scene.clone()} all={all.clone()} {k} lang={props.lang} {chosen} current={k == here}
                at_focus={at_focus.clone()} on_action={props.on_action.clone()} />
        }
    });
    html! {
        <div class="stage-controls">
            <div role="group" aria-label={words::t(props.lang, "stage-label")}>{ for stops }</div>
            { for scene.picker.iter().map(|(at, partition, on)| {
                let select = StageAction::Select(Selection::Partition(partition.clone()));
                html! {
                    <button type="button" class={classes!("stage-pick", on.then_some("on"))} style={place(at)}
                        aria-pressed={on.to_string()} onclick={act(&props.on_action, select)}>{ partition.to_string() }</button>
                }
            }) }
            { for scene.brokers.iter().map(|card| broker_buttons(props, card)) }
            { for scene.producers.iter().map(|card| producer_controls(props, card)) }
        </div>
    }
}

fn place(at: &Rect) -> String {
    drawn("left:~px;top:~px;width:~px;height:~px", &[at.x, at.y, at.w, at.h])
}

/// A callback that asks for an action and keeps the touch from the picture under the button.
fn act(on_action: &Callback<StageAction>, action: StageAction) -> Callback<MouseEvent> {
    let on_action = on_action.clone();
    Callback::from(move |event: MouseEvent| {
        event.stop_propagation();
        on_action.emit(action.clone());
    })
}

/// One target: it is drawn anew when what it stands on changes, not when anything does.
#[derive(Properties)]
struct StopProps {
    scene: Rc<Scene>,
    all: Rc<Vec<Target>>,
    k: usize,
    lang: Lang,
    chosen: bool,
    current: bool,
    at_focus: Callback<usize>,
    on_action: Callback<StageAction>,
}

impl PartialEq for StopProps {
    fn eq(&self, other: &StopProps) -> bool {
        let told =
            |stop: &StopProps| (stop.k, stop.lang, stop.chosen, stop.current, stop.all.len());
        told(self) == told(other)
            && (self.at_focus == other.at_focus && self.on_action == other.on_action)
            && self.all[self.k] == other.all[other.k]
            && self.scene.layout == other.scene.layout
            && self.is_labelled_as(other)
    }
}

impl StopProps {
    /// Whether the label of the target, which is the same in both, says the same.
    fn is_labelled_as(&self, other: &StopProps) -> bool {
        match self.all[self.k].replica {
            Some((b, r)) => self.scene.brokers[b].replicas[r] == other.scene.brokers[b].replicas[r],
            None => {
                let state = |scene: &Scene| match self.all[self.k].selection {
                    Selection::Broker(id) => {
                        scene.brokers.iter().find(|card| card.id == id).map(|card| card.state)
                    }
                    _ => None,
                };
                let is_told = matches!(
                    self.all[self.k].selection,
                    Selection::Group(_) | Selection::Consumer(_)
                );
                state(&self.scene) == state(&other.scene)
                    && (!is_told || self.scene.groups == other.scene.groups)
            }
        }
    }
}

#[component]
fn Stop(props: &StopProps) -> Html {
    let StopProps { scene, all, k, chosen, current, .. } = props;
    let (k, target) = (*k, &all[*k]);
    let onfocus = props.at_focus.reform(move |_: FocusEvent| k);
    let onkeydown = {
        let (all, on_action, scene) = (all.clone(), props.on_action.clone(), scene.clone());
        Callback::from(move |event: KeyboardEvent| {
            if let Some(arrow) = Arrow::of_key(&event.key()) {
                event.prevent_default();
                event.stop_propagation();
                focus(step(&all, k, arrow));
            } else if event.key() == "Delete"
                && let Selection::Broker(id) = all[k].selection
                && scene.brokers.iter().any(|card| card.id == id && card.state.is_up())
            {
                event.stop_propagation();
                on_action.emit(StageAction::Give(Command::Kill { node: NodeId::Broker(id) }));
            }
        })
    };
    let onclick = act(&props.on_action, select(scene, target));
    html! {
        <button type="button" id={id_of(k)} class="stage-target" style={place(&target.rect)}
            tabindex={if *current { "0" } else { "-1" }} aria-label={label(scene, props.lang, target)}
            aria-pressed={chosen.to_string()} {onfocus} {onkeydown} {onclick}></button>
    }
}

/// What choosing a target asks for: of a strip, its replica.
fn select(scene: &Scene, target: &Target) -> StageAction {
    match target.replica {
        Some((b, r)) => {
            let card = &scene.brokers[b];
            StageAction::Look(card.replicas[r].partition.clone(), card.id)
        }
        None => StageAction::Select(target.selection.clone()),
    }
}

fn id_of(k: usize) -> String {
    format!("stage-target-{k}")
}

fn focus(k: usize) {
    let element = document().get_element_by_id(&id_of(k));
    if let Some(element) = element.and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
        // An element of this page can take the focus; if it cannot, the focus stays.
        let _ = element.focus();
    }
}

/// What a screen reader says of a target.
fn label(scene: &Scene, lang: Lang, target: &Target) -> String {
    if let Some((b, r)) = target.replica {
        let (card, replica) = (&scene.brokers[b], &scene.brokers[b].replicas[r]);
        let args = [
            ("partition", Arg::from(replica.partition.to_string())),
            ("broker", Arg::from(card.id.0)),
            ("role", Arg::from(words::role(lang, replica))),
            ("leo", Arg::from(replica.strip.leo.offset.0)),
            ("hw", Arg::from(replica.strip.hw.offset.0)),
        ];
        return tr(lang, "stage-replica-label", &args);
    }
    match &target.selection {
        Selection::Broker(id) => {
            let state = scene.brokers.iter().find(|card| card.id == *id).map(|card| card.state);
            let state = state.map(|state| words::state(lang, state)).unwrap_or_default();
            tr(lang, "stage-broker-label", &[("id", Arg::from(id.0)), ("state", Arg::from(state))])
        }
        Selection::Producer(id) => {
            let name = scene.producers.iter().find(|p| p.id == *id).map(|p| p.name.to_string());
            words::t1(lang, "stage-producer-label", "name", name.unwrap_or_default())
        }
        Selection::Consumer(id) => {
            let name = scene.consumers.iter().find(|c| c.id == *id).map(|c| c.name.to_string());
            match name {
                Some(name) => words::t1(lang, "stage-consumer-label", "name", name),
                None => member_label(scene, lang, *id),
            }
        }
        Selection::Group(id) => group_label(scene, lang, id),
        _ => words::t(lang, "stage-zookeeper"),
    }
}

fn group_label(scene: &Scene, lang: Lang, id: &Text) -> String {
    let Some(card) = scene.groups.iter().find(|card| card.id == *id) else { return String::new() };
    let state = card.state.map_or_else(|| words::t(lang, "group-unknown"), |s| s.name().to_owned());
    let args = [
        ("name", Arg::from(id.to_string())),
        ("state", Arg::from(state)),
        ("members", Arg::from(card.rows.len() as u64 + u64::from(card.more))),
        ("lag", Arg::from(card.lag)),
    ];
    tr(lang, "group-label", &args)
}

fn member_label(scene: &Scene, lang: Lang, id: ClientId) -> String {
    let rows = scene.groups.iter().flat_map(|card| card.rows.iter().map(move |row| (card, row)));
    let Some((card, row)) = rows.into_iter().find(|(_, row)| row.consumer == Some(id)) else {
        return String::new();
    };
    let owned = row.chips.iter().filter(|chip| !chip.given_up);
    let owned: Vec<String> = owned.map(|chip| chip.partition.to_string()).collect();
    let args = [
        ("name", Arg::from(row.name.to_string())),
        ("group", Arg::from(card.id.to_string())),
        ("doing", Arg::from(group::doing(row, lang))),
        ("count", Arg::from(owned.len() as u64 + u64::from(row.more))),
        ("partitions", Arg::from(owned.join(", "))),
    ];
    tr(lang, "member-label", &args)
}

fn broker_buttons(props: &ControlsProps, card: &BrokerCard) -> Html {
    let node = NodeId::Broker(card.id);
    let touch = props.scene.layout == Layout::Upright;
    let button = |(control, at): &(Control, Rect)| {
        let (class, label, command) = match control {
            Control::Start => ("start", "stage-start-label", Command::Start { node }),
            Control::Stop => ("stop", "stage-stop-label", Command::Stop { node }),
            Control::Kill => ("kill", "stage-kill-label", Command::Kill { node }),
            Control::Pause => ("pause", "stage-pause-label", Command::Pause { node }),
            Control::Resume => ("resume", "stage-resume-label", Command::Resume { node }),
        };
        let face = match control {
            Control::Start => words::t(props.lang, "stage-start").into(),
            Control::Kill => words::t(props.lang, "stage-kill").into(),
            Control::Stop => icon(Icon::Stop),
            Control::Pause => icon(Icon::Pause),
            Control::Resume => icon(Icon::Play),
        };
        let label = words::t1(props.lang, label, "id", card.id.0);
        html! {
            <button type="button" class={classes!("stage-button", class, touch.then_some("touch"))} style={place(at)}
                title={label.clone()} aria-label={label} onclick={act(&props.on_action, StageAction::Give(command))}>
                { face }
            </button>
        }
    };
    html! { <>{ for card.controls.iter().map(button) }</> }
}

fn producer_controls(props: &ControlsProps, card: &ProducerCard) -> Html {
    let lang = props.lang;
    let onchange = {
        let (on_action, name) = (props.on_action.clone(), card.name.clone());
        Callback::from(move |event: Event| {
            let select = event.target().and_then(|t| t.dyn_into::<HtmlSelectElement>().ok());
            let acks = select.and_then(|select| acks_of(&select.value()));
            if let Some(acks) = acks {
                on_action.emit(StageAction::SetAcks(name.clone(), acks));
            }
        })
    };
    let option = |acks: Acks| {
        let value = words::acks(acks);
        html! { <option {value} selected={acks == card.acks}>{ format!("acks={value}") }</option> }
    };
    let name = || card.name.to_string();
    let up = card.state.is_up();
    html! {
        <>
            <select class="stage-acks" style={place(&card.select)} {onchange} disabled={!up}
                onclick={Callback::from(|event: MouseEvent| event.stop_propagation())}
                title={words::t(lang, "stage-acks-hint")}
                aria-label={words::t1(lang, "stage-acks-label", "name", name())}>
                { for [Acks::None, Acks::Leader, Acks::All].into_iter().map(option) }
            </select>
            <button type="button" class="stage-button send" style={place(&card.send)} disabled={!up}
                aria-label={words::t1(lang, "stage-send-label", "name", name())}
                title={words::t1(lang, "stage-send-label", "name", name())}
                onclick={act(&props.on_action, StageAction::SendOne(card.name.clone()))}>
                { words::t(lang, "stage-send") }
            </button>
        </>
    }
}

fn acks_of(value: &str) -> Option<Acks> {
    [Acks::None, Acks::Leader, Acks::All].into_iter().find(|acks| words::acks(*acks) == value)
}
