//! `serve`: the same cluster on TCP ports, for real clients.
//!
//! The world lives on a thread of its own ([`driver`]); sockets live on this one, in tokio. A client's
//! connect, frames and close are commands to the world, so that a session can be recorded and replayed.
//! Inside the world brokers are `b1:9092`; what goes out names them by the addresses that are bound here,
//! as Kafka does with one listener for brokers and one for clients.

mod address;
mod connection;
mod console;
mod driver;
mod listener;
mod recorder;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use crate::cli::input;
use crate::engine::config::{LinkConfig, WorldConfig};
use crate::engine::time::Micros;
use crate::scenario::ast::{BROKERS_MAX, Scenario};
use crate::scenario::parser::parse_file;
use crate::scenario::printer;

use address::Addresses;
use driver::{Driver, Input};
use listener::Shared;
use recorder::Recorder;

/// One-way delay between hosts, unless a scenario says otherwise: what the loopback of one machine takes.
const LATENCY: Micros = Micros(20);
/// `socket.request.max.bytes`, where the settings do not have it.
const REQUEST_BYTES_MAX: usize = 104_857_600;

/// What `highwater serve` takes.
#[derive(Args, Clone, Debug)]
pub(super) struct ServeArguments {
    /// Number of brokers; without it that of the scenario, or 3.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=i64::from(BROKERS_MAX)))]
    brokers: Option<u16>,
    /// Port of broker 1; broker i listens on this + i − 1. 0: ports that are free.
    #[arg(long, default_value_t = 9092)]
    port: u16,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// Host name that clients are told (`advertised.listeners`); without it the address listened on.
    #[arg(long)]
    advertise: Option<String>,
    /// A setting of every broker, as in server.properties: `--set min.insync.replicas=2`.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// Begin with this scenario: a file or a link (`#v1.…`). Its commands are carried out at their times.
    #[arg(long)]
    scenario: Option<String>,
    /// Write everything that happens to this file, as a scenario that replays exactly.
    #[arg(long)]
    record: Option<PathBuf>,
}

/// `highwater serve`.
///
/// # Errors
/// Arguments that are not right, or an address that cannot be listened on; nothing ran.
pub(super) fn serve(arguments: &ServeArguments) -> Result<ExitCode, String> {
    let scenario = scenario(arguments)?;
    let recorder = arguments.record.as_deref().map(Recorder::create).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let code = runtime.block_on(run(arguments, scenario, recorder));
    // A read of standard input may be under way, and does not end by itself.
    runtime.shutdown_background();
    code
}

/// What the world begins with.
fn scenario(arguments: &ServeArguments) -> Result<Scenario, String> {
    let mut scenario = match &arguments.scenario {
        Some(name) => input::read(name)?,
        None => Scenario {
            config: WorldConfig {
                link: LinkConfig { latency: LATENCY, jitter: Micros::ZERO },
                ..WorldConfig::default()
            },
            ..Scenario::default()
        },
    };
    if scenario.config.epoch_ms == WorldConfig::default().epoch_ms {
        scenario.config.epoch_ms = now_ms().saturating_sub(driver::SETTLED.as_ms());
    }
    if let Some(brokers) = arguments.brokers {
        scenario.config.brokers = brokers;
    }
    for setting in &arguments.settings {
        let (key, value) = setting.split_once('=').ok_or(format!("--set {setting}: KEY=VALUE"))?;
        let set = scenario.config.broker.set(key.trim(), value.trim());
        set.map_err(|error| format!("--set {setting}: {error}"))?;
    }
    (scenario.until, scenario.digest) = (None, None);
    Ok(scenario)
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(0)
}

async fn run(
    arguments: &ServeArguments,
    scenario: Scenario,
    recorder: Option<Recorder>,
) -> Result<ExitCode, String> {
    let listeners = bind(arguments, scenario.config.brokers).await?;
    let addresses = Arc::new(Addresses::of(&listeners, advertised(arguments))?);
    let maximum = scenario.config.broker.get("socket.request.max.bytes");
    let request_bytes_max = maximum.and_then(|text| text.parse().ok());
    let (inputs, from_outside) = mpsc::channel();
    let (lives, living) = watch::channel(Vec::new());
    let (ready, is_ready) = oneshot::channel();
    // A scenario shares its texts within one thread; as text it goes to the other.
    let text = printer::print(&scenario);
    let told = addresses.clone();
    let world = std::thread::Builder::new().name("world".to_owned()).spawn(move || {
        let scenario = parse_file(&text).map_err(|error| error.problem.to_string())?;
        Driver::new(scenario, recorder, told, from_outside, lives).run(ready)
    });
    let world = world.map_err(|error| format!("the world's thread: {error}"))?;
    if is_ready.await.is_err() {
        return ended(world);
    }
    let shared = Arc::new(Shared {
        inputs: inputs.clone(),
        request_bytes_max: request_bytes_max.unwrap_or(REQUEST_BYTES_MAX),
    });
    for (broker, socket) in (1..).zip(listeners) {
        tokio::spawn(listener::listen(broker, socket, living.clone(), shared.clone()));
    }
    println!("{}", addresses.greeting());
    console::read(inputs.clone());
    stopped().await;
    let _the_world_has_ended = inputs.send(Input::End);
    ended(world)
}

/// Waits for the world to write its end.
fn ended(world: std::thread::JoinHandle<Result<(), String>>) -> Result<ExitCode, String> {
    let end = world.join().map_err(|_| "the world's thread ended by a panic".to_owned())?;
    end.map(|()| ExitCode::SUCCESS)
}

async fn bind(arguments: &ServeArguments, brokers: u16) -> Result<Vec<TcpListener>, String> {
    let mut listeners = Vec::new();
    for index in 0..brokers {
        let port = match arguments.port {
            0 => 0,
            first => first.checked_add(index).ok_or("--port: too high for so many brokers")?,
        };
        let bound = TcpListener::bind((arguments.host.as_str(), port)).await;
        listeners.push(bound.map_err(|error| format!("{}:{port}: {error}", arguments.host))?);
    }
    Ok(listeners)
}

/// The host that clients are told; an address that means all interfaces is none that they could dial.
fn advertised(arguments: &ServeArguments) -> &str {
    match (&arguments.advertise, arguments.host.as_str()) {
        (Some(host), _) => host,
        (None, "0.0.0.0" | "::" | "[::]") => "localhost",
        (None, host) => host,
    }
}

/// Ctrl-C or SIGTERM.
async fn stopped() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut term) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = term.recv() => {}
            }
            return;
        }
    }
    let _ctrl_c = tokio::signal::ctrl_c().await;
}
