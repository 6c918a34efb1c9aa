package main

import (
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

// faults: a leader and a coordinator are killed; nothing that was acknowledged is lost.
func faults() {
	topic := create("survivors", 1, 3)
	acknowledged := map[string]bool{}
	w := kafka.Writer{Addr: kafka.TCP(addrs...), Topic: topic, RequiredAcks: kafka.RequireAll, BatchTimeout: time.Millisecond, MaxAttempts: 1, WriteTimeout: 3 * time.Second, ReadTimeout: 3 * time.Second}
	write := func(from, n int) {
		for i := from; i < from+n; i++ {
			value := fmt.Sprint("record-", i)
			for try := 0; ; try++ {
				if err := w.WriteMessages(within(10*time.Second), kafka.Message{Value: []byte(value)}); err == nil {
					acknowledged[value] = true
					break
				} else if try > 100 {
					must("write", err)
				}
				time.Sleep(100 * time.Millisecond)
			}
		}
	}
	write(0, 50)
	dead := leader(topic, 0).ID
	tell("kill %d", dead)
	write(50, 50)
	after := leader(topic, 0).ID
	fmt.Println("another leads:", after != dead)
	tell("start %d", dead)
	write(100, 50)
	fmt.Println("acknowledged:", len(acknowledged))
	found := map[string]bool{}
	r := kafka.NewReader(kafka.ReaderConfig{Brokers: addrs, Topic: topic, Partition: 0, MaxWait: 200 * time.Millisecond})
	for len(found) < 150 {
		m, err := r.ReadMessage(within(15 * time.Second))
		must("read", err)
		found[string(m.Value)] = true
	}
	must("close", r.Close())
	for value := range acknowledged {
		if !found[value] {
			fmt.Println("lost:", value)
		}
	}
	fmt.Println("found:", len(found))
	coordinator()
}

func coordinator() {
	topic := create("group-survives", 2, 3)
	fill(topic, 0, 20)
	r := groupReader("steady", topic, nil)
	seen := map[string]bool{}
	read := func(n int) {
		for len(seen) < n {
			m, err := r.FetchMessage(within(30 * time.Second))
			must("fetch", err)
			seen[string(m.Value)] = true
			if err := r.CommitMessages(within(30*time.Second), m); err != nil {
				continue // a rebalance took the partition: it comes again
			}
		}
	}
	read(10)
	resp, err := client.FindCoordinator(within(10*time.Second), &kafka.FindCoordinatorRequest{Key: prefix + "steady", KeyType: kafka.CoordinatorKeyTypeConsumer})
	must("find coordinator", err)
	dead := resp.Coordinator.NodeID
	tell("kill %d", dead)
	read(20)
	fmt.Println("read through the coordinator's death:", len(seen))
	must("close", r.Close())
	tell("start %d", dead)
	fmt.Println("committed:", committed("steady", topic, 2))
}
