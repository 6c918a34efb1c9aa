//! The engine's version, as links name it.
//!
//! It rises whenever the same scenario gives other events than before: whenever a digest of
//! `tests/data/digests.txt` changes after links have been shared. A link made by another version runs
//! with a notice, and nothing judges it, since it may show something else than its author saw.

/// Version of the engine's behaviour.
pub const ENGINE_VERSION: u32 = 3;
