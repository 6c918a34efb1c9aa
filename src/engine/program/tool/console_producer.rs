//! `kafka-console-producer`: lines of standard input become records (`ConsoleProducer`,
//! `LineMessageReader`).

use crate::engine::program::tool::Tool;
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::flags::Flags;
use crate::engine::program::tool::properties::Properties;
use crate::engine::program::tool::sending::{Sender, SenderConfig, ToSend};
use crate::engine::program::tool::shell::{Flow, Saved, Shell, Stop, config_fault, host_and_port};
use crate::engine::record::batch::Codec;
use crate::engine::time::Micros;

/// The tool.
pub(super) const TOOL: Tool = Tool { name: "kafka-console-producer", flags: FLAGS, run };

const FLAGS: &str = "batch-size= bootstrap-server= broker-list= compression-codec=? help \
    line-reader= max-block-ms= max-memory-bytes= max-partition-memory-bytes= \
    message-send-max-retries= metadata-expiry-ms= producer-property= producer.config= property= \
    reader-config= request-required-acks= request-timeout-ms= retry-backoff-ms= \
    socket-buffer-size= sync timeout= topic= version";

/// Flags that are settings of the producer, with what they are where neither is given.
const SETTINGS: &[(&str, &str, &str)] = &[
    ("linger.ms", "timeout", "1000"),
    ("acks", "request-required-acks", "-1"),
    ("request.timeout.ms", "request-timeout-ms", "1500"),
    ("retries", "message-send-max-retries", "3"),
    ("retry.backoff.ms", "retry-backoff-ms", "100"),
    ("batch.size", "batch-size", "16384"),
    ("batch.size", "max-partition-memory-bytes", "16384"),
    ("max.block.ms", "max-block-ms", "60000"),
];

fn run(shell: &mut Shell<'_>) -> Flow<()> {
    let flags = match Flags::parse(FLAGS, shell.words()) {
        Ok(flags) => flags,
        Err(fault) => return Err(shell.usage(fault.words())),
    };
    let told = flags.has("help") || flags.has("version");
    if !flags.has("bootstrap-server") && !flags.has("broker-list") && !told {
        return Err(shell.usage("Missing required option(s) [bootstrap-server]"));
    }
    let about = "This tool helps to read data from standard input and publish it to Kafka.";
    shell.help_or_version(&flags, about)?;
    shell.require(&flags, &["topic"])?;
    match execute(shell, &flags) {
        Err(Stop::Thrown(fault)) => {
            let is_option = fault.class.starts_with("joptsimple.");
            let text = if is_option { fault.words().to_owned() } else { fault.trace() };
            shell.err(text.trim_end_matches('\n'));
            Err(Stop::Exit(1))
        }
        done => done,
    }
}

fn execute(shell: &mut Shell<'_>, flags: &Flags) -> Flow<()> {
    let servers = if flags.has("bootstrap-server") { "bootstrap-server" } else { "broker-list" };
    let servers = flags.value(servers)?.cloned().unwrap_or_else(|| "".into());
    if servers.split(',').any(|address| host_and_port(address).is_none()) {
        return Err(shell.usage("Please provide valid host:port like host1:9091,host2:9092\n "));
    }
    let topic = flags.value("topic")?.cloned().unwrap_or_else(|| "".into());
    let settings = settings(shell, flags)?;
    let config = config(&settings)?;
    shell.connect(&servers, &Properties::default())?;
    if let Some(admin) = &mut shell.admin {
        admin.request_timeout = config.request_timeout;
        admin.api_timeout = config.request_timeout;
    }
    let reader = Reader::new(shell, flags)?;
    let linger = config.linger;
    let mut sender = Sender::new(topic, config);
    let mut number = 0;
    if let Some(Saved::Producer { state, lines }) = shell.saved.clone() {
        sender.state = state;
        number = lines;
    }
    loop {
        let (mut lines, mut ended) = shell.lines(true)?;
        if !ended && !flags.has("sync") && linger > Micros::ZERO {
            shell.pause(linger)?;
            let (more, now) = shell.lines(false)?;
            lines.extend(more);
            ended = now;
        }
        let mut records = Vec::new();
        let mut refused = None;
        for line in &lines {
            number += 1;
            match reader.record(line, number, shell.wall_ms) {
                Ok(record) => records.push(record),
                Err(fault) => {
                    refused = Some(fault);
                    break;
                }
            }
        }
        if flags.has("sync") {
            for record in records {
                if let Some((_, fault)) = sender.send(shell, vec![record])?.into_iter().next() {
                    return Err(Fault::execution(fault).into());
                }
            }
        } else {
            for (record, fault) in sender.send(shell, records)? {
                tell(shell, sender.topic(), &record, &fault);
            }
        }
        match refused {
            Some(fault) => return Err(fault.into()),
            None if ended => return Ok(()),
            None => shell.save(Saved::Producer { state: sender.state.clone(), lines: number }),
        }
    }
}

/// `ErrorLoggingCallback`.
fn tell(shell: &mut Shell<'_>, topic: &str, record: &ToSend, fault: &Fault) {
    let size = |bytes: &Option<Vec<u8>>| {
        bytes.as_ref().map_or_else(|| "null".to_owned(), |bytes| format!("{} bytes", bytes.len()))
    };
    shell.log_error(
        "org.apache.kafka.clients.producer.internals.ErrorLoggingCallback",
        &format!(
            "Error when sending message to topic {topic} with key: {}, value: {} with error:",
            size(&record.key),
            size(&record.value)
        ),
    );
    shell.err(fault.trace().trim_end_matches('\n'));
}

/// `producerProps`.
fn settings(shell: &Shell<'_>, flags: &Flags) -> Result<Properties, Fault> {
    let mut settings = match flags.value("producer.config")? {
        Some(file) => shell.properties(file)?,
        None => Properties::default(),
    };
    settings.set_all(&Properties::of_words(flags.values("producer-property").map(|word| &**word)));
    let codec = match (flags.has("compression-codec"), flags.value("compression-codec")?) {
        (false, _) => "none",
        (true, Some(codec)) if !codec.is_empty() => codec,
        (true, _) => "gzip",
    };
    settings.set("compression.type", codec);
    for (key, flag, default) in SETTINGS {
        if flags.has(flag) || settings.get(key).is_none() {
            if *key != "acks" {
                flags.number(flag, i64::MAX)?;
            }
            settings.set(key, flags.value(flag)?.map_or(default, |value| value));
        }
    }
    Ok(settings)
}

fn config(settings: &Properties) -> Result<SenderConfig, Fault> {
    let invalid = |key: &str, value: &str, words: &str| {
        config_fault(&format!("Invalid value {value} for configuration {key}: {words}"))
    };
    let number = |key: &str, default: i64| -> Result<i64, Fault> {
        let Some(text) = settings.get(key) else { return Ok(default) };
        text.trim().parse().map_err(|_| invalid(key, text, "Not a number of type LONG"))
    };
    let acks = match settings.get("acks").unwrap_or("all") {
        "all" | "-1" => -1,
        "0" => 0,
        "1" => 1,
        other => return Err(invalid("acks", other, "String must be one of: all, -1, 0, 1")),
    };
    let codec = match settings.get("compression.type").unwrap_or("none") {
        "none" => Codec::None,
        "gzip" => Codec::Gzip,
        "snappy" => Codec::Snappy,
        "lz4" => Codec::Lz4,
        "zstd" => Codec::Zstd,
        other => {
            let words = "String must be one of: none, gzip, snappy, lz4, zstd";
            return Err(invalid("compression.type", other, words));
        }
    };
    let retries = number("retries", i64::from(i32::MAX))?;
    let idempotent = match settings.get("enable.idempotence") {
        Some(text) => text == "true",
        None => acks == -1 && retries > 0,
    };
    Ok(SenderConfig {
        acks,
        codec,
        idempotent,
        retries,
        batch_size: u64::try_from(number("batch.size", 16_384)?).unwrap_or(0),
        linger: Micros::from_ms(number("linger.ms", 0)?),
        backoff: Micros::from_ms(number("retry.backoff.ms", 100)?),
        request_timeout: Micros::from_ms(number("request.timeout.ms", 30_000)?),
        delivery_timeout_ms: number("delivery.timeout.ms", 120_000)?,
        max_block_ms: number("max.block.ms", 60_000)?,
    })
}

/// `LineMessageReader`.
struct Reader {
    key: bool,
    headers: bool,
    ignore_error: bool,
    key_separator: String,
    headers_delimiter: String,
    headers_separator: String,
    headers_key_separator: String,
    null_marker: Option<String>,
}

impl Reader {
    fn new(shell: &Shell<'_>, flags: &Flags) -> Result<Reader, Fault> {
        let mut settings = match flags.value("reader-config")? {
            Some(file) => shell.properties(file)?,
            None => Properties::default(),
        };
        settings.set_all(&Properties::of_words(flags.values("property").map(|word| &**word)));
        let is =
            |key: &str| settings.get(key).is_some_and(|v| v.trim().eq_ignore_ascii_case("true"));
        let text = |key: &str, default: &str| settings.get(key).unwrap_or(default).to_owned();
        Ok(Reader {
            key: is("parse.key"),
            headers: is("parse.headers"),
            ignore_error: is("ignore.error"),
            key_separator: text("key.separator", "\t"),
            headers_delimiter: text("headers.delimiter", "\t"),
            headers_separator: text("headers.separator", ","),
            headers_key_separator: text("headers.key.separator", ":"),
            null_marker: settings.get("null.marker").map(str::to_owned),
        })
    }

    fn record(&self, line: &str, number: u32, timestamp: i64) -> Result<ToSend, Fault> {
        let (headers, rest) = self.part(
            (self.headers, &self.headers_delimiter, "headers delimiter"),
            line,
            line,
            number,
        )?;
        let (key, value) =
            self.part((self.key, &self.key_separator, "key separator"), rest, line, number)?;
        let bytes = |text: &str| {
            let is_null = self.null_marker.as_deref() == Some(text);
            (!is_null).then(|| text.as_bytes().to_vec())
        };
        let mut record = ToSend {
            key: key.and_then(bytes),
            value: bytes(value),
            headers: Vec::new(),
            timestamp,
        };
        let is_null = headers.is_some() && headers == self.null_marker.as_deref();
        let pairs = headers.filter(|_| !is_null).map(|h| h.split(&*self.headers_separator));
        for pair in pairs.into_iter().flatten() {
            let (name, value) = match pair.split_once(&*self.headers_key_separator) {
                Some((name, value)) => (name, bytes(value)),
                None if self.ignore_error => (pair, None),
                None => {
                    return Err(reading(&format!(
                        "No header key separator found in pair '{pair}' on line number {number}"
                    )));
                }
            };
            if self.null_marker.as_deref() == Some(name) {
                return Err(reading(&format!(
                    "Header keys should not be equal to the null marker '{name}' as they can't be null"
                )));
            }
            record.headers.push((name.into(), value));
        }
        Ok(record)
    }

    /// What stands before a sign, and what behind it.
    fn part<'a>(
        &self,
        (wanted, sign, name): (bool, &str, &str),
        rest: &'a str,
        line: &str,
        number: u32,
    ) -> Result<(Option<&'a str>, &'a str), Fault> {
        match rest.split_once(sign) {
            _ if !wanted => Ok((None, rest)),
            Some((part, rest)) => Ok((Some(part), rest)),
            None if self.ignore_error => Ok((None, rest)),
            None => Err(reading(&format!("No {name} found on line number {number}: '{line}'"))),
        }
    }
}

fn reading(words: &str) -> Fault {
    Fault::new("org.apache.kafka.common.KafkaException", words)
}
