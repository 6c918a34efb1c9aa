//! The transaction log: one line of text per committed transaction (ZooKeeper's `FileTxnLog`).
//!
//! A line is `crc zxid time entry…`, separated by tabs: CRC-32C (8 hex digits) of what follows it, then
//! the transaction's number, its time in ms since 1970, and its entries. A line counts only when it ends with a newline and its
//! CRC is right. What a crash tore off at the end is cut away when the log is opened. A hole in the
//! numbers means that a committed transaction has rotted: a server that reads such a log must not
//! start. Every transaction is flushed before it is answered (`zookeeper.forceSync`).

use crate::engine::crc::crc32c;
use crate::engine::disk::{Disk, FileId};
use crate::engine::ids::{BrokerId, ClientId, NodeId, SessionId, Text};
use crate::engine::time::Micros;
use crate::engine::zookeeper::tree::Change;

/// Where the log is, on the server's disk.
pub const LOG_FILE: &str = "version-2/log.1";

/// One entry of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A session begins.
    Open { session: SessionId, client: NodeId, timeout: Micros },
    /// A session ends; its ephemeral znodes are removed by entries of the same transaction.
    Close { session: SessionId },
    /// The tree changes.
    Change(Change),
}

/// A transaction's number and time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Txn {
    /// Its number.
    pub zxid: i64,
    /// When the server took it, in ms since 1970.
    pub ms: i64,
}

/// What a log held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Transactions in order.
    pub transactions: Vec<(Txn, Vec<Entry>)>,
    /// Number of the first transaction that is missing although a later one is there.
    pub hole: Option<i64>,
}

/// Reads the log and cuts a torn end away, so that the next transaction begins a line of its own.
pub fn open(disk: &mut Disk) -> (FileId, Recovered) {
    let file = disk.open(LOG_FILE);
    let (recovered, sound) = parse(&disk.read(file, 0, disk.len(file)));
    if recovered.hole.is_none() {
        disk.truncate(file, sound);
    }
    (file, recovered)
}

/// Appends one transaction, for good.
pub fn append(disk: &mut Disk, file: FileId, txn: Txn, entries: &[Entry]) {
    disk.append_small(file, line(txn, entries).as_bytes());
    disk.flush(file);
}

/// The transactions, and the bytes up to the end of the last one.
fn parse(bytes: &[u8]) -> (Recovered, u64) {
    let mut recovered = Recovered::default();
    let mut sound = 0;
    let mut position = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        position += line.len() as u64;
        let text = line.strip_suffix(b"\n").and_then(|line| std::str::from_utf8(line).ok());
        let Some((txn, entries)) = text.and_then(parse_line) else { continue };
        let expected = recovered.transactions.last().map_or(1, |(last, _)| last.zxid + 1);
        if txn.zxid != expected {
            recovered.hole = Some(expected);
            break;
        }
        recovered.transactions.push((txn, entries));
        sound = position;
    }
    (recovered, sound)
}

fn line(txn: Txn, entries: &[Entry]) -> String {
    let mut body = format!("{}\t{}", txn.zxid, txn.ms);
    for field in entries.iter().flat_map(fields) {
        body.push('\t');
        body.push_str(&escape(&field));
    }
    format!("{:08x}\t{body}\n", crc32c(body.as_bytes()))
}

fn parse_line(line: &str) -> Option<(Txn, Vec<Entry>)> {
    let (crc, body) = line.split_once('\t')?;
    if u32::from_str_radix(crc, 16).ok()? != crc32c(body.as_bytes()) {
        return None;
    }
    let mut fields = body.split('\t').map(unescape);
    let zxid = fields.next()?.parse().ok()?;
    let ms = fields.next()?.parse().ok()?;
    let mut entries = Vec::new();
    while let Some(verb) = fields.next() {
        entries.push(entry(&verb, &mut fields)?);
    }
    Some((Txn { zxid, ms }, entries))
}

fn fields(entry: &Entry) -> Vec<String> {
    match entry {
        Entry::Open { session, client, timeout } => {
            vec!["open".into(), session.to_string(), client.to_string(), timeout.0.to_string()]
        }
        Entry::Close { session } => vec!["close".into(), session.to_string()],
        Entry::Change(Change::Create { path, data, owner }) => {
            let owner = owner.map_or_else(|| "-".into(), |session| session.to_string());
            vec!["create".into(), path.to_string(), data.to_string(), owner]
        }
        Entry::Change(Change::SetData { path, data, version }) => {
            vec!["set".into(), path.to_string(), data.to_string(), version.to_string()]
        }
        Entry::Change(Change::Delete { path }) => vec!["delete".into(), path.to_string()],
    }
}

fn entry(verb: &str, fields: &mut impl Iterator<Item = String>) -> Option<Entry> {
    let mut text = || fields.next().map(Text::from);
    Some(match verb {
        "open" => Entry::Open {
            session: SessionId(text()?.parse().ok()?),
            client: node(&text()?)?,
            timeout: Micros(text()?.parse().ok()?),
        },
        "close" => Entry::Close { session: SessionId(text()?.parse().ok()?) },
        "create" => {
            let (path, data, owner) = (text()?, text()?, text()?);
            let owner = if &*owner == "-" { None } else { Some(SessionId(owner.parse().ok()?)) };
            Entry::Change(Change::Create { path, data, owner })
        }
        "set" => {
            let (path, data) = (text()?, text()?);
            Entry::Change(Change::SetData { path, data, version: text()?.parse().ok()? })
        }
        "delete" => Entry::Change(Change::Delete { path: text()? }),
        _ => return None,
    })
}

fn node(text: &str) -> Option<NodeId> {
    if let Some(id) = text.strip_prefix("client") {
        return Some(NodeId::Client(ClientId(id.parse().ok()?)));
    }
    match text.strip_prefix('b') {
        Some(id) => Some(NodeId::Broker(BrokerId(id.parse().ok()?))),
        None => (text == "zk").then_some(NodeId::Zookeeper),
    }
}

fn escape(field: &str) -> String {
    field.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n")
}

fn unescape(field: &str) -> String {
    let mut text = String::with_capacity(field.len());
    let mut chars = field.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('t') => text.push('\t'),
                Some('n') => text.push('\n'),
                Some(other) => text.push(other),
                None => {}
            },
            (c, false) => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<Entry> {
        let client = NodeId::Broker(BrokerId(3));
        vec![
            Entry::Open { session: SessionId(7), client, timeout: Micros(18) },
            Entry::Change(Change::Create {
                path: "/a".into(),
                data: "tab\tline\nback\\slash".into(),
                owner: Some(SessionId(7)),
            }),
            Entry::Change(Change::Create { path: "/b".into(), data: "".into(), owner: None }),
            Entry::Change(Change::SetData { path: "/a".into(), data: "x".into(), version: 4 }),
            Entry::Change(Change::Delete { path: "/a".into() }),
            Entry::Close { session: SessionId(7) },
        ]
    }

    fn txn(zxid: i64) -> Txn {
        Txn { zxid, ms: 1_700_000_000_000 + zxid }
    }

    fn check(text: &str, transactions: usize, hole: Option<i64>, sound: usize) {
        let (recovered, length) = parse(text.as_bytes());
        assert_eq!((recovered.transactions.len(), recovered.hole), (transactions, hole));
        assert_eq!(length, sound as u64);
    }

    #[test]
    fn a_line_reads_back_as_it_was_written() {
        let (recovered, _) = parse(line(txn(1), &sample()).as_bytes());
        assert_eq!(recovered.transactions, vec![(txn(1), sample())]);
    }

    #[test]
    fn a_torn_last_line_is_ignored_wherever_it_was_torn() {
        let whole = line(txn(1), &sample());
        let torn = line(txn(2), &sample());
        for kept in 0..torn.len() {
            check(&format!("{whole}{}", &torn[..kept]), 1, None, whole.len());
        }
    }

    #[test]
    fn a_torn_end_is_cut_so_that_the_next_transaction_is_found() {
        let mut disk = Disk::default();
        let file = disk.open(LOG_FILE);
        append(&mut disk, file, txn(1), &sample());
        disk.append_small(file, &line(txn(2), &sample()).as_bytes()[..9]);
        let (file, recovered) = open(&mut disk);
        assert_eq!(recovered.transactions.len(), 1);
        append(&mut disk, file, txn(2), &[]);
        let (_, recovered) = open(&mut disk);
        assert_eq!((recovered.transactions.len(), recovered.hole), (2, None));
    }

    #[test]
    fn a_rotten_transaction_before_a_sound_one_is_a_hole() {
        let rotten = line(txn(2), &sample()).replace("/a", "/z");
        let first = line(txn(1), &[]);
        check(&format!("{first}{rotten}{}", line(txn(3), &[])), 1, Some(2), first.len());
    }
}
