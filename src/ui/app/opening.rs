//! Where a page begins: with the link in its address, with a lesson, else with the playground as it
//! was left.
//!
//! A link is kept under a name of its own, so opening one never touches saved work.

use std::rc::Rc;

use crate::engine::time::Micros;
use crate::i18n::Phrase;
use crate::scenario::ast::{Moment, Scenario};
use crate::scenario::digest;
use crate::scenario::export;
use crate::scenario::link::decode;
use crate::scenario::opening::{self, Differs, Given, OpenError};
use crate::scenario::parser::parse_moment;
use crate::scenario::printer;
use crate::scenario::shipped;
use crate::session::message::{Msg, Notice, Start};
use crate::ui::app::App;
use crate::ui::context::{Dialog, Kind, Shared};
use crate::ui::dialog::{TITLE_FILE, TITLE_LINK};
use crate::ui::effects::file::{self, Handed};
use crate::ui::effects::location;
use crate::ui::prefs;
use gloo::utils::window;
use yew::AttrValue;

/// The name under which the playground is kept.
pub(super) const PLAYGROUND: &str = "playground";
/// The playground is shown when its cluster is up and its first records are on their way.
const PLAYGROUND_SHOWN_AT: Micros = Micros(2_450_000);

impl App {
    /// Opens what the page's address asks for.
    pub(super) fn open_address(&mut self) {
        if prefs::query("embed").as_deref() == Some("1") {
            prefs::set_embedded();
        }
        match location::hash() {
            Some(hash) => self.open_link(&hash, is_reload()),
            None => match (prefs::session(), prefs::query("lesson")) {
                (Some(name), _) => self.open_kept(&name),
                (_, Some(lesson)) if self.open_lesson(&lesson) => {}
                _ => self.open_playground(),
            },
        }
    }

    /// Opens a link. One that is damaged changes nothing and says why; a page that shows nothing yet
    /// shows the playground then.
    pub(super) fn open_link(&mut self, hash: &str, as_left: bool) {
        match decode(hash) {
            Ok(opened) if as_left => {
                self.lesson = None;
                prefs::set_session(None);
                self.look_at_nothing();
                self.tell(Msg::Open(as_asked(start_of(&opened.scenario))));
            }
            Ok(opened) => self.ask_or_visit(as_asked(start_of(&opened.scenario))),
            Err(error) => self.refuse(TITLE_LINK, error.phrases()),
        }
    }

    /// Opens what was handed over: a link, a scenario, the topics of a real cluster.
    pub(super) fn read(&mut self, handed: Handed) {
        self.dialog = None;
        let text = match handed {
            Handed::Text(text) => text,
            Handed::TooLarge(found) => {
                let phrase = Phrase::new("error-scenario-too-long").with("found", found);
                let why = vec![phrase.with("most", file::READ_BYTES_MAX)];
                return self.refuse(TITLE_FILE, why);
            }
            Handed::Unreadable => {
                return self.refuse(TITLE_FILE, vec![Phrase::new("open-unreadable")]);
            }
        };
        match opening::read(&text) {
            Ok(Given { scenario, differs, .. }) => {
                self.ask_or_visit(start_of(&scenario));
                if differs != Differs::default() {
                    self.notify(Notice::Imported(differs));
                }
            }
            Err(OpenError::Link(error)) => self.refuse(TITLE_LINK, error.phrases()),
            Err(error) => self.refuse(TITLE_FILE, error.phrases()),
        }
    }

    /// Opens something else; asks before, when what was done here would be gone.
    fn ask_or_visit(&mut self, start: Start) {
        if self.session.borrow().is_at_risk() {
            location::set_hash(None);
            self.dialog = Some(Dialog::Replace(Shared(Rc::new(start))));
        } else {
            self.visit(start);
        }
    }

    /// Opens a link or a file, as it was left if somebody worked on it.
    pub(super) fn visit(&mut self, start: Start) {
        self.lesson = None;
        prefs::set_session(None);
        self.look_at_nothing();
        self.tell(Msg::Visit(start));
    }

    fn refuse(&mut self, title: &'static str, why: Vec<Phrase>) {
        location::set_hash(None);
        if self.session.borrow().name().is_empty() {
            self.open_playground();
        }
        self.dialog = Some(Dialog::Damaged(title, why));
    }

    /// Has the browser save this session.
    pub(super) fn download(&self, kind: Kind) {
        let session = self.session.borrow();
        let (name, scenario) = (session.name(), session.scenario());
        match kind {
            Kind::Scenario => {
                file::download(&format!("highwater-{name}.scenario"), &printer::print(&scenario));
            }
            Kind::Script => {
                file::download(&format!("highwater-{name}.sh"), &export::script(&scenario).text);
            }
        }
    }

    /// Opens the playground as it was left, or as it ships.
    pub(super) fn open_playground(&mut self) {
        self.lesson = None;
        prefs::set_session(None);
        self.tell(Msg::Open(Start { left: prefs::left(PLAYGROUND), ..playground_start() }));
    }

    /// The whole address of a link to this moment.
    pub(super) fn link(&self) -> AttrValue {
        location::address_of(&self.session.borrow().link(), &prefs::OWN_PARAMETERS).into()
    }
}

/// The playground as it ships.
pub(super) fn playground_start() -> Start {
    let until = Moment { at: PLAYGROUND_SHOWN_AT, before: None };
    Start { until, ..Start::from_scenario(PLAYGROUND, &shipped::playground()) }
}

/// A start as the page's address asks for it: `?t=12s` shows that moment, `&play=0` stands still and
/// `&play=1` lets time pass. What is not understood is not asked.
fn as_asked(start: Start) -> Start {
    let moment = prefs::query("t").and_then(|text| parse_moment(&text).ok());
    let playing = match prefs::query("play").as_deref() {
        Some("0") => false,
        Some("1") => true,
        _ => start.playing,
    };
    // The digest is that of the recording's end, and is compared where the world is shown.
    let digest = start.digest.clone().filter(|_| moment.is_none());
    Start { until: moment.unwrap_or(start.until), playing, digest, ..start }
}

/// A link's or a file's world, as it was left, under a name that no other text has: what was done in one
/// is never taken for another.
pub(super) fn start_of(scenario: &Scenario) -> Start {
    let name = format!("link-{}", digest::of_text(&printer::print(scenario)));
    let left = prefs::left(&name);
    Start { left, ..Start::from_scenario(&name, scenario) }
}

/// Whether this page was reloaded, rather than opened anew.
fn is_reload() -> bool {
    const TYPE_RELOAD: u16 = 1;
    window().performance().is_some_and(|clock| clock.navigation().type_() == TYPE_RELOAD)
}
