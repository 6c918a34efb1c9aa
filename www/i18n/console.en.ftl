# The console: tools at terminals. What the tools print is Kafka's own and is in no file here.

console-title = Console
tab-console = Console
skip-to-console = Skip to the console
console-open = Open the console
console-close = Close the console
console-completes = completes
console-history = history
console-terminals = Terminals
console-terminal = Terminal { $name }
console-terminal-running = Terminal { $name }: { $tool } runs
console-new = New terminal
console-machine = Machine
console-machine-client = client
console-screen = What { $name } shows
console-line = Command line of { $name }
console-input = Input for { $tool }
console-how = Tab completes; on an empty line, or after Esc, it goes on to the next control. Up and Down walk through the history. Ctrl-C ends a tool, Ctrl-D ends its input, Ctrl-L clears the screen.
console-empty-line = Kafka's command-line tools run here, inside this world. Tab completes tools, flags, topics, groups and addresses.
console-suggestions = { $count ->
    [one] 1 suggestion
   *[other] { $count } suggestions
}
console-no-suggestion = Nothing fits here.
console-older = Older lines are not kept.
console-exit = Exit code { $code }
console-killed = Killed
console-copy = Copy
console-copied = Copied
console-ends = Ctrl-C or Esc ends it
console-ends-input = Ctrl-C or Esc ends it, Ctrl-D ends its input
console-waits = Time stands still. { $tool } waits for it to pass.
console-slow = { $tool } runs, and time passes at { $speed }.
console-real-time = Real time
console-play = Let time pass
console-step = Next event for the tool
console-runs = { $tool } runs
console-ahead = { $count ->
    [one] 1 line waits until the tool has ended.
   *[other] { $count } lines wait until the tool has ended.
}
console-open-quote = A quote is not closed.
console-no-operator = There is no “{ $what }” here: run one tool a line, and type its input.
console-no-host = There is no machine { $what }: b1, b2, … are those with a broker.
console-key-complete = Tab: complete
console-key-interrupt = Ctrl-C
console-key-end = Ctrl-D
console-key-older = Older line
console-key-newer = Newer line

## What a suggestion is

complete-tool = tool
complete-builtin = console
complete-flag = flag
complete-flag-with-argument = flag with a value
complete-topic = topic
complete-group = group
complete-address = address
complete-broker = broker
complete-host = machine
complete-partition = partition
complete-setting = setting
complete-file = file
complete-word = value

## What to try, beside Kafka's own answer

hint-tool = There is no { $typed }. Try { $near }
hint-no-tool = There is no { $typed }. Press Tab on an empty line's first letters, or type help, to see the tools.
hint-flag = { $tool } has no --{ $typed }. Try --{ $near }
hint-no-flag = { $tool } has no --{ $typed }. { $tool } --help lists what it has.
hint-zookeeper = Kafka 3.0 removed --zookeeper: tools ask a broker. Try --bootstrap-server { $address }
hint-dash = { $typed } begins with a long dash. A flag begins with two hyphens: --
hint-server = The tool does not know where the cluster is. Add --bootstrap-server { $address }
hint-address = No broker listens at { $typed }. Try { $address }
hint-scram = Users' credentials are not modelled here: nobody is asked for a password.
hint-quota = The quota is kept and told, but not enforced here: nobody is slowed down.
hint-topic = There is no topic { $typed }. Try { $near }
