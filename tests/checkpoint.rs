//! What a checkpoint costs: a clone of a world shares what it holds, record bytes above all.
//!
//! Counted in bytes asked of the allocator, so that the figures are the same on every machine. Time is
//! `make bench`'s to tell.

#[path = "../benches/allocation.rs"]
mod allocation;
#[path = "../benches/workload.rs"]
mod workload;

use allocation::{Counting, counted};
use highwater::engine::time::Micros;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What a clone of a world with so many partitions allocates. One test thread: the counter is one.
fn clone_bytes(partitions: u32) -> u64 {
    let world = workload::cluster(partitions);
    let (allocated, all) = counted(|| {
        let (copy, allocated) = counted(|| world.clone());
        drop(copy);
        allocated
    });
    assert_eq!(all.held, 0, "what a clone allocates goes with it");
    allocated.bytes
}

// One test, because tests of one file run side by side and would count each other.
#[test]
fn a_clone_shares_partitions_and_record_bytes() {
    let (few, many) = (clone_bytes(10), clone_bytes(1_000));
    println!("a clone allocates {few} B at 10 partitions, {many} B at 1,000");
    assert!(many < 4 * few, "a clone at 1,000 partitions: {many} B, at 10: {few} B");

    let mut world = workload::steady();
    let (_, before) = counted(|| drop(world.clone()));
    let until = world.now() + Micros::from_secs(60);
    let passed = workload::advance(&mut world, until);
    let (_, after) = counted(|| drop(world.clone()));
    let held = 3 * 100 * passed.acked;
    println!(
        "after {held} B of records, a clone allocates {} B, before {} B",
        after.bytes, before.bytes
    );
    assert!(passed.acked > 50_000, "the minute's records are committed: {}", passed.acked);
    assert!(after.bytes < held / 50, "{} B allocated for {held} B of records", after.bytes);
}
