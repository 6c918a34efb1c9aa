//! Records as Kafka stores and sends them: v2 batches (KIP-98), kept as the bytes they arrived in.
//!
//! Brokers work on whole batches and read headers in place; only producers build records and only
//! consumers take them apart. Nothing here compresses yet: a compressed batch travels and is stored
//! like any other, and [`reader::records`] says which codec it would need.

pub mod varint;
pub mod batch;
pub mod builder;
pub mod reader;
pub mod control;

#[cfg(test)]
mod tests;
