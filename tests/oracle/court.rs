//! Runs every case on both clusters, several real clusters at a time, and counts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::thread;
use std::time::Instant;

use super::accepted::Accepted;
use super::courtroom::Courtroom;
use super::docket::Docket;
use super::exported;
use super::kit::{Kit, Trouble};
use super::scenarios;
use super::servers::{Servers, Shape};

/// Real clusters at a time, when nobody says how many: cases mostly wait.
const ROOMS: usize = 2;

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// Words, one of which a case's name must hold; none: all cases.
    pub words: Vec<String>,
    /// The second half is done on the real cluster again: what differs races.
    pub races: bool,
    /// A difference counts when it was there once: quicker, and less just.
    pub once: bool,
    /// Real clusters at a time.
    pub rooms: usize,
    /// Where cases of ours are written to, with what the real cluster gave as expectations.
    pub record: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Options {
        Options { words: Vec::new(), races: false, once: false, rooms: ROOMS, record: None }
    }
}

/// How many cases went how.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub passed: u32,
    pub failed: u32,
    pub skipped: u32,
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// Tells what came of something, all lines at once: other rooms speak too.
    pub fn note(&mut self, name: &str, start: Instant, problems: &[String]) {
        let seconds = start.elapsed().as_secs();
        if problems.is_empty() {
            self.passed += 1;
            println!("ok {name} ({seconds} s)");
            return;
        }
        self.failed += 1;
        println!("FAILED {name} ({seconds} s)\n  {}", problems.join("\n  "));
    }
}

pub struct Court {
    options: Options,
    tally: Tally,
    began: Instant,
}

impl Court {
    /// # Errors
    /// When there is no real Kafka.
    pub fn open(options: Options) -> Result<Court, Trouble> {
        let kit = Kit::find()?;
        if !kit.has_shared_classes() {
            let alone = Shape { brokers: 1, controller: 1, properties: BTreeMap::new() };
            Servers::start(&kit.into(), &alone)?.stop(1)?;
        }
        Ok(Court { options, tally: Tally::default(), began: Instant::now() })
    }

    /// Every case that was asked for, and then the files that Highwater left.
    pub fn hear(&mut self) {
        if let Err(trouble) = self.hear_all() {
            self.tally.note("cases", Instant::now(), &[trouble]);
        }
    }

    fn hear_all(&mut self) -> Result<(), Trouble> {
        let words = &self.options.words;
        if !words.is_empty() && words.iter().all(|word| word.starts_with(exported::NAME)) {
            self.tally.add(exported::hear(words)?);
            return Ok(());
        }
        let clusters = scenarios::load(&self.options.words)?;
        let cases = clusters.iter().flat_map(|(_, cases)| cases);
        let names: BTreeSet<String> = cases.map(|case| case.name.clone()).collect();
        let rooms = self.options.rooms.clamp(1, names.len());
        let (options, docket) = (&self.options, Docket::new(clusters));
        let tallies: Vec<Result<Tally, Trouble>> = thread::scope(|scope| {
            let room = |_| scope.spawn(|| Courtroom::open(options.clone())?.hear(&docket));
            let mut running: Vec<_> = (0..rooms).map(room).collect();
            if options.words.is_empty() {
                running.push(scope.spawn(|| exported::hear(&[])));
            }
            let failed = |_| Err("a room has failed".to_owned());
            running.into_iter().map(|room| room.join().unwrap_or_else(failed)).collect()
        });
        for tally in tallies {
            self.tally.add(tally?);
        }
        if self.options.words.is_empty() {
            let strays = Accepted::load()?.strays(&names);
            if !strays.is_empty() {
                let text = format!("they accept differences of no case: {}", strays.join(", "));
                self.tally.note(scenarios::ACCEPTED, Instant::now(), &[text]);
            }
        }
        Ok(())
    }

    pub fn has_failed(&self) -> bool {
        self.tally.failed > 0 || self.tally.passed == 0
    }

    /// As cargo's own test runner closes.
    pub fn closing_line(&self) -> String {
        let word = if self.has_failed() { "FAILED" } else { "ok" };
        let Tally { passed, failed, skipped } = self.tally;
        let seconds = self.began.elapsed().as_secs();
        let counts = format!("{passed} passed; {failed} failed; {skipped} skipped");
        format!("test result: {word}. {counts}; finished in {seconds} s")
    }
}
