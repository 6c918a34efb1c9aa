//! What reaches the controller by znodes of old tools, and what brokers refuse of a controller that does
//! not know yet that they went and came back (KIP-380).

use super::lab::{Lab, b, ms};
use highwater::engine::command::{Command, MessageAddress};
use highwater::engine::event::{Event, EventKind};
use highwater::engine::ids::NodeId;
use highwater::engine::protocol::Api;

const REASSIGN: &str = "/admin/reassign_partitions";
const ELECT: &str = "/admin/preferred_replica_election";

/// Partitions `t-0` on 1 and 2, `t-1` on 2 and 3.
fn cluster() -> Lab {
    let mut lab = Lab::three();
    lab.topic("t", &[&[1, 2], &[2, 3]], &[]);
    lab.run_for(ms(1_000));
    lab
}

/// Types a line at `zookeeper-shell`.
fn shell(lab: &mut Lab, line: &str) {
    lab.tell(&format!("zookeeper-shell zk:2181 {line}"));
    lab.run_for(ms(2_000));
}

fn znode_events(lab: &Lab, path: &str) -> Vec<String> {
    let told = |event: &Event| match &event.kind {
        EventKind::ZnodeCreated { path: of, .. } if &**of == path => Some("created".into()),
        EventKind::ZnodeChanged { path: of, .. } if &**of == path => Some("changed".into()),
        EventKind::ZnodeDeleted { path: of, .. } if &**of == path => Some("deleted".into()),
        _ => None,
    };
    lab.events.iter().filter_map(told).collect()
}

fn replicas(lab: &Lab, partition: i32) -> Vec<i32> {
    lab.partition("t", partition).replicas.iter().map(|replica| replica.broker.0).collect()
}

fn reassignment(rows: &[(&str, i32, &str)]) -> String {
    let row = |(topic, partition, replicas): &(&str, i32, &str)| {
        format!(r#"{{"topic":"{topic}","partition":{partition},"replicas":[{replicas}]}}"#)
    };
    let rows: Vec<String> = rows.iter().map(row).collect();
    format!(r#"'{{"version":1,"partitions":[{}]}}'"#, rows.join(","))
}

#[test]
fn a_znode_reassigns_partitions_and_goes_when_all_of_them_are_done() {
    let mut lab = cluster();
    let data = reassignment(&[("t", 0, "3,2"), ("t", 1, "1,3")]);
    shell(&mut lab, &format!("create {REASSIGN} {data}"));
    lab.run_for(ms(4_000));
    assert_eq!((replicas(&lab, 0), replicas(&lab, 1)), (vec![3, 2], vec![1, 3]));
    assert_eq!(znode_events(&lab, REASSIGN), ["created", "changed", "deleted"]);
    assert!(lab.state("t", 0).starts_with("3 "), "{}", lab.state("t", 0));
}

/// `processZkPartitionReassignment`: what does not exist is taken out at once, the rest waits.
#[test]
fn a_znode_loses_what_cannot_be_reassigned_and_keeps_what_waits() {
    let mut lab = cluster();
    lab.kill(3);
    lab.run_for(ms(8_000));
    let data = reassignment(&[("none", 0, "1"), ("t", 0, "3,2")]);
    shell(&mut lab, &format!("create {REASSIGN} {data}"));
    assert_eq!(znode_events(&lab, REASSIGN), ["created", "changed"]);
    assert_eq!(replicas(&lab, 0), [3, 2, 1], "nobody asked whether 3 lives");
    lab.start(3);
    lab.run_for(ms(6_000));
    assert_eq!(replicas(&lab, 0), [3, 2]);
    assert_eq!(znode_events(&lab, REASSIGN), ["created", "changed", "deleted"]);
}

#[test]
fn a_second_znode_is_noticed_after_the_first_has_gone() {
    let mut lab = cluster();
    for targets in ["3,2", "1,2"] {
        shell(&mut lab, &format!("create {REASSIGN} {}", reassignment(&[("t", 0, targets)])));
        lab.run_for(ms(4_000));
    }
    assert_eq!(replicas(&lab, 0), [1, 2]);
}

/// `initializePartitionReassignments`: the znode is read before a new controller goes on.
#[test]
fn a_new_controller_finds_the_znodes_that_the_old_one_left() {
    let mut lab = cluster();
    lab.hold(2, 3);
    lab.hold(1, 3);
    shell(&mut lab, &format!("create {REASSIGN} {}", reassignment(&[("t", 0, "3,2")])));
    assert_eq!(replicas(&lab, 0), [3, 2, 1]);
    lab.kill(1);
    lab.run_for(ms(9_000));
    assert_eq!(znode_events(&lab, REASSIGN), ["created"]);
    lab.heal(2, 3);
    lab.run_for(ms(20_000));
    assert_eq!(replicas(&lab, 0), [3, 2]);
    assert_eq!(znode_events(&lab, REASSIGN), ["created", "deleted"]);
}

/// `processApiPartitionReassignment`: the newest word counts.
#[test]
fn a_request_takes_a_partition_out_of_the_znode() {
    let mut lab = cluster();
    lab.kill(3);
    lab.run_for(ms(8_000));
    shell(&mut lab, &format!("create {REASSIGN} {}", reassignment(&[("t", 0, "3,2")])));
    lab.tell("reassign t-0: b2>b1");
    lab.run_for(ms(3_000));
    assert_eq!(replicas(&lab, 0), [2, 1]);
    assert_eq!(znode_events(&lab, REASSIGN), ["created", "deleted"]);
}

#[test]
fn a_znode_elects_preferred_leaders_and_goes_whatever_comes_of_them() {
    let mut lab = cluster();
    lab.stop(1);
    lab.run_for(ms(8_000));
    lab.start(1);
    lab.run_for(ms(8_000));
    assert!(lab.state("t", 0).starts_with("2 "), "{}", lab.state("t", 0));
    let data = r#"'{"version":1,"partitions":[{"topic":"t","partition":0},{"topic":"none","partition":7}]}'"#;
    shell(&mut lab, &format!("create {ELECT} {data}"));
    assert!(lab.state("t", 0).starts_with("1 "), "{}", lab.state("t", 0));
    assert_eq!(znode_events(&lab, ELECT), ["created", "deleted"]);
    shell(&mut lab, &format!("create {ELECT} nonsense"));
    assert_eq!(znode_events(&lab, ELECT), ["created", "deleted", "created", "deleted"]);
}

/// The controller's request to broker 2 comes when that has registered anew: its answer's error.
fn late_request(api: Api, trigger: impl Fn(&mut Lab)) -> Option<i16> {
    let mut lab = cluster();
    let sent = |event: &&Event| match &event.kind {
        EventKind::MessageSent { to, api: of, response: false, .. } => {
            event.node == Some(b(1)) && *to == b(2) && *of == api
        }
        _ => false,
    };
    let nth = lab.events.iter().filter(sent).count() as u64;
    let message = MessageAddress { from: b(1), to: b(2), api, response: false, nth };
    lab.apply(Command::Delay { message, by: ms(25_000) });
    trigger(&mut lab);
    lab.run_for(ms(1_000));
    lab.apply(Command::Hold { a: b(2), b: NodeId::Zookeeper });
    lab.run_for(ms(12_000));
    lab.apply(Command::Heal { a: b(2), b: NodeId::Zookeeper });
    let answer = lab.run_until(ms(20_000), |event| {
        let response = matches!(&event.kind,
            EventKind::MessageSent { to, api: of, response: true, nth: number, .. }
                if *to == b(1) && *of == api && *number >= nth);
        response && event.node == Some(b(2)) && has_error(event)
    });
    error(&answer)
}

fn error(event: &Event) -> Option<i16> {
    match event.kind {
        EventKind::MessageSent { error, .. } => Some(error),
        _ => None,
    }
}

fn has_error(event: &Event) -> bool {
    error(event).is_some_and(|error| error != 0)
}

#[test]
fn a_broker_that_registered_anew_refuses_what_was_meant_for_its_registration_before() {
    let kill = |lab: &mut Lab| {
        lab.kill(3);
        lab.run_for(ms(7_000));
    };
    assert_eq!(late_request(Api::LeaderAndIsr, kill), Some(77));
    assert_eq!(late_request(Api::UpdateMetadata, kill), Some(77));
    assert_eq!(late_request(Api::StopReplica, |lab| lab.tell("delete t")), Some(77));
}
