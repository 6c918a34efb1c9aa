//! Scenarios that ship: the page's first world, and those whose digests hold the engine still.

use crate::scenario::ast::Scenario;
use crate::scenario::parser::parse;

/// A scenario that ships.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shipped {
    /// Name of its file, without the ending.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

impl Shipped {
    /// The scenario itself.
    #[must_use]
    pub fn scenario(&self) -> Scenario {
        parse(self.text).expect("a test reads every scenario that ships")
    }
}

/// All of them; the first is the page's first world. Each says `until` when its digest is taken.
pub const ALL: &[Shipped] = &[
    Shipped { name: "playground", text: include_str!("../../www/scenarios/playground.scenario") },
    Shipped { name: "replicate", text: include_str!("../../www/scenarios/replicate.scenario") },
    Shipped { name: "kill-leader", text: include_str!("../../www/scenarios/kill-leader.scenario") },
    Shipped { name: "hold-link", text: include_str!("../../www/scenarios/hold-link.scenario") },
];

/// The world that the page opens with, without an end.
#[must_use]
pub fn playground() -> Scenario {
    Scenario { until: None, ..ALL[0].scenario() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::link::{SHARED_CHARS_MAX, decode, encode};

    #[test]
    fn every_shipped_scenario_is_read_and_ends() {
        for shipped in ALL {
            assert!(shipped.scenario().until.is_some(), "{} has no until", shipped.name);
        }
    }

    #[test]
    fn every_shipped_scenario_fits_a_link() {
        for shipped in ALL {
            let link = encode(&shipped.scenario());
            assert!(link.len() < SHARED_CHARS_MAX, "{}: {} characters", shipped.name, link.len());
            let opened = decode(&link).expect("a link that was just made").scenario;
            assert_eq!(opened.commands, shipped.scenario().commands, "{}", shipped.name);
        }
    }
}
