//! A case as it stands in its file. Steps are read one by one: one that is not understood ends the
//! case where it stands, and only there.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// What the cluster is like.
    pub setup: Setup,
    /// Capabilities that a cluster must have.
    pub needs: Vec<String>,
    /// What is done, in order; or why a step is not understood.
    pub steps: Vec<Result<Step, String>>,
    /// States of partition 0, compared by partition epoch.
    pub expect_states: Vec<ExpectedState>,
}

/// What the cluster is like before the first step.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// Number of brokers, with ids from 1.
    pub brokers: i32,
    /// Broker id of the controller.
    pub controller: i32,
    /// Replicas of each partition of the case's topic, leader first; none: there is no topic.
    pub partitions: Vec<Vec<i32>>,
    /// The topic's own settings.
    #[serde(default)]
    pub topic_config: BTreeMap<String, String>,
    /// Settings of every broker.
    #[serde(default)]
    pub broker_config: BTreeMap<String, String>,
}

/// Leader, leader epoch, ISR (`None`: not compared), partition epoch.
#[derive(Clone, Debug, Deserialize)]
pub struct ExpectedState(pub i32, pub i32, pub Option<Vec<i32>>, pub i32);

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// What is done.
    pub action: Action,
    /// Its `id`, where requests of its kind have none: performed at once, `answer` is its outcome.
    pub parked: Option<String>,
    /// What must come of it, field by field.
    pub expect: Map<String, Value>,
    /// Its words for messages: the verb, and its label when it has one.
    pub title: String,
}

/// Which broker a step is about.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum BrokerName {
    /// By id.
    Id(i32),
    /// By its part in a group: `coordinator`, `another broker`, `old coordinator`, `new coordinator`.
    Role(String),
}

/// What is done.
#[derive(Clone, Debug)]
pub enum Action {
    /// A step that only a real client could do: it is passed over.
    PassOver,
    Produce(Produce),
    Answer(Answer),
    Fetch(Fetch),
    ListOffsets(ListOffsets),
    OffsetForLeaderEpoch(OffsetForLeaderEpoch),
    InitProducerId(InitProducerId),
    Txn(Txn),
    Metadata(Metadata),
    Admin(Admin),
    Group(GroupStep),
    StartConsumer(ConsumerStart),
    KillConsumer(ConsumerKill),
    ReadConsumer(ConsumerRead),
    Signal(Signal, BrokerName),
    Sleep(Sleep),
    Wait(Wait),
    Observe(Observe),
    File(FileStep),
}

/// A signal to a broker's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGKILL.
    Kill,
    /// SIGTERM, until the process has ended.
    Stop,
    /// Until it serves.
    Start,
    /// SIGSTOP.
    Pause,
    /// SIGCONT.
    Resume,
}

/// `produce`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Produce {
    pub broker: Option<BrokerName>,
    pub topic: Option<String>,
    pub partition: Option<PartitionChoice>,
    pub acks: Option<i16>,
    pub timeout_ms: Option<i32>,
    pub records: Option<Vec<RecordText>>,
    pub generate: Option<Generate>,
    pub keys: Option<Vec<String>>,
    pub key_bytes: Option<u32>,
    pub ts: Option<i64>,
    pub ts_rel: Option<i64>,
    pub producer: Option<String>,
    pub epoch: Option<i16>,
    pub seq: Option<i32>,
    pub id: Option<String>,
}

/// A partition, or the word `by_key`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum PartitionChoice {
    /// This one.
    Number(i32),
    /// `by_key`: the default partitioner decides.
    Word(String),
}

/// A record: its value, or its key and value.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum RecordText {
    /// Only a value.
    Value(Option<String>),
    /// Key and value.
    Pair(Option<String>, Option<String>),
}

/// Batches made by a rule.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generate {
    /// `segrecs` or `fill`.
    pub rule: String,
    /// How many.
    pub batches: u32,
    #[serde(default)]
    pub value_bytes: Option<u32>,
    #[serde(default)]
    pub key_bytes: Option<u32>,
    #[serde(default)]
    pub ts: Option<i64>,
    #[serde(default)]
    pub ts_step: Option<i64>,
    #[serde(default)]
    pub ts_rel: Option<i64>,
}

/// `answer`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    pub id: String,
}

/// `fetch`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fetch {
    #[serde(default)]
    pub broker: Option<BrokerName>,
    #[serde(default)]
    pub topic: Option<String>,
    #[serde(default)]
    pub partition: i32,
    pub offset: i64,
    #[serde(default)]
    pub isolation: Option<String>,
    #[serde(default)]
    pub id: Option<String>,
}

/// `list_offsets`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListOffsets {
    #[serde(default)]
    pub broker: Option<BrokerName>,
    #[serde(default)]
    pub topic: Option<String>,
    #[serde(default)]
    pub partition: i32,
    pub at: Value,
    #[serde(default)]
    pub id: Option<String>,
}

/// `offset_for_leader_epoch`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OffsetForLeaderEpoch {
    #[serde(default)]
    pub broker: Option<BrokerName>,
    #[serde(default)]
    pub topic: Option<String>,
    #[serde(default)]
    pub partition: i32,
    pub epoch: i32,
    #[serde(default)]
    pub id: Option<String>,
}

/// `init_producer_id`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InitProducerId {
    #[serde(default)]
    pub broker: Option<BrokerName>,
    pub producer: String,
    #[serde(default)]
    pub transactional_id: Option<String>,
}

/// `txn`.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Txn {
    AddPartitions { producer: String },
    End { producer: String, commit: bool },
}

/// `metadata`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    #[serde(default)]
    pub broker: Option<BrokerName>,
    #[serde(default)]
    pub topic: Option<String>,
    #[serde(default)]
    pub allow_auto: bool,
    #[serde(default)]
    pub repeat: bool,
    #[serde(default)]
    pub id: Option<String>,
}

/// `admin`.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Admin {
    CreateTopic {
        #[serde(default)]
        topic: Option<String>,
        partitions: Value,
        #[serde(default)]
        topic_config: BTreeMap<String, String>,
    },
    CreatePartitions {
        #[serde(default)]
        topic: Option<String>,
        #[serde(default)]
        from: Option<i32>,
        to: i32,
    },
    AlterConfig {
        #[serde(default)]
        topic: Option<String>,
        topic_config: BTreeMap<String, Option<String>>,
    },
    ElectLeaders {
        #[serde(default)]
        topic: Option<String>,
        #[serde(rename = "type")]
        kind: String,
        #[serde(default)]
        partition: i32,
    },
    DeleteRecords {
        #[serde(default)]
        topic: Option<String>,
        #[serde(default)]
        partition: i32,
        before: i64,
    },
}

/// `group`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupStep {
    pub op: String,
    pub group: String,
    #[serde(default)]
    pub broker: Option<BrokerName>,
    #[serde(default)]
    pub topic: Option<String>,
    #[serde(default)]
    pub partition: i32,
    #[serde(default)]
    pub member: String,
    #[serde(default)]
    pub generation: Option<i32>,
    #[serde(default)]
    pub instance_id: Option<String>,
    #[serde(default)]
    pub protocols: Vec<String>,
    #[serde(default)]
    pub session_timeout_ms: Option<i32>,
    #[serde(default, rename = "as")]
    pub named: Option<String>,
    #[serde(default)]
    pub group_has: Option<Value>,
    #[serde(default)]
    pub assignments: BTreeMap<String, String>,
    #[serde(default)]
    pub offset: Option<i64>,
    #[serde(default)]
    pub state: Option<String>,
    #[serde(default)]
    pub repeat: bool,
    #[serde(default)]
    pub id: Option<String>,
}

/// `consumer`, `start`: a whole consumer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConsumerStart {
    pub name: String,
    pub group: String,
    pub topic: Option<String>,
    pub assignor: Option<String>,
    pub session_timeout_ms: Option<i32>,
    pub max_poll_interval_ms: Option<i32>,
    /// `none`, `before` or `after` the record is processed.
    pub commit: Option<String>,
    /// It dies without leaving after so many records.
    pub kill_after: Option<u32>,
    /// The first record is held so long without a poll.
    pub hold_ms: Option<i64>,
    /// Its instance id is its name.
    #[serde(rename = "static")]
    pub is_static: bool,
    /// The offset from which it reads, without a group.
    pub offset: Option<i64>,
    /// The offset that its group has committed, or `none`.
    pub committed: Option<Value>,
    /// `auto.offset.reset`.
    pub reset: Option<String>,
}

/// `consumer`, `kill`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsumerKill {
    pub name: String,
}

/// `consumer`, `read`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConsumerRead {
    pub group: Option<String>,
    pub topic: Option<String>,
    pub committed: Option<Value>,
    pub reset: Option<String>,
    pub offset: Option<i64>,
    pub id: Option<String>,
}

/// `sleep`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sleep {
    pub seconds: f64,
}

/// `wait`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    #[serde(rename = "for")]
    pub condition: Condition,
    #[serde(default)]
    pub then_ms: i64,
    #[serde(default)]
    pub group: Option<String>,
    #[serde(default)]
    pub topic: Option<String>,
    #[serde(default)]
    pub partition: i32,
    #[serde(default)]
    pub keep_alive: Vec<String>,
}

/// What a `wait` waits for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    Leader(i32),
    Isr(Vec<i32>),
    IsrSet(Vec<i32>),
    InIsr(Vec<i32>),
    NotInIsr(Vec<i32>),
    CaughtUp(Vec<i32>),
    ControllerChanged(bool),
    Generation(i32),
    MemberGone(String),
    ExpectNext(bool),
}

/// `observe`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observe {
    #[serde(default)]
    pub of: Option<String>,
    #[serde(default)]
    pub topic: Option<String>,
    #[serde(default)]
    pub partition: i32,
    #[serde(default)]
    pub group: Option<String>,
}

/// `file`.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum FileStep {
    List {},
    Cut {
        file: String,
        bytes: u64,
    },
    Flip {
        file: String,
        position: u64,
        #[serde(default)]
        in_batch: Option<i64>,
    },
}

/// Fields that every step may have and that change nothing.
const REMARKS: &[&str] = &["do", "label", "expect", "seen", "took_ms", "why", "derived", "compare"];

/// Fields of some verbs that are remarks too.
const CLIENT: &str = "client";

impl Case {
    /// Reads a case.
    ///
    /// # Errors
    /// Its name, setup, needs or states are not of this format.
    pub fn read(json: &Value, name: &str) -> Result<Case, String> {
        let setup = Setup::deserialize(&json["setup"]).map_err(|e| format!("setup: {e}"))?;
        let list = |key: &str| json.get(key).cloned().unwrap_or(Value::Array(Vec::new()));
        let needs = serde_json::from_value(list("needs")).map_err(|e| format!("needs: {e}"))?;
        let expect_states = serde_json::from_value(list("expect_states"))
            .map_err(|e| format!("expect_states: {e}"))?;
        let steps = json["steps"].as_array().ok_or("steps: not a list")?;
        Ok(Case {
            name: json["name"].as_str().unwrap_or(name).to_owned(),
            setup,
            needs,
            steps: steps.iter().map(Step::read).collect(),
            expect_states,
        })
    }
}

impl Step {
    fn read(json: &Value) -> Result<Step, String> {
        let object = json.as_object().ok_or("a step is not an object")?;
        let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
        let verb = text("do");
        let passed_over = object.get("compare") == Some(&Value::Bool(false));
        let mut fields = object.clone();
        fields.retain(|key, _| !REMARKS.contains(&key.as_str()) && key != CLIENT);
        let op = text("op");
        let is_parked = ["init_producer_id", "admin", "txn"].contains(&verb);
        let parked = is_parked.then(|| fields.remove("id")).flatten();
        let parked = parked.and_then(|id| id.as_str().map(str::to_owned));
        let action = match passed_over {
            true => Action::PassOver,
            false => action(verb, fields).map_err(|problem| format!("{verb}: {problem}"))?,
        };
        let expect = match object.get("expect") {
            Some(Value::Object(expect)) => expect.clone(),
            None => Map::new(),
            Some(_) => return Err(format!("{verb}: expect is not an object")),
        };
        let mut title = verb.to_owned();
        for part in [op, text("of"), text("label")] {
            if !part.is_empty() {
                title = format!("{title} {part}");
            }
        }
        Ok(Step { action, parked, expect, title })
    }
}

fn action(verb: &str, fields: Map<String, Value>) -> Result<Action, String> {
    Ok(match verb {
        "produce" => Action::Produce(typed(fields)?),
        "answer" => Action::Answer(typed(fields)?),
        "fetch" => Action::Fetch(typed(fields)?),
        "list_offsets" => Action::ListOffsets(typed(fields)?),
        "offset_for_leader_epoch" => Action::OffsetForLeaderEpoch(typed(fields)?),
        "init_producer_id" => Action::InitProducerId(typed(fields)?),
        "txn" => Action::Txn(typed(fields)?),
        "metadata" => Action::Metadata(typed(fields)?),
        "admin" => Action::Admin(typed(fields)?),
        "group" => Action::Group(typed(fields)?),
        "consumer" => consumer(fields)?,
        "kill" => Action::Signal(Signal::Kill, broker(fields)?),
        "stop" => Action::Signal(Signal::Stop, broker(fields)?),
        "start" => Action::Signal(Signal::Start, broker(fields)?),
        "pause" => Action::Signal(Signal::Pause, broker(fields)?),
        "resume" => Action::Signal(Signal::Resume, broker(fields)?),
        "sleep" => Action::Sleep(typed(fields)?),
        "wait" => Action::Wait(typed(fields)?),
        "observe" => Action::Observe(typed(fields)?),
        "file" => Action::File(typed(fields)?),
        _ => return Err("no such verb is known".to_owned()),
    })
}

fn consumer(mut fields: Map<String, Value>) -> Result<Action, String> {
    let op = fields.remove("op").and_then(|op| op.as_str().map(str::to_owned));
    match op.as_deref() {
        Some("start") => Ok(Action::StartConsumer(typed(fields)?)),
        Some("kill") => Ok(Action::KillConsumer(typed(fields)?)),
        Some("read") => Ok(Action::ReadConsumer(typed(fields)?)),
        other => Err(format!("no operation {} is known", other.unwrap_or("without a name"))),
    }
}

fn broker(mut fields: Map<String, Value>) -> Result<BrokerName, String> {
    let name = fields.remove("broker").ok_or("it names no broker")?;
    match fields.keys().next() {
        Some(key) => Err(format!("no field {key} is known")),
        None => serde_json::from_value(name).map_err(|error| error.to_string()),
    }
}

fn typed<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, String> {
    serde_json::from_value(Value::Object(fields)).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(text: &str) -> Result<Step, String> {
        Step::read(&serde_json::from_str(text).expect("the test's text is JSON"))
    }

    #[test]
    fn a_step_with_an_unknown_verb_operation_condition_or_field_is_not_understood() {
        for text in [
            r#"{"do": "dance"}"#,
            r#"{"do": "produce", "records": ["a"], "colour": "red"}"#,
            r#"{"do": "wait", "for": {"full_moon": true}}"#,
            r#"{"do": "admin", "op": "reboot"}"#,
            r#"{"do": "consumer", "op": "dance"}"#,
            r#"{"do": "kill", "broker": 1, "slowly": true}"#,
            r#"{"do": "file", "op": "cut", "file": "a", "bytes": 7, "from": "front"}"#,
        ] {
            assert!(step(text).is_err(), "{text}");
        }
    }

    #[test]
    fn remarks_change_nothing() {
        let text = r#"{"do": "kill", "broker": 2, "label": "x", "why": "y", "took_ms": 3,
            "seen": {}, "derived": "z"}"#;
        let step = step(text).expect("it is understood");
        assert!(matches!(step.action, Action::Signal(Signal::Kill, BrokerName::Id(2))));
        assert_eq!(step.title, "kill x");
    }

    #[test]
    fn a_step_that_is_not_compared_is_passed_over() {
        let text = r#"{"do": "produce", "client": "java console", "compare": false}"#;
        assert!(matches!(step(text), Ok(Step { action: Action::PassOver, .. })));
    }
}
