//! The document of a session: what it takes to replay it, and the moment up to which it is saved.
//!
//! Bytes are a format version, then postcard. A document is written in the same transaction as the
//! file changes up to its moment, so the two agree.

use serde::{Deserialize, Serialize};

use crate::engine::command::TimedCommand;
use crate::engine::config::WorldConfig;
use crate::engine::ids::{EventId, Text};
use crate::engine::time::Micros;

/// Format of [`Document::encode`].
const FORMAT: u8 = 1;
/// Format of [`Futures::encode`].
const FUTURES_FORMAT: u8 = 1;

/// A moment of a world's history, exactly: where a command given there would stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// World time.
    pub at: Micros,
    /// As [`TimedCommand::before`]: `None` when everything due by `at` has run, else the id that the
    /// next event will get.
    pub before: Option<EventId>,
    /// Commands of the timeline that were given before it.
    pub commands: u64,
}

/// What is saved of a session besides its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Version of the engine: another one may make other events of the same commands.
    pub engine: u32,
    /// Settings of the world.
    pub config: WorldConfig,
    /// Commands known at the beginning: what a reset returns to.
    pub initial: Vec<TimedCommand>,
    /// The moment at which the session was first shown, as in [`Place`].
    pub until: (Micros, Option<EventId>),
    /// All commands up to `place`.
    pub commands: Vec<TimedCommand>,
    /// The moment that is saved.
    pub place: Place,
}

/// What changes seldom: the futures that were begun beside the one of the document, and what the
/// session's text says beside commands. It is a row of its own, written with the document when it changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Futures {
    /// Moments that have a name and what is expected, as scenario text.
    pub said: Text,
    /// Every branch, in the order of their beginning.
    pub branches: Vec<KeptBranch>,
    /// The one that the document is of.
    pub current: u32,
    /// The number that the next branch gets.
    pub next: u32,
}

/// A branch: commands from the world's beginning. Those of the current one are the document's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptBranch {
    /// Its number.
    pub id: u32,
    /// Its name, when somebody gave one.
    pub name: Option<Text>,
    /// The branch that it left.
    pub parent: Option<u32>,
    /// When it left it.
    pub from: Micros,
    /// How far it was seen.
    pub end: Micros,
    /// Its commands.
    pub commands: Vec<TimedCommand>,
}

impl Futures {
    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![FUTURES_FORMAT];
        bytes.extend(postcard::to_allocvec(self).expect("plain data always encodes"));
        bytes
    }

    /// The futures in these bytes; `None` when there are none of a format that this page knows.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Futures> {
        let (_, rest) = bytes.split_first().filter(|(format, _)| **format == FUTURES_FORMAT)?;
        postcard::from_bytes(rest).ok()
    }
}

/// Why a document cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentError {
    /// Another engine wrote it.
    OtherEngine(u32),
    /// Not a document, or of a format that this page does not know.
    Unreadable,
}

impl Document {
    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![FORMAT];
        bytes.extend_from_slice(&self.engine.to_be_bytes());
        bytes.extend(postcard::to_allocvec(self).expect("plain data always encodes"));
        bytes
    }

    /// A document from its bytes, when `engine` wrote it.
    ///
    /// # Errors
    /// Another engine wrote it (the rest is not looked at then), or the bytes are not a document.
    pub fn decode(bytes: &[u8], engine: u32) -> Result<Document, DocumentError> {
        let (&format, rest) = bytes.split_first().ok_or(DocumentError::Unreadable)?;
        if format != FORMAT {
            return Err(DocumentError::Unreadable);
        }
        let (written_by, rest) = rest.split_first_chunk::<4>().ok_or(DocumentError::Unreadable)?;
        let written_by = u32::from_be_bytes(*written_by);
        if written_by != engine {
            return Err(DocumentError::OtherEngine(written_by));
        }
        postcard::from_bytes(rest).map_err(|_| DocumentError::Unreadable)
    }
}
