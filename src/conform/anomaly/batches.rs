//! Batches as cases write them: `[base, last, epoch, records, {producer}]`, and batches to send.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::engine::record::batch::{self, BatchHeader};
use crate::engine::record::builder::BatchBuilder;
use crate::engine::record::reader;

/// One record to send.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its value.
    pub value: Option<Vec<u8>>,
    /// CreateTime in ms since 1970.
    pub timestamp: i64,
}

/// Who sends a batch, when that is an idempotent producer.
#[derive(Clone, Copy, Debug)]
pub struct Sender {
    /// Producer id.
    pub id: i64,
    /// Its epoch.
    pub epoch: i16,
    /// Sequence of the first record.
    pub sequence: i32,
    /// Whether the batch is part of a transaction.
    pub transactional: bool,
}

/// A batch to send.
#[must_use]
pub fn build(records: &[Record], sender: Option<Sender>) -> Bytes {
    let mut builder = BatchBuilder::new();
    if let Some(sender) = sender {
        builder = builder.producer(sender.id, sender.epoch, sender.sequence);
    }
    for record in records {
        builder.append(record.timestamp, record.key.as_deref(), record.value.as_deref(), &[]);
    }
    let bytes = builder.build();
    match sender.is_some_and(|sender| sender.transactional) {
        true => transactional(&bytes),
        false => bytes,
    }
}

/// The batch with the attribute of a transaction.
fn transactional(bytes: &Bytes) -> Bytes {
    let mut bytes = bytes.to_vec();
    bytes[22] |= 0b1_0000;
    let crc = crate::engine::crc::crc32c(&bytes[21..]);
    bytes[17..21].copy_from_slice(&crc.to_be_bytes());
    Bytes::from(bytes)
}

/// Every batch of `bytes`, and what is left at their end.
#[must_use]
pub fn split(bytes: &Bytes) -> (Vec<(BatchHeader, Bytes)>, u64) {
    let mut walk = batch::batches(bytes);
    let whole: Vec<_> = walk.by_ref().collect();
    let torn = bytes.len() - walk.position();
    (whole, torn as u64)
}

/// Batches as a case writes them, with `{"torn_bytes": n}` at the end when bytes are left.
#[must_use]
pub fn to_json(bytes: &Bytes) -> Vec<Value> {
    let (whole, torn) = split(bytes);
    let mut list: Vec<Value> = whole.iter().map(|(header, batch)| one(header, batch)).collect();
    if torn > 0 {
        list.push(json!({ "torn_bytes": torn }));
    }
    list
}

fn one(header: &BatchHeader, batch: &Bytes) -> Value {
    let records = match header.is_control() || !batch::verify_crc(batch) {
        true => Value::Null,
        false => records(batch),
    };
    let (base, last) = (header.base_offset.0, header.last_offset().0);
    let mut fields = vec![json!(base), json!(last), json!(header.leader_epoch.0), records];
    if header.producer_id >= 0 {
        let mut producer =
            json!({ "producer_epoch": header.producer_epoch, "seq": header.base_sequence });
        if header.is_transactional() {
            producer["transactional"] = json!(true);
        }
        if let Some(control) = control(header, batch) {
            producer["control"] = json!(control);
        }
        fields.push(producer);
    }
    Value::Array(fields)
}

fn records(batch: &Bytes) -> Value {
    let read: Result<Vec<Value>, _> = reader::records(batch)
        .map(|record| {
            record
                .map(|record| json!([record.offset.0, text_of(record.key), text_of(record.value)]))
        })
        .collect();
    read.map_or(Value::Null, Value::Array)
}

/// `COMMIT` or `ABORT`, of a control batch (`ControlRecordType`: version and type in the key).
#[must_use]
pub fn control(header: &BatchHeader, batch: &Bytes) -> Option<&'static str> {
    if !header.is_control() {
        return None;
    }
    let marker = reader::records(batch).next()?.ok()?;
    match marker.key? {
        [_, _, 0, 0] => Some("ABORT"),
        [_, _, 0, 1] => Some("COMMIT"),
        _ => None,
    }
}

/// Bytes as text; null stays null.
#[must_use]
pub fn text_of(bytes: Option<&[u8]>) -> Value {
    bytes.map_or(Value::Null, |bytes| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_written_as_cases_write_it() {
        let record = |value: &str| Record {
            key: None,
            value: Some(value.as_bytes().to_vec()),
            timestamp: 1,
        };
        let plain = build(&[record("a"), record("b")], None);
        assert_eq!(to_json(&plain), [json!([0, 1, -1, [[0, null, "a"], [1, null, "b"]]])]);
        let sender = Sender { id: 9, epoch: 2, sequence: 5, transactional: true };
        let mut sent = build(&[record("a")], Some(sender)).to_vec();
        let producer = json!({"producer_epoch": 2, "seq": 5, "transactional": true});
        let batches = to_json(&Bytes::from(sent.clone()));
        assert_eq!(batches, [json!([0, 0, -1, [[0, null, "a"]], producer])]);
        sent[65] ^= 1;
        sent.extend_from_slice(&[0; 7]);
        let damaged = to_json(&Bytes::from(sent));
        assert_eq!(damaged, [json!([0, 0, -1, null, producer]), json!({"torn_bytes": 7})]);
    }
}
