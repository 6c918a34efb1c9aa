//! Batches whose CRC fits, as far as that was seen lately: the same bytes need not be summed again.
//!
//! A batch is checked by its leader, by each follower and by each consumer, and here all of them hold the
//! very same bytes, which never change: what is written over, decoded or torn is other bytes. So the
//! answer is remembered by where the bytes lie, with a share of them, so that nothing else can lie there.
//! It decides nothing but how often a sum is made.

use std::cell::RefCell;

use bytes::Bytes;

use crate::engine::record::batch::verify_crc;

/// How many batches are remembered.
const REMEMBERED: usize = 32;
/// The largest that is: what is remembered is held.
const BYTES_MAX: usize = 64 << 10;

thread_local! {
    static SOUND: RefCell<Ring> =
        const { RefCell::new(Ring { batches: [const { None }; REMEMBERED], oldest: 0 }) };
}

/// What is true of every record of a batch, known to whoever wrote them. They are in the batch as they
/// are, not compressed, and count from its base offset without a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The least of their times, in ms since 1970.
    pub earliest: i64,
    /// The largest of them.
    pub latest: i64,
    /// Whether each has a key.
    pub keyed: bool,
}

/// The batches found sound last.
struct Ring {
    batches: [Option<(Bytes, Option<Facts>)>; REMEMBERED],
    oldest: u8,
}

impl Ring {
    fn find(&self, batch: &Bytes) -> Option<&(Bytes, Option<Facts>)> {
        let is_it = |(it, _): &&(Bytes, Option<Facts>)| {
            it.as_ptr() == batch.as_ptr() && it.len() == batch.len()
        };
        self.batches.iter().flatten().find(is_it)
    }

    fn add(&mut self, batch: &Bytes, facts: Option<Facts>) {
        if batch.len() <= BYTES_MAX && !batch.is_empty() {
            self.batches[usize::from(self.oldest)] = Some((batch.clone(), facts));
            self.oldest = (self.oldest + 1) % REMEMBERED as u8;
        }
    }
}

/// Whether the CRC of a whole batch fits its bytes ([`verify_crc`]).
#[must_use]
pub fn is_sound(batch: &Bytes) -> bool {
    if SOUND.with_borrow(|ring| ring.find(batch).is_some()) {
        return true;
    }
    let sound = verify_crc(batch);
    if sound {
        remember(batch);
    }
    sound
}

/// A batch that was just summed, or copied from a sound one with only what its CRC leaves out changed.
pub fn remember(batch: &Bytes) {
    SOUND.with_borrow_mut(|ring| ring.add(batch, None));
}

/// A batch that was just written, and what its writer knows of its records.
pub(super) fn remember_written(batch: &Bytes, facts: Facts) {
    SOUND.with_borrow_mut(|ring| ring.add(batch, Some(facts)));
}

/// What is still known of the records of a batch: then they need not be looked at one by one.
#[must_use]
pub fn facts(batch: &Bytes) -> Option<Facts> {
    SOUND.with_borrow(|ring| ring.find(batch).and_then(|(_, facts)| *facts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::record::batch::Codec;
    use crate::engine::record::builder::BatchBuilder;

    fn batch() -> Bytes {
        let mut builder = BatchBuilder::new();
        builder.append(1, None, Some(b"value"), &[]);
        builder.build()
    }

    #[test]
    fn a_batch_is_sound_however_often_it_is_asked() {
        let batch = batch();
        assert!(is_sound(&batch) && is_sound(&batch) && is_sound(&batch.slice(..)));
    }

    #[test]
    fn what_a_writer_knows_is_what_a_walk_finds() {
        let mut builder = BatchBuilder::new();
        builder.append(7, Some(b"k"), Some(b"v"), &[]);
        builder.append(5, Some(b"k"), None, &[]);
        let keyed = builder.clone().build();
        assert_eq!(facts(&keyed), Some(Facts { earliest: 5, latest: 7, keyed: true }));
        builder.append(9, None, Some(b"v"), &[]);
        let mixed = builder.build();
        assert_eq!(facts(&mixed), Some(Facts { earliest: 5, latest: 9, keyed: false }));
        assert_eq!(facts(&Bytes::copy_from_slice(&mixed)), None, "other bytes are not known");
    }

    #[test]
    fn nothing_is_known_of_compressed_records() {
        let mut builder = BatchBuilder::new().compressed(Codec::Gzip);
        builder.append(7, Some(b"k"), Some(b"v"), &[]);
        let batch = builder.build();
        assert!(is_sound(&batch));
        assert_eq!(facts(&batch), None);
    }

    #[test]
    fn what_is_remembered_says_nothing_of_other_bytes() {
        let sound = batch();
        assert!(is_sound(&sound));
        let mut copy = sound.to_vec();
        let last = copy.len() - 1;
        copy[last] ^= 1;
        assert!(!is_sound(&Bytes::from(copy)));
        assert!(!is_sound(&sound.slice(..last)));
    }

    #[test]
    fn bytes_that_take_the_place_of_others_are_summed_again() {
        for _ in 0..100 {
            drop((is_sound(&batch()), Bytes::from(vec![7; 80])));
            assert!(!is_sound(&Bytes::from(vec![7; 73])));
        }
    }
}
