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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::command::{Command, ToolCommand};
    use crate::engine::config::WorldConfig;
    use crate::engine::event::EventKind;
    use crate::engine::sim::host::Life;
    use crate::engine::time::Micros;

    /// Three machines whose brokers nobody has started.
    fn machines() -> World {
        let mut world = World::new(WorldConfig { boot: false, ..WorldConfig::default() });
        world.advance_to(Micros(1_000_000));
        world
    }

    /// Runs a line on a broker's machine: what it prints in the next second, and its exit code.
    fn run(world: &mut World, host: i32, line: &str) -> (Vec<Text>, Option<i32>) {
        world.drain_events();
        let argv = line.split(' ').map(Text::from).collect();
        let name = "terminal".into();
        let run = ToolCommand::Run { name, host: Some(BrokerId(host)), argv };
        world.apply(Command::Tool(run)).expect("a free terminal");
        world.advance_to(world.now() + Micros(1_000_000));
        let (mut lines, mut exit) = (Vec::new(), None);
        for event in world.drain_events() {
            match event.kind {
                EventKind::ToolPrinted { line, .. } => lines.push(line),
                EventKind::ToolExited { code } => exit = Some(code),
                _ => {}
            }
        }
        (lines, exit)
    }

    fn life(world: &World, id: i32) -> Life {
        world.host(NodeId::Broker(BrokerId(id))).expect("a host").life
    }

    const START: &str = "kafka-server-start.sh -daemon config/server.properties";

    #[test]
    fn a_machine_starts_its_broker_and_stops_it() {
        let mut world = machines();
        assert_eq!(life(&world, 1), Life::Down);
        assert_eq!(run(&mut world, 1, START), (vec![], Some(0)));
        assert_eq!((life(&world, 1), life(&world, 2)), (Life::Up, Life::Down));
        let none: Text = "No kafka server to stop".into();
        assert_eq!(run(&mut world, 2, "kafka-server-stop"), (vec![none], Some(1)));
        assert_eq!(run(&mut world, 1, "kafka-server-stop").1, Some(0));
        world.advance_to(world.now() + Micros(5_000_000));
        assert_eq!(life(&world, 1), Life::Stopped);
    }

    #[test]
    fn a_signal_reaches_the_process_of_its_number_only() {
        let mut world = machines();
        run(&mut world, 2, START);
        let number = pid(BrokerId(2), 1);
        assert_eq!(run(&mut world, 2, "jps").0, [Text::from(format!("{number} Kafka"))]);
        assert_eq!(run(&mut world, 1, &format!("kill -9 {number}")).1, Some(1));
        assert_eq!(life(&world, 2), Life::Up);
        assert_eq!(run(&mut world, 2, &format!("kill -9 {number}")).1, Some(0));
        assert_eq!(life(&world, 2), Life::Dead);
    }

    #[test]
    fn a_server_in_the_foreground_has_the_terminal_until_it_ends() {
        let mut world = machines();
        let line = "kafka-server-start config/server.properties --override num.partitions=4";
        assert_eq!(run(&mut world, 1, line).1, None);
        let host = world.host(NodeId::Broker(BrokerId(1))).expect("a host");
        assert_eq!(*host.settings, [("num.partitions".into(), "4".into())]);
        world
            .apply(Command::Tool(ToolCommand::Interrupt { name: "terminal".into() }))
            .expect("it runs");
        world.advance_to(world.now() + Micros(5_000_000));
        assert_eq!(life(&world, 1), Life::Stopped);
        let exits = |event: &crate::engine::event::Event| {
            matches!(event.kind, EventKind::ToolExited { code: 143 })
        };
        assert!(world.drain_events().iter().any(exits));
    }

    #[test]
    fn a_setting_that_is_none_is_refused_in_kafkas_words() {
        let mut world = machines();
        let line = "kafka-server-start config/server.properties --override log.segment.bytes=few";
        let (lines, code) = run(&mut world, 1, line);
        let wanted = "org.apache.kafka.common.config.ConfigException: Invalid value few for \
                      configuration log.segment.bytes: Not a number of type INT";
        assert_eq!((&*lines[1], code), (wanted, Some(1)));
        assert_eq!(life(&world, 1), Life::Down);
    }
}
