//! Shapes of messages: which one a message has, and how it is drawn, pointing right about 0,0.
//!
//! Filled asks, hollow answers; records are little squares and always filled. Shape says which
//! protocol, the accent says whose. The same outlines serve the canvas and the message key.

use std::f64::consts::FRAC_1_SQRT_2;

use crate::engine::ids::NodeId;
use crate::engine::protocol::Api;
use crate::view::cluster::{ClusterView, MessageView};
use crate::view::scene::path::drawn;

/// Most squares drawn; beyond it a count stands in.
pub const SQUARES_MAX: u32 = 5;

/// Whose a thing is: it names a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Accent {
    /// Producers.
    Producer,
    /// Brokers and replication.
    Broker,
    /// Consumers.
    Consumer,
    /// ZooKeeper and the controller.
    Control,
    /// Lost, refused.
    Lost,
}

/// What a message looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    /// Produce request: a box with a nose.
    Pentagon,
    /// Produce response.
    Ring,
    /// A response that refuses.
    Refusal,
    /// Replica fetch request.
    Chevrons,
    /// Replica fetch response: a square frame.
    Frame,
    /// Consumer fetch request.
    Chevron,
    /// Consumer fetch response.
    Pill,
    /// JoinGroup: a hexagon with a J; its answer is hollow.
    Join { response: bool },
    /// SyncGroup: a hexagon with an S; its answer is hollow.
    Sync { response: bool },
    /// Offset commit: a square with a tick; its answer is hollow.
    Commit { response: bool },
    /// Heartbeat: one beat.
    Pulse,
    /// Control, metadata and admin requests.
    Diamond,
    /// Their responses.
    HollowDiamond,
    /// Dropped or refused, where it died.
    Burst,
}

impl Shape {
    /// Whether it turns with its link; the others stand upright.
    #[must_use]
    pub fn turns(self) -> bool {
        use Shape::{Chevron, Chevrons, Frame, Pentagon, Pill};
        matches!(self, Pentagon | Chevrons | Frame | Chevron | Pill)
    }

    /// Whether it holds squares.
    #[must_use]
    pub fn carries(self) -> bool {
        matches!(self, Shape::Pentagon | Shape::Frame | Shape::Pill)
    }
}

/// Shape and accent of a message.
#[must_use]
pub fn of_message(cluster: &ClusterView, message: &MessageView) -> (Shape, Accent) {
    let peer = if message.response { message.to } else { message.from };
    let accent = accent_of(cluster, peer);
    if message.response && message.error != 0 {
        return (Shape::Refusal, Accent::Lost);
    }
    match (message.api, message.response) {
        (Api::Produce, false) => (Shape::Pentagon, Accent::Producer),
        (Api::Produce, true) => (Shape::Ring, Accent::Producer),
        (Api::Fetch, false) if peer.broker().is_some() => (Shape::Chevrons, Accent::Broker),
        (Api::Fetch, true) if peer.broker().is_some() => (Shape::Frame, Accent::Broker),
        (Api::Fetch, false) => (Shape::Chevron, Accent::Consumer),
        (Api::Fetch, true) => (Shape::Pill, Accent::Consumer),
        (Api::JoinGroup, response) => (Shape::Join { response }, Accent::Consumer),
        (Api::SyncGroup, response) => (Shape::Sync { response }, Accent::Consumer),
        (Api::OffsetCommit, response) => (Shape::Commit { response }, Accent::Consumer),
        (Api::ZkPing | Api::Heartbeat, _) => (Shape::Pulse, accent_of(cluster, message.from)),
        (
            Api::ListOffsets
            | Api::Metadata
            | Api::ApiVersions
            | Api::CreateTopics
            | Api::DeleteTopics
            | Api::CreatePartitions
            | Api::ElectLeaders
            | Api::AlterPartitionReassignments
            | Api::ListPartitionReassignments
            | Api::DescribeConfigs
            | Api::AlterConfigs
            | Api::DescribeCluster
            | Api::DescribeLogDirs
            | Api::FindCoordinator
            | Api::LeaveGroup
            | Api::OffsetFetch
            | Api::OffsetDelete
            | Api::DescribeGroups
            | Api::ListGroups
            | Api::DeleteGroups
            | Api::InitProducerId
            | Api::DeleteRecords
            | Api::IncrementalAlterConfigs,
            response,
        ) => (diamond(response), accent),
        (_, response) => (diamond(response), Accent::Control),
    }
}

fn diamond(response: bool) -> Shape {
    if response { Shape::HollowDiamond } else { Shape::Diamond }
}

/// The accent of a host.
#[must_use]
pub fn accent_of(cluster: &ClusterView, node: NodeId) -> Accent {
    match node {
        NodeId::Zookeeper => Accent::Control,
        NodeId::Broker(_) => Accent::Broker,
        NodeId::Client(id) if cluster.producers.iter().any(|p| p.id == id) => Accent::Producer,
        NodeId::Client(id) if cluster.consumers.iter().any(|c| c.id == id) => Accent::Consumer,
        NodeId::Client(_) => Accent::Control,
    }
}

/// What an outline is painted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// The message's accent.
    Accent,
    /// The stage's ground.
    Paper,
    /// The ground of cards.
    Surface,
}

/// One outline, as SVG path text.
#[derive(Clone, Debug, PartialEq)]
pub struct Ink {
    /// The path.
    pub d: String,
    /// Its filling.
    pub fill: Option<Tone>,
    /// Its line, and the line's width.
    pub line: Option<(Tone, f64)>,
}

/// The outlines of a shape with so many records, undermost first.
#[must_use]
pub fn glyph(shape: Shape, records: u32) -> Vec<Ink> {
    let n = records.min(SQUARES_MAX);
    match shape {
        Shape::Pentagon => pentagon(n),
        Shape::Frame => carrier(n, 3.5, 7.5, 1.5),
        Shape::Pill => carrier(n, 6.0, 8.0, 8.0),
        Shape::Ring => vec![hollow(circle(5.0), 2.2)],
        Shape::Refusal => vec![
            hollow(circle(6.0), 2.0),
            stroke("M-2.4 -2.4L2.4 2.4M2.4 -2.4L-2.4 2.4".to_owned(), 1.8),
        ],
        Shape::Chevrons => haloed("M-6 -4.5L-1.5 0L-6 4.5M0.5 -4.5L5 0L0.5 4.5", 2.2),
        Shape::Chevron => haloed("M-2.5 -5.5L3 0L-2.5 5.5", 2.4),
        Shape::Join { response } => lettered("M1.6 -3.2V1.4a1.9 1.9 0 0 1 -3.8 0", response),
        Shape::Sync { response } => {
            lettered("M2 -2.1a2 1.6 0 0 0 -4 .3c0 1.7 4 1.2 4 3.2a2 1.6 0 0 1 -4 .3", response)
        }
        Shape::Commit { response } => {
            let mut inks = match response {
                true => vec![hollow(round_rect(-4.5, -4.5, 9.0, 9.0, 1.5), 1.6)],
                false => solid(round_rect(-5.5, -5.5, 11.0, 11.0, 2.0)),
            };
            inks.push(toned("M-2.8 .2L-.8 2.2L3 -2.4".to_owned(), response));
            inks
        }
        Shape::Pulse => haloed("M-8 0H-3.5L-1.2 -4.5L1.6 4.5L3.6 0H8", 1.7),
        Shape::Diamond => solid("M0 -7.5L7.5 0L0 7.5L-7.5 0Z".to_owned()),
        Shape::HollowDiamond => vec![hollow("M0 -6L6 0L0 6L-6 0Z".to_owned(), 1.8)],
        Shape::Burst => burst(),
    }
}

/// A hexagon with a letter in it.
fn lettered(letter: &str, response: bool) -> Vec<Ink> {
    let hexagon = "M-4 -6.5H4L7.5 0L4 6.5H-4L-7.5 0Z".to_owned();
    let mut inks = if response { vec![hollow(hexagon, 1.6)] } else { solid(hexagon) };
    inks.push(toned(letter.to_owned(), response));
    inks
}

/// A line on a filled ground, or on a hollow one.
fn toned(d: String, hollow: bool) -> Ink {
    let tone = if hollow { Tone::Accent } else { Tone::Surface };
    Ink { d, fill: None, line: Some((tone, 1.6)) }
}

fn pentagon(n: u32) -> Vec<Ink> {
    let n = n.max(1);
    let width = 8.0 * f64::from(n) - 1.0;
    let x = -(width + 8.0) / 2.0;
    let (left, shoulder, nose) = (x - 2.0, x + width + 1.0, x + width + 9.0);
    let body = drawn("M~ -6.5H~L~ 0L~ 6.5H~Z", &[left, shoulder, nose, shoulder, left]);
    let mut inks = solid(body);
    inks.push(fill(squares(n, x + 0.5, 6.0, 7.0), Tone::Surface));
    inks
}

/// A frame round records: a response that carries them; small and empty when it carries none.
fn carrier(n: u32, pad: f64, half: f64, radius: f64) -> Vec<Ink> {
    let width = if n == 0 { 4.0 } else { 8.0 * f64::from(n) - 1.0 };
    let x = -width / 2.0;
    let outer = round_rect(x - pad, -half, width + 2.0 * pad, 2.0 * half, radius);
    let mut inks = vec![hollow(outer, 1.5)];
    if n > 0 {
        inks.push(fill(squares(n, x, 7.0, 9.0), Tone::Accent));
    }
    inks
}

fn burst() -> Vec<Ink> {
    let mut rays = String::new();
    // The first ray is 0.2 radians past the right; each of the others an eighth of a turn further.
    let (mut x, mut y) = (0.980_066_6, 0.198_669_3);
    for k in 0..8_u32 {
        let (inner, outer) = (8.0, if k % 2 == 1 { 13.0 } else { 15.0 });
        rays.push_str(&drawn("M~ ~L~ ~", &[x * inner, y * inner, x * outer, y * outer]));
        (x, y) = ((x - y) * FRAC_1_SQRT_2, (x + y) * FRAC_1_SQRT_2);
    }
    let cross = "M-3.2 -3.2L3.2 3.2M3.2 -3.2L-3.2 3.2".to_owned();
    vec![stroke(rays, 1.8), stroke(cross, 2.4)]
}

fn squares(n: u32, x: f64, w: f64, h: f64) -> String {
    let square = |k: u32| round_rect(x + 8.0 * f64::from(k), -h / 2.0, w, h, 1.0);
    (0..n).map(square).collect()
}

fn round_rect(x: f64, y: f64, w: f64, h: f64, r: f64) -> String {
    let r = r.min(w / 2.0).min(h / 2.0);
    let (across, down) = (w - 2.0 * r, h - 2.0 * r);
    #[rustfmt::skip]
    let numbers = [
        x + r, y, across, r, r, r, r, down, r, r, -r, r, -across, r, r, -r, -r, -down, r, r, r, -r,
    ];
    drawn("M~ ~h~a~ ~ 0 0 1 ~ ~v~a~ ~ 0 0 1 ~ ~h~a~ ~ 0 0 1 ~ ~v~a~ ~ 0 0 1 ~ ~Z", &numbers)
}

fn circle(r: f64) -> String {
    drawn("M~ 0a~ ~ 0 1 1 ~ 0a~ ~ 0 1 1 ~ 0Z", &[r, r, r, -2.0 * r, r, r, 2.0 * r])
}

fn fill(d: String, tone: Tone) -> Ink {
    Ink { d, fill: Some(tone), line: None }
}

fn stroke(d: String, width: f64) -> Ink {
    Ink { d, fill: None, line: Some((Tone::Accent, width)) }
}

fn hollow(d: String, width: f64) -> Ink {
    Ink { d, fill: Some(Tone::Paper), line: Some((Tone::Accent, width)) }
}

/// A filled outline with the halo that keeps links from running through it.
fn solid(d: String) -> Vec<Ink> {
    let halo = Ink { d: d.clone(), fill: None, line: Some((Tone::Paper, 3.0)) };
    vec![halo, fill(d, Tone::Accent)]
}

fn haloed(d: &str, width: f64) -> Vec<Ink> {
    let halo = Ink { d: d.to_owned(), fill: None, line: Some((Tone::Paper, 6.0)) };
    vec![halo, stroke(d.to_owned(), width)]
}
