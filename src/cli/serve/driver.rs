//! The world's thread: what comes from outside becomes commands, virtual time passes at wall speed, and
//! answers go back to their connections.
//!
//! What is due within [`LEAD`] happens at once: a request and its answer, some links apart, then need no
//! sleep in between, and the world is never further ahead of the wall's clock than that. Every command is
//! given after all that is due by its time, so that its time alone says where it stands in a recording.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{oneshot, watch};

use crate::cli::serve::address::Addresses;
use crate::cli::serve::connection::weight_of;
use crate::cli::serve::recorder::Recorder;
use crate::engine::broker::Phase;
use crate::engine::command::{Command, TimedCommand};
use crate::engine::event::{Event, EventKind};
use crate::engine::ids::{BrokerId, ClientId, NodeId, Text};
use crate::engine::program::raw::Received;
use crate::engine::protocol::wire;
use crate::engine::sim::world::World;
use crate::engine::time::Micros;
use crate::scenario::ast::Scenario;
use crate::scenario::parser::parse_among;

/// World time at which clients are let in: the brokers have booted, and a scenario's topics are there.
pub(super) const SETTLED: Micros = Micros(2_000_000);
/// How far the world may be ahead of the wall's clock.
const LEAD: Micros = Micros(2_000);
/// How far it may fall behind before its clock is set back: a machine that slept is no cluster that slept.
const LAG_MAX: Micros = Micros(1_000_000);
/// Steps between two looks at what came from outside.
const STEPS_MAX: u32 = 256;
/// Inputs between two looks at what is due.
const INPUTS_MAX: u32 = 64;

/// What comes from outside.
pub(super) enum Input {
    /// A client has connected to a broker. `answers` dropped means that its connection is to be closed.
    Open { connection: u64, broker: i32, answers: UnboundedSender<Output> },
    /// A request frame came, without its length prefix.
    Frame { connection: u64, bytes: Bytes },
    /// A client is gone.
    Close { connection: u64 },
    /// A statement of the scenario language.
    Statement { statement: String, said: Sender<Result<(), String>> },
    /// The end.
    End,
}

/// What goes back to a connection.
pub(super) enum Output {
    /// An answer as a frame, its length before it.
    Answer(Bytes),
    /// The broker is through with requests of this weight in all.
    Through(usize),
}

/// A connection of a client.
struct Outside {
    broker: i32,
    client: ClientId,
    name: Text,
    answers: UnboundedSender<Output>,
    /// Weights of the frames that its broker is not through with.
    pending: VecDeque<usize>,
}

/// The world and everything that reaches it.
pub(super) struct Driver {
    world: World,
    scenario: Scenario,
    /// Commands of the scenario that have been given.
    given: usize,
    recorder: Option<Recorder>,
    addresses: Arc<Addresses>,
    inputs: Receiver<Input>,
    lives: watch::Sender<Vec<bool>>,
    outside: BTreeMap<u64, Outside>,
    by_client: BTreeMap<ClientId, u64>,
    /// Names of connections that may be used again.
    idle: Vec<Text>,
    /// The wall's time at world time 0.
    origin: Instant,
}

impl Driver {
    /// The world of a scenario, at its first moment.
    pub(super) fn new(
        scenario: Scenario,
        recorder: Option<Recorder>,
        addresses: Arc<Addresses>,
        inputs: Receiver<Input>,
        lives: watch::Sender<Vec<bool>>,
    ) -> Driver {
        Driver {
            world: World::new(scenario.config.clone()),
            scenario,
            given: 0,
            recorder,
            addresses,
            inputs,
            lives,
            outside: BTreeMap::new(),
            by_client: BTreeMap::new(),
            idle: Vec::new(),
            origin: Instant::now(),
        }
    }

    /// Boots the cluster, says that it is ready, and runs it until it is told to end.
    ///
    /// # Errors
    /// The recording could not be written.
    pub(super) fn run(mut self, ready: oneshot::Sender<()>) -> Result<(), String> {
        if let Some(recorder) = &mut self.recorder {
            recorder.begin(&self.scenario);
        }
        self.go_to(SETTLED);
        self.pass_on();
        self.origin = Instant::now() - Duration::from_micros(self.world.now().0);
        if ready.send(()).is_ok() {
            while self.turn() {}
        }
        let at = self.world.now();
        self.world.advance_to(at);
        self.pass_on();
        self.recorder.map_or(Ok(()), |recorder| recorder.end(at))
    }

    /// Takes what came, lets happen what is due, passes on what came of it; sleeps when there is nothing.
    /// False at the end.
    fn turn(&mut self) -> bool {
        let mut taken = 0;
        while taken < INPUTS_MAX
            && let Ok(input) = self.inputs.try_recv()
        {
            if !self.take(input) {
                return false;
            }
            taken += 1;
        }
        let horizon = self.wall() + LEAD;
        let mut steps = 0;
        while steps < STEPS_MAX && self.next_at().is_some_and(|next| next <= horizon) {
            self.step();
            steps += 1;
        }
        self.pass_on();
        if taken + steps > 0 {
            return true;
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.flush();
        }
        let next = self.next_at().unwrap_or(Micros::MAX);
        let wait = next.since(self.wall() + LEAD).0.clamp(100, 1_000_000);
        match self.inputs.recv_timeout(Duration::from_micros(wait)) {
            Ok(input) => self.take(input),
            Err(RecvTimeoutError::Timeout) => true,
            Err(RecvTimeoutError::Disconnected) => false,
        }
    }

    /// World time by the wall's clock.
    fn wall(&mut self) -> Micros {
        let past = self.origin.elapsed();
        let wall = Micros(u64::try_from(past.as_micros()).unwrap_or(u64::MAX));
        let lag = wall.since(self.world.now());
        // Time between two events is no lag: what is due next says how late it is.
        let due = self.next_at().unwrap_or(Micros::MAX);
        if lag > LAG_MAX && due + LAG_MAX < wall {
            let late = wall.since(due);
            self.origin += Duration::from_micros(late.0);
            return due;
        }
        wall
    }

    /// When something is due: in the world, or in the scenario.
    fn next_at(&self) -> Option<Micros> {
        let command = self.scenario.commands.get(self.given).map(|timed| timed.at);
        match (self.world.next_at(), command) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// One thing that is due: the world's first, at one instant.
    fn step(&mut self) {
        let due = self.scenario.commands.get(self.given).map(|timed| timed.at);
        if due.is_none_or(|due| self.world.next_at().is_some_and(|next| next <= due)) {
            self.world.step();
            return;
        }
        let timed = self.scenario.commands[self.given].clone();
        self.given += 1;
        self.world.advance_to(timed.at);
        if let Err(error) = self.give(timed.command) {
            eprintln!("highwater: at {}: refused: {error}", timed.at);
        }
    }

    fn go_to(&mut self, at: Micros) {
        while self.next_at().is_some_and(|next| next <= at) {
            self.step();
        }
        self.world.advance_to(at);
    }

    /// Moves to where a command is given: now by the wall's clock, unless the world is ahead or late.
    fn come_to_now(&mut self) {
        let wall = self.wall();
        let is_late = self.next_at().is_some_and(|next| next <= wall);
        let at = if is_late { self.world.now() } else { wall.max(self.world.now()) };
        self.world.advance_to(at);
    }

    fn take(&mut self, input: Input) -> bool {
        if matches!(input, Input::End) {
            return false;
        }
        self.come_to_now();
        match input {
            Input::Open { connection, broker, answers } => self.open(connection, broker, answers),
            Input::Frame { connection, bytes } => self.frame(connection, bytes),
            Input::Close { connection } => self.close(connection),
            Input::Statement { statement, said } => {
                let _nobody_waits = said.send(self.statement(&statement));
            }
            Input::End => {}
        }
        true
    }

    fn open(&mut self, connection: u64, broker: i32, answers: UnboundedSender<Output>) {
        let name = self.idle.pop();
        let name = name.unwrap_or_else(|| format!("client-{}", self.outside.len() + 1).into());
        let command = Command::Connect { name: name.clone(), broker: BrokerId(broker) };
        if !self.is_open_to_clients(broker) || self.give(command).is_err() {
            return self.idle.push(name);
        }
        let client = self.world.client_id(&name).expect("it has just connected");
        self.by_client.insert(client, connection);
        let pending = VecDeque::new();
        self.outside.insert(connection, Outside { broker, client, name, answers, pending });
    }

    fn frame(&mut self, connection: u64, bytes: Bytes) {
        let Some(outside) = self.outside.get_mut(&connection) else { return };
        outside.pending.push_back(weight_of(bytes.len()));
        let (name, client) = (outside.name.clone(), outside.client);
        if self.give(Command::Frame { name, bytes }).is_err() {
            return self.close(connection);
        }
        // What is never answered may be through at once.
        self.answer(client);
    }

    /// Ends a connection in the world, and outside.
    fn close(&mut self, connection: u64) {
        let Some(outside) = self.outside.remove(&connection) else { return };
        self.by_client.remove(&outside.client);
        if self.is_up(NodeId::Client(outside.client)) {
            let _it_is_up = self.give(Command::Disconnect { name: outside.name.clone() });
        }
        self.idle.push(outside.name);
    }

    fn statement(&mut self, text: &str) -> Result<(), String> {
        let read = parse_among(text, &self.world).map_err(|error| match error.suggestion {
            Some(meant) => format!("{}; did you mean {meant}?", error.problem),
            None => error.problem.to_string(),
        })?;
        if read.commands.is_empty() {
            return Err(
                "a command of the scenario language: kill b2, start b2, cut b1-b3, …".into()
            );
        }
        for timed in read.commands {
            self.give(timed.command).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// Gives the world a command here and now.
    fn give(&mut self, command: Command) -> Result<(), crate::engine::error::CommandError> {
        let timed = TimedCommand { at: self.world.now(), before: None, command };
        self.world.advance_to(timed.at);
        self.world.apply(timed.command.clone())?;
        if let Some(recorder) = &mut self.recorder {
            let clients: Vec<Text> = match timed.command {
                Command::Frame { .. } | Command::Connect { .. } | Command::Disconnect { .. } => {
                    Vec::new()
                }
                _ => self.world.client_names().into_iter().map(|(_, name)| name).collect(),
            };
            recorder.command(&timed, &clients);
        }
        Ok(())
    }

    /// Looks through what has happened: answers go out, connections that broke are closed.
    fn pass_on(&mut self) {
        let events = self.world.drain_events();
        let (mut answered, mut ended, mut lives) = (Vec::new(), Vec::new(), false);
        for event in &events {
            if let Some(recorder) = &mut self.recorder {
                recorder.event(event);
            }
            match event {
                Event { node: Some(NodeId::Client(id)), kind, .. } => match kind {
                    EventKind::MessageDelivered { .. } => answered.push(*id),
                    EventKind::ProcessStopped | EventKind::ProcessKilled => ended.push(*id),
                    _ => {}
                },
                Event { node: Some(NodeId::Broker(_)), .. } => lives = true,
                _ => {}
            }
        }
        for client in answered {
            self.answer(client);
        }
        for client in ended {
            self.answer(client);
            if !self.is_up(NodeId::Client(client))
                && let Some(connection) = self.by_client.get(&client).copied()
            {
                self.close(connection);
            }
        }
        if lives {
            self.tell_lives();
        }
    }

    fn answer(&mut self, client: ClientId) {
        let connection = self.by_client.get(&client);
        let outside = connection.and_then(|connection| self.outside.get_mut(connection));
        let Some(outside) = outside else { return };
        let mut unwritable = None;
        for mut answer in self.world.take_answers(client) {
            self.addresses.put_into(&mut answer.body);
            match written(&answer) {
                Some(frame) => {
                    let _it_may_be_gone = outside.answers.send(Output::Answer(frame));
                }
                None => unwritable = connection.copied(),
            }
        }
        let pending = self.world.pending_frames(client);
        let through = outside.pending.len().saturating_sub(pending);
        let bytes: usize = outside.pending.drain(..through).sum();
        if through > 0 {
            let _it_may_be_gone = outside.answers.send(Output::Through(bytes));
        }
        if let Some(connection) = unwritable {
            self.close(connection);
        }
    }

    /// Tells the listeners which brokers take connections; closes those of brokers that are gone.
    fn tell_lives(&mut self) {
        let brokers = 1..=i32::from(self.scenario.config.brokers);
        let lives: Vec<bool> = brokers.map(|id| self.is_open_to_clients(id)).collect();
        let changed = self.lives.send_if_modified(|told| {
            let changed = *told != lives;
            told.clone_from(&lives);
            changed
        });
        if !changed {
            return;
        }
        let gone = |outside: &Outside| !self.is_up(NodeId::Broker(BrokerId(outside.broker)));
        let gone: Vec<u64> = self
            .outside
            .iter()
            .filter(|(_, o)| gone(o))
            .map(|(connection, _)| *connection)
            .collect();
        for connection in gone {
            self.close(connection);
        }
    }

    /// Whether a broker's process listens: it opens its sockets when it has registered, and closes them
    /// when it ends (`KafkaServer.startup`, `KafkaServer.shutdown`).
    fn is_open_to_clients(&self, broker: i32) -> bool {
        let id = BrokerId(broker);
        let phase = self.world.broker(id).map(crate::engine::broker::Broker::phase);
        self.is_up(NodeId::Broker(id)) && matches!(phase, Some(Phase::Running | Phase::HandingOver))
    }

    fn is_up(&self, node: NodeId) -> bool {
        self.world.host(node).is_some_and(|host| host.life.is_up())
    }
}

/// An answer as a frame with its length before it; `None` when it does not fit its version.
fn written(answer: &Received) -> Option<Bytes> {
    let mut frame = BytesMut::new();
    frame.put_i32(0);
    wire::write_frame_into(&mut frame, answer.correlation, answer.version, &answer.body)?;
    let length = i32::try_from(frame.len() - 4).ok()?;
    frame[..4].copy_from_slice(&length.to_be_bytes());
    Some(frame.freeze())
}
