//! The port of one broker: bound while its process runs, so that connecting to a broker that is down is
//! refused, as it is on a machine.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

use crate::cli::serve::connection;
use crate::cli::serve::driver::Input;

/// Pause after an accept or a bind that failed (`Acceptor` logs and goes on).
const REST: Duration = Duration::from_millis(50);

/// What all connections use.
pub(super) struct Shared {
    /// To the world.
    pub inputs: Sender<Input>,
    /// `socket.request.max.bytes`.
    pub request_bytes_max: usize,
}

/// Numbers of connections.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// Listens for one broker for as long as the bridge runs.
pub(super) async fn listen(
    broker: usize,
    bound: TcpListener,
    mut lives: watch::Receiver<Vec<bool>>,
    shared: Arc<Shared>,
) {
    let Ok(address) = bound.local_addr() else { return };
    let mut socket = Some(bound);
    loop {
        let lives_now = lives.borrow_and_update().get(broker - 1).copied().unwrap_or(false);
        if !lives_now {
            socket = None;
            if lives.changed().await.is_err() {
                return;
            }
            continue;
        }
        let listener = match socket.take() {
            Some(listener) => listener,
            None => bind_again(address).await,
        };
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => open(broker, stream, &shared),
                Err(_) => tokio::time::sleep(REST).await,
            },
            changed = lives.changed() => if changed.is_err() { return },
        }
        socket = Some(listener);
    }
}

async fn bind_again(address: SocketAddr) -> TcpListener {
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(error) => {
                eprintln!("highwater: {address}: {error}; trying again");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

fn open(broker: usize, stream: TcpStream, shared: &Arc<Shared>) {
    let connection = NEXT.fetch_add(1, Ordering::Relaxed);
    let (answers, receiver) = mpsc::unbounded_channel();
    let broker = i32::try_from(broker).unwrap_or(i32::MAX);
    if shared.inputs.send(Input::Open { connection, broker, answers }).is_ok() {
        tokio::spawn(connection::serve(connection, stream, receiver, shared.clone()));
    }
}
