//! Commands carried out: each checks first, so that a refused command changes nothing.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::engine::broker::Broker;
use crate::engine::client::admin_task::Task;
use crate::engine::command::{
    Command, ConsumerCommand, ConsumerSpec, DiskState, DurableFile, LinkState, Placement,
    ProducerSpec, RecordSpec,
};
use crate::engine::config::{LinkConfig, TopicConfig};
use crate::engine::error::{CommandError, ConfigError};
use crate::engine::event::{DropReason, EventKind};
use crate::engine::ids::{BrokerId, ClientId, EventId, NodeId, Text};
use crate::engine::node::Trigger;
use crate::engine::ordered::Ordered;
use crate::engine::program::tool::shell::Place;
use crate::engine::program::{ClientProcess, ProgramKind};
use crate::engine::sim::host::{Host, Life, Process};
use crate::engine::sim::scheduler::Item;
use crate::engine::sim::world::World;
use crate::engine::zookeeper::ZookeeperServer;

/// Most records a second that a producer program takes.
const RATE_MAX: u32 = 1_000_000;
/// Most client programs of a world.
const CLIENTS_MAX: i64 = 1_000;

/// Most partitions of a topic.
const PARTITIONS_MAX: i64 = 100_000;

/// A client program as the world knows it: enough to start it anew.
#[derive(Clone, Debug)]
pub struct ClientEntry {
    /// Its name.
    pub name: Text,
    /// What it was made from.
    pub spec: ClientSpec,
}

/// What a client program is.
#[derive(Clone, Debug)]
pub enum ClientSpec {
    /// A producer.
    Producer(ProducerSpec),
    /// A consumer.
    Consumer(ConsumerSpec),
    /// The admin client through which commands about topics go.
    Admin,
    /// A connection of a client outside of the world, to this broker.
    Raw(BrokerId),
    /// A command-line tool: its arguments, and the machine that it runs on.
    Tool(Vec<Text>, Option<BrokerId>),
}

impl World {
    /// Carries out a command now. Returns the id of its `CommandApplied` event.
    ///
    /// # Errors
    /// The command does not fit the world; nothing changed and no event was written.
    pub fn apply(&mut self, command: Command) -> Result<EventId, CommandError> {
        self.check(&command)?;
        let applied = EventKind::CommandApplied { command: command.clone() };
        let id = self.write_event(None, about(self, &command), applied);
        if let Some(task) = Task::of(&command) {
            self.admin(id, |client, ctx| client.ask(ctx, task));
            self.observe();
            return Ok(id);
        }
        match command {
            Command::Start { node } => self.start(node, id),
            Command::Kill { node } => self.kill(node, id),
            Command::Stop { node } => self.stop(node, id),
            Command::Pause { node } => self.pause(node, id),
            Command::Resume { node } => self.resume(node, id),
            Command::Hold { a, b } => self.set_link_state(a, b, LinkState::Held, id),
            Command::Cut { a, b } => self.set_link_state(a, b, LinkState::Cut, id),
            Command::Heal { a, b } => self.set_link_state(a, b, LinkState::Flows, id),
            Command::Split { sides, to } => self.split(&sides, to, id),
            Command::Delay { message, by } => self.delay_message(&message, by, id),
            Command::Duplicate { message, after } => self.duplicate_message(&message, after, id),
            Command::SetLoss { a, b, loss_ppm, duplication_ppm } => {
                self.network.set_loss(a, b, loss_ppm, duplication_ppm);
            }
            Command::Drop { message } => self.drop_message(&message, id),
            Command::SetLink { a, b, latency, jitter } => {
                self.network.set_link(a, b, LinkConfig { latency, jitter });
            }
            Command::AddProducer { name, spec } => self.add(name, ClientSpec::Producer(spec), id),
            Command::AddConsumer { name, spec } => self.add(name, ClientSpec::Consumer(spec), id),
            Command::SetClient { name, key, value } => self.set_client(&name, &key, &value, id),
            Command::Send { name, records } => self.send_records(&name, &records, id),
            Command::Consumer { name, command } => self.tell_consumer(&name, &command, id),
            Command::Connect { name, broker } => self.connect(name, broker, id),
            Command::Frame { name, bytes } => self.frame(&name, bytes, id),
            Command::Disconnect { name } => {
                let client = self.client_id(&name).expect("checked");
                self.stop(NodeId::Client(client), id);
            }
            Command::Tool(command) => self.tool(command, id),
            Command::PowerLoss { durable } => self.power_loss(&durable, id),
            Command::Tear { node, path, bytes } => self.tear(node, &path, bytes, id),
            Command::SetDisk { node, dir, state } => self.set_disk(node, dir, state, id),
            Command::DiskFault { node, path, position, bytes } => {
                self.rot(node, &path, position, &bytes, id);
            }
            _ => unreachable!("admin commands are tasks"),
        }
        self.observe();
        Ok(id)
    }

    fn check(&self, command: &Command) -> Result<(), CommandError> {
        match command {
            Command::Start { node } => match self.existing(*node)?.life.is_up() {
                true => Err(CommandError::AlreadyRunning { node: *node }),
                false => Ok(()),
            },
            Command::Kill { node } | Command::Stop { node } => self.running(*node),
            Command::Pause { node } => self.not_paused(*node),
            Command::Resume { node } => match self.existing(*node)?.is_paused() {
                true => Ok(()),
                false => Err(CommandError::NotPaused { node: *node }),
            },
            Command::Hold { a, b }
            | Command::Cut { a, b }
            | Command::Heal { a, b }
            | Command::SetLink { a, b, .. } => self.check_link(*a, *b),
            Command::Split { sides, .. } => self.check_split(sides),
            Command::SetLoss { a, b, loss_ppm, duplication_ppm } => {
                self.check_loss((*a, *b), *loss_ppm, *duplication_ppm)
            }
            Command::Delay { message, by: span } | Command::Duplicate { message, after: span } => {
                self.check_message(message, *span)
            }
            Command::Drop { message } => {
                self.existing(message.from)?;
                self.existing(message.to)?;
                Ok(())
            }
            Command::CreateTopic { .. }
            | Command::DeleteTopic { .. }
            | Command::AddPartitions { .. }
            | Command::ElectLeaders { .. }
            | Command::Reassign { .. }
            | Command::SetTopicConfig { .. }
            | Command::SetBrokerConfig { .. } => self.check_admin(command),
            Command::AddProducer { name, spec } => {
                self.check_name(name)?;
                within("rate", i64::from(spec.rate), 0, i64::from(RATE_MAX))?;
                within("value.bytes", i64::from(spec.value_bytes), 0, 1_000_000)
            }
            Command::AddConsumer { name, .. } => self.check_name(name),
            Command::SetClient { name, key, value } => self.program(name)?.check_set(key, value),
            Command::Send { name, .. } => match self.program(name)?.kind() {
                ProgramKind::Producer => Ok(()),
                _ => Err(wrong_program(name, "producer")),
            },
            Command::Consumer { name, command } => self.program(name)?.check_obey(command),
            Command::Connect { name, broker } => self.check_connect(name, *broker),
            Command::Frame { name, .. } | Command::Disconnect { name } => {
                match self.program(name)?.kind() {
                    ProgramKind::Raw => Ok(()),
                    _ => Err(wrong_program(name, "connection")),
                }
            }
            Command::Tool(command) => self.check_tool(command),
            Command::PowerLoss { durable } => {
                durable.iter().try_for_each(|file| self.existing(file.node).map(|_| ()))
            }
            Command::Tear { node, .. } => match self.existing(*node)?.life.is_up() {
                true => Err(CommandError::AlreadyRunning { node: *node }),
                false => Ok(()),
            },
            Command::SetDisk { node, dir, state } => self.check_disk(*node, dir.as_ref(), *state),
            Command::DiskFault { node, .. } => self.existing(*node).map(|_| ()),
        }
    }

    fn check_admin(&self, command: &Command) -> Result<(), CommandError> {
        self.admin_ready()?;
        match command {
            Command::CreateTopic { placement, .. } => check_placement(placement),
            Command::AddPartitions { count, .. } => {
                within("partitions", i64::from(*count), 1, PARTITIONS_MAX)
            }
            Command::SetTopicConfig { key, value, .. } => check_topic_config(key, value.as_ref()),
            Command::SetBrokerConfig { broker: Some(broker), .. } => {
                self.existing(NodeId::Broker(*broker)).map(|_| ())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn existing(&self, node: NodeId) -> Result<&Host, CommandError> {
        self.host(node).ok_or(CommandError::NoSuchNode { node })
    }

    pub(super) fn running(&self, node: NodeId) -> Result<(), CommandError> {
        match self.existing(node)?.life.is_up() {
            true => Ok(()),
            false => Err(CommandError::NotRunning { node }),
        }
    }

    pub(super) fn program(&self, name: &Text) -> Result<&ClientProcess, CommandError> {
        let missing = || CommandError::NoSuchClient { name: name.clone() };
        let id = self.client_id(name).ok_or_else(missing)?;
        self.not_paused(NodeId::Client(id))?;
        self.client(id).ok_or_else(missing)
    }

    pub(super) fn check_name(&self, name: &Text) -> Result<(), CommandError> {
        within("clients", self.clients.len() as i64 + 1, 1, CLIENTS_MAX)?;
        self.check_free(name)
    }

    pub(super) fn check_free(&self, name: &Text) -> Result<(), CommandError> {
        let is_host =
            self.hosts.keys().any(|node| node.client().is_none() && node.to_string() == **name);
        if is_host || &**name == ADMIN || name.is_empty() || self.client_id(name).is_some() {
            return Err(CommandError::NameTaken { name: name.clone() });
        }
        Ok(())
    }

    /// Starts the process of a host; `cause` is the command or the boot.
    pub(super) fn start(&mut self, node: NodeId, cause: EventId) {
        let now = self.now;
        let started = self.write(Some(cause), node, EventKind::ProcessStarted);
        let epoch = self.config.clone();
        let entry = node.client().map(|id| self.clients[usize::from(id.0)].clone());
        let first_record = node.client().map_or(0, |id| self.records_so_far(id));
        let bootstrap = self.bootstrap();
        let machine = match entry.as_ref().map(|entry| &entry.spec) {
            Some(ClientSpec::Tool(_, machine)) => *machine,
            _ => None,
        };
        let place = self.place(machine);
        {
            let host = Rc::make_mut(self.hosts.get_mut(&node).expect("checked by the caller"));
            host.run += 1;
            host.life = Life::Up;
            host.since = now;
        }
        let is_dead = self.hosts[&node].disk.state("") == DiskState::Dead;
        if is_dead && node == NodeId::Zookeeper {
            return self.halt_without_disk(node, started);
        }
        self.run(node, Trigger::Event(started), move |host, ctx| {
            host.process = Some(match node {
                NodeId::Zookeeper => {
                    Process::Zookeeper(ZookeeperServer::start(ctx, &mut host.disk))
                }
                NodeId::Broker(id) => {
                    let mut config = epoch.broker.clone();
                    for (key, value) in host.settings.iter() {
                        // Checked when they were given; what the world has no use for changes nothing.
                        let _unused = config.set(key, value);
                    }
                    Process::Broker(Box::new(Broker::start(ctx, &mut host.disk, id, &config)))
                }
                NodeId::Client(id) => {
                    let entry = entry.expect("a client host has an entry");
                    let mut client = program(id, &entry, bootstrap, first_record, place);
                    client.on_start(ctx);
                    Process::Client(Box::new(client))
                }
            });
        });
    }

    pub(super) fn kill(&mut self, node: NodeId, cause: EventId) {
        let killed = self.write(Some(cause), node, EventKind::ProcessKilled);
        self.end(node, Life::Dead, killed);
    }

    pub(super) fn stop(&mut self, node: NodeId, cause: EventId) {
        let run = self.hosts.get(&node).expect("checked").run;
        if !self.put_off(node, Item::Terminate { node, run, cause }) {
            self.terminate(node, cause);
        }
    }

    /// A process handles the signal to stop.
    pub(super) fn terminate(&mut self, node: NodeId, cause: EventId) {
        let stopping = self.write(Some(cause), node, EventKind::ProcessStopping);
        if matches!(node, NodeId::Broker(_)) {
            Rc::make_mut(self.hosts.get_mut(&node).expect("checked")).life = Life::Stopping;
            self.run(node, Trigger::Event(stopping), |host, ctx| {
                if let Some(Process::Broker(broker)) = host.process.as_mut() {
                    broker.stop(ctx, &mut host.disk);
                }
            });
        } else if self.ends_at_once(node, stopping) {
            let stopped = self.write(Some(stopping), node, EventKind::ProcessStopped);
            self.end(node, Life::Stopped, stopped);
        }
    }

    /// Tells a client program to end. False when it has something to say before: a member leaves its
    /// group.
    fn ends_at_once(&mut self, node: NodeId, stopping: EventId) -> bool {
        let mut at_once = true;
        if matches!(node, NodeId::Client(_)) {
            Rc::make_mut(self.hosts.get_mut(&node).expect("checked")).life = Life::Stopping;
            self.run(node, Trigger::Event(stopping), |host, ctx| {
                if let Some(Process::Client(client)) = host.process.as_mut() {
                    at_once = client.on_stop(ctx);
                }
            });
        }
        at_once
    }

    pub(super) fn add(&mut self, name: Text, spec: ClientSpec, cause: EventId) {
        let id = ClientId(u16::try_from(self.clients.len()).expect("bounded when checked"));
        self.clients.push(Rc::new(ClientEntry { name, spec }));
        self.hosts.insert(NodeId::Client(id), Rc::new(Host::new()));
        self.start(NodeId::Client(id), cause);
    }

    fn admin(
        &mut self,
        cause: EventId,
        task: impl FnOnce(&mut ClientProcess, &mut crate::engine::node::Ctx<'_>),
    ) {
        if self.client_id(ADMIN).is_none() {
            self.add(ADMIN.into(), ClientSpec::Admin, cause);
        }
        let node = NodeId::Client(self.client_id(ADMIN).expect("just added"));
        if !self.host(node).is_some_and(|host| host.life.is_up()) {
            self.start(node, cause);
        }
        self.on_client(node, cause, task);
    }

    fn set_client(&mut self, name: &Text, key: &Text, value: &Text, cause: EventId) {
        let id = self.client_id(name).expect("checked");
        self.on_client(NodeId::Client(id), cause, |client, ctx| {
            client.set(ctx, key, value).expect("checked before it was applied");
        });
        let entry = Rc::make_mut(&mut self.clients[usize::from(id.0)]);
        if let Some(Process::Client(client)) =
            self.hosts.get(&NodeId::Client(id)).and_then(|host| host.process.as_ref())
        {
            entry.spec = match client.kind() {
                ProgramKind::Producer => ClientSpec::Producer(
                    client.producer_spec().expect("a producer has its spec").clone(),
                ),
                ProgramKind::Consumer => ClientSpec::Consumer(
                    client.consumer_spec().expect("a consumer has its spec").clone(),
                ),
                ProgramKind::Admin | ProgramKind::Raw | ProgramKind::Tool => return,
            };
        }
    }

    fn send_records(&mut self, name: &Text, records: &[RecordSpec], cause: EventId) {
        let node = NodeId::Client(self.client_id(name).expect("checked"));
        self.on_client(node, cause, |client, ctx| {
            client.send(ctx, records).expect("checked before it was applied");
        });
    }

    fn tell_consumer(&mut self, name: &Text, command: &ConsumerCommand, cause: EventId) {
        let node = NodeId::Client(self.client_id(name).expect("checked"));
        self.on_client(node, cause, |client, ctx| client.obey(ctx, command));
    }

    pub(super) fn on_client(
        &mut self,
        node: NodeId,
        cause: EventId,
        task: impl FnOnce(&mut ClientProcess, &mut crate::engine::node::Ctx<'_>),
    ) {
        self.run(node, Trigger::Event(cause), |host, ctx| {
            if let Some(Process::Client(client)) = host.process.as_mut() {
                task(client, ctx);
            }
        });
    }

    fn power_loss(&mut self, durable: &[DurableFile], cause: EventId) {
        for flight in self.network.clear() {
            let reason = DropReason::ConnectionDied;
            let dropped = EventKind::MessageDropped { message: flight.message, reason };
            self.write(Some(cause), flight.to, dropped);
        }
        let nodes: Vec<NodeId> = self.hosts.keys().copied().collect();
        for node in nodes {
            let lost = self.write(Some(cause), node, EventKind::PowerLost);
            let was_up = self.hosts[&node].life.is_up();
            let kept: BTreeMap<Text, u64> = durable
                .iter()
                .filter(|file| file.node == node)
                .map(|file| (file.path.clone(), file.bytes))
                .ordered();
            Rc::make_mut(self.hosts.get_mut(&node).expect("of the world")).disk.keep_only(&kept);
            self.collect_disk_ops(node);
            if was_up {
                self.end(node, Life::Dead, lost);
            }
        }
    }

    fn tear(&mut self, node: NodeId, path: &Text, bytes: u64, cause: EventId) {
        let host = Rc::make_mut(self.hosts.get_mut(&node).expect("checked"));
        let Some(file) = host.disk.find(path) else { return };
        let length = host.disk.len(file);
        let position = length.saturating_sub(bytes);
        host.disk.truncate(file, position);
        self.collect_disk_ops(node);
        let count = u32::try_from(length - position).unwrap_or(u32::MAX);
        let torn = EventKind::DiskRotted { path: path.clone(), position, bytes: count };
        self.write(Some(cause), node, torn);
    }

    fn rot(&mut self, node: NodeId, path: &Text, position: u64, bytes: &[u8], cause: EventId) {
        let host = Rc::make_mut(self.hosts.get_mut(&node).expect("checked"));
        host.disk.rot(path, position, bytes);
        self.collect_disk_ops(node);
        let count = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let rotted = EventKind::DiskRotted { path: path.clone(), position, bytes: count };
        self.write(Some(cause), node, rotted);
    }

    fn bootstrap(&self) -> Vec<BrokerId> {
        self.hosts.keys().filter_map(|node| node.broker()).collect()
    }

    fn records_so_far(&self, id: ClientId) -> u64 {
        self.client(id).map_or(0, ClientProcess::next_record)
    }
}

/// Name of the client through which the world's own commands about topics go.
pub const ADMIN: &str = "admin";

fn program(
    id: ClientId,
    entry: &ClientEntry,
    bootstrap: Vec<BrokerId>,
    first: u64,
    place: Place,
) -> ClientProcess {
    let name = entry.name.clone();
    match &entry.spec {
        ClientSpec::Producer(spec) => {
            ClientProcess::producer(id, name, spec.clone(), bootstrap, first)
        }
        ClientSpec::Consumer(spec) => ClientProcess::consumer(id, name, spec.clone(), bootstrap),
        ClientSpec::Admin => ClientProcess::admin(id, name, bootstrap),
        ClientSpec::Tool(argv, _) => ClientProcess::tool(id, name, argv.clone(), place),
        ClientSpec::Raw(broker) => ClientProcess::raw(id, name, *broker, first),
    }
}

/// The host that a command is about, for the list of events.
fn about(world: &World, command: &Command) -> Option<NodeId> {
    match command {
        Command::Start { node }
        | Command::Kill { node }
        | Command::Stop { node }
        | Command::Pause { node }
        | Command::Resume { node }
        | Command::Tear { node, .. }
        | Command::SetDisk { node, .. }
        | Command::DiskFault { node, .. } => Some(*node),
        Command::SetClient { name, .. }
        | Command::Send { name, .. }
        | Command::Consumer { name, .. }
        | Command::Frame { name, .. }
        | Command::Disconnect { name } => world.client_id(name).map(NodeId::Client),
        _ => None,
    }
}

pub(super) fn wrong_program(name: &Text, wanted: &str) -> CommandError {
    CommandError::WrongProgram { name: name.clone(), wanted: wanted.into() }
}

pub(super) fn within(what: &str, value: i64, least: i64, most: i64) -> Result<(), CommandError> {
    match (least..=most).contains(&value) {
        true => Ok(()),
        false => Err(CommandError::OutOfRange { what: what.into(), least, most }),
    }
}

fn check_placement(placement: &Placement) -> Result<(), CommandError> {
    let partitions = match placement {
        Placement::Automatic { partitions, .. } => i64::from(*partitions),
        Placement::Assigned(rows) => i64::try_from(rows.len()).unwrap_or(i64::MAX),
    };
    within("partitions", partitions, 1, PARTITIONS_MAX)
}

fn check_topic_config(key: &str, value: Option<&Text>) -> Result<(), CommandError> {
    let mut probe = TopicConfig::default();
    let fallback = probe.get(key).ok_or_else(|| ConfigError::Unknown { key: key.into() })?;
    let value = value.map_or(fallback.as_str(), |value| value);
    probe.set(key, value).map_err(|error: ConfigError| CommandError::Config(error))
}
