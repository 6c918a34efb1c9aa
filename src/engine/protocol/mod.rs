//! What travels between hosts: requests and responses as typed values, and their envelopes.
//!
//! Client and admin APIs are Kafka's own messages (crate `kafka-protocol`), listed here so that only
//! what is served is linked. ZooKeeper-era messages between brokers, and ZooKeeper's own, are in
//! [`inter_broker`] and [`zk`]: Kafka's field names, no bytes on a wire that anyone else speaks.

mod error;
mod fixed;
pub mod inter_broker;
pub mod wire;
mod old;
pub mod unserved;
mod wary;
pub mod fit;
pub mod zk;

use kafka_protocol::messages as kafka;
use serde::{Deserialize, Serialize};

use crate::engine::ids::{CorrelationId, Text};

use fixed::FixedAnswer;
use inter_broker::{
    AlterPartitionRequest, AlterPartitionResponse, ControlledShutdownRequest,
    ControlledShutdownResponse, LeaderAndIsrRequest, LeaderAndIsrResponse, StopReplicaRequest,
    StopReplicaResponse, UpdateMetadataRequest, UpdateMetadataResponse,
};
use unserved::RawRequest;
use zk::{ZkReply, ZkRequest, ZkWatchEvent};

/// What a message is, as events, links and pictures name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Api {
    Produce,
    Fetch,
    ListOffsets,
    Metadata,
    ApiVersions,
    CreateTopics,
    IncrementalAlterConfigs,
    InitProducerId,
    OffsetForLeaderEpoch,
    DeleteRecords,
    CreatePartitions,
    DeleteTopics,
    ElectLeaders,
    AlterPartitionReassignments,
    ListPartitionReassignments,
    DescribeConfigs,
    AlterConfigs,
    DescribeCluster,
    DescribeLogDirs,
    LeaderAndIsr,
    StopReplica,
    UpdateMetadata,
    ControlledShutdown,
    AlterPartition,
    AllocateProducerIds,
    /// A request that no broker can read: an unknown API or version, or bytes that are none.
    Unreadable,
    /// Opening or closing a ZooKeeper session.
    ZkSession,
    /// A ZooKeeper heartbeat.
    ZkPing,
    /// A ZooKeeper read.
    ZkRead,
    /// A ZooKeeper write.
    ZkWrite,
    /// A ZooKeeper watch notification.
    ZkWatch,
    FindCoordinator,
    JoinGroup,
    SyncGroup,
    Heartbeat,
    LeaveGroup,
    OffsetCommit,
    OffsetFetch,
    OffsetDelete,
    DescribeGroups,
    ListGroups,
    DeleteGroups,
    DescribeProducers,
    ListTransactions,
    DescribeTransactions,
    DescribeAcls,
    DescribeClientQuotas,
    AlterClientQuotas,
}

impl Api {
    /// Every API, in order: the words of links and of the message key.
    pub const ALL: &'static [Api] = &[
        Api::Produce,
        Api::Fetch,
        Api::ListOffsets,
        Api::Metadata,
        Api::ApiVersions,
        Api::CreateTopics,
        Api::IncrementalAlterConfigs,
        Api::InitProducerId,
        Api::OffsetForLeaderEpoch,
        Api::DeleteRecords,
        Api::CreatePartitions,
        Api::DeleteTopics,
        Api::ElectLeaders,
        Api::AlterPartitionReassignments,
        Api::ListPartitionReassignments,
        Api::DescribeConfigs,
        Api::AlterConfigs,
        Api::DescribeCluster,
        Api::DescribeLogDirs,
        Api::LeaderAndIsr,
        Api::StopReplica,
        Api::UpdateMetadata,
        Api::ControlledShutdown,
        Api::AlterPartition,
        Api::AllocateProducerIds,
        Api::Unreadable,
        Api::ZkSession,
        Api::ZkPing,
        Api::ZkRead,
        Api::ZkWrite,
        Api::ZkWatch,
        Api::FindCoordinator,
        Api::JoinGroup,
        Api::SyncGroup,
        Api::Heartbeat,
        Api::LeaveGroup,
        Api::OffsetCommit,
        Api::OffsetFetch,
        Api::OffsetDelete,
        Api::DescribeGroups,
        Api::ListGroups,
        Api::DeleteGroups,
        Api::DescribeProducers,
        Api::ListTransactions,
        Api::DescribeTransactions,
        Api::DescribeAcls,
        Api::DescribeClientQuotas,
        Api::AlterClientQuotas,
    ];

    /// Its name, as Kafka writes it: `Produce`, `LeaderAndIsr`, `ZkWatch`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Api::Produce => "Produce",
            Api::Fetch => "Fetch",
            Api::ListOffsets => "ListOffsets",
            Api::Metadata => "Metadata",
            Api::ApiVersions => "ApiVersions",
            Api::CreateTopics => "CreateTopics",
            Api::IncrementalAlterConfigs => "IncrementalAlterConfigs",
            Api::InitProducerId => "InitProducerId",
            Api::OffsetForLeaderEpoch => "OffsetForLeaderEpoch",
            Api::DeleteRecords => "DeleteRecords",
            Api::CreatePartitions => "CreatePartitions",
            Api::DeleteTopics => "DeleteTopics",
            Api::ElectLeaders => "ElectLeaders",
            Api::AlterPartitionReassignments => "AlterPartitionReassignments",
            Api::ListPartitionReassignments => "ListPartitionReassignments",
            Api::DescribeConfigs => "DescribeConfigs",
            Api::AlterConfigs => "AlterConfigs",
            Api::DescribeCluster => "DescribeCluster",
            Api::DescribeLogDirs => "DescribeLogDirs",
            Api::LeaderAndIsr => "LeaderAndIsr",
            Api::StopReplica => "StopReplica",
            Api::UpdateMetadata => "UpdateMetadata",
            Api::ControlledShutdown => "ControlledShutdown",
            Api::AlterPartition => "AlterPartition",
            Api::AllocateProducerIds => "AllocateProducerIds",
            Api::Unreadable => "Unreadable",
            Api::ZkSession => "ZkSession",
            Api::ZkPing => "ZkPing",
            Api::ZkRead => "ZkRead",
            Api::ZkWrite => "ZkWrite",
            Api::ZkWatch => "ZkWatch",
            Api::FindCoordinator => "FindCoordinator",
            Api::JoinGroup => "JoinGroup",
            Api::SyncGroup => "SyncGroup",
            Api::Heartbeat => "Heartbeat",
            Api::LeaveGroup => "LeaveGroup",
            Api::OffsetCommit => "OffsetCommit",
            Api::OffsetFetch => "OffsetFetch",
            Api::OffsetDelete => "OffsetDelete",
            Api::DescribeGroups => "DescribeGroups",
            Api::ListGroups => "ListGroups",
            Api::DeleteGroups => "DeleteGroups",
            Api::DescribeProducers => "DescribeProducers",
            Api::ListTransactions => "ListTransactions",
            Api::DescribeTransactions => "DescribeTransactions",
            Api::DescribeAcls => "DescribeAcls",
            Api::DescribeClientQuotas => "DescribeClientQuotas",
            Api::AlterClientQuotas => "AlterClientQuotas",
        }
    }
}

/// A request to a broker.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    Produce(kafka::ProduceRequest),
    Fetch(kafka::FetchRequest),
    ListOffsets(kafka::ListOffsetsRequest),
    Metadata(kafka::MetadataRequest),
    ApiVersions(kafka::ApiVersionsRequest),
    CreateTopics(kafka::CreateTopicsRequest),
    IncrementalAlterConfigs(kafka::IncrementalAlterConfigsRequest),
    InitProducerId(kafka::InitProducerIdRequest),
    OffsetForLeaderEpoch(kafka::OffsetForLeaderEpochRequest),
    DeleteRecords(kafka::DeleteRecordsRequest),
    CreatePartitions(kafka::CreatePartitionsRequest),
    DeleteTopics(kafka::DeleteTopicsRequest),
    ElectLeaders(kafka::ElectLeadersRequest),
    AlterPartitionReassignments(kafka::AlterPartitionReassignmentsRequest),
    ListPartitionReassignments(kafka::ListPartitionReassignmentsRequest),
    DescribeConfigs(kafka::DescribeConfigsRequest),
    AlterConfigs(kafka::AlterConfigsRequest),
    DescribeCluster(kafka::DescribeClusterRequest),
    DescribeLogDirs(kafka::DescribeLogDirsRequest),
    FindCoordinator(kafka::FindCoordinatorRequest),
    JoinGroup(kafka::JoinGroupRequest),
    SyncGroup(kafka::SyncGroupRequest),
    Heartbeat(kafka::HeartbeatRequest),
    LeaveGroup(kafka::LeaveGroupRequest),
    OffsetCommit(kafka::OffsetCommitRequest),
    OffsetFetch(kafka::OffsetFetchRequest),
    OffsetDelete(kafka::OffsetDeleteRequest),
    DescribeGroups(kafka::DescribeGroupsRequest),
    ListGroups(kafka::ListGroupsRequest),
    DeleteGroups(kafka::DeleteGroupsRequest),
    DescribeProducers(kafka::DescribeProducersRequest),
    ListTransactions(kafka::ListTransactionsRequest),
    DescribeTransactions(kafka::DescribeTransactionsRequest),
    DescribeAcls(kafka::DescribeAclsRequest),
    DescribeClientQuotas(kafka::DescribeClientQuotasRequest),
    AlterClientQuotas(kafka::AlterClientQuotasRequest),
    LeaderAndIsr(LeaderAndIsrRequest),
    StopReplica(StopReplicaRequest),
    UpdateMetadata(UpdateMetadataRequest),
    ControlledShutdown(ControlledShutdownRequest),
    AlterPartition(AlterPartitionRequest),
    AllocateProducerIds(kafka::AllocateProducerIdsRequest),
    Unreadable(Unreadable),
}

/// A request of a client outside that no broker can read (`SocketServer`, `RequestContext.parseRequest`).
#[derive(Clone, Debug, PartialEq)]
pub enum Unreadable {
    /// ApiVersions in a version that the broker does not have: it answers in version 0 (KIP-511).
    ApiVersionsVersion,
    /// Its API has no form here, and its answer follows from it alone.
    Answered(FixedAnswer),
    /// Its API has no form here, and its answer follows from it and what the broker knows.
    Unserved(RawRequest),
    /// Anything else: the broker closes the connection.
    Garbage,
}

/// A broker's answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    Produce(kafka::ProduceResponse),
    Fetch(kafka::FetchResponse),
    ListOffsets(kafka::ListOffsetsResponse),
    Metadata(kafka::MetadataResponse),
    ApiVersions(kafka::ApiVersionsResponse),
    CreateTopics(kafka::CreateTopicsResponse),
    IncrementalAlterConfigs(kafka::IncrementalAlterConfigsResponse),
    InitProducerId(kafka::InitProducerIdResponse),
    OffsetForLeaderEpoch(kafka::OffsetForLeaderEpochResponse),
    DeleteRecords(kafka::DeleteRecordsResponse),
    CreatePartitions(kafka::CreatePartitionsResponse),
    DeleteTopics(kafka::DeleteTopicsResponse),
    ElectLeaders(kafka::ElectLeadersResponse),
    AlterPartitionReassignments(kafka::AlterPartitionReassignmentsResponse),
    ListPartitionReassignments(kafka::ListPartitionReassignmentsResponse),
    DescribeConfigs(kafka::DescribeConfigsResponse),
    AlterConfigs(kafka::AlterConfigsResponse),
    DescribeCluster(kafka::DescribeClusterResponse),
    DescribeLogDirs(kafka::DescribeLogDirsResponse),
    FindCoordinator(kafka::FindCoordinatorResponse),
    JoinGroup(kafka::JoinGroupResponse),
    SyncGroup(kafka::SyncGroupResponse),
    Heartbeat(kafka::HeartbeatResponse),
    LeaveGroup(kafka::LeaveGroupResponse),
    OffsetCommit(kafka::OffsetCommitResponse),
    OffsetFetch(kafka::OffsetFetchResponse),
    OffsetDelete(kafka::OffsetDeleteResponse),
    DescribeGroups(kafka::DescribeGroupsResponse),
    ListGroups(kafka::ListGroupsResponse),
    DeleteGroups(kafka::DeleteGroupsResponse),
    DescribeProducers(kafka::DescribeProducersResponse),
    ListTransactions(kafka::ListTransactionsResponse),
    DescribeTransactions(kafka::DescribeTransactionsResponse),
    DescribeAcls(kafka::DescribeAclsResponse),
    Fixed(FixedAnswer),
    DescribeClientQuotas(kafka::DescribeClientQuotasResponse),
    AlterClientQuotas(kafka::AlterClientQuotasResponse),
    LeaderAndIsr(LeaderAndIsrResponse),
    StopReplica(StopReplicaResponse),
    UpdateMetadata(UpdateMetadataResponse),
    ControlledShutdown(ControlledShutdownResponse),
    AlterPartition(AlterPartitionResponse),
    AllocateProducerIds(kafka::AllocateProducerIdsResponse),
}

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload {
    /// To a broker.
    Request {
        /// Pairs the answer with it.
        correlation: CorrelationId,
        /// The API version that both ends speak.
        version: i16,
        /// `client.id`: what the asker calls itself; brokers say nothing.
        client_id: Option<Text>,
        /// What is asked.
        body: Request,
    },
    /// From a broker.
    Response {
        /// That of the request.
        correlation: CorrelationId,
        /// That of the request.
        version: i16,
        /// The answer.
        body: Response,
    },
    /// To ZooKeeper.
    Zk {
        /// Pairs the answer with it.
        correlation: CorrelationId,
        /// What is asked.
        body: ZkRequest,
    },
    /// From ZooKeeper.
    ZkReply {
        /// That of the request.
        correlation: CorrelationId,
        /// What was asked, for the picture: a read, a write, a heartbeat, a session.
        api: Api,
        /// The answer.
        body: ZkReply,
    },
    /// From ZooKeeper, unasked: a watch fired.
    ZkWatch(ZkWatchEvent),
}

/// Records in a message, for pictures and counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Number of records.
    pub records: u32,
    /// Their bytes as stored.
    pub bytes: u32,
}

impl Payload {
    /// What the message is.
    #[must_use]
    pub fn api(&self) -> Api {
        match self {
            Payload::Request { body, .. } => body.api(),
            Payload::Response { body, .. } => body.api(),
            Payload::Zk { body, .. } => body.api(),
            Payload::ZkReply { api, .. } => *api,
            Payload::ZkWatch(_) => Api::ZkWatch,
        }
    }

    /// Whether it answers something.
    #[must_use]
    pub fn is_response(&self) -> bool {
        matches!(self, Payload::Response { .. } | Payload::ZkReply { .. })
    }

    /// The records it carries.
    #[must_use]
    pub fn size(&self) -> Size {
        match self {
            Payload::Request { body: Request::Produce(request), .. } => {
                let parts = request.topic_data.iter().flat_map(|t| &t.partition_data);
                parts.filter_map(|p| p.records.as_ref()).fold(Size::default(), Size::with)
            }
            Payload::Response { body: Response::Fetch(response), .. } => {
                let parts = response.responses.iter().flat_map(|t| &t.partitions);
                parts.filter_map(|p| p.records.as_ref()).fold(Size::default(), Size::with)
            }
            _ => Size::default(),
        }
    }

    /// The first error code of a response; 0 when there is none.
    #[must_use]
    pub fn error(&self) -> i16 {
        match self {
            Payload::Response { body, .. } => body.error(),
            Payload::ZkReply { body, .. } => body.error(),
            _ => 0,
        }
    }
}

impl Size {
    fn with(self, records: &bytes::Bytes) -> Size {
        let count = crate::engine::record::batch::count_records(records);
        Size {
            records: self.records + count,
            bytes: self.bytes + u32::try_from(records.len()).unwrap_or(u32::MAX),
        }
    }
}

impl Request {
    /// What it is.
    #[must_use]
    pub fn api(&self) -> Api {
        match self {
            Request::Produce(_) => Api::Produce,
            Request::Fetch(_) => Api::Fetch,
            Request::ListOffsets(_) => Api::ListOffsets,
            Request::Metadata(_) => Api::Metadata,
            Request::ApiVersions(_) => Api::ApiVersions,
            Request::CreateTopics(_) => Api::CreateTopics,
            Request::IncrementalAlterConfigs(_) => Api::IncrementalAlterConfigs,
            Request::InitProducerId(_) => Api::InitProducerId,
            Request::OffsetForLeaderEpoch(_) => Api::OffsetForLeaderEpoch,
            Request::DeleteRecords(_) => Api::DeleteRecords,
            Request::CreatePartitions(_) => Api::CreatePartitions,
            Request::DeleteTopics(_) => Api::DeleteTopics,
            Request::ElectLeaders(_) => Api::ElectLeaders,
            Request::AlterPartitionReassignments(_) => Api::AlterPartitionReassignments,
            Request::ListPartitionReassignments(_) => Api::ListPartitionReassignments,
            Request::DescribeConfigs(_) => Api::DescribeConfigs,
            Request::AlterConfigs(_) => Api::AlterConfigs,
            Request::DescribeCluster(_) => Api::DescribeCluster,
            Request::DescribeLogDirs(_) => Api::DescribeLogDirs,
            Request::FindCoordinator(_) => Api::FindCoordinator,
            Request::JoinGroup(_) => Api::JoinGroup,
            Request::SyncGroup(_) => Api::SyncGroup,
            Request::Heartbeat(_) => Api::Heartbeat,
            Request::LeaveGroup(_) => Api::LeaveGroup,
            Request::OffsetCommit(_) => Api::OffsetCommit,
            Request::OffsetFetch(_) => Api::OffsetFetch,
            Request::OffsetDelete(_) => Api::OffsetDelete,
            Request::DescribeGroups(_) => Api::DescribeGroups,
            Request::ListGroups(_) => Api::ListGroups,
            Request::DeleteGroups(_) => Api::DeleteGroups,
            Request::DescribeProducers(_) => Api::DescribeProducers,
            Request::ListTransactions(_) => Api::ListTransactions,
            Request::DescribeTransactions(_) => Api::DescribeTransactions,
            Request::DescribeAcls(_) => Api::DescribeAcls,
            Request::DescribeClientQuotas(_) => Api::DescribeClientQuotas,
            Request::AlterClientQuotas(_) => Api::AlterClientQuotas,
            Request::LeaderAndIsr(_) => Api::LeaderAndIsr,
            Request::StopReplica(_) => Api::StopReplica,
            Request::UpdateMetadata(_) => Api::UpdateMetadata,
            Request::ControlledShutdown(_) => Api::ControlledShutdown,
            Request::AlterPartition(_) => Api::AlterPartition,
            Request::AllocateProducerIds(_) => Api::AllocateProducerIds,
            Request::Unreadable(_) => Api::Unreadable,
        }
    }
}

impl Response {
    /// What it is.
    #[must_use]
    pub fn api(&self) -> Api {
        match self {
            Response::Produce(_) => Api::Produce,
            Response::Fetch(_) => Api::Fetch,
            Response::ListOffsets(_) => Api::ListOffsets,
            Response::Metadata(_) => Api::Metadata,
            Response::ApiVersions(_) => Api::ApiVersions,
            Response::CreateTopics(_) => Api::CreateTopics,
            Response::IncrementalAlterConfigs(_) => Api::IncrementalAlterConfigs,
            Response::InitProducerId(_) => Api::InitProducerId,
            Response::OffsetForLeaderEpoch(_) => Api::OffsetForLeaderEpoch,
            Response::DeleteRecords(_) => Api::DeleteRecords,
            Response::CreatePartitions(_) => Api::CreatePartitions,
            Response::DeleteTopics(_) => Api::DeleteTopics,
            Response::ElectLeaders(_) => Api::ElectLeaders,
            Response::AlterPartitionReassignments(_) => Api::AlterPartitionReassignments,
            Response::ListPartitionReassignments(_) => Api::ListPartitionReassignments,
            Response::DescribeConfigs(_) => Api::DescribeConfigs,
            Response::AlterConfigs(_) => Api::AlterConfigs,
            Response::DescribeCluster(_) => Api::DescribeCluster,
            Response::DescribeLogDirs(_) => Api::DescribeLogDirs,
            Response::FindCoordinator(_) => Api::FindCoordinator,
            Response::JoinGroup(_) => Api::JoinGroup,
            Response::SyncGroup(_) => Api::SyncGroup,
            Response::Heartbeat(_) => Api::Heartbeat,
            Response::LeaveGroup(_) => Api::LeaveGroup,
            Response::OffsetCommit(_) => Api::OffsetCommit,
            Response::OffsetFetch(_) => Api::OffsetFetch,
            Response::OffsetDelete(_) => Api::OffsetDelete,
            Response::DescribeGroups(_) => Api::DescribeGroups,
            Response::ListGroups(_) => Api::ListGroups,
            Response::DeleteGroups(_) => Api::DeleteGroups,
            Response::DescribeProducers(_) => Api::DescribeProducers,
            Response::ListTransactions(_) => Api::ListTransactions,
            Response::DescribeTransactions(_) => Api::DescribeTransactions,
            Response::DescribeAcls(_) => Api::DescribeAcls,
            Response::Fixed(_) => Api::Unreadable,
            Response::DescribeClientQuotas(_) => Api::DescribeClientQuotas,
            Response::AlterClientQuotas(_) => Api::AlterClientQuotas,
            Response::LeaderAndIsr(_) => Api::LeaderAndIsr,
            Response::StopReplica(_) => Api::StopReplica,
            Response::UpdateMetadata(_) => Api::UpdateMetadata,
            Response::ControlledShutdown(_) => Api::ControlledShutdown,
            Response::AlterPartition(_) => Api::AlterPartition,
            Response::AllocateProducerIds(_) => Api::AllocateProducerIds,
        }
    }
}
