//! Topics are created and reconfigured.

use kafka_protocol::messages::IncrementalAlterConfigsRequest;
use kafka_protocol::messages::incremental_alter_configs_request::{
    AlterConfigsResource, AlterableConfig,
};

use crate::engine::controller::Notice;
use crate::engine::controller::tests::harness::Harness;
use crate::engine::controller::tests::{
    assigned, create, create_at, elections, setting, sized, text,
};
use crate::engine::event::EventKind;
use crate::engine::protocol::inter_broker::TopicSettings;
use crate::engine::protocol::{Request, Response};

fn check_refused(
    topic: kafka_protocol::messages::create_topics_request::CreatableTopic,
    code: i16,
    words: &str,
) {
    let mut harness = Harness::cluster(3);
    create(&mut harness, "page.views", "1");
    let result = create_at(&mut harness, 1, topic);
    assert_eq!(result.error_code, code);
    assert_eq!(result.error_message.as_deref(), Some(words));
}

#[test]
fn a_topic_has_kafkas_znodes() {
    let mut harness = Harness::cluster(3);
    create(&mut harness, "orders", "1:2:3,2:3:1");
    let topic = harness.data("/brokers/topics/orders").expect("it was made");
    assert!(topic.starts_with(r#"{"partitions":{"0":[1,2,3],"1":[2,3,1]},"topic_id":""#));
    assert!(topic.ends_with(r#"","adding_replicas":{},"removing_replicas":{},"version":3}"#));
    let state = r#"{"controller_epoch":1,"leader":2,"version":1,"leader_epoch":0,"isr":[2,3,1]}"#;
    assert_eq!(harness.data("/brokers/topics/orders/partitions/1/state").as_deref(), Some(state));
    let config = r#"{"version":1,"config":{}}"#;
    assert_eq!(harness.data("/config/topics/orders").as_deref(), Some(config));
    assert_eq!(elections(&harness)[0], "orders-0 1 0 [1,2,3] new");
}

#[test]
fn placement_spreads_leaders_over_the_brokers() {
    let mut harness = Harness::cluster(3);
    let result = create_at(&mut harness, 1, sized("t", 3, 2));
    assert_eq!((result.error_code, result.num_partitions, result.replication_factor), (0, 3, 2));
    assert_eq!(result.topic_id.get_version_num(), 4);
    let assignment = harness.told(|kind| match kind {
        EventKind::TopicCreated { assignment, .. } => Some(assignment.clone()),
        _ => None,
    });
    let mut leaders: Vec<i32> = assignment[0].iter().map(|replicas| replicas[0].0).collect();
    leaders.sort_unstable();
    assert_eq!(leaders, [1, 2, 3]);
}

#[test]
fn a_name_that_is_taken_is_refused() {
    check_refused(sized("page.views", 1, 1), 36, "Topic 'page.views' already exists.");
}

#[test]
fn a_name_that_collides_is_refused() {
    let words = "Topic 'page_views' collides with existing topics: page.views";
    check_refused(sized("page_views", 1, 1), 17, words);
}

#[test]
fn an_illegal_name_is_refused() {
    let words = "Topic name is invalid: 'bad name' contains one or more characters other than \
                 ASCII alphanumerics, '.', '_' and '-'";
    check_refused(sized("bad name", 1, 1), 17, words);
}

#[test]
fn more_replicas_than_brokers_are_refused() {
    let words = "Replication factor: 4 larger than available brokers: 3.";
    check_refused(sized("big", 3, 4), 38, words);
}

#[test]
fn no_partitions_are_refused() {
    check_refused(sized("zero", 0, 1), 37, "Number of partitions must be larger than 0.");
    check_refused(sized("zero", 1, 0), 38, "Replication factor must be larger than 0.");
}

#[test]
fn unequal_replica_lists_are_refused() {
    let words = "All partitions should have the same number of replicas";
    check_refused(assigned("manual", "1:2,3"), 39, words);
}

#[test]
fn unknown_settings_are_refused() {
    let topic = sized("cfg", 1, 1).with_configs(vec![setting("retention.hours", "1")]);
    check_refused(topic, 40, "Unknown topic config name: retention.hours");
}

#[test]
fn a_refused_topic_leaves_no_znode() {
    let mut harness = Harness::cluster(3);
    create_at(&mut harness, 1, sized("big", 3, 4));
    assert_eq!(harness.data("/brokers/topics/big"), None);
    assert_eq!(harness.data("/config/topics/big"), None);
}

#[test]
fn only_the_controller_creates_topics() {
    let mut harness = Harness::cluster(2);
    assert_eq!(create_at(&mut harness, 2, sized("t", 1, 1)).error_code, 41);
}

#[test]
fn brokers_that_do_not_exist_may_be_named_and_are_not_in_the_isr() {
    let mut harness = Harness::cluster(2);
    create(&mut harness, "manual", "1:9");
    assert_eq!(harness.state("manual/partitions/0"), "1 0 [1] 0");
}

#[test]
fn a_topic_without_any_live_replica_is_answered_by_timeout_and_led_later() {
    let mut harness = Harness::cluster(2);
    let result = create_at(&mut harness, 1, assigned("manual", "3"));
    assert_eq!(result.error_code, 7);
    harness.start(3);
    harness.wait_ms(1_000);
    assert_eq!(harness.state("manual/partitions/0"), "3 0 [3] 0");
}

fn alter(harness: &mut Harness, broker: i32, key: &str, value: Option<&str>) -> (i16, String) {
    let operation = i8::from(value.is_none());
    let config = AlterableConfig::default()
        .with_name(text(key))
        .with_config_operation(operation)
        .with_value(value.map(text));
    let resource = AlterConfigsResource::default()
        .with_resource_type(2)
        .with_resource_name(text("orders"))
        .with_configs(vec![config]);
    let request = IncrementalAlterConfigsRequest::default().with_resources(vec![resource]);
    harness.ask(broker, 1, Request::IncrementalAlterConfigs(request));
    harness.wait_ms(100);
    match harness.answers.pop() {
        Some(Response::IncrementalAlterConfigs(response)) => {
            let row = &response.responses[0];
            let words = row.error_message.as_ref().map_or("", |words| words);
            (row.error_code, words.to_owned())
        }
        other => panic!("not answered: {other:?}"),
    }
}

#[test]
fn a_setting_reaches_every_broker() {
    let mut harness = Harness::cluster(3);
    create(&mut harness, "orders", "1:2:3");
    assert_eq!(alter(&mut harness, 2, "min.insync.replicas", Some("2")).0, 0);
    let config = r#"{"version":1,"config":{"min.insync.replicas":"2"}}"#;
    assert_eq!(harness.data("/config/topics/orders").as_deref(), Some(config));
    let change = r#"{"version":2,"entity_path":"topics/orders"}"#;
    let path = "/config/changes/config_change_0000000000";
    assert_eq!(harness.data(path).as_deref(), Some(change));
    for id in 1..=3 {
        let overrides = [("min.insync.replicas".into(), "2".into())].into();
        let topic = crate::engine::ids::TopicName::new("orders");
        let settings = Notice::TopicSettings(TopicSettings { topic, overrides });
        assert_eq!(harness.stub(id).notices.last(), Some(&settings));
    }
    let told = harness.told(|kind| match kind {
        EventKind::TopicConfigChanged { value, .. } => Some(value.to_string()),
        _ => None,
    });
    assert_eq!(told, ["2", "2", "2"]);
}

#[test]
fn a_deleted_setting_falls_back_to_the_default() {
    let mut harness = Harness::cluster(1);
    create(&mut harness, "orders", "1");
    alter(&mut harness, 1, "min.insync.replicas", Some("2"));
    assert_eq!(alter(&mut harness, 1, "min.insync.replicas", None).0, 0);
    let config = r#"{"version":1,"config":{}}"#;
    assert_eq!(harness.data("/config/topics/orders").as_deref(), Some(config));
    let told = harness.told(|kind| match kind {
        EventKind::TopicConfigChanged { value, .. } => Some(value.to_string()),
        _ => None,
    });
    assert_eq!(told, ["2", "1"]);
}

#[test]
fn a_bad_setting_is_refused_with_kafkas_words() {
    let mut harness = Harness::cluster(1);
    create(&mut harness, "orders", "1");
    let words = "Invalid config value for resource ConfigResource(type=TOPIC, name='orders'): \
                 Invalid value 0 for configuration min.insync.replicas: Value must be at least 1";
    let refused = alter(&mut harness, 1, "min.insync.replicas", Some("0"));
    assert_eq!(refused, (40, words.to_owned()));
}

#[test]
fn settings_of_a_topic_that_does_not_exist_are_refused() {
    let mut harness = Harness::cluster(1);
    let refused = alter(&mut harness, 1, "min.insync.replicas", Some("1"));
    assert_eq!(refused, (3, "The topic 'orders' does not exist.".to_owned()));
}

#[test]
fn a_broker_reads_settings_at_its_start_and_when_it_asks() {
    let mut harness = Harness::cluster(1);
    let topic = sized("orders", 1, 1).with_configs(vec![setting("segment.bytes", "100")]);
    assert_eq!(create_at(&mut harness, 1, topic).error_code, 0);
    let name = crate::engine::ids::TopicName::new("orders");
    let overrides = [("segment.bytes".into(), "100".into())].into();
    let settings = Notice::TopicSettings(TopicSettings { topic: name.clone(), overrides });
    assert!(!harness.stub(1).notices.contains(&settings));
    harness.with(1, |control, ctx| control.fetch_topic_settings(ctx, &[name]));
    harness.wait_ms(100);
    assert_eq!(harness.stub(1).notices.last(), Some(&settings));
    harness.start(2);
    harness.wait_ms(1_000);
    assert_eq!(harness.stub(2).notices[..], [settings, Notice::Registered]);
}
