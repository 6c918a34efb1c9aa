//! One client's connection: frames in, answers out, and no more of either in memory than is allowed.
//!
//! As in Kafka (`SocketServer.Processor`, `NetworkReceive`), a length below zero or above
//! `socket.request.max.bytes` closes the connection, and so does silence for `connections.max.idle.ms`.
//! Kafka reads the next request when the one before is answered; here some are read ahead, up to
//! [`AHEAD_BYTES`] in all. A client that does not read its answers is not read from.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::cli::serve::driver::{Input, Output};
use crate::cli::serve::listener::Shared;

/// Bytes of requests that wait in the world; a larger one goes alone.
const AHEAD_BYTES: usize = 1_048_576;
/// What a request weighs at least, so that many small ones do not pile up either.
const REQUEST_WEIGHT: usize = 65_536;
/// Room for what is read at once, at first: a connection that says little takes little.
const READ_BYTES: usize = 4_096;
/// Room for what is read at once, of a client that fills it.
const READ_BYTES_MAX: usize = 262_144;
/// Frames below this get memory of their own: a slice would hold on to the whole of what was read.
const COPIED_BELOW: usize = 16_384;
/// `connections.max.idle.ms`.
const IDLE_MAX: Duration = Duration::from_secs(600);

/// Serves one connection until either side ends it.
pub(super) async fn serve(
    connection: u64,
    mut stream: TcpStream,
    answers: UnboundedReceiver<Output>,
    shared: Arc<Shared>,
) {
    let _slower_without = stream.set_nodelay(true);
    let room = Semaphore::new(AHEAD_BYTES);
    let (reader, writer) = stream.split();
    tokio::select! {
        () = read(connection, reader, &room, &shared) => {}
        () = write(writer, answers, &room) => {}
    }
    let _the_world_has_ended = shared.inputs.send(Input::Close { connection });
}

async fn read(connection: u64, mut reader: ReadHalf<'_>, room: &Semaphore, shared: &Shared) {
    let (mut buffer, mut wanted) = (BytesMut::with_capacity(READ_BYTES), READ_BYTES);
    loop {
        loop {
            let frame = match next_frame(&mut buffer, shared.request_bytes_max) {
                Next::Frame(bytes) => bytes,
                Next::Wait => break,
                Next::Refused => return,
            };
            match room.acquire_many(weight(frame.len())).await {
                Ok(taken) => taken.forget(),
                Err(_) => return,
            }
            if shared.inputs.send(Input::Frame { connection, bytes: frame }).is_err() {
                return;
            }
        }
        if buffer.capacity() - buffer.len() < wanted / 4 {
            buffer.reserve(wanted.max(buffer.len().min(AHEAD_BYTES)));
        }
        match tokio::time::timeout(IDLE_MAX, reader.read_buf(&mut buffer)).await {
            Ok(Ok(0) | Err(_)) => return,
            Ok(Ok(_)) if buffer.len() == buffer.capacity() => {
                wanted = (wanted * 4).min(READ_BYTES_MAX);
            }
            Ok(Ok(_)) => {}
            Err(_) if room.available_permits() < AHEAD_BYTES => {}
            Err(_) => return,
        }
    }
}

enum Next {
    Frame(Bytes),
    Wait,
    Refused,
}

/// Takes the next whole frame out of what was read, without its length.
fn next_frame(buffer: &mut BytesMut, most: usize) -> Next {
    let Some(length) = buffer.first_chunk::<4>() else { return Next::Wait };
    let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else { return Next::Refused };
    if length > most {
        return Next::Refused;
    }
    if buffer.len() - 4 < length {
        return Next::Wait;
    }
    buffer.advance(4);
    if length < COPIED_BELOW {
        let frame = Bytes::copy_from_slice(&buffer[..length]);
        buffer.advance(length);
        return Next::Frame(frame);
    }
    Next::Frame(buffer.split_to(length).freeze())
}

fn weight(bytes: usize) -> u32 {
    u32::try_from(bytes.clamp(REQUEST_WEIGHT, AHEAD_BYTES)).unwrap_or(u32::MAX)
}

async fn write(
    mut writer: WriteHalf<'_>,
    mut answers: UnboundedReceiver<Output>,
    room: &Semaphore,
) {
    while let Some(output) = answers.recv().await {
        match output {
            Output::Answer(frame) => {
                if writer.write_all(&frame).await.is_err() {
                    return;
                }
            }
            Output::Through(weights) => room.add_permits(weights),
        }
    }
    let _closed_already = writer.shutdown().await;
}

/// What a frame takes of the room that a connection has.
pub(super) fn weight_of(bytes: usize) -> usize {
    weight(bytes) as usize
}
