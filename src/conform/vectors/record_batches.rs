//! Record batches as hexadecimal text, with what Kafka decodes in them or why it refuses them.
//!
//! A case either has `decoded`, or Kafka's verdict under a key that begins with `kafka`: an `error`
//! with its class and stage, or `ok` with the number of batches. Both may stand in any list of the file.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::conform::Format;
use crate::conform::input::Input;
use crate::conform::report::CaseResult;
use crate::conform::vectors::memory_records::{Decoded, decode};
use crate::conform::vectors::{difference, unhex};

/// The format: an object with a list of cases that have bytes, `hex`.
pub const FORMAT: Format = Format { name: "record batches", is, run };

fn is(input: &Input) -> bool {
    lists(input).any(|(_, cases)| cases.iter().any(|case| case["hex"].is_string()))
}

fn run(input: &Input) -> Vec<CaseResult> {
    lists(input).flat_map(|(_, cases)| cases.iter().map(run_case)).collect()
}

fn lists(input: &Input) -> impl Iterator<Item = (&String, &Vec<Value>)> {
    let fields = input.json.as_ref().and_then(Value::as_object).into_iter().flatten();
    fields.filter_map(|(key, value)| Some((key, value.as_array()?)))
}

fn run_case(case: &Value) -> CaseResult {
    let name = case["name"].as_str().unwrap_or("a case without a name");
    let Some(bytes) = unhex(&case["hex"]) else {
        return CaseResult::skipped(name, "no bytes as hexadecimal text");
    };
    let ours = decode(&Bytes::from(bytes));
    if let Some(missing) = &ours.missing {
        return CaseResult::skipped(name, missing.clone());
    }
    let verdict = verdict_of(case);
    let (wanted, got) = match (&case["decoded"], verdict) {
        (Value::Object(decoded), _) => (Value::Object(decoded.clone()), whole(&ours)),
        (_, Some(verdict)) if verdict["error"].is_string() => {
            let mut wanted = verdict.clone();
            wanted["error"] = class_of(&verdict["error"]);
            (wanted, failure(&ours))
        }
        (_, Some(verdict)) => (verdict.clone(), success(&ours)),
        _ => return CaseResult::skipped(name, "neither `decoded` nor a verdict of Kafka's"),
    };
    match difference(&wanted, &got, "") {
        Some((place, expected, got)) => CaseResult::failed(name, place, expected, got),
        None => CaseResult::passed(name),
    }
}

/// `kafka_3.9` or its like.
fn verdict_of(case: &Value) -> Option<&Value> {
    let fields = case.as_object()?.iter();
    let mut verdicts = fields.filter(|(key, value)| key.starts_with("kafka") && value.is_object());
    verdicts.next().map(|(_, verdict)| verdict)
}

/// `CorruptRecordException` of `CorruptRecordException: …`: words are not compared.
fn class_of(error: &Value) -> Value {
    let text = error.as_str().unwrap_or_default();
    json!(text.split(':').next().unwrap_or_default())
}

fn whole(ours: &Decoded) -> Value {
    let mut got = json!({
        "batches": ours.batches,
        "validBytes": ours.valid_bytes,
        "trailingBytesIgnored": ours.trailing_bytes,
    });
    if let Some(refused) = &ours.refused {
        got["batches"] = json!(format!("{} at {}", refused.class, refused.stage));
    }
    got
}

fn failure(ours: &Decoded) -> Value {
    match &ours.refused {
        Some(refused) => json!({
            "error": refused.class,
            "stage": refused.stage,
            "validBytesBefore": ours.valid_bytes,
        }),
        None => json!({ "error": "no error" }),
    }
}

fn success(ours: &Decoded) -> Value {
    match &ours.refused {
        Some(refused) => json!({ "ok": format!("{} at {}", refused.class, refused.stage) }),
        None => json!({
            "ok": true,
            "batches": ours.batches.len(),
            "validBytes": ours.valid_bytes,
            "trailingBytesIgnored": ours.trailing_bytes,
        }),
    }
}
