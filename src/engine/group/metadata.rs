//! One group: its state, members, generation, protocol and offsets (`GroupMetadata`).
//!
//! Nothing here answers, writes or sets a timer: that is the coordinator's. What members say is kept,
//! and what follows from it for the group as a whole is worked out.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use crate::engine::event::GroupState;
use crate::engine::group::member::Member;
use crate::engine::group::offsets::{Committed, Kept};
use crate::engine::group::schema::{StoredGroup, StoredMember};
use crate::engine::ids::{Text, TopicName, TopicPartition};
use crate::engine::ordered::Ordered;
use crate::engine::persistent::OrdMap;

/// `ConsumerProtocol.PROTOCOL_TYPE`.
pub const CONSUMER: &str = "consumer";

/// The first rebalance of an empty group waits for more members (`InitialDelayedJoin`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InitialDelay {
    /// This wait, in ms.
    pub delay_ms: i64,
    /// How much longer it may be put off, in ms.
    pub remaining_ms: i64,
}

/// A group.
#[derive(Clone, Debug)]
pub struct Group {
    /// `group.id`.
    pub id: Text,
    /// Where it is in its life.
    pub state: GroupState,
    /// Since when, in ms since 1970.
    pub state_since_ms: Option<i64>,
    /// `consumer`; `None` while nobody ever joined.
    pub protocol_type: Option<Text>,
    /// The protocol of this generation: an assignor's name.
    pub protocol: Option<Text>,
    /// How often members were counted; 0 before the first time.
    pub generation: i32,
    /// The member that assigns.
    pub leader: Option<Text>,
    /// Members by id.
    pub members: BTreeMap<Text, Member>,
    /// Ids of static members by `group.instance.id`.
    pub static_members: BTreeMap<Text, Text>,
    /// Ids that were told and not used yet.
    pub pending_members: BTreeSet<Text>,
    /// Members of this generation that did not ask for their assignment yet.
    pub pending_sync: BTreeSet<Text>,
    /// Topics that its members want; `None` when that is not known.
    pub subscribed: Option<BTreeSet<TopicName>>,
    /// Whether somebody joined during the initial delay.
    pub new_member_added: bool,
    /// The delay, while it lasts.
    pub initial: Option<InitialDelay>,
    /// Committed offsets.
    pub offsets: OrdMap<TopicPartition, Kept>,
    /// Commits that are written and not on all replicas yet.
    pub pending_commits: OrdMap<TopicPartition, Committed>,
}

impl Group {
    /// A group without members.
    #[must_use]
    pub fn new(id: Text, now_ms: i64) -> Group {
        Group {
            id,
            state: GroupState::Empty,
            state_since_ms: Some(now_ms),
            protocol_type: None,
            protocol: None,
            generation: 0,
            leader: None,
            members: BTreeMap::new(),
            static_members: BTreeMap::new(),
            pending_members: BTreeSet::new(),
            pending_sync: BTreeSet::new(),
            subscribed: None,
            new_member_added: false,
            initial: None,
            offsets: OrdMap::new(),
            pending_commits: OrdMap::new(),
        }
    }

    /// A group as a record has it (`GroupMetadata.loadGroup`).
    #[must_use]
    pub fn restored(id: Text, stored: StoredGroup) -> Group {
        let protocol = stored.protocol.clone();
        let protocol_type = Some(stored.protocol_type).filter(|kind| !kind.is_empty());
        let mut group = Group {
            state: if stored.members.is_empty() { GroupState::Empty } else { GroupState::Stable },
            state_since_ms: Some(stored.state_since_ms).filter(|since| *since != -1),
            protocol: stored.protocol,
            generation: stored.generation,
            ..Group::new(id, 0)
        };
        for member in stored.members {
            let told = protocol.clone().map(|protocol| (protocol, member.subscription));
            group.add(Member {
                id: member.id,
                instance: member.instance,
                client_id: member.client_id,
                client_host: member.client_host,
                rebalance_timeout_ms: member.rebalance_timeout_ms,
                session_timeout_ms: member.session_timeout_ms,
                protocol_type: protocol_type.clone().unwrap_or_else(|| "".into()),
                protocols: told.into_iter().collect(),
                assignment: member.assignment,
                awaiting_join: None,
                awaiting_sync: None,
                is_new: false,
            });
        }
        group.protocol_type = protocol_type;
        group.leader = stored.leader;
        group.subscribed = group.subscribed_topics();
        group
    }

    /// The group as a record has it, with these assignments.
    #[must_use]
    pub fn stored(&self, assignment: &BTreeMap<Text, Bytes>) -> StoredGroup {
        let members = self.members.values().map(|member| StoredMember {
            id: member.id.clone(),
            instance: member.instance.clone(),
            client_id: member.client_id.clone(),
            client_host: member.client_host.clone(),
            rebalance_timeout_ms: member.rebalance_timeout_ms,
            session_timeout_ms: member.session_timeout_ms,
            subscription: self.protocol.as_deref().map(|p| member.metadata(p)).unwrap_or_default(),
            assignment: assignment.get(&member.id).cloned().unwrap_or_default(),
        });
        StoredGroup {
            protocol_type: self.protocol_type.clone().unwrap_or_else(|| "".into()),
            generation: self.generation,
            protocol: self.protocol.clone(),
            leader: self.leader.clone(),
            state_since_ms: self.state_since_ms.unwrap_or(-1),
            members: members.collect(),
        }
    }

    /// Whether somebody may join (`GroupCoordinator.acceptJoiningMember`).
    #[must_use]
    pub fn accepts(&self, member: &str, most: i64) -> bool {
        let room = |count: usize| i64::try_from(count).unwrap_or(i64::MAX) < most;
        match self.state {
            GroupState::Empty | GroupState::Dead => true,
            GroupState::PreparingRebalance => {
                let awaiting = self.members.values().filter(|m| m.awaiting_join.is_some());
                let waits = |m: &Member| m.awaiting_join.is_some();
                self.members.get(member).is_some_and(waits) || room(awaiting.count())
            }
            GroupState::CompletingRebalance | GroupState::Stable => {
                self.members.contains_key(member) || room(self.members.len())
            }
        }
    }

    /// Whether one protocol is known to all members and to somebody who wants to join
    /// (`supportsProtocols`).
    #[must_use]
    pub fn supports(&self, protocol_type: &str, protocols: &[(Text, Bytes)]) -> bool {
        if self.state == GroupState::Empty {
            return !protocol_type.is_empty() && !protocols.is_empty();
        }
        let same_type = self.protocol_type.as_deref() == Some(protocol_type);
        same_type && protocols.iter().any(|(name, _)| self.all_know(name))
    }

    fn all_know(&self, protocol: &str) -> bool {
        self.members.values().all(|m| m.protocols.iter().any(|(name, _)| **name == *protocol))
    }

    /// The protocol with the most votes: each member's first among those that all know
    /// (`selectProtocol`). Among equals, the first by name.
    #[must_use]
    pub fn select_protocol(&self) -> Option<Text> {
        let mut candidates: BTreeMap<&Text, bool> = BTreeMap::new();
        let mut votes: BTreeMap<&Text, u32> = BTreeMap::new();
        for member in self.members.values() {
            let choice = member
                .protocols
                .iter()
                .find(|(name, _)| *candidates.entry(name).or_insert_with(|| self.all_know(name)));
            if let Some((name, _)) = choice {
                *votes.entry(name).or_default() += 1;
            }
        }
        let most = votes.values().copied().max()?;
        votes.into_iter().find(|(_, count)| *count == most).map(|(name, _)| name.clone())
    }

    /// Topics that the members want, read from what they told (`computeSubscribedTopics`).
    #[must_use]
    pub fn subscribed_topics(&self) -> Option<BTreeSet<TopicName>> {
        if self.protocol_type.as_deref() != Some(CONSUMER) {
            return None;
        }
        if self.members.is_empty() {
            return Some(BTreeSet::new());
        }
        let protocol = self.protocol.as_deref()?;
        let mut topics = BTreeSet::new();
        for member in self.members.values() {
            topics.extend(subscription_topics(&member.metadata(protocol))?);
        }
        Some(topics)
    }

    /// Longest time that a member may take to join again, in ms.
    #[must_use]
    pub fn rebalance_timeout_ms(&self) -> i64 {
        self.members.values().map(|m| i64::from(m.rebalance_timeout_ms)).max().unwrap_or(0)
    }

    /// Whether nobody is waited for (`hasAllMembersJoined`).
    #[must_use]
    pub fn has_all_joined(&self) -> bool {
        self.pending_members.is_empty() && self.members.values().all(|m| m.awaiting_join.is_some())
    }

    /// Adds a member; the first one leads.
    pub fn add(&mut self, member: Member) {
        if let Some(instance) = &member.instance {
            self.static_members.insert(instance.clone(), member.id.clone());
        }
        if self.members.is_empty() {
            self.protocol_type = Some(member.protocol_type.clone());
        }
        self.leader.get_or_insert_with(|| member.id.clone());
        self.pending_members.remove(&member.id);
        self.members.insert(member.id.clone(), member);
    }

    /// Takes a member out; another one leads when it did.
    pub fn remove(&mut self, id: &str) -> Option<Member> {
        let removed = self.members.remove(id);
        if let Some(instance) = removed.as_ref().and_then(|member| member.instance.as_ref()) {
            self.static_members.remove(instance);
        }
        if self.leader.as_deref() == Some(id) {
            self.leader = self.members.keys().next().cloned();
        }
        self.pending_members.remove(id);
        self.pending_sync.remove(id);
        removed
    }

    /// Makes sure that the leader is one who joined (`maybeElectNewJoinedLeader`). False when nobody
    /// is.
    pub fn elect_joined_leader(&mut self) -> bool {
        let Some(leader) = &self.leader else { return false };
        if self.members.get(leader).is_some_and(|member| member.awaiting_join.is_some()) {
            return true;
        }
        let joined = self.members.values().find(|member| member.awaiting_join.is_some());
        let Some(joined) = joined.map(|member| member.id.clone()) else { return false };
        self.leader = Some(joined);
        true
    }

    /// Begins the next generation (`initNextGeneration`); returns the state that it is in.
    pub fn next_generation(&mut self) -> GroupState {
        self.generation += 1;
        self.pending_sync.clear();
        self.protocol = self.select_protocol();
        self.subscribed = self.subscribed_topics();
        if self.members.is_empty() {
            self.protocol = None;
            GroupState::Empty
        } else {
            GroupState::CompletingRebalance
        }
    }

    /// Whether a member leads.
    #[must_use]
    pub fn is_leader(&self, member: &str) -> bool {
        self.leader.as_deref() == Some(member)
    }

    /// Whether anything is committed, or about to be.
    #[must_use]
    pub fn has_offsets(&self) -> bool {
        !self.offsets.is_empty() || !self.pending_commits.is_empty()
    }
}

/// The topics of a `ConsumerProtocolSubscription`, whatever its version.
fn subscription_topics(bytes: &[u8]) -> Option<BTreeSet<TopicName>> {
    let mut rest = bytes.get(2..)?;
    let mut take = |length: usize| {
        let (taken, left) = rest.split_at_checked(length)?;
        rest = left;
        Some(taken)
    };
    let count = i32::from_be_bytes(take(4)?.try_into().ok()?);
    let mut topics = Vec::new();
    for _ in 0..count {
        let length = i16::from_be_bytes(take(2)?.try_into().ok()?);
        let name = take(usize::try_from(length).ok()?)?;
        topics.push(TopicName::new(&String::from_utf8_lossy(name)));
    }
    Some(topics.into_iter().ordered())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(id: &str, protocols: &[&str]) -> Member {
        Member {
            id: id.into(),
            instance: None,
            client_id: id.into(),
            client_host: "/127.0.0.1".into(),
            rebalance_timeout_ms: 1_000,
            session_timeout_ms: 1_000,
            protocol_type: CONSUMER.into(),
            protocols: protocols.iter().map(|name| ((*name).into(), Bytes::new())).collect(),
            assignment: Bytes::new(),
            awaiting_join: None,
            awaiting_sync: None,
            is_new: false,
        }
    }

    fn group(members: &[(&str, &[&str])]) -> Group {
        let mut group = Group::new("g".into(), 0);
        for (id, protocols) in members {
            group.add(member(id, protocols));
        }
        group
    }

    #[test]
    fn the_protocol_is_one_that_all_know_with_the_most_votes() {
        let chosen = |members| group(members).select_protocol();
        let members: &[(&str, &[&str])] =
            &[("a", &["sticky", "range"]), ("b", &["range", "sticky"]), ("c", &["range"])];
        assert_eq!(chosen(members).as_deref(), Some("range"));
        let members: &[(&str, &[&str])] =
            &[("a", &["x", "y"]), ("b", &["y", "x"]), ("c", &["y", "x"])];
        assert_eq!(chosen(members).as_deref(), Some("y"));
    }

    #[test]
    fn the_first_who_joins_leads_until_it_leaves() {
        let mut group = group(&[("b", &["range"]), ("a", &["range"])]);
        assert!(group.is_leader("b"));
        group.remove("b");
        assert!(group.is_leader("a"));
    }

    #[test]
    fn topics_are_read_from_a_subscription() {
        let bytes = b"\x00\x01\x00\x00\x00\x02\x00\x01a\x00\x01b\xff\xff\xff\xff";
        let topics: Vec<String> = subscription_topics(bytes)
            .expect("it is sound")
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(topics, ["a", "b"]);
        assert_eq!(subscription_topics(b"\x00\x01\x00\x00\x00\x02\x00\x09a"), None);
    }
}
