//! `highwater serve` as a process: what it does with frames that are right, wrong, half and too many,
//! what its standard input does, and that its recording replays.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// More than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// A bridge on free ports, stopped when it goes.
struct Bridge {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    ports: Vec<u16>,
}

impl Bridge {
    fn start(arguments: &[&str]) -> Bridge {
        let mut child = Command::new(env!("CARGO_BIN_EXE_highwater"))
            .args(["serve", "--port", "0"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the bridge starts");
        let stdin = child.stdin.take().expect("it is piped");
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("it greets");
        let addresses = line.strip_prefix("listening on ").expect("it says where it listens");
        let ports = addresses.split(' ').map_while(|word| word.strip_prefix("127.0.0.1:"));
        let ports = ports.map(|port| port.parse().expect("a port")).collect();
        Bridge { child, stdin, stdout, ports }
    }

    fn connect(&self, broker: usize) -> Line {
        let stream = TcpStream::connect(("127.0.0.1", self.ports[broker - 1]));
        let stream = stream.expect("it listens");
        stream.set_read_timeout(Some(LIMIT)).expect("a limit");
        Line(stream)
    }

    fn say(&mut self, statement: &str) -> String {
        writeln!(self.stdin, "{statement}").expect("it reads");
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("it answers");
        line.trim().to_owned()
    }

    /// SIGTERM; its exit code.
    fn stop(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").arg(id).status().expect("kill is there");
        assert!(sent.success(), "the bridge ran until now");
        let end = Instant::now() + LIMIT;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().expect("it is ours") {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the bridge did not stop");
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let _it_may_have_ended = self.child.kill();
        let _no_zombie_stays = self.child.wait();
    }
}

/// A client's connection.
struct Line(TcpStream);

impl Line {
    fn send(&mut self, bytes: &[u8]) -> &mut Line {
        self.0.write_all(bytes).expect("the socket takes it");
        self
    }

    /// The next answer's correlation id and body.
    fn answer(&mut self) -> (i32, Vec<u8>) {
        let mut length = [0; 4];
        self.0.read_exact(&mut length).expect("an answer comes");
        let mut body = vec![0; usize::try_from(i32::from_be_bytes(length)).expect("a length")];
        self.0.read_exact(&mut body).expect("a whole answer comes");
        let id = i32::from_be_bytes(body[..4].try_into().expect("four bytes"));
        (id, body.split_off(4))
    }

    /// Whether the other end closes without a word.
    fn is_closed(&mut self) -> bool {
        match self.0.read(&mut [0; 1]) {
            Ok(read) => read == 0,
            Err(error) => error.kind() == ErrorKind::ConnectionReset,
        }
    }
}

/// A frame with a header of version 1: key, version, correlation id, client id `t`, body.
fn frame(key: i16, version: i16, correlation: i32, body: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    frame.extend(key.to_be_bytes());
    frame.extend(version.to_be_bytes());
    frame.extend(correlation.to_be_bytes());
    frame.extend([0, 1, b't']);
    frame.extend(body);
    let length = i32::try_from(frame.len()).expect("small");
    [&length.to_be_bytes(), &frame[..]].concat()
}

fn api_versions(correlation: i32) -> Vec<u8> {
    frame(18, 0, correlation, &[])
}

/// Metadata v1 of a topic, which makes it.
fn metadata(correlation: i32, topic: &str) -> Vec<u8> {
    let mut body = 1_i32.to_be_bytes().to_vec();
    body.extend(i16::try_from(topic.len()).expect("short").to_be_bytes());
    body.extend(topic.bytes());
    frame(3, 1, correlation, &body)
}

fn scratch(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("highwater-serve-{}-{name}", std::process::id()))
}

#[test]
fn requests_are_answered_in_their_order() {
    let bridge = Bridge::start(&[]);
    let mut line = bridge.connect(1);
    let both: Vec<u8> = (1..=20).flat_map(api_versions).collect();
    line.send(&both);
    for id in 1..=20 {
        let (answered, body) = line.answer();
        assert_eq!((answered, &body[..2]), (id, &[0, 0][..]));
    }
    assert_eq!(bridge.stop(), Some(0));
}

#[test]
fn api_versions_in_an_unknown_version_is_answered_in_version_0() {
    let bridge = Bridge::start(&["--brokers", "1"]);
    let mut line = bridge.connect(1);
    let asked = frame(18, 9, 7, &[0, 1, 0]);
    let (id, body) = line.send(&asked).answer();
    assert_eq!((id, &body[..2]), (7, &35_i16.to_be_bytes()[..]));
    assert_eq!(body[2..], [0, 0, 0, 1, 0, 18, 0, 0, 0, 4], "the one entry of 3.9.1");
    assert_eq!(line.send(&api_versions(8)).answer().0, 8, "the connection goes on");
}

#[test]
fn what_cannot_be_read_closes_its_connection_and_no_other() {
    let bridge = Bridge::start(&["--brokers", "1"]);
    let mut other = bridge.connect(1);
    let garbage: [(&str, Vec<u8>); 8] = [
        ("a length below zero", (-1_i32).to_be_bytes().to_vec()),
        ("a length above socket.request.max.bytes", 104_857_601_i32.to_be_bytes().to_vec()),
        ("no header", vec![0, 0, 0, 0]),
        ("half a header", vec![0, 0, 0, 3, 0, 3, 0]),
        ("an unknown API", frame(999, 0, 1, &[])),
        ("an API between brokers", frame(4, 0, 1, &[])),
        ("an unknown version", frame(3, 99, 1, &[])),
        ("a body that is none", frame(3, 1, 1, &[0x7f, 0xff, 0xff, 0xff])),
    ];
    for (what, bytes) in garbage {
        let mut line = bridge.connect(1);
        assert!(line.send(&bytes).is_closed(), "{what}");
    }
    assert_eq!(other.send(&api_versions(1)).answer().0, 1);
    assert_eq!(bridge.stop(), Some(0));
}

#[test]
fn half_a_frame_waits_for_its_other_half() {
    let bridge = Bridge::start(&["--brokers", "1"]);
    let (mut line, bytes) = (bridge.connect(1), api_versions(3));
    for byte in &bytes {
        line.send(std::slice::from_ref(byte));
    }
    assert_eq!(line.answer().0, 3);
    let mut half = bridge.connect(1);
    half.send(&bytes[..5]);
    drop(half);
    assert_eq!(line.send(&bytes).answer().0, 3);
}

#[test]
fn a_client_that_reads_nothing_is_not_read_from_for_ever() {
    let bridge = Bridge::start(&["--brokers", "1"]);
    let mut deaf = bridge.connect(1);
    deaf.0.set_write_timeout(Some(Duration::from_secs(2))).expect("a limit");
    let many: Vec<u8> = (0..10_000).flat_map(|_| api_versions(1)).collect();
    let mut sent = 0;
    while sent < 512 << 20 && deaf.0.write_all(&many).is_ok() {
        sent += many.len();
    }
    assert!(sent < 512 << 20, "{sent} bytes of requests were taken without reading an answer");
    let mut other = bridge.connect(1);
    assert_eq!(other.send(&api_versions(2)).answer().0, 2);
}

#[test]
fn a_thousand_connections_are_served() {
    let bridge = Bridge::start(&[]);
    let mut lines: Vec<Line> = (0..900).map(|i| bridge.connect(1 + i % 3)).collect();
    for (id, line) in (0..).zip(&mut lines) {
        line.send(&api_versions(id));
    }
    for (id, line) in (0..).zip(&mut lines) {
        assert_eq!(line.answer().0, id);
    }
    drop(lines);
    let mut again: Vec<Line> = (0..900).map(|i| bridge.connect(1 + i % 3)).collect();
    assert_eq!(again[899].send(&api_versions(5)).answer().0, 5);
}

#[test]
fn a_killed_broker_closes_its_connections_and_refuses_new_ones_until_it_starts() {
    let mut bridge = Bridge::start(&["--set", "zookeeper.session.timeout.ms=1000"]);
    let (mut idle, mut used) = (bridge.connect(2), bridge.connect(2));
    assert_eq!(used.send(&api_versions(1)).answer().0, 1);
    assert_eq!(bridge.say("kill b2"), "ok");
    assert!(idle.is_closed() && used.is_closed());
    let refused = || TcpStream::connect(("127.0.0.1", bridge.ports[1])).is_err();
    assert!(eventually(refused), "nobody listens for a dead broker");
    assert!(bridge.say("kill b2").starts_with("error: "), "it is dead already");
    assert!(bridge.say("kil b2").starts_with("error: "));
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(bridge.say("start b2"), "ok");
    let listens = || TcpStream::connect(("127.0.0.1", bridge.ports[1])).is_ok();
    assert!(eventually(listens), "it listens again");
}

fn eventually(mut holds: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + LIMIT;
    while Instant::now() < end {
        if holds() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

#[test]
fn a_recording_replays_bit_for_bit() {
    let file = scratch("recording.scenario");
    let path = file.to_str().expect("a name in UTF-8");
    let mut bridge = Bridge::start(&["--record", path, "--set", "num.partitions=2"]);
    let (mut one, mut two) = (bridge.connect(1), bridge.connect(3));
    for id in 0..50 {
        one.send(&metadata(id, "made-by-asking"));
        two.send(&metadata(id, "also"));
        assert_eq!((one.answer().0, two.answer().0), (id, id));
    }
    assert_eq!(bridge.say("kill b2"), "ok");
    drop(one);
    assert_eq!(two.send(&api_versions(9)).answer().0, 9);
    assert_eq!(bridge.say("start b2"), "ok");
    assert_eq!(bridge.stop(), Some(0));
    let replayed = Command::new(env!("CARGO_BIN_EXE_highwater")).args(["digest", path]).output();
    let replayed = replayed.expect("it runs");
    let text = std::fs::read_to_string(&file).expect("it was written");
    let digest = text.lines().last().and_then(|line| line.strip_prefix("digest="));
    let digest = digest.expect("the recording ends with its digest");
    let printed = String::from_utf8_lossy(&replayed.stdout).into_owned();
    assert!(printed.starts_with(digest), "{printed}{}", String::from_utf8_lossy(&replayed.stderr));
    assert!(replayed.status.success());
    assert!(text.contains("frame client-1 "), "the client's bytes are in it");
    std::fs::remove_file(file).ok();
}

#[test]
fn wrong_arguments_are_refused_before_anything_runs() {
    for (arguments, said) in [
        (&["--brokers", "0"][..], "0"),
        (&["--set", "no.such.setting=1"], "no.such.setting"),
        (&["--set", "min.insync.replicas"], "KEY=VALUE"),
        (&["--scenario", "/no/such/file"], "/no/such/file"),
    ] {
        let mut run = Command::new(env!("CARGO_BIN_EXE_highwater"));
        let run = run.arg("serve").args(arguments).output().expect("it runs");
        assert_eq!(run.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8_lossy(&run.stderr).contains(said), "{arguments:?}");
    }
}
