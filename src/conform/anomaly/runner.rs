//! Runs a case on a cluster: each step to its whole outcome, which is then compared.

use std::collections::BTreeMap;

use bytes::Bytes;
use kafka_protocol::messages::ApiKey;
use kafka_protocol::protocol::{Decodable, Encodable};
use serde_json::{Value, json};

use crate::conform::anomaly::case::{Action, BrokerName, Case, Signal, Step};
use crate::conform::anomaly::cluster::{Cluster, Connection, Outcome, Problem, Reply, SetUp};
use crate::conform::anomaly::compare;
use crate::conform::anomaly::groups::Groups;
use crate::conform::anomaly::produce::Producers;
use crate::conform::anomaly::requests;
use crate::conform::report::{CaseResult, Verdict};

/// How long an answer is waited for that should come, in microseconds.
pub(super) const PATIENCE: i64 = 60_000_000;

/// A case on its way through a cluster.
pub struct Runner<'a> {
    pub(super) case: &'a Case,
    pub(super) cluster: Box<dyn Cluster>,
    pub(super) topic: String,
    /// Wall time at the start of the case, in ms since 1970.
    pub(super) started_ms: i64,
    pub(super) pending: BTreeMap<String, Pending>,
    /// Outcomes of steps that were performed before somebody asked for their answers.
    done: BTreeMap<String, Value>,
    pub(super) producers: Producers,
    pub(super) groups: Groups,
    /// Brokers that were controller, each with its epoch, oldest first.
    pub(super) controllers: Vec<(i32, i32)>,
    /// Keys sent with the default partitioner, in the order of their first sending.
    pub(super) keys: Vec<String>,
}

/// Makes of an answer the outcome of its step.
type ReadAnswer = dyn Fn(&mut Runner<'_>, Answered) -> Outcome<Value>;

/// A request whose answer a later step waits for.
pub(super) struct Pending {
    pub(super) connection: Connection,
    pub(super) read: Box<ReadAnswer>,
}

/// What came for a request.
#[derive(Clone, Debug)]
pub enum Answered {
    /// A frame, and when.
    Frame(Bytes, i64),
    /// The connection was closed.
    Closed,
    /// Nothing, however long was waited.
    Never,
}

/// What came of one step.
#[derive(Clone, Debug)]
pub struct StepOutcome {
    /// Everything that came, not only what is expected.
    pub got: Value,
    /// Its difference from what is expected, as text.
    pub difference: Option<String>,
}

/// Runs a case to its end, or to the first step that differs or cannot be performed.
pub fn run(case: &Case, set_up: SetUp<'_>) -> CaseResult {
    let (verdict, _) = perform(case, set_up);
    CaseResult { name: case.name.clone(), verdict }
}

/// Runs a case; also gives back what came of every step that was performed, by index.
pub fn perform(case: &Case, set_up: SetUp<'_>) -> (Verdict, Vec<StepOutcome>) {
    let mut outcomes = Vec::new();
    let prepared = set_up(&case.setup).and_then(|cluster| Runner::prepare(case, cluster));
    let mut runner = match prepared {
        Ok(runner) => runner,
        Err(Problem::Cannot(why)) => return (Verdict::Skipped(format!("setup: {why}")), outcomes),
        Err(Problem::Failed(why)) => return (Verdict::Failed(format!("setup: {why}")), outcomes),
    };
    for (index, step) in case.steps.iter().enumerate() {
        let (place, result) = match step {
            Ok(step) => (format!("step {index} ({})", step.title), runner.step(index, step)),
            Err(why) => (format!("step {index}"), Err(Problem::Cannot(why.clone()))),
        };
        match result {
            Ok(outcome) => {
                let difference = outcome.difference.clone();
                outcomes.push(outcome);
                if let Some(difference) = difference {
                    return (Verdict::Failed(format!("{place}: {difference}")), outcomes);
                }
            }
            Err(Problem::Failed(why)) => {
                return (Verdict::Failed(format!("{place}: {why}")), outcomes);
            }
            Err(Problem::Cannot(why)) => {
                let states = runner.compare_states(false).map(Verdict::Failed);
                let skipped = Verdict::Skipped(format!("{place}: {why}"));
                return (states.unwrap_or(skipped), outcomes);
            }
        }
    }
    let verdict = match runner.compare_states(true) {
        Some(difference) => Verdict::Failed(difference),
        None => runner.reservation().map_or(Verdict::Passed, Verdict::Skipped),
    };
    (verdict, outcomes)
}

impl<'a> Runner<'a> {
    fn prepare(case: &'a Case, cluster: Box<dyn Cluster>) -> Outcome<Runner<'a>> {
        let topic = cluster.topic();
        let mut runner = Runner {
            case,
            cluster,
            topic,
            started_ms: 0,
            pending: BTreeMap::new(),
            done: BTreeMap::new(),
            producers: Producers::default(),
            groups: Groups::default(),
            controllers: Vec::new(),
            keys: Vec::new(),
        };
        runner.create_case_topic()?;
        runner.started_ms = runner.cluster.wall_ms();
        runner.watch_controller();
        Ok(runner)
    }

    fn step(&mut self, index: usize, step: &Step) -> Outcome<StepOutcome> {
        if let Some(why) = self.lacking(&step.action) {
            return Err(Problem::Cannot(why));
        }
        let mut got = self.act(index, &step.action)?;
        if let Some(id) = &step.parked {
            self.done.insert(id.clone(), std::mem::take(&mut got));
        }
        if let Some(rule) = self.cluster.broken_rule() {
            return Err(Problem::Failed(format!("expected every rule to hold, got {rule}")));
        }
        self.watch_controller();
        if got.is_null() {
            // Its answer is a later step's.
            return Ok(StepOutcome { got, difference: None });
        }
        if let Some(unknown) = step.expect.keys().find(|key| got.get(key.as_str()).is_none()) {
            return Err(Problem::Cannot(format!("no field {unknown} of its outcome is known")));
        }
        let difference = compare::difference(&step.expect, &got).map(|found| found.to_string());
        Ok(StepOutcome { got, difference })
    }

    /// Performs one step; returns all that came of it.
    pub(super) fn act(&mut self, index: usize, action: &Action) -> Outcome<Value> {
        match action {
            Action::PassOver => Ok(json!({})),
            Action::Produce(step) => self.produce(step),
            Action::Answer(step) => self.answer(&step.id),
            Action::Fetch(step) => self.fetch(step),
            Action::ListOffsets(step) => self.list_offsets(step),
            Action::OffsetForLeaderEpoch(step) => self.offset_for_leader_epoch(step),
            Action::InitProducerId(step) => self.init_producer_id(step),
            Action::Txn(step) => self.txn(step),
            Action::Metadata(step) => self.metadata(step),
            Action::Admin(step) => self.admin(step),
            Action::Group(step) => self.group(step),
            Action::StartConsumer(step) => {
                let expects = self.expects(index);
                self.start_consumer(step, &expects)
            }
            Action::KillConsumer(step) => {
                self.cluster.kill_consumer(&step.name)?;
                Ok(json!({}))
            }
            Action::ReadConsumer(step) => self.read_consumer(step),
            Action::Signal(signal, broker) => self.signal(*signal, broker),
            Action::Sleep(step) => {
                self.cluster.sleep(micros(step.seconds));
                Ok(json!({}))
            }
            Action::Wait(step) => {
                self.wait(index, step)?;
                Ok(json!({}))
            }
            Action::Observe(step) => {
                let expects = self.expects(index);
                self.observe(step, &expects)
            }
            Action::File(step) => self.file(step),
        }
    }

    /// The fields that a step expects.
    pub(super) fn expects(&self, index: usize) -> Vec<String> {
        match self.case.steps.get(index) {
            Some(Ok(step)) => step.expect.keys().cloned().collect(),
            _ => Vec::new(),
        }
    }

    fn signal(&mut self, signal: Signal, broker: &BrokerName) -> Outcome<Value> {
        let broker = self.broker(Some(broker), 0)?;
        match signal {
            Signal::Kill => self.cluster.kill(broker)?,
            Signal::Stop => self.cluster.stop(broker)?,
            Signal::Start => self.cluster.start(broker)?,
            Signal::Pause => self.cluster.pause(broker)?,
            Signal::Resume => self.cluster.resume(broker)?,
        }
        Ok(json!({ "broker": broker }))
    }

    /// The broker that a step names, or the leader of that partition of the case's topic.
    pub(super) fn broker(&mut self, name: Option<&BrokerName>, partition: i32) -> Outcome<i32> {
        let topic = self.topic.clone();
        self.broker_for(name, &topic, partition)
    }

    /// The broker that a step names, or the leader of that partition.
    pub(super) fn broker_for(
        &mut self,
        name: Option<&BrokerName>,
        topic: &str,
        partition: i32,
    ) -> Outcome<i32> {
        match name {
            Some(BrokerName::Id(id)) => Ok(*id),
            Some(BrokerName::Role(role)) => self.broker_of_role(role),
            None => {
                let state = self.cluster.partition_state(topic, partition);
                let leader = state.map(|state| state.leader).filter(|leader| *leader >= 0);
                Ok(leader.or_else(|| self.any_running()).unwrap_or(1))
            }
        }
    }

    /// A broker that runs.
    pub(super) fn any_running(&self) -> Option<i32> {
        use crate::conform::anomaly::cluster::Life;
        (1..=self.case.setup.brokers).find(|id| self.cluster.life(*id) == Life::Running)
    }

    /// Sends a request and waits for its answer.
    pub(super) fn ask<Q: Encodable, A: Decodable>(
        &mut self,
        broker: i32,
        (api, version): (ApiKey, i16),
        request: &Q,
    ) -> Outcome<A> {
        let frame = requests::frame(api, version, request);
        let connection = self.cluster.send(broker, frame, true)?;
        match self.wait_for(connection) {
            Answered::Frame(frame, _) => {
                requests::read(api, version, &frame).map_err(Problem::Failed)
            }
            Answered::Closed => Err(Problem::Failed(format!(
                "expected an answer to {api:?} v{version}, got a closed connection"
            ))),
            Answered::Never => {
                let seconds = PATIENCE / 1_000_000;
                let text = format!("expected an answer to {api:?} v{version}, got none in");
                Err(Problem::Failed(format!("{text} {seconds} s")))
            }
        }
    }

    /// Waits for what comes on a connection.
    pub(super) fn wait_for(&mut self, connection: Connection) -> Answered {
        match self.cluster.receive(connection, PATIENCE) {
            Reply::Frame(frame, at) => Answered::Frame(frame, at),
            Reply::Closed => Answered::Closed,
            Reply::Nothing => Answered::Never,
        }
    }

    /// Sends a request whose answer `read` turns into the step's outcome: at once, or when a later
    /// step asks for it by `id`.
    pub(super) fn ask_or_park<Q: Encodable>(
        &mut self,
        (broker, api, version): (i32, ApiKey, i16),
        request: &Q,
        id: Option<&str>,
        read: impl Fn(&mut Runner<'_>, Answered) -> Outcome<Value> + 'static,
    ) -> Outcome<Value> {
        let frame = requests::frame(api, version, request);
        let connection = self.cluster.send(broker, frame, true)?;
        match id {
            Some(id) => {
                let pending = Pending { connection, read: Box::new(read) };
                self.pending.insert(id.to_owned(), pending);
                Ok(Value::Null)
            }
            None => {
                let answered = self.wait_for(connection);
                read(self, answered)
            }
        }
    }

    fn answer(&mut self, id: &str) -> Outcome<Value> {
        if let Some(outcome) = self.done.remove(id) {
            return Ok(outcome);
        }
        if let Some(name) = self.groups.readers.remove(id) {
            return self.finish_read(&name, 1);
        }
        let unknown = || Problem::Cannot(format!("no step sent a request with the id {id}"));
        let pending = self.pending.remove(id).ok_or_else(unknown)?;
        let answered = self.wait_for(pending.connection);
        (pending.read)(self, answered)
    }

    /// Takes note of who is controller.
    pub(super) fn watch_controller(&mut self) {
        if let Some(now) = self.cluster.controller()
            && self.controllers.last() != Some(&now)
        {
            self.controllers.push(now);
        }
    }

    /// The first state that is not as expected, by partition epoch. `all`: each must have been.
    fn compare_states(&mut self, all: bool) -> Option<String> {
        let case = self.case;
        if case.expect_states.is_empty() {
            return None;
        }
        let topic = self.topic.clone();
        let history = self.cluster.state_history(&topic, 0);
        case.expect_states.iter().find_map(|expected| {
            let seen = history.iter().find(|seen| seen.state.partition_epoch == expected.3);
            let wanted = json!([expected.0, expected.1, expected.2, expected.3]);
            let Some(seen) = seen else {
                return all.then(|| format!("expect_states: expected {wanted}, got no such state"));
            };
            let state = &seen.state;
            let isr = expected.2.as_ref().map(|_| &state.isr);
            let got = json!([state.leader, state.leader_epoch, isr, state.partition_epoch]);
            (wanted != got).then(|| format!("expect_states: expected {wanted}, got {got}"))
        })
    }

    /// Why a case that went as recorded does not count as passed.
    fn reservation(&self) -> Option<String> {
        let lacks = self.case.needs.iter().find_map(|need| self.cluster.lacks(need));
        lacks.or_else(|| self.cluster.reservation())
    }

    /// Why a step cannot be performed: a capability that the case needs, and the step with it, is
    /// not there.
    fn lacking(&self, action: &Action) -> Option<String> {
        let needed: &[&str] = match action {
            Action::Group(_) => &["groups"],
            Action::StartConsumer(_) | Action::KillConsumer(_) | Action::ReadConsumer(_) => {
                &["consumers", "groups"]
            }
            Action::Txn(_) => &["transactions"],
            Action::InitProducerId(step) if step.transactional_id.is_some() => &["transactions"],
            Action::InitProducerId(_) => &["idempotence"],
            Action::Produce(step) if step.producer.is_some() => &["idempotence"],
            Action::File(_) => &["files"],
            Action::Metadata(step) if step.allow_auto => &["auto_create"],
            _ => &[],
        };
        needed.iter().find_map(|need| self.cluster.lacks(need))
    }
}

/// Seconds as microseconds.
fn micros(seconds: f64) -> i64 {
    (seconds * 1_000_000.0).round() as i64
}
