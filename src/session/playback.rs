//! Playback: how page time becomes world time. The only place of a session where the two meet.
//!
//! Speeds are fractions of whole numbers, so that no frame rate makes world time drift.

use crate::engine::time::Micros;

/// World time per page time, as (numerator, denominator), slowest first.
pub const SPEEDS: &[(u32, u32)] = &[
    (1, 1_000_000),
    (1, 100_000),
    (1, 10_000),
    (1, 1_000),
    (1, 500),
    (1, 200),
    (1, 100),
    (1, 50),
    (1, 20),
    (1, 10),
    (1, 5),
    (1, 2),
    (1, 1),
    (2, 1),
    (5, 1),
    (10, 1),
    (100, 1),
    (1_000, 1),
];

/// The speed at which a page begins: a message of one millisecond travels for a tenth of a second.
pub const DEFAULT_SPEED: u8 = 6;

/// Longest page time that one frame stands for; a page that slept does not catch up.
const FRAME_US_MAX: u64 = 250_000;
/// Idle spans shorter than this, in page time, are waited out.
const IDLE_US_MIN: u64 = 400_000;
/// What remains of a skipped span, in page time, so that the eye sees that time passed.
const IDLE_US_LEFT: u64 = 120_000;

/// State of the play button, the speed, and what of world time no frame has used yet.
#[derive(Clone, Debug)]
pub struct Playback {
    playing: bool,
    speed: u8,
    skip_idle: bool,
    carry: u64,
}

impl Default for Playback {
    fn default() -> Playback {
        Playback { playing: false, speed: DEFAULT_SPEED, skip_idle: true, carry: 0 }
    }
}

impl Playback {
    /// Whether time passes.
    #[must_use]
    pub fn playing(&self) -> bool {
        self.playing
    }

    /// Lets time pass, or not.
    pub fn set_playing(&mut self, playing: bool) {
        self.playing = playing;
        self.carry = 0;
    }

    /// Index of the speed in [`SPEEDS`].
    #[must_use]
    pub fn speed(&self) -> u8 {
        self.speed
    }

    /// Chooses a speed; an index beyond the fastest is the fastest.
    pub fn set_speed(&mut self, speed: u8) {
        let fastest = u8::try_from(SPEEDS.len() - 1).expect("a short table");
        self.speed = speed.min(fastest);
        self.carry = 0;
    }

    /// Whether idle spans are jumped over.
    #[must_use]
    pub fn skip_idle(&self) -> bool {
        self.skip_idle
    }

    /// Jumps over idle spans, or not.
    pub fn set_skip_idle(&mut self, skip_idle: bool) {
        self.skip_idle = skip_idle;
    }

    /// World time that a frame of page time brings.
    pub fn pass(&mut self, elapsed_us: u64) -> Micros {
        let (numerator, denominator) = SPEEDS[usize::from(self.speed)];
        let total = elapsed_us.min(FRAME_US_MAX) * u64::from(numerator) + self.carry;
        self.carry = total % u64::from(denominator);
        Micros(total / u64::from(denominator))
    }

    /// Where an idle world may jump to when nothing happens before `next`; `None` when the wait is
    /// short enough to watch.
    #[must_use]
    pub fn jump(&self, now: Micros, next: Micros) -> Option<Micros> {
        let (numerator, denominator) = SPEEDS[usize::from(self.speed)];
        let in_world = |page_us: u64| page_us * u64::from(numerator) / u64::from(denominator);
        let long = self.skip_idle && next.since(now).0 > in_world(IDLE_US_MIN);
        long.then(|| Micros(next.0 - in_world(IDLE_US_LEFT)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_any_length_add_up_to_the_same_world_time() {
        let (mut often, mut rarely) = (Playback::default(), Playback::default());
        let by_millisecond: u64 = (0..1_000).map(|_| often.pass(777).0).sum();
        let by_tenth: u64 = (0..10).map(|_| rarely.pass(77_700).0).sum();
        assert_eq!((by_millisecond, by_tenth), (7_770, 7_770));
    }

    #[test]
    fn a_page_that_slept_does_not_catch_up() {
        let mut playback = Playback::default();
        assert_eq!(playback.pass(3_600_000_000), Micros(FRAME_US_MAX / 100));
    }

    #[test]
    fn a_short_wait_is_watched_and_a_long_one_is_jumped() {
        let playback = Playback::default();
        assert_eq!(playback.jump(Micros(0), Micros(3_000)), None);
        assert_eq!(playback.jump(Micros(0), Micros(500_000)), Some(Micros(498_800)));
    }

    #[test]
    fn speeds_rise() {
        let rises = |pair: &[(u32, u32)]| pair[0].0 * pair[1].1 < pair[1].0 * pair[0].1;
        assert!(SPEEDS.windows(2).all(rises));
    }
}
