//! What an inspector reads of a controller: what it knows, and what it has still to do.

use crate::engine::controller::ControlPlane;
use crate::engine::controller::context::Context;
use crate::engine::ids::BrokerId;
use crate::engine::protocol::Api;

impl ControlPlane {
    /// The cluster as this controller knows it; empty on a broker that is not the controller.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Kafka's names of the events that wait, first first.
    pub fn queued(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.queue.queued().map(|event| event.name())
    }

    /// Whether an event is being worked on: a question to ZooKeeper is not answered.
    #[must_use]
    pub fn is_working(&self) -> bool {
        self.queue.is_working()
    }

    /// Requests to each registered broker that are not answered, and what the first of them is.
    pub fn unanswered(&self) -> impl Iterator<Item = (BrokerId, usize, Option<Api>)> + '_ {
        self.channels.queued()
    }
}
