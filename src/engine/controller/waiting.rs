//! Admin requests that are answered when what they asked for can be seen (Kafka's
//! `topicPurgatory` and `delayedElectLeaderPurgatory`), and what ends the wait early.
//!
//! What clients see is what this broker's own metadata says: it is up to date when every request to
//! this broker's own channel was answered.

use kafka_protocol::ResponseError;

use crate::engine::controller::{AdminTask, ControlPlane, tags};
use crate::engine::event::TimerPurpose;
use crate::engine::node::{Ctx, Timer};
use crate::engine::time::Micros;

impl ControlPlane {
    /// Ends an admin request `timeout` from now, unless it has ended before.
    pub(super) fn await_task(&mut self, ctx: &mut Ctx, id: u64, timeout: Micros) {
        let tag = tags::TASK_TIMEOUT + id;
        ctx.set_timer(timeout, Timer { purpose: TimerPurpose::RequestTimeout, tag });
    }

    /// This broker has just heard of partitions: can requests that waited for that be answered?
    pub(super) fn check_waiting(&mut self, ctx: &mut Ctx) {
        let done = |(id, task): (&u64, &AdminTask)| self.is_visible(task).then_some(*id);
        let done: Vec<u64> = self.tasks.iter().filter_map(done).collect();
        for id in done {
            match self.tasks.remove(&id) {
                Some(AdminTask::Create(creation)) => creation.answer(ctx, self),
                Some(AdminTask::Elect(ballot)) => ballot.answer(ctx),
                Some(AdminTask::Delete(deletion)) => deletion.answer(ctx),
                Some(AdminTask::Grow(growth)) => growth.answer(ctx),
                Some(
                    AdminTask::Alter(_)
                    | AdminTask::Describe(_)
                    | AdminTask::Quotas(_)
                    | AdminTask::ProducerIds(_),
                )
                | None => {}
            }
        }
    }

    /// A request's time is over: what cannot be seen yet is answered REQUEST_TIMED_OUT.
    pub(super) fn task_timed_out(&mut self, ctx: &mut Ctx, id: u64) {
        match self.tasks.remove(&id) {
            Some(AdminTask::Create(mut creation)) => {
                creation.time_out(self);
                creation.answer(ctx, self);
            }
            Some(AdminTask::Elect(ballot)) => ballot.time_out(ctx),
            Some(AdminTask::Delete(deletion)) => deletion.time_out(ctx),
            Some(AdminTask::Grow(growth)) => growth.time_out(ctx, self),
            Some(
                asking @ (AdminTask::Alter(_)
                | AdminTask::Describe(_)
                | AdminTask::Quotas(_)
                | AdminTask::ProducerIds(_)),
            ) => {
                self.tasks.insert(id, asking);
            }
            None => {}
        }
    }

    /// The session is over, and with it what was asked of ZooKeeper: who waits for that is told. Who
    /// waits for the cluster goes on waiting.
    pub(super) fn drop_admin_tasks(&mut self, ctx: &mut Ctx) {
        for (id, task) in std::mem::take(&mut self.tasks) {
            match task {
                AdminTask::Create(creation) if creation.asks_zookeeper() => {
                    creation.abandon(ctx, self);
                }
                AdminTask::Delete(deletion) if deletion.asks_zookeeper() => deletion.abandon(ctx),
                AdminTask::Grow(growth) if growth.asks_zookeeper() => growth.abandon(ctx),
                AdminTask::Alter(alteration) => alteration.answer(ctx),
                AdminTask::Describe(description) => self.tell_configs(ctx, &description, &[]),
                AdminTask::Quotas(task) => ControlPlane::quotas_abandoned(ctx, task),
                AdminTask::ProducerIds(claim) => {
                    claim.answer(ctx, Err(ResponseError::NotController));
                }
                waiting => {
                    self.tasks.insert(id, waiting);
                }
            }
        }
    }

    fn is_visible(&self, task: &AdminTask) -> bool {
        match task {
            AdminTask::Create(creation) => creation.is_complete(self),
            AdminTask::Elect(ballot) => self.sees_leaders(ballot),
            AdminTask::Delete(deletion) => self.sees_deletion(deletion),
            AdminTask::Grow(growth) => growth.is_complete(self),
            AdminTask::Alter(_)
            | AdminTask::Describe(_)
            | AdminTask::Quotas(_)
            | AdminTask::ProducerIds(_) => false,
        }
    }
}
