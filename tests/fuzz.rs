//! What comes from outside, damaged at random: links, scenario texts, batches, request frames.
//!
//! Nothing may panic, take more memory than its bound, or change in silence: what is read and written
//! again is the same. Every input is made from a seed, and a failure names it. `make fuzz` goes on for
//! minutes; here each target takes a fixed number of rounds, so that a test run is short and the same
//! everywhere.

#[path = "../benches/allocation.rs"]
mod allocation;

use std::panic::catch_unwind;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use allocation::{Counting, counted};
use bytes::Bytes;
use highwater::engine::protocol::wire::read_frame;
use highwater::engine::record::{batch, reader};
use highwater::scenario::ast::TEXT_BYTES_MAX;
use highwater::scenario::link::{decode, encode};
use highwater::scenario::parser::parse;
use highwater::scenario::printer::print;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One target at a time: the counter of bytes is one.
static TURN: Mutex<()> = Mutex::new(());

/// Rounds of each target in a plain test run.
const ROUNDS: u64 = 1_500;
/// Bytes that one input may ask of the allocator, in all.
const BYTES_MAX: u64 = 64 << 20;

/// Bytes that one input may leave behind: tables that are made once.
const KEPT_MAX: i64 = 16 << 20;

/// A stream of choices (SplitMix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).expect("below a usize")
    }

    /// An input near one of the samples: bytes flipped, cut, repeated, moved, or taken from another.
    fn near(&mut self, samples: &[Vec<u8>], signs: &[&[u8]]) -> Vec<u8> {
        let mut bytes = samples[self.below(samples.len())].clone();
        for _ in 0..=self.below(6) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(24)).min(bytes.len());
            match self.below(7) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 => bytes.truncate(at),
                2 => drop(bytes.drain(at..end)),
                3 => {
                    let part = bytes[at..end].to_vec();
                    let to = self.below(bytes.len() + 1);
                    drop(bytes.splice(to..to, part));
                }
                4 => {
                    let other = &samples[self.below(samples.len())];
                    let from = self.below(other.len() + 1);
                    bytes.truncate(at);
                    bytes.extend_from_slice(&other[from..]);
                }
                5 if at < bytes.len() => bytes[at] = self.next().to_le_bytes()[0],
                _ => {
                    let sign = signs[self.below(signs.len())].to_vec();
                    drop(bytes.splice(at..at, sign));
                }
            }
        }
        bytes
    }
}

/// Feeds a target with inputs of seeds from 0 on: a fixed number, or for `FUZZ_SECONDS`.
fn feed(samples: &[Vec<u8>], signs: &[&[u8]], target: fn(&[u8])) {
    let _turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let end = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let first = std::env::var("FUZZ_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    for seed in first.. {
        if end.map_or(seed >= first + ROUNDS, |end| Instant::now() >= end) {
            break;
        }
        let input = Chance(seed).near(samples, signs);
        let (outcome, allocated) = counted(|| catch_unwind(|| target(&input)));
        assert!(outcome.is_ok(), "FUZZ_SEED={seed}: {:?}", String::from_utf8_lossy(&input));
        assert!(
            allocated.bytes < BYTES_MAX,
            "FUZZ_SEED={seed}: {} B for {} B of input",
            allocated.bytes,
            input.len()
        );
        let kept = allocated.held;
        assert!(kept < KEPT_MAX, "FUZZ_SEED={seed}: {kept} B are still held");
    }
}

/// Texts of every golden scenario and of those that ship.
fn texts() -> Vec<Vec<u8>> {
    let folders = ["tests/data/scenarios", "www/scenarios"];
    let root = env!("CARGO_MANIFEST_DIR");
    let files = folders.iter().flat_map(|folder| {
        std::fs::read_dir(format!("{root}/{folder}")).expect("the folder is there")
    });
    let mut paths: Vec<_> = files.map(|file| file.expect("it can be read").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|it| it == "scenario"));
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("it can be read")).collect()
}

#[test]
fn damaged_links_are_refused_or_stay_what_they_are() {
    let link = |text: &Vec<u8>| {
        let text = String::from_utf8(text.clone()).expect("scenarios are UTF-8");
        let long: String = (0..20).map(|n| format!("at {}s kill zk\n", n + 100)).collect();
        let packed = encode(&parse(&format!("{text}{long}")).expect("a sound text")).into_bytes();
        [encode(&parse(&text).expect("a sound text")).into_bytes(), packed]
    };
    let samples: Vec<Vec<u8>> = texts().iter().flat_map(link).collect();
    feed(
        &samples,
        &[b"~", b"z", b"v1.", b"~ff", b"$9", b";expect+", b"99999999999999999999"],
        |input| {
            let Ok(text) = std::str::from_utf8(input) else { return };
            let Ok(opened) = decode(text) else { return };
            if print(&opened.scenario).len() <= TEXT_BYTES_MAX {
                let again = decode(&encode(&opened.scenario)).expect("a link that was just made");
                assert_eq!(again.scenario, opened.scenario);
            }
        },
    );
}

#[test]
fn damaged_scenario_texts_are_refused_or_stay_what_they_are() {
    let signs: &[&[u8]] = &[
        b"\n",
        b" ",
        b"\"",
        b"\\u{d800}",
        b"{",
        b"}",
        b">",
        b"|",
        b"not ",
        b"expect ",
        b"at 5s ",
        b"+1s",
        b"#1",
        b"moment m=1s\n",
        b"99999999999999999999",
        b"-1",
        "分".as_bytes(),
        b"\x00",
        b"none",
        b"=",
    ];
    feed(&texts(), signs, |input| {
        let text = String::from_utf8_lossy(input);
        let Ok(scenario) = parse(&text) else { return };
        let printed = print(&scenario);
        if printed.len() <= TEXT_BYTES_MAX {
            let again = parse(&printed).unwrap_or_else(|error| panic!("{error}\n{printed}"));
            assert_eq!(again, scenario, "{printed}");
        }
    });
}

#[test]
fn damaged_batches_are_read_up_to_the_damage() {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("data/record_batches.json")).expect("it is JSON");
    let mut samples = Vec::new();
    collect_hex(&vectors, &mut samples);
    assert!(samples.len() >= 8, "{} batches", samples.len());
    feed(&samples, &[&[0xff; 4], &[0x7f, 0xff, 0xff, 0xff], &[0x80; 10], &[0; 8]], |input| {
        let bytes = Bytes::copy_from_slice(input);
        let _crc = batch::verify_crc(input);
        let _count = batch::count_records(&bytes);
        let mut walk = batch::batches(&bytes);
        let mut passed = 0;
        for (header, whole) in walk.by_ref() {
            passed += whole.len();
            assert_eq!(header.size(), whole.len() as u64);
            let Ok(plain) = reader::uncompressed(&whole) else { continue };
            for record in reader::records(&plain).flatten() {
                let _headers = record.headers.iter().count();
            }
        }
        assert!(passed <= bytes.len());
    });
}

/// Strings of hexadecimal digits that are long enough to be a batch.
fn collect_hex(value: &serde_json::Value, out: &mut Vec<Vec<u8>>) {
    match value {
        serde_json::Value::String(text) if text.len() > 100 && text.len().is_multiple_of(2) => {
            let digits = (0..text.len()).step_by(2).map(|at| text.get(at..at + 2));
            let bytes = digits.map(|pair| u8::from_str_radix(pair?, 16).ok());
            out.extend(bytes.collect::<Option<Vec<u8>>>());
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect_hex(item, out)),
        serde_json::Value::Object(rows) => rows.values().for_each(|item| collect_hex(item, out)),
        _ => {}
    }
}

#[test]
fn damaged_request_frames_become_requests_or_are_unreadable() {
    let mut samples = Vec::new();
    for api in 0..75_i16 {
        for version in [0_i16, 1, 3, 5, 9, 12] {
            let mut frame = Vec::new();
            frame.extend(api.to_be_bytes());
            frame.extend(version.to_be_bytes());
            frame.extend(7_i32.to_be_bytes());
            frame.extend([0, 3, b'w', b'e', b'b', 0]);
            frame.extend([
                0, 0, 0, 1, 0, 1, b't', 0, 0, 0, 1, 0, 0, 0, 0, 2, 2, b't', 2, 0, 0, 0, 0, 1,
            ]);
            samples.push(frame);
        }
    }
    let signs: &[&[u8]] = &[
        &[0x7f, 0xff, 0xff, 0xff],
        &[0xff, 0xff, 0xff, 0xff, 0x07],
        &[0x80, 0, 0, 0],
        &[0, 1, b't'],
        &[2; 6],
    ];
    feed(&samples, signs, |input| {
        let _read = read_frame(&Bytes::copy_from_slice(input));
    });
}
