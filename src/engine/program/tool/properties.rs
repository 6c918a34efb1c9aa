//! Settings of a tool's client: a properties file, `--command-config` or `--producer-property k=v`.

use std::collections::BTreeMap;

/// Names and values (`java.util.Properties`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties(BTreeMap<String, String>);

impl Properties {
    /// Reads a properties file: `key=value` or `key: value`, comments begin with `#` or `!`.
    #[must_use]
    pub fn read(text: &str) -> Properties {
        let mut read = Properties::default();
        for line in text.lines().map(str::trim_start) {
            if line.is_empty() || line.starts_with(['#', '!']) {
                continue;
            }
            let (key, value) = line.split_once(['=', ':']).unwrap_or((line, ""));
            read.set(key.trim(), value.trim_start());
        }
        read
    }

    /// Reads `key=value` words (`CommandLineUtils.parseKeyValueArgs`): a value may be missing.
    #[must_use]
    pub fn of_words<'a>(words: impl Iterator<Item = &'a str>) -> Properties {
        let mut read = Properties::default();
        for word in words {
            let (key, value) = word.split_once('=').unwrap_or((word, ""));
            read.set(key, value);
        }
        read
    }

    /// Sets one.
    pub fn set(&mut self, key: &str, value: &str) {
        self.0.insert(key.to_owned(), value.to_owned());
    }

    /// Sets one that is not set.
    pub fn set_default(&mut self, key: &str, value: &str) {
        self.0.entry(key.to_owned()).or_insert_with(|| value.to_owned());
    }

    /// Sets all of others.
    pub fn set_all(&mut self, others: &Properties) {
        self.0.extend(others.0.clone());
    }

    /// One, when it is set.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// All, by name.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}
