//! Readers on a leader's strip: whose the partition is, where its reader is and what its group has
//! committed.
//!
//! Each reader has a tag under the strip with its letter, at the offset that it reads next; a hollow mark
//! stands where its group has committed, and a line joins the two. Tags that would lie over each other
//! stand side by side.

use crate::engine::ids::{ClientId, Offset};
use crate::view::cluster::{ClusterView, PartitionView};
use crate::view::group::place_of;
use crate::view::scene::path::Rect;
use crate::view::scene::strip::{Axis, Lod, Mark};

/// Width and height of a tag.
pub const TAG: (f64, f64) = (14.0, 13.0);

/// A reader of one partition.
#[derive(Clone, Debug, PartialEq)]
pub struct ReaderMark {
    /// Who.
    pub consumer: ClientId,
    /// Its place among consumers: letter and colour.
    pub place: usize,
    /// Its tag.
    pub tag: Rect,
    /// The next offset that it reads, when its level of detail has a scale.
    pub position: Option<Mark>,
    /// What its group has committed.
    pub committed: Option<Mark>,
}

/// Readers of a partition, on the strip of its leader, tags with their top at `top`.
#[must_use]
pub fn readers(
    cluster: &ClusterView,
    partition: &PartitionView,
    (axis, lod): (&Axis, Lod),
    column: &Rect,
    top: f64,
) -> Vec<ReaderMark> {
    if lod == Lod::Tiles {
        return Vec::new();
    }
    let mut found = of_groups(cluster, partition);
    found.extend(alone(cluster, partition));
    let scaled =
        |offset: Option<Offset>| offset.filter(|_| lod <= Lod::Cells).map(|at| axis.mark(at));
    let room = ((column.w + 2.0) / (TAG.0 + 2.0)).max(1.0) as usize;
    let mut marks: Vec<ReaderMark> = Vec::new();
    for (consumer, position, committed) in found.into_iter().take(room) {
        let Some(place) = place_of(cluster, consumer) else { continue };
        let (position, committed) = (scaled(position), scaled(committed));
        let x = position.or(committed).map_or(column.x, |mark| mark.x - TAG.0 / 2.0);
        let tag = Rect::new(x, top, TAG.0, TAG.1);
        marks.push(ReaderMark { consumer, place, tag, position, committed });
    }
    spread(&mut marks, column);
    marks
}

type Found = (ClientId, Option<Offset>, Option<Offset>);

fn of_groups(cluster: &ClusterView, partition: &PartitionView) -> Vec<Found> {
    let of = |group: &crate::view::group::GroupView| {
        let line = group.of_partition(&partition.partition)?;
        let owner = group.members.get(line.owner?)?;
        Some((owner.consumer?, line.position, line.committed))
    };
    cluster.groups.iter().filter_map(of).collect()
}

fn alone(cluster: &ClusterView, partition: &PartitionView) -> Vec<Found> {
    let reads = cluster.consumers.iter().filter(|c| c.member.is_none() && c.state.is_up());
    let at = |consumer: &crate::view::cluster::ConsumerView| {
        let position = consumer.positions.iter().find(|at| at.partition == partition.partition)?;
        Some((consumer.id, Some(position.offset), None))
    };
    reads.filter_map(at).collect()
}

/// Moves tags apart, from left to right, and back where they would leave the column.
fn spread(marks: &mut [ReaderMark], column: &Rect) {
    marks.sort_by(|a, b| a.tag.x.total_cmp(&b.tag.x).then(a.place.cmp(&b.place)));
    let mut from = column.x;
    for mark in marks.iter_mut() {
        mark.tag.x = mark.tag.x.max(from);
        from = mark.tag.right() + 2.0;
    }
    let mut to = column.right();
    for mark in marks.iter_mut().rev() {
        mark.tag.x = mark.tag.x.min(to - mark.tag.w);
        to = mark.tag.x - 2.0;
    }
}
