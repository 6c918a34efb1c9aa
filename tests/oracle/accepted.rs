//! Differences from the real Kafka that are known, each with its reason; one that vanishes is told too.
//!
//! `tests/data/conformance/accepted.json`: `case`, `place` (as a failure prints it; `skipped` for a
//! case that Highwater cannot perform) and `why`. docs/FIDELITY.md tells the same to people.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::kit::Trouble;
use super::scenarios::{ACCEPTED, ours, read};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    case: String,
    place: String,
    why: String,
}

/// The list, and which of it was met.
pub struct Accepted {
    entries: Vec<Entry>,
    met: BTreeSet<usize>,
}

impl Accepted {
    /// # Errors
    /// When the list cannot be read, or an entry gives no reason.
    pub fn load() -> Result<Accepted, Trouble> {
        let json = read(&ours(ACCEPTED))?;
        let entries: Vec<Entry> =
            serde_json::from_value(json).map_err(|e| format!("{ACCEPTED}: {e}"))?;
        if let Some(entry) = entries.iter().find(|entry| entry.why.trim().is_empty()) {
            return Err(format!("{ACCEPTED}: {}: {}: no reason", entry.case, entry.place));
        }
        Ok(Accepted { entries, met: BTreeSet::new() })
    }

    /// The reason, when this is on the list.
    pub fn why(&mut self, case: &str, place: &str) -> Option<String> {
        let fits = |entry: &Entry| entry.case == case && entry.place == place;
        let index = self.entries.iter().position(fits)?;
        self.met.insert(index);
        Some(self.entries[index].why.clone())
    }

    /// Entries of a case that was performed and did not differ there.
    pub fn vanished(&self, case: &str) -> Vec<String> {
        let entries = self.entries.iter().enumerate();
        let gone = entries.filter(|(i, entry)| entry.case == case && !self.met.contains(i));
        gone.map(|(_, entry)| entry.place.clone()).collect()
    }

    /// Entries of cases that are not there.
    pub fn strays(&self, cases: &BTreeSet<String>) -> Vec<String> {
        let strays = self.entries.iter().filter(|entry| !cases.contains(&entry.case));
        strays.map(|entry| entry.case.clone()).collect()
    }
}
