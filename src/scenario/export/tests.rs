//! Scripts, line by line. That they do what they say is for `make conformance`, which runs two of them.

use super::*;
use crate::scenario::parser::parse;

const CLUSTER: &str = "brokers 2\nset min.insync.replicas=2\n";

fn written(text: &str) -> Script {
    script(&parse(&format!("{CLUSTER}{text}")).expect("a scenario"))
}

/// The lines behind those that start the cluster.
fn check(text: &str, wanted: &[&str]) {
    let script = written(text);
    assert_eq!(script.left_out, Vec::<String>::new());
    let lines: Vec<&str> =
        script.text.lines().skip_while(|line| !line.starts_with("began=$")).collect();
    let lines = lines[1..].iter().filter(|line| !line.starts_with("at ")).copied();
    let mut wanted = wanted.to_vec();
    wanted.push("kafka-topics.sh --bootstrap-server \"$BOOTSTRAP\" --describe");
    assert_eq!(lines.collect::<Vec<&str>>(), wanted);
}

#[test]
fn the_cluster_starts_with_its_settings() {
    let text = written("").text;
    let rows = "printf '%s\\n' offsets.topic.replication.factor=2 min.insync.replicas=2 >\"$WORK/settings\"\n\
        start_zookeeper\nstart_broker 1\nstart_broker 2\n\
        BOOTSTRAP=\"127.0.0.1:$((PORT + 1)),127.0.0.1:$((PORT + 2))\"\nbegan=$(date +%s)\n";
    assert!(text.contains(rows), "{text}");
}

#[test]
fn what_admins_do_their_tools_do() {
    let address = "--bootstrap-server \"$BOOTSTRAP\"";
    check(
        "topic t: b1>b2 | b2>b1 {retention.ms=1000}\nat 5s partitions t 4\nat 6s config t -retention.ms\n\
         at 7s brokerconfig b1 log.flush.interval.messages=1\nat 8s elect preferred t-0\nat 9s delete t\n",
        &[
            &format!(
                "kafka-topics.sh {address} --create --topic t --replica-assignment 1:2,2:1 --config retention.ms=1000"
            ),
            &format!("kafka-topics.sh {address} --alter --topic t --partitions 4"),
            &format!(
                "kafka-configs.sh {address} --alter --entity-type topics --entity-name t --delete-config retention.ms"
            ),
            &format!(
                "kafka-configs.sh {address} --alter --entity-type brokers --entity-name 1 --add-config log.flush.interval.messages=1"
            ),
            &format!(
                "kafka-leader-election.sh {address} --election-type preferred --topic t --partition 0"
            ),
            &format!("kafka-topics.sh {address} --delete --topic t"),
        ],
    );
}

#[test]
fn programs_are_kafkas_own() {
    let address = "--bootstrap-server \"$BOOTSTRAP\"";
    check(
        "topic t p1 rf1\nproducer p{topic=t, acks=1}\nproducer web{topic=t, rate=10, limit=50}\n\
         consumer app{topic=t, from=beginning, group=g}\nat 5s send p a k:\"two words\"\nat 6s kill app\n",
        &[
            &format!(
                "kafka-topics.sh {address} --create --topic t --partitions 1 --replication-factor 1"
            ),
            "launch web kafka-producer-perf-test.sh --topic t --num-records 50 --record-size 16 --throughput 10 \
             --producer-props bootstrap.servers=\"$BOOTSTRAP\"",
            &format!(
                "launch app kafka-console-consumer.sh {address} --topic t --from-beginning --group g"
            ),
            &format!(
                "printf '%s\\n' a | kafka-console-producer.sh {address} --topic t --producer-property acks=1 --sync"
            ),
            &format!(
                "printf '%s\\n' $'k\\ttwo words' | kafka-console-producer.sh {address} --topic t --property parse.key=true --producer-property acks=1 --sync"
            ),
            "signal KILL app",
        ],
    );
}

#[test]
fn tools_stand_as_they_were_typed() {
    check(
        "at 5s kafka-topics --bootstrap-server b2:9092 --list\n\
         at 6s run typed kafka-console-producer --bootstrap-server b1:9092,b2:9092 --topic t\n\
         at 7s input typed \"it's\"\nat 8s eof typed\n",
        &[
            "kafka-topics.sh --bootstrap-server \"127.0.0.1:$((PORT + 2))\" --list",
            "terminal typed kafka-console-producer.sh --bootstrap-server \
             \"127.0.0.1:$((PORT + 1)),127.0.0.1:$((PORT + 2))\" --topic t",
            "type_line typed 'it'\\''s'",
            "close typed",
        ],
    );
}

#[test]
fn what_no_tool_can_do_stands_as_a_comment_and_is_told() {
    let script = written("topic t: b1>b2\nat 5s hold b1-b2\nat 6s kill b2\nat 7s pause b1\n");
    assert_eq!(script.left_out, ["hold b1-b2"]);
    assert!(script.text.contains("# not with Kafka's tools: hold b1-b2\nat 5\nsignal KILL b2\n"));
    assert!(script.text.contains("signal STOP b1\n"));
}
