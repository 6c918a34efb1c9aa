//! How a broker joins the cluster (`KafkaServer.startup`, `KafkaZkClient.registerBroker`).
//!
//! Top-level paths are made, the cluster's id is read or made, settings of existing topics are read,
//! and only then the broker registers: an ephemeral `/brokers/ids/N`. Where that znode belongs to a
//! session that is not this process's, real Kafka refuses to start (`CheckedEphemeral`): a broker that
//! was killed cannot come back before its old session has ended.

use crate::engine::controller::failover::children;
use crate::engine::controller::operation::ControllerEvent;
use crate::engine::controller::state_json::{self, CLUSTER_ID, PERSISTENT_PATHS, TOPIC_CONFIGS};
use crate::engine::controller::state_json::{broker_path, config_path};
use crate::engine::controller::{ControlPlane, Notice, Tag};
use crate::engine::ids::{BrokerEpoch, SessionId, Text, TopicName};
use crate::engine::node::Ctx;
use crate::engine::protocol::zk::{ZkError, ZkOp, ZkResult};
use crate::engine::rng::Stream;
use crate::engine::zookeeper::ZkEvent;

type Results = [Result<ZkResult, ZkError>];

/// What Kafka prints when it finds no ZooKeeper (`ZooKeeperClient.waitUntilConnected`).
const CONNECT_TIMED_OUT: &str = "kafka.zookeeper.ZooKeeperClientTimeoutException: Timed out waiting for connection while in state: CONNECTING";

/// A question of the registration, for its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Joining {
    /// Top-level paths and the cluster's id.
    Paths,
    /// Topics that have settings, and the brokers' settings.
    TopicConfigs,
    /// The settings of these topics.
    Settings { topics: Vec<TopicName> },
    /// The registration itself.
    Register,
    /// Whose the registration is that is there already.
    Owner,
    /// Removal of a registration of this process's previous session.
    Remove,
}

impl ControlPlane {
    /// ZooKeeper's client has news.
    pub(super) fn on_zk_event(&mut self, ctx: &mut Ctx, event: ZkEvent<Tag>) {
        match event {
            ZkEvent::SessionStarted if self.joined => self.register(ctx),
            ZkEvent::SessionStarted => self.make_paths(ctx),
            ZkEvent::Reconnected => self.set_watches_again(ctx),
            ZkEvent::Results { tag, results } => self.on_results(ctx, tag, results),
            ZkEvent::SessionExpired => self.session_lost(ctx),
            ZkEvent::ConnectTimedOut => self.fail_to_join(ctx, CONNECT_TIMED_OUT.into()),
            ZkEvent::Closed => self.notices.push(Notice::SessionClosed),
        }
    }

    pub(super) fn on_joining(&mut self, ctx: &mut Ctx, step: Joining, results: &Results) {
        match step {
            Joining::Paths => {
                if let Some(Ok(ZkResult::Data { data, .. })) = results.last() {
                    self.cluster_id = state_json::read_cluster_id(data);
                }
                let list = ZkOp::GetChildren { path: TOPIC_CONFIGS.into(), watch: false };
                let ops = [list].into_iter().chain(self.broker_settings_reads()).collect();
                self.zk.ask(ctx, Tag::Joining(Joining::TopicConfigs), ops);
            }
            Joining::TopicConfigs => {
                self.learn_broker_settings(ctx, results.get(1..).unwrap_or_default());
                let topics: Vec<TopicName> = children(results.first())
                    .into_iter()
                    .map(|name| TopicName::new(&name))
                    .collect();
                let read = |topic| ZkOp::GetData { path: config_path(topic), watch: false };
                let ops: Vec<ZkOp> = topics.iter().map(read).collect();
                if ops.is_empty() {
                    self.register(ctx);
                } else {
                    self.zk.ask(ctx, Tag::Joining(Joining::Settings { topics }), ops);
                }
            }
            Joining::Settings { topics } => {
                for (topic, result) in topics.iter().zip(results) {
                    self.learn_settings(topic, result);
                }
                self.register(ctx);
            }
            Joining::Register => self.registered_or_not(ctx, results),
            Joining::Owner => self.found_owner(ctx, results),
            Joining::Remove => self.register(ctx),
        }
    }

    fn make_paths(&mut self, ctx: &mut Ctx) {
        let create = |path: &str, data: Text| ZkOp::Create {
            path: path.into(),
            data,
            ephemeral: false,
            sequential: false,
        };
        let mut ops: Vec<ZkOp> =
            PERSISTENT_PATHS.iter().map(|path| create(path, "".into())).collect();
        let bits = u128::from(ctx.random_u64(Stream::Broker)) << 64
            | u128::from(ctx.random_u64(Stream::Broker));
        ops.push(create(CLUSTER_ID, state_json::cluster_id(&crate::engine::ids::base64(bits))));
        ops.push(ZkOp::GetData { path: CLUSTER_ID.into(), watch: false });
        self.zk.ask(ctx, Tag::Joining(Joining::Paths), ops);
    }

    /// Creates the znode empty and then writes it, in one transaction, as Kafka does.
    fn register(&mut self, ctx: &mut Ctx) {
        let path = broker_path(self.broker);
        let data = state_json::broker(self.broker, self.config.lab_loopback_port, ctx.wall_ms());
        let create = ZkOp::Create {
            path: path.clone(),
            data: "".into(),
            ephemeral: true,
            sequential: false,
        };
        // ZooKeeper tells the znode's czxid beside its creation: the broker's epoch.
        let epoch = ZkOp::GetData { path: path.clone(), watch: false };
        let ops = vec![create, ZkOp::SetData { path, data, version: 0 }, epoch];
        self.zk.ask_atomic(ctx, Tag::Joining(Joining::Register), ops);
    }

    fn registered_or_not(&mut self, ctx: &mut Ctx, results: &Results) {
        match results.first() {
            Some(Ok(_)) => {
                if let Some(Ok(ZkResult::Data { created, .. })) = results.last() {
                    self.broker_epoch = BrokerEpoch(*created);
                }
                self.joined_cluster(ctx);
            }
            Some(Err(ZkError::NodeExists)) => {
                let read = ZkOp::GetData { path: broker_path(self.broker), watch: false };
                self.zk.ask(ctx, Tag::Joining(Joining::Owner), vec![read]);
            }
            Some(Err(error)) => {
                let text =
                    format!("org.apache.zookeeper.KeeperException: KeeperErrorCode = {error}");
                self.fail_to_join(ctx, text.into());
            }
            None => {}
        }
    }

    fn found_owner(&mut self, ctx: &mut Ctx, results: &Results) {
        let session = self.zk.session();
        match results.first() {
            Some(Ok(ZkResult::Data { owner, created, .. })) if *owner == session => {
                self.broker_epoch = BrokerEpoch(*created);
                self.joined_cluster(ctx);
            }
            Some(Ok(ZkResult::Data { owner, .. })) if *owner == self.last_session => {
                // KAFKA-7165: left over from this process's own session that has expired.
                let delete = ZkOp::Delete { path: broker_path(self.broker), version: -1 };
                self.zk.ask(ctx, Tag::Joining(Joining::Remove), vec![delete]);
            }
            Some(Ok(ZkResult::Data { owner, .. })) => {
                let text = node_exists(&broker_path(self.broker), *owner, session);
                self.fail_to_join(ctx, text);
            }
            _ => self.register(ctx),
        }
    }

    /// The process is to end; it closes its session on the way out (`KafkaServer.shutdown`).
    fn fail_to_join(&mut self, ctx: &mut Ctx, error: Text) {
        self.notices.push(Notice::RegistrationFailed(error));
        self.zk.close(ctx);
    }

    fn joined_cluster(&mut self, ctx: &mut Ctx) {
        self.registered = true;
        self.joined = true;
        self.last_session = self.zk.session();
        self.notices.push(Notice::Registered);
        self.watch_config_changes(ctx);
        self.enqueue(ctx, ControllerEvent::ControllerChange);
    }

    fn session_lost(&mut self, ctx: &mut Ctx) {
        self.drop_operation(ctx);
        self.resign(ctx);
        self.queue.drain();
        self.drop_admin_tasks(ctx);
        self.known = None;
        if self.registered {
            self.registered = false;
            self.notices.push(Notice::SessionLost);
        }
    }

    /// Watches did not survive the connection. Reading again sets them and shows what was missed.
    /// (ZooKeeper's own client sends `SetWatches` with the last transaction that it saw.)
    fn set_watches_again(&mut self, ctx: &mut Ctx) {
        if !self.registered {
            return;
        }
        self.watch_config_changes(ctx);
        self.enqueue(ctx, ControllerEvent::ControllerChange);
        if self.active {
            self.enqueue(ctx, ControllerEvent::BrokerChange);
            self.enqueue(ctx, ControllerEvent::TopicChange);
            self.enqueue(ctx, ControllerEvent::TopicDeletion);
            self.enqueue(ctx, ControllerEvent::LogDirFailure);
            self.enqueue(ctx, ControllerEvent::ZnodeElection);
            // While it is there, the controller looks again by itself when it has gone.
            if self.context.asked_by_znode.is_none() {
                self.enqueue(ctx, ControllerEvent::ZnodeReassignment);
            }
            let topics: Vec<TopicName> = self.context.topics.keys().cloned().collect();
            for topic in topics {
                self.enqueue(ctx, ControllerEvent::PartitionModifications { topic });
            }
        }
    }
}

/// What Kafka logs before it exits.
fn node_exists(path: &str, owner: Option<SessionId>, session: Option<SessionId>) -> Text {
    let number = |session: Option<SessionId>| session.map_or(0, |id| id.0);
    format!(
        "Error while creating ephemeral at {path}, node already exists and owner '0x{:x}' does not \
         match current session '0x{:x}'\n\
         org.apache.zookeeper.KeeperException$NodeExistsException: KeeperErrorCode = NodeExists",
        number(owner),
        number(session)
    )
    .into()
}
