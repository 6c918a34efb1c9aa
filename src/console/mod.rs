//! The console: what stands between a person's keys and tools that run in the world.
//!
//! - [`help`] the lists of options that tools print

pub mod help;
