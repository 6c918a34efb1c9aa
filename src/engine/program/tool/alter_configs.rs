//! How tools change settings of topics and brokers: `Admin.incrementalAlterConfigs`, and the older
//! `alterConfigs`, which names all that is to hold.

use kafka_protocol::messages::alter_configs_request::{
    AlterConfigsResource as WholeResource, AlterableConfig as WholeConfig,
};
use kafka_protocol::messages::incremental_alter_configs_request::{
    AlterConfigsResource, AlterableConfig,
};
use kafka_protocol::messages::{AlterConfigsRequest, IncrementalAlterConfigsRequest};

use crate::engine::client::admin_task::Destination;
use crate::engine::client::calls::Call;
use crate::engine::client::network_client::version as versions;
use crate::engine::ids::BrokerId;
use crate::engine::program::tool::cluster::{answered, text, version};
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::shell::{Flow, Shell};
use crate::engine::protocol::{Request, Response};

/// `ConfigResource.Type.BROKER`.
pub(super) const BROKER: i8 = 4;
/// `AlterConfigOp.OpType.DELETE`.
const DELETE: i8 = 1;

/// What is done to the settings of one thing: its kind and name; each setting with its new value, or
/// none where it goes.
pub(super) type Alteration = (i8, String, Vec<(String, Option<String>)>);

impl Shell<'_> {
    /// Changes single settings.
    pub(super) fn alter_configs(&mut self, alterations: &[Alteration]) -> Flow<()> {
        let resource = |(kind, name, changes): &Alteration| {
            let changes = changes.iter().map(|(key, value)| {
                let named = AlterableConfig::default().with_name(text(key));
                match value {
                    Some(value) => named.with_value(Some(text(value))),
                    None => named.with_config_operation(DELETE),
                }
            });
            AlterConfigsResource::default()
                .with_resource_type(*kind)
                .with_resource_name(text(name))
                .with_configs(changes.collect())
        };
        let call = |to, some: &[&Alteration]| Call {
            name: "incrementalAlterConfigs",
            to,
            version: versions::INCREMENTAL_ALTER_CONFIGS,
            body: Request::IncrementalAlterConfigs(
                IncrementalAlterConfigsRequest::default()
                    .with_resources(some.iter().map(|one| resource(one)).collect()),
            ),
        };
        self.alter(alterations, &call)
    }

    /// Says all that is to hold for one broker, or for all.
    pub(super) fn replace_configs(&mut self, alteration: Alteration) -> Flow<()> {
        let call = |to, some: &[&Alteration]| {
            let resources = some.iter().map(|(kind, name, changes)| {
                let configs = changes.iter().map(|(key, value)| {
                    let value = value.as_deref().map(text);
                    WholeConfig::default().with_name(text(key)).with_value(value)
                });
                WholeResource::default()
                    .with_resource_type(*kind)
                    .with_resource_name(text(name))
                    .with_configs(configs.collect())
            });
            let request = AlterConfigsRequest::default().with_resources(resources.collect());
            let body = Request::AlterConfigs(request);
            Call { name: "alterConfigs", to, version: version(33, 2), body }
        };
        self.alter(&[alteration], &call)
    }

    /// A broker's settings are changed by that broker, all else by any, at once.
    fn alter(
        &mut self,
        alterations: &[Alteration],
        call: &dyn Fn(Destination, &[&Alteration]) -> Call,
    ) -> Flow<()> {
        let own = |one: &&Alteration| one.0 == BROKER && !one.1.is_empty();
        let (own, shared): (Vec<&Alteration>, Vec<&Alteration>) = alterations.iter().partition(own);
        let mut calls = Vec::new();
        for one in own {
            let id = one.1.parse().map_err(|_| Fault::no_number(&one.1))?;
            calls.push(call(Destination::Broker(BrokerId(id)), &[one]));
        }
        if !shared.is_empty() {
            calls.push(call(Destination::Any, &shared));
        }
        for answer in self.ask_all(calls)?.iter() {
            let failed = match answered(answer)? {
                Response::IncrementalAlterConfigs(told) => told
                    .responses
                    .iter()
                    .find(|row| row.error_code != 0)
                    .map(|row| Fault::of_error(row.error_code, row.error_message.as_deref())),
                Response::AlterConfigs(told) => told
                    .responses
                    .iter()
                    .find(|row| row.error_code != 0)
                    .map(|row| Fault::of_error(row.error_code, row.error_message.as_deref())),
                _ => None,
            };
            if let Some(fault) = failed {
                return Err(Fault::execution(fault).into());
            }
        }
        Ok(())
    }
}
