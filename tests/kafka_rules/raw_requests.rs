//! Requests of clients outside, as bytes: what a broker tells of its cluster and its directories, fetches
//! by topic id, and which records of a batch it refuses.

use bytes::{Bytes, BytesMut};
use highwater::engine::command::Command;
use highwater::engine::ids::BrokerId;
use highwater::engine::record::builder::BatchBuilder;
use kafka_protocol::messages as kafka;
use kafka_protocol::messages::{ApiKey, RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};

use crate::RF3;
use crate::acked;
use crate::lab::{Lab, ms};

/// Asks a broker on a connection of its own and reads the answer.
pub(crate) fn ask<Q: Encodable, A: Decodable>(
    lab: &mut Lab,
    (broker, api, version): (i32, ApiKey, i16),
    request: &Q,
) -> A {
    let header = RequestHeader::default()
        .with_request_api_key(api as i16)
        .with_request_api_version(version)
        .with_correlation_id(7)
        .with_client_id(Some(StrBytes::from_static_str("outside")));
    let mut frame = BytesMut::new();
    header.encode(&mut frame, api.request_header_version(version)).expect("a header");
    request.encode(&mut frame, version).expect("the request fits its version");
    let name = format!("outside-{broker}-{}", lab.world.next_event().0);
    lab.apply(Command::Connect { name: name.as_str().into(), broker: BrokerId(broker) });
    lab.run_for(ms(10));
    lab.apply(Command::Frame { name: name.as_str().into(), bytes: frame.freeze() });
    lab.run_for(ms(100));
    let mut answers = lab.world.take_frames(&name);
    assert_eq!(answers.len(), 1, "one answer to {api:?}");
    let mut bytes = Bytes::from(answers.remove(0).1.to_vec());
    ResponseHeader::decode(&mut bytes, api.response_header_version(version)).expect("a header");
    A::decode(&mut bytes, version).expect("an answer of this version")
}

fn with_records(configs: &[(&str, &str)]) -> Lab {
    let mut lab = Lab::three();
    lab.topic("t", RF3, configs);
    lab.producer("p", "t", |_| {});
    for value in ["m0", "m1"] {
        lab.send("p", &[value]);
        lab.run_until(ms(3_000), |event| acked(&event.kind));
    }
    lab.run_for(ms(1_000));
    lab
}

#[test]
fn every_broker_describes_the_cluster() {
    let mut lab = Lab::three();
    let request = kafka::DescribeClusterRequest::default().with_endpoint_type(1);
    let told: kafka::DescribeClusterResponse =
        ask(&mut lab, (3, ApiKey::DescribeCluster, 1), &request);
    let ids: Vec<i32> = told.brokers.iter().map(|broker| broker.broker_id.0).collect();
    assert_eq!((told.error_code, told.controller_id.0, ids), (0, 1, vec![1, 2, 3]));
    assert_eq!((told.cluster_id.len(), told.endpoint_type), (22, 1));
    let of_controllers = kafka::DescribeClusterRequest::default().with_endpoint_type(2);
    let refused: kafka::DescribeClusterResponse =
        ask(&mut lab, (3, ApiKey::DescribeCluster, 1), &of_controllers);
    assert_eq!(refused.error_code, 115, "UNSUPPORTED_ENDPOINT_TYPE");
}

#[test]
fn log_directories_are_described_with_sizes_and_the_room_that_is_left() {
    let mut lab = with_records(&[]);
    let request = kafka::DescribeLogDirsRequest::default().with_topics(None);
    let told: kafka::DescribeLogDirsResponse =
        ask(&mut lab, (2, ApiKey::DescribeLogDirs, 4), &request);
    let [dir] = &told.results[..] else { panic!("one directory, not {told:?}") };
    let part = &dir.topics[0].partitions[0];
    assert_eq!((dir.error_code, part.partition_size, part.offset_lag), (0, 140, 0));
    assert!(!part.is_future_key);
    assert!(dir.total_bytes > dir.usable_bytes && dir.usable_bytes > 0);
    lab.tell("disk b2 full");
    let full: kafka::DescribeLogDirsResponse =
        ask(&mut lab, (2, ApiKey::DescribeLogDirs, 4), &request);
    assert_eq!((full.results[0].total_bytes, full.results[0].usable_bytes), (1 << 40, 0));
}

#[test]
fn a_topic_is_fetched_by_its_id() {
    let mut lab = with_records(&[]);
    let metadata = kafka::MetadataRequest::default().with_topics(None);
    let known: kafka::MetadataResponse = ask(&mut lab, (1, ApiKey::Metadata, 12), &metadata);
    let fetch = |id| {
        let partition = kafka::fetch_request::FetchPartition::default()
            .with_current_leader_epoch(-1)
            .with_partition_max_bytes(1 << 20);
        let topic = kafka::fetch_request::FetchTopic::default()
            .with_topic_id(id)
            .with_partitions(vec![partition]);
        kafka::FetchRequest::default()
            .with_max_bytes(1 << 20)
            .with_session_epoch(-1)
            .with_topics(vec![topic])
    };
    let id = known.topics.iter().find(|topic| topic.partitions.len() == 1).expect("t").topic_id;
    let told: kafka::FetchResponse = ask(&mut lab, (1, ApiKey::Fetch, 13), &fetch(id));
    let part = &told.responses[0].partitions[0];
    let bytes = part.records.as_ref().map_or(0, Bytes::len);
    assert_eq!((part.error_code, part.high_watermark, bytes), (0, 2, 140));
    let nobodys = uuid::Uuid::from_u128(7);
    let told: kafka::FetchResponse = ask(&mut lab, (1, ApiKey::Fetch, 13), &fetch(nobodys));
    assert_eq!(told.responses[0].partitions[0].error_code, 100, "UNKNOWN_TOPIC_ID");
}

#[test]
fn a_refused_batch_is_told_record_by_record() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[("cleanup.policy", "compact")]);
    lab.run_for(ms(1_000));
    let mut batch = BatchBuilder::new();
    for key in [Some(&b"k"[..]), None, Some(b"l"), None] {
        batch.append(1_767_225_600_000, key, Some(b"v"), &[]);
    }
    let data =
        kafka::produce_request::PartitionProduceData::default().with_records(Some(batch.build()));
    let topic = kafka::produce_request::TopicProduceData::default()
        .with_name(kafka::TopicName(StrBytes::from_static_str("t")))
        .with_partition_data(vec![data]);
    let request = kafka::ProduceRequest::default()
        .with_acks(-1)
        .with_timeout_ms(1_000)
        .with_topic_data(vec![topic]);
    let told: kafka::ProduceResponse = ask(&mut lab, (1, ApiKey::Produce, 8), &request);
    let part = &told.responses[0].partition_responses[0];
    let refused: Vec<i32> = part.record_errors.iter().map(|error| error.batch_index).collect();
    assert_eq!((part.error_code, part.base_offset, refused), (87, -1, vec![1, 3]));
    assert!(part.error_message.is_some());
    assert!(lab.log("t", 0, 1).is_empty(), "all or nothing");
}
