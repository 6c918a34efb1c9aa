//! The list of the first view: what it ran of which function when that was last recorded, and which
//! functions it did without.
//!
//! Functions are kept as short hashes of their names, since the names of a whole engine would weigh more
//! than it. A function of neither kind is newer than the recording: it is taken to run where one that
//! ran calls it or a pointer leads to it. What ran of a function is known by its operators: where those
//! are others now, all of it is taken to run. So a list that is a little old makes the first part
//! heavier and not wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::Failure;

const RAN: &str = "ran";
const IN_PART: &str = "ran in part";
const DID_NOT: &str = "did not run";
const HEAD: &str = "# Functions of the page's module, as hashes of their names: those that its first view ran, those that it
# ran in part, with a hash of their operators and a bit for each point, and the others.
# `make first-view` records them; scripts/split cuts the module by them.
";
const ON_A_LINE: usize = 16;

/// What was recorded.
#[derive(Default)]
pub struct List {
    ran: BTreeSet<u32>,
    /// By name and operators: which points ran.
    in_part: BTreeMap<(u32, u32), Vec<bool>>,
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
    /// Notes a function: its name, the hash of its operators, which of its points ran.
    pub fn note(&mut self, name: &str, shape: u32, points: &[bool]) {
        let hash = hash(name);
        if !points.contains(&true) {
            self.did_not.insert(hash);
            return;
        }
        self.ran.insert(hash);
        // Two may have one name and the same operators; what either ran is not behind.
        let known =
            self.in_part.entry((hash, fold(shape))).or_insert_with(|| vec![false; points.len()]);
        for (known, ran) in known.iter_mut().zip(points) {
            *known |= ran;
        }
    }

    /// Reads what [`List::text`] wrote.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn parse(text: &str) -> Result<List, Failure> {
        let mut list = List::default();
        let mut title = "";
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if [RAN, IN_PART, DID_NOT].contains(&line) {
                title = line;
                continue;
            }
            for word in line.split(' ') {
                list.take(title, word).ok_or_else(|| format!("`{word}` is nothing of a list"))?;
            }
        }
        Ok(list)
    }

    fn take(&mut self, title: &str, word: &str) -> Option<()> {
        let mut parts = word.split(':');
        let name = u32::from_str_radix(parts.next()?, 16).ok()?;
        match title {
            RAN => {
                self.ran.insert(name);
            }
            DID_NOT => {
                self.did_not.insert(name);
            }
            IN_PART => {
                let shape = u32::from_str_radix(parts.next()?, 16).ok()?;
                let mut points = Vec::new();
                for digit in parts.next()?.chars() {
                    let digit = digit.to_digit(16)?;
                    points.extend((0..4).map(|bit| digit & (1 << bit) != 0));
                }
                self.ran.insert(name);
                self.in_part.insert((name, shape), points);
            }
            _ => return None,
        }
        Some(())
    }

    /// The list as its file holds it.
    pub fn text(&self) -> String {
        let part: Vec<_> =
            self.in_part.iter().filter(|(_, points)| points.contains(&false)).collect();
        let in_part: BTreeSet<u32> = part.iter().map(|((name, _), _)| *name).collect();
        let name = |name: &u32| format!("{name:06x}");
        let words = [
            (RAN, self.ran.difference(&in_part).map(name).collect()),
            (
                IN_PART,
                part.iter()
                    .map(|((name, shape), points)| {
                        format!("{name:06x}:{shape:06x}:{}", digits(points))
                    })
                    .collect::<Vec<String>>(),
            ),
            (DID_NOT, self.did_not.difference(&self.ran).map(name).collect()),
        ];
        let mut text = HEAD.to_owned();
        for (title, words) in words {
            let _strings_take_all = writeln!(text, "{title}");
            for line in words.chunks(ON_A_LINE) {
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

    /// Which points of a function ran; `None` where that is not known, or all did.
    pub fn points(&self, name: &str, shape: u32) -> Option<&[bool]> {
        self.in_part.get(&(hash(name), fold(shape))).map(Vec::as_slice)
    }
}

/// Four points a digit, the first one the lowest bit.
fn digits(points: &[bool]) -> String {
    let bit = |(at, ran): (usize, &bool)| u32::from(*ran) << at;
    let digit = |four: &[bool]| four.iter().enumerate().map(bit).sum::<u32>();
    points.chunks(4).filter_map(|four| char::from_digit(digit(four), 16)).collect()
}

/// FNV-1a, folded to 24 bits: two names of one hash are a few in ten thousand, and cost a few bytes.
fn hash(name: &str) -> u32 {
    fold(
        name.bytes()
            .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)),
    )
}

fn fold(hash: u32) -> u32 {
    (hash >> 24) ^ (hash & 0x00ff_ffff)
}

#[cfg(test)]
mod tests {
    use super::{Known, List};

    #[test]
    fn a_list_is_read_as_it_was_written() {
        let mut list = List::default();
        list.note("a", 1, &[true; 3]);
        list.note("b", 2, &[true, false, true, false, false, true]);
        list.note("c", 3, &[false; 2]);
        let read = List::parse(&list.text()).expect("it is a list");
        assert_eq!(
            ["a", "b", "c", "d"].map(|name| read.of(name)),
            [Known::Ran, Known::Ran, Known::DidNot, Known::New]
        );
        assert_eq!(
            read.points("b", 2).map(|points| &points[..6]),
            Some(&[true, false, true, false, false, true][..])
        );
        assert_eq!(read.points("b", 3), None, "it has other operators now");
        assert_eq!(read.points("a", 1), None, "all of it ran");
    }
}
