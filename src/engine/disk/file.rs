//! The content of one file: the pieces in which it was appended, and a tail that still grows.
//!
//! Large appends are kept as they came, so that a log shares its bytes with the request that brought
//! them, with the followers that copy it and with every checkpoint. Small ones (index entries) gather
//! in the tail, which becomes a piece at [`TAIL_SEALED_AT`]: what a write after a clone has to copy
//! stays small.
//!
//! A file may reach beyond what was written (`RandomAccessFile.setLength`, as index files do): the
//! hole at its end reads as zeros and takes no memory. What is appended fills it from its start.

use crate::engine::persistent::Vector;
use bytes::Bytes;

use crate::engine::ids::Text;

/// Length at which the tail becomes a piece.
const TAIL_SEALED_AT: usize = 4_096;
/// Most bytes of a hole that are read at once.
const HOLE_RUN: u64 = 4_096;

/// A piece of a file.
#[derive(Clone, Debug)]
struct Chunk {
    start: u64,
    bytes: Bytes,
}

impl Chunk {
    fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

/// A file: `filled` is the end of the chunks plus the tail, `flushed` is never past it, `extent` never
/// before it.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) path: Text,
    chunks: Vector<Chunk>,
    tail: Vec<u8>,
    filled: u64,
    extent: u64,
    flushed: u64,
}

impl File {
    pub(super) fn new(path: Text) -> File {
        File { path, chunks: Vector::new(), tail: Vec::new(), filled: 0, extent: 0, flushed: 0 }
    }

    /// Its length, with the hole at its end.
    pub(super) fn len(&self) -> u64 {
        self.extent
    }

    /// Where the hole begins; the length when there is none.
    pub(super) fn filled(&self) -> u64 {
        self.filled
    }

    /// Makes it at least that long, by a hole.
    pub(super) fn extend(&mut self, len: u64) {
        self.extent = self.extent.max(len);
    }

    pub(super) fn flushed(&self) -> u64 {
        self.flushed
    }

    pub(super) fn flush(&mut self) {
        self.flushed = self.filled;
    }

    pub(super) fn append(&mut self, bytes: Bytes) -> u64 {
        let start = self.filled;
        if !bytes.is_empty() {
            self.seal_tail();
            self.grow(bytes.len());
            self.chunks.push_back(Chunk { start, bytes });
        }
        start
    }

    pub(super) fn append_small(&mut self, bytes: &[u8]) -> u64 {
        let start = self.filled;
        self.tail.extend_from_slice(bytes);
        self.grow(bytes.len());
        if self.tail.len() >= TAIL_SEALED_AT {
            self.seal_tail();
        }
        start
    }

    pub(super) fn replace(&mut self, bytes: Bytes) {
        self.truncate(0);
        self.append(bytes);
        self.flush();
    }

    pub(super) fn truncate(&mut self, len: u64) {
        let tail_start = self.tail_start();
        self.tail.truncate(index(len.saturating_sub(tail_start)));
        while let Some(last) = self.chunks.back() {
            if last.end() <= len {
                break;
            }
            let Chunk { start, mut bytes } = self.chunks.pop_back().expect("it was there");
            if start < len {
                bytes.truncate(index(len - start));
                self.chunks.push_back(Chunk { start, bytes });
            }
        }
        self.filled = self.filled.min(len);
        self.extent = self.extent.min(len);
        self.flushed = self.flushed.min(len);
    }

    pub(super) fn read(&self, position: u64, len: u64) -> Bytes {
        let end = position.saturating_add(len).min(self.extent);
        if position >= end {
            return Bytes::new();
        }
        if end > self.filled {
            let mut bytes = self.read(position, self.filled.saturating_sub(position)).to_vec();
            bytes.resize(index(end - position), 0);
            return Bytes::from(bytes);
        }
        let first = self.run(position);
        let wanted = index(end - position);
        if first.len() >= wanted {
            return match first {
                Run::Chunk(bytes) => bytes.slice(..wanted),
                Run::Tail(bytes) => Bytes::copy_from_slice(&bytes[..wanted]),
            };
        }
        let mut gathered = Vec::with_capacity(wanted);
        self.gather(position, wanted, &mut gathered);
        Bytes::from(gathered)
    }

    pub(super) fn read_run(&self, position: u64) -> Bytes {
        if position >= self.filled {
            let hole = self.extent.saturating_sub(position).min(HOLE_RUN);
            return Bytes::from(vec![0; index(hole)]);
        }
        match self.run(position) {
            Run::Chunk(bytes) => bytes,
            Run::Tail(bytes) => Bytes::copy_from_slice(bytes),
        }
    }

    pub(super) fn read_exact(&self, position: u64, buffer: &mut [u8]) -> bool {
        let mut filled = 0;
        while filled < buffer.len() {
            let at = position + filled as u64;
            if at >= self.filled {
                let in_hole = at + (buffer.len() - filled) as u64 <= self.extent;
                buffer[filled..].fill(0);
                return in_hole;
            }
            let from = self.borrow(at);
            let count = from.len().min(buffer.len() - filled);
            buffer[filled..filled + count].copy_from_slice(&from[..count]);
            filled += count;
        }
        true
    }

    /// Changes bytes in place, as far as the file reaches; pieces are copied before they change.
    pub(super) fn overwrite(&mut self, position: u64, bytes: &[u8]) {
        let tail_start = self.tail_start();
        let mut at = position;
        let mut left = bytes;
        while !left.is_empty() && at < self.filled {
            let (from, count);
            if at >= tail_start {
                from = index(at - tail_start);
                count = left.len().min(self.tail.len() - from);
                self.tail[from..from + count].copy_from_slice(&left[..count]);
            } else {
                let which = self.chunk_of(at);
                let chunk = &mut self.chunks[which];
                from = index(at - chunk.start);
                count = left.len().min(chunk.bytes.len() - from);
                let mut copy = chunk.bytes.to_vec();
                copy[from..from + count].copy_from_slice(&left[..count]);
                chunk.bytes = Bytes::from(copy);
            }
            at += count as u64;
            left = &left[count..];
        }
    }

    fn gather(&self, position: u64, wanted: usize, into: &mut Vec<u8>) {
        let mut missing = wanted;
        if position < self.tail_start() {
            for chunk in self.chunks.iter().skip(self.chunk_of(position)) {
                let from = index(position.saturating_sub(chunk.start));
                let count = (chunk.bytes.len() - from).min(missing);
                into.extend_from_slice(&chunk.bytes[from..from + count]);
                missing -= count;
                if missing == 0 {
                    return;
                }
            }
        }
        let from = index(position.saturating_sub(self.tail_start()));
        into.extend_from_slice(&self.tail[from..from + missing]);
    }

    /// What lies together from `position`, which is within the file.
    fn run(&self, position: u64) -> Run<'_> {
        let tail_start = self.tail_start();
        if position >= tail_start {
            return Run::Tail(&self.tail[index(position - tail_start)..]);
        }
        let chunk = &self.chunks[self.chunk_of(position)];
        Run::Chunk(chunk.bytes.slice(index(position - chunk.start)..))
    }

    fn borrow(&self, position: u64) -> &[u8] {
        let tail_start = self.tail_start();
        if position >= tail_start {
            return &self.tail[index(position - tail_start)..];
        }
        let chunk = &self.chunks[self.chunk_of(position)];
        &chunk.bytes[index(position - chunk.start)..]
    }

    /// Index of the chunk that holds `position`, which lies before the tail.
    fn chunk_of(&self, position: u64) -> usize {
        let last = self.chunks.len() - 1;
        if self.chunks[last].start <= position {
            // Most reads are near the end: followers, and consumers that keep up.
            return last;
        }
        match self.chunks.binary_search_by_key(&position, |chunk| chunk.start) {
            Ok(exact) => exact,
            Err(after) => after - 1,
        }
    }

    fn tail_start(&self) -> u64 {
        self.filled - self.tail.len() as u64
    }

    fn grow(&mut self, bytes: usize) {
        self.filled += bytes as u64;
        self.extent = self.extent.max(self.filled);
    }

    fn seal_tail(&mut self) {
        if !self.tail.is_empty() {
            let start = self.tail_start();
            let bytes = Bytes::from(std::mem::take(&mut self.tail));
            self.chunks.push_back(Chunk { start, bytes });
        }
    }
}

enum Run<'a> {
    Chunk(Bytes),
    Tail(&'a [u8]),
}

impl Run<'_> {
    fn len(&self) -> usize {
        match self {
            Run::Chunk(bytes) => bytes.len(),
            Run::Tail(bytes) => bytes.len(),
        }
    }
}

/// A length within memory as an index. Files are held in memory, so it always fits.
fn index(len: u64) -> usize {
    usize::try_from(len).expect("a file held in memory is shorter than the address space")
}
