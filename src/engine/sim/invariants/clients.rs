//! The rule about promises: what acks=all acknowledged is committed.

use crate::engine::command::Acks;
use crate::engine::event::{EventKind, Invariant};
use crate::engine::ids::{ClientId, NodeId, Offset};
use crate::engine::sim::host::Process;
use crate::engine::sim::invariants::{Case, Invariants};

impl Invariants {
    pub(super) fn on_client(&mut self, case: &mut Case<'_>, client: ClientId) {
        match &case.event.kind {
            EventKind::ClientChanged { .. } => {
                self.changed_acks.insert(client);
            }
            EventKind::RecordsAcked { partition, count, base, .. } if *base >= Offset(0) => {
                if !waits_for_all(case, client) || self.changed_acks.contains(&client) {
                    return;
                }
                let end = base.plus(i64::from(*count));
                let promised = self.partitions.get(partition).map_or(end, |it| it.promised_end);
                if end > promised {
                    let uncommitted = (promised, end);
                    let rule = Invariant::AcknowledgedEarly;
                    self.broken(case, rule, Some(partition), uncommitted);
                }
            }
            _ => {}
        }
    }
}

fn waits_for_all(case: &Case<'_>, client: ClientId) -> bool {
    let host = case.sight.hosts.get(&NodeId::Client(client));
    match host.and_then(|host| host.process.as_ref()) {
        Some(Process::Client(program)) => {
            program.producer_spec().is_some_and(|spec| spec.acks == Acks::All)
        }
        _ => false,
    }
}
