//! The rules of the four assignors in small, and the bytes that members exchange. Hundreds of outcomes of
//! Kafka's own classes are in `tests/data/vectors`, which `conform` runs.

use bytes::Bytes;

use super::consumer_protocol::{
    read_assignment, read_subscription, write_assignment, write_subscription,
};
use super::{
    Assignment, Assignments, Assignor, AssignorError, Memory, PartitionInfo, RebalanceProtocol,
    Subscription, TopicPartitions,
};
use crate::engine::ids::{PartitionId, Text, TopicName, TopicPartition};

fn tp(name: &str) -> TopicPartition {
    let (topic, number) = name.rsplit_once('-').expect("a topic and a number");
    TopicPartition::new(&TopicName::new(topic), PartitionId(number.parse().expect("a number")))
}

fn topics(sizes: &[(&str, i32)]) -> Vec<TopicPartitions> {
    let of = |size: i32| {
        (0..size).map(|p| PartitionInfo { partition: PartitionId(p), racks: Vec::new() }).collect()
    };
    sizes.iter().map(|(name, size)| (TopicName::new(name), of(*size))).collect()
}

fn wants(names: &str) -> Subscription {
    let topics = names.split_whitespace().map(TopicName::new).collect();
    Subscription { topics, ..Subscription::default() }
}

fn deal(
    assignor: Assignor,
    sizes: &[(&str, i32)],
    members: &[(&str, Subscription)],
) -> Result<Assignments, AssignorError> {
    let members: Vec<(Text, Subscription)> =
        members.iter().map(|(id, wish)| (Text::from(*id), wish.clone())).collect();
    assignor.assign(&mut Memory::default(), &topics(sizes), &members)
}

fn told(dealt: &Assignments) -> String {
    let line = |(id, list): (&Text, &Vec<TopicPartition>)| {
        let names: Vec<String> = list.iter().map(ToString::to_string).collect();
        format!("{id}:{}", names.join(","))
    };
    dealt.iter().map(line).collect::<Vec<_>>().join(" ")
}

fn check(assignor: Assignor, sizes: &[(&str, i32)], members: &[(&str, &str)], expected: &str) {
    let members: Vec<_> = members.iter().map(|(id, names)| (*id, wants(names))).collect();
    let dealt = deal(assignor, sizes, &members).expect("nothing is wrong with it");
    assert_eq!(told(&dealt), expected);
}

#[test]
fn range_cuts_each_topic_and_favours_the_first_members() {
    check(
        Assignor::Range,
        &[("t0", 3), ("t1", 3)],
        &[("C0", "t0 t1"), ("C1", "t0 t1")],
        "C0:t0-0,t0-1,t1-0,t1-1 C1:t0-2,t1-2",
    );
}

#[test]
fn round_robin_passes_over_who_has_not_subscribed_and_sorts_ids_as_strings() {
    check(
        Assignor::RoundRobin,
        &[("t0", 1), ("t1", 2), ("t2", 3)],
        &[("C0", "t0"), ("C1", "t0 t1"), ("C2", "t0 t1 t2")],
        "C0:t0-0 C1:t1-0 C2:t1-1,t2-0,t2-1,t2-2",
    );
    check(Assignor::RoundRobin, &[("t", 2)], &[("C2", "t"), ("C10", "t")], "C10:t-0 C2:t-1");
}

#[test]
fn sticky_is_as_even_as_unequal_subscriptions_allow() {
    check(
        Assignor::Sticky,
        &[("t0", 1), ("t1", 2), ("t2", 3)],
        &[("C0", "t0"), ("C1", "t0 t1"), ("C2", "t0 t1 t2")],
        "C0:t0-0 C1:t1-0,t1-1 C2:t2-0,t2-1,t2-2",
    );
}

#[test]
fn cooperative_sticky_withholds_what_must_be_given_up_first() {
    let owner = Subscription {
        owned: ["t-0", "t-1", "t-2", "t-3"].map(tp).to_vec(),
        generation: Some(4),
        ..wants("t")
    };
    let dealt = deal(Assignor::CooperativeSticky, &[("t", 4)], &[("a", owner), ("b", wants("t"))]);
    assert_eq!(told(&dealt.expect("a deal")), "a:t-0,t-1 b:");
}

#[test]
fn of_two_claims_the_higher_generation_is_believed_and_of_equal_ones_neither() {
    let claim = |generation| Subscription {
        owned: vec![tp("t-0")],
        generation: Some(generation),
        ..wants("t")
    };
    let members = [("a", claim(1)), ("b", claim(2))];
    let dealt = deal(Assignor::CooperativeSticky, &[("t", 2)], &members).expect("a deal");
    assert_eq!(told(&dealt), "a:t-1 b:t-0");
    let members = [("a", claim(2)), ("b", claim(2))];
    let dealt = deal(Assignor::CooperativeSticky, &[("t", 2)], &members).expect("a deal");
    assert_eq!(told(&dealt), "a: b:t-1", "t-0 is withheld until both gave it up");
}

#[test]
fn a_static_member_keeps_its_place_under_a_new_id() {
    let named = |instance: &str| Subscription { instance: Some(instance.into()), ..wants("t") };
    let members = [("z", named("i1")), ("a", named("i2")), ("0", wants("t"))];
    let dealt = deal(Assignor::Range, &[("t", 3)], &members).expect("a deal");
    assert_eq!(told(&dealt), "0:t-2 a:t-1 z:t-0");
}

#[test]
fn topics_without_metadata_are_left_out() {
    check(Assignor::Range, &[("t", 1), ("empty", 0)], &[("a", "gone empty t")], "a:t-0");
    check(Assignor::Sticky, &[("other", 2)], &[("a", "gone")], "a:");
}

#[test]
fn subscriptions_read_back_in_every_version_as_far_as_it_goes() {
    let whole = Subscription {
        topics: vec![TopicName::new("a"), TopicName::new("b")],
        user_data: Some(Bytes::from_static(&[1, 2])),
        owned: ["a-0", "a-3", "b-1"].map(tp).to_vec(),
        generation: Some(7),
        rack: Some("r".into()),
        instance: None,
    };
    for version in 0..=3 {
        let read = read_subscription(&write_subscription(&whole, version)).expect("it reads");
        let expected = Subscription {
            owned: if version >= 1 { whole.owned.clone() } else { Vec::new() },
            generation: whole.generation.filter(|_| version >= 2),
            rack: whole.rack.clone().filter(|_| version >= 3),
            ..whole.clone()
        };
        assert_eq!(read, expected, "version {version}");
    }
    let bytes = write_subscription(&whole, 3);
    assert_eq!(read_subscription(&bytes.slice(..bytes.len() - 1)), None);
}

#[test]
fn the_bytes_are_kafkas() {
    let subscription = Subscription { rack: Some("r".into()), ..wants("t") };
    let expected = b"\0\x03\0\0\0\x01\0\x01t\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff\0\x01r";
    assert_eq!(write_subscription(&subscription, 3), &expected[..]);
    let assignment = Assignment { partitions: vec![tp("t-0"), tp("t-2")], user_data: None };
    let expected = b"\0\x03\0\0\0\x01\0\x01t\0\0\0\x02\0\0\0\0\0\0\0\x02\xff\xff\xff\xff";
    let bytes = write_assignment(&assignment, 3);
    assert_eq!(bytes, &expected[..]);
    assert_eq!(read_assignment(&bytes), Some(assignment));
    assert_eq!(read_assignment(&Bytes::new()), None);
}

#[test]
fn user_data_is_that_of_the_java_classes() {
    let mut memory = Memory::default();
    assert_eq!(Assignor::Sticky.user_data(&memory), None, "before the first assignment");
    let none = Assignor::CooperativeSticky.user_data(&memory);
    assert_eq!(none.as_deref(), Some(&[0xff; 4][..]));
    let assignment = Assignment { partitions: vec![tp("t-1")], user_data: None };
    Assignor::Sticky.on_assignment(&mut memory, &assignment, 5);
    let data = Assignor::Sticky.user_data(&memory).expect("there is an assignment");
    assert_eq!(data, &b"\0\0\0\x01\0\x01t\0\0\0\x01\0\0\0\x01\0\0\0\x05"[..]);
    assert_eq!(Assignor::Range.user_data(&memory), None);
}

#[test]
fn assignors_go_by_name_and_by_class() {
    for assignor in Assignor::ALL {
        assert_eq!(Assignor::named(assignor.name()), Some(assignor));
        assert_eq!(Assignor::named(assignor.class()), Some(assignor));
    }
    assert_eq!(Assignor::named("StickyAssignor"), Some(Assignor::Sticky));
    assert_eq!(Assignor::named("hash"), None);
    let both = [RebalanceProtocol::Eager, RebalanceProtocol::Cooperative];
    assert_eq!(Assignor::CooperativeSticky.protocols(), both);
}

#[test]
fn a_hundred_members_share_a_thousand_partitions_evenly_and_losing_one_moves_only_its_own() {
    let ids: Vec<String> = (0..100).map(|i| format!("member-{i}")).collect();
    let members: Vec<_> = ids.iter().map(|id| (id.as_str(), wants("t"))).collect();
    let first = deal(Assignor::CooperativeSticky, &[("t", 1000)], &members).expect("a deal");
    assert!(first.values().all(|list| list.len() == 10));
    let stays = |id: &'_ String| Subscription {
        owned: first[id.as_str()].clone(),
        generation: Some(1),
        ..wants("t")
    };
    let left: Vec<_> = ids[1..].iter().map(|id| (id.as_str(), stays(id))).collect();
    let second = deal(Assignor::CooperativeSticky, &[("t", 1000)], &left).expect("a deal");
    assert_eq!(second.values().map(Vec::len).sum::<usize>(), 1000);
    for (id, before) in first.iter().filter(|(id, _)| ***id != *ids[0]) {
        assert!(before.iter().all(|tp| second[id].contains(tp)), "{id} keeps its own");
    }
}
