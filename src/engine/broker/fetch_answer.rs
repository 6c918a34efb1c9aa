//! Fetch: the answer as a message, and what it makes of its session.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::fetch_response::{
    FetchableTopicResponse, LeaderIdAndEpoch, NodeEndpoint, PartitionData,
};
use kafka_protocol::messages::{BrokerId as WireBroker, FetchResponse};
use kafka_protocol::protocol::StrBytes;

use crate::engine::broker::fetch::{ParkedFetch, Scope};
use crate::engine::broker::fetch_read::Piece;
use crate::engine::broker::fetch_session::{Ask, Told};
use crate::engine::broker::{Broker, Caller};
use crate::engine::ids::{BrokerId, LeaderEpoch, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::protocol::Response;
use crate::engine::rng::Stream;

/// First version whose answers name the new leader beside an error (KIP-951).
const NEW_LEADERS: i16 = 16;

impl Broker {
    /// Sends the answer; within a session only what is news to the fetcher
    /// (`CachedPartition.maybeUpdateResponseData`).
    pub(super) fn answer(
        &mut self,
        ctx: &mut Ctx<'_>,
        fetch: &ParkedFetch,
        asks: &[Ask],
        pieces: Vec<Piece>,
    ) {
        let number = match fetch.scope {
            Scope::Listed(_) => 0,
            Scope::Opening(_) => self.open_session(ctx, fetch, asks, &pieces),
            Scope::Session(id) => id,
        };
        let mut response = FetchResponse::default().with_session_id(number);
        for (ask, piece) in asks.iter().zip(pieces) {
            if matches!(fetch.scope, Scope::Session(_)) && !self.is_news(number, ask, &piece) {
                continue;
            }
            let mut data = match self.in_version(fetch.caller.version, ask, piece) {
                Ok(piece) => piece.data(ask.id.partition),
                Err(error) => {
                    let data = Piece::failed(error).data(ask.id.partition);
                    data.with_aborted_transactions(Some(Vec::new())).with_records(None)
                }
            };
            if fetch.caller.version >= NEW_LEADERS {
                self.name_new_leader(&mut data, &mut response, &ask.id);
            }
            match response.responses.last_mut() {
                Some(topic) if is_topic(topic, ask) => topic.partitions.push(data),
                _ => response.responses.push(
                    FetchableTopicResponse::default()
                        .with_topic(ask.wire_name.clone())
                        .with_topic_id(ask.topic_id)
                        .with_partitions(vec![data]),
                ),
            }
        }
        ctx.send(fetch.caller.node, fetch.caller.answer(Response::Fetch(response)));
    }

    /// Opens the session that a full fetch wants, with what its answer tells
    /// (`FullFetchContext.updateAndGenerateResponseData`). 0: there is no room for one.
    fn open_session(
        &mut self,
        ctx: &mut Ctx<'_>,
        fetch: &ParkedFetch,
        asks: &[Ask],
        pieces: &[Piece],
    ) -> i32 {
        let told: Vec<Option<Told>> = pieces.iter().map(Piece::told).collect();
        let follower = fetch.reader.follower;
        let random = ctx.random_u64(Stream::Broker);
        self.fetch_sessions.open(follower, asks, &told, (ctx.now, random)).unwrap_or(0)
    }

    /// Whether a session's answer must have this partition; takes in what it tells.
    fn is_news(&mut self, number: i32, ask: &Ask, piece: &Piece) -> bool {
        let Some(session) = self.fetch_sessions.get_mut(number) else { return true };
        let has_records = !piece.records.is_empty();
        let told = piece.told();
        let quiet =
            told == Some(session.told(&ask.id)) && !has_records && piece.diverging.is_none();
        session.answered(&ask.id, told, has_records);
        !quiet
    }

    fn name_new_leader(
        &self,
        data: &mut PartitionData,
        response: &mut FetchResponse,
        id: &TopicPartition,
    ) {
        let moved = [ResponseError::NotLeaderOrFollower, ResponseError::FencedLeaderEpoch];
        if !moved.iter().any(|error| error.code() == data.error_code) {
            return;
        }
        let (leader, epoch) = self.known_leader(id);
        let id = WireBroker(leader.map_or(-1, |leader| leader.0));
        data.current_leader =
            LeaderIdAndEpoch::default().with_leader_id(id).with_leader_epoch(epoch.0);
        if let Some(leader) = leader.filter(|leader| self.is_alive(*leader))
            && !response.node_endpoints.iter().any(|node| node.node_id == id)
        {
            let host = StrBytes::from_string(self.host_of(leader));
            let node = NodeEndpoint::default().with_node_id(id).with_host(host);
            response.node_endpoints.push(node.with_port(self.port_of(leader)));
        }
    }

    /// The leader of a partition and its reign, as this broker knows (`KafkaApis.getCurrentLeader`).
    pub(super) fn known_leader(&self, id: &TopicPartition) -> (Option<BrokerId>, LeaderEpoch) {
        let own = self.partitions.get(id).and_then(|partition| partition.state.as_ref());
        let told = own.or_else(|| self.metadata.state(id));
        told.map_or((None, LeaderEpoch::NONE), |state| (state.leader, state.leader_epoch))
    }
}

fn is_topic(topic: &FetchableTopicResponse, ask: &Ask) -> bool {
    topic.topic == ask.wire_name && topic.topic_id == ask.topic_id
}

/// The session is unknown or out of step: the fetcher opens a new one.
pub(super) fn refuse(ctx: &mut Ctx<'_>, caller: Caller, error: ResponseError) {
    let response = FetchResponse::default().with_error_code(error.code());
    ctx.send(caller.node, caller.answer(Response::Fetch(response)));
}
