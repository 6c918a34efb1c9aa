//! Highwater: a whole Apache Kafka cluster as a deterministic engine, and the page that shows it.
//!
//! Data flows down this list, and nothing here imports what stands below it:
//!
//! - [`engine`]: brokers, logs, replication, ZooKeeper, controller, clients, network: pure and deterministic
//! - [`view`]: read-only projections of a world: tables, geometry, causes as sentences
//! - [`scenario`]: scenario text, links, digests · [`lesson`]: tasks judged on what the world reached
//!   · [`store`]: sessions and segments, kept
//! - [`console`]: a line of a person, to a tool of the world
//! - [`session`]: the app without a DOM: `update(Msg) → Vec<Effect>`
//! - `conform` (native): recorded facts of a real Kafka, run through the engine and compared
//! - `simulate` (native): random worlds with random faults, and what must hold in them
//! - `cli` (native) and `ui` (wasm32): what people touch
//!
//! [`i18n`] is a leaf: key and arguments in, text out. ARCHITECTURE.md has the map and the borders.

pub mod console;
pub mod engine;
pub mod i18n;
pub mod lesson;
pub mod scenario;
pub mod session;
pub mod store;
pub mod view;

#[cfg(not(target_arch = "wasm32"))]
pub mod conform;
#[cfg(not(target_arch = "wasm32"))]
pub mod simulate;
#[cfg(not(target_arch = "wasm32"))]
pub mod cli;
#[cfg(target_arch = "wasm32")]
pub mod ui;
