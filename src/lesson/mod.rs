//! Lessons: tasks that are judged on what the world really reached.
//!
//! - [`structure`] what a lesson is, the same in every language · [`prose`] its words · [`catalog`] all of them
//! - [`par`] which commands count
//! - [`goal`] conditions on the world and its history, in the language of scenarios
//! - [`hint`] help on request · [`progress`] where a student stands
//!
//! Nothing here keeps an answer: a prediction is compared with what the student's own world did.

pub mod par;
pub mod structure;
pub mod prose;
pub mod catalog;
pub mod goal;
pub mod hint;
pub mod progress;
