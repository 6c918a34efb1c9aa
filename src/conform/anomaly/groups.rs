//! `group` and `consumer`: raw requests of members, and whole consumers.

use std::collections::BTreeMap;

use bytes::Bytes;
use kafka_protocol::messages::{self as kafka, ApiKey};
use serde_json::{Map, Value, json};

use crate::conform::anomaly::case::{ConsumerRead, ConsumerStart, GroupStep};
use crate::conform::anomaly::cluster::{ConsumerEvent, Outcome, Problem};
use crate::conform::anomaly::reads::read_answer;
use crate::conform::anomaly::requests::{self, error_name};
use crate::conform::anomaly::runner::{Answered, PATIENCE, Runner};

const JOIN: i16 = 5;
const SYNC: i16 = 3;
const HEARTBEAT: i16 = 3;
const LEAVE: i16 = 3;
const COMMIT: i16 = 7;
const FETCH_OFFSETS: i16 = 5;
const FIND_COORDINATOR: i16 = 1;
const REBALANCE_TIMEOUT_MS: i32 = 60_000;
/// The offset of a commit that names none.
const ANY_OFFSET: i64 = 7;
/// How long a coordinator may take to come up, in microseconds.
const RETRIES: i64 = 30_000_000;
/// Between two tries of a repeated request.
const TRY_AGAIN: i64 = 20_000;

/// What is known of groups.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    /// Member ids by the names that steps gave them.
    members: BTreeMap<String, String>,
    /// Every member id that was ever answered.
    seen: Vec<String>,
    generation: BTreeMap<String, i32>,
    /// The group that steps spoke of last.
    current: String,
    /// The coordinator as first found, and as found after that one was gone.
    old: Option<i32>,
    new: Option<i32>,
    /// Whole consumers in the order of their start.
    consumers: Vec<String>,
    /// Readers that go on, by the id of their step.
    pub(super) readers: BTreeMap<String, String>,
}

impl Groups {
    /// The member id that a step's name stands for; a name that no step gave stands for itself.
    #[must_use]
    pub fn member_id(&self, name: &str) -> String {
        self.members.get(name).cloned().unwrap_or_else(|| name.to_owned())
    }

    fn name_of(&self, id: &str) -> String {
        let named = self.members.iter().find(|(_, known)| *known == id);
        named.map_or_else(|| id.to_owned(), |(name, _)| name.clone())
    }
}

impl Runner<'_> {
    pub(super) fn group(&mut self, step: &GroupStep) -> Outcome<Value> {
        self.groups.current.clone_from(&step.group);
        if step.op == "find_coordinator" {
            return self.find_repeatedly(step);
        }
        let broker = match &step.broker {
            Some(name) => self.broker(Some(name), 0)?,
            None => self.find_coordinator(&step.group, 0)?,
        };
        let mut answers: Vec<Value> = Vec::new();
        let begun = self.cluster.now();
        loop {
            let mut told = match step.op.as_str() {
                "join" => self.join(step, broker)?,
                "sync" => self.sync(step, broker)?,
                "heartbeat" => self.heartbeat(step, broker)?,
                "leave" => self.leave(step, broker)?,
                "commit" => self.commit(step, broker)?,
                "fetch_offsets" => self.fetch_offsets(step, broker)?,
                other => return Err(Problem::Cannot(format!("no operation {other} is known"))),
            };
            if told.is_null() {
                return Ok(told);
            }
            if answers.last() != Some(&told["error"]) {
                answers.push(told["error"].clone());
            }
            let over = self.cluster.now() - begun > PATIENCE;
            if !step.repeat || told["error"] == "NONE" || over {
                told["answers"] = Value::Array(answers);
                return Ok(told);
            }
            self.cluster.sleep(TRY_AGAIN);
        }
    }

    fn join(&mut self, step: &GroupStep, broker: i32) -> Outcome<Value> {
        let protocol = |name: &String| {
            kafka::join_group_request::JoinGroupRequestProtocol::default()
                .with_name(requests::text(name))
                .with_metadata(self.subscription())
        };
        let protocols: Vec<_> = step.protocols.iter().map(protocol).collect();
        let request = kafka::JoinGroupRequest::default()
            .with_group_id(kafka::GroupId(requests::text(&step.group)))
            .with_session_timeout_ms(step.session_timeout_ms.unwrap_or(10_000))
            .with_rebalance_timeout_ms(REBALANCE_TIMEOUT_MS)
            .with_member_id(requests::text(&self.groups.member_id(&step.member)))
            .with_group_instance_id(step.instance_id.as_deref().map(requests::text))
            .with_protocol_type(requests::text("consumer"))
            .with_protocols(protocols);
        let (group, named) = (step.group.clone(), step.named.clone());
        let asked = (broker, ApiKey::JoinGroup, JOIN);
        self.ask_or_park(asked, &request, step.id.as_deref(), move |runner, answered| {
            runner.joined(answered, &group, named.as_deref())
        })
    }

    fn joined(&mut self, answered: Answered, group: &str, named: Option<&str>) -> Outcome<Value> {
        let groups = &mut self.groups;
        let mut id = String::new();
        let mut generation = None;
        let mut told =
            read_answer(answered, ApiKey::JoinGroup, JOIN, |answer: &kafka::JoinGroupResponse| {
                let protocol = answer.protocol_name.as_ref().map(ToString::to_string);
                Ok(json!({
                    "error": error_name(answer.error_code),
                    "generation": answer.generation_id,
                    "protocol": protocol,
                    "leader": answer.leader.to_string(),
                    "members": answer.members.len(),
                    "member_id_prefix": answer.member_id.to_string(),
                }))
            })?;
        if let Some(member) = told["member_id_prefix"].as_str() {
            member.clone_into(&mut id);
        }
        if told["error"] == "NONE" {
            generation = told["generation"].as_i64().and_then(|g| i32::try_from(g).ok());
        }
        told["new_member_id"] = json!(!id.is_empty() && !groups.seen.contains(&id));
        if !id.is_empty() {
            if let Some(named) = named {
                groups.members.insert(named.to_owned(), id.clone());
            }
            groups.seen.push(id);
        }
        if let Some(generation) = generation {
            groups.generation.insert(group.to_owned(), generation);
        }
        let leader = told["leader"].as_str().unwrap_or_default();
        told["leader"] = json!(groups.name_of(leader));
        Ok(told)
    }

    /// A consumer's subscription to the case's topic, version 0 (`ConsumerProtocolSubscription`).
    fn subscription(&self) -> Bytes {
        let mut bytes = vec![0, 0, 0, 0, 0, 1];
        let length = i16::try_from(self.topic.len()).unwrap_or(i16::MAX);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(self.topic.as_bytes());
        bytes.extend_from_slice(&(-1i32).to_be_bytes());
        Bytes::from(bytes)
    }

    fn generation(&self, step: &GroupStep) -> i32 {
        let current = self.groups.generation.get(&step.group).copied().unwrap_or(0);
        let none = step.member.is_empty() && step.op == "commit";
        step.generation.unwrap_or(if none { -1 } else { current })
    }

    fn sync(&mut self, step: &GroupStep, broker: i32) -> Outcome<Value> {
        let assignment = |(name, content): (&String, &String)| {
            kafka::sync_group_request::SyncGroupRequestAssignment::default()
                .with_member_id(requests::text(&self.groups.member_id(name)))
                .with_assignment(Bytes::from(content.clone().into_bytes()))
        };
        let request = kafka::SyncGroupRequest::default()
            .with_group_id(kafka::GroupId(requests::text(&step.group)))
            .with_generation_id(self.generation(step))
            .with_member_id(requests::text(&self.groups.member_id(&step.member)))
            .with_group_instance_id(step.instance_id.as_deref().map(requests::text))
            .with_assignments(step.assignments.iter().map(assignment).collect());
        let asked = (broker, ApiKey::SyncGroup, SYNC);
        self.ask_or_park(asked, &request, step.id.as_deref(), |_, answered| {
            read_answer(answered, ApiKey::SyncGroup, SYNC, |answer: &kafka::SyncGroupResponse| {
                let assignment = String::from_utf8_lossy(&answer.assignment).into_owned();
                Ok(json!({ "error": error_name(answer.error_code), "assignment": assignment }))
            })
        })
    }

    fn heartbeat(&mut self, step: &GroupStep, broker: i32) -> Outcome<Value> {
        let request = kafka::HeartbeatRequest::default()
            .with_group_id(kafka::GroupId(requests::text(&step.group)))
            .with_generation_id(self.generation(step))
            .with_member_id(requests::text(&self.groups.member_id(&step.member)))
            .with_group_instance_id(step.instance_id.as_deref().map(requests::text));
        let answer: kafka::HeartbeatResponse =
            self.ask(broker, (ApiKey::Heartbeat, HEARTBEAT), &request)?;
        Ok(json!({ "error": error_name(answer.error_code) }))
    }

    /// A heartbeat of a member that is kept alive.
    pub(super) fn beat(&mut self, group: &str, member: &str) -> Outcome<()> {
        let generation = self.groups.generation.get(group).copied().unwrap_or(0);
        let request = kafka::HeartbeatRequest::default()
            .with_group_id(kafka::GroupId(requests::text(group)))
            .with_generation_id(generation)
            .with_member_id(requests::text(&self.groups.member_id(member)));
        let broker = self.find_coordinator(group, 0)?;
        let _answer: kafka::HeartbeatResponse =
            self.ask(broker, (ApiKey::Heartbeat, HEARTBEAT), &request)?;
        Ok(())
    }

    fn leave(&mut self, step: &GroupStep, broker: i32) -> Outcome<Value> {
        let member = kafka::leave_group_request::MemberIdentity::default()
            .with_member_id(requests::text(&self.groups.member_id(&step.member)))
            .with_group_instance_id(step.instance_id.as_deref().map(requests::text));
        let request = kafka::LeaveGroupRequest::default()
            .with_group_id(kafka::GroupId(requests::text(&step.group)))
            .with_members(vec![member]);
        let answer: kafka::LeaveGroupResponse =
            self.ask(broker, (ApiKey::LeaveGroup, LEAVE), &request)?;
        let of_member = answer.members.first().map_or(0, |member| member.error_code);
        let code = if answer.error_code == 0 { of_member } else { answer.error_code };
        Ok(json!({ "error": error_name(code) }))
    }

    fn commit(&mut self, step: &GroupStep, broker: i32) -> Outcome<Value> {
        use kafka::offset_commit_request as commit;
        let topic = step.topic.clone().unwrap_or_else(|| self.topic.clone());
        let part = commit::OffsetCommitRequestPartition::default()
            .with_partition_index(step.partition)
            .with_committed_offset(step.offset.unwrap_or(ANY_OFFSET))
            .with_committed_leader_epoch(-1)
            .with_committed_metadata(Some(requests::text("")));
        let topic = commit::OffsetCommitRequestTopic::default()
            .with_name(requests::topic_name(&topic))
            .with_partitions(vec![part]);
        let request = kafka::OffsetCommitRequest::default()
            .with_group_id(kafka::GroupId(requests::text(&step.group)))
            .with_generation_id_or_member_epoch(self.generation(step))
            .with_member_id(requests::text(&self.groups.member_id(&step.member)))
            .with_group_instance_id(step.instance_id.as_deref().map(requests::text))
            .with_topics(vec![topic]);
        let answer: kafka::OffsetCommitResponse =
            self.ask(broker, (ApiKey::OffsetCommit, COMMIT), &request)?;
        let part = answer.topics.first().and_then(|topic| topic.partitions.first());
        Ok(json!({ "error": error_name(part.map_or(-1, |part| part.error_code)) }))
    }

    fn fetch_offsets(&mut self, step: &GroupStep, broker: i32) -> Outcome<Value> {
        let topic = step.topic.clone().unwrap_or_else(|| self.topic.clone());
        let topic = kafka::offset_fetch_request::OffsetFetchRequestTopic::default()
            .with_name(requests::topic_name(&topic))
            .with_partition_indexes(vec![step.partition]);
        let request = kafka::OffsetFetchRequest::default()
            .with_group_id(kafka::GroupId(requests::text(&step.group)))
            .with_topics(Some(vec![topic]));
        let answer: kafka::OffsetFetchResponse =
            self.ask(broker, (ApiKey::OffsetFetch, FETCH_OFFSETS), &request)?;
        let part = answer.topics.first().and_then(|topic| topic.partitions.first());
        let of_part = part.map_or(0, |part| part.error_code);
        let code = if answer.error_code == 0 { of_part } else { answer.error_code };
        let offset = part.map(|part| part.committed_offset);
        Ok(json!({ "error": error_name(code), "offset": offset }))
    }

    fn find_repeatedly(&mut self, step: &GroupStep) -> Outcome<Value> {
        let first = match self.groups.old {
            Some(old) => old,
            None => self.find_coordinator(&step.group, 0)?,
        };
        let mut answers: Vec<String> = Vec::new();
        let begun = self.cluster.now();
        loop {
            let (error, found) = self.ask_coordinator(&step.group, 0)?;
            let place = if found == first { "old" } else { "new" };
            let told = format!("{place}/{}", error_name(error));
            if answers.last() != Some(&told) {
                answers.push(told);
            }
            let moved = error == 0 && found != first;
            if moved {
                self.groups.new = Some(found);
            }
            if moved || !step.repeat || self.cluster.now() - begun > PATIENCE {
                return Ok(json!({ "error": error_name(error), "answers": answers }));
            }
            self.cluster.sleep(TRY_AGAIN);
        }
    }

    /// The coordinator of a group (0) or of a transactional id (1), waited for while there is none.
    pub(super) fn find_coordinator(&mut self, key: &str, kind: i8) -> Outcome<i32> {
        let begun = self.cluster.now();
        loop {
            let (error, found) = self.ask_coordinator(key, kind)?;
            if error == 0 {
                if kind == 0 && self.groups.old.is_none() {
                    self.groups.old = Some(found);
                }
                return Ok(found);
            }
            if self.cluster.now() - begun > RETRIES {
                let text = format!("expected a coordinator of {key}, got {}", error_name(error));
                return Err(Problem::Failed(text));
            }
            self.cluster.sleep(100_000);
        }
    }

    fn ask_coordinator(&mut self, key: &str, kind: i8) -> Outcome<(i16, i32)> {
        let broker = self.any_running().unwrap_or(1);
        let request = kafka::FindCoordinatorRequest::default()
            .with_key(requests::text(key))
            .with_key_type(kind);
        let answer: kafka::FindCoordinatorResponse =
            self.ask(broker, (ApiKey::FindCoordinator, FIND_COORDINATOR), &request)?;
        Ok((answer.error_code, answer.node_id.0))
    }

    /// The broker with a part in the group that steps spoke of last.
    pub(super) fn broker_of_role(&mut self, role: &str) -> Outcome<i32> {
        let group = self.groups.current.clone();
        let old = match self.groups.old {
            Some(old) => old,
            None => self.find_coordinator(&group, 0)?,
        };
        match role {
            "coordinator" => Ok(self.groups.new.unwrap_or(old)),
            "old coordinator" => Ok(old),
            "new coordinator" => {
                let missing = || Problem::Failed("expected a new coordinator, got none".to_owned());
                self.groups.new.ok_or_else(missing)
            }
            "another broker" => {
                let other = (1..=self.case.setup.brokers).find(|id| *id != old);
                other.ok_or_else(|| Problem::Cannot("there is no other broker".to_owned()))
            }
            other => Err(Problem::Cannot(format!("no broker called {other} is known"))),
        }
    }

    pub(super) fn observe_group(&mut self, group: &str, expects: &[String]) -> Outcome<Value> {
        let found = self.cluster.group(group)?;
        let generations: Vec<Value> = found
            .generations
            .iter()
            .map(|(number, protocol, members)| json!([number, protocol, members]))
            .collect();
        let mut told = json!({ "generations": generations,
            "generation": found.generations.last().map(|(number, _, _)| number) });
        if expects.iter().any(|field| field == "events") {
            let mut events = Map::new();
            for name in self.groups.consumers.clone() {
                let of_consumer = self.cluster.consumer_events(&name)?;
                events.insert(name, events_json(&of_consumer));
            }
            told["events"] = Value::Object(events);
        }
        Ok(told)
    }

    pub(super) fn start_consumer(
        &mut self,
        step: &ConsumerStart,
        expects: &[String],
    ) -> Outcome<Value> {
        let topic = step.topic.clone().unwrap_or_else(|| self.topic.clone());
        self.cluster.start_consumer(&topic, step)?;
        self.groups.consumers.push(step.name.clone());
        if expects.is_empty() {
            return Ok(json!({}));
        }
        let wanted = step.kill_after.map(|count| count as usize);
        let events = self.read_until(&step.name, |events| match wanted {
            Some(count) => records_of(events).count() >= count,
            None => events.contains(&ConsumerEvent::End),
        })?;
        // The clients that were killed told of records only, and of the last one before they died.
        let told: Vec<ConsumerEvent> = match wanted {
            Some(count) => {
                let is_record = |e: &&ConsumerEvent| matches!(e, ConsumerEvent::Record(..));
                events.iter().filter(is_record).take(count).cloned().collect()
            }
            None => events.clone(),
        };
        let first = records_of(&events).map(|(offset, _)| offset).next();
        let (twice, never) = self.processing(&topic)?;
        Ok(json!({ "events": events_json(&told), "first": first,
            "records": records_of(&events).count(),
            "processed_twice": twice, "never_processed": never }))
    }

    /// Offsets of partition 0 that all consumers together processed twice, and never.
    fn processing(&mut self, topic: &str) -> Outcome<(Vec<i64>, Vec<i64>)> {
        let mut times: BTreeMap<i64, u32> = BTreeMap::new();
        let leader = self.broker_for(None, topic, 0)?;
        let files = self.cluster.replica_files(leader, topic, 0)?;
        let end = crate::conform::anomaly::files::log_end_offset(&files).unwrap_or(0);
        for name in self.groups.consumers.clone() {
            for event in self.cluster.consumer_events(&name)? {
                if let ConsumerEvent::Done(_, offset) = event {
                    *times.entry(offset).or_default() += 1;
                }
            }
        }
        let twice = times.iter().filter(|(_, count)| **count > 1).map(|(offset, _)| *offset);
        let never = (0..end).filter(|offset| !times.contains_key(offset)).collect();
        Ok((twice.collect(), never))
    }

    pub(super) fn read_consumer(&mut self, step: &ConsumerRead) -> Outcome<Value> {
        let topic = step.topic.clone().unwrap_or_else(|| self.topic.clone());
        let name = format!("reader-{}", self.groups.consumers.len());
        let consumer = ConsumerStart {
            name: name.clone(),
            group: step.group.clone().unwrap_or_else(|| name.clone()),
            offset: step.offset,
            committed: step.committed.clone(),
            reset: step.reset.clone(),
            ..ConsumerStart::default()
        };
        if let Some(offset) = step.committed.as_ref().and_then(Value::as_i64) {
            let broker = self.find_coordinator(&consumer.group, 0)?;
            let group = consumer.group.clone();
            let commit = json!({ "op": "commit", "group": group, "offset": offset });
            let commit = serde_json::from_value(commit)
                .map_err(|error| Problem::Failed(format!("expected a step, got {error}")))?;
            self.commit(&commit, broker)?;
        }
        self.cluster.start_consumer(&topic, &consumer)?;
        self.groups.consumers.push(name.clone());
        if let Some(id) = &step.id {
            // It has its position before anything else is done.
            self.read_until(&name, |events| events.contains(&ConsumerEvent::End))?;
            self.groups.readers.insert(id.clone(), name);
            return Ok(Value::Null);
        }
        self.finish_read(&name, 0)
    }

    /// What a reader got, when it is at the end and has at least so many records.
    pub(super) fn finish_read(&mut self, name: &str, least: usize) -> Outcome<Value> {
        let events = self.read_until(name, |events| {
            let ended = |e: &ConsumerEvent| matches!(e, ConsumerEvent::End);
            let failed = |e: &ConsumerEvent| matches!(e, ConsumerEvent::Error(_));
            events.iter().any(failed)
                || (events.iter().any(ended) && records_of(events).count() >= least)
        })?;
        let failed = events.iter().any(|event| matches!(event, ConsumerEvent::Error(_)));
        let values: Vec<Value> = records_of(&events).map(|(o, v)| json!([o, v])).collect();
        Ok(json!({ "values": values, "failed": failed }))
    }

    fn read_until(
        &mut self,
        name: &str,
        done: impl Fn(&[ConsumerEvent]) -> bool,
    ) -> Outcome<Vec<ConsumerEvent>> {
        let begun = self.cluster.now();
        loop {
            let events = self.cluster.consumer_events(name)?;
            if done(&events) || self.cluster.now() - begun > PATIENCE {
                return Ok(events);
            }
            self.cluster.sleep(TRY_AGAIN);
        }
    }
}

fn records_of(events: &[ConsumerEvent]) -> impl Iterator<Item = (i64, Option<&String>)> {
    events.iter().filter_map(|event| match event {
        ConsumerEvent::Record(_, offset, value) => Some((*offset, value.as_ref())),
        _ => None,
    })
}

fn events_json(events: &[ConsumerEvent]) -> Value {
    let told = events.iter().filter_map(|event| match event {
        ConsumerEvent::Assign(partitions) => Some(json!(["assign", partitions])),
        ConsumerEvent::Revoke(partitions) => Some(json!(["revoke", partitions])),
        ConsumerEvent::Record(partition, offset, _) => Some(json!(["rec", partition, offset])),
        ConsumerEvent::CommitError(error) => Some(json!(["commit_error", error])),
        ConsumerEvent::Error(name) => Some(json!(["error", name])),
        ConsumerEvent::End | ConsumerEvent::Done(..) => None,
    });
    told.collect()
}
