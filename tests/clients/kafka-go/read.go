package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

// read: ReadBatch with a deadline, offsets by time, Reader by partition with SetOffset, its lag and stats.
func read() {
	topic := create("fifty", 1, 3)
	w := kafka.Writer{Addr: kafka.TCP(addrs...), Topic: topic, RequiredAcks: kafka.RequireAll, BatchTimeout: 5 * time.Millisecond}
	var all []kafka.Message
	for i := 0; i < 50; i++ {
		all = append(all, kafka.Message{Value: []byte(fmt.Sprint("message ", i)), Time: time.UnixMilli(1_700_000_000_000 + int64(i)*1000)})
	}
	must("write", w.WriteMessages(within(10*time.Second), all...))
	must("close", w.Close())
	conn, err := dialLeader(topic, 0)
	must("dial leader", err)
	first, last, err := conn.ReadOffsets()
	fmt.Println("offsets:", first, last, err)
	at, err := conn.ReadOffset(time.UnixMilli(1_700_000_010_500))
	fmt.Println("offset at a time:", at, err)
	must("deadline", conn.SetReadDeadline(time.Now().Add(3*time.Second)))
	batch := conn.ReadBatch(1, 1e6)
	count := 0
	for {
		m, err := batch.ReadMessage()
		if err != nil {
			break
		}
		if count++; count == 1 || count == 50 {
			fmt.Printf("batch: offset %d, %s\n", m.Offset, m.Value)
		}
	}
	fmt.Println("in the batch:", count, "high watermark", batch.HighWaterMark())
	must("close the batch", batch.Close())
	must("deadline", conn.SetReadDeadline(time.Now().Add(500*time.Millisecond)))
	batch = conn.ReadBatch(10e3, 1e6)
	_, err = batch.ReadMessage()
	fmt.Println("at the end:", err != nil)
	batch.Close()
	conn.Close()
	byPartition(topic)
}

func byPartition(topic string) {
	r := kafka.NewReader(kafka.ReaderConfig{Brokers: addrs, Topic: topic, Partition: 0, MinBytes: 10e3, MaxBytes: 10e6, MaxWait: 300 * time.Millisecond})
	defer r.Close()
	must("set offset", r.SetOffset(42))
	fmt.Println("offset:", r.Offset())
	for i := 0; i < 3; i++ {
		m, err := r.ReadMessage(within(10 * time.Second))
		must("read", err)
		fmt.Printf("message at offset %d: %s\n", m.Offset, m.Value)
	}
	lag, err := r.ReadLag(within(10 * time.Second))
	fmt.Println("offset:", r.Offset(), "lag:", r.Lag(), "read lag:", lag, err)
	stats := r.Stats()
	fmt.Println("stats:", stats.Messages, stats.Partition, stats.Errors)
	must("set offset", r.SetOffsetAt(within(10*time.Second), time.UnixMilli(1_700_000_047_000)))
	m, err := r.ReadMessage(within(10 * time.Second))
	must("read", err)
	fmt.Println("by time:", m.Offset)
	must("set offset", r.SetOffset(kafka.LastOffset))
	ctx := within(700 * time.Millisecond)
	_, err = r.ReadMessage(ctx)
	fmt.Println("at the end:", errors.Is(err, context.DeadlineExceeded))
}
