//! Settings of Kafka: type, default, valid values and importance, as a file says and as the engine's
//! tables have them.

use serde_json::{Value, json};

use crate::conform::Format;
use crate::conform::input::Input;
use crate::conform::report::CaseResult;
use crate::conform::vectors::difference;
use crate::engine::config_def::{Default, Definition, Kind, Scope};

/// The format: an object with lists of settings that have a `scope`, a `name` and a `default`.
pub const FORMAT: Format = Format { name: "settings", is, run };

fn is(input: &Input) -> bool {
    lists(input).any(|list| list.first().is_some_and(is_setting))
}

fn is_setting(case: &Value) -> bool {
    case["scope"].is_string() && case["name"].is_string() && case.get("default").is_some()
}

fn run(input: &Input) -> Vec<CaseResult> {
    lists(input).flatten().filter(|case| is_setting(case)).map(run_case).collect()
}

fn lists(input: &Input) -> impl Iterator<Item = &Vec<Value>> {
    let fields = input.json.as_ref().and_then(Value::as_object).into_iter().flatten();
    fields.filter_map(|(_, value)| value.as_array())
}

fn run_case(case: &Value) -> CaseResult {
    let (scope, key) =
        (case["scope"].as_str().unwrap_or_default(), case["name"].as_str().unwrap_or_default());
    let name = format!("{scope} {key}");
    let scope = match scope {
        "broker" => Scope::Broker,
        "topic" => Scope::Topic,
        "producer" => Scope::Producer,
        "consumer" => Scope::Consumer,
        "admin" => Scope::Admin,
        other => return CaseResult::skipped(name, format!("no settings of {other} are known")),
    };
    let Some(known) = scope.find(key) else {
        return CaseResult::failed(name, "name", key, "no such setting");
    };
    let got = told(&known);
    let mut wanted = case.clone();
    // A constant that was read in a source, not in a definition, has no type and no range.
    let is_defined = case.get("required").is_some();
    if let Some(fields) = wanted.as_object_mut() {
        fields.retain(|field, value| got.get(field).is_some() && (is_defined || !value.is_null()));
    }
    match difference(&wanted, &got, "") {
        Some((place, expected, got)) => CaseResult::failed(name, place, expected, got),
        None => CaseResult::passed(name),
    }
}

/// A definition in the file's words: lists in brackets, `null` for null.
fn told(known: &Definition) -> Value {
    let default = match (known.default, known.kind) {
        (Default::Required, _) => Value::Null,
        (Default::Null, _) => json!("null"),
        (Default::Text(text), Kind::List) => json!(format!("[{}]", text.replace(',', ", "))),
        (Default::Text(text), _) => json!(text),
    };
    json!({
        "type": known.kind.word().to_uppercase(),
        "default": default,
        "required": known.default == Default::Required,
        "valid": known.valid,
        "importance": known.importance.to_uppercase(),
    })
}
