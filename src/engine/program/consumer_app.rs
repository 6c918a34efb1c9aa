//! The consumer program: follows a topic and counts what it gets. It keeps the newest values to show.

use std::collections::VecDeque;

use crate::engine::client::consumer::{Consumer, ConsumerConfig, Delivered, NEWEST};
use crate::engine::command::ConsumerSpec;
use crate::engine::error::ConfigError;
use crate::engine::ids::{BrokerId, CorrelationId, Offset, PartitionId, Text, TopicName};
use crate::engine::node::{Ctx, Timer};
use crate::engine::protocol::Response;
use crate::engine::record::reader::records;

use super::settings;

/// How a consumer program stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerStatus {
    /// What it follows.
    pub topic: TopicName,
    /// Next offset per partition whose position is known.
    pub positions: Vec<(PartitionId, Offset)>,
    /// Records that it got.
    pub received: u64,
    /// Newest values that it got, newest last, at most 5, without padding.
    pub newest: Vec<Text>,
}

/// A consumer program.
#[derive(Clone, Debug)]
pub struct ConsumerApp {
    spec: ConsumerSpec,
    consumer: Consumer,
    received: u64,
    newest: VecDeque<Text>,
}

impl ConsumerApp {
    /// A program that has not started yet.
    #[must_use]
    pub fn new(spec: ConsumerSpec, bootstrap: Vec<BrokerId>) -> ConsumerApp {
        let consumer = Consumer::new(spec.topic.clone(), config(&spec), bootstrap);
        ConsumerApp { spec, consumer, received: 0, newest: VecDeque::new() }
    }

    /// Starts to look for its topic.
    pub fn start(&mut self, ctx: &mut Ctx<'_>) {
        self.consumer.start(ctx);
    }

    /// An answer arrived.
    pub fn on_response(
        &mut self,
        ctx: &mut Ctx<'_>,
        broker: BrokerId,
        correlation: CorrelationId,
        body: Response,
    ) {
        for delivered in self.consumer.on_response(ctx, broker, correlation, body) {
            self.take(&delivered);
        }
    }

    /// A timer fired.
    pub fn on_timer(&mut self, ctx: &mut Ctx<'_>, timer: &Timer) {
        self.consumer.on_timer(ctx, timer);
    }

    /// The connection to a broker broke.
    pub fn on_connection_lost(&mut self, ctx: &mut Ctx<'_>, broker: BrokerId) {
        self.consumer.on_connection_lost(ctx, broker);
    }

    /// Changes a setting.
    ///
    /// # Errors
    /// See [`settings::set_consumer`]; then nothing changed.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), ConfigError> {
        settings::set_consumer(&mut self.spec, key, value)?;
        self.consumer.configure(config(&self.spec));
        Ok(())
    }

    /// Its settings as they are now.
    #[must_use]
    pub fn spec(&self) -> &ConsumerSpec {
        &self.spec
    }

    /// How it stands.
    #[must_use]
    pub fn status(&self) -> ConsumerStatus {
        ConsumerStatus {
            topic: self.spec.topic.clone(),
            positions: self.consumer.positions(),
            received: self.received,
            newest: self.newest.iter().cloned().collect(),
        }
    }

    fn take(&mut self, delivered: &Delivered) {
        self.received += u64::from(delivered.count);
        for (count, batch) in &delivered.tail {
            let all = records(batch).flatten().count();
            let skipped = all.saturating_sub(usize::try_from(*count).unwrap_or(all));
            for record in records(batch).flatten().skip(skipped) {
                let value = String::from_utf8_lossy(record.value.unwrap_or_default());
                self.newest.push_back(value.trim_end().into());
                if u32::try_from(self.newest.len()).is_ok_and(|held| held > NEWEST) {
                    self.newest.pop_front();
                }
            }
        }
    }
}

fn config(spec: &ConsumerSpec) -> ConsumerConfig {
    ConsumerConfig {
        from_beginning: spec.from_beginning,
        fetch_min_bytes: spec.fetch_min_bytes,
        fetch_max_wait_ms: spec.fetch_max_wait_ms,
        max_partition_fetch_bytes: spec.max_partition_fetch_bytes,
    }
}
