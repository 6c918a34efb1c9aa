//! What lists and panels show of a session at one moment, ready to be drawn.

use std::rc::Rc;

use crate::engine::event::Event;
use crate::engine::ids::EventId;
use crate::engine::time::Micros;
use crate::i18n::Lang;
use crate::session::Session;
use crate::session::message::Mark;
use crate::ui::caption::Told;
use crate::ui::context::{Opened, Part};
use crate::ui::dock::{Cause, Row};
use crate::ui::frame::now_ms;
use crate::ui::glyph::Glyph;
use crate::ui::inspector::opened_replica;
use crate::ui::telling::Telling;
use crate::view::cluster::{ClusterView, MessageView};
use crate::view::explain::{Importance, importance};
use crate::view::group::Rebalance;
use crate::view::inside::{Inside, Look};
use crate::view::scene::Selection;
use yew::AttrValue;

use super::headlines::Headlines;
use super::is_loss;

/// Most lines of the list of events.
const ROWS_MOST: usize = 80;
/// Most rebalances listed.
const HISTORY_MOST: usize = 12;
/// How long a list may be old while time runs, in milliseconds: nobody reads faster.
const STALE_MS: f64 = 200.0;
/// While time runs, a headline stays in the caption for this much of the world's time.
const HEADLINE_STAYS: Micros = Micros(2_000_000);

/// How it is to be shown.
#[derive(Clone, Copy)]
pub struct Asked {
    /// Language of the words.
    pub lang: Lang,
    /// Which events are listed.
    pub level: Importance,
    /// The event whose causes are told.
    pub why: Option<EventId>,
}

/// What is shown.
pub struct Shown {
    /// The cluster.
    pub cluster: Rc<ClusterView>,
    /// Messages on their way.
    pub messages: Rc<Vec<MessageView>>,
    /// The caption.
    pub told: Option<Told>,
    /// The list of events, newest first.
    pub rows: Rc<Vec<Row>>,
    /// Causes of the selected event, oldest first.
    pub causes: Vec<Cause>,
    /// Whether older causes have left the window.
    pub begins_earlier: bool,
    /// The inside of what is inspected.
    pub inside: Rc<Inside>,
    /// Rebalances of the group that is inspected, newest first.
    pub history: Rc<Vec<Rebalance>>,
    made_ms: f64,
    branch: u64,
    lang: Lang,
}

impl Shown {
    /// Everything but what the inspector looks into. `before` is what was shown last.
    pub fn of(
        session: &Session,
        headlines: &Headlines,
        asked: Asked,
        before: Option<&Shown>,
    ) -> Shown {
        let Asked { lang, why, .. } = asked;
        let telling = Telling::of(session, headlines);
        let steps = why.map(|event| telling.why(event)).unwrap_or_default();
        let begins_earlier = steps
            .first()
            .and_then(|first| session.event(first.event))
            .is_some_and(|first| first.cause.is_some_and(|cause| session.event(cause).is_none()));
        let cause = |step: &crate::view::explain::Step| Cause {
            event: step.event,
            at: step.at,
            text: step.phrase.text(lang).into(),
        };
        Shown {
            cluster: session.cluster(),
            messages: session.messages(),
            told: caption(session, &telling, lang),
            rows: rows(session, headlines, &telling, asked, before),
            causes: steps.iter().map(cause).collect(),
            begins_earlier,
            inside: Rc::default(),
            history: Rc::default(),
            made_ms: now_ms(),
            branch: session.branch(),
            lang,
        }
    }

    /// The newest marks of the time bar first, each with the sentence of its event where it is known.
    pub fn marks(
        session: &Session,
        headlines: &Headlines,
        lang: Lang,
        most: usize,
    ) -> Vec<(Mark, AttrValue)> {
        let telling = Telling::of(session, headlines);
        let told = |mark: &Mark| {
            let event = session.event(mark.event);
            let text = event.map(|event| telling.sentence(event, lang)).unwrap_or_default();
            (*mark, AttrValue::from(text))
        };
        session.marks().iter().rev().take(most).map(told).collect()
    }

    /// Whether it is time to make it anew.
    pub fn is_stale(&self, now_ms: f64) -> bool {
        now_ms - self.made_ms > STALE_MS
    }

    /// Looks into what is inspected.
    pub fn look_at(&mut self, session: &Session, selection: &Selection, opened: &Opened) {
        let asked = match selection {
            Selection::Zookeeper => Some(Look::Zookeeper),
            Selection::Link(a, b) => Some(Look::Link(*a, *b)),
            Selection::Producer(id) => Some(Look::Producer(*id)),
            Selection::Consumer(id) => Some(Look::Consumer(*id)),
            Selection::Group(id) => {
                self.history = Rc::new(session.rebalances_of(id, HISTORY_MOST));
                let group = self.cluster.groups.iter().find(|group| group.id == *id);
                group.and_then(|g| g.coordinator).map(|at| Look::Group(id.clone(), at))
            }
            Selection::Broker(id) if opened.part == Part::Controller => Some(Look::Controller(*id)),
            Selection::Partition(which) => {
                let all = self.cluster.topics.iter().flat_map(|topic| &topic.partitions);
                let found = all.into_iter().find(|found| found.partition == *which);
                found.and_then(|found| opened_replica(found, opened)).map(|broker| Look::Replica {
                    broker,
                    partition: which.clone(),
                    at: opened.place.clone(),
                })
            }
            _ => None,
        };
        if let Some(asked) = asked {
            self.inside = Rc::new(session.look(&asked));
        }
    }
}

/// The newest fact that matters. While time runs a headline stays a while, so that it can be read.
fn caption(session: &Session, telling: &Telling<'_>, lang: Lang) -> Option<Told> {
    let newest =
        |least: Importance| session.events().rev().find(|event| importance(&event.kind) >= least);
    let headline = newest(Importance::Headline);
    let stays = |event: &&Event| session.now().since(event.at) < HEADLINE_STAYS;
    let chosen = match session.playing() {
        true => headline.filter(stays).or_else(|| newest(Importance::Fact)),
        false => newest(Importance::Fact),
    }?;
    Some(Told {
        event: chosen.id,
        text: telling.sentence(chosen, lang).into(),
        is_loss: is_loss(&chosen.kind),
    })
}

/// The list of events. A sentence that was told is not made again.
fn rows(
    session: &Session,
    headlines: &Headlines,
    telling: &Telling<'_>,
    asked: Asked,
    before: Option<&Shown>,
) -> Rc<Vec<Row>> {
    let before = before.filter(|b| b.lang == asked.lang && b.branch == session.branch());
    let told = before.map(|before| &before.rows[..]).unwrap_or_default();
    let known = |event: &Event| {
        let place = told.binary_search_by(|row| event.id.cmp(&row.event)).ok()?;
        Some(told[place].clone())
    };
    let tell = |event: &Event| Row {
        event: event.id,
        at: event.at,
        glyph: Glyph::of_event(&event.kind, event.node),
        text: telling.sentence(event, asked.lang).into(),
        is_headline: importance(&event.kind) == Importance::Headline,
    };
    let row = |event: &Event| known(event).unwrap_or_else(|| tell(event));
    if asked.level == Importance::Headline {
        return Rc::new(headlines.newest().take(ROWS_MOST).map(row).collect());
    }
    let of_level = session.events().rev().filter(|event| importance(&event.kind) >= asked.level);
    Rc::new(of_level.take(ROWS_MOST).map(row).collect())
}
