//! Settings of running programs: Kafka's names where Kafka has one, and the program's own.
//!
//! One place parses text into [`ProducerSpec`] and [`ConsumerSpec`]. A spec is changed only when the
//! value is good.

use crate::engine::assignor::Assignor;
use crate::engine::command::{Acks, Compression, ConsumerSpec, Keys, ProducerSpec, RELEASES};
use crate::engine::error::ConfigError;
use crate::engine::ids::Text;
use crate::engine::record::batch::Codec;
use crate::engine::record::codec::is_built_in;
use crate::engine::setting::{CommitMode, Partitioner, Setting};

/// Names of a producer program's settings.
pub const PRODUCER_KEYS: &[&str] = &[
    "acks",
    "rate",
    "keys",
    "value.bytes",
    "limit",
    "batch.size",
    "linger.ms",
    "request.timeout.ms",
    "delivery.timeout.ms",
    "retry.backoff.ms",
    "max.in.flight.requests.per.connection",
    "enable.idempotence",
    "compression.type",
    "retries",
    "retry.backoff.max.ms",
    "max.block.ms",
    "buffer.memory",
    "max.request.size",
    "partitioner",
    "partitioner.class",
    "partitioner.ignore.keys",
    "partitioner.adaptive.partitioning.enable",
    "partitioner.availability.timeout.ms",
    "metadata.max.age.ms",
    DEFAULTS,
];

/// Not Kafka's: sets everything else to what an older release had, in one stroke.
pub const DEFAULTS: &str = "defaults";
/// Names of a consumer program's settings.
pub const CONSUMER_KEYS: &[&str] = &[
    "from.beginning",
    "fetch.min.bytes",
    "fetch.max.wait.ms",
    "max.partition.fetch.bytes",
    "fetch.max.bytes",
    "isolation.level",
    "request.timeout.ms",
    "metadata.max.age.ms",
    "auto.offset.reset",
    "group",
    "group.instance.id",
    "partition.assignment.strategy",
    "session.timeout.ms",
    "heartbeat.interval.ms",
    "max.poll.interval.ms",
    "max.poll.records",
    "auto.commit.interval.ms",
    "commit",
    "work",
    DEFAULTS,
];

/// Largest `batch.size`: half of the default of `buffer.memory`.
pub const BATCH_SIZE_MAX: u32 = 16_777_216;
/// The package of Kafka's producer classes.
const PACKAGE: &str = "org.apache.kafka.clients.producer.";

const INT_MAX: i64 = i32::MAX as i64;
/// Most work on a record: an hour.
const WORK_MOST_MS: i64 = 3_600_000;

/// Sets one setting of a producer program.
///
/// `delivery.timeout.ms` is never less than `linger.ms` + `request.timeout.ms` (ProducerConfig): a
/// smaller one is refused, and raising those two raises it. `enable.idempotence=true` needs acks=all and
/// at most five requests in flight: the later of two settings that contradict each other is refused.
///
/// # Errors
/// No such setting, or the value does not parse or is out of range.
pub fn set_producer(spec: &mut ProducerSpec, key: &str, value: &str) -> Result<(), ConfigError> {
    match key {
        "acks" => {
            let acks = acks(key, value)?;
            if spec.enable_idempotence == Some(true) && acks != Acks::All {
                return Err(not_one_of(key, value, "all"));
            }
            spec.acks = acks;
        }
        "rate" => spec.rate = number(key, value, 0, 1_000_000)?,
        "keys" => spec.keys = keys(key, value)?,
        "value.bytes" => spec.value_bytes = number(key, value, 0, 1_000_000)?,
        "limit" => spec.limit = number(key, value, 0, i64::MAX)?,
        "batch.size" => spec.batch_size = number(key, value, 0, i64::from(BATCH_SIZE_MAX))?,
        "linger.ms" => spec.linger_ms = number(key, value, 0, INT_MAX)?,
        "request.timeout.ms" => spec.request_timeout_ms = number(key, value, 1, INT_MAX)?,
        "delivery.timeout.ms" => {
            let least = spec.linger_ms + spec.request_timeout_ms;
            spec.delivery_timeout_ms = number(key, value, least, INT_MAX)?;
        }
        "retry.backoff.ms" => spec.retry_backoff_ms = number(key, value, 0, INT_MAX)?,
        "max.in.flight.requests.per.connection" => {
            let most = if spec.enable_idempotence == Some(true) { 5 } else { INT_MAX };
            spec.max_in_flight = number(key, value, 1, most)?;
        }
        "enable.idempotence" => {
            let wanted = boolean(key, value)?;
            let fits = ProducerSpec { enable_idempotence: None, ..spec.clone() }.is_idempotent();
            if wanted && !fits {
                return Err(not_one_of(key, value, "false"));
            }
            spec.enable_idempotence = Some(wanted);
        }
        "compression.type" => spec.compression = compression(key, value)?,
        "retries" => {
            let least = i64::from(spec.enable_idempotence == Some(true));
            spec.retries = number(key, value, least, INT_MAX)?;
        }
        _ => return set_newer(spec, key, value),
    }
    raise_delivery_timeout(spec);
    Ok(())
}

/// The settings of memory, pauses and partitions.
fn set_newer(spec: &mut ProducerSpec, key: &str, value: &str) -> Result<(), ConfigError> {
    match key {
        "retry.backoff.max.ms" => spec.retry_backoff_max_ms = number(key, value, 0, INT_MAX)?,
        "max.block.ms" => spec.max_block_ms = number(key, value, 0, INT_MAX)?,
        "buffer.memory" => spec.buffer_memory = number(key, value, 0, 1 << 31)?,
        "max.request.size" => spec.max_request_size = number(key, value, 0, INT_MAX)?,
        "partitioner" => {
            let found = Partitioner::parse(key, value, (0, 0))?;
            if found == Partitioner::RoundRobin {
                return Err(not_one_of(key, value, "2.3, 2.4, 3.3"));
            }
            spec.partitioner = found;
        }
        "partitioner.class" => {
            let class = value.trim().strip_prefix(PACKAGE).unwrap_or(value.trim());
            spec.partitioner = match class {
                "" | "null" => Partitioner::Kafka33,
                "RoundRobinPartitioner" => Partitioner::RoundRobin,
                _ => return Err(not_one_of(key, value, "null, RoundRobinPartitioner")),
            };
        }
        "partitioner.ignore.keys" => spec.ignore_keys = boolean(key, value)?,
        "partitioner.adaptive.partitioning.enable" => spec.adaptive = boolean(key, value)?,
        "partitioner.availability.timeout.ms" => {
            spec.availability_timeout_ms = number(key, value, 0, INT_MAX)?;
        }
        "metadata.max.age.ms" => spec.metadata_max_age_ms = number(key, value, 0, INT_MAX)?,
        DEFAULTS => {
            if !RELEASES.contains(&value.trim()) {
                return Err(not_one_of(key, value, &RELEASES.join(", ")));
            }
            *spec = spec.clone().with_defaults_of(value.trim());
        }
        _ => return Err(ConfigError::Unknown { key: key.into() }),
    }
    Ok(())
}

/// Raises `delivery.timeout.ms` to the least that Kafka takes.
pub fn raise_delivery_timeout(spec: &mut ProducerSpec) {
    let least = spec.linger_ms.saturating_add(spec.request_timeout_ms);
    spec.delivery_timeout_ms = spec.delivery_timeout_ms.max(least);
}

/// Sets one setting of a consumer program.
///
/// # Errors
/// No such setting, or the value does not parse or is out of range.
pub fn set_consumer(spec: &mut ConsumerSpec, key: &str, value: &str) -> Result<(), ConfigError> {
    match key {
        "from.beginning" => spec.from_beginning = boolean(key, value)?,
        "fetch.min.bytes" => spec.fetch_min_bytes = number(key, value, 0, INT_MAX)?,
        "fetch.max.wait.ms" => spec.fetch_max_wait_ms = number(key, value, 0, INT_MAX)?,
        "max.partition.fetch.bytes" => {
            spec.max_partition_fetch_bytes = number(key, value, 0, INT_MAX)?;
        }
        "auto.offset.reset" => {
            let (from_beginning, never_resets) = match value.trim() {
                "earliest" => (true, false),
                "latest" => (false, false),
                "none" => (spec.from_beginning, true),
                _ => return Err(not_one_of(key, value, "latest, earliest, none")),
            };
            (spec.from_beginning, spec.never_resets) = (from_beginning, never_resets);
        }
        "fetch.max.bytes" => spec.fetch_max_bytes = number(key, value, 0, INT_MAX)?,
        "isolation.level" => {
            spec.read_committed = match value.trim() {
                "read_committed" => true,
                "read_uncommitted" => false,
                _ => return Err(not_one_of(key, value, "read_committed, read_uncommitted")),
            };
        }
        "request.timeout.ms" => spec.request_timeout_ms = number(key, value, 1, INT_MAX)?,
        "metadata.max.age.ms" => spec.metadata_max_age_ms = number(key, value, 1, INT_MAX)?,
        _ => return set_member(spec, key, value),
    }
    Ok(())
}

/// Settings of a member of a group.
fn set_member(spec: &mut ConsumerSpec, key: &str, value: &str) -> Result<(), ConfigError> {
    match key {
        "group" => spec.group = value.trim().into(),
        "group.instance.id" => spec.instance = value.trim().into(),
        "partition.assignment.strategy" => spec.assignors = assignors(key, value)?,
        "session.timeout.ms" => spec.session_timeout_ms = number(key, value, 0, INT_MAX)?,
        "heartbeat.interval.ms" => spec.heartbeat_interval_ms = number(key, value, 1, INT_MAX)?,
        "max.poll.interval.ms" => spec.max_poll_interval_ms = number(key, value, 1, INT_MAX)?,
        "max.poll.records" => spec.max_poll_records = number(key, value, 1, INT_MAX)?,
        "auto.commit.interval.ms" => {
            spec.auto_commit_interval_ms = number(key, value, 0, INT_MAX)?;
        }
        DEFAULTS => {
            if !RELEASES.contains(&value.trim()) {
                return Err(not_one_of(key, value, &RELEASES.join(", ")));
            }
            *spec = spec.clone().with_defaults_of(value.trim());
        }
        "commit" => spec.commit = CommitMode::parse(key, value, (0, 0))?,
        "work" => {
            let ms = value.trim().strip_suffix("ms").unwrap_or(value);
            spec.work_ms = number(key, ms, 0, WORK_MOST_MS)?;
        }
        _ => return Err(ConfigError::Unknown { key: key.into() }),
    }
    Ok(())
}

/// A list of assignors, by name or Java class; kept by name.
fn assignors(key: &str, value: &str) -> Result<Text, ConfigError> {
    let mut names: Vec<&str> = Vec::new();
    for word in value.split(',').map(str::trim) {
        let all = || Assignor::ALL.map(Assignor::name).join(", ");
        let found = Assignor::named(word).ok_or_else(|| not_one_of(key, word, &all()))?;
        names.push(found.name());
    }
    Ok(names.join(",").into())
}

fn acks(key: &str, value: &str) -> Result<Acks, ConfigError> {
    match value.trim() {
        "all" => return Ok(Acks::All),
        "none" => return Ok(Acks::None),
        _ => {}
    }
    match number::<i64>(key, value, -1, 1)? {
        0 => Ok(Acks::None),
        1 => Ok(Acks::Leader),
        _ => Ok(Acks::All),
    }
}

fn compression(key: &str, value: &str) -> Result<Compression, ConfigError> {
    let built_in = |(kind, _): &&(Compression, &str)| is_built_in(codec(*kind));
    let known = Compression::ALL.iter().filter(built_in);
    let found = known.clone().find(|(_, name)| *name == value.trim());
    found.map(|(kind, _)| *kind).ok_or_else(|| {
        let names: Vec<&str> = known.map(|(_, name)| *name).collect();
        not_one_of(key, value, &names.join(", "))
    })
}

/// The codec of a producer's `compression.type`.
#[must_use]
pub fn codec(compression: Compression) -> Codec {
    match compression {
        Compression::None => Codec::None,
        Compression::Gzip => Codec::Gzip,
        Compression::Snappy => Codec::Snappy,
        Compression::Lz4 => Codec::Lz4,
        Compression::Zstd => Codec::Zstd,
    }
}

fn not_one_of(key: &str, value: &str, allowed: &str) -> ConfigError {
    ConfigError::NotOneOf { key: key.into(), value: value.into(), allowed: allowed.into() }
}

fn keys(key: &str, value: &str) -> Result<Keys, ConfigError> {
    match value.trim() {
        "none" => Ok(Keys::None),
        _ => Ok(Keys::Cycle(number(key, value, 1, INT_MAX)?)),
    }
}

fn boolean(key: &str, value: &str) -> Result<bool, ConfigError> {
    let not_a_boolean = || ConfigError::NotABoolean { key: key.into(), value: value.into() };
    value.trim().parse().map_err(|_| not_a_boolean())
}

fn number<T: TryFrom<i64>>(
    key: &str,
    value: &str,
    least: i64,
    most: i64,
) -> Result<T, ConfigError> {
    let not_a_number = || ConfigError::NotANumber { key: key.into(), value: value.into() };
    let number: i64 = value.trim().parse().map_err(|_| not_a_number())?;
    let out_of_range = || ConfigError::OutOfRange { key: key.into(), value: number, least, most };
    if number < least || number > most {
        return Err(out_of_range());
    }
    T::try_from(number).map_err(|_| out_of_range())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ids::TopicName;

    fn spec() -> ProducerSpec {
        ProducerSpec::new(&TopicName::new("t"))
    }

    #[test]
    fn every_key_of_a_producer_is_known() {
        for key in PRODUCER_KEYS {
            let value = match *key {
                "delivery.timeout.ms" => "120000",
                "enable.idempotence" => "true",
                "compression.type" => "lz4",
                "partitioner" | DEFAULTS => "2.3",
                "partitioner.class" => "RoundRobinPartitioner",
                "partitioner.ignore.keys" | "partitioner.adaptive.partitioning.enable" => "true",
                _ => "1",
            };
            assert_eq!(set_producer(&mut spec(), key, value), Ok(()), "{key}");
        }
    }

    #[test]
    fn every_key_of_a_consumer_is_known() {
        let mut spec = ConsumerSpec::new(&TopicName::new("t"));
        for key in CONSUMER_KEYS {
            let value = match *key {
                "from.beginning" => "false",
                "auto.offset.reset" => "none",
                "isolation.level" => "read_committed",
                DEFAULTS => "3.9",
                "partition.assignment.strategy" => "range, CooperativeStickyAssignor",
                "commit" => "after",
                "work" => "10ms",
                _ => "1",
            };
            assert_eq!(set_consumer(&mut spec, key, value), Ok(()), "{key}");
        }
        assert!(!spec.from_beginning);
        assert_eq!((&*spec.assignors, spec.work_ms), ("range,cooperative-sticky", 10));
        set_consumer(&mut spec, DEFAULTS, "2.3").expect("a release");
        assert_eq!((&*spec.assignors, spec.session_timeout_ms), ("range", 10_000));
    }

    #[test]
    fn acks_is_a_word_or_a_number() {
        let mut spec = spec();
        for (value, acks) in
            [("0", Acks::None), ("1", Acks::Leader), ("all", Acks::All), ("-1", Acks::All)]
        {
            set_producer(&mut spec, "acks", value).expect("a value that Kafka takes");
            assert_eq!(spec.acks, acks);
        }
        assert!(matches!(
            set_producer(&mut spec, "acks", "2"),
            Err(ConfigError::OutOfRange { .. })
        ));
    }

    #[test]
    fn a_producer_is_idempotent_unless_another_setting_rules_it_out() {
        let with = |settings: &[(&str, &str)]| {
            let mut spec = spec();
            for (key, value) in settings {
                set_producer(&mut spec, key, value)?;
            }
            Ok::<bool, ConfigError>(spec.is_idempotent())
        };
        let in_flight = "max.in.flight.requests.per.connection";
        assert_eq!(with(&[]), Ok(true));
        assert_eq!(with(&[("acks", "1")]), Ok(false));
        assert_eq!(with(&[(in_flight, "6")]), Ok(false));
        assert_eq!(with(&[("enable.idempotence", "false")]), Ok(false));
        assert!(with(&[("acks", "1"), ("enable.idempotence", "true")]).is_err());
        assert!(with(&[("enable.idempotence", "true"), ("acks", "0")]).is_err());
        assert!(with(&[("enable.idempotence", "true"), (in_flight, "6")]).is_err());
    }

    #[test]
    fn retries_of_none_rule_idempotence_out() {
        let mut spec = spec();
        set_producer(&mut spec, "retries", "0").expect("in range");
        assert!(!spec.is_idempotent());
        assert!(set_producer(&mut spec, "enable.idempotence", "true").is_err());
        let mut spec = self::spec();
        set_producer(&mut spec, "enable.idempotence", "true").expect("it fits");
        assert!(set_producer(&mut spec, "retries", "0").is_err());
    }

    #[test]
    fn the_defaults_of_an_old_release_come_in_one_stroke_and_go_in_another() {
        let mut spec = spec();
        set_producer(&mut spec, "rate", "10").expect("in range");
        set_producer(&mut spec, DEFAULTS, "2.3").expect("a release");
        assert_eq!((spec.acks, spec.is_idempotent()), (Acks::Leader, false));
        assert_eq!((spec.partitioner, spec.rate), (Partitioner::Kafka23, 10));
        set_producer(&mut spec, DEFAULTS, "3.9").expect("a release");
        assert_eq!(spec, ProducerSpec { rate: 10, ..self::spec() });
        assert!(set_producer(&mut spec, DEFAULTS, "1.0").is_err());
    }

    #[test]
    fn kafkas_round_robin_class_goes_by_its_name() {
        let mut spec = spec();
        for class in
            ["RoundRobinPartitioner", "org.apache.kafka.clients.producer.RoundRobinPartitioner"]
        {
            set_producer(&mut spec, "partitioner.class", class).expect("a class that is there");
            assert_eq!(spec.partitioner, Partitioner::RoundRobin);
        }
        assert!(set_producer(&mut spec, "partitioner.class", "Mine").is_err());
        assert!(set_producer(&mut spec, "partitioner", "RoundRobinPartitioner").is_err());
    }

    #[test]
    fn a_codec_is_one_of_kafkas() {
        let mut spec = spec();
        set_producer(&mut spec, "compression.type", "snappy").expect("a codec");
        assert_eq!(spec.compression, Compression::Snappy);
        assert!(set_producer(&mut spec, "compression.type", "brotli").is_err());
    }

    #[test]
    fn a_refused_value_changes_nothing() {
        let mut spec = spec();
        assert!(set_producer(&mut spec, "rate", "1000001").is_err());
        assert!(set_producer(&mut spec, "rate", "many").is_err());
        assert!(set_producer(&mut spec, "no.such.setting", "1").is_err());
        assert_eq!(spec, self::spec());
    }

    #[test]
    fn the_delivery_timeout_covers_linger_and_request() {
        let mut spec = spec();
        assert!(set_producer(&mut spec, "delivery.timeout.ms", "29999").is_err());
        set_producer(&mut spec, "request.timeout.ms", "200000").expect("in range");
        assert_eq!(spec.delivery_timeout_ms, 200_000);
    }
}
