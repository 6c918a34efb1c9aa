//! What settings hold and where they come from, as kafka-configs of 3.9.1 shows it.

use kafka_protocol::messages::DescribeConfigsRequest;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::incremental_alter_configs_request::{
    AlterConfigsResource, AlterableConfig,
};
use kafka_protocol::messages::{
    AlterConfigsRequest, IncrementalAlterConfigsRequest, alter_configs_request,
};

use crate::engine::controller::operation::Asker;
use crate::engine::controller::tests::harness::{CLIENT, Harness};
use crate::engine::controller::tests::{create_at, setting, sized, text};
use crate::engine::ids::CorrelationId;
use crate::engine::protocol::{Request, Response};

const TOPIC: i8 = 2;
const BROKER: i8 = 4;
const SOURCES: [&str; 6] = ["", "TOPIC", "BROKER", "BROKER_DEFAULT", "STATIC", "DEFAULT"];

/// `key=value sensitive? {SOURCE:name=value, …}` of each setting, or the refusal.
fn describe(harness: &mut Harness, kind: i8, name: &str, keys: Option<&[&str]>) -> Vec<String> {
    let keys = keys.map(|keys| keys.iter().map(|key| text(key)).collect());
    let resource = DescribeConfigsResource::default()
        .with_resource_type(kind)
        .with_resource_name(text(name))
        .with_configuration_keys(keys);
    let request = DescribeConfigsRequest::default()
        .with_resources(vec![resource])
        .with_include_synonyms(true);
    let asker = Asker { from: CLIENT, correlation: CorrelationId(9), version: 4 };
    harness.with(1, |control, ctx| {
        control.describe_configs(ctx, asker, request, |topic| topic.as_str() == "orders");
    });
    harness.wait_ms(100);
    let Some(Response::DescribeConfigs(response)) = harness.answers.pop() else {
        panic!("not answered")
    };
    let row = &response.results[0];
    if row.error_code != 0 {
        let words = row.error_message.as_ref().map_or("", |words| words);
        return vec![format!("{} {words}", row.error_code)];
    }
    let value = |value: &Option<kafka_protocol::protocol::StrBytes>| {
        value.as_ref().map_or("null".to_owned(), |value| value.to_string())
    };
    let told = row.configs.iter().map(|config| {
        let synonyms = config.synonyms.iter().map(|synonym| {
            let source = SOURCES[usize::try_from(synonym.source).expect("a source")];
            format!("{source}:{}={}", &*synonym.name, value(&synonym.value))
        });
        let synonyms: Vec<String> = synonyms.collect();
        let secret = if config.is_sensitive { " secret" } else { "" };
        format!("{}={}{secret} {{{}}}", &*config.name, value(&config.value), synonyms.join(", "))
    });
    told.collect()
}

/// Changes one setting of a broker, or of all when `name` is empty; returns the error's number.
fn alter(harness: &mut Harness, name: &str, key: &str, operation: i8, value: Option<&str>) -> i16 {
    change(harness, BROKER, name, (key, operation, value))
}

fn change(
    harness: &mut Harness,
    kind: i8,
    name: &str,
    (key, operation, value): (&str, i8, Option<&str>),
) -> i16 {
    let config = AlterableConfig::default()
        .with_name(text(key))
        .with_config_operation(operation)
        .with_value(value.map(text));
    let resource = AlterConfigsResource::default()
        .with_resource_type(kind)
        .with_resource_name(text(name))
        .with_configs(vec![config]);
    let request = IncrementalAlterConfigsRequest::default().with_resources(vec![resource]);
    harness.ask(1, 1, Request::IncrementalAlterConfigs(request));
    harness.wait_ms(100);
    match harness.answers.pop() {
        Some(Response::IncrementalAlterConfigs(response)) => response.responses[0].error_code,
        other => panic!("not answered: {other:?}"),
    }
}

fn orders() -> Harness {
    let mut harness = Harness::cluster(1);
    let topic = sized("orders", 1, 1).with_configs(vec![setting("retention.ms", "3600000")]);
    assert_eq!(create_at(&mut harness, 1, topic).error_code, 0);
    harness
}

#[test]
fn a_topics_settings_are_told_with_the_brokers_behind_them() {
    let mut harness = orders();
    let keys = ["retention.ms", "segment.bytes", "flush.ms"];
    let expected = [
        "flush.ms=9223372036854775807 {}",
        "retention.ms=3600000 {TOPIC:retention.ms=3600000}",
        "segment.bytes=1073741824 {DEFAULT:log.segment.bytes=1073741824}",
    ];
    assert_eq!(describe(&mut harness, TOPIC, "orders", Some(&keys)), expected);
    change(&mut harness, TOPIC, "orders", ("segment.bytes", 0, Some("16384")));
    let expected =
        ["segment.bytes=16384 {TOPIC:segment.bytes=16384, DEFAULT:log.segment.bytes=1073741824}"];
    assert_eq!(describe(&mut harness, TOPIC, "orders", Some(&["segment.bytes"])), expected);
}

#[test]
fn every_setting_of_kafka_is_told_but_the_internal_ones() {
    let mut harness = orders();
    assert_eq!(describe(&mut harness, TOPIC, "orders", None).len(), 36);
    let broker = describe(&mut harness, BROKER, "1", None);
    assert_eq!(broker.len(), 314);
    let tells = |line: &str| broker.iter().any(|told| told == line);
    assert!(tells("num.io.threads=8 {DEFAULT:num.io.threads=8}"), "{broker:?}");
    assert!(tells("log.retention.ms=null {}"), "{broker:?}");
    assert!(tells("ssl.key.password=null secret {}"), "{broker:?}");
}

#[test]
fn a_topics_setting_that_changes_nothing_here_is_judged_kept_and_told() {
    let mut harness = orders();
    let bad = ("preallocate", 0, Some("perhaps"));
    assert_eq!(change(&mut harness, TOPIC, "orders", bad), 40);
    assert_eq!(change(&mut harness, TOPIC, "orders", ("preallocate", 0, Some("true"))), 0);
    let told = describe(&mut harness, TOPIC, "orders", Some(&["preallocate"]));
    let synonyms = "{TOPIC:preallocate=true, DEFAULT:log.preallocate=false}";
    assert_eq!(told, [format!("preallocate=true {synonyms}")]);
}

#[test]
fn the_default_of_all_brokers_stands_before_kafkas() {
    let mut harness = orders();
    let key = "unclean.leader.election.enable";
    assert_eq!(alter(&mut harness, "", key, 0, Some("true")), 0);
    let synonyms = format!("{{BROKER_DEFAULT:{key}=true, DEFAULT:{key}=false}}");
    let expected = [format!("{key}=true {synonyms}")];
    assert_eq!(describe(&mut harness, TOPIC, "orders", Some(&[key])), expected);
    // The default of all brokers is told alone, as the real one tells it.
    let alone = [format!("{key}=true {{BROKER_DEFAULT:{key}=true}}")];
    assert_eq!(describe(&mut harness, BROKER, "", None), alone);
    assert_eq!(alter(&mut harness, "", key, 1, None), 0);
    assert!(describe(&mut harness, BROKER, "", None).is_empty());
}

#[test]
fn a_setting_that_kafka_does_not_know_is_kept_as_a_secret() {
    let mut harness = orders();
    assert_eq!(alter(&mut harness, "1", "no.such.config", 0, Some("1")), 0);
    assert_eq!(alter(&mut harness, "1", "log.cleaner.threads", 0, Some("2")), 0);
    let keys = ["no.such.config", "log.cleaner.threads"];
    let expected = [
        "log.cleaner.threads=2 {BROKER:log.cleaner.threads=2, DEFAULT:log.cleaner.threads=1}",
        "no.such.config=null secret {BROKER:no.such.config=null}",
    ];
    assert_eq!(describe(&mut harness, BROKER, "1", Some(&keys)), expected);
}

#[test]
fn what_does_not_exist_is_not_described() {
    let mut harness = orders();
    assert_eq!(describe(&mut harness, TOPIC, "gone", None), ["3 "]);
    let words = "42 Unexpected broker id, expected 1 or empty string, but received 7";
    assert_eq!(describe(&mut harness, BROKER, "7", None), [words]);
}

#[test]
fn a_broker_writes_no_settings_of_another() {
    let mut harness = orders();
    assert_eq!(alter(&mut harness, "2", "message.max.bytes", 0, Some("1000")), 42);
    assert_eq!(alter(&mut harness, "one", "message.max.bytes", 0, Some("1000")), 42);
}

#[test]
fn the_older_request_takes_away_what_it_does_not_name() {
    let mut harness = orders();
    let config = alter_configs_request::AlterableConfig::default()
        .with_name(text("segment.bytes"))
        .with_value(Some(text("100")));
    let resource = alter_configs_request::AlterConfigsResource::default()
        .with_resource_type(TOPIC)
        .with_resource_name(text("orders"))
        .with_configs(vec![config]);
    let request = AlterConfigsRequest::default().with_resources(vec![resource]);
    harness.ask(1, 2, Request::AlterConfigs(request));
    harness.wait_ms(100);
    let config = r#"{"version":1,"config":{"segment.bytes":"100"}}"#;
    assert_eq!(harness.data("/config/topics/orders").as_deref(), Some(config));
}

#[test]
fn values_are_appended_to_lists_and_taken_out_again() {
    let mut harness = orders();
    let policy =
        |harness: &mut Harness| describe(harness, TOPIC, "orders", Some(&["cleanup.policy"]));
    change(&mut harness, TOPIC, "orders", ("cleanup.policy", 2, Some("compact")));
    assert!(policy(&mut harness)[0].starts_with("cleanup.policy=delete,compact "));
    change(&mut harness, TOPIC, "orders", ("cleanup.policy", 3, Some("delete")));
    assert!(policy(&mut harness)[0].starts_with("cleanup.policy=compact "));
    assert_eq!(change(&mut harness, TOPIC, "orders", ("segment.bytes", 2, Some("1"))), 40);
}
