//! What clients ask beside topics, records and groups: who produces, which transactions and rules of access
//! there are (`KafkaApis.handleDescribeProducersRequest` and its kin). Access is not checked here, as on a
//! broker without an authorizer.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_producers_request::TopicRequest;
use kafka_protocol::messages::describe_producers_response::{
    PartitionResponse, ProducerState, TopicResponse,
};
use kafka_protocol::messages::describe_transactions_response::TransactionState;
use kafka_protocol::messages::{
    DescribeAclsResponse, DescribeProducersRequest, DescribeProducersResponse,
    DescribeTransactionsRequest, DescribeTransactionsResponse, ListTransactionsRequest,
    ListTransactionsResponse,
};
use kafka_protocol::protocol::StrBytes;

use crate::engine::broker::{Broker, Caller};
use crate::engine::ids::{PartitionId, TopicName, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::protocol::{Request, Response};

/// States that a transaction can have (`TransactionState`): a filter of another name is told back.
const TRANSACTION_STATES: [&str; 8] = [
    "Empty",
    "Ongoing",
    "PrepareCommit",
    "PrepareAbort",
    "CompleteCommit",
    "CompleteAbort",
    "PrepareEpochFence",
    "Dead",
];

impl Broker {
    /// Answers what it can be asked of these.
    pub(super) fn inquiry(&self, ctx: &mut Ctx<'_>, caller: Caller, request: &Request) {
        let answer = match request {
            Request::DescribeProducers(request) => {
                Response::DescribeProducers(self.describe_producers(request))
            }
            Request::ListTransactions(request) => {
                Response::ListTransactions(list_transactions(request))
            }
            Request::DescribeTransactions(request) => {
                Response::DescribeTransactions(describe_transactions(request))
            }
            _ => {
                let words = "No Authorizer is configured on the broker";
                let response = DescribeAclsResponse::default()
                    .with_error_code(ResponseError::SecurityDisabled.code())
                    .with_error_message(Some(StrBytes::from_static_str(words)));
                Response::DescribeAcls(response)
            }
        };
        ctx.send(caller.node, caller.answer(answer));
    }

    fn describe_producers(&self, request: &DescribeProducersRequest) -> DescribeProducersResponse {
        let topic = |topic: &TopicRequest| {
            let name = TopicName::new(&topic.name);
            let partitions = topic.partition_indexes.iter().map(|index| {
                let id = TopicPartition::new(&name, PartitionId(*index));
                self.producers_of(&id).with_partition_index(*index)
            });
            TopicResponse::default()
                .with_name(topic.name.clone())
                .with_partitions(partitions.collect())
        };
        DescribeProducersResponse::default().with_topics(request.topics.iter().map(topic).collect())
    }

    /// Who produces to a partition that this broker leads (`ReplicaManager.activeProducerState`).
    fn producers_of(&self, id: &TopicPartition) -> PartitionResponse {
        let partition = match self.served(id) {
            Ok(partition) => partition,
            Err(error) => return PartitionResponse::default().with_error_code(error.code()),
        };
        let producers = partition.log.producers().map(|(producer, entry)| {
            ProducerState::default()
                .with_producer_id(producer.into())
                .with_producer_epoch(entry.epoch.into())
                .with_last_sequence(entry.last_sequence())
                .with_last_timestamp(entry.last_timestamp)
                .with_coordinator_epoch(entry.coordinator_epoch)
                .with_current_txn_start_offset(entry.transaction_first.map_or(-1, |at| at.0))
        });
        PartitionResponse::default().with_active_producers(producers.collect())
    }
}

fn list_transactions(request: &ListTransactionsRequest) -> ListTransactionsResponse {
    let unknown = |state: &&StrBytes| !TRANSACTION_STATES.contains(&state.as_str());
    let unknown = request.state_filters.iter().filter(unknown).cloned();
    ListTransactionsResponse::default().with_unknown_state_filters(unknown.collect())
}

fn describe_transactions(request: &DescribeTransactionsRequest) -> DescribeTransactionsResponse {
    let unknown = request.transactional_ids.iter().map(|id| {
        TransactionState::default()
            .with_transactional_id(id.clone())
            .with_error_code(ResponseError::NotCoordinator.code())
    });
    DescribeTransactionsResponse::default().with_transaction_states(unknown.collect())
}
