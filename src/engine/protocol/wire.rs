//! Wire mode: a message becomes Kafka's bytes and is read back, as it would be between two machines.
//!
//! The events of a world are the same with it or without it; tests run with it. Messages that the
//! crate of Kafka's protocol does not have (controller to broker, ZooKeeper) pass as they are.
//!
//! The feature `wire` decides whether a world can do this. The page is built without it: the encoders
//! and decoders are some 90 KB of code that nobody would see at work.

use bytes::BytesMut;
use kafka_protocol::protocol::{Decodable, Encodable};

use crate::engine::protocol::{Payload, Request, Response};

/// The message after its way through bytes, in the version that it names.
///
/// # Panics
/// When a message does not fit its version: a bug of whoever built it.
#[must_use]
pub fn through_bytes(payload: Payload) -> Payload {
    match payload {
        Payload::Request { correlation, version, body } => {
            Payload::Request { correlation, version, body: request(body, version) }
        }
        Payload::Response { correlation, version, body } => {
            Payload::Response { correlation, version, body: response(body, version) }
        }
        other => other,
    }
}

fn request(body: Request, version: i16) -> Request {
    match body {
        Request::Produce(body) => Request::Produce(again(&body, version)),
        Request::Fetch(body) => Request::Fetch(again(&body, version)),
        Request::ListOffsets(body) => Request::ListOffsets(again(&body, version)),
        Request::Metadata(body) => Request::Metadata(again(&body, version)),
        Request::ApiVersions(body) => Request::ApiVersions(again(&body, version)),
        Request::CreateTopics(body) => Request::CreateTopics(again(&body, version)),
        Request::IncrementalAlterConfigs(body) => {
            Request::IncrementalAlterConfigs(again(&body, version))
        }
        other => other,
    }
}

fn response(body: Response, version: i16) -> Response {
    match body {
        Response::Produce(body) => Response::Produce(again(&body, version)),
        Response::Fetch(body) => Response::Fetch(again(&body, version)),
        Response::ListOffsets(body) => Response::ListOffsets(again(&body, version)),
        Response::Metadata(body) => Response::Metadata(again(&body, version)),
        Response::ApiVersions(body) => Response::ApiVersions(again(&body, version)),
        Response::CreateTopics(body) => Response::CreateTopics(again(&body, version)),
        Response::IncrementalAlterConfigs(body) => {
            Response::IncrementalAlterConfigs(again(&body, version))
        }
        other => other,
    }
}

fn again<T: Encodable + Decodable>(message: &T, version: i16) -> T {
    let mut bytes = BytesMut::new();
    message.encode(&mut bytes, version).expect("a message fits the version that it names");
    T::decode(&mut bytes.freeze(), version).expect("what was encoded can be decoded")
}
