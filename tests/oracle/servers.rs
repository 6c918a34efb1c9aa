//! ZooKeeper and brokers of one real cluster: started, killed, stopped, frozen, and waited for.
//!
//! What waits, waits for a condition and has a generous limit, because the machine may be busy.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Mutex;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::kit::{BROKER, Kit, Trouble, write};
use super::process::{POLL, Process, Signal};
use super::zk::ZkClient;
use super::zk_log;

/// Most that anything here waits for.
pub const LIMIT: Duration = Duration::from_secs(90);

/// How long after a freeze the end of a session may still be its doing.
const AFTER_FREEZE_MS: i64 = 10_000;

/// Most that a broker which serves is given to hear from the controller.
const TOLD: Duration = Duration::from_secs(5);

const BROKER_HEAP_MB: u32 = 256;
const ZOOKEEPER_HEAP_MB: u32 = 96;

/// What every broker has beside the settings of the case: what the recorded cases had, and smaller
/// buffers and fewer threads, which change no behaviour.
const PROPERTIES: &[&str] = &[
    "group.initial.rebalance.delay.ms=0",
    "offsets.topic.num.partitions=4",
    "transaction.state.log.min.isr=1",
    "transaction.state.log.num.partitions=4",
    "num.network.threads=2",
    "num.io.threads=4",
    "background.threads=2",
];

/// The dedupe buffer's default alone is half of the heap; a case may set it itself.
const DEDUPE_BUFFER: (&str, &str) = ("log.cleaner.dedupe.buffer.size", "10000000");

/// What a cluster is started with. Cases that agree in it share a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shape {
    /// Brokers, ids from 1.
    pub brokers: i32,
    /// The one that is to be controller.
    pub controller: i32,
    /// Settings of every broker.
    pub properties: BTreeMap<String, String>,
}

/// A broker's place: its process comes and goes.
struct Server {
    port: u16,
    process: Option<Process>,
    frozen: bool,
    /// Since when nothing was done to it, in milliseconds since 1970; `None` while it is dead, frozen
    /// or starting.
    calm_since_ms: Option<i64>,
    /// Spans in which nothing was done to it.
    calm: Vec<(i64, i64)>,
}

impl Server {
    /// Something is done to it.
    fn disturb(&mut self) {
        if let Some(since) = self.calm_since_ms.take() {
            self.calm.push((since, wall_ms()));
        }
    }

    /// Whether nothing had been done to it at a time.
    fn was_calm(&self, at_ms: i64) -> bool {
        let still = self.calm_since_ms.is_some_and(|since| at_ms >= since);
        still || self.calm.iter().any(|(from, to)| (*from..*to).contains(&at_ms))
    }
}

pub struct Servers {
    kit: Rc<Kit>,
    folder: PathBuf,
    pub zk: RefCell<ZkClient>,
    servers: BTreeMap<i32, Server>,
    _zookeeper: Process,
}

impl Servers {
    /// Starts ZooKeeper and the brokers, on ports that are free, in an empty folder; the wanted
    /// controller first, so that it is that.
    ///
    /// # Errors
    /// When a process does not start; its last words are told.
    pub fn start(kit: &Rc<Kit>, shape: &Shape) -> Result<Servers, Trouble> {
        let folder = kit.folder().join("cluster");
        fs::remove_dir_all(&folder).ok();
        fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let ports = free_ports(shape.brokers as usize + 1)?;
        let config = folder.join("zookeeper.properties");
        let data = folder.join("zookeeper");
        write(&config, &zookeeper_properties(&data.display().to_string(), ports[0]))?;
        let class = "org.apache.zookeeper.server.quorum.QuorumPeerMain";
        let config = config.display().to_string();
        let mut zookeeper = Process::spawn(kit, "zookeeper", ZOOKEEPER_HEAP_MB, class, &[&config])?;
        let zk = RefCell::new(ZkClient::new(ports[0]));
        wait_until("ZooKeeper to serve", || {
            if zookeeper.has_ended() {
                return Err(format!("ZooKeeper ended; {}", zookeeper.last_words()));
            }
            // Its socket opens before it serves, and closes on whoever comes early.
            Ok(zk.borrow_mut().get("/zookeeper").is_ok())
        })?;
        let servers = (1..=shape.brokers).zip(&ports[1..]);
        let server = |(id, port): (i32, &u16)| {
            let (process, frozen, calm_since_ms, calm) = (None, false, None, Vec::new());
            (id, Server { port: *port, process, frozen, calm_since_ms, calm })
        };
        let servers: BTreeMap<i32, Server> = servers.map(server).collect();
        let mut cluster = Servers { kit: kit.clone(), folder, zk, servers, _zookeeper: zookeeper };
        for id in cluster.ids() {
            cluster.write_properties(id, shape, ports[0])?;
        }
        cluster.start_broker(shape.controller)?;
        let others = cluster.ids().into_iter().filter(|id| *id != shape.controller);
        cluster.start_brokers(&others.collect::<Vec<i32>>())?;
        Ok(cluster)
    }

    pub fn ids(&self) -> Vec<i32> {
        self.servers.keys().copied().collect()
    }

    /// # Panics
    /// When the cluster has no such broker.
    pub fn port(&self, id: i32) -> u16 {
        self.servers[&id].port
    }

    pub fn is_running(&self, id: i32) -> bool {
        self.servers[&id].process.is_some()
    }

    pub fn is_frozen(&self, id: i32) -> bool {
        self.servers[&id].frozen
    }

    /// Where ZooKeeper writes its transactions.
    pub fn zookeeper_logs(&self) -> PathBuf {
        self.folder.join("zookeeper").join("version-2")
    }

    /// A broker's log directory.
    pub fn data(&self, id: i32) -> PathBuf {
        self.folder.join(format!("data-{id}"))
    }

    /// Starts a broker, and waits until it serves.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_broker(&mut self, id: i32) -> Result<(), Trouble> {
        self.start_brokers(&[id])
    }

    /// Starts several at once, and waits until all serve. A killed broker's znode outlives it until
    /// its session ends, and a broker that meets it gives up: so that is waited for first.
    ///
    /// # Errors
    /// When one does not start.
    pub fn start_brokers(&mut self, ids: &[i32]) -> Result<(), Trouble> {
        for id in ids {
            let path = format!("/brokers/ids/{id}");
            wait_until(&format!("the session of broker {id} to end"), || {
                Ok(self.zk.borrow_mut().get(&path)?.is_none())
            })?;
        }
        for id in ids {
            let config = self.properties_of(*id).display().to_string();
            let name = format!("broker-{id}");
            let process = Process::spawn(&self.kit, &name, BROKER_HEAP_MB, BROKER, &[&config])?;
            self.server(*id).process = Some(process);
        }
        for id in ids {
            self.wait_until_it_serves(*id)?;
            self.wait_until_it_has_its_partitions(*id);
            self.server(*id).calm_since_ms = Some(wall_ms());
        }
        Ok(())
    }

    /// Its socket opens before the controller tells it what it leads and follows. When nobody is
    /// controller nothing is told, and that is not waited for long.
    fn wait_until_it_has_its_partitions(&mut self, id: i32) {
        let has_some = fs::read_dir(self.data(id)).is_ok_and(|mut entries| {
            entries.any(|entry| entry.is_ok_and(|entry| entry.path().is_dir()))
        });
        let Some(process) = self.server(id).process.as_ref().filter(|_| has_some) else { return };
        let until = Instant::now() + TOLD;
        while !process.has_said("Finished LeaderAndIsr request") && Instant::now() < until {
            sleep(POLL);
        }
    }

    fn wait_until_it_serves(&mut self, id: i32) -> Result<(), Trouble> {
        let server = self.server(id);
        let process = server.process.as_mut().ok_or("it was not started")?;
        let port = server.port;
        wait_until(&format!("broker {id} to serve"), || {
            if process.has_ended() {
                return Err(format!("broker {id} ended; {}", process.last_words()));
            }
            // The socket alone opens before the broker is registered.
            Ok(process.has_said("started (kafka.server.KafkaServer)") && listens(port))
        })
    }

    /// SIGKILL.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&mut self, id: i32) -> Result<(), Trouble> {
        let server = self.server(id);
        let mut process = server.process.take().ok_or(format!("broker {id} does not run"))?;
        server.frozen = false;
        server.disturb();
        process.signal(Signal::Kill)?;
        process.wait_for_end(LIMIT)
    }

    /// SIGTERM, and waits until it has ended.
    ///
    /// # Errors
    /// When it does not run, or does not end.
    pub fn stop(&mut self, id: i32) -> Result<(), Trouble> {
        let server = self.server(id);
        let mut process = server.process.take().ok_or(format!("broker {id} does not run"))?;
        server.disturb();
        process.signal(Signal::Term)?;
        process.wait_for_end(LIMIT)
    }

    /// SIGSTOP.
    ///
    /// # Errors
    /// When it does not run.
    pub fn pause(&mut self, id: i32) -> Result<(), Trouble> {
        self.server(id).frozen = true;
        self.server(id).disturb();
        self.signal(id, Signal::Stop)
    }

    /// SIGCONT.
    ///
    /// # Errors
    /// When it does not run.
    pub fn resume(&mut self, id: i32) -> Result<(), Trouble> {
        self.server(id).frozen = false;
        // It may just be too late to save its session: that is the case's own doing.
        self.server(id).calm_since_ms = Some(wall_ms() + AFTER_FREEZE_MS);
        self.signal(id, Signal::Cont)
    }

    /// Brokers whose ZooKeeper session has ended since a time though nothing was done to them: the
    /// machine was too busy for their heartbeats.
    ///
    /// # Errors
    /// When ZooKeeper's log cannot be read.
    pub fn lost_sessions(&self, since_ms: i64) -> Result<Vec<i32>, Trouble> {
        let ended = zk_log::ended_sessions(&self.zookeeper_logs())?;
        let lost = ended.iter().filter(|end| {
            let server = self.servers.get(&end.broker);
            end.at_ms >= since_ms && server.is_some_and(|server| server.was_calm(end.at_ms))
        });
        Ok(lost.map(|end| end.broker).collect())
    }

    fn signal(&mut self, id: i32, signal: Signal) -> Result<(), Trouble> {
        let process =
            self.server(id).process.as_ref().ok_or(format!("broker {id} does not run"))?;
        process.signal(signal)
    }

    /// Every broker runs again and is registered.
    ///
    /// # Errors
    /// When one does not come back.
    pub fn restore(&mut self) -> Result<(), Trouble> {
        for id in self.ids() {
            if self.servers[&id].frozen {
                self.resume(id)?;
            }
        }
        let dead: Vec<i32> = self.ids().into_iter().filter(|id| !self.is_running(*id)).collect();
        self.start_brokers(&dead)?;
        wait_until("every broker to be registered", || {
            Ok(self.zk.borrow_mut().children("/brokers/ids")?.len() == self.servers.len())
        })
    }

    /// The controller's id; `None` while there is none.
    ///
    /// # Errors
    /// When ZooKeeper does not answer.
    pub fn controller(&self) -> Result<Option<i32>, Trouble> {
        let Some(znode) = self.zk.borrow_mut().get("/controller")? else { return Ok(None) };
        let json: serde_json::Value =
            serde_json::from_slice(&znode.data).map_err(|e| format!("/controller: {e}"))?;
        Ok(json["brokerid"].as_i64().and_then(|id| i32::try_from(id).ok()))
    }

    fn server(&mut self, id: i32) -> &mut Server {
        self.servers.get_mut(&id).unwrap_or_else(|| panic!("the cluster has no broker {id}"))
    }

    fn properties_of(&self, id: i32) -> PathBuf {
        self.folder.join(format!("broker-{id}.properties"))
    }

    fn write_properties(&self, id: i32, shape: &Shape, zookeeper: u16) -> Result<(), Trouble> {
        let mut lines = vec![
            format!("broker.id={id}"),
            format!("listeners=PLAINTEXT://127.0.0.1:{}", self.port(id)),
            format!("log.dirs={}", self.data(id).display()),
            format!("zookeeper.connect=127.0.0.1:{zookeeper}"),
            format!("offsets.topic.replication.factor={}", shape.brokers),
            format!("transaction.state.log.replication.factor={}", shape.brokers),
            format!("{}={}", DEDUPE_BUFFER.0, DEDUPE_BUFFER.1),
        ];
        lines.extend(PROPERTIES.iter().map(|line| (*line).to_owned()));
        // The last line of a key counts.
        lines.extend(shape.properties.iter().map(|(key, value)| format!("{key}={value}")));
        write(&self.properties_of(id), &(lines.join("\n") + "\n"))
    }
}

fn zookeeper_properties(data: &str, port: u16) -> String {
    let lines = [
        format!("dataDir={data}"),
        format!("clientPort={port}"),
        "clientPortAddress=127.0.0.1".to_owned(),
        "maxClientCnxns=0".to_owned(),
        "tickTime=500".to_owned(),
        "maxSessionTimeout=60000".to_owned(),
        "admin.enableServer=false".to_owned(),
        // Nobody cuts the electricity here; and its log is read while it grows.
        "forceSync=no".to_owned(),
        "preAllocSize=1024".to_owned(),
    ];
    lines.join("\n") + "\n"
}

/// Looks until it is so.
///
/// # Errors
/// When the look fails, or it is not so within [`LIMIT`].
pub fn wait_until(
    what: &str,
    mut look: impl FnMut() -> Result<bool, Trouble>,
) -> Result<(), Trouble> {
    let until = Instant::now() + LIMIT;
    while !look()? {
        if Instant::now() > until {
            return Err(format!("waited in vain for {what}"));
        }
        sleep(POLL);
    }
    Ok(())
}

fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// Milliseconds since 1970.
pub fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Ports that nobody listens on, below those that systems give to outgoing connections: a broker that
/// is down for a while finds its own port again. None is given out twice while there are others.
fn free_ports(count: usize) -> Result<Vec<u16>, Trouble> {
    static NEXT: Mutex<u16> = Mutex::new(0);
    let mut next = NEXT.lock().map_err(|_| "another thread has failed")?;
    let own = FIRST_PORT + (std::process::id() % 8_000) as u16;
    let first = if (own..LAST_PORT).contains(&*next) { *next } else { own };
    let free: Vec<u16> = (first..LAST_PORT)
        .chain(FIRST_PORT..first)
        .filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .take(count)
        .collect();
    *next = free.last().map_or(own, |last| last + 1);
    if free.len() == count { Ok(free) } else { Err("no free ports".to_owned()) }
}

/// The first of some free ports that follow each other: ZooKeeper's, and a few brokers'.
///
/// # Errors
/// When there are none.
pub fn free_ports_in_a_row() -> Result<u16, Trouble> {
    const COUNT: u16 = 8;
    for _ in 0..100 {
        let first = free_ports(1)?[0];
        let mut others = (first..).take(usize::from(COUNT));
        if others.all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok()) {
            free_ports(usize::from(COUNT))?;
            return Ok(first);
        }
    }
    Err("no free ports in a row".to_owned())
}

const FIRST_PORT: u16 = 20_000;
const LAST_PORT: u16 = 32_000;
