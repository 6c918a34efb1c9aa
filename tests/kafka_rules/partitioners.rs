//! Where records go: by key, by the partition that is given, and without either by the way of a release.

use highwater::engine::command::{Command, Keys, ProducerSpec, RecordSpec};
use highwater::engine::event::EventKind;
use highwater::engine::ids::PartitionId;
use highwater::engine::setting::Partitioner;

use super::lab::{Lab, ms};

const THREE: &[&[i32]] = &[&[1], &[2], &[3]];

fn lab(change: impl FnOnce(&mut ProducerSpec)) -> Lab {
    let mut lab = Lab::three();
    lab.topic("t", THREE, &[]);
    lab.producer("p", "t", change);
    lab.run_for(ms(500));
    lab
}

/// Sends records one by one, each acknowledged before the next, as from a console.
fn one_by_one(lab: &mut Lab, records: &[(Option<&str>, Option<i32>)]) {
    for (key, partition) in records {
        let record = RecordSpec {
            key: key.map(Into::into),
            value: "m".into(),
            partition: partition.map(PartitionId),
        };
        let name = "p".into();
        lab.apply(Command::Send { name, records: vec![record] });
        lab.run_until(ms(2_000), |event| matches!(event.kind, EventKind::RecordsAcked { .. }));
    }
}

/// Records per partition.
fn spread(lab: &Lab) -> [usize; 3] {
    [1, 2, 3].map(|broker| lab.log("t", broker - 1, broker).len())
}

fn keyless(count: usize) -> Vec<(Option<&'static str>, Option<i32>)> {
    vec![(None, None); count]
}

#[test]
fn keys_land_by_murmur2_and_a_given_partition_wins() {
    let mut lab = lab(|_| {});
    one_by_one(&mut lab, &[(Some("Key-A"), Some(2))]);
    one_by_one(&mut lab, &[(Some("Key-A"), None), (Some("Key-B"), None), (Some("Key-C"), None)]);
    assert_eq!(spread(&lab), [1, 1, 2], "A in 1, B in 2, C in 0, and A where it was told to go");
}

#[test]
fn six_tiny_records_without_a_key_share_a_partition_since_3_3() {
    let mut lab = lab(|_| {});
    one_by_one(&mut lab, &keyless(6));
    assert!(spread(&lab).contains(&6), "{:?}", spread(&lab));
}

#[test]
fn up_to_2_3_records_without_a_key_go_round_and_those_with_one_by_murmur2() {
    let mut lab = lab(|spec| spec.partitioner = Partitioner::Kafka23);
    one_by_one(&mut lab, &keyless(6));
    assert_eq!(spread(&lab), [2, 2, 2]);
    one_by_one(&mut lab, &[(Some("Key-A"), None), (Some("Key-A"), None)]);
    assert_eq!(spread(&lab), [2, 4, 2]);
}

#[test]
fn from_2_4_to_3_2_every_new_batch_of_records_without_a_key_goes_to_another_partition() {
    let mut lab = lab(|spec| spec.partitioner = Partitioner::Kafka24);
    let mut last = None;
    for _ in 0..8 {
        let before = spread(&lab);
        one_by_one(&mut lab, &keyless(1));
        let after = spread(&lab);
        let got = (0..3).find(|i| after[*i] > before[*i]);
        assert_ne!(got, last, "a record that begins a batch goes elsewhere");
        last = got;
    }
}

#[test]
fn records_of_one_batch_stay_together_from_2_4_on() {
    let mut lab = lab(|spec| {
        spec.partitioner = Partitioner::Kafka24;
        spec.linger_ms = 100;
    });
    lab.send("p", &["a", "b", "c"]);
    lab.run_for(ms(1_000));
    assert!(spread(&lab).contains(&3), "{:?}", spread(&lab));
}

#[test]
fn kafkas_round_robin_class_skips_a_partition_where_a_batch_begins_also_with_keys() {
    let mut lab = lab(|spec| spec.partitioner = Partitioner::RoundRobin);
    // Asked twice for each record that begins a batch: turns 1, 3, 5 of 0, 1, 2 are partitions 1, 0, 2.
    let mut order = Vec::new();
    for _ in 0..3 {
        let before = spread(&lab);
        one_by_one(&mut lab, &[(Some("Key-A"), None)]);
        let after = spread(&lab);
        order.extend((0..3).find(|i| after[*i] > before[*i]));
    }
    assert_eq!(order, [1, 0, 2]);
}

#[test]
fn with_partitioner_ignore_keys_keys_have_no_say() {
    let mut lab = lab(|spec| {
        spec.ignore_keys = true;
        spec.keys = Keys::Cycle(3);
        spec.rate = 30;
        spec.limit = 30;
    });
    lab.run_for(ms(3_000));
    assert!(spread(&lab).contains(&30), "{:?}", spread(&lab));
}

#[test]
fn only_partitions_with_a_leader_are_chosen_without_a_key() {
    for partitioner in [Partitioner::Kafka23, Partitioner::Kafka24, Partitioner::Kafka33] {
        let mut lab = lab(|spec| spec.partitioner = partitioner);
        lab.kill(2);
        lab.run_for(ms(330_000));
        one_by_one(&mut lab, &keyless(8));
        assert_eq!(lab.log("t", 0, 1).len() + lab.log("t", 2, 3).len(), 8, "{partitioner:?}");
    }
}
