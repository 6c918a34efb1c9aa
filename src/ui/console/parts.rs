//! What stands around the screen: terminals and their machine above it, how the tool fares beneath it,
//! and keys for those who have none.

use web_sys::HtmlSelectElement;
use yew::prelude::*;

use crate::console::line::reads_input;
use crate::engine::ids::{BrokerId, Text};
use crate::i18n::Arg;
use crate::session::message;
use crate::session::playback::SPEEDS;
use crate::ui::console::field::stay;
use crate::ui::console::{Console, Msg, new_terminal, show};
use crate::ui::context::Action;
use crate::ui::format;
use crate::ui::icon::{Icon, icon};

/// Keys as they are written on them.
const TAB: &str = "Tab";
const UP: &str = "↑";

impl Console {
    /// Terminals, the machine, and what can be done with the screen.
    pub(super) fn header(&self, ctx: &Context<Console>) -> Html {
        let ui = &ctx.props().ui;
        let copied = if self.copied { "console-copied" } else { "console-copy" };
        html! {
            <header class="ph">
                <h2>{ ui.t("console-title") }</h2>
                { self.terminals(ctx) }
                <span class="sp"></span>
                <span class="keys-hint dim3" aria-hidden="true">
                    <kbd>{ TAB }</kbd>{ ui.t("console-completes") }<kbd>{ UP }</kbd>{ ui.t("console-history") }
                </span>
                { self.machines(ctx) }
                <button class="btn quiet sm" onclick={ctx.link().callback(|_| Msg::Copy)} aria-live="polite">{ ui.t(copied) }</button>
                <button class="btn quiet icon sm" aria-label={ui.t("console-close")} onclick={ui.on(Console::closing())}>
                    { icon(Icon::Close) }
                </button>
            </header>
        }
    }

    fn terminals(&self, ctx: &Context<Console>) -> Html {
        let props = ctx.props();
        let ui = &props.ui;
        let all = &props.shown.0.terminals;
        let mut names: Vec<(Text, Option<Text>)> = all
            .iter()
            .map(|terminal| {
                let tool = terminal.argv.first().filter(|_| terminal.is_running);
                (terminal.name.clone(), tool.cloned())
            })
            .collect();
        if !all.iter().any(|terminal| terminal.name == props.terminal) {
            names.push((props.terminal.clone(), None));
        }
        let fresh = {
            let (ui, name) = (ui.clone(), new_terminal(all, &props.terminal));
            Callback::from(move |_: MouseEvent| show(&ui, name.clone()))
        };
        let tab = |(name, tool): &(Text, Option<Text>)| {
            let is_shown = *name == props.terminal;
            let mut args = vec![("name", Arg::from(&**name))];
            args.extend(tool.as_ref().map(|tool| ("tool", Arg::from(&**tool))));
            let key = if tool.is_some() { "console-terminal-running" } else { "console-terminal" };
            let onclick = {
                let (ui, name) = (ui.clone(), name.clone());
                Callback::from(move |_: MouseEvent| show(&ui, name.clone()))
            };
            html! {
                <button class={classes!(is_shown.then_some("on"), tool.is_some().then_some("runs"))}
                    aria-pressed={is_shown.to_string()} aria-label={ui.tr(key, &args)} {onclick}>{ &**name }</button>
            }
        };
        html! {
            <>
                <div class="tabs num" role="group" aria-label={ui.t("console-terminals")}>{ for names.iter().map(tab) }</div>
                <button class="btn quiet icon sm" aria-label={ui.t("console-new")} onclick={fresh}>{ icon(Icon::Plus) }</button>
            </>
        }
    }

    /// Where the next tool runs.
    fn machines(&self, ctx: &Context<Console>) -> Html {
        let props = ctx.props();
        let ui = &props.ui;
        let here = self.machine(ctx);
        let onchange = ctx.link().callback(|event: Event| {
            let chosen = event.target_unchecked_into::<HtmlSelectElement>().value();
            Msg::Go(chosen.parse().ok().map(BrokerId))
        });
        let option = |host: Option<BrokerId>| {
            let value = host.map(|id| id.to_string()).unwrap_or_default();
            let words = host.map_or_else(|| ui.t("console-machine-client"), |id| format!("b{id}"));
            html! { <option {value} selected={host == here}>{ words }</option> }
        };
        let brokers = props.shown.0.known.brokers.iter().map(|(id, _)| Some(*id));
        html! {
            <select class="machine num" aria-label={ui.t("console-machine")} {onchange} disabled={self.running(ctx).is_some()}>
                { for std::iter::once(None).chain(brokers).map(option) }
            </select>
        }
    }

    /// How the tool fares, where it needs saying, and what can be done about it.
    pub(super) fn status(&self, ctx: &Context<Console>) -> Html {
        let props = ctx.props();
        let ui = &props.ui;
        let tool = self.running(ctx).and_then(|argv| argv.first()).map(|tool| Arg::from(&**tool));
        let button = |key: &str, msg: message::Msg| {
            html! { <button class="btn sm" onmousedown={stay()} onclick={ui.on(Action::tell(msg))}>{ ui.t(key) }</button> }
        };
        let real_time = SPEEDS.iter().position(|speed| *speed == (1, 1)).unwrap_or_default();
        let real_time = u8::try_from(real_time).unwrap_or(u8::MAX);
        let (words, buttons) = match tool {
            _ if self.refusal.is_some() => {
                let refusal = self.refusal.as_ref();
                let what = refusal.map(|refusal| refusal.what()).unwrap_or_default();
                let key = refusal.map(|refusal| refusal.key()).unwrap_or_default();
                (ui.tr(key, &[("what", Arg::from(what))]), Html::default())
            }
            None => (String::new(), Html::default()),
            Some(tool) if !props.playing => {
                let play = button("console-play", message::Msg::Play);
                let step = button("console-step", message::Msg::StepEvent);
                (ui.tr("console-waits", &[("tool", tool)]), html! { <>{ play }{ step }</> })
            }
            Some(tool) if props.speed < real_time => {
                let speed = format::speed(props.speed);
                let words = ui.tr("console-slow", &[("tool", tool), ("speed", Arg::from(speed))]);
                (words, button("console-real-time", message::Msg::SetSpeed(real_time)))
            }
            Some(tool) => (ui.tr("console-runs", &[("tool", tool)]), Html::default()),
        };
        let ahead = (!self.ahead.is_empty())
            .then(|| ui.tr("console-ahead", &[("count", Arg::from(self.ahead.len() as u64))]));
        let ends = self.running(ctx).map(|argv| {
            ui.t(if reads_input(argv) { "console-ends-input" } else { "console-ends" })
        });
        html! {
            <div class="state-line">
                <p role="status">{ words }{ ahead.map(|ahead| format!(" {ahead}")) }</p>
                { buttons }
                if let Some(ends) = ends { <span class="dim3">{ ends }</span> }
            </div>
        }
    }

    /// Keys that a phone has not.
    pub(super) fn chips(&self, ctx: &Context<Console>) -> Html {
        let ui = &ctx.props().ui;
        let chip = |key: &str, picture: &'static str, msg: fn() -> Msg| {
            let onclick = ctx.link().callback(move |_: MouseEvent| msg());
            html! { <button class="btn num" aria-label={ui.t(key)} onmousedown={stay()} {onclick}>{ picture }</button> }
        };
        html! {
            <div class="chips">
                { chip("console-key-complete", TAB, || Msg::Complete) }
                { chip("console-key-interrupt", "Ctrl-C", || Msg::Interrupt) }
                { chip("console-key-end", "Ctrl-D", || Msg::End) }
                { chip("console-key-older", UP, || Msg::Recall { older: true }) }
                { chip("console-key-newer", "↓", || Msg::Recall { older: false }) }
            </div>
        }
    }
}
