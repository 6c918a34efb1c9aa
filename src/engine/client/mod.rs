//! The client library: what a Kafka application links, as sans-IO state machines.
//!
//! Programs reach brokers only through here, by requests that can be seen, delayed and dropped, so a
//! program fails as a real one fails. Structure and names are those of Kafka's `clients` module:
//! `NetworkClient`, `Metadata`, `RecordAccumulator`, `Sender`, `Fetcher`, `KafkaAdminClient`.
//!
//! Every client works like Kafka's poll loop: an input is taken in, then everything that has become
//! possible is done, then one timer per purpose is set for the earliest deadline.

pub mod alarm;
pub mod backoff;
pub mod metadata;
pub mod network_client;
pub mod producer;
pub mod consumer;
pub mod admin;
pub mod admin_task;
pub mod calls;

#[cfg(test)]
mod testing;
