//! `kafka-log-dirs`: what lies in brokers' log directories (`LogDirsCommand`).

use kafka_protocol::messages::DescribeLogDirsRequest;
use kafka_protocol::messages::describe_log_dirs_response::DescribeLogDirsResult;

use crate::engine::client::admin_task::Destination;
use crate::engine::client::calls::Call;
use crate::engine::ids::BrokerId;
use crate::engine::json::quote;
use crate::engine::program::tool::Tool;
use crate::engine::program::tool::cluster::{answered, list, version};
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::flags::Flags;
use crate::engine::program::tool::java_order::sort_partitions_as_java;
use crate::engine::program::tool::properties::Properties;
use crate::engine::program::tool::shell::{Flow, Shell, Stop};
use crate::engine::protocol::{Request, Response};

/// The tool.
pub(super) const TOOL: Tool = Tool { name: "kafka-log-dirs", flags: FLAGS, run };

const FLAGS: &str =
    "bootstrap-server= broker-list= command-config= describe help topic-list= version";

fn run(shell: &mut Shell<'_>) -> Flow<()> {
    match execute(shell) {
        Err(Stop::Thrown(fault)) => Err(shell.print_fault(&fault)),
        done => done,
    }
}

fn execute(shell: &mut Shell<'_>) -> Flow<()> {
    let flags = Flags::parse(FLAGS, shell.words())?;
    let about = "This tool helps to query log directory usage on the specified brokers.";
    shell.help_or_version(&flags, about)?;
    shell.require(&flags, &["bootstrap-server", "describe"])?;
    let settings = match flags.value("command-config")? {
        Some(file) => shell.properties(file)?,
        None => Properties::default(),
    };
    let servers = flags.value("bootstrap-server")?.cloned().unwrap_or_else(|| "".into());
    shell.connect(&servers, &settings)?;
    let topics = flags.value("topic-list")?.cloned().unwrap_or_else(|| "".into());
    let topics: Vec<&str> = topics.split(',').filter(|topic| !topic.is_empty()).collect();
    let live: Vec<i32> = shell.brokers()?.into_iter().map(|(id, ..)| id).collect();
    let wanted = flags.value("broker-list")?.cloned().unwrap_or_else(|| "".into());
    let wanted = wanted.split(',').filter(|id| !id.is_empty());
    let mut wanted: Vec<i32> = wanted
        .map(|id| id.parse().map_err(|_| Fault::no_number(id)))
        .collect::<Result<_, Fault>>()?;
    wanted.sort_unstable();
    wanted.dedup();
    let unknown: Vec<i32> = wanted.iter().copied().filter(|id| !live.contains(id)).collect();
    if !unknown.is_empty() {
        shell.err(&format!(
            "ERROR: The given brokers do not exist from --broker-list: {}. Current existent brokers: {}",
            list(&unknown),
            list(&live)
        ));
        return Err(Stop::Exit(1));
    }
    let asked = if wanted.is_empty() { live } else { wanted };
    shell.out("Querying brokers for log directories information");
    let calls = asked.iter().map(|id| Call {
        name: "describeLogDirs",
        to: Destination::Broker(BrokerId(*id)),
        version: version(35, 4),
        body: Request::DescribeLogDirs(DescribeLogDirsRequest::default().with_topics(None)),
    });
    let answers = shell.ask_all(calls.collect())?;
    let mut brokers = Vec::new();
    for (id, answer) in asked.iter().zip(answers.iter()) {
        let Response::DescribeLogDirs(told) = answered(answer)? else { continue };
        let dirs: Vec<String> = told.results.iter().map(|dir| directory(dir, &topics)).collect();
        brokers.push(format!("{{\"broker\":{id},\"logDirs\":[{}]}}", dirs.join(",")));
    }
    shell.out(&format!("Received log directory information from brokers {}", list(&asked)));
    shell.out(&format!("{{\"brokers\":[{}],\"version\":1}}", brokers.join(",")));
    Ok(())
}

fn directory(dir: &DescribeLogDirsResult, topics: &[&str]) -> String {
    let rows = dir.topics.iter().filter(|t| topics.is_empty() || topics.contains(&t.name.as_str()));
    let rows = rows.flat_map(|topic| {
        topic.partitions.iter().map(|p| (topic.name.as_str(), p.partition_index, p))
    });
    let mut rows: Vec<_> = rows.collect();
    sort_partitions_as_java(&mut rows, 16, |row| (row.0, row.1));
    let rows: Vec<String> = rows
        .iter()
        .map(|(topic, index, p)| {
            format!(
                "{{\"partition\":{},\"size\":{},\"offsetLag\":{},\"isFuture\":{}}}",
                quote(&format!("{topic}-{index}")),
                p.partition_size,
                p.offset_lag,
                p.is_future_key
            )
        })
        .collect();
    let error = match dir.error_code {
        0 => "null".to_owned(),
        code => quote(&Fault::of_error(code, None).class),
    };
    format!(
        "{{\"partitions\":[{}],\"error\":{error},\"logDir\":{}}}",
        rows.join(","),
        quote(&dir.log_dir)
    )
}
