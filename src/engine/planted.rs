//! Known bugs, planted one at a time, to prove that the checkers can see (mutation).
//!
//! Only the crate's own unit tests can plant one; in any other build [`has`] is `false` at compile
//! time, and nothing of this is left.

#[cfg(test)]
use std::cell::Cell;

/// A bug that can be planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A leader takes its own log end for the high watermark, instead of the least of the ISR.
    HighWatermarkAsMaximum,
    /// A leader that leads anew starts over with its high watermark.
    HighWatermarkStartsOver,
    /// A follower that lags stays in the ISR.
    IsrIgnoresLag,
    /// A follower joins the ISR before it has caught up.
    IsrExpandsEarly,
    /// The ISR may be smaller than `min.insync.replicas`.
    MinIsrIgnored,
    /// Followers cut to their high watermark instead of by epoch.
    TruncatesToHighWatermark,
    /// Leaders do not tell followers that their logs have parted.
    DivergenceIgnored,
    /// A fetch from where the logs have parted counts as an acknowledgement.
    DivergedFetchCounts,
    /// acks=1 is answered before the append, which then does not come.
    AnswersBeforeAppend,
    /// acks=all is answered before the high watermark has passed.
    AnswersBeforeHighWatermark,
    /// Consumers get what is not committed.
    ServesUncommitted,
    /// An election leaves the leader epoch as it is.
    EpochNotRaised,
    /// Any live replica may lead.
    LeaderFromAnywhere,
    /// A leader leaves a gap before each batch.
    OffsetGap,
    /// A batch that comes twice from an idempotent producer is appended twice.
    DuplicateAppended,
    /// Index entries point one byte too far.
    IndexOffByOne,
    /// Recovery does not look at CRCs.
    RecoverySkipsCrc,
    /// Retention deletes segments above the high watermark.
    RetentionPastHighWatermark,
    /// Nobody looks at the reign of a controller: one that was replaced goes on.
    ControllerNotFenced,
    /// A shrink of the ISR counts for the high watermark before it is committed.
    ShrinkCountsEarly,
    /// Followers take no note of producers' sequences.
    FollowersForgetProducers,
    /// Leaders take sequences with gaps.
    SequenceGapsTaken,
    /// A group's leader gives a partition to two members.
    AssignsTwice,
    /// A group's leader gives a partition to nobody.
    LeavesOneOut,
    /// A member goes on with partitions that it gave up.
    KeepsWhatItGaveUp,
    /// A member commits what it polled before it works on it.
    CommitsBeforeWork,
    /// A member commits one offset too far.
    CommitsTooFar,
    /// A member begins behind where its group is.
    BeginsTooFar,
    /// A coordinator takes commits of any generation, and of those who are no members.
    OldGenerationCommits,
}

#[cfg(test)]
thread_local! {
    static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
}

/// Plants a bug in the worlds of this thread, or none.
#[cfg(test)]
pub fn plant(bug: Option<Bug>) {
    PLANTED.set(bug);
}

/// Whether a bug is planted.
#[cfg(test)]
#[must_use]
pub fn has(bug: Bug) -> bool {
    PLANTED.get() == Some(bug)
}

/// Whether a bug is planted: never, outside of unit tests.
#[cfg(not(test))]
#[must_use]
pub const fn has(_: Bug) -> bool {
    false
}
