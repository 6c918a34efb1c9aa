//! A real Apache Kafka 3.9.1 with ZooKeeper on this machine, as the judge of Highwater.

pub mod court;
mod courtroom;
mod docket;
pub mod open;
mod accepted;
mod dump_log;
mod exported;
mod held;
mod judge;
mod kit;
mod process;
mod real;
mod scenarios;
mod servers;
mod watchdog;
mod wire;
mod zk;
mod zk_log;
