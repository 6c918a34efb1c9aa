//! The real cluster as a case sees it: the trait `Cluster`, by signals, files, sockets and znodes.

use std::cell::{Ref, RefCell, RefMut};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use highwater::conform::anomaly::case::ConsumerStart;
use highwater::conform::anomaly::cluster::{
    Cluster, Connection, ConsumerEvent, Group, Life, Outcome, PartitionState, Problem, Reply,
    SeenState,
};

use super::kit::Trouble;
use super::servers::{Servers, wall_ms};
use super::wire::{Heard, Line};
use super::zk_log;

/// One case's view of a real cluster, which may serve other cases before and after it.
pub struct Real {
    servers: Rc<RefCell<Servers>>,
    topic: String,
    began: Instant,
    began_ms: i64,
    lines: BTreeMap<u64, Option<Line>>,
    next_line: u64,
    /// Large files as they were read last.
    large: BTreeMap<PathBuf, Bytes>,
}

/// Index files of this size are preallocated.
const PREALLOCATED: u64 = 1_000_000;
/// No case fills more than this much of one.
const HEAD: usize = 65_536;

impl Real {
    /// `topic` must be no other case's.
    pub fn new(servers: Rc<RefCell<Servers>>, topic: String) -> Real {
        Real {
            servers,
            topic,
            began: Instant::now(),
            began_ms: wall_ms(),
            lines: BTreeMap::new(),
            next_line: 0,
            large: BTreeMap::new(),
        }
    }

    fn servers(&self) -> Ref<'_, Servers> {
        self.servers.borrow()
    }

    fn servers_mut(&self) -> RefMut<'_, Servers> {
        self.servers.borrow_mut()
    }

    fn folder(&self, broker: i32, place: (&str, i32)) -> PathBuf {
        self.servers().data(broker).join(format!("{}-{}", place.0, place.1))
    }

    /// The files of a folder whose names end so.
    fn files(&mut self, folder: &Path, ending: &str) -> BTreeMap<String, Bytes> {
        let Ok(entries) = fs::read_dir(folder) else { return BTreeMap::new() };
        let mut files = BTreeMap::new();
        for entry in entries.filter_map(Result::ok) {
            let Ok(name) = entry.file_name().into_string() else { continue };
            // What is deleted while we look was as good as gone.
            if name.ends_with(ending)
                && let Ok(bytes) = self.read(&entry.path())
            {
                files.insert(name, bytes);
            }
        }
        files
    }

    /// A file. Kafka preallocates index files, 10 MB of which all but the first bytes are nought: what
    /// has the same length and begins the same is the same.
    fn read(&mut self, path: &Path) -> std::io::Result<Bytes> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        if length < PREALLOCATED {
            return fs::read(path).map(Bytes::from);
        }
        let mut head = vec![0; HEAD];
        file.read_exact(&mut head)?;
        if let Some(known) = self.large.get(path)
            && known.len() as u64 == length
            && known.starts_with(&head)
        {
            return Ok(known.clone());
        }
        let bytes = Bytes::from(fs::read(path)?);
        self.large.insert(path.to_owned(), bytes.clone());
        Ok(bytes)
    }

    fn znode(&self, path: &str) -> Option<(Vec<u8>, i32)> {
        // A ZooKeeper that does not answer has nothing; whoever waits for something fails in time.
        let znode = self.servers().zk.borrow_mut().get(path).ok()??;
        Some((znode.data, znode.version))
    }
}

impl Cluster for Real {
    fn lacks(&self, need: &str) -> Option<String> {
        let absent = matches!(need, "groups" | "consumers");
        absent.then(|| format!("{need}: no client of the real cluster does that here"))
    }

    fn topic(&self) -> String {
        self.topic.clone()
    }

    fn now(&mut self) -> i64 {
        micros(self.began.elapsed())
    }

    fn wall_ms(&mut self) -> i64 {
        wall_ms()
    }

    fn sleep(&mut self, micros: i64) {
        thread::sleep(span(micros));
    }

    fn send(&mut self, broker: i32, frame: Bytes, _answered: bool) -> Outcome<Connection> {
        if !self.servers().ids().contains(&broker) {
            return failed(format!("no broker {broker}"));
        }
        let line = Line::send(self.servers().port(broker), &frame);
        self.next_line += 1;
        // Also one that waits for nothing stays open: a frozen broker shall find the request.
        self.lines.insert(self.next_line, line);
        Ok(Connection(self.next_line))
    }

    fn receive(&mut self, connection: Connection, micros: i64) -> Reply {
        let Some(Some(line)) = self.lines.get_mut(&connection.0) else { return Reply::Closed };
        match line.receive(span(micros)) {
            Ok(Heard::Nothing) => Reply::Nothing,
            Ok(Heard::Frame(frame)) => {
                self.lines.remove(&connection.0);
                let now = self.now();
                Reply::Frame(frame, now)
            }
            Ok(Heard::Closed) | Err(_) => {
                self.lines.remove(&connection.0);
                Reply::Closed
            }
        }
    }

    fn kill(&mut self, broker: i32) -> Outcome<()> {
        self.servers_mut().kill(broker).map_err(Problem::Failed)
    }

    fn stop(&mut self, broker: i32) -> Outcome<()> {
        self.servers_mut().stop(broker).map_err(Problem::Failed)
    }

    fn start(&mut self, broker: i32) -> Outcome<()> {
        self.servers_mut().start_broker(broker).map_err(Problem::Failed)
    }

    fn pause(&mut self, broker: i32) -> Outcome<()> {
        self.servers_mut().pause(broker).map_err(Problem::Failed)
    }

    fn resume(&mut self, broker: i32) -> Outcome<()> {
        self.servers_mut().resume(broker).map_err(Problem::Failed)
    }

    fn life(&self, broker: i32) -> Life {
        let servers = self.servers();
        match (servers.is_running(broker), servers.is_frozen(broker)) {
            (false, _) => Life::Dead,
            (true, true) => Life::Frozen,
            (true, false) => Life::Running,
        }
    }

    fn controller(&mut self) -> Option<(i32, i32)> {
        let id = self.servers().controller().ok()??;
        let (epoch, _) = self.znode("/controller_epoch")?;
        Some((id, String::from_utf8(epoch).ok()?.parse().ok()?))
    }

    fn partition_state(&mut self, topic: &str, partition: i32) -> Option<PartitionState> {
        let (data, version) = self.znode(&state_path(topic, partition))?;
        PartitionState::read(&String::from_utf8(data).ok()?, version)
    }

    fn state_history(&mut self, topic: &str, partition: i32) -> Vec<SeenState> {
        let path = state_path(topic, partition);
        let written = zk_log::read(&self.servers().zookeeper_logs()).unwrap_or_default();
        let states = written.iter().filter(|written| written.path == path);
        let seen = states.filter_map(|written| {
            let data = String::from_utf8_lossy(&written.data);
            let state = PartitionState::read(&data, written.version)?;
            Some(SeenState { at: (written.at_ms - self.began_ms) * 1_000, state })
        });
        seen.collect()
    }

    fn replica_files(
        &mut self,
        broker: i32,
        topic: &str,
        partition: i32,
    ) -> Outcome<BTreeMap<String, Bytes>> {
        Ok(self.files(&self.folder(broker, (topic, partition)), ""))
    }

    fn logs(
        &mut self,
        broker: i32,
        topic: &str,
        partition: i32,
    ) -> Outcome<BTreeMap<String, Bytes>> {
        Ok(self.files(&self.folder(broker, (topic, partition)), ".log"))
    }

    fn broker_file(&mut self, broker: i32, name: &str) -> Outcome<Option<Bytes>> {
        let path = self.servers().data(broker).join(name);
        Ok(fs::read(path).ok().map(Bytes::from))
    }

    fn cut(&mut self, broker: i32, place: (&str, i32), file: &str, bytes: u64) -> Outcome<()> {
        let path = self.folder(broker, place).join(file);
        let cut = || -> std::io::Result<()> {
            let file = OpenOptions::new().write(true).open(&path)?;
            file.set_len(file.metadata()?.len().saturating_sub(bytes))
        };
        cut().map_err(|e| Problem::Failed(format!("{}: {e}", path.display())))
    }

    fn flip(&mut self, broker: i32, place: (&str, i32), file: &str, position: u64) -> Outcome<()> {
        let path = self.folder(broker, place).join(file);
        let flip = || -> std::io::Result<()> {
            let mut file = OpenOptions::new().read(true).write(true).open(&path)?;
            let mut byte = [0];
            file.seek(SeekFrom::Start(position))?;
            file.read_exact(&mut byte)?;
            file.seek(SeekFrom::Start(position))?;
            file.write_all(&[byte[0] ^ 0xff])
        };
        flip().map_err(|e| Problem::Failed(format!("{}: {e}", path.display())))
    }

    fn group(&mut self, _: &str) -> Outcome<Group> {
        no_clients()
    }

    fn start_consumer(&mut self, _: &str, _: &ConsumerStart) -> Outcome<()> {
        no_clients()
    }

    fn kill_consumer(&mut self, _: &str) -> Outcome<()> {
        no_clients()
    }

    fn consumer_events(&mut self, _: &str) -> Outcome<Vec<ConsumerEvent>> {
        no_clients()
    }
}

fn state_path(topic: &str, partition: i32) -> String {
    format!("/brokers/topics/{topic}/partitions/{partition}/state")
}

fn failed<T>(trouble: Trouble) -> Outcome<T> {
    Err(Problem::Failed(trouble))
}

fn no_clients<T>() -> Outcome<T> {
    Err(Problem::Cannot("no whole consumers and no groups on the real cluster".to_owned()))
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

fn span(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}
