//! Command-line tools as programs of the world: `kafka-topics` and its siblings.
//!
//! A tool is a process with arguments, standard input and output, that reaches brokers only through the
//! client library, by requests that can be seen and dropped. What it prints and how it exits are events
//! with Kafka 3.9's words. One tool, one file, with its table of flags ([`Tool::flags`]).

pub mod consuming;
pub mod fault;
pub mod flags;
pub mod properties;
pub mod shell;
pub mod terminal;
mod alter_configs;
mod api_versions;
mod argparse;
mod cluster;
mod configs;
mod configs_options;
mod configs_quotas;
mod console_consumer;
mod console_consumer_options;
mod console_partition;
mod console_producer;
mod delete_records;
mod deserializers;
mod dump_log;
mod dump_offsets;
mod election;
mod formatters;
mod group_records;
mod groups;
mod groups_admin;
mod groups_options;
mod groups_reset;
mod groups_tables;
mod java_order;
mod json_files;
mod log_dirs;
mod offsets;
mod server;
mod partitions;
pub mod perf_run;
mod perf_test;
mod reassign;
mod reassign_directories;
mod reassign_plan;
mod reassign_spread;
mod reassign_throttles;
mod reset_plan;
mod sending;
mod timestamps;
mod topic_settings;
mod topics;
mod topics_options;
pub mod zk_session;
pub mod zookeeper_shell;
mod zookeeper_commands;

use std::collections::VecDeque;

use crate::engine::client::calls::{Answer, Call, Calls};
use crate::engine::event::{EventKind, TimerPurpose, ToolStream};
use crate::engine::ids::{BrokerId, CorrelationId, Text};
use crate::engine::node::{Ctx, Timer};
use crate::engine::protocol::zk::{ZkReply, ZkWatchEvent};
use crate::engine::protocol::{Payload, Response};
use crate::engine::rng::Stream;
use crate::engine::system::{SystemAnswer, SystemCall};
use crate::engine::time::Micros;

use consuming::{ConsumerPlan, Consuming};
use perf_run::PerfRun;
use shell::{AdminConfig, Flow, Place, Question, Saved, Shell, Stop, Told};
use terminal::Terminal;
use zk_session::{Heard, ZkSession};

pub use shell::tool_name;

/// What one tool is.
#[derive(Clone, Copy, Debug)]
pub struct Tool {
    /// Its name, as Kafka ships it, without `.sh`.
    pub name: &'static str,
    /// Its flags; see [`flags`].
    pub flags: &'static str,
    /// Its program.
    run: fn(&mut Shell<'_>) -> Flow<()>,
}

/// Every tool, by name.
pub const TOOLS: &[Tool] = &[
    api_versions::TOOL,
    configs::TOOL,
    console_consumer::TOOL,
    console_producer::TOOL,
    groups::TOOL,
    delete_records::TOOL,
    dump_log::TOOL,
    offsets::TOOL,
    election::TOOL,
    log_dirs::TOOL,
    perf_test::TOOL,
    reassign::TOOL,
    server::START,
    server::STOP,
    topics::TOOL,
    zookeeper_shell::TOOL,
];

/// Programs of every machine that are not Kafka's.
const OTHERS: &[Tool] = &[server::JPS, server::KILL];

/// The tool that a command line begins with.
#[must_use]
pub fn find(word: &str) -> Option<&'static Tool> {
    let name = tool_name(word);
    TOOLS.iter().find(|tool| tool.name == name)
}

/// The program that a command line begins with on a machine: a tool, `jps` or `kill`.
#[must_use]
pub fn find_on_machine(word: &str) -> Option<&'static Tool> {
    let name = tool_name(word);
    find(word).or_else(|| OTHERS.iter().find(|tool| tool.name == name))
}

/// 128 and the number of SIGINT.
const INTERRUPTED: i32 = 130;
/// How long a consumer may take to close.
const CLOSE_TIMEOUT: Micros = Micros(30_000_000);

/// A tool's process.
#[derive(Clone, Debug)]
pub struct ToolProcess {
    argv: Vec<Text>,
    place: Place,
    calls: Option<Calls>,
    /// Its consumer, when it has one; then it asks nothing beside it.
    consuming: Option<Box<Consuming>>,
    zookeeper: Option<Box<ZkSession>>,
    perf: Option<Box<PerfRun>>,
    /// Watches that fired and were not told yet.
    watched: VecDeque<ZkWatchEvent>,
    journal: Vec<Told>,
    /// Calls whose answers are waited for, in order.
    asked: Vec<(u64, Option<Answer>)>,
    /// Lines that were printed.
    printed: u64,
    /// Pauses so far: the tag of the one that counts.
    pauses: u64,
    /// Lines that were typed and not read yet.
    typed: VecDeque<Text>,
    typed_all: bool,
    /// Whether it waits for a line.
    reads: bool,
    /// Whether it waits for its machine.
    asks_machine: bool,
    saved: Option<Saved>,
    /// Ctrl-C was typed: it only closes its consumer now.
    interrupted: bool,
    ended: bool,
}

impl ToolProcess {
    /// A tool that has not started. `argv` begins with its name.
    #[must_use]
    pub fn new(argv: Vec<Text>, place: Place) -> ToolProcess {
        ToolProcess {
            argv,
            place,
            calls: None,
            consuming: None,
            zookeeper: None,
            perf: None,
            watched: VecDeque::new(),
            journal: Vec::new(),
            asked: Vec::new(),
            printed: 0,
            pauses: 0,
            typed: VecDeque::new(),
            typed_all: false,
            reads: false,
            asks_machine: false,
            saved: None,
            interrupted: false,
            ended: false,
        }
    }

    /// Its name and arguments.
    #[must_use]
    pub fn argv(&self) -> &[Text] {
        &self.argv
    }

    /// It starts.
    pub fn start(&mut self, ctx: &mut Ctx<'_>) {
        self.run(ctx);
    }

    /// A line was typed; `None`: there are no more.
    pub fn input(&mut self, ctx: &mut Ctx<'_>, line: Option<Text>) {
        match line {
            Some(line) => self.typed.push_back(line),
            None => self.typed_all = true,
        }
        if std::mem::take(&mut self.reads) {
            self.run(ctx);
        }
    }

    /// Ctrl-C: Java ends, with 128 and the signal's number; a consumer leaves its group before.
    pub fn interrupt(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(Saved::Server(pid)) = &self.saved {
            // The server shares the terminal: it gets the signal, and the tool ends with it.
            return ctx.system(SystemCall::Signal { pid: *pid, kill: false });
        }
        if std::mem::replace(&mut self.interrupted, true) {
            return self.exit(ctx, INTERRUPTED);
        }
        if let Some(consuming) = &mut self.consuming {
            consuming.close(ctx);
        }
        self.leave_interrupted(ctx);
    }

    /// Ends once its consumer is closed.
    fn leave_interrupted(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(consuming) = &mut self.consuming {
            consuming.told(ctx);
            if !consuming.is_closed() {
                return;
            }
        }
        let count = match &self.saved {
            Some(Saved::Consumer(reading)) => Some(reading.count),
            _ => self.consuming.as_ref().map(|_| 0),
        };
        if let Some(count) = count {
            let line = format!("Processed a total of {count} messages").into();
            ctx.emit(EventKind::ToolPrinted { stream: ToolStream::Err, line, ended: true });
        }
        self.exit(ctx, INTERRUPTED);
    }

    /// An answer arrived.
    pub fn on_response(
        &mut self,
        ctx: &mut Ctx<'_>,
        broker: BrokerId,
        correlation: CorrelationId,
        body: Response,
    ) {
        if let Some(perf) = &mut self.perf {
            perf.on_response(ctx, broker, correlation, body);
            return self.perf_goes_on(ctx);
        }
        if let Some(consuming) = &mut self.consuming {
            consuming.on_response(ctx, broker, correlation, body);
        } else if let Some(calls) = &mut self.calls {
            calls.on_response(ctx, broker, correlation, body);
        }
        self.go_on(ctx);
    }

    /// The machine answered.
    pub fn on_system(&mut self, ctx: &mut Ctx<'_>, answer: SystemAnswer) {
        if std::mem::take(&mut self.asks_machine) {
            self.journal.push(Told::System(answer));
            self.run(ctx);
        }
    }

    /// ZooKeeper said something.
    pub fn on_zookeeper(&mut self, ctx: &mut Ctx<'_>, payload: Payload) {
        match payload {
            Payload::ZkReply { body, .. } => self.on_zookeeper_reply(ctx, body),
            Payload::ZkWatch(event) => {
                self.watched.push_back(event);
                if std::mem::take(&mut self.reads) {
                    self.run(ctx);
                }
            }
            _ => {}
        }
    }

    /// The connection to ZooKeeper broke.
    pub fn on_zookeeper_lost(&mut self, ctx: &mut Ctx<'_>) {
        let heard = self.zookeeper.as_mut().map_or(Heard::Nothing, |session| session.on_lost());
        self.on_heard(ctx, heard);
    }

    fn on_zookeeper_reply(&mut self, ctx: &mut Ctx<'_>, reply: ZkReply) {
        if let Some(session) = &mut self.zookeeper {
            let heard = session.on_reply(ctx, reply);
            self.on_heard(ctx, heard);
        }
    }

    fn on_heard(&mut self, ctx: &mut Ctx<'_>, heard: Heard) {
        if let Heard::Answer(results) = heard {
            self.journal.push(Told::Zookeeper(results));
            self.run(ctx);
        }
    }

    /// A timer fired.
    pub fn on_timer(&mut self, ctx: &mut Ctx<'_>, timer: &Timer) {
        if timer.purpose == TimerPurpose::ToolPause {
            if timer.tag == self.pauses && !self.interrupted {
                let given_up = self.consuming.as_mut().and_then(|it| it.give_up(ctx));
                self.journal.push(given_up.unwrap_or_else(|| Told::Clock(ctx.wall_ms())));
                self.run(ctx);
            }
            return;
        }
        if let Some(perf) = &mut self.perf {
            perf.on_timer(ctx, timer);
            return self.perf_goes_on(ctx);
        }
        if let Some(session) = &mut self.zookeeper {
            let heard = session.on_timer(ctx, timer);
            return self.on_heard(ctx, heard);
        }
        if let Some(consuming) = &mut self.consuming {
            consuming.on_timer(ctx, timer);
        } else if let Some(calls) = &mut self.calls {
            calls.on_timer(ctx, timer);
        }
        self.go_on(ctx);
    }

    /// The connection to a broker broke.
    pub fn on_connection_lost(&mut self, ctx: &mut Ctx<'_>, broker: BrokerId) {
        if let Some(perf) = &mut self.perf {
            perf.on_connection_lost(ctx, broker);
            return self.perf_goes_on(ctx);
        }
        if let Some(consuming) = &mut self.consuming {
            consuming.on_connection_lost(ctx, broker);
        } else if let Some(calls) = &mut self.calls {
            calls.on_connection_lost(ctx, broker);
        }
        self.go_on(ctx);
    }

    fn perf_goes_on(&mut self, ctx: &mut Ctx<'_>) {
        if self.perf.as_mut().is_some_and(|perf| perf.go_on(ctx)) {
            self.exit(ctx, 0);
        }
    }

    /// Runs the program on, when everything that it asked has been answered.
    fn go_on(&mut self, ctx: &mut Ctx<'_>) {
        if self.interrupted {
            return self.leave_interrupted(ctx);
        }
        let told = self.consuming.as_mut().and_then(|consuming| consuming.told(ctx));
        if let Some(told) = told {
            // The pause that was to end the waiting does not count any more.
            self.pauses += 1;
            self.journal.push(told);
            self.run(ctx);
        } else if self.is_answered() {
            self.run(ctx);
        }
    }

    /// Takes answers in; whether all that were waited for are there.
    fn is_answered(&mut self) -> bool {
        let answers = self.calls.as_mut().map(Calls::take_answers).unwrap_or_default();
        for (id, answer) in answers {
            if let Some(asked) = self.asked.iter_mut().find(|(asked, _)| *asked == id) {
                asked.1 = Some(answer);
            }
        }
        if self.asked.is_empty() || self.asked.iter().any(|(_, answer)| answer.is_none()) {
            return false;
        }
        let answers = std::mem::take(&mut self.asked).into_iter().filter_map(|(_, answer)| answer);
        self.journal.push(Told::Answers(answers.collect()));
        true
    }

    fn run(&mut self, ctx: &mut Ctx<'_>) {
        while !self.ended {
            let mut terminal = Terminal::default();
            let mut shell = Shell {
                argv: &self.argv,
                place: &self.place,
                wall_ms: ctx.wall_ms(),
                terminal: &mut terminal,
                admin: None,
                consumer: None,
                saved: self.saved.clone(),
                saving: None,
                journal: &self.journal,
                question: None,
            };
            let code = match program(&mut shell) {
                Ok(()) => Some(0),
                Err(Stop::Exit(code)) => Some(code),
                Err(Stop::Thrown(fault)) => {
                    let text = format!("Exception in thread \"main\" {}", fault.trace());
                    shell.err(text.trim_end_matches('\n'));
                    Some(1)
                }
                Err(Stop::Waiting) => None,
            };
            let (question, admin) = (shell.question.take(), shell.admin.take());
            let (saving, consumer) = (shell.saving.take(), shell.consumer.take());
            if code.is_some() {
                terminal.flush();
            }
            self.tell(ctx, &terminal);
            self.keep(saving);
            if let Some(code) = code {
                return self.exit(ctx, code);
            }
            let goes_on = match question {
                Some(Question::Calls(wanted)) => self.ask(ctx, admin, wanted),
                Some(Question::Poll { most, wait }) => self.poll(ctx, consumer, (most, wait)),
                Some(question) => self.hear(ctx, question),
                None => false,
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Asks the cluster; true when all is answered already.
    fn ask(&mut self, ctx: &mut Ctx<'_>, admin: Option<AdminConfig>, wanted: Vec<Call>) -> bool {
        if self.calls.is_none()
            && let Some(admin) = admin
        {
            let (request, api) = (admin.request_timeout, admin.api_timeout);
            self.calls = Some(Calls::new(admin.bootstrap, request, api));
        }
        let Some(calls) = &mut self.calls else { return false };
        self.asked = wanted.into_iter().map(|w| (calls.ask(ctx, w), None)).collect();
        calls.run(ctx);
        self.is_answered()
    }

    /// Polls its consumer, which begins with that; true when there is something already.
    fn poll(
        &mut self,
        ctx: &mut Ctx<'_>,
        plan: Option<ConsumerPlan>,
        (most, wait): (u32, Option<Micros>),
    ) -> bool {
        if self.consuming.is_none()
            && let Some(plan) = plan
        {
            self.calls = None;
            self.consuming = Some(Box::new(Consuming::start(ctx, plan)));
        }
        let Some(consuming) = &mut self.consuming else { return false };
        consuming.poll(most);
        if let Some(told) = consuming.told(ctx) {
            self.journal.push(told);
            return true;
        }
        if let Some(wait) = wait {
            self.pause(ctx, wait);
        }
        false
    }

    /// What it wants to know that is not of the cluster; true when it is told already.
    fn hear(&mut self, ctx: &mut Ctx<'_>, question: Question) -> bool {
        match question {
            Question::Pause(pause) => {
                self.pause(ctx, pause);
                return false;
            }
            Question::Close => {
                let closing = self.consuming.as_mut().is_some_and(|consuming| {
                    consuming.close(ctx);
                    !consuming.is_closed()
                });
                if closing {
                    self.pause(ctx, CLOSE_TIMEOUT);
                    return false;
                }
                self.journal.push(Told::Clock(ctx.wall_ms()));
            }
            Question::Random(bound) => {
                self.journal.push(Told::Random(ctx.random_below(Stream::Client, bound)));
            }
            Question::Perf(spec) => {
                self.perf = Some(Box::new(PerfRun::start(ctx, *spec)));
                self.perf_goes_on(ctx);
                return false;
            }
            Question::System(call) => {
                self.asks_machine = true;
                ctx.system(call);
                return false;
            }
            Question::Zookeeper { timeout, ops } => {
                let session =
                    self.zookeeper.get_or_insert_with(|| Box::new(ZkSession::new(timeout)));
                match session.ask(ctx, ops) {
                    Heard::Nothing => return false,
                    Heard::Answer(results) => self.journal.push(Told::Zookeeper(results)),
                }
            }
            Question::Lines { wait } => {
                self.reads = !self.read_lines(wait);
                return !self.reads;
            }
            Question::Calls(_) | Question::Poll { .. } => return false,
        }
        true
    }

    /// Lets time pass, unless something comes before.
    fn pause(&mut self, ctx: &mut Ctx<'_>, pause: Micros) {
        self.pauses += 1;
        let purpose = TimerPurpose::ToolPause;
        let cause = ctx.timer_cause();
        ctx.set_timer_caused(pause, Timer { purpose, tag: self.pauses }, cause);
    }

    /// Goes on from here when it runs next.
    fn keep(&mut self, saving: Option<(Saved, u64, u64)>) {
        let Some((saved, left, lines)) = saving else { return };
        self.saved = Some(saved);
        let left = usize::try_from(left).unwrap_or(usize::MAX).min(self.journal.len());
        self.journal.drain(..self.journal.len() - left);
        self.printed = self.printed.saturating_sub(lines);
    }

    /// Hands typed lines over; false when one must be waited for.
    fn read_lines(&mut self, wait: bool) -> bool {
        if wait && let Some(event) = self.watched.pop_front() {
            self.journal.push(Told::Watched(event));
            return true;
        }
        if wait && self.typed.is_empty() && !self.typed_all {
            return false;
        }
        self.journal.push(Told::Lines(self.typed.drain(..).collect(), self.typed_all));
        true
    }

    fn tell(&mut self, ctx: &mut Ctx<'_>, terminal: &Terminal) {
        for line in terminal.lines(self.printed) {
            self.printed += 1;
            let (stream, line, ended) = (line.stream, line.text.as_str().into(), line.ended);
            ctx.emit(EventKind::ToolPrinted { stream, line, ended });
        }
    }

    fn exit(&mut self, ctx: &mut Ctx<'_>, code: i32) {
        if !std::mem::replace(&mut self.ended, true) {
            if let Some(session) = &mut self.zookeeper {
                session.close(ctx);
            }
            ctx.emit(EventKind::ToolExited { code });
            ctx.exit();
        }
    }
}

/// What a shell does: it finds the tool and runs it.
fn program(shell: &mut Shell<'_>) -> Flow<()> {
    let name = shell.argv.first().cloned().unwrap_or_else(|| "".into());
    let Some(tool) = find_on_machine(&name) else {
        shell.err(&format!("sh: {name}: command not found"));
        return Err(Stop::Exit(127));
    };
    (tool.run)(shell)
}
