//! An answer made to fit an older version: what that version has no field for is left out.
//!
//! The crate refuses to write a field that a version lacks unless it holds its default, as Kafka's own
//! generated messages do; Kafka's handlers ask for the version in each place, here it is one.

use crate::engine::protocol::Response;

/// Authorized operations that were not asked for.
const NOT_ASKED: i32 = i32::MIN;

/// Leaves out what `version` of an answer has no field for.
pub fn fit(response: &mut Response, version: i16) {
    match response {
        Response::ListOffsets(answer) if version < 4 => {
            let partitions = answer.topics.iter_mut().flat_map(|topic| &mut topic.partitions);
            partitions.for_each(|partition| partition.leader_epoch = -1);
        }
        Response::Fetch(answer) if version < 11 => {
            if version < 7 {
                answer.session_id = 0;
            }
            let partitions = answer.responses.iter_mut().flat_map(|topic| &mut topic.partitions);
            partitions.for_each(|partition| partition.preferred_read_replica.0 = -1);
        }
        Response::Metadata(answer) => {
            if !(8..=10).contains(&version) {
                answer.cluster_authorized_operations = NOT_ASKED;
            }
            if version < 8 {
                let topics = answer.topics.iter_mut();
                topics.for_each(|topic| topic.topic_authorized_operations = NOT_ASKED);
            }
        }
        Response::ElectLeaders(answer) if version < 1 => answer.error_code = 0,
        _ => {}
    }
}
