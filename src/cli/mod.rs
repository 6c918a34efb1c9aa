//! The command `highwater`: runs scenarios natively, prints events, tables, digests and links.
//!
//! Exit codes: 0 all went as written; 1 it ran, and something is not as the text says (a refused
//! command, another digest, an expectation that does not hold, a place that is not reached, a case that failed); 2 the arguments or the text are not right,
//! and nothing ran.

/// A line on standard output. Who reads it may stop reading (`| head`): then there is nothing more to do.
macro_rules! say {
    ($($what:tt)*) => { $crate::cli::out(&format!("{}\n", format_args!($($what)*))) };
}
/// As `say!`, and the line goes on.
macro_rules! say_on {
    ($($what:tt)*) => { $crate::cli::out(&format!($($what)*)) };
}

mod input;
mod print;
mod real;
mod run;
mod serve;
mod simulate;
mod verify;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::scenario::ast::Moment;
use crate::scenario::parser::parse_moment;

/// Exit code of a command whose reader went away, as a shell tells it (128 + SIGPIPE).
const READER_GONE: i32 = 141;

/// Writes to standard output; ends the command when nobody reads it any more.
fn out(text: &str) {
    if std::io::stdout().write_all(text.as_bytes()).is_err() {
        std::process::exit(READER_GONE);
    }
}

/// A whole Kafka cluster, deterministic and replayable.
#[derive(Parser)]
#[command(name = "highwater", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Subcommands,
}

#[derive(Subcommand)]
enum Subcommands {
    /// Run a scenario and print how the cluster stands at its end.
    Run {
        /// A scenario file, `-` for standard input, or a link (`#v1.…`).
        file: String,
        /// Print every event as it happens.
        #[arg(long)]
        events: bool,
        /// Print the number of events and their digest.
        #[arg(long)]
        digest: bool,
        /// Print JSON: with `--events` an object a line for each event, else the cluster as one object.
        #[arg(long)]
        json: bool,
        /// Stop here instead of at the scenario's end: `10s`, `5.5s#1042`.
        #[arg(long, value_parser = moment)]
        until: Option<Moment>,
    },
    /// Run scenarios and check what they expect; exit code 1 when something does not hold.
    Verify {
        /// Scenario files, `-` for standard input, or links (`#v1.…`).
        #[arg(required = true)]
        files: Vec<String>,
    },
    /// Run a scenario with many seeds, look for one that breaks an expectation, and print its link.
    Search {
        /// A scenario file, `-` for standard input, or a link (`#v1.…`).
        file: String,
        /// How many seeds, from the scenario's own on.
        #[arg(long, default_value_t = 100)]
        seeds: u64,
    },
    /// Run a scenario and print the link that shows it.
    Link {
        /// A scenario file, `-` for standard input, or a link (`#v1.…`).
        file: String,
        /// End the link's recording here instead of at the scenario's end.
        #[arg(long, value_parser = moment)]
        until: Option<Moment>,
    },
    /// Run scenarios and print the digest of each.
    Digest {
        /// Scenario files, `-` for standard input, or links (`#v1.…`).
        #[arg(required = true)]
        files: Vec<String>,
    },
    /// Run files of recorded facts through the engine and say what differs from a real Kafka.
    Conform {
        /// Files, or folders whose files are all run.
        #[arg(required = true)]
        files: Vec<std::path::PathBuf>,
    },
    /// Run a cluster on TCP ports, for real Kafka clients. Its clock is the wall's. Standard input takes
    /// statements of the scenario language (`kill b2`, `start b2`, `cut b1-b3`) and answers each with a
    /// line; ctrl-c stops it.
    Serve(serve::ServeArguments),
    /// Run random worlds with random faults, one a seed, and check that Kafka's rules hold.
    Simulate {
        /// How many seeds.
        #[arg(long, default_value_t = 1_000)]
        seeds: u64,
        /// The first of them.
        #[arg(long, default_value_t = 1)]
        from: u64,
        /// Only this one.
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Print a scenario as a shell script of Kafka's own tools, which does the same to a real cluster.
    Script {
        /// A scenario file, `-` for standard input, or a link (`#v1.…`).
        file: String,
    },
    /// Read what `kafka-topics --describe` printed of a real cluster, and print the scenario of it.
    Import {
        /// A file, or `-` for standard input.
        file: String,
    },
    /// Print the scenario text of a link or a file, in the one form that the printer writes.
    Text {
        /// A scenario file, `-` for standard input, or a link (`#v1.…`).
        file: String,
    },
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    match dispatch(Arguments::parse()) {
        Ok(code) => code,
        Err(message) => {
            eprintln!("highwater: {message}");
            ExitCode::from(2)
        }
    }
}

fn dispatch(arguments: Arguments) -> Result<ExitCode, String> {
    match arguments.command {
        Subcommands::Run { file, events, digest, json, until } => {
            run::run(&input::read(&file)?, until, run::Show { events, digest, json })
        }
        Subcommands::Verify { files } => {
            let mut code = ExitCode::SUCCESS;
            for file in &files {
                if verify::verify(file, &input::read(file)?) != ExitCode::SUCCESS {
                    code = ExitCode::from(1);
                }
            }
            Ok(code)
        }
        Subcommands::Search { file, seeds } => verify::search(&input::read(&file)?, seeds),
        Subcommands::Link { file, until } => run::link(&input::read(&file)?, until),
        Subcommands::Digest { files } => {
            let mut code = ExitCode::SUCCESS;
            for file in &files {
                if run::digest(file, &input::read(file)?)? != ExitCode::SUCCESS {
                    code = ExitCode::from(1);
                }
            }
            Ok(code)
        }
        Subcommands::Conform { files } => {
            let report = crate::conform::run(&files);
            say_on!("{report}");
            Ok(if report.has_failed() { ExitCode::from(1) } else { ExitCode::SUCCESS })
        }
        Subcommands::Serve(arguments) => serve::serve(&arguments),
        Subcommands::Simulate { seed: Some(seed), .. } => Ok(simulate::repeat(seed)),
        Subcommands::Simulate { seeds, from, .. } => Ok(simulate::run(from, seeds)),
        Subcommands::Script { file } => Ok(real::script(&input::read(&file)?)),
        Subcommands::Import { file } => real::import(&file),
        Subcommands::Text { file } => {
            say_on!("{}", crate::scenario::printer::print(&input::read(&file)?));
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn moment(text: &str) -> Result<Moment, String> {
    parse_moment(text).map_err(|error| error.problem.to_string())
}
