//! Consumer groups: one group is a queue, several are publish and subscribe; rebalances, fencing, and a
//! coordinator that dies. Sources: the classic coordinator of 3.9 and what a real cluster did
//! (section 9 of the recorded cases).

use highwater::engine::command::Command;
use highwater::engine::event::{EventKind, GroupState, MemberGone};
use highwater::engine::ids::{BrokerId, NodeId};

use crate::lab::{Lab, ms};

/// Three brokers, `orders` with four partitions, and a producer of forty records.
fn orders() -> Lab {
    let mut lab = Lab::with(|config| {
        config.broker.zookeeper_session_timeout_ms = 6_000;
        config.broker.auto_leader_rebalance_enable = false;
        config.broker.group_initial_rebalance_delay_ms = 0;
        config.broker.offsets_topic_num_partitions = 4;
    });
    lab.topic("orders", &[&[1, 2, 3], &[2, 3, 1], &[3, 1, 2], &[1, 3, 2]], &[]);
    lab.tell("producer web{topic=orders, rate=20, keys=40, limit=40}");
    lab
}

/// Generations of a group that began: number, protocol, members.
fn generations(lab: &Lab, wanted: &str) -> Vec<(i32, String, u32)> {
    let mut begun = Vec::new();
    for event in &lab.events {
        if let EventKind::GenerationStarted { group, generation, protocol, members, .. } =
            &event.kind
            && **group == *wanted
        {
            let protocol = protocol.as_deref().unwrap_or("none").to_owned();
            begun.push((*generation, protocol, *members));
        }
    }
    begun
}

/// Partitions that a client has in its group.
fn owned(lab: &Lab, name: &str) -> Vec<i32> {
    let id = lab.world.client_id(name).expect("the client is there");
    let status = lab.world.client(id).and_then(|client| client.consumer_status());
    let member = status.and_then(|status| status.member);
    member.map_or_else(Vec::new, |m| m.owned.iter().map(|tp| tp.partition.0).collect())
}

fn host(lab: &Lab, name: &str) -> NodeId {
    NodeId::Client(lab.world.client_id(name).expect("the client is there"))
}

fn kill(lab: &mut Lab, name: &str) {
    let node = host(lab, name);
    lab.apply(Command::Kill { node });
}

fn stop(lab: &mut Lab, name: &str) {
    let node = host(lab, name);
    lab.apply(Command::Stop { node });
}

fn start(lab: &mut Lab, name: &str) {
    let node = host(lab, name);
    lab.apply(Command::Start { node });
}

fn received(lab: &Lab, name: &str) -> u64 {
    let id = lab.world.client_id(name).expect("the client is there");
    let status = lab.world.client(id).and_then(|client| client.consumer_status());
    status.map_or(0, |status| status.received)
}

pub(crate) fn coordinator(lab: &Lab, group: &str) -> Option<i32> {
    (1..=3).find(|id| {
        let up = lab.world.host(NodeId::Broker(BrokerId(*id))).is_some_and(|h| h.life.is_up());
        let broker = lab.world.broker(BrokerId(*id)).filter(|_| up);
        broker.is_some_and(|broker| broker.groups().group(group).is_some())
    })
}

fn committed(lab: &Lab, group: &str) -> i64 {
    let broker = coordinator(lab, group).expect("somebody coordinates");
    let broker = lab.world.broker(BrokerId(broker)).expect("it runs");
    let group = broker.groups().group(group).expect("it was just found");
    group.offsets.values().map(|kept| kept.committed.offset.0).sum()
}

#[test]
fn one_group_is_a_queue_and_two_are_publish_and_subscribe() {
    let mut lab = orders();
    lab.tell("consumer c1{topic=orders, group=workers}");
    lab.tell("consumer c2{topic=orders, group=workers}");
    lab.tell("consumer mail{topic=orders, group=mail}");
    lab.run_for(ms(20_000));
    assert_eq!(received(&lab, "c1") + received(&lab, "c2"), 40);
    assert!(received(&lab, "c1") > 0 && received(&lab, "c2") > 0);
    assert_eq!(received(&lab, "mail"), 40);
}

#[test]
fn more_members_than_partitions_leave_one_idle() {
    let mut lab = orders();
    for name in ["c1", "c2", "c3", "c4", "c5"] {
        lab.tell(&format!("consumer {name}{{topic=orders, group=g}}"));
        lab.run_for(ms(5_000));
    }
    let sizes: Vec<usize> =
        ["c1", "c2", "c3", "c4", "c5"].iter().map(|name| owned(&lab, name).len()).collect();
    assert_eq!(sizes, [1, 1, 1, 1, 0]);
}

#[test]
fn an_eager_rebalance_takes_everything_from_everybody() {
    let mut lab = orders();
    lab.tell("consumer c1{topic=orders, group=g, partition.assignment.strategy=range}");
    lab.run_for(ms(5_000));
    assert_eq!(owned(&lab, "c1"), [0, 1, 2, 3]);
    lab.tell("consumer c2{topic=orders, group=g, partition.assignment.strategy=range}");
    lab.run_for(ms(5_000));
    assert_eq!((owned(&lab, "c1"), owned(&lab, "c2")), (vec![0, 1], vec![2, 3]));
    let revoked = |kind: &EventKind| match kind {
        EventKind::PartitionsRevoked { partitions, lost: false, .. } => partitions.len() == 4,
        _ => false,
    };
    assert_eq!(lab.count(revoked), 1);
    let range = |generation, members| (generation, "range".to_owned(), members);
    assert_eq!(generations(&lab, "g"), [range(1, 1), range(2, 2)]);
}

#[test]
fn a_cooperative_rebalance_takes_only_what_moves_and_needs_two_generations() {
    let mut lab = orders();
    for name in ["c1", "c2"] {
        lab.tell(&format!(
            "consumer {name}{{topic=orders, group=g, \
             partition.assignment.strategy=cooperative-sticky, session.timeout.ms=6000}}"
        ));
        lab.run_for(ms(6_000));
    }
    let members: Vec<u32> = generations(&lab, "g").iter().map(|(_, _, members)| *members).collect();
    assert_eq!(members, [1, 2, 2]);
    let revoked = |kind: &EventKind| match kind {
        EventKind::PartitionsRevoked { partitions, .. } => partitions.len() == 2,
        _ => false,
    };
    assert_eq!(lab.count(revoked), 1);
    assert_eq!((owned(&lab, "c1").len(), owned(&lab, "c2").len()), (2, 2));
    // A crash needs one: nothing has to be given up.
    kill(&mut lab, "c2");
    lab.run_for(ms(12_000));
    assert_eq!(generations(&lab, "g").len(), 4);
    assert_eq!(owned(&lab, "c1"), [0, 1, 2, 3]);
}

#[test]
fn a_member_that_is_silent_for_its_session_is_out() {
    let mut lab = orders();
    lab.tell("consumer c1{topic=orders, group=g, session.timeout.ms=6000}");
    lab.run_for(ms(5_000));
    kill(&mut lab, "c1");
    let gone = lab.run_until(ms(10_000), |event| {
        matches!(event.kind, EventKind::MemberLeft { reason: MemberGone::SessionTimeout, .. })
    });
    assert!(lab.chain(gone.id).len() > 2);
    assert_eq!(generations(&lab, "g").last(), Some(&(2, "none".to_owned(), 0)));
}

#[test]
fn a_member_that_is_stopped_commits_and_leaves_at_once() {
    let mut lab = orders();
    lab.tell("consumer c1{topic=orders, group=g, auto.commit.interval.ms=600000}");
    lab.run_for(ms(8_000));
    stop(&mut lab, "c1");
    lab.run_for(ms(500));
    assert_eq!(
        lab.count(|kind| matches!(kind, EventKind::MemberLeft { reason: MemberGone::Left, .. })),
        1
    );
    assert_eq!(committed(&lab, "g"), 40);
}

#[test]
fn a_static_member_that_returns_within_its_session_keeps_its_place() {
    let mut lab = orders();
    for name in ["c1", "c2"] {
        lab.tell(&format!("consumer {name}{{topic=orders, group=g, group.instance.id={name}}}"));
        lab.run_for(ms(5_000));
    }
    let before = (generations(&lab, "g").len(), owned(&lab, "c1"));
    kill(&mut lab, "c1");
    lab.run_for(ms(1_000));
    start(&mut lab, "c1");
    lab.run_for(ms(5_000));
    assert_eq!((generations(&lab, "g").len(), owned(&lab, "c1")), before);
    assert_eq!(lab.count(|kind| matches!(kind, EventKind::MemberReplaced { .. })), 1);
}

#[test]
fn who_works_for_longer_than_max_poll_interval_is_out_and_its_commit_fails() {
    let mut lab = orders();
    lab.tell(
        "consumer slow{topic=orders, group=g, max.poll.interval.ms=3000, work=5000ms, \
         max.poll.records=1, commit=after}",
    );
    lab.run_for(ms(10_000));
    assert!(lab.count(|kind| matches!(kind, EventKind::PollIntervalExceeded { .. })) > 0);
    assert!(lab.count(|kind| matches!(kind, EventKind::CommitFailed { error: 25, .. })) > 0);
}

#[test]
fn what_is_committed_after_the_work_is_worked_on_twice_after_a_crash() {
    let mut lab = orders();
    lab.run_for(ms(4_000));
    lab.tell("consumer c1{topic=orders, group=g, work=100ms, commit=sync}");
    lab.run_until(ms(10_000), |event| matches!(event.kind, EventKind::RecordsProcessed { .. }));
    kill(&mut lab, "c1");
    start(&mut lab, "c1");
    lab.run_for(ms(60_000));
    let mut times = std::collections::BTreeMap::new();
    for event in &lab.events {
        if let EventKind::RecordsProcessed { partition, first, last } = &event.kind {
            for offset in first.0..=last.0 {
                *times.entry((partition.clone(), offset)).or_insert(0) += 1;
            }
        }
    }
    assert_eq!(times.len(), 40);
    assert!(times.values().any(|count| *count == 2));
}

#[test]
fn a_group_survives_its_coordinator() {
    let mut lab = orders();
    lab.tell("consumer c1{topic=orders, group=g, auto.commit.interval.ms=1000}");
    lab.run_for(ms(8_000));
    let old = coordinator(&lab, "g").expect("somebody coordinates");
    let before = (generations(&lab, "g").len(), committed(&lab, "g"));
    lab.kill(old);
    lab.run_for(ms(15_000));
    let new = coordinator(&lab, "g").expect("another broker coordinates");
    assert_ne!(new, old);
    assert_eq!((generations(&lab, "g").len(), committed(&lab, "g")), before);
    assert!(lab.count(|kind| matches!(kind, EventKind::GroupsLoaded { groups: 1, .. })) > 0);
}

#[test]
fn offsets_of_an_empty_group_expire_and_the_group_with_them() {
    let mut lab = Lab::with(|config| {
        config.broker.offsets_retention_minutes = 1;
        config.broker.offsets_retention_check_interval_ms = 10_000;
    });
    lab.topic("orders", &[&[1]], &[]);
    lab.tell("producer web{topic=orders, rate=10, limit=10}");
    lab.tell("consumer c1{topic=orders, group=g}");
    lab.run_for(ms(15_000));
    stop(&mut lab, "c1");
    lab.run_for(ms(1_000));
    assert_eq!(committed(&lab, "g"), 10);
    lab.run_for(ms(75_000));
    assert_eq!(coordinator(&lab, "g"), None);
    assert_eq!(lab.count(|kind| matches!(kind, EventKind::OffsetsRemoved { .. })), 1);
}

#[test]
fn a_first_rebalance_waits_for_more_members() {
    let mut lab = Lab::three();
    lab.topic("orders", &[&[1], &[2]], &[]);
    for name in ["c1", "c2"] {
        lab.tell(&format!("consumer {name}{{topic=orders, group=g}}"));
    }
    let stable = lab.run_until(ms(20_000), |event| {
        matches!(event.kind, EventKind::GroupStateChanged { state: GroupState::Stable, .. })
    });
    assert!(stable.at > ms(4_000), "it waited for group.initial.rebalance.delay.ms");
    assert_eq!(generations(&lab, "g").len(), 1);
    assert_eq!(generations(&lab, "g")[0].2, 2);
}

/// The states that a group went through.
fn states(lab: &Lab, wanted: &str) -> Vec<&'static str> {
    let mut passed = Vec::new();
    for event in &lab.events {
        if let EventKind::GroupStateChanged { group, state, .. } = &event.kind
            && **group == *wanted
        {
            passed.push(state.name());
        }
    }
    passed
}

#[test]
fn a_group_goes_through_kafkas_states_from_its_first_member_to_its_last() {
    let mut lab = orders();
    lab.tell("consumer c1{topic=orders, group=g}");
    lab.run_for(ms(10_000));
    stop(&mut lab, "c1");
    lab.run_for(ms(2_000));
    let passed = states(&lab, "g");
    let rebalance = ["PreparingRebalance", "CompletingRebalance", "Stable"];
    assert_eq!(passed[..3], rebalance);
    assert_eq!(passed[3..], ["PreparingRebalance", "Empty"]);
}

#[test]
fn a_second_process_with_the_same_instance_id_fences_the_first() {
    let mut lab = orders();
    lab.tell("consumer c1{topic=orders, group=g, group.instance.id=one}");
    lab.run_for(ms(8_000));
    lab.tell("consumer c2{topic=orders, group=g, group.instance.id=one}");
    lab.run_for(ms(10_000));
    let replaced = lab.count(|kind| matches!(kind, EventKind::MemberReplaced { .. }));
    assert_eq!((replaced, owned(&lab, "c2").len()), (1, 4));
    let node = host(&lab, "c1");
    assert!(!lab.world.host(node).is_some_and(|host| host.life.is_up()), "c1 was fenced");
}

#[test]
fn members_with_different_topics_get_partitions_of_their_own_topics() {
    let mut lab = orders();
    lab.topic("payments", &[&[2, 3, 1], &[3, 1, 2]], &[]);
    lab.tell("consumer c1{topic=\"orders,payments\", group=g}");
    lab.tell("consumer c2{topic=payments, group=g}");
    lab.run_for(ms(15_000));
    let of = |name: &str| {
        let id = lab.world.client_id(name).expect("the client is there");
        let status = lab.world.client(id).and_then(|client| client.consumer_status());
        let member = status.and_then(|status| status.member).expect("a member");
        let names: Vec<String> = member.owned.iter().map(ToString::to_string).collect();
        names.join(" ")
    };
    assert_eq!(of("c1"), "orders-0 orders-1 orders-2 orders-3 payments-0");
    assert_eq!(of("c2"), "payments-1");
}

#[test]
fn a_pattern_of_a_group_takes_in_a_topic_that_comes_later() {
    let mut lab = orders();
    lab.tell("consumer c1{topic.pattern=\"ord.*\", group=g, metadata.max.age.ms=4000}");
    lab.run_for(ms(8_000));
    assert_eq!(owned(&lab, "c1").len(), 4);
    lab.topic("ordinary", &[&[1], &[2]], &[]);
    lab.run_for(ms(10_000));
    assert_eq!(owned(&lab, "c1").len(), 6);
}
