//! `zookeeper-shell`: znodes by hand (ZooKeeper 3.8's `ZooKeeperMain`), in a session of its own.
//!
//! One command on its command line, or commands line by line on standard input. What a command does is
//! in [`super::zookeeper_commands`].

use crate::engine::ids::Text;
use crate::engine::program::tool::Tool;
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::shell::{Flow, Heard, Saved, Shell, Stop};
use crate::engine::program::tool::zookeeper_commands::{self as commands, Failed};
use crate::engine::protocol::zk::{ZkOp, ZkWatchEvent, ZkWatchKind};
use crate::engine::time::Micros;

/// The tool.
pub(super) const TOOL: Tool = Tool { name: "zookeeper-shell", flags: "", run };

/// How far a shell has come that reads commands from its terminal.
#[derive(Clone, Debug)]
pub struct Commands {
    /// Commands so far.
    history: Vec<Text>,
    /// Whether watches and connections are told.
    prints: bool,
    /// Whether the connection was told.
    greeted: bool,
    /// `close` was said.
    closed: bool,
    /// How the last command went.
    code: i32,
    /// Lines that were read and not carried out.
    lines: Vec<Text>,
    /// Whether there will be no more.
    ended: bool,
}

/// One shell at work.
pub(super) struct Client<'s, 'a> {
    /// The tool's process.
    pub shell: &'s mut Shell<'a>,
    /// Path that stands before every path (`host:2181/chroot`).
    pub root: String,
    /// What is kept between commands.
    pub state: Commands,
    timeout: Micros,
    /// Whether anybody listens at the address.
    listens: bool,
}

/// What the command line says before the command.
struct Options {
    server: Text,
    timeout_ms: i64,
    command: Vec<Text>,
}

fn run(shell: &mut Shell<'_>) -> Flow<()> {
    let words: Vec<Text> = shell.words().to_vec();
    let Some(first) = words.first() else {
        // The script's own word.
        let name = shell.argv[0].clone();
        shell.out(&format!(
            "USAGE: {name} zookeeper_host:port[/path] [-zk-tls-config-file file] [args...]"
        ));
        return Err(Stop::Exit(1));
    };
    // As the script is called, the address comes first; as the class is, behind `-server`.
    let options = match first.starts_with('-') {
        true => options(shell, &words),
        false => options(shell, &[&["-server".into()], &words[..]].concat()),
    };
    if !matches!(shell.saved, Some(Saved::Zookeeper(_))) {
        shell.out(&format!("Connecting to {}", options.server));
    }
    let (address, root) = match options.server.split_once('/') {
        Some((address, root)) => (address, format!("/{}", root.trim_end_matches('/'))),
        None => (&*options.server, String::new()),
    };
    let listens = address.split(',').any(|address| is_zookeeper(address.trim()));
    let timeout = Micros::from_ms(options.timeout_ms);
    let root = if root == "/" { String::new() } else { root };
    let fresh = Commands {
        history: Vec::new(),
        prints: true,
        greeted: false,
        closed: false,
        code: 0,
        lines: Vec::new(),
        ended: false,
    };
    let state = match shell.saved.clone() {
        Some(Saved::Zookeeper(state)) => state,
        _ => fresh,
    };
    let mut client = Client { shell, root, state, timeout, listens };
    if options.command.is_empty() {
        return client.interact();
    }
    client.state.history.push("null".into());
    client.carry_out(&options.command)?;
    client.end()
}

/// `MyCommandOptions.parseOptions`: options it does not know are passed over.
fn options(shell: &mut Shell<'_>, words: &[Text]) -> Options {
    let mut read =
        Options { server: "localhost:2181".into(), timeout_ms: 30_000, command: Vec::new() };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match &**word {
            "-server" | "-timeout" | "-client-configuration" | "-zk-tls-config-file" => {
                let Some(value) = words.next() else {
                    shell.err(&format!("Error: no argument found for option {word}"));
                    break;
                };
                match &**word {
                    "-server" => read.server = value.clone(),
                    "-timeout" => read.timeout_ms = value.parse().unwrap_or(30_000),
                    _ => {}
                }
            }
            option if option.starts_with('-') => {}
            _ => {
                read.command.push(word.clone());
                read.command.extend(words.cloned());
                break;
            }
        }
    }
    read
}

/// Whether the world's ZooKeeper is meant.
fn is_zookeeper(address: &str) -> bool {
    let (host, port) = address.rsplit_once(':').unwrap_or((address, "2181"));
    port == "2181" && matches!(host, "zk" | "localhost" | "127.0.0.1")
}

impl Client<'_, '_> {
    /// Commands from the terminal.
    fn interact(&mut self) -> Flow<()> {
        if !matches!(self.shell.saved, Some(Saved::Zookeeper(_))) {
            self.shell.out("Welcome to ZooKeeper!");
            self.shell.out("JLine support is disabled");
            // Who has nothing to say is gone before the connection is there.
            let connected = self.connect()?;
            let (lines, ended) = self.shell.lines(false)?;
            (self.state.lines, self.state.ended) = (lines, ended);
            if self.state.lines.is_empty() && ended {
                return Ok(());
            }
            if connected {
                self.greet();
            }
            self.save();
        }
        loop {
            while !self.state.lines.is_empty() {
                let line = self.state.lines.remove(0);
                self.execute(&line)?;
                self.save();
            }
            if self.state.ended {
                return self.end();
            }
            match self.shell.lines_or_watch()? {
                Heard::Lines(lines, ended) => {
                    (self.state.lines, self.state.ended) = (lines.to_vec(), ended);
                }
                Heard::Watch(event) => self.tell_watch(&event),
            }
            self.save();
        }
    }

    /// `executeLine`.
    fn execute(&mut self, line: &str) -> Flow<()> {
        let words = split(line);
        if line.is_empty() {
            return Ok(());
        }
        self.state.history.push(line.into());
        self.carry_out(&words)
    }

    /// `processCmd`: runs a command and keeps its exit code.
    pub(super) fn carry_out(&mut self, words: &[Text]) -> Flow<()> {
        self.state.code = match commands::run(self, words) {
            Ok(()) => 0,
            Err(Failed::Stop(stop)) => return Err(stop),
            Err(Failed::Told(words, code)) => {
                self.shell.err(&words);
                code
            }
        };
        Ok(())
    }

    /// `ServiceUtils.requestSystemExit`.
    pub(super) fn end(&mut self) -> Flow<()> {
        match self.state.code {
            0 => Ok(()),
            code => {
                let words = format!("Exiting JVM with code {code}");
                self.shell.log_error("org.apache.zookeeper.util.ServiceUtils", &words);
                Err(Stop::Exit(code))
            }
        }
    }

    /// Asks for operations; connects before, and tells that.
    ///
    /// # Errors
    /// Nobody listens, or the connection broke.
    pub(super) fn ask(&mut self, path: &str, ops: Vec<ZkOp>) -> Result<Vec<commands::One>, Failed> {
        if !self.connect()? {
            self.shell.err("java.net.ConnectException: Connection refused");
            return Err(lost(path));
        }
        self.greet();
        match self.shell.zookeeper(self.timeout, ops)? {
            Some(results) => Ok(results),
            None => Err(lost(path)),
        }
    }

    /// Whether there is a connection; it is not told yet.
    fn connect(&mut self) -> Flow<bool> {
        if self.state.greeted {
            return Ok(true);
        }
        Ok(self.listens && self.shell.zookeeper(self.timeout, Vec::new())?.is_some())
    }

    fn greet(&mut self) {
        if !std::mem::replace(&mut self.state.greeted, true) {
            self.tell_event("SyncConnected", "None", "null");
        }
    }

    /// `close`, and what is said of it.
    pub(super) fn close(&mut self) -> Result<(), Failed> {
        if !self.state.closed {
            self.ask("/", vec![ZkOp::GetEphemerals {}])?;
            self.state.closed = true;
            self.tell_event("Closed", "None", "null");
        }
        Ok(())
    }

    /// Whether `close` was said.
    pub(super) fn is_closed(&self) -> bool {
        self.state.closed
    }

    /// `printwatches`.
    pub(super) fn prints(&mut self) -> &mut bool {
        &mut self.state.prints
    }

    /// Commands so far.
    pub(super) fn history(&self) -> &[Text] {
        &self.state.history
    }

    fn tell_watch(&mut self, event: &ZkWatchEvent) {
        let kind = match event.kind {
            ZkWatchKind::Created => "NodeCreated",
            ZkWatchKind::Deleted => "NodeDeleted",
            ZkWatchKind::DataChanged => "NodeDataChanged",
            ZkWatchKind::ChildrenChanged => "NodeChildrenChanged",
        };
        let path = event.path.strip_prefix(&*self.root).unwrap_or(&event.path).to_owned();
        self.tell_event("SyncConnected", kind, if path.is_empty() { "/" } else { &path });
    }

    /// `MyWatcher.process`.
    fn tell_event(&mut self, state: &str, kind: &str, path: &str) {
        if self.state.prints {
            self.shell.out("\nWATCHER::");
            self.shell.out(&format!("\nWatchedEvent state:{state} type:{kind} path:{path}"));
        }
    }

    fn save(&mut self) {
        let state = self.state.clone();
        self.shell.save(Saved::Zookeeper(state));
    }
}

fn lost(path: &str) -> Failed {
    Failed::Told(format!("KeeperErrorCode = ConnectionLoss for {path}"), 1)
}

/// Words of a line, quoted ones as one (`MyCommandOptions.parseCommand`).
fn split(line: &str) -> Vec<Text> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, after) = match first {
            '"' | '\'' => rest[1..].split_once(first).unwrap_or((&rest[1..], "")),
            _ => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word.into());
        rest = after.trim_start();
    }
    words
}

impl From<Stop> for Failed {
    fn from(stop: Stop) -> Failed {
        Failed::Stop(stop)
    }
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Failed {
        Failed::Stop(Stop::Thrown(fault))
    }
}
