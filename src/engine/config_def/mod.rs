//! What Kafka 3.9.1 knows of every setting: its type, default, valid values, importance, and whether a
//! broker takes a change while it runs.
//!
//! The tables are those of the ConfigDefs themselves (`KafkaConfig`, `LogConfig`, `ProducerConfig`,
//! `ConsumerConfig`, `AdminClientConfig`), as text: one line is `name|type|default|importance|flags|valid`.
//! A default is `!` (required), `~` (null) or `=` and its text; the flags are `d` (a broker takes a change
//! while it runs, `DynamicBrokerConfig.AllDynamicConfigs`) and `i` (internal: not told to anybody). Which of
//! them the engine follows is [`crate::engine::config`]'s; the others are kept and told.

use crate::engine::setting::{Ratio, Setting};

/// Whose settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A broker's.
    Broker,
    /// A topic's.
    Topic,
    /// A producer's.
    Producer,
    /// A consumer's.
    Consumer,
    /// An admin client's.
    Admin,
}

/// `ConfigDef.Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// true or false.
    Boolean,
    /// Text.
    String,
    /// 32 bits.
    Int,
    /// 16 bits.
    Short,
    /// 64 bits.
    Long,
    /// A fraction.
    Double,
    /// Words with commas between them.
    List,
    /// The name of a Java class.
    Class,
    /// A secret.
    Password,
}

/// The default of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// There is none: it must be given.
    Required,
    /// null.
    Null,
    /// This.
    Text(&'static str),
}

/// One setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// What holds when it is not given.
    pub default: Default,
    /// `high`, `medium` or `low`.
    pub importance: &'static str,
    /// Whether a broker takes a change while it runs.
    pub dynamic: bool,
    /// Whether nobody is told of it.
    pub internal: bool,
    /// Which values it takes, in Kafka's words; `None` when its type says it all.
    pub valid: Option<&'static str>,
}

impl Scope {
    /// All settings, by name.
    pub fn definitions(self) -> impl Iterator<Item = Definition> {
        let table = match self {
            Scope::Broker => include_str!("broker.txt"),
            Scope::Topic => include_str!("topic.txt"),
            // What the page never looks up is left out of it.
            #[cfg(not(target_arch = "wasm32"))]
            Scope::Producer => include_str!("producer.txt"),
            #[cfg(not(target_arch = "wasm32"))]
            Scope::Consumer => include_str!("consumer.txt"),
            #[cfg(not(target_arch = "wasm32"))]
            Scope::Admin => include_str!("admin.txt"),
            #[cfg(target_arch = "wasm32")]
            _ => "",
        };
        table.lines().filter_map(Definition::read)
    }

    /// One setting.
    #[must_use]
    pub fn find(self, name: &str) -> Option<Definition> {
        self.definitions().find(|definition| definition.name == name)
    }
}

impl Definition {
    fn read(line: &'static str) -> Option<Definition> {
        let mut fields = line.splitn(6, '|');
        let name = fields.next()?;
        let kind = Kind::WORDS.iter().find(|(word, _)| Some(*word) == line.split('|').nth(1))?.1;
        let default = match fields.nth(1)?.split_at_checked(1)? {
            ("!", _) => Default::Required,
            ("~", _) => Default::Null,
            (_, text) => Default::Text(text),
        };
        let importance = fields.next()?;
        let flags = fields.next()?;
        let valid = fields.next().filter(|valid| !valid.is_empty());
        let (dynamic, internal) = (flags.contains('d'), flags.contains('i'));
        Some(Definition { name, kind, default, importance, dynamic, internal, valid })
    }

    /// Why a value will not do, in Kafka's words (`ConfigDef.parseType` and its validators).
    #[must_use]
    pub fn refusal(&self, value: &str) -> Option<String> {
        let value = value.trim();
        let range = self.valid.and_then(Range::read);
        let word = self.kind.word().to_uppercase();
        let in_range = |number: Option<i64>, most: i64| match (number, range) {
            (Some(number), _) if number > most || number < -most - 1 => {
                Some(format!("Not a number of type {word}"))
            }
            (None, _) => Some(format!("Not a number of type {word}")),
            (Some(number), Some(Range(least, _))) if least.is_some_and(|least| number < least) => {
                least_words(range)
            }
            (Some(number), Some(Range(_, Some(most)))) if number > most => {
                Some(format!("Value must be no more than {most}"))
            }
            _ => None,
        };
        match self.kind {
            Kind::Boolean if !matches!(value, "true" | "false") => {
                Some("Expected value to be either true or false".to_owned())
            }
            Kind::Short => in_range(value.parse().ok(), i64::from(i16::MAX)),
            Kind::Int => in_range(value.parse().ok(), i64::from(i32::MAX)),
            Kind::Long => in_range(value.parse().ok(), i64::MAX),
            Kind::Double => match Ratio::parse(self.name, value, (i64::MIN, i64::MAX)) {
                Err(_) => Some("Not a number of type DOUBLE".to_owned()),
                Ok(_) => None,
            },
            Kind::String if self.name.ends_with("message.format.version") => self.no_version(value),
            Kind::List if self.name.ends_with(".throttled.replicas") => self.no_replicas(value),
            Kind::String | Kind::List if range.is_none() => self.not_one_of(value),
            _ => None,
        }
    }

    /// A version is known by its first numbers: `3.0` and `3.0.1` are the newest 3.0
    /// (`MetadataVersion.fromVersionString`).
    fn no_version(&self, value: &str) -> Option<String> {
        let numbers = if value.starts_with("0.") { 3 } else { 2 };
        let key = value.split('.').take(numbers).collect::<Vec<_>>().join(".");
        let words = self.valid?.strip_prefix('[')?.strip_suffix(']')?;
        let is_known = |word: &str| word == key || word.split('-').next() == Some(&*key);
        let known = words.split(", ").any(is_known);
        (!known).then(|| format!("Version {value} is not a valid version"))
    }

    /// `*`, or partitions with a broker each (`ThrottledReplicaListValidator`).
    fn no_replicas(&self, value: &str) -> Option<String> {
        let number =
            |digits: &str| digits.bytes().all(|b| b.is_ascii_digit()) && !digits.is_empty();
        let is_pair = |one: &str| one.split_once(':').is_some_and(|(p, b)| number(p) && number(b));
        let all = value.is_empty() || value == "*" || value.split(',').map(str::trim).all(is_pair);
        let words = self.valid.unwrap_or_default();
        let name = self.name;
        (!all).then(|| {
            format!("{name} must be the literal '*' or a list of replicas in the following format: {words}")
        })
    }

    /// Where the valid values are a list of words, and one of these is none.
    fn not_one_of(&self, value: &str) -> Option<String> {
        let words = self.valid?.strip_prefix('[')?.strip_suffix(']')?;
        let given: Vec<&str> = match self.kind {
            Kind::List => value.split(',').map(str::trim).filter(|one| !one.is_empty()).collect(),
            _ => vec![value],
        };
        let known = |one: &&str| words.split(", ").any(|word| word == *one);
        let all = given.iter().all(known);
        (!all).then(|| format!("String must be one of: {words}"))
    }

    /// The default's text; `None` for null and where there is none.
    #[must_use]
    pub fn default_text(&self) -> Option<&'static str> {
        match self.default {
            Default::Text(text) => Some(text),
            Default::Required | Default::Null => None,
        }
    }
}

/// `[least,...]` or `[least,...,most]` of whole numbers.
#[derive(Clone, Copy)]
struct Range(Option<i64>, Option<i64>);

impl Range {
    fn read(valid: &str) -> Option<Range> {
        let (least, rest) = valid.strip_prefix('[')?.split_once(",...")?;
        let most = rest.trim_start_matches(',').strip_suffix(']')?;
        Some(Range(least.parse().ok(), most.parse().ok()))
    }
}

fn least_words(range: Option<Range>) -> Option<String> {
    range.and_then(|Range(least, _)| least).map(|least| format!("Value must be at least {least}"))
}

impl Kind {
    const WORDS: [(&'static str, Kind); 9] = [
        ("boolean", Kind::Boolean),
        ("string", Kind::String),
        ("int", Kind::Int),
        ("short", Kind::Short),
        ("long", Kind::Long),
        ("double", Kind::Double),
        ("list", Kind::List),
        ("class", Kind::Class),
        ("password", Kind::Password),
    ];

    /// Its name, as `ConfigDef.Type` prints it.
    #[must_use]
    pub fn word(self) -> &'static str {
        Kind::WORDS.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }

    /// Its number in DescribeConfigs (`DescribeConfigsResponse.ConfigType`).
    #[must_use]
    pub fn wire(self) -> i8 {
        match self {
            Kind::Boolean => 1,
            Kind::String => 2,
            Kind::Int => 3,
            Kind::Short => 4,
            Kind::Long => 5,
            Kind::Double => 6,
            Kind::List => 7,
            Kind::Class => 8,
            Kind::Password => 9,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::config::{BrokerConfig, TopicConfig};

    const SCOPES: [(Scope, usize); 5] = [
        (Scope::Broker, 328),
        (Scope::Topic, 36),
        (Scope::Producer, 95),
        (Scope::Consumer, 98),
        (Scope::Admin, 74),
    ];

    #[test]
    fn every_line_of_every_table_is_read() {
        for (scope, count) in SCOPES {
            let names: Vec<&str> = scope.definitions().map(|one| one.name).collect();
            assert_eq!(names.len(), count, "{scope:?}");
            assert!(names.is_sorted(), "{scope:?}");
        }
    }

    #[test]
    fn what_the_engine_follows_has_kafkas_defaults_and_is_kafkas() {
        let broker = BrokerConfig::default();
        let own = |key: &&&str| !key.starts_with("lab.");
        for key in BrokerConfig::KEYS.iter().filter(own) {
            let known = Scope::Broker.find(key).unwrap_or_else(|| panic!("{key} is Kafka's"));
            let value = broker.get(key).unwrap_or_default();
            assert_eq!(value, known.default_text().unwrap_or_default(), "{key}");
        }
        let topic = TopicConfig::default();
        for key in TopicConfig::KEYS {
            let known = Scope::Topic.find(key).unwrap_or_else(|| panic!("{key} is Kafka's"));
            assert_eq!(topic.get(key).as_deref(), known.default_text(), "{key}");
        }
    }

    #[test]
    fn a_value_is_refused_in_kafkas_words() {
        let words = |name: &str, value| {
            let found = Scope::Topic.find(name).or_else(|| Scope::Broker.find(name));
            found.expect("it is known").refusal(value)
        };
        assert_eq!(words("preallocate", "true"), None);
        let expected = Some("Expected value to be either true or false".to_owned());
        assert_eq!(words("preallocate", "yes"), expected);
        let expected = Some("Not a number of type INT".to_owned());
        assert_eq!(words("compression.zstd.level", "high"), expected);
        let expected = Some("Value must be at least -131072".to_owned());
        assert_eq!(words("compression.zstd.level", "-131073"), expected);
        let expected = Some("Value must be no more than 22".to_owned());
        assert_eq!(words("compression.zstd.level", "23"), expected);
        assert_eq!(words("local.retention.ms", "-2"), None);
        let expected = Some("String must be one of: compact, delete".to_owned());
        assert_eq!(words("cleanup.policy", "delete,keep"), expected);
        for version in ["3.0", "3.0.1", "3.0-IV1", "0.10.0"] {
            assert_eq!(words("message.format.version", version), None, "{version}");
        }
        let expected = Some("Version 9.9 is not a valid version".to_owned());
        assert_eq!(words("message.format.version", "9.9"), expected);
        assert_eq!(words("leader.replication.throttled.replicas", "0:1, 2:3"), None);
        assert!(words("leader.replication.throttled.replicas", "all").is_some());
    }

    #[test]
    fn a_setting_tells_its_type_default_and_valid_values() {
        let found = Scope::Topic.find("retention.ms").expect("it is known");
        assert_eq!((found.kind, found.default), (Kind::Long, Default::Text("604800000")));
        assert_eq!((found.valid, found.importance), (Some("[-1,...]"), "medium"));
        let found = Scope::Consumer.find("key.deserializer").expect("it is known");
        assert_eq!((found.kind.wire(), found.default), (8, Default::Required));
        assert_eq!(Scope::Admin.find("acks"), None);
    }
}
