//! APIs whose service is off: what a real 3.9.1 answered, frame by frame (`tests/data/fixed_answers.json`),
//! is what is answered here.

use highwater::engine::command::Command;
use highwater::engine::ids::BrokerId;
use serde_json::Value;

use crate::lab::{Lab, ms};

/// `log.dirs` of a broker.
const DIR: &str = "/var/kafka-logs";

fn bytes_of(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().expect("bytes in hexadecimal");
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("two digits");
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// Every frame that a client outside gets for one of its own.
fn answers(lab: &mut Lab, name: &str, request: Vec<u8>) -> Vec<Vec<u8>> {
    answers_of(lab, 1, name, request)
}

fn answers_of(lab: &mut Lab, broker: i32, name: &str, request: Vec<u8>) -> Vec<Vec<u8>> {
    lab.apply(Command::Connect { name: name.into(), broker: BrokerId(broker) });
    lab.run_for(ms(10));
    lab.apply(Command::Frame { name: name.into(), bytes: request.into() });
    lab.run_for(ms(200));
    lab.world.take_frames(name).into_iter().map(|(_, frame)| frame.to_vec()).collect()
}

#[test]
fn an_api_whose_service_is_off_is_answered_as_kafka_answers_it() {
    let text = include_str!("../data/fixed_answers.json");
    let recorded: Value = serde_json::from_str(text).expect("the recording is JSON");
    let frames = recorded["frames"].as_array().expect("frames");
    assert!(frames.len() >= 20, "{} frames", frames.len());
    let mut lab = Lab::three();
    for frame in frames {
        let name = frame["name"].as_str().expect("a name");
        let found = answers(&mut lab, name, bytes_of(&frame["request"]));
        assert_eq!(found, [bytes_of(&frame["answer"])], "{name}");
    }
}

/// Asks a broker for every frame of a part of the recording; returns how many there are.
fn as_recorded(lab: &mut Lab, broker: i32, part: &str) -> usize {
    let text = include_str!("../data/unserved_answers.json");
    let recorded: Value = serde_json::from_str(text).expect("the recording is JSON");
    let frames = recorded[part].as_array().expect("frames");
    for frame in frames {
        let name = frame["name"].as_str().expect("a name");
        let client = format!("{name}-of-b{broker}");
        let found = answers_of(lab, broker, &client, bytes_of(&frame["request"]));
        assert_eq!(found, [bytes_of(&frame["answer"])], "{name} of b{broker}");
    }
    frames.len()
}

#[test]
fn apis_that_are_not_modelled_are_answered_as_on_a_cluster_that_does_not_use_them() {
    let mut lab = Lab::three();
    lab.topic("t", &[&[3, 1, 2]], &[]);
    assert!(as_recorded(&mut lab, 1, "controller_and_follower") >= 70);
    assert!(as_recorded(&mut lab, 2, "follower") >= 10);
}

#[test]
fn a_groups_coordinator_finds_none_for_the_transaction() {
    let mut lab = Lab::three();
    lab.topic("t", &[&[3, 1, 2]], &[]);
    // FindCoordinator 0 of the group g: the first answer is that there is none yet.
    let asked = [0, 10, 0, 0, 0, 0, 0, 9, 255, 255, 0, 1, b'g'];
    let first = answers(&mut lab, "first", asked.to_vec());
    assert_eq!(first[0][4..6], [0, 15]);
    lab.run_for(ms(5_000));
    let found = answers(&mut lab, "second", asked.to_vec());
    let coordinator = i32::from_be_bytes(found[0][6..10].try_into().expect("a broker"));
    assert!(as_recorded(&mut lab, coordinator, "coordinator_of_the_group") >= 8);
}

#[test]
fn a_replica_moves_nowhere_but_where_it_is() {
    let mut lab = Lab::three();
    lab.topic("t", &[&[3, 1, 2]], &[]);
    let mut request = |dir: &str, topic: &str| {
        let mut bytes = vec![0, 34, 0, 1, 0, 0, 0, 9, 255, 255, 0, 0, 0, 1];
        for text in [dir, topic] {
            bytes.extend(u16::try_from(text.len()).expect("short").to_be_bytes());
            bytes.extend(text.as_bytes());
            bytes.extend([0, 0, 0, 1]);
        }
        bytes.extend([0, 0, 0, 0]);
        let found = answers(&mut lab, &format!("{dir}-{topic}"), bytes);
        let error: [u8; 2] = found[0][found[0].len() - 2..].try_into().expect("an error");
        i16::from_be_bytes(error)
    };
    assert_eq!(request(DIR, "t"), 0);
    assert_eq!(request(DIR, "nope"), 3);
    assert_eq!(request("/elsewhere", "t"), 57);
}

#[test]
fn only_brokers_write_markers_of_transactions() {
    let mut lab = Lab::three();
    lab.topic("t", &[&[3, 1, 2]], &[]);
    // WriteTxnMarkers 1 of producer 7, to commit in t-0.
    let mut request =
        vec![0, 27, 0, 1, 0, 0, 0, 9, 255, 255, 0, 2, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 1];
    request.extend(b"\x02\x02t\x02\0\0\0\0\0\0\0\0\0\0\0");
    let found = answers_of(&mut lab, 3, "markers", request);
    assert_eq!(found[0][found[0].len() - 6..], [0, 31, 0, 0, 0, 0]);
}

#[test]
fn a_version_that_is_not_told_ends_the_connection() {
    let mut lab = Lab::three();
    // EndTxn 5, which only later brokers have, and an EndTxn 0 that is cut off.
    let request = b"\0\x1a\0\x05\0\0\0\x09\xff\xff\0\x03tx\0\0\0\0\0\0\0\x07\0\0\x01\0";
    assert!(answers(&mut lab, "later", request.to_vec()).is_empty());
    let cut = b"\0\x1a\0\0\0\0\0\x09\xff\xff\0\x02tx\0";
    assert!(answers(&mut lab, "cut", cut.to_vec()).is_empty());
}

#[test]
fn a_request_of_such_an_api_that_cannot_be_read_ends_the_connection() {
    let mut lab = Lab::three();
    // SaslHandshake whose text is longer than the frame, and one of a version that nobody has.
    let broken = [0, 17, 0, 1, 0, 0, 0, 9, 255, 255, 0, 9, b'x'];
    let unknown = [0, 17, 0, 9, 0, 0, 0, 9, 255, 255, 0, 1, b'x'];
    assert!(answers(&mut lab, "broken", broken.to_vec()).is_empty());
    assert!(answers(&mut lab, "unknown", unknown.to_vec()).is_empty());
}

#[test]
fn setting_credentials_fails_as_with_a_broker_that_lacks_it() {
    let mut lab = Lab::three();
    // AlterUserScramCredentials 0: no deletion, one user with SCRAM-SHA-256, 4,096 rounds, salt and password.
    let mut request = vec![0, 51, 0, 0, 0, 0, 0, 9, 255, 255, 0, 1, 2, 6];
    request.extend(b"alice\x01\0\0\x10\0\x02s\x02p\0\0");
    let mut refused = vec![0, 0, 0, 9, 0, 0, 0, 0, 0, 2, 6];
    refused.extend(b"alice\0\x23\0\0\0");
    assert_eq!(answers(&mut lab, "scram", request), [refused]);
}
