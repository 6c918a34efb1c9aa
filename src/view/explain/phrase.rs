//! One sentence for every kind of event: its key, and what the sentence is about.
//!
//! The key comes from an exhaustive match, so that a new kind cannot be forgotten; the arguments are
//! gathered family by family. `node` is the host within a sentence and `Node` the same host at its
//! beginning.

use crate::engine::command::{Command, DiskState, ElectionKind, LinkState, Placement, ToolCommand};
use crate::engine::event::{Event, EventKind};
use crate::engine::ids::{BrokerId, NodeId, TopicPartition};
use crate::engine::time::Micros;
use crate::i18n::{Arg, Phrase};
use crate::view::explain::Names;
use crate::view::explain::again::{STARTED_AGAIN, is_started_again};
use crate::view::explain::consumer::{consumer_args, consumer_command_args};
use crate::view::explain::group::group_args;
use crate::view::explain::keys::key;
use crate::view::explain::words::{
    broker_list, bytes, drop_reason, error_name, node_name, node_name_first, retention_reason,
};

/// The sentence of an event.
#[must_use]
pub fn phrase(event: &Event, names: &(impl Names + ?Sized)) -> Phrase {
    let key = if is_started_again(event, names) { STARTED_AGAIN } else { key(&event.kind) };
    let mut teller = Teller { names, phrase: Phrase::new(key) };
    if let Some(node) = event.node {
        teller.host("node", "Node", node);
    }
    teller.cause(&event.kind);
    teller.network(&event.kind);
    teller.process(&event.kind);
    teller.zookeeper(&event.kind);
    teller.controller(&event.kind);
    teller.replica(&event.kind);
    teller.log_file(&event.kind);
    teller.client(&event.kind);
    teller.phrase.args.extend(consumer_args(&event.kind));
    teller.phrase.args.extend(group_args(&event.kind));
    teller.phrase
}

struct Teller<'a, N: Names + ?Sized> {
    names: &'a N,
    phrase: Phrase,
}

impl<N: Names + ?Sized> Teller<'_, N> {
    fn set(&mut self, name: &'static str, value: impl Into<Arg>) -> &mut Self {
        self.phrase.args.push((name, value.into()));
        self
    }

    fn host(&mut self, name: &'static str, first: &'static str, node: NodeId) -> &mut Self {
        self.set(name, node_name(node, self.names));
        self.set(first, node_name_first(node, self.names))
    }

    fn broker(&mut self, id: BrokerId) -> &mut Self {
        self.set("broker", id.0)
    }

    fn partition(&mut self, partition: &TopicPartition) -> &mut Self {
        self.set("partition", partition.to_string())
    }

    fn cause(&mut self, kind: &EventKind) {
        match kind {
            EventKind::CommandApplied { command } => self.command(command),
            EventKind::TimerFired { purpose } => {
                self.set("purpose", format!("{purpose:?}"));
            }
            _ => {}
        }
    }

    fn tool_command(&mut self, command: &ToolCommand) {
        match command {
            ToolCommand::Run { name, argv, .. } => {
                self.set("name", &**name).set("line", argv.join(" "));
            }
            ToolCommand::Input { name, line } => {
                self.set("name", &**name).set("line", &**line);
            }
            ToolCommand::EndOfInput { name } | ToolCommand::Interrupt { name } => {
                self.set("name", &**name);
            }
            ToolCommand::Write { file, .. } => {
                self.set("name", &**file);
            }
        }
    }

    fn command(&mut self, command: &Command) {
        match command {
            Command::Start { node }
            | Command::Kill { node }
            | Command::Stop { node }
            | Command::Pause { node }
            | Command::Resume { node }
            | Command::Tear { node, .. }
            | Command::DiskFault { node, .. } => {
                self.host("target", "Target", *node);
            }
            Command::SetDisk { node, dir, state } => {
                self.host("target", "Target", *node).disk(dir.as_deref(), *state);
            }
            Command::Hold { .. }
            | Command::Cut { .. }
            | Command::Heal { .. }
            | Command::Split { .. }
            | Command::SetLoss { .. }
            | Command::Drop { .. }
            | Command::Delay { .. }
            | Command::Duplicate { .. } => self.network_command(command),
            Command::SetLink { a, b, latency, jitter } => {
                self.link(*a, *b);
                self.set("latency", latency.as_ms()).set("jitter", jitter.as_ms());
            }
            Command::CreateTopic { topic, placement, .. } => {
                let (partitions, replicas) = sizes(placement);
                self.set("topic", topic.as_str()).set("partitions", partitions);
                self.set("replicas", replicas);
            }
            Command::DeleteTopic { .. }
            | Command::AddPartitions { .. }
            | Command::ElectLeaders { .. }
            | Command::Reassign { .. }
            | Command::SetTopicConfig { .. }
            | Command::SetBrokerConfig { .. } => self.admin_command(command),
            Command::AddProducer { name, spec } => {
                self.set("name", &**name).set("topic", spec.topic.as_str());
                self.set("acks", acks(spec.acks.wire()));
            }
            Command::AddConsumer { name, spec } => {
                self.set("name", &**name).set("topic", spec.follows());
            }
            Command::SetClient { name, key, value } => {
                self.set("name", &**name).set("key", &**key).set("value", &**value);
            }
            Command::Send { name, records } => {
                self.set("name", &**name).set("count", records.len() as u64);
            }
            Command::Consumer { name, command } => {
                self.phrase.args.extend(consumer_command_args(name, command));
            }
            Command::Tool(tool) => self.tool_command(tool),
            Command::Connect { name, broker } => {
                self.set("name", &**name).broker(*broker);
            }
            Command::Frame { name, bytes } => {
                self.set("name", &**name).set("count", bytes.len() as u64);
            }
            Command::Disconnect { name } => {
                self.set("name", &**name);
            }
            Command::PowerLoss { .. } => {}
        }
    }

    fn network_command(&mut self, command: &Command) {
        match command {
            Command::Split { sides, to } => {
                let sides = self.sides(sides);
                self.set("state", link_state(*to)).set("sides", sides);
            }
            Command::SetLoss { a, b, loss_ppm, duplication_ppm } => {
                self.link(*a, *b);
                self.set("loss", *loss_ppm).set("dup", *duplication_ppm);
            }
            Command::Drop { message }
            | Command::Delay { message, .. }
            | Command::Duplicate { message, .. } => {
                self.host("from", "From", message.from).host("to", "To", message.to);
                self.message(message.api.name(), message.response, 0, 0);
                if let Command::Delay { by: span, .. } | Command::Duplicate { after: span, .. } =
                    command
                {
                    self.set("span", span.as_ms());
                }
            }
            Command::Hold { a, b } | Command::Cut { a, b } | Command::Heal { a, b } => {
                self.link(*a, *b);
            }
            _ => {}
        }
    }

    fn admin_command(&mut self, command: &Command) {
        match command {
            Command::DeleteTopic { topic } => {
                self.set("topic", topic.as_str());
            }
            Command::AddPartitions { topic, count, .. } => {
                self.set("topic", topic.as_str()).set("partitions", *count);
            }
            Command::ElectLeaders { kind, partition } => {
                self.set("kind", election_kind(*kind));
                if let Some(partition) = partition {
                    self.partition(partition);
                }
            }
            Command::Reassign { partition, replicas } => {
                self.partition(partition).set("replicas", broker_list(replicas));
            }
            Command::SetTopicConfig { topic, key, value } => {
                self.set("topic", topic.as_str()).set("key", &**key);
                self.set("value", value.as_deref().unwrap_or_default());
            }
            Command::SetBrokerConfig { broker, key, value } => {
                self.set("broker", broker.map_or(-1, |id| id.0)).set("key", &**key);
                self.set("value", value.as_deref().unwrap_or_default());
            }
            _ => {}
        }
    }

    /// Hosts by sides: `broker 1, ZooKeeper | broker 2`.
    fn sides(&self, sides: &[Vec<NodeId>]) -> String {
        let names = |side: &Vec<NodeId>| {
            let names: Vec<String> = side.iter().map(|node| node_name(*node, self.names)).collect();
            names.join(", ")
        };
        sides.iter().map(names).collect::<Vec<_>>().join(" | ")
    }

    fn link(&mut self, a: NodeId, b: NodeId) {
        self.host("a", "A", a).host("b", "B", b);
    }

    fn message(&mut self, api: &'static str, response: bool, records: u32, error: i16) {
        self.set("api", api).set("response", if response { "yes" } else { "no" });
        self.set("records", records).set("error", error_name(error));
    }

    fn network(&mut self, kind: &EventKind) {
        match kind {
            EventKind::MessageSent { to, api, response, records, error, .. } => {
                self.host("to", "To", *to);
                self.message(api.name(), *response, *records, *error);
            }
            EventKind::MessageDelivered { message } | EventKind::MessageWaiting { message } => {
                self.sent(*message);
            }
            EventKind::MessageDropped { message, reason } => {
                self.sent(*message);
                self.set("reason", drop_reason(*reason));
            }
            EventKind::LinkHeld { a, b }
            | EventKind::LinkCut { a, b }
            | EventKind::LinkHealed { a, b } => self.link(*a, *b),
            EventKind::MessageDelayed { message, by } => {
                self.sent(*message);
                self.set("span", by.as_ms());
            }
            EventKind::MessageDuplicated { message } => self.sent(*message),
            EventKind::ConnectionLost { peer } => {
                self.host("peer", "Peer", *peer);
            }
            _ => {}
        }
    }

    /// What is known of a message that arrived or was lost; it may have left the window.
    fn sent(&mut self, message: crate::engine::ids::EventId) {
        let mut sent = self.names.sent(message);
        if let Some(EventKind::MessageDuplicated { message }) = sent.as_ref().map(|e| &e.kind) {
            sent = self.names.sent(*message);
        }
        match sent.as_ref().map(|sent| (sent.node, &sent.kind)) {
            Some((
                Some(from),
                EventKind::MessageSent { to, api, response, records, error, .. },
            )) => {
                self.host("from", "From", from).host("to", "To", *to);
                self.message(api.name(), *response, *records, *error);
            }
            _ => {
                self.set("from", "").set("to", "");
                self.message("Unknown", false, 0, 0);
            }
        }
    }

    fn process(&mut self, kind: &EventKind) {
        match kind {
            EventKind::ProcessFailed { error } => {
                self.set("error", &**error);
            }
            EventKind::DiskChanged { dir, state } => {
                self.disk(dir.as_deref(), *state);
            }
            EventKind::LogDirFailed { dir, offline } => {
                self.set("dir", &**dir).set("count", *offline);
            }
            EventKind::DiskRotted { path, position, bytes } => {
                self.set("path", &**path).set("position", *position).set("count", *bytes);
            }
            _ => {}
        }
    }

    /// A disk, or the one of a log directory.
    fn disk(&mut self, dir: Option<&str>, state: DiskState) -> &mut Self {
        self.set("part", if dir.is_some() { "yes" } else { "no" });
        self.set("dir", dir.unwrap_or_default());
        let span = if let DiskState::Slow(by) = state { by } else { Micros::ZERO };
        self.set("span", span.as_ms())
    }

    fn zookeeper(&mut self, kind: &EventKind) {
        match kind {
            EventKind::SessionOpened { client, .. }
            | EventKind::SessionExpired { client, .. }
            | EventKind::SessionClosed { client, .. } => {
                self.host("client", "Client", *client);
            }
            EventKind::ZnodeCreated { path, ephemeral } => {
                self.set("path", &**path);
                self.set("ephemeral", if *ephemeral { "yes" } else { "no" });
            }
            EventKind::ZnodeChanged { path, version } => {
                self.set("path", &**path).set("version", *version);
            }
            EventKind::ZnodeDeleted { path } => {
                self.set("path", &**path);
            }
            _ => {}
        }
    }

    fn controller(&mut self, kind: &EventKind) {
        match kind {
            EventKind::ControllerElected { broker, epoch }
            | EventKind::ControllerResigned { broker, epoch } => {
                self.broker(*broker).set("epoch", epoch.0);
            }
            EventKind::BrokerUp { broker } | EventKind::BrokerDown { broker } => {
                self.broker(*broker);
            }
            EventKind::ReplicasOffline { broker, partitions } => {
                let names: Vec<String> = partitions.iter().map(ToString::to_string).collect();
                self.broker(*broker).set("partitions", names.join(", "));
            }
            EventKind::TopicCreated { topic, assignment } => {
                self.set("topic", topic.as_str()).set("partitions", assignment.len() as u64);
            }
            EventKind::PartitionsAdded { topic, partitions } => {
                self.set("topic", topic.as_str()).set("partitions", *partitions);
            }
            EventKind::ReplicasAssigned { partition, replicas, adding, removing } => {
                self.partition(partition).set("replicas", broker_list(replicas));
                self.set("adding", broker_list(adding)).set("removing", broker_list(removing));
            }
            EventKind::TopicDeleted { topic } => {
                self.set("topic", topic.as_str());
            }
            EventKind::AdminCompleted { call, subject } => {
                self.set("call", &**call).set("subject", &**subject);
            }
            EventKind::AdminFailed { call, subject, error, message } => {
                self.set("call", &**call).set("subject", &**subject);
                self.set("error", error_name(*error));
                // The sentence has its own full stop.
                self.set("message", message.trim_end_matches('.'));
            }
            EventKind::BrokerConfigChanged { key, value } => {
                self.set("key", &**key).set("value", &**value);
            }
            EventKind::TopicConfigChanged { topic, key, value } => {
                self.set("topic", topic.as_str()).set("key", &**key).set("value", &**value);
            }
            EventKind::LeaderElected { partition, leader, leader_epoch, isr, reason } => {
                self.partition(partition).set("epoch", leader_epoch.0);
                self.set("broker", leader.map_or(-1, |id| id.0)).set("isr", broker_list(isr));
                self.set("reason", format!("{reason:?}"));
            }
            _ => {}
        }
    }

    fn replica(&mut self, kind: &EventKind) {
        match kind {
            EventKind::BecameLeader { partition, leader_epoch, log_end_offset } => {
                self.partition(partition).set("epoch", leader_epoch.0);
                self.set("leo", log_end_offset.0);
            }
            EventKind::BecameFollower { partition, leader, leader_epoch } => {
                self.partition(partition).set("epoch", leader_epoch.0);
                self.set("broker", leader.map_or(-1, |id| id.0));
            }
            EventKind::ReplicaDeleted { partition } => {
                self.partition(partition);
            }
            EventKind::BatchAppended { partition, base, last, leader, .. } => {
                self.partition(partition).set("first", base.0).set("last", last.0);
                self.set("count", last.0 - base.0 + 1).set("role", role(*leader));
            }
            EventKind::DuplicateRefused { partition, base, last } => {
                self.partition(partition).set("first", base.0).set("last", last.0);
                self.set("count", last.0 - base.0 + 1);
            }
            EventKind::HighWatermarkAdvanced { partition, from, to, leader } => {
                self.partition(partition).set("from", from.0).set("to", to.0);
                self.set("role", role(*leader));
            }
            EventKind::HighWatermarksCheckpointed { partitions } => {
                self.set("count", *partitions);
            }
            EventKind::IsrShrunk { partition, removed: changed, isr }
            | EventKind::IsrExpanded { partition, added: changed, isr } => {
                self.partition(partition).set("isr", broker_list(isr));
                self.set("changed", broker_list(changed));
            }
            EventKind::ProduceRefused { partition, error } => {
                self.partition(partition).set("error", error_name(*error));
            }
            _ => {}
        }
    }

    fn log_file(&mut self, kind: &EventKind) {
        match kind {
            EventKind::SegmentRolled { partition, base } => {
                self.partition(partition).set("base", base.0);
            }
            EventKind::SegmentsDeleted {
                partition,
                reason,
                segments,
                bytes: size,
                log_start_offset,
            } => {
                self.partition(partition).set("reason", retention_reason(*reason));
                self.set("count", *segments).set("bytes", bytes(*size));
                self.set("start", log_start_offset.0);
            }
            EventKind::LogCleaned {
                partition,
                from,
                to,
                records_before,
                records_after,
                bytes_before,
                bytes_after,
            } => {
                self.partition(partition).set("from", from.0).set("last", to.0 - 1);
                self.set("before", *records_before).set("after", *records_after);
                self.set("bytes", bytes(*bytes_before)).set("left", bytes(*bytes_after));
            }
            EventKind::LogStartAdvanced { partition, from, to, leader } => {
                self.partition(partition).set("from", from.0).set("to", to.0);
                self.set("role", role(*leader));
            }
            EventKind::LogTruncated { partition, from, to, high_watermark } => {
                self.partition(partition).set("from", from.0).set("to", to.0);
                self.set("last", from.0 - 1).set("hw", high_watermark.0);
            }
            EventKind::FollowerFailed { partition, log_end_offset, found } => {
                self.partition(partition).set("leo", log_end_offset.0).set("found", found.0);
            }
            EventKind::CommittedRecordsLost { partition, from, to } => {
                self.partition(partition).set("from", from.0).set("last", to.0 - 1);
            }
            EventKind::InvariantBroken { rule, partition, from, to } => {
                let partition = partition.as_ref().map(ToString::to_string);
                self.set("rule", format!("{rule:?}"));
                self.set("partition", partition.unwrap_or_default());
                self.set("from", from.0).set("to", to.0);
            }
            EventKind::LogRecovered { partition, log_end_offset, truncated_bytes, .. } => {
                self.partition(partition).set("leo", log_end_offset.0);
                self.set("bytes", bytes(*truncated_bytes));
            }
            _ => {}
        }
    }

    fn client(&mut self, kind: &EventKind) {
        match kind {
            EventKind::MetadataUpdated { brokers, partitions } => {
                self.set("brokers", *brokers).set("partitions", *partitions);
            }
            EventKind::RecordsQueued { partition, count, value, .. } => {
                self.partition(partition).set("count", *count);
                self.set("named", if value.is_some() { "yes" } else { "no" });
                self.set("value", value.as_deref().unwrap_or_default());
            }
            EventKind::RecordsAcked { partition, count, base, .. } => {
                self.partition(partition).set("count", *count).set("base", base.0);
            }
            EventKind::RecordsFailed { partition, count, error, .. }
            | EventKind::BatchRetried { partition, count, error, .. } => {
                self.partition(partition).set("count", *count).set("error", error_name(*error));
            }
            EventKind::RecordsDelivered { partition, first, last, count } => {
                self.partition(partition).set("first", first.0).set("last", last.0);
                self.set("count", *count);
            }
            EventKind::PositionReset { partition, from, to } => {
                self.partition(partition).set("from", from.0).set("to", to.0);
            }
            EventKind::ClientChanged { key, value } => {
                self.set("key", &**key).set("value", &**value);
            }
            EventKind::ToolPrinted { line, .. } => {
                self.set("line", &**line);
            }
            EventKind::ToolExited { code } => {
                self.set("code", *code);
            }
            _ => {}
        }
    }
}

fn sizes(placement: &Placement) -> (u64, u64) {
    match placement {
        Placement::Automatic { partitions, replication_factor } => {
            (u64::from(*partitions), u64::from(*replication_factor))
        }
        Placement::Assigned(assigned) => {
            (assigned.len() as u64, assigned.first().map_or(0, Vec::len) as u64)
        }
    }
}

fn acks(wire: i16) -> String {
    if wire < 0 { "all".to_owned() } else { wire.to_string() }
}

fn election_kind(kind: ElectionKind) -> &'static str {
    match kind {
        ElectionKind::Preferred => "preferred",
        ElectionKind::Unclean => "unclean",
    }
}

fn role(leader: bool) -> &'static str {
    if leader { "leader" } else { "follower" }
}

fn link_state(state: LinkState) -> &'static str {
    match state {
        LinkState::Held => "held",
        LinkState::Cut => "cut",
        LinkState::Flows => "healed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::{Lang, has};
    use crate::view::explain::samples::{Known, every_kind, every_purpose};

    #[test]
    fn every_event_is_a_sentence_in_every_language() {
        let known = Known::default();
        for event in every_kind() {
            let told = phrase(&event, &known);
            for lang in Lang::ALL {
                assert!(has(*lang, told.key), "no {} in {}", told.key, lang.tag());
                let text = told.text(*lang);
                let ends = ['.', '。'].iter().any(|end| text.ends_with(*end));
                assert!(ends && !text.contains('{'), "{}: {text}", told.key);
            }
        }
    }

    #[test]
    fn every_timer_says_what_it_was_for() {
        let texts: Vec<String> =
            every_purpose().iter().map(|e| phrase(e, &Known::default()).text(Lang::En)).collect();
        let mut distinct = texts.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), texts.len(), "{texts:#?}");
    }

    #[test]
    fn an_election_names_the_leader_the_partition_and_the_reason() {
        let event = crate::view::explain::samples::election();
        let told = phrase(&event, &Known::default());
        assert_eq!(
            told.text(Lang::En),
            "Broker 2 now leads orders-0, in epoch 1: the old leader died and it is first in the ISR 2,3."
        );
        assert_eq!(
            told.text(Lang::ZhCn),
            "broker 2 现在是 orders-0 的 leader，epoch 1：原来的 leader 宕机了，它排在 ISR 2,3 的最前面。"
        );
    }

    #[test]
    fn a_message_whose_departure_is_unknown_is_still_told() {
        let kind = EventKind::MessageDelivered { message: crate::engine::ids::EventId(9) };
        let event = crate::view::explain::samples::at_broker(10, kind);
        assert_eq!(phrase(&event, &Known::default()).text(Lang::En), "Message reached broker 1.");
    }
}
