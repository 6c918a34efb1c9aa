//! Connections of clients outside of the world: opened, given frames, asked for their answers.

use std::rc::Rc;

use bytes::Bytes;

use crate::engine::error::CommandError;
use crate::engine::ids::{BrokerId, ClientId, EventId, NodeId, Text};
use crate::engine::program::ClientProcess;
use crate::engine::program::raw::Received;
use crate::engine::sim::command_run::{ClientSpec, within};
use crate::engine::sim::host::Process;
use crate::engine::sim::world::World;

/// Most programs and connections of a world together; a client's number has 16 bits.
const CONNECTIONS_MAX: i64 = 60_000;

impl World {
    pub(super) fn check_connect(&self, name: &Text, broker: BrokerId) -> Result<(), CommandError> {
        self.existing(NodeId::Broker(broker))?;
        match self.client_id(name) {
            Some(id) if matches!(self.clients[usize::from(id.0)].spec, ClientSpec::Raw(_)) => {
                let node = NodeId::Client(id);
                match self.existing(node)?.life.is_up() {
                    true => Err(CommandError::AlreadyRunning { node }),
                    false => Ok(()),
                }
            }
            _ => {
                within("connections", self.clients.len() as i64 + 1, 1, CONNECTIONS_MAX)?;
                self.check_free(name)
            }
        }
    }

    pub(super) fn connect(&mut self, name: Text, broker: BrokerId, cause: EventId) {
        let spec = ClientSpec::Raw(broker);
        match self.client_id(&name) {
            None => self.add(name, spec, cause),
            Some(id) => {
                Rc::make_mut(&mut self.clients[usize::from(id.0)]).spec = spec;
                self.start(NodeId::Client(id), cause);
            }
        }
    }

    pub(super) fn frame(&mut self, name: &Text, bytes: Bytes, cause: EventId) {
        let node = NodeId::Client(self.client_id(name).expect("checked"));
        self.on_client(node, cause, |client, ctx| {
            if let Some(raw) = client.as_raw_mut() {
                raw.frame(ctx, bytes);
            }
        });
    }

    /// Answers that came on a connection of a client outside since the last call; those of an ended
    /// connection too, until its name is used again.
    pub fn take_answers(&mut self, id: ClientId) -> Vec<Received> {
        let waits =
            self.client(id).and_then(ClientProcess::as_raw).is_some_and(|r| r.received() > 0);
        let host = self.hosts.get_mut(&NodeId::Client(id)).filter(|_| waits);
        match host.and_then(|host| Rc::make_mut(host).process.as_mut()) {
            Some(Process::Client(client)) => {
                client.as_raw_mut().map(|raw| raw.take_received()).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    /// Request frames of a connection of a client outside that its broker is not through with.
    #[must_use]
    pub fn pending_frames(&self, id: ClientId) -> usize {
        self.client(id).and_then(ClientProcess::as_raw).map_or(0, |raw| raw.pending())
    }

    /// [`World::take_answers`] as frames without their length prefix, with the time of each.
    pub fn take_frames(&mut self, name: &str) -> Vec<(crate::engine::time::Micros, Bytes)> {
        let answers = self.client_id(name).map(|id| self.take_answers(id)).unwrap_or_default();
        answers.iter().filter_map(|answer| Some((answer.at, answer.frame()?))).collect()
    }
}
