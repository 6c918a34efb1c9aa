//! Points, rectangles and the paths of links, in CSS pixels.
//!
//! A path knows its arc length, so that a message's place is linear in time: distance is time, on a
//! curve as on a straight line. Its SVG text and its samples come from the same pieces.

use std::fmt::Write as _;

/// Samples of each curved piece; at stage sizes one is under 8 px long.
const SAMPLES: u32 = 24;

/// A place on the stage.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// From the left edge.
    pub x: f64,
    /// From the top edge.
    pub y: f64,
}

/// What SVG or CSS is told: a template in which each `~` stands for a number, which is written to a
/// tenth. The code that writes any float to any digit weighs 10 KB in the page; this does not.
#[must_use]
pub fn drawn(template: &str, numbers: &[f64]) -> String {
    let mut out = String::with_capacity(template.len() + 4 * numbers.len());
    let mut numbers = numbers.iter();
    for c in template.chars() {
        match (c, if c == '~' { numbers.next() } else { None }) {
            ('~', Some(number)) => push_tenths(&mut out, *number),
            _ => out.push(c),
        }
    }
    debug_assert!(numbers.next().is_none(), "{template} has no place for a number");
    out
}

fn push_tenths(out: &mut String, number: f64) {
    let tenths = (number * 10.0 + 0.5).floor() as i64;
    let (whole, tenth) = (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10);
    let sign = if tenths < 0 { "-" } else { "" };
    // Writing to a String cannot fail.
    let _ = write!(out, "{sign}{whole}");
    if tenth > 0 {
        let _ = write!(out, ".{tenth}");
    }
}

impl Point {
    /// A point.
    #[must_use]
    pub fn new(x: f64, y: f64) -> Point {
        Point { x, y }
    }

    /// Straight distance to another point.
    #[must_use]
    pub fn distance(self, other: Point) -> f64 {
        let (x, y) = (self.x - other.x, self.y - other.y);
        (x * x + y * y).sqrt()
    }

    fn toward(self, other: Point, part: f64) -> Point {
        Point::new(self.x + (other.x - self.x) * part, self.y + (other.y - self.y) * part)
    }
}

/// An upright rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width.
    pub w: f64,
    /// Height.
    pub h: f64,
}

impl Rect {
    /// A rectangle by its upper left corner and size.
    #[must_use]
    pub fn new(x: f64, y: f64, w: f64, h: f64) -> Rect {
        Rect { x, y, w, h }
    }

    /// Right edge.
    #[must_use]
    pub fn right(&self) -> f64 {
        self.x + self.w
    }

    /// Bottom edge.
    #[must_use]
    pub fn bottom(&self) -> f64 {
        self.y + self.h
    }

    /// Its middle.
    #[must_use]
    pub fn middle(&self) -> Point {
        Point::new(self.x + self.w / 2.0, self.y + self.h / 2.0)
    }

    /// Whether a point lies in it.
    #[must_use]
    pub fn contains(&self, point: Point) -> bool {
        (self.x..=self.right()).contains(&point.x) && (self.y..=self.bottom()).contains(&point.y)
    }

    /// Whether two rectangles share an area.
    #[must_use]
    pub fn overlaps(&self, other: &Rect) -> bool {
        self.x < other.right()
            && other.x < self.right()
            && self.y < other.bottom()
            && other.y < self.bottom()
    }
}

/// A way from one point to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    d: String,
    samples: Vec<Point>,
    reach: Vec<f64>,
}

impl Path {
    /// A straight way.
    #[must_use]
    pub fn line(from: Point, to: Point) -> Path {
        Path::bends(&[from, to], 0.0)
    }

    /// A cubic that leaves and arrives level, with control points at half the gap.
    #[must_use]
    pub fn level(from: Point, to: Point) -> Path {
        let half = (to.x - from.x) / 2.0;
        let mut path = Path::start(from);
        path.cubic(Point::new(from.x + half, from.y), Point::new(to.x - half, to.y), to);
        path
    }

    /// Straight pieces through all points, with corners rounded by `radius`.
    ///
    /// # Panics
    /// When there are no points.
    #[must_use]
    pub fn bends(points: &[Point], radius: f64) -> Path {
        let mut path = Path::start(points[0]);
        for corner in points.windows(3) {
            let (before, at, after) = (corner[0], corner[1], corner[2]);
            let cut = |end: Point| {
                let length = at.distance(end);
                if length > 0.0 { (radius / length).min(0.5) } else { 0.0 }
            };
            let (enter, leave) = (at.toward(before, cut(before)), at.toward(after, cut(after)));
            path.straight(enter);
            path.cubic(enter.toward(at, 0.55), leave.toward(at, 0.55), leave);
        }
        path.straight(points[points.len() - 1]);
        path
    }

    /// Its SVG path text.
    #[must_use]
    pub fn d(&self) -> &str {
        &self.d
    }

    /// Its length.
    #[must_use]
    pub fn length(&self) -> f64 {
        self.reach[self.reach.len() - 1]
    }

    /// Its ends.
    #[must_use]
    pub fn ends(&self) -> (Point, Point) {
        (self.samples[0], self.samples[self.samples.len() - 1])
    }

    /// The place after `part` (0 to 1) of its length, and the direction there, of length 1.
    #[must_use]
    pub fn at(&self, part: f64) -> (Point, Point) {
        let wanted = part.clamp(0.0, 1.0) * self.length();
        let after = self.reach.partition_point(|reach| *reach < wanted).max(1);
        let Some((b, a)) = self.samples.get(after).zip(self.samples.get(after - 1)) else {
            return (self.samples[0], Point::new(1.0, 0.0));
        };
        let (start, end) = (self.reach[after - 1], self.reach[after]);
        let within = if end > start { (wanted - start) / (end - start) } else { 0.0 };
        let step = a.distance(*b);
        (a.toward(*b, within), Point::new((b.x - a.x) / step, (b.y - a.y) / step))
    }

    fn start(at: Point) -> Path {
        Path { d: drawn("M~ ~", &[at.x, at.y]), samples: vec![at], reach: vec![0.0] }
    }

    fn straight(&mut self, to: Point) {
        self.d.push_str(&drawn("L~ ~", &[to.x, to.y]));
        self.sample(to);
    }

    fn cubic(&mut self, leave: Point, arrive: Point, to: Point) {
        let numbers = [leave.x, leave.y, arrive.x, arrive.y, to.x, to.y];
        self.d.push_str(&drawn("C~ ~ ~ ~ ~ ~", &numbers));
        let from = self.samples[self.samples.len() - 1];
        for k in 1..=SAMPLES {
            let part = f64::from(k) / f64::from(SAMPLES);
            let (a, b, c) =
                (from.toward(leave, part), leave.toward(arrive, part), arrive.toward(to, part));
            self.sample(a.toward(b, part).toward(b.toward(c, part), part));
        }
    }

    fn sample(&mut self, at: Point) {
        let last = self.samples.len() - 1;
        let step = self.samples[last].distance(at);
        if step > 0.0 {
            self.reach.push(self.reach[last] + step);
            self.samples.push(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_begins_and_ends_where_it_was_told() {
        let (from, to) = (Point::new(10.0, 20.0), Point::new(110.0, 220.0));
        for path in [Path::line(from, to), Path::level(from, to)] {
            assert_eq!(path.at(0.0).0, from);
            assert!(path.at(1.0).0.distance(to) < 1e-9);
        }
    }

    #[test]
    fn a_direction_has_the_length_1() {
        let path = Path::level(Point::new(0.0, 0.0), Point::new(100.0, 300.0));
        for k in 0..=20 {
            let (_, toward) = path.at(f64::from(k) / 20.0);
            assert!((toward.distance(Point::default()) - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn numbers_are_written_to_a_tenth() {
        let written = [0.0, 0.04, -0.04, 0.06, 7.25, -12.5, 1_234.96, -0.3];
        let written = written.map(|number| drawn("~", &[number]));
        assert_eq!(written, ["0", "0", "0", "0.1", "7.3", "-12.5", "1235", "-0.3"]);
        assert_eq!(drawn("M~ ~h-2", &[1.0, -0.5]), "M1 -0.5h-2");
    }

    #[test]
    fn equal_parts_of_a_curve_are_equally_long() {
        let path = Path::level(Point::new(0.0, 0.0), Point::new(100.0, 300.0));
        let step =
            |k: u32| path.at(f64::from(k) / 20.0).0.distance(path.at(f64::from(k + 1) / 20.0).0);
        let (least, most) =
            (0..20).map(step).fold((f64::MAX, 0.0_f64), |(a, b), s| (a.min(s), b.max(s)));
        assert!(most - least < 0.6, "steps of {least} to {most} px");
    }

    #[test]
    fn a_bent_path_keeps_to_its_corners() {
        let corner = Point::new(50.0, 0.0);
        let path = Path::bends(&[Point::new(0.0, 0.0), corner, Point::new(50.0, 90.0)], 8.0);
        let nearest = (0..=100).map(|k| path.at(f64::from(k) / 100.0).0.distance(corner));
        assert!(nearest.fold(f64::MAX, f64::min) < 8.0);
        assert!(path.length() < 140.0);
    }

    #[test]
    fn rectangles_that_only_touch_do_not_overlap() {
        let a = Rect::new(0.0, 0.0, 10.0, 10.0);
        assert!(!a.overlaps(&Rect::new(10.0, 0.0, 10.0, 10.0)));
        assert!(a.overlaps(&Rect::new(9.0, 9.0, 10.0, 10.0)));
    }
}
