//! DescribeCluster and DescribeLogDirs (`KafkaApis.handleDescribeCluster`,
//! `ReplicaManager.describeLogDirs`).

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_cluster_response::DescribeClusterBroker;
use kafka_protocol::messages::describe_log_dirs_response::{
    DescribeLogDirsPartition, DescribeLogDirsResult, DescribeLogDirsTopic,
};
use kafka_protocol::messages::{
    BrokerId as WireBroker, DescribeClusterRequest, DescribeClusterResponse,
    DescribeLogDirsRequest, DescribeLogDirsResponse,
};
use kafka_protocol::protocol::StrBytes;

use crate::engine::broker::metadata::wire_name;
use crate::engine::broker::{Broker, Caller};
use crate::engine::disk::Disk;
use crate::engine::ids::TopicName;
use crate::engine::node::Ctx;
use crate::engine::protocol::Response;

/// `EndpointType.BROKER`.
const BROKERS: i8 = 1;
/// No answer about operations was asked for.
const NO_OPERATIONS: i32 = i32::MIN;
/// A size that is not known (`UNKNOWN_VOLUME_BYTES`).
const UNKNOWN_BYTES: i64 = -1;

impl Broker {
    pub(super) fn describe_cluster(
        &mut self,
        ctx: &mut Ctx<'_>,
        caller: Caller,
        request: &DescribeClusterRequest,
    ) {
        let mut response =
            DescribeClusterResponse::default().with_cluster_authorized_operations(NO_OPERATIONS);
        if caller.version >= 1 && request.endpoint_type != BROKERS {
            let words = "Unsupported endpoint type";
            response.error_code = ResponseError::UnsupportedEndpointType.code();
            response.error_message = Some(StrBytes::from_static_str(words));
        } else {
            let id = self.control.cluster_id().map(ToString::to_string).unwrap_or_default();
            let controller = self.control.controller().map_or(-1, |broker| broker.0);
            let brokers = self.metadata.live_brokers().map(|broker| {
                DescribeClusterBroker::default()
                    .with_broker_id(WireBroker(broker.0))
                    .with_host(StrBytes::from_string(self.host_of(broker)))
                    .with_port(self.port_of(broker))
            });
            response.brokers = brokers.collect();
            response.cluster_id = id.into();
            response.controller_id = WireBroker(controller);
            response.endpoint_type = BROKERS;
        }
        ctx.send(caller.node, caller.answer(Response::DescribeCluster(response)));
    }

    pub(super) fn describe_log_dirs(
        &mut self,
        ctx: &mut Ctx<'_>,
        disk: &Disk,
        caller: Caller,
        request: &DescribeLogDirsRequest,
    ) {
        let wanted = |topic: &TopicName, partition: i32| {
            request.topics.as_ref().is_none_or(|topics| {
                let same = topics.iter().filter(|asked| asked.topic.as_str() == topic.as_str());
                same.flat_map(|asked| &asked.partitions).any(|index| *index == partition)
            })
        };
        let live = self.log_dirs.live().iter().map(|dir| self.describe_dir(disk, dir, wanted));
        let failed = self.log_dirs.failed().iter().map(|dir| {
            DescribeLogDirsResult::default()
                .with_error_code(ResponseError::KafkaStorageError.code())
                .with_log_dir(StrBytes::from_string(self.path_of(dir).to_string()))
                .with_total_bytes(UNKNOWN_BYTES)
                .with_usable_bytes(UNKNOWN_BYTES)
        });
        let results = live.chain(failed).collect();
        let response = DescribeLogDirsResponse::default().with_results(results);
        ctx.send(caller.node, caller.answer(Response::DescribeLogDirs(response)));
    }

    /// One directory that works: the logs in it, and the room on its disk.
    fn describe_dir(
        &self,
        disk: &Disk,
        dir: &str,
        wanted: impl Fn(&TopicName, i32) -> bool,
    ) -> DescribeLogDirsResult {
        let mut topics: BTreeMap<&TopicName, Vec<DescribeLogDirsPartition>> = BTreeMap::new();
        for (id, partition) in self.partitions.iter() {
            if partition.log.parent() == dir && wanted(&id.topic, id.partition.0) {
                let size = i64::try_from(partition.log.size_bytes()).unwrap_or(i64::MAX);
                let lag = partition.high_watermark.0 - partition.log.log_end_offset().0;
                topics.entry(&id.topic).or_default().push(
                    DescribeLogDirsPartition::default()
                        .with_partition_index(id.partition.0)
                        .with_partition_size(size)
                        .with_offset_lag(lag.max(0)),
                );
            }
        }
        let rows = topics.into_iter().map(|(topic, partitions)| {
            DescribeLogDirsTopic::default().with_name(wire_name(topic)).with_partitions(partitions)
        });
        let (total, usable) = disk.space(dir);
        let bytes = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        DescribeLogDirsResult::default()
            .with_log_dir(StrBytes::from_string(self.path_of(dir).to_string()))
            .with_topics(rows.collect())
            .with_total_bytes(bytes(total))
            .with_usable_bytes(bytes(usable))
    }
}
