//! The admin program: finds the controller, keeps trying, and says what was refused.

use super::cluster::{Cluster, TOPIC};
use crate::engine::client::admin_task::Task;
use crate::engine::command::{Command, Placement};
use crate::engine::event::EventKind;
use crate::engine::ids::{BrokerId, ClientId, TopicName};
use crate::engine::program::ClientProcess;

const PLACEMENT: Placement = Placement::Automatic { partitions: 3, replication_factor: 3 };

fn cluster() -> Cluster {
    let brokers = vec![BrokerId(1), BrokerId(2), BrokerId(3)];
    Cluster::start(1, ClientProcess::admin(ClientId(0), "admin".into(), brokers))
}

fn ask(cluster: &mut Cluster, command: &Command) {
    let task = Task::of(command).expect("an admin command");
    cluster.command(|program, ctx| program.ask(ctx, task));
}

fn create(cluster: &mut Cluster) {
    let topic = TopicName::new(TOPIC);
    ask(cluster, &Command::CreateTopic { topic, placement: PLACEMENT, configs: Vec::new() });
}

fn refusals(cluster: &Cluster) -> Vec<(i16, String)> {
    cluster.picked(|e| match &e.kind {
        EventKind::AdminFailed { error, message, .. } => Some((*error, message.to_string())),
        _ => None,
    })
}

#[test]
fn it_asks_for_nothing_until_it_is_needed() {
    let mut cluster = cluster();
    cluster.run_ms(600_000);
    assert_eq!(cluster.events.len(), 1, "only its start");
}

#[test]
fn a_topic_is_created_by_the_controller() {
    let mut cluster = cluster();
    cluster.controller = 2;
    create(&mut cluster);
    cluster.run_ms(1_000);
    assert_eq!(cluster.admin_log, ["create t by b2"]);
}

#[test]
fn another_controller_is_looked_for() {
    let mut cluster = cluster();
    create(&mut cluster);
    cluster.run_ms(1_000);
    cluster.controller = 3;
    create(&mut cluster);
    cluster.run_ms(1_000);
    assert_eq!(cluster.admin_log, ["create t by b1", "create t by b3"]);
    assert!(refusals(&cluster).is_empty());
}

#[test]
fn a_refusal_is_told() {
    let mut cluster = cluster();
    cluster.create_error = 36;
    create(&mut cluster);
    cluster.run_ms(1_000);
    assert_eq!(refusals(&cluster).len(), 1);
    assert_eq!(refusals(&cluster)[0].0, 36);
}

#[test]
fn it_keeps_trying_while_nobody_is_there_and_gives_up_after_a_minute() {
    let mut cluster = cluster();
    for broker in 1..=3 {
        cluster.alive.remove(&broker);
    }
    create(&mut cluster);
    cluster.run_ms(59_000);
    assert!(refusals(&cluster).is_empty());
    cluster.run_ms(2_000);
    let message = "Timed out waiting for a node assignment. Call: createTopics";
    assert_eq!(refusals(&cluster), [(7, message.to_owned())]);
}

#[test]
fn it_succeeds_when_a_broker_comes_in_time() {
    let mut cluster = cluster();
    cluster.alive.clear();
    create(&mut cluster);
    cluster.run_ms(30_000);
    cluster.alive.insert(2);
    cluster.controller = 2;
    cluster.run_ms(3_000);
    assert_eq!(cluster.admin_log, ["create t by b2"]);
}

#[test]
fn calls_about_one_topic_keep_their_order() {
    let mut cluster = cluster();
    create(&mut cluster);
    let topic = TopicName::new(TOPIC);
    let (key, value) = ("min.insync.replicas".into(), Some("2".into()));
    ask(&mut cluster, &Command::SetTopicConfig { topic, key, value });
    cluster.run_ms(1_000);
    assert_eq!(cluster.admin_log, ["create t by b1", "t min.insync.replicas=2"]);
}
