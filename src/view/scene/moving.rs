//! Messages on their links at a moment, and bursts where messages died.
//!
//! A message's place is linear in (now − sent) / (arrival − sent). On a link that stalls messages wait
//! about its middle, side by side in order. At level 2 those of a link are merged into one with a
//! count; at level 3 none is drawn.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::engine::event::DropReason;
use crate::engine::ids::{EventId, NodeId};
use crate::engine::time::Micros;
use crate::view::cluster::{ClusterView, MessageView};
use crate::view::scene::Scene;
use crate::view::scene::glyph::{Accent, Shape, of_message};
use crate::view::scene::link::visitor_path;
use crate::view::scene::path::{Path, Point};
use crate::view::scene::strip::Lod;

/// Where a stalled link holds what is on it.
pub const HOLD_AT: f64 = 0.5;
/// From one stalled message to the next.
const HOLD_STEP: f64 = 18.0;
/// A burst stands no nearer to the end of its link, so that it can be seen beside the card.
const BURST_AT_MOST: f64 = 0.86;

/// A message that died.
#[derive(Clone, Debug, PartialEq)]
pub struct BurstView {
    /// The message as it was last seen.
    pub message: MessageView,
    /// Part of its way that it had gone.
    pub at_fraction: f64,
    /// Why it died.
    pub reason: DropReason,
}

impl BurstView {
    /// A message that died at a moment.
    #[must_use]
    pub fn new(message: MessageView, died_at: Micros, reason: DropReason) -> BurstView {
        let at_fraction = fraction(&message, died_at).unwrap_or(HOLD_AT);
        BurstView { message, at_fraction, reason }
    }
}

/// Something on a link at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    /// Which message; the newest of those merged.
    pub id: EventId,
    /// Where its middle is.
    pub at: Point,
    /// Direction of travel, of length 1.
    pub toward: Point,
    /// How it looks.
    pub shape: Shape,
    /// Whose it is.
    pub accent: Accent,
    /// Records carried.
    pub records: u32,
    /// Messages that this stands for.
    pub merged: u32,
}

/// Part of its way that a message has gone at a moment; `None` on a link that stalls.
#[must_use]
pub fn fraction(message: &MessageView, now: Micros) -> Option<f64> {
    let arrives = message.arrives_at?;
    let whole = arrives.since(message.sent_at).0;
    let gone = now.since(message.sent_at).0;
    Some(if whole == 0 { 1.0 } else { (gone as f64 / whole as f64).min(1.0) })
}

/// All messages in flight at a moment, oldest first.
#[must_use]
pub fn messages(
    scene: &Scene,
    cluster: &ClusterView,
    messages: &[MessageView],
    now: Micros,
) -> Vec<Placed> {
    if scene.lod == Lod::Tiles {
        return Vec::new();
    }
    let mut holds: BTreeMap<(NodeId, NodeId), (u32, u32)> = BTreeMap::new();
    for message in messages.iter().filter(|m| m.arrives_at.is_none()) {
        holds.entry((message.from, message.to)).or_default().0 += 1;
    }
    let mut placed = Vec::with_capacity(messages.len());
    for message in messages {
        let Some(line) = Line::of(scene, message.from, message.to) else { continue };
        let part = fraction(message, now).unwrap_or_else(|| {
            let (all, seen) = holds.entry((message.from, message.to)).or_default();
            *seen += 1;
            held_at(*seen, *all, line.length())
        });
        let (at, toward) = line.at(part);
        let (shape, accent) = of_message(cluster, message);
        let records = if shape.carries() { message.records } else { 0 };
        let one = Placed { id: message.id, at, toward, shape, accent, records, merged: 1 };
        placed.push((one, message));
    }
    if scene.lod == Lod::Bars {
        merge(&placed)
    } else {
        placed.into_iter().map(|(p, _)| p).collect()
    }
}

/// The first stands farthest ahead; all stay on the middle two thirds of the link.
fn held_at(nth: u32, all: u32, length: f64) -> f64 {
    let step = (HOLD_STEP / length.max(1.0)).min(0.6 / f64::from(all.max(1)));
    HOLD_AT + (f64::from(all + 1) / 2.0 - f64::from(nth)) * step
}

fn merge(placed: &[(Placed, &MessageView)]) -> Vec<Placed> {
    let mut kept: BTreeMap<(NodeId, NodeId, Shape), Placed> = BTreeMap::new();
    for (one, message) in placed {
        let entry = kept.entry((message.from, message.to, one.shape)).or_insert(Placed {
            merged: 0,
            records: 0,
            ..*one
        });
        let (merged, records) = (entry.merged + 1, entry.records + one.records);
        *entry = Placed { merged, records, ..*one };
    }
    kept.into_values().collect()
}

/// Bursts, where their messages died.
#[must_use]
pub fn bursts(scene: &Scene, bursts: &[BurstView]) -> Vec<Placed> {
    let place = |burst: &BurstView| {
        let line = Line::of(scene, burst.message.from, burst.message.to)?;
        let (at, toward) = line.at(burst.at_fraction.min(BURST_AT_MOST));
        let (shape, accent) = (Shape::Burst, Accent::Lost);
        Some(Placed { id: burst.message.id, at, toward, shape, accent, records: 0, merged: 1 })
    };
    bursts.iter().filter_map(place).collect()
}

/// The message nearest to a point, within reach; the one painted last wins.
#[must_use]
pub fn hit(placed: &[Placed], at: Point, reach: f64) -> Option<EventId> {
    let near = placed.iter().rev().filter(|p| p.at.distance(at) <= reach);
    near.min_by(|a, b| a.at.distance(at).total_cmp(&b.at.distance(at))).map(|p| p.id)
}

/// The way of a message: a link's path, in one of its directions.
struct Line<'a> {
    path: Cow<'a, Path>,
    back: bool,
}

impl Line<'_> {
    fn of(scene: &Scene, from: NodeId, to: NodeId) -> Option<Line<'_>> {
        if let Some(link) = scene.link(from, to) {
            return Some(Line { path: Cow::Borrowed(&link.path), back: from != link.a });
        }
        let broker = from.broker().or(to.broker())?;
        let card = scene.brokers.iter().find(|card| card.id == broker)?;
        let path = Cow::Owned(visitor_path(scene.layout, scene.width, &card.rect));
        Some(Line { path, back: from.client().is_some() })
    }

    fn length(&self) -> f64 {
        self.path.length()
    }

    fn at(&self, part: f64) -> (Point, Point) {
        let (at, toward) = self.path.at(if self.back { 1.0 - part } else { part });
        (at, if self.back { Point::new(-toward.x, -toward.y) } else { toward })
    }
}
