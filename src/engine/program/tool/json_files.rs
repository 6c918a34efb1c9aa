//! JSON files that tools read: lists of partitions with something beside each.

use crate::engine::ids::Text;
use crate::engine::json::{Json, quote};
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
    if object.members().is_none() {
        return Err(unexpected("JSON object", object));
    }
    object.get(key).ok_or_else(|| mapping(&format!("No such field exists: `{key}`")))
}

/// A list (`JsonValue.asJsonArray`).
pub(super) fn array(json: &Json) -> Result<&[Json], Fault> {
    match json {
        Json::Array(items) => Ok(items),
        _ => Err(unexpected("JSON array", json)),
    }
}

/// A whole number of 32 bits (`DecodeJson.DecodeInteger`).
pub(super) fn integer(json: &Json) -> Result<i32, Fault> {
    json.int().ok_or_else(|| unexpected("`Integer` value", json))
}

/// A whole number of 64 bits (`DecodeJson.DecodeLong`).
pub(super) fn long(json: &Json) -> Result<i64, Fault> {
    match json {
        Json::Number(number) => Ok(*number),
        _ => Err(unexpected("`Long` value", json)),
    }
}

/// A text.
pub(super) fn string(json: &Json) -> Result<Text, Fault> {
    match json {
        Json::Text(text) => Ok(text.as_str().into()),
        _ => Err(unexpected("`String` value", json)),
    }
}

/// What Jackson says of a text that is no JSON, as far as one can guess: a word that is none of JSON's, or
/// an end that comes too early.
pub(super) fn not_json(text: &str) -> Fault {
    let skipped = text.len() - text.trim_start().len();
    let rest = &text[skipped..];
    let word: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let source = |end: usize| {
        let line = text[..end].matches('\n').count() + 1;
        let before = text[..end].rsplit('\n').next().map_or(0, |last| last.chars().count());
        format!(
            "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); \
             line: {line}, column: {}]",
            before + 1
        )
    };
    if word.is_empty() {
        let open = unclosed(text).map(|(marker, start)| {
            format!(": expected close marker for {marker} (start marker at {})", source(start))
        });
        let (open, end) = (open.unwrap_or_default(), source(text.len()));
        let words = format!("Unexpected end-of-input{open}\n at {end}");
        return Fault::new("com.fasterxml.jackson.core.io.JsonEOFException", &words);
    }
    let end = source(skipped + word.len());
    let words = format!(
        "Unrecognized token '{word}': was expecting (JSON String, Number, Array, Object or token \
         'null', 'true' or 'false')\n at {end}"
    );
    Fault::new("com.fasterxml.jackson.core.JsonParseException", &words)
}

/// Whether text was no JSON at all (`JsonProcessingException` of Jackson's core).
pub(super) fn is_of_parser(fault: &Fault) -> bool {
    fault.class.starts_with("com.fasterxml.jackson.core.")
}

/// The innermost list or object that has no end, and where it begins; `None` within a text.
fn unclosed(text: &str) -> Option<(&'static str, usize)> {
    let (mut open, mut in_text, mut escaped) = (Vec::new(), false, false);
    for (at, sign) in text.char_indices() {
        match sign {
            _ if escaped => escaped = false,
            '\\' if in_text => escaped = true,
            '"' => in_text = !in_text,
            _ if in_text => {}
            '[' => open.push(("Array", at)),
            '{' => open.push(("Object", at)),
            ']' | '}' => drop(open.pop()),
            _ => {}
        }
    }
    open.pop().filter(|_| !in_text)
}

/// What was there is not what was to be there.
pub(super) fn unexpected(wanted: &str, got: &Json) -> Fault {
    mapping(&format!("Expected {wanted}, received {}", written(got)))
}

/// As Jackson writes it.
fn written(json: &Json) -> String {
    match json {
        Json::Literal(word) => (*word).to_owned(),
        Json::Number(number) => number.to_string(),
        Json::Text(text) => quote(text),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(written).collect();
            format!("[{}]", items.join(","))
        }
        Json::Object(members) => {
            let members = members.iter();
            let members = members.map(|(key, value)| format!("{}:{}", quote(key), written(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
    }
}

/// A partition: its topic and number.
pub(super) fn partition(json: &Json) -> Result<(Text, i32), Fault> {
    let topic = string(member(json, "topic")?)?;
    let index = integer(member(json, "partition")?)?;
    Ok((topic, index))
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

/// `com.fasterxml.jackson.databind.JsonMappingException`.
pub(super) fn mapping(words: &str) -> Fault {
    Fault::new("com.fasterxml.jackson.databind.JsonMappingException", words)
}
