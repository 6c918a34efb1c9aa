//! Events as the page tells them: their sentences, with the names and messages that the session knows.

use crate::engine::event::Event;
use crate::engine::ids::{ClientId, EventId, Text};
use crate::i18n::Lang;
use crate::session::Session;
use crate::ui::app::headlines::Headlines;
use crate::view::explain::{Names, Step, phrase, story};

/// A session as somebody who tells it.
pub struct Telling<'a> {
    session: &'a Session,
    headlines: &'a Headlines,
    clients: Vec<(ClientId, Text)>,
}

impl<'a> Telling<'a> {
    /// Tells of `session` as it stands.
    pub fn of(session: &'a Session, headlines: &'a Headlines) -> Telling<'a> {
        Telling { session, headlines, clients: session.world().client_names() }
    }

    /// The sentence of an event.
    pub fn sentence(&self, event: &Event, lang: Lang) -> String {
        phrase(event, self).text(lang)
    }

    /// Why an event happened, oldest cause first.
    pub fn why(&self, event: EventId) -> Vec<Step> {
        story(event, &|id| self.session.event(id).cloned(), self)
    }
}

impl Names for Telling<'_> {
    fn client(&self, id: ClientId) -> Option<Text> {
        self.clients.iter().find(|(client, _)| *client == id).map(|(_, name)| name.clone())
    }

    fn sent(&self, message: EventId) -> Option<Event> {
        self.session.event(message).cloned()
    }

    fn newest(&self, before: EventId, wanted: &dyn Fn(&Event) -> bool) -> Option<Event> {
        let is_it = |event: &&Event| event.id < before && wanted(event);
        let known = self.session.events().rev().find(is_it);
        known.or_else(|| self.headlines.newest().find(is_it)).cloned()
    }
}
