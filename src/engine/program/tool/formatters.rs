//! How `kafka-console-consumer` shows a record (`MessageFormatter`).

use crate::engine::program::tool::deserializers::Deserializer;
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::flags::Flags;
use crate::engine::program::tool::group_records::{self, Shape};
use crate::engine::program::tool::properties::Properties;
use crate::engine::program::tool::shell::Shell;
use crate::engine::record::batch::TimestampType;
use crate::engine::record::reader::RecordRef;

/// A record to be shown.
pub(super) struct Shown<'a> {
    pub(super) record: &'a RecordRef<'a>,
    pub(super) partition: i32,
    pub(super) kind: TimestampType,
}

/// How records are shown.
pub(super) enum Formatter {
    /// As columns.
    Columns(Box<Columns>),
    /// Not at all.
    Nothing,
    /// As what a group's coordinator wrote.
    Groups(Shape),
}

/// Java's classes; those that are not of the package of today are warned of.
const PACKAGE: &str = "org.apache.kafka.tools.consumer.";
const CLASSES: [(&str, &str); 6] = [
    ("kafka.tools.DefaultMessageFormatter", "DefaultMessageFormatter"),
    ("kafka.tools.LoggingMessageFormatter", "LoggingMessageFormatter"),
    ("kafka.tools.NoOpMessageFormatter", "NoOpMessageFormatter"),
    (
        "kafka.coordinator.group.GroupMetadataManager$OffsetsMessageFormatter",
        "OffsetsMessageFormatter",
    ),
    (
        "kafka.coordinator.group.GroupMetadataManager$GroupMetadataMessageFormatter",
        "GroupMetadataMessageFormatter",
    ),
    (
        "kafka.coordinator.transaction.TransactionLog$TransactionLogMessageFormatter",
        "TransactionLogMessageFormatter",
    ),
];

impl Formatter {
    /// The one that a command line names.
    ///
    /// # Errors
    /// There is no such class: its name.
    pub(super) fn new(shell: &mut Shell<'_>, flags: &Flags) -> Result<Formatter, Fault> {
        let given = flags.value("formatter")?.cloned();
        let given = given.as_deref().unwrap_or(CLASSES[0].1);
        let old = CLASSES.iter().find(|(old, _)| *old == given);
        // Once it reads, it comes here anew for every poll, and has said so.
        if let Some((old, new)) = old.filter(|_| shell.saved.is_none()) {
            shell.err(&format!(
                "WARNING: {old} is deprecated and will be removed in the next major release. Please \
                 use {PACKAGE}{new} instead"
            ));
        }
        let name = old.map_or(given, |(_, new)| *new);
        match name.strip_prefix(PACKAGE).unwrap_or(name) {
            "DefaultMessageFormatter" | "LoggingMessageFormatter" => {
                Ok(Formatter::Columns(Box::new(Columns::new(shell, flags)?)))
            }
            "NoOpMessageFormatter" | "TransactionLogMessageFormatter" => Ok(Formatter::Nothing),
            "OffsetsMessageFormatter" if old.is_some() => Ok(Formatter::Groups(Shape::OffsetsText)),
            "OffsetsMessageFormatter" => Ok(Formatter::Groups(Shape::Offsets)),
            "GroupMetadataMessageFormatter" => Ok(Formatter::Groups(Shape::Groups)),
            _ => Err(Fault::new("java.lang.ClassNotFoundException", given)),
        }
    }

    /// What is printed of a record.
    ///
    /// # Errors
    /// `SerializationException`, of a deserializer.
    pub(super) fn text(&self, shown: &Shown<'_>) -> Result<String, Fault> {
        match self {
            Formatter::Columns(columns) => columns.text(shown),
            Formatter::Nothing => Ok(String::new()),
            Formatter::Groups(shape) => {
                let (key, value) = (shown.record.key, shown.record.value);
                Ok(group_records::text(*shape, key, value).unwrap_or_default())
            }
        }
    }
}

/// `DefaultMessageFormatter`.
pub(super) struct Columns {
    timestamp: bool,
    partition: bool,
    offset: bool,
    headers: bool,
    key: bool,
    value: bool,
    key_separator: String,
    line_separator: String,
    headers_separator: String,
    null_literal: String,
    key_deserializer: Deserializer,
    value_deserializer: Deserializer,
    headers_deserializer: Deserializer,
}

impl Columns {
    fn new(shell: &mut Shell<'_>, flags: &Flags) -> Result<Columns, Fault> {
        let mut settings = match flags.value("formatter-config")? {
            Some(file) => shell.properties(file)?,
            None => Properties::default(),
        };
        for kind in ["key", "value"] {
            let name = format!("{kind}-deserializer");
            if let Some(class) = flags.value(&name)?.filter(|class| !class.is_empty()) {
                settings.set(&format!("{kind}.deserializer"), class);
            }
        }
        settings.set_all(&Properties::of_words(flags.values("property").map(|word| &**word)));
        let is = |key: &str, default: bool| {
            settings.get(key).map_or(default, |v| v.trim().eq_ignore_ascii_case("true"))
        };
        let text = |key: &str, default: &str| settings.get(key).unwrap_or(default).to_owned();
        let [key, value, headers] = ["key", "value", "headers"].map(|kind| {
            let class = settings.get(&format!("{kind}.deserializer"));
            class.map_or(Deserializer::Bytes, |class| Deserializer::named(shell, class))
        });
        Ok(Columns {
            timestamp: is("print.timestamp", false),
            partition: is("print.partition", false),
            offset: is("print.offset", false),
            headers: is("print.headers", false),
            key: is("print.key", false),
            value: is("print.value", true),
            key_separator: text("key.separator", "\t"),
            line_separator: text("line.separator", "\n"),
            headers_separator: text("headers.separator", ","),
            null_literal: text("null.literal", "null"),
            key_deserializer: key,
            value_deserializer: value,
            headers_deserializer: headers,
        })
    }

    fn text(&self, shown: &Shown<'_>) -> Result<String, Fault> {
        let Shown { record, partition, kind } = shown;
        let read = |deserializer: &Deserializer, bytes: Option<&[u8]>| {
            deserializer.read(bytes.unwrap_or(self.null_literal.as_bytes()))
        };
        let mut columns = Vec::new();
        if self.timestamp {
            let name = match kind {
                TimestampType::CreateTime => "CreateTime",
                TimestampType::LogAppendTime => "LogAppendTime",
            };
            columns.push(match record.timestamp {
                -1 => "NO_TIMESTAMP".to_owned(),
                ms => format!("{name}:{ms}"),
            });
        }
        if self.partition {
            columns.push(format!("Partition:{partition}"));
        }
        if self.offset {
            columns.push(format!("Offset:{}", record.offset));
        }
        if self.headers {
            let mut headers = Vec::new();
            for (name, value) in record.headers.iter() {
                let value = read(&self.headers_deserializer, value)?;
                headers.push(format!("{}:{value}", String::from_utf8_lossy(name)));
            }
            columns.push(match headers.is_empty() {
                true => "NO_HEADERS".to_owned(),
                false => headers.join(&self.headers_separator),
            });
        }
        if self.key {
            columns.push(read(&self.key_deserializer, record.key)?);
        }
        if self.value {
            columns.push(read(&self.value_deserializer, record.value)?);
        }
        Ok(match columns.is_empty() {
            true => String::new(),
            false => columns.join(&self.key_separator) + &self.line_separator,
        })
    }
}
