//! `kafka-broker-api-versions`: which APIs each broker speaks (`BrokerApiVersionsCommand`).

use kafka_protocol::messages::{ApiKey, ApiVersionsRequest};
use kafka_protocol::protocol::StrBytes;

use crate::engine::client::admin_task::Destination;
use crate::engine::client::calls::Call;
use crate::engine::client::network_client::version as versions;
use crate::engine::ids::BrokerId;
use crate::engine::program::tool::Tool;
use crate::engine::program::tool::cluster::answered;
use crate::engine::program::tool::flags::Flags;
use crate::engine::program::tool::properties::Properties;
use crate::engine::program::tool::shell::{Flow, Shell};
use crate::engine::protocol::{Request, Response};

/// The tool.
pub(super) const TOOL: Tool = Tool { name: "kafka-broker-api-versions", flags: FLAGS, run };

const FLAGS: &str = "bootstrap-server= command-config= help version";

/// APIs that Kafka 3.9 has and the crate of its messages has not.
const BETWEEN_BROKERS: &[(i16, &str)] =
    &[(4, "LeaderAndIsr"), (5, "StopReplica"), (6, "UpdateMetadata"), (7, "ControlledShutdown")];

/// APIs that Kafka 3.9's clients know and no broker in ZooKeeper mode speaks, by number.
const UNSUPPORTED: &[(i16, &str)] = &[
    (55, "DescribeQuorum"),
    (64, "UnregisterBroker"),
    (71, "GetTelemetrySubscriptions"),
    (72, "PushTelemetry"),
    (74, "ListClientMetricsResources"),
    (75, "DescribeTopicPartitions"),
    (76, "ShareGroupHeartbeat"),
    (77, "ShareGroupDescribe"),
    (78, "ShareFetch"),
    (79, "ShareAcknowledge"),
    (80, "AddRaftVoter"),
    (81, "RemoveRaftVoter"),
    (83, "InitializeShareGroupState"),
    (84, "ReadShareGroupState"),
    (85, "WriteShareGroupState"),
    (86, "DeleteShareGroupState"),
    (87, "ReadShareGroupStateSummary"),
];

fn run(shell: &mut Shell<'_>) -> Flow<()> {
    let flags = Flags::parse(FLAGS, shell.words())?;
    shell.help_or_version(&flags, "This tool helps to retrieve broker version information.")?;
    shell.require(&flags, &["bootstrap-server"])?;
    let settings = match flags.value("command-config")? {
        Some(file) => shell.properties(file)?,
        None => Properties::default(),
    };
    let servers = flags.value("bootstrap-server")?.cloned().unwrap_or_else(|| "".into());
    // The tool has a client of its own, which wraps no faults.
    shell.bootstrap(&servers)?;
    shell.connect(&servers, &settings)?;
    let brokers = shell.brokers()?;
    let request = ApiVersionsRequest::default()
        .with_client_software_name(StrBytes::from_static_str("apache-kafka-java"))
        .with_client_software_version(StrBytes::from_static_str("3.9.1"));
    let calls = brokers.iter().map(|(id, ..)| Call {
        name: "apiVersions",
        to: Destination::Broker(BrokerId(*id)),
        version: versions::API_VERSIONS,
        body: Request::ApiVersions(request.clone()),
    });
    let answers = shell.ask_all(calls.collect())?;
    for ((id, host, port), answer) in brokers.iter().zip(answers.iter()) {
        let Response::ApiVersions(told) = answered(answer)? else { continue };
        let mut rows: Vec<(i16, String)> = told
            .api_keys
            .iter()
            .map(|api| {
                let (key, least, most) = (api.api_key, api.min_version, api.max_version);
                let older = BETWEEN_BROKERS.iter().find(|(older, _)| *older == key);
                let name = match (ApiKey::try_from(key), older) {
                    (Ok(api), _) => format!("{api:?}"),
                    (Err(()), Some((_, name))) => (*name).to_owned(),
                    (Err(()), None) => "UNKNOWN".to_owned(),
                };
                let range =
                    if least == most { format!("{least}") } else { format!("{least} to {most}") };
                (key, format!("{name}({key}): {range} [usable: {most}]"))
            })
            .collect();
        rows.extend(
            UNSUPPORTED.iter().map(|(key, name)| (*key, format!("{name}({key}): UNSUPPORTED"))),
        );
        rows.sort();
        let rows: Vec<String> = rows.into_iter().map(|(_, row)| format!("\t{row}")).collect();
        shell.out(&format!("{host}:{port} (id: {id} rack: null) -> (\n{}\n)", rows.join(",\n")));
    }
    Ok(())
}
