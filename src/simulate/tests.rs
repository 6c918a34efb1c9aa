//! Proof that the checkers can see: known bugs are planted one at a time, and each is caught, most by
//! the simulation, the others by facts of a real cluster. Without a bug, nothing is reported.

use crate::engine::event::EventKind;
use crate::engine::planted::{Bug, plant};
use crate::engine::sim::world::World;
use crate::scenario::parser::parse;
use crate::scenario::runner::run;
use crate::simulate::check::{Failure, check_once};
use crate::simulate::{plan, shrink};

/// Seeds among which a planted bug must show.
const SEEDS: u64 = 60;

/// The first seed that shows a planted bug, and how.
fn caught_by_simulation(bug: Bug) -> (u64, Failure) {
    plant(Some(bug));
    let found = (1..=SEEDS).find_map(|seed| Some((seed, check_once(&plan(seed)).err()?)));
    plant(None);
    let (seed, failure) = found.unwrap_or_else(|| panic!("{bug:?} was not caught"));
    println!("{bug:?}: seed {seed}: {failure}");
    (seed, failure)
}

macro_rules! caught_by_simulation {
    ($($name:ident $bug:ident,)*) => {
        $(#[test] fn $name() { caught_by_simulation(Bug::$bug); })*
    };
}

caught_by_simulation! {
    a_high_watermark_taken_as_the_maximum_is_caught HighWatermarkAsMaximum,
    a_high_watermark_that_starts_over_is_caught HighWatermarkStartsOver,
    a_follower_that_joins_the_isr_early_is_caught IsrExpandsEarly,
    a_high_watermark_below_min_insync_replicas_is_caught MinIsrIgnored,
    a_leader_that_hides_that_logs_have_parted_is_caught DivergenceIgnored,
    an_answer_to_acks_1_before_the_append_is_caught AnswersBeforeAppend,
    an_answer_to_acks_all_before_the_high_watermark_is_caught AnswersBeforeHighWatermark,
    a_read_above_the_high_watermark_is_caught ServesUncommitted,
    an_election_in_the_same_epoch_is_caught EpochNotRaised,
    a_leader_from_outside_of_the_isr_is_caught LeaderFromAnywhere,
    a_gap_between_offsets_is_caught OffsetGap,
    a_duplicate_of_an_idempotent_producer_is_caught DuplicateAppended,
    an_index_entry_beside_its_batch_is_caught IndexOffByOne,
    a_shrink_of_the_isr_that_counts_before_it_is_committed_is_caught ShrinkCountsEarly,
    followers_that_forget_producers_are_caught FollowersForgetProducers,
    a_partition_given_to_two_members_is_caught AssignsTwice,
    a_partition_given_to_nobody_is_caught LeavesOneOut,
    a_member_that_reads_on_after_a_rebalance_is_caught KeepsWhatItGaveUp,
    a_commit_before_the_work_is_caught CommitsBeforeWork,
    a_commit_too_far_is_caught CommitsTooFar,
    a_member_that_begins_behind_its_group_is_caught BeginsTooFar,
}

/// What a text comes to: the first broken rule, and whether an event was among the others.
fn fact(text: &str, wanted: impl Fn(&World, &EventKind) -> bool) -> (Option<EventKind>, bool) {
    let scenario = parse(text).expect("the text is right");
    let (mut broken, mut seen) = (None, false);
    let ran = run(&scenario, scenario.end(), |world, event| {
        seen |= wanted(world, &event.kind);
        if matches!(event.kind, EventKind::InvariantBroken { .. }) {
            broken.get_or_insert(event.kind.clone());
        }
    });
    assert!(ran.is_ok(), "no recorded places");
    (broken, seen)
}

/// A bug is caught by a fact: without it, what a real cluster shows is seen and no rule is broken.
fn caught_by_fact(bug: Bug, text: &str, wanted: impl Fn(&World, &EventKind) -> bool) {
    let (broken, seen) = fact(text, &wanted);
    assert_eq!((broken, seen), (None, true), "without a bug");
    plant(Some(bug));
    let (broken, seen) = fact(text, &wanted);
    plant(None);
    assert!(broken.is_some() || !seen, "{bug:?} was not caught");
}

/// A killed follower leaves the ISR 1.0 to 1.5 lag times after the first record that it lacks.
#[test]
fn an_isr_that_ignores_lag_is_caught() {
    let text = "brokers 3\nset replica.lag.time.max.ms=2500\n\
                topic t: b1>b2>b3\nat 2s producer p{topic=t}\nat 3s kill b2\n\
                at 3s send p m1\nuntil=8s";
    caught_by_fact(Bug::IsrIgnoresLag, text, |_, kind| matches!(kind, EventKind::IsrShrunk { .. }));
}

/// KIP-101: the last leader of three keeps what all had, though it did not know that it was committed.
#[test]
fn truncation_to_the_high_watermark_is_caught() {
    let text = "brokers 4\nset replica.lag.time.max.ms=20000\nset zookeeper.session.timeout.ms=6000\n\
                topic t: b2>b3>b4\nat 2s producer p{topic=t}\nat 3s send p m1\nat 5s send p m2\n\
                at 5.02s kill b2\nat 5.02s hold b3-b4\nat 11.2s kill b3\nuntil=20s";
    let last = |world: &World, kind: &EventKind| {
        let four = world.broker(crate::engine::ids::BrokerId(4));
        let both = four.is_some_and(|four| {
            four.partitions().any(|partition| partition.log.log_end_offset().0 == 2)
        });
        let leads = |world: &World| {
            let four = world.broker(crate::engine::ids::BrokerId(4));
            four.is_some_and(|four| four.partitions().any(|it| it.leading().is_some()))
        };
        matches!(kind, EventKind::BecameLeader { .. }) && both && leads(world)
    };
    caught_by_fact(Bug::TruncatesToHighWatermark, text, last);
}

/// Segments that are not committed stay, whatever retention says: the leader is isolated with records
/// that no follower has.
#[test]
fn retention_above_the_high_watermark_is_caught() {
    let text = "brokers 3\nset replica.lag.time.max.ms=60000\nset zookeeper.session.timeout.ms=60000\n\
                set log.initial.task.delay.ms=8000\n\
                topic t: b1>b2 {segment.bytes=200, retention.bytes=300}\n\
                at 2s producer p{topic=t, acks=1}\nat 3s send p m0\nat 4s hold b1-b2\n\
                at 5s send p m1\nat 5.2s send p m2\nat 5.4s send p m3\nat 5.6s send p m4\n\
                at 5.8s send p m5\nat 6s send p m6\nat 9s send p m7\nuntil=10s";
    let kept = |world: &World, _: &EventKind| {
        let leader = world.broker(crate::engine::ids::BrokerId(1));
        let mut all = leader.into_iter().flat_map(|broker| broker.partitions());
        all.any(|it| it.log.log_end_offset().0 == 8 && it.log.log_start_offset().0 <= 1)
    };
    caught_by_fact(Bug::RetentionPastHighWatermark, text, kept);
}

/// What a controller sent before it was replaced, and arrives after its successor's words, is refused
/// (STALE_CONTROLLER_EPOCH).
#[test]
fn a_controller_that_nobody_fences_is_caught() {
    let text = "brokers 3\nset zookeeper.session.timeout.ms=3000\n\
                topic t: b2>b3\nat 3s hold b1-b3\nat 3.1s topic u: b2>b3\n\
                at 3.5s hold b1-zk\nat 10s heal b1-b3\nuntil=14s";
    let refused = |_: &World, kind: &EventKind| {
        matches!(kind, EventKind::MessageSent { response: true, error: 11, .. })
    };
    caught_by_fact(Bug::ControllerNotFenced, text, refused);
}

/// The batch behind a lost one of an idempotent producer waits for it: the order stays
/// (OUT_OF_ORDER_SEQUENCE_NUMBER).
#[test]
fn a_leader_that_takes_gaps_between_sequences_is_caught() {
    let text = "brokers 3\ntopic t: b1>b2>b3\n\
                at 2s producer p{topic=t, request.timeout.ms=1000}\nat 3s send p m0\n\
                at 3.9s drop p>b1 Produce 1\nat 4s send p m1\nat 4.1s send p m2\nuntil=8s";
    let refused =
        |_: &World, kind: &EventKind| matches!(kind, EventKind::ProduceRefused { error: 45, .. });
    caught_by_fact(Bug::SequenceGapsTaken, text, refused);
}

/// A member that was frozen for longer than its session commits for a generation that is over, and is
/// refused (ILLEGAL_GENERATION or UNKNOWN_MEMBER_ID).
#[test]
fn a_coordinator_that_takes_commits_of_an_old_generation_is_caught() {
    let text = "brokers 3\nset offsets.topic.num.partitions=1\n\
                topic t: b1>b2>b3\nat 2s producer p{topic=t, rate=20, limit=400}\n\
                at 3s consumer m{topic=t, group=g, commit=sync, max.poll.records=1, work=100ms, \
                session.timeout.ms=6000, heartbeat.interval.ms=500}\n\
                at 8.05s pause m\nat 16s resume m\nuntil=20s";
    let refused = |_: &World, kind: &EventKind| {
        matches!(kind, EventKind::CommitFailed { error: 22 | 25, .. })
    };
    caught_by_fact(Bug::OldGenerationCommits, text, refused);
}

/// A byte flipped after a crash: recovery cuts the log at that batch.
#[test]
fn a_recovery_that_skips_crcs_is_caught() {
    let text = "brokers 1\nset zookeeper.session.timeout.ms=2000\n\
                topic t: b1\nat 2s producer p{topic=t}\nat 3s send p m1\nat 4s send p m2\n\
                at 5s kill b1\nat 6s rot b1/t-0/00000000000000000000.log 66 ff\n\
                at 9s start b1\nuntil=12s";
    let cut = |_: &World, kind: &EventKind| matches!(kind, EventKind::LogRecovered { truncated_bytes, .. } if *truncated_bytes > 0);
    caught_by_fact(Bug::RecoverySkipsCrc, text, cut);
}

#[test]
fn without_a_bug_nothing_is_reported() {
    for seed in 1..=12 {
        assert_eq!(check_once(&plan(seed)), Ok(()), "seed {seed}");
    }
}

#[test]
fn a_seed_makes_the_same_plan_again_and_another_seed_another() {
    assert_eq!(plan(7).written(), plan(7).written());
    assert_ne!(plan(7).scenario, plan(8).scenario);
}

#[test]
fn a_failing_plan_is_cut_down_and_still_fails_the_same_way() {
    let bug = Bug::IndexOffByOne;
    let (seed, failure) = caught_by_simulation(bug);
    plant(Some(bug));
    let before = plan(seed);
    let (after, found) = shrink(before.clone(), failure.clone());
    plant(None);
    assert!(found.is_like(&failure));
    assert!(after.scenario.commands.len() < before.scenario.commands.len());
}
