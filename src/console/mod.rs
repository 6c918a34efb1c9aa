//! The console: what stands between a person's keys and tools that run in the world.
//!
//! Pure: a line in, words and suggestions out. What tools print are events, and what is typed becomes
//! commands; nothing here changes a world.
//!
//! - [`line`] what a typed line asks for · [`history`] lines typed before
//! - [`complete`] how a line may go on · [`values`] what the argument of a flag may be
//! - [`hint`] what to try, after a tool refused its command line
//! - [`help`] the lists of options that tools print

pub mod line;
pub mod history;
pub mod complete;
pub mod values;
pub mod hint;
pub mod help;
