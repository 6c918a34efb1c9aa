//! Idempotent producers (KIP-98): nothing twice, nothing out of order, on whole worlds; and what a
//! batch compressed by any codec looks like to consumers.

use super::lab::{Lab, acks, b, ms};
use super::{RF3, acked};
use highwater::engine::command::{Command, Compression, MessageAddress};
use highwater::engine::event::{Event, EventKind};
use highwater::engine::ids::{BrokerId, NodeId};
use highwater::engine::protocol::Api;

fn duplicate(kind: &EventKind) -> bool {
    matches!(kind, EventKind::DuplicateRefused { .. })
}

fn refused(code: i16) -> impl Fn(&EventKind) -> bool {
    move |kind| matches!(kind, EventKind::ProduceRefused { error, .. } if *error == code)
}

/// A topic on three brokers, and a producer that has its id and has written `m0`.
fn served() -> Lab {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.producer("p", "t", |spec| {
        spec.request_timeout_ms = 1_000;
    });
    lab.send("p", &["m0"]);
    lab.run_until(ms(2_000), |event| acked(&event.kind));
    lab
}

/// Drops the n-th Produce of the producer, or its answer.
fn drop_produce(lab: &mut Lab, nth: u64, response: bool) {
    let producer = NodeId::Client(lab.world.client_id("p").expect("it was added"));
    let (from, to) = if response { (b(1), producer) } else { (producer, b(1)) };
    let message = MessageAddress { from, to, api: Api::Produce, response, nth };
    lab.apply(Command::Drop { message });
}

#[test]
fn a_lost_answer_makes_no_duplicate() {
    let mut lab = served();
    drop_produce(&mut lab, 1, true);
    lab.send("p", &["m1"]);
    lab.run_until(ms(5_000), |event| duplicate(&event.kind));
    lab.run_for(ms(1_000));
    assert_eq!(lab.count(acked), 2);
    for broker in 1..=3 {
        assert_eq!(lab.log("t", 0, broker), ["m0", "m1"], "b{broker}");
    }
}

#[test]
fn a_new_leader_recognises_what_the_old_one_appended() {
    let mut lab = served();
    let producer = NodeId::Client(lab.world.client_id("p").expect("it was added"));
    lab.send("p", &["m1"]);
    lab.run_until(ms(500), |event| matches!(event.kind, EventKind::BatchAppended { .. }));
    lab.apply(Command::Hold { a: b(1), b: producer });
    lab.run_for(ms(700));
    lab.kill(1);
    let event = lab.run_until(ms(20_000), |event| duplicate(&event.kind));
    assert_eq!(event.node, Some(b(2)));
    lab.run_for(ms(1_000));
    assert_eq!(lab.log("t", 0, 2), ["m0", "m1"]);
}

#[test]
fn what_a_replaced_leader_appended_is_cut_and_appended_once_by_its_successor() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.producer("p", "t", |_| {});
    lab.send("p", &["m0"]);
    lab.run_until(ms(2_000), |event| acked(&event.kind));
    lab.pause(1);
    lab.send("p", &["m1"]);
    lab.run_until(ms(10_000), |event| matches!(event.kind, EventKind::BecameLeader { .. }));
    lab.resume(1);
    lab.run_for(ms(5_000));
    let appended = |from: i32| {
        let leaders = |event: &&Event| {
            event.node == Some(b(from))
                && matches!(event.kind, EventKind::BatchAppended { leader: true, base, .. } if base.0 == 1)
        };
        lab.events.iter().filter(leaders).count()
    };
    assert_eq!((appended(1), appended(2)), (1, 1), "both led when m1 came to them");
    assert_eq!((lab.count(acked), lab.count(duplicate)), (2, 0));
    for broker in 1..=3 {
        assert_eq!(lab.log("t", 0, broker), ["m0", "m1"], "b{broker}");
    }
}

#[test]
fn a_batch_behind_a_lost_one_is_refused_and_the_order_is_kept() {
    let mut lab = served();
    drop_produce(&mut lab, 1, false);
    lab.send("p", &["m1"]);
    lab.run_for(ms(100));
    lab.send("p", &["m2"]);
    lab.run_for(ms(8_000));
    assert!(lab.count(refused(45)) > 0, "m2 came before m1");
    assert_eq!(lab.log("t", 0, 1), ["m0", "m1", "m2"]);
    assert_eq!(lab.count(acked), 3);
}

/// What the log holds when its only replica dies with batches in flight and comes back.
fn after_a_killed_leader(max_in_flight: u32) -> Vec<String> {
    let mut lab = Lab::three();
    lab.topic("t", &[&[1]], &[]);
    lab.producer("p", "t", |spec| spec.max_in_flight = max_in_flight);
    lab.send("p", &["m0"]);
    lab.run_until(ms(2_000), |event| acked(&event.kind));
    let producer = NodeId::Client(lab.world.client_id("p").expect("it was added"));
    let ack =
        |nth| MessageAddress { from: b(1), to: producer, api: Api::Produce, response: true, nth };
    for nth in 1..=u64::from(max_in_flight) {
        lab.apply(Command::Drop { message: ack(nth) });
        lab.send("p", &[&format!("m{nth}")]);
        lab.run_for(ms(100));
    }
    lab.kill(1);
    lab.run_for(ms(10_000));
    lab.start(1);
    lab.run_for(ms(20_000));
    assert_eq!(lab.count(acked), usize::try_from(max_in_flight).expect("few") + 1);
    lab.log("t", 0, 1)
}

/// A recovered log knows only the last batch of a producer (`ProducerStateManager.writeSnapshot`), so
/// that an earlier one that is sent again looks like a gap; nothing before it is under way, so the
/// producer raises its epoch and sends all again (`TransactionManager.canRetry`).
#[test]
fn a_killed_leader_forgets_all_but_the_last_batch_so_that_several_in_flight_come_twice() {
    assert_eq!(after_a_killed_leader(2), ["m0", "m1", "m2", "m1", "m2"]);
}

#[test]
fn one_batch_in_flight_is_recognised_even_by_a_leader_that_was_killed() {
    assert_eq!(after_a_killed_leader(1), ["m0", "m1"]);
}

#[test]
fn without_idempotence_the_batch_behind_goes_first() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.producer("p", "t", |spec| {
        spec.request_timeout_ms = 1_000;
        spec.enable_idempotence = Some(false);
    });
    lab.send("p", &["m0"]);
    lab.run_until(ms(2_000), |event| acked(&event.kind));
    drop_produce(&mut lab, 1, false);
    lab.send("p", &["m1"]);
    lab.run_for(ms(100));
    lab.send("p", &["m2"]);
    lab.run_for(ms(8_000));
    assert_eq!(lab.log("t", 0, 1), ["m0", "m2", "m1"]);
}

#[test]
fn the_first_request_for_an_id_finds_no_block_and_is_tried_again() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.producer("p", "t", |_| {});
    lab.run_for(ms(1_000));
    let answers: Vec<i16> = lab.events.iter().filter_map(answer_with_an_id).collect();
    assert_eq!(answers.first(), Some(&14), "{answers:?}");
    assert_eq!(answers.last(), Some(&0), "{answers:?}");
    let block = lab.world.zookeeper().and_then(|zk| zk.get("/latest_producer_id_block"));
    let data = &*block.expect("every broker makes sure of it").data;
    assert!(data.contains("\"block_start\":\"") && data.contains("\"version\":1"), "{data}");
}

fn answer_with_an_id(event: &Event) -> Option<i16> {
    match event.kind {
        EventKind::MessageSent { api: Api::InitProducerId, response: true, error, .. } => {
            Some(error)
        }
        _ => None,
    }
}

#[test]
fn acks_1_rules_idempotence_out() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.producer("p", "t", |spec| spec.acks = acks(1));
    lab.send("p", &["m1"]);
    lab.run_until(ms(1_000), |event| acked(&event.kind));
    let asked = |event: &&Event| answer_with_an_id(event).is_some();
    assert_eq!(lab.events.iter().filter(asked).count(), 0);
}

#[test]
fn a_batch_that_expired_under_way_raises_the_epoch_and_later_ones_go_through() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[]);
    lab.producer("p", "t", |spec| {
        spec.request_timeout_ms = 500;
        spec.delivery_timeout_ms = 2_000;
    });
    lab.send("p", &["m0"]);
    lab.run_until(ms(2_000), |event| acked(&event.kind));
    for nth in 1..=4 {
        drop_produce(&mut lab, nth, false);
    }
    lab.send("p", &["lost"]);
    lab.run_for(ms(3_000));
    let failed = |kind: &EventKind| matches!(kind, EventKind::RecordsFailed { .. });
    assert_eq!(lab.count(failed), 1);
    lab.send("p", &["m1", "m2"]);
    lab.run_for(ms(3_000));
    assert_eq!(lab.log("t", 0, 1), ["m0", "m1", "m2"]);
}

#[test]
fn a_consumer_reads_what_was_compressed_by_every_codec() {
    for (compression, name) in Compression::ALL {
        let mut lab = Lab::three();
        lab.topic("t", RF3, &[]);
        lab.producer("p", "t", |spec| spec.compression = compression);
        lab.consumer("c", "t");
        lab.run_for(ms(1_000));
        lab.send("p", &["a value that repeats repeats repeats"; 5]);
        lab.run_for(ms(2_000));
        let consumer = &lab.cluster().consumers[0];
        assert_eq!(consumer.received, 5, "{name}");
        let newest = consumer.newest.last().map(|value| &**value);
        assert_eq!(newest, Some("a value that repeats repeats repeats"), "{name}");
        assert_eq!(lab.log("t", 0, 3).len(), 5, "{name}");
    }
}

/// A topic on broker 1 that has one record.
fn written_once(expiration_ms: i64) -> Lab {
    let mut lab = Lab::with(|config| {
        config.broker.producer_id_expiration_ms = expiration_ms;
        config.broker.producer_id_expiration_check_interval_ms = 5_000;
    });
    lab.topic("t", &[&[1]], &[]);
    lab.producer("p", "t", |_| {});
    lab.send("p", &["m0"]);
    lab.run_until(ms(3_000), |event| acked(&event.kind));
    lab
}

/// How many producers broker 1 knows of.
fn known(lab: &Lab) -> usize {
    let broker = lab.world.broker(BrokerId(1)).expect("it has run");
    let partition = broker.partition(&crate::lab::tp("t", 0)).expect("a replica");
    partition.log.producers().count()
}

#[test]
fn a_producer_that_is_silent_for_too_long_is_forgotten() {
    let mut lab = written_once(25_000);
    lab.run_for(ms(20_000));
    assert_eq!(known(&lab), 1);
    lab.run_for(ms(12_000));
    assert_eq!(known(&lab), 0);
}

/// What broker 1 knows of producers when it has been stopped for half a minute and started again.
fn producers_after_a_rest(expiration_ms: i64) -> usize {
    let mut lab = written_once(expiration_ms);
    assert_eq!(known(&lab), 1);
    lab.stop(1);
    lab.run_for(ms(30_000));
    lab.start(1);
    known(&lab)
}

#[test]
fn a_producer_that_expired_while_its_broker_was_down_is_not_known_after_the_start() {
    assert_eq!(producers_after_a_rest(25_000), 0);
    assert_eq!(producers_after_a_rest(60_000), 1);
}

/// A batch that the topic refuses as too large is sent in parts (`Sender.completeBatch`), with the
/// sequences that its records have: each record once, in order.
#[test]
fn a_batch_over_max_message_bytes_is_sent_in_smaller_ones() {
    for (idempotent, compression) in [
        (true, Compression::None),
        (false, Compression::None),
        (true, Compression::Gzip),
        (true, Compression::Lz4),
    ] {
        let mut lab = Lab::three();
        lab.topic("t", RF3, &[("max.message.bytes", "160")]);
        lab.producer("p", "t", |spec| {
            spec.linger_ms = 200;
            spec.enable_idempotence = Some(idempotent);
            spec.compression = compression;
            // Without sequences only one batch under way at a time keeps its place.
            spec.max_in_flight = if idempotent { 5 } else { 1 };
        });
        lab.run_for(ms(1_000));
        let values: Vec<String> = (0..24).map(|n| format!("{:05}", n * 7919 % 99_991)).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        lab.send("p", &values);
        lab.run_for(ms(3_000));
        assert_eq!(lab.log("t", 0, 3), values, "idempotent: {idempotent}, {compression:?}");
        let bytes = |event: &Event| match event.kind {
            EventKind::BatchAppended { bytes, leader: true, .. } => Some(bytes),
            _ => None,
        };
        assert!(lab.events.iter().filter_map(bytes).all(|bytes| bytes <= 160));
        let too_large =
            |kind: &EventKind| matches!(kind, EventKind::BatchRetried { error: 10, .. });
        assert!(lab.count(too_large) > 0, "it was refused first");
        assert_eq!(lab.cluster().producers[0].failed, 0);
    }
}

/// Half the size of a batch that is almost all one record holds the whole batch again: it is parted by
/// its records, and the large one alone fails.
#[test]
fn a_large_record_beside_a_tiny_one_is_parted_from_it_and_not_sent_with_it_for_ever() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[("max.message.bytes", "160")]);
    lab.producer("p", "t", |spec| spec.linger_ms = 200);
    lab.run_for(ms(1_000));
    lab.send("p", &["a", &"x".repeat(400)]);
    lab.run_for(ms(1_000));
    assert_eq!(lab.log("t", 0, 3), ["a"]);
    let producer = &lab.cluster().producers[0];
    assert_eq!((producer.acked, producer.failed), (1, 1));
    let tries = lab.count(|kind| matches!(kind, EventKind::BatchRetried { error: 10, .. }));
    assert_eq!(tries, 2, "whole, and whole again as a part of itself");
}

/// One record alone that is too large fails (`RecordTooLargeException`).
#[test]
fn a_record_over_max_message_bytes_fails_and_those_beside_it_do_not() {
    let mut lab = Lab::three();
    lab.topic("t", RF3, &[("max.message.bytes", "160")]);
    lab.producer("p", "t", |spec| spec.linger_ms = 200);
    lab.run_for(ms(1_000));
    let (large, a, b) = ("x".repeat(400), "a".repeat(60), "b".repeat(60));
    lab.send("p", &[&a, &large, &b]);
    lab.run_for(ms(5_000));
    assert_eq!(lab.log("t", 0, 3), [a, b]);
    let producer = &lab.cluster().producers[0];
    assert_eq!((producer.acked, producer.failed), (2, 1));
}
