//! What `kafka-dump-log --offsets-decoder` and `--transaction-log-decoder` make of a record
//! (`OffsetsMessageParser`, `TransactionLog.formatRecordKeyAndValue`).

use bytes::Bytes;

use crate::engine::assignor::consumer_protocol::{
    PROTOCOL_TYPE, read_assignment, read_subscription,
};
use crate::engine::group::schema::{self, Key, StoredGroup, StoredMember};
use crate::engine::ids::{Text, TopicPartition};
use crate::engine::json::quote;
use crate::engine::record::reader::RecordRef;

/// A record of `__consumer_offsets`: its key and its value as JSON.
pub(super) fn told(record: &RecordRef<'_>) -> (Option<String>, Option<String>) {
    let key = record.key.unwrap_or_default();
    let version = version(key);
    let (data, is_offset) = match schema::read_key(key) {
        Some(Key::Offset(group, TopicPartition { topic, partition })) => (
            format!(
                "{{\"group\":{},\"topic\":{},\"partition\":{}}}",
                quote(&group),
                quote(topic.as_str()),
                partition.0
            ),
            true,
        ),
        Some(Key::Group(group)) => (format!("{{\"group\":{}}}", quote(&group)), false),
        None => {
            let offset = record.offset.0;
            return (
                Some(format!("Unknown record type {version} at offset {offset}, skipping.")),
                None,
            );
        }
    };
    let key = format!("{{\"type\":\"{version}\",\"data\":{data}}}");
    let Some(value) = record.value else { return (Some(key), Some("<DELETE>".to_owned())) };
    let data = match is_offset {
        true => offset(value),
        false => schema::read_group(value).map(|stored| group(&stored, self::version(value))),
    };
    let version = self::version(value);
    let payload = data.map(|data| format!("{{\"version\":\"{version}\",\"data\":{data}}}"));
    (Some(key), payload)
}

fn version(bytes: &[u8]) -> i16 {
    bytes.first_chunk().map_or(-1, |two| i16::from_be_bytes(*two))
}

/// `OffsetCommitValueJsonConverter`.
fn offset(value: &[u8]) -> Option<String> {
    let version = version(value);
    let read = schema::read_offset(value)?;
    let mut text = format!("{{\"offset\":{}", read.offset.0);
    if version >= 3 {
        text.push_str(&format!(",\"leaderEpoch\":{}", read.leader_epoch));
    }
    text.push_str(&format!(
        ",\"metadata\":{},\"commitTimestamp\":{}",
        quote(&read.metadata),
        read.at_ms
    ));
    if version == 1 {
        text.push_str(&format!(",\"expireTimestamp\":{}", read.expires_ms.unwrap_or(-1)));
    }
    text.push('}');
    Some(text)
}

/// `GroupMetadataValueJsonConverter`, with what members said and got taken apart.
fn group(stored: &StoredGroup, version: i16) -> String {
    let is_consumer = &*stored.protocol_type == PROTOCOL_TYPE;
    let mut text = format!(
        "{{\"protocolType\":{},\"generation\":{},\"protocol\":{},\"leader\":{}",
        quote(&stored.protocol_type),
        stored.generation,
        nullable(stored.protocol.as_ref()),
        nullable(stored.leader.as_ref()),
    );
    if version >= 2 {
        text.push_str(&format!(",\"currentStateTimestamp\":{}", stored.state_since_ms));
    }
    let members = stored.members.iter().map(|member| self::member(member, version, is_consumer));
    text.push_str(&format!(",\"members\":[{}]}}", joined(members)));
    text
}

fn member(stored: &StoredMember, version: i16, is_consumer: bool) -> String {
    let mut text = format!("{{\"memberId\":{}", quote(&stored.id));
    if version >= 3 {
        text.push_str(&format!(",\"groupInstanceId\":{}", nullable(stored.instance.as_ref())));
    }
    text.push_str(&format!(
        ",\"clientId\":{},\"clientHost\":{}",
        quote(&stored.client_id),
        quote(&stored.client_host)
    ));
    if version >= 1 {
        text.push_str(&format!(",\"rebalanceTimeout\":{}", stored.rebalance_timeout_ms));
    }
    let wanted = is_consumer.then(|| subscription(&stored.subscription)).flatten();
    let given = is_consumer.then(|| assignment(&stored.assignment)).flatten();
    text.push_str(&format!(
        ",\"sessionTimeout\":{},\"subscription\":{},\"assignment\":{}}}",
        stored.session_timeout_ms,
        wanted.unwrap_or_else(|| base64(&stored.subscription)),
        given.unwrap_or_else(|| base64(&stored.assignment)),
    ));
    text
}

/// `ConsumerProtocolSubscriptionJsonConverter`.
fn subscription(bytes: &Bytes) -> Option<String> {
    let version = version(bytes);
    let read = read_subscription(bytes)?;
    let topics = read.topics.iter().map(|topic| quote(topic.as_str()));
    let mut text = format!("{{\"topics\":[{}]", joined(topics));
    text.push_str(&format!(",\"userData\":{}", data(read.user_data.as_ref())));
    if version >= 1 {
        text.push_str(&format!(",\"ownedPartitions\":{}", partitions(&read.owned)));
    }
    if version >= 2 {
        text.push_str(&format!(",\"generationId\":{}", read.generation.unwrap_or(-1)));
    }
    if version >= 3 {
        text.push_str(&format!(",\"rackId\":{}", nullable(read.rack.as_ref())));
    }
    text.push('}');
    Some(text)
}

/// `ConsumerProtocolAssignmentJsonConverter`.
fn assignment(bytes: &Bytes) -> Option<String> {
    version(bytes).ge(&0).then_some(())?;
    let read = read_assignment(bytes)?;
    Some(format!(
        "{{\"assignedPartitions\":{},\"userData\":{}}}",
        partitions(&read.partitions),
        data(read.user_data.as_ref())
    ))
}

fn partitions(list: &[TopicPartition]) -> String {
    let topics = list.chunk_by(|one, other| one.topic == other.topic).map(|topic| {
        let numbers = topic.iter().map(|tp| tp.partition.0.to_string());
        let name = quote(topic[0].topic.as_str());
        format!("{{\"topic\":{name},\"partitions\":[{}]}}", joined(numbers))
    });
    format!("[{}]", joined(topics))
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(",")
}

fn nullable(text: Option<&Text>) -> String {
    text.map_or_else(|| "null".to_owned(), |text| quote(text))
}

fn data(bytes: Option<&Bytes>) -> String {
    bytes.map_or_else(|| "null".to_owned(), |bytes| base64(bytes))
}

/// Bytes as Jackson writes them.
fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::from("\"");
    for chunk in bytes.chunks(3) {
        let at = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            let sign = SIGNS[((bits >> (18 - 6 * place)) & 63) as usize];
            text.push(if place <= chunk.len() { char::from(sign) } else { '=' });
        }
    }
    text.push('"');
    text
}

/// A record of `__transaction_state`. No coordinator writes one here: what is read is what others wrote.
pub(super) fn transaction(record: &RecordRef<'_>) -> (Option<String>, Option<String>) {
    let key = record.key.unwrap_or_default();
    let text = |bytes: &[u8], at: usize| -> Option<String> {
        let length = i16::from_be_bytes(*bytes.get(at..)?.first_chunk()?);
        let end = at + 2 + usize::try_from(length).ok()?;
        Some(String::from_utf8_lossy(bytes.get(at + 2..end)?).into_owned())
    };
    let id = match version(key) {
        0 => text(key, 2),
        _ => return (Some("<UNKNOWN>".to_owned()), Some("<UNKNOWN>".to_owned())),
    };
    let key = format!("transaction_metadata::transactionalId={}", id.unwrap_or_default());
    let payload = match record.value {
        None => "<DELETE>".to_owned(),
        Some(value) => transaction_value(value).unwrap_or_else(|| "<UNKNOWN>".to_owned()),
    };
    (Some(key), Some(payload))
}

/// `TransactionLogValue` 0: id, epoch, timeout, state, partitions, last update.
fn transaction_value(value: &[u8]) -> Option<String> {
    const STATES: [&str; 8] = [
        "Empty",
        "Ongoing",
        "PrepareCommit",
        "PrepareAbort",
        "CompleteCommit",
        "CompleteAbort",
        "Dead",
        "PrepareEpochFence",
    ];
    let id = i64::from_be_bytes(*value.get(2..)?.first_chunk()?);
    let epoch = i16::from_be_bytes(*value.get(10..)?.first_chunk()?);
    let timeout = i32::from_be_bytes(*value.get(12..)?.first_chunk()?);
    let state = STATES.get(usize::from(*value.get(16)?))?;
    let updated = i64::from_be_bytes(*value.get(value.len().checked_sub(16)?..)?.first_chunk()?);
    Some(format!(
        "producerId:{id},producerEpoch:{epoch},state={state},partitions=[],\
         txnLastUpdateTimestamp={updated},txnTimeoutMs={timeout}"
    ))
}

/// A record of KRaft's metadata log, of which a cluster with ZooKeeper has none: only its frame's version
/// is looked at (`AbstractApiMessageSerde.read`).
pub(super) fn metadata(record: &RecordRef<'_>) -> String {
    let mut version: u64 = 0;
    for (place, byte) in record.value.unwrap_or_default().iter().take(5).enumerate() {
        version |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            break;
        }
    }
    format!(
        "Error at {}, skipping. Could not deserialize metadata record due to unknown frame version \
         {version}(only frame version 1 is supported)",
        record.offset.0
    )
}
