//! The rebalance: everybody is asked to join again, and those who did are the next generation
//! (`prepareRebalance`, `InitialDelayedJoin`, `DelayedJoin`, `onCompleteJoin`, `DelayedSync`).

use kafka_protocol::ResponseError;

use crate::engine::event::{EventKind, GroupState, MemberGone};
use crate::engine::group::answer::join_answer;
use crate::engine::group::deadline::Due;
use crate::engine::group::metadata::InitialDelay;
use crate::engine::group::{GroupCoordinator, Then, ms};
use crate::engine::ids::Text;
use crate::engine::node::Ctx;

impl GroupCoordinator {
    /// Begins a rebalance, unless one is under way.
    pub(super) fn maybe_prepare_rebalance(&mut self, ctx: &mut Ctx<'_>, id: &Text) {
        let state = self.group(id).map(|group| group.state);
        if matches!(
            state,
            Some(GroupState::Empty | GroupState::CompletingRebalance | GroupState::Stable)
        ) {
            self.prepare_rebalance(ctx, id);
        }
    }

    pub(super) fn prepare_rebalance(&mut self, ctx: &mut Ctx<'_>, id: &Text) {
        let Some(state) = self.group(id).map(|group| group.state) else { return };
        if state == GroupState::CompletingRebalance {
            self.reset_assignment(ctx, id, ResponseError::RebalanceInProgress);
        }
        self.deadlines.clear(&Due::Sync(id.clone()));
        let configured = self.config.group_initial_rebalance_delay_ms;
        let Some(group) = self.group_mut(id) else { return };
        group.pending_sync.clear();
        let timeout = group.rebalance_timeout_ms();
        let wait = if state == GroupState::Empty {
            let remaining_ms = (timeout - configured).max(0);
            group.initial = Some(InitialDelay { delay_ms: configured, remaining_ms });
            configured
        } else {
            group.initial = None;
            timeout
        };
        self.deadlines.set(ctx, Due::Join(id.clone()), ms(wait));
        self.transition(ctx, id, GroupState::PreparingRebalance);
        self.try_complete_join(ctx, id);
    }

    /// Ends the rebalance when nobody is waited for any more; not during the initial delay.
    pub(super) fn try_complete_join(&mut self, ctx: &mut Ctx<'_>, id: &Text) {
        let ready = self.group(id).is_some_and(|group| {
            group.state == GroupState::PreparingRebalance
                && group.initial.is_none()
                && group.has_all_joined()
        });
        if ready {
            self.complete_join(ctx, id);
        }
    }

    /// The rebalance has waited long enough.
    pub(super) fn join_over(&mut self, ctx: &mut Ctx<'_>, id: &Text) {
        let configured = self.config.group_initial_rebalance_delay_ms;
        let Some(group) = self.group_mut(id) else { return };
        if let Some(initial) = group.initial
            && group.new_member_added
            && initial.remaining_ms != 0
        {
            group.new_member_added = false;
            let delay_ms = configured.min(initial.remaining_ms);
            let remaining_ms = (initial.remaining_ms - initial.delay_ms).max(0);
            group.initial = Some(InitialDelay { delay_ms, remaining_ms });
            return self.deadlines.set(ctx, Due::Join(id.clone()), ms(delay_ms));
        }
        self.complete_join(ctx, id);
    }

    /// The next generation is who is there (`onCompleteJoin`).
    fn complete_join(&mut self, ctx: &mut Ctx<'_>, id: &Text) {
        self.deadlines.clear(&Due::Join(id.clone()));
        let Some(group) = self.group_mut(id) else { return };
        group.initial = None;
        let late = group.members.values();
        let late = late.filter(|m| m.awaiting_join.is_none() && m.instance.is_none());
        let late: Vec<Text> = late.map(|member| member.id.clone()).collect();
        for member in &late {
            if let Some(group) = self.group_mut(id) {
                group.remove(member);
            }
            self.gone(ctx, id, member, MemberGone::RebalanceTimeout);
        }
        let Some(group) = self.group_mut(id) else { return };
        if group.state == GroupState::Dead {
            return;
        }
        if !group.elect_joined_leader() && !group.members.is_empty() {
            // Only static members, and none of them joined: they are waited for, until they expire.
            let timeout = group.rebalance_timeout_ms();
            return self.deadlines.set(ctx, Due::Join(id.clone()), ms(timeout));
        }
        let state = group.next_generation();
        let (generation, protocol) = (group.generation, group.protocol.clone());
        let (leader, members) = (group.leader.clone(), group.members.len());
        let members = u32::try_from(members).unwrap_or(u32::MAX);
        let group = id.clone();
        let begun = EventKind::GenerationStarted { group, generation, protocol, leader, members };
        ctx.emit(begun);
        self.transition(ctx, id, state);
        if state == GroupState::Empty {
            self.store(ctx, id, &std::collections::BTreeMap::new(), Then::Nothing);
        } else {
            self.answer_joined(ctx, id);
        }
    }

    /// Everybody learns the generation, and is expected to ask for an assignment.
    fn answer_joined(&mut self, ctx: &mut Ctx<'_>, id: &Text) {
        let Some(group) = self.group_mut(id) else { return };
        let members: Vec<Text> = group.members.keys().cloned().collect();
        group.pending_sync.extend(members.iter().cloned());
        for member in &members {
            let Some(group) = self.group_mut(id) else { return };
            let Some(joined) = group.members.get_mut(member) else { continue };
            joined.is_new = false;
            if let Some(asker) = joined.awaiting_join.take() {
                let leads = group.is_leader(member);
                let leader = group.leader.as_deref().unwrap_or_default();
                let answer = join_answer(group, asker.version, member, leader, leads);
                asker.answer(ctx, answer.into());
            }
            self.beat(ctx, id, member);
        }
        let timeout = self.group(id).map_or(0, |group| group.rebalance_timeout_ms());
        self.deadlines.set(ctx, Due::Sync(id.clone()), ms(timeout));
    }

    /// Members of the generation that never asked for their assignment are out (KIP-800,
    /// `onExpirePendingSync`).
    pub(super) fn sync_over(&mut self, ctx: &mut Ctx<'_>, id: &Text) {
        let Some(group) = self.group_mut(id) else { return };
        let live = matches!(group.state, GroupState::CompletingRebalance | GroupState::Stable);
        let silent: Vec<Text> = group.pending_sync.iter().cloned().collect();
        if !live || silent.is_empty() {
            return;
        }
        for member in &silent {
            if let Some(group) = self.group_mut(id) {
                group.remove(member);
            }
            self.gone(ctx, id, member, MemberGone::SyncTimeout);
        }
        self.prepare_rebalance(ctx, id);
    }
}
