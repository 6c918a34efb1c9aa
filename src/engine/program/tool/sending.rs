//! How a tool sends records: batches by partition, one request each, with retries, idempotent where
//! the settings say so. What the producer library does for programs (`client::producer`), in the
//! question-and-answer form of tools.

use std::collections::BTreeMap;

use bytes::Bytes;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::produce_response::PartitionProduceResponse;
use kafka_protocol::messages::{InitProducerIdRequest, ProduceRequest};

use crate::engine::client::admin_task::Destination;
use crate::engine::client::calls::{Answer, Call};
use crate::engine::client::network_client::version as versions;
use crate::engine::client::producer::partitioner::partition_for_key;
use crate::engine::ids::{BrokerId, Text};
use crate::engine::program::tool::cluster::topic_name;
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::shell::{Flow, Shell, Stop};
use crate::engine::protocol::{Request, Response};
use crate::engine::record::batch::Codec;
use crate::engine::record::builder::BatchBuilder;
use crate::engine::time::Micros;

/// Settings, by Kafka's names.
#[derive(Clone, Debug)]
pub(super) struct SenderConfig {
    pub(super) acks: i16,
    pub(super) codec: Codec,
    pub(super) idempotent: bool,
    pub(super) retries: i64,
    pub(super) batch_size: u64,
    pub(super) linger: Micros,
    pub(super) backoff: Micros,
    pub(super) request_timeout: Micros,
    pub(super) delivery_timeout_ms: i64,
    pub(super) max_block_ms: i64,
}

/// A record to be sent.
#[derive(Clone, Debug)]
pub(super) struct ToSend {
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Option<Vec<u8>>,
    pub(super) headers: Vec<(Text, Option<Vec<u8>>)>,
    pub(super) timestamp: i64,
}

/// What a sender keeps from one batch to the next.
#[derive(Clone, Debug, Default)]
pub struct SenderState {
    /// Its producer id and epoch, once it has them.
    identity: Option<(i64, i16)>,
    /// The next sequence, by partition.
    sequences: BTreeMap<i32, i32>,
}

/// Sends to one topic.
pub(super) struct Sender {
    topic: Text,
    config: SenderConfig,
    pub(super) state: SenderState,
}

struct Batch {
    partition: i32,
    bytes: Bytes,
    records: Vec<ToSend>,
    tries: i64,
    /// What the last try came to.
    error: Option<Fault>,
}

/// Errors after which a batch is sent again (`RetriableException`).
const RETRIABLE: [i16; 14] = [2, 3, 5, 6, 7, 9, 13, 14, 15, 16, 19, 20, 56, 74];
/// INVALID_TOPIC_EXCEPTION.
const INVALID_TOPIC: i16 = 17;
/// The leader has the batch already: as good as sent.
const DUPLICATE: i16 = 46;

impl Sender {
    pub(super) fn new(topic: Text, config: SenderConfig) -> Sender {
        Sender { topic, config, state: SenderState::default() }
    }

    pub(super) fn topic(&self) -> &str {
        &self.topic
    }

    /// Sends records and waits for what comes of them; returns those that failed, and why.
    pub(super) fn send(
        &mut self,
        shell: &mut Shell<'_>,
        records: Vec<ToSend>,
    ) -> Flow<Vec<(ToSend, Fault)>> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let started = shell.pause(Micros::ZERO)?;
        let leaders = match self.wait_for_topic(shell, started)? {
            Ok(leaders) => leaders,
            Err(fault) => {
                return Ok(records.into_iter().map(|record| (record, fault.clone())).collect());
            }
        };
        if self.config.idempotent && self.state.identity.is_none() {
            self.init(shell, started)?;
        }
        let sticky = self.sticky(shell, &leaders)?;
        let mut open = self.batches(records, sticky, leaders.len());
        let mut failed = Vec::new();
        while !open.is_empty() {
            open = self.attempt(shell, open, &mut failed)?;
            if open.is_empty() {
                break;
            }
            let now = shell.pause(self.config.backoff.max(Micros(1_000)))?;
            let waited = now - started;
            if waited >= self.config.delivery_timeout_ms {
                for batch in open.drain(..) {
                    let words = format!(
                        "Expiring {} record(s) for {}-{}:{waited} ms has passed since batch creation",
                        batch.records.len(),
                        self.topic,
                        batch.partition
                    );
                    let fault = Fault::timeout(&words);
                    failed.extend(batch.records.into_iter().map(|r| (r, fault.clone())));
                }
            }
        }
        Ok(failed)
    }

    /// Leaders by partition, once the topic is known; what is thrown when it never is.
    fn wait_for_topic(
        &self,
        shell: &mut Shell<'_>,
        started: i64,
    ) -> Flow<Result<Vec<Option<i32>>, Fault>> {
        loop {
            match self.leaders(shell)? {
                Ok(leaders) if leaders.is_empty() => {}
                known => return Ok(known),
            }
            let now = shell.pause(self.config.backoff.max(Micros(1_000)))?;
            let most = self.config.max_block_ms;
            if now - started >= most {
                let words =
                    format!("Topic {} not present in metadata after {most} ms.", self.topic);
                return Ok(Err(Fault::timeout(&words)));
            }
        }
    }

    fn leaders(&self, shell: &mut Shell<'_>) -> Flow<Result<Vec<Option<i32>>, Fault>> {
        let names = [self.topic.clone()];
        let topics = match shell.topics_or_new("metadata", &names) {
            Err(Stop::Thrown(_)) => return Ok(Ok(Vec::new())),
            topics => topics?,
        };
        let Some(topic) = topics.first() else { return Ok(Ok(Vec::new())) };
        if topic.error == INVALID_TOPIC {
            shell.log_error(
                "org.apache.kafka.clients.Metadata",
                &format!(
                    "[Producer clientId=console-producer] Metadata response reported invalid \
                     topics [{}]",
                    self.topic
                ),
            );
            let words = format!("Invalid topics: [{}]", self.topic);
            return Ok(Err(Fault::of_error(INVALID_TOPIC, Some(&words))));
        }
        Ok(Ok(topic.partitions.iter().map(|p| p.leader).collect()))
    }

    fn init(&mut self, shell: &mut Shell<'_>, started: i64) -> Flow<()> {
        loop {
            let request = InitProducerIdRequest::default()
                .with_transactional_id(None)
                .with_transaction_timeout_ms(i32::MAX)
                .with_producer_id((-1).into())
                .with_producer_epoch(-1);
            let request = Request::InitProducerId(request);
            let version = versions::INIT_PRODUCER_ID;
            if let Ok(Response::InitProducerId(told)) =
                waiting(shell.ask("initProducerId", Destination::Any, version, request))?
                && told.error_code == 0
            {
                self.state.identity = Some((told.producer_id.0, told.producer_epoch));
                return Ok(());
            }
            let now = shell.pause(self.config.backoff.max(Micros(1_000)))?;
            if now - started >= self.config.delivery_timeout_ms {
                return Ok(());
            }
        }
    }

    /// The partition of records without a key: one of those that somebody leads.
    fn sticky(&self, shell: &mut Shell<'_>, leaders: &[Option<i32>]) -> Flow<i32> {
        let led: Vec<i32> =
            (0..).zip(leaders).filter(|(_, l)| l.is_some()).map(|(i, _)| i).collect();
        let all: Vec<i32> = (0..).zip(leaders).map(|(index, _)| index).collect();
        let choice = if led.is_empty() { all } else { led };
        if choice.len() == 1 {
            return Ok(choice[0]);
        }
        let drawn = shell.random(u64::try_from(choice.len()).unwrap_or(1))?;
        Ok(usize::try_from(drawn).ok().and_then(|i| choice.get(i).copied()).unwrap_or(0))
    }

    fn batches(&mut self, records: Vec<ToSend>, sticky: i32, partitions: usize) -> Vec<Batch> {
        let count = u32::try_from(partitions).unwrap_or(u32::MAX);
        let mut by_partition: BTreeMap<i32, Vec<ToSend>> = BTreeMap::new();
        for record in records {
            let partition = match &record.key {
                Some(key) => partition_for_key(key, count).0,
                None => sticky,
            };
            by_partition.entry(partition).or_default().push(record);
        }
        let mut batches = Vec::new();
        for (partition, records) in by_partition {
            let mut rest = records.into_iter().peekable();
            while rest.peek().is_some() {
                batches.push(self.batch(partition, &mut rest));
            }
        }
        batches
    }

    fn batch(
        &mut self,
        partition: i32,
        rest: &mut std::iter::Peekable<std::vec::IntoIter<ToSend>>,
    ) -> Batch {
        let mut builder = BatchBuilder::new().compressed(self.config.codec);
        let mut records = Vec::new();
        let mut size = 0_u64;
        while let Some(record) = rest.next_if(|record| {
            let more =
                record.key.as_ref().map_or(0, Vec::len) + record.value.as_ref().map_or(0, Vec::len);
            size += u64::try_from(more).unwrap_or(u64::MAX) + 70;
            records.is_empty() || size <= self.config.batch_size
        }) {
            let headers: Vec<(&str, Option<&[u8]>)> =
                record.headers.iter().map(|(name, value)| (&**name, value.as_deref())).collect();
            let (key, value) = (record.key.as_deref(), record.value.as_deref());
            builder.append(record.timestamp, key, value, &headers);
            records.push(record);
        }
        if let Some((id, epoch)) = self.state.identity {
            let next = self.state.sequences.entry(partition).or_default();
            builder.set_producer(id, epoch, *next);
            *next += i32::try_from(records.len()).unwrap_or(0);
        }
        Batch { partition, bytes: builder.build(), records, tries: 0, error: None }
    }

    /// Sends every batch whose partition is led; returns those that are to be tried again.
    fn attempt(
        &self,
        shell: &mut Shell<'_>,
        open: Vec<Batch>,
        failed: &mut Vec<(ToSend, Fault)>,
    ) -> Flow<Vec<Batch>> {
        let leaders = self.leaders(shell)?.unwrap_or_default();
        let leader = |batch: &Batch| {
            let index = usize::try_from(batch.partition).unwrap_or(usize::MAX);
            leaders.get(index).copied().flatten()
        };
        let (ready, mut again): (Vec<Batch>, Vec<Batch>) =
            open.into_iter().partition(|batch| leader(batch).is_some());
        let calls =
            ready.iter().filter_map(|batch| Some(self.call(leader(batch)?, batch))).collect();
        let answers = shell.ask_all(calls)?;
        for (mut batch, answer) in ready.into_iter().zip(answers.iter()) {
            let Some((code, words)) = outcome(answer, self.config.acks) else { continue };
            batch.tries += 1;
            let fault = Fault::of_error(code, words.as_deref());
            if RETRIABLE.contains(&code) && batch.tries <= self.config.retries {
                batch.error = Some(fault);
                again.push(batch);
            } else {
                failed.extend(batch.records.into_iter().map(|record| (record, fault.clone())));
            }
        }
        again.sort_by_key(|batch| batch.partition);
        Ok(again)
    }

    fn call(&self, leader: i32, batch: &Batch) -> Call {
        let data = PartitionProduceData::default()
            .with_index(batch.partition)
            .with_records(Some(batch.bytes.clone()));
        let topic = TopicProduceData::default()
            .with_name(topic_name(&self.topic))
            .with_partition_data(vec![data]);
        let request = ProduceRequest::default()
            .with_transactional_id(None)
            .with_acks(self.config.acks)
            .with_timeout_ms(i32::try_from(self.config.request_timeout.as_ms()).unwrap_or(i32::MAX))
            .with_topic_data(vec![topic]);
        Call {
            name: "produce",
            to: Destination::Broker(BrokerId(leader)),
            version: versions::PRODUCE,
            body: Request::Produce(request),
        }
    }
}

/// What was thrown is for the caller to see; waiting goes on.
pub(super) fn waiting<T>(flow: Flow<T>) -> Flow<Result<T, Fault>> {
    match flow {
        Ok(value) => Ok(Ok(value)),
        Err(Stop::Thrown(fault)) => Ok(Err(fault)),
        Err(stop) => Err(stop),
    }
}

/// The error of a batch and its words; `None`: it is written.
fn outcome(answer: &Answer, acks: i16) -> Option<(i16, Option<String>)> {
    let Answer::Response(Response::Produce(told)) = answer else {
        return Some((7, None));
    };
    let row: Option<&PartitionProduceResponse> =
        told.responses.first().and_then(|topic| topic.partition_responses.first());
    let row = row.filter(|_| acks != 0)?;
    if row.error_code == 0 || row.error_code == DUPLICATE {
        return None;
    }
    let words = row.record_errors.first().and_then(|e| e.batch_index_error_message.as_ref());
    let words = words.or(row.error_message.as_ref()).map(ToString::to_string);
    Some((row.error_code, words))
}
