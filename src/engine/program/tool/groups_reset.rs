//! `kafka-consumer-groups --reset-offsets` and `--delete-offsets`: where a group goes on
//! (`ConsumerGroupCommand.resetOffsets`, `deleteOffsets`).

use std::collections::BTreeMap;

use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_delete_request::{
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use kafka_protocol::messages::{GroupId, OffsetCommitRequest, OffsetDeleteRequest};

use crate::engine::client::network_client::version as versions;
use crate::engine::ids::Text;
use crate::engine::program::tool::cluster::{text, topic_name, version};
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::flags::Flags;
use crate::engine::program::tool::groups::{
    EARLIEST, LATEST, RUNTIME, groups, in_runtime, offsets,
};
use crate::engine::program::tool::groups_admin::Question;
use crate::engine::program::tool::groups_options::SCENARIOS;
use crate::engine::program::tool::groups_tables::padded;
use crate::engine::program::tool::java_order::{sort_as_java, sort_partitions_as_java};
use crate::engine::program::tool::partitions::Partition;
use crate::engine::program::tool::reset_plan::{self, Plan};
use crate::engine::program::tool::shell::{Flow, Shell, Stop, date};
use crate::engine::program::tool::timestamps;
use crate::engine::protocol::{Request, Response};
use crate::engine::time::Micros;

const LOGGER: &str = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand";

/// Offsets of partitions.
type Offsets = Vec<(Partition, i64)>;

/// Sets a group's offsets, or tells what they would be.
pub(super) fn reset(shell: &mut Shell<'_>, flags: &Flags) -> Flow<()> {
    let wanted = groups(shell, flags)?;
    let mut described: Vec<_> = shell.describe_groups(&wanted)?.into_iter().collect();
    sort_as_java(&mut described, 16, |(group, _)| group);
    let mut results: Vec<(Text, Offsets)> = Vec::new();
    for (group, told) in described {
        let told = in_runtime(told.map_err(|fault| Stop::Thrown(Fault::execution(fault))))?;
        if !matches!(&*told.state, "Empty" | "Dead") {
            shell.print_error(&format!(
                "Assignments can only be reset if the group '{group}' is inactive, but the current \
                 state is {}.",
                told.state
            ));
            results.push((group, Vec::new()));
            continue;
        }
        let partitions = partitions(shell, flags, &group)?;
        let offsets = prepared(shell, flags, &group, partitions)?;
        if flags.has("execute") {
            in_runtime(commit(shell, &group, &offsets))?;
        }
        results.push((group, offsets));
    }
    if flags.has("export") {
        let single = flags.values("group").count() == 1;
        let mut lines = String::new();
        for (group, offsets) in &results {
            for ((topic, index), offset) in offsets {
                if !single {
                    lines.push_str(group);
                    lines.push(',');
                }
                lines.push_str(&format!("{topic},{index},{offset}\n"));
            }
        }
        shell.out(&lines);
    } else {
        print(shell, &results);
    }
    Ok(())
}

/// The table, without the line ends that Kafka 3.9 leaves out.
fn print(shell: &mut Shell<'_>, results: &[(Text, Offsets)]) {
    let row = |words: [&str; 4]| {
        let columns = words.iter().zip([30, 30, 10, 15]);
        let columns: Vec<String> = columns.map(|(word, width)| padded(word, width)).collect();
        columns.join(" ")
    };
    if !results.is_empty() {
        shell.print(&format!("\n{}", row(["GROUP", "TOPIC", "PARTITION", "NEW-OFFSET"])));
    }
    for (group, offsets) in results {
        for ((topic, index), offset) in offsets {
            shell.print(&row([group, topic, &index.to_string(), &offset.to_string()]));
        }
    }
}

/// Which partitions are to be reset (`getPartitionsToReset`).
fn partitions(shell: &mut Shell<'_>, flags: &Flags, group: &Text) -> Flow<Vec<Partition>> {
    if flags.has("all-topics") {
        let committed = in_runtime(shell.committed(group))?;
        return Ok(committed.into_iter().map(|(partition, _)| partition).collect());
    }
    if !flags.has("topic") {
        return match flags.has("from-file") {
            true => Ok(Vec::new()),
            false => {
                Err(shell
                    .usage("One of the reset scopes should be defined: --all-topics, --topic."))
            }
        };
    }
    let (listed, whole): (Vec<&Text>, Vec<&Text>) =
        flags.values("topic").partition(|topic| topic.contains(':'));
    let mut partitions = listed_partitions(&listed)?;
    let whole: Vec<Text> = whole.into_iter().cloned().collect();
    if !whole.is_empty() {
        for topic in in_runtime(shell.topics("describeTopics", Some(&whole)))? {
            if topic.error != 0 {
                let fault = Fault::execution(Fault::of_error(topic.error, None));
                return Err(Fault::wrapping(RUNTIME, fault).into());
            }
            let name = topic.name;
            partitions.extend(topic.partitions.iter().map(|p| (name.clone(), p.index)));
        }
    }
    Ok(partitions)
}

/// `orders:0,1` (`parseTopicsWithPartitions`).
fn listed_partitions(words: &[&Text]) -> Result<Vec<Partition>, Fault> {
    let mut partitions = Vec::new();
    for word in words {
        let mut parts: Vec<&str> = word.split(':').collect();
        while parts.pop_if(|last| last.is_empty()).is_some() {}
        let [topic, numbers] = parts[..] else {
            return Err(Fault::illegal(&format!(
                "Invalid topic arg '{word}', expected topic name and partitions"
            )));
        };
        for number in numbers.split(',') {
            let index = number.parse::<i32>().map_err(|_| {
                Fault::illegal(&format!(
                    "Invalid partition '{number}' specified in topic arg '{word}''"
                ))
            })?;
            partitions.push((Text::from(topic), index));
        }
    }
    Ok(partitions)
}

/// Where the partitions are set to (`prepareOffsetsToReset`).
fn prepared(
    shell: &mut Shell<'_>,
    flags: &Flags,
    group: &Text,
    partitions: Vec<Partition>,
) -> Flow<Offsets> {
    let scenario = ["to-offset", "to-earliest", "to-latest", "shift-by", "to-datetime"];
    let scenario = scenario.into_iter().chain(["by-duration", "from-file", "to-current"]);
    let scenario = scenario.into_iter().find(|name| flags.has(name));
    match scenario {
        Some("to-offset") => {
            let offset = flags.number("to-offset", i64::MAX)?.unwrap_or(0);
            in_range(shell, partitions.into_iter().map(|p| (p, offset)).collect())
        }
        Some("to-earliest") => offsets(shell, &partitions, EARLIEST),
        Some("to-latest") => offsets(shell, &partitions, LATEST),
        Some("shift-by") => shifted(shell, flags, group, partitions),
        Some("to-datetime") => {
            let text = flags.value("to-datetime")?.map_or("", |text| text);
            let moment =
                timestamps::date_time(text).map_err(|fault| Fault::wrapping(RUNTIME, fault))?;
            at_time(shell, &partitions, moment)
        }
        Some("by-duration") => {
            let text = flags.value("by-duration")?.map_or("", |text| text);
            let span = timestamps::duration_ms(text)?;
            let now = shell.pause(Micros::ZERO)?;
            at_time(shell, &partitions, now.saturating_sub(span))
        }
        Some("from-file") => from_file(shell, flags, group),
        Some(_) => current(shell, group, partitions),
        None => {
            let all: Vec<String> = SCENARIOS.iter().map(|name| format!("[{name}]")).collect();
            let all = all.join(", ");
            Err(shell.usage(&format!(
                "Option '[reset-offsets]' requires one of the following scenarios: [{all}]"
            )))
        }
    }
}

fn shifted(
    shell: &mut Shell<'_>,
    flags: &Flags,
    group: &Text,
    partitions: Vec<Partition>,
) -> Flow<Offsets> {
    let committed = in_runtime(shell.committed(group))?;
    let mut wanted = Vec::new();
    for partition in partitions {
        let shift = flags.number("shift-by", i64::MAX)?.unwrap_or(0);
        let known = committed.iter().find(|(known, _)| *known == partition);
        let Some((_, offset)) = known else {
            return Err(Fault::illegal(&format!(
                "Cannot shift offset for partition {}-{} since there is no current committed offset",
                partition.0, partition.1
            ))
            .into());
        };
        wanted.push((partition, offset.saturating_add(shift)));
    }
    in_range(shell, wanted)
}

/// Where it is, or the end where it is nowhere.
fn current(shell: &mut Shell<'_>, group: &Text, partitions: Vec<Partition>) -> Flow<Offsets> {
    let committed = in_runtime(shell.committed(group))?;
    let is_known = |partition: &Partition| committed.iter().any(|(known, _)| known == partition);
    let (_, unknown): (Vec<Partition>, Vec<Partition>) =
        partitions.iter().cloned().partition(is_known);
    let mut current: Offsets =
        committed.into_iter().filter(|(known, _)| partitions.contains(known)).collect();
    current.extend(offsets(shell, &unknown, LATEST)?);
    Ok(in_order(current))
}

fn from_file(shell: &mut Shell<'_>, flags: &Flags, group: &Text) -> Flow<Offsets> {
    // Kafka reads the file twice, and tells twice what is odd in it.
    let mut plan = Plan::new();
    for _ in 0..2 {
        let file = flags.value("from-file")?.map_or("", |file| file);
        let text = shell.read_file(file).map_err(|fault| Fault::wrapping(RUNTIME, fault))?;
        let mut groups = flags.values("group");
        let single = groups.next().filter(|_| groups.next().is_none());
        let read = reset_plan::read(&text, single);
        if let Some(odd) = read.odd {
            shell.err(odd.trace().trim_end_matches('\n'));
        }
        plan = read.plan.map_err(|fault| Fault::wrapping(RUNTIME, fault))?;
    }
    match plan.remove(group) {
        Some(wanted) => in_range(shell, wanted),
        None => {
            shell.print_error(&format!("No reset plan for group {group} found"));
            Ok(Vec::new())
        }
    }
}

fn in_order(mut offsets: Offsets) -> Offsets {
    offsets.sort();
    sort_partitions_as_java(&mut offsets, 16, |((topic, index), _)| (topic, *index));
    offsets
}

/// Offsets that the logs have (`checkOffsetsRange`).
fn in_range(shell: &mut Shell<'_>, wanted: Offsets) -> Flow<Offsets> {
    let partitions: Vec<Partition> = wanted.iter().map(|(p, _)| p.clone()).collect();
    let starts: BTreeMap<_, _> = offsets(shell, &partitions, EARLIEST)?.into_iter().collect();
    let ends: BTreeMap<_, _> = offsets(shell, &partitions, LATEST)?.into_iter().collect();
    let mut found = Vec::new();
    for (partition, offset) in in_order(wanted) {
        let start = starts.get(&partition).copied().unwrap_or(offset);
        let end = ends.get(&partition).copied().unwrap_or(offset);
        let (kept, how) = match offset {
            _ if offset > end => (end, "higher than latest"),
            _ if offset < start => (start, "lower than earliest"),
            _ => (offset, ""),
        };
        if !how.is_empty() {
            let at = date(shell.wall_ms);
            let (topic, index) = &partition;
            shell.err(&format!(
                "[{at}] WARN New offset ({offset}) is {how} offset for topic partition \
                 {topic}-{index}. Value will be set to {kept} ({LOGGER})"
            ));
        }
        found.push((partition, kept));
    }
    Ok(found)
}

/// The first records of a time, or the end (`getLogTimestampOffsets`).
fn at_time(shell: &mut Shell<'_>, partitions: &[Partition], ms: i64) -> Flow<Offsets> {
    let (mut found, late): (Offsets, Offsets) =
        offsets(shell, partitions, ms)?.into_iter().partition(|(_, offset)| *offset >= 0);
    for ((topic, index), _) in &late {
        shell.out(&format!(
            "\nWarn: Partition {index} from topic {topic} is empty. Falling back to latest known \
             offset."
        ));
    }
    let late: Vec<Partition> = late.into_iter().map(|(partition, _)| partition).collect();
    found.extend(offsets(shell, &late, LATEST)?);
    Ok(in_order(found))
}

/// `Admin.alterConsumerGroupOffsets`.
fn commit(shell: &mut Shell<'_>, group: &Text, offsets: &Offsets) -> Flow<()> {
    let mut topics: BTreeMap<&Text, Vec<OffsetCommitRequestPartition>> = BTreeMap::new();
    for ((topic, index), offset) in offsets {
        topics.entry(topic).or_default().push(
            OffsetCommitRequestPartition::default()
                .with_partition_index(*index)
                .with_committed_offset(*offset)
                .with_committed_metadata(Some(text(""))),
        );
    }
    let topics: Vec<OffsetCommitRequestTopic> = topics
        .into_iter()
        .map(|(topic, parts)| {
            OffsetCommitRequestTopic::default().with_name(topic_name(topic)).with_partitions(parts)
        })
        .collect();
    let request = |_: &[Text]| {
        let commit = OffsetCommitRequest::default()
            .with_group_id(GroupId(text(group)))
            .with_generation_id_or_member_epoch(-1)
            .with_topics(topics.clone());
        vec![Request::OffsetCommit(commit)]
    };
    let error = |response: &Response, _: &str| match response {
        Response::OffsetCommit(told) => {
            let codes = told.topics.iter().flat_map(|topic| &topic.partitions);
            codes.map(|p| p.error_code).find(|code| *code != 0).unwrap_or(0)
        }
        _ => 0,
    };
    let question = Question {
        names: ("offsetCommit(api=FIND_COORDINATOR)", "offsetCommit(api=OFFSET_COMMIT)"),
        version: versions::OFFSET_COMMIT,
        request: &request,
        error: &error,
    };
    match shell.ask_coordinators(std::slice::from_ref(group), &question)?.remove(group) {
        Some(Err(fault)) => Err(Fault::execution(fault).into()),
        _ => Ok(()),
    }
}

/// NON_EMPTY_GROUP and its like: what each is told as.
fn told_as(code: &Fault, group: &str) -> String {
    let is = |class: &str| code.is(class);
    if is("InvalidGroupIdException") {
        format!("'{group}' is not valid.")
    } else if is("GroupIdNotFoundException") {
        format!("'{group}' does not exist.")
    } else if is("GroupNotEmptyException") {
        format!(
            "Deleting offsets of a consumer group '{group}' is forbidden if the group is not empty."
        )
    } else if is("GroupSubscribedToTopicException") || is("UnknownTopicOrPartitionException") {
        "Encounter some partition level error, see the follow-up details:".to_owned()
    } else {
        format!("Encounter some unknown error: {}", super::partitions::error_name(code_of(code)))
    }
}

/// REQUEST_TIMED_OUT, or no error that has a name.
fn code_of(fault: &Fault) -> i16 {
    if fault.is("TimeoutException") { 7 } else { -1 }
}

/// Lets go of where a group is.
pub(super) fn delete_offsets(shell: &mut Shell<'_>, flags: &Flags) -> Flow<()> {
    let group = flags.value("group")?.cloned().unwrap_or_else(|| "".into());
    let words: Vec<&Text> = flags.values("topic").collect();
    let (listed, whole): (Vec<&Text>, Vec<&Text>) =
        words.iter().copied().partition(|topic| topic.contains(':'));
    let mut partitions = listed_partitions(&listed)?;
    let whole: Vec<Text> = whole.into_iter().cloned().collect();
    let mut results: Vec<(Partition, Option<Fault>)> = Vec::new();
    if !whole.is_empty() {
        for topic in shell.topics("describeTopics", Some(&whole))? {
            let name = topic.name;
            partitions.extend(topic.partitions.iter().map(|p| (name.clone(), p.index)));
            if topic.error != 0 {
                results.push(((name, -1), Some(Fault::of_error(topic.error, None))));
            }
        }
    }
    partitions.sort();
    partitions.dedup();
    sort_partitions_as_java(&mut partitions, 16, |(topic, index)| (topic, *index));
    let (failed, deleted) = delete(shell, &group, &partitions)?;
    let first = failed.clone().or_else(|| deleted.iter().find_map(|(_, fault)| fault.clone()));
    results.extend(deleted);
    match first {
        Some(fault) => shell.print_error(&told_as(&fault, &group)),
        None => {
            let words: Vec<&str> = words.iter().map(|word| &***word).collect();
            shell.out(&format!(
                "Request succeed for deleting offsets with topic {} group {group}",
                words.join(", ")
            ));
        }
    }
    results.sort_by_key(|((topic, index), _)| format!("{topic}{index}"));
    let row = |topic: &str, index: &str, state: &str| {
        format!("{} {} {}", padded(topic, 30), padded(index, 15), padded(state, 15))
    };
    shell.print(&format!("\n{}", row("TOPIC", "PARTITION", "STATUS")));
    for ((topic, index), fault) in results {
        let index = if index < 0 { "Not Provided".to_owned() } else { index.to_string() };
        let state = fault.map_or("Successful".to_owned(), |f| format!("Error: :{}", f.told()));
        shell.print(&row(&topic, &index, &state));
    }
    Ok(())
}

/// What came of the group, and of each partition.
type Deleted = (Option<Fault>, Vec<(Partition, Option<Fault>)>);

/// `Admin.deleteConsumerGroupOffsets`.
fn delete(shell: &mut Shell<'_>, group: &Text, partitions: &[Partition]) -> Flow<Deleted> {
    let mut topics: BTreeMap<&Text, Vec<OffsetDeleteRequestPartition>> = BTreeMap::new();
    for (topic, index) in partitions {
        let part = OffsetDeleteRequestPartition::default().with_partition_index(*index);
        topics.entry(topic).or_default().push(part);
    }
    let topics: Vec<OffsetDeleteRequestTopic> = topics
        .into_iter()
        .map(|(topic, parts)| {
            OffsetDeleteRequestTopic::default().with_name(topic_name(topic)).with_partitions(parts)
        })
        .collect();
    let request = |_: &[Text]| {
        let delete = OffsetDeleteRequest::default()
            .with_group_id(GroupId(text(group)))
            .with_topics(topics.clone());
        vec![Request::OffsetDelete(delete)]
    };
    let error = |response: &Response, _: &str| match response {
        Response::OffsetDelete(told) => told.error_code,
        _ => 0,
    };
    let question = Question {
        names: ("offsetDelete(api=FIND_COORDINATOR)", "offsetDelete(api=OFFSET_DELETE)"),
        version: version(47, 0),
        request: &request,
        error: &error,
    };
    let answer = shell.ask_coordinators(std::slice::from_ref(group), &question)?.remove(group);
    let all = |fault: &Option<Fault>| {
        partitions.iter().map(|partition| (partition.clone(), fault.clone())).collect()
    };
    Ok(match answer {
        Some(Err(fault)) => {
            let fault = Some(fault);
            (fault.clone(), all(&fault))
        }
        Some(Ok((_, Response::OffsetDelete(told)))) => {
            let code = |(topic, index): &Partition| {
                let rows = told.topics.iter().filter(|row| *row.name.0 == **topic);
                let mut rows = rows.flat_map(|row| &row.partitions);
                rows.find(|row| row.partition_index == *index).map_or(0, |row| row.error_code)
            };
            let result = |partition: &Partition| {
                let code = Some(code(partition)).filter(|code| *code != 0);
                (partition.clone(), code.map(|code| Fault::of_error(code, None)))
            };
            (None, partitions.iter().map(result).collect())
        }
        _ => (None, all(&None)),
    })
}
