//! Terminals: what was typed and printed at each, as a person would see it on its screen.
//!
//! A terminal is a name under which tools run, one at a time; what happens at it are commands and
//! events, and its screen is folded from them. Lines of what lies ahead stay after a rewind, as marks
//! do, until another future is begun; only those before now are shown.

use crate::engine::command::{Command, ToolCommand};
use crate::engine::event::{Event, EventKind, ToolStream};
use crate::engine::ids::{BrokerId, EventId, NodeId, Text};
use crate::engine::persistent::Vector;
use crate::engine::sim::world::World;
use crate::engine::time::Micros;
use crate::scenario::ast::CONSOLE;

/// Lines that a terminal keeps at least.
pub const LINES_MAX: usize = 2_000;

/// One thing on a screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The event that put it there.
    pub event: EventId,
    /// When.
    pub at: Micros,
    /// What it is.
    pub said: Said,
}

/// What stands on a screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A tool was started.
    Ran {
        /// On which machine; `None`: one without a broker.
        host: Option<BrokerId>,
        /// Its name and arguments.
        argv: Vec<Text>,
    },
    /// A line was typed to the tool that ran.
    Typed(Text),
    /// Its input was ended.
    Ended,
    /// It was interrupted.
    Interrupted,
    /// It printed.
    Printed {
        /// Where to.
        stream: ToolStream,
        /// The line.
        text: Text,
        /// Whether a line end followed.
        ended: bool,
    },
    /// It ended, with this code.
    Exited(i32),
    /// It was killed, or its machine lost its power.
    Killed,
    /// A file was written for tools to read, wherever it was typed: it stands on every screen.
    Wrote {
        /// Its name.
        file: Text,
        /// What it holds.
        text: Text,
    },
}

/// A terminal as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalView {
    /// Its name.
    pub name: Text,
    /// The machine that its newest tool ran on.
    pub host: Option<BrokerId>,
    /// That tool's name and arguments.
    pub argv: Vec<Text>,
    /// Whether it runs.
    pub is_running: bool,
    /// Lines on its screen, older ones that are not kept included: it grows when something is new.
    pub lines: u64,
}

/// A terminal's screen.
#[derive(Clone, Debug, Default)]
pub struct Screen {
    /// Its newest lines, oldest first.
    pub lines: Vec<Line>,
    /// Whether there were older ones.
    pub is_cut: bool,
}

#[derive(Clone, Debug)]
struct Terminal {
    name: Text,
    lines: Vector<Line>,
    /// Lines that are not kept.
    gone: u64,
    /// Whether the tool that was started last has not ended.
    is_open: bool,
}

/// Every terminal of a timeline, in the order of their first tools.
#[derive(Clone, Debug, Default)]
pub struct Terminals {
    all: Vec<Terminal>,
    seen: EventId,
}

impl Terminals {
    /// Takes the next event of a world; one seen before is passed over.
    pub fn update(&mut self, event: &Event, world: &World) {
        if event.id < self.seen {
            return;
        }
        self.seen = EventId(event.id.0 + 1);
        let here = |said| Some((client_name(world, event.node)?, said));
        let found = match &event.kind {
            EventKind::CommandApplied {
                command: Command::Tool(ToolCommand::Write { file, text }),
            } => return self.write(event, file, text),
            EventKind::CommandApplied { command } => self.command(command, world),
            EventKind::ToolPrinted { stream, line, ended } => {
                here(Said::Printed { stream: *stream, text: line.clone(), ended: *ended })
            }
            EventKind::ToolExited { code } => here(Said::Exited(*code)),
            EventKind::ProcessKilled | EventKind::ProcessFailed { .. } => here(Said::Killed)
                .filter(|(name, _)| self.find(name).is_some_and(|terminal| terminal.is_open)),
            EventKind::PowerLost => return self.lose_power(event),
            _ => None,
        };
        if let Some((name, said)) = found {
            self.put(name, Line { event: event.id, at: event.at, said });
        }
    }

    /// Forgets what another future replaced: events from `next` on.
    pub fn cut(&mut self, next: EventId) {
        self.seen = self.seen.min(next);
        for terminal in &mut self.all {
            let kept = match terminal.lines.binary_search_by_key(&next, |line| line.event) {
                Ok(index) | Err(index) => index,
            };
            terminal.lines.split_off(kept);
            terminal.is_open = is_open(&terminal.lines);
        }
        self.all.retain(|terminal| !terminal.lines.is_empty() || terminal.gone > 0);
    }

    /// Terminals that had been used by the event `next`.
    pub fn views(&self, next: EventId, world: &World) -> Vec<TerminalView> {
        let view = |terminal: &Terminal| {
            let lines = terminal.before(next);
            let ran = lines.clone().rev().find_map(|line| match &line.said {
                Said::Ran { host, argv } => Some((*host, argv.clone())),
                _ => None,
            });
            let shown = u64::try_from(lines.count()).unwrap_or(u64::MAX);
            let (host, argv) = ran.unwrap_or_default();
            let node = world.client_id(&terminal.name).map(NodeId::Client);
            let life = node.and_then(|node| world.host(node)).map(|host| host.life);
            (shown > 0).then(|| TerminalView {
                name: terminal.name.clone(),
                host,
                argv,
                is_running: life.is_some_and(|life| life.is_up()),
                lines: terminal.gone + shown,
            })
        };
        self.all.iter().filter_map(view).collect()
    }

    /// The newest lines of a terminal before the event `next`, at most `most`.
    pub fn screen(&self, name: &str, next: EventId, most: usize) -> Screen {
        let Some(terminal) = self.find(name) else { return Screen::default() };
        let mut newest = terminal.before(next).rev();
        let mut lines: Vec<Line> = newest.by_ref().take(most).cloned().collect();
        lines.reverse();
        Screen { lines, is_cut: terminal.gone > 0 || newest.next().is_some() }
    }

    fn find(&self, name: &str) -> Option<&Terminal> {
        self.all.iter().find(|terminal| &*terminal.name == name)
    }

    /// What a command puts on the screen of its terminal.
    fn command(&self, command: &Command, world: &World) -> Option<(Text, Said)> {
        let (name, said) = match command {
            Command::Tool(ToolCommand::Run { name, host, argv }) => {
                (name, Said::Ran { host: *host, argv: argv.clone() })
            }
            Command::Tool(ToolCommand::Input { name, line }) => (name, Said::Typed(line.clone())),
            Command::Tool(ToolCommand::EndOfInput { name }) => (name, Said::Ended),
            Command::Tool(ToolCommand::Interrupt { name }) => (name, Said::Interrupted),
            Command::Start { node } => {
                let name = client_name(world, Some(*node))?;
                let mut lines = self.find(&name)?.lines.iter().rev();
                let ran = lines.find(|line| matches!(line.said, Said::Ran { .. }))?;
                return Some((name, ran.said.clone()));
            }
            _ => return None,
        };
        Some((name.clone(), said))
    }

    fn lose_power(&mut self, event: &Event) {
        for terminal in self.all.iter_mut().filter(|terminal| terminal.is_open) {
            terminal.put(Line { event: event.id, at: event.at, said: Said::Killed });
        }
    }

    fn write(&mut self, event: &Event, file: &Text, text: &Text) {
        let said = Said::Wrote { file: file.clone(), text: text.clone() };
        let line = Line { event: event.id, at: event.at, said };
        if self.all.is_empty() {
            self.put(CONSOLE.into(), line);
        } else {
            self.all.iter_mut().for_each(|terminal| terminal.put(line.clone()));
        }
    }

    fn put(&mut self, name: Text, line: Line) {
        if let Some(terminal) = self.all.iter_mut().find(|terminal| terminal.name == name) {
            return terminal.put(line);
        }
        if matches!(line.said, Said::Ran { .. } | Said::Wrote { .. }) {
            let mut terminal = Terminal { name, lines: Vector::new(), gone: 0, is_open: false };
            terminal.put(line);
            self.all.push(terminal);
        }
    }
}

impl Terminal {
    fn before(&self, next: EventId) -> impl DoubleEndedIterator<Item = &Line> + Clone {
        let shown = match self.lines.binary_search_by_key(&next, |line| line.event) {
            Ok(index) | Err(index) => index,
        };
        (0..shown).filter_map(|index| self.lines.get(index))
    }

    /// Puts a line on the screen. Half of the lines go when there are twice as many as are kept.
    fn put(&mut self, line: Line) {
        self.is_open = match line.said {
            Said::Ran { .. } => true,
            Said::Exited(_) | Said::Killed => false,
            _ => self.is_open,
        };
        self.lines.push_back(line);
        if self.lines.len() >= 2 * LINES_MAX {
            let kept = self.lines.split_off(LINES_MAX);
            self.lines = kept;
            self.gone += u64::try_from(LINES_MAX).unwrap_or(u64::MAX);
        }
    }
}

/// Whether a tool had been started and not ended.
fn is_open(lines: &Vector<Line>) -> bool {
    let turn = |line: &Line| match line.said {
        Said::Ran { .. } => Some(true),
        Said::Exited(_) | Said::Killed => Some(false),
        _ => None,
    };
    lines.iter().rev().find_map(turn).unwrap_or(false)
}

fn client_name(world: &World, node: Option<NodeId>) -> Option<Text> {
    world.client_name(node?.client()?).cloned()
}
