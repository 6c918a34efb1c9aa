//! `admin`: topics, settings, elections, DeleteRecords; and the topic of the case itself.

use std::collections::BTreeMap;

use kafka_protocol::messages::{self as kafka, ApiKey};
use serde_json::{Value, json};

use crate::conform::anomaly::case::Admin;
use crate::conform::anomaly::cluster::{Life, Outcome, Problem};
use crate::conform::anomaly::requests::{self, error_name};
use crate::conform::anomaly::runner::Runner;

const CREATE_TOPICS: i16 = 5;
const CREATE_PARTITIONS: i16 = 1;
const ALTER_CONFIGS: i16 = 1;
const ELECT_LEADERS: i16 = 2;
const DELETE_RECORDS: i16 = 1;
const TIMEOUT_MS: i32 = 30_000;
/// How long a new topic may take until every broker serves it, in microseconds.
const SERVED: i64 = 60_000_000;
/// Then followers are given this long to fetch, in microseconds.
const SETTLED: i64 = 1_000_000;
/// Resource type TOPIC (`ConfigResource.Type`).
const TOPIC: i8 = 2;

impl Runner<'_> {
    pub(super) fn admin(&mut self, step: &Admin) -> Outcome<Value> {
        let case = self.topic.clone();
        let named = |topic: &Option<String>| topic.clone().unwrap_or_else(|| case.clone());
        match step {
            Admin::CreateTopic { topic, partitions, topic_config } => {
                let topic = named(topic);
                let created = self.create_topic(&topic, partitions, topic_config)?;
                if created["error"] == "NONE" {
                    self.await_topic(&topic)?;
                }
                Ok(created)
            }
            Admin::CreatePartitions { topic, to, .. } => self.create_partitions(&named(topic), *to),
            Admin::AlterConfig { topic, topic_config } => {
                self.alter_config(&named(topic), topic_config)
            }
            Admin::ElectLeaders { topic, kind, partition } => {
                self.elect_leaders(&named(topic), kind, *partition)
            }
            Admin::DeleteRecords { topic, partition, before } => {
                self.delete_records(&named(topic), *partition, *before)
            }
        }
    }

    /// Makes the case's topic, when it has one, and waits until it is served.
    pub(super) fn create_case_topic(&mut self) -> Outcome<()> {
        let case = self.case;
        if case.setup.partitions.is_empty() {
            return Ok(());
        }
        let topic = self.topic.clone();
        let rows = json!(case.setup.partitions);
        let created = self.create_topic(&topic, &rows, &case.setup.topic_config)?;
        match created["error"].as_str() {
            Some("NONE") => self.await_topic(&topic),
            Some("INVALID_CONFIG") => {
                Err(Problem::Cannot(format!("the topic's settings: {}", created["message"])))
            }
            _ => Err(Problem::Failed(format!("expected the topic to be made, got {created}"))),
        }
    }

    /// `partitions`: a number, or the replicas of each.
    fn create_topic(
        &mut self,
        topic: &str,
        partitions: &Value,
        config: &BTreeMap<String, String>,
    ) -> Outcome<Value> {
        use kafka::create_topics_request as create;
        let configs = config.iter().map(|(name, value)| {
            create::CreatableTopicConfig::default()
                .with_name(requests::text(name))
                .with_value(Some(requests::text(value)))
        });
        let mut wanted = create::CreatableTopic::default()
            .with_name(requests::topic_name(topic))
            .with_num_partitions(-1)
            .with_replication_factor(-1)
            .with_configs(configs.collect());
        match partitions {
            Value::Array(rows) => {
                let assignments = rows.iter().enumerate().map(|(index, row)| {
                    let ids = row.as_array().map_or(&[][..], Vec::as_slice).iter();
                    let ids = ids.filter_map(|id| i32::try_from(id.as_i64()?).ok());
                    create::CreatableReplicaAssignment::default()
                        .with_partition_index(i32::try_from(index).unwrap_or(i32::MAX))
                        .with_broker_ids(ids.map(kafka::BrokerId).collect())
                });
                wanted = wanted.with_assignments(assignments.collect());
            }
            count => {
                let count = count.as_i64().and_then(|count| i32::try_from(count).ok());
                let count = count.ok_or_else(|| {
                    Problem::Cannot(format!("no number of partitions: {partitions}"))
                })?;
                wanted = wanted.with_num_partitions(count).with_replication_factor(1);
            }
        }
        let request = kafka::CreateTopicsRequest::default()
            .with_topics(vec![wanted])
            .with_timeout_ms(TIMEOUT_MS);
        let broker = self.controller()?;
        let answer: kafka::CreateTopicsResponse =
            self.ask(broker, (ApiKey::CreateTopics, CREATE_TOPICS), &request)?;
        let made = answer.topics.first();
        let error = made.map_or(-1, |made| made.error_code);
        let message = made.and_then(|made| made.error_message.as_ref()).map(ToString::to_string);
        Ok(json!({ "error": error_name(error), "message": message }))
    }

    /// Waits until every broker that runs knows a leader for each partition.
    fn await_topic(&mut self, topic: &str) -> Outcome<()> {
        let begun = self.cluster.now();
        loop {
            if self.is_served(topic)? {
                self.cluster.sleep(SETTLED);
                return Ok(());
            }
            if self.cluster.now() - begun > SERVED {
                return Err(Problem::Failed(format!("expected {topic} to be served, got nothing")));
            }
            self.cluster.sleep(20_000);
        }
    }

    fn is_served(&mut self, topic: &str) -> Outcome<bool> {
        let running =
            (1..=self.case.setup.brokers).filter(|id| self.cluster.life(*id) == Life::Running);
        for broker in running.collect::<Vec<_>>() {
            let request = requests::metadata(topic, false);
            let answer: kafka::MetadataResponse =
                self.ask(broker, (ApiKey::Metadata, 9), &request)?;
            let Some(told) = answer.topics.first() else { return Ok(false) };
            let led = |part: &kafka::metadata_response::MetadataResponsePartition| {
                part.error_code == 0 && part.leader_id.0 >= 0
            };
            if told.error_code != 0
                || told.partitions.is_empty()
                || !told.partitions.iter().all(led)
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn create_partitions(&mut self, topic: &str, to: i32) -> Outcome<Value> {
        let wanted = kafka::create_partitions_request::CreatePartitionsTopic::default()
            .with_name(requests::topic_name(topic))
            .with_count(to)
            .with_assignments(None);
        let request = kafka::CreatePartitionsRequest::default()
            .with_topics(vec![wanted])
            .with_timeout_ms(TIMEOUT_MS);
        let broker = self.controller()?;
        let answer: kafka::CreatePartitionsResponse =
            self.ask(broker, (ApiKey::CreatePartitions, CREATE_PARTITIONS), &request)?;
        let error = answer.results.first().map_or(-1, |result| result.error_code);
        if error == 0 {
            self.await_topic(topic)?;
        }
        Ok(json!({ "error": error_name(error) }))
    }

    fn alter_config(
        &mut self,
        topic: &str,
        config: &BTreeMap<String, Option<String>>,
    ) -> Outcome<Value> {
        use kafka::incremental_alter_configs_request as alter;
        let configs = config.iter().map(|(name, value)| {
            // SET is 0, DELETE is 1 (AlterConfigOp.OpType).
            alter::AlterableConfig::default()
                .with_name(requests::text(name))
                .with_config_operation(i8::from(value.is_none()))
                .with_value(value.as_deref().map(requests::text))
        });
        let resource = alter::AlterConfigsResource::default()
            .with_resource_type(TOPIC)
            .with_resource_name(requests::text(topic))
            .with_configs(configs.collect());
        let request =
            kafka::IncrementalAlterConfigsRequest::default().with_resources(vec![resource]);
        let broker = self.controller()?;
        let asked = (ApiKey::IncrementalAlterConfigs, ALTER_CONFIGS);
        let answer: kafka::IncrementalAlterConfigsResponse = self.ask(broker, asked, &request)?;
        let told = answer.responses.first();
        let error = told.map_or(-1, |response| response.error_code);
        let message = told.and_then(|told| told.error_message.as_ref()).map(ToString::to_string);
        Ok(json!({ "error": error_name(error), "message": message }))
    }

    fn elect_leaders(&mut self, topic: &str, kind: &str, partition: i32) -> Outcome<Value> {
        let kind = match kind {
            "PREFERRED" => 0,
            "UNCLEAN" => 1,
            other => return Err(Problem::Cannot(format!("no election {other} is known"))),
        };
        let partitions = kafka::elect_leaders_request::TopicPartitions::default()
            .with_topic(requests::topic_name(topic))
            .with_partitions(vec![partition]);
        let request = kafka::ElectLeadersRequest::default()
            .with_election_type(kind)
            .with_topic_partitions(Some(vec![partitions]))
            .with_timeout_ms(TIMEOUT_MS);
        let broker = self.controller()?;
        let answer: kafka::ElectLeadersResponse =
            self.ask(broker, (ApiKey::ElectLeaders, ELECT_LEADERS), &request)?;
        let result = answer.replica_election_results.first();
        let part = result.and_then(|result| result.partition_result.first());
        let of_partition = part.map(|part| error_name(part.error_code));
        Ok(json!({ "error": error_name(answer.error_code), "partition_error": of_partition }))
    }

    fn delete_records(&mut self, topic: &str, partition: i32, before: i64) -> Outcome<Value> {
        use kafka::delete_records_request as delete;
        let wanted = delete::DeleteRecordsPartition::default()
            .with_partition_index(partition)
            .with_offset(before);
        let wanted = delete::DeleteRecordsTopic::default()
            .with_name(requests::topic_name(topic))
            .with_partitions(vec![wanted]);
        let request = kafka::DeleteRecordsRequest::default()
            .with_topics(vec![wanted])
            .with_timeout_ms(TIMEOUT_MS);
        let broker = self.broker_for(None, topic, partition)?;
        let answer: kafka::DeleteRecordsResponse =
            self.ask(broker, (ApiKey::DeleteRecords, DELETE_RECORDS), &request)?;
        let part = answer.topics.first().and_then(|topic| topic.partitions.first());
        let part = part.map(|part| (error_name(part.error_code), part.low_watermark));
        let (error, low) = part.unwrap_or_default();
        Ok(json!({ "error": error, "low": low }))
    }

    /// The controller, waited for while there is none that runs.
    fn controller(&mut self) -> Outcome<i32> {
        let begun = self.cluster.now();
        loop {
            let now = self.cluster.controller().map(|(id, _)| id);
            if let Some(id) = now.filter(|id| self.cluster.life(*id) == Life::Running) {
                return Ok(id);
            }
            if self.cluster.now() - begun > SERVED {
                return Err(Problem::Failed("expected a controller, got none".to_owned()));
            }
            self.cluster.sleep(20_000);
        }
    }
}
