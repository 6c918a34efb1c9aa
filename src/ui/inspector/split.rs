//! The network between two sets of hosts: choose one side; the other is everybody else.

use std::collections::BTreeSet;

use yew::prelude::*;

use crate::engine::command::{Command, LinkState};
use crate::engine::ids::NodeId;
use crate::ui::context::use_ui;

#[derive(Properties, PartialEq)]
pub struct SplitFormProps {
    /// Every host, with its name.
    pub hosts: Vec<(NodeId, String)>,
    /// Who is on the side to begin with.
    pub first: Vec<NodeId>,
}

/// The form: hosts to choose from, and what becomes of the links between the two sides.
#[component]
pub fn SplitForm(props: &SplitFormProps) -> Html {
    let ui = use_ui();
    let first: BTreeSet<NodeId> = props.first.iter().copied().collect();
    let side = use_state(|| first);
    let host = |(node, name): &(NodeId, String)| {
        let (node, on) = (*node, side.contains(node));
        let onclick = {
            let side = side.clone();
            Callback::from(move |_: MouseEvent| {
                let mut next = (*side).clone();
                if !next.remove(&node) {
                    next.insert(node);
                }
                side.set(next);
            })
        };
        html! {
            <button class={classes!(on.then_some("on"))} aria-pressed={on.to_string()} {onclick}>{ name }</button>
        }
    };
    let all = props.hosts.iter().map(|(node, _)| *node);
    let (ours, theirs): (Vec<NodeId>, Vec<NodeId>) = all.partition(|node| side.contains(node));
    let none = ours.is_empty() || theirs.is_empty();
    let button = |(key, to): (&str, LinkState)| {
        let command = Command::Split { sides: vec![ours.clone(), theirs.clone()], to };
        html! { <button class="btn" disabled={none} onclick={ui.command(command)}>{ ui.t(key) }</button> }
    };
    let states = [
        ("split-heal", LinkState::Flows),
        ("split-hold", LinkState::Held),
        ("split-cut", LinkState::Cut),
    ];
    html! {
        <>
            <div class="choice">
                <span>{ ui.t("split-side") }</span>
                <span class="tabs" role="group" aria-label={ui.t("split-side")}>
                    { for props.hosts.iter().map(host) }
                </span>
            </div>
            <div class="la">{ for states.into_iter().map(button) }</div>
        </>
    }
}
