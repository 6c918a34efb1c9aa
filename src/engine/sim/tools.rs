//! Tools at terminals: started, typed to, interrupted.

use std::rc::Rc;

use crate::engine::command::ToolCommand;
use crate::engine::error::CommandError;
use crate::engine::ids::{BrokerId, EventId, NodeId, Text};
use crate::engine::program::ProgramKind;
use crate::engine::program::tool::shell::Place;
use crate::engine::sim::command_run::{ClientSpec, within, wrong_program};
use crate::engine::sim::world::World;

/// Most words of a command line.
const WORDS_MAX: i64 = 1_000;

impl World {
    /// Names of the files in the directory in which every tool runs.
    pub fn tool_files(&self) -> impl Iterator<Item = &Text> {
        self.tool_files.keys()
    }

    pub(super) fn check_tool(&self, command: &ToolCommand) -> Result<(), CommandError> {
        match command {
            ToolCommand::Run { name, host, argv } => {
                within("argv", i64::try_from(argv.len()).unwrap_or(i64::MAX), 1, WORDS_MAX)?;
                if let Some(host) = host {
                    self.existing(NodeId::Broker(*host))?;
                }
                match self.client_id(name) {
                    Some(id)
                        if matches!(self.clients[usize::from(id.0)].spec, ClientSpec::Tool(..)) =>
                    {
                        let node = NodeId::Client(id);
                        match self.existing(node)?.life.is_up() {
                            true => Err(CommandError::AlreadyRunning { node }),
                            false => Ok(()),
                        }
                    }
                    _ => self.check_name(name),
                }
            }
            ToolCommand::Input { name, .. }
            | ToolCommand::EndOfInput { name }
            | ToolCommand::Interrupt { name } => {
                if self.program(name)?.kind() != ProgramKind::Tool {
                    return Err(wrong_program(name, "tool"));
                }
                let missing = || CommandError::NoSuchClient { name: name.clone() };
                self.running(NodeId::Client(self.client_id(name).ok_or_else(missing)?))
            }
            ToolCommand::Write { .. } => Ok(()),
        }
    }

    pub(super) fn tool(&mut self, command: ToolCommand, cause: EventId) {
        match command {
            ToolCommand::Run { name, host, argv } => {
                let spec = ClientSpec::Tool(argv, host);
                match self.client_id(&name) {
                    None => self.add(name, spec, cause),
                    Some(id) => {
                        Rc::make_mut(&mut self.clients[usize::from(id.0)]).spec = spec;
                        self.start(NodeId::Client(id), cause);
                    }
                }
            }
            ToolCommand::Input { name, line } => self.type_line(&name, Some(line), cause),
            ToolCommand::EndOfInput { name } => self.type_line(&name, None, cause),
            ToolCommand::Interrupt { name } => {
                let node = NodeId::Client(self.client_id(&name).expect("checked"));
                self.on_client(node, cause, |client, ctx| {
                    if let Some(tool) = client.as_tool_mut() {
                        tool.interrupt(ctx);
                    }
                });
            }
            ToolCommand::Write { file, text } => {
                Rc::make_mut(&mut self.tool_files).insert(file, text);
            }
        }
    }

    fn type_line(&mut self, name: &Text, line: Option<Text>, cause: EventId) {
        let node = NodeId::Client(self.client_id(name).expect("checked"));
        self.on_client(node, cause, |client, ctx| {
            if let Some(tool) = client.as_tool_mut() {
                tool.input(ctx, line);
            }
        });
    }

    /// What a tool that starts on a host sees.
    pub(super) fn place(&self, host: Option<BrokerId>) -> Place {
        Place {
            first_port: self.config.broker.lab_loopback_port,
            brokers: self.config.brokers,
            files: Rc::clone(&self.tool_files),
            host,
        }
    }
}
