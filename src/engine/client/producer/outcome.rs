//! What became of each record, for the application: its callback's arguments.
//!
//! Every record is told in an event already; who needs Kafka's words, or the offsets themselves, keeps
//! the outcomes too ([`Producer::keep_outcomes`]).

use crate::engine::client::producer::{
    MESSAGE_TOO_LARGE, Producer, ProducerRecord, REQUEST_TIMED_OUT,
};
use crate::engine::ids::{Offset, Text, TopicPartition};

/// An exception that a callback gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its number on the wire: 7 for a `TimeoutException`, 10 for a `RecordTooLargeException`.
    pub error: i16,
    /// Its message; empty where it is the error's own.
    pub message: Text,
}

/// Consecutive records that ended alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Number of the first.
    pub first: u64,
    /// How many.
    pub count: u32,
    /// Where they went; partition -1: they had none yet.
    pub partition: TopicPartition,
    /// The offset of the first, -1 where nothing is answered (acks=0); or why not.
    pub result: Result<Offset, Failure>,
}

/// Outcomes that wait to be taken.
#[derive(Clone, Debug, Default)]
pub struct Outcomes(Option<Vec<Outcome>>);

impl Outcomes {
    /// Records are in the log.
    pub(super) fn acked(&mut self, partition: &TopicPartition, first: u64, count: u32, at: Offset) {
        self.add(partition, first, count, || Ok(at));
    }

    /// Records failed.
    pub(super) fn failed(&mut self, to: &TopicPartition, first: u64, count: u32, why: &Failure) {
        self.add(to, first, count, || Err(why.clone()));
    }

    fn add(
        &mut self,
        partition: &TopicPartition,
        first: u64,
        count: u32,
        result: impl FnOnce() -> Result<Offset, Failure>,
    ) {
        if let Some(all) = &mut self.0 {
            all.push(Outcome { first, count, partition: partition.clone(), result: result() });
        }
    }
}

impl Producer {
    /// From now on outcomes wait for [`Producer::take_outcomes`].
    pub fn keep_outcomes(&mut self) {
        self.outcomes.0.get_or_insert_default();
    }

    /// The outcomes since they were taken last, in the order of their callbacks.
    pub fn take_outcomes(&mut self) -> Vec<Outcome> {
        self.outcomes.0.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Records handed over whose callbacks have not come: what `flush` waits for.
    #[must_use]
    pub fn outstanding(&self) -> u64 {
        let queued = self.queued().into_iter().map(|(_, records)| u64::from(records));
        let sent = self.in_flight.values().map(|batch| u64::from(batch.records()));
        let blocked = u64::try_from(self.blocked.len()).unwrap_or(u64::MAX);
        queued.sum::<u64>() + sent.sum::<u64>() + blocked
    }

    /// `KafkaProducer.ensureValidRecordSize`: why a record of at most this size is refused.
    pub(super) fn too_large(&self, size: u64) -> Option<Failure> {
        let (request, memory) = (self.config.max_request_size, self.config.limits.buffer_memory);
        let message = if size > request {
            format!(
                "The message is {size} bytes when serialized which is larger than {request}, which is \
                 the value of the max.request.size configuration."
            )
        } else if size > memory {
            format!(
                "The message is {size} bytes when serialized which is larger than the total memory \
                 buffer you have configured with the buffer.memory configuration."
            )
        } else {
            return None;
        };
        Some(Failure { error: MESSAGE_TOO_LARGE, message: message.into() })
    }

    /// Why a `send` did not return within `max.block.ms`: the topic is not known
    /// (`KafkaProducer.waitOnMetadata`), or memory is used up (`BufferPool.allocate`).
    pub(super) fn why_blocked(&self, record: &ProducerRecord) -> Failure {
        let (topic, most) = (&self.topic, self.config.max_block.as_ms());
        let limits = self.config.limits;
        let message = match (self.partitions(), record.partition) {
            (None, _) => format!("Topic {topic} not present in metadata after {most} ms."),
            (Some(count), Some(given)) if !(0..i64::from(count)).contains(&i64::from(given.0)) => {
                format!(
                    "Partition {given} of topic {topic} with partition count {count} is not present in \
                     metadata after {most} ms."
                )
            }
            _ => {
                let key = record.key.as_ref().map(|key| key.as_bytes());
                let size = super::batch::size_upper_bound(key, Some(record.value.as_bytes()));
                let (total, batch) = (limits.buffer_memory, limits.batch_size.max(1));
                format!(
                    "Failed to allocate {} bytes within the configured max blocking time {most} ms. \
                     Total memory: {total} bytes. Available memory: {} bytes. Poolable size: {batch} \
                     bytes",
                    size.max(u64::from(batch)),
                    self.accumulator.available(limits),
                )
            }
        };
        Failure { error: REQUEST_TIMED_OUT, message: message.into() }
    }
}
