//! Records of `__consumer_offsets`, as Kafka's formatters show them (`OffsetsMessageFormatter`,
//! `GroupMetadataMessageFormatter`): what a coordinator wrote, as JSON or, the older way, as text.

use crate::engine::json::quote;

/// What is shown, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Committed offsets, as JSON.
    Offsets,
    /// Committed offsets, as text.
    OffsetsText,
    /// Groups and their members, as JSON.
    Groups,
}

/// A record's text; `None` where it is of the other kind.
pub(super) fn text(shape: Shape, key: Option<&[u8]>, value: Option<&[u8]>) -> Option<String> {
    let Some(key) = key else {
        // Kafka's JSON has this of a record without a key; there is none in that topic.
        return (shape != Shape::OffsetsText).then(|| "{\"key\":null,\"value\":null}".to_owned());
    };
    let mut key = Bytes(key);
    let version = key.number(2)?;
    let is_offset = matches!(version, 0 | 1);
    if is_offset == (shape == Shape::Groups) {
        return None;
    }
    let group = key.text()??;
    if shape == Shape::Groups {
        let value = match value {
            Some(value) => group_value(value)?,
            None => "null".to_owned(),
        };
        let group = quote(&group);
        return Some(format!(
            "{{\"key\":{{\"version\":{version},\"data\":{{\"group\":{group}}}}},\"value\":{value}}}"
        ));
    }
    let (topic, partition) = (key.text()??, key.number(4)?);
    let committed = match value {
        Some(value) => Some(Committed::read(value)?),
        None => None,
    };
    if shape == Shape::OffsetsText {
        let told = committed.map_or("NULL".to_owned(), |committed| committed.told());
        return Some(format!("[{group},{topic},{partition}]::{told}\n"));
    }
    let value = committed.map_or("null".to_owned(), |committed| committed.json());
    let (group, topic) = (quote(&group), quote(&topic));
    Some(format!(
        "{{\"key\":{{\"version\":{version},\"data\":{{\"group\":{group},\"topic\":{topic},\
         \"partition\":{partition}}}}},\"value\":{value}}}"
    ))
}

/// `OffsetCommitValue`, versions 0 to 3.
struct Committed {
    version: i64,
    offset: i64,
    epoch: Option<i64>,
    metadata: String,
    at: i64,
    expires: Option<i64>,
}

impl Committed {
    fn read(bytes: &[u8]) -> Option<Committed> {
        let mut bytes = Bytes(bytes);
        let version = bytes.number(2)?;
        let offset = bytes.number(8)?;
        let epoch = if version >= 3 { Some(bytes.number(4)?) } else { None };
        let metadata = bytes.text()??;
        let at = bytes.number(8)?;
        let expires = if version == 1 { Some(bytes.number(8)?) } else { None };
        Some(Committed { version, offset, epoch, metadata, at, expires })
    }

    /// `OffsetAndMetadata.toString`.
    fn told(&self) -> String {
        let epoch = self.epoch.filter(|epoch| *epoch >= 0);
        let epoch = epoch.map_or("Optional.empty".to_owned(), |epoch| format!("Optional[{epoch}]"));
        let expires = self.expires.filter(|at| *at != -1);
        let expires = expires.map_or("None".to_owned(), |at| format!("Some({at})"));
        format!(
            "OffsetAndMetadata(offset={}, leaderEpoch={epoch}, metadata={}, commitTimestamp={}, \
             expireTimestamp={expires})",
            self.offset, self.metadata, self.at
        )
    }

    fn json(&self) -> String {
        let field = |name: &str, value: Option<i64>| {
            value.map_or_else(String::new, |value| format!(",\"{name}\":{value}"))
        };
        format!(
            "{{\"version\":{},\"data\":{{\"offset\":{}{},\"metadata\":{},\"commitTimestamp\":{}{}}}}}",
            self.version,
            self.offset,
            field("leaderEpoch", self.epoch),
            quote(&self.metadata),
            self.at,
            field("expireTimestamp", self.expires)
        )
    }
}

/// `GroupMetadataValue`, versions 0 to 3.
fn group_value(bytes: &[u8]) -> Option<String> {
    let mut bytes = Bytes(bytes);
    let version = bytes.number(2)?;
    let or_null = |text: Option<String>| text.map_or("null".to_owned(), |text| quote(&text));
    let mut data = format!("\"protocolType\":{}", or_null(bytes.text()?));
    data.push_str(&format!(",\"generation\":{}", bytes.number(4)?));
    data.push_str(&format!(",\"protocol\":{}", or_null(bytes.text()?)));
    data.push_str(&format!(",\"leader\":{}", or_null(bytes.text()?)));
    if version >= 2 {
        data.push_str(&format!(",\"currentStateTimestamp\":{}", bytes.number(8)?));
    }
    let mut members = Vec::new();
    for _ in 0..bytes.number(4)? {
        let mut member = format!("{{\"memberId\":{}", or_null(bytes.text()?));
        if version >= 3 {
            member.push_str(&format!(",\"groupInstanceId\":{}", or_null(bytes.text()?)));
        }
        member.push_str(&format!(",\"clientId\":{}", or_null(bytes.text()?)));
        member.push_str(&format!(",\"clientHost\":{}", or_null(bytes.text()?)));
        if version >= 1 {
            member.push_str(&format!(",\"rebalanceTimeout\":{}", bytes.number(4)?));
        }
        member.push_str(&format!(",\"sessionTimeout\":{}", bytes.number(4)?));
        member.push_str(&format!(",\"subscription\":\"{}\"", base64(bytes.block()?)));
        member.push_str(&format!(",\"assignment\":\"{}\"}}", base64(bytes.block()?)));
        members.push(member);
    }
    let members = members.join(",");
    Some(format!("{{\"version\":{version},\"data\":{{{data},\"members\":[{members}]}}}}"))
}

/// Bytes, read from their beginning.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// A whole number of 2, 4 or 8 bytes.
    fn number(&mut self, size: usize) -> Option<i64> {
        let bytes = self.take(size)?;
        let unsigned = bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let spare = 64 - 8 * u32::try_from(size).ok()?;
        Some((unsigned << spare).cast_signed() >> spare)
    }

    /// A text, which may be null.
    fn text(&mut self) -> Option<Option<String>> {
        match usize::try_from(self.number(2)?) {
            Ok(length) => {
                let text = self.take(length)?;
                Some(Some(String::from_utf8_lossy(text).into_owned()))
            }
            Err(_) => Some(None),
        }
    }

    fn block(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number(4)?).ok()?;
        self.take(length)
    }
}

const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4_usize {
            let sign = usize::try_from(bits >> (18 - 6 * at) & 63).unwrap_or(0);
            text.push(if at <= three.len() { char::from(SIGNS[sign]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Vec<u8> {
        [b"\0\x01\0\x03app\0\x06orders".to_vec(), vec![0, 0, 0, 2]].concat()
    }

    fn value() -> Vec<u8> {
        let (offset, epoch, at) = (7_i64, 0_i32, 1_700_000_000_000_i64);
        let head = [&[0, 3][..], &offset.to_be_bytes(), &epoch.to_be_bytes()].concat();
        [head, vec![0, 0], at.to_be_bytes().to_vec()].concat()
    }

    #[test]
    fn a_committed_offset_is_shown_in_both_ways() {
        let (key, value) = (key(), value());
        let shown = |shape| text(shape, Some(&key), Some(&value)).expect("it is an offset");
        assert_eq!(
            shown(Shape::OffsetsText),
            "[app,orders,2]::OffsetAndMetadata(offset=7, leaderEpoch=Optional[0], metadata=, \
             commitTimestamp=1700000000000, expireTimestamp=None)\n"
        );
        assert_eq!(
            shown(Shape::Offsets),
            "{\"key\":{\"version\":1,\"data\":{\"group\":\"app\",\"topic\":\"orders\",\
             \"partition\":2}},\"value\":{\"version\":3,\"data\":{\"offset\":7,\"leaderEpoch\":0,\
             \"metadata\":\"\",\"commitTimestamp\":1700000000000}}}"
        );
        assert_eq!(text(Shape::Groups, Some(&key), Some(&value)), None);
    }

    #[test]
    fn what_is_deleted_has_no_value() {
        let shown = text(Shape::OffsetsText, Some(&key()), None);
        assert_eq!(shown.as_deref(), Some("[app,orders,2]::NULL\n"));
    }

    #[test]
    fn base64_fills_up_with_equals_signs() {
        assert_eq!(
            ["", "M", "Ma", "Man"].map(|text| base64(text.as_bytes())),
            ["", "TQ==", "TWE=", "TWFu"]
        );
    }
}
