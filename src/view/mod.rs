//! Read-only projections of a world: what the page, the console, lessons and goldens read.
//!
//! Nothing here takes `&mut`, and nothing here holds text for people: phrases are keys and arguments
//! that [`crate::i18n`] puts into words.

pub mod cluster;
pub mod group;
pub mod project;
pub mod known;
pub mod inside;
pub mod scene;
pub mod explain;
