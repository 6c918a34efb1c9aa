# What was refused, and what the store says.

## Notices of the session

notice-command-refused = Nothing changed: { $error }
notice-command-left-out = One saved command could not be carried out and was left out: { $error }
notice-power-returned = The page was closed, so the cluster lost its power. It is recovering from what was stored{ $shortened ->
    [0] { "" }
   *[other] ; unsaved bytes of { $shortened } files are gone
}{ $damaged ->
    [0] .
   *[other] ; { $damaged } stored places are damaged.
}
notice-engine-changed = What was saved comes from engine { $saved }; this is engine { $current }. Its files are kept and a new session begins.
notice-saved-unreadable = What was saved cannot be read. A new session begins.
notice-memory-unavailable = Not saved: this browser offers no storage here. Everything goes on in memory.
notice-memory-quota = Not saved: the browser gave no space. Everything goes on in memory.
notice-memory-blocked = Not saved: another tab holds an older version open. Close it and reload.
notice-memory-superseded = No longer saved: a later version of this page has taken over what is saved here. Reload to go on with it.
notice-memory-failed = Not saved: { $error }. Everything goes on in memory.
notice-as-left = You worked on this link before. It is shown as you left it.
notice-imported = Read from a real cluster. Brokers that have another id here: { $renamed }. Settings that are not modelled: { $settings }. Partitions that another replica leads here, the first in sync: { $partitions }.
notice-last-unsaved = The last moments of the session that you left could not be saved. What was saved of it before is kept.
notice-read-only = This session is open in another tab. What you do here is not saved.

## Commands

refused-no-such-node = there is no { $node }.
refused-no-such-client = there is no client named { $name }.
refused-name-taken = the name { $name } is taken.
refused-already-running = { $node } is already running.
refused-not-running = { $node } is not running.
refused-paused = { $node } is frozen: let it run on first.
refused-not-paused = { $node } is not frozen.
refused-no-such-log-dir = { $node } has no log directory { $dir }.
refused-not-assigned = { $name } does not have { $partition }.
refused-not-a-broker = Only the disk of a broker can be full or slow; { $node } is none.
refused-same-host = a link needs two hosts.
refused-bad-split = A split needs two sides or more, and no host in two of them.
refused-zookeeper-link = Links to ZooKeeper lose no single message.
refused-no-such-message = that message is no longer in flight.
refused-wrong-program = { $name } is not a { $wanted }.
refused-out-of-range = { $what } must be from { $least } to { $most }.
refused-config-unknown = { $key } is not a setting that is modelled here.
refused-config-number = { $key } must be a whole number, not { $value }.
refused-config-boolean = { $key } must be true or false, not { $value }.

## Links

error-link-version = It begins with “{ $found }”; a link of Highwater begins with “v1.”.
error-link-empty = Nothing follows “v1.”.
error-link-too-long = It has { $found } characters; at most { $most } are read.
error-link-character = Character { $at }, “{ $found }”, does not belong in a link.
error-link-escape = At character { $at }, “~” must be followed by two hexadecimal digits.
error-link-truncated = It is cut off: { $found } characters of base64 are no whole number of bytes.
error-link-inflate = Its packed text is damaged after { $read } of { $bytes } bytes.
error-link-too-large = Its packed text is larger than { $most } bytes.
error-link-trailing = { $count } bytes stand behind the end of its packed text.
error-link-utf8 = Byte { $at } of its text is not UTF-8.
error-link-no-engine = It does not say which engine made it (engine=…).
error-link-text = Its text is not a scenario.

## Scenario text

error-scenario-at = Line { $line }, column { $column }:
error-scenario-wanted = { $wanted ->
    [statement] a statement
    [time] a time such as 5s or 20ms
    [number] a whole number
    [brokers] a number of brokers
    [partitions] a number of partitions
    [replicas] a number of replicas
    [broker] a broker such as b1
    [host] a host: zk, a broker or a client
    [pair] two hosts such as b1-b3
    [topic] a topic
    [group] a consumer group such as billing
    [partition] a partition such as orders-0
    [client] a client
    [tool] a tool such as kafka-topics
    [word] a word
    [setting] a setting
    [value] a value
    [api] an API such as Fetch
    [record] a record such as key:value
    [file] a file such as b1/orders-0/x.log
    [bytes] bytes in hexadecimal
    [digest] a digest of 32 hexadecimal digits
    [event] the number of an event
    [predicate] something to expect, such as orders-0.leader = b1
    [field] a field
    [event-kind] a kind of event such as LeaderElected
    [comparison] one of = < <= > >=
    [moment] a named moment
    [switch] on or off
    [disk-state] on, off, full or slow
    [closing-quote] a closing quotation mark
    [end-of-line] the end of the line
   *[other] “{ $wanted }”
}
error-scenario-expected = expected { error-scenario-wanted }, found “{ $found }”.
error-scenario-expected-more = expected { error-scenario-wanted }, but the line ends here.
error-scenario-unknown = “{ $found }” is not known as { error-scenario-wanted }.
error-scenario-range = “{ $found }” is not { error-scenario-wanted } from { $least } to { $most }.
error-scenario-twice = “{ $found }” is already given.
error-scenario-same-host = A link goes between two hosts; “{ $found }” stands on both ends.
error-scenario-missing = “{ $found }” is missing.
error-scenario-too-long = The text has { $found } bytes; at most { $most } are read.
error-scenario-too-many-commands = There are more than { $most } commands.
error-scenario-setting-unknown = { $setting } is not a setting that is modelled here.
error-scenario-setting-number = { $setting } must be a whole number, not “{ $found }”.
error-scenario-setting-boolean = { $setting } must be true or false, not “{ $found }”.
error-scenario-setting-range = { $setting } must be from { $least } to { $most }, not { $found }.
error-scenario-suggestion = Did you mean “{ $word }”?
notice-other-events = This link was made by another version: what happens here differs from what its maker saw.
error-scenario-setting-word = { $setting } must be one of { $allowed }, not “{ $found }”.
refused-config-one-of = { $key } must be one of { $allowed }, not { $value }.
