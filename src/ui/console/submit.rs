//! Sending: a line becomes a command for the world, or something that the console does itself.

use yew::Context;

use crate::console::line::{self, Entry};
use crate::engine::command::{Command, ToolCommand};
use crate::engine::ids::Text;
use crate::session::message;
use crate::ui::console::{Console, ConsoleAction, HISTORY_KEY, Msg, new_terminal, show};
use crate::ui::context::Action;
use crate::ui::effects::kept;

/// Lines of the history that are kept between visits.
const KEPT_MAX: usize = 200;

impl Console {
    /// Sends the line that stands in the field.
    pub(super) fn send(&mut self, ctx: &Context<Console>) {
        if let Some((_, Some(index))) = self.offered {
            return self.take(index);
        }
        let typed = self.typed();
        if self.submit(ctx, &typed) {
            self.put("", 0);
        }
        self.sticks = true;
    }

    /// Several lines at once: to a tool that reads them they are its input, else they wait their turn.
    pub(super) fn pasted(&mut self, ctx: &Context<Console>, text: &str) {
        let text = text.replace("\r\n", "\n").replace("\\\n", " ");
        let (typed, at) = self.line();
        let whole = format!("{}{text}{}", &typed[..at], &typed[at..]);
        let mut lines: Vec<&str> = whole.split('\n').collect();
        let rest = lines.pop().unwrap_or_default().to_owned();
        self.put(&rest, rest.len());
        let reads = self.is_read(ctx);
        let mut lines = lines.into_iter();
        if !reads && self.running(ctx).is_none() {
            if let Some(first) = lines.by_ref().find(|line| !line.trim().is_empty()) {
                self.submit(ctx, first);
            }
            self.ahead.extend(lines.map(str::to_owned));
        } else {
            for line in lines {
                self.submit(ctx, line);
            }
        }
    }

    /// Sends a line that was typed while a tool ran, once it has ended or when it reads lines.
    pub(super) fn send_ahead(&mut self, ctx: &Context<Console>) {
        if self.ahead.is_empty() || (self.running(ctx).is_some() && !self.is_read(ctx)) {
            return;
        }
        let Some(line) = self.ahead.pop_front() else { return };
        if !self.submit(ctx, &line) {
            self.ahead.clear();
            self.put(&line, line.len());
        }
    }

    /// Whether the line was understood.
    fn submit(&mut self, ctx: &Context<Console>, typed: &str) -> bool {
        self.forget_offer();
        let name = ctx.props().terminal.clone();
        if self.is_read(ctx) {
            self.give(ctx, ToolCommand::Input { name, line: typed.into() });
            return true;
        }
        if self.running(ctx).is_some() {
            self.ahead.push_back(typed.to_owned());
            return true;
        }
        let brokers = u16::try_from(ctx.props().shown.0.known.brokers.len()).unwrap_or(u16::MAX);
        let entry = line::read(typed, brokers);
        if let Entry::Refused(refusal) = entry {
            self.refusal = Some(refusal);
            return false;
        }
        self.remember(typed);
        match entry {
            Entry::Nothing | Entry::Refused(_) => {}
            Entry::Clear => self.clear(ctx),
            Entry::Help => ctx.link().send_message(Msg::Complete),
            Entry::Go(host) => drop(self.machines.insert(name, host)),
            Entry::Write(command) => self.give(ctx, command),
            Entry::Run { argv, background } => self.run(ctx, name, argv, background),
        }
        true
    }

    fn run(&mut self, ctx: &Context<Console>, name: Text, argv: Vec<Text>, background: bool) {
        let host = self.machine(ctx);
        let props = ctx.props();
        let elsewhere = background.then(|| new_terminal(&props.shown.0.terminals, &props.terminal));
        let run = ToolCommand::Run { name: elsewhere.clone().unwrap_or(name), host, argv };
        self.give(ctx, run);
        if let Some(terminal) = elsewhere {
            self.machines.insert(terminal.clone(), host);
            show(&props.ui, terminal);
        }
    }

    /// Ctrl-C: ends the tool that runs, else clears the line.
    pub(super) fn interrupt(&mut self, ctx: &Context<Console>) {
        self.forget_offer();
        self.ahead.clear();
        self.put("", 0);
        if self.running(ctx).is_some() {
            let name = ctx.props().terminal.clone();
            self.give(ctx, ToolCommand::Interrupt { name });
        }
    }

    /// Ctrl-D: ends the input of the tool that runs, else leaves a broker's machine.
    pub(super) fn end(&mut self, ctx: &Context<Console>) {
        let name = ctx.props().terminal.clone();
        if self.running(ctx).is_some() {
            self.give(ctx, ToolCommand::EndOfInput { name });
        } else if self.typed().is_empty() {
            self.machines.insert(name, None);
        }
    }

    fn give(&self, ctx: &Context<Console>, command: ToolCommand) {
        let command = Command::Tool(command);
        ctx.props().ui.act.emit(Action::tell(message::Msg::Apply(command)));
    }

    fn remember(&mut self, typed: &str) {
        self.history.push(typed);
        let lines = self.history.lines();
        let newest = &lines[lines.len().saturating_sub(KEPT_MAX)..];
        kept::set(HISTORY_KEY, &newest.join("\n"));
    }

    /// Asks the page to close the console.
    pub(super) fn closing() -> Action {
        Action::Console(ConsoleAction::Toggle)
    }
}
