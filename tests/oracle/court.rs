//! Runs every case on both clusters, a real cluster at a time, and counts.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Instant;

use highwater::conform::anomaly::cluster::Cluster;
use highwater::conform::anomaly::simulated;

use super::accepted::Accepted;
use super::dump_log::{self, Shelf};
use super::held::Held;
use super::judge::{self, Difference, Half, Truth};
use super::kit::{Kit, Trouble, write};
use super::real::Real;
use super::scenarios::{self, Scenario};
use super::servers::{Servers, Shape};

/// How often a case is tried on the real cluster before it counts as failed: what a busy machine did
/// to it once is tried again, and a difference must be there twice.
const TRIES: u32 = 3;

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Words, one of which a case's name must hold; none: all cases.
    pub words: Vec<String>,
    /// The second half is done on the real cluster again: what differs races.
    pub races: bool,
    /// A difference counts when it was there once: quicker, and less just.
    pub once: bool,
    /// Where cases of ours are written to, with what the real cluster gave as expectations.
    pub record: Option<PathBuf>,
}

pub struct Court {
    options: Options,
    kit: Rc<Kit>,
    accepted: Accepted,
    /// The real cluster that runs now, if it is fit for the next case.
    servers: Option<Rc<RefCell<Servers>>>,
    /// What Highwater wrote, for Kafka's tool to read.
    shelf: Shelf,
    topics: u32,
    passed: u32,
    failed: u32,
    skipped: u32,
    began: Instant,
}

impl Court {
    /// # Errors
    /// When there is no real Kafka, or the list of accepted differences is none.
    pub fn open(options: Options) -> Result<Court, Trouble> {
        let kit = Rc::new(Kit::find()?);
        if std::env::var_os("ORACLE_KEEP").is_some() {
            println!("the real cluster's files: {}", kit.folder().display());
        }
        let accepted = Accepted::load()?;
        if !kit.has_shared_classes() {
            let alone = Shape { brokers: 1, controller: 1, properties: BTreeMap::new() };
            Servers::start(&kit, &alone)?.stop(1)?;
        }
        let (passed, failed, skipped, topics) = (0, 0, 0, 0);
        let began = Instant::now();
        Ok(Court {
            options,
            kit,
            accepted,
            servers: None,
            shelf: Shelf::default(),
            topics,
            passed,
            failed,
            skipped,
            began,
        })
    }

    /// Every case that was asked for, and then the files that Highwater left.
    pub fn hear(&mut self) {
        let words = self.options.words.clone();
        let clusters = match scenarios::load(&words) {
            Ok(clusters) => clusters,
            Err(trouble) => return self.note("cases", Instant::now(), vec![trouble]),
        };
        for (shape, cases) in &clusters {
            self.servers = None;
            for case in cases {
                self.hear_case(shape, case);
            }
        }
        self.servers = None;
        let start = Instant::now();
        let problems = self.shelf.check(&self.kit).err();
        self.note(dump_log::NAME, start, problems.into_iter().collect());
        if words.is_empty() {
            let all = clusters.iter().flat_map(|(_, cases)| cases);
            let strays = self.accepted.strays(&all.map(|case| case.name.clone()).collect());
            if !strays.is_empty() {
                let text = format!("they accept differences of no case: {}", strays.join(", "));
                self.note(scenarios::ACCEPTED, Instant::now(), vec![text]);
            }
        }
    }

    fn hear_case(&mut self, shape: &Shape, case: &Scenario) {
        let start = Instant::now();
        let mut before: Option<Vec<Difference>> = None;
        let mut trouble = String::new();
        for attempt in 1..=TRIES {
            let found = self.real_half(shape, case).and_then(|truth| {
                trouble.clear();
                self.compare(shape, case, &truth)
            });
            let (mut found, highwater) = match found {
                Ok(Half::Compared(found, highwater)) => (found, highwater),
                Ok(Half::Skipped(why)) => return self.skip(case, &why),
                Err(why) => {
                    println!("  attempt {attempt}: {}: the real cluster: {why}", case.name);
                    trouble = format!("the real cluster: {why}");
                    self.servers = None;
                    continue;
                }
            };
            if let (None, Some(cluster)) = (&before, highwater) {
                self.keep_files(case, cluster);
            }
            found.retain(|difference| !self.accepts(case, difference));
            if let Some(before) = &before {
                // A value that was once as it is in Highwater races.
                found.retain(|d| before.iter().any(|b| b.place == d.place));
            }
            let is_second = before.is_some();
            found.iter().for_each(|d| println!("  attempt {attempt}: {}: {d}", case.name));
            let clean = found.is_empty();
            before = Some(found);
            if clean || is_second || self.options.once {
                break;
            }
            self.servers = None;
        }
        let mut lines: Vec<String> = before.iter().flatten().map(ToString::to_string).collect();
        if before.is_none() {
            lines.push(trouble);
        }
        let gone = self.accepted.vanished(&case.name);
        let tell = |place| format!("{place}: accepted as a difference, and there is none");
        lines.extend(gone.into_iter().map(tell));
        self.note(&case.name, start, lines);
    }

    fn real_half(&mut self, shape: &Shape, case: &Scenario) -> Result<Truth, Trouble> {
        let servers = self.servers_for(shape)?;
        let topic = self.new_topic();
        judge::real_half(case, &mut |_| Ok(Box::new(Real::new(servers.clone(), topic.clone()))))
    }

    /// Each case has a topic of its own: several cases share a cluster.
    fn new_topic(&mut self) -> String {
        self.topics += 1;
        format!("case-{}", self.topics)
    }

    /// A cluster of this shape in which every broker runs: the one that is there, or a new one.
    fn servers_for(&mut self, shape: &Shape) -> Result<Rc<RefCell<Servers>>, Trouble> {
        if let Some(servers) = self.servers.take() {
            let fit = servers.borrow_mut().restore();
            if fit.is_ok() && servers.borrow().controller() == Ok(Some(shape.controller)) {
                self.servers = Some(servers.clone());
                return Ok(servers);
            }
        }
        let servers = Rc::new(RefCell::new(Servers::start(&self.kit, shape)?));
        self.servers = Some(servers.clone());
        Ok(servers)
    }

    fn compare(&mut self, shape: &Shape, case: &Scenario, truth: &Truth) -> Result<Half, Trouble> {
        if !case.is_recorded {
            let blind = judge::blind_spots(case, truth);
            assert!(blind.is_empty(), "planted differences are not seen: {}", blind.join(", "));
        }
        if let (Some(folder), false) = (&self.options.record, case.is_recorded) {
            let text = format!("{:#}\n", judge::recorded(case, truth));
            write(&folder.join(format!("{}.json", case.name)), &text)?;
        }
        if !self.options.races {
            return judge::second_half(case, truth, &mut simulated::set_up);
        }
        let servers = self.servers_for(shape)?;
        let topic = self.new_topic();
        judge::second_half(case, truth, &mut |_| {
            Ok(Box::new(Real::new(servers.clone(), topic.clone())))
        })
    }

    /// Puts the files of every replica aside for Kafka's tool; not those that the case damages.
    fn keep_files(&mut self, case: &Scenario, mut cluster: Held) {
        if case.damages_files() {
            return;
        }
        let topic = cluster.topic();
        let setup = case.json["setup"].clone();
        let policy = &setup["topic_config"]["cleanup.policy"];
        let compacted = policy.as_str().is_some_and(|policy| policy.contains("compact"));
        let brokers = 1..=setup["brokers"].as_i64().unwrap_or(0) as i32;
        let partitions = 0..setup["partitions"].as_array().map_or(0, Vec::len) as i32;
        let places = brokers.flat_map(|b| partitions.clone().map(move |p| (b, p)));
        for (broker, partition) in places {
            let kept = match cluster.replica_files(broker, &topic, partition) {
                Ok(files) => {
                    let replica = format!("{}/{broker}/{topic}-{partition}", case.name);
                    self.shelf.keep(&self.kit, &replica, &files, compacted)
                }
                Err(problem) => Err(format!("{problem:?}")),
            };
            if let Err(trouble) = kept {
                self.note(&format!("files of {}", case.name), Instant::now(), vec![trouble]);
            }
        }
    }

    fn accepts(&mut self, case: &Scenario, difference: &Difference) -> bool {
        let why = self.accepted.why(&case.name, &difference.place);
        if let Some(why) = &why {
            println!("  accepted: {}: {difference} ({why})", case.name);
        }
        why.is_some()
    }

    fn skip(&mut self, case: &Scenario, why: &str) {
        if let Some(accepted) = self.accepted.why(&case.name, "skipped") {
            println!("skipped {}: {why} ({accepted})", case.name);
            self.skipped += 1;
            return;
        }
        let text = format!("Highwater cannot perform it: {why}");
        self.note(&case.name, Instant::now(), vec![text]);
    }

    fn note(&mut self, name: &str, start: Instant, problems: Vec<String>) {
        let seconds = start.elapsed().as_secs();
        if problems.is_empty() {
            self.passed += 1;
            println!("ok {name} ({seconds} s)");
            return;
        }
        self.failed += 1;
        println!("FAILED {name} ({seconds} s)");
        problems.iter().for_each(|problem| println!("  {problem}"));
    }

    pub fn has_failed(&self) -> bool {
        self.failed > 0 || self.passed == 0
    }

    /// As cargo's own test runner closes.
    pub fn closing_line(&self) -> String {
        let word = if self.has_failed() { "FAILED" } else { "ok" };
        let (passed, failed, skipped) = (self.passed, self.failed, self.skipped);
        let seconds = self.began.elapsed().as_secs();
        let counts = format!("{passed} passed; {failed} failed; {skipped} skipped");
        format!("test result: {word}. {counts}; finished in {seconds} s")
    }
}
