//! Commands of `zookeeper-shell` (`org.apache.zookeeper.cli`), with their words.

use crate::engine::ids::Text;
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::shell::{Stop, date};
use crate::engine::program::tool::zookeeper_shell::Client;
use crate::engine::protocol::zk::{ZkError, ZkOp, ZkResult, ZnodeStat};

/// Why a command did not end well.
#[derive(Clone, Debug)]
pub(super) enum Failed {
    /// The process waits, ends or throws.
    Stop(Stop),
    /// `CliException`: its message, and the exit code.
    Told(String, i32),
}

/// A result of one operation.
pub(super) type One = Result<ZkResult, ZkError>;
type Done = Result<(), Failed>;

/// Commands and what follows them, by name. A blank stands behind those that take nothing.
const USAGES: &str = "addWatch [-m mode] path # optional mode is one of [PERSISTENT, PERSISTENT_RECURSIVE] - default is PERSISTENT_RECURSIVE
addauth scheme auth
close 
config [-c] [-w] [-s]
connect host:port
create [-s] [-e] [-c] [-t ttl] path [data] [acl]
delete [-v version] path
deleteall path [-b batch size]
delquota [-n|-b|-N|-B] path
get [-s] [-w] path
getAcl [-s] path
getAllChildrenNumber path
getEphemerals path
history 
listquota path
ls [-s] [-w] [-R] path
printwatches on|off
quit 
reconfig [-s] [-v version] [[-file path] | [-members serverID=host:port1:port2;port3[,...]*]] | [-add serverId=host:port1:port2;port3[,...]]* [-remove serverId[,...]*]
redo cmdno
removewatches path [-c|-d|-a] [-l]
set [-s] [-v version] path data
setAcl [-s] [-v version] [-R] path acl
setquota -n|-b|-N|-B val path
stat [-w] path
sync path
version 
whoami 
";

/// Options of a command as joptsimple's cousin commons-cli reads them: letters, `:` takes an argument.
const OPTIONS: &[(&str, &str)] = &[
    ("create", "secet:"),
    ("delete", "v:"),
    ("deleteall", "b:"),
    ("get", "sw"),
    ("getAcl", "s"),
    ("ls", "swR"),
    ("set", "sv:"),
    ("stat", "w"),
];

/// A command line, read.
struct Line {
    given: Vec<(char, Text)>,
    /// Words that are no options, without the command.
    words: Vec<Text>,
    usage: &'static str,
}

impl Line {
    fn has(&self, option: char) -> bool {
        self.given.iter().any(|(given, _)| *given == option)
    }

    fn value(&self, option: char) -> Option<&Text> {
        self.given.iter().find(|(given, _)| *given == option).map(|(_, value)| value)
    }

    /// The argument at a place, without which the command tells how it is used.
    fn word(&self, place: usize) -> Result<Text, Failed> {
        self.words.get(place).cloned().ok_or_else(|| told(self.usage))
    }

    /// The version that a write asks for; −1 is any.
    fn version(&self, word: Option<&Text>) -> Result<i32, Failed> {
        match self.value('v').or(word) {
            None => Ok(-1),
            Some(text) => text.parse().map_err(|_| Failed::from(Fault::no_number(text))),
        }
    }
}

fn told(words: impl Into<String>) -> Failed {
    Failed::Told(words.into(), 1)
}

fn usage_of(command: &str) -> Option<&'static str> {
    USAGES.lines().find(|line| line.split(' ').next() == Some(command))
}

/// `processZKCmd`.
pub(super) fn run(client: &mut Client<'_, '_>, words: &[Text]) -> Done {
    let command = words.first().map_or("", |word| word);
    let Some(usage) = usage_of(command) else {
        client
            .shell
            .err("ZooKeeper -server host:port -client-configuration properties-file cmd args");
        for line in USAGES.lines() {
            client.shell.err(&format!("\t{line}"));
        }
        let words = match command {
            "" => "No command entered".to_owned(),
            other => format!("Command not found: Command not found {other}"),
        };
        return Err(Failed::Told(words, if command.is_empty() { 1 } else { 127 }));
    };
    match command {
        "quit" => {
            client.close()?;
            return match client.end() {
                Ok(()) => Err(Failed::Stop(Stop::Exit(0))),
                Err(stop) => Err(Failed::Stop(stop)),
            };
        }
        "history" => return history(client),
        "redo" if words.len() > 1 => return redo(client, &words[1]),
        "printwatches" => return print_watches(client, words.get(1)),
        _ => {}
    }
    if client.is_closed() {
        client.shell.out("Not connected");
        return Ok(());
    }
    match command {
        "close" => client.close(),
        "version" => {
            client.shell.out(VERSION);
            Ok(())
        }
        _ => {
            let line = read(command, usage, &words[1..])?;
            with_line(client, command, &line)
        }
    }
}

/// ZooKeeper's own release, of Kafka 3.9.1.
const VERSION: &str = "ZooKeeper CLI version: \
    3.8.4-9316c2a7a97e1666d8f4593f34dd6fc36ecc436c, built on 2024-02-12 22:16 UTC";

fn with_line(client: &mut Client<'_, '_>, command: &str, line: &Line) -> Done {
    match command {
        "ls" => ls(client, line),
        "get" => get(client, line),
        "stat" => stat(client, line),
        "create" => create(client, line),
        "set" => set(client, line),
        "delete" => delete(client, line),
        "deleteall" => delete_all(client, line),
        "getAcl" => acl(client, line),
        "getAllChildrenNumber" => {
            let path = valid(line.word(0)?)?;
            let count = subtree(client, &path)?.len() - 1;
            client.shell.out(&count.to_string());
            Ok(())
        }
        "getEphemerals" => ephemerals(client, line),
        "sync" => {
            let path = valid(line.word(0)?)?;
            client.ask(&path, vec![ZkOp::GetEphemerals {}])?;
            client.shell.out("Sync is OK");
            Ok(())
        }
        // A watch of a command went with its session: there is none to take back.
        "removewatches" => {
            let path = valid(line.word(0)?)?;
            client.ask(&path, vec![ZkOp::GetEphemerals {}])?;
            Err(told(format!("KeeperErrorCode = No such watcher for {path}")))
        }
        "whoami" => {
            client.ask("/", vec![ZkOp::GetEphemerals {}])?;
            client.shell.out("Auth scheme: User");
            client.shell.out("ip: 127.0.0.1");
            Ok(())
        }
        "config" => {
            client.ask("/", vec![ZkOp::GetEphemerals {}])?;
            client.shell.out("");
            Ok(())
        }
        "listquota" => {
            let path = valid(line.word(0)?)?;
            client.ask(&path, vec![ZkOp::GetEphemerals {}])?;
            client.shell.err(&format!("absolute path is /zookeeper/quota{path}/zookeeper_limits"));
            client.shell.err(&format!("quota for {path} does not exist."));
            Ok(())
        }
        "connect" | "addauth" => Ok(()),
        // ACLs, quotas, ensembles and recursive watches are not modelled.
        _ => Err(told(format!("KeeperErrorCode = Unimplemented for {}", line.word(0)?))),
    }
}

/// `CliCommand.parse` (commons-cli's `DefaultParser`): options may stand anywhere.
fn read(command: &str, usage: &'static str, words: &[Text]) -> Result<Line, Failed> {
    let options = OPTIONS.iter().find(|(name, _)| *name == command).map_or("", |(_, o)| o);
    let mut line = Line { given: Vec::new(), words: Vec::new(), usage };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
            line.words.push(word.clone());
            continue;
        };
        for letter in letters.chars() {
            let Some(place) = options.find(letter).filter(|_| letter != ':') else {
                return Err(told(format!(
                    "org.apache.commons.cli.UnrecognizedOptionException: Unrecognized option: {word}"
                )));
            };
            let takes = options[place + 1..].starts_with(':');
            let value = match takes.then(|| words.next()) {
                Some(Some(value)) => value.clone(),
                Some(None) => {
                    return Err(told(format!(
                        "org.apache.commons.cli.MissingArgumentException: Missing argument for \
                         option: {letter}"
                    )));
                }
                None => "".into(),
            };
            line.given.push((letter, value));
        }
    }
    Ok(line)
}

/// `PathUtils.validatePath`.
fn valid(path: Text) -> Result<Text, Failed> {
    if path.is_empty() {
        return Err(told("Path length must be > 0"));
    }
    if !path.starts_with('/') {
        return Err(told("Path must start with / character"));
    }
    if path.len() > 1 && path.ends_with('/') {
        return Err(told("Path must not end with / character"));
    }
    let mut at = 0;
    for name in path.split('/').skip(1).filter(|_| path.len() > 1) {
        at += 1;
        let reason = match name {
            "" => format!("empty node name specified @{at}"),
            "." | ".." => format!("relative paths not allowed @{}", at + name.len() - 1),
            _ => String::new(),
        };
        if !reason.is_empty() {
            return Err(told(format!("Invalid path string \"{path}\" caused by {reason}")));
        }
        at += name.len();
    }
    Ok(path)
}

/// The words of `CliWrapperException`.
fn refused(error: ZkError, path: &str) -> Failed {
    let words = match error {
        ZkError::NoNode => "Node does not exist: ",
        ZkError::NodeExists => "Node already exists: ",
        ZkError::NotEmpty => "Node not empty: ",
        ZkError::BadVersion | ZkError::Fenced => "version No is not valid : ",
        ZkError::NoChildrenForEphemerals => "Ephemerals cannot have children: ",
        ZkError::BadArguments => "Arguments are not valid : ",
        ZkError::RolledBack => "KeeperErrorCode = RuntimeInconsistency for ",
    };
    told(format!("{words}{path}"))
}

/// A path as the server knows it.
fn full(client: &Client<'_, '_>, path: &str) -> Text {
    match (client.root.is_empty(), path) {
        (true, path) => path.into(),
        (false, "/") => client.root.as_str().into(),
        (false, path) => format!("{}{path}", client.root).into(),
    }
}

/// Operations on one path, all of which have to go well.
fn on_path(
    client: &mut Client<'_, '_>,
    path: &str,
    ops: impl FnOnce(Text) -> Vec<ZkOp>,
) -> Result<Vec<ZkResult>, Failed> {
    let ops = ops(full(client, path));
    let results = client.ask(path, ops)?;
    results.into_iter().map(|result| result.map_err(|error| refused(error, path))).collect()
}

fn deprecated(client: &mut Client<'_, '_>, old: &str, new: &str) {
    client.shell.err(&format!("'{old}' has been deprecated. Please use '{new}' instead."));
}

fn ls(client: &mut Client<'_, '_>, line: &Line) -> Done {
    let path = line.word(0)?;
    let old = line.words.len() > 1;
    if old {
        deprecated(client, "ls path [watch]", "ls [-w] path");
    }
    let path = valid(path)?;
    if line.has('R') {
        let list = subtree(client, &path)?;
        list.iter().for_each(|path| client.shell.out(path));
        return Ok(());
    }
    let watch = line.has('w') || old;
    let results = on_path(client, &path, |path| {
        vec![ZkOp::GetChildren { path: path.clone(), watch }, ZkOp::GetStat { path }]
    })?;
    if let Some(ZkResult::Children { names }) = results.first() {
        let names = names.iter().map(|name| &**name).collect::<Vec<_>>().join(", ");
        client.shell.out(&format!("[{names}]"));
    }
    print_stat(client, results.get(1).filter(|_| line.has('s')));
    Ok(())
}

/// A znode and all below it: children first, then what is below each (`ZKUtil.visitSubTreeDFS`).
fn subtree(client: &mut Client<'_, '_>, path: &Text) -> Result<Vec<Text>, Failed> {
    let mut list = vec![path.clone()];
    let mut open = vec![path.clone()];
    while let Some(path) = open.pop() {
        let results =
            on_path(client, &path, |path| vec![ZkOp::GetChildren { path, watch: false }])?;
        let Some(ZkResult::Children { names }) = results.into_iter().next() else { continue };
        let within = if &*path == "/" { "" } else { &*path };
        let children: Vec<Text> =
            names.iter().map(|name| format!("{within}/{name}").into()).collect();
        list.extend(children.iter().cloned());
        open.extend(children.into_iter().rev());
    }
    Ok(list)
}

fn get(client: &mut Client<'_, '_>, line: &Line) -> Done {
    let path = line.word(0)?;
    let old = line.words.len() > 1;
    if old {
        deprecated(client, "get path [watch]", "get [-w] path");
    }
    let path = valid(path)?;
    let watch = line.has('w') || old;
    let results = on_path(client, &path, |path| {
        vec![ZkOp::GetData { path: path.clone(), watch }, ZkOp::GetStat { path }]
    })?;
    if let Some(ZkResult::Data { data, .. }) = results.first() {
        // What ZooKeeper makes by itself holds nothing, what others make without data holds null.
        let own = &*path == "/" || path.starts_with("/zookeeper");
        let text = if data.is_empty() && !own { "null" } else { data };
        client.shell.out(text);
    }
    print_stat(client, results.get(1).filter(|_| line.has('s')));
    Ok(())
}

fn stat(client: &mut Client<'_, '_>, line: &Line) -> Done {
    let path = line.word(0)?;
    let old = line.words.len() > 1;
    if old {
        deprecated(client, "stat path [watch]", "stat [-w] path");
    }
    let path = valid(path)?;
    let watch = line.has('w') || old;
    let results = on_path(client, &path, |path| {
        vec![ZkOp::Exists { path: path.clone(), watch }, ZkOp::GetStat { path }]
    })?;
    print_stat(client, results.get(1));
    Ok(())
}

fn create(client: &mut Client<'_, '_>, line: &Line) -> Done {
    let path = line.word(0)?;
    let (ephemeral, sequential, container) = (line.has('e'), line.has('s'), line.has('c'));
    if container && (ephemeral || sequential) {
        return Err(told(
            "-c cannot be combined with -s or -e. Containers cannot be ephemeral or sequential.",
        ));
    }
    if let Some(ttl) = line.value('t') {
        if ttl.parse::<i64>().is_err() {
            return Err(told("-t argument must be a long value"));
        }
        if ephemeral || container {
            let kind = if ephemeral { "Ephemeral" } else { "Container" };
            return Err(told(format!("TTLs cannot be used with {kind} znodes")));
        }
    }
    let path = valid(path)?;
    if line.has('t') {
        client.ask(&path, vec![ZkOp::GetEphemerals {}])?;
        return Err(told(format!("KeeperErrorCode = Unimplemented for {path}")));
    }
    let data = line.words.get(1).cloned().unwrap_or_else(|| "".into());
    let acl = line.words.get(2).filter(|acl| acl.split(':').count() < 3).cloned();
    if let Some(acl) = acl {
        client.ask(&path, vec![ZkOp::GetEphemerals {}])?;
        client.shell.err(&format!("{acl} does not have the form scheme:id:perm"));
        client.shell.err("KeeperErrorCode = InvalidACL");
        return Err(told("Acl is not valid : null"));
    }
    let results =
        on_path(client, &path, |path| vec![ZkOp::Create { path, data, ephemeral, sequential }])?;
    if let Some(ZkResult::Created { path }) = results.first() {
        let path = path.strip_prefix(&*client.root).unwrap_or(path).to_owned();
        client.shell.err(&format!("Created {path}"));
    }
    Ok(())
}

fn set(client: &mut Client<'_, '_>, line: &Line) -> Done {
    let (path, data) = (line.word(0)?, line.word(1)?);
    if line.words.len() > 2 {
        deprecated(client, "set path data [version]", "set [-v version] path data");
    }
    let version = line.version(line.words.get(2))?;
    let path = valid(path)?;
    let results = on_path(client, &path, |path| {
        vec![ZkOp::SetData { path: path.clone(), data, version }, ZkOp::GetStat { path }]
    })?;
    print_stat(client, results.get(1).filter(|_| line.has('s')));
    Ok(())
}

fn delete(client: &mut Client<'_, '_>, line: &Line) -> Done {
    let path = line.word(0)?;
    if line.words.len() > 1 {
        deprecated(client, "delete path [version]", "delete [-v version] path");
    }
    let version = line.version(line.words.get(1))?;
    let path = valid(path)?;
    on_path(client, &path, |path| vec![ZkOp::Delete { path, version }])?;
    Ok(())
}

fn delete_all(client: &mut Client<'_, '_>, line: &Line) -> Done {
    if let Some(text) = line.value('b')
        && text.parse::<i32>().is_err()
    {
        return Err(Fault::no_number(text).into());
    }
    let path = valid(line.word(0)?)?;
    let list = subtree(client, &path)?;
    let deletions =
        list.iter().rev().map(|path| ZkOp::Delete { path: full(client, path), version: -1 });
    let ops: Vec<ZkOp> = deletions.collect();
    let results = client.ask(&path, ops)?;
    for (result, path) in results.into_iter().zip(list.iter().rev()) {
        result.map_err(|error| refused(error, path))?;
    }
    Ok(())
}

/// Every znode is open to all: ACLs are not modelled.
fn acl(client: &mut Client<'_, '_>, line: &Line) -> Done {
    let path = valid(line.word(0)?)?;
    let results = on_path(client, &path, |path| vec![ZkOp::GetStat { path }])?;
    client.shell.out("'world,'anyone");
    client.shell.out(": cdrwa");
    print_stat(client, results.first().filter(|_| line.has('s')));
    Ok(())
}

fn ephemerals(client: &mut Client<'_, '_>, line: &Line) -> Done {
    let path = line.words.first().cloned().unwrap_or_else(|| "/".into());
    let path = full(client, &valid(path)?);
    let results = client.ask(&path, vec![ZkOp::GetEphemerals {}])?;
    if let Some(Ok(ZkResult::Children { names })) = results.first() {
        let names = names.iter().filter(|name| name.starts_with(&*path)).map(|name| &**name);
        client.shell.out(&format!("[{}]", names.collect::<Vec<_>>().join(", ")));
    }
    Ok(())
}

fn history(client: &mut Client<'_, '_>) -> Done {
    let lines: Vec<String> = client
        .history()
        .iter()
        .enumerate()
        .skip(client.history().len().saturating_sub(11))
        .map(|(number, line)| format!("{number} - {line}"))
        .collect();
    lines.iter().for_each(|line| client.shell.out(line));
    Ok(())
}

fn redo(client: &mut Client<'_, '_>, number: &Text) -> Done {
    let Ok(number) = number.parse::<usize>() else { return Err(Fault::no_number(number).into()) };
    let last = client.history().len() - 1;
    match client.history().get(number).filter(|_| number < last).cloned() {
        None => Err(told("Command index out of range")),
        Some(line) if line.starts_with("redo") => Err(told("No redoing redos")),
        Some(line) => {
            let words: Vec<Text> = line.split_whitespace().map(Text::from).collect();
            run(client, &words)
        }
    }
}

fn print_watches(client: &mut Client<'_, '_>, word: Option<&Text>) -> Done {
    match word {
        Some(word) => *client.prints() = &**word == "on",
        None => {
            let state = if *client.prints() { "on" } else { "off" };
            client.shell.out(&format!("printwatches is {state}"));
        }
    }
    Ok(())
}

/// `StatPrinter`.
fn print_stat(client: &mut Client<'_, '_>, result: Option<&ZkResult>) {
    let Some(ZkResult::Stat(stat)) = result else { return };
    let ZnodeStat { created, modified, children_changed, .. } = **stat;
    let owner = stat.owner.map_or(0, |session| session.0);
    let lines = [
        format!("cZxid = 0x{created:x}"),
        format!("ctime = {}", java_date(stat.created_ms)),
        format!("mZxid = 0x{modified:x}"),
        format!("mtime = {}", java_date(stat.modified_ms)),
        format!("pZxid = 0x{children_changed:x}"),
        format!("cversion = {}", stat.children_version),
        format!("dataVersion = {}", stat.version),
        "aclVersion = 0".to_owned(),
        format!("ephemeralOwner = 0x{owner:x}"),
        format!("dataLength = {}", stat.bytes),
        format!("numChildren = {}", stat.children),
    ];
    lines.iter().for_each(|line| client.shell.out(line));
}

/// `Date.toString`, in UTC: `Mon Nov 30 21:50:37 UTC 2026`.
fn java_date(wall_ms: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let day = usize::try_from(wall_ms.div_euclid(86_400_000).rem_euclid(7)).unwrap_or(0);
    // `2026-11-30 21:50:37,761`
    let text = date(wall_ms);
    let month: usize = text[5..7].parse().unwrap_or(1);
    let (day_of_month, time, year) = (&text[8..10], &text[11..19], &text[..4]);
    format!("{} {} {day_of_month} {time} UTC {year}", DAYS[day], MONTHS[month - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_reads_as_java_writes_it() {
        assert_eq!(java_date(0), "Thu Jan 01 00:00:00 UTC 1970");
        assert_eq!(java_date(1_796_075_437_000), "Mon Nov 30 21:50:37 UTC 2026");
    }

    #[test]
    fn a_path_is_refused_in_zookeepers_words() {
        let check = |path: &str, wanted: &str| match valid(path.into()) {
            Err(Failed::Told(words, 1)) => assert_eq!(words, wanted),
            other => panic!("{path}: {other:?}"),
        };
        check("a", "Path must start with / character");
        check("/a/", "Path must not end with / character");
        check("//a", "Invalid path string \"//a\" caused by empty node name specified @1");
        assert!(valid("/".into()).is_ok() && valid("/a/b".into()).is_ok());
    }
}
