//! One case on both clusters, and every difference between what came of it.
//!
//! A recorded case says itself what is expected: each cluster is compared with that. For a case of ours
//! the real cluster's outcome is what is expected of Highwater, whole, but for what the case says that
//! it races (`seen`, by path; `*` stands for any one name).

use highwater::conform::anomaly::case::Case;
use highwater::conform::anomaly::cluster::{Cluster, SetUp};
use highwater::conform::anomaly::compare;
use highwater::conform::anomaly::runner;
use highwater::conform::report::Verdict;
use serde_json::{Map, Value, json};

use super::held::{Held, keeping};
use super::kit::Trouble;
use super::scenarios::Scenario;

/// What is never compared: it differs between any two runs.
const NEVER: &[&str] = &["controller", "controller_epoch", "took_ms", "isr_at_answer"];

/// Where the two differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The step and the field: `7 (observe end): replicas.2.hw`.
    pub place: String,
    pub real: String,
    pub highwater: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Difference { place, real, highwater } = self;
        write!(f, "{place}: Kafka: {}; Highwater: {}", short(real), short(highwater))
    }
}

/// The front of a text: whole logs fill no line.
fn short(text: &str) -> String {
    const MOST: usize = 240;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What came of a case on the real cluster: each step's outcome, and then the partitions' states.
pub struct Truth {
    outcomes: Vec<Value>,
}

/// Performs the real half.
///
/// # Errors
/// When it cannot be performed to its end, or is not as recorded.
pub fn real_half(scenario: &Scenario, set_up: SetUp<'_>) -> Result<Truth, Trouble> {
    let (verdict, outcomes, _) = perform(&unhurried(scenario), set_up)?;
    match verdict {
        Verdict::Passed => Ok(Truth { outcomes }),
        Verdict::Failed(why) | Verdict::Skipped(why) => Err(why),
    }
}

/// A znode shows a state some milliseconds before its leader acts on it. Recordings looked that much
/// less often than we do; so each wait for a state is given them. And a follower hears of the leader's
/// high watermark with its next fetch, up to `replica.fetch.wait.max.ms` later: whether it has when one
/// looks is a race, which only Highwater runs the same way every time.
fn unhurried(scenario: &Scenario) -> Scenario {
    const SOME_MS: i64 = 60;
    let mut scenario = scenario.clone();
    for step in scenario.json["steps"].as_array_mut().into_iter().flatten() {
        let about_state = STATES.iter().any(|state| !step["for"][*state].is_null());
        if about_state && step["then_ms"].is_null() {
            step["then_ms"] = json!(SOME_MS);
        }
        let expected = step.get_mut("expect").and_then(|expected| expected.get_mut("replicas"));
        if let Some(replicas) = expected.and_then(Value::as_object_mut) {
            forget_late_watermarks(replicas);
        }
    }
    scenario
}

/// Takes away what is expected of followers' high watermarks that are behind the newest.
fn forget_late_watermarks(replicas: &mut Map<String, Value>) {
    let newest = replicas.values().filter_map(|replica| replica["hw"].as_i64()).max();
    for replica in replicas.values_mut().filter_map(Value::as_object_mut) {
        if replica.get("hw").and_then(Value::as_i64).is_some_and(|hw| Some(hw) < newest) {
            replica.remove("hw");
        }
    }
}

/// Conditions of `wait` that a znode tells.
const STATES: &[&str] = &["leader", "isr", "isr_set", "in_isr", "not_in_isr"];

type Performed = (Verdict, Vec<Value>, Option<Held>);

fn perform(scenario: &Scenario, set_up: SetUp<'_>) -> Result<Performed, Trouble> {
    let case = Case::read(&scenario.json, &scenario.name)?;
    let ((verdict, steps), held) = keeping(set_up, |set_up| runner::perform(&case, set_up));
    let mut outcomes: Vec<Value> = steps.into_iter().map(|step| step.got).collect();
    if let (Some(mut cluster), Verdict::Passed) = (held.clone(), &verdict) {
        outcomes.push(states(&mut cluster, case.setup.partitions.len()));
    }
    Ok((verdict, outcomes, held))
}

/// Every state that each partition ever had, by partition epoch.
fn states(cluster: &mut Held, partitions: usize) -> Value {
    let topic = cluster.topic();
    let mut all = Map::new();
    for partition in (0..).take(partitions) {
        let history = cluster.state_history(&topic, partition);
        let states = history.into_iter().map(|seen| {
            let state = seen.state;
            let told = json!([state.leader, state.leader_epoch, state.isr]);
            (state.partition_epoch.to_string(), told)
        });
        all.insert(partition.to_string(), Value::Object(states.collect()));
    }
    json!({ "states": all })
}

/// What Highwater made of a case.
pub enum Half {
    /// It was performed as far as it went; every difference, and the cluster.
    Compared(Vec<Difference>, Option<Held>),
    /// Highwater lacks something.
    Skipped(String),
}

/// Performs Highwater's half, and compares. (Or the real one's again, to find what races.)
///
/// # Errors
/// When the case cannot be read.
pub fn second_half(scenario: &Scenario, truth: &Truth, set_up: SetUp<'_>) -> Result<Half, Trouble> {
    let (verdict, steps, held) = perform(scenario, set_up)?;
    let mut found = match scenario.is_recorded {
        true => Vec::new(),
        false => differences(&scenario.json, &truth.outcomes, &steps),
    };
    match verdict {
        Verdict::Passed => {}
        Verdict::Skipped(why) => return Ok(Half::Skipped(why)),
        Verdict::Failed(why) => found.push(from_line(&why)),
    }
    Ok(Half::Compared(found, held))
}

/// A failure as the runner tells it: `step 7 (observe end): replicas.2.hw: expected 3, got 1`.
fn from_line(line: &str) -> Difference {
    let (place, rest) = line.split_once(": expected ").unwrap_or((line, "something else"));
    let (real, highwater) = rest.split_once(", got ").unwrap_or((rest, "see there"));
    let place = place.strip_prefix("step ").unwrap_or(place).to_owned();
    Difference { place, real: real.to_owned(), highwater: highwater.to_owned() }
}

/// Every field of every step that differs.
fn differences(case: &Value, real: &[Value], highwater: &[Value]) -> Vec<Difference> {
    let steps = case["steps"].as_array().cloned().unwrap_or_default();
    let mut found = Vec::new();
    for (index, (real, highwater)) in real.iter().zip(highwater).enumerate() {
        let step = steps.get(index).cloned().unwrap_or(Value::Null);
        let masks = seen_of(case, index);
        for (path, wanted) in leaves(real) {
            if is_masked(&masks, &path) {
                continue;
            }
            if let Some(difference) = compare::difference(&wanted, highwater) {
                let words = ["do", "op", "label"].iter().filter_map(|key| step[*key].as_str());
                let title = words.collect::<Vec<&str>>().join(" ");
                let title = if title.is_empty() { "end" } else { &title };
                let place = format!("{index} ({title}): {}", difference.path);
                let (real, highwater) = (difference.expected, difference.got);
                found.push(Difference { place, real, highwater });
            }
        }
    }
    found
}

/// Each value within nested objects, as (its path, an object that holds it alone).
fn leaves(value: &Value) -> Vec<(Vec<String>, Map<String, Value>)> {
    let Some(object) = value.as_object() else { return Vec::new() };
    let mut all = Vec::new();
    for (key, value) in object {
        match value.as_object().filter(|inner| !inner.is_empty()) {
            None => all.push((vec![key.clone()], Map::from_iter([(key.clone(), value.clone())]))),
            Some(_) => {
                for (mut path, inner) in leaves(value) {
                    path.insert(0, key.clone());
                    all.push((path, Map::from_iter([(key.clone(), Value::Object(inner))])));
                }
            }
        }
    }
    all
}

/// Whether a mask names this path or something that it lies in. A file's name has dots of its own.
fn covers(mask: &str, path: &[String]) -> bool {
    if mask == path.join(".") {
        return true;
    }
    let mask: Vec<&str> = mask.split('.').collect();
    let fits = |(wanted, have): (&&str, &String)| *wanted == "*" || wanted == have;
    mask.len() <= path.len() && mask.iter().zip(path).all(fits)
}

/// The case with what came of it on the real cluster as its expectations: a recorded case, which
/// `highwater conform` runs without a judge.
pub fn recorded(scenario: &Scenario, truth: &Truth) -> Value {
    let mut json = scenario.json.clone();
    let count = json["steps"].as_array().map_or(0, Vec::len);
    for (index, outcome) in truth.outcomes.iter().enumerate().take(count) {
        let masks = seen_of(&scenario.json, index);
        let mut expect = Map::new();
        for (path, leaf) in leaves(outcome) {
            if !is_masked(&masks, &path) {
                merge(&mut expect, leaf);
            }
        }
        if !expect.is_empty() {
            json["steps"][index]["expect"] = Value::Object(expect);
        }
    }
    json["kafka"] = json!("3.9.1 ZooKeeper mode");
    json
}

fn merge(into: &mut Map<String, Value>, leaf: Map<String, Value>) {
    for (key, value) in leaf {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(inner)), Value::Object(more)) => merge(inner, more),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// Plants differences into an outcome and returns those that the comparison does not see: a judge
/// that sees nothing would pass everything.
pub fn blind_spots(scenario: &Scenario, truth: &Truth) -> Vec<String> {
    let mut unseen = Vec::new();
    for (index, outcome) in truth.outcomes.iter().enumerate() {
        for (path, _) in leaves(outcome) {
            let mut planted = truth.outcomes.clone();
            let place = path.iter().fold(&mut planted[index], |at, key| &mut at[key.as_str()]);
            *place = json!("planted");
            let masked = is_masked(&seen_of(&scenario.json, index), &path);
            let found = differences(&scenario.json, &truth.outcomes, &planted);
            if found.is_empty() != masked {
                unseen.push(format!("{index}: {}", path.join(".")));
            }
        }
    }
    unseen
}

/// What a step says that it races; what the case itself says is about the states at its end.
fn seen_of(case: &Value, index: usize) -> Vec<String> {
    let step = case["steps"].get(index).unwrap_or(case);
    step["seen"].as_object().map(|seen| seen.keys().cloned().collect()).unwrap_or_default()
}

fn is_masked(masks: &[String], path: &[String]) -> bool {
    NEVER.iter().any(|mask| covers(mask, path)) || masks.iter().any(|mask| covers(mask, path))
}
