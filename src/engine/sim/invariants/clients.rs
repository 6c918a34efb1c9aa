//! Rules about promises: what acks=all acknowledged is committed, what acks=1 did is in a log, and
//! consumers read only what is committed.

use crate::engine::command::Acks;
use crate::engine::event::{EventKind, Invariant};
use crate::engine::ids::{ClientId, NodeId, Offset};
use crate::engine::sim::host::Process;
use crate::engine::sim::invariants::{Case, Invariants};

impl Invariants {
    pub(super) fn on_client(&mut self, case: &mut Case<'_>, client: ClientId) {
        match &case.event.kind {
            EventKind::ClientChanged { key, .. } if &**key == "commit" => {
                self.commits_otherwise(client);
            }
            EventKind::ClientChanged { .. } => {
                self.changed_acks.insert(client);
            }
            EventKind::PartitionsAssigned { group, generation, .. } => {
                self.part_given(case, client, group, *generation);
            }
            EventKind::RecordsProcessed { partition, last, .. } => {
                self.processed(client, partition, *last);
            }
            EventKind::RecordsAcked { partition, count, base, .. } if *base >= Offset(0) => {
                if self.changed_acks.contains(&client) {
                    return;
                }
                let Some(track) = self.partitions.get(partition) else { return };
                let safe = match promise(case, client) {
                    Some(Acks::All) => track.promised_end,
                    Some(Acks::Leader) => track.appended_end,
                    _ => return,
                };
                let end = base.plus(i64::from(*count));
                if end > safe {
                    let rule = Invariant::AcknowledgedEarly;
                    self.broken(case, rule, Some(partition), (safe, end));
                }
            }
            EventKind::RecordsDelivered { partition, first, last, .. } => {
                self.delivered_to_member(case, client, partition, (*first, *last));
                let Some(track) = self.partitions.get(partition) else { return };
                let committed = track.promised_end;
                if *last >= committed {
                    let read = (committed, last.plus(1));
                    self.broken(case, Invariant::ReadUncommitted, Some(partition), read);
                }
            }
            _ => {}
        }
    }
}

/// What a producer waits for.
fn promise(case: &Case<'_>, client: ClientId) -> Option<Acks> {
    match case.sight.hosts.get(&NodeId::Client(client))?.process.as_ref()? {
        Process::Client(program) => program.producer_spec().map(|spec| spec.acks),
        _ => None,
    }
}
