# The inspector in depth: the inside of a replica, of ZooKeeper, of the controller.

## Parts and pages

part-label = Parts
part-segments = Segments
part-records = Records
part-epochs = Epochs
part-files = Files
part-broker = Broker
page-first = First page
page-back = Page before
page-forward = Next page
page-last = Last page
page-range = { $from }–{ $to } of { $total }

## Replica

replica-on = Replica on broker { $broker }
replica-none = This broker holds no log of it yet.
segment-active = active
segment-age = Newest { $age } old.
segment-empty = No records yet.
segment-holds = { $count ->
    [one] 1 record
   *[other] { $count } records
}, { $index } index and { $times } time index entries.
column-position = Position
column-time = Time (UTC)
column-starts-at = Starts at
column-producer-id = Producer id
column-sequence = Sequence
index-empty = No entries yet: one comes each index.interval.bytes.
batch-line = Batch { $base }–{ $last }, epoch { $epoch }, { $size }
batch-producer = producer { $id }, epoch { $epoch }, from sequence { $sequence }
batch-control = control
record-headers = { $count ->
    [one] 1 header
   *[other] { $count } headers
}
epochs-what = Which leader wrote which offsets. A follower asks with these where its log must end.
producers-title = Producers remembered
log-start = Log start offset
recovery-point = Recovery point
recovery-point-on-disk = … in its checkpoint file
high-watermark-on-disk = HW in its checkpoint file
checkpoint-none = not written
flip = Flip a bit
flip-label = Flip a bit in the middle of { $file }
tear = Tear the tail
tear-while-running = Kill or stop the broker first: a write is torn when its process dies
tear-label = Tear the last write of { $file }
power = Power loss everywhere
power-hint = Every process ends, and every file keeps only what was flushed.

## ZooKeeper

zookeeper-sessions = Sessions
zookeeper-controller = Broker { $id } is the controller: look into it
zookeeper-owner = Dies with session { $session } of { $host }
zookeeper-data-watch = Changes are told to { $hosts }
zookeeper-child-watch = New and gone children are told to { $hosts }
column-session = Session
column-client = Client
column-timeout = Timeout
column-left = Left

## Controller

controller-epoch = Controller epoch
controller-live = Registered brokers
controller-broker = { $id } (epoch { $epoch })
controller-stopping = Stopping
controller-work = Work
controller-idle = none
controller-working = waits for ZooKeeper
controller-unanswered = Not answered by broker { $id }
controller-believes = What it believes
controller-nothing = knows nothing yet
controller-differs = broker { $id } differs

## Links and messages

link-latency = Delay, one way
link-loss = Messages lost
link-duplication = Messages that arrive twice
link-no-loss = Links to ZooKeeper lose nothing: its sessions rely on TCP.
message-delay = Arrive later by
message-link = Its link

## Admin

partition-title = Elections and replicas of { $partition }
elect-preferred = Elect the preferred leader
elect-unclean = Elect an unclean leader
reassign = Replicas on brokers
reassign-with = Add a replica on broker { $id }
reassign-without = Remove the replica on broker { $id }
reassign-cancel = Give up a move
topic-add-partition = Add a partition
topic-delete = Delete the topic
setting-key = Setting
setting-value = Value
setting-set = Set
setting-take-back = Take { $key } back to its default
broker-settings = Dynamic settings

## Disks and splits

disk-state = The disk
disk-of-dir = Log directory { $dir }
disk-works = works
disk-slow = slow (200 ms)
disk-very-slow = very slow (5 s)
disk-full = full
disk-dead = dead
split-title = Split the network
split-side = One side (the other is everybody else)
split-heal = Heal between them
split-hold = Hold between them
split-cut = Cut between them

## Old behaviour

old-behaviour = Old behaviour.
old-truncation = Followers cut their logs to their own high watermark, as Kafka did up to 0.10.2. Committed records may get lost.
old-truncation-switch = Followers cut their logs to the high watermark, as Kafka did up to 0.10.2. The world starts over with the same commands.

## Rules that the checker watches

rule = { $rule ->
    [HighWatermarkFell] A leader's high watermark never goes back within its epoch.
    [HighWatermarkOutOfLog] A high watermark lies within its log.
    [UnderMinIsr] The high watermark stands while the ISR is smaller than min.insync.replicas.
    [CommittedNotInIsr] Every replica in the ISR has all that is committed.
    [FollowerAhead] A follower takes nothing for committed that no leader committed.
    [PrefixesDiffer] Committed records are the same on all replicas.
    [AcknowledgedEarly] With acks=all a producer is told of success after the commit.
    [CommittedLost] A new leader has all that is committed, unless an unclean election or lost disks say otherwise.
    [TruncatedBelowHighWatermark] Nothing below the high watermark is cut without an event that says so.
    [TwoLeaders] One leader in an epoch.
    [LeaderOutOfIsr] A leader comes from the ISR, unless a setting allows another.
    [EpochFell] Epochs only grow.
    [OffsetsNotDense] Offsets follow one another, except where compaction or control batches say so.
    [SequenceRepeated] A leader appends each sequence of an idempotent producer to its log once.
    [IndexAstray] Index entries point at the starts of batches.
    [DeliveredTwice] In one generation of a group, a record goes to one member.
    [CommittedBeyondHighWatermark] A group's committed offset never passes the high watermark.
    [CommittedUnprocessed] A group that commits after its work commits only what it has worked on.
    [AssignedTwice] In one generation of a group, a partition is with one member.
    [AssignedToNobody] In one generation of a group, every partition is with a member.
   *[RottenAfterRecovery] After recovery, no batch fails its CRC.
}

## Groups

group-part-members = Members
group-part-offsets = Offsets
group-part-rebalances = Rebalances
group-add-member = Add a member
group-coordinator = Coordinator
group-no-coordinator = nobody now
group-generation-name = Generation
group-protocol = Assignor
group-member = Member
group-does = Does
group-partitions = Partitions
group-empty-long = Nobody is in the group. What it committed is kept for offsets.retention.minutes.
group-leader = leader
group-votes = Votes for an assignor
group-votes-what = Each member votes for the first of its list that all members have.
group-known = As the coordinator has them
group-member-id = Member id
group-assignors = Assignors
group-session-timeout = session.timeout.ms
group-poll-interval = max.poll.interval.ms
group-owner = Reader
group-committed = Committed
group-lag-what = Lag is the high watermark less what is committed, as kafka-consumer-groups tells it.
group-nothing-committed = Nothing is committed yet.
group-kept = Committed offsets are kept while members read the topic.
group-expires = The first of them expires in { $minutes } min.
group-kept-in = The group is kept in
group-no-rebalances = No rebalance yet.
group-rebalances-what = A partition is paused from when its reader gives it up, or dies, until somebody has it again.
group-of = Member of group
rebalance-took = Generation { $generation }, { $members ->
    [one] 1 member
   *[other] { $members } members
}: took { $took }
rebalance-goes-on = Under way for { $took }
rebalance-joined = All had joined after { $span }.
rebalance-no-pause = No partition was without a reader.
rebalance-pause = { $count } of { $all } partitions had no reader, for { $pause } at most.
rebalance-members = Read nothing: { $members }.
rebalance-go = Go to its beginning

## Producers and consumers

accumulator-title = Accumulator
accumulator-empty = No batch waits.
accumulator-memory = buffer.memory: { $used } of { $all }
accumulator-blocked = { $count ->
    [one] 1 send has
   *[other] { $count } sends have
} not returned: no memory, or the topic is unknown.
batch-bytes = of batch.size
batch-leaves = Leaves
batch-lingers = in { $span }
batch-retries-in = again in { $span }
requests-title = Requests in flight
requests-none = None.
request-to = To broker { $id }, { $span } left
request-for-id = for a producer id
request-batch = { $partition }: { $records ->
    [one] 1 record
   *[other] { $records } records
}, { $bytes }, attempt { $attempt }
batch-sequence = from sequence { $sequence }
idempotence-title = Idempotence
idempotence-off = Off: retries may write twice.
idempotence-asks = Asks a broker for a producer id.
sequence-next = Next sequence
sequence-acked = Last acked
partitioner-sticks = Records without a key go to partition { $partition } now, until about batch.size bytes have.
member-processed = Records done
member-todo = Polled, not done
member-heartbeat = Next heartbeat in
member-polls = Has to poll in
member-in-poll = it is in poll
member-commit = Next auto commit in
member-nothing = It reads no partition.
member-buffered = Fetched
fetches-title = Fetch sessions
fetches-none = None yet.
fetch-session = Session
fetch-under-way = Under way
