# The page around the stage: bars, panels, dialogs. Short, present tense, the cause in the same breath.

## Everywhere

page-title = Highwater: a whole Kafka cluster in one browser tab
broker-name = Broker { $id }
list-more = { $n } more
none = none
yes = yes
no = no
close = Close
skip-to-stage = Skip to the stage
skip-to-events = Skip to the events
skip-to-panel = Skip to the lesson and inspector

## Top bar

top-playground = Playground
top-lesson = Lesson
top-share = Share link
top-language = 中文
top-language-label = 中文: switch to Chinese
top-theme-dark = Dark theme
top-theme-light = Light theme
top-panel = Lesson and inspector
top-open = Open a file or a link
top-help = Keys and help
saved-opening = Looking for saved work
saved-all = Saved in this browser
saved-some = Saving { $size }
saved-not = Not saved
saved-read-only = Read-only: open in another tab

## Caption

caption-start = Three brokers, one ZooKeeper. Press play and watch a record get committed.
caption-why = Why?
caption-label = What just happened

## Time bar

time-label = Time
time-play = Play
time-pause = Pause
time-step = Next event
time-back = Previous event
time-slower = Slower
time-faster = Faster
time-speed = Speed
time-playing = Playing
time-paused = Paused
time-skip-idle = Skip idle
time-position = Position in time
time-at = { $seconds } seconds
time-at-after = { $seconds } seconds, after: { $event }
time-undo = Undo
time-redo = Redo
time-branches = { $count } branches
branches-title = Branches
branches-what = A command in the past begins another future; the one before stays here.
branches-checkpoints = { $count } of at most { $most } checkpoints are kept for going back.
branch-name = Name
branch-unnamed = Branch { $number }
branch-span = { $from } s – { $to } s
branch-current = shown
branch-open = Show
branch-compare = Compare
branch-delete = Delete
compare-title = Both at { $seconds } s
compare-first = First difference
compare-nothing = nothing more
compare-state = leader { $leader }, HW { $hw }, end { $end }
compare-lost = Committed records lost
compare-failed = Records failed
compare-broken = Rules broken
mark-command = Command
mark-death = Dead
mark-birth = Start
mark-freeze = Frozen
mark-election = Election
mark-rebalance = Rebalance
mark-isr = ISR
mark-truncation = Cut
mark-loss = Loss
mark-broken = Broken rule
marks-title = Marks
marks-what = What mattered so far, newest first. Choose one to go there and see why.
rules-title = Rules and marks
rules-hold = { $count } rules hold
rules-broken = { $count ->
    [one] 1 broken rule
   *[other] { $count } broken rules
}
rules-what = The checker looks after every event. All rules hold.
rules-broken-what = { $count ->
    [one] A rule was broken.
   *[other] Rules were broken { $count } times.
} In a world without an old release's behaviour that is a fault of the engine: choose the mark to see its story, and share the link.
rules-list = The { $count } rules

## Tools and things to add

tools-label = Tools
tool-select = Select
tool-kill = Kill
tool-hold = Hold link
tool-cut = Cut link
tool-drop = Drop
tool-select-hint = Click something to look at it.
tool-kill-hint = Click a broker: its process ends at once.
tool-hold-hint = Click a link: what is sent on it waits until you heal it.
tool-cut-hint = Click a link: its connections break, and new ones are refused until you heal it.
tool-drop-hint = Click a message in flight: it never arrives.
add-label = Add
add-producer = Producer
add-consumer = Consumer
add-topic = Topic

## Panels and tabs

tabs-label = Parts of the page
tab-stage = Stage
tab-lesson = Lesson
tab-inspect = Inspector
tab-events = Events
panel-label = Lesson and inspector

## Events and why

events-title = Events
events-filter = Filter
events-level-headline = Headlines
events-level-fact = Steps
events-level-detail = Everything
events-empty = Nothing has happened yet.
why-title = Why?
why-of = Why { $time }
why-empty = Select an event to see what caused it, back to the command that began it.
why-begins-earlier = What came before has left the window of events.

## Inspector

inspect-empty = Select a partition, a broker, a client or a message to look inside.
inspect-gone = This no longer exists.
state-down = Not started
state-starting = Starting
state-running = Running
state-stopping = Stopping
state-paused = Frozen
state-dead = Dead
state-stopped = Stopped
state-since = since { $time }
under-replicated = Under-replicated
leaderless = No leader
at-min-isr = Below min.insync.replicas
role-leader = leader
role-follower = follower
role-offline = offline
column-broker = Broker
column-role = Role
column-leo = LEO
column-hw = HW
column-isr = ISR
isr-in = in
isr-out = out
partition-state = Leader epoch { $epoch }, state version { $version }
files-flushed = flushed
files-page-cache = page cache only
records-none = No records yet.
column-offset = Offset
column-epoch = Epoch
column-key = Key
column-value = Value
null-value = null
broker-controller = Controller
broker-leads = leads { $count ->
    [one] 1 partition
   *[other] { $count } partitions
}
broker-disk = On disk
broker-unflushed = Not flushed
broker-replicas = Replicas here
broker-links = Links to
link-state-flows = flows
link-state-held = held
link-state-cut = cut
client-topic = Topic
producer-acks = acks
producer-rate = Records a second
producer-queued = Queued
producer-in-flight = Requests in flight
producer-sent = Sent
producer-acked = Acknowledged
producer-failed = Failed
producer-send = Send a record
producer-send-label = Value of the record
consumer-received = Received
consumer-positions = Positions
consumer-newest = Newest values
consumer-partition = Partition
consumer-position = Next offset
consumer-paused = paused
steer-beginning = To the beginning
steer-beginning-label = { $name }: seek to the beginning of { $partition }
steer-end = To the end
steer-end-label = { $name }: seek to the end of { $partition }
steer-pause = Pause
steer-pause-label = { $name }: pause { $partition }
steer-resume = Resume
steer-resume-label = { $name }: resume { $partition }
zookeeper-title = ZooKeeper
zookeeper-znodes = Znodes
zookeeper-ephemeral = ephemeral
message-title = Message
message-from = From
message-to = To
message-records = Records
message-sent-at = Sent
message-arrives-at = Arrives
message-held = held
message-error = Error
topic-settings = Settings of { $topic }
action-kill = Kill
action-start = Start
action-stop = Stop
action-pause = Freeze
action-resume = Let run on
action-drop = Drop this message
action-hold = Hold the link
action-cut = Cut the link
action-duplicate = Send it twice
action-heal = Heal the link
link-title = Link { $a } – { $b }
link-flows = Messages flow.
link-held = Messages wait until the link is healed.
link-cut = Connections on it are broken, and new ones are refused until the link is healed.

## Dialogs

share-title = Share this moment
share-what = The link holds the settings, the seed and what was done so far. Whoever opens it sees the same events. Nothing is sent to a server.
share-link-label = Link
share-copy = Copy link
share-copied = Copied
share-select = Press Ctrl C to copy
share-file = Save as a file
share-script = As a script for a real Kafka
share-qr-label = The link as a QR code
share-too-long = This link is too long for chats and QR codes. Save the file and pass that on; it opens by a drop on the page.
open-title = Open
open-file = A scenario file, or drop one on the page
open-text = Or paste a link, a scenario, or the topics of a real cluster
open-what = What kafka-topics --describe prints becomes a cluster of the same shape.
open-do = Open
open-unreadable = The browser could not read it.
replace-title = What you did here is not saved
replace-what = Nothing is being saved in this tab. If you open something else, what you did here is gone, unless you save it as a file.
replace-save = Save as a file
replace-open = Open and let it go
replace-stay = Stay here
share-length = { $count } characters
producer-title = Add a producer
consumer-title = Add a consumer
topic-title = Create a topic
field-name = Name
field-topic = Topic
field-defaults = Defaults of
field-defaults-new = Kafka 3.9
field-defaults-old = Kafka 2.3 (acks=1, not idempotent)
field-acks = acks
field-acks-0 = 0: no answer
field-acks-1 = 1: the leader has it
field-acks-all = all: the ISR has it
field-rate = Records a second
field-linger = linger.ms
field-keys = Different keys (0: null keys)
field-from = Start at
field-from-beginning = the beginning of the log
field-from-end = the end of the log
field-group = Group (group.id)
field-strategy = partition.assignment.strategy
field-commit = Commits
field-work = Work per record, ms
field-instance = group.instance.id (may be empty)
group-field-hint = Members of one group share its partitions. Different groups each read everything.
group-field-alone = Without a group it reads all partitions and commits nothing.
strategy-default = range, cooperative-sticky (3.9's default)
strategy-range = range (eager)
strategy-roundrobin = roundrobin (eager)
strategy-sticky = sticky (eager)
strategy-cooperative = cooperative-sticky
commit-auto = by itself, every 5 s
commit-sync = after each poll, and waits
commit-async = after each poll, without waiting
commit-after = after each record
commit-before = before each record
commit-never = never
field-partitions = Partitions
field-replicas = Replicas of each
field-min-isr = min.insync.replicas
field-segment = segment.bytes
submit-add = Add
submit-create = Create
no-topic = There is no topic yet. Create one first.
help-title = Keys
help-space = play or pause
help-step = next event
help-back = previous event
help-speed = slower, faster
help-mark = next or previous mark
help-undo = undo, redo
help-message = next or previous message
help-second = a second back or on
help-branches = branches
help-tools = select, kill, hold, cut, drop
help-why = why did it happen
help-escape = back to select, close
help-this = this table
help-filter = filter the events
help-console = open or close the console
help-letters = Single letters work while no text field has the focus.
help-letters-on = Single keys are on

## Notices and sheets

notice-label = Notices
sheet-damaged-title = This link cannot be opened
sheet-damaged-file = This cannot be opened
notice-begin-anew = Begin anew
sheet-damaged-after = Nothing was loaded. What was open is as it was.
sheet-damaged-do = Ask for the link again, and copy it whole.
sheet-damaged-close = Go on

## Lessons and tasks

lessons-title = Lessons
lesson-background = Background
lesson-leave = To the playground
task-check = Check
task-hint = Hint
task-restart = Start over
task-next = Next task
task-show = Show the deciding event
task-done = Done in { $used ->
    [one] 1 command
   *[other] { $used } commands
}. The shortest known is { $par }.
guess-title = Guess before you play
guess-right = You were right: { $truth }.
guess-wrong = It was { $truth }.

## Saved work

kept-title = Saved work
kept-what = Kept by this browser and sent nowhere. Closing the page is a power cut: what is saved comes back.
kept-none = Nothing is saved yet.
kept-here = This session
kept-saved = saved, { $saved } written since it was opened
kept-pending = { $pending } on the way, { $saved } written
kept-space = Space
kept-of = { $used } of { $quota }
kept-clearing = When space runs out
kept-stays = the browser keeps it
kept-may-go = the browser may clear it
kept-persist = Keep it
kept-persist-yes = The browser will keep it until you delete it.
kept-persist-no = The browser did not agree. It agrees more often for pages that are used often or bookmarked.
kept-name = Name
kept-link = From a link
kept-own = Session { $number }
kept-open = Open
kept-open-now = open
kept-other-engine = made by another version
kept-about = { $seconds } s, { $commands ->
    [one] 1 command
   *[other] { $commands } commands
}{ $branches ->
    [one] { "" }
   *[other] , { $branches } branches
}
kept-delete = Delete
kept-delete-sure = Delete it for good?
kept-delete-do = Delete
kept-delete-not = Keep
kept-delete-all = Delete everything
kept-delete-all-sure = Delete all saved work and progress for good?
kept-deleted = It is deleted.
kept-deleted-all = Everything is deleted.
kept-new = New session
kept-export = Save all as a file
kept-import = Take in a file
kept-exported = All saved work is in the file.
kept-imported = { $taken ->
    [one] 1 session was taken in
   *[other] { $taken } sessions were taken in
}, { $same } of the file were here already.
kept-held = “{ $name }” is open in another tab. Close it there first; nothing was deleted.
kept-not-a-file = This is no file of saved work. Nothing was taken in.
kept-later-file = A later version of Highwater wrote this file. Reload the page and try again.
kept-damaged-file = The file is damaged. Nothing was taken in.
kept-no-store = This browser keeps nothing here.
