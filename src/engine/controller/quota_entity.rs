//! Whose quotas, and which there are (`ClientQuotaEntity`, `QuotaConfig`): of a user, of a client id, of a
//! user's client, of an address; each by its name or as the default of those without quotas of their own.

use crate::engine::ids::Text;

/// The name of a default entity's znode (`ZooKeeperInternals.DEFAULT_STRING`).
const DEFAULT: &str = "<default>";

/// What an entity is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A user; there is none without authentication but ANONYMOUS.
    User,
    /// A `client.id`.
    ClientId,
    /// An address.
    Ip,
}

impl Kind {
    pub(super) const ALL: [Kind; 3] = [Kind::User, Kind::ClientId, Kind::Ip];

    /// Its name in requests.
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::User => "user",
            Kind::ClientId => "client-id",
            Kind::Ip => "ip",
        }
    }

    pub(super) fn named(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    fn type_name(self) -> &'static str {
        match self {
            Kind::User => "users",
            Kind::ClientId => "clients",
            Kind::Ip => "ips",
        }
    }

    /// The znode above those of this kind.
    pub(super) fn folder(self) -> Text {
        format!("/config/{}", self.type_name()).into()
    }
}

/// Whose quotas: parts in the order of their kinds, a user with a client or one alone. `None` is the
/// default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entity {
    parts: Vec<(Kind, Option<Text>)>,
}

impl Entity {
    /// What a request names (`ZkAdminManager.parseAndSanitizeQuotaEntity`).
    ///
    /// # Errors
    /// Kafka's words for what no entity is.
    pub(super) fn of<'a>(
        named: impl Iterator<Item = (&'a str, Option<&'a str>)>,
    ) -> Result<Entity, String> {
        let mut parts: Vec<(Kind, Option<Text>)> = Vec::new();
        for (kind_name, name) in named {
            let kind = Kind::named(kind_name)
                .ok_or_else(|| format!("Unhandled client quota entity type: {kind_name}"))?;
            if name == Some("") {
                return Err(format!("Empty {kind_name} not supported"));
            }
            parts.push((kind, name.map(Text::from)));
        }
        parts.sort_by_key(|(kind, _)| *kind as u8);
        let has_ip = parts.iter().any(|(kind, _)| *kind == Kind::Ip);
        match parts.len() {
            0 => Err("Invalid client quota entity".to_owned()),
            1 => Ok(Entity { parts }),
            _ if has_ip => Err(
                "Invalid quota entity combination, IP entity should not be combined with User or \
                     ClientId"
                    .to_owned(),
            ),
            _ => Ok(Entity { parts }),
        }
    }

    /// The entity of a znode.
    pub(super) fn stored(kind: Kind, znode: &str) -> Entity {
        Entity { parts: vec![(kind, restored(znode))] }
    }

    /// A client of this user.
    pub(super) fn with_client(&self, znode: &str) -> Entity {
        let mut parts = self.parts.clone();
        parts.push((Kind::ClientId, restored(znode)));
        Entity { parts }
    }

    /// What it is made of, with names.
    pub(super) fn parts(&self) -> impl Iterator<Item = (Kind, Option<&Text>)> {
        self.parts.iter().map(|(kind, name)| (*kind, name.as_ref()))
    }

    /// `users/alice/clients/app`.
    pub(super) fn name(&self) -> String {
        let part = |(kind, name): &(Kind, Option<Text>)| {
            let name = name.as_ref().map_or_else(|| DEFAULT.to_owned(), |name| sanitized(name));
            format!("{}/{name}", kind.type_name())
        };
        self.parts.iter().map(part).collect::<Vec<_>>().join("/")
    }

    /// Its znode.
    pub(super) fn path(&self) -> Text {
        format!("/config/{}", self.name()).into()
    }

    /// The znode above those of a user's clients; `None` for what is no user alone.
    pub(super) fn clients_folder(&self) -> Option<Text> {
        let is_user = matches!(self.parts[..], [(Kind::User, _)]);
        is_user.then(|| format!("{}/clients", self.path()).into())
    }

    /// The znodes above it that may not be there, outermost first.
    pub(super) fn parents(&self) -> Vec<Text> {
        if self.parts.len() < 2 {
            return Vec::new();
        }
        let user = Entity { parts: self.parts[..1].to_vec() };
        user.clients_folder().map(|folder| vec![user.path(), folder]).unwrap_or_default()
    }

    fn is_ip(&self) -> bool {
        matches!(self.parts[..], [(Kind::Ip, _)])
    }
}

fn restored(znode: &str) -> Option<Text> {
    if znode == DEFAULT {
        return None;
    }
    let mut bytes = Vec::new();
    let mut rest = znode.bytes();
    while let Some(byte) = rest.next() {
        let code = || {
            let digits = rest.clone().take(2).map(char::from).collect::<String>();
            u8::from_str_radix(&digits, 16).ok()
        };
        match (byte, code()) {
            (b'%', Some(code)) => {
                bytes.push(code);
                rest.nth(1);
            }
            _ => bytes.push(byte),
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned().into())
}

/// A name as a znode has it (`Sanitizer.sanitize`).
fn sanitized(name: &str) -> String {
    let mut znode = String::new();
    for byte in name.bytes() {
        match byte {
            b'.' | b'_' | b'-' => znode.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => znode.push(char::from(byte)),
            _ => znode.push_str(&format!("%{byte:02X}")),
        }
    }
    znode
}

/// A quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QuotaKey {
    /// Whole numbers of bytes a second.
    Bytes,
    /// A share or a rate.
    Rate,
    /// New connections a second, of an address.
    Connections,
}

impl QuotaKey {
    pub(super) fn named(key: &str) -> Option<QuotaKey> {
        Some(match key {
            "producer_byte_rate" | "consumer_byte_rate" => QuotaKey::Bytes,
            "request_percentage" | "controller_mutation_rate" => QuotaKey::Rate,
            "connection_creation_rate" => QuotaKey::Connections,
            _ => return None,
        })
    }

    /// Whether such an entity has it.
    pub(super) fn is_of(self, entity: &Entity) -> bool {
        (self == QuotaKey::Connections) == entity.is_ip()
    }

    /// What its values are (`ConfigDef.Type`).
    pub(super) fn type_name(self) -> &'static str {
        match self {
            QuotaKey::Bytes => "LONG",
            QuotaKey::Rate => "DOUBLE",
            QuotaKey::Connections => "INT",
        }
    }

    /// A number, written out, as it is stored; `None` when it is not of the type. Kafka rounds towards
    /// zero before it compares, so that a negative one is none either.
    pub(super) fn stored(self, number: &str) -> Option<String> {
        let whole = || number.parse::<i64>().ok().filter(|number| *number >= 0);
        match self {
            QuotaKey::Bytes => whole().map(|number| number.to_string()),
            QuotaKey::Connections => {
                whole().filter(|number| *number <= i32::MAX.into()).map(|number| number.to_string())
            }
            QuotaKey::Rate if number.contains('.') => Some(number.to_owned()),
            QuotaKey::Rate => Some(format!("{number}.0")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_no_path_can_hold_are_kept_and_found_again() {
        let user = Entity::of([("user", Some("CN=a b/ü*"))].into_iter()).expect("a user");
        assert_eq!(&*user.path(), "/config/users/CN%3Da%20b%2F%C3%BC%2A");
        let stored = Entity::stored(Kind::User, "CN%3Da%20b%2F%C3%BC%2A");
        assert_eq!(stored, user);
        let client = stored.with_client(DEFAULT);
        assert!(client.path().ends_with("/clients/<default>"));
        assert_eq!(client.parents().len(), 2);
    }

    #[test]
    fn an_address_stands_alone_and_has_its_own_quota() {
        let both = [("user", Some("a")), ("ip", None)];
        assert!(Entity::of(both.into_iter()).is_err());
        let ip = Entity::of([("ip", None)].into_iter()).expect("the default address");
        assert!(QuotaKey::Connections.is_of(&ip) && !QuotaKey::Bytes.is_of(&ip));
    }
}
