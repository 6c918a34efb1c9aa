//! The world: hosts, links, a clock and a queue. `apply` a command, `step` through what is due.
//!
//! The same config and commands give the same events, bit for bit, on every machine: every choice is
//! drawn from seeded streams, and everything due at one instant runs in the order of its scheduling.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::engine::broker::Broker;
use crate::engine::command::LinkState;
use crate::engine::config::WorldConfig;
use crate::engine::disk::{Disk, DiskOp};
use crate::engine::event::{DropReason, Event, EventKind, TimerPurpose};
use crate::engine::ids::{BrokerId, ClientId, EventId, NodeId, Text};
use crate::engine::network::flight::Flight;
use crate::engine::network::{Network, Sent};
use crate::engine::node::{Ctx, CtxParts, Output, Timer, Trigger};
use crate::engine::program::ClientProcess;
use crate::engine::protocol::wire;
use crate::engine::rng::Streams;
use crate::engine::sim::command_run::ClientEntry;
use crate::engine::sim::host::{Host, Life, Process};
use crate::engine::sim::invariants::{Invariants, Sight};
use crate::engine::sim::scheduler::{Item, Scheduler, purpose_code, purpose_of};
use crate::engine::time::Micros;
use crate::engine::zookeeper::ZookeeperServer;

/// Brokers start this long after one another as the world boots, so that b1 becomes the controller.
const BOOT_STAGGER: Micros = Micros(100_000);

/// Most events that room is kept for between two drains.
const EVENTS_ROOM_MAX: usize = 256;
/// And at least: what one request makes.
const EVENTS_ROOM_MIN: usize = 32;

/// A whole cluster with its clients. A clone is a checkpoint: bytes of records are shared.
#[derive(Clone, Debug)]
pub struct World {
    pub(super) config: Rc<WorldConfig>,
    pub(super) now: Micros,
    pub(super) next_event: EventId,
    pub(super) events: Vec<Event>,
    pub(super) scheduler: Scheduler,
    pub(super) network: Network,
    pub(super) streams: Streams,
    pub(super) hosts: BTreeMap<NodeId, Rc<Host>>,
    pub(super) clients: Vec<Rc<ClientEntry>>,
    /// Files of the directory in which tools run.
    pub(super) tool_files: Rc<BTreeMap<Text, Text>>,
    outputs: Vec<Output>,
    mirror: bool,
    disk_ops: Vec<(NodeId, DiskOp)>,
    checking: bool,
    invariants: Invariants,
    /// The first event that the checker has not seen.
    observed: EventId,
}

impl World {
    /// A world at time 0. ZooKeeper starts at once and the brokers after it, 100 ms apart, by
    /// themselves: the cluster serves within the first second.
    #[must_use]
    pub fn new(config: WorldConfig) -> World {
        let mut scheduler = Scheduler::default();
        let mut hosts = BTreeMap::new();
        hosts.insert(NodeId::Zookeeper, Rc::new(Host::new()));
        scheduler.push(Micros::ZERO, Item::Boot(NodeId::Zookeeper));
        for index in 1..=u64::from(config.brokers) {
            let id = NodeId::Broker(BrokerId(i32::try_from(index).unwrap_or(i32::MAX)));
            hosts.insert(id, Rc::new(Host::new()));
            if config.boot {
                scheduler.push(Micros(BOOT_STAGGER.0 * index), Item::Boot(id));
            }
        }
        World {
            now: Micros::ZERO,
            next_event: EventId(0),
            events: Vec::new(),
            scheduler,
            network: Network::new(config.link),
            streams: Streams::new(config.seed),
            hosts,
            clients: Vec::new(),
            tool_files: Rc::default(),
            outputs: Vec::new(),
            mirror: false,
            disk_ops: Vec::new(),
            checking: true,
            invariants: Invariants::default(),
            observed: EventId(0),
            config: Rc::new(config),
        }
    }

    /// What the world started from.
    #[must_use]
    pub fn config(&self) -> &WorldConfig {
        &self.config
    }

    /// World time.
    #[must_use]
    pub fn now(&self) -> Micros {
        self.now
    }

    /// The id that the next event will get.
    #[must_use]
    pub fn next_event(&self) -> EventId {
        self.next_event
    }

    /// When the next item is due; `None` when nothing ever is.
    #[must_use]
    pub fn next_at(&self) -> Option<Micros> {
        self.scheduler.next_at()
    }

    /// Events since the last call, in order.
    pub fn drain_events(&mut self) -> Vec<Event> {
        if self.events.is_empty() {
            return Vec::new();
        }
        // As many are likely to come next: the list need not grow step by step.
        let room = self.events.len().clamp(EVENTS_ROOM_MIN, EVENTS_ROOM_MAX);
        std::mem::replace(&mut self.events, Vec::with_capacity(room))
    }

    /// Processes the next thing due, moving the clock to it. False when nothing is.
    pub fn step(&mut self) -> bool {
        let Some((at, item)) = self.scheduler.pop() else { return false };
        self.now = self.now.max(at);
        match item {
            Item::Deliver(message) => self.deliver(message, at),
            Item::Timer { node, run, purpose, tag, cause } => {
                let timer = Timer { purpose: purpose_of(purpose), tag };
                self.fire(node, run, &timer, cause);
            }
            Item::ConnectionLost { node, run, peer, cause } => {
                self.notice_lost(node, run, peer, cause);
            }
            Item::Terminate { node, run, cause } => {
                if self.is_running(node, run) {
                    self.terminate(node, cause);
                }
            }
            Item::Boot(node) => {
                let boot =
                    self.write(None, node, EventKind::TimerFired { purpose: TimerPurpose::Boot });
                self.start(node, boot);
            }
        }
        self.observe();
        true
    }

    /// Processes everything due by `at`, then sets the clock there.
    pub fn advance_to(&mut self, at: Micros) {
        while self.next_at().is_some_and(|next| next <= at) {
            self.step();
        }
        self.now = self.now.max(at);
    }

    /// Turns on or off the journal of file changes that [`World::take_disk_ops`] returns.
    pub fn set_mirror(&mut self, on: bool) {
        self.mirror = on;
        self.disk_ops.clear();
        for host in self.hosts.values_mut() {
            Rc::make_mut(host).disk.set_journal(on);
        }
    }

    /// File changes since the last call, of all hosts, in the order in which they happened.
    pub fn take_disk_ops(&mut self) -> Vec<(NodeId, DiskOp)> {
        std::mem::take(&mut self.disk_ops)
    }

    /// Turns the checker of [`Invariants`] off or on again; a world has it on. For measuring its cost.
    pub fn set_checking(&mut self, on: bool) {
        self.checking = on;
        self.observed = self.next_event;
    }

    /// Lets the checker see what has happened since it last looked.
    pub(super) fn observe(&mut self) {
        let new = usize::try_from(self.next_event.0 - self.observed.0).unwrap_or(usize::MAX);
        self.observed = self.next_event;
        let new = &self.events[self.events.len().saturating_sub(new)..];
        if !self.checking || !new.iter().any(|event| Invariants::watches(&event.kind)) {
            return;
        }
        let sight = Sight { hosts: &self.hosts, config: &self.config };
        for finding in self.invariants.observe(new, sight) {
            self.write_event(Some(finding.cause), finding.node, finding.kind);
        }
        self.observed = self.next_event;
    }

    /// All hosts, by id.
    pub fn hosts(&self) -> impl Iterator<Item = (NodeId, &Host)> {
        self.hosts.iter().map(|(id, host)| (*id, &**host))
    }

    /// One host.
    #[must_use]
    pub fn host(&self, node: NodeId) -> Option<&Host> {
        self.hosts.get(&node).map(|host| &**host)
    }

    /// The disk of a host.
    #[must_use]
    pub fn disk(&self, node: NodeId) -> Option<&Disk> {
        self.host(node).map(|host| &host.disk)
    }

    /// A broker's process as it runs, or as it was when it ended.
    #[must_use]
    pub fn broker(&self, id: BrokerId) -> Option<&Broker> {
        match self.host(NodeId::Broker(id))?.process.as_ref()? {
            Process::Broker(broker) => Some(broker),
            _ => None,
        }
    }

    /// The ZooKeeper server's process as it runs, or as it was when it ended.
    #[must_use]
    pub fn zookeeper(&self) -> Option<&ZookeeperServer> {
        match self.host(NodeId::Zookeeper)?.process.as_ref()? {
            Process::Zookeeper(server) => Some(server),
            _ => None,
        }
    }

    /// A client's program as it runs, or as it was when it ended.
    #[must_use]
    pub fn client(&self, id: ClientId) -> Option<&ClientProcess> {
        match self.host(NodeId::Client(id))?.process.as_ref()? {
            Process::Client(client) => Some(client),
            _ => None,
        }
    }

    /// Client programs in order of creation. The admin client of the world's own commands is `admin`.
    #[must_use]
    pub fn client_names(&self) -> Vec<(ClientId, Text)> {
        (0..).zip(&self.clients).map(|(id, entry)| (ClientId(id), entry.name.clone())).collect()
    }

    /// Name of a client program.
    #[must_use]
    pub fn client_name(&self, id: ClientId) -> Option<&Text> {
        self.clients.get(usize::from(id.0)).map(|entry| &entry.name)
    }

    /// The client program of that name.
    #[must_use]
    pub fn client_id(&self, name: &str) -> Option<ClientId> {
        let index = self.clients.iter().position(|entry| &*entry.name == name)?;
        u16::try_from(index).ok().map(ClientId)
    }

    /// Messages in flight, held or waiting in a socket, oldest first.
    pub fn flights(&self) -> impl Iterator<Item = &Flight> {
        self.network.flights()
    }

    /// Links that stall.
    pub fn held_links(&self) -> impl Iterator<Item = (NodeId, NodeId)> {
        self.network.links_in(LinkState::Held)
    }

    /// Links that are cut.
    pub fn cut_links(&self) -> impl Iterator<Item = (NodeId, NodeId)> {
        self.network.links_in(LinkState::Cut)
    }

    fn deliver(&mut self, message: EventId, at: Micros) {
        if self.waits_in_socket(message, at) {
            return;
        }
        let Some(flight) = self.network.take_due(message, at) else { return };
        let host = self.hosts.get(&flight.to).expect("messages go to hosts of the world");
        if !host.life.is_up() || host.run != flight.to_run {
            self.refuse(&flight);
            return;
        }
        let delivered = EventKind::MessageDelivered { message };
        let delivered = self.write(Some(message), flight.to, delivered);
        let payload = Rc::unwrap_or_clone(flight.payload);
        let in_bytes = cfg!(feature = "wire") && self.config.wire_mode;
        let payload = if in_bytes { wire::through_bytes(payload) } else { payload };
        self.run(flight.to, Trigger::Event(delivered), |host, ctx| {
            host.on_message(ctx, flight.from, payload);
        });
    }

    /// Nobody listens: the message is lost and its sender's connection is reset.
    fn refuse(&mut self, flight: &Flight) {
        let (message, to) = (flight.message, flight.to);
        let dropped = self.tell_dropped(message, to, DropReason::Refused, message);
        if flight.copy {
            return;
        }
        let Some(delay) = self.network.refusal_delay(flight.from, flight.to) else { return };
        self.schedule_lost(flight.from, flight.to, delay, dropped);
    }

    pub(super) fn schedule_lost(
        &mut self,
        node: NodeId,
        peer: NodeId,
        delay: Micros,
        cause: EventId,
    ) {
        let Some(host) = self.hosts.get(&node) else { return };
        if host.life.is_up() {
            let item = Item::ConnectionLost { node, run: host.run, peer, cause };
            self.scheduler.push(self.now + delay, item);
        }
    }

    fn notice_lost(&mut self, node: NodeId, run: u32, peer: NodeId, cause: EventId) {
        let item = Item::ConnectionLost { node, run, peer, cause };
        if !self.is_running(node, run) || self.put_off(node, item) {
            return;
        }
        let lost = self.write(Some(cause), node, EventKind::ConnectionLost { peer });
        self.run(node, Trigger::Event(lost), |host, ctx| host.on_connection_lost(ctx, peer));
    }

    fn fire(&mut self, node: NodeId, run: u32, timer: &Timer, cause: Option<EventId>) {
        let (purpose, tag) = (purpose_code(timer.purpose), timer.tag);
        let item = Item::Timer { node, run, purpose, tag, cause };
        if self.is_running(node, run) && !self.put_off(node, item) {
            let trigger = Trigger::Timer(timer.purpose, cause);
            self.run(node, trigger, |host, ctx| host.on_timer(ctx, timer));
        }
    }

    pub(super) fn is_running(&self, node: NodeId, run: u32) -> bool {
        self.hosts.get(&node).is_some_and(|host| host.run == run && host.life.is_up())
    }

    /// Runs one handler of a host and carries out what it asked for.
    pub(super) fn run(
        &mut self,
        node: NodeId,
        trigger: Trigger,
        handler: impl FnOnce(&mut Host, &mut Ctx<'_>),
    ) {
        let mut outputs = std::mem::take(&mut self.outputs);
        let host =
            Rc::make_mut(self.hosts.get_mut(&node).expect("handlers run on hosts of the world"));
        let parts = CtxParts {
            outputs: &mut outputs,
            next_event: &mut self.next_event,
            events: &mut self.events,
            streams: &mut self.streams,
            counter: self.network.numbers(),
        };
        let mut ctx = Ctx::new(self.now, self.config.epoch_ms, node, trigger, parts);
        handler(host, &mut ctx);
        let run = host.run;
        self.collect_disk_ops(node);
        for output in outputs.drain(..) {
            self.carry_out(node, run, output);
        }
        self.outputs = outputs;
    }

    pub(super) fn collect_disk_ops(&mut self, node: NodeId) {
        if !self.mirror {
            return;
        }
        if let Some(host) = self.hosts.get_mut(&node) {
            let ops = Rc::make_mut(host).disk.take_journal();
            self.disk_ops.extend(ops.into_iter().map(|op| (node, op)));
        }
    }

    fn carry_out(&mut self, node: NodeId, run: u32, output: Output) {
        match output {
            Output::Send { to, payload, message, nth } => {
                self.send(node, to, payload, (message, nth));
            }
            Output::Timer { at, timer, cause } => {
                let purpose = purpose_code(timer.purpose);
                let item = Item::Timer { node, run, purpose, tag: timer.tag, cause };
                self.scheduler.push(at, item);
            }
            Output::Disconnect { peer, cause } => {
                let delay = self.network.refusal_delay(peer, node);
                if let (Some(delay), Some(cause)) = (delay, cause) {
                    self.schedule_lost(peer, node, delay, cause);
                }
            }
            Output::System { call, cause } => self.system((node, run), call, cause),
            Output::Exit { cause, error } => self.exited(node, cause, error),
        }
    }

    fn send(
        &mut self,
        from: NodeId,
        to: NodeId,
        payload: Rc<crate::engine::protocol::Payload>,
        (message, nth): (EventId, u64),
    ) {
        let to_run = self.hosts.get(&to).map_or(0, |host| host.run);
        let flight = Flight {
            message,
            from,
            to,
            to_run,
            nth,
            sent_at: self.now,
            arrives_at: None,
            waits: false,
            copy: false,
            payload,
        };
        let outcome = self.network.send(flight, self.now, &mut self.streams);
        match outcome.sent {
            Sent::Arrives(at) => self.scheduler.push(at, Item::Deliver(message)),
            Sent::Held => {}
            Sent::Dropped(reason) => {
                let dropped = self.tell_dropped(message, from, reason, message);
                if reason == DropReason::Cut
                    && let Some(delay) = self.network.refusal_delay(from, to)
                {
                    self.schedule_lost(from, to, delay, dropped);
                }
            }
        }
        if let Some(by) = outcome.delayed {
            self.write(Some(message), from, EventKind::MessageDelayed { message, by });
        }
        if let Some(after) = outcome.copy_after
            && let Some(flight) = self.network.flight(message).cloned()
        {
            self.copy_message(flight, after, message);
        }
    }

    pub(super) fn exited(&mut self, node: NodeId, cause: Option<EventId>, error: Option<Text>) {
        let host = self.hosts.get(&node).expect("a host of the world");
        if !host.life.is_up() {
            return;
        }
        let (life, kind) = match error {
            None => (Life::Stopped, EventKind::ProcessStopped),
            Some(error) => (Life::Dead, EventKind::ProcessFailed { error }),
        };
        let ended = self.write(cause, node, kind);
        self.end(node, life, ended);
    }

    /// A process ended: connections break, and peers notice.
    pub(super) fn end(&mut self, node: NodeId, life: Life, cause: EventId) {
        let now = self.now;
        let host = Rc::make_mut(self.hosts.get_mut(&node).expect("a host of the world"));
        host.life = life;
        host.since = now;
        host.frozen = None;
        let (notices, lost) = self.network.disconnect(node, cause);
        for flight in lost {
            let reason = DropReason::ConnectionDied;
            let kind = EventKind::MessageDropped { message: flight.message, reason };
            self.write(Some(cause), flight.to, kind);
        }
        for (peer, delay) in notices {
            self.schedule_lost(peer, node, delay, cause);
        }
    }

    pub(super) fn write(
        &mut self,
        cause: Option<EventId>,
        node: NodeId,
        kind: EventKind,
    ) -> EventId {
        self.write_event(cause, Some(node), kind)
    }

    pub(super) fn write_event(
        &mut self,
        cause: Option<EventId>,
        node: Option<NodeId>,
        kind: EventKind,
    ) -> EventId {
        let id = self.next_event;
        self.next_event.0 += 1;
        self.events.push(Event { id, at: self.now, cause, node, kind });
        id
    }
}
