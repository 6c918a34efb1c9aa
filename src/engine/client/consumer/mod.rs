//! The consumer: follows all partitions of its topics by itself (`assign`), or those that its group gives it
//! (`subscribe`).

pub mod subscription;
pub mod fetcher;
pub mod offsets;
pub mod validation;
pub mod isolation;
pub mod session;
pub mod delivery;
pub mod membership;
pub mod joining;
pub mod commits;
pub mod polling;
pub mod watched;

pub use delivery::{Delivered, NEWEST};
pub use fetcher::{Consumer, ConsumerConfig};
pub use membership::{GroupConfig, Membership, Signal, Stage};
pub use polling::Polled;
pub use subscription::{PartitionPosition, ResetTo, Topics};
pub use watched::MemberPhase;
