//! What commands have decided about messages that are not sent yet.

use std::collections::BTreeMap;

use crate::engine::command::MessageAddress;
use crate::engine::network::flight::Flight;
use crate::engine::time::Micros;

/// What happens to one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It vanishes.
    Drop,
    /// It arrives this much later.
    Delay(Micros),
    /// A copy of it arrives this long after its sending.
    Duplicate(Micros),
}

/// Fates by address.
#[derive(Clone, Debug, Default)]
pub struct Fates(BTreeMap<MessageAddress, Vec<Fate>>);

impl Fates {
    /// Adds one.
    pub fn add(&mut self, address: MessageAddress, fate: Fate) {
        self.0.entry(address).or_default().push(fate);
    }

    /// What was decided about a message, which is sent now.
    pub fn take(&mut self, flight: &Flight) -> Vec<Fate> {
        if self.0.is_empty() {
            return Vec::new();
        }
        self.0.remove(&flight.address()).unwrap_or_default()
    }
}
