//! What a tool's program sees: its arguments, its terminal, the cluster by questions and answers.
//!
//! A tool's program is a plain function that reads like Kafka's own source. It asks, and where the
//! answer is not there yet it ends with [`Stop::Waiting`]; when the answer has come it runs again from
//! its beginning, with every answer so far in a journal, and comes further. It is therefore a function
//! of its arguments and the journal; what it printed before is not printed again. So a tool has no
//! states to keep, and a checkpoint copies only its journal.

use std::collections::BTreeMap;
use std::rc::Rc;

use bytes::Bytes;

use crate::engine::address;
use crate::engine::client::calls::{Answer, Call};
use crate::engine::client::consumer::Polled;
use crate::engine::event::ToolStream;
use crate::engine::ids::{BrokerId, Text};
use crate::engine::program::tool::console_consumer::Reading;
use crate::engine::program::tool::consuming::ConsumerPlan;
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::perf_run::PerfSpec;
use crate::engine::program::tool::properties::Properties;
use crate::engine::program::tool::sending::SenderState;
use crate::engine::program::tool::terminal::Terminal;
use crate::engine::program::tool::zk_session::ZkResults;
use crate::engine::program::tool::zookeeper_shell::Commands;
use crate::engine::protocol::zk::{ZkOp, ZkWatchEvent};
use crate::engine::system::{SystemAnswer, SystemCall};
use crate::engine::time::Micros;

/// How a tool's program ends, when it does not come to its end.
#[derive(Clone, Debug)]
pub enum Stop {
    /// It waits for what it asked.
    Waiting,
    /// `Exit.exit(code)`.
    Exit(i32),
    /// It threw.
    Thrown(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Thrown(fault)
    }
}

/// What a step of a tool's program gives.
pub type Flow<T> = Result<T, Stop>;

/// Where a tool runs.
#[derive(Clone, Debug)]
pub struct Place {
    /// `lab.loopback.port`.
    pub first_port: i64,
    /// Number of brokers of the world.
    pub brokers: u16,
    /// The machine that it runs on; `None`: one without a broker.
    pub host: Option<BrokerId>,
    /// Files of the directory in which it runs.
    pub files: Rc<BTreeMap<Text, Text>>,
}

/// An admin client to be.
#[derive(Clone, Debug)]
pub struct AdminConfig {
    /// Brokers to begin with.
    pub bootstrap: Vec<BrokerId>,
    /// `request.timeout.ms`.
    pub request_timeout: Micros,
    /// `default.api.timeout.ms`.
    pub api_timeout: Micros,
}

/// What a tool's program wants to know.
#[derive(Clone, Debug)]
pub enum Question {
    /// Of the cluster, several at once.
    Calls(Vec<Call>),
    /// That so much time has passed.
    Pause(Micros),
    /// A number below this.
    Random(u64),
    /// Lines of standard input: all that are there, or at least one.
    Lines { wait: bool },
    /// Records of its consumer, at most so many, or that so much time has passed.
    Poll { most: u32, wait: Option<Micros> },
    /// That its consumer has left its group.
    Close,
    /// That this test runs to its end, and the process with it.
    Perf(Box<PerfSpec>),
    /// Of the machine that it runs on.
    System(SystemCall),
    /// Of ZooKeeper, in a session that begins with the first of these.
    Zookeeper { timeout: Micros, ops: Vec<ZkOp> },
}

/// What it was told.
#[derive(Clone, Debug)]
pub enum Told {
    /// Answers, in the order of the calls.
    Answers(Rc<[Answer]>),
    /// It is so late now, in ms since 1970.
    Clock(i64),
    /// A number.
    Random(u64),
    /// Lines, and whether there will be no more.
    Lines(Rc<[Text]>, bool),
    /// Records, and how late it is, in ms since 1970.
    Polled(Rc<[Polled]>, i64),
    /// Its consumer threw, with these words.
    Threw(Text),
    /// The machine's answer.
    System(SystemAnswer),
    /// ZooKeeper's results; none when the connection broke before.
    Zookeeper(Option<ZkResults>),
    /// While it waited for a line, a watch fired.
    Watched(ZkWatchEvent),
}

/// What comes to who waits for lines and for watches.
#[derive(Clone, Debug)]
pub enum Heard {
    /// Lines, and whether there will be no more.
    Lines(Rc<[Text]>, bool),
    /// A watch fired.
    Watch(ZkWatchEvent),
}

/// How far a tool has come that runs on and on: it need not be run through from its beginning.
#[derive(Clone, Debug)]
pub enum Saved {
    /// `kafka-console-producer`.
    Producer {
        /// Its identity and sequences.
        state: SenderState,
        /// Lines read.
        lines: u32,
    },
    /// `kafka-console-consumer`.
    Consumer(Reading),
    /// `kafka-server-start` in the foreground: the process that it waits for.
    Server(u32),
    /// `zookeeper-shell` that reads commands.
    Zookeeper(Commands),
}

/// A tool's program as it runs.
pub struct Shell<'a> {
    /// Its name and arguments.
    pub argv: &'a [Text],
    /// Where it runs.
    pub place: &'a Place,
    /// Milliseconds since 1970.
    pub wall_ms: i64,
    /// Where it prints.
    pub terminal: &'a mut Terminal,
    /// The admin client, once it has one.
    pub admin: Option<AdminConfig>,
    /// Its consumer, once it has one.
    pub consumer: Option<ConsumerPlan>,
    /// How far it had come when it last said so.
    pub saved: Option<Saved>,
    /// What it says of that now, with what is left of the journal and lines printed by then.
    pub(super) saving: Option<(Saved, u64, u64)>,
    pub(super) journal: &'a [Told],
    pub(super) question: Option<Question>,
}

impl Shell<'_> {
    /// Its arguments without its name.
    #[must_use]
    pub fn words(&self) -> &[Text] {
        self.argv.get(1..).unwrap_or_default()
    }

    /// `System.out.println`.
    pub fn out(&mut self, line: &str) {
        self.terminal.print(ToolStream::Out, line);
        self.terminal.print(ToolStream::Out, "\n");
    }

    /// `System.out.print`.
    pub fn print(&mut self, text: &str) {
        self.terminal.print(ToolStream::Out, text);
    }

    /// `System.err.println`.
    pub fn err(&mut self, line: &str) {
        self.terminal.print(ToolStream::Err, line);
        self.terminal.print(ToolStream::Err, "\n");
    }

    /// A logger's `error(message)`, with log4j's pattern of the tools.
    pub fn log_error(&mut self, logger: &str, message: &str) {
        let line = format!("[{}] ERROR {message} ({logger})", date(self.wall_ms));
        self.err(&line);
    }

    /// `CommandLineUtils.printUsageAndExit`.
    pub fn usage(&mut self, message: &str) -> Stop {
        self.err(message);
        self.options();
        Stop::Exit(1)
    }

    /// The list of options, on standard error.
    pub fn options(&mut self) {
        let name = tool_name(&self.argv[0]);
        self.terminal.options(name);
    }

    /// What every tool's `main` does with what was thrown.
    pub fn print_fault(&mut self, fault: &Fault) -> Stop {
        self.err(fault.words());
        self.err(&fault.trace());
        Stop::Exit(1)
    }

    /// Asks the cluster several things at once.
    ///
    /// # Errors
    /// [`Stop::Waiting`], until all answers are there.
    pub fn ask_all(&mut self, calls: Vec<Call>) -> Flow<Rc<[Answer]>> {
        if calls.is_empty() {
            return Ok(Rc::new([]));
        }
        match self.next(|| Question::Calls(calls))? {
            Told::Answers(answers) => Ok(answers),
            _ => Err(Stop::Waiting),
        }
    }

    /// Lets time pass, and says how late it is then, in ms since 1970.
    ///
    /// # Errors
    /// [`Stop::Waiting`], until it has passed.
    pub fn pause(&mut self, pause: Micros) -> Flow<i64> {
        match self.next(|| Question::Pause(pause))? {
            Told::Clock(ms) => Ok(ms),
            _ => Err(Stop::Waiting),
        }
    }

    /// A number below `bound`.
    ///
    /// # Errors
    /// [`Stop::Waiting`], until it is drawn.
    pub fn random(&mut self, bound: u64) -> Flow<u64> {
        match self.next(|| Question::Random(bound))? {
            Told::Random(number) => Ok(number),
            _ => Err(Stop::Waiting),
        }
    }

    /// Lines of standard input that have been typed, and whether there will be no more; waits for one
    /// where that is wanted.
    ///
    /// # Errors
    /// [`Stop::Waiting`], until there is one.
    pub fn lines(&mut self, wait: bool) -> Flow<(Vec<Text>, bool)> {
        match self.next(|| Question::Lines { wait })? {
            Told::Lines(lines, ended) => Ok((lines.to_vec(), ended)),
            _ => Err(Stop::Waiting),
        }
    }

    /// Runs a test; the process ends with it.
    ///
    /// # Errors
    /// [`Stop::Waiting`], always.
    pub fn perf(&mut self, spec: PerfSpec) -> Flow<()> {
        self.question = Some(Question::Perf(Box::new(spec)));
        Err(Stop::Waiting)
    }

    /// Asks the machine.
    ///
    /// # Errors
    /// [`Stop::Waiting`], until it has answered.
    pub fn system(&mut self, call: SystemCall) -> Flow<SystemAnswer> {
        match self.next(|| Question::System(call))? {
            Told::System(answer) => Ok(answer),
            _ => Err(Stop::Waiting),
        }
    }

    /// A file of the machine, or of the directory in which it runs.
    ///
    /// # Errors
    /// [`Stop::Waiting`], until it is read.
    pub fn machine_file(&mut self, path: &str) -> Flow<Option<Bytes>> {
        if let Some(text) = self.place.files.get(path) {
            return Ok(Some(Bytes::copy_from_slice(text.as_bytes())));
        }
        match self.system(SystemCall::Read(path.into()))? {
            SystemAnswer::File(bytes) => Ok(bytes),
            _ => Err(Stop::Waiting),
        }
    }

    /// Asks ZooKeeper, one operation after the other; without any it only connects.
    ///
    /// # Errors
    /// [`Stop::Waiting`], until it has answered.
    pub fn zookeeper(&mut self, timeout: Micros, ops: Vec<ZkOp>) -> Flow<Option<ZkResults>> {
        match self.next(|| Question::Zookeeper { timeout, ops })? {
            Told::Zookeeper(results) => Ok(results),
            _ => Err(Stop::Waiting),
        }
    }

    /// A line of standard input, `None` when there will be none; or a watch that fired before one came.
    ///
    /// # Errors
    /// [`Stop::Waiting`], until there is one.
    pub fn lines_or_watch(&mut self) -> Flow<Heard> {
        match self.next(|| Question::Lines { wait: true })? {
            Told::Lines(lines, ended) => Ok(Heard::Lines(lines, ended)),
            Told::Watched(event) => Ok(Heard::Watch(event)),
            _ => Err(Stop::Waiting),
        }
    }

    /// Records of its consumer, at most `most`, and how late it is; none when so much time has passed.
    ///
    /// # Errors
    /// [`Stop::Waiting`], until there are some; what the consumer throws.
    pub fn poll(&mut self, most: u32, wait: Option<Micros>) -> Flow<(Rc<[Polled]>, i64)> {
        match self.next(|| Question::Poll { most, wait })? {
            Told::Polled(polled, now) => Ok((polled, now)),
            Told::Threw(words) => Err(consumer_fault(&words).into()),
            _ => Err(Stop::Waiting),
        }
    }

    /// Closes its consumer: it commits, if it does so by itself, and leaves its group.
    ///
    /// # Errors
    /// [`Stop::Waiting`], until it has left.
    pub fn close_consumer(&mut self) -> Flow<()> {
        self.next(|| Question::Close).map(drop)
    }

    /// Says how far it has come: its next run begins here.
    pub fn save(&mut self, saved: Saved) {
        let left = u64::try_from(self.journal.len()).unwrap_or(u64::MAX);
        self.saving = Some((saved, left, self.terminal.count()));
    }

    /// A properties file (`Utils.loadProps`).
    ///
    /// # Errors
    /// There is no such file.
    pub fn properties(&self, file: &str) -> Result<Properties, Fault> {
        match self.place.files.get(file) {
            Some(text) => Ok(Properties::read(text)),
            None => Err(Fault::new("java.nio.file.NoSuchFileException", file)),
        }
    }

    /// A whole file.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&Text> {
        self.place.files.get(name)
    }

    /// Makes the admin client (`Admin.create`).
    ///
    /// # Errors
    /// A setting will not do.
    pub fn connect(&mut self, servers: &str, settings: &Properties) -> Result<(), Fault> {
        let failed = |cause| {
            let class = "org.apache.kafka.common.KafkaException";
            Fault::new(class, "Failed to create new KafkaAdminClient").caused(cause)
        };
        let bootstrap = self.bootstrap(servers).map_err(failed)?;
        let ms = |key: &str, default: i64| -> Result<Micros, Fault> {
            let Some(text) = settings.get(key) else { return Ok(Micros::from_ms(default)) };
            let number: Option<i64> = text.trim().parse().ok().filter(|ms| *ms >= 0);
            number.map(Micros::from_ms).ok_or_else(|| {
                let words = format!(
                    "Invalid value {text} for configuration {key}: Not a number of type INT"
                );
                failed(config_fault(&words))
            })
        };
        self.admin = Some(AdminConfig {
            bootstrap,
            request_timeout: ms("request.timeout.ms", 30_000)?,
            api_timeout: ms("default.api.timeout.ms", 60_000)?,
        });
        Ok(())
    }

    /// Brokers behind `bootstrap.servers` (`ClientUtils.parseAndValidateAddresses`). Addresses at
    /// which nobody listens are passed over.
    ///
    /// # Errors
    /// One is no address, or no host of any has an address.
    pub fn bootstrap(&self, servers: &str) -> Result<Vec<BrokerId>, Fault> {
        let mut brokers = Vec::new();
        let mut resolved = false;
        for url in servers.split(',').map(str::trim).filter(|url| !url.is_empty()) {
            let Some((host, port)) = host_and_port(url) else {
                return Err(config_fault(&format!("Invalid url in bootstrap.servers: {url}")));
            };
            let Ok(port) = port.parse::<u16>() else {
                return Err(config_fault(&format!("Invalid port in bootstrap.servers: {url}")));
            };
            resolved |= self.resolves(host);
            let listener = address::listener(self.place.first_port, host, port);
            brokers.extend(listener.filter(|id| id.0 <= i32::from(self.place.brokers)));
        }
        if !resolved {
            return Err(config_fault("No resolvable bootstrap urls given in bootstrap.servers"));
        }
        Ok(brokers)
    }

    fn resolves(&self, host: &str) -> bool {
        let number = host.strip_prefix('b').and_then(|digits| digits.parse::<u16>().ok());
        host == "localhost"
            || host == "zk"
            || host.split('.').filter(|part| part.parse::<u8>().is_ok()).count() == 4
            || number.is_some_and(|id| (1..=self.place.brokers).contains(&id))
    }

    fn next(&mut self, question: impl FnOnce() -> Question) -> Flow<Told> {
        match self.journal.split_first() {
            Some((told, rest)) => {
                self.journal = rest;
                Ok(told.clone())
            }
            None => {
                self.question = Some(question());
                Err(Stop::Waiting)
            }
        }
    }
}

/// What a consumer throws, of which the library has the words.
fn consumer_fault(words: &str) -> Fault {
    let class = match words.split(' ').next() {
        Some("Undefined") => "org.apache.kafka.clients.consumer.NoOffsetForPartitionException",
        _ => "org.apache.kafka.common.KafkaException",
    };
    Fault::new(class, words)
}

/// `org.apache.kafka.common.config.ConfigException`.
#[must_use]
pub fn config_fault(words: &str) -> Fault {
    Fault::new("org.apache.kafka.common.config.ConfigException", words)
}

/// Host and port of an address (`Utils.getHost`, `Utils.getPort`).
#[must_use]
pub fn host_and_port(url: &str) -> Option<(&str, &str)> {
    let (host, port) = url.rsplit_once(':')?;
    let host = host.rsplit_once("//").map_or(host, |(_, host)| host);
    let is_port = !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit());
    is_port.then_some((host, port))
}

/// A tool's name without `.sh` and without a folder.
#[must_use]
pub fn tool_name(word: &str) -> &str {
    let name = word.rsplit('/').next().unwrap_or(word);
    name.strip_suffix(".sh").unwrap_or(name)
}

/// A moment as log4j writes it: `2026-11-22 21:33:23,761`.
#[must_use]
pub fn date(wall_ms: i64) -> String {
    let (days, ms) = (wall_ms.div_euclid(86_400_000), wall_ms.rem_euclid(86_400_000));
    // Howard Hinnant's `civil_from_days`, with years that begin in March.
    let shifted = days + 719_468;
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let year = year + era * 400 + i64::from(month <= 2);
    let (seconds, ms) = (ms / 1_000, ms % 1_000);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02},{ms:03}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_reads_as_log4j_writes_it() {
        assert_eq!(date(0), "1970-01-01 00:00:00,000");
        assert_eq!(date(1_709_210_096_789), "2024-02-29 12:34:56,789");
        assert_eq!(date(1_767_225_600_000), "2026-01-01 00:00:00,000");
    }

    #[test]
    fn an_address_has_a_host_and_a_port() {
        assert_eq!(host_and_port("b1:9092"), Some(("b1", "9092")));
        assert_eq!(host_and_port("PLAINTEXT://b1:9092"), Some(("b1", "9092")));
        assert_eq!(host_and_port("nonsense"), None);
    }
}
