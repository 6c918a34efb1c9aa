//! Bookmarks, idle spans, speeds and the frame's budget, the beginning again.

use super::*;
use crate::scenario::parser::parse;
use crate::session::message::MarkKind;
use crate::session::playback::SPEEDS;

/// A page that shows a scenario at its end.
fn shown(text: &str) -> Page {
    let scenario = parse(text).expect("a scenario");
    let mut page = Page::open(MemoryRows::default());
    page.tell(Msg::Load(Start::from_scenario("shown", &scenario)));
    page.settle();
    page.arrive();
    page
}

fn marks_of(page: &Page, kind: MarkKind) -> Vec<Mark> {
    page.session.marks().iter().filter(|mark| mark.kind == kind).copied().collect()
}

fn event_of(page: &mut Page, mark: Mark) -> EventKind {
    page.tell(Msg::Recall(mark.event));
    page.session.event(mark.event).expect("it is known again").kind.clone()
}

/// A cluster in which little happens.
const QUIET: &str = "brokers 1\nseed 1\nset zookeeper.session.timeout.ms=600000\nuntil=20s\n";

/// Two members share a topic, one of them dies; the leader dies, and its follower has not the record.
const FATES: &str = "brokers 3
seed 1
set zookeeper.session.timeout.ms=6000
topic t: b2>b3 {unclean.leader.election.enable=true}
producer p{topic=t, acks=1}
consumer c1{topic=t, group=g, session.timeout.ms=6000}
consumer c2{topic=t, group=g, session.timeout.ms=6000}
at 10s kill c2
at 20s kill b3
at 30s send p m
at 31s kill b2
at 32s start b3
until=50s
";

#[test]
fn elections_rebalances_and_losses_have_bookmarks_that_lead_to_their_events() {
    let mut page = shown(FATES);
    let elections = marks_of(&page, MarkKind::Election);
    assert!(elections.iter().any(|mark| mark.at > Micros::from_secs(31)), "{elections:?}");
    let rebalances = marks_of(&page, MarkKind::Rebalance);
    assert!(rebalances.iter().any(|mark| mark.at < Micros::from_secs(10)), "both joined");
    assert!(rebalances.iter().any(|mark| mark.at > Micros::from_secs(10)), "one left");
    let losses = marks_of(&page, MarkKind::Loss);
    let told: Vec<EventKind> = losses.iter().map(|mark| event_of(&mut page, *mark)).collect();
    let is_loss = |kind: &EventKind| matches!(kind, EventKind::CommittedRecordsLost { .. });
    assert!(told.iter().any(is_loss), "{told:?}");
    for mark in rebalances.iter().rev() {
        let kind = event_of(&mut page, *mark);
        assert!(matches!(kind, EventKind::GroupStateChanged { .. }), "{kind:?}");
        page.seek(mark.at);
        assert_eq!(page.session.now(), mark.at);
    }
}

#[test]
fn an_idle_span_is_skipped_while_playing_and_waited_out_when_that_is_off() {
    let after = |skip: bool| {
        let mut page = shown(QUIET);
        page.tell(Msg::SetSkipIdle(skip));
        page.tell(Msg::Play);
        (0..10).for_each(|_| page.tell(Msg::Frame { elapsed_us: 16_000, steps: 10_000 }));
        assert_eq!(page.session.digest(), replayed(&page.session));
        page.session.now()
    };
    assert_eq!(after(false), Micros::from_secs(20) + Micros(1_600));
    assert!(after(true) > Micros::from_secs(20) + Micros(100_000), "{}", after(true).0);
}

#[test]
fn the_slowest_speed_is_a_millionth_and_the_fastest_a_thousandfold() {
    let run = |speed: usize| {
        let mut page = shown(QUIET);
        page.tell(Msg::SetSkipIdle(false));
        page.tell(Msg::SetSpeed(u8::try_from(speed).expect("a short table")));
        page.tell(Msg::Play);
        let from = page.session.now();
        for _ in 0..100 {
            page.tell(Msg::Frame { elapsed_us: 20_000, steps: u32::MAX });
            page.settle();
        }
        page.session.now().since(from)
    };
    assert_eq!(run(0), Micros(2), "two page seconds are two microseconds");
    assert_eq!(run(SPEEDS.len() - 1), Micros::from_secs(2_000));
}

#[test]
fn a_frame_runs_no_more_than_its_budget_and_the_world_is_late_instead() {
    let mut page = busy();
    page.tell(Msg::SetSpeed(u8::MAX));
    page.tell(Msg::Play);
    let (from, first) = (page.session.now(), page.session.next_event());
    page.tell(Msg::Frame { elapsed_us: 16_000, steps: 50 });
    assert!(page.session.now().since(from) < Micros::from_secs(1), "not the whole 16 s");
    assert!(page.session.next_event().0 - first.0 < 1_000);
    assert_eq!(page.session.digest(), replayed(&page.session));
}

#[test]
fn beginning_again_keeps_what_was_done_as_a_branch_and_can_be_undone() {
    let mut page = eventful();
    let (end, digest, commands) =
        (page.session.now(), page.session.digest(), page.session.commands().len());
    page.tell(Msg::Reset);
    page.settle();
    assert_eq!((page.session.now(), page.session.commands().len()), (Micros::ZERO, 0));
    let ids: Vec<_> = page.session.branches().iter().map(|branch| branch.id).collect();
    assert_eq!((ids, page.session.branches().current()), (vec![0, 1], 1));
    page.run(Micros(500_000), Micros(100_000));
    assert_eq!(page.session.digest(), replayed(&page.session));
    page.tell(Msg::Undo);
    page.settle();
    assert_eq!((page.session.now(), page.session.commands().len()), (end, commands));
    assert_eq!(page.session.digest(), digest);
    page.tell(Msg::Redo);
    page.settle();
    assert_eq!(page.session.commands().len(), 0);
}

#[test]
fn beginning_again_with_nothing_done_makes_no_branch() {
    let mut page = Page::open(MemoryRows::default());
    page.run(SECOND, Micros(100_000));
    page.tell(Msg::Reset);
    page.settle();
    assert_eq!((page.session.branches().iter().len(), page.session.can_undo()), (1, false));
}
