//! Maps, sets and vectors whose clones share: what a checkpoint of a world copies is pointers.
//!
//! A collection is a list of leaves, each of at most [`LEAF`] entries; both are shared between clones
//! and copied when one of them changes. So a clone costs a counter, the first change after it one list
//! of pointers and one leaf, and every other change what a change of a small vector costs. A tree of
//! more levels would copy less at millions of entries; a host has ten thousand partitions. Of code
//! there is little for each type of entry, which a page has to carry.

mod map;
mod set;
mod vector;

pub use map::OrdMap;
pub use set::OrdSet;
pub use vector::Vector;

/// Most entries of a leaf.
const LEAF: usize = 16;
