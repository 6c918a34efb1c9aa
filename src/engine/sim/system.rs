//! The machine that a program runs on: what it answers when one of its programs asks for a file, for
//! the brokers that run there, to start one or to send one a signal.

use bytes::Bytes;

use crate::engine::address;
use crate::engine::config_def::Scope;
use crate::engine::ids::{BrokerId, EventId, NodeId, Text};
use crate::engine::node::Trigger;
use crate::engine::sim::command_run::ClientSpec;
use crate::engine::sim::host::Process;
use crate::engine::sim::world::World;
use crate::engine::system::{SystemAnswer, SystemCall, pid};

use std::rc::Rc;

impl World {
    /// Does what a program asks of its machine, and tells it what came of that.
    pub(super) fn system(
        &mut self,
        (node, run): (NodeId, u32),
        call: SystemCall,
        cause: Option<EventId>,
    ) {
        let Some(cause) = cause else { return };
        let answer = match call {
            SystemCall::Read(path) => SystemAnswer::File(self.file_at(node, &path)),
            SystemCall::Processes => SystemAnswer::Processes(self.processes_at(node)),
            SystemCall::StartBroker { broker, settings } => {
                SystemAnswer::Done(self.start_broker(broker, settings, cause))
            }
            SystemCall::Signal { pid, kill } => {
                let target = self.processes_at(node).into_iter().find(|(_, known)| *known == pid);
                if let Some((broker, _)) = target {
                    match kill {
                        true => self.kill(NodeId::Broker(broker), cause),
                        false => self.stop(NodeId::Broker(broker), cause),
                    }
                }
                let missing = || format!("({pid}) - No such process").into();
                SystemAnswer::Done(target.map(|_| ()).ok_or_else(missing))
            }
        };
        if self.is_running(node, run) {
            self.run(node, Trigger::Event(cause), |host, ctx| {
                if let Some(Process::Client(client)) = host.process.as_mut()
                    && let Some(tool) = client.as_tool_mut()
                {
                    tool.on_system(ctx, answer);
                }
            });
        }
    }

    /// Brokers whose machine a program runs on.
    fn brokers_at(&self, node: NodeId) -> Vec<BrokerId> {
        let machine = node.client().and_then(|id| match &self.clients[usize::from(id.0)].spec {
            ClientSpec::Tool(_, machine) => *machine,
            _ => None,
        });
        let is_loopback = self.config.broker.lab_loopback_port != 0;
        let all = self.hosts.keys().filter_map(|node| node.broker());
        all.filter(|id| is_loopback || machine == Some(*id)).collect()
    }

    fn processes_at(&self, node: NodeId) -> Vec<(BrokerId, u32)> {
        let hosts = self.brokers_at(node).into_iter().filter_map(|id| {
            let host = self.host(NodeId::Broker(id))?;
            host.life.is_up().then(|| (id, pid(id, host.run)))
        });
        hosts.collect()
    }

    /// A file in a log directory of a broker there.
    fn file_at(&self, node: NodeId, path: &str) -> Option<Bytes> {
        self.brokers_at(node).into_iter().find_map(|id| {
            let root = address::log_dir(self.config.broker.lab_loopback_port, id);
            let within = path.strip_prefix(&*root)?.strip_prefix('/')?;
            self.disk(NodeId::Broker(id))?.read_path(within)
        })
    }

    /// Starts a broker, or says what its process prints as it ends at once.
    fn start_broker(
        &mut self,
        broker: BrokerId,
        settings: Vec<(Text, Text)>,
        cause: EventId,
    ) -> Result<(), Text> {
        let node = NodeId::Broker(broker);
        let host = self.host(node).ok_or_else(|| Text::from("no such host"))?;
        if host.life.is_up() {
            let root = address::log_dir(self.config.broker.lab_loopback_port, broker);
            return Err(format!(
                "org.apache.kafka.common.KafkaException: Failed to acquire lock on file .lock in \
                 {root}. A Kafka instance in another process or thread is using this directory."
            )
            .into());
        }
        for (key, value) in &settings {
            let refused = Scope::Broker.find(key).and_then(|known| known.refusal(value));
            if let Some(words) = refused {
                return Err(format!(
                    "org.apache.kafka.common.config.ConfigException: Invalid value {value} for \
                     configuration {key}: {words}"
                )
                .into());
            }
        }
        Rc::make_mut(self.hosts.get_mut(&node).expect("it was found")).settings = settings.into();
        self.start(node, cause);
        Ok(())
    }
}
