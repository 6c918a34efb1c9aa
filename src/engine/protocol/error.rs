//! The error of an answer, wherever its message has it.

use crate::engine::protocol::Response;

impl Response {
    /// The first error code in it; 0 when there is none.
    #[must_use]
    pub fn error(&self) -> i16 {
        match self {
            Response::Produce(r) => first(
                &mut r.responses.iter().flat_map(|t| &t.partition_responses).map(|p| p.error_code),
            ),
            Response::Fetch(r) if r.error_code != 0 => r.error_code,
            Response::Fetch(r) => {
                first(&mut r.responses.iter().flat_map(|t| &t.partitions).map(|p| p.error_code))
            }
            Response::ListOffsets(r) => {
                first(&mut r.topics.iter().flat_map(|t| &t.partitions).map(|p| p.error_code))
            }
            Response::DeleteRecords(r) => {
                first(&mut r.topics.iter().flat_map(|t| &t.partitions).map(|p| p.error_code))
            }
            Response::CreateTopics(r) => first(&mut r.topics.iter().map(|t| t.error_code)),
            Response::IncrementalAlterConfigs(r) => {
                first(&mut r.responses.iter().map(|t| t.error_code))
            }
            Response::InitProducerId(r) => r.error_code,
            Response::OffsetForLeaderEpoch(r) => {
                first(&mut r.topics.iter().flat_map(|t| &t.partitions).map(|p| p.error_code))
            }
            Response::CreatePartitions(r) => first(&mut r.results.iter().map(|t| t.error_code)),
            Response::DeleteTopics(r) => first(&mut r.responses.iter().map(|t| t.error_code)),
            Response::ElectLeaders(r) if r.error_code != 0 => r.error_code,
            Response::ElectLeaders(r) => {
                let results = r.replica_election_results.iter();
                first(&mut results.flat_map(|t| &t.partition_result).map(|p| p.error_code))
            }
            Response::AlterPartitionReassignments(r) if r.error_code != 0 => r.error_code,
            Response::AlterPartitionReassignments(r) => {
                first(&mut r.responses.iter().flat_map(|t| &t.partitions).map(|p| p.error_code))
            }
            Response::ListPartitionReassignments(r) => r.error_code,
            Response::DescribeConfigs(r) => first(&mut r.results.iter().map(|t| t.error_code)),
            Response::AlterConfigs(r) => first(&mut r.responses.iter().map(|t| t.error_code)),
            Response::DescribeCluster(r) => r.error_code,
            Response::DescribeLogDirs(r) => r.error_code,
            Response::Metadata(_) | Response::ApiVersions(_) => 0,
            Response::LeaderAndIsr(r) => r.error_code,
            Response::StopReplica(r) => r.error_code,
            Response::UpdateMetadata(r) => r.error_code,
            Response::ControlledShutdown(r) => r.error_code,
            Response::AlterPartition(r) => r.error_code,
            Response::AllocateProducerIds(r) => r.error_code,
            _ => self.coordinators_error(),
        }
    }

    /// The first error code in an answer about groups, transactions, rules of access or quotas.
    fn coordinators_error(&self) -> i16 {
        match self {
            Response::FindCoordinator(r) if r.error_code != 0 => r.error_code,
            Response::FindCoordinator(r) => {
                first(&mut r.coordinators.iter().map(|found| found.error_code))
            }
            Response::JoinGroup(r) => r.error_code,
            Response::SyncGroup(r) => r.error_code,
            Response::Heartbeat(r) => r.error_code,
            Response::LeaveGroup(r) if r.error_code != 0 => r.error_code,
            Response::LeaveGroup(r) => first(&mut r.members.iter().map(|m| m.error_code)),
            Response::OffsetCommit(r) => {
                first(&mut r.topics.iter().flat_map(|t| &t.partitions).map(|p| p.error_code))
            }
            Response::OffsetFetch(r) if r.error_code != 0 => r.error_code,
            Response::OffsetFetch(r) => first(&mut r.groups.iter().map(|g| g.error_code)),
            Response::OffsetDelete(r) => r.error_code,
            Response::DescribeGroups(r) => first(&mut r.groups.iter().map(|g| g.error_code)),
            Response::ListGroups(r) => r.error_code,
            Response::DeleteGroups(r) => first(&mut r.results.iter().map(|g| g.error_code)),
            Response::DescribeProducers(r) => {
                first(&mut r.topics.iter().flat_map(|t| &t.partitions).map(|p| p.error_code))
            }
            Response::DescribeTransactions(r) => {
                first(&mut r.transaction_states.iter().map(|state| state.error_code))
            }
            Response::ListTransactions(r) => r.error_code,
            Response::DescribeAcls(r) => r.error_code,
            Response::DescribeClientQuotas(r) => r.error_code,
            Response::AlterClientQuotas(r) => first(&mut r.entries.iter().map(|e| e.error_code)),
            _ => 0,
        }
    }
}

fn first(mut codes: &mut dyn Iterator<Item = i16>) -> i16 {
    Iterator::find(&mut codes, |code| *code != 0).unwrap_or(0)
}
