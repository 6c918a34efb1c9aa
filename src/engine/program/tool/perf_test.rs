//! `kafka-producer-perf-test`: what it is told (`ProducerPerformance.ConfigPostProcessor`); it runs in
//! [`super::perf_run`].

use crate::engine::command::ProducerSpec;
use crate::engine::config_def::Scope;
use crate::engine::ids::{Text, TopicName};
use crate::engine::program::settings;
use crate::engine::program::tool::Tool;
use crate::engine::program::tool::argparse::{Arguments, unconvertible, wrapped};
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::perf_run::{Payloads, PerfSpec};
use crate::engine::program::tool::properties::Properties;
use crate::engine::program::tool::shell::{Flow, Shell, Stop, config_fault};
use crate::engine::time::Micros;

/// The tool.
pub(super) const TOOL: Tool = Tool { name: "kafka-producer-perf-test", flags: FLAGS, run };

const FLAGS: &str = "help topic= num-records= payload-delimiter= throughput= producer-props= \
    producer.config= print-metrics transactional-id= transaction-duration-ms= record-size= \
    payload-file= payload-monotonic";

/// What it prints for `--help`; the usage is its first part.
const HELP: &str = include_str!("perf_help.txt");
const PAYLOADS: &[&str] = &["record-size", "payload-file", "payload-monotonic"];
/// In the order in which their absence is noticed.
const REQUIRED: &[&str] = &["throughput", "num-records", "topic"];

fn run(shell: &mut Shell<'_>) -> Flow<()> {
    let words = shell.words().to_vec();
    let asks = words.iter().any(|word| matches!(&**word, "--help" | "-h"));
    if words.is_empty() || asks {
        HELP.lines().for_each(|line| shell.out(line));
        return Err(Stop::Exit(i32::from(asks)));
    }
    let read = match arguments(&words) {
        Ok(read) => read,
        Err(error) => return Err(refuse(shell, &error)),
    };
    let properties = properties(shell, &read)?;
    let payloads = payloads(shell, &read)?;
    let spec = spec(shell, &read, &properties, payloads)?;
    if read.has("transactional-id") || read.has("transaction-duration-ms") {
        // `initTransactions` finds no coordinator: transactions are not modelled.
        shell.pause(Micros::from_ms(60_000))?;
        let words = "Timeout expired after 60000ms while awaiting InitProducerId";
        return Err(Fault::timeout(words).into());
    }
    if refuses_topic(shell, &spec)? {
        return Ok(());
    }
    shell.perf(spec)
}

/// A name that no topic can have: the first `send` hears it of the brokers, the others of the metadata.
fn refuses_topic(shell: &mut Shell<'_>, spec: &PerfSpec) -> Flow<bool> {
    let topic = spec.producer.topic.as_str();
    let is_sign = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if !topic.is_empty() && topic.len() <= 249 && topic.chars().all(is_sign) {
        return Ok(false);
    }
    let class = "org.apache.kafka.clients.Metadata";
    let client = &spec.client_id;
    let words =
        format!("[Producer clientId={client}] Metadata response reported invalid topics [{topic}]");
    shell.log_error(class, &words);
    let invalid = "org.apache.kafka.common.errors.InvalidTopicException";
    shell.err(&format!("{invalid}: Invalid topics: [{topic}]"));
    for _ in 1..spec.records.min(1_000) {
        shell.err(&format!("{invalid}: {topic}"));
    }
    shell.out(
        "0 records sent, 0.000000 records/sec (0.00 MB/sec), NaN ms avg latency, 0.00 ms max latency, \
         0 ms 50th, 0 ms 95th, 0 ms 99th, 0 ms 99.9th.",
    );
    Ok(true)
}

fn arguments(words: &[Text]) -> Result<Arguments, String> {
    let read = Arguments::parse(FLAGS, &["producer-props"], words)?;
    read.conflict(PAYLOADS)?;
    read.number("num-records", i64::MAX)?;
    read.number("record-size", i64::from(i32::MAX))?;
    read.number("transaction-duration-ms", i64::MAX)?;
    throughput(&read)?;
    if let Some(missing) = REQUIRED.iter().find(|name| !read.has(name)) {
        return Err(format!("argument --{missing} is required"));
    }
    if !PAYLOADS.iter().any(|name| read.has(name)) {
        let names: Vec<String> = PAYLOADS.iter().map(|name| format!("--{name}")).collect();
        return Err(format!("one of the arguments {} is required", names.join(" ")));
    }
    if !read.has("producer-props") && !read.has("producer.config") {
        return Err("Either --producer-props or --producer.config must be specified.".to_owned());
    }
    Ok(read)
}

/// Records a second; `None`: as many as go. Fractions below one count as one.
fn throughput(read: &Arguments) -> Result<Option<u32>, String> {
    let Some(text) = read.word("throughput") else { return Ok(None) };
    let whole = text.split_once('.').map_or(&**text, |(whole, _)| whole);
    let fraction = text.split_once('.').map_or("0", |(_, fraction)| fraction);
    match (whole.parse::<i64>(), fraction.bytes().all(|byte| byte.is_ascii_digit())) {
        (Ok(number), true) if number < 0 => Ok(None),
        (Ok(number), true) => Ok(Some(u32::try_from(number.max(1)).unwrap_or(u32::MAX))),
        _ => Err(unconvertible("throughput", text, "Double")),
    }
}

fn refuse(shell: &mut Shell<'_>, error: &str) -> Stop {
    let usage = HELP.lines().take_while(|line| !line.is_empty());
    usage.for_each(|line| shell.err(line));
    let error = format!("producer-performance: error: {error}");
    wrapped(&error).iter().for_each(|line| shell.err(line));
    Stop::Exit(1)
}

/// `readProps`.
fn properties(shell: &Shell<'_>, read: &Arguments) -> Result<Properties, Fault> {
    let mut properties = match read.word("producer.config") {
        Some(file) => shell.properties(file)?,
        None => Properties::default(),
    };
    for word in read.all("producer-props").unwrap_or_default() {
        match word.split_once('=').filter(|(_, v)| !v.is_empty() && !v.contains('=')) {
            Some((key, value)) => properties.set(key, value),
            None => return Err(Fault::illegal(&format!("Invalid property: {word}"))),
        }
    }
    Ok(properties)
}

/// `readPayloadFile`.
fn payloads(shell: &mut Shell<'_>, read: &Arguments) -> Flow<Payloads> {
    if read.has("payload-monotonic") {
        return Ok(Payloads::Monotonic);
    }
    let Some(file) = read.word("payload-file") else {
        let size = read.number("record-size", i64::from(i32::MAX)).ok().flatten().unwrap_or(0);
        return match u32::try_from(size) {
            Ok(size) => Ok(Payloads::Random(size)),
            Err(_) => {
                Err(Fault::new("java.lang.NegativeArraySizeException", &size.to_string()).into())
            }
        };
    };
    let absolute = if file.starts_with('/') { file.to_string() } else { format!("/{file}") };
    shell.out(&format!("Reading payloads from: {absolute}"));
    let text = shell.file(file).filter(|text| !text.is_empty()).cloned();
    let Some(text) = text else {
        return Err(Fault::illegal("File does not exist or empty file provided.").into());
    };
    let delimiter = match read.word("payload-delimiter").map(|word| &**word) {
        None | Some("\\n") => "\n",
        Some(other) => other,
    };
    let mut list: Vec<Text> = text.split(delimiter).map(Text::from).collect();
    while list.last().is_some_and(|text| text.is_empty()) {
        list.pop();
    }
    shell.out(&format!("Number of messages read: {}", list.len()));
    Ok(Payloads::Listed(list))
}

fn spec(
    shell: &Shell<'_>,
    read: &Arguments,
    properties: &Properties,
    payloads: Payloads,
) -> Result<PerfSpec, Fault> {
    let topic = TopicName::new(read.word("topic").map_or("", |word| word));
    let mut producer = ProducerSpec::new(&topic);
    for (key, value) in properties.all() {
        let known = Scope::Producer.find(key);
        if let Some(words) = known.and_then(|known| known.refusal(value)) {
            let words = format!("Invalid value {value} for configuration {key}: {words}");
            return Err(config_fault(&words));
        }
        // What the library here has no use for changes nothing.
        let _unused = settings::set_producer(&mut producer, key, value);
    }
    let servers = properties.get("bootstrap.servers").unwrap_or_default();
    let failed = |cause| {
        let class = "org.apache.kafka.common.KafkaException";
        Fault::new(class, "Failed to construct kafka producer").caused(cause)
    };
    let bootstrap = shell.bootstrap(servers).map_err(failed)?;
    let records = read.number("num-records", i64::MAX).ok().flatten().unwrap_or(0);
    if records == 0 {
        return Err(Fault::new("java.lang.ArithmeticException", "/ by zero"));
    }
    Ok(PerfSpec {
        producer,
        bootstrap,
        client_id: properties.get("client.id").unwrap_or("perf-producer-client").into(),
        records: u64::try_from(records).unwrap_or(0),
        throughput: throughput(read).ok().flatten(),
        payloads,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::program::tool::flags::flags;

    #[test]
    fn the_table_of_flags_is_the_list_that_it_prints() {
        let listed = |line: &str| {
            let name = line.strip_prefix("  --")?.split([' ', ',']).next()?;
            Some(name.to_owned())
        };
        let mut printed: Vec<String> = HELP.lines().filter_map(listed).collect();
        printed.insert(0, "help".to_owned());
        let table: Vec<&str> = flags(FLAGS).map(|(name, _)| name).collect();
        assert_eq!(table, printed);
    }
}
