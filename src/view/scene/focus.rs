//! What the keyboard can reach on the stage, and which way an arrow key leads.
//!
//! The stage is one tab stop: arrows move between its targets by where they stand, so the order is the
//! picture's, not a list's.

use crate::view::scene::path::Rect;
use crate::view::scene::{Layout, Scene, Selection};

/// Something that can have the focus.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// What Enter selects.
    pub selection: Selection,
    /// Where the focus ring goes.
    pub rect: Rect,
    /// Broker of a replica's target: index into the scene's brokers and its replicas.
    pub replica: Option<(usize, usize)>,
}

/// An arrow key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrow {
    /// To the left.
    Left,
    /// To the right.
    Right,
    /// Up.
    Up,
    /// Down.
    Down,
}

impl Arrow {
    /// The arrow of a key's name.
    #[must_use]
    pub fn of_key(key: &str) -> Option<Arrow> {
        match key {
            "ArrowLeft" => Some(Arrow::Left),
            "ArrowRight" => Some(Arrow::Right),
            "ArrowUp" => Some(Arrow::Up),
            "ArrowDown" => Some(Arrow::Down),
            _ => None,
        }
    }
}

/// Everything that can have the focus, brokers first.
#[must_use]
pub fn targets(scene: &Scene) -> Vec<Target> {
    let mut targets = Vec::new();
    let plain = |selection, rect| Target { selection, rect, replica: None };
    for (b, broker) in scene.brokers.iter().enumerate() {
        let card = broker.rect;
        let spine = match (scene.layout, scene.duct) {
            (Layout::Wide, Some(duct)) => Rect::new(card.x, card.y, duct.x - card.x, card.h),
            _ => Rect::new(card.x + 36.0, card.y, card.w - 36.0, 46.0),
        };
        targets.push(plain(Selection::Broker(broker.id), spine));
        for (r, replica) in broker.replicas.iter().enumerate() {
            let selection = Selection::Partition(replica.partition.clone());
            targets.push(Target { selection, rect: replica.rect, replica: Some((b, r)) });
        }
    }
    let producers = scene.producers.iter().map(|p| plain(Selection::Producer(p.id), p.rect));
    targets.extend(producers);
    let consumers = scene.consumers.iter().map(|c| plain(Selection::Consumer(c.id), c.rect));
    targets.extend(consumers);
    for group in &scene.groups {
        let head = Rect::new(group.rect.x, group.rect.y, group.rect.w, group.head_height());
        targets.push(plain(Selection::Group(group.id.clone()), head));
        let rows = group.rows.iter().filter_map(|row| Some((row.consumer?, row.rect)));
        targets.extend(rows.map(|(id, rect)| plain(Selection::Consumer(id), rect)));
    }
    targets.push(plain(Selection::Zookeeper, scene.zookeeper.rect));
    targets
}

/// The target that an arrow leads to: the nearest that way, sideways counting double.
#[must_use]
pub fn step(targets: &[Target], from: usize, arrow: Arrow) -> usize {
    let Some(here) = targets.get(from).map(|t| t.rect.middle()) else { return 0 };
    let cost = |rect: &Rect| {
        let there = rect.middle();
        let (dx, dy) = (there.x - here.x, there.y - here.y);
        let (ahead, aside) = match arrow {
            Arrow::Left => (-dx, dy.abs()),
            Arrow::Right => (dx, dy.abs()),
            Arrow::Up => (-dy, dx.abs()),
            Arrow::Down => (dy, dx.abs()),
        };
        (ahead > 4.0).then_some(ahead + 2.0 * aside)
    };
    let ahead = targets.iter().enumerate().filter_map(|(k, t)| Some((k, cost(&t.rect)?)));
    ahead.min_by(|(_, a), (_, b)| a.total_cmp(b)).map_or(from, |(k, _)| k)
}
