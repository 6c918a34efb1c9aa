//! Leaders ask for other ISRs.

use std::collections::BTreeMap;

use crate::engine::controller::tests::create;
use crate::engine::controller::tests::harness::Harness;
use crate::engine::ids::{
    BrokerEpoch, BrokerId, LeaderEpoch, PartitionEpoch, PartitionId, TopicName, TopicPartition,
};
use crate::engine::protocol::inter_broker::{
    AlterPartition, AlterPartitionRequest, ControlledShutdownRequest,
};
use crate::engine::protocol::{Request, Response};

/// Asks the controller, in broker 1's name, for an ISR of `t-0`, and returns the partition epoch or
/// the error.
fn ask(harness: &mut Harness, epochs: (i32, i32), isr: &[i32]) -> Result<i32, i16> {
    let partition = TopicPartition::new(&TopicName::new("t"), PartitionId(0));
    let wanted = AlterPartition {
        partition: partition.clone(),
        leader_epoch: LeaderEpoch(epochs.0),
        new_isr: isr.iter().copied().map(BrokerId).collect(),
        partition_epoch: PartitionEpoch(epochs.1),
    };
    let broker_epoch = harness.stub(1).control.broker_epoch();
    let request =
        AlterPartitionRequest { broker_id: BrokerId(1), broker_epoch, partitions: vec![wanted] };
    harness.ask(1, 3, Request::AlterPartition(request));
    harness.wait_ms(100);
    match harness.answers.pop() {
        Some(Response::AlterPartition(response)) if response.error_code == 0 => {
            let answer = response.partitions.get(&partition).expect("each is answered");
            answer.as_ref().map(|state| state.partition_epoch.0).map_err(|code| *code)
        }
        Some(Response::AlterPartition(response)) => Err(response.error_code),
        other => panic!("not answered: {other:?}"),
    }
}

fn cluster() -> Harness {
    let mut harness = Harness::cluster(3);
    create(&mut harness, "t", "1:2:3");
    harness
}

#[test]
fn a_leader_changes_the_isr_and_only_the_partition_epoch_rises() {
    let mut harness = cluster();
    assert_eq!(ask(&mut harness, (0, 0), &[1]), Ok(1));
    assert_eq!(harness.state("t/partitions/0"), "1 0 [1] 1");
    assert_eq!(ask(&mut harness, (0, 1), &[1, 3]), Ok(2));
    assert_eq!(harness.state("t/partitions/0"), "1 0 [1,3] 2");
}

#[test]
fn every_broker_hears_of_the_new_isr() {
    let mut harness = cluster();
    ask(&mut harness, (0, 0), &[1, 2]).expect("accepted");
    for id in 1..=3 {
        let last = harness.stub(id).metadata.last().expect("it was told");
        assert_eq!(last.partition_states[0].isr, [1, 2].map(BrokerId));
        assert_eq!(last.partition_states[0].partition_epoch, PartitionEpoch(1));
    }
}

#[test]
fn an_old_leader_epoch_is_fenced() {
    let mut harness = cluster();
    harness.kill(3);
    harness.wait_ms(7_000);
    assert_eq!(ask(&mut harness, (0, 1), &[1]), Err(74));
}

#[test]
fn an_old_partition_epoch_is_refused() {
    let mut harness = cluster();
    ask(&mut harness, (0, 0), &[1, 2]).expect("accepted");
    assert_eq!(ask(&mut harness, (0, 0), &[1]), Err(95));
}

#[test]
fn what_is_there_already_is_answered_as_done() {
    let mut harness = cluster();
    ask(&mut harness, (0, 0), &[1, 2]).expect("accepted");
    assert_eq!(ask(&mut harness, (0, 0), &[1, 2]), Ok(1));
    assert_eq!(harness.state("t/partitions/0"), "1 0 [1,2] 1");
}

#[test]
fn a_leader_that_knows_more_than_the_controller_is_sent_elsewhere() {
    let mut harness = cluster();
    assert_eq!(ask(&mut harness, (1, 0), &[1]), Err(41));
    assert_eq!(ask(&mut harness, (0, 1), &[1]), Err(41));
}

#[test]
fn a_replica_that_does_not_live_cannot_join() {
    let mut harness = cluster();
    harness.kill(3);
    harness.wait_ms(7_000);
    assert_eq!(ask(&mut harness, (1, 1), &[1, 2, 3]), Err(107));
}

#[test]
fn an_unknown_partition_is_refused() {
    let mut harness = Harness::cluster(1);
    assert_eq!(ask(&mut harness, (0, 0), &[1]), Err(3));
}

#[test]
fn a_broker_that_is_not_the_controller_says_so() {
    let mut harness = cluster();
    let broker_epoch = harness.stub(1).control.broker_epoch();
    assert_eq!(whole_answer(&mut harness, 2, broker_epoch), 41);
}

/// KIP-380: a leader that went and came back is not taken for the one before.
#[test]
fn a_change_that_an_earlier_registration_asks_for_is_refused() {
    let mut harness = cluster();
    let before = harness.stub(1).control.broker_epoch();
    let zookeeper = harness.zookeeper.as_ref().expect("it runs");
    let registered = zookeeper.get("/brokers/ids/1").expect("it is registered");
    assert_eq!(before, BrokerEpoch(registered.created), "the czxid of its znode");
    assert_eq!(whole_answer(&mut harness, 1, before), 0);
    assert_eq!(whole_answer(&mut harness, 1, BrokerEpoch(before.0 - 1)), 77);
    assert_eq!(whole_answer(&mut harness, 1, BrokerEpoch::UNKNOWN), 77);
}

/// The error of an answer to a request without partitions that names broker 1.
fn whole_answer(harness: &mut Harness, asked: i32, broker_epoch: BrokerEpoch) -> i16 {
    let request =
        AlterPartitionRequest { broker_id: BrokerId(1), broker_epoch, partitions: Vec::new() };
    harness.ask(asked, 3, Request::AlterPartition(request));
    harness.wait_ms(100);
    match harness.answers.pop() {
        Some(Response::AlterPartition(response)) => {
            assert_eq!(response.partitions, BTreeMap::new());
            response.error_code
        }
        other => panic!("not answered: {other:?}"),
    }
}

/// The same for a controlled shutdown: an earlier registration's is refused.
#[test]
fn a_shutdown_that_an_earlier_registration_asks_for_is_refused() {
    let mut harness = cluster();
    let broker_epoch = harness.stub(2).control.broker_epoch();
    let mut answer = |broker_epoch| {
        let request = ControlledShutdownRequest { broker_id: BrokerId(2), broker_epoch };
        harness.ask(1, 3, Request::ControlledShutdown(request));
        harness.wait_ms(100);
        match harness.answers.pop() {
            Some(Response::ControlledShutdown(response)) => response.error_code,
            other => panic!("not answered: {other:?}"),
        }
    };
    assert_eq!(answer(BrokerEpoch(broker_epoch.0 - 1)), 77);
    assert_eq!(answer(broker_epoch), 0);
}

#[test]
fn among_ten_thousand_partitions_one_change_tells_of_one() {
    let mut harness = Harness::cluster(3);
    let topic = crate::engine::controller::tests::sized("big", 10_000, 3);
    let result = crate::engine::controller::tests::create_at(&mut harness, 1, topic);
    assert_eq!(result.error_code, 0);
    create(&mut harness, "t", "1:2:3");
    ask(&mut harness, (0, 0), &[1]).expect("accepted");
    for id in 1..=3 {
        let last = harness.stub(id).metadata.last().expect("it was told");
        assert_eq!(last.partition_states.len(), 1);
    }
}
