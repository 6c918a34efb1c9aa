//! The consumer program: follows a topic and counts what it gets. It keeps the newest values to show.
//!
//! Without a group and without work to do it takes what is fetched as it comes. Else it is the loop that
//! every application with Kafka's library has: poll, work on what came, commit as its settings say, poll
//! again. While it works it does not poll.

use std::collections::{BTreeMap, VecDeque};

use crate::engine::assignor::Assignor;
use crate::engine::client::alarm::{Alarms, Deadline};
use crate::engine::client::consumer::offsets::SeekTo;
use crate::engine::client::consumer::{
    Consumer, ConsumerConfig, Delivered, GroupConfig, MemberPhase, NEWEST, PartitionPosition,
    Polled, ResetTo, Signal, Topics,
};
use crate::engine::command::{ConsumerCommand, ConsumerSpec, SeekPlace};
use crate::engine::error::{CommandError, ConfigError};
use crate::engine::event::{EventKind, TimerPurpose};
use crate::engine::ids::{BrokerId, CorrelationId, Offset, Text, TopicName, TopicPartition};
use crate::engine::node::{Ctx, Timer};
use crate::engine::planted::{self, Bug};
use crate::engine::protocol::Response;
use crate::engine::record::reader::records;
use crate::engine::setting::CommitMode;
use crate::engine::time::Micros;

use super::settings;

/// How a consumer program stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerStatus {
    /// What it follows, or the first of it.
    pub topic: TopicName,
    /// How it stands in each partition whose position is known.
    pub positions: Vec<PartitionPosition>,
    /// Records that it got.
    pub received: u64,
    /// Records that it is done with: one that takes what comes is done with it at once.
    pub processed: u64,
    /// Newest values that it got, newest last, at most 5, without padding.
    pub newest: Vec<Text>,
    /// Its place in its group, when it has one.
    pub member: Option<MemberStatus>,
}

/// How a consumer program stands in its group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberStatus {
    /// `group.id`.
    pub group: Text,
    /// Its id; empty before it has one.
    pub member_id: Text,
    /// The generation that it knows; −1 before the first.
    pub generation: i32,
    /// What it does about its group.
    pub phase: MemberPhase,
    /// The broker that coordinates its group, as far as it knows.
    pub coordinator: Option<BrokerId>,
    /// Its partitions.
    pub owned: Vec<TopicPartition>,
    /// What its application does.
    pub activity: Activity,
    /// Records that it polled and is not done with.
    pub todo: u32,
    /// When it has to poll again; `None` while it waits in `poll`.
    pub poll_by: Option<Micros>,
    /// When its next heartbeat is due.
    pub next_heartbeat: Option<Micros>,
    /// When it commits by itself next.
    pub next_auto_commit: Option<Micros>,
}

/// What a member's application does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Activity {
    /// It waits in `poll`.
    Polling,
    /// It works on this record.
    Working(TopicPartition, Offset),
    /// It waits for a commit.
    Committing,
    /// It has closed its consumer, and ends.
    Closing,
}

/// What a member's application does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// It is in `poll`.
    Polling,
    /// It waits for a commit before it works on the next record.
    CommittingBefore,
    /// It works on the record at the front.
    Working,
    /// It waits for a commit of what it has worked on.
    CommittingAfter,
    /// It has closed its consumer, and ends.
    Closing,
}

/// A consumer program.
#[derive(Clone, Debug)]
pub struct ConsumerApp {
    spec: ConsumerSpec,
    consumer: Consumer,
    received: u64,
    newest: VecDeque<Text>,
    step: Step,
    /// What it polled and is not done with, oldest first.
    todo: VecDeque<Polled>,
    /// Where it is in what it polled last: next offsets.
    done: BTreeMap<TopicPartition, Offset>,
    processed: u64,
    alarms: Alarms,
    /// When the work on the record at the front is over.
    works_until: Micros,
    /// When it has to poll again.
    poll_by: Micros,
}

impl ConsumerApp {
    /// A program that has not started yet.
    #[must_use]
    pub fn new(name: &Text, spec: ConsumerSpec, bootstrap: Vec<BrokerId>) -> ConsumerApp {
        let mut named = vec![spec.topic.clone()];
        named.extend(spec.more_topics.iter().cloned());
        let topics = Topics::new(named, &spec.topic_pattern);
        let mut consumer = Consumer::new(topics, config(&spec), bootstrap);
        if !spec.group.is_empty() {
            consumer = consumer.of_group(group_config(&spec), name);
        } else if spec.polls() {
            consumer = consumer.polling();
        }
        ConsumerApp {
            spec,
            consumer,
            received: 0,
            newest: VecDeque::new(),
            step: Step::Polling,
            todo: VecDeque::new(),
            done: BTreeMap::new(),
            processed: 0,
            alarms: Alarms::default(),
            works_until: Micros::ZERO,
            poll_by: Micros::MAX,
        }
    }

    /// Starts to look for its topic.
    pub fn start(&mut self, ctx: &mut Ctx<'_>) {
        self.consumer.start(ctx);
        self.go_on(ctx);
    }

    /// An answer arrived.
    pub fn on_response(
        &mut self,
        ctx: &mut Ctx<'_>,
        broker: BrokerId,
        correlation: CorrelationId,
        body: Response,
    ) {
        for delivered in self.consumer.on_response(ctx, broker, correlation, body) {
            self.take(&delivered);
        }
        self.go_on(ctx);
    }

    /// A timer fired.
    pub fn on_timer(&mut self, ctx: &mut Ctx<'_>, timer: &Timer) {
        if self.alarms.fired(ctx.now, timer) {
            match timer.purpose {
                TimerPurpose::Processing if self.step == Step::Working => self.worked(ctx),
                TimerPurpose::PollInterval if self.is_late(ctx.now) => {
                    self.poll_by = Micros::MAX;
                    self.consumer.poll_interval_over(ctx);
                }
                TimerPurpose::PollInterval => self.watch_poll(ctx),
                _ => {}
            }
        }
        self.consumer.on_timer(ctx, timer);
        self.go_on(ctx);
    }

    /// The connection to a broker broke.
    pub fn on_connection_lost(&mut self, ctx: &mut Ctx<'_>, broker: BrokerId) {
        self.consumer.on_connection_lost(ctx, broker);
        self.go_on(ctx);
    }

    /// The program is told to end. True when it can do so now.
    pub fn stop(&mut self, ctx: &mut Ctx<'_>) -> bool {
        self.step = Step::Closing;
        self.todo.clear();
        let closed = self.consumer.close(ctx);
        if !closed {
            self.hear(ctx);
        }
        closed
    }

    /// Changes a setting.
    ///
    /// # Errors
    /// See [`settings::set_consumer`]; then nothing changed.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), ConfigError> {
        settings::set_consumer(&mut self.spec, key, value)?;
        self.consumer.configure(config(&self.spec));
        Ok(())
    }

    /// Whether [`ConsumerApp::obey`] would do that.
    ///
    /// # Errors
    /// A partition is not its own.
    pub fn check(&self, name: &Text, command: &ConsumerCommand) -> Result<(), CommandError> {
        let foreign = command.partitions().iter().find(|partition| !self.consumer.has(partition));
        match foreign.cloned() {
            Some(partition) => Err(CommandError::NotAssigned { name: name.clone(), partition }),
            None => Ok(()),
        }
    }

    /// Does what it is told, between two polls. What it has polled before it works on all the same.
    pub fn obey(&mut self, ctx: &mut Ctx<'_>, command: &ConsumerCommand) {
        match command {
            ConsumerCommand::Seek { partition, to } => {
                let to = match *to {
                    SeekPlace::Offset(offset) => SeekTo::Offset(Offset(offset)),
                    SeekPlace::Beginning => SeekTo::Found(ResetTo::Beginning),
                    SeekPlace::End => SeekTo::Found(ResetTo::End),
                    SeekPlace::Time(time) => SeekTo::Found(ResetTo::Time(time)),
                };
                self.consumer.seek(ctx, partition, to);
            }
            ConsumerCommand::Pause { partitions } => self.consumer.pause(ctx, partitions, true),
            ConsumerCommand::Resume { partitions } => self.consumer.pause(ctx, partitions, false),
        }
        self.go_on(ctx);
    }

    /// Its settings as they are now.
    #[must_use]
    pub fn spec(&self) -> &ConsumerSpec {
        &self.spec
    }

    /// How it stands.
    #[must_use]
    pub fn status(&self) -> ConsumerStatus {
        let member = self.consumer.membership().map(|member| MemberStatus {
            group: self.spec.group.clone(),
            member_id: member.id().clone(),
            generation: member.generation(),
            phase: self.consumer.member_phase(),
            coordinator: member.coordinator(),
            owned: member.owned().to_vec(),
            activity: self.activity(),
            todo: u32::try_from(self.todo.len()).unwrap_or(u32::MAX),
            poll_by: Some(self.poll_by)
                .filter(|at| self.step != Step::Polling && *at < Micros::MAX),
            next_heartbeat: member.next_heartbeat(),
            next_auto_commit: member.next_auto_commit(),
        });
        ConsumerStatus {
            topic: self.spec.topic.clone(),
            positions: self.consumer.positions(),
            received: self.received,
            processed: if self.spec.polls() { self.processed } else { self.received },
            newest: self.newest.iter().cloned().collect(),
            member,
        }
    }

    fn activity(&self) -> Activity {
        match (self.step, self.todo.front()) {
            (Step::Closing, _) => Activity::Closing,
            (Step::CommittingBefore | Step::CommittingAfter, _) => Activity::Committing,
            (Step::Working, Some(record)) => {
                Activity::Working(record.partition.clone(), record.offset)
            }
            _ => Activity::Polling,
        }
    }

    /// The client library that it uses.
    #[must_use]
    pub fn library(&self) -> &Consumer {
        &self.consumer
    }

    /// Does what the application can do now.
    fn go_on(&mut self, ctx: &mut Ctx<'_>) {
        if !self.spec.polls() {
            return;
        }
        self.hear(ctx);
        while self.step == Step::Polling {
            let polled = self.consumer.poll(ctx, self.spec.max_poll_records);
            if polled.is_empty() {
                self.poll_by = Micros::MAX;
                return;
            }
            let interval = i64::from(self.spec.max_poll_interval_ms);
            self.poll_by = ctx.now + Micros::from_ms(interval);
            self.receive(ctx, polled);
            self.begin(ctx);
            self.watch_poll(ctx);
        }
    }

    fn receive(&mut self, ctx: &mut Ctx<'_>, polled: Vec<Polled>) {
        self.received += polled.len() as u64;
        let shown = polled.len().saturating_sub(usize::try_from(NEWEST).unwrap_or(0));
        for record in &polled[shown..] {
            self.newest.push_back(record.value());
            if u32::try_from(self.newest.len()).is_ok_and(|held| held > NEWEST) {
                self.newest.pop_front();
            }
        }
        self.todo = polled.into();
        self.done.clear();
        if planted::has(Bug::CommitsBeforeWork) {
            let polled =
                self.todo.iter().map(|record| (record.partition.clone(), record.offset.plus(1)));
            self.consumer.commit(ctx, polled.collect(), false);
        }
    }

    /// What the library told.
    fn hear(&mut self, ctx: &mut Ctx<'_>) {
        for signal in self.consumer.take_signals() {
            match (signal, self.step) {
                (Signal::Closed, _) => ctx.exit(),
                (Signal::Committed(_), Step::CommittingBefore) => self.work(ctx),
                (Signal::Committed(_), Step::CommittingAfter) => self.begin(ctx),
                _ => {}
            }
        }
    }

    /// The next record of what was polled; none: the next poll.
    fn begin(&mut self, ctx: &mut Ctx<'_>) {
        let Some(next) = self.todo.front() else {
            self.step = Step::Polling;
            return;
        };
        if self.commit_mode() == CommitMode::Before {
            let offsets = vec![(next.partition.clone(), next.offset.plus(1))];
            self.step = Step::CommittingBefore;
            self.consumer.commit(ctx, offsets, true);
            return self.hear(ctx);
        }
        self.work(ctx);
    }

    fn work(&mut self, ctx: &mut Ctx<'_>) {
        let span = Micros::from_ms(i64::from(self.spec.work_ms));
        self.step = Step::Working;
        self.works_until = ctx.now + span;
        if span == Micros::ZERO {
            return self.worked(ctx);
        }
        let deadline = Deadline { at: self.works_until, cause: ctx.timer_cause() };
        self.alarms.arm(ctx, TimerPurpose::Processing, Some(deadline));
    }

    /// The record at the front is done; without work and commits between them, all that follow in its
    /// partition are too.
    fn worked(&mut self, ctx: &mut Ctx<'_>) {
        let Some(first) = self.todo.pop_front() else { return };
        let mut last = first.offset;
        let mut count = 1;
        let each = matches!(self.commit_mode(), CommitMode::Before | CommitMode::After);
        while self.spec.work_ms == 0
            && !each
            && let Some(next) = self.todo.front().filter(|next| next.partition == first.partition)
        {
            last = next.offset;
            count += 1;
            self.todo.pop_front();
        }
        self.processed += count;
        self.done.insert(first.partition.clone(), last.plus(1));
        let (partition, first) = (first.partition, first.offset);
        ctx.emit(EventKind::RecordsProcessed { partition, first, last });
        let at_end = self.todo.is_empty();
        match self.commit_mode() {
            CommitMode::After => self.commit_done(ctx, true),
            CommitMode::Sync if at_end => self.commit_done(ctx, true),
            CommitMode::Async if at_end => self.commit_done(ctx, false),
            _ => self.begin(ctx),
        }
    }

    /// Without a group there is nothing to commit to.
    fn commit_mode(&self) -> CommitMode {
        if self.spec.group.is_empty() { CommitMode::None } else { self.spec.commit }
    }

    fn commit_done(&mut self, ctx: &mut Ctx<'_>, waits: bool) {
        let offsets = std::mem::take(&mut self.done).into_iter().collect();
        if waits {
            self.step = Step::CommittingAfter;
            self.consumer.commit(ctx, offsets, true);
            return self.hear(ctx);
        }
        self.consumer.commit(ctx, offsets, false);
        self.begin(ctx);
    }

    fn is_late(&self, now: Micros) -> bool {
        self.step != Step::Polling && self.poll_by <= now
    }

    fn watch_poll(&mut self, ctx: &mut Ctx<'_>) {
        if self.step != Step::Polling && self.poll_by < Micros::MAX {
            let deadline = Deadline { at: self.poll_by, cause: ctx.timer_cause() };
            self.alarms.arm(ctx, TimerPurpose::PollInterval, Some(deadline));
        }
    }

    fn take(&mut self, delivered: &Delivered) {
        self.received += u64::from(delivered.count);
        for (count, batch) in &delivered.tail {
            let all = records(batch).flatten().count();
            let skipped = all.saturating_sub(usize::try_from(*count).unwrap_or(all));
            for record in records(batch).flatten().skip(skipped) {
                let value = String::from_utf8_lossy(record.value.unwrap_or_default());
                self.newest.push_back(value.trim_end().into());
                if u32::try_from(self.newest.len()).is_ok_and(|held| held > NEWEST) {
                    self.newest.pop_front();
                }
            }
        }
    }
}

/// A consumer's settings, as the library takes them.
pub(super) fn config(spec: &ConsumerSpec) -> ConsumerConfig {
    ConsumerConfig {
        from_beginning: spec.from_beginning,
        never_resets: spec.never_resets,
        fetch_min_bytes: spec.fetch_min_bytes,
        fetch_max_wait_ms: spec.fetch_max_wait_ms,
        max_partition_fetch_bytes: spec.max_partition_fetch_bytes,
        fetch_max_bytes: spec.fetch_max_bytes,
        read_committed: spec.read_committed,
        from_time: spec.from_time,
        request_timeout: Micros::from_ms(i64::from(spec.request_timeout_ms)),
        metadata_max_age: Micros::from_ms(i64::from(spec.metadata_max_age_ms)),
    }
}

/// A member's settings, as the library takes them.
pub(super) fn group_config(spec: &ConsumerSpec) -> GroupConfig {
    let ms = |span: i32| Micros::from_ms(i64::from(span));
    let auto = spec.commit == CommitMode::Auto;
    GroupConfig {
        group: spec.group.clone(),
        instance: Some(spec.instance.clone()).filter(|instance| !instance.is_empty()),
        assignors: spec.assignors.split(',').filter_map(Assignor::named).collect(),
        session_timeout_ms: spec.session_timeout_ms,
        heartbeat_interval: ms(spec.heartbeat_interval_ms),
        max_poll_interval_ms: spec.max_poll_interval_ms,
        auto_commit: auto.then(|| ms(spec.auto_commit_interval_ms)),
    }
}
