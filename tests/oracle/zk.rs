//! The least of a ZooKeeper client: reads znodes with their versions.
//!
//! ZooKeeper's own bytes (jute): a length, then big-endian fields; strings and buffers have a length
//! of four bytes before them. No watches: whoever waits looks again.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::kit::Trouble;

const SESSION_MS: i32 = 20_000;
const PATIENCE: Duration = Duration::from_secs(20);

const GET_DATA: i32 = 4;
const GET_CHILDREN: i32 = 8;
const NO_NODE: i32 = -101;

/// Content of a znode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Znode {
    pub data: Vec<u8>,
    /// How often its data was set. A partition's state has its partition epoch here.
    pub version: i32,
}

/// A session that is made when it is needed, and made again when it was lost.
pub struct ZkClient {
    port: u16,
    session: Option<TcpStream>,
    xid: i32,
}

impl ZkClient {
    pub fn new(port: u16) -> ZkClient {
        ZkClient { port, session: None, xid: 0 }
    }

    /// The znode at `path`; `None` when it is not there.
    ///
    /// # Errors
    /// When ZooKeeper does not answer.
    pub fn get(&mut self, path: &str) -> Result<Option<Znode>, Trouble> {
        let mut body = Vec::new();
        put_bytes(&mut body, path.as_bytes());
        body.push(0);
        let Some(reply) = self.call(GET_DATA, &body)? else { return Ok(None) };
        let mut reply = &reply[..];
        let data = take_bytes(&mut reply)?;
        // Stat: czxid, mzxid, ctime and mtime of eight bytes each, then the version.
        take(&mut reply, 32)?;
        let version = take_int(&mut reply)?;
        Ok(Some(Znode { data, version }))
    }

    /// Names of the children of `path`, sorted; none when it is not there.
    ///
    /// # Errors
    /// When ZooKeeper does not answer.
    pub fn children(&mut self, path: &str) -> Result<Vec<String>, Trouble> {
        let mut body = Vec::new();
        put_bytes(&mut body, path.as_bytes());
        body.push(0);
        let Some(reply) = self.call(GET_CHILDREN, &body)? else { return Ok(Vec::new()) };
        let mut reply = &reply[..];
        let mut names = Vec::new();
        for _ in 0..take_int(&mut reply)? {
            names.push(String::from_utf8_lossy(&take_bytes(&mut reply)?).into_owned());
        }
        names.sort();
        Ok(names)
    }

    /// One request; `None` means that the znode is not there. A session that was lost meanwhile is
    /// made anew, once.
    fn call(&mut self, kind: i32, body: &[u8]) -> Result<Option<Vec<u8>>, Trouble> {
        for last_try in [false, true] {
            match self.attempt(kind, body) {
                Err(_) if !last_try => self.session = None,
                Err(trouble) => return Err(format!("ZooKeeper: {trouble}")),
                Ok(reply) => return Ok(reply),
            }
        }
        unreachable!("the last try returns")
    }

    fn attempt(&mut self, kind: i32, body: &[u8]) -> Result<Option<Vec<u8>>, Trouble> {
        self.xid += 1;
        let xid = self.xid;
        if self.session.is_none() {
            self.session = Some(connect(self.port)?);
        }
        let session = self.session.as_mut().ok_or("no session")?;
        let mut request = Vec::new();
        request.extend(xid.to_be_bytes());
        request.extend(kind.to_be_bytes());
        request.extend(body);
        send(session, &request)?;
        loop {
            let reply = receive(session)?;
            let mut rest = &reply[..];
            let answered = take_int(&mut rest)?;
            take(&mut rest, 8)?;
            match take_int(&mut rest)? {
                _ if answered != xid => {}
                0 => return Ok(Some(rest.to_vec())),
                NO_NODE => return Ok(None),
                error => return Err(format!("error {error}")),
            }
        }
    }
}

fn connect(port: u16) -> Result<TcpStream, Trouble> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(|e| e.to_string())?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(|e| e.to_string())?;
    stream.set_nodelay(true).map_err(|e| e.to_string())?;
    // ConnectRequest: protocol version, last zxid seen, timeout, session id, password, read-only.
    let mut hello = Vec::new();
    hello.extend(0i32.to_be_bytes());
    hello.extend(0i64.to_be_bytes());
    hello.extend(SESSION_MS.to_be_bytes());
    hello.extend(0i64.to_be_bytes());
    put_bytes(&mut hello, &[0; 16]);
    hello.push(0);
    send(&mut stream, &hello)?;
    receive(&mut stream)?;
    Ok(stream)
}

fn send(stream: &mut TcpStream, bytes: &[u8]) -> Result<(), Trouble> {
    let mut framed = Vec::new();
    put_bytes(&mut framed, bytes);
    stream.write_all(&framed).map_err(|e| e.to_string())
}

fn receive(stream: &mut TcpStream) -> Result<Vec<u8>, Trouble> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).map_err(|e| e.to_string())?;
    let length = usize::try_from(i32::from_be_bytes(length)).map_err(|e| e.to_string())?;
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).map_err(|e| e.to_string())?;
    Ok(bytes)
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend((bytes.len() as u32).to_be_bytes());
    out.extend(bytes);
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Result<&'a [u8], Trouble> {
    let (head, rest) = bytes.split_at_checked(count).ok_or("the answer ends early")?;
    *bytes = rest;
    Ok(head)
}

fn take_int(bytes: &mut &[u8]) -> Result<i32, Trouble> {
    let head = take(bytes, 4)?;
    Ok(i32::from_be_bytes(head.try_into().map_err(|_| "four bytes")?))
}

fn take_bytes(bytes: &mut &[u8]) -> Result<Vec<u8>, Trouble> {
    let length = take_int(bytes)?.max(0);
    Ok(take(bytes, usize::try_from(length).unwrap_or(0))?.to_vec())
}
