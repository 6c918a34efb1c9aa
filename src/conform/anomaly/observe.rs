//! `observe`, `file` and `wait`: what can be seen of a cluster from its znodes, files and answers.

use kafka_protocol::messages::{self as kafka, ApiKey};
use serde_json::{Map, Value, json};

use crate::conform::anomaly::batches;
use crate::conform::anomaly::case::{Condition, FileStep, Observe, Wait};
use crate::conform::anomaly::cluster::{Life, Outcome, PartitionState, Problem};
use crate::conform::anomaly::compare;
use crate::conform::anomaly::files;
use crate::conform::anomaly::requests;
use crate::conform::anomaly::runner::{PATIENCE, Runner};
use crate::engine::record::reader;

/// The broker whose files a `file` step is about.
const FILES_OF: i32 = 1;
const RECOVERY_POINTS: &str = "recovery-point-offset-checkpoint";
/// What passes between an answer and the look at the files, in microseconds: what was on its way
/// when the answer came has arrived, and what follows from it has not begun.
const GLANCE: i64 = 1_500;
/// Between two looks at a condition, in microseconds.
const LOOK_AGAIN: i64 = 10_000;
/// The same for a condition that performs a whole step.
const TRY_AGAIN: i64 = 100_000;
/// Between two heartbeats of members that are kept alive.
const HEARTBEAT: i64 = 1_000_000;

impl Runner<'_> {
    pub(super) fn observe(&mut self, step: &Observe, expects: &[String]) -> Outcome<Value> {
        let topic = step.topic.clone().unwrap_or_else(|| self.topic.clone());
        match step.of.as_deref() {
            None | Some("partition") => self.observe_partition(&topic, step.partition, expects),
            Some("controller") => Ok(self.observe_controller()),
            Some("group") => {
                let group = step.group.clone().unwrap_or_default();
                self.observe_group(&group, expects)
            }
            Some("keys") => self.observe_keys(&topic),
            Some(other) => Err(Problem::Cannot(format!("nothing called {other} can be observed"))),
        }
    }

    fn observe_partition(
        &mut self,
        topic: &str,
        partition: i32,
        expects: &[String],
    ) -> Outcome<Value> {
        let wants = |field: &str| expects.is_empty() || expects.iter().any(|e| e == field);
        self.cluster.sleep(GLANCE);
        let state = self.cluster.partition_state(topic, partition);
        let mut told = json!({ "state": state.as_ref().map(state_json),
            "isr_set": state.as_ref().map(|state| state.isr.clone()) });
        // All files at one instant; only then the requests, which take time.
        let mut files_of = Vec::new();
        for broker in 1..=self.case.setup.brokers {
            files_of.push((broker, self.cluster.replica_files(broker, topic, partition)?));
        }
        let mut replicas = Map::new();
        for (broker, found) in files_of.into_iter().filter(|(_, found)| !found.is_empty()) {
            let leo = files::log_end_offset(&found);
            let mut replica = json!({ "leo": leo, "hw": null, "epochs": files::epochs(&found),
                "batches": files::all_batches(&found) });
            if wants("replicas")
                && self.cluster.life(broker) == Life::Running
                && let Some(hw) =
                    self.high_watermark(broker, (topic, partition), leo.unwrap_or(0))?
            {
                replica["hw"] = json!(hw);
            }
            replicas.insert(broker.to_string(), replica);
        }
        told["replicas"] = Value::Object(replicas);
        if wants("log_start") || wants("latest") {
            for (field, timestamp) in [("log_start", -2), ("latest", -1)] {
                told[field] = json!(self.listed_offset(topic, partition, timestamp)?);
            }
        }
        let of = state.map(|state| state.leader).filter(|leader| *leader >= 0).unwrap_or(FILES_OF);
        let found = self.cluster.replica_files(of, topic, partition)?;
        told["files"] = files::logs(&found).map(|(name, _)| json!(name)).collect();
        let segments = files::logs(&found)
            .map(|(name, bytes)| (name.clone(), Value::Array(batches::to_json(bytes))));
        told["segments"] = Value::Object(segments.collect());
        Ok(told)
    }

    fn listed_offset(&mut self, topic: &str, partition: i32, at: i64) -> Outcome<Option<i64>> {
        let broker = self.broker_for(None, topic, partition)?;
        let request = requests::list_offsets(topic, partition, at);
        let answer: kafka::ListOffsetsResponse =
            self.ask(broker, (ApiKey::ListOffsets, 5), &request)?;
        let part = answer.topics.first().and_then(|topic| topic.partitions.first());
        Ok(part.filter(|part| part.error_code == 0).map(|part| part.offset))
    }

    fn observe_controller(&mut self) -> Value {
        self.watch_controller();
        let first = self.controllers.first().copied().unwrap_or((-1, 0));
        let last = self.controllers.last().copied().unwrap_or(first);
        let moved_back = self
            .controllers
            .iter()
            .skip_while(|(id, _)| *id == first.0)
            .any(|(id, _)| *id == first.0);
        json!({ "changed": self.controllers.iter().any(|(id, _)| *id != first.0),
            "epoch_increase": last.1 - first.1, "moved_back": moved_back })
    }

    /// Which partitions hold records of each key, in the order in which the records were made.
    fn observe_keys(&mut self, topic: &str) -> Outcome<Value> {
        let mut found: Vec<(i64, i32, String)> = Vec::new();
        let partitions = i32::try_from(self.partitions(topic)?).unwrap_or(i32::MAX);
        for partition in 0..partitions {
            let leader = self.broker_for(None, topic, partition)?;
            let logs = self.cluster.replica_files(leader, topic, partition)?;
            for (_, bytes) in files::logs(&logs) {
                for (_, batch) in batches::split(bytes).0 {
                    found.extend(reader::records(&batch).filter_map(Result::ok).filter_map(|r| {
                        let key = String::from_utf8_lossy(r.key?).into_owned();
                        Some((r.timestamp, partition, key))
                    }));
                }
            }
        }
        found.sort();
        let mut holding = Map::new();
        let mut moved = 0;
        for key in &self.keys {
            let of_key = found.iter().filter(|(_, _, k)| k == key).map(|(_, p, _)| *p);
            let of_key: Vec<i32> = of_key.collect();
            moved += i32::from(of_key.first() != of_key.last());
            holding.insert(key.clone(), json!(of_key));
        }
        let keys = holding.len();
        Ok(json!({ "partitions_holding_key": holding, "moved": moved, "keys": keys }))
    }

    pub(super) fn file(&mut self, step: &FileStep) -> Outcome<Value> {
        let topic = self.topic.clone();
        match step {
            FileStep::List {} => {
                let found = self.cluster.replica_files(FILES_OF, &topic, 0)?;
                let checkpoint = self.cluster.broker_file(FILES_OF, RECOVERY_POINTS)?;
                let text = checkpoint.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
                let point = text.and_then(|text| files::checkpointed(&text, &topic, 0));
                Ok(json!({ "files": files::list(&found), "recovery_point": point }))
            }
            FileStep::Cut { file, bytes } => {
                self.cluster.cut(FILES_OF, (&topic, 0), file, *bytes)?;
                Ok(json!({}))
            }
            FileStep::Flip { file, position, in_batch } => {
                let found = self.cluster.replica_files(FILES_OF, &topic, 0)?;
                if let (Some(base), Some(bytes)) = (in_batch, found.get(file)) {
                    let (whole, _) = batches::split(bytes);
                    let mut end = 0;
                    let at = whole.iter().find(|(header, _)| {
                        end += header.size();
                        end > *position
                    });
                    let got = at.map(|(header, _)| header.base_offset.0);
                    if got != Some(*base) {
                        let got = json!(got);
                        let text = format!("position {position}: expected batch {base}, got {got}");
                        return Err(Problem::Failed(text));
                    }
                }
                self.cluster.flip(FILES_OF, (&topic, 0), file, *position)?;
                Ok(json!({}))
            }
        }
    }

    pub(super) fn wait(&mut self, index: usize, step: &Wait) -> Outcome<()> {
        let begun = self.cluster.now();
        let mut beat = begun;
        let each = match step.condition {
            Condition::ExpectNext(_) => TRY_AGAIN,
            _ => LOOK_AGAIN,
        };
        loop {
            self.watch_controller();
            let missing = self.unmet(index, step)?;
            let now = self.cluster.now();
            match missing {
                None => break,
                Some(got) if now - begun > PATIENCE => {
                    let wanted = format!("{:?}", step.condition);
                    return Err(Problem::Failed(format!(
                        "expected {wanted} within {} s, got {got}",
                        PATIENCE / 1_000_000
                    )));
                }
                Some(_) => {}
            }
            if !step.keep_alive.is_empty() && now - beat >= HEARTBEAT {
                beat = now;
                let group = step.group.clone().unwrap_or_default();
                for member in &step.keep_alive {
                    self.beat(&group, member)?;
                }
            }
            self.cluster.sleep(each);
        }
        self.cluster.sleep(step.then_ms * 1_000);
        Ok(())
    }

    /// What stands instead of the condition; `None` when it is met.
    fn unmet(&mut self, index: usize, step: &Wait) -> Outcome<Option<String>> {
        let topic = step.topic.clone().unwrap_or_else(|| self.topic.clone());
        let place = (topic.as_str(), step.partition);
        let state = self.cluster.partition_state(&topic, step.partition);
        let isr = state.as_ref().map_or(&[][..], |state| &state.isr).to_vec();
        let told = || Some(format!("{}", state.as_ref().map_or(Value::Null, state_json)));
        let unless = |met: bool| Ok(if met { None } else { told() });
        match &step.condition {
            Condition::Leader(id) => unless(state.as_ref().is_some_and(|s| s.leader == *id)),
            Condition::Isr(wanted) => unless(isr == *wanted),
            Condition::IsrSet(wanted) => {
                let (mut wanted, mut isr) = (wanted.clone(), isr.clone());
                wanted.sort_unstable();
                isr.sort_unstable();
                unless(isr == wanted)
            }
            Condition::InIsr(ids) => unless(ids.iter().all(|id| isr.contains(id))),
            Condition::NotInIsr(ids) => unless(!ids.iter().any(|id| isr.contains(id))),
            Condition::CaughtUp(ids) => self.behind(place, ids),
            Condition::ControllerChanged(wanted) => {
                let first = self.controllers.first().map(|(id, _)| *id);
                let now = self.cluster.controller().map(|(id, _)| id);
                let changed = now.is_some() && now != first;
                Ok((changed != *wanted).then(|| format!("controller {now:?}")))
            }
            Condition::Generation(wanted) => {
                let group = self.cluster.group(step.group.as_deref().unwrap_or_default())?;
                let now = group.generations.last().map(|(generation, _, _)| *generation);
                let met = group.state == "Stable" && now == Some(*wanted);
                Ok((!met).then(|| format!("{} in generation {now:?}", group.state)))
            }
            Condition::MemberGone(name) => {
                let group = self.cluster.group(step.group.as_deref().unwrap_or_default())?;
                let id = self.groups.member_id(name);
                Ok(group.members.contains(&id).then(|| format!("member {name} is there")))
            }
            Condition::ExpectNext(_) => self.next_differs(index + 1),
        }
    }

    fn next_differs(&mut self, index: usize) -> Outcome<Option<String>> {
        let Some(Ok(next)) = self.case.steps.get(index) else {
            return Err(Problem::Cannot("no next step is understood".to_owned()));
        };
        let got = self.act(index, &next.action)?;
        Ok(compare::difference(&next.expect, &got).map(|found| found.to_string()))
    }

    /// What keeps these replicas from the same log end and a high watermark at it.
    fn behind(&mut self, (topic, partition): (&str, i32), ids: &[i32]) -> Outcome<Option<String>> {
        let mut ends = Vec::new();
        for broker in ids {
            let found = self.cluster.logs(*broker, topic, partition)?;
            ends.push(files::log_end_offset(&found));
        }
        let told = |what: &str| Ok(Some(format!("{what} {}", json!(ends))));
        let Some(end) = ends.first().copied().flatten() else { return told("log ends") };
        if ends.iter().any(|other| *other != Some(end)) {
            return told("log ends");
        }
        for broker in ids {
            if self.cluster.life(*broker) != Life::Running {
                return told(&format!("broker {broker} not running, log ends"));
            }
            let hw = self.high_watermark(*broker, (topic, partition), end)?;
            if hw != Some(end) {
                return told(&format!("high watermark {} at {broker}, log ends", json!(hw)));
            }
        }
        Ok(None)
    }
}

fn state_json(state: &PartitionState) -> Value {
    json!({ "leader": state.leader, "leader_epoch": state.leader_epoch, "isr": state.isr,
        "partition_epoch": state.partition_epoch })
}
