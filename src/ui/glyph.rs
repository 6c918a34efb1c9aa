//! Kafka's own things, small: the water sign, the pennant, a batch, a lost record. For lists and marks.

use yew::prelude::*;

use crate::engine::event::EventKind;
use crate::engine::ids::NodeId;
use crate::engine::protocol::Api;
use crate::session::message::MarkKind;

/// The surveyor's water-level sign.
pub fn logo() -> Html {
    html! {
        <svg class="logo" viewBox="0 0 24 24" aria-hidden="true">
            <path class="f-water" d="M4.2 3.5h15.6L12 13.2z" />
            <path d="M2 16.2h20M5.6 19.2h12.8M9.2 22.2h5.6" fill="none" stroke="currentColor" stroke-width="1.7" stroke-linecap="round" />
        </svg>
    }
}

/// A small picture: what is drawn, and in whose colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyph {
    class: &'static str,
    path: &'static str,
}

const WATER: &str = "M-6-5h12l-6 7zM-6 4.2h12v1.5H-6z";
const PENNANT: &str = "M-5-7h1.6V7H-5zM-3.4-7h8.4L2.4-3.5 5 0h-8.4z";
const BOX: &str = "M-7-5h9l5 5-5 5h-9z";
const RING: &str = "M0-5.5A5.5 5.5 0 1 1 0 5.5 5.5 5.5 0 0 1 0-5.5zM0-3.3A3.3 3.3 0 1 0 0 3.3 3.3 3.3 0 0 0 0-3.3z";
const CHEVRON: &str = "M-4.5-5.5h2.6L2.6 0l-4.5 5.5h-2.6L0 0z";
const CHEVRONS: &str = "M-7-5h2.4L-1 0l-3.6 5H-7l3.6-5zM0-5h2.4L6 0 2.4 5H0l3.6-5z";
const CELLS: &str = "M-7-5h6V5h-6zM1-5h6V5H1z";
const DIAMOND: &str = "M0-7L7 0 0 7-7 0z";
const PULSE: &str = "M-8-.8h4.2L-2-6.5 1.6 5.6 3.4-.8H8V.8H4.5L1.9 8-1.8-3.4-2.8.8H-8z";
const CROSS: &str =
    "M-5.5-4.1L-4.1-5.5 0-1.4 4.1-5.5 5.5-4.1 1.4 0 5.5 4.1 4.1 5.5 0 1.4-4.1 5.5-5.5 4.1-1.4 0z";
const TRIANGLE: &str = "M-4-6L6 0-4 6z";
const SQUARE: &str = "M-5-5H5V5H-5z";
const EXCHANGE: &str = "M-7-4.5h8v-2.5l6 4-6 4v-2.5h-8zM7 4.5h-8V7l-6-4 6-4v2.5h8z";
const DISC: &str = "M0-4A4 4 0 1 1 0 4 4 4 0 0 1 0-4z";
const CUT: &str =
    "M-7-5h5V5h-5zM1-5h1.5v3H1zM1-.8h1.5v3H1zM5-5h1.5v3H5zM5-.8h1.5v3H5zM1 3.5h6V5H1z";

impl Glyph {
    /// The glyph of an event: its shape says what, its colour says whose.
    pub fn of_event(kind: &EventKind, node: Option<NodeId>) -> Glyph {
        use EventKind::*;
        let glyph = |class, path| Glyph { class, path };
        match kind {
            CommandApplied { .. } => glyph("f-ink", TRIANGLE),
            TimerFired { .. } => glyph("f-cut", DISC),
            MessageSent { api, response, .. } => Glyph::of_message(*api, *response, node),
            MessageDelivered { .. } | MessageWaiting { .. } => glyph("f-broker", DISC),
            MessageDropped { .. }
            | ProcessKilled
            | ProcessPaused
            | ProcessFailed { .. }
            | PowerLost => glyph("f-lost", CROSS),
            DiskRotted { .. } | DiskChanged { .. } | LogDirFailed { .. } => glyph("f-lost", CROSS),
            CommittedRecordsLost { .. } | InvariantBroken { .. } => glyph("f-lost", CROSS),
            RecordsFailed { .. } | ReplicasOffline { .. } => glyph("f-lost", CROSS),
            ProduceRefused { .. } | AdminFailed { .. } => glyph("f-lost", CROSS),
            LinkHeld { .. } | LinkCut { .. } | LinkHealed { .. } | ConnectionLost { .. } => {
                glyph("f-cut", SQUARE)
            }
            MessageDelayed { .. } | MessageDuplicated { .. } => glyph("f-cut", DISC),
            ProcessStarted
            | ProcessResumed
            | ProcessStopping
            | ProcessStopped
            | BrokerUp { .. } => glyph("f-broker", DISC),
            SessionOpened { .. } | SessionClosed { .. } | SessionExpired { .. } => {
                glyph("f-control", PULSE)
            }
            ZnodeCreated { .. } | ZnodeChanged { .. } | ZnodeDeleted { .. } => {
                glyph("f-control", DISC)
            }
            ControllerElected { .. } | ControllerResigned { .. } | BrokerDown { .. } => {
                glyph("f-control", DIAMOND)
            }
            TopicCreated { .. }
            | TopicConfigChanged { .. }
            | AdminCompleted { .. }
            | BrokerConfigChanged { .. }
            | PartitionsAdded { .. }
            | ReplicasAssigned { .. }
            | TopicDeleted { .. }
            | ReplicaDeleted { .. }
            | MetadataUpdated { .. } => glyph("f-control", DIAMOND),
            LeaderElected { .. } | BecameLeader { .. } | BecameFollower { .. } => {
                glyph("f-ink", PENNANT)
            }
            HighWatermarkAdvanced { .. } | HighWatermarksCheckpointed { .. } => {
                glyph("f-water", WATER)
            }
            BatchAppended { leader: true, .. } => glyph("f-water", CELLS),
            BatchAppended { .. }
            | DuplicateRefused { .. }
            | SegmentRolled { .. }
            | LogRecovered { .. } => glyph("f-broker", CELLS),
            IsrShrunk { .. } | IsrExpanded { .. } => glyph("f-broker", CHEVRONS),
            LogTruncated { .. } | FollowerFailed { .. } => glyph("f-cut", CUT),
            SegmentsDeleted { .. } | LogCleaned { .. } => glyph("f-cut", CUT),
            LogStartAdvanced { .. } => glyph("f-cut", CUT),
            RecordsQueued { .. } => glyph("f-producer", CELLS),
            RecordsAcked { .. } => glyph("f-producer", RING),
            BatchRetried { .. } => glyph("f-producer", BOX),
            RecordsDelivered { .. } | PositionReset { .. } => glyph("f-consumer", CELLS),
            ClientChanged { .. } | ToolPrinted { .. } | ToolExited { .. } => glyph("f-ink", SQUARE),
            _ => Glyph::of_group(kind),
        }
    }

    fn of_group(kind: &EventKind) -> Glyph {
        use EventKind::*;
        let (class, path) = match kind {
            MemberLeft { .. } | CommitFailed { .. } | PollIntervalExceeded { .. } => {
                ("f-lost", CROSS)
            }
            PartitionsAssigned { .. } | PartitionsRevoked { .. } => ("f-consumer", PENNANT),
            PositionSought { .. } => ("f-consumer", CELLS),
            PartitionsPaused { .. } | PartitionsResumed { .. } => ("f-consumer", SQUARE),
            TruncationDetected { .. } => ("f-cut", CUT),
            OffsetCommitted { .. } | RecordsProcessed { .. } => ("f-consumer", DISC),
            _ => ("f-control", DIAMOND),
        };
        Glyph { class, path }
    }

    fn of_message(api: Api, response: bool, from: Option<NodeId>) -> Glyph {
        let is_broker = matches!(from, Some(NodeId::Broker(_)));
        let (class, path) = match (api, response) {
            (Api::Produce, false) => ("f-producer", BOX),
            (Api::Produce, true) => ("f-producer", RING),
            (Api::Fetch, false) if is_broker => ("f-broker", CHEVRONS),
            (Api::Fetch, false) => ("f-consumer", CHEVRON),
            (Api::Fetch, true) => ("f-broker", CELLS),
            (Api::ZkPing, _) => ("f-control", PULSE),
            (Api::ListOffsets | Api::Metadata | Api::ApiVersions, _) => ("f-consumer", DISC),
            _ => ("f-control", DIAMOND),
        };
        Glyph { class, path }
    }

    /// The glyph of a mark on the time bar.
    pub fn of_mark(kind: MarkKind) -> Glyph {
        let (class, path) = match kind {
            MarkKind::Command => ("f-ink", TRIANGLE),
            MarkKind::Death | MarkKind::Loss => ("f-lost", CROSS),
            MarkKind::Freeze => ("f-producer", SQUARE),
            MarkKind::Birth => ("f-broker", DISC),
            MarkKind::Election => ("f-ink", PENNANT),
            MarkKind::Rebalance => ("f-consumer", EXCHANGE),
            MarkKind::Isr => ("f-broker", CHEVRONS),
            MarkKind::Truncation => ("f-cut", CUT),
            MarkKind::Broken => ("f-lost", DIAMOND),
        };
        Glyph { class, path }
    }

    /// Its picture.
    pub fn draw(self) -> Html {
        html! {
            <svg class="glyph" viewBox="-10 -9 20 18" aria-hidden="true">
                <path class={self.class} d={self.path} />
            </svg>
        }
    }
}
