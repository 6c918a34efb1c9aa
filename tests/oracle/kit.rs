//! Where the real Kafka is on this machine, a folder of our own for it, and how a class of it is run.
//!
//! `scripts/setup.sh oracle` fetches the jars once, into the user's cache. Nothing here downloads.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use super::watchdog::Watchdog;

/// What went wrong, for a person.
pub type Trouble = String;

/// The version that decides.
pub const KAFKA: &str = "3.9.1";

/// Small and quick to start: these processes live for a minute.
const JAVA_FLAGS: &[&str] =
    &["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss512k", "-Djava.net.preferIPv4Stack=true"];

/// The class of a broker.
pub const BROKER: &str = "kafka.Kafka";

/// The jars, and a temporary folder that goes with the kit.
pub struct Kit {
    lib: PathBuf,
    folder: PathBuf,
    pub watchdog: Watchdog,
}

impl Kit {
    /// # Errors
    /// When the jars or `java` are missing: says what to install.
    pub fn find() -> Result<Kit, Trouble> {
        let lib = cache_folder()?.join(format!("kafka-{KAFKA}"));
        if !lib.join(".done").exists() {
            return Err(format!("Kafka {KAFKA} is not here; scripts/setup.sh oracle fetches it"));
        }
        let mut java = Command::new("java");
        let version = java.arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !version.is_ok_and(|status| status.success()) {
            return Err("java is missing: install a Java runtime, 11 or later".to_owned());
        }
        static KITS: AtomicU32 = AtomicU32::new(0);
        let number = KITS.fetch_add(1, Ordering::Relaxed);
        let name = format!("highwater-oracle-{}-{number}", std::process::id());
        let folder = env::temp_dir().join(name);
        fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        write(&folder.join("log4j.properties"), LOG4J)?;
        let watchdog = Watchdog::start(&folder)?;
        Ok(Kit { lib, folder, watchdog })
    }

    /// Everything that this kit writes lies in here.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A command that runs a class of Kafka or ZooKeeper.
    pub fn java(&self, heap_mb: u32, class: &str, args: &[&str]) -> Command {
        let log4j = self.folder.join("log4j.properties");
        let mut command = Command::new("java");
        command.args(JAVA_FLAGS).arg(format!("-Xmx{heap_mb}m"));
        if class == BROKER {
            command.args(self.shared_classes());
        }
        command.arg(format!("-Dlog4j.configuration=file:{}", log4j.display()));
        command.arg("-cp").arg(self.lib.join("*")).arg(class).args(args);
        command.stdin(Stdio::null());
        command
    }

    /// A broker's classes, parsed once and kept beside the jars (JDK 13's dynamic archive): it halves
    /// what a start costs. A broker that ends by itself while there is none makes it; a Java that
    /// cannot do that, or an archive that another Java made, changes nothing.
    fn shared_classes(&self) -> [String; 2] {
        let name =
            if self.has_shared_classes() { "SharedArchiveFile" } else { "ArchiveClassesAtExit" };
        let path = self.lib.join(SHARED_CLASSES);
        let flag = format!("-XX:{name}={}", path.display());
        ["-XX:+IgnoreUnrecognizedVMOptions".to_owned(), flag]
    }

    /// Whether a broker once ended by itself here.
    pub fn has_shared_classes(&self) -> bool {
        self.lib.join(SHARED_CLASSES).exists()
    }

    /// Runs a tool of Kafka to its end, `kafka.tools.DumpLogSegments` say, and returns what it printed
    /// and whether it ended well.
    ///
    /// # Errors
    /// When it does not start.
    pub fn tool(&self, class: &str, args: &[&str]) -> Result<(String, bool), Trouble> {
        let output = self.java(256, class, args).output().map_err(|e| format!("java: {e}"))?;
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text += &String::from_utf8_lossy(&output.stderr);
        Ok((text, output.status.success()))
    }
}

impl Drop for Kit {
    fn drop(&mut self) {
        self.watchdog.dismiss();
        if env::var_os("ORACLE_KEEP").is_none() {
            // A folder that cannot be removed is in the temporary folder and harms nobody.
            fs::remove_dir_all(&self.folder).ok();
        }
    }
}

/// Writes a small text file.
///
/// # Errors
/// What the file system says.
pub fn write(path: &Path, text: &str) -> Result<(), Trouble> {
    fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}

/// As `scripts/env.sh` has it.
fn cache_folder() -> Result<PathBuf, Trouble> {
    if let Some(folder) = env::var_os("HIGHWATER_CACHE") {
        return Ok(PathBuf::from(folder));
    }
    let base = match env::var_os("XDG_CACHE_HOME") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env::var_os("HOME").ok_or("HOME is not set")?).join(".cache"),
    };
    Ok(base.join("highwater"))
}

const SHARED_CLASSES: &str = "broker.jsa";

const LOG4J: &str = "\
log4j.rootLogger=WARN, err
log4j.logger.kafka.server.KafkaServer=INFO
log4j.logger.state.change.logger=INFO
log4j.logger.kafka.controller=INFO
log4j.logger.kafka.cluster.Partition=INFO
log4j.logger.kafka.server.ReplicaFetcherThread=INFO
log4j.logger.kafka.server.ReplicaFetcherManager=INFO
log4j.logger.org.apache.kafka.storage.internals.epoch=INFO
log4j.appender.err=org.apache.log4j.ConsoleAppender
log4j.appender.err.Target=System.err
log4j.appender.err.layout=org.apache.log4j.PatternLayout
log4j.appender.err.layout.ConversionPattern=[%d] %p %m (%c)%n
";
