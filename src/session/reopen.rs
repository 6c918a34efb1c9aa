//! Reopening: closing the tab was a loss of power for the whole cluster.
//!
//! The saved commands replay to the saved moment. What the store holds of each file then decides what
//! survived: a shorter file was cut, bytes that differ rotted. Both are commands, so the session stays
//! a list of commands, and whoever rewinds it or opens its link sees the same loss and the same
//! recovery. What ran before is started again, as a supervisor would: ZooKeeper first, and brokers once
//! it has expired the sessions of their former lives. A broker that comes back before that finds its
//! own `/brokers/ids` node and stops (`KafkaZkClient.checkedEphemeralCreate`).

use std::collections::BTreeMap;

use crate::engine::command::{Command, DurableFile};
use crate::engine::ids::{NodeId, Text};
use crate::engine::ordered::Ordered;
use crate::engine::sim::world::World;
use crate::session::saving::files_of;
use crate::store::report::KeptFile;

/// Sound bytes between two damaged ones that are told as part of one place.
const GAP_MAX: usize = 16;
/// Damaged places told of one file; the rest joins the last.
const PLACES_MAX: usize = 64;

/// What became of the files while the page was closed, and what follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reopening {
    /// The loss of power and the damage, in order.
    pub commands: Vec<Command>,
    /// Hosts whose process ran: ZooKeeper first, then brokers, then clients.
    pub ran: Vec<NodeId>,
    /// Files of which bytes are missing.
    pub shortened: u32,
    /// Places where bytes differ.
    pub damaged: u32,
    /// Files that are stored though the world has no such file.
    pub unknown: u32,
}

impl Reopening {
    /// Whether the store has exactly the files that the world had.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.shortened == 0 && self.damaged == 0 && self.unknown == 0
    }
}

/// Compares the files of a replayed world with those that were stored.
#[must_use]
pub fn reopen(world: &World, stored: &[KeptFile]) -> Reopening {
    let mut reopening = Reopening::default();
    let mut durable = Vec::new();
    let mut faults = Vec::new();
    let mut kept: BTreeMap<(NodeId, Text), &[u8]> =
        stored.iter().map(|file| ((file.node, file.path.clone()), &file.bytes[..])).ordered();
    for (node, path, written) in files_of(world) {
        let Some(found) = kept.remove(&(node, path.clone())) else {
            reopening.shortened += 1;
            continue;
        };
        let length = found.len().min(written.len());
        reopening.shortened += u32::from(length < written.len());
        reopening.unknown += u32::from(found.len() > written.len());
        for (position, bytes) in differences(&written[..length], &found[..length]) {
            reopening.damaged += 1;
            let position = position as u64;
            let bytes = bytes.to_vec();
            faults.push(Command::DiskFault { node, path: path.clone(), position, bytes });
        }
        durable.push(DurableFile { node, path, bytes: length as u64 });
    }
    reopening.unknown += u32::try_from(kept.len()).unwrap_or(u32::MAX);
    reopening.commands.push(Command::PowerLoss { durable });
    reopening.commands.append(&mut faults);
    let running = world.hosts().filter(|(_, host)| host.life.is_up());
    reopening.ran = running.map(|(node, _)| node).collect();
    reopening
}

/// Stretches of `found` that are not what was written, with their positions.
fn differences<'a>(written: &[u8], found: &'a [u8]) -> Vec<(usize, &'a [u8])> {
    if written == found {
        return Vec::new();
    }
    let mut stretches: Vec<(usize, usize)> = Vec::new();
    for position in (0..found.len()).filter(|position| written[*position] != found[*position]) {
        let is_full = stretches.len() == PLACES_MAX;
        match stretches.last_mut() {
            Some((_, end)) if is_full || position - *end <= GAP_MAX => *end = position + 1,
            _ => stretches.push((position, position + 1)),
        }
    }
    stretches.into_iter().map(|(start, end)| (start, &found[start..end])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_bytes_have_no_differences() {
        assert_eq!(differences(b"abcdef", b"abcdef"), []);
    }

    #[test]
    fn damage_is_told_with_its_position() {
        assert_eq!(differences(b"abcdef", b"abXdef"), [(2, &b"X"[..])]);
    }

    #[test]
    fn damage_close_together_is_one_place_and_far_apart_two() {
        let written = [0u8; 100];
        let mut found = written;
        (found[10], found[20], found[90]) = (1, 2, 3);
        let lengths: Vec<_> =
            differences(&written, &found).iter().map(|(at, bytes)| (*at, bytes.len())).collect();
        assert_eq!(lengths, [(10, 11), (90, 1)]);
    }

    #[test]
    fn damage_everywhere_is_told_in_a_bounded_number_of_places() {
        let written = [0u8; 100_000];
        let mut found = written;
        found.iter_mut().step_by(50).for_each(|byte| *byte = 1);
        let places = differences(&written, &found);
        assert_eq!(places.len(), PLACES_MAX);
        let (at, bytes) = places[PLACES_MAX - 1];
        assert_eq!(at + bytes.len(), 99_951);
    }
}
