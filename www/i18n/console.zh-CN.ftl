# 控制台：终端里的工具。工具打印的内容是 Kafka 自己的，不在这里。

console-title = 控制台
tab-console = 控制台
skip-to-console = 跳到控制台
console-open = 打开控制台
console-close = 关闭控制台
console-completes = 补全
console-history = 历史
console-terminals = 终端
console-terminal = 终端 { $name }
console-terminal-running = 终端 { $name }：{ $tool } 正在运行
console-new = 新终端
console-machine = 机器
console-machine-client = 客户端
console-screen = { $name } 的屏幕
console-line = { $name } 的命令行
console-input = { $tool } 的输入
console-how = Tab 补全；命令行为空时，或按过 Esc 之后，Tab 移到下一个控件。上下键翻看历史。Ctrl-C 结束工具，Ctrl-D 结束它的输入，Ctrl-L 清屏。
console-empty-line = Kafka 的命令行工具就在这个世界里运行。Tab 补全工具、选项、topic、消费者组和地址。
console-suggestions = { $count } 条建议
console-no-suggestion = 这里没有可补全的。
console-older = 更早的行没有保留。
console-exit = 退出码 { $code }
console-killed = 已被杀掉
console-copy = 复制
console-copied = 已复制
console-ends = 按 Ctrl-C 或 Esc 结束
console-ends-input = 按 Ctrl-C 或 Esc 结束，Ctrl-D 结束输入
console-waits = 时间静止，{ $tool } 在等时间流逝。
console-slow = { $tool } 正在运行，时间流速为 { $speed }。
console-real-time = 实时
console-play = 让时间流逝
console-step = 为工具走到下一个事件
console-runs = { $tool } 正在运行
console-ahead = 有 { $count } 行在等工具结束。
console-open-quote = 引号没有闭合。
console-no-operator = 这里没有“{ $what }”：每行运行一个工具，再输入它要读的内容。
console-no-host = 没有机器 { $what }：有 broker 的机器是 b1、b2……
console-key-complete = Tab：补全
console-key-interrupt = Ctrl-C
console-key-end = Ctrl-D
console-key-older = 上一条
console-key-newer = 下一条

## 建议是什么

complete-tool = 工具
complete-builtin = 控制台
complete-flag = 选项
complete-flag-with-argument = 带值的选项
complete-topic = topic
complete-group = 消费者组
complete-address = 地址
complete-broker = broker
complete-host = 机器
complete-partition = 分区
complete-setting = 配置
complete-file = 文件
complete-word = 取值

## 在 Kafka 的回答之外，可以试什么

hint-tool = 没有 { $typed }。试试 { $near }
hint-no-tool = 没有 { $typed }。输入 help，或输入开头几个字母再按 Tab，看看有哪些工具。
hint-flag = { $tool } 没有 --{ $typed }。试试 --{ $near }
hint-no-flag = { $tool } 没有 --{ $typed }。{ $tool } --help 会列出全部选项。
hint-zookeeper = Kafka 3.0 去掉了 --zookeeper：工具改为询问 broker。试试 --bootstrap-server { $address }
hint-dash = { $typed } 开头是长破折号。选项以两个连字符开头：--
hint-server = 工具不知道集群在哪里。加上 --bootstrap-server { $address }
hint-address = 没有 broker 在 { $typed } 监听。试试 { $address }
hint-scram = 这里没有建模用户凭据：没有人会被要求输入密码。
hint-quota = 配额会被保存并能查到，但在这里不会生效：没有客户端会被限速。
hint-topic = 没有 topic { $typed }。试试 { $near }
