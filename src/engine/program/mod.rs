//! Client programs: processes of the world that use the client library as real applications do.
//!
//! A producer app with a rate and a key pattern, a consumer app that follows a topic, and the admin
//! client through which the world's own commands about topics go. A program touches the cluster only
//! through [`crate::engine::client`], so it waits, retries and fails as a real one.

pub mod settings;
pub mod schedule;
pub mod values;
pub mod producer_app;
pub mod consumer_app;
pub mod tool;
pub mod raw;

#[cfg(test)]
mod tests;

use crate::engine::client::admin::Admin;
use crate::engine::client::admin_task::Task;
use crate::engine::client::consumer::Consumer;
use crate::engine::client::producer::Producer;
use crate::engine::command::{ConsumerCommand, ConsumerSpec, ProducerSpec, RecordSpec};
use crate::engine::error::CommandError;
use crate::engine::event::EventKind;
use crate::engine::ids::{BrokerId, ClientId, CorrelationId, NodeId, Text};
use crate::engine::node::{Ctx, Timer};
use crate::engine::protocol::{Payload, Response};

use consumer_app::ConsumerApp;
use producer_app::ProducerApp;
use raw::RawClient;
use tool::ToolProcess;
use tool::shell::Place;

pub use crate::engine::client::consumer::PartitionPosition;
pub use consumer_app::{Activity, ConsumerStatus, MemberStatus};
pub use producer_app::ProducerStatus;

/// What a program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramKind {
    /// Writes to a topic.
    Producer,
    /// Reads a topic.
    Consumer,
    /// Creates topics and changes their settings.
    Admin,
    /// A connection of a client outside of the world.
    Raw,
    /// A command-line tool.
    Tool,
}

/// The process of one client program.
#[derive(Clone, Debug)]
pub struct ClientProcess {
    id: ClientId,
    name: Text,
    app: App,
}

#[derive(Clone, Debug)]
enum App {
    Producer(Box<ProducerApp>),
    Consumer(Box<ConsumerApp>),
    Admin(Box<Admin>),
    Tool(Box<ToolProcess>),
    Raw(Box<RawClient>),
}

impl ClientProcess {
    /// A producer program. Its records are numbered from `first_record`: one that is started anew
    /// goes on with the numbers of the one before ([`ClientProcess::next_record`]).
    #[must_use]
    pub fn producer(
        id: ClientId,
        name: Text,
        spec: ProducerSpec,
        bootstrap: Vec<BrokerId>,
        first_record: u64,
    ) -> ClientProcess {
        let app = ProducerApp::new(&name, spec, bootstrap, first_record);
        ClientProcess { id, name, app: App::Producer(Box::new(app)) }
    }

    /// A consumer program.
    #[must_use]
    pub fn consumer(
        id: ClientId,
        name: Text,
        spec: ConsumerSpec,
        bootstrap: Vec<BrokerId>,
    ) -> ClientProcess {
        let app = ConsumerApp::new(&name, spec, bootstrap);
        ClientProcess { id, name, app: App::Consumer(Box::new(app)) }
    }

    /// The admin client.
    #[must_use]
    pub fn admin(id: ClientId, name: Text, bootstrap: Vec<BrokerId>) -> ClientProcess {
        ClientProcess { id, name, app: App::Admin(Box::new(Admin::new(bootstrap))) }
    }

    /// A command-line tool.
    #[must_use]
    pub fn tool(id: ClientId, name: Text, argv: Vec<Text>, place: Place) -> ClientProcess {
        ClientProcess { id, name, app: App::Tool(Box::new(ToolProcess::new(argv, place))) }
    }

    /// The tool, when this is one.
    #[must_use]
    pub fn as_tool(&self) -> Option<&ToolProcess> {
        match &self.app {
            App::Tool(tool) => Some(tool),
            _ => None,
        }
    }

    /// The tool, when this is one.
    pub fn as_tool_mut(&mut self) -> Option<&mut ToolProcess> {
        match &mut self.app {
            App::Tool(tool) => Some(tool),
            _ => None,
        }
    }

    /// A connection of a client outside of the world to a broker.
    #[must_use]
    pub fn raw(id: ClientId, name: Text, broker: BrokerId, first: u64) -> ClientProcess {
        ClientProcess { id, name, app: App::Raw(Box::new(RawClient::new(broker, first))) }
    }

    /// The connection of a client outside, when this is one.
    #[must_use]
    pub fn as_raw(&self) -> Option<&RawClient> {
        match &self.app {
            App::Raw(raw) => Some(raw),
            _ => None,
        }
    }

    /// The connection of a client outside, when this is one.
    pub fn as_raw_mut(&mut self) -> Option<&mut RawClient> {
        match &mut self.app {
            App::Raw(raw) => Some(raw),
            _ => None,
        }
    }

    /// The process starts.
    pub fn on_start(&mut self, ctx: &mut Ctx<'_>) {
        match &mut self.app {
            App::Producer(app) => app.start(ctx),
            App::Consumer(app) => app.start(ctx),
            App::Admin(_) => {}
            App::Tool(tool) => tool.start(ctx),
            App::Raw(_) => {}
        }
    }

    /// A message arrived. Only brokers' answers mean anything here, and ZooKeeper's to tools.
    pub fn on_message(&mut self, ctx: &mut Ctx<'_>, from: NodeId, payload: Payload) {
        if let (NodeId::Zookeeper, App::Tool(tool)) = (from, &mut self.app) {
            return tool.on_zookeeper(ctx, payload);
        }
        if let (NodeId::Broker(broker), Payload::Response { correlation, version, body }) =
            (from, payload)
        {
            self.on_response(ctx, broker, (correlation, version), body);
        }
    }

    /// A timer of this process fired.
    pub fn on_timer(&mut self, ctx: &mut Ctx<'_>, timer: &Timer) {
        match &mut self.app {
            App::Producer(app) => app.on_timer(ctx, timer),
            App::Consumer(app) => app.on_timer(ctx, timer),
            App::Admin(admin) => {
                admin.on_timer(ctx, timer);
            }
            App::Tool(tool) => tool.on_timer(ctx, timer),
            App::Raw(_) => {}
        }
    }

    /// The connection to a peer broke.
    pub fn on_connection_lost(&mut self, ctx: &mut Ctx<'_>, peer: NodeId) {
        if let (NodeId::Zookeeper, App::Tool(tool)) = (peer, &mut self.app) {
            return tool.on_zookeeper_lost(ctx);
        }
        let NodeId::Broker(broker) = peer else { return };
        match &mut self.app {
            App::Producer(app) => app.on_connection_lost(ctx, broker),
            App::Consumer(app) => app.on_connection_lost(ctx, broker),
            App::Admin(admin) => admin.on_connection_lost(ctx, broker),
            App::Tool(tool) => tool.on_connection_lost(ctx, broker),
            App::Raw(raw) => raw.on_connection_lost(ctx),
        }
    }

    /// The process is told to end. True when it can do so now; else it ends by itself.
    pub fn on_stop(&mut self, ctx: &mut Ctx<'_>) -> bool {
        match &mut self.app {
            App::Consumer(app) => app.stop(ctx),
            _ => true,
        }
    }

    /// Changes a setting while the program runs. It holds for what is sent from now on.
    ///
    /// # Errors
    /// As [`ClientProcess::check_set`]; then nothing changed.
    pub fn set(&mut self, ctx: &mut Ctx<'_>, key: &str, value: &str) -> Result<(), CommandError> {
        self.check_set(key, value)?;
        let changed = EventKind::ClientChanged { key: key.into(), value: value.into() };
        let changed = ctx.emit(changed);
        let trigger = ctx.set_cause(changed);
        match &mut self.app {
            App::Producer(app) => app.set(ctx, key, value)?,
            App::Consumer(app) => app.set(key, value)?,
            _ => {}
        }
        ctx.restore_cause(trigger);
        Ok(())
    }

    /// Whether [`ClientProcess::set`] would take that.
    ///
    /// # Errors
    /// The program has no such setting, or the value does not parse or is out of range.
    pub fn check_set(&self, key: &str, value: &str) -> Result<(), CommandError> {
        match &self.app {
            App::Producer(app) => settings::set_producer(&mut app.spec().clone(), key, value)?,
            App::Consumer(app) => settings::set_consumer(&mut app.spec().clone(), key, value)?,
            _ => return Err(self.wrong("producer or consumer")),
        }
        Ok(())
    }

    /// Hands records to a producer, to be sent now.
    ///
    /// # Errors
    /// This is no producer.
    pub fn send(&mut self, ctx: &mut Ctx<'_>, records: &[RecordSpec]) -> Result<(), CommandError> {
        match &mut self.app {
            App::Producer(app) => {
                app.send(ctx, records);
                Ok(())
            }
            _ => Err(self.wrong("producer")),
        }
    }

    /// Whether [`ClientProcess::obey`] would do that.
    ///
    /// # Errors
    /// This is no consumer, or a partition is not its own.
    pub fn check_obey(&self, command: &ConsumerCommand) -> Result<(), CommandError> {
        match &self.app {
            App::Consumer(app) => app.check(&self.name, command),
            _ => Err(self.wrong("consumer")),
        }
    }

    /// Tells a consumer where to read on, or what to leave alone.
    pub fn obey(&mut self, ctx: &mut Ctx<'_>, command: &ConsumerCommand) {
        if let App::Consumer(app) = &mut self.app {
            app.obey(ctx, command);
        }
    }

    /// Asks the cluster for something. Does nothing unless this is the admin client.
    pub fn ask(&mut self, ctx: &mut Ctx<'_>, task: Task) {
        if let App::Admin(admin) = &mut self.app {
            admin.ask(ctx, task);
        }
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> ProgramKind {
        match &self.app {
            App::Producer(_) => ProgramKind::Producer,
            App::Consumer(_) => ProgramKind::Consumer,
            App::Admin(_) => ProgramKind::Admin,
            App::Tool(_) => ProgramKind::Tool,
            App::Raw(_) => ProgramKind::Raw,
        }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> ClientId {
        self.id
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Text {
        &self.name
    }

    /// A producer's settings as they are now.
    #[must_use]
    pub fn producer_spec(&self) -> Option<&ProducerSpec> {
        match &self.app {
            App::Producer(app) => Some(app.spec()),
            _ => None,
        }
    }

    /// A consumer's settings as they are now.
    #[must_use]
    pub fn consumer_spec(&self) -> Option<&ConsumerSpec> {
        match &self.app {
            App::Consumer(app) => Some(app.spec()),
            _ => None,
        }
    }

    /// How a producer stands.
    #[must_use]
    pub fn producer_status(&self) -> Option<ProducerStatus> {
        match &self.app {
            App::Producer(app) => Some(app.status()),
            _ => None,
        }
    }

    /// How a consumer stands.
    #[must_use]
    pub fn consumer_status(&self) -> Option<ConsumerStatus> {
        match &self.app {
            App::Consumer(app) => Some(app.status()),
            _ => None,
        }
    }

    /// The client library that a consumer uses.
    #[must_use]
    pub fn consumer_library(&self) -> Option<&Consumer> {
        match &self.app {
            App::Consumer(app) => Some(app.library()),
            _ => None,
        }
    }

    /// The client library that a producer uses.
    #[must_use]
    pub fn producer_library(&self) -> Option<&Producer> {
        match &self.app {
            App::Producer(app) => Some(app.library()),
            _ => None,
        }
    }

    /// Number of a producer's next record, or of a connection's next message; 0 for others.
    #[must_use]
    pub fn next_record(&self) -> u64 {
        match &self.app {
            App::Producer(app) => app.next_record(),
            App::Raw(raw) => raw.next_correlation(),
            _ => 0,
        }
    }

    fn on_response(
        &mut self,
        ctx: &mut Ctx<'_>,
        broker: BrokerId,
        (correlation, version): (CorrelationId, i16),
        body: Response,
    ) {
        match &mut self.app {
            App::Producer(app) => app.on_response(ctx, broker, correlation, body),
            App::Consumer(app) => app.on_response(ctx, broker, correlation, body),
            App::Admin(admin) => admin.on_response(ctx, broker, correlation, body),
            App::Tool(tool) => tool.on_response(ctx, broker, correlation, body),
            App::Raw(raw) => raw.on_response(ctx, (correlation, version), body),
        }
    }

    fn wrong(&self, wanted: &str) -> CommandError {
        CommandError::WrongProgram { name: self.name.clone(), wanted: wanted.into() }
    }
}
