//! Records as Kafka stores and sends them: v2 batches (KIP-98), kept as the bytes they arrived in.
//!
//! Brokers work on whole batches and read headers in place; producers build records, and compress them;
//! consumers take them apart. A compressed batch travels and is stored like any other: whoever wants its
//! records calls [`reader::uncompressed`] first.

pub mod varint;
pub mod codec;
pub mod batch;
pub mod builder;
pub mod reader;
pub mod retain;
pub mod down_convert;
pub mod control;
pub mod sound;

#[cfg(test)]
mod tests;
