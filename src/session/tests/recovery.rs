//! What a cluster makes of its stored files after the page was closed: Kafka's own recovery.
//!
//! Damage here is a follower's. A leader that comes back with less than it had keeps its epoch when its
//! whole cluster was down, and then real Kafka's followers lose those records too, or even keep others
//! in their place: `.log` bytes that were never flushed are not promised by `acks=all`.

use super::*;
use crate::engine::event::EventKind;
use crate::engine::ids::PartitionId;
use crate::session::message::Left;

const LOG: &str = "orders-0/00000000000000000000.log";

fn orders_0() -> TopicPartition {
    TopicPartition::new(&TopicName::new("orders"), PartitionId(0))
}

/// The platter of a page that was closed with everything saved.
fn closed() -> MemoryRows {
    let mut page = busy();
    page.run(Micros(3_000_000), Micros(100_000));
    page.close()
}

/// The last broker that follows `orders-0`.
fn follower(page: &Page) -> BrokerId {
    let leader = page.session.cluster().topics[0].partitions[0].leader;
    let follower = [3, 2].map(BrokerId).into_iter().find(|id| Some(*id) != leader);
    follower.expect("two brokers do not lead one partition")
}

/// A page on these rows, once its cluster had time to recover.
fn recovered(rows: MemoryRows) -> Page {
    let mut page = Page::open(rows);
    let to = page.session.now() + Micros(8_000_000);
    page.run(to, Micros(500_000));
    page
}

/// Values of a replica's log, by offset from 0.
fn values(page: &Page, broker: BrokerId) -> Vec<Option<Text>> {
    let records = page.session.records(broker, &orders_0(), Offset(0), 100_000);
    let dense = (0..).zip(&records).all(|(n, record)| record.offset == Offset(n));
    assert!(dense, "offsets have no gaps");
    records.into_iter().map(|record| record.value).collect()
}

fn assert_all_run_and_agree(page: &Page) {
    let cluster = page.session.cluster();
    let up = cluster.brokers.iter().filter(|broker| broker.state.is_up()).count();
    assert_eq!(up, 3, "every broker recovered");
    let partition = &cluster.topics[0].partitions[0];
    let committed = usize::try_from(partition.high_watermark.0).expect("not negative");
    assert!(committed > 0);
    let first = values(page, BrokerId(1));
    for id in [2, 3] {
        let other = values(page, BrokerId(id));
        let common = (0..committed).find(|n| first.get(*n) != other.get(*n));
        assert_eq!(common, None, "b{id} agrees with b1 below {committed}");
    }
    assert_eq!(partition.isr.len(), 3, "all are in sync again");
}

/// Places where a log lost bytes at recovery: broker, first bad position.
fn truncations(page: &Page) -> Vec<(NodeId, u64)> {
    let lost = page.session.events().filter_map(|event| match &event.kind {
        EventKind::LogRecovered { truncated_bytes, truncated_at, .. } if *truncated_bytes > 0 => {
            Some((event.node?, *truncated_at))
        }
        _ => None,
    });
    lost.collect()
}

#[test]
fn what_was_acked_before_the_reload_is_there_after_it() {
    let rows = closed();
    let page = Page::open(rows.clone());
    let acked = page.session.events().filter_map(|event| match &event.kind {
        EventKind::RecordsAcked { partition, base, count, .. } if *partition == orders_0() => {
            Some(base.0 + i64::from(*count))
        }
        _ => None,
    });
    let acked = acked.max().expect("records were acked");
    let before = page.session.records(BrokerId(1), &orders_0(), Offset(0), 100_000);
    let page = recovered(rows);
    assert_all_run_and_agree(&page);
    assert_eq!(truncations(&page), []);
    let after = page.session.records(BrokerId(1), &orders_0(), Offset(0), 100_000);
    let acked = usize::try_from(acked).expect("not negative");
    assert!(acked > 10);
    assert_eq!(before[..acked], after[..acked]);
    assert!(after.len() > before.len(), "the producer goes on");
}

#[test]
fn a_damaged_byte_truncates_only_that_replica_at_that_place_and_it_catches_up() {
    let mut rows = closed();
    let damaged = NodeId::Broker(follower(&Page::open(rows.clone())));
    let session = rows.session("playground");
    session.tell_lengths();
    let file = session.files[&(damaged, LOG.into())];
    let position = file.length / 2;
    let chunk = session.chunks.range_mut((file.number, 0)..=(file.number, position)).next_back();
    let ((_, start), bytes) = chunk.expect("the file is stored");
    let mut rotten = bytes.to_vec();
    rotten[usize::try_from(position - start).expect("small")] ^= 0x55;
    *bytes = rotten.into();
    let page = recovered(rows);
    assert_eq!(page.notices, [Notice::PowerReturned { shortened: 0, damaged: 1 }]);
    let lost = truncations(&page);
    assert_eq!(lost.len(), 1, "{lost:?}");
    let (node, at) = lost[0];
    assert_eq!(node, damaged);
    assert!(at <= position && at + 1_000 > position, "{at} is the batch of {position}");
    assert_all_run_and_agree(&page);
}

#[test]
fn a_file_cut_at_any_length_is_recovered_and_invents_nothing() {
    let mut rows = closed();
    rows.session("playground").tell_lengths();
    let sound = Page::open(rows.clone());
    let cut_off = follower(&sound);
    let before = values(&sound, cut_off);
    let file = (NodeId::Broker(cut_off), Text::from(LOG));
    let length = rows.session("playground").files[&file].length;
    for step in 0..12 {
        let mut rows = rows.clone();
        let cut = length * step / 12 + step;
        let row = rows.session("playground").files.get_mut(&file);
        row.expect("the file is stored").length = cut;
        let page = recovered(rows);
        assert_eq!(page.notices, [Notice::PowerReturned { shortened: 1, damaged: 0 }]);
        assert!(truncations(&page).iter().all(|(node, _)| *node == file.0), "cut at {cut}");
        assert_all_run_and_agree(&page);
        let after = values(&page, cut_off);
        let common = before.len().min(after.len());
        assert_eq!(before[..common], after[..common], "cut at {cut}");
    }
}

#[test]
fn power_lost_in_every_file_of_every_host_at_once_still_recovers() {
    let mut rows = closed();
    rows.session("playground").tell_lengths();
    for keep in [0, 1, 3, 5, 7] {
        let mut rows = rows.clone();
        let files = &mut rows.session("playground").files;
        let logs = files.iter_mut().filter(|((_, path), _)| path.ends_with(".log"));
        logs.for_each(|(_, row)| row.length = row.length * keep / 8 + keep);
        let page = recovered(rows);
        let failed = |event: &&Event| matches!(event.kind, EventKind::ProcessFailed { .. });
        assert_eq!(page.session.events().find(failed), None);
        assert_all_run_and_agree(&page);
    }
}

#[test]
fn a_page_that_was_paused_comes_back_paused_and_as_fast() {
    let left = Some(Left { playing: false, speed: 9 });
    let open = |name: &str| Page::begin(closed(), Start { left, ..Start::new(name, config()) });
    let back = open("playground");
    assert_eq!((back.session.playing(), back.session.speed()), (false, 9));
    let new = open("another");
    assert!(new.session.playing(), "what the store does not have was not left");
}
