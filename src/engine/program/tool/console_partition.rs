//! `kafka-console-consumer --partition`: reads one partition from where it is told, without a group
//! (`KafkaConsumer.assign`, `seek`).

use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::{BrokerId as WireBroker, FetchRequest};

use crate::engine::client::admin_task::Destination;
use crate::engine::client::calls::{Answer, Call};
use crate::engine::client::network_client::version as versions;
use crate::engine::ids::BrokerId;
use crate::engine::program::tool::cluster::topic_name;
use crate::engine::program::tool::console_consumer::{Reading, no_more, show};
use crate::engine::program::tool::console_consumer_options::Plan;
use crate::engine::program::tool::formatters::Shown;
use crate::engine::program::tool::partitions::{Kind, Partition};
use crate::engine::program::tool::shell::{Flow, Shell};
use crate::engine::protocol::{Request, Response};
use crate::engine::record::batch::batches;
use crate::engine::record::reader::{records, uncompressed};
use crate::engine::time::Micros;

/// `fetch.max.wait.ms`.
const FETCH_WAIT_MS: i64 = 500;
/// OFFSET_OUT_OF_RANGE.
const OUT_OF_RANGE: i16 = 1;

/// One round: looks for the leader, finds where to begin, fetches. Throws when `--timeout-ms` is over.
pub(super) fn step(
    shell: &mut Shell<'_>,
    plan: &Plan,
    reading: &mut Reading,
    most: u64,
) -> Flow<()> {
    let before = reading.count;
    let asked = round(shell, plan, reading, most)?;
    let wait = if asked { Micros::ZERO } else { Micros::from_ms(100) };
    let now = shell.pause(wait)?;
    if reading.count > before {
        reading.heard = now;
    } else if now.saturating_sub(reading.heard) >= plan.timeout_ms {
        return Err(no_more().into());
    }
    Ok(())
}

/// False when there was nobody to ask.
fn round(shell: &mut Shell<'_>, plan: &Plan, reading: &mut Reading, most: u64) -> Flow<bool> {
    let (Some(name), Some(index)) = (&plan.topic, plan.only) else { return Ok(false) };
    let topics = shell.topics("metadata", Some(std::slice::from_ref(name)))?;
    let found = topics.iter().flat_map(|topic| &topic.partitions).find(|p| p.index == index);
    let Some(leader) = found.and_then(|partition| partition.leader) else { return Ok(false) };
    let partition: Partition = (name.clone(), index);
    let start = match (reading.position, plan.start) {
        (Some(position), _) | (None, position @ 0..) => Some(position),
        (None, start) => seek(shell, plan, &partition, start)?,
    };
    reading.position = start;
    let Some(position) = start else { return Ok(false) };
    let call = fetch_call(plan, leader, &partition, position);
    for answer in shell.ask_all(vec![call])?.iter() {
        let Answer::Response(Response::Fetch(told)) = answer else { continue };
        for part in told.responses.iter().flat_map(|topic| &topic.partitions) {
            if part.error_code == OUT_OF_RANGE {
                let reset = match plan.settings.get("auto.offset.reset") {
                    Some("earliest") => -2,
                    _ => -1,
                };
                reading.position = seek(shell, plan, &partition, reset)?;
                continue;
            }
            let bytes = part.records.clone().unwrap_or_default();
            print(shell, plan, reading, &bytes, most)?;
        }
    }
    Ok(true)
}

/// The log's beginning (−2) or end (−1).
fn seek(shell: &mut Shell<'_>, plan: &Plan, partition: &Partition, to: i64) -> Flow<Option<i64>> {
    let wanted = [(partition.clone(), to)];
    let found = shell.ask_leaders(Kind::ListOffsets, &plan.client, &wanted)?;
    Ok(found.get(partition).and_then(|found| found.as_ref().ok()).copied())
}

fn fetch_call(plan: &Plan, leader: i32, (topic, index): &Partition, offset: i64) -> Call {
    let partition = FetchPartition::default()
        .with_partition(*index)
        .with_current_leader_epoch(-1)
        .with_fetch_offset(offset)
        .with_partition_max_bytes(1_048_576);
    let topic =
        FetchTopic::default().with_topic(topic_name(topic)).with_partitions(vec![partition]);
    let committed = plan.settings.get("isolation.level") == Some("read_committed");
    let wait_ms = FETCH_WAIT_MS.min(plan.timeout_ms);
    let request = FetchRequest::default()
        .with_replica_id(WireBroker(-1))
        .with_max_wait_ms(i32::try_from(wait_ms).unwrap_or(0))
        .with_min_bytes(1)
        .with_max_bytes(52_428_800)
        .with_isolation_level(i8::from(committed))
        .with_session_id(0)
        .with_session_epoch(-1)
        .with_topics(vec![topic]);
    Call {
        name: "fetch",
        to: Destination::Broker(BrokerId(leader)),
        version: versions::FETCH,
        body: Request::Fetch(request),
    }
}

fn print(
    shell: &mut Shell<'_>,
    plan: &Plan,
    reading: &mut Reading,
    bytes: &bytes::Bytes,
    most: u64,
) -> Flow<()> {
    for (header, batch) in batches(bytes) {
        let from = reading.position.unwrap_or(0);
        if header.next_offset().0 <= from {
            continue;
        }
        let Ok(batch) = uncompressed(&batch) else { return Ok(()) };
        if !header.is_control() {
            let kind = header.timestamp_type();
            for record in records(&batch).flatten().filter(|record| record.offset.0 >= from) {
                if reading.count >= most {
                    return Ok(());
                }
                reading.position = Some(record.offset.0 + 1);
                let partition = plan.only.unwrap_or(0);
                show(shell, plan, reading, &Shown { record: &record, partition, kind })?;
            }
        }
        reading.position = Some(header.next_offset().0);
    }
    Ok(())
}
