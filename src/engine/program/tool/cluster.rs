//! What tools ask a cluster about itself: topics, settings, brokers, moves.

use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::DescribeConfigsResult;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{
    self as kafka, DescribeClusterRequest, DescribeConfigsRequest,
    ListPartitionReassignmentsRequest, MetadataRequest,
};
use kafka_protocol::protocol::StrBytes;

use crate::engine::client::admin_task::Destination;
use crate::engine::client::calls::{Answer, Call};
use crate::engine::client::network_client::Version;
use crate::engine::ids::{BrokerId, Text};
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::shell::{Flow, Shell, Stop};
use crate::engine::protocol::{Request, Response};

/// `ConfigResource.Type.TOPIC`.
pub(super) const TOPIC: i8 = 2;

/// A topic as a broker tells it.
#[derive(Clone, Debug)]
pub(super) struct TopicInfo {
    pub(super) name: Text,
    pub(super) id: u128,
    pub(super) internal: bool,
    pub(super) error: i16,
    /// By number.
    pub(super) partitions: Vec<PartitionInfo>,
}

/// A partition as a broker tells it.
#[derive(Clone, Debug)]
pub(super) struct PartitionInfo {
    pub(super) index: i32,
    pub(super) leader: Option<i32>,
    pub(super) replicas: Vec<i32>,
    pub(super) isr: Vec<i32>,
}

/// A move of a partition that is under way.
#[derive(Clone, Debug)]
pub(super) struct Reassignment {
    pub(super) topic: Text,
    pub(super) partition: i32,
    pub(super) replicas: Vec<i32>,
    pub(super) adding: Vec<i32>,
    pub(super) removing: Vec<i32>,
}

/// A version of an API.
pub(super) fn version(key: i16, most: i16) -> Version {
    Version { key, most }
}

/// Text as messages have it.
pub(super) fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// A topic's name as messages have it.
pub(super) fn topic_name(name: &str) -> kafka::TopicName {
    kafka::TopicName(text(name))
}

/// Numbers as Kafka's tools list them: `1,2,3`.
pub(super) fn list(numbers: &[i32]) -> String {
    let numbers: Vec<String> = numbers.iter().map(i32::to_string).collect();
    numbers.join(",")
}

/// Broker ids as plain numbers.
pub(super) fn ids(brokers: &[kafka::BrokerId]) -> Vec<i32> {
    brokers.iter().map(|broker| broker.0).collect()
}

/// An answer, or what Kafka throws when there is none.
pub(super) fn answered(answer: &Answer) -> Result<&Response, Fault> {
    match answer {
        Answer::Response(response) => Ok(response),
        Answer::TimedOut(words) => Err(Fault::execution(Fault::timeout(words))),
    }
}

impl Shell<'_> {
    /// Asks one thing.
    pub(super) fn ask(
        &mut self,
        name: &'static str,
        to: Destination,
        version: Version,
        body: Request,
    ) -> Flow<Response> {
        let answers = self.ask_all(vec![Call { name, to, version, body }])?;
        match answers.first() {
            Some(answer) => Ok(answered(answer)?.clone()),
            None => Err(Stop::Waiting),
        }
    }

    /// Topics, all or those named, in the order of the answer; `call` is what Kafka calls it.
    pub(super) fn topics(
        &mut self,
        call: &'static str,
        names: Option<&[Text]>,
    ) -> Flow<Vec<TopicInfo>> {
        self.metadata(call, names, false)
    }

    /// Topics that are named; brokers may create those that are not there.
    pub(super) fn topics_or_new(
        &mut self,
        call: &'static str,
        names: &[Text],
    ) -> Flow<Vec<TopicInfo>> {
        self.metadata(call, Some(names), true)
    }

    fn metadata(
        &mut self,
        call: &'static str,
        names: Option<&[Text]>,
        create: bool,
    ) -> Flow<Vec<TopicInfo>> {
        let wanted = names.map(|names| {
            let named = names
                .iter()
                .map(|n| MetadataRequestTopic::default().with_name(Some(topic_name(n))));
            named.collect()
        });
        let request =
            MetadataRequest::default().with_topics(wanted).with_allow_auto_topic_creation(create);
        let request = Request::Metadata(request);
        match self.ask(call, Destination::Any, version(3, 12), request)? {
            Response::Metadata(told) => Ok(told.topics.iter().map(topic_info).collect()),
            _ => Ok(Vec::new()),
        }
    }

    /// Live brokers, by id, each with its address.
    pub(super) fn brokers(&mut self) -> Flow<Vec<(i32, String, i32)>> {
        let request =
            Request::DescribeCluster(DescribeClusterRequest::default().with_endpoint_type(1));
        match self.ask("listNodes", Destination::Any, version(60, 1), request)? {
            Response::DescribeCluster(told) => {
                let brokers = told.brokers.iter();
                let mut brokers: Vec<(i32, String, i32)> =
                    brokers.map(|b| (b.broker_id.0, b.host.to_string(), b.port)).collect();
                brokers.sort();
                Ok(brokers)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Settings of things of one kind, in their order.
    pub(super) fn describe_configs(
        &mut self,
        (kind, names): (i8, &[Text]),
        synonyms: bool,
    ) -> Flow<Vec<DescribeConfigsResult>> {
        let resource = |name: &Text| {
            DescribeConfigsResource::default()
                .with_resource_type(kind)
                .with_resource_name(text(name))
                .with_configuration_keys(None)
        };
        let request = |names: &[Text]| {
            DescribeConfigsRequest::default()
                .with_resources(names.iter().map(resource).collect())
                .with_include_synonyms(synonyms)
        };
        // A broker's are asked of that broker, all else of any, at once.
        let broker = |name: &Text| match kind {
            TOPIC => None,
            _ => name.parse().ok().map(BrokerId),
        };
        let (own, shared): (Vec<Text>, Vec<Text>) =
            names.iter().cloned().partition(|name| broker(name).is_some());
        let mut calls: Vec<Call> = own
            .iter()
            .map(|name| describe_call(broker(name), request(std::slice::from_ref(name))))
            .collect();
        if !shared.is_empty() {
            calls.push(describe_call(None, request(&shared)));
        }
        let mut results = Vec::new();
        for answer in self.ask_all(calls)?.iter() {
            if let Response::DescribeConfigs(told) = answered(answer)? {
                results.extend(told.results.iter().cloned());
            }
        }
        let place = |name: &str| names.iter().position(|known| **known == *name);
        results.sort_by_key(|result| place(&result.resource_name));
        Ok(results)
    }

    /// Moves that are under way, of all partitions.
    pub(super) fn reassignments(&mut self) -> Flow<Vec<Reassignment>> {
        let request =
            ListPartitionReassignmentsRequest::default().with_timeout_ms(30_000).with_topics(None);
        let request = Request::ListPartitionReassignments(request);
        let call = "listPartitionReassignments";
        let response = self.ask(call, Destination::Controller, version(46, 0), request)?;
        let Response::ListPartitionReassignments(told) = response else { return Ok(Vec::new()) };
        if told.error_code != 0 {
            let words = told.error_message.as_deref();
            return Err(Fault::execution(Fault::of_error(told.error_code, words)).into());
        }
        let moves = told.topics.iter().flat_map(|topic| {
            topic.partitions.iter().map(|p| Reassignment {
                topic: topic.name.as_str().into(),
                partition: p.partition_index,
                replicas: ids(&p.replicas),
                adding: ids(&p.adding_replicas),
                removing: ids(&p.removing_replicas),
            })
        });
        Ok(moves.collect())
    }
}

fn describe_call(broker: Option<BrokerId>, request: DescribeConfigsRequest) -> Call {
    Call {
        name: "describeConfigs",
        to: broker.map_or(Destination::Any, Destination::Broker),
        version: version(32, 4),
        body: Request::DescribeConfigs(request),
    }
}

fn topic_info(topic: &kafka::metadata_response::MetadataResponseTopic) -> TopicInfo {
    let mut partitions: Vec<PartitionInfo> = topic
        .partitions
        .iter()
        .map(|partition| PartitionInfo {
            index: partition.partition_index,
            leader: Some(partition.leader_id.0).filter(|id| *id >= 0),
            replicas: ids(&partition.replica_nodes),
            isr: ids(&partition.isr_nodes),
        })
        .collect();
    partitions.sort_by_key(|partition| partition.index);
    TopicInfo {
        name: topic.name.as_ref().map_or("", |name| name.as_str()).into(),
        id: topic.topic_id.as_u128(),
        internal: topic.is_internal,
        error: topic.error_code,
        partitions,
    }
}
