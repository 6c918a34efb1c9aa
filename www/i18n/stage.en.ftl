# The stage: words on the picture, its controls, and its twin of tables.

stage-label = Cluster
stage-empty = No brokers yet
stage-broker = Broker { $id }
stage-zookeeper = ZooKeeper
stage-controller = Controller
stage-state-down = Not started
stage-state-starting = Starting
stage-state-running = Running
stage-state-stopping = Stopping
stage-state-paused = Frozen
stage-state-dead = Dead
stage-state-stopped = Stopped
stage-dead-for = Dead { $seconds } s
stage-in-no-isr = In no ISR
stage-leader = Leader
stage-epoch = epoch { $epoch }
stage-follower-in = Follower, in ISR
stage-follower-out = Follower, out of ISR
stage-offline-in = Still in ISR
stage-in-isr-short = in ISR
stage-out-short = out
stage-hw = HW { $offset }
stage-high-watermark = high watermark { $offset }
stage-leo = LEO
stage-acked = { $count } acked
stage-failed = { $count } failed
stage-in-flight = { $count } in flight
stage-received = { $count } received
stage-lag = lag { $lag }
stage-position = position { $position }, lag { $lag }

## Controls

stage-start = Start
stage-kill = Kill
stage-start-label = Start broker { $id }
stage-stop-label = Stop broker { $id } cleanly
stage-kill-label = Kill broker { $id }
stage-pause-label = Freeze broker { $id }
stage-resume-label = Let broker { $id } run on
stage-send = Send
stage-send-label = Send one record from { $name }
stage-acks-label = acks of { $name }
stage-acks-hint = When a send counts as done: 0 at once, 1 when the leader has it, all when the ISR has it
stage-broker-label = Broker { $id }, { $state }
stage-replica-label = { $partition } on broker { $broker }, { $role }, LEO { $leo }, HW { $hw }
stage-producer-label = Producer { $name }
stage-consumer-label = Consumer { $name }

## Key

stage-key-produce = Produce
stage-key-ack = Ack
stage-key-error = Refused
stage-key-replica-fetch = Replica fetch
stage-key-replica-records = to a follower
stage-key-fetch = Consumer fetch
stage-key-records = Records
stage-key-heartbeat = Heartbeat
stage-key-control = Control
stage-key-burst = Lost on the way
stage-key-committed = Committed
stage-key-uncommitted = Not yet
stage-key-lost = Lost
stage-key-doomed = Will be cut

## Tables

stage-tables = The cluster as tables
stage-table-brokers = Brokers
stage-table-topic = Partitions of { $topic }
stage-table-links = Links between servers
stage-table-clients = Producers and consumers
stage-table-messages = Messages in flight: { $count }
stage-col-broker = Broker
stage-col-state = State
stage-col-link = Link
stage-col-leads = Leads
stage-col-disk = On disk
stage-col-unflushed = Not flushed
stage-col-partition = Partition
stage-col-epoch = Epoch
stage-col-isr = ISR
stage-col-hw = HW
stage-col-leo = LEO on broker { $id }
stage-col-client = Client
stage-col-does = Progress
stage-yes = yes
stage-no = no
stage-nobody = nobody
stage-producer-does = acks={ $acks }, { $queued } waiting, { $acked } acked, { $failed } failed
stage-consumer-does = { $received } received, positions { $positions }
stage-tool-client = a client tool
stage-drop = Drop
stage-more = and { $count } more
stage-message = { $api } { $response ->
    [yes] response
   *[no] request
}{ $records ->
    [0] { "" }
    [one] , 1 record
   *[other] , { $records } records
}, { $from } to { $to }
stage-message-arrives = arrives in { $ms } ms
stage-message-held = held on its link
stage-message-sentence = { $what }, { $when }

## Groups

stage-coordinator = Coordinator
stage-fold-leads = leads { $count } of { $all }
stage-key-join = Join, sync
stage-key-commit = Offset commit
group-generation = gen { $generation }
group-unknown = No coordinator
group-empty = No members
group-step-revoke = Revoke
group-step-join = Join
group-step-sync = Sync
group-step-assign = Assign
group-took = Took { $took }
group-no-pause = No pause, 0/{ $all }
group-paused = Paused { $pause }, { $count }/{ $all }
group-lag = Lag
group-lag-all = Lag { $lag }, all partitions
group-label = Group { $name }, { $state }, { $members ->
    [one] 1 member
   *[other] { $members } members
}, lag { $lag }
member-label = { $name } of group { $group }: { $doing }{ $count ->
    [0] , no partitions
   *[other] , partitions { $partitions }
}
member-waits-join = waits in join
member-assigns = leads: assigns
member-waits-sync = waits in sync
member-works = works on { $partition } @ { $offset }
member-searches = seeks coordinator
member-late = still works: late
member-revokes = gives up, commits
member-joins = asks to join
member-syncs = asks for its part
member-reads = reads
member-commits = waits for commit
member-idle = idle, no partition
member-closes = leaves
member-outside = outside client
group-table = Group { $name }: { $state }, generation { $generation }.
group-table-partitions = Where group { $name } is
group-open = Look into the group
group-none = none
