// Command kafka-go uses a cluster as Go programs do: one use a run, named by its argument.
//
// It prints only what is stable; what a broker is to be told goes out as `@ kill 2` and is answered on
// standard input.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
)

var (
	addrs  = strings.Split(os.Getenv("BOOTSTRAP"), ",")
	prefix = os.Getenv("PREFIX")
	client = &kafka.Client{Addr: kafka.TCP(addrs...), Timeout: 15 * time.Second}
	stdin  = bufio.NewReader(os.Stdin)
)

func must(what string, err error) {
	if err != nil {
		fmt.Printf("%s: %v\n", what, err)
		os.Exit(1)
	}
}

func within(d time.Duration) context.Context {
	ctx, _ := context.WithTimeout(context.Background(), d)
	return ctx
}

// tell has something done to a broker, and waits until it is done.
func tell(format string, args ...any) {
	fmt.Printf("@ "+format+"\n", args...)
	answer, err := stdin.ReadString('\n')
	must("tell", err)
	if strings.TrimSpace(answer) != "ok" {
		must("tell", fmt.Errorf("%s", answer))
	}
}

// dial connects to the first broker that is there.
func dial() (conn *kafka.Conn) {
	err := fmt.Errorf("no address")
	for _, addr := range addrs {
		if conn, err = kafka.DialContext(within(10*time.Second), "tcp", addr); err == nil {
			return conn
		}
	}
	must("dial", err)
	return nil
}

func dialLeader(topic string, partition int) (conn *kafka.Conn, err error) {
	for _, addr := range addrs {
		if conn, err = kafka.DialLeader(within(10*time.Second), "tcp", addr, topic, partition); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// create makes a topic and waits until every broker knows it.
func create(name string, partitions, replicas int) string {
	topic := prefix + name
	resp, err := client.CreateTopics(within(15*time.Second), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{Topic: topic, NumPartitions: partitions, ReplicationFactor: replicas}}})
	must("create", err)
	must("create", resp.Errors[topic])
	known(topic, partitions)
	return topic
}

func known(topic string, partitions int) {
	conn := dial()
	defer conn.Close()
	for i := 0; i < 100; i++ {
		found, err := conn.ReadPartitions(topic)
		if err == nil && len(found) == partitions && found[0].Leader.Host != "" {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	time.Sleep(300 * time.Millisecond)
}

func leader(topic string, partition int) kafka.Broker {
	conn := dial()
	defer conn.Close()
	partitions, err := conn.ReadPartitions(topic)
	must("read partitions", err)
	for _, p := range partitions {
		if p.ID == partition {
			return p.Leader
		}
	}
	return kafka.Broker{}
}

// values reads everything of a partition from its beginning.
func values(topic string, partition, n int) []kafka.Message {
	r := kafka.NewReader(kafka.ReaderConfig{Brokers: addrs, Topic: topic, Partition: partition, MaxWait: 200 * time.Millisecond})
	defer r.Close()
	must("set offset", r.SetOffset(kafka.FirstOffset))
	var all []kafka.Message
	for len(all) < n {
		m, err := r.ReadMessage(within(15 * time.Second))
		must("read", err)
		all = append(all, m)
	}
	return all
}

func spread(topic string, partitions int) string {
	conn, counts := dial(), []string{}
	conn.Close()
	for p := 0; p < partitions; p++ {
		c, err := dialLeader(topic, p)
		must("dial leader", err)
		first, last, err := c.ReadOffsets()
		must("read offsets", err)
		counts = append(counts, fmt.Sprint(last-first))
		c.Close()
	}
	return strings.Join(counts, " ")
}

func sorted[T any](of []T, text func(T) string) []string {
	var all []string
	for _, one := range of {
		all = append(all, text(one))
	}
	sort.Strings(all)
	return all
}

func main() {
	uses := map[string]func(){"admin": admin, "write": write, "read": read, "group": group, "faults": faults}
	use, ok := uses[os.Args[1]]
	if !ok {
		fmt.Println("no such use:", os.Args[1])
		os.Exit(2)
	}
	use()
}
