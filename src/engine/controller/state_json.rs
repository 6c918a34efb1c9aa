//! What Kafka keeps in its znodes, byte for byte as 3.9 writes it (`ZkData.scala`), and how it is
//! read back. Also the paths.
//!
//! Member order is that of a real cluster (`zookeeper-shell` against 3.9.1), which is the order of a
//! Scala map, not alphabetical.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::engine::address;
use crate::engine::controller::election::Leadership;
use crate::engine::ids::{
    BrokerId, ControllerEpoch, LeaderEpoch, PartitionEpoch, PartitionId, Text, TopicName,
    TopicPartition, base64, read_base64,
};
use crate::engine::json::{Json, quote};
use crate::engine::protocol::inter_broker::TopicOverrides;

/// The elected controller, ephemeral.
pub const CONTROLLER: &str = "/controller";
/// Number of the controller's reign.
pub const CONTROLLER_EPOCH: &str = "/controller_epoch";
/// Registered brokers.
pub const BROKER_IDS: &str = "/brokers/ids";
/// Topics and their assignments.
pub const TOPICS: &str = "/brokers/topics";
/// Topics' own settings.
pub const TOPIC_CONFIGS: &str = "/config/topics";
/// Brokers' own settings, and as `<default>` those of all.
pub const BROKER_CONFIGS: &str = "/config/brokers";
/// Notifications of changed settings.
pub const CONFIG_CHANGES: &str = "/config/changes";
/// Name of a notification, before its number.
pub const CONFIG_CHANGE_PREFIX: &str = "config_change_";
/// Topics that are to be deleted.
pub const DELETE_TOPICS: &str = "/admin/delete_topics";
/// Notifications of failed log directories.
pub const LOG_DIR_EVENTS: &str = "/log_dir_event_notification";
/// Name of such a notification, before its number.
pub const LOG_DIR_EVENT_PREFIX: &str = "log_dir_event_";
/// Finalised features (KIP-584).
pub const FEATURE: &str = "/feature";
/// What the controller writes there.
pub const FEATURE_DATA: &str = r#"{"features":{},"version":2,"status":1}"#;
/// The cluster's id.
pub const CLUSTER_ID: &str = "/cluster/id";

/// The last block of producer ids that was given to a broker (`ProducerIdBlockZNode`).
pub const PRODUCER_ID_BLOCK: &str = "/latest_producer_id_block";

/// Paths that every broker makes sure of when it starts (`ZkData.PersistentZkPaths`), parents first.
pub const PERSISTENT_PATHS: &[&str] = &[
    "/consumers",
    "/brokers",
    "/brokers/ids",
    "/brokers/topics",
    "/config",
    "/config/changes",
    "/admin",
    "/admin/delete_topics",
    "/brokers/seqid",
    "/isr_change_notification",
    PRODUCER_ID_BLOCK,
    LOG_DIR_EVENTS,
    "/config/topics",
    "/config/clients",
    "/config/users",
    "/config/brokers",
    "/config/ips",
    "/cluster",
];

/// A partition's `state` znode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaderAndIsr {
    /// Leader and ISR.
    pub leadership: Leadership,
    /// Number of the leader's reign.
    pub leader_epoch: LeaderEpoch,
    /// Reign of the controller that wrote it.
    pub controller_epoch: ControllerEpoch,
    /// zkVersion of the znode, as read or written.
    pub partition_epoch: PartitionEpoch,
    /// An unclean election chose the leader, which has not changed the ISR since (KIP-704's
    /// `LeaderRecoveryState`).
    pub recovering: bool,
}

/// A topic's znode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicAssignment {
    /// Its id.
    pub id: Uuid,
    /// Replicas by partition, preferred leader first.
    pub partitions: BTreeMap<PartitionId, Vec<BrokerId>>,
    /// Replicas that are being added.
    pub adding: BTreeMap<PartitionId, Vec<BrokerId>>,
    /// Replicas that are being removed.
    pub removing: BTreeMap<PartitionId, Vec<BrokerId>>,
}

/// Whose settings a znode holds (`ConfigResource`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigEntity {
    /// A topic's.
    Topic(TopicName),
    /// A broker's, or without one the default of all.
    Broker(Option<BrokerId>),
}

impl ConfigEntity {
    /// `/config/topics/T`, `/config/brokers/N` or `/config/brokers/<default>`.
    #[must_use]
    pub fn path(&self) -> Text {
        format!("/config/{}", self.name()).into()
    }

    fn name(&self) -> String {
        match self {
            ConfigEntity::Topic(topic) => format!("topics/{topic}"),
            ConfigEntity::Broker(Some(broker)) => format!("brokers/{broker}"),
            ConfigEntity::Broker(None) => "brokers/<default>".to_owned(),
        }
    }
}

/// `/brokers/ids/N`.
#[must_use]
pub fn broker_path(broker: BrokerId) -> Text {
    format!("{BROKER_IDS}/{broker}").into()
}

/// `/brokers/topics/T`.
#[must_use]
pub fn topic_path(topic: &TopicName) -> Text {
    format!("{TOPICS}/{topic}").into()
}

/// `/brokers/topics/T/partitions/P/state`.
#[must_use]
pub fn state_path(partition: &TopicPartition) -> Text {
    format!("{TOPICS}/{}/partitions/{}/state", partition.topic, partition.partition).into()
}

/// `/admin/delete_topics/T`.
#[must_use]
pub fn delete_topic_path(topic: &TopicName) -> Text {
    format!("{DELETE_TOPICS}/{topic}").into()
}

/// `/config/topics/T`.
#[must_use]
pub fn config_path(topic: &TopicName) -> Text {
    format!("{TOPIC_CONFIGS}/{topic}").into()
}

/// A broker's registration, with its address; `first` is `lab.loopback.port`.
#[must_use]
pub fn broker(broker: BrokerId, first: i64, wall_ms: i64) -> Text {
    format!(
        concat!(
            r#"{{"features":{{}},"listener_security_protocol_map":{{"PLAINTEXT":"PLAINTEXT"}},"#,
            r#""endpoints":["PLAINTEXT://{0}:{1}"],"jmx_port":-1,"port":{1},"host":"{0}","#,
            r#""version":5,"timestamp":"{2}"}}"#
        ),
        address::host(first, broker),
        address::port(first, broker),
        wall_ms
    )
    .into()
}

/// The elected controller.
#[must_use]
pub fn controller(broker: BrokerId, wall_ms: i64) -> Text {
    format!(
        r#"{{"version":2,"brokerid":{broker},"timestamp":"{wall_ms}","kraftControllerEpoch":-1}}"#
    )
    .into()
}

/// Who the controller is.
#[must_use]
pub fn read_controller(data: &str) -> Option<BrokerId> {
    Json::parse(data)?.get("brokerid")?.int().map(BrokerId)
}

/// The cluster's id.
#[must_use]
pub fn cluster_id(id: &str) -> Text {
    format!(r#"{{"version":"1","id":{}}}"#, quote(id)).into()
}

/// What the cluster is called.
#[must_use]
pub fn read_cluster_id(data: &str) -> Option<Text> {
    Json::parse(data)?.get("id")?.text().map(Text::from)
}

/// A partition's state.
#[must_use]
pub fn state(state: &LeaderAndIsr) -> Text {
    format!(
        r#"{{"controller_epoch":{},"leader":{},"version":1,{}"leader_epoch":{},"isr":{}}}"#,
        state.controller_epoch,
        state.leadership.leader.map_or(-1, |leader| leader.0),
        if state.recovering { r#""leader_recovery_state":1,"# } else { "" },
        state.leader_epoch,
        list(&state.leadership.isr)
    )
    .into()
}

/// A partition's state, `version` being its znode's.
#[must_use]
pub fn read_state(data: &str, version: i32) -> Option<LeaderAndIsr> {
    let json = Json::parse(data)?;
    let leader = json.get("leader")?.int()?;
    Some(LeaderAndIsr {
        leadership: Leadership {
            leader: (leader >= 0).then_some(BrokerId(leader)),
            isr: json.get("isr")?.ints()?.into_iter().map(BrokerId).collect(),
        },
        leader_epoch: LeaderEpoch(json.get("leader_epoch")?.int()?),
        controller_epoch: ControllerEpoch(json.get("controller_epoch")?.int()?),
        partition_epoch: PartitionEpoch(version),
        recovering: json.get("leader_recovery_state").and_then(Json::int) == Some(1),
    })
}

/// A topic's assignment.
#[must_use]
pub fn topic(topic: &TopicAssignment) -> Text {
    let row = |(partition, replicas): (&PartitionId, &Vec<BrokerId>)| {
        format!(r#""{partition}":{}"#, list(replicas))
    };
    let rows = |rows: &BTreeMap<PartitionId, Vec<BrokerId>>| {
        rows.iter().map(row).collect::<Vec<String>>().join(",")
    };
    format!(
        r#"{{"partitions":{{{}}},"topic_id":"{}","adding_replicas":{{{}}},"removing_replicas":{{{}}},"version":3}}"#,
        rows(&topic.partitions),
        base64(topic.id.as_u128()),
        rows(&topic.adding),
        rows(&topic.removing)
    )
    .into()
}

/// A topic's assignment.
#[must_use]
pub fn read_topic(data: &str) -> Option<TopicAssignment> {
    let json = Json::parse(data)?;
    let id = Uuid::from_u128(read_base64(json.get("topic_id")?.text()?)?);
    Some(TopicAssignment {
        id,
        partitions: read_rows(json.get("partitions")?)?,
        adding: json.get("adding_replicas").and_then(read_rows).unwrap_or_default(),
        removing: json.get("removing_replicas").and_then(read_rows).unwrap_or_default(),
    })
}

fn read_rows(json: &Json) -> Option<BTreeMap<PartitionId, Vec<BrokerId>>> {
    let mut rows = BTreeMap::new();
    for (partition, replicas) in json.members()? {
        let replicas = replicas.ints()?.into_iter().map(BrokerId).collect();
        rows.insert(PartitionId(partition.parse().ok()?), replicas);
    }
    Some(rows)
}

/// What `ConcurrentHashMap.spread` makes of `String.hashCode`.
fn java_hash(text: &str) -> u32 {
    let units = text.encode_utf16();
    let hash = units.fold(0_u32, |h, unit| h.wrapping_mul(31).wrapping_add(u32::from(unit)));
    hash ^ (hash >> 16)
}

/// Names of znodes in the order in which ZooKeeper gives them: a `HashSet` with room for eight
/// (`DataNode.addChild`).
pub(super) fn in_zookeepers_order(names: &[Text]) -> Vec<Text> {
    let mut size = 8;
    while names.len() * 4 > size as usize * 3 {
        size *= 2;
    }
    let mut names = names.to_vec();
    names.sort_by_key(|name| java_hash(name) & (size - 1));
    names
}

/// A topic's own settings, in the order of Java's `Properties` as far as one can tell: within a bucket
/// theirs is that of insertion.
#[must_use]
pub fn config(overrides: &TopicOverrides) -> Text {
    let member = |(key, value): (&Text, &Text)| format!("{}:{}", quote(key), quote(value));
    let mut size = 16;
    while overrides.len() * 4 >= size as usize * 3 {
        size *= 2;
    }
    let mut sorted: Vec<(&Text, &Text)> = overrides.iter().collect();
    sorted.sort_by_key(|(key, _)| java_hash(key) & (size - 1));
    let members: Vec<String> = sorted.into_iter().map(member).collect();
    format!(r#"{{"version":1,"config":{{{}}}}}"#, members.join(",")).into()
}

/// A topic's own settings.
#[must_use]
pub fn read_config(data: &str) -> Option<TopicOverrides> {
    let json = Json::parse(data)?;
    let mut overrides = TopicOverrides::new();
    for (key, value) in json.get("config")?.members()? {
        overrides.insert(key.as_str().into(), value.text()?.into());
    }
    Some(overrides)
}

/// A notification of a failed log directory, by its name.
#[must_use]
pub fn log_dir_event_path(name: &str) -> Text {
    format!("{LOG_DIR_EVENTS}/{name}").into()
}

/// Notification that a log directory of a broker failed (`LogDirEventSequenceZNode`; 1 is failure).
#[must_use]
pub fn log_dir_event(broker: BrokerId) -> Text {
    format!(r#"{{"version":1,"broker":{broker},"event":1}}"#).into()
}

/// Whose log directory failed.
#[must_use]
pub fn read_log_dir_event(data: &str) -> Option<BrokerId> {
    Json::parse(data)?.get("broker")?.int().map(BrokerId)
}

/// Notification that settings changed.
#[must_use]
pub fn config_change(entity: &ConfigEntity) -> Text {
    config_change_of(&entity.name())
}

/// The same, by the path of whose settings they are, below `/config`.
#[must_use]
pub fn config_change_of(path: &str) -> Text {
    format!(r#"{{"version":2,"entity_path":{}}}"#, quote(path)).into()
}

/// What a notification names; `None` when it is about something else.
#[must_use]
pub fn read_config_change(data: &str) -> Option<ConfigEntity> {
    let json = Json::parse(data)?;
    let path = json.get("entity_path")?.text()?;
    match path.split_once('/')? {
        ("topics", topic) => Some(ConfigEntity::Topic(TopicName::new(topic))),
        ("brokers", "<default>") => Some(ConfigEntity::Broker(None)),
        ("brokers", id) => Some(ConfigEntity::Broker(Some(BrokerId(id.parse().ok()?)))),
        _ => None,
    }
}

fn list(brokers: &[BrokerId]) -> String {
    let ids: Vec<String> = brokers.iter().map(ToString::to_string).collect();
    format!("[{}]", ids.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(list: &[i32]) -> Vec<BrokerId> {
        list.iter().copied().map(BrokerId).collect()
    }

    #[test]
    fn a_state_reads_as_kafka_writes_it() {
        let written = LeaderAndIsr {
            leadership: Leadership { leader: Some(BrokerId(2)), isr: ids(&[2, 3, 1]) },
            leader_epoch: LeaderEpoch(0),
            controller_epoch: ControllerEpoch(1),
            partition_epoch: PartitionEpoch(4),
            recovering: false,
        };
        let text =
            r#"{"controller_epoch":1,"leader":2,"version":1,"leader_epoch":0,"isr":[2,3,1]}"#;
        assert_eq!(&*state(&written), text);
        assert_eq!(read_state(text, 4), Some(written));
    }

    #[test]
    fn a_partition_without_leader_has_leader_minus_one() {
        let text = r#"{"controller_epoch":1,"leader":-1,"version":1,"leader_epoch":2,"isr":[1]}"#;
        let read = read_state(text, 2).expect("a state");
        assert_eq!(read.leadership.leader, None);
        assert_eq!(&*state(&read), text);
    }

    #[test]
    fn an_unclean_leader_is_marked_in_the_state() {
        let text = r#"{"controller_epoch":1,"leader":2,"version":1,"leader_recovery_state":1,"leader_epoch":3,"isr":[2]}"#;
        let read = read_state(text, 2).expect("a state");
        assert!(read.recovering);
        assert_eq!(&*state(&read), text);
    }

    #[test]
    fn a_topic_reads_as_kafka_writes_it() {
        let assignment = TopicAssignment {
            id: Uuid::from_u128(0),
            partitions: [(PartitionId(0), ids(&[1, 2, 3])), (PartitionId(1), ids(&[2, 3, 1]))]
                .into(),
            adding: [(PartitionId(1), ids(&[2]))].into(),
            ..TopicAssignment::default()
        };
        let text = concat!(
            r#"{"partitions":{"0":[1,2,3],"1":[2,3,1]},"topic_id":"AAAAAAAAAAAAAAAAAAAAAA","#,
            r#""adding_replicas":{"1":[2]},"removing_replicas":{},"version":3}"#
        );
        assert_eq!(&*topic(&assignment), text);
        assert_eq!(read_topic(text), Some(assignment));
    }

    #[test]
    fn broker_and_controller_read_as_kafka_writes_them() {
        let text = concat!(
            r#"{"features":{},"listener_security_protocol_map":{"PLAINTEXT":"PLAINTEXT"},"#,
            r#""endpoints":["PLAINTEXT://b1:9092"],"jmx_port":-1,"port":9092,"host":"b1","#,
            r#""version":5,"timestamp":"7"}"#
        );
        assert_eq!(&*broker(BrokerId(1), 0, 7), text);
        let text = r#"{"version":2,"brokerid":1,"timestamp":"7","kraftControllerEpoch":-1}"#;
        assert_eq!(&*controller(BrokerId(1), 7), text);
        assert_eq!(read_controller(text), Some(BrokerId(1)));
    }

    #[test]
    fn settings_read_back() {
        let overrides: TopicOverrides = [("retention.ms".into(), "60000".into())].into();
        let text = r#"{"version":1,"config":{"retention.ms":"60000"}}"#;
        assert_eq!(&*config(&overrides), text);
        assert_eq!(read_config(text), Some(overrides));
    }

    #[test]
    fn a_notification_names_whose_settings_changed() {
        let topic = ConfigEntity::Topic(TopicName::new("orders"));
        assert_eq!(&*config_change(&topic), r#"{"version":2,"entity_path":"topics/orders"}"#);
        for entity in [topic, ConfigEntity::Broker(Some(BrokerId(3))), ConfigEntity::Broker(None)] {
            assert_eq!(read_config_change(&config_change(&entity)), Some(entity));
        }
        assert_eq!(read_config_change(r#"{"version":2,"entity_path":"users/x"}"#), None);
    }

    #[test]
    fn an_id_of_128_bits_reads_back() {
        for bits in [0, 1, 3, u128::MAX, 0x0123_4567_89AB_CDEF_FEDC_BA98_7654_3210] {
            assert_eq!(read_base64(&base64(bits)), Some(bits));
        }
        // Java: new Uuid(0L, 1L).toString(), Kafka's METADATA_TOPIC_ID.
        assert_eq!(base64(1), "AAAAAAAAAAAAAAAAAAAAAQ");
    }
}
