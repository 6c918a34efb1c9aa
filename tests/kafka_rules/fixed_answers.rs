//! APIs whose service is off: what a real 3.9.1 answered, frame by frame (`tests/data/fixed_answers.json`),
//! is what is answered here.

use highwater::engine::command::Command;
use highwater::engine::ids::BrokerId;
use serde_json::Value;

use crate::lab::{Lab, ms};

fn bytes_of(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().expect("bytes in hexadecimal");
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("two digits");
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// Every frame that a client outside gets for one of its own.
fn answers(lab: &mut Lab, name: &str, request: Vec<u8>) -> Vec<Vec<u8>> {
    lab.apply(Command::Connect { name: name.into(), broker: BrokerId(1) });
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
