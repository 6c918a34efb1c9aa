//! The stage's words: every text of the picture and its controls, by key.

use crate::engine::command::Acks;
use crate::engine::ids::BrokerId;
use crate::i18n::{Arg, Lang, tr};
use crate::view::cluster::{ProcessState, Role};
use crate::view::scene::card::ReplicaShape;
use crate::view::scene::glyph::Shape;
use crate::view::scene::path::drawn;

/// A text without arguments.
pub fn t(lang: Lang, key: &str) -> String {
    tr(lang, key, &[])
}

/// A text with one argument.
pub fn t1(lang: Lang, key: &str, name: &str, value: impl Into<Arg>) -> String {
    tr(lang, key, &[(name, value.into())])
}

/// A broker's name.
pub fn broker(lang: Lang, id: BrokerId) -> String {
    t1(lang, "stage-broker", "id", id.0)
}

/// A process's state.
pub fn state(lang: Lang, state: ProcessState) -> String {
    let key = match state {
        ProcessState::Down => "stage-state-down",
        ProcessState::Starting => "stage-state-starting",
        ProcessState::Running => "stage-state-running",
        ProcessState::Stopping => "stage-state-stopping",
        ProcessState::Paused => "stage-state-paused",
        ProcessState::Dead => "stage-state-dead",
        ProcessState::Stopped => "stage-state-stopped",
    };
    t(lang, key)
}

/// What a replica is and whether it is in the ISR; nothing for one that is out and offline.
pub fn role(lang: Lang, replica: &ReplicaShape) -> String {
    let key = match (replica.role, replica.in_isr) {
        (Role::Leader, _) => "stage-leader",
        (Role::Follower, true) => "stage-follower-in",
        (Role::Follower, false) => "stage-follower-out",
        (Role::Offline, _) if replica.is_leader => "stage-leader",
        (Role::Offline, true) => "stage-offline-in",
        (Role::Offline, false) => return String::new(),
    };
    t(lang, key)
}

/// `acks` as Kafka's config file has it.
pub fn acks(acks: Acks) -> &'static str {
    match acks {
        Acks::None => "0",
        Acks::Leader => "1",
        Acks::All => "all",
    }
}

/// Bytes in the unit that fits.
pub fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{} KB", drawn("~", &[bytes as f64 / 1_024.0])),
        _ => format!("{} MB", drawn("~", &[bytes as f64 / 1_048_576.0])),
    }
}

/// The name of a kind of message; `None` where the name of its API says more.
pub fn message(lang: Lang, shape: Shape) -> Option<String> {
    let key = match shape {
        Shape::Pentagon => "stage-key-produce",
        Shape::Ring => "stage-key-ack",
        Shape::Refusal => "stage-key-error",
        Shape::Chevrons => "stage-key-replica-fetch",
        Shape::Frame => "stage-key-replica-records",
        Shape::Chevron => "stage-key-fetch",
        Shape::Pill => "stage-key-records",
        Shape::Pulse => "stage-key-heartbeat",
        Shape::Commit { response: false } => "stage-key-commit",
        Shape::Commit { response: true } | Shape::Join { .. } | Shape::Sync { .. } => return None,
        Shape::Burst => "stage-key-burst",
        Shape::Diamond | Shape::HollowDiamond => return None,
    };
    Some(t(lang, key))
}
