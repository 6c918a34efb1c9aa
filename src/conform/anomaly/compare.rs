//! Whether what came is what a case expects: only what is expected is compared, and lists in order.
//!
//! FORMAT's exceptions: `isr_set` and the partitions of an event are sets; a null where a batch or
//! an epoch entry has its epoch is not compared; `"<157 bytes>"` is any text of that length; a
//! batch without records is one that cannot be read or a control batch; events of the client
//! library's own are passed over.

use serde_json::{Map, Value};

/// Where two values differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The field, as a path.
    pub path: String,
    /// What was expected there.
    pub expected: String,
    /// What came.
    pub got: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: expected {}, got {}", self.path, self.expected, self.got)
    }
}

/// The first difference between what is expected of a step and what came of it.
#[must_use]
pub fn difference(expect: &Map<String, Value>, got: &Value) -> Option<Difference> {
    // An error tells more than the fields that it leaves empty.
    let error = expect.iter().filter(|(key, _)| *key == "error");
    let rest = expect.iter().filter(|(key, _)| *key != "error");
    error.chain(rest).find_map(|(key, wanted)| field(key, wanted, got.get(key), key))
}

fn field(key: &str, wanted: &Value, got: Option<&Value>, path: &str) -> Option<Difference> {
    let Some(got) = got else { return Some(differ(path, wanted, "nothing")) };
    match key {
        "isr_set" => differ_unless(sorted(wanted) == sorted(got), path, wanted, got),
        "member_id_prefix" => {
            let starts = got.as_str().zip(wanted.as_str()).is_some_and(|(g, w)| g.starts_with(w));
            differ_unless(starts, path, wanted, got)
        }
        "batches" if wanted.is_array() => batches(wanted, got, path),
        "segments" => each(wanted, got, path, batches),
        "epochs" => list(wanted, got, path, epoch_entry),
        "events" if wanted.is_array() => events(wanted, got, path),
        "events" => each(wanted, got, path, events),
        _ => any(wanted, got, path),
    }
}

fn any(wanted: &Value, got: &Value, path: &str) -> Option<Difference> {
    match (wanted, got) {
        (Value::Object(fields), Value::Object(_)) => fields
            .iter()
            .find_map(|(key, wanted)| field(key, wanted, got.get(key), &format!("{path}.{key}"))),
        (Value::Array(_), Value::Array(_)) => list(wanted, got, path, any),
        (Value::String(text), Value::String(came)) => {
            differ_unless(is_text(text, came), path, wanted, got)
        }
        _ => differ_unless(wanted == got, path, wanted, got),
    }
}

type Compare = fn(&Value, &Value, &str) -> Option<Difference>;

fn list(wanted: &Value, got: &Value, path: &str, compare: Compare) -> Option<Difference> {
    let (Some(left), Some(right)) = (wanted.as_array(), got.as_array()) else {
        return Some(differ(path, wanted, got));
    };
    let pairs = left.iter().zip(right).enumerate();
    let inner =
        pairs.filter_map(|(i, (left, right))| compare(left, right, &format!("{path}[{i}]"))).next();
    match left.len() == right.len() {
        true => inner,
        false => Some(differ(path, wanted, got)),
    }
}

fn each(wanted: &Value, got: &Value, path: &str, compare: Compare) -> Option<Difference> {
    let Some(fields) = wanted.as_object() else { return Some(differ(path, wanted, got)) };
    fields.iter().find_map(|(key, wanted)| {
        let path = format!("{path}.{key}");
        match got.get(key) {
            Some(got) => compare(wanted, got, &path),
            None => Some(differ(&path, wanted, "nothing")),
        }
    })
}

fn batches(wanted: &Value, got: &Value, path: &str) -> Option<Difference> {
    list(wanted, got, path, batch)
}

fn batch(wanted: &Value, got: &Value, path: &str) -> Option<Difference> {
    let (Some(left), Some(right)) = (wanted.as_array(), got.as_array()) else {
        return any(wanted, got, path);
    };
    let at = |list: &[Value], i: usize| list.get(i).cloned().unwrap_or(Value::Null);
    let epoch_differs = !at(left, 2).is_null() && at(left, 2) != at(right, 2);
    let offsets_differ = at(left, 0) != at(right, 0) || at(left, 1) != at(right, 1);
    let records_differ = any(&at(left, 3), &at(right, 3), path).is_some();
    // Absent: no idempotent producer. So nothing more may be there than is expected.
    let producer_differs = at(left, 4) != at(right, 4);
    let differs = offsets_differ || epoch_differs || records_differ || producer_differs;
    differs.then(|| differ(path, wanted, got))
}

/// `[epoch, start]`, null where it is not compared.
fn epoch_entry(wanted: &Value, got: &Value, path: &str) -> Option<Difference> {
    let (Some(left), Some(right)) = (wanted.as_array(), got.as_array()) else {
        return differ_unless(wanted.is_null(), path, wanted, got);
    };
    let same = left.len() == right.len()
        && left.iter().zip(right).all(|(left, right)| left.is_null() || left == right);
    differ_unless(same, path, wanted, got)
}

fn events(wanted: &Value, got: &Value, path: &str) -> Option<Difference> {
    let (Some(left), Some(right)) = (wanted.as_array(), got.as_array()) else {
        return Some(differ(path, wanted, got));
    };
    let told = |list: &[Value]| -> Vec<Value> {
        list.iter().filter(|event| !is_the_librarys_own(event)).map(sorted_event).collect()
    };
    differ_unless(told(left) == told(right), path, wanted, got)
}

fn is_the_librarys_own(event: &Value) -> bool {
    match event[0].as_str() {
        Some("error") => true,
        Some("assign" | "revoke") => event[1].as_array().is_some_and(Vec::is_empty),
        _ => false,
    }
}

fn sorted_event(event: &Value) -> Value {
    let Some(parts) = event.as_array() else { return event.clone() };
    Value::Array(parts.iter().map(sorted).collect())
}

/// A list of numbers in order; anything else as it is.
fn sorted(value: &Value) -> Value {
    let Some(list) = value.as_array() else { return value.clone() };
    let mut list = list.clone();
    list.sort_by_key(|item| item.as_i64().unwrap_or(i64::MAX));
    Value::Array(list)
}

/// Whether a text is the expected one, or has the length that `"<157 bytes>"` names.
fn is_text(wanted: &str, got: &str) -> bool {
    let length = wanted.strip_prefix('<').and_then(|rest| rest.strip_suffix(" bytes>"));
    match length.and_then(|digits| digits.parse::<usize>().ok()) {
        Some(length) => got.len() == length || wanted == got,
        None => wanted == got,
    }
}

fn differ_unless(
    same: bool,
    path: &str,
    wanted: impl std::fmt::Display,
    got: impl std::fmt::Display,
) -> Option<Difference> {
    (!same).then(|| differ(path, wanted, got))
}

fn differ(path: &str, wanted: impl std::fmt::Display, got: impl std::fmt::Display) -> Difference {
    Difference { path: path.to_owned(), expected: wanted.to_string(), got: got.to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn differs(expect: Value, got: Value) -> Option<String> {
        let expect = expect.as_object().expect("the test gives an object").clone();
        difference(&expect, &got).map(|found| found.path)
    }

    #[test]
    fn only_what_is_expected_is_compared() {
        assert_eq!(differs(json!({"hw": 3}), json!({"hw": 3, "lso": 9})), None);
        assert_eq!(differs(json!({"hw": 3}), json!({"lso": 9})), Some("hw".into()));
        assert_eq!(differs(json!({"offset": -1}), json!({"offset": 0})), Some("offset".into()));
        let deep = json!({"replicas": {"2": {"leo": 3}}});
        assert_eq!(differs(deep.clone(), deep.clone()), None);
        assert_eq!(
            differs(deep, json!({"replicas": {"2": {"leo": 4}}})),
            Some("replicas.2.leo".into())
        );
    }

    #[test]
    fn lists_are_compared_with_order_but_for_sets() {
        let state = |isr: Value| json!({"state": {"isr": isr}});
        assert!(differs(state(json!([1, 2])), state(json!([2, 1]))).is_some());
        assert_eq!(differs(json!({"isr_set": [1, 2]}), json!({"isr_set": [2, 1]})), None);
        assert!(differs(json!({"isr_set": [1, 2]}), json!({"isr_set": [2]})).is_some());
        assert!(differs(json!({"batches": []}), json!({"batches": [[0, 0, 0, null]]})).is_some());
    }

    #[test]
    fn a_batch_has_the_producer_that_is_expected_or_none() {
        let batches = |batch: Value| json!({ "batches": [batch] });
        let idempotent = batches(json!([0, 0, 0, null, {"producer_epoch": 0, "seq": 0}]));
        assert!(differs(batches(json!([0, 0, 0, null])), idempotent.clone()).is_some());
        assert_eq!(differs(idempotent.clone(), idempotent), None);
        let plain = batches(json!([0, 0, 7, [[0, null, "abc"]]]));
        assert_eq!(
            differs(batches(json!([0, 0, null, [[0, null, "<3 bytes>"]]])), plain.clone()),
            None
        );
        assert!(
            differs(batches(json!([0, 0, 7, [[0, null, "<4 bytes>"]]])), plain.clone()).is_some()
        );
        assert!(differs(batches(json!([0, 0, 7])), plain).is_some());
    }

    #[test]
    fn epochs_that_differed_between_runs_are_not_compared() {
        let epochs = |list: Value| json!({ "epochs": list });
        assert_eq!(
            differs(epochs(json!([[0, 0], [null, 2]])), epochs(json!([[0, 0], [4, 2]]))),
            None
        );
        assert!(differs(epochs(json!([[0, 0]])), epochs(json!([[0, 0], [4, 2]]))).is_some());
    }

    #[test]
    fn events_of_the_client_library_are_passed_over() {
        let wanted = json!({"events": [["assign", [0, 1]], ["assign", []], ["error", "x"]]});
        assert_eq!(differs(wanted.clone(), json!({"events": [["assign", [1, 0]]]})), None);
        assert!(differs(wanted, json!({"events": [["assign", [1]]]})).is_some());
    }
}
