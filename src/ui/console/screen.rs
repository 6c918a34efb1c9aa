//! The screen: what was typed and printed, as text that can be selected, with what to try beside an
//! answer that refuses.

use yew::prelude::*;

use crate::console::help;
use crate::console::hint::{hint, note};
use crate::console::line::{EXAMPLES, prompt};
use crate::engine::event::ToolStream;
use crate::engine::ids::{BrokerId, Text};
use crate::i18n::Arg;
use crate::scenario::shell_words;
use crate::session::terminals::{Line, Said};
use crate::ui::console::{Console, Msg};
use crate::ui::context::Ui;

/// What a terminal shows for keys and words that are the same in every language.
const CTRL_C: &str = "^C";
const CTRL_D: &str = "^D";
const ECHO: &str = "echo";
/// SIGINT: the person ended the tool and knows it.
const INTERRUPTED: i32 = 130;

impl Console {
    /// The lines of the terminal.
    pub(super) fn screen(&self, ctx: &Context<Console>) -> Html {
        let props = ctx.props();
        let (ui, shown) = (&props.ui, &props.shown.0);
        let cleared = self.cleared.get(&props.terminal).copied().unwrap_or_default();
        let all = &shown.screen.lines;
        let from = all.partition_point(|line| line.event < cleared);
        let name = [("name", Arg::from(&*props.terminal))];
        let is_new = all.is_empty();
        html! {
            <>
                if shown.screen.is_cut && from == 0 {
                    <p class="note">{ ui.t("console-older") }</p>
                }
                if is_new { { self.welcome(ctx) } }
                <div key={&*props.terminal} class="screen" role="log" aria-label={ui.tr("console-screen", &name)}>
                    { for (from..all.len()).filter(|i| is_shown(all, *i)).map(|i| self.line_of(ctx, i)) }
                </div>
            </>
        }
    }

    fn line_of(&self, ctx: &Context<Console>, index: usize) -> Html {
        let ui = &ctx.props().ui;
        let all = &ctx.props().shown.0.screen.lines;
        let line = &all[index];
        let body = match &line.said {
            Said::Ran { host, argv } => html! { <>{ machine(ui, *host) }{ words(argv) }</> },
            Said::Wrote { file, text } => {
                let text = shell_words::join(&[text.trim_end_matches('\n').into()]);
                let file = shell_words::join(std::slice::from_ref(file));
                html! { <>{ machine(ui, None) }<b>{ ECHO }</b>{ format!(" {text} > {file}") }</> }
            }
            Said::Typed(text) => {
                html! { <><span class="ps">{ prompt(argv(all, index)) }</span>{ text }</> }
            }
            Said::Ended => html! { <span class="note">{ CTRL_D }</span> },
            Said::Interrupted => html! { <span class="note">{ CTRL_C }</span> },
            Said::Printed { stream: ToolStream::Options, text, .. } => {
                let list = self.lists.get(text).unwrap_or("…");
                html! { { help::padded(list).join("\n") } }
            }
            Said::Printed { text, .. } => html! { { text } },
            Said::Exited(code) => return self.exit(ctx, index, *code),
            Said::Killed => html! { <span class="note">{ ui.t("console-killed") }</span> },
        };
        html! { <div key={line.event.0} class="ln">{ body }</div> }
    }

    /// How a tool ended, where it matters, and what to try instead.
    fn exit(&self, ctx: &Context<Console>, index: usize, code: i32) -> Html {
        let (ui, shown) = (&ctx.props().ui, &ctx.props().shown.0);
        let all = &shown.screen.lines;
        if code == 0 {
            let note = note(argv(all, index)).map(|phrase| phrase.text(ui.lang));
            return html! { <div key={all[index].event.0} class="ln"><p class="try">{ note }</p></div> };
        }
        let hint = hint(argv(all, index), &shown.known).map(|phrase| phrase.text(ui.lang));
        let code = [("code", Arg::from(i64::from(code)))];
        html! {
            <div key={all[index].event.0} class="ln">
                <span class="note">{ ui.tr("console-exit", &code) }</span>
                if let Some(hint) = hint { <p class="try">{ hint }</p> }
            </div>
        }
    }

    /// What to do here, on a screen without a line.
    fn welcome(&self, ctx: &Context<Console>) -> Html {
        let ui = &ctx.props().ui;
        let example = |line: &'static str| {
            let put = ctx.link().callback(move |_: MouseEvent| Msg::Put(line));
            html! { <li><button class="example" onclick={put}>{ line }</button></li> }
        };
        html! {
            <div class="welcome">
                <p>{ ui.t("console-empty-line") }</p>
                <ul>{ for EXAMPLES.iter().map(|line| example(line)) }</ul>
            </div>
        }
    }

    /// The whole screen as text, to be copied.
    pub(super) fn text(&self, ctx: &Context<Console>) -> String {
        let all = &ctx.props().shown.0.screen.lines;
        let mut text = String::new();
        for (index, line) in all.iter().enumerate() {
            match &line.said {
                Said::Ran { argv, .. } => text += &format!("$ {}", shell_words::join(argv)),
                Said::Wrote { file, text: held } => {
                    let words = shell_words::join(&[held.trim_end_matches('\n').into()]);
                    text += &format!("$ echo {words} > {file}");
                }
                Said::Typed(typed) => text += &format!("{}{typed}", prompt(argv(all, index))),
                Said::Ended => text += "^D",
                Said::Interrupted => text += "^C",
                Said::Printed { stream: ToolStream::Options, text: tool, .. } => {
                    text += &help::padded(self.lists.get(tool).unwrap_or_default()).join("\n");
                }
                Said::Printed { text: line, .. } => text += line,
                Said::Exited(_) | Said::Killed => continue,
            }
            text.push('\n');
        }
        text
    }
}

/// A tool that ended as it should, or because somebody ended it, says so by the next prompt; unless there
/// is something to know about what it did.
fn is_shown(all: &[Line], index: usize) -> bool {
    match all[index].said {
        Said::Exited(0) => note(argv(all, index)).is_some(),
        Said::Exited(INTERRUPTED) => false,
        _ => true,
    }
}

/// What stands before a line: the machine.
pub(super) fn machine(ui: &Ui, host: Option<BrokerId>) -> Html {
    let name = host.map_or_else(|| ui.t("console-machine-client"), |id| format!("b{id}"));
    html! { <span class="ps">{ format!("{name} $ ") }</span> }
}

fn words(argv: &[Text]) -> Html {
    let Some((tool, rest)) = argv.split_first() else { return Html::default() };
    let rest = shell_words::join(rest);
    html! { <><b>{ shell_words::join(std::slice::from_ref(tool)) }</b>{ format!(" {rest}") }</> }
}

/// The command line of the tool that a line belongs to.
fn argv(all: &[Line], index: usize) -> &[Text] {
    let ran = all[..index].iter().rev().find_map(|line| match &line.said {
        Said::Ran { argv, .. } => Some(&**argv),
        _ => None,
    });
    ran.unwrap_or_default()
}
