//! `fetch`, `list_offsets`, `offset_for_leader_epoch`, `metadata`: what a consumer asks.

use bytes::Bytes;
use kafka_protocol::messages::{self as kafka, ApiKey};
use serde_json::{Value, json};

use crate::conform::anomaly::batches;
use crate::conform::anomaly::case::{Fetch, ListOffsets, Metadata, OffsetForLeaderEpoch};
use crate::conform::anomaly::cluster::{Outcome, Problem};
use crate::conform::anomaly::requests::{self, error_name};
use crate::conform::anomaly::runner::{Answered, Runner};
use crate::engine::record::batch::verify_crc;
use crate::engine::record::reader;

/// From this version on a follower answers consumers too (KIP-392).
const FETCH: i16 = 11;
const LIST_OFFSETS: i16 = 5;
const OFFSET_FOR_LEADER_EPOCH: i16 = 3;
const METADATA: i16 = 9;
/// How long `repeat` goes on after the last change of the answer, in microseconds.
const STEADY: i64 = 1_000_000;
/// How long it goes on at most.
const REPEAT: i64 = 30_000_000;

impl Runner<'_> {
    pub(super) fn fetch(&mut self, step: &Fetch) -> Outcome<Value> {
        let committed = match step.isolation.as_deref() {
            None | Some("uncommitted") => false,
            Some("committed") => true,
            Some(other) => return Err(Problem::Cannot(format!("no isolation {other} is known"))),
        };
        let topic = step.topic.clone().unwrap_or_else(|| self.topic.clone());
        let broker = self.broker_for(step.broker.as_ref(), &topic, step.partition)?;
        let request = requests::fetch(&topic, step.partition, step.offset, committed);
        let offset = step.offset;
        let asked = (broker, ApiKey::Fetch, FETCH);
        self.ask_or_park(asked, &request, step.id.as_deref(), move |_, answered| {
            read_answer(answered, ApiKey::Fetch, FETCH, |answer| fetched(answer, offset))
        })
    }

    /// The high watermark that a replica tells a consumer; `None` when it tells none.
    pub(super) fn high_watermark(
        &mut self,
        broker: i32,
        (topic, partition): (&str, i32),
        offset: i64,
    ) -> Outcome<Option<i64>> {
        let request = requests::fetch(topic, partition, offset, false);
        let frame = requests::frame(ApiKey::Fetch, FETCH, &request);
        let connection = self.cluster.send(broker, frame, true)?;
        let Answered::Frame(frame, _) = self.wait_for(connection) else { return Ok(None) };
        let answer: kafka::FetchResponse =
            requests::read(ApiKey::Fetch, FETCH, &frame).map_err(Problem::Failed)?;
        let part = answer.responses.first().and_then(|topic| topic.partitions.first());
        Ok(part.filter(|part| part.error_code == 0).map(|part| part.high_watermark))
    }

    pub(super) fn list_offsets(&mut self, step: &ListOffsets) -> Outcome<Value> {
        let timestamp = match (step.at.as_str(), step.at.as_i64()) {
            (Some("latest"), _) => -1,
            (Some("earliest"), _) => -2,
            (Some("max_timestamp"), _) => -3,
            (_, Some(timestamp)) => timestamp,
            _ => return Err(Problem::Cannot(format!("no place {} is known", step.at))),
        };
        let topic = step.topic.clone().unwrap_or_else(|| self.topic.clone());
        let broker = self.broker_for(step.broker.as_ref(), &topic, step.partition)?;
        let request = requests::list_offsets(&topic, step.partition, timestamp);
        let version = if timestamp == -3 { 7 } else { LIST_OFFSETS };
        let asked = (broker, ApiKey::ListOffsets, version);
        self.ask_or_park(asked, &request, step.id.as_deref(), move |_, answered| {
            read_answer(answered, ApiKey::ListOffsets, version, listed)
        })
    }

    pub(super) fn offset_for_leader_epoch(
        &mut self,
        step: &OffsetForLeaderEpoch,
    ) -> Outcome<Value> {
        let topic = step.topic.clone().unwrap_or_else(|| self.topic.clone());
        let broker = self.broker_for(step.broker.as_ref(), &topic, step.partition)?;
        let request = requests::offset_for_leader_epoch(&topic, step.partition, step.epoch);
        let asked = (broker, ApiKey::OffsetForLeaderEpoch, OFFSET_FOR_LEADER_EPOCH);
        self.ask_or_park(asked, &request, step.id.as_deref(), |_, answered| {
            let (api, version) = (ApiKey::OffsetForLeaderEpoch, OFFSET_FOR_LEADER_EPOCH);
            read_answer(answered, api, version, epoch_end)
        })
    }

    pub(super) fn metadata(&mut self, step: &Metadata) -> Outcome<Value> {
        let topic = step.topic.clone().unwrap_or_else(|| self.topic.clone());
        let broker = match &step.broker {
            Some(name) => self.broker(Some(name), 0)?,
            None => self.any_running().unwrap_or(1),
        };
        let request = requests::metadata(&topic, step.allow_auto);
        if !step.repeat {
            let asked = (broker, ApiKey::Metadata, METADATA);
            return self.ask_or_park(asked, &request, step.id.as_deref(), |_, answered| {
                read_answer(answered, ApiKey::Metadata, METADATA, described)
            });
        }
        let mut answers: Vec<String> = Vec::new();
        let begun = self.cluster.now();
        let mut changed = begun;
        loop {
            let answer: kafka::MetadataResponse =
                self.ask(broker, (ApiKey::Metadata, METADATA), &request)?;
            let told = described(&answer)?;
            let now = self.cluster.now();
            let short = short_answer(&told);
            if answers.last() != Some(&short) {
                answers.push(short);
                changed = now;
            }
            let served = answers.last().is_some_and(|answer| answer.starts_with("NONE"));
            if (served && now - changed > STEADY / 5) || now - changed > STEADY.max(REPEAT) {
                let mut told = told;
                told["answers"] = json!(answers);
                return Ok(told);
            }
            self.cluster.sleep(5_000);
        }
    }

    /// Number of partitions of a topic.
    pub(super) fn partitions(&mut self, topic: &str) -> Outcome<usize> {
        let broker = self.any_running().unwrap_or(1);
        let request = requests::metadata(topic, false);
        let answer: kafka::MetadataResponse =
            self.ask(broker, (ApiKey::Metadata, METADATA), &request)?;
        match answer.topics.first().map_or(0, |topic| topic.partitions.len()) {
            0 => Err(Problem::Failed(format!("expected partitions of {topic}, got none"))),
            count => Ok(count),
        }
    }
}

/// Reads an answer that came; without one the step's outcome is an error with a name of ours.
pub(super) fn read_answer<A: kafka_protocol::protocol::Decodable>(
    answered: Answered,
    api: ApiKey,
    version: i16,
    told: impl Fn(&A) -> Outcome<Value>,
) -> Outcome<Value> {
    match answered {
        Answered::Frame(frame, _) => {
            let answer = requests::read(api, version, &frame).map_err(Problem::Failed)?;
            told(&answer)
        }
        Answered::Closed => {
            Err(Problem::Failed(format!("expected an answer to {api:?}, got a closed connection")))
        }
        Answered::Never => Err(Problem::Failed(format!("expected an answer to {api:?}, got none"))),
    }
}

fn nothing(api: &str) -> Problem {
    Problem::Failed(format!("expected the partition in the answer to {api}, got none"))
}

fn fetched(answer: &kafka::FetchResponse, offset: i64) -> Outcome<Value> {
    let part = answer.responses.first().and_then(|topic| topic.partitions.first());
    let Some(part) = part else {
        return match answer.error_code {
            0 => Err(nothing("Fetch")),
            code => Ok(json!({ "error": error_name(code), "hw": -1, "lso": -1, "log_start": -1,
                "batches": [], "first": null, "values": [], "last_offset": null, "aborted": [],
                "first_batch_crc_ok": null })),
        };
    };
    let records = part.records.clone().unwrap_or_default();
    let (whole, _) = batches::split(&records);
    let first_ok = whole.first().map(|(_, batch)| verify_crc(batch));
    let aborted = part.aborted_transactions.iter().flatten().map(|txn| txn.first_offset);
    let last_offset = whole.last().map(|(header, _)| header.last_offset().0);
    Ok(json!({
        "error": error_name(part.error_code),
        "hw": part.high_watermark,
        "lso": part.last_stable_offset,
        "log_start": part.log_start_offset,
        "batches": batches::to_json(&records),
        "first": first_record(&records, offset),
        "values": values(&records),
        "last_offset": last_offset,
        "aborted": aborted.collect::<Vec<_>>(),
        "first_batch_crc_ok": first_ok,
    }))
}

/// Offset of the first record at or above the one asked for.
fn first_record(records: &Bytes, offset: i64) -> Option<i64> {
    let (whole, _) = batches::split(records);
    let data = whole.iter().filter(|(header, _)| !header.is_control());
    let mut offsets = data.flat_map(|(_, batch)| {
        reader::records(batch)
            .filter_map(Result::ok)
            .map(|record| record.offset.0)
            .collect::<Vec<_>>()
    });
    offsets.find(|found| *found >= offset)
}

/// Values of all records; control batches as COMMIT and ABORT.
fn values(records: &Bytes) -> Vec<Value> {
    let (whole, _) = batches::split(records);
    let mut values = Vec::new();
    for (header, batch) in &whole {
        match batches::control(header, batch) {
            Some(control) => values.push(json!(control)),
            None => {
                let read = reader::records(batch).filter_map(Result::ok);
                values.extend(read.map(|record| batches::text_of(record.value)));
            }
        }
    }
    values
}

fn listed(answer: &kafka::ListOffsetsResponse) -> Outcome<Value> {
    let part = answer.topics.first().and_then(|topic| topic.partitions.first());
    let part = part.ok_or_else(|| nothing("ListOffsets"))?;
    Ok(json!({
        "error": error_name(part.error_code),
        "ts": part.timestamp,
        "offset": part.offset,
        "epoch": part.leader_epoch,
    }))
}

fn epoch_end(answer: &kafka::OffsetForLeaderEpochResponse) -> Outcome<Value> {
    let part = answer.topics.first().and_then(|topic| topic.partitions.first());
    let part = part.ok_or_else(|| nothing("OffsetForLeaderEpoch"))?;
    Ok(json!({
        "error": error_name(part.error_code),
        "epoch": part.leader_epoch,
        "end": part.end_offset,
    }))
}

fn described(answer: &kafka::MetadataResponse) -> Outcome<Value> {
    let topic = answer.topics.first().ok_or_else(|| nothing("Metadata"))?;
    let ids = |ids: &[kafka::BrokerId]| ids.iter().map(|id| id.0).collect::<Vec<_>>();
    let mut parts: Vec<_> = topic.partitions.iter().collect();
    parts.sort_by_key(|part| part.partition_index);
    let partition = |part: &kafka::metadata_response::MetadataResponsePartition| {
        json!({
            "error": error_name(part.error_code),
            "p": part.partition_index,
            "leader": part.leader_id.0,
            "epoch": part.leader_epoch,
            "replicas": ids(&part.replica_nodes),
            "isr": ids(&part.isr_nodes),
            "offline": ids(&part.offline_replicas),
        })
    };
    let partitions: Vec<Value> = parts.into_iter().map(partition).collect();
    let error = error_name(topic.error_code);
    let mut told = json!({ "error": error, "partitions": partitions });
    told["answers"] = json!([short_answer(&told)]);
    Ok(told)
}

/// `topic error/partition error`; without partitions only the topic's.
fn short_answer(told: &Value) -> String {
    let topic = told["error"].as_str().unwrap_or_default();
    let parts = told["partitions"].as_array().map_or(&[][..], Vec::as_slice);
    let errors = parts.iter().filter_map(|part| part["error"].as_str());
    let worst = errors.clone().find(|error| *error != "NONE").or_else(|| errors.clone().next());
    worst.map_or_else(|| topic.to_owned(), |error| format!("{topic}/{error}"))
}
