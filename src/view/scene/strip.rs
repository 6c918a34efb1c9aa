//! One replica as a strip: cells by offset, segments, LEO and HW, at the level of detail that fits.
//!
//! All replicas of a partition share one [`Axis`], so the same offset has the same x on every broker:
//! who is behind is a difference in length, and the HW is one vertical line through the cluster.

use crate::engine::ids::{BrokerId, Offset};
use crate::view::cluster::{PartitionView, ReplicaView, Role};
use crate::view::scene::path::{Point, Rect};
use crate::view::scene::{CellMark, MarkKind};

/// How much of a replica is drawn; chosen by the room that its column has, never by a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lod {
    /// Cells with offsets in them.
    Offsets,
    /// Cells.
    Cells,
    /// A bar whose length is the log.
    Bars,
    /// One tile.
    Tiles,
}

impl Lod {
    /// The level for a column of this width.
    #[must_use]
    pub fn for_column(width: f64) -> Lod {
        match width {
            w if w >= 300.0 => Lod::Offsets,
            w if w >= 120.0 => Lod::Cells,
            w if w >= 44.0 => Lod::Bars,
            _ => Lod::Tiles,
        }
    }

    /// Height of a replica's cells at this level.
    #[must_use]
    pub fn cell_height(self) -> f64 {
        match self {
            Lod::Offsets => 30.0,
            Lod::Cells => 20.0,
            Lod::Bars => 12.0,
            Lod::Tiles => 18.0,
        }
    }
}

/// The window moves by this many slots at a time, so that cells do not drift with every record.
const SCROLL_STEP: i64 = 4;
/// Slots that a window shows where there is room.
pub const SLOTS_MAX: i64 = 14;
/// Room that segment borders take together, whatever their number.
const BORDERS_WIDTH: f64 = 8.0;
/// Right of the last slot, so that the LEO bracket stays in the column.
const END_PAD: f64 = 6.0;

/// The offset scale of one partition.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Left edge of the first slot.
    pub x: f64,
    /// Offset of the first slot.
    pub first: Offset,
    /// Number of slots.
    pub slots: i64,
    /// From one slot to the next.
    pub pitch: f64,
    /// Bases of segments that lie in the window after its first slot, on any replica.
    pub cuts: Vec<Offset>,
    /// Left edge of the column, where slabs of older segments stand.
    pub stub: f64,
    /// End of the scale at the right, for bars.
    pub right: f64,
    /// Highest LEO of any replica: the full length of a bar.
    pub end: Offset,
}

impl Axis {
    /// The scale of a partition in a column of `width` at `x`.
    #[must_use]
    pub fn new(partition: &PartitionView, x: f64, width: f64, lod: Lod) -> Axis {
        let end = partition.replicas.iter().map(|r| r.log_end_offset).max().unwrap_or_default();
        let end = end.max(Offset(0));
        let stub = if lod <= Lod::Cells { 11.0 } else { 2.0 };
        let room = (width - stub - BORDERS_WIDTH - END_PAD).max(1.0);
        let digits = end.0.max(10).ilog10() + 1;
        let (least, most) = match lod {
            Lod::Offsets => ((f64::from(digits) * 6.3 + 3.5).max(24.0), 30.0),
            _ => (8.0, 16.0),
        };
        let fitting = (1..=SLOTS_MAX).rev().find(|n| room / *n as f64 >= least).unwrap_or(1);
        let slots = if lod <= Lod::Cells { fitting } else { SLOTS_MAX };
        let first = first_slot(end, slots);
        let mut cuts: Vec<Offset> = partition
            .replicas
            .iter()
            .flat_map(|r| r.segments.iter().map(|s| s.base))
            .filter(|base| first < *base && base.0 < first.0 + slots)
            .collect();
        cuts.sort_unstable();
        cuts.dedup();
        let pitch = (room / slots as f64).min(most);
        Axis { x: x + stub, first, slots, pitch, cuts, stub: x, right: x + width - END_PAD, end }
    }

    /// Left edge of the cell of an offset; offsets outside the window stand at its ends.
    #[must_use]
    pub fn left(&self, offset: Offset) -> f64 {
        let slot = (offset.0 - self.first.0).clamp(0, self.slots);
        let borders = self.cuts.iter().filter(|cut| cut.0 <= self.first.0 + slot).count();
        self.x + slot as f64 * self.pitch + borders as f64 * self.border()
    }

    /// Where a mark at an offset (HW, LEO) stands: on the left edge of that offset's cell.
    #[must_use]
    pub fn mark(&self, offset: Offset) -> Mark {
        let behind = offset < self.first;
        let at_cut = self.cuts.contains(&offset);
        let x = self.left(offset) - 0.5 - if at_cut { self.border() / 2.0 } else { 0.0 };
        Mark { x, offset, behind }
    }

    /// As [`Axis::mark`], on the scale of bars: the whole log in the column's width.
    #[must_use]
    pub fn share(&self, offset: Offset) -> f64 {
        let whole = self.end.0.max(1) as f64;
        self.x + (self.right - self.x) * (offset.0.max(0) as f64 / whole).min(1.0)
    }

    /// Width of a cell.
    #[must_use]
    pub fn cell(&self) -> f64 {
        self.pitch - 1.0
    }

    /// Offsets in the window.
    fn window(&self) -> std::ops::Range<i64> {
        self.first.0..self.first.0 + self.slots
    }

    fn border(&self) -> f64 {
        (BORDERS_WIDTH / self.cuts.len().max(1) as f64).min(4.0)
    }
}

/// First offset shown: the window holds the end of the log and one free slot.
fn first_slot(end: Offset, slots: i64) -> Offset {
    let over = end.0 + 1 - slots;
    if over <= 0 { Offset(0) } else { Offset((over + SCROLL_STEP - 1) / SCROLL_STEP * SCROLL_STEP) }
}

/// A vertical mark on the scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// Where.
    pub x: f64,
    /// What it says.
    pub offset: Offset,
    /// Whether the true place lies left of the window.
    pub behind: bool,
}

/// What a cell tells of its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellState {
    /// Below this replica's high watermark.
    Committed,
    /// Above it.
    Uncommitted,
    /// On this dead replica only: its epoch ended earlier on the leader, so it will be cut.
    Doomed,
    /// Acknowledged, and on no live replica.
    Lost,
    /// Written twice.
    Duplicate,
    /// Just cut from this log.
    Truncated,
}

/// One record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// Its offset.
    pub offset: Offset,
    /// Where.
    pub rect: Rect,
    /// What it tells.
    pub state: CellState,
}

/// The frame of one segment's cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Where.
    pub rect: Rect,
    /// The active segment has no right side: it ends at the LEO.
    pub open: bool,
}

/// What a level draws of a log.
#[derive(Clone, Debug, PartialEq)]
pub enum Log {
    /// Levels 0 and 1.
    Cells {
        /// Segments in the window.
        frames: Vec<Frame>,
        /// Records in the window.
        cells: Vec<Cell>,
        /// Empty slots.
        dots: Vec<Point>,
        /// Segments before the window, edge on.
        slabs: Vec<Rect>,
        /// Under the cells of the newest epoch, when there was an older one.
        epoch_bar: Option<Rect>,
        /// The window's ground, from the LEO to its end.
        ground: Rect,
    },
    /// Level 2.
    Bar {
        /// The scale.
        ground: Rect,
        /// Below the HW.
        committed: Rect,
        /// From there to the LEO.
        tail: Rect,
    },
    /// Level 3.
    Tile(Rect),
}

/// A replica's log as drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Strip {
    /// Top edge and height of its cells, over the scale's width.
    pub rect: Rect,
    /// Its content.
    pub log: Log,
    /// Log end offset: the bracket that closes the log.
    pub leo: Mark,
    /// This replica's own high watermark.
    pub hw: Mark,
}

/// The strip of one replica with the top of its cells at `top`.
#[must_use]
pub fn strip(
    partition: &PartitionView,
    replica: &ReplicaView,
    axis: &Axis,
    lod: Lod,
    top: f64,
    marks: &[CellMark],
) -> Strip {
    let height = lod.cell_height();
    let right = if lod <= Lod::Cells { axis.left(Offset(axis.window().end)) } else { axis.right };
    let rect = Rect::new(axis.x, top, right - axis.x, height);
    let (leo, hw) = (replica.log_end_offset, replica.high_watermark);
    match lod {
        Lod::Offsets | Lod::Cells => {
            let log = cells(partition, replica, axis, rect, marks);
            Strip { rect, log, leo: axis.mark(leo), hw: axis.mark(hw) }
        }
        Lod::Bars => {
            let (a, b) = (axis.share(hw.min(leo)), axis.share(leo));
            let part = |from: f64, to: f64| Rect::new(from, top, to - from, height);
            let log =
                Log::Bar { ground: rect, committed: part(axis.x, a), tail: part(a, b.max(a)) };
            let mark = |offset: Offset| Mark { x: axis.share(offset), offset, behind: false };
            Strip { rect, log, leo: mark(leo), hw: mark(hw) }
        }
        Lod::Tiles => {
            let wide = (axis.right - axis.x).clamp(4.0, 6.0);
            let log = Log::Tile(Rect::new(axis.x, top, wide, height));
            Strip { rect, log, leo: axis.mark(leo), hw: axis.mark(hw) }
        }
    }
}

fn cells(
    partition: &PartitionView,
    replica: &ReplicaView,
    axis: &Axis,
    rect: Rect,
    marks: &[CellMark],
) -> Log {
    let (start, leo) = (replica.log_start_offset, replica.log_end_offset);
    let place = |n: i64| Rect::new(axis.left(Offset(n)), rect.y, axis.cell(), rect.h);
    let doomed_from = diverges_at(partition, replica);
    let mut cells = Vec::new();
    let mut dots = Vec::new();
    for n in axis.window() {
        let offset = Offset(n);
        let held = start <= offset && offset < leo;
        let marked = mark_of(marks, partition, replica.broker, offset);
        let state = match marked {
            Some(MarkKind::Truncated) if !held => Some(CellState::Truncated),
            _ if !held => None,
            Some(MarkKind::Lost) => Some(CellState::Lost),
            Some(MarkKind::Duplicate) => Some(CellState::Duplicate),
            _ if doomed_from.is_some_and(|from| from <= offset) => Some(CellState::Doomed),
            _ if offset < replica.high_watermark => Some(CellState::Committed),
            _ => Some(CellState::Uncommitted),
        };
        match state {
            Some(state) => cells.push(Cell { offset, rect: place(n), state }),
            None => dots.push(place(n).middle()),
        }
    }
    let end = axis.mark(leo).x;
    let ground = Rect::new(end, rect.y - 3.0, (rect.right() + 2.0 - end).max(0.0), rect.h + 6.0);
    let frames = frames(replica, axis, rect);
    let epoch_bar = epoch_bar(replica, axis, rect);
    Log::Cells { frames, cells, dots, slabs: slabs(replica, axis, rect), epoch_bar, ground }
}

fn mark_of(
    marks: &[CellMark],
    partition: &PartitionView,
    broker: BrokerId,
    offset: Offset,
) -> Option<MarkKind> {
    let hit = |m: &&CellMark| {
        m.partition == partition.partition
            && m.broker.is_none_or(|only| only == broker)
            && (m.from..m.to).contains(&offset)
    };
    marks.iter().find(hit).map(|m| m.kind)
}

/// Where a dead replica's log leaves the leader's: the end of its last epoch on the leader (KIP-101,
/// OffsetForLeaderEpoch), when that lies before its own end.
fn diverges_at(partition: &PartitionView, replica: &ReplicaView) -> Option<Offset> {
    if replica.role != Role::Offline || partition.leader == Some(replica.broker) {
        return None;
    }
    let leader = partition.replicas.iter().find(|r| Some(r.broker) == partition.leader)?;
    if leader.role != Role::Leader {
        return None;
    }
    let (mine, _) = replica.epochs.last()?;
    let next = leader.epochs.iter().find(|(epoch, _)| epoch > mine);
    let end = next.map_or(leader.log_end_offset, |(_, start)| *start);
    (end < replica.log_end_offset).then_some(end)
}

fn frames(replica: &ReplicaView, axis: &Axis, rect: Rect) -> Vec<Frame> {
    let window = axis.window();
    let leo = replica.log_end_offset;
    let mut found = Vec::new();
    for (k, segment) in replica.segments.iter().enumerate() {
        let open = k + 1 == replica.segments.len();
        let end = if open { leo } else { segment.end };
        if end.0 < window.start || segment.base.0 >= window.end {
            continue;
        }
        let base = segment.base.max(axis.first);
        let left = axis.left(base) - 2.0;
        let right = match open {
            true => axis.mark(leo).x,
            false => axis.left(Offset(end.0 - 1)) + axis.cell() + 2.0,
        };
        if right > left {
            let rect = Rect::new(left, rect.y - 3.0, right - left, rect.h + 6.0);
            found.push(Frame { rect, open });
        }
    }
    found
}

/// At most two slabs: that there is more, not how much.
fn slabs(replica: &ReplicaView, axis: &Axis, rect: Rect) -> Vec<Rect> {
    let before = replica.log_start_offset < axis.first && replica.log_end_offset > Offset(0);
    let older = replica.segments.iter().filter(|s| s.end <= axis.first).count();
    let shown = if before { older.clamp(1, 2) } else { 0 };
    let slab = |k: usize| Rect::new(axis.stub + k as f64 * 4.5, rect.y + 1.0, 3.0, rect.h - 2.0);
    (0..shown).map(slab).collect()
}

fn epoch_bar(replica: &ReplicaView, axis: &Axis, rect: Rect) -> Option<Rect> {
    if replica.epochs.len() < 2 || replica.role == Role::Offline {
        return None;
    }
    let (_, start) = *replica.epochs.last()?;
    let last = replica.log_end_offset.0 - 1;
    if last < start.0 || last < axis.first.0 {
        return None;
    }
    let (left, right) = (axis.left(start) - 0.5, axis.left(Offset(last)) + axis.cell() + 0.5);
    Some(Rect::new(left, rect.bottom() + 5.5, right - left, 2.2))
}
