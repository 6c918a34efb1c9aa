//! Output of `kafka-topics --describe`, as terminals give it, and what becomes of it.

use super::*;
use crate::scenario::printer;
use crate::scenario::runner;
use crate::view::project;

/// Recorded on a real Kafka 3.9.1 with brokers 1 to 3, of which 3 was down.
const TABS: &str = "Topic: orders\tTopicId: bqVzEPPeQ4qRJmpqtNu-ew\tPartitionCount: 2\tReplicationFactor: 2\tConfigs: cleanup.policy=compact,delete,min.insync.replicas=2\n\
    \tTopic: orders\tPartition: 0\tLeader: 1\tReplicas: 1,3\tIsr: 1\tElr: N/A\tLastKnownElr: N/A\n\
    \tTopic: orders\tPartition: 1\tLeader: 2\tReplicas: 2,1\tIsr: 2,1\tElr: N/A\tLastKnownElr: N/A\n";

fn text(imported: &Imported) -> String {
    printer::print(&imported.scenario)
}

#[test]
fn a_described_cluster_becomes_one_of_the_same_shape() {
    let imported = describe(TABS).expect("it is what the tool prints");
    let wanted = "brokers 3\nseed 1\n\
        topic orders: b1>b3 | b2>b1 {cleanup.policy=\"compact,delete\", min.insync.replicas=2}\n\
        at 3s kill b3\n";
    assert_eq!(text(&imported), wanted);
    assert_eq!((imported.renamed, imported.elsewhere), (vec![], vec![]));
    let scenario = imported.scenario;
    let outcome = runner::run(&scenario, scenario.end(), |_, _| {}).expect("it is not recorded");
    assert_eq!(outcome.refused, []);
    let view = project::cluster(&outcome.world);
    let partitions = &view.topics[0].partitions;
    let leaders: Vec<_> = partitions.iter().map(|it| it.leader).collect();
    assert_eq!(leaders, [Some(BrokerId(1)), Some(BrokerId(2))]);
}

#[test]
fn blanks_for_tabs_and_older_releases_are_read_as_well() {
    let old = "$ kafka-topics.sh --describe\n\
        Topic:test   PartitionCount:1   ReplicationFactor:2   Configs:\n   \
        Topic: test  Partition: 0       Leader: 0   Replicas: 0,1  Isr: 1,0\n";
    let imported = describe(old).expect("so printed Kafka 2.0");
    assert_eq!(text(&imported), "brokers 2\nseed 1\ntopic test: b1>b2\n");
    assert_eq!(imported.renamed, [(0, BrokerId(1)), (1, BrokerId(2))]);
}

#[test]
fn what_cannot_be_the_same_here_is_told() {
    let moved = TABS
        .replace("Leader: 2", "Leader: 1")
        .replace("min.insync.replicas", "follower.replication.throttled.replicas");
    let imported = describe(&moved).expect("it is what the tool prints");
    assert_eq!(
        imported.elsewhere,
        [TopicPartition::new(&TopicName::new("orders"), PartitionId(1))]
    );
    let left_out: Vec<&str> = imported.left_out.iter().map(|text| &**text).collect();
    assert_eq!(left_out, ["orders: follower.replication.throttled.replicas=2"]);
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let refused = |text: &str| describe(text).expect_err("it is not whole");
    let check = |text: &str, line: u32, column: u32, problem: &str| {
        let error = refused(text);
        assert_eq!(
            (error.line, error.column, &*error.problem.to_string()),
            (line, column, problem)
        );
    };
    check("", 1, 1, "Topic: is missing");
    check(&TABS.replace("Partition: 1", "Partition: x"), 3, 27, "expected number, found x");
    check(&TABS.replace("Isr: 2,1", "Isr: 2,7"), 3, 58, "unknown broker 7");
    check(&TABS.replace("Partition: 1", "Partition: 2"), 3, 1, "orders Partition: is missing");
    check(&TABS.replace("Partition: 1", "Partition: 0"), 3, 27, "orders-0 is already given");
    check(
        &TABS.replace("Replicas: 2,1", "Replicas: "),
        3,
        50,
        "expected broker, found the end of the line",
    );
    let alone = "\tTopic: t\tPartition: 0\tLeader: 1\tReplicas: 1\tIsr: 1\n";
    check(alone, 1, 9, "Topic: t PartitionCount: is missing");
}

#[test]
fn a_scenario_is_not_taken_for_a_description() {
    assert!(is_described(TABS));
    assert!(!is_described("brokers 3\ntopic t: b1>b2\nproducer p{topic=t}\n"));
}
