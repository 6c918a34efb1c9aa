//! A real cluster for clients outside: it prints where it listens, takes `kill b2`, `start b2` and
//! `stop b2` on standard input as `highwater serve` does, and ends with it.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::rc::Rc;

use super::kit::{Kit, Trouble};
use super::servers::{Servers, Shape};

/// Runs brokers until standard input ends.
///
/// # Errors
/// When the cluster does not start.
pub fn open(brokers: i32, settings: &[&str]) -> Result<(), Trouble> {
    let mut properties = BTreeMap::new();
    for setting in settings {
        let (key, value) = setting.split_once('=').ok_or(format!("{setting}: KEY=VALUE"))?;
        properties.insert(key.to_owned(), value.to_owned());
    }
    let kit = Rc::new(Kit::find()?);
    let mut servers = Servers::start(&kit, &Shape { brokers, controller: 1, properties })?;
    let addresses = servers.ids().into_iter().map(|id| format!("127.0.0.1:{}", servers.port(id)));
    println!("listening on {}", addresses.collect::<Vec<String>>().join(" "));
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        match carry_out(&mut servers, line.trim()) {
            Ok(()) => println!("ok"),
            Err(error) => println!("error: {error}"),
        }
    }
    Ok(())
}

fn carry_out(servers: &mut Servers, line: &str) -> Result<(), Trouble> {
    let unknown = || format!("{line}: kill b2, stop b2 or start b2");
    let (verb, broker) = line.split_once(" b").ok_or_else(unknown)?;
    let id: i32 = broker.parse().map_err(|_| unknown())?;
    if !servers.ids().contains(&id) {
        return Err(format!("no broker {id}"));
    }
    match verb {
        "kill" => servers.kill(id),
        "stop" => servers.stop(id),
        "start" => servers.start_broker(id),
        _ => Err(unknown()),
    }
}
