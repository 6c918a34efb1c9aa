//! Where cases are heard one after the other: one real cluster at a time, with files of its own.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use highwater::conform::anomaly::cluster::Cluster;
use highwater::conform::anomaly::simulated;

use super::accepted::Accepted;
use super::court::{Options, Tally};
use super::docket::Docket;
use super::dump_log::{self, Shelf};
use super::held::Held;
use super::judge::{self, Difference, Half, Truth};
use super::kit::{Kit, Trouble, write};
use super::real::Real;
use super::scenarios::Scenario;
use super::servers::{Servers, Shape, wall_ms};

/// How often a case is tried on the real cluster before it counts as failed: what a busy machine did
/// to it once is tried again, and a difference must be there twice.
const TRIES: u32 = 3;
/// How often a try does not count because the machine was seen to be too busy for it.
const REPEATS: u32 = 2;

pub struct Courtroom {
    options: Options,
    kit: Rc<Kit>,
    accepted: Accepted,
    /// The real cluster that runs now, if it is fit for the next case.
    servers: Option<Rc<RefCell<Servers>>>,
    /// What Highwater wrote, for Kafka's tool to read.
    shelf: Shelf,
    topics: u32,
    tally: Tally,
}

impl Courtroom {
    /// # Errors
    /// When there is no real Kafka, or the list of accepted differences is none.
    pub fn open(options: Options) -> Result<Courtroom, Trouble> {
        let kit = Rc::new(Kit::find()?);
        if std::env::var_os("ORACLE_KEEP").is_some() {
            println!("a real cluster's files: {}", kit.folder().display());
        }
        let (accepted, shelf) = (Accepted::load()?, Shelf::default());
        let (servers, topics, tally) = (None, 0, Tally::default());
        Ok(Courtroom { options, kit, accepted, servers, shelf, topics, tally })
    }

    /// Cases until none waits, and then the files that Highwater left here.
    ///
    /// # Errors
    /// When another room has failed.
    pub fn hear(&mut self, docket: &Docket) -> Result<Tally, Trouble> {
        let mut current: Option<Shape> = None;
        while let Some((shape, case)) = docket.next(current.as_ref())? {
            if current.as_ref() != Some(&shape) {
                self.servers = None;
            }
            self.hear_case(&shape, &case);
            current = Some(shape);
        }
        self.servers = None;
        let start = Instant::now();
        let problems = self.shelf.check(&self.kit).err();
        self.tally.note(dump_log::NAME, start, problems.as_slice());
        Ok(self.tally)
    }

    fn hear_case(&mut self, shape: &Shape, case: &Scenario) {
        let start = Instant::now();
        let mut before: Option<Vec<Difference>> = None;
        let mut trouble = String::new();
        let (mut attempt, mut repeats) = (0, 0);
        while attempt < TRIES {
            attempt += 1;
            let since_ms = wall_ms();
            let found = self.attempt(shape, case);
            let lost = self.lost_sessions(since_ms);
            let mut found = match found {
                Ok(Half::Compared(found, highwater)) => {
                    if let (None, Some(cluster)) = (&before, highwater) {
                        self.keep_files(case, cluster);
                    }
                    Ok(found)
                }
                Ok(Half::Skipped(why)) => return self.skip(case, &why),
                Err(why) => Err(why),
            };
            if let Ok(found) = &mut found {
                found.retain(|difference| !self.accepts(case, difference));
            }
            let is_clean = found.as_ref().is_ok_and(Vec::is_empty);
            if let (Some(lost), false, true) = (lost, is_clean, repeats < REPEATS) {
                repeats += 1;
                attempt -= 1;
                println!("  repeated: {}: {lost}: the machine is busy", case.name);
                self.servers = None;
                continue;
            }
            let mut found = match found {
                Ok(found) => found,
                Err(why) => {
                    println!("  attempt {attempt}: {}: the real cluster: {why}", case.name);
                    trouble = format!("the real cluster: {why}");
                    self.servers = None;
                    continue;
                }
            };
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
        self.judge(case, start, before, trouble);
    }

    /// What came of all attempts.
    fn judge(
        &mut self,
        case: &Scenario,
        start: Instant,
        found: Option<Vec<Difference>>,
        trouble: String,
    ) {
        let mut lines: Vec<String> = found.iter().flatten().map(ToString::to_string).collect();
        if found.is_none() {
            lines.push(trouble);
        }
        let gone = self.accepted.vanished(&case.name);
        let tell = |place| format!("{place}: accepted as a difference, and there is none");
        lines.extend(gone.into_iter().map(tell));
        self.tally.note(&case.name, start, &lines);
    }

    fn attempt(&mut self, shape: &Shape, case: &Scenario) -> Result<Half, Trouble> {
        let truth = self.real_half(shape, case)?;
        self.compare(shape, case, &truth)
    }

    /// Which brokers lost their sessions though nothing was done to them, in words.
    fn lost_sessions(&self, since_ms: i64) -> Option<String> {
        let lost = self.servers.as_ref()?.borrow().lost_sessions(since_ms).ok()?;
        let names: Vec<String> = lost.iter().map(|id| format!("broker {id}")).collect();
        (!lost.is_empty()).then(|| format!("{} lost the ZooKeeper session", names.join(", ")))
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
        let may_gap = compacted || case.json["gaps"].is_string();
        let brokers = 1..=setup["brokers"].as_i64().unwrap_or(0) as i32;
        let partitions = 0..setup["partitions"].as_array().map_or(0, Vec::len) as i32;
        let places = brokers.flat_map(|b| partitions.clone().map(move |p| (b, p)));
        for (broker, partition) in places {
            let kept = match cluster.replica_files(broker, &topic, partition) {
                Ok(files) => {
                    let replica = format!("{}/{broker}/{topic}-{partition}", case.name);
                    self.shelf.keep(&self.kit, &replica, &files, may_gap)
                }
                Err(problem) => Err(format!("{problem:?}")),
            };
            if let Err(trouble) = kept {
                self.tally.note(&format!("files of {}", case.name), Instant::now(), &[trouble]);
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
            self.tally.skipped += 1;
            return;
        }
        let text = format!("Highwater cannot perform it: {why}");
        self.tally.note(&case.name, Instant::now(), &[text]);
    }
}
