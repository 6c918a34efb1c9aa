//! Statements that become commands: `kill b2`, `hold b1-b3`, `drop b2>b1 Fetch 3`, `send web m1 m2`, …
//!
//! One verb, one function.

use crate::engine::command::{
    Command, DiskState, DurableFile, LinkState, MessageAddress, RecordSpec,
};
use crate::engine::ids::{BrokerId, NodeId, PartitionId, Text};
use crate::engine::program::tool::TOOLS;
use crate::engine::protocol::Api;
use crate::engine::time::Micros;
use crate::scenario::ast::BROKERS_MAX;
use crate::scenario::error::{Problem, Wanted};
use crate::scenario::suggest::nearest;

use super::expect::Known;
use super::lexical::{
    Fail, Input, Parsed, blanks, end_of_line, expected, fail_at, gap, has_sign, here, host_word,
    number, sign, time, word,
};
use super::{Reader, SETTING_WORDS, admin, consumer, settings, tools};

/// Statements that become commands.
const VERBS: &[&str] = &[
    "topic",
    "producer",
    "consumer",
    "config",
    "send",
    "seek",
    "set",
    "link",
    "start",
    "kill",
    "stop",
    "pause",
    "resume",
    "hold",
    "cut",
    "split",
    "heal",
    "loss",
    "drop",
    "delay",
    "dup",
    "power",
    "rot",
    "disk",
    "connect",
    "frame",
    "disconnect",
    "tear",
    "delete",
    "partitions",
    "elect",
    "reassign",
    "brokerconfig",
];

impl Reader {
    pub(super) fn read_command<'i>(
        &mut self,
        input: &mut Input<'i>,
        (start, line): (usize, Input<'i>),
        verb: &str,
    ) -> Parsed<Vec<Command>> {
        let command = match verb {
            _ if Reader::is_tool_statement(verb) => self.tool(input, line, verb)?,
            "topic" => self.topic(input)?,
            "producer" => self.producer(input)?,
            "consumer" => self.consumer(input)?,
            "set" => self.set_client(input)?,
            "config" => return self.config(input),
            "brokerconfig" => return self.broker_config(input),
            "delete" | "partitions" | "elect" | "reassign" => admin::command(input, verb)?,
            "send" => self.send(input)?,
            "start" => Command::Start { node: self.one_host(input)? },
            "kill" => Command::Kill { node: self.one_host(input)? },
            "stop" => Command::Stop { node: self.one_host(input)? },
            "pause" | "resume" => match consumer::partitions(input, verb)? {
                Some(command) => command,
                None if verb == "pause" => Command::Pause { node: self.one_host(input)? },
                None => Command::Resume { node: self.one_host(input)? },
            },
            "seek" => self.seek(input)?,
            "hold" => self.links(input, LinkState::Held)?,
            "cut" | "split" => self.links(input, LinkState::Cut)?,
            "heal" => self.links(input, LinkState::Flows)?,
            "loss" => self.set_loss(input)?,
            "delay" => {
                let (message, by) = self.address_and_span(input)?;
                Command::Delay { message, by }
            }
            "dup" => {
                let (message, after) = self.address_and_span(input)?;
                Command::Duplicate { message, after }
            }
            "link" => self.set_link(input)?,
            "drop" => Command::Drop { message: self.address(input)? },
            "connect" => self.connect(input)?,
            "frame" => frame(input)?,
            "disconnect" => {
                gap(input, Wanted::Client)?;
                Command::Disconnect { name: word(input, Wanted::Client)? }
            }
            "power" => power(input)?,
            "rot" => rot(input)?,
            "tear" => tear(input)?,
            "disk" => self.set_disk(input)?,
            _ => return Err(unknown_statement(start, verb)),
        };
        Ok(vec![command])
    }

    fn one_host(&mut self, input: &mut Input<'_>) -> Parsed<NodeId> {
        gap(input, Wanted::Host)?;
        self.host(input)
    }

    /// `zk`, `b2`, or the name of a client program.
    pub(super) fn host(&mut self, input: &mut Input<'_>) -> Parsed<NodeId> {
        let start = *input;
        let name = host_word(input, Wanted::Host)?;
        if &*name == "zk" {
            return Ok(NodeId::Zookeeper);
        }
        match broker_number(&name) {
            Some(id) if (1..=u64::from(BROKERS_MAX)).contains(&id) => {
                self.know(Known::Host, &name, here(&start));
                Ok(NodeId::Broker(BrokerId(i32::try_from(id).unwrap_or(i32::MAX))))
            }
            Some(_) => Err(broker_out_of_range(here(&start), &name)),
            None => Ok(NodeId::Client(self.mention(name, here(&start)))),
        }
    }

    /// `disk b2 off`: it dies; `disk b2/a full`: the log directory `a` has no room;
    /// `disk b2 slow 200ms`; `disk b2 on`: it works again.
    fn set_disk(&mut self, input: &mut Input<'_>) -> Parsed<Command> {
        gap(input, Wanted::Host)?;
        let start = *input;
        let place = word(input, Wanted::Host)?;
        let (node, dir) = match place.split_once('/') {
            Some((host, dir)) => (broker_host(&start, host)?, Some(dir.into())),
            None => {
                *input = start;
                (self.host(input)?, None)
            }
        };
        Ok(Command::SetDisk { node, dir, state: disk_state(input)? })
    }

    /// Two hosts with a sign between: `b1-b3`, `b2>b1`.
    fn pair(&mut self, input: &mut Input<'_>, between: char) -> Parsed<(NodeId, NodeId)> {
        gap(input, Wanted::Pair)?;
        let a = self.host(input)?;
        sign(input, between)?;
        // A controller's messages to the broker of its own process have an address too.
        let b = if between == '-' { self.other_host(input, &[a])? } else { self.host(input)? };
        Ok((a, b))
    }

    /// `connect outside b2`.
    fn connect(&mut self, input: &mut Input<'_>) -> Parsed<Command> {
        gap(input, Wanted::Client)?;
        let name = word(input, Wanted::Client)?;
        gap(input, Wanted::Host)?;
        let start = *input;
        match self.host(input)? {
            NodeId::Broker(broker) => Ok(Command::Connect { name, broker }),
            _ => Err(expected(&start, Wanted::Broker)),
        }
    }

    fn set_link(&mut self, input: &mut Input<'_>) -> Parsed<Command> {
        let (a, b) = self.pair(input, '-')?;
        gap(input, Wanted::Time)?;
        let link = settings::link(input)?;
        Ok(Command::SetLink { a, b, latency: link.latency, jitter: link.jitter })
    }

    /// `hold b1-b3`, or the links between sets of hosts: `cut b1,zk | b2,b3`.
    fn links(&mut self, input: &mut Input<'_>, to: LinkState) -> Parsed<Command> {
        gap(input, Wanted::Pair)?;
        let a = self.host(input)?;
        if has_sign(input, '-') {
            let b = self.other_host(input, &[a])?;
            return Ok(match to {
                LinkState::Held => Command::Hold { a, b },
                LinkState::Cut => Command::Cut { a, b },
                LinkState::Flows => Command::Heal { a, b },
            });
        }
        let mut sides = vec![vec![a]];
        loop {
            if has_sign(input, ',') {
                let others = &sides[..sides.len() - 1];
                let host = self.other_host(input, &others.concat())?;
                sides.last_mut().expect("the first side is there").push(host);
            } else if has_sign(input, '|') {
                sides.push(vec![self.other_host(input, &sides.concat())?]);
            } else if sides.len() > 1 {
                return Ok(Command::Split { sides, to });
            } else {
                return Err(expected(input, Wanted::Sign('-')));
            }
        }
    }

    /// A host that is none of those at the other end of its links.
    fn other_host(&mut self, input: &mut Input<'_>, others: &[NodeId]) -> Parsed<NodeId> {
        let start = *input;
        let host = self.host(input)?;
        if !others.contains(&host) {
            return Ok(host);
        }
        let name = host_word(&mut start.clone(), Wanted::Host)?;
        let brokers = 1..=i32::from(self.scenario.config.brokers);
        let mut brokers = brokers.map(|id| NodeId::Broker(BrokerId(id)));
        let other = brokers.find(|broker| !others.contains(broker));
        let suggestion = Some(other.map_or_else(|| "zk".into(), |other| other.to_string().into()));
        Err(Fail { offset: here(&start), problem: Problem::SameHost { host: name }, suggestion })
    }

    /// `loss b1-b2 1000 dup 500`: messages lost and doubled, of a million.
    fn set_loss(&mut self, input: &mut Input<'_>) -> Parsed<Command> {
        let (a, b) = self.pair(input, '-')?;
        gap(input, Wanted::Number)?;
        let ppm = |input: &mut Input<'_>| -> Parsed<u32> {
            let number = number(input, Wanted::Number, 0, 1_000_000)?;
            Ok(u32::try_from(number).unwrap_or(u32::MAX))
        };
        let loss_ppm = ppm(input)?;
        let mut ahead = *input;
        if end_of_line(&mut ahead).is_ok() {
            return Ok(Command::SetLoss { a, b, loss_ppm, duplication_ppm: 0 });
        }
        gap(input, Wanted::Keyword("dup"))?;
        let start = *input;
        if &*word(input, Wanted::Keyword("dup"))? != "dup" {
            return Err(expected(&start, Wanted::Keyword("dup")));
        }
        gap(input, Wanted::Number)?;
        Ok(Command::SetLoss { a, b, loss_ppm, duplication_ppm: ppm(input)? })
    }

    /// `b2>b1 Fetch 3 10s`.
    fn address_and_span(&mut self, input: &mut Input<'_>) -> Parsed<(MessageAddress, Micros)> {
        let message = self.address(input)?;
        gap(input, Wanted::Time)?;
        Ok((message, time(input)?))
    }

    /// `b2>b1 Fetch 3`, `b1>b2 Fetch response 3`; numbers count from 0.
    fn address(&mut self, input: &mut Input<'_>) -> Parsed<MessageAddress> {
        let (from, to) = self.pair(input, '>')?;
        gap(input, Wanted::Api)?;
        let start = here(input);
        let name = word(input, Wanted::Api)?;
        let api = Api::ALL.iter().copied().find(|api| api.name() == &*name).ok_or_else(|| {
            let suggestion = nearest(&name, Api::ALL.iter().map(|api| api.name()));
            let problem = Problem::Unknown { kind: Wanted::Api, found: name.clone() };
            Fail { offset: start, problem, suggestion }
        })?;
        gap(input, Wanted::Number)?;
        let response = input.starts_with("response");
        if response {
            let _response = word(input, Wanted::Keyword("response"))?;
            gap(input, Wanted::Number)?;
        }
        let nth = number(input, Wanted::Number, 0, u64::MAX)?;
        Ok(MessageAddress { from, to, api, response, nth })
    }

    /// `send web m1 key:m2 m3@0`.
    fn send(&mut self, input: &mut Input<'_>) -> Parsed<Command> {
        let name = self.a_client(input)?;
        gap(input, Wanted::Record)?;
        let mut records = vec![record(input)?];
        loop {
            let mut ahead = *input;
            if end_of_line(&mut ahead).is_ok() {
                return Ok(Command::Send { name, records });
            }
            gap(input, Wanted::Record)?;
            records.push(record(input)?);
        }
    }
}

fn unknown_statement(start: usize, verb: &str) -> Fail {
    let tools = TOOLS.iter().map(|tool| tool.name);
    let known =
        VERBS.iter().chain(tools::VERBS).chain(SETTING_WORDS).chain(&["at"]).copied().chain(tools);
    let problem = Problem::Unknown { kind: Wanted::Statement, found: verb.into() };
    Fail { offset: start, problem, suggestion: nearest(verb, known) }
}

/// The digits of `b12`; `None` when the word is not of that form.
pub(super) fn broker_number(name: &str) -> Option<u64> {
    let digits = name.strip_prefix('b')?;
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse().unwrap_or(u64::MAX))
}

pub(super) fn broker_out_of_range(offset: usize, name: &str) -> Fail {
    let (what, most) = (Wanted::Broker, u64::from(BROKERS_MAX));
    fail_at(offset, Problem::OutOfRange { what, found: name.into(), least: 1, most })
}

fn record(input: &mut Input<'_>) -> Parsed<RecordSpec> {
    let first = word(input, Wanted::Record)?;
    let (key, value) = if has_tight(input, ':') {
        (Some(first), word(input, Wanted::Record)?)
    } else {
        (None, first)
    };
    let partition = if has_tight(input, '@') {
        let number = number(input, Wanted::Number, 0, i32::MAX.unsigned_abs().into())?;
        Some(PartitionId(i32::try_from(number).unwrap_or(i32::MAX)))
    } else {
        None
    };
    Ok(RecordSpec { key, value, partition })
}

/// Like `has_sign`, without blanks around it.
fn has_tight(input: &mut Input<'_>, wanted: char) -> bool {
    input.starts_with(wanted) && has_sign(input, wanted)
}

/// A file of a broker or of ZooKeeper: `b1/orders-0/00000000000000000000.log`.
fn file(input: &mut Input<'_>) -> Parsed<(NodeId, Text)> {
    let start = *input;
    let whole = word(input, Wanted::File)?;
    let wrong = || expected(&start, Wanted::File);
    let (host, path) = whole.split_once('/').ok_or_else(wrong)?;
    let node = match host {
        "zk" => NodeId::Zookeeper,
        host => broker_host(&start, host)?,
    };
    Ok((node, path.into()))
}

/// `b2`, where a path follows.
fn broker_host(start: &Input<'_>, host: &str) -> Parsed<NodeId> {
    match broker_number(host) {
        Some(id) if (1..=u64::from(BROKERS_MAX)).contains(&id) => {
            Ok(NodeId::Broker(BrokerId(i32::try_from(id).unwrap_or(i32::MAX))))
        }
        _ => Err(expected(start, Wanted::File)),
    }
}

fn disk_state(input: &mut Input<'_>) -> Parsed<DiskState> {
    gap(input, Wanted::DiskState)?;
    let start = *input;
    Ok(match &*word(input, Wanted::DiskState)? {
        "on" => DiskState::Works,
        "off" => DiskState::Dead,
        "full" => DiskState::Full,
        "slow" => {
            gap(input, Wanted::Time)?;
            DiskState::Slow(time(input)?)
        }
        _ => return Err(expected(&start, Wanted::DiskState)),
    })
}

/// `power {b1/orders-0/….log=1234, zk/log=99}`: what each file keeps; the others are gone.
fn power(input: &mut Input<'_>) -> Parsed<Command> {
    sign(input, '{')?;
    let mut durable = Vec::new();
    if has_sign(input, '}') {
        return Ok(Command::PowerLoss { durable });
    }
    loop {
        let (node, path) = file(input)?;
        sign(input, '=')?;
        let bytes = number(input, Wanted::Number, 0, u64::MAX)?;
        durable.push(DurableFile { node, path, bytes });
        if !has_sign(input, ',') {
            sign(input, '}')?;
            return Ok(Command::PowerLoss { durable });
        }
    }
}

/// `rot b1/orders-0/….log 100 00ff`: bytes from a position on are these.
fn rot(input: &mut Input<'_>) -> Parsed<Command> {
    gap(input, Wanted::File)?;
    let (node, path) = file(input)?;
    gap(input, Wanted::Number)?;
    let position = number(input, Wanted::Number, 0, u64::MAX)?;
    gap(input, Wanted::Bytes)?;
    let start = *input;
    let digits = word(input, Wanted::Bytes)?;
    let bytes = from_hex(&digits).ok_or_else(|| expected(&start, Wanted::Bytes))?;
    blanks(input)?;
    Ok(Command::DiskFault { node, path, position, bytes })
}

/// `tear b1/orders-0/….log 7`: so many bytes of its end are gone.
fn tear(input: &mut Input<'_>) -> Parsed<Command> {
    gap(input, Wanted::File)?;
    let (node, path) = file(input)?;
    gap(input, Wanted::Number)?;
    let bytes = number(input, Wanted::Number, 0, u64::MAX)?;
    Ok(Command::Tear { node, path, bytes })
}

/// `frame outside 00120003…`: bytes of a request.
fn frame(input: &mut Input<'_>) -> Parsed<Command> {
    gap(input, Wanted::Client)?;
    let name = word(input, Wanted::Client)?;
    gap(input, Wanted::Bytes)?;
    let start = *input;
    let digits = word(input, Wanted::Bytes)?;
    let bytes = from_hex(&digits).ok_or_else(|| expected(&start, Wanted::Bytes))?;
    blanks(input)?;
    Ok(Command::Frame { name, bytes: bytes.into() })
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    (0..digits.len()).step_by(2).map(|i| u8::from_str_radix(&digits[i..i + 2], 16).ok()).collect()
}
