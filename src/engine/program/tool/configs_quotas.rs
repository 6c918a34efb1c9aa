//! Quotas of users, clients and addresses, told and changed by `kafka-configs`
//! (`ConfigCommand.describeQuotaConfigs`, `alterQuotaConfigs`). Of credentials brokers here know nothing:
//! they are refused as by a broker of Kafka that lacks the request.

use kafka_protocol::messages::alter_client_quotas_request::{EntityData, EntryData, OpData};
use kafka_protocol::messages::describe_client_quotas_request::ComponentData;
use kafka_protocol::messages::describe_client_quotas_response::EntryData as Described;
use kafka_protocol::messages::{AlterClientQuotasRequest, DescribeClientQuotasRequest};

use crate::engine::client::admin_task::Destination;
use crate::engine::program::tool::cluster::{text, version};
use crate::engine::program::tool::configs_options::{Entities, EntityType};
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::java_order::{sort_as_java, sort_maps_as_java};
use crate::engine::program::tool::properties::Properties;
use crate::engine::program::tool::shell::{Flow, Shell};
use crate::engine::protocol::{Request, Response};

/// Quotas of users and of clients (`QuotaConfig`).
const QUOTAS: [&str; 4] =
    ["consumer_byte_rate", "controller_mutation_rate", "producer_byte_rate", "request_percentage"];
/// The quota of an address.
const OF_IPS: [&str; 1] = ["connection_creation_rate"];
/// Credentials of users (`ScramMechanism`).
const SCRAM: [&str; 2] = ["SCRAM-SHA-256", "SCRAM-SHA-512"];
/// UNSUPPORTED_VERSION.
const UNSUPPORTED: i16 = 35;
/// Fewest iterations of both mechanisms.
const ITERATIONS_MIN: u32 = 4_096;
/// `ClientQuotaFilterComponent`: of this name, of no name, of any.
const EXACT: i8 = 0;
const DEFAULT: i8 = 1;
const ANY: i8 = 2;

/// Tells the quotas of what is named.
pub(super) fn describe(shell: &mut Shell<'_>, entities: &Entities) -> Flow<()> {
    let mut told = quotas(shell, entities)?;
    let count = u32::try_from(told.len()).unwrap_or(u32::MAX);
    sort_maps_as_java(&mut told, count, |entry| {
        let parts = entry.entity.iter();
        parts.map(|part| (&*part.entity_type, part.entity_name.as_deref())).collect()
    });
    for entry in told {
        let whose: Vec<String> = entry
            .entity
            .iter()
            .map(|part| {
                let kind = match &*part.entity_type {
                    "user" => "user-principal",
                    kind => kind,
                };
                match &part.entity_name {
                    Some(name) => format!("{kind} '{name}'"),
                    None => format!("the default {kind}"),
                }
            })
            .collect();
        let (whose, values) = (whose.join(", "), values(entry));
        shell.out(&format!("Quota configs for {whose} are {values}"));
    }
    Ok(())
}

fn values(entry: Described) -> String {
    let mut values = entry.values;
    let count = u32::try_from(values.len()).unwrap_or(u32::MAX);
    sort_as_java(&mut values, count, |value| &value.key);
    let line = values.iter().map(|quota| {
        let number = java_number(&format!("{:?}", quota.value), &format!("{:E}", quota.value));
        format!("{}={number}", quota.key)
    });
    line.collect::<Vec<_>>().join(", ")
}

/// A number as Java's `Double.toString` writes it, of both ways in which it is written here.
fn java_number(plain: &str, scientific: &str) -> String {
    let Some((mantissa, exponent)) = scientific.split_once('E') else {
        return match scientific {
            "inf" => "Infinity".to_owned(),
            "-inf" => "-Infinity".to_owned(),
            other => other.to_owned(),
        };
    };
    let is_zero = mantissa.trim_start_matches('-') == "0";
    if is_zero || exponent.parse::<i32>().is_ok_and(|exponent| (-3..7).contains(&exponent)) {
        return plain.to_owned();
    }
    let point = if mantissa.contains('.') { "" } else { ".0" };
    format!("{mantissa}{point}E{exponent}")
}

/// Changes the quotas of what is named.
pub(super) fn alter(
    shell: &mut Shell<'_>,
    entities: &Entities,
    added: &Properties,
    deleted: &[String],
) -> Flow<()> {
    if let Some(fault) = refusal(entities, added, deleted) {
        return Err(fault.into());
    }
    let old = quotas(shell, entities)?;
    let is_old = |key: &&String| {
        old.iter().flat_map(|entry| &entry.values).any(|value| *value.key == ***key)
    };
    let unknown: Vec<&str> =
        deleted.iter().filter(|key| !is_old(key)).map(String::as_str).collect();
    if !unknown.is_empty() {
        let words = format!("Invalid config(s): {}", unknown.join(","));
        let class = "org.apache.kafka.common.errors.InvalidConfigurationException";
        return Err(Fault::new(class, &words).into());
    }
    let mut ops = Vec::new();
    for (key, value) in added.all() {
        let number = value.trim().parse().map_err(|_| {
            Fault::illegal(&format!("Cannot parse quota configuration value for {key}: {value}"))
        })?;
        ops.push(OpData::default().with_key(text(key)).with_value(number));
    }
    ops.extend(deleted.iter().map(|key| OpData::default().with_key(text(key)).with_remove(true)));
    let parts = entities.types.iter().zip(&entities.names).map(|(kind, name)| {
        let name = (!name.is_empty()).then(|| text(name));
        EntityData::default().with_entity_type(text(kind_of(*kind))).with_entity_name(name)
    });
    let entry = EntryData::default().with_entity(parts.collect()).with_ops(ops);
    let request = AlterClientQuotasRequest::default().with_entries(vec![entry]);
    let body = Request::AlterClientQuotas(request);
    let answer = shell.ask("alterClientQuotas", Destination::Controller, version(49, 1), body)?;
    let Response::AlterClientQuotas(told) = answer else { return Ok(()) };
    match told.entries.iter().find(|entry| entry.error_code != 0) {
        Some(entry) => {
            let fault = Fault::of_error(entry.error_code, entry.error_message.as_deref());
            Err(Fault::execution(fault).into())
        }
        None => Ok(()),
    }
}

/// The quotas that there are of what is named, and of nothing beside it.
fn quotas(shell: &mut Shell<'_>, entities: &Entities) -> Flow<Vec<Described>> {
    if entities.names.len() > entities.types.len() {
        return Err(Fault::illegal("More entity names specified than entity types").into());
    }
    let component = |(index, kind): (usize, &EntityType)| {
        let component = ComponentData::default().with_entity_type(text(kind_of(*kind)));
        match entities.names.get(index) {
            None => component.with_match_type(ANY),
            Some(name) if name.is_empty() => component.with_match_type(DEFAULT),
            Some(name) => component.with_match_type(EXACT).with_match(Some(text(name))),
        }
    };
    let components = entities.types.iter().enumerate().map(component).collect();
    let request =
        DescribeClientQuotasRequest::default().with_components(components).with_strict(true);
    let body = Request::DescribeClientQuotas(request);
    let answer = shell.ask("describeClientQuotas", Destination::Any, version(48, 1), body)?;
    let Response::DescribeClientQuotas(told) = answer else { return Ok(Vec::new()) };
    if told.error_code != 0 {
        let fault = Fault::of_error(told.error_code, told.error_message.as_deref());
        return Err(Fault::execution(fault).into());
    }
    Ok(told.entries.unwrap_or_default())
}

/// What requests call it (`ClientQuotaEntity`).
fn kind_of(kind: EntityType) -> &'static str {
    match kind {
        EntityType::Users => "user",
        EntityType::Clients => "client-id",
        _ => "ip",
    }
}

/// Why nothing is even asked: something is wrong with what is wanted, or it is about credentials.
fn refusal(entities: &Entities, added: &Properties, deleted: &[String]) -> Option<Fault> {
    let keys: Vec<&str> = added.all().map(|(key, _)| key).collect();
    let deleted: Vec<&str> = deleted.iter().map(String::as_str).collect();
    unknown(entities, &keys, &deleted).or_else(|| {
        let is_scram = keys.iter().chain(&deleted).any(|key| SCRAM.contains(key));
        is_scram.then(|| {
            added.all().find_map(|(key, value)| too_few_iterations(key, value)).unwrap_or_else(
                || {
                    let words = "The node does not support ALTER_USER_SCRAM_CREDENTIALS";
                    Fault::execution(Fault::of_error(UNSUPPORTED, Some(words)))
                },
            )
        })
    })
}

fn too_few_iterations(mechanism: &str, value: &str) -> Option<Fault> {
    let said = value.split(',').find_map(|part| part.trim().strip_prefix("iterations="))?;
    let count = said.parse().ok().filter(|count: &u32| *count < ITERATIONS_MIN)?;
    Some(Fault::illegal(&format!(
        "Iterations {count} is less than the minimum {ITERATIONS_MIN} required for {mechanism}"
    )))
}

/// What is wrong with the names of settings (`ConfigCommand.alterConfig`).
fn unknown(entities: &Entities, added: &[&str], deleted: &[&str]) -> Option<Fault> {
    let outside = |keys: &[&str], known: &[&[&str]]| -> Vec<String> {
        let is_known = |key: &&&str| known.iter().any(|known| known.contains(*key));
        keys.iter().filter(|key| !is_known(key)).map(|key| (*key).to_owned()).collect()
    };
    let told = |what: &str, done: &str, names: Vec<String>, set: &str| {
        (!names.is_empty()).then(|| {
            Fault::illegal(&format!(
                "Only {what} configs can be {done} for '{}' using --bootstrap-server. Unexpected \
                 config names: {set}({})",
                entities.types[0].name(),
                names.join(", ")
            ))
        })
    };
    match (entities.types[0], entities.types.len()) {
        (EntityType::Ips, _) => {
            let all = [added, deleted].concat();
            let names = outside(&all, &[&OF_IPS]);
            (!names.is_empty()).then(|| {
                Fault::illegal(&format!(
                    "Only connection quota configs can be added for 'ips' using --bootstrap-server. \
                     Unexpected config names: {}",
                    names.join(",")
                ))
            })
        }
        (EntityType::Clients, _) | (_, 2) => {
            told("quota", "added", outside(added, &[&QUOTAS]), "Set")
                .or_else(|| told("quota", "deleted", outside(deleted, &[&QUOTAS]), "ArrayBuffer"))
        }
        _ => of_users(entities, added, deleted).or_else(|| {
            let what = "quota and SCRAM credential";
            let known: [&[&str]; 2] = [&QUOTAS, &SCRAM];
            told(what, "added", outside(added, &known), "Set")
                .or_else(|| told(what, "deleted", outside(deleted, &known), "ArrayBuffer"))
        }),
    }
}

/// Credentials go neither with the default user nor with quotas.
fn of_users(entities: &Entities, added: &[&str], deleted: &[&str]) -> Option<Fault> {
    let has = |known: &[&str]| added.iter().chain(deleted).any(|key| known.contains(key));
    let words = if !has(&SCRAM) {
        return None;
    } else if entities.names.iter().any(String::is_empty) {
        "The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials \
         using --bootstrap-server."
    } else if has(&QUOTAS) {
        "Cannot alter both quota and SCRAM credential configs simultaneously for 'users' using \
         --bootstrap-server."
    } else {
        return None;
    };
    Some(Fault::illegal(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_java_writes_them() {
        let check = |number: &str, wanted: &str| {
            let read = serde_json::from_str::<serde_json::Number>(number).expect("a number");
            let read = read.as_f64().expect("it is finite");
            let told = java_number(&format!("{read:?}"), &format!("{read:E}"));
            assert_eq!(told, wanted);
        };
        check("1024", "1024.0");
        check("0", "0.0");
        check("9999999", "9999999.0");
        check("10000000", "1.0E7");
        check("10485760", "1.048576E7");
        check("0.5", "0.5");
        check("0.0005", "5.0E-4");
        check("9223372036854775807", "9.223372036854776E18");
    }
}
