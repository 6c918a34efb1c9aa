//! Groups and what Kafka's assignors dealt their members.
//!
//! What a member owned goes the way that its assignor sends it: `sticky` in user data of version 1,
//! `cooperative-sticky` in the fields of the subscription. Lists are compared in the order in which the
//! Java class returned them, too, when the case has it.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::conform::Format;
use crate::conform::input::Input;
use crate::conform::report::CaseResult;
use crate::conform::vectors::difference;
use crate::engine::assignor::consumer_protocol::{
    HIGHEST_VERSION, read_assignment, read_subscription, write_assignment, write_subscription,
};
use crate::engine::assignor::{
    Assignment, Assignments, Assignor, Memory, PartitionInfo, Subscription, TopicPartitions,
};
use crate::engine::ids::{PartitionId, Text, TopicName, TopicPartition};

/// The format: an object with `cases` that name an `assignor` and have `members`.
pub const FORMAT: Format = Format { name: "assignors", is, run };

fn is(input: &Input) -> bool {
    let cases = input.json.as_ref().and_then(|json| json["cases"].as_array());
    let first = cases.and_then(|cases| cases.first());
    first.is_some_and(|case| case["assignor"].is_string() && case["members"].is_object())
}

fn run(input: &Input) -> Vec<CaseResult> {
    let json = input.json.as_ref().expect("it was recognised as JSON");
    // The order of members and topics counts, which a parsed value does not keep.
    let orders: Orders = serde_json::from_slice(&input.bytes).unwrap_or_default();
    let cases = json["cases"].as_array().into_iter().flatten();
    let none = Order::default();
    cases.zip(0..).map(|(case, at)| run_case(case, orders.cases.get(at).unwrap_or(&none))).collect()
}

fn run_case(case: &Value, order: &Order) -> CaseResult {
    let name = case["name"].as_str().unwrap_or("a case without a name");
    let assignor = case["assignor"].as_str().unwrap_or_default();
    let Some(assignor) = Assignor::named(assignor) else {
        return CaseResult::skipped(name, format!("no assignor is called {assignor}"));
    };
    let mut memory = Memory {
        prefer_rack_aware: case["preferRackAwareLogic"].as_bool().unwrap_or(false),
        ..Memory::default()
    };
    let topics: Vec<TopicPartitions> =
        order.partitions_per_topic.0.iter().map(|topic| topic_of(case, topic)).collect();
    let member = |id: &String| (Text::from(&**id), member_of(assignor, &case["members"][id]));
    let members: Vec<(Text, Subscription)> = order.members.0.iter().map(member).collect();
    let dealt = match assignor.assign_partitions(&mut memory, &topics, &members) {
        Ok(dealt) => dealt,
        Err(error) => return CaseResult::failed(name, "assign", &case["expected"], error),
    };
    let mut got = json!({ "expected": {}, "expectedOrdered": {} });
    for (id, list) in as_sent(dealt) {
        let names = |list: &[TopicPartition]| list.iter().map(ToString::to_string).collect();
        let ordered: Vec<String> = names(&list);
        let mut list = list;
        list.sort();
        got["expected"][&*id] = json!(names(&list));
        got["expectedOrdered"][&*id] = json!(ordered);
    }
    let mut wanted = json!({});
    if case["expected"].is_object() {
        wanted["expected"] = sorted(&case["expected"]);
    }
    if case["expectedOrdered"].is_object() {
        wanted["expectedOrdered"] = case["expectedOrdered"].clone();
    }
    if wanted == json!({}) {
        return CaseResult::skipped(name, "neither `expected` nor `expectedOrdered`");
    }
    match difference(&wanted, &got, "") {
        Some((place, expected, got)) => CaseResult::failed(name, place, expected, got),
        None => CaseResult::passed(name),
    }
}

/// The recorded sets by topic and number.
fn sorted(expected: &Value) -> Value {
    let lists = expected.as_object().into_iter().flatten();
    let lists = lists.map(|(id, list)| {
        let mut list = partitions(list);
        list.sort();
        (id.clone(), json!(list.iter().map(ToString::to_string).collect::<Vec<_>>()))
    });
    Value::Object(lists.collect())
}

/// What members read out of the bytes that the leader sends them.
fn as_sent(dealt: Assignments) -> Assignments {
    let sent = |partitions: Vec<TopicPartition>| {
        let assignment = Assignment { partitions, user_data: None };
        let bytes = write_assignment(&assignment, HIGHEST_VERSION);
        let read = read_assignment(&bytes).expect("what was written can be read").partitions;
        let (mut one, mut other) = (read, assignment.partitions.clone());
        one.sort();
        other.sort();
        assert_eq!(one, other, "the bytes hold the same partitions");
        assignment.partitions
    };
    dealt.into_iter().map(|(id, list)| (id, sent(list))).collect()
}

fn topic_of(case: &Value, topic: &str) -> TopicPartitions {
    let racks = &case["replicaRacks"][topic];
    let text = |rack: &Value| rack.as_str().map(Text::from);
    let partitions = (0..case["partitionsPerTopic"][topic].as_i64().unwrap_or(0)).map(|number| {
        let racks = racks[usize::try_from(number).unwrap_or(0)].as_array().into_iter().flatten();
        PartitionInfo {
            partition: PartitionId(i32::try_from(number).unwrap_or(i32::MAX)),
            racks: racks.map(text).collect(),
        }
    });
    (TopicName::new(topic), partitions.collect())
}

fn member_of(assignor: Assignor, member: &Value) -> Subscription {
    let text = |field: &str| member[field].as_str().map(Text::from);
    let names = member["topics"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let told = member["generation"].as_i64().and_then(|told| i32::try_from(told).ok());
    let owned = partitions(&member["owned"]);
    let remembered = told.map(|generation| Memory {
        generation,
        assigned: Some(owned.clone()),
        ..Memory::default()
    });
    let sticky = matches!(assignor, Assignor::Sticky | Assignor::CooperativeSticky);
    let subscription = Subscription {
        topics: names.map(TopicName::new).collect(),
        user_data: remembered.filter(|_| sticky).and_then(|memory| assignor.user_data(&memory)),
        owned,
        generation: told.filter(|generation| *generation >= 0),
        rack: text("rack"),
        instance: None,
    };
    let sent = write_subscription(&subscription, HIGHEST_VERSION);
    let read = read_subscription(&sent).expect("what was written can be read");
    // The case has the members as the assignor saw them: topics and owned partitions in their order.
    assert_eq!(
        (&read.user_data, read.generation),
        (&subscription.user_data, subscription.generation)
    );
    Subscription { instance: text("groupInstanceId"), ..subscription }
}

/// `topic-0`, `topic-1` as partitions.
fn partitions(list: &Value) -> Vec<TopicPartition> {
    let names = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    let read = names.filter_map(|name| {
        let (topic, number) = name.rsplit_once('-')?;
        Some(TopicPartition::new(&TopicName::new(topic), PartitionId(number.parse().ok()?)))
    });
    read.collect()
}

#[derive(Default, Deserialize)]
struct Orders {
    cases: Vec<Order>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    #[serde(default)]
    partitions_per_topic: Keys,
    #[serde(default)]
    members: Keys,
}

/// The keys of an object in the order of the text.
#[derive(Default)]
struct Keys(Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Keys, D::Error> {
        deserializer.deserialize_map(KeysVisitor)
    }
}

struct KeysVisitor;

impl<'de> serde::de::Visitor<'de> for KeysVisitor {
    type Value = Keys;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
        let mut keys = Vec::new();
        while let Some((key, _)) = map.next_entry::<String, serde::de::IgnoredAny>()? {
            keys.push(key);
        }
        Ok(Keys(keys))
    }
}
