//! The console as a part of the page: whether it is open, and what it shows of the session.

use std::rc::Rc;

use yew::prelude::*;

use crate::engine::ids::Text;
use crate::scenario::ast::CONSOLE;
use crate::session::Session;
use crate::ui::app::App;
use crate::ui::console::{self, ConsoleAction, Shown};
use crate::ui::context::{Shared, Tab, Ui};
use crate::ui::effects::kept;
use crate::ui::keyboard;
use crate::view::known::known;

/// Most lines of a screen that the page holds.
const LINES_MOST: usize = 500;
/// Where it is kept between visits whether the console is open.
const OPEN_KEY: &str = "highwater.console";

/// The console, open or not.
pub struct Console {
    /// Whether it is open: nothing of it runs while it is not.
    pub open: bool,
    /// The terminal that is looked at.
    pub terminal: Text,
    /// Whether somebody opened it, rather than that it was open when the page began.
    was_opened: bool,
    shown: Rc<Shown>,
    made: Option<(u64, Text)>,
}

impl Console {
    /// As it was left.
    pub fn new() -> Console {
        Console {
            open: kept::get(OPEN_KEY).is_some_and(|kept| kept == "open"),
            terminal: CONSOLE.into(),
            was_opened: false,
            shown: Rc::default(),
            made: None,
        }
    }

    /// Takes from the session what it shows.
    pub fn look_at(&mut self, session: &Session) {
        let asked = (session.version(), self.terminal.clone());
        if !self.open || self.made.as_ref() == Some(&asked) {
            return;
        }
        self.shown = Rc::new(Shown {
            terminals: session.terminals(),
            screen: session.screen(&self.terminal, LINES_MOST),
            known: known(session.world(), &session.cluster()),
            next: session.next_event(),
        });
        self.made = Some(asked);
    }
}

impl App {
    /// Does what was asked of the console.
    pub(super) fn at_console(&mut self, action: ConsoleAction) {
        match action {
            ConsoleAction::Toggle => {
                self.console.open = !self.console.open;
                self.console.was_opened = true;
                self.console.made = None;
                kept::set(OPEN_KEY, if self.console.open { "open" } else { "closed" });
                // Beside the stage it is no tab: a window made narrow later shows what was shown.
                if self.console.open && !console::is_beside() {
                    self.tab = Tab::Console;
                } else if self.tab == Tab::Console {
                    self.tab = Tab::Stage;
                }
                if !self.console.open {
                    keyboard::focus("#stage");
                }
            }
            ConsoleAction::Show(terminal) => {
                self.console.terminal = terminal;
                keyboard::focus("#console-line");
            }
        }
    }

    /// The console, while it is open.
    pub(super) fn console(&self, ui: &Ui) -> Html {
        if !self.console.open {
            return Html::default();
        }
        let session = self.session.borrow();
        html! {
            <console::Console ui={ui.clone()} terminal={self.console.terminal.clone()}
                shown={Shared(self.console.shown.clone())} playing={session.playing()}
                speed={session.speed()} takes_focus={self.console.was_opened} />
        }
    }
}
