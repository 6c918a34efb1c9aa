//! Single records in predicates: what was told of one, where it stands, who read it.

use crate::engine::ids::{BrokerId, NodeId, Offset, Text, TopicPartition};
use crate::scenario::predicate::judge::{Answer, Judge, answer};
use crate::scenario::predicate::ledger::RECORDS_MAX;
use crate::scenario::predicate::print::{acks, told};
use crate::scenario::predicate::readings::Reading;
use crate::scenario::predicate::sends::{Fate, Sent, Told};
use crate::scenario::predicate::{Pattern, RecordQuestion};
use crate::view::project;

impl Judge<'_> {
    /// The record of a name: the one for which it stands, else the newest of that value.
    pub(super) fn sent(&self, record: &str) -> Option<&Sent> {
        match self.bound {
            Some((name, sent)) if name == record => Some(sent),
            _ => self.history.sent().find(|sent| *sent.value == *record),
        }
    }

    /// The value of a record: its name, where it stands for no other.
    pub(super) fn value_of<'n>(&'n self, record: &'n str) -> &'n str {
        match self.bound {
            Some((name, sent)) if name == record => &sent.value,
            _ => record,
        }
    }

    pub(super) fn of_record(&self, record: &str, question: RecordQuestion) -> Answer {
        let Some(sent) = self.sent(record) else { return answer(false, "not sent") };
        match question {
            RecordQuestion::Acks(wanted) => answer(sent.acks == wanted, acks(sent.acks)),
            RecordQuestion::Acked => answer(sent.is_acked(), told(sent.told)),
            RecordQuestion::Result(wanted) => answer(sent.told == wanted, told(sent.told)),
            RecordQuestion::Settled => {
                let fate = sent.fate(self.world);
                answer(matches!(fate, Fate::Settled(_)), fate_text(fate))
            }
            RecordQuestion::Lost if sent.is_lost(self.world) => answer(true, "lost"),
            RecordQuestion::Lost if !sent.is_acked() => answer(false, told(sent.told)),
            RecordQuestion::Lost => match sent.fate(self.world) {
                Fate::Settled(leader) => answer(false, format!("b{leader} has it")),
                fate => answer(false, fate_text(fate)),
            },
        }
    }

    pub(super) fn after(&self, pattern: &Pattern, record: &str) -> Answer {
        let Some(sent) = self.sent(record) else { return answer(false, "not sent") };
        match self.history.matched_after(pattern, sent.queued) {
            Some(event) => answer(true, format!("#{event}")),
            None => answer(false, "never"),
        }
    }

    /// Whether a consumer read a record: at the offset that its application was told, or wherever a
    /// leader's log has its value.
    pub(super) fn has_read(&self, app: &Text, reading: Reading, record: &str) -> Answer {
        let client = self.world.client_id(app);
        let (Some(client), Some(readings)) = (client, &self.history.readings) else {
            return answer(false, "nothing of that name");
        };
        let mut places = self.places_of(record).into_iter();
        match places.find(|(partition, at)| readings.holds(reading, client, partition, *at)) {
            Some((partition, at)) => answer(true, format!("{partition} {at}")),
            None => answer(false, "never"),
        }
    }

    fn places_of(&self, record: &str) -> Vec<(TopicPartition, Offset)> {
        let mut places = Vec::new();
        if let Some(Sent { partition, told: Told::Acked(offset), .. }) = self.sent(record)
            && *offset != Offset::NONE
        {
            places.push((partition.clone(), *offset));
        }
        let value = self.value_of(record);
        for partition in self.view.topics.iter().flat_map(|topic| &topic.partitions) {
            let Some(leader) = partition.leader else { continue };
            let id = &partition.partition;
            let records = project::records(self.world, leader, id, Offset(0), RECORDS_MAX);
            let is_it = |found: Option<&str>| found.is_some_and(|found| found.trim_end() == value);
            let held = records.iter().filter(|record| is_it(record.value.as_deref()));
            places.extend(held.map(|record| (id.clone(), record.offset)));
        }
        places
    }

    /// Committed records of the topics that a consumer names, and of what it was given, less those with
    /// which it is done.
    pub(super) fn backlog(&self, app: &Text) -> Option<i64> {
        let consumer = self.view.consumers.iter().find(|view| view.name == *app)?;
        let readings = self.history.readings.as_ref()?;
        let given: Vec<&TopicPartition> = readings.partitions(consumer.id).collect();
        let named = |topic: &str| consumer.follows.split(',').any(|name| name == topic);
        let partitions = self.view.topics.iter().flat_map(|topic| &topic.partitions);
        let open = partitions
            .filter(|found| {
                named(found.partition.topic.as_str()) || given.contains(&&found.partition)
            })
            .map(|found| found.high_watermark.0 - readings.done(consumer.id, &found.partition));
        Some(open.sum())
    }

    pub(super) fn has_file(&self, broker: BrokerId, path: &str) -> bool {
        let Some(disk) = self.world.disk(NodeId::Broker(broker)) else { return false };
        match path.strip_suffix('*') {
            Some(prefix) => !disk.list(prefix).is_empty(),
            None => disk.find(path).is_some(),
        }
    }
}

fn fate_text(fate: Fate) -> &'static str {
    match fate {
        Fate::Untold => "nothing told",
        Fate::OnTheWay => "on its way",
        Fate::NoLeader => "no leader",
        Fate::Settled(_) => "settled",
    }
}
