//! Keys, their murmur2 hash, and the partition that each lands in (`Utils.murmur2`,
//! `BuiltInPartitioner.partitionForKey`); and how the built-in partitioner chooses without a key.

use serde_json::{Value, json};

use crate::conform::Format;
use crate::conform::input::Input;
use crate::conform::report::CaseResult;
use crate::conform::vectors::{difference, unhex};
use crate::engine::client::producer::partitioner::{
    StickyPartitioner, drawn, murmur2, partition_for_key, round_robin, weights,
};
use crate::engine::ids::PartitionId;

/// The format: an object with `cases` that have a key and its `murmur2`.
pub const FORMAT: Format = Format { name: "murmur2", is, run };

fn is(input: &Input) -> bool {
    let cases = input.json.as_ref().and_then(|json| json["cases"].as_array());
    cases.is_some_and(|cases| cases.first().is_some_and(|case| !case["murmur2"].is_null()))
}

fn run(input: &Input) -> Vec<CaseResult> {
    let json = input.json.as_ref().expect("it was recognised as JSON");
    let cases = json["cases"].as_array().into_iter().flatten();
    let mut results: Vec<CaseResult> = cases.map(run_case).collect();
    results.extend(json["partitioners"].as_array().into_iter().flatten().map(run_partitioner));
    results
}

fn run_case(case: &Value) -> CaseResult {
    let name = format!("murmur2 of {}", case["keyHex"]);
    let Some(key) = unhex(&case["keyHex"]) else {
        return CaseResult::skipped(name, "a null key is not hashed");
    };
    let hash = murmur2(&key);
    let mut crc = flate2::Crc::new();
    crc.update(&key);
    let mut got = json!({
        "murmur2": hash,
        "murmur2Hex": format!("{hash:08x}"),
        "positive": hash & 0x7fff_ffff,
        "crc32": crc.sum(),
        "partition": {},
    });
    for (partitions, _) in case["partition"].as_object().into_iter().flatten() {
        if let Ok(count) = partitions.parse() {
            got["partition"][partitions] = json!(partition_for_key(&key, count).0);
        }
    }
    compare(name, case, &got)
}

/// What other clients' partitioners do, and where the case comes from, is not the engine's.
fn compare(name: impl Into<String>, case: &Value, got: &Value) -> CaseResult {
    let mut wanted = case.clone();
    if let Some(fields) = wanted.as_object_mut() {
        fields.retain(|field, _| got.get(field).is_some());
    }
    match difference(&wanted, got, "") {
        Some((place, expected, got)) => CaseResult::failed(name, place, expected, got),
        None => CaseResult::passed(name),
    }
}

/// A rule of a partitioner, as far as it is told in numbers.
fn run_partitioner(case: &Value) -> CaseResult {
    let name = case["name"].as_str().unwrap_or("a partitioner");
    let got = if case["queueSizes"].is_array() {
        by_queues(case)
    } else if case["appendedBytes"].is_array() {
        sticky(case)
    } else if case["example"]["sequence"].is_array() {
        in_turn(case)
    } else {
        return CaseResult::skipped(name, "this partitioner is not modelled");
    };
    compare(name, case, &got)
}

/// Partitions that have a leader: which ones the records go to, one after the other.
fn in_turn(case: &Value) -> Value {
    let available: Vec<PartitionId> = numbers(&case["example"]["available"])
        .into_iter()
        .map(|number| PartitionId(number.cast_signed()))
        .collect();
    let records = case["example"]["sequence"].as_array().map_or(0, Vec::len);
    let turns = (0..).take(records).map(|turn| round_robin(turn, &available, 0).0);
    json!({ "example": { "available": case["example"]["available"], "sequence": turns.collect::<Vec<_>>() } })
}

fn numbers(list: &Value) -> Vec<u32> {
    let numbers = list.as_array().into_iter().flatten().filter_map(Value::as_u64);
    numbers.filter_map(|number| u32::try_from(number).ok()).collect()
}

/// Queues of partitions: how often each is chosen, and which by which random number.
fn by_queues(case: &Value) -> Value {
    let weights = weights(numbers(&case["queueSizes"]).into_iter());
    let total: u64 = weights.iter().sum();
    let mut sum = 0;
    let cumulative = weights.iter().map(|weight| {
        sum += weight;
        sum
    });
    let mut got =
        json!({ "cumulative": cumulative.collect::<Vec<u64>>(), "randomToPartition": {} });
    got[format!("frequencyPer{total}")] = json!(weights);
    for (number, _) in case["randomToPartition"].as_object().into_iter().flatten() {
        if let Ok(random) = number.parse::<u64>() {
            got["randomToPartition"][number] = json!(drawn(&weights, random));
        }
    }
    got
}

/// Bytes appended one after the other: after how many appends the partition changes.
fn sticky(case: &Value) -> Value {
    let size = numbers(&json!([case["stickyBatchSize"]])).first().copied().unwrap_or(0);
    let mut partitioner = StickyPartitioner::default();
    let switch = numbers(&case["appendedBytes"]).into_iter().position(|bytes| {
        partitioner.produced(u64::from(bytes));
        partitioner.is_due(size, true)
    });
    json!({ "switchAfterAppend": switch.map(|index| index + 1) })
}
