# 舞台：图上的文字、控件，以及给读屏软件的表格。

stage-label = 集群
stage-empty = 还没有 broker
stage-broker = Broker { $id }
stage-zookeeper = ZooKeeper
stage-controller = 控制器
stage-state-down = 未启动
stage-state-starting = 启动中
stage-state-running = 运行中
stage-state-stopping = 停止中
stage-state-paused = 已冻结
stage-state-dead = 宕机
stage-state-stopped = 已停止
stage-dead-for = 宕机 { $seconds } s
stage-in-no-isr = 不在任何 ISR
stage-leader = Leader
stage-epoch = epoch { $epoch }
stage-follower-in = Follower，在 ISR
stage-follower-out = Follower，不在 ISR
stage-offline-in = 仍在 ISR
stage-in-isr-short = 在 ISR
stage-out-short = 移出
stage-hw = HW { $offset }
stage-high-watermark = 高水位 HW { $offset }
stage-leo = LEO
stage-acked = 已确认 { $count }
stage-failed = 失败 { $count }
stage-in-flight = 在途 { $count }
stage-received = 已收到 { $count }
stage-lag = lag { $lag }
stage-position = position { $position }，lag { $lag }

## 控件

stage-start = 启动
stage-kill = 杀掉
stage-start-label = 启动 broker { $id }
stage-stop-label = 正常停止 broker { $id }
stage-kill-label = 杀掉 broker { $id }
stage-pause-label = 冻结 broker { $id }
stage-resume-label = 让 broker { $id } 继续运行
stage-send = 发送
stage-send-label = 让 { $name } 发送一条记录
stage-acks-label = { $name } 的 acks
stage-acks-hint = 何时算发送完成：0 立即完成，1 等 leader 写入，all 等 ISR 全部写入
stage-broker-label = Broker { $id }，{ $state }
stage-replica-label = { $partition } 在 broker { $broker } 上的副本，{ $role }，LEO { $leo }，HW { $hw }
stage-producer-label = 生产者 { $name }
stage-consumer-label = 消费者 { $name }

## 图例

stage-key-produce = Produce
stage-key-ack = Ack
stage-key-error = 被拒绝
stage-key-replica-fetch = 副本拉取
stage-key-replica-records = 发给 follower
stage-key-fetch = 消费拉取
stage-key-records = 记录
stage-key-heartbeat = 心跳
stage-key-control = 控制
stage-key-burst = 途中丢失
stage-key-committed = 已提交
stage-key-uncommitted = 未提交
stage-key-lost = 丢失
stage-key-doomed = 将被截断

## 表格

stage-tables = 集群的表格形式
stage-table-brokers = Broker
stage-table-topic = { $topic } 的分区
stage-table-links = 服务器之间的链路
stage-table-clients = 生产者和消费者
stage-table-messages = 在途消息：{ $count }
stage-col-broker = Broker
stage-col-state = 状态
stage-col-link = 链路
stage-col-leads = 领导分区数
stage-col-disk = 磁盘占用
stage-col-unflushed = 未刷盘
stage-col-partition = 分区
stage-col-epoch = Epoch
stage-col-isr = ISR
stage-col-hw = HW
stage-col-leo = broker { $id } 的 LEO
stage-col-client = 客户端
stage-col-does = 进展
stage-yes = 是
stage-no = 否
stage-nobody = 无
stage-producer-does = acks={ $acks }，等待 { $queued }，已确认 { $acked }，失败 { $failed }
stage-consumer-does = 已收到 { $received }，位置 { $positions }
stage-tool-client = 客户端工具
stage-drop = 丢掉
stage-more = 还有 { $count } 条
stage-message = { $api } { $response ->
    [yes] 响应
   *[no] 请求
}{ $records ->
    [0] { "" }
   *[other] ，{ $records } 条记录
}，从 { $from } 到 { $to }
stage-message-arrives = { $ms } ms 后到达
stage-message-held = 停在链路上
stage-message-sentence = { $what }，{ $when }

## 消费者组

stage-coordinator = 协调者
stage-fold-leads = 领导 { $count } / { $all }
stage-key-join = Join、Sync
stage-key-commit = 提交 offset
group-generation = 第 { $generation } 代
group-unknown = 没有协调者
group-empty = 没有成员
group-step-revoke = 收回
group-step-join = 加入
group-step-sync = 同步
group-step-assign = 分配
group-took = 用时 { $took }
group-no-pause = 没有停读，0/{ $all }
group-paused = 停读 { $pause }，{ $count }/{ $all }
group-lag = Lag
group-lag-all = Lag { $lag }（全部分区）
group-label = 消费者组 { $name }，{ $state }，{ $members } 个成员，lag { $lag }
member-label = 消费者组 { $group } 的 { $name }：{ $doing }{ $count ->
    [0] ，没有分区
   *[other] ，分区 { $partitions }
}
member-waits-join = 等 Join 回复
member-assigns = leader，在分配
member-waits-sync = 等 Sync 回复
member-works = 处理 { $partition } @ { $offset }
member-searches = 在找协调者
member-late = 还在处理，迟到
member-revokes = 交出分区，提交
member-joins = 请求加入
member-syncs = 请求分配结果
member-reads = 在读
member-commits = 等提交完成
member-idle = 空闲，没有分区
member-closes = 在离开
member-outside = 外部客户端
group-table = 消费者组 { $name }：{ $state }，第 { $generation } 代。
group-table-partitions = 消费者组 { $name } 读到哪里
group-open = 查看这个组
group-none = 无
