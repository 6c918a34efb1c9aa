//! The console: terminals of the world, a screen each, and a line to type on.
//!
//! It shows what the session folded from events, and turns what is typed into commands; it runs only
//! while it is open. What belongs to the person and not to the world is here: the line being typed, the
//! history, and what the screen was cleared of.

mod field;
mod keys;
mod lists;
mod parts;
mod screen;
mod submit;

use std::collections::{BTreeMap, VecDeque};

use gloo::utils::window;
use web_sys::{Element, HtmlInputElement};
use yew::prelude::*;

use crate::console::complete::{self, Completion};
use crate::console::history::History;
use crate::console::line::{self, Refusal};
use crate::engine::ids::{BrokerId, EventId, Text};
use crate::session::terminals::{Screen, TerminalView};
use crate::ui::context::{Action, Shared, Ui};
use crate::ui::effects::{clipboard, kept};
use crate::view::known::Known;

use lists::Lists;

/// Where the history is kept between visits.
const HISTORY_KEY: &str = "highwater.history";
/// From this width on the console stands beside the stage, and its line has the focus when it opens;
/// below, it is a tab, and a focus would open a keyboard.
const BESIDE_FROM: &str = "(min-width: 1024px)";

/// What somebody asked of the console as a part of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsoleAction {
    /// Open it, or close it.
    Toggle,
    /// Look at this terminal; one that no tool has run at yet is a new one.
    Show(Text),
}

/// What the console shows of the session.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// Every terminal.
    pub terminals: Vec<TerminalView>,
    /// The screen of the one that is looked at.
    pub screen: Screen,
    /// Names that a line may hold.
    pub known: Known,
    /// The id of the next event.
    pub next: EventId,
}

#[derive(Properties, PartialEq)]
pub struct ConsoleProps {
    /// The page's language and where to ask.
    pub ui: Ui,
    /// The terminal that is looked at.
    pub terminal: Text,
    /// What it shows.
    pub shown: Shared<Shown>,
    /// Whether time passes.
    pub playing: bool,
    /// How fast: an index of the session's speeds.
    pub speed: u8,
    /// Whether somebody opened it just now: then the line has the focus.
    pub takes_focus: bool,
}

/// What happens in the console.
pub enum Msg {
    /// Something was typed into the line.
    Edited,
    /// The line is sent.
    Send,
    /// Several lines were pasted.
    Pasted(String),
    /// The word at the cursor is to be completed.
    Complete,
    /// This candidate is taken.
    Take(usize),
    /// The candidate after the one chosen, or before it.
    Choose {
        /// After.
        forward: bool,
    },
    /// An older line of the history, or a newer one.
    Recall {
        /// Older.
        older: bool,
    },
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D.
    End,
    /// Esc.
    Escape,
    /// Ctrl-L.
    Clear,
    /// What stands before the cursor goes (ctrl-U).
    Cut,
    /// Go to a machine.
    Go(Option<BrokerId>),
    /// This line is put into the field, to be looked at.
    Put(&'static str),
    /// The screen was scrolled by hand.
    Scrolled,
    /// A tool's list of options is here.
    Listed(String, Option<String>),
    /// The screen's text is to be copied.
    Copy,
    /// Close the console.
    Close,
    /// The screen's text was copied.
    Copied(bool),
}

/// The console.
pub struct Console {
    field: NodeRef,
    room: NodeRef,
    history: History,
    /// The ways to go on that are shown, and which is chosen.
    offered: Option<(Completion, Option<usize>)>,
    /// Whether the last try to complete found nothing.
    is_at_loss: bool,
    refusal: Option<Refusal>,
    /// Lines typed while a tool ran that reads none.
    ahead: VecDeque<String>,
    drafts: BTreeMap<Text, String>,
    machines: BTreeMap<Text, Option<BrokerId>>,
    cleared: BTreeMap<Text, EventId>,
    /// Whether tab goes on to the next control: after Esc, until something is typed.
    tab_leaves: bool,
    /// Whether the screen stays at its end when something is printed.
    sticks: bool,
    copied: bool,
    lists: Lists,
}

impl Component for Console {
    type Message = Msg;
    type Properties = ConsoleProps;

    fn create(_: &Context<Console>) -> Console {
        let history = kept::get(HISTORY_KEY).unwrap_or_default();
        Console {
            field: NodeRef::default(),
            room: NodeRef::default(),
            history: History::of(history.lines()),
            offered: None,
            is_at_loss: false,
            refusal: None,
            ahead: VecDeque::new(),
            drafts: BTreeMap::new(),
            machines: BTreeMap::new(),
            cleared: BTreeMap::new(),
            tab_leaves: false,
            sticks: true,
            copied: false,
            lists: Lists::default(),
        }
    }

    fn changed(&mut self, ctx: &Context<Console>, old: &ConsoleProps) -> bool {
        let props = ctx.props();
        if old.terminal != props.terminal {
            self.drafts.insert(old.terminal.clone(), self.typed());
            let draft = self.drafts.remove(&props.terminal).unwrap_or_default();
            self.put(&draft, draft.len());
            self.forget_offer();
            self.ahead.clear();
            self.sticks = true;
        }
        // The world went back to before the screen was cleared: there is nothing to hide.
        let next = props.shown.0.next;
        self.cleared.retain(|_, cleared| *cleared <= next);
        self.lists.want(ctx.link(), &props.shown.0.screen);
        self.send_ahead(ctx);
        true
    }

    fn update(&mut self, ctx: &Context<Console>, msg: Msg) -> bool {
        self.copied = false;
        match msg {
            Msg::Edited => self.edited(ctx),
            Msg::Send => self.send(ctx),
            Msg::Pasted(text) => self.pasted(ctx, &text),
            Msg::Complete => self.complete(ctx),
            Msg::Take(index) => self.take(index),
            Msg::Choose { forward } => self.choose(forward),
            Msg::Recall { older } => self.recall(older),
            Msg::Interrupt => self.interrupt(ctx),
            Msg::End => self.end(ctx),
            Msg::Escape => self.escape(ctx),
            Msg::Clear => self.clear(ctx),
            Msg::Cut => self.put("", 0),
            Msg::Go(host) => drop(self.machines.insert(ctx.props().terminal.clone(), host)),
            Msg::Put(line) => {
                self.put(line, line.len());
                self.focus();
            }
            Msg::Scrolled => {
                self.sticks = self.is_at_end();
                return false;
            }
            Msg::Listed(tool, text) => self.lists.came(tool, text),
            Msg::Copy => {
                let link = ctx.link().clone();
                clipboard::copy(self.text(ctx), move |done| link.send_message(Msg::Copied(done)));
            }
            Msg::Close => ctx.props().ui.act.emit(Console::closing()),
            Msg::Copied(done) => self.copied = done,
        }
        true
    }

    fn view(&self, ctx: &Context<Console>) -> Html {
        let props = ctx.props();
        let ui = &props.ui;
        html! {
            <section class="console" id="console" tabindex="-1" aria-label={ui.t("console-title")}>
                { self.header(ctx) }
                <div class="room" ref={self.room.clone()} onscroll={ctx.link().callback(|_| Msg::Scrolled)}>
                    { self.screen(ctx) }
                    { self.field(ctx) }
                </div>
                { self.status(ctx) }
                { self.chips(ctx) }
            </section>
        }
    }

    fn rendered(&mut self, ctx: &Context<Console>, first: bool) {
        if first {
            self.lists.want(ctx.link(), &ctx.props().shown.0.screen);
            if ctx.props().takes_focus && is_beside() {
                self.focus();
            }
        }
        if self.sticks
            && let Some(room) = self.room.cast::<Element>()
        {
            room.set_scroll_top(room.scroll_height());
        }
    }
}

impl Console {
    /// The terminal that is looked at, once a tool has run at it.
    fn terminal<'a>(&self, ctx: &'a Context<Console>) -> Option<&'a TerminalView> {
        let props = ctx.props();
        props.shown.0.terminals.iter().find(|terminal| terminal.name == props.terminal)
    }

    /// The tool that runs there: its name and arguments.
    fn running<'a>(&self, ctx: &'a Context<Console>) -> Option<&'a [Text]> {
        self.terminal(ctx).filter(|terminal| terminal.is_running).map(|it| &*it.argv)
    }

    /// The machine that the next tool runs on.
    fn machine(&self, ctx: &Context<Console>) -> Option<BrokerId> {
        let chosen = self.machines.get(&ctx.props().terminal).copied();
        chosen.unwrap_or_else(|| self.terminal(ctx).and_then(|terminal| terminal.host))
    }

    fn input(&self) -> Option<HtmlInputElement> {
        self.field.cast::<HtmlInputElement>()
    }

    fn typed(&self) -> String {
        self.input().map(|input| input.value()).unwrap_or_default()
    }

    fn focus(&self) {
        if let Some(input) = self.input() {
            let _not_focusable = input.focus();
        }
    }

    /// Puts a line into the field, with the cursor at a place of it in bytes.
    fn put(&self, line: &str, at: usize) {
        if let Some(input) = self.input() {
            input.set_value(line);
            let units = line.get(..at).unwrap_or(line).encode_utf16().count();
            let units = u32::try_from(units).unwrap_or(u32::MAX);
            let _of_another_type = input.set_selection_range(units, units);
        }
    }

    /// Where the cursor stands, in bytes.
    fn cursor(&self, typed: &str) -> usize {
        let units = self.input().and_then(|input| input.selection_start().ok().flatten());
        let Some(units) = units else { return typed.len() };
        let mut left = units as usize;
        let before = typed.chars().take_while(|c| {
            let fits = left > 0;
            left = left.saturating_sub(c.len_utf16());
            fits
        });
        before.map(char::len_utf8).sum()
    }

    fn edited(&mut self, ctx: &Context<Console>) {
        self.tab_leaves = false;
        self.refusal = None;
        self.is_at_loss = false;
        self.sticks = true;
        if self.offered.is_some() {
            // What is offered follows what is typed.
            let (typed, at) = self.line();
            let found =
                complete::complete(&typed, at, &ctx.props().shown.0.known, self.machine(ctx));
            self.offered = (!found.candidates.is_empty()).then_some((found, None));
        }
    }

    fn line(&self) -> (String, usize) {
        let typed = self.typed();
        let at = self.cursor(&typed);
        (typed, at)
    }

    fn complete(&mut self, ctx: &Context<Console>) {
        if let Some((_, chosen)) = &self.offered {
            return match chosen {
                Some(index) => self.take(*index),
                None => self.choose(true),
            };
        }
        let (typed, at) = self.line();
        let found = complete::complete(&typed, at, &ctx.props().shown.0.known, self.machine(ctx));
        let word = typed.get(found.start..at).unwrap_or("");
        let shared = complete::common(&found.candidates);
        self.is_at_loss = found.candidates.is_empty();
        self.sticks = true;
        match &*found.candidates {
            [] => {}
            [only] => {
                let (line, at) = complete::accept(&typed, at, found.start, &only.word);
                self.put(&line, at);
            }
            _ => {
                if shared.len() > word.len() {
                    let line = format!("{}{shared}{}", &typed[..found.start], &typed[at..]);
                    self.put(&line, found.start + shared.len());
                }
                self.offered = Some((found, None));
            }
        }
    }

    fn take(&mut self, index: usize) {
        let Some((found, _)) = self.offered.take() else { return };
        if let Some(candidate) = found.candidates.get(index) {
            let (typed, at) = self.line();
            let (line, at) = complete::accept(&typed, at, found.start, &candidate.word);
            self.put(&line, at);
        }
        self.focus();
    }

    fn choose(&mut self, forward: bool) {
        let Some((found, chosen)) = &mut self.offered else { return };
        let last = found.candidates.len() - 1;
        *chosen = Some(match (*chosen, forward) {
            (None, true) => 0,
            (None, false) => last,
            (Some(at), true) => {
                if at == last {
                    0
                } else {
                    at + 1
                }
            }
            (Some(at), false) => at.checked_sub(1).unwrap_or(last),
        });
    }

    fn recall(&mut self, older: bool) {
        let typed = self.typed();
        let found = if older { self.history.older(&typed) } else { self.history.newer() };
        if let Some(line) = found.map(str::to_owned) {
            self.put(&line, line.len());
        }
    }

    fn escape(&mut self, ctx: &Context<Console>) {
        if self.offered.take().is_some() {
            return;
        }
        if self.running(ctx).is_some() {
            return self.interrupt(ctx);
        }
        self.tab_leaves = true;
        self.put("", 0);
    }

    fn clear(&mut self, ctx: &Context<Console>) {
        let (terminal, next) = (ctx.props().terminal.clone(), ctx.props().shown.0.next);
        self.cleared.insert(terminal, next);
        self.sticks = true;
    }

    fn forget_offer(&mut self) {
        self.offered = None;
        self.is_at_loss = false;
        self.refusal = None;
    }

    fn is_at_end(&self) -> bool {
        /// A screen this near its end is at its end: pixels are rounded.
        const NEAR_PX: i32 = 24;
        self.room.cast::<Element>().is_none_or(|room| {
            room.scroll_height() - room.scroll_top() - room.client_height() < NEAR_PX
        })
    }

    /// Whether a tool runs that reads what is typed.
    fn is_read(&self, ctx: &Context<Console>) -> bool {
        self.running(ctx).is_some_and(line::reads_input)
    }
}

/// Whether the page is wide enough to show the console beside the stage.
pub fn is_beside() -> bool {
    let wide = window().match_media(BESIDE_FROM).ok().flatten();
    wide.is_some_and(|list| list.matches())
}

/// The name of a terminal that is not there yet.
fn new_terminal(terminals: &[TerminalView], shown: &str) -> Text {
    let is_free = |name: &String| {
        **name != *shown && !terminals.iter().any(|terminal| *terminal.name == **name)
    };
    let names = (2..).map(|n| format!("console-{n}"));
    names.into_iter().find(is_free).unwrap_or_default().into()
}

/// Asks for another terminal.
fn show(ui: &Ui, terminal: Text) {
    ui.act.emit(Action::Console(ConsoleAction::Show(terminal)));
}
