//! Mistakes that the simulation found, one test each.

use highwater::engine::command::Command;
use highwater::engine::event::EventKind;
use highwater::engine::ids::{BrokerId, NodeId, Offset};

use crate::RF3;
use crate::lab::{Lab, acks, b, ms, tp};

/// Broker 3 has a record that leader 2 has not, and another stands there in 2's log.
fn parted() -> Lab {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.producer("p", "t", |spec| spec.acks = acks(1));
    lab.hold(1, 2);
    lab.send("p", &["old"]);
    lab.run_for(ms(600));
    lab.kill(1);
    lab.hold(2, 3);
    lab.run_until(ms(9_000), |event| {
        event.node == Some(b(2)) && matches!(event.kind, EventKind::BecameLeader { .. })
    });
    lab.send("p", &["new"]);
    lab.run_for(ms(1_500));
    assert_eq!(lab.log("t", 0, 2), ["new"]);
    assert_eq!(lab.log("t", 0, 3), ["old"]);
    lab
}

#[test]
fn a_fetch_from_where_the_logs_have_parted_acknowledges_nothing() {
    let mut lab = parted();
    assert_eq!(lab.isr("t", 0), [2, 3]);
    lab.heal(2, 3);
    lab.run_until(ms(1_000), |event| {
        event.node == Some(b(3)) && matches!(event.kind, EventKind::LogTruncated { .. })
    });
    assert_eq!(lab.partition("t", 0).high_watermark, Offset(0), "3 has not got the new record yet");
    lab.run_for(ms(1_000));
    assert_eq!(lab.partition("t", 0).high_watermark, Offset(1));
    assert_eq!(lab.log("t", 0, 3), ["new"]);
}

#[test]
fn a_client_that_was_frozen_hears_its_overdue_timers() {
    let mut lab = Lab::three();
    lab.topic("t", &[&[2, 3]], &[]);
    lab.producer("p", "t", |_| {});
    lab.consumer("c", "t");
    lab.run_for(ms(1_000));
    let node = NodeId::Client(lab.world.client_id("c").expect("it was added"));
    lab.kill(2);
    lab.run_for(ms(500));
    lab.apply(Command::Pause { node });
    lab.run_for(ms(9_000));
    lab.apply(Command::Resume { node });
    lab.send("p", &["m"]);
    lab.run_for(ms(5_000));
    let read = |kind: &EventKind| matches!(kind, EventKind::RecordsDelivered { .. });
    assert_eq!(lab.count(read), 1, "it asks again after its pause");
}

/// The controller's answer to a shrink never comes: the leader asks again when
/// `controller.socket.timeout.ms` (30 s) is over, and the ISR is right in the end.
#[test]
fn an_isr_change_whose_answer_is_lost_is_asked_for_again() {
    let mut lab = Lab::three();
    lab.topic("t", &[&[2, 3]], &[]);
    lab.producer("p", "t", |spec| spec.acks = acks(1));
    lab.run_for(ms(500));
    lab.tell("drop b1>b2 AlterPartition response 0");
    lab.hold(2, 3);
    lab.send("p", &["m"]);
    lab.run_for(ms(10_000));
    assert_eq!(lab.isr("t", 0), [2], "the controller has written it");
    lab.heal(2, 3);
    lab.run_for(ms(15_000));
    assert_eq!(lab.isr("t", 0), [2], "the leader waits for the answer");
    lab.run_for(ms(10_000));
    assert_eq!(lab.isr("t", 0), [2, 3]);
}

/// The new leader of an unclean election has a record of its own where the ISR had a committed one:
/// what is lost begins there, not at the new leader's end.
#[test]
fn an_unclean_election_loses_everything_from_where_the_logs_have_parted() {
    let mut lab = Lab::three();
    lab.topic("t", &[&[2, 3]], &[("unclean.leader.election.enable", "true")]);
    lab.producer("p", "t", |spec| spec.acks = acks(1));
    lab.send("p", &["base"]);
    lab.run_for(ms(1_500));
    lab.hold(2, 3);
    lab.send("p", &["mine"]);
    lab.run_for(ms(500));
    lab.kill(2);
    lab.run_for(ms(8_000));
    assert_eq!(lab.isr("t", 0), [3]);
    lab.send("p", &["theirs0", "theirs1"]);
    lab.run_for(ms(1_000));
    lab.kill(3);
    lab.heal(2, 3);
    lab.start(2);
    lab.run_for(ms(8_000));
    assert_eq!(lab.partition("t", 0).leader, Some(BrokerId(2)));
    let lost = lab.events.iter().find_map(|event| match event.kind {
        EventKind::CommittedRecordsLost { from, to, .. } => Some((from, to)),
        _ => None,
    });
    assert_eq!(lost, Some((Offset(1), Offset(3))));
    lab.start(3);
    lab.run_for(ms(3_000));
    assert_eq!(lab.log("t", 0, 3), ["base", "mine"]);
    assert_eq!(lab.count(|kind| matches!(kind, EventKind::InvariantBroken { .. })), 0);
}

/// The controller writes an ISR change, loses its connection before it hears so, finds its own write
/// and refuses the change. It may have been written, so the leader may count on neither ISR: it goes
/// on with both until the next election, as Kafka's does.
#[test]
fn an_isr_change_that_may_have_been_written_stays_pending() {
    let mut lab = Lab::three();
    lab.topic("t", &[&[1, 2]], &[]);
    lab.producer("p", "t", |spec| spec.acks = acks(1));
    lab.run_for(ms(500));
    lab.hold(1, 2);
    lab.send("p", &["m1"]);
    lab.run_for(ms(2_000));
    lab.tell("hold b1-zk");
    lab.run_for(ms(4_000));
    lab.tell("heal b1-zk");
    lab.run_for(ms(2_000));
    assert_eq!(lab.isr("t", 0), [1], "it was written");
    lab.heal(1, 2);
    lab.run_for(ms(20_000));
    assert_eq!(lab.isr("t", 0), [1], "the leader does not know it, and asks for nothing");
    let leader = lab.world.broker(BrokerId(1)).expect("it runs");
    let partition = leader.partition(&tp("t", 0)).expect("it leads");
    let pending = partition.leading().and_then(|leading| leading.pending.as_ref());
    assert_eq!(pending.map(|pending| &*pending.isr), Some(&[BrokerId(1)][..]));
    assert_eq!(partition.isr(), [BrokerId(1), BrokerId(2)]);
    assert_eq!(lab.partition("t", 0).high_watermark, Offset(1), "2 has it by now");
}
