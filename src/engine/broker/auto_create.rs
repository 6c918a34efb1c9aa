//! Topics that come into being because somebody asks for them (`AutoTopicCreationManager`).
//!
//! In ZooKeeper mode the broker that is asked for a topic's metadata writes the topic to ZooKeeper
//! itself, whoever the controller is, and answers LEADER_NOT_AVAILABLE: the client asks again, and by
//! then there is a leader. Produce never creates anything.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ResponseError;
use kafka_protocol::messages::MetadataRequest;
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;

use crate::engine::broker::metadata::{is_all_topics, named};
use crate::engine::broker::{Broker, Caller};
use crate::engine::controller::topic_name::{self, CONSUMER_OFFSETS};
use crate::engine::ids::TopicName;
use crate::engine::node::Ctx;
use crate::engine::ordered::Ordered;

/// Metadata requests that wait for topics to be written.
#[derive(Clone, Debug, Default)]
pub struct AutoCreations {
    /// By the number of the control plane's task.
    waiting: BTreeMap<u64, Waiting>,
    /// Topics on their way (`inflightTopics`).
    in_flight: BTreeSet<TopicName>,
}

#[derive(Clone, Debug)]
struct Waiting {
    /// Who asked for the topics' metadata; a coordinator's topic comes without anybody waiting.
    asked: Option<(Caller, MetadataRequest)>,
    topics: Vec<TopicName>,
}

impl Broker {
    /// Begins to create the topics that a Metadata request asks for and nobody has, where that is
    /// allowed. True when the answer has to wait for it.
    pub(super) fn creates_topics(
        &mut self,
        ctx: &mut Ctx<'_>,
        caller: Caller,
        request: &MetadataRequest,
    ) -> bool {
        let allowed = self.config.auto_create_topics_enable
            && request.allow_auto_topic_creation
            && !is_all_topics(request, caller.version);
        if !allowed {
            return false;
        }
        let asked = request.topics.iter().flatten().filter_map(named);
        let missing = asked.filter(|topic| {
            !self.metadata.has(topic)
                && topic_name::illegal(topic.as_str()).is_none()
                && (!topic_name::is_internal(topic) || topic.as_str() == CONSUMER_OFFSETS)
                && !self.auto_creations.in_flight.contains(topic)
        });
        let missing: BTreeSet<TopicName> = missing.ordered();
        if missing.is_empty() {
            return false;
        }
        let topics: Vec<TopicName> = missing.into_iter().collect();
        self.auto_creations.in_flight.extend(topics.iter().cloned());
        let brokers = self.metadata.live_brokers().collect();
        let id = self.control.auto_create_topics(ctx, &topics, brokers);
        let waiting = Waiting { asked: Some((caller, request.clone())), topics };
        self.auto_creations.waiting.insert(id, waiting);
        true
    }

    /// Begins to create a topic of Kafka's own, unless it is on its way.
    pub(super) fn create_internal_topic(&mut self, ctx: &mut Ctx<'_>, topic: &TopicName) {
        if !self.auto_creations.in_flight.insert(topic.clone()) {
            return;
        }
        let topics = vec![topic.clone()];
        let brokers = self.metadata.live_brokers().collect();
        let id = self.control.auto_create_topics(ctx, &topics, brokers);
        self.auto_creations.waiting.insert(id, Waiting { asked: None, topics });
    }

    /// The topics are written, or could not be: Kafka's error of each.
    pub(super) fn auto_created(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: u64,
        errors: &BTreeMap<TopicName, i16>,
    ) {
        let Some(waiting) = self.auto_creations.waiting.remove(&id) else { return };
        for topic in &waiting.topics {
            self.auto_creations.in_flight.remove(topic);
        }
        let Some((caller, request)) = waiting.asked else { return };
        let created = waiting.topics.iter().map(|topic| {
            let error = errors.get(topic).copied().unwrap_or(0);
            (topic.clone(), told(error))
        });
        let created: BTreeMap<TopicName, i16> = created.ordered();
        self.answer_metadata_with(ctx, caller, &request, &created);
    }

    /// The answer about a topic that nobody has.
    pub(super) fn missing_topic(
        &self,
        name: &TopicName,
        created: &BTreeMap<TopicName, i16>,
    ) -> MetadataResponseTopic {
        let error = match created.get(name) {
            Some(error) => *error,
            None if topic_name::illegal(name.as_str()).is_some() => {
                ResponseError::InvalidTopicException.code()
            }
            None => ResponseError::UnknownTopicOrPartition.code(),
        };
        MetadataResponseTopic::default()
            .with_error_code(error)
            .with_name(Some(crate::engine::broker::metadata::wire_name(name)))
            .with_is_internal(topic_name::is_internal(name))
    }
}

/// What the client is told of a creation (`createTopicsInZk`): a topic that is there now, whoever made
/// it, has no leader yet.
fn told(error: i16) -> i16 {
    let settled =
        [0, ResponseError::TopicAlreadyExists.code(), ResponseError::RequestTimedOut.code()];
    if settled.contains(&error) { ResponseError::LeaderNotAvailable.code() } else { error }
}
