//! Brokers register, one of them becomes the controller, sessions end.

use crate::engine::controller::Notice;
use crate::engine::controller::tests::harness::Harness;
use crate::engine::event::EventKind;
use crate::engine::ids::{BrokerId, ControllerEpoch};

fn reigns(harness: &Harness) -> Vec<(i32, i32)> {
    harness.told(|kind| match kind {
        EventKind::ControllerElected { broker, epoch } => Some((broker.0, epoch.0)),
        _ => None,
    })
}

#[test]
fn the_first_broker_becomes_the_controller() {
    let harness = Harness::cluster(3);
    assert_eq!(reigns(&harness), [(1, 1)]);
    assert!(harness.stub(1).control.is_controller());
    assert_eq!(harness.stub(1).control.controller_epoch(), ControllerEpoch(1));
    assert_eq!(harness.stub(3).control.controller(), Some(BrokerId(1)));
    assert_eq!(harness.data("/controller_epoch").as_deref(), Some("1"));
}

#[test]
fn brokers_that_race_agree_on_one_controller() {
    let mut harness = Harness::new();
    for id in 1..=3 {
        harness.start(id);
    }
    harness.wait_ms(1_000);
    assert_eq!(reigns(&harness).len(), 1);
    let controllers: Vec<_> = (1..=3).map(|id| harness.stub(id).control.controller()).collect();
    assert!(controllers.iter().all(|known| known.is_some() && *known == controllers[0]));
}

#[test]
fn a_cluster_has_the_top_level_znodes_of_kafka() {
    let harness = Harness::cluster(1);
    let zookeeper = harness.zookeeper.as_ref().expect("it runs");
    let top = zookeeper.znodes().map(|(path, _)| &**path);
    let top: Vec<&str> = top.filter(|path| path.len() > 1 && path.rfind('/') == Some(0)).collect();
    assert_eq!(
        top,
        [
            "/admin",
            "/brokers",
            "/cluster",
            "/config",
            "/consumers",
            "/controller",
            "/controller_epoch",
            "/feature",
            "/isr_change_notification",
            "/latest_producer_id_block",
            "/log_dir_event_notification",
            "/zookeeper",
        ]
    );
    let cluster_id = harness.stub(1).control.cluster_id().expect("it was read");
    assert_eq!(cluster_id.len(), 22);
    let data = harness.data("/brokers/ids/1").expect("it is registered");
    assert!(data.contains(r#""endpoints":["PLAINTEXT://b1:9092"]"#), "{data}");
}

#[test]
fn when_the_controller_dies_another_takes_over_with_the_next_epoch() {
    let mut harness = Harness::cluster(3);
    harness.kill(1);
    // The session ends its timeout (6 s) after the last heartbeat, which was up to 2 s before.
    harness.wait_ms(3_900);
    assert_eq!(reigns(&harness).len(), 1);
    harness.wait_ms(2_200);
    assert_eq!(reigns(&harness)[1].1, 2);
    assert_ne!(reigns(&harness)[1].0, 1);
    assert_eq!(harness.data("/controller_epoch").as_deref(), Some("2"));
}

#[test]
fn a_broker_that_returns_is_not_given_the_controller_back() {
    let mut harness = Harness::cluster(3);
    harness.kill(1);
    harness.wait_ms(7_000);
    harness.start(1);
    harness.wait_ms(1_000);
    assert_eq!(reigns(&harness).len(), 2);
    assert!(!harness.stub(1).control.is_controller());
    assert_eq!(harness.stub(1).notices, [Notice::Registered]);
}

#[test]
fn a_broker_that_returns_before_its_old_session_ends_is_refused() {
    let mut harness = Harness::cluster(2);
    harness.kill(2);
    harness.wait_ms(1_000);
    harness.start(2);
    harness.wait_ms(1_000);
    let words = "Error while creating ephemeral at /brokers/ids/2, node already exists and owner \
                 '0x2' does not match current session '0x3'\n\
                 org.apache.zookeeper.KeeperException$NodeExistsException: KeeperErrorCode = NodeExists";
    assert_eq!(harness.stub(2).notices[0], Notice::RegistrationFailed(words.into()));
    assert!(harness.data("/brokers/ids/2").is_some());
}

#[test]
fn a_broker_whose_session_ended_in_silence_registers_anew() {
    let mut harness = Harness::cluster(3);
    let node = crate::engine::ids::NodeId::Broker(BrokerId(3));
    harness.frozen.insert(node);
    harness.wait_ms(9_000);
    assert_eq!(harness.data("/brokers/ids/3"), None);
    harness.frozen.clear();
    harness.wait_ms(5_000);
    assert!(harness.data("/brokers/ids/3").is_some());
    let notices = &harness.stub(3).notices;
    assert_eq!(notices[..], [Notice::Registered, Notice::SessionLost, Notice::Registered]);
}

#[test]
fn a_controller_whose_session_ended_in_silence_resigns() {
    let mut harness = Harness::cluster(2);
    let node = crate::engine::ids::NodeId::Broker(BrokerId(1));
    harness.frozen.insert(node);
    harness.wait_ms(9_000);
    assert!(harness.stub(2).control.is_controller());
    harness.frozen.clear();
    harness.wait_ms(5_000);
    assert!(!harness.stub(1).control.is_controller());
    assert_eq!(harness.stub(1).control.controller(), Some(BrokerId(2)));
    let resigned = |kind: &EventKind| match kind {
        EventKind::ControllerResigned { broker, .. } => Some(broker.0),
        _ => None,
    };
    assert_eq!(harness.told(resigned), [1]);
}

#[test]
fn a_restart_of_zookeeper_changes_nothing_for_brokers() {
    let mut harness = Harness::cluster(3);
    harness.kill_zookeeper();
    harness.wait_ms(20_000);
    harness.start_zookeeper();
    harness.wait_ms(10_000);
    assert_eq!(reigns(&harness), [(1, 1)]);
    for id in 1..=3 {
        assert_eq!(harness.stub(id).notices, [Notice::Registered]);
    }
    harness.kill(1);
    harness.wait_ms(7_000);
    assert_eq!(reigns(&harness).len(), 2, "watches were set again");
}

#[test]
fn a_broker_that_finds_no_zookeeper_gives_up_after_the_session_timeout() {
    let mut harness = Harness::new();
    harness.kill_zookeeper();
    harness.start(1);
    harness.wait_ms(5_900);
    assert_eq!(harness.stub(1).notices, []);
    harness.wait_ms(200);
    assert!(matches!(harness.stub(1).notices[..], [Notice::RegistrationFailed(_)]));
}

#[test]
fn closing_the_session_gives_the_controller_away_at_once() {
    let mut harness = Harness::cluster(2);
    harness.with(1, |control, ctx| control.close_session(ctx));
    harness.wait_ms(100);
    assert_eq!(harness.stub(1).notices, [Notice::Registered, Notice::SessionClosed]);
    assert_eq!(reigns(&harness), [(1, 1), (2, 2)]);
    assert_eq!(harness.data("/brokers/ids/1"), None);
}
