//! Runs a plan and says what does not hold.

use std::panic::{AssertUnwindSafe, catch_unwind};

use thiserror::Error;

use crate::engine::event::{Event, EventKind, Invariant};
use crate::engine::ids::{PartitionId, Text, TopicName};
use crate::engine::sim::world::World;
use crate::engine::time::Micros;
use crate::scenario::ast::{Moment, Scenario};
use crate::scenario::runner::Runner;
use crate::simulate::disk;
use crate::simulate::plan::{BOUND_MS, HEALED_MS, Plan, ms};
use crate::simulate::promises::{Ledger, group_trouble};
use crate::view::cluster::{ClusterView, ConsumerView, PartitionView, ProducerView, ReplicaView};
use crate::view::project;

/// What does not hold in a run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Failure {
    /// The checker found a broken rule.
    #[error("{rule:?} in {partition} ({from}..{to}) at {at}")]
    Broken {
        /// The rule.
        rule: Invariant,
        /// Where.
        partition: Text,
        /// See [`Invariant`].
        from: i64,
        /// See [`Invariant`].
        to: i64,
        /// When.
        at: Micros,
    },
    /// Everything was healed and started, and all is not well within the bound.
    #[error("not well {bound_ms} ms after everything was healed: {what}")]
    Stuck {
        /// What is not well.
        what: Text,
        /// The bound.
        bound_ms: u64,
    },
    /// All is well in the end, and a promise was not kept on the way.
    #[error("a promise is broken: {what}")]
    Promise {
        /// Which.
        what: Text,
    },
    /// With bytes on the wire other things happen than without.
    #[error("with bytes on the wire the events differ: {plain} and {wire}")]
    Wire {
        /// Number of events and digest without.
        plain: Text,
        /// The same with.
        wire: Text,
    },
    /// The engine gave up.
    #[error("panicked: {message}")]
    Panicked {
        /// What it said.
        message: Text,
    },
}

impl Failure {
    /// Whether another failure is of the same kind: the same rule, or the same sort of trouble.
    #[must_use]
    pub fn is_like(&self, other: &Failure) -> bool {
        match (self, other) {
            (Failure::Broken { rule, .. }, Failure::Broken { rule: found, .. }) => rule == found,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

/// Runs a plan in both modes. Returns the number of events.
///
/// # Errors
/// The first thing that does not hold.
pub fn check(plan: &Plan) -> Result<u64, Failure> {
    let mut scenario = written(plan)?;
    let (events, plain) = run(&scenario)?;
    scenario.config.wire_mode = true;
    let (_, wire) = run(&scenario)?;
    if plain == wire { Ok(events) } else { Err(Failure::Wire { plain, wire }) }
}

/// Runs once, without bytes on the wire.
///
/// # Errors
/// What does not hold.
pub fn check_once(plan: &Plan) -> Result<(), Failure> {
    run(&written(plan)?).map(|_| ())
}

fn written(plan: &Plan) -> Result<Scenario, Failure> {
    caught(|| Ok(plan.written()))
}

fn run(scenario: &Scenario) -> Result<(u64, Text), Failure> {
    caught(|| run_to_the_end(scenario))
}

/// A panic as a failure.
fn caught<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(Failure::Panicked { message: text.unwrap_or_default().into() })
    })
}

fn run_to_the_end(scenario: &Scenario) -> Result<(u64, Text), Failure> {
    let mut runner = Runner::new(scenario);
    let mut ledger = Ledger::default();
    let spoiled = disk::rotten(scenario);
    let mut at_ms = 1_000;
    loop {
        let mut broken = None;
        let moment = Moment { at: Micros::from_ms(ms(at_ms)), before: None };
        let ran = runner.run_until(moment, |world, event| {
            ledger.note(world, event);
            broken = broken.take().or_else(|| broken_rule(event));
        });
        debug_assert!(ran.is_ok(), "a plan names no recorded places");
        if let Some(broken) = broken {
            return Err(broken);
        }
        if at_ms >= HEALED_MS + 47_000 {
            match trouble(runner.world(), &spoiled) {
                None => break,
                Some(what) if at_ms >= HEALED_MS + BOUND_MS => {
                    return Err(Failure::Stuck { what, bound_ms: BOUND_MS });
                }
                Some(_) => {}
            }
        }
        at_ms += 1_000;
    }
    if let Some(what) = ledger.broken(runner.world(), scenario, &spoiled) {
        return Err(Failure::Promise { what });
    }
    let outcome = runner.finish();
    Ok((outcome.events, format!("{} {}", outcome.events, outcome.digest.hex()).into()))
}

fn broken_rule(event: &Event) -> Option<Failure> {
    let EventKind::InvariantBroken { rule, partition, from, to } = &event.kind else { return None };
    let partition = partition.as_ref().map_or_else(String::new, ToString::to_string).into();
    Some(Failure::Broken { rule: *rule, partition, from: from.0, to: to.0, at: event.at })
}

/// What is not well in a cluster that should be; of spoiled topics nothing is asked.
fn trouble(world: &World, spoiled: &[&str]) -> Option<Text> {
    let mut cluster = project::cluster(world);
    let is_sound = |topic: &TopicName| !spoiled.contains(&topic.as_str());
    cluster.topics.retain(|topic| is_sound(&topic.name));
    cluster.producers.retain(|producer| is_sound(&producer.topic));
    cluster.consumers.retain(|consumer| is_sound(&consumer.topic));
    if cluster.controller.is_none() {
        return Some("no controller".into());
    }
    let partitions = cluster.topics.iter().flat_map(|topic| &topic.partitions);
    partitions
        .filter_map(|partition| partition_trouble(partition, world))
        .chain(cluster.producers.iter().filter_map(producer_trouble))
        .chain(group_trouble(world, &cluster))
        .chain(cluster.consumers.iter().filter_map(|one| consumer_trouble(one, &cluster)))
        .next()
}

fn partition_trouble(partition: &PartitionView, world: &World) -> Option<Text> {
    let id = &partition.partition;
    if partition.leader.is_none() {
        return Some(format!("{id} has no leader").into());
    }
    let missing: Vec<String> = partition
        .replicas
        .iter()
        .filter(|replica| !partition.isr.contains(&replica.broker))
        .map(|replica| replica.broker.to_string())
        .collect();
    let gave_up = |replica: &ReplicaView| {
        let broker = world.broker(replica.broker);
        broker.is_some_and(|broker| broker.has_failed_to_follow(id))
    };
    if awaits_news(partition, world).unwrap_or(false) || partition.replicas.iter().any(gave_up) {
        return None;
    }
    (!missing.is_empty()).then(|| format!("{id}: not in the ISR: {}", missing.join(",")).into())
}

/// Whether the leader waits for news that comes only with another election, as Kafka's leaders do: the
/// controller has written its ISR change, lost the connection before it heard so, and refused the
/// change when it found its own write (INVALID_UPDATE_VERSION).
fn awaits_news(partition: &PartitionView, world: &World) -> Option<bool> {
    let leader = world.broker(partition.leader?)?.partition(&partition.partition)?;
    let pending = leader.leading()?.pending.as_ref()?;
    Some(pending.based_on < partition.partition_epoch && pending.isr == partition.isr)
}

fn producer_trouble(producer: &ProducerView) -> Option<Text> {
    let queued: u32 = producer.queued.iter().map(|(_, records)| records).sum();
    let busy = queued > 0 || producer.in_flight > 0;
    let text = format!("{}: {queued} queued, {} in flight", producer.name, producer.in_flight);
    (producer.state.is_up() && busy).then(|| text.into())
}

fn consumer_trouble(consumer: &ConsumerView, cluster: &ClusterView) -> Option<Text> {
    let end = |topic: &TopicName, partition: PartitionId| {
        let topic = cluster.topics.iter().find(|it| it.name == *topic)?;
        let partition = topic.partitions.iter().find(|it| it.partition.partition == partition)?;
        Some(partition.high_watermark)
    };
    let behind = consumer.positions.iter().find(|at| {
        let partition = &at.partition;
        end(&partition.topic, partition.partition).is_some_and(|end| end != at.offset)
    })?;
    Some(format!("{} is at {} of {}", consumer.name, behind.offset, behind.partition).into())
}
