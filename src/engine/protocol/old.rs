//! Fetch before version 4, which the crate of Kafka's messages leaves out, as Kafka's own do since 4.0
//! (KIP-896): read and written by hand, after `FetchRequest.json` and `FetchResponse.json` of 3.9.
//!
//! Version 1 brought the throttle time, 2 the format with timestamps (KIP-32), 3 a limit for the whole
//! answer (KIP-74). What a version has no field for holds its default.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::{
    ApiKey, BrokerId as WireBroker, FetchRequest, FetchResponse, TopicName as WireName,
};
use kafka_protocol::protocol::StrBytes;

use crate::engine::protocol::{Api, Request, Response};

/// First version of Fetch that the crate knows.
const FETCH: i16 = 4;

/// Whether this is a version that is read and written here.
#[must_use]
pub fn is_old(api: Api, version: i16) -> bool {
    api == Api::Fetch && (0..FETCH).contains(&version)
}

/// Reads a request's body; `None` when it is no old version, or no such request.
pub(super) fn read(api: ApiKey, version: i16, bytes: &Bytes) -> Option<Request> {
    if api != ApiKey::Fetch || !is_old(Api::Fetch, version) {
        return None;
    }
    let mut bytes = bytes.clone();
    read_fetch(&mut bytes, version).map(Request::Fetch)
}

/// Writes an answer's body; `None` when it is no old version, and nothing is written.
pub(super) fn write(body: &Response, version: i16, out: &mut BytesMut) -> Option<()> {
    match body {
        Response::Fetch(body) if is_old(Api::Fetch, version) => write_fetch(body, version, out),
        _ => None,
    }
}

fn read_fetch(bytes: &mut Bytes, version: i16) -> Option<FetchRequest> {
    let request = FetchRequest::default()
        .with_replica_id(WireBroker(bytes.try_get_i32().ok()?))
        .with_max_wait_ms(bytes.try_get_i32().ok()?)
        .with_min_bytes(bytes.try_get_i32().ok()?);
    let max_bytes = if version >= 3 { bytes.try_get_i32().ok()? } else { i32::MAX };
    let mut topics = Vec::new();
    for _ in 0..bytes.try_get_i32().ok()? {
        let length = usize::try_from(bytes.try_get_i16().ok()?).ok()?;
        if bytes.remaining() < length {
            return None;
        }
        let name = StrBytes::try_from(bytes.split_to(length)).ok()?;
        let mut partitions = Vec::new();
        for _ in 0..bytes.try_get_i32().ok()? {
            partitions.push(
                FetchPartition::default()
                    .with_partition(bytes.try_get_i32().ok()?)
                    .with_fetch_offset(bytes.try_get_i64().ok()?)
                    .with_partition_max_bytes(bytes.try_get_i32().ok()?),
            );
        }
        topics.push(FetchTopic::default().with_topic(WireName(name)).with_partitions(partitions));
    }
    Some(request.with_max_bytes(max_bytes).with_topics(topics))
}

fn write_fetch(body: &FetchResponse, version: i16, out: &mut BytesMut) -> Option<()> {
    if version >= 1 {
        out.put_i32(body.throttle_time_ms);
    }
    out.put_i32(length(body.responses.len())?);
    for topic in &body.responses {
        write_topic(topic, out)?;
    }
    Some(())
}

fn write_topic(topic: &FetchableTopicResponse, out: &mut BytesMut) -> Option<()> {
    out.put_i16(i16::try_from(topic.topic.len()).ok()?);
    out.put_slice(topic.topic.as_bytes());
    out.put_i32(length(topic.partitions.len())?);
    topic.partitions.iter().try_for_each(|partition| write_partition(partition, out))
}

fn write_partition(partition: &PartitionData, out: &mut BytesMut) -> Option<()> {
    out.put_i32(partition.partition_index);
    out.put_i16(partition.error_code);
    out.put_i64(partition.high_watermark);
    match &partition.records {
        Some(records) => {
            out.put_i32(length(records.len())?);
            out.put_slice(records);
        }
        None => out.put_i32(-1),
    }
    Some(())
}

fn length(count: usize) -> Option<i32> {
    i32::try_from(count).ok()
}
