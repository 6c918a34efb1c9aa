# Owned by the lesson.

## What a task still lacks

lesson-missing = Not yet: { $goal } does not hold; now: { $found }.
lesson-missing-send = Not yet: no record has been sent since the task opened.
lesson-missing-acks = Not yet: { $record } was sent with acks={ $found }; this task wants acks={ $acks }.
lesson-missing-ack = Not yet: the producer has not been told that { $record } is acked.
lesson-missing-no-ack = Not yet: { $record } has been acked; here it must not be.
lesson-missing-copies = Not yet: the log of the leader { $leader } holds { $record } ({ $count ->
    [one] one copy
   *[other] { $count } copies
}).
lesson-missing-leader = Not yet: nobody leads { $partition }. Who will?
lesson-missing-on-the-way = Not yet: a request that may carry { $record } is still on its way.
lesson-missing-election = Not yet: no clean election of { $partition } since the record was sent.
lesson-missing-refusal = Not yet: the producer has not been answered with error { $codes }.

## Predictions and help

lesson-answer-none = none
lesson-hint-command = Next command, with one argument left out: { $command }
lesson-par = { $commands } commands, par { $par }
