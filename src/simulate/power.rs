//! A power loss within a plan. What a disk keeps depends on what was written until then, so the plan
//! says only when it is; the lengths are worked out by running the plan up to there.

use crate::engine::command::{Command, DurableFile, TimedCommand};
use crate::engine::ids::NodeId;
use crate::engine::sim::world::World;
use crate::engine::time::Micros;
use crate::scenario::ast::{Moment, Scenario};
use crate::scenario::runner::Runner;
use crate::simulate::chance::Chance;

/// Electricity goes everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PowerCut {
    /// When.
    pub at: Micros,
    /// Seed of what is left of bytes that were not flushed.
    pub seed: u64,
}

impl PowerCut {
    /// The scenario with the power loss at its place.
    pub(super) fn work_out(self, scenario: &Scenario) -> Scenario {
        let place = Moment { at: self.at, before: None };
        let mut runner = Runner::new(scenario);
        let ran = runner.run_until(place, |_, _| {});
        debug_assert!(ran.is_ok(), "a plan names no recorded places");
        let command = Command::PowerLoss { durable: self.durable(runner.world()) };
        let mut scenario = scenario.clone();
        let index = scenario.commands.partition_point(|timed| timed.at <= self.at);
        let timed = TimedCommand { at: self.at, before: None, command };
        scenario.commands.insert(index, timed);
        scenario
    }

    /// Of each file what was flushed, and sometimes some of the rest.
    fn durable(self, world: &World) -> Vec<DurableFile> {
        let mut chance = Chance::new(self.seed);
        let nodes: Vec<NodeId> = world.hosts().map(|(node, _)| node).collect();
        let mut durable = Vec::new();
        for node in nodes {
            let Some(disk) = world.disk(node) else { continue };
            for (path, len) in disk.list("") {
                let Some(file) = disk.find(&path) else { continue };
                let flushed = disk.flushed_len(file).min(len);
                let more = if chance.one_in(2) { chance.below(len - flushed + 1) } else { 0 };
                durable.push(DurableFile { node, path, bytes: flushed + more });
            }
        }
        durable
    }
}
