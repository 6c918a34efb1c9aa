//! Faults that a page gives by name, and what the checker finds.

use super::*;
use crate::engine::event::{EventKind, Invariant};
use crate::engine::ids::{BrokerId, Offset};
use crate::session::message::MarkKind;

#[test]
fn a_power_loss_leaves_what_was_flushed_and_nothing_else() {
    let mut page = busy();
    let command = page.session.power_loss();
    page.tell(Msg::Apply(command));
    for (_, host) in page.session.world().hosts() {
        assert_eq!(host.disk.unflushed_bytes(), 0);
        assert!(!host.life.is_up());
    }
}

#[test]
fn a_flipped_bit_changes_one_byte_of_the_file_and_none_of_its_length() {
    let mut page = busy();
    // The producer has its id and has written to both partitions.
    page.run(Micros(5_000_000), Micros(33_333));
    let path = "orders-0/00000000000000000000.log";
    let read = |page: &Page| {
        let disk = page.session.world().disk(B1).expect("broker 1 has a disk");
        disk.read_path(path).expect("it has the log")
    };
    let before = read(&page);
    let command = page.session.flipped_bit(B1, path).expect("the file has bytes");
    page.tell(Msg::Apply(command));
    let after = read(&page);
    assert_eq!(before.len(), after.len());
    let changed: Vec<u32> =
        before.iter().zip(&after).map(|(a, b)| (a ^ b).count_ones()).filter(|n| *n > 0).collect();
    assert_eq!(changed, [1]);
    assert!(page.session.flipped_bit(B1, "no/such/file").is_none());
}

#[test]
fn a_torn_tail_is_a_file_that_ends_earlier_on_a_host_that_is_down() {
    let mut page = busy();
    page.run(Micros(5_000_000), Micros(33_333));
    let path = "orders-0/00000000000000000000.log";
    let whole = length(&page, path);
    let tear = page.session.torn_tail(B1, path).expect("the file has a tail");
    page.tell(Msg::Apply(tear.clone()));
    assert_eq!(length(&page, path), whole, "the broker runs");
    page.kill(B1);
    let whole = length(&page, path);
    page.tell(Msg::Apply(tear));
    let torn = whole - length(&page, path);
    assert!((1..=32).contains(&torn), "{torn} bytes are gone");
    assert!(page.session.torn_tail(B1, "no/such/file").is_none());
}

fn length(page: &Page, path: &str) -> u64 {
    let disk = page.session.world().disk(B1).expect("broker 1 has a disk");
    disk.read_path(path).map_or(0, |bytes| bytes.len() as u64)
}

#[test]
fn the_old_truncation_is_the_same_history_in_another_world() {
    let mut page = busy();
    assert!(!page.session.is_old_truncation());
    let (now, commands) = (page.session.now(), page.session.commands().len());
    let start = page.session.with_truncation(true);
    page.tell(Msg::Load(start));
    page.settle();
    assert!(page.session.is_old_truncation());
    assert_eq!((page.session.now(), page.session.commands().len()), (now, commands));
    let start = page.session.with_truncation(false);
    page.tell(Msg::Load(start));
    page.settle();
    assert!(!page.session.is_old_truncation());
}

#[test]
fn what_the_checker_finds_is_a_red_mark_with_its_story() {
    let mut page = busy();
    assert_eq!(page.session.violations().count(), 0);
    let cause = page.session.events().last().expect("something happened").id;
    let found = Event {
        id: page.session.next_event(),
        at: page.session.now(),
        cause: Some(cause),
        node: Some(B1),
        kind: EventKind::InvariantBroken {
            rule: Invariant::HighWatermarkFell,
            partition: None,
            from: Offset(7),
            to: Offset(5),
        },
    };
    page.session.folds.marks.update(&found);
    page.session.window.push(found.clone());
    let marks: Vec<_> = page.session.violations().collect();
    assert_eq!(marks.len(), 1);
    assert_eq!((marks[0].event, marks[0].kind), (found.id, MarkKind::Broken));
    let lookup = |id| page.session.event(id).cloned();
    let names = page.session.cluster();
    let steps = crate::view::explain::story(found.id, &lookup, &*names);
    assert!(steps.len() > 1, "it has causes");
    assert_eq!(steps.last().map(|step| step.event), Some(found.id));
}

/// Two leaders die one after the other, and followers cut their logs as releases up to 0.10.2 did: a
/// record that was acknowledged is gone.
const OLD_LOSS: &str = "brokers 4
set replica.lag.time.max.ms=20000
set zookeeper.session.timeout.ms=6000
set lab.truncation=hw
topic t: b2>b3>b4
producer p{topic=t}
at 2s send p m1
at 4s send p m2
at 4.1s kill b2
at 4.1s hold b3-b4
at 11.5s kill b3
until=20s";

#[test]
fn a_loss_that_old_behaviour_brings_is_marked_and_its_story_names_the_death_that_took_the_last_copy()
 {
    let scenario = crate::scenario::parser::parse(OLD_LOSS).expect("a scenario");
    let mut page = busy();
    page.tell(Msg::Load(Start {
        commands: scenario.commands,
        until: scenario.until.expect("it ends"),
        ..Start::new("loss", scenario.config)
    }));
    page.settle();
    let marks: Vec<_> = page.session.violations().collect();
    assert_eq!(marks.len(), 1, "the checker found one");
    let found = page.session.event(marks[0].event).expect("it is in the window");
    let rule = Invariant::CommittedLost;
    assert!(
        matches!(&found.kind, EventKind::InvariantBroken { rule: broken, .. } if *broken == rule)
    );
    let lookup = |id| page.session.event(id).cloned();
    let steps = crate::view::explain::story(found.id, &lookup, &*page.session.cluster());
    let silent = steps.iter().filter_map(|step| page.session.event(step.event)).any(|event| {
        let of_b3 = NodeId::Broker(BrokerId(3));
        matches!(&event.kind, EventKind::SessionExpired { client, .. } if *client == of_b3)
    });
    assert!(silent, "broker 3 was the last that had the record");
}
