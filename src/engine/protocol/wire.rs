//! Wire mode: a message becomes Kafka's bytes and is read back, as it would be between two machines.
//! And frames of clients outside, read and written.
//!
//! The events of a world are the same with it or without it; tests run with it. Messages that the
//! crate of Kafka's protocol does not have (controller to broker, ZooKeeper) pass as they are.
//!
//! The feature `wire` decides whether a world can do this. The page is built without it, and keeps only
//! what reads requests of clients outside: it can show a recorded session, whose answers nobody needs.

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::{self as kafka, ApiKey, RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, Message};

use crate::engine::ids::Text;
use crate::engine::protocol::{Payload, Request, Response, Unreadable, fixed, old, unserved, wary};

/// The message after its way through bytes, in the version that it names.
///
/// # Panics
/// When a message does not fit its version: a bug of whoever built it.
#[must_use]
pub fn through_bytes(payload: Payload) -> Payload {
    match payload {
        Payload::Request { version, ref body, .. } if old::is_old(body.api(), version) => payload,
        Payload::Response { version, ref body, .. } if old::is_old(body.api(), version) => payload,
        Payload::Request { correlation, version, client_id, body } => {
            Payload::Request { correlation, version, client_id, body: request(body, version) }
        }
        Payload::Response { correlation, version, body } => {
            Payload::Response { correlation, version, body: response(body, version) }
        }
        other => other,
    }
}

/// The APIs that have Kafka's bytes: a new one is one line here.
macro_rules! apis {
    ($($api:ident: $request:ident, $response:ident;)*) => {
        fn request(body: Request, version: i16) -> Request {
            match body {
                $(Request::$api(body) => Request::$api(again(&body, version)),)*
                other => other,
            }
        }

        fn response(body: Response, version: i16) -> Response {
            match body {
                $(Response::$api(body) => Response::$api(again(&body, version)),)*
                other => other,
            }
        }

        fn read_body(api: ApiKey, bytes: &Bytes, version: i16) -> Option<Request> {
            match api {
                $(ApiKey::$api => {
                    fits::<kafka::$request>(version).then_some(())?;
                    wary::read(bytes, version).map(Request::$api)
                })*
                _ => None,
            }
        }

        fn key_of(body: &Response) -> Option<ApiKey> {
            match body {
                $(Response::$api(_) => Some(ApiKey::$api),)*
                _ => None,
            }
        }

        fn write_body(body: &Response, bytes: &mut BytesMut, version: i16) -> Option<()> {
            match body {
                $(Response::$api(body) => {
                    fits::<kafka::$response>(version).then_some(())?;
                    body.encode(bytes, version).ok()
                })*
                _ => None,
            }
        }
    };
}

apis! {
    Produce: ProduceRequest, ProduceResponse;
    Fetch: FetchRequest, FetchResponse;
    ListOffsets: ListOffsetsRequest, ListOffsetsResponse;
    Metadata: MetadataRequest, MetadataResponse;
    ApiVersions: ApiVersionsRequest, ApiVersionsResponse;
    CreateTopics: CreateTopicsRequest, CreateTopicsResponse;
    IncrementalAlterConfigs: IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse;
    InitProducerId: InitProducerIdRequest, InitProducerIdResponse;
    AllocateProducerIds: AllocateProducerIdsRequest, AllocateProducerIdsResponse;
    OffsetForLeaderEpoch: OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse;
    DeleteRecords: DeleteRecordsRequest, DeleteRecordsResponse;
    CreatePartitions: CreatePartitionsRequest, CreatePartitionsResponse;
    DeleteTopics: DeleteTopicsRequest, DeleteTopicsResponse;
    ElectLeaders: ElectLeadersRequest, ElectLeadersResponse;
    AlterPartitionReassignments: AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse;
    ListPartitionReassignments: ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse;
    DescribeConfigs: DescribeConfigsRequest, DescribeConfigsResponse;
    AlterConfigs: AlterConfigsRequest, AlterConfigsResponse;
    DescribeCluster: DescribeClusterRequest, DescribeClusterResponse;
    DescribeLogDirs: DescribeLogDirsRequest, DescribeLogDirsResponse;
    FindCoordinator: FindCoordinatorRequest, FindCoordinatorResponse;
    JoinGroup: JoinGroupRequest, JoinGroupResponse;
    SyncGroup: SyncGroupRequest, SyncGroupResponse;
    Heartbeat: HeartbeatRequest, HeartbeatResponse;
    LeaveGroup: LeaveGroupRequest, LeaveGroupResponse;
    OffsetCommit: OffsetCommitRequest, OffsetCommitResponse;
    OffsetFetch: OffsetFetchRequest, OffsetFetchResponse;
    OffsetDelete: OffsetDeleteRequest, OffsetDeleteResponse;
    DescribeGroups: DescribeGroupsRequest, DescribeGroupsResponse;
    ListGroups: ListGroupsRequest, ListGroupsResponse;
    DeleteGroups: DeleteGroupsRequest, DeleteGroupsResponse;
    DescribeProducers: DescribeProducersRequest, DescribeProducersResponse;
    ListTransactions: ListTransactionsRequest, ListTransactionsResponse;
    DescribeTransactions: DescribeTransactionsRequest, DescribeTransactionsResponse;
    DescribeAcls: DescribeAclsRequest, DescribeAclsResponse;
    DescribeClientQuotas: DescribeClientQuotasRequest, DescribeClientQuotasResponse;
    AlterClientQuotas: AlterClientQuotasRequest, AlterClientQuotasResponse;
}

fn again<T: Encodable + Decodable>(message: &T, version: i16) -> T {
    let mut bytes = BytesMut::new();
    message.encode(&mut bytes, version).expect("a message fits the version that it names");
    T::decode(&mut bytes.freeze(), version).expect("what was encoded can be decoded")
}

fn fits<T: Message>(version: i16) -> bool {
    (T::VERSIONS.min..=T::VERSIONS.max).contains(&version)
}

/// A request frame of a client outside, read.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadFrame {
    /// The number that the answer must carry.
    pub correlation: i32,
    /// The version that the client speaks.
    pub version: i16,
    /// What it calls itself.
    pub client_id: Option<Text>,
    /// What it asks; [`Request::Unreadable`] when that cannot be read.
    pub body: Request,
}

/// Reads a whole request frame, without its length prefix (`RequestHeader.parse`,
/// `RequestContext.parseRequest`).
#[must_use]
pub fn read_frame(frame: &Bytes) -> ReadFrame {
    let field = |at: usize| frame.get(at..at + 2).map(|b| i16::from_be_bytes([b[0], b[1]]));
    let (key, version) = (field(0).unwrap_or(-1), field(2).unwrap_or(-1));
    let number = frame.get(4..8).map(|b| i32::from_be_bytes([b[0], b[1], b[2], b[3]]));
    let unread = |body| {
        let body = Request::Unreadable(body);
        ReadFrame { correlation: number.unwrap_or(-1), version, client_id: None, body }
    };
    let Ok(api) = ApiKey::try_from(key) else { return unread(Unreadable::Garbage) };
    if api == ApiKey::ApiVersions && number.is_some() && !fits::<kafka::ApiVersionsRequest>(version)
    {
        return unread(Unreadable::ApiVersionsVersion);
    }
    let mut bytes = frame.clone();
    let header = RequestHeader::decode(&mut bytes, api.request_header_version(version));
    let Ok(header) = header else { return unread(Unreadable::Garbage) };
    let body = old::read(api, version, &bytes).or_else(|| read_body(api, &bytes, version));
    let fixed = || fixed::answer(api, version, &bytes).map(Unreadable::Answered);
    let unserved = || unserved::request(api, version, &bytes).map(Unreadable::Unserved);
    let Some(body) = body.or_else(|| fixed().or_else(unserved).map(Request::Unreadable)) else {
        return unread(Unreadable::Garbage);
    };
    let client_id = header.client_id.map(|id| Text::from(&*id));
    ReadFrame { correlation: header.correlation_id, version, client_id, body }
}

/// An answer as a whole frame, without its length prefix; `None` when it does not fit the version.
#[must_use]
pub fn write_frame(correlation: i32, version: i16, answer: &Response) -> Option<Bytes> {
    let mut frame = BytesMut::new();
    write_frame_into(&mut frame, correlation, version, answer)?;
    Some(frame.freeze())
}

/// Writes an answer behind what is there, as [`write_frame`]; `None`, and nothing is added, when it does
/// not fit the version.
pub fn write_frame_into(
    frame: &mut BytesMut,
    correlation: i32,
    version: i16,
    answer: &Response,
) -> Option<()> {
    let start = frame.len();
    let header = ResponseHeader::default().with_correlation_id(correlation);
    let fixed = if let Response::Fixed(fixed) = answer { Some(fixed) } else { None };
    let api = fixed.map(|fixed| fixed.api).or_else(|| key_of(answer))?;
    let written = header.encode(frame, api.response_header_version(version)).ok();
    let written = written.and_then(|()| {
        if let Some(fixed) = fixed {
            frame.extend_from_slice(&fixed.body);
            return Some(());
        }
        old::write(answer, version, frame).or_else(|| write_body(answer, frame, version))
    });
    if written.is_none() {
        frame.truncate(start);
    }
    written
}
