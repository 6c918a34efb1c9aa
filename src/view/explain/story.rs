//! A chain of causes, condensed for people: oldest first, one step for a message's whole journey,
//! nothing told twice.
//!
//! What always holds: the last step is the event asked about, and steps are in the order of time.

use crate::engine::event::{DropReason, ElectionReason, Event, EventKind, TimerPurpose};
use crate::engine::ids::{EventId, NodeId};
use crate::engine::time::Micros;
use crate::i18n::Phrase;
use crate::view::explain::{Importance, Names, importance, is_about, phrase, silences, walk};

/// Steps that are read at once; a longer story does without its details.
const STEPS_READ: usize = 8;
/// Most steps of a story; of a longer one the beginning and the end are told.
const STEPS_MOST: usize = 14;
/// How many steps of a long story's beginning are told: the command and what it did first.
const STEPS_FIRST: usize = 3;

/// One step of a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its event; of a message's journey, the arrival.
    pub event: EventId,
    /// When.
    pub at: Micros,
    /// Its sentence.
    pub phrase: Phrase,
}

/// Why `event` happened: from the command that began it to the event itself.
#[must_use]
pub fn story(
    event: EventId,
    lookup: &dyn Fn(EventId) -> Option<Event>,
    names: &(impl Names + ?Sized),
) -> Vec<Step> {
    let mut causes = walk(event, lookup);
    causes.reverse();
    begin_with_records(&mut causes);
    tell_silence(&mut causes, lookup, names);
    tell_refusal(&mut causes, lookup, names);
    let told = causes.iter().enumerate();
    let told = told.filter(|(at, cause)| cause.id == event || is_told(cause, causes.get(at + 1)));
    let step = |cause: &Event| Step { event: cause.id, at: cause.at, phrase: phrase(cause, names) };
    let steps: Vec<(Step, bool)> = told
        .map(|(_, cause)| (step(cause), importance(&cause.kind) == Importance::Detail))
        .collect();
    shorten(without_details(without_repeats(steps)))
}

/// A session ends because nothing was heard, and nothing is no event. So where it is known what
/// silenced its client, that is told in the place of how the session began.
fn tell_silence(
    causes: &mut Vec<Event>,
    lookup: &dyn Fn(EventId) -> Option<Event>,
    names: &(impl Names + ?Sized),
) {
    let expired = causes.iter().enumerate().rev().find_map(|(at, cause)| match cause.kind {
        EventKind::SessionExpired { client, .. } => Some((at, client, cause.id)),
        _ => None,
    });
    let Some((at, client, id)) = expired else { return };
    let Some(silenced) = silenced(client, id, names) else { return };
    causes.splice(..at, told_of(silenced, lookup));
}

/// The newest known event before `before` after which a host could not be heard any more.
fn silenced(node: NodeId, before: EventId, names: &(impl Names + ?Sized)) -> Option<Event> {
    names.newest(before, &|event| is_about(event, node) && silences(&event.kind))
}

/// An event and its causes, oldest first.
fn told_of(event: Event, lookup: &dyn Fn(EventId) -> Option<Event>) -> Vec<Event> {
    let mut told = walk(event.id, lookup);
    if told.is_empty() {
        told.push(event);
    }
    told.reverse();
    told
}

/// How a client came to know the cluster is no reason of what became of its records: their story
/// begins where they were queued, and with the command that asked for them.
fn begin_with_records(causes: &mut Vec<Event>) {
    let Some(at) = causes.iter().rposition(is_queued) else { return };
    let command = |cause: &Event| matches!(cause.kind, EventKind::CommandApplied { .. });
    let asked = causes[..at].iter().rposition(command).map(|asked| causes[asked].clone());
    causes.splice(..at, asked);
}

fn is_queued(cause: &Event) -> bool {
    matches!(cause.kind, EventKind::RecordsQueued { .. })
}

/// A refusal has its reason in the state of who refused, which no message carries: that is told in the
/// place of how the message came about.
fn tell_refusal(
    causes: &mut Vec<Event>,
    lookup: &dyn Fn(EventId) -> Option<Event>,
    names: &(impl Names + ?Sized),
) {
    let Some(reason) = causes.last().and_then(|last| refusal(last, names)) else { return };
    let newest = causes.len() - 1;
    let own = match causes[newest].kind {
        // A message that was lost was sent just before.
        EventKind::MessageDropped { .. } => newest.saturating_sub(1),
        _ => causes.iter().rposition(is_queued).unwrap_or(newest),
    };
    let mut told = told_of(reason, lookup);
    begin_with_records(&mut told);
    tell_silence(&mut told, lookup, names);
    causes.splice(..own, told);
    causes.sort_by_key(|cause| cause.id);
    causes.dedup_by_key(|cause| cause.id);
}

/// What made somebody refuse.
fn refusal(event: &Event, names: &(impl Names + ?Sized)) -> Option<Event> {
    const NOT_LEADER: i16 = 6;
    const NOT_ENOUGH: [i16; 2] = [19, 20];
    match &event.kind {
        EventKind::MessageDropped { message, reason: DropReason::Refused } => {
            let EventKind::MessageSent { to, .. } = names.sent(*message)?.kind else { return None };
            silenced(to, event.id, names)
        }
        EventKind::ProduceRefused { partition, error }
        | EventKind::BatchRetried { partition, error, .. }
        | EventKind::RecordsFailed { partition, error, .. } => {
            let is_it = |found: &Event| match &found.kind {
                EventKind::IsrShrunk { partition: which, .. } => {
                    NOT_ENOUGH.contains(error) && which == partition
                }
                EventKind::LeaderElected { partition: which, reason, .. } => {
                    let left = *reason == ElectionReason::FollowerLeft;
                    let wanted = *error == NOT_LEADER || left && NOT_ENOUGH.contains(error);
                    wanted && which == partition
                }
                _ => false,
            };
            names.newest(event.id, &is_it)
        }
        _ => None,
    }
}

/// Whether a cause is a step of its own: not a departure whose arrival follows, not a mere tick.
fn is_told(cause: &Event, next: Option<&Event>) -> bool {
    match &cause.kind {
        EventKind::MessageSent { .. } => {
            !matches!(next.map(|next| &next.kind), Some(EventKind::MessageDelivered { message }) if *message == cause.id)
        }
        EventKind::TimerFired { purpose } => !matches!(
            purpose,
            TimerPurpose::Ping
                | TimerPurpose::HighWatermarkCheckpoint
                | TimerPurpose::LogCheckpoint
                | TimerPurpose::FetchWait
        ),
        EventKind::MetadataUpdated { .. } => false,
        _ => true,
    }
}

/// Fetching goes round and round: of steps with the same words only the newest is told.
fn without_repeats(steps: Vec<(Step, bool)>) -> Vec<(Step, bool)> {
    let mut told: Vec<(Step, bool)> = Vec::new();
    for step in steps.into_iter().rev() {
        if !told.iter().any(|(later, _)| later.phrase == step.0.phrase) {
            told.push(step);
        }
    }
    told.reverse();
    told
}

/// Of a story too long to be read at once, the oldest details are left out first: which messages went
/// to and fro. The two newest steps always stay.
fn without_details(steps: Vec<(Step, bool)>) -> Vec<Step> {
    let mut surplus = steps.len().saturating_sub(STEPS_READ);
    let newest = steps.len().saturating_sub(2);
    let mut told = Vec::new();
    for (at, (step, is_detail)) in steps.into_iter().enumerate() {
        if is_detail && surplus > 0 && at < newest {
            surplus -= 1;
        } else {
            told.push(step);
        }
    }
    told
}

fn shorten(mut steps: Vec<Step>) -> Vec<Step> {
    if steps.len() > STEPS_MOST {
        let left_out = steps.len() - STEPS_MOST + 1;
        let between = &steps[STEPS_FIRST];
        let phrase = Phrase::new("story-left-out").with("count", left_out as u64);
        let gap = Step { event: between.event, at: between.at, phrase };
        steps.splice(STEPS_FIRST..STEPS_FIRST + left_out, [gap]);
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ids::BrokerId;
    use crate::i18n::Lang;
    use crate::view::explain::chain;
    use crate::view::explain::samples::{Known, at_broker, kill_and_election, lookup_in};

    fn told(events: &[Event]) -> Vec<String> {
        let last = events.last().expect("samples have events").id;
        let known = Known(events.to_vec());
        let steps = story(last, &lookup_in(events), &known);
        steps.iter().map(|step| step.phrase.text(Lang::En)).collect()
    }

    #[test]
    fn a_story_begins_with_the_command_and_ends_with_the_event() {
        let texts = told(&kill_and_election());
        assert_eq!(texts[0], "You killed broker 1.");
        assert!(texts.last().expect("not empty").starts_with("Broker 2 now leads orders-0"));
    }

    #[test]
    fn a_message_is_one_step_from_departure_to_arrival() {
        let texts = told(&kill_and_election());
        let about: Vec<_> = texts.iter().filter(|text| text.contains("watch")).collect();
        assert_eq!(about, ["ZooKeeper's watch notification reached broker 1."]);
    }

    #[test]
    fn a_session_that_expired_is_told_from_what_silenced_its_client() {
        let mut events = kill_and_election();
        events[2].cause = None;
        let cut = chain(events[7].id, &lookup_in(&events)).len();
        assert_eq!(cut, 6, "the timer knows nothing of the kill");
        let texts = told(&events);
        assert_eq!(texts[..2], ["You killed broker 1.", "Broker 1 is dead."]);
        assert!(texts[2].contains("session ended"), "{texts:#?}");
    }

    #[test]
    fn a_long_story_keeps_its_beginning_and_its_end() {
        let events: Vec<Event> = (0..100)
            .map(|id| {
                let kind = EventKind::BrokerUp { broker: BrokerId(id as i32) };
                let mut event = at_broker(id, kind);
                event.cause = id.checked_sub(1).map(EventId);
                event
            })
            .collect();
        let texts = told(&events);
        assert_eq!(texts.len(), STEPS_MOST);
        assert_eq!(texts[STEPS_FIRST], "(87 more steps)");
        assert!(texts[STEPS_MOST - 1].contains("99"));
    }
}
