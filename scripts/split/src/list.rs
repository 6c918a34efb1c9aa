//! The list of the first view: which functions it ran when that was last recorded, and which it did not.
//!
//! Functions are kept as short hashes of their names, since the names of a whole engine would weigh more
//! than it. A function of neither kind is newer than the recording: it is taken to run where one that
//! ran calls it or a pointer leads to it, so that a list that is a little old makes the first part
//! heavier and not wrong.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::Failure;

const RAN: &str = "ran";
const DID_NOT: &str = "did not run";
const HEAD: &str = "# Functions of the page's module, as hashes of their names: those that its first view ran, and the others.
# `make first-view` records them; scripts/split cuts the module by them.
";
const ON_A_LINE: usize = 16;

/// What was recorded.
#[derive(Default)]
pub struct List {
    ran: BTreeSet<u32>,
    did_not: BTreeSet<u32>,
}

/// What a list knows of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// The first view ran it.
    Ran,
    /// It was there, and the first view did without.
    DidNot,
    /// It is newer than the list.
    New,
}

impl List {
    /// A list of names.
    pub fn new<'n>(
        ran: impl Iterator<Item = &'n str>,
        did_not: impl Iterator<Item = &'n str>,
    ) -> List {
        let ran: BTreeSet<u32> = ran.map(hash).collect();
        let did_not = did_not.map(hash).filter(|hash| !ran.contains(hash)).collect();
        List { ran, did_not }
    }

    /// Reads what [`List::text`] wrote.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn parse(text: &str) -> Result<List, Failure> {
        let mut list = List::default();
        let mut into = None;
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            match line {
                RAN => into = Some(&mut list.ran),
                DID_NOT => into = Some(&mut list.did_not),
                hashes => {
                    let into = into.as_mut().ok_or("a list begins with what ran")?;
                    for hash in hashes.split(' ') {
                        into.insert(u32::from_str_radix(hash, 16)?);
                    }
                }
            }
        }
        Ok(list)
    }

    /// The list as its file holds it.
    pub fn text(&self) -> String {
        let mut text = HEAD.to_owned();
        for (title, hashes) in [(RAN, &self.ran), (DID_NOT, &self.did_not)] {
            let _strings_take_all = writeln!(text, "{title}");
            let hashes: Vec<String> = hashes.iter().map(|hash| format!("{hash:06x}")).collect();
            for line in hashes.chunks(ON_A_LINE) {
                text += &line.join(" ");
                text.push('\n');
            }
        }
        text
    }

    /// What is known of the function of this name.
    pub fn of(&self, name: &str) -> Known {
        let hash = hash(name);
        match (self.ran.contains(&hash), self.did_not.contains(&hash)) {
            (true, _) => Known::Ran,
            (false, true) => Known::DidNot,
            (false, false) => Known::New,
        }
    }
}

/// FNV-1a, folded to 24 bits: two names of one hash are a few in ten thousand, and cost a few bytes.
fn hash(name: &str) -> u32 {
    let hash = name
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash >> 24) ^ (hash & 0x00ff_ffff)
}

#[cfg(test)]
mod tests {
    use super::{Known, List};

    #[test]
    fn a_list_is_read_as_it_was_written() {
        let list = List::new(["a", "b"].into_iter(), ["c"].into_iter());
        let read = List::parse(&list.text()).expect("it is a list");
        assert_eq!(
            ["a", "b", "c", "d"].map(|name| read.of(name)),
            [Known::Ran, Known::Ran, Known::DidNot, Known::New]
        );
    }
}
