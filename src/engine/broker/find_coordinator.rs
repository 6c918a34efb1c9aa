//! FindCoordinator: which broker coordinates a group, and the birth of `__consumer_offsets`
//! (`KafkaApis.handleFindCoordinatorRequest`, `AutoTopicCreationManager`).
//!
//! The coordinator of a group leads the partition of `__consumer_offsets` that the group's name hashes
//! to. Any broker can tell. The first who asks gets COORDINATOR_NOT_AVAILABLE, and the topic is made.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::{
    BrokerId as WireBroker, FindCoordinatorRequest, FindCoordinatorResponse,
};
use kafka_protocol::protocol::StrBytes;

use crate::engine::broker::{Broker, Caller};
use crate::engine::controller::topic_name::CONSUMER_OFFSETS;
use crate::engine::ids::{BrokerId, TopicName, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::protocol::Response;

/// First version that asks for several at once.
const BATCHED: i16 = 4;
/// First version that tells an error in words.
const WITH_MESSAGE: i16 = 1;
/// `CoordinatorType.GROUP`.
const GROUP: i8 = 0;
/// `CoordinatorType.TRANSACTION`.
const TRANSACTION: i8 = 1;
/// `CoordinatorType.SHARE`, from version 6.
const SHARE: i8 = 2;

impl Broker {
    pub(super) fn find_coordinator(
        &mut self,
        ctx: &mut Ctx<'_>,
        caller: Caller,
        request: &FindCoordinatorRequest,
    ) {
        let response = if caller.version < BATCHED {
            let found = self.coordinator_of(ctx, request.key_type, &request.key);
            let (error, (node, host, port)) = self.told(found);
            // `Errors.message`: an error in words, or the name of no error.
            let message = match found {
                Ok(_) => "NONE",
                Err(ResponseError::InvalidRequest) => INVALID_REQUEST,
                Err(_) => NOT_AVAILABLE,
            };
            let message = (caller.version >= WITH_MESSAGE).then(|| message.into());
            FindCoordinatorResponse::default()
                .with_error_code(error)
                .with_error_message(message.or(Some(StrBytes::default())))
                .with_node_id(node)
                .with_host(host)
                .with_port(port)
        } else {
            let mut coordinators = Vec::new();
            for key in &request.coordinator_keys {
                let found = self.coordinator_of(ctx, request.key_type, key);
                let (error, (node, host, port)) = self.told(found);
                coordinators.push(
                    Coordinator::default()
                        .with_key(key.clone())
                        .with_error_code(error)
                        .with_node_id(node)
                        .with_host(host)
                        .with_port(port),
                );
            }
            FindCoordinatorResponse::default().with_coordinators(coordinators)
        };
        ctx.send(caller.node, caller.answer(Response::FindCoordinator(response)));
    }

    fn coordinator_of(
        &mut self,
        ctx: &mut Ctx<'_>,
        kind: i8,
        key: &str,
    ) -> Result<BrokerId, ResponseError> {
        match kind {
            GROUP => {}
            // There is no transaction coordinator.
            TRANSACTION | SHARE => return Err(ResponseError::CoordinatorNotAvailable),
            _ => return Err(ResponseError::InvalidRequest),
        }
        let topic = TopicName::new(CONSUMER_OFFSETS);
        if !self.metadata.has(&topic) {
            self.create_internal_topic(ctx, &topic);
            return Err(ResponseError::CoordinatorNotAvailable);
        }
        let partition = TopicPartition::new(&topic, self.groups.partition_for(key));
        let leader = self.metadata.state(&partition).and_then(|state| state.leader);
        let leader = leader.filter(|leader| self.metadata.is_alive(*leader));
        leader.ok_or(ResponseError::CoordinatorNotAvailable)
    }

    fn told(&self, found: Result<BrokerId, ResponseError>) -> (i16, (WireBroker, StrBytes, i32)) {
        match found {
            Ok(id) => {
                let host = StrBytes::from_string(self.host_of(id));
                (0, (WireBroker(id.0), host, self.port_of(id)))
            }
            Err(error) => (error.code(), (WireBroker(-1), StrBytes::default(), -1)),
        }
    }
}

const NOT_AVAILABLE: &str = "The coordinator is not available.";
const INVALID_REQUEST: &str = "This most likely occurs because of a request being malformed by the \
                               client library or the message was sent to an incompatible broker. See the broker logs \
                               for more details.";
