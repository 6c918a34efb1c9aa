//! Ends the real cluster when the test process is gone, however it went.
//!
//! A shell that reads the ids of processes from a pipe. When the pipe closes without a word, its
//! owner was killed: it ends what is left and removes the folder.

use std::cell::RefCell;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use super::kit::Trouble;

const SCRIPT: &str = "
trap '' INT TERM HUP
pids=' '
while read -r sign pid; do
    case $sign in
        +) pids=\"$pids$pid \" ;;
        -) pids=${pids%% \"$pid\" *}\" \"${pids#* \"$pid\" } ;;
        .) exit 0 ;;
    esac
done
for pid in $pids; do kill -9 \"$pid\" 2>/dev/null; done
sleep 1
[ -n \"${ORACLE_KEEP:-}\" ] || rm -rf \"$1\"
";

pub struct Watchdog {
    shell: RefCell<Option<(Child, ChildStdin)>>,
}

impl Watchdog {
    /// # Errors
    /// When there is no `sh`.
    pub fn start(folder: &Path) -> Result<Watchdog, Trouble> {
        let mut command = Command::new("sh");
        command.arg("-c").arg(SCRIPT).arg("watchdog").arg(folder).stdin(Stdio::piped());
        // A group of its own: what a terminal sends to the test must not reach it.
        let mut shell = command.process_group(0).spawn().map_err(|e| format!("sh: {e}"))?;
        let pipe = shell.stdin.take().ok_or("sh has no standard input")?;
        Ok(Watchdog { shell: RefCell::new(Some((shell, pipe))) })
    }

    /// This process is ours.
    pub fn guard(&self, pid: u32) {
        self.say(&format!("+ {pid}"));
    }

    /// This process has ended and was waited for: its id may be another's soon.
    pub fn release(&self, pid: u32) {
        self.say(&format!("- {pid}"));
    }

    /// Nothing is left to guard.
    pub fn dismiss(&self) {
        self.say(".");
        if let Some((mut shell, pipe)) = self.shell.borrow_mut().take() {
            drop(pipe);
            shell.wait().ok();
        }
    }

    fn say(&self, words: &str) {
        if let Some((_, pipe)) = self.shell.borrow_mut().as_mut() {
            // A watchdog that died guards nothing; the test itself still ends its processes.
            writeln!(pipe, "{words}").ok();
        }
    }
}
