//! New topics get their first leaders (`KafkaController.processTopicChange`,
//! `onNewPartitionCreation`).
//!
//! The controller learns of a topic by its watch on `/brokers/topics`, whoever made the znode.

use crate::engine::controller::ControlPlane;
use crate::engine::controller::failover::topic_names;
use crate::engine::controller::operation::{Phase, Question};
use crate::engine::controller::state_json::TOPICS;
use crate::engine::event::ElectionReason;
use crate::engine::ids::TopicName;
use crate::engine::protocol::zk::{ZkError, ZkOp, ZkResult};

type Results = [Result<ZkResult, ZkError>];

impl ControlPlane {
    pub(super) fn ask_for_topic_list(&self) -> Question {
        Question::Pipelined(vec![ZkOp::GetChildren { path: TOPICS.into(), watch: true }])
    }

    pub(super) fn found_topics(&mut self, results: &Results) {
        let mut topics = topic_names(results.first());
        let gone = |topic: &&TopicName| !topics.contains(topic);
        let gone: Vec<TopicName> = self.context.topics.keys().filter(gone).cloned().collect();
        for topic in gone {
            self.context.remove_topic(&topic);
        }
        topics.retain(|topic| !self.context.topics.contains_key(topic));
        self.queue.then([Phase::LoadTopics { topics }]);
    }

    pub(super) fn loaded_topics(&mut self, topics: &[TopicName], results: &Results) {
        if topics.is_empty() {
            return;
        }
        self.add_topics(topics, results);
        let elect = Phase::Elect { reason: ElectionReason::NewPartition, topic: None };
        self.queue.then([elect, Phase::Flush]);
    }
}
