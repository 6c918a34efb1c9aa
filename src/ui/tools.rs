//! The tools row: what a touch of the stage does, and what can be added to the world.

use yew::prelude::*;

use crate::engine::event::Invariant;
use crate::i18n::Arg;
use crate::ui::context::{Action, Dialog, Ui, use_ui};
use crate::ui::icon::{Icon, icon};

/// What a touch of the stage does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tool {
    /// Look at it.
    #[default]
    Select,
    /// End the broker's process.
    Kill,
    /// Hold the link, or heal it.
    Hold,
    /// Cut the link, or heal it.
    Cut,
    /// Drop the message.
    Drop,
}

impl Tool {
    const ALL: [(Tool, Icon, &'static str, &'static str, &'static str); 5] = [
        (Tool::Select, Icon::Select, "V", "tool-select", "tool-select-hint"),
        (Tool::Kill, Icon::PowerOff, "K", "tool-kill", "tool-kill-hint"),
        (Tool::Hold, Icon::Hourglass, "H", "tool-hold", "tool-hold-hint"),
        (Tool::Cut, Icon::Unplug, "C", "tool-cut", "tool-cut-hint"),
        (Tool::Drop, Icon::PackageX, "D", "tool-drop", "tool-drop-hint"),
    ];

    /// The tool of a key.
    pub fn of_key(key: &str) -> Option<Tool> {
        let named = |(_, _, letter, _, _): &&(Tool, Icon, &str, &str, &str)| {
            key.eq_ignore_ascii_case(letter)
        };
        Tool::ALL.iter().find(named).map(|(tool, ..)| *tool)
    }
}

#[derive(Properties, PartialEq)]
pub struct ToolsProps {
    /// The tool in hand.
    pub tool: Tool,
    /// How many broken rules the checker found.
    pub broken: u32,
}

/// The tools row.
#[component]
pub fn Tools(props: &ToolsProps) -> Html {
    let ui = use_ui();
    let tools = Tool::ALL.iter().map(|(tool, picture, letter, name, hint)| {
        let is_on = *tool == props.tool;
        let name = ui.t(name);
        html! {
            <button class={classes!("tool", is_on.then_some("on"))} aria-pressed={is_on.to_string()}
                title={format!("{} ({letter})", ui.t(hint))} onclick={ui.on(Action::Tool(*tool))}>
                { icon(*picture) }<span>{ name }</span>
            </button>
        }
    });
    let add = |key: &str, dialog| {
        html! {
            <button class="tool" onclick={ui.on(Action::Open(dialog))}>
                { icon(Icon::Plus) }<span>{ ui.t(key) }</span>
            </button>
        }
    };
    html! {
        <div class="foot">
            <div class="tools" role="toolbar" aria-label={ui.t("tools-label")}>{ for tools }</div>
            <div class="tools add" role="group" aria-label={ui.t("add-label")}>
                { add("add-producer", Dialog::AddProducer) }
                { add("add-consumer", Dialog::AddConsumer) }
                { add("add-topic", Dialog::AddTopic) }
            </div>
            <div class="tools"><button class={classes!("tool", (props.broken > 0).then_some("broken"))}
                onclick={ui.on(Action::Open(Dialog::Marks))}>
                { icon(if props.broken > 0 { Icon::Close } else { Icon::Check }) }
                <span>{ checked(&ui, props.broken) }</span>
            </button></div>
        </div>
    }
}

/// What the checker has to say, always on.
fn checked(ui: &Ui, broken: u32) -> String {
    match broken {
        0 => ui.tr("rules-hold", &[("count", Arg::from(Invariant::ALL.len() as u64))]),
        _ => ui.tr("rules-broken", &[("count", Arg::from(broken))]),
    }
}
