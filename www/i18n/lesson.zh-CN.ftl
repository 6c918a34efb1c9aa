# Owned by the lesson.

## What a task still lacks

lesson-missing = 还没有：{ $goal } 不成立；现在是：{ $found }。
lesson-missing-send = 还没有：任务开始以来没有发送过消息。
lesson-missing-acks = 还没有：{ $record } 是用 acks={ $found } 发送的，本任务要求 acks={ $acks }。
lesson-missing-ack = 还没有：生产者还没有收到 { $record } 的确认。
lesson-missing-no-ack = 还没有：{ $record } 已被确认，而这里不允许它被确认。
lesson-missing-copies = 还没有：leader { $leader } 的日志里有 { $record }（{ $count } 份）。
lesson-missing-leader = 还没有：{ $partition } 没有 leader。会是谁呢？
lesson-missing-on-the-way = 还没有：可能带着 { $record } 的请求还在路上。
lesson-missing-election = 还没有：消息发送之后，{ $partition } 还没有发生干净的选举。
lesson-missing-refusal = 还没有：生产者还没有收到错误 { $codes }。

## Predictions and help

lesson-answer-none = 无
lesson-hint-command = 下一条命令，缺一个参数：{ $command }
lesson-par = 用了 { $commands } 条命令，标准为 { $par } 条
