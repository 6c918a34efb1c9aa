//! `produce`, `init_producer_id`, `txn`: batches of a case, and who sends them.

use std::collections::BTreeMap;

use kafka_protocol::messages::{self as kafka, ApiKey};
use serde_json::{Map, Value, json};

use crate::conform::anomaly::batches::{self, Record, Sender};
use crate::conform::anomaly::case::{
    Generate, InitProducerId, PartitionChoice, Produce, RecordText, Txn,
};
use crate::conform::anomaly::cluster::{Outcome, Problem};
use crate::conform::anomaly::requests::{self, error_name};
use crate::conform::anomaly::runner::{Answered, Runner};
use crate::engine::client::producer::partitioner::partition_for_key;

/// The versions that the recordings speak.
const PRODUCE: i16 = 8;
const INIT_PRODUCER_ID: i16 = 1;
const ADD_PARTITIONS: i16 = 1;
const END_TXN: i16 = 1;
/// How long the cluster is given to take in a request that it does not answer, in microseconds.
const UNANSWERED: i64 = 20_000;
/// How long a request is repeated whose coordinator is not there yet, in microseconds.
const RETRIES: i64 = 30_000_000;

/// Producers that have an id.
#[derive(Clone, Debug, Default)]
pub struct Producers {
    known: BTreeMap<String, Known>,
    /// Ids given so far, with the transactional id of each.
    ids: Vec<(i64, Option<String>)>,
}

#[derive(Clone, Debug)]
struct Known {
    id: i64,
    epoch: i16,
    next_sequence: i32,
    transactional_id: Option<String>,
}

impl Runner<'_> {
    pub(super) fn produce(&mut self, step: &Produce) -> Outcome<Value> {
        let topic = step.topic.clone().unwrap_or_else(|| self.topic.clone());
        if step.partition == Some(PartitionChoice::Word("by_key".to_owned())) {
            return self.produce_by_key(step, &topic);
        }
        let partition = match &step.partition {
            None => 0,
            Some(PartitionChoice::Number(number)) => *number,
            Some(PartitionChoice::Word(word)) => {
                return Err(Problem::Cannot(format!("no partition {word} is known")));
            }
        };
        let place = (topic.as_str(), partition);
        let batches = self.batches_of(step)?;
        let mut offsets = Vec::new();
        let mut last = json!({});
        for records in &batches {
            last = self.produce_batch(step, place, records)?;
            if last.is_null() {
                return Ok(last);
            }
            offsets.push(last["offset"].clone());
            if last["error"] != "NONE" && last["error"] != "NO_RESPONSE" {
                break;
            }
        }
        let first = offsets.first().cloned().unwrap_or(Value::Null);
        Ok(json!({ "error": last["error"], "offset": first, "offsets": offsets,
            "partition_of_key": {}, "isr_at_answer": last["isr_at_answer"] }))
    }

    fn produce_batch(
        &mut self,
        step: &Produce,
        place: (&str, i32),
        records: &[Record],
    ) -> Outcome<Value> {
        let (acks, timeout) = (step.acks.unwrap_or(-1), step.timeout_ms.unwrap_or(30_000));
        let sender = self.sender(step, records)?;
        let transactional_id = self.transactional_id(step);
        let bytes = batches::build(records, sender);
        let broker = self.broker_for(step.broker.as_ref(), place.0, place.1)?;
        let request = requests::produce(place, (acks, timeout), transactional_id.as_deref(), bytes);
        if acks == 0 {
            let frame = requests::frame(ApiKey::Produce, PRODUCE, &request);
            self.cluster.send(broker, frame, false)?;
            self.cluster.sleep(UNANSWERED);
            return Ok(json!({ "error": "NO_RESPONSE", "offset": -1, "isr_at_answer": null }));
        }
        let place = (place.0.to_owned(), place.1);
        let asked = (broker, ApiKey::Produce, PRODUCE);
        self.ask_or_park(asked, &request, step.id.as_deref(), move |runner, answered| {
            runner.produced(&place, answered)
        })
    }

    fn produced(&mut self, place: &(String, i32), answered: Answered) -> Outcome<Value> {
        let (frame, at) = match answered {
            Answered::Frame(frame, at) => (frame, at),
            Answered::Closed => return Ok(unanswered("CONNECTION_CLOSED")),
            Answered::Never => return Ok(unanswered("NO_RESPONSE")),
        };
        let response: kafka::ProduceResponse =
            requests::read(ApiKey::Produce, PRODUCE, &frame).map_err(Problem::Failed)?;
        let part = response.responses.first().and_then(|topic| topic.partition_responses.first());
        let Some(part) = part else {
            return Err(Problem::Failed("expected an answer for the partition, got none".into()));
        };
        let history = self.cluster.state_history(&place.0, place.1);
        let isr = history.iter().rev().find(|seen| seen.at <= at).map(|seen| &seen.state.isr);
        Ok(json!({ "error": error_name(part.error_code), "offset": part.base_offset,
            "isr_at_answer": isr }))
    }

    fn produce_by_key(&mut self, step: &Produce, topic: &str) -> Outcome<Value> {
        let keys = step.keys.clone().unwrap_or_default();
        let partitions = self.partitions(topic)?;
        let mut partition_of_key = Map::new();
        let mut offsets = Vec::new();
        let mut error = json!("NONE");
        for key in keys {
            let count = u32::try_from(partitions).unwrap_or(1);
            let partition = partition_for_key(key.as_bytes(), count).0;
            let record = Record {
                key: Some(key.clone().into_bytes()),
                value: Some(key.clone().into_bytes()),
                timestamp: self.timestamp(step.ts, step.ts_rel),
            };
            let one = self.produce_batch(step, (topic, partition), &[record])?;
            offsets.push(one["offset"].clone());
            if one["error"] != "NONE" {
                error = one["error"].clone();
            }
            partition_of_key.insert(key.clone(), json!(partition));
            if !self.keys.contains(&key) {
                self.keys.push(key);
            }
        }
        Ok(json!({ "error": error, "offset": offsets.first(), "offsets": offsets,
            "partition_of_key": partition_of_key, "isr_at_answer": null }))
    }

    fn timestamp(&mut self, ts: Option<i64>, ts_rel: Option<i64>) -> i64 {
        let relative = ts_rel.map(|relative| self.started_ms + relative);
        ts.or(relative).unwrap_or_else(|| self.cluster.wall_ms())
    }

    fn batches_of(&mut self, step: &Produce) -> Outcome<Vec<Vec<Record>>> {
        if let Some(rule) = &step.generate {
            return self.generated(rule, step);
        }
        let timestamp = self.timestamp(step.ts, step.ts_rel);
        let length = step.key_bytes.map(|length| vec![b'k'; length as usize]);
        let record = |text: &RecordText| {
            let (key, value) = match text {
                RecordText::Value(value) => (None, value.as_ref()),
                RecordText::Pair(key, value) => (key.as_ref(), value.as_ref()),
            };
            let bytes = |text: &String| text.clone().into_bytes();
            let key = key.map(bytes).or_else(|| length.clone());
            Record { key, value: value.map(bytes), timestamp }
        };
        let records: Vec<Record> = step.records.iter().flatten().map(record).collect();
        match records.is_empty() {
            true => Err(Problem::Cannot("a produce without records".to_owned())),
            false => Ok(vec![records]),
        }
    }

    fn generated(&mut self, rule: &Generate, step: &Produce) -> Outcome<Vec<Vec<Record>>> {
        match rule.rule.as_str() {
            "segrecs" => Ok(segrecs(rule.batches)),
            "fill" => {
                let ts = rule.ts.or(step.ts);
                let start = self.timestamp(ts, rule.ts_rel.or(step.ts_rel));
                let step_ms = rule.ts_step.unwrap_or(0);
                let key_bytes = rule.key_bytes.or(step.key_bytes);
                let one = |i: u32| {
                    let key = key_bytes.map(|length| vec![b'k'; length as usize]);
                    let value = Some(vec![b'v'; rule.value_bytes.unwrap_or(10) as usize]);
                    let timestamp = start + i64::from(i) * step_ms;
                    vec![Record { key, value, timestamp }]
                };
                Ok((0..rule.batches).map(one).collect())
            }
            other => Err(Problem::Cannot(format!("no rule {other} is known"))),
        }
    }

    /// Who sends: a producer without an id gets one first.
    fn sender(&mut self, step: &Produce, records: &[Record]) -> Outcome<Option<Sender>> {
        let Some(name) = &step.producer else { return Ok(None) };
        if !self.producers.known.contains_key(name) {
            self.new_producer_id(name, None)?;
        }
        let Some(known) = self.producers.known.get_mut(name) else {
            return Err(Problem::Failed(format!("expected an id for producer {name}, got none")));
        };
        let epoch = step.epoch.unwrap_or(known.epoch);
        let sequence = step.seq.unwrap_or(known.next_sequence);
        known.next_sequence = sequence + i32::try_from(records.len()).unwrap_or(0);
        let transactional = known.transactional_id.is_some();
        Ok(Some(Sender { id: known.id, epoch, sequence, transactional }))
    }

    fn transactional_id(&self, step: &Produce) -> Option<String> {
        let name = step.producer.as_ref()?;
        self.producers.known.get(name)?.transactional_id.clone()
    }

    pub(super) fn init_producer_id(&mut self, step: &InitProducerId) -> Outcome<Value> {
        self.new_producer_id(&step.producer, step.transactional_id.as_deref())
    }

    fn new_producer_id(&mut self, name: &str, transactional: Option<&str>) -> Outcome<Value> {
        let request = kafka::InitProducerIdRequest::default()
            .with_transactional_id(
                transactional.map(|id| kafka::TransactionalId(requests::text(id))),
            )
            .with_transaction_timeout_ms(60_000)
            .with_producer_id(kafka::ProducerId(-1))
            .with_producer_epoch(-1);
        let begun = self.cluster.now();
        let response = loop {
            let broker = self.transaction_coordinator(transactional)?;
            let asked = (ApiKey::InitProducerId, INIT_PRODUCER_ID);
            let response: kafka::InitProducerIdResponse = self.ask(broker, asked, &request)?;
            // COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR
            let early = [14, 15, 16].contains(&response.error_code);
            if !early || self.cluster.now() - begun > RETRIES {
                break response;
            }
            self.cluster.sleep(100_000);
        };
        let (id, epoch) = (response.producer_id.0, response.producer_epoch);
        let ids = &mut self.producers.ids;
        let new_pid = !ids.iter().any(|(known, _)| *known == id);
        let of_the_same = ids.iter().rev().find(|(_, of)| of.as_deref() == transactional);
        let same_pid = transactional.is_some() && of_the_same.is_some_and(|(of, _)| *of == id);
        if response.error_code == 0 {
            let transactional_id = transactional.map(str::to_owned);
            ids.push((id, transactional_id.clone()));
            let known = Known { id, epoch, next_sequence: 0, transactional_id };
            self.producers.known.insert(name.to_owned(), known);
        }
        let error = error_name(response.error_code);
        Ok(json!({ "error": error, "epoch": epoch, "new_pid": new_pid, "same_pid": same_pid }))
    }

    pub(super) fn txn(&mut self, step: &Txn) -> Outcome<Value> {
        let (Txn::AddPartitions { producer } | Txn::End { producer, .. }) = step;
        let known = self.producers.known.get(producer).cloned();
        let Some(known) = known else {
            return Err(Problem::Cannot(format!("producer {producer} was not initialised")));
        };
        let id = known.transactional_id.clone().unwrap_or_default();
        let broker = self.transaction_coordinator(Some(&id))?;
        let transactional = kafka::TransactionalId(requests::text(&id));
        let error = match step {
            Txn::AddPartitions { .. } => {
                let topic =
                    kafka::add_partitions_to_txn_request::AddPartitionsToTxnTopic::default()
                        .with_name(requests::topic_name(&self.topic))
                        .with_partitions(vec![0]);
                let request = kafka::AddPartitionsToTxnRequest::default()
                    .with_v3_and_below_transactional_id(transactional)
                    .with_v3_and_below_producer_id(kafka::ProducerId(known.id))
                    .with_v3_and_below_producer_epoch(known.epoch)
                    .with_v3_and_below_topics(vec![topic]);
                let asked = (ApiKey::AddPartitionsToTxn, ADD_PARTITIONS);
                let answer: kafka::AddPartitionsToTxnResponse =
                    self.ask(broker, asked, &request)?;
                let topics = &answer.results_by_topic_v3_and_below;
                let parts = topics.iter().flat_map(|topic| &topic.results_by_partition);
                parts.map(|part| part.partition_error_code).find(|code| *code != 0).unwrap_or(0)
            }
            Txn::End { commit, .. } => {
                let request = kafka::EndTxnRequest::default()
                    .with_transactional_id(transactional)
                    .with_producer_id(kafka::ProducerId(known.id))
                    .with_producer_epoch(known.epoch)
                    .with_committed(*commit);
                let answer: kafka::EndTxnResponse =
                    self.ask(broker, (ApiKey::EndTxn, END_TXN), &request)?;
                answer.error_code
            }
        };
        Ok(json!({ "error": error_name(error) }))
    }

    fn transaction_coordinator(&mut self, transactional: Option<&str>) -> Outcome<i32> {
        match transactional {
            Some(id) => self.find_coordinator(id, 1),
            None => Ok(self.any_running().unwrap_or(1)),
        }
    }
}

fn unanswered(error: &str) -> Value {
    json!({ "error": error, "offset": -1, "isr_at_answer": null })
}

/// Batches of the rule `segrecs`.
fn segrecs(count: u32) -> Vec<Vec<Record>> {
    let mut k: i64 = 0;
    let mut batches = Vec::new();
    for batch in 0..count {
        let mut records = Vec::new();
        for _ in 0..=batch % 3 {
            let letter = b"abcdefghij"[usize::try_from(k % 10).unwrap_or(0)];
            let length = usize::try_from(100 + (k * 37) % 300).unwrap_or(0);
            let mut value = format!("v{k:04}-").into_bytes();
            value.extend(std::iter::repeat_n(letter, length));
            let early = if batch == 20 { 30_000 } else { 0 };
            let timestamp = 1_700_000_000_000 + 1_000 * k - early;
            let key = Some(format!("k{}", k % 7).into_bytes());
            records.push(Record { key, value: Some(value), timestamp });
            k += 1;
        }
        batches.push(records);
    }
    batches
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn segrecs_are_the_recorded_ones() {
        let batches = segrecs(64);
        assert_eq!(batches.iter().map(Vec::len).sum::<usize>(), 127);
        let bytes: Vec<Bytes> =
            batches.iter().map(|records| batches::build(records, None)).collect();
        // The sizes of the three segments that a real cluster made of them.
        let size =
            |range: std::ops::Range<usize>| bytes[range].iter().map(Bytes::len).sum::<usize>();
        assert_eq!((size(0..28), size(28..55), size(55..64)), (16_315, 16_029, 5_319));
    }
}
