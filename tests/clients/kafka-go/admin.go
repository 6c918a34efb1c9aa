package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
)

// admin: Dial, Brokers, Controller, CreateTopics, ReadPartitions, DeleteTopics, and the Client's admin calls.
func admin() {
	conn := dial()
	defer conn.Close()
	brokers, err := conn.Brokers()
	must("brokers", err)
	fmt.Println("brokers:", len(brokers))
	topic := prefix + "orders"
	must("create", onController(func(c *kafka.Conn) error {
		return c.CreateTopics(kafka.TopicConfig{Topic: topic, NumPartitions: 3, ReplicationFactor: 3})
	}))
	known(topic, 3)
	partitions, err := conn.ReadPartitions(topic)
	must("read partitions", err)
	for _, line := range sorted(partitions, func(p kafka.Partition) string {
		return fmt.Sprintf("partition %d: %d replicas, %d in sync", p.ID, len(p.Replicas), len(p.Isr))
	}) {
		fmt.Println(line)
	}
	for _, c := range []kafka.TopicConfig{
		{Topic: topic, NumPartitions: 1, ReplicationFactor: 1},
		{Topic: prefix + "wide", NumPartitions: 1, ReplicationFactor: 9},
		{Topic: prefix + "none", NumPartitions: 0, ReplicationFactor: 1},
		{Topic: prefix + "bad name", NumPartitions: 1, ReplicationFactor: 1},
	} {
		resp, err := client.CreateTopics(within(10*time.Second), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{c}})
		must("create", err)
		fmt.Printf("create %s p%d rf%d: %v\n", c.Topic, c.NumPartitions, c.ReplicationFactor, resp.Errors[c.Topic])
	}
	configs(topic)
	grown, err := client.CreatePartitions(within(10*time.Second), &kafka.CreatePartitionsRequest{Topics: []kafka.TopicPartitionsConfig{{Name: topic, Count: 5}}})
	must("create partitions", err)
	fmt.Println("five partitions:", grown.Errors[topic])
	grown, err = client.CreatePartitions(within(10*time.Second), &kafka.CreatePartitionsRequest{Topics: []kafka.TopicPartitionsConfig{{Name: topic, Count: 2}}})
	must("create partitions", err)
	fmt.Println("two partitions:", grown.Errors[topic])
	time.Sleep(500 * time.Millisecond)
	listed, err := conn.ReadPartitions()
	must("read partitions", err)
	mine := map[string]int{}
	for _, p := range listed {
		if strings.HasPrefix(p.Topic, prefix) {
			mine[p.Topic]++
		}
	}
	fmt.Println("topics:", mine)
	must("delete", onController(func(c *kafka.Conn) error { return c.DeleteTopics(topic) }))
	fmt.Println("delete again:", eventually(func() error {
		return onController(func(c *kafka.Conn) error { return c.DeleteTopics(topic) })
	}))
	auto, err := dialLeader(prefix+"made-by-asking", 0)
	must("dial leader", err)
	fmt.Println("made by asking:", auto.Broker().Host != "")
	auto.Close()
}

// onController does something on a connection to the controller, as the notes do.
func onController(do func(*kafka.Conn) error) error {
	conn := dial()
	defer conn.Close()
	controller, err := conn.Controller()
	must("controller", err)
	cc, err := kafka.Dial("tcp", fmt.Sprintf("%s:%d", controller.Host, controller.Port))
	must("dial the controller", err)
	defer cc.Close()
	return do(cc)
}

// eventually is the first error of something that succeeds at first.
func eventually(try func() error) error {
	for i := 0; i < 100; i++ {
		if err := try(); err != nil {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil
}

func configs(topic string) {
	resource := func(name, value string) *kafka.IncrementalAlterConfigsRequest {
		return &kafka.IncrementalAlterConfigsRequest{Resources: []kafka.IncrementalAlterConfigsRequestResource{{
			ResourceType: kafka.ResourceTypeTopic, ResourceName: topic,
			Configs: []kafka.IncrementalAlterConfigsRequestConfig{{Name: name, Value: value, ConfigOperation: kafka.ConfigOperationSet}},
		}}}
	}
	for _, change := range [][2]string{{"retention.ms", "60000"}, {"cleanup.policy", "compact"}, {"retention.ms", "soon"}, {"no.such", "1"}} {
		resp, err := client.IncrementalAlterConfigs(within(10*time.Second), resource(change[0], change[1]))
		must("alter", err)
		fmt.Printf("%s=%s: %v\n", change[0], change[1], resp.Resources[0].Error)
	}
	time.Sleep(500 * time.Millisecond)
	resp, err := client.DescribeConfigs(within(10*time.Second), &kafka.DescribeConfigsRequest{Resources: []kafka.DescribeConfigRequestResource{{
		ResourceType: kafka.ResourceTypeTopic, ResourceName: topic, ConfigNames: []string{"retention.ms", "cleanup.policy", "segment.bytes"},
	}}})
	must("describe", err)
	for _, line := range sorted(resp.Resources[0].ConfigEntries, func(e kafka.DescribeConfigResponseConfigEntry) string {
		return fmt.Sprintf("%s=%s source %d", e.ConfigName, e.ConfigValue, e.ConfigSource)
	}) {
		fmt.Println(line)
	}
}
