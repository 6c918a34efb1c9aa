//! The engine: a Kafka cluster as plain state machines in virtual time.
//!
//! Nothing here does I/O, reads a clock, spawns a thread, draws its own randomness or iterates in
//! hash order; nothing here knows the page, the scenario language or a file format of ours. The same
//! config and commands give the same events on every machine.
//!
//! Start at [`sim::world::World`]: `apply(Command)`, `step()`, and the events that follow.

pub mod ids;
pub mod time;
pub mod address;
pub mod json;
pub mod ordered;
pub mod persistent;
pub mod crc;
pub mod rng;
pub mod pattern;
pub mod error;
pub mod setting;
pub mod config;
pub mod config_def;
pub mod command;
pub mod event;
pub mod protocol;
pub mod system;
pub mod node;
pub mod planted;
pub mod record;
pub mod disk;
pub mod log;
pub mod network;
pub mod zookeeper;
pub mod controller;
pub mod replication;
pub mod group;
pub mod broker;
pub mod assignor;
pub mod client;
pub mod program;
pub mod sim;
