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
