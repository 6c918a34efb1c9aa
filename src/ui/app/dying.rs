//! What dies on the stage: messages that burst, records that were acknowledged and then lost, records
//! that are being cut. Folded from events as they pass; made anew when the world was sought backwards.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::engine::event::{DropReason, Event, EventKind};
use crate::engine::ids::{BrokerId, EventId, NodeId, Offset, TopicPartition};
use crate::engine::time::Micros;
use crate::session::Session;
use crate::view::cluster::{ClusterView, MessageView};
use crate::view::scene::moving::BurstView;
use crate::view::scene::{CellMark, MarkKind};

/// How long a burst stays, in milliseconds of the page's clock; while time stands still it stays.
const BURST_MS: f64 = 900.0;
/// How long cut records stay, in milliseconds of the page's clock.
const CUT_MS: f64 = 600.0;

/// What is dying now.
#[derive(Default)]
pub struct Dying {
    seen: EventId,
    flying: Rc<Vec<MessageView>>,
    bursts: Rc<Vec<BurstView>>,
    bursts_end: f64,
    acked: BTreeMap<TopicPartition, Offset>,
    marks: Rc<Vec<CellMark>>,
    cuts_end: Option<f64>,
}

impl Dying {
    /// Messages that burst.
    pub fn bursts(&self) -> Rc<Vec<BurstView>> {
        self.bursts.clone()
    }

    /// Marks on records.
    pub fn marks(&self) -> Rc<Vec<CellMark>> {
        self.marks.clone()
    }

    /// Takes in what happened since the last frame, which began at `now_ms`.
    pub fn observe(&mut self, session: &Session, now_ms: f64) {
        if session.next_event() < self.seen {
            *self = Dying::default();
        }
        self.expire(session.playing(), now_ms);
        if session.next_event() == self.seen {
            return;
        }
        let cluster = session.cluster();
        let new = session.events().rev().take_while(|event| event.id >= self.seen);
        let new: Vec<&Event> = new.collect();
        let bursts: Vec<BurstView> =
            new.iter().rev().filter_map(|event| self.burst(session, event)).collect();
        for event in new.into_iter().rev() {
            self.mark(&cluster, event, now_ms);
        }
        if !bursts.is_empty() {
            self.bursts = Rc::new(bursts);
            self.bursts_end = now_ms + BURST_MS;
        }
        self.seen = session.next_event();
        self.flying = session.messages();
    }

    fn expire(&mut self, playing: bool, now_ms: f64) {
        if playing && now_ms > self.bursts_end && !self.bursts.is_empty() {
            self.bursts = Rc::default();
        }
        if self.cuts_end.is_some_and(|end| now_ms > end) {
            self.cuts_end = None;
            let lasting = self.marks.iter().filter(|mark| mark.kind != MarkKind::Truncated);
            self.marks = Rc::new(lasting.cloned().collect());
        }
    }

    fn burst(&self, session: &Session, event: &Event) -> Option<BurstView> {
        let EventKind::MessageDropped { message, reason } = event.kind else { return None };
        let flying = self.flying.iter().find(|flying| flying.id == message).cloned();
        let message = flying.or_else(|| as_sent(session.event(message)?))?;
        let at_fraction = match (reason, message.arrives_at) {
            (DropReason::Refused, _) => 1.0,
            (_, Some(arrives)) => share(message.sent_at, event.at, arrives),
            (_, None) => 0.5,
        };
        Some(BurstView { message, at_fraction, reason })
    }

    fn mark(&mut self, cluster: &ClusterView, event: &Event, now_ms: f64) {
        match (&event.kind, event.node) {
            (EventKind::RecordsAcked { partition, base, count, .. }, _)
                if *base != Offset::NONE =>
            {
                let end = base.plus(i64::from(*count));
                let known = self.acked.entry(partition.clone()).or_insert(end);
                *known = end.max(*known);
            }
            (EventKind::BecameLeader { partition, log_end_offset, .. }, _) => {
                self.lose(cluster, partition, *log_end_offset);
            }
            (EventKind::LogTruncated { partition, from, to, .. }, Some(NodeId::Broker(broker))) => {
                self.cut(partition, broker, *to, *from);
                self.cuts_end = Some(now_ms + CUT_MS);
            }
            _ => {}
        }
    }

    /// A leader's log ends before records that a producer was told are safe: who still has them is
    /// down, and will have to cut them.
    fn lose(&mut self, cluster: &ClusterView, partition: &TopicPartition, end: Offset) {
        let Some(acked) = self.acked.get_mut(partition).filter(|acked| **acked > end) else {
            return;
        };
        let lost_end = std::mem::replace(acked, end);
        let all = cluster.topics.iter().flat_map(|topic| &topic.partitions);
        let Some(found) = all.into_iter().find(|found| found.partition == *partition) else {
            return;
        };
        let holders = found.replicas.iter().filter(|replica| replica.log_end_offset > end);
        let mark = |broker: BrokerId| CellMark {
            partition: partition.clone(),
            broker: Some(broker),
            from: end,
            to: lost_end,
            kind: MarkKind::Lost,
        };
        let offline = holders.filter(|replica| Some(replica.broker) != found.leader);
        let lost: Vec<CellMark> = offline.map(|replica| mark(replica.broker)).collect();
        self.marks = Rc::new(self.marks.iter().cloned().chain(lost).collect());
    }

    fn cut(&mut self, partition: &TopicPartition, broker: BrokerId, from: Offset, to: Offset) {
        let is_gone = |mark: &&CellMark| {
            mark.partition == *partition && mark.broker == Some(broker) && mark.from >= from
        };
        let mut marks: Vec<CellMark> =
            self.marks.iter().filter(|mark| !is_gone(mark)).cloned().collect();
        let (partition, broker) = (partition.clone(), Some(broker));
        marks.push(CellMark { partition, broker, from, to, kind: MarkKind::Truncated });
        self.marks = Rc::new(marks);
    }
}

/// A message as its departure tells it: it was sent and lost within one frame.
fn as_sent(event: &Event) -> Option<MessageView> {
    match event.kind {
        EventKind::MessageSent { to, api, response, nth, records, error, .. } => {
            Some(MessageView {
                id: event.id,
                from: event.node?,
                to,
                api,
                response,
                nth,
                records,
                error,
                sent_at: event.at,
                arrives_at: None,
            })
        }
        _ => None,
    }
}

fn share(from: Micros, at: Micros, to: Micros) -> f64 {
    at.since(from).0 as f64 / to.since(from).0.max(1) as f64
}
