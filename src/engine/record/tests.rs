//! Batches that Kafka, kafkajs, kafka-python and aiokafka wrote, read as Kafka 3.9 reads them, and
//! written again byte for byte. The facts are in `tests/data/record_batches.json`.

use bytes::Bytes;
use serde_json::Value;

use crate::engine::ids::{LeaderEpoch, Offset};
use crate::engine::record::batch::{
    BatchError, BatchHeader, Codec, batches, count_records, verify_crc, with_offset_and_epoch,
};
use crate::engine::record::builder::{BatchBuilder, Header};
use crate::engine::record::codec::{CodecError, is_built_in};
use crate::engine::record::control::{ControlRecord, ControlType};
use crate::engine::record::reader::{RecordError, RecordRef, records, uncompressed};

const VECTORS: &str = include_str!("../../../tests/data/record_batches.json");

fn vectors() -> Value {
    serde_json::from_str(VECTORS).expect("the vectors are JSON")
}

fn unhex(value: &Value) -> Option<Vec<u8>> {
    let text = value.as_str()?;
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hex");
    Some((0..text.len()).step_by(2).map(byte).collect())
}

fn bytes_of(case: &Value) -> Bytes {
    unhex(&case["hex"]).expect("a case has bytes").into()
}

fn number(value: &Value) -> i64 {
    value.as_i64().expect("a number")
}

/// Every case in format v2 with the one batch that Kafka decoded from it.
fn v2_cases() -> Vec<(String, Bytes, Value)> {
    let all = vectors();
    let cases = all["cases"].as_array().expect("cases");
    let found: Vec<_> = cases
        .iter()
        .filter(|case| case["decoded"]["batches"][0]["magic"] == 2)
        .map(|case| {
            (case["name"].to_string(), bytes_of(case), case["decoded"]["batches"][0].clone())
        })
        .collect();
    assert_eq!(found.len(), 26);
    found
}

fn corrupt(name: &str) -> Bytes {
    let all = vectors();
    let cases = all["corrupt"].as_array().expect("cases");
    bytes_of(cases.iter().find(|case| case["name"] == name).expect("a case of that name"))
}

#[test]
fn headers_say_what_kafka_says() {
    for (name, bytes, expected) in v2_cases() {
        let all: Vec<_> = batches(&bytes).collect();
        assert_eq!(all.len(), 1, "{name}");
        let (header, batch) = &all[0];
        let ours = [
            (header.base_offset.0, "baseOffset"),
            (header.last_offset().0, "lastOffset"),
            (header.next_offset().0, "nextOffset"),
            (i64::from(header.crc), "crc"),
            (header.base_timestamp, "baseTimestamp"),
            (header.max_timestamp, "maxTimestamp"),
            (i64::from(header.leader_epoch.0), "partitionLeaderEpoch"),
            (header.producer_id, "producerId"),
            (i64::from(header.producer_epoch), "producerEpoch"),
            (i64::from(header.base_sequence), "baseSequence"),
            (i64::from(header.record_count), "countOrNull"),
            (batch.len() as i64, "sizeInBytes"),
        ];
        for (ours, field) in ours {
            assert_eq!(ours, number(&expected[field]), "{name}: {field}");
        }
        assert_eq!(header.is_transactional(), expected["isTransactional"] == true, "{name}");
        assert_eq!(header.is_control(), expected["isControlBatch"] == true, "{name}");
        let codec = format!("{:?}", header.codec()).to_lowercase();
        assert_eq!(expected["compression"], codec, "{name}");
        assert!(verify_crc(batch), "{name}");
        assert_eq!(u64::from(count_records(&bytes)), number(&expected["countOrNull"]) as u64);
    }
}

#[test]
fn records_say_what_kafka_says() {
    for (name, bytes, expected) in v2_cases() {
        let Ok(plain) = uncompressed(&bytes) else {
            assert!(expected["compression"] == "zstd" && !is_built_in(Codec::Zstd), "{name}");
            continue;
        };
        let ours: Vec<RecordRef<'_>> =
            records(&plain).map(|record| record.expect("sound")).collect();
        let theirs = expected["records"].as_array().expect("records");
        assert_eq!(ours.len(), theirs.len(), "{name}");
        for (ours, theirs) in ours.iter().zip(theirs) {
            assert_eq!(ours.offset.0, number(&theirs["offset"]), "{name}");
            assert_eq!(ours.timestamp, number(&theirs["timestamp"]), "{name}");
            assert_eq!(ours.key, unhex(&theirs["keyHex"]).as_deref(), "{name}");
            assert_eq!(ours.value, unhex(&theirs["valueHex"]).as_deref(), "{name}");
            let headers = theirs["headers"].as_array().expect("headers");
            assert_eq!(ours.headers.count() as usize, headers.len(), "{name}");
            for ((key, value), pair) in ours.headers.iter().zip(headers) {
                assert_eq!(key, pair[0].as_str().expect("a key").as_bytes(), "{name}");
                assert_eq!(value, unhex(&pair[1]).as_deref(), "{name}");
            }
        }
    }
}

#[test]
fn the_builder_writes_the_bytes_that_other_clients_write() {
    let mut compared = 0;
    for (name, bytes, batch) in v2_cases() {
        let plain = batch["compression"] == "none"
            && batch["timestampType"] == "CreateTime"
            && batch["isTransactional"] == false
            && batch["isControlBatch"] == false;
        if !plain {
            continue;
        }
        let epoch = i16::try_from(number(&batch["producerEpoch"])).expect("16 bits");
        let sequence = i32::try_from(number(&batch["baseSequence"])).expect("32 bits");
        let mut builder =
            BatchBuilder::new().producer(number(&batch["producerId"]), epoch, sequence);
        for record in records(&bytes).map(|record| record.expect("sound")) {
            let headers: Vec<Header<'_>> = record
                .headers
                .iter()
                .map(|(key, value)| (std::str::from_utf8(key).expect("text"), value))
                .collect();
            let RecordRef { timestamp, key, value, .. } = record;
            let promised = builder.would_be_size(timestamp, key, value, &headers);
            builder.append(timestamp, key, value, &headers);
            assert_eq!(builder.size(), promised, "{name}");
        }
        let header = BatchHeader::parse(&bytes).expect("sound");
        let ours = with_offset_and_epoch(&builder.build(), header.base_offset, header.leader_epoch);
        assert_eq!(ours, bytes, "{name}");
        compared += 1;
    }
    assert_eq!(compared, 13);
}

#[test]
fn assigning_an_offset_and_an_epoch_leaves_the_crc_right() {
    let mut builder = BatchBuilder::new();
    builder.append(7, Some(b"k"), Some(b"v"), &[]);
    let sent = builder.build();
    let stored = with_offset_and_epoch(&sent, Offset(1_000_000_007), LeaderEpoch(3));
    let header = BatchHeader::parse(&stored).expect("sound");
    assert_eq!((header.base_offset, header.leader_epoch), (Offset(1_000_000_007), LeaderEpoch(3)));
    assert!(verify_crc(&stored));
    assert_eq!(sent[16..], stored[16..]);
}

#[test]
fn a_flipped_bit_in_the_crc_or_behind_it_is_noticed() {
    assert!(!verify_crc(&corrupt("bad_crc_flip_crc_byte")));
    assert!(!verify_crc(&corrupt("bad_crc_flip_payload_byte")));
}

#[test]
fn a_batch_that_is_cut_off_is_left_out() {
    for name in ["truncated_mid_records", "truncated_in_header_40", "truncated_11_bytes"] {
        assert_eq!(batches(&corrupt(name)).count(), 0, "{name}");
    }
    let whole = v2_cases()[0].1.clone();
    let two_and_a_half = [&whole[..], &whole[..], &whole[..whole.len() - 1]].concat();
    assert_eq!(batches(&two_and_a_half.into()).count(), 2);
}

#[test]
fn a_length_that_no_batch_has_is_corrupt() {
    let parse = |name| BatchHeader::parse(&corrupt(name));
    assert_eq!(parse("batch_length_too_small_13"), Err(BatchError::BadLength(13)));
    assert_eq!(parse("all_zero_100_bytes"), Err(BatchError::BadLength(0)));
}

fn first_error(name: &str) -> RecordError {
    records(&corrupt(name)).find_map(Result::err).expect("an error")
}

#[test]
fn records_that_kafka_refuses_are_refused() {
    assert_eq!(first_error("bad_magic_minus1"), RecordError::Magic(-1));
    assert_eq!(first_error("record_length_varint_too_long_crc_fixed"), RecordError::Malformed(0));
    assert_eq!(first_error("negative_headers_count_crc_fixed"), RecordError::Malformed(0));
    let gzip = RecordError::Codec(CodecError::Malformed);
    for name in ["gzip_flag_on_uncompressed_crc_fixed", "gzip_payload_corrupt_crc_fixed"] {
        assert_eq!(first_error(name), RecordError::Compressed(Codec::Gzip), "{name}");
        assert_eq!(uncompressed(&corrupt(name)), Err(gzip), "{name}");
    }
}

/// A batch of three records, one with headers of which two have the same key.
fn sample(codec: Codec) -> Bytes {
    let mut builder = BatchBuilder::new().producer(7, 1, 40).compressed(codec);
    let headers: [Header<'_>; 3] = [("trace", Some(b"1")), ("trace", None), ("", Some(b""))];
    builder.append(1_000, Some(b"k"), Some(&[b'v'; 300]), &headers);
    builder.append(900, None, Some(b""), &[]);
    builder.append(1_200, Some(b""), None, &[]);
    builder.build()
}

#[test]
fn a_compressed_batch_holds_the_records_of_a_plain_one() {
    let plain = sample(Codec::None);
    for codec in [Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd] {
        if !is_built_in(codec) {
            continue;
        }
        let packed = sample(codec);
        let header = BatchHeader::parse(&packed).expect("sound");
        assert!(verify_crc(&packed) && packed.len() < plain.len());
        assert_eq!((header.codec(), header.record_count), (codec, 3));
        assert_eq!((header.base_timestamp, header.max_timestamp), (1_000, 1_200));
        let back = uncompressed(&packed).expect("what was written can be read");
        assert!(records(&back).eq(records(&plain)), "{codec:?}");
    }
}

#[test]
fn headers_keep_their_order_and_keys_that_come_twice_and_null_values() {
    let batch = sample(Codec::None);
    let first = records(&batch).next().expect("a record").expect("sound");
    let headers: Vec<_> = first.headers.iter().collect();
    assert_eq!(
        headers,
        [(&b"trace"[..], Some(&b"1"[..])), (&b"trace"[..], None), (&b""[..], Some(&b""[..]))]
    );
}

#[test]
fn a_control_batch_says_how_its_transaction_ended() {
    let all = v2_cases();
    let (_, bytes, _) =
        all.iter().find(|(name, ..)| name.contains("control_commit")).expect("a case of that name");
    let marker = ControlRecord::of(bytes).expect("a marker");
    assert_eq!(marker.kind, ControlType::Commit);
    assert!(marker.coordinator_epoch >= 0);
}

#[test]
fn a_delete_horizon_lies_in_the_base_timestamp() {
    let mut bytes = sample(Codec::None).to_vec();
    bytes[22] |= 0b100_0000;
    let header = BatchHeader::parse(&bytes).expect("sound");
    assert_eq!(header.delete_horizon(), Some(1_000));
}
