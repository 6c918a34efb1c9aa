# 深入查看：副本、ZooKeeper 和控制器的内部。

## 部分与翻页

part-label = 各部分
part-segments = 日志段
part-records = 记录
part-epochs = epoch
part-files = 文件
part-broker = Broker
page-first = 第一页
page-back = 上一页
page-forward = 下一页
page-last = 最后一页
page-range = 第 { $from }–{ $to } 项，共 { $total } 项

## 副本

replica-on = broker { $broker } 上的副本
replica-none = 这个 broker 还没有它的日志。
segment-active = 活动
segment-age = 最新一条已有 { $age }。
segment-empty = 还没有记录。
segment-holds = { $count } 条记录，{ $index } 个索引项，{ $times } 个时间索引项。
column-position = 位置
column-time = 时间 (UTC)
column-starts-at = 起始 offset
column-producer-id = 生产者 id
column-sequence = 序号
index-empty = 还没有索引项：每隔 index.interval.bytes 才写一项。
batch-line = 批次 { $base }–{ $last }，epoch { $epoch }，{ $size }
batch-producer = 生产者 { $id }，epoch { $epoch }，序号从 { $sequence } 起
batch-control = 控制
record-headers = { $count } 个消息头
epochs-what = 哪一任 leader 写了哪些 offset。follower 用它询问自己的日志该在哪里结束。
producers-title = 记得的生产者
log-start = 日志起始 offset
recovery-point = 恢复点
recovery-point-on-disk = …… 检查点文件里的
high-watermark-on-disk = 检查点文件里的高水位
checkpoint-none = 未写入
flip = 翻转一位
flip-label = 翻转 { $file } 正中的一位
tear = 撕掉尾部
tear-while-running = 请先杀掉或停止这个 broker：进程死亡时写入才会残缺
tear-label = 让 { $file } 的最后一次写入残缺
power = 全部断电
power-hint = 所有进程都会结束，每个文件只剩已刷盘的部分。

## ZooKeeper

zookeeper-sessions = 会话
zookeeper-controller = broker { $id } 是控制器：进去看看
zookeeper-owner = 随 { $host } 的会话 { $session } 一起消失
zookeeper-data-watch = 变化会通知 { $hosts }
zookeeper-child-watch = 子节点增减会通知 { $hosts }
column-session = 会话
column-client = 客户端
column-timeout = 超时
column-left = 剩余

## 控制器

controller-epoch = 控制器 epoch
controller-live = 已注册的 broker
controller-broker = { $id }（epoch { $epoch }）
controller-stopping = 正在停止
controller-work = 工作
controller-idle = 无
controller-working = 在等 ZooKeeper
controller-unanswered = broker { $id } 尚未答复
controller-believes = 它所认为的
controller-nothing = 还一无所知
controller-differs = broker { $id } 不一致

## 链路与消息

link-latency = 单程延迟
link-loss = 丢失的消息
link-duplication = 到达两次的消息
link-no-loss = 通往 ZooKeeper 的链路不丢消息：它的会话依靠 TCP。
message-delay = 推迟到达
message-link = 它的链路

## 管理

partition-title = { $partition } 的选举与副本
elect-preferred = 选出首选 leader
elect-unclean = 不干净的选举
reassign = 副本所在的 broker
reassign-with = 在 broker { $id } 上增加副本
reassign-without = 移走 broker { $id } 上的副本
reassign-cancel = 放弃迁移
topic-add-partition = 增加一个分区
topic-delete = 删除主题
setting-key = 设置项
setting-value = 值
setting-set = 设置
setting-take-back = 让 { $key } 恢复默认值
broker-settings = 动态设置

## 磁盘与网络分割

disk-state = 磁盘
disk-of-dir = 日志目录 { $dir }
disk-works = 正常
disk-slow = 慢（200 ms）
disk-very-slow = 很慢（5 s）
disk-full = 写满
disk-dead = 坏了
split-title = 分割网络
split-side = 一边（其余都在另一边）
split-heal = 恢复两边之间
split-hold = 滞留两边之间
split-cut = 切断两边之间

## 旧版本的行为

old-behaviour = 旧版本的行为。
old-truncation = follower 把日志截断到自己的高水位，0.10.2 及以前的 Kafka 就是这样，已提交的记录可能丢失。
old-truncation-switch = follower 把日志截断到高水位，0.10.2 及以前的 Kafka 就是这样。世界会带着同样的命令重新开始。

## 检查器盯着的规则

rule = { $rule ->
    [HighWatermarkFell] 同一 epoch 内，leader 的高水位从不后退。
    [HighWatermarkOutOfLog] 高水位在自己的日志范围之内。
    [UnderMinIsr] ISR 小于 min.insync.replicas 时，高水位不动。
    [CommittedNotInIsr] ISR 里的每个副本都有全部已提交的记录。
    [FollowerAhead] follower 不会把 leader 没有提交的当作已提交。
    [PrefixesDiffer] 已提交的记录在所有副本上都一样。
    [AcknowledgedEarly] acks=all 时，提交之后才会告诉生产者成功。
    [CommittedLost] 新 leader 有全部已提交的记录，除非是不干净的选举或丢了磁盘。
    [TruncatedBelowHighWatermark] 高水位以下的记录不会被悄悄截断。
    [TwoLeaders] 一个 epoch 只有一个 leader。
    [LeaderOutOfIsr] leader 出自 ISR，除非设置允许别的副本。
    [EpochFell] epoch 只增不减。
    [OffsetsNotDense] offset 首尾相接，压缩和控制批次除外。
    [SequenceRepeated] 幂等生产者的每个序号，leader 只向自己的日志追加一次。
    [IndexAstray] 索引项指向批次的开头。
    [DeliveredTwice] 消费者组的同一代里，一条记录只交给一个成员。
    [CommittedBeyondHighWatermark] 消费者组提交的 offset 不会越过高水位。
    [CommittedUnprocessed] 先处理后提交的消费者组，只提交处理过的。
    [AssignedTwice] 消费者组的同一代里，一个分区只归一个成员。
    [AssignedToNobody] 消费者组的同一代里，每个分区都有成员。
   *[RottenAfterRecovery] 恢复之后，没有批次的 CRC 出错。
}

## 消费者组

group-part-members = 成员
group-part-offsets = Offset
group-part-rebalances = 再均衡
group-add-member = 添加成员
group-coordinator = 协调者
group-no-coordinator = 目前没有
group-generation-name = 代（generation）
group-protocol = 分配策略
group-member = 成员
group-does = 在做
group-partitions = 分区
group-empty-long = 组里没有成员。已提交的 offset 会保留 offsets.retention.minutes。
group-leader = leader
group-votes = 分配策略的投票
group-votes-what = 每个成员投给自己列表里第一个大家都有的策略。
group-known = 协调者记录的成员
group-member-id = 成员 id
group-assignors = 分配策略
group-session-timeout = session.timeout.ms
group-poll-interval = max.poll.interval.ms
group-owner = 读者
group-committed = 已提交
group-lag-what = Lag 等于高水位减去已提交的 offset，与 kafka-consumer-groups 的算法相同。
group-nothing-committed = 还没有提交过。
group-kept = 有成员在读这个主题时，已提交的 offset 一直保留。
group-expires = 最早的一个在 { $minutes } 分钟后过期。
group-kept-in = 这个组保存在
group-no-rebalances = 还没有再均衡。
group-rebalances-what = 从读者交出分区（或宕机）到又有人拿到它，这个分区就停读。
group-of = 所属消费者组
rebalance-took = 第 { $generation } 代，{ $members } 个成员：用时 { $took }
rebalance-goes-on = 正在进行，已 { $took }
rebalance-joined = { $span } 后全部加入。
rebalance-no-pause = 没有分区停读。
rebalance-pause = { $all } 个分区里有 { $count } 个没人读，最长 { $pause }。
rebalance-members = 什么都没读到的成员：{ $members }。
rebalance-go = 回到它开始的时刻

## 生产者和消费者

accumulator-title = 累加器（accumulator）
accumulator-empty = 没有批次在等。
accumulator-memory = buffer.memory：已用 { $used }，共 { $all }
accumulator-blocked = { $count } 个 send 还没返回：内存不够，或主题未知。
batch-bytes = 占 batch.size
batch-leaves = 何时发出
batch-lingers = { $span } 后
batch-retries-in = { $span } 后重试
requests-title = 在途请求
requests-none = 没有。
request-to = 发给 broker { $id }，还剩 { $span }
request-for-id = 申请 producer id
request-batch = { $partition }：{ $records } 条记录，{ $bytes }，第 { $attempt } 次尝试
batch-sequence = 序号从 { $sequence } 起
idempotence-title = 幂等
idempotence-off = 未开启：重试可能写两遍。
idempotence-asks = 正在向 broker 申请 producer id。
sequence-next = 下一个序号
sequence-acked = 最后确认
partitioner-sticks = 没有键的记录现在都去分区 { $partition }，写满约 batch.size 字节后再换。
member-processed = 处理完的记录
member-todo = 已拉到、未处理
member-heartbeat = 下次心跳还有
member-polls = 必须 poll 还有
member-in-poll = 正在 poll 里
member-commit = 下次自动提交还有
member-nothing = 它没有可读的分区。
member-buffered = 已拉取
fetches-title = 拉取会话
fetches-none = 还没有。
fetch-session = 会话
fetch-under-way = 拉取在途
