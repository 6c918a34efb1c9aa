//! Requests as frames and answers read: the versions in which cases were recorded.

use bytes::{Bytes, BytesMut};
use kafka_protocol::ResponseError;
use kafka_protocol::messages as kafka;
use kafka_protocol::messages::{ApiKey, RequestHeader, ResponseHeader, TopicName};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};

/// What the client of the recordings called itself; member ids begin with it.
const CLIENT_ID: &str = "anom";

/// A request as a whole frame, without its length prefix.
///
/// # Panics
/// The message does not fit the version: a bug of whoever built it.
#[must_use]
pub fn frame<T: Encodable>(api: ApiKey, version: i16, body: &T) -> Bytes {
    let header = RequestHeader::default()
        .with_request_api_key(api as i16)
        .with_request_api_version(version)
        .with_correlation_id(1)
        .with_client_id(Some(StrBytes::from_static_str(CLIENT_ID)));
    let mut bytes = BytesMut::new();
    header
        .encode(&mut bytes, api.request_header_version(version))
        .and_then(|()| body.encode(&mut bytes, version))
        .expect("a request fits its version");
    bytes.freeze()
}

/// Reads an answer.
///
/// # Errors
/// The bytes are no such answer.
pub fn read<T: Decodable>(api: ApiKey, version: i16, frame: &Bytes) -> Result<T, String> {
    let mut bytes = frame.clone();
    ResponseHeader::decode(&mut bytes, api.response_header_version(version))
        .and_then(|_| T::decode(&mut bytes, version))
        .map_err(|error| format!("an answer that cannot be read: {error}"))
}

/// Kafka's name of an error code: `NONE`, `NOT_ENOUGH_REPLICAS`.
#[must_use]
pub fn error_name(code: i16) -> String {
    if code == 0 {
        return "NONE".to_owned();
    }
    let Some(error) = ResponseError::try_from_code(code) else { return format!("ERROR_{code}") };
    let words = format!("{error:?}");
    let words = words.split('(').next().unwrap_or_default();
    let mut name = String::new();
    for letter in words.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_uppercase());
    }
    name
}

/// A topic's name as messages carry it.
#[must_use]
pub fn topic_name(topic: &str) -> TopicName {
    TopicName(text(topic))
}

/// A text as messages carry it.
#[must_use]
pub fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// Produce of one batch to one partition.
#[must_use]
pub fn produce(
    (topic, partition): (&str, i32),
    (acks, timeout_ms): (i16, i32),
    transactional_id: Option<&str>,
    records: Bytes,
) -> kafka::ProduceRequest {
    let data = kafka::produce_request::PartitionProduceData::default()
        .with_index(partition)
        .with_records(Some(records));
    let topic = kafka::produce_request::TopicProduceData::default()
        .with_name(topic_name(topic))
        .with_partition_data(vec![data]);
    kafka::ProduceRequest::default()
        .with_transactional_id(transactional_id.map(|id| kafka::TransactionalId(text(id))))
        .with_acks(acks)
        .with_timeout_ms(timeout_ms)
        .with_topic_data(vec![topic])
}

/// Fetch of one partition by a consumer, answered at once.
#[must_use]
pub fn fetch(topic: &str, partition: i32, offset: i64, committed: bool) -> kafka::FetchRequest {
    let partition = kafka::fetch_request::FetchPartition::default()
        .with_partition(partition)
        .with_current_leader_epoch(-1)
        .with_fetch_offset(offset)
        .with_partition_max_bytes(64 << 20);
    let topic = kafka::fetch_request::FetchTopic::default()
        .with_topic(topic_name(topic))
        .with_partitions(vec![partition]);
    kafka::FetchRequest::default()
        .with_replica_id(kafka::BrokerId(-1))
        .with_max_wait_ms(0)
        .with_min_bytes(0)
        .with_max_bytes(64 << 20)
        .with_isolation_level(i8::from(committed))
        .with_session_id(0)
        .with_session_epoch(-1)
        .with_topics(vec![topic])
}

/// ListOffsets of one partition.
#[must_use]
pub fn list_offsets(topic: &str, partition: i32, timestamp: i64) -> kafka::ListOffsetsRequest {
    let partition = kafka::list_offsets_request::ListOffsetsPartition::default()
        .with_partition_index(partition)
        .with_current_leader_epoch(-1)
        .with_timestamp(timestamp);
    let topic = kafka::list_offsets_request::ListOffsetsTopic::default()
        .with_name(topic_name(topic))
        .with_partitions(vec![partition]);
    kafka::ListOffsetsRequest::default()
        .with_replica_id(kafka::BrokerId(-1))
        .with_topics(vec![topic])
}

/// OffsetForLeaderEpoch of one partition.
#[must_use]
pub fn offset_for_leader_epoch(
    topic: &str,
    partition: i32,
    epoch: i32,
) -> kafka::OffsetForLeaderEpochRequest {
    use kafka::offset_for_leader_epoch_request::{OffsetForLeaderPartition, OffsetForLeaderTopic};
    let partition = OffsetForLeaderPartition::default()
        .with_partition(partition)
        .with_current_leader_epoch(-1)
        .with_leader_epoch(epoch);
    let topic = OffsetForLeaderTopic::default()
        .with_topic(topic_name(topic))
        .with_partitions(vec![partition]);
    kafka::OffsetForLeaderEpochRequest::default()
        .with_replica_id(kafka::BrokerId(-1))
        .with_topics(vec![topic])
}

/// Metadata of one topic.
#[must_use]
pub fn metadata(topic: &str, allow_auto: bool) -> kafka::MetadataRequest {
    let topic =
        kafka::metadata_request::MetadataRequestTopic::default().with_name(Some(topic_name(topic)));
    kafka::MetadataRequest::default()
        .with_topics(Some(vec![topic]))
        .with_allow_auto_topic_creation(allow_auto)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes and names of `org.apache.kafka.common.protocol.Errors`, as 3.9 has them.
    const ERRORS: &str = include_str!("../../../tests/data/errors.txt");

    #[test]
    fn errors_have_kafkas_names() {
        assert!(ERRORS.lines().count() > 115);
        for line in ERRORS.lines() {
            let (code, name) = line.split_once(' ').expect("a code and a name");
            assert_eq!(error_name(code.parse().expect("a number")), name);
        }
    }
}
