//! What a leader takes, what it refuses and with which words, and what it writes anew.

use crate::engine::crc::crc32c;
use crate::engine::disk::Disk;
use crate::engine::ids::{LeaderEpoch, Offset, PartitionId, TopicName, TopicPartition};
use crate::engine::log::{Appended, Log};

use super::*;
use crate::engine::record::batch::verify_crc;

const NOW: i64 = 1_000_000;

/// Appends to a topic with these settings; returns the log's one batch too.
fn append(settings: &[(&str, &str)], batch: &Bytes) -> Result<(Appended, Bytes), AppendError> {
    let mut config = TopicConfig::default();
    for (key, value) in settings {
        config.set(key, value).expect("a setting of a topic");
    }
    let mut disk = Disk::default();
    let orders = TopicPartition::new(&TopicName::new("orders"), PartitionId(0));
    let mut log = Log::create(&mut disk, &orders, &config);
    let appended = log.append_as_leader(&mut disk, batch, LeaderEpoch(0), NOW)?;
    let end = log.log_end_offset();
    let stored = log.read(&disk, Offset(0), 99_999, end, true).expect("it is there");
    Ok((appended, stored))
}

fn batch(codec: Codec, times: &[i64], key: Option<&[u8]>) -> Bytes {
    let mut builder = BatchBuilder::new().compressed(codec);
    for time in times {
        builder.append(*time, key, Some(b"value value value value value"), &[]);
    }
    builder.build()
}

fn rejected(settings: &[(&str, &str)], batch: &Bytes) -> Rejected {
    match append(settings, batch) {
        Err(AppendError::Rejected(rejected)) => *rejected,
        other => panic!("{:?}", other.map(|(appended, _)| appended)),
    }
}

fn times_of(batch: &Bytes) -> Vec<i64> {
    let plain = uncompressed(batch).expect("sound");
    records_of(&plain).map(|record| record.expect("sound").timestamp).collect()
}

#[test]
fn a_compacted_topic_takes_no_record_without_a_key() {
    let settings = [("cleanup.policy", "compact")];
    let refused = rejected(&settings, &batch(Codec::None, &[1, 2], None));
    assert!(!refused.invalid_timestamp);
    assert_eq!(
        refused.records[1],
        (1, "Compacted topic cannot accept message without key in topic partition orders-0".into())
    );
    assert!(refused.message().starts_with(
        "One or more records have been rejected due to 2 record errors in total, and only showing the \
         first three errors at most: [RecordError(batchIndex=0, message='Compacted topic"
    ));
    assert!(append(&settings, &batch(Codec::Lz4, &[1], Some(b"k"))).is_ok());
}

#[test]
fn a_time_too_far_from_the_brokers_is_refused() {
    let before = [("message.timestamp.before.max.ms", "1000")];
    let refused = rejected(&before, &batch(Codec::None, &[NOW, NOW - 1_001], None));
    assert!(refused.invalid_timestamp);
    assert_eq!(refused.records[0].0, 1);
    assert!(
        refused.records[0].1.starts_with("Timestamp 998999 of message with offset 1 is out of")
    );
    assert!(append(&before, &batch(Codec::None, &[NOW - 1_000], None)).is_ok());
    let after = [("message.timestamp.after.max.ms", "1000")];
    assert!(rejected(&after, &batch(Codec::None, &[NOW + 1_001], None)).invalid_timestamp);
    assert!(append(&after, &batch(Codec::None, &[NOW + 1_000, -1], None)).is_ok());
}

#[test]
fn log_append_time_is_the_brokers_for_every_record() {
    let settings = [("message.timestamp.type", "LogAppendTime")];
    for codec in [Codec::None, Codec::Gzip] {
        let sent = batch(codec, &[5, 9], None);
        let (appended, stored) = append(&settings, &sent).expect("sound");
        let header = BatchHeader::parse(&stored).expect("sound");
        assert_eq!(appended.log_append_time, NOW);
        assert_eq!(header.timestamp_type(), TimestampType::LogAppendTime);
        assert_eq!((header.base_timestamp, header.max_timestamp), (5, NOW));
        assert!(verify_crc(&stored));
        assert_eq!(times_of(&stored), [NOW, NOW]);
        assert_eq!(stored[61..], sent[61..], "records stay as they were sent");
    }
}

#[test]
fn a_producer_may_not_stamp_log_append_time_itself() {
    let stamped = with_timestamps(&batch(Codec::None, &[5], None), TimestampType::LogAppendTime, 5);
    let settings = [("message.timestamp.type", "LogAppendTime")];
    assert!(rejected(&settings, &stamped).invalid_timestamp);
}

#[test]
fn create_time_is_stored_as_it_was_sent() {
    let sent = batch(Codec::Snappy, &[5, 9, 7], None);
    let (appended, stored) = append(&[], &sent).expect("sound");
    assert_eq!(appended.log_append_time, -1);
    assert_eq!(stored[16..], sent[16..]);
}

#[test]
fn a_wrong_largest_time_in_the_header_is_put_right() {
    let wrong = with_timestamps(&batch(Codec::None, &[5, 9], None), TimestampType::CreateTime, 99);
    let (_, stored) = append(&[], &wrong).expect("sound");
    assert_eq!(BatchHeader::parse(&stored).expect("sound").max_timestamp, 9);
    assert!(verify_crc(&stored));
}

#[test]
fn a_topics_own_codec_writes_the_batch_anew() {
    for (value, codec) in
        [("uncompressed", Codec::None), ("gzip", Codec::Gzip), ("lz4", Codec::Lz4)]
    {
        for source in [Codec::None, Codec::Snappy] {
            let sent = batch(source, &[5, 9], Some(b"k"));
            let (_, stored) = append(&[("compression.type", value)], &sent).expect("sound");
            assert_eq!(BatchHeader::parse(&stored).expect("sound").codec(), codec);
            assert!(verify_crc(&stored));
            assert_eq!(times_of(&stored), [5, 9]);
        }
    }
}

#[test]
fn a_batch_that_grows_beyond_the_limit_when_written_anew_is_too_large() {
    let mut builder = BatchBuilder::new().compressed(Codec::Gzip);
    builder.append(1, None, Some(&[b'a'; 5_000]), &[]);
    let settings = [("compression.type", "uncompressed"), ("max.message.bytes", "1000")];
    let refused = append(&settings, &builder.build());
    assert!(matches!(refused, Err(AppendError::TooLarge { .. })));
}

#[test]
fn compressed_records_that_are_damaged_are_refused() {
    let mut sent = batch(Codec::Gzip, &[5], None).to_vec();
    sent[61 + 12] ^= 0xff;
    let crc = crc32c(&sent[21..]);
    sent[17..21].copy_from_slice(&crc.to_be_bytes());
    assert_eq!(append(&[], &sent.into()).err(), Some(AppendError::Undecodable));
}

#[test]
fn an_idempotent_batch_needs_a_sequence() {
    let mut builder = BatchBuilder::new().producer(7, 0, -1);
    builder.append(1, None, None, &[]);
    assert!(matches!(append(&[], &builder.build()), Err(AppendError::Invalid(_))));
}
