//! A host's files that change at random, and what every change was: from a seed, so that a failure repeats.

use std::collections::BTreeMap;

use bytes::Bytes;
use highwater::engine::disk::DiskOp;
use highwater::engine::ids::Text;
use highwater::engine::rng::mix;

const PATHS: [&str; 4] = ["00.log", "00.index", "00.log.deleted", "checkpoint"];
/// Beyond two chunks, so that appends close them and truncations cut through.
const BYTES_MOST: u64 = 20_000;

/// Files as they should be.
pub struct Disk {
    state: u64,
    files: BTreeMap<Text, Vec<u8>>,
}

impl Disk {
    /// Without files.
    pub fn new(seed: u64) -> Disk {
        Disk { state: mix(seed), files: BTreeMap::new() }
    }

    /// A number below another.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.state = self.state.wrapping_add(1);
        mix(self.state) % bound
    }

    /// What a batch may hold: one to four changes, done.
    pub fn some_changes(&mut self) -> Vec<DiskOp> {
        (0..=self.below(4)).map(|_| self.change()).collect()
    }

    /// Every file, by path.
    pub fn files(&self) -> Vec<(Text, Vec<u8>)> {
        self.files.iter().map(|(path, bytes)| (path.clone(), bytes.clone())).collect()
    }

    /// Expects these files to be as they should; `what` says which they are.
    pub fn expect(&self, files: &[(Text, Vec<u8>)], what: &str) {
        assert_eq!(told(files), told(&self.files()), "{what}");
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.values().map(|bytes| bytes.len() as u64).sum()
    }

    fn change(&mut self) -> DiskOp {
        let path = self.path();
        let Some(bytes) = self.files.get(&path) else {
            self.files.insert(path.clone(), Vec::new());
            return DiskOp::Create { path };
        };
        let length = bytes.len() as u64;
        match self.below(10) {
            0..5 => {
                let bytes = self.some_bytes();
                self.files.entry(path.clone()).or_default().extend_from_slice(&bytes);
                DiskOp::Append { path, position: length, bytes }
            }
            5..7 => {
                let len = self.below(length + 1);
                self.files.entry(path.clone()).or_default().truncate(len as usize);
                DiskOp::Truncate { path, len }
            }
            7 => {
                let bytes = self.some_bytes();
                self.files.insert(path.clone(), bytes.to_vec());
                DiskOp::Replace { path, bytes }
            }
            8 => {
                self.files.remove(&path);
                DiskOp::Delete { path }
            }
            _ => {
                let index = PATHS.iter().position(|it| **it == *path).unwrap_or(0);
                let others = PATHS.len() as u64 - 1;
                let to: Text =
                    PATHS[(index + 1 + self.below(others) as usize) % PATHS.len()].into();
                let moved = self.files.remove(&path).unwrap_or_default();
                self.files.insert(to.clone(), moved);
                DiskOp::Rename { from: path, to }
            }
        }
    }

    fn path(&mut self) -> Text {
        PATHS[self.below(PATHS.len() as u64) as usize].into()
    }

    /// Few bytes or many, of one value.
    fn some_bytes(&mut self) -> Bytes {
        let most = if self.below(2) == 0 { 100 } else { BYTES_MOST };
        let (length, value) = (self.below(most) + 1, self.below(256));
        vec![value as u8; length as usize].into()
    }
}

/// Files in few words: how many bytes of which value, one after another.
fn told(files: &[(Text, Vec<u8>)]) -> Vec<String> {
    let run = |run: &[u8]| format!(" {}×{}", run.len(), run[0]);
    let runs = |bytes: &[u8]| bytes.chunk_by(|one, next| one == next).map(run).collect::<String>();
    files.iter().map(|(path, bytes)| format!("{path}:{}", runs(bytes))).collect()
}
