package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
)

func groupReader(group, topic string, change func(*kafka.ReaderConfig)) *kafka.Reader {
	config := kafka.ReaderConfig{
		Brokers: addrs, GroupID: prefix + group, Topic: topic, MinBytes: 1, MaxBytes: 10e6, MaxWait: 200 * time.Millisecond,
		StartOffset: kafka.FirstOffset, HeartbeatInterval: 500 * time.Millisecond, SessionTimeout: 6 * time.Second, RebalanceTimeout: 6 * time.Second,
	}
	if change != nil {
		change(&config)
	}
	return kafka.NewReader(config)
}

func fill(topic string, from, n int) {
	w := kafka.Writer{Addr: kafka.TCP(addrs...), Topic: topic, Balancer: kafka.Murmur2Balancer{}, RequiredAcks: kafka.RequireAll, BatchTimeout: 5 * time.Millisecond}
	var all []kafka.Message
	for i := from; i < from+n; i++ {
		all = append(all, kafka.Message{Key: []byte(fmt.Sprint("customer-", i%16)), Value: []byte(fmt.Sprint("order-", i))})
	}
	must("write", w.WriteMessages(within(15*time.Second), all...))
	must("close writer", w.Close())
}

func committed(group, topic string, partitions int) (sum int64) {
	ids := []int{}
	for i := 0; i < partitions; i++ {
		ids = append(ids, i)
	}
	resp, err := client.OffsetFetch(within(10*time.Second), &kafka.OffsetFetchRequest{GroupID: prefix + group, Topics: map[string][]int{topic: ids}})
	must("offset fetch", err)
	must("offset fetch", resp.Error)
	for _, p := range resp.Topics[topic] {
		if p.CommittedOffset > 0 { // -1: nothing committed yet
			sum += p.CommittedOffset
		}
	}
	return
}

// group: FetchMessage and CommitMessages, resuming, CommitInterval, what a group Reader cannot do, two members.
func group() {
	topic := create("orders", 2, 3)
	fill(topic, 0, 12)
	for _, n := range []int{5, 7} {
		r := groupReader("billing", topic, nil)
		for i := 0; i < n; i++ {
			m, err := r.FetchMessage(within(15 * time.Second))
			must("fetch", err)
			must("commit", r.CommitMessages(within(10*time.Second), m))
		}
		fmt.Println("SetOffset:", r.SetOffset(0), "Offset, Lag, Partition:", r.Offset(), r.Lag(), r.Stats().Partition)
		_, err := r.ReadLag(within(time.Second))
		fmt.Println("ReadLag:", err)
		must("close reader", r.Close())
		fmt.Println("committed in all:", committed("billing", topic, 2))
	}
	r := groupReader("interval", topic, func(c *kafka.ReaderConfig) { c.CommitInterval = 200 * time.Millisecond })
	for i := 0; i < 12; i++ {
		_, err := r.ReadMessage(within(15 * time.Second))
		must("read", err)
	}
	must("close reader", r.Close())
	fmt.Println("committed by interval:", committed("interval", topic, 2))
	latest := groupReader("late", topic, func(c *kafka.ReaderConfig) { c.StartOffset = kafka.LastOffset })
	_, err := latest.FetchMessage(within(4 * time.Second))
	fmt.Println("from the end:", err)
	must("close reader", latest.Close())
	two(topic)
	list()
}

// two members share the partitions of a topic; together they get every record once.
func two(topic string) {
	readers := []*kafka.Reader{groupReader("pair", topic, nil), groupReader("pair", topic, nil)}
	for i := 0; i < 100; i++ {
		if len(assigned("pair")) == 2 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	time.Sleep(500 * time.Millisecond)
	fmt.Println("members and their partitions:", assigned("pair"))
	fill(topic, 100, 20)
	var lock sync.Mutex
	seen := map[string]int{}
	var wait sync.WaitGroup
	for _, r := range readers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for {
				lock.Lock()
				done := len(seen) >= 32
				lock.Unlock()
				if done {
					return
				}
				m, err := r.ReadMessage(within(3 * time.Second))
				if err != nil {
					continue
				}
				lock.Lock()
				seen[string(m.Value)]++
				lock.Unlock()
			}
		}()
	}
	wait.Wait()
	fmt.Println("records seen:", len(seen))
	for _, r := range readers {
		must("close reader", r.Close())
	}
	fmt.Println("committed by both:", committed("pair", topic, 2))
}

func assigned(name string) (counts []int) {
	resp, err := client.DescribeGroups(within(10*time.Second), &kafka.DescribeGroupsRequest{GroupIDs: []string{prefix + name}})
	if err != nil || len(resp.Groups) == 0 || resp.Groups[0].GroupState != "Stable" {
		return nil
	}
	for _, m := range resp.Groups[0].Members {
		for _, t := range m.MemberAssignments.Topics {
			counts = append(counts, len(t.Partitions))
		}
	}
	return
}

func list() {
	for _, name := range []string{"billing", "nobody"} {
		resp, err := client.DescribeGroups(within(10*time.Second), &kafka.DescribeGroupsRequest{GroupIDs: []string{prefix + name}})
		must("describe", err)
		g := resp.Groups[0]
		fmt.Printf("%s: state %s, %d members, error %v\n", name, g.GroupState, len(g.Members), g.Error)
	}
	found := map[string]bool{}
	conn := dial()
	brokers, err := conn.Brokers()
	must("brokers", err)
	for _, b := range brokers {
		resp, err := client.ListGroups(within(10*time.Second), &kafka.ListGroupsRequest{Addr: kafka.TCP(fmt.Sprintf("%s:%d", b.Host, b.Port))})
		must("list", err)
		for _, g := range resp.Groups {
			found[g.GroupID] = true
		}
	}
	fmt.Println("listed:", found[prefix+"billing"], found[prefix+"interval"], found[prefix+"nobody"])
	for _, name := range []string{"billing", "nobody"} {
		resp, err := client.DeleteGroups(within(10*time.Second), &kafka.DeleteGroupsRequest{GroupIDs: []string{prefix + name}})
		must("delete", err)
		fmt.Printf("delete %s: %v\n", name, resp.Errors[prefix+name])
	}
}
