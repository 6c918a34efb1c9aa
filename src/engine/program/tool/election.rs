//! `kafka-leader-election`: preferred and unclean elections by hand (`LeaderElectionCommand`).

use kafka_protocol::messages::ElectLeadersRequest;
use kafka_protocol::messages::elect_leaders_request::TopicPartitions;

use crate::engine::client::admin_task::Destination;
use crate::engine::client::network_client::version as versions;
use crate::engine::ids::Text;
use crate::engine::json::Json;
use crate::engine::program::tool::Tool;
use crate::engine::program::tool::cluster::topic_name;
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::flags::{Flags, unreadable};
use crate::engine::program::tool::java_order::sort_partitions_as_java;
use crate::engine::program::tool::json_files::{array, partition, twice};
use crate::engine::program::tool::properties::Properties;
use crate::engine::program::tool::shell::{Flow, Shell, Stop};
use crate::engine::protocol::{Request, Response};

/// The tool.
pub(super) const TOOL: Tool = Tool { name: "kafka-leader-election", flags: FLAGS, run };

const FLAGS: &str = "admin.config= all-topic-partitions bootstrap-server= election-type= help \
    partition= path-to-json-file= topic= version";

/// How long an election may take, unless `--admin.config` says otherwise.
const API_TIMEOUT_MS: &str = "30000";
const REQUEST_TIMEOUT_MS: &str = "15000";
/// ELECTION_NOT_NEEDED.
const NOT_NEEDED: i16 = 84;

fn run(shell: &mut Shell<'_>) -> Flow<()> {
    match execute(shell) {
        Err(Stop::Thrown(fault)) => Err(shell.print_fault(&fault)),
        done => done,
    }
}

fn execute(shell: &mut Shell<'_>) -> Flow<()> {
    let flags = Flags::parse(FLAGS, shell.words())?;
    let about = "This tool attempts to elect a new leader for a set of topic partitions. The type of \
                 elections supported are preferred replicas and unclean replicas.";
    shell.help_or_version(&flags, about)?;
    validate(&flags)?;
    let kind = election_type(&flags)?;
    let mut wanted = match flags.value("path-to-json-file")? {
        Some(file) => Some(elections(shell, file)?),
        None => None,
    };
    let number = flags.int("partition")?;
    if let (None, Some(topic), Some(number)) = (&wanted, flags.value("topic")?, number) {
        wanted = Some(vec![(topic.clone(), number)]);
    }
    let mut settings = match flags.value("admin.config")? {
        Some(file) => shell.properties(file)?,
        None => Properties::default(),
    };
    for (key, default) in
        [("default.api.timeout.ms", API_TIMEOUT_MS), ("request.timeout.ms", REQUEST_TIMEOUT_MS)]
    {
        if settings.get(key).is_none() {
            settings.set(key, default);
        }
    }
    let servers = flags.value("bootstrap-server")?.cloned().unwrap_or_else(|| "".into());
    shell.connect(&servers, &settings)?;
    elect(shell, kind, wanted)
}

fn failed(words: &str) -> Fault {
    Fault::command("AdminCommandFailedException", words)
}

fn validate(flags: &Flags) -> Result<(), Fault> {
    let required = ["bootstrap-server", "election-type"];
    let missing: Vec<&str> = required.into_iter().filter(|name| !flags.has(name)).collect();
    if !missing.is_empty() {
        return Err(failed(&format!("Missing required option(s): {}", missing.join(", "))));
    }
    let ways = ["topic", "all-topic-partitions", "path-to-json-file"];
    if ways.iter().filter(|way| flags.has(way)).count() != 1 {
        let words = "One and only one of the following options is required: ";
        return Err(failed(&format!("{words}{}", ways.join(", "))));
    }
    match (flags.has("topic"), flags.has("partition")) {
        (true, false) => Err(failed("Missing required option(s): partition")),
        (false, true) => Err(failed("Option partition is only allowed if topic is used")),
        _ => Ok(()),
    }
}

/// `ElectionType` on the wire, and its name.
fn election_type(flags: &Flags) -> Result<(i8, &'static str), Fault> {
    let text = flags.value("election-type")?.map_or("", |text| text);
    match &*text.to_ascii_lowercase() {
        "preferred" => Ok((0, "PREFERRED")),
        "unclean" => Ok((1, "UNCLEAN")),
        _ => {
            let words = format!("Value [{text}] is not one of [[PREFERRED,UNCLEAN]]");
            let cause = Fault::new("joptsimple.ValueConversionException", &words);
            Err(unreadable(text, "election-type", cause))
        }
    }
}

fn elections(shell: &Shell<'_>, file: &str) -> Result<Vec<(Text, i32)>, Fault> {
    let refused = |words: &str| Fault::command("AdminOperationException", words);
    let text = shell
        .read_file(file)
        .map_err(|fault| Fault::wrapping("java.lang.RuntimeException", fault))?;
    let json = Json::parse(&text).ok_or_else(|| refused("Replica election data is empty"))?;
    let rows = json
        .get("partitions")
        .ok_or_else(|| refused("Replica election data is missing \"partitions\" field"))?;
    let wanted = array(rows)?.iter().map(partition).collect::<Result<Vec<_>, _>>()?;
    let twice = twice(&wanted);
    if !twice.is_empty() {
        let words =
            format!("Replica election data contains duplicate partitions: [{}]", twice.join(", "));
        return Err(refused(&words));
    }
    Ok(wanted)
}

/// What came of one partition: its error's code and words.
type Elected = ((Text, i32), i16, Option<String>);

fn elect(
    shell: &mut Shell<'_>,
    (wire, name): (i8, &str),
    wanted: Option<Vec<(Text, i32)>>,
) -> Flow<()> {
    let named = wanted.as_ref().map(|wanted| {
        let rows = wanted.iter().map(|(topic, index)| {
            TopicPartitions::default().with_topic(topic_name(topic)).with_partitions(vec![*index])
        });
        rows.collect()
    });
    let request = ElectLeadersRequest::default()
        .with_election_type(wire)
        .with_topic_partitions(named)
        .with_timeout_ms(30_000);
    let request = Request::ElectLeaders(request);
    let asked =
        shell.ask("electLeaders", Destination::Controller, versions::ELECT_LEADERS, request);
    let response = match asked {
        Err(Stop::Thrown(fault)) => {
            let words = "Timeout waiting for election results";
            shell.out(words);
            let cause = fault.cause.map_or_else(|| failed(words), |cause| *cause);
            return Err(failed(words).caused(cause).into());
        }
        asked => asked?,
    };
    let Response::ElectLeaders(told) = response else { return Ok(()) };
    if told.error_code != 0 {
        let fault = Fault::execution(Fault::of_error(told.error_code, None));
        return Err(Fault::wrapping("java.lang.RuntimeException", fault).into());
    }
    let rows = told.replica_election_results.iter().flat_map(|topic| {
        topic.partition_result.iter().map(|row| {
            let words = row.error_message.as_ref().map(ToString::to_string);
            ((Text::from(topic.topic.as_str()), row.partition_id), row.error_code, words)
        })
    });
    let mut rows: Vec<Elected> = rows.collect();
    sort_partitions_as_java(&mut rows, 16, |row| (&row.0.0, row.0.1));
    print(shell, name, &rows)
}

fn print(shell: &mut Shell<'_>, name: &str, rows: &[Elected]) -> Flow<()> {
    let listed = |wanted: i16| {
        let names = rows.iter().filter(|row| row.1 == wanted);
        let names: Vec<String> = names.map(|row| format!("{}-{}", row.0.0, row.0.1)).collect();
        names.join(", ")
    };
    let (elected, needless) = (listed(0), listed(NOT_NEEDED));
    if !elected.is_empty() {
        shell.out(&format!(
            "Successfully completed leader election ({name}) for partitions {elected}"
        ));
    }
    if !needless.is_empty() {
        shell.out(&format!("Valid replica already elected for partitions {needless}"));
    }
    let failures: Vec<&Elected> =
        rows.iter().filter(|row| row.1 != 0 && row.1 != NOT_NEEDED).collect();
    if failures.is_empty() {
        return Ok(());
    }
    let mut root = failed(&format!("{} replica(s) could not be elected", failures.len()));
    for ((topic, index), code, words) in failures {
        let fault = Fault::of_error(*code, words.as_deref());
        shell.out(&format!(
            "Error completing leader election ({name}) for partition: {topic}-{index}: {}",
            fault.told()
        ));
        root.suppressed.push(fault);
    }
    Err(root.into())
}
