//! A message on its way.

use std::rc::Rc;

use crate::engine::command::MessageAddress;
use crate::engine::ids::{EventId, NodeId};
use crate::engine::protocol::Payload;
use crate::engine::time::Micros;

/// One message between its sending and its arrival.
#[derive(Clone, Debug)]
pub struct Flight {
    /// Its name: the id of its `MessageSent` event.
    pub message: EventId,
    /// Sender.
    pub from: NodeId,
    /// Receiver.
    pub to: NodeId,
    /// Which run of the receiver's process it was meant for; another run's connection is not its own.
    pub to_run: u32,
    /// Its number on this link, per API and direction.
    pub nth: u64,
    /// When it left.
    pub sent_at: Micros,
    /// When it arrives; `None` while its link stalls, or once it waits in the receiver's socket.
    pub arrives_at: Option<Micros>,
    /// Whether it has arrived and waits for a frozen process to read it.
    pub waits: bool,
    /// Whether it is a second copy of a message: nobody is told when it cannot arrive.
    pub copy: bool,
    /// What it says.
    pub payload: Rc<Payload>,
}

impl Flight {
    /// How a command names it.
    #[must_use]
    pub fn address(&self) -> MessageAddress {
        MessageAddress {
            from: self.from,
            to: self.to,
            api: self.payload.api(),
            response: self.payload.is_response(),
            nth: self.nth,
        }
    }
}
