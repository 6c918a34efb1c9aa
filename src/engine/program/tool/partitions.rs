//! Questions about partitions that only their leaders can answer: offsets, deleting records.
//!
//! Kafka's `AdminApiDriver` with `PartitionLeaderStrategy`: leaders are looked up until each is known or
//! the time is over, then each leader is asked for its partitions; one that leads no longer sends the
//! question back to the look-up.

use std::collections::BTreeMap;

use kafka_protocol::messages::delete_records_request::{
    DeleteRecordsPartition, DeleteRecordsTopic,
};
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{BrokerId as WireBroker, DeleteRecordsRequest, ListOffsetsRequest};

use crate::engine::client::admin_task::Destination;
use crate::engine::client::calls::{Answer, Call};
use crate::engine::ids::{BrokerId, Text};
use crate::engine::program::tool::cluster::{topic_name, version};
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::shell::{Flow, Shell};
use crate::engine::protocol::{Request, Response};
use crate::engine::time::Micros;

/// A partition, as tools name it.
pub(super) type Partition = (Text, i32);
/// What came of a question about one partition: a number, or the error and its words.
pub(super) type Found = Result<i64, Fault>;

/// What is asked of leaders.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// The offset for the timestamp that stands beside each partition.
    ListOffsets,
    /// To delete what lies before the offset that stands beside each partition.
    DeleteRecords,
}

impl Kind {
    fn names(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Kind::ListOffsets => (
                "listOffsets(api=METADATA)",
                "listOffsets(api=LIST_OFFSETS)",
                "ListOffsets",
                "org.apache.kafka.clients.admin.internals.ListOffsetsHandler",
            ),
            Kind::DeleteRecords => (
                "deleteRecords(api=METADATA)",
                "deleteRecords(api=DELETE_RECORDS)",
                "DeleteRecords",
                "org.apache.kafka.clients.admin.internals.DeleteRecordsHandler",
            ),
        }
    }
}

/// UNKNOWN_TOPIC_OR_PARTITION.
const UNKNOWN_TOPIC: i16 = 3;
/// INVALID_TOPIC_EXCEPTION.
const INVALID_TOPIC: i16 = 17;
/// Errors that send a question back to the look-up of leaders.
const MOVED: [i16; 6] = [3, 5, 6, 9, 74, 78];

impl Shell<'_> {
    /// Asks the leader of each partition; every partition has what came of it. `client` is the
    /// client's id, for its log.
    pub(super) fn ask_leaders(
        &mut self,
        kind: Kind,
        client: &str,
        wanted: &[(Partition, i64)],
    ) -> Flow<BTreeMap<Partition, Found>> {
        let (look_up, ask, request, logger) = kind.names();
        let mut found: BTreeMap<Partition, Found> = BTreeMap::new();
        let mut open: Vec<(Partition, i64)> = wanted.to_vec();
        let mut tries = 0_u32;
        let started = self.pause(Micros::ZERO)?;
        let limit = self.admin.as_ref().map_or(60_000, |admin| admin.api_timeout.as_ms());
        while !open.is_empty() {
            let leaders = self.leaders(kind, client, &open)?;
            tries += 1;
            let mut by_leader: BTreeMap<i32, Vec<(Partition, i64)>> = BTreeMap::new();
            for (partition, value) in &open {
                match leaders.get(partition) {
                    Some(Ok(leader)) => {
                        by_leader.entry(*leader).or_default().push((partition.clone(), *value));
                    }
                    Some(Err(fault)) => drop(found.insert(partition.clone(), Err(fault.clone()))),
                    None => {}
                }
            }
            let calls = by_leader.iter().map(|(leader, rows)| call(kind, ask, *leader, rows));
            for answer in self.ask_all(calls.collect())?.iter() {
                for (partition, result) in results(answer) {
                    match result {
                        Ok(number) => drop(found.insert(partition, Ok(number))),
                        Err(code) if MOVED.contains(&code) => {}
                        Err(code) => {
                            let name = error_name(code);
                            self.log_error(
                                logger,
                                &format!(
                                    "[AdminClient clientId={client}] {request} request for topic \
                                 partition {}-{} failed due to an unexpected error {name}",
                                    partition.0, partition.1
                                ),
                            );
                            found.insert(partition, Err(Fault::of_error(code, None)));
                        }
                    }
                }
            }
            open.retain(|(partition, _)| !found.contains_key(partition));
            if open.is_empty() {
                break;
            }
            let now = self.pause(Micros::from_ms(pause_ms(tries)))?;
            if now - started >= limit {
                for (partition, _) in open.drain(..) {
                    let words = format!(
                        "Call(callName={look_up}, deadlineMs={}, tries={tries}, \
                         nextAllowedTryMs={now}) timed out at {now} after {tries} attempt(s)",
                        started + limit
                    );
                    found.insert(partition, Err(Fault::timeout(&words)));
                }
            }
        }
        Ok(found)
    }

    /// Leaders that are known; a partition whose topic will not do has its error.
    fn leaders(
        &mut self,
        kind: Kind,
        client: &str,
        open: &[(Partition, i64)],
    ) -> Flow<BTreeMap<Partition, Result<i32, Fault>>> {
        let mut names: Vec<Text> = open.iter().map(|((topic, _), _)| topic.clone()).collect();
        names.sort();
        names.dedup();
        let topics = self.topics(kind.names().0, Some(&names))?;
        let mut leaders = BTreeMap::new();
        for topic in topics.iter().filter(|topic| is_final(kind, topic.error)) {
            let words = match topic.error {
                INVALID_TOPIC => {
                    format!("invalid topic error for topic {} in `Metadata` response", topic.name)
                }
                UNKNOWN_TOPIC => format!("unknown topic error for topic {}", topic.name),
                _ => {
                    format!("unexpected error for topic {} in `Metadata` response", topic.name)
                }
            };
            self.log_error(
                "org.apache.kafka.clients.admin.internals.PartitionLeaderStrategy",
                &format!("[AdminClient clientId={client}] Received {words}"),
            );
            self.err(Fault::of_error(topic.error, None).trace().trim_end_matches('\n'));
        }
        for ((name, index), _) in open {
            let Some(topic) = topics.iter().find(|topic| topic.name == *name) else { continue };
            let partition = topic.partitions.iter().find(|p| p.index == *index);
            if let Some(leader) = partition.and_then(|p| p.leader) {
                leaders.insert((name.clone(), *index), Ok(leader));
            } else if is_final(kind, topic.error) {
                let why = match topic.error {
                    INVALID_TOPIC => format!("due to invalid topic `{name}`"),
                    UNKNOWN_TOPIC => {
                        format!("because metadata for topic `{name}` could not be found")
                    }
                    _ => format!("due to unexpected error for topic `{name}`"),
                };
                let words = format!("Failed to fetch metadata for partition {name}-{index} {why}");
                let fault = Fault::of_error(topic.error, Some(&words));
                leaders.insert((name.clone(), *index), Err(fault));
            }
        }
        Ok(leaders)
    }
}

/// Whether an error of a topic ends the look-up. One that is not there may come yet, but whoever asks for
/// offsets does not wait for it.
fn is_final(kind: Kind, error: i16) -> bool {
    match error {
        0 => false,
        UNKNOWN_TOPIC => matches!(kind, Kind::ListOffsets),
        error => !MOVED.contains(&error),
    }
}

/// `retry.backoff.ms`, doubled up to `retry.backoff.max.ms`.
pub(super) fn pause_ms(tries: u32) -> i64 {
    (100 << tries.saturating_sub(1).min(4)).min(1_000)
}

fn call(kind: Kind, name: &'static str, leader: i32, rows: &[(Partition, i64)]) -> Call {
    let mut topics: BTreeMap<&Text, Vec<(i32, i64)>> = BTreeMap::new();
    for ((topic, index), value) in rows {
        topics.entry(topic).or_default().push((*index, *value));
    }
    let to = Destination::Broker(BrokerId(leader));
    match kind {
        Kind::ListOffsets => {
            let topics = topics.into_iter().map(|(topic, rows)| {
                let rows = rows.into_iter().map(|(index, timestamp)| {
                    ListOffsetsPartition::default()
                        .with_partition_index(index)
                        .with_current_leader_epoch(-1)
                        .with_timestamp(timestamp)
                });
                let named = ListOffsetsTopic::default().with_name(topic_name(topic));
                named.with_partitions(rows.collect())
            });
            let request = ListOffsetsRequest::default()
                .with_replica_id(WireBroker(-1))
                .with_topics(topics.collect());
            Call { name, to, version: version(2, 9), body: Request::ListOffsets(request) }
        }
        Kind::DeleteRecords => {
            let topics = topics.into_iter().map(|(topic, rows)| {
                let rows = rows.into_iter().map(|(index, offset)| {
                    DeleteRecordsPartition::default()
                        .with_partition_index(index)
                        .with_offset(offset)
                });
                let named = DeleteRecordsTopic::default().with_name(topic_name(topic));
                named.with_partitions(rows.collect())
            });
            let request = DeleteRecordsRequest::default()
                .with_topics(topics.collect())
                .with_timeout_ms(30_000);
            Call { name, to, version: version(21, 2), body: Request::DeleteRecords(request) }
        }
    }
}

fn results(answer: &Answer) -> Vec<(Partition, Result<i64, i16>)> {
    let one = |code: i16, number: i64| if code == 0 { Ok(number) } else { Err(code) };
    match answer {
        Answer::Response(Response::ListOffsets(told)) => {
            let rows = told.topics.iter().flat_map(|topic| {
                topic.partitions.iter().map(|p| {
                    let partition = (topic.name.as_str().into(), p.partition_index);
                    (partition, one(p.error_code, p.offset))
                })
            });
            rows.collect()
        }
        Answer::Response(Response::DeleteRecords(told)) => {
            let rows = told.topics.iter().flat_map(|topic| {
                topic.partitions.iter().map(|p| {
                    let partition = (topic.name.as_str().into(), p.partition_index);
                    (partition, one(p.error_code, p.low_watermark))
                })
            });
            rows.collect()
        }
        _ => Vec::new(),
    }
}

/// `Errors.name()`: `OFFSET_OUT_OF_RANGE`.
pub(super) fn error_name(code: i16) -> String {
    let error = kafka_protocol::ResponseError::try_from_code(code);
    let name = error.map_or_else(|| "NONE".to_owned(), |error| format!("{error:?}"));
    let mut words = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !words.is_empty() {
            words.push('_');
        }
        words.push(c.to_ascii_uppercase());
    }
    words
}
