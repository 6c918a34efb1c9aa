//! A DeleteTopics request (`KafkaApis.handleDeleteTopicsRequest`, `ZkAdminManager.deleteTopics`).
//!
//! It only marks the topics; the controller sees the marks by its watch and does the work. The answer
//! waits until this broker's clients no longer see the topics, or until the time is over.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::{DeleteTopicsRequest, DeleteTopicsResponse, TopicName as WireTopic};
use uuid::Uuid;

use crate::engine::controller::operation::Asker;
use crate::engine::controller::state_json::delete_topic_path;
use crate::engine::controller::{AdminTask, ControlPlane, Tag};
use crate::engine::ids::TopicName;
use crate::engine::node::Ctx;
use crate::engine::protocol::zk::{ZkError, ZkOp, ZkResult};
use crate::engine::protocol::{Payload, Response};
use crate::engine::time::Micros;

type Results = [Result<ZkResult, ZkError>];

/// One topic of a request.
#[derive(Clone, Debug)]
struct Wanted {
    name: Option<TopicName>,
    id: Uuid,
    error: Option<ResponseError>,
}

/// A DeleteTopics request being served.
#[derive(Clone, Debug)]
pub struct Deletion {
    asker: Asker,
    topics: Vec<Wanted>,
    timeout: Micros,
    /// Whether the marks are written.
    marked: bool,
}

impl ControlPlane {
    /// A DeleteTopics request.
    pub(super) fn delete_topics(
        &mut self,
        ctx: &mut Ctx,
        asker: Asker,
        request: &DeleteTopicsRequest,
    ) {
        let mut topics = wanted(request);
        for topic in &mut topics {
            self.check_deletion(asker.version, topic);
        }
        let timeout = Micros::from_ms(i64::from(request.timeout_ms.max(0)));
        let deletion = Deletion { asker, topics, timeout, marked: false };
        let ops: Vec<ZkOp> = deletion.open().map(mark).collect();
        if ops.is_empty() {
            return deletion.answer(ctx);
        }
        let id = self.add_task(AdminTask::Delete(deletion));
        self.zk.ask(ctx, Tag::Admin(id), ops);
    }

    /// The marks are written. One that was there already is waited for all the same.
    pub(super) fn marked_topics(
        &mut self,
        ctx: &mut Ctx,
        id: u64,
        mut deletion: Deletion,
        results: &Results,
    ) -> Option<Deletion> {
        let mut results = results.iter();
        for topic in deletion.topics.iter_mut().filter(|topic| topic.error.is_none()) {
            match results.next() {
                Some(Ok(_) | Err(ZkError::NodeExists)) => {}
                _ => topic.error = Some(ResponseError::UnknownServerError),
            }
        }
        deletion.marked = true;
        if deletion.open().next().is_none() {
            deletion.answer(ctx);
            return None;
        }
        self.await_task(ctx, id, deletion.timeout);
        Some(deletion)
    }

    /// Whether this broker's clients no longer see the topics.
    pub(super) fn sees_deletion(&self, deletion: &Deletion) -> bool {
        let gone = |topic: &TopicName| {
            let context = &self.context;
            context.is_deleting(topic) || !context.topics.contains_key(topic)
        };
        deletion.marked && self.channels.is_idle(self.broker) && deletion.open().all(gone)
    }

    fn check_deletion(&self, version: i16, topic: &mut Wanted) {
        if !self.active {
            topic.error = Some(ResponseError::NotController);
        } else if !self.config.delete_topic_enable {
            topic.error = Some(if version < 3 {
                ResponseError::InvalidRequest
            } else {
                ResponseError::TopicDeletionDisabled
            });
        } else if topic.name.is_some() && !topic.id.is_nil() {
            topic.error = Some(ResponseError::InvalidRequest);
        } else if topic.name.is_none() {
            topic.name = self.context.topic_of(topic.id);
            if topic.name.is_none() {
                topic.error = Some(ResponseError::UnknownTopicId);
            }
        }
        if topic.error.is_none() && !topic.name.as_ref().is_some_and(|name| self.shows(name)) {
            topic.error = Some(ResponseError::UnknownTopicOrPartition);
        }
    }

    /// Whether clients see a topic: it exists, and is not on its way out.
    fn shows(&self, topic: &TopicName) -> bool {
        self.context.topics.contains_key(topic) && !self.context.is_deleting(topic)
    }
}

impl Deletion {
    /// Whether it waits for ZooKeeper.
    pub(super) fn asks_zookeeper(&self) -> bool {
        !self.marked
    }

    /// ZooKeeper will not answer any more.
    pub(super) fn abandon(mut self, ctx: &mut Ctx) {
        self.fail(ResponseError::NotController);
        self.answer(ctx);
    }

    /// The time is over.
    pub(super) fn time_out(mut self, ctx: &mut Ctx) {
        self.fail(ResponseError::RequestTimedOut);
        self.answer(ctx);
    }

    pub(super) fn answer(self, ctx: &mut Ctx) {
        let rows = self.topics.into_iter().map(|topic| {
            let name = topic.name.map(|name| WireTopic(name.as_str().to_owned().into()));
            DeletableTopicResult::default()
                .with_name(name)
                .with_topic_id(topic.id)
                .with_error_code(topic.error.map_or(0, |error| error.code()))
        });
        let response = DeleteTopicsResponse::default().with_responses(rows.collect());
        let Asker { from, correlation, version } = self.asker;
        let body = Response::DeleteTopics(response);
        ctx.send(from, Payload::Response { correlation, version, body });
    }

    fn open(&self) -> impl Iterator<Item = &TopicName> {
        let open = self.topics.iter().filter(|topic| topic.error.is_none());
        open.filter_map(|topic| topic.name.as_ref())
    }

    fn fail(&mut self, error: ResponseError) {
        for topic in self.topics.iter_mut().filter(|topic| topic.error.is_none()) {
            topic.error = Some(error);
        }
    }
}

/// The topics asked for: version 6 has a list of names or ids, those before it a list of names.
fn wanted(request: &DeleteTopicsRequest) -> Vec<Wanted> {
    let states = request.topics.iter().map(|state| Wanted {
        name: state.name.as_ref().map(|name| TopicName::new(&name.0)),
        id: state.topic_id,
        error: None,
    });
    let names = request.topic_names.iter().map(|name| Wanted {
        name: Some(TopicName::new(&name.0)),
        id: Uuid::nil(),
        error: None,
    });
    states.chain(names).collect()
}

fn mark(topic: &TopicName) -> ZkOp {
    let (path, data) = (delete_topic_path(topic), "".into());
    ZkOp::Create { path, data, ephemeral: false, sequential: false }
}
