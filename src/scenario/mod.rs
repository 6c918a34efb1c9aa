//! Scenarios: a world and what is done to it, as a text that can be read aloud.
//!
//! - [`predicate`] what can be expected of a world and its history
//! - [`ast`] what a text says · [`parser`] text → scenario · [`printer`] scenario → text
//! - [`runner`] scenario → events · [`digest`] their fingerprint · [`version`] of the engine
//! - [`verify`] whether a run is as its scenario expects
//! - [`link`] scenario ↔ the part of a URL behind `#` · [`opening`] a text of any kind, read
//! - [`export`] to a script of Kafka's tools · [`import`] from what they print · [`shipped`] with the page
//!
//! Going from a scenario to text and back changes nothing, so a link, a saved session, a lesson's
//! start and a golden test are all this one language.

pub mod ast;
pub mod error;
pub mod suggest;
pub mod shell_words;
pub mod predicate;
pub mod spec;
pub mod parser;
pub mod printer;
pub mod version;
pub mod digest;
pub mod runner;
pub mod verify;
pub mod export;
pub mod import;
pub mod link;
pub mod opening;
pub mod shipped;
