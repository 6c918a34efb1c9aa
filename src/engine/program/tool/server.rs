//! `kafka-server-start` and `kafka-server-stop` (the scripts and `kafka.Kafka`), and what one needs
//! beside them on a machine: `jps` and `kill`.
//!
//! They act on the machine on which they run. A broker has the settings of its world; a properties file
//! of the working directory and `--override` change some.

use crate::engine::address;
use crate::engine::ids::{BrokerId, Text};
use crate::engine::program::tool::Tool;
use crate::engine::program::tool::flags::Flags;
use crate::engine::program::tool::properties::Properties;
use crate::engine::program::tool::shell::{Flow, Saved, Shell, Stop};
use crate::engine::system::{SystemAnswer, SystemCall};
use crate::engine::time::Micros;

/// `kafka-server-start`.
pub(super) const START: Tool = Tool { name: "kafka-server-start", flags: FLAGS, run: start };
/// `kafka-server-stop`.
pub(super) const STOP: Tool = Tool { name: "kafka-server-stop", flags: "", run: stop };
/// `jps`: Java's processes.
pub(super) const JPS: Tool = Tool { name: "jps", flags: "", run: jps };
/// `kill`.
pub(super) const KILL: Tool = Tool { name: "kill", flags: "", run: kill };

const FLAGS: &str = "override= version";
/// The file of settings that every machine has.
const OWN_FILE: &str = "server.properties";
/// How often a foreground server is looked at.
const LOOK: Micros = Micros(200_000);

fn start(shell: &mut Shell<'_>) -> Flow<()> {
    let words: Vec<Text> = shell.words().to_vec();
    let Some(first) = words.first() else {
        let name = shell.argv[0].clone();
        shell.out(&format!(
            "USAGE: {name} [-daemon] server.properties [--override property=value]*"
        ));
        return Err(Stop::Exit(1));
    };
    let is_daemon = &**first == "-daemon";
    // What a daemon prints goes into a file of its own.
    match (serve(shell, &words[usize::from(is_daemon)..], is_daemon), is_daemon) {
        (Err(Stop::Exit(_)), true) => Ok(()),
        (done, _) => done,
    }
}

fn serve(shell: &mut Shell<'_>, words: &[Text], is_daemon: bool) -> Flow<()> {
    if let Some(Saved::Server(pid)) = shell.saved {
        return wait_for(shell, pid);
    }
    let (broker, settings) = match settings(shell, words) {
        Err(Stop::Waiting) => return Err(Stop::Waiting),
        Ok(read) => read,
        // A daemon has no terminal to say it on.
        Err(Stop::Thrown(fault)) if !is_daemon => return Err(fatal(shell, &fault.trace())),
        Err(Stop::Thrown(_)) => return Err(Stop::Exit(1)),
        Err(stop) => return Err(stop),
    };
    let call = SystemCall::StartBroker { broker, settings };
    if let SystemAnswer::Done(Err(words)) = shell.system(call)? {
        return match is_daemon {
            true => Err(Stop::Exit(1)),
            false => Err(fatal(shell, &words)),
        };
    }
    if is_daemon {
        return Ok(());
    }
    log(shell, &format!("INFO [KafkaServer id={broker}] started (kafka.server.KafkaServer)"));
    match shell.system(SystemCall::Processes)? {
        SystemAnswer::Processes(list) => match list.iter().find(|(id, _)| *id == broker) {
            Some((_, pid)) => {
                shell.save(Saved::Server(*pid));
                wait_for(shell, *pid)
            }
            None => Err(Stop::Exit(1)),
        },
        _ => Err(Stop::Waiting),
    }
}

/// The server's process has the terminal until it ends.
fn wait_for(shell: &mut Shell<'_>, pid: u32) -> Flow<()> {
    loop {
        let SystemAnswer::Processes(list) = shell.system(SystemCall::Processes)? else {
            return Err(Stop::Waiting);
        };
        if !list.iter().any(|(_, known)| *known == pid) {
            // SIGTERM's number above 128, as a shell tells it.
            return Err(Stop::Exit(143));
        }
        shell.pause(LOOK)?;
        shell.save(Saved::Server(pid));
    }
}

/// `Kafka.getPropsFromArgs`: which broker, and what it is given beside the world's settings.
fn settings(shell: &mut Shell<'_>, words: &[Text]) -> Flow<(BrokerId, Vec<(Text, Text)>)> {
    const USAGE: &str =
        "USAGE: java [options] kafka.Kafka server.properties [--override property=value]*";
    if words.is_empty() || words.iter().any(|word| &**word == "--help") {
        return Err(shell.usage(USAGE));
    }
    if words.iter().any(|word| &**word == "--version") {
        shell.version();
        return Err(Stop::Exit(0));
    }
    let mut properties = match shell.file(&words[0]) {
        Some(text) => Properties::read(text),
        None if words[0].rsplit('/').next() == Some(OWN_FILE) => Properties::default(),
        None => shell.properties(&words[0])?,
    };
    let flags = Flags::parse(FLAGS, &words[1..])?;
    if !flags.others.is_empty() {
        let others = flags.others.iter().map(|word| &**word).collect::<Vec<_>>().join(",");
        return Err(shell.usage(&format!("Found non argument parameters: {others}")));
    }
    properties.set_all(&Properties::of_words(flags.values("override").map(|word| &**word)));
    let told = properties.get("broker.id").and_then(|id| id.trim().parse().ok()).map(BrokerId);
    let broker = match (shell.place.host, told) {
        // Over loopback every broker is on one machine: the file says which.
        (None, Some(told)) if shell.place.first_port != 0 => told,
        (Some(host), None) => host,
        (Some(host), Some(told)) if host == told => host,
        (Some(host), Some(told)) => {
            let dir = address::log_dir(shell.place.first_port, host);
            let words = format!(
                "Configured broker.id {told} doesn't match stored broker.id Optional[{host}] in \
                 {dir}/meta.properties. If you moved your data, make sure your configured broker.id \
                 matches. If you intend to create a new broker, you should remove all data in your \
                 data directories (log.dirs)."
            );
            let class = "org.apache.kafka.common.KafkaException";
            return Err(super::fault::Fault::new(class, &words).into());
        }
        (None, _) => {
            let words = "no Kafka is installed on this machine";
            return Err(super::fault::Fault::new("java.lang.ClassNotFoundException", words).into());
        }
    };
    let given = properties.all().filter(|(key, _)| *key != "broker.id");
    Ok((broker, given.map(|(key, value)| (key.into(), value.into())).collect()))
}

/// `fatal("Exiting Kafka due to fatal exception", e)`, with the server's log4j.
fn fatal(shell: &mut Shell<'_>, trace: &str) -> Stop {
    log(shell, "ERROR Exiting Kafka due to fatal exception (kafka.Kafka$)");
    shell.out(trace.trim_end_matches('\n'));
    Stop::Exit(1)
}

/// A server logs on standard output.
fn log(shell: &mut Shell<'_>, words: &str) {
    let line = format!("[{}] {words}", super::shell::date(shell.wall_ms));
    shell.out(&line);
}

fn processes(shell: &mut Shell<'_>) -> Flow<Vec<(BrokerId, u32)>> {
    match shell.system(SystemCall::Processes)? {
        SystemAnswer::Processes(list) => Ok(list),
        _ => Err(Stop::Waiting),
    }
}

fn stop(shell: &mut Shell<'_>) -> Flow<()> {
    let running = processes(shell)?;
    if running.is_empty() {
        shell.out("No kafka server to stop");
        return Err(Stop::Exit(1));
    }
    for (_, pid) in running {
        shell.system(SystemCall::Signal { pid, kill: false })?;
    }
    Ok(())
}

fn jps(shell: &mut Shell<'_>) -> Flow<()> {
    for (_, pid) in processes(shell)? {
        shell.out(&format!("{pid} Kafka"));
    }
    Ok(())
}

fn kill(shell: &mut Shell<'_>) -> Flow<()> {
    let mut signal: Text = "TERM".into();
    let mut pids = Vec::new();
    let words = shell.words().to_vec();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.strip_prefix('-') {
            Some("s") => signal = words.next().cloned().unwrap_or_else(|| "".into()),
            Some(name) => signal = name.into(),
            None => pids.push(word.clone()),
        }
    }
    let kill = match &*signal.trim_start_matches("SIG").to_ascii_uppercase() {
        "9" | "KILL" => true,
        "15" | "TERM" | "2" | "INT" => false,
        _ => {
            shell.err(&format!("kill: {signal}: invalid signal specification"));
            return Err(Stop::Exit(1));
        }
    };
    if pids.is_empty() {
        shell.err("kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]");
        return Err(Stop::Exit(2));
    }
    let mut code = 0;
    for text in pids {
        let Ok(pid) = text.parse() else {
            shell.err(&format!("kill: {text}: arguments must be process or job IDs"));
            code = 1;
            continue;
        };
        if let SystemAnswer::Done(Err(words)) = shell.system(SystemCall::Signal { pid, kill })? {
            shell.err(&format!("kill: {words}"));
            code = 1;
        }
    }
    if code == 0 { Ok(()) } else { Err(Stop::Exit(code)) }
}
