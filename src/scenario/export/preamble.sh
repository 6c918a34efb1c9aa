#
# PORT   ZooKeeper listens on it, broker n on PORT + n (19092)
# WORK   where everything is written; a new folder when it is not said
set -u
PORT=${PORT:-19092}
WORK=${WORK:-$(mktemp -d)}
export LOG_DIR="$WORK/logs"
mkdir -p "$LOG_DIR"
cd "$WORK" || exit 1
began=0

# at SECONDS: waits until so many seconds of the scenario have passed.
at() { while [ $(($(date +%s) - began)) -lt "$1" ]; do sleep 0.2; done; }

# launch NAME COMMAND…: a process of that name, beside this script; what it prints goes to a file.
launch() {
    local name=$1; shift
    "$@" >>"$WORK/$name.out" 2>&1 &
    echo $! >"$WORK/$name.pid"
}

# signal KILL NAME…: sends a signal to processes that were launched, and waits for those that it ends.
signal() {
    local kind=$1 name pid; shift
    for name in "$@"; do
        pid=$(cat "$WORK/$name.pid" 2>/dev/null) || continue
        kill "-$kind" "$pid" 2>/dev/null
        case $kind in KILL | TERM | INT) wait "$pid" 2>/dev/null; rm -f "$WORK/$name.pid" ;; esac
    done
    return 0
}

wait_for_port() { until (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do sleep 0.2; done; }

start_zookeeper() {
    printf '%s\n' "dataDir=$WORK/zookeeper" "clientPort=$PORT" "clientPortAddress=127.0.0.1" \
        "admin.enableServer=false" >"$WORK/zookeeper.properties"
    launch zk zookeeper-server-start.sh "$WORK/zookeeper.properties"
    wait_for_port "$PORT"
}

# start_broker NUMBER: with the settings of $WORK/settings, which every broker has.
start_broker() {
    local port=$((PORT + $1))
    printf '%s\n' "broker.id=$1" "listeners=PLAINTEXT://127.0.0.1:$port" "log.dirs=$WORK/b$1" \
        "zookeeper.connect=127.0.0.1:$PORT" | cat - "$WORK/settings" >"$WORK/b$1.properties"
    launch "b$1" kafka-server-start.sh "$WORK/b$1.properties"
    wait_for_port "$port"
}

# terminal NAME COMMAND…: a tool that reads what `type_line NAME LINE` types, until `close NAME`.
terminal() {
    local name=$1; shift
    : >"$WORK/$name.in"
    { tail -n +1 -f "$WORK/$name.in" & echo $! >"$WORK/$name.typist.pid"; wait; } \
        | "$@" >>"$WORK/$name.out" 2>&1 &
    echo $! >"$WORK/$name.pid"
}
type_line() { printf '%s\n' "$2" >>"$WORK/$1.in"; }
close() { sleep 1; kill "$(cat "$WORK/$1.typist.pid")" 2>/dev/null; wait "$(cat "$WORK/$1.pid")" 2>/dev/null; }

end() {
    local file
    for file in "$WORK"/*.pid; do kill -9 "$(cat "$file")" 2>/dev/null; done
    wait 2>/dev/null
}
trap end EXIT
