//! The frame loop: page time in, at most a few milliseconds of world out.
//!
//! How many items a frame may run follows what the last frames cost, so that a slow device slows the
//! world and never the page.

use gloo::render::{AnimationFrame, request_animation_frame};
use gloo::utils::window;

/// What the world may take of a frame, in milliseconds.
const BUDGET_MS: f64 = 6.0;
const STEPS_LEAST: u32 = 50;
const STEPS_MOST: u32 = 200_000;

/// State of the loop.
pub struct Frames {
    waiting: Option<AnimationFrame>,
    last_ms: Option<f64>,
    steps: u32,
}

impl Frames {
    /// A loop that has not begun.
    pub fn new() -> Frames {
        Frames { waiting: None, last_ms: None, steps: 2_000 }
    }

    /// Asks for the next frame.
    pub fn request(&mut self, then: impl FnOnce(f64) + 'static) {
        self.waiting = Some(request_animation_frame(then));
    }

    /// Page time since the last frame in microseconds, and the items that this one may run.
    pub fn begin(&mut self, now_ms: f64) -> (u64, u32) {
        let last = self.last_ms.replace(now_ms).unwrap_or(now_ms);
        let elapsed = ((now_ms - last).max(0.0) * 1_000.0).round();
        (elapsed as u64, self.steps)
    }

    /// Learns what a frame cost.
    pub fn spent(&mut self, ms: f64) {
        let next = if ms > BUDGET_MS { self.steps / 2 } else { self.steps + self.steps / 8 };
        self.steps = next.clamp(STEPS_LEAST, STEPS_MOST);
    }
}

/// The page's clock, in milliseconds.
pub fn now_ms() -> f64 {
    window().performance().map_or(0.0, |clock| clock.now())
}
