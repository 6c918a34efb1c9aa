//! `kafka-dump-log`: what the files of a partition hold (`DumpLogSegments`).
//!
//! It reads files of the machine that it runs on, as they are on the disk. A file that an active
//! segment preallocated is full of zeros behind its entries, as Kafka's is.

use bytes::Bytes;

use crate::engine::ids::{Offset, Text};
use crate::engine::log::read_snapshot;
use crate::engine::program::tool::Tool;
use crate::engine::program::tool::dump_offsets;
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::flags::Flags;
use crate::engine::program::tool::shell::{Flow, Shell};
use crate::engine::record::batch::{
    BatchHeader, HEADER_BYTES, LOG_OVERHEAD, TimestampType, verify_crc,
};
use crate::engine::record::control::{ControlRecord, ControlType};
use crate::engine::record::reader::{RecordRef, records, uncompressed};

/// The tool.
pub(super) const TOOL: Tool = Tool { name: "kafka-dump-log", flags: FLAGS, run };

const FLAGS: &str = "cluster-metadata-decoder deep-iteration files= help index-sanity-check \
    key-decoder-class=? max-bytes= max-message-size= offsets-decoder print-data-log \
    remote-log-metadata-decoder skip-record-metadata transaction-log-decoder value-decoder-class=? \
    verify-index-only version";

const USAGE: &str = "This tool helps to parse a log file and dump its contents to the console, useful \
    for debugging a seemingly corrupt log segment.";

/// Bytes of a batch that tell its format (`HEADER_SIZE_UP_TO_MAGIC`).
const UP_TO_MAGIC: usize = 17;
/// Bytes of an entry of an offset index, and of a time index.
const OFFSET_ENTRY: usize = 8;
const TIME_ENTRY: usize = 12;

/// How keys and values are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decoder {
    Text,
    Int,
    Long,
    Offsets,
    Transactions,
    Metadata,
}

/// What is wanted of a log.
struct Wanted {
    prints: bool,
    deep: bool,
    bare: bool,
    max_bytes: i32,
    key: Decoder,
    value: Decoder,
}

/// What does not fit, told at the end.
#[derive(Default)]
struct Findings {
    /// Of offset indexes: the file, index and log offsets.
    mismatches: Vec<(Text, Vec<(i64, i64)>)>,
    timestamps: Vec<(Text, Vec<(i64, i64)>)>,
    disorder: Vec<(Text, Vec<(i64, i64)>)>,
    missing: Vec<(Text, Vec<(i64, i64)>)>,
    gaps: Vec<(Text, Vec<(i64, i64)>)>,
}

fn run(shell: &mut Shell<'_>) -> Flow<()> {
    let flags = Flags::parse(FLAGS, shell.words())?;
    shell.help_or_version(&flags, USAGE)?;
    shell.require(&flags, &["files"])?;
    let files = flags.value("files")?.cloned().unwrap_or_else(|| "".into());
    let mut findings = Findings::default();
    for path in java_split(&files) {
        let path = path.trim_end_matches('/');
        shell.out(&format!("Dumping {path}"));
        let name = path.rsplit('/').next().unwrap_or(path);
        let Some(dot) = name.rfind('.') else {
            let words = format!("begin -1, end {0}, length {0}", name.len());
            return Err(Fault::new("java.lang.StringIndexOutOfBoundsException", &words).into());
        };
        match &name[dot..] {
            ".log" => dump_log(shell, path, &flags, &mut findings)?,
            ".index" => dump_index(shell, path, &flags, &mut findings)?,
            ".timeindex" => dump_time_index(shell, path, &flags, &mut findings)?,
            ".snapshot" => dump_snapshot(shell, path)?,
            // No transaction ever aborts here; an index of them is empty.
            ".txnindex" => drop(existing(shell, path)?),
            _ => shell.err(&format!("Ignoring unknown file {path}")),
        }
    }
    tell(shell, &findings);
    Ok(())
}

fn wanted(flags: &Flags) -> Result<Wanted, Fault> {
    let decoder = |flag: &str| -> Result<Decoder, Fault> {
        let class = flags.value(flag)?.map_or("", |class| class);
        match class.rsplit('.').next().unwrap_or_default() {
            "" | "StringDecoder" | "DefaultDecoder" => Ok(Decoder::Text),
            "IntegerDecoder" => Ok(Decoder::Int),
            "LongDecoder" => Ok(Decoder::Long),
            _ => Err(Fault::new("java.lang.ClassNotFoundException", class)),
        }
    };
    let (key, value) = match () {
        () if flags.has("offsets-decoder") => (Decoder::Offsets, Decoder::Offsets),
        () if flags.has("transaction-log-decoder") => {
            (Decoder::Transactions, Decoder::Transactions)
        }
        () if flags.has("cluster-metadata-decoder") => (Decoder::Metadata, Decoder::Metadata),
        () => (decoder("key-decoder-class")?, decoder("value-decoder-class")?),
    };
    let decodes = ["offsets-decoder", "transaction-log-decoder", "cluster-metadata-decoder"];
    let classes = ["remote-log-metadata-decoder", "key-decoder-class", "value-decoder-class"];
    let prints = flags.has("print-data-log")
        || decodes.into_iter().chain(classes).any(|flag| flags.has(flag));
    Ok(Wanted {
        prints,
        deep: prints || flags.has("deep-iteration"),
        bare: flags.has("skip-record-metadata"),
        max_bytes: flags.int("max-bytes")?.unwrap_or(i32::MAX),
        key,
        value,
    })
}

/// Decoders have moved; their old names are known still (`DumpLogSegments.newDecoder`,
/// `DecoderUtils.convertDeprecatedDecoderClass`).
fn tell_old_names(shell: &mut Shell<'_>, flags: &Flags) -> Result<(), Fault> {
    for flag in ["value-decoder-class", "key-decoder-class"] {
        let class = flags.value(flag)?.map_or("", |class| class);
        if let Some(name) = class.strip_prefix("kafka.serializer.") {
            shell.out(&format!(
                "{class} is deprecated. Please use org.apache.kafka.tools.api.{name} instead"
            ));
        }
    }
    Ok(())
}

/// `String.split`: empty texts at the end are left out.
fn java_split(text: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = text.split(',').collect();
    while parts.len() > 1 && parts.last().is_some_and(|part| part.is_empty()) {
        parts.pop();
    }
    parts
}

/// A file that has to be there.
fn existing(shell: &mut Shell<'_>, path: &str) -> Flow<Bytes> {
    match shell.machine_file(path)? {
        Some(bytes) => Ok(bytes),
        None => Err(Fault::new("java.nio.file.NoSuchFileException", path).into()),
    }
}

/// The offset in a file's name.
fn base_offset(path: &str) -> Result<i64, Fault> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let number = name.split('.').next().unwrap_or(name);
    number.parse().map_err(|_| Fault::no_number(number))
}

/// A file beside another, of the same offset.
fn beside(path: &str, suffix: &str) -> String {
    let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
    format!("{folder}/{}{suffix}", name.split('.').next().unwrap_or(name))
}

/// Batches of a log's bytes with their positions (`FileLogInputStream.nextBatch`).
struct Batches<'a> {
    bytes: &'a Bytes,
    position: usize,
    path: &'a str,
}

impl<'a> Batches<'a> {
    fn new(bytes: &'a Bytes, path: &'a str) -> Batches<'a> {
        Batches { bytes, position: 0, path }
    }

    fn next(&mut self) -> Result<Option<(usize, Bytes, BatchHeader)>, Fault> {
        let left = &self.bytes[self.position.min(self.bytes.len())..];
        if left.len() <= UP_TO_MAGIC {
            return Ok(None);
        }
        let size: [u8; 4] = [left[8], left[9], left[10], left[11]];
        let size = i32::from_be_bytes(size);
        if size < 14 {
            let words = format!(
                "Found record size {size} smaller than minimum record overhead (14) in file {}.",
                self.path
            );
            let class = "org.apache.kafka.common.errors.CorruptRecordException";
            return Err(Fault::new(class, &words));
        }
        let whole = usize::try_from(size).unwrap_or(usize::MAX).saturating_add(LOG_OVERHEAD);
        if whole > left.len() || whole < HEADER_BYTES {
            return Ok(None);
        }
        let batch = self.bytes.slice(self.position..self.position + whole);
        let Ok(header) = BatchHeader::parse(&batch) else { return Ok(None) };
        let position = self.position;
        self.position += whole;
        Ok(Some((position, batch, header)))
    }
}

fn dump_log(shell: &mut Shell<'_>, path: &str, flags: &Flags, findings: &mut Findings) -> Flow<()> {
    let wanted = wanted(flags)?;
    tell_old_names(shell, flags)?;
    shell.out(&format!("Log starting offset: {}", base_offset(path)?));
    let mut bytes = existing(shell, path)?;
    let Ok(most) = usize::try_from(wanted.max_bytes) else {
        return Err(Fault::illegal(&format!("Invalid size: {}", wanted.max_bytes)).into());
    };
    bytes.truncate(most);
    let length = bytes.len();
    let mut batches = Batches::new(&bytes, path);
    let mut last = -1;
    while let Some((position, batch, header)) = batches.next()? {
        print_batch(shell, position, &batch, &header);
        if !wanted.deep {
            continue;
        }
        let plain = uncompressed(&batch).map_err(|error| unreadable(&error.to_string()))?;
        for record in records(&plain) {
            let record = record.map_err(|error| unreadable(&error.to_string()))?;
            if last != -1 && record.offset.0 != last + 1 {
                note(&mut findings.gaps, path, (last, record.offset.0), true);
            }
            last = record.offset.0;
            print_record(shell, &batch, &header, &record, &wanted)?;
        }
    }
    let trailing = length - batches.position.min(length);
    if trailing > 0 && wanted.max_bytes == i32::MAX {
        let name = path.rsplit('/').next().unwrap_or(path);
        shell.out(&format!("Found {trailing} invalid bytes at the end of {name}"));
    }
    Ok(())
}

fn unreadable(words: &str) -> Fault {
    Fault::new("org.apache.kafka.common.InvalidRecordException", words)
}

/// `printBatchLevel`.
fn print_batch(shell: &mut Shell<'_>, position: usize, batch: &[u8], header: &BatchHeader) {
    let last_sequence = sequence(header, i64::from(header.last_offset_delta));
    let horizon = optional(header.delete_horizon());
    shell.out(&format!(
        "baseOffset: {} lastOffset: {} count: {} baseSequence: {} lastSequence: {last_sequence} \
         producerId: {} producerEpoch: {} partitionLeaderEpoch: {} isTransactional: {} \
         isControl: {} deleteHorizonMs: {horizon} position: {position} {}: {} size: {} magic: {} \
         compresscodec: {} crc: {} isvalid: {}",
        header.base_offset.0,
        header.last_offset().0,
        header.record_count,
        header.base_sequence,
        header.producer_id,
        header.producer_epoch,
        header.leader_epoch.0,
        header.is_transactional(),
        header.is_control(),
        time_name(header),
        header.max_timestamp,
        batch.len(),
        header.magic,
        header.codec().name(),
        header.crc,
        verify_crc(batch),
    ));
}

fn time_name(header: &BatchHeader) -> &'static str {
    match header.timestamp_type() {
        TimestampType::CreateTime => "CreateTime",
        TimestampType::LogAppendTime => "LogAppendTime",
    }
}

/// `OptionalLong.toString`.
fn optional(value: Option<i64>) -> String {
    value.map_or_else(|| "OptionalLong.empty".to_owned(), |value| format!("OptionalLong[{value}]"))
}

/// Sequence of a batch's record, by its place (`DefaultRecordBatch.incrementSequence`).
fn sequence(header: &BatchHeader, place: i64) -> i64 {
    match header.base_sequence {
        none @ ..0 => i64::from(none),
        base => (i64::from(base) + place) & i64::from(i32::MAX),
    }
}

fn print_record(
    shell: &mut Shell<'_>,
    batch: &[u8],
    header: &BatchHeader,
    record: &RecordRef<'_>,
    wanted: &Wanted,
) -> Flow<()> {
    let mut line = String::new();
    let mut prefix = "| ";
    if !wanted.bare {
        let size = |bytes: Option<&[u8]>| bytes.map_or("-1".to_owned(), |b| b.len().to_string());
        let keys: Vec<_> =
            record.headers.iter().map(|(key, _)| String::from_utf8_lossy(key)).collect();
        line = format!(
            "| offset: {} {}: {} keySize: {} valueSize: {} sequence: {} headerKeys: [{}]",
            record.offset.0,
            time_name(header),
            record.timestamp,
            size(record.key),
            size(record.value),
            sequence(header, record.offset.0 - header.base_offset.0),
            keys.join(","),
        );
        prefix = " ";
        if header.is_control()
            && let Some(marker) = ControlRecord::of(batch)
        {
            line.push_str(&match marker.kind {
                ControlType::Other(kind) => format!(" controlType: UNKNOWN({kind})"),
                kind => {
                    let name = if kind == ControlType::Commit { "COMMIT" } else { "ABORT" };
                    let epoch = marker.coordinator_epoch;
                    format!(" endTxnMarker: {name} coordinatorEpoch: {epoch}")
                }
            });
        }
    }
    shell.print(&line);
    line.clear();
    if wanted.prints && !header.is_control() {
        let (key, payload) = decoded(record, wanted)?;
        if let Some(key) = key {
            line.push_str(&format!("{prefix}key: {key}"));
        }
        if let Some(payload) = payload {
            line.push_str(&format!(" payload: {payload}"));
        }
    }
    shell.out(&line);
    Ok(())
}

/// A record's key and value as they are printed.
type Told = (Option<String>, Option<String>);

fn decoded(record: &RecordRef<'_>, wanted: &Wanted) -> Result<Told, Fault> {
    match (wanted.key, record.key) {
        (Decoder::Offsets, Some(_)) => return Ok(dump_offsets::told(record)),
        (Decoder::Offsets, None) => {
            let words = format!(
                "Failed to decode message at offset {} using offset topic decoder (message had a \
                 missing key)",
                record.offset.0
            );
            return Err(Fault::new("java.lang.RuntimeException", &words));
        }
        (Decoder::Transactions, Some(_)) => return Ok(dump_offsets::transaction(record)),
        (Decoder::Transactions, None) => {
            let words =
                "Cannot invoke \"java.nio.ByteBuffer.getShort()\" because \"buffer\" is null";
            return Err(Fault::new("java.lang.NullPointerException", words));
        }
        (Decoder::Metadata, _) => return Ok((None, Some(dump_offsets::metadata(record)))),
        _ => {}
    }
    let tell = |bytes: Option<&[u8]>, decoder| bytes.map(|bytes| decode(bytes, decoder));
    Ok((tell(record.key, wanted.key).transpose()?, tell(record.value, wanted.value).transpose()?))
}

fn decode(bytes: &[u8], decoder: Decoder) -> Result<String, Fault> {
    let short = || Fault { message: None, ..Fault::new("java.nio.BufferUnderflowException", "") };
    match decoder {
        Decoder::Int => Ok(i32::from_be_bytes(*bytes.first_chunk().ok_or_else(short)?).to_string()),
        Decoder::Long => {
            Ok(i64::from_be_bytes(*bytes.first_chunk().ok_or_else(short)?).to_string())
        }
        _ => Ok(String::from_utf8_lossy(bytes).into_owned()),
    }
}

/// Entries of an index, each as its bytes.
fn entries(bytes: &Bytes, size: usize) -> impl Iterator<Item = &[u8]> {
    bytes.chunks_exact(size)
}

fn number(bytes: &[u8]) -> i64 {
    bytes.iter().fold(0, |number, byte| number << 8 | i64::from(*byte))
}

fn dump_index(
    shell: &mut Shell<'_>,
    path: &str,
    flags: &Flags,
    findings: &mut Findings,
) -> Flow<()> {
    let most = flags.int("max-message-size")?.unwrap_or(5 * 1024 * 1024);
    let base = base_offset(path)?;
    let log = existing(shell, &beside(path, ".log"))?;
    let Some(index) = shell.machine_file(path)? else {
        return Err(Fault::illegal("Invalid max index size: -1").into());
    };
    if index.len() < OFFSET_ENTRY {
        shell.out(&format!("{path} is empty."));
        return Ok(());
    }
    if flags.has("index-sanity-check") {
        shell.out(&format!("{path} passed sanity check."));
        return Ok(());
    }
    for (i, entry) in entries(&index, OFFSET_ENTRY).enumerate() {
        let offset = base + number(&entry[..4]);
        let position = number(&entry[4..]);
        if offset == base && i > 0 {
            return Ok(());
        }
        let from = usize::try_from(position).unwrap_or(usize::MAX).min(log.len());
        let end = from.saturating_add(usize::try_from(most).unwrap_or(0));
        let slice = log.slice(from..log.len().min(end));
        let Some((_, _, header)) = Batches::new(&slice, path).next()? else {
            return Err(Fault { message: None, ..Fault::new(NO_ELEMENT, "") }.into());
        };
        if header.last_offset().0 != offset {
            note(&mut findings.mismatches, path, (offset, header.last_offset().0), true);
        }
        if !flags.has("verify-index-only") {
            shell.out(&format!("offset: {offset} position: {position}"));
        }
    }
    Ok(())
}

const NO_ELEMENT: &str = "java.util.NoSuchElementException";

fn dump_time_index(
    shell: &mut Shell<'_>,
    path: &str,
    flags: &Flags,
    findings: &mut Findings,
) -> Flow<()> {
    let base = base_offset(path)?;
    let log = existing(shell, &beside(path, ".log"))?;
    let Some(index) = shell.machine_file(path)? else {
        return Err(Fault::illegal("Invalid max index size: -1").into());
    };
    if flags.has("index-sanity-check") {
        check_time_index(path, &index)?;
        shell.out(&format!("{path} passed sanity check."));
        return Ok(());
    }
    let mut previous = -1;
    for (i, entry) in entries(&index, TIME_ENTRY).enumerate() {
        let timestamp = number(&entry[..8]);
        let offset = base + number(&entry[8..]);
        if offset == base && i > 0 {
            return Ok(());
        }
        let mut batches = Batches::new(&log, path);
        let mut found = None;
        while let Some((_, batch, header)) = batches.next()? {
            if header.last_offset() >= Offset(offset) {
                found = Some((batch, header));
                break;
            }
        }
        match found {
            Some((batch, header)) if header.last_offset().0 == offset => {
                let largest = largest_timestamp(&batch)?;
                if largest != timestamp {
                    note(&mut findings.timestamps, path, (timestamp, largest), false);
                }
                if previous >= timestamp {
                    note(&mut findings.disorder, path, (timestamp, previous), false);
                }
            }
            other => {
                let last = other.map_or(-1, |(_, header)| header.last_offset().0);
                note(&mut findings.missing, path, (offset, last), false);
            }
        }
        if !flags.has("verify-index-only") {
            shell.out(&format!("timestamp: {timestamp} offset: {offset}"));
        }
        previous = timestamp;
    }
    Ok(())
}

/// `TimeIndex.sanityCheck`.
fn check_time_index(path: &str, index: &Bytes) -> Result<(), Fault> {
    let time = |entry: Option<&[u8]>| entry.map_or(-1, |entry| number(&entry[..8]));
    let first = time(entries(index, TIME_ENTRY).next());
    let last = time(entries(index, TIME_ENTRY).last());
    if last < first {
        let words = format!(
            "Corrupt time index found, time index file ({path}) has non-zero size but the last \
             timestamp is {last} which is less than the first timestamp {first}"
        );
        let class = "org.apache.kafka.storage.internals.log.CorruptIndexException";
        return Err(Fault::new(class, &words));
    }
    Ok(())
}

fn largest_timestamp(batch: &Bytes) -> Result<i64, Fault> {
    let plain = uncompressed(batch).map_err(|error| unreadable(&error.to_string()))?;
    let times = records(&plain).filter_map(|record| record.ok().map(|record| record.timestamp));
    Ok(times.fold(-1, i64::max))
}

/// Entries and snapshots are few: the file is read whole.
fn dump_snapshot(shell: &mut Shell<'_>, path: &str) -> Flow<()> {
    let bytes = existing(shell, path)?;
    let Some(producers) = read_snapshot(&bytes) else {
        shell.err("Snapshot failed schema validation: it is damaged");
        return Ok(());
    };
    for (id, entry) in producers {
        let mut line = format!(
            "producerId: {id} producerEpoch: {} coordinatorEpoch: {} currentTxnFirstOffset: {} \
             lastTimestamp: {} ",
            entry.epoch,
            entry.coordinator_epoch,
            optional(entry.transaction_first.map(|offset| offset.0)),
            entry.last_timestamp,
        );
        if let Some(batch) = entry.batches().first() {
            line.push_str(&format!(
                "firstSequence: {} lastSequence: {} lastOffset: {} offsetDelta: {} timestamp: {}",
                batch.first_sequence(),
                batch.last_sequence,
                batch.last_offset.0,
                batch.offset_delta,
                batch.timestamp,
            ));
        }
        shell.out(&line);
    }
    Ok(())
}

/// Notes a pair for a file; Scala's lists grow at their front.
fn note(list: &mut Vec<(Text, Vec<(i64, i64)>)>, path: &str, pair: (i64, i64), front: bool) {
    let index = list.iter().position(|(known, _)| &**known == path).unwrap_or_else(|| {
        list.push((path.into(), Vec::new()));
        list.len() - 1
    });
    let pairs = &mut list[index].1;
    pairs.insert(if front { 0 } else { pairs.len() }, pair);
}

/// What is told at the end, on standard error.
fn tell(shell: &mut Shell<'_>, findings: &Findings) {
    /// Pairs by file, what stands before a file's name, and the words of a pair.
    type Part<'a> = (&'a [(Text, Vec<(i64, i64)>)], &'a str, [&'a str; 3]);
    let parts: [Part<'_>; 5] = [
        (&findings.mismatches, "Mismatches in :", ["  Index offset: ", ", log offset: ", ""]),
        (
            &findings.timestamps,
            "Found timestamp mismatch in :",
            ["  Index timestamp: ", ", log timestamp: ", ""],
        ),
        (
            &findings.disorder,
            "Found out of order timestamp in :",
            ["  Index timestamp: ", ", Previously indexed timestamp: ", ""],
        ),
        (&findings.missing, "", ["Indexed offset: ", ", found log offset: ", ""]),
        (&findings.gaps, "Non-consecutive offsets in ", ["  ", " is followed by ", ""]),
    ];
    for (files, head, [one, other, end]) in parts {
        for (path, pairs) in files {
            match head {
                "" => shell.err("The following indexed offsets are not found in the log."),
                head => shell.err(&format!("{head}{path}")),
            }
            for (first, second) in pairs {
                shell.err(&format!("{one}{first}{other}{second}{end}"));
            }
        }
    }
}
