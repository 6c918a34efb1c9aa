# 被拒绝的操作，以及存储的情况。

## 会话通知

notice-command-refused = 没有任何改变：{ $error }
notice-command-left-out = 有一条已存的命令无法执行，已略过：{ $error }
notice-power-returned = 页面曾被关闭，等于整个集群断电。它正从已存的内容恢复{ $shortened ->
    [0] { "" }
   *[other] ；{ $shortened } 个文件里未存的字节没有了
}{ $damaged ->
    [0] 。
   *[other] ；已存的内容有 { $damaged } 处损坏。
}
notice-engine-changed = 已存内容来自引擎 { $saved }，这里是引擎 { $current }。文件保留，另开新会话。
notice-saved-unreadable = 已存内容无法读取，另开新会话。
notice-memory-unavailable = 未保存：浏览器在这里不提供存储。一切在内存中继续。
notice-memory-quota = 未保存：浏览器没有给空间。一切在内存中继续。
notice-memory-blocked = 未保存：另一个标签页开着旧版本。关掉它再刷新。
notice-memory-superseded = 不再保存：这个页面的更新版本已接管这里的已存内容。请刷新后继续。
notice-memory-failed = 未保存：{ $error }。一切在内存中继续。
notice-as-left = 这个链接您之前操作过，现在显示的是您离开时的样子。
notice-imported = 已按真实集群建好。编号不同的 broker：{ $renamed }。未模拟的设置：{ $settings }。leader 不同（这里由首个同步副本担任）的分区：{ $partitions }。
notice-last-unsaved = 您离开的那个会话，最后一段没能保存；之前已保存的内容仍在。
notice-read-only = 这个会话已在另一个标签页打开，在这里的操作不会保存。

## 命令

refused-no-such-node = 没有 { $node }。
refused-no-such-client = 没有名为 { $name } 的客户端。
refused-name-taken = 名称 { $name } 已被占用。
refused-already-running = { $node } 已在运行。
refused-not-running = { $node } 没有在运行。
refused-paused = { $node } 被冻结了，请先让它继续运行。
refused-not-paused = { $node } 没有被冻结。
refused-no-such-log-dir = { $node } 没有日志目录 { $dir }。
refused-not-assigned = { $name } 没有分到 { $partition }。
refused-not-a-broker = 只有 broker 的磁盘可以写满或变慢，{ $node } 不是 broker。
refused-same-host = 链路需要两台不同的主机。
refused-bad-split = 分割需要至少两边，而且一台主机只能在一边。
refused-zookeeper-link = 到 ZooKeeper 的链路不会丢单条消息。
refused-no-such-message = 那条消息已不在途中。
refused-wrong-program = { $name } 不是 { $wanted }。
refused-out-of-range = { $what } 必须在 { $least } 到 { $most } 之间。
refused-config-unknown = { $key } 不是这里有的设置。
refused-config-number = { $key } 必须是整数，不能是 { $value }。
refused-config-boolean = { $key } 必须是 true 或 false，不能是 { $value }。

## 链接

error-link-version = 它以“{ $found }”开头，而 Highwater 的链接以“v1.”开头。
error-link-empty = “v1.”后面没有内容。
error-link-too-long = 它有 { $found } 个字符，最多读取 { $most } 个。
error-link-character = 第 { $at } 个字符“{ $found }”不该出现在链接里。
error-link-escape = 第 { $at } 个字符“~”后面必须是两位十六进制数。
error-link-truncated = 它不完整：{ $found } 个 base64 字符凑不成整数个字节。
error-link-inflate = 压缩内容在第 { $read } 字节之后损坏，共 { $bytes } 字节。
error-link-too-large = 解压后的内容超过 { $most } 字节。
error-link-trailing = 压缩内容结束之后还有 { $count } 字节。
error-link-utf8 = 内容的第 { $at } 字节不是 UTF-8。
error-link-no-engine = 它没有说明由哪个版本的引擎生成（engine=…）。
error-link-text = 它的内容不是一个场景。

## 场景文本

error-scenario-at = 第 { $line } 行，第 { $column } 列：
error-scenario-wanted = { $wanted ->
    [statement] 一条语句
    [time] 时间，如 5s 或 20ms
    [number] 整数
    [brokers] broker 数
    [partitions] 分区数
    [replicas] 副本数
    [broker] broker，如 b1
    [host] 主机：zk、broker 或客户端
    [pair] 两台主机，如 b1-b3
    [topic] 主题
    [group] 一个消费者组，如 billing
    [partition] 一个分区，如 orders-0
    [client] 客户端
    [tool] kafka-topics 之类的工具
    [word] 一个词
    [setting] 设置名
    [value] 值
    [api] API，如 Fetch
    [record] 记录，如 key:value
    [file] 文件，如 b1/orders-0/x.log
    [bytes] 十六进制字节
    [digest] 32 位十六进制摘要
    [event] 事件编号
    [predicate] 期望，如 orders-0.leader = b1
    [field] 字段
    [event-kind] 事件种类，如 LeaderElected
    [comparison] = < <= > >= 之一
    [moment] 有名字的时刻
    [switch] on 或 off
    [disk-state] on、off、full 或 slow
    [closing-quote] 右引号
    [end-of-line] 行尾
   *[other] “{ $wanted }”
}
error-scenario-expected = 这里应是{ error-scenario-wanted }，却是“{ $found }”。
error-scenario-expected-more = 这里应是{ error-scenario-wanted }，这一行却到此为止。
error-scenario-unknown = 没有这样的{ error-scenario-wanted }：“{ $found }”。
error-scenario-range = “{ $found }”不合范围：{ error-scenario-wanted }应在 { $least } 到 { $most } 之间。
error-scenario-twice = “{ $found }”已经给过了。
error-scenario-same-host = 链路的两端必须是两台不同的主机，这里两端都是“{ $found }”。
error-scenario-missing = 缺少“{ $found }”。
error-scenario-too-long = 文本有 { $found } 字节，最多读取 { $most } 字节。
error-scenario-too-many-commands = 命令超过 { $most } 条。
error-scenario-setting-unknown = { $setting } 不是这里有的设置。
error-scenario-setting-number = { $setting } 必须是整数，不能是“{ $found }”。
error-scenario-setting-boolean = { $setting } 必须是 true 或 false，不能是“{ $found }”。
error-scenario-setting-range = { $setting } 必须在 { $least } 到 { $most } 之间，不能是 { $found }。
error-scenario-suggestion = 你是不是想写“{ $word }”？
notice-other-events = 这个链接由另一个版本生成，这里发生的事与作者看到的不同。
error-scenario-setting-word = { $setting } 必须是 { $allowed } 之一，不能是“{ $found }”。
refused-config-one-of = { $key } 只能是 { $allowed } 之一，不能是 { $value }。
