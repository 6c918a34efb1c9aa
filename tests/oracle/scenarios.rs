//! The cases that both clusters go through: recorded ones, and our own, which have no expectations.
//!
//! Cases that agree in what they need of a cluster share one; those that end its controller come last.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use highwater::conform::anomaly::case::Setup;
use serde_json::Value;

use super::kit::Trouble;
use super::servers::Shape;

/// Recorded on a real cluster, with what is expected of each step.
const RECORDED: &str = "tests/data/anomalies";
/// Ours: what the real cluster gives is what is expected of Highwater.
const OURS: &str = "tests/data/conformance";
/// Capabilities whose cases are not heard here.
const ELSEWHERE: &[&str] = &["groups", "consumers", "transactions", "auto_create", "partitioner"];

/// Beside ours: differences that are known and accepted.
pub const ACCEPTED: &str = "accepted.json";

/// One case, as its file has it.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub name: String,
    pub json: Value,
    /// It has expectations of its own.
    pub is_recorded: bool,
}

impl Scenario {
    /// # Errors
    /// When its setup is not one.
    pub fn shape(&self) -> Result<Shape, Trouble> {
        let setup: Setup = serde_json::from_value(self.json["setup"].clone())
            .map_err(|e| format!("{}: setup: {e}", self.name))?;
        Ok(Shape {
            brokers: setup.brokers,
            controller: setup.controller,
            properties: setup.broker_config,
        })
    }

    /// Whether it is about what brokers do with logs and replicas. Groups, transactions and topics
    /// that a request makes are compared with their records alone (`highwater conform`).
    fn is_about_brokers(&self) -> bool {
        let needs = self.json["needs"].as_array().cloned().unwrap_or_default();
        !needs.iter().any(|need| ELSEWHERE.iter().any(|word| need == word))
    }

    /// Whether it changes bytes of a log: what Kafka's tool says of those is no news.
    pub fn damages_files(&self) -> bool {
        let damages = |step: &Value| step["op"] == "cut" || step["op"] == "flip";
        self.json["steps"].as_array().is_some_and(|steps| steps.iter().any(damages))
    }

    /// Whether it ends the process of the controller.
    fn ends_controller(&self) -> bool {
        let controller = &self.json["setup"]["controller"];
        self.json["steps"].as_array().is_some_and(|steps| {
            let ends = |step: &Value| {
                step["do"] == "kill" || step["do"] == "stop" || step["do"] == "pause"
            };
            steps.iter().any(|step| ends(step) && step["broker"] == *controller)
        })
    }
}

/// All cases whose name holds one of the words given (none: all), cluster by cluster.
///
/// # Errors
/// When a file cannot be read, or a word fits none.
pub fn load(words: &[String]) -> Result<Vec<(Shape, Vec<Scenario>)>, Trouble> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for (folder, is_recorded) in [(RECORDED, true), (OURS, false)] {
        for path in files(&root.join(folder))? {
            let json = read(&path)?;
            let name = json["name"].as_str().ok_or(format!("{}: no name", path.display()))?;
            all.push(Scenario { name: name.to_owned(), json, is_recorded });
        }
    }
    let wanted = |scenario: &Scenario| {
        words.is_empty() || words.iter().any(|word| scenario.name.contains(word.as_str()))
    };
    all.retain(|scenario| scenario.is_about_brokers() && wanted(scenario));
    if all.is_empty() {
        return Err(format!("no case is named {}", words.join(" or ")));
    }
    all.sort_by_key(Scenario::ends_controller);
    let mut clusters: BTreeMap<Shape, Vec<Scenario>> = BTreeMap::new();
    for scenario in all {
        clusters.entry(scenario.shape()?).or_default().push(scenario);
    }
    Ok(clusters.into_iter().collect())
}

/// A JSON file.
///
/// # Errors
/// When it cannot be read or is none.
pub fn read(path: &Path) -> Result<Value, Trouble> {
    let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
}

/// Where a file of ours is.
pub fn ours(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(OURS).join(name)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, Trouble> {
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut cases: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .filter(|path| path.file_name().is_some_and(|name| name != ACCEPTED))
        .collect();
    cases.sort();
    Ok(cases)
}
