//! *Why?* in worlds that run: what a story tells, and how long it is.

use crate::lab::{Lab, ms};
use highwater::engine::command::Acks;
use highwater::engine::event::{DropReason, Event, EventKind};
use highwater::engine::ids::{ClientId, EventId, Text};
use highwater::i18n::Lang;
use highwater::view::explain::{Names, story};

/// Everything that happened in a lab, as the page's session would know it.
struct All<'a>(&'a [Event]);

impl Names for All<'_> {
    fn client(&self, _: ClientId) -> Option<Text> {
        Some("web".into())
    }

    fn sent(&self, message: EventId) -> Option<Event> {
        self.0.iter().find(|event| event.id == message).cloned()
    }

    fn newest(&self, before: EventId, wanted: &dyn Fn(&Event) -> bool) -> Option<Event> {
        self.0.iter().rev().find(|event| event.id < before && wanted(event)).cloned()
    }
}

/// The story of the last event that is so, in English.
fn told(lab: &Lab, wanted: impl Fn(&EventKind) -> bool) -> Vec<String> {
    let found = lab.events.iter().rev().find(|event| wanted(&event.kind));
    let event = found.expect("it happened").id;
    let lookup = |id: EventId| lab.events.iter().find(|event| event.id == id).cloned();
    let steps = story(event, &lookup, &All(&lab.events));
    steps.iter().map(|step| step.phrase.text(Lang::En)).collect()
}

/// A topic on three brokers with two records that `web` wrote.
fn written() -> Lab {
    let mut lab = Lab::three();
    lab.topic("orders", &[&[1, 2, 3]], &[("min.insync.replicas", "2")]);
    lab.producer("web", "orders", |spec| spec.acks = Acks::All);
    lab.send("web", &["a", "b"]);
    lab.run_for(ms(1_000));
    lab
}

#[test]
fn a_refused_message_is_told_from_what_ended_its_receiver() {
    let mut lab = written();
    lab.kill(1);
    lab.send("web", &["c"]);
    lab.run_for(ms(2_000));
    let is_it = |kind: &EventKind| {
        matches!(kind, EventKind::MessageDropped { reason: DropReason::Refused, .. })
    };
    let texts = told(&lab, is_it);
    assert_eq!(texts[0], "You killed broker 1.", "{texts:#?}");
    assert!(texts.len() <= 5, "{texts:#?}");
}

#[test]
fn refused_records_are_told_from_what_made_the_isr_small() {
    let mut lab = written();
    lab.kill(2);
    lab.kill(3);
    lab.run_for(ms(9_000));
    lab.send("web", &["c"]);
    lab.run_for(ms(1_000));
    let texts = told(&lab, |kind| matches!(kind, EventKind::ProduceRefused { .. }));
    assert!(texts.len() <= 8, "{texts:#?}");
    assert!(texts.iter().any(|text| text.starts_with("You killed broker")), "{texts:#?}");
}
