//! What tools ask the coordinators of groups (`KafkaAdminClient`, and `AdminApiDriver` with
//! `CoordinatorStrategy`): coordinators are looked up until each is known or the time is over; one that
//! is none any more sends the question back to the look-up.

use std::collections::BTreeMap;

use kafka_protocol::messages::find_coordinator_response::Coordinator as WireCoordinator;
use kafka_protocol::messages::{
    self as kafka, DescribeGroupsRequest, FindCoordinatorRequest, GroupId, ListGroupsRequest,
    MetadataRequest, OffsetFetchRequest, offset_fetch_request::OffsetFetchRequestGroup,
};

use crate::engine::assignor::consumer_protocol::read_assignment;
use crate::engine::client::admin_task::Destination;
use crate::engine::client::calls::{Answer, Call};
use crate::engine::client::network_client::{Version, version as versions};
use crate::engine::ids::{BrokerId, Text};
use crate::engine::program::tool::cluster::{answered, text, version};
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::partitions::{Partition, pause_ms};
use crate::engine::program::tool::shell::{Flow, Shell};
use crate::engine::protocol::{Request, Response};
use crate::engine::time::Micros;

/// `ConsumerProtocol.PROTOCOL_TYPE`.
const CONSUMER: &str = "consumer";
/// A coordinator that is none, is loading, or rebalances: asked again.
const RETRIED: [i16; 4] = [14, 15, 16, 27];

/// Who coordinates a group.
#[derive(Clone, Debug)]
pub(super) struct Coordinator {
    pub(super) id: i32,
    pub(super) host: String,
    pub(super) port: i32,
}

/// A group, as it is listed.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) group: Text,
    pub(super) state: String,
    pub(super) kind: String,
}

/// A group, as its coordinator tells it.
#[derive(Clone, Debug)]
pub(super) struct Described {
    pub(super) state: String,
    /// The assignor that its members agreed on.
    pub(super) assignor: String,
    pub(super) members: Vec<Member>,
    pub(super) coordinator: Coordinator,
}

/// A member of a group.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) id: String,
    pub(super) instance: String,
    pub(super) client_id: String,
    pub(super) host: String,
    pub(super) partitions: Vec<Partition>,
}

/// A question about groups.
pub(super) struct Question<'a> {
    /// What Kafka calls the look-up and the question.
    pub(super) names: (&'static str, &'static str),
    pub(super) version: Version,
    /// What is asked about these groups of one coordinator.
    pub(super) request: &'a dyn Fn(&[Text]) -> Vec<Request>,
    /// The error that an answer has for a group; 0 for none.
    pub(super) error: &'a dyn Fn(&Response, &str) -> i16,
}

/// What came of a question, by group.
pub(super) type Answers = BTreeMap<Text, Result<(Coordinator, Response), Fault>>;

impl Shell<'_> {
    /// Asks coordinators; every group has what came of it.
    pub(super) fn ask_coordinators(
        &mut self,
        groups: &[Text],
        question: &Question<'_>,
    ) -> Flow<Answers> {
        let mut found: Answers = BTreeMap::new();
        let mut open: Vec<Text> = groups.to_vec();
        open.sort();
        open.dedup();
        let started = self.pause(Micros::ZERO)?;
        let limit = self.admin.as_ref().map_or(60_000, |admin| admin.api_timeout.as_ms());
        let mut tries = 0_u32;
        while !open.is_empty() {
            tries += 1;
            let known = self.coordinators(question.names.0, &open)?;
            let known = match known {
                Ok(known) => known,
                Err(fault) => {
                    found.extend(open.drain(..).map(|group| (group, Err(fault.clone()))));
                    break;
                }
            };
            let mut by_broker: BTreeMap<i32, Vec<Text>> = BTreeMap::new();
            for row in &known {
                if row.error_code == 0 {
                    by_broker.entry(row.node_id.0).or_default().push((&*row.key).into());
                } else if !RETRIED.contains(&row.error_code) {
                    let fault = Fault::of_error(row.error_code, row.error_message.as_deref());
                    found.insert((&*row.key).into(), Err(fault));
                }
            }
            self.ask_each(question, &known, &by_broker, &mut found)?;
            open.retain(|group| !found.contains_key(group));
            if open.is_empty() {
                break;
            }
            let now = self.pause(Micros::from_ms(pause_ms(tries)))?;
            if now - started >= limit {
                let words = format!(
                    "Call(callName={}, deadlineMs={}, tries={tries}, nextAllowedTryMs={now}) timed \
                     out at {now} after {tries} attempt(s)",
                    question.names.0,
                    started + limit
                );
                let fault = Fault::timeout(&words);
                found.extend(open.drain(..).map(|group| (group, Err(fault.clone()))));
            }
        }
        Ok(found)
    }

    fn ask_each(
        &mut self,
        question: &Question<'_>,
        known: &[WireCoordinator],
        by_broker: &BTreeMap<i32, Vec<Text>>,
        found: &mut Answers,
    ) -> Flow<()> {
        let mut calls = Vec::new();
        let mut asked: Vec<(&Text, usize)> = Vec::new();
        for (broker, groups) in by_broker {
            let requests = (question.request)(groups);
            let single = requests.len() == groups.len();
            let first = calls.len();
            for (index, group) in groups.iter().enumerate() {
                asked.push((group, if single { first + index } else { first }));
            }
            calls.extend(requests.into_iter().map(|body| Call {
                name: question.names.1,
                to: Destination::Broker(BrokerId(*broker)),
                version: question.version,
                body,
            }));
        }
        let answers = self.ask_all(calls)?;
        for (group, index) in asked {
            let result = match &answers[index] {
                Answer::TimedOut(words) => Err(Fault::timeout(words)),
                Answer::Response(response) => match (question.error)(response, group) {
                    0 => {
                        let at = known.iter().find(|row| *row.key == **group);
                        let Some(at) = at else { continue };
                        let (host, port) = (at.host.to_string(), at.port);
                        let coordinator = Coordinator { id: at.node_id.0, host, port };
                        Ok((coordinator, response.clone()))
                    }
                    code if RETRIED.contains(&code) => continue,
                    code => Err(Fault::of_error(code, None)),
                },
            };
            found.insert(group.clone(), result);
        }
        Ok(())
    }

    fn coordinators(
        &mut self,
        name: &'static str,
        groups: &[Text],
    ) -> Flow<Result<Vec<WireCoordinator>, Fault>> {
        let keys = groups.iter().map(|group| text(group)).collect();
        let request = FindCoordinatorRequest::default().with_coordinator_keys(keys);
        let call = Call {
            name,
            to: Destination::Any,
            version: versions::FIND_COORDINATOR,
            body: Request::FindCoordinator(request),
        };
        Ok(match self.ask_all(vec![call])?.first() {
            Some(Answer::Response(Response::FindCoordinator(told))) => {
                Ok(told.coordinators.clone())
            }
            Some(Answer::TimedOut(words)) => Err(Fault::timeout(words)),
            _ => Ok(Vec::new()),
        })
    }

    /// `Admin.listConsumerGroups().all()`: groups of consumers, in the order of Kafka's map.
    pub(super) fn list_groups(&mut self, states: &[&str], kinds: &[&str]) -> Flow<Vec<Listed>> {
        let request = Request::Metadata(MetadataRequest::default().with_topics(Some(Vec::new())));
        let lost = |fault: Fault| {
            let words = "Failed to find brokers to send ListGroups";
            let class = "org.apache.kafka.common.KafkaException";
            Fault::execution(Fault::new(class, words).caused(fault))
        };
        let call = Call {
            name: "findAllBrokers",
            to: Destination::Any,
            version: version(3, 12),
            body: request,
        };
        let answers = self.ask_all(vec![call])?;
        let brokers: Vec<i32> = match answers.first() {
            Some(Answer::Response(Response::Metadata(told))) => {
                told.brokers.iter().map(|broker| broker.node_id.0).collect()
            }
            Some(Answer::TimedOut(words)) => return Err(lost(Fault::timeout(words)).into()),
            _ => Vec::new(),
        };
        let words = |words: &[&str]| words.iter().map(|word| text(word)).collect::<Vec<_>>();
        let request = ListGroupsRequest::default()
            .with_states_filter(words(states))
            .with_types_filter(words(kinds));
        let mut open = brokers;
        let mut listed: Vec<Listed> = Vec::new();
        while !open.is_empty() {
            let calls = open.iter().map(|broker| Call {
                name: "listConsumerGroups",
                to: Destination::Broker(BrokerId(*broker)),
                version: version(16, 5),
                body: Request::ListGroups(request.clone()),
            });
            let mut again = Vec::new();
            for (broker, answer) in open.iter().zip(self.ask_all(calls.collect())?.iter()) {
                let Response::ListGroups(told) = answered(answer)? else { continue };
                match told.error_code {
                    0 => {}
                    14 | 15 => again.push(*broker),
                    code => return Err(Fault::execution(Fault::of_error(code, None)).into()),
                }
                let rows = told.groups.iter();
                let rows = rows.filter(|row| matches!(&*row.protocol_type, CONSUMER | ""));
                listed.extend(rows.map(|row| Listed {
                    group: (&*row.group_id.0).into(),
                    state: row.group_state.to_string(),
                    kind: row.group_type.to_string(),
                }));
            }
            open = again;
            if !open.is_empty() {
                self.pause(Micros::from_ms(100))?;
            }
        }
        super::java_order::sort_as_java(&mut listed, 16, |row| &row.group);
        Ok(listed)
    }

    /// `Admin.describeConsumerGroups`.
    pub(super) fn describe_groups(
        &mut self,
        groups: &[Text],
    ) -> Flow<BTreeMap<Text, Result<Described, Fault>>> {
        let request = |groups: &[Text]| {
            let ids = groups.iter().map(|group| GroupId(text(group))).collect();
            vec![Request::DescribeGroups(DescribeGroupsRequest::default().with_groups(ids))]
        };
        let error = |response: &Response, group: &str| {
            described_row(response, group).map_or(0, |row| row.error_code)
        };
        let question = Question {
            names: (
                "describeConsumerGroups(api=FIND_COORDINATOR)",
                "describeConsumerGroups(api=DESCRIBE_GROUPS)",
            ),
            version: version(15, 5),
            request: &request,
            error: &error,
        };
        let answers = self.ask_coordinators(groups, &question)?;
        let read = |(group, answer): (Text, Result<(Coordinator, Response), Fault>)| {
            let described = answer.and_then(|(coordinator, response)| {
                described(&group, coordinator, described_row(&response, &group))
            });
            (group, described)
        };
        Ok(answers.into_iter().map(read).collect())
    }

    /// `Admin.listConsumerGroupOffsets` for all partitions of a group.
    pub(super) fn committed(&mut self, group: &Text) -> Flow<Vec<(Partition, i64)>> {
        let request = |groups: &[Text]| {
            let one = |group: &Text| {
                OffsetFetchRequestGroup::default()
                    .with_group_id(GroupId(text(group)))
                    .with_topics(None)
            };
            let groups = groups.iter().map(one).collect();
            vec![Request::OffsetFetch(OffsetFetchRequest::default().with_groups(groups))]
        };
        let error = |response: &Response, group: &str| match response {
            Response::OffsetFetch(told) => {
                let row = told.groups.iter().find(|row| *row.group_id.0 == *group);
                row.map_or(0, |row| row.error_code)
            }
            _ => 0,
        };
        let question = Question {
            names: ("offsetFetch(api=FIND_COORDINATOR)", "offsetFetch(api=OFFSET_FETCH)"),
            version: versions::OFFSET_FETCH,
            request: &request,
            error: &error,
        };
        let mut answers = self.ask_coordinators(std::slice::from_ref(group), &question)?;
        let response = match answers.remove(group) {
            Some(Ok((_, response))) => response,
            Some(Err(fault)) => return Err(Fault::execution(fault).into()),
            None => return Ok(Vec::new()),
        };
        let Response::OffsetFetch(told) = response else { return Ok(Vec::new()) };
        let topics = told.groups.iter().flat_map(|group| &group.topics);
        let rows = topics.flat_map(|topic| {
            let row = |p: &kafka::offset_fetch_response::OffsetFetchResponsePartitions| {
                (p.error_code == 0 && p.committed_offset >= 0)
                    .then(|| ((topic.name.as_str().into(), p.partition_index), p.committed_offset))
            };
            topic.partitions.iter().filter_map(row)
        });
        Ok(rows.collect())
    }
}

fn described_row<'a>(
    response: &'a Response,
    group: &str,
) -> Option<&'a kafka::describe_groups_response::DescribedGroup> {
    match response {
        Response::DescribeGroups(told) => told.groups.iter().find(|row| *row.group_id.0 == *group),
        _ => None,
    }
}

fn described(
    group: &str,
    coordinator: Coordinator,
    row: Option<&kafka::describe_groups_response::DescribedGroup>,
) -> Result<Described, Fault> {
    let row = row.ok_or_else(|| Fault::of_error(69, None))?;
    if !matches!(&*row.protocol_type, CONSUMER | "") {
        let kind = &row.protocol_type;
        let words = format!("GroupId {group} is not a consumer group ({kind}).");
        return Err(Fault::illegal(&words));
    }
    let members = row.members.iter().map(|member| {
        let given = read_assignment(&member.member_assignment).unwrap_or_default();
        let partitions = given.partitions.iter();
        Member {
            id: member.member_id.to_string(),
            instance: member.group_instance_id.as_ref().map_or("", |id| id).to_owned(),
            client_id: member.client_id.to_string(),
            host: member.client_host.to_string(),
            partitions: partitions.map(|p| (Text::from(p.topic.as_str()), p.partition.0)).collect(),
        }
    });
    Ok(Described {
        state: row.group_state.to_string(),
        assignor: row.protocol_data.to_string(),
        members: members.collect(),
        coordinator,
    })
}
