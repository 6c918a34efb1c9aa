//! Connections of one client: requests in order, answers, timeouts, reconnects, metadata refreshes.
//!
//! Kafka's `NetworkClient` with its `ClusterConnectionStates`. A connection opens with ApiVersions and
//! carries requests afterwards; answers come in the order of the requests. A request that is not
//! answered within `request.timeout.ms` closes its connection, and every request on it fails with it.
//! An answer that comes after its connection was closed finds nobody.
//!
//! When no known broker can be reached the client goes back to its bootstrap list
//! (`metadata.recovery.strategy=rebootstrap`, KIP-899).

use std::collections::{BTreeMap, VecDeque};

use kafka_protocol::messages::{ApiVersionsRequest, ApiVersionsResponse};
use kafka_protocol::protocol::StrBytes;

use crate::engine::client::alarm::{Deadline, earliest};
use crate::engine::client::backoff;
use crate::engine::client::metadata::Metadata;
use crate::engine::event::EventKind;
use crate::engine::ids::{BrokerId, CorrelationId, EventId, NodeId, Text};
use crate::engine::node::Ctx;
use crate::engine::ordered::Ordered;
use crate::engine::protocol::{Payload, Request, Response};
use crate::engine::rng::Stream;
use crate::engine::time::Micros;

/// `socket.connection.setup.timeout.ms`: how long a connection may take to open.
const SETUP_TIMEOUT: Micros = Micros(10_000_000);

/// The connections of one client. `P` is what an answer is for: what a callback holds in Kafka.
#[derive(Clone, Debug)]
pub struct NetworkClient<P> {
    /// What the client knows of the cluster.
    pub metadata: Metadata,
    bootstrap: Vec<BrokerId>,
    connections: BTreeMap<BrokerId, Connection<P>>,
    request_timeout: Micros,
    next_correlation: u32,
    client_id: Option<Text>,
}

/// Requests that will get no answer, with what each was for.
#[derive(Clone, Debug)]
pub struct Failed<P> {
    /// The broker that they went to.
    pub broker: BrokerId,
    /// True when `request.timeout.ms` was over, false when the connection broke.
    pub timed_out: bool,
    /// What they were for, oldest first.
    pub purposes: Vec<P>,
}

#[derive(Clone, Debug)]
struct Connection<P> {
    state: ConnectionState,
    in_flight: VecDeque<InFlight<P>>,
    /// Attempts in a row that did not lead to an open connection.
    failures: u32,
    /// Earliest moment of the next attempt.
    retry_at: Micros,
    /// What broke it last.
    lost_by: Option<EventId>,
    /// Greatest version that the broker speaks, by API key.
    versions: BTreeMap<i16, i16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ConnectionState {
    /// Not open, and nobody has asked for it since.
    Closed,
    /// Not open, and asked for: to be opened when the pause is over.
    Waiting,
    /// ApiVersions is on its way.
    CheckingApiVersions,
    /// Open.
    Ready,
}

#[derive(Clone, Debug)]
struct InFlight<P> {
    correlation: CorrelationId,
    purpose: Purpose<P>,
    deadline: Deadline,
}

#[derive(Clone, Debug)]
enum Purpose<P> {
    ApiVersions,
    Metadata,
    Own(P),
}

impl<P> NetworkClient<P> {
    /// A client that knows only its bootstrap brokers.
    #[must_use]
    pub fn new(bootstrap: Vec<BrokerId>, request_timeout: Micros) -> NetworkClient<P> {
        NetworkClient {
            metadata: Metadata::new(),
            bootstrap,
            connections: BTreeMap::new(),
            request_timeout,
            next_correlation: 0,
            client_id: None,
        }
    }

    /// The same, calling itself that (`client.id`).
    #[must_use]
    pub fn named(self, client_id: &Text) -> NetworkClient<P> {
        NetworkClient { client_id: Some(client_id.clone()), ..self }
    }

    /// Sets `request.timeout.ms` for requests from now on.
    pub fn set_request_timeout(&mut self, timeout: Micros) {
        self.request_timeout = timeout;
    }

    /// Whether a request can go to `broker` now; opens the connection when that is allowed.
    pub fn ready(&mut self, ctx: &mut Ctx<'_>, broker: BrokerId) -> bool {
        let connection = self.connections.entry(broker).or_insert_with(Connection::closed);
        match connection.state {
            ConnectionState::Ready => true,
            ConnectionState::CheckingApiVersions => false,
            ConnectionState::Closed | ConnectionState::Waiting => {
                connection.state = ConnectionState::Waiting;
                if connection.retry_at <= ctx.now {
                    self.connect(ctx, broker);
                }
                false
            }
        }
    }

    /// Requests to `broker` that wait for an answer.
    #[must_use]
    pub fn in_flight(&self, broker: BrokerId) -> u32 {
        let waiting = self.connections.get(&broker).map_or(0, |open| open.in_flight.len());
        u32::try_from(waiting).unwrap_or(u32::MAX)
    }

    /// Requests of its own that wait for an answer: to whom, until when, for what.
    pub fn under_way(&self) -> impl Iterator<Item = (BrokerId, Micros, &P)> {
        self.connections.iter().flat_map(|(broker, open)| {
            open.in_flight.iter().filter_map(|request| match &request.purpose {
                Purpose::Own(own) => Some((*broker, request.deadline.at, own)),
                Purpose::ApiVersions | Purpose::Metadata => None,
            })
        })
    }

    /// The broker that Kafka's `leastLoadedNode` would choose among those that are known: open with
    /// the fewest requests, else being opened, else one that may be opened now. Starts at random.
    pub fn least_loaded(&mut self, ctx: &mut Ctx<'_>) -> Option<BrokerId> {
        let known = self.metadata.brokers();
        let unreachable = |id: &BrokerId| self.connections.get(id).is_some_and(|c| c.failures > 0);
        let all_failed = known.iter().all(unreachable);
        let candidates = if all_failed { &self.bootstrap } else { known };
        let count = candidates.len();
        let start = ctx.random_below(Stream::Client, u64::try_from(count).unwrap_or(u64::MAX));
        let start = usize::try_from(start).unwrap_or(0);
        (0..count)
            .map(|step| candidates[(start + step) % count])
            .enumerate()
            .filter_map(|(order, id)| Some((self.load(ctx.now, id)?, order, id)))
            .min()
            .map(|(_, _, id)| id)
    }

    /// How willingly a request is given to a broker, least first; `None` while it may not be tried.
    fn load(&self, now: Micros, broker: BrokerId) -> Option<(u8, u32)> {
        let Some(connection) = self.connections.get(&broker) else { return Some((2, 0)) };
        match connection.state {
            ConnectionState::Ready => Some((0, self.in_flight(broker))),
            ConnectionState::CheckingApiVersions => Some((1, 0)),
            ConnectionState::Closed | ConnectionState::Waiting => {
                (connection.retry_at <= now).then_some((2, connection.failures))
            }
        }
    }

    /// Sends a request whose answer matters. The connection must be [`NetworkClient::ready`].
    /// Returns the message's name.
    pub fn send(
        &mut self,
        ctx: &mut Ctx<'_>,
        broker: BrokerId,
        version: Version,
        body: Request,
        purpose: P,
    ) -> EventId {
        self.dispatch(ctx, broker, version, body, Some(Purpose::Own(purpose)))
    }

    /// The same for a request that may take longer than others: JoinGroup, SyncGroup.
    pub fn send_within(
        &mut self,
        ctx: &mut Ctx<'_>,
        broker: BrokerId,
        version: Version,
        body: Request,
        purpose: P,
        timeout: Micros,
    ) -> EventId {
        let usual = self.request_timeout;
        self.request_timeout = usual.max(timeout);
        let sent = self.send(ctx, broker, version, body, purpose);
        self.request_timeout = usual;
        sent
    }

    /// Sends a request that gets no answer: Produce with acks=0.
    pub fn send_unanswered(
        &mut self,
        ctx: &mut Ctx<'_>,
        broker: BrokerId,
        version: Version,
        body: Request,
    ) -> EventId {
        self.dispatch(ctx, broker, version, body, None)
    }

    /// An answer arrived: what it is for, when its request is one of the client's own.
    pub fn on_response(
        &mut self,
        ctx: &mut Ctx<'_>,
        broker: BrokerId,
        correlation: CorrelationId,
        body: Response,
    ) -> Option<(P, Response)> {
        let connection = self.connections.get_mut(&broker)?;
        let index = connection.in_flight.iter().position(|r| r.correlation == correlation)?;
        let request = connection.in_flight.remove(index)?;
        match (request.purpose, body) {
            (Purpose::Own(purpose), body) => Some((purpose, body)),
            (Purpose::ApiVersions, Response::ApiVersions(response)) => {
                connection.opened(&response);
                None
            }
            (Purpose::Metadata, Response::Metadata(response)) => {
                self.metadata.update(ctx, &response);
                None
            }
            (Purpose::ApiVersions | Purpose::Metadata, _) => None,
        }
    }

    /// The connection to `broker` broke: its requests fail, and what is known may be out of date.
    pub fn on_connection_lost(&mut self, ctx: &mut Ctx<'_>, broker: BrokerId) -> Failed<P> {
        self.close(ctx, broker, false)
    }

    /// Closes every connection on which a request is overdue.
    pub fn close_overdue(&mut self, ctx: &mut Ctx<'_>) -> Vec<Failed<P>> {
        let overdue =
            |c: &Connection<P>| c.in_flight.iter().any(|request| request.deadline.at <= ctx.now);
        let brokers: Vec<BrokerId> =
            self.connections.iter().filter(|(_, c)| overdue(c)).map(|(id, _)| *id).collect();
        let mut failed = Vec::new();
        for broker in brokers {
            let peer = NodeId::Broker(broker);
            ctx.emit(EventKind::ConnectionLost { peer });
            ctx.disconnect(peer);
            failed.push(self.close(ctx, broker, true));
        }
        failed
    }

    /// Refreshes metadata when that is due, and opens connections that were waited for.
    pub fn poll(&mut self, ctx: &mut Ctx<'_>) {
        let is_due =
            |c: &Connection<P>| c.state == ConnectionState::Waiting && c.retry_at <= ctx.now;
        let waited_for: Vec<BrokerId> =
            self.connections.iter().filter(|(_, c)| is_due(c)).map(|(id, _)| *id).collect();
        for broker in waited_for {
            self.connect(ctx, broker);
        }
        if self.metadata.due().is_some_and(|due| due.at <= ctx.now)
            && let Some(broker) = self.least_loaded(ctx)
            && self.ready(ctx, broker)
        {
            let body = Request::Metadata(self.metadata.take_request());
            self.dispatch(ctx, broker, version::METADATA, body, Some(Purpose::Metadata));
        }
    }

    /// When [`NetworkClient::poll`] has something to do next.
    #[must_use]
    pub fn next_poll(&self, now: Micros) -> Option<Deadline> {
        let refresh = self
            .metadata
            .due()
            .and_then(|due| if due.at > now { Some(due) } else { self.next_attempt(now) });
        let waited_for = self.connections.values().filter(|c| c.state == ConnectionState::Waiting);
        waited_for
            .map(|c| Some(Deadline { at: c.retry_at, cause: c.lost_by }))
            .fold(refresh, earliest)
    }

    /// When the earliest unanswered request times out.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Deadline> {
        let waiting = self.connections.values().flat_map(|c| &c.in_flight);
        waiting.map(|request| Some(request.deadline)).fold(None, earliest)
    }

    /// When the next broker that is in a pause may be tried again.
    fn next_attempt(&self, now: Micros) -> Option<Deadline> {
        let pausing = self.connections.values().filter(|c| {
            matches!(c.state, ConnectionState::Closed | ConnectionState::Waiting)
                && c.retry_at > now
        });
        pausing.map(|c| Some(Deadline { at: c.retry_at, cause: c.lost_by })).fold(None, earliest)
    }

    fn connect(&mut self, ctx: &mut Ctx<'_>, broker: BrokerId) {
        let pause = match self.connections.get(&broker) {
            Some(connection) => backoff::RECONNECT.pause(ctx, connection.failures),
            None => return,
        };
        if let Some(connection) = self.connections.get_mut(&broker) {
            connection.state = ConnectionState::CheckingApiVersions;
            connection.retry_at = ctx.now + pause;
            connection.failures = connection.failures.saturating_add(1);
        }
        let request = ApiVersionsRequest::default()
            .with_client_software_name(StrBytes::from_static_str("highwater"))
            .with_client_software_version(StrBytes::from_static_str(env!("CARGO_PKG_VERSION")));
        let body = Request::ApiVersions(request);
        self.dispatch(ctx, broker, version::API_VERSIONS, body, Some(Purpose::ApiVersions));
    }

    fn close(&mut self, ctx: &mut Ctx<'_>, broker: BrokerId, timed_out: bool) -> Failed<P> {
        let mut purposes = Vec::new();
        let requests = match self.connections.get_mut(&broker) {
            Some(connection) => {
                connection.state = match connection.state {
                    ConnectionState::Waiting => ConnectionState::Waiting,
                    _ => ConnectionState::Closed,
                };
                connection.lost_by = ctx.timer_cause();
                std::mem::take(&mut connection.in_flight)
            }
            None => VecDeque::new(),
        };
        for request in requests {
            match request.purpose {
                Purpose::Own(purpose) => purposes.push(purpose),
                Purpose::Metadata => self.metadata.failed(ctx),
                Purpose::ApiVersions => {}
            }
        }
        self.metadata.request_update(ctx.timer_cause());
        Failed { broker, timed_out, purposes }
    }

    fn dispatch(
        &mut self,
        ctx: &mut Ctx<'_>,
        broker: BrokerId,
        version: Version,
        body: Request,
        purpose: Option<Purpose<P>>,
    ) -> EventId {
        let correlation = CorrelationId(self.next_correlation);
        self.next_correlation = self.next_correlation.wrapping_add(1);
        let connection = self.connections.entry(broker).or_insert_with(Connection::closed);
        let spoken = connection.versions.get(&version.key).copied().unwrap_or(version.most);
        let (version, client_id) = (version.most.min(spoken), self.client_id.clone());
        let payload = Payload::Request { correlation, version, client_id, body };
        let message = ctx.send(NodeId::Broker(broker), payload);
        if let Some(purpose) = purpose {
            let allowed = match purpose {
                Purpose::ApiVersions => self.request_timeout.min(SETUP_TIMEOUT),
                Purpose::Metadata | Purpose::Own(_) => self.request_timeout,
            };
            let deadline = Deadline { at: ctx.now + allowed, cause: Some(message) };
            connection.in_flight.push_back(InFlight { correlation, purpose, deadline });
        }
        message
    }
}

impl<P> Connection<P> {
    fn closed() -> Connection<P> {
        Connection {
            state: ConnectionState::Closed,
            in_flight: VecDeque::new(),
            failures: 0,
            retry_at: Micros::ZERO,
            lost_by: None,
            versions: BTreeMap::new(),
        }
    }

    fn opened(&mut self, response: &ApiVersionsResponse) {
        self.state = ConnectionState::Ready;
        self.failures = 0;
        self.versions =
            response.api_keys.iter().map(|api| (api.api_key, api.max_version)).ordered();
    }
}

/// An API and the version that this client speaks; a broker with a lower one is spoken to in that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// Kafka's number of the API.
    pub key: i16,
    /// The version wanted.
    pub most: i16,
}

/// The versions that the clients here speak: within the ranges of Kafka 3.9.1.
pub mod version {
    use super::Version;

    /// Produce.
    pub const PRODUCE: Version = Version { key: 0, most: 11 };
    /// Fetch: the last version that names topics rather than numbering them.
    pub const FETCH: Version = Version { key: 1, most: 12 };
    /// ListOffsets.
    pub const LIST_OFFSETS: Version = Version { key: 2, most: 7 };
    /// OffsetForLeaderEpoch.
    pub const OFFSET_FOR_LEADER_EPOCH: Version = Version { key: 23, most: 4 };
    /// Metadata, with topic ids.
    pub const METADATA: Version = Version { key: 3, most: 12 };
    /// ApiVersions.
    pub const API_VERSIONS: Version = Version { key: 18, most: 3 };
    /// OffsetCommit.
    pub const OFFSET_COMMIT: Version = Version { key: 8, most: 9 };
    /// OffsetFetch.
    pub const OFFSET_FETCH: Version = Version { key: 9, most: 9 };
    /// FindCoordinator.
    pub const FIND_COORDINATOR: Version = Version { key: 10, most: 6 };
    /// JoinGroup.
    pub const JOIN_GROUP: Version = Version { key: 11, most: 9 };
    /// Heartbeat.
    pub const HEARTBEAT: Version = Version { key: 12, most: 4 };
    /// LeaveGroup.
    pub const LEAVE_GROUP: Version = Version { key: 13, most: 5 };
    /// SyncGroup.
    pub const SYNC_GROUP: Version = Version { key: 14, most: 5 };
    /// CreateTopics.
    pub const CREATE_TOPICS: Version = Version { key: 19, most: 7 };
    /// InitProducerId.
    pub const INIT_PRODUCER_ID: Version = Version { key: 22, most: 5 };
    /// DeleteTopics, by name or by id.
    pub const DELETE_TOPICS: Version = Version { key: 20, most: 6 };
    /// CreatePartitions.
    pub const CREATE_PARTITIONS: Version = Version { key: 37, most: 3 };
    /// ElectLeaders.
    pub const ELECT_LEADERS: Version = Version { key: 43, most: 2 };
    /// AlterPartitionReassignments.
    pub const ALTER_PARTITION_REASSIGNMENTS: Version = Version { key: 45, most: 0 };
    /// IncrementalAlterConfigs.
    pub const INCREMENTAL_ALTER_CONFIGS: Version = Version { key: 44, most: 1 };
}
