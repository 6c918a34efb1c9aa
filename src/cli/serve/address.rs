//! Brokers' addresses as clients outside are told them: the listeners that are bound here, in the
//! place of the world's own `b1:9092`.

use kafka_protocol::protocol::StrBytes;
use tokio::net::TcpListener;

use crate::engine::protocol::Response;

/// Where each broker is reached from outside, b1 first.
pub(super) struct Addresses {
    host: StrBytes,
    ports: Vec<u16>,
}

impl Addresses {
    /// The addresses of bound listeners, under a host name.
    ///
    /// # Errors
    /// The system does not say where a listener is bound.
    pub(super) fn of(listeners: &[TcpListener], host: &str) -> Result<Addresses, String> {
        let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port());
        let ports: Result<Vec<u16>, _> = listeners.iter().map(port).collect();
        let ports = ports.map_err(|error| error.to_string())?;
        Ok(Addresses { host: StrBytes::from_string(host.to_owned()), ports })
    }

    /// The line that tells whoever waits that clients can come.
    pub(super) fn greeting(&self) -> String {
        let all: Vec<String> = self.ports.iter().map(|p| format!("{}:{p}", &*self.host)).collect();
        format!("listening on {} (a simulated Kafka 3.9.1 cluster; ctrl-c stops it)", all.join(" "))
    }

    /// Puts the addresses of the listeners in the place of those that only the world knows.
    pub(super) fn put_into(&self, response: &mut Response) {
        match response {
            Response::Metadata(metadata) => {
                for broker in &mut metadata.brokers {
                    self.put(broker.node_id.0, &mut broker.host, &mut broker.port);
                }
            }
            Response::DescribeCluster(cluster) => {
                for broker in &mut cluster.brokers {
                    self.put(broker.broker_id.0, &mut broker.host, &mut broker.port);
                }
            }
            Response::FindCoordinator(found) => {
                self.put(found.node_id.0, &mut found.host, &mut found.port);
                for one in &mut found.coordinators {
                    self.put(one.node_id.0, &mut one.host, &mut one.port);
                }
            }
            Response::Produce(produce) => {
                for node in &mut produce.node_endpoints {
                    self.put(node.node_id.0, &mut node.host, &mut node.port);
                }
            }
            Response::Fetch(fetch) => {
                for node in &mut fetch.node_endpoints {
                    self.put(node.node_id.0, &mut node.host, &mut node.port);
                }
            }
            _ => {}
        }
    }

    fn put(&self, node: i32, host: &mut StrBytes, port: &mut i32) {
        let index = usize::try_from(node).ok().and_then(|node| node.checked_sub(1));
        if let Some(bound) = index.and_then(|index| self.ports.get(index)) {
            *host = self.host.clone();
            *port = i32::from(*bound);
        }
    }
}
