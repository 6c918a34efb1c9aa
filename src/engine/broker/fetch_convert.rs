//! Fetch: what a reader of an older version gets of what was read (`KafkaApis.maybeConvertFetchedData`).
//!
//! A topic that stores zstd is closed to those who do not know it (KIP-110); who is older than Kafka
//! 0.11 gets its records in the format of its time, unless `message.downconversion.enable` says no
//! (KIP-283).

use kafka_protocol::ResponseError;

use crate::engine::broker::Broker;
use crate::engine::broker::fetch_read::Piece;
use crate::engine::broker::fetch_session::Ask;
use crate::engine::record::down_convert::{NoOldForm, OldFormat, down_convert};
use crate::engine::setting::CompressionType;

/// First version that reads zstd.
const ZSTD: i16 = 10;

impl Broker {
    /// A partition's answer as this version of Fetch has it.
    ///
    /// # Errors
    /// It has none: the answer tells so without records, not even an empty set of them.
    pub(super) fn in_version(
        &self,
        version: i16,
        ask: &Ask,
        mut piece: Piece,
    ) -> Result<Piece, ResponseError> {
        if version >= ZSTD {
            return Ok(piece);
        }
        let Some(partition) = self.partitions.get(&ask.id) else { return Ok(piece) };
        if partition.config.compression_type == CompressionType::Zstd {
            return Err(ResponseError::UnsupportedCompressionType);
        }
        let format = match version {
            ..=1 => OldFormat::V0,
            2 | 3 => OldFormat::V1,
            _ => return Ok(piece),
        };
        if !partition.config.message_downconversion_enable {
            return Err(ResponseError::UnsupportedVersion);
        }
        let read_bytes = usize::try_from(piece.read_bytes).unwrap_or(usize::MAX);
        let converted = down_convert(&piece.records, read_bytes, format, ask.offset);
        piece.records = converted.map_err(|error| match error {
            NoOldForm::Zstd => ResponseError::UnsupportedCompressionType,
            NoOldForm::Unreadable => ResponseError::UnknownServerError,
        })?;
        Ok(piece)
    }
}
