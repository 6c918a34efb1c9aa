//! The network between hosts: links with latency, connections, messages in flight.
//!
//! Like TCP, a link delivers in order in each direction. Nothing here delivers by itself: the world
//! asks when a message is due and carries it there.

pub mod link;
pub mod flight;
pub mod fate;

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::command::{LinkState, MessageAddress};
use crate::engine::config::LinkConfig;
use crate::engine::event::DropReason;
use crate::engine::ids::{EventId, NodeId};
use crate::engine::node::MessageCounter;
use crate::engine::protocol::{Api, Payload};
use crate::engine::rng::{Stream, Streams};
use crate::engine::time::Micros;

use fate::{Fate, Fates};
use flight::Flight;
use link::{Link, Pair};

/// Delay of a host's messages to itself (the loopback interface).
const LOOPBACK: Micros = Micros(50);

/// Links, connections and messages in flight.
#[derive(Clone, Debug)]
pub struct Network {
    default: LinkConfig,
    links: BTreeMap<Pair, Link>,
    connections: BTreeSet<Pair>,
    flights: BTreeMap<EventId, Flight>,
    numbers: Numbers,
    fates: Fates,
}

/// How many messages of each kind each link has carried.
#[derive(Clone, Debug, Default)]
pub struct Numbers(BTreeMap<(NodeId, NodeId, Api, bool), u64>);

impl MessageCounter for Numbers {
    fn count(&mut self, from: NodeId, to: NodeId, payload: &Payload) -> u64 {
        let next = self.0.entry((from, to, payload.api(), payload.is_response())).or_default();
        let number = *next;
        *next += 1;
        number
    }
}

/// What became of a message handed to the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It arrives then, unless something happens to it.
    Arrives(Micros),
    /// Its link stalls: it waits.
    Held,
    /// It never arrives.
    Dropped(DropReason),
}

/// What became of a message, and what chance or a command adds to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The message itself.
    pub sent: Sent,
    /// How much later than usual it arrives, by a command.
    pub delayed: Option<Micros>,
    /// A copy of it arrives this long from now.
    pub copy_after: Option<Micros>,
}

impl Network {
    /// A network whose links all start as `default`.
    #[must_use]
    pub fn new(default: LinkConfig) -> Network {
        Network {
            default,
            links: BTreeMap::new(),
            connections: BTreeSet::new(),
            flights: BTreeMap::new(),
            numbers: Numbers::default(),
            fates: Fates::default(),
        }
    }

    /// The counter that numbers messages per link, API and direction.
    pub fn numbers(&mut self) -> &mut Numbers {
        &mut self.numbers
    }

    /// Takes a message; says when it arrives.
    pub fn send(&mut self, flight: Flight, now: Micros, streams: &mut Streams) -> Outcome {
        let message = flight.message;
        let pair = Pair::new(flight.from, flight.to);
        let dropped =
            |reason| Outcome { sent: Sent::Dropped(reason), delayed: None, copy_after: None };
        let fates = self.fates.take(&flight);
        if fates.contains(&Fate::Drop) {
            return dropped(DropReason::Commanded);
        }
        let (mut delayed, mut copy_after) = (None, None);
        for fate in fates {
            match fate {
                Fate::Drop => {}
                Fate::Delay(by) => delayed = Some(by),
                Fate::Duplicate(after) => copy_after = Some(after),
            }
        }
        if let Some(link) = self.links.get(&pair) {
            if link.state == LinkState::Cut {
                return dropped(DropReason::Cut);
            }
            let (loss, twice, latency) = (link.loss_ppm, link.duplication_ppm, link.config.latency);
            if happens(streams, flight.from, loss) {
                return dropped(DropReason::Chance);
            }
            if happens(streams, flight.from, twice) {
                copy_after = copy_after.or(Some(Micros(latency.0 * 2)));
            }
        }
        self.connections.insert(pair);
        let arrives = self.arrival(flight.from, flight.to, now, streams);
        let arrives = arrives.map(|at| at + delayed.unwrap_or(Micros::ZERO));
        self.flights.insert(message, Flight { arrives_at: arrives, ..flight });
        Outcome { sent: arrives.map_or(Sent::Held, Sent::Arrives), delayed, copy_after }
    }

    /// Takes a second copy of a message on its way, to arrive at its `arrives_at`.
    pub fn send_copy(&mut self, copy: Flight) {
        self.flights.insert(copy.message, copy);
    }

    /// Puts a message in flight off. Returns its new arrival; `None` when its link stalls or it has
    /// arrived.
    pub fn delay(&mut self, message: EventId, by: Micros) -> Option<Micros> {
        let flight = self.flights.get_mut(&message)?;
        let at = flight.arrives_at? + by;
        flight.arrives_at = Some(at);
        Some(at)
    }

    /// Takes a message out of flight, if it is due exactly now.
    pub fn take_due(&mut self, message: EventId, now: Micros) -> Option<Flight> {
        if self.flights.get(&message)?.arrives_at != Some(now) {
            return None;
        }
        self.flights.remove(&message)
    }

    /// A message that has not been delivered yet.
    #[must_use]
    pub fn flight(&self, message: EventId) -> Option<&Flight> {
        self.flights.get(&message)
    }

    /// A message has arrived at a frozen process and waits in its socket. False when it is not due
    /// exactly now.
    pub fn wait(&mut self, message: EventId, now: Micros) -> bool {
        match self.flights.get_mut(&message) {
            Some(flight) if flight.arrives_at == Some(now) => {
                flight.arrives_at = None;
                flight.waits = true;
                true
            }
            _ => false,
        }
    }

    /// The process runs on: a message that waited in its socket is read now.
    pub fn read_waiting(&mut self, message: EventId, now: Micros) {
        if let Some(flight) = self.flights.get_mut(&message).filter(|flight| flight.waits) {
            flight.arrives_at = Some(now);
            flight.waits = false;
        }
    }

    /// Messages in flight, held or waiting in a socket, oldest first.
    pub fn flights(&self) -> impl Iterator<Item = &Flight> {
        self.flights.values()
    }

    /// The message with this address; `None` when it is not in flight.
    #[must_use]
    pub fn find(&self, address: &MessageAddress) -> Option<&Flight> {
        self.flights.values().find(|f| f.address() == *address)
    }

    /// Removes the message with this address; `None` when it is not in flight.
    pub fn drop_message(&mut self, address: &MessageAddress) -> Option<Flight> {
        let id = self.find(address)?.message;
        self.flights.remove(&id)
    }

    /// Whether a message with this address is still to be sent.
    #[must_use]
    pub fn is_to_come(&self, address: &MessageAddress) -> bool {
        let key = (address.from, address.to, address.api, address.response);
        self.numbers.0.get(&key).copied().unwrap_or(0) <= address.nth
    }

    /// Decides what happens to the message with this address when it is sent. Nothing, when that is in
    /// the past.
    pub fn decide(&mut self, address: &MessageAddress, fate: Fate) {
        if self.is_to_come(address) {
            self.fates.add(address.clone(), fate);
        }
    }

    /// Stalls a link: what is on it stops where it is.
    pub fn hold(&mut self, a: NodeId, b: NodeId) {
        let pair = Pair::new(a, b);
        self.link(pair).state = LinkState::Held;
        for flight in self.flights.values_mut() {
            if Pair::new(flight.from, flight.to) == pair {
                flight.arrives_at = None;
            }
        }
    }

    /// Breaks a link and its connections. Returns what was on it and is lost, and the ends that notice,
    /// after the link's delay; those of a connection that had none are not told.
    pub fn cut(&mut self, a: NodeId, b: NodeId) -> (Vec<Flight>, Vec<(NodeId, NodeId, Micros)>) {
        let pair = Pair::new(a, b);
        let connected = self.connections.remove(&pair);
        let link = self.link(pair);
        link.state = LinkState::Cut;
        let latency = link.config.latency;
        let broken = std::mem::take(&mut link.broken);
        let mut ends: Vec<(NodeId, NodeId, Micros)> =
            broken.into_iter().map(|end| (end.notice, end.peer, latency)).collect();
        if connected {
            ends.extend([(a, b, latency), (b, a, latency)]);
        }
        let on_it = |f: &&Flight| !f.waits && Pair::new(f.from, f.to) == pair;
        let lost: Vec<EventId> = self.flights.values().filter(on_it).map(|f| f.message).collect();
        (lost.iter().filter_map(|id| self.flights.remove(id)).collect(), ends)
    }

    /// Ends a hold or a cut: what waited travels now, in order. Returns (message, arrival) for each, and the
    /// ends that learn only now that their peer died.
    pub fn heal(
        &mut self,
        a: NodeId,
        b: NodeId,
        now: Micros,
        streams: &mut Streams,
    ) -> (Vec<(EventId, Micros)>, Vec<link::BrokenEnd>) {
        let pair = Pair::new(a, b);
        let link = self.link(pair);
        link.state = LinkState::Flows;
        let broken = std::mem::take(&mut link.broken);
        let waiting: Vec<(EventId, NodeId, NodeId)> = self
            .flights
            .values()
            .filter(|f| f.arrives_at.is_none() && !f.waits && Pair::new(f.from, f.to) == pair)
            .map(|f| (f.message, f.from, f.to))
            .collect();
        let mut released = Vec::new();
        for (message, from, to) in waiting {
            let Some(at) = self.arrival(from, to, now, streams) else { continue };
            if let Some(flight) = self.flights.get_mut(&message) {
                flight.arrives_at = Some(at);
                released.push((message, at));
            }
        }
        (released, broken)
    }

    /// Sets the delay of both directions of a link.
    pub fn set_link(&mut self, a: NodeId, b: NodeId, config: LinkConfig) {
        self.link(Pair::new(a, b)).config = config;
    }

    /// Sets how often messages of a link are lost or doubled, of a million.
    pub fn set_loss(&mut self, a: NodeId, b: NodeId, loss_ppm: u32, duplication_ppm: u32) {
        let link = self.link(Pair::new(a, b));
        link.loss_ppm = loss_ppm;
        link.duplication_ppm = duplication_ppm;
    }

    /// A link as it is now; one that nobody used yet is as all links start.
    #[must_use]
    pub fn look(&self, a: NodeId, b: NodeId) -> Link {
        let known = self.links.get(&Pair::new(a, b)).cloned();
        known.unwrap_or_else(|| Link::new(self.default))
    }

    /// Links in a state, each once.
    pub fn links_in(&self, state: LinkState) -> impl Iterator<Item = (NodeId, NodeId)> {
        self.links.iter().filter(move |(_, link)| link.state == state).map(|(pair, _)| pair.ends())
    }

    /// Breaks the connections of a process that ended. Returns the peers that notice, with the delay
    /// after which they do, and the messages that are lost with it: those held, and those that wait in
    /// its sockets.
    pub fn disconnect(
        &mut self,
        node: NodeId,
        cause: EventId,
    ) -> (Vec<(NodeId, Micros)>, Vec<Flight>) {
        let broken: Vec<Pair> =
            self.connections.iter().filter(|pair| pair.touches(node)).copied().collect();
        let mut notices = Vec::new();
        for pair in broken {
            self.connections.remove(&pair);
            let peer = pair.other(node);
            let link = self.link(pair);
            if link.state == LinkState::Held {
                link.broken.push(link::BrokenEnd { notice: peer, peer: node, cause });
            } else {
                notices.push((peer, link.config.latency));
            }
        }
        let lost: Vec<EventId> = self
            .flights
            .values()
            .filter(|f| f.arrives_at.is_none() && (f.to == node || (f.from == node && !f.waits)))
            .map(|f| f.message)
            .collect();
        let lost = lost.iter().filter_map(|id| self.flights.remove(id)).collect();
        (notices, lost)
    }

    /// Delay after which the sender of a refused message learns of it; `None` on a stalled link.
    pub fn refusal_delay(&mut self, from: NodeId, to: NodeId) -> Option<Micros> {
        self.connections.remove(&Pair::new(from, to));
        let link = self.link(Pair::new(from, to));
        (link.state != LinkState::Held).then_some(link.config.latency)
    }

    /// Every message and connection is gone: the power went.
    pub fn clear(&mut self) -> Vec<Flight> {
        self.connections.clear();
        for link in self.links.values_mut() {
            link.broken.clear();
        }
        std::mem::take(&mut self.flights).into_values().collect()
    }

    fn arrival(
        &mut self,
        from: NodeId,
        to: NodeId,
        now: Micros,
        streams: &mut Streams,
    ) -> Option<Micros> {
        if from == to {
            return Some(now + LOOPBACK);
        }
        let link = self.link(Pair::new(from, to));
        if link.state == LinkState::Held {
            return None;
        }
        let jitter = if link.config.jitter == Micros::ZERO {
            Micros::ZERO
        } else {
            Micros(streams.below(Stream::Network, from, link.config.jitter.0 + 1))
        };
        let latency = link.config.latency.max(Micros(1));
        Some(link.in_order(from, to, now + latency + jitter))
    }

    fn link(&mut self, pair: Pair) -> &mut Link {
        let default = self.default;
        self.links.entry(pair).or_insert_with(|| Link::new(default))
    }
}

/// Whether chance, of a million, strikes. Draws only where something can.
fn happens(streams: &mut Streams, from: NodeId, ppm: u32) -> bool {
    ppm > 0 && streams.below(Stream::Network, from, 1_000_000) < u64::from(ppm)
}
