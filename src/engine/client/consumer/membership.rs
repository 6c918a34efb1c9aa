//! A consumer as a member of its group (`AbstractCoordinator`, `ConsumerCoordinator`): finds the
//! coordinator, joins, takes its part, says that it lives, and leaves.
//!
//! Everything but heartbeats happens while the application polls, as in Kafka: an application that
//! works for long is late for a rebalance, and after `max.poll.interval.ms` it is out.

use std::collections::{BTreeMap, VecDeque};

use kafka_protocol::ResponseError;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::{
    FindCoordinatorRequest, FindCoordinatorResponse, GroupId, HeartbeatRequest, LeaveGroupRequest,
};
use kafka_protocol::protocol::StrBytes;

use crate::engine::assignor::{Assignor, Memory, RebalanceProtocol};
use crate::engine::client::alarm::Deadline;
use crate::engine::client::backoff::RETRY;
use crate::engine::client::network_client::version;
use crate::engine::event::EventKind;
use crate::engine::ids::{BrokerId, Text, TopicName, TopicPartition};
use crate::engine::node::Ctx;
use crate::engine::planted::{self, Bug};
use crate::engine::protocol::{Request, Response};
use crate::engine::time::Micros;

use super::commits::{Commit, Offsets};
use super::fetcher::{Asked, Consumer};
use super::subscription::{Position, Topics};

/// Settings of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupConfig {
    /// `group.id`.
    pub group: Text,
    /// `group.instance.id`.
    pub instance: Option<Text>,
    /// `partition.assignment.strategy`.
    pub assignors: Vec<Assignor>,
    /// `session.timeout.ms`.
    pub session_timeout_ms: i32,
    /// `heartbeat.interval.ms`.
    pub heartbeat_interval: Micros,
    /// `max.poll.interval.ms`.
    pub max_poll_interval_ms: i32,
    /// `auto.commit.interval.ms`; `None` without `enable.auto.commit`.
    pub auto_commit: Option<Micros>,
}

/// Where a member stands (`MemberState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It is no member, or has to join again.
    Unjoined,
    /// JoinGroup is on its way.
    Joining,
    /// SyncGroup is on its way.
    Syncing,
    /// It has its part.
    Stable,
}

/// What is done before a member joins again (`onJoinPrepare`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prepare {
    /// Nothing yet.
    NotBegun,
    /// Positions are being committed.
    Committing,
    /// What must be given up is given up.
    Done,
}

/// What an answer is for.
#[derive(Clone, Debug)]
pub enum GroupAsked {
    /// Who coordinates.
    Coordinator,
    /// To be a member.
    Join,
    /// Its part.
    Sync,
    /// A sign of life.
    Heartbeat,
    /// To be none any more.
    Leave,
    /// Where the group is, in these partitions.
    Committed(Vec<TopicPartition>),
    /// That the group is there.
    Commit(Commit),
}

/// What the application is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A commit that it waits for is done, or failed with this error.
    Committed(Option<i16>),
    /// The group is left.
    Closed,
}

/// A consumer's membership.
#[derive(Clone, Debug)]
pub struct Membership {
    pub(super) config: GroupConfig,
    pub(super) coordinator: Option<BrokerId>,
    pub(super) finding: bool,
    pub(super) stage: Stage,
    pub(super) member_id: Text,
    pub(super) generation: i32,
    pub(super) rejoin_needed: bool,
    pub(super) prepare: Prepare,
    /// Partitions that are its own.
    pub(super) owned: Vec<TopicPartition>,
    /// One of each assignor, as long as the consumer lives.
    pub(super) memories: Vec<Memory>,
    pub(super) chosen: Option<Assignor>,
    /// Partitions of the group's topics when it assigned last: the leader joins again when that changes
    /// (`assignmentSnapshot`).
    pub(super) assigned: Option<BTreeMap<TopicName, u32>>,
    /// The topics with which it joined: it joins again when these change (`joinedSubscription`).
    pub(super) joined: Vec<TopicName>,
    pub(super) next_heartbeat: Deadline,
    pub(super) heartbeat_asked: bool,
    pub(super) not_before: Deadline,
    pub(super) next_commit: Deadline,
    pub(super) commits: VecDeque<Commit>,
    pub(super) commit_asked: bool,
    pub(super) leaving: bool,
    pub(super) closing: bool,
    pub(super) signals: Vec<Signal>,
}

const NEVER: Deadline = Deadline { at: Micros::MAX, cause: None };

impl Membership {
    /// Of a consumer that has not joined yet.
    #[must_use]
    pub fn new(config: GroupConfig) -> Membership {
        Membership {
            memories: vec![Memory::default(); config.assignors.len()],
            config,
            coordinator: None,
            finding: false,
            stage: Stage::Unjoined,
            member_id: "".into(),
            generation: -1,
            rejoin_needed: true,
            prepare: Prepare::NotBegun,
            owned: Vec::new(),
            chosen: None,
            assigned: None,
            joined: Vec::new(),
            next_heartbeat: NEVER,
            heartbeat_asked: false,
            not_before: Deadline { at: Micros::ZERO, cause: None },
            next_commit: NEVER,
            commits: VecDeque::new(),
            commit_asked: false,
            leaving: false,
            closing: false,
            signals: Vec::new(),
        }
    }

    /// The best protocol that all its assignors have (`ConsumerCoordinator`).
    pub(super) fn protocol(&self) -> RebalanceProtocol {
        let cooperative = |a: &Assignor| a.protocols().contains(&RebalanceProtocol::Cooperative);
        match self.config.assignors.iter().all(cooperative) {
            true => RebalanceProtocol::Cooperative,
            false => RebalanceProtocol::Eager,
        }
    }

    pub(super) fn group_id(&self) -> GroupId {
        GroupId(wire(&self.config.group))
    }

    pub(super) fn member_id(&self) -> StrBytes {
        wire(&self.member_id)
    }

    pub(super) fn instance(&self) -> Option<StrBytes> {
        self.config.instance.as_deref().map(wire)
    }

    /// Whether it has an id and a generation.
    #[must_use]
    pub fn is_member(&self) -> bool {
        self.generation >= 0
    }

    /// Something did not work: another try after `retry.backoff.ms`.
    pub(super) fn back_off(&mut self, ctx: &Ctx<'_>) {
        self.not_before = Deadline { at: ctx.now + RETRY.first, cause: ctx.timer_cause() };
    }

    /// The coordinator is another one now, or gone.
    pub(super) fn lose_coordinator(&mut self, ctx: &Ctx<'_>) {
        self.coordinator = None;
        self.heartbeat_asked = false;
        self.back_off(ctx);
    }

    /// It is no member any more (`resetStateOnResponseError`).
    pub(super) fn reset(&mut self, keeps_id: bool) {
        self.generation = -1;
        if !keeps_id {
            self.member_id = "".into();
        }
        self.stage = Stage::Unjoined;
        self.rejoin_needed = true;
        self.next_heartbeat = NEVER;
    }

    /// The generation that it knows; −1 before the first.
    #[must_use]
    pub fn generation(&self) -> i32 {
        self.generation
    }

    /// Partitions that are its own.
    #[must_use]
    pub fn owned(&self) -> &[TopicPartition] {
        &self.owned
    }

    /// Its id: empty before the coordinator gave it one.
    #[must_use]
    pub fn id(&self) -> &Text {
        &self.member_id
    }
}

pub(super) fn wire(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

impl Consumer {
    /// Does what a member has to do now.
    pub(super) fn run_group(&mut self, ctx: &mut Ctx<'_>) {
        let Some(member) = &self.membership else { return };
        if member.not_before.at > ctx.now {
            return;
        }
        let Some(coordinator) = member.coordinator else { return self.find_coordinator(ctx) };
        if !self.network.ready(ctx, coordinator) {
            return;
        }
        self.watch_topics();
        self.send_commit(ctx, coordinator);
        self.rejoin(ctx, coordinator);
        self.heartbeat(ctx, coordinator);
        self.ask_committed(ctx, coordinator);
        self.auto_commit(ctx, coordinator);
        self.leave(ctx, coordinator);
    }

    /// When a member has something to do next: to be told to the timers. What is due already waits for
    /// something else: for the coordinator, or for an answer.
    pub(super) fn group_deadlines(&self, now: Micros) -> [Option<Deadline>; 3] {
        let Some(member) = &self.membership else { return [None; 3] };
        let set = |deadline: Deadline, when: bool| {
            Some(deadline).filter(|d| when && d.at < Micros::MAX && d.at > now)
        };
        let beats = matches!(member.stage, Stage::Syncing | Stage::Stable);
        let commits = self.polling && member.stage == Stage::Stable;
        [
            set(member.not_before, true),
            set(member.next_heartbeat, beats && !member.heartbeat_asked),
            set(member.next_commit, commits && !member.commit_asked),
        ]
    }

    fn find_coordinator(&mut self, ctx: &mut Ctx<'_>) {
        let Some(member) = self.membership.as_mut().filter(|member| !member.finding) else {
            return;
        };
        let request = FindCoordinatorRequest::default()
            .with_key_type(0)
            .with_coordinator_keys(vec![wire(&member.config.group)]);
        let Some(broker) = self.network.least_loaded(ctx) else { return };
        if !self.network.ready(ctx, broker) {
            return;
        }
        member.finding = true;
        let (body, asked) =
            (Request::FindCoordinator(request), Asked::Group(GroupAsked::Coordinator));
        self.network.send(ctx, broker, version::FIND_COORDINATOR, body, asked);
    }

    fn found_coordinator(&mut self, ctx: &Ctx<'_>, response: &FindCoordinatorResponse) {
        let Some(member) = self.membership.as_mut() else { return };
        let found = response.coordinators.first();
        match found.filter(|found| found.error_code == 0) {
            Some(found) => member.coordinator = Some(BrokerId(found.node_id.0)),
            None => member.back_off(ctx),
        }
    }

    /// The leader joins again when topics have grown since it assigned, and every member when a pattern
    /// matches other topics now.
    fn watch_topics(&mut self) {
        let names = self.topics.names(&self.network.metadata);
        let Some(member) = self.membership.as_ref() else { return };
        let has_grown = member.assigned.as_ref().is_some_and(|assigned| {
            assigned.iter().any(|(topic, had)| self.partition_count(topic) != *had)
        });
        let wants_others = member.joined != names;
        if let Some(member) = self.membership.as_mut() {
            member.rejoin_needed |= member.stage == Stage::Stable && (has_grown || wants_others);
        }
    }

    /// Partitions of a topic, as far as they are known.
    pub(super) fn partition_count(&self, topic: &TopicName) -> u32 {
        self.network.metadata.partition_count(topic)
    }

    /// While the application polls: gives up what has to be given up, and joins.
    fn rejoin(&mut self, ctx: &mut Ctx<'_>, coordinator: BrokerId) {
        let wants = self.membership.as_ref().is_some_and(|member| {
            self.polling
                && member.rejoin_needed
                && !member.closing
                && matches!(member.stage, Stage::Unjoined | Stage::Stable)
        });
        let is_blind =
            matches!(self.topics, Topics::Matching(_)) && !self.network.metadata.is_known();
        if !wants || is_blind {
            return;
        }
        if self.membership.as_ref().is_some_and(|m| m.prepare == Prepare::NotBegun) {
            let positions = self.consumed();
            let Some(member) = self.membership.as_mut() else { return };
            if member.config.auto_commit.is_some() && member.is_member() && !positions.is_empty() {
                member.prepare = Prepare::Committing;
                member.commits.push_back(Commit::before_rejoin(positions));
                return self.send_commit(ctx, coordinator);
            }
            self.give_up_partitions(ctx);
        }
        let ready = self.membership.as_ref().is_some_and(|m| m.prepare == Prepare::Done);
        if ready {
            self.join(ctx, coordinator);
        }
    }

    /// What was committed before joining is committed, or could not be.
    pub(super) fn prepared(&mut self, ctx: &mut Ctx<'_>) {
        if self.membership.as_ref().is_some_and(|m| m.prepare == Prepare::Committing) {
            self.give_up_partitions(ctx);
        }
    }

    /// Everything, in the eager protocol, or when it is no member any more; else nothing.
    fn give_up_partitions(&mut self, ctx: &mut Ctx<'_>) {
        let Some(member) = self.membership.as_mut() else { return };
        member.prepare = Prepare::Done;
        let lost = !member.is_member();
        if lost || member.protocol() == RebalanceProtocol::Eager {
            let gone = std::mem::take(&mut member.owned);
            self.drop_partitions(ctx, gone, lost);
        }
    }

    pub(super) fn drop_partitions(
        &mut self,
        ctx: &mut Ctx<'_>,
        gone: Vec<TopicPartition>,
        lost: bool,
    ) {
        if gone.is_empty() {
            return;
        }
        if !planted::has(Bug::KeepsWhatItGaveUp) {
            for partition in &gone {
                self.partitions.remove(partition);
            }
            self.buffer.retain(|held| !gone.contains(&held.partition));
        }
        let Some(member) = self.membership.as_ref() else { return };
        let group = member.config.group.clone();
        ctx.emit(EventKind::PartitionsRevoked { group, partitions: gone, lost });
    }

    fn heartbeat(&mut self, ctx: &mut Ctx<'_>, coordinator: BrokerId) {
        let Some(member) = self.membership.as_mut() else { return };
        let beats = matches!(member.stage, Stage::Syncing | Stage::Stable);
        if !beats || member.heartbeat_asked || member.next_heartbeat.at > ctx.now {
            return;
        }
        member.heartbeat_asked = true;
        member.next_heartbeat.at = ctx.now + member.config.heartbeat_interval;
        let request = HeartbeatRequest::default()
            .with_group_id(member.group_id())
            .with_generation_id(member.generation)
            .with_member_id(member.member_id())
            .with_group_instance_id(member.instance());
        let (body, asked) = (Request::Heartbeat(request), Asked::Group(GroupAsked::Heartbeat));
        self.network.send(ctx, coordinator, version::HEARTBEAT, body, asked);
    }

    fn heard(&mut self, ctx: &mut Ctx<'_>, error: i16) {
        let Some(member) = self.membership.as_mut() else { return };
        member.heartbeat_asked = false;
        match ResponseError::try_from_code(error) {
            None => {}
            Some(ResponseError::CoordinatorNotAvailable | ResponseError::NotCoordinator) => {
                member.lose_coordinator(ctx);
            }
            Some(ResponseError::RebalanceInProgress) => {
                member.rejoin_needed |= member.stage == Stage::Stable;
            }
            // Of a generation that is over by now.
            Some(_) if member.stage == Stage::Joining || member.stage == Stage::Unjoined => {}
            Some(ResponseError::IllegalGeneration) => member.reset(true),
            Some(ResponseError::UnknownMemberId) => member.reset(false),
            Some(other) => self.throw(ctx, &format!("{other}")),
        }
    }

    /// The application did not poll in time: the member leaves (`maybeLeaveGroup`).
    pub fn poll_interval_over(&mut self, ctx: &mut Ctx<'_>) {
        let Some(member) = self.membership.as_mut().filter(|member| member.is_member()) else {
            return;
        };
        let group = member.config.group.clone();
        ctx.emit(EventKind::PollIntervalExceeded { group });
        member.leaving = true;
        self.run(ctx);
    }

    /// The application ends: commits, if it does so by itself, and leaves. True when there is nothing
    /// to wait for; else [`Signal::Closed`] comes.
    pub fn close(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let positions = self.consumed();
        let Some(member) = self.membership.as_mut() else { return true };
        if !member.is_member() || member.coordinator.is_none() {
            return true;
        }
        member.closing = true;
        if member.config.auto_commit.is_some() && !positions.is_empty() {
            member.commits.push_back(Commit::before_close(positions));
        }
        // A static member only goes silent: it may come back within its session.
        member.leaving = member.config.instance.is_none();
        if !member.leaving && member.commits.is_empty() {
            return true;
        }
        self.run(ctx);
        false
    }

    fn leave(&mut self, ctx: &mut Ctx<'_>, coordinator: BrokerId) {
        let Some(member) = self.membership.as_mut() else { return };
        if !member.commits.is_empty() || member.commit_asked {
            return;
        }
        if !member.leaving {
            if member.closing && !member.signals.contains(&Signal::Closed) {
                member.signals.push(Signal::Closed);
            }
            return;
        }
        member.leaving = false;
        let leaving = MemberIdentity::default()
            .with_member_id(member.member_id())
            .with_group_instance_id(member.instance());
        let request = LeaveGroupRequest::default()
            .with_group_id(member.group_id())
            .with_members(vec![leaving]);
        member.reset(false);
        let (body, asked) = (Request::LeaveGroup(request), Asked::Group(GroupAsked::Leave));
        self.network.send(ctx, coordinator, version::LEAVE_GROUP, body, asked);
    }

    /// An answer of a coordinator.
    pub(super) fn on_group_answer(
        &mut self,
        ctx: &mut Ctx<'_>,
        broker: BrokerId,
        asked: GroupAsked,
        body: &Response,
    ) {
        match (asked, body) {
            (GroupAsked::Coordinator, Response::FindCoordinator(response)) => {
                if let Some(member) = self.membership.as_mut() {
                    member.finding = false;
                }
                self.found_coordinator(ctx, response);
            }
            (GroupAsked::Join, Response::JoinGroup(response)) => {
                self.joined(ctx, broker, response);
            }
            (GroupAsked::Sync, Response::SyncGroup(response)) => self.synced(ctx, response),
            (GroupAsked::Heartbeat, Response::Heartbeat(response)) => {
                self.heard(ctx, response.error_code);
            }
            (GroupAsked::Committed(asked), Response::OffsetFetch(response)) => {
                self.on_committed(ctx, &asked, response);
            }
            (GroupAsked::Commit(commit), Response::OffsetCommit(response)) => {
                self.on_commit_answer(ctx, commit, response);
            }
            (GroupAsked::Leave, _) => {
                if let Some(member) = self.membership.as_mut().filter(|m| m.closing) {
                    member.signals.push(Signal::Closed);
                }
            }
            _ => {}
        }
    }

    /// No answer will come.
    pub(super) fn give_up_group(&mut self, ctx: &mut Ctx<'_>, broker: BrokerId, asked: GroupAsked) {
        let Some(member) = self.membership.as_mut() else { return };
        match asked {
            GroupAsked::Coordinator => member.finding = false,
            GroupAsked::Join | GroupAsked::Sync => {
                member.stage = Stage::Unjoined;
                member.rejoin_needed = true;
            }
            GroupAsked::Heartbeat => member.heartbeat_asked = false,
            GroupAsked::Leave if member.closing => member.signals.push(Signal::Closed),
            GroupAsked::Leave => {}
            GroupAsked::Committed(asked) => {
                asked.iter().for_each(|partition| self.asked_no_more(partition));
            }
            GroupAsked::Commit(commit) => {
                member.commit_asked = false;
                member.commits.push_front(commit);
            }
        }
        let Some(member) = self.membership.as_mut() else { return };
        if member.coordinator == Some(broker) {
            member.lose_coordinator(ctx);
        }
    }

    /// The connection to the coordinator broke: who coordinates is to be asked again.
    pub(super) fn coordinator_lost(&mut self, ctx: &Ctx<'_>, broker: BrokerId) {
        if let Some(member) = self.membership.as_mut().filter(|m| m.coordinator == Some(broker)) {
            member.lose_coordinator(ctx);
        }
    }

    /// What the application has got so far, of every partition whose position is good
    /// (`SubscriptionState.allConsumed`).
    #[must_use]
    pub fn consumed(&self) -> Offsets {
        let known = self.partitions.iter().filter_map(|(partition, followed)| {
            let Position::At(offset) = followed.position else { return None };
            Some((partition.clone(), offset))
        });
        known.collect()
    }

    /// How the consumer stands in its group.
    #[must_use]
    pub fn membership(&self) -> Option<&Membership> {
        self.membership.as_deref()
    }
}
