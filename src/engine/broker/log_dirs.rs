//! Log directories that fail (`LogDirFailureChannel`, `ReplicaManager.handleLogDirFailure`,
//! `LogManager`): replicas in one are served no longer, the controller is told through ZooKeeper, and
//! a broker without any left halts.
//!
//! A failure shows at a write. Kafka's other threads may go on with the directory until its handler
//! has run; here that is at once after the message or timer at which it failed.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::address;
use crate::engine::broker::{Broker, Phase};
use crate::engine::command::DiskState;
use crate::engine::disk::Disk;
use crate::engine::event::EventKind;
use crate::engine::ids::{BrokerId, Text, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::ordered::Ordered;
use crate::engine::setting::LogDirs as Setting;

/// A broker's log directories, each by what the paths of its files begin with.
#[derive(Clone, Debug)]
pub struct LogDirs {
    live: Vec<Text>,
    failed: Vec<Text>,
    /// Replicas in failed directories (`HostedPartition.Offline`).
    offline: BTreeSet<TopicPartition>,
}

impl LogDirs {
    /// All of them, taken for sound.
    #[must_use]
    pub fn new(setting: &Setting) -> LogDirs {
        LogDirs { live: setting.prefixes(), failed: Vec::new(), offline: BTreeSet::new() }
    }

    /// Those that work, in order.
    #[must_use]
    pub fn live(&self) -> &[Text] {
        &self.live
    }

    /// Those that failed, in order of failure.
    #[must_use]
    pub fn failed(&self) -> &[Text] {
        &self.failed
    }

    /// Whether a replica is in one that failed.
    #[must_use]
    pub fn is_offline(&self, id: &TopicPartition) -> bool {
        self.offline.contains(id)
    }

    /// Replicas in those that failed, in order.
    pub fn offline(&self) -> impl Iterator<Item = &TopicPartition> {
        self.offline.iter()
    }

    /// Sets one apart; false when it had failed before.
    fn fail(&mut self, dir: &str) -> bool {
        let Some(place) = self.live.iter().position(|live| **live == *dir) else { return false };
        self.failed.push(self.live.remove(place));
        true
    }
}

/// Path of a log directory as a broker names it: `/var/kafka-logs`, or `/var/kafka-logs/a` for the one
/// whose files' paths begin with `a/`. `first` is `lab.loopback.port`.
#[must_use]
pub fn dir_path(first: i64, broker: BrokerId, prefix: &str) -> String {
    let root = address::log_dir(first, broker);
    match prefix.trim_end_matches('/') {
        "" => root,
        name => format!("{root}/{name}"),
    }
}

impl Broker {
    /// The broker's log directories.
    #[must_use]
    pub fn log_dirs(&self) -> &LogDirs {
        &self.log_dirs
    }

    /// Sets directories apart that cannot be read at the start; false when none can
    /// (`LogManager.createAndValidateLogDirs`).
    pub(super) fn validate_log_dirs(&mut self, ctx: &mut Ctx<'_>, disk: &mut Disk) -> bool {
        disk.take_failed();
        for dir in self.log_dirs.live.clone() {
            if disk.state(&dir) == DiskState::Dead {
                self.log_dirs.fail(&dir);
            }
        }
        let any = !self.log_dirs.live.is_empty();
        if any {
            for dir in self.log_dirs.failed.clone() {
                ctx.emit(EventKind::LogDirFailed { dir: self.path_of(&dir), offline: 0 });
            }
        } else {
            let all = self.all_paths();
            let why = "none of the specified log dirs from";
            ctx.fail(
                format!("Shutdown broker because {why} {all} can be created or validated").into(),
            );
        }
        any
    }

    /// Looks whether a write has failed, and gives up the directories concerned. A broker that is
    /// closing its logs does so no longer (`ReplicaManager.shutdown`).
    pub(super) fn notice_failed_dirs(&mut self, ctx: &mut Ctx<'_>, disk: &mut Disk) {
        if !disk.has_failed() {
            return;
        }
        let failed = disk.take_failed();
        if self.phase == Phase::Closing {
            return;
        }
        for dir in failed {
            if self.log_dirs.fail(&dir) {
                self.give_up_dir(ctx, &dir);
            }
        }
    }

    /// Replicas in a directory are served no longer. Requests that wait for them are not answered for
    /// it: they wait for their time.
    fn give_up_dir(&mut self, ctx: &mut Ctx<'_>, dir: &str) {
        let here = self.partitions.iter().filter(|(_, partition)| partition.log.parent() == dir);
        let ids: Vec<TopicPartition> = here.map(|(id, _)| id.clone()).collect();
        let offline = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let told = ctx.emit(EventKind::LogDirFailed { dir: self.path_of(dir), offline });
        let trigger = ctx.set_cause(told);
        if self.log_dirs.live.is_empty() {
            let all = self.all_paths();
            ctx.fail(format!("Shutdown broker because all log dirs in {all} have failed").into());
        } else {
            for id in ids {
                self.take_offline(&id);
            }
            self.control.propagate_log_dir_event(ctx);
        }
        ctx.restore_cause(trigger);
    }

    fn take_offline(&mut self, id: &TopicPartition) {
        self.stop_fetching(id);
        self.wake_sessions(id);
        self.isr_channel.forget(id);
        self.unsettled.remove(id);
        self.partitions.remove(id);
        self.log_dirs.offline.insert(id.clone());
    }

    /// The directory of a new replica: the one with the fewest (`LogManager.nextLogDirs`). `None` when
    /// the replica is not new: then it may be in a directory that failed, and is offline from now on.
    pub(super) fn dir_for(&mut self, id: &TopicPartition, is_new: bool) -> Option<Text> {
        if !is_new && !self.log_dirs.failed.is_empty() {
            self.log_dirs.offline.insert(id.clone());
            return None;
        }
        if let [only] = &self.log_dirs.live[..] {
            return Some(only.clone());
        }
        let mut counts: BTreeMap<&str, usize> =
            self.log_dirs.live.iter().map(|dir| (&**dir, 0)).ordered();
        for partition in self.partitions.values() {
            if let Some(count) = counts.get_mut(partition.log.parent()) {
                *count += 1;
            }
        }
        self.log_dirs.live.iter().min_by_key(|dir| counts.get(&***dir)).cloned()
    }

    /// Path of one of this broker's directories.
    pub(super) fn path_of(&self, prefix: &str) -> Text {
        dir_path(self.config.lab_loopback_port, self.id, prefix).into()
    }

    fn all_paths(&self) -> String {
        let all = self.config.log_dirs.prefixes();
        let paths: Vec<String> =
            all.iter().map(|dir| dir_path(self.config.lab_loopback_port, self.id, dir)).collect();
        paths.join(", ")
    }
}
