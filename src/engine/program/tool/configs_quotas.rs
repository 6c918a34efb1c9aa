//! Quotas and credentials, of which brokers here know nothing: `kafka-configs` finds none, and is told that
//! there are none to be set, as it is by a broker of Kafka that lacks these requests.

use crate::engine::program::tool::configs_options::{Entities, EntityType};
use crate::engine::program::tool::fault::Fault;
use crate::engine::program::tool::properties::Properties;

/// Quotas of users and of clients (`QuotaConfig`).
const QUOTAS: [&str; 4] =
    ["consumer_byte_rate", "controller_mutation_rate", "producer_byte_rate", "request_percentage"];
/// The quota of an address.
const OF_IPS: [&str; 1] = ["connection_creation_rate"];
/// Credentials of users (`ScramMechanism`).
const SCRAM: [&str; 2] = ["SCRAM-SHA-256", "SCRAM-SHA-512"];
/// UNSUPPORTED_VERSION.
const UNSUPPORTED: i16 = 35;

/// Why nothing of this can be changed: something is wrong with what is wanted, or all of it is.
pub(super) fn refusal(entities: &Entities, added: &Properties, deleted: &[String]) -> Fault {
    let added: Vec<&str> = added.all().map(|(key, _)| key).collect();
    let deleted: Vec<&str> = deleted.iter().map(String::as_str).collect();
    unknown(entities, &added, &deleted).unwrap_or_else(|| {
        let scram = added.iter().chain(&deleted).any(|key| SCRAM.contains(key));
        if !deleted.is_empty() && !scram {
            let words = format!("Invalid config(s): {}", deleted.join(","));
            return Fault::new(
                "org.apache.kafka.common.errors.InvalidConfigurationException",
                &words,
            );
        }
        let request = if scram { "ALTER_USER_SCRAM_CREDENTIALS" } else { "ALTER_CLIENT_QUOTAS" };
        let words = format!("The node does not support {request}");
        Fault::execution(Fault::of_error(UNSUPPORTED, Some(&words)))
    })
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
