//! Replication: what a broker knows of a partition it holds, and how followers copy.
//!
//! Followers pull; a fetch's offset is the acknowledgement of everything before it (`Partition`,
//! `Replica`, `AbstractFetcherThread` in Kafka). Nothing here sends messages: the broker does.

pub mod partition;
pub mod replica;
pub mod high_watermark;
pub mod isr;
pub mod truncation;
pub mod fetcher;
