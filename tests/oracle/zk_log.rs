//! Reads ZooKeeper's transaction log: every state that a znode ever had, which no polling can promise,
//! and when sessions ended.
//!
//! `FileTxnLog`: a header of 16 bytes; then per transaction a checksum (8), a length (4), the bytes,
//! and the letter B. The bytes are a `TxnHeader` of 32 bytes and a record of that type. The file is
//! preallocated: a length of nought ends it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::kit::Trouble;

const CLOSE_SESSION: i32 = -11;
const CREATE: i32 = 1;
const SET_DATA: i32 = 5;
const MULTI: i32 = 14;
const CREATE_2: i32 = 15;

const FILE_HEADER: usize = 16;
const CHECKSUM: usize = 8;
const TXN_HEADER: usize = 32;

/// A znode was created or set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Milliseconds since 1970.
    pub at_ms: i64,
    pub path: String,
    pub data: Vec<u8>,
    /// The znode's version from then on.
    pub version: i32,
}

/// A session ended: its client closed it, or was silent for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Milliseconds since 1970.
    pub at_ms: i64,
    /// The broker whose session it was.
    pub broker: i32,
}

/// What a log holds, in order.
#[derive(Debug, Default)]
struct Found {
    written: Vec<Written>,
    /// The broker of each session that registered one.
    brokers: BTreeMap<i64, i32>,
    ended: Vec<Ended>,
}

/// Everything that was written, in order.
///
/// # Errors
/// When the folder cannot be read.
pub fn read(folder: &Path) -> Result<Vec<Written>, Trouble> {
    Ok(look_through(folder)?.written)
}

/// Every end of a broker's session, in order.
///
/// # Errors
/// When the folder cannot be read.
pub fn ended_sessions(folder: &Path) -> Result<Vec<Ended>, Trouble> {
    Ok(look_through(folder)?.ended)
}

fn look_through(folder: &Path) -> Result<Found, Trouble> {
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut files: Vec<(u64, String)> = names
        .filter_map(|name| {
            let first = u64::from_str_radix(name.strip_prefix("log.")?, 16).ok()?;
            Some((first, name))
        })
        .collect();
    files.sort();
    let mut found = Found::default();
    for (_, name) in files {
        let path = folder.join(name);
        let bytes = fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        // The end of a file that is being written may be half of a transaction: it is not there yet.
        file(&bytes, &mut found);
    }
    Ok(found)
}

fn file(bytes: &[u8], found: &mut Found) -> Option<()> {
    let mut rest = bytes.get(FILE_HEADER..)?;
    loop {
        take(&mut rest, CHECKSUM)?;
        let entry = buffer(&mut rest)?;
        if entry.is_empty() || take(&mut rest, 1)? != b"B" {
            return Some(());
        }
        transaction(entry, found);
    }
}

fn transaction(entry: &[u8], found: &mut Found) -> Option<()> {
    let (header, body) = entry.split_at_checked(TXN_HEADER)?;
    let session = i64::from_be_bytes(header[..8].try_into().ok()?);
    let at_ms = i64::from_be_bytes(header[20..28].try_into().ok()?);
    let kind = int(&mut &header[28..])?;
    record(kind, body, (session, at_ms), found)
}

fn record(
    kind: i32,
    mut body: &[u8],
    (session, at_ms): (i64, i64),
    found: &mut Found,
) -> Option<()> {
    match kind {
        CLOSE_SESSION => {
            let broker = found.brokers.remove(&session)?;
            found.ended.push(Ended { at_ms, broker });
        }
        CREATE | CREATE_2 | SET_DATA => {
            let path = String::from_utf8_lossy(buffer(&mut body)?).into_owned();
            let data = buffer(&mut body)?.to_vec();
            let version = if kind == SET_DATA { int(&mut body)? } else { 0 };
            if let Some(id) = path.strip_prefix("/brokers/ids/").and_then(|id| id.parse().ok())
                && kind != SET_DATA
            {
                found.brokers.insert(session, id);
            }
            found.written.push(Written { at_ms, path, data, version });
        }
        MULTI => {
            for _ in 0..int(&mut body)? {
                let kind = int(&mut body)?;
                record(kind, buffer(&mut body)?, (session, at_ms), found);
            }
        }
        _ => {}
    }
    Some(())
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (head, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(head)
}

fn int(bytes: &mut &[u8]) -> Option<i32> {
    Some(i32::from_be_bytes(take(bytes, 4)?.try_into().ok()?))
}

/// Bytes with their length before them; −1 stands for none.
fn buffer<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = int(bytes)?.max(0);
    take(bytes, usize::try_from(length).ok()?)
}
