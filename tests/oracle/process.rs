//! One process of the real cluster: started, signalled, and ended at the latest when it is dropped.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::rc::Rc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::kit::{Kit, Trouble};

/// How often conditions of the real world are looked at.
pub const POLL: Duration = Duration::from_millis(15);

/// What `kill` can send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Ask to end: controlled shutdown.
    Term,
    /// End at once.
    Kill,
    /// Freeze.
    Stop,
    /// Go on.
    Cont,
}

pub struct Process {
    child: Child,
    kit: Rc<Kit>,
    log: PathBuf,
    name: String,
}

impl Process {
    /// Runs a class; what it prints goes to a file anew.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(
        kit: &Rc<Kit>,
        name: &str,
        heap_mb: u32,
        class: &str,
        args: &[&str],
    ) -> Result<Process, Trouble> {
        let log = kit.folder().join(format!("{name}.out"));
        let file = File::create(&log).map_err(|e| format!("{}: {e}", log.display()))?;
        let second = file.try_clone().map_err(|e| e.to_string())?;
        let mut command: Command = kit.java(heap_mb, class, args);
        let child =
            command.stdout(file).stderr(second).spawn().map_err(|e| format!("java: {e}"))?;
        kit.watchdog.guard(child.id());
        Ok(Process { child, kit: kit.clone(), log, name: name.to_owned() })
    }

    /// # Errors
    /// When it has ended already.
    pub fn signal(&self, signal: Signal) -> Result<(), Trouble> {
        let flag = match signal {
            Signal::Term => "-TERM",
            Signal::Kill => "-KILL",
            Signal::Stop => "-STOP",
            Signal::Cont => "-CONT",
        };
        let status = Command::new("kill").arg(flag).arg(self.child.id().to_string()).status();
        if status.is_ok_and(|status| status.success()) {
            return Ok(());
        }
        Err(format!("{} cannot be sent {signal:?}; {}", self.name, self.last_words()))
    }

    pub fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    /// # Errors
    /// When it still runs after `limit`.
    pub fn wait_for_end(&mut self, limit: Duration) -> Result<(), Trouble> {
        let until = Instant::now() + limit;
        while !self.has_ended() {
            if Instant::now() > until {
                return Err(format!("{} does not end; {}", self.name, self.last_words()));
            }
            sleep(POLL);
        }
        Ok(())
    }

    /// Whether it has printed this since it was started.
    pub fn has_said(&self, words: &str) -> bool {
        std::fs::read_to_string(&self.log).is_ok_and(|text| text.contains(words))
    }

    /// The end of what it printed.
    pub fn last_words(&self) -> String {
        last_lines(&self.log)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; waiting is what counts, so that its id is given back.
        self.child.kill().ok();
        self.child.wait().ok();
        self.kit.watchdog.release(self.child.id());
    }
}

fn last_lines(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    format!("it said:\n{}", lines[lines.len().saturating_sub(12)..].join("\n"))
}
