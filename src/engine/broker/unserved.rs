//! APIs that are not modelled: what this broker knows that their answers depend on
//! ([`unserved`](crate::engine::protocol::unserved)).

use kafka_protocol::ResponseError;

use crate::engine::broker::metadata::tells;
use crate::engine::broker::{Broker, Caller};
use crate::engine::ids::{PartitionId, TopicName, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::protocol::Response;
use crate::engine::protocol::unserved::{Known, RawRequest};

impl Broker {
    /// Answers such a request; one that cannot be read, or of a version that is not told, ends the connection.
    pub(super) fn answer_unserved(&self, ctx: &mut Ctx<'_>, caller: Caller, request: &RawRequest) {
        let (api, version) = request.asks();
        match request.answer(self).filter(|_| tells(api, version)) {
            Some(answer) => {
                ctx.send(caller.node, caller.answer(Response::Fixed(answer)));
            }
            None => ctx.disconnect(caller.node),
        }
    }
}

impl Known for Broker {
    fn has(&self, topic: &str, partition: i32) -> bool {
        self.metadata.knows(&id(topic, partition))
    }

    fn leads(&self, topic: &str, partition: i32) -> bool {
        self.served(&id(topic, partition)).is_ok_and(|replica| replica.leading().is_some())
    }

    fn coordinates(&self, group: &str) -> bool {
        self.groups.coordinates(group)
    }

    fn is_controller(&self) -> bool {
        self.control.is_controller()
    }

    /// `ReplicaManager.alterReplicaLogDirs`.
    fn moving(&self, dir: &str, topic: &str, partition: i32) -> i16 {
        let live = self.log_dirs.live();
        let Some(into) = live.iter().find(|prefix| *self.path_of(prefix) == *dir) else {
            return ResponseError::LogDirNotFound.code();
        };
        match self.served(&id(topic, partition)) {
            Err(ResponseError::NotLeaderOrFollower) => ResponseError::ReplicaNotAvailable.code(),
            Err(error) => error.code(),
            Ok(replica) if replica.log.parent() == &**into => 0,
            Ok(_) => ResponseError::KafkaStorageError.code(),
        }
    }
}

fn id(topic: &str, partition: i32) -> TopicPartition {
    TopicPartition::new(&TopicName::new(topic), PartitionId(partition))
}
