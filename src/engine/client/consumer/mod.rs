//! The consumer without a group: follows all partitions of a topic (`assign`, not `subscribe`).

pub mod fetcher;
pub mod session;
pub mod delivery;

pub use delivery::{Delivered, NEWEST};
pub use fetcher::{Consumer, ConsumerConfig};
