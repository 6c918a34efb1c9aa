//! `kafka-delete-records`: moves the start of logs up (`DeleteRecordsCommand`).

use crate::engine::json::Json;
use crate::engine::program::tool::Tool;
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::flags::Flags;
use crate::engine::program::tool::json_files::{array, integer, long, member, partition, twice};
use crate::engine::program::tool::partitions::{Kind, Partition};
use crate::engine::program::tool::properties::Properties;
use crate::engine::program::tool::shell::{Flow, Shell, Stop};

/// The tool.
pub(super) const TOOL: Tool = Tool { name: "kafka-delete-records", flags: FLAGS, run };

const FLAGS: &str = "bootstrap-server= command-config= help offset-json-file= version";

fn run(shell: &mut Shell<'_>) -> Flow<()> {
    match execute(shell) {
        Err(Stop::Thrown(fault)) => Err(shell.print_fault(&fault)),
        done => done,
    }
}

fn execute(shell: &mut Shell<'_>) -> Flow<()> {
    let flags = Flags::parse(FLAGS, shell.words())?;
    let about =
        "This tool helps to delete records of the given partitions down to the specified offset.";
    shell.help_or_version(&flags, about)?;
    shell.require(&flags, &["bootstrap-server", "offset-json-file"])?;
    let settings = match flags.value("command-config")? {
        Some(file) => shell.properties(file)?,
        None => Properties::default(),
    };
    let servers = flags.value("bootstrap-server")?.cloned().unwrap_or_else(|| "".into());
    shell.connect(&servers, &settings)?;
    let file = flags.value("offset-json-file")?.cloned().unwrap_or_else(|| "".into());
    let text = shell.read_file(&file)?;
    let wanted = offsets(&text)?;
    shell.out("Executing records delete operation");
    shell.out("Records delete operation completed:");
    let found = shell.ask_leaders(Kind::DeleteRecords, "adminclient-1", &wanted)?;
    for ((topic, index), result) in &found {
        let told = match result {
            Ok(low) => format!("low_watermark: {low}"),
            Err(fault) => format!("error: {}", fault.told()),
        };
        shell.out(&format!("partition: {topic}-{index}\t{told}"));
    }
    Ok(())
}

fn offsets(text: &str) -> Result<Vec<(Partition, i64)>, Fault> {
    let refused = |words: &str| Fault::command("AdminOperationException", words);
    let json = Json::parse(text).ok_or_else(|| refused("The input string is not a valid JSON"))?;
    let version = json.get("version").map_or(Ok(1), integer)?;
    if version != 1 {
        return Err(refused(&format!("Not supported version field value {version}")));
    }
    let rows = json.get("partitions").ok_or_else(|| refused("Missing partitions field"))?;
    let mut wanted = Vec::new();
    for row in array(rows)? {
        wanted.push((partition(row)?, long(member(row, "offset")?)?));
    }
    let partitions: Vec<Partition> = wanted.iter().map(|(p, _)| p.clone()).collect();
    let twice = twice(&partitions);
    if !twice.is_empty() {
        let words =
            format!("Offset json file contains duplicate topic partitions: {}", twice.join(","));
        return Err(Fault::command("AdminCommandFailedException", &words));
    }
    Ok(wanted)
}
