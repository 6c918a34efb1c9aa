//! Reads ZooKeeper's transaction log: every state that a znode ever had, which no polling can promise.
//!
//! `FileTxnLog`: a header of 16 bytes; then per transaction a checksum (8), a length (4), the bytes,
//! and the letter B. The bytes are a `TxnHeader` of 32 bytes and a record of that type. The file is
//! preallocated: a length of nought ends it.

use std::fs;
use std::path::Path;

use super::kit::Trouble;

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

/// Everything that was written, in order.
///
/// # Errors
/// When the folder cannot be read.
pub fn read(folder: &Path) -> Result<Vec<Written>, Trouble> {
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut files: Vec<(u64, String)> = names
        .filter_map(|name| {
            let first = u64::from_str_radix(name.strip_prefix("log.")?, 16).ok()?;
            Some((first, name))
        })
        .collect();
    files.sort();
    let mut written = Vec::new();
    for (_, name) in files {
        let path = folder.join(name);
        let bytes = fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        // The end of a file that is being written may be half of a transaction: it is not there yet.
        file(&bytes, &mut written);
    }
    Ok(written)
}

fn file(bytes: &[u8], written: &mut Vec<Written>) -> Option<()> {
    let mut rest = bytes.get(FILE_HEADER..)?;
    loop {
        take(&mut rest, CHECKSUM)?;
        let entry = buffer(&mut rest)?;
        if entry.is_empty() || take(&mut rest, 1)? != b"B" {
            return Some(());
        }
        transaction(entry, written);
    }
}

fn transaction(entry: &[u8], written: &mut Vec<Written>) -> Option<()> {
    let (header, body) = entry.split_at_checked(TXN_HEADER)?;
    let at_ms = i64::from_be_bytes(header[20..28].try_into().ok()?);
    let kind = int(&mut &header[28..])?;
    record(kind, body, at_ms, written)
}

fn record(kind: i32, mut body: &[u8], at_ms: i64, written: &mut Vec<Written>) -> Option<()> {
    match kind {
        CREATE | CREATE_2 | SET_DATA => {
            let path = String::from_utf8_lossy(buffer(&mut body)?).into_owned();
            let data = buffer(&mut body)?.to_vec();
            let version = if kind == SET_DATA { int(&mut body)? } else { 0 };
            written.push(Written { at_ms, path, data, version });
        }
        MULTI => {
            for _ in 0..int(&mut body)? {
                let kind = int(&mut body)?;
                record(kind, buffer(&mut body)?, at_ms, written);
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
