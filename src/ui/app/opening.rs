//! Where a page begins: with the link in its address, with a lesson, else with the playground as it
//! was left.
//!
//! A link is kept under a name of its own, so opening one never touches saved work.

use crate::engine::ids::Text;
use crate::engine::time::Micros;
use crate::scenario::ast::{Moment, Scenario};
use crate::scenario::link::{LinkError, decode};
use crate::scenario::parser::parse_moment;
use crate::scenario::shipped;
use crate::session::message::{Msg, Start};
use crate::ui::app::App;
use crate::ui::context::Dialog;
use crate::ui::effects::location;
use crate::ui::prefs;
use gloo::utils::window;
use yew::AttrValue;

/// The name under which the playground is kept.
const PLAYGROUND: &str = "playground";
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
            None => match prefs::query("lesson") {
                Some(lesson) if self.open_lesson(&lesson) => {}
                _ => self.open_playground(),
            },
        }
    }

    /// Opens a link. One that is damaged changes nothing and says why; a page that shows nothing yet
    /// shows the playground then.
    pub(super) fn open_link(&mut self, hash: &str, as_left: bool) {
        match decode(hash) {
            Ok(opened) => {
                self.lesson = None;
                self.look_at_nothing();
                let name = name_of(&opened.scenario);
                let left = prefs::left(&name);
                let start = Start { left, ..Start::from_scenario(&name, &opened.scenario) };
                let start = as_asked(start);
                self.tell(if as_left { Msg::Open(start) } else { Msg::Load(start) });
            }
            Err(error) => self.refuse_link(error),
        }
    }

    fn refuse_link(&mut self, error: LinkError) {
        location::set_hash(None);
        if self.session.borrow().name().is_empty() {
            self.open_playground();
        }
        self.dialog = Some(Dialog::Damaged(error));
    }

    /// Opens the playground as it was left, or as it ships.
    pub(super) fn open_playground(&mut self) {
        self.lesson = None;
        let start = Start {
            until: Moment { at: PLAYGROUND_SHOWN_AT, before: None },
            left: prefs::left(PLAYGROUND),
            ..Start::from_scenario(PLAYGROUND, &shipped::playground())
        };
        self.tell(Msg::Open(start));
    }

    /// The whole address of a link to this moment.
    pub(super) fn link(&self) -> AttrValue {
        location::address_of(&self.session.borrow().link(), &prefs::OWN_PARAMETERS).into()
    }
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

/// The name under which a link's world is kept.
fn name_of(scenario: &Scenario) -> Text {
    match &scenario.digest {
        Some(digest) => format!("link-{digest}").into(),
        None => "link".into(),
    }
}

/// Whether this page was reloaded, rather than opened anew.
fn is_reload() -> bool {
    const TYPE_RELOAD: u16 = 1;
    window().performance().is_some_and(|clock| clock.navigation().type_() == TYPE_RELOAD)
}
