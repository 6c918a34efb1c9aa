//! How brokers are called by those who look for them: `b1:9092` within a world, or, where the world is
//! reached over a machine's loopback, `127.0.0.1:9092` for the first, `:9093` for the second, …
//!
//! `lab.loopback.port` says which: 0 for names, else the port of broker 1.

use crate::engine::ids::BrokerId;

/// Port of every broker that is called by its name.
const NAMED_PORT: i32 = 9092;
/// Where brokers are that are not called by their names.
const LOOPBACK: &str = "127.0.0.1";

/// Host name of a broker. `first` is `lab.loopback.port`.
#[must_use]
pub fn host(first: i64, broker: BrokerId) -> String {
    if first == 0 { format!("b{broker}") } else { LOOPBACK.to_owned() }
}

/// Port of a broker. `first` is `lab.loopback.port`.
#[must_use]
pub fn port(first: i64, broker: BrokerId) -> i32 {
    let loopback = i32::try_from(first).unwrap_or(0).saturating_add(broker.0 - 1);
    if first == 0 { NAMED_PORT } else { loopback }
}

/// The directory that a broker says its logs are in (`log.dirs`).
#[must_use]
pub fn log_dir(first: i64, broker: BrokerId) -> String {
    if first == 0 { "/var/kafka-logs".to_owned() } else { format!("/data/{broker}") }
}

/// The broker that listens at an address; `None`: nobody does.
#[must_use]
pub fn listener(first: i64, host: &str, port: u16) -> Option<BrokerId> {
    let id: i32 = match host {
        LOOPBACK | "localhost" if first > 0 => i32::from(port) - i32::try_from(first).ok()? + 1,
        name if i32::from(port) == NAMED_PORT => name.strip_prefix('b')?.parse().ok()?,
        _ => return None,
    };
    (id > 0).then_some(BrokerId(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_is_found_where_it_says_that_it_is() {
        for first in [0, 9091] {
            let id = BrokerId(3);
            let at = u16::try_from(port(first, id)).expect("a port");
            assert_eq!(listener(first, &host(first, id), at), Some(id));
        }
        assert_eq!(listener(0, "b1", 9093), None);
        assert_eq!(listener(9091, "127.0.0.1", 9090), None);
    }
}
