//! What a consumer does not see: control batches, and with `isolation.level=read_committed` the records of
//! transactions that were given up (`CompletedFetch.nextFetchedRecord`).

use std::collections::BTreeSet;

use kafka_protocol::messages::fetch_response::AbortedTransaction;

use crate::engine::ids::Offset;
use crate::engine::record::batch::BatchHeader;
use crate::engine::record::reader::records;

/// Control record: the transaction was given up (`ControlRecordType.ABORT`).
const ABORT: [u8; 4] = [0, 0, 0, 0];

/// The transactions that were given up, as an answer lists them.
#[derive(Clone, Debug, Default)]
pub(super) struct Aborted {
    /// Those that have not begun before the batch that is looked at: first offset and producer id.
    ahead: BTreeSet<(Offset, i64)>,
    /// Producers that are in one.
    now: BTreeSet<i64>,
    read_committed: bool,
}

impl Aborted {
    pub(super) fn new(listed: Option<&[AbortedTransaction]>, read_committed: bool) -> Aborted {
        let mut ahead = BTreeSet::new();
        for transaction in listed.unwrap_or_default().iter().filter(|_| read_committed) {
            ahead.insert((Offset(transaction.first_offset), transaction.producer_id.0));
        }
        Aborted { ahead, now: BTreeSet::new(), read_committed }
    }

    /// Whether the application gets nothing of a batch. Batches come in the order of their offsets.
    pub(super) fn hides(&mut self, header: &BatchHeader, bytes: &[u8]) -> bool {
        if self.read_committed && header.producer_id >= 0 {
            while let Some((first, producer)) = self.ahead.first().copied()
                && first <= header.last_offset()
            {
                self.ahead.pop_first();
                self.now.insert(producer);
            }
            if is_abort(header, bytes) {
                self.now.remove(&header.producer_id);
            } else if header.is_transactional() && self.now.contains(&header.producer_id) {
                return true;
            }
        }
        header.is_control()
    }
}

fn is_abort(header: &BatchHeader, bytes: &[u8]) -> bool {
    let marker = || records(bytes).flatten().next().and_then(|record| record.key);
    header.is_control() && marker().is_some_and(|key| key == ABORT)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use kafka_protocol::messages::ProducerId;

    use super::*;
    use crate::engine::record::builder::BatchBuilder;

    const TRANSACTIONAL: i16 = 0x10;
    const CONTROL: i16 = 0x30;

    /// A batch of one record with this key, at an offset, of a producer.
    fn batch(offset: i64, producer: i64, attributes: i16, key: &[u8]) -> (BatchHeader, Bytes) {
        let mut builder = BatchBuilder::new().producer(producer, 0, 0);
        builder.append(1, Some(key), None, &[]);
        let bytes = builder.build();
        let header = BatchHeader::parse(&bytes).expect("a batch");
        (BatchHeader { base_offset: Offset(offset), attributes, ..header }, bytes)
    }

    fn hidden(read_committed: bool) -> Vec<bool> {
        let one =
            AbortedTransaction::default().with_producer_id(ProducerId(7)).with_first_offset(1);
        let mut aborted = Aborted::new(Some(&[one]), read_committed);
        let log = [
            batch(0, 7, TRANSACTIONAL, b"before"),
            batch(1, 7, TRANSACTIONAL, b"given up"),
            batch(2, 8, TRANSACTIONAL, b"of another"),
            batch(3, -1, 0, b"plain"),
            batch(4, 7, CONTROL, &ABORT),
            batch(5, 7, TRANSACTIONAL, b"the next one"),
            batch(6, 7, CONTROL, &[0, 0, 0, 1]),
        ];
        log.iter().map(|(header, bytes)| aborted.hides(header, bytes)).collect()
    }

    #[test]
    fn records_of_a_transaction_that_was_given_up_are_hidden_until_its_marker() {
        assert_eq!(hidden(true), [false, true, false, false, true, false, true]);
    }

    #[test]
    fn without_the_setting_only_markers_are_hidden() {
        assert_eq!(hidden(false), [false, false, false, false, true, false, true]);
    }
}
