//! Room: where cards and columns stand for a width, before anything is drawn in them.
//!
//! Two layouts. Wide: producers, the broker stack and consumers side by side with gutters wide enough
//! to see something travel. Upright: one above the other, and clients' messages run in the right
//! margin. Cards never overlap, whatever the numbers; the stage grows downward instead.

use crate::engine::controller::topic_name::is_internal;
use crate::view::cluster::ClusterView;
use crate::view::scene::path::Rect;
use crate::view::scene::strip::Lod;
use crate::view::scene::{Layout, group};

/// Under this width the stage stands upright.
pub const UPRIGHT_UNDER: f64 = 600.0;
/// Under this width, wide cards are drawn in their small size.
const COMPACT_UNDER: f64 = 900.0;
/// Under this width a wide producer's card has its controls one above the other.
pub const COMPACT_CARD: f64 = 110.0;
/// From a wide card's top to its cells.
const CELLS_AT: f64 = 45.0;
/// Height of the ZooKeeper plate.
const PLATE: f64 = 34.0;
/// From the plate to the first card: two lines of column heads.
const HEADS: f64 = 50.0;
/// Width of the duct.
const DUCT: f64 = 38.0;
/// Least width of a column of tiles.
const TILE_COLUMN: f64 = 12.0;
/// Between broker cards.
const GAP: f64 = 16.0;
/// Height of a row of a client's queue or positions.
pub const ROW: f64 = 16.0;
/// A finger's target.
pub const TOUCH: f64 = 44.0;
/// Right margin of the upright stage: two lanes.
const LANES: f64 = 34.0;
/// From the right edge to the lanes of producers and consumers.
pub const UPRIGHT_LANES: [f64; 2] = [24.0, 11.0];
/// Ghost cards of an empty stage.
const GHOSTS: usize = 3;
/// Rows of a client's card; with more partitions there is one row for all.
pub const ROWS_MAX: usize = 6;

/// Where things stand.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    /// The layout.
    pub layout: Layout,
    /// Level of detail of replicas.
    pub lod: Lod,
    /// Width of the stage.
    pub width: f64,
    /// Its height.
    pub height: f64,
    /// The ZooKeeper plate.
    pub plate: Rect,
    /// One per broker, or ghosts.
    pub cards: Vec<Rect>,
    /// Width of a card's spine: name, state, buttons.
    pub spine: f64,
    /// The duct, when there are brokers.
    pub duct: Option<Rect>,
    /// x of the duct's tracks: ZooKeeper, neighbours, others.
    pub tracks: [f64; 3],
    /// From a card's top to its cells.
    pub cells_at: f64,
    /// Column of each partition on the stage: x and width hold, y and height span the cards.
    pub columns: Vec<Rect>,
    /// Producers' cards.
    pub producers: Vec<Rect>,
    /// Where each consumer's links end: its card, or its row in its group's card.
    pub consumers: Vec<Rect>,
    /// Groups' cards.
    pub groups: Vec<Rect>,
    /// From a card's top to the tags of readers; `None` while nobody reads.
    pub tags_at: Option<f64>,
    /// From a card's top to the row of topics that are folded away, when there are any.
    pub fold_at: Option<f64>,
    /// x of the upright lanes of producers and consumers.
    pub lanes: [f64; 2],
    /// Buttons that choose a partition, upright only.
    pub picker: Vec<Rect>,
}

/// Sizes of the wide layout's parts at a width.
struct Wide {
    margin: f64,
    producer: f64,
    consumer: f64,
    gutter: f64,
    spine: f64,
}

impl Room {
    /// Room for a cluster with so many partitions.
    #[must_use]
    pub fn new(cluster: &ClusterView, width: f64, partitions: usize) -> Room {
        let width = width.max(320.0);
        let brokers = if cluster.brokers.is_empty() { GHOSTS } else { cluster.brokers.len() };
        if width < UPRIGHT_UNDER {
            upright(cluster, width, brokers, partitions)
        } else {
            wide(cluster, width, brokers, partitions)
        }
    }

    /// Middle of a card's cells: where the duct's rings stand.
    #[must_use]
    pub fn beat(&self, card: &Rect) -> f64 {
        match self.layout {
            Layout::Wide => card.y + card.h / 2.0,
            Layout::Upright => card.y + self.cells_at + self.lod.cell_height() / 2.0,
        }
    }
}

/// Rows that a client's card needs.
#[must_use]
pub fn rows(partitions: usize) -> usize {
    if partitions > ROWS_MAX { 1 } else { partitions }
}

fn wide(cluster: &ClusterView, width: f64, brokers: usize, partitions: usize) -> Room {
    let sizes = match width < COMPACT_UNDER {
        true => Wide { margin: 12.0, producer: 104.0, consumer: 108.0, gutter: 54.0, spine: 84.0 },
        false => Wide { margin: 20.0, producer: 124.0, consumer: 146.0, gutter: 78.0, spine: 96.0 },
    };
    let Stack { lod, column, left, width: stack, stage: width } = stack(&sizes, width, partitions);
    let plate = Rect::new(left, 10.0, stack, PLATE);
    let top = plate.bottom() + HEADS;
    let Rows { height, tags_at, fold_at } = rows_under(cluster, lod);
    let cards: Vec<Rect> = (0..brokers)
        .map(|k| Rect::new(left, top + k as f64 * (height + GAP), stack, height))
        .collect();
    let bottom = cards.last().map_or(top, Rect::bottom);
    let first_column = left + sizes.spine + DUCT + 10.0;
    let between = if lod == Lod::Tiles { 2.0 } else { 8.0 };
    let heights: Vec<f64> = cluster
        .producers
        .iter()
        .map(|p| producer_height(rows(p.queued.len()), sizes.producer))
        .collect();
    let producers = stacked(&heights, sizes.margin, sizes.producer, (top, bottom));
    let blocks = blocks(cluster);
    let heights: Vec<f64> =
        blocks.iter().map(|block| block.height(cluster, consumer_height)).collect();
    let right = width - sizes.margin - sizes.consumer;
    let placed = stacked(&heights, right, sizes.consumer, (top, bottom));
    let lowest = producers.iter().chain(&placed).map(Rect::bottom).fold(bottom, f64::max);
    let (consumers, groups) = seats(cluster, &blocks, &placed);
    let lane = left + sizes.spine;
    let duct = Rect::new(lane, plate.bottom(), DUCT, bottom - plate.bottom() - 12.0);
    Room {
        layout: Layout::Wide,
        lod,
        width,
        height: lowest + 16.0,
        plate,
        spine: sizes.spine,
        duct: (!cluster.brokers.is_empty()).then_some(duct),
        tracks: [lane + 8.0, lane + 19.0, lane + 30.0],
        cells_at: CELLS_AT,
        columns: (0..partitions)
            .map(|k| {
                Rect::new(first_column + k as f64 * column, top, column - between, bottom - top)
            })
            .collect(),
        cards,
        producers,
        consumers,
        groups,
        tags_at,
        fold_at,
        lanes: [0.0, 0.0],
        picker: Vec::new(),
    }
}

/// The broker stack of the wide layout.
struct Stack {
    lod: Lod,
    /// Width of a column.
    column: f64,
    left: f64,
    width: f64,
    /// Width of the stage: more than there is when even tiles do not fit, and then it scrolls.
    stage: f64,
}

fn stack(sizes: &Wide, width: f64, partitions: usize) -> Stack {
    let fixed = 2.0 * sizes.margin + sizes.producer + sizes.consumer + 2.0 * sizes.gutter;
    let beside = sizes.spine + DUCT + 18.0;
    let columns = partitions.max(1) as f64;
    let share = ((width - fixed - beside) / columns).max(TILE_COLUMN);
    let lod = Lod::for_column(share);
    let column = share.min(if lod == Lod::Offsets { 452.0 } else { 236.0 });
    let stack = beside + column * columns;
    let spare = (width - fixed - stack).max(0.0) / 2.0;
    let left = sizes.margin + sizes.producer + sizes.gutter + spare;
    Stack { lod, column, left, width: stack, stage: width.max(fixed + stack) }
}

/// Cards one above the other, about the middle of the stack; where they are higher than it, from its bottom
/// up, never above the plate's top.
fn stacked(heights: &[f64], x: f64, w: f64, (top, bottom): (f64, f64)) -> Vec<Rect> {
    let all: f64 = heights.iter().sum::<f64>() + GAP * heights.len().saturating_sub(1) as f64;
    let mut y = (((top + bottom) - all) / 2.0).min(bottom - all).max(10.0);
    let place = |h: &f64| {
        let rect = Rect::new(x, y, w, *h);
        y += h + GAP;
        rect
    };
    heights.iter().map(place).collect()
}

fn producer_height(rows: usize, width: f64) -> f64 {
    let controls = if width < COMPACT_CARD { 60.0 } else { 32.0 };
    82.0 + controls + ROW * rows as f64
}

fn consumer_height(rows: usize) -> f64 {
    84.0 + ROW * rows as f64
}

/// What stands right of the brokers, or below them.
enum Block {
    /// A consumer without a group, by its place.
    Alone(usize),
    /// A group, by its place.
    Group(usize),
}

impl Block {
    fn height(&self, cluster: &ClusterView, alone: impl Fn(usize) -> f64) -> f64 {
        match self {
            Block::Alone(place) => alone(rows(cluster.consumers[*place].positions.len())),
            Block::Group(place) => group::height(&cluster.groups[*place]),
        }
    }
}

/// Consumers and groups, each where its first consumer stands in order of creation; groups without one
/// come last.
fn blocks(cluster: &ClusterView) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut placed = vec![false; cluster.groups.len()];
    for (place, consumer) in cluster.consumers.iter().enumerate() {
        let Some(name) = consumer.group() else {
            blocks.push(Block::Alone(place));
            continue;
        };
        let group = cluster.groups.iter().position(|group| group.id == *name);
        if let Some(group) = group.filter(|group| !placed[*group]) {
            placed[group] = true;
            blocks.push(Block::Group(group));
        }
    }
    let others = (0..placed.len()).filter(|group| !placed[*group]);
    blocks.extend(others.map(Block::Group));
    blocks
}

/// Where each consumer's links end, and each group's card.
fn seats(cluster: &ClusterView, blocks: &[Block], placed: &[Rect]) -> (Vec<Rect>, Vec<Rect>) {
    let nowhere = Rect::new(0.0, 0.0, 0.0, 0.0);
    let mut consumers = vec![nowhere; cluster.consumers.len()];
    let mut groups = vec![nowhere; cluster.groups.len()];
    for (block, rect) in blocks.iter().zip(placed) {
        match block {
            Block::Alone(place) => consumers[*place] = *rect,
            Block::Group(place) => {
                groups[*place] = *rect;
                let members = &cluster.groups[*place].members;
                for (row, member) in members.iter().enumerate() {
                    let seat = cluster.consumers.iter().position(|c| Some(c.id) == member.consumer);
                    if let Some(seat) = seat {
                        consumers[seat] = group::row(rect, members.len(), row);
                    }
                }
            }
        }
    }
    (consumers, groups)
}

/// Whether anybody reads: then strips have a row for the tags of readers.
fn reads(cluster: &ClusterView) -> bool {
    !cluster.consumers.is_empty()
}

/// Rows under the strips of a broker's card.
struct Rows {
    height: f64,
    tags_at: Option<f64>,
    fold_at: Option<f64>,
}

fn rows_under(cluster: &ClusterView, lod: Lod) -> Rows {
    // Under the cells: 21 px with the words of the LEO.
    let mut y = CELLS_AT + lod.cell_height() + 22.0;
    let mut row = |there: bool| {
        let at = y;
        y += if there { 17.0 } else { 0.0 };
        there.then_some(at)
    };
    let tags_at = row(reads(cluster) && lod < Lod::Tiles);
    let fold_at = row(cluster.topics.iter().any(|topic| is_internal(&topic.name)));
    Rows { height: (y + 4.0).max(116.0), tags_at, fold_at }
}

fn upright(cluster: &ClusterView, width: f64, brokers: usize, partitions: usize) -> Room {
    let (left, card) = (12.0, width - 12.0 - LANES);
    let lod = Lod::Offsets;
    let producers = in_rows(cluster.producers.len(), left, card);
    let mut y = producers.last().map_or(8.0, |last| last.bottom() + 22.0);
    let plate = Rect::new(left, y, card, PLATE);
    y = plate.bottom() + 8.0;
    let picker = picker(if partitions > 1 { partitions } else { 0 }, left, card, y);
    y = picker.last().map_or(y, |last| last.bottom() + 2.0) + 30.0;
    let (header, gap) = (52.0, 14.0);
    let tags_at = reads(cluster).then_some(header + 62.0);
    let height = if tags_at.is_some() { 134.0 } else { 118.0 };
    let cards: Vec<Rect> = (0..brokers)
        .map(|k| Rect::new(left, y + k as f64 * (height + gap), card, height))
        .collect();
    let bottom = cards.last().map_or(y, Rect::bottom);
    let blocks = blocks(cluster);
    let mut below = bottom + gap;
    let place = |block: &Block| {
        let rect = Rect::new(left, below, card, block.height(cluster, |_| 56.0));
        below = rect.bottom() + 8.0;
        rect
    };
    let placed: Vec<Rect> = blocks.iter().map(place).collect();
    let lowest = placed.last().map_or(bottom, Rect::bottom);
    let (consumers, groups) = seats(cluster, &blocks, &placed);
    let duct = Rect::new(left + 3.0, y + 10.0, 30.0, bottom - y - 20.0);
    let column = Rect::new(left + 40.0, y, card - 48.0, bottom - y);
    Room {
        layout: Layout::Upright,
        lod,
        width,
        height: lowest + 16.0,
        plate,
        spine: 0.0,
        duct: (!cluster.brokers.is_empty()).then_some(duct),
        tracks: [left + 9.0, left + 18.0, left + 27.0],
        cells_at: header + 6.0,
        columns: if partitions > 0 { vec![column] } else { Vec::new() },
        cards,
        producers,
        consumers,
        groups,
        tags_at,
        fold_at: None,
        lanes: UPRIGHT_LANES.map(|from_right| width - from_right),
        picker,
    }
}

/// Upright producers: up to three beside each other; the narrower, the higher.
fn in_rows(count: usize, x: f64, width: f64) -> Vec<Rect> {
    let beside = count.clamp(1, 3);
    let height = [58.0, 96.0, 136.0][beside - 1];
    let w = (width - 8.0 * (beside - 1) as f64) / beside as f64;
    let place = |k: usize| {
        let (row, column) = ((k / beside) as f64, (k % beside) as f64);
        Rect::new(x + column * (w + 8.0), 8.0 + row * (height + 22.0), w, height)
    };
    (0..count).map(place).collect()
}

/// Partition buttons, as wide as a finger needs, in as many rows as it takes.
fn picker(count: usize, x: f64, width: f64, y: f64) -> Vec<Rect> {
    let beside = count.clamp(1, 4);
    let w = (width - 6.0 * (beside - 1) as f64) / beside as f64;
    let place = |k: usize| {
        let (row, column) = ((k / beside) as f64, (k % beside) as f64);
        Rect::new(x + column * (w + 6.0), y + row * (TOUCH + 6.0), w, TOUCH)
    };
    (0..count).map(place).collect()
}
