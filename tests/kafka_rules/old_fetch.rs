//! Fetch before version 4: what a real 3.9.1 answered, frame by frame (`tests/data/old_fetch.json`), and
//! what is answered here. What holds nothing compressed is the same byte for byte; of compressed batches,
//! whose bytes are every encoder's own, the messages are.

use bytes::Bytes;
use highwater::conform::vectors::legacy;
use highwater::engine::command::Command;
use highwater::engine::ids::BrokerId;
use kafka_protocol::messages as kafka;
use kafka_protocol::messages::ApiKey;
use kafka_protocol::protocol::StrBytes;
use serde_json::Value;

use crate::lab::{Lab, ms};
use crate::raw_requests::ask;

fn recorded() -> Value {
    serde_json::from_str(include_str!("../data/old_fetch.json")).expect("the recording is JSON")
}

fn bytes_of(hex: &Value) -> Bytes {
    let hex = hex.as_str().expect("bytes in hexadecimal");
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("two digits");
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// A broker with the recorded topics and batches.
fn broker(recorded: &Value) -> Lab {
    let mut lab = Lab::three();
    let topics = recorded["topics"].as_array().expect("topics");
    for topic in topics {
        let configs = topic["configs"].as_object().expect("settings");
        let mut configs: Vec<(&str, &str)> = configs
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default()))
            .collect();
        // The batches are years old, and there are many questions.
        configs.push(("retention.ms", "-1"));
        lab.topic(name(topic), &[&[1]], &configs);
    }
    lab.run_for(ms(1_000));
    for topic in topics {
        for batch in topic["batches"].as_array().expect("batches") {
            produce(&mut lab, name(topic), bytes_of(batch));
        }
    }
    lab
}

fn name(topic: &Value) -> &str {
    topic["name"].as_str().expect("a name")
}

fn produce(lab: &mut Lab, topic: &str, batch: Bytes) {
    let data = kafka::produce_request::PartitionProduceData::default().with_records(Some(batch));
    let topic = kafka::produce_request::TopicProduceData::default()
        .with_name(kafka::TopicName(StrBytes::from_string(topic.to_owned())))
        .with_partition_data(vec![data]);
    let request = kafka::ProduceRequest::default()
        .with_acks(-1)
        .with_timeout_ms(5_000)
        .with_topic_data(vec![topic]);
    let told: kafka::ProduceResponse = ask(lab, (1, ApiKey::Produce, 7), &request);
    assert_eq!(told.responses[0].partition_responses[0].error_code, 0);
}

fn answer(lab: &mut Lab, request: Bytes) -> Bytes {
    let name = format!("old-{}", lab.world.next_event().0);
    lab.apply(Command::Connect { name: name.as_str().into(), broker: BrokerId(1) });
    lab.run_for(ms(10));
    lab.apply(Command::Frame { name: name.as_str().into(), bytes: request });
    lab.run_for(ms(200));
    let mut answers = lab.world.take_frames(&name);
    assert_eq!(answers.len(), 1, "one answer");
    Bytes::from(answers.remove(0).1.to_vec())
}

/// An answer with its records told as messages: what is not compressed as its bytes.
fn told(frame: &Bytes, version: i16) -> Vec<String> {
    let mut reader = Reader { frame, at: 0 };
    let mut told = vec![format!("correlation {}", reader.number(4))];
    if version >= 1 {
        told.push(format!("throttled {}", reader.number(4)));
    }
    for _ in 0..reader.number(4) {
        let length = reader.number(2);
        told.push(format!("topic {:?}", reader.take(length)));
        for _ in 0..reader.number(4) {
            let (partition, error, watermark) =
                (reader.number(4), reader.number(2), reader.number(8));
            told.push(format!("partition {partition}: error {error}, watermark {watermark}"));
            let length = reader.number(4).max(0);
            let records = reader.take(length);
            messages(&records, &mut told);
        }
    }
    assert_eq!(reader.at, frame.len(), "all is read");
    told
}

fn messages(records: &Bytes, told: &mut Vec<String>) {
    let mut reader = Reader { frame: records, at: 0 };
    while records.len() - reader.at >= 26 {
        let start = reader.at;
        let (offset, size) = (reader.number(8), reader.number(4));
        let whole = usize::try_from(size).is_ok_and(|size| records.len() - reader.at >= size);
        if offset < 0 || !whole {
            break;
        }
        reader.take(size);
        let message = records.slice(start..reader.at);
        if message[17] & 0b111 == 0 {
            told.push(format!("message {message:?}"));
            continue;
        }
        let Ok(mut read) = legacy::read(&message) else { panic!("Kafka reads {message:?}") };
        for own in ["crc", "sizeInBytes"] {
            read.as_object_mut().expect("an object").remove(own);
        }
        told.push(format!("message {read}"));
    }
}

struct Reader<'a> {
    frame: &'a Bytes,
    at: usize,
}

impl Reader<'_> {
    fn take(&mut self, length: i64) -> Bytes {
        let start = self.at;
        self.at += usize::try_from(length).expect("no negative length");
        self.frame.slice(start..self.at)
    }

    fn number(&mut self, length: i64) -> i64 {
        let bytes = self.take(length);
        let sign = if bytes[0] & 0x80 == 0 { 0 } else { -1 };
        bytes.iter().fold(sign, |number, byte| number << 8 | i64::from(*byte))
    }
}

/// Whether an answer of these topics can hold what somebody compressed.
fn is_compressed(case: &str) -> bool {
    ["gzip", "snappy", "recoded", "two topics and"].iter().any(|topic| case.starts_with(topic))
}

#[test]
fn old_fetches_are_answered_as_a_real_broker_answered_them() {
    let recorded = recorded();
    let mut lab = broker(&recorded);
    let cases = recorded["asked"].as_array().expect("questions");
    assert!(cases.len() > 100);
    let mut differ = Vec::new();
    for case in cases {
        let (name, request) = (name(case), bytes_of(&case["request"]));
        let version = i16::from_be_bytes([request[2], request[3]]);
        let (real, ours) = (bytes_of(&case["response"]), answer(&mut lab, request));
        let same = match is_compressed(name) {
            true => told(&real, version) == told(&ours, version),
            false => real == ours,
        };
        if !same {
            differ.push(format!("{name}:\n{real:?}\n{ours:?}"));
        }
    }
    assert!(differ.is_empty(), "{} of {}\n{}", differ.len(), cases.len(), differ.join("\n"));
}
