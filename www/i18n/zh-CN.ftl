# 舞台周围的页面：栏、面板、对话框。

## 各处

page-title = Highwater：浏览器标签页里的一整个 Kafka 集群
broker-name = Broker { $id }
list-more = 还有 { $n } 个
none = 无
yes = 是
no = 否
close = 关闭
skip-to-stage = 跳到舞台
skip-to-events = 跳到事件
skip-to-panel = 跳到课程与详情

## 顶栏

top-playground = 实验场
top-lesson = 课程
top-share = 分享链接
top-language = English
top-language-label = English：切换到英文
top-theme-dark = 深色主题
top-theme-light = 浅色主题
top-panel = 课程与详情
top-open = 打开文件或链接
top-help = 按键与帮助
saved-opening = 正在查找已存内容
saved-all = 已存入本浏览器
saved-some = 正在保存 { $size }
saved-not = 未保存
saved-read-only = 只读：已在另一个标签页打开

## 说明句

caption-start = 三个 broker，一个 ZooKeeper。点播放，看一条记录怎样被提交。
caption-why = 为什么？
caption-label = 刚刚发生了什么

## 时间条

time-label = 时间
time-play = 播放
time-pause = 暂停
time-step = 下一个事件
time-back = 上一个事件
time-slower = 减速
time-faster = 加速
time-speed = 速度
time-playing = 播放中
time-paused = 已暂停
time-skip-idle = 跳过空闲
time-position = 时间位置
time-at = { $seconds } 秒
time-at-after = { $seconds } 秒，在此之后：{ $event }
time-undo = 撤销
time-redo = 重做
time-branches = { $count } 条分支
branches-title = 分支
branches-what = 在过去下达命令会开始另一种未来，原来的未来留在这里。
branches-checkpoints = 为回退保留了 { $count } 个检查点，最多 { $most } 个。
branch-name = 名称
branch-unnamed = 分支 { $number }
branch-span = { $from } 秒 – { $to } 秒
branch-current = 正在显示
branch-open = 显示
branch-compare = 比较
branch-delete = 删除
compare-title = 两者都在 { $seconds } 秒时
compare-first = 第一处不同
compare-nothing = 再没有什么
compare-state = leader { $leader }，HW { $hw }，末端 { $end }
compare-lost = 丢失的已提交消息
compare-failed = 失败的消息
compare-broken = 被打破的规则
mark-command = 命令
mark-death = 宕机
mark-birth = 启动
mark-freeze = 冻结
mark-election = 选举
mark-rebalance = 重平衡
mark-isr = ISR
mark-truncation = 截断
mark-loss = 丢失
mark-broken = 规则被破坏
marks-title = 标记
marks-what = 到目前为止的要事，最新的在前。选一条，回到那一刻看原因。
rules-title = 规则与标记
rules-hold = { $count } 条规则都成立
rules-broken = { $count } 次违反规则
rules-what = 检查器在每个事件之后都会检查。所有规则都成立。
rules-broken-what = 规则被违反了 { $count } 次。如果没有打开旧版本的行为，那就是引擎的错：选那个标记看来龙去脉，并分享链接。
rules-list = 全部 { $count } 条规则

## 工具与添加

tools-label = 工具
tool-select = 选择
tool-kill = 杀掉
tool-hold = 卡住链路
tool-cut = 切断链路
tool-drop = 丢消息
tool-select-hint = 点一个对象，查看它。
tool-kill-hint = 点一个 broker，它的进程立即结束。
tool-hold-hint = 点一条链路，上面的消息会等到你恢复它。
tool-cut-hint = 点一条链路：它上面的连接断开，恢复之前新的连接会被拒绝。
tool-drop-hint = 点一条途中的消息，它不会到达。
add-label = 添加
add-producer = 生产者
add-consumer = 消费者
add-topic = 主题

## 面板与标签

tabs-label = 页面各部分
tab-stage = 舞台
tab-lesson = 课程
tab-inspect = 详情
tab-events = 事件
panel-label = 课程与详情

## 事件与原因

events-title = 事件
events-filter = 筛选
events-level-headline = 要闻
events-level-fact = 步骤
events-level-detail = 全部
events-empty = 还没有发生任何事。
why-title = 为什么？
why-of = 为什么 { $time }
why-empty = 选一个事件，查看它的原因，一直追到最初的命令。
why-begins-earlier = 更早的事件已不在窗口内。

## 详情

inspect-empty = 选一个分区、broker、客户端或消息，查看内部。
inspect-gone = 它已经不存在了。
state-down = 未启动
state-starting = 启动中
state-running = 运行中
state-stopping = 停止中
state-paused = 已冻结
state-dead = 宕机
state-stopped = 已停止
state-since = 自 { $time } 起
under-replicated = 副本不足
leaderless = 没有 leader
at-min-isr = 低于 min.insync.replicas
role-leader = leader
role-follower = follower
role-offline = 离线
column-broker = Broker
column-role = 角色
column-leo = LEO
column-hw = HW
column-isr = ISR
isr-in = 在内
isr-out = 已移出
partition-state = leader epoch { $epoch }，状态版本 { $version }
files-flushed = 已刷盘
files-page-cache = 仅在页缓存
records-none = 还没有记录。
column-offset = Offset
column-epoch = Epoch
column-key = 键
column-value = 值
null-value = null
broker-controller = 控制器
broker-leads = 领导 { $count } 个分区
broker-disk = 磁盘上
broker-unflushed = 未刷盘
broker-replicas = 这里的副本
broker-links = 通向的链路
link-state-flows = 畅通
link-state-held = 卡住
link-state-cut = 切断
client-topic = 主题
producer-acks = acks
producer-rate = 每秒记录数
producer-queued = 排队
producer-in-flight = 途中的请求
producer-sent = 已发送
producer-acked = 已确认
producer-failed = 失败
producer-send = 发送一条记录
producer-send-label = 记录的值
consumer-received = 已收到
consumer-positions = 消费位置
consumer-newest = 最新的值
consumer-partition = 分区
consumer-position = 下一个 offset
consumer-paused = 已暂停
steer-beginning = 到开头
steer-beginning-label = { $name }：跳到 { $partition } 的开头
steer-end = 到末尾
steer-end-label = { $name }：跳到 { $partition } 的末尾
steer-pause = 暂停
steer-pause-label = { $name }：暂停 { $partition }
steer-resume = 恢复
steer-resume-label = { $name }：恢复 { $partition }
zookeeper-title = ZooKeeper
zookeeper-znodes = znode
zookeeper-ephemeral = 临时
message-title = 消息
message-from = 来自
message-to = 发往
message-records = 记录数
message-sent-at = 发出
message-arrives-at = 到达
message-held = 被卡住
message-error = 错误
topic-settings = { $topic } 的设置
action-kill = 杀掉
action-start = 启动
action-stop = 停止
action-pause = 冻结
action-resume = 继续运行
action-drop = 丢弃这条消息
action-hold = 卡住链路
action-cut = 切断链路
action-duplicate = 再到一次
action-heal = 恢复链路
link-title = 链路 { $a } – { $b }
link-flows = 消息正常通过。
link-held = 消息会等到链路恢复。
link-cut = 它上面的连接都断了，恢复之前新的连接也会被拒绝。

## 对话框

share-title = 分享这一刻
share-what = 链接里有设置、种子和到目前为止的操作。谁打开它，都会看到同样的事件。什么都不会发给服务器。
share-link-label = 链接
share-copy = 复制链接
share-copied = 已复制
share-select = 按 Ctrl C 复制
share-file = 存为文件
share-script = 导出为真实 Kafka 的脚本
share-qr-label = 链接的二维码
share-too-long = 链接太长，不便在聊天中发送，也放不进二维码。请存为文件再分享；把文件拖到页面上即可打开。
open-title = 打开
open-file = 场景文件，也可以直接拖到页面上
open-text = 或者粘贴链接、场景，或真实集群的主题描述
open-what = kafka-topics --describe 的输出会变成同样结构的集群。
open-do = 打开
open-unreadable = 浏览器读不了它。
replace-title = 这里所做的还没有保存
replace-what = 这个标签页没有保存任何内容。打开别的内容之后，这里所做的就没有了，除非先存为文件。
replace-save = 存为文件
replace-open = 打开，不保留
replace-stay = 留在这里
share-length = { $count } 个字符
producer-title = 添加生产者
consumer-title = 添加消费者
topic-title = 创建主题
field-name = 名称
field-topic = 主题
field-defaults = 默认值取自
field-defaults-new = Kafka 3.9
field-defaults-old = Kafka 2.3（acks=1，不幂等）
field-acks = acks
field-acks-0 = 0：不等回复
field-acks-1 = 1：leader 已写入
field-acks-all = all：ISR 都已写入
field-rate = 每秒记录数
field-linger = linger.ms
field-keys = 不同键的个数（0 表示空键）
field-from = 起点
field-from-beginning = 日志开头
field-from-end = 日志末尾
field-group = 消费者组（group.id）
field-strategy = partition.assignment.strategy
field-commit = 提交方式
field-work = 每条记录处理多久（ms）
field-instance = group.instance.id（可留空）
group-field-hint = 同一组的成员分摊分区；不同的组各自读到全部。
group-field-alone = 不进组：它读全部分区，也不提交。
strategy-default = range, cooperative-sticky（3.9 默认）
strategy-range = range（eager）
strategy-roundrobin = roundrobin（eager）
strategy-sticky = sticky（eager）
strategy-cooperative = cooperative-sticky
commit-auto = 自动，每 5 s 一次
commit-sync = 每次 poll 后提交并等待
commit-async = 每次 poll 后提交，不等待
commit-after = 每条记录处理后
commit-before = 每条记录处理前
commit-never = 从不
field-partitions = 分区数
field-replicas = 每个分区的副本数
field-min-isr = min.insync.replicas
field-segment = segment.bytes
submit-add = 添加
submit-create = 创建
no-topic = 还没有主题，先创建一个。
help-title = 按键
help-space = 播放或暂停
help-step = 下一个事件
help-back = 上一个事件
help-speed = 减速、加速
help-mark = 下一个或上一个标记
help-undo = 撤销、重做
help-message = 下一条或上一条报文
help-second = 后退或前进一秒
help-branches = 分支
help-tools = 选择、杀掉、卡住、切断、丢弃
help-why = 为什么会这样
help-escape = 回到选择，关闭
help-this = 这张表
help-filter = 筛选事件
help-console = 打开或关闭控制台
help-letters = 焦点不在输入框时，单个字母键才有效。
help-letters-on = 启用单键操作

## 通知

notice-label = 通知
sheet-damaged-title = 打不开这个链接
sheet-damaged-file = 打不开
notice-begin-anew = 重新开始
sheet-damaged-after = 没有载入任何内容，原来打开的保持原样。
sheet-damaged-do = 请重新索取链接，并完整复制。
sheet-damaged-close = 继续

## 课程与任务

lessons-title = 课程
lesson-background = 背景
lesson-leave = 回实验场
task-check = 检查
task-hint = 提示
task-restart = 重来
task-next = 下一个任务
task-show = 查看决定性的事件
task-done = 完成，用了 { $used } 条命令，已知最短是 { $par } 条。
guess-title = 先猜，再播放
guess-right = 猜对了：{ $truth }。
guess-wrong = 结果是 { $truth }。

## 已存内容

kept-title = 已存内容
kept-what = 只存在这个浏览器里，不发到任何地方。关闭页面等于断电：已经保存的会回来。
kept-none = 还没有保存任何内容。
kept-here = 当前会话
kept-saved = 已保存，打开以来写入 { $saved }
kept-pending = 还有 { $pending } 在路上，已写入 { $saved }
kept-space = 空间
kept-of = 已用 { $used }，共 { $quota }
kept-clearing = 空间不足时
kept-stays = 浏览器会保留
kept-may-go = 浏览器可能清除
kept-persist = 请浏览器保留
kept-persist-yes = 浏览器会一直保留，直到你删除。
kept-persist-no = 浏览器没有同意。常用的或加了书签的页面更容易得到同意。
kept-name = 名称
kept-link = 来自链接
kept-own = 会话 { $number }
kept-open = 打开
kept-open-now = 已打开
kept-other-engine = 由另一个版本保存
kept-about = { $seconds } 秒，{ $commands } 条命令{ $branches ->
    [1] { "" }
   *[other] ，{ $branches } 个分支
}
kept-delete = 删除
kept-delete-sure = 确定要彻底删除吗？
kept-delete-do = 删除
kept-delete-not = 保留
kept-delete-all = 全部删除
kept-delete-all-sure = 确定要彻底删除所有已存内容和学习进度吗？
kept-deleted = 已删除。
kept-deleted-all = 已全部删除。
kept-new = 新会话
kept-export = 全部存为文件
kept-import = 导入文件
kept-exported = 所有已存内容都在这个文件里。
kept-imported = 导入了 { $taken } 个会话，文件中有 { $same } 个这里已经有了。
kept-held = “{ $name }”正在另一个标签页中打开。请先在那里关闭，没有删除任何内容。
kept-not-a-file = 这不是已存内容的文件，没有导入任何内容。
kept-later-file = 这个文件由更新版本的 Highwater 写成。请刷新页面后再试。
kept-damaged-file = 文件已损坏，没有导入任何内容。
kept-no-store = 这个浏览器在这里不保存任何内容。
