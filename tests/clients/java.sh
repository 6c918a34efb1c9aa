# Sourced: Kafka's own tools by their scripts' names, from the jars that scripts/setup.sh oracle fetches.
cat >"$SCRATCH/log4j.properties" <<P
log4j.rootLogger=ERROR, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.Target=System.err
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%p %m (%c)%n
P
java_class() {
    java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx256m "-Dlog4j.configuration=file:$SCRATCH/log4j.properties" -cp "$KAFKA_LIB/*" "$@" 2>&1
}
tool() {
    local name=$1 class; shift
    case $name in
        kafka-topics) class=org.apache.kafka.tools.TopicCommand ;;
        kafka-configs) class=kafka.admin.ConfigCommand ;;
        kafka-consumer-groups) class=org.apache.kafka.tools.consumer.group.ConsumerGroupCommand ;;
        kafka-console-producer) class=kafka.tools.ConsoleProducer ;;
        kafka-console-consumer) class=org.apache.kafka.tools.consumer.ConsoleConsumer ;;
        kafka-delete-records) class=org.apache.kafka.tools.DeleteRecordsCommand ;;
        kafka-get-offsets) class=org.apache.kafka.tools.GetOffsetShell ;;
        kafka-leader-election) class=org.apache.kafka.tools.LeaderElectionCommand ;;
        kafka-reassign-partitions) class=org.apache.kafka.tools.reassign.ReassignPartitionsCommand ;;
        kafka-log-dirs) class=org.apache.kafka.tools.LogDirsCommand ;;
        kafka-producer-perf-test) java_class org.apache.kafka.tools.ProducerPerformance "$@"; return ;;
        *) echo "no tool $name"; return 2 ;;
    esac
    java_class "$class" --bootstrap-server "$BOOTSTRAP" "$@"
}
# What differs from run to run: ids and times.
plain() { sed -E "s/TopicId: [A-Za-z0-9_-]{22}/TopicId: ID/; s/[[:space:]]+$//"; }
