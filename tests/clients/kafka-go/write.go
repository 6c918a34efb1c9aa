package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
)

// write: DialLeader with a deadline, Writer with each balancer, acks and codec, keys and headers.
func write() {
	topic := create("spread", 4, 3)
	conn, err := dialLeader(topic, 0)
	must("dial leader", err)
	must("deadline", conn.SetWriteDeadline(time.Now().Add(10*time.Second)))
	n, err := conn.WriteMessages(kafka.Message{Value: []byte("one!")}, kafka.Message{Value: []byte("two!")})
	must("write", err)
	fmt.Println("written to the leader:", n, "bytes")
	conn.Close()
	fmt.Println("spread:", spread(topic, 4))
	balanced("hash", &kafka.Hash{})
	balanced("reference-hash", &kafka.ReferenceHash{})
	balanced("crc32", kafka.CRC32Balancer{})
	balanced("murmur2", kafka.Murmur2Balancer{})
	balanced("round-robin", &kafka.RoundRobin{})
	balanced("least-bytes", &kafka.LeastBytes{})
	for _, acks := range []kafka.RequiredAcks{kafka.RequireNone, kafka.RequireOne, kafka.RequireAll} {
		stored(fmt.Sprintf("acks-%d", acks), &kafka.Writer{RequiredAcks: acks})
	}
	for _, codec := range []kafka.Compression{kafka.Gzip, kafka.Snappy, kafka.Lz4, kafka.Zstd} {
		stored(codec.String(), &kafka.Writer{RequiredAcks: kafka.RequireAll, Compression: codec})
	}
	w := kafka.Writer{Addr: kafka.TCP(addrs...), Topic: topic, RequiredAcks: kafka.RequireAll, BatchBytes: 4 << 20, MaxAttempts: 1}
	err = w.WriteMessages(within(10*time.Second), kafka.Message{Value: make([]byte, 2<<20)})
	fmt.Println("two megabytes:", err)
	w = kafka.Writer{Addr: kafka.TCP(addrs...), Topic: prefix + "bad name", MaxAttempts: 1}
	fmt.Println("a bad name:", w.WriteMessages(within(10*time.Second), kafka.Message{Value: []byte("x")}))
	w = kafka.Writer{Addr: kafka.TCP(addrs...), Topic: prefix + "by-writing", AllowAutoTopicCreation: true, MaxAttempts: 30, BatchTimeout: time.Millisecond}
	err = eventuallyNil(func() error {
		return w.WriteMessages(within(10*time.Second), kafka.Message{Value: []byte("x")})
	})
	fmt.Println("made by writing:", err)
}

func eventuallyNil(try func() error) (err error) {
	for i := 0; i < 50; i++ {
		if err = try(); err == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}

// balanced writes twelve keyed records one by one and prints where they went.
func balanced(name string, balancer kafka.Balancer) {
	topic := create(name, 3, 1)
	w := kafka.Writer{Addr: kafka.TCP(addrs...), Topic: topic, Balancer: balancer, RequiredAcks: kafka.RequireAll, BatchTimeout: time.Millisecond}
	for i := 0; i < 12; i++ {
		m := kafka.Message{Key: []byte(fmt.Sprintf("key-%d", i%6)), Value: []byte("value")}
		must("write", w.WriteMessages(within(10*time.Second), m))
	}
	must("close", w.Close())
	counts := spread(topic, 3)
	var keys []string
	for p, count := range strings.Fields(counts) {
		var n int
		fmt.Sscan(count, &n)
		for _, m := range values(topic, p, n) {
			keys = append(keys, fmt.Sprintf("%s@%d", m.Key, p))
		}
	}
	fmt.Printf("%s: %s; %s\n", name, counts, strings.Join(sorted(keys, func(k string) string { return k }), " "))
}

// stored writes records with a key, headers and times, and prints what comes back.
func stored(name string, w *kafka.Writer) {
	topic := create("stored-"+name, 1, 3)
	w.Addr, w.Topic, w.BatchTimeout = kafka.TCP(addrs...), topic, 5*time.Millisecond
	var batch []kafka.Message
	for i := 0; i < 5; i++ {
		batch = append(batch, kafka.Message{
			Key: []byte(fmt.Sprint("k", i)), Value: []byte(strings.Repeat(fmt.Sprint("value ", i, " "), 20)),
			Headers: []kafka.Header{{Key: "trace", Value: []byte(fmt.Sprint(i))}, {Key: "trace", Value: nil}},
			Time:    time.UnixMilli(1_700_000_000_000 + int64(i)),
		})
	}
	must("write", w.WriteMessages(within(10*time.Second), batch...))
	must("close", w.Close())
	for _, m := range values(topic, 0, 5) {
		fmt.Printf("%s: offset %d, %s, %d bytes, %d headers, trace %s, at %d\n", name, m.Offset, m.Key, len(m.Value), len(m.Headers), m.Headers[0].Value, m.Time.UnixMilli())
	}
}
