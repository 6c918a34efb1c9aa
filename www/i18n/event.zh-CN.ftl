# 发生了什么，每种事件一句话。

## 消息的名称

message-name = { $response ->
    [yes] { message-answer }
   *[no] { message-request }
}{ $records ->
    [0] { "" }
   *[other] （{ $records } 条记录）
}{ $error ->
    [NONE] { "" }
   *[other] （{ $error }）
}
message-request = { $api ->
    [ZkSession] 会话请求
    [ZkPing] 心跳
    [ZkRead] 读请求
    [ZkWrite] 写请求
    [ZkWatch] watch 通知
    [Unknown] 消息
   *[other] { $api } 请求
}
message-answer = { $api ->
    [ZkSession] 会话应答
    [ZkPing] 心跳应答
    [ZkRead] 读应答
    [ZkWrite] 写应答
    [ZkWatch] watch 通知
    [Unknown] 消息
   *[other] { $api } 响应
}

## 命令

command-start = 你启动了 { $target }。
command-start-again = 恢复供电后，{ $target } 重新启动。
command-kill = 你杀掉了 { $target }。
command-stop = 你要求 { $target } 停止。
command-pause = 你冻结了 { $target }。
command-resume = 你让 { $target } 继续运行。
command-hold = 你卡住了 { $a } 与 { $b } 之间的链路。
command-heal = 你恢复了 { $a } 与 { $b } 之间的链路。
command-cut = 你切断了 { $a } 与 { $b } 之间的链路。
command-split = { $state ->
    [held] 你卡住了这几边之间的链路：{ $sides }。
    [cut] 你切断了这几边之间的链路：{ $sides }。
   *[healed] 你恢复了这几边之间的链路：{ $sides }。
}
command-set-loss = 从现在起，{ $a } 与 { $b } 之间每一百万条消息会丢 { $loss } 条，重复 { $dup } 条。
command-delay = 你让 { $from } 发给 { $to } 的 { message-name } 晚到 { $span } ms。
command-duplicate = 你让 { $from } 发给 { $to } 的 { message-name } 在 { $span } ms 后再到一次。
command-drop = 你丢弃了 { $from } 发给 { $to } 的 { message-name }。
command-set-link = 你把 { $a } 与 { $b } 之间的链路设为 { $latency } ms，最多再加 { $jitter } ms。
command-create-topic = 你要求创建主题 { $topic }，{ $partitions } 个分区，每个 { $replicas } 个副本。
command-delete-topic = 你要求删除主题 { $topic }。
command-add-partitions = 你要求主题 { $topic } 共有 { $partitions } 个分区。
command-elect-leader = 你要求 { $kind ->
    [unclean] 为 { $partition } 做 unclean 选举。
   *[preferred] { $partition } 由首选副本当 leader。
}
command-elect-all-leaders = 你要求 { $kind ->
    [unclean] 为所有没有 leader 的分区做 unclean 选举。
   *[preferred] 所有分区都由首选副本当 leader。
}
command-reassign = 你要求 { $partition } 的副本改为 { $replicas }。
command-cancel-reassignment = 你取消了 { $partition } 的重分配。
command-delete-topic-config = 你把 { $topic } 的 { $key } 恢复为默认值。
command-set-broker-config = 你把 broker { $broker } 的 { $key } 设为 { $value }。
command-delete-broker-config = 你撤销了 broker { $broker } 的 { $key }。
command-set-default-config = 你把所有 broker 的 { $key } 设为 { $value }。
command-delete-default-config = 你撤销了所有 broker 的 { $key }。
command-set-topic-config = 你把 { $topic } 的 { $key } 设为 { $value }。
command-add-producer = 你添加了生产者 { $name }，它以 acks={ $acks } 写入 { $topic }。
command-add-consumer = 你添加了消费者 { $name }，它读取 { $topic }。
command-set-client = 你把 { $name } 的 { $key } 设为 { $value }。
command-seek = 你让 { $name } 跳到 { $partitions } 的 offset { $to }。
command-seek-beginning = 你让 { $name } 跳到 { $partitions } 的开头。
command-seek-end = 你让 { $name } 跳到 { $partitions } 的末尾。
command-seek-time = 你让 { $name } 跳到 { $partitions } 中时间不早于 { $to } 的第一条记录。
command-pause-partitions = 你让 { $name } 暂停消费 { $partitions }。
command-resume-partitions = 你让 { $name } 恢复消费 { $partitions }。
command-send = 你让 { $name } 发送 { $count } 条记录。
command-connect = 外部客户端 { $name } 连接到 b{ $broker }。
command-frame = 外部客户端 { $name } 发送了 { $count } 字节。
command-tool-run = 在 { $name } 运行：{ $line }。
command-tool-input = 在 { $name } 输入：{ $line }。
command-tool-eof = { $name } 的输入结束。
command-tool-interrupt = 在 { $name } 按下 Ctrl-C。
command-tool-write = 写入文件 { $name }。
command-disconnect = 外部客户端 { $name } 关闭了连接。
command-power-loss = 所有主机断电。
command-tear = { $target } 磁盘上一个文件的末尾被截断。
command-disk-dies = { disk-of-target }坏了。
command-disk-works = { disk-of-target }恢复了。
command-disk-full = { disk-of-target }写满了。
command-disk-slow = { disk-of-target }变慢了：每次追加要 { $span } ms。
disk-of-target = { $part ->
    [yes] { $target } 的日志目录 { $dir } 
   *[no] { $target } 的磁盘
}
command-disk-fault = { $target } 的磁盘上有字节损坏。

## 定时器与网络

event-timer = { $purpose ->
    [ProduceTick] { $node } 该发下一条记录了。
    [Linger] { $node } 的 linger.ms 到了。
    [Backoff] { $node } 等够了重试间隔。
    [RequestTimeout] { $node } 在 request.timeout.ms 内没有等到回复。
    [DeliveryTimeout] { $node } 到了 delivery.timeout.ms，不再重试。
    [FetchWait] { $node } 挂起一个拉取请求到了最长时间。
    [ProduceTimeout] { $node } 挂起一个写入请求到了超时。
    [DeleteRecordsTimeout] { $node } 挂起一个删除记录的请求到了超时。
    [IsrCheck] { $node } 检查了 follower 落后多少。
    [HighWatermarkCheckpoint] { $node } 该保存高水位了。
    [LogRetention] { $node } 检查了日志里哪些可以删除。
    [LogFlush] { $node } 检查了哪些记录等刷盘太久。
    [LogCleaner] { $node } 检查了哪些压实日志足够脏。
    [LogCheckpoint] { $node } 该保存日志刷盘到哪里了。
    [FileDelete] { $node } 已把删除的文件保留了 file.delete.delay.ms。
    [SessionTimeout] 有一个会话沉默了 zookeeper.session.timeout.ms 那么久。
    [Ping] { $node } 该发心跳了。
    [ToolPause] { $node } 等待了片刻。
    [MemberSession] { $node } 的一个组成员沉默了 session.timeout.ms 那么久。
    [GroupRebalance] 一次再均衡等成员加入等够了时间。
    [GroupSync] 成员有过足够的时间来取分配结果。
    [GroupLoad] { $node } 该读取它所协调的消费者组了。
    [OffsetExpiry] { $node } 检查了哪些已提交的 offset 不再有人需要。
    [Heartbeat] { $node } 该向协调者报告自己还活着了。
    [AutoCommit] { $node } 的 auto.commit.interval.ms 到了。
    [PollInterval] { $node } 已有 max.poll.interval.ms 没有 poll。
    [Processing] { $node } 处理完一条记录。
    [LeaderRebalance] 控制器检查 leader 是否都在该在的地方。
    [DiskWrite] { $node } 的慢磁盘写完了排队的数据。
   *[Boot] { $node } 的主机开机。
}
event-message-sent = { $node } 向 { $to } 发出 { message-name }。
event-message-delivered = { $api ->
    [Unknown] 消息到达 { $node }。
   *[other] { $from } 的 { message-name } 到达 { $to }。
}
event-message-dropped = { $api ->
    [Unknown] 一条消息
   *[other] { $from } 发给 { $to } 的 { message-name }
}丢了：{ $reason ->
    [commanded] 是你丢弃的。
    [refused] 对方没有在监听。
    [cut] 链路被切断了。
    [chance] 链路把它弄丢了。
   *[died] 它的连接断了。
}
event-message-waiting = { $api ->
    [Unknown] 有消息在 { $node } 的套接字里等着：它被冻结了。
   *[other] { $from } 的 { message-name } 在 { $to } 的套接字里等着：它被冻结了。
}
event-link-held = { $a } 与 { $b } 之间的链路卡住了，消息暂不送达。
event-link-cut = { $a } 与 { $b } 之间的链路断了：连接中断，新连接被拒绝。
event-message-delayed = { $api ->
    [Unknown] 一条消息
   *[other] { $from } 发给 { $to } 的 { message-name }
}会晚到 { $span } ms。
event-message-duplicated = { $api ->
    [Unknown] 一条消息
   *[other] { $from } 发给 { $to } 的 { message-name }
}会再到一次。
event-link-healed = { $a } 与 { $b } 之间的链路恢复。
event-connection-lost = { $node } 发现到 { $peer } 的连接断了。

## 进程与磁盘

event-process-started = { $node } 在运行。
event-process-killed = { $node } 宕机了。
event-process-paused = { $node } 被冻结：它什么也不做，别人也听不到它。
event-process-resumed = { $node } 继续运行，开始处理积下的消息和定时器。
event-process-stopping = { $node } 开始停止。
event-process-stopped = { $node } 已停止。
event-process-failed = { $node } 出错退出：{ $error }。
event-power-lost = { $node } 断电，没有刷盘的数据都没了。
event-disk-died = { disk-of-node }坏了：写入都会失败。
event-disk-works = { disk-of-node }工作正常。
event-disk-full = { disk-of-node }已写满。
event-disk-slow = { disk-of-node }很慢：每个分区的记录要写 { $span } ms。
disk-of-node = { $part ->
    [yes] { $node } 的日志目录 { $dir } 
   *[no] { $node } 的磁盘
}
event-log-dir-failed = { $Node } 放弃了日志目录 { $dir }{ $count ->
    [0] 。
   *[other] ，其中的 { $count } 个副本随之下线。
}
event-replicas-offline = 控制器得知 broker { $broker } 因日志目录失效而失去了 { $partitions } 的副本。
event-disk-rotted = { $node } 上 { $path } 从位置 { $position } 起有 { $count } 个字节变了。

## ZooKeeper

event-session-opened = { $client } 建立了 ZooKeeper 会话。
event-session-expired = ZooKeeper 收不到 { $client } 的心跳，它的会话结束。
event-session-closed = { $client } 关闭了它的 ZooKeeper 会话。
event-znode-created = ZooKeeper 创建了 { $path }{ $ephemeral ->
    [yes] ，会话结束它就消失。
   *[no] 。
}
event-znode-changed = ZooKeeper 写入 { $path }，版本 { $version }。
event-znode-deleted = ZooKeeper 删除了 { $path }。

## 控制器

event-controller-elected = broker { $broker } 现在是控制器，controller epoch { $epoch }。
event-controller-resigned = broker { $broker } 不再是控制器。
event-broker-up = 控制器看到 broker { $broker } 上线。
event-broker-down = 控制器看到 broker { $broker } 下线。
event-topic-created = 主题 { $topic } 已创建，有 { $partitions } 个分区。
event-partitions-added = 主题 { $topic } 现在有 { $partitions } 个分区。
event-replicas-moving = { $partition } 正在迁移：副本为 { $replicas }，其中新增 { $adding }，移除 { $removing }。
event-replicas-assigned = { $partition } 现在的副本为 { $replicas }。
event-topic-deleted = 主题 { $topic } 已不存在。
event-admin-completed = 集群完成了对 { $subject } 的 { $call }。
event-admin-failed = 对 { $subject } 的 { $call } 失败，{ $error }：{ $message }。
event-broker-config-changed = { $Node } 现在的 { $key } 为 { $value }。
event-topic-config-changed = { $node } 对 { $topic } 启用 { $key }={ $value }。
event-leader-elected = { $reason ->
    [NewPartition] broker { $broker } 现在是新分区 { $partition } 的 leader：它排在分配列表的最前面。
    [LeaderDied] broker { $broker } 现在是 { $partition } 的 leader，epoch { $epoch }：原来的 leader 宕机了，它排在 ISR { $isr } 的最前面。
    [ControlledShutdown] broker { $broker } 现在是 { $partition } 的 leader，epoch { $epoch }：原来的 leader 正在停止。
    [ReplicaReturned] broker { $broker } 现在是 { $partition } 的 leader，epoch { $epoch }：它回来了，而且在 ISR 里。
    [UncleanElection] broker { $broker } 现在是 { $partition } 的 leader，epoch { $epoch }：ISR 中无一存活，又允许 unclean 选举，只有它们才有的数据丢失了。
    [PreferredReplica] broker { $broker } 现在是 { $partition } 的 leader，epoch { $epoch }：它是首选副本。
    [Reassignment] broker { $broker } 现在是 { $partition } 的 leader，epoch { $epoch }：副本正在变更，它是目标副本之一。
    [LogDirFailed] broker { $broker } 现在是 { $partition } 的 leader，epoch { $epoch }：原来的 leader 失去了副本所在的日志目录，它排在 ISR { $isr } 的最前面。
   *[FollowerLeft] broker { $broker } 仍是 { $partition } 的 leader；有 follower 离开，ISR 变为 { $isr }。
}
event-leader-none = { $partition } 现在没有 leader：原来的已不在，ISR 是 { $isr }。

## 副本

event-replica-deleted = { $Node } 删除了它的 { $partition } 副本及其所有记录。
event-became-leader = { $node } 接任 { $partition } 的 leader，从 offset { $leo } 开始。
event-became-follower = { $node } 在 { $partition } 上跟随 broker { $broker }，epoch { $epoch }。
event-became-follower-of-none = { $node } 在 { $partition } 上没有 leader 可跟随。
event-batch-appended = { $role ->
    [leader] leader { $node } 向 { $partition } 写入 { batch-words }。
   *[follower] { $node } 复制了 { $partition } 的 { batch-words }。
}
batch-words = { $count ->
    [1] offset { $first }
   *[other] offset { $first } 到 { $last }
}
event-segment-rolled = { $node } 为 { $partition } 新开一个日志段，从 offset { $base } 开始。
event-high-watermark-advanced = { $role ->
    [leader] { $partition } 的高水位从 { $from } 升到 { $to }：之前的记录 ISR 里每个副本都有了。
   *[follower] { $node } 得知 { $partition } 的高水位是 { $to }。
}
event-segments-deleted = { $node } 删除了 { $partition } 的 { $count } 个日志段（{ $bytes }），{ $reason ->
    [start] 它们在日志起始 offset 之前
    [size] 日志超过了 retention.bytes
   *[time] 它们的记录超过了 retention.ms
}；日志现在从 { $start } 开始。
event-log-cleaned = { $node } 按 offset { $from } 到 { $last } 的键压实了 { $partition }：{ $before } 条记录留下 { $after } 条，{ $bytes } 变成 { $left }。
event-log-start-advanced = { $node } 是 { $partition } 的 { $role ->
    [leader] leader
   *[other] follower
}，它的日志起点从 { $from } 移到 { $to }，之前的记录不再可读。
event-high-watermarks-checkpointed = { $node } 把 { $count } 个分区的高水位写入磁盘。
event-isr-shrunk = broker { $changed } 被移出 { $partition } 的 ISR，现在是 { $isr }。
event-isr-expanded = broker { $changed } 回到 { $partition } 的 ISR，现在是 { $isr }。
event-duplicate-refused = { $node } 上的 { $partition } 已有 { batch-words }：它回复原来的 offset，不再写入。
event-log-truncated = { $node } 从 { $partition } 截断了 offset { $to } 到 { $last }：leader 的日志里没有它们。
event-follower-failed = { $node } 在下次选举之前不再复制 { $partition }：它的日志止于 { $leo }，而 leader 从 { $found } 开始的批次接不上。
event-committed-records-lost = { $partition } 中已提交的记录彻底丢了：新 leader { $node } 的日志里没有 offset { $from } 到 { $last }。
event-invariant-broken = 检查器发现规则被破坏：{ $rule ->
    [HighWatermarkFell] leader { $node } 上 { $partition } 的高水位从 { $from } 退回到 { $to }。
    [HighWatermarkOutOfLog] { $node } 上 { $partition } 的高水位不在日志 { $from } 到 { $to } 之内。
    [UnderMinIsr] ISR 的副本数不足 min.insync.replicas，{ $node } 却把 { $partition } 的高水位升到 { $to }。
    [CommittedNotInIsr] { $partition } 的 offset { $from } 到 { $to } 已提交，但 ISR 里并非每个副本都有。
    [FollowerAhead] follower { $node } 认为 { $partition } 提交到了 { $to }，而 leader 只提交到 { $from }。
    [PrefixesDiffer] { $partition } 的副本在 offset { $from } 处记录不同。
    [AcknowledgedEarly] { $node } 被告知 { $partition } 到 { $to } 的记录已成功，其实按它的 acks 只到 { $from }。
    [ReadUncommitted] { $node } 读到了 { $partition } 的 { $to }，而提交只到 { $from }。
    [CommittedLost] { $node } 成为 { $partition } 的 leader，却没有已提交的 { $from } 到 { $to }。
    [TruncatedBelowHighWatermark] { $node } 把 { $partition } 截断到 { $from }，尽管它知道 { $to } 之前都已提交。
    [TwoLeaders] 同一个 epoch 里有两个 broker 是 { $partition } 的 leader。
    [LeaderOutOfIsr] 不在 ISR 里的副本成了 { $partition } 的 leader。
    [EpochFell] 有 epoch 变小了。
    [OffsetsNotDense] { $node } 在 { $partition } 的 offset { $to } 处追加，应该是 { $from }。
    [SequenceRepeated] { $node } 在 { $partition } 的 offset { $from } 处又追加了一遍幂等生产者已写入的批次。
    [IndexAstray] { $node } 上 { $partition } 的一条索引没有指向 offset { $from } 所在的批次。
    [DeliveredTwice] 同一代里，消费者组的两个成员都拿到了 { $partition } 的 { $from } 到 { $to }，其中一个是 { $node }。
    [CommittedBeyondHighWatermark] 协调者 { $node } 替消费者组记下了 { $partition } 的 offset { $to }，而提交只到 { $from }。
    [CommittedUnprocessed] 协调者 { $node } 替消费者组记下了 { $partition } 的 offset { $to }，而 { $from } 之后还没有处理过。
    [AssignedTwice] { $node } 协调的这一代里，{ $partition } 归了两个成员。
    [AssignedToNobody] { $node } 协调的这一代里，{ $partition } 没有归任何成员。
   *[RottenAfterRecovery] 恢复之后，{ $node } 上的 { $partition } 在 offset { $from } 处仍有损坏的批次。
}
event-log-recovered = { $node } 打开 { $partition } 的日志，末尾是 { $leo }。
event-log-recovered-cut = { $node } 发现 { $partition } 的日志尾部损坏，截掉 { $bytes }，现在末尾是 { $leo }。
event-produce-refused = { $node } 拒绝写入 { $partition }：{ $error }。

## 客户端

event-metadata-updated = { $node } 更新了元数据：{ $brokers } 个 broker，{ $partitions } 个分区。
event-records-queued = { $node } 把 { $count ->
    [1] { $named ->
        [no] 1 条记录
       *[other] 记录 { $value }
    }
   *[other] { $count } 条记录
} 放进 { $partition } 的队列。
event-records-acked = { $node } 收到确认：{ $count } 条记录已写入 { $partition }，从 offset { $base } 开始。
event-records-sent-unacked = { $node } 认为发往 { $partition } 的 { $count } 条记录已发出；acks=0 时没有回复。
event-records-failed = { $node } 放弃了发往 { $partition } 的 { $count } 条记录：{ $error }。
event-batch-retried = { $node } 将向 { $partition } 重发 { $count } 条记录：{ $error }。
event-records-delivered = { $node } 读到 { $partition } 的 { $count ->
    [1] offset { $first }
   *[other] offset { $first } 到 { $last }
}。
event-position-reset = { $node } 在 { $partition } 的位置超出范围，从 { $from } 移到 { $to }。
event-position-sought = { $node } 改从 offset { $to } 读 { $partition }，原来的位置是 { $from }。
event-partitions-paused = { $node } 暂时不要 { $partitions } 的记录。
event-partitions-resumed = { $node } 又开始要 { $partitions } 的记录。
event-truncation-detected = { $node } 在 { $partition } 的位置是 { $position }，而新 leader 的日志{ $known ->
    [yes] 从 { $diverges } 起与它读过的不同
   *[no] 没有它读过的内容
}。
event-tool-printed = { $node } 输出：{ $line }。
event-tool-options = { $node } 输出了 { $line } 的选项列表。
event-tool-exited = { $node } 以退出码 { $code } 结束。
event-client-changed = { $node } 改用 { $key }={ $value }。

## 消费者组

event-group-state-changed = { $state ->
    [PreparingRebalance] 消费者组 { $group } 开始再均衡（PreparingRebalance，第 { $generation } 代之后）：协调者等 { $members } 个成员重新加入。
    [CompletingRebalance] 消费者组 { $group } 进入 CompletingRebalance，第 { $generation } 代：{ $members } 个成员已加入，协调者等 leader 给出分配。
    [Stable] 消费者组 { $group } 已 Stable，第 { $generation } 代：{ $members } 个成员拿到各自的分区。
    [Empty] 消费者组 { $group } 在第 { $generation } 代之后是 Empty：没有成员，offset 仍保留。
   *[other] 消费者组 { $group } 在第 { $generation } 代之后是 { $state }。
}
event-member-joined = { $member } 加入了消费者组 { $group }。
event-member-left = { $reason ->
    [session] { $member } 被移出消费者组 { $group }：它沉默了 session.timeout.ms 那么久。
    [rebalance] { $member } 被移出消费者组 { $group }：它没有及时重新加入。
    [sync] { $member } 被移出消费者组 { $group }：它一直没有来取分配结果。
   *[left] { $member } 离开了消费者组 { $group }。
}
event-member-replaced = 消费者组 { $group } 的静态成员 { $before } 以 { $member } 的身份回来，位置不变。
event-generation-started = 消费者组 { $group } 的第 { $generation } 代开始，有 { $members } 个成员；由 { $leader } 按 { $protocol } 分配。
event-generation-empty = 消费者组 { $group } 的第 { $generation } 代没有成员。
event-offset-committed = 消费者组 { $group } 提交了 { $partition } 的 offset { $offset }。
event-offsets-removed = 消费者组 { $group } 的 { $count } 个已提交 offset 被删除。
event-groups-loaded = { $node } 从 __consumer_offsets-{ $partition } 读到 { $groups } 个消费者组和 { $offsets } 个 offset，现在由它协调。
event-groups-unloaded = { $node } 不再协调 __consumer_offsets-{ $partition } 的消费者组，内存里原有 { $groups } 个。
event-partitions-assigned = { $node } 在消费者组 { $group } 的第 { $generation } 代分到 { $partitions }。
event-partitions-assigned-none = { $node } 在消费者组 { $group } 的第 { $generation } 代没有分到新的分区。
event-partitions-revoked = { $node } 交出了消费者组 { $group } 的 { $partitions }。
event-partitions-lost = { $node } 失去了消费者组 { $group } 的 { $partitions }：它已不是成员。
event-commit-failed = { $node } 向消费者组 { $group } 的提交失败：{ $error }。
event-records-processed = { $node } 处理完 { $partition } 的 { $count ->
    [1] offset { $first }
   *[other] offset { $first } 到 { $last }
}。
event-poll-interval-exceeded = { $node } 已有 max.poll.interval.ms 没有 poll，离开消费者组 { $group }。

story-left-out = （另有 { $count } 步）
