//! Brokers come and go (`KafkaController.processBrokerChange`, `onBrokerStartup`, `onBrokerFailure`).
//!
//! A broker that comes gets the metadata and its roles before partitions without leader are tried
//! again. When one goes, leaders are elected in its place first; where that fails, and where it only
//! followed, it is then taken out of the ISR. A broker that went and came between two looks (its
//! broker epoch is higher) is first treated as gone, then as new.

use std::collections::BTreeSet;

use crate::engine::controller::ControlPlane;
use crate::engine::controller::context::Status;
use crate::engine::controller::failover::{broker_ids, registrations};
use crate::engine::controller::operation::{Phase, Question};
use crate::engine::controller::state_json::BROKER_IDS;
use crate::engine::event::{ElectionReason, EventKind};
use crate::engine::ids::{BrokerId, TopicName};
use crate::engine::node::Ctx;
use crate::engine::ordered::Ordered;
use crate::engine::protocol::zk::{ZkError, ZkOp, ZkResult};

type Results = [Result<ZkResult, ZkError>];

impl ControlPlane {
    pub(super) fn ask_for_broker_list(&self) -> Question {
        Question::Pipelined(vec![ZkOp::GetChildren { path: BROKER_IDS.into(), watch: true }])
    }

    pub(super) fn found_brokers(&mut self, results: &Results) {
        let brokers = broker_ids(results.first());
        self.queue.then([Phase::LoadBrokers { brokers }]);
    }

    pub(super) fn loaded_brokers(&mut self, brokers: &[BrokerId], results: &Results) {
        let found = registrations(brokers, results);
        let known = &self.context.registered;
        let pick = |wanted: fn(Option<&i64>, i64) -> bool| -> Vec<(BrokerId, i64)> {
            found.iter().copied().filter(|(id, epoch)| wanted(known.get(id), *epoch)).collect()
        };
        let new = pick(|known, _| known.is_none());
        let bounced = pick(|known, epoch| known.is_some_and(|old| epoch > *old));
        let bounced_ids: Vec<BrokerId> = bounced.iter().map(|(id, _)| *id).collect();
        let still = |id: &BrokerId| found.iter().any(|(other, _)| other == id);
        let dead: Vec<BrokerId> = known.keys().copied().filter(|id| !still(id)).collect();
        let phases = [
            Phase::BrokersUp { brokers: new },
            Phase::BrokersDown { brokers: bounced_ids },
            Phase::BrokersUp { brokers: bounced },
            Phase::BrokersDown { brokers: dead },
        ];
        self.queue.then(phases);
    }

    pub(super) fn brokers_up(&mut self, ctx: &mut Ctx, brokers: &[(BrokerId, i64)]) {
        if brokers.is_empty() {
            return;
        }
        let existing = self.context.registered_ids();
        for (broker, epoch) in brokers {
            self.context.registered.insert(*broker, *epoch);
            self.context.offline_replicas.remove(broker);
            ctx.emit(EventKind::BrokerUp { broker: *broker });
        }
        self.channels.keep(&self.context.registered_ids());
        self.batch.add_metadata(existing, []);
        self.flush(ctx);
        let new = || brokers.iter().map(|(broker, _)| *broker);
        self.batch.add_metadata(new(), self.context.with_state());
        self.flush(ctx);
        for broker in new() {
            self.add_roles_of(broker);
        }
        self.flush(ctx);
        let elect = Phase::Elect { reason: ElectionReason::ReplicaReturned, topic: None };
        let ids: BTreeSet<BrokerId> = new().ordered();
        let waiting = ids.iter().flat_map(|broker| self.context.partitions_on(*broker));
        let topics: BTreeSet<TopicName> = waiting.map(|partition| partition.topic).ordered();
        // The last is done first: each puts its phases before the rest.
        self.resume_deletions_of(topics);
        self.resume_reassignments(Some(&ids));
        self.queue.then([elect, Phase::Flush]);
    }

    pub(super) fn brokers_down(&mut self, ctx: &mut Ctx, brokers: &[BrokerId]) {
        if brokers.is_empty() {
            return;
        }
        for broker in brokers {
            self.context.registered.remove(broker);
            self.context.stopping.remove(broker);
            self.context.offline_replicas.remove(broker);
            self.channels.remove(*broker);
            ctx.emit(EventKind::BrokerDown { broker: *broker });
        }
        self.mark_offline();
        let leaving: Vec<_> =
            brokers.iter().map(|broker| (*broker, self.fail_deletions_on(*broker))).collect();
        if leaving.iter().all(|(_, partitions)| partitions.is_empty()) {
            // Nothing else would tell the others that the broker is gone.
            let registered = self.context.registered_ids();
            self.batch.add_metadata(registered, []);
        }
        let elect = Phase::Elect { reason: ElectionReason::LeaderDied, topic: None };
        let leaving =
            leaving.into_iter().map(|(broker, partitions)| Phase::Leave { broker, partitions });
        let last = [Phase::Flush, Phase::ResumeDeletions];
        self.queue.then([elect, Phase::Flush].into_iter().chain(leaving).chain(last));
    }

    /// Partitions whose leader does not live are offline.
    fn mark_offline(&mut self) {
        let live = self.context.live();
        let led = self.context.partitions.iter().filter_map(|(partition, entry)| {
            let leader = entry.state.as_ref()?.leadership.leader;
            leader.is_none_or(|id| !live.contains(&id)).then(|| partition.clone())
        });
        let offline: Vec<_> = led.collect();
        for partition in offline {
            self.context.put_status(&partition, Status::Offline);
        }
    }
}
