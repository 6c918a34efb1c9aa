//! Mistakes that the simulation found, one test each.

use highwater::engine::command::{Command, DurableFile};
use highwater::engine::event::{Event, EventKind};
use highwater::engine::ids::{BrokerId, LeaderEpoch, NodeId, Offset};

use crate::RF3;
use crate::disk::delete_records;
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

/// Every file as it is, but for the records of a replica: of that one nothing was flushed.
fn power_loss_without(lab: &mut Lab, lost: &str) {
    let mut durable = Vec::new();
    let nodes: Vec<NodeId> = lab.world.hosts().map(|(node, _)| node).collect();
    for node in nodes {
        let disk = lab.world.disk(node).expect("every host has one");
        for (path, len) in disk.list("") {
            let is_lost = format!("{node}/{path}").starts_with(lost);
            let bytes = if is_lost && path.ends_with(".log") { 0 } else { len };
            durable.push(DurableFile { node, path, bytes });
        }
    }
    lab.apply(Command::PowerLoss { durable });
}

/// `AbstractFetcherThread` puts a partition whose records do not fit among its `failedPartitions`.
/// Leader 1 lost what follower 2 still has, and nobody was elected since: in the same reign there are
/// other records at the same offsets, and no epoch tells. Found by seed 10545.
#[test]
fn a_follower_that_parted_within_a_reign_copies_nothing_until_the_next() {
    let mut lab = Lab::three();
    lab.topic("t", &[&[1, 2]], &[]);
    lab.producer("p", "t", |spec| spec.acks = acks(1));
    lab.send("p", &["a0", "a1", "a2"]);
    lab.run_for(ms(1_000));
    assert_eq!(lab.log("t", 0, 2), ["a0", "a1", "a2"]);
    power_loss_without(&mut lab, "b1/t-0");
    lab.apply(Command::Start { node: NodeId::Zookeeper });
    lab.run_for(ms(7_000));
    lab.hold(1, 2);
    [1, 2, 3].into_iter().for_each(|id| lab.start(id));
    let client = NodeId::Client(lab.world.client_id("p").expect("it was added"));
    lab.apply(Command::Start { node: client });
    lab.run_for(ms(1_000));
    lab.send("p", &["b0"]);
    lab.run_for(ms(200));
    lab.send("p", &["b1", "b2", "b3", "b4"]);
    lab.run_for(ms(500));
    assert_eq!(lab.log("t", 0, 1), ["b0", "b1", "b2", "b3", "b4"]);
    lab.heal(1, 2);
    let failed = |event: &Event| matches!(event.kind, EventKind::FollowerFailed { .. });
    lab.run_until(ms(3_000), failed);
    lab.run_for(ms(4_000));
    assert_eq!(lab.events.iter().filter(|event| failed(event)).count(), 1, "told once");
    assert_eq!(lab.partition("t", 0).leader_epoch, LeaderEpoch(0), "the same reign");
    assert_eq!(lab.log("t", 0, 2), ["a0", "a1", "a2"], "nothing is put behind them");
    assert_eq!(lab.isr("t", 0), [1]);
}

/// `Partition.appendRecordsToFollowerOrFutureReplica`. After a DeleteRecords the
/// leader's log starts within a batch; who has nothing begins with the whole of it.
#[test]
fn a_follower_without_records_begins_with_the_batch_in_which_the_leaders_log_starts() {
    let mut lab = Lab::three();
    lab.topic("t", &[&[1, 2, 3]], &[]);
    lab.kill(3);
    lab.run_for(ms(7_000));
    assert_eq!(lab.isr("t", 0), [1, 2]);
    lab.producer("p", "t", |spec| spec.linger_ms = 100);
    lab.send("p", &["a0", "a1", "a2"]);
    lab.run_for(ms(1_000));
    lab.send("p", &["b3"]);
    lab.run_for(ms(1_000));
    let outside = || "outside".into();
    lab.apply(Command::Connect { name: outside(), broker: BrokerId(1) });
    lab.apply(Command::Frame { name: outside(), bytes: delete_records(1).into() });
    lab.run_for(ms(1_000));
    assert_eq!(lab.replica("t", 0, 1).log_start_offset, Offset(1));
    lab.start(3);
    lab.run_for(ms(5_000));
    assert_eq!(lab.replica("t", 0, 3).log_end_offset, Offset(4));
    assert_eq!(lab.isr("t", 0).len(), 3, "it is in sync again");
}
