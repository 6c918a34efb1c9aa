//! The simulation: one world of hosts and links, moved by commands and by the passing of virtual time.
//!
//! Nothing else in the engine imports this. A world is `Clone`, and a clone is a checkpoint.

pub mod scheduler;
pub mod host;
pub mod world;
pub mod command_run;
mod outside;
pub mod tools;
mod system;
pub mod disk_run;
pub mod pause;
pub mod links;
pub mod invariants;
