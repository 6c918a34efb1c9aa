//! `make conformance`: the same faults on a real Apache Kafka 3.9.1 and on Highwater, and both compared.
//!
//! The judge is started on this machine, on free ports of loopback, and is gone afterwards. A value that
//! differs is looked at twice, on a new cluster: what a busy machine did once is no verdict. Exit code
//! and closing line are those of a suite of tests; a judge that cannot be started is a failure.

mod oracle;

use std::process::ExitCode;

use oracle::court::{Court, Options};

const HELP: &str = "\
conformance [--once] [--races] [--rooms=N] [--record=FOLDER] [WORD…]
  WORD            cases whose name holds one of the words; none: all
  --once          does not look twice at what differs
  --races         the real cluster twice instead of Highwater: what differs races
  --rooms=N       so many real clusters at a time (two)
  --serve=N       runs N brokers of the real cluster for other clients (make clients records there);
                  words are settings, KEY=VALUE; kill b2, start b2 on standard input
  --record=FOLDER writes our cases there with what the real cluster gave, for `highwater conform`
  ORACLE_KEEP=1   (environment) leaves the files where they are, and says where";

fn main() -> ExitCode {
    let (flags, words): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|word| word.starts_with('-'));
    if let Some(brokers) = flags.iter().find_map(|flag| flag.strip_prefix("--serve=")) {
        return serve(brokers, &words);
    }
    let mut options = Options { words, ..Options::default() };
    for flag in &flags {
        let rooms = flag.strip_prefix("--rooms=").and_then(|rooms| rooms.parse().ok());
        match (flag.strip_prefix("--record="), rooms) {
            (Some(folder), _) => options.record = Some(folder.into()),
            (None, Some(rooms)) => options.rooms = rooms,
            _ if flag == "--races" => options.races = true,
            _ if flag == "--once" => options.once = true,
            _ => {
                println!("{HELP}");
                return ExitCode::FAILURE;
            }
        }
    }
    let mut court = match Court::open(options) {
        Ok(court) => court,
        Err(trouble) => {
            println!("cannot run: {trouble}");
            println!("test result: FAILED. 0 passed; 1 failed");
            return ExitCode::FAILURE;
        }
    };
    court.hear();
    println!("{}", court.closing_line());
    if court.has_failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn serve(brokers: &str, settings: &[String]) -> ExitCode {
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let brokers = brokers.parse().map_err(|_| format!("--serve={brokers}: a number"));
    match brokers.and_then(|brokers| oracle::open::open(brokers, &settings)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            println!("cannot run: {trouble}");
            ExitCode::FAILURE
        }
    }
}
