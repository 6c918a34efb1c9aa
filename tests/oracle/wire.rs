//! Frames to and from the real brokers: one request, one connection, an answer that may come late.
//!
//! Nothing here retries: what a broker answers is what is compared. A request to a frozen broker lies
//! in its socket until the broker goes on.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::kit::Trouble;

/// A connection that one request was sent on.
pub struct Line {
    stream: TcpStream,
    /// What has come of the answer, its length included.
    come: Vec<u8>,
}

/// What came.
#[derive(Debug)]
pub enum Heard {
    /// A whole frame, without its length.
    Frame(Bytes),
    /// The broker closed the connection.
    Closed,
    /// Nothing whole, yet.
    Nothing,
}

impl Line {
    /// Connects and sends a frame; `None` when nobody takes the connection.
    pub fn send(port: u16, frame: &[u8]) -> Option<Line> {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        stream.set_nodelay(true).ok()?;
        let mut bytes = u32::try_from(frame.len()).ok()?.to_be_bytes().to_vec();
        bytes.extend(frame);
        stream.write_all(&bytes).ok()?;
        Some(Line { stream, come: Vec::new() })
    }

    /// Waits for the answer, at most that long.
    ///
    /// # Errors
    /// When the connection fails in a way that no broker causes.
    pub fn receive(&mut self, limit: Duration) -> Result<Heard, Trouble> {
        let until = Instant::now() + limit;
        loop {
            if let Some(frame) = self.whole() {
                return Ok(Heard::Frame(frame));
            }
            let left = until.saturating_duration_since(Instant::now());
            // A timeout of nought would be none.
            let left = left.max(Duration::from_millis(1));
            self.stream.set_read_timeout(Some(left)).map_err(|e| e.to_string())?;
            let mut part = [0; 65_536];
            match self.stream.read(&mut part) {
                Ok(0) => return Ok(Heard::Closed),
                Ok(count) => self.come.extend(&part[..count]),
                Err(e) => match e.kind() {
                    ErrorKind::Interrupted => {}
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => return Ok(Heard::Nothing),
                    ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => return Ok(Heard::Closed),
                    _ => return Err(format!("receive: {e}")),
                },
            }
        }
    }

    fn whole(&self) -> Option<Bytes> {
        let (length, rest) = self.come.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        rest.get(..length).map(Bytes::copy_from_slice)
    }
}
