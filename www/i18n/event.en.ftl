# What happened, one sentence a kind. `Node` begins a sentence, `node` stands within one.

## Names of messages

message-name = { $response ->
    [yes] { message-answer }
   *[no] { message-request }
}{ $records ->
    [0] { "" }
    [one] { " " }with 1 record
   *[other] { " " }with { $records } records
}{ $error ->
    [NONE] { "" }
   *[other] { " " }({ $error })
}
message-request = { $api ->
    [ZkSession] session request
    [ZkPing] heartbeat
    [ZkRead] read
    [ZkWrite] write
    [ZkWatch] watch notification
    [Unknown] message
   *[other] { $api } request
}
message-answer = { $api ->
    [ZkSession] session answer
    [ZkPing] heartbeat answer
    [ZkRead] read answer
    [ZkWrite] write answer
    [ZkWatch] watch notification
    [Unknown] message
   *[other] { $api } response
}

## Commands

command-start = You started { $target }.
command-start-again = { $Target } was started again, now that the power is back.
command-kill = You killed { $target }.
command-stop = You asked { $target } to stop.
command-pause = You froze { $target }.
command-resume = You let { $target } run on.
command-hold = You held the link between { $a } and { $b }.
command-heal = You healed the link between { $a } and { $b }.
command-cut = You cut the link between { $a } and { $b }.
command-split = { $state ->
    [held] You held the links between these sides: { $sides }.
    [cut] You cut the links between these sides: { $sides }.
   *[healed] You healed the links between these sides: { $sides }.
}
command-set-loss = Of a million messages between { $a } and { $b }, { $loss } are lost and { $dup } arrive twice from now on.
command-delay = You delayed the { message-name } from { $from } to { $to } by { $span } ms.
command-duplicate = You sent the { message-name } from { $from } to { $to } once more, { $span } ms later.
command-drop = You dropped the { message-name } from { $from } to { $to }.
command-set-link = You set the link between { $a } and { $b } to { $latency } ms, with up to { $jitter } ms more.
command-create-topic = You asked for topic { $topic }, { $partitions ->
    [one] 1 partition
   *[other] { $partitions } partitions
} with { $replicas ->
    [one] 1 replica
   *[other] { $replicas } replicas
} each.
command-delete-topic = You asked for topic { $topic } to be deleted.
command-add-partitions = You asked for { $partitions ->
    [one] 1 partition
   *[other] { $partitions } partitions
} of topic { $topic }.
command-elect-leader = You asked for { $kind ->
    [unclean] an unclean election
   *[preferred] the preferred leader
} of { $partition }.
command-elect-all-leaders = You asked for { $kind ->
    [unclean] unclean elections wherever nobody leads.
   *[preferred] the preferred leader of every partition.
}
command-reassign = You asked for { $partition } to have the replicas { $replicas }.
command-cancel-reassignment = You called off the reassignment of { $partition }.
command-delete-topic-config = You took { $key } of { $topic } back to the default.
command-set-broker-config = You set { $key }={ $value } on broker { $broker }.
command-delete-broker-config = You took { $key } of broker { $broker } back.
command-set-default-config = You set { $key }={ $value } on all brokers.
command-delete-default-config = You took { $key } back on all brokers.
command-set-topic-config = You set { $key }={ $value } on { $topic }.
command-add-producer = You added producer { $name }, which writes to { $topic } with acks={ $acks }.
command-add-consumer = You added consumer { $name }, which reads { $topic }.
command-set-client = You set { $key }={ $value } on { $name }.
command-seek = You sent { $name } to offset { $to } of { $partitions }.
command-seek-beginning = You sent { $name } to the beginning of { $partitions }.
command-seek-end = You sent { $name } to the end of { $partitions }.
command-seek-time = You sent { $name } to the first record of { $partitions } at time { $to } or later.
command-pause-partitions = You had { $name } pause { $partitions }.
command-resume-partitions = You had { $name } resume { $partitions }.
command-send = You gave { $name } { $count ->
    [one] a record
   *[other] { $count } records
} to send.
command-connect = { $name }, a client outside, connected to b{ $broker }.
command-frame = { $name }, a client outside, sent { $count ->
    [one] a byte
   *[other] { $count } bytes
}.
command-tool-run = At { $name }: { $line }.
command-tool-input = Typed at { $name }: { $line }.
command-tool-eof = No more input at { $name }.
command-tool-interrupt = Ctrl-C at { $name }.
command-tool-write = The file { $name } was written.
command-disconnect = { $name }, a client outside, closed its connection.
command-power-loss = The power went on every host.
command-tear = The end of a file on the disk of { $target } was torn off.
command-disk-dies = { disk-of-target } died.
command-disk-works = { disk-of-target } works again.
command-disk-full = { disk-of-target } filled up.
command-disk-slow = { disk-of-target } slowed down: it takes { $span } ms for each append.
disk-of-target = { $part ->
    [yes] Log directory { $dir } of { $target }
   *[no] The disk of { $target }
}
command-disk-fault = Bytes on the disk of { $target } went bad.

## Timers and network

event-timer = { $purpose ->
    [ProduceTick] The next record of { $node } was due.
    [Linger] linger.ms of { $node } was over.
    [Backoff] { $Node } had waited before it tried again.
    [RequestTimeout] { $Node } got no answer within request.timeout.ms.
    [DeliveryTimeout] { $Node } gave up after delivery.timeout.ms.
    [FetchWait] { $Node } had held a fetch for its longest wait.
    [ProduceTimeout] { $Node } had held a produce request for its timeout.
    [DeleteRecordsTimeout] { $Node } had held a request to delete records for its timeout.
    [IsrCheck] { $Node } checked how far its followers lag.
    [HighWatermarkCheckpoint] { $Node } was due to save its high watermarks.
    [LogRetention] { $Node } looked through its logs for what may go.
    [LogFlush] { $Node } looked for records that waited too long for the disk.
    [LogCleaner] { $Node } looked for compacted logs that are dirty enough.
    [LogCheckpoint] { $Node } was due to save how far its logs are flushed.
    [FileDelete] { $Node } had kept deleted files for file.delete.delay.ms.
    [SessionTimeout] A session was silent for zookeeper.session.timeout.ms.
    [Ping] The heartbeat of { $node } was due.
    [ToolPause] { $Node } had waited for a while.
    [MemberSession] A member of a group of { $node } was silent for session.timeout.ms.
    [GroupRebalance] A rebalance had waited long enough for members to join.
    [GroupSync] Members had had time to ask for their assignment.
    [GroupLoad] { $Node } was due to read the groups that it coordinates.
    [OffsetExpiry] { $Node } looked for committed offsets that nobody needs.
    [Heartbeat] { $Node } was due to tell its coordinator that it lives.
    [AutoCommit] auto.commit.interval.ms of { $node } was over.
    [PollInterval] { $Node } had not polled for max.poll.interval.ms.
    [Processing] { $Node } was done with a record.
    [LeaderRebalance] The controller looked whether leaders are where they belong.
    [DiskWrite] The slow disk of { $node } had taken what waited for it.
   *[Boot] The host of { $node } was switched on.
}
event-message-sent = { $Node } sent { $to } this: { message-name }.
event-message-delivered = { $api ->
    [Unknown] Message reached { $node }.
   *[other] { $From }'s { message-name } reached { $to }.
}
event-message-dropped = { $api ->
    [Unknown] A message
   *[other] { $From }'s { message-name } to { $to }
} was lost: { $reason ->
    [commanded] you dropped it.
    [refused] nobody listens there.
    [cut] the link is cut.
    [chance] the link lost it.
   *[died] its connection died.
}
event-message-waiting = { $api ->
    [Unknown] A message waits in a socket of { $node }, which is frozen.
   *[other] { $From }'s { message-name } waits in a socket of { $to }, which is frozen.
}
event-link-held = The link between { $a } and { $b } holds back what is sent.
event-link-cut = The link between { $a } and { $b } is cut: connections break, and new ones are refused.
event-message-delayed = { $api ->
    [Unknown] A message
   *[other] { $From }'s { message-name } to { $to }
} arrives { $span } ms later than it would have.
event-message-duplicated = { $api ->
    [Unknown] A message
   *[other] { $From }'s { message-name } to { $to }
} arrives once more.
event-link-healed = The link between { $a } and { $b } flows again.
event-connection-lost = { $Node } noticed that its connection to { $peer } broke.

## Processes and disks

event-process-started = { $Node } runs.
event-process-killed = { $Node } is dead.
event-process-paused = { $Node } is frozen: it does nothing, and nobody hears from it.
event-process-resumed = { $Node } runs on, and finds what waited for it.
event-process-stopping = { $Node } begins to stop.
event-process-stopped = { $Node } has stopped.
event-process-failed = { $Node } failed: { $error }.
event-power-lost = { $Node } lost its power; what was not flushed is gone.
event-disk-died = { disk-of-node } died: what is written to it fails.
event-disk-works = { disk-of-node } works.
event-disk-full = { disk-of-node } is full.
event-disk-slow = { disk-of-node } is slow: it takes { $span } ms for the records of one partition.
disk-of-node = { $part ->
    [yes] Log directory { $dir } of { $node }
   *[no] The disk of { $node }
}
event-log-dir-failed = { $Node } gave up log directory { $dir }{ $count ->
    [0] .
    [one] , with the replica in it.
   *[other] , with the { $count } replicas in it.
}
event-replicas-offline = The controller learned that broker { $broker } has lost its replicas of { $partitions } with a log directory.
event-disk-rotted = { $count ->
    [one] One byte
   *[other] { $count } bytes
} of { $path } on { $node } changed at position { $position }.

## ZooKeeper

event-session-opened = { $Client } has a ZooKeeper session.
event-session-expired = ZooKeeper heard nothing from { $client }, so its session ended.
event-session-closed = { $Client } closed its ZooKeeper session.
event-znode-created = ZooKeeper made { $path }{ $ephemeral ->
    [yes] { "" }, which lives as long as its session.
   *[no] .
}
event-znode-changed = ZooKeeper wrote version { $version } of { $path }.
event-znode-deleted = ZooKeeper removed { $path }.

## Controller

event-controller-elected = Broker { $broker } is now the controller, in controller epoch { $epoch }.
event-controller-resigned = Broker { $broker } is no longer the controller.
event-broker-up = The controller saw broker { $broker } come.
event-broker-down = The controller saw broker { $broker } go.
event-topic-created = Topic { $topic } exists, with { $partitions ->
    [one] 1 partition
   *[other] { $partitions } partitions
}.
event-partitions-added = Topic { $topic } has { $partitions } partitions now.
event-replicas-moving = { $partition } is moving: its replicas are { $replicas }, of which { $adding } come and { $removing } go.
event-replicas-assigned = { $partition } has the replicas { $replicas } now.
event-topic-deleted = Topic { $topic } is gone.
event-admin-completed = The cluster did what { $call } asked for { $subject }.
event-admin-failed = { $call } for { $subject } failed with { $error }: { $message }.
event-broker-config-changed = { $Node } now runs with { $key }={ $value }.
event-topic-config-changed = { $Node } now applies { $key }={ $value } to { $topic }.
event-leader-elected = { $reason ->
    [NewPartition] Broker { $broker } now leads the new partition { $partition }: it is first in the assignment.
    [LeaderDied] Broker { $broker } now leads { $partition }, in epoch { $epoch }: the old leader died and it is first in the ISR { $isr }.
    [ControlledShutdown] Broker { $broker } now leads { $partition }, in epoch { $epoch }: the old leader is stopping.
    [ReplicaReturned] Broker { $broker } now leads { $partition }, in epoch { $epoch }: it came back and is in the ISR.
    [UncleanElection] Broker { $broker } now leads { $partition }, in epoch { $epoch }: nobody in the ISR lived and an unclean election was allowed, so what only they had is lost.
    [PreferredReplica] Broker { $broker } now leads { $partition }, in epoch { $epoch }: it is the preferred replica.
    [Reassignment] Broker { $broker } now leads { $partition }, in epoch { $epoch }: the replicas are changing and it is one of those to be.
    [LogDirFailed] Broker { $broker } now leads { $partition }, in epoch { $epoch }: the old leader lost the log directory of its replica, and it is first in the ISR { $isr }.
   *[FollowerLeft] Broker { $broker } still leads { $partition }; a follower left, so the ISR is { $isr }.
}
event-leader-none = { $partition } has no leader now: the one it had is gone, and its ISR is { $isr }.

## Replicas

event-replica-deleted = { $Node } deleted its replica of { $partition }, with all its records.
event-became-leader = { $Node } took over { $partition } as leader, from offset { $leo }.
event-became-follower = { $Node } follows broker { $broker } for { $partition }, in epoch { $epoch }.
event-became-follower-of-none = { $Node } has nobody to follow for { $partition }.
event-batch-appended = { $role ->
    [leader] Leader { $node } appended { batch-words } to { $partition }.
   *[follower] { $Node } copied { batch-words } of { $partition }.
}
batch-words = { $count ->
    [one] offset { $first }
   *[other] offsets { $first } to { $last }
}
event-segment-rolled = { $Node } began a new segment of { $partition } at offset { $base }.
event-high-watermark-advanced = { $role ->
    [leader] The high watermark of { $partition } rose from { $from } to { $to }: every replica in the ISR has the records below it.
   *[follower] { $Node } learned that the high watermark of { $partition } is { $to }.
}
event-segments-deleted = { $Node } deleted { $count ->
    [one] a segment
   *[other] { $count } segments
} ({ $bytes }) of { $partition }, { $reason ->
    [start] as it lies before the log start offset
    [size] as the log is larger than retention.bytes
   *[time] as its records are older than retention.ms
}; the log starts at { $start } now.
event-log-cleaned = { $Node } compacted { $partition } after it took in the keys of offsets { $from } to { $last }: { $after } of { $before } records stayed, { $left } of { $bytes }.
event-log-start-advanced = { $Node }, { $role ->
    [leader] the leader
   *[other] a follower
} of { $partition }, no longer shows what is before offset { $to }; its log started at { $from }.
event-high-watermarks-checkpointed = { $Node } saved the high watermarks of { $count ->
    [one] 1 partition
   *[other] { $count } partitions
} to disk.
event-isr-shrunk = Broker { $changed } left the ISR of { $partition }; it is now { $isr }.
event-isr-expanded = Broker { $changed } is back in the ISR of { $partition }; it is now { $isr }.
event-duplicate-refused = { $Node } has { batch-words } of { $partition } already: it answers with the offsets and appends nothing.
event-log-truncated = { $Node } cut offsets { $to } to { $last } from { $partition }: they are not in the leader's log.
event-follower-failed = { $Node } copies { $partition } no further until another election: its log ends at { $leo }, and the leader has a batch from { $found } on that does not fit there.
event-committed-records-lost = Committed records of { $partition } are lost for good: offsets { $from } to { $last } are not in the log of the new leader, { $node }.
event-invariant-broken = The checker found a broken rule: { $rule ->
    [HighWatermarkFell] the high watermark of leader { $node } in { $partition } went back from { $from } to { $to }.
    [HighWatermarkOutOfLog] the high watermark of { $node } in { $partition } lies outside of its log, which holds { $from } to { $to }.
    [UnderMinIsr] { $node } raised the high watermark of { $partition } to { $to } with fewer replicas in the ISR than min.insync.replicas.
    [CommittedNotInIsr] offsets { $from } to { $to } of { $partition } are committed, but not every replica in the ISR has them.
    [FollowerAhead] follower { $node } takes { $partition } for committed up to { $to }, though no leader committed more than { $from }.
    [PrefixesDiffer] replicas of { $partition } hold different records at offset { $from }.
    [AcknowledgedEarly] { $node } was told of success for its records in { $partition } up to { $to }, but only those below { $from } are where its acks wants them.
    [ReadUncommitted] { $node } read { $partition } up to { $to }, though only what lies below { $from } is committed.
    [CommittedLost] { $node } leads { $partition } without the committed records from { $from } to { $to }.
    [TruncatedBelowHighWatermark] { $node } cut { $partition } to { $from }, though it knew that all below { $to } is committed.
    [TwoLeaders] two brokers lead { $partition } in one epoch.
    [LeaderOutOfIsr] a replica outside of the ISR leads { $partition }.
    [EpochFell] an epoch went back.
    [OffsetsNotDense] { $node } appended to { $partition } at offset { $to } instead of { $from }.
    [SequenceRepeated] { $node } appended to { $partition }, from offset { $from }, what an idempotent producer had sent and had in the log already.
    [IndexAstray] an index entry of { $partition } on { $node } does not point at the batch with offset { $from }.
    [DeliveredTwice] two members of a group got the records { $from } to { $to } of { $partition } in one generation; { $node } is one of them.
    [CommittedBeyondHighWatermark] coordinator { $node } holds offset { $to } of { $partition } for a group, though only what lies below { $from } is committed.
    [CommittedUnprocessed] coordinator { $node } holds offset { $to } of { $partition } for a group that has worked on nothing from { $from } on.
    [AssignedTwice] { $node } coordinates a generation in which two members have { $partition }.
    [AssignedToNobody] { $node } coordinates a generation in which nobody has { $partition }.
   *[RottenAfterRecovery] recovery left a rotten batch in { $partition } on { $node }, at offset { $from }.
}
event-log-recovered = { $Node } opened its log of { $partition }, which ends at { $leo }.
event-log-recovered-cut = { $Node } found a bad end in its log of { $partition } and cut { $bytes }; it now ends at { $leo }.
event-produce-refused = { $Node } refused records for { $partition }: { $error }.

## Clients

event-metadata-updated = { $Node } learned the cluster anew: { $brokers } brokers, { $partitions } partitions.
event-records-queued = { $Node } queued { $count ->
    [one] { $named ->
        [no] a record
       *[other] record { $value }
    }
   *[other] { $count } records
} for { $partition }.
event-records-acked = { $Node } was told that { $count ->
    [one] its record is safe at offset { $base }
   *[other] its { $count } records are safe from offset { $base }
} of { $partition }.
event-records-sent-unacked = { $Node } counts { $count ->
    [one] a record
   *[other] { $count } records
} for { $partition } as sent; with acks=0 nobody answers.
event-records-failed = { $Node } gave up { $count ->
    [one] a record
   *[other] { $count } records
} for { $partition }: { $error }.
event-batch-retried = { $Node } will send { $count ->
    [one] a record
   *[other] { $count } records
} to { $partition } again: { $error }.
event-records-delivered = { $Node } read { $count ->
    [one] offset { $first }
   *[other] offsets { $first } to { $last }
} of { $partition }.
event-position-reset = The position of { $node } in { $partition } was out of range and moved from { $from } to { $to }.
event-position-sought = { $Node } reads { $partition } from offset { $to } on, not from { $from }.
event-partitions-paused = { $Node } wants no records of { $partitions } for now.
event-partitions-resumed = { $Node } wants records of { $partitions } again.
event-truncation-detected = { $Node } stood at { $position } of { $partition }, and the new leader’s log { $known ->
    [yes] parts from what it read at { $diverges }
   *[no] has none of what it read
}.
event-tool-printed = { $Node } printed: { $line }.
event-tool-options = { $Node } printed the options of { $line }.
event-tool-exited = { $Node } ended with code { $code }.
event-client-changed = { $Node } now runs with { $key }={ $value }.

## Groups

event-group-state-changed = { $state ->
    [PreparingRebalance] Group { $group } rebalances (PreparingRebalance, after generation { $generation }): the coordinator waits until { $members ->
        [one] its member has
       *[other] its { $members } members have
    } joined.
    [CompletingRebalance] Group { $group } is CompletingRebalance, generation { $generation }: { $members ->
        [one] 1 member has
       *[other] { $members } members have
    } joined, and the coordinator waits for the leader's assignment.
    [Stable] Group { $group } is Stable, generation { $generation }: { $members ->
        [one] its member gets its
       *[other] its { $members } members get their
    } partitions.
    [Empty] Group { $group } is Empty after generation { $generation }: nobody is in it, and its offsets are kept.
   *[other] Group { $group } is { $state } after generation { $generation }.
}
event-member-joined = { $member } joined group { $group }.
event-member-left = { $reason ->
    [session] { $member } is out of group { $group }: it was silent for session.timeout.ms.
    [rebalance] { $member } is out of group { $group }: it did not join again in time.
    [sync] { $member } is out of group { $group }: it never asked for its assignment.
   *[left] { $member } left group { $group }.
}
event-member-replaced = Static member { $before } of group { $group } came back as { $member } and keeps its place.
event-generation-started = Generation { $generation } of group { $group } begins with { $members ->
    [one] 1 member
   *[other] { $members } members
}; { $leader } assigns by { $protocol }.
event-generation-empty = Generation { $generation } of group { $group } has no members.
event-offset-committed = Group { $group } committed offset { $offset } of { $partition }.
event-offsets-removed = { $count ->
    [one] One committed offset
   *[other] { $count } committed offsets
} of group { $group } went.
event-groups-loaded = { $Node } read { $groups ->
    [one] 1 group
   *[other] { $groups } groups
} and { $offsets ->
    [one] 1 offset
   *[other] { $offsets } offsets
} from __consumer_offsets-{ $partition }, and coordinates them now.
event-groups-unloaded = { $Node } no longer coordinates the groups of __consumer_offsets-{ $partition }, of which { $groups ->
    [one] 1 was
   *[other] { $groups } were
} in memory.
event-partitions-assigned = { $Node } was given { $partitions } by group { $group }, generation { $generation }.
event-partitions-assigned-none = { $Node } was given no new partition by group { $group }, generation { $generation }.
event-partitions-revoked = { $Node } gave up { $partitions } of group { $group }.
event-partitions-lost = { $Node } lost { $partitions } of group { $group }: it was no longer a member.
event-commit-failed = A commit of { $node } to group { $group } failed: { $error }.
event-records-processed = { $Node } is done with { $count ->
    [one] offset { $first }
   *[other] offsets { $first } to { $last }
} of { $partition }.
event-poll-interval-exceeded = { $Node } had not polled for max.poll.interval.ms and leaves group { $group }.

story-left-out = ({ $count } more steps)
