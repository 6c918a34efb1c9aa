//! A session as a scenario, written while it happens: whoever runs the file sees the same events.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::engine::command::TimedCommand;
use crate::engine::event::Event;
use crate::engine::ids::Text;
use crate::engine::time::Micros;
use crate::scenario::ast::{Moment, Scenario};
use crate::scenario::digest::Digest;
use crate::scenario::printer;
use crate::scenario::version::ENGINE_VERSION;

/// The file that a session is written to.
pub(super) struct Recorder {
    path: PathBuf,
    file: BufWriter<File>,
    digest: Digest,
    /// The first error of the file; what comes after it is left out.
    failed: Option<String>,
}

impl Recorder {
    /// Begins a file.
    ///
    /// # Errors
    /// The file cannot be made.
    pub(super) fn create(path: &Path) -> Result<Recorder, String> {
        let file = File::create(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let file = BufWriter::new(file);
        Ok(Recorder { path: path.to_owned(), file, digest: Digest::new(), failed: None })
    }

    /// Writes what the world starts from.
    pub(super) fn begin(&mut self, scenario: &Scenario) {
        let start = Scenario {
            config: scenario.config.clone(),
            engine: Some(ENGINE_VERSION),
            ..Scenario::default()
        };
        self.write(&printer::print(&start));
    }

    /// Writes a command that the world has taken.
    pub(super) fn command(&mut self, timed: &TimedCommand, clients: &[Text]) {
        self.write(&format!("{}\n", printer::timed_command(timed, clients, &[])));
    }

    /// Takes an event into the digest.
    pub(super) fn event(&mut self, event: &Event) {
        self.digest.update(event);
    }

    /// Writes where it ended, and the digest of all events up to there.
    ///
    /// # Errors
    /// The file could not be written, now or before.
    pub(super) fn end(mut self, at: Micros) -> Result<(), String> {
        let until = printer::moment(Moment { at, before: None });
        self.write(&format!("until={until}\ndigest={}\n", self.digest.hex()));
        if let Err(error) = self.file.flush() {
            self.failed.get_or_insert(error.to_string());
        }
        let path = self.path.display();
        self.failed.map_or(Ok(()), |error| Err(format!("{path}: {error}")))
    }

    /// Puts on the disk what has been written so far.
    pub(super) fn flush(&mut self) {
        let _told_at_the_end = self.file.flush();
    }

    fn write(&mut self, text: &str) {
        if self.failed.is_none()
            && let Err(error) = self.file.write_all(text.as_bytes())
        {
            eprintln!("highwater: {}: {error}; the recording ends here", self.path.display());
            self.failed = Some(error.to_string());
        }
    }
}
