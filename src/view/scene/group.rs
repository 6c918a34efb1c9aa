//! A group's card: the rail of a rebalance, the pause that it made, a row for each member, lags.
//!
//! A row stands for a member's host: its links and messages end there. Many members stand closer, and
//! more than [`ROWS_MAX`] are counted in the last row. Words are the page's.

use crate::engine::event::GroupState;
use crate::engine::ids::{BrokerId, ClientId, PartitionId, Text, TopicPartition};
use crate::engine::time::Micros;
use crate::view::cluster::{ClusterView, ProcessState};
use crate::view::group::{
    Doing, GroupPartition, GroupView, Held, MemberView, Rebalance, Step, place_of,
};
use crate::view::scene::path::{Point, Rect};
use crate::view::scene::room::Room;

/// Most rows of a card.
pub const ROWS_MAX: usize = 12;
/// Up to so many members, a row has two lines.
const ROOMY_MAX: usize = 6;
/// Height of a row of two lines: a finger's target.
const ROOMY: f64 = 44.0;
/// Height of a row of one line.
const DENSE: f64 = 24.0;
/// From a card's top to its first row.
const HEAD: f64 = 112.0;
/// Under the rows: lags.
const FOOT: f64 = 30.0;
/// Height of a card without members.
const EMPTY: f64 = 78.0;
/// Width and height of a partition's chip.
const CHIP: (f64, f64) = (15.0, 14.0);
/// Most chips in a row.
const CHIPS_MAX: usize = 4;
/// Under this width a row has room for two chips.
const NARROW: f64 = 130.0;

/// A group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupCard {
    /// `group.id`.
    pub id: Text,
    /// Where.
    pub rect: Rect,
    /// Its state; `None` where no coordinator knows it.
    pub state: Option<GroupState>,
    /// Its generation.
    pub generation: i32,
    /// Its assignor.
    pub protocol: Option<Text>,
    /// Its coordinator.
    pub coordinator: Option<BrokerId>,
    /// Whether nobody is in it: then there are no rail and rows.
    pub is_empty: bool,
    /// The step of the rebalance that it is in.
    pub step: Option<Step>,
    /// Places of the four steps.
    pub rail: [Point; 4],
    /// What the newest rebalance paused.
    pub pause: Option<PauseBar>,
    /// Rows of members.
    pub rows: Vec<MemberRow>,
    /// Members that have no row of their own.
    pub more: u32,
    /// Lags per partition as far as there is room, each with its place; none: the whole is told.
    pub lags: Vec<(TopicPartition, Option<i64>, f64)>,
    /// Lag over all partitions.
    pub lag: i64,
    /// Baseline of the lags.
    pub foot: f64,
}

impl GroupCard {
    /// Height of what stands above its rows.
    #[must_use]
    pub fn head_height(&self) -> f64 {
        if self.is_empty { self.rect.h } else { HEAD }
    }
}

/// What a rebalance paused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PauseBar {
    /// Where: the whole is all partitions.
    pub rect: Rect,
    /// The part of it that had no reader.
    pub paused: Rect,
    /// For how long.
    pub pause: Micros,
    /// Partitions without a reader, of all.
    pub count: (u32, u32),
    /// Whether it goes on.
    pub is_open: bool,
    /// How long the rebalance took, or has taken so far.
    pub took: Micros,
}

/// A member.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberRow {
    /// Where.
    pub rect: Rect,
    /// Its program, when it is one of this world.
    pub consumer: Option<ClientId>,
    /// Its place among consumers: letter and colour.
    pub place: Option<usize>,
    /// Its name.
    pub name: Text,
    /// Whether it assigns.
    pub leads: bool,
    /// Its process.
    pub process: ProcessState,
    /// What it does.
    pub doing: Doing,
    /// Its request that the coordinator holds.
    pub held: Option<Held>,
    /// Whether there is room for what it does.
    pub is_roomy: bool,
    /// Its partitions.
    pub chips: Vec<Chip>,
    /// Partitions for which there is no chip.
    pub more: u32,
}

/// A partition of a member.
#[derive(Clone, Debug, PartialEq)]
pub struct Chip {
    /// Where.
    pub rect: Rect,
    /// Which.
    pub partition: PartitionId,
    /// Whether the member has given it up in this rebalance.
    pub given_up: bool,
}

/// Height of a group's card.
#[must_use]
pub fn height(group: &GroupView) -> f64 {
    match group.members.len() {
        0 => EMPTY,
        count => HEAD + row_height(count) * count.min(ROWS_MAX) as f64 + FOOT,
    }
}

fn row_height(members: usize) -> f64 {
    if members <= ROOMY_MAX { ROOMY } else { DENSE }
}

/// The row of a member in a card.
#[must_use]
pub fn row(card: &Rect, members: usize, place: usize) -> Rect {
    let each = row_height(members);
    let at = place.min(ROWS_MAX - 1) as f64;
    Rect::new(card.x, card.y + HEAD + at * each, card.w, each)
}

/// Cards of all groups.
#[must_use]
pub fn groups(cluster: &ClusterView, room: &Room, rebalances: &[Rebalance]) -> Vec<GroupCard> {
    let card = |(group, rect): (&GroupView, &Rect)| {
        let newest = rebalances.iter().find(|r| r.group == group.id);
        group_card(cluster, group, rect, newest)
    };
    cluster.groups.iter().zip(&room.groups).map(card).collect()
}

fn group_card(
    cluster: &ClusterView,
    group: &GroupView,
    rect: &Rect,
    newest: Option<&Rebalance>,
) -> GroupCard {
    let count = group.members.len();
    let shown = if count > ROWS_MAX { ROWS_MAX - 1 } else { count };
    let member = |(place, member): (usize, &MemberView)| {
        member_row(cluster, member, row(rect, count, place), row_height(count) > DENSE)
    };
    let inset = if rect.w < NARROW { 22.0 } else { 24.0 };
    let step = (rect.w - 2.0 * inset) / 3.0;
    let rail = [0.0, 1.0, 2.0, 3.0].map(|k| Point::new(rect.x + inset + k * step, rect.y + 57.0));
    GroupCard {
        id: group.id.clone(),
        rect: *rect,
        state: group.state,
        generation: group.generation,
        protocol: group.protocol.clone(),
        coordinator: group.coordinator,
        is_empty: count == 0,
        step: group.step(),
        rail,
        pause: newest.filter(|_| count > 0).map(|told| pause_bar(rect, told, cluster.now)),
        rows: group.members.iter().take(shown).enumerate().map(member).collect(),
        more: u32::try_from(count - shown).unwrap_or(u32::MAX),
        lags: lags(group, rect),
        lag: group.lag(),
        foot: rect.bottom() - 11.0,
    }
}

fn pause_bar(card: &Rect, told: &Rebalance, now: Micros) -> PauseBar {
    let rect = Rect::new(card.x + 10.0, card.y + 84.0, card.w - 22.0, 20.0);
    let share = match told.partitions.max(told.paused) {
        0 => 0.0,
        all => f64::from(told.paused) / f64::from(all),
    };
    PauseBar {
        rect,
        paused: Rect::new(rect.x, rect.y, rect.w * share, rect.h),
        pause: told.pause,
        count: (told.paused, told.partitions.max(told.paused)),
        is_open: told.is_paused,
        took: told.ended.unwrap_or(now).since(told.began),
    }
}

fn member_row(cluster: &ClusterView, member: &MemberView, rect: Rect, is_roomy: bool) -> MemberRow {
    let all = member.owned.iter().map(|p| (p, false));
    let mut all: Vec<_> = all.chain(member.given_up.iter().map(|p| (p, true))).collect();
    all.sort();
    let room = if rect.w < NARROW { CHIPS_MAX / 2 } else { CHIPS_MAX };
    let shown = if all.len() > room { room - 1 } else { all.len() };
    let more = all.len() - shown;
    let slots = shown + usize::from(more > 0);
    let y = rect.y + if is_roomy { 7.0 } else { 5.0 };
    let left = rect.right() - 10.0 - (CHIP.0 + 2.0) * slots as f64;
    let chip = |(k, (partition, given_up)): (usize, &(&TopicPartition, bool))| Chip {
        rect: Rect::new(left + (CHIP.0 + 2.0) * k as f64, y, CHIP.0, CHIP.1),
        partition: partition.partition,
        given_up: *given_up,
    };
    MemberRow {
        rect,
        consumer: member.consumer,
        place: member.consumer.and_then(|id| place_of(cluster, id)),
        name: member.name.clone(),
        leads: member.leads,
        process: member.process,
        doing: member.doing.clone(),
        held: member.held,
        is_roomy,
        chips: all.iter().take(shown).enumerate().map(chip).collect(),
        more: u32::try_from(more).unwrap_or(u32::MAX),
    }
}

/// Room for one lag: a bar and a number.
const LAG: f64 = 30.0;

fn lags(group: &GroupView, card: &Rect) -> Vec<(TopicPartition, Option<i64>, f64)> {
    let from = card.x + 40.0;
    let room = ((card.right() - 8.0 - from) / LAG).max(0.0) as usize;
    if group.partitions.len() > room {
        return Vec::new();
    }
    let lag = |(k, line): (usize, &GroupPartition)| {
        (line.partition.clone(), line.lag(), from + LAG * k as f64)
    };
    group.partitions.iter().enumerate().map(lag).collect()
}
