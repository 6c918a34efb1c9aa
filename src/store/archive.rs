//! An archive: every kept session in one file, to be taken to another browser.
//!
//! Rows as they are stored, behind a mark, a version and a checksum, so that a file that was cut or
//! changed on its way is refused as a whole and nothing of it is taken in.

use serde::{Deserialize, Serialize};

use crate::engine::crc::crc32c;
use crate::engine::ids::Text;
use crate::store::report::Refusal;
use crate::store::rows::LoadedRows;

/// How every archive begins.
const MARK: &[u8; 8] = b"HIGHWATR";
/// Version of what follows.
const VERSION: u8 = 1;

/// Sessions with their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archive {
    /// In the order of their names.
    pub sessions: Vec<(Text, LoadedRows)>,
}

impl Archive {
    /// Whether bytes are meant to be an archive.
    #[must_use]
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(MARK)
    }

    /// Its bytes: mark, version, checksum of the rest, the rest.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let rest = postcard::to_allocvec(self).expect("plain data always encodes");
        let checksum = crc32c(&rest).to_be_bytes();
        [&MARK[..], &[VERSION], &checksum, &rest].concat()
    }

    /// An archive from its bytes.
    ///
    /// # Errors
    /// They are none, of a later version, or not as they were written.
    pub fn decode(bytes: &[u8]) -> Result<Archive, Refusal> {
        let rest = bytes.strip_prefix(MARK).ok_or(Refusal::NotAnArchive)?;
        let (&version, rest) = rest.split_first().ok_or(Refusal::DamagedArchive)?;
        if version != VERSION {
            return Err(Refusal::LaterArchive);
        }
        let (checksum, rest) = rest.split_first_chunk::<4>().ok_or(Refusal::DamagedArchive)?;
        if crc32c(rest) != u32::from_be_bytes(*checksum) {
            return Err(Refusal::DamagedArchive);
        }
        postcard::from_bytes(rest).map_err(|_| Refusal::DamagedArchive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive() -> Archive {
        let rows = LoadedRows {
            document: Some(vec![1, 2, 3]),
            chunks: vec![(0, 0, vec![7; 100])],
            ..LoadedRows::default()
        };
        Archive { sessions: vec![("playground".into(), rows)] }
    }

    #[test]
    fn an_archive_is_read_as_it_was_written() {
        assert_eq!(Archive::decode(&archive().encode()), Ok(archive()));
    }

    #[test]
    fn an_archive_that_was_cut_or_changed_anywhere_is_refused() {
        let bytes = archive().encode();
        for length in 0..bytes.len() {
            assert!(Archive::decode(&bytes[..length]).is_err(), "cut to {length}");
        }
        for position in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[position] ^= 0x10;
            assert!(Archive::decode(&changed).is_err(), "changed at {position}");
        }
    }
}
