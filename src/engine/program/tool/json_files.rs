//! JSON files that tools read: lists of partitions with something beside each.

use crate::engine::ids::Text;
use crate::engine::json::Json;
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::shell::Shell;

impl Shell<'_> {
    /// `Utils.readFileAsString`.
    pub(super) fn read_file(&self, name: &str) -> Result<Text, Fault> {
        self.file(name).cloned().ok_or_else(|| {
            let cause = Fault::new("java.nio.file.NoSuchFileException", name);
            Fault::new("java.io.IOException", &format!("Unable to read file {name}")).caused(cause)
        })
    }
}

/// A member that must be there (`JsonObject.apply`).
pub(super) fn member<'a>(object: &'a Json, key: &str) -> Result<&'a Json, Fault> {
    object.get(key).ok_or_else(|| mapping(&format!("No such field exists: `{key}`")))
}

/// A list (`JsonValue.asJsonArray`).
pub(super) fn array(json: &Json) -> Result<&[Json], Fault> {
    match json {
        Json::Array(items) => Ok(items),
        _ => Err(mapping("Expected JSON array, received other")),
    }
}

/// A whole number.
pub(super) fn integer(json: &Json) -> Result<i64, Fault> {
    match json {
        Json::Number(number) => Ok(*number),
        _ => Err(mapping("Expected `Integer` value")),
    }
}

/// A text.
pub(super) fn string(json: &Json) -> Result<Text, Fault> {
    match json {
        Json::Text(text) => Ok(text.as_str().into()),
        _ => Err(mapping("Expected `String` value")),
    }
}

/// A partition: its topic and number.
pub(super) fn partition(json: &Json) -> Result<(Text, i32), Fault> {
    let topic = string(member(json, "topic")?)?;
    let index = integer(member(json, "partition")?)?;
    Ok((topic, i32::try_from(index).unwrap_or(i32::MAX)))
}

/// What is there more than once, in its order.
pub(super) fn twice(partitions: &[(Text, i32)]) -> Vec<String> {
    let mut twice: Vec<String> = Vec::new();
    for (index, (topic, partition)) in partitions.iter().enumerate() {
        let name = format!("{topic}-{partition}");
        let again = partitions[..index].contains(&(topic.clone(), *partition));
        if again && !twice.contains(&name) {
            twice.push(name);
        }
    }
    twice
}

fn mapping(words: &str) -> Fault {
    Fault::new("com.fasterxml.jackson.databind.JsonMappingException", words)
}
